"""The equations of the chapter on fixed points.

Solutions are found here by plain loops or by NumPy's linear algebra; derivatives of solutions are judged by the complex
step or by central differences of those, which know nothing of the implicit function theorem.
"""

import numpy as np
import pytest

import autodiff as ad
from figures import fixed_points as figures

from .oracles import columns

SIZES = [(1, 1), (3, 2), (5, 7)]
sizes = pytest.mark.parametrize(("unknowns", "parameters"), SIZES, ids=str)


def contraction(unknowns, parameters, rate=0.6, seed=0):
    """θ ↦ rate · W sin θ + sin(P φ) with a W of spectral norm 1, and a point φ."""
    rng = np.random.default_rng(seed)
    W, P = rng.standard_normal((unknowns, unknowns)), rng.standard_normal((unknowns, parameters))
    W *= rate / np.linalg.norm(W, 2)
    return lambda theta, phi: W @ np.sin(theta) + np.sin(P @ phi), rng.standard_normal(parameters)


def iterated(f, theta, phi, steps):
    for _ in range(steps):
        theta = f(theta, phi)
    return theta


def solved(unknowns, parameters, seed=0):
    """A contraction, φ, θ⋆ by a long loop, A and B there, and ∂θ⋆/∂φ through the loop by the complex step."""
    f, phi = contraction(unknowns, parameters, seed=seed)
    theta = iterated(f, np.zeros(unknowns), phi, 200)
    A, B = columns(lambda t: f(t, phi), theta), columns(lambda p: f(theta, p), phi)
    return f, phi, theta, A, B, columns(lambda p: iterated(f, np.zeros(unknowns), p, 200), phi)


@pytest.mark.equation("eq-fixed-point")
@pytest.mark.parametrize("start", [0.1, -3.0, 100.0])
def test_the_cosine_rests_where_it_rests(start):
    x = iterated(lambda x, _: np.cos(x), start, None, 200)
    assert np.cos(x) == pytest.approx(x, rel=1e-15)
    assert ad.fixed_point(np.cos, start) == pytest.approx(x, rel=1e-11)


@pytest.mark.equation("eq-fixed-contraction", "eq-fixed-banach")
@sizes
def test_a_contraction_keeps_banachs_promise(unknowns, parameters):
    f, phi = contraction(unknowns, parameters)
    q, rng = 0.6, np.random.default_rng(1)
    for _ in range(20):
        x, other = rng.standard_normal((2, unknowns)) * 3
        assert np.linalg.norm(f(x, phi) - f(other, phi)) <= q * np.linalg.norm(x - other) * (1 + 1e-12)
    end, x = iterated(f, np.zeros(unknowns), phi, 200), x[:]
    first = np.linalg.norm(f(x, phi) - x)
    for k in range(40):
        assert np.linalg.norm(iterated(f, x, phi, k) - end) <= q**k / (1 - q) * first + 1e-14


@pytest.mark.equation("eq-fixed-linear")
@sizes
def test_the_error_is_multiplied_by_the_jacobian(unknowns, parameters):
    f, phi, theta, A, _, _ = solved(unknowns, parameters)
    direction = np.random.default_rng(2).standard_normal(unknowns)
    ratios = []
    for size in (1e-2, 1e-3, 1e-4):
        error = size * direction
        rest = f(theta + error, phi) - theta - A @ error
        ratios.append(np.linalg.norm(rest) / np.linalg.norm(error))
    assert ratios[1] < 0.11 * ratios[0] + 1e-12
    assert ratios[2] < 0.11 * ratios[1] + 1e-12


@pytest.mark.equation("eq-fixed-descent")
@pytest.mark.parametrize("n", [1, 4])
@pytest.mark.parametrize("eta", [0.1, 0.7])
def test_descent_rests_at_stationary_points_and_has_this_jacobian(n, eta):
    rng = np.random.default_rng(n)
    M = rng.standard_normal((n, n))
    M = M + M.T
    loss = lambda x: x @ M @ x / 2 + np.sum(x**4) / 4
    f = lambda x: x - eta * (M @ x + x**3)
    x = rng.standard_normal(n)
    np.testing.assert_allclose(f(x), x - eta * ad.grad(loss)(x), rtol=1e-12)
    np.testing.assert_allclose(columns(f, x), np.eye(n) - eta * ad.hessian(loss)(x), atol=1e-12)
    np.testing.assert_array_equal(f(np.zeros(n)), np.zeros(n))


