"""Tracing: ordinary NumPy code, run on arrays that remember where they come from.

A `Traced` array holds a value, the trace that it belongs to, and what this trace needs to know of it
(forward mode: its tangent; a tape: its position). NumPy hands every function of a traced array back to us
(`__array_ufunc__`, `__array_function__`); we ask the innermost trace to run it. A `JacobianTrace` runs the
function on the plain values, looks up its local Jacobians in the tables that `autodiff.rules` fills, and
either pushes tangents through them at once (`Forward`) or writes them down (`Tape`).

Nesting. A trace that starts inside another one has the larger number. A function of values of several
traces belongs to the innermost; values of the outer ones are constants there, but stay traced inside the
value, where the outer trace sees them. So perturbations cannot be confused. A trace is known by its
identity: when its function has returned it is closed, and a value that got away is an error.
"""

import inspect
import itertools
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from .errors import AutodiffTypeError, EscapedTracerError, MissingRuleError, NonFiniteError
from .operators import (
    Bundle,
    Linear,
    Operator,
    compose,
    diagonal,
    fit,
    identity,
    negation,
    scaled_broadcast,
    slot,
)

# --- The tables, filled by autodiff.rules ----------------------------------------------------------------------

# ufunc -> one partial derivative per operand: a function (y, *operands) -> array, 1, -1, or None for zero.
PARTIALS: dict[np.ufunc, tuple] = {}
# function -> Rule: its local Jacobians as linear operators.
RULES: dict[Callable, "Rule"] = {}
# function -> the same function written in terms of others.
COMPOSED: dict[Callable, Callable] = {}
# Functions without derivative (comparisons, shapes, rounding): they run on the values.
CONSTANT: set[Callable] = set()
# function -> why it cannot be differentiated, and the mend.
REFUSED: dict[Callable, str] = {}


class Rule:
    """The local Jacobians of a function: `jacobians(y, *args, **kwargs)` gives one operator per operand.

    `operands(args)` lists the operands among the positional arguments; an operand passed by keyword is
    moved to its position first (`names`).
    """

    __slots__ = ("jacobians", "names", "operands")

    def __init__(self, jacobians: Callable, operands: Callable[[tuple], Sequence], names: tuple[str, ...]):
        self.jacobians, self.operands, self.names = jacobians, operands, names

    def positional(self, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        """The same call with operands that were given by name moved to their positions."""
        for name in self.names[len(args) :]:
            if name not in kwargs:
                break
            args, kwargs = (*args, kwargs[name]), {k: v for k, v in kwargs.items() if k != name}
        return args, kwargs


def first(count: int) -> Callable[[tuple], Sequence]:
    """The first `count` positional arguments are the operands."""
    return lambda args: args[:count]


def sequence(args: tuple) -> Sequence:
    """The operands are the entries of the first argument, a list or tuple of arrays."""
    return args[0]


def rule(*functions: Callable, operands: Callable[[tuple], Sequence] | int = 1) -> Callable:
    """Declare the local Jacobians of functions that share them: a decorator.

    The decorated function takes the result and then what the functions themselves take, and returns a list with an
    operator (or None, for zero) for each operand: the first `operands` arguments, or what `operands(args)` selects.
    """
    select = first(operands) if isinstance(operands, int) else operands

    def declare(jacobians: Callable) -> Callable:
        names = tuple(inspect.signature(jacobians).parameters)[1:]
        for function in functions:
            RULES[function] = Rule(jacobians, select, names)
        return jacobians

    return declare


def composed(*functions: Any) -> Callable:
    """Declare how functions are written in terms of others that have rules: a decorator."""

    def declare(definition: Callable) -> Callable:
        for function in functions:
            COMPOSED[function] = definition
        return definition

    return declare


# --- Traced arrays ------------------------------------------------------------------------------------------------


class Traced:
    """An array on its way through a differentiated program.

    `value` is what NumPy computed (itself traced, if an outer trace watches), `owner` the trace it belongs to, `payload`
    what that trace keeps of it. It behaves as an ndarray that cannot be changed in place.
    """

    __slots__ = ("owner", "payload", "value")
    __hash__ = None  # type: ignore[assignment]  # as an ndarray: == compares entries

    def __init__(self, value: Any, trace: "Trace", payload: Any):
        self.value, self.owner, self.payload = value, trace, payload

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        trace = innermost(inputs)
        if method == "__call__" and not kwargs:
            return trace.elementwise(ufunc, inputs)
        return trace.bind(ufunc if method == "__call__" else (ufunc, method), inputs, refuse_out(kwargs))

    def __array_function__(self, function: Callable, types: Any, args: tuple, kwargs: dict) -> Any:
        return call(function, args, refuse_out(kwargs))

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise AutodiffTypeError(
            "np.array, np.asarray and their kin would drop the derivative of a traced array. "
            "To build an array of traced values use np.stack([x, y]) or np.concatenate; "
            "to leave the derivative behind on purpose use ad.stop_gradient(x)."
        )

    # What needs no derivative.

    shape = property(lambda self: self.value.shape)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)
    dtype = property(lambda self: self.value.dtype)
    nbytes = property(lambda self: self.value.nbytes)

    def __len__(self) -> int:
        return len(self.value)

    def __bool__(self) -> bool:
        return self.owner.truth(self)

    def __repr__(self) -> str:
        return f"Traced({self.value!r})"

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(self.value, spec)

    def __float__(self) -> float:
        raise AutodiffTypeError(
            "a traced value cannot become a Python number: its derivative would be lost. Use the NumPy function "
            "(np.sin, not math.sin), build arrays by np.stack or np.concatenate instead of assigning into one, "
            "or say ad.stop_gradient(x) where the derivative is to be dropped."
        )

    __int__ = __complex__ = __index__ = item = tolist = __float__  # type: ignore[assignment]

    def __setitem__(self, index: Any, value: Any) -> None:
        raise AutodiffTypeError(
            "a traced array cannot be changed in place (x[i] = v): earlier results may depend on the old entries. "
            "Build the new array with np.where(mask, v, x), np.concatenate or np.stack."
        )

    def __iter__(self) -> Iterator:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self.value)))


