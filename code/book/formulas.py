"""Formulas that pandoc cannot convert: pages would show their TeX as it stands, and Typst would stumble over it."""

from __future__ import annotations

import re
from collections.abc import Collection

from book import pandoc, tree
from book.project import Project
from book.store import digest, renderer_digest

COULD_NOT = re.compile(r"Could not convert TeX math (?P<tex>.*), rendering as TeX:(?P<said>.*)", re.DOTALL)
UNEXPECTED = re.compile(r"unexpected [^\n]+")


def refused(project: Project, formulas: Collection[str]) -> dict[str, str]:
    """Those of some formulas that pandoc cannot convert, in one line each (`in_a_line`), and what it stumbles over.

    All formats read TeX with the same part of pandoc, so that one answer holds for all of them.
    """
    distinct = sorted(set(formulas))
    if not distinct:
        return {}

    def ask() -> dict[str, str]:
        blocks = [tree.para([{"t": "Math", "c": [{"t": "InlineMath"}, tex]}]) for tex in distinct]
        _, warnings = pandoc.write(blocks, "html5", "--mathml")
        return {in_a_line(found["tex"]): _reason(found["said"]) for found in map(COULD_NOT.match, warnings) if found}

    return project.store.memo("formulas", digest(renderer_digest(), distinct), ask)


def in_a_line(tex: str) -> str:
    """A formula without its breaks of lines, as pandoc's messages change them."""
    return " ".join(tex.split())


def _reason(said: str) -> str:
    found = UNEXPECTED.search(said)
    return found[0] if found else "it is no formula"
