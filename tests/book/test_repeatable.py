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

ROOT = Path(__file__).parents[2]
MADE = (".venv", ".cache", ".*_cache", ".hypothesis", "_book", "notebooks", "__pycache__")
FORMATS = "html,pdf,epub,notebooks"
EPOCH = "1700000000"
STRANGE_FOLDER = "it's a bøok"
STRANGER = {
    "USER": "somebody-else",
    "LOGNAME": "somebody-else",
    "LC_ALL": "C",
    "TZ": "Asia/Kathmandu",
    "PYTHONHASHSEED": "5",
    "OMP_NUM_THREADS": "3",
    "OPENBLAS_NUM_THREADS": "3",
    "SOURCE_DATE_EPOCH": EPOCH,
}


def rendered(source: Path, output: Path, umask: int, **settings: str) -> dict[str, bytes]:
    """Render a book in a process of its own; give its files by name."""
    command = [sys.executable, "-m", "book", "render", "--to", FORMATS, "--output", str(output)]
    environment = {**os.environ, "PYTHONPATH": str(source / "code"), **settings}
    subprocess.run(command, cwd=source, env=environment, check=True, umask=umask)
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


def test_the_whole_book_is_the_same_elsewhere(tmp_path_factory):
    folder = tmp_path_factory.mktemp("some where else") / "a longer way" / STRANGE_FOLDER
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*MADE))
    for path in folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    home = tmp_path_factory.mktemp("home")
    there = rendered(folder, folder / "_book", 0o077, HOME=str(home), **STRANGER)
    here = rendered(ROOT, tmp_path_factory.mktemp("here") / "_book", 0o022, SOURCE_DATE_EPOCH=EPOCH)
    kinds = {Path(name).suffix for name in here}
    assert {".html", ".ipynb", ".epub", ".pdf", ".whl", ".woff2", ".pf_index"} <= kinds
    assert here.keys() == there.keys()
    assert [name for name in here if here[name] != there[name]] == []
    assert names_of_this_machine(there) == []
