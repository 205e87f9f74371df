"""Who is told how far a render has come."""

from __future__ import annotations


class Progress:
    """Somebody who is told, and says nothing. The command line has one who draws bars."""

    def phase(self, name: str) -> None:
        """A new phase begins."""

    def start(self, cells: int) -> None:
        """So many cells are going to be run."""

    def advance(self, cells: int = 1) -> None:
        """So many of them are done."""


SILENT = Progress()
