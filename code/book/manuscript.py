"""The chapters of a book, each as far as it has come: read, run, composed; and everything kept by content.

A chapter that did not change is known by its key and its summary (outline, references, citations, pictures,
faults). Its blocks are read from the store only when a format has to be made of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from book import addresses, markup, notebook, pandoc, tree
from book.crossref import Index, number, visible
from book.errors import BookError, Fault
from book.execute import CELL_SECONDS, Job, execute, job, known
from book.notebook import Source
from book.outputs import MEDIA
from book.progress import SILENT, Progress
from book.project import Chapter, Project, read_text
from book.store import digest, renderer_digest


@dataclass
class Manuscript:
    """A composed chapter."""

    project: Project
    chapter: Chapter
    source: Source
    key: str
    """The name of everything that it was composed from."""
    summary: dict[str, Any]
    results: dict[str, Any] | None

    @cached_property
    def faults(self) -> list[Fault]:
        drawings = [name for name in self.summary["media"] if name.endswith(".svg") and not name.startswith(MEDIA)]
        return [
            *(Fault(**fault) for fault in self.summary["faults"]),
            *(Fault(name, found.line, found.rule, found.message, found.mend)
              for name in drawings for found in addresses.findings(read_text(self.project.root, name))),
        ]  # fmt: skip

    @property
    def outline(self) -> list[dict[str, Any]]:
        return self.summary["outline"]

    @property
    def shown(self) -> dict[str, Any]:
        """The outputs of its cells by their numbers, as far as they are known."""
        return self.results["cells"] if self.results else {}

    def blocks(self) -> tree.Nodes:
        """A copy of the chapter in the canonical form."""
        return self.project.store.get("blocks", self.key)

    def title(self, form: str) -> str:
        """The words of its heading; empty where the format shows none."""
        titles = (event["title"] for event in self.outline if event["kind"] == "sec" and event["level"] == 1
                  and visible(event, form))  # fmt: skip
        return next(titles, "")


def manuscripts(
    project: Project,
    run: Sequence[Chapter],
    progress: Progress = SILENT,
    seconds: int = CELL_SECONDS,
) -> list[Manuscript]:
    """Read, run and compose a book.

    Chapters outside of ``run`` are not run: they come with the results of an earlier render, or without any. Raises
    `BookError` with all the faults of the first stage that finds some.
    """
    sources = [Source.read(project, chapter.path) for chapter in project.chapters]
    programs = pandoc.in_parallel(lambda source: _program(project, source), sources)
    _raise([fault for source in sources for fault in source.faults])
    jobs = [job(project, source, program) for source, program in zip(sources, programs, strict=True)]
    wanted = {chapter.path for chapter in run}
    results: dict[str, Any] = {
        item.source.path: known(project, item) for item in jobs if item.source.path not in wanted
    }
    results |= execute(project, [item for item in jobs if item.source.path in wanted], progress, seconds)

    pictures = digest(_pictures(project))

    def one(pair: tuple[Chapter, Job]) -> Manuscript:
        chapter, item = pair
        return _composed(project, chapter, item, results[chapter.path], pictures)

    return pandoc.in_parallel(one, zip(project.chapters, jobs, strict=True))


def _program(project: Project, source: Source) -> list[list[Any]]:
    """The steps to run; the blocks that they were found in are kept for composing."""
    key = read_key(source)
    if (program := project.store.get("program", key)) is None:
        try:
            blocks = notebook.parse(source)
        except RecursionError:
            line = max(range(len(source.lines)), key=lambda number: _depth(source.lines[number])) + 1
            source.fault(line, "nesting", "things in things in things, too deep to follow", "write it flatter")
        if source.faults:
            return []
        program = notebook.program(blocks, source)
        if source.faults:
            return []
        project.store.put("parsed", key, blocks)
        project.store.put("program", key, program)
    return program


def _depth(line: str) -> int:
    """How deep a line begins, by the marks of quotations, lists and divs before its words."""
    return len(line) - len(line.lstrip("> \t-*+:[("))


def read_key(source: Source) -> str:
    """The name of a source as it is read, before anything ran."""
    return digest(renderer_digest(), source.path, source.lines, source.places.pieces, source.stored)


def _composed(
    project: Project, chapter: Chapter, item: Job, results: dict[str, Any] | None, pictures: str
) -> Manuscript:
    source = item.source
    key = digest(read_key(source), item.key, results is not None, project.settings.value, pictures)
    summary = project.store.get("summary", key)
    if summary is None or not _all_kept(project, key, summary):
        blocks = project.store.get("parsed", read_key(source)) or notebook.parse(source)
        composed = markup.compose(project, source, blocks, results)
        summary = {
            "outline": composed.outline,
            "references": composed.references,
            "citations": composed.citations,
            "cites": [node for node in tree.walk(composed.blocks) if node["t"] == "Cite"],
            "links": composed.links,
            "anchors": composed.anchors,
            "media": composed.media,
            "refs": composed.refs,
            "faults": [asdict(fault) for fault in composed.faults],
        }
        project.store.put("blocks", key, tree.joined(composed.blocks))
        project.store.put("summary", key, summary)
    return Manuscript(project, chapter, source, key, summary, results)


def _all_kept(project: Project, key: str, summary: dict[str, Any]) -> bool:
    """Whether what a summary speaks of, the blocks and the drawings, is still in the store."""
    drawings = (name.removeprefix(f"{MEDIA}/") for name in summary["media"] if name.startswith(f"{MEDIA}/"))
    return project.store.touch("blocks", key) and all(project.store.touch(MEDIA, name) for name in drawings)


def _pictures(project: Project) -> list[str]:
    """Which picture files there are: a missing one is a fault of the chapter that shows it."""
    kinds = {".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp"}
    folders = {(project.root / chapter.path).parent for chapter in project.chapters} | {project.root / "images"}
    return sorted(
        path.relative_to(project.root).as_posix()
        for folder in folders if folder.is_dir()
        for path in (folder.iterdir() if folder == project.root else folder.rglob("*")) if path.suffix.lower() in kinds
    )  # fmt: skip


def numbered(project: Project, book: Sequence[Manuscript], form: str) -> tuple[Index, list[Fault]]:
    """The numbers of a book in one format, and what is wrong with its labels, references and links there.

    While some chapter has not been run nobody knows what its cells label: what seems to be missing is not told then.
    """
    outlines = {item.chapter.path: item.outline for item in book}
    depths = {item.chapter.path: project.depth(item.source.head, form) for item in book}
    index, faults = number(project.chapters, outlines, form, project.style, depths)
    faults += _unnumbered_references(book, index)
    if all(item.results is not None for item in book):
        faults += [*_unknown_references(book, index), *_broken_links(book, form), *_missing_list(book, form)]
    return index, faults


def _visible(book: Sequence[Manuscript], events: str, form: str) -> Iterator[dict[str, Any]]:
    """Every event of one kind that a format shows."""
    return (event for item in book for event in item.summary[events] if visible(event, form))


def _at(event: dict[str, Any], rule: str, message: str, mend: str) -> Fault:
    return Fault(event["file"], event["line"], rule, message, mend)


def _unnumbered_references(book: Sequence[Manuscript], index: Index) -> Iterator[Fault]:
    for reference in _visible(book, "references", index.form):
        target = index.targets.get(reference["to"])
        if target and not target.number:
            message, mend = f"{target.label} has no number to print", f"write a link: [words](#{target.label})"
            yield _at(reference, "unnumbered-reference", message, mend)


def _unknown_references(book: Sequence[Manuscript], index: Index) -> Iterator[Fault]:
    labels = {event["label"] for item in book for event in item.outline}
    for reference in _visible(book, "references", index.form):
        label = reference["to"]
        if label not in index.targets:
            message = f"nothing is labelled {label}" + (f" in the {index.form} format" if label in labels else "")
            yield _at(reference, "unknown-reference", message, "mend the name, or label the thing")


def _broken_links(book: Sequence[Manuscript], form: str) -> Iterator[Fault]:
    anchors = {item.chapter.path: {"", *(event["id"] for event in _visible([item], "anchors", form))} for item in book}
    for item in book:
        for link in _visible([item], "links", form):
            if link["id"] not in anchors.get(link["source"] or item.chapter.path, ()):
                place = link["source"] + (f"#{link['id']}" if link["id"] else "")
                message = f"a link to {place}, which is not in the book" + ("" if form == "html" else f" (as {form})")
                yield _at(link, "broken-link", message, "mend the address")


def _missing_list(book: Sequence[Manuscript], form: str) -> Iterator[Fault]:
    """Pages link their citations to the list of references; the PDF and the EPUB have one at their end anyway."""
    cited = list(_visible(book, "citations", form))
    if form == "html" and cited and not any(form in item.summary["refs"].split() for item in book):
        mend = "give it a place in the last chapter: a line ::: {#refs} and a line :::"
        yield _at(cited[0], "no-references", "the book cites and has no list of references", mend)


def _raise(faults: Sequence[Fault]) -> None:
    if any(not fault.warning for fault in faults):
        raise BookError(faults)
