"""Everything that is refused: each with its place, its rule and its mend, and with exit code 1."""

from __future__ import annotations

import pytest

from book import check
from book.errors import BookError

HEAD = "# One {#sec-one}\n\n"
CELL = "```{{python}}\n{}\n```\n"
FIGURE = "#| label: fig-a\n#| fig-cap: "
DRAW = "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()"
TABLE = "| a | b |\n|---|---|\n| 1 | 2 |\n"
CHAPTERS = "project: {type: book}\nbook:\n  chapters:\n    - "
BOOK = "project: {type: book}\nbook: {chapters: [index.qmd]}\n"

BAD_DRAWING = """<svg xmlns="http://www.w3.org/2000/svg">
<a href="https://a.org"><rect onclick="alert(1)"/></a>
<image href="https://a.org/b.png"/>
<style>@import url("https://a.org/c.css"); rect { fill: url(#a) }</style>
</svg>
"""
DRAWN = "![C](b.svg){#fig-a fig-alt='a'}"

# what is wrong; the text of the chapter from its line 3 on; the line, the rule, words of the message
SOURCES = [
    ("unknown reference", "Text.\n\nSee @fig-nothing.", 5, "unknown-reference", "fig-nothing"),
    ("unknown reference in brackets", "See [-@eq-nothing].", 3, "unknown-reference", "eq-nothing"),
    ("unknown citation", "See @nobody1999.", 3, "unknown-citation", "nobody1999"),
    ("doubled label", "$$ a $$ {#eq-a alt='a'}\n\n$$ b $$ {#eq-a alt='b'}", 5, "doubled-label", "eq-a"),
    ("doubled label of a heading", "## Two {#sec-one}", 3, "doubled-label", "sec-one"),
    ("missing image", "Text.\n\n![Cap](none.svg){#fig-a fig-alt='a'}", 5, "missing-image", "none.svg"),
    ("image outside", "![Cap](https://example.org/a.svg){#fig-a fig-alt='a'}", 3, "external", "example.org"),
    ("image without alt", "![Cap](a.svg){#fig-a}", 3, "alt", "a.svg"),
    ("image in a line without alt", "Text ![](a.svg) text.", 3, "alt", "a.svg"),
    ("image without caption", "![](a.svg){fig-alt='a'}", 3, "caption", "without a caption"),
    ("figure div without caption", "::: {#fig-a}\n![](a.svg){fig-alt='a'}\n:::", 3, "caption", "fig-a"),
    ("table without caption", "::: {#tbl-a}\n| a |\n|---|\n| 1 |\n:::", 3, "caption", "tbl-a"),
    ("listing without caption", "```{#lst-a .python}\n1\n```", 3, "caption", "lst-a"),
    ("bare align", "Text\n\n\\begin{align}\na\n\\end{align}", 5, "bare-environment", "align"),
    ("TeX in text", "A \\foo{bar} word.", 3, "unsupported", "TeX outside"),
    ("display equation without label", "Text\n\n$$ a + b $$", 5, "unlabelled-equation", "a + b"),
    ("a formula that is none", "Text $a$.\n\nText $\\foo x$.", 5, "formula", "unexpected control sequence \\foo"),
    ("a colour in a formula", "Text $\\textcolor{red}{x}$.", 3, "formula", "\\textcolor{red}{x}"),
    ("a formula without an end", "$$\na +\n\\frac{a}{\n$$ {#eq-a alt='a'}", 4, "formula", "unexpected eof"),
    ("a formula of several lines", "Let $a$ be.\n\nLet $a +\n\\foo$ be.", 5, "formula", "a + \\foo"),
    ("a formula in a caption", CELL.format(f"{FIGURE}Of $\\foo$.\n1"), 5, "formula", "\\foo"),
    ("equation labelled otherwise", "$$ a $$ {#fig-a}", 3, "unsupported", "fig-a"),
    ("label after nothing", "Words {#sec-a} here.", 3, "label", "{#sec-a}"),
    ("unknown class of a div", "::: {.calout-note}\nText\n:::", 3, "unsupported", "calout-note"),
    ("unknown attribute of a callout", "::: {.callout-note icon=false}\nText\n:::", 3, "unsupported", "icon"),
    ("unknown label of a div", "::: {#foo-a}\nText\n:::", 3, "unsupported", "foo-a"),
    ("label and class", "::: {#thm-a .callout-note}\nText\n:::", 3, "unsupported", "thm-a"),
    ("layout by a matrix", '::: {layout="[[1,1]]"}\nText\n:::', 3, "unsupported", "layout"),
    ("unclosed div", "Text\n\n::: {.callout-note}\nText", 5, "markdown", "unclosed"),
    ("div fence in a paragraph", "Text\n:::\n", 4, "div-fence", ":::"),
    ("unknown class of a span", "Some [words]{.shiny}.", 3, "unsupported", "shiny"),
    ("class of an HTML div", 'An x and "x".\n\n<div class="x">raw</div>', 5, "unsupported", "a div of the class x"),
    ("unknown class of a heading", "## Two {.big}", 3, "unsupported", "big"),
    ("second title", "# Two", 3, "unsupported", "level 1"),
    ("unknown attribute of an image", "![Cap](a.svg){fig-alt='a' lightbox=true}", 3, "unsupported", "lightbox"),
    ("class of a link", "[word](https://example.org){.external}", 3, "unsupported", "external"),
    ("classes of a code block", "```{.python .numberLines}\n1\n```", 3, "unsupported", "numberLines"),
    ("raw LaTeX", "```{=latex}\n\\newpage\n```", 4, "unsupported", "TeX outside"),
    ("a script in the text", "Text\n\n<script>alert(1)</script>", 5, "unsupported", "a script inside"),
    ("a script in a line", "Text <script>alert(1)</script> text.", 3, "unsupported", "a script inside"),
    ("a script as an attribute", '<p onclick="alert(1)">Text</p>', 3, "unsupported", "a script inside"),
    ("a script in a link", "<a href='javascript:alert(1)'>x</a>", 3, "unsupported", "a script inside"),
    ("a script in a drawing", DRAWN, 2, "unsupported", "onclick"),
    ("a drawing that loads", DRAWN, 3, "external", "b.png"),
    ("a drawing that loads its style", DRAWN, 4, "external", "c.css"),
    ("raw HTML that loads", "```{=html}\n<p>\n<img src='https://a.org/b.png' alt=''>\n```", 5, "external", "a.org"),
    ("HTML in a line that loads", "Text.\n\nText <img src='//a.org/b.png'>.", 5, "external", "<img> loads //a.org"),
    ("HTML that loads one of a set", "<img srcset='a.png, https://a.org/b.png 2x'>", 3, "external", "a.org/b.png"),
    ("HTML that sends", "<form action='https:a.org'></form>", 3, "external", "<form>"),
    ("HTML that loads a style", "<style>\n@import 'https://a.org/b.css';\n</style>", 4, "external", "b.css"),
    ("HTML that loads in its style", "<b style='background: url(http://a.org)'>x</b>", 3, "external", "a.org"),
    ("raw docx", "```{=openxml}\n<a/>\n```", 4, "unsupported", "openxml"),
    ("shortcode", "Text\n\n{{< pagebreak >}}", 5, "unsupported", "shortcode"),
    ("unknown format", "::: {.content-visible when-format='docx'}\nText\n:::", 3, "unsupported", "docx"),
    ("LaTeX's pdf as format", "::: {.content-visible when-format='pdf'}\nText\n:::", 3, "unsupported", "pdf"),
    ("tabset without heading", "::: {.panel-tabset}\nText\n:::", 3, "tabset", "heading"),
    ("wrong column widths", f'{TABLE}\n: C {{#tbl-a tbl-colwidths="[1]"}}', 7, "setting", "colwidths"),
    ("reference with words after", "See [@sec-one, page 3].", 3, "unsupported", "words after"),
    ("reference among citations", "See [@sec-one; @known2000].", 3, "unsupported", "citations"),
    ("reference before a citation", "See @sec-one [@known2000].", 3, "unsupported", "citations"),
    ("a note that is not there", "Text.[^a]\n\nText[^b].\n\n[^a]: Note.", 5, "footnote", "[^b]"),
    ("citations without a list", "As @known2000 says.", 3, "no-references", "no list"),
    ("reference to no number", "## Two {#sec-two .unnumbered}\n\n@sec-two", 5, "unnumbered-reference", "sec-two"),
    ("broken link to a source", "[there](three.qmd)", 3, "broken-link", "three.qmd"),
    ("broken link to a place", "[there](#nowhere)", 3, "broken-link", "nowhere"),
    ("broken link to a file", "[there](notes.txt)", 3, "broken-link", "notes.txt"),
    ("link to a file that stays behind", "[there](a.svg)", 3, "broken-link", "does not come along"),
    ("quotations in quotations", "Text.\n\n" + "> " * 600 + "deep", 5, "nesting", "too deep"),
    ("unclosed fence", "```python\n1", 3, "unclosed-fence", "no end"),
    ("cell of another language", "```{r}\n1\n```", 3, "cell", "{r}"),
    ("options after the language", "```{python, echo=FALSE}\n1\n```", 3, "cell", "python, echo"),
    ("escaped cell", "```{{python}}\n1\n```", 3, "cell", "{{python}}"),
    ("cell in a comment", "<!--\n\n```{python}\n1\n```\n\n-->", 5, "cell", "not a block of its own"),
    ("cell in a quotation", "> ```{python}\n> 1\n> ```", 3, "cell", "quotation"),
    ("inline code of another language", "Text `{r} 1 + 1`.", 3, "unsupported", "{r}"),
    ("unknown option", CELL.format("#| fig-cup: x\n1"), 4, "setting", "fig-cup"),
    ("wrong value of an option", CELL.format("#| label: a\n#| echo: maybe\n1"), 5, "setting", "echo"),
    ("option for the second time", CELL.format("#| label: a\n#| echo: true\n#| echo: false\n1"), 6, "yaml", "second"),
    ("options that are no YAML", CELL.format("#| label: [a\n1"), 4, "yaml", ""),
    ("inline code in an option", CELL.format(f'{FIGURE}"`{{python}} n`"\n1'), 5, "inline-in-option", "fig-cap"),
    ("figure cell without caption", CELL.format("#| label: fig-a\n1"), 4, "caption", "fig-cap"),
    ("table cell without caption", CELL.format("#| label: tbl-a\n1"), 4, "caption", "tbl-cap"),
    ("listing without label", CELL.format("#| lst-cap: x\n1"), 4, "caption", "no label"),
    ("listing cell without caption", CELL.format("#| lst-label: lst-a\n1"), 4, "caption", "no caption"),
    ("listing labelled otherwise", CELL.format("#| lst-cap: x\n#| lst-label: fig-a\n1"), 5, "caption", "no label"),
    ("callout labelled otherwise", "::: {#tip-a .callout-note}\nText\n:::", 3, "unsupported", "tip-a"),
    ("label of a callout without its class", "::: {#tip-a}\nText\n:::", 3, "unsupported", "tip-a"),
    ("doubled label of a callout", "::: {#tip-a .callout-tip}\nA\n:::\n\n::: {#tip-a .callout-tip}\nB\n:::", 7,
     "doubled-label", "tip-a"),
    ("title that is no line", "::: {.callout-note title='1. x'}\nText\n:::", 3, "caption", "a line of text"),
    ("class of a table", f"{TABLE}\n: C {{#tbl-a .striped}}", 7, "unsupported", "striped"),
    ("column that is none", CELL.format("#| column: screen\n1"), 4, "setting", "column"),
    ("a shortcode in code", "Code `{{< var x >}}`.", 3, "unsupported", "shortcode"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "text", "line", "rule", "words"), SOURCES, ids=[row[0] for row in SOURCES])
