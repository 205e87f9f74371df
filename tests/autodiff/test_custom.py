"""Rules by users: custom_jvp, custom_vjp, primitive and stop_gradient, in every mode and order."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import autodiff as ad

from .oracles import assert_close, differences

X, V = np.array([0.3, -1.2, 2.0]), np.array([1.0, 0.5, -2.0])


# --- custom_jvp: a tangent by hand ------------------------------------------------------------------------------------


@ad.custom_jvp
def softplus(x):
    """log(1 + eˣ), written so that it neither overflows nor differentiates well by itself."""
    return np.logaddexp(0.0, x)


@softplus.defjvp
def _(primals, tangents):
    (x,), (xdot,) = primals, tangents
    return softplus(x), xdot / (1 + np.exp(-x))


@ad.custom_jvp
def weighted(x, w, *, power=1):
    return w @ x**power


@weighted.defjvp
def _(primals, tangents, *, power=1):
    (x, w), (xdot, wdot) = primals, tangents
    return weighted(x, w, power=power), w @ (power * x ** (power - 1) * xdot) + wdot @ x**power


@ad.custom_jvp
def straight_through(x):
    return np.round(x)


@straight_through.defjvp
def _(primals, tangents):
    return straight_through(*primals), tangents[0]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_custom_jvp_is_used_in_every_mode():
    slope = sigmoid(X)
    assert_close(ad.jvp(softplus, (X,), (V,)), (np.logaddexp(0, X), V * slope), rtol=1e-14)
    np.testing.assert_allclose(ad.vjp(softplus, X)[1](V)[0], V * slope, rtol=1e-14)
    _, J = ad.linearize(softplus, X)
    assert_close((J(V), *J.T(V)), (V * slope, V * slope), rtol=1e-14)
    for jacobian in (ad.jacfwd, ad.jacrev):
        np.testing.assert_allclose(jacobian(softplus)(X), np.diag(slope), rtol=1e-14)
    np.testing.assert_array_equal(softplus(X), np.logaddexp(0, X))
    assert type(softplus(X)) is np.ndarray
    np.testing.assert_array_equal(ad.grad(lambda x: straight_through(x).sum())(X), np.ones(3))


@pytest.mark.parametrize("outer", [ad.jacfwd, ad.jacrev])
@pytest.mark.parametrize("inner", [ad.jacfwd, ad.jacrev])
def test_custom_jvp_to_higher_order(inner, outer):
    s = sigmoid(0.7)
    assert outer(inner(softplus))(0.7) == pytest.approx(s * (1 - s), rel=1e-13)
    assert outer(outer(inner(softplus)))(0.7) == pytest.approx(s * (1 - s) * (1 - 2 * s), rel=1e-12)


def test_custom_jvp_of_several_arguments_with_keywords():
    w = np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]])
    xbar, wbar = ad.vjp(lambda x, w: weighted(x, w, power=3), X, w)[1](np.array([1.0, 2.0]))
    np.testing.assert_allclose(xbar, np.array([1.0, 2.0]) @ w * 3 * X**2, rtol=1e-14)
    np.testing.assert_allclose(wbar, np.outer([1.0, 2.0], X**3), rtol=1e-14)
    only = ad.jacrev(lambda x: weighted(x, w, power=2))(X)
    np.testing.assert_allclose(only, w * 2 * X, rtol=1e-14)
    f = lambda x: np.sum(weighted(x, w * x, power=2) ** 2)
    assert_close(ad.grad(f)(X) @ V, differences(f, (X,), (V,)), rtol=1e-8)
    assert_close(ad.hvp(f, (X,), (V,))[0], differences(ad.grad(f), (X,), (V,)), rtol=1e-7)


@dataclass
class State:
    position: Any
    speed: Any


@ad.custom_jvp
def fall(state, dt):
    return State(state.position + dt * state.speed, state.speed - dt * 9.81)


@fall.defjvp
def _(primals, tangents):
    (state, dt), (moved, ddt) = primals, tangents
    position = moved.position + dt * moved.speed + ddt * state.speed
    return fall(state, dt), State(position, moved.speed - ddt * 9.81)


def test_custom_jvp_of_containers():
    state = State(X, 2.0)

    def f(state, dt):
        later = fall(fall(state, dt), dt)
        return np.sum(later.position**2) * later.speed

    def plain(position, speed, dt):
        return f(State(position, speed), dt)

    expected = differences(plain, (X, 2.0, 0.1), (V, 0.5, 2.0))
    tangent = ad.jvp(f, (state, 0.1), (State(V, 0.5), 2.0))[1]
    assert_close(tangent, expected, rtol=1e-8)
    g, gdt = ad.grad(f, argnums=(0, 1))(state, 0.1)
    assert_close(g.position @ V + g.speed * 0.5 + gdt * 2.0, expected, rtol=1e-8)


# --- custom_vjp: a cotangent by hand --------------------------------------------------------------------------------


@ad.custom_vjp
def clipped(x, limit):
    return x


clipped.defvjp(
    lambda x, limit: (x, limit),
    lambda limit, ybar: (np.where(np.abs(ybar) > limit, limit * np.sign(ybar), ybar), None),
)


@ad.custom_vjp
def product(a, b):
    return a @ b


product.defvjp(lambda a, b: (a @ b, (a, b)), lambda kept, ybar: (ybar @ kept[1].T, kept[0].T @ ybar))


def test_custom_vjp_is_used_in_reverse():
    np.testing.assert_array_equal(ad.grad(lambda x: np.sum(V * 10 * clipped(x, 7.0)))(X), [70 / 10, 5.0, -7.0])
    assert ad.grad(lambda x: clipped(x, 1.0) ** 2)(3.0) == 1.0
    assert ad.grad(lambda x: clipped(x, 1.0) ** 2)(0.25) == 0.5
    assert clipped(3.0, 1.0) == 3.0


A, B = np.random.default_rng(0).normal(size=(2, 3, 3))


def test_custom_vjp_in_every_mode():
    reference = lambda a, b: a @ b
    for argnums in (0, 1, (0, 1)):
        for jacobian in (ad.jacfwd, ad.jacrev):
            assert_close(jacobian(product, argnums)(A, B), jacobian(reference, argnums)(A, B), rtol=1e-13)
    assert_close(ad.jvp(product, (A, B), (B, A)), ad.jvp(reference, (A, B), (B, A)), rtol=1e-13)
    energy = lambda f: lambda a: np.sum(np.sin(f(a, f(a, B))))
    np.testing.assert_allclose(ad.grad(energy(product))(A), ad.grad(energy(reference))(A), rtol=1e-13)
    for outer in (ad.jacfwd, ad.jacrev):
        for inner in (ad.jacfwd, ad.jacrev):
            found = outer(inner(energy(product)))(A)
            np.testing.assert_allclose(found, ad.hessian(energy(reference))(A), rtol=1e-11, atol=1e-13)


def test_custom_vjp_with_an_integer_argument():
    @ad.custom_vjp
    def power(x, n):
        return x**n

    power.defvjp(lambda x, n: (x**n, (x, n)), lambda kept, ybar: (ybar * kept[1] * kept[0] ** (kept[1] - 1), None))
    assert ad.grad(power)(3.0, 2) == 6.0
    assert ad.jvp(lambda x: power(x, 3), (2.0,), (1.0,)) == (8.0, 12.0)


def test_custom_functions_keep_name_and_docstring():
    assert softplus.__name__ == "softplus"
    assert "overflows" in softplus.__doc__


# --- primitive: value and local Jacobian ------------------------------------------------------------------------------


def gamma_value(x):
    """A function that NumPy has not, by a loop that no trace could follow."""
    assert type(x) is np.ndarray or np.isscalar(x)
    return np.reshape([math.gamma(v) for v in np.ravel(x)], np.shape(x))


def digamma_value(x):
    """The derivative of log Γ, by the asymptotic series behind a recurrence."""

    def one(x):
        shift = sum(1 / (x + k) for k in range(10))
        y = x + 10
        return math.log(y) - 1 / (2 * y) - 1 / (12 * y**2) + 1 / (120 * y**4) - 1 / (252 * y**6) - shift

    return np.reshape([one(v) for v in np.ravel(x)], np.shape(x))


digamma = ad.primitive(digamma_value, lambda y, x: np.full(np.shape(x), np.nan))
gamma = ad.primitive(gamma_value, lambda y, x: y * digamma(x))


def test_primitive_with_a_diagonal_jacobian():
    x = np.array([[1.5, 2.5], [3.0, 0.7]])
    v = np.ones((2, 2))
    expected = differences(gamma_value, (x,), (v,))
    np.testing.assert_array_equal(gamma(x), gamma_value(x))
    assert_close(ad.jvp(gamma, (x,), (v,))[1], expected, rtol=1e-8)
    assert_close(ad.vjp(gamma, x)[1](v)[0], expected, rtol=1e-8)
    np.testing.assert_allclose(ad.jacfwd(gamma)(x), ad.jacrev(gamma)(x), rtol=1e-14)
    assert ad.grad(gamma)(1.0) == pytest.approx(-0.5772156649015329, rel=1e-9)


def test_primitive_with_whole_jacobians():
    """A product of two arguments, each with its Jacobian of shape y.shape + x.shape."""
    matvec = ad.primitive(
        lambda a, x: np.asarray(a) @ x,
        lambda y, a, x: [np.eye(len(y))[:, :, None] * x, a],
    )
    reference = lambda a, x: a @ x
    a = A[:2]
    assert_close(ad.jvp(matvec, (a, X), (a, V)), ad.jvp(reference, (a, X), (a, V)), rtol=1e-14)
    assert_close(ad.vjp(matvec, a, X)[1](V[:2]), ad.vjp(reference, a, X)[1](V[:2]), rtol=1e-14)
    assert_close(ad.jacrev(matvec, (0, 1))(a, X), ad.jacrev(reference, (0, 1))(a, X), rtol=1e-14)
    energy = lambda f: lambda x: np.sum(f(a * x, x) ** 2)
    np.testing.assert_allclose(ad.hessian(energy(matvec))(X), ad.hessian(energy(reference))(X), rtol=1e-12)
    np.testing.assert_allclose(
        ad.grad(lambda x: ad.grad(energy(matvec))(x) @ V)(X), ad.hessian(energy(reference))(X) @ V, rtol=1e-12
    )


def test_primitive_with_arguments_of_no_influence():
    scaled = ad.primitive(lambda x, k: x * k, lambda y, x, k: [np.full(np.shape(x), float(k)), None])
    np.testing.assert_array_equal(ad.grad(lambda x: scaled(x, 3).sum())(X), [3.0, 3.0, 3.0])
    assert_close(ad.vjp(scaled, X, 2.0)[1](V), (2 * V, 0.0), rtol=1e-15)


def test_primitive_of_scalars_and_its_second_derivative():
    cube = ad.primitive(lambda x: x * x * x, lambda y, x: 3 * x**2)
    assert (cube(2.0), ad.grad(cube)(2.0), ad.hessian(cube)(2.0), ad.grad(ad.hessian(cube))(2.0)) == (8, 12, 12, 6)


# --- Wrong rules ------------------------------------------------------------------------------------------


def with_jvp(rule):
    f = ad.custom_jvp(lambda x: x * 2.0)
    f.defjvp(rule)
    return f


def with_vjp(fwd, bwd):
    f = ad.custom_vjp(lambda x: x * 2.0)
    f.defvjp(fwd, bwd)
    return f


WRONG = {
    "no jvp rule": (ad.custom_jvp(np.sin), "defjvp"),
    "no vjp rule": (ad.custom_vjp(np.sin), "defvjp"),
    "tangent of a wrong shape": (with_jvp(lambda x, v: (x[0], v[0][:2])), r"\(3,\).*\(2,\)"),
    "tangent reduced": (with_jvp(lambda x, v: (x[0], np.sum(v[0]))), r"\(3,\).*\(\)"),
    "tangent of a wrong structure": (with_jvp(lambda x, v: (x[0], (v[0], v[0]))), "built like"),
    "no pair": (with_jvp(lambda x, v: v[0]), "pair"),
    "nothing": (with_jvp(lambda x, v: None), "pair"),
    "cotangent of a wrong shape": (with_vjp(lambda x: (x, None), lambda _, u: (u[:2],)), r"\(3,\).*\(2,\)"),
    "cotangents too many": (with_vjp(lambda x: (x, None), lambda _, u: (u, u)), "1"),
    "cotangent not in a tuple": (with_vjp(lambda x: (x, None), lambda _, u: u), "tuple"),
    "no residuals": (with_vjp(lambda x: x, lambda _, u: (u,)), "residuals"),
    "Jacobian of a wrong shape": (ad.primitive(lambda x: x * 2.0, lambda y, x: np.ones(2)), r"\(2,\).*\(3, 3\)"),
    "Jacobians too many": (ad.primitive(lambda x: x * 2.0, lambda y, x: [np.ones(3), np.ones(3)]), "1"),
}


@pytest.mark.parametrize("mode", ["jvp", "vjp", "jacfwd", "jacrev"])
@pytest.mark.parametrize("mistake", WRONG)
def test_wrong_rules_are_refused(mistake, mode):
    f, words = WRONG[mistake]
    with pytest.raises(ad.AutodiffError, match=words):
        {
            "jvp": lambda: ad.jvp(f, (X,), (V,)),
            "vjp": lambda: ad.vjp(f, X)[1](V),
            "jacfwd": lambda: ad.jacfwd(f)(X),
            "jacrev": lambda: ad.jacrev(f)(X),
        }[mode]()


@pytest.mark.parametrize("mistake", [name for name in WRONG if "shape" in name or "reduced" in name])
def test_wrong_shapes_are_value_errors(mistake):
    f, words = WRONG[mistake]
    with pytest.raises(ValueError, match=words):
        ad.jacrev(f)(X)


def test_a_rule_that_closes_over_a_traced_value_is_right_or_refused():
    """The closure's share of the derivative is not in the rule: an error, never a number without it."""

    def by_jvp(x):
        f = ad.custom_jvp(lambda z: z * x)
        f.defjvp(lambda primals, tangents: (primals[0] * x, tangents[0] * x))
        return f(x)

    def by_vjp(x):
        f = ad.custom_vjp(lambda z: z * x)
        f.defvjp(lambda z: (z * x, None), lambda _, ybar: (ybar * x,))
        return f(x)

    def by_primitive(x):
        return ad.primitive(lambda z: z * x, lambda y, z: x)(x)

    for f in (by_jvp, by_vjp, by_primitive):
        for derivative in (ad.grad(f), lambda x, f=f: ad.jvp(f, (x,), (1.0,))[1]):
            try:
                assert derivative(3.0) == 6.0
            except ad.AutodiffError:
                continue
        # an outer variable is another matter: its trace sees through the rule
        outer = ad.grad(lambda x, f=f: ad.grad(lambda z: f(x) * z)(1.0))
        try:
            assert outer(3.0) == 6.0
        except ad.AutodiffError:
            continue


