"""Figures of the chapter on differentiating fixed points; every solution and derivative in them comes from `autodiff`.

Functions that end in `_data` return plain lists and numbers, so that something other than Matplotlib can draw them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import autodiff as ad
from figures import measurements, style
from figures.explorables import rounded
from figures.style import INK, SERIES

Function = Callable[..., Any]


def settle(theta: Any, phi: Any) -> Any:
    """φ cos θ: the cosine key of a calculator, with a knob."""
    return phi * np.cos(theta)


def switch(theta: Any, phi: Any) -> Any:
    """φ + 2 tanh θ: a cell that excites itself twice as strongly as it takes to stay on."""
    return phi + 2 * np.tanh(theta)


# --- cobwebs -------------------------------------------------------------------------------------------------


def cobweb_data(f: Function, start: float, steps: int) -> list[float]:
    """The iterates x₀, x₁ = f(x₀), …"""
    x = [float(start)]
    for _ in range(steps):
        x.append(float(f(x[-1])))
    return x


COBWEBS: tuple[tuple[str, Function, float, int, tuple[float, float]], ...] = (
    ("$\\cos x$", np.cos, 0.1, 14, (0.0, 1.1)),
    ("$(x+2/x)\\,/\\,2$", lambda x: (x + 2 / x) / 2, 0.45, 5, (0.3, 2.6)),
    ("$1.5\\cos x$", lambda x: 1.5 * np.cos(x), 0.85, 14, (0.0, 1.6)),
    ("$x$", lambda x: x, 0.6, 2, (0.0, 1.1)),
)
"""Title, function, start, steps and window of each panel of `cobwebs`."""


@style.figure
def cobwebs() -> Figure:
    """Four iterations as walks between the graph of f and the diagonal."""
    made, panels = style.canvas(2.15, 1, len(COBWEBS))
    for axes, (title, f, start, steps, (low, high)) in zip(panels, COBWEBS, strict=True):
        t = np.linspace(low, high, 200)
        axes.plot(t, t, color=INK["muted"], linestyle="-", linewidth=0.8)
        axes.plot(t, f(t), color=INK["blue"], linestyle="-")
        x = cobweb_data(f, start, steps)
        across, up = np.repeat(x, 2)[:-1], np.repeat(x, 2)[1:]
        axes.plot([start, *across[1:]], [low, *up[1:]], color=INK["vermilion"], linestyle="-", linewidth=1)
        axes.plot(start, low, color=INK["vermilion"], marker="o", markersize=4, clip_on=False)
        axes.set(xlim=(low, high), ylim=(low, high), aspect="equal", xticks=(), yticks=(), xlabel="$x_k$")
        axes.set_title(title, loc="center", fontsize=10.5)
    panels[0].set_ylabel("$x_{k+1}$")
    return made


# --- what each step contributes ------------------------------------------------------------------------------


def contributions_data(f: Function = settle, start: float = 0.1, phi: float = 1.0, steps: int = 40) -> dict[str, Any]:
    """What each step of the loop adds to the derivative of its last iterate, and how far that step was from the end.

    Every step gets a parameter of its own; the gradient by all of them holds the terms of the sum.
    """

    def loop(phis: Any) -> Any:
        theta = start
        for k in range(steps):
            theta = f(theta, phis[k])
        return theta

    terms = ad.grad(loop)(np.full(steps, phi))
    solution = ad.fixed_point(f, start, phi)
    error = np.abs(np.array(cobweb_data(lambda x: f(x, phi), start, steps)) - solution)
    return {"step": list(range(1, steps + 1)), "terms": np.abs(terms).tolist(), "error": error[:-1].tolist()}


@style.figure
def contributions(data: dict[str, Any]) -> Figure:
    """Terms of the unrolled derivative by step, above the distance from the solution at which each was taken."""
    made, axes = style.canvas(2.7)
    (ink, _), (other, line) = SERIES[:2]
    axes.vlines(data["step"], 1e-9, data["terms"], color=INK[ink], linewidth=3.2)
    axes.plot(data["step"], data["error"], color=INK[other], linestyle=line)
    axes.set(yscale="log", xlabel="step of the loop", ylim=(1e-9, 6), xlim=(0.3, len(data["step"]) + 0.7))
    at = len(data["step"])
    style.note(axes, "its share of the derivative", (0.93 * at, 1.1), "blue", ha="right")
    style.note(axes, "distance of $\\theta_k$ from $\\theta^\\star$", (0.07 * at, 0.9), "vermilion")
    return made


# --- two errors ----------------------------------------------------------------------------------------------


KNOBS = (0.5, 1.0, 1.25, 1.5)
"""Settings of the cosine key: a fast contraction, a medium one, a slow one, and none."""

STARTS = {"0.1": 0.1, "1.3": 1.3, "at rest": None}
"""Where iterations begin, by the names that readers choose; None is the fixed point itself."""


def errors_data(
    phi: float, f: Function = settle, start: float | None = 0.1, steps: int = 60, floor: float = 2e-16
) -> dict[str, Any]:
    """After each iteration: errors of the iterate, of its derivative, and of the implicit formula at the iterate.

    `digits` counts for each of the three the significant digits that are right: d, where the error is at most half a
    unit of the d-th; 14 means all but for rounding. The error of the derivative, counted positive, is the sum of
    `carried`, what the step has left of the error before, and `added`, which it owes to slopes taken at an iterate that
    has not arrived. A start of None is the fixed point.
    """
    solve = lambda phi: ad.fixed_point(f, 1.0 if start is None else start, phi, solver="newton", tol=1e-15)
    solution, slope = map(float, ad.value_and_grad(solve)(phi))
    first = solution if start is None else start

    def iterated(phi: Any) -> list:
        theta = [first * phi**0]
        for _ in range(steps):
            theta.append(f(theta[-1], phi))
        return theta

    theta, unrolled = map(np.array, ad.jvp(iterated, (phi,), (1.0,)))
    (_, by_theta), (_, by_phi) = (
        ad.jvp(lambda t: f(t, phi), (theta,), (np.ones_like(theta),)),
        ad.jvp(lambda p: f(theta, p), (phi,), (1.0,)),
    )
    error = {"iterate": theta - solution, "unrolled": unrolled - slope, "implicit": by_phi / (1 - by_theta) - slope}
    size = {name: np.maximum(np.abs(signed), floor) for name, signed in error.items()}
    off = error["unrolled"]
    carried = np.append(0.0, by_theta[:-1] * off[:-1]) * np.sign(off)
    added = np.abs(off) - carried
    added[np.abs(added) < 1e-15 * np.maximum(np.abs(off), 1)] = 0  # rounding
    truth = {"iterate": solution, "unrolled": slope, "implicit": slope}
    return {
        "phi": phi,
        "rate": abs(float(ad.grad(f)(solution, phi))),
        "start": first,
        "steps": list(range(steps + 1)),
        "theta": rounded(theta),
        **{name: rounded(values) for name, values in size.items()},
        "digits": {name: right_digits(size[name], truth[name]) for name in size},
        "carried": rounded(carried + 0.0),
        "added": rounded(added),
    }


def right_digits(error: np.ndarray, truth: float) -> list[int]:
    """How many significant digits of the truth an error leaves right, 14 at most."""
    return np.clip(np.floor(-np.log10(2 * error / abs(truth))), 0, 14).astype(int).tolist()


def contraction_data(knobs: Sequence[float] = KNOBS, starts: dict[str, float | None] = STARTS) -> dict[str, Any]:
    """What `errors` and its explorable draw: for each knob the key's graph, and a run from each start."""
    across = np.linspace(0, 1.55, 32)
    made = []
    for phi in knobs:
        runs = [errors_data(phi, start=start) for start in starts.values()]
        made.append({"phi": phi, "rate": runs[0]["rate"], "graph": rounded(settle(across, phi)), "runs": runs})
    return {"across": rounded(across), "starts": list(starts), "knobs": made}


