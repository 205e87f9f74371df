"""Sequences: differences and sums along an axis, convolutions, interpolation, padding, grids, phases.

All but two are written in terms of functions that have rules: a window that slides along an array (its transpose
adds up where windows overlap), and the modified Bessel functions behind `np.i0`.
"""

from collections.abc import Callable

import numpy as np

from ..arrays import Traced, as_array, dispatched, getitem, untraced
from ..errors import AutodiffValueError
from ..operators import Linear, diagonal
from ..tables import composed, rule
from .elementwise import NO_VALUE, joint_dtype
from .indexing import embed, lined_up
from .shapes import axes_of, slot

# --- Differences and sums -----------------------------------------------------------------------------------


@composed(np.diff)
def diff(a, n=1, axis=-1, prepend=NO_VALUE, append=NO_VALUE):
    if n < 0:
        raise AutodiffValueError(f"np.diff: the order must not be negative, but is {n}")
    ends = [None if v is NO_VALUE else as_array(v) for v in (prepend, append)]
    a = as_array(a)
    (axis,) = axes_of(axis, a.ndim)
    edge = (*a.shape[:axis], 1, *a.shape[axis + 1 :])
    before, after = (v if v is None or v.ndim else np.broadcast_to(v, edge) for v in ends)
    parts = [v for v in (before, a, after) if v is not None]
    a = np.concatenate(parts, axis) if len(parts) > 1 and n else a
    for _ in range(n):
        a = a[slot(a, axis, slice(1, None))] - a[slot(a, axis, slice(None, -1))]
    return a


@composed(np.ediff1d)
def ediff1d(ary, to_end=None, to_begin=None):
    ary = np.ravel(ary)
    parts = [v for v in (to_begin, diff(ary), to_end) if v is not None]
    return np.concatenate([np.ravel(as_array(v)).astype(ary.dtype) for v in parts])


@composed(np.trapezoid)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    y = as_array(y)
    (axis,) = axes_of(axis, y.ndim)
    if x is not None:
        x = as_array(x)
        dx = diff(x).reshape([-1 if i == axis else 1 for i in range(y.ndim)]) if x.ndim == 1 else diff(x, axis=axis)
    return np.sum(dx * (y[slot(y, axis, slice(1, None))] + y[slot(y, axis, slice(None, -1))]) / 2, axis)


@composed(np.gradient)
def gradient(f, *varargs, axis=None, edge_order=1):
    f = as_array(f)
    axes = axes_of(axis, f.ndim)
    spacings = varargs * len(axes) if len(varargs) == 1 else varargs or (1.0,) * len(axes)
    if len(spacings) != len(axes):
        raise AutodiffValueError(f"np.gradient: {len(varargs)} spacings for {len(axes)} axes")
    slopes = tuple(_slopes(f, as_array(h), i, edge_order) for i, h in zip(axes, spacings, strict=True))
    return slopes[0] if len(axes) == 1 else slopes


def _slopes(f, spacing, axis, edge_order):
    """Derivatives of the parabolas through three neighbours; at the ends, of the line or parabola there."""
    f = np.moveaxis(f, axis, 0)
    if len(f) < edge_order + 1 or edge_order not in (1, 2):
        raise AutodiffValueError(f"np.gradient: edge_order={edge_order} along an axis of length {len(f)}")
    h = spacing if spacing.ndim == 0 else diff(spacing).reshape((-1,) + (1,) * (f.ndim - 1))
    uniform = h.ndim == 0
    left, right = (h, h) if uniform else (h[:-1], h[1:])
    steps = f[1:] - f[:-1]
    if uniform:
        inner = (f[2:] - f[:-2]) / (2.0 * h)
        first, last, second, before = (h,) * 4
    else:
        inner = (left / right * steps[1:] + right / left * steps[:-1]) / (left + right)
        first, last, second, before = h[0], h[-1], h[min(1, len(h) - 1)], h[max(-2, -len(h))]
    start, end = steps[0] / first, steps[-1] / last
    if edge_order == 2:  # the line's slope, and half of the curvature on
        start = start - first * (steps[1] / second - start) / (first + second)
        end = end + last * (end - steps[-2] / before) / (last + before)
    return np.moveaxis(np.concatenate([start[None], inner, end[None]]), 0, axis).astype(f.dtype)


