"""Figures of the chapter on graphs: small graphs with numbers on their nodes, all computed by `autodiff`."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch

import autodiff as ad
from figures import style
from figures.style import INK

Place = tuple[float, float]

# --- boxes and arrows ------------------------------------------------------------------------------------------


def node(axes: Axes, at: Place, name: str, ink: str = "ink", radius: float = 0.26) -> None:
    """A circle with a name."""
    axes.add_patch(Circle(at, radius, facecolor=INK["paper"], edgecolor=INK[ink], linewidth=1.2, zorder=2))
    axes.text(at[0], at[1], name, ha="center", va="center", color=INK[ink], fontsize=12, zorder=3)


def edge(axes: Axes, start: Place, end: Place, label: str = "", ink: str = "ink", **options: Any) -> None:
    """An arrow between two circles, and what stands beside its middle."""
    line = {"bend": 0.0, "radius": 0.26, "style": "-", "shift": (0.0, 0.16), **options}
    gap = line["radius"] * 72 * 0.9
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=11, linestyle=line["style"], linewidth=1.1, color=INK[ink],
            shrinkA=gap, shrinkB=gap, connectionstyle=f"arc3,rad={line['bend']}", zorder=1,
        )
    )  # fmt: skip
    if label:
        middle = (np.array(start) + np.array(end)) / 2
        middle = middle + np.array([-(end[1] - start[1]), end[0] - start[0]]) * -line["bend"] / 2 + line["shift"]
        axes.text(middle[0], middle[1], label, ha="center", va="center", color=INK[ink], fontsize=10.5)


def _stage(width: float, height: float, scale: float = 1.0) -> tuple[Figure, Axes]:
    made = Figure(figsize=(width * scale, height * scale))
    axes = made.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    axes.axis("off")
    return made, axes


# --- fan-in and fan-out ------------------------------------------------------------------------------------------


@style.figure
def fan_in() -> Figure:
    """Two values into one operation; tangents add."""
    made, axes = _stage(3.2, 2.3)
    a, b, y = (0.7, 1.9), (0.7, 0.75), (2.5, 1.33)
    edge(axes, a, y, r"$F_a'\,\dot a$", "blue", shift=(0.1, 0.22))
    edge(axes, b, y, r"$F_b'\,\dot b$", "blue", shift=(0.1, -0.24))
    for at, name in ((a, "$a$"), (b, "$b$"), (y, "$F$")):
        node(axes, at, name)
    axes.text(1.6, 0.06, r"$\dot y = F_a'\,\dot a + F_b'\,\dot b$", ha="center", color=INK["blue"], fontsize=11)
    return made


@style.figure
def fan_out() -> Figure:
    """One value into two operations; cotangents add."""
    made, axes = _stage(3.2, 2.3)
    x, top, low = (0.7, 1.33), (2.5, 1.9), (2.5, 0.75)
    edge(axes, x, top)
    edge(axes, x, low)
    edge(axes, top, x, r"$3\,\bar v_1^\top$", "vermilion", bend=0.25, style="--", shift=(-0.16, 0.24))
    edge(axes, low, x, r"$5\,\bar v_2^\top$", "vermilion", bend=-0.25, style="--", shift=(-0.16, -0.26))
    for at, name in ((x, "$x$"), (top, "$3x$"), (low, "$5x$")):
        node(axes, at, name)
    formula = r"$\bar x^\top = 3\,\bar v_1^\top + 5\,\bar v_2^\top$"
    axes.text(1.6, 0.06, formula, ha="center", color=INK["vermilion"], fontsize=11)
    return made


# --- the worked graph -------------------------------------------------------------------------------------------


def worked(x1: Any, x2: Any) -> Any:
    """A graph of four operations: u and x₁ are used twice, every operation but the sine has two inputs."""
    u = x1 * x2
    v = np.sin(u)
    w = x1 + v
    return w * u


POINT = (1.5, 0.8)
NAMES = ("x_1", "x_2", "u", "v", "w", "y")
PLACES: dict[str, Place] = {
    "x_1": (0.45, 1.75), "x_2": (0.45, 0.45), "u": (1.75, 0.75), "v": (2.95, 1.25), "w": (4.1, 1.85), "y": (5.3, 1.15),
}  # fmt: skip
EDGES = [("x_1", "u"), ("x_2", "u"), ("u", "v"), ("x_1", "w"), ("v", "w"), ("w", "y"), ("u", "y")]
BENDS = {("u", "y"): 0.28, ("x_1", "w"): -0.1}
"""Edges that would run into a node, and how far they swerve."""


def sweeps(point: Sequence[float] = POINT) -> dict[str, Any]:
    """Values, tangents along each input, cotangents, and the cotangents after each step of the reverse sweep.

    All from the tape of `ad.linearize`: `push` gives the tangent of each node; cotangents before they are passed on are
    watched by pulling through longer and longer ends of the tape.
    """
    _, J = ad.linearize(worked, *point)
    tape = J.tape
    u = point[0] * point[1]
    values = [*point, u, np.sin(u), point[0] + np.sin(u), worked(*point)]
    tangents = [tape.push(list(direction)) for direction in np.eye(2)]
    slopes = {}
    for child, triples in enumerate(tape.nodes):
        for k in range(0, len(triples), 3):
            origin, family, data = triples[k : k + 3]
            slopes[NAMES[origin], NAMES[child]] = float(family.apply(np.float64(1.0), data))
    states, cotangent = [], {NAMES[-1]: 1.0}
    states.append(dict(cotangent))
    for name in NAMES[:1:-1]:  # y, w, v, u: the order of the tape, backwards
        for (start, end), slope in slopes.items():
            if end == name:
                cotangent[start] = cotangent.get(start, 0.0) + cotangent[end] * slope
        states.append(dict(cotangent))
    return {
        "values": dict(zip(NAMES, map(float, values), strict=True)),
        "tangents": [
            {name: 0.0 if t is None else float(t) for name, t in zip(NAMES, own, strict=True)} for own in tangents
        ],
        "slopes": slopes,
        "cotangents": cotangent,
        "states": states,
    }


FORMULAS = {"u": "x_1 · x_2", "v": "sin u", "w": "x_1 + v", "y": "w · u"}
"""How `worked` computes each value that is no input."""


def tape_data(data: dict[str, Any] | None = None) -> dict[str, Any]:
    """What `sweeps` found out, for the explorable: with what comes back along every edge.

    `states` are the cotangents after each step of the reverse sweep, which `backward` names by whose turn it was.
    """
    data = data or sweeps()
    edges = [
        {
            "from": start,
            "to": end,
            "bend": BENDS.get((start, end), 0.0),
            "slope": slope,
            "cotangent": data["cotangents"][end] * slope,
        }
        for (start, end), slope in data["slopes"].items()
    ]
    return {
        "places": PLACES,
        "formulas": FORMULAS,
        "forward": list(FORMULAS),
        "backward": list(FORMULAS)[::-1],
        "edges": edges,
        "values": data["values"],
        "tangents": data["tangents"],
        "states": data["states"],
    }


def _draw_worked(
    axes: Axes, numbers: dict[str, float], ink: str, slopes: dict | None = None, back: bool = False
) -> None:
    for start, end in EDGES:
        label = f"{slopes[start, end]:.2f}" if slopes else ""
        first, last = (end, start) if back else (start, end)
        bend = BENDS.get((start, end), 0.0) * (-1 if back else 1)
        edge(axes, PLACES[first], PLACES[last], label, "muted" if not back else ink, bend=bend,
             style="--" if back else "-", shift=(0.0, 0.13))  # fmt: skip
    for name in NAMES:
        at = PLACES[name]
        node(axes, at, f"${name}$", "ink" if name in numbers else "muted")
        if name in numbers:
            axes.text(
                at[0], at[1] - 0.4, f"{numbers[name]:.3f}", ha="center", va="center", color=INK[ink], fontsize=10.5
            )
    axes.set(xlim=(0, 5.8), ylim=(-0.15, 2.3), aspect="equal")
    axes.axis("off")


@style.figure
def worked_values(data: dict[str, Any]) -> Figure:
    """The graph with its values on the nodes and the local derivatives on the edges."""
    made = style.blank(2.9)
    _draw_worked(made.subplots(), data["values"], "ink", data["slopes"])
    return made


@style.figure
def worked_sweeps(data: dict[str, Any]) -> Figure:
    """Tangents along x₁ and cotangents on the same graph."""
    made = style.blank(5.4)
    top, low = made.subplots(2, 1)
    _draw_worked(top, data["tangents"][0], "blue")
    _draw_worked(low, data["cotangents"], "vermilion", back=True)
    top.set_title(r"tangents: $\dot x_1=1,\ \dot x_2=0$, left to right", color=INK["blue"])
    low.set_title(r"cotangents: $\bar y=1$, right to left", color=INK["vermilion"])
    return made


@style.figure
def reverse_steps(data: dict[str, Any]) -> Figure:
    """The cotangents after each step of the reverse sweep, as rows of a table that fills from the right."""
    made, axes = style.canvas(2.3)
    states = data["states"]
    for row, state in enumerate(states):
        for column, name in enumerate(NAMES):
            if name in state:
                done = row == len(states) - 1 or states[-1][name] == state[name]
                changed = row > 0 and state.get(name) != states[row - 1].get(name)
                axes.text(column, row, f"{state[name]:.3f}", ha="center", va="center",
                          color=INK["vermilion" if changed else "ink" if done else "muted"],
                          fontweight="bold" if changed else "normal")  # fmt: skip
    passed = ["start", *(f"${name}$ passes on" for name in NAMES[:1:-1])]
    axes.set(xlim=(-0.5, len(NAMES) - 0.5), ylim=(len(states) - 0.5, -0.5))
    axes.set_xticks(
        range(len(NAMES)), [rf"$\bar {name}$" if len(name) == 1 else rf"$\bar x_{name[-1]}$" for name in NAMES]
    )
    axes.set_yticks(range(len(states)), passed)
    axes.tick_params(length=0)
    axes.grid(False)
    axes.xaxis.tick_top()
    for spine in axes.spines.values():
        spine.set_visible(False)
    return made


# --- paths ---------------------------------------------------------------------------------------------------------


def ladder(rungs: int) -> Callable:
    """A program in which each value is used twice by the next: y ← sin y · y, `rungs` times."""

    def climb(y: Any) -> Any:
        for _ in range(rungs):
            y = np.sin(y) * y
        return y

    return climb


def count_edges_and_paths(f: Callable, x: float) -> tuple[int, int]:
    """Edges of the tape of f, and paths from its input to its output."""
    _, J = ad.linearize(f, x)
    paths: list[int] = [1]
    edges = 0
    for triples in J.tape.nodes[1:]:
        parents = triples[::3]
        edges += len(parents)
        paths.append(sum(paths[p] for p in parents))
    return edges, paths[-1]


def path_data(rungs: Sequence[int] = tuple(range(1, 41))) -> dict[str, list[int]]:
    """Edges and paths of ladders of several heights."""
    pairs = [count_edges_and_paths(ladder(r), 0.5) for r in rungs]
    return {"rungs": list(rungs), "edges": [e for e, _ in pairs], "paths": [p for _, p in pairs]}


@style.figure
def paths(data: dict[str, list[int]]) -> Figure:
    """Paths against edges of growing ladders."""
    made, axes = style.canvas(2.7)
    rungs = data["rungs"]
    axes.semilogy(rungs, [float(p) for p in data["paths"]])
    axes.semilogy(rungs, data["edges"])
    half = len(rungs) // 2
    style.note(axes, "paths", (rungs[half], data["paths"][half] * 12.0), "blue", ha="right")
    style.note(axes, "arrows", (rungs[half], data["edges"][half] * 3.0), "vermilion", ha="left")
    axes.set(xlabel="steps of the loop", ylabel="how many", xlim=(rungs[0], rungs[-1]))
    return made
