"""Implicit derivatives: of what solves an equation, whatever steps led to the solution.

Let x(φ) solve g(x, φ) = 0. Where A = ∂g/∂x is invertible, the implicit function theorem gives

    dx/dφ = −A⁻¹ ∂g/∂φ,      and for a fixed point x = f(x, φ), where g = x − f,  A = I − ∂f/∂x.

So a solution is a primitive like any other. Its local Jacobian is a linear operator, "∂g/∂φ, then divide by A", and
the transpose of that is "divide by Aᵀ, then (∂g/∂φ)ᵀ". The solver's steps are not recorded: a gradient costs the
same after ten of them as after ten thousand. And u = A⁻¹ b solves an equation itself, A(x, φ) u = b, so it depends on
b, x and φ through the same primitive. Hence derivatives of every order.

The unknowns, nested containers of arrays, are one real vector to the solvers (`Space`).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from . import solvers
from .arrays import Traced, as_array, dispatched, is_traced
from .derivatives import grad, value_and_grad
from .errors import AutodiffTypeError, AutodiffValueError, ConvergenceError
from .modes import Linearization, differentiable, linearize
from .operators import Bundle, Linear, batch_of
from .solvers import LINEAR, Square, converge, divided, near_singular, norm
from .trees import LEAF, Structure, flatten, paths, selected, unflatten

# --- Solutions as a primitive -------------------------------------------------------------------------------


class Equation(NamedTuple):
    """G(x, φ) = 0, its solution, and division by A = ∂G/∂x."""

    name: str
    residual: Callable  # (x, *φ) ↦ G, in NumPy
    solve: Callable  # (*φ) ↦ x, for plain φ
    divide: Callable  # (b, x, φ, transposed) ↦ A⁻¹ b or A⁻ᵀ b, where b may have batch axes in front


def solution(equation: Equation, *params: Any) -> Any:
    """x(φ): a primitive with the local Jacobian −A⁻¹ ∂G/∂φ."""

    def solved(*params: Any) -> tuple:
        return (equation.solve(*params),)

    def joint(*params: Any) -> tuple:
        x = solution(equation, *params)
        return (x,), implicit((equation, x, params))

    call = dispatched(solved)
    call.__name__, call.joint = equation.name, joint  # type: ignore[attr-defined]  # for `tracing`
    return call(*params)[0]


def _by_params(equation: Equation, x: Any, params: tuple) -> Linearization:
    return linearize(lambda *params: equation.residual(x, *params), *params)[1]


def _push(t: Bundle, data: tuple) -> Bundle:
    equation, x, params = data
    i, dot = next(iter(t.parts.items()))
    dots = [t.parts.get(i) for i in range(len(params))]
    (b,) = _by_params(equation, x, params).push(dots, batch_of(dot, params[i].shape))
    return Bundle({0: equation.divide(-b, x, params, False)})


def _pull(u: Bundle, data: tuple) -> Bundle:
    equation, x, params = data
    bar = equation.divide(-u.parts[0], x, params, True)
    return Bundle(dict(enumerate(_by_params(equation, x, params).pull([bar], batch_of(bar, x.shape)))))


# Data: an equation, its solution, its parameters.
implicit = Linear("implicit", _push, _pull)


NO_DERIVATIVE = (
    "Where it is singular the solution is not unique, or has no derivative (implicit function theorem): change the "
    "parameters, or add what makes the solution unique."
)


class Problem(NamedTuple):
    """A residual in one real vector, and how to divide by its Jacobian A: as another solution.

    The last two of the parameters φ are where solvers start and the tolerance; the residual does not depend on them.
    """

    residual: Callable  # (x, *φ) ↦ G
    matrix: str  # what errors call A
    unit: float  # 1 where A is the identity minus something, else 0
    linear: str  # a key of LINEAR
    max_steps: int

    def jacobian(self, x: Any, params: Sequence, transposed: bool = False) -> Square:
        """A or Aᵀ at (x, φ)."""
        return self.square(linearize(lambda x: self.residual(x, *params), x)[1], transposed, NO_DERIVATIVE)

    def square(self, J: Linearization, transposed: bool, mend: str) -> Square:
        """The linearization of the residual, or its transpose, as the linear solvers take it."""
        if transposed:
            return Square(lambda v: J.pull([v], v.shape[:-1])[0], lambda: J.dense().T, self.matrix, self.unit, mend)
        return Square(lambda v: J.push([v], v.shape[:-1])[0], J.dense, self.matrix, self.unit, mend)

    def divide(self, b: Any, x: Any, params: tuple, transposed: bool) -> Any:
        """A⁻¹ b or A⁻ᵀ b at (x, φ), for b of shape (…, numbers in x)."""

        def residual(u: Any, b: Any, x: Any, *params: Any) -> Any:
            rows = u.reshape(-1, u.shape[-1])
            return self.jacobian(x, params, transposed).apply(rows).reshape(u.shape) - b

        def solve(b: Any, x: Any, *params: Any) -> Any:
            A, rows = self.jacobian(x, params, transposed), b.reshape(-1, b.shape[-1])
            u = divided(A, rows, self.linear, params[-1], self.max_steps)
            self.check_settled(A, rows, u, x, params, transposed)
            return u.reshape(b.shape)

        def divide(b: Any, u: Any, own: tuple, again: bool) -> Any:
            return self.divide(b, own[1], own[2:], transposed != again)

        return solution(Equation("divide", residual, solve, divide), b, x, *params)

    def check_settled(self, A: Square, rows: Any, u: Any, x: Any, params: Sequence, transposed: bool) -> None:
        """An error where A⁻¹ b hangs on digits of x that the solver did not find, as at a double root.

        x is known to the tolerance, and no better than rounding in the residual, times ‖A⁻¹‖, lets it be. The slope of
        A is measured at a distance at which kinks do not count.
        """
        i = np.argmax(np.linalg.norm(u, axis=1))
        eps = float(np.finfo(x.dtype).eps)
        scale, h = max(1.0, norm(x)), math.sqrt(eps)
        unknown = max(params[-1], eps * norm(u[i]) / (norm(rows[i]) or 1.0))
        moved = self.jacobian(x + u[i] * (h * scale / (norm(u[i]) or 1.0)), params, transposed)
        change = norm(moved.apply(u[i]) - rows[i]) * unknown / h
        if change > 0.5 * norm(rows[i]):
            raise near_singular(A, f"it changes by half and more within {unknown:.0e} of x, which is known no better")

    def newton(self, params: Sequence) -> Iterator:
        """Newton's iterates, for plain φ."""

        def at(x: np.ndarray) -> tuple:
            value, J = linearize(residual, x)
            A = self.square(J, False, "Newton's method cannot go on from here: try another x0.")
            divide = lambda b: divided(A, b[None], self.linear, params[-1], self.max_steps)[0]
            return refuse_closures(value), divide

        residual = lambda x: self.residual(x, *params)
        return solvers.newton(at, residual, params[-2])


