"""The thrown stone of the last chapter: its simulator, what it is measured with, and the figures.

States are columns (x, y, u, v): place in metres and velocity in metres a second, with any axes behind for many stones
at once. Parameters are pairs (angle in radians, drag per metre).
"""

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

import autodiff as ad
from autodiff import checkpointing
from figures import style
from figures.style import INK, SERIES

GRAVITY, HAND, SPEED = 9.81, 1.6, 25.0  # m/s², m, m/s

Function = Callable[..., Any]


def rates(state: Any, k: Any) -> Any:
    """How fast place and velocity change: gravity, and a drag that grows with the square of the speed."""
    u, v = state[2:]
    speed = np.sqrt(u**2 + v**2)
    return np.stack([u, v, -k * speed * u, -k * speed * v - GRAVITY])


def step(state: Any, h: Any, k: Any) -> Any:
    """One step of the classical Runge–Kutta method, of order 4."""
    a = rates(state, k)
    b = rates(state + h / 2 * a, k)
    c = rates(state + h / 2 * b, k)
    d = rates(state + h * c, k)
    return state + h / 6 * (a + 2 * b + 2 * c + d)


def throw(angle: Any) -> Any:
    """The state as the stone leaves the hand."""
    zero = 0 * angle
    return np.stack([zero, zero + HAND, SPEED * np.cos(angle), SPEED * np.sin(angle)])


def fly(p: Any, time: Any, steps: int = 10) -> Any:
    """The state after so many seconds."""
    angle, k = p
    state = throw(angle)
    for _ in range(steps):
        state = step(state, time / steps, k)
    return state


def fly_to(p: Any, time: Any, steps: int = 10) -> Any:
    """How far it has come after so many seconds, in metres."""
    return fly(p, time, steps)[0]


def duration(p: Any, steps: int = 10) -> Any:
    """When the stone lands, in seconds: a root, differentiable by the implicit function theorem."""
    return ad.root(lambda time, p: fly(p, time, steps)[1], 3.0, p)


def landing(p: Any, steps: int = 10) -> Any:
    """Where it lands, in metres."""
    return fly(p, duration(p, steps), steps)[0]


def landing_points(p: Any, rounds: int = 6) -> Any:
    """Where many stones land, for parameters of shape (2, stones): Newton's steps in plain sight, for all at once."""
    time = np.full(p.shape[1:], 3.0)
    for _ in range(rounds):
        state = fly(p, time)
        time = time - state[1] / state[3]
    return fly(p, time)[0]


def trace(p: Any, until: float, points: int = 60) -> tuple[list[float], list[float]]:
    """Places of the stone at evenly spaced times, from the hand to `until` seconds."""
    angle, k = p
    states = [throw(angle)]
    for _ in range(points):
        states.append(step(states[-1], until / points, k))
    x, y, *_ = np.transpose(states)
    return x.tolist(), y.tolist()


# --- an independent landing -----------------------------------------------------------------------------------


