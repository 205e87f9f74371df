"""Elementwise functions: one partial derivative per operand.

The local Jacobian of an elementwise function is diagonal, so a rule is just the diagonal: for y = f(x) a function
of (y, x), for z = f(x, y) one function of (z, x, y) per operand, or 1 or −1 where the partial derivative is that.
Broadcasting, dtypes and both modes follow from it.

Kinks, where there is no derivative, and what the rules give there (0 at an optimum, else a value between the
one-sided slopes):

    abs(x), hypot(x, y), norm(x) at 0      0, and so are the second derivatives
    maximum, minimum, fmax, fmin at x = y  each operand gets one half
    clip(x, lo, hi) at x = lo or hi        one half to x, one half to the bound
    sqrt(x), cbrt(x) at 0                  inf, the limit (sqrt is meant for x > 0: see where, below)
    x**0                                   0 with respect to x, also at x = 0
    0**y, y > 0                            0 with respect to y;  0**0: 0 in both
    x**y, x < 0                            nan with respect to y (no real power nearby)
    sign, floor, ceil, rint, trunc         0 everywhere (sign of complex numbers: 0 at 0)
    arcsin, arccos, arctanh at ±1, log(0)  ±inf, the limit
    logaddexp, ad.logsumexp                equal infinities share equally, as the largest entries do

`np.where(x > 0, np.sqrt(x), 0)` at x = 0 has the value 0 and, in reverse mode, the derivative nan: both branches are
differentiated, and the cotangent 0 times the slope inf is nan. Forward mode drops the tangent inf, and gives 0. Choose
the argument, not the result: `np.sqrt(np.where(x > 0, x, 1))` inside the `where`.
"""

import numpy as np

from ..arrays import as_array, dispatched
from ..errors import AutodiffTypeError
from ..operators import Linear, compose, diagonal, fit, identity, masked
from ..tables import CONSTANT, OUT, PARTIALS, composed, rule

NO_VALUE = np._NoValue
LN2, LN10 = float(np.log(2)), float(np.log(10))


def constant(y, value):
    """A Python number in the dtype of `y`, so that float32 stays float32 also in `where`."""
    return y.dtype.type(value)


def joint_dtype(*operands):
    """The dtype of an operation on these; Python numbers adapt to arrays."""
    return np.result_type(*(x if isinstance(x, int | float | complex) else as_array(x).dtype for x in operands))


def shared(z, wins, ties):
    """1 where an operand wins, one half where both do."""
    return np.where(ties, constant(z, 0.5), wins)


def nonzero(x):
    """`x` with 1 in place of 0: a denominator where the numerator is 0 anyway."""
    return np.where(x == 0, 1, x)


def over_length(x, y):
    """x / y for a length y of which x is a part, and 0 where that is 0, with all its derivatives."""
    return np.where(y == 0, 0, x) / nonzero(y)


conjugation = Linear("conjugation", lambda t, _: np.conj(t), lambda u, _: np.conj(u))
# The imaginary part of complex numbers, times i; its own transpose.
imaginary = Linear("imaginary part", lambda t, _: (t - np.conj(t)) / 2, lambda u, _: (u - np.conj(u)) / 2)


def direction(y, x):
    """The derivative of y = |x|: sign x; for complex x it is x̄/|x|, whose product with dx has d|x| as real part."""
    return np.sign(x) if x.dtype.kind == "f" else over_length(np.conj(x), y)


def power_base(z, x, y):
    """∂(x^y)/∂x = y x^(y−1), and 0 where y = 0."""
    if isinstance(y, int | float) and not isinstance(y, np.generic):
        return y * x ** (y - 1) if y else 0 * z
    return np.where(y == 0, 0, y * x ** np.where(y == 0, 1, y - 1))


def power_exponent(z, x, y):
    """∂(x^y)/∂y = x^y log x, and 0 where x = 0."""
    x = constant(z, x) if isinstance(x, int | float) and not isinstance(x, np.generic) else x
    return np.where(x == 0, 0, np.log(nonzero(x))) * z


def softmax_weight(z, x, y):
    """exp(x − z), the share of x in z = log(exp x + exp y): one half where both are infinite alike."""
    wins = x == z
    return np.where(wins, shared(z, wins, wins & (y == z)), np.exp(np.where(wins, 0, x - z)))


def over_square(x, r):
    """x / r², without the square, which may overflow."""
    return x / r / r


