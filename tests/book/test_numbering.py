"""Quarto's numbers: one table for the pages and one for the PDF, on the specimen's references."""

from __future__ import annotations

import html
import re

import pytest

from book import check, citations, pdf
from book.edition import Edition
from book.notebook import Source

# label, words of a reference on a page, words of a reference in the PDF (None: the same)
REFERENCES = [
    ("sec-things", "Chapter 1", None),
    ("sec-cells", "Chapter 2", None),
    ("sec-extra", "Appendix A", None),
    ("sec-first", "Section 1.1", None),
    ("sec-second", "Section 1.2", None),
    ("sec-inside", "Section A.1", None),
    ("sec-made", "Section 2.1.1", None),
    ("fig-alone", "Figure 1.1", None),
    ("fig-fan", "Figure 1.2", None),
    ("fig-fanin", "Figure 1.2 (a)", "Figure 1.2a"),
    ("fig-row-2", "Figure 1.3 (b)", "Figure 1.3b"),
    ("fig-drawn", "Figure 2.1", None),
    ("fig-pair", "Figure 2.2", None),
    ("fig-pair-2", "Figure 2.2 (b)", "Figure 2.2b"),
    ("fig-step", "Figure 2.3", None),
    ("fig-dot", "Figure A.1", None),
    ("tbl-plain", "Table 1.1", None),
    ("tbl-div", "Table 1.2", None),
    ("tbl-made", "Table 2.1", None),
    ("lst-code", "Listing 1.1", None),
    ("lst-run", "Listing 2.1", None),
    ("eq-line", "Equation 1.1", "Equation (1.1)"),
    ("eq-second", "Equation 1.2", "Equation (1.2)"),
    ("eq-made", "Equation 2.1", "Equation (2.1)"),
    ("eq-extra", "Equation A.1", "Equation (A.1)"),
    ("thm-line", "Theorem 1.1", None),
    ("lem-l", "Lemma 1.1", None),
    ("cor-c", "Corollary 1.1", None),
    ("def-d", "Definition 1.1", None),
    ("exm-e", "Example 1.1", None),
    ("exr-first", "Exercise 1.1", None),
    ("exr-second", "Exercise 1.2", None),
    ("tip-first", "Tip 4.1", None),
    ("tip-second", "Tip 4.2", None),
    ("imp-last", "Important 4.1", None),
    ("nte-one", "Note 4.1", None),
    ("wrn-one", "Warning 4.1", None),
    ("cau-one", "Caution 4.1", None),
    ("prp-one", "Proposition 4.1", None),
    ("cnj-one", "Conjecture 4.1", None),
    ("lst-pasted", "Listing 4.1", None),
    ("lst-div", "Listing 4.2", None),
    ("lst-made", "Listing 4.3", None),
    ("fig-pasted", "Figure 4.1", None),
    ("fig-made", "Figure 4.2", None),
    ("tbl-wide", "Table 4.1", None),
    ("sec-left", "Chapter 5", None),
    ("fig-left", "Figure 5.1", None),
]
PAGES = ["index", "chapters/things", "chapters/cells", "chapters/extra", "chapters/wider"]


def words(text: str) -> str:
    """The text of HTML, with plain spaces."""
    plain = html.unescape(re.sub(r"<(annotation).*?</\1>|<[^>]+>", "", text)).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", plain).strip()


@pytest.fixture(scope="module")
def typst(specimen) -> str:
    book = specimen.manuscripts()
    project = specimen.project()
    worded = citations.word(project, [node for item in book for node in item.summary["cites"]])
    texts, _ = pdf.source(Edition(project, book, specimen.index("pdf"), worded, book, ["pdf"]))
    return "\n".join([texts.main, *texts.bodies])


@pytest.mark.parametrize(("label", "on_page", "in_pdf"), REFERENCES)
def test_references_on_pages(specimen, label, on_page, in_pdf):
    links = re.findall(rf'<a href="[^"]*#{label}" class="ref">(.*?)</a>', "".join(map(specimen.page, PAGES)))
    assert links, f"nothing refers to {label}"
    assert on_page in {words(link) for link in links}


@pytest.mark.parametrize(("label", "on_page", "in_pdf"), REFERENCES)
def test_references_in_the_pdf(typst, label, on_page, in_pdf):
    links = re.findall(rf"#link\(<{label}>\)\[([^\[\]]*)\]", typst)
    assert (in_pdf or on_page) in {link.replace("~", " ").replace("\\", "") for link in links}


