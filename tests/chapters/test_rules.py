"""What every chapter has: inline code with values, figures in the book's inks, what the book's own rules ask for."""

import re
from pathlib import Path

import pytest

from book.check import sources
from book.manuscript import manuscripts
from book.project import Project
from figures import style

ROOT = Path(__file__).parents[2]
PROJECT = Project(ROOT)
WITH_CODE = [chapter.path for chapter in PROJECT.chapters if "{python}" in (ROOT / chapter.path).read_text()]

every_chapter = pytest.mark.parametrize("chapter", WITH_CODE, ids=lambda path: Path(path).stem)


@pytest.fixture(scope="module")
def results(whole_book):
    """What the cells and the inline code of each chapter gave when the book was rendered."""
    return {item.chapter.path: item.results for item in manuscripts(PROJECT, PROJECT.chapters)}


@every_chapter
def test_inline_code_has_values(chapter, results):
    assert "None" not in [value["text"] for value in results[chapter]["inline"]]


@every_chapter
def test_figures_are_drawn_in_the_inks_of_the_style(chapter, results):
    shown = [
        (cell, output.get("data", {})) for cell, outputs in results[chapter]["cells"].items() for output in outputs
    ]
    drawings = [(cell, data["image/svg+xml"]) for cell, data in shown if "image/svg+xml" in data]
    assert drawings or "appendix" in chapter, "a chapter without a figure"
    for cell, drawing in drawings:
        where = f"the figure of cell {cell}"
        assert float(re.search(r'width="([\d.]+)pt"', drawing)[1]) <= 72 * style.WIDTH, where
        ground = re.search(r'<g id="patch_1">\s*<path [^>]*style="([^"]*)"', drawing)
        assert ground[1] == "fill: none", f"{where} has a ground that is not transparent"
        strange = set(re.findall(r"#[0-9a-f]{6}\b", drawing.lower())) - set(style.INK.values())
        assert not strange, f"{where} uses colours that have no name in figures.style: {strange}"


def test_the_book_keeps_its_own_rules():
    """The skeleton, amounts, solutions, cells, captions, spelling: `book check` finds nothing in the sources."""
    assert list(map(str, sources(PROJECT))) == []
