"""To SymPy and back: graphs as SymPy's expressions, SymPy's expressions as graphs."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .algebra import Expression
from .arrays import name_of
from .errors import AutodiffError, AutodiffTypeError
from .graph import Graph
from .recording import placeholder
from .symbolic import expressions, rewritten
from .trees import map_leaves


def to_sympy(graph: Graph) -> Any:
    """A graph's results as SymPy expressions; see `Graph.to_sympy`."""
    sympy = _sympy("Graph.to_sympy")

    def translated(x: Any) -> Any:
        if isinstance(x, np.ndarray):
            return sympy.Array([translated(entry) for entry in x.flat], x.shape)
        return rewritten(x, lambda part, operands: _in_sympy(sympy, part, operands)) if type(x) is Expression else x

    return map_leaves(translated, expressions(graph))


def from_sympy(expr: Any, symbols: Sequence) -> Graph:
    """A SymPy expression as a graph of its symbols, each a number of dtype float64.

    expr : an expression, a matrix, or a list of expressions. symbols : in the order of the graph's arguments.
    Common subexpressions become one node. Source: `sympy.lambdify`.

    Raises `AutodiffError` where SymPy is missing, `AutodiffTypeError` where NumPy lacks a function of the expression or
    where it has a symbol that is not listed.

    >>> import sympy, autodiff as ad
    >>> x, y = sympy.symbols("x y")
    >>> graph = ad.from_sympy(x * sympy.exp(y), [x, y])
    >>> graph(2.0, 0.0), graph.grad()(2.0, 0.0)
    (np.float64(2.0), np.float64(1.0))
    """
    sympy = _sympy("ad.from_sympy")
    words = {"array": lambda rows: np.stack([np.stack(np.broadcast_arrays(*row)) for row in rows]), "select": _select}
    function = sympy.lambdify(symbols, expr, [words, "numpy"], cse=True)
    inputs = [placeholder(name=str(x)) for x in symbols]
    try:
        return Graph(inputs, function(*inputs))
    except (NameError, TypeError) as error:
        raise AutodiffTypeError(
            f"{expr} needs more than the symbols {list(symbols)} and NumPy's functions. List all of its symbols, and "
            "write other functions in terms of NumPy's (`expr.rewrite(sympy.exp)`)."
        ) from error


def _select(conditions: Sequence, choices: Sequence, default: Any) -> Any:
    """`np.select`, which SymPy writes for Piecewise, by np.where."""
    for condition, choice in zip(reversed(conditions), reversed(choices), strict=True):
        default = choice if condition is True else np.where(condition, choice, default)
    return default


def _sympy(what: str) -> Any:
    try:
        import sympy
    except ImportError as error:
        raise AutodiffError(f"{what} needs SymPy, which is not installed: pip install sympy") from error
    return sympy


# --- NumPy's functions in SymPy's words ---------------------------------------------------------------------

NAMES = {
    "absolute": "Abs", "fabs": "Abs", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "ceil": "ceiling", "maximum": "Max", "minimum": "Min",
    "fmax": "Max", "fmin": "Min", "remainder": "Mod", "less": "Lt", "less_equal": "Le", "greater": "Gt",
    "greater_equal": "Ge", "equal": "Eq", "not_equal": "Ne", "logical_and": "And", "logical_or": "Or",
    "logical_not": "Not", "heaviside": "Heaviside",
}  # fmt: skip
"""NumPy's name of a function and SymPy's, where they differ."""

WORDS: dict[Any, Callable] = {
    np.add: lambda _, x, y: x + y,
    np.subtract: lambda _, x, y: x - y,
    np.multiply: lambda _, x, y: x * y,
    np.divide: lambda _, x, y: x / y,
    np.power: lambda _, x, y: x**y,
    np.negative: lambda _, x: -x,
    np.cbrt: lambda sympy, x: sympy.sign(x) * sympy.cbrt(sympy.Abs(x)),
    np.exp2: lambda _, x: 2**x,
    np.expm1: lambda sympy, x: sympy.exp(x) - 1,
    np.log2: lambda sympy, x: sympy.log(x) / sympy.log(2),
    np.log10: lambda sympy, x: sympy.log(x) / sympy.log(10),
    np.log1p: lambda sympy, x: sympy.log(1 + x),
    np.deg2rad: lambda sympy, x: x * sympy.pi / 180,
    np.radians: lambda sympy, x: x * sympy.pi / 180,
    np.rad2deg: lambda sympy, x: x * 180 / sympy.pi,
    np.degrees: lambda sympy, x: x * 180 / sympy.pi,
    np.hypot: lambda sympy, x, y: sympy.sqrt(x**2 + y**2),
    np.logaddexp: lambda sympy, x, y: sympy.log(sympy.exp(x) + sympy.exp(y)),
    np.logaddexp2: lambda sympy, x, y: sympy.log(2**x + 2**y) / sympy.log(2),
    np.floor_divide: lambda sympy, x, y: sympy.floor(x / y),
    np.trunc: lambda sympy, x: sympy.sign(x) * sympy.floor(sympy.Abs(x)),
    np.fmod: lambda sympy, x, y: x - y * sympy.sign(x / y) * sympy.floor(sympy.Abs(x / y)),
    np.copysign: lambda sympy, x, y: sympy.Abs(x) * sympy.sign(y),
    np.where: lambda sympy, condition, x, y: sympy.Piecewise((x, condition), (y, True)),
}
"""Functions that SymPy writes by others."""
LOGICAL = {np.where, np.logical_and, np.logical_or, np.logical_not}


def _in_sympy(sympy: Any, x: Expression, operands: tuple) -> Any:
    if x.name:
        return sympy.Symbol(x.name)
    if not operands:
        return sympy.sympify(x.value)
    if x.function not in LOGICAL:  # true is 1 in arithmetic
        logic = sympy.logic.boolalg
        kinds = sympy.core.relational.Relational, logic.BooleanFunction, logic.BooleanAtom
        operands = tuple(sympy.Piecewise((1, y), (0, True)) if isinstance(y, kinds) else y for y in operands)
    if x.function in WORDS:
        return WORDS[x.function](sympy, *operands)
    name = x.function.__name__
    found = getattr(sympy, NAMES.get(name, name), None)
    if found is None:
        raise AutodiffTypeError(f"{name_of(x.function)} has no counterpart in SymPy")
    return found(*operands)
