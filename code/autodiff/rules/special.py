"""SciPy's ufuncs, where a program uses them, and the log-sum-exp and softmax, which SciPy's functions do not see.

SciPy is not imported here: when a trace meets a ufunc without a rule and `scipy.special` is there, its rules are added.
"""

import sys

import numpy as np

from ..arrays import as_array, dispatched
from ..operators import diagonal, kept_shape
from ..tables import CONSTANT, PARTIALS, PENDING, UNKNOWN, rule
from .reductions import reduction, shares
from .shapes import axes_of

SQRT_2, SQRT_PI, SQRT_2PI = float(np.sqrt(2)), float(np.sqrt(np.pi)), float(np.sqrt(2 * np.pi))


def over(x, y):
    """x / y, and 0 for 0 / 0: where x log y is 0 whatever y is, its slope is, too."""
    return x / np.where(y == 0, x == 0, y)


def density_over_share(sp, x):
    """φ(x) / Φ(x): in the left tail, where both are 0 to rounding, by erfcx. Either side is finite beyond its own part,
    so that what `where` does not choose does no harm."""
    left, right = np.minimum(x, 0), np.maximum(x, -2)
    return np.where(
        x < -1,
        2 / (SQRT_2PI * sp.erfcx(-left / SQRT_2)),
        np.exp(-right * right / 2) / (SQRT_2PI * sp.ndtr(right)),
    )


def scipys_partials(sp):
    """The partial derivatives of the ufuncs of `sp`, the module `scipy.special`."""
    zeta = sp._ufuncs._zeta  # sp.zeta is a function around this ufunc, and would refuse traced arrays
    numpys = ("cbrt", "exp2", "expm1", "log1p")  # which SciPy has, too
    return {
        **{getattr(sp, name): PARTIALS[getattr(np, name)] for name in numpys},
        # y = f(x): f′(x), as a function of (y, x)
        sp.erf: (lambda y, x: 2 / SQRT_PI * np.exp(-x * x),),
        sp.erfc: (lambda y, x: -2 / SQRT_PI * np.exp(-x * x),),
        sp.erfcx: (lambda y, x: 2 * x * y - 2 / SQRT_PI,),
        sp.erfi: (lambda y, x: 2 / SQRT_PI * np.exp(x * x),),
        sp.dawsn: (lambda y, x: 1 - 2 * x * y,),
        sp.erfinv: (lambda y, x: SQRT_PI / 2 * np.exp(y * y),),
        sp.erfcinv: (lambda y, x: -SQRT_PI / 2 * np.exp(y * y),),
        sp.gamma: (lambda y, x: y * sp.psi(x),),
        sp.gammaln: (lambda y, x: sp.psi(x),),
        sp.loggamma: (lambda y, x: sp.psi(x),),
        sp.rgamma: (lambda y, x: -y * sp.psi(x),),
        sp.psi: (lambda y, x: zeta(2.0, x),),
        sp.expit: (lambda y, x: y * (1 - y),),
        sp.logit: (lambda y, x: 1 / (x * (1 - x)),),
        sp.log_expit: (lambda y, x: sp.expit(-x),),
        sp.ndtr: (lambda y, x: np.exp(-x * x / 2) / SQRT_2PI,),
        sp.ndtri: (lambda y, x: np.exp(y * y / 2) * SQRT_2PI,),
        sp.log_ndtr: (lambda y, x: density_over_share(sp, x),),
        sp.entr: (lambda y, x: -np.log(x) - 1,),
        sp.exp10: (lambda y, x: float(np.log(10)) * y,),
        sp.cosm1: (lambda y, x: -np.sin(x),),
        sp.i0: (lambda y, x: sp.i1(x),),
        sp.i1: (lambda y, x: (sp.i0(x) + sp.iv(2, x)) / 2,),
        sp.i0e: (lambda y, x: sp.i1e(x) - np.sign(x) * y,),
        sp.i1e: (lambda y, x: (sp.i0e(x) + sp.ive(2, x)) / 2 - np.sign(x) * y,),
        sp.j0: (lambda y, x: -sp.j1(x),),
        sp.j1: (lambda y, x: (sp.j0(x) - sp.jv(2, x)) / 2,),
        sp.y0: (lambda y, x: -sp.y1(x),),
        sp.y1: (lambda y, x: sp.y0(x) - y / x,),
        sp.k0: (lambda y, x: -sp.k1(x),),
        sp.k1: (lambda y, x: -sp.k0(x) - y / x,),
        sp.k0e: (lambda y, x: y - sp.k1e(x),),
        sp.k1e: (lambda y, x: y - sp.k0e(x) - y / x,),
        sp.spence: (lambda y, x: -1 / sp.hyp1f1(1, 2, np.log(x)),),
        sp.exp1: (lambda y, x: -np.exp(-x) / x,),
        sp.expi: (lambda y, x: np.exp(x) / x,),
        # z = f(x, y): ∂z/∂x and ∂z/∂y, as functions of (z, x, y)
        sp.xlogy: (lambda z, x, y: np.log(y), lambda z, x, y: over(x, y)),
        sp.xlog1py: (lambda z, x, y: np.log1p(y), lambda z, x, y: over(x, 1 + y)),
        sp.beta: (
            lambda z, x, y: z * (sp.psi(x) - sp.psi(x + y)),
            lambda z, x, y: z * (sp.psi(y) - sp.psi(x + y)),
        ),
        sp.betaln: (lambda z, x, y: sp.psi(x) - sp.psi(x + y), lambda z, x, y: sp.psi(y) - sp.psi(x + y)),
        sp.rel_entr: (lambda z, x, y: np.log(x / y) + 1, lambda z, x, y: -over(x, y)),
        sp.kl_div: (lambda z, x, y: np.log(x / y), lambda z, x, y: 1 - over(x, y)),
        # with respect to the last argument alone, not to orders and parameters
        zeta: (None, lambda z, s, q: -s * zeta(s + 1, q)),
        sp.gammainc: (None, lambda z, a, x: np.exp(sp.xlogy(a - 1, x) - x - sp.gammaln(a))),
        sp.gammaincc: (None, lambda z, a, x: -np.exp(sp.xlogy(a - 1, x) - x - sp.gammaln(a))),
        sp.betainc: (
            None,
            None,
            lambda z, a, b, x: np.exp(sp.xlogy(a - 1, x) + sp.xlog1py(b - 1, -x) - sp.betaln(a, b)),
        ),
        sp.hyp0f1: (None, lambda z, b, x: sp.hyp0f1(b + 1, x) / b),
        sp.hyp1f1: (None, None, lambda z, a, b, x: a / b * sp.hyp1f1(a + 1, b + 1, x)),
        sp.hyp2f1: (None, None, None, lambda z, a, b, c, x: a * b / c * sp.hyp2f1(a + 1, b + 1, c + 1, x)),
        sp.yn: (None, lambda z, n, x: (sp.yv(n - 1, x) - sp.yv(n + 1, x)) / 2),
        sp.ive: (None, lambda z, v, x: (sp.ive(v - 1, x) + sp.ive(v + 1, x)) / 2 - np.sign(x) * z),
        sp.kve: (None, lambda z, v, x: z - (sp.kve(v - 1, x) + sp.kve(v + 1, x)) / 2),
        sp.jv: (None, lambda z, v, x: (sp.jv(v - 1, x) - sp.jv(v + 1, x)) / 2),
        sp.yv: (None, lambda z, v, x: (sp.yv(v - 1, x) - sp.yv(v + 1, x)) / 2),
        sp.iv: (None, lambda z, v, x: (sp.iv(v - 1, x) + sp.iv(v + 1, x)) / 2),
        sp.kv: (None, lambda z, v, x: -(sp.kv(v - 1, x) + sp.kv(v + 1, x)) / 2),
    }


