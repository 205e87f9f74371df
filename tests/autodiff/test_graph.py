"""Graphs: recorded or defined, run on other values, differentiated into graphs, simplified; control flow that stays."""

import inspect
import threading

import numpy as np
import pytest
from hypothesis import given, settings

import autodiff as ad
from autodiff.errors import StaleGraphError
from autodiff.recording import guard
from autodiff.simplify import simplify

from .cases import CASES, Case, for_each_case
from .oracles import assert_close, leaves, like
from .programs import programs

X = np.array([0.4, -0.9, 1.3])


def program(x):
    """Fan-in, fan-out, a branch and a loop."""
    y = np.sin(x) * x[::-1]
    if y.sum() > -10:
        y = y + x**2
    for row in np.arange(12.0).reshape(3, 4):
        y = np.tanh(y) + 0.1 * row[:3] * x.sum()
    return y @ np.ones((3, 2))


BRANCHES = {"iteration: max(x) [3]", "iteration: sorted(x)[0] [3]"}  # they compare entries in Python


def derivatives(f, *primals):
    """Value, pullback of ones, tangent along the primals, and the tangent of the pullback."""
    ones = lambda y: like(y, lambda leaf: np.ones(np.shape(leaf), np.result_type(leaf.dtype, np.float32)))
    pulled = lambda *xs: ad.vjp(f, *xs)[1](ones(f(*xs)))
    return f(*primals), pulled(*primals), ad.jvp(f, primals, primals)[1], ad.jvp(pulled, primals, primals)[1]


@for_each_case(CASES)
def test_graphs_of_every_primitive_hold_for_other_values(case: Case):
    whole = lambda *xs: derivatives(case.function, *xs)
    graph = ad.trace(whole, *case.primals(0))
    simplified = graph.simplify()
    for seed in (0,) if str(case) in BRANCHES else (0, 1):
        primals = case.primals(seed)
        expected = whole(*primals)
        for runs in (graph, simplified):
            actual = runs(*primals)
            assert_close(actual, expected, rtol=1e-11, scale=1)
            for a, e in zip(leaves(actual), leaves(expected), strict=True):
                assert np.asarray(a).dtype == np.asarray(e).dtype


