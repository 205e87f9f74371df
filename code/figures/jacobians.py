"""Figures of the chapter on Jacobians; every matrix in them comes from `autodiff`."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

import autodiff as ad
from figures import style
from figures.running_example import SIZES, STAGES, F, x0
from figures.style import INK

Function = Callable[[Any], Any]

NAMES = ("A", "B", "C", "D")


def polar(p: Any) -> Any:
    """Radius and angle to a point in the plane: (2) → (2)."""
    return np.stack([p[0] * np.cos(p[1]), p[0] * np.sin(p[1])])


def local_jacobians(x: np.ndarray = x0) -> list[np.ndarray]:
    """The Jacobian matrices of the four stages, each at the value that reaches it."""
    found = []
    for stage in STAGES:
        x, J = ad.linearize(stage, x)
        found.append(J.dense())
    return found


# --- the best linear map ------------------------------------------------------------------------------------


def map_data(
    f: Function = polar, corner: Sequence[float] = (1.0, 0.4), sides: Sequence[float] = (1.0, 0.4, 0.1), count: int = 9
) -> list[dict[str, Any]]:
    """For squares of several sides at one corner: the image of their grid, and the parallelogram that J predicts.

    All coordinates are relative to the image of the corner and divided by the side, so that the parallelogram stays
    the same while the square shrinks.
    """
    p = np.array(corner)
    y, J = ad.linearize(f, p)
    matrix = J.dense()
    t = np.linspace(0, 1, count)
    states = []
    for side in sides:
        lines = [np.stack([np.full(count, s), t], 1) for s in t] + [np.stack([t, np.full(count, s)], 1) for s in t]
        image = [((np.array([f(p + side * q) for q in line]) - y) / side).tolist() for line in lines]
        far = (f(p + side * np.ones(2)) - y) / side - matrix @ np.ones(2)
        states.append({
            "side": side,
            "lines": image,
            "parallelogram": (np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) @ matrix.T).tolist(),
            "miss": float(np.linalg.norm(far)),
        })  # fmt: skip
    return states


@style.figure
def local_map(states: Sequence[dict[str, Any]]) -> Figure:
    """Images of shrinking squares, each over the parallelogram that the Jacobian predicts."""
    made, panels = style.canvas(2.9, 1, len(states), sharex=True, sharey=True)
    for axes, state in zip(panels, states, strict=True):
        axes.add_patch(Polygon(state["parallelogram"], facecolor=INK["grid"], edgecolor="none"))
        axes.add_patch(Polygon(state["parallelogram"], fill=False, edgecolor=INK["vermilion"], linestyle="--", lw=1.5))
        for line in state["lines"]:
            axes.plot(*np.array(line).T, color=INK["blue"], linestyle="-", linewidth=0.8)
        axes.set(title=f"side {state['side']:g}", aspect="equal", xlabel="$(y_1 - F_1)\\,/\\,$side")
        axes.grid(False)
    panels[0].set_ylabel("$(y_2 - F_2)\\,/\\,$side")
    return made


# --- the chain, to scale --------------------------------------------------------------------------------------


@style.figure
def chain_to_scale(sizes: dict[str, int] = SIZES) -> Figure:
    """The factors of the chain rule and their product, each as a rectangle of its own shape."""
    numbers = list(sizes.values())
    labels = ["n", "|a|", "|b|", "|c|", "1"]
    factors = [
        (f"$J_{name}$", rows, columns, rf"${row} \times {column}$")
        for name, columns, rows, column, row in zip(
            NAMES, numbers[:-1], numbers[1:], labels[:-1], labels[1:], strict=True
        )
    ]
    pieces = [("$J_F$", numbers[-1], numbers[0], "$1 \\times n$"), *reversed(factors)]
    made, axes = style.canvas(2.2)
    left = 0.0
    for i, (name, rows, columns, shape) in enumerate(pieces):
        ink = "blue" if i == 0 else "vermilion"
        axes.add_patch(Rectangle((left, -rows / 2), columns, rows, facecolor=INK[ink], alpha=0.16, edgecolor="none"))
        for row in range(rows + 1):
            axes.plot([left, left + columns], [row - rows / 2] * 2, color=INK[ink], linestyle="-", linewidth=0.6)
        for column in range(columns + 1):
            axes.plot([left + column] * 2, [-rows / 2, rows / 2], color=INK[ink], linestyle="-", linewidth=0.6)
        centre = left + columns / 2
        axes.text(centre, max(numbers) / 2 + 0.3, name, ha="center", va="bottom", fontsize=13)
        axes.text(centre, -max(numbers) / 2 - 0.3, shape, ha="center", va="top", color=INK["muted"])
        left += columns
        if i < len(pieces) - 1:
            axes.text(left + 0.7, 0, "=" if i == 0 else "·", ha="center", va="center", fontsize=15)
            left += 1.4
    axes.set(xlim=(-0.2, left + 0.2), ylim=(-max(numbers) / 2 - 1.4, max(numbers) / 2 + 1.5), aspect="equal")
    axes.axis("off")
    return made


# --- heat maps -------------------------------------------------------------------------------------------------


def _heat(axes: Axes, matrix: np.ndarray, limit: float, title: str) -> None:
    """One square an entry: its colour from the sign, its size from the magnitude, so that hue is not all."""
    rows, columns = matrix.shape
    for i in range(rows):
        for j in range(columns):
            size = 0.92 * np.sqrt(abs(matrix[i, j]) / limit)
            ink = INK["vermilion"] if matrix[i, j] > 0 else INK["blue"]
            hatch = None if matrix[i, j] > 0 else "//////"
            axes.add_patch(
                Rectangle(
                    (j - size / 2, i - size / 2), size, size, facecolor=ink if hatch is None else "none",
                    edgecolor=ink, hatch=hatch, linewidth=0.8,
                )
            )  # fmt: skip
    axes.add_patch(Rectangle((-0.5, -0.5), columns, rows, fill=False, edgecolor=INK["muted"], linewidth=0.7))
    axes.set(xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.6), aspect="equal", title=title)
    axes.axis("off")


@style.figure
def heat_maps(x: np.ndarray = x0) -> Figure:
    """The Jacobians of the four stages of the running example, and of the whole."""
    factors = dict(zip(NAMES, local_jacobians(x), strict=True))
    pieces = [("$J_D$", factors["D"]), ("$J_C$", factors["C"]), ("$J_B$", factors["B"]), ("$J_A$", factors["A"])]
    pieces.append(("$J_F$", ad.linearize(F, x)[1].dense()))
    made = style.blank(1.9, w_pad=0.1)
    panels = made.subplots(1, len(pieces), width_ratios=[m.shape[1] for _, m in pieces])
    limit = max(abs(matrix).max() for _, matrix in pieces)
    for axes, (name, matrix) in zip(panels, pieces, strict=True):
        _heat(axes, matrix, limit, f"{name},  {matrix.shape[0]} × {matrix.shape[1]}")
    return made


# --- what the factors take ----------------------------------------------------------------------------------------


WIDTHS = (10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)


def memory_data(widths: Sequence[int] = WIDTHS) -> dict[str, list[float]]:
    """Bytes of the Jacobian of an elementwise sine of n numbers: as a matrix, as its diagonal, and of its row."""
    itemsize = np.dtype(float).itemsize
    return {
        "n": [float(n) for n in widths],
        "matrix": [float(itemsize) * n * n for n in widths],
        "diagonal": [float(itemsize) * n for n in widths],
    }


@style.figure
def memory(data: dict[str, list[float]], laptop: float = 16 * 2**30) -> Figure:
    """Bytes of a local Jacobian against the number of values, stored whole and stored as an operator."""
    made, axes = style.canvas(2.9)
    n = np.array(data["n"])
    axes.loglog(n, data["matrix"])
    axes.loglog(n, data["diagonal"])
    axes.axhline(laptop, color=INK["muted"], linestyle=":", linewidth=1)
    style.note(axes, f"a laptop with {laptop / 2**30:g} GiB", (n[0] * 1.3, laptop * 1.6), "muted")
    style.note(axes, "as a matrix, $8n^2$", (n[4] * 0.9, data["matrix"][4] * 3), "blue", ha="right")
    style.note(axes, "as a diagonal, $8n$", (n[4], data["diagonal"][4] / 12), "vermilion", ha="left")
    axes.set(xlabel="numbers that pass through, $n$", ylabel="bytes", xlim=(n[0], n[-1]))
    return made
