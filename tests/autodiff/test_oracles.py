"""Other people's derivatives: HIPS autograd, SymPy and SciPy; where they are installed, JAX and PyTorch."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace

import autograd
import autograd.numpy as autograd_numpy
import numpy as np
import pytest
import sympy
from scipy.optimize import rosen_der, rosen_hess, rosen_hess_prod

import autodiff as ad

RNG = np.random.default_rng(7)
CONSTANTS = SimpleNamespace(
    A=RNG.normal(size=(3, 4)), B=RNG.normal(size=(4, 3)), M=RNG.normal(size=(3, 3)) + 4 * np.eye(3)
)
X, Y = RNG.uniform(0.5, 1.5, (3, 4)), RNG.uniform(0.5, 1.5, 4)

# Programs of a NumPy, constants, x and y, in the part of NumPy that the libraries share.
PROGRAMS = {
    "elementwise": lambda np, c, x, y: np.sum(np.sin(x) * np.exp(-y) + np.tanh(x / y) ** 2 - np.log(x) * np.sqrt(y)),
    "powers": lambda np, c, x, y: np.sum(x**y + y**3 + x**-1.5),
    "network": lambda np, c, x, y: np.mean((np.tanh(np.tanh(c.A @ x.T + 0.1) @ c.A) @ y - 1.0) ** 2),
    "softmax": lambda np, c, x, y: -np.sum((x * y) - np.log(np.sum(np.exp(x * y), axis=1, keepdims=True))),
    "reductions": lambda np, c, x, y: np.prod(np.sum(x, axis=0)) + np.std(x) * np.var(y) + np.max(x) * np.min(x * y),
    "shapes": lambda np, c, x, y: np.sum(np.concatenate([x.T, np.reshape(y, (4, 1))], axis=1)[::-1, 1:] ** 3),
    "indexing": lambda np, c, x, y: np.sum(x[1:, ::2] ** 2) * y[2] + np.sum(x[:, -1]) * np.sum(x.T[0]),
    "einsum": lambda np, c, x, y: np.sum(np.einsum("ij,j,kj->ik", x, y, c.A) ** 2),
    "solve": lambda np, c, x, y: np.sum(np.linalg.solve(x @ x.T + c.M, x @ y) ** 2),
    "inverse": lambda np, c, x, y: np.sum(np.linalg.inv(x @ c.B + c.M) * c.M),
    "norm": lambda np, c, x, y: np.sum(np.abs(x @ y)) / np.sqrt(np.sum(x * x)),
    "where": lambda np, c, x, y: (
        np.sum(np.where(x > y, x * y, x - y**2)) + np.sum(np.maximum(x, 1.0) * np.minimum(y, 1))
    ),
    "iterated": lambda np, c, x, y: iterated(np, x, y),
}


def iterated(np, x, y):
    state = y
    for _ in range(6):
        state = np.sin(x.T @ (x @ state)) + 0.5 * y
    return np.sum(state**2)


def ours(name: str) -> Callable:
    return lambda x, y: PROGRAMS[name](np, CONSTANTS, x, y)


def assert_same_gradient(name: str, theirs: Sequence) -> None:
    for a, b in zip(ad.grad(ours(name), argnums=(0, 1))(X, Y), theirs, strict=True):
        np.testing.assert_allclose(a, np.asarray(b), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", PROGRAMS)
def test_autograd_agrees(name):
    def f(x, y):
        return PROGRAMS[name](autograd_numpy, CONSTANTS, x, y)

    assert_same_gradient(name, (autograd.grad(f, 0)(X, Y), autograd.grad(f, 1)(X, Y)))
    v = RNG.normal(size=X.shape)
    theirs = autograd.grad(lambda x: autograd_numpy.sum(autograd.grad(f)(x, Y) * v))(X)
    product = ad.hvp(lambda x: ours(name)(x, Y), (X,), (v,))[0]
    np.testing.assert_allclose(product, theirs, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", PROGRAMS)
def test_jax_agrees(name):
    jax = pytest.importorskip("jax", reason="JAX comes with the extra `peers`")
    jax.config.update("jax_enable_x64", True)

    def f(x, y):
        return PROGRAMS[name](jax.numpy, CONSTANTS, x, y)

    assert_same_gradient(name, jax.grad(f, argnums=(0, 1))(X, Y))
    np.testing.assert_allclose(ad.hessian(ours(name))(X, Y), jax.hessian(f)(X, Y), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(
    "name", ["elementwise", "powers", "network", "softmax", "einsum", "solve", "inverse", "norm", "iterated"]
)
def test_torch_agrees(name):
    torch = pytest.importorskip("torch", reason="PyTorch comes with the extra `peers`")
    x, y = (torch.tensor(value, requires_grad=True) for value in (X, Y))
    constants = SimpleNamespace(**{key: torch.tensor(value) for key, value in vars(CONSTANTS).items()})
    y_at = PROGRAMS[name](torch, constants, x, y)
    gradient = torch.autograd.grad(y_at, (x, y), allow_unused=True, materialize_grads=True)
    assert_same_gradient(name, gradient)


# --- SymPy: expressions of two numbers, each with its first and second derivatives --------------------------

EXPRESSIONS = """
    sin(x) * exp(x * y)
    x**y
    (x + y) / (x - y)
    log(x) / (1 + x**2) ** 3
    tanh(x * y) + atan2(y, x)
    sqrt(x**2 + y**2)
    asin(x / 3) * acos(y / 3) + atan(x * y)
    sinh(x) - cosh(y) * asinh(x) + acosh(1 + x) + atanh(x * y / 4)
    exp(-((x - y) ** 2) / 2)
    1 / (1 + exp(-x * y))
    tan(x / 2) ** 3 * y
    cos(sin(cos(x * y)))
    cbrt(x) * exp(y)
