"""What the book quotes about time, measured once and written down with the machine that it was measured on.

    python -m benchmarks.measure              measure everything
    python -m benchmarks.measure NAME …       measure these and keep the rest

A measurement is one function: decorated, without arguments, returning `Recorded(value, sizes)`. Its name is
what a chapter asks for (`figures.measurements.load("name")`), the first line of its docstring says what the
value is:

    @measurement(unit="seconds")
    def time_of_a_sum() -> Recorded:
        \"\"\"Time of a sum of n numbers.\"\"\"
        ...
        return Recorded(value=1.2e-6, sizes={"n": 1000})

Values are numbers, or lists and dicts of them; absolute times are for ratios within one measurement, never
across.
"""

from __future__ import annotations

import argparse
import datetime
import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

import autodiff as ad
from benchmarks import machine, overhead, report
from benchmarks.systems import autodiff, autodiff_compiled, available
from benchmarks.timing import compare, seconds_of_a_call
from benchmarks.workloads import WORKLOADS
from figures.fixed_points import equilibrium
from figures.heated_wire import Wire

FILE = Path(__file__).with_name("measurements.json")


@dataclass(frozen=True)
class Recorded:
    """A measured value, and the sizes that it was measured at."""

    value: Any
    sizes: dict[str, Any]


@dataclass(frozen=True)
class Measurement:
    """What to run, and what its value means."""

    run: Callable[[], Recorded]
    unit: str

    @property
    def says(self) -> str:
        return (self.run.__doc__ or "").partition("\n")[0]


MEASUREMENTS: dict[str, Measurement] = {}


def measurement(unit: str) -> Callable[[Callable[[], Recorded]], Callable[[], Recorded]]:
    """Enter a function into `MEASUREMENTS`, by its name."""

    def enter(run: Callable[[], Recorded]) -> Callable[[], Recorded]:
        MEASUREMENTS[run.__name__] = Measurement(run, unit)
        return run

    return enter


# --- The measurements ---------------------------------------------------------------------------------------


@measurement(unit="multiples of the program's own time")
def derivative_cost() -> Recorded:
    """Cost of the derivative of ten workloads in every system: median and quartiles."""
    systems, _ = available()
    rows = [report.measure_workload(workload, systems) for workload in WORKLOADS.values()]
    value = {row.workload.name: {name: [r.median, r.low, r.high] for name, r in row.ratios.items()} for row in rows}
    return Recorded(value, {name: dict(workload.sizes) for name, workload in WORKLOADS.items()})


@measurement(unit="seconds")
def compilation() -> Recorded:
    """Time of each workload's derivative interpreted and compiled, and of the call that compiles it."""
    value = {}
    for workload in WORKLOADS.values():
        problem = workload.problem()
        runs = {system.name: system.derivative(workload, *problem) for system in (autodiff(), autodiff_compiled())}
        timings = compare({"interpreted": runs["autodiff"], "compiled": runs["compiled"]})
        value[workload.name] = {name: timing.median for name, timing in timings.items()}
        value[workload.name]["compiling"] = statistics.median(
            seconds_of_a_call(autodiff_compiled().derivative(workload, *problem)) for _ in range(3)
        )
    return Recorded(value, {name: dict(workload.sizes) for name, workload in WORKLOADS.items()})


@measurement(unit="microseconds")
def scalar_primitive() -> Recorded:
    """Time of one scalar primitive, forward and backward, by primitive."""
    return Recorded(overhead.microseconds_a_primitive(1000), {"primitives": 1000})


@measurement(unit="bytes")
def tape_of_an_operation() -> Recorded:
    """Tape that one operation leaves, beyond the values themselves."""
    return Recorded(overhead.tape_bytes(count=20_000), {"operations": 20_000})


def running_example(n: int, random: np.random.Generator, a: int, c: int) -> Callable[[Any], Any]:
    """F = D ∘ C ∘ B ∘ A of the book, from n inputs: affine, sine, affine, sum of squares."""
    first, second = random.standard_normal((a, n)) / np.sqrt(n), random.standard_normal((c, a)) / np.sqrt(a)
    shift, offset = random.standard_normal(a), random.standard_normal(c)

    def program(x: Any) -> Any:
        return np.sum((second @ np.sin(first @ x + shift) + offset) ** 2)

    return program


@measurement(unit="multiples of the program's own time")
def gradient_cost_by_inputs() -> Recorded:
    """Cost of a gradient in reverse mode, in forward mode and by differences, against the inputs' number."""
    inputs, a, c = [1, 3, 10, 30, 100, 300, 1000, 3000], 500, 200
    random = np.random.default_rng(0)
    value: dict[str, list[float]] = {"reverse": [], "forward": [], "finite differences": []}
    for n in inputs:
        program, x = running_example(n, random, a, c), random.standard_normal(n)
        timings = compare(
            {
                "plain": partial(program, x),
                "reverse": partial(ad.grad(program), x),
                "forward": partial(ad.jacfwd(program), x),
                "finite differences": partial(forward_differences, program, x),
            }
        )
        for name, costs in value.items():
            costs.append(timings[name].over(timings["plain"]).median)
    return Recorded(value, {"inputs": inputs, "a": a, "c": c})


def forward_differences(program: Callable[[np.ndarray], float], x: np.ndarray, step: float = 1e-8) -> np.ndarray:
    """The gradient by n + 1 evaluations, in the plainest way."""
    here = program(x)
    gradient = np.empty_like(x)
    for j in range(len(x)):
        moved = x.copy()
        moved[j] += step
        gradient[j] = (program(moved) - here) / step
    return gradient


