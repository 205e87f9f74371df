"""Compilation: a program as straight-line NumPy source, made once for arguments of a kind.

`compile(f)` traces `f` for the structure, shapes and dtypes of the arguments it meets, simplifies the graph, and
writes it down as the function that a patient person would have written: `f.source`. Common subexpressions are
shared; arrays are computed into buffers that are no longer needed and let go when nothing needs them; numbers are
Python's, on `math`, and where `math` raises (`log(0)`, an overflow), the same source runs once more on NumPy's
scalars, which know inf and nan.

Every call has buffers of its own, so threads do not disturb each other; arguments are never changed, and results
never share memory with them or with each other.
"""

import builtins
import copy
import itertools
import linecache
import math
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .arrays import Traced
from .debugging import watching
from .errors import AutodiffError, AutodiffTypeError, StaleGraphError
from .graph import Graph, is_variable, leaf_names, traced
from .recording import entries, shown
from .rewrites import rewritten
from .trees import LEAF, Structure, flatten, paths, unflatten
from .writer import MATH, Writer, identifier

VERSIONS = 16  # of one function for one kind of arguments, one for each way through its branches

# --- For users ----------------------------------------------------------------------------------------------


def compile(program: Callable) -> "Compiled":  # as in ad.compile
    """A function or graph as straight-line NumPy, with the source to read: `compile(f).source`.

    program : a function in ordinary NumPy (also `ad.grad(f)`, `ad.hessian(f)`, …), or a `Graph`.

    A function is compiled when it is first called, and again for arguments of another structure, shape or dtype.
    Arrays and floats in the arguments are variables; anything else (an `int`, a `str`) is part of the kind of
    arguments. What the function closes over, prints or draws at random is taken once: pass what changes. Where
    Python branches on values, or values choose how many entries there are (`x[x > 0]`), each way through the program
    that turns up becomes a version of its own; after 16, calls that fit none run the function itself. A compiled graph
    has one version, and raises `StaleGraphError` for arguments that go another way.

    Results are equal to rounding. Where a tangent is zero because nothing depends on its input, it stays zero even
    times infinity, in forward mode as in reverse mode; NumPy's 0 · inf is nan.

    On traced arguments (inside of another transform), and under `debug_nans`, the program itself runs.

    >>> import autodiff as ad
    >>> slope = ad.compile(ad.grad(lambda x: np.sum(np.sin(x) ** 2)))
    >>> slope(np.array([0.0, np.pi / 4]))
    array([0., 1.])
    >>> print(slope.source)  # doctest: +ELLIPSIS
    def program(x):
        ...
    """
    return CompiledGraph(program) if isinstance(program, Graph) else CompiledFunction(program)


class Compiled:
    """What `compile` gives: a function with the `source` that it runs."""

    def __init__(self, program: Any):
        self.program = program
        self.__name__ = getattr(program, "__name__", "program")
        self.__doc__ = getattr(program, "__doc__", None)

    def __repr__(self) -> str:
        return f"<compiled {self.__name__}>"


class CompiledGraph(Compiled):
    """A graph, compiled. It checks its arguments as the graph does."""

    def __init__(self, graph: Graph):
        super().__init__(graph)
        self._run = Routine(graph)

    @property
    def source(self) -> str:
        return self._run.source

    def __call__(self, *args: Any) -> Any:
        graph = self.program
        values = graph.values_of(args)
        if any(type(x) is Traced for x in values) or watching.get():
            return graph(*args)
        return unflatten(graph.result, self._run(values))


