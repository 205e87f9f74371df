"""Numbers that count how often they are multiplied: an oracle for every count of operations."""

from typing import Any

import numpy as np


class Counted:
    """A number; `Counted.multiplications` goes up with each product of two of them."""

    multiplications = 0

    def __init__(self, value: float):
        self.value = value

    def __mul__(self, other: Any) -> "Counted":
        Counted.multiplications += 1
        return Counted(self.value * other.value)

    def __add__(self, other: Any) -> "Counted":
        return Counted(self.value + getattr(other, "value", other))

    __radd__ = __add__


def counted(a: np.ndarray) -> np.ndarray:
    """The same array with counting entries."""
    return np.frompyfunc(Counted, 1, 1)(a)
