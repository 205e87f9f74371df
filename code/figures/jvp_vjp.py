"""Figures of the chapter on JVPs and VJPs; every tangent and cotangent in them comes from `autodiff`.

Functions that end in `_data` return plain lists and numbers, so that something other than Matplotlib can draw them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import autodiff as ad
from autodiff.accumulation import Shape, forward, reverse, work
from figures import measurements, style
from figures.running_example import STAGES, A, B, C, F, x0
from figures.style import INK, SERIES

VALUES = "xabcy"
"""The values that the running example passes through."""


# --- smoke: one column, one row ------------------------------------------------------------------------------


@style.figure
def smoke(column: np.ndarray, row: np.ndarray, chimney: int, monitor: int, shown: int = 165) -> Figure:
    """A column and a row of one Jacobian over the places that they belong to, and the entry that they share.

    column, row : (n), of which the first `shown` entries are drawn; chimney, monitor : their places.
    """
    made, axes = style.canvas(2.9)
    shared = column[monitor]
    top = max(column.max(), row.max())
    for place, name, ink in [(chimney, "chimney", "blue"), (monitor, "monitor", "vermilion")]:
        axes.plot([place, place], [0, 1.28 * top], color=INK[ink], linestyle=":", linewidth=1)
        style.note(axes, name, (place, 1.31 * top), ink, ha="center")
    axes.plot(column[:shown])
    axes.plot(row[:shown])
    for place, ink in [(monitor, "blue"), (chimney, "vermilion")]:
        axes.plot(place, shared, color=INK[ink], marker="o", linestyle="none")
    came, goes = "where the monitor's\nsmoke came from", "where the chimney's\nsmoke goes"
    left, right, height = float(row.argmax()) - 15, float(column.argmax()) + 15, 0.98 * top
    style.note(axes, f"row, by one VJP:\n{came}", (left, height), "vermilion", ha="right", va="top")
    style.note(axes, f"column, by one JVP:\n{goes}", (right, height), "blue", va="top")
    axes.set(xlabel="box along the valley (the wind blows to the right)", ylabel="entry of the Jacobian")
    axes.set(ylim=(0, 1.45 * top), xlim=(0, shown - 1))
    return made


# --- tangents are velocities ---------------------------------------------------------------------------------


def walk_data(direction: np.ndarray, x: np.ndarray = x0, reach: float = 1.0, count: int = 61) -> list[dict[str, Any]]:
    """For each value of the running example: where its entries are while the input moves along a straight line, and
    their tangents at t = 0."""
    t = np.linspace(-reach, reach, count)
    path = [x + s * direction for s in t]
    value, tangent = x, direction
    found = []
    for name, stage in zip(VALUES, [*STAGES, None], strict=True):
        entries = np.array([np.atleast_1d(v) for v in path])
        here = {"value": np.atleast_1d(value).tolist(), "tangent": np.atleast_1d(tangent).tolist()}
        found.append({"name": name, "t": t.tolist(), "entries": entries.T.tolist(), **here})
        if stage is not None:
            path = [stage(v) for v in path]
            value, tangent = ad.jvp(stage, (value,), (tangent,))
    return found


@style.figure
def walk(data: Sequence[dict[str, Any]]) -> Figure:
    """The values of the running example along a line through x0, and the tangents that forward mode gives."""
    made, panels = style.canvas(2.7, 1, len(data), sharex=True)
    for axes, state in zip(panels, data, strict=True):
        t = np.array(state["t"])
        low, high = np.min(state["entries"]), np.max(state["entries"])
        for entries, value, tangent in zip(state["entries"], state["value"], state["tangent"], strict=True):
            axes.plot(t, entries, color=INK["blue"], linestyle="-", linewidth=1.2)
            axes.plot(t, value + t * tangent, color=INK["vermilion"], linestyle="--", linewidth=1.2)
            axes.plot(0, value, color=INK["ink"], marker="o", markersize=3)
        margin = 0.12 * (high - low)
        axes.set(ylim=(low - margin, high + margin), xlabel="$t$")
        axes.set_title(f"${state['name']}$", loc="center")
    return made


# --- filling a Jacobian --------------------------------------------------------------------------------------


def up_to_c(x: np.ndarray) -> np.ndarray:
    """The running example without its last stage: (n) → (|c|)."""
    return C(B(A(x)))


PROGRAMS: dict[str, Callable[[np.ndarray], Any]] = {
    "up to *c*, three outputs": up_to_c,
    "the whole of *F*, one output": F,
}
"""The programs whose Jacobians a reader can fill."""


def fill_data(x: np.ndarray = x0, program: Callable[[np.ndarray], Any] = up_to_c) -> dict[str, Any]:
    """A Jacobian, as the columns that JVPs with unit vectors give, and as the rows that VJPs give."""
    y, J = ad.linearize(program, x)
    m, n = J.shape
    columns = [np.ravel(J(e)).tolist() for e in np.eye(n)]
    rows = [J.T(e.reshape(np.shape(y)))[0].tolist() for e in np.eye(m)]
    return {"shape": [m, n], "columns": columns, "rows": rows}


def programs_data() -> list[dict[str, Any]]:
    """For each program its name and its Jacobian, as `fill_data` gives it."""
    return [{"name": name, **fill_data(program=program)} for name, program in PROGRAMS.items()]


@style.figure
def filling(data: dict[str, Any]) -> Figure:
    """States of a Jacobian as it is filled: by columns above, by rows below."""
    m, n = data["shape"]
    by_columns, by_rows = np.array(data["columns"]).T, np.array(data["rows"])
    limit = np.abs(by_rows).max()
    made, grid = style.canvas(3.0, 2, 4)
    for axes, done in zip(grid[0], [0, 1, n // 2, n], strict=True):
        _cells(axes, by_columns, limit, known=(m, done), newest=(slice(None), done - 1) if done else None)
        axes.set_title(_count(done, "JVP"), loc="center", fontsize=10.5)
    for axes, done in zip(grid[1], [0, 1, m - 1, m], strict=True):
        _cells(axes, by_rows, limit, known=(done, n), newest=(done - 1, slice(None)) if done else None)
        axes.set_title(_count(done, "VJP"), loc="center", fontsize=10.5)
    return made


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _cells(axes: Axes, matrix: np.ndarray, limit: float, known: tuple[int, int], newest: Any) -> None:
    """The known upper left part of a matrix: squares as large as the entries' roots, hatched where negative."""
    rows, columns = matrix.shape
    new = np.zeros(matrix.shape, bool)
    if newest is not None:
        new[newest] = True
    for i, j in np.ndindex(rows, columns):
        axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, edgecolor=INK["grid"], linewidth=0.8))
        if i >= known[0] or j >= known[1]:
            continue
        size = 0.88 * np.sqrt(abs(matrix[i, j]) / limit)
        ink = INK["vermilion" if new[i, j] else "blue"]
        face, hatch = (ink, None) if matrix[i, j] > 0 else ("none", "//////")
        corner = j - size / 2, i - size / 2
        axes.add_patch(Rectangle(corner, size, size, facecolor=face, edgecolor=ink, hatch=hatch, linewidth=0.8))
    axes.add_patch(Rectangle((-0.5, -0.5), columns, rows, fill=False, edgecolor=INK["muted"], linewidth=0.9))
    axes.set(xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.6), aspect="equal")
    axes.axis("off")


