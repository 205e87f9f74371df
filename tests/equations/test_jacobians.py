"""The equations of the chapter on Jacobians; the oracle is the complex step, which knows no rule."""

import itertools

import numpy as np
import pytest

import autodiff as ad
from figures import jacobians
from figures import running_example as example

from .oracles import columns

SHAPES = [(5, 4, 4, 3), (2, 7, 7, 1), (9, 3, 3, 6)]
shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)


def chain(shape, seed=0):
    """Four stages like those of the running example, of any sizes, and a point."""
    rng = np.random.default_rng(seed)
    n, size_a, _, size_c = shape
    WA, WC = rng.standard_normal((size_a, n)), rng.standard_normal((size_c, size_a))
    bA, bC = rng.standard_normal(size_a), rng.standard_normal(size_c)
    stages = [lambda x: WA @ x + bA, np.sin, lambda b: WC @ b + bC, lambda c: np.sum(c**2)]
    return stages, (WA, WC), rng.standard_normal(n)


def run(stages, x):
    values = [x]
    for stage in stages:
        values.append(stage(values[-1]))
    return values


@pytest.mark.equation("eq-composition")
def test_the_running_example_is_its_four_stages():
    x, a, b, c, y = run(example.STAGES, example.x0)
    assert y == example.F(x) == example.D(example.C(example.B(example.A(x))))
    by_hand = np.sum((example.WC @ np.sin(example.WA @ x + example.bA) + example.bC) ** 2)
    assert y == pytest.approx(by_hand, rel=1e-15)
    assert [v.size for v in (x, a, b, c, np.asarray(y))] == list(example.SIZES.values())


@pytest.mark.equation("eq-jacobian")
@shapes
def test_the_jacobian_is_the_table_of_partial_derivatives(shape):
    (A, B, C, _), _, x = chain(shape)
    f = lambda x: C(B(A(x)))
    J = ad.jacobian(f)(x)
    assert J.shape == (shape[3], shape[0])
    np.testing.assert_allclose(J, columns(f, x), rtol=1e-12, atol=1e-13)


@pytest.mark.equation("eq-linear-map")
@shapes
def test_the_remainder_is_small_beside_the_step(shape):
    (A, B, C, _), _, x = chain(shape)
    f = lambda x: C(B(A(x)))
    J, v = ad.jacobian(f)(x), np.random.default_rng(1).standard_normal(x.size)
    ratios = [np.linalg.norm(f(x + t * v) - f(x) - J @ (t * v)) / np.linalg.norm(t * v) for t in (1e-2, 1e-3, 1e-4)]
    assert all(later <= 0.11 * earlier for earlier, later in itertools.pairwise(ratios))


@pytest.mark.equation("eq-gradient-row")
@shapes
def test_one_output_has_one_row(shape):
    stages, _, x = chain(shape)
    f = lambda x: run(stages, x)[-1]
    row = ad.jacobian(lambda x: np.reshape(f(x), (1,)))(x)
    assert row.shape == (1, x.size)
    np.testing.assert_allclose(row[0], columns(f, x), rtol=1e-12)
    np.testing.assert_array_equal(row[0], ad.grad(f)(x))


@pytest.mark.equation("eq-chain-rule", "eq-chain-shapes", "eq-stages")
@shapes
def test_the_product_of_the_factors_is_the_derivative(shape):
    stages, (WA, WC), x = chain(shape)
    _, a, b, c, _ = run(stages, x)
    factors = [(2 * c)[None, :], WC, np.diag(np.cos(a)), WA]
    n, size_a, size_b, size_c = shape
    assert [factor.shape for factor in factors] == [(1, size_c), (size_c, size_b), (size_b, size_a), (size_a, n)]
    for factor, stage, value in zip(factors, stages[::-1], [c, b, a, x], strict=True):
        np.testing.assert_allclose(factor, np.atleast_2d(columns(stage, value)), rtol=1e-12, atol=1e-13)
    product = factors[0] @ factors[1] @ factors[2] @ factors[3]
    assert product.shape == (1, n)
    np.testing.assert_allclose(product[0], columns(lambda x: run(stages, x)[-1], x), rtol=1e-12, atol=1e-13)


@pytest.mark.equation("eq-chain-entries")
@shapes
def test_the_product_is_a_sum_over_all_ways(shape):
    stages, _, x = chain(shape)
    _, a, b, c, _ = run(stages, x)
    y_c, c_b, b_a, a_x = (columns(s, v) for s, v in zip(stages[::-1], [c, b, a, x], strict=True))
    for j in range(x.size):
        ways = itertools.product(range(c.size), range(b.size), range(a.size))
        total = sum(y_c[k] * c_b[k, l] * b_a[l, i] * a_x[i, j] for k, l, i in ways)
        assert total == pytest.approx(columns(lambda x: run(stages, x)[-1], x)[j], rel=1e-11, abs=1e-12)


@pytest.mark.equation("eq-bytes")
@pytest.mark.parametrize("n", [10, 137])
def test_a_matrix_takes_n_times_its_diagonal(n):
    _, J = ad.linearize(np.sin, np.linspace(0, 1, n))
    assert J.dense().nbytes == 8 * n**2
    assert np.diag(J.dense()).copy().nbytes == 8 * n
    data = jacobians.memory_data((n,))
    assert (data["matrix"], data["diagonal"]) == ([8 * n**2], [8 * n])


@pytest.mark.equation("eq-weights")
@pytest.mark.parametrize(("rows", "n"), [(4, 5), (1, 3), (6, 2)])
def test_the_jacobian_by_the_weights_repeats_the_input(rows, n):
    rng = np.random.default_rng(0)
    W, x = rng.standard_normal((rows, n)), rng.standard_normal(n)
    expected = np.kron(np.eye(rows), x)
    assert expected.shape == (rows, rows * n)
    np.testing.assert_allclose(expected, columns(lambda w: w.reshape(rows, n) @ x, W.ravel()), rtol=1e-13)
    np.testing.assert_allclose(ad.jacobian(lambda W: W @ x)(W).reshape(rows, -1), expected, rtol=1e-13)


# --- solutions -----------------------------------------------------------------------------------------------------


@pytest.mark.equation("eq-solution-softmax")
@pytest.mark.parametrize("n", [1, 2, 6])
def test_the_jacobian_of_softmax(n):
    x = np.random.default_rng(n).standard_normal(n)
    softmax = lambda x: np.exp(x) / np.sum(np.exp(x))
    s = softmax(x)
    np.testing.assert_allclose(np.diag(s) - np.outer(s, s), columns(softmax, x), atol=1e-14)


@pytest.mark.equation("eq-solution-quadratic")
@pytest.mark.parametrize("n", [1, 3, 5])
def test_a_quadratic_form_and_its_expansion(n):
    rng = np.random.default_rng(n)
    M, x, v = rng.standard_normal((n, n)), rng.standard_normal(n), rng.standard_normal(n)
    F = lambda x: x @ M @ x
    row = x @ (M + M.T)
    assert F(x + v) == pytest.approx(x @ M @ x + row @ v + v @ M @ v, rel=1e-12)
    np.testing.assert_allclose(row, columns(F, x), rtol=1e-12, atol=1e-13)
