"""What becomes of each construct on the pages: the specimen, looked at piece by piece."""

from __future__ import annotations

import re

import pytest

PIECES = [
    # a piece of the source, and what must be on the page
    ("chapters/things", "callout", r'<div class="callout callout-note" role="note">\s*<div class="callout-title">'),
    ("chapters/things", "callout with the default title", r'class="callout-title">\s*Tip'),
    ("chapters/things", "collapsed callout", r'callout-tip"[^>]*>\s*<details>'),
    ("chapters/things", "open callout that collapses", r'callout-warning"[^>]*>\s*<details open="">'),
    ("chapters/things", "title in an attribute", r"A title in an attribute"),
    ("chapters/things", "proof", r"<em>Proof\.</em> Obvious"),
    ("chapters/things", "solution", r"<em>Solution\.</em> Look"),
    ("chapters/things", "tabset", r'<input type="radio"[^>]*checked=""[^>]*>\s*<label[^>]*>\s*Alpha'),
    ("chapters/things", "tab", r'<div class="tab-panel">\s*<p>Second tab'),
    ("chapters/things", "panel of pictures", r'class="panel" style="--columns:2"'),
    ("chapters/things", "margin note", r'<aside class="margin-note">'),
    ("chapters/things", "margin note in a line", r'<span class="margin-note" role="note">with an aside</span>'),
    ("chapters/things", "raw HTML", r'<p class="raw">Raw HTML</p>'),
    ("chapters/things", "footnote", r'role="doc-noteref"'),
    ("chapters/things", "link to another source", r'<a href="cells\.html">another chapter</a>'),
    ("chapters/things", "link to a place in it", r'<a href="cells\.html#sec-run">a place there</a>'),
    ("chapters/things", "drawing in a line", r"An image <svg"),
    ("chapters/things", "width of an image", r'style="width:20px'),
    ("chapters/things", "widths of columns", r'<col style="width: 30%" />'),
    ("chapters/things", "definition list", r"<dt>Term</dt>"),
    ("chapters/things", "highlighted code", r'<code class="sourceCode python"><span'),
    ("chapters/things", "text stays text", r"&lt;script&gt;alert"),
    ("chapters/things", "spoken equation", r'<math alttext="y equals a x plus b, and more" display="block"'),
    ("chapters/things", "spoken drawing", r'role="img" aria-label="A blue line\."'),
    ("chapters/things", "inks become variables", r"stroke:var\(--ink-line,#0072b2\)"),
    ("chapters/cells", "open code", r'<div class="cell">\s*<div class="sourceCode"'),
    ("chapters/cells", "folded code", r'<details class="code-fold">\s*<summary>Show the code</summary>'),
    ("chapters/cells", "unfolded fold", r'<details class="code-fold" open="">\s*<summary>Look</summary>'),
    ("chapters/cells", "printed text", r"printed &lt;42&gt;"),
    ("chapters/cells", "inline values", r"The answer is 42, its name forty-two"),
    ("chapters/cells", "inline value in a formula", r"2\^\{3\}</annotation>"),
    ("chapters/cells", "markdown of a cell", r'<td><a href="things\.html#eq-line" class="ref">Equation'),
    ("chapters/cells", "heading made by a cell", r'<h3 id="sec-made">'),
    ("chapters/cells", "an error that is shown", r"ZeroDivisionError"),
    ("chapters/cells", "code that is not run", r"never_run"),
    ("chapters/cells", "cell in a list", r"<li>\s*<p>A cell in a list:</p>\s*<div class=\"cell\">"),
    ("chapters/cells", "cell in a callout", r"in a callout"),
    ("chapters/cells", "HTML of a cell", r"<b>only HTML</b>"),
    ("chapters/extra", "bitmap", r'<img src="\.\./images/dot\.png" style="width:50\.0%" alt="A dot\." />'),
    ("chapters/titled", "title in YAML", r"<span[^>]*>3</span> Titled <em>in YAML</em>\s*</h1>"),
    ("chapters/wider", "pasted paragraph", r"A paragraph of another file, with 42\."),
    ("chapters/wider", "pasted heading", r'<h2 id="sec-pasted">'),
    ("chapters/wider", "file pasted into code", r'(?s)<div id="lst-pasted".*?<span class="kw">def</span> shown'),
    ("chapters/wider", "counted callout", r'<div id="tip-first" class="callout callout-tip" role="note">\s*<div'),
    ("chapters/wider", "title of a counted callout", r"Tip\s4\.1: A <em>counted</em> tip"),
    ("chapters/wider", "counted callout without a title", r"<summary[^>]*>\s*Tip\s4\.2\s*</summary>"),
    ("chapters/wider", "title with markup in an attribute", r"Important\s4\.1: With <code>code</code>"),
    ("chapters/wider", "listing of a cell, its notes, its drawing",
     r'(?s)id="lst-made".*?import.*?class="annotations below".*?id="fig-made"'),
    ("chapters/wider", "mark of a line", r'as</span> plt<span class="annotation" data-number="1" role="img" '),
    ("chapters/wider", "note of a line", r'<li value="2">\s*A drawing, see <a href="#sec-wider" class="ref">Chapter'),
    ("chapters/wider", "mark in another language", r'FROM</span> <span class="kw">all</span><span class="annotation"'),
    ("chapters/wider", "a list of its own", r"<li>A list that explains nothing\.</li>"),
    ("chapters/wider", "column of a cell", r'<div class="column column-page">\s*<div id="fig-made"'),
    ("chapters/wider", "column of a table", r'<div class="column column-page">\s*<div id="tbl-wide"'),
    ("chapters/wider", "column on one side", r'<div class="column column-body-outset-left">'),
    ("chapters/left", "outputs that a notebook brings along", r"kept since then"),
    ("index", "author with a page", r'<a href="https://example\.org/ben">Ben Writer</a>'),
    ("index", "author's record", r'href="https://orcid\.org/0000-0002-1825-0097" aria-label="ORCID of Ben Writer"'),
    ("index", "affiliation", r"Specimens, Example University, Town"),
    ("index", "date", r'<p class="cover-date">February 29, 2024</p>'),
    ("chapters/references", "bibliography", r'id="ref-griewank2008"'),
    ("chapters/things", "citation", r'Trapp \(<a href="references\.html#ref-squire1998" class="citation">1998'),
    ("chapters/things", "citation in brackets", r"\(<a [^>]*>Griewank and Walther 2008, 3</a>;"),
]  # fmt: skip


