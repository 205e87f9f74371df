"""Every function of NumPy, differentiated rightly or refused: never a derivative that is silently wrong.

All public functions of `numpy`, `numpy.linalg` and `numpy.fft` are called in every way that might fit. Where
NumPy itself gives a floating-point result that moves smoothly with the arguments, the derivative must be that of
central differences, in both modes, or there must be an error.
"""

import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autodiff as ad

from .oracles import differences, direction, inner, leaves, norm

# Functions that act on the interpreter, on files or on their arguments, or whose result is not determined.
SKIPPED = {
    *("test", "info", "show_config", "show_runtime", "get_include", "source", "lookfor", "disp"),
    *("save", "savez", "savez_compressed", "savetxt", "load", "loadtxt", "fromfile", "genfromtxt", "memmap"),
    *("set_printoptions", "printoptions", "seterr", "seterrcall", "setbufsize"),
    *("put", "putmask", "place", "copyto", "fill_diagonal", "put_along_axis"),
    *("empty", "empty_like", "shares_memory", "may_share_memory"),
}

VECTOR = np.array([0.31, 1.27, 0.74])
MATRIX = np.array([[2.3, 0.4, 0.1], [0.2, 3.1, 0.7], [0.6, 0.3, 1.9]])
SYMMETRIC = MATRIX + MATRIX.T
MASK = np.array([True, False, True])

WAYS: dict[str, tuple[Callable, tuple]] = {
    "f(v)": (lambda f, v: f(v), (VECTOR,)),
    "f(m)": (lambda f, m: f(m), (SYMMETRIC,)),
    "f(t)": (lambda f, t: f(t), (0.62,)),
    "f(v, v)": (lambda f, v, w: f(v, w), (VECTOR, VECTOR[::-1] + 0.1)),
    "f(m, v)": (lambda f, m, v: f(m, v), (MATRIX, VECTOR)),
    "f(m, m)": (lambda f, m, n: f(m, n), (MATRIX, SYMMETRIC)),
    "f(v, plain)": (lambda f, v: f(v, VECTOR + 0.05), (VECTOR,)),
    "f(plain, v)": (lambda f, v: f(VECTOR - 0.05, v), (VECTOR,)),
    "f(plain, v, plain)": (lambda f, v: f(VECTOR + 0.13, np.sort(v) if np.ndim(v) else v, VECTOR + 0), (VECTOR,)),
    "f(v, v, v)": (lambda f, v, w, u: f(v, w, u), (VECTOR, VECTOR + 0.21, VECTOR - 0.13)),
    "f(v, 1)": (lambda f, v: f(v, 1), (VECTOR,)),
    "f(m, 0)": (lambda f, m: f(m, 0), (MATRIX,)),
    "f(m, 2, 1)": (lambda f, m: f(m, 2, 1), (MATRIX,)),
    "f(m, axis=0)": (lambda f, m: f(m, axis=0), (MATRIX,)),
    "f(m, axis=1, keepdims)": (lambda f, m: f(m, axis=1, keepdims=True), (MATRIX,)),
    "f(m, dtype)": (lambda f, m: f(m, dtype=np.float64), (MATRIX,)),
    "f(m, where)": (lambda f, m: f(m, where=MASK), (MATRIX,)),
    "f(v, initial)": (lambda f, v, t: f(v, initial=t), (VECTOR, 0.9)),
    "f(m, weights)": (lambda f, m, v: f(m, weights=v, axis=0), (MATRIX, VECTOR)),
    "f(m, [0, 2])": (lambda f, m: f(m, [0, 2]), (MATRIX,)),
    "f(m, 0.3)": (lambda f, m: f(m, 0.3), (MATRIX,)),
    "f([v, v])": (lambda f, v, w: f([v, w]), (VECTOR, VECTOR[::-1])),
    "f((t, t))": (lambda f, s, t: f((s, t)), (0.4, 0.7)),
    "f(mask, v, v)": (lambda f, v, w: f(MASK, v, w), (VECTOR, VECTOR[::-1])),
    "f([mask], [v], t)": (lambda f, v, t: f([MASK], [v], t), (VECTOR, 0.3)),
    "f(2, v)": (lambda f, v: f(2, v), (VECTOR,)),
    "f(m, (0, 1))": (lambda f, m: f(m, (0, 1)), (MATRIX,)),
    "f(function, 0, m)": (lambda f, m: f(lambda row: row**2, 0, m), (MATRIX,)),
    "f(v, function)": (lambda f, v: f(v, [v > 0.5], [np.sin, np.cos]), (VECTOR,)),
    "f('i,i', v, v)": (lambda f, v, w: f("i,i->i", v, w), (VECTOR, VECTOR[::-1])),
    "f.reduce(v)": (lambda f, v: f.reduce(v), (VECTOR,)),
    "f.reduce(m, 1)": (lambda f, m: f.reduce(m, 1), (MATRIX,)),
    "f.accumulate(v)": (lambda f, v: f.accumulate(v), (VECTOR,)),
    "f.outer(v, v)": (lambda f, v, w: f.outer(v, w), (VECTOR, VECTOR[::-1] + 0.1)),
    "f.reduceat(v)": (lambda f, v: f.reduceat(v, [0, 2]), (VECTOR,)),
    "f.at(v)": (lambda f, v: f.at(v.copy(), [0], 0.1), (VECTOR,)),
}


