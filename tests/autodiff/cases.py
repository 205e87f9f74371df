"""The table of primitives that drives most tests of the module.

A row of the table says: *these expressions, of arguments drawn from these domains, belong to this primitive*.
An expression is the name of its test and, compiled, the function that is differentiated. Its free names are
the arguments of the row, each of which is differentiated, and the constants below, none of which is.

Domains keep every argument at a distance of at least 0.15 from kinks, poles and ties, so that central
differences may be trusted there; kinks themselves have their own table in test_kinks. Expressions are right
on complex numbers too, where the complex step gives the derivative to rounding, unless their row says "by
differences".
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import numpy as np
import pytest

Shape = tuple[int, ...]
Draw = Callable[[np.random.Generator, Shape], Any]

# --- Domains ------------------------------------------------------------------------------------------------


def signed(low: float, high: float) -> Draw:
    return lambda rng, shape: rng.choice([-1.0, 1.0], shape) * rng.uniform(low, high, shape)


def between(low: float, high: float) -> Draw:
    return lambda rng, shape: rng.uniform(low, high, shape)


def spread(phase: float) -> Draw:
    """Distinct values, half a unit apart; arrays of different phase never tie with each other either."""

    def draw(rng: np.random.Generator, shape: Shape) -> np.ndarray:
        order = rng.permutation(int(np.prod(shape))).reshape(shape)
        return 0.5 * (order - 3) + phase + 0.1

    return draw


DOMAINS: dict[str, Draw] = {
    "real": signed(0.3, 2.0),
    "positive": between(0.4, 2.5),
    "small": signed(0.2, 0.75),
    "above_one": between(1.3, 3.0),
    "distinct": spread(0.0),
    "apart": spread(0.16),
    "further": spread(0.33),
    "halves": lambda rng, shape: rng.integers(-5, 5, shape) + 0.5,
    "divisors": lambda rng, shape: rng.choice([-3.0, -2.0, 2.0, 3.0], shape),
    "hundreds": lambda rng, shape: 100.0 * rng.integers(-5, 5, shape) + 20.0,
    "matrix": lambda rng, shape: rng.uniform(-1, 1, shape) + 4.0 * np.eye(*shape[-2:]),
    "with_zeros": lambda rng, shape: np.array([[1.5, 0.0, -2.0], [0.7, 1.2, 0.4], [0.0, 3.0, 0.0]]),
}


@dataclass(frozen=True)
class Argument:
    """A float64 array of one shape whose entries come from one domain."""

    shape: Shape
    draw: Draw

    def __call__(self, rng: np.random.Generator) -> np.ndarray:
        return np.asarray(self.draw(rng, self.shape), dtype=np.float64)


# --- Constants ----------------------------------------------------------------------------------------------

_rng = np.random.default_rng(20240229)
CONSTANTS: dict[str, Any] = {
    "np": np,
    "A": _rng.uniform(-1, 1, (4, 3)),
    "B": _rng.uniform(-1, 1, (2, 3)),
    "C": _rng.uniform(-1, 1, (2, 3, 4)),
    "K": np.array([[1, 2, 3], [0, -1, 2]]),
    "M": np.array([[True, False, True], [False, False, True]]),
    "N": np.array([3, 0, 2]),
    "rows2": np.array([True, False]),
    "cols3": np.array([True, False, True]),
    "i": np.array([0, 2, 2, -1]),
    "j": np.array([[0, 1], [2, 2]]),
    "one": np.int64(1),
    "z": np.array(2.5),
}

# --- Cases --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One expression of one primitive, with its arguments."""

    primitive: str
    expression: str
    arguments: dict[str, Argument]
    analytic: bool
    function: Callable

    def __str__(self) -> str:
        sizes = ("x".join(map(str, argument.shape)) or "-" for argument in self.arguments.values())
        return f"{self.primitive}: {self.expression} [{' '.join(sizes)}]"

    def primals(self, seed: int = 0) -> tuple[np.ndarray, ...]:
        rng = np.random.default_rng([seed, *map(ord, self.expression)])
        return tuple(argument(rng) for argument in self.arguments.values())


CASES: list[Case] = []


def phrases(text: str) -> list[str]:
    """The parts of a text that stand on lines of their own or between semicolons."""
    return [part.strip() for part in re.split(";|\n", text) if part.strip()]


def argument(text: str) -> Argument:
    """`real 2x3` is an array of shape (2, 3) from the domain `real`; `real -` is of shape ()."""
    name, size = text.split()
    return Argument(() if size == "-" else tuple(map(int, size.split("x"))), DOMAINS[name])


def rows(primitive: str, calls: str, analytic: bool = True, **arguments: str) -> None:
    """Add one case for each phrase of `calls`, a function of all `arguments`."""
    for expression in phrases(calls):
        function = eval(f"lambda {', '.join(arguments)}: {expression}", CONSTANTS)
        drawn = {name: argument(text) for name, text in arguments.items()}
        CASES.append(Case(primitive, expression, drawn, analytic, function))