@pytest.mark.equation("eq-fixed-unrolled", "eq-fixed-unrolled-sum")
@sizes
@pytest.mark.parametrize("steps", [1, 2, 6])
def test_the_recursion_and_its_sum_are_the_derivative_of_the_loop(unknowns, parameters, steps):
    f, phi = contraction(unknowns, parameters)
    theta, T, A, B = np.zeros(unknowns), np.zeros((unknowns, parameters)), [], []
    for _ in range(steps):
        A.append(columns(lambda t: f(t, phi), theta))
        B.append(columns(lambda p, theta=theta: f(theta, p), phi))
        T, theta = A[-1] @ T + B[-1], f(theta, phi)
    total = np.zeros_like(T)
    for k in range(steps):
        term = B[k]
        for later in range(k + 1, steps):
            term = A[later] @ term
        total += term
    truth = columns(lambda p: iterated(f, np.zeros(unknowns), p, steps), phi)
    np.testing.assert_allclose(T, truth, atol=1e-12)
    np.testing.assert_allclose(total, truth, atol=1e-12)


@pytest.mark.equation("eq-fixed-lag")
@pytest.mark.parametrize("phi", [0.5, 0.8])
def test_the_unrolled_derivative_lags_by_a_factor_affine_in_the_steps(phi):
    f = lambda theta, phi: phi * np.cos(theta)
    end = iterated(f, 0.1, phi, 400)
    q, slope = -phi * np.sin(end), np.cos(end) / (1 + phi * np.sin(end))
    N = np.array([10, 11, 12, 13])
    loop = lambda p, n: iterated(f, 0.1 + 0 * p, p, n)
    e = np.array([(loop(phi, n) - end) / q**n for n in N])
    lag = np.array([(np.imag(loop(phi + 1e-30j, n)) / 1e-30 - slope) / q**n for n in N])
    np.testing.assert_allclose(e, e[-1], rtol=1e-2)
    np.testing.assert_allclose(np.diff(lag), np.diff(lag)[-1], rtol=2e-2)
    assert abs(np.diff(lag)[-1]) > 0.01


@pytest.mark.equation("eq-fixed-implicit", "eq-fixed-differentiated", "eq-fixed-derivative")
@sizes
@pytest.mark.parametrize("seed", [0, 1])
def test_the_implicit_function_theorem(unknowns, parameters, seed):
    f, phi, theta, A, B, truth = solved(unknowns, parameters, seed)
    g = lambda theta, phi: f(theta, phi) - theta
    near = phi + 1e-3 * np.random.default_rng(3).standard_normal(parameters)
    assert np.abs(g(iterated(f, theta, near, 200), near)).max() < 1e-14
    by_theta, by_phi = columns(lambda t: g(t, phi), theta), columns(lambda p: g(theta, p), phi)
    np.testing.assert_allclose(by_theta @ truth + by_phi, 0, atol=1e-12)
    np.testing.assert_allclose(-np.linalg.inv(by_theta) @ by_phi, truth, atol=1e-12)
    np.testing.assert_allclose(np.linalg.inv(np.eye(unknowns) - A) @ B, truth, atol=1e-12)
    np.testing.assert_allclose(ad.jacobian(lambda p: ad.fixed_point(f, 0 * theta, p))(phi), truth, atol=1e-9)


@pytest.mark.equation("eq-fixed-derivative")
@pytest.mark.parametrize("theta", [-2.0, 0.2, 0.5, 1.5])
def test_the_theorem_asks_for_no_contraction(theta):
    """On all branches of the switch φ = θ − 2 tanh θ, so the slope is the reciprocal of that one's derivative."""
    phi = theta - 2 * np.tanh(theta)
    slope = ad.grad(lambda p: ad.fixed_point(figures.switch, theta, p, solver="newton"))(phi)
    assert slope == pytest.approx(1 / (1 - 2 / np.cosh(theta) ** 2), rel=1e-10)


@pytest.mark.equation("eq-fixed-neumann")
@sizes
@pytest.mark.parametrize("count", [0, 1, 5])
@pytest.mark.parametrize("rate", [0.6, 3.0])
def test_the_geometric_series_and_its_remainder(unknowns, parameters, count, rate):
    rng = np.random.default_rng(unknowns)
    A, B = rate * rng.standard_normal((unknowns, unknowns)), rng.standard_normal((unknowns, parameters))
    derivative = np.linalg.solve(np.eye(unknowns) - A, B)
    total = sum((np.linalg.matrix_power(A, k) @ B for k in range(count)), np.zeros_like(B))
    remainder = np.linalg.matrix_power(A, count) @ derivative
    np.testing.assert_allclose(total, derivative - remainder, atol=1e-12 * (1 + np.abs(remainder).max()))


