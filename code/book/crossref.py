"""Quarto's numbering, and the words of a reference.

Numbering looks at the *outline* that `markup` draws up of each chapter, never at the text: what is labelled, in
what order, inside of what, for which formats. It is done once for each format, since content may be hidden in one
and visible in another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any

from book.errors import Fault
from book.project import Chapter

KINDS = {
    "fig": "Figure",
    "tbl": "Table",
    "lst": "Listing",
    "eq": "Equation",
    "sec": "Section",
    "thm": "Theorem",
    "lem": "Lemma",
    "cor": "Corollary",
    "def": "Definition",
    "exm": "Example",
    "exr": "Exercise",
}
"""The kinds of labels (what stands before the dash) and the word for each. Each has a counter of its own."""

NBSP = "\u00a0"


def kind_of(label: str) -> str:
    """The kind of a label, empty where it is none of ours; ``Fig-x`` is ``fig-x``.

    >>> kind_of("fig-fan"), kind_of("Eq-x"), kind_of("griewank2008")
    ('fig', 'eq', '')
    """
    kind, dash, _ = label.partition("-")
    kind = kind[:1].lower() + kind[1:]
    return kind if dash and kind in KINDS else ""


@dataclass(frozen=True)
class Target:
    """A labelled thing: what it is called and where it lies."""

    label: str
    kind: str
    number: str
    chapter: str
    """The path of its source."""
    word: str
    """Figure, Chapter, Appendix, …"""
    letter: str = ""
    """The letter of a sub-figure, whose number is its parent's."""

    def mention(self, form: str, bare: bool = False, prefix: str | None = None) -> str:
        """The words of a reference to it, as Quarto writes them in that format.

        ``bare`` leaves out the word (``[-@fig-x]``), ``prefix`` puts others in its place (``[Fig. @fig-x]``).
        """
        number = self.number
        if self.letter:
            number += self.letter if form == "pdf" else f" ({self.letter})"
        if self.kind == "eq" and form == "pdf":
            number = f"({number})"
        word = self.word if prefix is None else prefix
        return number if bare else f"{word}{NBSP}{number}"

    @property
    def heading(self) -> str:
        """What stands before its caption or statement: ``Figure 1.2``, or ``(a)`` for a sub-figure."""
        return f"({self.letter})" if self.letter else f"{self.word}{NBSP}{self.number}"


@dataclass
class Index:
    """Every number of the book in one format."""

    form: str
    targets: dict[str, Target] = field(default_factory=dict)
    chapters: dict[str, str] = field(default_factory=dict)
    """The number or letter of each chapter by path; empty for an unnumbered one."""
    openings: dict[str, str] = field(default_factory=dict)
    """The identifier of each chapter's title by path; empty where the format shows none."""
    sections: dict[str, dict[str, str]] = field(default_factory=dict)
    """The numbers of the headings of each chapter by identifier; empty for an unnumbered one."""

    def own(self, chapter: str) -> dict[str, list[str]]:
        """All that a chapter's text takes from the index about itself, for the key of its results."""
        return {
            label: [target.kind, target.number, target.word, target.letter]
            for label, target in self.targets.items()
            if target.chapter == chapter
        } | {"": [self.chapters[chapter], *self.sections[chapter].values()]}


def visible(event: dict[str, Any], form: str) -> bool:
    """Whether an event of an outline is there in a format."""
    return form in event["formats"].split()


def number(
    chapters: Sequence[Chapter], outlines: dict[str, list[dict[str, Any]]], form: str
) -> tuple[Index, list[Fault]]:
    """Number a book as Quarto does, in one format; tell of labels that occur twice."""
    index = Index(form)
    faults: list[Fault] = []
    lines: dict[str, tuple[str, int]] = {}
    counts: Counter[str] = Counter()
    for chapter in chapters:
        events = [event for event in outlines[chapter.path] if visible(event, form)]
        index.chapters[chapter.path] = mark = _chapter_mark(chapter, events, counts)
        index.sections[chapter.path] = _section_numbers(mark, events)
        titles = [event["id"] for event in events if event["kind"] == "sec" and event["level"] == 1]
        index.openings[chapter.path] = titles[0] if titles else ""
        counters: Counter[str] = Counter()
        for event in events:
            label, kind, letter = event["label"], event["kind"], event.get("letter", "")
            if not label:
                continue
            if label in lines:
                file, line = lines[label]
                faults.append(
                    Fault(
                        chapter.path,
                        event["line"],
                        "doubled-label",
                        f"{label} is a label already",
                        f"rename it here or in {file}:{line}",
                    )
                )
                continue
            lines[label] = (chapter.path, event["line"])
            word = KINDS[kind]
            if kind == "sec":
                number = index.sections[chapter.path][event["id"]]
                if event["level"] == 1:
                    word = "Appendix" if chapter.kind == "appendix" else "Chapter"
            elif letter:
                number = index.targets[event["parent"]].number
            else:
                counters[kind] += 1
                number = f"{mark}.{counters[kind]}" if mark else str(counters[kind])
            index.targets[label] = Target(label, kind, number, chapter.path, word, letter)
    return index, faults


def _chapter_mark(chapter: Chapter, events: list[dict[str, Any]], counts: Counter[str]) -> str:
    """The chapter's number or letter; none for the preface, for an unnumbered title and for none at all."""
    titles = [event for event in events if event["kind"] == "sec" and event["level"] == 1]
    if chapter.kind == "index" or not titles or not titles[0]["numbered"]:
        return ""
    counts[chapter.kind] += 1
    place = counts[chapter.kind]
    return ascii_uppercase[(place - 1) % 26] if chapter.kind == "appendix" else str(place)


def _section_numbers(mark: str, events: list[dict[str, Any]]) -> dict[str, str]:
    """The numbers of a chapter's headings. Nothing in an unnumbered chapter has one."""
    numbers: dict[str, str] = {}
    counters: list[int] = []
    for event in events:
        if event["kind"] != "sec":
            continue
        depth = event["level"] - 1
        if not mark or not event["numbered"]:
            numbers[event["id"]] = ""
        elif depth == 0:
            numbers[event["id"]] = mark
        else:
            counters = [*counters[:depth], *[0] * (depth - len(counters))]
            counters[depth - 1] += 1
            numbers[event["id"]] = ".".join([mark, *map(str, counters)])
    return numbers
