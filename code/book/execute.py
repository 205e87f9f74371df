"""Running the cells: one Jupyter kernel a chapter, several chapters at once, every result remembered.

A chapter's results are kept under a key made of its cells and inline expressions, of all the code that cells may
import, of the data files that the chapter declares, of the lock and of Python's version. A change of prose runs
nothing; a change of the module runs everything. What a cell writes to disk is not kept.

Around the cells run two kinds of hidden ones: a first that sets up drawing, and one for each group of inline
expressions, which publishes their values the way that Quarto prints them.
"""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import re
import sysconfig
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from book import keys
from book.errors import BookError, Fault
from book.notebook import Cell, Source
from book.progress import SILENT, Progress
from book.project import CONTROLS, Project, as_list
from book.store import digest

CELL_SECONDS = 300
CELL_BYTES = 10 << 20
"""How much a cell may show: more than anybody reads."""
CHAPTER_BYTES = 8 << 30
"""How much memory a chapter's cells may take, where the machine has that much for every kernel at work."""
VALUES_TYPE = "application/vnd.book.values+json"

DRAWING = Path(__file__).with_name("matplotlibrc")
KERNEL = Path(__file__).with_name("kernel.py")


def _set_up() -> str:
    """The text of the hidden first cell."""
    calls = f'__book_values__, __book_opened__ = set_up("{VALUES_TYPE}", {memory()})\ndel set_up\n'
    return f"{KERNEL.read_text(encoding='utf-8')}\n\n{calls}"


