"""The rules that a book makes for itself: each is told with its line, and none where it is kept."""

from __future__ import annotations

import pytest

RULES = """\
[tool.book]
words = "words.txt"
skeleton = ["**At first**", "## At last"]
figures = 1
exercises = 1
length = 25
solutions = "solutions.qmd"
cell-lines = 3
cell-columns = 20
caption-numbers = false
printed-only = []
"""
GOOD = """\
# One

**At first** there are enough words for a rule that wants some of them, which is not asking for very much.

::: {#exr-one}
Why, says Jacobian's reader.
:::

```{python}
#| label: fig-one
#| fig-cap: "A line."
#| fig-alt: "A line."
#| echo: false
import matplotlib
1
```

## At last
"""
BROKEN = [
    # what is done to the good chapter, and the finding
    (("**At first**", "At first"), "one.qmd:1: skeleton: no line begins with **At first**"),
    (("## At last\n", ""), "one.qmd:1: skeleton: no line begins with ## At last"),
    (("# One\n", "# One\n\n## At last\n"), "one.qmd:3: skeleton: ## At last comes too early"),
    (("#| label: fig-one\n#| fig-cap: \"A line.\"\n", ""), "one.qmd:1: figures: the chapter has 0, fewer than 1"),
    (("::: {#exr-one}", "::: {.note}"), "one.qmd:1: exercises: the chapter has 0, fewer than 1"),
    (("which is not asking for very much", "all"), "one.qmd:1: length: the chapter has 22, fewer than 25"),
    (("exr-one", "exr-two"), "one.qmd:5: solution: nothing in solutions.qmd refers to exr-two"),
    (("import matplotlib", "1\n2\n3"), "one.qmd:9: cell-length: cell 'fig-one' has 4 lines, more than 3"),
    (("import matplotlib", "12345678901234567890 + 1"), "one.qmd:14: cell-width: 24 columns, more than 20"),
    (("A line.\"\n#| fig-alt", "7 lines.\"\n#| fig-alt"), "one.qmd:11: caption-number: a number typed into fig-cap"),
    (("A line.\"\n#| echo", "A lnie.\"\n#| echo"), "one.qmd:12: spelling: lnie is in no dictionary"),
    (("## At last\n", "::: {.callout-tip title='Hapx'}\nOh.\n:::\n\n## At last\n"), "one.qmd:18: spelling: Hapx is in"),
    (("## At last\n", "![A line](a.svg){#fig-a fig-alt='A lnie'}\n\n## At last\n"), "one.qmd:18: spelling: lnie is in"),
    (("## At last\n", "::: {#tbl-a}\n|a|\n|-|\n\nOf 0 or\n10 lines.\n:::\n\n## At last\n"),
     "one.qmd:23: caption-number: 10 is typed into the caption of tbl-a"),
    (("enough words", "enugh words"), "one.qmd:3: spelling: enugh is in no dictionary"),
]  # fmt: skip


@pytest.fixture
def ruled(small_book):
    def make(text: str):
        book = small_book(text, solutions="# Solutions {.unnumbered}\n\n@exr-one: because [@known2000].\n")
        book.write("pyproject.toml", RULES)
        book.write("words.txt", "Jacobian\n")
        book.write("references.bib", "@book{known2000, title={A known book}, year={2000}, isbn={1}}\n")
        return book

    return make


def test_a_book_that_keeps_its_rules(ruled, command):
    assert command(ruled(GOOD).root, "check", "--strict") == (0, "", "")


@pytest.mark.parametrize(("change", "finding"), BROKEN, ids=[finding for _, finding in BROKEN])
def test_a_broken_rule_is_told_with_its_place(ruled, command, change, finding):
    assert change[0] in GOOD
    book = ruled(GOOD.replace(*change))
    book.write("a.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>')
    code, _, err = command(book.root, "check", "--strict")
    assert code == 1
    assert finding in err


def test_a_book_without_rules_has_none(small_book, command):
    book = small_book("# One\n\nEnugh.\n")
    book.write("references.bib", "@book{known2000, title={A known book}, year={2000}, isbn={1}}\n")
    assert "one.qmd" not in command(book.root, "check")[2]


def test_entries_that_lead_nowhere(small_book, command):
    book = small_book("# One\n\n@known2000\n")
    assert "references.bib:1: missing-doi: there is no way to known2000" in command(book.root, "check")[2]
    book.write("pyproject.toml", '[tool.book]\nprinted-only = ["known2000"]\n')
    assert "missing-doi" not in command(book.root, "check")[2]


def test_syntax_that_the_linter_finds_fault_with(small_book, command):
    book = small_book('# One\n\n$$\nx \\text{ for $i$}\n$$ {#eq-x alt="x"}\n')
    assert "one.qmd:4: panache-math-unexpected-dollar: " in command(book.root, "check")[2]
