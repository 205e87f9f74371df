"""Figures of the chapter on the order of accumulation; every cost in them comes from `autodiff.accumulation` or
`autodiff.elimination`, every time from the recorded measurements.

Functions that end in `_data` return plain lists and numbers, so that something other than Matplotlib can draw them.
"""

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Polygon, Rectangle

from autodiff.accumulation import SHAPES, Bracketing, Shape, bracketings, forward, optimal, reverse, spell, step, work
from autodiff.elimination import LinearGraph, accumulate, elimination_order
from figures import measurements, style
from figures.style import INK, SERIES

VALUES = "xabcy"
"""The values between the stages of a chain of four."""

SIZES = ("n", "|a|", "|b|", "|c|", "m")
"""How many numbers each of them holds."""


# --- chains: what is multiplied, and when --------------------------------------------------------------------


def multiplications(bracketing: Bracketing, shapes: Sequence[Shape]) -> list[dict[str, Any]]:
    """The multiplications of a bracketing, in an order in which they can be done, as plain lists.

    `corners` = [i, k, j] says that ∂v_j/∂v_k and ∂v_k/∂v_i are multiplied, with v_0 the input and v_1, v_2, … the
    results of the stages.

    >>> multiplications((1, 0), [(4, 5), (3, 4)])
    [{'corners': [0, 1, 2], 'left': [3, 4], 'right': [4, 5], 'result': [3, 5], 'multiply_adds': 60}]
    """
    done: list[dict[str, Any]] = []

    def visit(tree: Bracketing) -> tuple[int, int, Shape]:
        if isinstance(tree, int):
            return tree, tree + 1, shapes[tree]
        (k, j, left), (i, _, right) = map(visit, tree)
        result = SHAPES.product(left, right)
        taken = {"left": list(left), "right": list(right), "result": list(result)}
        done.append({"corners": [i, k, j], **taken, "multiply_adds": step(left, right, False).multiply_adds})
        return i, j, result

    visit(bracketing)
    return done


def bracketing_data(shapes: Sequence[Shape]) -> dict[str, Any]:
    """Every bracketing of a chain: how it is written, its multiplications, its costs; and which ones have a name."""
    named = {"forward": forward(len(shapes)), "reverse": reverse(len(shapes)), "best": optimal(shapes)}
    rows = []
    for bracketing in bracketings(len(shapes)):
        taken = work(bracketing, shapes)
        names = [name for name, other in named.items() if other == bracketing]
        costs = {"multiply_adds": taken.multiply_adds, "largest": taken.largest}
        rows.append(
            {"written": spell(bracketing), "names": names, "steps": multiplications(bracketing, shapes), **costs}
        )
    return {"shapes": [list(shape) for shape in shapes], "bracketings": rows}


CHAINS = {
    "the bottleneck above": (40, 20, 2, 20, 40),
    "one output": (40, 30, 20, 10, 1),
    "one input": (1, 10, 20, 30, 40),
    "two bottlenecks": (40, 3, 30, 40, 2, 20),
}
"""The chains that a reader can bracket by hand, of full matrices: how many numbers each value holds, input first."""


def chain_data(chains: Mapping[str, Sequence[int]] = CHAINS) -> list[dict[str, Any]]:
    """For each chain its name and every bracketing, as `bracketing_data` gives them."""
    return [
        {"name": name, **bracketing_data(list(zip(sizes[1:], sizes, strict=False)))} for name, sizes in chains.items()
    ]


# --- both orders, drawn to scale -----------------------------------------------------------------------------


@style.figure
def orders(shapes: Sequence[Shape]) -> Figure:
    """Forward and reverse accumulation of a chain of four stages, from the factors to the product, to scale."""
    made, grid = style.canvas(4.7, 1, 2)
    for axes, (name, bracketing) in zip(grid, _modes(shapes).items(), strict=True):
        taken = work(bracketing, shapes)
        axes.set_title(f"{name}:  {spell(bracketing)}", loc="center")
        _sweep(axes, shapes, multiplications(bracketing, shapes))
        axes.set_xlabel(f"{taken.multiply_adds} multiply-adds; largest partial product {taken.largest}")
    return made


