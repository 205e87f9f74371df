"""The output folder changes in one step, or not at all."""

from __future__ import annotations

import os

import pytest

from book import publish
from book.errors import BookError


def tree(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_failed_render_leaves_the_last_good_book(small_book):
    book = small_book("# One\n")
    book.render("html")
    before = tree(book.output)
    book.write("one.qmd", "# One\n\n@fig-missing\n")
    with pytest.raises(BookError):
        book.render("html")
    assert tree(book.output) == before


def test_a_render_that_fails_while_publishing_leaves_the_last_good_book(small_book, monkeypatch):
    book = small_book("# One\n")
    book.render("html")
    before = tree(book.output)
    book.write("one.qmd", "# One\n\nMore.\n")

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(publish, "_exchange", full)
    with pytest.raises(OSError, match="No space"):
        book.render("html")
    assert tree(book.output) == before
    monkeypatch.undo()
    book.render("html")
    assert "More." in book.page("one")


def test_formats_are_kept_when_another_one_is_made(small_book):
    book = small_book("# One\n\n```{python}\n1\n```\n")
    book.render("html")
    book.render("notebooks")
    assert (book.output / "one.html").is_file()
    assert (book.output / "notebooks" / "one.ipynb").is_file()


def test_a_chapter_that_left_the_book_leaves_the_output(small_book):
    book = small_book("# One\n", two="# Two\n")
    book.render("html")
    config = book.root / "_quarto.yml"
    config.write_text(config.read_text().replace("    - two.qmd\n", ""))
    book.render("html")
    assert not (book.output / "two.html").exists()
    assert "Two" not in book.page("one")


@pytest.mark.parametrize("at_once", [True, False])
def test_files_appear_together(tmp_path, monkeypatch, at_once):
    """With the system's exchange of two names, and without it."""
    if not at_once:
        monkeypatch.setattr(publish, "_exchanged_at_once", lambda first, second: False)
    output = tmp_path / "out"
    publish.publish(output, {"html": {"a.html": b"1", "sub/b.html": b"2"}}, "state", whole=True)
    publish.publish(output, {"html": {"a.html": b"3"}}, "new", whole=True)
    assert tree(output).keys() == {"a.html", publish.LEDGER}
    assert (output / "a.html").read_bytes() == b"3"
    assert publish.state(output) == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_process_killed_between_two_renames_is_made_good(tmp_path):
    output = tmp_path / "out"
    publish.publish(output, {"html": {"a.html": b"1"}}, "state", whole=True)
    os.rename(output, tmp_path / ".out.old")
    (tmp_path / ".out.new").mkdir()
    publish.recover(output)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    publish.publish(output, {"notebooks": {"b.ipynb": b"2"}}, "state", whole=True)
    assert tree(output).keys() == {"a.html", "b.ipynb", publish.LEDGER}


def test_a_foreign_folder_is_not_taken_over(small_book, tmp_path, command):
    book = small_book("# One\n")
    other = tmp_path / "mine"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work")
    code, _, err = command(book.root, "render", "--to", "html", "--output", str(other))
    assert code == 1
    assert "something else" in err
    assert (other / "thesis.txt").read_text() == "years of work"


def test_another_output_folder(small_book, tmp_path, command):
    book = small_book("# One\n")
    assert command(book.root, "render", "--to", "html", "--output", "site")[:2] == (0, "site is ready\n")
    assert (book.root / "site" / "one.html").is_file()
    assert command(book.root, "render", "--to", "html", "--output", "site")[:2] == (0, "site is up to date\n")


def test_the_sources_are_no_output_folder(small_book, command):
    book = small_book("# One\n")
    assert command(book.root, "render", "--output", ".")[0] == 1
    assert (book.root / "one.qmd").exists()
