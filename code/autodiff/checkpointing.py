"""Checkpointing: reverse mode in less memory, for work that is done twice.

A tape keeps what every operation of a program needs to be pulled back through. A checkpointed function leaves only its
inputs there, and runs again, on a tape of its own, when its cotangents arrive. `checkpoint(f)` does this to one
function. `checkpointed_loop` does it to n steps of a loop, whose states are kept in a few slots, overwritten from the
end backwards: with s slots, and no step taken more than t times again, as many as

    β(s, t) = (s + t)! / (s! t!)

steps can be reversed, the most possible (Griewank and Walther 2000). `schedule` is that plan, as data.
"""

import functools
import itertools
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .arrays import Traced, as_array, dispatched, innermost, is_traced
from .custom import spaces
from .errors import AutodiffTypeError, AutodiffValueError
from .modes import numbered, push_forward, record
from .operators import Bundle, Linear, Shape, filled
from .tracing import Tape
from .trees import LEAF, flatten, selected

# --- A call that is run again -------------------------------------------------------------------------------


def replayed(run: Callable, begin: Callable, leaves: Sequence) -> tuple:
    """`run(*leaves)`, a tuple of arrays; on a tape, one operation that remembers the leaves alone.

    `begin(*leaves)` gives the same tuple, and how to pull back through it: a function of the leaves, the
    cotangents, and the shape of the batch that these have in front.
    """
    trace = innermost(leaves)
    if not isinstance(trace, Tape):  # forward mode remembers nothing: there is nothing to save
        return run(*leaves)

    def joint(*values: Any) -> tuple:
        y, pull = begin(*values)
        refuse_closures(values, y)
        return y, replay((run, pull, values, spaces(y)))

    call = dispatched(run)
    call.joint = joint  # type: ignore[attr-defined]  # for `tracing`
    return call(*leaves)


def _push(t: Bundle, data: tuple) -> Bundle:
    run, _, values, _ = data
    dots, _ = filled(t, spaces(values))
    _, found = push_forward("checkpoint", run, list(values), [LEAF] * len(values), dots, {})
    return Bundle(dict(enumerate(found)))


def _pull(u: Bundle, data: tuple) -> Bundle:
    """Run again and pull back: a checkpointed function itself, so that a tape around keeps no more than this one."""
    _, pull, values, ends = data
    bars, batch = filled(u, ends)

    @checkpoint
    def again(values: tuple, bars: tuple) -> tuple:
        return tuple(pull(values, bars, batch))

    return Bundle(dict(enumerate(again(values, tuple(bars)))))


# Data: run, pull, the values of its leaves, the shapes and dtypes of its results.
replay = Linear("replay", _push, _pull)


def refuse_closures(values: Sequence, results: Sequence) -> None:
    """An error where results are traced by a trace that none of the values knows."""
    found, known = innermost(results), innermost(values)
    if found is not None and (known is None or found.number > known.number):
        raise AutodiffTypeError(
            "a checkpointed function uses a traced value which is not among its arguments (it was made "
            f"{found.origin}). Its derivative would be lost when the function runs again: pass it as an argument."
        )


def inexact(x: Any) -> bool:
    """Whether a leaf is a number, or an array of numbers, that has a derivative."""
    if isinstance(x, Traced | np.ndarray | np.generic):
        return x.dtype.kind in "fc"
    return isinstance(x, float | complex)


def differentiable_part(tree: Any) -> tuple[tuple, Callable[[Sequence], Any]]:
    """The inexact leaves of a tree, as arrays, and the function that gives the tree with others in their places."""
    leaves, rebuild = selected(tree, inexact)
    return tuple(map(as_array, leaves)), rebuild


# --- One function -------------------------------------------------------------------------------------------


