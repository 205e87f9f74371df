"""Timings that can be compared: interleaved rounds, medians, spread.

Each round runs every contestant once, in turn, for at least `SLICE` seconds; a machine that slows down for a
moment slows all of them. Time is the processor time of this process, so that neighbours on the machine do not
count.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

ROUNDS = 9
SLICE = 0.01


@dataclass(frozen=True)
class Timing:
    """Seconds a call of one contestant, one entry a round."""

    seconds: np.ndarray

    @property
    def median(self) -> float:
        return float(np.median(self.seconds))

    def over(self, other: Timing) -> Ratio:
        """This contestant's time in multiples of another's, round by round."""
        low, median, high = np.percentile(self.seconds / other.seconds, [25, 50, 75])
        return Ratio(float(median), float(low), float(high))


@dataclass(frozen=True)
class Ratio:
    """The median of the rounds' ratios, and their quartiles."""

    median: float
    low: float
    high: float


def compare(contestants: Mapping[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, Timing]:
    """Time several callables of no arguments against each other.

    Parameters
    ----------
    contestants : what to run, by name. Each is called a few times first, untimed.
    rounds : how often everybody has a turn.

    Returns one `Timing` with `rounds` entries for each name. What exists before is kept out of the garbage
    collector's sight meanwhile: nobody's objects are to be searched at another's cost.

    >>> timings = compare({"once": lambda: sum(range(1000)), "twice": lambda: sum(range(2000))}, rounds=3)
    >>> timings["twice"].over(timings["once"]).median > 1
    True
    """
    gc.collect()
    gc.freeze()
    try:
        calls = {name: _calls_a_slice(run) for name, run in contestants.items()}
        seconds: dict[str, list[float]] = {name: [] for name in contestants}
        names = list(contestants)
        for turn in range(rounds):
            start = turn % len(names)
            for name in names[start:] + names[:start]:  # nobody always follows the same neighbour
                seconds[name].append(seconds_of_a_call(contestants[name], calls[name]))
    finally:
        gc.unfreeze()
    return {name: Timing(np.array(taken)) for name, taken in seconds.items()}


def _calls_a_slice(run: Callable[[], object]) -> int:
    """Warm up, and find how many calls fill a slice."""
    run()
    once = min(seconds_of_a_call(run) for _ in range(2))
    return max(1, round(SLICE / max(once, 1e-9))) if once < SLICE else 1


def seconds_of_a_call(run: Callable[[], object], calls: int = 1) -> float:
    """Processor time of one call, averaged over `calls` of them."""
    begin = time.process_time()
    for _ in range(calls):
        run()
    return (time.process_time() - begin) / calls
