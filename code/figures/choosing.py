"""Figures of the chapter on choosing a method; gradients in them are `autodiff`'s, times come from the record.

Functions that end in `_data` return plain lists and numbers, so that something other than Matplotlib can draw them.
"""

import gc
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

import autodiff as ad
from autodiff import finite
from figures import measurements, style
from figures.heated_wire import Wire, exact_gradient
from figures.style import INK, SERIES

Function = Callable[..., Any]

METHODS = {  # ink, line style, marker
    "forward difference": ("vermilion", "--", "o"),
    "central difference": ("vermilion", ":", "s"),
    "complex step": ("orange", "-.", "D"),
    "symbolic": ("purple", ":", "P"),
    "JVPs": ("green", "-.", "^"),
    "VJP": ("blue", "-", "v"),
    "implicit": ("ink", "-", "*"),
}
"""How each method of the chapter's table is drawn."""

ASIDE = {  # factors from the point to its label, and the label's anchor
    "forward difference": (0.88, 1, "right"),
    "central difference": (1.13, 1, "left"),
    "complex step": (1.15, 1, "left"),
    "symbolic": (1, 15, "center"),
    "JVPs": (0.93, 15, "center"),
    "VJP": (1, 15, "center"),
    "implicit": (1, 15, "center"),
}
"""Where each method's name stands in `error_against_cost`."""

LIFT = {"central difference": 1.12, "complex step": 1.22, "forward difference": 1.04, "JVPs": 0.86}
"""Factors that keep the names in `cost_against_inputs` apart."""


# --- the problem -----------------------------------------------------------------------------------------------


@style.figure
def wire(problem: Wire, phi: Any) -> Figure:
    """The wire's temperatures at two settings of its heaters, what was measured, and the heaters' warmth below."""
    made = style.blank(3.0, hspace=0.06)
    above, below = made.subplots(2, 1, sharex=True, height_ratios=(2.2, 1))
    ends = lambda u: np.concatenate([[1.0], u, [1.0]])
    s = ends(problem.places)
    s[0], s[-1] = 0.0, 1.0
    above.plot(problem.places, problem.measured, "o", color=INK["muted"], markersize=3)
    (ink, line), (other, _) = SERIES[:2]
    above.plot(s, ends(problem.temperatures(phi)), color=INK[ink], linestyle=line)
    gap = {"arrowstyle": "<->", "color": INK["ink"]}
    above.annotate("", (0.5, problem.measured.max()), (0.5, problem.temperatures(phi).max()), arrowprops=gap)
    style.note(above, r"$u(\varphi)$", (0.3, 0.92 * problem.temperatures(phi).max()), ink, ha="left", va="top")
    style.note(above, "measured", (0.2, problem.measured.max()), "muted", ha="right", va="center")
    style.note(above, "the loss", (0.52, (problem.measured.max() + problem.temperatures(phi).max()) / 2), va="center")
    above.set(ylabel="temperature", xlim=(0, 1))
    fine = Wire(points=400, heaters=problem.heaters)
    for column in fine.H.T:
        below.plot(fine.places, column, color=INK[other], linestyle="-", linewidth=1)
    below.set(xlabel="place along the wire", ylabel="heaters", yticks=())
    return made


# --- what a gradient costs -------------------------------------------------------------------------------------


def peak_bytes(run: Callable[[], Any]) -> int:
    """The most that a call holds in memory beyond what was there, arrays included, as Python's allocator counts it."""
    run()  # what a first call leaves behind for good is not counted
    gc.freeze()  # what is there already need not be looked through
    peaks = []
    try:
        for _ in range(3):  # other threads allocate too: the least is ours
            gc.collect()
            tracemalloc.start()
            run()
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    finally:
        tracemalloc.stop()
        gc.unfreeze()
    return min(peaks)


def relative_error(found: Any, exact: Any) -> float:
    """The largest error of a gradient in relation to its largest entry."""
    return float(np.abs(found - exact).max() / np.abs(exact).max())


def recorded_ratio(method: str, heaters: int) -> float:
    """Recorded time of a gradient of the wire's loss, in runs of the loss, at the nearest number of heaters."""
    recorded = measurements.load("gradient_methods")
    sizes = recorded.sizes["heaters"]
    return recorded.value[method][int(np.argmin(np.abs(np.log(np.divide(sizes, heaters)))))]


