"""Figures of the chapter on finite differences; every point in them comes from `autodiff.finite`."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from autodiff import finite
from figures import style
from figures.explorables import rounded
from figures.numbers import tex
from figures.style import INK, SERIES

POINT = 0.7
"""Where the error curves differentiate the sine: no derivative of it vanishes there."""


# --- what an estimate looks like along a curve ---------------------------------------------------------------


@style.figure
def step_sizes(
    steps: Sequence[float] = (1e-2, 1e-1, 1.0), domain: tuple[float, float] = (0, 10), count: int = 400
) -> Figure:
    """Forward differences of the sine with several steps, over its true derivative."""
    x = np.linspace(*domain, count)
    made, axes = style.canvas(2.9)
    axes.plot(x, np.cos(x), color=INK["grid"], linestyle="-", linewidth=6, label="true derivative, cos x")
    for h in steps:
        axes.plot(x, finite.forward(np.sin, x, h), label=rf"$\Delta x = {h:g}$")
    axes.set(xlabel="$x$", ylabel="estimated derivative of sin", xlim=domain, ylim=(-1.15, 1.15))
    made.legend(loc="outside upper center", ncols=len(steps) + 1)
    return made


@style.figure
def evaluation_points(
    counts: Sequence[int] = (5, 10, 15), h: float = 1e-2, domain: tuple[float, float] = (0, 10)
) -> Figure:
    """Forward differences of the sine with one step, at few points joined by lines."""
    fine = np.linspace(*domain, 400)
    made, axes = style.canvas(2.9)
    axes.plot(fine, np.cos(fine), color=INK["grid"], linestyle="-", linewidth=6, label="true derivative, cos x")
    for count, marker in zip(counts, "osD", strict=False):
        x = np.linspace(*domain, count)
        axes.plot(x, finite.forward(np.sin, x, h), marker=marker, markersize=4.5, label=f"{count} points")
    axes.set(xlabel="$x$", ylabel="estimated derivative of sin", xlim=domain, ylim=(-1.15, 1.15))
    made.legend(loc="outside upper center", ncols=len(counts) + 1)
    return made


# --- the error against the step ------------------------------------------------------------------------------


STEPS = np.logspace(-15.5, 0, 63)
"""The steps that a reader can slide through, four a decade."""
WINDOWS = (1.0, 1e-1, 1e-5, 10**-15.5)
"""The steps at which the static figure opens a window."""


def bounds(h: Any) -> dict[str, tuple[Any, Any]]:
    """For each difference the two terms that bound its error with the step h: truncation and round-off."""
    size, bend, jerk = (float(abs(g(POINT))) for g in (np.sin, np.sin, np.cos))
    eps = float(np.finfo(float).eps)
    return {"forward": (h * bend / 2, 2 * eps * size / h), "central": (h**2 * jerk / 6, eps * size / h)}


METHODS: dict[str, Callable[..., Any]] = {
    "forward": finite.forward,
    "central": finite.central,
    "complex": finite.complex_step,
}


def slide_data(steps: Sequence[float] | np.ndarray = STEPS) -> dict[str, Any]:
    """What `slide` and its explorable draw, as plain numbers: a window on the sine for each step, and all errors.

    A window of step h holds u = (t - x) / h and (f(t) - f(x)) / h, so that a slope seen in it is a slope of f: every
    fifth point, and the corners in between. With them the number of steps that a double takes from x to x + h, the
    estimates, and the share of truncation in the bound of each difference's error. `start` is the step at which the
    bound of the forward difference is least.
    """
    x, slope = POINT, float(np.cos(POINT))
    u = np.linspace(-1.25, 1.25, 251)
    windows = []
    for h in map(float, steps):
        curve = (np.sin(x + u * h) - np.sin(x)) / h
        corners = np.abs(np.convolve(curve, (1, -2, 1), "same")) > 1e-3
        kept = corners | (np.arange(u.size) % 5 == 0)
        windows.append(
            {
                "h": h,
                "u": u[kept].round(2).tolist(),
                "curve": curve[kept].round(3).tolist(),
                "doubles": int(np.float64(x + h).view(np.int64) - np.float64(x).view(np.int64)),
                "estimates": {name: float(method(np.sin, x, h)) for name, method in METHODS.items()},
                "truncation": {name: float(cut / (cut + noise)) for name, (cut, noise) in bounds(h).items()},
            }
        )
    fine = np.logspace(-15.5, 0, 311)
    errors = {name: rounded(np.abs(method(np.sin, x, fine) - slope)) for name, method in METHODS.items()}
    start = int(np.argmin(np.sum(bounds(np.asarray(steps))["forward"], axis=0)))
    return {"x": x, "slope": slope, "start": start, "windows": windows, "errors": {"h": rounded(fine), **errors}}


@style.figure
def slide(data: dict[str, Any] | None = None) -> Figure:
    """The step slid from large to tiny: windows on the curve above, the error for every step below."""
    data = data or slide_data()
    windows = dict(zip("abcd", (window_of(h, data) for h in WINDOWS), strict=True))
    made = style.blank(4.6)
    axes = made.subplot_mosaic("abcd;eeee", height_ratios=(1, 1.3))
    for letter, window in windows.items():
        _window(axes[letter], window, data["slope"])
        axes[letter].set_title(f"({letter})  $h={tex(window['h'])}$", fontsize=10.5)
    axes["a"].set_ylabel("$(f(t)-f(x))\\,/\\,h$", fontsize=10)
    below = _error_axes(axes["e"])
    for (name, rise), (ink, line) in zip((("forward", 12), ("central", -15)), SERIES, strict=False):
        _error_line(below, data["errors"]["h"], data["errors"][name], ink, linestyle=line, label=name)
        for letter, window in windows.items():
            at = window["h"], abs(window["estimates"][name] - data["slope"])
            below.plot(*at, "o", color=INK[ink], markersize=5)
            below.annotate(letter, at, (0, rise), textcoords="offset points", ha="center", va="center")
    below.legend(loc="lower right")
    return made


def window_of(h: float, data: dict[str, Any]) -> dict[str, Any]:
    """The window of the data whose step is nearest to h."""
    return min(data["windows"], key=lambda window: abs(np.log(window["h"] / h)))


def _window(axes: Axes, window: dict[str, Any], slope: float) -> None:
    """The curve as the computer sees it around x, its tangent, and the secants of the two estimates."""
    u, curve = np.array(window["u"]), np.array(window["curve"])
    axes.plot(u, slope * u, color=INK["grid"], linestyle="-", linewidth=5)
    axes.plot(u, curve, color=INK["ink"], linestyle="-", linewidth=1)
    (ink, line), (central_ink, central_line) = SERIES[:2]
    axes.plot([0, 1], [0, window["estimates"]["forward"]], color=INK[ink], linestyle=line, marker="o", markersize=3.5)
    ends = np.interp([-1, 1], u, curve)
    axes.plot([-1, 1], ends, color=INK[central_ink], linestyle=central_line, marker="s", markersize=3.5)
    axes.set(xlim=(-1.3, 1.3), ylim=(-1.3, 1.3), xticks=(-1, 0, 1), xticklabels=("$x-h$", "$x$", "$x+h$"))
    axes.set_yticks((-1, 0, 1), () if window["h"] != 1 else None)
    axes.tick_params(labelsize=9)


def _error_axes(axes: Axes, floor: float = 1e-17) -> Axes:
    axes.set(xscale="log", yscale="log", xlabel="step $h$", ylabel="absolute error", ylim=(floor, 10))
    return axes


def _error_line(axes: Axes, h: Any, error: Any, ink: str, **options: Any) -> None:
    """Errors against steps; an estimate that is right to the last bit has no place on a logarithmic axis."""
    seen = np.where(np.asarray(error) > 0, error, np.nan)
    axes.plot(h, seen, color=INK[ink], **{"linewidth": 1.3, **options})


@style.figure
def v_curve() -> Figure:
    """Errors of the forward and the central difference against the step, with the bounds that predict them."""
    h = np.logspace(-15.5, 0, 621)
    laws = {"forward": (1, r"$\propto h$", 1e-12), "central": (2, r"$\propto h^2$", 3e-8)}
    made, grid = style.canvas(3.0, 1, 2, sharey=True)
    for axes, (name, (order, law, place)), (ink, _) in zip(grid, laws.items(), SERIES, strict=False):
        truncation, roundoff = bounds(h)[name]
        truncation_at_1, roundoff_at_1 = bounds(1.0)[name]
        best = (roundoff_at_1 / (order * truncation_at_1)) ** (1 / (order + 1))
        _error_axes(axes)
        error = np.abs(getattr(finite, name)(np.sin, POINT, h) - np.cos(POINT))
        _error_line(axes, h, error, ink, linestyle="none", marker=".", markersize=2.5)
        axes.plot(h, truncation + roundoff, color=INK["ink"], linestyle="-", linewidth=1)
        for part in (truncation, roundoff):
            axes.plot(h, part, color=INK["muted"], linestyle="--", linewidth=0.8)
        axes.axvline(best, color=INK["muted"], linestyle=":", linewidth=1)
        axes.set_title(f"{name} difference")
        style.note(axes, "$h^\\ast$", (best, 3e-17), ha="center", va="bottom")
        style.note(axes, law, (place, 3e-15), "muted", ha="right")
        style.note(axes, r"$\propto 1/h$", (2e-2, 3e-14), "muted", ha="left")
    grid[1].set_ylabel("")
    return made


@style.figure
def higher_orders(orders: Sequence[int] = (1, 2, 3, 4)) -> Figure:
    """Errors of central differences for derivatives of several orders; a dot marks the default step."""
    derivatives = (np.sin, np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x))
    h = np.logspace(-6, 0, 321)
    made, axes = style.canvas(3.1)
    _error_axes(axes)
    for order, (ink, line) in zip(orders, SERIES, strict=False):
        truth = derivatives[order % 4](POINT)
        error = np.abs(finite.derivative(np.sin, POINT, order, h=h) - truth)
        _error_line(axes, h, np.where(error < 10, error, np.nan), ink, linestyle=line, linewidth=1.2)
        best = finite.default_step(POINT, order=order)
        at_best = abs(finite.derivative(np.sin, POINT, order) - truth)
        axes.plot(best, at_best, "o", color=INK[ink], markersize=6.5, markeredgecolor=INK["paper"])
        marks = "'" * order if order < 4 else f"^{{({order})}}"
        style.note(axes, f"$f{marks}$", (1.3 * best, 0.1 * at_best), fontsize=12, va="top")
    axes.set_ylim(1e-13, 10)
    return made


@style.figure
def better_tools() -> Figure:
    """Errors of the central difference, Richardson's extrapolation and the complex step; zeros at the bottom."""
    h = np.logspace(-12, 0, 361)
    estimates = {
        "central": finite.central(np.sin, POINT, h),
        "Richardson, 2 levels": finite.richardson(np.sin, POINT, h, levels=2),
        "Richardson, 4 levels": finite.richardson(np.sin, POINT, h, levels=4),
        "complex step": finite.complex_step(np.sin, POINT, h),
    }
    made, axes = style.canvas(3.1)
    _error_axes(axes)
    for (name, estimate), (ink, line) in zip(estimates.items(), SERIES, strict=True):
        error = np.maximum(np.abs(estimate - np.cos(POINT)), 2e-17)
        _error_line(axes, h, error, ink, linestyle=line, linewidth=1.2, label=name)
    made.legend(loc="outside upper center", ncols=len(estimates), columnspacing=1.5)
    return made