TABLE = """
# Elementwise, one argument.
absolute: x=real 2x3, by differences
    abs(x);  np.abs(x)
negative: x=real 2x3
    -x;  -(-x)
positive: x=real 2x3
    +x
rint: x=distinct 2x3, by differences
    np.round(x);  np.around(x);  x.round();  np.fix(x)
round: x=hundreds 2x3, by differences
    np.round(x, -2);  x.round(decimals=-2)
modf: x=halves 2x3, by differences
    np.modf(x);  np.modf(x)[0];  np.frexp(0.1 * x + 1.5)[0]
divmod: x=divisors 2x3, by differences
    divmod(7.3, x)[1];  divmod(x, 0.7)[1]

# Elementwise, two arguments.
arithmetic: x=real 2x3
    x - x;  x * x;  x / x;  x * x * x;  x + x + x;  (x + 1) * (x - 1)
    x * np.ones((4, 2, 3));  np.ones((2, 1, 3)) / x
    np.add(x, 2.0);  np.multiply(K, x);  np.subtract(1, x);  np.divide(M, x)
arithmetic: x=real 2x1, y=real 3
    x + y * z - y / x
power: x=real 2x3
    x ** 2;  x ** 3;  x ** 1;  x ** 0;  x ** -1;  x ** -2.0;  np.power(x, 3)
power: x=positive 2x3, y=real 3
    x ** 2.5;  x ** 0.5;  x ** K;  x ** y;  2.0 ** x
power: x=real 3
    x ** np.array([0, 1, 2]);  x ** np.array(3);  np.float_power(x, 2)
power: x=positive 3
    2 ** x;  np.power(2, x);  x ** x
remainder: x=halves 2x3, y=divisors 3, by differences
    x % y;  x // y;  divmod(x, y);  np.divmod(x, y)
remainder: x=halves 3, y=divisors -, by differences
    x % 2;  7.25 % x;  x // 2;  x % y;  divmod(x, 2)[1]
nextafter: x=real 2x3, y=real 3, by differences
    np.nextafter(x, y)
ldexp: x=real 2x3, by differences
    np.ldexp(x, K);  np.ldexp(x, 3)
maximum: x=distinct 2x3, by differences
    np.maximum(x, 0);  np.maximum(0.0, x);  np.minimum(x, B);  np.fmax(x, -1)

# Choices.
where: x=real 2x3, y=real 2x3
    np.where(M, x, y);  np.where(M, y, x);  np.where(x > 0, x, -2 * y)
where: x=real 3
    np.where(M, x, 0.0);  np.where(M, 0, x);  np.where(rows2[:, None], x, 1.5)
where: x=real 1x3, y=real 2x1
    np.where(M, x, y);  np.where(rows2[:, None, None], x, y)
where: x=real -, y=real 2x3
    np.where(True, x, y);  np.where(y > 9, x, y);  np.where(K, x, y)
clip: x=distinct 2x3, by differences
    np.clip(x, -1.05, 0.8);  x.clip(-1.05, 0.8);  np.clip(x, None, 0.8)
    np.clip(x, -1.05, None);  x.clip(min=-1.05);  x.clip(max=0.8)
    np.clip(x, a_min=-1.05, a_max=0.8);  np.clip(x, K - 1.2, 3)
clip: x=distinct 2x3, y=apart 3, w=further 2x1, by differences
    np.clip(x, y, w);  x.clip(y, w)

# Reductions.
max: x=distinct 2x3, by differences
    np.max(x, axis=1, where=M, initial=-9);  x.max(where=M, initial=-9)
min: x=distinct 2x3, by differences
    np.min(x, axis=1, where=M, initial=9);  x.min(where=M, initial=9)
sum: x=real 2x3
    np.sum(x, initial=2.0);  sum(x);  x.sum() * x
sum: x=real 2x3, by differences
    x.sum(axis=1, dtype=np.float64);  np.sum(x, 0, float);  np.mean(x, 0, float)
prod: x=real 2x3
    np.prod(x, initial=3.0)
prod: x=real 2x3, by differences
    np.prod(x, axis=0, dtype=float);  np.cumsum(x, 1, float);  x.var(dtype=float)
max: x=distinct 3x2, by differences
    np.amax(x, axis=1);  np.max(x, initial=0.35);  np.max(x, axis=0, initial=0.35)
min: x=distinct 3x2, by differences
    np.amin(x, axis=1);  np.min(x, initial=-0.15)
var: x=real 3x2, by differences
    np.var(x, ddof=1);  x.var(axis=0, ddof=1, keepdims=True);  np.var(x, axis=1, correction=1)
std: x=real 3x2, by differences
    np.std(x, ddof=1);  x.std(axis=0, ddof=1, keepdims=True);  np.std(x, axis=(0, 1))
var: x=real 3x2, by differences
    np.var(x, axis=0, mean=np.mean(x, axis=0, keepdims=True))
cumsum: x=real 2x3
    np.cumsum(x);  x.cumsum();  np.cumsum(x, axis=0);  x.cumsum(axis=-1)
cumsum: x=real -
    np.cumsum(x);  np.cumsum(x, axis=0);  np.sum(x, axis=0);  np.prod(x, 0);  np.prod(x, axis=-1)
prod: x=with_zeros 3x3
    np.prod(x, axis=1);  np.prod(x);  np.prod(x[:2]);  x[:1].prod(axis=0)

# From real to complex numbers, and back.
complex: x=real 2x3, by differences
    x * 1j;  x + 2j;  x.astype(complex);  (1 + 2j) * x ** 2;  np.conj((1 + 2j) * x);  np.abs(x + 1j)
    np.sum(np.exp(1j * x));  np.exp(1j * x) @ np.exp(1j * x).T;  np.vdot(1j * x, x * x);  x * (1j * x)
    np.where(x > 0, x, 1j * x);  np.concatenate([x, 1j * x]);  np.stack([x * 1j, x * 1]);  np.prod(x + 1j, axis=1)
    np.linalg.solve(np.eye(2) * (2 + 1j), x);  np.linalg.norm(x * (1 + 1j));  np.einsum('ij,ij', x, 1j * x)
complex: x=real 3, y=real 2x3, by differences
    1j * x - y;  y @ (1j * x);  (2 + 1j) * y / x;  np.outer(1j * x, y);  np.dot(y, x * (1 - 1j))

# Shapes.
reshape: x=real 2x3x2
    np.reshape(x, (3, 4));  x.reshape(12);  x.reshape(-1, 2);  x.reshape((6, -1))
    np.reshape(x, -1, order='F');  x.reshape(4, 3, order='F');  x.reshape(1, 12, 1)
reshape: x=real 1
    x.reshape(());  x.reshape(1, 1);  np.reshape(x, 1)
reshape: x=real -
    x.reshape(1);  np.reshape(x, (1, 1));  x.ravel();  x.flatten()
ravel: x=real 2x3
    np.ravel(x);  x.ravel();  x.flatten();  np.ravel(x, order='F');  x.flatten('F');  x.T.ravel('K')
transpose: x=real 2x3x2
    np.transpose(x);  x.T;  x.transpose();  np.transpose(x, (2, 0, 1))
    x.transpose(2, 0, 1);  x.transpose((1, 0, 2));  np.transpose(x, (-1, 0, 1));  x.mT
    np.matrix_transpose(x);  np.permute_dims(x, (0, 2, 1))
transpose: x=real 3
    x.T;  np.transpose(x);  x.transpose((0,))
transpose: x=real -
    x.T;  np.transpose(x)
swapaxes: x=real 2x3x4
    np.swapaxes(x, 0, -1);  x.swapaxes(1, 2);  np.swapaxes(x, 1, 1)
moveaxis: x=real 2x3x4
    np.moveaxis(x, 0, -1);  np.moveaxis(x, [0, 1], [-1, 0]);  np.moveaxis(x, (2, 0), (0, 1))
squeeze: x=real 1x3x1
    np.squeeze(x);  x.squeeze();  np.squeeze(x, 0);  x.squeeze(axis=-1);  np.squeeze(x, (0, -1))
squeeze: x=real 1x1
    np.squeeze(x)
expand_dims: x=real 2x3
    np.expand_dims(x, 0);  np.expand_dims(x, -1);  np.expand_dims(x, (0, 2))
expand_dims: x=real -
    np.expand_dims(x, 0);  np.expand_dims(x, (0, 1));  x[None]
broadcast_to: x=real 2x1
    np.broadcast_to(x, (4, 2, 3));  np.broadcast_to(x, (2, 3))
broadcast_to: x=real -
    np.broadcast_to(x, (2, 3));  np.broadcast_to(x, ());  np.broadcast_to(x, 3)
broadcast_to: x=real 3, y=real 2x1
    np.broadcast_arrays(x, y);  np.broadcast_arrays(x, A)[0]
copy: x=real 2x3
    x.copy();  np.copy(x);  x.copy(order='F');  +x.T.copy()
copy: x=real 2x3, by differences
    x.astype(float);  x.astype(np.float64, copy=False);  np.astype(x, np.float64);  x.astype('d')
concatenate: x=real 2x3, y=real 3x1
    np.concatenate([x, y], axis=None);  np.concatenate([x.T, y], axis=1);  np.concat([x, x, x])
concatenate: x=real 2, y=real 3
    np.concatenate([x, y, x]);  np.concatenate([x]);  np.concatenate([A[0], x, y[:0]])
concatenate: x=real 2x3, by differences
    np.concatenate([x, x], dtype=np.float64);  np.concatenate([K, x], axis=-1)
stack: x=real 2x3, y=real 2x3
    np.stack([x, y]);  np.stack((x, y, x), axis=1);  np.stack([x, B, y], axis=-1)
stack: x=real -, y=real -
    np.stack([x, y]);  np.stack([x, 2.0, y]);  np.hstack([x, y]);  np.vstack([x, y])
    np.column_stack([x, y])
stack: x=real 3
    np.stack([x[0], x[2], x[0]]);  np.stack([x[0] * x[1], np.sin(x[2])]);  np.stack(list(x))
stack: x=real 3, y=real 3
    np.vstack([x, y]);  np.hstack([x, y]);  np.dstack([x, y]);  np.column_stack([x, y])
stack: x=real 3, y=real 2x3
    np.vstack([x, y]);  np.vstack((y, B, x));  np.column_stack([x, y.T])
stack: x=real 2x3, y=real 2x1
    np.hstack([x, y]);  np.column_stack([x, y]);  np.dstack([x, x]);  np.hstack([B, x])
stack: x=real 2x3x1, y=real 2x3x1
    np.dstack([x, y]);  np.vstack([x, x]);  np.hstack([x, y])
split: x=real 6x2
    np.split(x, 3);  np.split(x, [1, 4]);  np.split(x, 2, axis=1);  np.split(x, [1], axis=-1)
    np.array_split(x, 4);  np.array_split(x, [2, 3], axis=0);  np.split(x, (2, 2, 9))
    np.split(x, 3)[1];  np.split(x, 2)[0] * np.split(x, 2)[1];  np.array_split(x, 5)[-1]
split: x=real 2x3x4
    np.vsplit(x, 2);  np.hsplit(x, 3);  np.dsplit(x, 2);  np.hsplit(x, [1])
split: x=real 4
    np.hsplit(x, 2);  np.split(x, []);  np.hsplit(x, [1, 3])
tile: x=real 2x3
    np.tile(x, 2);  np.tile(x, (2, 1));  np.tile(x, (2, 1, 3));  np.tile(x, [1, 2]);  np.tile(x, 1)
tile: x=real 2
    np.tile(x, 3);  np.tile(x, (2, 2));  np.tile(x, 0)
tile: x=real -
    np.tile(x, 3);  np.tile(x, (2, 2));  np.tile(x, ())
repeat: x=real 2x3
    np.repeat(x, 3);  x.repeat(2);  np.repeat(x, 2, axis=1);  x.repeat(3, axis=0)
    np.repeat(x, N, axis=1);  np.repeat(x, [2, 1], axis=0);  np.repeat(x, [1, 0, 2], axis=-1)
    x.repeat([1, 2, 0, 1, 1, 3])
repeat: x=real -
    np.repeat(x, 3);  np.repeat(x, [2])
roll: x=real 3x4
    np.roll(x, 1);  np.roll(x, -2, axis=0);  np.roll(x, 7, axis=1);  np.roll(x, (1, 2), axis=(0, 1))
    np.roll(x, 1, axis=(0, 1));  np.roll(x, (1, -2), axis=(0, 0));  np.roll(x, 0);  np.roll(x, (1, 2))
flip: x=real 2x3x2
    np.flip(x);  np.flip(x, 0);  np.flip(x, axis=(0, -1));  np.fliplr(x);  np.flipud(x)
diag: x=real 3
    np.diag(x);  np.diag(x, 1);  np.diag(x, k=-2);  np.diagflat(x)
diag: x=real 3x4
    np.diag(x);  np.diag(x, 1);  np.diag(x, -2);  np.diag(x, 9);  np.diagonal(x);  x.diagonal(1)
diag: x=real 2x3x4
    np.diagonal(x, offset=-1, axis1=0, axis2=2);  np.diagonal(x, 1, 1, 2);  x.diagonal()
    np.diagonal(x, 0, -1, -2);  np.linalg.diagonal(x);  np.linalg.diagonal(x, offset=1)
    np.trace(x, 1);  np.linalg.trace(x);  np.linalg.trace(x, offset=-1)
triangles: x=real 3x4
    np.triu(x);  np.tril(x);  np.triu(x, 1);  np.tril(x, k=-1);  np.triu(x, -9)
triangles: x=real 2x3x3
    np.triu(x, 1);  np.tril(x);  np.tril(x, 9)
pad: x=real 3x4
    np.pad(x, 1);  np.pad(x, (1, 2));  np.pad(x, ((1, 2), (0, 3)));  np.pad(x, ((1,), (2,)), 'constant')
    np.pad(x, 1, constant_values=2.5);  np.pad(x, 1, constant_values=((1, 2), (3, 4)));  np.pad(x, 0)
integers: x=real 2x3
    np.sum(x, axis=one);  np.concatenate([x, x], axis=one);  x.reshape(np.int64(3), 2);  x.reshape([3, 2])
    x.reshape(np.array([3, 2]));  np.transpose(x, [1, 0]);  x.transpose([1, 0]);  np.swapaxes(x, one, 0)
    np.roll(x, one);  np.roll(x, np.array([1, 2]), axis=[0, 1]);  np.split(x, np.array([1, 2]), axis=one)
    np.tile(x, np.array([2, 1]));  np.repeat(x, one, axis=one);  np.take(x, one);  np.expand_dims(x, one)
    np.pad(x, np.array(1));  np.pad(x, np.array([[0, 1], [2, 0]]));  np.squeeze(x[None, None], axis=one)
    np.broadcast_to(x, np.array([2, 2, 3]));  np.diag(x, one);  np.triu(x, one);  np.cumsum(x, one)
    np.tensordot(x, x, axes=np.array([[0], [0]]));  np.stack([x, x], axis=one);  np.flip(x, one)
    x ** one;  x * one;  one - x;  x[one];  x[:, one:];  np.moveaxis(x, np.array([0]), np.array([1]))
keywords: x=real 2x3, y=real 3x2
    np.sum(a=x, axis=0);  np.expand_dims(a=x, axis=0);  np.squeeze(a=x[None]);  np.reshape(x, shape=(3, 2))
    np.transpose(a=x, axes=(1, 0));  np.dot(a=x, b=y);  np.tensordot(a=x, b=y, axes=1);  np.outer(a=x, b=y)
    np.roll(a=x, shift=1, axis=0);  np.tile(A=x, reps=2);  np.split(ary=x, indices_or_sections=2);  np.diag(v=x)
    np.pad(array=x, pad_width=1, mode='edge');  np.repeat(a=x, repeats=2, axis=1);  np.cumsum(a=x, axis=1)
    np.broadcast_to(array=x, shape=(2, 2, 3));  np.take(a=x, indices=i % 2, axis=0);  np.flip(m=x, axis=0)
    np.moveaxis(a=x, source=0, destination=1);  np.swapaxes(a=x, axis1=0, axis2=1);  np.ravel(a=x, order='F')
    np.stack(arrays=[x, x], axis=1);  np.triu(m=x, k=1);  np.diagonal(a=x, offset=1, axis1=0, axis2=1)
    np.linalg.inv(a=np.eye(2) + x @ y);  np.linalg.solve(a=A[:2, :2] + np.eye(2), b=x);  np.copy(a=x)
zeros_like: x=real 2x3
    np.ones_like(x) * x;  np.zeros_like(x) + x;  np.full_like(x, 3.0) * x
    x * np.ones(x.shape);  np.zeros(len(x))[:, None] + x;  np.eye(x.shape[1]) @ x.T

# Indexing. The arguments are of shape (3, 4) or (2, 3, 4).
indexing: x=distinct 2x3, by differences
    x[x > 0];  x[np.abs(x) > 0.5];  x[x < -9]
indexing: x=distinct 5, by differences
    x[np.argsort(x)];  x[np.argmax(x)];  x[np.nonzero(x > 0)]
indexing: x=real 2x3x4
    x[1][2][0];  x[0][::-1][1:];  x[1:][0][None];  x[0] * x[1];  x[0, 0] + x;  x[i % 2] * x[::-1][i % 2]
indexing: x=real -
    x[()];  x[...];  x[None];  x[..., None];  x[True]
iteration: x=real 3x2
    sum(r * r for r in x);  [2 * r for r in x];  x[0] * len(x);  sum(a * b for a, b in zip(x, x[::-1]))
iteration: x=distinct 3, by differences
    [*x];  max(x);  sorted(x)[0];  tuple(reversed(x));  (lambda a, b, c: a * b / c)(*x)
take: x=real 3x4
    x.compress(cols3, -1);  x.compress([True, False])
    np.take(x, i);  x.take(j);  np.take(x, i, axis=0);  np.take(x, j, axis=1);  x.take(i, axis=-1)
    np.take(x, 1, axis=0);  np.take(x, [5, -7, 2], axis=1, mode='wrap');  x.take([9, 1, -3], mode='clip')

# Products.
matmul: x=real 3x3
    A @ x;  x @ A.T;  x @ B.T;  C.transpose(0, 2, 1) @ x[:, 0];  K @ x;  x @ x.T;  (x @ x).T @ x
matmul: x=real 3
    A @ x;  x @ B.T;  x @ x;  K @ x;  [1.0, 2.0, 3.0] @ x;  x @ [[1.0], [2.0], [3.0]]
dot: x=real 3x2
    np.dot(A, x);  x.dot(B);  np.dot(2.0, x);  x.dot(3);  np.dot(x.T, x)
outer: x=real 3
    np.outer(A[0], x);  np.outer(x, x);  np.outer(x, [1, 2])
tensordot: x=real 2x3, y=real 3x2x4
    np.tensordot(x, y, 1);  np.tensordot(x, y, axes=0);  np.tensordot(x, y, axes=(1, 0))
    np.tensordot(x, y, axes=([1], [0]));  np.tensordot(x, y, axes=(-1, -3))
tensordot: x=real 2x3x4, y=real 3x4x2
    np.tensordot(x, y);  np.tensordot(x, y, axes=([1, 2], [0, 1]))
    np.tensordot(x, y, axes=((0, 2), (2, 1)));  np.tensordot(x, y, axes=([-1], [-2]))
tensordot: x=real -, y=real 2
    np.tensordot(x, y, 0)
tensordot: x=real 3x2
    np.tensordot(A, x, 1);  np.tensordot(x, A, axes=(0, 1))
einsum: x=real 2x3, y=real 3x4, u=real 4x2
    np.einsum('ij,jk,kl->il', x, y, u, optimize=True)
einsum: x=real 2x3, y=real 3x4
    np.einsum('ij,jk->ik', x, y, optimize='greedy');  np.einsum(x, [0, 1], y, [1, 2], [0, 2])
    np.einsum(x, [0, 1], y, [1, 2])
einsum: x=real 3x3
    np.einsum(x, [0, 0]);  np.einsum(x, [..., 1], [..., 1]);  np.einsum('ij,kj->ik', A, x)
    np.einsum('ij,kj,ki', x, B, K[:, :]);  np.einsum('ij,jk->ik', x, x);  np.einsum('i,ij->j', x[0], x)

# Linear algebra.
solve: x=matrix 3x3
    np.linalg.solve(x, B[0]);  np.linalg.solve(x, x.T);  np.linalg.solve(A[:3] + 3 * np.eye(3), x)
    np.linalg.solve(x.T, x[:, 0])
norm: x=real 3, by differences
    np.linalg.norm(x);  np.linalg.norm(x, 2);  np.linalg.norm(x, ord=None, axis=0)
    np.linalg.norm(x, axis=-1, keepdims=True);  np.linalg.norm(x, keepdims=True)
norm: x=real 2x3, by differences
    np.linalg.norm(x);  np.linalg.norm(x, 'fro');  np.linalg.norm(x, axis=0);  np.linalg.norm(x=x, ord='fro')
    np.linalg.norm(x, 2, axis=1);  np.linalg.norm(x, axis=(0, 1))
    np.linalg.norm(x, 'fro', axis=(0, 1), keepdims=True);  np.linalg.norm(x, axis=1, keepdims=True)
norm: x=real 2x3x4, by differences
    np.linalg.norm(x);  np.linalg.norm(x, axis=(0, 2));  np.linalg.norm(x, 'fro', axis=(-1, 0))
    np.linalg.norm(x, axis=1);  np.linalg.norm(x, ord=2, axis=-1);  np.linalg.norm(x, keepdims=True)
    np.linalg.norm(x, axis=(1, 2), keepdims=True)
norm: x=real 2x3, by differences
    np.linalg.vector_norm(x);  np.linalg.vector_norm(x, axis=1);  np.linalg.matrix_norm(x)

# Nothing to differentiate: arrays without entries.
empty: x=real 0x3
    np.sin(x);  x * x;  x.sum(axis=0);  x.sum();  x.T;  x.reshape(3, 0);  np.prod(x, axis=0);  x @ B.T
    np.concatenate([x, B]);  x[:, 1:];  x[[]];  np.cumsum(x, axis=0);  np.where(x > 0, x, 1.0)
    x + np.ones((1, 3));  np.broadcast_to(x, (2, 0, 3));  np.flip(x);  np.tile(x, 2);  x[x > 0]
    np.einsum('ij,kj->ik', x, B);  np.stack([x, x]);  np.split(x, 3, axis=1);  np.pad(x, 1)
"""


