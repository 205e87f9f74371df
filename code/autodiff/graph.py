"""Graphs: a program as data, to be printed, run, differentiated, simplified, compiled.

Two ways lead to a graph. *Define-by-run*: `trace(f, *examples)` runs an ordinary NumPy function and takes down
each operation. *Define-and-run*: NumPy's functions of `placeholder`s build operations, and `Graph(inputs, outputs)`
collects them. Either way a graph holds primitives only; functions that are written in terms of others expand by
themselves. It runs its operations on whatever it is given, also on traced arrays: that is all its derivatives
need. `graph.grad()` is the trace of the gradient of the graph, and so a graph again.

A graph is the record of one run: shapes and dtypes are fixed, loops are unrolled, and of a branch on values only
the side that was taken is there. A recorded branch stays as a guard; on its other side the graph is an error, not
a wrong number. Control flow that is to stay in the graph is written with `cond` and `while_loop`.
"""

import inspect
import itertools
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from . import derivatives, modes
from .arrays import Traced, as_array, name_of, untraced
from .debugging import locating, replayed, user_line
from .errors import AutodiffTypeError, AutodiffValueError, StaleGraphError
from .source import argument_text, written
from .tables import STATIC
from .tracing import Trace, expansion
from .trees import flatten, map_leaves, paths, unflatten

_numbers = itertools.count()


class Node:
    """One operation of a graph: `function(*args, **kwargs)`, where arguments may be other nodes.

    `shape` and `dtype` are those of its result; `line` is the user's line ("file:number") that asked for it. An
    input has no function and keeps an `example`. A function with several results is a node without shape; each
    result is a node of its own, by `part`.
    """

    __slots__ = ("args", "dtype", "example", "function", "kwargs", "line", "name", "number", "shape")

    def __init__(
        self,
        function: Callable | None,
        args: tuple,
        kwargs: dict,
        shape: tuple[int, ...] | None,
        dtype: Any,
        line: str = "",
        name: str = "",
        example: Any = None,
    ):
        self.function, self.args, self.kwargs = function, args, kwargs
        self.shape, self.dtype, self.line, self.name = shape, dtype, line, name
        self.example = example
        self.number = next(_numbers)

    @property
    def operands(self) -> list["Node"]:
        """The nodes among the arguments, also inside lists and tuples, in order."""
        return [*nodes_in(self.args), *nodes_in(tuple(self.kwargs.values()))]

    @property
    def space(self) -> str:
        """Dtype and shape, in words."""
        return "" if self.shape is None else f"{self.dtype} {self.shape}"

    def __repr__(self) -> str:
        return f"<{self.name or 'node'}: {self.expression(lambda x: str(x.name if type(x) is Node else x))}>"

    def expression(self, text: Callable[[Any], str]) -> str:
        """The operation as NumPy would have it written; `text` says how operands and constants are called."""
        return self.name if self.function is None else written(self.function, self.args, self.kwargs, text)


def nodes_in(args: Iterable) -> Iterable[Node]:
    """The nodes in nested lists and tuples."""
    for x in args:
        if type(x) is Node:
            yield x
        elif type(x) is tuple or type(x) is list:
            yield from nodes_in(x)


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


def guard(x: Any, expected: bool, line: str) -> None:
    """Refuse to go on where `x` does not branch as it did when the graph was recorded."""
    if bool(x) is not expected:
        raise StaleGraphError(
            f"the branch at {shown(line)} was taken on {expected} when the graph was traced; for these arguments it is "
            f"{not expected}, and that side was not recorded. Trace again with such arguments, keep both sides with "
            "ad.cond, ad.while_loop or np.where, or let ad.compile(f) trace anew by itself."
        )


def shown(line: str) -> str:
    """A user's line for reading: the file without its folders; a notebook's cell, which has no file, as `cell`."""
    path, _, number = line.rpartition(":")
    return f"cell:{number}" if "ipykernel" in path else f"{os.path.basename(path)}:{number}"


# --- Recording ----------------------------------------------------------------------------------------------