def refuse_closures(y: Any) -> Any:
    """`y`, computed from plain values only: an error where it is traced all the same."""
    if type(y) is Traced:
        raise AutodiffTypeError(
            "the function that defines the solution uses a traced value which is not among its parameters (it was "
            f"made {y.owner.origin}). Its derivative would be lost: pass it after x0, as in "
            "ad.fixed_point(lambda x, a: f(x, a), x0, a)."
        )
    return y


# --- Unknowns -----------------------------------------------------------------------------------------------


class Space:
    """The space of a container of arrays, as one of real vectors: a complex entry counts as two numbers."""

    def __init__(self, x0: Any):
        leaves, self.structure = flatten(x0)
        if not leaves:
            raise AutodiffTypeError(f"x0 is {x0!r}, which holds no array: it must be built like the solution")
        leaves = [differentiable(x, path) for x, path in zip(leaves, paths(self.structure, "x0"), strict=True)]
        self.kinds = [(x.shape, x.dtype) for x in leaves]
        self.alone = self.structure == LEAF and leaves[0].ndim > 0 and leaves[0].dtype.kind == "f"
        self.start = self.vector(unflatten(self.structure, leaves))

    def tree(self, v: Any) -> Any:
        """The container whose numbers are `v`."""
        if self.alone:  # most of all containers, and solvers come here at every step
            return row(v, *self.kinds[0][0])
        leaves, end = [], 0
        for shape, dtype in self.kinds:
            parts = []
            for _ in range(1 + (dtype.kind == "c")):
                start, end = end, end + math.prod(shape)
                parts.append(v[start:end].reshape(shape) if shape else v[start])
            x = parts[0] if len(parts) == 1 else parts[0] + 1j * parts[1]
            leaves.append(x if x.dtype == dtype else x.astype(dtype))
        return unflatten(self.structure, leaves)

    def vector(self, tree: Any) -> Any:
        """The numbers of a container built like x0, in an array of their own; an error for another container."""
        if self.alone and type(tree) is np.ndarray and (tree.shape, tree.dtype) == self.kinds[0]:
            return row(tree, -1).copy()
        leaves, structure = flatten(tree)
        leaves = [as_array(x) for x in leaves]
        if structure != self.structure or [(x.shape, x.dtype) for x in leaves] != self.kinds:
            kinds = [(x.shape, x.dtype) for x in leaves]
            raise AutodiffValueError(
                "the function must return what x0 is like: "
                f"expected {described(self.structure, self.kinds)}, got {described(structure, kinds)}"
            )
        parts = []
        for x in leaves:
            parts += [x.real.reshape(-1), x.imag.reshape(-1)] if x.dtype.kind == "c" else [row(x, -1)]
        if len(parts) > 1:
            return np.concatenate(parts)
        return parts[0] if type(parts[0]) is Traced else parts[0].copy()