@style.figure
def errors(data: Sequence[dict[str, Any]]) -> Figure:
    """Error curves for several rates of contraction, side by side."""
    made, panels = style.canvas(3.0, 1, len(data), sharey=True)
    kinds = [("unrolled", "unrolled derivative"), ("implicit", "implicit derivative"), ("iterate", "iterate")]
    for axes, state in zip(panels, data, strict=True):
        for (kind, label), (ink, line) in zip(kinds, SERIES, strict=False):
            axes.plot(state["steps"], state[kind], color=INK[ink], linestyle=line, label=label, linewidth=1.5)
        axes.set(yscale="log", xlabel="iterations", ylim=(1e-16, 30))
        axes.set_title(f"$\\varphi={state['phi']:g}$, rate {state['rate']:.2f}", loc="center", fontsize=10.5)
    panels[0].set_ylabel("absolute error")
    made.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=len(kinds))
    return made


# --- what it costs -------------------------------------------------------------------------------------------


def equilibrium(rate: float, size: int) -> Function:
    """(θ, φ) ↦ rate · Q tanh θ + φ with a fixed orthogonal Q: a contraction with that factor, or a better one."""
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((size, size)))[0]
    return lambda theta, phi: rate * (Q @ np.tanh(theta)) + phi


def tape_length(f: Function, *primals: Any) -> int:
    """Operations on the tape of `f`."""
    _, J = ad.linearize(f, *primals)
    return len(J.tape.nodes) - J.tape.inputs


