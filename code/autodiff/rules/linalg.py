"""Linear algebra: derivatives of solutions, inverses and lengths, all found by differentiating what defines them.

From a y = b:  da y + a dy = db,  so  dy = a⁻¹ (db − da y).  The transpose solves with aᵀ.
"""

import numpy as np

from ..arrays import as_array, dispatched
from ..errors import AutodiffValueError
from ..operators import Linear, align, compose, diagonal, negation, sum_to, typed
from ..tables import composed, rule
from .elementwise import nonzero
from .products import stack_premultiplied, stack_times
from .reductions import kept_shape, reduction
from .shapes import axes_of

# t ↦ a⁻¹ t for matrices t (or stacks that broadcast). Data: a, shape of the right-hand side, shape of the solution.
solved = Linear(
    "solve",
    lambda t, data: np.linalg.solve(data[0], align(t, data[1], len(data[2]))),
    lambda u, data: sum_to(np.linalg.solve(data[0].mT, u), data[1], len(data[2])),
)


@dispatched
def solve_columns(a, b):
    """a⁻¹ b for b of at least two axes."""
    return np.linalg.solve(a, b)


@rule(solve_columns, operands=2)
def solve_rule(y, a, b):
    """dy = a⁻¹ (db − da y)."""
    by_a = compose(negation(), solved((a, y.shape, y.shape)), stack_times((y, a.shape, y.shape)))
    by_b = solved((a, b.shape, y.shape))
    return [typed(by_a, a, y), typed(by_b, b, y)]


@composed(np.linalg.solve)
def solve(a, b):
    a, b = as_array(a), as_array(b)
    return solve_columns(a, b[:, None])[..., 0] if b.ndim == 1 else solve_columns(a, b)


@rule(np.linalg.inv)
def inv(y, a):
    """dy = −y da y."""
    return [compose(negation(), stack_premultiplied((y, y.shape, y.shape)), stack_times((y, y.shape, y.shape)))]


@dispatched
def length(x, axes, keepdims):
    """√Σx² over `axes`, of real numbers."""
    return np.sqrt(np.sum(x * x, axis=axes, keepdims=keepdims))


@rule(length)
def length_rule(y, x, axes, keepdims):
    """dy = Σ x dx / y, and 0 where y = 0."""
    return reduction(y, x, axes, diagonal(x / nonzero(y.reshape(kept_shape(x.shape, axes)))))


@composed(np.linalg.vector_norm)
def vector_norm(x, /, *, axis=None, keepdims=False, ord=2):
    if axis is None and not keepdims:
        x, axis = np.ravel(x), 0
    return norm(x, ord, axis, keepdims)


@composed(np.linalg.matrix_norm)
def matrix_norm(x, /, *, keepdims=False, ord="fro"):
    return norm(x, ord, (-2, -1), keepdims)


@composed(np.linalg.norm)
def norm(x, ord=None, axis=None, keepdims=False):
    """The 2-norm of vectors and the Frobenius norm of matrices."""
    axes = axes_of(axis, x.ndim)
    if ord is None or (ord == "fro" and len(axes) == 2) or (ord == 2 and len(axes) == 1):
        return length(np.abs(x) if x.dtype.kind == "c" else x, axes, keepdims)
    raise AutodiffValueError(f"np.linalg.norm with ord={ord!r} of {len(axes)} axes has no rule")
