"""Shapes: functions that move, repeat or join entries and compute nothing.

Each is linear, so its local Jacobian is the function itself, and the transpose moves the entries back: the
transpose of a reshape is a reshape, of a concatenation a slice, of a repetition a sum.
"""

import numpy as np

from ..arrays import as_array, astype, dispatched, reshape, untraced
from ..errors import AutodiffValueError
from ..operators import (
    Linear,
    fit,
    identity,
    masked,
    permuted,
    reshaped,
    typed,
)
from ..tables import CONSTANT, STATIC, composed, rule, sequence
from .indexing import sliced


def axes_of(axis, ndim):
    """Axes as a tuple of numbers from 0: of None (all of them), an integer or a tuple."""
    if axis is None:
        return tuple(range(ndim))
    if type(axis) is int and -ndim <= axis < ndim:
        return (axis % ndim,)
    if ndim == 0 and axis in (0, -1):  # NumPy reduces a number along "its" axis
        return ()
    axis = axis if np.ndim(axis) else (axis,)
    return tuple(int(np.lib.array_utils.normalize_axis_index(i, ndim)) for i in axis)


# --- One array, other shape ---------------------------------------------------------------------------------


@rule(reshape, np.squeeze, np.expand_dims)
def reshape_rule(y, a, *args, **kwargs):
    return [reshaped((a.shape, y.shape))]


@dispatched
def is_fortran(a):
    """Whether entries lie in memory column by column. In a graph, the `if` that asks becomes a guard."""
    return np.isfortran(a)


@dispatched
def lies_along(a, axes):
    """Whether the entries of an array lie in memory with its axes in this order."""
    return axes_in_memory(a) == axes


CONSTANT.update({is_fortran, lies_along})


def axes_in_memory(a):
    """The axes of a plain array, the one with the largest steps first."""
    return tuple(sorted(range(a.ndim), key=lambda axis: -abs(a.strides[axis])))


@composed(np.reshape)
def ordered_reshape(a, /, shape, order="C", *, copy=None):
    if order not in ("C", "F", "A"):
        raise AutodiffValueError(f"order must be 'C', 'F' or 'A', not {order!r}")
    shape = tuple(shape) if np.ndim(shape) else (shape,)
    falls = order == "F" or (order == "A" and is_fortran(a))
    return reshape(a.T, shape[::-1]).T if falls else reshape(a, shape)


@composed(np.ravel)
def ravel(a, order="C"):
    if order == "K":  # as the entries lie in memory
        axes = axes_in_memory(untraced(a))
        bool(lies_along(a, axes))  # in a graph a guard: other arguments may lie otherwise
        return reshape(np.transpose(a, axes), (-1,))
    return ordered_reshape(a, (-1,), order)


@rule(np.transpose)
def transpose(y, a, axes=None):
    return [permuted(axes_of(axes, a.ndim) if axes is not None else tuple(range(a.ndim))[::-1])]