def test_a_reference_without_its_word_and_with_another_one(specimen):
    text = words(specimen.page("chapters/things"))
    assert "Equation 1.1; 1.1; Equation 1.1, Equation 1.2; Eq. 1.2; Figure 1.1; Figure 1.1" in text


def test_a_label_in_another_chapter_is_linked_to_its_page(specimen):
    assert 'href="chapters/things.html#fig-fan"' in specimen.page("index")
    assert 'href="cells.html#sec-cells"' in specimen.page("chapters/things")
    assert 'href="#fig-drawn"' in specimen.page("chapters/cells")


CAPTIONS = [
    ("chapters/things", "fig-alone", "Figure 1.1: One picture alone, see Equation 1.1."),
    ("chapters/things", "fig-fan", "Figure 1.2: Two pictures in one figure."),
    ("chapters/things", "fig-fanin", "(a) Fan-in"),
    ("chapters/things", "fig-row-left", "(a)"),
    ("chapters/things", "tbl-plain", "Table 1.1: A plain table"),
    ("chapters/things", "lst-code", "Listing 1.1: Some code"),
    ("chapters/cells", "fig-drawn", "Figure 2.1: A drawing, see Equation 1.1 and Squire and Trapp (1998)."),
    ("chapters/cells", "fig-pair-1", "(a) The first"),
    ("chapters/cells", "fig-step", "Figure 2.3: A step of 3."),
    ("chapters/cells", "tbl-made", "Table 2.1: A made table"),
    ("chapters/extra", "fig-dot", "Figure A.1: A red dot."),
]


@pytest.mark.parametrize(("page", "label", "caption"), CAPTIONS)
def test_captions_carry_their_numbers(specimen, page, label, caption):
    whole = specimen.page(page)
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", whole[whole.index(f'id="{label}"') :], re.DOTALL)
    assert caption in map(words, captions)


@pytest.mark.parametrize(("label", "tag"), [("eq-line", "(1.1)"), ("eq-second", "(1.2)"), ("eq-inside", "(1.3)")])
def test_equations_are_tagged(specimen, typst, label, tag):
    page = specimen.page("chapters/things")
    equation = page[page.index(f'id="{label}"') :]
    assert words(re.search(r'<span class="equation-number">(.*?)</span>', equation)[1]) == tag
    assert re.search(rf'#display\("{re.escape(tag)}", .*?label\("{label}"\)', typst, re.DOTALL)


def test_headings_are_numbered_and_some_are_not(specimen):
    page = specimen.page("chapters/things")
    headings = [words(text) for text in re.findall(r"<h[1-6][^>]*>(.*?)</h[1-6]>", page, re.DOTALL)]
    expected = [
        "1 Things with numbers", "1.1 First section", "1.2 Second section", "1.2.1 Deeper", "1.2.1.1 Deepest",
        "Not counted",
    ]  # fmt: skip
    assert [heading for heading in headings if heading in expected] == expected
    assert "<h1" in specimen.page("index")
    assert "Appendix A" in words(specimen.page("chapters/extra"))


def test_theorems_carry_number_and_name(specimen):
    text = words(specimen.page("chapters/things"))
    for statement in ("Theorem 1.1 (Line) Every line", "Definition 1.1 (Thing) A definition", "Exercise 1.2"):
        assert statement in text


def test_an_unnumbered_chapter_counts_without_a_chapter(small_book):
    book = small_book(
        "# One {#sec-one}\n\n$$ a $$ {#eq-a alt='a'}\n\n@eq-a and @eq-b\n",
        two="# Two {.unnumbered}\n\n$$ b $$ {#eq-b alt='b'}\n",
        three="# Three {#sec-three}\n\n@sec-three\n",
    )
    book.render("html")
    assert "Equation 1.1 and Equation 1" in words(book.page("one"))
    assert "Chapter 2" in words(book.page("three"))


def test_hidden_things_are_not_counted(small_book):
    hidden = "::: {.content-visible when-format='typst'}\n$$ a $$ {#eq-a alt='a'}\n:::\n"
    book = small_book(f"# One\n\n{hidden}\n$$ b $$ {{#eq-b alt='b'}}\n\n@eq-b\n")
    project = book.project()
    from book.manuscript import manuscripts, numbered

    chapters = manuscripts(project, project.chapters)
    assert numbered(project, chapters, "html")[0].targets["eq-b"].number == "1.1"
    assert numbered(project, chapters, "pdf")[0].targets["eq-b"].number == "1.2"


