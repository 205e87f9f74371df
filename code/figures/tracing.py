"""Figures of the chapter on building graphs: two traces, what a compiler gains, checkpoints and their price."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

import autodiff as ad
from autodiff import checkpointing
from figures import measurements, style
from figures.style import INK

# --- one program, two traces --------------------------------------------------------------------------------------


def halve(x: Any) -> Any:
    """Halve until at most one, then a sine or a square: a loop and a branch that look at the data."""
    count = 0
    while x > 1:
        x = x / 2
        count = count + 1
    return np.sin(x) * count if count > 1 else x**2


def trace_data(f: Callable = halve, inputs: Sequence[float] = (5.0, 1.5)) -> list[dict[str, Any]]:
    """For each input the operations that were recorded: what each is, and of which others."""
    found = []
    for x in inputs:
        shown = [node for node in ad.trace(f, x).nodes if node.dtype is not None and node.dtype.kind == "f"]
        place = {id(node): i for i, node in enumerate(shown)}
        names = {node.name: f"v{i}" if i else "x" for i, node in enumerate(shown)}
        steps = []
        for node in shown:
            text = str(node).strip("<>").split(": ", 1)[-1]
            words = [names.get(word, word) for word in re.split(r"(\w+)", text)]
            of = sorted(place[id(operand)] for operand in node.operands if id(operand) in place)
            steps.append({"text": "".join(words) if not of else f"{names[node.name]} = {''.join(words)}", "of": of})
        found.append({"x": x, "steps": steps, "derivative": float(ad.grad(f)(x))})
    return found


def _column(axes: Axes, steps: list[dict[str, Any]], title: str) -> None:
    for row, step in enumerate(steps):
        box = FancyBboxPatch((-0.42, -row - 0.3), 0.84, 0.6, boxstyle="round,pad=0,rounding_size=0.1", linewidth=1.0)
        box.set(facecolor=INK["paper"], edgecolor=INK["ink"])
        axes.add_patch(box)
        axes.text(0, -row, step["text"], ha="center", va="center", fontsize=10)
        for other in step["of"]:
            ends = (0, -other - 0.3), (0, -row + 0.3)
            arrow = FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=10, shrinkA=0, shrinkB=0)
            arrow.set(linewidth=1.0, color=INK["blue"])
            axes.add_patch(arrow)
    axes.set(xlim=(-0.6, 0.6))
    axes.set_title(title, loc="center")
    axes.axis("off")


@style.figure
def two_traces(data: list[dict[str, Any]]) -> Figure:
    """The recorded operations of one program for two inputs, side by side."""
    rows = max(len(state["steps"]) for state in data)
    made, panels = style.canvas(0.52 * rows + 0.4, 1, len(data), sharey=True)
    for axes, state in zip(panels, data, strict=True):
        _column(axes, state["steps"], f"$x = {state['x']:g}$")
        axes.set_ylim(-rows + 0.6, 0.4)
    return made


# --- what compiling gains -----------------------------------------------------------------------------------------


@style.figure
def compilation() -> Figure:
    """Interpreted over compiled time of the derivative, workload by workload, as recorded."""
    value = measurements.load("compilation").value
    gains = sorted((times["interpreted"] / times["compiled"], name) for name, times in value.items())
    made, axes = style.canvas(2.9)
    for row, (gain, _) in enumerate(gains):
        axes.plot([1, gain], [row, row], color=INK["blue"], linestyle="-", linewidth=2.2)
        axes.plot([gain], [row], marker="o", color=INK["blue"], linestyle="none")
        axes.text(gain * 1.12, row, f"{gain:.2g} ×", va="center", fontsize=10)
    axes.axvline(1, color=INK["muted"], linestyle=":", linewidth=1)
    axes.set(xscale="log", xlim=(0.9, gains[-1][0] * 2), xlabel="interpreted time over compiled time")
    axes.set_yticks(range(len(gains)), [name for _, name in gains])
    axes.grid(False, axis="y")
    return made


# --- checkpoints -----------------------------------------------------------------------------------------------------


def schedule_data(n: int = 16, slots: int = 3) -> dict[str, Any]:
    """The moves of the binomial schedule: for each action its kind and the states between which it runs."""
    actions = [list(action) for action in checkpointing.schedule(n, slots)]
    return {"n": n, "slots": slots, "actions": actions, "evaluations": checkpointing.evaluations(n, slots)}


@style.figure
def schedule(data: dict[str, Any]) -> Figure:
    """State against time: advances, reversals and the checkpoints that are kept meanwhile."""
    made, axes = style.canvas(2.9)
    time, kept = 0.0, {}
    for kind, start, stop in data["actions"]:
        if kind == "advance":
            axes.plot([time, time + stop - start], [start, stop], color=INK["blue"], linestyle="-", linewidth=1.6)
            time += stop - start
        elif kind == "reverse":
            axes.plot([time, time + 1], [stop, start], color=INK["vermilion"], linestyle="--", linewidth=1.6)
            time += 1
        elif kind == "store":
            kept[start] = time
            axes.plot([time], [start], marker="o", color=INK["ink"], linestyle="none", markersize=4)
        elif kind == "free":
            axes.plot([kept.pop(start), time], [start, start], color=INK["muted"], linestyle=":", linewidth=1.0)
    axes.set(xlabel="steps taken, forward and back", ylabel="state", xlim=(0, time), ylim=(-0.7, data["n"] + 0.7))
    axes.yaxis.get_major_locator().set_params(integer=True)
    style.note(axes, "forward", (data["n"] * 0.32, data["n"] * 0.55), "blue")
    style.note(axes, "back", (time * 0.93, data["n"] * 0.3), "vermilion", ha="center")
    return made


def pareto_data(
    n: int = 1000, slots: Sequence[int] = (1, 2, 3, 4, 5, 7, 10, 15, 22, 32, 50, 100, 250, 1000)
) -> dict[str, Any]:
    """How often each of n steps runs, for growing numbers of states kept: binomial, and in equal segments.

    The binomial schedule puts one step at a time on a tape; equal segments put a whole one there, and each of its steps
    counts as a state.
    """
    segments = round(np.sqrt(n))
    return {
        "n": n,
        "slots": list(slots),
        "binomial": [1 + checkpointing.evaluations(n, s) / n for s in slots],
        "even": [segments + -(-n // segments), 2 - 1 / segments],
    }


@style.figure
def pareto(data: dict[str, Any]) -> Figure:
    """Recomputation against memory: the binomial schedule, equal segments, and storing everything."""
    made, axes = style.canvas(2.9)
    axes.loglog(data["slots"], data["binomial"], marker="o", markersize=4)
    axes.loglog(*data["even"], marker="s", markersize=6, color=INK["vermilion"], linestyle="none")
    axes.loglog([data["n"]], [1], marker="D", markersize=7, color=INK["ink"], linestyle="none")
    style.note(axes, "binomial schedule", (6.5, 7.0), "blue")
    style.note(axes, r"$\sqrt{N}$ equal segments", (data["even"][0] * 0.85, 1.45), "vermilion", ha="right")
    style.note(axes, "store everything", (data["n"] * 0.8, 0.93), "ink", ha="right")
    axes.set(xlabel="states kept at a time", ylabel="runs of each step", ylim=(0.7, None))
    return made
