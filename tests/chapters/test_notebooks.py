"""The readers' notebooks, run from top to bottom where this project is not installed: with the wheel beside them."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest

from book.project import Project

ROOT = Path(__file__).parents[2]
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


@pytest.fixture(scope="module")
def fresh_python(tmp_path_factory):
    """A Python of its own that has the third parties' packages, and not this project.

    They are linked, not installed again: all but what belongs to the project, whose editable install would be found.
    """
    home = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    ours = Path(sysconfig.get_paths()["purelib"])
    theirs = home / "third parties"
    theirs.mkdir()
    for entry in ours.iterdir():
        if "differentiating_programs" not in entry.name and entry.name not in ("pip", "setuptools"):
            (theirs / entry.name).symlink_to(entry)
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