def _modes(shapes: Sequence[Shape]) -> dict[str, Bracketing]:
    return {"forward": forward(len(shapes)), "reverse": reverse(len(shapes))}


def _sweep(axes: Axes, shapes: Sequence[Shape], steps: Sequence[dict[str, Any]]) -> None:
    """One row for each state of the chain: the factors that are left, and which two are multiplied next."""
    state = [(i, i + 1, shape) for i, shape in reversed(list(enumerate(shapes)))]  # as written: the last stage first
    tall = max(shape[0] for shape in shapes)
    wide = sum(shape[-1] for shape in shapes) + 1.6 * len(shapes)
    y = 0.0
    for taken in [*steps, None]:
        x = 0.5 * (wide - sum(shape[-1] + 1.6 for *_, shape in state)) + 0.8
        ends = {}
        for i, j, shape in state:
            _matrix(axes, x, y, shape, "blue" if j - i == 1 else "vermilion")
            label = rf"$\partial {VALUES[j]}/\partial {VALUES[i]}$"
            axes.text(x + shape[-1] / 2, y + shape[0] / 2 + 0.45, label, ha="center", va="bottom", fontsize=11)
            size = f"{shape[0]} × {shape[-1]}"
            axes.text(x + shape[-1] / 2, y - shape[0] / 2 - 0.4, size, ha="center", va="top", fontsize=10)
            ends[i, j] = x, x + shape[-1]
            x += shape[-1] + 1.6
        if taken:
            i, k, j = taken["corners"]
            left, right, below = ends[k, j][0], ends[i, k][1], y - tall / 2 - 2
            bracket = [left, left, right, right], [below + 0.4, below, below, below + 0.4]
            axes.plot(*bracket, color=INK["ink"], linestyle="-", linewidth=0.8)
            cost = f"{taken['multiply_adds']} multiply-adds"
            axes.text((left + right) / 2, below - 0.3, cost, ha="center", va="top", fontsize=10)
            at = next(at for at, (_, end, _) in enumerate(state) if end == j)
            state[at : at + 2] = [(i, j, tuple(taken["result"]))]
        y -= tall + 5.2
    low = y + tall + 5.2 - steps[-1]["result"][0] / 2 - 2
    axes.set(xlim=(-0.6, wide + 0.6), ylim=(low, tall / 2 + 1.6), aspect="equal")
    _bare(axes)


def _matrix(axes: Axes, x: float, y: float, shape: Sequence[int], ink: str) -> None:
    """A matrix, or a diagonal, as a grid of cells; x is its left edge, y its middle."""
    rows, columns = shape[0], shape[-1]
    top = y + rows / 2
    filled: dict[str, Any] = {"facecolor": INK[ink], "edgecolor": "none", "alpha": 0.4}
    if len(shape) == 1:
        for i in range(rows):
            axes.add_patch(Rectangle((x + i, top - i - 1), 1, 1, **filled))
    else:
        axes.add_patch(Rectangle((x, top - rows), columns, rows, **filled))
    lines: dict[str, Any] = {"color": INK[ink], "linestyle": "-", "linewidth": 0.5}
    axes.vlines(x + np.arange(1, columns), top - rows, top, **lines)
    axes.hlines(top - np.arange(1, rows), x, x + columns, **lines)
    axes.add_patch(Rectangle((x, top - rows), columns, rows, fill=False, edgecolor=INK[ink], linewidth=1.2))


def _write(axes: Axes, at: Any, text: str, **options: Any) -> None:
    """A text around a point (x, y)."""
    axes.text(at[0], at[1], text, **{"ha": "center", "va": "center", **options})


def _bare(axes: Axes) -> None:
    """Nothing but what was drawn."""
    axes.set(xticks=(), yticks=())
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)


# --- all bracketings -----------------------------------------------------------------------------------------


