"""Finite differences: derivatives of a function that we can call but not open.

Everything here is one idea. Restrict f to a line, g(t) = f(x + t v); call g at a few *offsets* times a step h; combine
the values with the *weights* that are right for every polynomial of low degree. A method is a name for its offsets
(`METHODS`); its weights, its best step and its cost all follow from them. The complex step is the method whose one
offset is imaginary.

`autodiff.stencils` has the weights, the lines and the slopes along them; here are the steps, and what users call. Both
rooms stand below the traced world and share no rule with it, so that they can check the rest of the module. The chapter
on finite differences derives every formula used here.
"""

import itertools
from collections.abc import Callable

import numpy as np

from .errors import AutodiffValueError
from .stencils import (
    COMPLEX,
    METHODS,
    Array,
    Method,
    at,
    central_offsets,
    coordinates,
    direction_of,
    error_terms,
    floating,
    halvings,
    line,
    offsets_of,
    slope,
    slope_or_nan,
    weights,
)

__all__ = [
    "METHODS", "central", "complex_step", "default_step", "derivative", "directional_check", "evaluations", "forward",
    "gradient", "jacobian", "richardson", "richardson_table", "search_step", "weights",
]  # fmt: skip

# --- cost, and the best step --------------------------------------------------------------------------------


def evaluations(n: int, method: Method = "central") -> int:
    """How many times `jacobian` and `gradient` call a function of n inputs.

    >>> evaluations(10, "forward"), evaluations(10, "central")
    (11, 20)
    """
    offsets = offsets_of(method)
    return n * sum(s != 0 for s in offsets) + (0 in offsets)


def default_step(
    x: Array, method: Method | None = None, order: int = 1, noise: float | None = None, scale: Array = None
) -> Array:
    """The step that balances truncation against round-off for a function of which nothing else is known.

    x: floating, any shape. method, order: as in `derivative`. noise: relative error of f's values (default: machine
    epsilon of x's dtype). scale: how far x must move for f to change altogether, broadcast to x (default: max(1,
    |x|)). Returns x's shape and dtype, rounded so that x + h differs from x by h exactly; tiny for the complex step,
    which knows no round-off. Source: Dennis & Schnabel 1983, section 5.4, here for any stencil.

    >>> bool(default_step(0.0, "forward") == 2 * np.sqrt(np.finfo(float).eps))
    True
    """
    x, offsets = floating(x), offsets_of(central_offsets(order) if method is None else method)
    limits = np.finfo(x.dtype)
    if offsets == COMPLEX:
        return np.full(x.shape, limits.tiny ** (1 / 3), x.dtype)[()]
    degree, truncation, roundoff = error_terms(offsets, order)
    noise = float(limits.eps) if noise is None else noise
    relative = (order * roundoff * noise / ((degree - order) * truncation)) ** (1 / degree)
    return _exact(x, relative * _scale(x, scale))[()]


