"""The reader of sources, on texts that nobody wrote: a place and a message for whatever is wrong, and never a crash."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from book import check, notebook, tree
from book.errors import BookError, Fault
from book.includes import pasted
from book.notebook import Source
from book.project import Project, read_text
from book.settings import Settings

PIECES = st.sampled_from([
    "---", "...", "title: T", "title: [", "- a", "# One", "## Two {#sec-two}", "### {.x", "{#sec-", "```", "````",
    "~~~", "```{python}", "```{python, x}", "```{{python}}", "```{r}", "#| label: fig-a", "#| label: [", "#|",
    "#| echo: 2001-99-99", "1 / 0", "`{python} x`", "`{python}`", "`{r} x`", ":::", "::: {#fig-a}", ":::: {",
    "::: {.callout-note}", "$$", "$$ a $$ {#eq-a alt='a'}", "$$ a", "$`{python} x`$", "\\begin{align}", "> ```{python}",
    "  - item", "1. ", "> ", "    indented", "\t```{python}", "| a | b |", "|---|", ": Caption {#tbl-a}",
    "![a](b.svg){#fig-b}", "![](", "[a](#b)", "@fig-a", "[-@eq-a]", "@nobody", "[@a; @sec-b]", "^[note", "[^1]",
    "[^1]: text", "<div>", "</div>", "<script>", "<!--", "-->", "{{< include x.qmd >}}", "{{< include", "&amp;",
    "\\", "é\u0301", "\ufeff", "\u2028", "word", "",
])  # fmt: skip
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=25).map("\n".join)
SLOW = settings(deadline=None, suppress_health_check=list(HealthCheck))


def source_of(text: str) -> Source:
    """A chapter that lies in no folder, so that nothing can be included in it."""
    faults: list[Fault] = []
    return Source(pasted(Path("no such folder"), "one.qmd", text, faults), "one.qmd", faults)


def located(faults: list[Fault], text: str) -> None:
    """Every fault names a line that there is; those that concern the whole of a chapter may name none."""
    lines = text.count("\n") + 1
    for fault in faults:
        assert fault.file in ("one.qmd", "references.bib"), fault
        assert 0 <= fault.line <= lines + 1, fault
        assert fault.rule, fault
        assert fault.message, fault


@given(TEXTS)
@settings(SLOW, max_examples=200)
@example("---\n---")
@example("```{python}\n#| a: &x [*x]\n```")
@example("---\ntitle: 2001-99-99\n---\n")
@example("---\ntitle: " + "[" * 3000 + "\n---\n")
def test_a_text_is_read_or_its_faults_have_places(text):
    source = source_of(text)
    located(source.faults, text)
    assert source.marked.count("\n") == len(source.lines) - 1


@pytest.fixture(scope="module")
def checked(small_book_in, tmp_path_factory) -> Callable[[str], list[Fault]]:
    """The faults of a book whose chapter is a text."""
    made = small_book_in(tmp_path_factory.mktemp("reader"))

    def faults(text: str) -> list[Fault]:
        (made.root / "one.qmd").write_bytes(text.encode("utf-8", "surrogatepass"))
        return check.check(Project(made.root))

    return faults


@given(text=TEXTS)
@settings(SLOW, max_examples=25)
@example(text="# One\n\n" + "> " * 150 + "deep\n")
def test_a_whole_chapter_is_composed_or_its_faults_have_places(checked, text):
    located(checked(text), text)


@given(st.binary(max_size=200))
def test_bytes_are_text_or_a_fault_with_a_line(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp()
    (folder / "one.qmd").write_bytes(data)
    try:
        text = read_text(folder, "one.qmd")
    except BookError as error:
        located(error.faults, data.decode("latin-1"))
    else:
        assert "\r" not in text


YAML = st.text(alphabet="ab01:-[]{}&*!?|>#'\"%@,. \n\t~=<", max_size=60)


@given(YAML)
@settings(SLOW, max_examples=200)
@example("a: 2001-99-99")
@example("a: &b [*b]")
@example("? {a: b}\n: c")
@example("a: !!int x")
def test_yaml_is_a_mapping_or_a_fault_with_a_line(text):
    try:
        found = Settings(text, "one.qmd", first_line=3)
    except BookError as error:
        (fault,) = error.faults
        assert 3 <= fault.line <= text.count("\n") + 4
    else:
        assert isinstance(found.value, dict)
        assert all(line >= 3 for line in found._lines.values())


WORDS = st.from_regex(r"[a-z]{1,8}( [a-z]{1,8}){0,4}", fullmatch=True)
CODE = st.lists(
    st.sampled_from(["x = 1", "print(x)", "", "    y = 2", "# a comment", "'```'", "@decorated"]), min_size=1
)


@st.composite
def chapters(draw: st.DrawFn) -> tuple[str, list[str], list[str]]:
    """A well-formed chapter, the codes of its cells, the words of its text."""
    parts, codes, words = ["# One {#sec-one}"], [], ["One"]
    for _ in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from(["words", "cell", "code", "callout"]))
        said = draw(WORDS)
        if kind == "cell":
            code = "\n".join(draw(CODE)).strip("\n").rstrip()
            fence = draw(st.sampled_from(["```", "````"]))
            options = draw(st.sampled_from(["", "#| echo: false\n", "#| echo: true\n#| warning: false\n\n"]))
            parts.append(f"{fence}{{python}}\n{options}{code}\n{fence}")
            codes.append(code)
        elif kind == "code":
            parts.append(f"```python\n{said}\n```")
            words.append(said)
        else:
            parts.append(f"::: {{.callout-note}}\n{said}\n:::" if kind == "callout" else said)
            words.append(said)
    return "\n\n".join(parts) + "\n", codes, words


@given(chapters())
@settings(SLOW, max_examples=200)
def test_cells_and_text_are_kept(chapter):
    """Line for line: all that changes on the way to pandoc is the fence that opens a cell."""
    text, codes, _ = chapter
    source = source_of(text)
    assert source.faults == []
    assert [cell.code for cell in source.cells] == codes
    restored = re.sub(r"^(`+)\{\.book-cell n=\d+\}$", r"\1{python}", source.marked, flags=re.MULTILINE)
    assert restored == text
    for cell in filter(lambda cell: cell.code, source.cells):
        lines = cell.code.count("\n") + 1
        assert "\n".join(source.lines[cell.code_line - 1 : cell.code_line - 1 + lines]).rstrip() == cell.code


@given(chapters())
@settings(SLOW, max_examples=10)
def test_pandoc_finds_every_cell_and_every_word(chapter):
    text, codes, words = chapter
    source = source_of(text)
    blocks = notebook.parse(source)
    assert source.faults == []
    assert notebook.program(blocks, source) == [["cell", number] for number in range(len(codes))]
    own = [node for node in tree.walk(blocks) if notebook.CELL_CLASS not in str(node.get("c"))[:60]]
    said = " ".join(
        node["c"][1] if node["t"] == "CodeBlock" else node["c"] for node in own if node["t"] in ("Str", "CodeBlock")
    )
    assert said == " ".join(words)
