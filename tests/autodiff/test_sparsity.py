"""Sparse Jacobians: patterns that miss nothing and little more, and matrices equal to the dense ones."""

from typing import NamedTuple

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

import autodiff as ad
from autodiff.sparsity import pattern

from .cases import CASES, for_each_case
from .programs import programs

thorough = settings(max_examples=60, deadline=None, derandomize=True)

RNG = np.random.default_rng(0)
SECOND = np.diag(np.full(6, 2.0)) - np.eye(6, k=1) - np.eye(6, k=-1)
ZERO, X = np.zeros(6), RNG.normal(size=6)
FULL, EYE = np.ones((6, 6), bool), np.eye(6, dtype=bool)
TRIDIAGONAL = SECOND != 0


@ad.custom_vjp
def doubled(x):
    return 2 * x


doubled.defvjp(lambda x: (2 * x, None), lambda _, ybar: (2 * ybar,))
cube = ad.primitive(lambda x: x**3, lambda y, x: 3 * x**2)


def places(text: str) -> np.ndarray:
    return np.array([[mark == "x" for mark in row] for row in text.split()])


@for_each_case(CASES)
def test_the_pattern_of_every_primitive_covers_its_jacobian(case):
    primals = case.primals()
    J = ad.linearize(case.function, *primals)[1].dense()
    where = pattern(case.function, *primals)
    assert where.shape == J.shape
    assert (where.toarray() | (J == 0)).all()


@thorough
@given(programs(), st.integers(0, 2**32 - 1))
def test_the_pattern_of_a_program_covers_its_jacobian_at_other_points_too(program, seed):
    where = pattern(program, *program.primals()).toarray()
    J = ad.linearize(program, *program.primals(seed))[1].dense()
    assert (where | (J == 0)).all()


@thorough
@given(programs(), st.sampled_from(["columns", "rows", "auto"]))
def test_sparse_jacobians_of_programs_are_the_dense_ones(program, by):
    primals = program.primals()
    dense = ad.linearize(program, *primals)[1].dense()
    sparse = ad.sparse_jacobian(program, *primals, by=by)
    np.testing.assert_allclose(sparse.toarray(), dense, rtol=1e-12, atol=1e-12 * abs(dense).max(initial=0))


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (np.sin, EYE),
        (lambda x: x * x, EYE),
        (lambda x: 0 * x, EYE),
        (lambda x: x[::-1], EYE[::-1]),
        (lambda x: x * x[::-1], EYE | EYE[::-1]),
        (lambda x: np.roll(x, 1) ** 2, np.roll(EYE, 1, 0)),
        (lambda x: x.reshape(2, 3).T, EYE.reshape(2, 3, 6).transpose(1, 0, 2).reshape(6, 6)),
        (lambda x: np.where(x > 0, x, x[::-1]), EYE | EYE[::-1]),
        (lambda x: np.maximum(x, 0), EYE),
        (lambda x: np.maximum(x[:3], x[3:]), np.hstack([EYE[:3, :3], EYE[:3, :3]])),
        (np.max, FULL[:1]),
        (np.cumsum, np.tril(FULL)),
        (lambda x: np.sum(x * x), FULL[:1]),
        (lambda x: np.sum((x * x).reshape(2, 3), axis=1), places("xxx... ...xxx")),
        (lambda x: np.prod(x.reshape(3, 2), axis=1), places("xx.... ..xx.. ....xx")),
        (lambda x: SECOND @ x, TRIDIAGONAL),
        (lambda x: x @ SECOND, TRIDIAGONAL),
        (lambda x: np.einsum("ij,j->i", SECOND, x), TRIDIAGONAL),
        (lambda x: np.diag(np.ones(5), 1) @ x, np.eye(6, k=1, dtype=bool)),
        (lambda x: np.outer(x, x) @ x, FULL),
        (lambda x: np.linalg.solve(np.eye(6) + np.outer(x, x), x), FULL),
        (lambda x: np.linalg.solve(np.tril(np.ones((6, 6))), x)[:2], places("x..... xx....")),
        (lambda x: x.reshape(2, 3) @ x[:3], places("xxx... xxxxxx")),
        (lambda x: (x[:2, None] * x[2:4]).sum(axis=0), places("xxx... xx.x..")),
        (lambda x: x[np.array([4, 4, 0])], places("....x. ....x. x.....")),
        (lambda x: np.pad(x[:2], 1), places("...... x..... .x.... ......")),
        (lambda x: np.stack([x[0] * 1.0, 3.0]), places("x..... ......")),
        (lambda x: np.real(np.exp(1j * x)), EYE),
        (lambda x: np.imag(np.multiply(x, 1 + 0j)), EYE),
        (lambda x: (x[:2], {"b": np.ones(1), "a": x[5]}), places("x..... .x.... ...... .....x")),
        (lambda x: ad.stop_gradient(x[:2]) * x[2:4], places("..x... ...x..")),
        (cube, EYE),
        (lambda x: doubled(x[:2]), places("xx.... xx....")),
        (ad.grad(lambda x: np.sum((x[1:] - x[:-1] ** 2) ** 2)), TRIDIAGONAL),
    ],
)
@pytest.mark.parametrize("x", [ZERO, X], ids=["at zero", "elsewhere"])
def test_patterns_are_exact_and_do_not_depend_on_values(f, expected, x):
    np.testing.assert_array_equal(pattern(f, x).toarray(), expected)


