"""Formulas: expressions as LaTeX and as text, and every primitive's JVP and VJP as LaTeX."""

import inspect
import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .algebra import Expression, node, number, ordered, symbol
from .arrays import astype, getitem, name_of, reshape
from .errors import AutodiffValueError
from .operators import Operator, composition, negation, transposed
from .rules.elementwise import LN2, LN10
from .rules.indexing import embed
from .rules.linalg import length, solve_columns
from .rules.products import contract
from .rules.reductions import root, running_sum
from .rules.sequences import bessel_i, overlapped, windows
from .rules.shapes import join, roll_axes
from .symbolic import almost_everywhere
from .tables import PARTIALS, RULES
from .trees import flatten

LONGEST = 20_000  # nodes of an expression that is worth writing out

# --- Expressions --------------------------------------------------------------------------------------------

PROPOSITION, SUM, PRODUCT, FRACTION, POWER, ATOM = range(6)
"""How tightly a formula holds together; what is looser than its place asks for is put in parentheses."""


class Form(NamedTuple):
    """How a function is written: a pattern for `str.format`, how tightly it holds, and how its operands have to."""

    pattern: str
    tight: int
    operands: tuple[int, ...]


def _same(pattern: str, tight: int, *operands: int) -> tuple[Form, Form]:
    return Form(pattern, tight, operands), Form(pattern, tight, operands)


def _infix(sign: str, latex_sign: str, tight: int, right: int) -> tuple[Form, Form]:
    return Form(f"{{}} {sign} {{}}", tight, (tight, right)), Form(f"{{}} {latex_sign} {{}}", tight, (tight, right))


def _around(name: str, left: str, right: str) -> tuple[Form, Form]:
    return Form(f"{name}({{}})", ATOM, (0,)), Form(f"{left} {{}} {right}", ATOM, (0,))


