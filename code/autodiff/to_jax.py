"""To JAX: a graph as a function of `jax.numpy`, to be jitted, batched and sharded there.

NumPy's functions, and SciPy's, are JAX's of the same name. Our own primitives are written in NumPy, so the same code,
with `jax.numpy` in the place of `numpy`, is their translation; a table has the few that write into arrays, that raise,
or that JAX calls otherwise. Branches and loops become `lax.cond` and `lax.while_loop`. JAX cannot raise on a value:
where NumPy's results would be of another kind than those recorded, or an error, the results in JAX are nan.
"""

import functools
import inspect
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .arrays import getitem, name_of
from .errors import AutodiffError, StaleGraphError
from .graph import Graph
from .nested import Branch, Loop
from .recording import Node, guard, has_shape, part, replaced, shown, statement
from .rules.elementwise import NO_VALUE
from .rules.indexing import embed
from .rules.sequences import bessel_i, overlapped, windows
from .rules.shapes import is_fortran, lies_along
from .rules.spectral import divided, must_turn, over_gaps
from .rules.statistics import numpys_position
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
            condition = node.args[0].function if type(node.args[0]) is Node else None
            raise AutodiffError(f"{graph.__name__} {GUARDS.get(condition, BRANCH).format(shown(node.line))}")
    functions = {node: in_jax(node, jax) for node in graph.operations}

    def run(values: Sequence) -> list:
        found: dict[Node, Any] = dict(zip(graph.inputs, values, strict=True))
        for node in graph.operations:
            found[node] = result(node, functions[node], found, jax.numpy)
        return [jax.numpy.asarray(found[x] if type(x) is Node else x) for x in graph.outputs]

    return run


BRANCH = (
    "branches on a value at {}: JAX could not tell when the other side is due. Keep both sides with ad.cond, "
    "ad.while_loop or np.where, then trace again."
)
# What a guard asks -> what to do where it stands.
GUARDS: dict[Callable | None, str] = {
    has_shape: "chooses entries by values at {}, and shapes are fixed in JAX. Keep all entries: np.where(mask, x, 0).",
    **dict.fromkeys(
        (is_fortran, lies_along),
        "asks at {} in what order entries lie in memory, where JAX has no such order. Say order='C' or order='F'.",
    ),
}


def result(node: Node, function: Callable, found: dict[Node, Any], jnp: Any) -> Any:
    """The result of a node in JAX; any error there says which operation it was."""
    value = lambda x: found[x] if type(x) is Node else x
    named = {key: replaced(x, value) for key, x in node.kwargs.items() if x is not NO_VALUE}
    try:
        y = function(*replaced(node.args, value), **named)
    except AutodiffError:  # from inside of a branch or loop
        raise
    except Exception as error:
        reason = str(error).strip().partition("\n")[0]
        raise AutodiffError(f"{_said(node)}: JAX cannot do this. {type(error).__name__}: {reason}") from error
    if node.shape is None:
        return y
    if np.shape(y) != node.shape:
        raise AutodiffError(f"{_said(node)} has shape {np.shape(y)} in JAX and {node.shape} in NumPy")
    if node.dtype.kind != "c" and jnp.iscomplexobj(y):  # NumPy gives real numbers where all are real
        return jnp.where(jnp.imag(y) == 0, jnp.real(y), jnp.nan)
    return y


def _said(node: Node) -> str:
    return f"{statement(node)} ({shown(node.line)})"


def in_jax(node: Node, jax: Any) -> Callable:
    """JAX's word for the function of a node."""
    function, jnp = node.function, jax.numpy
    homes = {"np": jnp, "scipy": jax.scipy}
    if function in OWN:
        return functools.partial(OWN[function], jax)
    if isinstance(function, Branch | Loop):
        return CONTROL[type(function)](function, jax)
    path = name_of(function).split(".")
    own = getattr(function, "__wrapped__", None)
    if path[0] in homes:
        found = functools.reduce(lambda room, name: getattr(room, name, None), path[1:], homes[path[0]])
        if found is not None:
            return _with_dtype(found) if isinstance(function, np.ufunc) and "dtype" in node.kwargs else found
    elif isinstance(own, types.FunctionType) and own.__module__.startswith(f"{__package__}."):
        return moved(own, jnp)
    raise AutodiffError(f"{_said(node)}: {name_of(function)} has no counterpart in JAX")


