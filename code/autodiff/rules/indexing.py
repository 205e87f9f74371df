"""Indexing: entries taken out; the transpose puts cotangents back to where the entries stood, and adds.

Basic indices (integers, slices) name each entry at most once, so the transpose adds into a view, in place.
Advanced indices (arrays) may repeat entries: their transpose is `np.add.at`.
"""

import numpy as np

from ..arrays import dispatched, getitem
from ..operators import Linear
from ..tables import CONSTANT, composed, rule


def is_basic(index):
    """Whether an index tuple holds only integers, slices, None and Ellipsis."""
    return all(
        i is None or i is Ellipsis or (isinstance(i, int | np.integer | slice) and not isinstance(i, bool))
        for i in index
    )


def explicit(index, ndim):
    """An index as a tuple without Ellipsis, so that axes behind the indexed ones stay out of it."""
    index = index if isinstance(index, tuple) else (index,)
    index = tuple(as_index(i) if isinstance(i, list | bool | np.bool) else i for i in index)
    if not any(i is Ellipsis for i in index):
        return index
    used = sum(
        0 if i is None or i is Ellipsis else i.ndim if isinstance(i, np.ndarray) and i.dtype == bool else 1
        for i in index
    )
    at = next(k for k, i in enumerate(index) if i is Ellipsis)
    return index[:at] + (slice(None),) * (ndim - used) + index[at + 1 :]


def as_index(i):
    """A list or boolean in an index as an array; an empty list selects nothing, as in NumPy."""
    return np.asarray(i, np.intp) if i == [] else np.asarray(i)


@dispatched
def embed(t, index, shape):
    """Zeros of this shape, with `t` added at `index`: the transpose of `getitem`."""
    total = np.zeros(shape, t.dtype)
    return add_at(total, t, index)


def add_at(total, t, index):
    """Add `t` into `total` at `index`, in place; entries that the index repeats get each share."""
    if is_basic(index) or any(isinstance(i, np.ndarray) and i.dtype == bool for i in index):
        total[index] += t
    else:
        np.add.at(total, index, t)
    return total


# With batch axes in front, basic indices get slices in front. Advanced ones may move axes to the front, so the batch
# goes to the back and returns.


def _take(t, data):
    index, shape = data
    if t.ndim == len(shape):
        return getitem(t, index)
    if is_basic(index):
        return getitem(t, (slice(None), *index))
    return np.moveaxis(getitem(np.moveaxis(t, 0, -1), index), -1, 0)


def _place(u, data):
    index, shape, ndim = data[0], data[1], _result_ndim(data)
    if u.ndim == ndim:
        return embed(u, index, shape)
    if is_basic(index):
        return embed(u, (slice(None), *index), u.shape[:1] + shape)
    return np.moveaxis(embed(np.moveaxis(u, 0, -1), index, shape + u.shape[:1]), -1, 0)


def _result_ndim(data):
    index, shape = data
    if is_basic(index):
        return len(shape) - sum(isinstance(i, int | np.integer) for i in index) + sum(i is None for i in index)
    return np.empty(shape, bool)[index].ndim


def _accumulate(total, u, data):
    index, shape = data
    batch = u.shape[: u.ndim - _result_ndim(data)]
    if total is None:
        total = np.zeros(batch + shape, u.dtype)
    if not batch:
        return add_at(total, u, index)
    if is_basic(index):
        return add_at(total, u, (slice(None), *index))
    add_at(np.moveaxis(total, 0, -1), np.moveaxis(u, 0, -1), index)
    return total


# Data: an index tuple without Ellipsis, the shape of the array that it is for.
taken = Linear("take", _take, _place, accumulate_transpose=_accumulate)
placed = taken.T


@rule(getitem)
def getitem_rule(y, x, index):
    return [taken((explicit(index, x.ndim), x.shape))]


@rule(embed)
def embed_rule(y, t, index, shape):
    return [placed((index, shape))]


@composed(np.take)
def take(a, indices, axis=None, out=None, mode="raise"):
    if axis is None:
        a, axis = np.ravel(a), 0
    indices = np.asarray(indices)
    if mode == "wrap":
        indices = indices % a.shape[axis]
    if mode == "clip":
        indices = np.clip(indices, 0, a.shape[axis] - 1)
    axis = axis % a.ndim
    return a[(slice(None),) * axis + (indices,)]


@composed(np.diagonal, np.linalg.diagonal)
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


@composed(np.trace, np.linalg.trace)
def trace(a, offset=0, axis1=0, axis2=1, dtype=None, out=None):
    return np.sum(diagonal(a, offset, axis1, axis2), -1, dtype)


CONSTANT.update({
    np.nonzero, np.argwhere, np.flatnonzero, np.argmax, np.argmin, np.argsort, np.searchsorted, np.count_nonzero,
    np.any, np.all, np.nanargmax, np.nanargmin, np.argpartition, np.lexsort, np.digitize,
})  # fmt: skip
