"""No numbered equation without a test, no test without an equation.

Both lists are read from the files: the labels from the chapters, the marks from the modules beside this one.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DEFINED = re.compile(r"\$\$\s*\{#(eq-[\w-]+)")


@cache
def labels() -> dict[str, str]:
    """Where each equation stands."""
    sources = [ROOT / "index.qmd", *sorted((ROOT / "chapters").glob("*.qmd"))]
    return {label: source.name for source in sources for label in DEFINED.findall(source.read_text())}


@cache
def marks() -> dict[str, str]:
    """Which module tests each equation."""
    found = {}
    for module in sorted(HERE.glob("test_*.py")):
        for call in ast.walk(ast.parse(module.read_text())):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.equation":
                found.update({ast.literal_eval(label): module.name for label in call.args})
    return found


@pytest.mark.parametrize("label", labels())
def test_every_equation_has_a_test(label):
    assert label in marks(), f"{label} of {labels()[label]} has no test: mark one with @pytest.mark.equation({label!r})"


@pytest.mark.parametrize("label", marks())
def test_every_test_has_an_equation(label):
    assert label in labels(), f"{marks()[label]} tests {label}, which no chapter has"


def test_the_collection_sees_the_book():
    assert labels()["eq-bounds"] == "finite-differences.qmd"