class GraphTrace(Trace):
    """A trace that takes down every function as a node; the payload of a traced array is its node."""

    __slots__ = ("nodes",)

    def __init__(self, origin: str = ""):
        super().__init__(origin)
        self.nodes: list[Node] = []

    def input(self, value: Any, name: str) -> Traced:
        value = as_array(value)
        value = value[()] if not value.ndim else value
        return self.record(Node(None, (), {}, value.shape, value.dtype, name=name, example=value), value)

    def record(self, node: Node, y: Any) -> Traced:
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
        if type(function) is tuple:  # a ufunc and the name of its method
            function = getattr(*function)
        named = dict(zip(kwargs, self.strip(tuple(kwargs.values())), strict=True))
        y = self.evaluate(function, self.strip(args), named)
        if function in STATIC:
            return y
        if y is None:
            raise AutodiffTypeError(f"{name_of(function)} changes an array in place: a graph cannot hold that")
        linked = dict(zip(kwargs, self.link(tuple(kwargs.values())), strict=True))
        return self.take_down(function, self.link(args), linked, y)

    def evaluate(self, function: Callable, args: tuple, kwargs: dict) -> Any:
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


def symbolic(x: Any) -> bool:
    """Whether a graph is being recorded of `x`, perhaps beneath other traces."""
    while type(x) is Traced:
        if isinstance(x.owner, GraphTrace):
            return True
        x = x.value
    return False


class Definition(GraphTrace):
    """The trace of all placeholders. Its nodes are held by what was made of them, not by a list; it never ends."""

    __slots__ = ()

    def record(self, node: Node, y: Any) -> Traced:
        return Traced(y, self, node)

    def evaluate(self, function: Callable, args: tuple, kwargs: dict) -> Any:
        with np.errstate(all="ignore"):  # the numbers are stand-ins
            return function(*args, **kwargs)

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
    return definition.input(_stand_in(shape, np.dtype(dtype)), name)


def _stand_in(shape: tuple[int, ...], dtype: np.dtype) -> Any:
    """Generic values of a shape: between ½ and 1; stacks of square matrices symmetric and positive definite."""
    x = np.random.default_rng(0).uniform(0.5, 1.0, shape)
    if len(shape) > 1 and shape[-1] == shape[-2]:
        x = x + np.swapaxes(x, -1, -2) + 2 * shape[-1] * np.eye(shape[-1])
    return np.asarray(x).astype(dtype)


def trace(f: Callable, *examples: Any) -> "Graph":
    """The graph of one run of `f`, on `examples`: define-by-run.

    f : function in ordinary NumPy. examples : its arguments, arrays or nested containers of them; the graph
    accepts arguments of the same structure, shapes and dtypes. What is no array and no float in them (an `int`, a
    `str`) is a constant of the graph.

    >>> import autodiff as ad
    >>> def f(x, w):
    ...     return np.sum(np.sin(x) * w)
    >>> graph = ad.trace(f, np.zeros(3), 2.0)
    >>> graph(np.ones(3), 2.0) == f(np.ones(3), 2.0)
    np.True_
    """
    names = parameter_names(f, len(examples))
    leaves = [path for name, x in zip(names, examples, strict=True) for path in paths(flatten(x)[1], name)]
    return traced(f, examples, leaves, getattr(f, "__name__", "graph"))


def traced(f: Callable, examples: tuple, names: Sequence[str], title: str) -> "Graph":
    """`trace`, with names for the leaves of the examples."""
    recorder = GraphTrace(modes.origin("trace", f))
    leaves, structure = flatten(examples)
    entries = [recorder.input(x, name) if is_variable(x) else x for x, name in zip(leaves, names, strict=True)]
    token = locating.set(True)
    try:
        result = modes.run(recorder, f, unflatten(structure, entries), {})
    finally:
        locating.reset(token)
    inputs, outputs = map_leaves(recorder.link, (unflatten(structure, entries), result))
    return Graph(inputs, outputs, title, recorder.nodes)


def is_variable(x: Any) -> bool:
    """Whether a leaf among a graph's arguments is an input; anything else is a constant of the graph."""
    return isinstance(x, Traced | np.ndarray | np.generic | float | complex)