PARTIALS.update({
    # y = f(x):  f′(x), as a function of (y, x)
    np.positive: (1,),
    np.negative: (-1,),
    np.absolute: (direction,),
    np.fabs: (lambda y, x: np.sign(x),),
    np.square: (lambda y, x: 2 * x,),
    np.sqrt: (lambda y, x: 0.5 / y,),
    np.cbrt: (lambda y, x: 1 / (3 * y * y),),
    np.reciprocal: (lambda y, x: -y * y,),
    np.exp: (lambda y, x: y,),
    np.exp2: (lambda y, x: LN2 * y,),
    np.expm1: (lambda y, x: y + 1,),
    np.log: (lambda y, x: 1 / x,),
    np.log2: (lambda y, x: 1 / (LN2 * x),),
    np.log10: (lambda y, x: 1 / (LN10 * x),),
    np.log1p: (lambda y, x: 1 / (1 + x),),
    np.sin: (lambda y, x: np.cos(x),),
    np.cos: (lambda y, x: -np.sin(x),),
    np.tan: (lambda y, x: 1 + y * y,),
    np.arcsin: (lambda y, x: 1 / np.sqrt((1 - x) * (1 + x)),),
    np.arccos: (lambda y, x: -1 / np.sqrt((1 - x) * (1 + x)),),
    np.arctan: (lambda y, x: 1 / (1 + x * x),),
    np.sinh: (lambda y, x: np.cosh(x),),
    np.cosh: (lambda y, x: np.sinh(x),),
    np.tanh: (lambda y, x: 1 - y * y,),
    np.arcsinh: (lambda y, x: 1 / np.sqrt(1 + x * x),),
    np.arccosh: (lambda y, x: 1 / (np.sqrt(x - 1) * np.sqrt(x + 1)),),
    np.arctanh: (lambda y, x: 1 / ((1 - x) * (1 + x)),),
    np.deg2rad: (lambda y, x: constant(y, np.pi / 180),),
    np.radians: (lambda y, x: constant(y, np.pi / 180),),
    np.rad2deg: (lambda y, x: constant(y, 180 / np.pi),),
    np.degrees: (lambda y, x: constant(y, 180 / np.pi),),
    # z = f(x, y):  ∂z/∂x and ∂z/∂y, as functions of (z, x, y)
    np.add: (1, 1),
    np.subtract: (1, -1),
    np.multiply: (lambda z, x, y: y, lambda z, x, y: x),
    np.divide: (lambda z, x, y: constant(z, 1) / y, lambda z, x, y: -z / y),
    np.power: (power_base, power_exponent),
    np.float_power: (power_base, power_exponent),
    np.maximum: (lambda z, x, y: shared(z, x > y, x == y), lambda z, x, y: shared(z, y > x, x == y)),
    np.minimum: (lambda z, x, y: shared(z, x < y, x == y), lambda z, x, y: shared(z, y < x, x == y)),
    np.fmax: (
        lambda z, x, y: shared(z, (x > y) | np.isnan(y), x == y),
        lambda z, x, y: shared(z, (y > x) | np.isnan(x), x == y),
    ),
    np.fmin: (
        lambda z, x, y: shared(z, (x < y) | np.isnan(y), x == y),
        lambda z, x, y: shared(z, (y < x) | np.isnan(x), x == y),
    ),
    np.hypot: (lambda z, x, y: over_length(x, z), lambda z, x, y: over_length(y, z)),
    np.arctan2: (lambda z, y, x: over_square(x, np.hypot(x, y)), lambda z, y, x: -over_square(y, np.hypot(x, y))),
    np.logaddexp: (lambda z, x, y: softmax_weight(z, x, y), lambda z, x, y: softmax_weight(z, y, x)),
    np.logaddexp2: (
        lambda z, x, y: softmax_weight(LN2 * z, LN2 * x, LN2 * y),
        lambda z, x, y: softmax_weight(LN2 * z, LN2 * y, LN2 * x),
    ),
    np.remainder: (1, lambda z, x, y: -np.floor(x / y)),
    np.fmod: (1, lambda z, x, y: -np.trunc(x / y)),
    np.copysign: (lambda z, x, y: np.sign(x) * np.sign(z), None),
    np.nextafter: (1, None),
    np.ldexp: (lambda z, x, i: np.ldexp(constant(z, 1), i), None),
})  # fmt: skip

