"""Questions that can be asked of a book without rendering it, and of a rendered one.

The faults of the sources are those that a render would tell: labels, references, citations, pictures, equations,
captions, what is not supported. Nothing is run; what cells print is known from the last render. Of a finished book
every link is followed, once its sources are in order.
"""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from book import citations, publish
from book.errors import BookError, Fault
from book.manuscript import manuscripts, numbered
from book.project import Project


def check(project: Project) -> list[Fault]:
    """Everything that is wrong with a book, in the order of its files."""
    faults: list[Fault] = []
    try:
        faults += sources(project)
    except BookError as error:
        faults += error.faults
    if publish.ledger(project.output) and all(fault.warning for fault in faults):
        faults += pages(project.output)
    return sorted(set(faults))


def sources(project: Project) -> list[Fault]:
    """What is wrong with the sources. Raises `BookError` where they cannot be read."""
    book = manuscripts(project, run=())
    known = citations.entries(project)
    faults = [fault for item in book for fault in item.faults]
    for item in book:
        faults += citations.faults(project, item.chapter.path, item.summary["citations"], known)
    for form in project.formats:
        faults += numbered(project, book, form)[1]
    if all(item.results is not None for item in book):
        cited = {citation["id"] for item in book for citation in item.summary["citations"]}
        faults += [_unused(project, name) for name in sorted(set(known) - cited)]
    return faults


def _unused(project: Project, name: str) -> Fault:
    for path in project.bibliography:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if name in line:
                file = path.relative_to(project.root).as_posix()
                message = f"nobody cites {name}"
                return Fault(file, number, "unused-citation", message, "cite it or remove it", warning=True)
    return Fault("bibliography", 0, "unused-citation", f"nobody cites {name}", warning=True)


ADDRESSES = {"a": "href", "img": "src", "link": "href", "script": "src", "use": "href", "source": "src"}
"""The elements that ask for something else, and the attribute that says for what."""


class _Page(HTMLParser):
    """What a page offers (identifiers) and asks for (addresses, with their lines)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.offered: set[str] = set()
        self.asked: list[tuple[str, str, int]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pairs = dict(attrs)
        if ident := pairs.get("id"):
            self.offered.add(ident)
        if address := pairs.get(ADDRESSES.get(tag, "")):
            self.asked.append((tag, address, self.getpos()[0]))


def pages(output: Path) -> Iterator[Fault]:
    """The links of a finished book that lead nowhere, and what its pages would fetch from outside."""
    found = {path: _Page(path.read_text(encoding="utf-8")) for path in sorted(output.rglob("*.html"))}
    for path, page in found.items():
        name = f"{output.name}/{path.relative_to(output).as_posix()}"
        for tag, address, line in page.asked:
            if "://" in address or address.startswith("//"):
                if tag != "a":
                    message = f"the page fetches {address}"
                    yield Fault(name, line, "external-request", message, "keep a copy in assets/")
                continue
            if address.startswith(("mailto:", "data:")):
                continue
            file, _, ident = address.partition("#")
            target = (path.parent / unquote(file)).resolve() if file else path
            target = target / "index.html" if target.is_dir() else target
            if not target.exists():
                yield Fault(name, line, "broken-link", f"a link to {address}, which is not there", "mend the address")
            elif ident and target in found and unquote(ident) not in found[target].offered:
                yield Fault(
                    name,
                    line,
                    "broken-link",
                    f"a link to {address}: there is no such place on that page",
                    "mend the address",
                )