@composed(np.interp)
def interp(x, xp, fp, left=None, right=None, period=None):
    """Straight lines between the points, constant beyond them; at a point, the mean of the lines on its sides."""
    x, xp, fp = as_array(x), as_array(xp), as_array(fp)
    if period is not None:
        x, xp = x % period, xp % period
        order = np.argsort(xp)
        xp, fp = xp[order], fp[order]
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
    if len(xp) == 1:
        xp, fp = np.concatenate([xp, xp + 1]), np.concatenate([fp, fp])
    if np.any(np.diff(untraced(xp)) < 0):
        raise AutodiffValueError("np.interp: the points xp must increase. Sort them: order = np.argsort(xp).")
    inside = np.clip(x, xp[0], xp[-1])

    def line(side):
        at = np.clip(np.searchsorted(xp, x, side) - 1, 0, len(xp) - 2)
        (x0, x1), (y0, y1) = ((getitem(v, at), getitem(v, at + 1)) for v in (xp, fp))
        return y0 + (inside - x0) / (x1 - x0) * (y1 - y0)

    y = (line("left") + line("right")) / 2
    y = y if left is None or period is not None else np.where(x < xp[0], left, y)
    y = y if right is None or period is not None else np.where(x > xp[-1], right, y)
    return y.astype(np.result_type(fp.dtype, np.float64))


# --- Convolutions -------------------------------------------------------------------------------------------


@dispatched
def windows(x, size):
    """The slices of this length of the last axis: entry (…, i, j) is x[…, i + j]."""
    return np.lib.stride_tricks.sliding_window_view(x, size, -1)


@dispatched
def overlapped(u):
    """The transpose of `windows`: entry (…, k) is the sum of u[…, i, j] over i + j = k."""
    count, size = u.shape[-2:]
    total = np.zeros((*u.shape[:-2], count + size - 1), u.dtype)
    for j in range(size):
        total[..., j : j + count] += u[..., j]
    return total


# Data: the length of the windows.
windowed = Linear("windows", windows, lambda u, size: overlapped(u))


@rule(windows)
def windows_rule(y, x, size):
    return [windowed(size)]


@rule(overlapped)
def overlapped_rule(y, u):
    return [windowed.T(u.shape[-1])]


@composed(np.convolve)
def convolve(a, v, mode="full"):
    a, v = (np.ravel(as_array(x)) for x in (a, v))
    return _slid(a, v, mode) if len(a) >= len(v) else _slid(v, a, mode)


@composed(np.correlate)
def correlate(a, v, mode="valid"):
    a, v = np.ravel(as_array(a)), np.conj(np.ravel(as_array(v)))
    return _slid(a, v[::-1], mode) if len(a) >= len(v) else _slid(v, a[::-1], mode)[::-1]


