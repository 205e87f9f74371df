"""The book as an EPUB: the HTML of the pages, less what needs a browser, bound by pandoc.

Tabs follow one another, folds and collapsed callouts are open, drawings are files of their own. Chapters share one
set of identifiers, so that a link to anything finds the right file.
"""

from __future__ import annotations

import io
import re
import uuid
import zipfile
from collections.abc import Sequence
from html import escape
from pathlib import Path

from book import html, lowering, pandoc, tree
from book.edition import Edition
from book.errors import Fault
from book.lowering import Page, Table
from book.manuscript import Manuscript
from book.notes import circled_block
from book.project import Project, as_list
from book.store import digest, renderer_digest
from book.tree import Construct, Node, Nodes

ACCESSIBILITY = {
    "accessModes": ["textual", "visual"],
    "accessModeSufficient": ["textual"],
    "accessibilityFeatures": ["alternativeText", "MathML", "readingOrder", "structuralNavigation", "tableOfContents"],
    "accessibilityHazards": ["none"],
}
"""What a reading system is told: every picture has its words, every formula is MathML."""

STYLE = Path(__file__).parent / "templates" / "epub.css"


def callout(found: Construct, page: Page) -> Node:
    return html.callout(found.changed(collapse=""), page)


def tabset(found: Construct, page: Page) -> Nodes:
    return [
        tree.div([tree.para([tree.strong(tab.part("title"))]), *tab.rest("title")], classes=["tab"])
        for tab in filter(None, map(tree.construct, found.children))
    ]


TABLE: Table = {
    **html.TABLE,
    "callout": callout,
    "tabset": tabset,
    "fold": lowering.children,
    "column": lowering.children,
    "annotations": lowering.notes,
}


def picture(node: Node, page: Page) -> Node:
    """An image that pandoc will bind in."""
    (_, _, attributes), alt, (name, _) = node["c"]
    pairs = dict(attributes)
    size = {key: pairs[key] for key in ("width", "height") if key in pairs}
    return tree.image(tree.words(pairs.get("fig-alt") or tree.stringify(alt)), name, **size)


def build(edition: Edition) -> tuple[dict[str, bytes], list[Fault]]:
    """The EPUB of the whole book."""
    project, shown = edition.project, edition.shown
    pages = [edition.page(item) for item in shown]
    media = edition.media(edition.book)
    sheets = [STYLE, *(project.root / name for name in as_list(project.get("format", "epub", "css")))]
    keys = [edition.key(item, page) for item, page in zip(shown, pages, strict=True)]
    inputs = [keys, list(media), project.settings.value, project.timestamp]
    key = digest(renderer_digest(), inputs, *media.values(), *sheets)
    bound, warnings = project.store.read("epub", key), project.store.get("epub-warnings", key)
    if bound is None or warnings is None:
        bound, warnings = _bind(project, _blocks(edition, shown, pages), media, sheets)
        project.store.write("epub", key, bound)
        project.store.put("epub-warnings", key, warnings)
    faults = [Fault("EPUB", 0, "pandoc", warning, warning=True) for warning in warnings]
    return {f"{project.file_stem}.epub": bound}, faults


def _blocks(edition: Edition, shown: Sequence[Manuscript], pages: Sequence[Page]) -> Nodes:
    """The chapters one after the other, a page before the first of each part, the references at the end."""
    blocks: Nodes = []
    part = ""
    for item, page in zip(shown, pages, strict=True):
        if item.chapter.part != part:
            part = item.chapter.part
            blocks += [_title(part, f"part--{item.chapter.stem}", "part")] if part else []
        page.picture = picture
        blocks += lowering.lower(item.blocks(), TABLE, page, {"CodeBlock": circled_block})
    if edition.worded.bibliography and edition.references_at is None:
        blocks += [_title("Bibliography", "bibliography", "unnumbered"), *edition.worded.bibliography]
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
        "date": project.moment.date().isoformat(),
        "lang": language,
        "description": project.get("book", "description", default=""),
        "identifier": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, address)}",
    }
    strings = {key: {"t": "MetaString", "c": value} for key, value in meta.items() if value}
    lists = {
        key: {"t": "MetaList", "c": [{"t": "MetaString", "c": value} for value in values]}
        for key, values in {"author": project.authors, **ACCESSIBILITY}.items()
    }
    with project.store.scratch() as name:
        folder = Path(name)
        for path, data in media.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        options = [
            "--from=json", "--to=epub3", "--output=book.epub", "--mathml", "--split-level=1", *_contents(project),
            *(f"--css={sheet}" for sheet in sheets),
        ]  # fmt: skip
        epoch = {"SOURCE_DATE_EPOCH": str(project.timestamp)}
        _, warnings = pandoc.run(options, pandoc.document(blocks, {**strings, **lists}), cwd=folder, env=epoch)
        return _finished((folder / "book.epub").read_bytes(), project), warnings


def _contents(project: Project) -> list[str]:
    """The options for the table of contents; readers' devices have one in any case."""
    wanted = project.setting(None, "epub", "toc", default=True)
    return ["--toc"] * wanted + [f"--toc-depth={project.setting(None, 'epub', 'toc-depth', default=2)}"]


UNTITLED = "<title>{}</title>"
"""Pandoc titles a chapter by the name of its file."""
HEADING = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")


def _title_page(text: str, project: Project) -> str:
    """The title page with the date as people write it, where one is stated, and all that is said of the authors."""
    written = f'<p class="date">{escape(project.date)}</p>' if project.date else ""
    text = text.replace(f'<p class="date">{project.moment.date().isoformat()}</p>', written)
    for author in project.people:
        links = {author.url: author.url, author.orcid: "ORCID", f"mailto:{author.email}": author.email}
        shown = [
            f'<a href="{escape(address)}">{escape(words)}</a>' for address, words in links.items() if words and address
        ]
        lines = [" ".join(shown), *map(escape, author.affiliations), *["Corresponding author"] * author.corresponding]
        about = "".join(f'\n  <p class="affiliation">{line}</p>' for line in lines if line)
        named = f'<p class="author">{escape(author.name, quote=False)}</p>'
        text = text.replace(named, named + about, 1)
    return text


def _finished(bound: bytes, project: Project) -> bytes:
    """The same book, its chapters titled by their headings and its formulas given their words."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(bound)) as old, zipfile.ZipFile(result, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            name = entry.filename.rpartition("/")[2]
            if name.endswith(".xhtml"):
                text = html.spoken(data.decode())
                text = _title_page(text, project) if name == "title_page.xhtml" else text
                if heading := HEADING.search(text):
                    title = f"<title>{TAG.sub('', heading[1]).strip()}</title>"
                    text = text.replace(UNTITLED.format(name), title)
                data = text.encode()
            new.writestr(entry, data)
    return result.getvalue()
