"""The finished pages in a real browser: nothing from elsewhere, nothing wider than the window, nothing broken.

tests/conftest.py renders the book, serves it and opens the browser.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect


def test_pages_are_whole_and_ask_nothing_of_others(page, address, pages):
    for name in pages:
        page.goto(address + name, wait_until="networkidle")
    assert page.complaints == []
    assert [url for url in page.requests if not url.startswith((address, "data:", "blob:"))] == []


def test_pages_fit_a_phone(page, address, pages):
    page.set_viewport_size({"width": 390, "height": 844})
    widths = {}
    for name in pages:
        page.goto(address + name)
        page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
        widths[name] = page.evaluate("document.documentElement.scrollWidth")
    assert {name: width for name, width in widths.items() if width > 390} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_readable_in_both_themes(page, address, pages, too_pale, theme):
    page.emulate_media(color_scheme=theme)
    pale = {}
    for name in pages:
        page.goto(address + name)
        pale[name] = too_pale(page)
    assert {name: found for name, found in pale.items() if found} == {}


def test_mathematics_is_drawn_with_the_book_s_own_font(page, address, site, pages):
    chapter = next(name for name in pages if "<math" in (site / name).read_text())
    page.goto(address + chapter, wait_until="networkidle")
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    nodes = session.send("DOM.querySelectorAll", {"nodeId": root, "selector": "article math :is(mi, mn, mo)"})[
        "nodeIds"
    ]
    drawn = {
        (font["familyName"], font["isCustomFont"])
        for node in nodes[:200]
        for font in session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    }
    assert drawn == {("STIX Two Math", True)}


def test_search_finds_a_word_and_leads_to_it(page, address):
    page.goto(address)
    page.keyboard.press("/")
    page.get_by_role("searchbox").fill("differences")
    links = page.locator("dialog ol a")
    expect(links.first).to_be_visible(timeout=15_000)
    links.first.click()
    expect(page.locator("article")).to_contain_text(re.compile("difference", re.IGNORECASE))
    assert page.complaints == []


def test_no_script_in_the_text_runs_and_nothing_comes_from_elsewhere(page, address, site):
    """What the page's policy is for, should a text ever get where it does not belong."""
    intruder = '<script>document.title = "in"</script><img src="https://example.org/a.png" onerror="alert()">'
    bad = site / "intruder.html"
    bad.write_text((site / "index.html").read_text().replace("</main>", f"{intruder}</main>"))
    for place in (address + bad.name, bad.as_uri()):
        page.complaints.clear()
        page.goto(place)
        assert page.title() != "in"
        assert len([text for text in page.complaints if "Content Security Policy" in text]) >= 2
    bad.unlink()


def test_a_chosen_theme_lasts(page, address, pages):
    page.emulate_media(color_scheme="light")
    page.goto(address)
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    page.locator(".theme-button").click()
    after = page.evaluate(ground)
    assert after != before
    page.goto(address + pages[-1])
    assert page.evaluate(ground) == after


def test_the_keyboard_reaches_the_text_first(page, address):
    page.goto(address)
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_links_travel_within_a_page_and_arrive_from_others(page, address, pages):
    page.emulate_media(reduced_motion="no-preference")
    way = "getComputedStyle(document.documentElement).scrollBehavior"
    page.goto(f"{address}{pages[1]}")
    last = page.locator(".toc a").last
    place = last.get_attribute("href")
    page.goto(f"{address}{pages[2]}")
    page.goto(f"{address}{pages[1]}{place}")
    assert page.evaluate(way) == "auto"
    assert page.evaluate("scrollY") > 0
    last.click()
    assert page.evaluate(way) == "smooth"


def test_a_page_opened_from_disk_works(page, site, pages):
    page.goto((site / "index.html").as_uri())
    page.locator(".search-button").click()
    expect(page.locator("dialog [role=status]")).to_contain_text("opened from disk")
    page.keyboard.press("Escape")
    page.locator(".turn .next").click()
    page.wait_for_url(f"**/{pages[1]}")
    assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('16px STIX'))")
    assert page.complaints == []


def test_without_scripts_everything_but_the_search_is_there(browser, address, pages):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(address)
    expect(page.locator(".search-button")).to_be_hidden()
    page.get_by_role("link", name="Contents").click()
    page.locator("#contents li a").nth(1).click()
    page.wait_for_url(f"**/{pages[1]}")
    expect(page.locator("article h1")).to_be_visible()
    context.close()
