"""Transforms within transforms, values that escape from them, threads and tasks."""

import asyncio
import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autodiff as ad

from .curves import V3, V4, W, X, curve, derivative_of_curve, program
from .oracles import assert_close, differences

# --- Nesting ------------------------------------------------------------------------------------------------

DERIVATIVES = {
    "jvp": lambda f: lambda x: ad.jvp(f, (x,), (1.0,))[1],
    "vjp": lambda f: lambda x: ad.vjp(f, x)[1](1.0)[0],
    "linearize": lambda f: lambda x: ad.linearize(f, x)[1](1.0),
    "transpose": lambda f: lambda x: ad.linearize(f, x)[1].T(1.0)[0],
    "grad": ad.grad,
    "jacfwd": ad.jacfwd,
    "jacrev": ad.jacrev,
    "dense": lambda f: lambda x: ad.linearize(f, x)[1].dense().reshape(()),
}
ONE = tuple(DERIVATIVES)
TWO = list(itertools.product(ONE, repeat=2))
THREE = list(itertools.product((*ONE[:4], "jacfwd", "jacrev"), repeat=3))


@pytest.mark.parametrize("names", TWO + THREE, ids="-".join)
def test_every_order_of_modes(names):
    f = curve
    for name in reversed(names):
        f = DERIVATIVES[name](f)
    assert f(0.3) == pytest.approx(derivative_of_curve(len(names), 0.3), rel=1e-13)


@pytest.mark.parametrize("mode", ["jvp", "vjp", "jacfwd", "jacrev"])
def test_seventh_derivative(mode):
    f = curve
    for _ in range(7):
        f = DERIVATIVES[mode](f)
    assert f(0.3) == pytest.approx(derivative_of_curve(7, 0.3), rel=1e-12)


@pytest.mark.parametrize(
    "modes",
    itertools.product([ad.jacfwd, ad.jacrev], repeat=3),
    ids=lambda m: "-".join(f.__name__ for f in m),
)
def test_third_derivative_tensor(modes):
    x = np.array([0.5, -1.1])
    tensor = modes[0](modes[1](modes[2](lambda x: np.sin(x[0] * x[1]) + x[0] ** 3)))(x)
    a, b, p = *x, x[0] * x[1]
    expected = np.empty((2, 2, 2))
    expected[0, 0, 0] = 6 - b**3 * np.cos(p)
    expected[1, 1, 1] = -(a**3) * np.cos(p)
    expected[0, 0, 1] = expected[0, 1, 0] = expected[1, 0, 0] = -2 * b * np.sin(p) - a * b**2 * np.cos(p)
    expected[0, 1, 1] = expected[1, 0, 1] = expected[1, 1, 0] = -2 * a * np.sin(p) - a**2 * b * np.cos(p)
    np.testing.assert_allclose(tensor, expected, rtol=1e-12)


@pytest.mark.parametrize("names", TWO, ids="-".join)
def test_perturbation_confusion(names):
    """Derivatives of functions that close over each other's variables (Siskind and Pearlmutter)."""
    outer, inner = (DERIVATIVES[name] for name in names)
    assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(1.0) == 1.0
    assert outer(lambda x: x * inner(lambda y: x * y)(2.0))(3.0) == 6.0
    assert outer(lambda x: inner(lambda y: x * y**2)(x))(3.0) == pytest.approx(4 * 3.0)
    assert outer(lambda x: inner(lambda y: x)(1.0) + x)(2.0) == 1.0
    assert outer(lambda x: inner(lambda y: np.sin(x) * np.exp(x * y))(0.5))(0.7) == pytest.approx(
        (np.cos(0.7) * 0.7 + np.sin(0.7) * (1 + 0.35)) * np.exp(0.35), rel=1e-13
    )
    assert outer(lambda x: inner(lambda y: inner(lambda z: x * y * z)(1.0) * x)(1.0))(2.0) == 4.0


def test_three_levels_of_closure():
    def f(x):
        def g(y):
            def h(z):
                return x**2 * y**2 * z**2

            return ad.grad(h)(y)  # 2 x² y³

        return ad.jvp(g, (x,), (1.0,))[1]  # 6 x⁴

    assert ad.grad(f)(2.0) == 24 * 8.0
    assert ad.jvp(f, (2.0,), (1.0,))[1] == 24 * 8.0


def test_derivatives_with_respect_to_tangents_and_cotangents():
    """A JVP is linear in its tangent: its Jacobian is the Jacobian, and likewise for a VJP."""
    J = ad.jacfwd(program)(X)
    for jacobian in (ad.jacfwd, ad.jacrev):
        np.testing.assert_allclose(jacobian(lambda v: ad.jvp(program, (X,), (v,))[1])(V3), J, rtol=1e-12)
        np.testing.assert_allclose(jacobian(lambda u: ad.vjp(program, X)[1](u)[0])(V4), J.T, rtol=1e-12)
        # the same, of an operator and a pullback that were made outside and are used inside
        np.testing.assert_allclose(jacobian(ad.linearize(program, X)[1])(V3), J, rtol=1e-12)
        np.testing.assert_allclose(jacobian(ad.vjp(program, X)[1])(V4)[0], J.T, rtol=1e-12)


