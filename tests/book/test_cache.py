"""What is done again after a change, and what is not. Cells leave a line in a file each time that they run."""

from __future__ import annotations

import os
import shutil

import pytest

from book.manuscript import manuscripts
from book.store import Store, digest

RUNS = ".runs.txt"
CELL = "```{python}\nopen('.runs.txt', 'a').write('%s\\n')\nprint('ran')\n```\n"


@pytest.fixture(scope="module")
def rendered(small_book_in, tmp_path_factory):
    """A book of two chapters that were run once."""
    made = small_book_in(
        tmp_path_factory.mktemp("cache") / "book", "# One\n\nProse.\n\n" + CELL % "one", two="# Two\n\n" + CELL % "two"
    )
    made.write("_environment", "PYTHONPATH=code\n")
    made.write("code/module.py", "x = 1\n")
    made.write("data.json", "1")
    made.write("requirements.lock", "numpy==2.0\n")
    made.render("html")
    return made


def runs(book) -> list[str]:
    return sorted((book.root / RUNS).read_text().split())


def change(book, name: str, old: str, new: str) -> None:
    path = book.root / name
    path.write_text(path.read_text().replace(old, new))


HITS = [
    ("prose", "one.qmd", "Prose.", "Other prose."),
    ("an option that shows", "one.qmd", "{python}\n", "{python}\n#| echo: false\n"),
    ("the configuration", "_quarto.yml", "A small book", "Another title"),
    ("another file", "index.qmd", "Preface", "Foreword"),
]


@pytest.mark.parametrize(("what", "name", "old", "new"), HITS, ids=[row[0] for row in HITS])
def test_nothing_runs_after_a_change_of(book, what, name, old, new):
    change(book, name, old, new)
    book.render("html")
    assert runs(book) == ["one", "two"]


MISSES = [
    ("a cell", "one.qmd", "print('ran')", "print('ran again')", ["one", "one", "two"]),
    ("an option that runs", "one.qmd", "{python}\n", "{python}\n#| error: true\n", ["one", "one", "two"]),
    ("inline code", "two.qmd", "# Two\n", "# Two\n\n`{python} 1`\n", ["one", "two", "two"]),
    ("the module", "code/module.py", "1", "2", ["one", "one", "two", "two"]),
    ("the lock", "requirements.lock", "2.0", "2.1", ["one", "one", "two", "two"]),
    ("the environment", "_environment", "\n", "\nA=1\n", ["one", "one", "two", "two"]),
]


@pytest.mark.parametrize(("what", "name", "old", "new", "expected"), MISSES, ids=[row[0] for row in MISSES])
def test_cells_run_again_after_a_change_of(book, what, name, old, new, expected):
    change(book, name, old, new)
    book.render("html")
    assert runs(book) == expected


def test_a_declared_data_file_counts(book):
    change(book, "two.qmd", "# Two", "---\ndata-files: [data.json]\n---\n\n# Two")
    book.render("html")
    book.write("data.json", "2")
    book.render("html")
    assert runs(book) == ["one", "two", "two", "two"]


def test_a_failed_run_is_not_remembered(book):
    change(book, "one.qmd", "print('ran')", "assert open('data.json').read() == '2'")
    with pytest.raises(Exception, match="cell-raises"):
        book.render("html")
    book.write("data.json", "2")
    book.render("html")


def test_another_format_runs_nothing(book):
    book.render("notebooks")
    assert runs(book) == ["one", "two"]


def test_one_chapter_is_rendered_without_running_the_others(book):
    change(book, "one.qmd", "print('ran')", "print('again')")
    change(book, "two.qmd", "print('ran')", "print('again')")
    project = book.project()
    book.render("html", chapters=[project.chapters[2]])
    assert runs(book) == ["one", "two", "two"]
    assert "again" in book.page("two")
    assert "<code>again" not in book.page("one")


def test_what_did_not_change_is_up_to_date(book, command):
    before = (book.output / "one.html").stat().st_ino
    assert command(book.root, "render", "--to", "html")[1] == "_book is up to date\n"
    assert (book.output / "one.html").stat().st_ino == before
    (book.output / "one.html").unlink()
    assert command(book.root, "render", "--to", "html")[1] == "_book is ready\n"
    assert (book.output / "one.html").is_file()


def test_a_change_of_one_chapter_keeps_the_files_of_the_others(book):
    before = {name: (book.output / name).stat().st_ino for name in ("one.html", "two.html")}
    change(book, "one.qmd", "Prose.", "Other prose.")
    book.render("html")
    after = {name: (book.output / name).stat().st_ino for name in ("one.html", "two.html")}
    assert after["two.html"] == before["two.html"]
    assert after["one.html"] != before["one.html"]
    assert "Other prose." in book.page("one")


DAMAGES = {
    "cut short": lambda data: data[:-2],
    "empty": lambda data: b"",
    "of a version that kept no digests": lambda data: data[32:],
    "changed": lambda data: data.replace(b"1", b"2"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_counts_as_missing(tmp_path, damage):
    store = Store(tmp_path)
    store.put("stage", digest("key"), {"a": 1})
    assert store.get("stage", digest("key")) == {"a": 1}
    path = store.path("stage", digest("key"))
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert store.get("stage", digest("key")) is None
    assert store.memo("stage", digest("key"), lambda: 2) == 2


def test_a_book_whose_cache_is_damaged_is_rendered_all_the_same(book):
    """Every entry cut short, as by a full disk, and the ledger of the finished book too."""
    for path in (book.root / ".cache").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:40])
    (book.output / ".book.json").write_text('{"state":')
    change(book, "one.qmd", "Prose.", "Other prose.")
    book.render("html")
    assert "Other prose." in book.page("one")
    assert runs(book) == ["one", "one", "two", "two"]


def test_data_that_nobody_declared_is_told(book):
    change(book, "one.qmd", "print('ran')", "print(open('data.json').read(), open('_environment').read())")
    project = book.project()
    warnings = [fault for item in manuscripts(project, project.chapters) for fault in item.faults]
    assert {fault.message for fault in warnings} == {"the cells read _environment", "the cells read data.json"}


def test_what_was_forgotten_is_made_again(book):
    """Nobody cleans a cache by halves; but disks do, and so does the sweep of what nobody used."""
    for stage in ("blocks", "media", "html", "parsed"):
        shutil.rmtree(book.root / ".cache" / "book" / stage, ignore_errors=True)
    change(book, "one.qmd", "Prose.", "Other prose.")
    book.render("html")
    assert "Other prose." in book.page("one")
    assert runs(book) == ["one", "two"]


def test_what_nobody_used_for_long_is_swept(tmp_path):
    store = Store(tmp_path)
    for name in ("old", "used"):
        store.put("stage", digest(name), name)
        os.utime(store.path("stage", digest(name)), (0, 0))
    assert store.get("stage", digest("used")) == "used"
    store.sweep()
    assert (store.get("stage", digest("used")), store.get("stage", digest("old"))) == ("used", None)
