"""Working copies of the notebooks follow the book until a reader changes them; then they are the reader's."""

from __future__ import annotations

import pytest

from book.lab import lay_down, main


@pytest.fixture
def folders(tmp_path):
    rendered, working = tmp_path / "rendered", tmp_path / "working"
    rendered.mkdir()
    for name in ("a.ipynb", "b.ipynb"):
        (rendered / name).write_text(f"{name} of the first render")
    return rendered, working


def test_first_run_lays_down_every_notebook_and_a_second_one_nothing(folders):
    rendered, working = folders
    assert lay_down(rendered, working).written == ["a.ipynb", "b.ipynb"]
    assert (working / "a.ipynb").read_text() == "a.ipynb of the first render"
    again = lay_down(rendered, working)
    assert (again.written, again.kept) == ([], [])


def test_a_changed_copy_is_kept_while_its_neighbour_follows_the_book(folders):
    rendered, working = folders
    lay_down(rendered, working)
    (working / "a.ipynb").write_text("my own notes")
    for name in ("a.ipynb", "b.ipynb"):
        (rendered / name).write_text(f"{name} of the second render")
    for _ in range(2):  # the reader's copy stays theirs however often the book is rendered
        outcome = lay_down(rendered, working)
        assert outcome.kept == ["a.ipynb"]
        assert (working / "a.ipynb").read_text() == "my own notes"
    assert (working / "b.ipynb").read_text() == "b.ipynb of the second render"


def test_a_notebook_of_the_reader_s_own_is_never_taken_for_the_book_s(folders):
    rendered, working = folders
    working.mkdir()
    (working / "a.ipynb").write_text("was here before")
    assert lay_down(rendered, working).kept == ["a.ipynb"]
    assert (working / "a.ipynb").read_text() == "was here before"


def test_a_deleted_copy_comes_back(folders):
    rendered, working = folders
    lay_down(rendered, working)
    (working / "a.ipynb").unlink()
    assert lay_down(rendered, working).written == ["a.ipynb"]


def test_without_a_rendered_book_the_mend_is_named(tmp_path, capsys):
    assert main([str(tmp_path), str(tmp_path / "working")]) == 1
    assert "make book" in capsys.readouterr().err
