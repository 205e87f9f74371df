"""Modes: forward, reverse, and linearisation, of functions of nested containers of arrays.

    jvp       pushes one tangent while the function runs:  (x, ẋ) ↦ (F(x), F′(x) ẋ)
    vjp       writes a tape, then pulls cotangents back:   x ↦ (F(x), ȳ ↦ F′(x)ᵀ ȳ)
    linearize writes the same tape and keeps it:           x ↦ (F(x), F′(x)) as a linear operator

Everything in `derivatives` is derived from these three.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .arrays import NO_TRUTH, Traced, as_array, dispatched, name_of
from .debugging import forward_trace, tape_trace
from .errors import AutodiffError, AutodiffTypeError, AutodiffValueError, cause_of
from .tables import CONSTANT
from .tracing import Tape, Trace
from .trees import LEAF, Structure, flatten, flatten_like, paths, unflatten

# --- What goes in and what comes out ------------------------------------------------------------------------


def user_function(f: Any) -> Any:
    """The function that a user wrote, inside the wrappers around it."""
    while hasattr(f, "__wrapped__"):
        f = f.__wrapped__
    return f


def origin(transform: str, f: Callable) -> str:
    """Which function a trace runs, for error messages."""
    f = user_function(f)
    code = getattr(f, "__code__", None)
    place = f" ({code.co_filename}:{code.co_firstlineno})" if code else ""
    return f"while {transform} ran {getattr(f, '__name__', None) or name_of(f)}{place}"


def differentiable(x: Any, path: str) -> Any:
    """A leaf as an array or NumPy scalar of inexact dtype; an error that names `path` where it is neither."""
    if isinstance(x, float | complex) and not isinstance(x, np.generic):
        return np.float64(x) if isinstance(x, float) else np.complex128(x)
    if isinstance(x, np.matrix | np.ma.MaskedArray):
        raise AutodiffTypeError(
            f"{path} is a {type(x).__name__}, whose products and sums are not those of arrays. "
            "Use np.asarray(x), or x.filled(0) and np.where for a masked array."
        )
    if isinstance(x, Traced | np.ndarray | np.generic) and x.dtype.kind in "fc":
        return x
    if isinstance(x, Traced | np.ndarray | np.generic | int):
        dtype = getattr(x, "dtype", type(x).__name__)
        raise AutodiffTypeError(
            f"{path} is {dtype}: derivatives are taken with respect to real or complex numbers. "
            "Make it a float (1.0, x.astype(float)), or, if it is no variable, choose others by argnums or bind it "
            "with a lambda or functools.partial."
        )
    raise AutodiffTypeError(
        f"{path} is {type(x).__name__}, not an array of numbers. If it is no variable, choose others by argnums or "
        "bind it with a lambda or functools.partial."
    )


def inputs_of(args: Sequence, names: Sequence[str]) -> tuple[list, list[Structure]]:
    """Leaves of all arguments, as arrays, and the arguments' structures."""
    leaves: list = []
    structures = []
    for arg, name in zip(args, names, strict=True):
        own, structure = flatten(arg)
        leaves += [differentiable(x, path) for x, path in zip(own, paths(structure, name), strict=True)]
        structures.append(structure)
    return leaves, structures


def rebuild(structures: Sequence[Structure], leaves: Sequence) -> tuple:
    """One tree per structure, from the leaves of all."""
    source = iter(leaves)
    return tuple(unflatten(structure, source) for structure in structures)


def run(trace: Trace, f: Callable, args: tuple, kwargs: dict) -> Any:
    """`f` on traced arguments; an error of ours that NumPy has wrapped is raised itself; the trace is closed."""
    try:
        return f(*args, **kwargs)
    except AutodiffError:
        raise
    except Exception as error:
        cause = cause_of(error)
        if cause is not None:
            raise cause from error
        if isinstance(error, ValueError) and str(error).startswith("The truth value of an array"):
            raise AutodiffValueError(NO_TRUTH) from error
        raise
    finally:
        trace.closed = True


