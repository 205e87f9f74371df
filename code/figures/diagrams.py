"""Draws the pictures in images/ that stand beside the text: run it, and the same files come out."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT / "code")  # in place of this folder, whose modules are named as some of Python's own

from figures import graphs, style  # noqa: E402  # the path comes first: Quarto runs this file alone

DIAGRAMS = {"fanin": graphs.fan_in, "fanout": graphs.fan_out}


def main() -> None:
    """Write each diagram to images/, where its content has changed."""
    for name, draw in DIAGRAMS.items():
        path, drawn = ROOT / "images" / f"{name}.svg", style.svg(draw())
        if not path.exists() or path.read_text() != drawn:
            path.write_text(drawn)


if __name__ == "__main__":
    main()
