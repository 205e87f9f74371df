"""The explorables of the book, one entry each: where it stands, what Python says of its states, how keys move it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from figures import accumulation, finite_differences, fixed_points, graphs, jvp_vjp, symbolic
from figures.numbers import tex

State = dict[str, int]
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int = 2) -> str:
    """A number as `Explorable.number` writes it: that of `figures.numbers.tex`, without the TeX."""
    written = re.sub(r"\^\{(.*)\}", lambda power: power[1].translate(RAISED), tex(value, digits))
    return written.replace(r"\times", "×").replace("-", "−")


@dataclass(frozen=True)
class Case:
    """One explorable. `says` gives fragments of the words that a state of the data must be told in."""

    chapter: str
    data: Callable[[], Any]
    says: Callable[[Any, State], list[str]]
    start: State
    moves: list[tuple[str, str, State]]
    """One after the other: the control's name, the keys pressed in it, the state that they lead to."""
    linked: State
    """A state that an address asks for."""


def step_size(data: Any, state: State) -> list[str]:
    window = data["windows"][state["step"]]
    errors = {name: abs(estimate - data["slope"]) for name, estimate in window["estimates"].items()}
    bounds = {name: composition(round(100 * share)) for name, share in window["truncation"].items()}
    last = f"error {number(errors['complex'])}" if errors["complex"] else "no error, to the last bit"
    return [
        *(f"{name.title()} difference: error {number(errors[name])}; its bound: {of}" for name, of in bounds.items()),
        f"Complex step: {last}; nothing is subtracted",
        f"takes {number(window['doubles'])} steps",
    ]


def composition(share: int) -> str:
    return {0: "all round-off", 100: "all truncation"}.get(share, f"{share} % truncation, {100 - share} % round-off")


def swell_counter(data: Any, state: State) -> list[str]:
    program = data[state["program"]]
    derivative = program["derivatives"][state["length"]]
    nodes = {name: sizes[state["length"]] for name, sizes in program["sizes"].items()}
    pages = f", {number(derivative['pages'])} pages of this book" if derivative["pages"] >= 1 else ""
    lines = derivative["lines"][:8]
    part = min(state["part"], len(lines) - 1)
    written = f"t{part + 1} is computed once, and written {counted(lines[part]['copies'])} times." if lines else ""
    return [
        f"Derivative, written out: {counted(nodes['derivative, written out'])} nodes",
        f"{counted(derivative['characters'])} characters{pages}Program, written out",
        f"Program, written out: {counted(nodes['program, written out'])} nodes",
        f"Derivative, each part once: {nodes['derivative, shared']} nodes; the program has {nodes['program, shared']}",
        written or "Nothing here is worth a line of its own.",
    ]


def counted(value: int) -> str:
    return f"{value:,}" if value < 1e6 else number(value)


def bracket_chain(data: Any, state: State) -> list[str]:
    chain = data[state["chain"]]
    shapes, rows = chain["shapes"], chain["bracketings"]
    price = {name: row["multiply_adds"] for row in rows for name in row["names"]}
    bills = f"Forward takes {price['forward']:,} multiply-adds, reverse {price['reverse']:,}, the best order"
    factors = list(reversed(range(len(shapes))))
    for digit in map(int, str(state["order"]).strip("0")):
        factors[digit - 1 : digit + 1] = [tuple(factors[digit - 1 : digit + 1])]
    made = [step for part in factors if isinstance(part, tuple) for step in accumulation.multiplications(part, shapes)]
    total = sum(step["multiply_adds"] for step in made)
    within = [row for row in rows if all(step in row["steps"] for step in made)]
    if not made:
        return ["Nothing is multiplied yet. Each dot is what some order costs.", bills, f"{price['best']:,}."]
    if len(factors) == 1:
        (row,) = within
        times = total / price["best"]
        standing = "No order is cheaper." if times == 1 else f"{number(times)} times the best order’s {price['best']:,}"
        largest = f"in all; the largest partial product has {row['largest']:,} numbers."
        return [f"{row['written']}: {total:,} multiply-adds {largest}", standing, bills]
    least = min(row["multiply_adds"] for row in within)
    outlook = "still within reach" if least == price["best"] else f"it will be {least:,}"
    return [f"So far {total:,}", f"took {made[-1]['multiply_adds']:,}", outlook]


