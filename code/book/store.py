"""Results kept by the content that they were made from, so that no work is done twice.

A result is stored under a *stage* ("read", "execute", "html", …) and a *key*: the digest of everything that the
result depends on. Nothing is ever invalidated; a changed input has another key. An entry carries the digest of its
own bytes, so that one cut short by a full disk or a killed process counts as missing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

DAY = 86400
KEPT = 14 * DAY
HALF_WRITTEN = 3600
PART = ".part-"


def digest(*parts: object) -> str:
    """A hexadecimal name for any JSON-like content; bytes and paths (their contents) are taken too.

    >>> digest("a", [1, 2]) == digest("a", [1, 2]) != digest("a", [2, 1])
    True
    """
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            part = part.read_bytes()
        data = part if isinstance(part, bytes) else json.dumps(part, sort_keys=True).encode()
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()[:32]


def digest_files(root: Path, paths: Iterable[Path]) -> str:
    """A name for the contents of some files and the places where they lie below ``root``."""
    return digest(*(part for path in sorted(set(paths)) for part in (str(path.relative_to(root)), path)))


@lru_cache(maxsize=1)
def renderer_digest() -> str:
    """A name for the renderer itself: its sources, its templates and pandoc's version."""
    import importlib.metadata

    room = Path(__file__).parent
    sources = (path for path in room.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return digest(digest_files(room, sources), importlib.metadata.version("pypandoc_binary"))


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old contents or the new ones, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=PART)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


class Store:
    """A folder of results by stage and key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, stage: str, key: str) -> Path:
        return self.folder / stage / key[:2] / key[2:]

    def read(self, stage: str, key: str) -> bytes | None:
        """The bytes kept under a key, or None when there are none or they are damaged."""
        path = self.path(stage, key)
        try:
            kept = path.read_bytes()
        except FileNotFoundError:
            return None
        data = kept[32:]
        if hashlib.sha256(data).digest() != kept[:32]:
            return None
        self.touch(stage, key)
        return data

    def touch(self, stage: str, key: str) -> bool:
        """Whether there is an entry under a key; if so it counts as used (see `sweep`)."""
        path = self.path(stage, key)
        try:
            if path.stat().st_mtime < time.time() - DAY:
                os.utime(path)
        except FileNotFoundError:
            return False
        return True

    def write(self, stage: str, key: str, data: bytes) -> None:
        write_whole(self.path(stage, key), hashlib.sha256(data).digest() + data)

    def get(self, stage: str, key: str) -> Any:
        """The JSON value kept under a key, or None."""
        data = self.read(stage, key)
        return None if data is None else json.loads(data)

    def put(self, stage: str, key: str, value: Any) -> None:
        self.write(stage, key, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    def memo(self, stage: str, key: str, compute: Callable[[], Any]) -> Any:
        """The value kept under a key; made and kept when there is none."""
        value = self.get(stage, key)
        if value is None:
            value = compute()
            self.put(stage, key, value)
        return value

    def sweep(self) -> None:
        """Forget what no render has used for two weeks, and what processes that were killed left half-written."""
        now = time.time()
        for path in self.folder.rglob("*"):
            kept = HALF_WRITTEN if path.name.startswith(PART) else KEPT
            if path.is_file() and path.stat().st_mtime < now - kept:
                path.unlink(missing_ok=True)

    def scratch(self) -> tempfile.TemporaryDirectory[str]:
        """A temporary folder for the work of a render, which has the lock. Its path is short: sockets lie there."""
        return tempfile.TemporaryDirectory(prefix=self._scratch_prefix)

    def tidy(self) -> None:
        """Remove the temporary folders of a render that was killed."""
        for folder in Path(tempfile.gettempdir()).glob(f"{self._scratch_prefix}*"):
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def _scratch_prefix(self) -> str:
        return f"book-{digest(str(self.folder))[:12]}-"
