"""Eigenvalues and singular values, eigenvectors and singular vectors.

For a Hermitian matrix h = V diag(w) Vᴴ and P = Vᴴ dh V:  dw = diag P  and  dV = V Q  with Qᵢⱼ = Pᵢⱼ / (wⱼ − wᵢ), i ≠ j.
Singular values are the eigenvalues of [[0, a], [aᴴ, 0]], which are ±s: one rule does for both.

Where eigenvalues (or singular values) are equal:

- dw is diag P still. Functions that treat equal eigenvalues alike (sums of powers, log det, the largest of distinct
  ones) have the right first derivative.
- Eigenvectors of equal eigenvalues are determined but for a rotation among themselves. A direction that turns them
  (forward mode), or a result that is made of several of them (reverse mode), is an error. Some such results do have a
  derivative, a matrix function v f(w) vᵀ or a projector, but it is a limit of 0 / 0 that the vectors do not tell.
- Vectors that only fill up a basis (`full_matrices=True`) turn as little as they can.
- The derivative of a singular value at 0, a kink as that of abs, is 0.
- Eigenvectors of a matrix that cannot be diagonalised have no derivative: an error.

Eigenvectors of complex matrices are determined but for phases. Those of `eig` have length 1 and, as LAPACK makes them,
a real entry where they are largest; those of `eigh` and `svd` turn with the matrix so that vᴴ dv has no imaginary part.
As NumPy reads one triangle of a symmetric matrix only, the derivative is with respect to that triangle.
"""

import numpy as np

from ..arrays import as_array, dispatched, untraced
from ..errors import AutodiffValueError
from ..operators import Linear, broadcast, cast, compose, diagonal, negation
from ..tables import CONSTANT, composed, rule
from .indexing import take_along_axis
from .products import premultiplied

# --- Families -----------------------------------------------------------------------------------------------

# t ↦ a t b, for stacks of matrices. Data: a, b.
between = Linear("between", lambda t, ab: ab[0] @ t @ ab[1], lambda u, ab: ab[0].mT @ u @ ab[1].mT)
# The diagonals of square matrices.
entries = Linear(
    "diagonal entries",
    lambda t, _: np.diagonal(t, 0, -2, -1),
    lambda u, _: u[..., None] * np.eye(u.shape[-1], dtype=u.dtype),
)
# The sum of several operators. Data: these.
added = Linear(
    "sum of operators",
    lambda t, operators: sum(family.apply(t, data) for family, data in operators),
    lambda u, operators: sum(family.transpose(u, data) for family, data in operators),
)
# wⱼ − wᵢ.
differences = Linear(
    "differences",
    lambda t, _: t[..., None, :] - t[..., :, None],
    lambda u, _: np.sum(u, -2) - np.sum(u, -1),
)


def adjoint(a):
    """The conjugate transpose."""
    return np.conj(a).mT if a.dtype.kind == "c" else a.mT


def hermitian(a, uplo="L"):
    """The Hermitian matrix of which NumPy reads the lower (or upper) triangle."""
    below = np.tril(a, -1) if uplo.upper() == "L" else adjoint(np.triu(a, 1))
    middle = np.tril(np.triu(a))
    return below + adjoint(below) + (np.real(middle) if a.dtype.kind == "c" else middle)


NO_TURN = (
    "eigenvectors of equal eigenvalues (or singular vectors of equal or zero singular values) have no derivative: they "
    "are determined but for a rotation among themselves. That goes for second derivatives of equal eigenvalues, too, "
    "and for results that would not depend on the rotation. Write these without the vectors: sums of powers of all "
    "eigenvalues as np.trace(a @ a), of their logarithms as np.linalg.slogdet(a), a projector by the eigenvectors of "
    "the other eigenvalues, 1 − v vᵀ; or use reverse mode, where it only needs those."
)


def rounding(w):
    """Up to what relative size a number counts as 0."""
    return np.finfo(w.dtype).eps * 16 * w.shape[-1]


def is_equal(w):
    """For each pair of eigenvalues, whether they are equal to rounding."""
    w = untraced(w)
    largest = np.max(np.abs(w), -1, initial=0)[..., None, None]
    return np.abs(w[..., None, :] - w[..., :, None]) <= rounding(w) * largest


def must_turn(p, w, size, idle):
    """Where vectors of equal eigenvalues have to turn among themselves; the last `idle` never do."""
    fills = np.arange(n := w.shape[-1]) >= n - idle
    never = np.eye(n, dtype=bool) | (fills[:, None] & fills)
    return (np.abs(untraced(p)) > rounding(w) * 16 * untraced(size)) & is_equal(w) & ~never


def refuse_turns(p, w, size, idle):
    """The error for vectors that have to turn."""
    if np.any(must_turn(p, w, size, idle)):
        raise AutodiffValueError(NO_TURN)


def divided(p, w):
    """pᵢⱼ / (wⱼ − wᵢ), and 0 where wᵢ = wⱼ."""
    gaps, equal = w[..., None, :] - w[..., :, None], is_equal(w)
    return np.where(equal, 0, p) / np.where(equal, 1, gaps)


