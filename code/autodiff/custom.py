"""Custom rules: a user's own derivative for a function, and functions that hide theirs.

    custom_jvp      you write how tangents go through; reverse mode transposes it
    custom_vjp      you write how a cotangent comes back; forward mode transposes it
    primitive       you declare the value and the local Jacobian, as the module's own rules do
    stop_gradient   a value that counts as a constant

Whichever direction is given, the other is found by transposing: a rule is linear in its tangents (or cotangent),
so its own pullback, taken anywhere, is its transpose.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .arrays import Traced, as_array, dispatched, name_of
from .errors import AutodiffError, AutodiffTypeError, AutodiffValueError
from .modes import tangent_dtype, vjp
from .operators import Bundle, Linear, Operator, diagonal, filled
from .rules.products import tensordot
from .tables import CONSTANT, rule
from .trees import Structure, flatten, flatten_like, map_leaves, unflatten


@dispatched
def stopped(x: Any) -> Any:
    return x


CONSTANT.add(stopped)


def stop_gradient(tree: Any) -> Any:
    """The same values as constants: no derivative passes, in any mode or order.

    >>> import autodiff as ad
    >>> ad.grad(lambda x: x * ad.stop_gradient(x))(3.0)
    np.float64(3.0)
    """
    return map_leaves(lambda x: stopped(x) if type(x) is Traced else x, tree)


# --- Rules for a whole call ---------------------------------------------------------------------------------


def spaces(leaves: Sequence) -> list[tuple]:
    """Shapes and dtypes of the tangents of values."""
    return [(np.shape(x), tangent_dtype(as_array(x))) for x in leaves]


def _each(function: Callable[[list], list], bundle: Bundle, spaces: Sequence[tuple]) -> Bundle:
    """`function` on the parts of a bundle; on each entry of a batch, since a user's rule knows of none."""
    parts, batch = filled(bundle, spaces)
    if not batch:
        return Bundle(dict(enumerate(function(parts))))
    entries = [function([t[k] for t in parts]) for k in range(*batch)]
    return Bundle({i: np.stack(parts) for i, parts in enumerate(zip(*entries, strict=True))})


# A linear map between bundles and its transpose. Data: both as functions of lists, and the spaces at both ends.
joint_map = Linear(
    "joint map",
    lambda t, data: _each(data[0], t, data[2]),
    lambda u, data: _each(data[1], u, data[3]),
)


def _by_transposing(function: Callable[[list], list], spaces: Sequence[tuple]) -> Callable[[list], list]:
    """The transpose of a linear function of lists of arrays in `spaces`."""

    def transposed(bars: list) -> list:
        zeros = [np.zeros(shape, dtype)[()] for shape, dtype in spaces]
        return list(vjp(lambda *parts: function(list(parts)), *zeros)[1](bars))

    return transposed


def _fitted(found: Any, structure: Structure, spaces: Sequence[tuple], what: str) -> list:
    """The leaves that a user's rule returned, in the shapes and dtypes they must have."""
    leaves, own = flatten_like(found, structure)
    if own != structure:
        raise AutodiffValueError(f"{what} must be built like {structure}: got {own}")
    fitted = []
    for t, (shape, dtype) in zip(leaves, spaces, strict=True):
        t = as_array(t)
        if t.shape != shape:
            raise AutodiffValueError(f"{what} has the wrong shape: expected {shape}, got {t.shape}")
        fitted.append(t if t.dtype == dtype else t.astype(dtype))
    return fitted


class _Custom:
    """A function of containers with a rule of the user's own: what `custom_jvp` and `custom_vjp` share."""

    def __init__(self, function: Callable):
        functools.update_wrapper(self, function)
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        leaves, structure = flatten(args)
        result: list[Structure] = []  # the structure of the result, known once the function has run

        def run(*leaves: Any) -> tuple:
            values, found = flatten(self.function(*unflatten(structure, leaves), **kwargs))
            result[:] = [found]
            return tuple(map(as_array, values))

        def joint(*leaves: Any) -> tuple[tuple, Operator]:
            y, operator, found = self.differentiate(leaves, unflatten(structure, leaves), kwargs)
            result[:] = [found]
            return y, operator

        call = dispatched(run)
        call.__name__ = getattr(self, "__name__", "function")
        call.joint = joint  # type: ignore[attr-defined]  # for `tracing`
        found = call(*leaves)
        return unflatten(result[0], found)

    def differentiate(self, leaves: tuple, args: tuple, kwargs: dict) -> tuple[tuple, Operator, Structure]:
        """The result's leaves, its local Jacobian as an operator between bundles, its structure."""
        raise NotImplementedError


