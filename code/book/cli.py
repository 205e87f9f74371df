"""The commands: ``book render``, ``book preview``, ``book check``, ``book clean``.

Exit codes: 0 all is well; 1 the book is not in order, every fault is on standard error; 2 the command makes no
sense; 130 it was interrupted.
"""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from book.errors import OUTSIDE, BookError, Fault, outside
from book.progress import Progress
from book.project import FORMATS, Chapter, Project

if TYPE_CHECKING:
    from book.render import Outcome

GET_QUARTO = (
    "Quarto is not installed: there is no program quarto on the PATH. Get version 1.9 or newer from "
    "https://quarto.org/docs/download/, or render without it: --engine pandoc makes the same book."
)

INTERRUPTED = 130

app = typer.Typer(
    name="book", help="Render and check a Quarto book with Python packages alone.", no_args_is_help=True,
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
)  # fmt: skip

Chapters = Annotated[
    list[str] | None,
    typer.Argument(metavar="[CHAPTER]...", help="Chapters, by path or name; all by default.", show_default=False),
]
Formats = Annotated[
    str | None,
    typer.Option(
        metavar="FORMATS",
        help="Some of html,pdf,epub,notebooks; by default what _quarto.yml asks for.",
        show_default=False,
    ),
]
Engine = Annotated[
    str, typer.Option(metavar="ENGINE", help="pandoc: the parts that come with this package; quarto: Quarto itself.")
]
Output = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="By default output-dir of _quarto.yml.", show_default=False),
]
Strict = Annotated[bool, typer.Option("--strict", help="Count warnings as errors.")]
Port = Annotated[int, typer.Option(metavar="PORT", min=0, max=65535, help="Where to serve; 0 takes any free port.")]
Timeout = Annotated[int, typer.Option(metavar="SECONDS", min=1, help="How long a cell may run.")]


@app.command()
def render(
    chapters: Chapters = None,
    to: Formats = None,
    engine: Engine = "pandoc",
    output: Output = None,
    strict: Strict = False,
    timeout: Timeout = 300,
) -> None:
    """Run the cells and make pages, PDF, EPUB and notebooks of them."""
    if engine not in ("pandoc", "quarto"):
        raise typer.BadParameter(f"{engine!r} is neither pandoc nor quarto", param_hint="--engine")
    project = Project(Path.cwd())
    chosen = _chosen_chapters(project, chapters or [])
    formats = _chosen_formats(project, to, bool(chosen))
    if engine == "quarto":
        raise typer.Exit(_quarto(chosen, formats if to else [], output))
    from book.render import Request
    from book.render import render as run

    console = _console()
    with _Shown(console) as shown:
        outcome = run(project, Request(formats, chosen, output, strict, timeout), shown)
    _tell(outcome.warnings, console)
    place = outcome.output.relative_to(Path.cwd()) if outcome.output.is_relative_to(Path.cwd()) else outcome.output
    typer.echo(f"{place} is up to date" if outcome.fresh else f"{place} is ready")


@app.command()
def preview(port: Port = 4848, timeout: Timeout = 300) -> None:
    """Serve the book on this machine, render it on every change and show it; Ctrl-C ends it."""
    from book.preview import preview as serve
    from book.render import Request
    from book.render import render as run

    console = _console()

    def rendering() -> Outcome:
        with _Shown(console) as shown:
            return run(Project(Path.cwd()), Request(["html"], seconds=timeout), shown)

    def told(names: list[str], outcome: Outcome | BookError) -> None:
        failed = isinstance(outcome, BookError)
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            typer.echo(f"{names[0]}{more} changed: {'what was shown stays' if failed else 'rendered'}")
        _tell(outcome.faults if isinstance(outcome, BookError) else outcome.warnings, console)

    serve(Path.cwd(), port, rendering, lambda address: typer.echo(f"The book is at {address} (Ctrl-C ends this)"), told)


@app.command()
def check(strict: Strict = False) -> None:
    """Look for faults in the sources, and for broken links in a rendered book."""
    raise typer.Exit(check_here(strict))


@app.command()
def clean() -> None:
    """Remove the rendered book and all that is remembered of renders."""
    project = Project(Path.cwd())
    for folder in (project.output, project.store.folder):
        shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):  # there are caches of others in it, or none was there
        project.store.folder.parent.rmdir()


