"""The data behind the figures of the chapter on fixed points."""

import numpy as np
import pytest

import autodiff as ad
from figures import fixed_points as figures


def test_the_shares_of_the_steps_add_up_to_the_unrolled_derivative():
    """The slope of the cosine key is negative on the way, so the terms alternate in sign."""
    data = figures.contributions_data(start=0.1, phi=1.0, steps=12)
    signed = [term * (-1) ** (12 - step) for step, term in zip(data["step"], data["terms"], strict=True)]
    whole = ad.grad(loop)(1.0, 12)
    assert sum(signed) == pytest.approx(float(whole), rel=1e-12)


def loop(phi, steps):
    theta = 0.1
    for _ in range(steps):
        theta = figures.settle(theta, phi)
    return theta


@pytest.mark.parametrize("phi", [0.5, 1.0, 1.25])
def test_the_unrolled_derivative_comes_last(phi):
    data = figures.errors_data(phi, steps=20)
    assert data["unrolled"][-1] > data["iterate"][-1]
    assert data["implicit"][-1] < 3 * data["iterate"][-1]
    assert data["rate"] < 1


def test_tapes_grow_with_the_loop_alone():
    data = figures.memory_data((10, 20, 40), size=5)
    grown = np.diff(data["unrolled"])
    assert grown[1] == 2 * grown[0] > 0
    assert data["implicit"][0] == data["implicit"][-1] < data["unrolled"][0]


def test_products_grow_with_the_rate_and_less_so_by_gmres():
    slow, fast = figures.products(0.9, size=40), figures.products(0.5, size=40)
    assert fast["gmres"] < fast["iteration"] < slow["iteration"]
    assert slow["gmres"] <= 40


def test_the_folds_are_where_the_slope_of_f_is_one():
    data = figures.switch_data()
    assert 2 / np.cosh(data["fold"]) ** 2 == pytest.approx(1, rel=1e-12)
    for point in data["points"]:
        assert point["theta"] == pytest.approx(figures.switch(point["theta"], point["phi"]), abs=1e-11)
        assert point["slope"] == pytest.approx(1 / (1 - 2 / np.cosh(point["theta"]) ** 2), rel=1e-9)