def _slid(a, v, mode):
    """The convolution of `a` with a `v` that is not longer; "same" and "valid" are a part of "full"."""
    most = len(v) - 1
    around = {"full": (most, most), "same": (most - most // 2, most // 2), "valid": (0, 0)}
    if mode not in around:
        raise AutodiffValueError(f"the mode of a convolution is 'full', 'same' or 'valid', not {mode!r}")
    return windows(np.pad(a, around[mode]), len(v)) @ v[::-1]


# --- Padding ------------------------------------------------------------------------------------------------

STATISTICS: dict[str, Callable] = {"maximum": np.max, "mean": np.mean, "median": np.median, "minimum": np.min}


@composed(np.pad)
def pad(array, pad_width, mode="constant", **kwargs):
    if callable(mode):
        raise AutodiffValueError("np.pad with a function as mode has no rule: join parts by np.concatenate")
    if isinstance(pad_width, dict):
        pad_width = [pad_width.get(i, pad_width.get(i - array.ndim, (0, 0))) for i in range(array.ndim)]
        pad_width = [(w, w) if np.ndim(w) == 0 else w for w in pad_width]
    widths = np.broadcast_to(pad_width, (array.ndim, 2)).tolist()
    if mode == "constant" or mode == "empty":
        return _pad_constant(array, widths, **kwargs)
    np.pad(np.empty((1,) * array.ndim), 0, mode, **kwargs)  # NumPy says what does not fit together
    if kwargs.get("reflect_type", "even") != "even":
        raise AutodiffValueError("np.pad has no rule for reflect_type='odd': take 2 * edge - np.pad(x, n, 'reflect')")
    for axis, width in enumerate(widths):
        if any(width) and mode in ("edge", "reflect", "symmetric", "wrap"):
            array = np.take(array, np.pad(np.arange(array.shape[axis]), width, mode), axis)
        elif any(width):
            array = _pad_computed(array, axis, width, mode, **kwargs)
    return array


def _pad_computed(array, axis, width, mode, stat_length=None, end_values=0):
    """Padded along one axis with a statistic of the entries next to an end, or with a ramp up to the entry there."""
    size, ends = array.shape[axis], (slice(0, 1), slice(-1, None))
    if mode == "linear_ramp":
        last = np.broadcast_to(end_values, (array.ndim, 2))[axis]
        edges = [np.squeeze(array[slot(array, axis, end)], axis) for end in ends]
        before, after = (np.linspace(v, edge, n, endpoint=False, dtype=array.dtype, axis=axis)
                         for v, edge, n in zip(last, edges, width, strict=True))  # fmt: skip
        return np.concatenate([before, array, np.flip(after, axis)], axis)
    counts = [size, size] if stat_length is None else np.broadcast_to(stat_length, (array.ndim, 2))[axis].tolist()
    near = slice(0, counts[0]), slice(max(size - counts[1], 0), None)
    values = [STATISTICS[mode](array[slot(array, axis, part)], axis, keepdims=True) for part in near]
    before, after = (np.repeat(v, n, axis) for v, n in zip(values, width, strict=True))
    return np.concatenate([before, array, after], axis)


def _pad_constant(array, widths, constant_values=0):
    inside = tuple(slice(low, low + size) for (low, _), size in zip(widths, array.shape, strict=True))
    shape = tuple(low + size + high for (low, high), size in zip(widths, array.shape, strict=True))
    placed_array = embed(array, inside, shape)
    if not isinstance(constant_values, Traced) and not np.any(constant_values):
        return placed_array
    if isinstance(constant_values, Traced):
        if constant_values.ndim:
            raise AutodiffValueError("np.pad: a traced constant_values must be one number")
        around = np.pad(np.zeros(array.shape, array.dtype), widths, constant_values=1)
        return placed_array + around * constant_values
    return placed_array + np.pad(np.zeros(array.shape, array.dtype), widths, constant_values=constant_values)


# --- Grids --------------------------------------------------------------------------------------------------


@composed(np.linspace)
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0, *, device=None):
    kind = joint_dtype(start, stop, 1.0)
    start, stop = np.broadcast_arrays(as_array(start).astype(kind), as_array(stop).astype(kind))
    intervals = num - 1 if endpoint else num
    share = np.arange(num, dtype=kind).reshape((-1,) + (1,) * start.ndim) / max(intervals, 1)
    y = start + share * (stop - start)
    y = np.moveaxis(y if dtype is None else y.astype(dtype), 0, axis)
    return (y, (stop - start) / intervals if intervals else np.full_like(start, np.nan)) if retstep else y


@composed(np.logspace)
def logspace(start, stop, num=50, endpoint=True, base=10.0, dtype=None, axis=0):
    y = np.moveaxis(np.power(base, linspace(start, stop, num, endpoint)), 0, axis)
    return y if dtype is None else y.astype(dtype)


@composed(np.geomspace)
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    kind = joint_dtype(start, stop, np.float64(1))
    start, stop = np.broadcast_arrays(as_array(start).astype(kind), as_array(stop).astype(kind))
    share = linspace(kind.type(0), kind.type(1), num, endpoint).reshape((-1,) + (1,) * start.ndim)
    y = np.moveaxis(start * (stop / start) ** share, 0, axis)
    return y if dtype is None else y.astype(dtype)


@composed(np.meshgrid)
def meshgrid(*xi, copy=True, sparse=False, indexing="xy"):
    if indexing not in ("xy", "ij"):
        raise AutodiffValueError(f"np.meshgrid: indexing is 'xy' or 'ij', not {indexing!r}")
    count = len(xi)
    order = [1, 0, *range(2, count)] if indexing == "xy" and count > 1 else list(range(count))
    grids = [np.reshape(as_array(x), [-1 if i == at else 1 for i in range(count)])
             for at, x in zip(order, xi, strict=True)]  # fmt: skip
    return tuple(grids) if sparse else tuple(np.broadcast_arrays(*grids))


@composed(np.vander)
def vander(x, N=None, increasing=False):
    x, count = x.astype(np.promote_types(x.dtype, int)), len(x) if N is None else N
    columns = [x**0] if count else []
    while len(columns) < count:
        columns.append(columns[-1] * x)
    y = np.stack(columns, -1) if count else np.zeros((len(x), 0), x.dtype)
    return y if increasing else y[:, ::-1]


# --- Turned, and multiplied ---------------------------------------------------------------------------------


@composed(np.rot90)
def rot90(m, k=1, axes=(0, 1)):
    first, second = axes_of(axes, m.ndim)
    turns = {
        0: lambda: m[:],
        1: lambda: np.swapaxes(np.flip(m, second), first, second),
        2: lambda: np.flip(m, (first, second)),
        3: lambda: np.flip(np.swapaxes(m, first, second), second),
    }
    return turns[k % 4]()


@composed(np.rollaxis)
def rollaxis(a, axis, start=0):
    (axis,) = axes_of(axis, a.ndim)
    start = start + a.ndim if start < 0 else start
    return np.moveaxis(a, axis, start - 1 if axis < start else start)


@composed(np.cross)
def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis,) * 3
    a, b = np.moveaxis(as_array(a), axisa, -1), np.moveaxis(as_array(b), axisb, -1)
    if {a.shape[-1], b.shape[-1]} - {2, 3}:
        raise AutodiffValueError(f"np.cross is of vectors of length 2 or 3, not {a.shape[-1]} and {b.shape[-1]}")
    if a.shape[-1] == b.shape[-1] == 2:
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    (a0, a1, a2), (b0, b1, b2) = ([v[..., i] if i < v.shape[-1] else 0 * v[..., 0] for i in range(3)] for v in (a, b))
    return np.moveaxis(np.stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0], -1), -1, axisc)


