"""The table of all of NumPy: complete, and true to what happens when a traced array is given."""

import functools
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.arrays import Traced
from autodiff.coverage import _names, coverage, mends
from autodiff.tables import COMPOSED, CONSTANT, PARTIALS, REFUSED, RULES, TRANSPARENT, UNREACHABLE

from .cases import CASES
from .oracles import leaves
from .test_never_silent import SKIPPED, WAYS, numerical_derivative

KIND, MEND, VALUE = coverage(), mends(), dict(_names())
INTERPRETER = {"test", "info", "show_config", "show_runtime", "get_include", "printoptions", "errstate"} | {
    name for name in SKIPPED if name.startswith(("set", "load", "from", "gen", "mem", "save"))
}


def test_every_public_function_is_in_it():
    for prefix, module in (("np", np), ("np.linalg", np.linalg), ("np.fft", np.fft)):
        names = {f"{prefix}.{name}" for name in dir(module) if name[0] != "_" and callable(getattr(module, name))}
        assert names <= KIND.keys()
    assert set(KIND.values()) == {"rule", "zero", "refused", "unreachable"}
    assert KIND["np.linalg.svd"] == KIND["np.fft.hfft"] == KIND["np.median"] == "rule"
    assert MEND.keys() == {name for name, kind in KIND.items() if kind in ("refused", "unreachable")}


def test_every_name_is_in_one_table():
    tables = (PARTIALS.keys() | RULES.keys() | COMPOSED.keys() | TRANSPARENT, CONSTANT, REFUSED, UNREACHABLE)
    for name, value in VALUE.items():
        assert sum(value in table for table in tables) == 1, f"{name}: say in autodiff.rules.refusals what it is"


