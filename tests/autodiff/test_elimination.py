"""Elimination on graphs: any order gives the Jacobian, the work is that done, and the best order is found."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autodiff as ad
from autodiff import accumulation
from autodiff.elimination import ORDERS, LinearGraph, accumulate, elimination_order, linear_graph, tangled
from autodiff.sparsity import blanks

from .cases import CASES, for_each_case
from .counting import Counted, counted
from .programs import programs

thorough = settings(max_examples=60, deadline=None, derandomize=True)


@st.composite
def scalar_graphs(draw, most=5):
    """Graphs of numbers: every vertex that is no input has one to three operands made before it."""
    inputs, inner, outputs = (draw(st.integers(1, high)) for high in (3, most, 3))
    blocks = {}
    for v in range(inputs, inputs + inner + outputs):
        for source in draw(st.sets(st.integers(0, min(v, inputs + inner) - 1), min_size=1, max_size=3)):
            blocks[source, v] = np.array([draw(st.integers(-3, 3)) * 1.0])
    count = inputs + inner + outputs
    ends = tuple(range(inputs)), (*range(inputs + inner, count), *draw(st.sets(st.integers(0, count - 1), max_size=2)))
    return LinearGraph(dict.fromkeys(range(count), 1), blocks, *ends)


def sum_over_paths(graph: LinearGraph, source: int, target: int) -> float:
    """∂target/∂source, by the chain rule written out."""
    if source == target:
        return 1.0
    steps = [(i, k, J) for (i, k), J in graph.blocks.items() if k == target]
    return sum(float(J[0]) * sum_over_paths(graph, source, i) for i, k, J in steps)


@thorough
@given(scalar_graphs(), st.randoms(use_true_random=False))
def test_any_order_gives_the_sum_over_all_paths(graph, random):
    order = graph.intermediate
    random.shuffle(order)
    expected = [[sum_over_paths(graph, i, k) for i in graph.inputs] for k in graph.outputs]
    np.testing.assert_array_equal(accumulate(graph, order)[0], expected)


@thorough
@given(programs(), st.sampled_from(["forward", "reverse", "markowitz"]))
def test_on_programs_elimination_agrees_with_the_jacobian(program, rule):
    primals = program.primals()
    J, _ = accumulate(linear_graph(program, *primals), rule)
    expected = ad.linearize(program, *primals)[1].dense()
    np.testing.assert_allclose(J, expected, rtol=1e-12, atol=1e-12 * abs(expected).max(initial=1))


@for_each_case(CASES)
def test_the_graph_of_every_real_primitive_has_its_jacobian(case):
    primals = case.primals()
    _, linear = ad.linearize(case.function, *primals)
    if any(value.dtype.kind == "c" for value in blanks(linear)):
        with pytest.raises(ad.AutodiffError, match="real programs"):
            linear_graph(case.function, *primals)
        return
    expected = linear.dense()
    J, _ = accumulate(linear_graph(case.function, *primals))
    np.testing.assert_allclose(J, expected, rtol=1e-11, atol=1e-12 * abs(expected).max(initial=1))


@thorough
@given(programs(), st.randoms(use_true_random=False))
def test_the_multiplications_counted_are_those_done(program, random):
    graph = linear_graph(program, *program.primals())
    order = graph.intermediate
    random.shuffle(order)
    counting = LinearGraph(
        graph.sizes, {edge: counted(J) for edge, J in graph.blocks.items()}, graph.inputs, graph.outputs
    )
    Counted.multiplications = 0
    _, work = accumulate(counting, order)
    assert work.multiply_adds == Counted.multiplications


@thorough
@given(scalar_graphs(most=4) | programs(most=4).map(lambda program: linear_graph(program, *program.primals())))
def test_the_optimal_order_is_the_least_of_all(graph):
    vertices = graph.intermediate
    if len(vertices) > 5:
        return
    least = min(accumulate(graph, order)[1].multiply_adds for order in itertools.permutations(vertices))
    assert accumulate(graph, "optimal")[1].multiply_adds == least


W, V = np.random.default_rng(1).normal(size=(4, 6)), np.random.default_rng(2).normal(size=(3, 4))


def chain(x):
    return np.exp(V @ np.sin(W @ x))


def test_on_a_chain_forward_reverse_and_optimal_are_the_bracketings_of_these_names():
    graph = linear_graph(chain, np.linspace(-1, 1, 6))
    shapes = [graph.blocks[edge].shape for edge in sorted(graph.blocks)]
    assert shapes == [(4, 6), (4,), (3, 4), (3,)]
    for rule in ("forward", "reverse"):
        bracketing = getattr(accumulation, rule)(4)
        assert accumulate(graph, rule)[1] == accumulation.work(bracketing, shapes)
    best = accumulation.work(accumulation.optimal(shapes), shapes)
    assert accumulate(graph, "optimal")[1].multiply_adds == best.multiply_adds


def test_four_orders_four_costs():
    graph = linear_graph(tangled, 0.5, 1.5)
    expected = ad.linearize(tangled, 0.5, 1.5)[1].dense()
    costs = []
    for rule in ORDERS:
        J, work = accumulate(graph, rule)
        np.testing.assert_allclose(J, expected, rtol=1e-14)
        costs.append(work.multiply_adds)
    forward, reverse, markowitz, optimal = costs
    assert optimal < markowitz < min(forward, reverse)
    assert forward != reverse
    assert sorted(elimination_order(graph, "markowitz")) == graph.intermediate


def test_markowitz_takes_the_least_product_of_operands_and_users_first():
    def f(x, y):
        a = x * y  # two operands, three users
        b = np.sin(a)  # one of each
        return a * b, np.exp(a)

    assert elimination_order(linear_graph(f, 1.0, 2.0), "markowitz") == [3, 2]


def shared(x):
    y = np.sin(x)
    return y, y * x, x, y


@ad.custom_vjp
def rotated(x, y):
    return -y, x * x


rotated.defvjp(lambda x, y: ((-y, x * x), x), lambda x, bar: (2 * x * bar[1], -bar[0]))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x,
        lambda x: x * x,
        lambda x: x - x,
        shared,
        lambda x: (np.ones(2), x[0], np.zeros((2, 0))),
        lambda x: np.sum(x),
        lambda x: {"b": x[:1], "a": np.outer(x, x)},
        lambda x: rotated(np.sin(x), x[:2]),
        lambda x: np.max(np.linalg.solve(np.eye(3) + np.outer(x, x), x)),
    ],
)
@pytest.mark.parametrize("rule", ["forward", "reverse", "markowitz", "optimal"])
def test_outputs_may_be_inputs_constants_reused_or_from_rules_of_ones_own(f, rule):
    x = np.array([0.5, -1.0, 2.0])
    J, _ = accumulate(linear_graph(f, x), rule)
    np.testing.assert_allclose(J, ad.linearize(f, x)[1].dense(), rtol=1e-12, atol=1e-14)


def test_values_that_no_output_needs_are_left_out():
    def f(x):
        np.exp(x) @ np.ones(3)
        return np.sin(x)

    graph = linear_graph(f, np.ones(3))
    assert repr(graph) == "LinearGraph(2 vertices, 1 edges)"
    assert graph.sizes == {0: 3, graph.outputs[0]: 3}


def many(x):
    for _ in range(17):
        x = np.sin(x)
    return np.sum(x)


@pytest.mark.parametrize(
    ("attempt", "error", "says"),
    [
        (lambda graph: accumulate(graph, "greedy"), ValueError, "forward, reverse, markowitz, optimal, not 'greedy'"),
        (lambda graph: accumulate(graph, [2, 3]), ValueError, r"each of \[2, 3, 4, 5\] once; got \[2, 3\]"),
        (lambda graph: accumulate(graph, [2, 3, 4, 4]), ValueError, "once"),
        (lambda _: elimination_order(linear_graph(many, np.ones(2)), "optimal"), ValueError, 'use "markowitz"'),
        (lambda _: linear_graph(lambda x: np.abs(np.exp(1j * x)), 1.0), TypeError, "real and imaginary parts"),
    ],
)
def test_errors_say_what_is_wrong(attempt, error, says):
    with pytest.raises(ad.AutodiffError, match=says) as caught:
        attempt(linear_graph(tangled, 0.5, 1.5))
    assert isinstance(caught.value, error)