class Words:
    """The names of `jax.numpy`; NumPy's for what it lacks: types, `errstate`."""

    def __init__(self, jnp: Any):
        self.jnp = jnp

    def __getattr__(self, name: str) -> Any:
        return getattr(self.jnp, name, None) or getattr(np, name)


def moved(function: Any, jnp: Any) -> Any:
    """A function of this package with `jax.numpy` in the place of `numpy`, also in what it calls of its module."""
    scope = function.__globals__
    names = {**scope, "np": Words(jnp)}

    def again(f: types.FunctionType) -> types.FunctionType:
        return types.FunctionType(f.__code__, names, f.__name__, f.__defaults__, f.__closure__)

    for name, value in scope.items():
        inner = inspect.unwrap(value) if isinstance(value, types.FunctionType) else None
        if isinstance(inner, types.FunctionType) and inner.__globals__ is scope:
            names[name] = again(inner)
    return again(function)


def _with_dtype(ufunc: Callable) -> Callable:
    return lambda *args, dtype: ufunc(*args).astype(dtype)


# --- Functions that are otherwise in JAX --------------------------------------------------------------------


def _plain(index: Any) -> Any:
    """An index with arrays in the place of lists, which JAX refuses."""
    if isinstance(index, tuple):
        return tuple(map(_plain, index))
    return np.asarray(index, None if len(index) else int) if isinstance(index, list | range) else index


def _places(count: int, size: int) -> np.ndarray:
    """Entry (i, j) is i + j."""
    return np.add.outer(np.arange(count), np.arange(size))


def _overlapped(jax: Any, u: Any) -> Any:
    count, size = u.shape[-2:]
    return jax.numpy.zeros((*u.shape[:-2], count + size - 1), u.dtype).at[..., _places(count, size)].add(u)


def _bessel_i(jax: Any, x: Any, order: int) -> Any:
    """Orders that derivatives of higher order ask for: by as many points as the largest finite values want."""
    known = {0: jax.scipy.special.i0, 1: jax.scipy.special.i1}
    if order in known:
        return known[order](x)
    count = 64 + 2 * 710
    theta = 2 * np.pi * np.arange(count) / count
    waves = (jax.numpy.sinh if order % 2 else jax.numpy.cosh)(x[..., None] * np.cos(theta))
    return (waves @ (np.cos(order * theta) / count)).astype(x.dtype)


def _over_gaps(jax: Any, p: Any, w: Any, size: Any, idle: int = 0) -> Any:
    """With nan in the place of NumPy's error."""
    turns = moved(must_turn, jax.numpy)(p, w, size, idle)
    return jax.numpy.where(turns, jax.numpy.nan, moved(divided, jax.numpy)(p, w))


def _weighted_position(jax: Any, a: Any, q: Any, method: str, weights: Any) -> Any:
    """How many of the entries, sorted, have with all before them less than the share `q` of the weights."""
    jnp = jax.numpy
    own = jnp.take_along_axis(jnp.where(jnp.isnan(a), 0, weights), jnp.argsort(a), -1)
    share = jnp.cumsum(own, -1) / jnp.sum(own, -1, keepdims=True)
    share = jnp.where(share == 0, -1, share).astype(q.dtype)
    return jnp.sum(share[..., None] < q, -2).astype(q.dtype)


OWN: dict[Callable, Callable] = {
    part: lambda jax, results, i: results[i],
    getitem: lambda jax, x, index: jax.numpy.asarray(x)[_plain(index)],
    embed: lambda jax, t, index, shape: jax.numpy.zeros(shape, t.dtype).at[_plain(index)].add(t),
    windows: lambda jax, x, size: x[..., _places(x.shape[-1] - size + 1, size)],
    overlapped: _overlapped,
    bessel_i: _bessel_i,
    over_gaps: _over_gaps,
    numpys_position: _weighted_position,
    np.argsort: lambda jax, a, axis=-1, kind=None, order=None, **_: jax.numpy.argsort(a, axis),
    np.argpartition: lambda jax, a, kth, axis=-1, kind=None, order=None: jax.numpy.argsort(a, axis),
    np.copy: lambda jax, a, order="K", subok=False: a,
    np.digitize: lambda jax, x, bins, right=False: jax.numpy.digitize(x, jax.numpy.asarray(bins), right),
    np.fix: lambda jax, x: jax.numpy.trunc(x),
    np.roots: lambda jax, p: jax.numpy.roots(p, strip_zeros=False),
}


# --- Branches and loops -------------------------------------------------------------------------------------


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
