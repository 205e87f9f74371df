"""Code annotation: lines of code that end in ``# <1>``, and the ordered list right after the code that explains them.

The two are taken together while a cell is still one node of the tree. On its way through the renderer the code carries
its marks as single characters that no language knows; each format puts its own in their place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from book import tree
from book.notebook import CELL_CLASS, Source
from book.tree import Node, Nodes

COMMENTS = {
    **dict.fromkeys(
        ("python", "r", "julia", "bash", "powershell", "ruby", "perl", "yaml", "stan", "awk", "gawk", "sed", "octave",
         "coffee", "elm", "gap", "dockerfile"),
        ("#", ""),
    ),
    **dict.fromkeys(
        ("cpp", "cc", "java", "javascript", "js", "node", "ojs", "typescript", "scala", "go", "rust", "swift", "kotlin",
         "csharp", "fsharp", "groovy", "dot", "asy", "scss", "sass", "json", "typst"),
        ("//", ""),
    ),
    **dict.fromkeys(("sql", "mysql", "psql", "lua", "haskell", "vhdl"), ("--", "")),
    **dict.fromkeys(("matlab", "latex", "tikz"), ("%", "")),
    **dict.fromkeys(("c", "css"), ("/*", "*/")),
    **dict.fromkeys(("html", "markdown"), ("<!--", "-->")),
    **dict.fromkeys(("fortran", "fortran95"), ("!", "")),
    "ocaml": ("(*", "*)"),
}  # fmt: skip
"""How a comment begins and ends, by language."""

MOST = 20
"""There is no circled number beyond."""
MARKS = {chr(0xE000 + number): number for number in range(1, MOST + 1)}
"""The marks in annotated code, and what they count: characters for private use, which no source has."""
MARKED = re.compile(f"[{min(MARKS)}-{max(MARKS)}]")


def ends(language: str) -> re.Pattern[str] | None:
    """What an annotated line of a language ends in; None for one whose comments are not known."""
    if language not in COMMENTS:
        return None
    opening, closing = (re.escape(part) for part in COMMENTS[language])
    return re.compile(rf"\s*{opening}\s*<(?P<number>\d+)>\s*{closing}\s*$", re.MULTILINE)


def marked(code: str, language: str, keep: bool) -> str:
    """Code with marks in place of its annotations; with nothing there when they are not to be kept.

    >>> marked("x = 1  # <2>", "python", keep=True) == "x = 1 \\ue002"
    True
    """

    def mark(found: re.Match[str]) -> str:
        number = int(found["number"])
        return f" {chr(0xE000 + number)}" if keep and 1 <= number <= MOST else ""

    pattern = ends(language)
    return pattern.sub(mark, code) if pattern else code


def circled(code: str) -> str:
    """Code with circled numbers for marks."""
    return MARKED.sub(lambda found: chr(0x245F + MARKS[found[0]]), code)


def circled_block(node: Node) -> Node:
    """A code block with circled numbers for marks."""
    attributes, code = node["c"]
    return {**node, "c": [attributes, circled(code)]}


class Annotator:
    """Takes annotated code and its lists together, in the tree of one chapter.

    ``style`` is what ``code-annotations`` says; ``shown`` tells whether a cell shows its code.
    """

    def __init__(self, source: Source, style: str, shown: Callable[[int], bool]) -> None:
        self.source, self.style, self.shown = source, style, shown
        source.goto(1)

    def attach(self, item: Any) -> Any:
        """A tree in which annotated code is an ``annotated`` construct, with its ``annotations`` after it."""
        if isinstance(item, dict):
            content = item.get("c")
            return {**item, "c": self.attach(content)} if isinstance(content, (list, dict)) else item
        if not isinstance(item, list):
            return item
        result: list[Any] = []
        open_numbers: dict[int, int] = {}
        for part in item:
            new = self.attach(part)
            kind = new.get("t") if isinstance(new, dict) else ""
            if open_numbers and kind == "OrderedList":
                result.append(self._annotated(result.pop(), new, open_numbers))
                open_numbers = {}
                continue
            self._unexplained(open_numbers)
            open_numbers = self._numbers(new) if kind == "CodeBlock" else {}
            result.append(new)
        self._unexplained(open_numbers)
        return result

    def _numbers(self, node: Node) -> dict[int, int]:
        """The annotations of a code block, each with the line of the chapter on which it first stands."""
        (_, classes, pairs), code = node["c"]
        cell = self.source.cells[int(dict(pairs)["n"])] if CELL_CLASS in classes else None
        language = "python" if cell else classes[0] if classes else ""
        pattern = ends(language)
        if pattern is None or (cell and not self.shown(cell.number)):
            return {}
        found: dict[int, int] = {}
        rows = (cell.code if cell else code).split("\n")
        for offset, row in enumerate(rows):
            if mark := pattern.search(row):
                line = cell.code_line + offset if cell else self.source.locate(row.strip())
                found.setdefault(int(mark["number"]), line)
        return found

    def _unexplained(self, numbers: dict[int, int]) -> None:
        for number, line in list(numbers.items())[:1]:
            mend = f"write an ordered list right after the code, with an item {number}."
            self.source.fault(line, "annotation", f"nothing explains the annotation <{number}>", mend)

    def _annotated(self, code: Node, listed: Node, numbers: dict[int, int]) -> Node:
        (start, _, _), items = listed["c"]
        explained = dict(enumerate(items, start=start))
        for number, line in numbers.items():
            if number not in explained or not 1 <= number <= MOST:
                message = f"the list after the code has no item {number}"
                self.source.fault(line, "annotation", message, f"explain each of the annotations, of 1 to {MOST}")
        for number in explained:
            if number not in numbers:
                message = f"item {number} of the list after the code explains no line"
                mend = f"end a line of the code with # <{number}>, or part the list from the code by a sentence"
                self.source.fault(next(iter(numbers.values())), "annotation", message, mend)
        parts = [tree.make("annotation", blocks, n=str(number)) for number, blocks in explained.items()]
        return tree.make("annotated", [code, tree.make("annotations", parts, style=self.style)])


def placed(node: Node) -> Nodes:
    """An ``annotated`` construct whose cells are filled: the marked code, its notes, then what a cell shows."""
    found = tree.construct(node)
    if not found or found.name != "annotated":
        return [node]
    code, *shown, notes = found.children
    keep = dict(notes["c"][0][2])["style"] != "none"

    def mark(block: Node) -> Node:
        attributes, text = block["c"]
        return {**block, "c": [attributes, marked(text, next(iter(attributes[1]), ""), keep)]}

    return [tree.transform(code, {"CodeBlock": mark}), *([notes] if keep else []), *shown]


def as_list(notes: tree.Construct) -> Node:
    """The notes as an ordered list, for formats that have no more to show."""
    opened = [part for part in map(tree.construct, notes.children) if part]
    start = int(opened[0].pairs["n"]) if opened else 1
    return {"t": "OrderedList", "c": [[start, {"t": "Decimal"}, {"t": "Period"}], [part.children for part in opened]]}
