"""The transforms: what they take and return, and what a program may do while they watch."""

import copy
import functools
import math

import numpy as np
import pytest

import autodiff as ad

from .curves import V3, V4, W, X, program
from .oracles import assert_close, differences

# --- Forward, reverse, linearised ---------------------------------------------------------------------------


def test_jvp_gives_value_and_tangent():
    y, ydot = ad.jvp(program, (X,), (V3,))
    np.testing.assert_allclose(y, program(X), rtol=1e-15)
    assert_close(ydot, differences(program, (X,), (V3,)), rtol=1e-9)


@pytest.mark.parametrize("x", [3.0, np.float64(3.0), np.array(3.0)], ids=repr)
def test_scalars_of_every_kind(x):
    y, ydot = ad.jvp(lambda x: x**3 + 2, (x,), (type(x)(2.0) if isinstance(x, float) else np.array(2.0),))
    assert (y, ydot) == (29.0, 54.0)
    y, pullback = ad.vjp(lambda x: x**3 + 2, x)
    assert (y, pullback(2.0)) == (29.0, (54.0,))
    assert ad.grad(lambda x: x**3)(x) == 27.0
    assert ad.hessian(lambda x: x**3)(x) == 18.0
    assert ad.jacfwd(lambda x: x**3)(x) == ad.jacrev(lambda x: x**3)(x) == 27.0
    assert np.ndim(ad.grad(lambda x: x**3)(x)) == 0


def test_pullback_may_be_called_many_times_and_keeps_no_state():
    _, pullback = ad.vjp(program, X)
    first = pullback(V4)[0]
    kept, cotangent = first.copy(), V4.copy()
    np.testing.assert_allclose(pullback(2 * V4)[0], 2 * kept, rtol=1e-14)
    first[:] = np.nan  # the user may write into what was returned
    np.testing.assert_array_equal(pullback(V4)[0], kept)
    np.testing.assert_array_equal(cotangent, V4)


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: (x + y,),
        lambda x, y: (x, y),
        lambda x, y: (x, x, y),
        lambda x, y: (x.reshape(3) + y.T, x),
        lambda x, y: (x[::-1], y[:]),
        lambda x, y: (np.broadcast_to(x, (2, 3)), y - x),
        lambda x, y: (x.sum() + y.sum(),),
    ],
)
def test_derivatives_are_arrays_of_their_own(f):
    """No derivative is read-only, or a view of an argument, of a seed, or of another derivative."""
    x, y = X.copy(), X[::-1].copy()
    value, pullback = ad.vjp(f, x, y)
    seeds = tuple(np.ones(v.shape) for v in value)
    found = [*pullback(seeds), *ad.jvp(f, (x, y), (np.ones(3), np.ones(3)))[1]]
    kept = [np.copy(derivative) for derivative in found]
    for k, derivative in enumerate(found):
        if derivative.ndim:
            derivative += 100.0
            for other, expected in zip(found[k + 1 :], kept[k + 1 :], strict=True):
                np.testing.assert_array_equal(other, expected)
    for array, expected in [(x, X), (y, X[::-1]), *((seed, np.ones(seed.shape)) for seed in seeds)]:
        np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("f", [np.exp, np.sqrt, np.tanh, lambda x: x * x, lambda x: x, lambda x: x[::-1]])
def test_the_value_is_the_users_to_change(f):
    """`y -= target` between the forward and the backward pass is ordinary NumPy."""
    x = np.abs(X)
    y, pullback = ad.vjp(f, x)
    expected = pullback(np.ones(3))[0].copy()
    y -= 100.0
    np.testing.assert_array_equal(pullback(np.ones(3))[0], expected)
    np.testing.assert_array_equal(x, np.abs(X))
    y, J = ad.linearize(f, x)
    y -= 100.0
    np.testing.assert_array_equal(J.T(np.ones(3))[0], expected)


