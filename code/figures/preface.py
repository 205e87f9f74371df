"""The chart of the preface: which chapter needs which."""

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from figures import style
from figures.style import INK

# Chapter -> where it stands (column, row), and the chapters that it cannot do without.
CHAPTERS: dict[str, tuple[tuple[float, float], tuple[str, ...]]] = {
    "Jacobians": ((0, 1), ()),
    "Accumulation": ((1, 0), ("Jacobians",)),
    "JVPs and VJPs": ((1, 1), ("Jacobians",)),
    "Graphs": ((2, 1), ("JVPs and VJPs",)),
    "Building\nthe graph": ((3, 0), ("Graphs",)),
    "Fixed points": ((3, 1), ("Graphs",)),
    "Symbolic\ndifferentiation": ((3, 2), ("Graphs",)),
    "Finite\ndifferences": ((1, 2), ("Jacobians",)),
    "A thrown\nstone": ((4, 1), ("Building\nthe graph", "Fixed points")),
    "Choosing\na method": ((4, 2.8), ("Fixed points", "Symbolic\ndifferentiation", "Finite\ndifferences")),
}


@style.figure
def reading_order() -> Figure:
    """The chapters as boxes, with an arrow from each to those that need it."""
    made, axes = style.canvas(2.9)
    width, height = 0.78, 0.56
    for name, ((column, row), needs) in CHAPTERS.items():
        place = (column - width / 2, -row - height / 2)
        box = FancyBboxPatch(place, width, height, boxstyle="round,pad=0,rounding_size=0.08", linewidth=1.1)
        box.set(facecolor=INK["paper"], edgecolor=INK["ink"])
        axes.add_patch(box)
        axes.text(column, -row, name, ha="center", va="center", fontsize=10.5)
        for other in needs:
            (start, level), _ = CHAPTERS[other]
            ends = (start + width / 2, -level), (column - width / 2, -row)
            arrow = FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=11, shrinkA=2, shrinkB=2)
            arrow.set(linewidth=1.0, color=INK["blue"])
            axes.add_patch(arrow)
    columns, rows = zip(*(place for place, _ in CHAPTERS.values()), strict=True)
    axes.set(xlim=(-0.5, max(columns) + 0.5), ylim=(-max(rows) - 0.4, 0.4))
    axes.axis("off")
    return made