def learn(function):
    """Add SciPy's rules, if the program has imported SciPy; whether one of them is for this function."""
    sp = sys.modules.get("scipy.special")
    if sp is None or not isinstance(function, np.ufunc):
        return False
    partials = scipys_partials(sp)
    PARTIALS.update(partials)
    UNKNOWN.update(ufunc for ufunc, own in partials.items() if None in own)
    CONSTANT.add(sp.gammasgn)
    return function in partials or function is sp.gammasgn


PENDING.append(learn)


@dispatched
def _logsumexp(x, axes, keepdims):
    top = np.max(x, axes, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):
        y = np.log(np.sum(np.exp(x - top), axes, keepdims=True)) + top
    return y if keepdims else np.squeeze(y, axes)[()]


@rule(_logsumexp)
def logsumexp_rule(y, x, axes, keepdims):
    """dy = Σ exp(x − y) dx; entries that are infinite alike share equally."""
    y_kept = y.reshape(kept_shape(x.shape, axes))
    wins = x == y_kept
    weights = np.where(wins, shares(wins, axes, x.dtype), np.exp(np.where(wins, 0, x - y_kept)))
    return reduction(y, x, axes, diagonal(weights))


def logsumexp(x, axis=None, keepdims=False):
    """log Σ exp(x) along axes, without overflow.

    x : array of real numbers; axis : an integer, a tuple, or None for all axes. Infinite entries are allowed.

    >>> import autodiff as ad
    >>> ad.logsumexp(np.array([1000.0, 1000.0])) - 1000
    np.float64(0.69314718055...)
    >>> ad.grad(ad.logsumexp)(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    x = as_array(x)
    return _logsumexp(x, axes_of(axis, x.ndim), keepdims)


def softmax(x, axis=None):
    """exp(x) / Σ exp(x) along axes, without overflow: the gradient of `logsumexp`.

    x : array of real numbers; axis : an integer, a tuple, or None for all axes.

    >>> import autodiff as ad
    >>> ad.softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    return np.exp(x - logsumexp(x, axis, keepdims=True))
