"""The simulator of the last chapter, and the data behind its figures."""

import inspect
import re
from pathlib import Path

import numpy as np
import pytest

import autodiff as ad
from figures import practice

CHAPTER = (Path(__file__).parents[2] / "chapters" / "practice.qmd").read_text()
P = np.array([0.6, 0.012])


@pytest.mark.parametrize("name", ["rates", "step", "throw", "fly"])
def test_the_chapter_shows_the_simulator_that_the_figures_use(name):
    """But for types, docstrings, comments and the breaks of lines."""

    def bare(code):
        code = re.sub(r'"""[^"]*"""|#[^\n]*|: Any|: int| -> Any', "", code)
        return re.sub(r"\s+", "", code)

    assert bare(inspect.getsource(getattr(practice, name))) in bare(CHAPTER)


def test_the_reference_shares_no_rule_and_agrees_with_the_root():
    np.testing.assert_allclose(practice.reference_gradient(P), ad.grad(practice.landing)(P), rtol=1e-13)


def test_many_stones_land_where_each_does():
    many = np.array([[0.4, 0.6, 0.9], [0.0, 0.012, 0.03]])
    alone = [float(practice.landing(p)) for p in many.T]
    np.testing.assert_allclose(practice.landing_points(many), alone, rtol=1e-12)


def test_the_loop_reports_the_slope_of_a_tooth():
    def loop(p, h=0.1):
        state = practice.throw(p[0])
        while state[1] > 0:
            state = practice.step(state, h, p[1])
        return state[0]

    data = practice.loop_data(loop, [30.0, 30.01, 35.0], P[1])
    tooth = (data["loop"][1] - data["loop"][0]) / 0.01
    assert tooth == pytest.approx(data["loop slope"][0], rel=1e-3)
    assert tooth < 0 < data["root slope"][0]
    assert data["root"][2] > data["root"][0]


@pytest.mark.parametrize("slots", [1, 3, 40])
def test_checkpoints_keep_to_the_theory(slots):
    data = practice.checkpoint_data(P, 40, (slots,))
    assert data["runs"] == data["theory"]
    assert data["alive"][0] <= slots + 3


def test_a_meter_forgets_states_that_are_gone():
    meter = practice.Metered(practice.step)
    state = practice.throw(0.6)
    for _ in range(5):
        state = meter(state, 0.1, 0.0)
    assert (meter.runs, meter.alive, meter.most) == (5, 1, 2)


def test_the_landscape_knows_where_the_paths_are():
    photos = lambda p: np.stack([p])  # one picture of each stone, which shows its parameters
    seen = np.array([[0.1, 0.2]])
    loss = lambda p: pytest.approx(((p - seen) ** 2).sum() / 2, rel=1e-14)
    data = practice.landscape_data(photos, seen, {"a": [P, 2 * P]}, points=3)
    assert data["excess"]["a"] == [loss(P), loss(2 * P)]
    assert data["degrees"][0] < np.degrees(P[0]) < data["degrees"][-1]
    for row, column in [(0, 0), (0, 2), (2, 0)]:
        angle, k = np.radians(data["degrees"][column]), data["drags"][row] / 1000
        assert data["loss"][row][column] == loss(np.array([angle, k]))