@dispatched
def over_gaps(p, w, size, idle=0):
    """pᵢⱼ / (wⱼ − wᵢ), and 0 for i = j and for 0 / 0, where numbers are 0 to rounding: `p` relative to `size`."""
    refuse_turns(p, w, size, idle)
    return divided(p, w)


# Data: w, size, idle.
quotient = Linear("quotient", lambda t, data: over_gaps(t, *data), lambda u, data: over_gaps(u, *data))


@rule(over_gaps, operands=2)
def over_gaps_rule(y, p, w, size, idle=0):
    shape = (*w.shape, w.shape[-1])
    by_w = compose(
        negation(), quotient((w, np.max(np.abs(y), initial=0), idle)), diagonal(y),
        broadcast((shape, y.shape, w.dtype, y.dtype)), differences(),
    )  # fmt: skip
    return [quotient((w, size, idle)), by_w]


def _turn(p, data):
    w, idle = data
    return over_gaps(p, w, np.max(np.abs(p), initial=0), idle)


def _turn_back(u, data):
    """Of a cotangent only the skew part counts: P is Hermitian, and the division makes it skew."""
    w, idle = data
    size = np.max(np.abs(u), initial=0)
    refuse_turns(u, w, size, idle)
    return over_gaps((u - adjoint(u)) / 2, w, size, idle)


# How eigenvectors turn: P ↦ Q, for Hermitian P. Data: the eigenvalues; how many columns, the last ones, only fill up a
# basis, and never turn among themselves.
turned = Linear("rotation of eigenvectors", _turn, _turn_back)

# --- Hermitian matrices -------------------------------------------------------------------------------------


@dispatched
def eigen_hermitian(h, uplo="L"):
    """Eigenvalues and eigenvectors of Hermitian matrices; their signs depend on the triangle that LAPACK reads."""
    return np.linalg.eigh(h, uplo)


@rule(eigen_hermitian)
def eigen_hermitian_rule(y, h, uplo="L"):
    w, v = y
    projected = between((adjoint(v), v))
    return [
        [compose(cast((h.dtype, w.dtype)), entries(), projected)],
        [compose(premultiplied(v), turned((w, 0)), projected)],
    ]


@composed(np.linalg.eigh)
def eigh(a, UPLO="L"):
    return eigen_hermitian(hermitian(a, UPLO), UPLO)


@composed(np.linalg.eigvalsh)
def eigvalsh(a, UPLO="L"):
    return eigen_hermitian(hermitian(a, UPLO), UPLO)[0]


# --- Any square matrix --------------------------------------------------------------------------------------


@dispatched
def eigen(a):
    """Eigenvalues and eigenvectors; how long these are, its rule leaves open."""
    return np.linalg.eig(a)


@rule(eigen)
def eigen_rule(y, a):
    """dw = diag(V⁻¹ da V) and dV = V Q, up to multiples of each column."""
    w, v = y
    with np.errstate(all="ignore"):
        size = np.linalg.cond(untraced(v)) if v.size else np.zeros(())
    if not np.all(size < 0.01 / np.finfo(w.dtype).eps):
        raise AutodiffValueError(
            "np.linalg.eig: the eigenvectors are linearly dependent. Eigenvalues of a matrix that cannot be "
            "diagonalised have no derivative."
        )
    projected = compose(between((np.linalg.inv(v), v)), cast((a.dtype, w.dtype)))
    values = compose(entries(), projected)
    vectors = compose(premultiplied(v), quotient((w, np.max(np.abs(untraced(a)), initial=0))), projected)
    return [[values], [vectors]]


@composed(np.linalg.eig)
def eig(a):
    y = eigen(a)
    v = y[1]
    lengths = np.sqrt(np.sum(np.real(v) ** 2 + np.imag(v) ** 2, -2, keepdims=True))
    v = v / lengths
    if v.dtype.kind == "c":
        largest = take_along_axis(v, np.argmax(np.abs(v), -2)[..., None, :], -2)
        v = v * (np.abs(largest) * np.sign(np.real(largest)) / largest)
    return type(y)(y[0], v)


@composed(np.linalg.eigvals)
def eigvals(a):
    return eigen(a)[0]


# --- Singular values ----------------------------------------------------------------------------------------

SVD = type(np.linalg.svd(np.eye(1)))  # a named tuple


@dispatched
def singular_values(a):
    """Singular values, thin singular vectors."""
    return np.linalg.svd(a, full_matrices=False)


@dispatched
def singular_vectors(a):
    """Singular values and all singular vectors."""
    return np.linalg.svd(a, full_matrices=True)


def _corner(t, shape):
    """[[0, t], [tᴴ, 0]]."""
    m, n = shape
    zeros = lambda rows, columns: np.zeros((*t.shape[:-2], rows, columns), t.dtype)
    above = np.concatenate([zeros(m, m), t], -1)
    return np.concatenate([above, np.concatenate([adjoint(t), zeros(n, n)], -1)], -2)


