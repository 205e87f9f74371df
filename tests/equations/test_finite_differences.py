"""The equations of the chapter on finite differences, each from its own terms and closed-form derivatives.

Truncation is checked in exact or extended arithmetic where rounding would hide it: `mpmath` comes with SymPy.
"""

import math

import mpmath as mp
import numpy as np
import pytest

from autodiff import finite

EPS = float(np.finfo(float).eps)
POINTS = [-1.9, -0.4, 0.7, 2.2]

# f, and its k-th derivative at x, for mpmath numbers
FUNCTIONS = {
    "sin": (mp.sin, lambda x, k: mp.sin(x + k * mp.pi / 2)),
    "exp": (mp.exp, lambda x, k: mp.exp(x)),
    "exp 2x": (lambda x: mp.exp(2 * x), lambda x, k: mp.mpf(2) ** k * mp.exp(2 * x)),
    "quintic": (lambda x: x**5 - x, lambda x, k: mp.diff(lambda t: t**5 - t, x, k)),
}

functions = pytest.mark.parametrize(("f", "d"), FUNCTIONS.values(), ids=FUNCTIONS)
points = pytest.mark.parametrize("x", POINTS)


@pytest.fixture(autouse=True)
def many_digits():
    with mp.workdps(50):
        yield


def forward(f, x, h):
    return (f(x + h) - f(x)) / h


def central(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


def between(value, bound_by, low, high):
    """`value` is taken by the continuous function `bound_by` somewhere in the interval."""
    values = [bound_by(low + (high - low) * i / mp.mpf(200)) for i in range(201)]
    slack = mp.mpf(10) ** -25 + abs(max(values) - min(values)) / 1000
    return min(values) - slack <= value <= max(values) + slack


# --- quotients and their truncation --------------------------------------------------------------------------------


@pytest.mark.equation("eq-forward")
@points
def test_the_forward_difference_is_what_the_module_computes(x):
    h = 2.0**-20
    assert finite.forward(np.sin, x, h) == (np.sin(x + h) - np.sin(x)) / h
    assert finite.forward(lambda t: 3 * t + 1, 0.5, h) == 3  # a slope it must know


@pytest.mark.equation("eq-sine-early")
@points
@pytest.mark.parametrize("h", [1e-3, 0.1, 1.0, 3.0])
def test_the_sine_runs_early(x, h):
    x, h = mp.mpf(x), mp.mpf(h)
    assert mp.almosteq(forward(mp.sin, x, h), mp.sin(h / 2) / (h / 2) * mp.cos(x + h / 2), 1e-40)


def second(f, x, h):
    return (f(x + h) - 2 * f(x) + f(x - h)) / h**2


@pytest.mark.equation("eq-forward-taylor", "eq-central", "eq-second")
@pytest.mark.parametrize(
    ("quotient", "order", "divisor", "power", "left"),
    [(forward, 1, 2, 1, 0), (central, 1, 6, 2, 1), (second, 2, 12, 2, 1)],
)
@functions
@points
@pytest.mark.parametrize("h", [0.5, 1e-3])
def test_a_truncation_error_is_a_derivative_in_between(quotient, order, divisor, power, left, f, d, x, h):
    x, h = mp.mpf(x), mp.mpf(h)
    error = quotient(f, x, h) - d(x, order)
    assert between(error * divisor / h**power, lambda t: d(t, order + power), x - left * h, x + h)


@pytest.mark.equation("eq-even")
@functions
@points
def test_the_central_difference_is_a_series_in_even_powers(f, d, x):
    x, h = mp.mpf(x), mp.mpf("1e-3")
    terms = [d(x, 2 * k + 1) / mp.factorial(2 * k + 1) * h ** (2 * k) for k in range(4)]
    remainder = abs(central(f, x, h) - sum(terms))
    assert remainder <= 2 * abs(d(x, 9)) / mp.factorial(9) * h**8 + mp.mpf(10) ** -40


# --- rounding and the best step ----------------------------------------------------------------------------------


@pytest.mark.equation("eq-rounding")
@pytest.mark.parametrize("name", ["sin", "exp", "log"])
def test_library_functions_err_by_no_more_than_epsilon(name):
    x = np.random.default_rng(0).uniform(0.1, 9, 2000)
    for t, y in zip(x, getattr(np, name)(x), strict=True):
        truth = getattr(mp, name)(mp.mpf(t))
        assert abs((mp.mpf(y) - truth) / truth) <= EPS


ROUNDED = {"sin": (np.sin, [np.sin, np.cos, np.sin, np.cos]), "exp": (np.exp, [np.exp] * 4)}
rounded = pytest.mark.parametrize(("f", "sizes"), ROUNDED.values(), ids=ROUNDED)


def sizes_between(sizes, x, h):
    """The largest |f|, |f'|, |f''|, |f'''| between the points that a difference uses."""
    t = np.linspace(x - h, x + h, 41)
    return [float(np.abs(size(t)).max()) for size in sizes]


@pytest.mark.equation("eq-bounds")
@rounded
@points
@pytest.mark.parametrize("power", range(2, 50, 2))
def test_computed_differences_stay_within_their_bounds(f, sizes, x, power):
    h = 2.0**-power
    x = round(x * 2**10) / 2**10  # x ± h is exact, as the chapter supposes
    slope = float(mp.diff(getattr(mp, f.__name__), mp.mpf(x)))
    size, _, bend, jerk = sizes_between(sizes, x, h)
    one_bit = 2 * EPS * abs(slope)  # the division and the subtraction round, too
    assert abs(finite.forward(f, x, h) - slope) <= h / 2 * bend + 2 * EPS * size / h + one_bit
    assert abs(finite.central(f, x, h) - slope) <= h**2 / 6 * jerk + EPS * size / h + one_bit


def least(bound):
    """The minimum of a bound in log h, by golden section in many digits."""
    low, high, ratio = mp.mpf(-20), mp.mpf(1), (mp.sqrt(5) - 1) / 2
    for _ in range(120):
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, b) if bound(10**a) < bound(10**b) else (a, high)
    h = mp.mpf(10) ** low
    return h, bound(h)


