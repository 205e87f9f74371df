"""Linear algebra: derivatives of solutions, inverses and lengths, all found by differentiating what defines them.

From a y = b:  da y + a dy = db,  so  dy = a⁻¹ (db − da y).  The transpose solves with aᵀ.

Where matrices are singular, or of deficient rank: the determinant has its derivatives (from the third on, an error);
log |det|, inverses, pseudoinverses, least squares and QR factors have none, and the error says so. Equal
eigenvalues and singular values: see `autodiff.rules.spectral`.
"""

import numpy as np

from ..arrays import as_array, dispatched, is_traced, untraced
from ..errors import AutodiffTypeError, AutodiffValueError
from ..operators import Linear, align, cast, compose, diagonal, kept_shape, negation, sum_to, typed
from ..tables import CONSTANT, composed, rule
from ..tracing import JacobianTrace, is_traced_by
from .elementwise import NO_VALUE, imaginary, over_length
from .products import premultiplied, stack_premultiplied, stack_times, times
from .reductions import reduction
from .shapes import axes_of
from .spectral import added, adjoint, between, conjugated
from .spectral import hermitian as as_hermitian

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
    return reduction(y, x, axes, diagonal(over_length(x, y.reshape(kept_shape(x.shape, axes)))))


@composed(np.linalg.vector_norm)
def vector_norm(x, /, *, axis=None, keepdims=False, ord=2):
    if axis is not None:
        return norm(x, ord, axis, keepdims)
    y = norm(np.ravel(x), ord, 0)
    return y.reshape((1,) * x.ndim) if keepdims else y


@composed(np.linalg.matrix_norm)
def matrix_norm(x, /, *, keepdims=False, ord="fro"):
    return norm(x, ord, (-2, -1), keepdims)


def power_sum(x, p, axes, keepdims):
    """(Σ |x|^p)^(1/p), and the derivative 0 where this is 0."""
    size = np.abs(x)
    kept = np.where(size == 0, 1, size) ** p if p < 0 else size**p
    total = np.sum(kept, axis=axes, keepdims=keepdims)
    nothing = np.any(size == 0, axis=axes, keepdims=keepdims) if p < 0 else total == 0
    return np.where(nothing, 0, np.where(nothing, 1, total) ** (1 / p))


VECTOR_NORMS = {
    None: lambda x, axes, keepdims: length(np.abs(x) if x.dtype.kind == "c" else x, axes, keepdims),
    np.inf: lambda x, axes, keepdims: np.max(np.abs(x), axes, keepdims=keepdims),
    -np.inf: lambda x, axes, keepdims: np.min(np.abs(x), axes, keepdims=keepdims),
    0: lambda x, axes, keepdims: np.sum((x != 0).astype(np.abs(x).dtype), axes, keepdims=keepdims),
    1: lambda x, axes, keepdims: np.sum(np.abs(x), axes, keepdims=keepdims),
}
VECTOR_NORMS[2] = VECTOR_NORMS[None]

MATRIX_NORMS = {  # of stacks of matrices
    "nuc": lambda x: np.sum(np.linalg.svdvals(x), -1),
    2: lambda x: np.max(np.linalg.svdvals(x), -1),
    -2: lambda x: np.min(np.linalg.svdvals(x), -1),
    1: lambda x: np.max(np.sum(np.abs(x), -2), -1),
    -1: lambda x: np.min(np.sum(np.abs(x), -2), -1),
    np.inf: lambda x: np.max(np.sum(np.abs(x), -1), -1),
    -np.inf: lambda x: np.min(np.sum(np.abs(x), -1), -1),
}