class custom_jvp(_Custom):  # noqa: N801  # a decorator
    """A function with a forward rule of your own.

    `f.defjvp(rule)`, with `rule(primals, tangents) -> (y, ydot)`; tuples of arguments as `f` takes them, results
    as `f` gives them. The rule must be linear in the tangents and written in functions that can be differentiated;
    reverse mode transposes it. Raises `AutodiffValueError` where the rule's tangent does not have the shape of the
    result.

    >>> import autodiff as ad
    >>> @ad.custom_jvp
    ... def log1pexp(x):
    ...     return np.log1p(np.exp(x))
    >>> @log1pexp.defjvp
    ... def _(primals, tangents):
    ...     (x,), (xdot,) = primals, tangents
    ...     return log1pexp(x), xdot * (1 - 1 / (1 + np.exp(x)))
    >>> float(ad.grad(log1pexp)(0.0))
    0.5
    """

    rule: Callable | None = None

    def defjvp(self, rule: Callable) -> Callable:
        """Set the rule; usable as a decorator."""
        self.rule = rule
        return rule

    def differentiate(self, leaves: tuple, args: tuple, kwargs: dict) -> tuple[tuple, Operator, Structure]:
        rule = self.rule
        if rule is None:
            raise AutodiffError(f"{name_of(self)} has no rule: set one by {name_of(self)}.defjvp(rule)")
        values, found = flatten(self.function(*args, **kwargs))
        y = tuple(map(as_array, values))
        inputs, outputs, (_, structure) = spaces(leaves), spaces(y), flatten(args)

        def push(dots: list) -> list:
            pair = rule(args, unflatten(structure, dots), **kwargs)
            if not (isinstance(pair, tuple) and len(pair) == 2):
                raise AutodiffTypeError(f"the jvp rule of {name_of(self)} must return a pair (y, ydot)")
            return _fitted(pair[1], found, outputs, f"the tangent from the jvp rule of {name_of(self)}")

        return y, joint_map((push, _by_transposing(push, inputs), inputs, outputs)), found


class custom_vjp(_Custom):  # noqa: N801  # a decorator
    """A function with a reverse rule of your own.

    `f.defvjp(fwd, bwd)`, with `fwd(*args) -> (y, residuals)` and `bwd(residuals, ybar) -> cotangents`, a tuple with
    one cotangent per argument (None for zero). `bwd` must be linear in `ybar`; forward mode transposes it. Raises
    `AutodiffValueError` where a cotangent does not have the shape of its argument.

    >>> import autodiff as ad
    >>> @ad.custom_vjp
    ... def clipped_gradient(x):
    ...     return x
    >>> clipped_gradient.defvjp(lambda x: (x, None), lambda _, ybar: (np.clip(ybar, -1, 1),))
    >>> ad.grad(lambda x: 10 * clipped_gradient(x))(3.0)
    np.float64(1.0)
    """

    rules: tuple[Callable, Callable] | None = None

    def defvjp(self, fwd: Callable, bwd: Callable) -> None:
        """Set the two halves of the rule."""
        self.rules = fwd, bwd

    def differentiate(self, leaves: tuple, args: tuple, kwargs: dict) -> tuple[tuple, Operator, Structure]:
        if self.rules is None:
            raise AutodiffError(f"{name_of(self)} has no rule: set one by {name_of(self)}.defvjp(fwd, bwd)")
        fwd, bwd = self.rules
        pair = fwd(*args, **kwargs)
        if not (isinstance(pair, tuple) and len(pair) == 2):
            raise AutodiffTypeError(f"the forward half of the rule of {name_of(self)} must return (y, residuals)")
        values, found = flatten(pair[0])
        y = tuple(map(as_array, values))
        inputs, outputs = spaces(leaves), spaces(y)
        structures = [flatten(arg)[1] for arg in args]
        counts = [len(flatten(arg)[0]) for arg in args]

        def pull(bars: list) -> list:
            bar_args = bwd(pair[1], unflatten(found, bars))
            source = f"from the vjp rule of {name_of(self)}"
            if not isinstance(bar_args, tuple | list) or len(bar_args) != len(args):
                raise AutodiffValueError(
                    f"the cotangents {source} must be a tuple of {len(args)}, one per argument; got {bar_args!r}"
                )
            pulled: list = []
            for i, (bar, structure, count) in enumerate(zip(bar_args, structures, counts, strict=True)):
                what = f"the cotangent of argument {i} {source}"
                own = inputs[len(pulled) : len(pulled) + count]
                zero = [np.zeros(shape, dtype)[()] for shape, dtype in own]
                pulled += zero if bar is None else _fitted(bar, structure, own, what)
            return pulled

        return y, joint_map((_by_transposing(pull, outputs), pull, inputs, outputs)), found


