"""Writing: a graph as the source of one Python function.

Every operation becomes a statement, under a comment with the user's line. Three things are decided here:

    Numbers    arithmetic on single numbers is Python's, with the functions of `math`.
    Buffers    an array is computed into memory that nothing needs any more, as `buffers` plans it; memory that is
               not needed again is let go.
    Places     an array that is embedded in zeros is written, or added, into its place in one buffer.
"""

import itertools
import keyword
import linecache
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .arrays import Traced, getitem, name_of
from .buffers import Plan, size_of
from .graph import Graph
from .recording import Node, guard, nodes_in, shown
from .rewrites import add_embedded
from .rows import from_rows
from .rules.indexing import embed
from .simplify import COMMUTATIVE
from .source import argument_text, index_text, written
from .tables import CONSTANT

# --- Numbers ------------------------------------------------------------------------------------------------

# How an operation on single numbers is written. Functions are of `math`, by NumPy's name.
NUMBERS = {
    np.add: "{0} + {1}", np.subtract: "{0} - {1}", np.multiply: "{0} * {1}", np.divide: "{0} / {1}",
    np.remainder: "{0} % {1}", np.negative: "-{0}", np.absolute: "abs({0})", np.fabs: "abs({0})",
    np.square: "{0} * {0}", np.reciprocal: "1.0 / {0}", np.power: "power({0}, {1})",
    np.less: "{0} < {1}", np.less_equal: "{0} <= {1}", np.greater: "{0} > {1}", np.greater_equal: "{0} >= {1}",
    np.equal: "{0} == {1}", np.not_equal: "{0} != {1}", np.logical_not: "not {0}", np.invert: "not {0}",
    np.where: "{1} if {0} else {2}",
    np.maximum: "{0} if {0} >= {1} or {0} != {0} else {1}", np.minimum: "{0} if {0} <= {1} or {0} != {0} else {1}",
}  # fmt: skip
MATH = {
    "sqrt": "sqrt", "cbrt": "cbrt", "exp": "exp", "exp2": "exp2", "expm1": "expm1", "log": "log", "log2": "log2",
    "log10": "log10", "log1p": "log1p", "sin": "sin", "cos": "cos", "tan": "tan", "arcsin": "asin", "arccos": "acos",
    "arctan": "atan", "arctan2": "atan2", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "arcsinh": "asinh",
    "arccosh": "acosh", "arctanh": "atanh", "hypot": "hypot", "copysign": "copysign", "degrees": "degrees",
    "radians": "radians", "power": "pow",
}  # fmt: skip
"""NumPy's name of a function of numbers, and Python's."""
for _name in MATH:
    _ufunc = getattr(np, _name)
    NUMBERS.setdefault(_ufunc, f"{_name}({', '.join(f'{{{i}}}' for i in range(_ufunc.nin))})")
PYTHONS = {np.dtype(float), np.dtype(bool)}  # what Python has numbers for
LOGICAL = {  # what gives or takes truth values in Python as in NumPy
    np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.logical_not, np.invert, np.where,
}  # fmt: skip


CHOICES = {np.where, np.maximum, np.minimum}  # what gives one of its operands as it is


def is_number(node: Node) -> bool:
    """Whether an operation is one of Python's on single numbers."""
    if node.function is None:
        return node.shape == () and node.dtype == float
    return (
        node.function in NUMBERS
        and node.shape == ()
        and (node.dtype == float or (node.dtype == bool and node.function in LOGICAL))
        and not node.kwargs
        and all(
            x.shape == () and x.dtype in PYTHONS if type(x) is Node else isinstance(x, bool | int | float)
            for x in node.args
        )
    )


def is_truth(x: Any) -> bool:
    """Whether an operand is true or false; among numbers it is to be 1 or 0."""
    return x.dtype == bool if type(x) is Node else isinstance(x, bool)


# --- Statements ---------------------------------------------------------------------------------------------

