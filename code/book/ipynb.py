"""A chapter that is a Jupyter notebook: its cells as the lines of a source, and the outputs that it brings along.

Like Quarto: a notebook is taken as somebody left it, with its outputs, and is run only where its head says
``execute: enabled: true``. A YAML head stands in its first cell.
"""

from __future__ import annotations

import json
from typing import Any

from book.errors import Fault, fail
from book.includes import Line


def opened(path: str, text: str, faults: list[Fault]) -> tuple[list[Line], list[list[Any]]]:
    """The lines of a notebook, each with its line in the file, and the outputs of each of its code cells.

    ``faults`` gets what cannot be taken over. Raises `BookError` for what is no notebook.
    """
    import nbformat

    try:
        book = nbformat.reads(text, as_version=4)
        nbformat.validate(book)
    except Exception as error:  # nbformat has no base class for what it raises
        raise fail(path, 1, "notebook", f"this is no notebook: {error!s:.200}", "save it again in Jupyter") from None
    finder = _Finder(path, text)
    language = book.metadata.get("kernelspec", {}).get("language", "python")
    if language != "python":
        faults.append(Fault(path, finder.line("kernelspec"), "notebook", f"a notebook in {language}", "Python it is"))
    lines: list[Line] = []
    outputs: list[list[Any]] = []
    for number, cell in enumerate(book.cells):
        rows = cell.source.split("\n")
        placed = [Line(row, path, finder.line(row)) for row in rows]
        if tags := cell.metadata.get("tags"):
            mend = "say it in options of the cell: #| echo: false"
            faults.append(Fault(path, finder.line(tags[0]), "notebook", f"tags of a cell ({', '.join(tags)})", mend))
        if cell.cell_type == "code":
            fence = _fence(cell.source)
            first, last = placed[0].number, placed[-1].number
            placed = [Line(f"{fence}{{python}}", path, first), *placed, Line(fence, path, last)]
            outputs.append(cell.outputs)
        elif cell.cell_type == "raw" and not (number == 0 and rows[0].rstrip() == "---"):
            mend = "make it Markdown; a raw cell holds the YAML head, in the first place"
            faults.append(Fault(path, placed[0].number, "notebook", "a raw cell", mend))
        lines += [*placed, Line("", path, placed[-1].number)]
    return lines or [Line("", path, 1)], outputs


def _fence(code: str) -> str:
    """A fence that no line of the code closes."""
    longest = max((len(row) - len(row.lstrip("`")) for row in code.split("\n")), default=0)
    return "`" * max(3, longest + 1)


class _Finder:
    """Finds the rows of cells in the file, one after the other: Jupyter writes each on a line of its own."""

    def __init__(self, path: str, text: str) -> None:
        self.rows = text.split("\n")
        self.position = 0

    def line(self, row: str) -> int:
        """The line of a row, from where the last was found; that one's where it is not to be found."""
        needles = {json.dumps(row, ensure_ascii=ascii)[1:-1] for ascii in (True, False)}
        for position in range(self.position, len(self.rows)) if row.strip() else ():
            if any(needle in self.rows[position] for needle in needles):
                self.position = position
                break
        return self.position + 1
