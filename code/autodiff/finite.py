"""Finite differences: derivatives of a function that we can call but not open.

Everything here is one idea. Restrict f to a line, g(t) = f(x + t v); call g at a few *offsets* times a step h; combine
the values with the *weights* that are right for every polynomial of low degree. A method is a name for its offsets
(`METHODS`); its weights, its best step and its cost all follow from them. The complex step is the method whose one
offset is imaginary.

This room stands below the traced world and shares no rule with it, so that it can check the rest of the module. The
chapter on finite differences derives every formula used here.
"""

import functools
import itertools
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.exceptions import ComplexWarning

from .errors import AutodiffTypeError, AutodiffValueError, NonFiniteError

Array = Any  # what NumPy computes with: an array, or a number where there is no dimension
Line = Callable[[Array], np.ndarray]
Offsets = Sequence[complex] | np.ndarray
Method = str | Offsets


def _halvings(levels: int) -> tuple[complex, ...]:
    """The offsets of `levels` central differences, each with half the step of the one before."""
    return tuple(sign * 0.5**level for level in range(levels) for sign in (-1.0, 1.0))


COMPLEX = (1j,)
METHODS: dict[str, tuple[complex, ...]] = {
    "forward": (0.0, 1.0),
    "backward": (-1.0, 0.0),
    "central": (-1.0, 1.0),
    "richardson": _halvings(4),
    "complex": COMPLEX,
}


# --- offsets, and what follows from them: weights, cost, best step ------------------------------------------


def weights(offsets: Offsets, order: int = 1) -> np.ndarray:
    """Weights w such that sum(w[k] * f(x + offsets[k] * h)) / h**order estimates a derivative of f at x.

    offsets: N distinct real numbers in any order, N > order. Returns float64 of shape (N,), right for every polynomial
    of degree below N. Raises `AutodiffValueError` where there are no such weights.

    The nodes are taken in one by one; each multiplies the Lagrange polynomials so far by one more factor, of which
    only the first derivatives at 0 are kept (Fornberg 1988).

    >>> weights([-1, 0, 1], order=2)
    array([ 1., -2.,  1.])
    """
    nodes = np.array(offsets, dtype=float)
    if nodes.ndim != 1 or len(set(nodes)) != nodes.size or not np.isfinite(nodes).all():
        raise AutodiffValueError(f"the offsets of a stencil are distinct finite numbers, got {offsets!r}")
    if not 0 <= order < nodes.size:
        raise AutodiffValueError(f"a derivative of order {order} needs {order + 1} offsets, got {nodes.size}")
    power = np.arange(order + 1)[:, None]

    def times_factor(polynomials: np.ndarray, node: float) -> np.ndarray:
        """Derivatives at 0 of (t - node) p(t), one row per order, from those of p."""
        lowered = np.vstack([np.zeros_like(polynomials[:1]), polynomials[:-1]])
        return power * lowered - node * polynomials

    lagrange = np.eye(order + 1, 1)  # a column per node: the polynomial that is 1 there and 0 at the others
    for i in range(1, nodes.size):
        gaps = nodes[i] - nodes[:i]
        scale = np.prod(nodes[i - 1] - nodes[: i - 1]) / np.prod(gaps)
        newest = scale * times_factor(lagrange[:, -1:], nodes[i - 1])
        lagrange = np.hstack([times_factor(lagrange, nodes[i]) / -gaps, newest])
    return lagrange[order]


