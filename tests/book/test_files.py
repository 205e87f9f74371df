"""The files that readers take away: PDF, EPUB, notebooks."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from xml.etree import ElementTree

import nbformat
import pytest

from book.project import Project
from book.render import Request, render

EPOCH = "1700000000"  # as for the specimen


@pytest.fixture(scope="module")
def notebook(specimen) -> nbformat.NotebookNode:
    return nbformat.read(specimen.output / "notebooks" / "cells.ipynb", as_version=4)


@pytest.fixture(scope="module")
def epub(specimen) -> dict[str, str]:
    """The text files of the EPUB by name."""
    with zipfile.ZipFile(specimen.output / "A-specimen.epub") as archive:
        names = [name for name in archive.namelist() if name.endswith((".xhtml", ".opf", ".ncx"))]
        return {name: archive.read(name).decode() for name in names}


def test_the_pdf_is_tagged_and_dated(specimen):
    data = (specimen.output / "A-specimen.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    assert b"/MarkInfo" in data
    assert b"pdfuaid" in data
    assert b"2023-11-14" in data  # SOURCE_DATE_EPOCH of the tests


def test_the_epub_is_well_formed(epub, specimen):
    for name, text in epub.items():
        ElementTree.fromstring(text)
        assert not re.search(r"<title>ch\d+\.xhtml", text), name
    with zipfile.ZipFile(specimen.output / "A-specimen.epub") as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)


def test_the_epub_s_links_lead_somewhere(epub):
    offered = {name: set(re.findall(r'\sid="([^"]+)"', text)) for name, text in epub.items()}
    for name, text in epub.items():
        folder = name.rpartition("/")[0]
        for address in re.findall(r'href="([^"]+)"', text):
            file, _, ident = address.partition("#")
            target = f"{folder}/{file}" if file else name
            if ident and not file.startswith("http"):
                parts = re.sub(r"[^/]+/\.\./", "", target)
                assert ident in offered[parts], f"{name} → {address}"


def test_the_epub_speaks(epub):
    package = epub["EPUB/content.opf"]
    for feature in ("alternativeText", "MathML", "tableOfContents"):
        assert f'<meta property="schema:accessibilityFeature">{feature}</meta>' in package
    text = "".join(epub.values())
    assert 'alttext="y equals a x plus b, and more"' in text
    assert 'alt="A blue line."' in text
    assert all(re.search(r'alt="[^"]+"', image) for image in re.findall(r"<img[^>]*>", text))


def test_the_epub_shows_what_it_should(epub):
    text = "".join(epub.values())
    assert "Only pages and EPUB show this" in text
    assert "Only pages show this" not in text
    assert "Second tab" in text
    assert "<input" not in text
    assert "<details" not in text


def test_notebooks_are_plain(notebook):
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    source = "\n".join(texts).replace("\u00a0", " ")
    assert not re.search(r"@(fig|eq|sec|tbl)-|:::|\{#|\{\.|`\{python\}", source)
    for words in (
        "The answer is 42, its name forty-two, in a formula $2^{3}$.",
        "Figure 2.1: A *drawing*, see Equation 1.1 and Squire and Trapp (1998).",
        "Figure 2.3: A step of 3.",
        "References: Figure 2.1, Figure 2.2, Figure 2.2 (b), Figure 2.3, Table 2.1, Listing 2.1, Section 2.1.1",
        "## 2.1 Running",
        "“Using Complex Variables to Estimate Derivatives of Real Functions.”",
    ):
        assert words in source


def test_what_cells_print_is_plain_too(notebook):
    data = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    shown = [kinds["text/markdown"].replace("\u00a0", " ") for kinds in data if "text/markdown" in kinds]
    assert any("Equation 1.1" in text and "@" not in text for text in shown)
    assert any("\\tag{2.1}" in text and "Figure 2.1" in text and "{#" not in text for text in shown)


def test_notebooks_keep_outputs_and_hide_what_is_hidden(notebook):
    cells = {cell.source.split("\n")[0]: cell for cell in notebook.cells}
    assert cells["import json"].outputs[0].text == "printed <42>\n"
    drawn = cells["figure, axes = plt.subplots(figsize=(2, 1))"]
    assert drawn.outputs[0].data["image/svg+xml"].startswith("<?xml")
    assert cells["for end in (1, 2):"].metadata.jupyter.source_hidden
    assert cells["hidden = 7"].metadata.jupyter.source_hidden
    assert cells['print("silent")'].outputs == []
    assert cells['warnings.warn("not shown")'].outputs == []
    assert cells["1 / 0"].metadata.tags == ["raises-exception"]
    assert cells["```python"].cell_type == "markdown"  # eval: false
    assert not any("#|" in cell.source for cell in notebook.cells)


def test_cells_in_lists_and_callouts_come_out(notebook):
    sources = [cell.source for cell in notebook.cells]
    order = [sources.index(text) for text in ('print("in a list")', 'print("in a callout")')]
    assert order == sorted(order)
    assert any(source.startswith("2.  The second item") for source in sources)


def test_notebooks_run_from_top_to_bottom(specimen, notebook, tmp_path):
    from nbclient import NotebookClient

    (tmp_path / "data.json").write_bytes((specimen.output / "notebooks" / "data.json").read_bytes())
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()


def test_pictures_of_the_text_travel_with_the_notebook(small_book):
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>'
    book = small_book("# One\n\n![Cap](a.svg){#fig-a fig-alt='alt'}\n\n```{python}\n1\n```\n")
    book.write("a.svg", drawing)
    book.render("notebooks")
    cells = json.loads((book.output / "notebooks" / "one.ipynb").read_text())["cells"]
    assert "![alt](attachment:a.svg)" in "".join(cells[0]["source"])
    assert list(cells[0]["attachments"]) == ["a.svg"]


def test_the_first_cell_installs_the_wheel_that_lies_beside_the_notebook(small_book):
    book = small_book("# One\n\n```{python}\n1\n```\n")
    book.write(
        "pyproject.toml",
        """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "its-package"
