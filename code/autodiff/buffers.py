"""Buffers: in whose memory each array of a compiled graph lives, and when it is let go.

An array is computed into memory that nothing needs any more, where shape and dtype fit. `writer` writes statements
that do as the `Plan` says.
"""

import itertools
import math
from collections import defaultdict
from typing import Any

import numpy as np

from .arrays import astype, getitem, reshape
from .graph import Graph
from .recording import Node, nodes_in
from .rewrites import add_embedded
from .rows import from_rows
from .rules.indexing import embed, is_basic
from .rules.linalg import solve_columns
from .rules.reductions import running_sum
from .rules.shapes import join

BUFFER = 2048  # bytes from which on an array is worth computing in place, and worth letting go

# Functions whose result is an array of its own; any other may show an operand's memory.
FRESH = {
    np.where, np.sum, np.max, np.min, np.mean, np.stack, np.copy, np.triu, np.tril, np.linalg.inv, astype, embed,
    add_embedded, from_rows, join, running_sum, solve_columns,
}  # fmt: skip
VIEWS = {getitem, reshape, np.broadcast_to, np.transpose, np.squeeze, np.expand_dims}
WHOLE_VIEWS = {reshape, np.transpose, np.squeeze, np.expand_dims}  # those that show every entry, once


def is_fresh(node: Node) -> bool:
    """Whether the result is an array of its own."""
    if node.function is getitem:
        index = node.args[1] if type(node.args[1]) is tuple else (node.args[1],)
        return not is_basic(tuple(0 if type(i) is Node and i.shape == () else i for i in index))  # as of an argmax
    return isinstance(node.function, np.ufunc) or node.function in FRESH


def size_of(node: Node) -> int:
    """Bytes of an array."""
    return math.prod(node.shape) * node.dtype.itemsize if node.shape else 0


def takes_out(node: Node) -> bool:
    """Whether the function can compute into a given array."""
    return isinstance(node.function, np.ufunc) and not node.kwargs and node.shape not in ((), None)


class Plan:
    """In whose variable each array lives (`home`), and which variables end after which operation (`dropped`).

    Memory belongs to the node that allocated it, and is free after the last operation on any node that may show it
    (`owners`). An elementwise operation writes over an operand that ends there, or else over an array that is free
    (`reuses` has both); the variable then goes on under its old name.
    """

    def __init__(self, graph: Graph):
        self.foreign = {node for node in graph.nodes if node.function is None or not is_fresh(node)}
        self.owners: dict[Node, frozenset[Node]] = {}
        for node in graph.nodes:
            if node.shape == ():  # one number is never a view: see `_expression`
                self.owners[node] = frozenset()
                continue
            shown = [self.owners[x] for x in node.operands if node in self.foreign]
            own = frozenset().union(*shown)
            self.owners[node] = own if own and node.function in VIEWS else own | {node}
        self.last: dict[Node, int] = {}
        for i, node in enumerate(graph.operations):
            for x in (node, *node.operands):
                self.last.update(dict.fromkeys(self.owners[x], i))
        for x in nodes_in(graph.outputs):
            self.last.update(dict.fromkeys(self.owners[x], len(graph.nodes)))
        self.home: dict[Node, Node] = {node: node for node in graph.inputs}
        self.reuses: set[Node] = set()
        self.dropped: dict[int, list[Node]] = defaultdict(list)
        self._settle(graph)

    def _settle(self, graph: Graph) -> None:
        ending: dict[int, list[Node]] = defaultdict(list)
        for node, i in self.last.items():
            ending[i].append(node)
        free: dict[Any, list[tuple[int, Node]]] = defaultdict(list)  # by shape and dtype: since when, and which
        names: dict[Node, list[Node]] = defaultdict(list)  # all variables that show the memory of one
        for i, node in enumerate(graph.operations):
            over = next((x for x in node.operands if self._may_overwrite(x, node, i)), None)
            if over is not None:
                self.home[node] = self.home[over]
            elif takes_out(node) and size_of(node) >= BUFFER and free[node.shape, node.dtype]:
                self.home[node] = free[node.shape, node.dtype].pop()[1]
            if node in self.home:
                self.reuses.add(node)
            home = self.home.setdefault(node, node)
            for owner in self.owners[node]:
                names[self.home[owner]].append(home)
            for x in ending[i]:
                if x is not over and x not in self.foreign and size_of(x) >= BUFFER:
                    free[x.shape, x.dtype].append((i, self.home[x]))
        gone: set[Node] = set()
        for since, variable in sorted(itertools.chain(*free.values()), key=lambda pair: pair[0]):
            self.dropped[since] += [x for x in dict.fromkeys(names[variable]) if x not in gone]
            gone.update(names[variable])

    def _may_overwrite(self, x: Node, node: Node, i: int) -> bool:
        """Whether the i-th operation, `node`, may write its result over its operand `x`."""
        if node.function is add_embedded:
            fits = x is node.args[0] and not any(x in self.owners[t] for t in node.operands[1:])
        else:
            fits = takes_out(node) and node.function.signature is None and size_of(node) >= BUFFER
        same = (x.shape, x.dtype) == (node.shape, node.dtype)
        return fits and same and x.shape != () and self.owners[x] == {x} and x not in self.foreign and self.last[x] == i

    def must_copy(self, x: Node, given: set[Node]) -> bool:
        """Whether a result shares memory with an argument, a constant or results `given`, or keeps too much of it."""
        if x.shape == () or x in self.owners[x] - self.foreign - given:
            return False
        seen = x
        while seen.function in WHOLE_VIEWS:
            seen = seen.args[0]
        return bool(self.owners[x] & (self.foreign | given)) or seen.function in VIEWS
