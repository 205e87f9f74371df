"""Figures of the chapter on symbolic differentiation: sizes by `autodiff.symbolic`, errors by exact fractions."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import autodiff as ad
from autodiff import symbolic
from autodiff.algebra import ordered
from autodiff.notation import ATOM, WRITTEN, Form
from autodiff.symbolic import Expression
from figures import style
from figures.graphs import Place, edge, node
from figures.style import INK, SERIES


def logistic(x: Any, steps: int) -> Any:
    """The logistic map x ↦ 4x(1 - x), so many times."""
    for _ in range(steps):
        x = 4 * x * (1 - x)
    return x


def sines(x: Any, steps: int) -> Any:
    """The sine of the sine of …"""
    for _ in range(steps):
        x = np.sin(x)
    return x


# --- one expression, as a tree and as a graph ------------------------------------------------------------------

RADIUS = 0.17
INKS = ("ink", "blue", "vermilion")


def _tree(axes: Axes, steps: int, at: Place, spread: float, ink: str) -> None:
    """The logistic map written out, below a place: its two copies of what it is applied to have inks of their own."""
    (x, y), down = at, 0.62
    times, minus = (x - spread, y - down), (x + spread, y - down)
    four, one = (x - 1.5 * spread, y - 2 * down), (x + 0.5 * spread, y - 2 * down)
    inner = (x - 0.5 * spread, y - 2 * down), (x + 1.5 * spread, y - 2 * down)
    for start, end in ((times, at), (minus, at), (four, times), (inner[0], times), (one, minus), (inner[1], minus)):
        edge(axes, start, end, radius=RADIUS, ink=ink)
    for place, name in ((at, r"$\times$"), (times, r"$\times$"), (minus, "$-$"), (four, "4"), (one, "1")):
        node(axes, place, name, ink, RADIUS)
    for place, copy in zip(inner, INKS[1:], strict=True):
        if steps > 1:
            _tree(axes, steps - 1, place, spread / 2.4, copy)
        else:
            node(axes, place, "$x$", ink, RADIUS)


def _shared(axes: Axes, steps: int, at: Place) -> None:
    """The same as a graph: each iterate once."""
    (x, y), down, side = at, 0.62, 0.5
    floor = y - 2 * down * steps
    four, one = (x - 1.25, (y + floor) / 2), (x + 1.25, (y + floor) / 2)
    for step in range(steps):
        ink = INKS[min(step, 1)]
        top = (x, y - 2 * down * step)
        times, minus, below = (x - side, top[1] - down), (x + side, top[1] - down), (x, top[1] - 2 * down)
        for start, end in ((times, top), (minus, top), (below, times), (below, minus), (four, times), (one, minus)):
            edge(axes, start, end, radius=RADIUS, ink=ink)
        for place, name in ((top, r"$\times$"), (times, r"$\times$"), (minus, "$-$")):
            node(axes, place, name, ink, RADIUS)
    for place, name in ((four, "4"), (one, "1"), ((x, floor), "$x$")):
        node(axes, place, name, radius=RADIUS)


@style.figure
def tree_and_graph(steps: int = 2) -> Figure:
    """The logistic map iterated, written out as a tree (left) and with each part once (right)."""
    made = style.blank(3.0)
    left, right = made.subplots(1, 2, width_ratios=(1.9, 1))
    _tree(left, steps, (0, 0), 1.15, INKS[0])
    _shared(right, steps, (0, 0))
    left.set(xlim=(-2.0, 2.7), title="written out: a tree")
    right.set(xlim=(-1.55, 1.55), title="shared: a graph")
    for axes in (left, right):
        axes.set(ylim=(-1.24 * steps - 0.3, 0.3), aspect="equal", anchor="N")
        axes.axis("off")
    return made


# --- a formula with each part once ----------------------------------------------------------------------------

Pieces = list[str | int | list[int]]
"""A formula: text, and the numbers of the lines that are parts of it, as `[number]` where such a part asks for
parentheses once it is written out."""


def _form(x: Expression) -> Form:
    return WRITTEN[x.function][0] if x.function in WRITTEN else Form(f"{x.function.__name__}({{}})", ATOM, (0,))


def _pieces(x: Expression, lines: dict[Expression, int]) -> Pieces:
    """An expression as `notation.text` writes it, but for those of its parts that have lines of their own."""
    if not x.operands:
        return [x.name or repr(x.value)]
    form = _form(x)
    first, *rest = form.pattern.split("{}")
    found: Pieces = [first]
    for operand, place, after in zip(x.operands, form.operands, rest, strict=True):
        inner: Pieces = [lines[operand]] if operand in lines else _pieces(operand, lines)
        if operand.operands and _form(operand).tight < place:
            inner = [[lines[operand]]] if operand in lines else ["(", *inner, ")"]
        found += [*inner, after]
    return _joined(found)


def _joined(pieces: Pieces) -> Pieces:
    """The same with neighbouring texts as one."""
    joined: Pieces = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if isinstance(piece, str) and isinstance(last, str):
            joined[-1] = last + piece
        elif piece != "":
            joined.append(piece)
    return joined


def with_each_part_once(results: Sequence[Expression]) -> dict[str, Any]:
    """Expressions as a program: a line for every part that is used more than once, in an order that can be run.

    `lines` holds for each its `pieces` and how many `copies` of it there are when all is written out, `results` the
    pieces of the results, `characters` the length of these, written out and set apart by a comma and a space.
    """
    parts = ordered(results)
    uses = Counter(operand for x in parts for operand in x.operands) + Counter(results)
    copies = Counter(results)
    for x in reversed(parts):
        for operand in x.operands:
            copies[operand] += copies[x]
    shared = [x for x in parts if x.operands and uses[x] > 1]
    number = {x: k for k, x in enumerate(shared)}
    lines = [_pieces(x, number) for x in shared]
    written: list[Pieces] = [[number[x]] if x in number else _pieces(x, number) for x in results]
    lengths: list[int] = []
    for pieces in lines:
        lengths.append(_length(pieces, lengths))
    return {
        "lines": [{"pieces": pieces, "copies": copies[x]} for pieces, x in zip(lines, shared, strict=True)],
        "results": written,
        "characters": sum(_length(pieces, lengths) for pieces in written) + 2 * (len(written) - 1),
    }


def _length(pieces: Pieces, lengths: Sequence[int]) -> int:
    """The characters of a formula, when those of the lines in it are known."""
    total = 0
    for piece in pieces:
        match piece:
            case str():
                total += len(piece)
            case int():
                total += lengths[piece]
            case [line]:
                total += lengths[line] + len("()")
    return total


# --- how sizes grow ---------------------------------------------------------------------------------------------

Differentiated = tuple[Expression, list[Expression]]


def iterated(f: Callable[[Any, int], Any], steps: int) -> Differentiated:
    """A function of one variable applied so many times, and its derivative."""
    x = symbolic.symbol("x")
    y = f(x, steps)
    return y, [symbolic.differentiate(y, x)]


def product(count: int) -> Differentiated:
    """The product of so many variables, and its gradient."""
    x = [symbolic.symbol(f"x{j}") for j in range(1, count + 1)]
    y = math.prod(x)
    return y, symbolic.gradient(y, x)


PROGRAMS: dict[str, Callable[[int], Differentiated]] = {
    "sine of sine of …": lambda k: iterated(sines, k),
    "logistic map": lambda k: iterated(logistic, k),
    "product": product,
}
PAGE = 3000
"""Characters on a page of this book, more or less."""


def sizes_of(programs: Sequence[Differentiated]) -> dict[str, list[int]]:
    """Nodes of programs and of their derivatives, written out as trees and shared as graphs."""
    return {
        f"{name}, {how}": [size(pair[k]) for pair in programs]
        for how, size in (("written out", symbolic.tree_size), ("shared", symbolic.graph_size))
        for k, name in enumerate(("program", "derivative"))
    }


def counter_data(counts: Sequence[int] = (*range(2, 11), 12, 16, 24, 32)) -> list[dict[str, Any]]:
    """For each program, the sizes of what it computes and of its derivative, for several lengths, and the derivatives
    themselves, as `with_each_part_once` has them, with the `pages` that they would fill."""
    data = []
    for name, program in PROGRAMS.items():
        made = [program(k) for k in counts]
        derivatives = [with_each_part_once(derivative) for _, derivative in made]
        for derivative in derivatives:
            derivative["pages"] = derivative["characters"] / PAGE
        data.append({"program": name, "length": list(counts), "sizes": sizes_of(made), "derivatives": derivatives})
    return data


_COUNTED = {
    "program, written out": ("green", "-.", 1.7),
    "derivative, written out": ("vermilion", "--", 1.7),
    "derivative, shared": ("blue", "-", 1.7),
}


@style.figure
def counter(data: list[dict[str, Any]] | None = None, ceiling: float = 1e7) -> Figure:
    """Sizes against the length of the program, both logarithmic, for three programs."""
    data = data or counter_data()
    made, panels = style.canvas(3.0, 1, len(data), sharey=True)
    for axes, program in zip(panels, data, strict=True):
        for name, (ink, line, width) in _COUNTED.items():
            sizes = program["sizes"][name]
            axes.loglog(program["length"], sizes, color=INK[ink], linestyle=line, linewidth=width, label=name)
        ends = program["length"][0], program["length"][-1]
        axes.set(title=program["program"], xlabel="length $k$", xlim=ends, ylim=(2, ceiling))
        axes.set_xticks(ticks := [2, 4, 8, 16, 32], [str(tick) for tick in ticks])
        axes.minorticks_off()
    panels[0].set_ylabel("nodes")
    made.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return made


def swell_data(steps: int = 12, sympy_steps: int = 8) -> dict[str, Any]:
    """Sizes of the iterated logistic map and its derivative, by the module and (for fewer steps) by SymPy."""
    import sympy

    x = sympy.Symbol("x")
    by_sympy = [sympy.diff(logistic(x, k), x) for k in range(1, sympy_steps + 1)]
    return {
        "steps": list(range(1, steps + 1)),
        "sizes": sizes_of([iterated(logistic, k) for k in range(1, steps + 1)]),
        "sympy": [sum(1 for _ in sympy.preorder_traversal(d)) for d in by_sympy],
    }


@style.figure
def swell(data: dict[str, Any] | None = None) -> Figure:
    """Sizes of the logistic map's iterates and their derivatives against the number of iterations."""
    data = data or swell_data()
    made, axes = style.canvas(3.2)
    steps, sizes = data["steps"], data["sizes"]
    for name, (ink, line, width) in _COUNTED.items():
        axes.semilogy(steps, sizes[name], color=INK[ink], linestyle=line, linewidth=width)
    axes.semilogy(steps, sizes["program, shared"], color=INK["purple"], linestyle=":")
    axes.semilogy(steps[: len(data["sympy"])], data["sympy"], "o", color=INK["ink"], markersize=4)
    middle, last = len(steps) // 2, len(steps) - 1
    style.note(axes, "SymPy's derivative", (steps[4] - 0.15, data["sympy"][4] * 1.5), ha="right")
    written = sizes["derivative, written out"], sizes["program, written out"]
    style.note(axes, "derivative, written out", (steps[-2] - 0.1, written[0][-2] * 1.5), "vermilion", ha="right")
    style.note(
        axes, "program, written out", (steps[middle + 2] + 0.25, written[1][middle + 2] * 0.75), "green", va="top"
    )
    style.note(axes, "derivative, shared", (steps[last], sizes["derivative, shared"][last] * 1.35), "blue", ha="right")
    style.note(axes, "program, shared", (steps[last], sizes["program, shared"][last] * 0.4), "purple", ha="right")
    axes.set(xlabel="iterations", ylabel="nodes", xlim=(steps[0], steps[-1]), ylim=(3, None))
    return made