version = "1.2"
requires-python = ">=3.11"
[tool.hatch.build.targets.wheel]
packages = ["code/thing"]
""",
    )
    book.write("code/thing/__init__.py", "")
    book.render("notebooks")
    folder = book.output / "notebooks"
    first = json.loads((folder / "one.ipynb").read_text())["cells"][0]
    source = "".join(first["source"])
    assert (folder / "its_package-1.2-py3-none-any.whl").is_file()
    assert 'version("its-package") == "1.2"' in source
    assert "%pip install --quiet {wheel}" in source
    assert "pip install its" not in source


def test_the_same_sources_give_the_same_bytes(specimen, tmp_path, monkeypatch):
    """From nothing, in another folder: every file of the book is the same."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)
    copy = tmp_path / "else where"
    shutil.copytree(specimen.root, copy, ignore=shutil.ignore_patterns("_book", ".cache"))
    project = Project(copy)
    output = render(project, Request(project.formats)).output
    here, there = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (output, specimen.output)
    )
    assert here.keys() == there.keys()
    assert [str(name) for name in here if here[name] != there[name]] == []


def test_bars_in_a_table_end_no_cell_of_a_notebook(small_book):
    book = small_book("# One\n\n```{python}\n1\n```\n\n| a | b |\n|---|---|\n| `x|y` | $|z|\\| w \\|$ |\n")
    book.render("notebooks")
    text = (book.output / "notebooks" / "one.ipynb").read_text()
    assert r"`x\\|y` | $\\vert z\\vert \\Vert  w \\Vert$ |" in text


def test_a_notebook_lists_its_references_once(small_book):
    cites = "As @known2000 says.\n\n```{python}\n1\n```\n"
    book = small_book(f"# One\n\n{cites}", two=f"# Two\n\n{cites}\n## Sources\n\n::: {{#refs}}\n:::\n")
    book.render("notebooks")
    for name in ("one", "two"):
        assert (book.output / "notebooks" / f"{name}.ipynb").read_text().count("Known, Ann") == 1