def crossing(method: str, other: str) -> float:
    """At how many heaters `method` becomes as slow as `other`, between recorded sizes by a straight line."""
    recorded = measurements.load("gradient_methods")
    n, ahead = recorded.sizes["heaters"], np.subtract(recorded.value[method], recorded.value[other])
    i = int(np.argmax(ahead > 0))
    if i == 0:
        return float(n[0])
    return float(np.interp(0, ahead[i - 1 : i + 1], n[i - 1 : i + 1]))


def error_data(problem: Wire, steps: Sequence[float] = (1e-1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-8)) -> dict[str, Any]:
    """Relative error and recorded cost of every method; of the difference quotients, with several relative steps."""
    phi = problem.phi
    exact = exact_gradient(problem, phi)
    points: dict[str, dict[str, Any]] = {}
    for name, gradient in problem.gradients().items():
        error = relative_error(gradient(phi), exact)
        points[name] = {"cost": recorded_ratio(name, problem.heaters), "error": error}
    for name in ("forward", "central"):
        found = [finite.gradient(problem.loss, phi, name, h * phi) for h in steps]
        points[f"{name} difference"]["steps"] = [relative_error(estimate, exact) for estimate in found]
    return {"heaters": problem.heaters, "steps": list(steps), "points": points}


@style.figure
def error_against_cost(data: dict[str, Any]) -> Figure:
    """Every method as a point: how long it takes, and how wrong it is."""
    made, axes = style.canvas(3.3)
    for name, point in data["points"].items():
        ink, _, marker = METHODS[name]
        for error in point.get("steps", ()):
            axes.plot(point["cost"], error, marker, color=INK[ink], markersize=4, markerfacecolor="none")
        axes.plot(point["cost"], point["error"], marker, color=INK[ink], markersize=8)
        aside, up, side = ASIDE[name]
        style.note(axes, name, (point["cost"] * aside, point["error"] * up), ha=side, va="center")
    axes.set(xscale="log", yscale="log", xlabel="time of the gradient, in runs of the program", xlim=(1, 500))
    axes.set(ylabel="relative error", ylim=(1e-17, 10))
    axes.set_xticks((1, 10, 100), ("1", "10", "100"))
    return made


@style.figure
def cost_against_inputs() -> Figure:
    """Recorded time of each gradient against the number of inputs."""
    recorded = measurements.load("gradient_methods")
    made, axes = style.canvas(3.3)
    n = recorded.sizes["heaters"]
    for name, costs in recorded.value.items():
        ink, line, marker = METHODS[name]
        axes.plot(n, costs, color=INK[ink], linestyle=line, marker=marker, markersize=4.5)
        style.note(axes, name, (n[-1] * 1.12, costs[-1] * LIFT.get(name, 1)), "ink", va="center")
    axes.set(xscale="log", yscale="log", xlabel="number of heaters, $n$", xlim=(n[0] * 0.9, n[-1] * 5))
    axes.set(ylabel="time, in runs of the program")
    axes.set_xticks(n, [str(count) for count in n])
    axes.set_yticks((1, 10, 100), ("1", "10", "100"))
    return made


# --- the chart -------------------------------------------------------------------------------------------------

CHART = (
    ("Is it a black box?", "central differences"),
    ("Runs on complex numbers,\nbut not under AD?", "complex step"),
    ("Does it draw samples,\nor choose?", "an estimator"),
    ("Does it solve\nan equation?", "implicit,\nfor that stage"),
    ("Do you want to\nread the result?", "symbolic"),
    ("Are there few inputs,\n$n\\lesssim m$?", "JVPs:\nforward mode"),
    ("Is the tape\ntoo long?", "VJPs with\ncheckpoints"),
)
"""Questions from the top down, each with what to do where the answer is yes."""
OTHERWISE = "VJPs: reverse mode"