def described(structure: Structure, kinds: Sequence) -> str:
    """A container in words: `float64 (3,)`, `dict('u': *) with float64 (3,)`."""
    arrays = ", ".join(f"{dtype} {shape}" for shape, dtype in kinds)
    return arrays if structure == LEAF else f"{structure} with {arrays or 'no arrays'}"


def row(x: Any, *shape: int) -> Any:
    """`x` in this shape, itself where it is a vector and is to be one."""
    return x if x.ndim == len(shape) == 1 else x.reshape(shape)


# --- What users call ----------------------------------------------------------------------------------------

DENSE_SIZE = 128  # up to so many unknowns, linear="auto" is "dense"


def operands(space: Space, params: tuple, tol: float | None) -> tuple[list, Callable[[Sequence], Any]]:
    """What a solution depends on: traced parameters, start, tolerance; and the parameters, given other such values."""
    leaves, rebuild = selected(params, is_traced)
    tol = np.finfo(space.start.dtype).eps ** 0.75 if tol is None else tol
    own = [*leaves, space.start, tol if is_traced(tol) else np.float64(tol)]
    return own, lambda variables: rebuild(variables[:-2])


def linear_for(space: Space, linear: str, many: str) -> str:
    """The linear solver, where "auto" is one for many unknowns or for few."""
    auto = "dense" if space.start.size <= DENSE_SIZE else many
    return one_of("linear", auto if linear == "auto" else linear, LINEAR)


def one_of(name: str, choice: str, table: dict) -> str:
    """`choice`, a key of `table`; an error that lists the keys where it is none."""
    if choice not in table:
        raise AutodiffValueError(f"{name} must be one of {', '.join(map(repr, table))}; got {choice!r}")
    return choice


SOLVERS: dict[str, Callable[[Problem, Callable, tuple], Iterator]] = {
    "plain": lambda problem, step, params: solvers.plain(step, params[-2]),
    "anderson": lambda problem, step, params: solvers.anderson(step, params[-2]),
    "newton": lambda problem, step, params: problem.newton(params),
}


def fixed_point(
    f: Callable,
    x0: Any,
    *params: Any,
    solver: str = "plain",
    linear: str = "auto",
    tol: float | None = None,
    max_steps: int = 10_000,
) -> Any:
    """The fixed point x = f(x, *params), found from `x0`; differentiable with respect to `params`, in every order.

    Parameters
    ----------
    f : function that returns what `x0` is like, in ordinary NumPy.
    x0 : floating-point array, or nested tuples, lists, dicts, dataclasses of them. The derivative by it is zero.
    params : whatever `f` takes besides. What it is to be differentiated by must come in here: a traced value that
        `f` closes over is an error.
    solver : "plain" (x ← f(x)), "anderson" (the same, extrapolated), or "newton".
    linear : how I − ∂f/∂x, or its transpose, is divided by: "dense"; "gmres"; "cg", if it is symmetric and positive
        definite; "iteration", which converges where x ← f(x) does. "auto": dense up to 128 unknowns, then gmres.
        All but "dense" notice a singular matrix only where the right-hand side does.
    tol : bound on ‖f(x) − x‖ / max(1, ‖x‖), and on the relative residual of linear solves; by default ε^¾ of
        the precision of `x0` (2e-12 in double).
    max_steps : bound on the steps of each iteration.

    Raises `ConvergenceError` where the iteration or the linear solver does not converge or meets nan, and where
    I − ∂f/∂x is nearly singular; `AutodiffValueError` where f(x0) is not like x0. A gradient evaluates f three
    times more, however many steps the solution took.

    Source: Christianson (1994); Blondel et al. (2022); Bai et al. (2019); chapter "Differentiating fixed points".

    >>> import autodiff as ad
    >>> def sqrt(a):
    ...     return ad.fixed_point(lambda x, a: (x + a / x) / 2, 1.0, a)
    >>> print(round(sqrt(2.0), 12), round(ad.grad(sqrt)(2.0), 12))
    1.414213562373 0.353553390593
    """
    space = Space(x0)
    variables, given = operands(space, params, tol)

    def residual(v: Any, *variables: Any) -> Any:
        return v - space.vector(f(space.tree(v), *given(variables)))

    def solve(*variables: Any) -> np.ndarray:
        params = given(variables)

        def step(v: np.ndarray) -> np.ndarray:
            v = v.view()
            v.flags.writeable = False  # or an f that changes its argument would seem to be where it wants at once
            return refuse_closures(space.vector(f(space.tree(v), *params)))

        iterates = SOLVERS[one_of("solver", solver, SOLVERS)](problem, step, variables)
        others = ", ".join(f"solver={name!r}" for name in SOLVERS if name != solver)
        mend = f"Try {others}, another x0, a larger max_steps or tol; x ← f(x) needs a contraction."
        return converge(iterates, f"fixed_point ({solver})", variables[-1], max_steps, mend)

    problem = Problem(residual, "I − ∂f/∂x", 1.0, linear_for(space, linear, "gmres"), max_steps)
    return space.tree(solution(Equation("fixed_point", residual, solve, problem.divide), *variables))


