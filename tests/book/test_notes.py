"""Code annotation: what is explained, what is refused, what each format shows."""

from __future__ import annotations

import re

import nbformat
import pytest

from book import check

CODE = "```python\nx = 1  # <1>\ny = 2  # <2>\n```\n\n"
LIST = "1. The *first*\n2. The second\n"


def test_each_format_has_its_marks(small_book):
    cell = CODE.replace("```python", "```{python}")
    book = small_book(f"# One\n\n{cell}{LIST}\nBetween.\n\n{CODE}{LIST}")
    book.render("html", "notebooks")
    page = book.page()
    assert page.count('<span class="annotation" data-number="1"') == 2
    assert page.count('<ol class="annotations below">') == 2
    assert not re.search("[\ue000-\ue0ff]", page)
    made = nbformat.read(book.output / "notebooks" / "one.ipynb", as_version=4)
    sources = [cell.source for cell in made.cells]
    assert "x = 1  # <1>\ny = 2  # <2>" in sources
    assert "x = 1 ①\ny = 2 ②" in "".join(sources)


STYLES = [
    # code-annotations, what the page has, what it has not
    ("hover", '<ol class="annotations hover">', "&lt;1&gt;"),
    ("select", '<ol class="annotations select">', "&lt;1&gt;"),
    ("none", "x <span", "The <em>first</em>"),
    ("none", "x <span", "&lt;1&gt;"),
    ("false", "# &lt;1&gt;", 'class="annotation'),
    ("false", "<li>The <em>first</em></li>", "data-number"),
]


@pytest.mark.parametrize(("style", "there", "absent"), STYLES)
def test_styles(small_book, style, there, absent):
    book = small_book(f"---\ncode-annotations: {style}\n---\n\n# One\n\n{CODE}{LIST}")
    book.render("html")
    assert there in book.page()
    assert absent not in book.page()


WRONG = [
    ("no list", f"{CODE}Text.\n", 4, "<1>"),
    ("nothing after it", CODE, 4, "<1>"),
    ("a number that is not explained", f"{CODE}1. One\n", 5, "no item 2"),
    ("an explanation without a line", f"{CODE}{LIST}3. Three\n", 4, "item 3"),
    ("a number that no circle holds", CODE.replace("<2>", "<21>") + LIST, 5, "no item 21"),
    ("a number beyond all letters", CODE.replace("<2>", f"<{10**9}>") + LIST, 5, "no item 1000000000"),
    ("in a list", "- Item\n\n" + re.sub("^", "    ", CODE, flags=re.MULTILINE), 6, "<1>"),
]


@pytest.mark.parametrize(("what", "text", "line", "words"), WRONG, ids=[row[0] for row in WRONG])
def test_what_is_refused(small_book, what, text, line, words):
    faults = check.check(small_book(f"# One\n\n{text}").project())
    found = [fault for fault in faults if words in fault.message]
    assert [(fault.file, fault.line, fault.rule) for fault in found] == [("one.qmd", line, "annotation")]


def test_markdown_that_a_cell_makes_is_read_like_the_rest(small_book):
    text = "::: {.callout-note title='A *title*'}\\nText\\n:::\\n\\n" + repr(CODE + LIST)[1:-1]
    book = small_book(f'# One\n\n```{{python}}\n#| output: asis\n#| echo: false\nprint("""{text}""")\n```\n')
    book.render("html")
    page = book.page()
    assert "A <em>title</em>" in page
    assert page.count('<span class="annotation"') == 2


def test_code_that_is_not_shown_has_no_notes(small_book):
    cell = CODE.replace("```python", "```{python}\n#| echo: false")
    book = small_book(f"# One\n\n{cell}{LIST}")
    book.render("html")
    assert "<li>The <em>first</em></li>" in book.page()