def outputs_of(trace: Trace, f: Callable, result: Any) -> tuple[list, list, Structure]:
    """Values of the result's leaves, their payloads (None for constants), and the structure."""
    leaves, structure = flatten(result)
    name = getattr(user_function(f), "__name__", "the function")
    values, payloads = [], []
    for leaf, path in zip(leaves, paths(structure, "result"), strict=True):
        if type(leaf) is Traced:
            ours = leaf.owner is trace
            if not ours:
                leaf.owner.check_open()
            values.append(leaf.value if ours else leaf)
            payloads.append(leaf.payload if ours else None)
        elif isinstance(leaf, np.ndarray | np.generic | float | complex | int) and np.result_type(leaf).kind in "fcbiu":
            values.append(as_array(leaf))
            payloads.append(None)
        else:
            raise AutodiffTypeError(
                f"{name} returned {type(leaf).__name__} at {path}: a result must be an array of numbers, "
                "or tuples, lists, dicts and dataclasses of them."
            )
    if not leaves:
        raise AutodiffTypeError(f"{name} returned {result!r}, which holds no array. Is a return missing?")
    if all(x.dtype.kind not in "fc" for x in values):
        raise AutodiffTypeError(
            f"{name} returned nothing differentiable: its result is "
            f"{', '.join(sorted({str(x.dtype) for x in values}))}. Return floating-point values."
        )
    return values, payloads, structure


def tangent_dtype(x: Any) -> np.dtype:
    """The dtype of tangents of a value: its own, or float64 for integers and booleans."""
    return x.dtype if x.dtype.kind in "fc" else np.dtype(float)


def checked(kind: str, tree: Any, leaves: Sequence, structure: Structure, name: str) -> list:
    """The leaves of a tree of tangents or cotangents, fitted to the values `leaves` that they belong to."""
    own, own_structure = flatten_like(tree, structure)
    if own_structure != structure:
        expected, got = (
            "an array" if own == LEAF else f"{own}, where * is an array" for own in (structure, own_structure)
        )
        raise AutodiffValueError(f"the {kind} must be built like the {name}: expected {expected}; got {got}")
    found = []
    for t, x, path in zip(own, leaves, paths(structure, name), strict=True):
        dtype = tangent_dtype(x)
        if not isinstance(t, Traced | np.ndarray | np.generic):
            t = dtype.type(t) if isinstance(t, int | float) or dtype.kind == "c" else np.asarray(t)
        if t.shape != x.shape:
            raise AutodiffValueError(f"the {kind} of {path} has the wrong shape: expected {x.shape}, got {t.shape}")
        if t.dtype != dtype:
            raise AutodiffTypeError(
                f"the {kind} of {path} has the wrong dtype: expected {dtype}, got {t.dtype}. Use .astype({dtype})."
            )
        found.append(t)
    return found


def released(found: Sequence, ends: Sequence, batch: tuple, given: Sequence) -> list:
    """Derivatives as the user's own numbers and arrays: zeros for None, no views, none of `given`, none twice.

    `ends` are the values whose tangents or cotangents `found` are; `batch` the axes in front.
    """
    taken = {id(t) for t in given}
    own: list = []
    for g, x in zip(found, ends, strict=True):
        if g is None:
            g = np.zeros(batch + x.shape, tangent_dtype(x))[()]
        elif type(g) is np.ndarray and not g.ndim:
            g = g[()]
        elif type(g) is np.ndarray and (g.base is not None or not g.flags.writeable or id(g) in taken):
            g = g.copy()
        taken.add(id(g))
        own.append(g)
    return own


def detached(values: Sequence) -> list:
    """Values as the user's own: `y -= target` must reach neither an argument nor a tape, which may hold y."""
    return [(y.copy() if y.ndim else y[()]) if type(y) is np.ndarray else y for y in values]


# --- The three modes ----------------------------------------------------------------------------------------


class Ends(NamedTuple):
    """The two ends of a differentiated program: leaves and structures of what goes in, of what comes out."""

    leaves: list
    structures: list[Structure]  # one per primal
    values: list
    structure: Structure

    @property
    def primals(self) -> Structure:
        return Structure(tuple, tuple(range(len(self.structures))), tuple(self.structures))


def basis(leaves: Sequence) -> list:
    """All unit vectors of the space of `leaves`, as one batch: an array (size, *shape) for each leaf."""
    size, start, found = sum(x.size for x in leaves), 0, []
    for x in leaves:
        units = np.eye(size, x.size, -start, tangent_dtype(x)).reshape(size, *x.shape)
        found.append(seed(units, x) if type(x) is Traced else units)
        start += x.size
    return found


@dispatched
def seed(units: np.ndarray, x: Any) -> np.ndarray:
    """Unit vectors at `x`: a constant, by a name under which a graph of `x` can know it."""
    return units


CONSTANT.add(seed)