def evaluations(n: int, method: Method = "central") -> int:
    """How many times `jacobian` and `gradient` call a function of n inputs.

    >>> evaluations(10, "forward"), evaluations(10, "central")
    (11, 20)
    """
    offsets = _offsets(method)
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
    x, offsets = _floating(x), _offsets(_central(order) if method is None else method)
    limits = np.finfo(x.dtype)
    if offsets == COMPLEX:
        return np.full(x.shape, limits.tiny ** (1 / 3), x.dtype)[()]
    degree, truncation, roundoff = _error_terms(offsets, order)
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
    Source: after Stepleman & Winarsky 1979.

    >>> steep, flat = search_step(lambda x: np.sin(1000 * x[0]) + np.sin(x[1] / 10), np.array([0.3, 0.3]))
    >>> bool(steep < 1e-6 < 1e-5 < flat)
    True
    """
    x, offsets = _floating(x), _offsets(method)
    limits = np.finfo(x.dtype)
    if offsets == COMPLEX:
        raise AutodiffValueError("the complex step has no round-off to balance: use default_step")
    noise = float(limits.eps) if noise is None else noise
    roundoff = _error_terms(offsets, 1)[2] * noise * float(np.max(np.abs(_line(f, x, np.zeros(x.shape))(0.0))))
    ladder = [_exact(x, 8.0**-rung * _scale(x, scale)) for rung in range(limits.nmant // 3)]
    steps = np.empty_like(x)
    for where, g in _coordinates(f, x):
        rungs = np.array([h[where] for h in ladder])
        slopes = [_slope_or_nan(g, h, offsets) for h in rungs]
        change = np.array([np.max(np.abs(a - b)) for a, b in itertools.pairwise(slopes)])
        change = np.maximum(change[:-1], change[1:])  # three estimates in a row: two may agree by accident
        error = np.where(np.isnan(change), np.inf, change + roundoff / rungs[:-2])
        if np.isinf(error).all():
            raise AutodiffValueError(f"no step gives a finite derivative by x{_at(where)}: pass a scale")
        steps[where] = rungs[np.argmin(error)]
    return steps[()]


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
    x = _floating(x)
    method = _central(order) if method is None else method
    if h is None:
        h = default_step(x, method, order)
        h = h if v is None else _step_along(h, v)
    h = np.asarray(h, dtype=x.dtype)
    if not (np.isfinite(h) & (h != 0)).all():
        raise AutodiffValueError(f"a step is a finite number other than 0, got {h}")
    if v is not None and h.ndim:
        raise AutodiffValueError(f"along a direction the step is one number, got shape {h.shape}")
    x = x if v is not None else np.broadcast_to(x, np.broadcast_shapes(x.shape, h.shape))
    return _slope(_line(f, x, v), h, _offsets(method), order)[()]


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
    return derivative(f, x, 1, _halvings(levels), h, v)


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
    x = _floating(x)
    h = np.broadcast_to(np.asarray(default_step(x, method) if h is None else h, x.dtype), x.shape)
    columns = [_slope(g, h[where], _offsets(method)) for where, g in _coordinates(f, x)]
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
    x, claimed = _floating(x), np.asarray(claimed)
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


# --- the machinery ------------------------------------------------------------------------------------------


def _floating(x: Array) -> np.ndarray:
    x = np.asarray(x)
    if not np.issubdtype(x.dtype, np.floating):
        raise AutodiffTypeError(f"finite differences move x by small steps, and x is {x.dtype}: pass floats")
    if not x.size:
        raise AutodiffValueError("x is empty: there is nothing to differentiate by")
    return x


def _offsets(method: Method) -> tuple[complex, ...]:
    if not isinstance(method, str):
        return tuple(method)
    if method not in METHODS:
        raise AutodiffValueError(f"no method {method!r}: take one of {', '.join(METHODS)}, or offsets")
    return METHODS[method]


def _central(order: int) -> tuple[complex, ...]:
    """The offsets of the shortest central stencil for a derivative of this order."""
    reach = (order + 1) // 2
    return tuple(float(s) for s in range(-reach, reach + 1) if s or order % 2 == 0)


def _scale(x: np.ndarray, scale: Array) -> np.ndarray:
    return np.maximum(1, np.abs(x)) if scale is None else np.broadcast_to(scale, x.shape)


def _exact(x: np.ndarray, h: Array) -> np.ndarray:
    """A step near h that is exactly the difference between two floating-point numbers, x + h and x."""
    return np.asarray((x + np.asarray(h, x.dtype)) - x)


def _step_along(h: Array, v: Array) -> Array:
    """The largest step along v that moves no coordinate by more than its own h."""
    moved = np.abs(_direction(v, np.shape(h)))
    return np.min(np.asarray(h)[moved > 0] / moved[moved > 0]) if moved.any() else 1.0


def _direction(v: Array, shape: tuple[int, ...]) -> np.ndarray:
    if np.shape(v) != shape:
        raise AutodiffValueError(f"a direction has the shape of x, {shape}, got {np.shape(v)}")
    return np.asarray(v)


@functools.cache
def _error_terms(offsets: tuple[complex, ...], order: int) -> tuple[int, float, float]:
    """(k, C, A): truncation is C |f^(k)| h^(k - order), round-off at most A noise |f| / h^order."""
    nodes = np.array(offsets, dtype=float)
    w = weights(nodes, order)
    degree = order + 1
    while abs(w @ nodes**degree) < 1e-9 * (np.abs(w) @ np.abs(nodes) ** degree):
        degree += 1
    return degree, abs(float(w @ nodes**degree)) / math.factorial(degree), float(np.abs(w).sum())


def _at(where: Any) -> str:
    return f"[{', '.join(str(int(i)) for i in where)}]" if len(where) else ""


def _line(f: Callable, x: np.ndarray, v: Array = None, centre: Callable | None = None) -> Line:
    """The function t -> f(x + t v), which refuses a step that vanishes and a value that is not finite."""
    direction = np.asarray(1 if v is None else _direction(v, x.shape), dtype=x.dtype)

    def g(t: Array) -> np.ndarray:
        if centre is not None and not t:
            return centre()
        kind = np.result_type(x, np.complex64) if np.iscomplexobj(t) else x.dtype
        point = np.array(x + np.asarray(t, kind) * direction)
        moved = np.max(np.abs(t))
        stuck = (point == x) & (direction != 0) & (np.asarray(t) != 0)
        if stuck.any():
            where = tuple(np.argwhere(stuck)[0])
            raise AutodiffValueError(
                f"the step vanishes: x{_at(where)} = {x[where]:.6g} moved by {moved:.3g} is the same "
                "floating-point number; take a larger step"
            )
        value = np.array(f(point[()]))  # a copy: f may hand out the same array each time
        if v is None and x.ndim and value.shape != x.shape:
            raise AutodiffValueError(
                f"f takes shape {x.shape} to {value.shape}, not element by element: pass a direction v, "
                "or use gradient or jacobian"
            )
        if not np.issubdtype(value.dtype, np.inexact):
            raise AutodiffTypeError(f"f returned {value.dtype}, which has no derivative: return floats")
        if not np.isfinite(value).all():
            bad = value[~np.isfinite(value)][0]
            first = _at(np.argwhere(direction)[0]) if direction.any() else ""
            raise NonFiniteError(
                f"f returned {bad} where x{first} moved by {moved:.3g}: stay in f's domain, with a smaller "
                "step or with one-sided offsets such as (0, 1, 2) as the method"
            )
        return value

    return g


def _coordinates(f: Callable, x: np.ndarray) -> Iterator[tuple[tuple[int, ...], Line]]:
    """For each index of x, the line along that coordinate; all lines share one evaluation at x."""
    centre = functools.cache(lambda: _line(f, x, np.zeros(x.shape))(0.0))
    for where in np.ndindex(x.shape):
        direction = np.zeros(x.shape)
        direction[where] = 1.0
        yield where, _line(f, x, direction, centre)


def _slope(g: Line, h: Array, offsets: tuple[complex, ...], order: int = 1) -> np.ndarray:
    """The derivative of g at 0: the weighted sum of its values at the offsets, or its imaginary part."""
    if offsets == COMPLEX:
        return _imaginary_slope(g, h, order)
    terms = (w * g(s * h) for w, s in zip(weights(offsets, order).tolist(), offsets, strict=True))
    return np.asarray(sum(terms) / h**order)


def _imaginary_slope(g: Line, h: Array, order: int) -> np.ndarray:
    if order != 1:
        raise AutodiffValueError(f"the complex step gives first derivatives, not order {order}")
    with warnings.catch_warnings():
        warnings.simplefilter("error", ComplexWarning)
        try:
            value = g(1j * h)
            if not np.iscomplexobj(value):
                raise TypeError(f"it returned {value.dtype}")
        except (ComplexWarning, TypeError) as error:
            raise AutodiffTypeError(
                "f lost the imaginary part, which holds the complex step's derivative: write f with analytic "
                f"operations (no abs, .real, norm or float), or use central differences ({error})"
            ) from error
    return value.imag / h


def _slope_or_nan(g: Line, h: Array, offsets: tuple[complex, ...]) -> Array:
    try:
        return _slope(g, h, offsets)
    except (AutodiffValueError, NonFiniteError):
        return np.nan
