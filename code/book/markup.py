"""From pandoc's tree to the canonical form: the one place that knows how Quarto's constructs are written.

What comes out is a tree in which every construct is a marked ``Div`` or ``Span`` (see `tree`), and an outline: the
labels, the headings, the references, the citations, the pictures, each with its line. Formats lower the constructs
and know nothing of how they were written; `crossref` numbers the outline and never sees the text.

Block constructs, with their attributes: ``cell`` (n), ``outputs`` (n) of ``shown`` (n, k, form), ``output`` (kind),
``fold`` (open, summary), ``float`` (kind, columns, letter), ``panel`` (columns), ``theorem`` (kind), ``proof`` (word),
``callout`` (kind, collapse), ``tabset`` of ``tab``, ``margin``, ``column`` (reach), ``annotations`` (style) of
``annotation`` (n), ``when`` (formats), ``refs``. A ``caption`` or a ``title`` stands among the children of what has
one. Inline constructs: ``equation`` (alt), ``ref`` (to, mode), ``margin``, ``when``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from book import notebook, notes, tree
from book.crossref import kind_of
from book.execute import option
from book.fragments import Fragments
from book.notebook import CELL_CLASS, Source
from book.outputs import CellWriter, in_column
from book.project import Project, as_list
from book.supported import CALLOUTS, DIVS, FLOATS, PROOFS, THEOREMS, Inspector
from book.survey import EVERYWHERE, Composed, Survey
from book.tree import Node, Nodes

MATCHES = {
    "html": {"html", "epub"},
    "html:js": {"html"},
    "epub": {"epub"},
    "typst": {"pdf"},
    "ipynb": {"notebooks"},
}
"""Quarto's names of formats in ``when-format``, and ours that each one matches. (Its ``pdf`` means LaTeX.)"""

ATTRIBUTE = re.compile(r"^\{#(?P<label>[\w-]+)(?P<rest>.*)\}(?P<tail>.*)$", re.DOTALL)
MARKDOWN_ATTRIBUTES = {"lst-cap", "title", "name"}
"""The attributes of divs and code blocks that hold Markdown."""
ALT = re.compile(r"""^\s*alt=["“”'‘’](?P<alt>.*)["“”'‘’]\s*$""", re.DOTALL)


def compose(project: Project, source: Source, blocks: Nodes, results: dict[str, Any] | None) -> Composed:
    """The canonical form of a chapter; ``results`` is None where its cells have not been run."""
    Inspector(source).inspect(blocks)
    blocks = _annotated(project, source, blocks)
    fragments = Fragments(source)
    writer = CellWriter(project, source, fragments)
    faults_before = list(source.faults)
    _attributes(source, blocks, fragments)
    _fill(source, blocks, writer, fragments, results)
    fragments.read()
    source.faults[:] = [*faults_before, *(fault for fault in source.faults if fault.rule == "markdown")]
    for text, pieces in fragments.known.items():
        generated = fragments.place(text)
        Inspector(generated).inspect(pieces)
        fragments.known[text] = tree.transform(_annotated(project, generated, pieces), {"Div": notes.placed})
    for text in list(fragments.known):
        _attributes(fragments.place(text), fragments.known[text], fragments)
    fragments.read()
    filled = _fill(source, blocks, writer, fragments, results)
    canonical = Canonical(source, fragments).rewrite(filled)
    _undeclared(source, results)
    return Survey(project, source).take(canonical)


def _annotated(project: Project, source: Source, blocks: Nodes) -> Nodes:
    """The tree with annotated code and its notes taken together, where the chapter wants that."""
    if not (style := project.setting(source.head, "html", "code-annotations", default="below")):
        return blocks

    def shown(number: int) -> bool:
        return all(option(project, source, source.cells[number], name) for name in ("echo", "include"))

    return notes.Annotator(source, style, shown).attach(blocks)


def _attributes(source: Source, blocks: Nodes, fragments: Fragments) -> None:
    """Ask for the Markdown in attributes: titles, names, captions."""
    for node in tree.walk(blocks):
        if node["t"] in ("Div", "CodeBlock"):
            for key, value in node["c"][0][2]:
                if key in MARKDOWN_ATTRIBUTES:
                    fragments(value, source.locate(key, value.split(" ")[0]))