def press_key(data: Any, state: State) -> list[str]:
    run, step = data["knobs"][state["knob"]]["runs"][state["start"]], state["step"]
    names = {"iterate": "Iterate", "unrolled": "Unrolled derivative", "implicit": "Implicit derivative"}
    errors = [f"{name}: {right(run[kind][step], run['digits'][kind][step])}" for kind, name in names.items()]
    if step == 0 or run["digits"]["unrolled"][step] == 14:
        return errors
    added = run["added"][step]
    new = f" {'+' if added > 0 else '−'} {number(abs(added), 3)} new" if added else ", nothing new"
    return [*errors, f"Unrolled error: {number(run['carried'][step], 3)} carried over{new}"]


def right(error: float, digits: int) -> str:
    if digits == 14:
        return "right but for rounding"
    count = {0: "no digit", 1: "1 digit"}.get(digits, f"{digits} digits")
    return f"error {number(error, 3)}, {count} right"


def fill_jacobian(data: Any, state: State) -> list[str]:
    program = data[state["program"]]
    (m, n), columns, rows = program["shape"], program["columns"], program["rows"]
    entries = [(i, j) for i in range(m) for j in range(n)]
    products = [
        *(
            (f"JVP with e{k + 1}, the tangent (", column, {(i, k) for i in range(m)})
            for k, column in enumerate(columns)
        ),
        *((f"VJP with e{k + 1}, the cotangent (", row, {(k, j) for j in range(n)}) for k, row in enumerate(rows)),
    ]
    taken = [products[int(digit) - 1] for digit in str(state["products"]).strip("0")]
    if not taken:
        return ["Nothing is known yet.", f"By columns alone it takes {n} JVPs, by rows alone {m} VJP"]
    known = set().union(*(places for *_, places in taken))
    missing = [place for place in entries if place not in known]
    left = [len({place[axis] for place in missing}) for axis in (1, 0)]
    name, arrived, _ = taken[-1]
    return [
        name,
        f"is {', '.join(f'{value:.3f}'.replace('-', '−') for value in arrived)}.",
        f"{len(taken)} pass",
        f"{len(known)} of {m * n} entries are known.",
        f"To know them all: {left[0]} more JVP" if missing else "By columns alone",
        f"or {left[1]} more VJP" if missing else "by rows alone",
    ]


def tape_steps(data: Any, state: State) -> list[str]:
    step, forward = state["step"], len(data["forward"])
    three = "{:.3f}".format
    plain = lambda name: name.replace("_", "")
    if step == 0:
        return [f"x1 = {three(data['values']['x_1'])}, x2 = {three(data['values']['x_2'])}"]
    if step <= forward:
        name, tangents = data["forward"][step - 1], data["tangents"][state["seed"]]
        into = [edge for edge in data["edges"] if edge["to"] == name]
        sums = " + ".join(f"{three(edge['slope'])} · {three(tangents[edge['from']])}" for edge in into)
        value = f"{name} = {plain(data['formulas'][name])} = {three(data['values'][name])}"
        return [value, f"Tangent of {name}: {sums} ≈ {three(tangents[name])}"]
    if step == forward + 1:
        return ["Cotangent of y: 1.000"]
    before, after = data["states"][step - forward - 2 : step - forward]
    name = data["backward"][step - forward - 2]
    told = []
    for edge in data["edges"]:
        if edge["to"] == name:
            share, whose = edge["slope"] * before[name], edge["from"]
            told.append(f"{plain(whose)} gets {three(edge['slope'])} · {three(before[name])} ≈ {three(share)}")
            if whose in before:
                told.append(f"it had {three(before[whose])}, for it is used twice: {three(after[whose])} in all")
    if step == 2 * forward + 1:
        told.append(f"Both are {three(after[('x_1', 'x_2')[state['seed']]])}")
    return told


