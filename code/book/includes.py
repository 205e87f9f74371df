"""Includes: ``{{< include file >}}`` on a line of its own is replaced by the lines of that file, as if pasted there.

Like Quarto: paths start at the folder of the chapter, or with a slash at the book's, in included files too; what is
pasted may hold cells, labels and further includes. Every line remembers the file that it came from.
"""

from __future__ import annotations

import os
import posixpath
import re
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from book.errors import BookError, Fault, fail
from book.project import read_text

INCLUDE = re.compile(r"^\{\{<\s*include\s+(?P<quote>[\"']?)(?P<name>[^\"'\s][^\"']*?)(?P=quote)\s*>\}\}\s*$")
ALONE = re.compile(r"^\s*$|^\s*(```|~~~)")
"""What may stand above and below an include: nothing, or the fence of a code block that it fills."""


class Line(NamedTuple):
    """A line of a chapter and its place."""

    text: str
    file: str
    number: int


class Places:
    """Where each line of a chapter came from."""

    def __init__(self, lines: list[Line], path: str) -> None:
        self.path = path
        self.pieces = [
            (position, line.file, line.number)
            for position, line in enumerate(lines, start=1)
            if position == 1 or (line.file, line.number) != (lines[position - 2].file, lines[position - 2].number + 1)
        ]
        """The line that each piece begins on, here and in its own file."""
        self._starts = [piece[0] for piece in self.pieces]

    def __getitem__(self, line: int) -> tuple[str, int]:
        """The file of a line and its number there; line 0 is the chapter as a whole."""
        if line < 1:
            return self.path, line
        start, file, number = self.pieces[self._piece(line)]
        return file, number + line - start

    def together(self, first: int, last: int) -> bool:
        """Whether two lines and all between them came from one file."""
        return len({file for _, file, _ in self.pieces[self._piece(first) : self._piece(last) + 1]}) == 1

    def _piece(self, line: int) -> int:
        return bisect_right(self._starts, line) - 1


def pasted(root: Path, path: str, text: str, faults: list[Fault]) -> list[Line]:
    """The lines of a chapter with all includes in their places; ``faults`` gets those that cannot be."""
    return list(_lines(root, path, path, text, (), faults))


def _lines(
    root: Path, chapter: str, file: str, text: str, around: tuple[str, ...], faults: list[Fault]
) -> Iterator[Line]:
    """The lines of one file; ``around`` are those that include it."""
    rows = text.split("\n")
    for number, row in enumerate(rows, start=1):
        found = INCLUDE.match(row)
        if not found:
            yield Line(row, file, number)
            continue
        above, below = rows[number - 2] if number > 1 else "", rows[number] if number < len(rows) else ""
        try:
            if not (ALONE.match(above) and ALONE.match(below)):
                mend = "put an empty line before and after it; in a code block it stands alone; a cell takes none"
                raise fail(file, number, "include", "an include among other text", mend)
            name, inside = _included(root, chapter, found["name"], file, number, (*around, file))
        except BookError as error:
            faults += error.faults
        else:
            yield from _lines(root, chapter, name, inside, (*around, file), faults)


def _included(root: Path, chapter: str, name: str, file: str, number: int, around: tuple[str, ...]) -> tuple[str, str]:
    """The path of an included file and its text."""
    path = posixpath.normpath(name[1:] if name.startswith("/") else posixpath.join(posixpath.dirname(chapter), name))
    wrong = {
        "it lies outside of the book's folder": path.startswith("../"),
        "there is no such file": not os.path.isfile(root / path),  # of any name, also of one that no disk can hold
        "it includes itself": path in around,
        "a notebook cannot be included": path.endswith(".ipynb"),
    }
    for message in (message for message, holds in wrong.items() if holds):
        mend = "paths start at the chapter's folder, with a slash at the book's"
        raise fail(file, number, "include", f"{name} cannot be included: {message}", mend)
    text = read_text(root, path).removesuffix("\n")
    if text.startswith("---"):
        raise fail(path, 1, "include", "an included file with a YAML head", "its chapter has one; remove it here")
    return path, text
