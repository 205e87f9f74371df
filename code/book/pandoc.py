"""The pandoc program, as the package ``pypandoc_binary`` brings it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

from book.errors import ProgramError

Item = TypeVar("Item")
Result = TypeVar("Result")


PATIENCE = 600
"""Seconds; some texts take pandoc time without end."""
LOCALE = {"LC_ALL": "C.UTF-8"}
"""Pandoc reads arguments and names of files as the locale says, and there are no accents in C."""
HEAP = ("+RTS", "-H16m", "-A8m", "-RTS")
"""Pandoc would begin each chapter by going through 64 MiB of fresh memory, which takes a fifth of its time."""

WARNING = re.compile(r"^\[WARNING\] ", re.MULTILINE)


@lru_cache(maxsize=1)
def program() -> str:
    """Where the program lies."""
    import pypandoc

    return pypandoc.get_pandoc_path()


def run(
    arguments: Sequence[str],
    text: str = "",
    cwd: os.PathLike[str] | None = None,
    env: Mapping[str, str] | None = None,
) -> tuple[str, list[str]]:
    """Run pandoc on a text; return what it wrote and its warnings. ``env`` adds to the variables that are set."""
    command = [program(), *HEAP, *arguments]
    settings = {**os.environ, **LOCALE, **(env or {})}
    try:
        done = subprocess.run(
            command, input=text.encode(), capture_output=True, cwd=cwd, env=settings, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise ProgramError(
            f"it was still at work after {PATIENCE} seconds; are there very many open brackets?"
        ) from None
    messages = done.stderr.decode(errors="replace").strip()
    if done.returncode:
        raise ProgramError(messages or f"it stopped with code {done.returncode}")
    _, *warnings = WARNING.split(messages)
    return done.stdout.decode(), [warning.rstrip() for warning in warnings]


def read(text: str, reader: str = "markdown") -> dict[str, Any]:
    """The syntax tree of a text, with its metadata."""
    return json.loads(run(["--from", reader, "--to", "json"], text)[0])


def document(blocks: list[Any], meta: dict[str, Any] | None = None) -> str:
    """A syntax tree as the JSON that pandoc reads."""
    content = {"pandoc-api-version": [1, 23, 1], "meta": meta or {}, "blocks": blocks}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def write(blocks: list[Any], writer: str, *options: str, meta: dict[str, Any] | None = None) -> tuple[str, list[str]]:
    """A syntax tree as text in another format, and pandoc's warnings."""
    arguments = ["--from", "json", "--to", writer, "--wrap", "none", *options]
    return run(arguments, document(blocks, meta))


def in_parallel(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Map over items, as many at a time as there are processors.

    After an error nothing new is begun; after an interruption nothing is waited for, either.
    """
    pool = ThreadPoolExecutor(os.cpu_count() or 2)
    patient = True
    try:
        return list(pool.map(function, items))
    except KeyboardInterrupt:
        patient = False
        raise
    finally:
        pool.shutdown(wait=patient, cancel_futures=True)