def test_containers_that_the_function_changes_stay_whole_outside():
    def f(p):
        p["w"] = p["w"] * 2
        p["layers"].append(p["w"])
        return np.sum(p["layers"][-1] * p.pop("b"))

    p = {"w": X, "b": 3.0, "layers": [V3]}
    g = ad.grad(f)(p)
    assert list(p) == ["w", "b", "layers"]
    assert len(p["layers"]) == 1
    np.testing.assert_array_equal(p["w"], X)
    np.testing.assert_array_equal(g["w"], np.full(3, 6.0))
    np.testing.assert_array_equal(g["layers"][0], 0 * V3)


def test_linearize_is_an_operator_with_a_transpose():
    y, J = ad.linearize(program, X)
    np.testing.assert_allclose(y, program(X), rtol=1e-15)
    np.testing.assert_allclose(J(V3), ad.jvp(program, (X,), (V3,))[1], rtol=1e-13)
    np.testing.assert_allclose(J.T(V4)[0], ad.vjp(program, X)[1](V4)[0], rtol=1e-13)
    assert J.shape == (4, 3)
    np.testing.assert_allclose(J.dense(), ad.jacfwd(program)(X), rtol=1e-13)
    np.testing.assert_allclose(J(2 * V3), 2 * J(V3), rtol=1e-14)


def test_linearize_of_several_arguments_and_results():
    def f(x, w):
        return {"product": w @ x, "sum": x.sum() + w.sum()}

    y, J = ad.linearize(f, X, W.T)
    assert J.shape == (5, 15)
    assert set(y) == set(J(V3, W.T)) == {"product", "sum"}
    np.testing.assert_allclose(J(V3, 0 * W.T)["product"], W.T @ V3, rtol=1e-14)
    xbar, wbar = J.T({"product": V4, "sum": 0.0})
    np.testing.assert_allclose(wbar, np.outer(V4, X), rtol=1e-14)
    np.testing.assert_allclose(xbar, W @ V4, rtol=1e-14)
    np.testing.assert_allclose(J.dense()[:4, :3], W.T, rtol=1e-14)


def test_the_function_runs_once():
    calls = []

    def f(x):
        calls.append(1)
        return program(x)

    for transform in (
        lambda: ad.jvp(f, (X,), (V3,)),
        lambda: ad.vjp(f, X)[1](V4),
        lambda: ad.linearize(f, X)[1].dense(),
        lambda: ad.jacfwd(f)(X),
        lambda: ad.jacrev(f)(X),
        lambda: ad.jacobian(f)(X),
        lambda: ad.grad(lambda x: f(x).sum())(X),
        lambda: ad.value_and_grad(lambda x: f(x).sum())(X),
        lambda: ad.hessian(lambda x: f(x).sum())(X),
        lambda: ad.gauss_newton_vp(f, (X,), (V3,)),
    ):
        calls.clear()
        transform()
        assert len(calls) == 1


# --- Gradients and Jacobians --------------------------------------------------------------------------------


def test_grad_by_argnums():
    def f(x, w, b):
        return np.sum(np.tanh(w @ x + b))

    args = (X, W.T, V4)
    every = ad.vjp(f, *args)[1](1.0)
    for k in range(3):
        assert_close(ad.grad(f, argnums=k)(*args), every[k], rtol=1e-14)
        assert_close(ad.grad(f, k - 3)(*args), every[k], rtol=1e-14)
    pair = ad.grad(f, argnums=(2, 0))(*args)
    assert isinstance(pair, tuple)
    assert_close(pair, (every[2], every[0]), rtol=1e-14)
    assert isinstance(ad.grad(f, argnums=(1,))(*args), tuple)
    assert_close(ad.grad(f, argnums=np.int64(1))(*args), every[1], rtol=1e-14)


