"""Traces: what happens to a program's local Jacobians while it runs.

A trace runs NumPy's functions on the values of its traced arrays. A `JacobianTrace` also looks up the local
Jacobians in the tables that `autodiff.rules` fills, and either pushes tangents through them at once (`Forward`)
or writes them down (`Tape`), to push or pull along later.

Nesting. A trace that starts inside another one has the larger number. A function of values of several
traces belongs to the innermost; values of the outer ones are constants there, but stay traced inside the
value, where the outer trace sees them. So perturbations cannot be confused. A trace is known by its
identity: when its function has returned it is closed, and a value that got away is an error.
"""

import itertools
from collections.abc import Callable, Sequence
from operator import add, mul, sub, truediv
from typing import Any

import numpy as np

from .arrays import Traced, as_array, innermost, name_of
from .errors import AutodiffTypeError, EscapedTracerError, MissingRuleError
from .operators import (
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
from .tables import COMPOSED, CONSTANT, PARTIALS, REFUSED, REFUSED_METHODS, RULES, UNKNOWN, learned, unknown_argument

_numbers = itertools.count(1)


class Trace:
    """One run of one function under one transform. `number` orders traces by age; `origin` says whose it is."""

    __slots__ = ("closed", "number", "origin")
    NO_ARRAY = (
        "np.array, np.asarray and what calls them (most of SciPy's functions, a.dot(x) of a plain a, np.sum of a list) "
        "would drop the derivative of a traced array. To build an array of traced values use np.stack([x, y]) or "
        "np.concatenate, for a.dot(x) write a @ x, declare other functions by ad.custom_vjp; to leave the derivative "
        "behind on purpose use ad.stop_gradient(x)."
    )
    NO_NUMBER = (
        "a traced value cannot become a Python number: its derivative would be lost. Use the NumPy function "
        "(np.sin, not math.sin), build arrays by np.stack or np.concatenate instead of assigning into one, "
        "or say ad.stop_gradient(x) where the derivative is to be dropped."
    )

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

    def text(self, x: Traced, how: Callable[[Any], str]) -> str:
        """What `print(x)` shows; `how` is `str` or `repr`."""
        return how(x.value)

    def strip(self, args: Any) -> Any:
        """`args`, a list or tuple, with the traced arrays of this trace replaced by their values, however deep."""
        values = []
        for x in args:
            kind = type(x)
            if kind is Traced:
                values.append(x.value if x.owner is self else x)
            else:
                values.append(self.strip(x) if kind is list or kind is tuple else x)
        return values if type(args) is list else tuple(values)

    def check_open(self) -> None:
        if self.closed:
            raise EscapedTracerError(
                f"a traced value was used after its trace had ended. It was made {self.origin}, which has returned: "
                "return the value from that function instead of storing it, or store ad.stop_gradient(x)."
            )


def expansion(function: Any) -> Callable | None:
    """How a function is written in terms of others, if it is."""
    if type(function) is tuple and function[1] == "outer":
        return lambda a, b: function[0](as_array(a).reshape(np.shape(a) + (1,) * np.ndim(b)), as_array(b))
    return COMPOSED.get(function)


# What functions of arrays give. Other classes (matrices, masked and sparse arrays) have products of their own.
PLAIN = {np.ndarray, np.memmap, Traced, tuple, list, *np.sctypeDict.values()}


def refuse_result(function: Any, y: Any, args: tuple) -> None:
    """The error for a result that is no array of numbers, because of an operand that is none."""
    odd = next((x for x in args if type(x) not in PLAIN and not isinstance(x, int | float | complex)), y)
    what = "an object array" if type(odd) is np.ndarray else f"a {type(odd).__name__}"
    raise AutodiffTypeError(
        f"{name_of(function)} of a traced array and {what}: its arithmetic is not that of arrays of numbers. "
        "Convert it first (np.asarray of a matrix, .filled(0) of a masked array, .toarray() of a sparse one, "
        ".astype(float) of objects), or declare the product by ad.primitive or ad.custom_vjp."
    )


def refuse_operand(ufunc: np.ufunc) -> None:
    raise AutodiffTypeError(
        f"{name_of(ufunc)} has a derivative with respect to its last argument alone; the others must not be traced. "
        "Use ad.stop_gradient of them, or declare their derivatives by ad.custom_jvp."
    )


float64 = np.float64  # looked up once, on the path that must be quick
NUMBERS = {float, float64}
# What computes the same of two numbers, in a sixth of the time.
OPERATORS: dict[Any, Callable] = {np.add: add, np.subtract: sub, np.multiply: mul, np.divide: truediv}
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
        values = []
        for x in inputs:  # a comprehension would be a call
            values.append(x.value if type(x) is Traced and x.owner is self else x)
        numbers = type(values[-1]) in NUMBERS and type(values[0]) in NUMBERS
        y = (OPERATORS.get(ufunc, ufunc) if numbers else ufunc)(*values)
        kind = type(y)
        edges: tuple = ()
        for x, v, partial in zip(inputs, values, partials):  # noqa: B905  # strict= costs a tenth of all
            if x is v or partial is None:  # not ours, hence a constant here; or without influence
                if x is not v and ufunc in UNKNOWN:
                    refuse_operand(ufunc)
                continue
            if kind is type(v) and (kind is float64 or (v.shape == y.shape and v.dtype is y.dtype)):
                if type(partial) is int:
                    edges += (x.payload, *SIGNED[partial])
                else:
                    edges += (x.payload, diagonal, partial(y, *values))
                continue
            if kind not in PLAIN or y.dtype.kind == "O":
                refuse_result(ufunc, y, inputs)
            if type(partial) is int:
                fitted = fit(v, y)
                edges += (x.payload, *(fitted if partial == 1 else compose(fitted, negation())))
            else:
                d = partial(y, *values)
                edges += (x.payload, scaled_broadcast, (d, v.shape, y.shape, v.dtype, y.dtype))
        return self.record(ufunc, y, edges) if edges else y

    def bind(self, function: Any, args: tuple, kwargs: dict) -> Any:
        if self.closed:
            self.check_open()
        rule = RULES.get(function)
        if rule is None:
            return self._without_rule(function, args, kwargs)
        if kwargs:
            args, kwargs = rule.positional(args, kwargs)
        values = self.strip(args)
        try:
            y = function(*values, **kwargs)
        except ValueError:
            if any(hasattr(x, "toarray") for x in args):  # sparse: to NumPy's products, a number
                refuse_result(function, None, args)
            raise
        if type(y) not in PLAIN and not isinstance(y, tuple):
            refuse_result(function, y, args)
        try:
            operators = rule.jacobians(y, *values, **kwargs)
        except TypeError as error:
            unknown_argument(name_of(function), rule.jacobians, (y, *values), kwargs, error)
            raise
        operands = rule.operands(args)
        if not isinstance(y, tuple):
            return self._wrap(function, y, operands, operators)
        outputs = [self._wrap(function, part, operands, own) for part, own in zip(y, operators, strict=True)]
        return type(y)(*outputs) if hasattr(y, "_fields") else tuple(outputs)

    def _wrap(self, function: Any, y: Any, operands: Sequence, operators: Sequence[Operator | None]) -> Any:
        """`y`, recorded with the operators of those operands that are ours."""
        edges: tuple = ()
        for x, operator in zip(operands, operators, strict=True):
            if type(x) is Traced:
                if x.owner is self and operator is not None:
                    edges += (x.payload, *operator)
            elif (type(x) is list or type(x) is tuple) and innermost(x) is not None:
                raise AutodiffTypeError(
                    f"{name_of(function)}: a list of traced values is no array. Write np.stack([x, y]) for [x, y]."
                )
        return self.record(function, y, edges) if edges else y

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

    def _without_rule(self, function: Any, args: tuple, kwargs: dict) -> Any:
        if function in PARTIALS:
            if not kwargs:
                return self.elementwise(function, args)
            raise AutodiffTypeError(
                f"{name_of(function)} of traced arrays takes no keyword arguments (got {', '.join(kwargs)}). "
                "For where= use np.where(mask, f(x), y); for dtype= use x.astype(dtype)."
            )
        definition = expansion(function)
        if definition is not None:
            try:
                return definition(*args, **kwargs)
            except TypeError as error:
                unknown_argument(name_of(function), definition, args, kwargs, error)
                raise
        if hasattr(function, "joint"):
            return self._call_joint(function, args)
        if function in CONSTANT:
            return function(*self.strip(args), **dict(zip(kwargs, self.strip(tuple(kwargs.values())), strict=True)))
        why = REFUSED_METHODS.get(function[1]) if type(function) is tuple else REFUSED.get(function)
        if why is not None:
            raise AutodiffTypeError(f"{name_of(function)} cannot be differentiated: {why}")
        if learned(function):
            return self.bind(function, args, kwargs)
        raise MissingRuleError(
            f"{name_of(function)} has no differentiation rule here. Write it in terms of functions that have one, or "
            "declare it: ad.primitive(value, jacobian), ad.custom_jvp or ad.custom_vjp. If its result is to count "
            "as a constant, call it on ad.stop_gradient(x)."
        )


def is_traced_by(x: Any, kind: type[Trace]) -> bool:
    """Whether a trace of this kind watches `x`, perhaps beneath other traces."""
    while type(x) is Traced:
        if isinstance(x.owner, kind):
            return True
        x = x.value
    return False


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
        later: dict[int, dict[Callable, list]] = {}  # terms of found[i] that are added all at once
        for i, seed in seeds.items():
            found[i] = seed
        nodes = self.nodes
        for i in range(last, -1, -1):
            if i in later:
                for together, terms in later.pop(i).items():
                    found[i], own[i] = plus(found[i], own[i], together(terms))
            u, edges = found[i], nodes[i]
            if u is None or not edges:
                continue
            found[i] = None  # nothing before node i reads it again
            for k in range(0, len(edges), 3):
                parent, family, data = edges[k], edges[k + 1], edges[k + 2]
                if family is diagonal:
                    found[parent], own[parent] = plus(found[parent], own[parent], u * data, True)
                elif family.T.together is None or (family.T.accumulate is not None and type(u) is not Traced):
                    found[parent], own[parent] = add_applied(found[parent], own[parent], family.T, u, data)
                else:
                    later.setdefault(parent, {}).setdefault(family.T.together, []).append((u, data))
        return found[: self.inputs]


def plus(total: Any, own: Any, term: Any, fresh: bool = False) -> tuple[Any, bool]:
    """`total + term`, in place where `total` is an array of our own; and whether the sum is one.

    A total of None is zero. `fresh` says that the term is nobody else's.
    """
    if total is None:
        return term, fresh and type(term) is np.ndarray
    if own and type(term) is np.ndarray and term.shape == total.shape and term.dtype == total.dtype:
        total += term
        return total, True
    total = total + term
    return total, type(total) is np.ndarray


def add_applied(total: Any, own: Any, family: Linear, t: Any, data: Any) -> tuple[Any, bool]:
    """`total + family.apply(t, data)`, in place where that can be; and whether the sum is an array of our own."""
    if family.accumulate is not None and type(t) is not Traced and (total is None or own):
        total = family.accumulate(total, t, data)
        return total, type(total) is np.ndarray
    return plus(total, own, family.apply(t, data), family is diagonal)


def applied_together(family: Linear, terms: Sequence[tuple[Any, Any]]) -> Any:
    """Σ family.apply(t, data) over pairs (t, data): of traced ones, as one operation with an operand for each."""
    trace = innermost([t for t, _ in terms])
    if isinstance(trace, JacobianTrace):
        values = trace.strip([t for t, _ in terms])
        y = applied_together(family, [(v, data) for v, (_, data) in zip(values, terms, strict=True)])
        pairs = zip(terms, values, strict=True)
        edges = [x for (t, data), v in pairs if t is not v for x in (t.payload, family, data)]
        return trace.record(family, y, tuple(edges))
    total, own = None, False
    for t, data in terms:
        total, own = add_applied(total, own, family, t, data)
    return total
