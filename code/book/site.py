"""The web site of the book: a page for each chapter, what the pages need beside them, and the search."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from book import fonts, html, pandoc, svg
from book.citations import Worded
from book.crossref import Index
from book.errors import Fault
from book.lowering import relative
from book.manuscript import Manuscript, page_key, page_of, read_media
from book.project import Project, as_list
from book.store import digest, renderer_digest

FONT = f"assets/fonts/{fonts.MATH_FONT_NAME}"
TEMPLATES = Path(__file__).parent / "templates"


def pages(
    project: Project, book: Sequence[Manuscript], index: Index, worded: Worded, chosen: Sequence[Manuscript],
    formats: Sequence[str],
) -> tuple[dict[str, bytes], list[Fault]]:  # fmt: skip
    """The files of the web site; only the pages of the chosen chapters are made."""
    sheets = [project.root / name for name in as_list(project.get("format", "html", "css"))]
    colours = svg.inks(sheets)
    depth = project.get("format", "html", "toc-depth", default=3)

    def written(item: Manuscript) -> dict[str, Any]:
        page = page_of(book, item, index, worded)

        def make() -> dict[str, Any]:
            drawings = {
                name: read_media(project, name).decode() for name in item.summary["media"] if name.endswith(".svg")
            }
            page.picture = partial(html.picture, project.root, drawings, colours)
            made, warnings = html.body(item.blocks(), page, depth)
            return {**made, "warnings": warnings}

        return project.store.memo("html", digest(page_key(project, item, page), colours, depth), make)

    bodies = dict(zip([item.chapter.path for item in chosen], pandoc.in_parallel(written, chosen), strict=True))
    faults = [
        Fault(path, 0, "pandoc", warning, "mend the source of it", warning=True)
        for path, made in bodies.items() for warning in made["warnings"]
    ]  # fmt: skip
    texts = _in_template(project, book, index, bodies, formats)
    files = {name: text.encode() for name, text in texts.items()}
    for item in chosen:
        for name in item.summary["media"]:
            if not name.endswith(".svg"):
                files[name] = read_media(project, name)
    files |= _assets(project, sheets)
    files[FONT] = _font(project, texts.values())
    files |= _search(project, files)
    return files, faults


def _in_template(
    project: Project, book: Sequence[Manuscript], index: Index, bodies: Mapping[str, Any], formats: Sequence[str]
) -> dict[str, str]:
    """Pages by path: the bodies in the page template. The template's head says what it is given."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True,
    )  # fmt: skip
    template = environment.get_template("page.html")
    shown = [item for item in book if item.title("html") or item.chapter.kind == "index"]
    about = {
        "title": project.title, "subtitle": project.get("book", "subtitle", default=""), "authors": project.authors,
        "date": project.date, "description": project.get("book", "description", default=""), "lang": project.lang,
        "repo_url": project.get("book", "repo-url", default=""),
    }  # fmt: skip
    texts = {}
    for position, item in enumerate(shown):
        path = item.chapter.path
        if path not in bodies:
            continue
        page = item.chapter.page

        def entry(other: Manuscript, page: str = page) -> dict[str, Any]:
            return {
                "title": other.title("html") or project.title,
                "number": index.chapters[other.chapter.path],
                "kind": other.chapter.kind,
                "href": relative(other.chapter.page, page),
                "current": other.chapter.page == page,
            }

        downloads = {
            "notebook": f"notebooks/{item.chapter.stem}.ipynb" if "notebooks" in formats and _has_cells(item) else "",
            "pdf": f"{project.file_stem}.pdf" if "pdf" in formats else "",
            "epub": f"{project.file_stem}.epub" if "epub" in formats else "",
        }
        texts[page] = template.render(
            book=about,
            chapter=entry(item),
            body=bodies[path]["body"],
            toc=bodies[path]["toc"],
            nav=_navigation(shown, entry),
            previous=entry(shown[position - 1]) if position else None,
            next=entry(shown[position + 1]) if position + 1 < len(shown) else None,
            root=relative(".", page) + "/",
            downloads={kind: relative(name, page) if name else "" for kind, name in downloads.items()},
            styles=[relative(name, page) for name in as_list(project.get("format", "html", "css"))],
        )
    return texts


def _has_cells(item: Manuscript) -> bool:
    return bool(item.source.cells)


def _navigation(shown: Sequence[Manuscript], entry: Any) -> list[dict[str, Any]]:
    """The chapters in groups: those of a part together, the appendices together."""
    groups: list[dict[str, Any]] = []
    for item in shown:
        title = "Appendices" if item.chapter.kind == "appendix" and not item.chapter.part else item.chapter.part
        if not groups or groups[-1]["title"] != title:
            groups.append({"title": title, "chapters": []})
        groups[-1]["chapters"].append(entry(item))
    return groups


def _assets(project: Project, sheets: Sequence[Path]) -> dict[str, bytes]:
    """The style sheets and the resources of the project, and the scripts and styles of the page template."""
    paths = list(sheets)
    for name in as_list(project.get("project", "resources")):
        place = project.root / name
        paths += [path for path in place.rglob("*") if path.is_file()] if place.is_dir() else [place]
    files = {path.relative_to(project.root).as_posix(): path.read_bytes() for path in sorted(paths)}
    static = TEMPLATES / "static"
    return files | {
        f"assets/{path.relative_to(static).as_posix()}": path.read_bytes()
        for path in sorted(static.rglob("*")) if path.is_file()
    }  # fmt: skip


def _font(project: Project, texts: Any) -> bytes:
    """The mathematics font, with the characters that occur in the pages."""
    characters = "".join(sorted(fonts.characters_of(texts)))
    key = digest(renderer_digest(), characters)
    if (font := project.store.read("font", key)) is None:
        font = fonts.math_font(frozenset(characters))
        project.store.write("font", key, font)
    return font


def _search(project: Project, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Pagefind's index of the pages."""
    found = {name: data for name, data in sorted(files.items()) if name.endswith(".html")}
    key = digest(renderer_digest(), list(found), *found.values())
    packed = project.store.read("search", key)
    if packed is None:
        with tempfile.TemporaryDirectory() as folder:
            for name, data in found.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            command = [sys.executable, "-m", "pagefind", "--site", folder, "--silent"]
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