def _undeclared(source: Source, results: dict[str, Any] | None) -> None:
    """Warn of data that the cells read and the head does not name: a change of it would go unnoticed."""
    declared = as_list(source.head.get("data-files"))
    for name in results["read"] if results else []:
        if name not in declared:
            mend = f"name it in the YAML head, data-files: [{name}], or its changes run nothing and notebooks lack it"
            source.fault(1, "undeclared-data", f"the cells read {name}", mend, warning=True)


def _fill(
    source: Source, blocks: Nodes, writer: CellWriter, fragments: Fragments, results: dict[str, Any] | None
) -> Nodes:
    """The tree with cells and inline expressions replaced by what they show."""
    values = iter(results["inline"] if results else [])

    def inline_value() -> Nodes:
        value: dict[str, Any] = next(values, {"text": "?", "markdown": None})
        if value["markdown"] is None:
            return [tree.text(value["text"])]
        made = fragments(value["markdown"], 1)
        return made[0]["c"] if made and made[0]["t"] in ("Para", "Plain") else []

    def code(node: Node) -> Node | Nodes:
        return inline_value() if notebook.expression(node) else node

    def math(node: Node) -> Node:
        filled = notebook.INLINE_IN_TEXT.sub(lambda _: tree.stringify(inline_value()), node["c"][1])
        return {**node, "c": [node["c"][0], filled]}

    def code_block(node: Node) -> Node | Nodes:
        if CELL_CLASS not in node["c"][0][1]:
            return node
        cell = source.cells[int(dict(node["c"][0][2])["n"])]
        return writer.blocks(cell, results["cells"].get(str(cell.number), []) if results else None)

    return tree.transform(blocks, {"Code": code, "Math": math, "CodeBlock": code_block, "Div": notes.placed})