def read(table: str) -> None:
    """Add the rows of a table: a line with primitive and arguments, then indented lines of calls."""
    header, calls = "", ""
    for line in [*table.splitlines(), "end:"]:
        if line.startswith("    "):
            calls += line + "\n"
        elif line and not line.startswith("#"):
            if calls:
                primitive, _, settings = header.partition(": ")
                arguments = dict(part.split("=") for part in settings.split(", ") if "=" in part)
                rows(primitive, calls, "by differences" not in settings, **arguments)
            header, calls = line, ""


read(TABLE)

# Elementwise: functions of one argument with several shapes, of two with several broadcasts. A star marks
# those that are not analytic.

UNARY = """
    real: negative positive square reciprocal exp exp2 expm1 sin cos sinh cosh tanh arcsinh
    real: deg2rad* rad2deg* degrees* radians* cbrt* absolute* fabs* sign* conjugate*
    positive: log log2 log10 log1p sqrt
    small: arcsin arccos arctan arctanh tan
    above_one: arccosh
    distinct: floor* ceil* rint* trunc*
"""
BINARY = """
    real real: add subtract multiply divide true_divide
    positive real: power float_power
    distinct apart: maximum* minimum* fmax* fmin*
    real real: hypot* arctan2* logaddexp* logaddexp2* copysign* heaviside*
    halves divisors: remainder* mod* fmod* floor_divide*
"""
BROADCASTS = "2x3 2x3 | - - | - 3 | 3 - | 2x3 3 | 3 2x3 | 2x1 1x3 | 1 2x3 | 2x3 1x1 | 4x1x3 2x1"


