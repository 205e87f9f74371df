"""The book on its way into one format: what every format asks for before it makes its files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from book import lowering, pandoc
from book.citations import Worded
from book.crossref import Index
from book.errors import Fault
from book.lowering import Page
from book.manuscript import Manuscript
from book.outputs import MEDIA
from book.project import Chapter, Project
from book.store import digest, renderer_digest


@dataclass
class Edition:
    """A numbered book and the part of it that is wanted."""

    project: Project
    book: Sequence[Manuscript]
    index: Index
    worded: Worded
    chosen: Sequence[Manuscript]
    """The chapters that are to be made; the others only lend their numbers and titles."""
    offered: Sequence[str]
    """The formats that a reader of this book will find."""

    @property
    def form(self) -> str:
        return self.index.form

    @property
    def shown(self) -> list[Manuscript]:
        """The chapters that this format shows: those whose title it shows."""
        return [item for item in self.book if item.title(self.form)]

    @property
    def partial(self) -> bool:
        return len(self.chosen) < len(self.book)

    @cached_property
    def references_at(self) -> Chapter | None:
        """The chapter that holds the list of references; None where the format puts it at the end."""
        return next((item.chapter for item in self.book if self.form in item.summary["refs"].split()), None)

    def page(self, item: Manuscript) -> Page:
        """A chapter with all that its constructs ask for."""
        keys = [lowering.citation_key(node) for node in item.summary["cites"]]
        return Page(
            item.chapter,
            self.index,
            citations={key: self.worded.citations[key] for key in keys if key in self.worded.citations},
            bibliography=self.worded.bibliography if item.chapter == self.references_at else [],
            places={other.chapter.path: other.chapter for other in self.book},
            references_at=self.references_at,
        )

    def key(self, item: Manuscript, page: Page) -> str:
        """The name of all that a chapter takes into this format; of other chapters that is what it refers to."""
        mentions = {}
        for reference in item.summary["references"]:
            if target := page.target(reference["to"]):
                mentions[target.label] = [target.mention(self.form), page.anchor(target.chapter, target.label)]
        links = [
            page.anchor(link["source"], link["id"]) for link in item.summary["links"] if link["source"] in page.places
        ]
        pictures = [
            name if name.startswith(f"{MEDIA}/") else [name, digest(self.project.root / name)]
            for name in item.summary["media"]
        ]
        at = page.references_at.path if page.references_at else ""
        return digest(
            renderer_digest(), self.form, item.key, self.index.own(item.chapter.path), mentions, links, page.citations,
            page.bibliography, at, pictures,
        )  # fmt: skip

    def each(self, items: Iterable[Manuscript], make: Callable[[Manuscript], dict[str, Any]]) -> Made:
        """Make something of several chapters at a time; ``make`` returns JSON with pandoc's ``warnings`` in it."""
        items = list(items)
        made = dict(zip([item.chapter.path for item in items], pandoc.in_parallel(make, items), strict=True))
        faults = [
            Fault(path, 0, "pandoc", warning, "mend the source of it", warning=True)
            for path, result in made.items()
            for warning in result["warnings"]
        ]
        return Made(made, faults)

    def media(self, items: Iterable[Manuscript]) -> dict[str, bytes]:
        """The pictures of some chapters by name."""
        names = sorted({name for item in items for name in item.summary["media"]})
        return {name: read_media(self.project, name) for name in names}


@dataclass
class Made:
    """What was made of chapters, by their paths, and the faults found on the way."""

    results: dict[str, dict[str, Any]]
    faults: list[Fault]


def read_media(project: Project, name: str) -> bytes:
    """A picture of the book: drawn by a cell, or a file of the project."""
    if name.startswith(f"{MEDIA}/"):
        data = project.store.read(MEDIA, name.removeprefix(f"{MEDIA}/"))
        if data is None:
            raise FileNotFoundError(f"the picture {name} is no longer in the cache: run book clean, then render again")
        return data
    return (project.root / name).read_bytes()
