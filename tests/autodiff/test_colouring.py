"""Colourings: that groups are valid, are few, and give the matrix back, whatever its pattern."""

import itertools
import sys

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import autodiff as ad
from autodiff.colouring import Coordinates, as_pattern, colour, recover

thorough = settings(max_examples=60, deadline=None, derandomize=True)

N = 12

patterns = st.tuples(st.integers(0, 7), st.integers(0, 7)).flatmap(lambda shape: arrays(bool, shape))
symmetric = st.integers(0, 8).flatmap(lambda n: arrays(bool, (n, n))).map(lambda a: a | a.T)


def band(n: int, width: int) -> np.ndarray:
    return abs(np.subtract.outer(range(n), range(n))) <= width


def arrow(n: int) -> np.ndarray:
    where = np.eye(n, dtype=bool)
    where[0] = where[:, 0] = True
    return where


def grid(n: int) -> np.ndarray:
    """The five-point stencil on n × n points."""
    line = band(n, 1) & ~np.eye(n, dtype=bool)
    return np.kron(line, np.eye(n, dtype=bool)) | np.kron(np.eye(n, dtype=bool), line) | np.eye(n * n, dtype=bool)


def compressed(matrix: np.ndarray, colouring) -> np.ndarray:
    return colouring.seeds @ (matrix if colouring.by == "rows" else matrix.T)


@thorough
@given(patterns)
def test_columns_of_a_group_have_no_row_in_common(where):
    groups = colour(where).groups
    for i, j in itertools.combinations(range(where.shape[1]), 2):
        assert groups[i] != groups[j] or not (where[:, i] & where[:, j]).any()


@thorough
@given(patterns)
def test_a_colouring_by_rows_is_that_of_the_transpose_by_columns(where):
    np.testing.assert_array_equal(colour(where, "rows").groups, colour(where.T).groups)


@thorough
@given(symmetric)
def test_star_colourings_leave_no_path_of_four_vertices_in_two_groups(where):
    groups, n = colour(where, "star").groups, len(where)
    edges = {(i, j) for i, j in zip(*np.nonzero(where), strict=True) if i != j}
    assert all(groups[i] != groups[j] for i, j in edges)
    for v, w, x, y in itertools.permutations(range(n), 4):
        if {(v, w), (w, x), (x, y)} <= edges:
            assert len({groups[v], groups[w], groups[x], groups[y]}) > 2


@thorough
@given(patterns, st.sampled_from(["columns", "rows", "auto"]), st.integers(0, 2**32 - 1))
def test_the_matrix_comes_back(where, by, seed):
    matrix = np.random.default_rng(seed).normal(size=where.shape) * where
    colouring = colour(where, by)
    np.testing.assert_array_equal(recover(where, colouring, compressed(matrix, colouring)).toarray(), matrix)


@thorough
@given(symmetric, st.integers(0, 2**32 - 1))
def test_the_symmetric_matrix_comes_back_from_a_star_colouring(where, seed):
    matrix = np.random.default_rng(seed).integers(1, 9, where.shape) * where
    matrix = matrix + matrix.T
    colouring = colour(where, "star")
    np.testing.assert_array_equal(recover(where, colouring, compressed(matrix, colouring)).toarray(), matrix)


@pytest.mark.parametrize(
    ("where", "by", "passes"),
    [
        (np.eye(N), "columns", 1),
        (np.eye(N), "star", 1),
        (band(N, 1), "columns", 3),
        (band(N, 1), "rows", 3),
        (band(N, 1), "star", 3),
        (band(N, 2), "columns", 5),
        (np.tril(band(N, 1)), "columns", 2),
        (np.tril(arrow(N)), "columns", 2),
        (np.triu(arrow(N)), "rows", 2),
        (np.triu(arrow(N)), "columns", N),
        (np.triu(arrow(N)), "auto", 2),
        (arrow(N), "auto", N),
        (arrow(N), "star", 2),
        (np.ones((3, 5)), "columns", 5),
        (np.ones((3, 5)), "auto", 3),
        (np.ones((4, 4)), "star", 4),
        (np.zeros((3, 4)), "columns", 1),
        (np.zeros((3, 0)), "columns", 0),
    ],
)
def test_known_patterns_need_this_many_passes(where, by, passes):
    colouring = colour(where, by)
    assert colouring.passes == passes
    assert colouring.seeds.shape == (passes, colouring.groups.size)


