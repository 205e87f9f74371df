"""Symbolic differentiation: expressions are right, shared, simplified and deep; their LaTeX is read by pandoc."""

import copy
import functools
import math
import pickle

import hypothesis.strategies as st
import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings

import autodiff as ad
from autodiff import formulas, notation, symbolic, tables
from autodiff.algebra import ZERO, number, ordered
from autodiff.symbolic import differentiate, evaluate, gradient, graph_size, lambdify, symbol, tree_size

from .reading import mathml

X, Y = symbol("x"), symbol("y")

# --- Random programs of two numbers -------------------------------------------------------------------------

UNARY = [np.sin, np.cos, np.tanh, np.exp, np.arctan, np.sqrt, np.log, np.square, np.negative, np.abs, np.cbrt, np.log1p]
BINARY = [np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.hypot, np.arctan2, np.logaddexp]


def programs():
    """Functions of (x, y) as nested tuples: (ufunc, program, …), "x", "y", or a number."""
    leaves = st.sampled_from(["x", "y"]) | st.sampled_from([-2, -1, 0, 1, 2, 3, 0.5, 0.25])

    def larger(inner):
        powers = st.tuples(st.just(np.power), inner, st.sampled_from([-2, -1, 0, 1, 2, 3]))
        chosen = st.tuples(st.just(np.where), st.tuples(st.just(np.less), inner, inner), inner, inner)
        unary, binary = st.tuples(st.sampled_from(UNARY), inner), st.tuples(st.sampled_from(BINARY), inner, inner)
        return unary | binary | powers | chosen

    return st.recursive(leaves, larger, max_leaves=10)


def run(program, x, y):
    """A program, in NumPy's functions, of whatever x and y are."""
    if isinstance(program, tuple):
        function, *operands = program
        values = [run(operand, x, y) for operand in operands]
        if function is np.power and isinstance(values[0], int):
            values[0] = float(values[0])
        return function(*values)
    return {"x": x, "y": y}.get(program, program) if isinstance(program, str) else program


POINTS = [(0.7, 1.3), (1.9, -0.6)]


