"""A render from beginning to end: what is done in which order, and nothing twice."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from book import citations, pandoc, publish
from book.crossref import Index
from book.edition import Edition
from book.errors import BookError, Fault, fail
from book.execute import CELL_SECONDS
from book.manuscript import Manuscript, manuscripts, numbered
from book.progress import SILENT, Progress
from book.project import CONFIG, Chapter, Project
from book.store import digest, digest_files, renderer_digest


@dataclass
class Request:
    """What somebody wants rendered."""

    formats: Sequence[str]
    chapters: Sequence[Chapter] = ()
    """Empty for all."""
    output: Path | None = None
    strict: bool = False
    """Whether warnings are errors."""
    seconds: int = CELL_SECONDS


@dataclass
class Outcome:
    """What a render came to."""

    output: Path
    fresh: bool = False
    """Whether the book was up to date already."""
    warnings: list[Fault] = field(default_factory=list)


def render(project: Project, request: Request, progress: Progress = SILENT) -> Outcome:
    """Render a book, or some of it, into its output folder.

    Raises `BookError` where the book is not in order; the output folder then is as it was.
    """
    output = (request.output or project.output).resolve()
    _guard(project, output)
    with alone(project, progress):
        publish.recover(output)
        state = inputs(project, request)
        if publish.state(output) == state and publish.intact(output):
            return Outcome(output, fresh=True)
        chosen = list(request.chapters) or project.chapters
        book = manuscripts(project, chosen, progress, request.seconds)
        offered = sorted({*request.formats, *publish.ledger(output)})
        made, faults = make(project, book, chosen, request.formats, offered, progress)
        _judge(faults, request.strict)
        publish.publish(output, made, state, whole=not request.chapters)
        project.store.sweep()
        return Outcome(output, warnings=sorted({fault for fault in faults if fault.warning}))


def make(
    project: Project,
    book: Sequence[Manuscript],
    chosen: Sequence[Chapter],
    formats: Sequence[str],
    offered: Sequence[str],
    progress: Progress = SILENT,
) -> tuple[dict[str, publish.Files], list[Fault]]:
    """The files of each format. Raises `BookError` before any is made where the text is not in order."""
    indices, faults = examined(project, book, citations.entries(project), formats)
    _judge(faults, strict=False)
    worded = citations.word(project, [node for item in book for node in item.summary["cites"]])
    selected = [item for item in book if item.chapter in chosen]
    builders = {form: import_module(f"book.{BUILDERS[form][0]}").build for form in formats}
    progress.phase(f"Making {', '.join(BUILDERS[form][1] for form in formats)}")

    def one(form: str) -> tuple[publish.Files, list[Fault]]:
        return builders[form](Edition(project, book, indices[form], worded, selected, offered))

    made: dict[str, publish.Files] = {}
    for form, (files, found) in zip(formats, pandoc.in_parallel(one, formats), strict=True):
        made[form] = files
        faults += found
    return made, faults


def examined(
    project: Project, book: Sequence[Manuscript], known: dict[str, dict[str, Any]], formats: Sequence[str]
) -> tuple[dict[str, Index], list[Fault]]:
    """The numbers of each format, and what is not in order before anything is made.

    ``known`` are the entries of the bibliography.
    """
    faults = [*citations.doubled(project), *(fault for item in book for fault in item.faults)]
    for item in book:
        faults += citations.faults(project, item.summary["citations"], known)
    indices: dict[str, Index] = {}
    for form in formats:
        indices[form], found = numbered(project, book, form)
        faults += found
    return indices, faults


BUILDERS = {
    "html": ("site", "pages"),
    "pdf": ("pdf", "the PDF"),
    "epub": ("epub", "the EPUB"),
    "notebooks": ("notebooks", "notebooks"),
}
"""The room whose ``build`` makes a format, and what it makes. Rooms are entered when they are needed."""


def inputs(project: Project, request: Request) -> str:
    """A name for all that a render depends on: every file of the project that is not hidden and not made."""
    made = {project.output.resolve(), (request.output or project.output).resolve()}
    files: list[Path] = []
    for folder, folders, names in os.walk(project.root):
        here = Path(folder)
        folders[:] = [name for name in folders if is_input(project.root, made, here / name)]
        files += [path for name in names if (path := here / name).is_file() and is_input(project.root, made, path)]
    chosen = [chapter.path for chapter in request.chapters]
    return digest(
        renderer_digest(),
        digest_files(project.root, files),
        project.timestamp,
        list(request.formats),
        chosen,
        request.strict,
    )


def is_input(root: Path, made: Collection[Path], path: Path) -> bool:
    """Whether a book may be made from a file: neither it nor a folder around it is hidden or made."""
    parts = path.relative_to(root).parts
    hidden = any(part[0] == "." or part == "__pycache__" for part in parts)
    return not hidden and parts[:1] != ("notebooks",) and not any(path.is_relative_to(folder) for folder in made)


def _judge(faults: Sequence[Fault], strict: bool) -> None:
    if any(strict or not fault.warning for fault in faults):
        raise BookError(faults if strict else [fault for fault in faults if not fault.warning])


def _guard(project: Project, output: Path) -> None:
    """Never take over a folder that holds something else than a book."""
    ours = output == project.output.resolve() or publish.ledger(output)
    if output.exists() and not ours and (not output.is_dir() or any(output.iterdir())):
        raise fail(
            str(output),
            0,
            "output",
            "this folder holds something else than a rendered book",
            "name an empty or a new folder",
        )
    if project.root.is_relative_to(output):
        raise fail(CONFIG, 0, "output", f"the output folder {output} holds the book's sources", "choose another one")


@contextlib.contextmanager
def alone(project: Project, progress: Progress = SILENT) -> Iterator[None]:
    """Wait until no other render of this book is under way; remove what one that was killed left behind."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    project.store.folder.mkdir(parents=True, exist_ok=True)
    with open(project.store.folder / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.phase("Waiting for another render of this book")
            fcntl.flock(lock, fcntl.LOCK_EX)
        project.store.tidy()
        try:
            yield
        finally:
            project.store.tidy()  # threads that an interruption does not wait for leave theirs behind