def check_here(strict: bool = False) -> int:
    """Check the book in the current folder, print its faults, return the exit code."""
    from book.check import check as find

    try:
        faults = find(Project(Path.cwd()))
    except BookError as error:
        faults = error.faults
    _tell(faults, _console())
    return int(any(strict or not fault.warning for fault in faults))


def notebooks_into(output: Path) -> int:
    """Make the notebooks of the book in the current folder, in a folder that Quarto made; return the exit code."""
    from book.manuscript import manuscripts
    from book.render import alone, make
    from book.store import write_whole

    console = _console()
    try:
        project = Project(Path.cwd())
        with _Shown(console) as shown, alone(project, shown):
            book = manuscripts(project, project.chapters, shown)
            made, _ = make(project, book, project.chapters, ["notebooks"], project.formats, shown)
    except BookError as error:
        _tell(error.faults, console)
        return 1
    for name, data in made["notebooks"].items():
        write_whole(output / name, data)
    return 0


def _chosen_formats(project: Project, asked: str | None, some_chapters: bool) -> list[str]:
    whole = {"pdf", "epub"}
    if asked is None:
        return [form for form in project.formats if not (some_chapters and form in whole)]
    names = {name.strip() for name in asked.split(",") if name.strip()}
    known = [*FORMATS, "notebooks"]
    if unknown := sorted(names - set(known)):
        raise typer.BadParameter(f"{unknown[0]!r} is none of {', '.join(known)}", param_hint="--to")
    if some_chapters and names & whole:
        raise typer.BadParameter("PDF and EPUB are made of the whole book: name no chapter", param_hint="--to")
    return [name for name in known if name in names]


def _chosen_chapters(project: Project, asked: Sequence[str]) -> list[Chapter]:
    chosen = []
    for name in asked:
        found = [chapter for chapter in project.chapters if name in (chapter.path, chapter.stem)]
        if not found:
            names = ", ".join(chapter.stem for chapter in project.chapters)
            raise typer.BadParameter(f"{name!r} is no chapter of this book: {names}", param_hint="CHAPTER")
        chosen += found
    return chosen


def _quarto(chapters: Sequence[Chapter], formats: Sequence[str], output: Path | None) -> int:
    """Have Quarto's own program render; return its exit code."""
    program = shutil.which("quarto")
    if program is None:
        typer.echo(GET_QUARTO, err=True)
        return 1
    asked = [FORMATS[form] for form in formats if form in FORMATS]
    if len(asked) > 1:
        raise typer.BadParameter("Quarto renders one format at a time, or all of them", param_hint="--to")
    command = [program, "render", *(chapter.path for chapter in chapters)]
    command += ["--to", asked[0]] if asked else []
    command += ["--output-dir", str(output)] if output else []
    return subprocess.run(command, check=False).returncode


def _console() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)


def _tell(faults: Sequence[Fault], console: Console) -> None:
    for fault in faults:
        kind, style = ("warning", "yellow") if fault.warning else ("error", "bold red")
        console.print(kind, style=style, end=": ")
        console.print(str(fault), markup=False)


class _Shown(Progress):
    """Progress as bars on a terminal, and as nothing in a file."""

    def __init__(self, console: Console) -> None:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self.bars = Bars(*columns, console=console, transient=True, disable=not console.is_terminal)
        self.task = self.bars.add_task("Reading", total=None)

    def __enter__(self) -> _Shown:
        self.bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.bars.stop()

    def phase(self, name: str) -> None:
        self.bars.reset(self.task, description=name, total=None)

    def start(self, cells: int) -> None:
        self.bars.reset(self.task, description="Running cells", total=cells)

    def advance(self, cells: int = 1) -> None:
        self.bars.advance(self.task, cells)


def main() -> None:
    """Run a command; the faults of a book are printed, with exit code 1."""
    gc.set_threshold(100_000)  # syntax trees hold no circles: looking for some is a tenth of Python's part in a render
    try:
        app()
    except BookError as error:
        _tell(error.faults, _console())
        sys.exit(1)
    except OUTSIDE as error:
        _tell([outside(error)], _console())
        sys.exit(1)
    except (KeyboardInterrupt, SystemExit) as stop:
        if isinstance(stop, SystemExit) and stop.code != INTERRUPTED:
            raise
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(INTERRUPTED)  # Python would wait for threads, and Typst may be at work for ten seconds more
