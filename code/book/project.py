"""The book as ``_quarto.yml`` describes it: chapters in order, formats, defaults. There is no second list."""

from __future__ import annotations

import datetime
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from book import dates, keys, people
from book.crossref import ALL_LEVELS, Style
from book.errors import BookError, Fault, fail
from book.people import Author
from book.settings import Settings, as_list
from book.store import Store, digest_files

CONFIG = "_quarto.yml"
FORMATS = {"html": "html", "pdf": "typst", "epub": "epub"}
"""What a reader opens, and the key under ``format:`` that asks for it; notebooks are always made."""

SOURCES = (".qmd", ".ipynb")
"""What the files of chapters end in."""

CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that stand for no sign; no page, no EPUB and no PDF may hold them."""

HOOKS = Path(__file__).resolve().parent / "hooks"
"""What Quarto is told to run before and after a render."""


@dataclass(frozen=True)
class Chapter:
    """One source file of the book: where it lies and what it is."""

    path: str
    """Relative to the book's folder, with forward slashes."""
    kind: str
    """``index``, ``chapter`` or ``appendix``."""
    part: str = ""
    """The title of the part that this chapter belongs to; empty outside of parts."""
    line: int = field(default=0, compare=False)
    """The line of ``_quarto.yml`` that lists it."""

    @property
    def stem(self) -> str:
        return PurePosixPath(self.path).stem

    @property
    def page(self) -> str:
        """The path of its page in the built book."""
        return str(PurePosixPath(self.path).with_suffix(".html"))


