"""Readers' notebooks: a chapter as plain Jupyter Markdown between runnable cells, with outputs.

References, citations, inline values and captions stand there as the words that the pages show; nothing of Quarto's
own notation is left. A notebook holds one long line of cells: a cell inside of a callout, a tab or a list comes out
of it.

Beside the notebooks lie the wheel of the project's package, which the first cell installs where it is missing, and
the data files that chapters declare.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path, PurePosixPath
from typing import Any

from book import lowering, pandoc, tree
from book.edition import Edition, read_media
from book.errors import Fault
from book.execute import option
from book.lowering import COMMON, Page, Table
from book.manuscript import Manuscript
from book.notes import circled_block
from book.project import SOURCES, Project, as_list
from book.store import digest, renderer_digest
from book.tree import Construct, Node, Nodes

FOLDER = "notebooks"
WRITER = "gfm-tex_math_gfm+tex_math_dollars-footnotes-alerts"
CELL, OUTPUT, OUTPUT_END = "book cell", "book output", "book output end"
MARK = re.compile(rf"^<!-- ({CELL}|{OUTPUT_END}|{OUTPUT})((?: \d+)*) -->$")

SET_UP = """\
# This notebook needs the package of the book that it belongs to, {name} {version}. Where that is
# missing, this cell installs the wheel that lies beside the notebook. (Other packages may carry the same
# name as one of its modules; that is why nothing is installed by name.)
import importlib.metadata
import pathlib

wheel = pathlib.Path("{wheel}")
try:
    ready = importlib.metadata.version("{name}") == "{version}"
except importlib.metadata.PackageNotFoundError:
    ready = False
