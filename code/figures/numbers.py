"""Numbers for a sentence, a caption or a table: computed values as a reader wants to see them."""

from collections.abc import Iterable, Sequence
from typing import Any


def tex(value: float, digits: int = 1) -> str:
    """A number as TeX with `digits` digits: plain between 0.01 and 1000, else as a power of ten.

    >>> tex(1e-8), tex(3.66e-11), tex(3.66e-11, 2), tex(0.25, 2)
    ('10^{-8}', '4 \\\\times 10^{-11}', '3.7 \\\\times 10^{-11}', '0.25')
    """
    if value == 0 or 0.01 <= abs(value) < 1000:
        return f"{value:.0f}" if abs(value) >= 10**digits else f"{value:.{digits}g}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = f"10^{{{int(exponent)}}}"
    return power if float(mantissa) == 1 else rf"{mantissa} \times {power}"


def sci(value: float, digits: int = 1) -> Any:
    """A number as mathematics, for inline code."""
    return markdown(f"${tex(value, digits)}$")


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Any:
    """A table: text as it stands, whole numbers with thousands set apart, other numbers by `tex`, right-aligned."""
    body = [list(row) for row in rows]
    rules = ["---" if isinstance(cell, str) else "--:" for cell in body[0]]
    lines = [list(header), rules, *([_cell(cell) for cell in row] for row in body)]
    return markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"${tex(float(value), 2)}$"


def markdown(text: str) -> Any:
    """Text that a notebook shows as Markdown, and the book sets as its own."""
    from IPython.display import Markdown  # in the notebooks that show it, not in what draws figures elsewhere

    return Markdown(text)