def test_a_pattern_is_that_of_the_branch_taken():
    def f(x):
        return x[:1] if x[0] > 0 else x[1:2]

    np.testing.assert_array_equal(pattern(f, np.array([1.0, 1.0])).toarray(), [[True, False]])
    np.testing.assert_array_equal(pattern(f, np.array([-1.0, 1.0])).toarray(), [[False, True]])


def test_debug_nans_changes_no_pattern():
    def f(x):
        return np.sqrt(x[::-1] * np.zeros(6)) + SECOND @ x

    expected = pattern(f, X).toarray()
    with ad.debug_nans():
        np.testing.assert_array_equal(pattern(f, X).toarray(), expected)
        np.testing.assert_array_equal(pattern(lambda x: np.maximum(x, 0), ZERO).toarray(), EYE)


class Model(NamedTuple):
    w: np.ndarray
    b: float


def test_containers_and_several_primals_are_counted_through():
    def f(model, x):
        return {"y": model.w @ x + model.b, "x": x[:1]}

    primals = Model(np.ones((2, 2)), 1.0), np.array([1.0, 2.0])
    J = ad.sparse_jacobian(f, *primals)
    np.testing.assert_array_equal(J.toarray(), ad.linearize(f, *primals)[1].dense())
    np.testing.assert_array_equal(pattern(f, *primals).toarray(), places("xx..xxx ..xxxxx .....x."))


@pytest.mark.parametrize("by", ["columns", "rows"])
def test_single_precision_stays(by):
    x = np.linspace(0, 1, 5, dtype=np.float32)
    J = ad.sparse_jacobian(lambda x: x[1:] * x[:-1], x, by=by)
    assert J.dtype == np.float32
    np.testing.assert_array_equal(J.toarray(), ad.jacobian(lambda x: x[1:] * x[:-1])(x))


def test_numbers_and_empty_arrays():
    assert ad.sparse_jacobian(lambda x: x * x, 3.0).toarray() == [[6.0]]
    assert ad.sparse_jacobian(np.sin, np.zeros(0)).shape == (0, 0)
    assert ad.sparse_jacobian(lambda x: (np.sin(x), np.zeros((0, 2))), np.zeros(2)).shape == (2, 2)
    assert ad.sparse_hessian(lambda x: np.sum(x), np.ones(3)).nnz == 0


def test_a_tridiagonal_jacobian_of_many_variables_takes_three_passes():
    def f(x):
        inside = x[:-2] - 2 * x[1:-1] + x[2:] + np.exp(x[1:-1])
        return np.concatenate([x[:1], inside, x[-1:]])

    x = np.linspace(0, 1, 20_000)
    where = pattern(f, x)
    assert ad.sparsity.colour(where).passes == 3
    J = ad.sparse_jacobian(f, x, pattern=where)
    assert J.nnz == where.values.size == 3 * 20_000 - 4
    _, ydot = ad.jvp(f, (x,), (np.cos(x),))
    np.testing.assert_allclose(J @ np.cos(x), ydot, rtol=1e-12, atol=1e-12)