def parameter_names(f: Callable, count: int) -> list[str]:
    """What `f` calls its first arguments; x0, x1, … where it does not say."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # a function written in C
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][:count]
    return names + [f"x{i}" for i in range(len(names), count)]


# --- Graphs -------------------------------------------------------------------------------------------------


class Graph:
    """A program as data: its inputs, its operations in order, its outputs.

    inputs : placeholders, one entry per argument of the graph; nested containers of them where an argument is one.
    outputs : what was built of them; an array or a nested container.

    `graph(*args)` runs it; `graph.nodes` lists inputs and operations in topological order (see `Node`), `print(graph)`
    writes them down.

    Raises `AutodiffValueError` where outputs need a placeholder that is not among the inputs; on a call,
    `StaleGraphError` where an argument has another shape, dtype or structure than when the graph was made, or where
    a recorded branch would go the other way.

    >>> import autodiff as ad
    >>> x, w = ad.placeholder(3, name="x"), ad.placeholder(name="w")
    >>> graph = ad.Graph([x, w], np.sum(np.sin(x) * w))
    >>> print(ad.Graph([x, w], np.sum(x * w)))  # doctest: +ELLIPSIS
    graph(x: float64 (3,), w: float64 ())
        v1 = x * w       # float64 (3,)  ...
        v2 = np.sum(v1)  # float64 ()    ...
        return v2
    """

    def __init__(self, inputs: Any, outputs: Any, name: str = "graph", nodes: Sequence[Node] | None = None):
        inputs = (inputs,) if type(inputs) is Traced else tuple(inputs)
        inputs, outputs = map_leaves(definition.link, (inputs, outputs))
        self.__name__ = name
        self.arguments, self.structure = flatten(inputs)  # nodes, and constants that the arguments must equal
        self.outputs, self.result = flatten(outputs)  # nodes and constants, and how they are packed
        self.inputs = [x for x in self.arguments if type(x) is Node]
        self.removed: list[str] = []  # what `simplify` took away
        for x in self.outputs:
            if not isinstance(x, Node | Traced | np.ndarray | np.generic | bool | int | float | complex):
                raise AutodiffTypeError(f"{name} returned {type(x).__name__}: a graph's results are arrays of numbers")
        found = reachable(self.outputs) if nodes is None else nodes
        operations = [node for node in found if node.function is not None]
        for missing in {*found} - {*operations} - {*self.inputs}:
            raise AutodiffValueError(f"{missing.name or 'a placeholder'} ({missing.space}) is not among the inputs")
        self.nodes = self.inputs + operations
        taken = {node.name for node in self.nodes}
        free = (name for i in itertools.count(1) if (name := f"v{i}") not in taken)
        for node in self.nodes:
            node.name = node.name or next(free)
        self.names = [x.name if type(x) is Node else "" for x in self.arguments]
        self._dying = last_uses(operations, self.outputs)

    @property
    def operations(self) -> list[Node]:
        """The nodes that are no inputs."""
        return self.nodes[len(self.inputs) :]

    @property
    def examples(self) -> tuple:
        """Arguments for which the graph was made."""
        return unflatten(self.structure, [x.example if type(x) is Node else x for x in self.arguments])

    # --- running

    def __call__(self, *args: Any) -> Any:
        return unflatten(self.result, self.run(self.values_of(args)))

    def values_of(self, args: tuple) -> list:
        """The values of the inputs, out of arguments that fit the graph."""
        leaves, structure = flatten(args)
        if structure != self.structure:
            raise StaleGraphError(f"{self.__name__} takes {self.structure}, got {structure}")
        values = []
        for x, expected, path in zip(leaves, self.arguments, paths(structure, "argument "), strict=True):
            if type(expected) is not Node:
                if x != expected:
                    raise StaleGraphError(
                        f"{path} was {expected!r} when {self.__name__} was traced and is a constant of it; now it is "
                        f"{x!r}. Trace again, or make it an array."
                    )
                continue
            if not isinstance(x, Traced | np.ndarray | np.generic):
                x = expected.dtype.type(x) if isinstance(x, int | float | complex) else x
            if (np.shape(x), getattr(x, "dtype", type(x))) != (expected.shape, expected.dtype):
                raise StaleGraphError(
                    f"{expected.name or path} is {getattr(x, 'dtype', type(x).__name__)} {np.shape(x)}; "
                    f"{self.__name__} was made for {expected.space}. Trace again with such an example; "
                    "ad.compile(f) does so by itself."
                )
            values.append(x)
        return values

    def run(self, values: Sequence) -> list:
        """The results' leaves, from the inputs' values, which are not checked."""
        found: dict[Node, Any] = dict(zip(self.inputs, values, strict=True))
        for node, dying in zip(self.operations, self._dying, strict=True):
            found[node] = evaluated(node, found)
            for other in dying:
                del found[other]
        return [found[x] if type(x) is Node else x for x in self.outputs]

    def values(self, *args: Any) -> dict[Node, Any]:
        """The value of every node, for these arguments: what a drawing or a worked example shows."""
        found: dict[Node, Any] = dict(zip(self.inputs, self.values_of(args), strict=True))
        for node in self.operations:
            found[node] = evaluated(node, found)
        return found

    # --- derivatives

    def jvp(self) -> "Graph":
        """The graph of `ad.jvp`: (primals, tangents) ↦ (results, their tangents); both arguments are tuples.

        >>> import autodiff as ad
        >>> ad.trace(np.sin, 0.0).jvp()((0.0,), (2.0,))
        (np.float64(0.0), np.float64(2.0))
        """
        jvp = lambda primals, tangents: modes.jvp(self, primals, tangents)
        names = [*self.names, *(f"{name}_dot" for name in self.names)]
        tangents = map_leaves(unit, self.examples)
        return traced(jvp, (self.examples, tangents), names, f"jvp of {self.__name__}")

    def vjp(self) -> "Graph":
        """The graph of `ad.vjp` and its pullback: (primals, cotangent) ↦ (results, cotangents of the primals).

        >>> import autodiff as ad
        >>> ad.trace(np.sin, 0.0).vjp()((0.0,), 2.0)
        (np.float64(0.0), (np.float64(2.0),))
        """

        def vjp(primals: tuple, cotangent: Any) -> tuple:
            y, pullback = modes.vjp(self, *primals)
            return y, pullback(cotangent)

        cotangent = unflatten(self.result, [unit(x) for x in self.outputs])
        names = [*self.names, *paths(self.result, "y_bar")]
        return traced(vjp, (self.examples, cotangent), names, f"vjp of {self.__name__}")

    def grad(self, argnums: derivatives.Argnums = 0) -> "Graph":
        """The graph of `ad.grad`, of a graph with one real number as result: arguments ↦ gradient.

        >>> import autodiff as ad
        >>> ad.trace(np.sin, 0.0).grad()(0.0)
        np.float64(1.0)
        """
        return traced(derivatives.grad(self, argnums), self.examples, self.names, f"gradient of {self.__name__}")

    # --- reading

    def __str__(self) -> str:
        heads = ", ".join(f"{node.name}: {node.space}" for node in self.inputs)
        rows = [(statement(node), node) for node in self.operations]
        wide = min(max((len(text) for text, _ in rows), default=0), 60)
        lines = [f"    {text:{wide}}  # {node.space:16} {shown(node.line)}".rstrip() for text, node in rows]
        result = argument_text(unflatten(self.result, [Word(text_of(x)) for x in self.outputs]), repr)
        return "\n".join([f"{self.__name__}({heads})", *lines, f"    return {result}"])

    def __repr__(self) -> str:
        return f"<Graph {self.__name__}: {len(self.inputs)} inputs, {len(self.operations)} operations>"


class Word(str):
    """A name that stands for itself when printed inside a container."""

    __slots__ = ()
    __repr__ = str.__str__


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


def unit(x: Any) -> Any:
    """A tangent of ones for a node or an array."""
    x = as_array(x) if type(x) is not Node else x
    return np.ones(x.shape, modes.like(x))[()]


def evaluated(node: Node, found: dict[Node, Any]) -> Any:
    """The result of a node, from the values of its operands."""
    value = lambda x: found[x] if type(x) is Node else x
    named = {key: replaced(x, value) for key, x in node.kwargs.items()}
    token = replayed.set(node.line)
    try:
        y = node.function(*replaced(node.args, value), **named)  # type: ignore[misc]
    finally:
        replayed.reset(token)
    if node.shape is not None and np.shape(y) != node.shape:
        raise StaleGraphError(
            f"{statement(node)} ({shown(node.line)}) had shape {node.shape} when the graph was traced; now it has "
            f"{np.shape(y)}. A graph's shapes are fixed: trace again, or choose entries by np.where."
        )
    return y


def reachable(outputs: Iterable) -> list[Node]:
    """All nodes that these need, in the order in which they were made, which is a topological one."""
    found: set[Node] = set()
    ahead = [x for x in outputs if type(x) is Node]
    while ahead:
        node = ahead.pop()
        if node not in found:
            found.add(node)
            ahead += node.operands
    return sorted(found, key=lambda node: node.number)


def last_uses(operations: Sequence[Node], outputs: Iterable) -> list[list[Node]]:
    """For each operation, the nodes that nothing after it needs."""
    seen = {x for x in outputs if type(x) is Node}
    dying: list[list[Node]] = []
    for node in reversed(operations):
        last = [x for x in dict.fromkeys((node, *node.operands)) if x not in seen]
        seen.update(last)
        dying.append(last)
    return dying[::-1]
