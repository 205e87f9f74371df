"""What all formats do alike when they turn the canonical form of a chapter into pandoc's own nodes.

A format is a table: the name of a construct → a function of the opened construct and the page it stands on, which
returns nodes. Children are lowered before their parents.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

from book import tree
from book.crossref import NBSP, Index, Target
from book.notes import as_list
from book.project import SOURCES, Chapter
from book.tree import Construct, Node, Nodes

Table = Mapping[str, Callable[[Construct, "Page"], Node | Nodes]]

CALLOUT_TITLES = {
    "note": "Note", "tip": "Tip", "warning": "Warning", "important": "Important", "caution": "Caution"
}  # fmt: skip


@dataclass
class Page:
    """A chapter on its way into a format: everything that its constructs ask for."""

    chapter: Chapter
    index: Index
    citations: dict[str, Nodes] = field(default_factory=dict)
    """Each citation of the chapter by `citation_key`, as citeproc words it."""
    bibliography: Nodes = field(default_factory=list)
    """The list of references, where it stands on this page."""
    places: dict[str, Chapter] = field(default_factory=dict)
    """The chapters by path."""
    references_at: Chapter | None = None
    """The chapter that holds the list of references in this format; None where it stands at the book's end."""
    picture: Callable[[Node, Page], Node | Nodes] = lambda node, page: node
    """What the format makes of an image."""
    drawings: dict[str, str] = field(default_factory=dict)
    """What stands in the text for each drawing of a page, and the drawing."""
    count: int = 0
    """A number that grows: for identifiers that must differ on a page."""

    @property
    def form(self) -> str:
        return self.index.form

    def next(self) -> int:
        self.count += 1
        return self.count

    def target(self, ident: str) -> Target | None:
        return self.index.targets.get(ident)

    def heading(self, found: Construct) -> str:
        """``Figure 1.2`` or ``(a)`` for a float or theorem; empty where it has no number."""
        if target := self.target(found.ident):
            return target.heading
        return f"({found.pairs['letter']})" if found.pairs.get("letter") else ""

    def name(self, chapter: Chapter, ident: str) -> str:
        """The identifier that something has in this format.

        Where all chapters stand in one file, what is no label of ours gets the chapter's name before it: every
        chapter may have a heading "Summary".
        """
        if self.form == "html" or ident in self.index.targets or ident.startswith("ref-"):
            return ident
        return f"{self._prefix(chapter)}{ident}"

    @staticmethod
    def _prefix(chapter: Chapter) -> str:
        return re.sub(r"[^\w.-]+", "-", chapter.stem) + "--"

    def anchor(self, chapter: str, ident: str) -> str:
        """The address of something in a chapter, as links on this page write it."""
        place = self.places[chapter]
        if self.form != "html":
            return f"#{self.name(place, ident or self.index.openings[chapter])}"
        page = "" if chapter == self.chapter.path else relative(place.page, self.chapter.page)
        return f"{page}#{ident}" if ident else page


def relative(target: str, page: str) -> str:
    """The address of a file of the built book, seen from a page.

    >>> relative("images/a b.svg", "chapters/x.html")
    '../images/a%20b.svg'
    """
    return quote(posixpath.relpath(target, posixpath.dirname(page) or "."))


def citation_key(citation: Node) -> str:
    """What a citation says, without its place: equal citations are worded alike."""
    parts = [
        [item["citationId"], item["citationMode"]["t"], item["citationPrefix"], item["citationSuffix"]]
        for item in citation["c"][0]
    ]
    return json.dumps(parts, sort_keys=True)


def lower(blocks: Nodes, table: Table, page: Page, extra: Mapping[str, tree.Rule] | None = None) -> Nodes:
    """A chapter in pandoc's own nodes. ``extra`` adds rules for pandoc's nodes or replaces those here."""
    rules: dict[str, tree.Rule] = {
        "Header": lambda node: heading(node, page),
        "Cite": partial(_cite, page, (extra or {}).get("Math", lambda node: node)),
        "Link": partial(_link, page),
        "Image": lambda node: page.picture(node, page),
        "Span": partial(_anchor, page),
        **(extra or {}),
    }
    functions = {name: partial(_call, function, page) for name, function in table.items()}
    return tree.lower(blocks, functions, rules)


def _call(function: Callable[[Construct, Page], Any], page: Page, found: Construct) -> Any:
    return function(found, page)


def heading(node: Node, page: Page) -> Node:
    """A heading with its number before it."""
    level, (ident, classes, pairs), inlines = node["c"]
    name = page.name(page.chapter, ident)
    number = page.index.sections[page.chapter.path].get(ident, "")
    if number:
        word = "Appendix " if level == 1 and page.chapter.kind == "appendix" else ""
        mark = tree.span([tree.text(f"{word}{number}")], classes=["header-section-number"])
        inlines = [mark, tree.SPACE, *inlines]
    return {"t": "Header", "c": [level, [name, classes, pairs], inlines]}


