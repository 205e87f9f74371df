"""What concerns all tests: how many processes run them, and in which order."""

import os

import pytest


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are processors: many tests wait, for a browser, a kernel or a time limit."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The many short tests of the module come last, so that no process waits for a long one at the end."""
    items.sort(key=lambda item: "autodiff" in item.nodeid)
