"""The book is the same, byte for byte, wherever it is made: pages, figures, notebooks, EPUB, PDF, search.

The whole book is rendered twice, here (from what is remembered of earlier renders) and from nothing as a stranger
would: in a folder with a longer path and awkward letters, with another home, name, language, time zone, seed, number
of threads and file mode mask. Cells run as they always do, so that this also says that the chapters can be repeated.
"""

from __future__ import annotations

import io
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MADE = (".venv", ".cache", ".*_cache", ".hypothesis", "_book", "notebooks", "__pycache__")
STRANGE_FOLDER = "it's a bøok"
STRANGER = {
    "USER": "somebody-else",
    "LOGNAME": "somebody-else",
    "LC_ALL": "C",
    "TZ": "Asia/Kathmandu",
    "PYTHONHASHSEED": "5",
    "OMP_NUM_THREADS": "3",
    "OPENBLAS_NUM_THREADS": "3",
    "SOURCE_DATE_EPOCH": "1700000000",  # as here
}


def files(output: Path) -> dict[str, bytes]:
    """What a book's files hold, by name."""
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in output.rglob("*") if path.is_file()}


def opened(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """What can be read in a file: itself, the members of an archive, the streams of a PDF."""
    yield name, data
    if name.endswith((".epub", ".whl")):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from ((f"{name}: {member}", archive.read(member)) for member in archive.namelist())
    elif name.endswith(".pdf"):
        for number, found in enumerate(re.finditer(rb"\bstream\r?\n", data)):
            try:
                yield f"{name}: stream {number}", zlib.decompressobj().decompress(data[found.end() :])
            except zlib.error:
                continue


def names_of_this_machine(files: dict[str, bytes]) -> list[tuple[str, bytes]]:
    """Where a book names a folder of this machine, its name, or who made it."""
    places = [ROOT, sys.prefix, Path.home(), tempfile.gettempdir()]
    words = [*(f"{place}/" for place in places if len(str(place)) > 1), STRANGER["USER"], STRANGE_FOLDER]
    machine = rf"(?<![\w.]){re.escape(platform.node())}(?![\w.])"
    pattern = re.compile("|".join([*map(re.escape, words), machine]).encode())
    return [
        (part, match[0])
        for name, data in files.items()
        for part, text in opened(name, data)
        if b"\0" not in text and (match := pattern.search(text))
    ]


@pytest.fixture(scope="session")  # as the book here is, so that both are made at the same time
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the book as a stranger renders it."""
    folder = tmp_path_factory.mktemp("some where else") / "a longer way" / STRANGE_FOLDER
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*MADE))
    for path in folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    command = [sys.executable, "-m", "book", "render"]
    own = {"HOME": str(tmp_path_factory.mktemp("home")), "PYTHONPATH": str(folder / "code")}
    subprocess.run(command, cwd=folder, env={**os.environ, **STRANGER, **own}, check=True, umask=0o077)
    return folder / "_book"


def test_the_whole_book_is_the_same_elsewhere(elsewhere, whole_book):
    here, there = files(whole_book), files(elsewhere)
    kinds = {Path(name).suffix for name in here}
    assert {".html", ".ipynb", ".epub", ".pdf", ".whl", ".woff2", ".pf_index"} <= kinds
    assert here.keys() == there.keys()
    assert [name for name in here if here[name] != there[name]] == []
    assert names_of_this_machine(there) == []