def functions(module: ModuleType) -> dict[str, Callable]:
    """The public functions of a module, by the name users call them."""
    prefix = module.__name__.replace("numpy", "np")
    found = {name: getattr(module, name) for name in sorted(dir(module)) if name[0] != "_" and name not in SKIPPED}
    return {
        f"{prefix}.{name}": value
        for name, value in found.items()
        if callable(value) and not isinstance(value, type) and not isinstance(value, ModuleType)
    }


FUNCTIONS = functions(np) | functions(np.linalg) | functions(np.fft)


def inexact(tree: Any) -> list[np.ndarray]:
    """The floating-point leaves of a result; an error for anything that is not made of arrays."""
    return [leaf for leaf in map(np.asarray, leaves(tree)) if leaf.dtype.kind in "fc"]


def numerical_derivative(f: Callable, primals: tuple, tangents: tuple) -> list[np.ndarray] | None:
    """Central differences, where two step sizes agree; None where NumPy refuses, or the function jumps."""
    try:
        results = [leaves(f(*primals))]
        if not inexact(results[0]) or len(inexact(results[0])) != len(results[0]):
            return None
        results += [leaves(differences(f, primals, tangents, h=h)) for h in (2e-3, 1e-3)]
    except Exception:
        return None
    if not all(np.allclose(a, b, rtol=1e-5, atol=1e-6, equal_nan=False) for a, b in zip(*results[1:], strict=True)):
        return None
    return results[2]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.filterwarnings("ignore")
def test_right_or_refused(name):
    function = FUNCTIONS[name]
    rng = np.random.default_rng(0)
    for way, (call, primals) in WAYS.items():

        def f(*xs, call=call):
            return call(function, *xs)

        primals = tuple(np.copy(x)[()] for x in primals)  # a second positional argument may be `out`
        tangents = tuple(v[()] for v in direction(rng, primals))
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = numerical_derivative(f, primals, tangents)
            if expected is None or (isinstance(function, np.ufunc) and "where" in way):
                continue  # where= leaves entries of a ufunc's result undetermined
            try:
                y, ydot = ad.jvp(f, primals, tangents)
                y, pullback = ad.vjp(f, *primals)
                cotangent = direction(rng, y)
                xbar = pullback(cotangent)
            except Exception:
                continue
        scale = max(norm(y), norm(expected), 1)
        for a, b in zip(leaves(ydot), expected, strict=True):
            assert np.allclose(a, b, rtol=1e-4, atol=1e-5 * scale), way
        gap = abs(inner(cotangent, ydot) - inner(xbar, tangents))
        assert gap <= 1e-9 * max(norm(cotangent) * scale, norm(xbar) * norm(tangents)), way
