"""The equations of the chapter on building graphs: work and memory of a gradient, and the price of checkpoints."""

import math

import numpy as np
import pytest

import autodiff as ad
from autodiff import checkpointing
from figures import tracing

PROGRAMS = [
    lambda x: np.sin(x) * np.exp(x),
    lambda x: np.tanh(x * x) / (1 + x),
    lambda x: np.log(1 + np.exp(-x)) * np.cos(x) - x**3,
]


def repeated(f, steps):
    def program(x):
        for _ in range(steps):
            x = 0.5 * f(x)
        return x

    return program


def operations(f, x):
    return len(ad.trace(f, x).simplify().nodes) - 1  # all but the input


@pytest.mark.equation("eq-tracing-cost")
@pytest.mark.parametrize("f", PROGRAMS)
def test_a_gradient_is_a_fixed_multiple_of_its_program(f):
    # A primitive of ours brings at most two partial derivatives of two operations, two products and two sums.
    ratios = []
    for steps in (1, 4, 16, 64):
        program = repeated(f, steps)
        both = operations(ad.value_and_grad(program), 0.3)
        assert both <= 9 * operations(program, 0.3)
        ratios.append(both / operations(program, 0.3))
    assert ratios[-1] == pytest.approx(ratios[-2], rel=0.05)  # and does not grow with the length


@pytest.mark.equation("eq-tracing-memory")
@pytest.mark.parametrize("size", [10, 1000])
def test_the_tape_is_a_sum_over_operations(size):
    def kept(steps):
        _, J = ad.linearize(repeated(np.sin, steps), np.linspace(0, 1, size))
        return sum(getattr(entry, "nbytes", 0) for node in J.tape.nodes for entry in node)

    per_step = 8 * size  # the cosines; the factor 0.5 is one number, not an array
    for steps in (1, 5, 20):
        assert kept(steps) == pytest.approx(steps * per_step, rel=0.01, abs=16 * steps)


@pytest.mark.equation("eq-tracing-sqrt")
@pytest.mark.parametrize("root", [2, 7, 32])
def test_equal_segments_need_twice_the_root(root):
    n = root**2
    states = {c: c + math.ceil(n / c) for c in range(1, n + 1)}
    assert min(states.values()) == states[root] == 2 * root
    assert all(needed >= 2 * math.sqrt(n) for needed in states.values())
    assert tracing.pareto_data(n, (1,))["even"][0] == 2 * root


def reversible(s, t, memo={}):  # noqa: B006  # the memo is the point
    """Pascal's recursion from the argument of the chapter; one step can always be reversed."""
    if s == 0 or t == 0:
        return 1
    if (s, t) not in memo:
        memo[s, t] = reversible(s - 1, t) + reversible(s, t - 1)
    return memo[s, t]


@pytest.mark.equation("eq-tracing-binomial")
@pytest.mark.parametrize("slots", range(1, 6))
def test_the_binomial_schedule_reverses_as_many_steps_as_it_promises(slots):
    for repeats in range(1, 5):
        n = math.comb(slots + repeats, slots)
        assert n == reversible(slots, repeats) == checkpointing.reversible(slots, repeats)
        taken = [0] * (n + 1)
        for kind, start, stop in checkpointing.schedule(n, slots):
            if kind == "advance":
                for k in range(start, stop):
                    taken[k] += 1
        assert max(taken) <= repeats
        if n > 1:  # one step more is one too many
            over = [0] * (n + 2)
            for kind, start, stop in checkpointing.schedule(n + 1, slots):
                if kind == "advance":
                    for k in range(start, stop):
                        over[k] += 1
            assert max(over) > repeats