def checkpoint(f: Callable) -> Callable:
    """The same function, whose intermediate values reverse mode forgets, and computes again when it needs them.

    f : function of any arguments, which gives the same result for the same arguments. A traced value must come in as
        an argument; one that `f` closes over is an `AutodiffTypeError`.

    On a tape the call takes the memory of its arguments; its pullback runs `f` once more. Forward mode runs `f` once.
    Derivatives may be of any order. Usable as a decorator.

    Source: Griewank and Walther (2000); chapter "Building the computation graph".

    >>> import autodiff as ad
    >>> @ad.checkpoint
    ... def layer(x, w):
    ...     return np.tanh(w @ x)
    >>> ad.grad(lambda x: np.sum(layer(layer(x, np.eye(2)), np.eye(2))))(np.zeros(2))
    array([1., 1.])
    """

    @functools.wraps(f)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        leaves, rebuild = selected((args, kwargs), is_traced)
        result: list[Callable] = []  # how the result is built, known once f has run

        def run(*leaves: Any) -> tuple:
            args, kwargs = rebuild(leaves)
            y, built = differentiable_part(f(*args, **kwargs))
            result[:] = [built]
            return y

        def begin(*values: Any) -> tuple[tuple, Callable]:
            return replayed(run, begin, values), pull

        def pull(values: Sequence, bars: Sequence, batch: Shape) -> list:
            _, J = record("checkpoint", run, values, {}, numbered(values))
            return J.pull(bars, batch)

        y = replayed(run, begin, leaves)
        return result[0](y)

    return checkpointed


# --- A loop -------------------------------------------------------------------------------------------------


class Action(NamedTuple):
    """One action of a schedule. States have numbers: step k leads from state k to state k + 1.

    "store": keep state `start`, which is at hand. "restore": take it from its slot. "advance": take the steps `start`,
    …, `stop` − 1. "reverse": take step `start` on a tape and pull back through it. "free": empty the slot of `start`.
    """

    kind: str
    start: int
    stop: int


def reversible(slots: int, repeats: int) -> int:
    """β(s, t): how many steps s slots can reverse, if no step is taken more than t times before its own reversal."""
    return math.comb(slots + repeats, slots)


def repeats_for(n: int, slots: int) -> int:
    """The least t with β(s, t) ≥ n."""
    return next(t for t in itertools.count() if reversible(slots, t) >= n)


def evaluations(n: int, slots: int) -> int:
    """The least number of steps to take, besides those on a tape, to reverse n steps with this many slots.

    That is t n − β(s + 1, t − 1), with t the least number of repetitions for which β(s, t) ≥ n. `schedule` takes as
    many.

    Source: Griewank and Walther (2000), proposition 1.

    >>> [evaluations(10, slots) for slots in (1, 2, 3, 10)]
    [45, 20, 15, 9]
    """
    n, slots = counts(n, slots)
    t = repeats_for(n, slots)
    return t * n - reversible(slots + 1, t - 1)


def schedule(n: int, slots: int) -> Iterator[Action]:
    """The actions that reverse n steps, with at most `slots` states kept at any time (the first among them).

    Raises `AutodiffValueError` where n is negative or there is no slot.

    Source: Griewank and Walther (2000), algorithm 799, "revolve".

    >>> for kind, start, stop in schedule(3, 2):
    ...     print(kind, start, stop)
    store 0 0
    advance 0 1
    store 1 1
    advance 1 2
    reverse 2 3
    restore 1 1
    reverse 1 2
    free 1 1
    restore 0 0
    reverse 0 1
    free 0 0
    """
    n, slots = counts(n, slots)
    kept: list[int] = []
    for end in range(n, 0, -1):
        if kept:
            at = kept[-1]
            yield Action("restore", at, at)
        else:
            at = 0
            kept.append(at)
            yield Action("store", at, at)
        while at < end - 1:
            free = slots - len(kept)
            stop = at + stride(end - at, free + 1) if free else end - 1
            yield Action("advance", at, stop)
            at = stop
            if free and at < end - 1:
                kept.append(at)
                yield Action("store", at, at)
        yield Action("reverse", at, end)
        if kept[-1] == at:
            kept.pop()
            yield Action("free", at, at)


def stride(n: int, slots: int) -> int:
    """How far to go before the next state is kept, to reverse n ≥ 2 steps with slots ≥ 2, one of which is taken.

    What lies ahead is then reversed with one slot less and as many repetitions, what lies behind with all slots and
    one repetition less.
    """
    t = repeats_for(n, slots)
    return min(reversible(slots, t - 1), n - reversible(slots - 1, t - 1))


def counts(n: Any, slots: Any) -> tuple[int, int]:
    """Both as integers in their ranges."""
    n, slots = operator.index(n), operator.index(slots)
    if n < 0 or slots < 1:
        raise AutodiffValueError(f"a loop takes n ≥ 0 steps and slots ≥ 1 states are kept: got n={n}, slots={slots}")
    return n, slots


