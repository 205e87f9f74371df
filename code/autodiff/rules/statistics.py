"""Statistics and order: sorted entries, quantiles, averages, running products, functions that skip nan.

A sorted array is its own entries in another order, so all that sorts is a gather, at indices that do not move while
the entries keep their order. Where entries are equal, the order that `np.argsort` finds counts; in a median or another
quantile they share equally, as in a maximum.
"""

import numpy as np

from ..arrays import as_array, dispatched
from ..errors import AutodiffValueError
from ..operators import kept_shape
from ..tables import COMPOSED, CONSTANT, composed
from .elementwise import NO_VALUE, joint_dtype
from .indexing import embed, lined_up, take_along_axis
from .shapes import axes_of

# --- Sorted -------------------------------------------------------------------------------------------------


@composed(np.sort)
def sort(a, axis=-1, kind=None, order=None, *, stable=None):
    a, axis = lined_up(a, axis)
    return take_along_axis(a, np.argsort(a, axis, kind, stable=stable), axis)


@composed(np.partition)
def partition(a, kth, axis=-1, kind="introselect", order=None):
    a, axis = lined_up(a, axis)
    return take_along_axis(a, np.argpartition(a, kth, axis, kind), axis)


@composed(np.sort_complex)
def sort_complex(a):
    return sort(a).astype(np.clongdouble if a.dtype.char in "gG" else complex)


# --- Quantiles ----------------------------------------------------------------------------------------------

# Where the quantile q of n sorted entries stands, counted from 0 (Hyndman and Fan, 1996).
POSITIONS = {
    "linear": lambda n, q: (n - 1) * q,
    "hazen": lambda n, q: n * q - 0.5,
    "weibull": lambda n, q: (n + 1) * q - 1,
    "median_unbiased": lambda n, q: n * q + (1 + q) / 3 - 1,
    "normal_unbiased": lambda n, q: n * q + (3 + 2 * q) / 8 - 1,
    "interpolated_inverted_cdf": lambda n, q: n * q - 1,
    # These jump.
    "lower": lambda n, q: np.floor((n - 1) * q),
    "higher": lambda n, q: np.ceil((n - 1) * q),
    "nearest": lambda n, q: np.rint((n - 1) * q),
    "midpoint": lambda n, q: (np.floor((n - 1) * q) + np.ceil((n - 1) * q)) / 2,
    "inverted_cdf": lambda n, q: np.ceil(n * q - 1),
    "averaged_inverted_cdf": lambda n, q: (np.floor(n * q) + np.ceil(n * q - 1)) / 2,
    "closest_observation": lambda n, q: np.rint(n * q) - 1,
}
# By these the quantile is one of the entries.
ENTRIES = {"inverted_cdf", "closest_observation", "lower", "higher", "nearest"}


def position(a, q, method, weights):
    """Where the quantiles q of rows stand among the entries sorted: the same quantiles of 0, 1, 2, …

    Entries that are nan are left out. Where entries have weights, NumPy finds the position.
    """
    if method not in POSITIONS or weights is not None:
        return numpys_position(a, q, method, weights)
    count = np.sum(~np.isnan(a), -1, keepdims=True)
    at = POSITIONS[method](count.astype(q.dtype), q)
    return np.minimum(np.maximum(at, 0), np.maximum(count - 1, 0))


@dispatched
def numpys_position(a, q, method, weights):
    """The position among weighted entries, which jumps: it moves neither with them nor with q nor with the weights.

    Raises NumPy's errors: for weights that are no weights, for a method that takes none or that there is not.
    """
    missing = np.isnan(a)
    ranks = np.where(missing, np.nan, np.argsort(np.argsort(a)))
    ranks[~np.any(~missing, -1)] = 0
    found = np.nanquantile(ranks, q, -1, weights=weights, method=method)
    return np.moveaxis(found, 0, -1).astype(q.dtype)


CONSTANT.add(numpys_position)


def shared_entry(ordered, position):
    """The entries at positions of sorted rows, each as the mean of those equal to it: ties share equally."""
    chosen = take_along_axis(ordered, position)
    best = (ordered[..., None, :] == chosen[..., None]) | np.isnan(chosen)[..., None]
    return np.sum(np.where(best, ordered[..., None, :], 0), -1) / np.maximum(best.sum(-1), 1).astype(ordered.dtype)


def quantiles(a, q, axis, method, keepdims, skip_nan, weights=None):
    """Between the two sorted entries next to its position, a quantile is linear in both."""
    axes = axes_of(axis, a.ndim)
    rest = tuple(i for i in range(a.ndim) if i not in axes)
    in_rows = lambda x: np.transpose(x, rest + axes).reshape(*(a.shape[i] for i in rest), -1)
    rows = in_rows(a)
    if weights is not None:
        weights = in_rows(np.broadcast_to(spread_weights(as_array(weights), a, axis), a.shape))
    missing = np.isnan(rows)
    at = position(rows, np.ravel(q), method, weights)
    ordered, below = np.sort(rows), np.floor(at).astype(int)
    last = np.maximum(np.sum(~missing, -1, keepdims=True) - 1, 0)
    low, high = (shared_entry(ordered, np.minimum(k, last)) for k in (below, below + 1))
    found = low
    if weights is None and method not in ENTRIES:
        share = (at - below).astype(joint_dtype(a, q))
        exact = (low == high) | ((share == 0) & np.isinf(high))  # ∞ − ∞ and 0 · ∞ are nan
        found = np.where(exact, low, low + share * (high - low))
    nothing = np.all(missing, -1) if skip_nan else np.any(missing, -1)
    found = np.where(nothing[..., None], np.nan, found)
    shape = kept_shape(a.shape, axes) if keepdims else tuple(a.shape[i] for i in rest)
    return np.moveaxis(found, -1, 0).reshape(q.shape + shape)


