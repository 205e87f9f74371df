"""The explorables of the book, one entry each: where it stands, what Python says of its states, how keys move it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from figures import finite_differences
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


EXPLORABLES = {
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
}
