"""Where there is no derivative: what the rules give there, in both modes, as their table says."""

import warnings

import numpy as np
import pytest

import autodiff as ad

INF = np.inf

# expression of x, point, derivative
KINKS = [
    ("abs(x)", 0.0, 0.0),
    ("np.fabs(x)", 0.0, 0.0),
    ("np.sign(x)", 0.0, 0.0),
    ("np.maximum(x, 0)", 0.0, 0.5),
    ("np.maximum(0, x)", 0.0, 0.5),
    ("np.minimum(x, 0)", 0.0, 0.5),
    ("np.fmax(x, 0)", 0.0, 0.5),
    ("np.fmin(0, x)", 0.0, 0.5),
    ("np.maximum(x, x)", 2.0, 1.0),
    ("np.minimum(x, 3 * x)", 0.0, 2.0),
    ("np.fmax(x, np.nan)", 2.0, 1.0),
    ("np.fmin(np.nan, x)", 2.0, 1.0),
    ("np.clip(x, -1, 1)", 1.0, 0.5),
    ("np.clip(x, -1, 1)", -1.0, 0.5),
    ("np.clip(x, -1, 1)", 2.0, 0.0),
    ("np.max(x)", [1.0, 3.0, 3.0], [0.0, 0.5, 0.5]),
    ("np.min(x)", [1.0, 1.0, 1.0, 1.0], [0.25, 0.25, 0.25, 0.25]),
    ("np.max(x, axis=0)[0]", [[2.0], [2.0]], [[0.5], [0.5]]),
    ("x.max(axis=-1).sum()", [[1.0, 1.0], [0.0, 2.0]], [[0.5, 0.5], [0.0, 1.0]]),
    ("np.linalg.norm(x)", [0.0, 0.0], [0.0, 0.0]),
    ("np.linalg.norm(x, 'fro')", [[0.0, 0.0]], [[0.0, 0.0]]),
    ("np.linalg.norm(x, axis=1).sum()", [[0.0, 0.0], [3.0, 4.0]], [[0.0, 0.0], [0.6, 0.8]]),
    ("np.hypot(x, 0.0)", 0.0, 0.0),
    ("np.std(x)", [2.0, 2.0], [0.0, 0.0]),
    ("np.sqrt(x)", 0.0, INF),
    ("np.cbrt(x)", 0.0, INF),
    ("np.log(x)", 0.0, INF),
    ("x ** 0.5", 0.0, INF),
    ("np.arcsin(x)", 1.0, INF),
    ("np.arccos(x)", 1.0, -INF),
    ("1 / x", 0.0, -INF),
    ("x / 0.0", 1.0, INF),
    ("np.modf(x)[0]", INF, 0.0),
    ("x ** 0", 0.0, 0.0),
    ("x ** 0.0", 0.0, 0.0),
    ("x ** 0", -2.0, 0.0),
    ("np.power(x, np.zeros(2)).sum()", [0.0, 3.0], [0.0, 0.0]),
    ("x ** 1", 0.0, 1.0),
    ("x ** 2", 0.0, 0.0),
    ("x ** 2", -3.0, -6.0),
    ("x ** 3.0", -2.0, 12.0),
    ("x ** np.array([0.0, 1.0, 2.0])", [0.0, 0.0, 0.0], [0.0, 1.0, 0.0]),
    ("0.0 ** x", 2.0, 0.0),
    ("0.0 ** x", 0.0, 0.0),
    ("0 ** x", 1.5, 0.0),
    ("np.power(0.0, x)", 0.5, 0.0),
    ("np.floor(x)", 1.0, 0.0),
    ("np.ceil(x)", 1.0, 0.0),
    ("np.rint(x)", 0.5, 0.0),
    ("np.trunc(x)", 0.0, 0.0),
    ("np.heaviside(x, 0.5)", 0.0, 0.0),
    ("np.prod(x)", [0.0, 2.0, 3.0], [6.0, 0.0, 0.0]),
    ("np.prod(x)", [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]),
    ("np.logaddexp(x, x)", 1e3, 1.0),
    ("np.logaddexp(x, -np.inf)", 2.0, 1.0),
    ("np.logaddexp(x, 800.0)", -800.0, 0.0),
    ("np.logaddexp(x[0], x[1])", [-INF, -INF], [0.5, 0.5]),
    ("np.logaddexp2(x[0], x[1])", [INF, INF], [0.5, 0.5]),
    ("np.logaddexp(x[0], x[1])", [INF, 3.0], [1.0, 0.0]),
    ("ad.logsumexp(x)", [-INF, -INF, -INF, -INF], [0.25, 0.25, 0.25, 0.25]),
    ("ad.logsumexp(x)", [INF, 3.0, INF], [0.5, 0.0, 0.5]),
    ("ad.logsumexp(x)", [-INF, 3.0, 3.0], [0.0, 0.5, 0.5]),
    ("np.logaddexp2(x, x)", 2e3, 1.0),
    ("np.tanh(x)", 1e3, 0.0),
    ("np.where(x > 0, x, 0.0)", 0.0, 0.0),
    ("np.where(x >= 0, x, 0.0)", 0.0, 1.0),
    ("np.sum(x[np.where(x)] ** 2)", [1.0, 0.0, 3.0], [2.0, 0.0, 6.0]),
    ("np.where(x > 0, np.sqrt(np.where(x > 0, x, 1.0)), 0.0)", 0.0, 0.0),
    ("np.where(x > 0, x ** 2, np.exp(x))", 2.0, 4.0),
]