def test_arguments_that_are_not_differentiated_pass_through():
    def f(x, n, flag, name, nothing, table, mask, *, power=1, scale):
        assert (type(n), flag, name, nothing, table["k"]) == (int, True, "tanh", None, [1, 2])
        return scale * np.sum(getattr(np, name)(x)[mask] ** power) * n

    mask = np.array([True, False, True])
    args = (3, True, "tanh", None, {"k": [1, 2]}, mask)
    expected = 3 * 2 * 2.5 * np.where(mask, np.tanh(X) / np.cosh(X) ** 2, 0)
    np.testing.assert_allclose(ad.grad(f)(X, *args, power=2, scale=2.5), expected, rtol=1e-13)
    y, g = ad.value_and_grad(f)(X, *args, power=2, scale=2.5)
    assert y == f(X, *args, power=2, scale=2.5)
    np.testing.assert_allclose(g, expected, rtol=1e-13)
    np.testing.assert_allclose(ad.jacrev(f)(X, *args, power=2, scale=2.5), expected, rtol=1e-13)
    np.testing.assert_allclose(ad.jacfwd(f)(X, *args, power=2, scale=2.5), expected, rtol=1e-13)


def test_has_aux_returns_plain_extras():
    def f(x):
        y = np.sin(x)
        return y.sum(), {"y": y, "n": 3, "text": "kept", "nested": [y[0], (x,)]}

    (value, aux), g = ad.value_and_grad(f, has_aux=True)(X)
    np.testing.assert_allclose(g, np.cos(X), rtol=1e-15)
    assert value == np.sin(X).sum()
    assert type(aux["y"]) is np.ndarray
    np.testing.assert_array_equal(aux["y"], np.sin(X))
    assert (aux["n"], aux["text"]) == (3, "kept")
    np.testing.assert_array_equal(aux["nested"][1][0], X)
    g, aux = ad.grad(f, has_aux=True)(X)
    np.testing.assert_allclose(g, np.cos(X), rtol=1e-15)
    np.testing.assert_array_equal(aux["y"], np.sin(X))


def test_has_aux_keeps_outer_derivatives():
    def outer(x):
        gradient, aux = ad.grad(lambda y: (y**3, y**2 * x), has_aux=True)(x)
        return gradient + aux

    assert ad.grad(outer)(2.0) == 6 * 2.0 + 3 * 2.0**2


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
def test_jacobian(mode):
    expected = np.stack([differences(program, (X,), (e,)) for e in np.eye(3)], axis=1)
    assert_close(ad.jacobian(program, mode=mode)(X), expected, rtol=1e-9)


@pytest.mark.parametrize("jacobian", [ad.jacfwd, ad.jacrev, ad.jacobian])
def test_jacobian_has_shape_of_result_then_shape_of_argument(jacobian):
    x = np.arange(6.0).reshape(2, 3) + 1
    assert jacobian(lambda x: np.ones((4, 1, 1)) * x.sum(axis=0))(x).shape == (4, 1, 3, 2, 3)
    np.testing.assert_array_equal(jacobian(lambda x: x.T)(x)[2, 1], [[0, 0, 0], [0, 0, 1]])
    np.testing.assert_allclose(jacobian(np.sum)(x), np.ones((2, 3)))
    assert jacobian(lambda t: t * x)(2.0).shape == (2, 3)
    blocks = jacobian(lambda x, w: w @ x, argnums=(0, 1))(X, W.T)
    assert isinstance(blocks, tuple)
    assert [b.shape for b in blocks] == [(4, 3), (4, 4, 3)]
    tree = jacobian(lambda p: {"sum": p["a"].sum(), "all": p["a"] * p["b"]})({"a": X, "b": 2.0})
    assert tree["all"]["a"].shape == (3, 3)
    assert tree["sum"]["b"].shape == ()
    np.testing.assert_array_equal(tree["all"]["b"], X)


Z = np.array([0.5 + 1.2j, -0.7 + 0.3j])
COMPLEX = {
    "real to complex": (lambda x: np.exp(1j * x) * x.sum(), Z.real),
    "complex to real": (lambda z: np.abs(z) ** 2 * z.real, Z),
    "complex to one real": (lambda z: np.sum(np.abs(z) ** 2), Z),
    "analytic": (lambda z: z**2 * np.exp(z[0]), Z),
    "conjugate": (lambda z: np.conj(z) * z, Z),
}


