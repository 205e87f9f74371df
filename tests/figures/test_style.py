"""Every figure of every chapter: the same bytes each time, in the inks of the style and no others."""

import importlib
import inspect
import pkgutil
import re
from functools import cache

import numpy as np
import pytest
from matplotlib.figure import Figure

import figures
from figures import style

ARGUMENTS = {
    "coloured_columns": (np.eye(6, dtype=bool), np.arange(6) % 3),
}
"""What figures take that draw something given to them."""


def drawings():
    """Every figure of the package: the functions that `style.figure` has decorated."""
    for module in pkgutil.iter_modules(figures.__path__):
        for name, value in vars(importlib.import_module(f"figures.{module.name}")).items():
            if inspect.isfunction(value) and hasattr(value, "__wrapped__") and value.__module__.endswith(module.name):
                yield pytest.param(value, id=f"{module.name}.{name}")


DRAWINGS = list(drawings())


@cache
def svg(draw):
    return style.svg(draw(*ARGUMENTS.get(draw.__name__, ())))


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_figure_uses_the_inks_and_nothing_else(draw):
    colours = set(re.findall(r"#[0-9a-f]{6}\b", svg(draw).lower()))
    assert colours <= set(style.INK.values())
    assert "<image" not in svg(draw)


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_figure_is_the_same_each_time_and_carries_no_date(draw):
    again = style.svg(draw(*ARGUMENTS.get(draw.__name__, ())))
    assert again == svg(draw)
    assert "<dc:date>" not in again


@pytest.mark.parametrize("draw", DRAWINGS)
def test_a_figure_fits_the_column_and_has_a_transparent_ground(draw):
    made = draw(*ARGUMENTS.get(draw.__name__, ()))
    assert isinstance(made, Figure)
    assert made.get_figwidth() == style.WIDTH
    assert made.patch.get_facecolor()[3] == 0


def test_inks_are_told_apart_by_their_colours():
    assert len(set(style.INK.values())) == len(style.INK)
    assert style.INK.keys() == style.INK_DARK.keys()


def test_every_series_has_an_ink_and_a_line_of_its_own():
    inks, lines = zip(*style.SERIES, strict=True)
    assert len(set(inks)) == len(set(lines)) == len(style.SERIES)
    assert set(inks) <= style.INK.keys()


def luminance(colour):
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("inks", [style.INK, style.INK_DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("name", "least"), [("ink", 7), ("muted", 4.5), *[(name, 2.9) for name, _ in style.SERIES]]
)  # fmt: skip
def test_words_and_lines_stand_out_from_the_paper(inks, name, least):
    low, high = sorted([luminance(inks[name]), luminance(inks["paper"])])
    assert (high + 0.05) / (low + 0.05) >= least
