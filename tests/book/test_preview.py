"""The preview: what it shows after a change and after a mistake, and to whom it answers."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect


@pytest.fixture
def previewed(small_book):
    """A small book and the preview of it at work: the book, and the address."""
    book = small_book("# One {#sec-one}\n\nThe first words.\n")
    command = [sys.executable, "-m", "book", "preview", "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, cwd=book.root, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    found = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
    assert found
    yield book, found[0]
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130


@pytest.fixture
def ask(previewed):
    """Sends a request as it stands; gives the status and the body."""

    def send(path: str, host: str = "") -> tuple[int, str]:
        place = previewed[1].removeprefix("http://").rstrip("/")
        connection = http.client.HTTPConnection(place, timeout=20)
        connection.putrequest("GET", path, skip_host=True)
        connection.putheader("Host", host or place)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")

    return send


def test_a_change_is_shown_and_a_mistake_is_laid_over_the_last_good_page(previewed, page):
    book, address = previewed
    words, board = page.locator("main p"), page.locator("#preview-faults")
    page.goto(f"{address}one.html")
    expect(words).to_contain_text("The first words.", timeout=30_000)

    book.write("one.qmd", "# One {#sec-one}\n\nThe second words.\n")
    expect(words).to_contain_text("The second words.", timeout=30_000)

    book.write("one.qmd", "# One {#sec-one}\n\nThe third words, of @fig-none and <script>alert(1)</script>.\n")
    expect(board).to_contain_text("one.qmd:3: unknown-reference: nothing is labelled fig-none", timeout=30_000)
    expect(words).to_contain_text("The second words.")

    book.write("one.qmd", "# One {#sec-one}\n\nThe fourth words.\n")
    expect(words).to_contain_text("The fourth words.", timeout=30_000)
    expect(board).to_have_count(0)


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        ("/../_quarto.yml", "", 400),
        ("/%2e%2e/_quarto.yml", "", 400),
        ("/assets/..%5c..%5c_quarto.yml", "", 400),
        ("/%00", "", 400),
        ("/one%00.html", "", 400),
        ("/.book.json", "", 404),
        ("/", "attacker.example", 421),
        ("/", "127.0.0.1.attacker.example", 421),
    ],
)
def test_what_the_preview_refuses(ask, path, host, status):
    code, body = ask(path, host)
    assert code == status
    assert "A small book" not in body


def test_a_taken_port_is_named(previewed, command):
    book, address = previewed
    port = address.rstrip("/").rpartition(":")[2]
    code, _, err = command(book.root, "preview", "--port", port)
    assert code == 1
    assert f"port {port}" in err


def test_the_preview_ends_before_it_begins_where_there_is_no_book(tmp_path: Path, command):
    code, _, err = command(tmp_path, "preview")
    assert code == 1
    assert "_quarto.yml" in err
