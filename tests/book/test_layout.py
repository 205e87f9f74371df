"""What only a browser can tell of the pages: how wide things are, what shows when something is pointed at."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

CODE = "```python\nx = 1  # <1>\ny = 2  # <2>\n```\n\n1. The *first*\n2. The second\n"
WIDTHS = """() => Object.fromEntries([...document.querySelectorAll("article > :is(p, .column)")].map(
  (element) => [element.className, [element.getBoundingClientRect().left, element.getBoundingClientRect().right]]))"""


def test_columns_reach_beyond_the_text(specimen, page):
    page.goto((specimen.output / "chapters" / "wider.html").as_uri())
    sides = page.evaluate(WIDTHS)
    left, right = sides[""]
    for name, on_left, on_right in (
        ("column column-page", True, True),
        ("column column-page-inset", True, True),
        ("column column-body-outset-left", True, False),
    ):
        assert (sides[name][0] < left, sides[name][1] > right) == (on_left, on_right), name
    assert sides["column column-page"][1] - right > sides["column column-page-inset"][1] - right > 100


@pytest.mark.parametrize("width", [1280, 1000, 700, 390])
def test_columns_fit_the_window(specimen, page, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((specimen.output / "chapters" / "wider.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("style", ["hover", "select"])
def test_notes_show_where_their_number_is(small_book, page, style):
    book = small_book(f"---\ncode-annotations: {style}\n---\n\n# One\n\n{CODE}")
    book.render("html")
    page.goto((book.output / "one.html").as_uri())
    note = page.locator(".annotation-note")
    expect(page.locator("ol.annotations")).to_be_hidden()
    expect(note).to_be_hidden()
    numbers = page.locator("button.annotation")
    for number, words in ((0, "The first"), (1, "The second")):
        (numbers.nth(number).hover if style == "hover" else numbers.nth(number).click)()
        expect(note).to_have_text(words)
    if style == "select":
        numbers.nth(1).click()
    else:
        page.mouse.move(5, 5)
    expect(note).to_be_hidden()
    assert "1" not in page.locator("code").inner_text().replace("x = 1", "")
