"""Symbolic differentiation: expressions, and their derivatives as expressions.

A program that runs on symbols gives its formula (`autodiff.algebra` has the expressions). The partial derivatives of
`autodiff.tables` are written in NumPy, so they need only be called on expressions: there is no second table of
derivatives here.

Every expression is a graph without repetition. Written out it is a tree, which may be exponentially larger
(`tree_size`, `graph_size`). Differentiated along the graph, it costs what forward mode costs (`differentiate`) or what
reverse mode costs (`gradient`): symbolic differentiation that shares is automatic differentiation.
"""

import functools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .algebra import ONE, ZERO, Expression, chosen, elementwise, expression_of, number, ordered, simplified, symbol
from .arrays import Traced, as_array, astype, name_of
from .errors import AutodiffTypeError, AutodiffValueError
from .graph import Graph
from .nested import Branch, Loop
from .recording import Node, guard, part, replaced, shown, statement
from .rules.linalg import length
from .rules.products import contract
from .tables import PARTIALS, UNKNOWN
from .trees import unflatten

__all__ = [
    "Expression", "almost_everywhere", "differentiate", "evaluate", "expressions", "gradient", "graph_size", "lambdify",
    "symbol", "tree_size",
]  # fmt: skip

# --- Sizes --------------------------------------------------------------------------------------------------


def graph_size(expressions: Any) -> int:
    """The number of distinct parts of an expression, or of several together: its nodes as a graph.

    expressions : an `Expression`, an array or a sequence of them.

    >>> from autodiff import symbolic
    >>> y = symbolic.symbol("x")
    >>> for _ in range(30):
    ...     y = 4 * y * (1 - y)
    >>> symbolic.graph_size(y), symbolic.tree_size(y)
    (122, 5368709117)
    """
    return len(ordered(expressions))


def tree_size(expressions: Any) -> int:
    """The number of parts of an expression, or of several together, written out: its nodes as a tree.

    It is added up along the graph; no tree is built. See `graph_size` for an example.
    """
    return sum(x.tree_size for x in map(expression_of, np.ravel(np.asarray(expressions, object))))


def rewritten(expression: Expression, rewrite: Callable[[Any, tuple], Any]) -> Any:
    """An expression rebuilt from below by `rewrite(part, new operands)`."""
    found: dict[Expression, Any] = {}
    for x in ordered(expression):
        found[x] = rewrite(x, tuple([found[operand] for operand in x.operands]))
    return found[expression]


def almost_everywhere(expression: Expression) -> Expression:
    """The expression without its exceptional points: where it says `a == b ? special : general`, the general case.

    >>> from autodiff import symbolic
    >>> x, n = symbolic.symbol("x"), symbolic.symbol("n")
    >>> symbolic.almost_everywhere(symbolic.differentiate(x**n, x))
    n*x**(n - 1)
    """

    def rewrite(x: Expression, operands: tuple) -> Expression:
        if x.function is np.where and operands[0].function is np.equal:
            return operands[2]
        return simplified(x.function, *operands) if operands else x

    return rewritten(expression, rewrite)


# --- Derivatives --------------------------------------------------------------------------------------------

# Of where(condition, x, y), as the table has them for other functions: the chosen operand passes.
_CHOSEN = None, lambda z, c, x, y: chosen(c, ONE, ZERO), lambda z, c, x, y: chosen(c, ZERO, ONE)


def partials(x: Expression) -> list[tuple[Expression, Callable[[], Expression]]]:
    """The operands of `x` on which it depends smoothly, each with what gives the partial derivative, or its error."""
    table = _CHOSEN if x.function is np.where else PARTIALS.get(x.function, ())

    def called(partial: Any) -> Expression:
        return number(partial) if isinstance(partial, int) else expression_of(partial(x, *x.operands))

    def unknown(_: None) -> Expression:
        raise AutodiffTypeError(
            f"{name_of(x.function)} has a derivative with respect to its last argument alone; the others must not hold "
            "the symbol"
        )

    pairs = zip(x.operands, table, strict=False)  # functions that are constant between jumps have an empty table
    return [
        (operand, functools.partial(unknown if partial is None else called, partial))
        for operand, partial in pairs
        if partial is not None or x.function in UNKNOWN
    ]