METHODS = {np.sum: "sum", np.max: "max", np.min: "min"}  # quicker than the functions
RESERVED = {"np", "number", "guard", "abs", *MATH}


class Shelf:
    """What a source refers to by name: constant arrays, functions that are not NumPy's. Variables have other names."""

    def __init__(self, variables: set[str]):
        self.variables = variables
        self.things: dict[str, Any] = {"np": np, "guard": guard}

    def name(self, stem: str, thing: Any) -> str:
        """The name of a thing: its own or, where that is taken, a numbered one."""
        names = (name for name in numbered(stem) if name not in self.variables)
        return next(name for name in names if self.things.setdefault(name, thing) is thing)


def numbered(stem: str) -> Iterator[str]:
    """A name, and others like it."""
    return itertools.chain([stem], (f"{stem}_{i}" for i in itertools.count(2)))


def identifier(name: str) -> str:
    """A name that Python accepts: `params['w']` becomes `params_w`."""
    name = re.sub(r"\W+", "_", name).strip("_") or "x"
    return f"x_{name}" if keyword.iskeyword(name) or name in RESERVED or name[0].isdigit() else name


class Writer:
    """The source of one function, `def title(inputs): … return outputs`, and the `shelf` of what it refers to.

    `instead` says what is called in place of some functions.
    """

    def __init__(self, graph: Graph, title: str, instead: dict[Any, Callable]):
        self.plan, self.instead = Plan(graph), instead
        self.users: dict[Node, list[Node]] = defaultdict(list)
        for user in graph.operations:
            for x in user.operands:
                self.users[x].append(user)
        for x in nodes_in(graph.outputs):
            self.users[x].append(x)
        self.names: dict[Node, str] = {}
        taken = {title}
        for node in graph.nodes:
            self.names[node] = next(name for name in numbered(identifier(node.name)) if name not in taken)
            taken.add(self.names[node])
        self.shelf = Shelf(taken)
        self.numbers = {node for node in graph.operations if is_number(node)}
        self.numbers |= {x for x in graph.inputs if is_number(x) and self.numbers.intersection(self.users[x])}
        self.inlined: dict[Node, str] = {}  # numbers that are written where they are used
        self.called: set[Node] = set()  # those of them that are calls
        self.source = "\n    ".join(self._lines(graph, title)) + "\n"

    def _lines(self, graph: Graph, title: str) -> list[str]:
        lines = [f"def {title}({', '.join(self.names[x] for x in graph.inputs)}):"]
        lines += [f"{self.names[x]} = number({self.names[x]})" for x in graph.inputs if x in self.numbers]
        line = ""
        for i, node in enumerate(graph.operations):
            statements = self._statements(node)
            if statements and node.line not in ("", line):
                line = node.line
                lines.append(comment(line))
            lines += statements
            if self.plan.dropped[i] and i + 1 < len(graph.operations):
                lines.append(f"del {', '.join(self.names[x] for x in self.plan.dropped[i])}")
        given: set[Node] = set()
        results = []
        for x in graph.outputs:
            copied = self.plan.must_copy(x, given) if type(x) is Node else isinstance(x, np.ndarray)
            results.append(self.text(x, strict=True) + (".copy()" if copied else ""))
            given |= self.plan.owners[x] if type(x) is Node else set()
        return [*lines, f"return {', '.join(results) or '()'}"]

    # --- operands

    def text(self, x: Any, strict: bool) -> str:
        """An operand; a `strict` one must be NumPy's number where it is a number, for its dtype or methods matter."""
        if type(x) is Node:
            text = self.inlined.get(x) or self.names[self.plan.home[x]]
            return f"np.{x.dtype.type.__name__}({text})" if strict and x in self.numbers else text
        if isinstance(x, np.ndarray | Traced) or (isinstance(x, np.generic) and x.dtype.kind not in "fiub"):
            return self.shelf.name("constant", x)
        if isinstance(x, np.generic):
            plain = float_text(float(x)) if x.dtype.kind == "f" else repr(x.item())
            return plain if type(x) is np.float64 and not strict else f"np.{type(x).__name__}({plain})"
        if isinstance(x, float):
            return f"({float_text(x)})" if x < 0 else float_text(x)
        if x is None or isinstance(x, int | str):
            return f"({x!r})" if isinstance(x, int) and x < 0 else repr(x)
        return self.shelf.name(getattr(x, "__name__", "constant"), x)

    def function_name(self, function: Any) -> str:
        name = name_of(function)
        if name.startswith("np."):
            return name
        ours = (getattr(function, "__module__", None) or "").startswith("autodiff")
        plain = getattr(function, "__wrapped__", function) if ours else function
        return self.shelf.name(identifier(name.rpartition(".")[2]), self.instead.get(function, plain))

    # --- statements

    def _statements(self, node: Node) -> list[str]:
        if node in self.numbers:
            return self._number(node)
        name = self.names[self.plan.home[node]]
        narrow = any(x.dtype is not None and x.dtype.kind in "fc" and x.dtype not in WIDE for x in node.operands)
        strict = narrow or not (isinstance(node.function, np.ufunc) or node.function is np.where)
        text = lambda x: self.text(x, strict)
        if node.function in STATEMENTS:
            return STATEMENTS[node.function](self, node, name, text)
        if node not in self.plan.reuses:
            return [f"{name} = {self._expression(node, text)}"]
        first, *others = (bare(text(x)) for x in node.args)
        if node.function in COMMUTATIVE and others[0] == name:
            first, others = name, [first]
        if first == name and node.function in AUGMENTED:
            return [f"{name} {AUGMENTED[node.function]}= {others[0]}"]
        return [f"{self.function_name(node.function)}({', '.join([first, *others])}, out={name})"]

    def _expression(self, node: Node, text: Callable[[Any], str]) -> str:
        if node.function is np.matmul and size_of(node) < SMALL and is_matrix_product(node):
            return f"{text(node.args[0])}.dot({text(node.args[1])})"  # in half the time
        if node.function in METHODS and not {"out", "initial", "where"} & node.kwargs.keys():
            rest = written(METHODS[node.function], node.args[1:], node.kwargs, text, str)
            return f"{text(node.args[0])}.{rest}"
        plain = written(node.function, node.args, node.kwargs, text, self.function_name)
        may_be_array = node.function is np.where or (node in self.plan.foreign and node.function not in CONSTANT)
        return f"{plain}[()]" if node.shape == () and may_be_array and not takes_number(node) else plain

    def _number(self, node: Node) -> list[str]:
        template = NUMBERS[node.function]
        called = "({0}" in template

        def operand(i: int, x: Any) -> str:
            given = type(x) is int and node.function in CHOICES
            text = self.text(float(x) if given or type(x) is np.float64 else x, strict=False)
            if is_truth(x) and node.dtype == float and not (node.function is np.where and i == 0):
                return f"number({text})"
            return f"({text})" if x in self.inlined and x not in self.called and not called else text

        expression = template.format(*itertools.starmap(operand, enumerate(node.args)))
        users = self.users[node]
        if len(users) == 1 and users[0] in self.numbers and users[0] is not node and users[0].line == node.line:
            places = [i for i, x in enumerate(users[0].args) if x is node]
            once = NUMBERS[users[0].function].count(f"{{{places[0]}}}") == 1
            if once and len(expression) < 60:
                self.inlined[node] = expression
                self.called |= {node} if called else set()
                return []
        return [f"{self.names[node]} = {expression}"]