@style.figure
def chart() -> Figure:
    """The questions in a column, their answers beside them; narrow, so that it can be read on a telephone."""
    rows, height, gap = len(CHART) + 1, 0.46, 0.22
    made = Figure(figsize=(4.4, rows * (height + gap)))
    axes = made.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 4.4), ylim=(-rows * (height + gap) + gap / 2, gap / 2))
    axes.axis("off")
    left, right = (0.05, 2.0), (2.7, 1.65)
    for row, (question, answer) in enumerate(CHART):
        middle = -row * (height + gap) - height / 2
        _box(axes, left, middle, height, question, "ink")
        _box(axes, right, middle, height, answer, "blue")
        _arrow(axes, (left[0] + left[1], middle), (right[0], middle), "yes", (0, 0.1))
        centre = left[0] + left[1] / 2
        _arrow(axes, (centre, middle - height / 2), (centre, middle - height / 2 - gap), "no", (0.17, 0))
    _box(axes, left, -(rows - 1) * (height + gap) - height / 2, height, OTHERWISE, "blue")
    return made


def _box(axes: Axes, across: tuple[float, float], middle: float, height: float, text: str, ink: str) -> None:
    place = across[0], middle - height / 2
    box = FancyBboxPatch(place, across[1], height, boxstyle="round,pad=0,rounding_size=0.08")
    box.set(facecolor=INK["paper"], edgecolor=INK[ink], linewidth=1.8 if ink == "blue" else 1.0)
    axes.add_patch(box)
    axes.text(across[0] + across[1] / 2, middle, text, ha="center", va="center", fontsize=11.5, linespacing=1.05)


def _arrow(axes: Axes, start: tuple, end: tuple, word: str, aside: tuple) -> None:
    arrow = FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=11, shrinkA=1, shrinkB=1)
    arrow.set(color=INK["muted"], linewidth=1.0)
    axes.add_patch(arrow)
    middle = (start[0] + end[0]) / 2 + aside[0], (start[1] + end[1]) / 2 + aside[1]
    axes.text(*middle, word, ha="center", va="center", fontsize=10.5, color=INK["muted"])


# --- adjoints of a differential equation -------------------------------------------------------------------------


def growth(x: Any, theta: Any) -> Any:
    """Logistic growth, dx/dt = θ x (1 − x)."""
    return theta * x * (1 - x)


def euler(f: Function, theta: Any, start: float, T: float, count: int) -> list:
    """x at the times 0, T/count, …, T by Euler's method."""
    x = [start]
    for _ in range(count):
        x.append(x[-1] + T / count * f(x[-1], theta))
    return x


def continuous_adjoint(f: Function, theta: float, x: Sequence[float], T: float) -> float:
    """dx(T)/dθ by Euler's method for the adjoint equation, backwards in time, along given values of x."""
    h, bar, slope = T / (len(x) - 1), 1.0, 0.0
    for here in reversed(x[1:]):
        by_x, by_theta = ad.grad(f, (0, 1))(here, theta)
        bar, slope = bar + h * bar * by_x, slope + h * bar * by_theta
    return float(slope)


def rebuilt(f: Function, theta: float, end: float, T: float, count: int) -> list[float]:
    """x from its last value back to its first, by Euler's method with time reversed, in the order of time."""
    return [float(x) for x in euler(lambda x, theta: -f(x, theta), theta, end, T, count)][::-1]


def adjoints_data(
    theta: float = 1.0,
    start: float = 0.05,
    T: float = 4.0,
    counts: Sequence[int] = (8, 16, 32, 64, 128, 256),
    far: float = 8.0,
    back: Sequence[int] = (16, 64),
) -> dict[str, Any]:
    """Errors of both orders of differentiating and discretising, against the steps; and x run backwards from its end.

    The truth is the closed form x = 1 / (1 + (1/start − 1) exp(−θt)), with dx/dθ = t x (1 − x).
    """
    closed = 1 / (1 + (1 / start - 1) * np.exp(-theta * T))
    truth = float(T * closed * (1 - closed))
    of_program, of_equation = [], []
    for count in counts:
        program = lambda theta, count=count: euler(growth, theta, start, T, count)[-1]
        of_program.append(float(ad.grad(program)(theta)))
        of_equation.append(continuous_adjoint(growth, theta, euler(growth, theta, start, T, count), T))
    there = {count: [float(x) for x in euler(growth, theta, start, far, count)] for count in back}
    return {
        "T": T,
        "far": far,
        "start": start,
        "truth": truth,
        "counts": list(counts),
        "program": of_program,
        "equation": of_equation,
        "forward": there,
        "backward": {count: rebuilt(growth, theta, x[-1], far, count) for count, x in there.items()},
    }