# --- exact formulas in doubles --------------------------------------------------------------------------------------


def expanded(steps: int) -> list[int]:
    """The iterated logistic map as a polynomial: its coefficients, exact, the constant one first."""
    y = [0, 1]
    for _ in range(steps):
        square = [0] * (2 * len(y) - 1)
        for i, a in enumerate(y):
            for j, b in enumerate(y):
                square[i + j] += a * b
        y = [4 * ((y[i] if i < len(y) else 0) - c) for i, c in enumerate(square)]
    return y


def exact_slope(x: float, steps: int) -> Fraction:
    """The derivative of the iterated logistic map at a double, without any rounding: forward mode on fractions."""
    value, tangent = Fraction(x), Fraction(1)
    for _ in range(steps):
        value, tangent = 4 * value * (1 - value), 4 * tangent * (1 - 2 * value)
    return tangent


def expanded_data(steps: Sequence[int] = (3, 4, 5), count: int = 161) -> dict[str, Any]:
    """Errors of the derivative of the iterated map, relative to its largest value: expanded (Horner), and nested."""
    x = np.linspace(0, 1, count)[1:-1]
    rows = []
    for k in steps:
        truth = [exact_slope(float(t), k) for t in x]
        coefficients = [float(i * c) for i, c in enumerate(expanded(k))][1:]
        slopes = {
            "expanded": np.polynomial.polynomial.polyval(x, coefficients),
            "nested": ad.jvp(lambda t, k=k: logistic(t, k), (x,), (np.ones_like(x),))[1],
        }
        errors = {
            name: [
                float(abs(Fraction(float(found)) - true) / 4**k) for found, true in zip(found_all, truth, strict=True)
            ]
            for name, found_all in slopes.items()
        }
        rows.append({"steps": k, "largest coefficient": max(map(abs, coefficients)), **errors})
    return {"x": x.tolist(), "rows": rows}