class CompiledFunction(Compiled):
    """A function, compiled for each kind of arguments it meets; `source` is what ran last."""

    def __init__(self, function: Callable):
        super().__init__(function)
        self._versions: dict[Any, tuple[tuple[Routine, Structure], ...]] = {}
        self._last: Routine | None = None
        self._lock = threading.Lock()

    @property
    def source(self) -> str:
        """The source of the version that ran last."""
        if self._last is None:
            raise AutodiffError(f"{self.__name__} is compiled when it is first called, for the arguments it gets then")
        return self._last.source

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        values: list = []
        kind: list = []
        describe(args, values, kind)
        describe(kwargs, values, kind)
        key = tuple(kind)
        try:
            versions = self._versions.get(key, ())
        except TypeError as error:
            raise AutodiffTypeError(
                f"{self.__name__} is compiled for each value of an argument that is no array, and cannot tell one from "
                f"another here: {error}. Pass an array or a tuple, or bind the argument with a lambda."
            ) from error
        if watching.get() or (not versions and any(type(x) is Traced for x in values)):
            return self.program(*args, **kwargs)
        for version in versions:
            try:
                return self._result(version, values)
            except StaleGraphError:  # the other side of a branch
                continue
        if len(versions) >= VERSIONS:
            return self.program(*args, **kwargs)
        made = self._made(args, kwargs)
        if made is None:
            return self.program(*args, **kwargs)
        with self._lock:
            self._versions[key] = (made, *self._versions.get(key, ()))
        return self._result(made, values)

    def _result(self, version: tuple, values: list) -> Any:
        self._last, structure = version
        found = version[0](values)
        return found[0] if structure is LEAF else unflatten(structure, found)

    def _made(self, args: tuple, kwargs: dict) -> tuple["Routine", Structure] | None:
        """A new version; None where the function closes over a traced value, which must stay one."""
        positional, named = flatten((args, kwargs))[1].children
        names = leaf_names(self.program, positional)
        names += [path for key, child in zip(named.keys, named.children, strict=True) for path in paths(child, key)]
        graph = traced(lambda args, kwargs: self.program(*args, **kwargs), (args, kwargs), names, self.__name__)
        constants = itertools.chain(graph.outputs, *(entries(node.args) for node in graph.operations))
        return None if any(type(x) is Traced for x in constants) else (Routine(graph), graph.result)


def describe(x: Any, values: list, kind: list) -> None:
    """Append the variables in an argument to `values`, and to `kind` all of it that a version depends on.

    That is: how containers are built, shape and dtype of the arrays, and whatever is no variable.
    """
    made = type(x)
    if made is np.ndarray:
        values.append(x if x.ndim else x[()])
        kind += x.shape, x.dtype
    elif made in NUMBERS:
        values.append(NUMBERS[made](x))
        kind.append(NUMBERS[made])
    elif made is tuple or made is list:
        kind += made, len(x)
        for part in x:
            describe(part, values, kind)
    elif made is dict:
        kind += made, tuple(x)
        for part in x.values():
            describe(part, values, kind)
    elif is_variable(x):
        values.append(x)
        kind += (Traced,) if made is Traced else (x.shape, x.dtype)
    else:
        leaves, structure = flatten(x)
        kind += structure, made
        for part in leaves:
            if structure is LEAF:
                kind.append(part)
            else:
                describe(part, values, kind)


NUMBERS = {float: np.float64, complex: np.complex128, np.float64: np.float64}

# --- From a graph to a function -----------------------------------------------------------------------------

_numbers = itertools.count(1)


class Routine:
    """A graph as a function of the list of its inputs' values, giving the list of its results."""

    def __init__(self, graph: Graph):
        graph = rewritten(graph)
        instead: dict[Any, Callable] = {}
        sources = []
        for node in graph.operations:
            if hasattr(node.function, "graphs") and node.function not in instead:
                own = [Routine(inside) for inside in node.function.graphs]
                instead[node.function] = controlled(node.function, own)
                sources.append(f"# {node.function.__name__} ({shown(node.line)}) runs these:")
                sources += [each.source for each in own]
        title = "program" if graph.__name__ == "<lambda>" else identifier(graph.__name__)
        writer = Writer(graph, title, instead)
        self.source: str = "\n\n".join([*sources, writer.source])
        file = f"<compiled {title} {next(_numbers)}>"
        linecache.cache[file] = len(writer.source), None, writer.source.splitlines(True), file
        code = builtins.compile(writer.source, file, "exec")
        self.single = len(graph.outputs) == 1
        self.quick = bound(code, title, writer, {name: getattr(math, own) for name, own in MATH.items()}, float)
        self.safe = bound(code, title, writer, {name: getattr(np, name) for name in MATH}, np.float64)
        self.has_numbers = bool(writer.numbers)

    def __call__(self, values: Sequence) -> Sequence:
        try:
            found = self.quick(*values)
        except StaleGraphError:
            raise
        except (ArithmeticError, ValueError):
            if not self.has_numbers:
                raise
            found = self.safe(*values)
        return (found,) if self.single else found

    run = __call__


def bound(code: Any, title: str, writer: Writer, functions: dict, number: Callable) -> Callable:
    """The function that a source defines, among these names."""
    names = {**writer.shelf.things, **functions, "number": number}
    exec(code, names)
    return names[title]


def controlled(control: Any, routines: list[Routine]) -> Callable:
    """A branch or loop that runs routines in place of its graphs."""
    own = copy.copy(control)
    own.graphs = tuple(routines)

    def run(*args: Any) -> Sequence:
        return own.run(*args)

    run.__name__ = control.__name__
    return run