SIZES = [(1, 1, 1), (0.64, 0.64, 0.76), (5.0, 1e-3, 20.0), (1e-4, 7.0, 2e3)]
sizes_of_derivatives = pytest.mark.parametrize(("f", "f2", "f3"), SIZES)


@pytest.mark.equation("eq-forward-step")
@sizes_of_derivatives
def test_the_best_forward_step(f, f2, f3):
    h, error = least(lambda h: h / 2 * f2 + 2 * EPS * f / h)
    assert mp.almosteq(h, 2 * mp.sqrt(EPS * f / f2), 1e-10)
    assert mp.almosteq(error, 2 * mp.sqrt(EPS * f * f2), 1e-10)


@pytest.mark.equation("eq-central-step")
@sizes_of_derivatives
def test_the_best_central_step(f, f2, f3):
    h, error = least(lambda h: h**2 / 6 * f3 + EPS * f / h)
    assert mp.almosteq(h, mp.cbrt(3 * EPS * f / f3), 1e-10)
    assert mp.almosteq(error, mp.cbrt(9 * mp.mpf(EPS) ** 2 * f**2 * f3) / 2, 1e-10)


@pytest.mark.equation("eq-general-step")
@pytest.mark.parametrize(
    ("offsets", "order", "q", "C", "A"),
    [((0, 1), 1, 2, 1 / 2, 2), ((-1, 1), 1, 3, 1 / 6, 1), ((-1, 0, 1), 2, 4, 1 / 12, 4), ((0, 1, 2), 1, 3, 1 / 3, 4)],
)
@pytest.mark.parametrize("eps", [EPS, 1e-7])
def test_the_best_step_of_any_formula(offsets, order, q, C, A, eps):
    h, error = least(lambda h: C * h ** (q - order) + A * eps / h**order)
    assert mp.almosteq(h, (order * A * mp.mpf(eps) / ((q - order) * C)) ** (mp.mpf(1) / q), 1e-10)
    assert finite.default_step(0.0, offsets, order, noise=eps) == pytest.approx(float(h), rel=1e-12)
    smaller = least(lambda h: C * h ** (q - order) + A * eps / 1000 / h**order)[1]
    assert mp.almosteq(error / smaller, 1000 ** (mp.mpf(q - order) / q), 1e-10)


