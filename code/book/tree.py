"""Pandoc's syntax tree as it comes in JSON: nodes are ``{"t": type, "c": content}``.

The functions here make nodes, look through trees and rewrite them. On top of pandoc's own nodes lies the
renderer's *canonical form*: a ``Div`` (or ``Span``) whose first class is ``::name`` is the construct ``name``, its
attributes are the construct's, its children what the construct holds. `markup` makes them, the formats lower them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

Node = dict[str, Any]
Nodes = list[Node]
Rule = Callable[[Node], Node | Nodes]
MARK = "::"


def text(value: str) -> Node:
    return {"t": "Str", "c": value}


SPACE: Node = {"t": "Space"}


def words(value: str) -> Nodes:
    """A sentence as pandoc holds one, with its spaces as nodes of their own."""
    nodes: Nodes = []
    for word in value.split(" "):
        nodes += [SPACE, text(word)] if nodes else [text(word)]
    return nodes


def plain(inlines: Nodes) -> Node:
    return {"t": "Plain", "c": inlines}


def para(inlines: Nodes) -> Node:
    return {"t": "Para", "c": inlines}


def strong(inlines: Nodes) -> Node:
    return {"t": "Strong", "c": inlines}


def raw(form: str, value: str) -> Node:
    return {"t": "RawBlock", "c": [form, value]}


def raw_inline(form: str, value: str) -> Node:
    return {"t": "RawInline", "c": [form, value]}


def attributes(ident: str = "", classes: list[str] | None = None, pairs: Mapping[str, str] | None = None) -> list:
    return [ident, classes or [], [[key, value] for key, value in (pairs or {}).items()]]


def div(blocks: Nodes, ident: str = "", classes: list[str] | None = None, **pairs: str) -> Node:
    return {"t": "Div", "c": [attributes(ident, classes, pairs), blocks]}


def span(inlines: Nodes, ident: str = "", classes: list[str] | None = None, **pairs: str) -> Node:
    return {"t": "Span", "c": [attributes(ident, classes, pairs), inlines]}


def link(inlines: Nodes, target: str, classes: list[str] | None = None) -> Node:
    return {"t": "Link", "c": [attributes(classes=classes), inlines, [target, ""]]}


def image(alt: Nodes, source: str, **pairs: str) -> Node:
    return {"t": "Image", "c": [attributes(pairs=pairs), alt, [source, ""]]}


def code_block(code: str, language: str = "") -> Node:
    return {"t": "CodeBlock", "c": [attributes(classes=[language] if language else []), code]}


@dataclass(frozen=True)
class Construct:
    """A node of the canonical form, opened."""

    name: str
    ident: str
    pairs: dict[str, str]
    children: list[Any] = field(repr=False)
    inline: bool = False

    def changed(self, **pairs: str) -> Construct:
        """The same with other attributes."""
        return replace(self, pairs={**self.pairs, **pairs})

    def part(self, name: str) -> Nodes:
        """The children of the first child construct of that name (a title, a caption); [] without one."""
        for child in self.children:
            if (inner := construct(child)) and inner.name == name:
                return inner.children
        return []

    def rest(self, *names: str) -> Nodes:
        """The children that are not child constructs of those names."""
        return [child for child in self.children if not ((inner := construct(child)) and inner.name in names)]


def make(name: str, children: list[Any], ident: str = "", **pairs: str) -> Node:
    """A block construct of the canonical form."""
    return {"t": "Div", "c": [attributes(ident, [MARK + name], pairs), children]}


def make_inline(name: str, children: list[Any], ident: str = "", **pairs: str) -> Node:
    """An inline construct of the canonical form."""
    return {"t": "Span", "c": [attributes(ident, [MARK + name], pairs), children]}


def construct(node: Any) -> Construct | None:
    """The construct that a node is, or None."""
    if not isinstance(node, dict) or node.get("t") not in ("Div", "Span"):
        return None
    (ident, classes, pairs), children = node["c"]
    if not classes or not classes[0].startswith(MARK):
        return None
    return Construct(classes[0].removeprefix(MARK), ident, dict(pairs), children, node["t"] == "Span")


def walk(tree: Any) -> Iterator[Node]:
    """Every node, in the order of the text, parents before children."""
    waiting = [tree]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if "t" in item:
                yield item
            item = list(item.values())
        if isinstance(item, list):
            waiting += reversed(item)


def transform(tree: Any, rules: Mapping[str, Rule]) -> Any:
    """Rewrite a tree from the leaves up.

    ``rules`` maps a node's type to a function of the node, whose children are already rewritten. It returns
    the node to put in its place, or a list of nodes, which are spliced in.
    """
    if isinstance(tree, dict):
        content = tree.get("c")
        node = {**tree, "c": transform(content, rules)} if isinstance(content, (list, dict)) else tree
        rule = rules.get(tree.get("t", ""))
        return rule(node) if rule else node
    if not isinstance(tree, list):
        return tree
    result: list[Any] = []
    for item in tree:
        new = transform(item, rules)
        if isinstance(item, dict) and isinstance(new, list):
            result += new
        else:
            result.append(new)
    return result


def joined(tree: Any) -> Any:
    """The same tree with the words of a line as one: most of a text's nodes are its words and the spaces between.

    The first two nodes of a paragraph stay, from which writers see that it would begin a list.

    >>> [node.get("c") for node in joined(words("1. So many words"))]
    ['1.', None, 'So many words']
    """
    if isinstance(tree, dict):
        content = tree.get("c")
        return {**tree, "c": joined(content)} if isinstance(content, (list, dict)) else tree
    if not isinstance(tree, list):
        return tree
    result = [joined(item) for item in tree[:2]]
    for are_words, run in groupby(tree[2:], _is_word):
        nodes = list(run)
        result += [text("".join(node.get("c", " ") for node in nodes))] if are_words else map(joined, nodes)
    return result


def _is_word(item: Any) -> bool:
    return isinstance(item, dict) and item.get("t") in ("Str", "Space")


def lower(
    tree: Any, table: Mapping[str, Callable[[Construct], Node | Nodes]], extra: Mapping[str, Rule] | None = None
) -> Any:
    """Turn every construct into a format's own nodes, by a table of functions; an unknown name is a KeyError.

    ``extra`` holds rules for all other nodes.
    """
    rules = dict(extra or {})

    def opened(node: Node) -> Node | Nodes:
        if found := construct(node):
            return table[found.name](found)
        rule = rules.get(node["t"])
        return rule(node) if rule else node

    return transform(tree, {**rules, "Div": opened, "Span": opened})


BREAKS = {"Space": " ", "SoftBreak": " ", "LineBreak": " "}
QUOTES = {"SingleQuote": ("‘", "’"), "DoubleQuote": ("“", "”")}


def stringify(tree: Any) -> str:
    """The words of a tree, without its markup; mathematics as its TeX, notes left out."""
    if isinstance(tree, list):
        return "".join(map(stringify, tree))
    if not isinstance(tree, dict):
        return ""
    kind: str = tree.get("t", "")
    content: Any = tree.get("c")
    if kind in BREAKS:
        return BREAKS[kind]
    if kind == "Str":
        return content
    if kind in ("Math", "Code"):
        return content[1]
    if kind in ("Note", "RawInline", "RawBlock"):
        return ""
    if kind == "Quoted":
        opening, closing = QUOTES[content[0]["t"]]
        return opening + stringify(content[1]) + closing
    return stringify(content)
