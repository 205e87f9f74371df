"""Quarto's post-render step: readers' notebooks beside the pages, which Quarto's books do not have."""

import os
from pathlib import Path

from book.cli import notebooks_into

if __name__ == "__main__":
    raise SystemExit(notebooks_into(Path(os.environ["QUARTO_PROJECT_OUTPUT_DIR"])))
