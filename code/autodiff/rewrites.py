"""Rewrites: the same results up to rounding, in fewer passes over memory. What `compile` does beyond `simplify`.

by_rows        an array of few rows that are not zero is computed by rows: see `rows`
plain_terms    a mean is a sum and a quotient, a small power a few products
factors        signs and constant factors wander outwards through products and sums, and meet there; a product
               with a reciprocal is a quotient
outer_sums     a sum of outer products is one matrix product, a sum of many small vectors one reduction
short_sums     a sum along short rows, or over them, is a product with ones
placements     a slice is added into its place, not embedded in zeros first
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .arrays import dispatched, getitem, reshape
from .custom import stopped
from .graph import Graph
from .recording import Node, nodes_in
from .rows import by_rows, from_rows
from .rules.indexing import add_at, embed
from .rules.shapes import join
from .simplify import Rule, like, shape_of, simplify, sweep


def rewritten(graph: Graph) -> Graph:
    """The graph after simplification and all rewrites."""
    graph = simplify(by_rows(graph), {"in plain terms": plain_terms})
    for rule in (factors, factors, outer_sums):  # one sweep brings factors out, the next merges them
        graph = sweep(graph, {"in one": rule(graph)})
    return simplify(graph, {"as a product": short_sums, "in place": placements(graph)})


def uses(graph: Graph) -> Counter:
    """How often each node is an operand or a result, by name."""
    operands = (x.name for node in graph.operations for x in node.operands)
    return Counter([*operands, *(x.name for x in nodes_in(graph.outputs))])


# --- Plain terms --------------------------------------------------------------------------------------------


def plain_terms(node: Node) -> Any:
    """Operations in terms of cheaper ones."""
    return PLAIN[node.function](node) if node.function in PLAIN else None


def is_precise(x: Any, node: Node) -> bool:
    """Whether `x` is a node of the dtype of `node`, and that is one in which rounding on the way does not show."""
    return type(x) is Node and x.dtype == node.dtype and node.dtype.kind in "fc" and node.dtype.itemsize >= 4


def _mean(node: Node) -> list[Node] | None:
    x = node.args[0]
    if not is_precise(x, node) or node.kwargs.keys() - {"axis", "keepdims"} or len(node.args) > 2:
        return None
    total = Node(np.sum, node.args, node.kwargs, node.shape, node.dtype, node.line)
    count = math.prod(x.shape) // max(math.prod(node.shape), 1)
    return [total, like(node, np.divide, total, count)]


def _small_power(node: Node) -> list[Node] | None:
    x, n = node.args
    if not is_precise(x, node) or type(n) not in (int, float) or n not in (2, 3, 4):
        return None
    square = like(node, np.square, x)
    last = {2: [], 3: [like(node, np.multiply, square, x)], 4: [like(node, np.square, square)]}
    return [square, *last[int(n)]]


def _embedded_number(node: Node) -> list[Node] | None:
    x = node.args[0]
    return [like(node, reshape, x, ())] if node.shape == () and math.prod(shape_of(x)) == 1 else None


PLAIN: dict[Any, Rule] = {
    **dict.fromkeys((stopped, np.copy), lambda node: node.args[0]),
    **dict.fromkeys((np.expand_dims, np.squeeze), lambda node: [like(node, reshape, node.args[0], node.shape)]),
    np.mean: _mean,
    np.power: _small_power,
    embed: _embedded_number,
}


# --- Factors ------------------------------------------------------------------------------------------------


def number(x: Any) -> float | None:
    """A constant real number, of a size that can be multiplied with others."""
    if isinstance(x, bool | Node) or not isinstance(x, int | float | np.floating):
        return None
    value = float(x)
    return value if 1e-12 < abs(value) < 1e12 else None


LINEAR = {np.sum, reshape, np.transpose}  # functions through which a factor passes


def factors(graph: Graph) -> Rule:
    """Move signs and constant factors outwards."""
    count = uses(graph)

    def scaled(x: Any) -> tuple[float, Any] | None:
        """c and a, where x = c · a is used here alone."""
        if type(x) is not Node or count[x.name] > 1:
            return None
        if x.function is np.negative:
            return -1.0, x.args[0]
        if x.function is np.multiply and x.dtype == getattr(x.args[1], "dtype", None):
            c = number(x.args[0])
            return None if c is None or type(x.args[1]) is not Node else (c, x.args[1])
        return None

    def move(node: Node) -> Any:
        if node.function not in moves or node.dtype.kind != "f" or node.kwargs.keys() - {"axis", "keepdims"}:
            return None
        return moves[node.function](node, *node.args)

    def negated(node: Node, x: Any) -> Any:
        found = scaled(x)
        return absorbed(node, -1.0, x) if found is None else times(node, -found[0], found[1])

    def through(node: Node, x: Any, *rest: Any) -> Any:
        found = scaled(x)
        if found is None or found[1].shape != x.shape or found[1].dtype != node.dtype:
            return None
        inner = Node(node.function, (found[1], *rest), node.kwargs, node.shape, node.dtype, node.line)
        return [inner, *listed(times(node, found[0], inner))]

    def absorbed(node: Node, c: float, x: Any) -> list[Node] | None:
        """c · x with c at a smaller factor of the product x, or of one of its factors, if there is one."""
        if type(x) is not Node or x.function is not np.multiply or count[x.name] > 1 or x.dtype != node.dtype:
            return None
        for small, other in (x.args, x.args[::-1]):
            if type(small) is Node and small.dtype == node.dtype:
                shrinks = small.shape != node.shape
                made = listed(times(small, c, small)) if shrinks else absorbed(small, c, small)
                if made:
                    return [*made, like(node, np.multiply, other, made[-1])]
        return None

    def product(node: Node, x: Any, y: Any) -> Any:
        if number(y) is not None:
            x, y = y, x
        c = number(x)
        if c is not None and type(y) is Node and y.dtype == node.dtype:
            found = scaled(y)
            if found is not None:
                return times(node, c * found[0], found[1])
            return absorbed(node, c, y) or (None if x is node.args[0] else [like(node, np.multiply, x, y)])
        for a, b in ((x, y), (y, x)):
            found = scaled(a)
            if found is not None and fits(found[1], node):
                rest = like(node, np.multiply, found[1], b)
                return [rest, *listed(times(node, found[0], rest))]
            if type(a) is Node and a.function is np.divide and count[a.name] == 1 and number(a.args[0]) is not None:
                rest = like(node, np.divide, b, a.args[1])
                if fits(b, node):
                    return [rest, *listed(times(node, number(a.args[0]) or 1.0, rest))]
        return None

    def quotient(node: Node, x: Any, y: Any) -> Any:
        found, c = scaled(x), number(y)
        if found is None or not fits(found[1], node):
            return None
        if c is not None:
            return times(node, found[0] / c, found[1])
        rest = like(node, np.divide, found[1], y)
        return [rest, *listed(times(node, found[0], rest))]

    def total(node: Node, x: Any, y: Any) -> Any:
        plus = node.function is np.add
        if plus and x is y and fits(x, node):
            return times(node, 2.0, x)
        for a, b, sign in ((x, y, plus), (y, x, True)):
            found = scaled(b)
            if found is not None and found[0] == -1.0 and (plus or b is y):
                return [like(node, np.subtract if sign else np.add, a, found[1])]
        return None

    moves: dict[Any, Callable] = {
        np.negative: negated,
        np.multiply: product,
        np.divide: quotient,
        **dict.fromkeys((np.add, np.subtract), total),
        **dict.fromkeys(LINEAR, through),
    }
    return move


def fits(x: Any, node: Node) -> bool:
    """Whether `x` is a node of the dtype and shape of `node`."""
    return type(x) is Node and (x.shape, x.dtype) == (node.shape, node.dtype)


def times(node: Node, c: float, a: Node) -> Any:
    """c · a in place of a node."""
    if c == 1:
        return a
    return [like(node, np.negative, a)] if c == -1 else [like(node, np.multiply, c, a)]


def listed(made: Any) -> list:
    return made if isinstance(made, list) else []


# --- Sums of many terms -------------------------------------------------------------------------------------

MANY = 8  # vectors, from which on one reduction is quicker than additions one by one


def outer_sums(graph: Graph) -> Rule:
    """Gather the terms of sums."""
    count = uses(graph)
    inside = {
        x.name
        for node in graph.operations
        if node.function is np.add
        for x in node.operands
        if x.function is np.add and x.shape == node.shape and count[x.name] == 1
    }

    def gather(node: Node) -> Any:
        if node.function is not np.add or node.name in inside or not node.name or node.dtype.kind not in "fc":
            return None
        terms = terms_of(node, inside)
        outer = [pair for x in terms if (pair := outer_factors(x)) is not None and count[x.name] == 1]
        if len(outer) > 1:
            rest = [x for x in terms if outer_factors(x) is None or count[x.name] > 1]
            left, right = (stacked(node, side) for side in zip(*outer, strict=True))
            turned = like(node, np.transpose, left[-1], shape=left[-1].shape[::-1])
            made = [*left, *right, turned, like(node, np.matmul, turned, right[-1])]
            for x in rest:
                made.append(like(node, np.add, made[-1], x))
            return made
        if len(terms) >= MANY and all(fits(x, node) and len(x.shape) == 1 for x in terms):
            rows = stacked(node, terms)
            return [*rows, Node(np.sum, (rows[-1], 0), {}, node.shape, node.dtype, node.line)]
        return None

    return gather


def terms_of(node: Node, inside: set[str]) -> list:
    """The terms of a sum of sums."""
    terms, ahead = [], [node]
    while ahead:
        x = ahead.pop()
        if x is node or (type(x) is Node and x.name in inside):
            ahead += reversed(x.args)
        else:
            terms.append(x)
    return terms


def outer_factors(x: Any) -> tuple[Any, Any] | None:
    """u and v, where x is the matrix u vᵀ written as u[..., None] * v."""
    if type(x) is not Node or x.function is not np.multiply or len(x.shape) != 2:
        return None
    u, v = x.args
    column = type(u) is Node and u.function is getitem and _is_column(u.args[1])
    vector = len(np.shape(v) if type(v) is not Node else v.shape) == 1
    return (u.args[0], v) if column and vector and x.dtype == v.dtype == u.dtype else None


def _is_column(index: Any) -> bool:
    """Whether an index makes a column of a vector."""
    return type(index) is tuple and len(index) == 2 and index[0] is Ellipsis and index[1] is None


def stacked(node: Node, vectors: Iterable) -> list[Node]:
    """Vectors as the rows of a matrix."""
    vectors = tuple(vectors)
    size = vectors[0].shape[0]
    flat = like(node, join, vectors, 0, shape=(len(vectors) * size,))
    return [flat, like(node, reshape, flat, (len(vectors), size), shape=(len(vectors), size))]


SHORT, LONG = 64, 1 << 12  # numbers in a row, in the array


def short_sums(node: Node) -> Any:
    """Sum along short rows, or over short rows, by a product with ones: NumPy's own loops start anew at each row."""
    if node.function is not np.sum or node.kwargs.keys() - {"axis", "keepdims"} or len(node.args) > 2:
        return None
    x, axis = (*node.args, node.kwargs.get("axis"))[:2]
    axis = axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis
    if type(axis) is not int or len(x.shape) < 2 or x.dtype != node.dtype or node.dtype.kind != "f":
        return None
    behind = axis % len(x.shape) - len(x.shape)
    if x.shape[-1] > SHORT or math.prod(x.shape) < LONG or behind < -2 or not isinstance(x.function, np.ufunc):
        return None
    ones = np.ones(x.shape[behind], x.dtype)
    if behind == -1:
        product = like(node, np.matmul, x, ones, shape=x.shape[:-1])
    else:
        product = like(node, np.matmul, ones[None], x, shape=(*x.shape[:-2], 1, x.shape[-1]))
    return [product, like(node, reshape, product, node.shape)]


