"""The equations of the chapter on the order of accumulation, counted multiplication by multiplication.

`product` below is the schoolbook's, written out; what it counts is the oracle for every count in the chapter.
"""

import functools
import itertools
import math

import numpy as np
import pytest

from autodiff import finite
from autodiff.accumulation import bracketings, forward, reverse, work

SIZES = [(5, 4, 3, 1), (1, 3, 2, 6), (2, 6, 1, 3), (4, 4, 4, 4), (7, 2, 5, 3)]  # n, |a| = |b|, |c|, m
chains = pytest.mark.parametrize("sizes", SIZES, ids=str)


def product(left, right):
    """Two factors multiplied, a vector standing for a diagonal, and how many multiplications that took."""
    if right.ndim == 1:
        return left * right, left.size
    if left.ndim == 1:
        return np.array([[left[i] * right[i, j] for j in range(right.shape[1])] for i in range(len(left))]), right.size
    result, count = np.zeros((left.shape[0], right.shape[1])), 0
    for i, k, j in itertools.product(range(left.shape[0]), range(left.shape[1]), range(right.shape[1])):
        result[i, j] += left[i, k] * right[k, j]
        count += 1
    return result, count


def evaluate(tree, factors):
    """The product by a nested pair of positions, and the multiplications."""
    if isinstance(tree, int):
        return factors[tree], 0
    (left, before), (right, after) = (evaluate(part, factors) for part in tree)
    result, count = product(left, right)
    return result, before + after + count


def stages(sizes, seed=0):
    """Four stages as in the running example, with other sizes and a result of m numbers, and a point."""
    n, a, c, m = sizes
    rng = np.random.default_rng(seed)
    one, two, three = rng.standard_normal((a, n)), rng.standard_normal((c, a)), rng.standard_normal((m, c))
    return [lambda x: one @ x, np.sin, lambda b: two @ b, lambda c: three @ c**2], rng.standard_normal(n)


def factors_of(sizes):
    """The local Jacobians by the complex step, the diagonal as a vector; and the Jacobian of the whole, likewise."""
    parts, x = stages(sizes)
    found = []
    for i, stage in enumerate(parts):
        value = functools.reduce(lambda v, f: f(v), parts[:i], x)
        J = finite.jacobian(stage, value, "complex")
        found.append(np.diag(J).copy() if stage is np.sin else J)
    return found, finite.jacobian(lambda x: functools.reduce(lambda v, f: f(v), parts, x), x, "complex")


@pytest.mark.equation("eq-accumulation-forward", "eq-accumulation-reverse")
@chains
def test_both_sweeps_give_the_jacobian_with_the_shapes_that_the_text_names(sizes):
    n, a, c, m = sizes
    (da_dx, db_da, dc_db, dy_dc), whole = factors_of(sizes)
    db_da = np.diag(db_da)
    db_dx = db_da @ da_dx
    dc_dx = dc_db @ db_dx
    np.testing.assert_allclose(dy_dc @ dc_dx, whole, rtol=1e-12, atol=1e-12)
    assert (db_dx.shape, dc_dx.shape) == ((a, n), (c, n))
    dy_db = dy_dc @ dc_db
    dy_da = dy_db @ db_da
    np.testing.assert_allclose(dy_da @ da_dx, whole, rtol=1e-12, atol=1e-12)
    assert dy_db.shape == dy_da.shape == (m, a)


@pytest.mark.equation("eq-accumulation-product")
@pytest.mark.parametrize(("r", "q", "p"), [(1, 1, 1), (2, 3, 5), (4, 1, 6), (1, 7, 2)])
def test_the_work_of_one_multiplication(r, q, p):
    rng = np.random.default_rng(0)
    left, right, diagonal = rng.standard_normal((r, q)), rng.standard_normal((q, p)), rng.standard_normal(q)
    result, count = product(left, right)
    np.testing.assert_allclose(result, left @ right)
    assert count == r * q * p == work((1, 0), [(q, p), (r, q)]).multiply_adds
    result, count = product(diagonal, right)
    np.testing.assert_array_equal(result, np.diag(diagonal) @ right)
    assert count == q * p == work((1, 0), [(q, p), (q,)]).multiply_adds


@pytest.mark.equation("eq-accumulation-costs", "eq-accumulation-ratio")
@chains
def test_what_the_two_sweeps_cost(sizes):
    n, a, c, m = sizes
    factors, _ = factors_of(sizes)
    A, B, C, D = (J.size for J in factors)
    assert [J.size for J in factors] == [a * n, a, c * a, m * c]
    _, going_forward = evaluate((3, (2, (1, 0))), factors)
    _, in_reverse = evaluate((((3, 2), 1), 0), factors)
    assert going_forward == a * n + c * a * n + m * c * n == n * (B + C + D)
    assert in_reverse == m * c * a + m * a + m * a * n == m * (C + B + A)
    S = A + B + C + D
    assert going_forward / in_reverse == pytest.approx(n / m * (S - A) / (S - D), rel=1e-15)


@pytest.mark.equation("eq-accumulation-column")
@chains
def test_a_product_with_a_vector_uses_every_stored_number_once(sizes):
    n, _, _, m = sizes
    factors, whole = factors_of(sizes)
    S = sum(J.size for J in factors)
    column, row = np.random.default_rng(1).standard_normal((n, 1)), np.random.default_rng(2).standard_normal((1, m))
    result, count = evaluate((4, (3, (2, (1, 0)))), [column, *factors])
    np.testing.assert_allclose(result, whole @ column, rtol=1e-12, atol=1e-12)
    assert count == S
    result, count = evaluate(((((4, 3), 2), 1), 0), [*factors, row])
    np.testing.assert_allclose(result, row @ whole, rtol=1e-12, atol=1e-12)
    assert count == S


