"""`python -m benchmarks`: the workloads side by side, then the overheads.

    python -m benchmarks [WORKLOAD …] [--json FILE]

Names (or parts of names) choose workloads; without any, all ten run, and the overheads with them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console

from benchmarks import machine, report
from benchmarks.systems import available
from benchmarks.workloads import WORKLOADS


def main() -> None:
    """Measure what was asked for, and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="What gradients cost, side by side.")
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=", ".join(WORKLOADS))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    options = parser.parse_args()
    chosen = [
        workload
        for name, workload in WORKLOADS.items()
        if not options.workloads or any(part.lower() in name.lower() for part in options.workloads)
    ]
    if not chosen:
        parser.error(f"no workload is named like that; there are: {', '.join(WORKLOADS)}")

    machine.settle()
    console = Console(width=None if Console().is_terminal else 170)
    console.print(", ".join(machine.describe().values()))
    console.print(", ".join(f"{name} {version}" for name, version in machine.versions().items()))
    systems, missing = available()
    for name, module in missing.items():
        console.print(f"{name} is left out: {module} is not installed (extra `peers`)")

    rows = []
    with console.status("") as status:
        for workload in chosen:
            status.update(workload.name)
            rows.append(report.measure_workload(workload, systems))
        status.update("overheads")
        overheads = [] if options.workloads else report.measure_overheads()
    console.print(report.ratio_table(rows))
    if overheads:
        console.print(report.overhead_table(overheads))
    if options.json:
        figures = {
            "machine": machine.describe(),
            "versions": machine.versions(),
            **report.as_json(rows, overheads),
        }
        options.json.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
