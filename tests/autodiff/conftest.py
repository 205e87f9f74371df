"""Hypothesis draws the same examples on every run and times none of them."""

from hypothesis import settings

settings.register_profile("determined", deadline=None, derandomize=True)
settings.load_profile("determined")
