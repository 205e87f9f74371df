"""Hypothesis draws the same examples on every run and times none of them; the tables as they are before any test."""

import pytest
from hypothesis import settings

from autodiff.tables import PARTIALS, RULES

settings.register_profile("determined", deadline=None, derandomize=True)
settings.load_profile("determined")

PRIMITIVES = (*PARTIALS, *RULES)


@pytest.fixture(scope="session")
def primitives():
    """The primitives with rules of their own, without those that tests declare."""
    return PRIMITIVES
