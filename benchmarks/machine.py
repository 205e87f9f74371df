"""A machine that holds still while we measure, and its description.

Ratios of two timings mean something only when both ran under the same rules: one thread, one core, the
processor's own BLAS kernels, memory that is already mapped. `settle` makes it so, `describe` writes down what
was measured on.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from pathlib import Path

import numpy as np

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
"""One thread for everybody. Libraries read these when they load."""

OVERRIDES = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""Choices of kernel that would slow one system's matrix products and not the others'."""

PACKAGES = ("numpy", "scipy", "autograd", "torch", "jax", "jaxlib")


def settle() -> None:
    """Start over in a clean environment if need be, then pin one core and map the heap.

    Libraries read thread counts when they are loaded, so a process that was started with other settings
    replaces itself by the same command line with the right ones.
    """
    wanted = {key: value for key, value in os.environ.items() if key not in OVERRIDES} | ENVIRONMENT
    if wanted != dict(os.environ):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], wanted)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    map_heap()


def map_heap() -> None:
    """Free one large block, so that later blocks come from memory that is already mapped.

    glibc gives each block above a threshold (128 KiB at first) pages of its own and takes them back when the
    block is freed: then every array of 1e5 numbers pays for fresh page faults, and whoever allocates more of
    them looks slower than it is. Freeing one block raises the threshold to that block's size, up to 32 MiB.
    """
    block = np.ones(31 << 17)  # 31 MiB of float64, touched
    del block


def describe() -> dict[str, str]:
    """The machine in three words: processor, system, Python."""
    return {
        "processor": processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"Python {platform.python_version()}",
    }


def processor() -> str:
    """The processor's name as the kernel tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def versions() -> dict[str, str]:
    """The installed version of every library that may take part."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