def rosenbrock(x):
    return np.sum((1 - x[:-1]) ** 2 + 100 * (x[1:] - x[:-1] ** 2) ** 2)


def star_shaped(x):
    return np.sum(x[0] * np.sin(x[1:])) + np.sum(x**4)


@pytest.mark.parametrize(("f", "passes"), [(rosenbrock, 3), (star_shaped, 2)])
def test_hessians_in_few_passes(f, passes):
    x = RNG.normal(size=15)
    where = pattern(ad.grad(f), x)
    assert ad.sparsity.colour(where, "star").passes == passes
    for given_pattern in (None, where, np.triu(where.toarray())):
        H = ad.sparse_hessian(f, x, pattern=given_pattern)
        assert isinstance(H, scipy.sparse.csr_array)
        np.testing.assert_allclose(H.toarray(), ad.hessian(f)(x), rtol=1e-12)


@thorough
@given(programs(), st.integers(0, 2**32 - 1))
def test_hessians_of_programs_are_the_dense_ones(program, seed):
    def f(*primals):
        return sum(np.sum(y * y) for y in program(*primals))

    primals = program.primals(seed)
    argnums = tuple(range(len(primals)))
    _, J = ad.linearize(ad.grad(f, argnums), *primals)
    dense = J.dense()
    np.testing.assert_allclose(
        ad.sparse_hessian(f, *primals).toarray(), dense, rtol=1e-9, atol=1e-10 * abs(dense).max(initial=1)
    )


def test_a_given_pattern_spares_a_run_of_the_function():
    runs = 0

    def f(x):
        nonlocal runs
        runs += 1
        return x[1:] * x[:-1]

    where = pattern(f, X)
    runs = 0
    ad.sparse_jacobian(f, X, pattern=where)
    assert runs == 1
    ad.sparse_jacobian(f, X)
    assert runs == 3


@pytest.mark.parametrize("by", ["columns", "rows"])
@pytest.mark.parametrize("missing", [(0, 1), (3, 3), (5, 4)])
def test_a_given_pattern_that_misses_an_entry_is_refused(by, missing):
    where = TRIDIAGONAL.copy()
    where[missing] = False
    with pytest.raises(ad.AutodiffError, match=f"misses entries .* {'row' if by == 'columns' else 'column'} [0-5]"):
        ad.sparse_jacobian(lambda x: SECOND @ np.sin(x), X, pattern=where, by=by)
    with pytest.raises(ad.AutodiffError, match="misses entries"):
        ad.sparse_hessian(rosenbrock, X, pattern=where & where.T)


def test_a_given_pattern_may_hold_more_than_needed():
    J = ad.sparse_jacobian(lambda x: SECOND @ x, X, pattern=FULL)
    np.testing.assert_array_equal(J.toarray(), SECOND)


@pytest.mark.parametrize(
    ("attempt", "error", "says"),
    [
        (
            lambda: ad.sparse_jacobian(np.sin, X, pattern=np.eye(5)),
            ValueError,
            r"shape \(5, 5\), the Jacobian \(6, 6\)",
        ),
        (lambda: ad.sparse_jacobian(np.sin, X, by="star"), ValueError, "sparse_hessian"),
        (lambda: ad.sparse_jacobian(np.sin, X, by="both"), ValueError, "columns, rows, star or auto"),
        (lambda: ad.sparse_hessian(rosenbrock, X, pattern=np.ones((6, 5))), ValueError, r"\(6, 5\)"),
        (lambda: ad.sparse_hessian(np.sin, X), TypeError, "one number as result"),
        (lambda: ad.sparse_jacobian(np.sin, X * 1j), TypeError, "real functions"),
        (lambda: ad.sparse_jacobian(np.sin, np.arange(3)), TypeError, r"primals\[0\] is int64"),
        (lambda: pattern(lambda x: 3, X), TypeError, "nothing differentiable"),
    ],
)
def test_errors_say_what_is_wrong(attempt, error, says):
    with pytest.raises(ad.AutodiffError, match=says) as caught:
        attempt()
    assert isinstance(caught.value, error)
