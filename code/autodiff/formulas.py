"""Formulas: every primitive's JVP and VJP in LaTeX, read off its rule.

A ufunc's formulas are its partial derivatives, called on symbols. Another function's come from the linear operators
that its rule gives on a small example (`EXAMPLES`), family by family (`FAMILIES`). No derivative is written here or
in these tables (`autodiff.phrases`): a primitive that is added to the tables of `autodiff.rules` needs one line in
`EXAMPLES`, and a new family of operators one in `FAMILIES`.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .algebra import node, number, symbol
from .arrays import name_of
from .errors import AutodiffValueError
from .notation import ATOM, PRODUCT, SUM, latex, symbol_latex
from .operators import Operator, composition, negation, transposed
from .phrases import ADJOINT, EXAMPLES, FAMILIES, SCALED, SIGNS
from .rules.spectral import added
from .symbolic import Expression, almost_everywhere
from .tables import PARTIALS, RULES, learned
from .trees import flatten

__all__ = ["EXAMPLES", "FAMILIES", "SIGNS", "Formulas", "formulas", "letters_of"]


class Formulas(NamedTuple):
    """A primitive in LaTeX: its call, its JVP (one equation per result), its VJP as one equation per operand.

    `where` says in words, with LaTeX between dollar signs, what letters stand for that are no operand and no result.
    """

    call: str
    jvp: str
    vjp: list[str]
    where: str = ""


def formulas(function: Any) -> Formulas:
    """The JVP and VJP of a primitive of the tables, as LaTeX, away from its kinks.

    function : a ufunc or function with a rule of its own. Dots are tangents, bars are cotangents; y is the result.
    Formulas of ufuncs come from the partial derivatives, called on symbols; others from the families of their linear
    operators, on a small example. What broadcasting repeats, the VJP sums; where an operand is real and a result
    complex, it keeps the real part. `SIGNS` says what the functions in formulas mean.

    Raises `AutodiffValueError` for a function that has no rule, or is written in terms of others.

    >>> from autodiff import formulas
    >>> rule = formulas.formulas(np.sin)
    >>> print(rule.call, "|", rule.jvp, "|", *rule.vjp)
    y = \\sin(x) | \\dot{y} = \\cos(x) \\, \\dot{x} | \\bar{x} = \\cos(x) \\, \\bar{y}
    """
    if function in PARTIALS or (function not in RULES and learned(function)):
        return _of_ufunc(function)
    if function in EXAMPLES:
        return _of_operators(function)
    if function in RULES:
        raise AutodiffValueError(f"{name_of(function)} has a rule, but no example in autodiff.phrases.EXAMPLES: add it")
    raise AutodiffValueError(
        f"{name_of(function)} has no formula here: it has no rule, or is written in terms of others"
    )


def letters_of(ufunc: np.ufunc) -> list[str]:
    """What the formulas of a ufunc call its result and its operands: as its partial derivatives do."""
    partials = PARTIALS[ufunc]
    known = next((partial for partial in partials if callable(partial)), None)
    if known:
        return list(inspect.signature(known).parameters)
    return ["y", "x"] if len(partials) == 1 else ["z", "x", "y"]


def _of_ufunc(ufunc: np.ufunc) -> Formulas:
    names, partials = letters_of(ufunc), PARTIALS[ufunc]
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


# --- From operators to LaTeX --------------------------------------------------------------------------------


def _of_operators(function: Any) -> Formulas:
    example, rule = EXAMPLES[function], RULES[function]
    y = function(*example.args)
    found = rule.jacobians(y, *example.args)
    several = len(example.results) > 1
    rows = found if several else [found]  # of operators: a row for each result
    known = zip(
        (*example.operands, *example.results), (*rule.operands(example.args), *(y if several else (y,))), strict=True
    )
    letters = Letters(dict(known), example.weights)
    at = {name: f"i_{name}" if len(example.operands) > 1 else "i" for name in example.operands}

    def term(operator: Operator, vector: str, name: str) -> Term:
        made = _extended(operator, Term(vector), letters)
        return made._replace(text=made.text.replace("?", at[name]))

    dots, bars = [], []
    for result, row in zip(example.results, rows, strict=True):
        terms = [term(operator, rf"\dot{{{x}}}", x) for operator, x in zip(row, example.operands, strict=True)]
        dots.append(rf"\dot{{{result}}} = {_total(terms).signed}")
    for i, x in enumerate(example.operands):
        terms = [term(transposed(row[i]), rf"\bar{{{y}}}", x) for row, y in zip(rows, example.results, strict=True)]
        bars.append(rf"\bar{{{x}}} = {_total(terms).signed}")
    call = f"({', '.join(example.results)})" if several else "y"
    return Formulas(f"{call} = {example.call}", r", \quad ".join(dots), bars, example.where)


class Term(NamedTuple):
    """A part of a formula: its LaTeX, how tightly it holds together (as in `notation`), its sign."""

    text: str
    tight: int = ATOM
    minus: bool = False

    @property
    def signed(self) -> str:
        return f"-{self.text}" if self.minus else self.text

    def within(self, place: int) -> str:
        """The text for a place that asks for something as tight as this."""
        if self.tight >= place:
            return self.text
        return rf"\left( {self.text} \right)" if r"\frac" in self.text else f"({self.text})"


FORMS: dict[str, Callable] = {
    "": lambda x: x,
    r"^{\top}": lambda x: x.mT,
    "^{*}": np.conj,
    ADJOINT: lambda x: np.conj(x).mT,
    "^{-1}": np.linalg.inv,
    r"^{-\top}": lambda x: np.linalg.inv(x).mT,
    "^{-*}": lambda x: np.conj(np.linalg.inv(x)),
    r"^{-\mathsf{H}}": lambda x: np.conj(np.linalg.inv(x)).mT,
}
"""What an operator may hold of an array with a name, and how that is written."""


class Letters:
    """Names of arrays, found by their values; an array without a name gets the next of the example's weights."""

    def __init__(self, names: dict[str, Any], weights: tuple[str, ...]):
        self.known = [
            (name + suffix, value) for suffix in FORMS for name, array in names.items() for value in _as(suffix, array)
        ]
        self.left, self.weights = list(weights), set(weights)

    def of(self, x: Any) -> str:
        """How the array is written."""
        for name, value in self.known:
            if value.shape == np.shape(x) and np.allclose(value, x, rtol=1e-9, atol=1e-12):
                return name
        if not self.left:
            raise AutodiffValueError("the rule holds an array for which its example in EXAMPLES has no name")
        name = self.left.pop(0)
        enclosed = f"({name})" if r"\," in name and name[0] != "(" else name
        self.known += [(enclosed + suffix if suffix else name, value) for suffix in FORMS for value in _as(suffix, x)]
        return name

    def scale(self, x: Any) -> str:
        """How the array stands in front of what it multiplies, @, entry by entry."""
        name = self.of(x)
        return (
            name if "@" in name else rf"{name} \odot @" if np.ndim(x) and name not in self.weights else rf"{name} \, @"
        )


