"""Arrays of few rows: Jacobians of programs that take their inputs apart, compiled to work on the rows alone."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autodiff as ad
from autodiff import rows

from .test_compile import assert_same, code_of

TIMES = np.linspace(0.0, 2.0, 7)
WEIGHTS = np.cos(np.arange(21.0)).reshape(3, 7)


@pytest.fixture
def eager(monkeypatch):
    """Rows wherever they can be, also where they take longer."""
    monkeypatch.setattr(rows, "SLACK", 1e9)
    monkeypatch.setattr(rows, "work", lambda graph: -sum(node.function is rows.from_rows for node in graph.nodes))


# --- The same numbers -------------------------------------------------------------------------------------------


def table(x):
    """x[0] · outer product of two functions of x[1] and x[2], with axes in all places."""
    wave = np.sin(x[1] * TIMES)
    return x[0] * wave[:, None] * np.stack([x[2], x[2] ** 2, x[0]])


PROGRAMS: dict[str, Callable] = {
    "oscillation": lambda x: x[0] * np.exp(-x[1] * TIMES) * np.cos(x[2] * TIMES),
    "line": lambda x: x[0] * TIMES + x[1] - x[2],
    "quotients": lambda x: (x[0] + TIMES) / (x[1] + TIMES) - 1 / (x[2] + TIMES),
    "one number": lambda x: x[0] * x[1] ** 2,
    "numbers": lambda x: np.stack([x[1] - x[0], x[0] * (3 - x[2]), x[0] * x[1] - x[2]]),
    "the arguments": lambda x: np.stack([x[2], x[0], x[0]]),
    "table": table,
    "sums": lambda x: np.stack([np.sum(table(x), 1), np.mean(table(x), axis=1)]),
    "a sum with its axes kept": lambda x: table(x) / np.sum(table(x), axis=0, keepdims=True),
    "products": lambda x: WEIGHTS @ (x[0] * TIMES) + (x[1] * WEIGHTS) @ TIMES + x[2],
    "matrices": lambda x: (x[0] * WEIGHTS) @ (x[1] * WEIGHTS.T),
    "turned": lambda x: np.transpose(table(x)).reshape(-1)[::2],
    "parts": lambda x: np.concatenate([(x[0] * TIMES)[2:], (x[1] * TIMES)[[0, 3, 3]], x[:1]]),
    "kinks": lambda x: np.abs(x[0] * TIMES - x[1]) + np.maximum(x[1] * TIMES, x[2]) + np.clip(x[0] * TIMES, 0, 1),
    "repeated": lambda x: np.broadcast_to(x[0], (2, 7)) * TIMES - np.tile(x[1] * TIMES, (2, 1)),
    "other inputs in one piece": lambda x: np.sin(x) * x[0] + x @ x,
    "branches": lambda x: np.where(TIMES > 1, x[0] * TIMES, x[1]),
    "single precision": lambda x: (x[0] * TIMES.astype(np.float32)).astype(np.float32) * x[1].astype(np.float32),
    "complex": lambda x: np.abs(x[0] * np.exp(1j * x[1] * TIMES)),
}
TRANSFORMS: dict[str, Callable] = {
    "by columns": ad.jacfwd,
    "by rows": ad.jacrev,
    "automatic": ad.jacobian,
    "of columns": lambda f: ad.jacfwd(ad.jacfwd(f)),
    "hessian": lambda f: ad.hessian(lambda x: np.sum(f(x) ** 2)),
    "gradient": lambda f: ad.grad(lambda x: np.sum(f(x) ** 2)),
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@pytest.mark.parametrize("f", PROGRAMS.values(), ids=PROGRAMS)
def test_compiled_jacobians_are_those_of_the_program(f, transform, eager):
    compiled = ad.compile(transform(f))
    for x in (np.array([0.7, -0.4, 1.3]), np.array([-1.1, 0.6, 0.2])):
        assert_same(compiled(x), transform(f)(x), [x])


@pytest.mark.parametrize("f", PROGRAMS.values(), ids=PROGRAMS)
def test_where_rows_pay(f):
    x = np.array([0.7, -0.4, 1.3])
    assert_same(ad.compile(ad.jacfwd(f))(x), ad.jacfwd(f)(x), [x])


def test_several_arguments():
    f = lambda amplitude, rates: amplitude * np.exp(-rates[0] * TIMES) + rates[1]
    args = 2.0, np.array([0.3, 0.1])
    for transform in (ad.jacfwd, ad.jacrev):
        assert_same(ad.compile(transform(f, (0, 1)))(*args), transform(f, (0, 1))(*args), args)


OPERATIONS: list[Callable] = [
    lambda u, v: u + v,
    lambda u, v: u - v,
    lambda u, v: u * v,
    lambda u, v: u / (2 + np.cos(v)),
    lambda u, v: -np.sin(u),
    lambda u, v: np.sum(u) * v,
    lambda u, v: np.where(np.asarray(0.3) < 1, u, v) * 2,
    lambda u, v: np.abs(u)[..., None].reshape(u.shape) + TIMES,
]


@dataclass(frozen=True)
class Mixture:
    """A program of the entries of a vector, taken apart, and of an array; its repr is enough to rebuild it."""

    size: int
    steps: tuple[tuple[int, int, int], ...]  # which operation, of which values

    def __call__(self, x: Any) -> Any:
        values = [*(x[i] for i in range(self.size)), TIMES]
        for step, i, j in self.steps:
            values.append(OPERATIONS[step](values[i % len(values)], values[j % len(values)]))
        return values[-1] * x[0] + values[-2]


operand = st.integers(0, 9)
mixtures = st.builds(
    Mixture,
    st.integers(2, 10),
    st.lists(st.tuples(st.integers(0, len(OPERATIONS) - 1), operand, operand), max_size=8).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(mixtures, st.booleans())
def test_random_programs_of_entries(program, slack):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "SLACK", 1e9 if slack else rows.SLACK)
        for transform in (ad.jacfwd, ad.jacrev, ad.jacobian):
            compiled = ad.compile(transform(program))
            for seed in (0, 1):
                x = np.random.default_rng(seed).uniform(0.2, 1.2, program.size)
                assert_same(compiled(x), transform(program)(x), [x])


# --- Zeros ------------------------------------------------------------------------------------------------------


def test_what_does_not_depend_on_an_input_has_derivative_zero_at_infinities_too():
    f = lambda x: np.sqrt(x[0]) + x[1] * TIMES
    x = np.array([0.0, 1.0])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(ad.compile(ad.jacfwd(f))(x), ad.jacrev(f)(x))


def test_zeros_of_the_program_itself_are_numpys():
    mask = np.eye(3)[:, :1]
    f = lambda x: mask * np.log(x)
    with np.errstate(all="ignore"):
        for program in (f, ad.grad(lambda x: np.sum(f(x)))):
            np.testing.assert_array_equal(ad.compile(program)(np.zeros(4)), program(np.zeros(4)))


# --- Source that one can read -----------------------------------------------------------------------------------


def test_the_source_is_the_jacobian_that_one_would_write():
    compiled = ad.compile(ad.jacfwd(lambda x: x[0] * np.exp(-x[1] * TIMES)))
    compiled(np.array([2.0, 0.5]))
    assert code_of(compiled).splitlines() == [
        "def program(x):",
        "v2 = x[0]",
        "v4 = x[1]",
        "v6 = -v4",
        "v8 = v6 * constant",
        "v11 = np.exp(v8)",
        "v21 = constant_2 * v11",
        "v22 = v21 * v2",
        "v17 = np.empty((2, 7))",
        "v17[0] = v11",
        "v17[1] = v22",
        "v19 = v17.transpose([1, 0])",
        "return v19",
    ]


def test_the_jacobian_of_a_few_numbers_is_put_together_of_numbers():
    def lorenz(x):
        return np.stack([10 * (x[1] - x[0]), x[0] * (28 - x[2]) - x[1], x[0] * x[1] - 8 / 3 * x[2]])

    compiled = ad.compile(ad.jacrev(lorenz))
    compiled(np.ones(3))
    assert all(word not in code_of(compiled) for word in (" * ", " += ", "np.zeros", "np.multiply"))


def test_many_rows_stay_together():
    f = lambda x: np.sum(np.stack([np.sin(x[i]) * TIMES for i in range(12)]), 0)
    compiled = ad.compile(ad.jacfwd(f))
    x = np.linspace(0, 1, 12)
    assert_same(compiled(x), ad.jacfwd(f)(x), [x])


def test_adding_a_row_leaves_the_others_alone():
    f = lambda x: np.tanh(x @ np.ones((4, 7))) + x[0] ** 2 * TIMES
    compiled = ad.compile(ad.jacfwd(f))
    x = np.array([0.3, 0.5, 0.9, 0.1])
    assert_same(compiled(x), ad.jacfwd(f)(x), [x])
    assert "[0] += " in compiled.source


# --- Each operation ---------------------------------------------------------------------------------------------

LINEAR: dict[str, Callable] = {
    "product": lambda t: t * np.arange(12.0).reshape(4, 3),
    "product from the left": lambda t: np.arange(12.0).reshape(4, 3) * t,
    "product with a row": lambda t: t * np.arange(3.0),
    "product with a column": lambda t: t * np.arange(4.0)[:, None],
    "quotient": lambda t: t / np.arange(1.0, 13.0).reshape(4, 3),
    "negative": lambda t: -t,
    "sum": lambda t: np.sum(t, 1),
    "sum with kept axis": lambda t: np.sum(t, axis=-1, keepdims=True),
    "sum over rows": lambda t: np.sum(t, 0),
    "sum over all": lambda t: np.sum(t),
    "reshape": lambda t: t.reshape(4, 1, 3),
    "reshape across rows": lambda t: t.reshape(2, 6),
    "transpose": lambda t: t.reshape(4, 3, 1).transpose(0, 2, 1),
    "transpose of rows": lambda t: t.T,
    "slice": lambda t: t[:, 1:],
    "gather": lambda t: t[:, [0, 2, 2]],
    "new axis": lambda t: t[:, None],
    "row": lambda t: t[1],
    "broadcast": lambda t: np.broadcast_to(t[:, None], (4, 2, 3)),
    "matrix": lambda t: t @ np.arange(6.0).reshape(3, 2),
    "vector": lambda t: t @ np.arange(3.0),
    "matrix from the left": lambda t: np.arange(8.0).reshape(2, 4) @ t,
    "mask": lambda t: np.where(np.arange(3) > 0, t, 0),
    "precision": lambda t: t.astype(np.float32) + np.float32(0),
}


RAMP = np.array([1.0, 2.0, 3.0])


@pytest.mark.parametrize("places", [(1,), (3, 0), (0, 1, 2, 3)], ids=str)
@pytest.mark.parametrize("f", LINEAR.values(), ids=LINEAR)
def test_every_operation_on_few_rows(f, places, eager):
    def program(x):
        """f of x[i] · (1, 2, 3) in the rows `places`, as cotangents come: that is how a graph knows of few rows."""
        pulled = [ad.vjp(lambda t, i=i: t[i], np.outer(x, RAMP))[1](x[i] * RAMP)[0] for i in places]
        return f(functools.reduce(np.add, pulled))

    x = np.array([0.5, -1.5, 2.5, 3.5])
    whole = np.outer(x * np.isin(np.arange(4), places), RAMP)
    np.testing.assert_allclose(rows.by_rows(ad.trace(program, x))(x), f(whole), rtol=1e-6)
