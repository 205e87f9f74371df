"""Graphs: a program as data, to be printed, run, differentiated, simplified, compiled.

Two ways lead to a graph. *Define-by-run*: `trace(f, *examples)` runs an ordinary NumPy function and takes down
each operation. *Define-and-run*: NumPy's functions of `placeholder`s build operations, and `Graph(inputs, outputs)`
collects them. Either way a graph holds primitives only; functions that are written in terms of others expand by
themselves. It runs its operations on whatever it is given, also on traced arrays: that is all its derivatives
need. `graph.grad()` is the trace of the gradient of the graph, and so a graph again.

A graph is the record of one run: shapes and dtypes are fixed, loops are unrolled, and of a branch on values only
the side that was taken is there. A recorded branch stays as a guard, and so does the number of entries that a mask
chooses; where these go another way the graph is an error, not a wrong number. Control flow that is to stay in the
graph is written with `cond` and `while_loop`. What a rule refuses, such as the pseudoinverse of a matrix of deficient
rank, it refuses while the graph is recorded, not when it runs.
"""

import functools
import inspect
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from . import derivatives, modes
from .arrays import Traced, as_array
from .debugging import locating
from .errors import AutodiffTypeError, AutodiffValueError, StaleGraphError
from .recording import GraphTrace, Node, StandIns, definition, evaluated, shown, statement, text_of
from .source import argument_text
from .trees import Structure, flatten, flatten_like, map_leaves, paths, unflatten

# --- Define-by-run ------------------------------------------------------------------------------------------


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
    return traced(f, examples, leaf_names(f, flatten(examples)[1]), getattr(f, "__name__", "graph"))


def traced(
    f: Callable, examples: tuple, names: Sequence[str], title: str, kind: type[GraphTrace] = GraphTrace
) -> "Graph":
    """`trace`, with names for the leaves of the examples; of the kind `StandIns` where these are no real arguments."""
    recorder = kind(modes.origin("trace", f))
    leaves, structure = flatten(examples)
    entries = [recorder.input(x, name) if is_variable(x) else x for x, name in zip(leaves, names, strict=True)]
    result = recorded(recorder, f, unflatten(structure, entries))
    inputs, outputs = map_leaves(recorder.link, (unflatten(structure, entries), result))
    return Graph(inputs, outputs, title, recorder.nodes, kind)


def is_variable(x: Any) -> bool:
    """Whether a leaf among a graph's arguments is an input; anything else is a constant of the graph."""
    return isinstance(x, Traced | np.ndarray | np.generic | float | complex)


def recorded(recorder: GraphTrace, f: Callable, args: tuple) -> Any:
    """The result of `f` on arguments of this trace, which then is closed."""
    token = locating.set(True)
    try:
        return modes.run(recorder, f, args, {})
    finally:
        locating.reset(token)


