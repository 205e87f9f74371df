"""Chapters whose lines come from elsewhere: included files, notebooks. Faults are told where they were written."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import nbformat.v4 as nbf
import pytest

from book import check
from book.errors import BookError, Fault
from book.includes import Places, pasted

PART = "{{< include _part.qmd >}}"
CELL = "```{python}\n%s\n```\n"


def faults_of(book) -> list[Fault]:
    return [fault for fault in check.check(book.project()) if not fault.warning]


def places(faults: list[Fault]) -> list[tuple[str, int, str]]:
    return [(fault.file, fault.line, fault.rule) for fault in faults]


INSIDE = [
    # what is wrong in the included file, its line there, the rule
    ("Text.\n\nSee @fig-nothing.", 3, "unknown-reference"),
    ("Text.\n\nSee @nobody1999.", 3, "unknown-citation"),
    ("::: {.shiny}\nText\n:::", 1, "unsupported"),
    ("\n$$ a $$", 2, "unlabelled-equation"),
    ("[there](#nowhere)", 1, "broken-link"),
    ("## Two {#sec-one}", 1, "doubled-label"),
    (CELL % "#| echo: maybe\n1", 2, "setting"),
    (CELL % "#| label: [a\n1", 2, "yaml"),
    ("Text\n\n```python\n1", 3, "unclosed-fence"),
]


@pytest.mark.parametrize(("text", "line", "rule"), INSIDE, ids=[row[2] for row in INSIDE])
def test_a_fault_is_told_where_it_was_written(small_book, text, line, rule):
    book = small_book(f"# One {{#sec-one}}\n\nSome\nlines.\n\n{PART}\n\nMore.\n")
    book.write("_part.qmd", text + "\n")
    assert ("_part.qmd", line, rule) in places(faults_of(book))


def test_a_fault_after_an_include_is_told_where_it_was_written(small_book):
    book = small_book(f"# One\n\n{PART}\n\nSee @fig-nothing.\n")
    book.write("_part.qmd", "A\n\nB\n\nC\n")
    assert places(faults_of(book)) == [("one.qmd", 5, "unknown-reference")]


RAISES = [("1 / 0", "one/_part.qmd", 4, "cell-raises"), ("1", "one/_part.qmd", 7, "inline-raises")]


@pytest.mark.parametrize(("code", "file", "line", "rule"), RAISES, ids=[row[3] for row in RAISES])
def test_an_included_cell_that_raises(small_book, code, file, line, rule):
    book = small_book(f"# One\n\n{PART.replace('_part', 'one/_part')}\n")
    book.write("one/_part.qmd", f"Text.\n\n{CELL % code}\n`{{python}} missing`\n")
    with pytest.raises(BookError) as error:
        book.render("html")
    assert places(error.value.faults) == [(file, line, rule)]


WRONG = [
    ("a file that is not there", "{{< include _no.qmd >}}", "no such file"),
    ("a file outside of the book", "{{< include ../x.qmd >}}", "outside"),
    ("itself", "{{< include one.qmd >}}", "includes itself"),
    ("a notebook", "{{< include a.ipynb >}}", "a notebook"),
    ("a name that no disk can hold", f"{{{{< include {'a' * 300} >}}}}", "no such file"),
    ("among text", f"Text\n{PART}", "among other text"),
    ("in a cell", CELL % PART, "in a cell"),
    ("in a list", f"- {PART}", "shortcode"),
    ("with a head", "{{< include _head.qmd >}}", "YAML head"),
]


@pytest.mark.parametrize(("what", "text", "words"), WRONG, ids=[row[0] for row in WRONG])
def test_what_cannot_be_included(small_book, what, text, words):
    book = small_book(f"# One\n\n{text}\n")
    book.write("_part.qmd", "1\n")
    book.write("_head.qmd", "---\ntitle: T\n---\n")
    book.write("a.ipynb", "{}")
    found = [fault for fault in faults_of(book) if words in fault.message]
    assert found, faults_of(book)
    assert found[0].mend


def test_an_included_file_is_in_the_key_of_what_was_run(small_book):
    book = small_book(f"# One\n\n{PART}\n")
    book.write("_part.qmd", CELL % "print('first')")
    book.render("html")
    book.write("_part.qmd", "Prose.\n\n" + CELL % "print('second')")
    book.render("html")
    assert "second" in book.page()
    assert "Prose." in book.page()


def test_lines_remember_their_places(tmp_path):
    (tmp_path / "_a.qmd").write_text("a\n\n{{< include /sub/_b.md >}}\n\nb\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "_b.md").write_text("c\nd\n")
    faults: list[Fault] = []
    lines = pasted(tmp_path, "one.qmd", "x\n\n{{< include _a.qmd >}}\n\ny", faults)
    assert [line.text for line in lines if line.text] == ["x", "a", "c", "d", "b", "y"]
    where = Places(lines, "one.qmd")
    found = {line.text: where[number] for number, line in enumerate(lines, start=1) if line.text}
    assert found == {
        "x": ("one.qmd", 1), "a": ("_a.qmd", 1), "c": ("sub/_b.md", 1), "d": ("sub/_b.md", 2), "b": ("_a.qmd", 5),
        "y": ("one.qmd", 5),
    }  # fmt: skip
    assert not faults
    assert not where.together(1, 3)
    assert where.together(1, 2)


# Notebooks


def notebook(*cells: Any, **metadata: Any) -> str:
    kernel = {"kernelspec": {"language": "python", "name": "python3", "display_name": "Python 3"}}
    return nbformat.writes(nbf.new_notebook(cells=list(cells), metadata={**kernel, **metadata})) + "\n"


@pytest.fixture
def with_notebook(small_book):
    """A book whose second chapter is a notebook."""

    def make(text: str):
        book = small_book()
        config = (book.root / "_quarto.yml").read_text().replace("    - one.qmd", "    - one.qmd\n    - two.ipynb")
        book.write("_quarto.yml", config)
        book.write("two.ipynb", text)
        return book

    return make


KEPT = nbf.new_output("stream", text="kept\n")


def test_a_notebook_is_shown_as_it_was_left(with_notebook):
    book = with_notebook(notebook(nbf.new_markdown_cell("# Two"), nbf.new_code_cell("1 / 0", outputs=[KEPT])))
    book.render("html", "notebooks")
    assert "kept" in book.page("two")
    made = nbformat.read(book.output / "notebooks" / "two.ipynb", as_version=4)
    assert [cell.get("outputs") for cell in made.cells if cell.cell_type == "code"] == [[KEPT]]


def test_a_notebook_is_run_where_its_head_says_so(with_notebook):
    head = nbf.new_raw_cell("---\ntitle: Two\nexecute:\n  enabled: true\n---")
    book = with_notebook(notebook(head, nbf.new_code_cell("print('made', 'now')", outputs=[KEPT])))
    book.render("html")
    assert "made now" in book.page("two")
    assert "kept" not in book.page("two")


TITLE = nbf.new_markdown_cell("# Two")
NOTEBOOKS = [
    ("no notebook", "{", "notebook"),
    ("another language", notebook(TITLE, kernelspec={"name": "ir", "display_name": "R", "language": "R"}), "in R"),
    ("a raw cell", notebook(TITLE, nbf.new_raw_cell("raw")), "a raw cell"),
    ("tags", notebook(TITLE, nbf.new_code_cell("1", metadata={"tags": ["hide-input"]})), "hide-input"),
    ("inline code", notebook(TITLE, nbf.new_markdown_cell("It is `{python} x`.")), "inline code"),
    ("an attachment", notebook(TITLE, nbf.new_markdown_cell("![Cap](attachment:a.png)")), "a.png"),
]


@pytest.mark.parametrize(("what", "text", "words"), NOTEBOOKS, ids=[row[0] for row in NOTEBOOKS])
def test_a_notebook_that_is_refused(with_notebook, what, text, words):
    found = [fault for fault in faults_of(with_notebook(text)) if words in fault.message]
    assert found
    assert found[0].file == "two.ipynb"


def test_a_fault_in_a_notebook_names_its_line(with_notebook):
    text = notebook(TITLE, nbf.new_code_cell("a = 1\nb"), nbf.new_markdown_cell("Text\n\nSee @fig-nothing."))
    fault = faults_of(with_notebook(text))[0]
    assert "@fig-nothing" in text.split("\n")[fault.line - 1]
    assert json.loads(text)