@pytest.mark.parametrize(
    "jacobian", [ad.jacfwd, ad.jacrev, ad.jacobian, lambda f: lambda z: ad.linearize(f, z)[1].dense()]
)
@pytest.mark.parametrize("kind", COMPLEX)
def test_complex_jacobians_are_right_or_refused(kind, jacobian):
    """J ẋ is the JVP (its real part, where the result is real), for every complex ẋ; or there is no such J."""
    f, z = COMPLEX[kind]
    v = (np.array([1.0 - 0.5j, 0.3 + 2.0j]) if np.iscomplexobj(z) else V3[:2]).astype(z.dtype)
    y, ydot = ad.jvp(f, (z,), (v,))
    assert_close(ydot, differences(f, (z,), (v,)), rtol=1e-9, scale=1)
    try:
        product = jacobian(f)(z).reshape(np.size(y), 2) @ v
    except ad.AutodiffError:
        return
    np.testing.assert_allclose(product.real if np.isrealobj(y) else product, np.ravel(ydot), rtol=1e-12)


@pytest.mark.parametrize("jacobian", [ad.jacfwd, ad.jacrev, ad.jacobian])
def test_blocks_of_a_jacobian_are_real_where_both_ends_are(jacobian):
    real, mixed = jacobian(lambda x: (x**2, 1j * x))(np.ones(2))
    assert (real.dtype, mixed.dtype) == (np.float64, np.complex128)
    np.testing.assert_array_equal(real, 2 * np.eye(2))
    by_x, by_z = jacobian(lambda x, z: x**2 * np.sum(np.abs(z)), (0, 1))(np.ones(2), np.array([3 + 4j]))
    assert (by_x.dtype, by_z.dtype) == (np.float64, np.complex128)
    np.testing.assert_array_equal(by_x, 10 * np.eye(2))


def test_gradient_of_a_real_function_of_complex_numbers():
    """∂f/∂x − i ∂f/∂y: the tangent of f along ż is Re Σ g ż."""
    for f in (
        lambda z: np.sum(np.abs(z) ** 3),
        lambda z: np.real(np.sum(z**2)),
        lambda z: np.imag(z[0] * np.conj(z[1])),
    ):
        g = ad.grad(f)(Z)
        along = [[ad.jvp(f, (Z,), (unit * e,))[1] for e in np.eye(2, dtype=complex)] for unit in (1, 1j)]
        np.testing.assert_allclose(g, np.subtract(along[0], 1j * np.array(along[1])), rtol=1e-13)
        v = np.array([1.0 - 0.5j, 0.3 + 2.0j])
        assert_close(np.real(np.sum(g * v)), differences(f, (Z,), (v,)), rtol=1e-9)


def test_second_order_functions():
    A = W @ W.T

    def f(x):
        return 0.5 * x @ A @ x + np.sum(x**3)

    H = A + np.diag(6 * X)
    np.testing.assert_allclose(ad.hessian(f)(X), H, rtol=1e-13)
    product = ad.hvp(f, (X,), (V3,))
    np.testing.assert_allclose(product[0] if isinstance(product, tuple) else product, H @ V3, rtol=1e-13)
    residuals = program
    J = ad.jacfwd(residuals)(X)
    product = ad.gauss_newton_vp(residuals, (X,), (V3,))
    np.testing.assert_allclose(product[0] if isinstance(product, tuple) else product, J.T @ J @ V3, rtol=1e-12)
    two = ad.hvp(lambda x, y: np.sum(x * y**2), (X, V3), (V3, X))
    assert_close(two, (2 * V3 * X, 2 * V3 * V3 + 2 * X * X), rtol=1e-13)


def test_hessians_of_containers_and_of_several_arguments():
    """Trees of trees, one per input leaf, as for Jacobians."""

    def f(p, y):
        return np.sum(p["a"] ** 2 * p["b"]) * y

    (of_p, of_y) = ad.hessian(f, argnums=(0, 1))({"a": X, "b": 2.0}, 3.0)
    np.testing.assert_allclose(of_p["a"][0]["a"], np.diag(np.full(3, 12.0)), rtol=1e-14)
    np.testing.assert_allclose(of_p["a"][0]["b"], 6 * X, rtol=1e-14)
    np.testing.assert_allclose(of_p["b"][0]["a"], 6 * X, rtol=1e-14)
    np.testing.assert_allclose(of_p["a"][1], 4 * X, rtol=1e-14)
    np.testing.assert_allclose(of_y[0]["b"], np.sum(X**2), rtol=1e-14)
    assert of_y[1] == 0.0
    matrix = ad.hessian(lambda x: np.sum(x[:, 0] * x[:, 1] ** 2))(np.arange(4.0).reshape(2, 2))
    assert matrix.shape == (2, 2, 2, 2)
    assert matrix[1, 1, 1, 0] == matrix[1, 0, 1, 1] == 6.0


