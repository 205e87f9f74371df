"""Linear operators: local Jacobians that are applied, transposed and composed, but hardly ever stored.

The Jacobian of an elementwise sine on 10⁶ numbers has 10¹² entries and one interesting diagonal. So a
primitive does not hand out a matrix; it hands out a *linear operator*: a family (`Linear`) that knows how to
apply itself and its transpose, together with the data that single out one member of the family (a diagonal,
an axis, a matrix to multiply by).

    operator = diagonal(np.cos(x))             # a pair (family, data)
    family, data = operator
    family.apply(tangent, data)                # J ẋ     forward mode
    family.transpose(cotangent, data)          # Jᵀ ȳ    reverse mode

Conventions, for every family:

- A tangent has the shape of its primal or one more axis in front: a batch of tangents, all pushed at once.
- Operators are linear over the real numbers, and the transpose belongs to the pairing ⟨u, v⟩ = Re Σ u v
  (no conjugate). For complex-linear operators it is the plain transpose.
- `apply` and `transpose` are written in NumPy, so their arguments and data may themselves be traced:
  this is all that derivatives of derivatives need.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Operator = tuple["Linear", Any]
Shape = tuple[int, ...]


class Linear:
    """A family of linear operators, each given by its data; `family.T` is the family of their transposes.

    Two ways to sum that some families have. `accumulate(total, t, data)` returns `total + apply(t, data)` and may
    write into `total`, an array of our own (or None, to begin with). A slice of a cotangent, say, then costs the
    slice and not the whole array. `together([(t, data), …])` is the sum of all these `apply(t, data)`, in one go.
    """

    __slots__ = ("T", "accumulate", "apply", "name", "together", "transpose")
    T: "Linear"
    together: Callable | None

    def __init__(
        self,
        name: str,
        apply: Callable,
        transpose: Callable,
        accumulate: Callable | None = None,
        accumulate_transpose: Callable | None = None,
        transpose_together: Callable | None = None,
    ):
        self.name, self.apply, self.transpose, self.accumulate = name, apply, transpose, accumulate
        other = object.__new__(Linear)
        other.name, other.apply, other.transpose = f"{name}ᵀ", transpose, apply
        other.accumulate, other.T, self.T = accumulate_transpose, self, other
        other.together, self.together = transpose_together, None

    def __call__(self, data: Any = None) -> Operator:
        """The member of this family with these data."""
        return self, data

    def __repr__(self) -> str:
        return f"Linear({self.name})"


def compose(*operators: Operator) -> Operator:
    """The product of operators, the one on the right applied first: compose(B, A) is v ↦ B(A v)."""
    return composition(operators)


def _apply_all(t: Any, operators: tuple[Operator, ...]) -> Any:
    for family, data in reversed(operators):
        t = family.apply(t, data)
    return t


def _transpose_all(u: Any, operators: tuple[Operator, ...]) -> Any:
    for family, data in operators:
        u = family.transpose(u, data)
    return u


composition = Linear("composition", _apply_all, _transpose_all)


def transposed(operator: Operator) -> Operator:
    """The transpose of an operator, as an operator."""
    family, data = operator
    return family.T, data


# --- Shapes with a batch in front ---------------------------------------------------------------------------


def batch_of(t: Any, shape: Shape) -> Shape:
    """The batch axes of `t`, whose other axes are `shape`."""
    return t.shape[: t.ndim - len(shape)]


def align(t: Any, shape: Shape, ndim: int) -> Any:
    """`t` of shape batch + `shape`, with axes of length 1 between, so that it broadcasts against `ndim` axes."""
    batch = batch_of(t, shape)
    missing = ndim - len(shape)
    return t.reshape(batch + (1,) * missing + shape) if batch and missing else t


def sum_to(u: Any, shape: Shape, ndim: int) -> Any:
    """The transpose of broadcasting `shape` to `ndim` axes: sum over every axis that was repeated.

    An array of shape batch + (`ndim` axes) becomes one of shape batch + `shape`.
    """
    batch = u.shape[: u.ndim - ndim]
    missing = ndim - len(shape)
    repeated = [axis - len(shape) for axis, size in enumerate(shape) if size == 1 and u.shape[axis - len(shape)] != 1]
    axes = tuple(range(-ndim, -len(shape))) + tuple(repeated)
    if not axes:
        return u
    total = total_over(u, axes)
    return total if missing and not repeated else total.reshape(batch + shape)


def stretched(t: Any, shape: Shape) -> Any:
    """`np.broadcast_to(t, shape)`; as a new array where that is small, and so five times quicker."""
    if t.shape == shape:
        return t
    if type(t) is np.ndarray and math.prod(shape) < 2048:
        filled = np.empty(shape, t.dtype)
        filled[...] = t
        return filled
    return np.broadcast_to(t, shape)


def total_over(u: Any, axes: Shape) -> Any:
    """`u.sum(axes)`; by einsum where the last axis is short, since NumPy's sum takes four times as long there."""
    if type(u) is not np.ndarray or u.size < 500 or u.shape[-1] > 100:
        return u.sum(axis=axes)
    dropped = {axis % u.ndim for axis in axes}
    return np.einsum(u, list(range(u.ndim)), [axis for axis in range(u.ndim) if axis not in dropped])


def real_if(dtype: np.dtype, u: Any) -> Any:
    """`u` in `dtype`; where that drops an imaginary part, this is the transpose of ℝ ⊂ ℂ."""
    if u.dtype == dtype:
        return u
    if u.dtype.kind == "c" and dtype.kind != "c":
        u = np.real(u)
    return u.astype(dtype)


