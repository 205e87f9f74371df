"""The book while it is being written: served on this machine, rendered anew on every change, shown at once.

Pages come from the output folder as they are, with one script added on their way out. The script holds a stream of
events open: a new state of the book reloads the page, faults are laid over it. A page that was good stays on the
screen until there is a better one.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from book import publish
from book.errors import BookError, Fault, fail
from book.project import CONFIG, Project
from book.render import Outcome, is_input

HOST = "127.0.0.1"
OWN = "/.preview/"
"""The addresses that the preview answers itself; no file of a book is hidden, so none is in the way."""

HEARTBEAT = 15.0
"""Seconds after which a silent stream says something, to find out whether anybody listens."""

WAITING = "<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Preview</title><p>This page is not rendered yet.</p>"


class Stage:
    """What the browsers are shown: the state of the book, and what is wrong with its sources."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._shown: dict[str, Any] = {"state": "", "faults": []}
        self._number = 0

    @property
    def state(self) -> str:
        return self._shown["state"]

    def show(self, state: str, faults: Iterable[Fault]) -> None:
        with self._changed:
            self._shown = {"state": state, "faults": [str(fault) for fault in faults]}
            self._number += 1
            self._changed.notify_all()

    def follow(self) -> Iterator[dict[str, Any] | None]:
        """What is shown, now and whenever it changes; None where nothing changed for a while."""
        seen = -1
        while True:
            with self._changed:
                if self._number == seen:
                    self._changed.wait(HEARTBEAT)
                news = self._number != seen
                seen, shown = self._number, self._shown
            yield shown if news else None


class Handler(SimpleHTTPRequestHandler):
    """Answers from the output folder, to this machine's own browsers alone."""

    protocol_version = "HTTP/1.1"
    server: Server

    def __init__(self, *args: Any) -> None:
        super().__init__(*args, directory=str(args[2].output))

    def do_GET(self) -> None:
        if self._refused():
            return
        path = urlsplit(self.path).path
        if path == f"{OWN}events":
            self._events()
        elif path == f"{OWN}preview.js":
            self._send(HTTPStatus.OK, "text/javascript", self.server.script)
        elif (page := self._page(path)) is not None:
            self._send(*page)
        else:
            super().do_GET()

    def do_HEAD(self) -> None:
        if not self._refused():
            super().do_HEAD()

    def _refused(self) -> bool:
        """Whether a request is not for us: another site's script that got our address by DNS, a way out of the book."""
        steps = unquote(urlsplit(self.path).path).replace("\\", "/").split("/")
        if self.headers.get("Host", "").partition(":")[0] not in (HOST, "localhost"):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST, "Preview answers to 127.0.0.1 and localhost only")
        elif ".." in steps or "\0" in "".join(steps):
            self.send_error(HTTPStatus.BAD_REQUEST, "No way leads out of the book")
        elif steps[-1].startswith("."):
            self.send_error(HTTPStatus.NOT_FOUND, "There is no such page")
        else:
            return False
        return True

    def _page(self, address: str) -> tuple[HTTPStatus, str, bytes] | None:
        """A page with the script in it; None for what is no page."""
        file = Path(self.translate_path(address))
        if file.is_dir() and address.endswith("/"):
            file /= "index.html"
        if file.suffix != ".html":
            return None
        status, text = HTTPStatus.OK, ""
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            status, text = HTTPStatus.NOT_FOUND, WAITING
        script = f'<script defer src="{OWN}preview.js" data-state="{self.server.stage.state}"></script>'
        head, end, rest = text.rpartition("</body>")
        return status, "text/html; charset=utf-8", (head + script + end + rest if end else text + script).encode()

    def _send(self, status: HTTPStatus, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _events(self) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            for shown in self.server.stage.follow():
                message = ": nothing new" if shown is None else f"data: {json.dumps(shown)}"
                self.wfile.write(f"{message}\n\n".encode())
        except OSError:  # the page was closed
            return

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def list_directory(self, path: Any) -> None:
        self.send_error(HTTPStatus.NOT_FOUND, "There is no such page")

    def log_message(self, *args: Any) -> None:
        """Requests are not news."""


class Server(ThreadingHTTPServer):
    """The server of one book."""

    daemon_threads = True

    def __init__(self, port: int, output: Path, stage: Stage) -> None:
        self.output, self.stage = output, stage
        self.script = files("book").joinpath("templates", "preview.js").read_bytes()
        super().__init__((HOST, port), Handler)

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.server_port}/"


@contextmanager
def serving(port: int, output: Path, stage: Stage) -> Iterator[Server]:
    """A server at work. Raises `BookError` where the port is taken."""
    try:
        server = Server(port, output, stage)
    except OSError as error:
        mend = "end that program, or name another port: --port"
        raise fail("preview", 0, "port", f"port {port} cannot be had: {error.strerror}", mend) from None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def preview(
    root: Path,
    port: int,
    rendering: Callable[[], Outcome],
    ready: Callable[[str], object],
    told: Callable[[list[str], Outcome | BookError], object],
) -> None:
    """Serve a book, and render it whenever a file changes that it may be made from, until interrupted.

    ``rendering`` renders its pages. ``ready`` is called once, with the address, when the server answers; ``told``
    after every render, with the files that changed before it and what came of it. Raises `BookError` where there is
    no book, or the port cannot be had.
    """
    import watchfiles

    output = Project(root).output.resolve()
    stage = Stage()
    stage.show(publish.state(output), [])
    changes = watchfiles.watch(
        root, watch_filter=lambda _, path: is_input(root, [output], Path(path)), debounce=400, rust_timeout=500,
        yield_on_timeout=True,
    )  # fmt: skip
    next(changes)  # the watch begins before the first render: a change during it is seen after it
    with serving(port, output, stage) as server:
        ready(server.address)
        names: list[str] = []
        while True:
            outcome = _outcome(rendering)
            stage.show(publish.state(output), outcome.faults if isinstance(outcome, BookError) else outcome.warnings)
            told(names, outcome)
            found = next(filter(None, changes))
            names = sorted({Path(path).relative_to(root).as_posix() for _, path in found})


def _outcome(rendering: Callable[[], Outcome]) -> Outcome | BookError:
    try:
        return rendering()
    except BookError as error:
        return error
    except OSError as error:  # a file that an editor is replacing at this moment; a disk that is full
        return fail(str(error.filename or CONFIG), 0, "system", error.strerror or str(error), "save the file once more")