def push_forward(transform: str, f: Callable, leaves: list, structures: list, dots: list, kwargs: dict) -> tuple:
    """Run `f` in forward mode: its two ends, and a tangent for each leaf of the result.

    Tangents may have a batch axis in front.
    """
    trace = forward_trace(origin(transform, f))
    traced = [Traced(x, trace, t) for x, t in zip(leaves, dots, strict=True)]
    result = run(trace, f, rebuild(structures, traced), kwargs)
    values, found, structure = outputs_of(trace, f, result)
    batch = dots[0].shape[: dots[0].ndim - leaves[0].ndim] if leaves else ()
    return Ends(leaves, structures, values, structure), released(found, values, batch, dots)


def jvp(f: Callable, primals: tuple, tangents: tuple) -> tuple[Any, Any]:
    """Value and Jacobian-vector product: F(x) and F′(x) ẋ, in one pass and without storing the program.

    Parameters
    ----------
    f : function of `len(primals)` arguments, in ordinary NumPy.
    primals, tangents : tuples of arrays, or of nested tuples, lists, dicts, dataclasses of them, built alike;
        each tangent with the shape and dtype of its primal.

    Returns `f(*primals)` and its tangent, built alike.

    Raises `AutodiffTypeError` (an integer primal, a wrong dtype), `AutodiffValueError` (a wrong number, shape).

    Source: Wengert (1964); chapter "JVPs and VJPs".

    >>> y, ydot = jvp(lambda x: x**2, (3.0,), (1.0,))
    >>> print(y, ydot)
    9.0 6.0
    """
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, tuple | list):
            raise AutodiffTypeError(f"{name} must be a tuple, one entry per argument: write ({name[:-1]},)")
    leaves, structures = inputs_of(primals, numbered(primals))
    dots = tangents_of(tangents, leaves, structures)
    ends, ydots = push_forward("jvp", f, leaves, structures, dots, {})
    return unflatten(ends.structure, detached(ends.values)), unflatten(ends.structure, ydots)


def tangents_of(tangents: Sequence, leaves: list, structures: list[Structure]) -> list:
    """The leaves of one tangent per primal, fitted to the primals."""
    if len(tangents) != len(structures):
        raise AutodiffValueError(f"one tangent per primal: expected {len(structures)} tangents, got {len(tangents)}")
    primals = Ends(leaves, structures, [], LEAF).primals
    return checked("tangent", tuple(tangents), leaves, primals, "primals")


class Linearization:
    """F′(x) as a linear operator, kept as a tape of local Jacobians: `J(ẋ)`, `J.T(ȳ)`, `J.dense()`.

    `J.shape` is (numbers in the output, numbers in the input).
    """

    def __init__(self, ends: Ends, tape: Tape, nodes: list[int | None]):
        self.ends, self.tape = ends, tape
        self.nodes = nodes  # where the result's leaves are on the tape

    @property
    def shape(self) -> tuple[int, int]:
        return sum(y.size for y in self.ends.values), sum(x.size for x in self.ends.leaves)

    def __repr__(self) -> str:
        return f"Linearization(shape={self.shape}, {len(self.tape.nodes) - self.tape.inputs} operations)"

    def __call__(self, *tangents: Any) -> Any:
        """F′(x) ẋ, for one tangent per primal, built like it."""
        dots = tangents_of(tangents, self.ends.leaves, self.ends.structures)
        return unflatten(self.ends.structure, self.push(dots))

    def T(self, *cotangent: Any) -> tuple:
        """F′(x)ᵀ ȳ: a tuple, one cotangent per primal. `cotangent` is one argument, built like the result."""
        if len(cotangent) != 1:
            raise AutodiffTypeError(
                f"one cotangent, built like the result, got {len(cotangent)}: for (y, z) (ybar, zbar)"
            )
        bars = checked("cotangent", cotangent[0], self.ends.values, self.ends.structure, "result")
        return rebuild(self.ends.structures, self.pull(bars))

    def push(self, dots: Sequence, batch: tuple = ()) -> list:
        """Tangents of the output leaves from those of the input leaves, each with axes `batch` in front."""
        found = self.tape.push(dots)
        out = [None if node is None else found[node] for node in self.nodes]
        return released(out, self.ends.values, batch, dots)

    def pull(self, bars: Sequence, batch: tuple = ()) -> list:
        """Cotangents of the input leaves from those of the output leaves, each with axes `batch` in front."""
        seeds: dict[int, Any] = {}
        for node, bar in zip(self.nodes, bars, strict=True):
            if node is not None:
                seeds[node] = seeds[node] + bar if node in seeds else bar
        return released(self.tape.pull(seeds), self.ends.leaves, batch, bars)

    def columns(self) -> list:
        """All columns at once: for each output leaf an array (numbers in the input, *its shape).

        With respect to a complex z = x + iy, of a real result, they are ∂f/∂x − i ∂f/∂y, as for `grad`.
        """
        return both_parts(self.push, self.ends.leaves, self.ends.values, 1j, self.shape[1])

    def rows(self) -> list:
        """All rows at once: for each input leaf an array (numbers in the output, *its shape)."""
        return both_parts(self.pull, self.ends.values, self.ends.leaves, -1j, self.shape[0])

    @property
    def wide(self) -> bool:
        """Whether rows are the way to the whole Jacobian: they are fewer, or the input is complex."""
        m, n = self.shape
        return (m < n or is_complex(self.ends.leaves)) and not is_complex(self.ends.values)

    def dense(self) -> np.ndarray:
        """The whole Jacobian as one matrix of shape `J.shape`, by columns or by rows, whichever are fewer."""
        m, n = self.shape
        if self.wide:
            parts = zip(self.rows(), self.ends.leaves, strict=True)
            return np.concatenate([rows.reshape(m, x.size) for rows, x in parts], axis=1)
        parts = zip(self.columns(), self.ends.values, strict=True)
        return np.concatenate([columns.reshape(n, y.size) for columns, y in parts], axis=1).T


