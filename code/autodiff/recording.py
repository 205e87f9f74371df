"""Recording: operations written down as nodes, while a function runs or as placeholders are combined.

A `GraphTrace` runs NumPy's functions on values, like the other traces, and takes each down as a `Node` that
knows its operands, its shape, its dtype and the user's line. `Definition` is the one trace of all placeholders: it
runs them on stand-in values, which is how it knows shapes and dtypes. Functions that are written in terms of
others expand by themselves, so nodes hold primitives only. `autodiff.graph` makes graphs of nodes.
"""

import itertools
import operator
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .arrays import Traced, as_array, dispatched, getitem, name_of, untraced
from .debugging import replayed, user_line
from .errors import AutodiffTypeError, StaleGraphError
from .source import WRITTEN, written
from .tables import CONSTANT, RULES, STATIC
from .tracing import Trace, expansion, is_traced_by

_numbers = itertools.count()

# --- Nodes --------------------------------------------------------------------------------------------------


class Node:
    """One operation of a graph: `function(*args, **kwargs)`, where arguments may be other nodes.

    `shape` and `dtype` are those of its result; `line` is the user's line ("file:number") that asked for it. An
    input has no function and keeps an `example`. A function with several results is a node without shape; each
    result is a node of its own, by `part`.
    """

    __slots__ = ("args", "dtype", "example", "function", "kwargs", "line", "name", "number", "operands", "shape")

    def __init__(
        self,
        function: Any,  # None for an input
        args: tuple,
        kwargs: dict,
        shape: Any,  # a tuple, or None for several results at once
        dtype: Any,
        line: str = "",
        name: str = "",
        example: Any = None,
    ):
        self.function, self.args, self.kwargs = function, args, kwargs
        self.shape, self.dtype, self.line, self.name = shape, dtype, line, name
        self.example = example
        self.number = next(_numbers)
        self.operands = nodes_in((*args, *kwargs.values()))  # also inside lists and tuples, in order

    @property
    def space(self) -> str:
        """Dtype and shape, in words."""
        return "" if self.shape is None else f"{self.dtype} {self.shape}"

    def __repr__(self) -> str:
        return f"<{self.name or 'node'}: {self.expression(text_of)}>"

    def rewritten(self, substitute: Callable[[Any], Any], name: str) -> "Node":
        """The same operation on other operands, under a name; the same node, if nothing changes."""
        if name == self.name and all(map(operator.is_, map(substitute, self.operands), self.operands)):
            return self
        kwargs = {key: replaced(x, substitute) for key, x in self.kwargs.items()}
        args = replaced(self.args, substitute)
        return Node(self.function, args, kwargs, self.shape, self.dtype, self.line, name, self.example)

    def expression(self, text: Callable[[Any], str]) -> str:
        """The operation as NumPy would have it written; `text` says how operands and constants are called."""
        return self.name if self.function is None else written(self.function, self.args, self.kwargs, text)


def entries(args: Iterable) -> Iterable:
    """What stands in nested lists and tuples."""
    for x in args:
        if type(x) is tuple or type(x) is list:
            yield from entries(x)
        else:
            yield x


def nodes_in(args: Iterable) -> list[Node]:
    """The nodes in nested lists and tuples."""
    found: list[Node] = []
    for x in args:
        if type(x) is Node:
            found.append(x)
        elif type(x) is tuple or type(x) is list:
            found += nodes_in(x)
    return found


def replaced(x: Any, substitute: Callable[[Any], Any]) -> Any:
    """Arguments with every entry of nested lists and tuples substituted."""
    if type(x) is tuple:
        return tuple([replaced(part, substitute) for part in x])
    if type(x) is list:
        return [replaced(part, substitute) for part in x]
    return substitute(x)


def part(results: Sequence, i: int) -> Any:
    """The i-th of a function's results."""
    return results[i]


WRITTEN[part] = WRITTEN[getitem]


def guard(x: Any, expected: bool, line: str) -> None:
    """Refuse to go on where `x` does not branch as it did when the graph was recorded."""
    if bool(x) is not expected:
        raise StaleGraphError(
            f"the branch at {shown(line)} was taken on {expected} when the graph was traced; for these arguments it is "
            f"{not expected}, and that side was not recorded. Trace again with such arguments, keep both sides with "
            "ad.cond, ad.while_loop or np.where, or let ad.compile(f) trace anew by itself."
        )


@dispatched
def has_shape(x: Any, shape: tuple[int, ...]) -> bool:
    """Whether as many entries were chosen as when the graph was recorded. In a graph, what asks becomes a guard."""
    return np.shape(x) == shape