WRITTEN: dict[Any, tuple[Form, Form]] = {
    np.add: _infix("+", "+", SUM, SUM),
    np.subtract: _infix("-", "-", SUM, PRODUCT),
    np.multiply: (Form("{}*{}", PRODUCT, (PRODUCT, PRODUCT)), Form(r"{} \, {}", PRODUCT, (PRODUCT, PRODUCT))),
    np.divide: (Form("{}/{}", PRODUCT, (PRODUCT, FRACTION)), Form(r"\frac{{{}}}{{{}}}", FRACTION, (SUM, SUM))),
    np.power: (Form("{}**{}", POWER, (ATOM, POWER)), Form("{}^{{{}}}", POWER, (ATOM, SUM))),
    np.negative: _same("-{}", SUM, PRODUCT),
    np.positive: _same("{}", SUM, SUM),
    np.square: (Form("square({})", ATOM, (0,)), Form("{}^{{2}}", POWER, (ATOM,))),
    np.reciprocal: (Form("reciprocal({})", ATOM, (0,)), Form(r"\frac{{1}}{{{}}}", FRACTION, (SUM,))),
    np.exp2: (Form("exp2({})", ATOM, (0,)), Form("2^{{{}}}", POWER, (SUM,))),
    np.cbrt: (Form("cbrt({})", ATOM, (0,)), Form(r"\sqrt[3]{{{}}}", POWER, (0,))),
    np.hypot: (Form("hypot({}, {})", ATOM, (0, 0)), Form(r"\sqrt{{{}^{{2}} + {}^{{2}}}}", POWER, (ATOM, ATOM))),
    np.sqrt: (Form("sqrt({})", ATOM, (0,)), Form(r"\sqrt{{{}}}", POWER, (0,))),
    np.exp: (Form("exp({})", ATOM, (0,)), Form("e^{{{}}}", POWER, (SUM,))),
    np.absolute: _around("abs", r"\left|", r"\right|"),
    np.fabs: _around("fabs", r"\left|", r"\right|"),
    np.floor: _around("floor", r"\left\lfloor", r"\right\rfloor"),
    np.ceil: _around("ceil", r"\left\lceil", r"\right\rceil"),
    np.less: _infix("<", "<", PROPOSITION, SUM),
    np.less_equal: _infix("<=", r"\le", PROPOSITION, SUM),
    np.greater: _infix(">", ">", PROPOSITION, SUM),
    np.greater_equal: _infix(">=", r"\ge", PROPOSITION, SUM),
    np.equal: _infix("==", "=", PROPOSITION, SUM),
    np.not_equal: _infix("!=", r"\ne", PROPOSITION, SUM),
    np.logical_or: _infix("|", r"\lor", PROPOSITION, SUM),
    np.logical_and: _infix("&", r"\land", PROPOSITION, SUM),
    np.logical_not: (Form("~{}", PROPOSITION, (SUM,)), Form(r"\lnot {}", PROPOSITION, (SUM,))),
    np.where: (
        Form("where({}, {}, {})", ATOM, (0, 0, 0)),
        Form(r"\begin{{cases}} {1} & {0} \\ {2} & \text{{otherwise}} \end{{cases}}", PRODUCT, (0, SUM, SUM)),
    ),
}
"""How functions are written as text and in LaTeX; others are written name(operand, operand)."""
KNOWN = {
    name: rf"\{name}" for name in ("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "log")
}
KNOWN |= {"maximum": r"\max", "minimum": r"\min"}  # to LaTeX
CONSTANTS = {
    repr(math.pi): r"\pi", repr(math.e): "e", repr(LN2): r"\log(2)", repr(LN10): r"\log(10)",
    repr(math.pi / 180): r"\frac{\pi}{180}", repr(180 / math.pi): r"\frac{180}{\pi}",
}  # fmt: skip


def text(expression: Expression) -> str:
    """An expression as Python would have it written, without `np.`."""
    return _written(expression, 0, lambda x: (x.name, ATOM), lambda v: (repr(v), SUM if v < 0 else ATOM))


def latex(expression: Expression) -> str:
    """An expression as LaTeX, for the inside of a formula.

    Raises `AutodiffValueError` where it has more than 20,000 nodes when written out.

    >>> from autodiff import formulas, symbolic
    >>> x = symbolic.symbol("x")
    >>> print(formulas.latex(symbolic.differentiate(np.sqrt(1 + x**2), x)))
    \\frac{x}{\\sqrt{1 + x^{2}}}
    """
    return _written(expression, 1, lambda x: (symbol_latex(x.name), ATOM), _number)


def _written(expression: Expression, column: int, symbol: Callable, number: Callable) -> str:
    if expression.tree_size > LONGEST:
        raise AutodiffValueError(
            f"the expression has {expression.tree_size} nodes when it is written out, too many to read. Write "
            "its parts (`expression.operands`), or compute with it: lambdify and differentiate work on the graph."
        )
    found: dict[Expression, tuple[str, int]] = {}
    for x in ordered(expression):
        if not x.operands:
            found[x] = symbol(x) if x.name else number(x.value)
            continue
        form = WRITTEN[x.function][column] if x.function in WRITTEN else _called(x, column)
        parts = [_enclosed(*found[y], place, column) for y, place in zip(x.operands, form.operands, strict=True)]
        found[x] = form.pattern.format(*parts), form.tight
        if column and x.function is np.multiply:
            found[x] = _product(*parts), PRODUCT
    return found[expression][0]


def _called(x: Expression, column: int) -> Form:
    name = name_of(x.function).removeprefix("np.")
    places = ", ".join(["{}"] * len(x.operands))
    if column:
        name = KNOWN.get(name) or r"\operatorname{{" + name.replace("_", r"\_") + "}}"
    return Form(f"{name}({places})", ATOM, (0,) * len(x.operands))


def _enclosed(inner: str, tight: int, place: int, column: int) -> str:
    """A part in parentheses if its place asks for them; what is true or false stands in brackets for 1 or 0."""
    if tight >= place:
        return inner
    if column == 0:
        return f"({inner})"
    left, right = "[]" if tight == PROPOSITION else "()"
    return rf"\left{left} {inner} \right{right}" if r"\frac" in inner else f"{left}{inner}{right}"


def _product(a: str, b: str) -> str:
    """Factors side by side; with a dot where they would read as one number."""
    if b[0].isdigit():
        return rf"{a} \cdot {b}"
    return f"{a} {b}" if a[-1].isdigit() and a[0].isdigit() else rf"{a} \, {b}"


def _number(value: Any) -> tuple[str, int]:
    if isinstance(value, bool):
        return rf"\text{{{str(value).lower()}}}", ATOM
    known = CONSTANTS.get(repr(abs(value)))
    if known is None:
        digits, _, exponent = repr(abs(value)).replace("inf", r"\infty").partition("e")
        power = f"10^{{{int(exponent)}}}" if exponent else ""
        known = power if power and digits == "1" else rf"{digits} \cdot {power}" if power else digits
    return (f"-{known}", SUM) if value < 0 else (known, PRODUCT if " " in known or "\\frac" in known else ATOM)


GREEK = re.compile(
    "(alpha|beta|[gG]amma|[dD]elta|epsilon|zeta|eta|[tT]heta|iota|kappa|[lL]ambda|mu|nu|[xX]i|[pP]i|rho|[sS]igma|tau|"
    "[uU]psilon|[pP]hi|chi|[pP]si|[oO]mega)"
)
ACCENTS = {"dot": r"\dot", "bar": r"\bar"}


def symbol_latex(name: str) -> str:
    """A name as LaTeX: `theta_0` is θ₀, `v12` is v₁₂, `x_dot` is ẋ, a word stands upright.

    >>> from autodiff import formulas
    >>> print(formulas.symbol_latex("theta_dot"), formulas.symbol_latex("v12"), formulas.symbol_latex("params['w']"))
    \\dot{\\theta} v_{12} \\mathrm{params}_{w}
    """
    words = re.findall(r"[^\W\d_]+|\d+", name)
    if not words:
        return rf"\mathtt{{{name}}}"
    accent = ACCENTS.get(words[-1]) if len(words) > 1 else None
    head, *rest = [_word(word) for word in (words[:-1] if accent else words)]
    head = f"{accent}{{{head}}}" if accent else head
    return f"{head}_{{{','.join(rest)}}}" if rest else head


def _word(word: str) -> str:
    return f"\\{word}" if GREEK.fullmatch(word) else word if len(word) == 1 or word.isdigit() else rf"\mathrm{{{word}}}"


# --- Rules --------------------------------------------------------------------------------------------------


class Formulas(NamedTuple):
    """A primitive in LaTeX: the call `y = f(x)`, its JVP as one equation, its VJP as one equation per operand."""

    call: str
    jvp: str
    vjp: list[str]


def formulas(function: Any) -> Formulas:
    """The JVP and VJP of a primitive of the tables, as LaTeX, away from its kinks.

    function : a ufunc or function with a rule of its own. Dots are tangents, bars are cotangents; y is the result.
    Formulas of ufuncs come from the partial derivatives, called on symbols; others from the families of their linear
    operators, on a small example. What broadcasting repeats, the VJP sums.

    Raises `AutodiffValueError` for a function that has no rule, or is written in terms of others.

    >>> from autodiff import formulas
    >>> rule = formulas.formulas(np.sin)
    >>> print(rule.call, "|", rule.jvp, "|", *rule.vjp)
    y = \\sin(x) | \\dot{y} = \\cos(x) \\, \\dot{x} | \\bar{x} = \\cos(x) \\, \\bar{y}
    """
    if function in PARTIALS:
        return _of_ufunc(function)
    if function in EXAMPLES:
        return _of_operators(function)
    raise AutodiffValueError(
        f"{name_of(function)} has no formula here: it has no rule, or is written in terms of others"
    )


def _of_ufunc(ufunc: np.ufunc) -> Formulas:
    partials = PARTIALS[ufunc]
    known = next((partial for partial in partials if callable(partial)), None)
    names = (
        list(inspect.signature(known).parameters) if known else ["y", "x"] if len(partials) == 1 else ["z", "x", "y"]
    )
    result, *operands = [symbol(name) for name in names]
    bar = symbol(f"{names[0]}_bar")
    dot, bars = number(0), []
    for x, partial in zip(operands, partials, strict=True):
        if partial is not None:
            d = number(partial) if isinstance(partial, int) else partial(result, *operands)
            d = almost_everywhere(d if type(d) is Expression else number(d))
            dot = dot + d * symbol(f"{x.name}_dot")
            bars.append(f"{symbol_latex(f'{x.name}_bar')} = {latex(d * bar)}")
    call = latex(node(ufunc, *operands))
    return Formulas(f"{names[0]} = {call}", f"{symbol_latex(f'{names[0]}_dot')} = {latex(dot)}", bars)


class Example(NamedTuple):
    """A call whose operators are written down: in LaTeX; its arguments; what its operands are called."""

    call: str
    args: tuple
    operands: tuple[str, ...]
    weights: tuple[str, ...] = ()  # the diagonal or mask of each operator


_a, _b = np.array([[1.0, 2.0], [4.0, 3.0]]), np.array([[5.0, 7.0], [6.0, 8.0]])
_op = r"\operatorname{{{}}}({})".format
_SHARE = r"\frac{[x_i = y]}{\#\{k : x_k = y\}}"  # of the winners
EXAMPLES: dict[Any, Example] = {
    np.conjugate: Example(r"\overline{x}", (_a + 1j,), ("x",)),
    np.real: Example(_op("Re", "x"), (_a,), ("x",)),
    np.copy: Example("x", (_a,), ("x",)),
    astype: Example(_op("astype", "x"), (_a, np.dtype(np.float32)), ("x",)),
    np.where: Example(_op("where", "c, a, b"), (_a > 2, _a, _b), ("a", "b"), ("[c]", r"[\lnot c]")),
    getitem: Example("x[i]", (_a, slice(1)), ("x",)),
    embed: Example(_op("embed", "x, i"), (_a, (slice(2),), (3, 2)), ("x",)),
    reshape: Example(_op("reshape", "x"), (_a, (4,)), ("x",)),
    np.squeeze: Example(_op("squeeze", "x"), (_a[None],), ("x",)),
    np.expand_dims: Example(_op("expand\\_dims", "x"), (_a, 0), ("x",)),
    np.transpose: Example(r"x^{\top}", (_a,), ("x",)),
    np.broadcast_to: Example(_op("broadcast", "x"), (_a, (3, 2, 2)), ("x",)),
    roll_axes: Example(_op("roll", "x, k"), (_a, (1,), (-1,)), ("x",)),
    np.flip: Example(_op("flip", "x"), (_a,), ("x",)),
    join: Example("[a, b]", ((_a, _b), 0), ("a", "b")),
    np.stack: Example(_op("stack", "a, b"), ((_a, _b),), ("a", "b")),
    np.triu: Example(_op("triu", "x"), (_a,), ("x",), (r"[i \le j]",)),
    np.tril: Example(_op("tril", "x"), (_a,), ("x",), (r"[i \ge j]",)),
    np.matmul: Example(r"a \, b", (_a, _b), ("a", "b")),
    contract: Example(_op("einsum", "a, b"), ("ij,jk->ki", (_a, _b)), ("a", "b")),
    np.sum: Example(r"\sum_i x_i", (_a, 0), ("x",)),
    np.mean: Example(r"\frac{1}{n} \sum_i x_i", (_a, 0), ("x",), (r"\frac{1}{n}",)),
    **{f: Example(r"\max_i x_i", (_a, 0), ("x",), (_SHARE,)) for f in (np.max, np.amax)},
    **{f: Example(r"\min_i x_i", (_a, 0), ("x",), (_SHARE,)) for f in (np.min, np.amin)},
    length: Example(r"\sqrt{\sum_i x_i^2}", (_a, (0,), False), ("x",), (r"\frac{x_i}{y}",)),
    root: Example(r"\sqrt{x}", (_a,), ("x",), (r"\frac{1}{2 y}",)),
    running_sum: Example(_op("cumsum", "x"), (_a, -1), ("x",)),
    windows: Example(_op("windows", "x"), (_a[0], 2), ("x",)),
    overlapped: Example(_op("overlap", "x"), (_a,), ("x",)),
    np.i0: Example("I_0(x)", (_a[0],), ("x",), ("I_1(x)",)),
    bessel_i: Example("I_n(x)", (_a[0], 1), ("x",), (r"\frac{I_{n-1}(x) + I_{n+1}(x)}{2}",)),
    np.linalg.inv: Example("a^{-1}", (_a,), ("a",)),
    solve_columns: Example(r"a^{-1} \, b", (_a, _b), ("a", "b")),
}
"""One call of each function that has a rule by operators."""

# How a family acts on @, with its array #; and how its transpose does.
FAMILIES: dict[str, tuple[str, str]] = {
    "identity": ("@", "@"),
    "cast": ("@", "@"),
    "diagonal": (r"# \, @", r"# \, @"),
    "mask": (r"# \, @", r"# \, @"),
    "conjugation": (r"\overline{@}", r"\overline{@}"),
    "broadcast": (_op("broadcast", "@"), _op("sum", "@")),
    "sum": (r"\sum_i @_i", _op("broadcast", "@")),
    "reshape": (_op("reshape", "@"), _op("reshape", "@")),
    "permute": (r"@^{\top}", r"@^{\top}"),
    "slice": ("@[i]", _op("embed", "@, i")),
    "roll": (_op("roll", "@, k"), _op("roll", "@, -k")),
    "flip": (_op("flip", "@"), _op("flip", "@")),
    "cumulative sum": (_op("cumsum", "@"), _op("flip", _op("cumsum", _op("flip", "@")))),
    "windows": (_op("windows", "@"), _op("overlap", "@")),
    "times": (r"@ \, #", r"@ \, #^{\top}"),
    "premultiplied": (r"# \, @", r"#^{\top} \, @"),
    "contraction": (_op("einsum", "@, #"), _op("einsum", "@, #")),
    "solve": (r"#^{-1} \, @", r"#^{-\top} \, @"),
}


def _of_operators(function: Any) -> Formulas:
    example = EXAMPLES[function]
    y = function(*example.args)
    rule = RULES[function]
    names = {id(x): name for x, name in zip(rule.operands(example.args), example.operands, strict=True)} | {id(y): "y"}
    dots, bars = [], []
    for i, (operator, name) in enumerate(zip(rule.jacobians(y, *example.args), example.operands, strict=True)):
        weight = example.weights[i] if example.weights else ""
        chain = factors(operator)
        dots.append(_applied(chain, rf"\dot{{{name}}}", names, weight))
        back = _applied([transposed(factor) for factor in reversed(chain)], r"\bar{y}", names, weight)
        bars.append(rf"\bar{{{name}}} = {back}")
    return Formulas(f"y = {example.call}", rf"\dot{{y}} = {' + '.join(dots)}", bars)


def factors(operator: Operator) -> list[Operator]:
    """The operators that one is composed of, the one that acts first at the end."""
    family, data = operator
    return [factor for part in data for factor in factors(part)] if family is composition else [operator]


def _applied(chain: list[Operator], vector: str, names: dict[int, str], weight: str) -> str:
    """What a composition of operators makes of a vector, in LaTeX."""
    sign = ""
    for family, data in reversed(chain):
        if family is negation or family is negation.T:
            sign = "" if sign else "-"
            continue
        name = family.name.removeprefix("stack ")
        pattern = FAMILIES[name.removesuffix("ᵀ")][name.endswith("ᵀ")]
        if name.startswith("broadcast") and data[0] == data[1]:
            pattern = "@"
        arrays = [names[id(x)] for x in flatten(data)[0] if id(x) in names]
        array = ", ".join(arrays) or weight
        vector = pattern.replace("#", array).replace("@", vector)
    return sign + vector
