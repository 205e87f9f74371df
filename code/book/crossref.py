"""Quarto's numbering, and the words of a reference.

Numbering looks at the *outline* that `markup` draws up of each chapter, never at the text: what is labelled, in
what order, inside of what, for which formats. It is done once for each format, since content may be hidden in one
and visible in another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from string import ascii_letters, ascii_uppercase
from typing import TYPE_CHECKING, Any

from book.errors import Fault

if TYPE_CHECKING:
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
    "prp": "Proposition",
    "cnj": "Conjecture",
    "def": "Definition",
    "exm": "Example",
    "exr": "Exercise",
    "nte": "Note",
    "tip": "Tip",
    "wrn": "Warning",
    "imp": "Important",
    "cau": "Caution",
}
"""The kinds of labels (what stands before the dash) and the word for each. Each has a counter of its own."""

NBSP = "\u00a0"
ROMAN = {1000: "M", 900: "CM", 500: "D", 400: "CD", 100: "C", 90: "XC", 50: "L", 40: "XL", 10: "X", 9: "IX", 5: "V",
         4: "IV", 1: "I"}  # fmt: skip
SCHEMES = ("arabic", "roman", "roman i", "roman I", *(f"alpha {letter}" for letter in ascii_letters))
"""How things may be counted: 1 2 3, I II III, i ii iii, or in letters from one of them on."""


def counted(number: int, scheme: str) -> str:
    """A number in one of the `SCHEMES`; after the last letter come two of them.

    >>> [counted(4, scheme) for scheme in ("arabic", "roman", "roman i", "alpha a", "alpha X")]
    ['4', 'IV', 'iv', 'd', 'AA']
    """
    if scheme.startswith("alpha "):
        start = scheme[-1]
        first = "a" if start.islower() else "A"
        position = ord(start) - ord(first) + number - 1
        return chr(ord(first) + position % 26) * (position // 26 + 1)
    if scheme.startswith("roman"):
        numeral = ""
        for value, letters in ROMAN.items():
            numeral += letters * (number // value)
            number %= value
        return numeral.lower() if scheme.endswith("i") else numeral
    return str(number)


@dataclass(frozen=True)
class Style:
    """How a book words its numbers and its references: what ``crossref:`` says, and Quarto's own words for the rest."""

    options: Mapping[str, Any] = field(default_factory=dict)

    def title(self, kind: str) -> str:
        """The word before the number of a caption."""
        return self.options.get(f"{kind}-title", KINDS[kind])

    def prefix(self, kind: str) -> str:
        """The word before the number of a reference."""
        return self.options.get(f"{kind}-prefix", KINDS[kind])

    def number(self, kind: str, number: int) -> str:
        return counted(number, self.options.get(f"{kind}-labels", self.options.get("labels", "arabic")))

    def letter(self, number: int) -> str:
        """The mark of a sub-figure."""
        return counted(number, self.options.get("subref-labels", "alpha a"))

    @property
    def delimiter(self) -> str:
        """What stands between the number and the words of a caption."""
        return self.options.get("title-delim", ":")

    @property
    def linked(self) -> bool:
        """Whether references are links."""
        return self.options.get("ref-hyperlink", True)


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
    """What references call it: Figure, Chapter, Appendix, …"""
    letter: str = ""
    """The letter of a sub-figure, whose number is its parent's."""
    title: str = ""
    """What its own caption calls it."""

    def mention(self, form: str, mode: str = "full") -> str:
        """The words of a reference to it, as Quarto writes them in that format.

        A mode ``bare`` leaves out the word (``[-@fig-x]``), ``upper`` begins with a capital (``@Fig-x``).
        """
        number = self.number
        if self.letter:
            number += self.letter if form == "pdf" else f" ({self.letter})"
        if self.kind == "eq" and form == "pdf":
            number = f"({number})"
        if mode == "bare" or not self.word:
            return number
        word = self.word[0].upper() + self.word[1:] if mode == "upper" else self.word
        return f"{word}{NBSP}{number}"

    @property
    def heading(self) -> str:
        """What stands before its caption or statement: ``Figure 1.2``, or ``(a)`` for a sub-figure."""
        return f"({self.letter})" if self.letter else f"{self.title}{NBSP}{self.number}"


