"""Indexing: entries taken out; the transpose puts cotangents back to where the entries stood, and adds.

Functions that choose entries by positions, masks or conditions are written in terms of `x[index]` and `np.where`.

Basic indices (integers, slices) name each entry at most once, so the transpose adds into a view, in place.
Advanced indices (arrays) may repeat entries: their transpose is `np.add.at`.
"""

import numpy as np

from ..arrays import as_array, dispatched, getitem, innermost, is_traced
from ..errors import AutodiffTypeError, AutodiffValueError
from ..operators import Linear, transposed
from ..tables import CONSTANT, composed, rule
from ..tracing import applied_together
from .elementwise import joint_dtype


def is_basic(index):
    """Whether an index tuple holds only integers, slices, None and Ellipsis."""
    return all(
        i is None or i is Ellipsis or (isinstance(i, int | np.integer | slice) and not isinstance(i, bool))
        for i in index
    )


def explicit(index, ndim):
    """An index as a tuple without Ellipsis, so that axes behind the indexed ones stay out of it."""
    if type(index) is int or type(index) is slice:
        return (index,)
    index = index if isinstance(index, tuple) else (index,)
    index = tuple(as_index(i) if isinstance(i, list | bool | np.bool) else i for i in index)
    if not any(i is Ellipsis for i in index):
        return index
    used = sum(
        0 if i is None or i is Ellipsis else i.ndim if hasattr(i, "dtype") and i.dtype.kind == "b" else 1 for i in index
    )
    at = next(k for k, i in enumerate(index) if i is Ellipsis)
    return index[:at] + (slice(None),) * (ndim - used) + index[at + 1 :]


def as_index(i):
    """A list or boolean in an index as an array; an empty list selects nothing, as in NumPy."""
    return np.asarray(i, np.intp) if i == [] else np.asarray(i)


@dispatched
def embed(t, index, shape):
    """Zeros of this shape, with `t` added at `index`: the transpose of `getitem`."""
    return add_at(np.zeros(shape, t.dtype), t, index)


def add_at(total, t, index):
    """Add `t` into `total` at `index`, in place; entries that the index repeats get each share."""
    arrays = [i for i in index if isinstance(i, np.ndarray)]
    if len(arrays) == 0 or (len(arrays) == 1 and arrays[0].dtype == bool):  # no entry twice
        total[index] += t
    else:
        np.add.at(total, index, t)
    return total


# Basic indices: with a batch axis in front, a slice in front.


def _slice(t, data):
    index, shape, _ = data
    return t[index if t.ndim == len(shape) else (slice(None), *index)]


def _of_all(u, data):
    """The data of the same slice of a batch, where `u` is one."""
    index, shape, ndim = data
    return data if u.ndim == ndim else ((slice(None), *index), u.shape[:1] + shape, u.ndim)


def _unslice(u, data):
    index, shape, _ = _of_all(u, data)
    return embed(u, index, shape)


def _unslice_together(terms):
    return applied_together(sliced.T, [(u, _of_all(u, data)) for u, data in terms])


def _add_slice(total, u, data):
    index, shape, _ = _of_all(u, data)
    if total is None:
        total = np.zeros(shape, u.dtype)
    total[index] += u
    return total


# Data: an index tuple without Ellipsis, the shape it is for, the number of axes of the result.
sliced = Linear("slice", _slice, _unslice, accumulate_transpose=_add_slice, transpose_together=_unslice_together)


# Advanced indices may move their axes to the front, so a batch goes to the back and returns.


def _gather(t, data):
    index, shape, _ = data
    if t.ndim == len(shape):
        return getitem(t, index)
    return np.moveaxis(getitem(np.moveaxis(t, 0, -1), index), -1, 0)


def _scatter(u, data):
    index, shape, ndim = data
    if u.ndim == ndim:
        return embed(u, index, shape)
    return np.moveaxis(embed(np.moveaxis(u, 0, -1), index, shape + u.shape[:1]), -1, 0)


def _add_scattered(total, u, data):
    index, shape, ndim = data
    if innermost(index) is not None:  # a graph is being recorded
        return _scatter(u, data) if total is None else total + _scatter(u, data)
    if u.ndim == ndim:
        return add_at(np.zeros(shape, u.dtype) if total is None else total, u, index)
    if total is None:
        total = np.zeros(u.shape[:1] + shape, u.dtype)
    add_at(np.moveaxis(total, 0, -1), np.moveaxis(u, 0, -1), index)
    return total


# Data as of `sliced`.
gathered = Linear("gather", _gather, _scatter, accumulate_transpose=_add_scattered)


def taken(index, shape, ndim):
    """The entries, an array of `ndim` axes, of an array of this shape at an index without Ellipsis."""
    return (sliced if is_basic(index) else gathered)((index, shape, ndim))


def placed(index, shape, ndim):
    """Entries, an array of `ndim` axes, put to an index of zeros of this shape."""
    return transposed(taken(index, shape, ndim))


@rule(getitem)
def getitem_rule(y, x, index):
    return [taken(explicit(index, x.ndim), x.shape, y.ndim)]


@rule(embed)
def embed_rule(y, t, index, shape):
    return [placed(index, shape, t.ndim)]


@composed(np.take)
def take(a, indices, axis=None, out=None, mode="raise"):
    if axis is None:
        a, axis = np.ravel(a), 0
    indices, axis = as_array(indices), np.lib.array_utils.normalize_axis_index(axis, a.ndim)
    if mode == "wrap":
        indices = indices % a.shape[axis]
    elif mode == "clip":
        indices = np.clip(indices, 0, a.shape[axis] - 1)
    elif mode != "raise":
        raise AutodiffValueError(f"np.take: mode is 'raise', 'wrap' or 'clip', not {mode!r}")
    return getitem(a, (slice(None),) * axis + (indices,))