if not ready:
    if not wheel.exists():
        raise FileNotFoundError(f"put {{wheel}} beside this notebook; both lie in the folder notebooks of the book")
    %pip install --quiet {{wheel}}"""


# Constructs


def float_(found: Construct, page: Page) -> Nodes:
    caption = lowering.captioned(found, page)
    below = [tree.para(caption)] if caption else []
    body = found.rest("caption")
    return [*body, *below] if found.pairs["kind"] == "fig" else [*below, *body]


def cell(found: Construct, page: Page) -> Node:
    return tree.div([], classes=[CELL], n=found.pairs["n"])


def shown(found: Construct, page: Page) -> Node | Nodes:
    """Markdown that a cell made; every other output stands in the notebook as it was made."""
    if found.pairs["form"] != "markdown":
        return []
    return tree.div(found.children, classes=[OUTPUT], n=found.pairs["n"], k=found.pairs["k"])


def theorem(found: Construct, page: Page) -> Nodes:
    return lowering.lead_in(lowering.theorem_head(found, page), found.rest("title"))


def proof(found: Construct, page: Page) -> Nodes:
    return lowering.lead_in(lowering.proof_head(found, page), found.rest("title"))


def quote(blocks: Nodes) -> Node:
    return {"t": "BlockQuote", "c": blocks}


def callout(found: Construct, page: Page) -> Node:
    return quote([tree.para([tree.strong(lowering.callout_title(found, page))]), *found.rest("title")])


def tabset(found: Construct, page: Page) -> Nodes:
    tabs = filter(None, map(tree.construct, found.children))
    return [block for tab in tabs for block in (tree.para([tree.strong(tab.part("title"))]), *tab.rest("title"))]


def margin(found: Construct, page: Page) -> Node | Nodes:
    if found.inline:
        return [tree.text("("), *found.children, tree.text(")")]
    return quote(found.children)


def equation(found: Construct, page: Page) -> Nodes:
    """A display equation with its number, as MathJax takes it."""
    target = page.target(found.ident)
    tag = f" \\tag{{{target.number}}}" if target else ""
    return [
        {"t": "Math", "c": [{"t": "DisplayMath"}, node["c"][1].rstrip() + tag]} if node["t"] == "Math" else node
        for node in found.children
    ]


def reference(found: Construct, page: Page) -> Nodes:
    made = lowering.reference(found, page)
    return made["c"][1] if isinstance(made, dict) else made


TABLE: Table = {
    **COMMON,
    "float": float_, "panel": lowering.children, "cell": cell, "outputs": lowering.children, "shown": shown,
    "output": lowering.children, "fold": lowering.children, "theorem": theorem, "proof": proof, "callout": callout,
    "tabset": tabset, "margin": margin, "column": lowering.children, "annotations": lowering.notes,
    "equation": equation, "ref": reference,
    "refs": lambda found, page: page.bibliography,
}  # fmt: skip


def picture(node: Node, page: Page) -> Node:
    (_, _, attributes), alt, (name, _) = node["c"]
    spoken = dict(attributes).get("fig-alt") or tree.stringify(alt)
    return tree.image(tree.words(spoken), f"attachment:{_attached(name)}")


def _attached(name: str) -> str:
    """What a picture is called inside of a notebook, where a name stands in Markdown."""
    return re.sub(r"[^\w.-]+", "-", PurePosixPath(name).name)


def _link(node: Node) -> Node:
    """Links to other chapters go to their notebooks."""
    _, inlines, (target, _) = node["c"]
    path, _, _ = target.partition("#")
    return tree.link(inlines, f"{PurePosixPath(path).stem}.ipynb") if path.endswith(SOURCES) else node


def _bare_link(node: Node) -> Node | Nodes:
    """Links inside of the notebook have nowhere to go."""
    _, inlines, (target, title) = node["c"]
    return inlines if target.startswith("#") else {"t": "Link", "c": [["", [], []], inlines, [target, title]]}


def _bare_span(node: Node) -> Nodes:
    return node["c"][1]


BARS = {"|": r"\vert ", r"\|": r"\Vert "}
BAR = re.compile(r"\\?\|")
ENTITY = re.compile(r"&(?=#?\w+;)")


def _barred(table: Node) -> Node:
    """A table whose code and formulas end no cell: Markdown divides a row at its bars before it reads what is in it.

    Code has its bars escaped; TeX has other names for them.
    """

    def code(node: Node) -> Node:
        return {"t": "Code", "c": [node["c"][0], node["c"][1].replace("|", r"\|")]}

    def math(node: Node) -> Node:
        return {"t": "Math", "c": [node["c"][0], BAR.sub(lambda bar: BARS[bar[0]], node["c"][1])]}

    return tree.transform(table, {"Code": code, "Math": math})


def _no_entity(node: Node) -> Node:
    """Words that look like an entity stay words; pandoc's Markdown forgets to say so."""
    return {"t": "Str", "c": ENTITY.sub("&amp;", node["c"])}


# The line of cells


def flat(blocks: Nodes) -> Nodes:
    """Blocks with every cell and every output at the top, marked by comments."""
    result: Nodes = []
    for block in blocks:
        kind: str = block["t"]
        content: Any = block.get("c")
        classes = content[0][1] if kind == "Div" else []
        if CELL in classes:
            result.append(_mark(CELL, dict(content[0][2])))
        elif OUTPUT in classes:
            result += [_mark(OUTPUT, dict(content[0][2])), *content[1], _mark(OUTPUT_END, {})]
        elif kind == "Div":
            result += flat(content[1])
        elif kind == "BlockQuote" and _holds_cells(block):
            result += flat(content)
        elif kind in ("BulletList", "OrderedList") and _holds_cells(block):
            result += _flat_list(block)
        else:
            result.append(block)
    return result


def _holds_cells(block: Node) -> bool:
    return any(node["t"] == "Div" and node["c"][0][1][:1] in ([CELL], [OUTPUT]) for node in tree.walk(block))


def _flat_list(block: Node) -> Nodes:
    """A list whose cells come after the item that they stand in; the numbering goes on."""
    ordered = block["t"] == "OrderedList"
    items = block["c"][1] if ordered else block["c"]
    result: Nodes = []
    for number, item in enumerate(items):
        first = next((place for place, part in enumerate(item) if _holds_cells(part)), len(item))
        if ordered:
            start, *style = block["c"][0]
            result.append({"t": "OrderedList", "c": [[start + number, *style], [item[:first]]]})
        else:
            result.append({"t": "BulletList", "c": [item[:first]]})
        result += flat(item[first:])
    return result


