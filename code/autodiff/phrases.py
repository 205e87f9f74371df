"""Phrases: how formulas write the functions that have rules by linear operators, and the families of these operators.

Data alone: `formulas` reads the operators off the rules, and writes them with these words. A function has one `Example`
call, whose arrays tell which letters an operator holds; a family has one pattern for itself and one for its transpose.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .arrays import astype, getitem, reshape
from .rules.indexing import embed
from .rules.linalg import cofactors, length, log_det, lower_factor, pseudoinverse, solve_columns, thin_qr, unit_det
from .rules.products import contract
from .rules.reductions import root, running_sum
from .rules.sequences import bessel_i, overlapped, windows
from .rules.shapes import join, roll_axes
from .rules.special import _logsumexp
from .rules.spectral import eigen, eigen_hermitian, over_gaps, singular_values, singular_vectors

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
ADJOINT = _H = r"^{\mathsf{H}}"
_SHARE = r"\frac{[x_i = y]}{\#\{k : x_k = y\}}"  # of the winners
_SINGULAR = (
    rf"$a = u \, \operatorname{{diag}}(s) \, h$ is a square matrix, $\omega = (s, -s)$ and "
    rf"$W = \frac{{1}}{{\sqrt{{2}}}} \begin{{pmatrix}} u{_H} & h \\ u{_H} & -h \end{{pmatrix}}$"
)

EXAMPLES: dict[Any, Example] = {
    np.conjugate: Example("x^{*}", (_c,), ("x",)),
    np.real: Example(_op("Re", "x"), (_c,), ("x",)),
    np.imag: Example(_op("Im", "x"), (_c,), ("x",), ("-i",)),
    np.sign: Example(r"\frac{x}{\left| x \right|}", (_c,), ("x",), (r"\frac{y^{*}}{\left| x \right|}",)),
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
