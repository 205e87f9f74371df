"""Elimination: the Jacobian of a program that is no chain, accumulated on its graph in any order.

A program at a point, linearized, is a graph: a vertex for each value, a local Jacobian on each edge. To eliminate a
vertex v is to connect each of its operands i to each of its users k, by J_ki + J_kv J_vi, and to take v away. When
only inputs and outputs are left, the edges between them are the Jacobian, whatever the order was; the number of
multiplications is not the same.

    linear_graph              the graph of a program, from its tape
    elimination_order         forward, reverse, Markowitz's greedy order, the optimum
    accumulate                the Jacobian by elimination in some order, and the work

On a chain, to eliminate a vertex is to multiply its two neighbours: `autodiff.accumulation`, which also says what a
multiplication costs.

Source: Griewank & Walther (2008), chapters 9 and 10; Naumann (2008); chapter "The order of accumulation".
"""

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .accumulation import ARRAYS, SHAPES, Algebra, Work, matrix_sum, refuse_complex, step, total
from .errors import AutodiffValueError
from .modes import basis, linearize, tangent_dtype
from .operators import Bundle, Operator
from .sparsity import blanks, in_place, local_operators

Edge = tuple[int, int]  # from source to target


@dataclass(frozen=True, eq=False)
class LinearGraph:
    """A program at a point, linearized: vertices are its values, in the order in which they were computed.

    sizes : how many numbers each vertex holds.
    blocks : for each edge (source, target) the local Jacobian: (target numbers, source numbers), or its diagonal.
    inputs, outputs : vertices; an output may have users, or be an input.
    """

    sizes: Mapping[int, int]
    blocks: Mapping[Edge, np.ndarray]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def intermediate(self) -> list[int]:
        """The vertices to eliminate: all that are used, without the inputs."""
        return sorted({source for source, _ in self.blocks} - set(self.inputs))

    def __repr__(self) -> str:
        return f"LinearGraph({len(self.sizes)} vertices, {len(self.blocks)} edges)"


def linear_graph(f: Callable, *primals: Any) -> LinearGraph:
    """The linearized graph of `f` at `primals`; vertices are numbered as on the tape, inputs first.

    Every edge gets its whole local Jacobian, so this is for programs whose arrays hold hundreds of numbers, not
    millions. Values that no output needs are left out. Errors as of `linearize`; `AutodiffTypeError` for complex
    values.

    >>> graph = linear_graph(lambda x, y: np.sin(x * y) * x, 2.0, 3.0)
    >>> graph, graph.intermediate, sorted(graph.blocks)
    (LinearGraph(5 vertices, 5 edges), [2, 3], [(0, 2), (0, 4), (1, 2), (2, 3), (3, 4)])
    """
    _, J = linearize(f, *primals)
    tape = J.tape
    outputs = [len(tape.nodes) + i if node is None else node for i, node in enumerate(J.nodes)]
    values = [*blanks(J), *J.ends.values]  # something like the value of each vertex; constant outputs come last
    refuse_complex(part for value in values for part in _parts(value))
    needed = set(outputs)
    blocks: dict[Edge, np.ndarray] = {}
    for node in reversed(range(len(tape.nodes))):
        for parent, operator in local_operators(tape, node) if node in needed else ():
            needed.add(parent)
            block = _block(operator, values[parent], values[node])
            edge = parent, node
            blocks[edge] = matrix_sum(blocks[edge], block) if edge in blocks else block
    inputs = tuple(range(tape.inputs))
    sizes = {v: sum(part.size for part in _parts(values[v])) for v in sorted(needed.union(inputs))}
    return LinearGraph(sizes, blocks, inputs, tuple(outputs))


def _parts(x: Any) -> list:
    """The arrays in a value on the tape: it may be a bundle of several."""
    return list(x.parts.values()) if type(x) is Bundle else [x]


def _block(operator: Operator, x: Any, y: Any) -> np.ndarray:
    """A local Jacobian, from values like `x` to values like `y`."""
    family, data = operator
    if in_place(operator):
        return np.reshape(family.apply(np.ones(x.shape, tangent_dtype(x)), data), -1)
    units = basis(_parts(x))
    found = family.apply(Bundle(dict(zip(x.parts, units, strict=True))) if type(x) is Bundle else units[0], data)
    count = len(units[0])
    columns = (
        [found.parts.get(i, np.zeros((count, *part.shape))) for i, part in y.parts.items()]
        if type(y) is Bundle
        else [found]
    )
    rows = [t.reshape(count, part.size) for t, part in zip(columns, _parts(y), strict=True)]
    return np.concatenate(rows, axis=1).T


class _Stage:
    """A graph in the course of elimination: what stands on its edges, arrays or just their shapes."""

    __slots__ = ("algebra", "edges", "graph", "sources", "targets")

    def __init__(self, graph: LinearGraph, algebra: Algebra, edges: Mapping[Edge, Any]):
        self.graph, self.algebra, self.edges = graph, algebra, edges
        self.sources: dict[int, list[int]] = {v: [] for v in graph.sizes}
        self.targets: dict[int, list[int]] = {v: [] for v in graph.sizes}
        for source, target in edges:
            self.sources[target].append(source)
            self.targets[source].append(target)

    def work(self, v: int) -> Work:
        """What it takes to eliminate v now."""
        shape, edges, graph = self.algebra.shape, self.edges, self.graph
        return total(
            step(shape(edges[v, k]), shape(edges[i, v]), i in graph.inputs and k in graph.outputs)
            for i in self.sources[v]
            for k in self.targets[v]
        )

    def without(self, v: int) -> "_Stage":
        """The graph after v was eliminated. An output keeps its own Jacobian, and loses its users only."""
        gone = {(v, k) for k in self.targets[v]}
        if v not in self.graph.outputs:
            gone |= {(i, v) for i in self.sources[v]}
        edges = {edge: entry for edge, entry in self.edges.items() if edge not in gone}
        for i in self.sources[v]:
            for k in self.targets[v]:
                term = self.algebra.product(self.edges[v, k], self.edges[i, v])
                edges[i, k] = self.algebra.sum(edges[i, k], term) if (i, k) in edges else term
        return _Stage(self.graph, self.algebra, edges)