@composed(np.linalg.norm)
def norm(x, ord=None, axis=None, keepdims=False):
    if is_traced(ord):
        raise AutodiffTypeError("np.linalg.norm: ord must not be traced. Write np.sum(np.abs(x)**p, axis)**(1/p).")
    axes = axes_of(axis, x.ndim)
    if ord is None or (ord == "fro" and len(axes) == 2):
        return VECTOR_NORMS[None](x, axes, keepdims)
    if len(axes) == 1 and not isinstance(ord, str):
        known = VECTOR_NORMS.get(ord)
        return known(x, axes, keepdims) if known else power_sum(x, ord, axes, keepdims)
    if len(axes) != 2 or ord not in MATRIX_NORMS:
        raise AutodiffValueError(f"np.linalg.norm: there is no norm {ord!r} of {len(axes)} axes")
    y = MATRIX_NORMS[ord](np.moveaxis(x, axes, (-2, -1)))
    return y.reshape(kept_shape(x.shape, axes)) if keepdims else y


@composed(np.linalg.cond)
def cond(x, p=None):
    if p in (None, 2, -2):
        s = np.linalg.svdvals(x)
        if p == -2:
            return s[..., -1] / s[..., 0]
        if np.any(untraced(s)[..., -1] == 0):
            raise AutodiffValueError(SINGULAR.format("np.linalg.cond"))
        return s[..., 0] / s[..., -1]
    return norm(x, p, (-2, -1)) * norm(inverse(x, "np.linalg.cond"), p, (-2, -1))


# --- Determinants -------------------------------------------------------------------------------------------

# t ↦ Σ c t over the last two axes. Data: c.
paired = Linear("pairing", lambda t, c: np.sum(t * c, (-2, -1)), lambda u, c: u[..., None, None] * c)


@dispatched
def cofactors(a):
    """The matrices of cofactors, det(a) a⁻ᵀ; by singular vectors, so that a may be singular."""
    u, s, vh = np.linalg.svd(a)
    others = np.where(np.eye(s.shape[-1], dtype=bool), 1, s[..., None, :]).prod(-1)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return np.conj((np.conj(sign)[..., None, None] * u * others[..., None, :]) @ vh) if a.size else np.zeros_like(a)


turned_over = Linear("transpose", lambda t, _: t.mT, lambda u, _: u.mT)


def _minors(t, p):
    return (
        np.sum(p * np.diagonal(t, 0, -2, -1)[..., None, :], -1)[..., None] * np.eye(p.shape[-1], dtype=p.dtype)
        - p * t.mT
    )


# How the cofactors of a diagonal matrix move with it; its own transpose. Data: the products of all its entries but two.
minors = Linear("minors", _minors, _minors)


@dispatched
def is_regular(a):
    """Whether matrices have full rank, to rounding. In a graph, the `if` that asks becomes a guard."""
    return np.all(np.linalg.matrix_rank(a) == a.shape[-1])


CONSTANT.add(is_regular)


@rule(cofactors)
def cofactors_rule(y, a):
    """For a⁻¹ = b: dy = y tr(b da) − bᵀ daᵀ y. Where a = u s vh is singular: the same for s, by its minors."""
    if is_regular(a):
        b = np.linalg.inv(a)
        return [added((compose(paired.T(y), paired(b.mT)), compose(negation(), between((b.mT, y)), turned_over())))]
    if is_traced_by(a, JacobianTrace):
        raise AutodiffValueError("third derivatives of a determinant: the matrix is singular, and has none here")
    u, s, vh = np.linalg.svd(a)
    own = np.eye(s.shape[-1], dtype=bool)
    left_out = own[:, None, :] | own[None, :, :]
    products = np.where(left_out, 1, s[..., None, None, :]).prod(-1) * ~own
    sign = np.linalg.det(u) * np.linalg.det(vh)
    back = between((sign[..., None, None] * np.conj(u), np.conj(vh)))
    return [compose(back, minors(products), between((adjoint(u), adjoint(vh))))]


SINGULAR = "{}: the matrix is singular, and there is no derivative"


def inverse(a, what):
    """a⁻¹; or an error that says what does not exist."""
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError as error:
        raise AutodiffValueError(SINGULAR.format(what)) from error


@rule(np.linalg.det)
def det(y, a):
    """dy = Σ cof(a) da: right for singular matrices, too."""
    return [paired(cofactors(a))]


@dispatched
def log_det(a):
    """log |det a|."""
    return np.linalg.slogdet(a)[1]