def _mark(kind: str, numbers: dict[str, str]) -> Node:
    return tree.raw("html", " ".join(["<!--", kind, *numbers.values(), "-->"]))


def lines_of(item: Manuscript, page: Page, listed: Nodes) -> tuple[str, list[str]]:
    """A chapter as Markdown with marks where cells and outputs belong, and pandoc's warnings.

    ``listed`` are the entries of its list of references.
    """
    page.picture = picture
    lowered = lowering.lower(item.blocks(), TABLE, page, {"Link": _link, "CodeBlock": circled_block})
    rules = {"Header": _plain_heading, "Link": _bare_link, "Span": _bare_span, "Str": _no_entity, "Table": _barred}
    plain = tree.transform(lowered, rules)
    return pandoc.write([*flat(plain), *_references(listed)], WRITER)


def _plain_heading(node: Node) -> Node:
    level, _, inlines = node["c"]
    return {"t": "Header", "c": [level, ["", [], []], inlines]}


def _references(listed: Nodes) -> Nodes:
    if not listed:
        return []
    heading = {"t": "Header", "c": [2, ["", [], []], [tree.text("References")]]}
    plain = tree.transform([entry["c"][1] for entry in listed], {"Span": _bare_span})
    return [heading, {"t": "BulletList", "c": plain}]


# The files


def build(edition: Edition) -> tuple[dict[str, bytes], list[Fault]]:
    """A notebook for each of the chosen chapters that has cells, and what lies beside them."""
    import nbformat.v4

    project = edition.project
    wheel_name, wheel = _wheel(project)
    chosen = [item for item in edition.chosen if item.source.cells and item.title("notebooks")]

    def written(item: Manuscript) -> dict[str, Any]:
        page = edition.page(item)
        cited = {f"ref-{citation['id']}" for citation in item.summary["citations"]}
        entries = [] if page.bibliography else edition.worded.bibliography  # where the whole list stands it is enough
        listed = [entry for entry in entries if entry["c"][0][0] in cited]

        def make() -> dict[str, Any]:
            text, warnings = lines_of(item, page, listed)
            return {"cells": _cells(project, item, text), "warnings": warnings}

        return project.store.memo("notebook", digest(edition.key(item, page), listed), make)

    made = edition.each(chosen, written)
    files: dict[str, bytes] = {f"{FOLDER}/{wheel_name}": wheel} if wheel else {}
    for item in chosen:
        cells = [*_set_up(wheel_name), *made.results[item.chapter.path]["cells"]]
        notebook = nbformat.from_dict({
            "nbformat": 4, "nbformat_minor": 5, "cells": cells,
            "metadata": {
                "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                "language_info": {"name": "python"},
                "title": item.title("notebooks"),
            },
        })  # fmt: skip
        nbformat.validate(notebook)
        files[f"{FOLDER}/{item.chapter.stem}.ipynb"] = (nbformat.v4.writes_json(notebook) + "\n").encode()
        for name in as_list(item.source.head.get("data-files")):
            files[f"{FOLDER}/{name}"] = (project.root / name).read_bytes()
    return files, made.faults


def _cells(project: Project, item: Manuscript, text: str) -> list[dict[str, Any]]:
    """The notebook's cells, from the Markdown and its marks."""
    cells: list[dict[str, Any]] = []
    markdown: list[str] = []
    printed: dict[tuple[int, int], str] = {}
    inside: tuple[int, int] | None = None
    outside: list[str] = []

    def close_text() -> None:
        source = "\n".join(markdown).strip("\n")
        markdown.clear()
        if source:
            number = sum(cell["cell_type"] == "markdown" for cell in cells) + 1
            cells.append(_text_cell(project, item, source, f"text-{number}"))

    for line in text.split("\n"):
        mark = MARK.match(line)
        numbers = [int(number) for number in mark[2].split()] if mark else []
        if not mark:
            (outside if inside else markdown).append(line)
        elif mark[1] == CELL:
            close_text()
            cells.append({"number": numbers[0], "cell_type": "code"})
        elif mark[1] == OUTPUT:
            inside = (numbers[0], numbers[1])
        else:
            printed[inside or (0, 0)] = "\n".join(outside).strip("\n")
            outside.clear()
            inside = None
    close_text()
    count = 0
    for place, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            count += 1
            cells[place] = _code_cell(project, item, cell["number"], count, printed)
    return cells


