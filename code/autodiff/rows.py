"""Rows: an array most of whose rows are zero, computed as the rows that are not. One of the rewrites of `compile`.

A Jacobian by columns pushes all unit tangents through a program at once. What depends on x[0] alone has a tangent
with one row that is not zero, among as many rows as there are inputs:

    [1, 0, 0]ᵀ · y          one row, y, and two of zeros
    (one row) · u           one row
    (one row) + (another)   two rows

So these rows are computed one by one, and stand together (`from_rows`) where an operation needs them all, or at the
end. A zero stays zero then, also times infinity or NaN: as in a Jacobian by rows, which never meets these products.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import astype, dispatched, getitem, reshape
from .graph import Graph
from .modes import seed
from .recording import Node, replaced
from .rules.indexing import embed, is_basic
from .simplify import axes_of, like, neutral_elements, shape_of, sweep

Rows = dict[int, Any]  # the rows that are not zero, by their place
FEW = 8  # rows that are looked after one by one
CALL, NUMBER = 1000, 100  # what a call costs beside its entries, in entries: of NumPy, of Python's arithmetic
SLACK = 1.5  # how much dearer rows may be in one operation than the array: that has to be filled, and added to, as well


@dispatched
def from_rows(rows: tuple, places: tuple[int, ...], shape: tuple[int, ...], dtype: np.dtype) -> Any:
    """Zeros of this shape, but for `rows` at `places`."""
    whole = np.zeros(shape, dtype)
    for i, row in zip(places, rows, strict=True):
        whole[i] = row
    return whole


def by_rows(graph: Graph) -> Graph:
    """The graph with arrays of few rows in rows, if that is less work."""
    if not any(node.function is seed or few_rows(node) for node in graph.operations):
        return graph
    apart = sweep(graph, {"in rows": in_rows, "changes nothing": neutral_elements})
    return min(graph, apart, key=work)


def work(graph: Graph) -> float:
    """An estimate of the time that a graph takes, in entries of elementwise operations; seeds are constants."""
    known: set[Node] = set()
    total = 0
    for node in graph.operations:
        if node.function is seed or (node.operands and known.issuperset(node.operands)):
            known.add(node)
        elif node.shape:
            total += CALL * (len(node.args[0]) if node.function is from_rows else 1) + math.prod(node.shape)
        else:
            total += NUMBER
    return total


def few_rows(x: Any) -> Rows:
    """The rows of an array that are not zero, where they are known and few; else none."""
    if type(x) is not Node or not x.shape or x.shape[0] < 2:
        return {}
    if x.function is from_rows:
        return dict(zip(x.args[1], x.args[0], strict=True))
    if x.function is seed:
        return rows_of_constant(x.args[0])
    index = x.args[1] if x.function is embed else None
    if type(index) is tuple and len(index) == 1 and type(index[0]) is int:
        return {index[0] % x.shape[0]: x.args[0]}
    return {}


def rows_of_constant(x: np.ndarray) -> Rows:
    """The rows of a constant that are not zero, where they are few."""
    found = np.flatnonzero(np.any(x != 0, axis=tuple(range(1, x.ndim)))).tolist()
    return {i: x[i] for i in found} if len(found) <= min(FEW, len(x) - 1) else {}


def in_rows(node: Node) -> Any:
    """An operation row by row, where it makes zeros of zeros and the rows are few; one on seeds done now."""
    if not node.shape or node.dtype.kind not in "fc" or (node.kwargs and isinstance(node.function, np.ufunc)):
        return None
    if node.function is not seed and node.operands and all(x.function is seed for x in node.operands):
        known = lambda x: x.args[0] if type(x) is Node else x
        return [like(node, seed, node.function(*replaced(node.args, known), **node.kwargs), node.operands[0])]
    made: list[Node] = []
    rows = ROW_BY_ROW[node.function](node, made) if node.function in ROW_BY_ROW else {}
    if not rows or len(rows) > FEW:
        return None
    return [*made, like(node, from_rows, tuple(rows.values()), tuple(rows), node.shape, node.dtype)]


# --- Operations, row by row ---------------------------------------------------------------------------------
# Each gives the rows of its result, and takes down in `made` the operations on rows; none where it does not apply.


def pays(count: int, node: Node) -> bool:
    """Whether an operation on so many rows costs no more than the one on all."""
    size = math.prod(node.shape[1:])
    each = CALL + size if node.shape[1:] else NUMBER
    return count * each <= SLACK * (CALL + node.shape[0] * size)


def along(node: Node, made: list[Node], *args: Any, **kwargs: Any) -> Node:
    """What `node` does, done to a row."""
    made.append(Node(node.function, args, kwargs, node.shape[1:], node.dtype, node.line))
    return made[-1]


def spanning(x: Any, node: Node) -> Rows:
    """The few rows of an operand whose rows are those of an elementwise operation."""
    shape = shape_of(x)
    return few_rows(x) if len(shape) == len(node.shape) and shape[0] == node.shape[0] else {}


def row(x: Any, i: int, node: Node, made: list[Node]) -> Any:
    """The i-th row of an operand of an elementwise operation; all of an operand that is the same for each row."""
    shape = shape_of(x)
    if len(shape) < len(node.shape):
        return x
    i = i if shape[0] > 1 else 0
    if type(x) is not Node:
        return x[i]
    made.append(like(node, getitem, x, i, shape=shape[1:], dtype=x.dtype))
    return made[-1]


def products(node: Node, made: list[Node]) -> Rows:
    """x · y, where x or y has few rows."""
    known = [spanning(x, node) for x in node.args]
    places = set.intersection(*(set(rows) for rows in known if rows)) if any(known) else ()
    if not pays(len(places), node):
        return {}
    factor = lambda x, rows, i: rows[i] if rows else row(x, i, node, made)
    return {i: along(node, made, *map(factor, node.args, known, [i, i])) for i in sorted(places)}


def quotients(node: Node, made: list[Node]) -> Rows:
    """x / y, where x has few rows."""
    x, y = node.args
    rows = spanning(x, node)
    return {i: along(node, made, t, row(y, i, node, made)) for i, t in rows.items()} if pays(len(rows), node) else {}


def sums(node: Node, made: list[Node]) -> Rows:
    """x + y or x − y, where both have few rows, and mostly different ones."""
    x, y = node.args
    if not shape_of(x) == shape_of(y) == node.shape:
        return {}
    left, right = (few_rows(t) if type(t) is Node else rows_of_constant(t) for t in (x, y))
    if not (left and right) or not pays(len(left.keys() & right), node):
        return {}
    rows = dict(left)
    for i, t in right.items():
        if i in left:
            rows[i] = along(node, made, left[i], t)
        elif node.function is np.add:
            rows[i] = t
        else:
            rows[i] = like(node, np.negative, t, shape=node.shape[1:])
            made.append(rows[i])
    return dict(sorted(rows.items()))


def kept(node: Node, made: list[Node]) -> Rows:
    """np.where(mask, x, 0), where x has few rows."""
    mask, x, other = node.args
    rows = {} if isinstance(other, Node | np.ndarray) or other != 0 else spanning(x, node)
    if not pays(len(rows), node):
        return {}
    return {i: along(node, made, row(mask, i, node, made), t, other) for i, t in rows.items()}


def matrix_products(node: Node, made: list[Node]) -> Rows:
    """x @ w, where one row of x is not zero, and w is the same for each."""
    x, w = node.args
    rows = few_rows(x) if len(shape_of(x)) > 1 and len(shape_of(w)) in (1, 2) else {}
    return {i: along(node, made, t, w) for i, t in rows.items()} if len(rows) == 1 else {}


def within(arguments: Callable[[Node], tuple | None]) -> Callable[[Node, list[Node]], Rows]:
    """A linear function of one array that leaves its rows apart; `arguments` of a row, None where rows mix."""

    def rows(node: Node, made: list[Node]) -> Rows:
        found = few_rows(node.args[0])
        if not found or not pays(len(found), node) or node.shape[0] != shape_of(node.args[0])[0]:
            return {}
        args = arguments(node)
        return {} if args is None else {i: along(node, made, t, *args, **node.kwargs) for i, t in found.items()}

    return rows


def _sum_of_row(node: Node) -> tuple | None:
    x, *axes = node.args
    if node.kwargs.keys() - {"keepdims"} or len(axes) != 1 or axes[0] is None:
        return None
    inner = tuple(axis % len(x.shape) - 1 for axis in (axes[0] if type(axes[0]) is tuple else axes))
    return None if -1 in inner else (inner,)


def _transpose_of_row(node: Node) -> tuple | None:
    first, *axes = axes_of(node)
    return None if first or node.kwargs else (tuple(axis - 1 for axis in axes),)


def _rest(index: Any) -> Any:
    """An index of an array as one of each of its rows; None where it touches the first axis."""
    if type(index) is not tuple or len(index) < 2 or type(index[0]) is not slice or index[0] != slice(None):
        return None
    return index[1:] if is_basic(index) or len(index) == 2 else None


def _item_of_row(node: Node) -> tuple | None:
    rest = _rest(node.args[1])
    return None if rest is None else (rest,)


def _embedded_row(node: Node) -> tuple | None:
    rest = _rest(node.args[1])
    return None if rest is None else (rest, node.shape[1:])


def _broadcast_of_row(node: Node) -> tuple | None:
    return (node.shape[1:],) if len(node.args[0].shape) == len(node.shape) else None


ROW_BY_ROW: dict[Callable, Callable[[Node, list[Node]], Rows]] = {
    np.multiply: products,
    np.divide: quotients,
    np.add: sums,
    np.subtract: sums,
    np.where: kept,
    np.matmul: matrix_products,
    np.negative: within(lambda node: ()),
    astype: within(lambda node: node.args[1:]),
    reshape: within(lambda node: (node.shape[1:],)),
    np.broadcast_to: within(_broadcast_of_row),
    np.sum: within(_sum_of_row),
    np.transpose: within(_transpose_of_row),
    getitem: within(_item_of_row),
    embed: within(_embedded_row),
}