def summed(f):
    return lambda x: np.sum(f(x))


@pytest.mark.parametrize(("expression", "point", "derivative"), KINKS, ids=str)
def test_value_at_a_kink(expression, point, derivative):
    f = summed(eval(f"lambda x: {expression}", {"np": np, "ad": ad}))
    x = np.array(point) if isinstance(point, list) else point
    with np.errstate(all="ignore"):
        forward, reverse = ad.jacfwd(f)(x), ad.grad(f)(x)
        one_by_one = [ad.jvp(f, (x,), (e.reshape(np.shape(x)),))[1] for e in np.eye(np.size(x))]
    np.testing.assert_allclose(forward, derivative, rtol=1e-12)
    np.testing.assert_allclose(reverse, derivative, rtol=1e-12)
    np.testing.assert_allclose(np.reshape(one_by_one, np.shape(x)), derivative, rtol=1e-12)


# Where the derivative is finite and NumPy has nothing to complain about, neither has the derivative.
@pytest.mark.parametrize(
    ("expression", "point"),
    [
        (e, p)
        for e, p, d in KINKS
        if np.isfinite(d).all() and "nan" not in e and "inf" not in e and np.isfinite(p).all()
    ],
    ids=str,
)
def test_no_warnings_at_a_kink(expression, point):
    f = summed(eval(f"lambda x: {expression}", {"np": np, "ad": ad}))
    x = np.array(point) if isinstance(point, list) else point
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        f(x)
        ad.grad(f)(x)
        ad.jacfwd(f)(x)


# expression, point, second derivative
SECOND = [
    ("abs(x)", 0.0, 0.0),
    ("np.maximum(x, 0)", 0.0, 0.0),
    ("x ** 0", 0.0, 0.0),
    ("x ** 1", 0.0, 0.0),
    ("x ** 2", 0.0, 2.0),
    ("x ** 2.0", -1.0, 2.0),
    ("x ** 3", 0.0, 0.0),
    ("x * abs(x)", 0.0, 0.0),
    ("np.prod(np.stack([x, x, 2.0]))", 0.0, 4.0),
    ("np.logaddexp(x, x)", 1e3, 0.0),
    ("np.tanh(x)", 1e3, 0.0),
    ("np.sinc(x)", 0.0, -(np.pi**2) / 3),
    ("np.where(x > 0, x ** 2, 0.0)", 2.0, 2.0),
    ("np.hypot(x, 3 * x)", 0.0, 0.0),
    ("abs(x * (3 + 4j))", 0.0, 0.0),
    ("np.std(np.stack([x, 3 * x]))", 0.0, 0.0),
    ("np.linalg.norm(np.stack([x, 3 * x]))", 0.0, 0.0),
    ("np.linalg.norm(np.stack([x, 3.0]))", 4.0, 9 / 125),
]
SECOND_DERIVATIVES = {
    "forward over reverse": ad.hessian,
    "reverse over reverse": lambda f: ad.grad(ad.grad(f)),
    "forward over forward": lambda f: ad.jacfwd(ad.jacfwd(f)),
    "reverse over forward": lambda f: ad.grad(ad.jacfwd(f)),
}


@pytest.mark.parametrize("nesting", SECOND_DERIVATIVES)
@pytest.mark.parametrize(("expression", "point", "second"), SECOND, ids=str)
def test_second_derivative_at_a_kink(expression, point, second, nesting):
    f = summed(eval(f"lambda x: {expression}", {"np": np, "ad": ad}))
    np.testing.assert_allclose(SECOND_DERIVATIVES[nesting](f)(point), second, rtol=1e-12, atol=1e-12)


def test_ties_of_a_maximum_add_up_to_one():
    for shape in [(4,), (2, 3), (2, 2, 2)]:
        for axis in [None, 0, -1]:
            _, pullback = ad.vjp(lambda x, axis=axis: np.max(x, axis=axis), np.ones(shape))
            seed = np.ones(np.max(np.ones(shape), axis=axis).shape)
            (g,) = pullback(seed[()])
            np.testing.assert_allclose(np.sum(g, axis=axis), seed)


def test_nan_through_where_and_its_mend():
    """In reverse, the branch not taken multiplies a cotangent 0 by an infinite slope: choose the argument. Forward,
    its tangent is dropped.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        assert np.isnan(ad.grad(lambda x: np.where(x > 0, np.sqrt(x), 0.0))(0.0))
        assert ad.jvp(lambda x: np.where(x > 0, np.sqrt(x), 0.0), (0.0,), (1.0,)) == (0.0, 0.0)
    assert ad.grad(lambda x: np.where(x > 0, np.sqrt(np.where(x > 0, x, 1.0)), 0.0))(0.0) == 0.0


def test_a_gradient_flows_past_an_infinite_one_that_is_dropped():
    """Selecting by index, unlike `where`, does not touch the entries that are left out."""
    x = np.array([0.0, 4.0])
    np.testing.assert_allclose(ad.grad(lambda x: np.sum(np.sqrt(x[x > 0])))(x), [0.0, 0.25])