"""


@pytest.mark.parametrize("text", [line.strip() for line in EXPRESSIONS.strip().splitlines()])
def test_sympy_agrees_to_second_order(text):
    x, y = sympy.symbols("x y", positive=True)
    expression = sympy.sympify(text, {"x": x, "y": y})
    f = sympy.lambdify((x, y), expression, "numpy")
    point = {x: 1.3, y: 0.6}
    gradient = [float(expression.diff(s).subs(point)) for s in (x, y)]
    hessian = [[float(expression.diff(s, t).subs(point)) for t in (x, y)] for s in (x, y)]
    np.testing.assert_allclose(ad.grad(f, (0, 1))(1.3, 0.6), gradient, rtol=1e-12)
    np.testing.assert_allclose(ad.jacfwd(f, (0, 1))(1.3, 0.6), gradient, rtol=1e-12)
    for outer in (ad.jacfwd, ad.jacrev):
        for inner in (ad.jacfwd, ad.jacrev):
            found = outer(lambda p, inner=inner: inner(lambda q: f(q[0], q[1]))(p))(np.array([1.3, 0.6]))
            np.testing.assert_allclose(found, hessian, rtol=1e-11, atol=1e-13)


# --- SciPy's Rosenbrock function ----------------------------------------------------------------------------


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@pytest.mark.parametrize("n", [2, 3, 10, 50])
def test_rosenbrock(n):
    x, v = RNG.normal(size=(2, n))
    np.testing.assert_allclose(ad.grad(rosenbrock)(x), rosen_der(x), rtol=1e-11, atol=1e-10)
    np.testing.assert_allclose(ad.jacfwd(rosenbrock)(x), rosen_der(x), rtol=1e-11, atol=1e-10)
    np.testing.assert_allclose(ad.hessian(rosenbrock)(x), rosen_hess(x), rtol=1e-11, atol=1e-10)
    product = ad.hvp(rosenbrock, (x,), (v,))[0]
    np.testing.assert_allclose(product, rosen_hess_prod(x, v), rtol=1e-9, atol=1e-9)
