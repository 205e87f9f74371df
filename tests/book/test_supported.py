"""SUPPORTED.md says what the tables say, and what it calls refused is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import book
from book import check, crossref, keys, outputs, supported
from book.errors import BookError

TEXT = (Path(book.__file__).parent / "SUPPORTED.md").read_text(encoding="utf-8")
ROWS = [[part.strip() for part in line.strip("|").split(" | ")] for line in TEXT.split("\n") if line.startswith("| ")]
NAMED = {name for row in ROWS for cell in (row[0], row[2]) for name in re.findall(r"`([^`]+)`", cell)}


def every_name() -> Iterator[str]:
    """What a source may say, by the tables that decide."""
    yield from (f".{name}" for name in (*supported.DIVS, *supported.SPANS, *supported.HEADING_CLASSES))
    yield from (f"{kind}-" for kind in (*supported.LABELLED_DIVS, *crossref.KINDS))
    yield from supported.OUTER_LAYOUT
    yield from supported.RAW_FORMATS
    yield from (*outputs.KINDS, "stdout", "stderr", "error")
    for table in (keys.BOOK, keys.HEAD, keys.CELL, keys.AUTHOR):
        yield from table
    for table in (keys.BOOK["book"], *keys.BOOK["format"].values(), keys.CROSSREF):
        yield from table


SELF_EVIDENT = {"affiliations"}
"""Another spelling of something in the tables."""


def test_every_name_stands_in_the_tables():
    assert sorted(set(every_name()) - NAMED - SELF_EVIDENT) == []


def test_no_name_stands_there_that_no_table_has():
    """The first columns but for the last section, whose things are refused."""
    accepted = TEXT[: TEXT.index("## Refused")]
    first = {
        name
        for line in accepted.split("\n")
        if line.startswith("| `")
        for name in re.findall(r"`([^`]+)`", line.split(" | ")[0])
    }
    known = set(every_name()) | {"{python}", "{{< include file >}}", "# <1>", "part", ".ipynb"}
    assert sorted(first - known) == []


REFUSED: dict[str, Any] = {
    ".column-screen": "::: {.column-screen}\nText\n:::",
    "icon=false": "::: {.callout-note icon=false}\nText\n:::",
    'appearance="simple"': '::: {.callout-note appearance="simple"}\nText\n:::',
    'layout="[[1,1]]"': '::: {layout="[[1,1]]"}\nText\n:::',
    "{{< pagebreak >}}": "{{< pagebreak >}}",
    "{{< embed notebook.ipynb >}}": "{{< embed notebook.ipynb >}}",
    "{{{< include x >}}}": "Code: `{{{< include x >}}}`.",
    ".striped": "| A |\n|---|\n| 1 |\n\n: Cap {#tbl-a .striped}",
    ".aside": "Words [aside]{.aside}.",
    "lightbox=true": "![Cap](a.svg){fig-alt='a' lightbox=true}",
    ".numberLines": "```{.python .numberLines}\n1\n```",
    **{f"{{{name}}}": f"```{{{name}}}\n1\n```" for name in ("mermaid", "dot", "r", "julia", "ojs")},
    "#rem-x": "::: {#rem-x}\nText\n:::",
    "#sol-x": "::: {#sol-x}\nText\n:::",
    "#dino-x": "::: {#dino-x}\nText\n:::",
    "custom": {"crossref": "{custom: [{kind: float}]}"},
    "fig-subcap: true": "```{python}\n#| fig-subcap: true\n1\n```",
    "tbl-subcap": '```{python}\n#| tbl-subcap: ["a"]\n1\n```',
    "\\begin{align}": "\\begin{align}\na\n\\end{align}",
    "latex": "```{=latex}\n\\newpage\n```",
    "x \\tag{3}": "Text $x \\tag{3}$.",
    "\\textcolor{red}{x}": "Text $\\textcolor{red}{x}$.",
    "$$ a $$": "$$ a $$",
    "format: docx": {"format": "{docx: default}"},
    "freeze: auto": {"execute": "{freeze: auto}"},
}
"""What stands in the last table → a text or a setting that says it."""


def test_every_refusal_is_tried():
    refused = TEXT[TEXT.index("## Refused") :]
    rows = [line.split(" | ")[0] for line in refused.split("\n") if line.startswith("| ")][1:]
    assert {name for row in rows for name in re.findall(r"`([^`]+)`", row)} == set(REFUSED)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_called_refused(small_book, name):
    wrong = REFUSED[name]
    made = small_book("# One\n\n" + (wrong if isinstance(wrong, str) else "") + "\n")
    made.write("a.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>')
    if isinstance(wrong, str):
        faults = check.check(made.project())
        assert any(fault.file == "one.qmd" and fault.line >= 3 and not fault.warning for fault in faults)
        return
    (key, value), *_ = wrong.items()
    config = (made.root / "_quarto.yml").read_text().replace("format:\n  html: default\n", "")
    made.write("_quarto.yml", f"{config}{key}: {value}\n")
    with pytest.raises(BookError) as error:
        made.project()
    assert [fault.line for fault in error.value.faults] == [len(config.split("\n"))]
