"""Shapes, broadcasts, axes, indices and dtypes beyond any table: hypothesis chooses them.

One property holds each primitive to account: the derivative that forward mode gives is that of central differences,
and reverse mode is its transpose.
"""

import string
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autodiff as ad

from .cases import DOMAINS, ELEMENTWISE
from .oracles import assert_close, differences, direction, inner, norm

quick = settings(max_examples=12)
thorough = settings(max_examples=60)

seeds = st.integers(0, 2**32 - 1)
arrays_of = {"float32": (np.float32, 2e-4), "float64": (np.float64, 1e-8)}
dtypes = st.sampled_from(sorted(arrays_of))
layouts = st.sampled_from(["C", "F", "strided", "reversed"])


def shapes(min_dims: int = 0, max_dims: int = 4, min_side: int = 0, max_side: int = 4) -> st.SearchStrategy:
    return hnp.array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side)


def laid_out(x: np.ndarray, layout: str) -> np.ndarray:
    """The same entries in another order in memory."""
    if x.ndim == 0 or layout == "C":
        return x
    if layout == "F":
        return np.asfortranarray(x)
    if layout == "strided":
        return np.repeat(x, 2, axis=0)[::2]
    return np.flip(np.flip(x).copy())


def assert_differentiates(f: Callable, *primals: np.ndarray, seed: int = 0, rtol: float = 1e-8) -> None:
    """Forward mode agrees with central differences (of doubles), reverse mode is its transpose."""
    rng = np.random.default_rng(seed)
    expected = f(*primals)
    tangents, cotangent = direction(rng, primals), direction(rng, expected)
    y, ydot = ad.jvp(f, primals, tangents)
    assert_close(y, expected, rtol=10 * np.finfo(y.dtype).eps)
    assert (ydot.shape, ydot.dtype) == (y.shape, y.dtype) == (np.shape(expected), np.asarray(expected).dtype)
    wide = [np.asarray(x, float) for x in primals], [np.asarray(v, float) for v in tangents]
    assert_close(ydot, differences(f, *wide), rtol, scale=max(norm(y), norm(ydot), 1))
    xbar = ad.vjp(f, *primals)[1](cotangent)
    for bar, x in zip(xbar, primals, strict=True):
        assert (bar.shape, bar.dtype) == (x.shape, x.dtype)
    eps = max(np.finfo(x.dtype).eps for x in (y, *primals))
    rounding = 100 * eps * (norm(cotangent) * norm(ydot) + norm(xbar) * norm(tangents))
    assert abs(inner(cotangent, ydot) - inner(xbar, tangents)) <= rounding


def sample(domain: str, shape: tuple, seed: int, dtype: Any = float) -> np.ndarray:
    return np.asarray(DOMAINS[domain](np.random.default_rng(seed), shape), dtype)


@pytest.mark.parametrize("name", ELEMENTWISE)
@given(data=st.data(), dtype=dtypes, layout=layouts, seed=seeds)
@quick
def test_elementwise(name, data, dtype, layout, seed):
    domains = ELEMENTWISE[name][0]
    if len(domains) == 1:
        sizes: Sequence = [data.draw(shapes())]
    else:
        sizes = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3)).input_shapes
    kind, rtol = arrays_of[dtype]
    primals = [
        laid_out(sample(domain, shape, seed + k, kind), layout)
        for k, (domain, shape) in enumerate(zip(domains, sizes, strict=True))
    ]
    assert_differentiates(getattr(np, name), *primals, seed=seed, rtol=rtol)


