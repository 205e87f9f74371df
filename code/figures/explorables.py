"""Explorables: figures with something to move, where a page may run scripts.

Python gives the numbers, the same ones that the static figure above is drawn from; the script of that name in
assets/explorables draws them, and computes none.
"""

import html
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

WITHOUT = (
    "Here is something to move, where JavaScript may run. The figures of this section show the same, standing still."
)
"""What stands in an explorable's place until its script has come."""


@dataclass(frozen=True)
class Explorable:
    """A custom element with its data in it, as a notebook or a page shows it."""

    name: str
    data: Any = field(repr=False)
    label: str

    def _repr_html_(self) -> str:
        written = json.dumps(self.data, sort_keys=True, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        written = written.replace("<", r"\u003c")  # no end tag in a text ends the script
        name, label = self.name, html.escape(self.label)
        return (
            f'<{name} id="{name}" class="explorable" data-label="{label}" data-pagefind-ignore>'
            f'<script type="application/json">{written}</script>'
            f"<p>{WITHOUT}</p></{name}>"
        )


def explorable(name: str, data: Any, label: str) -> Explorable:
    """The explorable of a script, `assets/explorables/name.js`.

    `name` is that of the custom element, and what addresses call it, `#name?step=3`; so a page has one of each. `data`
    is made of dicts with string keys, lists, strings and finite numbers; `label` is its title. Raises `ValueError` for
    NaN and infinity, `TypeError` for what JSON has no form for.

    >>> explorable("step-size", {"h": [1.0, 0.1]}, "Slide the step")
    Explorable(name='step-size', label='Slide the step')
    """
    return Explorable(name, data, label)


def rounded(values: Iterable[float], digits: int = 4) -> list[float]:
    """Numbers to so many digits: for curves, whose points are drawn to a pixel and cost the page bytes.

    >>> rounded([0.1234567, 2e-16 / 3])
    [0.1235, 6.667e-17]
    """
    return [float(f"{value:.{digits}g}") for value in values]
