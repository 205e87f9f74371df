"""A cell and its outputs as blocks of the canonical form.

The code becomes a ``cell``; what it shows becomes ``outputs``, inside a ``float`` where the cell has a caption. Of
the forms in which an output is offered the best one that every format can show is taken; HTML goes to the formats
that can show it, with the plain text for the rest.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

from book import addresses, tree
from book.execute import option
from book.notebook import Cell, Source
from book.project import Project, as_list
from book.store import digest
from book.tree import Nodes

MEDIA = "media"
IMAGES = {"image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg"}
KINDS = ("text/markdown", *IMAGES, "text/latex", "text/html", "text/plain")
"""The forms of an output that are shown, the best one first."""
CAPTIONS = {"fig": "fig-cap", "tbl": "tbl-cap", "lst": "lst-cap"}
ONLY_A_NAME = re.compile(r"^<[\w.]+ object( at \w+)?>$|^<Figure size .*>$")
ADDRESS = re.compile(r"<[^<>]* at 0x[0-9a-fA-F]+>")
MATPLOTLIB_TEXT = re.compile(r"^\[?<(matplotlib|Axes|Figure)|^(Text|\[Text|\(array)\(")


def in_column(reach: str, blocks: Nodes) -> Nodes:
    """Blocks in the column that they ask for: in the margin, or wider than the text."""
    if reach == "body" or not blocks:
        return blocks
    return [tree.make("margin", blocks) if reach == "margin" else tree.make("column", blocks, reach=reach)]


class CellWriter:
    """Turns the cells of one chapter into blocks. ``fragment`` gives the blocks of a piece of Markdown."""

    def __init__(self, project: Project, source: Source, fragment: Callable[[str, int], Nodes]) -> None:
        self.project, self.source, self.fragment = project, source, fragment

    def blocks(self, cell: Cell, results: list[dict[str, Any]] | None) -> Nodes:
        """What a reader sees of a cell; ``results`` is None where it has not been run."""
        if not self._option(cell, "include"):
            return [tree.make("cell", [], n=str(cell.number))]
        kind = cell.label.partition("-")[0]
        if kind in CAPTIONS and CAPTIONS[kind] not in cell.options:
            self.source.fault(
                cell.line_of("label"),
                "caption",
                f"{cell.name} has no {CAPTIONS[kind]}",
                f"add #| {CAPTIONS[kind]}: what it shows and how to read it",
            )
        shown = self._floated(cell, self._shown(cell, results))
        return [*self._code(cell), *in_column(cell.options.get("column", "body"), shown)]

    def _option(self, cell: Cell, name: str) -> Any:
        return option(self.project, self.source, cell, name)

    def _caption(self, cell: Cell, name: str, text: str) -> Nodes:
        blocks = self.fragment(text, cell.line_of(name))
        if len(blocks) != 1 or blocks[0]["t"] not in ("Para", "Plain"):
            self.source.fault(cell.line_of(name), "caption", f"{name} is not one paragraph", "shorten it")
            return []
        return blocks[0]["c"]

    def _code(self, cell: Cell) -> Nodes:
        shown: Nodes = []
        if self._option(cell, "echo") and cell.code:
            shown = [tree.code_block(cell.code, "python")]
            if (fold := self._option(cell, "code-fold")) is not False:
                summary = self._option(cell, "code-summary")
                shown = [tree.make("fold", shown, open=str(fold == "show").lower(), summary=summary)]
        block = tree.make("cell", shown, n=str(cell.number))
        if not {"lst-cap", "lst-label"} & set(cell.options):
            return [block]
        label = cell.options.get("lst-label", cell.label)
        if not label.startswith("lst-") or "lst-cap" not in cell.options:
            mend = "give it both: #| lst-label: lst-… and #| lst-cap: what it shows"
            line = max(cell.line_of("lst-cap"), cell.line_of("lst-label"))
            self.source.fault(line, "caption", f"the listing of {cell.name} has no label or no caption", mend)
        elif shown:
            caption = tree.make("caption", self._caption(cell, "lst-cap", cell.options["lst-cap"]))
            return [tree.make("float", [block, caption], label, kind="lst")]
        return [block]

    def _floated(self, cell: Cell, outputs: list[Nodes]) -> Nodes:
        """The outputs, in the figure or table that the cell's captions ask for."""
        subcaptions = [self._caption(cell, "fig-subcap", text) for text in as_list(cell.options.get("fig-subcap"))]
        columns = str(cell.options.get("layout-ncol", ""))
        if subcaptions:
            pictures = [blocks for blocks in outputs if any(node["t"] == "Image" for node in tree.walk(blocks))]
            if outputs and len(pictures) != len(subcaptions):
                self.source.fault(
                    cell.line_of("fig-subcap"),
                    "caption",
                    f"{len(subcaptions)} sub-captions for {len(pictures)} pictures",
                    "give one for each",
                )
            parts = pictures or [[] for _ in subcaptions]
            outputs = [
                [tree.make("float", [*blocks, tree.make("caption", caption)], kind="fig")]
                for blocks, caption in zip(parts, subcaptions, strict=False)
            ]
        inner: Nodes = [block for blocks in outputs for block in blocks]
        if columns and inner:
            inner = [tree.make("panel", inner, columns=columns)]
        for kind, name in CAPTIONS.items():
            if name in cell.options and kind != "lst":
                caption = tree.make("caption", self._caption(cell, name, cell.options[name]))
                ident = cell.label if cell.label.startswith(f"{kind}-") else ""
                body = tree.make("outputs", inner, n=str(cell.number))
                return [tree.make("float", [body, caption], ident, kind=kind)]
        if self._option(cell, "output") == "asis":
            return inner
        return [tree.make("outputs", inner, n=str(cell.number))] if inner else []

    def _shown(self, cell: Cell, results: list[dict[str, Any]] | None) -> list[Nodes]:
        """The blocks of each output that is shown."""
        wanted = self._option(cell, "output")
        if not wanted or not results:
            return []
        alts = as_list(cell.options.get("fig-alt"))
        has_picture = any(kind in output.get("data", {}) for output in results for kind in IMAGES)
        shown: list[Nodes] = []
        pictures = 0

        def show(place: int, blocks: Nodes, markdown: bool = False) -> None:
            if blocks:
                form = "markdown" if markdown else ""
                shown.append([tree.make("shown", blocks, n=str(cell.number), k=str(place), form=form)])

        for place, output in enumerate(results):
            kind = output["output_type"]
            if kind == "stream" and output["name"] == "stderr":
                if self._option(cell, "warning"):
                    self.source.fault(
                        cell.line,
                        "stderr",
                        f"{cell.name} warns: {output['text'].strip():.200}",
                        "mend the code, or set #| warning: false",
                        warning=True,
                    )
                    show(place, [self._output("stderr", output["text"])])
            elif kind == "stream":
                asis = wanted == "asis"
                text = output["text"]
                self._ask_for_more(cell, text)
                show(place, self.fragment(text, cell.line) if asis else [self._output("stdout", text)], markdown=asis)
            elif kind == "error":
                show(place, [self._output("error", "\n".join(output["traceback"]))])
            else:
                alt = alts[min(pictures, len(alts) - 1)] if alts else ""
                blocks = self._display(cell, output["data"], alt, has_picture)
                pictures += any(node["t"] == "Image" for node in tree.walk(blocks))
                show(place, blocks, markdown="text/markdown" in output["data"])
        return shown

    def _output(self, kind: str, text: str) -> tree.Node:
        return tree.make("output", [tree.code_block(text.rstrip("\n"))], kind=kind)

    def _display(self, cell: Cell, data: dict[str, Any], alt: str, has_picture: bool) -> Nodes:
        """One displayed object, in the best of the forms that it offers."""
        plain = data.get("text/plain", "")
        if "text/markdown" in data:
            return self.fragment(data["text/markdown"], cell.line)
        for kind, ending in IMAGES.items():
            if kind in data:
                if ending == "svg":
                    self._inspect(cell, data[kind])
                picture = tree.image([], self._keep(data[kind], ending), **{"fig-alt": alt})
                if not alt:
                    self.source.fault(
                        cell.line,
                        "alt",
                        f"{cell.name} draws a figure that has no alt text",
                        "add #| fig-alt: what it shows, for those who cannot see it",
                    )
                if not (cell.options.get("fig-cap") or cell.options.get("fig-subcap")):
                    picture["c"][0][2].append(["line", str(cell.line)])
                return [tree.para([picture])]
        if "text/latex" in data:
            return self.fragment(data["text/latex"], cell.line)
        if "text/html" in data:
            self._inspect(cell, data["text/html"])
            form = [tree.make("when", [tree.raw("html", data["text/html"])], formats="html epub")]
            if plain and not ONLY_A_NAME.match(plain):
                form.append(tree.make("when", [self._output("display", plain)], formats="pdf notebooks"))
            return form
        if has_picture and MATPLOTLIB_TEXT.match(plain):
            return []
        if others := sorted(set(data) - {*KINDS}):
            message = f"{cell.name} shows {', '.join(others)}, which no format of the book has"
            mend = f"show it as one of {', '.join(KINDS)}, or end its line with a semicolon"
            self.source.fault(cell.line, "output", message, mend)
        else:
            self._ask_for_more(cell, plain)
        return [] if not plain or ONLY_A_NAME.match(plain) else [self._output("display", plain)]

    def _ask_for_more(self, cell: Cell, text: str) -> None:
        """Warn of objects that say nothing of themselves but where they lie, which is elsewhere on each run."""
        if found := ADDRESS.search(text) or ONLY_A_NAME.match(text):
            mend = "show what is in it, or end its line with a semicolon"
            self.source.fault(cell.line, "output", f"{cell.name} shows {found[0]:.60}, a name", mend, warning=True)

    def _inspect(self, cell: Cell, text: str) -> None:
        """Refuse what HTML or SVG may not hold."""
        for found in addresses.findings(text):
            self.source.fault(cell.line, found.rule, f"{cell.name} shows {found.message}", found.mend)

    def _keep(self, data: str, ending: str) -> str:
        """Keep a picture by its content; return the name that the tree knows it by."""
        content = data.encode() if ending == "svg" else base64.b64decode(data)
        name = f"{digest(content)}.{ending}"
        self.project.store.write(MEDIA, name, content)
        return f"{MEDIA}/{name}"