def takes_number(node: Node) -> bool:
    """Whether an operation takes one number out of an array; `x[..., 0]` would be an array without axes, and a view."""
    index = node.args[1] if node.function is getitem else Ellipsis
    return all(i is not Ellipsis for i in (index if type(index) is tuple else (index,)))


SMALL = 1 << 16  # bytes up to which the way a function is called counts


def is_matrix_product(node: Node) -> bool:
    """Whether a product is one of two vectors or matrices, not of stacks."""
    factors = [x for x in node.args if type(x) is Node]
    return node.dtype.kind in "fc" and all(len(x.shape) in (1, 2) for x in factors) and len(factors) == 2


WIDE = (np.dtype(float), np.dtype(complex))  # dtypes for which Python's numbers are as good as NumPy's
AUGMENTED = {np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/"}


def bare(text: str) -> str:
    """A negative number without the brackets that it needs among operators."""
    return text[1:-1] if re.fullmatch(r"\(-[\w.+-]+\)", text) else text


def float_text(x: float) -> str:
    """A number as Python reads it."""
    return repr(x) if math.isfinite(x) else f"float('{x}')"


def comment(line: str) -> str:
    """The user's line, with what stands there."""
    path, _, number = line.rpartition(":")
    text = linecache.getline(path, int(number)).strip()
    return f"# {shown(line)}  {text if len(text) <= 80 else text[:79] + '…'}".rstrip()


def _guard(writer: Writer, node: Node, name: str, text: Callable[[Any], str]) -> list[str]:
    condition, expected, line = node.args
    return [f"guard({text(condition)}, {expected}, {shown(line)!r})"]


def _embed(writer: Writer, node: Node, name: str, text: Callable[[Any], str]) -> list[str]:
    """Zeros, but for one place; where the rest is a few rows, only these are set to zero."""
    t, index, shape = node.args
    dtype = "" if node.dtype == float else f", np.{node.dtype.type.__name__}"
    size = argument_text(shape, repr)
    first = index[0] if type(index) is tuple and len(index) == 1 else index
    if isinstance(first, slice) and first.step in (None, 1):
        start, stop, _ = first.indices(shape[0])
        gaps = [cut for cut, width in ((f":{start}", start), (f"{stop}:", shape[0] - stop)) if width > 0]
        rows = [f"{name}[{gap}] = 0" for gap in gaps]
        return [f"{name} = np.empty({size}{dtype})", *rows, f"{name}[{index_text(first, text)}] = {text(t)}"]
    return [f"{name} = np.zeros({size}{dtype})", *_added(name, t, index, "=", text)]


def _add_embedded(writer: Writer, node: Node, name: str, text: Callable[[Any], str]) -> list[str]:
    total, t, index, sign = node.args
    begin = [] if node in writer.plan.reuses else [f"{name} = {text(total)}.copy()"]
    return begin + _added(name, t, index, "+=" if sign > 0 else "-=", text)


def _added(name: str, t: Any, index: Any, how: str, text: Callable[[Any], str]) -> list[str]:
    arrays = [i for i in (index if type(index) is tuple else (index,)) if isinstance(i, np.ndarray | Node)]
    if not arrays or (len(arrays) == 1 and arrays[0].dtype == bool):  # no entry twice
        return [f"{name}[{index_text(index, text)}] {how} {text(t)}"]
    at = "np.subtract.at" if how == "-=" else "np.add.at"
    return [f"{at}({name}, {argument_text(index, text)}, {text(t)})"]


def _from_rows(writer: Writer, node: Node, name: str, text: Callable[[Any], str]) -> list[str]:
    """Each row into its place, zeros into the others."""
    rows, places, shape, _ = node.args
    dtype = "" if node.dtype == float else f", np.{node.dtype.type.__name__}"
    ends = itertools.pairwise((-1, *places, shape[0]))
    gaps = [str(a + 1) if a + 2 == b else f"{a + 1}:{b}" for a, b in ends if a + 1 < b]
    zeros = [f"{name}[{gap}] = 0" for gap in gaps]
    values = [f"{name}[{i}] = {writer.text(t, strict=False)}" for i, t in zip(places, rows, strict=True)]
    return [f"{name} = np.empty({argument_text(shape, repr)}{dtype})", *zeros, *values]


STATEMENTS = {guard: _guard, embed: _embed, add_embedded: _add_embedded, from_rows: _from_rows}