def memory_data(steps: Sequence[int], size: int = 100) -> dict[str, Any]:
    """Tapes of a loop of so many steps, and of the one step that the implicit derivative needs."""
    f, start, phi = equilibrium(0.9, size), np.zeros(size), np.full(size, 0.1)

    def loop(phi: Any, steps: int) -> Any:
        theta = start
        for _ in range(steps):
            theta = f(theta, phi)
        return theta

    theta = ad.fixed_point(f, start, phi)
    return {
        "size": size,
        "steps": list(steps),
        "unrolled": [tape_length(lambda phi, n=n: loop(phi, n), phi) for n in steps],
        "implicit": [tape_length(f, theta, phi)] * len(steps),
    }


@style.figure
def cost(memory: dict[str, Any]) -> Figure:
    """Left, length of the tape against iterations; right, recorded time of a gradient beyond the solution itself."""
    recorded = measurements.load("fixed_point_gradient")
    made, (left, right) = style.canvas(2.9, 1, 2)
    for kind, (ink, line) in zip(("unrolled", "implicit"), SERIES, strict=False):
        look = {"color": INK[ink], "linestyle": line, "marker": "o", "markersize": 3.5}
        left.plot(memory["steps"], memory[kind], **look)
        right.plot(recorded.sizes["steps"], recorded.value[kind], **look)
    for axes, title, values in (
        (left, "operations on the tape", memory),
        (right, "time, in evaluations of $f$", recorded.value),
    ):
        axes.set(xscale="log", yscale="log", xlabel="iterations")
        axes.set_title(title)
        low, high = values["implicit"][-1], values["unrolled"][-1]
        axes.set_ylim(min(values["implicit"] + values["unrolled"]) / 3, 4 * high)
        last = (memory["steps"] if axes is left else recorded.sizes["steps"])[-1]
        style.note(axes, "unrolled", (last / 5, high / 2.2), "blue", ha="right")
        style.note(axes, "implicit", (last, 1.5 * low), "vermilion", ha="right")
    return made


def products(rate: float, size: int = 100, tol: float = 1e-10) -> dict[str, int]:
    """Products with A until uᵀ = θ̄ᵀ + uᵀ A holds to `tol`: by iterating, and by the best combination of all vectors
    met so far, which is what GMRES finds. A is symmetric, its eigenvalues evenly spread between −rate and rate.
    """
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.standard_normal((size, size)))[0]
    A = rate * (Q * np.linspace(-1, 1, size)) @ Q.T
    bar = rng.standard_normal(size)
    bar /= np.linalg.norm(bar)

    iterated, term = 1, bar @ A  # after K products the residual is θ̄ᵀ Aᴷ
    while np.linalg.norm(term) > tol:
        iterated, term = iterated + 1, term @ A

    basis, images, left = [bar], [], bar
    while np.linalg.norm(left) > tol:
        images.append(basis[-1] - basis[-1] @ A)
        left = bar - np.transpose(images) @ np.linalg.lstsq(np.transpose(images), bar, rcond=None)[0]
        new = images[-1]
        for _ in range(2):  # orthogonal to what we have, twice for rounding's sake
            new = new - np.transpose(basis) @ (np.array(basis) @ new)
        basis.append(new / np.linalg.norm(new))
    return {"iteration": iterated, "gmres": len(images)}


# --- a switch ------------------------------------------------------------------------------------------------


def switch_data(starts: Sequence[float] = (-2.4, -1.5, -0.35, 0.0, 0.35, 1.5, 2.4)) -> dict[str, Any]:
    """The curve of solutions of the switch, its folds, and slopes by the implicit function theorem at some points.

    Each θ solves θ = f(θ, φ) for one φ; where 1 is an eigenvalue of ∂f/∂θ the curve turns back.
    """
    theta = np.linspace(-3, 3, 601)
    phi = theta - switch(theta, 0.0)
    fold = float(ad.root(lambda t: ad.jvp(lambda t: switch(t, 0.0), (t,), (1.0,))[1] - 1, 1.0))
    points = []
    for start in starts:
        at = float(start - switch(start, 0.0))
        solve = lambda phi, start=start: ad.fixed_point(switch, start, phi, solver="newton", linear="dense")
        solution, slope = ad.value_and_grad(solve)(at)
        points.append({"phi": at, "theta": float(solution), "slope": float(slope)})
    return {"theta": theta.tolist(), "phi": phi.tolist(), "fold": fold, "points": points}