@given(data=st.data(), seed=seeds)
@thorough
def test_where_and_clip(data, seed):
    parts = hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3)
    a, b, c = data.draw(parts).input_shapes
    mask = np.random.default_rng(seed).random(a) > 0.5
    x, y, low = sample("distinct", b, seed), sample("apart", c, seed), sample("further", a, seed)
    assert_differentiates(lambda x, y: np.where(mask, x, y), x, y, seed=seed)
    assert_differentiates(lambda x, low, y: np.clip(x, low, y), x, low, y, seed=seed)


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min", "var", "std"])
@given(data=st.data(), keepdims=st.booleans(), dtype=dtypes, layout=layouts, seed=seeds)
@settings(max_examples=30)
def test_reductions(name, data, keepdims, dtype, layout, seed):
    shape = data.draw(shapes(min_side=2 if name == "std" else 1, max_side=3))
    axis = data.draw(st.none() | hnp.valid_tuple_axes(len(shape), min_size=1) if shape else st.none())
    if name == "std" and not shape:
        shape = (3,)
    if axis is not None and len(axis) == 1 and data.draw(st.booleans()):
        (axis,) = axis
    kind, rtol = arrays_of[dtype]
    x = laid_out(sample("distinct", shape, seed, kind), layout)
    assert_differentiates(lambda x: getattr(np, name)(x, axis=axis, keepdims=keepdims), x, seed=seed, rtol=10 * rtol)


@given(data=st.data(), layout=layouts, seed=seeds)
@settings(max_examples=40)
def test_cumulative_sum_and_flips_and_rolls(data, layout, seed):
    shape = data.draw(shapes(min_dims=1))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    shift = data.draw(st.integers(-7, 7))
    x = laid_out(sample("real", shape, seed), layout)
    for f in (np.cumsum, np.flip, lambda x, axis: np.roll(x, shift, axis)):
        assert_differentiates(lambda x, f=f: f(x, axis=axis), x, seed=seed)
        assert_differentiates(lambda x, f=f: f(x, axis=None), x, seed=seed)


@given(data=st.data(), layout=layouts, seed=seeds)
@thorough
def test_transpositions_and_reshapes(data, layout, seed):
    shape = data.draw(shapes())
    x = laid_out(sample("real", shape, seed), layout)
    axes = data.draw(st.permutations(range(len(shape))))
    other = data.draw(st.permutations(shape))
    order = data.draw(st.sampled_from("CF"))
    assert_differentiates(lambda x: np.transpose(x, axes), x, seed=seed)
    assert_differentiates(lambda x: np.reshape(x, tuple(other), order=order), x, seed=seed)
    assert_differentiates(lambda x: np.ravel(x, order=order), x, seed=seed)
    if len(shape) > 1:
        source, target = data.draw(st.permutations(range(len(shape))))[:2], axes[:2]
        assert_differentiates(lambda x: np.moveaxis(x, source, target), x, seed=seed)


@given(order=st.sampled_from("AK"), layout=layouts, axes=st.permutations(range(3)))
@quick
def test_orders_that_follow_the_memory_of_the_argument(order, layout, axes):
    """With order "A" or "K" the entries of the derivative stand where those of the value do."""

    def f(x):
        return np.ravel(np.transpose(x, axes), order=order)

    x = laid_out(np.arange(24.0).reshape(2, 3, 4), layout)
    places = f(x).astype(int)
    v = np.random.default_rng(0).normal(size=x.shape)
    y, ydot = ad.jvp(f, (x,), (v,))
    np.testing.assert_array_equal(y, places)
    np.testing.assert_array_equal(ydot, v.ravel()[places])
    np.testing.assert_array_equal(ad.vjp(f, x)[1](ydot)[0], v)


@given(data=st.data(), seed=seeds)
@thorough
def test_basic_indexing(data, seed):
    shape = data.draw(shapes())
    index = data.draw(hnp.basic_indices(shape, allow_newaxis=True, max_dims=6))
    assert_differentiates(lambda x: x[index], sample("real", shape, seed), seed=seed)


@given(data=st.data(), seed=seeds)
@thorough
def test_advanced_indexing(data, seed):
    shape = data.draw(shapes(min_dims=1, min_side=1))
    integers = hnp.integer_array_indices(shape[: data.draw(st.integers(1, len(shape)))])
    masks = hnp.arrays(bool, shape[: data.draw(st.integers(1, len(shape)))])
    index = data.draw(st.one_of(integers, masks))
    extra = data.draw(st.sampled_from([(), (Ellipsis,), (None,), (Ellipsis, None)]))
    index = (*index, *extra) if isinstance(index, tuple) else (index, *extra)
    x = sample("real", shape, seed)
    assert_differentiates(lambda x: x[index], x, seed=seed)
    assert_differentiates(lambda x: x[index] * x[index] + x.sum(), x, seed=seed)


