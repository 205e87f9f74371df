"""Formulas: every primitive's JVP and VJP in LaTeX, read off its rule.

A ufunc's formulas are its partial derivatives, called on symbols. Another function's come from the linear operators
that its rule gives on a small example (`EXAMPLES`), family by family (`FAMILIES`). No derivative is written here: a
primitive that is added to the tables of `autodiff.rules` needs one line in `EXAMPLES`, and a new family of operators
one in `FAMILIES`.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .algebra import node, number, symbol
from .arrays import astype, getitem, name_of, reshape
from .errors import AutodiffValueError
from .notation import ATOM, PRODUCT, SUM, latex, symbol_latex
from .operators import Operator, composition, negation, transposed
from .rules.indexing import embed
from .rules.linalg import cofactors, length, log_det, lower_factor, pseudoinverse, solve_columns, thin_qr, unit_det
from .rules.products import contract
from .rules.reductions import root, running_sum
from .rules.sequences import bessel_i, overlapped, windows
from .rules.shapes import join, roll_axes
from .rules.special import _logsumexp
from .rules.spectral import added, eigen, eigen_hermitian, over_gaps, singular_values, singular_vectors
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
        raise AutodiffValueError(
            f"{name_of(function)} has a rule, but no example in autodiff.formulas.EXAMPLES: add it"
        )
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


# --- One call of each function that has a rule by operators -------------------------------------------------


class Example(NamedTuple):
    """A call whose operators are written down."""

    call: str  # the right-hand side, in LaTeX
    args: tuple
    operands: tuple[str, ...]  # what they are called
    weights: tuple[str, ...] = ()  # arrays of the operators that are no operand and no result, in their order
    results: tuple[str, ...] = ("y",)
    where: str = ""  # what the letters of the weights mean


_op = r"\operatorname{{{}}}({})".format
_a, _b = np.array([[1.0, 2.0], [4.0, 3.0]]), np.array([[5.0, 7.0], [6.0, 8.0]])
_c = np.array([[2 + 1j, 0.5 - 0.3j], [0.7 + 0.2j, 1 - 2j]])
_h = _c @ _c.conj().T
_tall = np.array([[2 + 1j, 0.5], [0.7j, 1 - 2j], [0.4, 0.9 + 0.6j]])
_H = r"^{\mathsf{H}}"
_SHARE = r"\frac{[x_i = y]}{\#\{k : x_k = y\}}"  # of the winners
_SINGULAR = (
    rf"$a = u \, \operatorname{{diag}}(s) \, h$ is a square matrix, $\omega = (s, -s)$ and "
    rf"$W = \frac{{1}}{{\sqrt{{2}}}} \begin{{pmatrix}} u{_H} & h \\ u{_H} & -h \end{{pmatrix}}$"
)

EXAMPLES: dict[Any, Example] = {
    np.conjugate: Example("x^{*}", (_c,), ("x",)),
    np.real: Example(_op("Re", "x"), (_c,), ("x",)),
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
    join: Example(_op("concatenate", "a, b"), ((_a, _b), 0), ("a", "b")),
    np.stack: Example(_op("stack", "a, b"), ((_a, _b),), ("a", "b")),
    np.triu: Example(_op("triu", "x"), (_a,), ("x",), (r"[i \le j]",)),
    np.tril: Example(_op("tril", "x"), (_a,), ("x",), (r"[i \ge j]",)),
    np.matmul: Example(r"a \, b", (_a, _b), ("a", "b")),
    contract: Example(_op("einsum", "a, b"), ("ij,jk->ki", (_a, _b)), ("a", "b")),
    np.sum: Example(r"\sum_i x_i", (_a, 0), ("x",)),
    np.mean: Example(r"\frac{1}{n} \, \sum_i x_i", (_a, 0), ("x",), (r"\frac{1}{n}",)),
    **{f: Example(r"\max_i x_i", (_a, 0), ("x",), (_SHARE,)) for f in (np.max, np.amax)},
    **{f: Example(r"\min_i x_i", (_a, 0), ("x",), (_SHARE,)) for f in (np.min, np.amin)},
    length: Example(r"\sqrt{\sum_i x_i^{2}}", (_a, (0,), False), ("x",), (r"\frac{x_i}{y}",)),
    root: Example(r"\sqrt{x}", (_a,), ("x",), (r"\frac{1}{2 y}",)),
    running_sum: Example(_op("cumsum", "x"), (_a, -1), ("x",)),
    windows: Example(_op("windows", "x"), (_a[0], 2), ("x",)),
    overlapped: Example(_op("overlap", "x"), (_a,), ("x",)),
    np.i0: Example("I_{0}(x)", (_a[0],), ("x",), ("I_{1}(x)",)),
    bessel_i: Example("I_{n}(x)", (_a[0], 1), ("x",), (r"\frac{I_{n-1}(x) + I_{n+1}(x)}{2}",)),
    np.roots: Example(
        _op("roots", "p"), (np.array([1.0, -6.0, 11.0, -6.0]),), ("p",), ("V", r"\frac{@}{s}"),
        where="$V_{ij} = y_j^{n - i}$ for $n$ roots and $s = -p'(y)$",
    ),
    _logsumexp: Example(r"\log(\sum_i e^{x_i})", (_a, (0,), False), ("x",), ("e^{x_i - y}",)),
    np.fft.fft: Example(_op("fft", "x"), (_c,), ("x",)),
    np.fft.ifft: Example(_op("ifft", "x"), (_c,), ("x",)),
    np.linalg.inv: Example("a^{-1}", (_a,), ("a",)),
    solve_columns: Example(r"a^{-1} \, b", (_a, _b), ("a", "b")),
    np.linalg.det: Example(r"\det(a)", (_c,), ("a",), (_op("cof", "a"),)),
    cofactors: Example(_op("cof", "a"), (_c,), ("a",)),
    log_det: Example(r"\log \left| \det(a) \right|", (_c,), ("a",)),
    unit_det: Example(r"\frac{\det(a)}{\left| \det(a) \right|}", (_c,), ("a",)),
    lower_factor: Example(
        _op("cholesky", "h"), (_h,), ("h",), (r"\Phi(@)",), where=rf"$h = y \, y{_H}$ and $y$ is lower triangular"
    ),
    thin_qr: Example(
        _op("qr", "a"), (_tall,), ("a",), (), ("q", "r"),
        rf"$a = q \, r$, $q{_H} \, q = I$ and $r$ is upper triangular",
    ),
    pseudoinverse: Example("a^{+}", (_tall, 1e-12), ("a",), (rf"y \, y{_H}", r"(I - a \, y)"),
        where="$a$ has more rows than columns; if it has fewer, the second term is its mirror image"),
    over_gaps: Example(r"\frac{p}{\Delta(w)}", (_c, _b[0], 1.0), ("p", "w")),
    eigen_hermitian: Example(
        _op("eigh", "h"), (_h,), ("h",), (), ("w", "v"), rf"$h = v \, \operatorname{{diag}}(w) \, v{_H}$"
    ),
    eigen: Example(
        _op("eig", "a"), (_c,), ("a",), (), ("w", "v"),
        r"$a = v \, \operatorname{diag}(w) \, v^{-1}$; the lengths of the columns of $v$ are left open",
    ),
    **{
        f: Example(_op("svd", "a"), (_c,), ("a",), ("W", r"\omega", r"\sqrt{2}", "[s > 0]"), ("u", "s", "h"), _SINGULAR)
        for f in (singular_values, singular_vectors)
    },
}  # fmt: skip

# --- Families of operators ----------------------------------------------------------------------------------

Patterns = tuple[str, str]
SCALED = "an array times @"


def _broadcast(data: tuple) -> Patterns:
    """Repetition, where there is some; and a change of dtype."""
    there, back = ("@", "@") if data[0] == data[1] else (_op("broadcast", "@"), _op("sum", "@"))
    cast_there, cast_back = _cast(data[2:])
    return cast_there.replace("@", there), back.replace("@", cast_back)


def _cast(data: tuple) -> Patterns:
    """From complex to real numbers, and back."""
    source, target = (dtype.kind == "c" for dtype in data)
    real = _op("Re", "@")
    return real if source > target else "@", real if target > source else "@"


def _contraction(data: tuple) -> Patterns:
    """In its place among the factors; the others' letters `#` are in the order that they have."""
    return _op("einsum", "#, @" if data[0] else "@, #"), _op("einsum", "@, #")


