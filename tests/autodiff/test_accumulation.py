"""Chains of Jacobians: every bracketing gives the product, costs what it says, and the best is found."""

import functools
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autodiff as ad
from autodiff.accumulation import (
    MEASURES,
    Work,
    bracketings,
    forward,
    local_jacobians,
    multiply,
    optimal,
    reverse,
    spell,
    work,
)

from .counting import Counted, counted

thorough = settings(max_examples=60, deadline=None, derandomize=True)


@st.composite
def chains(draw, most=6):
    """Shapes of factors, in the order of their stages: matrices and diagonals."""
    size, shapes = draw(st.integers(1, 5)), []
    for diagonal in draw(st.lists(st.booleans(), min_size=1, max_size=most)):
        rows = size if diagonal else draw(st.integers(1, 5))
        shapes.append((rows,) if diagonal else (rows, size))
        size = rows
    return shapes


def factors(shapes: list, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(-3, 4, shape).astype(float) for shape in shapes]


def full(J: np.ndarray) -> np.ndarray:
    return np.diag(J) if J.ndim == 1 else J


@thorough
@given(chains(), st.data())
def test_every_bracketing_gives_the_product(shapes, data):
    bracketing = data.draw(st.sampled_from(bracketings(len(shapes))))
    given_factors = factors(shapes)
    product, taken = multiply(bracketing, given_factors)
    expected = functools.reduce(lambda right, left: left @ right, map(full, given_factors))
    np.testing.assert_array_equal(full(product), expected)
    assert product.ndim == (1 if all(len(shape) == 1 for shape in shapes) else 2)
    assert taken == work(bracketing, shapes)


@thorough
@given(chains(), st.data())
def test_the_multiplications_counted_are_those_done(shapes, data):
    bracketing = data.draw(st.sampled_from(bracketings(len(shapes))))
    Counted.multiplications = 0
    _, taken = multiply(bracketing, [counted(factor) for factor in factors(shapes)])
    assert taken.multiply_adds == Counted.multiplications


@thorough
@given(chains(most=7), st.sampled_from(list(MEASURES)))
def test_dynamic_programming_finds_the_least_of_all_bracketings(shapes, measure):
    least = min(getattr(work(b, shapes), measure) for b in bracketings(len(shapes)))
    assert getattr(work(optimal(shapes, measure), shapes), measure) == least


@pytest.mark.parametrize("count", range(1, 9))
def test_there_are_catalan_many_bracketings_all_different(count):
    found = bracketings(count)
    assert len(set(found)) == len(found) == math.comb(2 * count - 2, count - 1) // count
    assert {forward(count), reverse(count)} <= set(found)


@pytest.mark.parametrize(
    ("bracketing", "written"),
    [
        (0, "A"),
        ((1, 0), "BA"),
        (forward(4), "D(C(BA))"),
        (reverse(4), "((DC)B)A"),
        (((3, (2, 1)), 0), "(D(CB))A"),
        (((3, 2), (1, 0)), "(DC)(BA)"),
    ],
)
def test_bracketings_are_written_as_products(bracketing, written):
    assert spell(bracketing) == written


def test_stages_may_have_names():
    assert spell((2, (1, 0)), ["A′", "B′", "C′"]) == "C′(B′A′)"


def test_reverse_wins_for_one_output_and_forward_for_one_input():
    widths = [40, 30, 20, 10, 1]
    narrowing = [(b, a) for a, b in itertools.pairwise(widths)]
    widening = [shape[::-1] for shape in reversed(narrowing)]
    assert optimal(narrowing) == reverse(4)
    assert optimal(widening) == forward(4)
    vectors = 10 * 20 + 20 * 30 + 30 * 40  # one row through each factor
    assert work(reverse(4), narrowing) == Work(vectors, 30, vectors + 10 + 2 * (20 + 30) + 40)
    assert work(forward(4), widening) == work(reverse(4), narrowing)


def test_the_best_bracketing_can_beat_both_modes_by_far():
    narrow = [(2, 50), (50, 2), (2, 50), (50, 2)]
    modes = [work(bracketing, narrow).multiply_adds for bracketing in (forward(4), reverse(4))]
    assert 2 * work(optimal(narrow), narrow).multiply_adds < min(modes)


