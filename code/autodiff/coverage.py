"""Coverage: what each public function of NumPy is to this module, read off the tables."""

import dis
import inspect
from collections.abc import Callable, Hashable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from .arrays import name_of
from .tables import COMPOSED, CONSTANT, PARTIALS, REFUSED, RULES

MODULES = (np, np.linalg, np.fft)
TABLES = {
    "rule": (PARTIALS, RULES, COMPOSED),
    "zero": (CONSTANT,),
    "refused": (REFUSED,),
}


def coverage() -> dict[str, str]:
    """What happens to a traced array in each function of `numpy`, `numpy.linalg` and `numpy.fft`, by name.

    "rule" (differentiated), "zero" (derivative zero, or none: it runs on the values), "refused" (an error with the
    mend), or "none": no rule, or NumPy does not tell of the call; an error, too, wherever it is given a traced array.

    >>> from autodiff.coverage import coverage
    >>> [coverage()[name] for name in ("np.sin", "np.floor", "np.put", "np.fromiter")]
    ['rule', 'zero', 'refused', 'none']
    """
    return {f"{_prefix(module)}.{name}": _kind(value) for module in MODULES for name, value in _functions(module)}


def _prefix(module: ModuleType) -> str:
    return module.__name__.replace("numpy", "np", 1)


def _functions(module: ModuleType) -> Iterator[tuple[str, object]]:
    for name in sorted(dir(module)):
        value = getattr(module, name)
        if name[0] != "_" and callable(value) and not isinstance(value, type | ModuleType):
            yield name, value


def _kind(function: object) -> str:
    return next((kind for kind, tables in TABLES.items() if any(function in table for table in tables)), "none")


# --- What composed functions are composed of ----------------------------------------------------------------

METHODS = {name: getattr(np, name) for name in ("cumsum", "dot", "max", "mean", "min", "prod", "sum")}


def written_with(function: Hashable) -> list[str]:
    """The functions with rules that a composed function calls, by name; arithmetic, indexing and reshaping go unsaid.

    function : one that `autodiff.rules` writes in terms of others. Its definition is read, not run.

    Raises `KeyError` for a function that is not composed.

    >>> from autodiff.coverage import written_with
    >>> written_with(np.vander)
    ['np.stack']
    """
    tables, definitions = (PARTIALS, RULES, COMPOSED), {definition: f for f, definition in [*COMPOSED.items()][::-1]}
    found, todo, seen = [], [COMPOSED[function]], set()
    for definition in todo:  # grows by the helpers that it comes across
        for value in _called(definition):
            value = definitions.get(value, value)
            if value in seen or value == function:
                continue
            seen.add(value)
            if any(value in table for table in tables):
                found.append(name_of(value))
            elif isinstance(value, FunctionType) and value.__module__.startswith(__package__):
                todo.append(value)
    return found


def _called(definition: Callable) -> Iterator[Any]:
    """What the code of a function names, of what can be called."""
    scope = {**definition.__globals__, **inspect.getclosurevars(definition).nonlocals}
    defaults = [p.default for p in inspect.signature(definition).parameters.values()]
    values = [*defaults, *_named(definition.__code__, scope)]
    for value in values:
        yield from (v for v in (value.values() if isinstance(value, dict) else [value]) if callable(v))


def _named(code: CodeType, scope: dict[str, Any]) -> Iterator[Any]:
    here: Any = None
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_DEREF", "LOAD_NAME"):
            here = scope.get(step.argval)
        elif step.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            here = getattr(here, step.argval, None) if isinstance(here, ModuleType) else METHODS.get(step.argval)
        else:
            here = np.matmul if step.argrepr == "@" else None
        yield here
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _named(inner, scope)