@composed(np.swapaxes)
def swapaxes(a, axis1, axis2):
    order = list(range(a.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return np.transpose(a, order)


@composed(np.moveaxis)
def moveaxis(a, source, destination):
    source, destination = axes_of(source, a.ndim), axes_of(destination, a.ndim)
    order = [axis for axis in range(a.ndim) if axis not in source]
    for to, axis in sorted(zip(destination, source, strict=True)):
        order.insert(to, axis)
    return np.transpose(a, order)


@composed(np.matrix_transpose, np.linalg.matrix_transpose)
def matrix_transpose(x, /):
    return np.swapaxes(x, -1, -2)


@rule(np.broadcast_to)
def broadcast_to(y, array, shape, subok=False):
    return [fit(array, y)]


@composed(np.broadcast_arrays)
def broadcast_arrays(*args, subok=False):
    shape = np.broadcast_shapes(*(as_array(a).shape for a in args))
    return tuple(np.broadcast_to(a, shape) for a in args)


def _at_least(ndim):
    def at_least(*arys):
        def one(a):
            a = as_array(a)
            if a.ndim >= ndim:
                return a
            shapes = {0: (1,) * ndim, 1: {2: (1, -1), 3: (1, -1, 1)}.get(ndim), 2: (*a.shape, 1)}
            return np.reshape(a, shapes[a.ndim])

        return one(arys[0]) if len(arys) == 1 else tuple(one(a) for a in arys)

    return at_least


composed(np.atleast_1d)(_at_least(1))
composed(np.atleast_2d)(_at_least(2))
composed(np.atleast_3d)(_at_least(3))


@rule(astype)
def astype_rule(y, x, dtype):
    return [fit(x, y) if y.dtype.kind in "fc" else None]


@rule(np.copy)
def copy(y, a, order="K", subok=False):
    return [identity()]


# --- Reordered along axes -----------------------------------------------------------------------------------

# Data: the shifts and the axes, counted from the end.
rolled = Linear(
    "roll",
    lambda t, data: np.roll(t, data[0], data[1]),
    lambda u, data: np.roll(u, tuple(-shift for shift in data[0]), data[1]),
)
# Data: the axes, counted from the end.
flipped = Linear("flip", lambda t, axes: np.flip(t, axes), lambda u, axes: np.flip(u, axes))


@dispatched
def roll_axes(x, shifts, axes):
    return np.roll(x, shifts, axes)


@rule(roll_axes)
def roll_rule(y, x, shifts, axes):
    return [rolled((shifts, axes))]


@composed(np.roll)
def roll(a, shift, axis=None):
    if axis is None:
        return roll(np.ravel(a), np.ravel(shift).astype(int).sum(), 0).reshape(a.shape)
    shift, axis = (np.ravel(v).tolist() for v in np.broadcast_arrays(shift, axis))
    return roll_axes(a, tuple(map(int, shift)), tuple(at - a.ndim for at in axes_of(axis, a.ndim)))


@rule(np.flip)
def flip(y, m, axis=None):
    return [flipped(tuple(i - m.ndim for i in axes_of(axis, m.ndim)))]


@composed(np.fliplr)
def fliplr(m):
    return np.flip(m, 1)


@composed(np.flipud)
def flipud(m):
    return np.flip(m, 0)


# --- Several arrays joined, one array split -----------------------------------------------------------------


def slot(y, axis, index):
    """The whole of `y`, but for `index` along `axis`: where one piece of a joined array stands."""
    return (slice(None),) * axis + (index,)


@composed(np.concatenate)
def concatenate(arrays, /, axis=0, out=None, *, dtype=None, casting="same_kind"):
    if axis is None:
        arrays, axis = [np.ravel(as_array(a)) for a in arrays], 0
    joined = join(tuple(arrays), axis)
    return joined if dtype is None else joined.astype(dtype)


@dispatched
def join(arrays, axis):
    return np.concatenate(arrays, axis)


@rule(join, operands=sequence)
def join_rule(y, arrays, axis):
    (axis,) = axes_of(axis, y.ndim)
    ends = np.cumsum([as_array(a).shape[axis] for a in arrays]).tolist()
    return [
        typed(sliced.T((slot(y, axis, slice(start, end)), y.shape, y.ndim)), as_array(a), y)
        for a, start, end in zip(arrays, [0, *ends], ends, strict=False)
    ]


@rule(np.stack, operands=sequence)
def stack(y, arrays, axis=0, out=None, *, dtype=None, casting="same_kind"):
    (axis,) = axes_of(axis, y.ndim)
    return [typed(sliced.T((slot(y, axis, i), y.shape, y.ndim - 1)), as_array(a), y) for i, a in enumerate(arrays)]


@composed(np.vstack)
def vstack(tup, *, dtype=None, casting="same_kind"):
    return np.concatenate([np.atleast_2d(a) for a in tup], 0, dtype=dtype)


@composed(np.hstack)
def hstack(tup, *, dtype=None, casting="same_kind"):
    arrays = [np.atleast_1d(a) for a in tup]
    return np.concatenate(arrays, 0 if arrays[0].ndim == 1 else 1, dtype=dtype)


@composed(np.dstack)
def dstack(tup):
    return np.concatenate([np.atleast_3d(a) for a in tup], 2)


@composed(np.column_stack)
def column_stack(tup):
    return np.concatenate([a if as_array(a).ndim > 1 else np.reshape(a, (-1, 1)) for a in tup], 1)


@composed(np.append)
def append(arr, values, axis=None):
    return np.concatenate((arr, values), axis)


@composed(np.block)
def block(arrays):
    def depth(tree):
        return 1 + max(map(depth, tree)) if isinstance(tree, list) else 0

    def join_level(tree, axis):
        if not isinstance(tree, list):
            tree = as_array(tree)
            return tree.reshape((1,) * (ndim - tree.ndim) + tree.shape)
        return np.concatenate([join_level(branch, axis + 1) for branch in tree], axis)

    def largest(tree):
        return max(map(largest, tree)) if isinstance(tree, list) else as_array(tree).ndim

    levels = depth(arrays)
    ndim = max(levels, largest(arrays))
    return join_level(arrays, -levels)


@composed(np.array_split)
def array_split(ary, indices_or_sections, axis=0):
    (axis,) = axes_of(axis, ary.ndim)
    length = ary.shape[axis]
    if np.ndim(indices_or_sections):
        cuts = [slice(None, i).indices(length)[1] for i in indices_or_sections]
    else:
        if indices_or_sections < 1:
            raise AutodiffValueError(
                f"np.array_split: the number of parts must be at least 1, not {indices_or_sections}"
            )
        size, extra = divmod(length, indices_or_sections)
        cuts = np.cumsum([size + (i < extra) for i in range(indices_or_sections)]).tolist()[:-1]
    return [ary[slot(ary, axis, slice(start, end))] for start, end in zip([0, *cuts], [*cuts, length], strict=True)]


@composed(np.split)
def split(ary, indices_or_sections, axis=0):
    if not np.ndim(indices_or_sections) and ary.shape[axis] % indices_or_sections:
        raise ValueError("array split does not result in an equal division")
    return array_split(ary, indices_or_sections, axis)


@composed(np.vsplit)
def vsplit(ary, indices_or_sections):
    if ary.ndim < 2:
        raise AutodiffValueError("np.vsplit splits arrays of two or more axes; np.split splits those of one")
    return split(ary, indices_or_sections, 0)


@composed(np.hsplit)
def hsplit(ary, indices_or_sections):
    return split(ary, indices_or_sections, 1 if ary.ndim > 1 else 0)


@composed(np.dsplit)
def dsplit(ary, indices_or_sections):
    return split(ary, indices_or_sections, 2)


if hasattr(np, "unstack"):  # NumPy ≥ 2.1

    @composed(np.unstack)
    def unstack(x, /, *, axis=0):
        return tuple(np.moveaxis(x, axis, 0))


# --- Repeated -----------------------------------------------------------------------------------------------


@composed(np.tile)
def tile(A, reps):
    reps = tuple(reps) if np.ndim(reps) else (int(reps),)
    ndim = max(A.ndim, len(reps))
    shape = (1,) * (ndim - A.ndim) + A.shape
    reps = (1,) * (ndim - len(reps)) + reps
    between = [n for size in shape for n in (1, size)]
    repeated = [n for pair in zip(reps, shape, strict=True) for n in pair]
    return np.broadcast_to(A.reshape(between), repeated).reshape([r * n for r, n in zip(reps, shape, strict=True)])


@composed(np.repeat)
def repeat(a, repeats, axis=None):
    if axis is None:
        a, axis = np.ravel(a), 0
    return np.take(a, np.repeat(np.arange(a.shape[axis]), repeats), axis)


# --- Triangles, and arrays like others ----------------------------------------------------------------------


@rule(np.triu)
def triu(y, m, k=0):
    return [masked(np.triu(np.ones(m.shape[-2:], bool), k))]


@rule(np.tril)
def tril(y, m, k=0):
    return [masked(np.tril(np.ones(m.shape[-2:], bool), k))]


@composed(np.full_like)
def full_like(a, fill_value, dtype=None, order="K", subok=True, shape=None, **kwargs):
    fill_value = as_array(fill_value)
    dtype = a.dtype if dtype is None else dtype
    return np.broadcast_to(fill_value, a.shape if shape is None else shape).astype(dtype)


if hasattr(np, "astype"):  # NumPy ≥ 2.1

    @composed(np.astype)
    def numpys_astype(x, dtype, /, *, copy=True, device=None):
        return x.astype(dtype)


STATIC.update({np.zeros_like, np.ones_like, np.empty_like, np.shape, np.ndim, np.size, np.result_type,
               np.iscomplexobj, np.isrealobj, np.can_cast, np.min_scalar_type, np.common_type,
               np.may_share_memory, np.shares_memory})  # fmt: skip
CONSTANT.update(STATIC)
