"""The look of every figure: inks, line styles, type, and how a figure becomes an SVG.

A figure uses the inks named here and no other colour, on a transparent ground. That makes it a drawing in two
themes at once: the pages' style sheet holds one variable per ink (`--ink-blue`, …) with a light and a dark
value, and the renderer puts the variable in the place of the colour. The hues are Okabe and Ito's, which
colour-blind readers tell apart; every series also has its own line style and, where there is room, its own
label.

Text is drawn as outlines in STIX, the face of the pages' mathematics, so that a figure looks the same on any
machine.
"""

import functools
import io
import sys
from collections.abc import Callable
from typing import Any, ParamSpec

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patheffects import withStroke

INK = {
    "ink": "#23211d",  # text, axes, the truth
    "muted": "#625d53",  # what explains: annotations, guides, predictions
    "grid": "#dcd8cc",
    "paper": "#fffefa",
    "blue": "#0072b2",
    "vermilion": "#d55e00",
    "green": "#009e73",
    "purple": "#cc79a7",
    "orange": "#e69f00",  # with sky, for areas and dots: too pale on paper for a line
    "sky": "#56b4e9",
}
"""Each ink's colour on light paper, as it stands in the SVG."""

INK_DARK = {
    "ink": "#dcd9d2",
    "muted": "#a8a298",
    "grid": "#383c42",
    "paper": "#16181b",
    "blue": "#58b5ea",
    "vermilion": "#ff8f4a",
    "green": "#35c49a",
    "purple": "#e5a3c8",
    "orange": "#f0b93a",
    "sky": "#9bd3f5",
}
"""The same inks on dark paper; only the style sheet uses them."""

SERIES = [("blue", "-"), ("vermilion", "--"), ("green", "-."), ("purple", ":")]
"""Ink and line style of the first, second, … series of a figure."""

WIDTH = 6.6  # inches; the text column of the PDF

_RC: Any = {  # matplotlib types each key as a literal of its own
    "axes.axisbelow": True,
    "axes.edgecolor": INK["ink"],
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": INK["ink"],
    "axes.linewidth": 0.7,
    "axes.prop_cycle": cycler(color=[INK[name] for name, _ in SERIES], linestyle=[line for _, line in SERIES]),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "figure.facecolor": "none",
    "font.family": "STIXGeneral",
    "font.size": 11,
    "grid.color": INK["grid"],
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 10.5,
    "legend.handlelength": 2.6,
    "lines.dashed_pattern": (5, 2),
    "lines.dashdot_pattern": (6, 2, 1.2, 2),
    "lines.dotted_pattern": (1.2, 1.5),
    "lines.linewidth": 1.7,
    "mathtext.fontset": "stix",
    "savefig.facecolor": "none",
    "svg.fonttype": "path",
    "svg.hashsalt": "differentiating-programs",
    "text.color": INK["ink"],
    "xtick.color": INK["ink"],
    "xtick.labelsize": 10,
    "xtick.major.width": 0.7,
    "xtick.minor.size": 0,
    "ytick.color": INK["ink"],
    "ytick.labelsize": 10,
    "ytick.major.width": 0.7,
    "ytick.minor.size": 0,
}

P = ParamSpec("P")


def figure(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Decorate a function that draws a figure: it draws in this style, and shows as our SVG in a notebook."""

    @functools.wraps(draw)
    def styled(*args: P.args, **kwargs: P.kwargs) -> Figure:
        _show_as_svg()
        with mpl.rc_context(_RC):
            return draw(*args, **kwargs)

    return styled


def canvas(height: float, rows: int = 1, columns: int = 1, **options: Any) -> tuple[Figure, Any]:
    """An empty figure of the column's width and its axes; options go to `Figure.subplots`.

    It belongs to no pyplot session, so nothing has to be closed.
    """
    made = blank(height)
    return made, made.subplots(rows, columns, **options)


def blank(height: float, **spacing: Any) -> Figure:
    """A figure of the column's width without axes; spacing goes to `ConstrainedLayoutEngine`."""
    return Figure(figsize=(WIDTH, height), layout=ConstrainedLayoutEngine(**spacing))


def note(axes: Axes, text: str, at: tuple[float, float], ink: str = "ink", **options: Any) -> None:
    """A direct label in data coordinates; a rim of paper keeps it readable where it crosses a line."""
    rim = withStroke(linewidth=3, foreground=INK["paper"])
    axes.text(*at, text, color=INK[ink], **{"fontsize": 10.5, "path_effects": [rim], **options})


def svg(made: Figure) -> str:
    """The figure as an SVG: the same bytes each time, no date, no trace of the machine."""
    out = io.StringIO()
    with mpl.rc_context(_RC):
        made.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def _show_as_svg() -> None:
    """Tell a running notebook to show figures by `svg`; elsewhere there is nothing to tell."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        shell.display_formatter.formatters["image/svg+xml"].for_type(Figure, svg)
