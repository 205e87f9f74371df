"""The equations of the chapter on the thrown stone.

Flights are integrated here by a method of its own (midpoint steps, extrapolated), derivatives are taken by the complex
step or by central differences, and least squares are solved by NumPy.
"""

import numpy as np
import pytest

import autodiff as ad
from figures import practice

from .oracles import columns

G = practice.GRAVITY
PARAMETERS = [(0.3, 0.0), (0.6, 0.012), (1.1, 0.05)]
parameters = pytest.mark.parametrize("p", PARAMETERS, ids=str)


def force(z, k):
    """What @eq-practice-motion says, term by term."""
    s = np.sqrt(z[2] * z[2] + z[3] * z[3])
    return np.array([z[2], z[3], -k * s * z[2], -k * s * z[3] - G])


def midpoint(p, time, steps):
    angle, k = p
    z = np.array([0 * angle, practice.HAND + 0 * angle, practice.SPEED * np.cos(angle), practice.SPEED * np.sin(angle)])
    h = time / steps
    for _ in range(steps):
        z = z + h * force(z + h / 2 * force(z, k), k)
    return z


def flight(p, time):
    """Richardson's extrapolation of midpoint steps: right to ten digits or so, and complex where p is."""
    coarse, middle, fine = (midpoint(p, time, n) for n in (100, 200, 400))
    one, two = (4 * middle - coarse) / 3, (4 * fine - middle) / 3
    return (8 * two - one) / 7


def landing_time(p):
    time = 2.5
    for _ in range(20):
        z = flight(p, time)
        time = time - z[1] / z[3]
    return time


