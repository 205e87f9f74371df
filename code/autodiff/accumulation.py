"""Accumulation: a Jacobian as a product of local Jacobians, in any order, and what each order costs.

The product is associative, its cost is not. For a chain of stages an order is a *bracketing*: nested pairs of
positions, so that for stages A, B, C, D, in the order in which they run, `((3, (2, 1)), 0)` is (D(CB))A.

    forward, reverse, optimal, bracketings     bracketings of a chain: the two modes, the best, all
    spell, work, multiply                      how one is written, what it costs, the product by it
    local_jacobians                            the factors, for real stages at a real point

A local Jacobian is an array (rows, columns); or, if it is diagonal, as every elementwise function's is, the vector
of its diagonal. `.shape` tells these apart, and it is all that a cost depends on: to scale m × n numbers by a
diagonal takes m n multiplications, to multiply them by a full n × p matrix m n p.

Programs that are no chains: `autodiff.elimination`.

Source: Griewank & Walther (2008), chapters 9 and 10; chapter "The order of accumulation".
"""

import math
import string
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .errors import AutodiffTypeError, AutodiffValueError
from .modes import Linearization, linearize, tangent_dtype
from .sparsity import in_place, local_operators

Bracketing = Any  # a position, or a pair (left, right) of bracketings
Shape = tuple[int, ...]  # (rows, columns), or (rows,) of a diagonal

# --- The cost of a product -----------------------------------------------------------------------------------


class Work(NamedTuple):
    """What a product of several matrices takes.

    multiply_adds : multiplications of two numbers, each with the addition that follows it.
    largest : numbers in the largest partial product; the result itself does not count.
    moved : numbers that all multiplications together read and write.
    """

    multiply_adds: int
    largest: int
    moved: int


MEASURES: dict[str, Callable] = {"multiply_adds": sum, "largest": max, "moved": sum}


def total(works: Iterable[Work]) -> Work:
    columns = zip(Work(0, 0, 0), *works, strict=True)
    return Work(*(combine(column) for combine, column in zip(MEASURES.values(), columns, strict=True)))


def step(left: Shape, right: Shape, final: bool) -> Work:
    """The work of one multiplication; `final` if its result belongs to the Jacobian itself."""
    size = math.prod(_product_shape(left, right))
    inner = left[1] if len(left) == len(right) == 2 else 1
    return Work(size * inner, 0 if final else size, math.prod(left) + math.prod(right) + size)


def _product_shape(left: Shape, right: Shape) -> Shape:
    return left if len(left) == len(right) == 1 else (left[0], right[-1])


def _product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    if right.ndim == 1:
        return left * right
    return left[:, None] * right if left.ndim == 1 else left @ right


