"""Simplification: the same results with fewer operations.

A rule looks at one operation, whose operands are already simplified, and says what may stand in its place. `sweep`
takes rules through a graph, from the inputs on; `dead_code` then drops what nothing needs. Whatever goes is written
down in the `removed` of the new graph.

    constants                operations on constants alone are done once
    neutral_elements         x + 0, x · 1, −(−x), a reshape to the same shape, …
    broadcasts               copies that broadcasting makes by itself; arrays of one repeated number
    common_subexpressions    the same operation on the same operands is done once
    dead_code                operations that no result and no guard needs
"""

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import Traced, astype, getitem, reshape
from .graph import Graph, reachable
from .modes import seed
from .recording import Node, guard

# None: the operation stays. Else what stands in its place: an operand or constant, or a list of new nodes in order,
# the last of which is the one.
Rule = Callable[[Node], Any]


def simplify(graph: Graph, first: dict[str, Rule] | None = None) -> Graph:
    """Every rule on every operation, those in `first` before the others; then without dead code."""
    rules = {
        "constant": constants,
        "changes nothing": neutral_elements,
        "broadcasts by itself": broadcasts,
        "computed before": common_subexpressions(),
    }
    return sweep(graph, {**(first or {}), **rules})


def sweep(graph: Graph, rules: dict[str, Rule]) -> Graph:
    """The graph after rules have looked at each operation, without dead code; `removed` says which rule did what."""
    found: dict[Node, Any] = {node: node for node in graph.inputs}
    nodes: list[Node] = []
    gone = list(graph.gone)
    taken = {node.name for node in graph.nodes}
    names = (name for i in itertools.count(1) if (name := f"v{i}") not in taken)
    lookup = lambda x: found[x] if type(x) is Node else x

    def settle(node: Node) -> Any:
        """What stands in place of a new node, when no rule has anything more to say."""
        for why, rule in rules.items():
            better = rule(node)
            if better is None:
                continue
            gone.append((why, node))
            if not isinstance(better, list):
                return better
            better[-1].name = node.name
            made: dict[Any, Any] = {}
            settled = functools.partial(_settled, made)
            for own in better:
                made[own] = settle(own.rewritten(settled, own.name))
            return made[better[-1]]
        node.name = node.name or next(names)
        nodes.append(node)
        return node

    for node in graph.operations:
        found[node] = settle(node.rewritten(lookup, node.name))
    outputs = [lookup(x) for x in graph.outputs]
    kept = dead_code(nodes, outputs, gone)
    if len(gone) == len(graph.gone):
        return graph
    new = graph.with_operations(kept, outputs)
    new.gone = gone
    return new


def _settled(made: dict[Any, Any], x: Any) -> Any:
    return made.get(x, x) if type(x) is Node else x


def like(node: Node, function: Callable, *args: Any, shape: Any = None, dtype: Any = None) -> Node:
    """An operation in place of `node`, of its shape and dtype where nothing else is said, on its line."""
    shape, dtype = node.shape if shape is None else shape, node.dtype if dtype is None else dtype
    return Node(function, args, {}, shape, dtype, node.line)


def dead_code(operations: list[Node], outputs: list, gone: list[tuple[str, Node]]) -> list[Node]:
    """Keep what results and guards need."""
    guards = [node for node in operations if node.function is guard]
    needed = set(reachable([*outputs, *guards]))
    gone += [("not needed", node) for node in operations if node not in needed]
    return [node for node in operations if node in needed]


def constants(node: Node) -> Any:
    """Do an operation on constants alone now, and once."""
    if node.function is seed:
        return node.args[0]
    if node.function is guard or node.operands:
        return None
    with np.errstate(all="ignore"):
        return node.function(*node.args, **node.kwargs)


# --- The same operation twice -------------------------------------------------------------------------------


def common_subexpressions() -> Rule:
    """Do the same operation on the same operands once."""
    seen: dict[Any, Node] = {}

    def share(node: Node) -> Node | None:
        first = seen.setdefault(identity(node), node)
        return None if first is node else first

    return share


COMMUTATIVE = {np.add, np.multiply, np.maximum, np.minimum, np.equal, np.not_equal}


def identity(node: Node) -> Any:
    """What two nodes have in common that compute the same."""
    parts = [_key(x) for x in node.args]
    if node.function in COMMUTATIVE:
        parts.sort(key=hash)
    return node.function, tuple(parts), tuple(sorted((key, _key(x)) for key, x in node.kwargs.items()))


