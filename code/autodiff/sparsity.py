"""Sparse Jacobians and Hessians: where their entries are, and their values from a few passes.

    pattern           where entries can be, found by following each number's dependences along the tape
    colour            groups of columns or rows that fit into one pass (`autodiff.colouring`)
    recover           the matrix from its compressed products, whoever computed them (`autodiff.colouring`)

    sparse_jacobian, sparse_hessian     all three in one call

Source: Curtis, Powell & Reid (1974); Gebremedhin, Manne & Pothen (2005); chapter "Finite differences".
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .arrays import Traced, as_array, untraced
from .colouring import Colouring, Coordinates, as_pattern, colour, entries, places, recover, sparse
from .debugging import watched
from .derivatives import grad
from .errors import AutodiffTypeError, AutodiffValueError
from .modes import Linearization, inputs_of, linearize, numbered, origin, rebuild, run, tangent_dtype
from .operators import (
    Bundle,
    Linear,
    Operator,
    broadcast,
    cast,
    composition,
    diagonal,
    identity,
    masked,
    negation,
    reshaped,
    scaled_broadcast,
)
from .rules.elementwise import conjugation
from .tracing import Tape, Trace

__all__ = ["Colouring", "Coordinates", "colour", "pattern", "recover", "sparse_hessian", "sparse_jacobian"]

# --- The pattern ---------------------------------------------------------------------------------------------


def pattern(f: Callable, *primals: Any) -> Coordinates:
    """Where the Jacobian of `f` can have entries: of shape (numbers in the result, numbers in the primals).

    The function runs once, and each number's dependence on the inputs is followed through its local Jacobians.
    Coefficients that depend on the inputs count as different from zero, whatever they are at this point; so do
    diagonals and masks, which a maximum or a `np.where` would set otherwise elsewhere. A constant matrix counts
    with the zeros that it has. The pattern may hold a place too many (x − x depends on x; the result of a custom
    rule on all its arguments), but none too few, as long as the program takes the same branches and indices: as
    on any tape, these are the ones taken at `primals`.

    Errors as of `linearize`.

    >>> pattern(lambda x: x[1:] * x[:-1], np.zeros(3)).toarray().astype(int)
    array([[1, 1, 0],
           [0, 1, 1]])
    """
    return _traced_pattern(f, primals)


def _traced_pattern(f: Callable, primals: tuple) -> Coordinates:
    leaves, structures = inputs_of(primals, numbered(primals))
    trace = _Marking(origin("pattern", f))
    marked = rebuild(structures, [trace.mark(x) for x in leaves])
    with np.errstate(all="ignore"):  # the numbers are nobody's result
        return run(trace, lambda *xs: _dependences(linearize(f, *xs)[1]), marked, {})


class _Marking(Trace):
    """A trace that computes values and nothing else: what it traces depends on the inputs.

    It runs around a tape. Then the coefficients of the tape's local Jacobians are traced where they depend on the
    inputs, and plain where they are constants of the program.
    """

    __slots__ = ()

    def mark(self, y: Any) -> Any:
        if isinstance(y, tuple | list):
            parts = [self.mark(part) for part in y]
            return type(y)(*parts) if hasattr(y, "_fields") else type(y)(parts)
        return Traced(y, self, None) if getattr(y, "dtype", np.dtype(bool)).kind in "fc" else y

    def bind(self, function: Any, args: tuple, kwargs: dict) -> Any:
        self.check_open()
        function = getattr(*function) if isinstance(function, tuple) else function
        named = dict(zip(kwargs, self.strip(tuple(kwargs.values())), strict=True))
        return self.mark(function(*self.strip(args), **named))


def local_operators(tape: Tape, node: int) -> Iterator[tuple[int, Operator]]:
    """The operands of a node of a tape, each with the local Jacobian for it."""
    edges = tape.nodes[node]
    for k in range(0, len(edges), 3):
        parent, family, data = edges[k : k + 3]
        yield parent, data[:2] if family is watched else (family, data)


def blanks(J: Linearization) -> list:
    """Zeros like the value of each node of the tape; a bundle of zeros where it is a bundle."""
    found: list = [np.zeros(x.shape, tangent_dtype(x)) for x in J.ends.leaves]
    for node in range(J.tape.inputs, len(J.tape.nodes)):
        terms = [family.apply(found[parent], data) for parent, (family, data) in local_operators(J.tape, node)]
        if type(terms[0]) is Bundle:
            found.append(Bundle({i: np.zeros(t.shape, t.dtype) for term in terms for i, t in term.parts.items()}))
        else:
            found.append(np.zeros(terms[0].shape, terms[0].dtype))
    return found


def _dependences(J: Linearization) -> Coordinates:
    """The places (i, j) where number i of the result depends on number j of the inputs.

    What a node depends on is a sorted array of keys: (number of the entry) · n + j.
    """
    m, n = J.shape
    tape, rng = J.tape, np.random.default_rng(0)
    values = blanks(J)
    last = {parent: i for i in range(len(tape.nodes)) for parent, _ in local_operators(tape, i)}
    last |= dict.fromkeys((node for node in J.nodes if node is not None), len(tape.nodes))
    starts = np.cumsum([0, *(x.size for x in J.ends.leaves)])
    found = {i: starts[i] + np.arange(x.size) * (n + 1) for i, x in enumerate(J.ends.leaves)}
    for i in range(tape.inputs, len(tape.nodes)):
        operands = list(local_operators(tape, i))
        found[i] = _union(
            [_through(operator, found[parent], values[parent], values[i], n, rng) for parent, operator in operands]
        )
        for parent in {parent for parent, _ in operands if last[parent] == i}:
            del found[parent]
    ends = np.cumsum([0, *(y.size for y in J.ends.values)])
    keys = [found[node] + start * n for node, start in zip(J.nodes, ends[:-1], strict=True) if node is not None]
    return places(np.concatenate([np.zeros(0, int), *keys]), (m, n))


def _union(sets: Sequence[np.ndarray]) -> np.ndarray:
    if len(sets) == 1:
        return sets[0]
    merged = np.sort(np.concatenate(sets), kind="stable")  # a merge of sorted runs: linear time
    return merged[np.diff(merged, prepend=-1) != 0]


def _through(operator: Operator, keys: np.ndarray, x: Any, y: Any, n: int, rng: np.random.Generator) -> np.ndarray:
    """What `y` depends on through a local Jacobian, given what `x` depends on."""
    if type(x) is Bundle or type(y) is Bundle:  # a call with a rule of the user's own: each entry on all
        entries = 1 if type(y) is Bundle else y.size
        return (np.arange(entries)[:, None] * n + np.unique(keys % n)).ravel()
    if in_place(operator):
        return keys
    rows, columns = _places_of(operator, x, y, rng)
    first, end = np.searchsorted(keys, columns * n), np.searchsorted(keys, (columns + 1) * n)
    counts = end - first
    at = np.arange(counts.sum()) + np.repeat(end - np.cumsum(counts), counts)
    return np.unique(np.repeat(rows, counts) * n + keys[at] % n)


IN_PLACE = {identity, negation, conjugation, diagonal, masked, cast, reshaped}


def in_place(operator: Operator) -> bool:
    """Whether entry i of the result depends on entry i of the operand alone: whether the matrix is diagonal.

    >>> in_place(diagonal(np.array([1.0, 2.0])))
    True
    """
    family, data = operator
    if family is composition:
        return all(map(in_place, data))
    if family is broadcast:
        return data[0] == data[1]
    if family is scaled_broadcast:
        return data[1] == data[2]
    return family in IN_PLACE


# --- The places of one local Jacobian ---------------------------------------------------------------------------

# Most local Jacobians only move entries. Where each entry of the result comes from one entry of the operand, at most,
# four probes say from which: ones, the entries' numbers, and twice random numbers, to be sure. Where each entry goes
# to one place, as into a sum, the transpose is probed. Other operators are applied to every unit vector.


def _places_of(operator: Operator, x: Any, y: Any, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the entries of an operator from arrays like `x` to arrays like `y`."""
    family, data = _generic(operator, rng)
    sources = _single(family.apply, data, x, y, rng)
    if sources is not None:
        rows = np.flatnonzero(sources >= 0)
        return rows, sources[rows]
    targets = _single(family.transpose, data, y, x, rng)
    if targets is not None:
        columns = np.flatnonzero(targets >= 0)
        return targets[columns], columns
    step = max(1, 2**22 // max(x.size, y.size))
    blocks = [_columns(family.apply, data, x, y, a, min(a + step, x.size)) for a in range(0, x.size, step)]
    columns, rows = np.concatenate(blocks).T
    return rows, columns


def _single(apply: Callable, data: Any, x: Any, y: Any, rng: np.random.Generator) -> np.ndarray | None:
    """For each entry of the result the one entry of the operand that it is made of (−1: none); None if not so."""
    random = rng.uniform(1, 2, (2, x.size))
    probes = np.stack([np.ones(x.size), np.arange(x.size), *random]) * _unit(x)
    t = untraced(apply(probes.astype(x.dtype).reshape(4, *x.shape), data)).reshape(4, y.size)
    nothing = ~t.any(axis=0)
    if nothing.all():
        return np.full(y.size, -1)
    number = np.nan_to_num((t[1] / np.where(t[0] == 0, 1, t[0])).real)
    source = np.clip(np.rint(number), 0, x.size - 1).astype(int)
    sure = (np.abs(t[2:] - t[0] * random[:, source]) <= 1e-5 * np.abs(t[0])).all(axis=0)
    return np.where(nothing, -1, source) if (nothing | sure).all() else None


def _columns(apply: Callable, data: Any, x: Any, y: Any, start: int, end: int) -> np.ndarray:
    """Pairs (column, row) of the entries in some columns."""
    units = np.eye(end - start, x.size, start, x.dtype) * _unit(x)
    t = untraced(apply(units.reshape(-1, *x.shape), data)).reshape(end - start, y.size)
    return np.argwhere(t) + np.array([start, 0])


def _unit(x: Any) -> Any:
    """A number that neither taking real parts nor taking imaginary parts makes zero."""
    return x.dtype.type(1 + 0.7j if x.dtype.kind == "c" else 1)


def _generic(data: Any, rng: np.random.Generator) -> Any:
    """An operator, or its data, with random numbers for the coefficients that depend on the inputs."""
    if type(data) is Traced:
        return _random(data, rng)
    if type(data) is dict:
        return {key: _generic(value, rng) for key, value in data.items()}
    if type(data) is not tuple and type(data) is not list:
        return data
    if len(data) == 2 and type(data[0]) is Linear and data[0] in GENERIC:
        return data[0], GENERIC[data[0]](data[1], rng)
    return type(data)(_generic(part, rng) for part in data)


def _random(d: Any, rng: np.random.Generator) -> Any:
    d = as_array(d)
    return (rng.uniform(1, 2, d.shape) * (1 + 0.7j if d.dtype.kind == "c" else 1)).astype(tangent_dtype(d))


# Families whose coefficients a comparison may have made, so that they are plain and yet depend on the inputs.
GENERIC: dict[Linear, Callable] = {
    diagonal: _random,
    masked: lambda keep, rng: np.ones_like(keep),
    scaled_broadcast: lambda data, rng: (_random(data[0], rng), *data[1:]),
}

# --- Compressed evaluation ------------------------------------------------------------------------------------------


def sparse_jacobian(f: Callable, *primals: Any, pattern: Any = None, by: str = "auto") -> Any:
    """The Jacobian of a real function as a sparse matrix: (numbers in the result, numbers in the primals).

    pattern, by : as `colour` takes them. Without a pattern it is traced, which runs `f` once more. All passes go
        along the tape together, from one run of `f`. A pattern that was given is tried in one more, random pass.

    Returns what `recover` returns. Raises `AutodiffValueError` where a given pattern has another shape than the
    Jacobian, or misses an entry; `AutodiffTypeError` for complex values.

    >>> sparse_jacobian(lambda x: x[1:] * x[:-1], np.array([1.0, 2.0, 3.0])).toarray()
    array([[2., 1., 0.],
           [0., 3., 2.]])
    """
    if by == "star":
        raise AutodiffValueError("a star colouring reads each entry on one side only: it is for sparse_hessian")
    where = _traced_pattern(f, primals) if pattern is None else as_pattern(pattern)
    return _compressed(linearize(f, *primals)[1], where, by, pattern is not None)


def sparse_hessian(f: Callable, *primals: Any, pattern: Any = None) -> Any:
    """The Hessian of a function with one real result, as a sparse matrix, by star colouring.

    One tangent a group, pushed through the gradient. Of a given pattern one triangle is enough. All else as of
    `sparse_jacobian`.

    >>> sparse_hessian(lambda x: np.sum(x[0] * x), np.array([1.0, 2.0, 3.0])).toarray()
    array([[2., 1., 1.],
           [1., 0., 0.],
           [1., 0., 0.]])
    """
    gradient = grad(f, tuple(range(len(primals))))
    where = _traced_pattern(gradient, primals) if pattern is None else as_pattern(pattern)
    n = where.shape[1]
    both = places(np.union1d(where.rows * n + where.columns, where.columns * n + where.rows), where.shape)
    return _compressed(linearize(gradient, *primals)[1], both, "star", pattern is not None)


def _compressed(J: Linearization, where: Coordinates, by: str, doubtful: bool) -> Any:
    """The matrix of `J` from its products with the seeds, and with one more where the pattern is in doubt."""
    if where.shape != J.shape:
        raise AutodiffValueError(f"the pattern has shape {where.shape}, the Jacobian {J.shape}")
    if any(x.dtype.kind == "c" for x in (*J.ends.leaves, *J.ends.values)):
        raise AutodiffTypeError("sparse Jacobians are of real functions: take real and imaginary parts as variables")
    colouring = colour(where, by)
    rowwise = colouring.by == "rows"
    trial = np.random.default_rng(0).uniform(1, 2, (int(doubtful), colouring.groups.size))
    seeds = _split(np.concatenate([colouring.seeds, trial]), J.ends.values if rowwise else J.ends.leaves)
    count = colouring.passes + len(trial)
    found = (J.pull if rowwise else J.push)(seeds, (count,))
    products = np.concatenate([part.reshape(count, part.size // max(count, 1)) for part in found], axis=1)
    values = entries(where, colouring, products[: colouring.passes])
    if doubtful:
        rows, columns = (where.columns, where.rows) if rowwise else (where.rows, where.columns)
        _refuse_missing(rows, values * trial[0, columns], products[-1], "column" if rowwise else "row")
    return sparse(where, values)


def _split(seeds: np.ndarray, leaves: Sequence) -> list[np.ndarray]:
    """Rows of numbers as a batch of arrays like each leaf."""
    parts = np.split(seeds, np.cumsum([x.size for x in leaves])[:-1], axis=1)
    return [part.astype(tangent_dtype(x)).reshape(len(seeds), *x.shape) for part, x in zip(parts, leaves, strict=True)]


def _refuse_missing(rows: np.ndarray, terms: np.ndarray, product: np.ndarray, line: str) -> None:
    """Compare a product of the true matrix with the sum of the terms that the recovered entries give."""
    missing = product - np.bincount(rows, terms, product.size)
    size = np.abs(product) + np.bincount(rows, np.abs(terms), product.size)
    wrong = np.flatnonzero(np.abs(missing) > np.sqrt(np.finfo(product.dtype).eps) * size)
    if wrong.size:
        raise AutodiffValueError(
            f"the pattern misses entries of the Jacobian: {line} {wrong[0]}"
            + (f" and {wrong.size - 1} more" if wrong.size > 1 else "")
            + " cannot be put together from it. sparsity.pattern(f, *primals) finds them all."
        )
