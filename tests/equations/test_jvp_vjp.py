"""The equations of the chapter on JVPs and VJPs; the oracle is the complex step, which knows no rule."""

import operator

import numpy as np
import pytest

import autodiff as ad

SHAPES = [(5, 4, 4, 3, 1), (2, 7, 7, 1, 3), (9, 3, 3, 6, 4)]
shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)


def columns(f, x, h=1e-30):
    """The Jacobian matrix of an analytic f at x, (m × n), by the complex step."""
    return np.stack([np.atleast_1d(np.imag(f(x + 1j * h * e))) / h for e in np.eye(x.size)], axis=-1)


def chain(shape, seed=0):
    """Four stages of the given sizes, m outputs; a point, a tangent, a cotangent."""
    rng = np.random.default_rng(seed)
    n, size_a, _, size_c, m = shape
    WA, WC, WD = (rng.standard_normal(s) for s in [(size_a, n), (size_c, size_a), (m, size_c)])
    stages = [lambda x: WA @ x, np.sin, lambda b: WC @ b + 0.3, lambda c: WD @ c**2]
    return stages, rng.standard_normal(n), rng.standard_normal(n), rng.standard_normal(m)


def run(stages, x):
    values = [x]
    for stage in stages:
        values.append(stage(values[-1]))
    return values


def through(stages):
    return lambda x: run(stages, x)[-1]


def factors(stages, x):
    """A′(x), B′(a), C′(b), D′(c) as matrices."""
    return [columns(stage, value) for stage, value in zip(stages, run(stages, x), strict=False)]


def tangents(stages, x, xdot):
    """ẋ, ȧ, ḃ, ċ, ẏ: what the lines of eq-jvp-steps say."""
    found = [xdot]
    for factor in factors(stages, x):
        found.append(factor @ found[-1])
    return found


def cotangents(stages, x, ybar):
    """x̄, ā, b̄, c̄, ȳ: what the lines of eq-vjp-steps say."""
    found = [ybar]
    for factor in reversed(factors(stages, x)):
        found.insert(0, found[0] @ factor)
    return found


