"""The readers' notebooks, run from top to bottom where this project is not installed: with the wheel beside them."""

import contextlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from book.project import Project

ROOT = Path(__file__).parents[2]
PROJECT = "differentiating-programs"
NOTEBOOKS = [chapter.stem for chapter in Project(ROOT).chapters if "{python}" in (ROOT / chapter.path).read_text()]

RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=300).execute()
nbformat.write(notebook, sys.argv[1])
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, whole_book):
    """The notebooks as a reader gets them."""
    return shutil.copytree(whole_book / "notebooks", tmp_path_factory.mktemp("book") / "notebooks")


def closure(*names):
    """The distributions that some need, themselves included, as the metadata of this environment say."""
    found, left = {}, list(names)
    while left:
        name = canonicalize_name(left.pop())
        if name not in found:
            found[name] = importlib.metadata.distribution(name)
            wanted = map(Requirement, found[name].requires or [])
            left += [each.name for each in wanted if not each.marker or each.marker.evaluate({"extra": ""})]
    return found


@pytest.fixture(scope="module")
def fresh_python(tmp_path_factory):
    """A Python of its own, with what a reader has after a notebook's first cell: Jupyter, and what the wheel asks for.

    The packages are linked, not installed again; this project's own is left out, so that the wheel has to bring it.
    """
    home = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    theirs = home / "third parties"
    theirs.mkdir()
    packages = closure(PROJECT, "ipykernel", "nbclient")
    for distribution in [packages[name] for name in sorted(packages) if name != PROJECT]:
        for top in sorted({file.parts[0] for file in distribution.files} - {".."}):
            with contextlib.suppress(FileExistsError):  # packages of one namespace
                (theirs / top).symlink_to(distribution.locate_file(top))
    (next(home.glob("lib/python*/site-packages")) / "third-parties.pth").write_text(f"{theirs}\n")
    return home / "bin" / "python"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_from_top_to_bottom(name, folder, fresh_python):
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [fresh_python, "-c", RUN, f"{name}.ipynb"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert ":::" not in text
    assert "@fig-" not in text