def test_a_rule_may_close_over_the_variable_of_an_outer_transform():
    def outer(x):
        f = ad.custom_jvp(lambda z: z * z * x)
        f.defjvp(lambda primals, tangents: (f(*primals), 2 * primals[0] * tangents[0] * x))
        return ad.grad(f)(3.0)

    assert outer(5.0) == 30.0
    assert ad.grad(outer)(5.0) == 6.0
    assert ad.jvp(outer, (5.0,), (1.0,)) == (30.0, 6.0)


# --- stop_gradient ----------------------------------------------------------------------------------------


def test_stop_gradient_makes_constants():
    assert ad.grad(lambda x: x * ad.stop_gradient(x))(3.0) == 3.0
    assert ad.jvp(lambda x: x * ad.stop_gradient(x), (3.0,), (1.0,)) == (9.0, 3.0)
    assert ad.hessian(lambda x: x**2 * ad.stop_gradient(x))(3.0) == 6.0
    assert ad.stop_gradient(3.0) == 3.0
    np.testing.assert_array_equal(ad.jacfwd(lambda x: x + ad.stop_gradient({"y": x})["y"])(X), np.eye(3))
    np.testing.assert_array_equal(ad.jacrev(lambda x: ad.stop_gradient(x))(X), np.zeros((3, 3)))


def test_stop_gradient_stops_the_outer_derivative_too():
    for d in (ad.grad, lambda f: lambda x: ad.jvp(f, (x,), (1.0,))[1]):
        for e in (ad.grad, lambda f: lambda x: ad.jvp(f, (x,), (1.0,))[1]):
            assert d(lambda x, e=e: e(lambda y: y * ad.stop_gradient(x * y))(x) + x)(3.0) == 1.0


def test_stopped_values_are_plain_and_may_leave():
    kept = []
    ad.grad(lambda x: kept.append(ad.stop_gradient(x)) or x.sum())(X)
    assert type(kept[0]) is np.ndarray
    np.testing.assert_array_equal(kept[0] + 1, X + 1)