# --- columns that share an evaluation ------------------------------------------------------------------------


@style.figure
def coloured_columns(pattern: np.ndarray, groups: np.ndarray) -> Figure:
    """A sparse Jacobian whose columns are coloured by group, and the same entries in one column per group."""
    rows, columns = pattern.shape
    count = int(groups.max()) + 1
    compressed = np.stack([pattern[:, groups == group].any(axis=1) for group in range(count)], axis=1)
    made = style.blank(2.9, wspace=0.12)
    left, right = made.subplots(1, 2, width_ratios=(columns, max(count, columns // 2)))
    _blocks(left, pattern, groups, f"$J$  ({rows} × {columns})")
    _blocks(right, compressed, np.arange(count), f"$JS$  ({rows} × {count})")
    left.set_anchor("E")
    right.set_anchor("W")
    return made


def _blocks(axes: Axes, pattern: np.ndarray, groups: np.ndarray, title: str) -> None:
    """The entries of a matrix as squares, each in its column's colour, the group's number above the column."""
    for i, j in np.argwhere(pattern):
        ink = INK[SERIES[groups[j] % len(SERIES)][0]]
        square = (j - 0.42, i - 0.42), 0.84, 0.84
        axes.add_patch(Rectangle(*square, facecolor=ink, edgecolor="none", alpha=0.35))
        axes.add_patch(Rectangle(*square, fill=False, edgecolor=ink))
        axes.text(j, i + 0.03, str(groups[j] + 1), ha="center", va="center", fontsize=8)
    axes.set(xlim=(-0.6, pattern.shape[1] - 0.4), ylim=(pattern.shape[0] - 0.4, -0.6), aspect="equal")
    axes.set(xticks=(), yticks=(), xlabel=title)
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set(visible=True, color=INK["muted"])