def elementwise(text: str) -> dict[str, tuple[list[str], bool]]:
    """For each ufunc, the domains of its operands and whether it is analytic."""
    found = {}
    for line in phrases(text):
        domains, names = line.split(": ")
        found |= {name.rstrip("*"): (domains.split(), "*" not in name) for name in names.split()}
    return found


ELEMENTWISE = elementwise(UNARY) | elementwise(BINARY)

for name, (domains, analytic) in ELEMENTWISE.items():
    for sizes in phrases("-; 4; 2x3; 2x1x3" if len(domains) == 1 else BROADCASTS.replace("|", ";")):
        operands = {x: f"{d} {size}" for x, d, size in zip("xy", domains, sizes.split(), strict=False)}
        rows(name, f"np.{name}({', '.join(operands)})", analytic, **operands)

for operator in "+-*/":
    rows("arithmetic", f"x {operator} y", x="real 2x3", y="real 3")
    for left in phrases("x; 2; 2.5; np.float64(2); K; B; [1.0, 2.0, 3.0]; z; np.ones((4, 1, 3))"):
        rows("arithmetic", f"{left} {operator} x", x="real 3")
    for right in phrases("2; 2.5; np.float64(2); (K + 5); A; z; True"):
        rows("arithmetic", f"x {operator} {right}", x="real 3")
        rows("arithmetic", f"x {operator} {right}", x="real -")
    rows("arithmetic", f"x {operator} [1, 2, 3]", x="real 3")

# Reductions, by axes.

AXES = ["", *phrases("axis=0; axis=-1; axis=1, keepdims=True; axis=(0, -1); axis=(0, 1, 2); keepdims=True")]
REDUCTIONS = """
    real: sum mean prod var* std*
    distinct: max* min*
"""
for name, ((values,), analytic) in elementwise(REDUCTIONS).items():
    for options in AXES:
        rows(name, f"np.{name}(x, {options});  x.{name}({options})", analytic, x=f"{values} 2x3x2")
    rows(name, f"np.{name}(x, 0);  x.{name}(1)", analytic, x=f"{values} 3x2")
    if name != "std":  # the deviation of a single number is a kink
        rows(name, f"np.{name}(x);  x.{name}(axis=())", analytic, x=f"{values} -")
        rows(name, f"np.{name}(x, axis=());  x[M].{name}()", analytic, x=f"{values} 2x3")
    bounds = {"max": ", initial=-9.0", "min": ", initial=9.0"}.get(name, "")
    masked = f"np.{name}(x, axis=1, where=cols3{bounds});  x.{name}(where=M{bounds})"
    rows(name, masked, analytic, x=f"{values} 2x3")