def _quantile(scale, skip_nan):
    def quantile(
        a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False, *, weights=None
    ):  # fmt: skip
        a, keepdims = as_array(a), keepdims is not NO_VALUE and keepdims
        q = real_of(a)(q) if isinstance(q, int | float) else as_array(q)
        return quantiles(a, q / scale, axis, method, keepdims, skip_nan, weights)

    return quantile


def real_of(a):
    """The type of the real numbers that go with the entries of `a`."""
    return np.finfo(np.result_type(a.dtype, np.float16)).dtype.type


composed(np.quantile)(_quantile(1, False))
composed(np.percentile)(_quantile(100, False))
composed(np.nanquantile)(_quantile(1, True))
composed(np.nanpercentile)(_quantile(100, True))


@composed(np.median)
def median(a, axis=None, out=None, overwrite_input=False, keepdims=False):
    return quantiles(a, real_of(a)(0.5), axis, "linear", keepdims, False)


@composed(np.nanmedian)
def nanmedian(a, axis=None, out=None, overwrite_input=False, keepdims=False):
    return quantiles(a, real_of(a)(0.5), axis, "linear", keepdims is not NO_VALUE and keepdims, True)


# --- Averages and spreads -----------------------------------------------------------------------------------


@composed(np.ptp)
def ptp(a, axis=None, out=None, keepdims=False):
    keepdims = keepdims is not NO_VALUE and keepdims
    return np.max(a, axis, keepdims=keepdims) - np.min(a, axis, keepdims=keepdims)


def spread_weights(weights, a, axis):
    """Weights of the entries along some axes of `a`, with axes of length 1 for the others."""
    axes = axes_of(axis, a.ndim)
    if weights.shape == a.shape:
        return weights
    if axis is None or weights.shape != tuple(a.shape[i] for i in axes):
        raise AutodiffValueError(f"weights of shape {weights.shape} do not fit an array of shape {a.shape}, {axis=}")
    return np.transpose(weights, np.argsort(axes)).reshape([n if i in axes else 1 for i, n in enumerate(a.shape)])


@composed(np.average)
def average(a, axis=None, weights=None, returned=False, *, keepdims=False):
    a, keepdims = as_array(a), keepdims is not NO_VALUE and keepdims
    if weights is None:
        mean = np.mean(a, axis, keepdims=keepdims)
        total = mean.dtype.type(a.size / mean.size)
    else:
        weights, axes = spread_weights(as_array(weights), a, axis), axes_of(axis, a.ndim)
        total = np.sum(weights, axes, keepdims=keepdims)
        if weights.shape != a.shape and not keepdims:  # the axes that the weights do not have broadcast
            total = np.reshape(total, [1] * total.ndim)
        mean = np.sum(a * weights, axes, keepdims=keepdims) / total
    return (mean, np.broadcast_to(total, mean.shape)) if returned else mean


@composed(np.cov)
def cov(m, y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None, *, dtype=None):
    dtype = np.result_type(m.dtype, np.float64) if dtype is None else dtype
    x = np.atleast_2d(m.astype(dtype))
    x = x.T if not rowvar and as_array(m).ndim > 1 else x
    if y is not None:
        y = np.atleast_2d(y).astype(dtype)
        x = np.concatenate([x, y.T if not rowvar and len(y) != 1 else y])
    weights = 1 if fweights is None else as_array(fweights)
    weights = weights if aweights is None else weights * as_array(aweights)
    ddof = (0 if bias else 1) if ddof is None else ddof
    plain = fweights is None and aweights is None
    total = x.shape[1] if plain else np.sum(weights)
    center = np.mean(x, 1, keepdims=True) if plain else np.sum(x * weights, 1, keepdims=True) / total
    lost = ddof if aweights is None else ddof * np.sum(weights * aweights) / total
    deviation = x - center
    product = deviation @ np.conj(deviation * weights).T
    return np.squeeze(product / (total - lost))


@composed(np.corrcoef)
def corrcoef(x, y=None, rowvar=True, *, dtype=None):
    c = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    spread = np.sqrt(np.real(np.diagonal(c)))
    c = c / spread[:, None] / spread
    return c if c.dtype.kind == "c" else np.clip(c, -1, 1)


@composed(np.bincount)
def bincount(x, /, weights=None, minlength=0):
    x = as_array(x)
    return embed(weights.astype(float), (x,), (max(int(np.max(x, initial=-1)) + 1, minlength),))


