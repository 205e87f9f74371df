"""The package as a whole: what it imports, what it exports, and that its documentation runs."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autodiff as ad

ROOT = Path(ad.__file__).parent
MODULES = ["autodiff", *sorted(module.name for module in pkgutil.walk_packages(ad.__path__, "autodiff."))]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_the_documentation(name):
    module = importlib.import_module(name)
    names = {"np": np, "ad": ad, **vars(module)}
    options = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    failed, _ = doctest.testmod(module, extraglobs=names, optionflags=options)
    assert failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_modules_say_what_they_are_for(name):
    assert len(importlib.import_module(name).__doc__ or "") > 40


def test_public_functions_are_documented_by_an_example():
    for name in ad.__all__:
        thing = getattr(ad, name)
        assert inspect.getdoc(thing), name
        if inspect.isfunction(thing) or (inspect.isclass(thing) and not issubclass(thing, Exception)):
            assert ">>>" in inspect.getdoc(thing), name


def test_the_interface():
    promised = [
        *("jvp", "vjp", "linearize", "grad", "value_and_grad", "jacfwd", "jacrev", "jacobian", "hessian", "hvp"),
        *("gauss_newton_vp", "custom_jvp", "custom_vjp", "primitive", "stop_gradient", "check_grads"),
        *("debug_nans", "AutodiffError", "EscapedTracerError", "finite"),
    ]
    assert set(promised) <= set(ad.__all__)
    assert (ROOT / "py.typed").exists()


NEWER = "astype cumulative_prod cumulative_sum matvec unstack vecmat"  # than NumPy 2.0


def test_numpy_2_0_is_enough():
    """Rules of functions that came with a later NumPy 2 wait for it."""
    code = (
        f"import numpy\nfor name in {NEWER.split()}:\n    if name in vars(numpy): delattr(numpy, name)\nimport autodiff"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT.parent)


def test_importing_it_imports_numpy_alone():
    code = "import numpy, sys; before = set(sys.modules); import autodiff; print(*(set(sys.modules) - before))"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent
    ).stdout.split()
    roots = {name.split(".")[0] for name in found}
    assert roots - {"autodiff", "numpy"} <= set(sys.stdlib_module_names)


def test_rooms_import_one_way():
    """No circles among the modules, counting what runs at import."""
    edges: dict[str, set[str]] = {}
    for name in MODULES:
        module = importlib.import_module(name)
        tree = ast.parse(Path(module.__file__).read_text())
        package = name if hasattr(module, "__path__") else name.rpartition(".")[0]
        edges[name] = set()
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and node.level:
                base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
                for alias in node.names:
                    full = f"{base}.{alias.name}"
                    edges[name].add(full if full in MODULES else base)
    settled: set[str] = set()
    while len(settled) < len(edges):
        ready = {name for name in edges.keys() - settled if edges[name] <= settled | {name}}
        assert ready, f"a circle among {sorted(edges.keys() - settled)}"
        settled |= ready
