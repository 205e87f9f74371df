"""Derivatives: gradients, Jacobians, Hessians and their products, all made of the three modes.

A gradient is one pullback of 1. A Jacobian is all its columns (forward) or all its rows (reverse), computed
together: the function runs once, with a whole batch of tangents or cotangents. A Hessian is the Jacobian of a
gradient; its product with a vector is one tangent pushed through a gradient.
"""

import functools
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .arrays import Traced
from .errors import AutodiffTypeError, AutodiffValueError
from .modes import Ends, basis, inputs_of, is_complex, jvp, linearize, push_forward, rebuild, record
from .trees import map_leaves, unflatten

Argnums = int | tuple[int, ...]


def chosen(f: Callable, args: tuple, argnums: Argnums) -> tuple[Callable, tuple, list[str]]:
    """`f` as a function of the chosen arguments alone, these arguments, and what to call them."""
    numbers = tuple(argnums) if isinstance(argnums, Iterable) else (argnums,)
    if not all(isinstance(i, int | np.integer) for i in numbers):
        raise AutodiffTypeError(
            f"argnums is the position of an argument, or a tuple of positions, not {type(argnums).__name__}. "
            "Where it was meant as the point: ad.grad(f) is a function, write ad.grad(f)(x)."
        )
    if len({i % max(len(args), 1) for i in numbers}) < len(numbers):
        raise AutodiffValueError(f"argnums={argnums!r} names an argument twice")
    for i in numbers:
        if not -len(args) <= i < len(args):
            raise AutodiffValueError(
                f"argnums={argnums!r}, but the function was called with {len(args)} positional arguments; "
                "an argument to differentiate must be given by position"
            )

    def of_chosen(*own: Any, **kwargs: Any) -> Any:
        every = list(args)
        for i, x in zip(numbers, own, strict=True):
            every[i] = x
        return f(*every, **kwargs)

    of_chosen.__wrapped__ = f  # type: ignore[attr-defined]  # whom error messages name
    return of_chosen, tuple(args[i] for i in numbers), [f"argument {i % len(args)}" for i in numbers]


def value_and_grad(f: Callable, argnums: Argnums = 0, has_aux: bool = False) -> Callable:
    """A function that gives `f(*args, **kwargs)` and its gradient, by one pullback.

    Parameters
    ----------
    f : function with one real number as result; with `has_aux`, a pair of it and anything else.
    argnums : position of the argument to differentiate, or a tuple of positions.

    The gradient is built like the argument, with its shape and dtype (a tuple of them where `argnums` is one).
    For complex arguments it is ∂f/∂x − i ∂f/∂y, as in JAX.

    Raises `AutodiffTypeError` where the argument holds integers, or the result is no real number.

    >>> value_and_grad(lambda w, x: np.sum((w * x) ** 2))(2.0, np.array([1.0, 3.0]))
    (np.float64(40.0), np.float64(40.0))

    SciPy's optimisers take both at once, which evaluates the function once a step instead of n + 1 times:

    >>> from scipy.optimize import minimize
    >>> def rosenbrock(x):
    ...     return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    >>> found = minimize(value_and_grad(rosenbrock), np.zeros(5), jac=True)
    >>> found.x.round(4), bool(found.success)
    (array([1., 1., 1., 1., 1.]), True)
    """

    @functools.wraps(f)
    def with_gradient(*args: Any, **kwargs: Any) -> Any:
        of_chosen, own, names = chosen(f, args, argnums)
        aux: Any = None

        def objective(*xs: Any) -> Any:
            nonlocal aux
            result = of_chosen(*xs, **kwargs)
            if not has_aux:
                return result
            if not (isinstance(result, tuple) and len(result) == 2):
                raise AutodiffTypeError("with has_aux=True the function must return a pair (value, aux)")
            value, aux = result
            return value

        objective.__wrapped__ = f  # type: ignore[attr-defined]  # whom error messages name
        y, J = record("grad", objective, own, {}, names)
        _require_scalar(y, f)
        gradient = J.T(y.dtype.type(1))
        gradient = gradient[0] if isinstance(argnums, int | np.integer) else gradient
        if not has_aux:
            return y, gradient
        return (y, map_leaves(lambda x: x.value if type(x) is Traced and x.owner is J.tape else x, aux)), gradient

    return with_gradient