@measurement(unit="seconds")
def jacobian_time_by_shape() -> Recorded:
    """Time of an m × n Jacobian in forward and in reverse mode, m·n fixed, as m/n goes from 1e-2 to 1e2."""
    entries, width = 10_000, 100
    random = np.random.default_rng(0)
    exponents = np.linspace(-2, 2, 13)
    shapes = [(round((entries * 10**e) ** 0.5), round((entries / 10**e) ** 0.5)) for e in exponents]
    value: dict[str, list[float]] = {"forward": [], "reverse": []}
    for m, n in shapes:
        program, x = two_layers(m, n, width, random), random.standard_normal(n)
        timings = compare({"forward": partial(ad.jacfwd(program), x), "reverse": partial(ad.jacrev(program), x)})
        for name, timing in timings.items():
            value[name].append(timing.median)
    return Recorded(value, {"shapes": [list(shape) for shape in shapes], "width": width})


def two_layers(m: int, n: int, width: int, random: np.random.Generator) -> Callable[[Any], Any]:
    """A program from n numbers to m, by way of `width`."""
    first = random.standard_normal((width, n)) / np.sqrt(n)
    second = random.standard_normal((m, width)) / np.sqrt(width)
    return lambda x: np.tanh(second @ np.tanh(first @ x))


@measurement(unit="evaluations of f")
def fixed_point_gradient() -> Recorded:
    """Time of a gradient by a fixed point, beyond that of finding it, against the iterations that it took."""
    rates, size = [0.3, 0.6, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995], 100
    start, phi = np.zeros(size), np.full(size, 1e-3)
    value: dict[str, list[float]] = {"unrolled": [], "implicit": []}
    counts = []
    for rate in rates:
        f = equilibrium(rate, size)
        count = iterations(f, start, phi)
        counts.append(count)
        found = ad.fixed_point(f, start, phi)  # where the implicit contestants start: one step, and they are there
        timings = compare(
            {
                "f": partial(f, start, phi),
                "loop": partial(repeated, f, start, phi, count),
                "unrolled": partial(ad.grad(lambda phi, f=f, n=count: np.sum(repeated(f, start, phi, n))), phi),
                "solution": partial(ad.fixed_point, f, found, phi),
                "implicit": partial(ad.grad(lambda phi, f=f, x=found: np.sum(ad.fixed_point(f, x, phi))), phi),
            }
        )
        for name, alone in (("unrolled", "loop"), ("implicit", "solution")):
            value[name].append((timings[name].median - timings[alone].median) / timings["f"].median)
    return Recorded(value, {"rates": rates, "size": size, "steps": counts})


def repeated(f: Callable, theta: Any, phi: Any, count: int) -> Any:
    """The loop θ ← f(θ, φ), so many times."""
    for _ in range(count):
        theta = f(theta, phi)
    return theta


def iterations(f: Callable, theta: Any, phi: Any) -> int:
    """How often `ad.fixed_point` evaluates f until it has converged."""
    calls = 0

    def counted(theta: Any, phi: Any) -> Any:
        nonlocal calls
        calls += 1
        return f(theta, phi)

    ad.fixed_point(counted, theta, phi)
    return calls


@measurement(unit="multiples of the program's own time")
def gradient_methods() -> Recorded:
    """Time of the gradient of the heated wire's loss in seven ways, against the number of heaters."""
    heaters, points = [1, 2, 4, 8, 16, 32], Wire().points
    value: dict[str, list[float]] = {}
    for n in heaters:
        wire = Wire(points=points, heaters=n)
        runs = {name: partial(gradient, wire.phi) for name, gradient in wire.gradients().items()}
        timings = compare({"plain": partial(wire.loss, wire.phi), **runs})
        for name in runs:
            value.setdefault(name, []).append(timings[name].over(timings["plain"]).median)
    return Recorded(value, {"heaters": heaters, "points": points})


# --- Writing them down --------------------------------------------------------------------------------------


def record(name: str) -> dict[str, Any]:
    """Run one measurement: its value and sizes, and the versions, machine and date that belong to them."""
    entry = MEASUREMENTS[name]
    recorded = entry.run()
    return {
        "says": entry.says,
        "value": rounded(recorded.value),
        "unit": entry.unit,
        "sizes": recorded.sizes,
        "versions": machine.versions(),
        "machine": machine.describe(),
        "date": datetime.date.today().isoformat(),
    }


def rounded(value: Any) -> Any:
    """Numbers to four digits, in lists and dicts too: more is noise."""
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [rounded(part) for part in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def main() -> None:
    """Measure what was asked for; measurements that are no longer in the table leave the file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measure", description="Measure what the book quotes.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    names = parser.parse_args().names or list(MEASUREMENTS)
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        parser.error(f"no such measurement: {', '.join(unknown)}; there are: {', '.join(MEASUREMENTS)}")

    machine.settle()
    found = json.loads(FILE.read_text()) if FILE.exists() else {}
    with Console().status("") as status:
        for name in names:
            status.update(name)
            found[name] = record(name)
            kept = {name: found[name] for name in MEASUREMENTS if name in found}
            FILE.write_text(json.dumps(kept, indent=1, ensure_ascii=False, default=float) + "\n")


if __name__ == "__main__":
    main()
