"""What only the press can tell of the PDF: on which page things fall."""

from __future__ import annotations

import json
import shutil

import pytest
import typst

from book.pdf import DESIGN

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
