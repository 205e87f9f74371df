"""The equations of the chapter on choosing a method.

Oracles: the complex step through plain loops, Gauss–Hermite quadrature for expectations, fine Runge–Kutta steps for
differential equations, SymPy's series for Taylor coefficients.
"""

import numpy as np
import pytest
import sympy as sp

from figures import choosing as figures
from figures.heated_wire import Wire

from .oracles import columns

wires = pytest.mark.parametrize("wire", [Wire(5, 1), Wire(8, 3), Wire(12, 15)], ids=str)


@pytest.mark.equation("eq-choosing-wire")
@wires
def test_the_wire_conducts_radiates_and_is_heated(wire):
    """Against the difference quotients of the equation −u″ + u⁴ = heat, with temperature 1 at both ends."""
    u = wire.temperatures(wire.phi)
    np.testing.assert_allclose(wire.K @ u - wire.e + u**4 - wire.H @ wire.phi, 0, atol=1e-9)
    ends, h = np.concatenate([[1.0], u, [1.0]]), 1 / (wire.points + 1)
    bend = (ends[:-2] - 2 * ends[1:-1] + ends[2:]) / h**2
    heat = sum(power * column for power, column in zip(wire.phi, wire.H.T, strict=True))
    np.testing.assert_allclose(-bend + u**4, heat, atol=1e-9)


@pytest.mark.equation("eq-choosing-loss", "eq-choosing-implicit")
@wires
def test_one_transposed_system_gives_the_gradient_of_the_loss(wire):
    phi = wire.phi * np.linspace(0.8, 1.2, wire.heaters)
    u = wire.temperatures(phi)
    assert wire.loss(phi) == pytest.approx(np.linalg.norm(u - wire.measured) ** 2 / 2, rel=1e-14)
    adjoint = np.linalg.solve((wire.K + 4 * np.diag(u**3)).T, u - wire.measured)
    truth = columns(lambda phi: np.atleast_1d(wire.loss(phi)), phi)[0]
    np.testing.assert_allclose(wire.H.T @ adjoint, truth, atol=1e-12)


def coefficients(expression, t, degree):
    return np.array([float(expression.diff(t, k).subs(t, 0) / sp.factorial(k)) for k in range(degree + 1)])


@pytest.mark.equation("eq-choosing-taylor", "eq-choosing-solution-sine")
@pytest.mark.parametrize("degree", [1, 4, 7])
def test_recurrences_of_series(degree):
    t = sp.symbols("t")
    first, second = sp.Rational(1, 3) + t - 2 * t**2 + t**4, 2 - t / 5 + t**3
    a, b = (coefficients(x, t, degree) for x in (first, second))
    product, y, s, c = (
        coefficients(x, t, degree) for x in (first * second, sp.exp(first), sp.sin(first), sp.cos(first))
    )
    assert y[0] == pytest.approx(np.exp(a[0]))
    for k in range(degree + 1):
        assert product[k] == pytest.approx(sum(a[j] * b[k - j] for j in range(k + 1)), rel=1e-12, abs=1e-12)
        along = lambda x, k=k: sum(j * a[j] * x[k - j] for j in range(1, k + 1))
        assert k * y[k] == pytest.approx(along(y), rel=1e-12, abs=1e-12)
        assert k * s[k] == pytest.approx(along(c), rel=1e-12, abs=1e-12)
        assert k * c[k] == pytest.approx(-along(s), rel=1e-12, abs=1e-12)


def runge_kutta(f, x, T, count):
    h, path = T / count, [x]
    for _ in range(count):
        k1 = f(x)
        k2 = f(x + h / 2 * k1)
        k3 = f(x + h / 2 * k2)
        x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + f(x + h * k3))
        path.append(x)
    return path


