"""Explorables in a real browser, opened from disk: what they say is what Python says, however one got there.

`cases.py` lists them. That no page asks for anything from elsewhere, is wider than a phone or too pale in either theme,
tests/book/test_browser.py says of all pages, explorables included.
"""

from __future__ import annotations

import random
import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from .cases import EXPLORABLES, number

each = pytest.mark.parametrize(("name", "case"), EXPLORABLES.items(), ids=EXPLORABLES)


@pytest.fixture
def url(site):
    """The address of the page that an explorable stands on, which is a file."""
    return lambda case: (site / "chapters" / f"{case.chapter}.html").as_uri()


@pytest.fixture(scope="module")
def told():
    """What the words of an explorable must hold in a state; its data are made once."""
    made = {name: case.data() for name, case in EXPLORABLES.items()}
    return lambda name, state: EXPLORABLES[name].says(made[name], state)


def expect_words(element, fragments):
    for fragment in fragments:
        expect(element.locator("output")).to_contain_text(fragment)


def query(state):
    return re.compile(re.escape(f"?{urlencode(state)}") + "$")


@each
def test_it_says_what_python_says(page, url, told, name, case):
    page.goto(url(case))
    element = page.locator(name)
    expect_words(element, told(name, case.start))
    before = page.evaluate("history.length")
    for control, keys, state in case.moves:
        wanted = element.get_by_label(control, exact=True)
        for key in keys.split():
            wanted.press(key)
        expect_words(element, told(name, state))
        expect(page).to_have_url(query(state))
    assert page.evaluate("history.length") == before, "states are no places to go back to"
    assert page.complaints == []
    assert [found for found in page.requests if not found.startswith(("file:", "data:", "blob:"))] == []


@each
def test_an_address_brings_a_state_back(page, url, told, name, case):
    page.goto(f"{url(case)}#{name}?{urlencode(case.linked)}")
    element = page.locator(name)
    expect_words(element, told(name, case.linked))
    expect(element).to_be_in_viewport()
    page.evaluate("location.hash = 'main'")
    expect_words(element, told(name, case.linked))
    page.evaluate(f"location.hash = '{name}?{urlencode(case.start)}'")
    expect_words(element, told(name, case.start))


@each
def test_an_address_that_makes_no_sense_is_left_alone(page, url, told, name, case):
    nonsense = dict.fromkeys(case.start, "1e9") | {"other": "1"}
    page.goto(f"{url(case)}#{name}?{urlencode(nonsense)}")
    expect_words(page.locator(name), told(name, case.start))
    assert page.complaints == []


@each
@pytest.mark.parametrize("width", [390, 1280])
def test_everything_has_a_name_a_size_and_its_place(page, url, name, case, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(url(case))
    element = page.locator(name)
    expect(page.get_by_role("group", name=element.locator(".title").inner_text(), exact=True)).to_be_visible()
    nameless, small, outside = element.evaluate("""(root) => {
      const about = (node) => node.outerHTML.slice(0, 120);
      const box = root.getBoundingClientRect();
      const controls = [...root.querySelectorAll("input, button, select")];
      const named = (node) => node.ariaLabel || node.labels?.[0]?.textContent.trim() || node.textContent.trim();
      const low = (node) => (node.closest("label") ?? node).getBoundingClientRect().height < 40;
      const drawn = [...root.querySelectorAll("svg:not([aria-hidden])")];
      const out = (node) => {
        const place = node.getBoundingClientRect();
        return place.left < box.left || place.right > box.right || place.top < box.top || place.bottom > box.bottom;
      };
      return [
        [...controls.filter((node) => !named(node)), ...drawn.filter((node) => !node.ariaLabel)].map(about),
        controls.filter(low).map(about),
        [...root.querySelectorAll("text, input, button, p, label")].filter(out).map(about),
      ];
    }""")
    assert (nameless, small, outside) == ([], [], [])


@each
def test_without_scripts_it_says_so_and_nothing_else(browser, url, name, case):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url(case))
    expect(page.locator(name)).to_contain_text("where JavaScript may run")
    expect(page.locator(f"{name} :is(input, button, svg, output)")).to_have_count(0)
    context.close()


def test_numbers_are_written_as_in_the_text(page, url):
    page.goto(url(EXPLORABLES["step-size"]))
    chosen = random.Random(5)
    values = [
        0,
        1,
        -3,
        999,
        1000,
        0.01,
        0.0099,
        *(chosen.uniform(-1, 1) * 10 ** chosen.uniform(-20, 6) for _ in range(200)),
    ]
    for digits in (1, 2, 4):
        written = page.evaluate(
            "([values, digits]) => values.map((v) => Explorable.number(v, digits))", [values, digits]
        )
        assert written == [number(value, digits) for value in values]