def quiet(f: Callable, *args: Any) -> Any:
    """What a call gives, or its error."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return f(*args)
        except Exception as error:
            return error


def calls(name: str) -> Iterator[tuple[Callable, tuple, Any]]:
    """The ways in which NumPy takes a call: the function, its arguments, and what a trace gets, or the error."""
    for call, primals in WAYS.values():
        primals = tuple(np.copy(x)[()] for x in primals)
        if isinstance(quiet(call, VALUE[name], *map(np.copy, primals)), Exception):
            continue
        seen: list = []

        def f(*xs, call=call, seen=seen):
            seen.append(call(VALUE[name], *xs))
            return xs[0] * 1.0

        error = quiet(ad.vjp, f, *primals)
        yield functools.partial(call, VALUE[name]), primals, seen[0] if seen else error


def is_traced(seen: Any) -> bool:
    return any(type(x) is Traced for x in leaves(seen))


def of_kind(kind: str) -> list[str]:
    return [name for name, own in KIND.items() if own == kind and name.rpartition(".")[2] not in INTERPRETER]


@pytest.mark.parametrize("name", of_kind("rule"))
def test_what_has_a_rule_is_differentiated(name):
    aliases = [known for known, value in VALUE.items() if value == VALUE[name]]
    tested = any(re.search(rf"{re.escape(alias)}\b", case.expression) for alias in aliases for case in CASES)
    assert tested or any(is_traced(seen) for *_, seen in calls(name)) or VALUE[name] in TRANSPARENT


@pytest.mark.parametrize("name", of_kind("zero"))
def test_what_has_derivative_zero_gives_plain_results(name):
    found = [seen for *_, seen in calls(name)]
    assert not any(map(is_traced, found))
    assert not all(isinstance(seen, Exception) and "out=" not in str(seen) for seen in found) or not found


@pytest.mark.parametrize("name", of_kind("refused"))
def test_what_is_refused_says_the_mend(name):
    found = [seen for *_, seen in calls(name)]
    assert not any(map(is_traced, found))
    assert any(isinstance(seen, ad.AutodiffError) and MEND[name] in str(seen) for seen in found) or not found


@pytest.mark.parametrize("name", of_kind("unreachable"))
def test_what_is_out_of_reach_never_gives_a_constant(name):
    for f, primals, seen in calls(name):
        if seen is None or isinstance(seen, Exception) or is_traced(seen):
            continue
        moves = numerical_derivative(f, primals, tuple(np.ones_like(x) for x in primals))
        assert moves is None or not any(map(np.any, moves))


# Name: what is refused of x, three numbers (nothing where no call of plain numbers has a value), what to write instead.
WRITTEN = {
    "np.array": ("np.array([x[0], x[1]])", "np.stack([x[0], x[1]])"),
    "np.r_": ("np.r_[x, x]", "np.concatenate([x, x])"),
    "np.c_": ("np.c_[x, x]", "np.column_stack([x, x])"),
    "np.full": ("np.full((2, 3), x)", "np.broadcast_to(x, (2, 3))"),
    "np.copyto": ("np.full_like(np.ones(3), x[0])", "np.broadcast_to(x[0], 3)"),
    "np.isscalar": ("", "x * (np.ndim(x[0]) == 0)"),
    "np.arange": ("np.arange(x[0], 3.4, 1.0)", "x[0] + 1.0 * np.arange(3)"),
    "np.kaiser": (
        "np.kaiser(5, x[0])",
        "np.i0(x[0] * np.sqrt(1 - np.linspace(-1, 1, 5)**2)) / np.i0(x[0])",
    ),
    "np.vectorize": ("np.vectorize(lambda v: v * v)(x)", "np.stack([v * v for v in x])"),
    "np.poly1d": ("np.poly1d(x)(2.0)", "np.polyval(x, 2.0)"),
    "np.ndarray": ("", "np.concatenate([np.zeros_like(x), x])"),
    "np.float32": ("np.float32(x[0])", "x[0].astype(np.float32)"),
    "np.linalg.matrix_rank": (
        "x * np.linalg.matrix_rank(np.outer(x, x))",
        "x * np.linalg.matrix_rank(ad.stop_gradient(np.outer(x, x)))",
    ),
    "np.put": ("np.put(x, [1], 5.0)", "np.where(np.arange(3) == 1, 5.0, x)"),
    "np.unique": ("np.unique(x)", "np.sort(x)"),
    "np.ix_": ("np.ix_(x, x)[0]", "np.meshgrid(x, x, indexing='ij', sparse=True)[0]"),
    "np.save": ("", "x + ad.stop_gradient(x)"),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_the_mend_says_works(name):
    refused, mended = (eval(f"lambda x: {code or None}", {"np": np, "ad": ad}) for code in WRITTEN[name])
    assert any(word in MEND[name] for word in re.findall(r"(?:np|ad)\.\w+", WRITTEN[name][1]))
    x = np.array([0.5, 1.5, 2.5])
    y, ydot = ad.jvp(mended, (x,), (x,))
    assert all(np.shape(own) == np.shape(y) and np.any(own) for own in leaves(ydot))
    ad.vjp(mended, x)
    if WRITTEN[name][0]:
        with pytest.raises(ad.AutodiffError):
            ad.vjp(refused, x)
        assert (expected := refused(x.copy())) is None or np.allclose(y, expected)


def test_every_mend_that_names_a_function_is_tried():
    assert {why for why in MEND.values() if "np." in why} <= {MEND[name] for name in WRITTEN}


def test_ufunc_at_is_refused_with_its_mend():
    for target in (lambda x: np.add.at(x, [0], 1.0), lambda x: np.add.at(np.zeros(3), [0], x[0])):
        with pytest.raises(ad.AutodiffError, match=r"np\.add\.at cannot be differentiated.*np\.bincount"):
            ad.grad(target)(np.ones(3))


def test_functions_that_numpy_writes_with_what_has_rules():
    assert ad.grad(lambda d: np.fft.fftfreq(4, d)[1])(2.0) == -1 / 16
    ad.check_grads(lambda x: np.fromfunction(lambda i, j: x * i + j * x**2, (2, 3)), (1.5,))