# --- A primitive by its local Jacobian ----------------------------------------------------------------------


def primitive(value: Callable, jacobian: Callable) -> Callable:
    """A function with a local Jacobian declared by you, as the module's own rules declare theirs.

    value : function of arrays (and other arguments), written in anything: it sees plain arrays.
    jacobian : function `(y, *args, **kwargs)` that gives the local Jacobian for each array argument, in order: an
        operator (`autodiff.operators`), or an array: of the shape of `y` (elementwise: the diagonal) or of shape
        `y.shape + x.shape` (the whole matrix), or None for zero. A list of these; alone where there is one argument.
        Written in NumPy on values that may be traced, it is good for every order.

    Raises `AutodiffValueError` where an array has neither shape.

    >>> import autodiff as ad
    >>> cube = ad.primitive(lambda x: x * x * x, lambda y, x: 3 * x**2)
    >>> ad.grad(cube)(2.0), ad.hessian(cube)(2.0)
    (np.float64(12.0), np.float64(12.0))
    """
    name = getattr(value, "__name__", "primitive")

    @dispatched
    def declared(*args: Any, **kwargs: Any) -> Any:
        return as_array(value(*args, **kwargs))

    functools.update_wrapper(declared, value)

    def jacobians(y: Any, *args: Any, **kwargs: Any) -> list[Operator | None]:
        given = jacobian(y, *args, **kwargs)
        given = given if isinstance(given, list) else [given]
        if len(given) != len(args):
            raise AutodiffValueError(f"the Jacobian of {name} has {len(given)} entries for {len(args)} arguments")
        return [_as_operator(J, y, x, name) for J, x in zip(given, args, strict=True)]

    rule(declared, operands=lambda args: args)(jacobians)
    return declared


# t ↦ J t for a whole Jacobian. Data: J, the number of axes of the result, of the operand.
matrix = Linear(
    "matrix",
    lambda t, data: _contracted(t, data[0], tuple(range(data[1], data[1] + data[2]))),
    lambda u, data: _contracted(u, data[0], tuple(range(data[1]))),
)


def _contracted(t: Any, J: Any, axes: tuple[int, ...]) -> Any:
    return tensordot(t, J, (tuple(range(t.ndim - len(axes), t.ndim)), axes))


def _as_operator(J: Any, y: Any, x: Any, name: str) -> Operator | None:
    if J is None or isinstance(J, tuple):
        return J
    J, x = as_array(J), as_array(x)
    if J.shape == y.shape + x.shape and y.ndim + x.ndim > 0:
        return matrix((J, y.ndim, x.ndim))
    if x.shape == y.shape and J.shape in (y.shape, ()):
        return diagonal(J)
    raise AutodiffValueError(
        f"the Jacobian of {name} has shape {J.shape}: expected {y.shape + x.shape}"
        + (f", or {y.shape} for the diagonal of an elementwise function" if x.shape == y.shape else "")
    )
