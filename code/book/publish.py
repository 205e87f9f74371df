"""The folder of the finished book, which changes in one step or not at all.

A render gathers the files of each format (`Files`: path → bytes). Publishing writes a new folder beside the old
one, takes over by hard link what did not change and what other formats left there, and exchanges the two. A render
that fails before that leaves the old book as it was; one that is killed during it leaves the old one or the new one.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from book.store import digest

Files = Mapping[str, bytes]
LEDGER = ".book.json"
AT_FDCWD, RENAME_EXCHANGE = -100, 2


Contents = dict[str, dict[str, str]]
"""For each format the paths of its files and the digests of what they hold."""


def ledger(output: Path) -> Contents:
    """What lies in a finished book."""
    try:
        return json.loads((output / LEDGER).read_text())["formats"]
    except (OSError, ValueError, KeyError):
        return {}


def state(output: Path) -> str:
    """The name of the inputs that a finished book was made from; empty where there is none."""
    try:
        return json.loads((output / LEDGER).read_text())["state"]
    except (OSError, ValueError, KeyError):
        return ""


def intact(output: Path) -> bool:
    """Whether a finished book still holds every file that was put there, unchanged."""
    kept = ledger(output)
    return bool(kept) and all(
        (output / name).is_file() and digest(output / name) == content
        for files in kept.values()
        for name, content in files.items()
    )


def publish(output: Path, made: Mapping[str, Files], state: str, whole: bool) -> None:
    """Put what was made into the output folder, in one step.

    ``made`` holds the files of each format. Formats that are not in it keep theirs. With ``whole`` unset the files of
    a format are added to those that it had.
    """
    old = ledger(output)
    new: Contents = {form: dict(files) for form, files in old.items() if form not in made or not whole}
    for form, contents in made.items():
        new.setdefault(form, {}).update({name: digest(data) for name, data in contents.items()})
    fresh = _beside(output, "new")
    fresh.mkdir(parents=True)
    try:
        unchanged = {name: content for files in old.values() for name, content in files.items()}
        for form, files in sorted(new.items()):
            for name, content in sorted(files.items()):
                target = fresh / name
                target.parent.mkdir(parents=True, exist_ok=True)
                if unchanged.get(name) == content and _take_over(output / name, target, content):
                    continue
                if name in made.get(form, {}):
                    target.write_bytes(made[form][name])
                else:
                    del new[form][name]  # somebody removed it from the old book
        record = {"state": state, "formats": new}
        (fresh / LEDGER).write_text(json.dumps(record, sort_keys=True, separators=(",", ":")))
        _exchange(output, fresh)
    except BaseException:
        recover(output)
        raise


def _beside(output: Path, name: str) -> Path:
    return output.with_name(f".{output.name}.{name}")


def _take_over(source: Path, target: Path, content: str) -> bool:
    """Link a file of the old book into the new one, if it is what the ledger says."""
    try:
        if digest(source) != content:
            return False
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)
    except FileNotFoundError:
        return False
    return True


def _exchange(output: Path, fresh: Path) -> None:
    """Let the new folder take the old one's name, at once where the system can, and remove the old one."""
    old = _beside(output, "old")
    if not output.exists():
        os.rename(fresh, output)
        return
    if _exchanged_at_once(output, fresh):
        shutil.rmtree(fresh)
        return
    os.rename(output, old)
    os.rename(fresh, output)
    shutil.rmtree(old)


def _exchanged_at_once(first: Path, second: Path) -> bool:
    """Linux's exchange of two names; False where there is no such call."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if os.name == "posix" else None
    if rename is None:
        return False
    if rename(AT_FDCWD, os.fsencode(first), AT_FDCWD, os.fsencode(second), RENAME_EXCHANGE) == 0:
        return True
    if ctypes.get_errno() in (errno.ENOSYS, errno.EINVAL):
        return False
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(first))


def recover(output: Path) -> None:
    """Put right what a process that was killed while publishing left behind."""
    shutil.rmtree(_beside(output, "new"), ignore_errors=True)
    old = _beside(output, "old")
    if old.exists():
        if output.exists():
            shutil.rmtree(old)
        else:
            os.rename(old, output)
