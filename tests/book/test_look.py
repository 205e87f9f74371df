"""The colours of the style sheet: readable in both themes, and the very inks that figures are drawn with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from figures.style import INK, INK_DARK

CSS = (Path(__file__).parents[2] / "assets" / "book.css").read_text()
COLOURS = {
    name: {"light": light, "dark": dark}
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\);", CSS)
}
TEXT = ["ink", "quiet", "accent", "note", "tip", "warning", "caution", "important"]
CODE = [name for name in COLOURS if name.startswith("code-")]


def luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "wash"])
@pytest.mark.parametrize("name", TEXT + CODE)
def test_text_stands_out_from_its_ground(name, ground, theme):
    assert contrast(COLOURS[name][theme], COLOURS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_focus_ring_stands_out(theme):
    assert contrast(COLOURS["focus"][theme], COLOURS["paper"][theme]) >= 3


def test_the_pages_hold_the_figures_inks():
    inks = {name: {"light": INK[name], "dark": INK_DARK[name]} for name in INK}
    assert {name: COLOURS.get(f"ink-{name}") for name in INK} == inks


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_lie_on_the_paper_of_the_page(theme):
    assert COLOURS["ink-paper"][theme] == COLOURS["paper"][theme]