@style.figure
def adjoints(data: dict[str, Any]) -> Figure:
    """Left, errors of both orders and the gap between them; right, a trajectory rebuilt backwards."""
    made, (left, right) = style.canvas(3.0, 1, 2)
    program, equation = np.array(data["program"]), np.array(data["equation"])
    lines = (
        ("discretised first", np.abs(program - data["truth"])),
        ("differentiated first", np.abs(equation - data["truth"])),
        ("between the two", np.abs(program - equation)),
    )
    for (name, values), (ink, line), marker in zip(lines, SERIES, "osD", strict=False):
        look = {"color": INK[ink], "linestyle": line, "marker": marker, "markersize": 4}
        left.plot(data["counts"], values, label=name, **look)
    left.legend(loc="lower left", fontsize=9.5, borderaxespad=0)
    left.set_ylim(values.min() / 15, 2 * values.max())
    left.set(xscale="log", yscale="log", xlabel="steps", ylabel="absolute error of the gradient")
    left.set_xticks(data["counts"], [str(count) for count in data["counts"]])
    finest = data["forward"][max(data["forward"])]
    right.plot(np.linspace(0, data["far"], len(finest)), finest, color=INK["ink"], linestyle="-")
    for (count, x), (ink, line) in zip(data["backward"].items(), SERIES, strict=False):
        right.plot(np.linspace(0, data["far"], len(x)), x, color=INK[ink], linestyle=line)
        half = np.interp(0.5, x, np.linspace(0, data["far"], len(x)))
        style.note(right, str(count), (half - 0.15, 0.5), ink, ha="right", va="center")
    style.note(right, "forwards", (0.45 * data["far"], 0.5), va="center")
    right.set(xlabel="time $t$", ylabel="$x(t)$", xlim=(0, data["far"]))
    return made


# --- gradients through randomness --------------------------------------------------------------------------------


def spread_data(sizes: Sequence[int] = (1, 4, 16, 64, 256), samples: int = 4000, seed: int = 0) -> dict[str, Any]:
    """Standard deviation of one sample's estimate of ∂/∂θ₁ E ½‖z‖², z ~ N(θ, I), against the size of z."""
    random = np.random.default_rng(seed)
    spreads: dict[str, list[float]] = {"score": [], "score, baseline": [], "reparameterised": []}
    loss = lambda z: np.sum(z**2, axis=-1) / 2
    for size in sizes:
        noise = random.standard_normal((samples, size))
        z = 0.5 + noise
        values, score = loss(z), noise[:, 0]  # ∂ log density / ∂θ₁ = z₁ − θ₁
        estimates = (
            values * score,
            (values - values.mean()) * score,
            ad.grad(lambda z: np.sum(loss(z)))(z)[:, 0],
        )
        for found, estimate in zip(spreads.values(), estimates, strict=True):
            found.append(float(estimate.std()))
    return {"sizes": list(sizes), "samples": samples, "spreads": spreads}


@style.figure
def spreads(data: dict[str, Any]) -> Figure:
    """Spread of three estimators of one gradient against the number of random inputs."""
    made, axes = style.canvas(2.9)
    for (name, values), (ink, line), marker in zip(data["spreads"].items(), SERIES, "osD", strict=False):
        axes.plot(data["sizes"], values, color=INK[ink], linestyle=line, marker=marker, markersize=4.5)
        style.note(axes, name, (data["sizes"][-1] * 1.15, values[-1]), ink, va="center")
    axes.set(xscale="log", yscale="log", xlabel="random inputs", ylabel="spread of one sample's estimate")
    axes.set_xlim(0.9, data["sizes"][-1] * 6)
    axes.set_xticks(data["sizes"], [str(size) for size in data["sizes"]])
    axes.set_yticks((1, 10, 100), ("1", "10", "100"))
    return made
