"""The book as a PDF: the canonical form in Typst's words, then Typst.

What a construct looks like is the business of ``templates/book.typ``, whose functions are called here; its head
lists them. The numbers are ours and passed along: Typst counts nothing. The file is tagged for readers of all kinds
(PDF/UA-1): drawings and formulas carry their texts.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from book import lowering, pandoc, press, tree
from book.edition import Edition
from book.errors import Fault
from book.lowering import COMMON, Page, Table
from book.manuscript import Manuscript
from book.notes import circled_block
from book.press import Texts
from book.project import Project
from book.store import digest, renderer_digest
from book.tree import Construct, Node, Nodes

IMPORTS = '#import "names.typ": *\n#import "book.typ": *'
"""How every file of the text begins."""


def quoted(text: str) -> str:
    """A Typst string.

    >>> quoted('a "b"')
    '"a \\\\"b\\\\""'
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + " ".join(escaped.split()) + '"'


def _raw(text: str) -> Node:
    return tree.raw("typst", text)


def _inline(text: str) -> Node:
    return tree.raw_inline("typst", text)


def _call(function: str, body: Nodes, after: str = "") -> Nodes:
    """A function of the template with blocks as its last argument."""
    return [_raw(f"#{function}["), *body, _raw(f"]{after}")]


def _label(ident: str) -> str:
    return f" #label({quoted(ident)})" if ident else ""


def _with_title(function: str, title: Nodes, body: Nodes, after: str = "") -> Nodes:
    """A function of the template whose last arguments are a line of text and blocks."""
    return [tree.plain([_inline(f"#{function}["), *title, _inline("][")]), *body, _raw(f"]{after}")]


def float_(found: Construct, page: Page) -> Nodes:
    kind, columns = found.pairs["kind"], found.pairs.get("columns", "")
    body = found.rest("caption")
    function = "part-of-float" if found.pairs.get("letter") else "float"
    body = _grid(body, columns) if columns else body
    caption = tree.transform(lowering.captioned(found, page), {"Span": _caption_number})
    return _with_title(f"{function}({quoted(kind)})", caption, body, _label(found.ident))


def _grid(blocks: Nodes, columns: str) -> Nodes:
    """Blocks side by side; what a float inside begins and what it ends stay together."""
    cells: list[Nodes] = []
    depth = 0
    for block in blocks:
        if depth == 0:
            cells.append([])
        cells[-1].append(block)
        depth += _opened(block)
    return [_raw(f"#panel({columns})["), *[part for cell in cells for part in (*cell, _raw("]["))][:-1], _raw("]")]


def _opened(block: Node) -> int:
    """How many brackets of ours a block opens, less those that it closes."""
    pieces = block["c"] if block["t"] == "Plain" else [block]
    text = "".join(
        piece["c"][1] for piece in pieces if piece["t"] in ("RawBlock", "RawInline") and piece["c"][0] == "typst"
    )
    return text.count("[") - text.count("]")


def panel(found: Construct, page: Page) -> Nodes:
    return _grid(found.children, found.pairs["columns"])


def cell(found: Construct, page: Page) -> Nodes:
    return _call("cell", found.children) if found.children else []


def output(found: Construct, page: Page) -> Nodes:
    return _call(f"output({quoted(found.pairs['kind'])})", found.children)


def theorem(found: Construct, page: Page) -> Nodes:
    head = lowering.theorem_head(found, page)
    return _with_title(f"theorem({quoted(found.pairs['kind'])})", head, found.rest("title"), _label(found.ident))


def proof(found: Construct, page: Page) -> Nodes:
    head = lowering.proof_head(found, page)
    return _with_title(f"proof({quoted(found.pairs['word'].lower())})", head, found.rest("title"))


def callout(found: Construct, page: Page) -> Nodes:
    head = f"callout({quoted(found.pairs['kind'])})"
    return _with_title(head, lowering.callout_title(found, page), found.rest("title"), _label(found.ident))


def tabset(found: Construct, page: Page) -> Nodes:
    tabs = filter(None, map(tree.construct, found.children))
    return [block for tab in tabs for block in _with_title("tab", tab.part("title"), tab.rest("title"))]


def margin(found: Construct, page: Page) -> Nodes:
    if found.inline:
        return [_inline("#margin-note["), *found.children, _inline("];")]
    return _call("margin-block", found.children)