def is_complex(leaves: Sequence) -> bool:
    return any(x.dtype.kind == "c" for x in leaves)


def both_parts(through: Callable, start: Sequence, end: Sequence, unit: complex, size: int) -> list:
    """A Jacobian applied to all unit vectors at its `start`: where that is complex, real and imaginary ones.

    A derivative is linear over the reals alone, so both are needed, and two complex ends would take more
    than one complex matrix.
    """
    found = through(basis(start), (size,))
    if not is_complex(start):
        return found
    if is_complex(end):
        raise AutodiffTypeError(
            "the Jacobian of a complex result with respect to a complex input is no complex matrix unless the function "
            "is holomorphic. Use ad.jvp or ad.vjp, or real and imaginary parts as arrays of their own."
        )
    imaginary = through([block * unit if block.dtype.kind == "c" else 0 * block for block in basis(start)], (size,))
    return [re - unit * im for re, im in zip(found, imaginary, strict=True)]


def record(transform: str, f: Callable, primals: Sequence, kwargs: dict, names: list[str]) -> tuple:
    """Run `f` on a tape: its result and its linearization."""
    leaves, structures = inputs_of(primals, names)
    tape = tape_trace(origin(transform, f))
    traced = [tape.input(x) for x in leaves]
    result = run(tape, f, rebuild(structures, traced), kwargs)
    values, nodes, structure = outputs_of(tape, f, result)
    ends = Ends(leaves, structures, values, structure)
    return unflatten(structure, detached(values)), Linearization(ends, tape, nodes)


def linearize(f: Callable, *primals: Any) -> tuple[Any, Linearization]:
    """Value and derivative: F(x) and F′(x), a linear operator that can be applied and transposed at will.

    The function runs once; each `J(ẋ)` and `J.T(ȳ)` walks along the tape that it left.

    Source: Radul et al. (2023), "You Only Linearize Once".

    >>> y, J = linearize(np.sin, np.array([0.0, 0.0]))
    >>> J.shape, J(np.array([1.0, 2.0])), J.T(np.array([3.0, 4.0]))
    ((2, 2), array([1., 2.]), (array([3., 4.]),))
    """
    return record("linearize", f, primals, {}, numbered(primals))


def vjp(f: Callable, *primals: Any) -> tuple[Any, Callable]:
    """Value and pullback: F(x) and ȳ ↦ F′(x)ᵀ ȳ, which may be called any number of times.

    Parameters
    ----------
    f : function of `len(primals)` arguments, in ordinary NumPy.
    primals : arrays, or nested tuples, lists, dicts, dataclasses of them.

    Returns `f(*primals)` and `pullback(ybar) -> tuple`, one cotangent per primal, built like it, with its shape
    and dtype. `ybar` is built like the result.

    Source: Linnainmaa (1976), Speelpenning (1980); chapter "JVPs and VJPs".

    >>> y, pullback = vjp(lambda x, w: x @ w, np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    >>> pullback(1.0)
    (array([3., 4.]), array([1., 2.]))
    """
    y, J = record("vjp", f, primals, {}, numbered(primals))
    return y, J.T


def numbered(primals: Sequence) -> list[str]:
    """How error messages call the primals."""
    return [f"primals[{i}]" for i in range(len(primals))]