@style.figure
def expanded_errors(data: dict[str, Any] | None = None) -> Figure:
    """Errors of the expanded derivative along the interval, and of the nested one with the most iterations."""
    data = data or expanded_data()
    made = style.blank(3.0, rect=(0, 0, 0.88, 1))  # the labels stand to the right
    axes = made.subplots()
    seen = lambda values: np.where(np.array(values) > 0, values, np.nan)
    for row, (ink, line) in zip(data["rows"], SERIES, strict=False):
        axes.semilogy(data["x"], seen(row["expanded"]), color=INK[ink], linestyle=line, linewidth=1.2)
        style.note(axes, f"{row['steps']} iterations", (1.01, row["expanded"][-1]), ink, va="center")
    last = data["rows"][-1]
    axes.semilogy(data["x"], seen(last["nested"]), ".", color=INK["ink"], markersize=3)
    style.note(axes, f"nested, {last['steps']} iterations", (0.03, 1.5e-20), ha="left")
    axes.set(xlabel="$x$", ylabel="error, relative to the largest slope", xlim=(0, 1), ylim=(3e-21, None))
    return made


def bend(x: Any) -> Any:
    """(1 - cos x)/x²."""
    return (1 - np.cos(x)) / x**2


def half_angle(x: Any) -> Any:
    """The same function, without the difference: 2 (sin(x/2)/x)²."""
    return 2 * (np.sin(x / 2) / x) ** 2