def memory() -> int:
    """How many bytes the cells of a chapter may take: no more than would leave every kernel at work as many."""
    if not hasattr(os, "sysconf"):  # Windows, where kernels know no such limit
        return CHAPTER_BYTES
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(2 << 30, min(CHAPTER_BYTES, machine // _at_once()))


def _at_once() -> int:
    """How many kernels work at a time."""
    return os.cpu_count() or 2


KERNEL_OPTIONS = [
    "--InlineBackend.figure_formats=svg",
    "--InlineBackend.print_figure_kwargs={'bbox_inches': 'tight', 'metadata': {'Date': None, 'Creator': None}}",
    "--HistoryManager.enabled=False",
]

ALIKE = {
    "LC_ALL": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
    **dict.fromkeys(["MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"], "1"),
}
"""What else differs from machine to machine and shows in results: the order of sets, dates, how sums are split."""

FOLDERS = sorted({sysconfig.get_path(name) + os.sep for name in ("purelib", "platlib", "stdlib")}, reverse=True)
"""Where Python's modules lie on this machine, the inner ones first: tracebacks name them."""

ESCAPES = re.compile(r"\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)|\[[0-?]*[ -/]*[@-~]|[ -~]?)")
"""What tells a terminal to change: its title, its colours, the place to write at."""
OVERWRITTEN = re.compile(r"[^\n\x08]\x08")
IN_CELL = re.compile(r"Cell In\[\d+\], line (\d+)")
KERNEL_FILE = re.compile(r"(?:/|[A-Za-z]:\\)\S*?ipykernel_\d+[/\\]\d+\.py")


NO_RESULTS: dict[str, Any] = {"cells": {}, "inline": [], "read": []}
"""What comes of a chapter that runs nothing."""


@dataclass(frozen=True)
class Job:
    """A chapter to run."""

    source: Source
    program: list[list[Any]]
    """The steps, as `notebook.program` gives them."""
    key: str

    @property
    def cells(self) -> int:
        return sum(step[0] == "cell" for step in self.program)


def job(project: Project, source: Source, program: list[list[Any]]) -> Job:
    """A chapter's work and the key of its results."""
    steps = [
        [step[0], _runs(project, source, source.cells[step[1]]), source.cells[step[1]].code]
        if step[0] == "cell"
        else step[:2]
        for step in program
    ]
    faults, data = [], []
    for number, name in enumerate(as_list(source.head.get("data-files"))):
        path = project.root / name
        if path.is_file():
            data.append([name, digest(path)])
        else:
            line = source.head.line("data-files", number)
            faults.append(Fault(source.path, line, "missing-file", f"there is no file {name}"))
    if faults:
        raise BookError(faults)
    where = project.get("project", "execute-dir")
    key = digest(
        Path(__file__),
        KERNEL,
        DRAWING,
        steps,
        where,
        project.code_digest,
        data,
        project.environment,
        platform.python_version(),
    )
    return Job(source, program, key)


def _runs(project: Project, source: Source, cell: Cell) -> list[bool]:
    return [bool(option(project, source, cell, name)) for name in ("eval", "error")]


EXECUTE_DEFAULTS: dict[str, Any] = {
    "echo": True,
    "eval": True,
    "output": True,
    "include": True,
    "warning": True,
    "error": False,
    "code-fold": False,
    "code-summary": "Code",
}


def option(project: Project, source: Source, cell: Cell, name: str) -> Any:
    """A cell's option: its own, else the chapter's, else the book's, else Quarto's default."""
    if name in cell.options:
        return cell.options[name]
    place = ("execute", name) if name in keys.EXECUTE else (name,)
    return project.setting(source.head, "html", *place, default=EXECUTE_DEFAULTS[name])


def known(project: Project, item: Job) -> dict[str, Any] | None:
    """The results of a chapter that are there without running it: none needed, brought along, remembered."""
    if item.source.stored is not None:
        return {
            **NO_RESULTS,
            "cells": {str(n): _clean(outputs, project) for n, outputs in enumerate(item.source.stored)},
        }
    return project.store.get("execute", item.key) if item.program else NO_RESULTS


def execute(
    project: Project, jobs: Sequence[Job], progress: Progress = SILENT, seconds: int = CELL_SECONDS
) -> dict[str, dict[str, Any]]:
    """Run chapters whose results are not known; return the results of all, by path.

    A result is ``{"cells": {number: [outputs]}, "inline": [values], "read": [files]}``. Raises `BookError` for every
    chapter that has a cell which raises, takes longer than ``seconds``, or loses its kernel.
    """
    results: dict[str, dict[str, Any]] = {}
    todo = []
    for item in jobs:
        if (found := known(project, item)) is None:
            todo.append(item)
        else:
            results[item.source.path] = found
    if todo:
        progress.start(sum(item.cells for item in todo))
        logging.getLogger("traitlets").setLevel(logging.CRITICAL)  # failures are told as faults, once
        faults: list[Fault] = []
        for item, result in zip(todo, asyncio.run(_run_all(project, todo, progress, seconds)), strict=True):
            if isinstance(result, Fault):
                faults.append(result)
            else:
                project.store.put("execute", item.key, result)
                results[item.source.path] = project.store.get("execute", item.key)
        if faults:
            raise BookError(faults)
    return results


async def _run_all(project: Project, jobs: Sequence[Job], progress: Progress, seconds: int) -> list[Any]:
    free = asyncio.Semaphore(_at_once())

    async def run_one(item: Job) -> dict[str, Any] | Fault:
        async with free:
            return await _run(project, item, progress, seconds)

    return await asyncio.gather(*map(run_one, jobs))


async def _run(project: Project, item: Job, progress: Progress, seconds: int) -> dict[str, Any] | Fault:
    """Run one chapter; a failure is returned as the fault that it is."""
    import nbformat.v4 as nbf
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    source = item.source
    book = nbf.new_notebook()
    client = NotebookClient(
        book, timeout=CELL_SECONDS, kernel_name="python3", record_timing=False, coalesce_streams=True,
        extra_arguments=KERNEL_OPTIONS, resources={"metadata": {"path": _folder(project, source)}},
    )  # fmt: skip
    flood = _Flood(client)
    outputs: dict[str, list[Any]] = {}
    values: list[Any] = []
    place, name, code_line = 1, "the set-up", 1

    async def run_cell(code: str, tags: list[str] | None = None) -> list[Any]:
        book.cells.append(nbf.new_code_cell(code, metadata={"tags": tags or []}))
        done = await client.async_execute_cell(book.cells[-1], len(book.cells) - 1, store_history=bool(tags))
        return done["outputs"]

    try:
        async with _kernel(project, client, {**os.environ, **_environment(project)}):
            await run_cell(_set_up())
            client.timeout = seconds
            for group in _groups(item.program):
                if group[0][0] == "cell":
                    cell = source.cells[group[0][1]]
                    place, name, code_line = cell.line, cell.name, cell.code_line
                    runs, may_raise = _runs(project, source, cell)
                    if runs and cell.code:
                        tags = ["cell", "raises-exception"] if may_raise else ["cell"]
                        outputs[str(cell.number)] = _clean(await run_cell(cell.code, tags), project)
                    progress.advance()
                else:
                    place, name = group[0][2], "inline code"
                    thunks = ", ".join(f"lambda: ({step[1]})" for step in group)
                    shown = await run_cell(f"__book_values__({thunks})")
                    found = shown[-1]["data"][VALUES_TYPE]
                    for step, value in zip(group, found, strict=True):
                        if "error" in value:
                            return Fault(
                                *source.places[step[2]],
                                "inline-raises",
                                f"`{step[1]}` raises {value['error']}",
                                "inline code sees the variables of the cells above it",
                            )
                    values += map(_as_seen, found)
            opened = (await run_cell("__book_opened__()"))[-1]["data"][VALUES_TYPE]
    except CellExecutionError as error:
        shown = [output for output in book.cells[-1].outputs if output["output_type"] == "error"]
        trace = _private("\n".join(shown[-1]["traceback"]) if shown else "", project).strip()
        if inside := IN_CELL.search(trace):
            place = code_line + int(inside[1]) - 1
        message = f"{name} raises {error.ename}: {error.evalue}\n{trace}"
        mend = "or set #| error: true to show the error"
        if error.ename.endswith("MemoryError"):
            mend = f"make it ask for less: a chapter may take {memory() / 2**30:.1f} GiB"
        return Fault(*source.places[place], "cell-raises", message, mend)
    except CellTimeoutError:
        message = f"{name} ran longer than {seconds} seconds"
        return Fault(*source.places[place], "cell-timeout", message, "make it do less, or raise --timeout")
    except DeadKernelError:
        if flood.stopped:
            message = f"{name} shows more than {CELL_BYTES >> 20} MiB"
            return Fault(*source.places[place], "cell-output", message, "print less, or write it to a file")
        return Fault(*source.places[place], "kernel-died", f"the kernel died in {name}", "does it run out of memory?")
    return {"cells": outputs, "inline": values, "read": _read_data(project, opened)}


class _Flood:
    """Counts what a cell shows, and ends the kernel of one that shows too much."""

    def __init__(self, client: Any) -> None:
        self.stopped = False
        self._client, self._keep = client, client.output
        self._cell, self._bytes = -1, 0
        client.output = self._output

    def _output(self, outputs: list[Any], message: dict[str, Any], display: str, cell: int) -> Any:
        content = message["content"]
        size = sum(len(value) for value in (content.get("data") or content).values() if isinstance(value, str))
        self._cell, self._bytes = cell, size + (self._bytes if cell == self._cell else 0)
        if self._bytes > CELL_BYTES and not self.stopped:
            self.stopped = True
            self._ending = asyncio.ensure_future(self._client.km.shutdown_kernel(now=True))
        return None if self.stopped else self._keep(outputs, message, display, cell)


@asynccontextmanager
async def _kernel(project: Project, client: Any, environment: Mapping[str, str]) -> AsyncIterator[None]:
    """A kernel of the client's own, ended at once afterwards, whatever happens.

    The client's own context manager takes over SIGINT, and then ends one kernel of several.
    """
    manager = client.create_kernel_manager()
    with project.store.scratch() as folder:
        manager.connection_file = os.path.join(folder, "kernel.json")
        if os.name == "posix":
            manager.transport = "ipc"  # nobody else on the machine can listen
        await client.async_start_new_kernel(env=dict(environment))
        try:
            await client.async_start_new_kernel_client()
            yield
        finally:
            if client.kc is not None:
                client.kc.stop_channels()
            await manager.shutdown_kernel(now=True)


def _folder(project: Project, source: Source) -> str:
    """Where the cells of a chapter run: in the chapter's own folder, or as ``execute-dir`` says in the project's."""
    whole = project.get("project", "execute-dir") == "project"
    return str(project.root if whole else (project.root / source.path).parent)


def _environment(project: Project) -> Mapping[str, str]:
    """What the kernels find set: the book's own variables, and what makes results the same each time."""
    return {
        **ALIKE,
        **project.environment,
        "PYTHONPATH": os.pathsep.join(map(str, project.source_folders)),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MATPLOTLIBRC": str(DRAWING),
    }


def _read_data(project: Project, opened: Sequence[str]) -> list[str]:
    """The files of the book among those that were read, but for code and what is hidden or made."""
    apart = {project.output.resolve(), *project.source_folders}
    found = []
    for name in opened:
        path = Path(name)
        if (
            path.is_file()
            and path.is_relative_to(project.root)
            and not any(path.is_relative_to(folder) for folder in apart)
        ):
            relative = path.relative_to(project.root)
            if not any(part.startswith((".", "__")) for part in relative.parts):
                found.append(relative.as_posix())
    return found


def _groups(program: list[list[Any]]) -> list[list[list[Any]]]:
    """The steps, inline expressions that follow each other taken together."""
    groups: list[list[list[Any]]] = []
    for step in program:
        if groups and step[0] == "inline" == groups[-1][0][0]:
            groups[-1].append(step)
        else:
            groups.append([step])
    return groups


def as_seen(text: str) -> str:
    r"""Text as a terminal would show it, without colours.

    >>> as_seen("\x1b]0;title\a50 %\b\b\b\b100 %\x1b[1m!\x1b[0m\0")
    '100 %!'
    """
    text, found = ESCAPES.sub("", text), 1
    while found:
        text, found = OVERWRITTEN.subn("", text)
    return CONTROLS.sub("", text)


def _private(text: str, project: Project) -> str:
    """Text as it is seen, without what differs between machines: folders, temporary files."""
    text = KERNEL_FILE.sub("<cell>", as_seen(text))
    for folder in FOLDERS:
        text = text.replace(folder, "")
    return text.replace(str(project.root) + os.sep, "").replace(str(Path.home()) + os.sep, "~/")


def _as_seen(data: Mapping[str, Any]) -> dict[str, Any]:
    """The forms of an output, those that are texts as they are seen."""
    return {kind: as_seen(value) if isinstance(value, str) else value for kind, value in data.items()}


def _clean(outputs: list[Any], project: Project) -> list[dict[str, Any]]:
    """A cell's outputs as plain JSON, alike on every machine."""
    cleaned = []
    for output in outputs:
        new = {key: value for key, value in output.items() if key not in ("execution_count", "metadata", "transient")}
        if output["output_type"] == "stream":
            new["text"] = _private(output["text"], project)
        elif output["output_type"] == "error":
            new["traceback"] = [_private(line, project) for line in output["traceback"]]
        else:
            new["data"] = _as_seen(output["data"])
        cleaned.append(new)
    return cleaned