def matrix_sum(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.ndim == b.ndim:
        return a + b
    return np.diag(a) + b if a.ndim == 1 else a + np.diag(b)


class Algebra(NamedTuple):
    """How to multiply and add factors, and what shape they have: of arrays, or of nothing but their shapes."""

    product: Callable
    sum: Callable
    shape: Callable


ARRAYS = Algebra(_product, matrix_sum, np.shape)
SHAPES = Algebra(_product_shape, lambda a, b: max(a, b, key=len), lambda shape: shape)

# --- Chains --------------------------------------------------------------------------------------------------


def forward(count: int) -> Bracketing:
    """Input side first: D(C(BA)), forward mode for all tangents at once.

    >>> spell(forward(4)), spell(reverse(4))
    ('D(C(BA))', '((DC)B)A')
    """
    tree: Bracketing = 0
    for i in range(1, count):
        tree = (i, tree)
    return tree


def reverse(count: int) -> Bracketing:
    """Output side first: ((DC)B)A, reverse mode for all cotangents at once.

    >>> reverse(3)
    ((2, 1), 0)
    """
    tree: Bracketing = count - 1
    for i in reversed(range(count - 1)):
        tree = (tree, i)
    return tree


def bracketings(count: int) -> list[Bracketing]:
    """Every way to bracket a product of `count` factors: as many as the Catalan number of count − 1.

    Raises `AutodiffValueError` for more than 13 factors (208 012 ways).

    >>> [spell(b) for b in bracketings(4)]
    ['((DC)B)A', '(D(CB))A', '(DC)(BA)', 'D((CB)A)', 'D(C(BA))']
    """
    if not 1 <= count <= 13:
        raise AutodiffValueError(f"bracketings are listed for 1 to 13 factors, not {count}; `optimal` needs no list")

    def between(i: int, j: int) -> list[Bracketing]:
        if j - i == 1:
            return [i]
        return [(left, right) for k in range(i + 1, j) for left in between(k, j) for right in between(i, k)]

    return between(0, count)


def spell(bracketing: Bracketing, names: Sequence[str] = string.ascii_uppercase) -> str:
    """A bracketing as one writes it; `names` are those of the stages, in the order in which they run.

    >>> spell(((3, (2, 1)), 0))
    '(D(CB))A'
    """
    if isinstance(bracketing, int):
        return names[bracketing]
    return "".join(f"({spell(part, names)})" if isinstance(part, tuple) else names[part] for part in bracketing)


def _leaves(bracketing: Bracketing) -> list[int]:
    return [bracketing] if isinstance(bracketing, int) else [i for part in bracketing for i in _leaves(part)]


def _check_chain(shapes: Sequence[Shape]) -> None:
    if not shapes:
        raise AutodiffValueError("a chain has at least one factor")
    for i in range(1, len(shapes)):
        if shapes[i][-1] != shapes[i - 1][0]:
            raise AutodiffValueError(
                f"factors {i - 1} and {i} do not fit: {shapes[i][-1]} columns of the one for {shapes[i - 1][0]} rows "
                f"of the other (shapes {tuple(shapes[i])} and {tuple(shapes[i - 1])}). Factors are listed in the order "
                "in which their stages run"
            )


def _evaluate(bracketing: Bracketing, factors: Sequence, algebra: Algebra) -> tuple[Any, Work]:
    """The product by a bracketing, and the work that it took."""
    _check_chain([algebra.shape(factor) for factor in factors])
    if _leaves(bracketing) != list(reversed(range(len(factors)))):
        raise AutodiffValueError(
            f"a bracketing of {len(factors)} factors names the last one first and each once; got {bracketing}"
        )
    works: list[Work] = []

    def value(tree: Bracketing) -> Any:
        if isinstance(tree, int):
            return factors[tree]
        left, right = map(value, tree)
        works.append(step(algebra.shape(left), algebra.shape(right), tree is bracketing))
        return algebra.product(left, right)

    return value(bracketing), total(works)


def work(bracketing: Bracketing, shapes: Sequence[Shape]) -> Work:
    """What a bracketing costs, for factors of these shapes: (rows, columns), or (rows,) of a diagonal.

    Raises `AutodiffValueError` where shapes do not fit, or the bracketing is of another number of factors.

    >>> shapes = [(50, 100), (50,), (20, 50), (1, 20)]  # A, B diagonal, C, D
    >>> work(forward(4), shapes)
    Work(multiply_adds=107000, largest=5000, moved=20170)
    >>> work(reverse(4), shapes)
    Work(multiply_adds=6050, largest=50, moved=6370)
    """
    return _evaluate(bracketing, shapes, SHAPES)[1]


def multiply(bracketing: Bracketing, factors: Sequence[np.ndarray]) -> tuple[np.ndarray, Work]:
    """The product of matrices by a bracketing, and the work, counted on the way. A vector is a diagonal.

    Errors as of `work`.

    >>> multiply((1, 0), [np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 0.0])])
    (array([[10., 20.],
           [ 0.,  0.]]), Work(multiply_adds=4, largest=0, moved=10))
    """
    return _evaluate(bracketing, [np.asarray(factor) for factor in factors], ARRAYS)


def optimal(shapes: Sequence[Shape], measure: str = "multiply_adds") -> Bracketing:
    """The bracketing that costs least, by dynamic programming: the best one of each stretch of the chain, from those
    of shorter stretches. `measure` is a field of `Work`.

    Raises `AutodiffValueError` where shapes do not fit, or for an unknown measure.

    Source: Godbole (1973), for matrix chains.

    >>> shapes = [(2, 100), (100, 2), (2, 100), (100, 2)]
    >>> spell(optimal(shapes))
    '(D(CB))A'
    >>> [work(order, shapes).multiply_adds for order in (forward(4), reverse(4), optimal(shapes))]
    [60000, 60000, 20800]
    """
    if measure not in MEASURES:
        raise AutodiffValueError(f"measure must be one of {', '.join(MEASURES)}, not {measure!r}")
    _check_chain(shapes)
    count, combine = len(shapes), MEASURES[measure]
    best: dict[tuple[int, int], tuple[Any, Bracketing, Shape]] = {
        (i, i + 1): (0, i, tuple(shape)) for i, shape in enumerate(shapes)
    }
    for span in range(2, count + 1):
        for i in range(count - span + 1):
            j = i + span
            choices = []
            for k in range(i + 1, j):
                (cost, left, a), (other, right, b) = best[k, j], best[i, k]
                own = getattr(step(a, b, span == count), measure)
                choices.append((combine((cost, other, own)), (left, right), _product_shape(a, b)))
            best[i, j] = min(choices, key=lambda choice: choice[0])
    return best[0, count][1]


def local_jacobians(stages: Sequence[Callable], x: Any) -> tuple[Any, list[np.ndarray]]:
    """The result of functions applied one after the other, and the local Jacobian of each where it was reached.

    A stage all of whose operations are elementwise gives the vector of its diagonal, any other a matrix of shape
    (numbers in its result, numbers in its argument).

    Raises `AutodiffTypeError` for complex values.

    >>> y, (A, B) = local_jacobians([lambda x: x[:2] + x[1:], np.square], np.array([1.0, 2.0, 3.0]))
    >>> A.shape, B
    ((2, 3), array([ 6., 10.]))
    """
    factors = []
    for stage in stages:
        x, J = linearize(stage, x)
        refuse_complex([*J.ends.leaves, *J.ends.values])
        factors.append(_diagonal_of(J) if _is_diagonal(J) else J.dense())
    return x, factors


def _is_diagonal(J: Linearization) -> bool:
    operators = (operator for node in range(len(J.tape.nodes)) for _, operator in local_operators(J.tape, node))
    return len(J.ends.leaves) == len(J.ends.values) == 1 and J.nodes != [None] and all(map(in_place, operators))


def _diagonal_of(J: Linearization) -> np.ndarray:
    (x,) = J.ends.leaves
    return J.push([np.ones(x.shape, tangent_dtype(x))])[0].reshape(-1)


def refuse_complex(values: Iterable) -> None:
    if any(x.dtype.kind == "c" for x in values):
        raise AutodiffTypeError("accumulation is of real programs: take real and imaginary parts as variables")
