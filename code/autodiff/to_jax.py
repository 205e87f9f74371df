"""To JAX: a graph as a function of `jax.numpy`, to be jitted, batched and sharded there.

NumPy's functions, and SciPy's, are JAX's of the same name. Our own primitives are written in NumPy, so the same code,
with `jax.numpy` in the place of `numpy`, is their translation; a table has the few that write into arrays. Branches
and loops become `lax.cond` and `lax.while_loop`.
"""

import functools
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .arrays import getitem, name_of
from .errors import AutodiffError, StaleGraphError
from .graph import Graph
from .nested import Branch, Loop
from .recording import Node, guard, part, replaced, shown, statement
from .rules.indexing import embed
from .trees import flatten, unflatten


def to_jax(graph: Graph) -> Callable:
    """A graph as a function of JAX arrays; see `Graph.to_jax`."""
    try:
        import jax
    except ImportError as error:
        raise AutodiffError("Graph.to_jax needs JAX, which is not installed: pip install jax") from error
    run = translated(graph, jax)

    @functools.wraps(graph)
    def of_jax(*args: Any) -> Any:
        leaves, structure = flatten(args)
        shapes = [x.shape if type(x) is Node else () for x in graph.arguments]
        if structure != graph.structure or [np.shape(x) for x in leaves] != shapes:
            raise StaleGraphError(f"{graph.__name__} takes {graph.structure} of shapes {shapes}: trace it for others")
        values = [x for x, own in zip(leaves, graph.arguments, strict=True) if type(own) is Node]
        return unflatten(graph.result, run(values))

    return of_jax


def translated(graph: Graph, jax: Any) -> Callable[[Sequence], list]:
    """The graph's `run`, in JAX."""
    for node in graph.operations:
        if node.function is guard:
            raise AutodiffError(
                f"{graph.__name__} branches in Python at {shown(node.line)}: JAX could not tell when the other side is "
                "due. Keep both sides with ad.cond, ad.while_loop or np.where, then trace again."
            )
    functions = {node: in_jax(node, jax) for node in graph.operations}

    def run(values: Sequence) -> list:
        found: dict[Node, Any] = dict(zip(graph.inputs, values, strict=True))
        value = lambda x: found[x] if type(x) is Node else x
        for node in graph.operations:
            named = {key: replaced(x, value) for key, x in node.kwargs.items()}
            found[node] = functions[node](*replaced(node.args, value), **named)
        return [jax.numpy.asarray(value(x)) for x in graph.outputs]

    return run


def in_jax(node: Node, jax: Any) -> Callable:
    """JAX's word for the function of a node."""
    function, jnp = node.function, jax.numpy
    homes = {"np": jnp, "scipy": jax.scipy}
    if function in OWN:
        return functools.partial(OWN[function], jnp)
    if isinstance(function, Branch | Loop):
        return CONTROL[type(function)](function, jax)
    path = name_of(function).split(".")
    own = getattr(function, "__wrapped__", None)
    if path[0] in homes:
        found = functools.reduce(lambda room, name: getattr(room, name, None), path[1:], homes[path[0]])
        if found is not None:
            return _with_dtype(found) if isinstance(function, np.ufunc) and "dtype" in node.kwargs else found
    elif isinstance(own, types.FunctionType) and own.__module__.startswith("autodiff"):
        names = {**own.__globals__, "np": jnp}
        return types.FunctionType(own.__code__, names, own.__name__, own.__defaults__, own.__closure__)
    raise AutodiffError(f"{statement(node)} ({shown(node.line)}): {name_of(function)} has no counterpart in JAX")


def _embed(jnp: Any, t: Any, index: Any, shape: tuple[int, ...]) -> Any:
    return jnp.zeros(shape, t.dtype).at[_plain(index)].add(t)


def _getitem(jnp: Any, x: Any, index: Any) -> Any:
    return jnp.asarray(x)[_plain(index)]


def _plain(index: Any) -> Any:
    """An index with arrays in the place of lists, which JAX refuses."""
    if isinstance(index, tuple):
        return tuple(map(_plain, index))
    return np.asarray(index, None if index else int) if isinstance(index, list) else index


def _with_dtype(ufunc: Callable) -> Callable:
    return lambda *args, dtype: ufunc(*args).astype(dtype)


OWN: dict[Callable, Callable] = {
    part: lambda jnp, results, i: results[i],
    getitem: _getitem,
    embed: _embed,
    np.fix: lambda jnp, x: jnp.trunc(x),
}


def _branch(branch: Branch, jax: Any) -> Callable:
    then, otherwise = (translated(graph, jax) for graph in branch.graphs)
    sides = lambda values: tuple(then(values)), lambda values: tuple(otherwise(values))
    return lambda condition, *operands: jax.lax.cond(condition, *sides, operands)


def _loop(loop: Loop, jax: Any) -> Callable:
    test, body = (translated(graph, jax) for graph in loop.graphs)

    def run(*args: Any) -> tuple:
        constants = args[: loop.sizes[0]]
        state = tuple(jax.numpy.asarray(x) for x in args[loop.sizes[0] :])
        goes_on = lambda state: test((*constants, *state))[0]
        step = lambda state: tuple(body((*constants, *state)))
        return jax.lax.while_loop(goes_on, step, state)

    return run


CONTROL: dict[type, Callable] = {Branch: _branch, Loop: _loop}