def test_a_diagonal_costs_a_multiplication_for_each_number_that_it_scales():
    assert work((1, 0), [(3, 7), (3,)]) == Work(21, 0, 3 + 21 + 21)
    assert work((1, 0), [(3,), (7, 3)]) == Work(21, 0, 3 + 21 + 21)
    assert work((1, 0), [(3,), (3,)]) == Work(3, 0, 9)
    assert work(0, [(3, 7)]) == Work(0, 0, 0)


def test_long_chains_are_no_trouble():
    rng = np.random.default_rng(0)
    widths = rng.integers(1, 50, 81)
    shapes = [(int(b), int(a)) for a, b in itertools.pairwise(widths)]
    best = work(optimal(shapes), shapes).multiply_adds
    assert best <= min(work(forward(80), shapes).multiply_adds, work(reverse(80), shapes).multiply_adds)


W, V = np.random.default_rng(1).normal(size=(4, 6)), np.random.default_rng(2).normal(size=(3, 4))
STAGES = [lambda x: W @ x + 1, np.sin, lambda b: V @ b, lambda c: np.sum(c**2)]


def test_local_jacobians_multiply_to_the_jacobian_of_the_program():
    def program(x):
        return functools.reduce(lambda value, stage: stage(value), STAGES, x)

    x = np.linspace(-1, 1, 6)
    y, found = local_jacobians(STAGES, x)
    assert y == program(x)
    assert [J.shape for J in found] == [(4, 6), (4,), (3, 4), (1, 3)]
    for bracketing in bracketings(4):
        product, _ = multiply(bracketing, found)
        np.testing.assert_allclose(product, ad.jacobian(program)(x)[None], rtol=1e-12)


@pytest.mark.parametrize(
    ("stage", "shape"),
    [
        (np.sin, (6,)),
        (lambda x: np.tanh(2 * x.reshape(2, 3)) ** 2 + x.reshape(2, 3), (6,)),
        (lambda x: np.where(x > 0, x, 0.1 * x), (6,)),
        (lambda x: np.maximum(np.ones(6), x), (6,)),
        (lambda x: x, (6,)),
        (lambda x: x[::-1], (6, 6)),
        (lambda x: x * np.sum(x), (6, 6)),
        (lambda x: np.ones((2, 1)) * x, (12, 6)),
        (lambda x: np.ones(6), (6, 6)),
        (lambda x: (x, x), (12, 6)),
        (np.sum, (1, 6)),
    ],
)
def test_a_stage_is_diagonal_if_each_operation_in_it_is(stage, shape):
    x = np.linspace(-1, 1, 6)
    _, (J,) = local_jacobians([stage], x)
    assert J.shape == shape
    np.testing.assert_array_equal(full(J), ad.linearize(stage, x)[1].dense())


@pytest.mark.parametrize(
    ("attempt", "error", "says"),
    [
        (lambda: work((1, 0), [(2, 3), (4, 3)]), ValueError, "factors 0 and 1 do not fit: 3 columns .* 2 rows"),
        (lambda: work((1, 0), [(2, 3), (3,)]), ValueError, "factors 0 and 1"),
        (lambda: work((0, 1), [(2, 2), (2, 2)]), ValueError, r"the last one first .* got \(0, 1\)"),
        (lambda: work(forward(3), [(2, 2), (2, 2)]), ValueError, "a bracketing of 2 factors"),
        (lambda: optimal([]), ValueError, "at least one"),
        (lambda: optimal([(1, 1)], "time"), ValueError, "multiply_adds, largest, moved, not 'time'"),
        (lambda: bracketings(14), ValueError, "`optimal` needs no list"),
        (lambda: local_jacobians([np.sin], 1j), TypeError, "real and imaginary parts"),
    ],
)
def test_errors_say_what_does_not_fit(attempt, error, says):
    with pytest.raises(ad.AutodiffError, match=says) as caught:
        attempt()
    assert isinstance(caught.value, error)
