"""The outline of a chapter in the canonical form: what is labelled, cited, referred to and shown, and where.

The survey also asks of every figure what it owes to its readers: a caption, an alt text, a file.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from book import formulas, tree
from book.crossref import kind_of
from book.errors import Fault
from book.notebook import Source
from book.outputs import MEDIA
from book.project import SOURCES, Project
from book.tree import Node, Nodes

EVERYWHERE = "html pdf epub notebooks"


@dataclass
class Composed:
    """A chapter in the canonical form."""

    blocks: Nodes
    outline: list[dict[str, Any]]
    """Labels and headings, in the order of the text."""
    references: list[dict[str, Any]]
    citations: list[dict[str, Any]]
    links: list[dict[str, Any]]
    """Links to places in the book: the source (empty for this one), the identifier, the line."""
    anchors: list[dict[str, Any]]
    """Identifiers that links may name."""
    media: list[str]
    refs: str
    """The formats in which the list of references stands here."""
    faults: list[Fault]


class Survey:
    """Draws up the outline of a chapter in the canonical form, and asks of figures what every figure owes."""

    def __init__(self, project: Project, source: Source) -> None:
        self.project, self.source = project, source
        self.outline: list[dict[str, Any]] = []
        self.references: list[dict[str, Any]] = []
        self.citations: list[dict[str, Any]] = []
        self.links: list[dict[str, Any]] = []
        self.anchors: list[dict[str, Any]] = []
        self.media: list[str] = []
        self.formulas: list[tuple[str, int]] = []
        self.labels: set[tuple[str, int]] = set()
        self.refs = ""

    def take(self, blocks: Nodes) -> Composed:
        self.source.goto(1)
        self._visit(blocks, EVERYWHERE, None)
        if not any(event["kind"] == "sec" and event["level"] == 1 for event in self.outline):
            self.source.fault(1, "title", "this chapter has no title", "begin it with # Its title {#sec-…}")
        self._formulas()
        return Composed(
            blocks, self.outline, self.references, self.citations, self.links, self.anchors, sorted(set(self.media)),
            self.refs, self.source.faults,
        )  # fmt: skip

    def _visit(self, item: Any, formats: str, around: tree.Construct | None) -> None:
        """Walk on; ``formats`` are those that see this place, ``around`` is the float that holds it."""
        if isinstance(item, list):
            for child in item:
                self._visit(child, formats, around)
            return
        if not isinstance(item, dict):
            return
        kind = item.get("t")
        if found := tree.construct(item):
            if found.name == "when":
                seen = set(found.pairs["formats"].split())
                formats = " ".join(form for form in formats.split() if form in seen)
            elif found.name == "float":
                around = self._float(item, found, formats, around)
            elif found.name in ("theorem", "callout") and found.ident:
                self._event(found.ident, formats, self.source.locate(f"#{found.ident}"))
            elif found.name == "equation":
                self._event(found.ident, formats, int(found.pairs["line"]))
            elif found.name == "ref":
                place = self.source.at(int(found.pairs["line"]))
                self.references.append({"to": found.pairs["to"], "formats": formats, **place})
            elif found.name == "refs":
                self.refs = formats
            elif found.name == "cell":
                self.source.goto(self.source.cells[int(found.pairs["n"])].line)
            if found.ident:
                self.anchors.append({"id": found.ident, "formats": formats})
            self._visit(found.children, formats, around)
            return
        if kind == "Header":
            self._heading(item, formats)
        elif kind == "Cite":
            self._citation(item, formats)
        elif kind == "Image":
            self._image(item, around)
        elif kind == "Link":
            self._link(item, formats)
        elif kind == "Math":
            self.formulas.append((item["c"][1], self.source.locate()))
        elif kind == "Span" and item["c"][0][0]:
            self.anchors.append({"id": item["c"][0][0], "formats": formats})
        elif kind in ("Para", "Plain") and not around and [inline["t"] for inline in item["c"]] == ["Image"]:
            line = dict(item["c"][0]["c"][0][2]).get("line") or self.source.locate_address(item["c"][0]["c"][2][0])
            self.source.fault(
                int(line), "caption", "a figure without a caption", "say what it shows: ![…](…){#fig-…} or #| fig-cap"
            )
        elif kind == "Str" and item["c"].startswith("{#"):
            self.source.fault(
                self.source.locate(item["c"]),
                "label",
                f"{item['c']} labels nothing here",
                "put it right after the thing",
            )
        self._visit(item.get("c") if "t" in item else list(item.values()), formats, around)

    def _formulas(self) -> None:
        """Refuse what pandoc would print as TeX."""
        refused = formulas.refused(self.project, [tex for tex, _ in self.formulas])
        for tex, before in self.formulas:
            if said := refused.get(formulas.in_a_line(tex)):
                self.source.goto(before)
                line = self.source.locate(tex.strip().split("\n")[0])
                message = f"pandoc cannot convert the formula {formulas.in_a_line(tex):.60}: {said}"
                mend = "write it without that: no macros, no colours, and numbers by {#eq-…} instead of \\tag"
                self.source.fault(line, "formula", message, mend)

    def _event(self, label: str, formats: str, line: int, **more: Any) -> None:
        if label:
            if (label, line) in self.labels:  # a label for the second time is found where it stands for the second time
                self.source.goto(line + 1)
                line = self.source.locate(f"#{label}")
            self.labels.add((label, line))
            place = self.source.at(line)
            self.outline.append({"label": label, "kind": kind_of(label), "formats": formats, **place, **more})

    def _float(self, node: Node, found: tree.Construct, formats: str, around: tree.Construct | None) -> tree.Construct:
        """A figure, table or listing; inside another one of its kind it is a part, with a letter."""
        if around is not None and around.pairs["kind"] == found.pairs["kind"]:
            count = int(around.pairs.setdefault("parts", "0"))
            around.pairs["parts"] = str(count + 1)
            letter = self.project.style.letter(count + 1)
            ident = found.ident or (f"{around.ident}-{count + 1}" if around.ident else "")
            node["c"][0][0] = ident
            node["c"][0][2].append(["letter", letter])
            line = self.source.locate(f"#{found.ident}" if found.ident else around.ident)
            self._event(ident, formats, line, parent=around.ident, letter=letter)
        else:
            line = self.source.locate(found.ident)
            self._event(found.ident, formats, line)
            if found.pairs["kind"] == "fig" and not tree.stringify(found.part("caption")).strip():
                mend = "say what it shows and how to read it"
                self.source.fault(line, "caption", f"the figure {found.ident or 'here'} has no caption", mend)
        return tree.construct(node) or found

    def _heading(self, node: Node, formats: str) -> None:
        level, (ident, classes, _), inlines = node["c"]
        words = tree.stringify(inlines).split(" ")
        self.anchors.append({"id": ident, "formats": formats})
        self.outline.append({
            "label": ident if kind_of(ident) == "sec" else "", "kind": "sec", "id": ident, "level": level,
            "numbered": "unnumbered" not in classes, "title": tree.stringify(inlines),
            "formats": formats, **self.source.at(self.source.locate("#", words[0])),
        })  # fmt: skip

    def _citation(self, node: Node, formats: str) -> None:
        for citation in node["c"][0]:
            if kind_of(citation["citationId"]):
                continue  # among citations, and refused there
            place = self.source.at(self.source.locate(f"@{citation['citationId']}"))
            self.citations.append({"id": citation["citationId"], "formats": formats, **place})

    def _link(self, node: Node, formats: str) -> None:
        path, _, ident = node["c"][2][0].partition("#")
        if "://" in path or path.startswith("mailto:"):
            return
        line = self.source.locate_address(node["c"][2][0])
        folder = posixpath.dirname(self.source.path)
        source = posixpath.normpath(posixpath.join(folder, unquote(path))) if path else ""
        if not path or path.endswith(SOURCES):
            self.links.append({"source": source, "id": ident, "formats": formats, **self.source.at(line)})
        elif not (self.project.root / source).exists():
            mend = "paths start at the chapter's own folder"
            self.source.fault(line, "broken-link", f"there is no file {path}", mend)
        elif not any(f"{source}/".startswith(f"{name.rstrip('/')}/") for name in self.project.resources):
            mend = "list it under project: resources:, or link to where it lies on the web"
            self.source.fault(line, "broken-link", f"{path} does not come along with the book", mend)

    def _image(self, node: Node, around: tree.Construct | None) -> None:
        attributes, alt, target = node["c"]
        pairs = dict(attributes[2])
        if target[0].startswith(f"{MEDIA}/"):
            self.media.append(target[0])
            return
        line = self.source.locate_address(target[0])
        name = unquote(target[0])
        if not pairs.get("fig-alt") and (around or not tree.stringify(alt).strip()):
            self.source.fault(
                line, "alt", f"the image {name} has no alt text", 'write {fig-alt="what it shows"} after it'
            )
        if "://" in name:
            self.source.fault(line, "external", f"the image {name} lies outside of the book", "keep a copy in images/")
            return
        path = PurePosixPath(self.source.path).parent / name if not name.startswith("/") else PurePosixPath(name[1:])
        full = self.project.root / path
        if not full.is_file():
            self.source.fault(
                line, "missing-image", f"there is no image {name}", "paths start at the chapter's own folder"
            )
            return
        target[0] = full.resolve().relative_to(self.project.root).as_posix()
        self.media.append(target[0])
