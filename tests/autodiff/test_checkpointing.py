"""Checkpointing: the same derivatives in every order and mode; memory and work as the theory of the schedule says."""

import functools
import itertools
import math
import re
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autodiff as ad
from autodiff.checkpointing import evaluations, reversible, schedule

from .oracles import assert_close

RNG = np.random.default_rng(5)
X, W = RNG.normal(size=3), RNG.normal(size=(3, 3))


# --- The schedule ---------------------------------------------------------------------------------------------------


@functools.cache
def fewest(n, slots):
    """The least number of steps to reverse n steps, by trying every place for the next kept state."""
    if n <= 1 or slots == 1:
        return n * (n - 1) // 2
    return min(m + fewest(n - m, slots - 1) + fewest(m, slots) for m in range(1, n))


def carry_out(n, slots):
    """Follow a schedule: steps reversed, how often each step was taken, how many states were kept at once."""
    at, kept, backwards, taken, most = 0, set(), [], [0] * n, 0
    for kind, start, stop in schedule(n, slots):
        if kind == "restore":
            assert start in kept
            at = start
            continue
        assert at == start
        if kind == "store":
            kept.add(start)
            most = max(most, len(kept))
        elif kind == "advance":
            for k in range(start, stop):
                taken[k] += 1
            at = stop
        elif kind == "reverse":
            assert stop == start + 1
            backwards.append(start)
        else:
            kept.remove(start)
    assert not kept
    return backwards, taken, most


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 120), st.integers(1, 12))
def test_schedule_is_the_best_there_is(n, slots):
    backwards, taken, most = carry_out(n, slots)
    assert backwards == list(reversed(range(n)))
    assert most <= slots
    assert sum(taken) == evaluations(n, slots) == fewest(n, slots)


@pytest.mark.parametrize(("slots", "repeats"), [*itertools.product([1, 2, 3, 5], [1, 2, 4])])
def test_binomial_many_steps_with_so_many_repetitions(slots, repeats):
    """β(s, t) steps take t repetitions at most, one step more takes one repetition more."""
    n = math.factorial(slots + repeats) // (math.factorial(slots) * math.factorial(repeats))
    assert reversible(slots, repeats) == n
    assert max(carry_out(n, slots)[1]) == repeats
    assert max(carry_out(n + 1, slots)[1]) == repeats + 1


def test_schedule_of_many_steps():
    n = 100_000
    assert evaluations(n, 1) == n * (n - 1) // 2
    assert evaluations(n, n) == n - 1
    counted = sum(stop - start for kind, start, stop in schedule(n, 20) if kind == "advance")
    assert counted == evaluations(n, 20) < 6 * n


# --- Work and memory of a loop --------------------------------------------------------------------------------------


class Counted:
    """A step that counts how often it runs on plain values, and how often on a tape."""

    def __init__(self):
        self.plain = self.taped = 0

    def __call__(self, x, a):
        if type(x) is np.float64:
            self.plain += 1
        else:
            self.taped += 1
        return np.sin(x) + a * x

    def take(self):
        """The counts since the last time."""
        counts = self.plain, self.taped
        self.plain = self.taped = 0
        return counts


@pytest.mark.parametrize(("n", "slots"), [(1, 1), (2, 1), (7, 2), (10, 3), (10, 10), (56, 3), (57, 3), (40, 100)])
def test_steps_are_evaluated_as_often_as_the_theory_says(n, slots):
    step = Counted()
    y, pullback = ad.vjp(lambda x, a: ad.checkpointed_loop(step, x, n, slots, a), 0.5, 0.9)
    assert step.take() == (n, 0)
    first = pullback(1.0)
    assert step.take() == (evaluations(n, slots) - n + 1, n)
    assert pullback(1.0) == first
    assert step.take() == (evaluations(n, slots), n)
    assert ad.jvp(lambda x, a: ad.checkpointed_loop(step, x, n, slots, a), (0.5, 0.9), (1.0, 0.0))[0] == y
    assert step.take() == (0, n)  # on values with tangents, once


