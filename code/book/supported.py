"""What a source may hold. Everything is in these tables; everything else is refused, with its place.

Quarto passes what it does not know on to pandoc, which drops it or prints it as it stands, each format in its own
way. Here a misspelt class or an attribute that one format would ignore is an error that says what is supported.
"""

from __future__ import annotations

import re
from typing import Any

from book import addresses, tree
from book.crossref import KINDS
from book.keys import COLUMNS
from book.notebook import CELL_CLASS, Source

CALLOUTS = {"note": "nte", "tip": "tip", "warning": "wrn", "important": "imp", "caution": "cau"}
"""The kinds of callouts and of their labels."""
PROOFS = {"proof": "Proof", "remark": "Remark", "solution": "Solution"}
FLOATS = ("fig", "tbl", "lst")
THEOREMS = ("thm", "lem", "cor", "prp", "cnj", "def", "exm", "exr")
CONDITIONS = {"when-format", "unless-format"}

DIVS: dict[str, set[str]] = {
    **{f"callout-{kind}": {"collapse", "title"} for kind in CALLOUTS},
    **{name: {"name"} for name in PROOFS},
    "panel-tabset": set(),
    "content-visible": CONDITIONS,
    "content-hidden": CONDITIONS,
    "column-margin": set(),
    "column-body": set(),
    **{f"column-{name}": set() for name in COLUMNS},
}
"""The classes that a div may have, with the attributes that go with each."""

LABELLED_DIVS: dict[str, set[str]] = {
    **{kind: {"layout-ncol"} for kind in FLOATS},
    **{kind: {"name"} for kind in THEOREMS},
}
"""The kinds of labels that a div may have, with the attributes that go with each."""

SPANS: dict[str, set[str]] = {
    "content-visible": CONDITIONS,
    "content-hidden": CONDITIONS,
    "column-margin": set(),
    "smallcaps": set(),
    "underline": set(),
    "mark": set(),
}
CLASSES_OF_LABELLED: dict[str, tuple[str, ...]] = {
    **{prefix: (f"callout-{kind}",) for kind, prefix in CALLOUTS.items()},
    **{kind: tuple(f"column-{name}" for name in ("body", "margin", *COLUMNS)) for kind in FLOATS},
}
"""The classes that may stand beside a label of some kind."""
HEADING_CLASSES = {"unnumbered", "unlisted"}
IMAGE_ATTRIBUTES = {"fig-alt", "width", "height"}
RAW_FORMATS = {"html", "typst"}
OUTER_LAYOUT = {"layout-ncol"}

BEGIN = re.compile(r"\\begin\{(\w+)\*?\}")
SHORTCODE_MEND = "{{< include file >}} stands on a line of its own, not indented; write out what others would insert"
NOTE = re.compile(r"\[\^[^\]\s]+\]")
OTHER_LANGUAGE = re.compile(r"^\{+([A-Za-z]\w*)\}+(\s|$)")


