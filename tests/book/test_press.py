"""What only the press can tell of the PDF: on which page things fall, and what it cannot set, with its place."""

from __future__ import annotations

import json
import shutil

import pytest
import typst

from book.errors import BookError
from book.press import DESIGN

PAGE = "#let page-of(name) = context metadata((name, here().page()))\n"


def table_of(rows: int, above: int) -> str:
    """A table with a caption of two lines, so many millimetres below the head of a page."""
    caption = f'[#page-of("caption") Table 1: {"what it is and how to read it " * 5}]'
    cells = "".join(f'[#page-of("row") {row}], [value], ' for row in range(rows))
    table = f"[#table(columns: 2, table.header([row], [value]), {cells})]"
    return f'#v({above}mm)\n#float("tbl", {caption}, {table})\n#pagebreak()\n'


def places(text: str, folder) -> list[tuple[str, int]]:
    """What a text has marked with `page-of`, in its order, each with its page."""
    for part in DESIGN:
        shutil.copy(part, folder)
    book = folder / "main.typ"
    book.write_text(f'#import "book.typ": *\n{PAGE}#show: book.with(title: "T", toc: false)\n{text}')
    marks = [mark["value"] for mark in json.loads(typst.query(str(book), "metadata"))]
    return [(mark[0], mark[1]) for mark in marks if isinstance(mark, list) and isinstance(mark[1], int)]


@pytest.mark.parametrize("rows", [4, 60])
def test_a_caption_stays_with_its_table_and_only_a_long_table_breaks(rows, tmp_path):
    found = places("".join(table_of(rows, above) for above in range(170, 240, 5)), tmp_path)
    captions = [at for at, (name, _) in enumerate(found) if name == "caption"]
    assert len(captions) == 14
    for at in captions:
        assert found[at][1] == found[at + 1][1]
    assert any(found[at][1] < found[at + rows][1] for at in captions) == (rows == 60)


def test_a_term_stays_with_what_it_means(tmp_path):
    item = '/ A term#page-of("term"): #block[#page-of("meaning")what it means, in a line or two.\n]\n\n'
    found = places(item * 120, tmp_path)
    assert len(found) == 240
    assert found[-1][1] > found[0][1]
    for (_, above), (_, below) in zip(found[::2], found[1::2], strict=True):
        assert above == below


# what Typst cannot set; the chapter from its line 3 on; the place, the rule, words of the message
UNSET = [
    ("raw Typst that is wrong", "Text.\n\n```{=typst}\n#text(red)[x] #nosuch()\n```", "one.qmd:6", "typst", "nosuch"),
    ("raw Typst in a line", "Text.\n\nText `#nosuch`{=typst}.", "one.qmd:5", "typst", "nosuch"),
    ("too deep", "Text.\n\n" + "> " * 150 + "deep", "one.qmd:3", "typst", "depth"),
    ("a broken picture", "![C](a.svg){#fig-a fig-alt='a'}", "a.svg:1", "typst", "SVG"),
    ("signs of no font", "Text 文.\n\nMore: 中文 \U0001f600.\n\n`文`", "one.qmd:3", "sign", "文 中 \U0001f600"),
    ("signs that a cell shows", "Text.\n\n```{python}\nprint(chr(0x4E2D))\n```", "one.qmd:5", "sign", "中"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "text", "place", "rule", "words"), UNSET, ids=[row[0] for row in UNSET])
def test_what_cannot_be_set_is_told_with_its_place(small_book, what, text, place, rule, words):
    book = small_book(f"# One {{#sec-one}}\n\n{text}\n", two="# Two\n")
    book.write("a.svg", '<svg xmlns="http://www.w3.org/2000/svg"><nothing:here/></svg>')
    with pytest.raises(BookError) as error:
        book.render("pdf")
    fault = error.value.faults[0]
    assert (f"{fault.file}:{fault.line}", fault.rule) == (place, rule), str(fault)
    assert words in fault.message
    assert fault.mend
    assert ".typ" not in str(error.value)
    assert rule != "sign" or len(error.value.faults) == 1


def test_signs_of_no_font_in_the_words_of_the_book(small_book):
    book = small_book()
    book.write("_quarto.yml", (book.root / "_quarto.yml").read_text().replace("A small book", "A small 文"))
    with pytest.raises(BookError) as error:
        book.render("pdf")
    assert [(fault.file, fault.line, fault.rule) for fault in error.value.faults] == [("_quarto.yml", 4, "sign")]
