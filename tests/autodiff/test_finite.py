"""Finite differences: right to the accuracy that each method promises, at the cost that it promises, and loud when not.

Oracles: derivatives in closed form, exactness on polynomials, fractions for the weights.
"""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autodiff import finite
from autodiff.errors import AutodiffError, AutodiffTypeError, AutodiffValueError, NonFiniteError

EPS = float(np.finfo(float).eps)

# name, f, f'
SMOOTH = [
    ("sin", np.sin, np.cos),
    ("exp", np.exp, np.exp),
    ("cube", lambda x: x**3, lambda x: 3 * x**2),
    ("log", lambda x: np.log(x**2 + 1), lambda x: 2 * x / (x**2 + 1)),
]
# method, error allowed with the default step: some dozen times its best
ACCURACY = [("forward", 1e-6), ("backward", 1e-6), ("central", 1e-9), ("richardson", 3e-11), ("complex", 1e-15)]


def quadratic(x):
    """A function of many inputs with the gradient 2 x + 1 and a smooth bend."""
    return np.sum(x * x + x) + np.sum(np.sin(x))


def quadratic_gradient(x):
    return 2 * x + 1 + np.cos(x)


class Counted:
    """A function that counts its calls."""

    def __init__(self, f):
        self.f, self.calls = f, 0

    def __call__(self, x):
        self.calls += 1
        return self.f(x)


# --- weights ---------------------------------------------------------------------------------------------------------