@settings(max_examples=200, deadline=None)
@given(programs())
def test_derivatives_of_programs_are_those_of_the_modes(program):
    with np.errstate(all="ignore"):
        f = lambda x, y: run(program, x, y) + 0 * x * y
        formula = f(X, Y)
        dx = differentiate(formula, X)
        reverse = gradient(formula, [X, Y])
        for point in POINTS:
            value, slopes = ad.value_and_grad(f, (0, 1))(*point)
            assume(np.isfinite([value, *slopes]).all() and max(abs(np.array([value, *slopes]))) < 1e6)
            at = dict(zip((X, Y), point, strict=True))
            np.testing.assert_allclose(evaluate(formula, at), value, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(evaluate(dx, at), slopes[0], rtol=1e-8, atol=1e-8)
            np.testing.assert_allclose(evaluate(reverse, at), slopes, rtol=1e-8, atol=1e-8)


def written_out(x):
    return 1 + sum(map(written_out, x.operands))


def as_on_paper(x, by):
    """The derivative, each occurrence by itself, without memory."""
    if not x.operands:
        return 1 if x is by else ZERO
    terms = [partial() * as_on_paper(operand, by) for operand, partial in symbolic.partials(x)]
    return functools.reduce(lambda a, b: a + b, terms, ZERO)


@settings(max_examples=80, deadline=None)
@given(programs())
def test_sharing_changes_nothing_but_the_cost(program):
    with np.errstate(all="ignore"):
        formula = run(program, X, Y) + X
    for expression in (formula, differentiate(formula, X)):
        assert tree_size(expression) == written_out(expression)
        assert graph_size(expression) == len({id(x) for x in ordered(expression)}) <= tree_size(expression)
    assert as_on_paper(formula, X) + ZERO is differentiate(formula, X)


def test_swell():
    """The n-th iterate of the logistic map: its tree grows exponentially, its graph and its derivative's do not."""
    sizes, y = [], X
    for _ in range(40):
        y = 4 * y * (1 - y)
        d = differentiate(y, X)
        sizes.append((tree_size(y), graph_size(y), tree_size(d), graph_size(d)))
    growth = np.diff(np.array(sizes, float), axis=0)
    assert np.ptp(growth[:, 1]) == 0
    assert np.ptp(growth[5:, 3]) == 0
    assert sizes[-1][0] > 2**40
    assert sizes[-1][2] > 2**40


def test_reverse_mode_shares_among_many_symbols():
    x = symbol("x", 30)
    product = np.prod(x)
    one_by_one = [differentiate(product, x_i) for x_i in x]
    assert graph_size(gradient(product, x)) < graph_size(one_by_one) / 3
    at = dict(zip(x, np.linspace(0.5, 1.5, 30), strict=True))
    np.testing.assert_allclose(evaluate(gradient(product, x), at), evaluate(one_by_one, at))


def test_depth_has_no_limit():
    y = X
    for _ in range(20_000):
        y = np.sin(y)
    slope = differentiate(y, X)
    assert graph_size(slope) > 40_000
    assert -1 < evaluate(slope, {X: 0.5}) < 1
    assert "distinct" in repr(slope)
    with pytest.raises(ad.AutodiffError, match="too many to read"):
        notation.latex(slope)
    del y, slope


# --- Simplification -----------------------------------------------------------------------------------------

SIMPLE = {
    "x + 0": "x", "0 + x": "x", "x - 0": "x", "0 - x": "-x", "x*1": "x", "x*0": "0", "x/1": "x", "0/x": "0",
    "x**0": "1", "x**1": "x", "x**0.5": "sqrt(x)", "x**-1": "1/x", "1**x": "1", "-(-x)": "x", "--x": "x",
    "x + x": "2*x", "x - x": "0", "2*x + 3*x": "5*x", "x*x": "x**2", "x*x*x": "x**3", "x/x": "1", "x**5/x**2": "x**3",
    "x + y - x": "y", "(x + y) + x": "2*x + y", "2*(3*x)": "6*x", "x*2": "2*x", "(-x)*y": "-x*y", "(-x)*(-y)": "x*y",
    "x - -y": "x + y", "x + -y": "x - y", "-(x - y)": "y - x", "x*(1/y)": "x/y", "x/y/y": "x/y**2", "x/(1/y)": "x*y",
    "6*x/(4*y)": "3*x/(2*y)", "0.5/x": "1/(2*x)", "2*x/2": "x", "(x**2)**3": "x**6", "(-x)**2": "x**2",
    "x + 1 + 2": "x + 3", "np.sin(x*0)": "0", "np.exp(x - x)": "1", "np.log(x/x)": "0", "x < x": "False",
    "np.where(x > x, x, y)": "y", "np.where(x > 0, y, y)": "y", "(x + y)*x": "x*(x + y)", "x - (y - x)": "2*x - y",
    "(x - y)*2": "2*(x - y)", "x**y": "x**y", "(x**y)**2": "(x**y)**2", "-x**2": "-x**2", "x*y*x": "y*x**2",
}  # fmt: skip


@pytest.mark.parametrize(("given", "simple"), SIMPLE.items())
def test_simplified(given, simple):
    made = eval(given, {"x": X, "y": Y, "np": np})
    assert str(made) == simple
    names = {"x": X, "y": Y, "np": np, "sqrt": np.sqrt}
    again = eval(simple, names)
    assert again is made or (made.value == again if made.operands == () and not made.name else False)


def test_numbers_stay_as_they_are_written():
    assert str(np.log(number(3)) * X) == "x*log(3)"
    assert str(number(1) / 3 * X) == "x/3"
    assert evaluate(number(2) ** 100, {}) == 2.0**100
    assert math.isnan(evaluate(number(math.nan) + X, {X: 1.0}))


def test_factors_have_an_order_of_their_own():
    assert [str(Y * X), str(np.sin(X) * X), str((1 - Y) * np.exp(X))] == ["x*y", "x*sin(x)", "exp(x)*(1 - y)"]
    assert str(symbol("a_dot") * X / Y) == "x*a_dot/y"


def test_equal_expressions_are_one():
    assert np.sin(X) * Y is Y * np.sin(X)
    assert symbol("x") is X
    assert np.sin(X) is not np.sin(Y)
    made = np.sin(X) * Y + 1
    assert pickle.loads(pickle.dumps(made)) is copy.deepcopy(made) is made


def test_undefined_numbers_stay_undefined():
    with np.errstate(all="ignore"):
        for made in (X * 0 / number(0), number(math.inf) * 0 + X, np.maximum(math.nan, 1) * X):
            assert math.isnan(evaluate(made, {X: 1.0}))
        assert evaluate(math.inf / X, {X: 2.0}) == math.inf


# --- Programs on symbols ------------------------------------------------------------------------------------


def network(w, x):
    return np.sum(np.tanh(w @ x) ** 2) / 2 + np.max(x) - np.min(w)


def test_programs_of_arrays_become_formulas():
    rng = np.random.default_rng(0)
    w, x = rng.normal(size=(3, 2)), np.array([0.4, 1.1])
    graph = ad.trace(network, w, x)
    formula, symbols = symbolic.expressions(graph), [*symbol("w", (3, 2)).flat, *symbol("x", 2)]
    values = dict(zip(symbols, [*w.flat, *x], strict=True))
    np.testing.assert_allclose(evaluate(formula, values), network(w, x))
    want = np.concatenate([np.ravel(g) for g in ad.grad(network, (0, 1))(w, x)])
    np.testing.assert_allclose(evaluate(gradient(formula, symbols), values), want)
    traced = symbolic.expressions(graph.grad((0, 1)))
    np.testing.assert_allclose(evaluate(traced[0], values), want[:6].reshape(3, 2))


def test_programs_run_on_arrays_of_symbols():
    x = symbol("x", 3)
    assert np.sum(np.exp(-x) * x) is symbolic.expressions(ad.trace(lambda x: np.sum(np.exp(-x) * x), np.ones(3)))


def test_einsum_of_many_operands_becomes_a_formula():
    u, A = np.array([0.4, 1.1]), np.array([[1.0, 2.0], [3.0, 5.0]])
    f = lambda u: np.einsum("i,ij,jk,kl,l->", u, A, A, A, u)
    formula = symbolic.expressions(ad.trace(f, u))
    np.testing.assert_allclose(evaluate(formula, dict(zip(symbol("u", 2), u, strict=True))), f(u))


def test_conditionals_are_choices_and_loops_are_refused():
    def both(x):
        return ad.cond(x > 0, np.sin, lambda x: x**2, x)

    made = symbolic.expressions(ad.trace(both, 1.0))
    for at in (-2.0, 2.0):
        np.testing.assert_allclose(evaluate(made, {X: at}), both(np.float64(at)))
    loop = ad.trace(lambda x: ad.while_loop(lambda x: x < 5, lambda x: 2 * x, x), 1.0)
    branch = ad.trace(lambda x: x if x > 0 else -x, 1.0)
    chosen = ad.trace(lambda x: np.sum(x[x > 0]), np.array([0.3, -0.4]))
    refused = ((loop, "closed form"), (branch, r"test_symbolic.py.*branched"), (chosen, "is no expression: .*indices"))
    for graph, words in refused:
        with pytest.raises(ad.AutodiffError, match=words):
            symbolic.expressions(graph)
    with pytest.raises(ad.AutodiffError, match="solve_columns"):
        symbolic.expressions(ad.trace(np.linalg.solve, np.eye(2), np.ones(2)))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: X if X > 0 else -X, "no closed form"),
        (lambda: math.sin(X), "np.sin, not math.sin"),
        (lambda: differentiate(X**2, 2), "symbol"),
        (lambda: differentiate(X**2, X**2), "symbol"),
        (lambda: evaluate(X + Y, {X: 1.0}), "symbol y"),
        (lambda: X + 1j, "real numbers"),
        (lambda: X + "one", "real numbers"),
        (lambda: np.gcd(X, 2), "np.gcd"),
        (lambda: np.linalg.inv(X), "np.linalg.inv"),
        (lambda: np.add.reduce(X), "without keywords or methods"),
        (lambda: formulas.formulas(np.gcd), "no rule"),
    ],
)
def test_errors_name_the_mend(wrong, words):
    with pytest.raises(ad.AutodiffError, match=words):
        wrong()


