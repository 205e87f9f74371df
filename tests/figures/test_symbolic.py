"""The data behind the figures of the chapter on symbolic differentiation."""

import json
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

import autodiff as ad
from autodiff import notation
from figures import symbolic as figures


def test_the_counter_counts_what_is_known():
    data = {program["program"]: program for program in figures.counter_data((2, 5, 9))}
    sines, logistic, product = (data[name]["sizes"] for name in figures.PROGRAMS)
    assert sines["program, written out"] == [3, 6, 10]
    assert logistic["program, written out"] == [5 * 2**k - 3 for k in (2, 5, 9)]
    assert product["derivative, written out"] == [n * (2 * n - 3) for n in (2, 5, 9)]
    for program in (sines, logistic, product):
        per_step = np.divide(program["derivative, shared"], (2, 5, 9))
        assert max(per_step) < 10, "shared, a derivative grows in proportion to the program"


def unfolded(derivative):
    """The results of `with_each_part_once`, written out, and how often each line was on the way."""
    seen = Counter()

    def write(pieces):
        return "".join(
            piece if isinstance(piece, str) else f"({open_(*piece)})" if isinstance(piece, list) else open_(piece)
            for piece in pieces
        )

    def open_(k):
        seen[k] += 1
        return write(derivative["lines"][k]["pieces"])

    return [write(pieces) for pieces in derivative["results"]], seen


@pytest.mark.parametrize("length", [2, 3, 5, 6])
@pytest.mark.parametrize("program", figures.PROGRAMS)
def test_a_formula_with_each_part_once_unfolds_to_itself(program, length):
    _, results = figures.PROGRAMS[program](length)
    derivative = figures.with_each_part_once(results)
    written, copies = unfolded(derivative)
    assert written == [notation.text(result) for result in results]
    assert derivative["characters"] == len(", ".join(written))
    assert [line["copies"] for line in derivative["lines"]] == [copies[k] for k in range(len(copies))]


def test_a_formula_with_each_part_once_can_be_run_line_by_line():
    _, results = figures.PROGRAMS["logistic map"](30)
    derivative = figures.with_each_part_once(results)
    values = {"x": 0.3}

    def run(pieces):
        names = [
            piece if isinstance(piece, str) else f"t{piece[0] if isinstance(piece, list) else piece}"
            for piece in pieces
        ]
        return eval("".join(names), values)

    for k, line in enumerate(derivative["lines"]):
        values[f"t{k}"] = run(line["pieces"])
    slope = ad.grad(lambda x: figures.logistic(x, 30))(0.3)
    assert run(derivative["results"][0]) == pytest.approx(float(slope), rel=1e-6)


def test_what_an_interactive_figure_needs_is_plain_data():
    for data in (figures.counter_data((2, 3)), figures.swell_data(3, 2), figures.expanded_data((3,), 9)):
        assert json.loads(json.dumps(data)) == data


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_the_expanded_polynomial_is_the_map(steps):
    x = Fraction(3, 7)
    assert sum(c * x**i for i, c in enumerate(figures.expanded(steps))) == figures.logistic(x, steps)


@pytest.mark.parametrize("steps", [1, 3, 6])
def test_the_exact_slope_is_the_derivative(steps):
    slope = ad.grad(lambda x: figures.logistic(x, steps))(0.3)
    assert float(figures.exact_slope(0.3, steps)) == pytest.approx(float(slope), rel=1e-10)


def test_expanding_costs_digits_and_nesting_does_not():
    row = figures.expanded_data((4,), 41)["rows"][0]
    assert max(row["nested"]) < 1e-14 < 1e-9 < max(row["expanded"])


def test_what_is_bad_in_the_formula_is_bad_in_the_program():
    formula = lambda x: np.sin(x) / x**2 - 2 * (1 - np.cos(x)) / x**3
    data = figures.cancellation_data(formula, 29)
    small = np.array(data["x"]) < 1e-5
    for name in ("formula", "(1 - cos x)/x²"):
        assert np.median(np.array(data[name])[small]) > 1
    assert np.max(np.array(data["half angle"])[np.array(data["x"]) > 1e-5]) < 1e-3


def test_sympys_derivatives_are_longer_by_another_factor_like_the_steps():
    """SymPy writes products of many factors, each of whose terms has all the others: size/(k·2ᵏ) rises along a line."""
    sympy = np.array(figures.swell_data(9, 9)["sympy"])
    steps = np.arange(1, 10)
    per_step = np.diff((sympy / (steps * 2.0**steps))[3:])
    assert per_step.min() > 1.2
    assert per_step.max() < 1.4