def peak(run):
    """The memory that a call takes at its highest, in bytes."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_is_that_of_the_slots():
    x, n = np.linspace(0, 1, 20_000), 150
    step = lambda x: np.sin(x) + 0.1 * x
    gradient = lambda slots: lambda: ad.grad(lambda x: np.sum(ad.checkpointed_loop(step, x, n, slots)))(x)
    few, more = peak(gradient(3)), peak(gradient(30))
    assert few < (3 + 15) * x.nbytes
    assert 20 * x.nbytes < more - few < 30 * x.nbytes


def test_a_checkpointed_function_leaves_its_arguments_on_the_tape():
    x = np.linspace(0, 1, 20_000)

    def layer(x):
        for _ in range(20):
            x = np.sin(x) + 0.1 * x
        return x

    def network(layer):
        return lambda: ad.grad(lambda x: np.sum(functools.reduce(lambda x, _: layer(x), range(20), x)))(x)

    plain, less = peak(network(layer)), peak(network(ad.checkpoint(layer)))
    assert plain > 20 * 20 * x.nbytes
    assert less < (20 + 3 * 20 + 10) * x.nbytes


def test_a_tape_around_a_pullback_saves_memory_too():
    """Reverse over reverse: the pullback is checkpointed in its turn."""
    x = np.linspace(0, 1, 20_000)

    def layer(x):
        for _ in range(20):
            x = np.sin(x) + 0.1 * x
        return x

    def slope(layer):
        inner = ad.grad(lambda x: np.sum(functools.reduce(lambda x, _: layer(x), range(12), x) ** 2))
        return lambda: ad.grad(lambda x: np.sum(inner(x)))(x)

    assert peak(slope(ad.checkpoint(layer))) < 0.3 * peak(slope(layer))


def test_functions_run_as_often_as_they_must():
    calls = []

    @ad.checkpoint
    def f(x):
        calls.append(type(x) is np.ndarray)
        return np.sin(x)

    _, pullback = ad.vjp(f, X)
    assert calls == [True]
    pullback(X)
    pullback(X)
    assert calls == [True, False, False]
    calls.clear()
    ad.jvp(f, (X,), (X,))
    assert calls == [False]
    calls.clear()
    ad.jacrev(f)(X)
    assert calls == [True, False]
    calls.clear()
    f(X)
    assert calls == [True]


# --- The same derivatives -------------------------------------------------------------------------------------------


def layer(x, w, *, power=1):
    return np.tanh(w @ x) ** power


def deep(layer):
    return lambda w: np.sum(layer(layer(layer(X, w), w, power=2), w) ** 2)


def logistic(x, a):
    return a * x * (1 - x)


def kept_orbit(a):
    return ad.checkpointed_loop(logistic, 0.3, 11, 3, a)


def plain_orbit(a):
    x = 0.3
    for _ in range(11):
        x = logistic(x, a)
    return x


NESTINGS = [nesting for depth in (1, 2, 3) for nesting in itertools.product([ad.jacfwd, ad.jacrev], repeat=depth)]


@pytest.mark.parametrize("nesting", NESTINGS, ids=lambda nesting: "-".join(j.__name__ for j in nesting))
@pytest.mark.parametrize(
    ("kept", "plain", "at"),
    [(deep(ad.checkpoint(layer)), deep(layer), W), (kept_orbit, plain_orbit, 2.5)],
    ids=["function", "loop"],
)
def test_derivatives_in_every_nesting(kept, plain, at, nesting):
    for jacobian in nesting:
        kept, plain = jacobian(kept), jacobian(plain)
    assert_close(kept(at), plain(at), rtol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 30), st.integers(1, 8), st.integers(0, 2**20))
def test_loops_of_any_length_with_any_number_of_slots(n, slots, seed):
    rng = np.random.default_rng(seed)
    x, w, xdot, ybar = rng.normal(size=3), rng.normal(size=(3, 3)), rng.normal(size=3), rng.normal(size=3)
    kept = lambda x, w: ad.checkpointed_loop(layer, x, n, slots, w)
    plain = lambda x, w: functools.reduce(lambda x, _: layer(x, w), range(n), x)
    assert_close(ad.vjp(kept, x, w)[1](ybar), ad.vjp(plain, x, w)[1](ybar), rtol=1e-13)
    assert_close(ad.jvp(kept, (x, w), (xdot, w)), ad.jvp(plain, (x, w), (xdot, w)), rtol=1e-13)
    _, J = ad.linearize(kept, x, w)
    assert_close(J(xdot, w), ad.jvp(plain, (x, w), (xdot, w))[1], rtol=1e-12)
    assert_close(ad.jacrev(kept, (0, 1))(x, w), ad.jacrev(plain, (0, 1))(x, w), rtol=1e-12)


def test_against_differences():
    ad.check_grads(lambda x, w: ad.checkpoint(layer)(x, w), (X, W), order=2)
    ad.check_grads(lambda x, w: ad.checkpointed_loop(layer, x, 5, 2, w), (X, W), order=2)


def test_one_inside_the_other():
    kept = lambda w: np.sum(ad.checkpointed_loop(ad.checkpoint(layer), X, 6, 2, w))
    outer = ad.checkpoint(lambda w: np.sum(ad.checkpointed_loop(layer, X, 6, 2, w)))
    plain = lambda w: np.sum(functools.reduce(lambda x, _: layer(x, w), range(6), X))
    for f in (kept, outer):
        assert_close(ad.grad(f)(W), ad.grad(plain)(W), rtol=1e-13)
        assert_close(ad.hvp(f, (W,), (W,)), ad.hvp(plain, (W,), (W,)), rtol=1e-12)


def test_a_hundred_thousand_steps():
    depth = sys.getrecursionlimit()
    step = lambda x, a: 0.999 * x + a
    slope = ad.grad(lambda a: ad.checkpointed_loop(step, 0.0, 100_000, 100, a))(1.0)
    assert slope == pytest.approx(1000.0, rel=1e-10)
    assert sys.getrecursionlimit() == depth


# --- Containers, and values of other kinds --------------------------------------------------------------------------


@dataclass
class Particle:
    place: Any
    speed: Any
    steps: int = 0
    name: str = "stone"


def fall(particle, drag, *, dt=0.01):
    speed = particle.speed - dt * (drag["k"] * particle.speed * np.sqrt(np.sum(particle.speed**2)) + drag["g"])
    return Particle(particle.place + dt * speed, speed, particle.steps + 1, particle.name)


def test_states_and_parameters_in_containers():
    start, drag = Particle(np.zeros(2), np.array([3.0, 4.0])), {"k": 0.1, "g": np.array([0.0, 9.81])}

    def plain(start, drag):
        for _ in range(20):
            start = fall(start, drag)
        return start

    kept = lambda start, drag: ad.checkpointed_loop(fall, start, 20, 4, drag)
    end = kept(start, drag)
    assert (end.steps, end.name) == (20, "stone")
    far = lambda f: lambda speed, drag: f(Particle(np.zeros(2), speed), drag).place[0]
    assert_close(
        list(ad.grad(far(kept), (0, 1))(start.speed, drag)[1].values()),
        list(ad.grad(far(plain), (0, 1))(start.speed, drag)[1].values()),
        rtol=1e-12,
    )
    seen = ad.grad(lambda k: kept(start, {**drag, "k": k}).steps * k)(0.1)
    assert seen == 20.0  # a counter has no derivative


def test_checkpoint_passes_other_arguments_and_results():
    @ad.checkpoint
    def f(x, n, *, table, name=None):
        """Its docstring."""
        assert (n, table, name) == (2, {"k": [1]}, "f")
        return {"y": x**n, "n": n, "nothing": None, "text": "kept"}

    assert f.__doc__ == "Its docstring."
    assert (
        ad.grad(lambda x: f(x, 2, table={"k": [1]}, name="f")["y"] * f(x, 2, table={"k": [1]}, name="f")["n"])(3.0)
        == 12
    )
    out = f(3.0, 2, table={"k": [1]}, name="f")
    assert (out["y"], out["n"], out["nothing"], out["text"]) == (9, 2, None, "kept")


def test_single_precision_and_complex_numbers_stay_so():
    x = np.array([0.5, 0.25], np.float32)
    y, pullback = ad.vjp(lambda x: ad.checkpointed_loop(np.sin, x, 4, 2), x)
    assert y.dtype == pullback(y)[0].dtype == np.float32
    z = np.array([0.5 + 1j])
    square = lambda z, c: z * z + c
    plain = lambda z, c: square(square(square(z, c), c), c)
    kept = lambda z, c: ad.checkpointed_loop(square, z, 3, 1, c)
    assert_close(ad.vjp(kept, z, 0.2j)[1](z), ad.vjp(plain, z, 0.2j)[1](z), rtol=1e-13)


def test_no_steps_at_all():
    assert ad.grad(lambda x: ad.checkpointed_loop(np.sin, x, 0, 1))(3.0) == 1


def test_threads_may_share_a_pullback():
    _, pullback = ad.vjp(lambda x, w: ad.checkpointed_loop(layer, x, 20, 3, w), X, W)
    expected = ad.vjp(lambda x, w: functools.reduce(lambda x, _: layer(x, w), range(20), x), X, W)[1](X)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(pullback, [X] * 8):
            assert_close(found, expected, rtol=1e-13)


# --- Errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "f",
    [
        lambda a: ad.checkpoint(lambda x: a * x)(a),
        lambda a: ad.checkpointed_loop(lambda x: a * x, a, 3, 2),
        lambda a: ad.checkpointed_loop(lambda x, b: a * x + b, 0.5, 3, 2, a),
        lambda a: ad.grad(lambda b: ad.checkpoint(lambda x: b * x)(a))(a),
    ],
)
def test_a_traced_value_that_is_closed_over_is_an_error(f):
    with pytest.raises(ad.AutodiffError, match=r"while grad ran.*pass it as an argument") as caught:
        ad.grad(f)(2.0)
    assert isinstance(caught.value, TypeError)


def test_closures_without_a_traced_argument_or_in_forward_mode_work():
    f = lambda a: ad.checkpoint(lambda x: a * x)(1.5) + a
    assert ad.grad(f)(2.0) == 2.5
    assert ad.jvp(lambda a: ad.checkpoint(lambda x: a * x)(a), (2.0,), (1.0,))[1] == 4.0


BAD = {
    "negative": (lambda: ad.checkpointed_loop(np.sin, 1.0, -1, 2), ValueError, "n=-1"),
    "no slots": (lambda: ad.checkpointed_loop(np.sin, 1.0, 3, 0), ValueError, "slots=0"),
    "no slots in a schedule": (lambda: list(schedule(3, 0)), ValueError, "slots=0"),
    "half a step": (lambda: ad.checkpointed_loop(np.sin, 1.0, 2.5, 2), TypeError, "float"),
    "another structure": (
        lambda: ad.grad(lambda x: ad.checkpointed_loop(lambda x: (x, x), x, 1, 1)[0])(1.0),
        ValueError,
        "step must return what x0 is like",
    ),
}


@pytest.mark.parametrize(("call", "kind", "words"), BAD.values(), ids=BAD)
def test_bad_input_is_an_error_that_says_so(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()