def differentiate(expression: Any, by: Expression) -> Expression:
    """The derivative of an expression with respect to a symbol, each distinct part differentiated once: forward mode.

    Occurrence by occurrence, as on paper, the result is the same after `expression.tree_size` steps instead of
    `graph_size(expression)`. Conventions at kinks are those of `autodiff.rules.elementwise`. Source: Laue (2019), "On
    the equivalence of automatic and symbolic differentiation".

    Raises `AutodiffTypeError` where `by` is no symbol, or is in an argument for which a function of SciPy has no rule.

    >>> from autodiff import symbolic
    >>> x = symbolic.symbol("x")
    >>> symbolic.differentiate(np.sin(x) ** 2, x)
    2*cos(x)*sin(x)
    """
    expression = expression_of(expression)
    _check_symbols([by])
    dots = {by: ONE}
    for x in ordered(expression):
        terms = [partial() * dots[operand] for operand, partial in partials(x) if operand in dots]
        if terms:
            dots[x] = functools.reduce(operator.add, terms)
    return dots.get(expression, ZERO)


def gradient(expression: Any, by: Sequence[Expression]) -> list[Expression]:
    """The derivatives of an expression with respect to symbols, in one sweep from its end: reverse mode.

    by : a sequence (or array) of symbols. The derivatives share what they have in common.

    Raises `AutodiffTypeError` as `differentiate`.

    >>> from autodiff import symbolic
    >>> x, y = symbolic.symbol("x"), symbolic.symbol("y")
    >>> symbolic.gradient(x * np.exp(y), [x, y])
    [exp(y), x*exp(y)]
    """
    expression, by = expression_of(expression), list(np.ravel(np.asarray(by, object)))
    _check_symbols(by)
    parts = ordered(expression)
    depends = set(by)
    for x in parts:
        if not depends.isdisjoint(x.operands):
            depends.add(x)
    bars = {expression: ONE}
    for x in reversed(parts):
        if x in bars:
            for operand, partial in partials(x):
                if operand in depends:
                    bars[operand] = bars.get(operand, ZERO) + bars[x] * partial()
    return [bars.get(x, ZERO) for x in by]


def _check_symbols(by: Iterable) -> None:
    for x in by:
        if type(x) is not Expression or not x.name:
            raise AutodiffTypeError(f"the derivative is taken with respect to a symbol, not to {x!r}: use symbol('x')")


# --- Numbers for symbols ------------------------------------------------------------------------------------


def lambdify(symbols: Sequence[Expression], expressions: Any) -> Callable:
    """An expression, or an array or sequence of them, as a NumPy function of the symbols, in this order.

    The function computes each distinct part once, takes numbers or arrays (which broadcast), and can be
    differentiated, traced and compiled as any other. Of an array or sequence of expressions it gives an array, their
    axes first.

    Raises `AutodiffValueError` where an expression has other symbols.

    >>> import autodiff as ad
    >>> from autodiff import symbolic
    >>> x = symbolic.symbol("x")
    >>> f = symbolic.lambdify([x], x**3)
    >>> f(2.0), ad.grad(f)(2.0)
    (np.float64(8.0), np.float64(12.0))
    """
    symbols, results = list(symbols), np.asarray(expressions, object)
    _check_symbols(symbols)
    parts, known = ordered(results), set(symbols)
    for x in parts:
        if x.name and x not in known:
            raise AutodiffValueError(f"the expression has the symbol {x.name}, which is not among those given")

    def function(*values: Any) -> Any:
        found = dict(zip(symbols, (as_array(float(v) if isinstance(v, int) else v) for v in values), strict=True))
        for x in parts:
            if x.operands:
                y = x.function(*[found[operand] for operand in x.operands])
                found[x] = y if type(y) is Traced else y[()]
            elif not x.name:
                found[x] = x.value
        numbers = [as_array(found[expression_of(x)]) for x in results.flat]
        if not results.ndim:
            return numbers[0]
        shape = np.broadcast_shapes(*(y.shape for y in numbers))
        return np.stack([np.broadcast_to(y, shape) for y in numbers]).reshape(results.shape + shape)

    return function


