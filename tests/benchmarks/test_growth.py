"""The synthetic books are books: they render, and hold as much as they promise."""

from __future__ import annotations

import re

from benchmarks import growth


def test_a_synthetic_book_renders(tmp_path):
    row = growth.measured(2, ("html",))
    assert (row["chapters"], set(row["seconds"])) == (2, {"html"})
    assert row["page KB"] > 5


def test_a_books_own_time_is_told_beside_its_cells(tmp_path):
    growth.write_book(tmp_path, 1)
    (tmp_path / "chapter-0.qmd").write_text("# One {#sec-0}\n\n```{python}\nsum(range(10))\n```\n\n@key0\n")
    found = growth.own_time(tmp_path, ("notebooks", "html,notebooks"), times=1)
    assert set(found["own"]) == set(found["share"]) == {"notebooks", "html,notebooks"}
    assert found["cells"] > 0


def test_200_chapters_hold_2000_figures_and_5000_references(tmp_path):
    growth.write_book(tmp_path, 200)
    text = "".join(path.read_text() for path in tmp_path.glob("chapter-*.qmd"))
    assert len(re.findall(r"\{#fig-", text)) == 2000
    assert len(re.findall(r"@(fig|key)", text)) == 5000


def test_the_record_is_dated_and_of_every_size():
    record = growth.json.loads(growth.RECORD.read_text())
    assert [row["chapters"] for row in record["rows"]] == [*growth.SIZES]
    assert set(record["book"]) == {"cells", "own", "share"}
    assert set(record["book"]["own"]) == set(growth.OWN)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", record["date"])
    assert record["machine"]