def leaf_names(f: Callable, structure: Structure) -> list[str]:
    """What `f` calls the leaves of its arguments, for arguments of this structure; x0, x1, … where it does not say."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # a function written in C
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names += [f"x{i}" for i in range(len(names), len(structure.children))]
    return [path for name, child in zip(names, structure.children, strict=False) for path in paths(child, name)]


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

    def __init__(
        self,
        inputs: Any,
        outputs: Any,
        name: str = "graph",
        nodes: Sequence[Node] | None = None,
        kind: type[GraphTrace] = StandIns,
    ):
        inputs = (inputs,) if type(inputs) is Traced else tuple(inputs)
        inputs, outputs = map_leaves(definition.link, (inputs, outputs))
        arguments, self.structure = flatten(inputs)
        results, self.result = flatten(outputs)
        for x in results:
            if not isinstance(x, Node | Traced | np.ndarray | np.generic | int | float | complex | str):
                raise AutodiffTypeError(f"{name} returned {type(x).__name__}: a graph's results are arrays of numbers")
        given = [x for x in arguments if type(x) is Node]
        found = reachable(results) if nodes is None else nodes
        operations = [node for node in found if node.function is not None]
        for missing in {*found} - {*operations} - {*given}:
            raise AutodiffValueError(f"{missing.name or 'a placeholder'} ({missing.space}) is not among the inputs")
        own = renamed([*given, *operations])
        mine = lambda x: own[x] if type(x) is Node else x
        self.__name__ = name
        self.nodes = list(own.values())
        self.inputs = [own[x] for x in given]
        self.arguments = [mine(x) for x in arguments]  # inputs, and constants that the arguments must equal
        self.outputs = [mine(x) for x in results]  # nodes and constants
        self.names = [x.name if type(x) is Node else "" for x in self.arguments]
        self.kind = kind  # of the trace that took it down, and will take down its derivatives: on the same examples
        self.gone: list[tuple[str, Node]] = []  # what `simplify` took away, and why

    @functools.cached_property
    def _dying(self) -> list[list[Node]]:
        return last_uses(self.operations, self.outputs)

    @property
    def operations(self) -> list[Node]:
        """The nodes that are no inputs."""
        return self.nodes[len(self.inputs) :]

    @property
    def removed(self) -> list[str]:
        """What `simplify` took away, in words."""
        return [f"{why}: {statement(node)}" for why, node in self.gone]

    @property
    def examples(self) -> tuple:
        """Arguments for which the graph was made."""
        return unflatten(self.structure, [x.example if type(x) is Node else x for x in self.arguments])

    # --- running

    def __call__(self, *args: Any) -> Any:
        return unflatten(self.result, self.run(self.values_of(args)))

    def values_of(self, args: tuple) -> list:
        """The values of the inputs, out of arguments that fit the graph."""
        leaves, structure = flatten_like(args, self.structure)
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

    # --- other graphs

    def with_operations(self, operations: Sequence[Node], outputs: Sequence) -> "Graph":
        """A graph with these inputs, of other operations on them."""
        arguments, result = unflatten(self.structure, self.arguments), unflatten(self.result, outputs)
        return Graph(arguments, result, self.__name__, [*self.inputs, *operations], self.kind)

    def simplify(self) -> "Graph":
        """The same results with fewer operations; `removed` of the new graph says what went, and why.

        >>> import autodiff as ad
        >>> graph = ad.trace(lambda x: np.sin(x) * np.sin(x) + 0 * np.cos(2.0), 1.0).simplify()
        >>> len(graph.operations), graph.removed[0].partition(":")[0]
        (2, 'computed before')
        """
        from .simplify import simplify

        return simplify(self)

    def jvp(self) -> "Graph":
        """The graph of `ad.jvp`: (primals, tangents) ↦ (results, their tangents); both arguments are tuples.

        >>> import autodiff as ad
        >>> ad.trace(np.sin, 0.0).jvp()((0.0,), (2.0,))
        (np.float64(0.0), np.float64(2.0))
        """
        jvp = lambda primals, tangents: modes.jvp(self, primals, tangents)
        names = [*self.names, *(f"{name}_dot" for name in self.names)]
        tangents = map_leaves(unit, self.examples)
        return traced(jvp, (self.examples, tangents), names, f"jvp of {self.__name__}", self.kind)

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
        return traced(vjp, (self.examples, cotangent), names, f"vjp of {self.__name__}", self.kind)

    def grad(self, argnums: derivatives.Argnums = 0) -> "Graph":
        """The graph of `ad.grad`, of a graph with one real number as result: arguments ↦ gradient.

        >>> import autodiff as ad
        >>> ad.trace(np.sin, 0.0).grad()(0.0)
        np.float64(1.0)
        """
        gradient = derivatives.grad(self, argnums)
        return traced(gradient, self.examples, self.names, f"gradient of {self.__name__}", self.kind)

    # --- in other words

    def to_jax(self) -> Callable:
        """The graph as a function of `jax.numpy`, to be jitted and sharded there: `jax.jit(graph.to_jax())`.

        It takes and gives what the graph does. JAX computes in float32 unless `jax.config.jax_enable_x64` is set. It
        cannot raise on a value: where NumPy would, as for eigenvectors of equal eigenvalues, results are nan.

        Raises `AutodiffError` where JAX is missing, where Python branched on values or a mask chose entries while the
        graph was recorded, and for an operation that JAX does not have.
        """
        from .to_jax import to_jax

        return to_jax(self)

    def to_sympy(self) -> Any:
        """The graph's results as SymPy expressions of its inputs; arrays as `sympy.Array`, of symbols x_0, x_1, ….

        Raises `AutodiffError` where SymPy is missing, and where the graph is no expression: see `symbolic.expressions`.

        >>> import autodiff as ad
        >>> ad.trace(lambda x: np.sin(x) ** 2, 1.0).grad().to_sympy()
        2*sin(x)*cos(x)
        """
        from .to_sympy import to_sympy

        return to_sympy(self)

    def draw(self, values: Any = None, tangents: Any = None, adjoints: Any = None) -> Any:
        """The graph as a drawing, an SVG that a notebook shows: one box per node, arrows along the operands.

        values : a tuple of arguments, whose values then stand at the nodes. tangents : a tuple of their tangents, which
        are pushed to all nodes. adjoints : a cotangent of the result, which is pulled back to all nodes.

        Raises `AutodiffError` where igraph or ziamath is missing, `AutodiffValueError` where tangents or adjoints come
        without values.

        >>> import autodiff as ad
        >>> drawing = ad.trace(lambda x, y: np.sin(x) * y, 0.0, 2.0).draw(values=(1.0, 2.0), adjoints=1.0)
        >>> drawing.startswith("<svg")
        True
        """
        from .drawing import draw

        return draw(self, values, tangents, adjoints)

    def _repr_svg_(self) -> str | None:
        """What a notebook shows: the drawing of a graph that is small enough, where the tools for it are installed."""
        from .drawing import picture

        return picture(self)

    # --- reading

    def __str__(self) -> str:
        heads = ", ".join(f"{node.name}: {node.space}" for node in self.inputs)
        wide = min(max((len(statement(node)) for node in self.operations), default=0), 60)
        lines = [f"{self.__name__}({heads})"]
        for node in self.operations:
            lines.append(f"    {statement(node):{wide}}  # {node.space:16} {shown(node.line)}".rstrip())
            for graph in getattr(node.function, "graphs", ()):  # of a branch or loop
                lines += [f"        {line}" for line in str(graph).split("\n")]
        result = argument_text(unflatten(self.result, [Word(text_of(x)) for x in self.outputs]), repr)
        return "\n".join([*lines, f"    return {result}"])

    def __repr__(self) -> str:
        return f"<Graph {self.__name__}: {len(self.inputs)} inputs, {len(self.operations)} operations>"


class Word(str):
    """A name that stands for itself when printed inside a container."""

    __slots__ = ()
    __repr__ = str.__str__


def unit(x: Any) -> Any:
    """A tangent of ones for a node or an array."""
    x = as_array(x) if type(x) is not Node else x
    return np.ones(x.shape, modes.tangent_dtype(x))[()]


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


def renamed(nodes: Sequence[Node]) -> dict[Node, Node]:
    """Each node under its own name if that is free, else as v1, v2, …: itself, or a copy."""
    own: dict[Node, Node] = {}
    taken: set[str] = set()
    numbered = (f"v{i}" for i in itertools.count(1))
    substitute = lambda x: own[x] if type(x) is Node else x
    for node in nodes:
        name = node.name
        if not name or name in taken:
            name = next(name for name in numbered if name not in taken)
        taken.add(name)
        own[node] = node.rewritten(substitute, name)
    return own


def last_uses(operations: Sequence[Node], outputs: Iterable) -> list[list[Node]]:
    """For each operation, the nodes that nothing after it needs."""
    seen = {x for x in outputs if type(x) is Node}
    dying: list[list[Node]] = []
    for node in reversed(operations):
        last = [x for x in dict.fromkeys((node, *node.operands)) if x not in seen]
        seen.update(last)
        dying.append(last)
    return dying[::-1]