def fraction_weights(offsets, order):
    """The weights by exact elimination on the moment conditions: an oracle without rounding."""
    n = len(offsets)
    rows = [[Fraction(s) ** j for s in offsets] + [Fraction(math.factorial(j) * (j == order))] for j in range(n)]
    for i in range(n):
        pivot = next(r for r in range(i, n) if rows[r][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [entry / rows[i][i] for entry in rows[i]]
        for r in range(n):
            if r != i:
                rows[r] = [a - rows[r][i] * b for a, b in zip(rows[r], rows[i], strict=True)]
    return [float(row[-1]) for row in rows]


@given(
    offsets=st.lists(st.integers(-6, 6), min_size=2, max_size=7, unique=True),
    order=st.integers(0, 6),
)
def test_weights_solve_the_moment_conditions(offsets, order):
    order = min(order, len(offsets) - 1)
    expected = fraction_weights(offsets, order)
    np.testing.assert_allclose(finite.weights(offsets, order), expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(
    ("offsets", "order", "text"),
    [
        ([0, 0, 1], 1, "distinct"),
        ([0, np.inf], 1, "finite numbers"),
        ([0, 1], 2, "needs 3 offsets, got 2"),
        ([0, 1], -1, "order -1"),
    ],
)
def test_impossible_stencils_are_refused(offsets, order, text):
    with pytest.raises(AutodiffValueError, match=text):
        finite.weights(offsets, order)


# --- accuracy --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "allowed"), ACCURACY)
@pytest.mark.parametrize(("f", "df"), [case[1:] for case in SMOOTH], ids=[case[0] for case in SMOOTH])
@pytest.mark.parametrize("x", [0.7, -1.3, np.linspace(-2, 2, 7), np.ones((2, 3))], ids=np.shape)
def test_default_steps_reach_the_accuracy_of_their_method(method, allowed, f, df, x):
    estimate = finite.derivative(f, x, method=method)
    assert np.shape(estimate) == np.shape(x)
    np.testing.assert_allclose(estimate, df(x), rtol=allowed, atol=allowed)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("x", [0.3, 2.0])
def test_higher_orders_with_their_default_step(order, x):
    assert finite.derivative(np.exp, x, order) == pytest.approx(np.exp(x), rel=30 * EPS ** (2 / (order + 2)))


@given(
    coefficients=st.lists(st.integers(-5, 5), min_size=1, max_size=5),
    x=st.integers(-4, 4),
    levels=st.integers(1, 4),
)
def test_each_method_is_exact_for_the_polynomials_that_it_cannot_tell_apart(coefficients, x, levels):
    p, x = np.polynomial.Polynomial(coefficients), float(x)
    slope = p.deriv()(x)
    degree = len(coefficients) - 1
    if degree <= 1:
        assert finite.forward(p, x, h=0.5) == slope
    if degree <= 2:
        assert finite.central(p, x, h=0.5) == slope
    if degree <= 2 * levels:
        assert finite.richardson(p, x, h=0.5, levels=levels) == pytest.approx(slope, abs=1e-10)


@pytest.mark.parametrize("levels", [1, 2, 3, 4])
def test_the_last_entry_of_the_table_is_richardson(levels):
    table = finite.richardson_table(np.sin, 0.7, h=0.5, levels=levels)
    assert [len(row) for row in table] == list(range(1, levels + 1))
    assert table[-1][-1] == pytest.approx(finite.richardson(np.sin, 0.7, h=0.5, levels=levels), rel=1e-12)


def test_a_direction_gives_the_slope_along_it():
    x, v = np.array([0.3, -1.0, 2.0]), np.array([1.0, -2.0, 0.0])
    for method, allowed in ACCURACY:
        slope = finite.derivative(quadratic, x, method=method, v=v)
        assert slope == pytest.approx(quadratic_gradient(x) @ v, rel=10 * allowed)
    assert finite.central(quadratic, x, v=np.zeros(3)) == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
@pytest.mark.parametrize("method", finite.METHODS)
def test_precision_is_kept(dtype, method):
    x = np.linspace(0.5, 1.5, 5, dtype=dtype)
    estimate = finite.derivative(np.sin, x, method=method)
    assert estimate.dtype == dtype
    np.testing.assert_allclose(estimate, np.cos(x), rtol=60 * np.sqrt(np.finfo(dtype).eps))


def test_an_array_of_steps_gives_an_error_curve():
    steps = np.array([1e-1, 1e-2, 1e-3])
    error = np.abs(finite.central(np.sin, 0.7, steps) - np.cos(0.7))
    np.testing.assert_allclose(error[:-1] / error[1:], 100, rtol=1e-2)


# --- Jacobians and gradients -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", finite.METHODS)
@pytest.mark.parametrize("shape", [(), (1,), (4,), (2, 3)], ids=str)
def test_gradients_have_the_shape_of_x_and_the_promised_cost(method, shape):
    x = np.linspace(0.2, 1.7, math.prod(shape)).reshape(shape)
    f = Counted(quadratic)
    estimate = finite.gradient(f, x, method)
    assert f.calls == finite.evaluations(x.size, method)
    assert estimate.shape == shape
    np.testing.assert_allclose(estimate, quadratic_gradient(x), rtol=1e-5)


def test_costs_of_a_gradient():
    assert [finite.evaluations(7, method) for method in ("forward", "central", "complex")] == [8, 14, 7]
    assert finite.evaluations(7, (-2, -1, 0, 1)) == 22


@pytest.mark.parametrize("out", [(), (3,), (2, 2)], ids=str)
@pytest.mark.parametrize("shape", [(), (4,), (2, 3)], ids=str)
def test_jacobians_stack_the_shapes_of_output_and_input(out, shape):
    rng = np.random.default_rng(1)
    J = rng.standard_normal(out + shape)
    f = lambda x: np.tensordot(J, x, axes=x.ndim) if np.ndim(x) else J * x
    np.testing.assert_allclose(finite.jacobian(f, rng.standard_normal(shape)), J, atol=1e-9)


def test_a_buffer_that_f_hands_out_each_time_does_no_harm():
    buffer = np.empty(2)

    def f(x):
        np.multiply(x, [2.0, 3.0], out=buffer)
        return buffer

    np.testing.assert_allclose(finite.jacobian(f, np.ones(2), "forward"), [[2, 0], [0, 3]], atol=1e-7)


# --- the choice of the step ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [0.0, 1e-3, 1.0, 12345.678, -1e9])
@pytest.mark.parametrize("method", ["forward", "central", "richardson"])
def test_default_steps_are_moves_that_floating_point_makes_exactly(x, method):
    h = finite.default_step(x, method)
    assert h > 0
    assert (x + h) - x == h


@pytest.mark.parametrize("x", [np.float32(3), np.ones((2, 3), np.float32), 1.0], ids=np.shape)
def test_steps_have_the_shape_and_precision_of_x(x):
    for h in (finite.default_step(x), finite.search_step(quadratic, x)):
        assert np.shape(h) == np.shape(x)
        assert np.asarray(h).dtype == np.asarray(x).dtype


@given(exponent=st.floats(-4, 4), x=st.floats(-2, 2))
@example(exponent=-2.847390331472141, x=0.0)  # the two largest steps see the same phase of the wave
def test_the_search_finds_the_scale_of_each_coordinate(exponent, x):
    scale = 10.0**exponent
    f = lambda x: np.exp(np.sin(x[0] / scale))
    x = np.array([x])
    truth = f(x) * np.cos(x / scale) / scale
    found = finite.gradient(f, x, h=finite.search_step(f, x))
    noise = 1e-7 * (1 + abs(x) / scale) / scale
    np.testing.assert_allclose(found, truth, atol=float(noise[0]))


def test_the_search_passes_over_steps_that_leave_the_domain():
    f, x = (lambda x: np.sum(np.log(x))), np.array([1e-3, 10.0])
    with np.errstate(invalid="ignore", divide="ignore"):
        h = finite.search_step(f, x)
    assert (h < x).all()
    np.testing.assert_allclose(finite.gradient(f, x, h=h), 1 / x, rtol=1e-7)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("x", [1e8, 1e10, 1e12])
def test_at_huge_arguments_the_search_is_told_the_scale(x):
    h = finite.search_step(np.sin, x, scale=1.0)
    assert abs(finite.central(np.sin, x, h) - np.cos(x)) < 1e-15 * x


def test_told_of_noise_the_default_step_grows_and_the_error_shrinks():
    f = lambda x: np.float64(np.sin(np.float32(x)))
    blind, told = finite.default_step(0.7), finite.default_step(0.7, noise=float(np.finfo(np.float32).eps))
    assert told > 100 * blind
    assert abs(finite.central(f, 0.7, told) - np.cos(0.7)) < 1e-3
    assert abs(finite.central(f, 0.7, blind) - np.cos(0.7)) > 1e-3


# --- the directional check -------------------------------------------------------------------------------------------

WRONG = [
    ("sign", lambda g: -g),
    ("factor", lambda g: g / 2),
    ("one coordinate", lambda g: g + 0.1 * np.linalg.norm(g) * (np.arange(g.size) == 3).reshape(g.shape)),
    ("order", lambda g: g[::-1]),
]


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_a_right_gradient_passes(scale):
    x = np.linspace(-2, 3, 50)
    assert finite.directional_check(lambda x: scale * quadratic(x), scale * quadratic_gradient(x), x) < 1e-8


@pytest.mark.parametrize(("name", "spoil"), WRONG, ids=[name for name, _ in WRONG])
def test_a_wrong_gradient_does_not(name, spoil):
    x = np.linspace(-2, 3, 50)
    assert finite.directional_check(quadratic, spoil(quadratic_gradient(x)), x) > 1e-2


# --- bad input -------------------------------------------------------------------------------------------------------


def drops(x):
    kept = np.zeros(x.shape)
    kept[:] = x
    return kept


ERRORS = [
    ("integers", lambda: finite.gradient(quadratic, np.arange(3)), AutodiffTypeError, "x is int64: pass floats"),
    ("complex point", lambda: finite.central(np.sin, 1j), AutodiffTypeError, "x is complex128"),
    ("nothing", lambda: finite.gradient(np.sum, np.ones(0)), AutodiffValueError, "empty"),
    (
        "a list of steps",
        lambda: finite.central(quadratic, np.ones(2), [0.1, 0.1], np.ones(2)),
        AutodiffValueError,
        "one number",
    ),
    ("zero step", lambda: finite.forward(np.sin, 1.0, 0.0), AutodiffValueError, "other than 0"),
    ("vanishing step", lambda: finite.forward(np.sin, 1.0, 1e-17), AutodiffValueError, "the step vanishes: x = 1 "),
    (
        "vanishing beside a large x",
        lambda: finite.gradient(quadratic, np.array([1.0, 1e12]), h=1e-6),
        AutodiffValueError,
        r"x\[1\] = 1e\+12",
    ),
    (
        "a direction of another shape",
        lambda: finite.central(quadratic, np.ones(3), v=np.ones(2)),
        AutodiffValueError,
        r"shape of x, \(3,\), got \(2,\)",
    ),
    ("no direction", lambda: finite.central(quadratic, np.ones(3)), AutodiffValueError, "pass a direction v"),
    (
        "a gradient of many outputs",
        lambda: finite.gradient(np.sin, np.ones(3)),
        AutodiffValueError,
        r"shape \(3,\): use jacobian",
    ),
    (
        "an unknown method",
        lambda: finite.gradient(quadratic, np.ones(3), "magic"),
        AutodiffValueError,
        "no method 'magic'",
    ),
    (
        "integers out",
        lambda: finite.central(lambda x: int(x), 1.5),
        AutodiffTypeError,
        "int64, which has no derivative",
    ),
    ("outside the domain", lambda: finite.central(np.sqrt, 0.0), NonFiniteError, "nan where x moved by .*one-sided"),
    (
        "which coordinate",
        lambda: finite.gradient(lambda x: np.sqrt(x).sum(), np.array([1.0, 0.0])),
        NonFiniteError,
        r"x\[1\] moved",
    ),
    ("no step at all", lambda: finite.search_step(lambda x: x * np.nan, 1.0), NonFiniteError, "nan"),
    ("absolute value", lambda: finite.complex_step(np.abs, 1.0), AutodiffTypeError, "lost the imaginary part"),
    ("a real buffer", lambda: finite.complex_step(drops, np.ones(2)), AutodiffTypeError, "lost the imaginary part"),
    ("a function from math", lambda: finite.complex_step(math.sin, 1.0), AutodiffTypeError, "lost the imaginary part"),
    (
        "higher complex step",
        lambda: finite.derivative(np.sin, 1.0, 2, "complex"),
        AutodiffValueError,
        "first derivatives",
    ),
    (
        "searching a complex step",
        lambda: finite.search_step(np.sin, 1.0, "complex"),
        AutodiffValueError,
        "no round-off",
    ),
    (
        "a check of another shape",
        lambda: finite.directional_check(quadratic, np.ones(2), np.ones(3)),
        AutodiffValueError,
        r"\(3,\), got \(2,\)",
    ),
]


@pytest.mark.parametrize(("call", "kind", "text"), [case[1:] for case in ERRORS], ids=[case[0] for case in ERRORS])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_bad_input_is_named_with_its_mend(call, kind, text):
    with pytest.raises(kind, match=text) as caught:
        call()
    assert isinstance(caught.value, AutodiffError)


def test_what_the_complex_step_cannot_see_is_what_its_docstring_says():
    x = np.array([1.0, 2.0])
    assert finite.gradient(lambda x: np.vdot(x, x), x, "complex").tolist() == [0, 0]
    assert finite.gradient(lambda x: x @ x, x, "complex").tolist() == [2, 4]
