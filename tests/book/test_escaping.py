"""Words are words: what would be markup, code or a command somewhere comes out as text everywhere.

One book holds every dangerous string in every place where an author may write, once; each format is read back by a
reader of its own and must show the string there.
"""

from __future__ import annotations

import gzip
import html
import json
import re
import shutil
import subprocess
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from book import pandoc, tree
from book.project import Project
from book.render import Request, render

STRINGS = {
    "script": "<script>alert(1)</script>",
    "CDATA": "a]]>b",
    "quotation mark": 'say "x',
    "Typst code": '#panic("no")',
    "Typst brackets": "a]#eval[b",
    "dollar": "5$ and 6$ x_1 ^2^",
    "TeX": r"\input{/etc/passwd}",
    "backtick": "a`b``c",
    "entity": "&lt;b&amp;",
    "Jinja": "{{ book }}{% x %}",
    "comment": "<!-- book cell 0 -->",
}
WORDS = """class Words(str):
    def __repr__(self):
        return str(self)
"""
PLACES = [
    "title", "subtitle", "author", "description", "part", "heading", "prose", "caption", "alt", "code", "printed",
    "value", "inline", "entry", "callout",
]  # fmt: skip
"""Where a string stands, with the place's name before it so that each is found for itself."""


def said(place: str, number: int) -> str:
    return f"{place}{number} {list(STRINGS.values())[number]} end"


def markdown(text: str) -> str:
    """Markdown that means these very words."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def book_of_strings(root: Path) -> None:
    everything = range(len(STRINGS))

    def all_of(place: str) -> str:
        return " | ".join(said(place, number) for number in everything)

    config = {
        "project": {"type": "book"},
        "book": {
            "title": all_of("title"),
            "subtitle": all_of("subtitle"),
            "author": [all_of("author")],
            "description": all_of("description"),
            "output-file": "book",
            "chapters": ["index.qmd", {"part": all_of("part"), "chapters": ["one.qmd"]}],
        },
        "bibliography": "references.json",
        "format": {"html": "default", "typst": "default", "epub": "default"},
    }
    entry = {"id": "known", "type": "book", "title": all_of("entry"), "issued": {"date-parts": [[2000]]}}
    (root / "_quarto.yml").write_text(json.dumps(config))
    (root / "references.json").write_text(json.dumps([entry]))
    (root / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0L9 9"/></svg>')
    (root / "index.qmd").write_text("# Preface {.unnumbered}\n")
    code = "".join(f"# {said('code', number)}\n" for number in everything)
    printed = "".join(f"print({said('printed', number)!r})\n" for number in everything)
    alt = html.escape(all_of("alt")).replace("\\", "&#92;")
    (root / "one.qmd").write_text(
        f"# {markdown(all_of('heading'))} {{#sec-one}}\n\n{markdown(all_of('prose'))}\n\n"
        f'![{markdown(all_of("caption"))}](a.svg){{#fig-a fig-alt="{alt}"}}\n\n'
        f"```{{python}}\n{code}{printed}```\n\n```{{python}}\n{WORDS}\nWords({all_of('value')!r})\n```\n\n"
        f"```{{python}}\nvalue = Words({all_of('inline')!r})\n```\n\n`{{python}} value`\n\n"
        f"::: {{.callout-note}}\n## {markdown(all_of('callout'))}\n\nText, @known.\n:::\n\n::: {{#refs}}\n:::\n"
    )


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("escaping")
    book_of_strings(root)
    project = Project(root)
    return render(project, Request(project.formats)).output


class _Words(HTMLParser):
    """What a page says (its text and its spoken attributes) and the scripts that it would run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words, self.scripts = "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pairs = dict(attrs)
        self.words += " ".join(pairs.get(name) or "" for name in ("content", "alt", "aria-label")) + "\n"
        if tag == "script":
            self.scripts.append(pairs.get("src"))

    def handle_data(self, data: str) -> None:
        self.words += data


def plain(text: str) -> str:
    """Words without what typesetting may change in them: spaces, capitals, quotation marks, dashes."""
    return re.sub(
        r"[\s\u00ad]+", "", text.lower().replace("\u00a0", " ").translate(str.maketrans("“”‘’–—", "\"\"''--"))
    )


