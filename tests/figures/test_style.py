"""The style of all figures: inks that are seen and told apart on both papers, SVGs that tell no date and no machine."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from figures import style


def luminance(colour):
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


STAND_OUT = [("ink", 7), ("muted", 4.5), *[(name, 2.9) for name, _ in style.SERIES]]


@pytest.mark.parametrize("inks", [style.INK, style.INK_DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("name", "least"), STAND_OUT, ids=[name for name, _ in STAND_OUT])
def test_words_and_lines_stand_out_from_the_paper(inks, name, least):
    low, high = sorted([luminance(inks[name]), luminance(inks["paper"])])
    assert (high + 0.05) / (low + 0.05) >= least


def test_every_ink_has_a_colour_of_its_own_on_both_papers():
    assert style.INK.keys() == style.INK_DARK.keys()
    for inks in (style.INK, style.INK_DARK):
        assert len(set(inks.values())) == len(inks)


def test_every_series_has_an_ink_and_a_line_of_its_own():
    inks, lines = zip(*style.SERIES, strict=True)
    assert len(set(inks)) == len(set(lines)) == len(style.SERIES)
    assert set(inks) <= style.INK.keys()


@style.figure
def sample():
    made, axes = style.canvas(2.0)
    axes.plot([0, 1], [0, 1], label="rising")
    axes.plot([0, 1], [1, 0], label="falling")
    style.note(axes, "$x^2$", (0.5, 0.5))
    return made


def test_a_figure_is_drawn_in_the_style_and_leaves_no_trace_of_it():
    before = dict(mpl.rcParams)
    made = sample()
    assert dict(mpl.rcParams) == before
    assert isinstance(made, Figure)
    lines = [(line.get_color(), line.get_linestyle()) for line in made.axes[0].lines]
    assert lines == [(style.INK[name], line) for name, line in style.SERIES[:2]]


def test_an_svg_is_the_same_each_time_and_tells_no_date_and_no_machine():
    first, second = style.svg(sample()), style.svg(sample())
    assert first == second
    assert "<dc:date>" not in first
    assert "<text" not in first  # outlines: it looks the same wherever it is opened