@style.figure
def triangulations(data: dict[str, Any]) -> Figure:
    """Every bracketing of four full matrices as a pentagon cut into triangles; the first pentagon is the key."""
    sizes = [data["shapes"][0][-1], *(shape[0] for shape in data["shapes"])]
    corners = _corners(len(sizes))
    dearest = max(taken["multiply_adds"] for row in data["bracketings"] for taken in row["steps"])
    made, grid = style.canvas(5.0, 2, 3)
    panels = iter(grid.flat)
    _key(next(panels), corners)
    for axes, row in zip(panels, data["bracketings"], strict=True):
        for taken in row["steps"]:
            cost = taken["multiply_adds"]
            shade = {"facecolor": INK["vermilion"], "alpha": 0.08 + 0.5 * cost / dearest, "edgecolor": "none"}
            triangle = corners[taken["corners"]]
            axes.add_patch(Polygon(triangle, **shade))
            axes.add_patch(Polygon(triangle, fill=False, edgecolor=INK["ink"], linewidth=0.9))
            _write(axes, _inside(triangle), f"{cost:,}", fontsize=9)
        for corner, size in zip(corners, sizes, strict=True):
            _write(axes, 1.17 * corner, str(size), fontsize=10.5)
        title = ", ".join([row["written"], *row["names"]])
        _frame_polygon(axes, title, f"{row['multiply_adds']:,} multiply-adds")
    return made


def _corners(count: int) -> np.ndarray:
    """Corners of a regular polygon, (count, 2): the input bottom right, the output bottom left, so that the sides
    are met in the order in which the product is written."""
    angles = -math.pi / 2 + math.pi / count + 2 * math.pi / count * np.arange(count)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _inside(triangle: np.ndarray) -> np.ndarray:
    """The centre of the inscribed circle: where a number has most room."""
    sides = np.linalg.norm(np.roll(triangle, -1, axis=0) - np.roll(triangle, 1, axis=0), axis=1)
    return sides @ triangle / sides.sum()


def _key(axes: Axes, corners: np.ndarray) -> None:
    """What corners, sides, a diagonal and a triangle stand for."""
    axes.add_patch(Polygon(corners[1:4], facecolor=INK["blue"], alpha=0.25, edgecolor="none"))
    axes.add_patch(Polygon(corners, fill=False, edgecolor=INK["ink"], linewidth=0.9))
    axes.plot(*corners[[1, 3]].T, color=INK["ink"], linestyle="-", linewidth=0.9)
    for corner, size in zip(corners, SIZES, strict=True):
        _write(axes, 1.2 * corner, f"${size}$", fontsize=10.5)
    for i, stage in enumerate("ABCD"):
        middle = (corners[i] + corners[i + 1]) / 2
        _write(axes, 1.13 * middle, f"${stage}$", color=INK["blue"])
    _write(axes, (0, 1.1 * corners[0, 1]), "$DCBA$", color=INK["blue"], va="top")
    _write(axes, (0, corners[1, 1] - 0.05), "$CB$", color=INK["blue"], va="top")
    _write(axes, _inside(corners[1:4]), "cost", fontsize=9)
    _frame_polygon(axes, "key", "cost = product of three corners")


def _frame_polygon(axes: Axes, title: str, below: str) -> None:
    axes.set_title(title, loc="center", fontsize=10.5)
    axes.set_xlabel(below, fontsize=9.5)
    axes.set(xlim=(-1.3, 1.3), ylim=(-1.05, 1.28), aspect="equal")
    _bare(axes)


MARKS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "forward": ("blue", "s", {"markersize": 5.5}),
    "reverse": ("vermilion", "^", {"markersize": 6}),
    "best": ("green", "o", {"markersize": 11, "fillstyle": "none", "markeredgewidth": 1.6}),
}
"""Ink, mark and look of the bracketings that have a name; the best is a ring, since it may be one of the others."""


@style.figure
def clouds(chains: Mapping[str, Sequence[Shape]]) -> Figure:
    """Every bracketing of some chains as a dot: its multiply-adds, its largest partial product."""
    made, grid = style.canvas(3.1, 1, len(chains), sharex=True, sharey=True)
    for axes, (title, shapes) in zip(grid, chains.items(), strict=True):
        rows = bracketing_data(shapes)["bracketings"]
        axes.plot(*_costs(rows), linestyle="none", marker=".", markersize=3, color=INK["muted"], alpha=0.5)
        for name, (ink, mark, look) in MARKS.items():
            at = _costs([row for row in rows if name in row["names"]])
            axes.plot(*at, linestyle="none", marker=mark, color=INK[ink], label=name, **look)
        axes.set(xscale="log", yscale="log", xlabel="multiply-adds", title=title)
        axes.margins(0.12)
    grid[0].set_ylabel("largest partial product")
    handles, labels = grid[0].get_legend_handles_labels()
    made.legend(handles, labels, loc="outside upper center", ncols=len(MARKS))
    return made


