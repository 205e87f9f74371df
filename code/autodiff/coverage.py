"""Coverage: what each public function of NumPy is to this module, read off the tables."""

import dis
import inspect
from collections.abc import Callable, Hashable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from .arrays import name_of
from .tables import COMPOSED, CONSTANT, PARTIALS, REFUSED, RULES, TRANSPARENT, UNREACHABLE

MODULES = (np, np.linalg, np.fft)
TABLES = {
    "rule": (PARTIALS, RULES, COMPOSED, TRANSPARENT),
    "zero": (CONSTANT,),
    "refused": (REFUSED,),
    "unreachable": (UNREACHABLE,),
}
NO_RULE = "It has no rule here: write it in terms of functions that have one, or declare one by ad.primitive."


def coverage() -> dict[str, str]:
    """What happens to a traced array in each public function and type of `numpy`, `numpy.linalg` and `numpy.fft`.

    "rule" (differentiated), "zero" (derivative zero, or none: it runs on the values), "refused" (not differentiable:
    an error with the mend) or "unreachable" (NumPy's protocols do not tell of the call: an error wherever it is given
    a traced array, but for np.isscalar, which is False). `mends` says what to write instead.

    >>> from autodiff.coverage import coverage
    >>> [coverage()[name] for name in ("np.sin", "np.floor", "np.put", "np.fromiter")]
    ['rule', 'zero', 'refused', 'unreachable']
    """
    return {name: _kind(value) for name, value in _names()}


def mends() -> dict[str, str]:
    """What to do instead of calling each name that is refused or out of reach.

    >>> from autodiff.coverage import mends
    >>> mends()["np.full"]
    'Write np.broadcast_to(x, shape).'
    """
    return {
        name: REFUSED.get(value) or UNREACHABLE.get(value, NO_RULE)
        for name, value in _names()
        if _kind(value) in ("refused", "unreachable")
    }


def aliases() -> dict[str, str]:
    """The other names of functions with rules, and the name under which the rule stands.

    >>> from autodiff.coverage import aliases
    >>> aliases()["np.acos"]
    'np.arccos'
    """
    declared = {name: name_of(value) for name, value in _names() if _kind(value) == "rule"}
    return {name: own for name, own in declared.items() if name != own}


def transparent() -> list[str]:
    """The functions that have no rule and need none: NumPy writes them with functions that have one.

    >>> from autodiff.coverage import transparent
    >>> "np.fft.fftfreq" in transparent()
    True
    """
    return [name for name, value in _names() if value in TRANSPARENT]


def _names() -> Iterator[tuple[str, Any]]:
    for module in MODULES:
        prefix = module.__name__.replace("numpy", "np", 1)
        for name in sorted(dir(module)):
            value = getattr(module, name)
            if name[0] != "_" and not isinstance(value, DATA):
                yield f"{prefix}.{name}", value


# Constants, lists of names, modules: nothing that is given arrays.
DATA = (int, float, str, tuple, dict, np.bool, type(None), ModuleType)


def _kind(value: Any) -> str:
    return next((kind for kind, tables in TABLES.items() if any(value in table for table in tables)), "refused")


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
