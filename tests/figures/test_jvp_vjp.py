"""The data of the figures on JVPs and VJPs: plain lists that say what their captions claim."""

import json

import numpy as np
import pytest

import autodiff as ad
from figures import jvp_vjp
from figures.running_example import A, B, C, F, x0

XDOT = np.array([0.5, -1.0, 0.2, 0.0, 0.8])


@pytest.mark.parametrize(
    "data",
    [
        jvp_vjp.walk_data(XDOT),
        jvp_vjp.programs_data(),
        jvp_vjp.pairing_data(XDOT),
        jvp_vjp.cost_data(),
        jvp_vjp.hvp_cost(),
    ],
    ids=["walk", "fill", "pairing", "cost", "hvp"],
)
def test_the_data_can_be_written_as_json(data):
    assert json.loads(json.dumps(data)) == data


def test_columns_and_rows_fill_the_same_matrix():
    data = jvp_vjp.fill_data()
    np.testing.assert_allclose(np.array(data["columns"]).T, data["rows"], rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(data["rows"], ad.jacobian(lambda x: C(B(A(x))))(x0), rtol=1e-14, atol=1e-15)


def test_a_program_with_one_output_has_columns_of_one_number_and_a_gradient_for_a_row():
    up_to_c, whole = jvp_vjp.programs_data()
    assert up_to_c == {"name": up_to_c["name"], **jvp_vjp.fill_data()}  # what the static figure shows
    assert whole["shape"] == [1, 5]
    assert [len(column) for column in whole["columns"]] == [1] * 5
    np.testing.assert_allclose(whole["rows"], [ad.grad(F)(x0)], rtol=1e-14)
    np.testing.assert_allclose(np.array(whole["columns"]).T, whole["rows"], rtol=1e-13)


def test_tangents_are_the_slopes_of_the_curves():
    for state in jvp_vjp.walk_data(XDOT, reach=1e-4, count=3):
        entries = np.array(state["entries"])
        np.testing.assert_allclose((entries[:, 2] - entries[:, 0]) / 2e-4, state["tangent"], rtol=1e-6, atol=1e-7)
        np.testing.assert_array_equal(entries[:, 1], state["value"])


def test_the_pairing_is_the_jvp_everywhere():
    _, ydot = ad.jvp(F, (x0,), (XDOT,))
    for state in jvp_vjp.pairing_data(XDOT):
        assert state["pairing"] == pytest.approx(ydot, rel=1e-14)
        assert np.dot(state["tangent"], state["cotangent"]) == pytest.approx(ydot, rel=1e-13)


def test_reverse_mode_is_counted_at_two_runs_and_the_others_at_one_more_than_inputs():
    counted, inputs = (jvp_vjp.cost_data()[key] for key in ("counted", "n"))
    np.testing.assert_allclose(counted["reverse"], 2, rtol=0.01)
    np.testing.assert_allclose(counted["forward"], np.array(inputs) + 1, rtol=0.01)
    assert counted["finite differences"] == [n + 1 for n in inputs]
