"""Polynomials, given by their coefficients, the highest power first: values, arithmetic, roots, fits."""

import numpy as np

from ..arrays import as_array, untraced
from ..errors import AutodiffValueError
from ..operators import cast, compose, diagonal
from ..tables import composed, rule
from .products import times
from .sequences import convolve, vander


@composed(np.polyval)
def polyval(p, x):
    """Horner's rule."""
    y = 0 * as_array(x)
    for coefficient in as_array(p):
        y = y * x + coefficient
    return y


def _padded(sign):
    def add(a1, a2):
        a1, a2 = (np.atleast_1d(as_array(a)) for a in (a1, a2))
        size = max(len(a1), len(a2))
        a1, a2 = (np.concatenate([np.zeros(size - len(a), a.dtype), a]) for a in (a1, a2))
        return a1 + sign * a2

    return add


composed(np.polyadd)(_padded(1))
composed(np.polysub)(_padded(-1))


@composed(np.polymul)
def polymul(a1, a2):
    return convolve(a1, a2)


@composed(np.polyder)
def polyder(p, m=1):
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1)
    return p


@composed(np.polyint)
def polyint(p, m=1, k=None):
    k = np.broadcast_to(0.0 if k is None else k, m)
    for i in range(m):
        p = np.concatenate([p / np.arange(len(p), 0, -1), k[i : i + 1]])
    return p


@composed(np.polydiv)
def polydiv(u, v):
    """Long division; leading zeros of the remainder are left out, as NumPy does."""
    u, v = (np.atleast_1d(as_array(a)) for a in (u, v))
    rest, quotient = u.astype(np.result_type(u.dtype, v.dtype)), []
    for _ in range(len(u) - len(v) + 1):
        quotient.append(rest[0] / v[0])
        head = rest[: len(v)] - quotient[-1] * v
        rest = np.concatenate([head[1:], rest[len(v) :]])
    rest = rest if len(rest) else np.zeros(1, rest.dtype)
    while len(rest) > 1 and np.allclose(rest[0], 0, rtol=1e-14):
        rest = rest[1:]
    return np.stack(quotient) if quotient else np.zeros(1, rest.dtype), rest


@composed(np.poly)
def poly(seq_of_zeros):
    roots = np.linalg.eigvals(seq_of_zeros) if seq_of_zeros.ndim == 2 else seq_of_zeros
    p = np.ones(1, roots.dtype)
    for i in range(len(roots)):
        p = convolve(p, np.stack([np.ones((), roots.dtype), -roots[i]]))
    in_pairs = roots.dtype.kind == "c" and np.all(np.sort(roots) == np.sort(np.conj(roots)))
    return np.real(p) if in_pairs else p


@rule(np.roots)
def roots_rule(y, p):
    """p(y) = 0 stays: p′(y) dy = −dp(y)."""
    slope = polyval(polyder(p), y)
    scale = polyval(np.abs(untraced(polyder(p))), np.abs(untraced(y)))
    if np.any(np.abs(untraced(slope)) <= 1e-7 * scale):
        raise AutodiffValueError(
            "np.roots: a root that is one several times has no derivative: it splits, and moves infinitely fast"
        )
    return [
        compose(
            diagonal((-1 / slope).astype(y.dtype)), times(vander(y, len(p)).T.astype(y.dtype)), cast((p.dtype, y.dtype))
        )
    ]


@composed(np.polyfit)
def polyfit(x, y, deg, rcond=None, full=False, w=None, cov=False):
    """Least squares, each power of x scaled to length 1."""
    x, y = as_array(x) + 0.0, as_array(y) + 0.0
    powers, target = vander(x, deg + 1), y
    if w is not None:
        w = as_array(w)
        powers, target = powers * w[:, None], (y.T * w).T
    sizes = np.sqrt(np.sum(powers * powers, 0))
    rcond = len(x) * np.finfo(x.dtype).eps if rcond is None else rcond
    found, residuals, rank, singular = np.linalg.lstsq(powers / sizes, target, rcond)
    found = (found.T / sizes).T
    if full:
        return found, residuals, rank, singular, rcond
    if not cov:
        return found
    spread = np.linalg.inv(powers.T @ powers)
    if cov != "unscaled":
        if len(x) <= deg + 1:
            raise AutodiffValueError("np.polyfit: a covariance needs more points than there are coefficients")
        factor = residuals / (len(x) - (deg + 1))
        spread = spread * factor[0] if y.ndim == 1 else spread[:, :, None] * factor
    elif y.ndim > 1:
        spread = spread[:, :, None]
    return found, spread