def _shapes(graph: LinearGraph) -> _Stage:
    return _Stage(graph, SHAPES, {edge: block.shape for edge, block in graph.blocks.items()})


def _markowitz(graph: LinearGraph) -> list[int]:
    """Greedily the vertex that is cheapest to eliminate now; the earlier one of equals (Griewank & Reese 1991)."""
    stage, left, order = _shapes(graph), graph.intermediate, []
    while left:
        v = min(left, key=lambda v: stage.work(v).multiply_adds)
        stage = stage.without(v)
        left.remove(v)
        order.append(v)
    return order


def _optimal(graph: LinearGraph) -> list[int]:
    """The cheapest order, found by a search for the shortest path from no vertex eliminated to all.

    Which edges are left depends on the set of eliminated vertices, not on their order, so the search has one node
    per set. What costs more than the best of the other orders is cut off.
    """
    vertices = graph.intermediate
    if len(vertices) > 16:
        raise AutodiffValueError(
            f"the optimal order is searched among the subsets of at most 16 vertices, here {len(vertices)}: "
            'use "markowitz"'
        )
    bound = min(_cost(graph, ORDERS[rule](graph)) for rule in ("forward", "reverse", "markowitz"))
    best: dict[frozenset[int], int] = {frozenset(): 0}
    queue: list[tuple[int, list[int], _Stage]] = [(0, [], _shapes(graph))]  # cost, order, graph before its last
    while True:
        cost, order, stage = heapq.heappop(queue)
        if len(order) == len(vertices):
            return order
        if cost > best[frozenset(order)]:
            continue
        stage = stage.without(order[-1]) if order else stage
        for v in vertices:
            longer = frozenset([*order, v])
            with_v = cost + stage.work(v).multiply_adds
            if v not in order and with_v <= bound and with_v < best.get(longer, math.inf):
                best[longer] = with_v
                heapq.heappush(queue, (with_v, [*order, v], stage))


def _cost(graph: LinearGraph, order: Sequence[int]) -> int:
    return _eliminated(_shapes(graph), order)[1].multiply_adds


ORDERS: dict[str, Callable[[LinearGraph], list[int]]] = {
    "forward": lambda graph: graph.intermediate,
    "reverse": lambda graph: graph.intermediate[::-1],
    "markowitz": _markowitz,
    "optimal": _optimal,
}


def elimination_order(graph: LinearGraph, rule: str) -> list[int]:
    """The intermediate vertices in the order in which to eliminate them.

    rule : "forward", as computed; "reverse"; "markowitz", greedily the cheapest next, which for scalar vertices is
        the one with the smallest product of operands and users; "optimal", the fewest multiply-adds of all vertex
        eliminations, by a search through the sets of at most 16 vertices.

    To accumulate a Jacobian with the fewest operations is NP-complete (Naumann 2008; the proof lets local partial
    derivatives depend on each other algebraically), so the search stays with eliminations and small graphs.

    Raises `AutodiffValueError` for an unknown rule, or a graph too large to search.
    """
    if rule not in ORDERS:
        raise AutodiffValueError(f"rule must be one of {', '.join(ORDERS)}, not {rule!r}")
    return ORDERS[rule](graph)


def accumulate(graph: LinearGraph, order: str | Sequence[int] = "markowitz") -> tuple[np.ndarray, Work]:
    """The Jacobian by vertex elimination, (numbers in the outputs, numbers in the inputs), and the work.

    order : a rule of `elimination_order`, or the intermediate vertices themselves. Errors as there, and where
        `order` does not name each intermediate vertex once.

    >>> graph = linear_graph(tangled, 0.5, 1.5)
    >>> [(rule, accumulate(graph, rule)[1].multiply_adds) for rule in ORDERS]
    [('forward', 18), ('reverse', 17), ('markowitz', 12), ('optimal', 11)]
    """
    vertices = elimination_order(graph, order) if isinstance(order, str) else list(order)
    if sorted(vertices) != graph.intermediate:
        raise AutodiffValueError(f"an elimination order names each of {graph.intermediate} once; got {vertices}")
    stage, work = _eliminated(_Stage(graph, ARRAYS, graph.blocks), vertices)

    def block(i: int, k: int) -> np.ndarray:
        J = np.ones(graph.sizes[k]) if i == k else stage.edges.get((i, k), np.zeros((graph.sizes[k], graph.sizes[i])))
        return np.diag(J) if J.ndim == 1 else J

    return np.block([[block(i, k) for i in graph.inputs] for k in graph.outputs]), work


def _eliminated(stage: _Stage, order: Sequence[int]) -> tuple[_Stage, Work]:
    works = []
    for v in order:
        works.append(stage.work(v))
        stage = stage.without(v)
    return stage, total(works)


def tangled(x: Any, y: Any) -> tuple:
    """A small program on whose graph forward, reverse, Markowitz's and the optimal order all cost differently.

    Two numbers in, four on the way, three out; found by a search through random graphs. `accumulate` shows the costs.
    """
    a = x * y
    b = np.sin(a)
    c = a * b
    d = a + c
    return a * c, np.exp(c), np.cos(d)
