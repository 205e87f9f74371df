"""Small books for the tests of the renderer.

`specimen` is a book with every construct in it (tests/book/specimen), rendered once for all tests and all test
processes. `small_book` makes a book of a few lines in a temporary folder.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from book import cli
from book.manuscript import Manuscript, manuscripts, numbered
from book.project import Project
from book.render import Request, render

SPECIMEN = Path(__file__).parent / "specimen"
EPOCH = "1700000000"

CONFIG = """\
project:
  type: book
book:
  title: "A small book"
  chapters:
    - index.qmd
{chapters}
bibliography: references.bib
format:
  html: default
"""
BIBLIOGRAPHY = "@book{known2000, author={Known, Ann}, title={A known book}, year={2000}}\n"


@dataclass
class SmallBook:
    """A book in a temporary folder."""

    root: Path

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    @property
    def output(self) -> Path:
        return self.root / "_book"

    def project(self) -> Project:
        return Project(self.root)

    def render(self, *formats: str, **wishes: object) -> Path:
        """Render it in this process; return the output folder."""
        project = self.project()
        return render(project, Request(formats or ["html"], **wishes)).output  # type: ignore[arg-type]

    def page(self, name: str = "one") -> str:
        return (self.output / f"{name}.html").read_text()


@pytest.fixture(scope="session")
def small_book_in() -> Callable[..., SmallBook]:
    """Makes a book of ``one.qmd`` (and others, by name) behind a preface, in a folder."""

    def make(folder: Path, one: str = "# One {#sec-one}\n", config: str = CONFIG, **chapters: str) -> SmallBook:
        book = SmallBook(folder)
        texts = {"one": one, **chapters}
        listed = "\n".join(f"    - {name}.qmd" for name in texts)
        book.write("_quarto.yml", config.replace("{chapters}", listed))
        book.write("index.qmd", "# Preface {.unnumbered}\n")
        book.write("references.bib", BIBLIOGRAPHY)
        for name, text in texts.items():
            book.write(f"{name}.qmd", text)
        return book

    return make


@pytest.fixture
def small_book(tmp_path: Path, small_book_in: Callable[..., SmallBook]) -> Callable[..., SmallBook]:
    """Makes such a book in the temporary folder of a test."""
    return partial(small_book_in, tmp_path)


@pytest.fixture
def book(rendered: SmallBook, tmp_path: Path) -> SmallBook:
    """A copy of a module's ``rendered`` book, in another folder, with all that is remembered."""
    shutil.copytree(rendered.root, tmp_path / "copy")
    return replace(rendered, root=tmp_path / "copy")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs ``book …`` in a folder; gives the exit code and what it wrote to the two streams."""

    def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.chdir(folder)
        monkeypatch.setattr("sys.argv", ["book", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        written = capfd.readouterr()
        return code, written.out, written.err

    return run


@dataclass
class Specimen:
    """The rendered specimen."""

    root: Path

    @property
    def output(self) -> Path:
        return self.root / "_book"

    def page(self, name: str) -> str:
        return (self.output / f"{name}.html").read_text()

    def project(self) -> Project:
        return Project(self.root)

    def manuscripts(self) -> list[Manuscript]:
        return manuscripts(self.project(), self.project().chapters)

    def index(self, form: str):
        return numbered(self.project(), self.manuscripts(), form)[0]


@pytest.fixture(scope="session")
def specimen(tmp_path_factory: pytest.TempPathFactory) -> Specimen:
    """The book with every construct, in all formats. Test processes share it: a render waits for the other one."""
    shared = tmp_path_factory.getbasetemp()
    root = (shared.parent if os.environ.get("PYTEST_XDIST_WORKER") else shared) / "the specimen"
    if not root.exists():
        copy = shared / "copy"
        shutil.copytree(SPECIMEN, copy)
        try:
            os.rename(copy, root)
        except OSError:  # the other process was faster
            shutil.rmtree(copy)
    os.environ["SOURCE_DATE_EPOCH"] = EPOCH
    try:
        project = Project(root)
        render(project, Request(project.formats))
    finally:
        del os.environ["SOURCE_DATE_EPOCH"]
    return Specimen(root)
