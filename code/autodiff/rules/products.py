"""Products: matmul and its kin. The local Jacobian of a product with respect to one factor is multiplication
by the other; its transpose is multiplication by the transposed other.
"""

import string

import numpy as np

from ..arrays import as_array, dispatched, innermost
from ..errors import AutodiffValueError
from ..operators import Linear, align, compose, reshaped, sum_to, typed
from ..tables import composed, rule
from .shapes import axes_of

# t ↦ t b and t ↦ a t for one matrix, the common case; a vector t is a row in the first.
times = Linear("times", lambda t, b: t @ b, lambda u, b: u @ b.mT)
premultiplied = Linear("premultiplied", lambda t, a: a @ t, lambda u, a: a.mT @ u)


def each_times(u, b):
    """Every entry of `u` times the vector `b`; by BLAS where both are plain, in half the time."""
    if type(u) is type(b) is np.ndarray:
        return np.dot(u.reshape(-1, 1), b.reshape(1, -1)).reshape(u.shape + b.shape)
    return u[..., None] * b


def outer_sum(terms):
    """Σ u bᵀ over pairs of vectors u and b (or u of more axes): one matrix product."""
    if len(terms) == 1:
        return each_times(*terms[0])
    us, vectors = zip(*terms, strict=True)
    stack = np.array if innermost(us + vectors) is None else np.stack  # the quicker one where both can
    product = stack(us).reshape(len(us), -1).T @ stack(vectors)
    return product.reshape(us[0].shape + vectors[0].shape)


# t ↦ ⟨t, b⟩ for one vector.
dotted = Linear("dotted", lambda t, b: t @ b, each_times, transpose_together=outer_sum)
# The same for stacks of matrices that broadcast. Data: the other factor, shape of this one, shape of the product.
stack_times = Linear(
    "stack times",
    lambda t, data: align(t, data[1], len(data[2])) @ data[0],
    lambda u, data: sum_to(u @ data[0].mT, data[1], len(data[2])),
)
stack_premultiplied = Linear(
    "stack premultiplied",
    lambda t, data: data[0] @ align(t, data[1], len(data[2])),
    lambda u, data: sum_to(data[0].mT @ u, data[1], len(data[2])),
)


@rule(np.matmul, operands=2)
def matmul(y, a, b):
    """d(a b) = da b + a db."""
    a, b = as_array(a), as_array(b)
    return [typed(multiplied_by(b, a, y), a, y), typed(multiplying(a, b, y), b, y)]


def multiplied_by(b, a, y):
    """da ↦ da b."""
    if b.ndim == 1:
        return dotted(b)
    if b.ndim == 2:
        return times(b)
    if a.ndim > 1:
        return stack_times((b, a.shape, y.shape))
    row, rows = (1, a.size), (*y.shape[:-1], 1, y.shape[-1])
    return compose(reshaped((rows, y.shape)), stack_times((b, row, rows)), reshaped((a.shape, row)))


def multiplying(a, b, y):
    """db ↦ a db."""
    if a.ndim == b.ndim == 1:
        return dotted(a)
    if a.ndim == 1:
        rows = (*y.shape[:-1], 1, y.shape[-1])
        return compose(reshaped((rows, y.shape)), premultiplied(a.reshape(1, -1)))
    if a.ndim == 2:
        return times(a.mT) if b.ndim == 1 else premultiplied(a)
    if b.ndim > 1:
        return stack_premultiplied((a, b.shape, y.shape))
    column, columns = (b.size, 1), (*y.shape, 1)
    return compose(reshaped((columns, y.shape)), stack_premultiplied((a, column, columns)), reshaped((b.shape, column)))