def written(count):
    """All products of so many letters with all their brackets, by putting a bracket around any two neighbours."""
    found, level = set(), {tuple("x" * count)}
    while level:
        found |= {row[0] for row in level if len(row) == 1}
        level = {(*row[:i], f"({row[i]}{row[i + 1]})", *row[i + 2 :]) for row in level for i in range(len(row) - 1)}
    return found


@pytest.mark.equation("eq-accumulation-catalan")
def test_how_many_bracketings_there_are():
    P = {1: 1}
    for N in range(2, 40):
        P[N] = sum(P[k] * P[N - k] for k in range(1, N))
    for N, number in P.items():
        assert number == math.comb(2 * N - 2, N - 1) // N
        assert math.comb(2 * N - 2, N - 1) % N == 0
    assert [len(written(N)) for N in range(1, 8)] == [P[N] for N in range(1, 8)]


@pytest.mark.equation("eq-accumulation-flip")
def test_a_flip_towards_the_single_output_saves():
    for p, q, r in itertools.product(range(1, 12), repeat=3):
        after, before = p * r + q * r, p * q + p * q * r
        if p >= 2 and q >= 2:
            assert after == r * (p + q) <= r * p * q < before
    assert 1 * 5 + 2 * 5 > 1 * 2 + 1 * 2 * 5  # a size of one: the hypothesis is needed


def some_chains(seed, least=2, most=9):
    """Shapes of chains between random sizes, with diagonals at random places."""
    rng = np.random.default_rng(seed)
    for _ in range(40):
        size, shapes = int(rng.integers(least, most)), []
        for _ in range(rng.integers(2, 7)):
            rows = int(rng.integers(least, most))
            shapes.append((size,) if rng.random() < 0.3 else (rows, size))
            size = shapes[-1][0]
        yield shapes, size


def test_the_theorem_on_one_output_and_one_input():
    for shapes, size in some_chains(0):
        chain = [*shapes, (1, size)]
        count = len(chain)
        costs = {tree: work(tree, chain).multiply_adds for tree in bracketings(count)}
        assert costs[reverse(count)] == min(costs.values())
        chain = [shape[::-1] for shape in reversed(chain)]
        costs = {tree: work(tree, chain).multiply_adds for tree in bracketings(count)}
        assert costs[forward(count)] == min(costs.values())


def test_the_theorem_is_false_for_two_outputs():
    shapes = [(b, a) for a, b in itertools.pairwise((3, 10, 2, 2))]
    assert work(forward(3), shapes).multiply_adds < work(reverse(3), shapes).multiply_adds


@pytest.mark.equation("eq-accumulation-dynamic")
def test_the_recursion_finds_the_least_of_all_bracketings():
    rng = np.random.default_rng(1)
    for count in range(1, 7):
        d = [int(size) for size in rng.integers(1, 6, count + 1)]

        @functools.cache
        def W(i, j, d=tuple(d)):
            if j == i + 1:
                return 0
            return min(W(i, k) + W(k, j) + d[j] * d[k] * d[i] for k in range(i + 1, j))

        factors = [np.ones((b, a)) for a, b in itertools.pairwise(d)]
        assert W(0, count) == min(evaluate(tree, factors)[1] for tree in bracketings(count))


def random_graph(rng, sizes):
    """Local Jacobians {(i, k): (|k| × |i|)} of values of these sizes, each with operands before it."""
    edges = {}
    for k in range(2, len(sizes)):
        for i in rng.choice(min(k, len(sizes) - 2), size=2, replace=False):
            edges[int(i), k] = rng.standard_normal((sizes[k], sizes[i]))
    return edges


def sum_over_paths(edges, sizes, i, k):
    if i == k:
        return np.eye(sizes[i])
    before = [(source, J) for (source, target), J in edges.items() if target == k]
    return sum((J @ sum_over_paths(edges, sizes, i, source) for source, J in before), np.zeros((sizes[k], sizes[i])))


@pytest.mark.equation("eq-accumulation-eliminate", "eq-accumulation-markowitz")
@pytest.mark.parametrize("seed", range(8))
def test_eliminations_in_any_order_keep_the_sums_over_paths(seed):
    rng = np.random.default_rng(seed)
    sizes = [1] * 8 if seed % 2 else [int(size) for size in rng.integers(1, 4, 8)]
    edges = random_graph(rng, sizes)
    expected = {(i, k): sum_over_paths(edges, sizes, i, k) for i in (0, 1) for k in (6, 7)}
    for v in rng.permutation([2, 3, 4, 5]):
        operands, users = [i for i, k in edges if k == v], [k for i, k in edges if i == v]
        taken = 0
        for i, k in itertools.product(operands, users):
            term, count = product(edges[v, k], edges[i, v])
            edges[i, k] = edges.get((i, k), np.zeros((sizes[k], sizes[i]))) + term
            taken += count
        if set(sizes) == {1}:
            assert taken == len(operands) * len(users)
        edges = {edge: J for edge, J in edges.items() if v not in edge}
    for (i, k), J in expected.items():
        np.testing.assert_allclose(edges.get((i, k), np.zeros_like(J)), J, rtol=1e-12, atol=1e-12)