# --- the pairing that every stage keeps ----------------------------------------------------------------------


def pairing_data(direction: np.ndarray, ybar: float = 1.0, x: np.ndarray = x0) -> list[dict[str, Any]]:
    """For each value of the running example its tangent, its cotangent and their inner product."""
    value, tangent = x, direction
    tangents, pullbacks = [direction], []
    for stage in STAGES:
        value, J = ad.linearize(stage, value)
        tangent = J(tangent)
        tangents.append(tangent)
        pullbacks.append(J.T)
    cotangents = [np.float64(ybar)]
    for pullback in reversed(pullbacks):
        cotangents.insert(0, pullback(cotangents[0])[0])
    return [
        {
            "name": name,
            "tangent": np.atleast_1d(dot).tolist(),
            "cotangent": np.atleast_1d(bar).tolist(),
            "pairing": float(np.sum(dot * bar)),
        }
        for name, dot, bar in zip(VALUES, tangents, cotangents, strict=True)
    ]


@style.figure
def pairing(data: Sequence[dict[str, Any]]) -> Figure:
    """Tangents, cotangents and their entrywise products, value by value; under each the sum of the products."""
    widths = [max(len(state["tangent"]), 2) + 1 for state in data]
    made, grid = style.canvas(4.3, 3, len(data), sharey="row", sharex="col", width_ratios=widths)
    for j, state in enumerate(data):
        dot, bar = np.array(state["tangent"]), np.array(state["cotangent"])
        for axes, heights, ink in zip(grid[:, j], [dot, bar, dot * bar], ["blue", "vermilion", "ink"], strict=True):
            axes.bar(np.arange(1, dot.size + 1), heights, width=0.62, color=INK[ink], edgecolor=INK[ink])
            axes.axhline(0, color=INK["ink"], linewidth=0.7)
            axes.set(xlim=(0.3, dot.size + 0.7), xticks=())
        grid[0, j].set_title(f"${state['name']}$", loc="center")
        grid[2, j].set_xlabel(f"sum {state['pairing']:.4f}")
    for axes, label in zip(grid[:, 0], ["tangent →", "← cotangent", "product"], strict=True):
        axes.set_ylabel(label)
    return made