class Canonical:
    """Rewrites the nodes of one chapter, from the leaves up."""

    def __init__(self, source: Source, fragments: Fragments) -> None:
        self.source, self.fragments = source, fragments
        source.goto(1)

    def rewrite(self, blocks: Nodes) -> Nodes:
        rules: dict[str, Callable[[Node], Any]] = {
            "Div": self._div, "Span": self._span, "Figure": self._figure, "Table": self._table,
            "CodeBlock": self._code_block, "Para": self._para, "Plain": self._para, "Cite": self._cite,
        }  # fmt: skip
        return tree.transform(blocks, rules)

    # Labelled things

    def _figure(self, node: Node) -> Node:
        (ident, _, _), (_, caption), content = node["c"]
        inlines = caption[0]["c"] if caption else []
        return tree.make("float", [*content, tree.make("caption", inlines)], ident, kind="fig")

    def _table(self, node: Node) -> Node:
        attributes, (_, caption), columns, *rest = node["c"]
        ident, _, pairs = attributes
        if widths := dict(pairs).get("tbl-colwidths"):
            columns = self._widths(widths, columns)
        bare = {"t": "Table", "c": [["", [], []], [None, []], columns, *rest]}
        inlines = caption[0]["c"] if caption else []
        if not inlines:
            if ident:
                self.source.fault(
                    self.source.locate(ident),
                    "caption",
                    f"the table {ident} has no caption",
                    "write : What it shows {#tbl-…} below it",
                )
            return bare if not ident else tree.make("float", [bare], ident, kind="tbl")
        return tree.make("float", [bare, tree.make("caption", inlines)], ident, kind="tbl")

    def _widths(self, widths: str, columns: list[Any]) -> list[Any]:
        try:
            numbers = [float(width) for width in json.loads(widths)]
        except (ValueError, TypeError):
            numbers = []
        if len(numbers) != len(columns) or sum(numbers) <= 0:
            self.source.fault(
                self.source.locate(widths),
                "setting",
                f"tbl-colwidths cannot be {widths!r}",
                f'write {len(columns)} numbers in brackets: tbl-colwidths="[40,60]"',
            )
            return columns
        return [
            [column[0], {"t": "ColWidth", "c": number / sum(numbers)}]
            for column, number in zip(columns, numbers, strict=True)
        ]

    def _code_block(self, node: Node) -> Node:
        (ident, classes, pairs), code = node["c"]
        bare = {"t": "CodeBlock", "c": [["", classes, []], code]}
        if caption := self._attribute(dict(pairs), "lst-cap"):
            return tree.make("float", [bare, tree.make("caption", caption)], ident, kind="lst")
        return bare

    def _attribute(self, options: dict[str, str], name: str) -> Nodes:
        """The Markdown of an attribute, in a line; empty where there is none."""
        if not (text := options.get(name)):
            return []
        blocks = self.fragments(text, 0)
        if len(blocks) != 1 or blocks[0]["t"] not in ("Para", "Plain"):
            line = self.source.locate(name, text.split(" ")[0])
            self.source.fault(
                line, "caption", f"{name}={text!r:.40} is not a line of text", "write words; escape marks"
            )
            return []
        return blocks[0]["c"]

    def _div(self, node: Node) -> Node | Nodes:
        (ident, classes, pairs), children = node["c"]
        options = dict(pairs)
        if tree.construct(node):
            return node
        kind = ident.partition("-")[0]
        name = classes[0] if classes else ""
        if ident == "refs":
            return tree.make("refs", [], "refs")
        if name in DIVS and name.startswith("column-"):
            inner = self._float(ident, kind, children, options) if kind in FLOATS else children
            return in_column(name.removeprefix("column-"), inner)
        if kind in FLOATS:
            return self._float(ident, kind, children, options)
        if kind in THEOREMS:
            title, body = self._titled(children, options, "name")
            return tree.make("theorem", [tree.make("title", title), *body], ident, kind=kind)
        if name in PROOFS:
            title, body = self._titled(children, options, "name")
            return tree.make("proof", [tree.make("title", title), *body], word=PROOFS[name])
        if name.removeprefix("callout-") in CALLOUTS:
            title, body = self._titled(children, options, "title")
            parts, kind = [tree.make("title", title), *body], name.removeprefix("callout-")
            return tree.make("callout", parts, ident, kind=kind, collapse=options.get("collapse", ""))
        if name == "panel-tabset":
            return self._tabset(children)
        if name in ("content-visible", "content-hidden"):
            return tree.make("when", children, formats=self._formats(name, options))
        if "layout-ncol" in options:
            return tree.make("panel", children, columns=options["layout-ncol"])
        return children  # a class that was refused

    def _float(self, ident: str, kind: str, children: Nodes, options: dict[str, str]) -> Nodes:
        """A labelled div: its last paragraph is the caption, floats in it are its parts, code goes before it."""
        *body, last = children or [tree.para([])]
        if last["t"] != "Para":
            self.source.fault(
                self.source.locate(ident),
                "caption",
                f"{ident} has no caption",
                "end the div with a paragraph that says what it shows",
            )
            body, last = children, tree.para([])
        cells = [block for block in body if (found := tree.construct(block)) and found.name == "cell"]
        inner = [block for block in body if block not in cells]
        caption = tree.make("caption", last["c"])
        columns = options.get("layout-ncol", "")
        return [*cells, tree.make("float", [*inner, caption], ident, kind=kind, columns=columns)]

    def _titled(self, children: Nodes, options: dict[str, str], name: str) -> tuple[Nodes, Nodes]:
        """The title of a callout or a theorem, from an attribute or the heading that it begins with, and the rest."""
        titled = self._attribute(options, name)
        if children and children[0]["t"] == "Header" and not titled:
            return children[0]["c"][2], children[1:]
        return titled, children

    def _tabset(self, children: Nodes) -> Node:
        tabs: list[tuple[Nodes, Nodes]] = []
        level = next((child["c"][0] for child in children if child["t"] == "Header"), 0)
        for child in children:
            if child["t"] == "Header" and child["c"][0] == level:
                tabs.append((child["c"][2], []))
            elif tabs:
                tabs[-1][1].append(child)
            else:
                self.source.fault(
                    self.source.locate("panel-tabset"),
                    "tabset",
                    "a tabset begins with something other than a heading",
                    "give each tab a heading",
                )
                return tree.make("tabset", [])
        return tree.make("tabset", [tree.make("tab", [tree.make("title", title), *body]) for title, body in tabs])

    # Inline things

    def _span(self, node: Node) -> Node | Nodes:
        (_, classes, pairs), children = node["c"]
        name = classes[0] if classes else ""
        if name in ("content-visible", "content-hidden"):
            return tree.make_inline("when", children, formats=self._formats(name, dict(pairs)))
        if name == "column-margin":
            return tree.make_inline("margin", children)
        return node

    def _formats(self, name: str, options: dict[str, str]) -> str:
        """The formats in which conditional content is seen."""
        seen = set(EVERYWHERE.split())
        for key, keep in (("when-format", True), ("unless-format", False)):
            if (asked := options.get(key)) is not None:
                if asked not in MATCHES:
                    mend = f"formats: {', '.join(MATCHES)}" + ("; the PDF is made by typst" if asked == "pdf" else "")
                    self.source.fault(
                        self.source.locate(key, asked), "unsupported", f"{key}={asked!r} is not supported", mend
                    )
                matched = MATCHES.get(asked, set())
                seen = seen & matched if keep else seen - matched
        if name == "content-hidden":
            seen = set(EVERYWHERE.split()) - seen
        return " ".join(form for form in EVERYWHERE.split() if form in seen)

    def _para(self, node: Node) -> Node | Nodes:
        inlines = self._equations(node["c"])
        images = [inline for inline in inlines if inline["t"] == "Image"]
        others = [inline for inline in inlines if inline["t"] not in ("Image", *tree.BREAKS)]
        if images and not others and any(image["c"][0][0] for image in images):
            return [self._pictured(image) for image in images]
        return {**node, "c": inlines}

    def _pictured(self, image: Node) -> Node:
        """A labelled image among others of its paragraph, as the figure that it is."""
        (ident, classes, pairs), caption, target = image["c"]
        bare = {"t": "Image", "c": [["", classes, pairs], [], target]}
        return tree.make("float", [tree.plain([bare]), tree.make("caption", caption)], ident, kind="fig")

    def _equations(self, inlines: Nodes) -> Nodes:
        """Display equations taken together with the braces that label them."""
        result: Nodes = []
        position = 0
        while position < len(inlines):
            node = inlines[position]
            position += 1
            if node["t"] != "Math" or node["c"][0]["t"] != "DisplayMath":
                result.append(node)
                continue
            after = position
            while after < len(inlines) and inlines[after]["t"] in tree.BREAKS:
                after += 1
            end = after
            while end < len(inlines) and not tree.stringify(inlines[after : end + 1]).rstrip().endswith("}"):
                end += 1
            found = ATTRIBUTE.match(tree.stringify(inlines[after : end + 1])) if end < len(inlines) else None
            first = next((line for line in node["c"][1].split("\n") if line.strip()), "").strip()
            line = self.source.locate(first) if first else self.source.locate("$$")
            if not found:
                self.source.fault(
                    line,
                    "unlabelled-equation",
                    f"a display equation without a label: {first:.40}",
                    'write $$ … $$ {#eq-… alt="…"}: HTML would not number it and the PDF would',
                )
                result.append(tree.make_inline("equation", [node], line=str(line)))
                continue
            label, rest = found["label"], found["rest"]
            alt = ALT.match(rest)
            if kind_of(label) != "eq" or (rest.strip() and not alt) or found["tail"].strip():
                self.source.fault(line, "unsupported", f"{found[0]!r:.60} after an equation", 'write {#eq-… alt="…"}')
            spoken = re.sub(r"\s+", " ", alt["alt"]).strip() if alt else ""
            if not spoken:
                self.source.fault(
                    line,
                    "equation-alt",
                    f"{label} does not say how it is read aloud",
                    'write {#eq-… alt="…"}',
                    warning=True,
                )
            result.append(tree.make_inline("equation", [node], label, alt=spoken, line=str(line)))
            position = end + 1
        return result

    def _cite(self, node: Node) -> Node | Nodes:
        citations, _ = node["c"]
        kinds = {bool(kind_of(citation["citationId"])) for citation in citations}
        if kinds == {False}:
            return node
        if kinds == {True, False}:
            names = ", ".join(citation["citationId"] for citation in citations)
            message = f"references and citations taken together ({names})"
            mend = "put words between them: pandoc takes @eq-x [@key] and [@eq-x; @key] for one citation"
            self.source.fault(self.source.locate(f"@{citations[0]['citationId']}"), "unsupported", message, mend)
            return node
        result: Nodes = []
        for citation in citations:
            label = citation["citationId"]
            capital = label[0].isupper()
            label = label[0].lower() + label[1:]
            line = self.source.locate(f"@{citation['citationId']}")
            if result:
                result += [tree.text(","), tree.SPACE]
            if citation["citationSuffix"]:
                self.source.fault(
                    line,
                    "unsupported",
                    f"words after the reference @{label} in its brackets",
                    "put them after the bracket",
                )
            prefix = citation["citationPrefix"]
            bare = citation["citationMode"]["t"] == "SuppressAuthor"
            mode = "bare" if bare else "upper" if capital else "full"
            result.append(tree.make_inline("ref", prefix, to=label, mode="prefix" if prefix else mode, line=str(line)))
        return result