@pytest.mark.equation("eq-fixed-adjoint", "eq-fixed-tangent")
@sizes
def test_rows_and_columns_by_another_fixed_point(unknowns, parameters):
    f, phi, theta, A, B, truth = solved(unknowns, parameters)
    rng = np.random.default_rng(4)
    theta_bar, phi_dot = rng.standard_normal(unknowns), rng.standard_normal(parameters)
    u, theta_dot = theta_bar, B @ phi_dot
    for _ in range(200):
        u, theta_dot = theta_bar + u @ A, A @ theta_dot + B @ phi_dot
    np.testing.assert_allclose(u @ B, theta_bar @ truth, atol=1e-12)
    np.testing.assert_allclose(theta_dot, truth @ phi_dot, atol=1e-12)
    for linear in ("dense", "gmres", "iteration"):
        solve = lambda p, linear=linear: ad.fixed_point(f, 0 * theta, p, linear=linear)
        np.testing.assert_allclose(ad.vjp(solve, phi)[1](theta_bar)[0], theta_bar @ truth, atol=1e-9)
        np.testing.assert_allclose(ad.jvp(solve, (phi,), (phi_dot,))[1], truth @ phi_dot, atol=1e-9)


@pytest.mark.equation("eq-fixed-approximate")
@sizes
def test_the_formula_errs_in_proportion_to_the_solution(unknowns, parameters):
    f, phi, theta, _, _, truth = solved(unknowns, parameters)

    def formula(theta):
        A, B = columns(lambda t: f(t, phi), theta), columns(lambda p: f(theta, p), phi)
        return np.linalg.solve(np.eye(unknowns) - A, B)

    direction = np.random.default_rng(5).standard_normal(unknowns)
    ratios = [np.linalg.norm(formula(theta + h * direction) - truth) / h for h in (1e-2, 1e-3, 1e-4, 1e-5)]
    assert max(ratios) <= 1.2 * ratios[-1]


@pytest.mark.equation("eq-fixed-newton")
@pytest.mark.parametrize("phi", [0.1, 2.0, 50.0])
def test_newtons_square_root(phi):
    f = lambda theta, phi: (theta + phi / theta) / 2
    theta = iterated(f, 1.0, phi, 20)
    assert theta == pytest.approx(np.sqrt(phi), rel=1e-15)
    assert np.imag(f(theta + 1e-30j, phi)) / 1e-30 == pytest.approx((1 - phi / theta**2) / 2, abs=1e-15)
    assert (1 - phi / theta**2) / 2 == pytest.approx(0, abs=1e-15)
    by_phi = np.imag(f(theta, phi + 1e-30j)) / 1e-30
    slope = np.imag(np.sqrt(phi + 1e-30j)) / 1e-30
    assert by_phi == pytest.approx(1 / (2 * theta), rel=1e-14) == pytest.approx(1 / (2 * np.sqrt(phi)), rel=1e-14)
    assert slope == pytest.approx(by_phi, rel=1e-14)


@pytest.mark.equation("eq-fixed-minimum")
@sizes
def test_the_derivative_of_a_minimum(unknowns, parameters):
    rng = np.random.default_rng(6)
    M, P = rng.standard_normal((unknowns, unknowns)), rng.standard_normal((unknowns, parameters))
    M = M @ M.T + np.eye(unknowns)
    phi = rng.standard_normal(parameters)
    loss = lambda t, p: t @ M @ t / 2 + np.sum(np.cosh(t)) - t @ np.sin(P @ p)
    theta = ad.minimize(loss, np.zeros(unknowns), phi)
    slope = lambda t, p: M @ t + np.sinh(t) - np.sin(P @ p)
    assert np.abs(slope(theta, phi)).max() < 1e-10
    second, mixed = columns(lambda t: slope(t, phi), theta), columns(lambda p: slope(theta, p), phi)
    expected = -np.linalg.inv(second) @ mixed

    def newton(p):
        t = theta
        for _ in range(30):
            t = t - np.linalg.solve(second, slope(t, p))
        return t

    differences = np.stack([(newton(phi + 1e-5 * e) - newton(phi - 1e-5 * e)) / 2e-5 for e in np.eye(parameters)], -1)
    np.testing.assert_allclose(expected, differences, atol=1e-8)
    np.testing.assert_allclose(ad.jacobian(lambda p: ad.minimize(loss, 0 * theta, p))(phi), expected, atol=1e-9)