PAGE = "# One {#sec-one}\n\n## Two {#sec-two}\n\n### Three {#sec-three}\n\n"
THINGS = """
![Cap](a.svg){#fig-a fig-alt="a"}

::: {#fig-b}
![](a.svg){#fig-b1 fig-alt="b"}

![](a.svg){#fig-b2 fig-alt="b"}

Both
:::

::: {.callout-tip #tip-a}
## Title
Text
:::

$$ a $$ {#eq-a alt="a"}

"""
OPTIONS = [
    # what crossref says, what is written, the words that the page has
    ("{}", "@fig-a, @fig-b2", "Figure 1.1, Figure 1.2 (b)"),
    ("{fig-prefix: fig.}", "@fig-a, @Fig-a, [-@fig-a], [F @fig-a]", "fig. 1.1, Fig. 1.1, 1.1, F 1.1"),
    ("", "@fig-a", "Figure 1.1"),
    ("{fig-title: Fig.}", "@fig-a", "Fig. 1.1: Cap"),
    ("{title-delim: ' |'}", "@tip-a", "Tip 1.1 | Title"),
    ("{tip-title: Hint, tip-prefix: hint}", "See @tip-a", "See hint 1.1"),
    ("{labels: roman}", "@fig-b, @eq-a", "Figure 1.II, Equation 1.I"),
    ("{labels: roman, fig-labels: alpha c}", "@fig-b, @eq-a", "Figure 1.d, Equation 1.I"),
    ("{subref-labels: roman i}", "@fig-b2", "Figure 1.2 (ii)"),
    ("{sec-prefix: Sec.}", "@sec-two, @sec-one", "Sec. 1.1, Chapter 1"),
]


def options_of(book, text: str, config: str) -> None:
    book.write("one.qmd", text)
    book.write("a.svg", '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>')
    book.write("_quarto.yml", f"{(book.root / '_quarto.yml').read_text()}\n{config}\n")


@pytest.mark.parametrize(("options", "text", "expected"), OPTIONS, ids=[row[0] for row in OPTIONS])
def test_words_and_numbers_that_the_book_asks_for(small_book, options, text, expected):
    book = small_book()
    options_of(book, PAGE + THINGS + text + "\n", f"crossref: {options}")
    book.render("html")
    assert expected in words(book.page())


def test_references_without_links(small_book):
    book = small_book()
    options_of(book, PAGE + THINGS + "@fig-a\n", "crossref: {ref-hyperlink: false}")
    book.render("html", "notebooks")
    assert "Figure 1.1" in words(book.page())
    assert 'class="ref"' not in book.page()


DEPTHS = [
    # the head of the chapter, the book, the numbers of three headings
    ("", "", ["1", "1.1", "1.1.1"]),
    ("", "number-depth: 2", ["1", "1.1", ""]),
    ("", "number-sections: false", ["", "", ""]),
    ("number-depth: 1", "number-depth: 3", ["1", "", ""]),
    ("format: {html: {number-sections: false}}", "number-depth: 3", ["", "", ""]),
    ("number-sections: true", "number-sections: false", ["1", "1.1", "1.1.1"]),
]


@pytest.mark.parametrize(("head", "config", "numbers"), DEPTHS)
def test_how_deep_headings_are_numbered(small_book, head, config, numbers):
    book = small_book()
    options_of(book, f"---\n{head or 'toc: true'}\n---\n\n{PAGE}{THINGS}@fig-a\n", config)
    book.render("html")
    found = re.findall(r"<h[1-3][^>]*>(.*?)</h[1-3]>", book.page(), re.DOTALL)
    expected = [f"{number} {title}".strip() for number, title in zip(numbers, ("One", "Two", "Three"), strict=True)]
    assert list(map(words, found)) == expected
    assert "Figure 1.1: Cap" in words(book.page())  # things are counted alike


def test_a_chapter_s_head_speaks_for_its_page_alone(small_book):
    book = small_book(f"---\nnumber-depth: 1\n---\n\n{PAGE}")
    project = book.project()
    head = Source.read(project, "one.qmd").head
    assert [project.depth(head, form) for form in ("html", "notebooks", "pdf", "epub")] == [1, 1, 6, 6]


def test_a_number_that_is_not_printed_can_be_referred_to_below_the_depth_alone(small_book):
    book = small_book(f"{PAGE}@sec-three\n")
    config = (book.root / "_quarto.yml").read_text()
    book.write("_quarto.yml", f"{config}number-depth: 2\n")
    book.render("html")
    assert "Section 1.1.1" in words(book.page())
    book.write("_quarto.yml", f"{config}number-sections: false\n")
    faults = [fault for fault in check.check(book.project()) if not fault.warning]
    assert {(fault.file, fault.line, fault.rule) for fault in faults} == {("one.qmd", 7, "unnumbered-reference")}
