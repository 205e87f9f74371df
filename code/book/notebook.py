"""One source as a notebook: its cells with their options, and pandoc's tree of everything.

Only two things are read before pandoc reads the text: the YAML at its head, and the fences of its ``{python}`` cells,
which pandoc would not take for code. Each such fence is rewritten, in place and on the same line, as a code block that
says which cell it is; pandoc then decides what is a cell, in a list or in a div. Where it disagrees with the reading of
the fences, that is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from book import ipynb, keys, pandoc, tree
from book.crossref import kind_of
from book.errors import BookError, Fault, fail
from book.includes import Line, Places, pasted
from book.project import Project, read_text
from book.settings import Settings

CELL_CLASS = "book-cell"
LONGEST = 4_000_000
"""Bytes of a chapter: room for *War and Peace*, whole."""
FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`]*?)[ \t]*$")
EXECUTABLE = re.compile(r"^\{(?P<language>\{*[A-Za-z][\w+#-]*\}*)(?P<rest>[ ,][^}]*)?\}$")
INLINE = re.compile(r"^\{(?P<language>\w+)\}\s+(?P<expression>.+)$", re.DOTALL)
INLINE_IN_TEXT = re.compile(r"`\{python\}\s+([^`]+)`")
QUOTED_CELL = re.compile(r"^[ \t]*>[> \t]*(`{3,}|~{3,})[ \t]*\{\w")
OPTION = re.compile(r"^#\s*\|[ ]?")
PANDOC_PLACE = re.compile(r"\bline (\d+)(?: column \d+)?")

DOUBLED = re.compile(r"Duplicate identifier '([^']+)'")


@dataclass(frozen=True)
class Cell:
    """A ``{python}`` cell: its place in the file, its options and its code without them."""

    number: int
    line: int
    options: dict[str, Any]
    code: str
    code_line: int
    """The line on which the code begins."""
    lines: dict[str, int] = field(default_factory=dict, compare=False)
    """The line of each option."""

    @property
    def label(self) -> str:
        return str(self.options.get("label", ""))

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"cell {self.label!r}" if self.label else f"cell {self.number + 1}"

    def line_of(self, option: str) -> int:
        return self.lines.get(option, self.line)


class Source:
    """A chapter's text, with the places of things in it.

    Lines are those of the text with all includes pasted in; `places` says where they came from.
    """

    def __init__(
        self, lines: list[Line], path: str, faults: Sequence[Fault] = (), stored: list[list[Any]] | None = None
    ) -> None:
        lines = lines or [Line("", path, 1)]
        self.path, self.lines, self.places = path, [line.text for line in lines], Places(lines, path)
        self.faults: list[Fault] = [*faults]
        self.cells: list[Cell] = []
        self._cursor = 0
        start = self._read_front_matter()
        self.marked = "\n".join(self._mark_cells(start))
        self.stored = None if self.head.get("execute", "enabled") else stored
        """The outputs of each cell of a notebook that is not run; None where cells are run."""

    @classmethod
    def read(cls, project: Project, path: str) -> Source:
        size = (project.root / path).stat().st_size
        if size > LONGEST:
            message = f"this chapter has {size / 1e6:.1f} MB, more than a browser or pandoc can digest"
            raise fail(path, 0, "length", message, f"divide it: a chapter has {LONGEST / 1e6:.0f} MB at most")
        text = read_text(project.root, path)
        faults: list[Fault] = []
        if path.endswith(".ipynb"):
            lines, stored = ipynb.opened(path, text, faults)
            return cls(lines, path, faults, stored)
        return cls(pasted(project.root, path, text, faults), path, faults)

    def fault(self, line: int, rule: str, message: str, mend: str = "", warning: bool = False) -> None:
        self.faults.append(Fault(*self.places[line], rule, message, mend, warning))

    def at(self, line: int) -> dict[str, Any]:
        """The place of a line, for what remembers it."""
        file, number = self.places[line]
        return {"file": file, "line": number}

    def goto(self, line: int) -> None:
        """Say that reading has come to this line: `locate` looks from here on."""
        self._cursor = max(line - 1, 0)

    def locate(self, *needles: str) -> int:
        """The next line that holds all the needles; failing that the first one; failing that where we are.

        Pandoc's tree has no line numbers. Its nodes come in the order of the text, so that looking for
        each from where the last was found gives their lines.
        """
        if not any(needles):
            return self._cursor + 1
        return self._next(lambda line: all(needle in line for needle in needles))

    def locate_opening(self, name: str) -> int:
        """The next line on which something begins, a div or a span, that has this class or identifier."""
        return self._next(re.compile(rf"(?::::|<\w|\{{).*(?<![\w-]){re.escape(name)}(?![\w-])").search)

    def _next(self, fits: Callable[[str], object]) -> int:
        for lines in (range(self._cursor, len(self.lines)), range(self._cursor)):
            for number in lines:
                if fits(self.lines[number]):
                    self._cursor = number
                    return number + 1
        return self._cursor + 1

    def locate_address(self, address: str) -> int:
        """The next line that holds an address, which pandoc writes with its spaces as %20."""
        plain = unquote(address)
        return self.locate(address if plain == address or any(address in line for line in self.lines) else plain)

    def _read_front_matter(self) -> int:
        """Read the YAML head; return how many lines it takes."""
        self.head = Settings("", self.path)
        if self.lines[0].rstrip() != "---":
            if self.lines[0].startswith("---"):
                self.fault(1, "front-matter", "this is no YAML head", "a head is closed in by two lines ---")
            return 0
        for number, line in enumerate(self.lines[1:], start=1):
            if line.rstrip() in ("---", "..."):
                try:
                    self.head = Settings("\n".join(self.lines[1:number]), self.path, first_line=2)
                    self.faults += self.head.faults(keys.NOTEBOOK if self.path.endswith(".ipynb") else keys.HEAD)
                except BookError as error:
                    self.faults += error.faults
                return number + 1
        self.fault(1, "front-matter", "the YAML head has no end", "close it with a line ---")
        return len(self.lines)

    def _mark_cells(self, start: int) -> list[str]:
        """The lines for pandoc: those of the source, cells marked by number."""
        marked = [""] * start + self.lines[start:]
        number = start
        while number < len(self.lines):
            opening = FENCE.match(self.lines[number])
            if not opening:
                if QUOTED_CELL.match(self.lines[number]):
                    mend = "cells stand in the text, in lists and in divs"
                    self.fault(number + 1, "cell", "a cell in a quotation is not supported", mend)
                number += 1
                continue
            fence, info = opening["fence"], opening["info"]
            closing = re.compile(rf"^[ \t]*{fence[0]}{{{len(fence)},}}[ \t]*$")
            end = number + 1
            while end < len(self.lines) and not closing.match(self.lines[end]):
                end += 1
            if end == len(self.lines):
                self.fault(number + 1, "unclosed-fence", "this code block has no end", f"close it with {fence}")
                break
            if cell := EXECUTABLE.match(info):
                if cell["language"] != "python" or cell["rest"]:
                    self.fault(
                        number + 1,
                        "cell",
                        f"a cell of the kind {info} is not supported",
                        "supported: {python}, with its options on #| lines below",
                    )
                elif not self.places.together(number + 1, end + 1):
                    self.fault(number + 1, "include", "an include in a cell", "include a file that holds the cell")
                else:
                    marked[number] = f"{opening['indent']}{fence}{{.{CELL_CLASS} n={len(self.cells)}}}"
                    self._read_cell(number, end, len(opening["indent"]))
            number = end + 1
        return marked

    def _read_cell(self, start: int, end: int, indent: int) -> None:
        body = [line[indent:] if not line[:indent].strip() else line.lstrip() for line in self.lines[start + 1 : end]]
        count = next((n for n, line in enumerate(body) if not OPTION.match(line)), len(body))
        options, lines = {}, {}
        if count:
            file, first = self.places[start + 2]
            try:
                settings = Settings("\n".join(OPTION.sub("", line) for line in body[:count]), file, first)
                self.faults += settings.faults(keys.CELL)
                options = {key: value for key, value in settings.value.items() if key in keys.CELL}
                lines = {key: settings.line(key) - first + start + 2 for key in options}
            except BookError as error:
                self.faults += error.faults
        for key, value in options.items():
            if "`{python}" in str(value):
                self.fault(
                    lines[key],
                    "inline-in-option",
                    f"inline code in the option {key}: Quarto prints it as it stands",
                    "write a div ::: {#fig-…} around the cell and the caption as its last paragraph",
                )
        while count < len(body) and not body[count].strip():
            count += 1
        code = "\n".join(body[count:]).rstrip()
        self.cells.append(Cell(len(self.cells), start + 1, options, code, start + 2 + count, lines))


def parse(source: Source) -> list[Any]:
    """Pandoc's blocks for a chapter, cells as code blocks of the class ``book-cell``, the title as a heading.

    Adds to the source's faults what pandoc complains of and what it read otherwise than the fences say.
    """
    output, warnings = pandoc.run(["--from", "markdown-yaml_metadata_block", "--to", "json"], source.marked)
    blocks = json.loads(output)["blocks"]
    for figure in (node for node in tree.walk(blocks) if node["t"] == "Figure"):
        for node in tree.walk(figure["c"][2]):
            if node["t"] == "Image":
                node["c"][1] = []  # pandoc repeats the caption here
    for warning in warnings:
        if (doubled := DOUBLED.search(warning)) and kind_of(doubled[1]):
            continue  # numbering will tell, with both places
        place = PANDOC_PLACE.search(warning)
        source.fault(int(place[1]) if place else 0, "markdown", warning, "mend the Markdown at this line")
    seen = {
        int(dict(node["c"][0][2])["n"])
        for node in tree.walk(blocks)
        if node["t"] == "CodeBlock" and CELL_CLASS in node["c"][0][1]
    }
    for cell in source.cells:
        if cell.number not in seen:
            source.fault(
                cell.line,
                "cell",
                "this cell is not a block of its own for pandoc",
                "put an empty line before it, indent it as its list item, take it out of comments",
            )
    if title := source.head.get("title"):
        heading = pandoc.read(str(title))["blocks"]
        inlines = heading[0]["c"] if heading and heading[0]["t"] == "Para" else tree.words(str(title))
        blocks.insert(0, {"t": "Header", "c": [1, [slug(tree.stringify(inlines)), [], []], inlines]})
    return blocks


def slug(title: str) -> str:
    """The identifier of a heading that was given none: pandoc's rule, near enough.

    >>> slug("Where it bites: 3 traps")
    'where-it-bites-3-traps'
    """
    kept = re.sub(r"[^\w\s.-]", "", title.lower())
    return re.sub(r"^[^a-z]+", "", re.sub(r"\s+", "-", kept.strip())) or "section"


def expression(node: tree.Node) -> str | None:
    """The Python expression of an inline ``{python}`` code node, or None."""
    found = INLINE.match(node["c"][1]) if node["t"] == "Code" else None
    return found["expression"].strip() if found and found["language"] == "python" else None


def program(blocks: list[Any], source: Source) -> list[list[Any]]:
    """What to run, in the order of the text: ``["cell", number]`` and ``["inline", expression, line]``."""
    steps: list[list[Any]] = []
    source.goto(1)
    for node in tree.walk(blocks):
        if node["t"] == "CodeBlock" and CELL_CLASS in node["c"][0][1]:
            number = int(dict(node["c"][0][2])["n"])
            source.goto(source.cells[number].line)
            steps.append(["cell", number])
        elif node["t"] == "Math":
            for inside in INLINE_IN_TEXT.findall(node["c"][1]):
                steps.append(["inline", inside.strip(), source.locate("{python}", inside.split("\n")[0].strip())])
        elif value := expression(node):
            steps.append(["inline", value, source.locate("{python}", value.split(" ")[0])])
    if source.stored is not None:
        for line in [step[2] for step in steps if step[0] == "inline"]:
            mend = "write execute: enabled: true in its head"
            source.fault(line, "unsupported", "inline code in a notebook that is not run", mend)
    return steps