@composed(np.dot)
def dot(a, b, out=None):
    a, b = as_array(a), as_array(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    if (b.ndim <= 2 and a.ndim <= 2) or b.ndim == 1:
        return a @ b
    return tensordot(a, b, ((-1,), (-2,)))


@composed(np.vdot)
def vdot(a, b, /):
    return np.conj(np.ravel(a)) @ np.ravel(b)


@composed(np.inner)
def inner(a, b, /):
    a, b = as_array(a), as_array(b)
    return a * b if a.ndim == 0 or b.ndim == 0 else tensordot(a, b, ((-1,), (-1,)))


@composed(np.outer)
def outer(a, b, out=None):
    return np.ravel(a)[:, None] * np.ravel(b)


@composed(np.linalg.outer)
def linalg_outer(x1, x2, /):
    return outer(x1, x2)


@composed(np.vecdot, np.linalg.vecdot)
def vecdot(x1, x2, /, *, axis=-1):
    if as_array(x1).shape[axis] != as_array(x2).shape[axis]:
        raise AutodiffValueError(f"vecdot: lengths of axis {axis} differ: {x1.shape} and {x2.shape}")
    product = np.conj(x1) * x2 if as_array(x1).dtype.kind == "c" else x1 * x2
    return np.sum(product, axis)


if hasattr(np, "matvec"):  # NumPy ≥ 2.2

    @composed(np.matvec)
    def matvec(x1, x2, /):
        return (x1 @ x2[..., None])[..., 0]

    @composed(np.vecmat)
    def vecmat(x1, x2, /):
        return (np.conj(x1)[..., None, :] @ x2)[..., 0, :]


@composed(np.linalg.matmul)
def linalg_matmul(x1, x2, /):
    return x1 @ x2


@composed(np.tensordot, np.linalg.tensordot)
def tensordot(a, b, axes=2):
    """One matrix product: the axes to sum over behind in `a`, in front in `b`."""
    a, b = as_array(a), as_array(b)
    if isinstance(axes, int | np.integer):
        axes = (tuple(range(a.ndim - axes, a.ndim)), tuple(range(axes)))
    over_a, over_b = axes_of(_listed(axes[0]), a.ndim), axes_of(_listed(axes[1]), b.ndim)
    if [a.shape[i] for i in over_a] != [b.shape[i] for i in over_b]:
        raise AutodiffValueError(
            f"tensordot: the axes to sum over must have equal lengths: {over_a} of {a.shape}, {over_b} of {b.shape}"
        )
    free_a = tuple(i for i in range(a.ndim) if i not in over_a)
    free_b = tuple(i for i in range(b.ndim) if i not in over_b)
    shape = tuple(a.shape[i] for i in free_a) + tuple(b.shape[i] for i in free_b)
    inner_size = int(np.prod([a.shape[i] for i in over_a], dtype=int))
    left = np.transpose(a, free_a + over_a).reshape((a.size // max(inner_size, 1), inner_size))
    right = np.transpose(b, over_b + free_b).reshape((inner_size, b.size // max(inner_size, 1)))
    return (left @ right).reshape(shape)


def _listed(axes):
    return tuple(axes) if np.ndim(axes) else (int(axes),)


# --- Powers, chains, tensors --------------------------------------------------------------------------------


@composed(np.linalg.matrix_power)
def matrix_power(a, n):
    if n < 0:
        a, n = np.linalg.inv(a), -n
    y = None
    while n:
        y = (a if y is None else y @ a) if n % 2 else y
        a, n = (a @ a if n > 1 else a), n // 2
    return np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape) + 0 * a if y is None else y


@composed(np.linalg.multi_dot)
def multi_dot(arrays, *, out=None):
    arrays = [as_array(a) for a in arrays]
    while len(arrays) > 1:  # from the end whose result is the smaller
        first, last = arrays[0] @ arrays[1], arrays[-2] @ arrays[-1]
        arrays = [first, *arrays[2:]] if first.size <= last.size else [*arrays[:-2], last]
    return arrays[0]


@composed(np.linalg.tensorsolve)
def tensorsolve(a, b, axes=None):
    a, b = as_array(a), as_array(b)
    if axes is not None:
        moved = axes_of(axes, a.ndim)
        a = np.transpose(a, [i for i in range(a.ndim) if i not in moved] + list(moved))
    shape = a.shape[b.ndim :]
    return np.linalg.solve(a.reshape(b.size, -1), np.ravel(b)).reshape(shape)


@composed(np.linalg.tensorinv)
def tensorinv(a, ind=2):
    rows = int(np.prod(a.shape[:ind]))
    return np.linalg.inv(a.reshape(rows, -1)).reshape(a.shape[ind:] + a.shape[:ind])


# --- einsum -------------------------------------------------------------------------------------------------


@composed(np.einsum)
def einsum(*operands, out=None, optimize=False, **kwargs):
    """Einsum in canonical form: explicit letters, no ellipsis, no letter twice in an operand."""
    inputs, output, arrays = parse(operands)
    for i, letters in enumerate(inputs):
        inputs[i], arrays[i] = without_repeats(letters, arrays[i])
    return contract(",".join(inputs) + "->" + output, tuple(arrays))


def parse(operands):
    """Letters of each operand and of the result, and the operands, of any way to call `np.einsum`."""
    if isinstance(operands[0], str):
        subscripts, arrays = operands[0].replace(" ", ""), [as_array(a) for a in operands[1:]]
    else:
        arrays = [as_array(a) for a in operands[0 : len(operands) // 2 * 2 : 2]]
        lists = [_spelled(operands[i]) for i in range(1, len(operands), 2)]
        subscripts = ",".join(lists) + (f"->{_spelled(operands[-1])}" if len(operands) % 2 else "")
    left, arrow, output = subscripts.partition("->")
    inputs = left.split(",")
    if len(inputs) != len(arrays):
        raise ValueError(f"einsum: {len(inputs)} subscripts for {len(arrays)} operands")
    free = [letter for letter in string.ascii_letters if letter not in subscripts]
    wide = max(
        (
            a.ndim - len(letters.replace("...", ""))
            for letters, a in zip(inputs, arrays, strict=True)
            if "..." in letters
        ),
        default=0,
    )
    dots = "".join(free[:wide])

    def filled(letters, ndim):
        count = ndim - len(letters.replace("...", ""))
        return letters.replace("...", dots[wide - count :])

    inputs = [filled(letters, a.ndim) for letters, a in zip(inputs, arrays, strict=True)]
    if not arrow:
        every = "".join(inputs)
        output = dots + "".join(sorted(c for c in set(every) if every.count(c) == 1 and c not in dots))
    elif dots and "..." not in output:
        raise AutodiffValueError(
            "einsum: the result has no ellipsis for the axes that the operands' ellipses stand for"
        )
    return inputs, output.replace("...", dots), arrays


def _spelled(numbers):
    return "".join("..." if i is Ellipsis else string.ascii_letters[i] for i in numbers)


def without_repeats(letters, a):
    """The diagonal of `a` for each letter that stands twice."""
    for letter in sorted(set(letters)):
        while letters.count(letter) > 1:
            first = letters.index(letter)
            second = letters.index(letter, first + 1)
            if a.shape[first] != a.shape[second]:
                raise AutodiffValueError(f"einsum: {letter} stands for lengths {a.shape[first]} and {a.shape[second]}")
            a = np.diagonal(a, 0, first, second)
            letters = letters[:first] + letters[first + 1 : second] + letters[second + 1 :] + letter
    return letters, a


@dispatched
def contract(subscripts, arrays):
    return np.einsum(subscripts, *arrays, optimize=len(arrays) > 2 or max(a.size for a in arrays) > 4096)


def unused(inputs):
    """A letter for the batch axis."""
    return next(letter for letter in reversed(string.ascii_letters) if not any(letter in own for own in inputs))


def _contracted(t, data):
    i, inputs, output, others, shape, _ = data
    batch = "" if t.ndim == len(shape) else unused(inputs)
    inputs = (*inputs[:i], batch + inputs[i], *inputs[i + 1 :])
    return contract(",".join(inputs) + "->" + batch + output, (*others[:i], t, *others[i:]))


def _uncontracted(u, data):
    i, inputs, output, others, shape, sizes = data
    batch = "" if u.ndim == len(output) else unused(inputs)
    rest = inputs[:i] + inputs[i + 1 :]
    alone = [letter for letter in inputs[i] if letter not in output and not any(letter in other for other in rest)]
    ones = tuple(np.ones(sizes[letter], u.dtype) for letter in alone)
    subscripts = ",".join((batch + output, *rest, *alone)) + "->" + batch + inputs[i]
    return sum_to(contract(subscripts, (u, *others, *ones)), shape, len(shape))


# Data: which operand, the letters of all, the letters of the result, the other operands, this one's shape, sizes.
contraction = Linear("contraction", _contracted, _uncontracted)


@rule(contract, operands=lambda args: args[1])
def contract_rule(y, subscripts, arrays):
    left, _, output = subscripts.partition("->")
    inputs = tuple(left.split(","))
    sizes: dict = {}
    for letters, a in zip(inputs, arrays, strict=True):
        for letter, size in zip(letters, a.shape, strict=True):
            sizes[letter] = max(size, sizes.get(letter, 1)) if size != 0 else 0
    return [
        typed(contraction((i, inputs, output, arrays[:i] + arrays[i + 1 :], a.shape, sizes)), a, y)
        for i, a in enumerate(arrays)
    ]