def test_point_and_direction_may_come_from_one_variable():
    def f(x):
        return ad.jvp(program, (x,), (np.sin(x),))[1].sum() + ad.vjp(program, x)[1](program(x))[0].sum()

    assert_close(ad.jvp(f, (X,), (V3,))[1], differences(f, (X,), (V3,)), rtol=1e-8)
    assert_close(ad.grad(f)(X) @ V3, differences(f, (X,), (V3,)), rtol=1e-8)


def test_inner_optimisation_inside_an_outer_gradient():
    """Hyperparameter gradients through steps of gradient descent."""

    def trained(rate):
        w = np.zeros(3)
        for _ in range(5):
            w = w - rate * ad.grad(lambda w: np.sum((W.T @ w - V4) ** 2))(w)
        return np.sum((W.T @ w - V4) ** 2)

    expected = differences(trained, (0.01,), (1.0,), h=1e-3)
    assert ad.grad(trained)(0.01) == pytest.approx(expected, rel=1e-8)
    assert ad.jvp(trained, (0.01,), (1.0,))[1] == pytest.approx(expected, rel=1e-8)


# --- Escapes ------------------------------------------------------------------------------------------------

LEAKS = {
    "grad": lambda f: ad.grad(f)(1.0),
    "jvp": lambda f: ad.jvp(f, (1.0,), (1.0,)),
    "linearize": lambda f: ad.linearize(f, 1.0),
    "jacfwd": lambda f: ad.jacfwd(f)(1.0),
}
USES = {
    "arithmetic": lambda x: x + 1,
    "ufunc": lambda x: np.sin(x),
    "reflected": lambda x: 2.0 * x,
    "function": lambda x: np.sum(x),
    "method": lambda x: x.reshape(1),
    "index": lambda x: x[None],
    "result": lambda x: ad.grad(lambda y: x)(1.0),
    "argument": lambda x: ad.grad(lambda y: y**2)(x),
    "stack": lambda x: np.stack([x, 1.0]),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("transform", LEAKS)
def test_escaped_values_are_refused(transform, use):
    kept = []

    def leaky_function(x):
        kept.append(x * 2)
        return x * 3

    LEAKS[transform](leaky_function)
    with pytest.raises(ad.EscapedTracerError, match=r"leaky_function.*test_nesting\.py:\d+") as caught:
        USES[use](kept[0])
    assert isinstance(caught.value, ad.AutodiffError | RuntimeError)
    repr(kept[0]), str(kept[0])  # a debugger may still look at it


def test_escape_from_an_inner_trace_into_an_outer_one():
    def outer(x):
        kept = []
        ad.grad(lambda y: kept.append(y * x) or y)(1.0)
        return x + kept[0]

    for transform in LEAKS.values():
        with pytest.raises(ad.EscapedTracerError):
            transform(outer)


def test_pullback_that_outlives_an_outer_trace_is_refused():
    kept = []

    def outer(x):
        y, pullback = ad.vjp(lambda y: y * x, 2.0)
        kept.append(pullback)
        return y

    ad.grad(outer)(3.0)
    with pytest.raises(ad.EscapedTracerError):
        np.add(*kept[0](1.0), 1.0)


# --- Threads and tasks --------------------------------------------------------------------------------------


def third_derivative(x: float) -> float:
    return ad.grad(lambda x: ad.jvp(ad.grad(curve), (x,), (1.0,))[1])(x)


def test_threads_do_not_disturb_each_other():
    points = np.linspace(-1, 1, 64).tolist()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(third_derivative, points))
    np.testing.assert_allclose(found, [derivative_of_curve(3, x) for x in points], rtol=1e-12)


def test_one_pullback_in_many_threads():
    _, pullback = ad.vjp(program, X)
    seeds = np.random.default_rng(0).normal(size=(64, 4))
    expected = [pullback(seed)[0] for seed in seeds]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda seed: pullback(seed)[0], seeds))
    np.testing.assert_array_equal(found, expected)


def test_threads_inside_a_trace():
    def f(x):
        with ThreadPoolExecutor(4) as pool:
            parts = list(pool.map(lambda k: ad.grad(lambda y: x * y**k)(2.0), range(1, 5)))
        return np.sum(np.stack(parts))

    assert ad.grad(f)(3.0) == 1 + 4 + 12 + 32


def test_tasks_do_not_disturb_each_other():
    async def one(x: float) -> float:
        _, pullback = ad.vjp(curve, x)
        await asyncio.sleep(0)
        _, J = ad.linearize(ad.grad(curve), x)
        await asyncio.sleep(0)
        return pullback(1.0)[0] + J(1.0)

    async def every(points: list[float]) -> list[float]:
        return await asyncio.gather(*map(one, points))

    points = np.linspace(-1, 1, 16).tolist()
    expected = [derivative_of_curve(1, x) + derivative_of_curve(2, x) for x in points]
    np.testing.assert_allclose(asyncio.run(every(points)), expected, rtol=1e-12)


def test_debug_nans_belongs_to_its_task():
    async def watchful() -> str:
        with ad.debug_nans():
            await asyncio.sleep(0)
            try:
                ad.grad(np.log)(-1.0)
            except FloatingPointError:
                return "refused"
        return "passed"

    async def careless() -> str:
        for _ in range(3):
            ad.grad(np.log)(-1.0)
            await asyncio.sleep(0)
        return "passed"

    async def both() -> list[str]:
        return await asyncio.gather(watchful(), careless())

    with np.errstate(invalid="ignore"):
        assert asyncio.run(both()) == ["refused", "passed"]