CONSTANT.add(has_shape)

# Functions that choose as many entries as the values tell them to.
SELECTIONS = {
    np.argwhere, np.flatnonzero, np.nonzero, np.intersect1d, np.setdiff1d, np.setxor1d, np.trim_zeros, np.union1d,
    np.unique, np.unique_all, np.unique_counts, np.unique_inverse, np.unique_values,
}  # fmt: skip


def selects(function: Any, args: tuple) -> bool:
    """Whether the size of a result hangs on values: of x[mask], np.where(mask), or a function of SELECTIONS."""
    if function is not getitem:
        return function in SELECTIONS or (function is np.where and len(args) == 1)
    index = args[1] if type(args[1]) is tuple else (args[1],)
    return any(type(i) is Traced and i.dtype == bool for i in index)


def shown(line: str) -> str:
    """A user's line for reading: the file without its folders; a notebook's cell, which has no file, as `cell`."""
    path, _, number = line.rpartition(":")
    return f"cell:{number}" if "ipykernel" in path else f"{os.path.basename(path)}:{number}"


def text_of(x: Any) -> str:
    """An operand or constant in a listing: its name, a number, or what kind of array it is."""
    if type(x) is Node:
        return x.name
    x = untraced(x)
    if isinstance(x, np.ndarray | np.generic) and x.ndim:
        return f"<{x.dtype} {x.shape}>"
    if isinstance(x, np.ndarray | np.generic):
        x = x.item()
    return f"({x!r})" if isinstance(x, int | float) and x < 0 else getattr(x, "__name__", repr(x))


def statement(node: Node) -> str:
    """A line of a listing."""
    if node.function is guard:
        condition, expected, _ = node.args
        return f"assert {text_of(condition)}" if expected else f"assert not {text_of(condition)}"
    return f"{node.name} = {node.expression(text_of)}"


def evaluated(node: Node, found: dict[Node, Any]) -> Any:
    """The result of a node, from the values of its operands."""
    value = lambda x: found[x] if type(x) is Node else x
    named = {key: replaced(x, value) for key, x in node.kwargs.items()}
    token = replayed.set(node.line)
    try:
        y = node.function(*replaced(node.args, value), **named)
    finally:
        replayed.reset(token)
    if node.shape is not None and np.shape(y) != node.shape:
        raise StaleGraphError(
            f"{statement(node)} ({shown(node.line)}) had shape {node.shape} when the graph was traced; now it has "
            f"{np.shape(y)}. A graph's shapes are fixed: trace again, or choose entries by np.where."
        )
    return y


# --- Recording ----------------------------------------------------------------------------------------------


class GraphTrace(Trace):
    """A trace that takes down every function as a node; the payload of a traced array is its node."""

    __slots__ = ("names", "nodes")
    NO_ARRAY = (
        "a value in a graph cannot become a plain array, and a plain array cannot be indexed by one. Make the plain "
        "array an argument as well; to build an array use np.stack([x, y]) or np.concatenate."
    )
    NO_NUMBER = (
        "a value in a graph cannot become a Python number: it is to hold for other values, too. Use the NumPy function "
        "(np.sin, not math.sin); what is to be a constant of the graph (a count, a tolerance) is no array: close over "
        "it, or pass an int."
    )

    def __init__(self, origin: str = ""):
        super().__init__(origin)
        self.nodes: list[Node] = []
        self.names = (f"v{i}" for i in itertools.count(1))

    def input(self, value: Any, name: str) -> Traced:
        value = as_array(value)
        value = value[()] if not value.ndim else value
        return self.record(Node(None, (), {}, value.shape, value.dtype, name=name, example=value), value)

    def record(self, node: Node, y: Any) -> Traced:
        node.name = node.name or next(self.names)
        self.nodes.append(node)
        return Traced(y, self, node)

    def link(self, args: Any) -> Any:
        """`args` with the traced arrays of this trace replaced by their nodes."""
        return replaced(args, lambda x: x.payload if type(x) is Traced and x.owner is self else x)

    def bind(self, function: Any, args: tuple, kwargs: dict) -> Any:
        self.check_open()
        definition = expansion(function)
        if definition is not None:
            return definition(*args, **kwargs)
        if function in RULES:
            args, kwargs = RULES[function].positional(args, kwargs)
        if type(function) is tuple:  # a ufunc and the name of its method
            function = getattr(*function)
        named = dict(zip(kwargs, self.strip(tuple(kwargs.values())), strict=True))
        y = self.evaluate(function, self.strip(args), named)
        if function in STATIC:
            return y
        if y is None:
            raise AutodiffTypeError(f"{name_of(function)} changes an array in place: a graph cannot hold that")
        linked = dict(zip(kwargs, self.link(tuple(kwargs.values())), strict=True))
        result = self.take_down(function, self.link(args), linked, y)
        if selects(function, args):
            self.pin(result)
        return result

    def pin(self, result: Any) -> None:
        """Take down that the shape of what values have chosen is as it is now: later operations count on it."""
        for x in result if isinstance(result, tuple) else [result]:
            bool(has_shape(x, x.shape))

    def evaluate(self, function: Callable, args: tuple, kwargs: dict) -> Any:
        """The value by which the recording goes on."""
        return function(*args, **kwargs)

    def take_down(self, function: Callable, args: tuple, kwargs: dict, y: Any) -> Any:
        """The node of a call with result `y`, as a traced array; of several results, as they were packed."""
        line = user_line()
        if isinstance(y, tuple | list):
            bundle = Node(function, args, kwargs, None, None, line)
            self.record(bundle, y)
            parts = [self.take_down(part, (bundle, i), {}, x) for i, x in enumerate(y)]
            return type(y)(*parts) if hasattr(y, "_fields") else type(y)(parts)
        if not isinstance(y, Traced | np.ndarray | np.generic | bool | int | float | complex):
            return y
        y = as_array(y)
        return self.record(Node(function, args, kwargs, y.shape, y.dtype, line), y)

    def truth(self, x: Traced) -> bool:
        expected, line = bool(x.value), user_line()
        self.record(Node(guard, (x.payload, expected, line), {}, None, None, line), None)
        return expected