@pytest.mark.equation("eq-solution-second")
@sizes_of_derivatives
def test_the_best_step_of_the_second_difference(f, f2, f3):
    f4 = f3
    h, error = least(lambda h: h**2 / 12 * f4 + 4 * EPS * f / h**2)
    assert mp.almosteq(h, (48 * EPS * f / mp.mpf(f4)) ** mp.mpf("0.25"), 1e-10)
    assert mp.almosteq(error, 2 * mp.sqrt(EPS * f * f4 / mp.mpf(3)), 1e-10)


# --- gradients, formulas, tools ------------------------------------------------------------------------------------


@pytest.mark.equation("eq-partial")
@pytest.mark.parametrize("n", [1, 4, 7])
def test_partial_derivatives_move_one_input_each(n):
    rng = np.random.default_rng(n)
    Q, x, h = rng.standard_normal((n, n)), rng.standard_normal(n), 2.0**-12
    f = lambda x: x @ Q @ x
    exact = (Q + Q.T) @ x
    e = np.eye(n)
    one_sided = [(f(x + h * e[j]) - f(x)) / h for j in range(n)]
    two_sided = [(f(x + h * e[j]) - f(x - h * e[j])) / (2 * h) for j in range(n)]
    np.testing.assert_allclose(one_sided, exact + h * np.diag(Q), atol=1e-10)  # the error that a quadratic has
    np.testing.assert_allclose(two_sided, exact, atol=1e-10)
    np.testing.assert_allclose(finite.gradient(f, x, "forward", h), one_sided, atol=1e-10)
    np.testing.assert_allclose(finite.gradient(f, x, "central", h), two_sided, atol=1e-10)


@pytest.mark.equation("eq-richardson")
@functions
@points
def test_one_extrapolation_leaves_a_fourth_power(f, d, x):
    x, h = mp.mpf(x), mp.mpf("1e-3")
    error = (4 * central(f, x, h / 2) - central(f, x, h)) / 3 - d(x, 1)
    assert abs(error + d(x, 5) / 480 * h**4) <= abs(d(x, 7)) * h**6 + mp.mpf(10) ** -40


@pytest.mark.equation("eq-table")
@functions
@points
def test_each_column_of_the_triangle_gains_two_orders(f, d, x):
    def triangle(h):
        T = [[central(f, x, h / 2**k)] for k in range(4)]
        for k in range(1, 4):
            for j in range(1, k + 1):
                T[k].append(T[k][j - 1] + (T[k][j - 1] - T[k - 1][j - 1]) / (4**j - 1))
        return T

    x, h = mp.mpf(x), mp.mpf("1e-2")
    coarse, fine = triangle(h), triangle(h / 2)
    for j in range(4):
        before, after = abs(coarse[3][j] - d(x, 1)), abs(fine[3][j] - d(x, 1))
        assert after <= before / 2 ** (2 * j + 2) * mp.mpf("1.01") + mp.mpf(10) ** -40
    with mp.workdps(16):
        table = finite.richardson_table(lambda t: float(f(mp.mpf(float(t)))), float(x), 0.5)
    reference = triangle(mp.mpf("0.5"))
    for k in range(4):
        np.testing.assert_allclose(table[k], [float(entry) for entry in reference[k]], rtol=1e-11, atol=1e-12)