class Project:
    """A book's folder, opened."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        path = self.root / CONFIG
        if not path.is_file():
            raise fail(CONFIG, 0, "no-book", "this folder holds no book", f"run the command where {CONFIG} lies")
        self.settings = Settings(read_text(self.root, CONFIG), CONFIG)
        self.store = Store(self.root / ".cache" / "book")
        faults = self.settings.faults(keys.BOOK)
        if self.settings.get("project", "type") != "book":
            faults.append(Fault(CONFIG, 1, "setting", "project.type is not book", "write project: {type: book}"))
        if not faults:
            faults = [*self._foreign_hooks(), *self._date_faults(), *people.faults(self.settings, "book", "author")]
        if faults:
            raise BookError(faults)
        self.chapters = self._chapters()

    def get(self, *path: str, default: Any = None) -> Any:
        """A value of ``_quarto.yml`` by its path of keys."""
        return self.settings.get(*path, default=default)

    def setting(self, head: Settings | None, form: str, *path: str, default: Any = None) -> Any:
        """What is said closest to a chapter: in its head or in the book's file, each time first under the format.

        As in Quarto, a chapter's head speaks for its page (and its notebook). The PDF and the EPUB are one text each.
        """
        key = FORMATS.get(form, "html")
        own = [(head, ("format", key)), (head, ())] if head and key == "html" else []
        for settings, place in (*own, (self.settings, ("format", key)), (self.settings, ())):
            if (value := settings.get(*place, *path)) is not None:
                return value
        return default

    def depth(self, head: Settings, form: str) -> int:
        """Down to which level the headings of a chapter print their numbers."""
        wanted = self.setting(head, form, "number-sections", default=True)
        return self.setting(head, form, "number-depth", default=ALL_LEVELS) if wanted else 0

    @property
    def style(self) -> Style:
        """The words of captions and references."""
        return Style(self.get("crossref") or {})

    @property
    def title(self) -> str:
        return self.get("book", "title", default="Untitled")

    @property
    def people(self) -> list[Author]:
        return people.authors(self.get("book", "author"))

    @property
    def authors(self) -> list[str]:
        """The names of those who wrote it."""
        return [author.name for author in self.people]

    @property
    def lang(self) -> str:
        return self.get("lang", default="en")

    @property
    def output(self) -> Path:
        return self.root / self.get("project", "output-dir", default="_book")

    @property
    def formats(self) -> list[str]:
        """The formats that ``_quarto.yml`` asks for, and notebooks."""
        asked = self.get("format", default={"html": {}})
        return [name for name, key in FORMATS.items() if key in asked] + ["notebooks"]

    @property
    def resources(self) -> list[str]:
        """Files and folders that come along with the pages."""
        return as_list(self.get("project", "resources"))

    @property
    def file_stem(self) -> str:
        """The name of the PDF and of the EPUB, without its ending; Quarto makes it from the title."""
        return self.get("book", "output-file", default=re.sub(r"[^\w.-]+", "-", self.title).strip("-"))

    @property
    def bibliography(self) -> list[Path]:
        return [self.root / name for name in as_list(self.get("bibliography"))]

    @cached_property
    def timestamp(self) -> int:
        """The moment that dated files carry: SOURCE_DATE_EPOCH, else the last commit, else 1980."""
        if epoch := os.environ.get("SOURCE_DATE_EPOCH"):
            return int(epoch)
        done = subprocess.run(
            ["git", "log", "-1", "--format=%ct"], cwd=self.root, capture_output=True, text=True, check=False
        )
        return int(done.stdout) if done.returncode == 0 and done.stdout.strip() else 315532800

    @cached_property
    def moment(self) -> datetime.datetime:
        """The date that ``book.date`` states, or that of `timestamp`."""
        now = datetime.datetime.fromtimestamp(self.timestamp, datetime.UTC)
        return dates.read(str(self.get("book", "date", default="today")), now) or now

    @property
    def date(self) -> str:
        """The book's date as it is printed; empty where none is stated."""
        if not self.get("book", "date"):
            return ""
        form = self.get("book", "date-format", default=self.get("date-format"))
        return dates.write(self.moment, form or ("long" if self.lang.startswith("en") else "iso"))

    def _date_faults(self) -> Iterator[Fault]:
        stated = self.get("book", "date")
        line = self.settings.line
        if stated is not None and not dates.read(str(stated), datetime.datetime(2000, 1, 1)):
            forms = "2005-03-07, 03/07/2005, March 7, 2005, today, last-modified"
            yield Fault(CONFIG, line("book", "date"), "setting", f"{stated!r} is no date", f"write one of {forms}")
        for place in (("book", "date-format"), ("date-format",)):
            if (form := self.get(*place)) and (why := dates.trouble(form, self.lang)):
                mend = f"styles: {', '.join(dates.STYLES)}; parts: {', '.join(dates.TOKENS)}"
                yield Fault(CONFIG, line(*place), "setting", why, mend)

    @cached_property
    def environment(self) -> dict[str, str]:
        """The variables of the file ``_environment``, which Quarto sets too."""
        path = self.root / "_environment"
        lines = path.read_text().splitlines() if path.is_file() else []
        pairs = (line.partition("=") for line in lines if "=" in line and not line.lstrip().startswith("#"))
        return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}

    @property
    def source_folders(self) -> list[Path]:
        """The folders that cells import from: those of PYTHONPATH in ``_environment``."""
        return [self.root / name for name in self.environment.get("PYTHONPATH", "").split(os.pathsep) if name]

    @cached_property
    def code_digest(self) -> str:
        """A name for all that cells may import from the book's folder, and for the lock.

        The renderer itself is left out: no cell's result may depend on it.
        """
        renderer = Path(__file__).parent
        sources = [
            path
            for folder in self.source_folders
            for path in folder.rglob("*")
            if path.is_file() and path.suffix != ".pyc" and not path.resolve().is_relative_to(renderer)
        ]
        return digest_files(self.root, [*sources, *self.root.glob("*.lock")])

    def _foreign_hooks(self) -> Iterator[Fault]:
        """Scripts that Quarto would run around a render and the embedded renderer would not."""
        for step in ("pre-render", "post-render"):
            for name in as_list(self.get("project", step)):
                if not (self.root / name).resolve().is_relative_to(HOOKS):
                    line, mend = self.settings.line("project", step), "run it before a render: it is no part of one"
                    yield Fault(CONFIG, line, "setting", f"{step}: only Quarto would run {name}", mend)

    def _chapters(self) -> list[Chapter]:
        chapters = [
            *self._listed("chapter", self.get("book", "chapters"), ("book", "chapters")),
            *self._listed("appendix", self.get("book", "appendices"), ("book", "appendices")),
        ]
        if faults := list(self._chapter_faults(chapters)):
            raise BookError(faults)
        return chapters

    def _listed(self, kind: str, items: Any, place: tuple, part: str = "") -> Iterator[Chapter]:
        """The chapters of a list, parts opened. ``place`` is the way to the list."""
        for number, item in enumerate(as_list(items)):
            here = (*place, number)
            if isinstance(item, str):
                line = self.settings.line(*here)
                yield Chapter(item, "index" if item == "index.qmd" else kind, part, line)
            elif isinstance(item, dict) and set(item) == {"part", "chapters"} and not part:
                yield from self._listed(kind, item["chapters"], (*here, "chapters"), str(item["part"]))
            else:
                mend = "a chapter is a path; a part is part: its title, chapters: a list of paths"
                raise fail(CONFIG, self.settings.line(*here), "setting", f"not a chapter: {item!r:.60}", mend)

    def _chapter_faults(self, chapters: list[Chapter]) -> Iterator[Fault]:
        if not chapters or chapters[0].kind != "index":
            line, mend = self.settings.line("book", "chapters"), "list index.qmd first; it is the preface"
            yield Fault(CONFIG, line, "setting", "the first chapter is not index.qmd", mend)
        stems: set[str] = set()
        for chapter in chapters:
            if not (self.root / chapter.path).is_file():
                yield Fault(CONFIG, chapter.line, "missing-chapter", f"there is no file {chapter.path}")
            elif not chapter.path.endswith(SOURCES):
                message = f"{chapter.path} is no chapter"
                yield Fault(CONFIG, chapter.line, "setting", message, f"chapters end in {' or '.join(SOURCES)}")
            if chapter.stem in stems:
                message = f"two chapters are named {chapter.stem}"
                yield Fault(CONFIG, chapter.line, "setting", message, "rename one")
            stems.add(chapter.stem)


def read_text(root: Path, name: str) -> str:
    """A source as text; bytes that are not UTF-8 are refused with their line."""
    data = (root / name).read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise fail(name, line, "encoding", "this is not UTF-8", "save the file as UTF-8") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if found := CONTROLS.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise fail(name, line, "encoding", f"the control character U+{ord(found[0]):04X}", "remove it")
    return text