@pytest.mark.equation("eq-practice-motion")
@parameters
def test_the_simulator_obeys_the_equations_of_motion_and_loses_energy_to_drag(p):
    k, h = p[1], 1e-4
    for time in (0.3, 1.7):
        before, z, after = (practice.fly(p, time + shift, 200) for shift in (-h, 0, h))
        np.testing.assert_allclose((after - before) / (2 * h), force(z, k), rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(z, flight(p, time), rtol=1e-7, atol=1e-7)
        energy = lambda z: (z[2] ** 2 + z[3] ** 2) / 2 + G * z[1]
        speed = np.hypot(z[2], z[3])
        assert (energy(after) - energy(before)) / (2 * h) == pytest.approx(-k * speed**3, rel=1e-5, abs=1e-5)


@pytest.mark.equation("eq-practice-drag")
@pytest.mark.parametrize(("d", "density", "C"), [(0.06, 625.0, 0.5), (0.1, 2600.0, 0.4)])
def test_the_drag_of_a_ball(d, density, C):
    area, mass = np.pi * (d / 2) ** 2, density * 4 / 3 * np.pi * (d / 2) ** 3
    air, speed = 1.2, 20.0
    deceleration = air * speed**2 / 2 * C * area / mass
    assert 3 * C / (4 * d) * air / density * speed**2 == pytest.approx(deceleration, rel=1e-14)
    assert air * C * np.pi * d**2 / 4 / (2 * density * np.pi * d**3 / 6) * speed**2 == pytest.approx(deceleration)


@pytest.mark.equation("eq-practice-rk4")
@parameters
def test_a_step_is_the_formula_and_of_fourth_order(p):
    z, h, k = practice.throw(p[0]), 0.1, p[1]
    a = force(z, k)
    b = force(z + h / 2 * a, k)
    c = force(z + h / 2 * b, k)
    d = force(z + h * c, k)
    np.testing.assert_allclose(practice.step(z, h, k), z + h / 6 * (a + 2 * b + 2 * c + d), rtol=1e-14)
    if k:
        truth = flight(p, 1.0)
        errors = [np.linalg.norm(practice.fly(p, 1.0, steps) - truth) for steps in (2, 4, 8)]
        assert 10 < errors[0] / errors[1] < 40
        assert 10 < errors[1] / errors[2] < 40


@pytest.mark.equation("eq-practice-event", "eq-practice-landing")
@parameters
def test_how_the_landing_moves(p):
    p = np.array(p)
    time = landing_time(p)
    z = flight(p, time)
    assert abs(z[1]) < 1e-10
    by_p = columns(lambda p: flight(p, time), p)  # (4 × 2), at a fixed time
    end = columns(lambda p: np.array([landing_time(p)]), p)
    far = columns(lambda p: flight(p, landing_time(p))[:1], p)
    np.testing.assert_allclose(-by_p[1] / z[3], end[0], rtol=1e-8)
    np.testing.assert_allclose(by_p[0] - z[2] / z[3] * by_p[1], far[0], rtol=1e-8)
    np.testing.assert_allclose(ad.grad(lambda p: practice.landing(p, 60))(p), far[0], rtol=1e-6)


@pytest.mark.equation("eq-practice-loss")
@pytest.mark.parametrize(("data", "unknowns"), [(3, 1), (34, 2), (5, 7)])
def test_the_gradient_of_half_a_sum_of_squares(data, unknowns):
    rng = np.random.default_rng(data)
    A, b = rng.standard_normal((data, unknowns)), rng.standard_normal(data)
    residuals = lambda p: np.sin(A @ p) - b
    p = rng.standard_normal(unknowns)
    slope = columns(lambda p: np.array([np.sum(residuals(p) ** 2) / 2]), p)[0]
    np.testing.assert_allclose(residuals(p) @ columns(residuals, p), slope, atol=1e-12)
    np.testing.assert_allclose(ad.vjp(residuals, p)[1](residuals(p))[0], slope, atol=1e-12)


@pytest.mark.equation("eq-practice-units")
@pytest.mark.parametrize("unknowns", [1, 2, 5])
def test_gradient_and_hessian_in_other_units(unknowns):
    rng = np.random.default_rng(unknowns)
    M, units = rng.standard_normal((unknowns, unknowns)), np.exp(rng.standard_normal(unknowns))
    loss = lambda p: np.sum(np.cosh(M @ p))
    slope = lambda p: M.T @ np.sinh(M @ p)
    q, D = rng.standard_normal(unknowns), np.diag(units)
    by_q = columns(lambda q: np.array([loss(D @ q)]), q)[0]
    np.testing.assert_allclose(by_q, D @ slope(D @ q), rtol=1e-12)
    second = columns(lambda q: D @ slope(D @ q), q)
    np.testing.assert_allclose(second, D @ columns(slope, D @ q) @ D, rtol=1e-10)
    np.testing.assert_allclose(ad.hessian(lambda q: loss(D @ q))(q), second, rtol=1e-10)


@pytest.mark.equation("eq-practice-rate")
@pytest.mark.parametrize("kappa", [1.7, 30.0, 1000.0])
def test_the_steps_that_a_digit_takes(kappa):
    H, error, steps = np.diag([3.0 / kappa, 3.0]), np.ones(2), 0
    while np.abs(error).max() > 1e-6:
        error, steps = error - H @ error / 3.0, steps + 1
    assert steps == np.ceil(6 * np.log(10) / -np.log(1 - 1 / kappa))


@pytest.mark.equation("eq-practice-gauss-newton")
@pytest.mark.parametrize(("data", "unknowns"), [(4, 1), (34, 2), (9, 6)])
def test_the_step_minimises_the_linear_map_and_knows_no_units(data, unknowns):
    rng = np.random.default_rng(data)
    J, rho = rng.standard_normal((data, unknowns)), rng.standard_normal(data)
    delta = np.linalg.solve(J.T @ J, -J.T @ rho)
    np.testing.assert_allclose(delta, np.linalg.lstsq(J, -rho, rcond=None)[0], rtol=1e-9)
    D = np.diag(np.exp(rng.standard_normal(unknowns)))
    np.testing.assert_allclose(D @ np.linalg.solve(D @ J.T @ J @ D, -D @ J.T @ rho), delta, rtol=1e-8)
    f, v = lambda p: np.tanh(J @ p) - rho, rng.standard_normal(unknowns)
    full = columns(f, v)
    np.testing.assert_allclose(ad.gauss_newton_vp(f, (v,), (v,))[0], full.T @ full @ v, rtol=1e-10)


def fits(data, unknowns, sigma, draws, seed=0):
    """Least-squares fits of a linear model to repeated experiments, their truth, and J."""
    rng = np.random.default_rng(seed)
    J, p = rng.standard_normal((data, unknowns)), rng.standard_normal(unknowns)
    seen = J @ p + sigma * rng.standard_normal((draws, data))
    return np.linalg.lstsq(J, seen.T, rcond=None)[0].T, p, J


@pytest.mark.equation("eq-practice-covariance", "eq-practice-prediction")
@pytest.mark.parametrize("data", [3, 34])
def test_the_spread_of_fits_and_of_what_is_computed_from_them(data):
    sigma, draws = 0.3, 40_000
    found, _, J = fits(data, 2, sigma, draws)
    covariance = sigma**2 * np.linalg.inv(J.T @ J)
    sampling = np.abs(covariance).max() * 6 / np.sqrt(draws)
    np.testing.assert_allclose(np.cov(found.T), covariance, atol=sampling)
    row = np.array([0.7, -1.3])
    assert np.var(found @ row) == pytest.approx(row @ covariance @ row, rel=6 * np.sqrt(2 / draws))


@pytest.mark.equation("eq-practice-ellipse")
@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_an_ellipse_holds_its_share(share):
    sigma, draws = 0.3, 40_000
    found, p, J = fits(10, 2, sigma, draws)
    away = found - p
    inside = np.einsum("ni,ij,nj->n", away, J.T @ J, away) <= -2 * sigma**2 * np.log(1 - share)
    assert inside.mean() == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / draws))


@pytest.mark.equation("eq-practice-solution-vacuum")
@pytest.mark.parametrize("alpha", [0.2, np.pi / 4, 1.3])
def test_the_range_in_vacuum(alpha):
    speed = 25.0
    range_of = lambda alpha: speed * np.cos(alpha) * 2 * speed * np.sin(alpha) / G
    slope = np.imag(range_of(alpha + 1e-30j)) / 1e-30
    time = 2 * speed * np.sin(alpha) / G
    middle = -speed * time * np.sin(alpha) + np.cos(alpha) / np.sin(alpha) * speed * time * np.cos(alpha)
    assert middle == pytest.approx(slope, rel=1e-12, abs=1e-12)
    assert 2 * speed**2 / G * np.cos(2 * alpha) == pytest.approx(slope, rel=1e-12, abs=1e-12)