# Shapes, by options.

for options in ["", ", axis=0", ", axis=-2", ", 0"]:
    calls = f"np.concatenate([x, y]{options});  np.concatenate((x, B, y){options})"
    rows("concatenate", calls, x="real 2x3", y="real 4x3")

for mode in ["edge", "reflect", "symmetric", "wrap"]:
    for width in phrases("1; ((2, 1), (0, 2)); ((0, 5), (7, 4))"):
        rows("pad", f"np.pad(x, {width}, mode='{mode}')", x="real 3x4")
    rows("pad", f"np.pad(x, (2, 1), '{mode}')", x="real 4")

if hasattr(np, "unstack"):
    rows("split", "np.unstack(x);  np.unstack(x, axis=1)[0]", x="real 2x3")

# Indexing, of a matrix (3, 4) and of an array (2, 3, 4).

MATRIX_INDICES = """
    0; -1; 1:3; ::-1; ::2; 2:0:-1; -2:; ...; (); None; :, None; ..., 0; 0, 1; -1, -1; 1:, ::-2; ..., None, 1
    np.newaxis, 1, ..., None; :0; 5:; one; one, 2:; slice(1, None); ::-1, ::-1; (1, slice(None, 2))
    i; j; [0, 2, 2]; []; [[0, 1], [1, 2]]; [0, 1, 1], [3, 0, 0]; :, i; :, [0, 0, 3]; i[:, None], [0, 1]
    np.ix_([0, 2], [1, 1]); cols3; cols3, 1; cols3, 1:; [True, False, True]; :, [True, False, False, True]
    cols3, [2, 3]; 1, [0, 0, 2]; [0, 1], 1:3; None, [0, 2]; [0, 2], None; ..., [1, 1]; np.array(1)
    np.array(1), 2; j, j; -i, ..., None; [1], [2]; np.array([], int), 0; i.astype(np.uint8) % 3; range(2)
"""
TENSOR_INDICES = """
    0, i; i % 2, 0; [0, 1], :, [1, 2]; [0, 1], :, 3; 0, :, [1, 1]; :, [0, 1], [2, 2]; :, 1, [2, 2]; :, j
    ..., j; j[:, :1] % 2, 1:, j; None, [0, 0], ..., None; rows2; rows2, :, [1, 2, 3]; :, cols3; :, cols3, 1:
    M; M, 0; M, [3, 0, 0]; M, ::2; [1, 1], 0, 1:3; True; False; ..., True; rows2, cols3, 1; [[1], [0]], [0, 2]
    :, ::-1, ::2; 1, ..., -1; ..., None, :, 2; None, M, None; 0, cols3, [1, 2]; [0, 1], None, [1, 2]
    rows2, :, [1, 1]; rows2, [2, 2]; rows2, [0, 0], [1, 1]; j - 1, j, j; ..., [[1], [1]], [0, 0]
"""
for index in phrases(MATRIX_INDICES):
    rows("indexing", f"x[{index}]", x="real 3x4")
for index in phrases(TENSOR_INDICES):
    rows("indexing", f"x[{index}]", x="real 2x3x4")

# Products and solutions of linear systems, by shapes of the operands. A star marks those that conjugate.

PRODUCTS = """
    np.matmul(x, y); x @ y: 3 3 | 2x3 3 | 3 3x2 | 2x3 3x4 | 5x2x3 3 | 3 5x3x2 | 5x2x3 3x4 | 2x3 5x3x4
    np.matmul(x, y); x @ y: 5x2x3 5x3x4 | 4x1x2x3 5x3x2 | 1x2x3 5x3x4 | 2x1 1x3 | 1x1 1x1 | 2x0 0x3 | 0x2 2x3
    np.dot(x, y): - - | - 3 | 2x3 - | 3 3 | 2x3 3 | 3 3x2 | 2x3 3x4 | 2x3x4 4 | 4 2x4x3 | 2x3x4 5x4x2 | 2x0 0
    x.dot(y): 3 3 | 2x3 3 | 3 3x2 | 2x3 3x4 | 2x3x4 4 | 2x3 5x3x4
    np.inner(x, y): 3 3 | 2x3 4x3 | 2x3x4 4 | - 3 | 2x3 - | 2x1x3 4x3
    np.outer(x, y): 3 2 | 2x3 2x2 | - 3 | 1 - | 0 2
    np.vdot(x, y)*: 3 3 | 2x3 2x3 | - - | 6 2x3 | 2x3 3x2
    np.vecdot(x, y)*: 3 3 | 2x3 3 | 4x1x3 2x3
    np.matvec(x, y): 2x3 3 | 4x2x3 3 | 2x3 4x3
    np.vecmat(x, y)*: 2 2x3 | 2 4x2x3 | 4x2 2x3
    np.linalg.solve(x, y): 3x3 3 | 3x3 3x2 | 1x1 1 | 2x3x3 2x3x1 | 2x3x3 3x2 | 3x3 2x3x4 | 1x3x3 4x3x2
    np.linalg.solve(x, y): 2x1x3x3 4x3x2 | 2x3x3 3
    np.linalg.inv(x): 3x3 | 2x3x3 | 1x1 | 2x1x2x2
"""
for line in PRODUCTS.strip().splitlines():
    calls, _, operands = line.strip().rpartition(": ")
    name = re.sub(r"np\.(linalg\.)?|\(.*|x\.", "", calls)
    if not hasattr(np, name) and not hasattr(np.linalg, name):
        continue  # matvec and vecmat came with NumPy 2.2
    first = "matrix" if "linalg" in calls else "real"
    for sizes in operands.split("|"):
        drawn = [f"{domain} {size}" for domain, size in zip([first, "real"], sizes.split(), strict=False)]
        named = dict(zip("xy", drawn, strict=False))
        rows(name, calls.replace("*", ""), "*" not in calls, **named)

EINSUM = """
    ij,jk->ik: 2x3 3x4;  ij,jk: 2x3 3x4;  ij,jk->ki: 2x3 3x4;  ij,kj->: 2x3 4x3;  i,i->: 3 3;  i,i: 3 3
    i,j->ij: 2 3;  i,j->ji: 2 3;  ij,ij->i: 2x3 2x3;  ij->ji: 2x3;  ba: 2x3;  ij->: 2x3;  ij->j: 2x3
    ijk->ki: 2x3x4;  ii->: 3x3;  ii: 3x3;  ii->i: 3x3;  iij->j: 3x3x2;  iij->ij: 3x3x2;  iijj->ij: 2x2x3x3
    ii,i->i: 3x3 3;  ii,jj->: 3x3 2x2;  ii,ij->j: 3x3 3x2;  bij,bjk->bik: 2x3x4 2x4x2;  iii->i: 3x3x3
    ...ij,...jk->...ik: 5x2x3 5x3x2;  ...ij,...jk->...ik: 5x2x3 3x2;  ...ij,...jk->...ik: 4x1x2x3 5x3x2
    ...i,...i: 2x3 2x3;  ...i->...: 2x3;  ...,...->...: 2x3 3;  ...i,i: 2x3 3;  i...->...: 2x3
    i...,j...->ij...: 2x3 4x3;  ...ii->...i: 2x3x3;  ij...,jk...->ik...: 2x3x2 3x4x2
    ...a,...b->ba...: 2x3 2x4;  ij,jk,kl->il: 2x3 3x4 4x2;  i,ij,j->: 2 2x3 3;  i,j,k->kij: 2 3 4
    ij,j,->i: 2x3 3 -;  ,->: - -;  ,ij: - 2x3;  ab,bc,cd,da->: 2x3 3x2 2x3 3x2;  i j , j k -> i k: 2x3 3x4
    ij,kl->: 2x3 2x2;  ij,jk->i: 1x3 3x4;  ij,ij->ij: 1x3 2x3;  Ab,bA->A: 2x3 3x2;  ...->...: 2x3
    ij,ij,ij->ij: 2x3 2x3 2x3;  i,i,i->: 3 3 3;  ...,...: 2x3 2x3
"""
for phrase in phrases(EINSUM):
    subscripts, operands = phrase.split(": ")
    named = dict(zip("xyuv", (f"real {size}" for size in operands.split()), strict=False))
    rows("einsum", f"np.einsum('{subscripts}', {', '.join(named)})", **named)

