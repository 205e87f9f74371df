"""All systems that are installed agree, on every workload, with the derivative that was written by hand."""

import numpy as np
import pytest

from benchmarks import report, systems
from benchmarks.workloads import WORKLOADS

INSTALLED, _ = systems.available()


@pytest.mark.parametrize("system", INSTALLED.values(), ids=INSTALLED)
@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=WORKLOADS)
def test_every_system_agrees_with_the_derivative_by_hand(workload, system):
    parameters, data = workload.problem(small=True)
    found = system.derivative(workload, parameters, data)()
    expected = workload.derivative(*parameters, **data)
    assert [np.shape(part) for part in found] == [np.shape(part) for part in expected]
    assert report.disagreement(found, expected) < report.TOLERANCE


@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=WORKLOADS)
def test_derivatives_by_hand_agree_with_central_differences(workload):
    parameters, data = workload.problem(small=True)
    random = np.random.default_rng(1)
    directions = [random.standard_normal(np.shape(value)) for value in parameters]
    if workload.kind == "hessian_vector":
        gradient, directions = WORKLOADS["Rosenbrock"].derivative, [data["direction"]]
        along = lambda step: gradient(*shifted(parameters, directions, step))[0]
        (expected,) = workload.derivative(*parameters, **data)
    else:
        along = lambda step: systems.plain(workload, shifted(parameters, directions, step), data)()
        expected = sum(
            np.tensordot(part, direction, np.ndim(direction))
            for part, direction in zip(workload.derivative(*parameters, **data), directions, strict=True)
        )
    step = 1e-5
    np.testing.assert_allclose((along(step) - along(-step)) / (2 * step), expected, rtol=1e-6, atol=1e-6)


def shifted(parameters, directions, step):
    return tuple(value + step * direction for value, direction in zip(parameters, directions, strict=True))


def test_a_wrong_derivative_is_refused_before_it_is_timed():
    right = INSTALLED["autodiff"]
    halved = {
        kind: lambda *args, make=make: lambda: tuple(0.5 * part for part in make(*args)())
        for kind, make in right.prepare.items()
    }
    wrong = systems.System("wrong", right.namespace, right.array, halved)
    with pytest.raises(ArithmeticError, match="wide Jacobian: wrong differs"):
        report.measure_workload(WORKLOADS["wide Jacobian"], {"wrong": wrong})