def test_jacobians_run_each_primitive_once():
    """All tangents, or all cotangents, go through the program together."""
    runs = []

    def value(x):
        runs.append(x.shape)
        return np.sin(x)

    sine = ad.primitive(value, lambda y, x: np.cos(x))
    for transform in (ad.jacfwd, ad.jacrev, ad.jacobian):
        runs.clear()
        J = transform(lambda x: sine(x) * x)(np.arange(50.0))
        assert runs == [(50,)]
        np.testing.assert_allclose(np.diag(J), np.sin(np.arange(50.0)) + np.arange(50.0) * np.cos(np.arange(50.0)))


# --- Dtypes and callables -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble", "complex64", "complex128"])
def test_dtypes_are_kept(dtype):
    x = np.array([0.5, 1.5], dtype)
    for f in (np.sin, lambda x: 2 * x + 1, lambda x: x**2, lambda x: x @ x, lambda x: np.mean(x) * x[0]):
        y, ydot = ad.jvp(f, (x,), (x,))
        assert y.dtype == ydot.dtype == f(x).dtype == x.dtype
        assert ad.vjp(f, x)[1](np.ones_like(y))[0].dtype == x.dtype
        if x.dtype.kind == "f":
            assert ad.jacfwd(f)(x).dtype == ad.jacrev(f)(x).dtype == x.dtype


def test_mixed_precision():
    x32, w64 = X.astype(np.float32), W.T.copy()
    y, pullback = ad.vjp(lambda x, w: w @ x, x32, w64)
    xbar, wbar = pullback(V4)
    assert (y.dtype, xbar.dtype, wbar.dtype) == (np.float64, np.float32, np.float64)
    assert ad.jvp(lambda x, w: w @ x, (x32, w64), (x32, w64))[1].dtype == np.float64
    narrowed = ad.grad(lambda x: np.sum(x.astype(np.float32) ** 2))(X)
    assert narrowed.dtype == np.float64
    np.testing.assert_allclose(narrowed, 2 * X, rtol=1e-6)


@pytest.mark.parametrize(
    "f",
    [
        functools.partial(np.power, 2.0),
        np.exp2,
        lambda x, base=2.0: base**x,
        type("F", (), {"__call__": lambda s, x: 2**x})(),
    ],
    ids=["partial", "ufunc", "lambda", "object"],
)
def test_callables_of_every_kind(f):
    assert ad.grad(f)(3.0) == pytest.approx(8 * np.log(2), rel=1e-14)
    assert ad.jvp(f, (3.0,), (1.0,))[1] == pytest.approx(8 * np.log(2), rel=1e-14)


# --- What a traced array can do without being differentiated ------------------------------------------------


def test_inspection():
    seen = {}

    def f(x):
        seen.update(shape=x.shape, ndim=x.ndim, size=x.size, dtype=x.dtype, length=len(x), nbytes=x.nbytes)
        seen.update(np_shape=np.shape(x), np_ndim=np.ndim(x), np_size=np.size(x), dtypes=np.result_type(x, 1.0))
        seen["text"] = (str(x), repr(x), f"{x[0]:.2f}", f"{x}")
        print(x)
        return x.sum()

    for transform in (ad.grad(f), lambda x: ad.jvp(f, (x,), (x,)), ad.hessian(f)):
        seen.clear()
        transform(X)
        assert seen["shape"] == seen["np_shape"] == (3,)
        assert seen["ndim"] == seen["np_ndim"] == 1
        assert seen["size"] == seen["np_size"] == seen["length"] == 3
        assert seen["dtype"] == seen["dtypes"] == np.float64
        assert seen["nbytes"] == 24
        assert "0.40" in seen["text"][2]


