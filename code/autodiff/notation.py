"""Notation: expressions as text and as LaTeX, and names as the letters they stand for."""

import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .algebra import Expression, ordered
from .arrays import name_of
from .errors import AutodiffValueError
from .rules.elementwise import LN2, LN10
from .rules.special import SQRT_PI

LONGEST = 20_000  # nodes of an expression that is worth writing out
LONGEST_EXPONENT = 9  # nodes of an exponent that is worth raising

PROPOSITION, SUM, SIGNED, PRODUCT, FRACTION, POWER, ATOM = range(7)
"""How tightly a formula holds together; what is looser than its place asks for is put in parentheses. SIGNED is a
product, or a number, with a minus in front."""


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
    np.multiply: (Form("{}*{}", PRODUCT, (SIGNED, PRODUCT)), Form(r"{} \, {}", PRODUCT, (SIGNED, PRODUCT))),
    np.divide: (Form("{}/{}", PRODUCT, (SIGNED, FRACTION)), Form(r"\frac{{{}}}{{{}}}", FRACTION, (SUM, SUM))),
    np.power: (Form("{}**{}", POWER, (ATOM, POWER)), Form("{}^{{{}}}", POWER, (ATOM, SUM))),
    np.negative: _same("-{}", SIGNED, PRODUCT),
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
FAMILIAR = ("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "exp", "log")  # to LaTeX
KNOWN = {name: rf"\{name}" for name in FAMILIAR}
KNOWN |= {"maximum": r"\max", "minimum": r"\min", "psi": r"\psi", "_zeta": r"\zeta"}
CONSTANTS = {
    repr(math.pi): r"\pi", repr(math.e): "e", repr(LN2): r"\log(2)", repr(LN10): r"\log(10)",
    repr(math.pi / 180): r"\frac{\pi}{180}", repr(180 / math.pi): r"\frac{180}{\pi}",
    repr(2 / SQRT_PI): r"\frac{2}{\sqrt{\pi}}", repr(SQRT_PI / 2): r"\frac{\sqrt{\pi}}{2}",
    repr(math.sqrt(2)): r"\sqrt{2}", repr(math.sqrt(2 * math.pi)): r"\sqrt{2 \pi}",
}  # fmt: skip


def text(expression: Expression) -> str:
    """An expression as Python would have it written, without `np.`."""
    return _written(expression, 0, lambda x: (x.name, ATOM), lambda v: (repr(v), SIGNED if v < 0 else ATOM))


def latex(expression: Expression) -> str:
    """An expression as LaTeX, for the inside of a formula.

    Raises `AutodiffValueError` where it has more than 20,000 nodes when written out.

    >>> from autodiff import notation, symbolic
    >>> x = symbolic.symbol("x")
    >>> print(notation.latex(symbolic.differentiate(np.sqrt(1 + x**2), x)))
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
        form = _called(x, column) if x.function not in WRITTEN or _towers(x) else WRITTEN[x.function][column]
        parts = [_enclosed(*found[y], place, column) for y, place in zip(x.operands, form.operands, strict=True)]
        written = _product(*parts) if column and x.function is np.multiply else form.pattern.format(*parts)
        minus = form.operands[0] == SIGNED and found[x.operands[0]][1] == SIGNED
        found[x] = written, SIGNED if minus else form.tight
    return found[expression][0]


def _towers(x: Expression) -> bool:
    """Whether this is an exponential with an exponent too long to be small and raised."""
    return x.function is np.exp and x.operands[0].tree_size > LONGEST_EXPONENT


def _called(x: Expression, column: int) -> Form:
    name = name_of(x.function).rpartition(".")[2]
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
    return f"{a} {b}" if a[-1].isdigit() and a.lstrip("-")[0].isdigit() else rf"{a} \, {b}"


def _number(value: Any) -> tuple[str, int]:
    if isinstance(value, bool):
        return rf"\text{{{str(value).lower()}}}", ATOM
    known = CONSTANTS.get(repr(abs(value)))
    if known is None:
        digits, _, exponent = repr(abs(value)).replace("inf", r"\infty").partition("e")
        power = f"10^{{{int(exponent)}}}" if exponent else ""
        known = power if power and digits == "1" else rf"{digits} \cdot {power}" if power else digits
    return (f"-{known}", SIGNED) if value < 0 else (known, PRODUCT if " " in known or "\\frac" in known else ATOM)


GREEK = re.compile(
    "(alpha|beta|[gG]amma|[dD]elta|epsilon|zeta|eta|[tT]heta|iota|kappa|[lL]ambda|mu|nu|[xX]i|[pP]i|rho|[sS]igma|tau|"
    "[uU]psilon|[pP]hi|chi|[pP]si|[oO]mega)"
)
ACCENTS = {"dot": r"\dot", "bar": r"\bar"}


def symbol_latex(name: str) -> str:
    """A name as LaTeX: `theta_0` is θ₀, `v12` is v₁₂, `x_dot` is ẋ, a word stands upright.

    >>> from autodiff import notation
    >>> print(notation.symbol_latex("theta_dot"), notation.symbol_latex("v12"), notation.symbol_latex("params['w']"))
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