def _require_scalar(y: Any, f: Callable) -> None:
    name = getattr(f, "__name__", "the function")
    if not isinstance(y, Traced | np.ndarray | np.generic):
        raise AutodiffTypeError(
            f"grad needs a function with one number as result; {name} returned {type(y).__name__}. For several results "
            "use ad.vjp or ad.jacobian; for a value with extras, has_aux=True."
        )
    if y.shape != ():
        raise AutodiffTypeError(
            f"grad needs a function with one number as result; {name} returned an array of shape {y.shape}. "
            "Reduce it (np.sum), or use ad.jacobian (all partial derivatives) or ad.vjp (one pullback)."
        )
    if y.dtype.kind == "c":
        raise AutodiffTypeError(
            f"grad needs a real result; {name} returned {y.dtype}. Take np.real, np.imag or np.abs, or use ad.vjp."
        )


def grad(f: Callable, argnums: Argnums = 0, has_aux: bool = False) -> Callable:
    """The gradient function of `f`: as `value_and_grad`, without the value (with `has_aux`: gradient and aux).

    >>> grad(lambda x: np.sum(np.sin(x)))(np.array([0.0, np.pi]))
    array([ 1., -1.])
    """
    both = value_and_grad(f, argnums, has_aux)

    @functools.wraps(f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        y, g = both(*args, **kwargs)
        return (g, y[1]) if has_aux else g

    return gradient


# --- Jacobians ----------------------------------------------------------------------------------------------


def _places(leaves: Sequence) -> list[slice]:
    """Where the numbers of each leaf stand among the numbers of all."""
    ends = itertools.accumulate([x.size for x in leaves], initial=0)
    return [slice(a, b) for a, b in itertools.pairwise(ends)]


def _blocks(ends: Ends, argnums: Argnums, block: Callable[[int, int], Any]) -> Any:
    """The blocks of a Jacobian (output leaf i by input leaf j), as a tree like the result of trees like the inputs."""
    rows = [
        rebuild(ends.structures, [_number(block(i, j)) for j in range(len(ends.leaves))])
        for i in range(len(ends.values))
    ]
    return unflatten(ends.structure, [row[0] if isinstance(argnums, int | np.integer) else row for row in rows])


def _number(x: Any) -> Any:
    """A NumPy number in place of an array without axes."""
    return x[()] if type(x) is np.ndarray and not x.ndim else x


def _from_columns(ends: Ends, columns: list, argnums: Argnums) -> Any:
    places = _places(ends.leaves)

    def block(i: int, j: int) -> Any:
        y, x = ends.values[i], ends.leaves[j]
        return np.moveaxis(_between(columns[i][places[j]], y, x), 0, -1).reshape(y.shape + x.shape)

    return _blocks(ends, argnums, block)


def _from_rows(ends: Ends, rows: list, argnums: Argnums) -> Any:
    places = _places(ends.values)

    def block(i: int, j: int) -> Any:
        y, x = ends.values[i], ends.leaves[j]
        return _between(rows[j][places[i]], y, x).reshape(y.shape + x.shape)

    return _blocks(ends, argnums, block)


def _between(block: Any, y: Any, x: Any) -> Any:
    """A block of the dtype of y by x: real where both are, whatever other results and arguments may be."""
    return block if block.dtype.kind != "c" or is_complex((y, x)) else np.real(block)


def jacfwd(f: Callable, argnums: Argnums = 0) -> Callable:
    """The Jacobian by columns: `f` runs once in forward mode, with a tangent for every input number.

    For an argument of shape s and a result of shape r, an array of shape r + s. For nested containers: a tree
    built like the result, of trees built like the argument (of tuples, where `argnums` is a tuple). Memory: as
    many tangents of every intermediate value as there are numbers in the input.

    >>> jacfwd(lambda x: np.stack([x[0] * x[1], x[0]]))(np.array([2.0, 3.0]))
    array([[3., 2.],
           [1., 0.]])
    """

    @functools.wraps(f)
    def jacobian_at(*args: Any, **kwargs: Any) -> Any:
        of_chosen, own, names = chosen(f, args, argnums)
        leaves, structures = inputs_of(own, names)
        if is_complex(leaves):  # two passes, along the real and the imaginary axes
            _, J = record("jacfwd", of_chosen, own, kwargs, names)
            return _from_columns(J.ends, J.columns(), argnums)
        ends, columns = push_forward("jacfwd", of_chosen, leaves, structures, basis(leaves), kwargs)
        return _from_columns(ends, columns, argnums)

    return jacobian_at


def jacrev(f: Callable, argnums: Argnums = 0) -> Callable:
    """The Jacobian by rows: `f` runs once on a tape, and one batch of cotangents is pulled back.

    Result as of `jacfwd`. Memory: the tape, and as many cotangents as there are numbers in the result.

    >>> jacrev(lambda x: np.stack([x[0] * x[1], x[0]]))(np.array([2.0, 3.0]))
    array([[3., 2.],
           [1., 0.]])
    """
    return jacobian(f, argnums, "reverse")


def jacobian(f: Callable, argnums: Argnums = 0, mode: str = "auto") -> Callable:
    """The Jacobian of `f`: shape of the result + shape of the argument (see `jacfwd`).

    `mode` is "forward" (columns), "reverse" (rows), or "auto": the fewer of the two, known once `f` has run.

    >>> jacobian(np.cumsum)(np.array([1.0, 2.0, 3.0]))
    array([[1., 0., 0.],
           [1., 1., 0.],
           [1., 1., 1.]])
    """
    if mode == "forward":
        return jacfwd(f, argnums)
    if mode not in ("auto", "reverse"):
        raise AutodiffValueError(f'mode must be "auto", "forward" or "reverse", not {mode!r}')

    @functools.wraps(f)
    def jacobian_at(*args: Any, **kwargs: Any) -> Any:
        of_chosen, own, names = chosen(f, args, argnums)
        _, J = record("jacobian", of_chosen, own, kwargs, names)
        if mode == "auto" and not J.wide:
            return _from_columns(J.ends, J.columns(), argnums)
        return _from_rows(J.ends, J.rows(), argnums)

    return jacobian_at


# --- Second order -------------------------------------------------------------------------------------------


def hessian(f: Callable, argnums: Argnums = 0) -> Callable:
    """The Hessian of a function with one real result: columns of the Jacobian of its gradient.

    For an argument of shape s, an array of shape s + s; trees of trees for containers.

    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    return jacfwd(grad(f, argnums), argnums)


def hvp(f: Callable, primals: tuple, tangents: tuple) -> tuple:
    """Hessian times vector, ∇²f(x) ẋ, without the Hessian: a tangent pushed through the gradient.

    `primals` and `tangents` as for `jvp`; returns a tuple, one product per primal.

    Source: Pearlmutter (1994).

    >>> hvp(lambda x: np.sum(x**3), (np.array([1.0, 2.0]),), (np.array([1.0, 1.0]),))
    (array([ 6., 12.]),)
    """
    return jvp(grad(f, tuple(range(len(primals)))), primals, tangents)[1]


def gauss_newton_vp(residuals: Callable, primals: tuple, tangents: tuple) -> tuple:
    """Gauss–Newton matrix times vector, JᵀJ ẋ, for the Jacobian J of `residuals`: one push, one pull.

    JᵀJ is the Hessian of ½‖r(x)‖² without the second derivatives of r. Returns a tuple, one product per primal.

    >>> gauss_newton_vp(lambda x: 3.0 * x, (np.array([1.0, 2.0]),), (np.array([1.0, 0.0]),))
    (array([9., 0.]),)
    """
    _, J = linearize(residuals, *primals)
    return J.T(J(*tangents))
