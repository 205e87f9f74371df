"""From timings to tables that a person reads, and to the same figures as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from rich.table import Table

from benchmarks import overhead
from benchmarks.systems import System, by_hand, plain
from benchmarks.timing import ROUNDS, Ratio, compare
from benchmarks.workloads import Workload

TOLERANCE = 1e-8
"""Largest difference from the derivative by hand, relative to its largest entry, that a system may show."""


@dataclass(frozen=True)
class Row:
    """One workload: the plain program's seconds, and everybody's derivative in multiples of it."""

    workload: Workload
    seconds: float
    ratios: dict[str, Ratio]

    def behind(self) -> list[str]:
        """The peers that the module does not beat; where products bind, 1.1 × is allowed."""
        own = self.ratios["autodiff"].median
        bounds = {name: self.ratios[name].median for name in ("autograd", "torch") if name in self.ratios}
        if self.workload.bound_by_products and "torch" in bounds:
            bounds["torch"] = 1.1 * max(bounds["torch"], self.ratios["by hand"].median)
        return [name for name, bound in bounds.items() if own > bound]


def measure_workload(workload: Workload, systems: Mapping[str, System], rounds: int = ROUNDS) -> Row:
    """Check every system's derivative against the one by hand, then time them all in one run.

    Raises `ArithmeticError` where a system's derivative differs: a wrong answer is not worth timing.
    """
    parameters, data = workload.problem()
    runs = {"plain": plain(workload, parameters, data), "by hand": by_hand(workload, parameters, data)}
    expected = runs["by hand"]()
    for name, system in systems.items():
        runs[name] = system.derivative(workload, parameters, data)
        error = disagreement(runs[name](), expected)
        if not error <= TOLERANCE:
            raise ArithmeticError(f"{workload.name}: {name} differs from the derivative by hand by {error:.1e}")
    timings = compare(runs, rounds)
    unit = timings.pop("plain")
    return Row(workload, unit.median, {name: timing.over(unit) for name, timing in timings.items()})


def disagreement(found: tuple, expected: tuple) -> float:
    """The largest difference between two tuples of arrays, each relative to its largest entry."""
    return max(
        float(np.max(np.abs(np.asarray(ours) - theirs)) / np.max(np.abs(theirs)))
        for ours, theirs in zip(found, expected, strict=True)
    )


def ratio_table(rows: list[Row]) -> Table:
    """Workloads down, systems across; last, the peers that the module is behind."""
    names = list(rows[0].ratios)
    table = Table(
        title="Time of the derivative, in multiples of the plain NumPy program",
        caption="median of interleaved rounds ± half the interquartile range; one thread, float64",
    )
    table.add_column("workload")
    table.add_column("plain, µs", justify="right")
    for name in names:
        table.add_column(name, justify="right", style="bold" if name == "autodiff" else None)
    table.add_column("behind")
    for row in rows:
        cells = [_cell(row.ratios[name]) for name in names]
        table.add_row(row.workload.name, f"{1e6 * row.seconds:.1f}", *cells, ", ".join(row.behind()) or "—")
    return table


def _cell(ratio: Ratio) -> str:
    spread = (ratio.high - ratio.low) / 2
    digits = 2 if ratio.median < 100 else 0
    return f"{ratio.median:.{digits}f} ± {spread:.{digits}f}"


@dataclass(frozen=True)
class Overhead:
    """One figure of `overhead`, and what it should stay below."""

    says: str
    value: float
    unit: str
    bound: float


def measure_overheads() -> list[Overhead]:
    """Cost and memory of single operations of the companion module."""
    per_primitive = overhead.microseconds_a_primitive()
    return [
        *(Overhead(f"{name}, forward and backward", value, "µs", 4.0) for name, value in per_primitive.items()),
        Overhead("tape of a scalar operation, beyond the values", overhead.tape_bytes(), "B", 300),
        Overhead("tape of an operation on 100 numbers, beyond them", overhead.tape_bytes((100,)), "B", 300),
        Overhead("an operation in a chain of 10⁶, over one in 10⁴", overhead.growth(), "×", 1.5),
        Overhead("y = y + y, 64 times over 32 times", overhead.doubling_ratio(), "×", 2.5),
        Overhead("import autodiff, beyond numpy", overhead.import_milliseconds(), "ms", 30),
    ]


def overhead_table(overheads: list[Overhead]) -> Table:
    """One figure a line, with its bound."""
    table = Table(title="Overheads of the companion module")
    table.add_column("what")
    table.add_column("measured", justify="right")
    table.add_column("at most", justify="right")
    table.add_column("")
    for entry in overheads:
        verdict = "" if entry.value <= entry.bound else "[bold]above[/bold]"
        table.add_row(entry.says, f"{entry.value:.2f} {entry.unit}", f"{entry.bound:g} {entry.unit}", verdict)
    return table


def as_json(rows: list[Row], overheads: list[Overhead]) -> dict:
    """The same figures, for machines."""
    return {
        "workloads": {
            row.workload.name: {
                "plain_seconds": row.seconds,
                "sizes": dict(row.workload.sizes),
                "ratios": {name: [r.median, r.low, r.high] for name, r in row.ratios.items()},
            }
            for row in rows
        },
        "overheads": {entry.says: [entry.value, entry.unit] for entry in overheads},
    }