def reference_gradient(p: Sequence[float], steps: int = 10, digits: int = 50) -> np.ndarray:
    """The gradient of `landing` by central differences in arithmetic of so many digits: right to double precision.

    It shares no line with the simulator above.
    """
    with mpmath.workdps(digits):

        def accelerate(s: list, k: Any) -> list:
            speed = mpmath.sqrt(s[2] ** 2 + s[3] ** 2)
            return [s[2], s[3], -k * speed * s[2], -k * speed * s[3] - mpmath.mpf(GRAVITY)]

        def moved(s: list, by: list, h: Any) -> list:
            return [a + h * b for a, b in zip(s, by, strict=True)]

        def at(angle: Any, k: Any, time: Any) -> list:
            s = [mpmath.mpf(0), mpmath.mpf(HAND), SPEED * mpmath.cos(angle), SPEED * mpmath.sin(angle)]
            h = time / steps
            for _ in range(steps):
                slopes = [accelerate(s, k)]
                for part in (h / 2, h / 2, h):
                    slopes.append(accelerate(moved(s, slopes[-1], part), k))
                for slope, share in zip(slopes, (1, 2, 2, 1), strict=True):
                    s = moved(s, slope, share * h / 6)
            return s

        def lands(angle: Any, k: Any) -> Any:
            return at(angle, k, mpmath.findroot(lambda time: at(angle, k, time)[1], (2.5, 3.0)))[0]

        h = mpmath.mpf(10) ** (-digits // 3)
        ends = [
            [mpmath.mpf(float(x)) + sign * h * (i == j) for j, x in enumerate(p)] for i in (0, 1) for sign in (1, -1)
        ]
        values = [lands(*end) for end in ends]
        return np.array([float((values[i] - values[i + 1]) / (2 * h)) for i in (0, 2)])


# --- the loop that stops at the ground ------------------------------------------------------------------------


def loop_data(loop: Function, degrees: Sequence[float], k: float) -> dict[str, Any]:
    """Landing point and its slope per degree, by a loop that stops below the ground and by the root, angle by angle."""
    angles = np.radians(degrees)
    far, slopes = ad.jvp(lambda a: landing_points(np.stack([a, k + 0 * a])), (angles,), (np.ones_like(angles),))
    teeth = [ad.jvp(lambda a: loop(np.stack([a, k + 0 * a])), (angle,), (1.0,)) for angle in angles]
    return {
        "degrees": [float(angle) for angle in degrees],
        "loop": [float(value) for value, _ in teeth],
        "loop slope": [float(np.radians(slope)) for _, slope in teeth],
        "root": far.tolist(),
        "root slope": np.radians(slopes).tolist(),
    }


@style.figure
def loops(data: dict[str, Any]) -> Figure:
    """Left, where the stone lands against the angle; right, the slope that each program reports."""
    made, (left, right) = style.canvas(2.9, 1, 2)
    x = data["degrees"]
    left.plot(x, data["loop"], color=INK["vermilion"], marker=".", markersize=3, linestyle="none")
    left.plot(x, data["root"], color=INK["blue"], linestyle="-")
    right.plot(x, data["loop slope"], color=INK["vermilion"], marker=".", markersize=3, linestyle="none")
    right.plot(x, data["root slope"], color=INK["blue"], linestyle="-")
    right.axhline(0, color=INK["muted"], linestyle=":", linewidth=1)
    for axes, title in ((left, "landing point, m"), (right, "its slope, m per degree")):
        axes.set(xlabel="launch angle, degrees")
        axes.set_title(title)
    middle = len(x) // 2
    style.note(right, "by the root", (x[middle], data["root slope"][middle] + 0.06), "blue", va="bottom")
    style.note(right, "by the loop", (x[middle], data["loop slope"][middle] + 0.05), "vermilion", va="bottom")
    return made


# --- the fit --------------------------------------------------------------------------------------------------


def axes_of(path: Any) -> tuple[np.ndarray, np.ndarray]:
    """Angles in degrees and drags per kilometre, as the figures show them."""
    angle, k = np.transpose(path)
    return np.degrees(angle), 1000 * k


@style.figure
def fitted(seen: np.ndarray, throws: dict[str, Any], until: float) -> Figure:
    """Photographs of a stone, and named throws through them."""
    made, axes = style.canvas(2.9)
    for (name, p), (ink, line) in zip(throws.items(), (*SERIES, ("ink", (0, (1, 1)))), strict=False):
        x, y = trace(p, until)
        axes.plot(x, y, color=INK[ink], linestyle=line)
        top = int(np.argmax(y))
        above = name != "fit"  # the pictures crowd about the fit: its name stands below
        style.note(
            axes, name, (x[top], y[top] + (0.35 if above else -0.9)), ink, ha="center", va="bottom" if above else "top"
        )
    axes.plot(*seen.T, color=INK["ink"], marker="o", markersize=3.8, linestyle="none")
    axes.axhline(0, color=INK["muted"], linewidth=0.8, linestyle="-")
    axes.set(xlabel="distance, m", ylabel="height, m", ylim=(-1.2, None))
    return made


def landscape_data(
    photos: Function, seen: np.ndarray, paths: dict[str, Sequence[Any]], points: int = 31
) -> dict[str, Any]:
    """The loss on a grid of angles and drags around the paths; `photos` follows all stones of the grid at once."""
    loss = lambda p: ((photos(p) - seen[..., None]) ** 2).sum((0, 1)) / 2  # (2 × stones) → (stones)
    degrees, drags = axes_of([p for path in paths.values() for p in path])
    across = np.linspace(degrees.min() - 4, degrees.max() + 4, points)
    up = np.linspace(drags.min() - 3, drags.max() + 3, points)
    grid = np.stack(np.meshgrid(np.radians(across), up / 1000)).reshape(2, -1)
    return {
        "degrees": across.tolist(),
        "drags": up.tolist(),
        "loss": loss(grid).reshape(points, points).tolist(),
        "paths": {name: [side.tolist() for side in axes_of(path)] for name, path in paths.items()},
        "excess": {name: loss(np.transpose(path)).tolist() for name, path in paths.items()},
    }


@style.figure
def landscape(data: dict[str, Any], least: float) -> Figure:
    """Left, the loss over angle and drag with the ways down; right, how far above the minimum each step is."""
    made, (left, right) = style.canvas(3.4, 1, 2)
    levels = least + np.geomspace(1, 4000, 12)
    left.contour(data["degrees"], data["drags"], data["loss"], levels, colors=[INK["grid"]], linewidths=1)
    for (name, (x, y)), (ink, line) in zip(data["paths"].items(), SERIES, strict=False):
        left.plot(x, y, color=INK[ink], linestyle=line, marker=".", markersize=4)
        excess = np.maximum(np.array(data["excess"][name]) - least, 1e-15)
        right.plot(excess, color=INK[ink], linestyle=line, label=name)
    x, y = next(iter(data["paths"].values()))
    left.plot(x[0], y[0], color=INK["ink"], marker="o", markersize=5)
    style.note(left, "start", (x[0], y[0] - 0.8), ha="center", va="top")
    left.set(xlabel="launch angle, degrees", ylabel="drag, per km")
    right.set(yscale="log", xlabel="iterations", ylim=(1e-16, 1e5))
    right.set_title("loss above the minimum, m²")
    made.legend(*right.get_legend_handles_labels(), loc="outside upper center", ncols=len(data["paths"]))
    return made


# --- memory and recomputation ---------------------------------------------------------------------------------


class Metered:
    """A step that counts how often it runs, and how many of the states that it has returned are in memory at most."""

    def __init__(self, step: Function):
        self.step, self.runs, self.alive, self.most = step, 0, 0, 0

    def __call__(self, state: Any, *rest: Any) -> Any:
        new = self.step(state, *rest)
        self.runs += 1
        if isinstance(new, np.ndarray):  # not while a tape watches
            self.alive += 1
            self.most = max(self.most, self.alive)
            weakref.finalize(new, self._gone)
        return new

    def _gone(self) -> None:
        self.alive -= 1


def checkpoint_data(p: Any, n: int, slots: Sequence[int], time: float = 2.5) -> dict[str, Any]:
    """A gradient through n steps of flight with so many slots: runs of a step and states in memory, counted."""
    found: dict[str, Any] = {"n": n, "slots": list(slots), "runs": [], "alive": [], "theory": []}
    for s in slots:
        meter = Metered(step)
        distance = lambda p, s=s, meter=meter: ad.checkpointed_loop(meter, throw(p[0]), n, s, time / n, p[1])[0]
        ad.grad(distance)(p)
        found["runs"].append(meter.runs)
        found["alive"].append(meter.most)
        found["theory"].append(n + 1 + checkpointing.evaluations(n, s))
    return found


@style.figure
def memory(data: dict[str, Any]) -> Figure:
    """Runs of a step against slots: counted, and as the binomial schedule has it."""
    made, axes = style.canvas(2.8)
    n = data["n"]
    slots = np.unique(np.geomspace(1, n, 60).astype(int))
    theory = [1 + (1 + checkpointing.evaluations(n, int(s))) / n for s in slots]
    axes.loglog(slots, theory, color=INK["blue"], linestyle="-")
    counted = [runs / n for runs in data["runs"]]
    axes.loglog(data["slots"], counted, color=INK["vermilion"], marker="o", markersize=6, linestyle="none")
    axes.loglog([n], [1], color=INK["ink"], marker="D", markersize=6, linestyle="none")
    style.note(axes, "theory", (slots[3] * 1.3, theory[3] * 1.15), "blue")
    style.note(axes, "counted", (data["slots"][-1], counted[-1] * 1.35), "vermilion", ha="center", va="bottom")
    style.note(axes, "one tape for all", (0.85 * n, 1), ha="right", va="center")
    axes.set(xlabel="slots for states", ylabel="runs of each step", ylim=(0.65, None))
    return made


# --- what the fit does not know ----------------------------------------------------------------------------------


@style.figure
def cloud(best: Any, covariance: np.ndarray, refits: np.ndarray, shares: Sequence[float]) -> Figure:
    """Fits to repeated experiments, and the ellipses that should hold given shares of them."""
    made, axes = style.canvas(3.1)
    axes.plot(*axes_of(refits.T), color=INK["sky"], marker="o", markersize=2, linestyle="none", alpha=0.5)
    turn = np.linspace(0, 2 * np.pi, 200)
    circle = np.linalg.cholesky(covariance) @ np.stack([np.cos(turn), np.sin(turn)])
    for share, (ink, line) in zip(shares, SERIES, strict=False):
        edge = np.asarray(best)[:, None] + np.sqrt(-2 * np.log(1 - share)) * circle
        x, y = axes_of(edge.T)
        axes.plot(x, y, color=INK[ink], linestyle=line)
        style.note(axes, f"{100 * share:.0f} %", (x[int(np.argmax(y))], y.max()), ink, ha="center", va="bottom")
    axes.plot(*axes_of([best]), color=INK["ink"], marker="+", markersize=9, mew=1.5)
    axes.margins(y=0.1)
    axes.set(xlabel="launch angle, degrees", ylabel="drag, per km")
    return made


@style.figure
def same_landing(throws: Sequence[Any]) -> Figure:
    """Throws that end at one point."""
    made, axes = style.canvas(2.7)
    for p, (ink, line) in zip(throws, SERIES, strict=False):
        x, y = trace(p, float(duration(p)))
        axes.plot(x, y, color=INK[ink], linestyle=line)
        top = int(np.argmax(y))
        text = f"{np.degrees(p[0]):.1f}°, {1000 * p[1]:.1f} per km"
        style.note(axes, text, (x[top], y[top] + 0.2), ink, ha="center", va="bottom")
    axes.axhline(0, color=INK["muted"], linewidth=0.8, linestyle="-")
    axes.set(xlabel="distance, m", ylabel="height, m", ylim=(-0.5, None))
    axes.margins(y=0.12)
    return made


@style.figure
def surrogate(angles: np.ndarray, k: np.ndarray, truth: np.ndarray, network: np.ndarray) -> Figure:
    """Level lines of the landing distance over angle and drag: by the simulator, and by the network."""
    degrees, drags = np.degrees(angles), 1000 * k
    made, axes = style.canvas(3.2)
    levels = np.arange(20, 61, 5)
    lines = axes.contour(degrees, drags, truth, levels, colors=[INK["blue"]], linewidths=1.5, linestyles="-")
    axes.contour(degrees, drags, network, levels, colors=[INK["vermilion"]], linewidths=1.5, linestyles="--")
    for text in axes.clabel(lines, fmt="%g m", fontsize=9, inline=False):
        text.set_path_effects([withStroke(linewidth=3, foreground=INK["paper"])])
    axes.set(xlabel="launch angle, degrees", ylabel="drag, per km")
    return made