@composed(np.linalg.cross)
def linalg_cross(x1, x2, /, *, axis=-1):
    return cross(x1, x2, axis=axis)


@composed(np.kron)
def kron(a, b):
    a, b = as_array(a), as_array(b)
    ndim = max(a.ndim, b.ndim)
    (p, q) = ((1,) * (ndim - v.ndim) + v.shape for v in (a, b))
    product = a.reshape([n for size in p for n in (size, 1)]) * b.reshape([n for size in q for n in (1, size)])
    return product.reshape([m * n for m, n in zip(p, q, strict=True)])


# --- Function by function -----------------------------------------------------------------------------------


@composed(np.apply_along_axis)
def apply_along_axis(func1d, axis, arr, *args, **kwargs):
    arr, axis = lined_up(arr, axis)
    lanes = np.moveaxis(arr, axis, -1)
    found = np.stack([func1d(lanes[i], *args, **kwargs) for i in np.ndindex(lanes.shape[:-1])])
    inner = found.ndim - 1
    found = found.reshape(lanes.shape[:-1] + found.shape[1:])
    ahead = tuple(range(axis, axis + inner))
    return np.moveaxis(found, tuple(range(found.ndim - inner, found.ndim)), ahead)


@composed(np.apply_over_axes)
def apply_over_axes(func, a, axes):
    for axis in axes_of(axes, a.ndim):
        y = func(a, axis)
        a = y if y.ndim == a.ndim else np.expand_dims(y, axis)
    return a


# --- Phases and waves ---------------------------------------------------------------------------------------


@composed(np.unwrap)
def unwrap(p, discont=None, axis=-1, *, period=2 * np.pi):
    """Whole periods are added, and these do not move: the derivative is that of `p`."""
    p = as_array(p)
    steps = diff(p, axis=axis)
    wrapped = (steps + period / 2) % period - period / 2
    wrapped = np.where((wrapped == -period / 2) & (steps > 0), period / 2, wrapped)
    small = np.abs(steps) < (period / 2 if discont is None else max(discont, period / 2))
    jumps = period * np.round(np.where(small, 0, wrapped - steps) / period)
    (axis,) = axes_of(axis, p.ndim)
    first = np.zeros_like(p[slot(p, axis, slice(0, 1))])
    return p + np.concatenate([first, np.cumsum(jumps, axis)], axis).astype(p.dtype)


@composed(np.sinc)
def sinc(x):
    """sin(πx)/(πx); near 0 its power series, which has all derivatives."""
    z = np.pi * as_array(x)
    near = np.abs(z) < 1
    square, far = np.where(near, z * z, 0), np.where(near, 1, z)
    series = 1 + 0 * square
    for k in range(13, 0, -1):
        series = 1 - series * square / (2 * k * (2 * k + 1))
    return np.where(near, series, np.sin(far) / far)


@dispatched
def bessel_i(x, order):
    """The modified Bessel function Iₙ(x): the mean of cosh or sinh(x cos θ) cos nθ, in so many points that the
    trapezoidal rule is exact to rounding."""
    largest = np.max(np.fmin(np.abs(x), 710), initial=0)  # beyond, and of nan, any number of points will do
    theta = 2 * np.pi * np.arange(count := 64 + 2 * int(largest)) / count
    waves = (np.sinh if order % 2 else np.cosh)(np.multiply.outer(x, np.cos(theta)))
    return (waves @ (np.cos(order * theta) / count)).astype(x.dtype)[()]


@rule(bessel_i)
def bessel_rule(y, x, order):
    """Iₙ′ = (Iₙ₋₁ + Iₙ₊₁)/2."""
    return [diagonal((bessel_i(x, abs(order - 1)) + bessel_i(x, order + 1)) / 2)]


@rule(np.i0)
def i0(y, x):
    """I₀′ = I₁."""
    return [diagonal(bessel_i(x, 1))]