def call(function: Callable, args: tuple, kwargs: dict | None = None) -> Any:
    """`function(*args, **kwargs)`, run by the innermost trace among its arguments."""
    kwargs = kwargs or {}
    trace = innermost(args) or innermost(tuple(kwargs.values()))
    return function(*args, **kwargs) if trace is None else trace.bind(function, args, kwargs)


def innermost(args: Sequence) -> Any:
    """The youngest trace among traced values in `args`, also inside lists and tuples; None if there is none."""
    found: Any = None
    for x in args:
        kind = type(x)
        if kind is Traced:
            trace = x.owner
        elif kind is list or kind is tuple:
            trace = innermost(x)
            if trace is None:
                continue
        else:
            continue
        if found is None or (trace is not found and trace.number > found.number):
            found = trace
    return found


def refuse_out(kwargs: dict) -> dict:
    """The keyword arguments without `out`, which must not be given."""
    if "out" in kwargs:
        out = kwargs.pop("out")
        if out is not None and out != (None,):
            raise AutodiffTypeError(
                "out= (or an in-place operator such as a += x on a plain array) cannot hold a traced result. "
                "Write y = f(x), or a = a + x, and use the new array."
            )
    return kwargs


def dispatched(function: Callable) -> Callable:
    """A function of our own that traces see as a primitive, as they see NumPy's functions."""

    def primitive(*args: Any, **kwargs: Any) -> Any:
        trace = innermost(args) or innermost(tuple(kwargs.values())) if kwargs else innermost(args)
        return function(*args, **kwargs) if trace is None else trace.bind(primitive, args, kwargs)

    primitive.__name__ = primitive.__qualname__ = function.__name__
    primitive.__doc__, primitive.__module__ = function.__doc__, function.__module__
    primitive.__wrapped__ = function  # type: ignore[attr-defined]
    return primitive


def as_array(x: Any) -> Any:
    """`x` itself if it is an array, traced or not; a Python number or list as NumPy's."""
    return x if isinstance(x, Traced | np.ndarray | np.generic) else np.asarray(x)[()]