@pytest.mark.equation("eq-fixed-ridge")
@pytest.mark.parametrize(("N", "features"), [(8, 3), (4, 6)])
def test_ridge_with_a_penalty_for_each_weight(N, features):
    rng = np.random.default_rng(N)
    X, y, phi = rng.standard_normal((N, features)), rng.standard_normal(N), rng.standard_normal(features)
    best = lambda phi: np.linalg.solve(X.T @ X / N + np.diag(np.exp(phi)), X.T @ y / N)
    loss = lambda w, phi: np.sum((X @ w - y) ** 2) / N + np.sum(np.exp(phi) * w**2)
    w = best(phi)
    assert all(loss(w + 0.01 * rng.standard_normal(features), phi) > loss(w, phi) for _ in range(20))
    unit = np.eye(features)
    inverse = np.linalg.inv(X.T @ X / N + np.diag(np.exp(phi)))
    formula = np.stack([-inverse @ (np.exp(phi[j]) * w[j] * unit[j]) for j in range(features)], axis=-1)
    np.testing.assert_allclose(formula, columns(best, phi), atol=1e-12)


@pytest.mark.equation("eq-fixed-layer")
@pytest.mark.parametrize("h", [2, 9])
@pytest.mark.parametrize("q", [0.5, 0.95])
def test_the_layer_is_a_contraction(h, q):
    rng = np.random.default_rng(h)
    S, U, b, x = (rng.standard_normal(shape) for shape in [(h, h), (h, 2), h, 2])
    K = S - S.T
    Q = np.linalg.inv(np.eye(h) + K) @ (np.eye(h) - K)
    np.testing.assert_allclose(Q.T @ Q, np.eye(h), atol=1e-12)
    layer = lambda z: np.tanh(q * Q @ z + U @ x + b)
    for _ in range(20):
        z, other = 3 * rng.standard_normal((2, h))
        assert np.linalg.norm(layer(z) - layer(other)) <= q * np.linalg.norm(z - other)
    z = iterated(lambda z, _: layer(z), np.zeros(h), None, 1000)
    np.testing.assert_allclose(layer(z), z, atol=1e-14)


# --- solutions -----------------------------------------------------------------------------------------------------


@pytest.mark.equation("eq-fixed-solution-geometric")
@pytest.mark.parametrize("phi", [0.9, -0.5, 0.1])
@pytest.mark.parametrize("N", [1, 4, 30])
def test_the_lag_of_the_geometric_series(phi, N):
    f = lambda theta, phi: phi * theta + 1
    unrolled = np.imag(iterated(f, 0, phi + 1e-30j, N)) / 1e-30
    expected = -(1 / (1 - phi) ** 2 + N / (phi * (1 - phi))) * phi**N
    assert unrolled - 1 / (1 - phi) ** 2 == pytest.approx(expected, rel=1e-10, abs=1e-13)


@pytest.mark.equation("eq-fixed-solution-second")
@pytest.mark.parametrize("phi", [0.4, 1.0])
def test_the_second_derivative_of_a_solution(phi):
    f = lambda theta, phi: phi * np.cos(theta) + phi**2
    loop = lambda phi: iterated(f, 0.1, phi, 4000)
    t, h = loop(phi), 1e-3
    slope = np.imag(loop(phi + 1e-30j)) / 1e-30
    by_theta, mixed, twice = -phi * np.sin(t), -np.sin(t), -phi * np.cos(t)
    expected = (twice * slope**2 + 2 * mixed * slope + 2) / (1 - by_theta)
    points = [loop(phi + k * h) for k in (-2, -1, 0, 1, 2)]
    fourth_order = np.dot([-1, 16, -30, 16, -1], points) / (12 * h**2)
    assert fourth_order == pytest.approx(expected, rel=1e-7)


@pytest.mark.equation("eq-fixed-solution-lasso")
@pytest.mark.parametrize(("N", "features"), [(30, 6), (60, 12)])
def test_the_path_of_the_lasso(N, features):
    rng = np.random.default_rng(features)
    X = rng.standard_normal((N, features))
    y = X @ np.where(np.arange(features) < 3, 1.0, 0.0) + rng.standard_normal(N)
    eta = N / np.linalg.norm(X, 2) ** 2

    def lasso(phi):
        w = np.zeros(features)
        for _ in range(3000):
            v = w - eta * X.T @ (X @ w - y) / N
            w = np.sign(v) * np.maximum(np.abs(v) - eta * phi, 0)
        return w

    phi, h = 0.2, 1e-6
    w, slope = lasso(phi), (lasso(phi + h) - lasso(phi - h)) / (2 * h)
    S = w != 0
    assert 0 < S.sum() < features
    np.testing.assert_allclose(slope[S], -N * np.linalg.inv(X[:, S].T @ X[:, S]) @ np.sign(w[S]), atol=1e-6)
    np.testing.assert_array_equal(slope[~S], 0)