@dispatched
def unit_det(a):
    """det a / |det a|."""
    return np.linalg.slogdet(a)[0]


@rule(log_det)
def log_det_rule(y, a):
    """dy = Re tr(a⁻¹ da)."""
    return [compose(cast((a.dtype, y.dtype)), paired(inverse(a, "np.linalg.slogdet").mT))]


@rule(unit_det)
def unit_det_rule(y, a):
    """dy = i y Im tr(a⁻¹ da); a real sign does not move."""
    if a.dtype.kind != "c":
        return [None]
    return [compose(diagonal(y), imaginary(), paired(inverse(a, "np.linalg.slogdet").mT))]


@composed(np.linalg.slogdet)
def slogdet(a):
    return type(np.linalg.slogdet(np.eye(1)))(unit_det(a), log_det(a))


# --- Factors ------------------------------------------------------------------------------------------------


@dispatched
def lower_factor(h):
    """The Cholesky factor of Hermitian matrices."""
    return np.linalg.cholesky(h)


@rule(lower_factor)
def lower_factor_rule(y, h):
    """For b = y⁻¹: dy = y Φ(b dh bᴴ), where Φ takes the lower triangle, and half of the diagonal."""
    b = np.linalg.inv(y)
    half = np.tri(h.shape[-1], dtype=np.real(y).dtype) - 0.5 * np.eye(h.shape[-1], dtype=np.real(y).dtype)
    return [compose(premultiplied(y), diagonal(half), between((b, adjoint(b))))]


@composed(np.linalg.cholesky)
def cholesky(a, /, *, upper=False):
    y = lower_factor(as_hermitian(a, "U" if upper else "L"))
    return adjoint(y) if upper else y


@dispatched
def thin_qr(a):
    """Q and R of matrices that have no more columns than rows."""
    return np.linalg.qr(a)


def _skew(x, low):
    x = x * low
    return x - adjoint(x)


# X ↦ L − Lᴴ for the lower triangle L of X, with half of its diagonal. Data: ones there.
skewed = Linear("skew part", _skew, lambda u, low: (u - adjoint(u)) * low)


@rule(thin_qr)
def thin_qr_rule(y, a):
    """For X = Qᴴ da R⁻¹ and its skew part Ω: dQ = (da − Q Qᴴ da) R⁻¹ + Q Ω and dR = Qᴴ da − Ω R."""
    q, r = y
    sizes = np.abs(np.diagonal(untraced(r), 0, -2, -1))
    if not np.all(sizes > np.finfo(r.dtype).eps * a.shape[-2] * np.max(sizes, -1, keepdims=True, initial=0)):
        raise AutodiffValueError("np.linalg.qr: the columns are linearly dependent, and Q and R have no derivative")
    b = np.linalg.inv(r)
    low = np.tri(r.shape[-1], dtype=sizes.dtype) - 0.5 * np.eye(r.shape[-1], dtype=sizes.dtype)
    x = between((adjoint(q), b))
    skew = compose(skewed(low), x)
    by_q = added((times(b), compose(negation(), premultiplied(q), x), compose(premultiplied(q), skew)))
    return [[by_q], [added((premultiplied(adjoint(q)), compose(negation(), times(r), skew)))]]


@composed(np.linalg.qr)
def qr(a, mode="reduced"):
    m, n = a.shape[-2:]
    if mode not in ("reduced", "r", "complete", "raw"):
        raise AutodiffValueError(f"np.linalg.qr: the mode is 'reduced', 'complete', 'r' or 'raw', not {mode!r}")
    if mode == "raw" or (mode == "complete" and m > n):
        return by_reflections(a, mode)
    y = thin_qr(a[..., : min(m, n)])
    q, r = y if m >= n else (y[0], np.concatenate([y[1], adjoint(y[0]) @ a[..., m:]], -1))
    return r if mode == "r" else type(y)(q, r)


