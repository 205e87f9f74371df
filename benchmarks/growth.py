"""What a render takes: how it grows with the book, and what this book costs the renderer beside its cells.

    python -m benchmarks.growth                     measure, print, write benchmarks/growth.json
    python -m benchmarks.growth CHAPTERS FOLDER     only write a synthetic book of so many chapters

Synthetic books have 10 figures and 25 references a chapter, and no cells. Every size is rendered from nothing, in a
process of its own. What is written down is processor time (of pandoc, Typst and Pagefind too), the largest process,
and the largest page: a line of the table that is no straight line tells of work that is done once for every pair of
things.

This book itself is rendered in a copy of its files: once with its cells, then, with nothing remembered but the cells,
each format by itself and all of them together.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import machine

RECORD = Path(__file__).with_name("growth.json")
SIZES = (25, 50, 100, 200)
FORMATS = ("html", "epub", "pdf")
OWN = ("html", "pdf", "epub", "notebooks", "html,pdf,epub,notebooks")
"""What is made of this book; at last all of it."""
CELLS = ("execute", "media")
"""The stages of the store that hold what cells gave."""
BOOK = Path(__file__).parent.parent
FIGURES, MENTIONS, CITATIONS, SECTIONS = 10, 20, 5, 4
"""What a chapter holds: 200 chapters make 2,000 figures and 5,000 references."""

DRAWING = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 60" width="{width}" height="60">
<path d="M0 {start}L{width} 30" stroke="#0072b2" fill="none"/><text x="4" y="14">{name}</text></svg>
"""
ENTRY = (
    "@article{{key{n}, author={{Writer, Ann {n} and Other, Bo}}, title={{Paper {n}}}, journal={{J}}, year={{{y}}}}}\n"
)


def write_book(folder: Path, chapters: int) -> None:
    """Lay down a book of so many chapters; each refers to figures all over the book."""
    names = [f"chapter-{number}" for number in range(chapters)]
    config = {
        "project": {"type": "book"},
        "book": {"title": "A synthetic book", "chapters": ["index.qmd", *(f"{name}.qmd" for name in names)]},
        "bibliography": "references.bib",
        "format": {"html": "default", "typst": "default", "epub": "default"},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "_quarto.yml").write_text(json.dumps(config))
    (folder / "index.qmd").write_text("# Preface {.unnumbered}\n\n@key0\n\n::: {#refs}\n:::\n")
    entries = (ENTRY.format(n=number, y=1900 + number % 120) for number in range(chapters * CITATIONS))
    (folder / "references.bib").write_text("".join(entries))
    for chapter, name in enumerate(names):
        (folder / f"{name}.qmd").write_text(_chapter(chapter, chapters))
        for number in range(FIGURES):
            drawing = DRAWING.format(width=200 + number, start=chapter % 60, name=f"{chapter}.{number}")
            (folder / f"figure-{chapter}-{number}.svg").write_text(drawing)


def _chapter(chapter: int, chapters: int) -> str:
    """A chapter's text: sections of words, formulas, figures, references to figures near and far, citations."""
    parts = [f"# Chapter {chapter} {{#sec-{chapter}}}\n"]
    for section in range(SECTIONS):
        parts.append(f"## Section {section}\n\n" + "Some words on a line of plain prose, as books have. " * 20 + "\n")
        parts.append(f"$$ y_{{{section}}} = a x + b $$ {{#eq-{chapter}-{section} alt='a line'}}\n")
    for number in range(FIGURES):
        parts.append(f"![A line.](figure-{chapter}-{number}.svg){{#fig-{chapter}-{number} fig-alt='A line.'}}\n")
    for number in range(MENTIONS):
        there = (chapter + 7 * number) % chapters
        parts.append(f"As @fig-{there}-{number % FIGURES} shows, one thing follows another.\n")
    parts += [f"So says @key{chapter * CITATIONS + number}.\n" for number in range(CITATIONS)]
    return "\n".join(parts)


def measured(chapters: int, formats: tuple[str, ...] = FORMATS) -> dict[str, Any]:
    """What a render of such a book from nothing takes, format after format."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_book(folder, chapters)
        seconds: dict[str, float] = {}
        most = 0
        for form in formats:
            seconds[form], memory = _rendered(folder, form)
            most = max(most, memory)
        pages = [path.stat().st_size for path in (folder / "_book").glob("chapter-*.html")]
    return {"chapters": chapters, "seconds": seconds, "MiB": most // 1024, "page KB": round(max(pages) / 1000, 1)}


def _rendered(folder: Path, formats: str) -> tuple[float, int]:
    """Processor seconds of a render, and KiB of its largest process. A book that brings a renderer is made by it."""
    command = [sys.executable, "-m", "book", "render", f"--to={formats}"]
    path = os.pathsep.join([str(folder / "code"), str(BOOK / "code")])
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": path})
    _, process.returncode, usage = os.wait4(process.pid, 0)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed in {folder}")
    return round(usage.ru_utime + usage.ru_stime, 2), usage.ru_maxrss


def own_time(book: Path, formats: tuple[str, ...] = OWN, times: int = 3) -> dict[str, Any]:
    """What this book takes: ``{"cells": seconds, "own": {formats: seconds}, "share": {formats: own / cells}}``.

    The cells take what a render with nothing remembered takes longer than one with the cells remembered. Of the
    latter, which differ with the machine's other work, the least of some times is taken.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "book")
        shutil.copytree(book, folder, ignore=shutil.ignore_patterns(".?*", "_book", "__pycache__"))
        whole, _ = _rendered(folder, formats[-1])
        own: dict[str, float] = {}
        for wanted in formats:
            taken = []
            for _ in range(times):
                _forget(folder)
                taken.append(_rendered(folder, wanted)[0])
            own[wanted] = min(taken)
    cells = round(whole - own[formats[-1]], 1)
    return {"cells": cells, "own": own, "share": {name: round(seconds / cells, 2) for name, seconds in own.items()}}


def _forget(folder: Path) -> None:
    """Remove the rendered book and all that is remembered but what the cells gave."""
    shutil.rmtree(folder / "_book", ignore_errors=True)
    for stage in (folder / ".cache" / "book").iterdir():
        if stage.is_dir() and stage.name not in CELLS:
            shutil.rmtree(stage)


def main() -> None:
    """Measure every size and this book, print the tables, write them down."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description="How a render grows.")
    parser.add_argument("chapters", nargs="?", type=int, help="only write a book of so many chapters")
    parser.add_argument("folder", nargs="?", type=Path, help="where to write it")
    options = parser.parse_args()
    if options.folder:
        write_book(options.folder, options.chapters)
        return
    rows = [measured(size) for size in SIZES]
    table = Table("chapters", *(f"{form}, s" for form in FORMATS), "largest process, MiB", "largest page, KB")
    for row in rows:
        times = (f"{row['seconds'][form]:.1f}" for form in FORMATS)
        table.add_row(str(row["chapters"]), *times, str(row["MiB"]), str(row["page KB"]))
    mine = own_time(BOOK)
    shares = Table("this book", "own, s", f"of the cells' {mine['cells']:.0f} s")
    for wanted, seconds in mine["own"].items():
        shares.add_row(wanted, f"{seconds:.1f}", f"{mine['share'][wanted]:.0%}")
    Console().print(table, shares)
    says = (
        "Processor time. rows: synthetic books from nothing, format after format; 10 figures a chapter. "
        "book: this book with its cells remembered and all else from nothing, beside what the cells take."
    )
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    record = {"says": says, "rows": rows, "book": mine, "machine": machine.describe(), "date": today}
    RECORD.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