def test_comparisons_and_predicates_give_plain_arrays():
    def f(x):
        plain = [
            x > 0,
            x == x,
            x != 1,
            x <= V3,
            x > V3,
            np.isnan(x),
            np.isfinite(x),
            np.logical_and(x > 0, x < 1),
        ]
        plain += [np.argmax(x), x.argmax(), x.argmin(0), np.argsort(x), x.argsort(), np.sign(x) > 0, ~(x > 0)]
        plain += [
            np.any(x > 0),
            np.all(x),
            x.any(),
            x.all(),
            np.nonzero(x)[0],
            x.nonzero()[0],
            np.count_nonzero(x),
        ]
        plain += [np.allclose(x, x), np.array_equal(x, x), np.isclose(x, 0), np.searchsorted([0.0, 1.0], x)]
        for p in plain:
            assert isinstance(p, np.ndarray | np.generic | bool | int)
        return np.sum(np.where(x > 0, x, 2 * x))

    np.testing.assert_array_equal(ad.grad(f)(X), [1, 2, 1])
    np.testing.assert_array_equal(ad.jacfwd(f)(X), [1, 2, 1])


def test_python_control_flow():
    def newton(a):
        x = a
        while abs(x * x - a) > 1e-12:
            x = 0.5 * (x + a / x)
        return x

    def power(x, n):
        return x if n == 1 else x * power(x, n - 1)

    def series(x):
        return sum((-1) ** k * x ** (2 * k + 1) / math.factorial(2 * k + 1) for k in range(12))

    def select(x):
        return max(x, x**2) if x > 0 and not x > 10 else -x

    for d in (ad.grad, lambda f: lambda x: ad.jvp(f, (x,), (1.0,))[1]):
        assert d(newton)(2.0) == pytest.approx(0.5 / np.sqrt(2), rel=1e-12)
        assert d(lambda x: power(x, 5))(1.5) == pytest.approx(5 * 1.5**4, rel=1e-14)
        assert d(series)(0.7) == pytest.approx(np.cos(0.7), rel=1e-14)
        assert (d(select)(2.0), d(select)(0.5), d(select)(-1.0), d(select)(20.0)) == (4.0, 1.0, -1.0, -1.0)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy], ids=lambda f: f.__name__)
def test_copies_keep_their_derivative(copied):
    def f(parameters):
        own = copied(parameters)
        return np.sum(own["w"] ** 2 * own["b"][0])

    g = ad.grad(f)({"w": X, "b": [2.0]})
    np.testing.assert_allclose(g["w"], 4 * X)
    np.testing.assert_allclose(g["b"][0], np.sum(X**2))


@pytest.mark.parametrize("f", [lambda x: np.where(x > 0, x * x, 0.0), lambda x: np.sum(np.sin(x[None]))])
def test_derivatives_by_one_number_are_numbers(f):
    found = ad.grad(f)(2.0), ad.jvp(f, (2.0,), (1.0,))[1], *ad.vjp(f, 2.0)[1](1.0), *ad.hvp(f, (2.0,), (1.0,))
    assert {type(d) for d in found} == {np.float64}


def test_rebinding_in_place_of_numbers():
    def f(x):
        total = x[0]
        before = total
        total += x[1]
        total *= x[2]
        return total + before

    np.testing.assert_allclose(ad.grad(f)(X), [X[2] + 1, X[2], X[0] + X[1]], rtol=1e-15)


def test_an_exception_of_the_users_passes_and_leaves_no_trace():
    def broken(x):
        raise KeyError("mine")

    def outer(x):
        with pytest.raises(KeyError, match="mine"):
            ad.grad(broken)(x)
        return x**2

    for transform in (ad.grad(broken), ad.jacfwd(broken), lambda x: ad.jvp(broken, (x,), (x,))):
        with pytest.raises(KeyError, match="mine"):
            transform(X)
    assert ad.grad(outer)(3.0) == 6.0
