"""SVG drawings inside of a page: identifiers that no other drawing has, colours that follow the theme, a spoken text.

A style sheet of the book names the colours that drawings are made of: every ``--ink-…: #rrggbb`` in it
(or ``light-dark(#rrggbb, …)``). Where a drawing
uses such a colour, the page says ``var(--ink-…)``, so that the dark theme can say otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
INK = re.compile(r"(--ink-[\w-]+)\s*:\s*(?:light-dark\()?\s*(#[0-9a-fA-F]{6})\b")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
URL = re.compile(r"url\(\s*['\"]?#([^'\")]+)['\"]?\s*\)")
REFERENCE = re.compile(r"""(?:href\s*=\s*["']|url\(\s*["']?)#([^"')]+)""")
PAINT = ("fill", "stroke", "stop-color", "color")
DROPPED = ("metadata", "title", "desc", "script")


def inks(sheets: Iterable[Path]) -> dict[str, str]:
    """The variable for each colour that style sheets name; where a name is set twice, the first time counts."""
    names: dict[str, str] = {}
    for sheet in sheets:
        for name, colour in INK.findall(sheet.read_text(encoding="utf-8")):
            names.setdefault(name, colour.lower())
    return {colour: name for name, colour in reversed(names.items())}


def inline(source: str, prefix: str, alt: str, colours: Mapping[str, str], width: str = "") -> str:
    """An SVG file as an element of a page.

    ``prefix`` goes before every identifier that something in the drawing refers to; the others are left out.
    Raises `xml.etree.ElementTree.ParseError` on what is no XML.
    """
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    root = ElementTree.fromstring(source)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.removeprefix(f"{{{SVG}}}") in DROPPED:
                parent.remove(child)
    used = set(REFERENCE.findall(source))
    for element in root.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)
        _rewrite(element, prefix, colours)
    for name in ("id", "class", "version"):
        root.attrib.pop(name, None)
    root.set("role", "img")
    root.set("aria-label", alt)
    width = width or root.get("width", "")
    style = f"width:{width}{'px' if width[-1].isdigit() else ''}" if width else ""
    if root.get("viewBox"):
        root.attrib.pop("width", None)
        root.attrib.pop("height", None)
    root.set("style", f"{style};fill:currentColor" if style else "fill:currentColor")
    text = ElementTree.tostring(root, encoding="unicode")
    return re.sub(r">\s*\n\s*<", "><", text)


def _rewrite(element: ElementTree.Element, prefix: str, colours: Mapping[str, str]) -> None:
    moved = []
    for name, value in list(element.attrib.items()):
        if name == "id":
            element.set(name, prefix + value)
        elif name in ("href", f"{{{XLINK}}}href") and value.startswith("#"):
            del element.attrib[name]
            element.set("href", f"#{prefix}{value[1:]}")
        elif name in PAINT and value.lower() in colours:
            del element.attrib[name]
            moved.append(f"{name}:{_painted(value, colours)}")
        elif name == "style":
            element.set(name, _painted(URL.sub(rf"url(#{prefix}\1)", value), colours))
        elif "url(" in value:
            element.set(name, URL.sub(rf"url(#{prefix}\1)", value))
    if moved:
        element.set("style", ";".join([*moved, element.get("style", "")]).rstrip(";"))
    if element.tag == f"{{{SVG}}}style" and element.text:
        element.text = _painted(URL.sub(rf"url(#{prefix}\1)", element.text), colours)


def _painted(text: str, colours: Mapping[str, str]) -> str:
    def ink(found: re.Match[str]) -> str:
        name = colours.get(found[0].lower())
        return f"var({name},{found[0]})" if name else found[0]

    return COLOUR.sub(ink, text)