# Statistics, order and sequences.

read("""
sort: x=distinct 3x4, by differences
    np.sort(x);  np.sort(x, axis=0);  np.sort(x, axis=None);  np.sort(x, kind='stable');  np.sort(x, stable=True)
    np.partition(x, 2);  np.partition(x, 1, axis=0);  np.sort_complex(x[0])
    np.take_along_axis(x, np.argsort(x, 0), 0);  np.take_along_axis(x, i, axis=None);  np.sort(x)[:, ::-1]
    np.take_along_axis(x, np.argmax(x, 1)[:, None], axis=1);  np.take_along_axis(x, i[None, :], axis=0)
choose: x=real 3x4
    np.compress([True, False, True], x, axis=0);  np.compress([False, True], x);  np.extract(K > 0, x[:2, :3])
    np.delete(x, 1, axis=0);  np.delete(x, [0, 5]);  np.delete(x, slice(1, 3), 1);  np.resize(x, (2, 3));
    np.resize(x, 15)
    np.insert(x, 1, 2.5);  np.insert(x, [1, 3], 2.5, axis=1);  np.insert(x, 1, x[0], axis=0);
    np.insert(x[0], 2, x[1, 1])
    np.insert(x, 2, x[:, 0], axis=1)
choose: x=real 2x3, y=real 3
    np.select([x > 1, x < -1], [x, x * y], y);  np.select([M, ~M], [x, 2 * x]);  np.choose(M.astype(int), [x, y])
    np.choose(K, [x, y, 3.0], mode='clip');  np.choose(K, (x, 2 * x), mode='wrap')
    np.piecewise(y, [y < 0, y >= 0], [lambda v: v * v, np.sin]);  np.piecewise(y, [y < 0], [2.0, np.cos])
quantile: x=distinct 3x5, by differences
    np.median(x);  np.median(x, axis=0);  np.median(x[:, :4], axis=1, keepdims=True);  np.median(x, axis=(0, 1))
    np.quantile(x, 0.3);  np.quantile(x, 0.3, axis=1);  np.quantile(x, 1.0, axis=0);  np.percentile(x, 37.0, axis=1)
    np.quantile(x, 0.3, axis=(0, 1), keepdims=True);  np.nanmedian(x, axis=1);  np.nanquantile(x, 0.3, axis=0)
    np.nanpercentile(x, 20, axis=1);  np.percentile(x, 50)
percentile: x=distinct 6, by differences
    np.quantile(x, 0.45, method='hazen');  np.quantile(x, 0.45, method='weibull');  np.quantile(x, .4, method='lower')
    np.quantile(x, 0.45, method='median_unbiased');  np.quantile(x, 0.45, method='normal_unbiased')
    np.quantile(x, 0.47, method='interpolated_inverted_cdf');  np.quantile(x, 0.47, method='higher')
    np.quantile(x, 0.47, method='nearest');  np.quantile(x, 0.47, method='midpoint')
    np.quantile(x, 0.47, method='inverted_cdf');  np.quantile(x, 0.47, method='closest_observation')
    np.quantile(x, 0.5, method='averaged_inverted_cdf');  np.nanquantile(x, [0.2, 0.7], method='lower')
    np.quantile(x, 0.47, method='inverted_cdf', weights=[1, 0, 2, 1, 1, 3])
    np.nanpercentile(x, [20, 60], method='inverted_cdf', weights=np.arange(1.0, 7.0))
average: x=real 2x3, y=positive 2x3
    np.average(x);  np.average(x, axis=0);  np.average(x, 1, y);  np.average(x, weights=y);  np.average(B, weights=y)
    np.average(x, 1, y, returned=True);  np.average(x, axis=1, weights=y[0]);  np.average(x, 0, returned=True)
    np.average(x, axis=1, weights=[1, 2, 3], keepdims=True);  np.average(x, axis=(1, 0), weights=y.T)
ptp: x=distinct 2x3, by differences
    np.ptp(x);  np.ptp(x, axis=0);  np.ptp(x, 1, keepdims=True)
cov: x=real 3x5, y=real 5, by differences
    np.cov(x);  np.cov(x, y);  np.cov(x.T, rowvar=False);  np.cov(x, bias=True);  np.cov(x, ddof=0);  np.cov(y)
    np.cov(x, aweights=y * y);  np.cov(x, fweights=[1, 2, 1, 3, 1]);  np.corrcoef(x);  np.corrcoef(x, y)
bincount: x=real 3, by differences
    np.bincount(N, x);  np.bincount(N, weights=x, minlength=6)
cumprod: x=real 2x3
    np.cumprod(x);  np.cumprod(x, axis=0);  x.cumprod(1);  np.multiply.accumulate(x);
    np.multiply.accumulate(x, axis=1)
    np.cumulative_prod(x, axis=1);  np.cumulative_sum(x, axis=0);  np.cumulative_sum(x, axis=1, include_initial=True)
    np.cumulative_prod(x, axis=0, include_initial=True)
cumprod: x=with_zeros 3x3
    np.cumprod(x, axis=1);  np.cumprod(x)
accumulate: x=distinct 3x5, by differences
    np.maximum.accumulate(x, axis=1);  np.minimum.accumulate(x);  np.fmax.accumulate(x);  np.fmin.accumulate(x, 1)
    np.logaddexp.accumulate(x, axis=1);  np.logaddexp2.accumulate(x);  np.logaddexp.reduce(x)
    np.logaddexp.reduce(x, axis=None);  np.logaddexp.reduce(x, axis=1, keepdims=True);  np.logaddexp2.reduce(x, 1)
    np.fmax.reduce(x, axis=1);  np.fmin.reduce(x);  np.hypot.reduce(x, axis=1);  np.maximum.reduce(x, axis=(0, 1))
    np.logaddexp.reduce(x, axis=1, initial=0.5);  np.minimum.reduce(x, 1, keepdims=True);  np.hypot.accumulate(x)
reduceat: x=distinct 4x3, by differences
    np.add.reduceat(x, [0, 2]);  np.multiply.reduceat(x, [0, 2, 1, 3]);  np.maximum.reduceat(x, [1, 0], axis=1)
    np.logaddexp.reduceat(x, [0, 3])
outer: x=distinct 3, y=apart 2x2, by differences
    np.add.outer(x, y);  np.multiply.outer(x, y);  np.maximum.outer(y, x);  np.minimum.outer(x, y)
    np.logaddexp.outer(x, y);  np.subtract.outer(x, 1.5);  np.divide.outer(2.0, x);  np.arctan2.outer(x, y)
nan: x=distinct 2x3, by differences
    np.nansum(x);  np.nansum(x, axis=0);  np.nanprod(x, 1);  np.nancumsum(x, 1);  np.nancumprod(x)
    np.nanmax(x, axis=1);  np.nanmin(x);  np.nanmean(x, axis=0);  np.nanvar(x, axis=1, ddof=1);  np.nanstd(x)
    np.nanmean(x, 1, keepdims=True);  np.nanmax(x, 0, keepdims=True);  np.nansum(x, 1, keepdims=True)
diff: x=real 3x4
    np.diff(x);  np.diff(x, axis=0);  np.diff(x, 2);  np.diff(x, 0);  np.diff(x, prepend=0.0);
    np.diff(x, append=x[:, :2])
    np.diff(x, prepend=x[:1], axis=0);  np.ediff1d(x);  np.ediff1d(x, to_end=9.0, to_begin=x[0])
gradient: x=real 4x5
    np.gradient(x);  np.gradient(x, axis=0);  np.gradient(x, 0.5);  np.gradient(x, 2.0, 3.0, edge_order=2)
    np.gradient(x, axis=1, edge_order=2);  np.gradient(x, [0.0, 1.0, 3.0, 3.5], axis=0)
    np.gradient(x, [0.0, 1.0, 3.0, 3.5, 5.0], axis=1, edge_order=2);  np.gradient(x[0]);  np.gradient(x[:2], axis=0)
gradient: x=real 4, h=positive -
    np.gradient(x, h);  np.gradient(x, h, edge_order=2);  np.gradient(x, np.cumsum(np.stack([h, h * h, h, 1.0])))
    np.gradient(x, np.cumsum(np.stack([h, h * h, h, 1.0])), edge_order=2)
trapezoid: x=real 3x4, y=real 4
    np.trapezoid(x);  np.trapezoid(x, dx=0.5, axis=0);  np.trapezoid(x, y);  np.trapezoid(x, x * x, axis=0)
    np.trapezoid(y, [0.0, 1.0, 3.0, 4.0])
interp: x=small 5, y=real 3, by differences
    np.interp(x, [-0.9, 0.02, 0.8], y);  np.interp(x, [-0.1, 0.0, 0.9], y, left=-1.0, right=2.0)
    np.interp(x[0], [-2.0, 0.05, 2.0], y);  np.interp([-0.3, 0.2], [-0.5, 0.1, 0.6], y)
    np.interp(x, [-2.0, 0.05, 2.0], y, period=7.0);  np.interp(0.1, np.sort(x), x)
convolve: x=real 5, y=real 3
    np.convolve(x, y);  np.convolve(y, x, 'same');  np.convolve(x, y, 'valid');  np.convolve(x, x);
    np.convolve(x, B[0])
    np.convolve(x, y[:2], 'same');  np.convolve(y, x);  np.polymul(x, y);  np.polyadd(x, y);  np.polysub(y, x)
correlate: x=real 5, y=real 3, by differences
    np.correlate(x, y);  np.correlate(y, x);  np.correlate(x, y, 'same');  np.correlate(y, x, 'same')
    np.correlate(x, y, 'full');  np.correlate(y, x, 'full');  np.correlate(y[:2], x, 'same');
    np.correlate(x, y[:2], 'same')
    np.correlate(x, y * 1j, 'full');  np.correlate(y * 1j, x, 'full')
linspace: x=real 2x3, y=real 3
    np.linspace(x, y, 4);  np.linspace(0, y, 3, endpoint=False);  np.linspace(x, 1.0, 3, axis=-1);
    np.linspace(x, y, 1)
    np.linspace(x[0], y, 4, retstep=True);  np.logspace(x, y, 3);  np.logspace(0, y, 3, base=2.0)
geomspace: x=positive 3, y=positive 3
    np.geomspace(x, y, 4);  np.geomspace(x, 2.0, 3, endpoint=False, axis=-1)
meshgrid: x=real 3, y=real 2, z=real 4
    np.meshgrid(x, y);  np.meshgrid(x, y, z, indexing='ij');  np.meshgrid(x, y, z);  np.meshgrid(x, y, sparse=True)
    np.meshgrid(x, [1.0, 2.0])
vander: x=real 3
    np.vander(x);  np.vander(x, 4);  np.vander(x, 2, increasing=True);  np.polyval(x, 1.5);  np.polyval([1, 2, 3], x)
    np.polyder(x);  np.polyder(x, 2);  np.polyint(x);  np.polyint(x, 2, k=[1.0, 2.0]);  np.poly(x)
    np.kron(x, B);  np.kron(B, x);  np.kron(x, x)
polyval: x=real 3, y=real 2x2
    np.polyval(x, y)
polynomial: x=positive 4, y=positive 3, by differences
    np.polydiv(x, y);  np.polydiv(y, x);  np.roots(x * np.array([1.0, 0.1, 1.0, 20.0]));  np.roots(y[:2])
    np.polyfit(np.cumsum(x), x * x, 2);  np.polyfit([1.0, 2.0, 4.0, 5.0], np.outer(x, y), 1)
    np.polyfit(np.cumsum(x), x * x, 1, w=x);  np.polyfit([1.0, 2.0, 4.0, 5.0], x, 1, cov=True)
    np.polyfit([1.0, 2.0, 4.0, 5.0], x, 1, cov='unscaled')[0]
    np.poly(x[:2] * np.array([1j, 1]) + x[1::-1] * np.array([0, 0]))
pad: x=distinct 3x4, by differences
    np.pad(x, 1, 'mean');  np.pad(x, ((1, 2), (0, 3)), 'maximum', stat_length=2);  np.pad(x, 2, 'minimum')
    np.pad(x, ((1, 2), (0, 3)), 'median');  np.pad(x, 2, 'linear_ramp', end_values=((1, 2), (3, 4)))
cross: x=real 2x3, y=real 3
    np.cross(x, y);  np.cross(y, x);  np.cross(x.T, y, axisa=0);  np.cross(x, x[::-1], axisc=0);
    np.linalg.cross(x, x[::-1])
rot90: x=real 2x3x4
    np.rot90(x);  np.rot90(x, 2);  np.rot90(x, -1, axes=(1, 2));  np.rot90(x, 0);  np.rollaxis(x, 2);
    np.rollaxis(x, 0, 3)
    np.rollaxis(x, 1, 2);  np.rollaxis(x, -1, 1);  np.apply_over_axes(np.sum, x, [0, 2]);  np.append(x, x)
    np.apply_along_axis(lambda v: np.cumsum(v) * v[0], 1, x);  np.apply_along_axis(np.sum, 2, x)
    np.apply_along_axis(lambda v: np.outer(v, v), 0, x)
nan_to_num: x=distinct 2x3, by differences
    np.nan_to_num(x);  np.nan_to_num(x, nan=1.0, posinf=2.0);  np.unwrap(x, axis=0);  np.unwrap(2.5 * x)
    np.unwrap(x, period=1.5);  np.real_if_close(x);  np.real(x);  np.imag(x);  np.angle(x)
sinc: x=small 2x3
    np.sinc(x);  np.sinc(8 * x)
i0: x=real 2x3, by differences
    np.i0(x);  np.i0(5 * x)
angle: x=real 2, y=real 2, by differences
    np.angle(x + 1j * y);  np.angle(x + 1j * y, deg=True);  np.imag(x * 1j + y);  np.real((x + 1j * y) ** 2)
    np.abs(x + 1j * y);  np.sign(x + 1j * y);  np.nan_to_num(x * 1j + y);  np.nansum(x + 1j * y)
""")

