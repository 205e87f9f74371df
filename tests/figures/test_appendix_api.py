"""The API reference holds every public name, and says what the docstrings say."""

import re
from pathlib import Path

import pytest

import autodiff as ad
from figures import appendix_api as api

CHAPTER = (Path(__file__).parents[2] / "chapters" / "appendix-api.qmd").read_text()
CALLS = re.findall(r"^api\.(room|module)\((.*)\)$", CHAPTER, re.MULTILINE)
PAGES = "\n".join(getattr(api, kind)(*re.findall(r'"([\w.]+)"', names)).data for kind, names in CALLS)


def test_every_public_name_is_in_the_chapter():
    rooms = api.exported()[""]
    assert {name for kind, names in CALLS if kind == "module" for name in re.findall(r"\w+", names)} == set(rooms)
    missing = [name for name in ad.__all__ if name not in rooms and f"### `ad.{name}` " not in PAGES]
    assert not missing, f"add the rooms of {missing} to chapters/appendix-api.qmd"


def test_names_are_said_once():
    anchors = re.findall(r"\{#(api-[\w-]+) ", PAGES)
    assert len(anchors) == len(set(anchors)) > 60
    assert "api-finite-default-step" in anchors


def test_a_name_that_is_shown_can_be_called():
    for path in re.findall(r"^### `ad\.([\w.]+)`", PAGES, re.MULTILINE):
        found = ad
        for name in path.split("."):
            found = getattr(found, name)
        assert callable(found)


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        ("One `line`, of x_i * y.", r"One `line`, of x\_i \* y."),
        ("Parameters\n----------\nf : a map,\n    of x.\nx, y : two.", "- `f`: a map, of x.\n- `x`, `y`: two."),
        ("x : array; axis : an integer.", "- `x`: array; `axis`: an integer."),
        ("A.\n\n>>> import autodiff as ad\n>>> f()  # doctest: +SKIP\n1", "A.\n\n```python\n>>> f()\n1\n```"),
        ("A *word*.\n\n    β(s, t) = 1", "A *word*.\n\n```\nβ(s, t) = 1\n```"),
    ],
)  # fmt: skip
def test_docstrings_become_markdown(docstring, expected):
    assert api.written(docstring) == expected


def test_signatures_are_those_of_the_source():
    assert "\nad.grad(f, argnums=0, has_aux=False)\n" in PAGES
    assert "ad.fixed_point(f, x0, *params, " in PAGES
    assert "\ncustom_vjp.defvjp(fwd, bwd)\n" in PAGES
    assert all(len(line) <= 100 for line in PAGES.splitlines() if line.startswith("ad."))
