"""What only the press can tell of the PDF: on which page things fall."""

from __future__ import annotations

import json
import shutil

import pytest
import typst

from book.pdf import NAMES, TEMPLATE

PAGE = "#let page-of(name) = context metadata((name, here().page()))\n"


def table_of(rows: int, above: int) -> str:
    """A table with a caption of two lines, so many millimetres below the head of a page."""
    caption = f'[#page-of("caption") Table 1: {"what it is and how to read it " * 5}]'
    cells = "".join(f'[#page-of("row") {row}], [value], ' for row in range(rows))
    table = f"[#table(columns: 2, table.header([row], [value]), {cells})]"
    return f'#v({above}mm)\n#float("tbl", {caption}, {table})\n#pagebreak()\n'


@pytest.mark.parametrize("rows", [4, 60])
def test_a_caption_stays_with_the_first_row_of_its_table(rows, tmp_path):
    for part in (TEMPLATE, NAMES):
        shutil.copy(part, tmp_path)
    tables = "".join(table_of(rows, above) for above in range(170, 240, 5))
    book = tmp_path / "main.typ"
    book.write_text(f'#import "book.typ": *\n{PAGE}#show: book.with(title: "T", toc: false)\n{tables}')
    marks = [mark["value"] for mark in json.loads(typst.query(str(book), "metadata"))]
    places = [mark for mark in marks if isinstance(mark, list) and mark[0] in ("caption", "row")]
    captions = [at for at, (name, _) in enumerate(places) if name == "caption"]
    assert len(captions) == 14
    for at in captions:
        assert places[at][1] == places[at + 1][1]
    assert rows < 60 or any(places[at][1] < places[at + rows][1] for at in captions)  # long tables do break
