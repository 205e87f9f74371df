"""Reductions: sums, means, extremes, products and spreads along axes.

A reduction is a sum over axes behind a diagonal of weights: 1 for a sum, 1/n for a mean, the shares of the
extreme entries for a maximum (ties share equally). Its transpose repeats the cotangent and weights it.
"""

import math

import numpy as np

from ..arrays import dispatched
from ..errors import AutodiffValueError
from ..operators import Linear, compose, diagonal, kept_shape, masked, summed_over, typed
from ..tables import COMPOSED, composed, rule
from .elementwise import NO_VALUE, constant, nonzero
from .shapes import axes_of


def reduction(y, x, axes, *weights):
    """A sum over axes of `x`, weighted by operators, with the shape and dtype of the result `y`."""
    total = summed_over(x, axes, y)
    return [typed(compose(total, *weights) if weights else total, x, y)]


@rule(np.sum)
def sum_rule(y, a, axis=None, dtype=None, out=None, keepdims=NO_VALUE, initial=NO_VALUE, where=NO_VALUE):
    keep = () if where is NO_VALUE else (masked(np.broadcast_to(where, a.shape)),)
    return reduction(y, a, axes_of(axis, a.ndim), *keep)


def counted(where, a, axes, y):
    """How many entries go into each entry of the result `y`, in its dtype."""
    if where is NO_VALUE or where is True:
        return y.dtype.type(math.prod([a.shape[i] for i in axes]))
    return np.sum(np.broadcast_to(where, a.shape), axis=axes).reshape(y.shape).astype(y.dtype)


@rule(np.mean)
def mean_rule(y, a, axis=None, dtype=None, out=None, keepdims=False, *, where=NO_VALUE):
    axes = axes_of(axis, a.ndim)
    (total,) = sum_rule(y, a, axis, where=where)
    return [compose(diagonal(1 / counted(where, a, axes, y)), total)]


def shares(best, axes, dtype, others=0):
    """Equal shares, along the axes, for the entries that are among the best; `others` are as good, and not there."""
    ties = best.sum(axis=axes, keepdims=True) + others
    return np.divide(best, np.maximum(ties, 1), dtype=dtype)


def extreme_rule(y, a, axis=None, out=None, keepdims=NO_VALUE, initial=NO_VALUE, where=NO_VALUE):
    axes = axes_of(axis, a.ndim)
    extreme = y.reshape(kept_shape(a.shape, axes))
    best = a == extreme
    if where is not NO_VALUE:
        best = best & where
    others = 0 if initial is NO_VALUE else extreme == initial
    return reduction(y, a, axes, diagonal(shares(best, axes, a.dtype, others)))


rule(np.max, np.min, np.amax, np.amin)(extreme_rule)


@composed(np.prod)
def prod(a, axis=None, dtype=None, out=None, keepdims=False, initial=1, where=True):
    """Pairs, pairs of pairs, …: no division, so zeros do no harm, to any order."""
    axes = axes_of(axis, a.ndim)
    if dtype is not None:
        a = a.astype(dtype)
    if where is not True and where is not NO_VALUE:
        a = np.where(where, a, constant(a, 1))
    rest = tuple(i for i in range(a.ndim) if i not in axes)
    shape = tuple(a.shape[i] for i in rest)
    p = np.transpose(a, axes + rest).reshape((-1, *shape) if a.size else (0, *shape))
    while len(p) > 1:
        half = len(p) // 2
        pairs = p[:half] * p[half : 2 * half]
        p = np.concatenate([pairs, p[2 * half :]]) if len(p) % 2 else pairs
    y = p[0] if len(p) else np.ones(shape, a.dtype)
    if initial is not NO_VALUE and initial != 1:
        y = y * initial
    return y.reshape(kept_shape(a.shape, axes)) if keepdims is not NO_VALUE and keepdims else y


@composed(np.var)
def var(
    a,
    axis=None,
    dtype=None,
    out=None,
    ddof=0,
    keepdims=False,
    *,
    where=NO_VALUE,
    mean=NO_VALUE,
    correction=NO_VALUE,
):
    if correction is not NO_VALUE:
        if ddof:
            raise AutodiffValueError("give ddof or correction, not both: they are two names for one number")
        ddof = correction
    if dtype is not None:
        a = a.astype(dtype)
    keepdims = keepdims is not NO_VALUE and keepdims
    where = True if where is NO_VALUE else where
    center = np.mean(a, axis, keepdims=True, where=where) if mean is NO_VALUE else mean
    squares = np.abs(a - center) ** 2 if a.dtype.kind == "c" else (a - center) ** 2
    total = np.sum(squares, axis, keepdims=keepdims, where=where)
    return total / np.maximum(counted(where, a, axes_of(axis, a.ndim), total) - total.dtype.type(ddof), 0)


@composed(np.std)
def std(
    a,
    axis=None,
    dtype=None,
    out=None,
    ddof=0,
    keepdims=False,
    *,
    where=NO_VALUE,
    mean=NO_VALUE,
    correction=NO_VALUE,
):
    return root(var(a, axis, dtype, None, ddof, keepdims, where=where, mean=mean, correction=correction))


@dispatched
def root(x):
    """A square root whose derivative at 0 is 0: that of a length, at its minimum."""
    return np.sqrt(x)


@rule(root)
def root_rule(y, x):
    return [diagonal(np.where(y == 0, 0, constant(y, 0.5)) / nonzero(y))]


# Data: the axis, counted from the end.
accumulated = Linear(
    "cumulative sum",
    lambda t, axis: np.cumsum(t, axis),
    lambda u, axis: np.flip(np.cumsum(np.flip(u, axis), axis), axis),
)


@dispatched
def running_sum(x, axis):
    return np.cumsum(x, axis)


@rule(running_sum)
def running_sum_rule(y, x, axis):
    return [accumulated(axis)]


@composed(np.cumsum)
def cumsum(a, axis=None, dtype=None, out=None):
    a = a if dtype is None else a.astype(dtype)
    if axis is None or not a.ndim:
        a, axis = np.ravel(a), 0
    (axis,) = axes_of(axis, a.ndim)
    return running_sum(a, axis - a.ndim)


# ufunc.reduce and ufunc.accumulate: the same functions, along axis 0 unless told otherwise.
for _ufunc, _function in {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
}.items():
    COMPOSED[_ufunc, "reduce"] = lambda a, axis=0, _f=_function, **kwargs: _f(a, axis, **kwargs)
COMPOSED[np.add, "accumulate"] = lambda a, axis=0, **kwargs: np.cumsum(a, axis, **kwargs)
