"""The commands: ``book render``, ``book check``, ``book clean``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from book.errors import BookError
from book.project import FORMATS, Chapter, Project

app = typer.Typer(
    name="book", help="Render and check a Quarto book with Python packages alone.", no_args_is_help=True,
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
)  # fmt: skip


def _choose_formats(project: Project, asked: str | None) -> list[str]:
    if asked is None:
        return project.formats
    names = [name.strip() for name in asked.split(",") if name.strip()]
    for name in names:
        if name not in (*FORMATS, "notebooks"):
            raise typer.BadParameter(f"{name!r} is none of {', '.join((*FORMATS, 'notebooks'))}", param_hint="--to")
    return [name for name in (*FORMATS, "notebooks") if name in names]


def _choose_chapters(project: Project, asked: list[str]) -> list[Chapter]:
    chosen = []
    for name in asked:
        found = [chapter for chapter in project.chapters if name in (chapter.path, chapter.stem)]
        if not found:
            names = ", ".join(chapter.stem for chapter in project.chapters)
            raise typer.BadParameter(f"{name!r} is no chapter of this book: {names}", param_hint="CHAPTER")
        chosen += found
    return chosen


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
Output = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="By default output-dir of _quarto.yml.", show_default=False),
]
Strict = Annotated[bool, typer.Option("--strict", help="Count warnings as errors.")]
Timeout = Annotated[int, typer.Option(metavar="SECONDS", help="How long a cell may run.")]


@app.command()
def render(
    chapters: Chapters = None, to: Formats = None, output: Output = None, strict: Strict = False, timeout: Timeout = 300
) -> None:
    """Run the cells and make pages, PDF, EPUB and notebooks of them."""
    from book.render import Outcome, Reporter, Request
    from book.render import render as run

    project = Project(Path.cwd())
    request = Request(_choose_formats(project, to), _choose_chapters(project, chapters or []), output, strict, timeout)
    console = Console(stderr=True)
    with console.status("Reading") as status:
        outcome: Outcome = run(project, request, Reporter(phase=status.update))
    for fault in outcome.warnings:
        console.print(f"[yellow]warning[/] {fault}", highlight=False)
    place = outcome.output.relative_to(Path.cwd()) if outcome.output.is_relative_to(Path.cwd()) else outcome.output
    print(f"{place} is up to date" if outcome.fresh else f"{place} is ready")


@app.command()
def clean() -> None:
    """Remove the rendered book and everything remembered of renders."""
    import shutil

    project = Project(Path.cwd())
    for folder in (project.output, project.store.folder):
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Run a command; faults are printed, with exit code 1."""
    try:
        app()
    except BookError as error:
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        for fault in error.faults:
            console.print(f"{'warning' if fault.warning else 'error'}: {fault}", markup=False)
        sys.exit(1)