def bend_slope(x: Any, terms: int = 8) -> Any:
    """Its derivative by the series -x/12 + x³/180 - …, for |x| up to 1."""
    k = np.arange(2, 2 + terms)
    signs = (-1.0) ** (k + 1) * (2 * k - 2) / np.array([math.factorial(2 * i) for i in k], float)
    return np.sum(signs * np.power.outer(x, 2 * k - 3), axis=-1)


def cancellation_data(formula: Callable[[Any], Any], count: int = 121) -> dict[str, Any]:
    """Relative errors of the slope of `bend`: by a formula, and by `ad.grad` of either way to write the function."""
    x = np.logspace(-7, 0, count)
    slope = lambda f: ad.jvp(f, (x,), (np.ones_like(x),))[1]
    truth = bend_slope(x)
    found = {"formula": formula(x), "(1 - cos x)/x²": slope(bend), "half angle": slope(half_angle)}
    return {"x": x.tolist(), **{name: np.abs(y / truth - 1).tolist() for name, y in found.items()}}


@style.figure
def cancellation(data: dict[str, Any]) -> Figure:
    """Relative errors of the derivative of (1 - cos x)/x² near zero."""
    made, axes = style.canvas(3.0)
    x = np.array(data["x"])
    seen = lambda name: np.where(np.array(data[name]) > 0, data[name], np.nan)
    axes.loglog(x, seen("formula"), color=INK["vermilion"], linestyle="-", linewidth=1.3)
    axes.loglog(x[::4], seen("(1 - cos x)/x²")[::4], "o", color=INK["blue"], markersize=3.5, markerfacecolor="none")
    axes.loglog(x, seen("half angle"), color=INK["green"], linestyle="-.", linewidth=1.3)
    axes.axhline(1, color=INK["muted"], linewidth=0.8, linestyle=":")
    style.note(axes, "symbolic, as written", (3e-5, 1e7), "vermilion", ha="left")
    style.note(axes, "circles: grad of the program", (3e-5, 4e4), "blue", ha="left")
    style.note(axes, "after the half-angle formula", (2e-7, 1e-7), "green", ha="left")
    style.note(axes, "no digit right", (1, 2.5), "muted", ha="right", va="bottom")
    axes.set(xlabel="$x$", ylabel="relative error of the slope", xlim=(1e-7, 1), ylim=(1e-17, 1e14))
    return made
