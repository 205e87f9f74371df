"""The equations of the chapter on symbolic differentiation.

Sizes are counted on the chapter's own differentiator, which is read out of its cells; derivatives are judged by the
complex step and by fractions, which know no rule of differentiation.
"""

import math
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import autodiff as ad
from autodiff import symbolic
from autodiff.algebra import ordered
from figures import symbolic as figures

CHAPTER = Path(__file__).parents[2] / "chapters" / "symbolic.qmd"
CELLS = re.findall(r"^```\{python\}\n(.*?)^```$", CHAPTER.read_text(), re.MULTILINE | re.DOTALL)


def chapter():
    """What the chapter's cells define, from the parser to the differentiator that remembers."""
    names: dict = {"np": np}
    wanted = [
        f"def {name}(" for name in ("tree", "read", "make", "D", "show", "size", "put", "remembered", "operations")
    ]
    for cell in CELLS:
        if any(line.startswith(("SLOPES =", *wanted)) for line in cell.splitlines()):
            kept = re.split(r"^(?:for text in|X = |rng = |read\()", cell, maxsplit=1, flags=re.MULTILINE)[0]
            exec(kept, names)
    return names


BOOK = chapter()
D, size, iterate, read = BOOK["D"], BOOK["size"], BOOK["iterate"], BOOK["read"]
LOGISTIC = "4*x*(1 - x)"


def remembering():
    """The functions of the chapter with a D that remembers, as the chapter rebinds it."""
    names = chapter()
    names["D"] = names["remembered"](names["D"])
    return names


def value(e, x):
    return eval(BOOK["show"](e), {"sin": np.sin, "cos": np.cos, "exp": np.exp, "log": np.log}, {"x": x})


def grown(rng, depth):
    """A random expression in all the operations of the chapter, with x among its leaves."""
    if depth == 0:
        return "x" if rng.random() < 0.8 else int(rng.integers(1, 9))
    sign = str(rng.choice(list(BOOK["SLOPES"])))
    if sign == "**":
        return sign, grown(rng, depth - 1), int(rng.integers(2, 5))
    arity = 1 if sign.isalpha() else 2
    return sign, *(grown(rng, depth - 1 if rng.random() < 0.8 else 0) for _ in range(arity))


def shared(rng, count):
    """A random graph: each operation takes any of those before it, so that parts are used many times."""
    parts = ["x", 2]
    for _ in range(count):
        sign = str(rng.choice([s for s in BOOK["SLOPES"] if s != "**"]))
        arity = 1 if sign.isalpha() else 2
        parts.append((sign, *(parts[rng.integers(max(0, len(parts) - 6), len(parts))] for _ in range(arity))))
    return parts[-1]


@pytest.mark.equation("eq-symbolic-chain")
@pytest.mark.parametrize(
    "text",
    [
        "x**2",
        "-x",
        "x*sin(3*x)",
        "1/(1 + exp(-x))",
        "log(x)/x",
        "exp(-x**2/2)",
        "sin(cos(x**3) + 1/x)",
        "x**5 - 3*x",
        "7",
    ],
)
def test_the_differentiator_of_the_chapter_is_right(text):
    for x in (0.3, 0.9, 1.7):
        truth = np.imag(value(read(text), x + 1e-30j)) / 1e-30
        assert value(D(read(text), "x"), x) == pytest.approx(truth, rel=1e-13, abs=1e-14)


@pytest.mark.equation("eq-symbolic-chain")
@pytest.mark.parametrize("text", ["x*sin(3*x)", "log(x)/x", "exp(-x**2/2)", "x - 3/x"])
def test_each_slope_of_the_table_stands_in_the_sum(text):
    """The sum over the operands, term by term: the others are held where they are."""
    sign, *args = read(text)
    x, total = 0.8, 0.0
    numbers = [value(a, x) for a in args]
    for i, (a, slope) in enumerate(zip(args, BOOK["SLOPES"][sign](*args), strict=True)):
        moved = [v + 1e-30j if i == j else v for j, v in enumerate(numbers)]
        assert value(slope, x) == pytest.approx(np.imag(_applied(sign, moved)) / 1e-30, rel=1e-13)
        total += value(slope, x) * np.imag(value(a, x + 1e-30j)) / 1e-30
    assert total == pytest.approx(np.imag(value(read(text), x + 1e-30j)) / 1e-30, rel=1e-13)


def _applied(sign, numbers):
    words = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}
    return (words.get(sign) or getattr(np, sign))(*numbers)


@pytest.mark.equation("eq-symbolic-tree")
@pytest.mark.parametrize("k", range(1, 11))
def test_sizes_of_the_iterated_logistic_map(k):
    y = iterate(LOGISTIC, k)
    assert size(y) == 6 * 2**k - 5
    assert size(D(y, "x")) == 6 * k * 2**k - 1


@pytest.mark.equation("eq-symbolic-bound")
@pytest.mark.parametrize("seed", range(40))
def test_a_derivative_written_out_is_larger_by_the_depth_at_most(seed):
    e = grown(np.random.default_rng(seed), 2 + seed % 7)
    nodes = list(below(e))
    sizes, depths = sum(size(v) for v, _ in nodes), sum(1 + depth for _, depth in nodes)
    assert sizes == depths == sum(map(size, BOOK["nodes"](e)))
    assert size(D(e, "x")) <= 5 * sizes <= 5 * (1 + max(depth for _, depth in nodes)) * size(e)


def below(e, depth=0):
    """All nodes of a tree, each with its depth."""
    yield e, depth
    for operand in e[1:] if isinstance(e, tuple) else ():
        yield from below(operand, depth + 1)


