"""The book as an EPUB: the HTML of the pages, less what needs a browser, bound by pandoc.

Tabs follow one another, folds and collapsed callouts are open, drawings are files of their own. Chapters share one
set of identifiers, so that a link to anything finds the right file.
"""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path

from book import html, lowering, pandoc, tree
from book.citations import Worded
from book.crossref import Index
from book.errors import Fault
from book.lowering import Page, Table
from book.manuscript import Manuscript, page_key, page_of, read_media
from book.project import Project, as_list
from book.store import digest, renderer_digest
from book.tree import Construct, Node, Nodes

STYLE = Path(__file__).parent / "templates" / "epub.css"


def callout(found: Construct, page: Page) -> Node:
    return html.callout(found.changed(collapse=""), page)


def tabset(found: Construct, page: Page) -> Nodes:
    return [
        tree.div([tree.para([tree.strong(tab.part("title"))]), *tab.rest("title")], classes=["tab"])
        for tab in filter(None, map(tree.construct, found.children))
    ]


TABLE: Table = {**html.TABLE, "callout": callout, "tabset": tabset, "fold": lowering.children}


def picture(node: Node, page: Page) -> Node:
    """An image that pandoc will bind in."""
    (_, _, attributes), alt, (name, _) = node["c"]
    pairs = dict(attributes)
    size = {key: pairs[key] for key in ("width", "height") if key in pairs}
    return tree.image(tree.words(pairs.get("fig-alt") or tree.stringify(alt)), name, **size)


def build(
    project: Project, book: Sequence[Manuscript], index: Index, worded: Worded, chosen: Sequence[Manuscript],
    formats: Sequence[str],
) -> tuple[dict[str, bytes], list[Fault]]:  # fmt: skip
    """The EPUB of the whole book."""
    shown = [item for item in book if item.title("epub")]
    pages = [page_of(book, item, index, worded) for item in shown]
    media = {
        name: read_media(project, name) for name in sorted({name for item in book for name in item.summary["media"]})
    }
    sheets = [STYLE, *(project.root / name for name in as_list(project.get("format", "epub", "css")))]
    keys = [page_key(project, item, page) for item, page in zip(shown, pages, strict=True)]
    key = digest(
        renderer_digest(), keys, list(media), *media.values(), *sheets, project.settings.value, project.timestamp
    )
    bound, warnings = project.store.read("epub", key), project.store.get("epub-warnings", key)
    if bound is None or warnings is None:
        bound, warnings = _bind(project, _blocks(book, shown, pages, worded), media, sheets)
        project.store.write("epub", key, bound)
        project.store.put("epub-warnings", key, warnings)
    faults = [Fault("EPUB", 0, "pandoc", warning, warning=True) for warning in warnings]
    return {f"{project.file_stem}.epub": bound}, faults


def _blocks(book: Sequence[Manuscript], shown: Sequence[Manuscript], pages: Sequence[Page], worded: Worded) -> Nodes:
    """The chapters one after the other, a page before the first of each part, the references at the end."""
    blocks: Nodes = []
    part = ""
    for item, page in zip(shown, pages, strict=True):
        if item.chapter.part != part:
            part = item.chapter.part
            blocks += [_title(part, f"part--{item.chapter.stem}", "part")] if part else []
        page.picture = picture
        blocks += lowering.lower(item.blocks(), TABLE, page)
    if worded.bibliography and not any("epub" in item.summary["refs"].split() for item in book):
        blocks += [_title("Bibliography", "bibliography", "unnumbered"), *worded.bibliography]
    return blocks


def _title(words: str, ident: str, kind: str) -> Node:
    return {"t": "Header", "c": [1, [ident, [kind], []], tree.words(words)]}


def _bind(project: Project, blocks: Nodes, media: dict[str, bytes], sheets: Sequence[Path]) -> tuple[bytes, list[str]]:
    """Have pandoc make the file; return it and pandoc's warnings."""
    language = project.lang
    address = project.get("book", "repo-url", default=project.title)
    meta = {
        "title": project.title,
        "subtitle": project.get("book", "subtitle", default=""),
        "date": project.date,
        "lang": language,
        "description": project.get("book", "description", default=""),
        "identifier": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, address)}",
    }
    strings = {key: {"t": "MetaString", "c": value} for key, value in meta.items() if value}
    authors = {"t": "MetaList", "c": [{"t": "MetaString", "c": author} for author in project.authors]}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, data in media.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        options = [
            "--from=json", "--to=epub3", "--output=book.epub", "--mathml", "--split-level=1", "--toc", "--toc-depth=2",
            *(f"--css={sheet}" for sheet in sheets),
        ]  # fmt: skip
        epoch = {"SOURCE_DATE_EPOCH": str(project.timestamp)}
        _, warnings = pandoc.run(
            options, pandoc.document(blocks, {**strings, "author": authors}), cwd=folder, env={**os.environ, **epoch}
        )
        return (folder / "book.epub").read_bytes(), warnings
