"""The commands as people type them."""

from __future__ import annotations

import subprocess
import sys

import pytest

USAGE = [
    (["render", "--to", "docx"], "docx"),
    (["render", "seven"], "seven"),
    (["render", "--engine", "latex"], "latex"),
    (["render", "one", "--to", "pdf"], "whole book"),
    (["render", "--timeout", "0"], "timeout"),
    (["bake"], "bake"),
]


@pytest.mark.parametrize(("arguments", "words"), USAGE, ids=[" ".join(row[0]) for row in USAGE])
def test_commands_that_make_no_sense(small_book, command, arguments, words):
    code, _, err = command(small_book().root, *arguments)
    assert code == 2
    assert words in err


def test_a_folder_without_a_book(tmp_path, command):
    code, _, err = command(tmp_path, "render")
    assert code == 1
    assert "_quarto.yml" in err


@pytest.mark.parametrize("arguments", [["--help"], ["render", "--help"], ["check", "--help"], ["clean", "--help"]])
def test_help(tmp_path, command, arguments):
    code, out, _ = command(tmp_path, *arguments)
    assert code == 0
    assert "Usage" in out


def test_quarto_is_named_where_it_is_missing(small_book, command, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    code, _, err = command(small_book().root, "render", "--engine", "quarto")
    assert code == 1
    assert "https://quarto.org/docs/download" in err


def test_quarto_is_called_where_it_is_there(small_book, command, monkeypatch, tmp_path):
    book = small_book()
    program = book.write("bin/quarto", f'#!/bin/sh\necho "$@" > "{tmp_path}/called"\nexit 3\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    assert command(book.root, "render", "one", "--engine", "quarto", "--to", "html")[0] == 3
    assert (tmp_path / "called").read_text() == "render one.qmd --to html\n"


def test_one_chapter_by_name_or_path(small_book, command):
    book = small_book("# One\n", two="# Two\n")
    assert command(book.root, "render", "one")[0] == 0
    assert sorted(path.name for path in book.output.glob("*.html")) == ["one.html"]
    assert command(book.root, "render", "two.qmd")[0] == 0
    assert sorted(path.name for path in book.output.glob("*.html")) == ["one.html", "two.html"]


def test_clean(small_book, command):
    book = small_book()
    book.render("html")
    assert command(book.root, "clean")[0] == 0
    assert not book.output.exists()
    assert not (book.root / ".cache").exists()


def test_the_module_is_the_command(small_book):
    book = small_book("# One\n\n@fig-none\n")
    done = subprocess.run([sys.executable, "-m", "book", "check"], cwd=book.root, capture_output=True, text=True)
    assert done.returncode == 1
    assert "one.qmd:3: unknown-reference" in done.stderr


def test_check_warns_of_unused_entries(small_book, command):
    book = small_book()
    code, _, err = command(book.root, "check")
    assert code == 0
    assert "references.bib:1: unused-citation: nobody cites known2000" in err
    assert command(book.root, "check", "--strict")[0] == 1


def test_check_follows_the_links_of_a_finished_book(small_book, command):
    book = small_book("# One\n\n@known2000\n\n::: {#refs}\n:::\n")
    book.render("html")
    page = book.output / "one.html"
    page.write_text(page.read_text().replace("</main>", '<a href="none.html">a</a><a href="#b">b</a>'
                                             '<script src="https://example.org/x.js"></script></main>'))  # fmt: skip
    code, _, err = command(book.root, "check")
    assert code == 1
    for words in ("none.html", "#b", "https://example.org/x.js"):
        assert words in err


HOOKS = ["check", "notebooks"]


def test_quarto_s_hooks(small_book, tmp_path):
    """As Quarto runs them: by path, from the project's folder, with what `_environment` says."""
    import os
    from pathlib import Path

    import book

    made = small_book("# One\n\n```{python}\n1\n```\n")
    hooks = Path(book.__file__).parent / "hooks"
    environment = {**os.environ, "QUARTO_PROJECT_OUTPUT_DIR": str(tmp_path / "quarto's book")}
    for name in HOOKS:
        done = subprocess.run([sys.executable, str(hooks / f"{name}.py")], cwd=made.root, env=environment)
        assert done.returncode == 0
    assert (tmp_path / "quarto's book" / "notebooks" / "one.ipynb").is_file()
