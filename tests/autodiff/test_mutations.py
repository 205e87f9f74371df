"""Do the tests of the primitives test them? Every rule is made wrong, and a test must fail for it.

Each partial derivative of the table changes its sign; each family of linear operators applies, or transposes,
with a wrong factor. A rule whose mutant survives would be a rule that no case of the table reaches.
"""

import importlib
import pkgutil
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest

import autodiff as ad
from autodiff import rules
from autodiff.operators import Linear
from autodiff.tables import PARTIALS

from . import test_primitives
from .cases import CASES, Argument, Case, argument

first_order = test_primitives.test_value_is_numpys_and_jvp_is_the_derivative.__wrapped__
adjoint_identity = test_primitives.test_vjp_is_the_transpose_of_jvp.__wrapped__


def negated(partial: Callable | int) -> Callable | int:
    """The wrong sign."""
    return -partial if isinstance(partial, int) else lambda *values: -partial(*values)


def survives(test: Callable, cases: list[Case]) -> bool:
    """Whether the test passes for all the cases."""
    for case in cases:
        try:
            with np.errstate(all="ignore"):
                test(case)
        except AssertionError:
            return False
    return True


def named(ufunc: np.ufunc) -> list[Case]:
    """The cases that call a ufunc by its name."""
    return [case for case in CASES if case.primitive == ufunc.__name__]


MUTANTS = [
    (ufunc, k)
    for ufunc in sorted(PARTIALS, key=lambda ufunc: ufunc.__name__)
    if getattr(np, ufunc.__name__, None) is ufunc
    for k, partial in enumerate(PARTIALS[ufunc])
    if partial is not None
]


@pytest.mark.parametrize(("ufunc", "k"), MUTANTS, ids=str)
def test_a_partial_derivative_of_the_wrong_sign_is_noticed(ufunc, k, monkeypatch):
    assert survives(first_order, named(ufunc)[:2])
    partials = list(PARTIALS[ufunc])
    partials[k] = negated(partials[k])
    monkeypatch.setitem(PARTIALS, ufunc, tuple(partials))
    assert not survives(first_order, named(ufunc))


def families() -> dict[str, Linear]:
    """Every family of operators that the rules use, by its name."""
    rooms = [module.name for module in pkgutil.walk_packages(rules.__path__, "autodiff.rules.")]
    found = {}
    for room in ["autodiff.operators", *rooms]:
        for value in vars(importlib.import_module(room)).values():
            if isinstance(value, Linear) and not value.name.endswith("ᵀ"):
                found[value.name] = value
    return found


FAMILIES = families()


# Operators that only second derivatives have, reached by differentiating gradients.
SECOND_ORDER = [
    Case("gradient", name, {"x": x}, False, ad.grad(f))
    for name, f, x in (
        ("eigenvector", lambda x: np.sum(np.linalg.eigh(x)[1][:, 0] ** 3), argument("matrix 3x3")),
        ("det", np.linalg.det, argument("matrix 3x3")),
        ("det, singular", np.linalg.det, Argument((3, 3), lambda rng, shape: np.ones(shape))),
    )
]


@pytest.fixture(scope="module")
def reached() -> dict[str, list[Case]]:
    """For each family, the cases whose derivatives apply it."""
    found: dict[str, list[Case]] = {name: [] for name in FAMILIES}
    seen: set[str] = set()
    with pytest.MonkeyPatch.context() as patch:
        for name, family in FAMILIES.items():
            patch.setattr(family, "apply", noting(family.apply, name, seen))
        for case in [*CASES, *SECOND_ORDER]:
            seen.clear()
            with np.errstate(all="ignore"), suppress(Exception):  # what fails, fails in its own test
                first_order(case)
            for name in seen:
                found[name].append(case)
    return found


def noting(apply: Callable, name: str, seen: set[str]) -> Callable:
    def run(t, data):
        seen.add(name)
        return apply(t, data)

    return run


def scaled(apply: Callable) -> Callable:
    return lambda t, data: 1.5 * apply(t, data)


# The tape multiplies by diagonals itself; functions with several results are declared by users.
INLINED, ELSEWHERE = {"diagonal"}, {"slot"}


@pytest.mark.parametrize("name", sorted(FAMILIES.keys() - ELSEWHERE))
def test_an_operator_that_applies_or_transposes_wrongly_is_noticed(name, reached, monkeypatch):
    family, cases = FAMILIES[name], reached[name][:40]
    assert cases, "no case of the table reaches this family"
    with monkeypatch.context() as patch:
        patch.setattr(family, "apply", scaled(family.apply))
        assert not survives(first_order, cases)
    if name in INLINED:
        return
    with monkeypatch.context() as patch:
        patch.setattr(family, "transpose", scaled(family.transpose))
        patch.setattr(family.T, "apply", scaled(family.T.apply))
        if family.T.accumulate is not None:
            patch.setattr(family.T, "accumulate", None)
        assert not survives(adjoint_identity, cases)
