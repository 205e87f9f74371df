"""Tables of the rules appendix: what the module says of itself, read off its tables of rules.

Nothing here names a primitive: the groups are the modules of `autodiff.rules`, the formulas those of
`autodiff.formulas`, the values at kinks are computed. A primitive that joins the rules is in the appendix when it is
built the next time.
"""

import importlib.util
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

import autodiff as ad
from autodiff import arrays
from autodiff.arrays import name_of
from autodiff.coverage import aliases, coverage, mends, transparent, written_with
from autodiff.formulas import SIGNS, formulas, letters_of
from autodiff.rules import special
from autodiff.tables import COMPOSED, PARTIALS, RULES
from figures.numbers import markdown, table

GROUPS = {"linalg": ("linalg", "spectral"), "sequences": ("sequences", "polynomials")}
"""The modules of `autodiff.rules` that make up a group, where it is not the one of its name."""
SEVERAL = r", \quad "  # between the equations of several results


# --- Which functions ----------------------------------------------------------------------------------------


def scipys() -> list[Callable]:
    """SciPy's functions that have rules; none where SciPy is missing."""
    if importlib.util.find_spec("scipy") is None:
        return []
    import scipy.special

    found = list(special.scipys_partials(scipy.special))
    special.learn(found[0])
    return found


def called(function: Any) -> str:
    """How a program calls a function: `np.sin`, `scipy.special.erf`; the bare name of one of the module's own."""
    if isinstance(function, np.ufunc) and getattr(np, function.__name__, None) is not function:
        return f"scipy.special.{function.__name__.removeprefix('_')}"
    return name_of(function).removeprefix("_")


def home(function: Any) -> str | None:
    """The module of `autodiff.rules` that declares a function of operators, or a composed one."""
    declared = RULES[function].jacobians if function in RULES else COMPOSED[function]
    package, _, module = declared.__module__.rpartition(".")
    return module if package == "autodiff.rules" else None


def _of(group: str, functions: Iterable) -> list:
    """The functions among these that the group declares."""
    return [function for function in functions if home(function) in GROUPS.get(group, (group,))]


# --- Formulas -----------------------------------------------------------------------------------------------


def ufuncs(functions: Iterable[np.ufunc] | None = None) -> Any:
    """Functions of numbers, NumPy's if no others are given: call, JVP, VJP. Those with equal formulas share a row."""
    known = scipys()
    rows: dict[tuple, list[str]] = {}
    for function in [f for f in PARTIALS if f not in known] if functions is None else functions:
        _, *operands = letters_of(function)
        found = formulas(function)
        key = found.jvp, tuple(found.vjp)
        call = f"{called(function).removeprefix('scipy.special.')}({', '.join(operands)})"
        rows.setdefault(key, []).append(f"`{call}`")
    cells = [(", ".join(calls), _math([jvp]), _math(vjp)) for (jvp, vjp), calls in rows.items()]
    return weighted(table(["Call", "JVP", "VJP"], cells), 9, 10, 10)


def operators(group: str) -> Any:
    """The primitives of a group that have linear operators: the call, its JVP, its VJP, what other letters mean."""
    rows: dict[tuple, list[str]] = {}
    for function in _of(group, RULES):
        found = formulas(function)
        rows.setdefault((found.call, found.jvp, *found.vjp, found.where), []).append(f"`{called(function)}`")
    entries = []
    for (call, jvp, *vjp, where), names in rows.items():
        meaning = [f"where {where}"] if where else []
        lines = [_math(jvp.split(SEVERAL)), _math(vjp), *meaning]
        entries.append(f"{', '.join(names)} \u2002 {_math([call])}\n" + "\n".join(f":   {line}" for line in lines))
    return markdown("\n\n".join(entries))


def _math(equations: Iterable[str]) -> str:
    """Equations in a line of text, each in pieces between which the line may break."""
    *others, last = (equation.replace("|", r"\vert") for equation in equations)
    return " ".join(
        f"${piece}$" for equation in (*(f"{other}," for other in others), last) for piece in pieces(equation)
    )


def weighted(made: Any, *widths: int) -> Any:
    """A table whose columns share the width of the page in this proportion: pandoc counts dashes."""
    head, rules, *rows = made.data.splitlines()
    sides = [(":" if cell.strip()[-1] == ":" else "") for cell in rules.strip("|").split("|")]
    rules = "|".join("-" * 10 * width + side for width, side in zip(widths, sides, strict=True))
    return markdown("\n".join([head, f"|{rules}|", *rows]))


TERM = re.compile(r"\\langle|\\rangle|\\begin|\\end|[(){}\[\]]| ([+-]) ")
DEEPER = {"(": 1, "[": 1, "{": 1, r"\langle": 1, r"\begin": 1, ")": -1, "]": -1, "}": -1, r"\rangle": -1, r"\end": -1}


def pieces(equation: str) -> list[str]:
    r"""An equation cut before its terms, for lines that cannot break inside of a formula.

    >>> pieces(r"\dot{z} = y \, (a + b) - x")
    ['\\dot{z} = y \\, (a + b)', '-\\: x']
    """
    depth, cuts = 0, [0]
    for found in TERM.finditer(equation):
        depth += DEEPER.get(found[0], 0)
        if found[1] and depth == 0:
            cuts.append(found.start())
    parts = [equation[start:end].strip() for start, end in zip(cuts, [*cuts[1:], None], strict=True)]
    return [parts[0], *(rf"{part[0]}\: {part[1:].strip()}" for part in parts[1:])]


def signs() -> Any:
    """What the signs in the formulas mean."""
    return weighted(table(["Sign", "Meaning"], [(f"${sign}$", words) for sign, words in SIGNS.items()]), 1, 2)


