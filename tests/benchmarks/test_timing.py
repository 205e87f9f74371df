"""Timings: everybody has the same number of turns, ratios are taken within a round."""

import numpy as np

from benchmarks.timing import Timing, compare


def test_everybody_has_a_turn_in_each_round():
    calls = {"a": 0, "b": 0}

    def count(name):
        calls[name] += 1
        sum(range(200_000))

    timings = compare({name: lambda name=name: count(name) for name in calls}, rounds=3)
    assert [timing.seconds.shape for timing in timings.values()] == [(3,), (3,)]
    assert min(calls.values()) >= 3


def test_a_slow_round_does_not_change_a_ratio():
    drifting = np.array([1.0, 1.0, 10.0, 1.0])
    ratio = Timing(3.0 * drifting).over(Timing(drifting))
    assert (ratio.low, ratio.median, ratio.high) == (3.0, 3.0, 3.0)