def test_star_colourings_need_fewer_passes_than_columns_on_a_grid():
    where = grid(8)
    assert colour(where, "star").passes < colour(where).passes < 10


def test_the_largest_column_is_coloured_first_and_ties_go_by_number():
    where = np.array([[1, 1, 0, 0], [0, 1, 0, 1], [0, 1, 1, 0]])
    np.testing.assert_array_equal(colour(where).groups, [1, 0, 1, 1])


@pytest.mark.parametrize(
    "convert",
    [
        np.asarray,
        np.ndarray.tolist,
        scipy.sparse.csr_array,
        scipy.sparse.coo_matrix,
        scipy.sparse.csc_array,
        as_pattern,
        lambda a: scipy.sparse.coo_array((np.ones(4), ([0, 0, 2, 0], [1, 1, 0, 3])), a.shape),  # one place twice
    ],
)
def test_patterns_may_be_arrays_sparse_matrices_or_coordinates(convert):
    where = np.array([[0, 1, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0]], bool)
    found = as_pattern(convert(where))
    np.testing.assert_array_equal(found.toarray(), where)
    np.testing.assert_array_equal(found.T.toarray(), where.T)
    assert np.all(np.diff(found.rows * 4 + found.columns) > 0)


def test_without_scipy_the_matrix_comes_as_coordinates(monkeypatch):
    where = band(4, 1)
    matrix, colouring = np.arange(16.0).reshape(4, 4) * where, colour(where)
    assert isinstance(recover(where, colouring, compressed(matrix, colouring)), scipy.sparse.csr_array)
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    plain = recover(where, colouring, compressed(matrix, colouring))
    assert isinstance(plain, Coordinates)
    assert repr(plain) == "Coordinates(shape=(4, 4), 10 entries, float64)"
    np.testing.assert_array_equal(plain.toarray(), matrix)


def test_finite_differences_by_colours_call_the_function_few_times():
    calls = 0

    def f(x):
        nonlocal calls
        calls += 1
        return np.sin(x) - np.roll(x, 1) * x

    x = np.linspace(0.3, 1.2, 30)
    where = ad.sparsity.pattern(f, x)
    colouring, calls = colour(where), 0
    J = recover(where, colouring, [ad.finite.central(f, x, v=seed) for seed in colouring.seeds])
    assert calls == 2 * colouring.passes == 4
    np.testing.assert_allclose(J.toarray(), ad.jacobian(f)(x), atol=1e-8)


@pytest.mark.parametrize(
    ("attempt", "says"),
    [
        (lambda: colour(np.eye(3), "diagonals"), "by must be columns, rows, star or auto, not 'diagonals'"),
        (lambda: colour(np.triu(np.ones((3, 3))), "star"), "symmetric"),
        (lambda: colour(np.ones((2, 3)), "star"), "symmetric"),
        (lambda: colour(np.ones(3)), r"shape \(3,\)"),
        (lambda: recover(np.eye(3), colour(np.eye(3)), np.ones((1, 4))), r"expected \(1, 3\)"),
        (lambda: recover(np.eye(4), colour(np.eye(3)), np.ones((1, 4))), "do not fit"),
    ],
)
def test_errors_say_what_does_not_fit(attempt, says):
    with pytest.raises(ad.AutodiffError, match=says) as caught:
        attempt()
    assert isinstance(caught.value, ValueError)