def _anchor(page: Page, node: Node) -> Node:
    (ident, classes, pairs), inlines = node["c"]
    return {"t": "Span", "c": [[page.name(page.chapter, ident) if ident else "", classes, pairs], inlines]}


def _cite(page: Page, math: tree.Rule, node: Node) -> Node | Nodes:
    """A citation as citeproc words it; formulas in it (a theorem's constant, say) as elsewhere in this format."""
    worded = page.citations.get(citation_key(node))
    if worded is None:
        return node
    rules: dict[str, tree.Rule] = {"Cite": lambda cite: cite["c"][1], "Math": math}
    linked = tree.transform(worded, {**rules, "Link": partial(_link_to_entry, page)})
    return tree.span(linked, classes=["citation"])


def _link_to_entry(page: Page, node: Node) -> Node | Nodes:
    _, inlines, (target, title) = node["c"]
    if not target.startswith("#ref-"):
        return node
    address = page.anchor(page.references_at.path, target[1:]) if page.references_at else target
    return {"t": "Link", "c": [["", ["citation"], []], inlines, [address, title]]}


def _link(page: Page, node: Node) -> Node:
    """Links to other sources become links to what is made of them."""
    attributes, inlines, (target, title) = node["c"]
    path, _, ident = target.partition("#")
    if path.endswith(SOURCES) and "://" not in path:
        chapter = source_of(path, page.chapter)
        if chapter in page.places:
            target = page.anchor(chapter, ident)
    elif not path and ident and not ident.startswith("ref-"):
        target = page.anchor(page.chapter.path, ident)
    return {"t": "Link", "c": [attributes, inlines, [target, title]]}


def source_of(address: str, chapter: Chapter) -> str:
    """The source that a link in a chapter names, relative to the book's folder."""
    path = unquote(address)
    if path.startswith("/"):
        return path[1:]
    return posixpath.normpath(str(PurePosixPath(chapter.path).parent / path))


# Constructs that need nothing of a format


def when(found: Construct, page: Page) -> Nodes:
    return found.children if page.form in found.pairs["formats"].split() else []


def children(found: Construct, page: Page) -> Nodes:
    return found.children


def part(found: Construct, page: Page) -> Node:
    """A construct that is a part of another one, which will ask for it."""
    maker = tree.make if found.name in PARTS else tree.make_inline
    return maker(found.name, found.children, found.ident, **found.pairs)


PARTS = ("title", "caption", "tab", "annotation")


def notes(found: Construct, page: Page) -> Node:
    return as_list(found)


def reference(found: Construct, page: Page) -> Node | Nodes:
    """A reference: the words that its target and the way it is written ask for, linked."""
    target = page.target(found.pairs["to"])
    if target is None:
        return [tree.text(f"?{found.pairs['to']}")]
    mode = found.pairs["mode"]
    if mode == "prefix":
        words = [*found.children, tree.text(NBSP), tree.text(target.mention(page.form, "bare"))]
    else:
        words = [tree.text(target.mention(page.form, mode))]
    return tree.link(words, page.anchor(target.chapter, target.label), ["ref"]) if page.index.style.linked else words


def lead_in(head: Nodes, body: Nodes) -> Nodes:
    """Blocks that begin with some words, in their first paragraph where there is one."""
    if body and body[0]["t"] in ("Para", "Plain"):
        return [{"t": "Para", "c": [*head, tree.SPACE, *body[0]["c"]]}, *body[1:]]
    return [tree.para(head), *body]


def theorem_head(found: Construct, page: Page) -> Nodes:
    """``Theorem 1.1 (Title)`` in bold."""
    title = found.part("title")
    named = [tree.SPACE, tree.text("("), *title, tree.text(")")] if title else []
    return [tree.strong([tree.text(page.heading(found)), *named])]


def proof_head(found: Construct, page: Page) -> Nodes:
    """``Proof.`` in italics, or what the proof is called."""
    return [{"t": "Emph", "c": [*(found.part("title") or [tree.text(found.pairs["word"])]), tree.text(".")]}]


def callout_title(found: Construct, page: Page) -> Nodes:
    """``Tip 1.1: Title``, less the number or the title where there is none; at least ``Tip``."""
    title, heading = found.part("title"), page.heading(found)
    if not heading:
        return title or [tree.text(CALLOUT_TITLES[found.pairs["kind"]])]
    return [tree.text(f"{heading}{page.index.style.delimiter}"), tree.SPACE, *title] if title else [tree.text(heading)]


def captioned(found: Construct, page: Page) -> Nodes:
    """A caption with its number before it; empty where there is neither."""
    heading, caption = page.heading(found), found.part("caption")
    if not heading:
        return caption
    mark = heading if found.pairs.get("letter") else f"{heading}{page.index.style.delimiter}"
    return [tree.span([tree.text(mark)], classes=["caption-number"]), *([tree.SPACE, *caption] if caption else [])]


COMMON: Table = {
    "shown": children,
    "when": when,
    "title": part,
    "caption": part,
    "tab": part,
    "annotation": part,
    "ref": reference,
}
