"""Nested containers of arrays, as arguments and as results."""

import copy
from collections import OrderedDict, defaultdict, namedtuple
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
import pytest

import autodiff as ad

from .curves import V3, V4, X
from .oracles import assert_close

Point = namedtuple("Point", "x y")


@dataclass
class Layer:
    weights: Any
    bias: Any
    name: str | None = None


@dataclass(frozen=True)
class Frozen:
    values: Any
    scale: Any = 1.0


@dataclass(frozen=True, slots=True)
class Slotted:
    values: Any
    scale: Any

    def __post_init__(self):
        if not isinstance(self.scale, float):
            raise TypeError("only plain numbers may come in by the front door")


CONTAINERS = {
    "tuple": ((X, 2.0), lambda t: np.sum(t[0] ** 2) * t[1]),
    "list": ([X, 2.0], lambda t: np.sum(t[0] ** 2) * t[1]),
    "dict": ({"x": X, "s": 2.0}, lambda t: np.sum(t["x"] ** 2) * t["s"]),
    "OrderedDict": (OrderedDict(s=2.0, x=X), lambda t: np.sum(t["x"] ** 2) * t["s"]),
    "namedtuple": (Point(X, 2.0), lambda t: np.sum(t.x**2) * t.y),
    "dataclass": (Layer(X, 2.0), lambda t: np.sum(t.weights**2) * t.bias),
    "frozen": (Frozen(X, 2.0), lambda t: np.sum(t.values**2) * t.scale),
    "nested": ([{"a": (X,)}, [Point(2.0, [])]], lambda t: np.sum(t[0]["a"][0] ** 2) * t[1][0].x),
    "defaultdict": (defaultdict(float, x=X, s=2.0), lambda t: np.sum(t["x"] ** 2) * t["s"]),
    "slots": (Slotted(X, 2.0), lambda t: np.sum(t.values**2) * t.scale),
    "none": ({"x": X, "nothing": None, "s": 2.0}, lambda t: np.sum(t["x"] ** 2) * t["s"]),
}


def leaves(tree: Any) -> list:
    """The numbers in a container of this file."""
    if is_dataclass(tree):
        tree = {field.name: getattr(tree, field.name) for field in fields(tree)}
    if isinstance(tree, dict):
        tree = [tree[key] for key in sorted(tree)]
    if isinstance(tree, tuple | list):
        return [leaf for part in tree for leaf in leaves(part)]
    return [] if tree is None else [tree]


@pytest.mark.parametrize("kind", CONTAINERS)
def test_containers_as_arguments(kind):
    tree, f = CONTAINERS[kind]
    gradient = ad.grad(f)(tree)
    assert type(gradient) is type(tree)
    found = {np.shape(leaf): leaf for leaf in leaves(gradient)}
    np.testing.assert_allclose(found[(3,)], 4 * X, rtol=1e-14)
    np.testing.assert_allclose(found[()], np.sum(X**2), rtol=1e-14)
    _, ydot = ad.jvp(f, (tree,), (gradient,))
    np.testing.assert_allclose(ydot, np.sum(16 * X**2) + np.sum(X**2) ** 2, rtol=1e-13)
    assert type(ad.vjp(f, tree)[1](1.0)[0]) is type(tree)
    hvp = ad.hvp(f, (tree,), (gradient,))[0]
    assert type(hvp) is type(tree)


def replaced(instance: Any, values: dict) -> Any:
    """The dataclass with other values, past its __init__."""
    made = object.__new__(type(instance))
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made


