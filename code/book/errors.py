"""What can be wrong with a book, said so that it can be mended: file, line, rule, message, mend."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong, and where.

    ``file`` is relative to the book's folder, ``line`` counts from 1 (0 where no line can be named).
    ``rule`` is a short name that does not change between versions. A fault with ``warning`` set stops a
    render only when warnings count as errors.
    """

    file: str
    line: int
    rule: str
    message: str
    mend: str = ""
    warning: bool = False

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        mend = f"\n    mend: {self.mend}" if self.mend else ""
        return f"{place}: {self.rule}: {self.message}{mend}"


class BookError(Exception):
    """The book cannot be rendered as it stands; ``faults`` says why, sorted by place."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(set(faults))
        super().__init__("\n".join(map(str, self.faults)))


def fail(file: str, line: int, rule: str, message: str, mend: str = "") -> BookError:
    """The error for a single fault, to be raised at once."""
    return BookError([Fault(file, line, rule, message, mend)])
