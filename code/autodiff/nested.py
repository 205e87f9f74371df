"""Graphs inside graphs: the operations behind `cond` and `while_loop`, and their derivatives.

The tangent of a conditional is a conditional of tangents, its transpose one of pullbacks. A loop carries its
tangents along. In reverse, a loop runs forward once more, writes down the states it went through, and then sweeps
back over as many steps as it took (`Sweep`).
"""

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from . import modes
from .arrays import as_array, innermost
from .custom import joint_map, spaces
from .errors import AutodiffError
from .graph import Graph, traced, unit
from .operators import Operator
from .recording import StandIns, is_recorded, stand_in


class Control:
    """An operation that runs graphs. `joint` gives its result with its local Jacobian, all operands together."""

    def __init__(self, *graphs: Graph):
        self.graphs = graphs

    def __call__(self, *args: Any) -> tuple:
        trace = innermost(args) if any(map(is_recorded, self.deciding(args))) else None
        return tuple(self.run(*args)) if trace is None else trace.bind(self, args, {})

    def deciding(self, args: tuple) -> tuple:
        """The arguments that decide which way it goes."""
        return args

    def run(self, *args: Any) -> Sequence:
        raise NotImplementedError

    def joint(self, *args: Any) -> tuple[tuple, Operator]:
        y = self(*args)
        push, pull = functools.partial(self.push, args), functools.partial(self.pull, args)
        return y, joint_map((push, pull, spaces(args), spaces(y)))

    def push(self, args: tuple, dots: list) -> list:
        """Tangents of all results, from those of all arguments."""
        raise NotImplementedError

    def pull(self, args: tuple, bars: list) -> list:
        """Cotangents of all arguments, from those of all results."""
        raise NotImplementedError


class Branch(Control):
    """(condition, *operands) ↦ what the first graph makes of the operands, or the second."""

    __name__ = "cond"

    def deciding(self, args: tuple) -> tuple:
        return args[:1]

    def run(self, condition: Any, *operands: Any) -> Sequence:
        return self.graphs[0 if condition else 1].run(operands)

    def stand_in(self, *_: Any) -> tuple:
        return tuple(stand_in(x.shape, x.dtype) for x in self.graphs[0].outputs)

    def push(self, args: tuple, dots: list) -> list:
        tangents = Branch(*map(pushed, self.graphs))
        return list(tangents(*args, *(t for t, x in zip(dots[1:], args[1:], strict=True) if is_float(x))))

    def pull(self, args: tuple, bars: list) -> list:
        found = iter(Branch(*map(pulled, self.graphs))(*args, *bars))
        return [zero(args[0]), *(next(found) if is_float(x) else zero(x) for x in args[1:])]


class Loop(Control):
    """(*constants, *state) ↦ the state once the first graph says no; the second graph makes the steps.

    `sizes` says how many arguments are constants and how many are state.
    """

    __name__ = "while_loop"

    def __init__(self, test: Graph, body: Graph, sizes: tuple[int, int]):
        super().__init__(test, body)
        self.sizes = sizes

    def run(self, *args: Any) -> Sequence:
        for state in through(self.graphs, args, self.sizes[0]):
            last = state
        return last[self.sizes[0] :]

    def stand_in(self, *args: Any) -> tuple:
        return args[self.sizes[0] :]

    def push(self, args: tuple, dots: list) -> list:
        test, body = self.graphs
        loop = Loop(widened(test, self.sizes), doubled(body, self.sizes), doubled_sizes(body, self.sizes))
        found = loop(*interleaved(args, dots, body, self.sizes))
        state = args[self.sizes[0] :]
        tangents = iter(found[len(state) :])
        return [next(tangents) if is_float(x) else zero(x) for x in state]

    def pull(self, args: tuple, bars: list) -> list:
        test, body = self.graphs
        constants = self.sizes[0]
        adjoint = [zero(x) for x in args[:constants] if is_float(x)]
        adjoint += [u for u, x in zip(bars, args[constants:], strict=True) if is_float(x)]
        sweep = Sweep(test, body, stepped_back(body, constants), (*self.sizes, len(adjoint)))
        found = iter(sweep(*args, *adjoint))
        return [next(found) if is_float(x) else zero(x) for x in args]


class Sweep(Control):
    """(*constants, *state, *adjoint) ↦ the adjoint, after as many steps of the third graph as the loop of the first two
    takes: from its last state to its first.
    """

    __name__ = "sweep_back"

    def __init__(self, test: Graph, body: Graph, back: Graph, sizes: tuple[int, int, int]):
        super().__init__(test, body, back)
        self.sizes = sizes

    def run(self, *args: Any) -> Sequence:
        constants, state, _ = self.sizes
        *states, _ = through(self.graphs, args[: constants + state], constants)
        adjoint: Sequence = args[constants + state :]
        while states:
            adjoint = self.graphs[2].run((*states.pop(), *adjoint))
        return adjoint

    def stand_in(self, *args: Any) -> tuple:
        return args[-self.sizes[2] :]

    def push(self, args: tuple, dots: list) -> list:
        test, body, back = self.graphs
        loop_sizes = self.sizes[:2]
        graphs = widened(test, loop_sizes), doubled(body, loop_sizes), doubled(back, self.sizes)
        sweep = Sweep(*graphs, doubled_sizes(back, self.sizes))
        return list(sweep(*interleaved(args, dots, back, self.sizes))[self.sizes[2] :])

    def pull(self, args: tuple, bars: list) -> list:
        raise AutodiffError(
            "reverse mode through the reverse sweep of a while_loop of a graph is not supported. Take second "
            "derivatives forward over reverse (ad.hvp, ad.hessian), or differentiate outside of a graph."
        )


