"""The web site of the book: a page for each chapter, what the pages need beside them, and the search."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from book import fonts, html, svg
from book.edition import Edition, Made
from book.errors import Fault
from book.lowering import relative
from book.manuscript import Manuscript
from book.project import Project, as_list
from book.store import digest, renderer_digest

FONT_FOLDER = "assets/fonts"
FONT = f"{FONT_FOLDER}/{fonts.MATH_FONT_NAME}"
TEMPLATES = Path(__file__).parent / "templates"
NEARBY = 40
"""How many chapters before and after its own a page lists."""
POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'wasm-unsafe-eval'",  # Pagefind's index is searched by WebAssembly
    "style-src": "'self' 'unsafe-inline'",  # drawings and columns carry styles of their own
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
}
"""What a page may load and run: what lies beside it, nothing from elsewhere, no script in the text."""


def build(edition: Edition) -> tuple[dict[str, bytes], list[Fault]]:
    """The files of the web site; the pages are those of the chosen chapters.

    A part of the book brings no index of words and a font with all characters, so that what the other pages had goes
    on serving them.
    """
    project = edition.project
    sheets = [project.root / name for name in as_list(project.get("format", "html", "css"))]
    made = _bodies(edition, svg.inks(sheets))
    texts = _in_template(edition, made.results)
    files = {name: text.encode() for name, text in texts.items()}
    files |= {name: data for name, data in edition.media(edition.chosen).items() if not name.endswith(".svg")}
    files |= _assets(project, sheets)
    files |= _text_fonts(project)
    files[FONT] = _font(project, fonts.REPERTOIRE if edition.partial else _characters(edition, made))
    if not edition.partial:
        files |= _search(project, files)
    return files, made.faults


def _bodies(edition: Edition, colours: dict[str, str]) -> Made:
    project = edition.project

    def written(item: Manuscript) -> dict[str, Any]:
        page = edition.page(item)
        contents = project.setting(item.source.head, "html", "toc", default=True)
        depth = project.setting(item.source.head, "html", "toc-depth", default=3) if contents else 0

        def make() -> dict[str, Any]:
            media = edition.media([item])
            drawings = {name: data.decode() for name, data in media.items() if name.endswith(".svg")}
            page.picture = partial(html.picture, drawings, colours)
            made, warnings = html.body(item.blocks(), page, depth)
            return {**made, "warnings": warnings}

        return project.store.memo("html", digest(edition.key(item, page), colours, depth), make)

    return edition.each(edition.chosen, written)


def _in_template(edition: Edition, bodies: Mapping[str, Any]) -> dict[str, str]:
    """Pages by path: the bodies in the page template. The template's head says what it is given."""
    import jinja2

    project = edition.project
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True,
    )  # fmt: skip
    template = environment.get_template("page.html")
    about = {
        "title": project.title,
        "subtitle": project.get("book", "subtitle", default=""),
        "authors": project.authors,
        "people": [] if all(author.plain for author in project.people) else project.people,
        "date": project.date,
        "description": project.get("book", "description", default=""),
        "lang": project.lang,
        "repo_url": project.get("book", "repo-url", default=""),
    }
    shown = edition.shown
    texts = {}
    for position, item in enumerate(shown):
        if item.chapter.path not in bodies:
            continue
        body, page = bodies[item.chapter.path], item.chapter.page

        def entry(other: Manuscript, page: str = page) -> dict[str, Any]:
            return {
                "title": other.title("html"),
                "number": edition.index.chapters[other.chapter.path],
                "kind": other.chapter.kind,
                "href": relative(other.chapter.page, page),
                "current": other.chapter.page == page,
            }

        texts[page] = template.render(
            book=about,
            chapter=entry(item),
            body=body["body"],
            toc=body["toc"],
            nav=_navigation(shown, position, entry),
            listed=position == 0 or len(shown) <= NEARBY + 1,
            previous=entry(shown[position - 1]) if position else None,
            next=entry(shown[position + 1]) if position + 1 < len(shown) else None,
            root=relative(".", page) + "/",
            policy="; ".join(f"{kind} {sources}" for kind, sources in POLICY.items()),
            downloads={form: relative(name, page) if name else "" for form, name in _downloads(edition, item).items()},
            styles=[relative(name, page) for name in as_list(project.get("format", "html", "css"))],
        )
    return texts


