"""Trees: nested tuples, lists, dicts and dataclasses whose leaves are arrays.

Arguments and results of a differentiated function may be nested containers. `flatten` lists the leaves and
describes the rest as a `Structure`; `unflatten` puts other leaves into the same structure. `None` is a tree
without leaves, as an optional part of a model often is.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple


class Structure(NamedTuple):
    """What remains of a tree when its leaves are taken out: two trees match when these are equal."""

    kind: type | None  # None marks a leaf
    keys: tuple = ()
    children: tuple = ()

    def __str__(self) -> str:
        if self.kind is None:
            return "*"
        parts = (f"{key}: {child}" for key, child in zip(self.keys, self.children, strict=True))
        return f"{self.kind.__name__}({', '.join(parts)})"


LEAF = Structure(None)


def _open(tree: Any) -> tuple[tuple, Sequence] | None:
    """Keys and children of a container; nothing for a leaf."""
    kind = type(tree)
    if kind is tuple or kind is list or (hasattr(kind, "_fields") and isinstance(tree, tuple)):
        return tuple(range(len(tree))), tree
    if isinstance(tree, dict):
        return tuple(tree), tuple(tree.values())
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        names = tuple(field.name for field in dataclasses.fields(tree))
        return names, tuple(getattr(tree, name) for name in names)
    return ((), ()) if tree is None else None


def _close(structure: Structure, children: list) -> Any:
    """The container of this structure around `children`."""
    kind = structure.kind
    assert kind is not None
    if kind is tuple or kind is list:
        return kind(children)
    if hasattr(kind, "_fields"):
        return kind(*children)
    if issubclass(kind, dict):
        pairs = kind()
        pairs.update(zip(structure.keys, children, strict=True))
        return pairs
    if kind is type(None):
        return None
    made = object.__new__(kind)  # frozen or with a custom __init__: set the fields as they were
    for name, child in zip(structure.keys, children, strict=True):
        object.__setattr__(made, name, child)
    return made


def flatten(tree: Any) -> tuple[list, Structure]:
    """Leaves of `tree`, in order, and its structure.

    >>> leaves, structure = flatten({"w": 1.0, "b": (2.0, 3.0)})
    >>> leaves
    [1.0, 2.0, 3.0]
    >>> unflatten(structure, [10.0, 20.0, 30.0])
    {'w': 10.0, 'b': (20.0, 30.0)}
    """
    leaves: list = []
    return leaves, _flatten_into(tree, leaves)


def _flatten_into(tree: Any, leaves: list) -> Structure:
    parts = _open(tree)
    if parts is None:
        leaves.append(tree)
        return LEAF
    keys, children = parts
    return Structure(type(tree), keys, tuple(_flatten_into(child, leaves) for child in children))


def unflatten(structure: Structure, leaves: Sequence | Iterator) -> Any:
    """The tree of this structure with these leaves."""
    source = iter(leaves)
    return _unflatten_from(structure, source)


def _unflatten_from(structure: Structure, leaves: Iterator) -> Any:
    if structure.kind is None:
        return next(leaves)
    return _close(structure, [_unflatten_from(child, leaves) for child in structure.children])


def flatten_like(tree: Any, structure: Structure) -> tuple[list, Structure]:
    """`flatten`, with the entries of dicts in the order of `structure` where they have the same keys in another.

    >>> _, structure = flatten({"w": 1.0, "b": 2.0})
    >>> flatten_like({"b": 20.0, "w": 10.0}, structure)[0]
    [10.0, 20.0]
    """
    leaves, own = flatten(tree)
    return (leaves, own) if own == structure else flatten(_arranged(tree, structure))


def _arranged(tree: Any, structure: Structure) -> Any:
    parts = _open(tree)
    if parts is None or type(tree) is not structure.kind or {*parts[0]} != {*structure.keys}:
        return tree
    entries = dict(zip(*parts, strict=True))
    children = [_arranged(entries[key], child) for key, child in zip(structure.keys, structure.children, strict=True)]
    return _close(structure, children)


def map_leaves(function: Callable, tree: Any) -> Any:
    """`function` on every leaf of `tree`."""
    leaves, structure = flatten(tree)
    return unflatten(structure, map(function, leaves))


def selected(tree: Any, test: Callable[[Any], bool]) -> tuple[list, Callable[[Sequence], Any]]:
    """The leaves of `tree` that pass a test, and the function that gives the tree with others in their places.

    >>> floats, rebuild = selected({"w": 1.5, "n": 3}, lambda leaf: isinstance(leaf, float))
    >>> floats, rebuild([2.5])
    ([1.5], {'w': 2.5, 'n': 3})
    """
    leaves, structure = flatten(tree)
    chosen = [bool(test(leaf)) for leaf in leaves]
    others = [None if own else leaf for leaf, own in zip(leaves, chosen, strict=True)]  # hold on to no more

    def rebuild(given: Sequence) -> Any:
        source = iter(given)
        return unflatten(structure, [next(source) if own else x for x, own in zip(others, chosen, strict=True)])

    return [leaf for leaf, own in zip(leaves, chosen, strict=True) if own], rebuild


def paths(structure: Structure, prefix: str = "") -> list[str]:
    """Where each leaf stands, as one would write it: `['w'][0]`, `.bias`."""
    if structure.kind is None:
        return [prefix]
    as_field = dataclasses.is_dataclass(structure.kind)
    return [
        path
        for key, child in zip(structure.keys, structure.children, strict=True)
        for path in paths(child, f"{prefix}.{key}" if as_field else f"{prefix}[{key!r}]")
    ]