class Inspector:
    """Holds the nodes of one chapter, as pandoc read them, against the tables."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.level_one = 0

    def inspect(self, blocks: list[Any]) -> None:
        """Add a fault to the source for each thing that is not supported."""
        self.source.goto(1)
        for node in tree.walk(blocks):
            if check := getattr(self, f"_{node['t'].lower()}", None):
                check(node)

    def _refuse(self, what: str, supported: str, *needles: str) -> None:
        self.source.fault(self.source.locate(*needles), "unsupported", f"{what} is not supported", supported)

    def _refuse_class(self, what: str, name: str, supported: str) -> None:
        message = f"{what} of the class {name} is not supported"
        self.source.fault(self.source.locate_opening(name), "unsupported", message, supported)

    def _pairs(self, node: tree.Node, allowed: set[str], what: str, *needles: str) -> None:
        for key, _ in node["c"][0][2]:
            if key not in allowed:
                names = ", ".join(sorted(allowed)) or "none"
                self._refuse(f"the attribute {key} of {what}", f"attributes supported here: {names}", key, *needles)

    def _div(self, node: tree.Node) -> None:
        ident, classes, pairs = node["c"][0]
        needle = classes[0] if classes else ident or (pairs[0][0] if pairs else ":::")
        kind = ident.partition("-")[0] if "-" in ident else ""
        if ident == "refs" and not classes:
            self.source.locate("refs")
        elif classes:
            for name in classes:
                if name not in DIVS:
                    supported = f"divs supported: .{', .'.join(sorted(DIVS))}, labelled and layout-ncol ones"
                    self._refuse_class("a div", name, supported)
            allowed = DIVS.get(classes[0], set()) | LABELLED_DIVS.get(kind, set()) if len(classes) == 1 else set()
            self._pairs(node, allowed, f"such a div (.{classes[0]})", needle)
        elif ident:
            if kind in LABELLED_DIVS:
                self._pairs(node, LABELLED_DIVS[kind], f"a div #{kind}-…", ident)
            else:
                self._refuse(f"a div labelled {ident}", f"labels of divs: {', '.join(sorted(LABELLED_DIVS))}", ident)
        elif pairs:
            self._pairs(node, OUTER_LAYOUT, "a div without a class", needle)
        fitting = CLASSES_OF_LABELLED.get(kind, ())
        if ident and ident != "refs" and any(name not in fitting for name in classes):
            mend = f"{kind}-… goes with .{', .'.join(fitting)}" if fitting else "write two divs, one in the other"
            self._refuse(f"a div with the label {ident} and the class {classes[0]}", mend, ident)

    def _span(self, node: tree.Node) -> None:
        ident, classes, _ = node["c"][0]
        for name in classes:
            if name not in SPANS:
                self._refuse_class("a span", name, f"spans supported: .{', .'.join(sorted(SPANS))}")
        if classes:
            self._pairs(node, SPANS.get(classes[0], set()), f"a span .{classes[0]}", classes[0])
        elif not ident:
            self._pairs(node, set(), "a span")

    def _header(self, node: tree.Node) -> None:
        level, (ident, classes, _), inlines = node["c"]
        title = tree.stringify(inlines)
        line = self.source.locate("#", title.split(" ")[0]) if title else self.source.locate("#")
        for name in classes:
            if name not in HEADING_CLASSES:
                self._refuse_class("a heading", name, "classes of headings: .unnumbered, .unlisted")
        self._pairs({"c": node["c"][1:]}, set(), "a heading", "#")
        kind, dash, _ = ident.partition("-")
        if (
            dash
            and kind in KINDS
            and kind != "sec"
            and kind not in THEOREMS
            and f"#{ident}" in self.source.lines[line - 1]
        ):
            self._refuse(f"a heading labelled {ident}", "headings are labelled sec-…", ident)
        self.level_one += level == 1
        if level == 1 and self.level_one > 1:
            self._refuse(
                "a second heading of level 1", "one a chapter: it is the chapter's title", "#", title.split(" ")[0]
            )

    def _codeblock(self, node: tree.Node) -> None:
        (ident, classes, pairs), code = node["c"]
        if CELL_CLASS in classes:
            self.source.goto(self.source.cells[int(dict(pairs)["n"])].line)
            return
        first = code.split("\n")[0]
        if "{{<" in code:
            self._refuse("a shortcode in code", SHORTCODE_MEND, "{{<")
        self._pairs(node, {"lst-cap"}, "a code block")
        if len(classes) > 1:
            self._refuse(f"a code block of the classes {', '.join(classes)}", "one class: the language", classes[1])
        if ident and not ident.startswith("lst-"):
            self._refuse(f"a code block labelled {ident}", "code blocks are labelled lst-…", ident)
        if ident and "lst-cap" not in dict(pairs):
            self.source.fault(self.source.locate(ident), "caption", f"{ident} has no lst-cap", 'add lst-cap="…"')
        if first:
            self.source.locate(first)

    def _code(self, node: tree.Node) -> None:
        text = node["c"][1]
        if "{{<" in text:
            self._refuse("a shortcode in code", SHORTCODE_MEND, "{{<")
        if (found := OTHER_LANGUAGE.match(text)) and not text.startswith("{python} "):
            self._refuse(
                f"code of the kind {{{found[1]}}} here",
                "inline code of a book is `{python} expression`; "
                "a cell needs a line for its fence and an empty line before it",
                found[1],
            )

    def _image(self, node: tree.Node) -> None:
        _, classes, _ = node["c"][0]
        target = node["c"][2][0]
        self.source.locate_address(target)
        for name in classes:
            self._refuse(f"an image of the class {name}", "an image has no class; a div around it may", name, target)
        self._pairs(node, IMAGE_ATTRIBUTES, "an image", target)

    def _link(self, node: tree.Node) -> None:
        _, classes, _ = node["c"][0]
        for name in set(classes) - {"uri", "email"}:
            self._refuse(f"a link of the class {name}", "a link has no class", name)
        self._pairs(node, set(), "a link")

    def _table(self, node: tree.Node) -> None:
        ident = node["c"][0][0]
        if ident and not ident.startswith("tbl-"):
            self._refuse(f"a table labelled {ident}", "tables are labelled tbl-…", ident)
        for name in node["c"][0][1]:
            self._refuse(f"a table of the class {name}", "a table has no class", name)
        self._pairs(node, {"tbl-colwidths"}, "a table")

    def _rawblock(self, node: tree.Node) -> None:
        form, text = node["c"]
        first = text.strip().split("\n")[0]
        if form in ("tex", "latex"):
            if found := BEGIN.search(text):
                self.source.fault(
                    self.source.locate(first),
                    "bare-environment",
                    f"a bare \\begin{{{found[1]}}}: Quarto's PDF drops it without a word",
                    "write $$ \\begin{aligned} … \\end{aligned} $$ {#eq-…}",
                )
            else:
                self._refuse(f"TeX outside of mathematics ({first:.30})", "TeX goes between dollar signs", first)
        elif form not in RAW_FORMATS:
            self._refuse(f"raw {form}", "raw formats supported: html, typst", first)
        elif first:
            self.source.locate(first)
            for finding in addresses.findings(text) if form == "html" else ():
                line = self.source.locate(finding.needle)
                self.source.fault(line, finding.rule, finding.message, finding.mend)

    _rawinline = _rawblock

    def _str(self, node: tree.Node) -> None:
        if (note := NOTE.search(node["c"])) and any(note[0] in line for line in self.source.lines):
            line = self.source.locate(note[0])
            self.source.fault(line, "footnote", f"there is no note {note[0]}", f"write it: a line {note[0]}: its text")
        if "{{<" in node["c"]:
            self._refuse("a shortcode {{< … >}} here", SHORTCODE_MEND, "{{<")
        elif node["c"].startswith(":::"):
            line = self.source.locate(node["c"])
            self.source.fault(
                line,
                "div-fence",
                "a ::: that opens or closes nothing",
                "a div's fence stands on a line of its own, with an empty line before it",
            )