@style.figure
def folds(data: dict[str, Any]) -> Figure:
    """All fixed points of the switch against its parameter: attracting and repelling branches, folds, slopes."""
    made, axes = style.canvas(3.2)
    theta, phi, fold = np.array(data["theta"]), np.array(data["phi"]), data["fold"]
    for branch, ink, line in (
        (theta < -fold, "blue", "-"),
        (theta > fold, "blue", "-"),
        (np.abs(theta) <= fold, "vermilion", "--"),
    ):
        axes.plot(phi[branch], theta[branch], color=INK[ink], linestyle=line)
    for point in data["points"]:
        reach = 0.24 / np.hypot(1, point["slope"] / 3)
        ends = np.array([-reach, reach])
        axes.plot(
            point["phi"] + ends,
            point["theta"] + point["slope"] * ends,
            color=INK["ink"],
            linestyle="-",
            linewidth=1,
            marker=None,
        )
        axes.plot(point["phi"], point["theta"], color=INK["ink"], marker="o", markersize=3.5)
    turn = float(fold - switch(fold, 0.0))
    for side in (1, -1):
        axes.plot(side * turn, side * fold, color=INK["ink"], marker="s", markersize=7, fillstyle="none", mew=1.3)
        axes.axvline(side * turn, color=INK["muted"], linestyle=":", linewidth=1)
    style.note(axes, "attracts", (0.62, 2.72), "blue", ha="right")
    style.note(axes, "attracts", (-0.62, -2.72), "blue", va="top")
    style.note(axes, "repels", (0.2, 0.12), "vermilion")
    style.note(axes, "fold", (turn - 0.05, fold + 0.12), ha="right", va="center")
    style.note(axes, "fold", (-turn + 0.05, -fold - 0.12), va="center")
    axes.set(xlabel="$\\varphi$", ylabel="fixed points $\\theta$", xlim=(-1.1, 1.1), ylim=(-3.2, 3.2))
    return made


# --- penalties chosen by descent -----------------------------------------------------------------------------


@style.figure
def descent(loss: Function, path: Sequence[float], losses: dict[str, Sequence[float]]) -> Figure:
    """Left, the validation loss against one penalty, and the descent on it; right, losses with a penalty for each."""
    made, (left, right) = style.canvas(2.9, 1, 2)
    grid = np.linspace(min(path) - 1.5, max(path) + 0.7, 40)
    left.plot(grid, [loss(phi) for phi in grid], color=INK["blue"], linestyle="-")
    left.plot(path, [loss(phi) for phi in path], color=INK["vermilion"], linestyle="--", marker="o", markersize=4)
    left.set(xlabel="logarithm of the penalty, $\\varphi$")
    left.set_title("one penalty: validation loss")
    for (name, values), (ink, line) in zip(losses.items(), SERIES, strict=False):
        right.plot(values, color=INK[ink], linestyle=line)
        style.note(right, name, (len(values) * 0.45, values[len(values) // 2] * 1.03), ink, va="bottom")
    right.set(xlabel="steps of gradient descent")
    right.set_title("a penalty for each weight")
    return made


# --- an equilibrium layer ------------------------------------------------------------------------------------


@style.figure
def depths(answer: Function, points: np.ndarray, signs: np.ndarray, counts: Sequence[int | None]) -> Figure:
    """Where the answer of a network is positive after some iterations of its layer; None: at the fixed point."""
    low, high = points.min(axis=0) - 0.35, points.max(axis=0) + 0.35
    across, up = np.linspace(low[0], high[0], 48), np.linspace(low[1], high[1], 36)
    grid = np.stack(np.meshgrid(across, up), axis=-1)
    made, panels = style.canvas(1.75, 1, len(counts), sharey=True)
    for axes, count in zip(panels, counts, strict=True):
        height = answer(grid.reshape(-1, 2), count).reshape(grid.shape[:2])
        axes.contourf(across, up, height, [0, np.inf], colors=[INK["sky"]], alpha=0.35)
        axes.contour(across, up, height, [0], colors=[INK["ink"]], linewidths=1, linestyles="-")
        for sign, ink, marker in ((1, "blue", "o"), (-1, "vermilion", "^")):
            axes.plot(*points[signs == sign].T, color=INK[ink], marker=marker, markersize=2.6, linestyle="none")
        wrong = np.mean(np.sign(answer(points, count)) != signs)
        title = "fixed point" if count is None else f"{count} iteration{'s' * (count != 1)}"
        axes.set_title(title, loc="center", fontsize=10.5)
        axes.set(xticks=(), yticks=(), aspect="equal", xlabel=f"{100 * wrong:.0f} % wrong")
    return made
