"""The table of all of NumPy: complete, and true to what happens."""

import numpy as np
import pytest

from autodiff.arrays import name_of
from autodiff.coverage import coverage, written_with
from autodiff.tables import COMPOSED, CONSTANT, PARTIALS, REFUSED, RULES


def test_every_public_function_is_in_it():
    found = coverage()
    for prefix, module in (("np", np), ("np.linalg", np.linalg), ("np.fft", np.fft)):
        names = {f"{prefix}.{n}" for n in dir(module) if n[0] != "_" and isinstance(getattr(module, n), np.ufunc)}
        assert names <= found.keys()
    assert set(found.values()) == {"rule", "zero", "refused", "none"}
    assert found["np.linalg.svd"] == found["np.fft.hfft"] == found["np.median"] == "rule"


def test_no_function_is_in_two_tables():
    kinds = [PARTIALS.keys() | RULES.keys() | COMPOSED.keys(), CONSTANT, REFUSED.keys()]
    for i, kind in enumerate(kinds):
        for other in kinds[i + 1 :]:
            assert not set(kind) & set(other)


@pytest.mark.parametrize(
    ("function", "parts"),
    [
        (np.var, ["np.mean", "np.absolute", "np.sum", "np.maximum"]),  # through a function of ours, too: `counted`
        (np.fft.fft2, ["np.fft.fftn"]),  # a closure
        (np.block, ["np.concatenate"]),  # a function within the function
        ((np.multiply, "reduce"), ["np.prod"]),  # a default argument
        (np.vdot, ["np.conjugate", "np.ravel", "np.matmul"]),  # an operator
    ],
    ids=name_of,
)
def test_what_composed_functions_are_written_with(function, parts):
    assert written_with(function)[: len(parts)] == parts


def test_composed_functions_end_at_primitives():
    """Followed down, what a composed function is written with has rules of its own."""
    by_name = {name_of(f): f for f in COMPOSED}
    for function in by_name.values():
        path = [function]
        todo = written_with(function)
        while todo:
            part = by_name.get(todo.pop())
            assert part != function, f"{name_of(function)} is written with itself"
            if part and part not in path:
                path.append(part)
                todo += written_with(part)
