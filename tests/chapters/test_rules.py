"""What every chapter has: cells that run, figures in the book's inks, and what the book's own rules ask for."""

import importlib
import pkgutil
import re
from functools import cache, wraps
from pathlib import Path
from unittest import mock

import pytest
from matplotlib.figure import Figure

import figures
from book.check import sources
from book.project import Project
from figures import style

ROOT = Path(__file__).parents[2]
CELL = re.compile(r"^```\{python\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUN = re.compile(rf"{CELL.pattern}|`\{{python\}} ([^`]+)`", CELL.flags)
PROJECT = Project(ROOT)
SOURCES = [ROOT / chapter.path for chapter in PROJECT.chapters]

every_file = pytest.mark.parametrize(
    "chapter",
    # one process for all tests of a chapter: its cells run once
    [pytest.param(path, id=path.stem, marks=pytest.mark.xdist_group(path.stem)) for path in SOURCES],
)


@cache
def drawn(chapter):
    """The calls that draw the chapter's figures, found by running its cells and inline code from top to bottom."""
    calls = []

    def recorded(draw):
        @wraps(draw)
        def call(*args, **kwargs):
            calls.append((draw, args, kwargs))
            return draw(*args, **kwargs)

        return call

    modules = [importlib.import_module(f"figures.{found.name}") for found in pkgutil.iter_modules(figures.__path__)]
    patches = [
        mock.patch.object(module, name, recorded(value))
        for module in modules
        for name, value in vars(module).items()
        if hasattr(value, "__wrapped__") and getattr(value, "__module__", None) == module.__name__
    ]
    for patch in patches:
        patch.start()
    try:
        names: dict = {"__name__": "__main__"}
        for found in RUN.finditer(chapter.read_text()):
            cell, inline = found.groups()
            if cell is not None:
                exec(compile(cell, f"{chapter.name}: {found.start()}", "exec"), names)
            else:
                assert eval(inline, names) is not None, inline
    finally:
        for patch in patches:
            patch.stop()
    return calls


@every_file
def test_cells_and_inline_code_run_from_top_to_bottom(chapter, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    drawn(chapter)


@every_file
def test_figures_are_drawn_in_the_inks_of_the_style(chapter, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    for draw, args, kwargs in drawn(chapter):
        made = draw(*args, **kwargs)
        assert isinstance(made, Figure)
        assert made.get_figwidth() <= style.WIDTH
        assert made.patch.get_facecolor()[3] == 0, "the ground of a figure is transparent"
        text = style.svg(made)
        strange = set(re.findall(r"#[0-9a-f]{6}\b", text.lower())) - set(style.INK.values())
        assert not strange, f"{draw.__name__} uses colours that have no name in figures.style: {strange}"
        assert style.svg(draw(*args, **kwargs)) == text, f"{draw.__name__} differs from time to time"


def test_the_book_keeps_its_own_rules():
    """The skeleton, amounts, solutions, cells, captions, spelling: `book check` finds nothing in the sources."""
    assert list(map(str, sources(PROJECT))) == []
