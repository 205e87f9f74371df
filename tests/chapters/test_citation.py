"""How to cite the book: as it calls itself."""

import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text())
BOOK = yaml.safe_load((ROOT / "_quarto.yml").read_text())["book"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_citation_has_the_titles_and_authors_of_the_book():
    for cited in (CITATION, CITATION["preferred-citation"]):
        assert cited["title"] == f"{BOOK['title']}: {BOOK['subtitle']}"
        assert cited["authors"] == [{"name": BOOK["author"]}]
    assert CITATION["abstract"] == BOOK["description"]


def test_the_citation_has_the_version_of_the_package():
    assert str(CITATION["version"]) == PROJECT["version"]
    assert CITATION["preferred-citation"]["edition"] == PROJECT["version"]


def test_the_citation_has_the_licenses_of_text_and_code():
    text, code = ((ROOT / name).read_text() for name in ("LICENSE-text", "LICENSE"))
    assert "CC-BY-4.0" in CITATION["license"]
    assert "Attribution 4.0 International" in text
    assert PROJECT["license"] in CITATION["license"]
    assert "MIT" in code


def test_the_citation_is_of_the_form_that_others_read():
    """The keys that version 1.2.0 of the Citation File Format demands, and no identifier that nobody has issued."""
    assert CITATION["cff-version"] == "1.2.0"
    assert {"authors", "cff-version", "message", "title"} <= CITATION.keys()
    assert {"authors", "title", "type"} <= CITATION["preferred-citation"].keys()
    assert not {"doi", "url", "identifiers", "repository-code"} & CITATION.keys()