def name_of(function: Any) -> str:
    """How a user calls this function: `np.linalg.solve`, `np.add.reduce`."""
    if isinstance(function, tuple):
        return f"{name_of(function[0])}.{function[1]}"
    if isinstance(function, np.ufunc):
        return f"np.{function.__name__}"
    module = getattr(function, "__module__", None) or ""
    name = getattr(function, "__name__", repr(function))
    return f"{module.replace('numpy', 'np', 1)}.{name}" if module.startswith("numpy") else name


# --- Traces --------------------------------------------------------------------------------------------------------

_numbers = itertools.count(1)


class Trace:
    """One run of one function under one transform. `number` orders traces by age; `origin` says whose it is."""

    __slots__ = ("closed", "number", "origin")

    def __init__(self, origin: str = ""):
        self.number, self.closed, self.origin = next(_numbers), False, origin

    def bind(self, function: Any, args: tuple, kwargs: dict) -> Any:
        """Run `function` on arguments of which some belong to this trace."""
        raise NotImplementedError

    def elementwise(self, ufunc: np.ufunc, inputs: tuple) -> Any:
        """`bind` for a ufunc without keywords: the path that must be quick."""
        return self.bind(ufunc, inputs, {})

    def truth(self, x: Traced) -> bool:
        """What `if x:` sees."""
        return bool(x.value)

    def strip(self, args: Any) -> Any:
        """`args` with the traced arrays of this trace replaced by their values."""
        return type(args)(
            x.value
            if type(x) is Traced and x.owner is self
            else self.strip(x)
            if type(x) is list or type(x) is tuple
            else x
            for x in args
        )

    def check_open(self) -> None:
        if self.closed:
            raise EscapedTracerError(
                f"a traced value was used after its trace had ended. It was made {self.origin}, which has returned: "
                "return the value from that function instead of storing it, or store ad.stop_gradient(x)."
            )


SIGNED = {1: identity(), -1: negation()}


