"""The phrase book: one program in three systems, piece by piece, with what each piece prints.

The programs are files that run as they stand, in benchmarks/phrasebook. A line `# %% name`, as editors know it from
notebooks, begins a piece; the pieces of one program share their names. The chapter shows the very pieces. Where the
system is installed they are run when they are shown; elsewhere their output comes out of a record, which says with
which versions and when it was made, and which is refused once a piece has changed.
"""

import hashlib
import importlib.util
import io
import json
import re
import sys
import types
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from figures.measurements import located
from figures.numbers import markdown

FOLDER = Path("benchmarks", "phrasebook")
RECORD = FOLDER / "record.json"
MARK = re.compile(r"^# %% (.+)\n", re.MULTILINE)
APART, CLOSER = "\n\n\n", "\n\n"  # what a formatter puts around a function, and what a page has room for


class StaleRecordError(LookupError):
    """The record does not hold the output of a piece as the piece is now."""


@dataclass(frozen=True)
class System:
    """A system of the phrase book: its name in print, the package to import, the packages to tell versions of."""

    title: str
    package: str
    file: str
    versions: tuple[str, ...]


SYSTEMS = {
    "companion": System("autodiff", "autodiff", "companion.py", ("numpy",)),
    "jax": System("JAX", "jax", "with_jax.py", ("jax", "jaxlib")),
    "torch": System("PyTorch", "torch", "with_torch.py", ("torch",)),
}


def pieces(system: str) -> dict[str, str]:
    """The pieces of a system's program, by name, in their order.

    >>> list(pieces("jax"))[:3]
    ['program', 'value', 'gradient']
    """
    text = located(FOLDER / SYSTEMS[system].file).read_text(encoding="utf-8")
    _, *parts = MARK.split(text)
    return {name: code.strip("\n") for name, code in zip(parts[::2], parts[1::2], strict=True)}


def digest(code: str) -> str:
    """What tells one version of a piece from another."""
    return hashlib.sha256(code.encode()).hexdigest()[:16]


def installed(system: str) -> bool:
    """Whether the system's program can be run here."""
    return importlib.util.find_spec(SYSTEMS[system].package) is not None


_printed: dict[str, dict[str, str]] = {}


def run(system: str) -> dict[str, str]:
    """What each piece of a system's program prints, now, run from the first to the last, and once a session."""
    if system in _printed:
        return _printed[system]
    module = types.ModuleType(f"phrasebook_{system}")
    sys.modules[module.__name__] = module  # torch.compile looks the names of a program up in its module
    printed = {}
    for name, code in pieces(system).items():
        out = io.StringIO()
        with redirect_stdout(out):
            exec(compile(code, f"{SYSTEMS[system].file}, {name}", "exec"), vars(module))
        printed[name] = out.getvalue().rstrip("\n")
    _printed[system] = printed
    return printed


def recorded(system: str, file: Path | None = None) -> dict[str, Any]:
    """What was recorded of a system: `date`, `versions`, `machine`, and for each piece `digest` and `output`.

    Raises `StaleRecordError` where it was made from other pieces than those in the program's file now.
    """
    file = file or located(RECORD)
    entry = json.loads(file.read_text(encoding="utf-8")).get(system) if file.exists() else None
    mend = "run `python -m benchmarks.phrasebook` with a Python that has the extra `peers`"
    if entry is None:
        raise StaleRecordError(f"{file} holds nothing of {SYSTEMS[system].title}: {mend}")
    now = {name: digest(code) for name, code in pieces(system).items()}
    then = {name: piece["digest"] for name, piece in entry["pieces"].items()}
    changed = [name for name in {**now, **then} if now.get(name) != then.get(name)]
    if changed:
        where = f"{SYSTEMS[system].file} has changed since {file} was recorded ({', '.join(changed)})"
        raise StaleRecordError(f"{where}: {mend}")
    return entry


def outputs(system: str) -> dict[str, str]:
    """What each piece prints: now, where the system is installed, else as recorded."""
    if installed(system):
        return run(system)
    return {name: piece["output"] for name, piece in recorded(system)["pieces"].items()}


def show(system: str, *names: str) -> Any:
    """Pieces of a system's program for a chapter, each followed by what it prints, as comments."""
    code, printed = pieces(system), outputs(system)
    blocks = []
    for name in names:
        result = "".join(f"\n# {line}" for line in printed[name].splitlines())
        blocks.append(f"```python\n{code[name].replace(APART, CLOSER)}{result}\n```")
    return markdown("\n\n".join(blocks))


def source(system: str) -> str:
    """Where the system's output comes from, as the text says it."""
    title = SYSTEMS[system].title
    if installed(system):
        return f"{title}, run in this build"
    entry = recorded(system)
    versions = ", ".join(f"{name} {version}" for name, version in entry["versions"].items())
    return f"{title}, recorded on {entry['date']} ({versions})"
