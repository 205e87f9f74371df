"""Citations and the list of references: pandoc's citeproc, run once for the whole book.

One run sees every citation, in the order of the chapters, so that years get their letters and numeric styles
their numbers across the book. All formats take their words from here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from book import pandoc, tree
from book.errors import Fault, ProgramError, fail
from book.lowering import citation_key
from book.project import CONFIG, Project
from book.store import digest, renderer_digest
from book.tree import Node, Nodes

KEY = re.compile(r"^\s*@(?!comment|string|preamble)\w+\s*[{(]\s*([^\s,]+)", re.IGNORECASE)
KEY_IN_JSON = re.compile(r'"id"\s*:\s*"([^"]+)"')
PLACE = re.compile(r"\(line (\d+), column \d+\)")


@dataclass
class Worded:
    """What citeproc made of the book's citations."""

    citations: dict[str, Nodes]
    """By `lowering.citation_key`."""
    bibliography: Nodes
    """The list of references, one div ``ref-…`` an entry, under a div ``refs``."""


def entries(project: Project) -> dict[str, dict[str, Any]]:
    """The bibliography by key, each entry as CSL JSON."""
    files = project.bibliography
    if not files:
        return {}

    def read() -> list[dict[str, Any]]:
        found = []
        for path in files:
            reader = {".bib": "biblatex", ".json": "csljson"}.get(path.suffix, "biblatex")
            try:
                found += json.loads(pandoc.run(["--from", reader, "--to", "csljson", str(path)])[0])
            except ProgramError as error:
                said = str(error)
                line = int(place[1]) if (place := PLACE.search(said)) else 0
                name = path.relative_to(project.root).as_posix()
                raise fail(name, line, "bibliography", said.partition("\n")[2] or said, "mend this entry") from None
        return found

    key = digest(renderer_digest(), *files)
    return {entry["id"]: entry for entry in project.store.memo("bibliography", key, read)}


def doubled(project: Project) -> Iterator[Fault]:
    """The entries that have the key of an earlier one, which only the last would be heard of."""
    known: dict[str, str] = {}
    for path in project.bibliography:
        name = path.relative_to(project.root).as_posix()
        pattern = KEY_IN_JSON if path.suffix == ".json" else KEY
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if found := pattern.search(line):
                place = known.setdefault(found[1], f"{name}:{number}")
                if place != f"{name}:{number}":
                    message = f"{found[1]} for the second time, after {place}"
                    yield Fault(name, number, "doubled-entry", message, "rename one, or remove it")


def faults(project: Project, citations: Sequence[dict[str, Any]], known: dict[str, Any]) -> list[Fault]:
    """The citations of a chapter that the bibliography does not have."""
    where = ", ".join(path.name for path in project.bibliography) or f"bibliography: … in {CONFIG}"
    return [
        Fault(item["file"], item["line"], "unknown-citation", f"there is no entry {item['id']}",
              f"add it to {where}, or mend its name")
        for item in citations
        if item["id"] not in known
    ]  # fmt: skip


def word(project: Project, cited: Sequence[Node]) -> Worded:
    """Have citeproc word these ``Cite`` nodes, given in the order of the book."""
    distinct = {citation_key(node): node for node in cited}
    files = project.bibliography
    if not distinct or not files:
        return Worded({}, [])
    style = [project.root / project.get("csl")] if project.get("csl") else []
    key = digest(renderer_digest(), list(distinct), *files, *style, project.lang)

    def run() -> dict[str, Any]:
        blocks = [tree.div([tree.para([node])], classes=["citation"]) for node in distinct.values()]
        options = [f"--bibliography={path}" for path in files] + [f"--csl={path}" for path in style]
        meta = {
            "link-citations": {"t": "MetaBool", "c": True},
            "lang": {"t": "MetaString", "c": project.lang},
            "suppress-bibliography": {"t": "MetaBool", "c": False},
        }
        written, _ = pandoc.write(blocks, "json", "--citeproc", *options, meta=meta)
        done = tree.joined(json.loads(written)["blocks"])
        worded = [block["c"][1][0]["c"] for block in done if block["c"][0][1] == ["citation"]]
        listed = [block for block in done if block["t"] == "Div" and block["c"][0][0] == "refs"]
        return {"citations": worded, "bibliography": listed[0]["c"][1] if listed else []}

    made = project.store.memo("citations", key, run)
    return Worded(dict(zip(distinct, made["citations"], strict=True)), made["bibliography"])
