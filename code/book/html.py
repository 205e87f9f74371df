"""Chapters as HTML: the canonical form in pandoc's nodes, then pandoc, then the page template around it.

Nothing here needs a script to be read: folds are ``<details>``, tabs are radio buttons, mathematics is MathML.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

from book import fonts, lowering, pandoc, svg, tree
from book.lowering import COMMON, Page, Table
from book.notes import MARKED, MARKS
from book.tree import Construct, Node, Nodes

SPLIT = "<!-- the contents end here -->"
WRITER_OPTIONS = ("--mathml", "--standalone", "--wrap=preserve", "--email-obfuscation=none")


def _open(tag: str, **pairs: str) -> Node:
    attributes = "".join(f' {name}="{html.escape(value)}"' for name, value in pairs.items())
    return tree.raw("html", f"<{tag}{attributes}>")


def _close(tag: str) -> Node:
    return tree.raw("html", f"</{tag}>")


def grid(blocks: Nodes, columns: str) -> Nodes:
    return [tree.div(blocks, classes=["panel"], style=f"--columns:{columns}")] if columns else blocks


def float_(found: Construct, page: Page) -> Node:
    """A figure, table or listing: the number and caption below a figure, above the others."""
    kind = found.pairs["kind"]
    caption = lowering.captioned(found, page)
    captioned = [_open("figcaption"), tree.plain(caption), _close("figcaption")] if caption else []
    body = grid(found.rest("caption"), found.pairs.get("columns", ""))
    inside = [*body, *captioned] if kind == "fig" else [*captioned, *body]
    classes = ["float", f"float-{kind}", *(["subfloat"] if found.pairs.get("letter") else [])]
    return tree.div([_open("figure"), *inside, _close("figure")], found.ident, classes)


def panel(found: Construct, page: Page) -> Nodes:
    return grid(found.children, found.pairs["columns"])


def cell(found: Construct, page: Page) -> Nodes:
    return [tree.div(found.children, classes=["cell"])] if found.children else []


def outputs(found: Construct, page: Page) -> Node:
    return tree.div(found.children, classes=["cell-output"])


def output(found: Construct, page: Page) -> Node:
    return tree.div(found.children, classes=["output", f"output-{found.pairs['kind']}"])


def fold(found: Construct, page: Page) -> Nodes:
    opened = {"open": ""} if found.pairs["open"] == "true" else {}
    summary = tree.raw("html", f"<summary>{html.escape(found.pairs['summary'])}</summary>")
    return [_open("details", **{"class": "code-fold"}, **opened), summary, *found.children, _close("details")]


def theorem(found: Construct, page: Page) -> Node:
    body = lowering.lead_in(lowering.theorem_head(found, page), found.rest("title"))
    return tree.div(body, found.ident, ["theorem", f"theorem-{found.pairs['kind']}"])


def proof(found: Construct, page: Page) -> Node:
    body = lowering.lead_in(lowering.proof_head(found, page), found.rest("title"))
    return tree.div(body, classes=["proof"])


def callout(found: Construct, page: Page) -> Node:
    kind, collapse = found.pairs["kind"], found.pairs["collapse"]
    title = tree.plain(lowering.callout_title(found, page))
    body = tree.div(found.rest("title"), classes=["callout-body"])
    classes = ["callout", f"callout-{kind}"]
    if collapse:
        opened = {"open": ""} if collapse == "false" else {}
        head = [_open("summary", **{"class": "callout-title"}), title, _close("summary")]
        folded = [_open("details", **opened), *head, body, _close("details")]
        return tree.div(folded, found.ident, classes, role="note")
    return tree.div([tree.div([title], classes=["callout-title"]), body], found.ident, classes, role="note")


def tabset(found: Construct, page: Page) -> Node:
    """Radio buttons, their labels, then the panels; the style sheet shows the panel of the button that is on."""
    name = f"tabs-{page.next()}"
    buttons: Nodes = []
    panels: Nodes = []
    for number, tab in enumerate(filter(None, map(tree.construct, found.children)), start=1):
        ident = f"{name}-{number}"
        checked = {"checked": ""} if number == 1 else {}
        buttons += [
            _open("input", type="radio", name=name, id=ident, **checked),
            _open("label", **{"for": ident}), tree.plain(tab.part("title")), _close("label"),
        ]  # fmt: skip
        panels.append(tree.div(tab.rest("title"), classes=["tab-panel"]))
    return tree.div([*buttons, *panels], classes=["tabset"])


def margin(found: Construct, page: Page) -> Node | Nodes:
    if found.inline:
        return tree.span(found.children, classes=["margin-note"], role="note")
    return [_open("aside", **{"class": "margin-note"}), *found.children, _close("aside")]


def notes(found: Construct, page: Page) -> Nodes:
    """The notes of annotated code; the marks in the code itself are put in its HTML by `spoken`."""
    blocks: Nodes = []
    for part in filter(None, map(tree.construct, found.children)):
        blocks += [_open("li", value=part.pairs["n"]), *part.children, _close("li")]
    return [_open("ol", **{"class": f"annotations {found.pairs['style']}"}), *blocks, _close("ol")]


def column(found: Construct, page: Page) -> Node:
    return tree.div(found.children, classes=["column", f"column-{found.pairs['reach']}"])


def equation(found: Construct, page: Page) -> Node:
    target = page.target(found.ident)
    tag = [tree.span([tree.text(f"({target.number})")], classes=["equation-number"])] if target else []
    return tree.span([*found.children, *tag], found.ident, ["equation"], spoken=found.pairs.get("alt", ""))


def scrolling(table: Node) -> Node:
    """A table in a box of its own, which scrolls where the window is narrower than the table."""
    return tree.div([table], classes=["scroll"])


def refs(found: Construct, page: Page) -> Node:
    return tree.div(page.bibliography, "refs", ["references"])


TABLE: Table = {
    **COMMON,
    "float": float_, "panel": panel, "cell": cell, "outputs": outputs, "output": output, "fold": fold,
    "theorem": theorem, "proof": proof, "callout": callout, "tabset": tabset, "margin": margin, "column": column,
    "annotations": notes, "equation": equation, "refs": refs,
}  # fmt: skip


def picture(media: dict[str, str], colours: dict[str, str], node: Node, page: Page) -> Node:
    """An image: SVG becomes a part of the page, the rest is linked to. ``media`` gives the text of SVGs by name.

    Drawings are most of a page's bytes and nothing to pandoc, which gets a comment in the place of each.
    """
    (_, _, attributes), alt, (name, _) = node["c"]
    pairs = dict(attributes)
    spoken = pairs.get("fig-alt") or tree.stringify(alt)
    if name in media:
        drawing = svg.inline(media[name], f"g{page.next()}-", spoken, colours, pairs.get("width", ""))
        mark = f"<!-- drawing {len(page.drawings)} -->"
        page.drawings[mark] = drawing
        return tree.raw_inline("html", mark)
    size = {key: pairs[key] for key in ("width", "height") if key in pairs}
    return tree.image(tree.words(spoken), lowering.relative(name, page.chapter.page), **size)


def heading(node: Node, page: Page) -> Node | Nodes:
    """A heading with its number; the chapter's own is no entry of the page's contents."""
    numbered = lowering.heading(node, page)
    level, (ident, _, _), inlines = numbered["c"]
    return [_open("h1", id=ident), tree.plain(inlines), _close("h1")] if level == 1 else numbered


def body(blocks: Nodes, page: Page, toc_depth: int) -> tuple[dict[str, str], list[str]]:
    """A chapter as HTML: ``{"body": …, "toc": …, "characters": …}``, and pandoc's warnings.

    A depth of 0 makes no contents. The characters are those that the mathematics font is asked for.
    """
    lowered = lowering.lower(blocks, TABLE, page, {"Header": lambda node: heading(node, page), "Table": scrolling})
    template = Path(__file__).parent / "templates" / "body.html"
    contents = ("--toc", f"--toc-depth={toc_depth}") if toc_depth else ()
    options = (*WRITER_OPTIONS, f"--template={template}", *contents)
    written, warnings = pandoc.write(lowered, "html5", *options, meta={"pagetitle": {"t": "MetaString", "c": "-"}})
    toc, _, text = written.partition(SPLIT)
    text = spoken(text.strip())
    characters = fonts.characters_of([text, *(drawing for drawing in page.drawings.values() if "<text" in drawing)])
    text = DRAWING.sub(lambda mark: page.drawings.get(mark[0], mark[0]), text)
    return {"body": text, "toc": toc.strip(), "characters": "".join(sorted(characters))}, warnings


DRAWING = re.compile(r"<!-- drawing \d+ -->")


EQUATION = re.compile(r'(<span\s+id="[^"]*"\s+class="equation")\s+data-spoken="([^"]*)">\s*<math ')
LAST_RELATION = re.compile(r"<mo>(=|≈|≤|≥|&lt;|&gt;)</mo>(</mrow><annotation)")
DOT = {"combining": '<mo accent="true">\N{COMBINING DOT ABOVE}</mo>', "spacing": '<mo accent="true">˙</mo>'}
NAME = "<mi[^<]*</mi><mo>&#8289;</mo></mrow>"  # of a function, but for the <mrow> before it
ATOMS = "mi|mn|msub|msup|msubsup|mover|mfrac|msqrt|mroot"
SCRIPTED = rf"<(?P<script>msu[bp]|msubsup)><mrow>{NAME}(?:(?!<(?P=script)>).)*?</(?P=script)>"
APPLIED = re.compile(rf"((?<!<msu[bp]>)(?<!<msubsup>)<mrow>{NAME}|{SCRIPTED})(?=<(?:{ATOMS})\b)")
FOLLOWING = re.compile(rf"(</(?:{ATOMS})>(?:<(?:msu[bp]|msubsup)>)?<mrow>)(?={NAME})")
NORM_BAR = re.compile(r'<mo stretchy="true" form="(prefix|postfix)">‖</mo>')


MARK = re.compile(f" ?({MARKED.pattern})")


def _mark(found: re.Match[str]) -> str:
    """The mark of an annotated line. Its number is no text, so that copied code is code."""
    number = MARKS[found[1]]
    return f'<span class="annotation" data-number="{number}" role="img" aria-label="note {number}"></span>'


def spoken(text: str) -> str:
    """Give the formula of each display equation the words of its ``alt``.

    A formula that ends in a relation, which the sentence completes, leaves the space after it to the sentence. A dot
    over a letter is the spacing character: browsers draw the combining one, which has no width, beside the letter. The
    bars of a norm keep the height of a line, as absolute values do: stretched, they tower over a pair of brackets.
    A named function, with its scripts, stands apart from a factor before it and from an argument without brackets, as
    TeX sets them: "e sin x" and not "esinx". No space becomes a child of a script, where it would be taken for one: the
    first goes into the function's own row, the second after the scripts.
    """
    named = EQUATION.sub(r'\1><math alttext="\2" ', text).replace('alttext="" ', "")
    named = named.replace(DOT["combining"], DOT["spacing"])
    for place in (APPLIED, FOLLOWING):
        named = place.sub(r'\1<mspace width="0.17em"></mspace>', named)
    named = NORM_BAR.sub(r'<mo stretchy="false" form="\1">‖</mo>', named)
    named = MARK.sub(_mark, named)
    return LAST_RELATION.sub(r'<mo rspace="0">\1</mo>\2', named)
