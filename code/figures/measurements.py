"""Timings that the book quotes: recorded once by `make measure`, read by the chapters.

A build counts and computes for itself, but it cannot time on your machine what we timed on ours. So what a
chapter says about time comes from one file, where each value lies beside its sizes, versions, machine and
date.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = Path("benchmarks", "measurements.json")
"""Where the file lies: in the working folder (of the book, or of a notebook), else in this module's project."""


class MissingMeasurementError(LookupError):
    """A chapter asks for a measurement that nobody has recorded."""


@dataclass(frozen=True)
class Measurement:
    """One recorded value, and what it takes to quote it honestly.

    `value` is a number, or lists and dicts of numbers, in `unit`; `sizes` says at which sizes, `versions` of
    which libraries, `machine` on which processor, system and Python, `date` when (ISO 8601).
    """

    name: str
    says: str
    value: Any
    unit: str
    sizes: dict[str, Any]
    versions: dict[str, str]
    machine: dict[str, str]
    date: str

    @property
    def source(self) -> str:
        """Where the value comes from, as a caption says it."""
        return f"{self.machine['processor']}, {self.machine['python']}, {self.date}"


def located(name: Path) -> Path:
    """A data file of the project by its name: in the working folder where it is there, else beside this module."""
    return name if name.exists() else Path(__file__).parents[2] / name


def recorded_file() -> Path:
    """The file that `load` reads unless it is told another."""
    return located(NAME)


def load(name: str, file: Path | None = None) -> Measurement:
    """The recorded measurement of this name.

    Parameters
    ----------
    name : one of the functions in `benchmarks/measure.py`.
    file : where measurements were written.

    Raises `MissingMeasurementError` where there is no such file, or no such name in it; it says how to record it.

    >>> load("tape_of_an_operation").unit
    'bytes'
    """
    file = file or recorded_file()
    if not file.exists():
        raise MissingMeasurementError(f"{file} does not exist: run `make measure`, which writes it")
    recorded = json.loads(file.read_text(encoding="utf-8"))
    if name not in recorded:
        raise MissingMeasurementError(
            f"no measurement {name!r} in {file} (there are: {', '.join(sorted(recorded)) or 'none'}): "
            f"write a function of that name in benchmarks/measure.py and run `python -m benchmarks.measure`"
        )
    return Measurement(name=name, **recorded[name])
