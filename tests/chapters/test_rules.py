"""What every chapter has: cells that run, figures in the book's inks, its skeleton, solutions for its exercises."""

import importlib
import pkgutil
import re
from functools import cache, wraps
from pathlib import Path
from unittest import mock

import pytest
import yaml
from matplotlib.figure import Figure

import figures
from figures import style

ROOT = Path(__file__).parents[2]
CELL = re.compile(r"^```\{python\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUN = re.compile(rf"{CELL.pattern}|`\{{python\}} ([^`]+)`", CELL.flags)
EXERCISE = re.compile(r"^::: \{#(exr-[\w-]+)", re.MULTILINE)
FIGURE = re.compile(r"^(?:::: \{#|#\| label: )(fig-[\w-]+)", re.MULTILINE)


def parts(listed):
    for entry in listed:
        yield from parts(entry["chapters"]) if isinstance(entry, dict) else [entry]


BOOK = yaml.safe_load((ROOT / "_quarto.yml").read_text())["book"]
CHAPTERS = [ROOT / path for path in parts(BOOK["chapters"]) if path not in ("index.qmd", "chapters/references.qmd")]
ALL = [ROOT / "index.qmd", *CHAPTERS, *[ROOT / path for path in parts(BOOK["appendices"])]]

chapters = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
every_file = pytest.mark.parametrize("chapter", ALL, ids=lambda path: path.stem)


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


@chapters
def test_a_chapter_has_the_skeleton(chapter):
    text = chapter.read_text()
    order = ["**What you will be able to do**", "## Where it bites", "## Summary", "## Exercises", "## Further reading"]
    places = [text.find(part) for part in order]
    assert -1 not in places, f"missing: {[part for part, place in zip(order, places, strict=True) if place < 0]}"
    assert places == sorted(places)


@chapters
def test_a_chapter_is_long_enough_and_drawn(chapter):
    text = chapter.read_text()
    prose = re.sub(r"\$\$.*?\$\$|\$[^$]*\$", " ", CELL.sub("", text), flags=re.DOTALL)
    assert len(prose.split()) >= 2500
    assert len(set(FIGURE.findall(text))) >= 4
    assert len(EXERCISE.findall(text)) >= 5


@chapters
def test_every_exercise_has_a_solution(chapter):
    solutions = (ROOT / "chapters" / "appendix-solutions.qmd").read_text()
    missing = [label for label in EXERCISE.findall(chapter.read_text()) if f"@{label}" not in solutions]
    assert not missing


@every_file
def test_cells_are_short(chapter):
    for cell in CELL.findall(chapter.read_text()):
        code = [line for line in cell.splitlines() if line.strip() and not line.startswith("#|")]
        assert len(code) <= 15, f"{len(code)} lines in the cell that begins with {code[0]!r}"
        wide = [line for line in code if len(line) > 72]
        assert not wide, f"wider than the page: {wide}"


@chapters
def test_captions_hold_no_numbers_typed_by_hand(chapter):
    """A parameter in a caption comes from the cell: a figure div with inline code, never digits in fig-cap."""
    for caption in re.findall(r"^#\| fig-cap: (.*)$", chapter.read_text(), re.MULTILINE):
        assert not re.search(r"\d", caption), caption