def test_lambdified_functions_are_ordinary_programs():
    slope = differentiate(np.sin(X) / X, X)
    f = lambdify([X], slope)
    x = np.linspace(0.5, 3, 7)
    np.testing.assert_allclose(f(x), np.cos(x) / x - np.sin(x) / x**2)
    ad.check_grads(lambda x: np.sum(f(x)), (x,), order=2)
    np.testing.assert_allclose(ad.compile(f)(x), f(x))
    assert evaluate([X, 2 * Y, 1], {X: x, Y: 2.0}).shape == (3, 7)


# --- SymPy --------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(programs())
def test_sympy_agrees(program):
    with np.errstate(all="ignore"):
        f = lambda x, y: run(program, x, y) + 0 * x
        value = f(*map(np.float64, POINTS[0]))
        assume(np.isfinite(value) and abs(value) < 1e6)
        made = ad.trace(f, *POINTS[0]).to_sympy()
        x, y = sympy.symbols("x y")
        found = complex(made.subs({x: POINTS[0][0], y: POINTS[0][1]}).evalf())
    np.testing.assert_allclose(found, value, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("text", ["sin(x)**2*y", "exp(x*y)/x", "log(1 + x**2)", "x**y", "atan(y/x)", "x**3 + y*x - 1"])
def test_derivatives_are_sympys(text):
    x, y = sympy.symbols("x y")
    expr = sympy.sympify(text)
    graph = ad.from_sympy(expr, [x, y])
    for point in POINTS[:1]:
        want = [float(expr.diff(v).subs({x: point[0], y: point[1]})) for v in (x, y)]
        np.testing.assert_allclose(graph.grad((0, 1))(*point), want)
        ours = symbolic.gradient(symbolic.expressions(graph), [X, Y])
        np.testing.assert_allclose(evaluate(ours, dict(zip((X, Y), point, strict=True))), want)
    back = graph.to_sympy()
    assert sympy.simplify(back - expr) == 0


def test_from_sympy_takes_cases_matrices_and_lists():
    x, y = sympy.symbols("x y")
    cases = ad.from_sympy(sympy.Piecewise((x**2, x > y), (y, True)), [x, y])
    assert [cases(3.0, 1.0), cases(1.0, 3.0)] == [9.0, 3.0]
    assert ad.from_sympy(sympy.Max(x, y, 2), [x, y])(1.0, 3.0) == 3.0
    np.testing.assert_array_equal(ad.from_sympy(sympy.Matrix([[x, 1], [y, x * y]]), [x, y])(2.0, 3.0), [[2, 1], [3, 6]])
    assert ad.from_sympy([x + y, x * y], [x, y])(2.0, 3.0) == [5.0, 6.0]
    for expr, symbols in ((sympy.gamma(x), [x]), (x + y, [x])):
        with pytest.raises(ad.AutodiffError, match="List all of its symbols"):
            ad.from_sympy(expr, symbols)


def test_to_sympy_gives_arrays():
    made = ad.trace(lambda x: np.stack([x, 2 * x]), np.ones(2)).to_sympy()
    x = sympy.symbols("x_0 x_1")
    assert made.shape == (2, 2)
    assert list(sympy.flatten(made)) == [*x, 2 * x[0], 2 * x[1]]


# --- LaTeX --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "latex"),
    [
        (symbol("theta_0") ** 2, r"\theta_{0}^{2}"),
        ((X + Y) * X, r"x \, (x + y)"),
        (2**X * 3, "3 \\cdot 2^{x}"),
        (np.exp(-X) / (1 + Y), r"\frac{e^{-x}}{1 + y}"),
        (X - (Y + 1), "x - (y + 1)"),
        (1.5e-7 * X, r"1.5 \cdot 10^{-7} \, x"),
        (np.pi * X, r"\pi \, x"),
        ((X / Y) ** 2, r"\left( \frac{x}{y} \right)^{2}"),
        ((X > 0) * Y, "[x > 0] \\, y"),
        (np.float_power(-X, Y), r"(-x)^{y}"),
        (X**Y**2, "x^{y^{2}}"),
        (-2 * X, "-2 x"),
        (-2 * (X + Y), "-2 (x + y)"),
        (-2 / np.sqrt(np.pi) * np.exp(X), r"-\frac{2}{\sqrt{\pi}} \, e^{x}"),
        (np.sin(-2 * X), r"\sin(-2 x)"),
        ((-2 * X) ** Y, "(-2 x)^{y}"),
        (X - (-2 * X) ** Y, "x - (-2 x)^{y}"),
    ],
)
def test_latex(expression, latex):
    assert notation.latex(expression) == latex
    mathml(latex)


