"""check_grads: it passes right derivatives and catches wrong ones, of every kind and order."""

import numpy as np
import pytest

import autodiff as ad

X = np.array([0.7, -1.3, 2.1])
MODES = [("forward",), ("reverse",), ("forward", "reverse")]

RIGHT = {
    "vector": (lambda x: np.sin(x) * x.sum(), (X,)),
    "scalar": (lambda x: np.exp(x) / x, (1.5,)),
    "several arguments": (lambda a, x: np.tanh(a @ x), (np.outer(X, X), X)),
    "containers": (lambda p: {"y": p["w"] * p["b"][0], "z": np.sum(p["w"])}, ({"w": X, "b": [2.0]},)),
    "not analytic": (lambda x: np.abs(x) * np.linalg.norm(x) + np.maximum(x, 0), (X,)),
    "linear": (lambda x: 3 * x[::-1], (X,)),
    "constant": (lambda x: np.ones(2) + 0 * x[:2], (X,)),
    "solve": (lambda a, b: np.linalg.solve(a, b), (np.eye(3) * 3 + np.outer(X, X), X)),
    "float32": (lambda x: np.sin(x) ** 2, (X.astype(np.float32),)),
    "large numbers": (lambda x: np.sum(x**2), (1e6 * X,)),
    "small numbers": (lambda x: np.sum(np.sqrt(x)), (1e-3 * np.abs(X),)),
}


@pytest.mark.parametrize("modes", MODES, ids="-".join)
@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("name", RIGHT)
def test_right_derivatives_pass(name, order, modes):
    f, args = RIGHT[name]
    ad.check_grads(f, args, order=order, modes=modes)


def test_defaults():
    ad.check_grads(lambda x: np.sin(x), (X,))


def forward(tangent):
    f = ad.custom_jvp(np.sin)
    f.defjvp(lambda primals, tangents: (np.sin(primals[0]), tangent(*primals, *tangents)))
    return f


def reverse(cotangent):
    f = ad.custom_vjp(np.sin)
    f.defvjp(lambda x: (np.sin(x), x), lambda x, ybar: (cotangent(x, ybar),))
    return f


def wrong_product():
    f = ad.custom_vjp(lambda a, b: a @ b)
    f.defvjp(lambda a, b: (a @ b, (a, b)), lambda kept, u: (u @ kept[1], kept[0].T @ u))  # one transpose missing
    return f


SQUARE = np.outer(X, X) + np.diag(X)
WRONG = {
    "sign": (forward(lambda x, v: -np.cos(x) * v), (X,), 1),
    "factor": (forward(lambda x, v: 1.001 * np.cos(x) * v), (X,), 1),
    "order of entries": (forward(lambda x, v: (np.cos(x) * v)[::-1]), (X,), 1),
    "one entry": (forward(lambda x, v: np.cos(x) * v * np.array([1.0, 1.0, 0.0])), (X,), 1),
    "zero": (forward(lambda x, v: 0 * v), (X,), 1),
    "sign of a cotangent": (reverse(lambda x, u: -np.cos(x) * u), (X,), 1),
    "transpose": (wrong_product(), (SQUARE, SQUARE.T @ np.diag([1.0, 2.0, 3.0])), 1),
    "second derivative": (forward(lambda x, v: ad.stop_gradient(np.cos(x)) * v), (X,), 2),
    "second derivative in reverse": (reverse(lambda x, u: ad.stop_gradient(np.cos(x)) * u), (X,), 2),
    "primitive": (ad.primitive(np.sin, lambda y, x: np.sin(x)), (X,), 1),
    "hidden dependence": (lambda x: x * ad.stop_gradient(x), (X,), 1),
}


@pytest.mark.parametrize("modes", MODES, ids="-".join)
@pytest.mark.parametrize("name", WRONG)
def test_wrong_derivatives_are_caught(name, modes):
    f, args, order = WRONG[name]
    with pytest.raises(AssertionError) as caught:
        ad.check_grads(f, args, order=order, modes=modes)
    assert str(caught.value)


def test_what_is_wrong_to_second_order_passes_to_first():
    f, args, _ = WRONG["second derivative"]
    ad.check_grads(f, args, order=1)


def test_unknown_modes_are_refused():
    with pytest.raises(ValueError, match="sideways"):
        ad.check_grads(np.sin, (X,), modes=("sideways",))
