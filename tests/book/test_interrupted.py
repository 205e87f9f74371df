"""A render that is stopped from outside: the last good book stays, nothing is left behind, the next render is right."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import pytest

from book.store import digest

CHAPTER = "# One {#sec-one}\n\nText.\n\n```{python}\nprint('ran')\n```\n"
STALLED = """
import importlib, sys, time

def stall(*arguments, **options):
    open("stalled", "w").close()
    time.sleep(60)
    raise OSError("nobody came")

module, name = {place}
setattr(importlib.import_module(module), name, stall)
sys.argv = ["book", "render", "--to", "{formats}"]
from book.cli import main
main()
"""
STALLING_CELL = CHAPTER.replace("print", "import time; open('stalled', 'w'); time.sleep(60); print")
PHASES = {
    "reading": ("book.render", "manuscripts"),
    "pandoc": ("book.pandoc", "run"),
    "running cells": ("os", "no such function"),  # a cell stalls by itself
    "numbering": ("book.render", "numbered"),
    "making": ("book.site", "_search"),
    "setting": ("typst", "compile_with_warnings"),
    "publishing": ("book.publish", "_take_over"),
    "exchanging": ("book.publish", "_exchange"),
}
"""What stalls in each phase of a render: a module and the name that it knows the function by."""


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def until(holds, seconds: float = 60) -> bool:
    """Wait for something that comes soon."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def processes_of(name: str) -> list[int]:
    """The processes whose command line speaks of something."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if name.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:  # it is gone
            continue
    return found


@pytest.fixture(scope="module")
def rendered(small_book_in, tmp_path_factory):
    made = small_book_in(tmp_path_factory.mktemp("stopped") / "book", CHAPTER)
    made.render("html")
    return made


def scratch(book) -> str:
    """How the temporary folders of a book's renders begin."""
    return f"book-{digest(str(book.root / '.cache' / 'book'))[:12]}-"


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("phase", PHASES)
def test_a_render_stopped_while(book, phase, how):
    before = tree(book.output)
    formats = "html,pdf,epub,notebooks" if phase in ("making", "setting") else "html"
    program = STALLED.format(place=PHASES[phase], formats=formats)
    book.write("one.qmd", STALLING_CELL if phase == "running cells" else CHAPTER.replace("Text.", "Other text."))
    process = subprocess.Popen([sys.executable, "-c", program], cwd=book.root, stderr=subprocess.PIPE)
    assert until((book.root / "stalled").exists)
    process.send_signal(how)
    _, said = process.communicate(timeout=30)  # nothing that is under way is waited for
    assert process.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL), said
    assert b"Traceback" not in said
    assert tree(book.output) == before
    assert until(lambda: not processes_of(scratch(book)), 10)
    (book.root / "stalled").unlink()
    book.write("one.qmd", CHAPTER.replace("Text.", "Other text."))
    book.render("html")
    assert "Other text." in book.page()
    assert not list(Path(tempfile.gettempdir()).glob(scratch(book) + "*"))
    assert sorted(path.name for path in book.root.glob(".*")) == [".cache"]


def test_two_renders_at_once(book):
    """Each waits for the other; both end well, and the book is one of theirs, whole."""
    command = [sys.executable, "-m", "book", "render", "--to"]
    book.write("one.qmd", CHAPTER.replace("Text.", "Other text."))
    running = [subprocess.Popen([*command, form], cwd=book.root) for form in ("html", "notebooks")]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    assert "Other text." in book.page()
    assert "Other text." in (book.output / "notebooks" / "one.ipynb").read_text()


@pytest.mark.parametrize("room", [0, 2_000, 30_000])
def test_a_full_disk(book, room):
    """No file may have more than so many bytes: the first one, the results of a stage, the finished pages."""
    before = tree(book.output)
    book.write("one.qmd", CHAPTER.replace("Text.", "Other text. " * 5_000))
    full = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (room, room))
    command = [sys.executable, "-m", "book", "render", "--to", "html"]
    done = subprocess.run(command, cwd=book.root, preexec_fn=full, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "error: " in done.stderr
    assert tree(book.output) == before
    assert not list(book.root.rglob(".part-*"))
    book.render("html")
    assert "Other text." in book.page()
    assert sorted(path.name for path in book.root.glob(".*")) == [".cache"]


def test_what_a_cell_started_ends_with_its_kernel(book):
    book.write("one.qmd", CHAPTER.replace("print('ran')", "import subprocess\nsubprocess.Popen(['sleep', '98.76'])"))
    book.render("html")
    assert until(lambda: not processes_of("98.76"), 10)
    assert os.path.exists(book.output / "one.html")