def evaluate(expressions: Any, values: Mapping[Expression, Any]) -> Any:
    """The value of an expression, or of an array or sequence of them, where symbols have these values; see `lambdify`.

    >>> from autodiff import symbolic
    >>> x = symbolic.symbol("x")
    >>> symbolic.evaluate(x**2 + 1, {x: np.array([1.0, 2.0])})
    array([2., 5.])
    """
    return lambdify(list(values), expressions)(*values.values())


# --- Programs -----------------------------------------------------------------------------------------------


def expressions(graph: Graph) -> Any:
    """What a graph computes, as expressions of symbols with its inputs' names; arrays of them where it has arrays.

    A conditional of `ad.cond` becomes a choice between expressions.

    Raises `AutodiffTypeError` where Python branched on values while the graph was recorded, for a `while_loop`, and for
    functions, such as `np.linalg.solve`, that have no formula for each number: none of them is an expression.

    >>> import autodiff as ad
    >>> from autodiff import symbolic
    >>> symbolic.expressions(ad.trace(lambda x: np.sum(np.sin(x) ** 2), np.zeros(2)))
    sin(x_0)**2 + sin(x_1)**2
    """
    return unflatten(graph.result, _run(graph, [symbol(x.name, x.shape) for x in graph.inputs]))


def _run(graph: Graph, values: Sequence) -> list:
    """The graph's `run`, on expressions and arrays of them."""
    found: dict[Node, Any] = dict(zip(graph.inputs, values, strict=True))
    value = lambda x: found[x] if type(x) is Node else x
    for x in graph.operations:
        try:
            found[x] = _applied(x, replaced(x.args, value), {key: replaced(v, value) for key, v in x.kwargs.items()})
        except (TypeError, IndexError) as error:  # an index may be a symbol, too
            raise AutodiffTypeError(f"{statement(x)} ({shown(x.line)}) is no expression: {error}") from error
    return [value(x) for x in graph.outputs]


def _applied(x: Node, args: tuple, kwargs: dict) -> Any:
    if x.function is guard:
        raise AutodiffTypeError("Python branched on a value here; keep both sides with ad.cond or np.where")
    if isinstance(x.function, Loop):
        raise AutodiffTypeError("a loop until a condition holds has no closed form")
    if isinstance(x.function, Branch):
        sides = [_run(graph, args[1:]) for graph in x.function.graphs]
        return tuple(elementwise(np.where, (args[0], *pair)) for pair in zip(*sides, strict=True))
    if x.function is part:
        return args[0][args[1]]
    if x.function is np.where or (isinstance(x.function, np.ufunc) and x.function.signature is None):
        return elementwise(x.function, args)
    y = OF_OBJECTS.get(x.function, x.function)(
        *(np.asarray(v, object) if type(v) is Expression else v for v in args), **kwargs
    )
    return y if x.shape or type(y) is Expression else y[()]


def _extreme(function: np.ufunc) -> Callable:
    of_two = np.frompyfunc(functools.partial(simplified, function), 2, 1, identity=None)  # None: in any order
    return lambda a, axis=None, keepdims=False: of_two.reduce(a, axis=axis, keepdims=keepdims)


OF_OBJECTS: dict[Callable, Callable] = {
    np.max: _extreme(np.maximum),
    np.min: _extreme(np.minimum),
    np.real: lambda a: a,
    astype: lambda a, dtype: elementwise(np.trunc, (a,)) if dtype.kind in "iu" else a,
    contract: lambda subscripts, arrays: np.einsum(subscripts, *arrays),  # an order of products is for floats
    length: lambda x, axes, keepdims: np.sqrt(np.sum(x * x, axis=axes, keepdims=keepdims)),
}
"""Functions that NumPy does not have for arrays of objects, or has otherwise."""