def search_step(
    f: Callable, x: Array, method: Method = "central", noise: float | None = None, scale: Array = None
) -> Array:
    """One step per coordinate of x, found by trying: where truncation and round-off together look least.

    Walks each h down from `scale` by factors of eight, 17 of them in float64. The change over the next two steps
    estimates the truncation error, noise * |f| / h bounds the round-off; a step that leaves f's domain is passed over.
    Arguments and result as in `default_step`. Raises `AutodiffValueError` where no step gives a finite derivative.

    It can be fooled where |x| is huge beside the length on which f changes, as by sin at 1e10: the largest steps then
    leap over many waves, their slopes are all near 0, and agreement looks like accuracy. Pass that length as scale.

    Source: after Stepleman & Winarsky 1979.

    >>> steep, flat = search_step(lambda x: np.sin(1000 * x[0]) + np.sin(x[1] / 10), np.array([0.3, 0.3]))
    >>> bool(steep < 1e-6 < 1e-5 < flat)
    True
    """
    x, offsets = floating(x), offsets_of(method)
    limits = np.finfo(x.dtype)
    if offsets == COMPLEX:
        raise AutodiffValueError("the complex step has no round-off to balance: use default_step")
    noise = float(limits.eps) if noise is None else noise
    roundoff = error_terms(offsets, 1)[2] * noise * float(np.max(np.abs(line(f, x, np.zeros(x.shape))(0.0))))
    ladder = [_exact(x, 8.0**-rung * _scale(x, scale)) for rung in range(limits.nmant // 3)]
    steps = np.empty_like(x)
    for where, g in coordinates(f, x):
        rungs = np.array([h[where] for h in ladder if h[where]])  # one that vanishes beside x is 0 by now
        slopes = [slope_or_nan(g, h, offsets) for h in rungs]
        change = np.array([np.max(np.abs(a - b)) for a, b in itertools.pairwise(slopes)])
        change = np.maximum(change[:-1], change[1:])  # three estimates in a row: two may agree by accident
        error = np.where(np.isnan(change), np.inf, change + roundoff / rungs[:-2])
        if np.isinf(error).all():
            raise AutodiffValueError(f"no step gives a finite derivative by x{at(where)}: pass a scale")
        steps[where] = rungs[np.argmin(error)]
    return steps[()]


def _scale(x: np.ndarray, scale: Array) -> np.ndarray:
    return np.maximum(1, np.abs(x)) if scale is None else np.broadcast_to(scale, x.shape)


def _exact(x: np.ndarray, h: Array) -> np.ndarray:
    """A step near h that is exactly the difference between two floating-point numbers, x + h and x."""
    return np.asarray((x + np.asarray(h, x.dtype)) - x)


def _step_along(h: Array, v: Array) -> Array:
    """The largest step along v that moves no coordinate by more than its own h."""
    moved = np.abs(direction_of(v, np.shape(h)))
    return np.min(np.asarray(h)[moved > 0] / moved[moved > 0]) if moved.any() else 1.0


# --- derivatives along one line -----------------------------------------------------------------------------


def derivative(
    f: Callable, x: Array, order: int = 1, method: Method | None = None, h: Array = None, v: Array = None
) -> Array:
    """The derivative, of any order, of t -> f(x + t v) at t = 0.

    f: a function of one array. x: floating, any shape. method: a name in `METHODS` or a stencil's offsets in units of
    h (default: the shortest central stencil for that order). v: a direction, of x's shape; without v, x is a number or
    f acts on each element by itself, as `np.sin` does. h: the step, taken as given (default: `default_step`); without
    v an array broadcasts against x. Returns f's shape and dtype.

    Raises `AutodiffTypeError` for integers, and for a function that drops the complex step's imaginary part;
    `AutodiffValueError` for shapes that do not fit and for a step that vanishes beside x; `NonFiniteError` for a value
    of f that is not finite.

    >>> float(round(derivative(np.exp, 0.0, order=3, h=1e-3), 6))
    1.0
    """
    x = floating(x)
    method = central_offsets(order) if method is None else method
    if h is None:
        h = default_step(x, method, order)
        h = h if v is None else _step_along(h, v)
    h = np.asarray(h, dtype=x.dtype)
    if not (np.isfinite(h) & (h != 0)).all():
        raise AutodiffValueError(f"a step is a finite number other than 0, got {h}")
    if v is not None and h.ndim:
        raise AutodiffValueError(f"along a direction the step is one number, got shape {h.shape}")
    x = x if v is not None else np.broadcast_to(x, np.broadcast_shapes(x.shape, h.shape))
    return slope(line(f, x, v), h, offsets_of(method), order)[()]


def forward(f: Callable, x: Array, h: Array = None, v: Array = None) -> Array:
    """(f(x + h v) - f(x)) / h. Arguments, result and errors as in `derivative`.

    >>> float(forward(np.square, 3.0, h=0.5))
    6.5
    """
    return derivative(f, x, 1, "forward", h, v)


def central(f: Callable, x: Array, h: Array = None, v: Array = None) -> Array:
    """(f(x + h v) - f(x - h v)) / (2 h). Arguments, result and errors as in `derivative`.

    >>> float(central(np.square, 3.0, h=0.5))
    6.0
    """
    return derivative(f, x, 1, "central", h, v)


def complex_step(f: Callable, x: Array, h: Array = None, v: Array = None) -> Array:
    """Im f(x + i h v) / h: nothing is subtracted, so nothing cancels (Squire & Trapp 1998).

    f must be made of analytic operations and carry complex numbers through. What no error can catch is a function that
    conjugates, such as `np.vdot`. Arguments, result and errors as in `derivative`.

    >>> float(complex_step(np.exp, 1.0)) == float(np.exp(1.0))
    True
    """
    return derivative(f, x, 1, "complex", h, v)


def richardson(f: Callable, x: Array, h: Array = None, v: Array = None, levels: int = 4) -> Array:
    """Central differences at h, h/2, h/4, …, extrapolated to h = 0: 2 * levels evaluations.

    Arguments, result and errors as in `derivative`. Source: Richardson 1911.

    >>> float(round(richardson(np.sin, 0.0, h=0.5), 9))
    1.0
    """
    return derivative(f, x, 1, halvings(levels), h, v)


def richardson_table(f: Callable, x: Array, h: Array, v: Array = None, levels: int = 4) -> list[list[Array]]:
    """The triangle behind `richardson`: row k begins with the central difference of step h / 2**k.

    Each further entry of a row cancels one more even power of h. The last entry of the last row is the estimate; its
    distance from its neighbours says how far to trust it (Ridders 1982). As `derivative` in all else.

    >>> [[round(float(entry), 4) for entry in row] for row in richardson_table(np.exp, 0.0, 1.0, levels=2)]
    [[1.1752], [1.0422, 0.9979]]
    """
    rows: list[list[Array]] = []
    for level in range(levels):
        row = [central(f, x, h / 2**level, v)]
        for k, coarser in enumerate(rows[-1] if rows else [], start=1):
            row.append(row[-1] + (row[-1] - coarser) / (4**k - 1))
        rows.append(row)
    return rows


# --- derivatives by all coordinates -------------------------------------------------------------------------


def jacobian(f: Callable, x: Array, method: Method = "central", h: Array = None) -> np.ndarray:
    """All partial derivatives, one coordinate of x at a time: shape f(x).shape + x.shape.

    x: floating, any shape. method: as in `derivative`. h: one step, or one per coordinate, taken as given (default:
    `default_step`). Calls f `evaluations(x.size, method)` times. Errors as in `derivative`.

    >>> jacobian(lambda x: np.array([x[0] * x[1], x[1]]), np.array([2.0, 3.0]), h=0.25)
    array([[3., 2.],
           [0., 1.]])
    """
    x = floating(x)
    h = np.broadcast_to(np.asarray(default_step(x, method) if h is None else h, x.dtype), x.shape)
    columns = [slope(g, h[where], offsets_of(method)) for where, g in coordinates(f, x)]
    return np.stack(columns, axis=-1).reshape(columns[0].shape + x.shape)


def gradient(f: Callable, x: Array, method: Method = "central", h: Array = None) -> np.ndarray:
    """The gradient of a function whose result is one number: shape x.shape. As `jacobian` in all else.

    >>> gradient(lambda x: x @ x, np.array([1.0, 2.0]), h=0.5)
    array([2., 4.])
    """
    result = jacobian(f, x, method, h)
    if result.ndim > np.ndim(x):
        shape = result.shape[: result.ndim - np.ndim(x)]
        raise AutodiffValueError(f"a gradient is of one number, f returned shape {shape}: use jacobian")
    return result


def directional_check(f: Callable, claimed: Array, x: Array, directions: int = 5, seed: int = 0) -> float:
    """How far a claimed gradient is from the slopes measured along random directions.

    f: returns one number. claimed: its supposed gradient at x, x's shape. Costs two evaluations a direction, whatever
    x's size. Returns the largest difference relative to the gradient's size: near 1e-10 for a right gradient in
    float64, near 1 for a wrong one. Errors as in `derivative`.

    >>> x = np.array([1.0, 2.0])
    >>> directional_check(lambda x: x @ x, 2 * x, x) < 1e-8 < 0.1 < directional_check(lambda x: x @ x, x, x)
    True
    """
    x, claimed = floating(x), np.asarray(claimed)
    if claimed.shape != x.shape:
        raise AutodiffValueError(f"a gradient at x has the shape of x, {x.shape}, got {claimed.shape}")
    rng = np.random.default_rng(seed)
    scale = _scale(x, None)
    worst = 0.0
    for _ in range(directions):
        v = scale * rng.standard_normal(x.shape)
        measured = float(central(f, x, v=v))
        size = max(float(np.linalg.norm(scale * claimed)), abs(measured), np.finfo(x.dtype).tiny)
        worst = max(worst, abs(float(np.sum(claimed * v)) - measured) / size)
    return worst