@given(data=st.data(), seed=seeds)
@thorough
def test_mixed_indexing(data, seed):
    """Integers, slices, arrays and None in any order: NumPy moves axes about, and so must the derivative."""
    shape = data.draw(shapes(min_dims=2, min_side=1, max_side=3))
    common = data.draw(shapes(max_dims=2, min_side=1, max_side=3))
    entries: list[Any] = []
    for size in shape:
        within = st.integers(-size, size - 1)
        entries.append(data.draw(st.one_of(st.slices(size), within, hnp.arrays(int, common, elements=within))))
        if data.draw(st.booleans()):
            entries.append(None)
    index = tuple(entries)
    assert_differentiates(lambda x: x[index], sample("real", shape, seed), seed=seed)


@given(data=st.data(), dtype=dtypes, layout=layouts, seed=seeds)
@thorough
def test_matmul(data, dtype, layout, seed):
    drawn = hnp.mutually_broadcastable_shapes(signature="(m?,n),(n,p?)->(m?,p?)", max_dims=2, max_side=3, min_side=0)
    a, b = data.draw(drawn).input_shapes
    kind, rtol = arrays_of[dtype]
    x, y = (laid_out(sample("real", shape, seed + k, kind), layout) for k, shape in enumerate([a, b]))
    assert_differentiates(np.matmul, x, y, seed=seed, rtol=rtol)
    if len(b) < 3 and len(a) < 3:
        assert_differentiates(np.dot, x, y, seed=seed, rtol=rtol)


@given(data=st.data(), seed=seeds)
@thorough
def test_einsum(data, seed):
    """Random subscripts with repeated letters, summed letters and an ellipsis."""
    letters = data.draw(st.permutations("abcd"))
    sizes = dict(
        zip(string.ascii_letters, data.draw(st.lists(st.integers(1, 3), min_size=52, max_size=52)), strict=True)
    )
    terms = data.draw(st.lists(st.text(letters[:3], max_size=3), min_size=1, max_size=3))
    dots = data.draw(shapes(max_dims=2, min_side=1, max_side=2))
    dotted = [data.draw(st.booleans()) for _ in terms]
    used = sorted({letter for term in terms for letter in term})
    output = "".join(data.draw(st.permutations(used)))[: data.draw(st.integers(0, len(used)))]
    subscripts = ",".join("..." * d + term for d, term in zip(dotted, terms, strict=True))
    subscripts += "->" + "..." * any(dotted) + output
    primals = [
        sample("real", (dots if d else ()) + tuple(sizes[letter] for letter in term), seed + k)
        for k, (d, term) in enumerate(zip(dotted, terms, strict=True))
    ]
    assert_differentiates(lambda *xs: np.einsum(subscripts, *xs), *primals, seed=seed)


@given(data=st.data(), seed=seeds)
@settings(max_examples=40)
def test_tensordot(data, seed):
    x = sample("real", data.draw(shapes(max_dims=3, min_side=1, max_side=3)), seed)
    count = data.draw(st.integers(0, x.ndim))
    over = data.draw(st.permutations(range(x.ndim)))[:count]
    rest = data.draw(shapes(max_dims=2, min_side=1, max_side=3))
    y = sample("real", tuple(x.shape[i] for i in over) + rest, seed + 1)
    assert_differentiates(lambda x, y: np.tensordot(x, y, (over, list(range(count)))), x, y, seed=seed)


@given(data=st.data(), seed=seeds)
@settings(max_examples=40)
def test_joins(data, seed):
    shape = data.draw(shapes(min_dims=1, min_side=1))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    parts = []
    for k, size in enumerate(data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=4))):
        own = list(shape)
        own[axis] = size
        parts.append(sample("real", tuple(own), seed + k))
    assert_differentiates(lambda *xs: np.concatenate(xs, axis=axis), *parts, seed=seed)
    x = sample("real", shape, seed)
    place = data.draw(st.integers(-len(shape) - 1, len(shape)))
    assert_differentiates(lambda x: np.stack([x, 2 * x, x * x], axis=place), x, seed=seed)
    cuts = data.draw(st.lists(st.integers(-5, 5), max_size=3))
    for part in range(len(cuts) + 1):
        assert_differentiates(lambda x, k=part: np.split(x, cuts, axis=axis)[k], x, seed=seed)


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric", "wrap"])
@given(data=st.data(), seed=seeds)
@settings(max_examples=25)
def test_pad(mode, data, seed):
    shape = data.draw(shapes(min_dims=1, max_dims=3, min_side=1, max_side=3))
    widths = data.draw(
        st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=len(shape), max_size=len(shape))
    )
    assert_differentiates(lambda x: np.pad(x, widths, mode=mode), sample("real", shape, seed), seed=seed)


