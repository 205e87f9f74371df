"""The heated wire: its seven gradients agree, its linear algebra is right, and the chapter shows the same program."""

import re
from pathlib import Path

import numpy as np
import pytest

from figures.heated_wire import Wire, eliminate, exact_gradient

CHAPTER = Path(__file__).parents[2] / "chapters" / "choosing.qmd"
TOLERANCE = {"forward difference": 1e-4, "central difference": 1e-6}

wires = pytest.mark.parametrize("wire", [Wire(6, 1), Wire(9, 4)], ids=str)


@wires
def test_the_wire_is_in_equilibrium(wire):
    u = wire.temperatures(wire.phi)
    assert np.abs(wire.residual(u, wire.phi)).max() < 1e-9
    assert (u > 1).all(), "the heaters warm it"


@wires
def test_all_gradients_agree(wire):
    exact = exact_gradient(wire, wire.phi)
    for name, gradient in wire.gradients().items():
        error = np.abs(gradient(wire.phi) - exact).max() / np.abs(exact).max()
        assert error < TOLERANCE.get(name, 1e-12), name


@pytest.mark.parametrize("n", [1, 2, 7])
def test_elimination_solves_tridiagonal_systems(n):
    random = np.random.default_rng(n)
    A = np.diag(4 + random.random(n)) + np.diag(random.random(n - 1), 1) + np.diag(random.random(n - 1), -1)
    b = random.standard_normal(n)
    np.testing.assert_allclose(eliminate(A, b), np.linalg.solve(A, b), rtol=1e-12)


def test_the_chapter_shows_this_program():
    cells = re.findall(r"^```\{python\}\n(.*?)^```$", CHAPTER.read_text(), re.MULTILINE | re.DOTALL)
    names: dict = {}
    for cell in cells:
        exec(cell, names)
        if "loss" in names:
            break
    wire, phi = names["wire"], names["wire"].phi * 1.1
    np.testing.assert_allclose(names["temperatures"](phi), wire.temperatures(phi), rtol=1e-12)
    assert names["loss"](phi) == pytest.approx(wire.loss(phi), rel=1e-12)
