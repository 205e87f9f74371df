"""Every primitive, every way to call it: first and second derivatives in both modes, in both precisions."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.arrays import name_of

from .cases import CASES, Case, for_each_case
from .oracles import assert_close, complex_step, differences, direction, inner, leaves, like, norm

pytestmark = pytest.mark.filterwarnings("error")  # where NumPy does not warn, neither does the derivative
each_case = for_each_case(CASES)


def directions(case: Case, primals: tuple) -> tuple[tuple, Any]:
    """A tangent of the arguments and a cotangent of the result."""
    rng = np.random.default_rng(1)
    return direction(rng, primals), direction(rng, case.function(*primals))


def pushed(f: Callable, tangents: tuple) -> Callable:
    """x ↦ F′(x) ẋ."""
    return lambda *primals: ad.jvp(f, primals, tangents)[1]


def pulled(f: Callable, cotangent: Any) -> Callable:
    """x ↦ F′(x)ᵀ ȳ."""
    return lambda *primals: ad.vjp(f, *primals)[1](cotangent)


def assert_adjoint(u: Any, jv: Any, jtu: Any, v: Any, rtol: float = 1e-12) -> None:
    """⟨u, J v⟩ = ⟨Jᵀu, v⟩, relative to ‖u‖ ‖J v‖; where J v cancels, up to rounding."""
    assert abs(inner(u, jv) - inner(jtu, v)) <= norm(u) * (rtol * norm(jv) + 1e-15 * norm(v))


def assert_same_value(actual: Any, expected: Any) -> None:
    """The value that NumPy gives: structure, shapes, dtypes, and numbers to a few units of the last place."""
    assert type(actual) is type(expected) or not isinstance(expected, tuple | list)
    for a, e in zip(leaves(actual), leaves(expected), strict=True):
        assert isinstance(a, np.ndarray if np.ndim(e) else np.generic)
        assert (a.shape, a.dtype) == (np.shape(e), np.asarray(e).dtype)
        np.testing.assert_allclose(a, e, rtol=1e-14, atol=1e-14)


def assert_belongs(derivative: Any, value: Any) -> None:
    """A tangent or cotangent has the structure, shapes and dtypes of its value."""
    for d, x in zip(leaves(derivative), leaves(value), strict=True):
        assert isinstance(d, np.ndarray | np.generic)
        assert (d.shape, d.dtype) == (np.shape(x), np.asarray(x).dtype)


DERIVED = {"bessel_i", "over_gaps", "overlapped", "cofactors", "_logsumexp"}  # in derivatives alone; of ad.logsumexp


def test_every_primitive_has_a_row(primitives):
    met = {node.function for case in CASES for node in ad.trace(case.function, *case.primals()).operations}
    assert {name_of(f) for f in primitives if f not in met} <= DERIVED


@each_case
def test_value_is_numpys_and_jvp_is_the_derivative(case):
    primals = case.primals()
    tangents, _ = directions(case, primals)
    y, ydot = ad.jvp(case.function, primals, tangents)
    assert_same_value(y, case.function(*primals))
    assert_belongs(ydot, y)
    if case.analytic:
        assert_close(ydot, complex_step(case.function, primals, tangents), rtol=1e-12, scale=max(norm(y), 1))
    assert_close(ydot, differences(case.function, primals, tangents), rtol=1e-8, scale=max(norm(y), 1))


@each_case
def test_vjp_is_the_transpose_of_jvp(case):
    primals = case.primals()
    tangents, cotangent = directions(case, primals)
    _, ydot = ad.jvp(case.function, primals, tangents)
    y, pullback = ad.vjp(case.function, *primals)
    xbar = pullback(cotangent)
    assert_same_value(y, case.function(*primals))
    assert isinstance(xbar, tuple)
    assert_belongs(xbar, primals)
    assert_adjoint(cotangent, ydot, xbar, tangents)


@each_case
def test_linearize_and_jacobians_agree_with_jvp_and_vjp(case):
    primals = case.primals()
    tangents, cotangent = directions(case, primals)
    _, ydot = ad.jvp(case.function, primals, tangents)
    y, J = ad.linearize(case.function, *primals)
    assert_same_value(y, case.function(*primals))
    assert_close(J(*tangents), ydot, rtol=1e-12, scale=1)
    assert_close(J.T(cotangent), ad.vjp(case.function, *primals)[1](cotangent), rtol=1e-12, scale=1)

    def flat(tree: Any) -> np.ndarray:
        return np.concatenate([np.ravel(leaf) for leaf in leaves(tree)])

    assert J.shape == (flat(y).size, flat(primals).size)
    np.testing.assert_allclose(J.dense() @ flat(tangents), flat(ydot), atol=1e-12 * max(norm(ydot), 1))
    for jacobian in (ad.jacfwd, ad.jacrev):  # all tangents at once, all cotangents at once
        blocks = iter(leaves(jacobian(case.function, argnums=tuple(range(len(primals))))(*primals)))
        for value, moved in zip(leaves(y), leaves(ydot), strict=True):
            total = np.zeros(np.size(value), value.dtype)
            for x, v in zip(primals, tangents, strict=True):
                block = next(blocks)
                assert (block.shape, block.dtype) == (np.shape(value) + x.shape, value.dtype)
                total += block.reshape(total.size, x.size) @ v.ravel()
            np.testing.assert_allclose(total, np.ravel(moved), atol=1e-12 * max(norm(ydot), 1))


@each_case
def test_second_derivatives_agree_in_all_four_nestings(case):
    def f(*primals):  # squared, so that linear primitives have second derivatives too
        return like(case.function(*primals), lambda y: y * y)

    primals = case.primals()
    v, u = directions(case, primals)
    w = direction(np.random.default_rng(2), primals)
    scale = max(norm(u) * norm(f(*primals)), 1)
    forward_forward = ad.jvp(pushed(f, v), primals, w)[1]
    assert_close(forward_forward, differences(pushed(f, v), primals, w), rtol=1e-7, scale=scale)
    reverse_forward = ad.vjp(pushed(f, v), *primals)[1](u)
    assert_adjoint(u, forward_forward, reverse_forward, w)
    forward_reverse = ad.jvp(pulled(f, u), primals, v)[1]
    assert_close(forward_reverse, reverse_forward, rtol=1e-12, scale=scale)
    reverse_reverse = ad.vjp(pulled(f, u), *primals)[1](v)
    assert_close(reverse_reverse, reverse_forward, rtol=1e-12, scale=scale)


@each_case
def test_hessians_agree_with_hessian_vector_products(case):
    """Second derivatives of all directions at once: batches of tangents pushed through cotangents, and so on."""
    rng = np.random.default_rng(3)
    primals = case.primals()
    v = direction(rng, primals)
    weights = direction(rng, case.function(*primals))

    def f(*xs):
        terms = zip(leaves(weights), leaves(case.function(*xs)), strict=True)
        return sum(np.sum(np.real(w * y * y)) for w, y in terms)

    every = tuple(range(len(primals)))
    product = ad.hvp(f, primals, v)
    scale = max(norm(product), norm(ad.grad(f, every)(*primals)), 1)
    for nesting in (ad.hessian, lambda f, k: ad.jacrev(ad.grad(f, k), k), lambda f, k: ad.jacfwd(ad.jacfwd(f, k), k)):
        blocks = nesting(f, every)(*primals)
        for x, row, expected in zip(primals, blocks, product, strict=True):
            assert [block.shape for block in row] == [x.shape + w.shape for w in primals]
            total = sum(
                block.reshape(x.size, w.size) @ w_v.ravel() for block, w, w_v in zip(row, primals, v, strict=True)
            )
            np.testing.assert_allclose(total, expected.ravel(), atol=1e-12 * scale)


@each_case
def test_float32_stays_float32(case):
    primals = case.primals()
    tangents, cotangent = directions(case, primals)
    single = tuple(x.astype(np.float32) for x in primals)
    y, ydot = ad.jvp(case.function, single, tuple(v.astype(np.float32) for v in tangents))
    expected = case.function(*single)
    assert_belongs(y, expected)
    assert_belongs(ydot, expected)
    narrow = [np.asarray(u, np.asarray(e).dtype) for u, e in zip(leaves(cotangent), leaves(expected), strict=True)]
    parts = iter(narrow)
    xbar = ad.vjp(case.function, *single)[1](like(expected, lambda _: next(parts)))
    assert_belongs(xbar, single)
    exact = ad.jvp(case.function, primals, tangents)[1]
    assert_close(ydot, exact, rtol=2e-5, scale=max(norm(exact), norm(y)))
    assert_adjoint(narrow, ydot, xbar, tangents, rtol=2e-5 * max(norm(xbar) * norm(tangents), 1))
    steps = tuple(v.astype(np.float32) for v in tangents)
    assert_belongs(ad.jvp(pushed(case.function, steps), single, steps)[1], expected)
    parts = iter(narrow)
    assert_belongs(ad.jvp(pulled(case.function, like(expected, lambda _: next(parts))), single, steps)[1], single)


@for_each_case(case for case in CASES if case.analytic)
def test_complex_arguments(case):
    """Complex-linear operators, transposed in the pairing Re Σ u v: no conjugate anywhere."""
    rng = np.random.default_rng(3)
    primals = tuple(x + 0.2j * rng.uniform(0.5, 1, x.shape) for x in case.primals())
    tangents, cotangent = direction(rng, primals), direction(rng, case.function(*primals))
    y, ydot = ad.jvp(case.function, primals, tangents)
    assert_same_value(y, case.function(*primals))
    assert_belongs(ydot, y)
    assert_close(ydot, differences(case.function, primals, tangents), rtol=1e-8, scale=max(norm(y), 1))
    xbar = ad.vjp(case.function, *primals)[1](cotangent)
    assert_belongs(xbar, primals)
    assert_adjoint(cotangent, ydot, xbar, tangents)


LAYOUTS = {
    "Fortran": np.asfortranarray,
    "strided": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "reversed": lambda x: np.flip(np.flip(x).copy()),
    "read-only": lambda x: np.broadcast_to(x, x.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@for_each_case([case for case in CASES if "'K'" not in case.expression][::3])
def test_memory_layout_does_not_matter(case, layout):
    primals = case.primals()
    tangents, cotangent = directions(case, primals)
    laid, moving = ([LAYOUTS[layout](x) if x.ndim else x for x in xs] for xs in (primals, tangents))
    before = [x.copy() for x in laid]
    expected = ad.jvp(case.function, primals, tangents)
    assert_close(ad.jvp(case.function, tuple(laid), tuple(moving)), expected, rtol=1e-14, scale=norm(expected))
    xbar = ad.vjp(case.function, *laid)[1](cotangent)
    assert_close(xbar, ad.vjp(case.function, *primals)[1](cotangent), rtol=1e-13, scale=norm(expected))
    for x, kept in zip(laid, before, strict=True):
        np.testing.assert_array_equal(x, kept)
