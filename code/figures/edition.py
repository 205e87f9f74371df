"""The edition of the book, as its pages quote it: the version in `pyproject.toml`, or of the installed package."""

import importlib.metadata
import tomllib
from pathlib import Path
from typing import Any

from figures.numbers import markdown

PACKAGE = "differentiating-programs"


def version() -> str:
    """The version of the project around this file; of the package where there is none, as in a reader's notebook."""
    file = Path(__file__).parents[2] / "pyproject.toml"
    if file.is_file():
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
        if project.get("name") == PACKAGE:
            return project["version"]
    return importlib.metadata.version(PACKAGE)


def edition() -> Any:
    """The version, for inline code."""
    return markdown(version())
