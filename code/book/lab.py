"""Working copies of the notebooks, for reading with one's hands.

`make lab` runs this room before it opens JupyterLab. Readers work on copies, so that the next render does not
wipe out what they wrote: a copy that they changed stays theirs, one that they left alone follows the book. A
small ledger beside the copies says what each looked like when it was laid down; that tells the two apart.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

LEDGER = ".laid-down.json"


@dataclass
class Outcome:
    """What `lay_down` did with each notebook, by name."""

    written: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def lay_down(rendered: Path, working: Path) -> Outcome:
    """Copy the notebooks of the folder `rendered` into `working`, but for those that a reader changed there.

    A copy that was deleted comes back, and so does one that a reader has put back as it was.

    Raises `FileNotFoundError` where `rendered` holds no notebook.
    """
    sources = sorted(rendered.glob("*.ipynb"))
    if not sources:
        raise FileNotFoundError(f"no notebooks in {rendered}: render the book first (make book)")
    working.mkdir(parents=True, exist_ok=True)
    ledger_file = working / LEDGER
    ledger: dict[str, str] = json.loads(ledger_file.read_text()) if ledger_file.exists() else {}
    outcome = Outcome()
    for source in sources:
        copy, fresh = working / source.name, _fingerprint(source)
        now = _fingerprint(copy) if copy.exists() else None
        if now in (None, ledger.get(source.name), fresh):
            if now != fresh:
                copy.write_bytes(source.read_bytes())
                outcome.written.append(source.name)
            ledger[source.name] = fresh
        else:
            outcome.kept.append(source.name)
    ledger_file.write_text(json.dumps(ledger, indent=2, sort_keys=True) + "\n")
    return outcome


def main(arguments: list[str]) -> int:
    """`python -m book.lab RENDERED WORKING`: lay the copies down and say what was done."""
    rendered, working = map(Path, arguments)
    try:
        outcome = lay_down(rendered, working)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    for name in outcome.written:
        print(f"{working / name}: laid down")
    for name in outcome.kept:
        print(f"{working / name}: you changed it, so it stays; the book's own is {rendered / name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
