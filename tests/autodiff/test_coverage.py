"""The table of all of NumPy: complete, and true to what happens."""

import numpy as np

from autodiff.coverage import coverage
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
