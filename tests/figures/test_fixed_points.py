"""The data behind the figures of the chapter on fixed points."""

import json

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


def loop(phi, steps, theta=0.1):
    for _ in range(steps):
        theta = figures.settle(theta, phi)
    return theta


def test_the_runs_of_the_key_are_plain_and_teach_what_the_chapter_says():
    data = figures.contraction_data()
    assert json.loads(json.dumps(data)) == data
    fast, medium, slow, none = data["knobs"]
    assert fast["rate"] < medium["rate"] < slow["rate"] < 1 < none["rate"]
    first = medium["runs"][0]
    assert (first["digits"]["iterate"][10], first["digits"]["unrolled"][10]) == (1, 0)
    assert slow["runs"][0]["unrolled"][10] > slow["runs"][0]["unrolled"][0]
    for knob in data["knobs"]:
        rest = knob["runs"][2]
        assert rest["iterate"][10] < 1e-14
        assert rest["unrolled"][10] == pytest.approx(knob["rate"] ** 10 * rest["unrolled"][0], rel=1e-3)
        assert not any(rest["added"][1:11])


@pytest.mark.parametrize("phi", [0.5, 1.0, 1.25])
@pytest.mark.parametrize("start", [0.1, 1.3])
def test_an_error_is_what_was_carried_over_and_what_was_added(phi, start):
    data = figures.errors_data(phi, start=start, steps=12)
    T = [float(ad.grad(lambda phi, k=k: loop(phi, k, start))(phi)) for k in (11, 12)]
    slope = float(ad.grad(lambda phi: ad.fixed_point(figures.settle, 1.0, phi))(phi))
    A = ad.grad(figures.settle)(loop(phi, 11, start), phi)
    assert data["unrolled"][12] == pytest.approx(abs(T[1] - slope), rel=1e-3)
    assert data["carried"][12] == pytest.approx(A * (T[0] - slope) * np.sign(T[1] - slope), rel=1e-3)
    assert data["carried"][12] + data["added"][12] == pytest.approx(data["unrolled"][12], rel=1e-3)


def test_digits_are_right_up_to_half_a_unit():
    assert figures.right_digits(np.array([1.0, 0.05, 0.004, 1e-17]), 1.0) == [0, 1, 2, 14]


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
