"""Long programs need neither recursion nor more than their tape; what no rule needs is freed."""

import gc
import tracemalloc
import weakref
from typing import Any

import numpy as np
import pytest

import autodiff as ad

from .oracles import differences


def test_long_chains_need_no_recursion():
    def chain(x):
        for _ in range(100_000):
            x = x * 1.00001
        return x

    expected = 1.00001**100_000
    assert ad.grad(chain)(2.0) == pytest.approx(expected, rel=1e-9)
    assert ad.jvp(chain, (2.0,), (1.0,))[1] == pytest.approx(expected, rel=1e-9)
    _, J = ad.linearize(chain, 2.0)
    assert J(1.0) == pytest.approx(expected, rel=1e-9)
    del J  # freeing the tape must not recurse either


def test_long_chains_of_second_order():
    def chain(x):
        for _ in range(5_000):
            x = x + 1e-4 * x * x
        return x

    slope = ad.grad(chain)
    expected = differences(slope, (0.5,), (1.0,), h=1e-2)
    assert ad.grad(slope)(0.5) == pytest.approx(expected, rel=1e-8)
    assert ad.jvp(slope, (0.5,), (1.0,))[1] == pytest.approx(expected, rel=1e-8)


def test_fan_out_costs_one_visit_per_operation():
    def f(y):
        for _ in range(64):
            y = y + y
        return y

    assert ad.grad(f)(1.0) == ad.jvp(f, (1.0,), (1.0,))[1] == 2.0**64
    assert ad.hessian(lambda y: f(y * y))(1.0) == 2.0**65


def test_slices_of_one_array_add_up():
    def f(x):
        total = 0.0
        for k in range(len(x) - 1):
            total = total + x[k : k + 2].sum() * (k + 1) + x[k]
        return total

    x = np.arange(5.0)
    expected = [2, 4, 6, 8, 4]
    for _ in range(2):
        np.testing.assert_array_equal(ad.grad(f)(x), expected)
        np.testing.assert_array_equal(ad.jacfwd(f)(x), expected)
    _, pullback = ad.vjp(f, x)
    np.testing.assert_array_equal(pullback(1.0)[0], pullback(1.0)[0])


@pytest.mark.parametrize("outer", [ad.jacfwd, ad.jacrev])
@pytest.mark.parametrize("inner", [ad.jacfwd, ad.jacrev])
def test_slices_add_up_in_second_derivatives(inner, outer):
    a, b, c, d = x = np.array([0.5, -1.0, 2.0, 0.25])
    f = lambda x: np.stack([np.sum(x[1:] ** 2 * x[:-1]), x[0] * x[-1] * x[1]])
    chain = [[0, 2 * b, 0, 0], [2 * b, 2 * a, 2 * c, 0], [0, 2 * c, 2 * b, 2 * d], [0, 0, 2 * d, 2 * c]]
    ends = [[0, d, 0, b], [d, 0, 0, a], [0, 0, 0, 0], [b, a, 0, 0]]
    np.testing.assert_allclose(outer(inner(f))(x), [chain, ends], rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("transform", [ad.jacrev, ad.jacfwd, lambda f: ad.jacrev(ad.jacrev(f)), ad.hessian])
@pytest.mark.parametrize("shape", [(3,), (3, 3), (2, 3, 3)], ids=str)
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_outer_products_of_one_array_add_up(transform, shape, steps):
    def f(products):
        return lambda w: sum(np.sum(np.tanh(products(w, v)) * w[..., 0]) for v in np.sin(np.ones((steps, 3)).cumsum(0)))

    w = np.cos(np.arange(float(np.prod(shape)))).reshape(shape)
    expected = transform(f(lambda w, v: np.sum(w * v, -1)))(w)
    np.testing.assert_allclose(transform(f(lambda w, v: w @ v))(w), expected, rtol=1e-12, atol=1e-12)


def observed() -> tuple[Any, list]:
    """A primitive y = 2x that notes every array it makes, by weak reference."""
    made: list = []

    def value(x):
        y = 2.0 * x
        made.append(weakref.ref(y))
        return y

    return ad.primitive(value, lambda y, x: np.full(x.shape, 2.0)), made


def test_arrays_that_no_rule_needs_are_freed():
    double, made = observed()
    x = np.ones(1000)
    _, pullback = ad.vjp(lambda x: np.sum(double(x) + 1.0), x)
    assert made[0]() is None  # neither the sum nor `double` needs it
    np.testing.assert_array_equal(pullback(1.0)[0], 2.0)


def test_a_tape_is_small():
    """At most 300 bytes an operation, beyond the numbers themselves."""

    def chain(x):
        for _ in range(20_000):
            x = np.sin(x) * 1.01
        return x

    ad.vjp(chain, 0.5)
    tracemalloc.start()
    _, pullback = ad.vjp(chain, 0.5)
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept / 40_000 <= 300
    assert np.isfinite(pullback(1.0)[0])


def test_forward_mode_keeps_nothing():
    double, made = observed()
    ad.jvp(lambda x: np.sum(np.sin(double(x))), (np.ones(1000),), (np.ones(1000),))
    assert [ref() for ref in made] == [None]


def test_tapes_are_freed_without_the_collector():
    double, made = observed()
    gc.collect()
    gc.disable()
    try:
        _, pullback = ad.vjp(lambda x: np.sum(np.sin(double(x))), np.ones(1000))
        pullback(1.0)
        del pullback
        assert made[0]() is None
        ad.grad(lambda x: np.sum(np.sin(double(x))))(np.ones(1000))
        ad.hessian(lambda x: np.sum(np.sin(double(x))))(np.ones(3))
        assert all(ref() is None for ref in made)
    finally:
        gc.enable()


def test_forward_mode_needs_no_more_memory_for_more_steps():
    def chain(x, steps):
        for _ in range(steps):
            x = np.sin(x) + 0.1
        return x

    x = np.ones(20_000)

    def peak(steps: int) -> int:
        tracemalloc.start()
        ad.jvp(lambda x: chain(x, steps), (x,), (x,))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(100) < peak(5) + 2 * x.nbytes


def test_a_constant_that_changes_later_is_copied_by_the_user():
    """Forward mode multiplies at once; a tape holds the array itself, unless it is given one of its own."""
    buffer = np.zeros(3)

    def f(x):
        total = 0.0
        for k in range(4):
            buffer[:] = k
            total = total + x * buffer.copy()
        return np.sum(total)

    np.testing.assert_array_equal(ad.grad(f)(np.ones(3)), np.full(3, 6.0))
    np.testing.assert_array_equal(ad.jacfwd(f)(np.ones(3)), np.full(3, 6.0))
