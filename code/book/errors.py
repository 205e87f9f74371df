"""What can be wrong with a book, said so that it can be mended: file, line, rule, message, mend."""

from __future__ import annotations

import subprocess
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


class ProgramError(RuntimeError):
    """A program that the renderer calls stopped with an error; the message is its own."""


def outside(error: Exception) -> Fault:
    """What went wrong on the machine and not in the book: a disk, a program, memory."""
    if isinstance(error, OSError):
        where = str(error.filename or "this machine")
        return Fault(where, 0, "machine", error.strerror or str(error), "see to it, then render again")
    if isinstance(error, subprocess.CalledProcessError):
        name = " ".join(map(str, error.cmd))
        said = (error.stderr or b"").decode(errors="replace").strip()[-2000:]
        return Fault(name, 0, "program", f"it stopped with code {error.returncode}. {said}".strip())
    if isinstance(error, MemoryError):
        return Fault("this machine", 0, "machine", "there is not enough memory", "render fewer chapters at a time")
    return Fault("pandoc", 0, "program", str(error))


OUTSIDE = (OSError, subprocess.CalledProcessError, MemoryError, ProgramError)
"""The errors that `outside` explains."""


def fail(file: str, line: int, rule: str, message: str, mend: str = "") -> BookError:
    """The error for a single fault, to be raised at once."""
    return BookError([Fault(file, line, rule, message, mend)])
