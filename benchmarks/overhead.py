"""What one operation costs, in time and in memory, when there is next to nothing to compute.

These figures are the companion module's own: how long a scalar primitive takes forward plus backward, how
much tape it leaves, whether a long chain stays linear and a doubly used value is visited once, what `import
autodiff` adds.
"""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

import autodiff as ad
from benchmarks.timing import compare

SCALAR_PROGRAMS: dict[str, Callable[[Any], Any]] = {
    "np.sin(x)": lambda x: np.sin(x),
    "x * 1.01": lambda x: x * 1.01,
    "x + x": lambda x: x + x,
    "x ** 2": lambda x: x**2,
    "-x": lambda x: -x,
}
"""One primitive each, to be applied again and again."""


def chain(step: Callable[[Any], Any], count: int) -> Callable[[Any], Any]:
    """The program that applies `step` `count` times."""

    def program(x: Any) -> Any:
        for _ in range(count):
            x = step(x)
        return x

    return program


def microseconds_a_primitive(count: int = 1000) -> dict[str, float]:
    """Forward plus backward, per scalar primitive, in microseconds, by program."""
    start = np.float64(1e-300)  # squares and doublings of it stay finite
    runs = {}
    for name, step in SCALAR_PROGRAMS.items():
        slope = ad.grad(chain(step, count))
        runs[name] = lambda slope=slope: slope(start)
    with np.errstate(all="ignore"):
        return {name: 1e6 * timing.median / count for name, timing in compare(runs).items()}


def tape_bytes(shape: tuple[int, ...] = (), count: int = 20_000) -> float:
    """Bytes of tape an operation: all that a pullback holds, less what a list of the same values takes."""
    start = np.full(shape, 0.5) if shape else np.float64(0.5)
    program = chain(np.sin, count)

    def values() -> list[Any]:
        found = [start]
        for _ in range(count):
            found.append(np.sin(found[-1]))
        return found

    ad.vjp(program, start)  # caches fill before we look
    return (_bytes_held(lambda: ad.vjp(program, start)) - _bytes_held(values)) / count


def _bytes_held(make: Callable[[], Any]) -> int:
    """How much memory the result of `make` keeps alive."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        result = make()
        gc.collect()
        held = tracemalloc.get_traced_memory()[0] - before
        del result
    finally:
        tracemalloc.stop()
    return held


def growth(count: int = 1_000_000, shorter: int = 10_000) -> float:
    """Time an operation of a gradient through a long chain over that through a short one: 1 if time is linear."""
    long, short = (ad.grad(chain(np.sin, n)) for n in (count, shorter))
    start = np.float64(0.5)
    timings = compare({"long": lambda: long(start), "short": lambda: short(start)}, rounds=3)
    return timings["long"].over(timings["short"]).median * shorter / count


def doubling_ratio(count: int = 64) -> float:
    """Time of `count` doublings `y = y + y` over half as many: 2 if values are visited, 2³² if paths are."""
    twice, once = (ad.grad(chain(lambda y: y + y, n)) for n in (count, count // 2))
    start = np.float64(1.0)
    timings = compare({"twice": lambda: twice(start), "once": lambda: once(start)})
    return timings["twice"].over(timings["once"]).median


def import_milliseconds(rounds: int = 11) -> float:
    """What `import autodiff` takes in a fresh process that has NumPy already, in milliseconds.

    Compiled modules are cached, as on any machine after the first import, in a place of our own.
    """
    script = "import numpy, time; begin = time.process_time(); import autodiff; print(time.process_time() - begin)"
    with tempfile.TemporaryDirectory() as cache:
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = cache

        def once() -> float:
            command = [sys.executable, "-c", script]
            return float(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)

        once()
        return 1e3 * statistics.median(once() for _ in range(rounds))