def test_a_source_is_refused(small_book, what, text, line, rule, words):
    book = small_book(HEAD + text + "\n")
    book.write("a.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>')
    book.write("b.svg", BAD_DRAWING)
    faults = check.check(book.project())
    found = [fault for fault in faults if fault.rule == rule and words in fault.message]
    assert found, [str(fault) for fault in faults]
    file = "b.svg" if text == DRAWN else "one.qmd"
    assert (found[0].file, found[0].line, found[0].warning) == (file, line, False)
    assert found[0].mend


CONFIGS = [
    ("unknown key", "project: {type: book, foo: 1}\nbook: {chapters: [index.qmd]}", 1, "foo"),
    ("unknown format", BOOK + "format:\n  docx: default", 4, "docx"),
    ("no book", "project: {type: website}\nbook: {chapters: [index.qmd]}", 1, "type"),
    ("missing chapter", CHAPTERS + "index.qmd\n    - two.qmd", 5, "two.qmd"),
    ("no preface", CHAPTERS + "one.qmd", 3, "index.qmd"),
    ("the same name twice", CHAPTERS + "index.qmd\n    - one.qmd\n    - one.qmd", 6, "one"),
    ("not YAML", "project: [", 2, ""),
    ("not a mapping", "- a", 1, "key: value"),
    ("a key for the second time", BOOK + "lang: en\nlang: de", 4, "lang"),
    ("an object", "a: !!python/object/apply:os.getcwd []", 1, ""),
    ("a depth that no heading has", BOOK + "toc-depth: 7", 3, "toc-depth"),
    ("other mathematics", BOOK + "format:\n  html:\n    html-math-method: katex", 5, "katex"),
    ("foreign hook", "project:\n  type: book\n  pre-render: draw.py\nbook: {chapters: [index.qmd]}", 3, "draw.py"),
]


@pytest.mark.parametrize(("what", "config", "line", "words"), CONFIGS, ids=[row[0] for row in CONFIGS])
def test_a_configuration_is_refused(small_book, what, config, line, words):
    book = small_book()
    book.write("_quarto.yml", config + "\n")
    with pytest.raises(BookError) as error:
        book.project()
    fault = error.value.faults[0]
    assert (fault.file, fault.line) == ("_quarto.yml", line)
    assert words in fault.message


HEADS = [
    ("unknown key", "---\ntitle: T\nbibliograhpy: x\n---\n", 3, "bibliograhpy"),
    ("no end", "---\ntitle: T\n", 1, "no end"),
    ("not a mapping", "---\n- title: T\n---\n", 2, "key: value"),
    ("an object", "---\ntitle: !!python/object/apply:os.getcwd []\n---\n", 2, ""),
    ("not YAML", "---\ntitle: [\n---\n", 2, ""),
    ("all on one line", "--- title: T ---\n\n# T\n", 1, "no YAML head"),
    ("missing data", "---\ntitle: T\ndata-files: [none.json]\n---\n\n```{python}\n1\n```\n", 3, "none.json"),
    ("no title", "Just text.\n", 1, "no title"),
]


@pytest.mark.parametrize(("what", "text", "line", "words"), HEADS, ids=[row[0] for row in HEADS])
def test_the_head_of_a_chapter_is_refused(small_book, what, text, line, words):
    faults = check.check(small_book(text).project())
    assert [(fault.file, fault.line) for fault in faults if words in fault.message][:1] == [("one.qmd", line)]


BYTES = [("not UTF-8", b"# One\n\n\xff\n", 3), ("NUL", b"# One\n\x00\n", 2), ("bell", b"# One\r\n\r\n\a\n", 3)]


@pytest.mark.parametrize(("what", "data", "line"), BYTES, ids=[row[0] for row in BYTES])
def test_bytes_that_are_no_text(small_book, what, data, line):
    book = small_book()
    (book.root / "one.qmd").write_bytes(data)
    faults = check.check(book.project())
    assert [(fault.file, fault.line, fault.rule) for fault in faults] == [("one.qmd", line, "encoding")]


def test_a_chapter_of_10_megabytes(small_book):
    book = small_book(HEAD + "A paragraph among others.\n\n" * 400_000)
    faults = check.check(book.project())
    assert [(fault.file, fault.rule) for fault in faults] == [("one.qmd", "length")]
    assert "10.8 MB" in faults[0].message


def test_a_bibliography_that_cannot_be_read(small_book):
    book = small_book(HEAD)
    book.write("references.bib", "@book{a, title={A}}\n@book{b, title={B},,}\n")
    faults = check.check(book.project())
    assert [(fault.file, fault.line, fault.rule) for fault in faults] == [("references.bib", 2, "bibliography")]


def test_two_entries_of_one_name(small_book, command):
    book = small_book(HEAD)
    book.write("references.bib", "@book{a, title={A}}\n@comment{a, b}\n\n@article {a,\n  title={B}}\n")
    for arguments in (["check"], ["render"]):
        code, _, err = command(book.root, *arguments)
        assert code == 1
        assert "references.bib:4: doubled-entry: a for the second time, after references.bib:1" in err


def test_brackets_that_are_no_note(small_book):
    book = small_book(HEAD + "Not a note: \\[^a\\], nor `[^b]`.\n")
    assert not [fault for fault in check.check(book.project()) if not fault.warning]


def test_marks_of_other_editors_are_read(small_book):
    book = small_book()
    config = (book.root / "_quarto.yml").read_bytes()
    (book.root / "_quarto.yml").write_bytes(b"\xef\xbb\xbf" + config.replace(b"\n", b"\r\n"))
    (book.root / "one.qmd").write_bytes(b"\xef\xbb\xbf# One {#sec-one}\r\n\r\nSee @sec-one.\r\n")
    assert [fault for fault in check.check(book.project()) if not fault.warning] == []


# what goes wrong while a cell runs, its code, the line, the rule, words of the message
RUNS = [
    ("raises", "a = 1\n1 / 0", 5, "cell-raises", "ZeroDivisionError"),
    ("hangs", "import time\ntime.sleep(60)", 3, "cell-timeout", "2 seconds"),
    ("kills its kernel", "import os\nos._exit(1)", 3, "kernel-died", "the kernel died"),
    ("prints 100 MB", "for _ in range(100):\n    print('x' * 1_000_000)", 3, "cell-output", "more than 10 MiB"),
    ("needs 30 GB", "import numpy\nnumpy.zeros(30_000_000_000, dtype='i1')", 5, "cell-raises", "allocate 27.9 GiB"),
    ("needs 30 GB of Python's own", "x = 1\nbytearray(30_000_000_000)", 5, "cell-raises", "MemoryError"),
    ("shows a script", "#| output: true\nfrom IPython.display import HTML\nHTML('<script>1</script>')", 3,
     "unsupported", "a script inside"),
    ("shows HTML that loads", "from IPython.display import HTML\nHTML('<img src=\"https://a.org/b.png\">')", 3,
     "external", "<img> loads https://a.org/b.png"),
    ("shows a drawing that loads", "#| fig-alt: A\nfrom IPython.display import SVG\nSVG('b.svg')", 3,
     "external", "<image> loads"),
    ("draws without alt", f"{FIGURE}C\n{DRAW}", 3, "alt", "no alt"),
    ("draws without caption", f"#| fig-alt: A\n{DRAW}", 3, "caption", "without a caption"),
    ("shows JSON", "from IPython.display import JSON\nJSON({'a': 1})", 3, "output", "application/json"),
    ("shows JavaScript", "from IPython.display import Javascript\nJavascript('1')", 3, "output", "application/java"),
    ("prints an equation without label", "#| output: asis\nprint('$$ a + b $$')", 5, "unlabelled-equation", "a + b"),
    ("prints a formula that is none", "#| output: asis\nprint('$', chr(92), 'foo$', sep='')", 3, "formula", "foo"),
    ("prints an unknown class", "#| output: asis\nprint('::: {.foo}\\nx\\n:::')", 3, "unsupported", "foo"),
    ("prints an open div", "#| output: asis\nprint('::: {.callout-note}\\nx')", 3, "markdown", "unclosed"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "code", "line", "rule", "words"), RUNS, ids=[row[0] for row in RUNS])
def test_a_cell_that(small_book, what, code, line, rule, words):
    book = small_book(HEAD + CELL.format(code))
    book.write("b.svg", BAD_DRAWING)
    with pytest.raises(BookError) as error:
        book.render("html", seconds=2 if what == "hangs" else 60)
    found = [fault for fault in error.value.faults if fault.rule == rule]
    assert found, error.value
    assert (found[0].file, found[0].line) == ("one.qmd", line)
    assert words in found[0].message


NAMES = ["object()", "len.__call__", "class A: pass\n[A()]", "print('So:', object())"]


@pytest.mark.parametrize("code", NAMES)
def test_a_warning_of_objects_that_only_say_where_they_lie(small_book, code):
    with pytest.raises(BookError) as error:
        small_book(HEAD + CELL.format(code.replace("\n[", "\n\n["))).render("html", strict=True)
    assert [(fault.line, fault.rule) for fault in error.value.faults] == [(3, "output")]


def test_options_are_read_as_quarto_does(small_book):
    book = small_book(HEAD + CELL.format("# | echo: false\n#|output: false\nprint(1)"))
    book.render("html")
    assert "print" not in book.page()


def test_inline_code_that_raises(small_book):
    book = small_book(HEAD + "Text.\n\nThe value is `{python} missing`.\n")
    with pytest.raises(BookError) as error:
        book.render("html")
    assert [(fault.line, fault.rule) for fault in error.value.faults] == [(5, "inline-raises")]
    assert "NameError" in str(error.value)


def test_all_faults_are_told_at_once(small_book):
    book = small_book(HEAD + "@fig-a\n\n$$ b $$\n", two="# Two\n\n@nobody\n\n::: {#refs}\n:::\n")
    with pytest.raises(BookError) as error:
        book.render("html")
    rules = {fault.rule for fault in error.value.faults}
    assert rules == {"unknown-reference", "unlabelled-equation", "unknown-citation"}


def test_warnings_stop_a_strict_render_alone(small_book):
    book = small_book(HEAD + "$$ a $$ {#eq-a}\n")
    book.render("html")
    with pytest.raises(BookError) as error:
        book.render("html", strict=True)
    assert [fault.rule for fault in error.value.faults] == ["equation-alt"]


def test_the_command_tells_and_fails(small_book, command):
    book = small_book(HEAD + CELL.format("#| label: wrong\n1 / 0"))
    code, out, err = command(book.root, "render", "--to", "html")
    assert (code, out) == (1, "")
    for words in ("one.qmd:5", "cell 'wrong'", "ZeroDivisionError", "----> 1 1 / 0", "mend:"):
        assert words in err
    assert "\x1b" not in err
    assert not book.output.exists()


def test_links_and_scripts_of_the_book_are_no_fault(small_book):
    links = "<a href='https://a.org'>a</a> <img src='a.svg'> <script defer src='a.js'></script>"
    data = '<script type="application/json">{"a": "https://a.org"}</script>'
    book = small_book(f"{HEAD}```{{=html}}\n{links}\n{data}\n<p id=one>mailto: onclick=1</p>\n```\n")
    assert not [fault for fault in check.check(book.project()) if not fault.warning]
