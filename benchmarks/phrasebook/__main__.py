"""Record what the pieces of the phrase book print; systems that are not installed keep what was recorded of them."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import machine
from figures import phrasebook

FILE = Path(__file__).with_name("record.json")


def entry(system: str) -> dict[str, Any]:
    """What one system prints, with the versions, machine and date that belong to it."""
    code, printed = phrasebook.pieces(system), phrasebook.run(system)
    return {
        "date": datetime.date.today().isoformat(),
        "versions": {name: importlib.metadata.version(name) for name in phrasebook.SYSTEMS[system].versions},
        "machine": machine.describe(),
        "pieces": {name: {"digest": phrasebook.digest(code[name]), "output": printed[name]} for name in code},
    }


def main() -> None:
    """Write the record."""
    console = Console()
    record = json.loads(FILE.read_text()) if FILE.exists() else {}
    for system, about in phrasebook.SYSTEMS.items():
        if phrasebook.installed(system):
            record[system] = entry(system)
            console.print(f"{about.title}: recorded")
        else:
            console.print(f"{about.title}: not installed, kept as it was")
    FILE.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
