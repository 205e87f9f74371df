"""No numbered equation without a test, no test without an equation, none that changed behind the back of its test.

Both lists are read from the files: the labels from the chapters, the marks from the modules beside this one. The tests
write every equation again, in NumPy; `as_tested.json` names the TeX that each of them was written for.
"""

import ast
import hashlib
import json
import re
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DISPLAYED = re.compile(r"\$\$(?P<tex>(?:(?!\$\$).)+)\$\$\s*\{#(?P<label>eq-[\w-]+)", re.DOTALL)
AS_TESTED = json.loads((HERE / "as_tested.json").read_text())


@cache
def equations() -> dict[str, tuple[str, str]]:
    """Where each equation stands, and its TeX."""
    sources = [ROOT / "index.qmd", *sorted((ROOT / "chapters").glob("*.qmd"))]
    found = ((source.name, match) for source in sources for match in DISPLAYED.finditer(source.read_text()))
    return {match["label"]: (name, " ".join(match["tex"].split())) for name, match in found}


@cache
def labels() -> dict[str, str]:
    """Where each equation stands."""
    return {label: name for label, (name, _) in equations().items()}


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


def test_an_equation_reads_as_it_did_when_its_test_was_written():
    now = {label: hashlib.sha256(tex.encode()).hexdigest()[:16] for label, (_, tex) in equations().items()}
    changed = {label: value for label, value in now.items() if AS_TESTED.get(label) != value}
    assert not changed, (
        f"read these equations and their tests again ({', '.join(f'{name} in {marks()[name]}' for name in changed)}); "
        f"where each test checks what is printed now, let as_tested.json say {json.dumps(changed)}"
    )
    assert list(AS_TESTED) == sorted(now), "as_tested.json lists every label of the book, sorted, and no other"


def test_the_collection_sees_the_book():
    assert labels()["eq-bounds"] == "finite-differences.qmd"