class JacobianTrace(Trace):
    """A trace that runs functions on values and records their local Jacobians."""

    __slots__ = ()

    def record(self, function: Any, y: Any, edges: tuple) -> Traced:
        """Take down `y`. `edges` are three entries per operand: its payload, a family of operators, its data."""
        raise NotImplementedError

    def elementwise(self, ufunc: np.ufunc, inputs: tuple) -> Any:
        partials = PARTIALS.get(ufunc)
        if partials is None:
            return self.bind(ufunc, inputs, {})
        values = [x.value if type(x) is Traced and x.owner is self else x for x in inputs]
        y = ufunc(*values)
        edges: tuple = ()
        for x, v, partial in zip(inputs, values, partials, strict=True):
            if x is v or partial is None:  # not ours, hence a constant here; or without influence
                continue
            if type(y) is type(v) is np.float64 or (v.shape == y.shape and v.dtype == y.dtype):
                if type(partial) is int:
                    edges += (x.payload, *SIGNED[partial])
                else:
                    edges += (x.payload, diagonal, partial(y, *values))
            elif type(partial) is int:
                edges += (x.payload, *compose(SIGNED[partial], fit(v, y)))
            else:
                d = partial(y, *values)
                edges += (x.payload, scaled_broadcast, (d, v.shape, y.shape, v.dtype, y.dtype))
        return self.record(ufunc, y, edges) if edges else y

    def bind(self, function: Any, args: tuple, kwargs: dict) -> Any:
        self.check_open()
        rule = RULES.get(function)
        if rule is None:
            return self._without_rule(function, args, kwargs)
        if kwargs:
            args, kwargs = rule.positional(args, kwargs)
        values = self.strip(args)
        y = function(*values, **kwargs)
        operators = rule.jacobians(y, *values, **kwargs)
        operands = rule.operands(args)
        ours = [(x.payload, i) for i, x in enumerate(operands) if type(x) is Traced and x.owner is self]
        if not isinstance(y, tuple):
            return self._wrap(function, y, ours, operators)
        outputs = [self._wrap(function, part, ours, own) for part, own in zip(y, operators, strict=True)]
        return type(y)(*outputs) if hasattr(y, "_fields") else tuple(outputs)

    def _call_joint(self, function: Any, args: tuple) -> tuple:
        """A call whose rule takes all tangents, or gives all cotangents, together: one node for the bundle of its
        operands, one for the bundle of its results, one for each result."""
        values = self.strip(args)
        y, operator = function.joint(*values)
        into: tuple = ()
        for i, x in enumerate(args):
            if type(x) is Traced and x.owner is self:
                into += (x.payload, *slot(i))
        bundle = self.record(function, (), (self.record(function, (), into).payload, *operator))
        parts = (self.record(function, part, (bundle.payload, slot.T, i)) for i, part in enumerate(y))
        return tuple(x if x.dtype.kind in "fc" else x.value for x in parts)

    def _wrap(self, function: Any, y: Any, ours: list, operators: Sequence[Operator | None]) -> Any:
        edges: tuple = ()
        for payload, i in ours:
            operator = operators[i]
            if operator is not None:
                edges += (payload, *operator)
        return self.record(function, y, edges) if edges else y

    def _without_rule(self, function: Any, args: tuple, kwargs: dict) -> Any:
        if function in PARTIALS:
            if not kwargs:
                return self.elementwise(function, args)
            raise AutodiffTypeError(
                f"{name_of(function)} of traced arrays takes no keyword arguments (got {', '.join(kwargs)}). "
                "For where= use np.where(mask, f(x), y); for dtype= use x.astype(dtype)."
            )
        composed = COMPOSED.get(function)
        if composed is not None:
            return composed(*args, **kwargs)
        if hasattr(function, "joint"):
            return self._call_joint(function, args)
        if type(function) is tuple and function[1] == "outer" and not kwargs:
            a, b = map(as_array, args)
            return function[0](a.reshape(a.shape + (1,) * b.ndim), b)
        if function in CONSTANT:
            return function(
                *self.strip(args), **dict(zip(kwargs, self.strip(tuple(kwargs.values())), strict=True))
            )
        if function in REFUSED:
            raise AutodiffTypeError(f"{name_of(function)} cannot be differentiated: {REFUSED[function]}")
        raise MissingRuleError(
            f"{name_of(function)} has no differentiation rule here. Write it in terms of functions that have one, or "
            "declare it: ad.primitive(value, jacobian), ad.custom_jvp or ad.custom_vjp. If its result is to count "
            "as a constant, call it on ad.stop_gradient(x)."
        )


class Forward(JacobianTrace):
    """Forward mode: the payload of a traced array is its tangent; local Jacobians are applied at once."""

    __slots__ = ()

    def record(self, function: Any, y: Any, edges: tuple) -> Traced:
        if self.closed:
            self.check_open()
        total, own = None, False
        for i in range(0, len(edges), 3):
            t, family, data = edges[i : i + 3]
            total, own = add_applied(total, own, family, t, data)
        return Traced(y, self, total)


class Tape(JacobianTrace):
    """Reverse mode: the payload is a position on the tape, where the local Jacobians are written down.

    `nodes[i]` holds, for each operand of the i-th result, three entries: the operand's position, a family of
    operators, its data. The first `inputs` nodes are the inputs; they have no operands.
    """

    __slots__ = ("inputs", "nodes")

    def __init__(self, origin: str = ""):
        super().__init__(origin)
        self.nodes: list[tuple] = []
        self.inputs = 0

    def input(self, value: Any) -> Traced:
        self.inputs += 1
        return self.record(None, value, ())

    def record(self, function: Any, y: Any, edges: tuple) -> Traced:
        if self.closed:
            self.check_open()
        nodes = self.nodes
        x = Traced(y, self, len(nodes))
        nodes.append(edges)
        return x

    def push(self, tangents: Sequence) -> list:
        """Forward along the tape: the tangent of every node (None where it is zero)."""
        found: list = [*tangents, *[None] * (len(self.nodes) - self.inputs)]
        for i in range(self.inputs, len(self.nodes)):
            edges, own = self.nodes[i], False
            for k in range(0, len(edges), 3):
                parent, family, data = edges[k : k + 3]
                if found[parent] is not None:
                    found[i], own = add_applied(found[i], own, family, found[parent], data)
        return found

    def pull(self, seeds: dict[int, Any]) -> list:
        """Backward along the tape: the cotangents of the inputs, given those of some nodes (None: zero)."""
        last = max(seeds, default=-1)
        found: list = [None] * max(last + 1, self.inputs)
        own = bytearray(len(found))  # whether we may write into found[i]
        for i, seed in seeds.items():
            found[i] = seed
        nodes = self.nodes
        for i in range(last, self.inputs - 1, -1):
            u = found[i]
            if u is None:
                continue
            found[i] = None  # nothing before node i reads it again
            edges = nodes[i]
            for k in range(0, len(edges), 3):
                parent = edges[k]
                family = edges[k + 1]
                total = found[parent]
                if total is None and family is diagonal:  # most of all edges
                    found[parent] = u * edges[k + 2]
                else:
                    found[parent], own[parent] = add_applied(total, own[parent], family.T, u, edges[k + 2])
        return found[: self.inputs]


