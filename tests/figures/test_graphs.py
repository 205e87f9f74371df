"""The data behind the figures of the chapter on graphs."""

import json

import numpy as np
import pytest

import autodiff as ad
from figures import graphs as figures


@pytest.fixture(scope="module")
def data():
    return figures.tape_data()


def test_the_data_of_the_steps_is_plain(data):
    assert json.loads(json.dumps(data)) == json.loads(json.dumps(figures.tape_data(figures.sweeps(figures.POINT))))


def test_values_and_formulas_are_those_of_the_program(data):
    """The formulas are shown as text; Python reads them, too."""
    namespace = {"sin": lambda value: float(np.sin(value)), **data["values"]}
    for name in data["forward"]:
        formula = data["formulas"][name].replace("·", "*").replace("sin u", "sin(u)")
        assert eval(formula, namespace) == pytest.approx(data["values"][name], rel=1e-15)
    assert data["values"]["y"] == figures.worked(*figures.POINT)


@pytest.mark.parametrize("seed", [0, 1])
def test_shares_that_meet_add_up_to_the_tangent(data, seed):
    tangents = data["tangents"][seed]
    for name in data["forward"]:
        shares = [edge["slope"] * tangents[edge["from"]] for edge in data["edges"] if edge["to"] == name]
        assert sum(shares) == pytest.approx(tangents[name], rel=1e-15)
    assert tangents["y"] == pytest.approx(ad.grad(figures.worked, seed)(*figures.POINT), rel=1e-15)


def test_shares_that_come_back_add_up_to_the_cotangent(data):
    whole = data["states"][-1]
    for name in [*data["backward"][1:], "x_1", "x_2"]:
        shares = [edge["cotangent"] for edge in data["edges"] if edge["from"] == name]
        assert sum(shares) == pytest.approx(whole[name], rel=1e-15)
    assert (whole["x_1"], whole["x_2"]) == pytest.approx(ad.grad(figures.worked, (0, 1))(*figures.POINT), rel=1e-15)
    partial = data["states"][1]["u"]  # after y has reported, before v has
    assert partial != whole["u"]
