"""Infinities, nan, zeros of both signs, numbers at both ends: a traced function gives the value that NumPy gives."""

import itertools

import numpy as np
import pytest

import autodiff as ad
from autodiff.coverage import coverage

from .oracles import leaves
from .test_never_silent import FUNCTIONS

REAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -2.5, 1e-320, 1e308])
PARTS = [np.inf, -np.inf, np.nan, 0.0, -0.0, 1.0]
COMPLEX = np.array([complex(a, b) for a, b in itertools.product(PARTS, [2.0, *PARTS])])
OTHERS = {"np.imag", "np.real", "np.angle", "np.nan_to_num", "np.real_if_close", "np.sinc", "np.i0", "np.fix"}
ELEMENTWISE = {
    name: f
    for name, f in FUNCTIONS.items()
    if coverage()[name] == "rule" and (name in OTHERS or (isinstance(f, np.ufunc) and f.signature is None))
}


def accepts(f, args):
    """Whether NumPy has the function for such arguments."""
    try:
        f(*args)
    except TypeError:
        return False
    return True


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_value_is_numpys(name):
    f = ELEMENTWISE[name]
    for values in (REAL, COMPLEX):
        pairs = [x.ravel() for x in np.meshgrid(values, values)]
        exponents = (values, np.arange(len(values)))
        arguments = next((xs for xs in ((values,), pairs, exponents) if accepts(f, xs)), None)
        if arguments is None:
            continue
        y, _ = ad.vjp(lambda x, rest=arguments[1:]: f(x, *rest), arguments[0])
        for a, e in zip(leaves(y), leaves(f(*arguments)), strict=True):
            np.testing.assert_allclose(a, e, rtol=1e-14)
