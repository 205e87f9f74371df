"""What concerns all tests: how many processes run them."""

import os


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are processors: many tests wait, for a browser, a kernel or a time limit."""
    return (os.cpu_count() or 1) + 1
