"""Graphs in JAX: every case of the table of primitives has NumPy's value and gradient there, or an error that says why.

Skipped where JAX is not installed (extra `peers`); what there is to say without it stands in test_graph.
"""

import re

import numpy as np
import pytest

import autodiff as ad

from .cases import CASES
from .oracles import assert_close, leaves

jax = pytest.importorskip("jax", reason="JAX is not installed (extra `peers`)")

MASK, BRANCH = "chooses entries by values at .*np.where", "branches on a value at .*ad.cond"
REFUSED = {
    **dict.fromkeys(["x[x > 0]", "x[x < -9]", "x[np.abs(x) > 0.5]", "x[np.nonzero(x > 0)]"], MASK),
    **dict.fromkeys(["sorted(x)[0]", "max(x)", "np.polydiv(x, y)", "np.polydiv(y, x)", "np.real_if_close(x)"], BRANCH),
    "np.poly(x[:2] * np.array([1j, 1]) + x[1::-1] * np.array([0, 0]))": BRANCH,
    "x.T.ravel('K')": "in what order entries lie in memory.*order='C'",
    "np.sum(x, axis=0) of a number": r"v1 = np\.sum\(x0, 0\) .*JAX cannot do this. ValueError: axis 0 is out of bounds",
}
"""What JAX cannot do: the expression, what the error says."""


@pytest.fixture(autouse=True)
def settings():
    """Double precision, and little time spent on making fast what runs once."""
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


def of_one_number(f):
    """`f`, with its results in a sum of unequal weights."""

    def total(*primals):
        results = leaves(f(*primals))
        return sum(np.sum(np.cos(np.arange(np.size(y)).reshape(np.shape(y))) * np.real(y)) for y in results)

    return total


def in_both(f, *primals):
    """Value and gradient in JAX, and in NumPy."""
    both = ad.value_and_grad(of_one_number(f), argnums=tuple(range(len(primals))))
    in_jax = jax.jit(ad.trace(both, *primals).to_jax())
    return [np.asarray(leaf) for leaf in leaves(in_jax(*primals))], leaves(both(*primals))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_value_and_gradient_are_numpys_or_an_error_says_why(case):
    primals = case.primals()
    number = " of a number" if all(np.ndim(x) == 0 for x in primals) else ""
    reason = REFUSED.get(case.expression + number, REFUSED.get(case.expression))
    if reason is None:
        assert_close(*in_both(case.function, *primals), rtol=1e-9, scale=1)
        return
    with pytest.raises(ad.AutodiffError, match=reason):
        in_both(case.function, *primals)


def test_what_is_refused_is_in_the_table():
    assert {name.removesuffix(" of a number") for name in REFUSED} <= {case.expression for case in CASES}


X = np.array([0.3, -1.2, 2.5, 0.9, -0.4, 1.7])
DATA = np.array([0.3, np.nan, 2.5, 0.9, np.nan, 1.7])


@pytest.mark.parametrize("skip_nan", [False, True])
@pytest.mark.parametrize(
    "method",
    ["inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull",
     "linear", "median_unbiased", "normal_unbiased", "lower", "higher", "midpoint", "nearest"],
)  # fmt: skip
def test_quantiles_of_every_method(method, skip_nan):
    x, quantile = (DATA, np.nanquantile) if skip_nan else (X, np.quantile)
    assert_close(*in_both(lambda x: quantile(x, [0.0, 0.25, 0.5, 0.61, 1.0], method=method), x), rtol=1e-12)


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: np.nanmax(x) * np.nanmin(x) + np.nanmedian(x), DATA),
        (lambda x: np.partition(x, (1, 3))[[1, 3]], X),
        (lambda x: x * np.digitize(x, [-1.0, 0.5, 2.0]), X),
        (lambda x: np.pad(x, 2, mode="median"), X),
        (lambda x: np.correlate(x, x[:3], "full"), X),
        (lambda x: np.quantile(x, [0.2, 0.5], method="inverted_cdf", weights=[0, 3, 1, 1, 2, 1]), X),
        (lambda x: ad.grad(lambda t: np.sum(ad.grad(lambda s: np.sum(np.i0(s)))(t)))(x), X),
        (lambda x: x[range(2)] + x[[]].sum(), X),
        (lambda x: x.reshape(2, 3).copy(order="F"), X),
        (lambda x: ad.logsumexp(x) + ad.softmax(x), X),
    ],
    ids=["nan", "partition", "digitize", "pad", "correlate", "weights", "bessel", "range", "copy", "logsumexp"],
)  # fmt: skip
def test_what_jax_calls_otherwise(f, x):
    assert_close(*in_both(f, x), rtol=1e-11)


def test_where_numpy_would_raise_the_results_are_nan():
    """Equal eigenvalues, whose vectors would have to turn; real results, where NumPy's would now be complex."""
    shear = np.array([[0.0, 1.0], [2.0, 0.0]])
    turn = ad.trace(ad.grad(lambda a: np.linalg.eigh(a)[1][0, 1]), shear + shear.T).to_jax()
    assert np.isnan(turn(np.eye(2))).any()
    with pytest.raises(ad.AutodiffError, match="no derivative"):
        ad.grad(lambda a: np.linalg.eigh(a)[1][0, 1])(np.eye(2))
    values = ad.trace(lambda a: np.linalg.eigvals(a).sum(), shear).to_jax()
    assert_close(values(shear), 0.0, rtol=1e-12, scale=1)
    assert np.isnan(values(np.array([[0.0, -1.0], [1.0, 0.0]])))


def test_errors_inside_of_jax_say_which_operation_and_where():
    graph = ad.trace(lambda x: np.sin(x) + np.sum(x, axis=0), 1.0)
    with pytest.raises(ad.AutodiffError, match=r"np\.sum\(x, 0\) \(test_to_jax\.py:\d+\): JAX cannot do this") as found:
        jax.jit(graph.to_jax())(1.0)
    assert isinstance(found.value.__cause__, ValueError)


def test_functions_that_jax_does_not_have():
    half = ad.primitive(lambda x: x / 2, lambda y, x: np.array(0.5))
    with pytest.raises(ad.AutodiffError, match=re.escape("has no counterpart in JAX")):
        ad.trace(lambda x: half(x), 1.0).to_jax()
