"""Typst at work on the text of a book, and what it complains of, told in the places of the sources.

Typst names a line of the text that pandoc wrote. Every chapter is a file of its own there, so that the chapter is
known; the line of its source is the one that has the same words. Signs that no font has come one by one: they are
told once for each chapter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from book.errors import BookError, Fault
from book.fonts import fonts_for_press
from book.manuscript import Manuscript
from book.project import CONFIG, Project

MAIN = "main.typ"
STANDARD: Final = "ua-1"
TEMPLATE = Path(__file__).parent / "templates" / "book.typ"
NAMES = TEMPLATE.with_name("names.typ")
DESIGN = (TEMPLATE, NAMES, TEMPLATE.with_name("python.sublime-syntax"))
"""The files that lie beside the text when Typst sets it."""

COMPLAINT = re.compile(r"^(?:error|warning): (?P<message>.+?)$(?P<rest>.*?)(?=^(?:error|warning): |\Z)", re.M | re.S)
HINT = re.compile(r"= hint: (.+)$", re.M)
NO_SIGN = re.compile(r'the text `"(?P<sign>.+)"` could not be displayed')
WORD = re.compile(r"\w{2,}")


@dataclass
class Texts:
    """What Typst is given besides its design: a file for each chapter, and one that puts them together."""

    main: str
    chapters: Sequence[Manuscript]
    bodies: Sequence[str]
    """The texts of these chapters."""
    media: Mapping[str, bytes]

    def files(self) -> dict[str, bytes]:
        bodies = {chapter_file(number): body.encode() for number, body in enumerate(self.bodies)}
        return {MAIN: self.main.encode(), **bodies, **self.media}


def chapter_file(number: int) -> str:
    """The name of a chapter's file."""
    return f"chapter-{number}.typ"


def compiled(project: Project, texts: Texts) -> tuple[bytes, list[Fault]]:
    """The PDF, and Typst's warnings. It works in a folder that holds nothing but the book.

    Raises `BookError` where Typst makes none.
    """
    import typst

    with project.store.scratch() as name:
        folder = Path(name)
        for path, data in {**texts.files(), **{path.name: path.read_bytes() for path in DESIGN}}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        (folder / "fonts").mkdir()
        fonts_for_press(folder / "fonts")
        try:
            pdf, warnings = typst.compile_with_warnings(
                folder / MAIN, root=folder, format="pdf", timestamp=project.timestamp,
                font_paths=[folder / "fonts"], ignore_system_fonts=True, pdf_standards=STANDARD,
            )  # fmt: skip
        except typst.TypstError as error:
            raise BookError(_faults(project, texts, error.diagnostic, folder)) from None
    said = "".join(warning.diagnostic for warning in warnings)
    return pdf, list(_faults(project, texts, said, folder, warning=True))


def _faults(project: Project, texts: Texts, said: str, folder: Path, warning: bool = False) -> Iterator[Fault]:
    """Typst's words as faults."""
    place = re.compile(rf"┌─ .*?{folder.name}/(?P<file>.+):(?P<line>\d+):\d+$", re.M)
    missing: dict[int | None, list[str]] = {}
    for complaint in COMPLAINT.finditer(said):
        places = [(found["file"], int(found["line"])) for found in place.finditer(complaint["rest"])]
        if found := NO_SIGN.search(complaint["message"]):
            missing.setdefault(_chapter(texts, places), []).append(found["sign"])
            continue
        mend = "; ".join(HINT.findall(complaint["rest"])) or "mend what stands there"
        yield Fault(*_place(project, texts, places), "typst", complaint["message"], mend, warning)
    for number, signs in missing.items():
        shown = " ".join(dict.fromkeys(signs))
        mend = "write it in other signs; the text is set in STIX, code in DejaVu Sans Mono"
        yield Fault(*_first(project, texts, number, signs), "sign", f"no font of the PDF has {shown}", mend, warning)


def _chapter(texts: Texts, places: list[tuple[str, int]]) -> int | None:
    """The number of the first chapter that is named; None where the text between them is meant."""
    numbers = {chapter_file(number): number for number in range(len(texts.chapters))}
    return next((numbers[file] for file, _ in places if file in numbers), None)


def _place(project: Project, texts: Texts, places: list[tuple[str, int]]) -> tuple[str, int]:
    """Where in the sources something is: in a chapter, or in a picture that lies in the book's folder."""
    number = _chapter(texts, places)
    for file, line in places:
        if number is not None and file == chapter_file(number):
            source = texts.chapters[number].source
            return source.places[_alike(source.lines, texts.bodies[number].split("\n")[:line])]
        if file in texts.media:
            holder = next((item.source.path for item in texts.chapters if file in item.summary["media"]), file)
            return (file, line) if (project.root / file).is_file() else (holder, 0)
    return TEMPLATE.name, 0


def _alike(lines: Sequence[str], before: Sequence[str]) -> int:
    """The line of a source that has most words of the last line of a text, or else of one before it; 0 where none."""
    words_of = [set(WORD.findall(line)) for line in lines]
    for row in reversed(before):
        words = set(WORD.findall(row))
        shared = [len(words & others) for others in words_of]
        if words and max(shared) * 2 >= len(words):
            return shared.index(max(shared)) + 1
    return 0


def _first(project: Project, texts: Texts, number: int | None, signs: Sequence[str]) -> tuple[str, int]:
    """The first place in a chapter, or in what the book says of itself and of others, that has one of some signs."""
    if number is not None:
        item = texts.chapters[number]
        written = [*enumerate(item.source.lines, start=1)]
        shown = [(item.source.cells[int(cell)].line, str(outputs)) for cell, outputs in item.shown.items()]
        here = (place for place, text in written + shown if any(sign in text for sign in signs))
        return item.source.places[next(here, 0)]
    for path in (project.root / CONFIG, *project.bibliography):
        for place, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if any(sign in line for sign in signs):
                return path.relative_to(project.root).as_posix(), place
    return TEMPLATE.name, 0