# --- what a gradient costs -----------------------------------------------------------------------------------

WAYS = ("reverse", "forward", "finite differences")


def cost_data() -> dict[str, Any]:
    """The recorded cost of a gradient in multiples of the program's time, and the multiply-adds counted for it.

    The program runs once in every count; the tangents of forward mode start from an identity matrix.
    """
    recorded = measurements.load("gradient_cost_by_inputs")
    a, c = recorded.sizes["a"], recorded.sizes["c"]
    counted: dict[str, list[float]] = {way: [] for way in WAYS}
    for n in recorded.sizes["inputs"]:
        stages: list[Shape] = [(a, n), (a,), (c, a), (1, c)]
        program = a * n + c * a + c
        counted["reverse"].append(1 + work(reverse(5), [*stages, (1, 1)]).multiply_adds / program)
        counted["forward"].append(1 + work(forward(5), [(n, n), *stages]).multiply_adds / program)
        counted["finite differences"].append(float(n + 1))
    return {
        "n": recorded.sizes["inputs"],
        "a": a,
        "c": c,
        "measured": {way: recorded.value[way] for way in WAYS},
        "counted": counted,
        "source": recorded.source,
    }


def hvp_cost() -> dict[str, Any]:
    """The recorded cost of one Hessian-vector product, in runs of the program: interpreted, compiled."""
    recorded, name = measurements.load("derivative_cost"), "Hessian times vector"
    medians = {way: values[0] for way, values in recorded.value[name].items()}
    return {"interpreted": medians["autodiff"], "compiled": medians["compiled"], "n": recorded.sizes[name]["n"]}


@style.figure
def gradient_cost(data: dict[str, Any] | None = None) -> Figure:
    """Cost of a gradient against the number of inputs: measured, and as multiply-adds predict it."""
    data = data or cost_data()
    n = np.array(data["n"])
    made, axes = style.canvas(3.4)
    for way, (ink, line) in zip(WAYS, SERIES, strict=False):
        axes.plot(n, data["counted"][way], color=INK["muted"], linestyle=":", linewidth=1.1)
        axes.plot(n, data["measured"][way], color=INK[ink], linestyle=line, marker="o", markersize=3.5)
    reverse_cost, forward_cost, calls = (data["measured"][way] for way in WAYS)
    style.note(axes, "reverse mode", (n[-1], 1.35 * reverse_cost[-1]), "blue", ha="right")
    style.note(axes, "forward mode", (n[-2], 0.12 * forward_cost[-2]), "vermilion", ha="right")
    style.note(axes, "finite differences", (0.7 * n[-2], 1.1 * calls[-2]), "green", ha="right")
    style.note(axes, "counted for reverse mode", (n[3], 1.06 * data["counted"]["reverse"][3]), "muted")
    axes.set(xscale="log", yscale="log", xlabel="number of inputs, $n$")
    axes.set_ylabel("cost, in runs of the program")
    return made