@pytest.mark.equation("eq-moments")
@pytest.mark.parametrize("offsets", [(0, 1), (-1, 1), (0, 1, 2), (-2, -1, 0, 1, 2), (-1, -0.5, 0.5, 1), (0.3, 1.7, 4)])
def test_weights_fulfil_the_moment_conditions(offsets):
    nodes = np.array(offsets, dtype=float)
    for order in range(len(offsets)):
        w = finite.weights(offsets, order)
        moments = [float(np.sum(w * nodes**j)) for j in range(len(offsets))]
        expected = [math.factorial(j) if j == order else 0 for j in range(len(offsets))]
        np.testing.assert_allclose(moments, expected, atol=1e-10)


@pytest.mark.equation("eq-complex-taylor", "eq-complex-step")
@functions
@points
def test_a_step_along_i_sorts_the_terms(f, d, x):
    x, h = mp.mpf(x), mp.mpf("1e-4")
    value = f(mp.mpc(x, h))
    series = d(x, 0) + 1j * h * d(x, 1) - h**2 / 2 * d(x, 2) - 1j * h**3 / 6 * d(x, 3)
    assert abs(value - series) <= abs(d(x, 4)) * h**4 / 12 + abs(d(x, 5)) * h**5 + mp.mpf(10) ** -40
    estimate = value.imag / h
    assert abs(estimate - (d(x, 1) - h**2 / 6 * d(x, 3))) <= abs(d(x, 5)) * h**4 / 60 + mp.mpf(10) ** -40


@pytest.mark.equation("eq-colours")
@pytest.mark.parametrize(("m", "n", "p"), [(6, 6, 3), (9, 7, 3), (5, 11, 4)])
def test_columns_of_one_colour_can_be_told_apart(m, n, p):
    rng = np.random.default_rng(m * n)
    colour = np.arange(n) % p
    J = np.zeros((m, n))
    for i in range(m):  # a row may hold one column of each colour
        J[i, [rng.choice(np.flatnonzero(colour == c)) for c in range(p)]] = rng.standard_normal(p)
    S = (colour[:, None] == np.arange(p)).astype(float)
    B = J @ S
    assert B.shape == (m, p)
    i, j = np.nonzero(J)
    np.testing.assert_array_equal(J[i, j], B[i, colour[j]])


# --- checking --------------------------------------------------------------------------------------------------------


@pytest.mark.equation("eq-directional")
@pytest.mark.parametrize("n", [1, 5, 30])
def test_the_slope_along_a_direction_is_an_inner_product(n):
    rng = np.random.default_rng(n)
    a, x, v, h = *rng.standard_normal((3, n)), 1e-5
    f = lambda x: np.sin(a @ x) + x @ x
    gradient = np.cos(a @ x) * a + 2 * x
    slope = (f(x + h * v) - f(x - h * v)) / (2 * h)
    assert slope == pytest.approx(gradient @ v, abs=1e-6 * n)


@pytest.mark.equation("eq-expected")
@pytest.mark.parametrize("n", [1, 3, 20])
def test_a_random_direction_sees_the_whole_error(n):
    rng = np.random.default_rng(n)
    wrong, right = rng.standard_normal((2, n))
    v = rng.standard_normal((200_000, n))
    seen = np.mean((v @ (wrong - right)) ** 2)
    assert seen == pytest.approx(np.sum((wrong - right) ** 2), rel=0.02)


@pytest.mark.equation("eq-solution-parabola")
@pytest.mark.parametrize(("a", "b", "c"), [(3, 2, 1), (-0.5, 4, -7)])
@points
def test_differences_of_a_parabola(a, b, c, x):
    f = lambda t: a * t**2 + b * t + c
    x, h = mp.mpf(x), mp.mpf("0.3")
    assert mp.almosteq(forward(f, x, h), 2 * a * x + b + a * h, 1e-40)
    assert mp.almosteq(central(f, x, h), 2 * a * x + b, 1e-40)