def _block(data: tuple) -> Patterns:
    part = "v" if data[0].start else "u"
    return rf"\mathrm{{block}}_{part}(@)", rf"\mathrm{{embed}}_{part}(@)"


# How a family acts on @, with its arrays # and %, at the index ?, and how its transpose does; or a function of its data
# that says so.
FAMILIES: dict[str, Patterns | Callable[[Any], Patterns]] = {
    "identity": ("@", "@"),
    "cast": _cast,
    "diagonal": (SCALED, SCALED),
    "mask": (SCALED, SCALED),
    "conjugation": ("@^{*}", "@^{*}"),
    "broadcast": _broadcast,
    "sum": (r"\sum_i @_i", _op("broadcast", "@")),
    "reshape": (_op("reshape", "@"), _op("reshape", "@")),
    "permute": (r"@^{\top}", r"@^{\top}"),
    "slice": ("@[?]", _op("embed", "@, ?")),
    "roll": (_op("roll", "@, k"), _op("roll", "@, -k")),
    "flip": (_op("flip", "@"), _op("flip", "@")),
    "cumulative sum": (_op("cumsum", "@"), _op("flip", _op("cumsum", _op("flip", "@")))),
    "windows": (_op("windows", "@"), _op("overlap", "@")),
    "times": (r"@ \, #", r"@ \, #ᵀ"),
    "premultiplied": (r"# \, @", r"#ᵀ \, @"),
    "between": (r"# \, @ \, %", r"#ᵀ \, @ \, %ᵀ"),
    "contraction": _contraction,
    "solve": (r"#^{-1} \, @", r"#^{-\top} \, @"),
    "transpose": (r"@^{\top}", r"@^{\top}"),
    "adjoint": (rf"@{_H}", rf"@{_H}"),
    "pairing": (r"\langle #, @ \rangle", r"@ \, #"),
    "imaginary part": (rf"i \, {_op('Im', '@')}", rf"i \, {_op('Im', '@')}"),
    "diagonal entries": (_op("diag", "@"), _op("diag", "@")),
    "differences": (r"\Delta(@)", r"\Delta^{\top}(@)"),
    "quotient": (r"\frac{@}{\Delta(#)}", r"\frac{@}{\Delta(#)}"),
    "rotation of eigenvectors": (r"\frac{@}{\Delta(#)}", rf"\frac{{{_op('skew', '@')}}}{{\Delta(#)}}"),
    "skew part": (r"\Omega(@)", r"\Omega^{\top}(@)"),
    "corner": (_op("corner", "@"), r"\mathrm{corner}^{\top}(@)"),
    "block": _block,
    "fft": (_op("fft", "@"), _op("fft", "@")),
    "ifft": (_op("ifft", "@"), _op("ifft", "@")),
}  # fmt: skip