def _downloads(edition: Edition, item: Manuscript) -> dict[str, str]:
    """What a page offers besides itself, empty where there is none."""
    stem = edition.project.file_stem
    names = {
        "notebook": f"notebooks/{item.chapter.stem}.ipynb" if item.source.cells else "",
        "pdf": f"{stem}.pdf",
        "epub": f"{stem}.epub",
    }
    forms = {"notebook": "notebooks", "pdf": "pdf", "epub": "epub"}
    return {kind: name if forms[kind] in edition.offered else "" for kind, name in names.items()}


def _navigation(shown: Sequence[Manuscript], position: int, entry: Any) -> list[dict[str, Any]]:
    """The chapters in groups: those of a part together, the appendices together.

    The first page lists them all. The others list the first one and those around them, lest every page of a long book
    grow with the book.
    """
    near = shown if position == 0 else [shown[0], *shown[max(1, position - NEARBY) : position + NEARBY + 1]]
    groups: list[dict[str, Any]] = []
    for item in near:
        title = "Appendices" if item.chapter.kind == "appendix" and not item.chapter.part else item.chapter.part
        if not groups or groups[-1]["title"] != title:
            groups.append({"title": title, "chapters": []})
        groups[-1]["chapters"].append(entry(item))
    return groups


def _assets(project: Project, sheets: Sequence[Path]) -> dict[str, bytes]:
    """The style sheets and the resources of the project, and the scripts and styles of the page template."""
    paths = list(sheets)
    for name in project.resources:
        if name == FONT_FOLDER:  # made here, as Quarto's pre-render step makes it
            continue
        place = project.root / name
        paths += [path for path in place.rglob("*") if path.is_file()] if place.is_dir() else [place]
    files = {path.relative_to(project.root).as_posix(): path.read_bytes() for path in sorted(paths)}
    static = TEMPLATES / "static"
    return files | {
        f"assets/{path.relative_to(static).as_posix()}": path.read_bytes()
        for path in sorted(static.rglob("*")) if path.is_file()
    }  # fmt: skip


def _characters(edition: Edition, made: Made) -> frozenset[str]:
    """What the mathematics font is asked for by the chapters and by the words around them."""
    words = [edition.project.title, *(item.title("html") for item in edition.shown)]
    inside = (result["characters"] for result in made.results.values())
    return frozenset("".join(inside)) | fonts.characters_of(words)


def _font(project: Project, characters: frozenset[str]) -> bytes:
    """The mathematics font, cut down to some characters."""
    key = digest(renderer_digest(), sorted(characters))
    if (font := project.store.read("font", key)) is None:
        font = fonts.math_font(characters)
        project.store.write("font", key, font)
    return font


def _text_fonts(project: Project) -> dict[str, bytes]:
    """The faces of the text font."""

    def read(name: str) -> bytes:
        key = digest(renderer_digest(), name)
        if (font := project.store.read("font", key)) is None:
            font = fonts.text_fonts()[name]
            project.store.write("font", key, font)
        return font

    return {f"{FONT_FOLDER}/{name}": read(name) for name in fonts.TEXT_FACES}


def _search(project: Project, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Pagefind's index of the pages."""
    found = {name: data for name, data in sorted(files.items()) if name.endswith(".html")}
    key = digest(renderer_digest(), list(found), *found.values())
    packed = project.store.read("search", key)
    if packed is None:
        with project.store.scratch() as folder:
            for name, data in found.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            command = [
                sys.executable,
                "-m",
                "pagefind",
                "--site",
                folder,
                "--silent",
                "--exclude-selectors",
                "annotation",
            ]
            subprocess.run(command, check=True, capture_output=True)
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w") as archive:
                for path in sorted(Path(folder, "pagefind").rglob("*")):
                    if path.is_file():
                        archive.write(path, path.relative_to(folder).as_posix())
        packed = buffer.getvalue()
        project.store.write("search", key, packed)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