# Derivative zero wherever there is one; and predicates, which have none.
CONSTANT.update({
    np.floor, np.ceil, np.rint, np.trunc, np.fix, np.round, np.around, np.heaviside, np.floor_divide,
    np.spacing, np.signbit,
    np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal,
    np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert,
    np.logical_and, np.logical_or, np.logical_xor, np.logical_not, np.isfinite, np.isinf, np.isnan, np.isreal,
    np.iscomplex, np.isclose, np.allclose, np.array_equal, np.isneginf, np.isposinf,
})  # fmt: skip


OUT.update({np.round: 2, np.around: 2})


@rule(np.sign)
def sign(y, x):
    """Of y = x / |x|, complex: dy = i y Im(ȳ dx) / |x|, and 0 at 0. A real sign does not move."""
    if x.dtype.kind != "c":
        return [None]
    return [compose(diagonal(y), imaginary(), diagonal(np.conj(y) / nonzero(np.abs(x))))]


@rule(np.conjugate)
def conjugate_rule(y, x):
    """Linear over the real numbers, and its own transpose."""
    return [conjugation() if x.dtype.kind == "c" else identity()]


@rule(np.where, operands=lambda args: args[1:])
def where(z, condition, *sides):
    """The chosen entries pass; the others are dropped. With a condition alone: where it holds, in indices."""
    if not sides:
        return [[] for _ in z]
    x, y = sides
    keep = np.broadcast_to(as_array(condition).astype(bool), z.shape)
    return [compose(masked(mask), fit(as_array(v), z)) for mask, v in ((keep, x), (~keep, y))]


@composed(np.clip)
def clip(a, a_min=NO_VALUE, a_max=NO_VALUE, *, min=NO_VALUE, max=NO_VALUE):  # NumPy's own names
    if a_min is NO_VALUE and a_max is NO_VALUE:
        a_min, a_max = (None if bound is NO_VALUE else bound for bound in (min, max))
    elif any(bound is NO_VALUE for bound in (a_min, a_max)) or min is not NO_VALUE or max is not NO_VALUE:
        raise AutodiffTypeError("np.clip takes both a_min and a_max, or else min= and max=")
    a = a if a_min is None else np.maximum(a, a_min)
    return a if a_max is None else np.minimum(a, a_max)


@rule(np.real)
def real(y, val):
    return [fit(val, y)]


@rule(np.imag)
def imag(y, val):
    """The real part of −i times the number; a real number has none."""
    return [compose(fit(val, y), diagonal(constant(val, -1j))) if val.dtype.kind == "c" else None]


@composed(np.divmod)
def divmod_(x, y):
    return np.floor_divide(x, y), np.remainder(x, y)


@composed(np.modf)
def modf(x):
    finite = np.where(np.isinf(x), 0, x)
    return finite - np.trunc(finite), np.trunc(x)


@dispatched
def binary_exponent(x):
    """The second result of `np.frexp`; it jumps, and so has derivative zero."""
    return np.frexp(x)[1]


CONSTANT.add(binary_exponent)


@composed(np.frexp)
def frexp(x):
    exponent = binary_exponent(x)
    return np.ldexp(x, -exponent), exponent


@composed(np.nan_to_num)
def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    if x.dtype.kind == "c":
        return nan_to_num(np.real(x), copy, nan, posinf, neginf) + 1j * nan_to_num(
            np.imag(x), copy, nan, posinf, neginf
        )
    limits = np.finfo(x.dtype)
    above, below = np.isposinf(x), np.isneginf(x)
    x = np.where(np.isnan(x), nan, x)
    x = np.where(above, limits.max if posinf is None else posinf, x)
    return np.where(below, limits.min if neginf is None else neginf, x)


@dispatched
def is_nearly_real(a, tol):
    """Whether `np.real_if_close` leaves the imaginary parts out. In a graph, the `if` that asks becomes a guard."""
    return np.isrealobj(np.real_if_close(a, tol))


CONSTANT.add(is_nearly_real)


@composed(np.real_if_close)
def real_if_close(a, tol=100):
    return np.real(a) if is_nearly_real(a, tol) else a


@composed(np.angle)
def angle(z, deg=False):
    radians = np.arctan2(np.imag(z), np.real(z)) if z.dtype.kind == "c" else np.arctan2(np.zeros_like(z), z)
    return radians * (180 / np.pi) if deg else radians