@given(data=st.data(), seed=seeds)
@settings(max_examples=40)
def test_repeat_and_tile_and_broadcast(data, seed):
    shape = data.draw(shapes(min_side=1, max_dims=3, max_side=3))
    x = sample("real", shape, seed)
    reps = tuple(data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=4)))
    assert_differentiates(lambda x: np.tile(x, reps), x, seed=seed)
    target = data.draw(hnp.broadcastable_shapes(shape, min_dims=len(shape), max_dims=4, max_side=3))
    target = np.broadcast_shapes(shape, target)
    assert_differentiates(lambda x: np.broadcast_to(x, target), x, seed=seed)
    if shape:
        axis = data.draw(st.integers(-len(shape), len(shape) - 1))
        counts = data.draw(st.lists(st.integers(0, 3), min_size=shape[axis], max_size=shape[axis]))
        assert_differentiates(lambda x: np.repeat(x, counts, axis=axis), x, seed=seed)
        assert_differentiates(lambda x: np.repeat(x, 2), x, seed=seed)


@given(data=st.data(), seed=seeds)
@settings(max_examples=40)
def test_diagonals_and_triangles(data, seed):
    shape = data.draw(shapes(min_dims=2, max_dims=4, min_side=1))
    k = data.draw(st.integers(-5, 5))
    axis1, axis2 = data.draw(st.permutations(range(len(shape))))[:2]
    x = sample("real", shape, seed)
    for f in (lambda x: np.triu(x, k), lambda x: np.tril(x, k)):
        assert_differentiates(f, x, seed=seed)
    if -shape[axis1] <= k <= shape[axis2]:
        assert_differentiates(lambda x: np.diagonal(x, k, axis1, axis2), x, seed=seed)
    assert_differentiates(lambda x: np.diag(np.ravel(x)[:4], k), x, seed=seed)


@given(data=st.data(), dtype=dtypes, seed=seeds)
@settings(max_examples=30)
def test_solve_and_inverse(data, dtype, seed):
    n = data.draw(st.integers(1, 4))
    batches = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=2)).input_shapes
    kind, rtol = arrays_of[dtype]
    a = sample("matrix", (*batches[0], n, n), seed, kind)
    b = sample("real", (*batches[1], n, data.draw(st.integers(1, 3))), seed, kind)
    assert_differentiates(np.linalg.solve, a, b, seed=seed, rtol=10 * rtol)
    assert_differentiates(np.linalg.inv, a, seed=seed, rtol=10 * rtol)


@given(data=st.data(), keepdims=st.booleans(), seed=seeds)
@settings(max_examples=40)
def test_norm(data, keepdims, seed):
    shape = data.draw(shapes(min_dims=1, min_side=1, max_dims=3))
    x = sample("real", shape, seed)
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    assert_differentiates(lambda x: np.linalg.norm(x, axis=axis, keepdims=keepdims), x, seed=seed)
    assert_differentiates(lambda x: np.linalg.norm(x, keepdims=keepdims), x, seed=seed)
    if len(shape) > 1:
        pair = tuple(data.draw(st.permutations(range(len(shape))))[:2])
        assert_differentiates(lambda x: np.linalg.norm(x, "fro", axis=pair, keepdims=keepdims), x, seed=seed)


VIEWS: dict[str, Callable] = {
    "same": lambda x: x,
    "reversed": lambda x: x[::-1],
    "shifted": lambda x: np.roll(x, 1),
    "reshaped": lambda x: x.reshape(2, 3).T.reshape(6),
    "front": lambda x: np.concatenate([x[:3], x[:3]]),
    "gathered": lambda x: x[[0, 0, 2, 5, 5, 1]],
    "masked": lambda x: np.where(np.arange(6) % 2, x, 0.0),
    "spread": lambda x: np.broadcast_to(x[2], (6,)),
    "split": lambda x: np.concatenate(np.split(x, 3)[::-1]),
    "row": lambda x: x.reshape(3, 2)[1].repeat(3),
    "negated": lambda x: -x,
}