# --- Running products and extremes --------------------------------------------------------------------------


def running(ufunc, a, axis=0):
    """`ufunc.accumulate` for an associative ufunc: steps of 1, 2, 4, …, and so no division by what may be zero."""
    a, step = np.moveaxis(a, axis, 0), 1
    while step < len(a):
        a, step = np.concatenate([a[:step], ufunc(a[:-step], a[step:])]), 2 * step
    return np.moveaxis(a, 0, axis)


def folded(ufunc, a, axis=0, keepdims=False, initial=NO_VALUE):
    """`ufunc.reduce` for an associative ufunc: pairs, pairs of pairs, …"""
    axes = axes_of(axis, a.ndim)
    rest = tuple(i for i in range(a.ndim) if i not in axes)
    p = np.transpose(a, axes + rest).reshape(-1, *(a.shape[i] for i in rest))
    while len(p) > 1:
        half = len(p) // 2
        p = np.concatenate([ufunc(p[:half], p[half : 2 * half]), p[2 * half :]])
    y = p[0].reshape(kept_shape(a.shape, axes)) if keepdims else p[0]
    return y if initial is NO_VALUE else ufunc(y, initial)


def reduced_between(ufunc, a, indices, axis=0):
    """`ufunc.reduceat`: from each index to the next; the entry itself where the next is no larger."""
    a, ends = np.moveaxis(a, axis, 0), [*np.asarray(indices)[1:], None]
    parts = [ufunc.reduce(a[i:j]) if j is None or i < j else a[i] for i, j in zip(indices, ends, strict=True)]
    return np.moveaxis(np.stack(parts), 0, axis)


for _ufunc in (np.add, np.multiply, np.maximum, np.minimum, np.fmax, np.fmin, np.logaddexp, np.logaddexp2, np.hypot):
    COMPOSED[_ufunc, "reduceat"] = lambda a, indices, axis=0, _u=_ufunc: reduced_between(_u, a, indices, axis)
    COMPOSED.setdefault((_ufunc, "accumulate"), lambda a, axis=0, _u=_ufunc: running(_u, a, axis))
    COMPOSED.setdefault(
        (_ufunc, "reduce"),
        lambda a, axis=0, keepdims=False, initial=NO_VALUE, _u=_ufunc: folded(_u, a, axis, keepdims, initial),
    )


@composed(np.cumprod)
def cumprod(a, axis=None, dtype=None, out=None):
    a, axis = lined_up(a if dtype is None else a.astype(dtype), axis)
    return running(np.multiply, a, axis)


def _cumulative(function, start):
    def cumulative(x, /, *, axis=None, dtype=None, out=None, include_initial=False):
        if axis is None and x.ndim != 1:
            raise AutodiffValueError("cumulative sums and products of arrays of several axes need axis=")
        x, axis = lined_up(x, axis)
        y = function(x, axis, dtype)
        first = np.full(kept_shape(y.shape, (axis,)), start, y.dtype)
        return np.concatenate([first, y], axis) if include_initial else y

    return cumulative


if hasattr(np, "cumulative_sum"):  # NumPy ≥ 2.1
    composed(np.cumulative_sum)(_cumulative(np.cumsum, 0))
    composed(np.cumulative_prod)(_cumulative(np.cumprod, 1))


# --- Without nan --------------------------------------------------------------------------------------------


def without_nan(a, instead):
    """`a` with a number in place of nan: entries through which no derivative flows."""
    return np.where(np.isnan(a), instead, a)


for _nan, _function, _neutral in (
    (np.nansum, np.sum, 0),
    (np.nanprod, np.prod, 1),
    (np.nancumsum, np.cumsum, 0),
    (np.nancumprod, np.cumprod, 1),
):
    composed(_nan)(
        lambda a, axis=None, dtype=None, out=None, _f=_function, _n=_neutral, **kwargs: _f(
            without_nan(a, _n), axis, dtype, **kwargs
        )
    )


def _nan_extreme(extreme, worst):
    def nan_extreme(a, axis=None, out=None, keepdims=False, initial=NO_VALUE, where=NO_VALUE):
        keepdims = keepdims is not NO_VALUE and keepdims
        best = extreme(without_nan(a, worst), axis, keepdims=keepdims, initial=initial, where=where)
        return np.where(np.all(np.isnan(a), axis, keepdims=keepdims), np.nan, best)

    return nan_extreme


composed(np.nanmax)(_nan_extreme(np.max, -np.inf))
composed(np.nanmin)(_nan_extreme(np.min, np.inf))


def _nan_moment(moment):
    def nan_moment(a, axis=None, dtype=None, out=None, *args, where=True, **kwargs):
        kept = ~np.isnan(a) if where is NO_VALUE or where is True else ~np.isnan(a) & where
        kwargs = {key: value for key, value in kwargs.items() if value is not NO_VALUE}
        return moment(np.where(kept, a, 0), axis, dtype, None, *args, where=kept, **kwargs)

    return nan_moment


composed(np.nanmean)(_nan_moment(np.mean))
composed(np.nanvar)(_nan_moment(np.var))
composed(np.nanstd)(_nan_moment(np.std))