def lined_up(a, axis):
    """The array and the number of the axis that a call means: the flattened array where axis is None."""
    a = as_array(a)
    if axis is None:
        return np.ravel(a), 0
    return a, np.lib.array_utils.normalize_axis_index(axis, a.ndim)


@composed(np.take_along_axis)
def take_along_axis(arr, indices, axis=-1):
    arr, axis = lined_up(arr, axis)
    grid = [np.arange(n).reshape((-1,) + (1,) * (arr.ndim - i - 1)) for i, n in enumerate(arr.shape)]
    return getitem(arr, (*grid[:axis], indices, *grid[axis + 1 :]))


@composed(np.diagonal)
def diagonal(a, offset=0, axis1=0, axis2=1):
    a = np.moveaxis(a, (axis1, axis2), (-2, -1))
    size = min(a.shape[-2] + min(offset, 0), a.shape[-1] - max(offset, 0))
    at = np.arange(max(size, 0))
    return a[..., at - min(offset, 0), at + max(offset, 0)]


@composed(np.diag)
def diag(v, k=0):
    if v.ndim == 2:
        return diagonal(v, k)
    size, at = v.shape[0] + abs(k), np.arange(v.shape[0])
    return embed(v, (at - min(k, 0), at + max(k, 0)), (size, size))


@composed(np.diagflat)
def diagflat(v, k=0):
    return diag(np.ravel(v), k)


@composed(np.trace)
def trace(a, offset=0, axis1=0, axis2=1, dtype=None, out=None):
    return np.sum(diagonal(a, offset, axis1, axis2), -1, dtype)


@composed(np.linalg.diagonal)
def linalg_diagonal(x, /, *, offset=0):
    return diagonal(x, offset, -2, -1)


@composed(np.linalg.trace)
def linalg_trace(x, /, *, offset=0, dtype=None):
    return trace(x, offset, -2, -1, dtype)


# --- Chosen by masks, conditions and positions --------------------------------------------------------------


@composed(np.compress)
def compress(condition, a, axis=None, out=None):
    a, axis = lined_up(a, axis)
    return np.take(a, np.flatnonzero(condition), axis)


@composed(np.extract)
def extract(condition, arr):
    return compress(np.ravel(condition), arr)


def refuse_positions(obj):
    """The error for positions that are not known while a graph is recorded: they decide what shape there is."""
    if is_traced(obj):
        raise AutodiffTypeError(
            "np.delete and np.insert take positions as plain numbers: in a graph they are yet to come. Choose by a "
            "mask, x[np.arange(len(x)) != i], or by np.where."
        )


@composed(np.delete)
def delete(arr, obj, axis=None):
    refuse_positions(obj)
    arr, axis = lined_up(arr, axis)
    return np.take(arr, np.delete(np.arange(arr.shape[axis]), obj), axis)


@composed(np.insert)
def insert(arr, obj, values, axis=None):
    refuse_positions(obj)
    (arr, axis), values = lined_up(arr, axis), as_array(values)
    arr = np.moveaxis(arr, axis, 0)
    if np.ndim(obj) == 0 and not isinstance(obj, slice):
        values = np.moveaxis(values, 0, axis) if values.ndim == arr.ndim and arr.ndim > 1 else values
    count = np.insert(np.arange(len(arr)), obj, 0).size - len(arr)
    if values.ndim and values.ndim == arr.ndim:
        values = np.moveaxis(values, axis, 0)
        count = max(count, len(values))
    fresh = np.broadcast_to(values, (count, *arr.shape[1:])).astype(arr.dtype)
    order = np.insert(np.arange(len(arr)), obj, len(arr) + np.arange(count))
    return np.moveaxis(np.take(np.concatenate([arr, fresh]), order, 0), 0, axis)


@composed(np.resize)
def resize(a, new_shape):
    a = np.ravel(a)
    return np.take(a, np.arange(np.prod(new_shape, dtype=int)) % max(a.size, 1)).reshape(new_shape)


@composed(np.select)
def select(condlist, choicelist, default=0):
    chosen = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        chosen = np.where(condition, choice, chosen)
    return chosen.astype(joint_dtype(*choicelist, default))


@composed(np.choose)
def choose(a, choices, out=None, mode="raise"):
    if mode not in ("raise", "wrap", "clip"):
        raise AutodiffValueError(f"np.choose: mode is 'raise', 'wrap' or 'clip', not {mode!r}")
    dtype = joint_dtype(*choices)
    which, *choices = np.broadcast_arrays(a, *choices)
    which = {"wrap": which % len(choices), "clip": np.clip(which, 0, len(choices) - 1)}.get(mode, which)
    return take_along_axis(np.stack(choices), which[None], 0)[0].astype(dtype)


@composed(np.piecewise)
def piecewise(x, condlist, funclist, *args, **kw):
    condlist = condlist if np.ndim(condlist[0]) or not x.ndim else [condlist]
    otherwise = funclist[len(condlist)] if len(funclist) > len(condlist) else 0
    result, value = np.zeros_like(x), lambda f: f(x, *args, **kw) if callable(f) else f
    result = np.where(np.any(np.stack([as_array(c) for c in condlist]), 0), result, value(otherwise))
    for condition, function in zip(condlist, funclist, strict=False):
        result = np.where(condition, value(function), result)
    return result


CONSTANT.update({
    np.nonzero, np.argwhere, np.flatnonzero, np.argmax, np.argmin, np.argsort, np.searchsorted, np.count_nonzero,
    np.any, np.all, np.nanargmax, np.nanargmin, np.argpartition, np.lexsort, np.digitize,
})  # fmt: skip
