"""YAML as people write it in a book: read safely, with the line of every key, and held against a table.

A table says what is allowed: a dictionary gives the keys of a mapping, a tuple the values, the types or the mapping
that fit, a one-element list the form of every item. What the table does not name is refused with its place.
"""

from __future__ import annotations

from typing import Any

import yaml

from book.errors import Fault, fail

Shape = Any
TEXT = (str, int, float)
ANYTHING = object()


class Loader(yaml.SafeLoader):
    """YAML in which a date is the text that somebody wrote."""


Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


MEND = "write key: value lines; what holds a colon, a bracket or a # goes between quotation marks"


def as_list(value: Any) -> list[Any]:
    """What YAML lets people write as one thing or as a list of them."""
    return [] if value is None else value if isinstance(value, list) else [value]


class Settings:
    """A YAML mapping and the line on which each of its keys stands."""

    def __init__(self, text: str, file: str, first_line: int = 1) -> None:
        self.file, self.first_line = file, first_line
        self._lines: dict[tuple, int] = {}
        try:
            root = yaml.compose(text, Loader)
            value = yaml.load(text, Loader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = first_line + (mark.line if mark else 0)
            raise fail(file, line, "yaml", str(error.problem or error.context), MEND) from None
        except (yaml.YAMLError, ValueError) as error:
            raise fail(file, first_line, "yaml", str(error).replace("\n", " "), MEND) from None
        except RecursionError:
            raise fail(file, first_line, "yaml", "brackets in brackets, too deep to follow", MEND) from None
        if value is not None and not isinstance(value, dict):
            raise fail(file, first_line, "yaml", f"expected key: value lines, found {value!r:.60}", MEND)
        self.value: dict[str, Any] = value or {}
        if root is not None:
            self._collect(root, (), frozenset())

    def _collect(self, node: yaml.Node, path: tuple, around: frozenset[int]) -> None:
        """Note the lines of keys; ``around`` are the nodes that hold this one."""
        if id(node) in around:
            line = self.first_line + node.start_mark.line
            raise fail(self.file, line, "yaml", "an alias (*) for what it stands in", "write out what it means")
        around |= {id(node)}
        if isinstance(node, yaml.MappingNode):
            for key, child in node.value:
                place = (*path, key.value)
                if place in self._lines:
                    line, first = self.first_line + key.start_mark.line, self._lines[place]
                    raise fail(self.file, line, "yaml", f"{key.value} for the second time", f"line {first} has one")
                self._lines[place] = self.first_line + key.start_mark.line
                self._collect(child, place, around)
        elif isinstance(node, yaml.SequenceNode):
            for number, child in enumerate(node.value):
                place = (*path, number)
                self._lines[place] = self.first_line + child.start_mark.line
                self._collect(child, place, around)

    def line(self, *path: str | int) -> int:
        """The line of a key, or of the nearest key around it."""
        for end in range(len(path), 0, -1):
            if (found := self._lines.get(path[:end])) is not None:
                return found
        return self.first_line

    def get(self, *path: str, default: Any = None) -> Any:
        """The value at a path of keys; the default where any of them is missing."""
        value: Any = self.value
        for key in path:
            if not isinstance(value, dict) or key not in value:
                return default
            value = value[key]
        return value

    def faults(self, shape: Shape) -> list[Fault]:
        """What the table does not allow."""
        return list(self._faults(self.value, shape, ()))

    def _faults(self, value: Any, shape: Shape, path: tuple):
        where = ".".join(str(part) for part in path)
        if shape is ANYTHING:
            return
        if isinstance(shape, dict):
            if value is None or (value == "default" and path[:1] == ("format",)):
                return
            if not isinstance(value, dict):
                yield self._fault(path, f"{where} must hold key: value lines, not {value!r:.60}", "")
                return
            for key, inner in value.items():
                if key in shape:
                    yield from self._faults(inner, shape[key], (*path, key))
                else:
                    name = ".".join([*map(str, path), str(key)])
                    supported = ", ".join(sorted(shape))
                    yield self._fault((*path, key), f"{name} is not supported", f"supported here: {supported}")
        elif isinstance(shape, list):
            for number, item in enumerate(value if isinstance(value, list) else [value]):
                yield from self._faults(item, shape[0], (*path, number) if isinstance(value, list) else path)
        elif isinstance(shape, tuple):
            mappings = [form for form in shape if isinstance(form, dict)]
            if mappings and isinstance(value, dict):
                yield from self._faults(value, mappings[0], path)
                return
            kinds = tuple(kind for kind in shape if isinstance(kind, type))
            fits = (isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))) or any(
                value is allowed or (value == allowed and type(value) is type(allowed)) for allowed in shape
            )
            if not fits:
                names = (_named(form) for form in shape)
                yield self._fault(path, f"{where} cannot be {value!r:.60}", f"it can be: {', '.join(names)}")
        else:
            raise TypeError(f"not a shape: {shape!r}")

    def _fault(self, path: tuple, message: str, mend: str) -> Fault:
        return Fault(self.file, self.line(*path), "setting", message, mend)


def _named(form: Any) -> str:
    if isinstance(form, dict):
        return f"a record ({', '.join(sorted(form))})"
    return form.__name__ if isinstance(form, type) else str(form).lower()
