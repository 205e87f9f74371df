"""Compiled programs: the same numbers as the program itself, from source that one can read, with few buffers."""

import threading
import tracemalloc
import warnings
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autodiff as ad
from autodiff import buffers, rewrites, writer
from benchmarks.systems import NUMPY
from benchmarks.workloads import WORKLOADS

from .cases import CASES, Case, for_each_case
from .oracles import assert_close, leaves
from .programs import programs
from .test_graph import CONTROL, ORDERS, derivatives

X = np.array([0.4, -0.9, 1.3])


@pytest.fixture
def eager(monkeypatch):
    """Small arrays go through all that is meant for large ones."""
    monkeypatch.setattr(buffers, "BUFFER", 1)
    monkeypatch.setattr(writer, "SMALL", 0)
    monkeypatch.setattr(rewrites, "LONG", 1)
    monkeypatch.setattr(rewrites, "MANY", 2)


def assert_same(actual, expected, primals=()):
    """Equal to rounding, of the same shapes and dtypes; results share no memory with each other or with `primals`."""
    assert_close(actual, expected, rtol=1e-10, scale=1)
    found = leaves(actual)
    for a, e in zip(found, leaves(expected), strict=True):
        assert np.asarray(a).dtype == np.asarray(e).dtype
        assert isinstance(a, np.ndarray) == isinstance(e, np.ndarray) or np.ndim(a) == 0
    arrays = [a for a in found if isinstance(a, np.ndarray)]
    for i, a in enumerate(arrays):
        assert a.flags.writeable
        assert not any(np.shares_memory(a, b) for b in [*arrays[:i], *leaves(primals)] if np.size(b))


# --- The same numbers -------------------------------------------------------------------------------------------


@for_each_case(CASES)
def test_every_primitive_compiles(case: Case, eager):
    whole = lambda *xs: derivatives(case.function, *xs)
    compiled = ad.compile(whole)
    for seed in (0, 1):
        primals = case.primals(seed)
        before = [x.copy() for x in primals]
        assert_same(compiled(*primals), whole(*primals), primals)
        for x, kept in zip(primals, before, strict=True):
            np.testing.assert_array_equal(x, kept)


BROADCAST = {
    "a sum of columns": lambda X: np.sum(X**3) + np.sum(np.sin(np.sum(X, axis=0, keepdims=True)[0])),
    "a padded row": lambda X: X * X + np.pad(X[0, 1:], (0, 1)),
    "a padded row, subtracted": lambda X: np.sin(X) - np.pad(X[1, 1:], (1, 0)),
    "one row of a stack": lambda X: np.stack([X, X]) + np.pad(X[:1], ((0, 2), (0, 0))),
}


@pytest.mark.parametrize("name", BROADCAST)
def test_what_stands_in_zeros_is_added_along_all_that_it_broadcasts_to(name):
    f, X = BROADCAST[name], np.arange(12.0).reshape(3, 4) / 5
    for transform in (lambda f: f, ad.jacrev, ad.jacfwd):
        assert_same(ad.compile(transform(f))(X), transform(f)(X), (X,))


ROWS = {
    "of an argument": lambda X, x: np.sin(X[np.argmax(x)]) * x[0],
    "of the unit tangents": lambda X, x: np.sin(x[np.argmax(x)]) * np.exp(X[0, 0]),
    "and a column": lambda X, x: np.sin(X[:, np.argmax(x)]) + x,
}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_found_by_the_program_is_not_written_over(name, eager):
    f, X, x = ROWS[name], np.arange(12.0).reshape(3, 4) / 5, np.array([0.3, 0.7, 0.5])
    before = X.copy()
    for transform in (lambda f: f, lambda f: ad.jacrev(f, (0, 1)), lambda f: ad.jacfwd(f, 1)):
        compiled = ad.compile(transform(f))
        for _ in range(2):
            assert_same(compiled(X, x), transform(f)(X, x), (X, x))
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("f", [lambda X: X.ravel(order="K"), lambda X: np.reshape(2 * X, (4, 3), order="A")])
def test_the_order_in_memory_is_asked_for_anew(f):
    X = np.arange(12.0).reshape(3, 4)
    compiled, graph = ad.compile(ad.jacrev(lambda X: f(X) ** 2)), ad.trace(f, X)
    for laid in (X, np.asfortranarray(X), X):
        assert_same(compiled(laid), ad.jacrev(lambda X: f(X) ** 2)(laid))
    with pytest.raises(ad.StaleGraphError):
        graph(np.asfortranarray(X))


