"""Derivatives by other means, and the few tree helpers the tests need.

Nothing here imports the module under test, so that nothing here can share its mistakes: a directional
derivative comes from the complex step (exact to rounding, for functions that are analytic and that NumPy
evaluates on complex numbers) or from central differences with Richardson extrapolation (about ten digits, for
everything else).
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np


def leaves(tree: Any) -> list:
    """The leaves of nested tuples, lists and dicts, in order."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, tuple | list):
        return [leaf for branch in tree for leaf in leaves(branch)]
    return [tree]


def like(tree: Any, fresh: Callable) -> Any:
    """A tree of the same form whose leaves are `fresh(leaf)`."""
    if isinstance(tree, dict):
        return {key: like(branch, fresh) for key, branch in tree.items()}
    if isinstance(tree, tuple | list):
        branches = [like(branch, fresh) for branch in tree]
        return type(tree)(*branches) if hasattr(tree, "_fields") else type(tree)(branches)
    return fresh(tree)


def inner(a: Any, b: Any) -> float:
    """The pairing Re Σ a b of two trees, the one in which `.T` transposes, summed in extended precision."""
    pairs = zip(leaves(a), leaves(b), strict=True)
    return float(sum(np.sum(np.multiply(p, q, dtype=np.clongdouble)).real for p, q in pairs))


def norm(tree: Any) -> float:
    """The Euclidean norm of all the leaves together."""
    squares = (np.sum(np.abs(np.asarray(leaf, np.clongdouble)) ** 2) for leaf in leaves(tree))
    return float(np.sqrt(sum(squares)))


def direction(rng: np.random.Generator, tree: Any) -> Any:
    """A random direction in the space of `tree`: its shapes and dtypes, entries in [-1, 1]."""

    def fresh(leaf: Any) -> np.ndarray:
        leaf = np.asarray(leaf)
        step = rng.uniform(-1, 1, leaf.shape)
        if np.iscomplexobj(leaf):
            step = step + 1j * rng.uniform(-1, 1, leaf.shape)
        return np.asarray(step, dtype=leaf.dtype)

    return like(tree, fresh)


def moved(primals: Sequence[np.ndarray], tangents: Sequence[np.ndarray], h: complex) -> list[np.ndarray]:
    return [np.asarray(x) + h * np.asarray(v) for x, v in zip(primals, tangents, strict=True)]


def complex_step(f: Callable, primals: Sequence, tangents: Sequence, h: float = 1e-30) -> Any:
    """d/dt f(x + t v) as Im f(x + ihv) / h (Squire and Trapp, 1998)."""
    return like(f(*moved(primals, tangents, 1j * h)), lambda leaf: leaf.imag / h)


def differences(f: Callable, primals: Sequence, tangents: Sequence, h: float = 0.04, levels: int = 4) -> Any:
    """d/dt f(x + t v) by central differences at h, h/2, h/4, … , extrapolated to h = 0 (Richardson)."""

    def central(h: float) -> list:
        above, below = (leaves(f(*moved(primals, tangents, step))) for step in (h, -h))
        return [(p - q) / (2 * h) for p, q in zip(above, below, strict=True)]

    table = [central(h / 2**level) for level in range(levels)]
    for order in range(1, levels):
        weight = 4**order
        table = [
            [(weight * fine - coarse) / (weight - 1) for coarse, fine in zip(*pair, strict=True)]
            for pair in pairwise(table)
        ]
    estimates = iter(table[0])
    return like(f(*primals), lambda leaf: next(estimates))


def assert_close(actual: Any, expected: Any, rtol: float, scale: float = 0.0) -> None:
    """Equal leaf by leaf, up to `rtol` of the largest entry of the expected leaf (or of `scale`)."""
    for a, e in zip(leaves(actual), leaves(expected), strict=True):
        assert np.shape(a) == np.shape(e)
        largest = float(np.max(np.abs(e), initial=scale))
        np.testing.assert_allclose(a, e, rtol=0, atol=rtol * largest)