def _key(x: Any) -> Any:
    """A hashable stand-in for an argument: equal for equal constants, and for the same node."""
    if type(x) is Node:
        return x
    if type(x) is tuple or type(x) is list:
        return type(x).__name__, tuple(_key(i) for i in x)
    if isinstance(x, slice):
        return "slice", x.start, x.stop, x.step
    if isinstance(x, np.ndarray | np.generic) and x.size <= 64:
        return "array", x.dtype.str, x.shape, x.tobytes()
    if isinstance(x, Traced | np.ndarray):
        return type(x).__name__, id(x)
    return type(x).__name__, repr(x) if isinstance(x, float | complex) else x  # 0.0 is not -0.0 here, nan is nan


# --- Operations that change nothing -------------------------------------------------------------------------

NEUTRAL_RIGHT = {np.add: 0, np.subtract: 0, np.multiply: 1, np.divide: 1, np.power: 1}
NEUTRAL_LEFT = {np.add: 0, np.multiply: 1}
UNDONE_BY = {np.negative: np.negative, np.conjugate: np.conjugate, np.reciprocal: np.reciprocal}
KEEP_SHAPE_OR_DTYPE = {reshape, astype, np.broadcast_to, np.squeeze, np.positive, np.copy}


def neutral_elements(node: Node) -> Any:
    """Leave out what changes nothing."""
    function, args = node.function, node.args
    same = lambda x: type(x) is Node and (x.shape, x.dtype) == (node.shape, node.dtype)
    if len(args) == 2 and same(args[0]) and is_all(args[1], NEUTRAL_RIGHT.get(function)):
        return args[0]
    if len(args) == 2 and same(args[1]) and is_all(args[0], NEUTRAL_LEFT.get(function)):
        return args[1]
    if function in KEEP_SHAPE_OR_DTYPE and same(args[0]):
        return args[0]
    if not args or type(args[0]) is not Node:
        return None
    inner = args[0]
    if function is getitem and type(args[1]) is tuple and len(args[1]) == 1 and isinstance(args[1][0], slice | int):
        return [like(node, getitem, inner, args[1][0])]
    if function in UNDONE_BY and inner.function is UNDONE_BY[function]:
        return inner.args[0]
    if function is getitem and same(inner) and isinstance(args[1], slice):
        return inner if args[1].indices(inner.shape[0]) == (0, inner.shape[0], 1) else None
    if function is reshape and inner.function is reshape:
        return [like(node, reshape, inner.args[0], node.shape)]
    if function is np.transpose:
        order, turned = axes_of(node), inner.function is np.transpose
        source = inner.args[0] if turned else inner
        order = [axes_of(inner)[axis] for axis in order] if turned else order
        if order == sorted(order):
            return source
        return [like(node, np.transpose, source, tuple(order))] if turned else None
    return None


def axes_of(node: Node) -> list[int]:
    """The order of axes of a transposition."""
    axes = (*node.args[1:], node.kwargs.get("axes"))[0]
    count = len(node.shape)
    return list(range(count))[::-1] if axes is None else [axis % count for axis in axes]


def is_all(x: Any, number: float | None) -> bool:
    """Whether `x` is a constant all of whose entries are this number."""
    if number is None or isinstance(x, Node | Traced | tuple | list):
        return False
    return x == number if isinstance(x, int | float) else np.size(x) > 0 and bool(np.all(x == number))


# --- What broadcasting does by itself -----------------------------------------------------------------------


def broadcasts(node: Node) -> Any:
    """Leave to broadcasting what it does by itself."""
    if not isinstance(node.function, np.ufunc) or node.function.signature or node.kwargs:
        return None
    args = list(node.args)
    for i, x in enumerate(args):
        small = unbroadcast(x)
        if small is not x:
            trial = [*args[:i], small, *args[i + 1 :]]
            if np.broadcast_shapes(*map(shape_of, trial)) == node.shape:
                args = trial
    changed = any(x is not y for x, y in zip(args, node.args, strict=True))
    return [like(node, node.function, *args)] if changed else None


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of a node or constant."""
    return x.shape if type(x) is Node else np.shape(x)


def unbroadcast(x: Any) -> Any:
    """What was repeated to make `x`: the operand of a broadcast, the one number of a constant."""
    if type(x) is Node:
        if x.function is np.broadcast_to and type(x.args[0]) is Node:
            return unbroadcast(x.args[0])
        if x.function is reshape and type(x.args[0]) is Node:
            inner = x.args[0]
            if x.shape == (1,) * (len(x.shape) - len(inner.shape)) + inner.shape:
                return unbroadcast(inner)
        return x
    if isinstance(x, np.ndarray) and x.ndim and x.size and np.isfinite(first := x.flat[0]) and is_all(x, first):
        return first
    return x