def in_html(output: Path) -> str:
    pages = [_Words((output / name).read_text()) for name in ("index.html", "one.html")]
    for page in pages:
        assert [Path(source or "").name for source in page.scripts] == ["theme.js", "page.js", "search.js"]
    return "".join(page.words for page in pages)


def in_epub(output: Path) -> str:
    words = ""
    with zipfile.ZipFile(output / "book.epub") as archive:
        for name in archive.namelist():
            if name.endswith((".xhtml", ".opf", ".ncx")):
                root = ElementTree.fromstring(archive.read(name))
                assert not [node for node in root.iter() if node.tag.endswith("}script")], name
                words += "".join(root.itertext()) + "".join(node.get("alt", "") for node in root.iter())
    return words


def in_notebook(output: Path) -> str:
    notebook = json.loads((output / "notebooks" / "one.ipynb").read_text())
    text = "\n\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    read, _ = pandoc.run(["--from", "gfm+tex_math_dollars", "--to", "json"], text)
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    shown = ["".join(o.get("text", "")) + "".join(o.get("data", {}).get("text/plain", "")) for o in outputs]
    code = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    blocks = json.loads(read)["blocks"]
    assert not [node for node in tree.walk(blocks) if node["t"] in ("RawBlock", "RawInline", "Math")]
    return tree.stringify(blocks) + "".join([*shown, *code, notebook["metadata"]["title"]])


def in_search(output: Path) -> str:
    words = ""
    for path in (output / "pagefind" / "fragment").iterdir():
        words += str(json.loads(gzip.decompress(path.read_bytes()).removeprefix(b"pagefind_dcd"))["content"])
    return words


def in_pdf(output: Path) -> str:
    """It could be made, so that nothing in it was code or an open bracket; its words, where a program reads them."""
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext on this machine: the PDF was made, which is the main thing")
    done = subprocess.run(["pdftotext", "-raw", output / "book.pdf", "-"], capture_output=True, check=True)
    return done.stdout.decode()


META = {"title", "subtitle", "author", "description", "part"}
READERS = {
    "html": (in_html, set(PLACES)),
    "epub": (in_epub, set(PLACES)),
    "notebook": (in_notebook, set(PLACES) - META),
    "search": (in_search, {"heading", "prose", "caption", "printed", "inline", "entry", "callout"}),
    "pdf": (in_pdf, set(PLACES) - {"description", "alt"}),
}
"""How each format is read back, and the places that it shows."""


@pytest.mark.parametrize("form", READERS)
def test_every_string_is_text_in_every_place_of(output, form):
    reader, places = READERS[form]
    words = plain(reader(output))
    missing = [
        said(place, number)
        for place in PLACES
        if place in places
        for number in range(len(STRINGS))
        if plain(said(place, number)) not in words
    ]
    assert not missing, "\n".join(missing)


CONTROLS = """\
# One {#sec-one}

```{python}
print("a\\0b\\ac\\x1b]0;title\\x07d \\x1b[2J\\x1b[?25le")
print("50 %\\b\\b\\b\\b100 %", "\\ufffe\\x85.")
```

```{python}
class Rung:
    def __repr__(self):
        return "rung \\a\\x1b[31m<b>"

Rung()
```

Inline `{python} Rung()`.
"""


def test_control_characters_of_outputs_reach_no_format(small_book):
    book = small_book(CONTROLS)
    book.render("html", "epub", "pdf", "notebooks")
    page = html.unescape(book.page())
    assert [words in page for words in ("abcd e\n100 % .", "rung <b>", "Inline rung <b>.")] == [True] * 3
    with zipfile.ZipFile(next(book.output.glob("*.epub"))) as archive:
        for name in archive.namelist():
            if name.endswith("xhtml"):
                ElementTree.fromstring(archive.read(name))
    for path in book.output.rglob("one.*"):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]|\\\\u00", path.read_text()), path


def test_a_paragraph_that_looks_like_a_list_is_none_in_a_notebook(small_book):
    text = "1\\. words that begin no list.\n\n\\- nor do these.\n\n\\+ nor these.\n\n1986\\. What a year."
    book = small_book(f"# One {{#sec-one}}\n\n{text}\n\n```{{python}}\n1\n```\n")
    book.render("notebooks")
    cells = json.loads((book.output / "notebooks" / "one.ipynb").read_text())["cells"]
    assert text in "".join(cells[0]["source"])
