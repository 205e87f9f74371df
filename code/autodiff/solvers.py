"""Solvers: of linear and of nonlinear equations in one real vector. They know nothing of derivatives.

Linear: a `Square` matrix, known by what it does to vectors, is divided by with one of the methods in `LINEAR`; the
residual is checked, and what cannot be divided by is a `ConvergenceError`. Nonlinear: a solver is a generator of
pairs (x, step), and one loop, `converge`, watches its steps.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from .errors import ConvergenceError


def norm(v: np.ndarray) -> float:
    """The Euclidean norm of a real vector."""
    return math.sqrt(v.dot(v))


# --- Iterates -----------------------------------------------------------------------------------------------


def converge(iterates: Iterable, what: str, tol: float, max_steps: int, mend: str) -> np.ndarray:
    """The first iterate whose step is at most tol·max(1, ‖x‖) long; a `ConvergenceError` if there is none.

    `iterates` gives pairs (x, step); `what` and `mend` are the subject and the end of the error message.
    """
    sizes: list[float] = []
    for x, step in itertools.islice(iterates, max_steps):
        size, length = norm(step), norm(x)
        if not math.isfinite(size + length):
            raise ConvergenceError(f"{what} met nan or inf at step {len(sizes) + 1}{pace(sizes)}. {mend}")
        if size <= tol * max(1.0, length):
            return x
        sizes.append(size)
    raise ConvergenceError(
        f"{what} did not converge in {max_steps} steps: the last step was {sizes[-1]:.1e} long (tol={tol:.1e})"
        f"{pace(sizes)}. {mend}"
    )


def pace(sizes: list[float]) -> str:
    """The factor from step to step, in words: an estimate of the spectral radius, where the iteration is linear."""
    last = sizes[-11:]
    if len(last) < 2:
        return ""
    return f", and each step about {(last[-1] / last[0]) ** (1 / (len(last) - 1)):.4g} times the one before"


def plain(f: Callable, x: np.ndarray) -> Iterator:
    """x ← f(x)."""
    while True:
        y = f(x)
        yield y, y - x
        x = y


MEMORY = 5  # steps that are extrapolated from, besides the latest


def anderson(f: Callable, x: np.ndarray) -> Iterator:
    """x ← f(x), extrapolated to where the latest steps f(x) − x would cancel (Anderson 1965; Walker and Ni 2011)."""
    steps: list[np.ndarray] = []
    values: list[np.ndarray] = []
    while True:
        y = f(x)
        yield y, y - x
        steps, values = [*steps[-MEMORY:], y - x], [*values[-MEMORY:], y]
        x = y
        if len(steps) > 1:
            weights = np.linalg.lstsq(np.diff(steps, axis=0).T, steps[-1], rcond=None)[0]
            x = y - np.diff(values, axis=0).T @ weights


def newton(at: Callable, residual: Callable, x: np.ndarray) -> Iterator:
    """x ← x − A⁻¹ G(x), a step that does not shorten G halved until it does. `at(x)` gives G and division by A."""
    length = lambda x: norm(residual(x))
    while True:
        value, divide = at(x)
        step = -divide(value)
        yield x + step, step
        x = shortened(x, step, length, norm(value), -norm(value))


def descent(at: Callable, objective: Callable, x: np.ndarray, tol: float, max_steps: int) -> Iterator:
    """Newton's method downhill: the inner conjugate gradients end where the Hessian curves the wrong way.

    `at(x)` gives the objective, its gradient, and the Hessian as a function of vectors. Source: Nocedal and Wright
    (2006), Numerical Optimization, algorithm 7.1.
    """
    while True:
        y, g, hessian = at(x)
        step, _ = conjugate_gradients(hessian, -g, 0.1, max_steps)
        if norm(step) <= 1e-3 * max(1.0, norm(x)):  # the end is near, and this step is what tells it
            step, _ = conjugate_gradients(hessian, -g, tol, max_steps)
        step = step if norm(step) > 0 else -g
        yield x + step, step
        noise = 10 * np.finfo(x.dtype).eps * abs(y)
        x = shortened(x, step, objective, y + noise, g @ step)


def shortened(x: np.ndarray, step: np.ndarray, height: Callable, start: float, slope: float) -> np.ndarray:
    """x + t·step for the first t = 1, ½, ¼, … that takes `height` below `start` by 1e-4 of what the slope promises."""
    for t in (0.5**k for k in range(40)):
        y = x + t * step
        if height(y) <= start + 1e-4 * t * slope:
            return y
    raise ConvergenceError(
        "no part of Newton's step leads on: the problem is not smooth there, or tol asks for more than rounding "
        "allows. Start nearer to the solution, or raise tol."
    )


# --- Linear equations ---------------------------------------------------------------------------------------


class Square(NamedTuple):
    """A square matrix by what it does."""

    apply: Callable[[np.ndarray], np.ndarray]  # of a vector (n,), or of rows (k, n)
    dense: Callable[[], np.ndarray]
    name: str  # what errors call it
    unit: float  # 1 where it is the identity minus something, and small in comparison with it; else 0
    mend: str  # what errors say if it is singular


def divided(A: Square, rows: np.ndarray, method: str, tol: float, max_steps: int) -> np.ndarray:
    """A⁻¹ b for each b of `rows`, shape (k, n): nan for nan, and an error where rounding or `tol` leave no answer."""
    sizes = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    if not np.isfinite(sizes).all():
        return np.full_like(rows, np.nan)
    return LINEAR[method](A, rows / np.where(sizes > 0, sizes, 1), tol, max_steps) * sizes


def near_singular(A: Square, evidence: str, besides: str = "") -> ConvergenceError:
    """The error where A cannot be divided by."""
    return ConvergenceError(f"{A.name} is nearly singular{besides}: {evidence}. {A.mend}")


def probe(like: np.ndarray) -> np.ndarray:
    """A fixed vector of length 1 in no special direction."""
    v = np.sin(np.arange(1.0, like.size + 1) ** 2).astype(like.dtype)
    return v / norm(v)


def well_conditioned(A: Square, size: float, inverse: float, eps: float) -> float:
    """The condition number, from the lengths of A and of A⁻¹; an error where it leaves two digits or fewer."""
    condition = (A.unit + size) * inverse
    if not condition < 0.01 / eps:
        raise near_singular(A, f"its condition number is about {condition:.0e}")
    return condition


def dense(A: Square, rows: np.ndarray, tol: float, max_steps: int) -> np.ndarray:
    """Elimination. A probe rides along: it grows by about ‖A⁻¹‖, even where the rows do not."""
    matrix = A.dense()
    try:
        u = np.linalg.solve(matrix, np.concatenate([rows, probe(rows[0])[None]]).T).T
    except np.linalg.LinAlgError:
        raise near_singular(A, "elimination met a zero pivot") from None
    well_conditioned(A, norm(matrix.reshape(-1)), norm(u[-1]), np.finfo(u.dtype).eps)
    return u[:-1]


def gmres(A: Square, b: np.ndarray, tol: float, max_steps: int) -> np.ndarray:
    """Generalised minimal residuals (Saad and Schultz 1986), restarted: SciPy's where it is installed."""
    size = min(b.size, 50)
    cycles = -(-max_steps // size)
    try:
        from scipy.sparse import linalg
    except ImportError:
        return own_gmres(A, b, tol, size, cycles)
    operator = linalg.LinearOperator((b.size, b.size), A.apply, dtype=b.dtype)
    return linalg.gmres(operator, b, rtol=tol, atol=0.0, restart=size, maxiter=cycles)[0]


def own_gmres(A: Square, b: np.ndarray, tol: float, size: int, cycles: int) -> np.ndarray:
    """The same in a few lines: least squares over an orthonormal basis Q of r, A r, A² r, …"""
    x = np.zeros_like(b)
    for _ in range(cycles):
        r = b - A.apply(x)
        if not norm(r) > tol * norm(b):
            break
        Q, H = [r / norm(r)], np.zeros((size + 1, size), b.dtype)
        for j in range(size):
            w = A.apply(Q[j])
            for i, q in enumerate(Q):
                H[i, j] = q @ w
                w = w - H[i, j] * q
            H[j + 1, j] = norm(w)
            if not H[j + 1, j] > np.finfo(b.dtype).eps * norm(H[:, j]):
                break
            Q.append(w / H[j + 1, j])
        start = np.zeros(j + 2, b.dtype)
        start[0] = norm(r)
        x = x + np.linalg.lstsq(H[: j + 2, : j + 1], start, rcond=None)[0] @ Q[: j + 1]
    return x


def conjugate_gradients(A: Callable, b: np.ndarray, tol: float, max_steps: int) -> tuple[np.ndarray, float]:
    """Solve A u = b for positive definite A (Hestenes and Stiefel 1952), until a direction shows that it is not.

    Returns u, and the least curvature met over the largest: negative where A is indefinite.
    """
    u, r, d = np.zeros_like(b), b, b
    square, enough = r @ r, (tol * norm(b)) ** 2
    least, largest = math.inf, 0.0
    for _ in range(max_steps):
        if not square > enough:
            break
        Ad = A(d)
        curvature = (d @ Ad) / (d @ d)
        least, largest = min(least, curvature), max(largest, abs(curvature))
        if not curvature > 10 * np.finfo(b.dtype).eps * largest:
            break
        step, before = square / (d @ Ad), square
        u, r = u + step * d, r - step * Ad
        square = r @ r
        d = r + (square / before) * d
    return u, float(least / largest) if largest else 1.0


def cg(A: Square, b: np.ndarray, tol: float, max_steps: int) -> np.ndarray:
    """Conjugate gradients, for the Hessian at a minimum."""
    return conjugate_gradients(A.apply, b, tol, max_steps)[0]


def iteration(A: Square, b: np.ndarray, tol: float, max_steps: int) -> np.ndarray:
    """u ← b + (I − A) u; for a fixed point, u ← b + ∂f/∂x u or its transpose (Christianson 1994)."""
    return converge(
        plain(lambda u: b + (u - A.apply(u)), b),
        f"the iteration u ← b + (I − A) u with A = {A.name}",
        tol,
        max_steps,
        "This factor estimates the spectral radius of I − A, which must be below 1 for the iteration. Choose "
        "linear='gmres' or linear='dense', which ask only that A is invertible.",
    )


def checked(method: Callable) -> Callable:
    """An iterative method for one right-hand side of length 1, for rows of them, with its residuals checked."""

    def of_rows(A: Square, rows: np.ndarray, tol: float, max_steps: int) -> np.ndarray:
        u = np.stack([method(A, b, tol, max_steps) for b in rows])
        eps = np.finfo(u.dtype).eps
        size, inverse = norm(A.apply(probe(rows[0]))), np.linalg.norm(u, axis=1).max()
        condition = well_conditioned(A, size, inverse, eps)
        residual = np.linalg.norm(A.apply(u) - rows, axis=1).max()
        if not residual <= 10 * tol * max(1.0, inverse) + 100 * eps * condition:
            raise near_singular(A, f"{method.__name__} left a residual of {residual:.0e}", HARD[method.__name__])
        return u

    return of_rows


LINEAR: dict[str, Callable] = {
    "dense": dense,
    "gmres": checked(gmres),
    "cg": checked(cg),
    "iteration": checked(iteration),
}

# What may be to blame for a residual besides a nearly singular matrix.
HARD = {
    "gmres": ", or too hard for gmres (choose linear='dense')",
    "cg": ", or not symmetric and positive definite (choose linear='gmres')",
    "iteration": ", or too hard for the iteration (choose linear='gmres')",
}
