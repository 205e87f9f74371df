"""The rules that a book makes for itself, as far as a program can see them, and the spelling of its words.

They are data of the book, the table ``[tool.book]`` of its pyproject.toml, and a book without that table has none:

- ``words``: a file of words, one a line, that the English dictionary lacks; with it the spelling is checked
- ``skeleton``: how lines of every numbered chapter begin, in this order
- ``figures``, ``exercises``, ``length``: how many of them, and how many words, a numbered chapter has at least
- ``solutions``: the chapter that refers to every exercise
- ``cell-lines``, ``cell-columns``: how long and how wide a cell may be
- ``caption-numbers``: ``false`` where no number may be typed into the caption of a cell or of a labelled div
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
from book.project import Project, as_list
from book.supported import FLOATS

WORD = re.compile(r"[^\W\d_]{2,}(?:[’'][^\W\d_]+)*")
CODE = re.compile(r"`[^`]*`|\$[^$]*\$")
MARKUP = re.compile(r"[{}@#=/\\_|<>\d]")
DIGIT = re.compile(r"\d")
NUMBER = re.compile(r"\d*[2-9]\d*|\d{2,}|\d[.,]\d")
"""A number in words that may be a parameter; 0 and 1 are facts."""
SPOKEN = ("fig-cap", "tbl-cap", "lst-cap", "fig-subcap", "fig-alt")
"""The options of cells and the attributes that are words, with those of divs."""
Rules = Mapping[str, Any]
Finding = tuple[int, str, str, str]
"""Line, name of the rule, message, mend."""


def of(project: Project) -> Rules:
    """The rules of a book."""
    file = project.root / "pyproject.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("book", {}) if file.is_file() else {}


def faults(project: Project, book: list[Manuscript], rules: Rules) -> Iterator[Fault]:
    """What in a book is against its own rules."""
    if not rules:
        return
    solved = {
        reference["to"]
        for item in book
        if item.chapter.path == rules.get("solutions")
        for reference in item.summary["references"]
    }
    known = _dictionary(project, rules)
    for item in book:
        text = _text(item)
        findings = [*_cells(item, rules), *_captions(item, rules, text)]
        if _is_numbered(item):
            findings += [*_skeleton(item, rules), *_amounts(item, rules, text), *_solutions(item, rules, solved)]
        if known:
            findings += _spelling(item, text, known, rules["words"])
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


def _amounts(item: Manuscript, rules: Rules, text: tree.Nodes) -> Iterator[Finding]:
    def labelled(kind: str) -> int:
        return sum(event["kind"] == kind and "letter" not in event for event in item.outline)

    amounts = {"figures": labelled("fig"), "exercises": labelled("exr"), "length": len(list(_pieces(text)))}
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


def _captions(item: Manuscript, rules: Rules, text: tree.Nodes) -> Iterator[Finding]:
    """Numbers in the captions of labelled divs, which are their last paragraphs."""
    if rules.get("caption-numbers", True):
        return
    item.source.goto(1)
    for node in tree.walk(text):
        if node["t"] == "Div" and node["c"][0][0].partition("-")[0] in FLOATS and node["c"][1]:
            item.source.locate(f"#{node['c'][0][0]}")
            for piece in _pieces(node["c"][1][-1]):
                if NUMBER.search(piece):
                    message = f"{piece} is typed into the caption of {node['c'][0][0]}"
                    yield item.source.locate(piece), "caption-number", message, "take it from a cell: `{python} …`"


def _text(item: Manuscript) -> tree.Nodes:
    """A chapter as pandoc read it, without citations and references; code and formulas are no words."""
    blocks = item.project.store.get("parsed", read_key(item.source)) or notebook.parse(item.source)
    return tree.transform(blocks, {"Cite": lambda node: []})


def _pieces(nodes: Any) -> Iterator[str]:
    """The words between spaces."""
    return (node["c"] for node in tree.walk(nodes) if node["t"] == "Str")


def _said(item: Manuscript, text: tree.Nodes) -> Iterator[tuple[int, str]]:
    """The words of a chapter, its text first, with the lines that they stand on."""
    for piece in _pieces(text):
        yield item.source.locate(piece), piece
    for cell in item.source.cells:
        for option in SPOKEN:
            for words in as_list(cell.options.get(option)):
                yield from ((cell.line_of(option), piece) for piece in CODE.sub("", words).split())
    item.source.goto(1)
    for node in tree.walk(text):
        if node["t"] in ("Image", "Div", "CodeBlock"):
            for key, value in node["c"][0][2]:
                if key in (*SPOKEN, "title", "name"):
                    line = item.source.locate(key, " ".join(value.split()[:4]))
                    yield from ((line, piece) for piece in CODE.sub("", value).split())


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


def _spelling(item: Manuscript, text: tree.Nodes, known: Callable[[str], bool], words: str) -> Iterator[Finding]:
    item.source.goto(1)
    told: set[str] = set()
    for line, piece in _said(item, text):
        if MARKUP.search(piece):
            continue
        for word in WORD.findall(piece):
            if word not in told and not known(word):
                told.add(word)
                yield line, "spelling", f"{word} is in no dictionary", f"mend it, or add it to {words}"
