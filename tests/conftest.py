"""What concerns all tests: how many processes run them, in which order, and the finished book in a real browser.

The book is rendered once (from the cache where it can be), for the tests that ask for it: `whole_book` is its folder,
`site` a copy of it, `address` where that is served, `page` a page of a browser. Without Chromium tests of pages are
skipped, but not in CI, which has to have one.

A file's tests run in one process (`--dist loadfile`), which makes what they share once.
"""

from __future__ import annotations

import functools
import gc
import http.server
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # most tests want no browser
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[1]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
LONGEST = {"test_repeatable", "test_notebooks", "test_explorables"}
CONTRASTS = (Path(__file__).parent / "contrasts.js").read_text()


def pytest_configure() -> None:
    """Interruptions can be tested: what a shell runs in the background ignores them, and so would its children."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)  # a Python with the peers may be without pytest-xdist
def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are processors: many tests wait, for a browser, a kernel or a time limit."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in an order that leaves no process alone with a long one at the end; the module's are many and short."""
    tests = Counter(item.path for item in items)

    def place(item: pytest.Item) -> tuple[bool, bool, int]:
        return item.path.stem not in LONGEST, "autodiff" in item.path.parts, -tests[item.path]

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """What was collected lasts to the end: the collector of garbage need not look through it each time."""
    gc.freeze()


@pytest.fixture(scope="session")
def whole_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the book in all formats, to be left as it is.

    Test processes share it: the first one renders it, others wait. It comes into being in one step.
    """
    shared = tmp_path_factory.getbasetemp()
    output = (shared.parent if os.environ.get("PYTEST_XDIST_WORKER") else shared) / "whole book"
    if not output.exists():
        command = [sys.executable, "-m", "book", "render", "--output", str(output)]
        settings = {"PYTHONPATH": str(ROOT / "code"), "SOURCE_DATE_EPOCH": "1700000000"}
        subprocess.run(command, cwd=ROOT, env={**os.environ, **settings}, check=True, umask=0o022)
    return output


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, whole_book: Path) -> Path:
    """The folder of the book's pages."""
    return shutil.copytree(whole_book, tmp_path_factory.mktemp("book") / "_book")


@pytest.fixture(scope="session")
def pages(site: Path) -> list[str]:
    """Every page's address below the site's, in the order of the book."""
    links = re.findall(r'<li><a href="([^"#]+\.html)"', (site / "index.html").read_text())
    assert links[0] == "index.html"
    return links


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the site is served."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of a module. It holds an event loop, in which no other test could run kernels."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        missing = "no Chromium on this machine (Debian: apt-get install chromium)"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that remembers in `complaints` what went wrong on it and in `requests` what it asked for."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.complaints, opened.requests = [], []
    opened.on("console", lambda message: message.type == "error" and opened.complaints.append(message.text))
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.on("requestfailed", lambda request: opened.complaints.append(f"{request.url} failed"))
    opened.on("request", lambda request: opened.requests.append(request.url))
    yield opened
    context.close()


@pytest.fixture
def too_pale() -> Callable[..., list[str]]:
    """Gives the texts on a page (in one element of it) that stand out from their ground by less than 4.5 to 1."""
    return lambda page, within="body": page.evaluate(CONTRASTS, within)