MATRIX, SINGULAR = np.array([[2.0, 1.0, 0.3], [0.5, 3.0, 1.0], [0.1, 0.7, 1.5]]), np.outer([1.0, 2, 3], [2.0, 1, 0.5])
WITH_NAN = np.array([1.0, np.nan, 3.0, 5.0])
DECIDED_BY_VALUES = {
    "frexp": (lambda x: np.frexp(x)[0] * np.frexp(x)[1], 0.3, 5.0),
    "rank of lstsq": (lambda x: np.linalg.lstsq(x, np.ones(3), 1e-10)[2] * 1.0, MATRIX, SINGULAR),
    "reflections of qr": (lambda x: np.linalg.qr(x, "raw")[1], np.triu(MATRIX), MATRIX),
    "qr completed": (lambda x: np.linalg.qr(x[:, :2], "complete")[0], np.triu(MATRIX), MATRIX),
    "median": (np.median, np.arange(4.0), WITH_NAN),
    "nanmedian": (np.nanmedian, np.arange(4.0), WITH_NAN),
    "slope of nanmedian": (ad.grad(np.nanmedian), np.arange(4.0), WITH_NAN),
    "weighted quantile": (
        lambda x: np.quantile(x, 0.4, method="inverted_cdf", weights=[1, 2, 3, 4]), np.arange(4.0), -np.arange(4.0),
    ),
    "weights of a quantile": (
        lambda w: np.quantile(np.arange(4.0), 0.4, method="inverted_cdf", weights=w), np.arange(1.0, 5.0), np.ones(4),
    ),
    "singular values at 0": (ad.grad(lambda x: np.sum(np.linalg.svdvals(x))), MATRIX, SINGULAR),
    "second derivatives of det": (ad.hessian(np.linalg.det), MATRIX, SINGULAR),
    "real coefficients": (np.poly, np.array([1 + 1j, 1 - 1j]), np.array([1 + 1j, 2 - 1j])),
    "length of a remainder": (
        lambda x: np.polydiv(x, np.ones(2))[1] * 1, np.arange(1.0, 4.0), np.array([1.0, 2.0, 1.0]),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("f", "example", "point"), DECIDED_BY_VALUES.values(), ids=DECIDED_BY_VALUES)
def test_what_values_decide_a_graph_decides_anew_or_guards(f, example, point):
    graph, compiled = ad.trace(f, example), ad.compile(f)
    for x in (example, point):
        assert_close(compiled(x), f(x), rtol=1e-9, scale=1)
    try:
        found = graph(point)
    except StaleGraphError:
        assert any(node.function is guard for node in graph.operations)
    else:
        assert_close(found, f(point), rtol=1e-9, scale=1)


@settings(max_examples=60, deadline=None)
@given(programs(12))
def test_graphs_of_random_programs_hold_for_other_values(program):
    whole = lambda *xs: derivatives(program, *xs)
    graph = ad.trace(whole, *program.primals(0))
    for seed in (0, 1):
        primals = program.primals(seed)
        expected = whole(*primals)
        assert_close(graph(*primals), expected, rtol=1e-11, scale=1)
        assert_close(graph.simplify()(*primals), expected, rtol=1e-11, scale=1)


# --- What a graph says of itself ----------------------------------------------------------------------------


def line_of(text: str) -> str:
    """This file and the number of the first line that holds a text."""
    lines = inspect.getsource(inspect.getmodule(line_of)).splitlines()
    return f"{__file__}:{next(i for i, line in enumerate(lines, 1) if text in line)}"


def squares(x, w):
    y = np.sin(x) * w  # the first line of squares
    return np.sum(y[1:] ** 2)


def test_nodes_are_in_order_and_know_operands_shapes_names_and_lines():
    graph = ad.trace(squares, np.ones(3), 2.0)
    seen = set()
    for node in graph.nodes:
        assert seen.issuperset(node.operands)
        seen.add(node)
    assert [(node.name, node.function) for node in graph.nodes] == [
        ("x", None), ("w", None), ("v1", np.sin), ("v2", np.multiply), ("v3", ad.arrays.getitem),
        ("v4", np.square), ("v5", np.sum),
    ]  # fmt: skip
    assert [node.shape for node in graph.nodes] == [(3,), (), (3,), (3,), (2,), (2,), ()]
    assert [x.name for x in graph.nodes[3].operands] == ["v1", "w"]
    assert graph.nodes[2].line == line_of("the first line of squares")
    assert graph.inputs == graph.nodes[:2]


def test_a_graph_prints_as_a_program():
    assert str(ad.trace(squares, np.ones(3), 2.0)).splitlines()[:3] == [
        "squares(x: float64 (3,), w: float64 ())",
        f"    v1 = np.sin(x)      # float64 (3,)     {line_of('the first line of squares').split('/')[-1]}",
        f"    v2 = v1 * w         # float64 (3,)     {line_of('the first line of squares').split('/')[-1]}",
    ]


def test_operations_of_derivatives_are_of_the_line_that_they_differentiate():
    graph = ad.trace(squares, np.ones(3), 2.0).grad()
    cosine = next(node for node in graph.nodes if node.function is np.cos)
    assert cosine.line == line_of("the first line of squares")
    assert {node.line.rpartition(":")[0] for node in graph.operations} == {__file__}


def test_values_of_all_nodes():
    graph = ad.trace(squares, np.ones(3), 2.0)
    found = {node.name: value for node, value in graph.values(X, 3.0).items()}
    np.testing.assert_allclose(found["v2"], np.sin(X) * 3)
    assert found["v5"] == graph(X, 3.0)


def test_names_come_from_the_arguments():
    model = {"w": np.ones((3, 2)), "b": [np.zeros(2), 1.0]}
    graph = ad.trace(lambda params, data: (data @ params["w"] + params["b"][0]) * params["b"][1], model, X)
    assert graph.names == ["params['w']", "params['b'][0]", "params['b'][1]", "data"]
    assert_close(graph(model, X), (X @ model["w"]), rtol=1e-15)


# --- Derivatives are graphs -------------------------------------------------------------------------------------


def test_jvp_vjp_and_grad_are_graphs():
    graph = ad.trace(squares, X, 2.0)
    other, step = (np.array([1.0, 2.0, 3.0]), -0.5), (X, 0.25)
    for found, expected in (
        (graph.jvp()(other, step), ad.jvp(squares, other, step)),
        (graph.vjp()(other, 3.0), (squares(*other), ad.vjp(squares, *other)[1](3.0))),
        (graph.grad()(*other), ad.grad(squares)(*other)),
        (graph.grad((0, 1))(*other), ad.grad(squares, (0, 1))(*other)),
        (graph.grad(1).grad(0)(*other), ad.grad(ad.grad(squares, 1))(*other)),
    ):
        assert_close(found, expected, rtol=1e-13)


def test_transforms_take_graphs():
    graph = ad.trace(program, X)
    assert_close(ad.jacobian(graph)(2 * X), ad.jacobian(program)(2 * X), rtol=1e-13)
    assert_close(ad.trace(ad.jacfwd(ad.jacrev(graph)), X)(2 * X), ad.jacfwd(ad.jacrev(program))(2 * X), rtol=1e-12)


def test_integers_pass_through():
    def loss(w, labels):
        return -np.sum(w[np.arange(3), labels])

    w, labels = np.arange(12.0).reshape(3, 4), np.array([1, 1, 3])
    graph = ad.trace(ad.grad(loss), w, labels)
    assert_close(graph(w, labels[::-1].copy()), ad.grad(loss)(w, labels[::-1]), rtol=0)
    with pytest.raises(ad.AutodiffError, match="derivatives are taken with respect to real"):
        ad.trace(ad.grad(loss, 1), w, labels)


def test_a_stopped_gradient_stays_stopped():
    graph = ad.trace(lambda x: x * ad.stop_gradient(x), 3.0)
    assert graph.grad()(4.0) == 4.0


def test_custom_rules_stay():
    @ad.custom_vjp
    def clipped(x):
        return 2 * x

    clipped.defvjp(lambda x: (2 * x, None), lambda _, ybar: (np.clip(ybar, -1, 1),))
    graph = ad.trace(lambda x: np.sum(5 * clipped(x)), X)
    assert_close(graph.grad()(X), np.ones(3), rtol=0)


# --- Define-and-run ---------------------------------------------------------------------------------------------


def test_placeholders_build_a_graph_that_runs_later():
    x, w = ad.placeholder(3, name="x"), ad.placeholder((3, 2), name="w")
    y = np.tanh(x @ w)
    graph = ad.Graph([x, {"w": w}], {"y": y, "norm": np.sqrt(np.sum(y * y))})
    values = X, {"w": np.arange(6.0).reshape(3, 2)}
    y = np.tanh(X @ values[1]["w"])
    assert_close(graph(*values), {"y": y, "norm": np.linalg.norm(y)}, rtol=1e-15)
    assert graph.inputs[0].name == "x"


def test_derivatives_of_placeholders():
    x = ad.placeholder(3, name="x")
    graph = ad.Graph(x, ad.grad(lambda x: np.sum(np.exp(x) * x[0]))(x))
    assert_close(graph(X), ad.grad(lambda x: np.sum(np.exp(x) * x[0]))(X), rtol=1e-14)
    labels = ad.placeholder(2, int, name="labels")
    picked = ad.Graph([x, labels], ad.grad(lambda x: x[labels].sum())(x))
    assert_close(picked(X, np.array([2, 2])), np.array([0.0, 0.0, 2.0]), rtol=0)


@pytest.mark.parametrize("make", [np.linalg.inv, lambda a: np.linalg.solve(a, a[0]), lambda a: np.log(a) / a])
def test_placeholders_stand_for_regular_values(make):
    a = ad.placeholder((4, 4), name="a")
    matrix = np.random.default_rng(0).uniform(1, 2, (4, 4))
    assert_close(ad.Graph([a], make(a))(matrix), make(matrix), rtol=1e-10)


def test_graphs_share_placeholders_and_keep_their_own_names():
    x = ad.placeholder(name="x")
    one, other = ad.Graph([x], np.sin(x)), ad.Graph([x], np.cos(x))
    both = ad.Graph([x], np.sin(x) + np.cos(x))
    for graph in (one, other, both):
        assert len({node.name for node in graph.nodes}) == len(graph.nodes)
    assert both(1.0) == np.sin(1.0) + np.cos(1.0)


def test_placeholders_print_as_what_they_are():
    x = ad.placeholder(3, name="x")
    assert str(x) == "x: float64 (3,)"
    assert "np.sin(x)" in repr(np.sin(x))


# --- What a graph refuses ---------------------------------------------------------------------------------------


def test_the_other_side_of_a_branch_is_an_error():
    def bent(x):
        return x if x.sum() > 0 else -x  # the branch of bent

    graph = ad.trace(bent, X)
    assert_close(graph(2 * X), 2 * X, rtol=0)
    place = line_of("the branch of bent").split("/")[-1]
    for runs in (graph, graph.simplify(), graph.jvp(), graph.vjp()):
        args = (-X,) if runs.__name__ == "bent" else ((-X,), (X,) if "jvp" in runs.__name__ else X)
        with pytest.raises(ad.StaleGraphError, match=f"{place}.*True.*False"):
            runs(*args)


REFUSALS = {
    "a shape": (lambda g: g(np.ones(4), 2.0), r"x is float64 \(4,\).*float64 \(3,\)"),
    "a dtype": (lambda g: g(np.ones(3, np.float32), 2.0), "x is float32"),
    "a structure": (lambda g: g((np.ones(3),), 2.0), "takes tuple"),
    "the number of arguments": (lambda g: g(np.ones(3)), "takes tuple"),
    "no array": (lambda g: g("abc", 2.0), "x is str"),
}


@pytest.mark.parametrize(("call", "message"), REFUSALS.values(), ids=REFUSALS)
def test_arguments_must_be_like_the_examples(call, message):
    with pytest.raises(ad.StaleGraphError, match=message):
        call(ad.trace(squares, np.ones(3), 2.0))


def test_a_constant_argument_must_stay():
    graph = ad.trace(lambda x, n: x**n, 2.0, 3)
    assert graph(3.0, 3) == 27.0
    with pytest.raises(ad.StaleGraphError, match="was 3 when"):
        graph(3.0, 4)


def test_shapes_that_depend_on_values_are_fixed():
    graph = ad.trace(lambda x: x[x > 0], X)
    assert_close(graph(2 * X), 2 * X[X > 0], rtol=0)
    with pytest.raises(ad.StaleGraphError, match=r"had shape \(2,\).*\(3,\)"):
        graph(np.ones(3))


def test_placeholders_have_no_truth_and_no_number():
    x = ad.placeholder(name="x")
    with pytest.raises(TypeError, match=r"ad\.cond"):
        bool(x > 0)
    with pytest.raises(TypeError, match="cannot become a Python number"):
        float(x)


def test_a_plain_table_with_a_traced_index_says_what_to_do():
    table, labels = np.eye(3), np.array([2, 0])
    with pytest.raises(TypeError, match="Make the plain array an argument"):
        ad.trace(lambda labels: table[labels], labels)
    assert_close(ad.trace(lambda table, labels: table[labels], table, labels)(table, labels), table[labels], rtol=0)


def test_a_missing_placeholder_is_named():
    x, w = ad.placeholder(name="x"), ad.placeholder(2, name="w")
    with pytest.raises(ValueError, match=r"w \(float64 \(2,\)\) is not among the inputs"):
        ad.Graph([x], x * w)


def test_results_must_be_arrays():
    with pytest.raises(TypeError, match="returned builtin_function"):
        ad.trace(lambda x: (x, len), 1.0)


def test_in_place_changes_are_refused():
    with pytest.raises(ad.AutodiffError):
        ad.trace(lambda x: np.add.at(np.zeros(3), np.array([0, 1, 1]), x), X)


def test_a_value_of_a_closed_graph_is_an_error():
    kept = []
    ad.trace(lambda x: kept.append(x) or x, 1.0)
    with pytest.raises(ad.EscapedTracerError):
        np.sin(kept[0])


def test_threads_record_graphs_of_their_own():
    found = {}

    def work(i):
        found[i] = ad.trace(ad.grad(lambda x: np.sum(np.sin(x) * i)), X)(X)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(8):
        assert_close(found[i], i * np.cos(X), rtol=1e-15)


# --- Simplification ---------------------------------------------------------------------------------------------

SIMPLIFIED = {
    "dead code": (lambda x: (np.exp(x), np.sin(x))[1], 1, "not needed"),
    "common subexpressions": (lambda x: np.sin(x) * np.sin(x), 2, "computed before"),
    "commuted": (lambda x: (x * X) - (X * x), 2, "computed before"),
    "zero": (lambda x: x + 0.0, 0, "changes nothing"),
    "one": (lambda x: (1 * x) ** 1 / np.ones(3), 0, "changes nothing"),
    "twice": (lambda x: np.negative(-x), 0, "changes nothing"),
    "shapes": (lambda x: x.reshape(3, 1).reshape(3), 0, "changes nothing"),
    "transposed": (lambda x: x[None].T.T, 1, "changes nothing"),
    "whole slices": (lambda x: x[:][0:3], 0, "changes nothing"),
    "broadcast": (lambda x: np.broadcast_to(x[0], (3,)) * x, 2, "broadcasts by itself"),
    "one number": (lambda x: np.full(3, 2.5) * x, 1, "broadcasts by itself"),
}


@pytest.mark.parametrize(("f", "count", "why"), SIMPLIFIED.values(), ids=SIMPLIFIED)
def test_simplification(f, count, why):
    graph = ad.trace(f, X)
    simple = simplify(graph)
    assert len(simple.operations) == count
    assert why in {text.partition(":")[0] for text in simple.removed}
    assert len(graph.removed) == 0
    assert_close(simple(X), f(X), rtol=1e-15)


def test_constants_are_folded():
    x, y = ad.placeholder(3, name="x"), ad.placeholder(3, name="y")
    half = ad.Graph([x], ad.Graph([y], np.sin(y) * 2)(np.ones(3)) + x)
    assert len(half.simplify().operations) == 1


def test_what_is_not_the_same_is_kept():
    graph = ad.trace(lambda x: (np.maximum(x, 0.0) + np.maximum(x, -0.0), x * 2 - x * 2.5), X).simplify()
    assert len(graph.operations) == 6


def test_guards_are_kept():
    graph = ad.trace(lambda x: x if x[0] > 0 else -x, X).simplify()
    with pytest.raises(ad.StaleGraphError):
        graph(-X)


# --- Control flow -----------------------------------------------------------------------------------------------


def either(x, w):
    y = ad.cond(np.sum(x) > 0, lambda x: (np.sin(x) * w, x[0]), lambda x: (x**2, 3 * w), x)
    return np.sum(y[0] * y[0]) * y[1]


def growth(x, w):
    grown, _, rate = ad.while_loop(
        lambda s: s[1] < 3 * w, lambda s: (np.sin(s[0]) * w + s[0], s[1] + 1, s[2] + w), (x, 0, 1.0)
    )
    return np.sum(grown**2) * rate


def newton(a):
    """The square root, by Newton's method, in as many steps as it takes."""
    return ad.while_loop(lambda x: np.abs(x * x - a) > 1e-13 * a, lambda x: 0.5 * (x + a / x), a)


def nested(x, w):
    def body(s):
        i, y = s
        return i + 1, ad.cond(y.sum() > 1, lambda y: y * w, lambda y: y + np.exp(-y), y)

    return np.sum(ad.while_loop(lambda s: s[0] < 4, body, (0, x))[1])


CONTROL = {
    "cond": (either, [(X, 2.0), (-X, 2.0), (-X, -1.0)]),
    "while_loop": (growth, [(X, 2.0), (X, 3.0), (X, 0.1), (X, -1.0)]),
    "newton": (newton, [(2.0,), (1.0,), (1e4,)]),
    "nested": (nested, [(X, 2.0), (-X, 0.5)]),
}
ORDERS = {
    "value": lambda f: f,
    "gradient": ad.grad,
    "jvp": lambda f: lambda *xs: ad.jvp(f, xs, xs),
    "forward over reverse": ad.hessian,
    "forward over forward": lambda f: ad.jacfwd(ad.jacfwd(f)),
    "reverse over forward": lambda f: ad.grad(lambda *xs: ad.jvp(f, xs, xs)[1]),
}


@pytest.mark.parametrize("transform", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize(("f", "points"), CONTROL.values(), ids=CONTROL)
def test_control_flow_stays_in_the_graph_and_has_derivatives(f, points, transform):
    graph = ad.trace(transform(f), *points[0])
    assert not any(node.function is ad.recording.guard for node in graph.operations)
    plain = ad.trace(f, *points[0])
    for point in points:
        expected = transform(f)(*point)  # outside of graphs: plain Python
        for found in (graph(*point), graph.simplify()(*point), transform(plain)(*point)):
            assert_close(found, expected, rtol=1e-11, scale=1e-12)


def test_derivatives_of_loops_are_right():
    assert_close(ad.trace(newton, 2.0).grad()(3.0), 0.5 / np.sqrt(3.0), rtol=1e-12)
    assert_close(ad.hessian(ad.trace(newton, 2.0))(3.0), -0.25 * 3.0**-1.5, rtol=1e-10)


def test_reverse_over_reverse_through_a_loop_in_a_graph_says_what_to_do():
    with pytest.raises(ad.AutodiffError, match="forward over reverse"):
        ad.trace(ad.grad(ad.grad(newton)), 2.0)
    assert_close(ad.grad(ad.grad(newton))(3.0), -0.25 * 3.0**-1.5, rtol=1e-10)


def test_placeholders_in_loops_and_branches():
    x, n = ad.placeholder(name="x"), ad.placeholder((), int, "n")
    power = ad.while_loop(lambda s: s[0] > 0, lambda s: (s[0] - 1, s[1] * x), (n, 1.0))[1]
    graph = ad.Graph([x, n], power)
    assert [graph(2.0, n) for n in (0, 1, 5)] == [1.0, 2.0, 32.0]
    assert_close(ad.grad(graph)(2.0, 5), 80.0, rtol=1e-15)
    assert "while_loop" in str(graph)
    assert "body(" in str(graph)


def test_a_loop_that_would_never_end_on_stand_ins_is_not_run_on_them():
    x = ad.placeholder(name="x")
    graph = ad.Graph([x], ad.while_loop(lambda s: s < 1e3, lambda s: s * x, x))
    assert graph(10.0) == 1000.0
    assert graph.grad()(10.0) == 300.0
    assert graph.grad().jvp()((10.0,), (1.0,)) == (300.0, 60.0)
    assert graph.vjp()((10.0,), 1.0) == (1000.0, (300.0,))
    inside = ad.Graph([x], ad.cond(x > 0, lambda x: graph(x), lambda x: -x, x))
    assert (inside(10.0), inside.grad()(10.0), inside.grad()(-10.0)) == (1000.0, 300.0, -1.0)
    nested = ad.while_loop(lambda s: s < 5e3, lambda s: graph(s), x)
    assert ad.Graph([x], nested).grad()(100.0) == 200.0


@pytest.mark.filterwarnings("error")
def test_placeholders_may_stand_for_values_that_their_stand_ins_are_not():
    x, a = ad.placeholder(name="x"), ad.placeholder((2, 2), name="a")
    logarithm = ad.Graph([x], np.log(x - 5.0))
    assert (logarithm(6.0), logarithm.grad()(6.0), logarithm.grad().grad()(6.0)) == (0.0, 1.0, -1.0)
    at = np.array([[60.0, 52.0], [52.0, 70.0]])
    for f in (
        lambda a: np.sum(np.linalg.eigvalsh(np.log(a - 50.0)) ** 3),  # of nan
        lambda a: np.sum(np.linalg.inv(np.maximum(a - 50.0, 0.0))),  # of 0
    ):
        graph = ad.Graph([a], f(a))
        assert_close(graph(at), f(at), rtol=1e-14)
        assert_close(graph.grad()(at), ad.grad(f)(at), rtol=1e-13)


def test_without_a_graph_only_one_side_runs():
    ran = []
    result = ad.cond(True, lambda: ran.append("then") or 1.0, lambda: ran.append("otherwise") or 2.0)
    assert (result, ran) == (1.0, ["then"])
    assert ad.while_loop(lambda n: n < 10, lambda n: 3 * n, 1) == 27


UNLIKE = {
    "shapes": (lambda x: ad.cond(x[0] > 0, lambda x: x, lambda x: x[0], x), "results alike"),
    "dtypes": (lambda x: ad.cond(x[0] > 0, lambda x: x[0], lambda x: 1, x), "results alike"),
    "structures": (lambda x: ad.cond(x[0] > 0, lambda x: x, lambda x: (x,), x), "results alike"),
    "a loop's shape": (lambda x: ad.while_loop(lambda s: s[0] < 9, lambda s: s[:2], x), "like the one it takes"),
    "a loop's dtype": (lambda x: ad.while_loop(lambda s: s[1] < 9, lambda s: (s[0], s[1] * 0.5), (x, 1)), "int64"),
    "a loop's test": (lambda x: ad.while_loop(lambda s: s < 9, lambda s: s + 1, x), "one boolean"),
}


@pytest.mark.parametrize(("f", "message"), UNLIKE.values(), ids=UNLIKE)
def test_unlike_results_are_refused(f, message):
    with pytest.raises(ad.AutodiffError, match=message):
        ad.trace(f, X)


# --- JAX --------------------------------------------------------------------------------------------------------


def test_without_jax_the_error_says_so(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "jax", None)
    with pytest.raises(ad.AutodiffError, match="pip install jax"):
        ad.trace(squares, X, 2.0).to_jax()


@pytest.fixture
def jax():
    jax = pytest.importorskip("jax", reason="JAX is not installed (extra `peers`)")
    jax.config.update("jax_enable_x64", True)
    return jax


@pytest.mark.parametrize(("f", "points"), [*CONTROL.values(), (squares, [(X, 2.0)]), (program, [(X,)])])
def test_graphs_in_jax(jax, f, points):
    if f is program:
        f = lambda x: np.tanh(x)[::-1] @ np.ones((3, 2))
    for transform in (ORDERS["value"], ORDERS["jvp"]):
        run = jax.jit(ad.trace(transform(f), *points[0]).to_jax())
        for point in points:
            assert_close(leaves(run(*point)), leaves(transform(f)(*point)), rtol=1e-11, scale=1e-12)


def test_scipys_functions_are_jaxs(jax):
    special = pytest.importorskip("scipy.special")
    slope = ad.grad(lambda x: np.sum(special.erf(x) * special.i0(x)))
    x = np.array([0.4, 1.7])
    assert_close(np.asarray(jax.jit(ad.trace(slope, x).to_jax())(x)), slope(x), rtol=1e-11)


def test_jax_cannot_take_recorded_branches(jax):
    with pytest.raises(ad.AutodiffError, match="branches on a value"):
        ad.trace(program, X).to_jax()