def add_applied(total: Any, own: Any, family: Linear, t: Any, data: Any) -> tuple[Any, bool]:
    """`total + family.apply(t, data)`, in place where `total` is an array of our own; and whether the sum is."""
    if family.accumulate is not None and type(t) is not Traced and (total is None or own):
        return family.accumulate(total, t, data), True
    term = family.apply(t, data)
    if total is None:
        return term, False
    if own and type(term) is np.ndarray and term.shape == total.shape and term.dtype == total.dtype:
        total += term
        return total, True
    total = total + term
    return total, type(total) is np.ndarray


# --- debug_nans ----------------------------------------------------------------------------------------------------

watching: ContextVar[bool] = ContextVar("watching", default=False)


def user_line() -> str:
    """File and line of the caller's code: the youngest frame outside this package and NumPy."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_LIBRARIES):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


_LIBRARIES = (os.path.dirname(__file__) + os.sep, os.path.dirname(np.__file__) + os.sep)


def untraced(x: Any) -> Any:
    """The plain value at the bottom of a traced one."""
    while type(x) is Traced:
        x = x.value
    return x


def _refuse_nan(x: Any, what: str, function: Any, line: str) -> Any:
    parts = x.parts.values() if type(x) is Bundle else (x,)
    if any(np.isnan(untraced(part)).any() for part in parts):
        raise NonFiniteError(f"nan in the {what} of {name_of(function)}, called at {line}")
    return x


def _watched(method: str, what: str) -> Callable:
    def run(t: Any, data: tuple) -> Any:
        family, own, function, line = data
        return _refuse_nan(getattr(family, method)(t, own), what, function, line)

    return run


# An operator that looks at what it gives. Data: family, its data, the function, the user's line.
watched = Linear("watched", _watched("apply", "tangent"), _watched("transpose", "cotangent"))


class Watched(JacobianTrace):
    """A trace under `debug_nans`: it refuses the first nan, with the function and the line it came from."""

    __slots__ = ()

    def record(self, function: Any, y: Any, edges: tuple) -> Traced:
        if edges:
            line = user_line()
            _refuse_nan(y, "value", function, line)
            triples = [edges[i : i + 3] for i in range(0, len(edges), 3)]
            edges = sum(((x, watched, (family, data, function, line)) for x, family, data in triples), ())
        return super().record(function, y, edges)


class WatchedForward(Watched, Forward):
    __slots__ = ()


class WatchedTape(Watched, Tape):
    __slots__ = ()


@contextmanager
def debug_nans() -> Iterator[None]:
    """Within this context the first nan in a value, tangent or cotangent raises `NonFiniteError`.

    The error names the NumPy function and the line of user code that called it. Transforms are slower
    meanwhile. Threads and tasks have their own setting.

    >>> import autodiff as ad, numpy as np
    >>> with ad.debug_nans(), np.errstate(invalid="ignore"):
    ...     ad.grad(lambda x: np.log(x))(-1.0)  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    autodiff.errors.NonFiniteError: nan in the value of np.log, called at <doctest>:2
    """
    token = watching.set(True)
    try:
        yield
    finally:
        watching.reset(token)


def forward_trace(origin: str) -> Forward:
    """A new forward trace, watchful under `debug_nans`."""
    return (WatchedForward if watching.get() else Forward)(origin)


def tape_trace(origin: str) -> Tape:
    """A new tape, watchful under `debug_nans`."""
    return (WatchedTape if watching.get() else Tape)(origin)


# --- Operators and methods of traced arrays ------------------------------------------------------------------------


def _binary(ufunc: np.ufunc) -> tuple[Callable, Callable]:
    def method(self: Traced, other: Any) -> Any:
        trace = self.owner
        if type(other) is Traced and other.owner is not trace and other.owner.number > trace.number:
            trace = other.owner
        elif other is None or type(other) is str:
            return NotImplemented
        return trace.elementwise(ufunc, (self, other))

    def reflected(self: Traced, other: Any) -> Any:
        return self.owner.elementwise(ufunc, (other, self))

    return method, reflected


def _in_place(symbol: str, method: Callable) -> Callable:
    def refuse_or_rebind(self: Traced, other: Any) -> Any:
        if self.ndim:
            raise AutodiffTypeError(
                f"x {symbol}= v would change a traced array in place, and with it every other name for it. "
                f"Write x = x {symbol} v."
            )
        return method(self, other)

    return refuse_or_rebind


BINARY = {
    "add": ("+", np.add), "sub": ("-", np.subtract), "mul": ("*", np.multiply), "truediv": ("/", np.divide),
    "floordiv": ("//", np.floor_divide), "mod": ("%", np.remainder), "matmul": ("@", np.matmul),
}  # fmt: skip
COMPARISONS = {
    "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "eq": np.equal, "ne": np.not_equal,
}  # fmt: skip
POWERS = {2: np.square, 0.5: np.sqrt, -1: np.reciprocal, 1: np.positive}  # as ndarray.__pow__ does


def _power(self: Traced, exponent: Any) -> Any:
    if type(exponent) in (int, float) and exponent in POWERS:
        return self.owner.elementwise(POWERS[exponent], (self,))
    return call(np.power, (self, exponent))


Traced.__pow__ = _power
Traced.__rpow__ = _binary(np.power)[1]
Traced.__ipow__ = _in_place("**", _power)
Traced.__neg__ = lambda self: self.owner.elementwise(np.negative, (self,))
Traced.__pos__ = lambda self: self.owner.elementwise(np.positive, (self,))
Traced.__abs__ = lambda self: self.owner.elementwise(np.absolute, (self,))
Traced.__divmod__ = lambda self, other: (self // other, self % other)
Traced.__round__ = lambda self, digits=0: np.round(self, digits)
for _name, (_symbol, _ufunc) in BINARY.items():
    _method, _reflected = _binary(_ufunc)
    setattr(Traced, f"__{_name}__", _method)
    setattr(Traced, f"__r{_name}__", _reflected)
    setattr(Traced, f"__i{_name}__", _in_place(_symbol, _method))
for _name, _ufunc in COMPARISONS.items():
    setattr(Traced, f"__{_name}__", _binary(_ufunc)[0])


def _method(function: Callable) -> Callable:
    def method(self: Traced, *args: Any, **kwargs: Any) -> Any:
        return call(function, (self, *args), refuse_out(kwargs))

    return method


METHODS = {
    "sum": np.sum, "mean": np.mean, "prod": np.prod, "max": np.max, "min": np.min, "var": np.var, "std": np.std,
    "cumsum": np.cumsum, "argmax": np.argmax, "argmin": np.argmin, "argsort": np.argsort, "any": np.any, "all": np.all,
    "ravel": np.ravel, "flatten": np.ravel, "squeeze": np.squeeze, "swapaxes": np.swapaxes, "repeat": np.repeat,
    "take": np.take, "dot": np.dot, "clip": np.clip, "round": np.round, "diagonal": np.diagonal, "trace": np.trace,
    "copy": np.copy, "conj": np.conj, "conjugate": np.conj, "nonzero": np.nonzero, "searchsorted": np.searchsorted,
}  # fmt: skip
for _name, _function in METHODS.items():
    setattr(Traced, _name, _method(_function))
