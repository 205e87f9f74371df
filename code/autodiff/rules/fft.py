"""Fourier transforms. The transform is a symmetric matrix, so its transpose is the transform itself (not its inverse).

Everything else in `np.fft` is written in terms of `np.fft.fft` and `np.fft.ifft`. Transforms of real arrays keep the
half of the spectrum that says it all; their inverses read that half only, and of its ends the real parts.
"""

import numpy as np

from ..errors import AutodiffValueError
from ..operators import Linear, cast, compose
from ..tables import composed, rule
from .shapes import axes_of, slot

SWAPPED = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def resized(x, size, axis):
    """`x` cut, or with zeros behind, to this length of an axis counted from the end."""
    have = x.shape[axis]
    if have >= size:
        return x[slot(x, axis % x.ndim, slice(size))] if have > size else x
    return np.pad(x, [(0, size - have if i == axis % x.ndim else 0) for i in range(x.ndim)])


def _transform(function):
    """The operator of a transform. Data: length before, length after, axis counted from the end, norm."""
    return Linear(
        function.__name__,
        lambda t, data: function(t, data[1], data[2], data[3]),
        lambda u, data: resized(function(u, data[1], data[2], data[3]), data[0], data[2]),
    )


for _function in (np.fft.fft, np.fft.ifft):
    _family = _transform(_function)

    @rule(_function)
    def transform_rule(y, a, n=None, axis=-1, norm=None, out=None, _family=_family):
        (axis,) = axes_of(axis, a.ndim)
        operator = _family((a.shape[axis], y.shape[axis], axis - a.ndim, norm))
        return [compose(operator, cast((a.dtype, y.dtype)))]


@composed(np.fft.rfft)
def rfft(a, n=None, axis=-1, norm=None, out=None):
    (axis,) = axes_of(axis, a.ndim)
    n = a.shape[axis] if n is None else n
    return np.fft.fft(a, n, axis, norm)[slot(a, axis, slice(n // 2 + 1))]


@composed(np.fft.irfft)
def irfft(a, n=None, axis=-1, norm=None, out=None):
    """The other half is the conjugate: twice the real part, but for the ends."""
    (axis,) = axes_of(axis, a.ndim)
    n = 2 * (a.shape[axis] - 1) if n is None else n
    if n < 1:
        raise AutodiffValueError(f"np.fft: a transform of length {n}")
    half = resized(a, n // 2 + 1, axis - a.ndim)
    weights = np.full(n // 2 + 1, 2, np.real(half).dtype)
    weights[0] = 1
    weights[n // 2 :] = 2 if n % 2 and n > 1 else 1
    return np.real(np.fft.ifft(half * weights.reshape([-1 if i == axis else 1 for i in range(a.ndim)]), n, axis, norm))


@composed(np.fft.hfft)
def hfft(a, n=None, axis=-1, norm=None, out=None):
    return irfft(np.conj(a), n, axis, SWAPPED[norm])


@composed(np.fft.ihfft)
def ihfft(a, n=None, axis=-1, norm=None, out=None):
    return np.conj(rfft(a, n, axis, SWAPPED[norm]))


def _lengths(a, s, axes):
    """Axes and the lengths along them, as the functions of several axes take them."""
    if axes is None:
        axes = range(a.ndim) if s is None else range(-len(s), 0)
    axes = [axis % a.ndim for axis in axes]
    s = [a.shape[axis] for axis in axes] if s is None else list(s)
    return axes, [a.shape[axis] if size == -1 else size for axis, size in zip(axes, s, strict=True)]


def _along(function, first=None, last=None):
    """The transform of several axes: one after the other, the last axis first (or, of an inverse, last)."""

    def transform(a, s=None, axes=None, norm=None, out=None):
        axes, lengths = _lengths(a, s, axes)
        if last is not None and s is None:
            lengths[-1] = 2 * (a.shape[axes[-1]] - 1)
        steps = list(zip(axes, lengths, strict=True))
        if first is not None:
            (axis, n), steps = steps[-1], steps[:-1]
            a = first(a, n, axis, norm)
        if last is not None:
            steps, (axis, n) = steps[:-1], steps[-1]
        for at, size in reversed(steps):
            a = function(a, size, at, norm)
        return a if last is None else last(a, n, axis, norm)

    return transform


def _two(transform):
    def plane(a, s=None, axes=(-2, -1), norm=None, out=None):
        return transform(a, s, axes, norm)

    return plane


for _names, _whole in {
    ("fftn", "fft2"): _along(np.fft.fft),
    ("ifftn", "ifft2"): _along(np.fft.ifft),
    ("rfftn", "rfft2"): _along(np.fft.fft, first=rfft),
    ("irfftn", "irfft2"): _along(np.fft.ifft, last=irfft),
}.items():
    composed(getattr(np.fft, _names[0]))(_whole)
    composed(getattr(np.fft, _names[1]))(_two(_whole))


def _shifted(sign):
    def shifted(x, axes=None):
        axes = axes_of(axes, x.ndim)
        return np.roll(x, [sign * (x.shape[axis] // 2) for axis in axes], axes)

    return shifted


composed(np.fft.fftshift)(_shifted(1))
composed(np.fft.ifftshift)(_shifted(-1))
