"""The API reference: the module's docstrings as Markdown, read from its source by griffe.

This is a room of figures, not of the renderer: it draws the companion module, and whoever draws that imports it. The
renderer knows of no package whose docstrings it shows.
"""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe

import autodiff as ad
from figures.numbers import markdown

WIDTH = 66  # columns of a signature
LOADED: list[Any] = []


def package() -> griffe.Module:
    """The companion module as griffe reads it: once, and without running it."""
    if not LOADED:
        LOADED.append(griffe.load("autodiff", search_paths=[Path(ad.__file__).parents[1]], allow_inspection=False))
    return LOADED[0]


def exported() -> dict[str, list[str]]:
    """The public names of the module, by the room (file) that defines them; a room that is public itself under ""."""
    found: dict[str, list[str]] = {}
    for name in ad.__all__:
        room = ad.LATER.get(name) or _defining(name)
        found.setdefault("" if room == name else room, []).append(name)
    return found


def _defining(name: str) -> str:
    member = package().members[name]
    return member.target_path.split(".", 1)[1].rpartition(".")[0] if isinstance(member, griffe.Alias) else name


def public(room: str) -> list[str]:
    """The names of a room that is public itself, without those that `ad` exports: what stands in its `__all__`, or else
    the functions and classes that it documents with an example, as only what is public has to be.
    """
    found, taken = package()[room], exported().get(room, [])
    said = {str(name) for name in found.exports or []}

    def shown(name: str, member: Any) -> bool:
        if member.is_alias and (name not in said or member.target_path.split(".")[1] in exported()[""]):
            return False
        listed = name in said if said else name[0] != "_" and ">>>" in _docstring(member)
        return listed and name not in taken and (member.is_function or member.is_class)

    return [name for name, member in found.members.items() if shown(name, member)]


def room(*names: str) -> Any:
    """What the named rooms export: how each is called, and its docstring."""
    chosen = exported()
    entries = [_entry(f"ad.{name}", package()[own][name]) for own in names for name in chosen.get(own, [])]
    return markdown("\n\n".join(entries))


def module(name: str) -> Any:
    """A room that is public itself: its docstring, what `ad` exports of it, then its other functions and classes."""
    own = [f"ad.{exported_name}" for exported_name in exported().get(name, [])]
    paths = [*own, *(f"ad.{name}.{inner}" for inner in public(name))]
    entries = [_entry(path, package()[name][path.rpartition(".")[2]]) for path in paths]
    return markdown("\n\n".join([written(_docstring(package()[name])), *entries]))


def _entry(path: str, found: Any) -> str:
    """One name: a heading to link to, its signature, its docstring; of a class its public methods, too."""
    head = f"### `{path}` {{#api-{anchor_of(path)} .unnumbered .unlisted}}"
    parts = [head, f"```python\n{signature(path, found)}\n```", written(_docstring(found))]
    if found.is_class:
        instance = path.rpartition(".")[2].lower()
        for name, member in found.members.items():
            if name[0] != "_" and member.is_function and member.docstring:
                parts += [f"```python\n{signature(f'{instance}.{name}', member)}\n```", written(_docstring(member))]
    return "\n\n".join(parts)


def anchor_of(path: str) -> str:
    """`ad.finite.step` is linked to as `appendix-api.qmd#api-finite-step`."""
    return path.removeprefix("ad.").replace(".", "-").replace("_", "-")


def _docstring(found: Any) -> str:
    return textwrap.dedent(found.docstring.value) if found.docstring else ""


# --- Signatures ---------------------------------------------------------------------------------------------


def signature(path: str, found: Any) -> str:
    """How a function or class is called, with its defaults; on several lines where one is too short."""
    if "property" in found.labels:
        return path
    arguments = list(_arguments(found))
    line = f"{path}({', '.join(arguments)})"
    if len(line) <= WIDTH:
        return line
    return textwrap.fill(line, WIDTH, subsequent_indent=" " * 4, break_long_words=False)


def _arguments(found: Any) -> Iterator[str]:
    stars = {griffe.ParameterKind.var_positional: "*", griffe.ParameterKind.var_keyword: "**"}
    keyword_only = False
    for parameter in found.parameters:
        if parameter.name == "self":
            continue
        if parameter.kind is griffe.ParameterKind.keyword_only and not keyword_only:
            keyword_only = True
            yield "*"
        keyword_only = keyword_only or parameter.kind is griffe.ParameterKind.var_positional
        default = f"={parameter.default}" if parameter.default is not None and parameter.kind not in stars else ""
        yield f"{stars.get(parameter.kind, '')}{parameter.name}{default}"


# --- Docstrings ---------------------------------------------------------------------------------------------

HEADING = re.compile(r"^\w+\n-{3,}\n?")
NAMED = re.compile(r"(?:^|(?<=[.;] ))((?:\*{0,2}\w+, )*\*{0,2}\w+) : ")
SPECIAL = re.compile(r"([\\*_^~$<>\[\]@#|])")
UNSAID = re.compile(r"^>>> import autodiff as ad(?:, numpy as np)?\n|\s*# doctest: .*$", re.MULTILINE)
"""What an example need not say: imports that all of them share, options of the test."""


def written(text: str) -> str:
    """A docstring as Markdown: its paragraphs, its arguments as a list, its example as code."""
    return "\n\n".join(_block(block) for block in _blocks(text) if block.strip())


def _blocks(text: str) -> list[str]:
    """Paragraphs; an example with empty lines in it is one."""
    blocks: list[str] = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        if blocks and blocks[-1].startswith(">>>") and block.startswith(">>>"):
            blocks[-1] += f"\n{block}"
        else:
            blocks.append(block)
    return blocks


def _block(block: str) -> str:
    if block.startswith(">>>"):
        return f"```python\n{UNSAID.sub('', block)}\n```"
    if block.startswith("    "):
        return f"```\n{textwrap.dedent(block)}\n```"
    block = HEADING.sub("", block)
    lines = re.split(r"\n(?=\S)", block)
    if NAMED.match(block) and sum(bool(NAMED.match(line)) for line in lines) == len(lines):
        return "\n".join(f"- {_line(line)}" for line in lines)
    return _line(block)


def _line(text: str) -> str:
    """Running text; code keeps its letters, arguments that are explained stand out, nothing else is markup."""
    text = NAMED.sub(
        lambda found: ", ".join(f"`{name}`" for name in found[1].split(", ")) + ": ", " ".join(text.split())
    )
    parts = re.split(r"(`[^`]*`|(?<![\w*])\*\w[\w -]*\*(?![\w*]))", text)  # code, and what is emphasised
    return "".join(part if i % 2 else SPECIAL.sub(r"\\\1", part) for i, part in enumerate(parts))