@pytest.mark.parametrize(("page", "what", "pattern"), PIECES, ids=[piece[1] for piece in PIECES])
def test_pages_have(specimen, page, what, pattern):
    assert re.search(pattern, specimen.page(page))


ABSENT = [
    ("chapters/things", "Pages and EPUB hide this"),
    ("chapters/things", "seen in the PDF"),
    ("chapters/things", "Raw Typst"),
    ("chapters/cells", "not shown</code>"),
    ("chapters/cells", "<code>silent"),
    ("chapters/cells", "hidden = 7"),
    ("chapters/cells", "{python}"),
    ("chapters/titled", "code-fold"),
    ("chapters/wider", 'class="toc"'),
    ("chapters/wider", "&lt;1&gt;"),
    ("chapters/wider", "{{&lt;"),
]


@pytest.mark.parametrize(("page", "text"), ABSENT)
def test_pages_have_not(specimen, page, text):
    assert text not in specimen.page(page)


@pytest.mark.parametrize("text", ["Only pages and EPUB show this", "Only pages show this", "All but the PDF show this"])
def test_conditions_that_hold(specimen, text):
    assert text in specimen.page("chapters/things")


def test_identifiers_are_unique_on_every_page(specimen):
    for path in specimen.output.rglob("*.html"):
        identifiers = re.findall(r'\sid="([^"]*)"', path.read_text())
        assert len(identifiers) == len(set(identifiers)), path.name


def test_navigation_follows_the_configuration(specimen):
    page = specimen.page("chapters/cells")
    page = page[page.index("<nav") :]
    places = [
        page.index(text) for text in ("What there is", "things.html", "cells.html", "references.html", "extra.html")
    ]
    assert places == sorted(places)
    assert 'aria-current="page"' in page


def test_pages_offer_what_was_made(specimen):
    page = specimen.page("chapters/cells")
    for address in ("../notebooks/cells.ipynb", "../A-specimen.pdf", "../A-specimen.epub"):
        assert f'href="{address}"' in page
    assert "notebooks/things.ipynb" not in specimen.page("chapters/things")


def test_the_search_knows_every_page(specimen):
    import json

    entry = json.loads((specimen.output / "pagefind" / "pagefind-entry.json").read_text())
    assert entry["languages"]["en"]["page_count"] == 8


def test_nothing_names_the_machine(specimen):
    """No folder of this machine in anything that readers get."""
    for path in specimen.output.rglob("*"):
        if path.is_file():
            assert str(specimen.root).encode() not in path.read_bytes(), path.name


def test_a_page_of_a_long_book_lists_its_neighbours(small_book, monkeypatch):
    """Lest every page grow with the book; the first page lists all chapters."""
    monkeypatch.setattr("book.site.NEARBY", 1)
    book = small_book(**{name: f"# Chapter {name}\n" for name in ("one", "two", "three", "four", "five")})
    book.render("html")
    listed = {name: re.findall(r'<li><a href="(\w+)\.html"', book.page(name)) for name in ("index", "one", "four")}
    assert listed == {
        "index": ["index", "one", "two", "three", "four", "five"],
        "one": ["index", "one", "two"],
        "four": ["index", "three", "four", "five"],
    }
    assert ['index.html#contents"' in book.page(name) for name in listed] == [False, True, True]
