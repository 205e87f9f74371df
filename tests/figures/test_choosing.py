"""The data behind the figures of the chapter on choosing a method."""

import numpy as np
import pytest

from figures import choosing as figures
from figures.heated_wire import Wire


def test_errors_fall_into_two_classes():
    points = figures.error_data(Wire(9, 4), steps=(1e-2, 1e-6))["points"]
    assert set(points) == set(figures.METHODS)
    exact = [name for name, point in points.items() if point["error"] < 1e-12]
    assert exact == ["complex step", "symbolic", "JVPs", "VJP", "implicit"]
    assert all(len(points[f"{name} difference"]["steps"]) == 2 for name in ("forward", "central"))


def test_costs_are_read_at_the_nearest_size():
    assert figures.recorded_ratio("VJP", 15) == figures.recorded_ratio("VJP", 16)
    assert figures.recorded_ratio("central difference", 1000) == figures.recorded_ratio("central difference", 32)


def test_methods_that_go_through_the_inputs_cross_those_that_do_not():
    assert 1 < figures.crossing("forward difference", "VJP") < 32
    assert figures.crossing("VJP", "implicit") == 1, "dearer from the start"


def test_a_peak_is_what_is_held_at_once():
    one = figures.peak_bytes(lambda: np.ones(100_000))
    both = figures.peak_bytes(lambda: (np.ones(100_000), np.ones(100_000)))
    in_turn = figures.peak_bytes(lambda: [np.ones(100_000).sum() for _ in range(5)])
    assert one == pytest.approx(800_000, rel=0.01)
    assert both == pytest.approx(2 * one, rel=0.01)
    assert in_turn == pytest.approx(one, rel=0.01)


def test_both_orders_converge_at_first_order():
    data = figures.adjoints_data(counts=(512, 1024))
    for kind in ("program", "equation"):
        coarse, fine = np.abs(np.array(data[kind]) - data["truth"])
        assert coarse / fine == pytest.approx(2, rel=0.05)


def test_a_stable_solution_is_unstable_backwards():
    data = figures.adjoints_data()
    for count, path in data["backward"].items():
        assert path[-1] == data["forward"][count][-1]
        assert path[0] > 1.2 * data["start"]


def test_spreads_grow_as_the_text_says():
    """Score: like the number of inputs; with a baseline: like its root; reparameterised: not at all."""
    spreads = figures.spread_data(sizes=(64, 256))["spreads"]
    growth = {name: fine / coarse for name, (coarse, fine) in spreads.items()}
    assert growth["score"] == pytest.approx(4, rel=0.15)
    assert growth["score, baseline"] == pytest.approx(2, rel=0.15)
    assert growth["reparameterised"] == pytest.approx(1, rel=0.1)
