"""Questions that can be asked of a book without rendering it, and of a rendered one.

The faults of the sources are those that a render would tell: labels, references, citations, pictures, equations,
captions, what is not supported. To them come what panache finds in the syntax, entries of the bibliography that
nobody cites or that lead nowhere, and the book's own rules (`house`). Nothing is run; what cells print is known from
the last render. Of a finished book every link is followed, once its sources are in order.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from book import citations, house, publish
from book.addresses import COPY_MEND, Markup
from book.errors import BookError, Fault
from book.manuscript import manuscripts
from book.project import Project
from book.render import examined


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
    _, faults = examined(project, book, known, project.formats)
    if all(item.results is not None for item in book):
        cited = {citation["id"] for item in book for citation in item.summary["citations"]}
        unused = sorted(set(known) - cited)
        faults += [_entry(project, name, "unused-citation", "nobody cites", "cite it or remove it") for name in unused]
    mend = "give it a doi, eprint, url or isbn; or list it as printed-only in pyproject.toml"
    rules = house.of(project)
    lost = {name for name, entry in known.items() if WAYS.isdisjoint(entry)} - {*rules.get("printed-only", ())}
    faults += [_entry(project, name, "missing-doi", "there is no way to", mend) for name in sorted(lost)]
    return [*faults, *house.faults(project, book, rules), *syntax(project)]


WAYS = {"DOI", "URL", "ISBN"}
"""What leads from an entry of the bibliography to the thing itself; an eprint becomes a URL."""


def _entry(project: Project, name: str, rule: str, message: str, mend: str) -> Fault:
    """A warning about an entry of the bibliography."""
    for path in project.bibliography:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if name in line:
                file = path.relative_to(project.root).as_posix()
                return Fault(file, number, rule, f"{message} {name}", mend, warning=True)
    return Fault("bibliography", 0, rule, f"{message} {name}", mend, warning=True)


NOT_ASKED = "missing-chunk-labels,citation-nonbreaking-space,undefined-references"
"""Rules of panache's that ask for what this renderer and Quarto do not need, or do not see all of a book."""

DIAGNOSTIC = re.compile(r"^(?P<file>.+):(?P<line>\d+):\d+: \w+\[(?P<rule>[\w-]+)\]: (?P<message>.+)$", re.MULTILINE)


def syntax(project: Project) -> Iterator[Fault]:
    """What panache, a linter of Quarto's Markdown, has to say of the sources."""
    program = shutil.which("panache", path=Path(sys.executable).parent)
    if program is None:
        yield Fault("panache", 0, "not-installed", "the syntax is not checked", "pip install panache-cli", warning=True)
        return
    files = [chapter.path for chapter in project.chapters if chapter.path.endswith(".qmd")]
    command = [program, "--no-cache", "lint", "--message-format", "short", "--ignore", NOT_ASKED, *files]
    done = subprocess.run(command, cwd=project.root, capture_output=True, text=True, check=False)
    for found in DIAGNOSTIC.finditer(done.stdout + done.stderr):
        file = Path(found["file"]).relative_to(project.root).as_posix()
        mend = f"https://panache.bz/reference/linter-rules.html#{found['rule']}"
        yield Fault(file, int(found["line"]), f"panache-{found['rule']}", found["message"], mend, warning=True)


def pages(output: Path) -> Iterator[Fault]:
    """The links of a finished book that lead nowhere, and what its pages would fetch from outside."""
    found = {path: Markup(path.read_text(encoding="utf-8")) for path in sorted(output.rglob("*.html"))}
    for path, page in found.items():
        name = f"{output.name}/{path.relative_to(output).as_posix()}"
        for asked in page.asked:
            address, line = asked.address, asked.line
            if asked.outside and not asked.waits:
                yield Fault(name, line, "external-request", f"the page fetches {address}", COPY_MEND)
            if not asked.inside or asked.attribute not in ("src", "href"):
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