def test_what_is_nearly_real_is_asked_for_anew():
    f = lambda z: np.real_if_close(z) * 2
    compiled, graph, small, large = (
        ad.compile(f),
        ad.trace(f, np.array([1 + 1e-15j])),
        *np.array([[1 + 1e-15j], [1 + 1j]]),
    )
    for z in (small, large, small):
        assert_same(compiled(z), f(z))
    with pytest.raises(ad.StaleGraphError):
        graph(large)


CHOSEN = {
    "mean": lambda x: np.mean(x[x > 0]),
    "variance": lambda x: np.var(np.compress(x > 0, x)),
    "positions": lambda x: np.mean(x[np.flatnonzero(x > 0)] ** 2),
    "where": lambda x: np.mean(x[np.where(x > 0)[0]]),
    "gradient": ad.grad(lambda x: np.mean(x[x > 0] ** 2)),
}


@pytest.mark.parametrize("name", CHOSEN)
def test_how_many_entries_values_choose_is_asked_for_anew(name):
    f, points = CHOSEN[name], [np.array([1.0, 2.0, -3.0]), np.array([1.0, 2.0, 3.0]), np.array([-1.0, 2.0, 3.0])]
    compiled, graph = ad.compile(f), ad.trace(f, points[0]).simplify()
    for x in (*points, *points):
        assert_same(compiled(x), f(x))
    assert_same(graph(points[2]), f(points[2]))
    for stale in (graph, ad.compile(graph)):
        with pytest.raises(ad.StaleGraphError):
            stale(points[1])


def test_what_chooses_entries_needs_values():
    x = ad.placeholder(3)
    with pytest.raises(ad.AutodiffError, match=r"np\.where\(mask, x, 0\)"):
        x[x > 0]
    for f in (lambda x: np.delete(x, np.argmax(x)), lambda x: np.insert(x, np.argmax(x), 0.0)):
        with pytest.raises(ad.AutodiffError, match="positions as plain numbers"):
            ad.compile(f)(X)


TRUTHS = {
    "a whole number": lambda x: np.minimum(np.where(x[1] > 0, x[0], 0), np.maximum(x[1], 1)),
    "a whole number, given": lambda x: (lambda y: np.where(np.bool(True), y, y))(np.where(x[1] > 0, x[0], 0)),
    "maximum": lambda x: -np.maximum(x[0], x[1]),
    "of a negative": lambda x: np.maximum(-x[0], x[1]),
    "where": lambda x: np.where(x[0] > x[1], x[0] > 0, x[1]) - np.where(x[0] > 0, x[1] > 0, x[0]),
}


@pytest.mark.parametrize("name", TRUTHS)
def test_what_is_true_or_whole_is_real_among_numbers(name):
    f = TRUTHS[name]
    for transform in (lambda f: f, ad.grad, ad.jacfwd, ad.hessian):
        for x in (np.array([0.3, 0.7]), np.array([0.7, -0.3])):
            assert_same(ad.compile(transform(f))(x), transform(f)(x))


def test_a_program_without_arrays_as_results_compiles():
    assert ad.compile(lambda x: None)(1.0) is None
    assert ad.compile(lambda x: {"loss": None})(1.0) == {"loss": None}


TWICE_ONE = {
    "where": lambda x: (lambda y: (y, y))(np.where(x > 0, x, 0)),
    "embedded": lambda x: (lambda y: (y, y))(ad.grad(lambda x: np.sum(np.sin(x[None])))(x)),
}