EXPLORABLES = {
    "bracket-chain": Case(
        chapter="accumulation",
        data=accumulation.chain_data,
        says=bracket_chain,
        start={"chain": 0, "order": 0},
        moves=[
            ("Multiply C by B for 800", "Enter", {"chain": 0, "order": 2}),
            ("Multiply D by CB for 16,000", "Space", {"chain": 0, "order": 21}),
            ("Multiply D(CB) by A for 32,000", "Enter", {"chain": 0, "order": 211}),
            ("one input", "Space", {"chain": 2, "order": 211}),
            ("Undo", "Enter Enter", {"chain": 2, "order": 2}),
            ("Start over", "Enter Enter", {"chain": 2, "order": 0}),
        ],
        linked={"chain": 3, "order": 2221},
    ),
    "press-key": Case(
        chapter="fixed-points",
        data=fixed_points.contraction_data,
        says=press_key,
        start={"knob": 1, "start": 0, "step": 10},
        moves=[
            ("Iterations", "ArrowRight ArrowRight", {"knob": 1, "start": 0, "step": 12}),
            ("0.93", "Space", {"knob": 2, "start": 0, "step": 12}),
            ("at rest", "Space", {"knob": 2, "start": 2, "step": 12}),
            ("Iterations", "Home", {"knob": 2, "start": 2, "step": 0}),
            ("Iterations: forward", "Enter Space", {"knob": 2, "start": 2, "step": 2}),
            ("0.93", "ArrowDown", {"knob": 3, "start": 2, "step": 2}),
            ("0.22", "Space", {"knob": 0, "start": 2, "step": 2}),
            ("Iterations", "End", {"knob": 0, "start": 2, "step": 60}),
        ],
        linked={"knob": 2, "start": 1, "step": 3},
    ),
    "swell-counter": Case(
        chapter="symbolic",
        data=symbolic.counter_data,
        says=swell_counter,
        start={"program": 1, "length": 2, "part": 0},
        moves=[
            ("t8 = t4*t7 - 16*t3*t7", "Enter", {"program": 1, "length": 2, "part": 7}),
            ("t2 = 1 - 4*t1", "Space", {"program": 1, "length": 2, "part": 1}),
            ("Length: forward", "Enter", {"program": 1, "length": 3, "part": 1}),
            ("Length", "End", {"program": 1, "length": 12, "part": 1}),
            ("product", "Space", {"program": 2, "length": 12, "part": 1}),
            ("Length", "Home", {"program": 2, "length": 0, "part": 1}),
        ],
        linked={"program": 0, "length": 5, "part": 3},
    ),
    "fill-jacobian": Case(
        chapter="jvp-vjp",
        data=jvp_vjp.programs_data,
        says=fill_jacobian,
        start={"program": 0, "products": 1},
        moves=[
            ("VJP with e2", "Enter", {"program": 0, "products": 17}),
            ("JVP with e3", "Space Space", {"program": 0, "products": 173}),
            ("VJP with e1", "Enter", {"program": 0, "products": 1736}),
            ("VJP with e3", "Enter", {"program": 0, "products": 17368}),
            ("Undo", "Enter Enter", {"program": 0, "products": 173}),
            ("Start over", "Enter", {"program": 0, "products": 0}),
            ("the whole of F, one output", "Space", {"program": 1, "products": 0}),
            ("JVP with e5", "Enter", {"program": 1, "products": 5}),
            ("VJP with e1", "Enter", {"program": 1, "products": 56}),
        ],
        linked={"program": 1, "products": 6},
    ),
    "step-size": Case(
        chapter="finite-differences",
        data=finite_differences.slide_data,
        says=step_size,
        start={"step": 32},
        moves=[
            ("Step", "ArrowLeft ArrowLeft", {"step": 30}),
            ("Step", "Home", {"step": 0}),
            ("Step: forward", "Enter Space", {"step": 2}),
            ("Step", "End", {"step": 62}),
        ],
        linked={"step": 42},
    ),
    "tape-steps": Case(
        chapter="graphs",
        data=graphs.tape_data,
        says=tape_steps,
        start={"step": 8, "seed": 0},
        moves=[
            ("Step: forward", "Enter", {"step": 9, "seed": 0}),
            ("x2", "Space", {"step": 9, "seed": 1}),
            ("Step", "Home", {"step": 0, "seed": 1}),
            ("Step", "ArrowRight ArrowRight ArrowRight", {"step": 3, "seed": 1}),
            ("x2", "ArrowLeft", {"step": 3, "seed": 0}),
            ("Step: forward", "Enter Space", {"step": 5, "seed": 0}),
            ("Step: forward", "Enter", {"step": 6, "seed": 0}),
        ],
        linked={"step": 7, "seed": 1},
    ),
}