# --- The families that elementwise functions need -----------------------------------------------------------

identity = Linear("identity", lambda t, _: t, lambda u, _: u)
negation = Linear("negation", lambda t, _: -t, lambda u, _: -u)
diagonal = Linear("diagonal", lambda t, d: t * d, lambda u, d: u * d)


def _broadcast(t: Any, data: tuple) -> Any:
    shape, target, _, dtype = data
    t = align(t, shape, len(target))
    batch = t.shape[: t.ndim - len(target)] if t.ndim > len(target) else ()
    return real_if(dtype, stretched(t, batch + target))


def _unbroadcast(u: Any, data: tuple) -> Any:
    shape, target, dtype, _ = data
    return real_if(dtype, sum_to(u, shape, len(target)))


# Data: shape, target shape, dtype, target dtype.
broadcast = Linear("broadcast", _broadcast, _unbroadcast)


def fit(x: Any, y: Any) -> Operator:
    """Broadcasting (and casting) of an operand `x` to the shape and dtype of a result `y`."""
    return broadcast((x.shape, y.shape, x.dtype, y.dtype))


def _scale(t: Any, data: tuple) -> Any:
    d, shape, target, _, dtype = data
    t = align(t, shape, len(target)) * d
    batch = t.shape[: t.ndim - len(target)] if t.ndim > len(target) else ()
    return real_if(dtype, stretched(t, batch + target))


def _unscale(u: Any, data: tuple) -> Any:
    d, shape, target, dtype, _ = data
    return real_if(dtype, sum_to(u * d, shape, len(target)))


# A diagonal behind a broadcast. Data: diagonal, shape, target shape, dtype, target dtype.
scaled_broadcast = Linear("scaled broadcast", _scale, _unscale)

# Entries where a mask is false are dropped, not multiplied by zero: 0 · inf is nan. Data: the mask.
masked = Linear("mask", lambda t, keep: np.where(keep, t, 0), lambda u, keep: np.where(keep, u, 0))

# A change of dtype. Data: from, to.
cast = Linear("cast", lambda t, data: real_if(data[1], t), lambda u, data: real_if(data[0], u))


def typed(operator: Operator, x: Any, y: Any) -> Operator:
    """An operator on values of the dtype of `y`, for an operand `x` that may have another."""
    return operator if x.dtype == y.dtype else compose(operator, cast((x.dtype, y.dtype)))


# --- Families that several rules share ----------------------------------------------------------------------


def _reshape(t: Any, source: Shape, target: Shape) -> Any:
    return t.reshape(batch_of(t, source) + target)


# Data: shape, target shape.
reshaped = Linear("reshape", lambda t, data: _reshape(t, *data), lambda u, data: _reshape(u, data[1], data[0]))


def _permute(t: Any, axes: Shape) -> Any:
    batch = t.ndim - len(axes)
    return np.transpose(t, (*range(batch), *(batch + axis for axis in axes)))


# Data: for each axis of the result, the axis of the operand that it is.
permuted = Linear("permute", _permute, lambda u, axes: _permute(u, tuple(np.argsort(axes).tolist())))


def _total(t: Any, data: tuple) -> Any:
    shape, target, _, axes = data
    total, whole = total_over(t, axes), batch_of(t, shape) + target
    return total if total.shape == whole else total.reshape(whole)


def _spread(u: Any, data: tuple) -> Any:
    shape, target, kept, _ = data
    batch = batch_of(u, target)
    return stretched(u.reshape(batch + kept), batch + shape)


def kept_shape(shape: Shape, axes: Shape) -> Shape:
    """The shape with 1 for each of the axes: as `keepdims=True` leaves it."""
    return tuple([1 if axis in axes else size for axis, size in enumerate(shape)])


def summed_over(x: Any, axes: Shape, y: Any) -> Operator:
    """The sum over `axes` of an array like `x`, in the shape of `y`; its transpose repeats along them."""
    return summed((x.shape, y.shape, kept_shape(x.shape, axes), tuple([axis - x.ndim for axis in axes])))


# Data: shape, target shape, shape with 1 for the axes summed over, these axes counted from the end.
summed = Linear("sum", _total, _spread)

# --- Several operands at once -------------------------------------------------------------------------------


class Bundle:
    """Tangents of several values as one: a vector of the product space. A missing part is zero."""

    __slots__ = ("parts",)

    def __init__(self, parts: dict[int, Any]):
        self.parts = parts

    def __add__(self, other: "Bundle") -> "Bundle":
        parts = dict(self.parts)
        for i, t in other.parts.items():
            parts[i] = parts[i] + t if i in parts else t
        return Bundle(parts)


def filled(bundle: Bundle, spaces: Sequence[tuple]) -> tuple[list, Shape]:
    """The parts of a bundle, with zeros for missing ones, and the batch axes in front of all.

    `spaces` are the shapes and dtypes of the parts without these axes.
    """
    i, t = next(iter(bundle.parts.items()))
    batch = t.shape[: t.ndim - len(spaces[i][0])]
    zero = lambda shape, dtype: np.zeros(batch + shape, dtype)[()]
    return [bundle.parts[i] if i in bundle.parts else zero(*space) for i, space in enumerate(spaces)], batch


# Into the i-th place of a bundle; the transpose takes it out. Data: i.
slot = Linear("slot", lambda t, i: Bundle({i: t}), lambda u, i: u.parts[i])
