"""The figures of the chapter on finite differences show what their captions say."""

import json

import numpy as np
import pytest

from autodiff import finite
from figures import finite_differences as figures


def lines(axes):
    return {line.get_label(): line.get_xydata().T for line in axes.lines if not line.get_label().startswith("_")}


@pytest.mark.parametrize("steps", [(1e-2, 1e-1, 1.0), (0.5, 2.0)])
def test_step_sizes_has_one_legend_entry_per_step(steps):
    made = figures.step_sizes(steps, (0, 10), count=50)
    texts = [text.get_text() for text in made.legends[0].get_texts()]
    assert texts == ["true derivative, cos x", *[rf"$\Delta x = {h:g}$" for h in steps]]
    for h in steps:
        x, y = lines(made.axes[0])[rf"$\Delta x = {h:g}$"]
        np.testing.assert_allclose(y, (np.sin(x + h) - np.sin(x)) / h)


def test_evaluation_points_are_as_many_as_the_legend_says():
    made = figures.evaluation_points((4, 9), h=0.1)
    for count in (4, 9):
        x, y = lines(made.axes[0])[f"{count} points"]
        assert len(x) == count
        np.testing.assert_allclose(y, finite.forward(np.sin, x, 0.1))


def test_the_data_of_the_slide_is_plain_and_right():
    data = figures.slide_data()
    assert json.loads(json.dumps(data)) == data
    for window in data["windows"]:
        h, estimates = window["h"], window["estimates"]
        error = {name: abs(estimate - np.cos(figures.POINT)) for name, estimate in estimates.items()}
        assert error["complex"] <= h**2 + 3e-16
        for name, (truncation, roundoff) in figures.bounds(h).items():
            assert window["truncation"][name] == pytest.approx(truncation / (truncation + roundoff))
            if h < 1e-3:  # larger steps reach where the derivatives are others than at the point
                assert error[name] <= 1.01 * (truncation + roundoff)
        u, curve = np.array(window["u"]), np.array(window["curve"])
        exact = (np.sin(figures.POINT + u * h) - np.sin(figures.POINT)) / h
        assert abs(np.interp(0, u, curve)) < 1e-9
        if h > 1e-11:  # below that the sine is a staircase, which is another one a rounding away
            np.testing.assert_allclose(curve, exact, atol=1e-3)
    turn = {name: data["errors"]["h"][int(np.argmin(data["errors"][name]))] for name in ("forward", "central")}
    assert turn["forward"] < 1e-7 < 1e-6 < turn["central"] < 1e-4


def test_the_slide_opens_the_windows_that_the_data_have_nearest():
    data = figures.slide_data([0.5, 0.1, 1e-3, 1e-14])
    assert figures.slide(data).axes[0].get_title(loc="left") == "(a)  $h=0.5$"


def test_the_coloured_matrix_has_a_square_for_every_entry():
    pattern = np.abs(np.subtract.outer(range(7), range(7))) <= 1
    made = figures.coloured_columns(pattern, np.arange(7) % 3)
    left, right = made.axes
    assert len(left.texts) == len(right.texts) == pattern.sum()