def root(
    g: Callable, x0: Any, *params: Any, linear: str = "auto", tol: float | None = None, max_steps: int = 1000
) -> Any:
    """The root g(x, *params) = 0 that Newton's method finds from `x0`; differentiable with respect to `params`.

    `g` returns one number for each unknown, in a container built like `x0`. The other parameters, and the errors,
    are those of `fixed_point`, with ∂g/∂x in the place of I − ∂f/∂x; `tol` bounds Newton's last step in relation to
    max(1, ‖x‖), so that the scale of g does not matter. A step that does not shorten g is halved.

    Source: Blondel et al. (2022); chapter "Differentiating fixed points".

    >>> import autodiff as ad
    >>> def kepler(mean, eccentricity):
    ...     return ad.root(lambda E, m, e: E - e * np.sin(E) - m, mean, mean, eccentricity)
    >>> E, slope = ad.value_and_grad(kepler)(1.0, 0.1)
    >>> bool(abs(slope - 1 / (1 - 0.1 * np.cos(E))) < 1e-14)
    True
    """
    space = Space(x0)
    variables, given = operands(space, params, tol)

    def residual(v: Any, *variables: Any) -> Any:
        return space.vector(g(space.tree(v), *given(variables)))

    def solve(*variables: Any) -> np.ndarray:
        iterates = problem.newton(variables)
        return converge(iterates, "root (Newton)", variables[-1], max_steps, "Try another x0, or a larger tol.")

    problem = Problem(residual, "∂g/∂x", 0.0, linear_for(space, linear, "gmres"), max_steps)
    return space.tree(solution(Equation("root", residual, solve, problem.divide), *variables))


def minimize(
    loss: Callable, x0: Any, *params: Any, linear: str = "auto", tol: float | None = None, max_steps: int = 1000
) -> Any:
    """The local minimum of loss(x, *params) downhill from `x0`; differentiable with respect to `params`.

    `loss` returns one real number and is twice differentiable. The other parameters, and the errors, are those of
    `fixed_point`, with the Hessian ∂²loss/∂x² in the place of I − ∂f/∂x; "auto" is "cg" for many unknowns; `tol`
    bounds Newton's last step in relation to max(1, ‖x‖). A stationary point that is no minimum is a
    `ConvergenceError`. The Hessian is used by its products with vectors.

    Source: Blondel et al. (2022); chapter "Differentiating fixed points".

    >>> import autodiff as ad
    >>> def ridge(X, y, penalty):
    ...     loss = lambda w, X, y, penalty: np.sum((X @ w - y) ** 2) + penalty * np.sum(w**2)
    ...     return ad.minimize(loss, np.zeros(X.shape[1]), X, y, penalty)
    >>> X, y = np.eye(2), np.array([1.0, 2.0])
    >>> ridge(X, y, 1.0), ad.jacfwd(ridge, 2)(X, y, 1.0)
    (array([0.5, 1. ]), array([-0.25, -0.5 ]))
    """
    space = Space(x0)
    variables, given = operands(space, params, tol)

    def objective(v: Any, *variables: Any) -> Any:
        return loss(space.tree(v), *given(variables))

    def residual(v: Any, *variables: Any) -> Any:
        return grad(objective)(v, *variables)

    def solve(*variables: Any) -> np.ndarray:
        *_, start, tol = variables
        height = lambda v: objective(v, *variables)

        def at(v: np.ndarray) -> tuple:
            (y, g), J = linearize(value_and_grad(height), v)
            refuse_closures(g)
            return y, g, lambda d: J.push([d])[1]

        iterates = solvers.descent(at, height, start, tol, max_steps)
        mend = "Is the loss bounded from below, and smooth? Try another x0, or a larger tol."
        x = converge(iterates, "minimize", tol, max_steps, mend)
        _, curvature = solvers.conjugate_gradients(at(x)[2], solvers.probe(x), tol, max_steps)
        if curvature < -math.sqrt(np.finfo(x.dtype).eps):
            raise ConvergenceError(
                "minimize came to a stationary point that is no minimum: the Hessian has negative curvature there. "
                "Start from another x0."
            )
        return x

    problem = Problem(residual, "the Hessian of the loss", 0.0, linear_for(space, linear, "cg"), max_steps)
    return space.tree(solution(Equation("minimize", residual, solve, problem.divide), *variables))