# --- Functions written with others --------------------------------------------------------------------------


def composed(group: str) -> Any:
    """The functions of a group that are written with others, and with which."""
    rows: dict[str, list[str]] = {}
    for function in _of(group, COMPOSED):
        parts = ", ".join(f"`{part.removeprefix('_')}`" for part in written_with(function))
        rows.setdefault(parts or "arithmetic and reshaping alone", []).append(f"`{called(function)}`")
    return table(["Function", "Written with"], [(", ".join(names), parts) for parts, names in rows.items()])


# --- Kinks --------------------------------------------------------------------------------------------------

KINKS = {
    "np.abs(x)": 0, "np.hypot(x, 0.0)": 0, "np.linalg.norm(x * np.ones(3))": 0, "np.std(x * np.arange(3))": 0,
    "np.maximum(x, 0.0)": 0, "np.clip(x, 0, 1)": 0, "np.max(np.stack([x, 1.0, 1.0]))": 1,
    "np.where(x > 0, x, 0.0)": 0, "np.sort(np.stack([x, 1.0]))[0]": 1, "np.median(np.stack([x, 0.0, 1.0]))": 0,
    "np.sqrt(x)": 0, "np.cbrt(x)": 0, "np.log(x)": 0, "np.arcsin(x)": 1, "x ** 0": 0, "0.0 ** x": 1, "np.sign(x)": 0,
    "np.floor(x)": 1, "np.sinc(x)": 0, "np.prod(np.stack([x, 0.0, 2.0]))": 0,
}  # fmt: skip
"""Programs of one number, and where they have a kink, an end, a jump, or a formula that divides by zero."""


def kinks() -> Any:
    """What the rules give where functions have kinks: the derivative and the slopes on both sides of the point."""
    rows = []
    for program, point in KINKS.items():
        f = eval(f"lambda x: {program}", {"np": np})
        with np.errstate(all="ignore"):
            slope = ad.grad(f)(float(point))
            left, right = (_slope(f, float(point), step) for step in (-1.0, 1.0))
        rows.append((f"`{program}`", f"${point}$", left, _number(slope), right))
    made = table(["Program", "$x$", "slope on the left", "derivative", "slope on the right"], rows)
    return weighted(made, 6, 1, 2, 2, 2)


def _slope(f: Callable, x: float, way: float) -> str:
    """A one-sided slope as a limit: what difference quotients with ever smaller steps settle at."""
    quotients = [float((f(x + way * h) - f(x)) / (way * h)) for h in (2.0**-20, 2.0**-40)]
    if not all(map(np.isfinite, quotients)):
        return "none"
    if abs(quotients[1]) > 10 * abs(quotients[0]) + 10:
        return _number(np.copysign(np.inf, quotients[1]))
    return _number(quotients[1])


def _number(value: float) -> str:
    text = f"{round(float(value), 3) + 0.0:g}".replace("inf", r"\infty")
    return f"${text}$" if text != "nan" else "nan"


# --- Coverage -----------------------------------------------------------------------------------------------

KINDS = {
    "rule": "differentiated",
    "zero": "derivative zero, or none: it runs on the values",
    "refused": "an error that says why, with the mend",
    "unreachable": "an error wherever it meets a traced array, which most of them never do",
}
MODULES = ("np", "np.fft", "np.linalg")


def counts() -> Any:
    """How many of NumPy's functions there are of each kind, module by module."""
    found = Counter((kind, name.rpartition(".")[0]) for name, kind in coverage().items())
    rows = [(words, *(found[kind, module] for module in MODULES)) for kind, words in KINDS.items()]
    return weighted(table(["What happens to a traced array", *(f"`{module}`" for module in MODULES)], rows), 5, 2, 2, 2)


def names(kind: str) -> Any:
    """All of NumPy's functions of a kind, in a paragraph."""
    return markdown(", ".join(f"`{name}`" for name, found in coverage().items() if found == kind) + ".")


def other_names() -> Any:
    """The names under which the tables do not list a function with a rule."""
    pairs = ", ".join(f"`{name}` is `{own}`" for name, own in aliases().items())
    return markdown(
        f"Some have two names: {pairs}. And some need no rule, since NumPy writes them with functions that have one: "
        f"{', '.join(f'`{name}`' for name in transparent())}."
    )


def mended(kind: str) -> Any:
    """Functions that are refused, or out of reach, by what to write instead."""
    reasons: dict[str, list[str]] = {}
    for name, reason in mends().items():
        if coverage()[name] == kind:
            reasons.setdefault(reason, []).append(f"`{name}`")
    return table(["Function", "What to write"], [(", ".join(own), _sentence(why)) for why, own in reasons.items()])


CODE = re.compile(r"\b(?:np|ad|math)(?:\.\w+)+(?:\([^()]*\))?|\b\w+\[[\w:]+\]|\b[a-z] (?:@|\*|\+) [a-z](?:\.\w+\(\))?")


def _sentence(text: str) -> str:
    """A message as prose: its code in code's letters, a capital in front."""
    marked = CODE.sub(lambda found: f"`{found[0]}`", text)
    return marked[0].upper() + marked[1:]


def unreachable() -> Any:
    """What NumPy's protocols do not reach, as `autodiff.arrays` lists it."""
    block = (arrays.__doc__ or "").partition("instead:\n\n")[2]
    rows = [re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in block.splitlines() if line.strip()]
    return table(
        ["A program says", "What happens, and what to write"], [(_said(code), _sentence(words)) for code, words in rows]
    )


def _said(text: str) -> str:
    """Code, and the words that say where."""
    if "." not in text and "[" not in text:
        return text
    code, where, words = re.split(r"( for | where |$)", text, maxsplit=1)
    return f"`{code}`{where}{words}"