def _costs(rows: Sequence[dict[str, Any]]) -> tuple[list[int], list[int]]:
    return [row["multiply_adds"] for row in rows], [row["largest"] for row in rows]


# --- measured ------------------------------------------------------------------------------------------------


def sweep_data() -> dict[str, Any]:
    """The recorded sweep over shapes: m/n, the times of both modes in multiples of the shortest, where they cross; and
    the multiply-adds that are counted for the same shapes, seeds included, in the same multiples."""
    recorded = measurements.load("jacobian_time_by_shape")
    shapes, width = recorded.sizes["shapes"], recorded.sizes["width"]
    ratio = [m / n for m, n in shapes]
    fastest = min(itertools.chain(*recorded.value.values()))
    times = {mode: [seconds / fastest for seconds in row] for mode, row in recorded.value.items()}
    counts: dict[str, list[int]] = {mode: [] for mode in times}
    for m, n in shapes:
        stages: list[Shape] = [(width, n), (width,), (m, width), (m,)]
        counts["forward"].append(work(forward(5), [(n, n), *stages]).multiply_adds)
        counts["reverse"].append(work(reverse(5), [*stages, (m, m)]).multiply_adds)
    scale = times["forward"][0] / counts["forward"][0]
    return {
        "ratio": ratio,
        "width": width,
        "times": times,
        "counted": {mode: [scale * count for count in row] for mode, row in counts.items()},
        "crossover": _crossing(ratio, times["forward"], times["reverse"]),
        "source": recorded.source,
    }


def _crossing(x: Sequence[float], falling: Sequence[float], rising: Sequence[float]) -> float:
    """Where two lines meet, between the points straight on logarithmic axes."""
    gap = np.log(rising) - np.log(falling)
    return float(np.exp(np.interp(0, gap, np.log(x))))


@style.figure
def measured_sweep(data: dict[str, Any] | None = None) -> Figure:
    """Measured time of a Jacobian in both modes against m/n, with the count that predicts it and the crossover."""
    data = data or sweep_data()
    ratio = data["ratio"]
    made, axes = style.canvas(3.3)
    for (mode, times), (ink, line), (end, side) in zip(
        data["times"].items(), SERIES, ((0, "left"), (-1, "right")), strict=False
    ):
        axes.plot(ratio, data["counted"][mode], color=INK["muted"], linestyle=":", linewidth=1.1)
        axes.plot(ratio, times, color=INK[ink], linestyle=line, marker="o", markersize=3.5)
        style.note(axes, mode, (ratio[end], 1.4 * times[end]), ink, ha=side, va="bottom")
    axes.axvline(data["crossover"], color=INK["muted"], linestyle="-", linewidth=0.8)
    at = 1.12 * data["crossover"], 0.9 * max(data["times"]["forward"])
    style.note(axes, f"crossover at $m/n={data['crossover']:.2g}$", at, "muted")
    axes.set(xscale="log", yscale="log", xlabel="$m/n$: outputs over inputs, with $m\\,n$ fixed")
    axes.set_ylabel("time, in multiples of the shortest")
    axes.set_ylim(top=2.2 * max(data["times"]["forward"]))
    return made


# --- graphs: elimination -------------------------------------------------------------------------------------

PLACES = {"x": (0, 1), "y": (0, -1), "a": (1, 0), "b": (2, 1), "c": (3, 0), "d": (4, -1)} | {
    "u": (5.5, 1.1),
    "w": (5.5, 0),
    "z": (5.5, -1.1),
}
"""Where each value of the chapter's program stands, in the order of the graph's vertices."""

SPELLED = {"markowitz": "Markowitz"}