@pytest.mark.equation("eq-choosing-adjoint")
@pytest.mark.parametrize(("size", "parameters"), [(1, 1), (3, 2)])
def test_the_adjoint_equation(size, parameters):
    """State and adjoint and integral are one system, stepped back from the end; the truth is stepped forwards."""
    random = np.random.default_rng(size)
    W, P = random.standard_normal((size, size)), random.standard_normal((size, parameters))
    start, theta, T, count = random.standard_normal(size), random.standard_normal(parameters), 1.0, 200
    f = lambda x, theta: np.sin(W @ x + P @ theta)
    solve = lambda theta: runge_kutta(lambda x: f(x, theta), start + 0 * theta[0], T, count)[-1]
    end = solve(theta)
    by_x = lambda x: np.cos(W @ x + P @ theta)[:, None] * W
    by_theta = lambda x: np.cos(W @ x + P @ theta)[:, None] * P

    def backwards(state):
        x, bar = state[:size], state[size : 2 * size]
        return -np.concatenate([f(x, theta), -bar @ by_x(x), -bar @ by_theta(x)])

    judged = np.cos(end)  # the loss is the sum of the sines of x(T)
    found = runge_kutta(backwards, np.concatenate([end, judged, np.zeros(parameters)]), T, count)[-1]
    truth = columns(lambda theta: np.atleast_1d(np.sum(np.sin(solve(theta)))), theta)[0]
    np.testing.assert_allclose(found[2 * size :], truth, atol=1e-8)


@pytest.mark.equation("eq-choosing-euler")
@pytest.mark.parametrize("steps", [1, 3, 20])
def test_two_adjoints_of_eulers_method(steps):
    """With x_k, the sensitivity of the program to its start; with x_{k+1}, Euler's method for the adjoint equation."""
    theta, start, T = 1.3, 0.2, 2.0
    path = [start]
    for _ in range(steps):
        path.append(path[-1] + T / steps * figures.growth(path[-1], theta))
    slope = lambda x: theta * (1 - 2 * x)
    program = equation = 1.0
    for k in reversed(range(steps)):
        program *= 1 + T / steps * slope(path[k])
        equation *= 1 + T / steps * slope(path[k + 1])
    moved = figures.euler(figures.growth, theta, start + 1e-30j, T, steps)[-1]
    assert program == pytest.approx(np.imag(moved) / 1e-30, rel=1e-12)
    bar = 1.0
    for here in reversed(path[1:]):  # dx̄/dt = −x̄ ∂f/∂x, from t back to t − h
        bar = bar - T / steps * (-bar * slope(here))
    assert equation == pytest.approx(bar, rel=1e-12)
    assert steps == 1 or equation != pytest.approx(program, rel=1e-3)


@pytest.mark.equation("eq-choosing-estimators")
@pytest.mark.parametrize("theta", [-0.7, 0.4])
@pytest.mark.parametrize("baseline", [0.0, 2.5])
def test_both_estimators_are_right_on_average(theta, baseline):
    """For z = μ + σ ε with (μ, log σ) = θ: expectations by quadrature, the truth by the complex step."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    f, slope = (lambda z: np.sin(z) + z**2), (lambda z: np.cos(z) + 2 * z)
    point = np.array([theta, 0.3 * theta])
    mean = lambda theta: np.atleast_1d(weights @ f(theta[0] + np.exp(theta[1]) * nodes))
    truth = columns(mean, point)[0]
    sigma = np.exp(point[1])
    z = point[0] + sigma * nodes
    score = np.stack([nodes / sigma, nodes**2 - 1])  # of the normal density, by mean and log σ
    np.testing.assert_allclose(score @ (weights * (f(z) - baseline)), truth, atol=1e-10)
    by_theta = np.stack([np.ones_like(nodes), sigma * nodes])
    np.testing.assert_allclose(by_theta @ (weights * slope(z)), truth, atol=1e-10)


@pytest.mark.equation("eq-choosing-coin")
@pytest.mark.parametrize("theta", [-2.0, 0.0, 0.8])
def test_the_mean_of_a_coin(theta):
    f = {0: 0.2, 1: -1.7}
    mean = lambda theta: f[1] / (1 + np.exp(-theta)) + f[0] * (1 - 1 / (1 + np.exp(-theta)))
    p = 1 / (1 + np.exp(-theta))
    assert p * (1 - p) * (f[1] - f[0]) == pytest.approx(np.imag(mean(theta + 1e-30j)) / 1e-30, rel=1e-14)