@pytest.mark.parametrize("name", TWICE_ONE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_number_given_twice_is_no_array_that_both_share(name, dtype):
    f, x = TWICE_ONE[name], dtype(0.5)
    assert_same(ad.compile(f)(x), f(x))


@for_each_case(CASES[::3])
def test_single_precision_stays_single(case: Case, eager):
    primals = tuple(x.astype(np.float32)[()] for x in case.primals())
    expected, actual = leaves(case.function(*primals)), leaves(ad.compile(case.function)(*primals))
    for a, e in zip(actual, expected, strict=True):
        assert np.asarray(a).dtype == np.asarray(e).dtype
        np.testing.assert_allclose(a, e, rtol=1e-5, atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(programs(12), st.booleans())
def test_random_programs_compile(program, small):
    with pytest.MonkeyPatch.context() as patch:
        for room, name in ((buffers, "BUFFER"), (rewrites, "LONG"), (rewrites, "MANY")):
            patch.setattr(room, name, 1 if small else getattr(room, name))
        whole = lambda *xs: derivatives(program, *xs)
        compiled = ad.compile(whole)
        for seed in (0, 1):
            primals = program.primals(seed)
            assert_same(compiled(*primals), whole(*primals), primals)


OWN_SOLVER = {"fixed point, implicit"}  # each system brings one; solutions of equations have a test of their own


@pytest.mark.parametrize("name", sorted(WORKLOADS.keys() - OWN_SOLVER))
def test_workloads_compile(name):
    workload = WORKLOADS[name]
    parameters, data = workload.problem(small=True)
    variables = {name: x for name, x in data.items() if isinstance(x, np.ndarray)}
    constants = {name: x for name, x in data.items() if name not in variables}
    program = lambda *xs, **data: workload.function(NUMPY, *xs, **data, **constants)
    transforms = {
        "gradient": lambda *xs, **data: ad.grad(program, tuple(range(len(xs))))(*xs, **data),
        "hessian_vector": lambda x, direction: ad.hvp(lambda x: program(x, direction=direction), (x,), (direction,)),
        "jacobian_by_columns": lambda x, **data: (ad.jacfwd(program)(x, **data),),
        "jacobian_by_rows": lambda x, **data: (ad.jacrev(program)(x, **data),),
    }
    compiled = ad.compile(transforms[workload.kind])
    assert_close(compiled(*parameters, **variables), workload.derivative(*parameters, **data), rtol=1e-10)


@pytest.mark.parametrize("transform", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize(("f", "points"), CONTROL.values(), ids=CONTROL)
def test_control_flow_compiles(f, points, transform):
    compiled = ad.compile(transform(f))
    for point in points:
        assert_same(compiled(*point), transform(f)(*point), point)
    assert compiled.source.count("def ") > 1


def test_solutions_of_equations_compile():
    f = lambda w, b: ad.fixed_point(lambda x, w, b: np.tanh(w @ x + b), np.zeros(3), w, b) @ np.ones(3)
    w = 0.2 * np.arange(9.0).reshape(3, 3) / 9
    compiled = ad.compile(ad.grad(f, (0, 1)))
    for b in (X, 2 * X):
        assert_close(compiled(w, b), ad.grad(f, (0, 1))(w, b), rtol=1e-8)


@pytest.mark.parametrize("transform", [lambda f: f, ad.grad, lambda f: ad.grad(lambda x: ad.grad(f)(x) @ x)])
def test_scipys_functions_compile(transform):
    special = pytest.importorskip("scipy.special")
    f = transform(lambda x: np.sum(special.gamma(x) * special.erf(x) + special.expm1(ad.stop_gradient(x))))
    compiled = ad.compile(f)
    for x in (X, 2 * X):
        assert_same((compiled(x),), (f(x),), (x,))
    number = ad.compile(lambda x: 2 * special.erf(x))
    assert number(0.3) == 2 * special.erf(0.3)
    assert " erf(x)" in number.source


def test_custom_rules_and_stopped_gradients_compile():
    @ad.custom_jvp
    def double(x):
        return 2 * x

    double.defjvp(lambda primals, tangents: (double(*primals), 3 * tangents[0]))
    cube = ad.primitive(lambda x: x**3, lambda y, x: 3 * x**2)
    f = lambda x: np.sum(double(x) * cube(x) * ad.stop_gradient(x))
    for transform in (lambda f: f, ad.grad, ad.hessian):
        assert_same(ad.compile(transform(f))(X), transform(f)(X))


RESULTS = {
    "an argument": lambda x: x,
    "twice the same": lambda x: (y := np.sin(x), y),
    "an argument and its view": lambda x: (x, x[::-1], x.reshape(1, 3)),
    "a view of a result": lambda x: (y := np.exp(x), y[1:], y.T),
    "a broadcast": lambda x: np.broadcast_to(np.sin(x), (2, 3)),
    "a constant": lambda x: (np.arange(3.0), x + 1, np.zeros_like(x), 2.5),
    "one number": lambda x: x.sum(),
    "structure": lambda x: {"a": [x * 2, ()], "n": 3},
    "a computed index": lambda x: (x[np.argmax(x)], x[np.argsort(x)], x[x > 0]),
    "counts": lambda x: (np.sum(x > 0), np.argmax(x), x > 0),
    "an empty array": lambda x: x[:0] * 2,
}


@pytest.mark.parametrize("f", RESULTS.values(), ids=RESULTS)
def test_results_are_the_callers_own(f, eager):
    compiled = ad.compile(f)
    for x in (X, 2 * X):
        assert_same(compiled(x), f(x), [x])


def test_calls_do_not_disturb_each_other():
    f = ad.grad(lambda x, w: np.sum(np.tanh(np.outer(x, x) @ w) ** 2))
    compiled = ad.compile(f)
    rng = np.random.default_rng(0)
    inputs = [(rng.normal(size=40), rng.normal(size=(40, 30))) for _ in range(16)]
    expected = [f(*xs) for xs in inputs]
    found: dict[int, list] = {}
    barrier = threading.Barrier(4)

    def work(first):
        barrier.wait()
        for i in range(first, 16, 4):
            found[i] = [compiled(*inputs[i]) for _ in range(5)]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, e in enumerate(expected):
        for a in found[i]:
            np.testing.assert_allclose(a, e, rtol=1e-12)


# --- Numbers ----------------------------------------------------------------------------------------------------

NUMBERS = {
    "log": (lambda x: np.log(x) * 2, [2.0, 0.0, -1.0]),
    "exp": (lambda x: 1 / np.exp(x), [1.0, 1000.0, -1000.0]),
    "quotient": (lambda x: (x + 1) / x, [2.0, 0.0, -0.0]),
    "power": (lambda x: x**2.5 + x**-1, [2.0, 0.0, -1.0]),
    "root": (lambda x: np.sqrt(x) + np.arccosh(x), [2.0, -1.0]),
    "of infinity": (lambda x: np.sin(x) + np.cos(2 * x), [1.0, np.inf]),
    "kinks": (lambda x: np.maximum(x, 1.0) - np.minimum(abs(x), 3) + np.where(x > 0, x, 2 * x), [2.0, -5.0, np.nan]),
    "truth": (lambda x: np.where((x > 0) & ~(x > 2), 1.0, x), [1.0, 3.0]),
    "sign": (lambda x: np.sign(x) * np.floor(x) % 3, [2.5, -2.5]),
    "arrays of them": (lambda x: np.stack([x, 2 * x]) * x, [2.0]),
}


@pytest.mark.parametrize(("f", "points"), NUMBERS.values(), ids=NUMBERS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_single_numbers_are_pythons_but_know_inf_and_nan(f, points):
    for transform in (lambda f: f, ad.grad if f is not NUMBERS["arrays of them"][0] else ad.jacfwd):
        compiled = ad.compile(transform(f))
        for point in points:
            found, expected = compiled(point), transform(f)(np.float64(point))
            np.testing.assert_allclose(found, expected, rtol=1e-14)
            assert np.ndim(found) or type(found) is np.float64


def test_numpy_warns_where_python_would_raise():
    compiled = ad.compile(np.log)
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert compiled(0.0) == -np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compiled(1.0) == 0.0


def test_double_precision_numbers_do_not_narrow():
    x = np.ones(3, np.float32)
    for f in (
        lambda x, s: x * s,
        lambda x, s: x * np.float64(2),
        lambda x, s: (2 * x) * np.float64(2),
        lambda x, s: x * 2.0,
        lambda x, s: x + np.sin(s),
        lambda x, s: -(2.0 * x) / np.float64(3),
        lambda x, s: np.sum(-2 * x) * s,
    ):
        assert ad.compile(f)(x, 0.1).dtype == f(x, np.float64(0.1)).dtype


# --- Source that one can read -----------------------------------------------------------------------------------


def code_of(compiled):
    """The source without its comments."""
    return "\n".join(line.strip() for line in compiled.source.splitlines() if not line.strip().startswith("#"))


def valley(x):
    rise = x[1:] - x[:-1] ** 2
    return np.sum(100.0 * rise**2 + (1.0 - x[:-1]) ** 2)


def test_the_source_is_the_program_that_one_would_write():
    compiled = ad.compile(ad.grad(valley))
    x = np.linspace(0, 1, 1000)
    assert_close(compiled(x), ad.grad(valley)(x), rtol=1e-12)
    assert code_of(compiled).splitlines() == [
        "def valley(x):",
        "v1 = x[1:]",
        "v2 = x[:-1]",
        "v3 = np.square(v2)",
        "np.subtract(v1, v3, out=v3)",
        "v10 = 1.0 - v2",
        "v10 *= -2.0",
        "v17 = np.empty((1000,))",
        "v17[999:] = 0",
        "v17[:-1] = v10",
        "v3 *= 200.0",
        "np.multiply(v2, v3, out=v10)",
        "v10 *= -2.0",
        "v17[:-1] += v10",
        "del v10",
        "v17[1:] += v3",
        "return v17",
    ]
    line = next(line for line in compiled.source.splitlines() if line.endswith("rise = x[1:] - x[:-1] ** 2"))
    assert line.strip().startswith("# test_compile.py:")


def test_common_subexpressions_are_shared_and_dead_code_is_gone():
    compiled = ad.compile(ad.trace(lambda x: (np.exp(x), np.sin(x) + np.sin(x) * np.cos(x))[1], X))
    assert code_of(compiled).count("np.sin") == 1
    assert "np.exp" not in code_of(compiled)


def test_numbers_are_written_as_expressions():
    def step(x):
        return np.sin(x) * 1.01 + 0.1 * x

    compiled = ad.compile(step)
    compiled(0.5)
    assert compiled.source.splitlines()[-1].strip() == "return np.float64(v4)"
    assert "v4 = (1.01 * sin(x)) + (0.1 * x)" in compiled.source


def test_many_outer_products_are_one_matrix_product():
    def run(w, x):
        for _ in range(20):
            x = np.tanh(w @ x)
        return x @ x

    w = np.random.default_rng(0).normal(size=(3, 3)) / 3
    compiled = ad.compile(ad.grad(run))
    assert_close(compiled(w, X), ad.grad(run)(w, X), rtol=1e-12)
    assert code_of(compiled).count(" @ ") + code_of(compiled).count(".T") <= 3
    assert "[..., None]" not in compiled.source


def test_arguments_with_awkward_names():
    f = lambda np_, lambda_, sin: sum(leaves(np_)) * lambda_ * sin
    compiled = ad.compile(f)
    args = {"w'": [X, 2.0], "def": X}, 3.0, 4.0
    assert_close(compiled(*args), f(*args), rtol=1e-15)


def test_a_traceback_shows_the_source():
    compiled = ad.compile(lambda a, b: np.linalg.solve(a, b))
    compiled(np.eye(2), np.ones(2))
    with pytest.raises(np.linalg.LinAlgError) as caught:
        compiled(np.zeros((2, 2)), np.ones(2))
    assert any("solve" in str(entry.statement) for entry in caught.traceback)


# --- Memory -----------------------------------------------------------------------------------------------------


def peak(run, *args):
    """Bytes that a call takes at its height, beyond its result."""
    result = run(*args)
    del result
    tracemalloc.start()
    try:
        result = run(*args)
        return tracemalloc.get_traced_memory()[1] - sum(x.nbytes for x in leaves(result))
    finally:
        tracemalloc.stop()


def test_buffers_are_used_again_and_let_go():
    def chain(x):
        for k in range(20):
            x = np.sin(x) + x * k
        return x

    x = np.ones(100_000)
    assert peak(ad.compile(chain), x) < 2.5 * x.nbytes

    def columns(x):
        return sum(np.sum(np.exp(x * k)[:, None] * np.ones(k + 1)) for k in range(1, 8))

    assert peak(ad.compile(columns), x) < 10 * x.nbytes


# --- Kinds of arguments -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", [(..., 0), (0, ...), (...,), 0, (0, None, ..., 0)], ids=str)
def test_a_number_taken_out_of_an_array_outlives_it(index):
    def f(x):
        y = np.sin(x)[:, None] if index == (0, None, ..., 0) else np.sin(x)
        taken = y[index]
        return taken, np.sum(np.cos(y) * 2)

    x = np.linspace(1, 2, buffers.BUFFER)
    assert_same(ad.compile(f)(x), f(x), (x,))


def test_each_kind_of_arguments_has_its_version():
    traced = []

    def f(x, power, *, scale=1.0):
        traced.append((np.shape(x), power))
        return scale * np.sum(x**power)

    compiled = ad.compile(f)
    for args, kwargs in [
        ((X, 2), {}),
        ((np.ones(2), 2), {}),
        ((X, 3), {}),
        ((X.astype(np.float32), 2), {}),
        ((2.0, 2), {}),
        ((X, 2), {"scale": 3.0}),
        ((X, 2), {"scale": np.float64(4.0)}),
        ((2 * X, 2), {}),
    ]:
        count = len(traced)
        again = compiled(*args, **kwargs)
        assert_same(again, compiled(*args, **kwargs))
        assert len(traced) <= count + 1
        assert_close(again, f(*args, **kwargs), rtol=1e-6)
        traced.pop()
    assert len(traced) == 6


@dataclass(frozen=True)
class Line:
    slope: np.ndarray
    height: float
    name: str = "line"


def test_arguments_that_cannot_be_told_apart_are_refused():
    def scaled(x, by):
        return x * len(by)

    with pytest.raises(TypeError, match=r"scaled .*unhashable.*bind the argument"):
        ad.compile(scaled)(X, {1, 2})


def test_containers_and_dataclasses():
    f = lambda model, data: {"y": data @ model["w"] + model["b"][0], "b": model["b"]}
    model = {"w": np.ones((3, 2)), "b": (np.ones(2), 3.0)}
    compiled = ad.compile(f)
    assert_same(compiled(model, X), f(model, X), [model["w"], model["b"][0], X])
    scaled = ad.compile(lambda line, k: Line(k * line.slope, k * line.height))
    found = scaled(Line(X, 2.0), 3.0)
    assert_same((found.slope, found.height), (3 * X, 6.0))


def test_a_program_that_closes_over_a_traced_value_stays_interpreted():
    def loss(w):
        product = ad.compile(lambda x: np.sum(np.outer(x, x) * w))
        return product(X) + product(2 * X)

    assert_close(ad.grad(loss)(3.0), 5 * X.sum() ** 2, rtol=1e-14)
    assert_close(ad.compile(ad.grad(loss))(3.0), 5 * X.sum() ** 2, rtol=1e-14)


def test_branches_become_versions():
    def steps(x):
        count = 0
        while x > 1:
            x, count = x / 2, count + 1
        return x * count

    compiled = ad.compile(steps)
    for _ in range(2):
        for x in (0.5, 3.0, 9.0, 1e3, 1.5, *(2.0**k for k in range(25))):
            assert compiled(x) == steps(x)


def test_a_compiled_graph_keeps_to_its_branch_and_shapes():
    graph = ad.trace(lambda x: x if x.sum() > 0 else -x, X)
    compiled = ad.compile(graph)
    assert_same(compiled(2 * X), 2 * X)
    with pytest.raises(ad.StaleGraphError, match="branch"):
        compiled(-X)
    with pytest.raises(ad.StaleGraphError, match=r"float64 \(4,\)"):
        compiled(np.ones(4))


def test_transforms_of_compiled_programs():
    compiled = ad.compile(lambda x: np.sum(np.sin(x) ** 2))
    compiled(X)
    assert_close(ad.grad(compiled)(X), np.sin(2 * X), rtol=1e-12)
    assert_close(ad.compile(ad.grad(compiled))(X), np.sin(2 * X), rtol=1e-12)
    graph = ad.compile(ad.trace(lambda x: np.sum(x * x), X))
    assert_close(ad.hessian(graph)(X), 2 * np.eye(3), rtol=1e-15)


def test_nans_are_found_in_the_program_itself():
    slope = ad.compile(ad.grad(lambda x: np.sqrt(x) * 0))
    with np.errstate(all="ignore"):
        slope(0.0)
        with ad.debug_nans(), pytest.raises(FloatingPointError, match=r"np\.sqrt"):
            slope(0.0)


def test_without_a_call_there_is_no_source():
    with pytest.raises(ad.AutodiffError, match="when it is first called"):
        _ = ad.compile(np.sin).source