def _as(suffix: str, x: Any) -> list:
    """The array in this form, if it has it."""
    if suffix and (np.ndim(x) != 2 or x.dtype == bool):
        return []
    try:
        return [np.asarray(FORMS[suffix](x))]
    except np.linalg.LinAlgError:  # not square, or singular
        return []


def _steps(operator: Operator) -> Iterator[Operator]:
    """The operators that one is composed of, the one that acts first in front."""
    family, data = operator
    if family is composition:
        for inner in reversed(data):
            yield from _steps(inner)
    elif family is composition.T:
        for inner in data:
            yield from _steps(transposed(inner))
    else:
        yield operator


def _extended(operator: Operator, x: Term, letters: Letters) -> Term:
    """What an operator makes of a part of a formula."""
    for family, data in _steps(operator):
        if family in (negation, negation.T):
            x = x._replace(minus=not x.minus)
        elif family in (added, added.T):
            x = _total([_extended(part if family is added else transposed(part), x, letters) for part in data])
        else:
            x = _filled(_pattern(family.name, data, letters), x)
    return x


def _pattern(name: str, data: Any, letters: Letters) -> str:
    """How this member of a family acts on @."""
    back, key = name.endswith("ᵀ"), name.removeprefix("stack ").removesuffix("ᵀ")
    if key not in FAMILIES:
        raise AutodiffValueError(f"the operators {key!r} have no pattern in autodiff.phrases.FAMILIES: add it")
    family = FAMILIES[key]
    pattern = (family(data) if callable(family) else family)[back]
    if pattern == SCALED:
        return letters.scale(data)
    arrays = [x for x in flatten(data)[0] if isinstance(x, np.ndarray | np.generic)]
    for place, x in zip("#%", arrays, strict=False):
        if f"{place}ᵀ" in pattern:
            pattern = pattern.replace(f"{place}ᵀ", letters.of(x.mT))
        elif place in pattern:
            pattern = pattern.replace(place, letters.of(x))
    return pattern


def _filled(pattern: str, x: Term) -> Term:
    if pattern == "@":
        return x
    after = pattern[pattern.index("@") + 1 :]
    product = r"\," in pattern or r"\odot" in pattern or "_i" in pattern
    inside = re.search(r"[({]@[)},]|, @", pattern)
    place = 0 if inside else ATOM if after[:1] in ("^", "[") else PRODUCT
    return Term(pattern.replace("@", x.within(place)), PRODUCT if product else ATOM, x.minus)


def _total(terms: list[Term]) -> Term:
    if len(terms) == 1:
        return terms[0]
    first, *rest = terms
    text = first.signed + "".join(f" {'-' if term.minus else '+'} {term.text}" for term in rest)
    return Term(text, SUM)
