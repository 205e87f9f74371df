"""The title page: authors and the date, in all the ways that people write them."""

from __future__ import annotations

import datetime
import subprocess
import zipfile

import pytest

from book import dates, pdf, people
from book.errors import BookError

NOW = datetime.datetime(2024, 2, 29, 13, 5, 7)


@pytest.mark.parametrize(
    "written",
    ["2005-03-07", "03/07/2005", "3-7-2005", "03/07/05", "07 03 2005", "03 07, 2005", "March 7, 2005", "Mar 7, 2005",
     "7 March 2005", "2005-03-07T10:11:12Z"],
)  # fmt: skip
def test_dates_are_read(written):
    assert dates.read(written, NOW).date() == datetime.date(2005, 3, 7)


@pytest.mark.parametrize("written", dates.MOVING)
def test_moving_dates_are_the_moment_that_is_given(written):
    assert dates.read(written, NOW) == NOW


FORMATS = [
    ("full", "Thursday, February 29, 2024"),
    ("long", "February 29, 2024"),
    ("medium", "Feb 29, 2024"),
    ("short", "2/29/24"),
    ("iso", "2024-02-29"),
    ("dddd MMM D, YYYY", "Thursday Feb 29, 2024"),
    ("[YYYY] YYYY-MM-DDTHH:mm:ssZ", "YYYY 2024-02-29T13:05:07+00:00"),
    ("h:mm a, [Q]Q, Do", "1:05 pm, Q1, 29th"),
]


@pytest.mark.parametrize(("form", "expected"), FORMATS)
def test_dates_are_written(form, expected):
    assert dates.write(NOW, form) == expected


BOOKS = [
    # what is under book:, the printed date
    ("date: today", "November 14, 2023"),
    ("date: last-modified, date-format: iso", "2023-11-14"),
    ("date: 2005-03-07", "March 7, 2005"),
    ("date: 03/07/2005, date-format: 'D. M. YYYY'", "7. 3. 2005"),
]


def configured(small_book, book: str, more: str = ""):
    made = small_book()
    made.write("_quarto.yml", f"project: {{type: book}}\nbook: {{title: T, chapters: [index.qmd], {book}}}\n{more}\n")
    return made


@pytest.mark.parametrize(("book", "expected"), BOOKS)
def test_the_date_of_a_book(small_book, monkeypatch, book, expected):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    made = configured(small_book, book)
    assert made.project().date == expected
    made.render("html")
    assert f'<p class="cover-date">{expected}</p>' in made.page("index")


def test_no_date_where_none_is_stated(small_book, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    made = configured(small_book, "author: Ann")
    made.render("html", "pdf", "epub")
    with zipfile.ZipFile(next(made.output.glob("*.epub"))) as archive:
        title = archive.read("EPUB/text/title_page.xhtml").decode()
    printed = ["pdftotext", next(made.output.glob("*.pdf")), "-"]
    page = subprocess.run(printed, capture_output=True, check=True, text=True).stdout
    for text in (title, page, made.page("index")):
        assert "Ann" in text
        assert "2023" not in text


WRONG = [
    ("date: soon", "", "no date"),
    ("date: today, date-format: 'w'", "", "part w"),
    ("date: today, date-format: long", "lang: de", "English"),
    ("author: {email: a@example.org}", "", "without a name"),
    ("author: {name: Ann, orcid: 1-2}", "", "no ORCID"),
    ("author: {name: Ann, affiliation: {ref: nowhere}}", "", "nowhere"),
    ("author: {name: Ann, affiliation: {city: ''}}", "", "without a name"),
    ("author: {name: Ann, roles: writing}", "", "roles"),
    ("author: {name: Ann, affiliation: {name: A, ringgold: 1}}", "", "ringgold"),
    ("author: {name: 7}", "", "name"),
]


@pytest.mark.parametrize(("book", "more", "words"), WRONG, ids=[row[0] for row in WRONG])
def test_what_is_refused(small_book, book, more, words):
    with pytest.raises(BookError) as error:
        configured(small_book, book, more).project()
    fault = error.value.faults[0]
    assert (fault.file, fault.line) == ("_quarto.yml", 2)
    assert words in fault.message


RECORDS = [
    {"name": "Ann Author", "affiliation": [{"id": "here", "name": "Here", "city": "Town"}, "There"]},
    {"name": {"given": "Ludwig", "dropping-particle": "van", "family": "Beethoven"}, "affiliations": {"ref": "here"}},
    "Carl",
]


def test_records_of_authors():
    ann, ludwig, carl = people.authors(RECORDS)
    assert ann.affiliations == ("Here, Town", "There")
    assert (ludwig.name, ludwig.affiliations) == ("Ludwig van Beethoven", ("Here, Town",))
    assert (carl.name, carl.plain, ann.plain) == ("Carl", True, False)
    assert people.authors("Dora")[0].name == "Dora"


def test_every_format_names_the_authors(specimen):
    with zipfile.ZipFile(specimen.output / "A-specimen.epub") as archive:
        title = archive.read("EPUB/text/title_page.xhtml").decode()
        package = archive.read("EPUB/content.opf").decode()
    for words in ("Ben Writer", "Specimens, Example University, Town", "mailto:ben@example.org", "February 29, 2024"):
        assert words in title
    assert ">Ben Writer</dc:creator>" in package
    assert ">2024-02-29</dc:date>" in package
    head = pdf._head(specimen.project())
    assert 'authors: ("Ann Author", "Ben Writer", )' in head
    assert 'about: ("Specimens, Example University, Town", "Corresponding author", )' in head


def test_names_alone_are_listed_in_a_line(small_book):
    made = configured(small_book, "author: [Ann, 'Ben <b>']")
    made.render("html")
    assert '<p class="cover-authors">Ann, Ben &lt;b&gt;</p>' in made.page("index")