@pytest.mark.equation("eq-jvp-steps")
@shapes
def test_the_tangents_end_in_the_jacobian_times_the_first(shape):
    stages, x, xdot, _ = chain(shape)
    found = tangents(stages, x, xdot)
    assert [dot.size for dot in found] == list(shape)
    np.testing.assert_allclose(found[-1], columns(through(stages), x) @ xdot, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(found[-1], ad.jvp(through(stages), (x,), (xdot,))[1], rtol=1e-11, atol=1e-11)


@pytest.mark.equation("eq-vjp-steps")
@shapes
def test_the_cotangents_end_in_the_last_times_the_jacobian(shape):
    stages, x, _, ybar = chain(shape)
    found = cotangents(stages, x, ybar)
    assert [bar.size for bar in found] == list(shape)
    np.testing.assert_allclose(found[0], ybar @ columns(through(stages), x), rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(found[0], ad.vjp(through(stages), x)[1](ybar)[0], rtol=1e-11, atol=1e-11)


@pytest.mark.equation("eq-jvp-direction")
@shapes
def test_a_jvp_is_a_directional_derivative(shape):
    stages, x, xdot, _ = chain(shape)
    F = through(stages)
    ydot = columns(F, x) @ xdot
    errors = [np.linalg.norm((F(x + t * xdot) - F(x)) / t - ydot) for t in (1e-4, 1e-5, 1e-6)]
    assert errors[2] < 0.2 * errors[1] < 0.04 * errors[0]
    moving = columns(lambda t: F(x + t[0] * xdot), np.zeros(1))[:, 0]
    np.testing.assert_allclose(moving, ydot, rtol=1e-11, atol=1e-11)


@pytest.mark.equation("eq-jvp-column", "eq-vjp-row")
@shapes
def test_unit_vectors_give_columns_and_rows(shape):
    stages, x, _, _ = chain(shape)
    F, J = through(stages), columns(through(stages), x)
    by_columns = np.stack([ad.jvp(F, (x,), (e,))[1] for e in np.eye(x.size)], axis=1)
    _, pullback = ad.vjp(F, x)
    by_rows = np.stack([pullback(e)[0] for e in np.eye(shape[-1])])
    assert by_columns.shape == by_rows.shape == (shape[-1], shape[0])
    for found in (by_columns, by_rows):
        np.testing.assert_allclose(found, J, rtol=1e-11, atol=1e-11)
    for i, row in enumerate(by_rows):
        np.testing.assert_allclose(row, ad.grad(lambda x, i=i: F(x)[i])(x), rtol=1e-12, atol=1e-12)


@pytest.mark.equation("eq-jvp-pairing", "eq-jvp-conserved")
@shapes
def test_the_pairing_is_the_same_at_every_value(shape):
    stages, x, xdot, ybar = chain(shape)
    pairs = zip(cotangents(stages, x, ybar), tangents(stages, x, xdot), strict=True)
    expected = ybar @ columns(through(stages), x) @ xdot
    for bar, dot in pairs:
        assert bar @ dot == pytest.approx(expected, rel=1e-10, abs=1e-10)
    _, ydot = ad.jvp(through(stages), (x,), (xdot,))
    (xbar,) = ad.vjp(through(stages), x)[1](ybar)
    assert ybar @ ydot == pytest.approx(xbar @ xdot, rel=1e-12, abs=1e-11)


def dual(value, tangent):
    """A dual number as a matrix: ε is nilpotent, ε² = 0, and nothing else is assumed."""
    epsilon = np.array([[0.0, 1.0], [0.0, 0.0]])
    return value * np.eye(2) + tangent * epsilon


@pytest.mark.equation("eq-jvp-dual-product", "eq-solution-jvp-quotient")
@pytest.mark.parametrize("seed", range(3))
def test_dual_numbers_multiply_and_divide(seed):
    u, du, w, dw = np.random.default_rng(seed).standard_normal(4)
    np.testing.assert_allclose(dual(u, du) @ dual(w, dw), dual(u * w, du * w + u * dw), atol=1e-14)
    quotient = dual(u, du) @ np.linalg.inv(dual(w, dw))
    np.testing.assert_allclose(quotient, dual(u / w, (du * w - u * dw) / w**2), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(dual(w, dw) @ dual(w, -dw), w**2 * np.eye(2), atol=1e-14)


@pytest.mark.equation("eq-jvp-dual-taylor")
@pytest.mark.parametrize("coefficients", [[1.0, -2.0, 0.5], [0.3, 0, 0, 2.0, -1.0]], ids=["square", "fourth power"])
def test_a_function_of_a_dual_number_carries_its_derivative(coefficients):
    v, dv = 0.7, -1.3
    powers = [np.linalg.matrix_power(dual(v, dv), k) for k in range(len(coefficients))]
    found = sum(c * power for c, power in zip(coefficients, powers, strict=True))
    f = np.polynomial.Polynomial(coefficients)
    slope = np.imag(f(v + 1e-30j)) / 1e-30
    np.testing.assert_allclose(found, dual(f(v), slope * dv), rtol=1e-13)


@pytest.mark.equation("eq-jvp-transpose")
@shapes
def test_the_transpose_runs_backward(shape):
    stages, x, _, ybar = chain(shape)
    A, B, C, D = factors(stages, x)
    transposed = A.T @ B.T @ C.T @ D.T
    assert transposed.shape == (shape[0], shape[-1])
    np.testing.assert_allclose(transposed, columns(through(stages), x).T, rtol=1e-11, atol=1e-11)
    _, J = ad.linearize(through(stages), x)
    np.testing.assert_allclose(J.T(ybar)[0], transposed @ ybar, rtol=1e-11, atol=1e-11)


@pytest.mark.equation("eq-jvp-hvp")
@shapes
def test_a_tangent_of_the_gradient_is_the_hessian_times_the_vector(shape):
    stages, x, xdot, ybar = chain(shape)
    F = lambda x: ybar @ through(stages)(x)
    gradient = lambda x: cotangents(stages, x, ybar)[0]
    h = 1e-3
    weights = {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}  # a central difference of order six
    moved = sum(w * (gradient(x + k * h * xdot) - gradient(x - k * h * xdot)) for k, w in weights.items()) / h
    hessian = ad.hessian(F)(x)
    for found in (ad.hvp(F, (x,), (xdot,))[0], hessian @ xdot, ad.vjp(ad.grad(F), x)[1](xdot)[0]):
        np.testing.assert_allclose(found, moved, rtol=1e-8, atol=1e-8 * np.abs(hessian).max())


@pytest.mark.equation("eq-jvp-confusion")
@pytest.mark.parametrize("x", [1.0, -2.5])
def test_nested_derivatives_keep_their_perturbations_apart(x):
    slopes = {
        "forward": lambda f: lambda x: ad.jvp(f, (x,), (1.0,))[1],
        "reverse": ad.grad,
        "differences": lambda f: lambda x: (f(x + 0.5) - f(x - 0.5)) / 1.0,  # exact for polynomials of degree 2
    }
    for outer in slopes.values():
        for inner in slopes.values():
            assert outer(lambda x, inner=inner: x * inner(lambda y: x + y)(1.0))(x) == pytest.approx(1.0)


# --- counting -----------------------------------------------------------------------------------------------------

OPERATIONS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "sin": np.sin}


class Counter:
    """Runs operations on numbers and counts them."""

    def __init__(self):
        self.count = 0

    def __call__(self, name, *operands):
        self.count += 1
        return np.cos(*operands) if name == "cos" else OPERATIONS[name](*operands)


def straight_line(n, length, seed):
    """A random program: (operation, positions of its operands), each on values that are there already; it divides by
    inputs alone, which are not zero."""
    rng = np.random.default_rng(seed)
    program = []
    for k in range(length):
        name = str(rng.choice(list(OPERATIONS)))
        operands = [int(i) for i in rng.integers(n + k, size=2)]
        if name == "/":
            operands[1] = int(rng.integers(n))
        program.append((name, operands[:1] if name == "sin" else operands))
    return program


def evaluated(program, x, do):
    values = list(x)
    for name, operands in program:
        values.append(do(name, *(values[i] for i in operands)))
    return values


def swept(program, x, do):
    """Value and gradient by the sweep of the proof; additions to a zero are counted too."""
    values = evaluated(program, x, do)
    bars = [0.0] * len(values)
    bars[-1] = 1.0
    for k in reversed(range(len(program))):
        (name, operands), v = program[k], len(x) + k
        u, w, bar = operands[0], operands[-1], bars[v]
        if name in "+-":
            bars[u] = do("+", bars[u], bar)
            bars[w] = do(name, bars[w], bar)
        elif name == "*":
            bars[u] = do("+", bars[u], do("*", bar, values[w]))
            bars[w] = do("+", bars[w], do("*", bar, values[u]))
        elif name == "/":
            t = do("/", bar, values[w])
            bars[u] = do("+", bars[u], t)
            bars[w] = do("-", bars[w], do("*", t, values[v]))
        else:
            bars[u] = do("+", bars[u], do("*", bar, do("cos", values[u])))
    return values[-1], np.array(bars[: len(x)])


@pytest.mark.equation("eq-jvp-cheap")
@pytest.mark.parametrize(("n", "length"), [(1, 8), (3, 12), (10, 25), (40, 60)])
@pytest.mark.parametrize("seed", range(3))
def test_value_and_gradient_take_at_most_five_programs(n, length, seed):
    program, x = straight_line(n, length, seed), np.random.default_rng(seed).uniform(1, 2, n)
    plain, both = Counter(), Counter()
    y = evaluated(program, x, plain)[-1]
    value, gradient = swept(program, x, both)
    assert value == y
    assert plain.count == length
    assert both.count <= 5 * length
    expected = columns(lambda x: evaluated(program, x, Counter())[-1], x)[0]
    np.testing.assert_allclose(gradient, expected, rtol=1e-8, atol=1e-10 * max(1, abs(y)))


def test_five_is_reached_by_products():
    program = [("*", [0, 1]), *[("*", [k, k + 1]) for k in range(1, 9)]]
    both = Counter()
    swept(program, np.array([1.1, 0.9]), both)
    assert both.count == 5 * len(program)


# --- solutions -----------------------------------------------------------------------------------------------------


@pytest.mark.equation("eq-solution-jvp-hand")
@pytest.mark.parametrize("seed", range(3))
def test_the_product_and_the_sine_by_hand(seed):
    x1, x2, d1, d2, ybar = np.random.default_rng(seed).standard_normal(5)
    F, x = lambda x: x[0] * x[1] + np.sin(x[0]), np.array([x1, x2])
    udot, wdot, ubar, wbar = x2 * d1 + x1 * d2, np.cos(x1) * d1, ybar, ybar
    bar1, bar2 = x2 * ubar + np.cos(x1) * wbar, x1 * ubar
    (row,) = columns(F, x)
    assert udot + wdot == pytest.approx(row @ [d1, d2])
    np.testing.assert_allclose([bar1, bar2], ybar * row, rtol=1e-12)


@pytest.mark.equation("eq-solution-jvp-forward-gradient")
@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_error_of_a_gradient_from_one_jvp(n):
    gradient = np.random.default_rng(n).standard_normal(n)
    nodes, weights = np.polynomial.hermite_e.hermegauss(4)  # exact for polynomials up to degree 7
    grid = np.stack(np.meshgrid(*[nodes] * n, indexing="ij"), -1).reshape(-1, n)
    mass = np.prod(np.stack(np.meshgrid(*[weights / weights.sum()] * n, indexing="ij"), -1).reshape(-1, n), axis=1)
    estimates = (grid @ gradient)[:, None] * grid
    np.testing.assert_allclose(mass @ estimates, gradient, rtol=1e-10, atol=1e-12)
    error = mass @ np.sum((estimates - gradient) ** 2, axis=1)
    assert error == pytest.approx((n + 1) * gradient @ gradient, rel=1e-10)


@pytest.mark.equation("eq-solution-jvp-double")
@shapes
def test_two_pullbacks_make_a_push(shape):
    stages, x, xdot, _ = chain(shape)
    pull = lambda u: ad.vjp(through(stages), x)[1](u)[0]
    for u in (np.zeros(shape[-1]), np.ones(shape[-1])):
        (pushed,) = ad.vjp(pull, u)[1](xdot)
        np.testing.assert_allclose(pushed, columns(through(stages), x) @ xdot, rtol=1e-11, atol=1e-11)