def notes(found: Construct, page: Page) -> Nodes:
    """The notes of annotated code."""
    items = [block for part in filter(None, map(tree.construct, found.children))
             for block in _call(f"enum.item({part.pairs['n']})", part.children)]  # fmt: skip
    return _call("annotations", items)


def column(found: Construct, page: Page) -> Nodes:
    return _call(f"column({quoted(found.pairs['reach'])})", found.children)


def equation(found: Construct, page: Page) -> Nodes:
    target = page.target(found.ident)
    number = quoted(f"({target.number})") if target else "none"
    tex = next((node["c"][1] for node in found.children if node["t"] == "Math"), "")
    opening = f"#display({number}, {quoted(found.pairs.get('alt') or tex)})["
    return [_inline(opening), *found.children, _inline(f"{_label(found.ident)}]")]


def refs(found: Construct, page: Page) -> Nodes:
    return _references(page.bibliography)


def _references(entries: Nodes) -> Nodes:
    return _call("references", tree.transform(entries, {"Math": _math}))


TABLE: Table = {
    **COMMON,
    "float": float_, "panel": panel, "cell": cell, "outputs": lowering.children, "output": output,
    "fold": lowering.children, "theorem": theorem, "proof": proof, "callout": callout, "tabset": tabset,
    "margin": margin, "column": column, "annotations": notes, "equation": equation, "refs": refs,
}  # fmt: skip


def picture(node: Node, page: Page) -> Node:
    """An image, with the text that is read aloud in its place."""
    (_, _, attributes), alt, (name, _) = node["c"]
    pairs = dict(attributes)
    size = "".join(f", {key}: {_length(pairs[key])}" for key in ("width", "height") if key in pairs)
    spoken = pairs.get("fig-alt") or tree.stringify(alt)
    return _inline(f"#box(picture({quoted(name)}, {quoted(spoken)}{size}));")


def _length(value: str) -> str:
    """A CSS length as Typst writes it: pixels are three quarters of a point.

    >>> _length("50%"), _length("400px"), _length("400"), _length("3cm")
    ('50%', '300pt', '300pt', '3cm')
    """
    number = value.removesuffix("px")
    return f"{float(number) * 0.75:g}pt" if number.replace(".", "").isdigit() else value


def _math(node: Node) -> Node | Nodes:
    """A formula; in a line of text it is read aloud as its TeX."""
    kind, tex = node["c"]
    mended = {"t": "Math", "c": [kind, _mended(tex)]}
    if kind["t"] == "DisplayMath":
        return mended
    return [_inline(f"#formula({quoted(tex)}, "), mended, _inline(");")]


MENDED = {
    r"\!": "", r"\;": r"\:", r"\lvert": r"\left|", r"\rvert": r"\right|", r"\bigl|": r"\left|", r"\bigr|": r"\right|",
}  # fmt: skip
"""TeX that pandoc puts into Typst wrongly: a thin space back becomes a quad back, a thick space becomes none, enclosing
bars become relations."""
BAR = re.compile(r"(?<!\\)(?<!\\left)(?<!\\right)(?<!\\big)(?<!\\Big[lr])\|")


def _mended(tex: str) -> str:
    """Such TeX that Typst sets a formula like the pages do."""
    for wrong, right in MENDED.items():
        tex = tex.replace(wrong, right)
    return enclosing(tex)


def enclosing(tex: str) -> str:
    r"""TeX whose bars enclose something, where they come in pairs; a single one may be a relation.

    >>> print(enclosing(r"\frac{|x|}{2} + p(a|b)"), enclosing("|x| + |y|"))
    \frac{|x|}{2} + p(a|b) \left|x\right| + \left|y\right|
    """
    first, *rest = BAR.split(tex)
    pairs = list(zip(rest[::2], rest[1::2], strict=False))
    if len(rest) % 2 or any("&" in inside or inside.count("{") != inside.count("}") for inside, _ in pairs):
        return tex
    return first + "".join(rf"\left|{inside}\right|{after}" for inside, after in pairs)


def _caption_number(node: Node) -> Node | Nodes:
    """What stands before a caption is set apart from it."""
    if "caption-number" not in node["c"][0][1]:
        return node
    return [_inline("#caption-number["), *node["c"][1], _inline("];")]