# Linear algebra and Fourier transforms.

read("""
det: x=matrix 3x3
    np.linalg.det(x - x);  np.linalg.det(x @ np.ones((3, 3)))
    np.linalg.det(x);  np.linalg.inv(x);  np.linalg.matrix_power(x, 3);  np.linalg.matrix_power(x, -2)
    np.linalg.matrix_power(x, 0)
det: x=matrix 2x3x3
    np.linalg.det(x)
slogdet: x=matrix 3x3, by differences
    np.linalg.slogdet(x);  np.linalg.slogdet(x + 0.3j * x.T)[0];  np.linalg.slogdet(x + 0.3j * x.T)[1]
    np.linalg.det(x + 0.3j);  np.linalg.cond(x)
    np.linalg.cond(x, 1);  np.linalg.cond(x, 'fro');  np.linalg.cond(x, -2)
slogdet: x=matrix 2x2x2, by differences
    np.linalg.slogdet(x)[1];  np.linalg.cond(x, np.inf)
cholesky: x=matrix 3x3, by differences
    np.linalg.cholesky(x @ x.T);  np.linalg.cholesky(x + x.T, upper=True);  np.linalg.cholesky(x)
    np.linalg.cholesky((x + 1j * x * x) @ np.conj(x + 1j * x * x).T)
cholesky: x=matrix 2x2x2, by differences
    np.linalg.cholesky(x @ x.mT)
qr: x=matrix 3x3, by differences
    np.linalg.qr(x);  np.linalg.qr(x, mode='r');  np.linalg.qr(x, 'complete');  np.linalg.qr(x, 'raw')
    np.linalg.qr(x[:, :2], 'raw');  np.linalg.qr(x[:2], 'raw')
qr: x=real 4x2, by differences
    np.linalg.qr(x, 'complete');  np.linalg.qr(x + 1j * x * x, 'complete')
    np.linalg.qr(x);  np.linalg.qr(x.T);  np.linalg.pinv(x);  np.linalg.pinv(x.T);  np.linalg.qr(x + 1j * x * x)
qr: x=matrix 2x3x2, by differences
    np.linalg.qr(x);  np.linalg.pinv(x);  np.linalg.pinv(x + 1j * x * x);  np.linalg.qr(x, mode='complete')
lstsq: x=matrix 4x2, y=real 4x3, by differences
    np.linalg.lstsq(x, y)[:2];  np.linalg.lstsq(x, y[:, 0])[:2];  np.linalg.lstsq(x.T, y[:2])[0]
    np.linalg.lstsq(x, y)[3]
eigh: x=matrix 3x3, by differences
    np.linalg.eigvalsh(x);  np.linalg.eigh(x)[0];  np.linalg.eigh(x)
    np.abs(np.linalg.eigh(x * (1 + 0.3j), 'U')[1]);  np.linalg.svd(x + x.T, hermitian=True)
    np.linalg.svd(x + x.T, True, False, True);  np.linalg.pinv(x + x.T, hermitian=True)
    np.linalg.eigvalsh(x * (1 + 0.3j) + np.conj(x.T))
eigh: x=matrix 2x3x3, by differences
    np.linalg.eigvalsh(x);  np.abs(np.linalg.eigh(x)[1])
eig: x=matrix 3x3, by differences
    np.linalg.eigvals(x @ np.diag([1.0, 2.0, 3.0]));  np.linalg.eig(x @ np.diag([1.0, 2.0, 3.0]))
    np.linalg.eigvals(x @ np.array([[0, 1.0, 0], [-1, 0, 0], [0, 0, 1]]));  np.linalg.eig(x * (1 + 2j) + x.T)
    np.linalg.eig(x @ np.array([[0, 1.0, 0], [-4, 0, 0], [0, 0, 1]]))
eig: x=matrix 2x2x2, by differences
    np.linalg.eigvals(x * np.array([1.0, 2.0]))
svd: x=matrix 3x3, by differences
    np.linalg.svd(x * np.array([1.0, 2.0, 3.0]));  np.linalg.svdvals(x * np.array([1.0, 2.0, 3.0]))
    np.linalg.svd(x * np.array([1.0, 2.0, 3.0]), compute_uv=False)
svd: x=matrix 4x3, by differences
    (lambda u, s, vh: (s, u[:, 3:] @ u[:, 3:].T, u[:, :3] * vh[0]))(*np.linalg.svd(x * np.array([1.0, 2.0, 3.0])))
    (lambda u, s, vh: (s, vh[3:].T @ vh[3:]))(*np.linalg.svd((x * np.array([1.0, 2.0, 3.0])).T))
    (lambda u, s, vh: (s, abs(u), (u * s) @ vh))(*np.linalg.svd(x * np.array([1, 2, 3j]) + 1j * x * x, False))
svd: x=matrix 2x4x3, by differences
    np.linalg.svd(x * np.array([1.0, 2.0, 3.0]), full_matrices=False);  np.linalg.svdvals(x * np.array([1.0, 2.0, 3.0]))
    np.linalg.svd(np.array([1.0, 2.0, 3.0])[:, None] * x.mT, False)
norm: x=distinct 5, by differences
    np.linalg.norm(x, 1);  np.linalg.norm(x, np.inf);  np.linalg.norm(x, -np.inf);  np.linalg.norm(x, 3)
    np.linalg.vector_norm(x.reshape(5, 1), keepdims=True)
    np.linalg.norm(x, 0);  np.linalg.norm(x, 0.5);  np.linalg.norm(x, -1.5, keepdims=True)
norm: x=matrix 2x4x3, by differences
    np.linalg.norm(x, 1, axis=(1, 2));  np.linalg.norm(x * np.array([[[1.0]], [[2.0]]]), np.inf, axis=(0, 2))
    np.linalg.norm(x, 3, axis=1)
    np.linalg.norm(x * np.array([1.0, 2.0, 3.0]), 2, axis=(1, 2));  np.linalg.norm(x, 'nuc', axis=(1, 2))
    np.linalg.norm(x * np.array([1.0, 2.0, 3.0]), -2, axis=(1, 2), keepdims=True);  np.linalg.norm(x, 1, axis=2)
    np.linalg.norm(x, -1, axis=(2, 1));  np.linalg.matrix_norm(x, ord=1);  np.linalg.vector_norm(x, ord=3, axis=0)
multi_dot: x=real 2x3, y=real 3x4, z=real 4
    np.linalg.multi_dot([x, y, z]);  np.linalg.multi_dot([x, y]);  np.linalg.multi_dot([x, y, A, y])
tensorsolve: x=matrix 6x6
    np.linalg.tensorsolve(x.reshape(2, 3, 6), B);  np.linalg.tensorsolve(x.reshape(6, 3, 2), x[0])
    np.linalg.tensorinv(x.reshape(2, 3, 6));  np.linalg.tensorinv(x.reshape(6, 2, 3), ind=1)
    np.linalg.tensorsolve(x.reshape(3, 6, 2), x[0], axes=(0, 2))
fft: x=real 2x5, by differences
    np.fft.fft(x);  np.fft.ifft(x);  np.fft.fft(x, 4, 0, 'ortho');  np.fft.fft(x, 3);  np.fft.ifft(x, 7, norm='forward')
    np.fft.fft2(x);  np.fft.ifft2(x, s=(3, 4));  np.fft.fftn(x, axes=[0]);  np.fft.ifftn(x, norm='ortho')
    np.fft.fftshift(x);  np.fft.ifftshift(x, axes=1);  np.fft.fftn(x, s=(2, 6), axes=(1, 0))
rfft: x=real 3x6, by differences
    np.fft.rfft(x);  np.fft.rfft(x, 5);  np.fft.rfft(x, axis=0, norm='ortho');  np.fft.rfft2(x);  np.fft.rfftn(x)
    np.fft.irfft(x);  np.fft.irfft(x, 7);  np.fft.irfft(x * (1 + 2j), 6, norm='forward');  np.fft.irfft2(x * (1 - 1j))
    np.fft.irfftn(x * 1j, s=(3, 5), axes=(0, 1));  np.fft.hfft(x * (1 + 2j));  np.fft.hfft(x, 5, 0, 'ortho')
    np.fft.ihfft(x);  np.fft.ihfft(x, 5, norm='forward');  np.fft.irfft(x, 1);  np.fft.rfftn(x, s=(2, 4), axes=(0, 1))
    np.abs(np.fft.fft(x * (1 + 1j)))
""")

# --- Tests of cases -----------------------------------------------------------------------------------------


def for_each_case(cases: Iterable[Case]) -> Callable[[Callable], Callable]:
    """Makes a test of one ``case`` a test of each primitive, which runs it for all of the primitive's cases.

    A test for each case would take longer to be named, handed to a process and reported than to run. A failure
    tells every case that fails, each with its traceback. The test of one case remains as ``__wrapped__``.
    """
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(case.primitive, []).append(case)

    def decorate(test: Callable) -> Callable:
        @wraps(test)
        def run(case: list[Case], **fixtures: Any) -> None:
            failures = []
            for one in case:
                try:
                    test(one, **fixtures)
                except Exception as failure:
                    failure.add_note(f"The case is {one}")
                    failures.append(failure)
            if failures:
                raise ExceptionGroup(f"{len(failures)} of {len(case)} cases", failures)

        return pytest.mark.parametrize("case", groups.values(), ids=groups)(run)

    return decorate