@pytest.mark.equation("eq-symbolic-bound")
def test_the_quotient_is_the_worst_row_of_the_table():
    """The new nodes for each row, with operands of all small sizes, stay within five for each node below."""
    chain = lambda n: "x" if n == 1 else ("exp", chain(n - 1))
    worst = {}
    for sign in BOOK["SLOPES"]:
        for s in range(1, 6):
            for t in range(1, 6):
                binary = not sign.isalpha() and sign != "**"
                e = (sign, chain(s), chain(t)) if binary else (sign, chain(s), 3) if sign == "**" else (sign, chain(s))
                slopes = BOOK["SLOPES"][sign](*e[1:])
                new = sum(1 + size(slope) for slope in slopes) + len(slopes) - 1
                worst[sign] = max(worst.get(sign, 0), new / size(e))
    assert max(worst, key=worst.get) == "/"
    assert worst["/"] == pytest.approx(13 / 3)


@pytest.mark.equation("eq-symbolic-shared")
@pytest.mark.parametrize("seed", range(30))
def test_a_shared_derivative_is_larger_by_a_constant(seed):
    names = remembering()
    e = shared(np.random.default_rng(seed), 5 + 4 * (seed % 8))
    before = names["operations"](e)
    assert before <= names["operations"](e, names["D"](e, "x")) <= 8 * before


@pytest.mark.equation("eq-symbolic-shared")
@pytest.mark.parametrize("text", [LOGISTIC, "sin(x)", "x + x*sin(x)"])
@pytest.mark.parametrize("k", [1, 2, 5, 12])
def test_sharing_makes_the_operations_of_forward_mode(text, k):
    names = remembering()

    def program(x):
        for _ in range(k):
            x = eval(text, {"sin": np.sin}, {"x": x})
        return x

    y = names["iterate"](text, k)
    graph = ad.trace(lambda x: ad.jvp(program, (x,), (1.0,)), 0.7)
    assert names["operations"](y, names["D"](y, "x")) == len(graph.simplify().operations)


def test_what_is_remembered_is_the_derivative_by_one_variable():
    """The same expression by x, and then by y: D returns another one."""
    D, e = remembering()["D"], read("x*sin(y)")
    assert D(e, "x") == ("sin", "y")
    assert D(e, "y") == ("*", "x", ("cos", "y"))
    assert D(e, "x") is D(e, "x")


@pytest.mark.equation("eq-symbolic-product")
@pytest.mark.parametrize("n", [3, 4, 7, 20])
def test_the_gradient_of_a_product_is_made_of_products_from_both_sides(n):
    x = np.random.default_rng(n).uniform(0.5, 1.5, n)
    p, q = np.concatenate([[1], np.cumprod(x)]), np.concatenate([np.cumprod(x[::-1])[::-1], [1]])
    others = [math.prod(np.delete(x, j)) for j in range(n)]
    np.testing.assert_allclose(p[:-1] * q[1:], others, rtol=1e-13)
    symbols = symbolic.symbol("x", n)
    gradient = symbolic.gradient(math.prod(symbols), symbols)
    np.testing.assert_allclose(symbolic.lambdify(symbols, gradient)(*x), others, rtol=1e-13)
    assert [e.function for e in ordered(gradient)].count(np.multiply) == 3 * (n - 2)
    assert symbolic.tree_size(gradient) == n * (2 * n - 3)


@pytest.mark.equation("eq-symbolic-newton")
def test_the_derivative_of_three_newton_steps_is_off_by_this_term():
    """With fractions for the iterate's tangent at a = s², where the root is rational."""
    errors = []
    for s in (Fraction(101, 100), Fraction(1001, 1000)):
        a, theta, tangent = s * s, Fraction(1), Fraction(0)
        for _ in range(3):
            theta, tangent = (theta + a / theta) / 2, (tangent + 1 / theta - a * tangent / theta**2) / 2
        error = tangent - 1 / (2 * s) - (a - 1) ** 7 / 4096
        errors.append(float(error / (a - 1) ** 8))
    assert errors[0] == pytest.approx(errors[1], rel=0.1)
    assert abs(errors[1]) < 0.01


@pytest.mark.equation("eq-symbolic-closed")
@pytest.mark.parametrize("k", [1, 2, 5, 8])
@pytest.mark.parametrize("x", [0.1, 0.37, 0.5, 0.81])
def test_each_step_doubles_the_angle(k, x):
    phi = np.arcsin(np.sqrt(x))
    value = Fraction(x)
    for _ in range(k):
        value = 4 * value * (1 - value)
    assert np.sin(2**k * phi) ** 2 == pytest.approx(float(value), abs=1e-12)
    slope = 2**k * np.sin(2 ** (k + 1) * phi) / np.sin(2 * phi)
    assert slope == pytest.approx(float(figures.exact_slope(x, k)), abs=1e-12 * 4**k)


@pytest.mark.equation("eq-symbolic-bend")
def test_the_derivative_and_the_series():
    x = np.array([0.5, 0.8, 1.3])
    formula = np.sin(x) / x**2 - 2 * (1 - np.cos(x)) / x**3
    step = x + 1e-30j
    np.testing.assert_allclose(formula, np.imag((1 - np.cos(step)) / step**2) / 1e-30, rtol=1e-12)
    for small in (0.1, 0.2):
        exact = np.sin(small) / small**2 - 2 * (1 - np.cos(small)) / small**3
        assert exact - (-small / 12 + small**3 / 180) == pytest.approx(-(small**5) / 6720, rel=0.01)
    np.testing.assert_allclose(figures.bend_slope(x), formula, rtol=1e-12)