def by_reflections(a, mode):
    """Householder's algorithm, step by step as in LAPACK: it says which basis Q is completed to, and how that turns."""
    m, n = a.shape[-2:]
    reflections: list = []
    factors: list = []
    for k in range(min(m, n)):
        x, still = a[..., k:, k], (*a.shape[:-2], k)
        first, tail = x[..., :1], x[..., 1:]
        length = norm(x, axis=-1, keepdims=True)
        moves = np.any(tail != 0, -1, keepdims=True) | (np.imag(first) != 0)
        end = np.where(moves, np.where(np.real(first) > 0, -length, length), first)
        safe_end, gap = np.where(moves, end, 1), np.where(moves, first - end, 1)
        factor = np.where(moves, (end - first) / safe_end, 0)
        v = np.concatenate([np.zeros(still, a.dtype), np.ones_like(first), np.where(moves, tail / gap, 0)], -1)
        a = a - reflected(v, np.conj(factor), a)
        reflections, factors = [*reflections, v], [*factors, factor[..., 0]]
    if mode == "raw":
        below = [v[..., k + 1 :] for k, v in enumerate(reflections)]
        columns = [np.concatenate([a[..., : k + 1, k], v], -1) for k, v in enumerate(below)]
        return np.stack([*columns, *(a[..., k] for k in range(m, n))], -2), np.stack(factors, -1)
    q = np.broadcast_to(np.eye(m, dtype=a.dtype), (*a.shape[:-2], m, m))
    for v, factor in zip(reversed(reflections), reversed(factors), strict=True):
        q = q - reflected(v, factor[..., None], q)
    return QR(q, np.triu(a))


def reflected(v, factor, a):
    """factor · v vᴴ a, for stacks."""
    return (factor * v)[..., :, None] * (np.conj(v)[..., None, :] @ a)


QR = type(np.linalg.qr(np.eye(1)))  # a named tuple

# --- Least squares ------------------------------------------------------------------------------------------


@dispatched
def pseudoinverse(a, rcond):
    return np.linalg.pinv(a, rcond)


@rule(pseudoinverse)
def pseudoinverse_rule(y, a, rcond):
    """dy = −y da y + y yᴴ daᴴ (1 − a y) + (1 − y a) daᴴ yᴴ y, as long as the rank does not change."""
    if np.any(np.linalg.matrix_rank(untraced(a), rtol=rcond) < min(a.shape[-2:])):
        raise AutodiffValueError(
            "pinv and lstsq of a matrix of deficient rank have no derivative: the pseudoinverse jumps there. Add a "
            "ridge: solve (aᵀa + λ I) x = aᵀb by np.linalg.solve."
        )
    yh = adjoint(y)
    m, n = a.shape[-2:]
    parts = [compose(negation(), between((y, y)))]
    if m > n:
        parts.append(compose(between((y @ yh, np.eye(m, dtype=y.dtype) - a @ y)), conjugated()))
    if n > m:
        parts.append(compose(between((np.eye(n, dtype=y.dtype) - y @ a, yh @ y)), conjugated()))
    return [added(tuple(parts))]


@composed(np.linalg.pinv)
def pinv(a, rcond=None, hermitian=False, *, rtol=NO_VALUE):
    a = as_hermitian(a) if hermitian else a
    given = rcond if rtol is NO_VALUE else rtol
    return pseudoinverse(a, max(a.shape[-2:]) * np.finfo(a.dtype).eps if given is None and rtol is None else
                         1e-15 if given is None else given)  # fmt: skip


@dispatched
def rank(a, rtol):
    """How many singular values are not 0: a count, with derivative zero, and of LAPACK's type."""
    return np.linalg.matrix_rank(a, rtol=rtol).astype(np.intc)


CONSTANT.add(rank)


@composed(np.linalg.lstsq)
def lstsq(a, b, rcond=None):
    a, b = as_array(a), as_array(b)
    m, n = a.shape
    rcond = np.finfo(a.dtype).eps * max(m, n) if rcond is None else rcond
    x = pseudoinverse(a, rcond) @ b
    missed = b - a @ x
    squares = np.sum(np.real(missed * np.conj(missed)), 0).reshape(-1) if m > n else np.zeros(0, np.real(b).dtype)
    return x, squares, rank(a, rcond), np.linalg.svdvals(a)
