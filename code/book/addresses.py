"""What HTML and SVG ask for: the addresses in them, and the scripts that a page may not hold.

A book brings along all that it shows. A picture or a style from elsewhere would tell others who reads it, be gone one
day, and have pandoc go and fetch it for the EPUB. Links are no matter: a reader follows them or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import NamedTuple

LOADING = {
    "src", "srcset", "href", "xlink:href", "poster", "data", "action", "formaction", "background", "ping",
}  # fmt: skip
"""The attributes whose address a browser asks for by itself, or sends something to."""
LINKING = {"a", "area"}
"""The elements whose ``href`` waits for a reader."""
IN_STYLES = re.compile(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""", re.IGNORECASE)
IN_SETS = re.compile(r"(?:^|,)\s*([^\s,]+)")
NO_PLACE = r"\s*(?:data|blob|mailto|tel):"
OUTSIDE = re.compile(rf"(?!{NO_PLACE})\s*(?:[a-z][a-z0-9+.-]*:|[/\\]{{2}})", re.IGNORECASE)
CODE = re.compile(r"\s*javascript:", re.IGNORECASE)
SUSPECT = [
    re.compile(signs)
    for signs in (
        *("<script", "javascript:", "@import", "src", "poster", "action", "background", "ping", r"data\s*="),
        *(r"on(?<=[\s/\"']on)\w+\s*=", r"href\s*=\s*(?![\"']?#)", r"url\((?!\s*[\"']?#)"),
    )
]
"""One of them stands, in small letters, in a text that anything is found in. Most drawings are long and have none; each
begins with letters, which makes them quick to look for."""

SCRIPT_MEND = "put it in a file under project: resources: and write <script defer src=…>"
COPY_MEND = "keep a copy in images/ or assets/ and name that"


class Asked(NamedTuple):
    """Something that is asked for."""

    tag: str
    attribute: str
    address: str
    line: int

    @property
    def outside(self) -> bool:
        return bool(OUTSIDE.match(self.address))

    @property
    def inside(self) -> bool:
        """Whether it names a place in the book."""
        return not self.outside and not re.match(NO_PLACE, self.address, re.IGNORECASE)

    @property
    def waits(self) -> bool:
        """Whether it is a link, which nothing follows by itself."""
        return self.tag in LINKING and self.attribute.endswith("href")


class Markup(HTMLParser):
    """What a piece of HTML or SVG offers (identifiers), asks for, and would run, with the lines of the last two."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.offered: set[str] = set()
        self.asked: list[Asked] = []
        self.scripts: list[tuple[str, int]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        line = self.getpos()[0]
        names = {name for name, _ in attrs}
        if tag == "script" and "src" not in names and ("type", "application/json") not in attrs:
            self.scripts.append(("<script>", line))
        for name, value in attrs:
            if name.startswith("on") or CODE.match(value or ""):
                self.scripts.append((name, line))
            elif name == "id" and value:
                self.offered.add(value)
            elif name == "style":
                self._style(tag, value or "")
            elif name in LOADING and value:
                addresses = IN_SETS.findall(value) if name == "srcset" else [value]
                self.asked += [Asked(tag, name, address, line) for address in addresses]

    def handle_data(self, data: str) -> None:
        if self.lasttag == "style":
            self._style("style", data)

    def _style(self, tag: str, text: str) -> None:
        line = self.getpos()[0]
        self.asked += [Asked(tag, "style", url or imported, line) for url, imported in IN_STYLES.findall(text)]


class Finding(NamedTuple):
    """Something in HTML or SVG that a book does not take."""

    rule: str
    message: str
    mend: str
    needle: str
    """What stands at its place."""
    line: int


def findings(text: str) -> Iterator[Finding]:
    """What a piece of HTML or SVG may not do in a book: run a script of its own, load something from elsewhere.

    >>> [found.message for found in findings('<p><a href="https://a.org">a</a> <img src="//b.org/c.png"></p>')]
    ['<img> loads //b.org/c.png from outside of the book']
    """
    small = text.lower()
    if not any(signs.search(small) for signs in SUSPECT):
        return
    markup = Markup(text)
    for what, line in markup.scripts:
        yield Finding("unsupported", f"a script inside of a page ({what})", SCRIPT_MEND, what.strip("<>"), line)
    for asked in markup.asked:
        if asked.outside and not asked.waits:
            message = f"<{asked.tag}> loads {asked.address:.80} from outside of the book"
            yield Finding("external", message, COPY_MEND, asked.address, asked.line)