@given(
    nodes=st.lists(
        st.tuples(st.sampled_from(sorted(VIEWS)), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=8
    ),
    outputs=st.lists(st.integers(0, 9), min_size=1, max_size=3),
    seed=seeds,
)
@settings(max_examples=150)
def test_graphs_of_views(nodes, outputs, seed):
    """Cotangents that meet again after slices, reversals and copies: each adds up once, none overwrites another."""

    def f(x):
        values = [x]
        for view, i, j in nodes:
            values.append(VIEWS[view](values[i % len(values)]) + values[j % len(values)])
        return [values[-1 - k % len(values)] for k in outputs]

    rng = np.random.default_rng(seed)
    x = rng.integers(-4, 5, 6).astype(float)
    seedlings = [rng.integers(-4, 5, 6).astype(float) for _ in outputs]
    kept = [u.copy() for u in seedlings]
    y, pullback = ad.vjp(f, x)
    value = [part.copy() for part in y]
    first = pullback(seedlings)[0].copy()
    columns = np.array(
        [sum(inner(u, t) for u, t in zip(kept, ad.jvp(f, (x,), (e,))[1], strict=True)) for e in np.eye(6)]
    )
    np.testing.assert_array_equal(first, columns)
    np.testing.assert_array_equal(pullback(seedlings)[0], first)
    np.testing.assert_array_equal(seedlings, kept)
    np.testing.assert_array_equal(y, value)
    np.testing.assert_array_equal(ad.jacrev(lambda x: np.stack(f(x)))(x), ad.jacfwd(lambda x: np.stack(f(x)))(x))


# --- Whole programs ---------------------------------------------------------------------------------------------

STEPS: dict[str, Callable] = {
    "sine": lambda x, y: np.sin(x) + y,
    "product": lambda x, y: x * y,
    "quotient": lambda x, y: x / (1 + y * y),
    "matmul": lambda x, y: (x @ y.T) @ y / 10,
    "tanh": lambda x, y: np.tanh(x - y),
    "softmax": lambda x, y: np.exp(x - y) / np.sum(np.exp(x - y), axis=-1, keepdims=True),
    "normalised": lambda x, y: (x - np.mean(x, axis=0)) / np.sqrt(1 + np.var(y)),
    "rolled": lambda x, y: np.roll(x, 1, axis=0) - y[::-1],
    "halves": lambda x, y: np.concatenate([x[:1], y[1:]]) * x,
    "picked": lambda x, y: x[[1, 1, 0]] + y[[0, 2, 2]] * 0.5,
    "rows": lambda x, y: np.stack([x[0] * y[1], x[1] + y[2], np.sqrt(1 + x[2] ** 2)]),
    "einsum": lambda x, y: np.einsum("ij,ik,kj->ij", x, x @ y.T, y) / 10,
}


@given(steps=st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=6), seed=seeds)
@thorough
def test_programs_to_second_order(steps, seed):
    """Compositions with fan-out: x and y are used again and again."""

    def f(x, y):
        state = x
        for step in steps:
            state, y = STEPS[step](state, y), y + 0.1 * state
        return np.sum(state * y)

    rng = np.random.default_rng(seed)
    primals = rng.uniform(-1, 1, (3, 2)), rng.uniform(-1, 1, (3, 2))
    assert_differentiates(f, *primals, seed=seed)
    v = direction(rng, primals)
    gradient = ad.grad(f, argnums=(0, 1))
    product = ad.hvp(f, primals, v)
    expected = differences(gradient, primals, v, h=0.01)
    assert_close(product, expected, rtol=1e-7, scale=max(norm(expected), norm(gradient(*primals)), 1))
    u = direction(rng, primals)
    assert abs(inner(u, product) - inner(ad.hvp(f, primals, u), v)) <= 1e-12 * max(norm(u) * norm(product), 1)