# t ↦ [[0, t], [tᴴ, 0]]. Data: the shape of t.
corner = Linear(
    "corner", _corner, lambda u, shape: u[..., : shape[0], shape[0] :] + adjoint(u[..., shape[0] :, : shape[0]])
)
# Rows and columns taken out. Data: two slices, the shape of all.
block = Linear(
    "block",
    lambda t, data: t[..., data[0], data[1]],
    lambda u, data: np.pad(
        u,
        [(0, 0)] * (u.ndim - 2)
        + [(s.indices(n)[0], n - s.indices(n)[1]) for s, n in zip(data[:2], data[2], strict=True)],
    ),
)
# The conjugate transpose is its own transpose, but for a transposition.
conjugated = Linear("adjoint", lambda t, _: adjoint(t), lambda u, _: adjoint(u))


@dispatched
def kept(s):
    """1, or 0 where a singular value is 0 to rounding."""
    return (s > np.finfo(s.dtype).eps * 16 * s.shape[-1] * np.max(s, -1, keepdims=True, initial=0)).astype(s.dtype)


CONSTANT.add(kept)


@rule(singular_values, singular_vectors)
def singular_rule(y, a):
    """By the eigenvectors of [[0, a], [aᴴ, 0]]: (uᵢ, ±vᵢ)/√2 for ±sᵢ, and (u, 0), (0, v) for 0."""
    u, s, vh = y
    m, n = a.shape[-2:]
    k, v, half = min(m, n), adjoint(vh), float(np.sqrt(0.5))
    thin_u, thin_v = u[..., :k], v[..., :k]
    alone_u, alone_v = u[..., k:], v[..., k:]
    none = lambda rows, like: np.zeros((*a.shape[:-2], rows, like.shape[-1]), u.dtype)
    above = np.concatenate([half * thin_u, half * thin_u, alone_u, none(m, alone_v)], -1)
    below = np.concatenate([half * thin_v, -half * thin_v, none(n, alone_u), alone_v], -1)
    w = np.concatenate([s, -s, np.zeros((*s.shape[:-1], alone_u.shape[-1] + alone_v.shape[-1]), s.dtype)], -1)
    whole = np.concatenate([above, below], -2)
    turning = compose(
        premultiplied(whole), turned((w, w.shape[-1] - 2 * k)), between((adjoint(whole), whole)), corner((m, n))
    )
    size = (m + n, whole.shape[-1])

    def vectors(rows, alone, alone_first):
        """√2 of the columns for +s; those for 0 as they are."""
        first = compose(diagonal(s.dtype.type(1 / half)), block((rows, slice(0, k), size)))
        count = alone.shape[-1]
        if not count:
            return compose(first, turning)
        rest = block((rows, slice(alone_first, alone_first + count), size))
        length = rows.stop - rows.start
        place = lambda at: block((slice(0, length), at, (length, k + count)))
        sides = ((place(slice(0, k)), first), (place(slice(k, k + count)), rest))
        return compose(added(tuple(compose((p[0].T, p[1]), q) for p, q in sides)), turning)

    by_u = vectors(slice(0, m), alone_u, 2 * k)
    by_v = vectors(slice(m, m + n), alone_v, 2 * k + alone_u.shape[-1])
    if m > u.shape[-1]:
        by_u = added((by_u, compose(between((_beyond(u), v / _positive(s)[..., None, :])))))
    if n > v.shape[-1]:
        by_v = added((by_v, compose(between((_beyond(v), u / _positive(s)[..., None, :])), conjugated())))
    by_s = compose(diagonal(kept(s)), cast((a.dtype, s.dtype)), entries(), between((adjoint(thin_u), thin_v)))
    return [[by_u], [by_s], [compose(conjugated(), by_v)]]


def _beyond(u):
    """The projector on the complement of orthonormal columns."""
    return np.eye(u.shape[-2], dtype=u.dtype) - u @ adjoint(u)


def _positive(s):
    if not kept(untraced(s)).all():
        raise AutodiffValueError("singular vectors of a matrix of deficient rank have no derivative")
    return s


@composed(np.linalg.svd)
def svd(a, full_matrices=True, compute_uv=True, hermitian=False):
    if hermitian:
        return _svd_hermitian(a, compute_uv)
    if not compute_uv:
        return singular_values(a)[1]
    return (singular_vectors if full_matrices and a.shape[-1] != a.shape[-2] else singular_values)(a)


def _svd_hermitian(a, compute_uv):
    """By eigenvalues, the largest in size first; their signs go to the vectors on the right."""
    w, v = eigh(a)
    order = np.argsort(np.abs(w))[..., ::-1]
    w, v = take_along_axis(w, order), take_along_axis(v, order[..., None, :])
    s = np.abs(w)
    return SVD(v, s, adjoint(v * np.sign(w)[..., None, :])) if compute_uv else s


@composed(np.linalg.svdvals)
def svdvals(x, /):
    return singular_values(as_array(x))[1]
