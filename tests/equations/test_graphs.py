"""The equations of the chapter on graphs, on random graphs and shapes; the oracle is the complex step."""

import itertools

import numpy as np
import pytest

import autodiff as ad
from figures import graphs

from .oracles import columns

sizes = pytest.mark.parametrize(("n", "m", "p"), [(1, 1, 1), (3, 2, 4), (5, 4, 2)])


# A random program over numbers: value k is φₖ of one or two earlier ones.
UNARY = [np.sin, np.cos, lambda t: 0.5 * t, lambda t: t * t]
BINARY = [lambda s, t: s + t, lambda s, t: s * t, lambda s, t: s - 2 * t]


def random_program(seed, inputs=2, operations=9):
    """The operands of each value after the inputs, and its primitive."""
    rng = np.random.default_rng(seed)
    program = []
    for k in range(inputs, inputs + operations):
        two = rng.random() < 0.6
        operands = tuple(int(i) for i in rng.integers(max(0, k - 4), k, 1 + two))
        program.append((operands, (BINARY if two else UNARY)[rng.integers(3 + (not two))]))
    return program


def run(program, x):
    values = list(x)
    for operands, primitive in program:
        values.append(primitive(*(values[i] for i in operands)))
    return values


def local_jacobians(program, x):
    """J[k, i] for every arrow i → k; two arrows between the same values count as one."""
    values, found = run(program, x), {}
    for k, (operands, primitive) in enumerate(program, start=len(x)):
        at = np.array([values[i] for i in operands])
        for i, slope in zip(operands, columns(lambda v, p=primitive: p(*v), at), strict=True):
            found[k, i] = found.get((k, i), 0.0) + slope
    return found


def point(seed, inputs=2):
    return np.random.default_rng(100 + seed).uniform(-1, 1, inputs)


seeds = pytest.mark.parametrize("seed", range(12))


@pytest.mark.equation("eq-graphs-program", "eq-graphs-local")
@seeds
def test_a_program_is_primitives_of_earlier_values(seed):
    program, x = random_program(seed), point(seed)
    graph = ad.trace(lambda *x: run(program, x)[-1], *x)
    np.testing.assert_allclose(graph(*x), run(program, x)[-1], rtol=1e-14)
    assert all(i < k for k, i in local_jacobians(program, x))


@pytest.mark.equation("eq-graphs-fan-in", "eq-graphs-fan-in-vjp")
@sizes
def test_an_operation_of_two_inputs(n, m, p):
    rng = np.random.default_rng(n)
    M, N = rng.standard_normal((m, n)), rng.standard_normal((m, p))
    F = lambda a, b: np.sin(M @ a) * (N @ b)
    a, b, adot, bdot = (rng.standard_normal(k) for k in (n, p, n, p))
    ybar = rng.standard_normal(m)
    F_a, F_b = columns(lambda a: F(a, b), a), columns(lambda b: F(a, b), b)
    both = columns(lambda ab: F(ab[:n], ab[n:]), np.concatenate([a, b]))
    np.testing.assert_allclose(np.hstack([F_a, F_b]), both, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(both @ np.concatenate([adot, bdot]), F_a @ adot + F_b @ bdot, rtol=1e-12)
    np.testing.assert_allclose(ad.jvp(F, (a, b), (adot, bdot))[1], F_a @ adot + F_b @ bdot, rtol=1e-12)
    abar, bbar = ad.vjp(F, a, b)[1](ybar)
    np.testing.assert_allclose(abar, ybar @ F_a, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(bbar, ybar @ F_b, rtol=1e-12, atol=1e-14)


@pytest.mark.equation("eq-graphs-fan-out", "eq-graphs-fan-out-vjp")
@pytest.mark.parametrize("n", [1, 3, 6])
def test_a_value_used_twice(n):
    rng = np.random.default_rng(n)
    x, v1, v2 = rng.standard_normal((3, n))
    G = lambda x: np.concatenate([3 * x, 5 * x])
    jacobian = np.vstack([3 * np.eye(n), 5 * np.eye(n)])
    np.testing.assert_allclose(columns(G, x), jacobian, rtol=1e-14)
    row = np.concatenate([v1, v2])[None, :] @ jacobian
    assert row.shape == (1, n)
    np.testing.assert_allclose(row[0], 3 * v1 + 5 * v2, rtol=1e-13)
    np.testing.assert_allclose(ad.vjp(G, x)[1](np.concatenate([v1, v2]))[0], 3 * v1 + 5 * v2, rtol=1e-13)


def gradient(program, x):
    return columns(lambda x: run(program, x)[-1], x)


@pytest.mark.equation("eq-graphs-tangents")
@seeds
def test_tangents_add_along_incoming_arrows(seed):
    program, x = random_program(seed), point(seed)
    J, direction = local_jacobians(program, x), np.random.default_rng(seed).standard_normal(2)
    dots = dict(enumerate(direction))
    for k in range(2, 2 + len(program)):
        dots[k] = sum(slope * dots[i] for (end, i), slope in J.items() if end == k)
    assert dots[len(program) + 1] == pytest.approx(gradient(program, x) @ direction, rel=1e-10, abs=1e-12)


@pytest.mark.equation("eq-graphs-adjoints")
@seeds
def test_cotangents_add_along_outgoing_arrows(seed):
    program, x = random_program(seed), point(seed)
    J, last = local_jacobians(program, x), len(program) + 1
    bars = {last: 1.0}
    for i in range(last - 1, -1, -1):
        bars[i] = sum(bars[k] * slope for (k, start), slope in J.items() if start == i)
    np.testing.assert_allclose([bars[0], bars[1]], gradient(program, x), rtol=1e-10, atol=1e-12)
    found = ad.grad(lambda *x: run(program, x)[-1], (0, 1))(*x)
    np.testing.assert_allclose([bars[0], bars[1]], found, rtol=1e-10, atol=1e-12)


@pytest.mark.equation("eq-graphs-paths")
@seeds
def test_the_derivative_is_a_sum_over_paths(seed):
    program, x = random_program(seed), point(seed)
    J, last = local_jacobians(program, x), len(program) + 1
    for j in range(2):
        total, inner = 0.0, range(2, last)
        for length in range(len(inner) + 1):
            for between in itertools.combinations(inner, length):
                path = (j, *between, last)
                total += np.prod([J.get((k, i), 0.0) for i, k in itertools.pairwise(path)])
        assert total == pytest.approx(gradient(program, x)[j], rel=1e-10, abs=1e-12)


def test_the_worked_graph_is_what_the_chapter_says():
    data = graphs.sweeps()
    expected = columns(lambda x: graphs.worked(*x), np.array(graphs.POINT))
    np.testing.assert_allclose([data["cotangents"]["x_1"], data["cotangents"]["x_2"]], expected, rtol=1e-13)
    np.testing.assert_allclose([own["y"] for own in data["tangents"]], expected, rtol=1e-13)
    assert graphs.count_edges_and_paths(graphs.ladder(5), 0.5) == (15, 32)


@pytest.mark.equation("eq-solution-stack")
@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 2), (4, 6)])
def test_a_value_used_three_times(n, m):
    rng = np.random.default_rng(n + m)
    M, x = rng.standard_normal((m, n)), rng.standard_normal(n)
    v1, v2, v3 = (rng.standard_normal(size) for size in (m, n, n))
    G = lambda x: np.concatenate([M @ x, np.sin(x), x])
    expected = np.concatenate([v1, v2, v3]) @ columns(G, x)
    np.testing.assert_allclose(v1 @ M + v2 * np.cos(x) + v3, expected, rtol=1e-11, atol=1e-13)
