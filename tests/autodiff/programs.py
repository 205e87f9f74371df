"""Random programs: straight lines of elementwise functions, products, sums and slices of vectors of many lengths.

Each step takes values made before, so the programs have fan-in, fan-out, dead code and outputs that are used again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st


def mixed(u: Any, rows: int) -> Any:
    """A constant matrix with zeros, of this many rows, times u."""
    return (np.add.outer(np.arange(rows), 2 * np.arange(u.size)) % 3 - 1.0) @ u


def shares(M: Any) -> Any:
    """Rows of a matrix times its columns' sums, which broadcast along them."""
    return M @ np.sum(M, axis=0, keepdims=True)[0] / M.size


# Each step: how many operands, and a function of them and of a number from 1 to 3.
STEPS: list[tuple[int, Callable]] = [
    (1, lambda u, k: np.sin(u)),
    (1, lambda u, k: k * u),
    (1, lambda u, k: u[::-1] * u),
    (1, lambda u, k: u[: max(1, u.size - k)]),
    (1, lambda u, k: np.cumsum(u) - u),
    (1, lambda u, k: np.tanh(u[np.arange(k) % u.size])),
    (1, lambda u, k: np.where(u > 0, u, u / (1 + k))),
    (1, lambda u, k: mixed(u, k)),
    (2, lambda u, v, k: np.sum(u) * v / k),
    (2, lambda u, v, k: np.concatenate([v, u[:k]]) / 2),
    (2, lambda u, v, k: np.cos(u) if u.size != v.size else u * v),
    (2, lambda u, v, k: np.maximum(np.mean(v), u)),
    (2, lambda u, v, k: np.tanh(shares(np.outer(u, v)))),
    (2, lambda u, v, k: np.sum(np.outer(u, v) - np.pad(v[1:], (0, 1)), axis=0) / k),
]


@dataclass(frozen=True)
class Program:
    """A function of several vectors with a tuple of vectors as result; its repr is enough to rebuild it."""

    lengths: tuple[int, ...]
    steps: tuple[tuple[int, int, int, int], ...]  # which step, two operands, a number
    outputs: tuple[int, ...]

    def __call__(self, *primals: Any) -> tuple:
        values = list(primals)
        for step, i, j, k in self.steps:
            count, function = STEPS[step]
            operands = (values[i % len(values)], values[j % len(values)])[:count]
            values.append(function(*operands, k))
        return tuple(values[i % len(values)] for i in self.outputs)

    def primals(self, seed: int = 0) -> tuple:
        rng = np.random.default_rng(seed)
        return tuple(rng.uniform(-1.5, 1.5, n) for n in self.lengths)


def programs(most: int = 6) -> st.SearchStrategy[Program]:
    """Programs of at most this many steps."""
    operand = st.integers(0, 7)
    step = st.tuples(st.integers(0, len(STEPS) - 1), operand, operand, st.integers(1, 3))
    return st.builds(
        Program,
        st.lists(st.integers(1, 4), min_size=1, max_size=2).map(tuple),
        st.lists(step, max_size=most).map(tuple),
        st.lists(operand, min_size=1, max_size=3).map(tuple),
    )