@pytest.mark.parametrize(
    ("expression", "text"),
    [(-2 * X, "-2*x"), (-2 * X / Y, "-2*x/y"), ((-2 * X) ** Y, "(-2*x)**y"), (np.exp(-2 * X) * Y, "y*exp(-2*x)")],
)
def test_a_minus_in_front_needs_no_parentheses(expression, text):
    assert str(expression) == text


def test_scipys_functions_need_no_trace_before(monkeypatch):
    special = pytest.importorskip("scipy.special")
    for function in (special.erf, special.erfc):
        monkeypatch.delitem(tables.PARTIALS, function, raising=False)
    assert str(special.erf(X)) == "erf(x)"
    assert evaluate(differentiate(special.erfc(X), X), {X: 0.5}) == pytest.approx(-2 / np.sqrt(np.pi) * np.exp(-0.25))
    monkeypatch.delitem(tables.PARTIALS, special.erfc)
    assert formulas.formulas(special.erfc).call == r"y = \operatorname{erfc}(x)"


def test_arguments_for_which_scipys_functions_have_no_rule_are_refused():
    special = pytest.importorskip("scipy.special")
    assert tables.learned(special.jv)
    for ufunc in tables.UNKNOWN:
        for i, partial in enumerate(tables.PARTIALS[ufunc]):
            y = ufunc(*[X if k == i else 0.5 for k in range(ufunc.nin)])
            for derivative in (lambda y: differentiate(y, X), lambda y: symbolic.gradient(y, [X])):
                if partial is None:
                    with pytest.raises(ad.AutodiffError, match=f"{ufunc.__name__} .* last argument"):
                        derivative(y)
                else:
                    derivative(y)
            assert differentiate(y, Y) is differentiate(X, Y)


@settings(max_examples=20, deadline=None)
@given(st.lists(programs(), min_size=8, max_size=8))
def test_text_and_latex_of_any_program(many):
    with np.errstate(all="ignore"):
        made = [run(program, X, Y) * X for program in many]
    assume(all(isinstance(x, symbolic.Expression) for x in made))
    mathml("$ $".join(map(notation.latex, made)))
    names = {name: getattr(np, name) for name in dir(np)} | {"x": X, "y": Y, "nan": math.nan, "inf": math.inf}
    at = dict(zip((X, Y), POINTS[0], strict=True))
    for x in made:
        with np.errstate(all="ignore"):
            read = eval(notation.text(x), names)
            value = evaluate(x, at)
            assume(np.isfinite(value))
            np.testing.assert_allclose(evaluate([read], at)[0], value, rtol=1e-9)