def through(graphs: tuple[Graph, ...], args: tuple, constants: int) -> Iterator[tuple]:
    """The arguments at each step of a loop, its state going from the first to the last."""
    test, body = graphs[:2]
    while True:
        yield args
        if not test.run(args)[0]:
            return
        args = (*args[:constants], *body.run(args))


# --- Derivatives of the graphs inside -----------------------------------------------------------------------


def is_float(x: Any) -> bool:
    """Whether a value or node has tangents."""
    return x.dtype.kind in "fc"


def zero(x: Any) -> Any:
    """The zero tangent of a value."""
    return np.zeros(np.shape(x), modes.tangent_dtype(as_array(x)))[()]


def at(graph: Graph, values: Sequence) -> tuple[Callable, tuple]:
    """A graph as a function of those inputs that have tangents, and their values."""
    places = [i for i, x in enumerate(graph.inputs) if is_float(x)]

    def of_floats(*own: Any) -> tuple:
        full = list(values)
        for i, x in zip(places, own, strict=True):
            full[i] = x
        return (0.0, *graph.run(full))  # one float at least, for a function must have something to differentiate

    return of_floats, tuple(values[i] for i in places)


def flat_graph(title: str, f: Callable, *groups: Sequence) -> Graph:
    """The graph of a function of groups of values, given examples of them; its inputs are all of them in a row."""
    return traced(f, groups, [f"x{i}" for i in range(sum(map(len, groups)))], title, StandIns)


def examples(graph: Graph) -> list:
    return [node.example for node in graph.inputs]


def pushed(graph: Graph) -> Graph:
    """(inputs, tangents of the floats among them) ↦ tangents of all outputs."""

    def push(values: list, dots: list) -> list:
        f, own = at(graph, values)
        return list(modes.jvp(f, own, tuple(dots))[1][1:])

    return flat_graph(
        f"tangents of {graph.__name__}", push, examples(graph), [unit(x) for x in graph.inputs if is_float(x)]
    )


def pulled(graph: Graph) -> Graph:
    """(inputs, cotangents of all outputs) ↦ cotangents of the floats among the inputs."""

    def pull(values: list, bars: list) -> list:
        f, own = at(graph, values)
        return list(modes.vjp(f, *own)[1]((0.0, *bars)))

    return flat_graph(f"cotangents of {graph.__name__}", pull, examples(graph), [unit(x) for x in graph.outputs])


def stepped_back(body: Graph, constants: int) -> Graph:
    """(arguments of a body, adjoint) ↦ the adjoint one step earlier: of the constants, summed; of the state."""
    fixed, moving = body.inputs[:constants], body.inputs[constants:]
    summed = sum(map(is_float, fixed))

    def back(values: list, adjoint: list) -> list:
        f, own = at(body, values)
        bars = iter(adjoint[summed:])
        found = modes.vjp(f, *own)[1]((0.0, *(next(bars) if is_float(x) else zero(x) for x in moving)))
        return [*(a + b for a, b in zip(adjoint, found[:summed], strict=False)), *found[summed:]]

    return flat_graph(f"{body.__name__} back", back, examples(body), [unit(x) for x in body.inputs if is_float(x)])


# Inputs come in groups (constants, state, adjoint). With tangents, those of each group's floats follow the group.


def in_groups(values: Sequence, sizes: Sequence[int]) -> list[list]:
    """Values cut into groups."""
    source = iter(values)
    return [list(itertools.islice(source, size)) for size in sizes]


def doubled_sizes(graph: Graph, sizes: tuple) -> tuple:
    """The sizes of the groups with tangents."""
    return tuple(len(group) + sum(map(is_float, group)) for group in in_groups(graph.inputs, sizes))


def interleaved(values: Sequence, dots: Sequence, graph: Graph, sizes: tuple) -> list:
    """Values and tangents of all arguments as the arguments of a graph with tangents."""
    mixed: list = []
    groups = (in_groups(x, sizes) for x in (values, dots, graph.inputs))
    for own, tangents, nodes in zip(*groups, strict=True):
        mixed += own + [t for t, x in zip(tangents, nodes, strict=True) if is_float(x)]
    return mixed


def doubled(graph: Graph, sizes: tuple) -> Graph:
    """The graph of (groups with tangents) ↦ (outputs, tangents of the floats among them)."""

    def run(*groups: list) -> list:
        pairs = [(group[:size], group[size:]) for group, size in zip(groups, sizes, strict=True)]
        f, own = at(graph, [x for values, _ in pairs for x in values])
        y, ydot = modes.jvp(f, own, tuple(t for _, dots in pairs for t in dots))
        return [*y[1:], *(t for t, x in zip(ydot[1:], y[1:], strict=True) if is_float(x))]

    return flat_graph(f"{graph.__name__} with tangents", run, *with_tangents(graph, sizes))


def widened(graph: Graph, sizes: tuple) -> Graph:
    """The graph of (groups with tangents) ↦ outputs, the tangents ignored."""

    def run(*groups: list) -> list:
        return graph.run([x for group, size in zip(groups, sizes, strict=True) for x in group[:size]])

    return flat_graph(graph.__name__, run, *with_tangents(graph, sizes))


def with_tangents(graph: Graph, sizes: tuple) -> list[list]:
    """Examples of the groups with tangents."""
    groups = in_groups(graph.inputs, sizes)
    return [[x.example for x in group] + [unit(x) for x in group if is_float(x)] for group in groups]
