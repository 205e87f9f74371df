"""Folders, chapters and pictures may be called anything: spaces, quotes, percents, hashes, letters of all alphabets."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from book.check import pages
from book.project import Project
from book.render import Request, render

FOLDER = 'it\'s "my" bøok $HOME'
CHAPTER = 'it\'s "über" 100% #1'
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="5" height="5"/></svg>'
CONFIG = """\
project: {type: book}
book:
  title: A small book
  chapters: [index.qmd, 'chapters/it''s "über" 100% #1.qmd', chapters/two.qmd]
bibliography: my réfs.bib
format: {html: default, typst: default, epub: default}
"""
SOURCES = {
    "_quarto.yml": CONFIG,
    "my réfs.bib": "@book{known2000, author={Known, Ann}, title={A known book}, year={2000}}",
    "index.qmd": "# Preface {.unnumbered}\n\n@sec-one, [two](chapters/two.qmd), @known2000\n\n::: {#refs}\n:::\n",
    f"chapters/{CHAPTER}.qmd": "# One {#sec-one}\n\n![Cap](<a ä \"q\" 1.svg>){#fig-a fig-alt='a'}\n\n"
    "![Cap](<dot é %232.png>){#fig-b fig-alt='b'}\n\n```{python}\nprint(1)\n```\n\n## Two {#place}\n",
    'chapters/a ä "q" 1.svg': DRAWING,
    "chapters/two.qmd": "# Two {#sec-two}\n\n@fig-a, @fig-b, [one](<it's \"über\" 100%25 %231.qmd#place>), @sec-one\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("paths") / FOLDER
    for name, text in SOURCES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    shutil.copyfile(Path(__file__).parent / "specimen" / "images" / "dot.png", root / "chapters" / "dot é #2.png")
    project = Project(root)
    return render(project, Request(project.formats)).output


def test_every_link_of_the_pages_leads_somewhere(output):
    assert (output / "chapters" / f"{CHAPTER}.html").is_file()
    assert [str(fault) for fault in pages(output)] == []


def test_the_epub_holds_its_pictures_and_places(output):
    with zipfile.ZipFile(output / "A-small-book.epub") as archive:
        names = set(archive.namelist())
        text = "".join(archive.read(name).decode() for name in sorted(names) if name.endswith(".xhtml"))
    pictures = re.findall(r'<img src="\.\./([^"]+)"', text)
    assert len(pictures) == 2
    assert {f"EPUB/{name}" for name in pictures} <= names
    identifiers = re.findall(r'\sid="([^"]*)"', text)
    assert not [name for name in identifiers if re.search(r"[\s\"'%#]|&", name)]
    links = re.findall(r'href="[^"#]*#([^"]+)"', text)
    assert set(links) <= set(identifiers)


def test_the_notebook_holds_its_pictures(output):
    cells = json.loads((output / "notebooks" / f"{CHAPTER}.ipynb").read_text())["cells"]
    attached = {name for cell in cells for name in cell.get("attachments", {})}
    asked = set(re.findall(r"attachment:([^)\s]+)\)", "".join("".join(cell["source"]) for cell in cells)))
    assert len(attached) == 2
    assert asked == attached