@pytest.mark.parametrize("kind", CONTAINERS)
def test_containers_as_results(kind):
    tree, _ = CONTAINERS[kind]

    def doubled(t):
        """A container of the same kind, all numbers doubled, by a rebuild of ours."""
        if t is None:
            return None
        if is_dataclass(t):
            return replaced(t, {field.name: doubled(getattr(t, field.name)) for field in fields(t)})
        if isinstance(t, dict):
            twice = copy.copy(t)
            twice.update({key: doubled(part) for key, part in t.items()})
            return twice
        if isinstance(t, Point):
            return Point(*map(doubled, t))
        if isinstance(t, tuple | list):
            return type(t)(map(doubled, t))
        return 2 * t

    y, ydot = ad.jvp(doubled, (tree,), (tree,))
    assert type(y) is type(ydot) is type(tree)
    for a, b, c in zip(leaves(y), leaves(ydot), leaves(tree), strict=True):
        np.testing.assert_array_equal(a, 2 * np.asarray(c))
        np.testing.assert_array_equal(b, 2 * np.asarray(c))
    y, pullback = ad.vjp(doubled, tree)
    (back,) = pullback(y)
    for a, c in zip(leaves(back), leaves(tree), strict=True):
        np.testing.assert_array_equal(a, 4 * np.asarray(c))


def test_entries_of_dicts_may_stand_in_another_order():
    """They belong together by their keys, in tangents, cotangents, rules of one's own and arguments of graphs."""

    def f(p):
        return {"product": p["a"] * p["b"]["c"], "a": p["a"]}

    p, v = {"a": 2.0, "b": {"c": 3.0, "d": 5.0}}, {"b": {"d": 0.0, "c": 1.0}, "a": 10.0}
    assert ad.jvp(f, (p,), (v,))[1] == {"product": 32.0, "a": 10.0}
    assert ad.vjp(f, p)[1]({"a": 1.0, "product": 10.0}) == ({"a": 31.0, "b": {"c": 20.0, "d": 0.0}},)
    assert ad.trace(f, p)({"b": {"d": 0.0, "c": 4.0}, "a": 1.0}) == {"product": 4.0, "a": 1.0}

    @ad.custom_vjp
    def g(p):
        return p["a"] * p["b"]

    g.defvjp(lambda p: (g(p), p), lambda p, u: ({"b": p["a"] * u, "a": p["b"] * u},))
    assert ad.grad(g)({"a": 2.0, "b": 7.0}) == {"a": 7.0, "b": 2.0}
    g.defvjp(lambda p: (g(p), p), lambda p, u: ({"b": p["a"] * u, "c": p["b"] * u},))
    with pytest.raises(ad.AutodiffError, match=r"cotangent of argument 0 from the vjp rule of .*built like"):
        ad.grad(g)({"a": 2.0, "b": 7.0})


def test_arguments_of_a_container_may_be_shared():
    g = ad.grad(lambda p: np.sum(p["a"] * p["b"]))({"a": X, "b": X})
    np.testing.assert_array_equal(g["a"], X)
    np.testing.assert_array_equal(g["b"], X)
    assert_close(ad.vjp(lambda x, y: x * y, X, X)[1](V3), (V3 * X, V3 * X), rtol=1e-15)


def test_results_that_do_not_depend_on_the_arguments():
    y, ydot = ad.jvp(lambda x: (x, 3.0, np.ones(2), x.shape[0]), (X,), (V3,))
    assert (ydot[1], ydot[2].tolist()) == (0.0, [0.0, 0.0])
    assert y[3] == 3
    assert_close(ad.grad(lambda x, y: np.sum(y), argnums=(0, 1))(X, V4), (0 * X, np.ones(4)), rtol=1e-15)
    np.testing.assert_array_equal(ad.grad(lambda x: 1.0)(X), np.zeros(3))
    np.testing.assert_array_equal(ad.jacfwd(lambda x: np.ones(2))(X), np.zeros((2, 3)))
    np.testing.assert_array_equal(ad.jacrev(lambda x: np.ones(2))(X), np.zeros((2, 3)))
    np.testing.assert_array_equal(ad.hessian(lambda x: x.sum())(X), np.zeros((3, 3)))


def test_the_same_value_returned_twice():
    _, pullback = ad.vjp(lambda x: (x * 2, x * 2, x), X)
    np.testing.assert_allclose(pullback((V3, V3, V3))[0], 5 * V3, rtol=1e-15)

    def twice(x):
        y = np.sin(x)
        return y, y

    np.testing.assert_allclose(ad.vjp(twice, X)[1]((V3, V3))[0], 2 * V3 * np.cos(X), rtol=1e-15)