# --- Places -------------------------------------------------------------------------------------------------


@dispatched
def add_embedded(total: Any, t: Any, index: Any, sign: int) -> Any:
    """`total` with `t`, or with −t, added at `index`."""
    return add_at(np.array(total), t if sign > 0 else -t, index)


def placements(graph: Graph) -> Rule:
    """Add embedded arrays, and few rows, into their places."""
    count = uses(graph)

    def place(node: Node) -> Any:
        if node.function not in (np.add, np.subtract):
            return None
        x, y = node.args
        sign = 1 if node.function is np.add else -1
        if not pieces(y) and sign > 0:
            x, y = y, x
        if not pieces(y) or not fits(x, node) or not fits(y, node) or x.shape == ():
            return None
        made = [x]
        for t, index in pieces(y):
            negative = type(t) is Node and t.function is np.negative and count[t.name] == 1
            t, own = (t.args[0], -sign) if negative else (t, sign)
            made.append(like(node, add_embedded, made[-1], t, index, own))
        return made[1:]

    def pieces(x: Any) -> list[tuple]:
        """What stands in an array of zeros that is used here alone, and where."""
        if type(x) is not Node or count[x.name] > 1:
            return []
        if x.function is from_rows and len(x.args[0]) < x.shape[0]:
            return list(zip(x.args[0], x.args[1], strict=True))
        return [x.args[:2]] if x.function is embed else []

    return place