def elimination_data(graph: LinearGraph, rules: Sequence[str]) -> dict[str, Any]:
    """For each rule the graph before every elimination, as plain lists; vertices hold one number each."""
    runs = {}
    for rule in rules:
        edges, states = sorted(graph.blocks), []
        for v in elimination_order(graph, rule):
            operands, users = _neighbours(edges, v)
            cost = len(operands) * len(users)
            states.append({"edges": [list(edge) for edge in edges], "eliminated": v, "multiply_adds": cost})
            edges = sorted({edge for edge in edges if v not in edge} | set(itertools.product(operands, users)))
        runs[rule] = states
    return {"vertices": list(graph.sizes), "runs": runs}


def _neighbours(edges: Sequence[tuple[int, int]], v: int) -> tuple[list[int], list[int]]:
    return [i for i, k in edges if k == v], [k for i, k in edges if i == v]


@style.figure
def eliminations(data: dict[str, Any]) -> Figure:
    """A program's graph, vertex by vertex eliminated in several orders; what comes next is marked, with its cost."""
    runs = data["runs"]
    places = dict(zip(data["vertices"], PLACES.values(), strict=True))
    names = dict(zip(data["vertices"], PLACES, strict=True))
    made, grid = style.canvas(1.9 * len(runs), len(runs), max(map(len, runs.values())))
    for row, (rule, states) in zip(grid, runs.items(), strict=True):
        for axes, state in zip(row, states, strict=True):
            _graph(axes, state, places, names)
        total = sum(state["multiply_adds"] for state in states)
        row[0].set_title(f"{SPELLED.get(rule, rule)}, {total} multiplications")
    return made


def _graph(axes: Axes, state: dict[str, Any], places: Mapping[int, Any], names: Mapping[int, str]) -> None:
    chosen = state["eliminated"]
    alive = {v for edge in state["edges"] for v in edge}
    for i, k in state["edges"]:
        touched = chosen in (i, k)
        bend = 0.0 if abs(places[k][0] - places[i][0]) < 1.5 else 0.18
        arrow = FancyArrowPatch(
            places[i],
            places[k],
            connectionstyle=f"arc3,rad={bend}",
            arrowstyle="-|>,head_length=2.6,head_width=1.4",
            shrinkA=6,
            shrinkB=6,
            linewidth=1.2 if touched else 0.7,
            color=INK["vermilion" if touched else "muted"],
        )
        axes.add_patch(arrow)
    for v in sorted(alive):
        face = "vermilion" if v == chosen else "paper"
        axes.plot(*places[v], "o", markersize=12, color=INK[face], markeredgecolor=INK["ink"], markeredgewidth=0.6)
        ink = "paper" if v == chosen else "ink"
        _write(axes, places[v], f"${names[v]}$", fontsize=10.5, color=INK[ink], va="center_baseline")
    axes.set_xlabel(f"${names[chosen]}$: {state['multiply_adds']}")
    axes.set(xlim=(-0.5, 6), ylim=(-1.9, 1.9))
    _bare(axes)


def order_costs(graph: LinearGraph) -> list[int]:
    """The multiply-adds of every order of elimination, sorted."""
    return sorted(accumulate(graph, order)[1].multiply_adds for order in itertools.permutations(graph.intermediate))


@style.figure
def elimination_costs(graph: LinearGraph, rules: Sequence[str]) -> Figure:
    """Every order of elimination as a dot over its cost; those that a rule gives are named."""
    counts = Counter(order_costs(graph))
    made, axes = style.canvas(2.3)
    for cost, count in sorted(counts.items()):
        heights = range(1, count + 1)
        axes.plot([cost] * count, heights, linestyle="none", marker="o", markersize=7, color=INK["muted"], alpha=0.55)
    for rule, (ink, _) in zip(rules, SERIES, strict=False):
        cost = accumulate(graph, rule)[1].multiply_adds
        axes.plot(cost, 1, "o", markersize=8.5, color=INK[ink])
        style.note(axes, f"{SPELLED.get(rule, rule)}, {cost}", (cost, counts[cost] + 0.55), ink, ha="center")
    axes.set(xlabel="multiply-adds", ylim=(0.4, max(counts.values()) + 1.4), yticks=())
    axes.grid(False)
    axes.spines["left"].set_visible(False)
    return made
