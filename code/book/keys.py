"""What YAML may say: the tables for ``_quarto.yml``, for the head of a chapter and for the options of a cell.

They are written as `settings` reads them: a dictionary gives the keys of a mapping, a tuple the values or types that
fit, a one-element list the form of every item. A key that is in none of them is refused with its line.

Keys that only Quarto's own program needs (its themes, its hooks) are allowed and left to it.
"""

from __future__ import annotations

from typing import Any

from book.crossref import KINDS, SCHEMES
from book.settings import ANYTHING, TEXT

COLUMNS = tuple(f"{name}{side}" for name in ("body-outset", "page-inset", "page") for side in ("", "-left", "-right"))
"""How far beyond the text a thing may reach: a little, nearly over the margin, over it; on one side or on both."""

BOOL = (bool,)
WORDS = (str,)

EXECUTE: dict[str, Any] = {
    "echo": BOOL,
    "eval": BOOL,
    "output": (True, False, "asis"),
    "include": BOOL,
    "warning": BOOL,
    "error": BOOL,
}
CODE: dict[str, Any] = {"code-fold": (True, False, "show"), "code-summary": WORDS}
ANNOTATIONS: dict[str, Any] = {"code-annotations": ("below", "hover", "select", "none", False)}
LEVELS = tuple(range(1, 7))
NUMBERING: dict[str, Any] = {"number-sections": BOOL, "number-depth": LEVELS}
CONTENTS: dict[str, Any] = {"toc": BOOL, "toc-depth": LEVELS}
DRAWINGS: dict[str, Any] = {"fig-format": ("svg",)}
COMMON: dict[str, Any] = {**NUMBERING, **CONTENTS, **DRAWINGS}
"""What every format takes."""
PAGE: dict[str, Any] = {**CODE, **NUMBERING, **CONTENTS, **ANNOTATIONS}
"""What a chapter may want otherwise for its own page."""

CROSSREF: dict[str, Any] = {
    **{f"{kind}-title": WORDS for kind in KINDS if kind not in ("eq", "sec")},
    **{f"{kind}-prefix": WORDS for kind in KINDS},
    **{f"{kind}-labels": SCHEMES for kind in KINDS if kind != "sec"},
    "labels": SCHEMES,
    "subref-labels": SCHEMES,
    "title-delim": WORDS,
    "ref-hyperlink": BOOL,
    "chapters": (True,),
}
"""Captions and references. (Things are always counted by chapters in a book.)"""

AFFILIATION: dict[str, Any] = dict.fromkeys(
    ("id", "ref", "name", "department", "city", "region", "state", "country"), WORDS
)
AUTHOR: dict[str, Any] = {
    "name": (str, dict.fromkeys(("given", "family", "dropping-particle", "non-dropping-particle"), WORDS)),
    "affiliation": [(str, AFFILIATION)],
    "affiliations": [(str, AFFILIATION)],
    "url": WORDS,
    "email": WORDS,
    "orcid": WORDS,
    "corresponding": BOOL,
}
"""Somebody who wrote the book, where the name alone does not do."""

BOOK: dict[str, Any] = {
    "project": {
        "type": ("book",),
        "output-dir": WORDS,
        "execute-dir": ("project", "file"),
        "pre-render": [WORDS],
        "post-render": [WORDS],
        "resources": [WORDS],
    },
    "book": {
        "title": WORDS,
        "subtitle": WORDS,
        "author": [(str, AUTHOR)],
        "date": TEXT,
        "date-format": WORDS,
        "description": WORDS,
        "chapters": [ANYTHING],
        "appendices": [ANYTHING],
        "repo-url": WORDS,
        "output-file": WORDS,
    },
    "crossref": CROSSREF,
    "date-format": WORDS,
    "lang": WORDS,
    "bibliography": [WORDS],
    "csl": WORDS,
    "jupyter": ("python3",),
    "execute": EXECUTE,
    **PAGE,
    "format": {
        "html": {
            **CODE,
            **ANNOTATIONS,
            **COMMON,
            "theme": ANYTHING,
            "css": [WORDS],
            "html-math-method": ("mathml",),
            "grid": ANYTHING,
        },
        "typst": {
            **COMMON,
            "papersize": ("a4", "us-letter"),
            "pdf-standard": ("ua-1",),
            "keep-typ": BOOL,
            "filters": ANYTHING,
            "mainfont": WORDS,
            "margin": ANYTHING,
            "fontsize": WORDS,
        },
        "epub": {**COMMON, "css": [WORDS], "html-math-method": ("mathml",)},
    },
}
"""``_quarto.yml``."""

HEAD: dict[str, Any] = {
    "title": WORDS,
    "execute": EXECUTE,
    "data-files": [WORDS],
    "jupyter": ("python3",),
    **PAGE,
    "format": {"html": PAGE},
}
"""The head of a chapter."""

NOTEBOOK: dict[str, Any] = {**HEAD, "execute": {**EXECUTE, "enabled": BOOL}}
"""The head of a chapter that is a notebook."""

CELL: dict[str, Any] = {
    **EXECUTE,
    **CODE,
    "label": WORDS,
    "fig-cap": WORDS,
    "fig-alt": [WORDS],
    "fig-subcap": [WORDS],
    "layout-ncol": (int,),
    "column": ("body", "margin", *COLUMNS),
    "tbl-cap": WORDS,
    "lst-label": WORDS,
    "lst-cap": WORDS,
}
"""The options of a cell."""