@dataclass
class Index:
    """Every number of the book in one format."""

    form: str
    style: Style = field(default_factory=Style)
    targets: dict[str, Target] = field(default_factory=dict)
    chapters: dict[str, str] = field(default_factory=dict)
    """The number or letter of each chapter by path; empty for an unnumbered one."""
    openings: dict[str, str] = field(default_factory=dict)
    """The identifier of each chapter's title by path; empty where the format shows none."""
    sections: dict[str, dict[str, str]] = field(default_factory=dict)
    """The numbers of the headings of each chapter by identifier; empty for an unnumbered one."""

    @cached_property
    def _by_chapter(self) -> dict[str, list[Target]]:
        found: dict[str, list[Target]] = {chapter: [] for chapter in self.chapters}
        for target in self.targets.values():
            found[target.chapter].append(target)
        return found

    def own(self, chapter: str) -> dict[str, list[str]]:
        """All that a chapter's text takes from the index about itself, for the key of its results."""
        return {
            target.label: [target.kind, target.number, target.word, target.letter, target.title]
            for target in self._by_chapter[chapter]
        } | {"": [self.chapters[chapter], *self.sections[chapter].values()]}


def visible(event: dict[str, Any], form: str) -> bool:
    """Whether an event of an outline is there in a format."""
    return form in event["formats"].split()


ALL_LEVELS = 6


def number(
    chapters: Sequence[Chapter],
    outlines: dict[str, list[dict[str, Any]]],
    form: str,
    style: Style = Style(),
    depths: Mapping[str, int] | None = None,
) -> tuple[Index, list[Fault]]:
    """Number a book as Quarto does, in one format; tell of labels that occur twice.

    ``depths`` says for chapters down to which level their headings print their numbers; 0 is none. Things in them are
    counted alike: a figure is the second one of its chapter whether that shows its number or not.
    """
    index = Index(form, style)
    faults: list[Fault] = []
    places: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for chapter in chapters:
        events = [event for event in outlines[chapter.path] if visible(event, form)]
        mark = _chapter_mark(chapter, events, counts)
        depth = (depths or {}).get(chapter.path, ALL_LEVELS)
        numbers = _section_numbers(mark, events) if depth else {}
        index.chapters[chapter.path] = mark if depth else ""
        index.sections[chapter.path] = {
            event["id"]: numbers.get(event["id"], "") if event["level"] <= depth else ""
            for event in events if event["kind"] == "sec"
        }  # fmt: skip
        titles = [event["id"] for event in events if event["kind"] == "sec" and event["level"] == 1]
        index.openings[chapter.path] = titles[0] if titles else ""
        counters: Counter[str] = Counter()
        for event in events:
            label, kind, letter = event["label"], event["kind"], event.get("letter", "")
            if not label:
                continue
            if label in places:
                message, mend = f"{label} is a label already", f"rename it here or in {places[label]}"
                faults.append(Fault(event["file"], event["line"], "doubled-label", message, mend))
                continue
            places[label] = f"{event['file']}:{event['line']}"
            word = style.prefix(kind)
            if kind == "sec":
                number = numbers.get(event["id"], "")
                if event["level"] == 1:
                    word = "Appendix" if chapter.kind == "appendix" else "Chapter"
                title = word
            elif letter:
                number, title = index.targets[event["parent"]].number, ""
            else:
                counters[kind] += 1
                counter = style.number(kind, counters[kind])
                number = f"{mark}.{counter}" if mark else counter
                title = "" if kind == "eq" else style.title(kind)
            index.targets[label] = Target(label, kind, number, chapter.path, word, letter, title)
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