def _text_cell(project: Project, item: Manuscript, source: str, ident: str) -> dict[str, Any]:
    names = {_attached(name): name for name in item.summary["media"]}
    kinds = {"svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg"}
    attachments = {}
    for name in sorted(set(re.findall(r"attachment:([^)\s]+)", source)) & set(names)):
        content = base64.b64encode(read_media(project, names[name])).decode()
        attachments[name] = {kinds.get(name.rpartition(".")[2], "image/png"): content}
    more = {"attachments": attachments} if attachments else {}
    return {"cell_type": "markdown", "id": ident, "metadata": {}, "source": source, **more}


def _code_cell(
    project: Project, item: Manuscript, number: int, count: int, printed: dict[tuple[int, int], str]
) -> dict[str, Any]:
    cell = item.source.cells[number]

    def wanted(name: str) -> Any:
        return option(project, item.source, cell, name)

    if not wanted("eval"):
        fenced = f"```python\n{cell.code}\n```"
        return {"cell_type": "markdown", "id": f"cell-{number + 1}", "metadata": {}, "source": fenced}
    visible = wanted("include") and wanted("output")
    results = item.shown.get(str(number), []) if visible else []
    outputs = []
    for place, output in enumerate(results):
        if output.get("name") == "stderr" and not wanted("warning"):
            continue
        outputs.append(_output(output, count, printed.get((number, place))))
    metadata: dict[str, Any] = {}
    if not (wanted("include") and wanted("echo")):
        metadata["jupyter"] = {"source_hidden": True}
    if wanted("error"):
        metadata["tags"] = ["raises-exception"]
    return {
        "cell_type": "code", "id": f"cell-{number + 1}", "metadata": metadata, "source": cell.code,
        "execution_count": count, "outputs": outputs,
    }  # fmt: skip


def _output(output: dict[str, Any], count: int, printed: str | None) -> dict[str, Any]:
    """An output as notebooks hold it; Markdown in it with its references resolved."""
    if printed is not None and output["output_type"] == "stream":
        return {"output_type": "display_data", "data": {"text/markdown": printed}, "metadata": {}}
    if output["output_type"] in ("stream", "error"):
        return output
    data = dict(output["data"])
    if printed is not None and "text/markdown" in data:
        data["text/markdown"] = printed
    kind = output["output_type"]
    more = {"execution_count": count} if kind == "execute_result" else {}
    return {"output_type": kind, "data": data, "metadata": {}, **more}


def _set_up(wheel: str) -> list[dict[str, Any]]:
    if not wheel:
        return []
    name, version = wheel.split("-")[:2]
    source = SET_UP.format(name=name.replace("_", "-"), version=version, wheel=wheel)
    return [
        {"cell_type": "code", "id": "set-up", "metadata": {}, "source": source, "execution_count": None, "outputs": []}
    ]


def _wheel(project: Project) -> tuple[str, bytes]:
    """The project's package as a wheel, with its file name; empty for a book without one."""
    path = project.root / "pyproject.toml"
    if not path.is_file() or "project" not in tomllib.loads(path.read_text(encoding="utf-8")):
        return "", b""
    key = digest(renderer_digest(), project.code_digest, path, project.timestamp)
    packed = project.store.read("wheel", key)
    if packed is None:
        with project.store.scratch() as folder:
            command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
            epoch = {"SOURCE_DATE_EPOCH": str(max(project.timestamp, 315532800))}
            subprocess.run(command, cwd=project.root, check=True, capture_output=True, env={**os.environ, **epoch})
            made = next(Path(folder).glob("*.whl"))
            packed = made.name.encode() + b"\n" + made.read_bytes()
        project.store.write("wheel", key, packed)
    name, _, wheel = packed.partition(b"\n")
    return name.decode(), wheel