def is_recorded(x: Any) -> bool:
    """Whether a graph is being recorded of `x`, perhaps beneath other traces."""
    return is_traced_by(x, GraphTrace)


class StandIns(GraphTrace):
    """A trace on values that only stand in for those to come: they may overflow, be singular where those will not, and
    no loop runs on them.
    """

    __slots__ = ()

    def evaluate(self, function: Callable, args: tuple, kwargs: dict) -> Any:
        function = getattr(function, "stand_in", function)
        with np.errstate(all="ignore"):
            try:
                return function(*args, **kwargs)
            except np.linalg.LinAlgError:  # of these values; those to come may be regular
                return function(*replaced(args, regular), **kwargs)

    def pin(self, result: Any) -> None:
        raise AutodiffTypeError(
            "how many entries are chosen hangs on values that are still to come, and the shapes of a graph are fixed. "
            "Keep all entries: np.where(mask, x, 0)."
        )


class Definition(StandIns):
    """The trace of all placeholders. Its nodes are held by what was made of them, not by a list; it never ends."""

    __slots__ = ()

    def record(self, node: Node, y: Any) -> Traced:
        return Traced(y, self, node)

    def truth(self, x: Traced) -> bool:
        raise AutodiffTypeError(
            "a placeholder has no value yet, so `if`, `while` and `and` cannot branch on it. Keep both sides in the "
            "graph with ad.cond(condition, then, otherwise, x), loops with ad.while_loop, or use np.where."
        )

    def text(self, x: Traced, how: Callable[[Any], str]) -> str:
        return f"{x.payload.expression(text_of)}: {x.payload.space}"


definition = Definition("for placeholders")


def placeholder(shape: Any = (), dtype: Any = float, name: str = "") -> Any:
    """An input of a graph to be defined: an array without a value, for NumPy's functions to build on.

    shape : an integer or a tuple. dtype : of the values to come. name : what the graph calls it.

    Raises `AutodiffTypeError` where Python asks for its value (`if`, `float`).

    >>> import autodiff as ad
    >>> x = ad.placeholder(2, name="x")
    >>> square = ad.Graph([x], x * x)
    >>> square(np.array([1.0, 3.0]))
    array([1., 9.])
    """
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    return definition.input(stand_in(shape, np.dtype(dtype)), name)


def regular(x: Any) -> Any:
    """Another array like `x`, with generic values; anything else as it is."""
    return stand_in(x.shape, x.dtype) if isinstance(x, np.ndarray) else x


def stand_in(shape: tuple[int, ...], dtype: np.dtype) -> Any:
    """Generic values of a shape: between ½ and 1; stacks of square matrices symmetric and positive definite."""
    x = np.random.default_rng(0).uniform(0.5, 1.0, shape)
    if len(shape) > 1 and shape[-1] == shape[-2]:
        x = x + np.swapaxes(x, -1, -2) + 2 * shape[-1] * np.eye(shape[-1])
    return np.asarray(x).astype(dtype)[()]