SIGNS: dict[str, str] = {
    r"\dot{x},\ \bar{x}": "tangent and cotangent of $x$",
    "[p]": "1 where $p$ is true, else 0",
    r"a \odot b": "the product entry by entry",
    rf"x^{{\top}},\ x^{{*}},\ x{_H}": "transpose, complex conjugate, both",
    r"\langle a, b \rangle": r"$\sum_{ij} a_{ij} \, b_{ij}$, without conjugation",
    r"\Delta(w)": r"the matrix of the differences $w_j - w_i$; in a quotient, entries without a gap give 0",
    r"\Delta^{\top}(x)": "column sums of $x$ minus its row sums",
    r"\Phi(x)": "the lower triangle of $x$, with half of its diagonal",
    r"\Omega(x),\ \Omega^{\top}(x)": rf"$\Phi(x) - \Phi(x){_H}$; its transpose, $2 \, \Phi(\operatorname{{skew}}(x))$",
    r"\operatorname{skew}(x)": rf"$\frac{{1}}{{2}} (x - x{_H})$",
    r"\operatorname{diag}(x)": "the diagonal of a matrix; the diagonal matrix of a vector",
    r"\operatorname{cof}(a)": r"the matrix of cofactors; $\det(a) \, a^{-\top}$ where $a$ is regular",
    r"\operatorname{corner}(a)": rf"$\begin{{pmatrix}} 0 & a \\ a{_H} & 0 \end{{pmatrix}}$",
    r"\mathrm{corner}^{\top}(x)": "the upper right block of $x$ plus the adjoint of the lower left one",
    r"\mathrm{block}_u(x),\ \mathrm{block}_v(x)": "the upper left block of $x$, the lower left one",
    r"\mathrm{embed}_u(x),\ \mathrm{embed}_v(x)": "zeros around $x$ in the place of that block",
    r"\operatorname{embed}(x, i)": "zeros with $x$ added at index $i$",
    r"\operatorname{broadcast}(x),\ \operatorname{sum}(x)": "entries repeated; what was repeated added up",
    r"\operatorname{windows}(x),\ \operatorname{overlap}(x)": "all windows, as rows; rows added where they overlap",
}
"""What functions and signs in the formulas mean, in words with LaTeX between dollar signs."""


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
    _H: lambda x: np.conj(x).mT,
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
        raise AutodiffValueError(f"the operators {key!r} have no pattern in autodiff.formulas.FAMILIES: add it")
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
