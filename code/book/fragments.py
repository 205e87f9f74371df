"""Markdown that does not stand in the text itself: captions in cell options, and what cells print as Markdown."""

from __future__ import annotations

import json

from book import pandoc
from book.notebook import Source
from book.tree import Nodes

BREAK_CLASS = "book-break"
READER = "markdown-yaml_metadata_block"


class Generated(Source):
    """A stand-in for the source of Markdown that a cell made: everything lies on the cell's line."""

    def __init__(self, source: Source, line: int) -> None:
        self.path, self.faults, self.lines, self.cells = source.path, source.faults, source.lines, source.cells
        self.places, self.head, self._line = source.places, source.head, line

    def locate(self, *needles: str) -> int:
        return self._line

    def locate_opening(self, name: str) -> int:
        return self._line


class Fragments:
    """Pieces of Markdown that are not in the text itself: captions and titles in options, Markdown that cells print.

    They are gathered in one pass and read by a single pandoc; a second pass over the same chapter gets the blocks.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.wanted: dict[str, int] = {}
        self.known: dict[str, Nodes] = {}

    def __call__(self, text: str, line: int) -> Nodes:
        if text in self.known:
            return json.loads(json.dumps(self.known[text]))
        self.wanted.setdefault(text, line)
        return []

    def place(self, text: str) -> Generated:
        """Where a piece comes from."""
        return Generated(self.source, self.wanted[text])

    def read(self) -> None:
        """Have pandoc read what is wanted."""
        texts = [text for text in self.wanted if text not in self.known]
        if not texts:
            return
        fence = f"\n\n```{{.{BREAK_CLASS}}}\n```\n\n"
        blocks, warnings = self._blocks(fence.join(texts))
        pieces: list[Nodes] = [[]]
        for block in blocks:
            if block["t"] == "CodeBlock" and BREAK_CLASS in block["c"][0][1]:
                pieces.append([])
            else:
                pieces[-1].append(block)
        if warnings or len(pieces) != len(texts):  # find out in which of them
            pieces = []
            for text in texts:
                blocks, warnings = self._blocks(text)
                pieces.append(blocks)
                for warning in warnings:
                    message = f"in Markdown that a cell makes: {warning}"
                    self.source.fault(self.wanted[text], "markdown", message, "mend what the cell makes")
        self.known.update(zip(texts, pieces, strict=True))

    @staticmethod
    def _blocks(text: str) -> tuple[Nodes, list[str]]:
        output, warnings = pandoc.run(["--from", READER, "--to", "json"], text)
        return json.loads(output)["blocks"], warnings