def states_backwards(step: Callable, x: Any, n: int, slots: int) -> Iterator:
    """The states n − 1, …, 0 that `step` leads to from `x`, by the binomial schedule."""
    kept: dict[int, Any] = {}
    for kind, start, stop in schedule(n, slots):
        match kind:
            case "store":
                kept[start] = x
            case "restore":
                x = kept[start]
            case "advance":
                for _ in range(start, stop):
                    x = step(x)
            case "reverse":
                yield x
            case "free":
                del kept[start]


def checkpointed_loop(step: Callable, x0: Any, n: int, slots: int, *params: Any) -> Any:
    """x ← step(x, *params), n times from `x0`; reverse mode keeps `slots` of the n states.

    Parameters
    ----------
    step : function that returns what it is given: an array, or nested containers of arrays and other values (such as
        a counter). The same result for the same arguments; a traced value that it closes over is an error.
    slots : how many states are kept at once, at least one. With β(s, t) ≥ n no step is taken more than t times
        before its own reversal: `slots=n` takes none twice, ½ log₂ n slots take each about ½ log₂ n times.
    params : what else `step` takes, differentiated like `x0`.

    The result costs n steps; its pullback costs n on a tape, one at a time, and `checkpointing.evaluations(n, slots)`
    − n + 1 more (later pullbacks of the same tape begin anew: n − 1 more still). Forward mode is the plain loop.
    Derivatives may be of any order; for the second, a tangent through the gradient (`hvp`) saves memory likewise.

    Raises `AutodiffValueError` where n is negative, slots is none, or `step` does not return what `x0` is like.

    Source: Griewank and Walther (2000); chapter "Building the computation graph".

    >>> import autodiff as ad
    >>> orbit = lambda a: ad.checkpointed_loop(lambda x, a: a * x * (1 - x), 0.3, 100, 5, a)
    >>> unrolled = lambda a: functools.reduce(lambda x, _: a * x * (1 - x), range(100), 0.3)
    >>> bool(abs(ad.grad(orbit)(2.5) - ad.grad(unrolled)(2.5)) < 1e-12)
    True
    """
    n, slots = counts(n, slots)
    if n == 0:
        return x0
    start, rebuild_start = differentiable_part(x0)
    own, rebuild_params = selected(params, is_traced)
    size = len(start)
    result: list[Callable] = []

    def bound(values: Sequence) -> tuple[Any, Callable]:
        params = rebuild_params(values[size:])
        return rebuild_start(values[:size]), lambda x: step(x, *params)

    def finished(x: Any) -> tuple:
        if flatten(x)[1] != flatten(x0)[1]:
            raise AutodiffValueError(
                f"step must return what x0 is like: expected {flatten(x0)[1]}, got {flatten(x)[1]}"
            )
        y, built = differentiable_part(x)
        result[:] = [built]
        return y

    def run(*values: Any) -> tuple:
        x, advance = bound(values)
        for _ in range(n):
            x = advance(x)
        return finished(x)

    def begin(*values: Any) -> tuple[tuple, Callable]:
        begun: list[Iterator] = []  # the schedule, stopped at its first reversal; the first pullback goes on from there
        if isinstance(innermost(values), Tape):
            y = replayed(run, begin, values)
        else:
            x, advance = bound(values)
            backwards = states_backwards(advance, x, n, slots)
            last = next(backwards)
            y = finished(advance(last))
            begun.append(itertools.chain([last], backwards))
        return y, functools.partial(pull, begun)

    def pull(begun: list, values: Sequence, bars: Sequence, batch: Shape) -> list:
        try:
            backwards = begun.pop()
        except IndexError:
            x, advance = bound(values)
            backwards = states_backwards(advance, x, n, slots)
        totals: list = []
        for x in backwards:
            bars, found = pulled_back(x, values[size:], bars, batch)
            totals = [total + t for total, t in zip(totals, found, strict=True)] if totals else found
        return [*bars, *totals]

    def pulled_back(x: Any, own: Sequence, bars: Sequence, batch: Shape) -> tuple[list, list]:
        """Cotangents of one state, and of the parameters in one step, from those of the next state."""
        leaves, rebuild = differentiable_part(x)

        def once(*values: Any) -> tuple:
            return differentiable_part(step(rebuild(values[: len(leaves)]), *rebuild_params(values[len(leaves) :])))[0]

        primals = (*leaves, *own)
        _, J = record("checkpointed_loop", once, primals, {}, numbered(primals))
        found = J.pull(bars, batch)
        return found[: len(leaves)], found[len(leaves) :]

    y = replayed(run, begin, (*start, *own))
    return result[0](y)
