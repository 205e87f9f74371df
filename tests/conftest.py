"""What concerns all tests: how many processes run them, in which order, and the finished book in a real browser.

The book is rendered once a process (from the cache where it can be), for the tests that ask for it: `site` is its
folder, `address` where it is served, `page` a page of a browser. Without Chromium such tests are skipped, but not in
CI, which has to have one.
"""

from __future__ import annotations

import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # most tests want no browser
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[1]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
CONTRASTS = (Path(__file__).parent / "contrasts.js").read_text()


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are processors: many tests wait, for a browser, a kernel or a time limit."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The many short tests of the module come last, so that no process waits for a long one at the end."""
    items.sort(key=lambda item: "autodiff" in item.nodeid)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the book's pages."""
    output = tmp_path_factory.mktemp("book") / "_book"
    command = [sys.executable, "-m", "book", "render", "--to", "html", "--output", str(output)]
    subprocess.run(command, cwd=ROOT, check=True)
    return output


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
