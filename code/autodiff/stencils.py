"""Stencils: the slope of a function along a line, from its values at a few offsets. What `finite` is made of.

A function is restricted to a line, t -> f(x + t v) (`line`), and called at offsets times a step; its values are then
combined by weights that follow from the offsets alone (`weights`, `slope`). What goes wrong on the way is an error: a
step that vanishes beside x, a value that is not finite, an imaginary part that f has dropped.
"""

import functools
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


def halvings(levels: int) -> tuple[complex, ...]:
    """The offsets of `levels` central differences, each with half the step of the one before."""
    return tuple(sign * 0.5**level for level in range(levels) for sign in (-1.0, 1.0))


COMPLEX = (1j,)
METHODS: dict[str, tuple[complex, ...]] = {
    "forward": (0.0, 1.0),
    "backward": (-1.0, 0.0),
    "central": (-1.0, 1.0),
    "richardson": halvings(4),
    "complex": COMPLEX,
}


# --- offsets, and what follows from them: weights, the size of both errors ------------------------------------


def offsets_of(method: Method) -> tuple[complex, ...]:
    """The offsets that a method is a name for, or that it is."""
    if not isinstance(method, str):
        return tuple(method)
    if method not in METHODS:
        raise AutodiffValueError(f"no method {method!r}: take one of {', '.join(METHODS)}, or offsets")
    return METHODS[method]


def central_offsets(order: int) -> tuple[complex, ...]:
    """The offsets of the shortest central stencil for a derivative of this order."""
    reach = (order + 1) // 2
    return tuple(float(s) for s in range(-reach, reach + 1) if s or order % 2 == 0)


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


@functools.cache
def error_terms(offsets: tuple[complex, ...], order: int) -> tuple[int, float, float]:
    """(k, C, A): truncation is C |f^(k)| h^(k - order), round-off at most A noise |f| / h^order."""
    nodes = np.array(offsets, dtype=float)
    w = weights(nodes, order)
    degree = order + 1
    while abs(w @ nodes**degree) < 1e-9 * (np.abs(w) @ np.abs(nodes) ** degree):
        degree += 1
    return degree, abs(float(w @ nodes**degree)) / math.factorial(degree), float(np.abs(w).sum())


# --- functions along lines ------------------------------------------------------------------------------------


def floating(x: Array) -> np.ndarray:
    """A point to differentiate at, as an array; an error where it holds no floating-point numbers."""
    x = np.asarray(x)
    if not np.issubdtype(x.dtype, np.floating):
        raise AutodiffTypeError(f"finite differences move x by small steps, and x is {x.dtype}: pass floats")
    if not x.size:
        raise AutodiffValueError("x is empty: there is nothing to differentiate by")
    return x


def direction_of(v: Array, shape: tuple[int, ...]) -> np.ndarray:
    """A direction as an array; an error where it does not have this shape."""
    if np.shape(v) != shape:
        raise AutodiffValueError(f"a direction has the shape of x, {shape}, got {np.shape(v)}")
    return np.asarray(v)


def at(where: Any) -> str:
    """An index as errors write it."""
    return f"[{', '.join(str(int(i)) for i in where)}]" if len(where) else ""


def line(f: Callable, x: np.ndarray, v: Array = None, centre: Callable | None = None) -> Line:
    """The function t -> f(x + t v), which refuses a step that vanishes and a value that is not finite."""
    direction = np.asarray(1 if v is None else direction_of(v, x.shape), dtype=x.dtype)

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
                f"the step vanishes: x{at(where)} = {x[where]:.6g} moved by {moved:.3g} is the same "
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
            first = at(np.argwhere(direction)[0]) if direction.any() else ""
            raise NonFiniteError(
                f"f returned {bad} where x{first} moved by {moved:.3g}: stay in f's domain, with a smaller "
                "step or with one-sided offsets such as (0, 1, 2) as the method"
            )
        return value

    return g


def coordinates(f: Callable, x: np.ndarray) -> Iterator[tuple[tuple[int, ...], Line]]:
    """For each index of x, the line along that coordinate; all lines share one evaluation at x."""
    centre = functools.cache(lambda: line(f, x, np.zeros(x.shape))(0.0))
    for where in np.ndindex(x.shape):
        direction = np.zeros(x.shape)
        direction[where] = 1.0
        yield where, line(f, x, direction, centre)


def slope(g: Line, h: Array, offsets: tuple[complex, ...], order: int = 1) -> np.ndarray:
    """The derivative of g at 0: the weighted sum of its values at the offsets, or its imaginary part."""
    if offsets == COMPLEX:
        return imaginary_slope(g, h, order)
    terms = (w * g(s * h) for w, s in zip(weights(offsets, order).tolist(), offsets, strict=True))
    return np.asarray(sum(terms) / h**order)


def imaginary_slope(g: Line, h: Array, order: int) -> np.ndarray:
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


def slope_or_nan(g: Line, h: Array, offsets: tuple[complex, ...]) -> Array:
    try:
        return slope(g, h, offsets)
    except (AutodiffValueError, NonFiniteError):
        return np.nan
