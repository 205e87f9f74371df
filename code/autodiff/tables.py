"""Tables: where the rules stand, and how one is declared.

`autodiff.rules` fills these tables; `autodiff.tracing` reads them. A function is in one of those at most that say what
becomes of its derivative; UNKNOWN, STATIC and OUT say more about some that are in these.
"""

import inspect
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from .errors import AutodiffTypeError

# ufunc -> one partial derivative per operand: a function (y, *operands) -> array, 1, -1, or None for zero.
PARTIALS: dict[np.ufunc, tuple] = {}
# Ufuncs of which a partial derivative that is None is not zero, but not known.
UNKNOWN: set[np.ufunc] = set()
# function -> Rule: its local Jacobians as linear operators.
RULES: dict[Callable, "Rule"] = {}
# function -> the same function written in terms of others.
COMPOSED: dict[Hashable, Callable] = {}
# Functions without derivative (comparisons, shapes, rounding): they run on the values.
CONSTANT: set[Callable] = set()
# Those of them that look at shapes and dtypes alone: constants of a graph, too.
STATIC: set[Callable] = set()
# function -> the position of its argument `out`, which must not be given.
OUT: dict[Hashable, int] = {}
# function -> why it cannot be differentiated, and the mend.
REFUSED: dict[Callable, str] = {}
# method of ufuncs -> the same.
REFUSED_METHODS: dict[str, str] = {}
# What NumPy does not tell traces of -> the mend; a traced array that it meets is an error.
UNREACHABLE: dict[Any, str] = {}
# Functions that NumPy writes in Python, with functions and operators that it does tell of: they work as they are.
TRANSPARENT: set[Callable] = set()
# Functions that add rules of libraries which a program uses; each says whether it added one for a given function.
PENDING: list[Callable[[Callable], bool]] = []


def learned(function: Any) -> bool:
    """Whether a library that the program uses has rules of ours for this function; then they are in the tables now."""
    return any(learn(function) for learn in PENDING)


class Rule:
    """The local Jacobians of a function: `jacobians(y, *args, **kwargs)` gives one operator per operand.

    `operands(args)` lists the operands among the positional arguments; an operand passed by keyword is
    moved to its position first (`names`).
    """

    __slots__ = ("jacobians", "names", "operands")

    def __init__(self, jacobians: Callable, operands: Callable[[tuple], Sequence], names: tuple[str, ...]):
        self.jacobians, self.operands, self.names = jacobians, operands, names

    def positional(self, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        """The same call with operands that were given by name moved to their positions."""
        for name in self.names[len(args) :]:
            if name not in kwargs:
                break
            args, kwargs = (*args, kwargs[name]), {k: v for k, v in kwargs.items() if k != name}
        return args, kwargs


def first(count: int) -> Callable[[tuple], Sequence]:
    """The first `count` positional arguments are the operands."""
    return lambda args: args[:count]


def sequence(args: tuple) -> Sequence:
    """The operands are the entries of the first argument, a list or tuple of arrays."""
    return args[0]


def positions(function: Callable) -> tuple[str, ...]:
    """The names of the arguments that may be given by position."""
    by_position = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = inspect.signature(function).parameters
    return tuple(name for name, parameter in parameters.items() if parameter.kind in by_position)


def rule(*functions: Callable, operands: Callable[[tuple], Sequence] | int = 1) -> Callable:
    """Declare the local Jacobians of functions that share them: a decorator.

    The decorated function takes the result and then what the functions themselves take, and returns a list with an
    operator (or None, for zero) for each operand: the first `operands` arguments, or what `operands(args)` selects.
    """
    select = first(operands) if isinstance(operands, int) else operands

    def declare(jacobians: Callable) -> Callable:
        names = positions(jacobians)[1:]
        for function in functions:
            RULES[function] = Rule(jacobians, select, names)
            _note_out(function, names)
        return jacobians

    return declare


def composed(*functions: Hashable) -> Callable:
    """Declare how functions are written in terms of others that have rules: a decorator."""

    def declare(definition: Callable) -> Callable:
        for function in functions:
            COMPOSED[function] = definition
            _note_out(function, positions(definition))
        return definition

    return declare


def _note_out(function: Hashable, names: tuple[str, ...]) -> None:
    if "out" in names:
        OUT[function] = names.index("out")


def unknown_argument(name: str, declared: Callable, args: tuple, kwargs: dict, error: TypeError) -> None:
    """After a rule or definition has raised `error`: say so if an argument was one that it does not know."""
    try:
        inspect.signature(declared).bind(*args, **kwargs)
    except TypeError as mismatch:
        raise AutodiffTypeError(f"{name} of traced arrays: {mismatch}. Leave this argument out.") from error