def _heading(node: Node, page: Page) -> Node:
    level, (ident, classes, _), inlines = node["c"]
    number = page.index.sections[page.chapter.path].get(ident, "")
    kind = ', kind: "appendix"' if level == 1 and page.chapter.kind == "appendix" else ""
    listed = ", listed: false" if "unlisted" in classes else ""
    name = quoted(page.name(page.chapter, ident))
    call = f"#section({level}, {quoted(number) if number else 'none'}, {name}{kind}{listed})["
    return tree.plain([_inline(call), *inlines, _inline("]")])


def chapter_text(blocks: Nodes, page: Page) -> tuple[str, list[str]]:
    """A chapter as Typst, and pandoc's warnings."""
    page.picture = picture
    rules: dict[str, tree.Rule] = {
        "Math": _math, "Header": lambda node: _heading(node, page), "CodeBlock": circled_block,
    }  # fmt: skip
    return pandoc.write(lowering.lower(blocks, TABLE, page, rules), "typst", "--syntax-highlighting=idiomatic")


def build(edition: Edition) -> tuple[dict[str, bytes], list[Fault]]:
    """The PDF of the whole book."""
    project = edition.project
    texts, faults = source(edition)
    files = texts.files()
    key = digest(renderer_digest(), *files, *files.values(), project.timestamp)
    pdf, warnings = project.store.read("pdf", key), project.store.get("pdf-warnings", key)
    if pdf is None or warnings is None:
        pdf, found = press.compiled(project, texts)
        warnings = [asdict(fault) for fault in found]
        project.store.write("pdf", key, pdf)
        project.store.put("pdf-warnings", key, warnings)
    return {f"{project.file_stem}.pdf": pdf}, faults + [Fault(**warning) for warning in warnings]


def source(edition: Edition) -> tuple[Texts, list[Fault]]:
    """The whole book as Typst."""
    project = edition.project

    def written(item: Manuscript) -> dict[str, Any]:
        page = edition.page(item)

        def make() -> dict[str, Any]:
            text, warnings = chapter_text(item.blocks(), page)
            return {"text": text, "warnings": warnings}

        return project.store.memo("typst", edition.key(item, page), make)

    made = edition.each(edition.shown, written)
    parts = [_head(project)]
    part = ""
    for number, item in enumerate(edition.shown):
        if item.chapter.part != part:
            part = item.chapter.part
            parts += [f"#part({quoted(part)})"] if part else []
        parts.append(f"#include {quoted(press.chapter_file(number))}")
    if edition.worded.bibliography and edition.references_at is None:
        listed, _ = pandoc.write(_references(edition.worded.bibliography), "typst")
        parts += ['#section(1, none, "bibliography")[Bibliography]', listed]
    bodies = [f"{IMPORTS}\n\n{made.results[item.chapter.path]['text']}\n" for item in edition.shown]
    return Texts("\n\n".join(parts) + "\n", edition.shown, bodies, edition.media(edition.book)), made.faults


def _head(project: Project) -> str:
    authors = "".join(f"{quoted(author)}, " for author in project.authors)
    arguments = {
        "title": quoted(project.title),
        "subtitle": quoted(project.get("book", "subtitle", default="")),
        "authors": f"({authors})",
        **({"people": _people(project)} if not all(author.plain for author in project.people) else {}),
        "date": quoted(project.date),
        "description": quoted(project.get("book", "description", default="")),
        "lang": quoted(project.lang),
        "papersize": quoted(project.get("format", "typst", "papersize", default="a4")),
        "toc": str(project.setting(None, "pdf", "toc", default=True)).lower(),
        "toc-depth": str(project.setting(None, "pdf", "toc-depth", default=2)),
    }
    listed = "".join(f"  {name}: {value},\n" for name, value in arguments.items())
    return f"{IMPORTS}\n#show: book.with(\n{listed})"


def _people(project: Project) -> str:
    """The authors as the title page shows them."""
    records = []
    for author in project.people:
        affiliations = [*author.affiliations, *["Corresponding author"] * author.corresponding]
        about = f"({''.join(f'{quoted(text)}, ' for text in affiliations)})"
        fields = {"name": author.name, "url": author.url, "orcid": author.orcid, "email": author.email}
        listed = "".join(f"{key}: {quoted(value)}, " for key, value in fields.items())
        records.append(f"({listed}about: {about}), ")
    return f"({''.join(records)})"
