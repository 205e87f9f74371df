"""The rules that a book makes for itself, as far as a program can see them, and the spelling of its words.

They are data of the book, the table ``[tool.book]`` of its pyproject.toml, and a book without that table has none:

- ``words``: a file of words, one a line, that the English dictionary lacks; with it the spelling is checked
- ``skeleton``: how lines of every numbered chapter begin, in this order
- ``figures``, ``exercises``, ``length``: how many of them, and how many words, a numbered chapter has at least
- ``solutions``: the chapter that refers to every exercise
- ``cell-lines``, ``cell-columns``: how long and how wide a cell may be
- ``caption-numbers``: ``false`` where no number may be typed into the caption of a cell
- ``printed-only``: entries of the bibliography that no address leads to

What breaks such a rule is a warning: the book can be rendered all the same.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from book import notebook, tree
from book.errors import Fault
from book.manuscript import Manuscript, read_key
from book.project import Project

WORD = re.compile(r"[^\W\d_]{2,}(?:[’'][^\W\d_]+)*")
MARKUP = re.compile(r"[{}@#=/\\_|<>\d]")
DIGIT = re.compile(r"\d")
Rules = Mapping[str, Any]
Finding = tuple[int, str, str, str]
"""Line, name of the rule, message, mend."""


def of(project: Project) -> Rules:
    """The rules of a book."""
    file = project.root / "pyproject.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("book", {}) if file.is_file() else {}


def faults(project: Project, book: list[Manuscript], rules: Rules) -> Iterator[Fault]:
    """What in a book is against its own rules."""
    solved = {
        reference["to"]
        for item in book
        if item.chapter.path == rules.get("solutions")
        for reference in item.summary["references"]
    }
    known = _dictionary(project, rules)
    for item in book:
        findings = [*_cells(item, rules)]
        if _is_numbered(item):
            findings += [*_skeleton(item, rules), *_amounts(item, rules), *_solutions(item, rules, solved)]
        if known:
            findings += _spelling(item, known, rules["words"])
        for line, rule, message, mend in findings:
            yield Fault(*item.source.places[line], rule, message, mend, warning=True)


def _is_numbered(item: Manuscript) -> bool:
    title = next((event for event in item.outline if event["kind"] == "sec" and event["level"] == 1), None)
    return item.chapter.kind == "chapter" and bool(title and title["numbered"])


def _skeleton(item: Manuscript, rules: Rules) -> Iterator[Finding]:
    place = 0
    for wanted in rules.get("skeleton", ()):
        lines = [number for number, line in enumerate(item.source.lines, start=1) if line.startswith(wanted)]
        if not lines:
            yield 1, "skeleton", f"no line begins with {wanted}", "every chapter has this part"
        elif lines[0] < place:
            yield lines[0], "skeleton", f"{wanted} comes too early", f"the order is {', '.join(rules['skeleton'])}"
        place = max([place, *lines[:1]])


def _amounts(item: Manuscript, rules: Rules) -> Iterator[Finding]:
    def labelled(kind: str) -> int:
        return sum(event["kind"] == kind and "letter" not in event for event in item.outline)

    amounts = {"figures": labelled("fig"), "exercises": labelled("exr"), "length": len(list(prose(item)))}
    for name, amount in amounts.items():
        if amount < (least := rules.get(name, 0)):
            yield 1, name, f"the chapter has {amount}, fewer than {least}", "write more, or say less of it elsewhere"


def _solutions(item: Manuscript, rules: Rules, solved: set[str]) -> Iterator[Finding]:
    item.source.goto(1)
    for event in item.outline:
        if "solutions" in rules and event["kind"] == "exr" and event["label"] not in solved:
            message = f"nothing in {rules['solutions']} refers to {event['label']}"
            line = item.source.locate(f"#{event['label']}")
            yield line, "solution", message, f"write its solution there, with @{event['label']}"


def _cells(item: Manuscript, rules: Rules) -> Iterator[Finding]:
    longest, widest = rules.get("cell-lines"), rules.get("cell-columns")
    for cell in item.source.cells:
        lines = cell.code.splitlines()
        length = sum(bool(line.strip()) for line in lines)
        if longest and length > longest:
            message = f"{cell.name} has {length} lines, more than {longest}"
            yield cell.line, "cell-length", message, "cut it in two, or move what draws into a module"
        for number, line in enumerate(lines, start=cell.code_line):
            if widest and len(line) > widest:
                yield number, "cell-width", f"{len(line)} columns, more than {widest}", "break the line"
        for option in ("fig-cap", "tbl-cap"):
            if not rules.get("caption-numbers", True) and DIGIT.search(str(cell.options.get(option, ""))):
                mend = "write ::: {#fig-…}, the cell, the caption with `{python} …` in it, :::"
                yield cell.line_of(option), "caption-number", f"a number typed into {option}", mend


def prose(item: Manuscript) -> Iterator[str]:
    """The pieces of a chapter's text between spaces, without code, formulas and citations."""
    blocks = item.project.store.get("parsed", read_key(item.source)) or notebook.parse(item.source)
    kept: dict[str, Callable] = {"Cite": lambda node: []}
    for node in tree.walk(tree.transform(blocks, kept)):
        if node["t"] == "Str":
            yield node["c"]


def _dictionary(project: Project, rules: Rules) -> Callable[[str], bool] | None:
    """Whether a word is one; None where the book has no list of its own words."""
    if "words" not in rules:
        return None
    from spellchecker import SpellChecker

    own = set((project.root / rules["words"]).read_text(encoding="utf-8").split())
    english = SpellChecker(language="en")

    def known(word: str) -> bool:
        stem = re.sub("[’']s?$", "", word)
        return not own.isdisjoint((word, stem, stem.lower())) or not english.unknown([stem.lower().replace("’", "'")])

    return known


def _spelling(item: Manuscript, known: Callable[[str], bool], words: str) -> Iterator[Finding]:
    item.source.goto(1)
    told: set[str] = set()
    for piece in prose(item):
        if MARKUP.search(piece):
            continue
        for word in WORD.findall(piece):
            if word not in told and not known(word):
                told.add(word)
                line = item.source.locate(piece)
                yield line, "spelling", f"{word} is in no dictionary", f"mend it, or add it to {words}"
