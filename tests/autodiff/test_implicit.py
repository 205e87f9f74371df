"""Derivatives of solutions: against closed forms, unrolled iterations and differences; what they cost; every error."""

import itertools
import re
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autodiff as ad

from .oracles import assert_close

RNG = np.random.default_rng(11)
SOLVERS = ("plain", "anderson", "newton")
LINEAR = ("dense", "gmres", "cg", "iteration")


def contraction(n, radius=0.8, seed=0):
    """A matrix without symmetry, of norm `radius`."""
    matrix = np.random.default_rng(seed).normal(size=(n, n))
    return radius * matrix / np.linalg.norm(matrix, 2)


# --- Closed forms ---------------------------------------------------------------------------------------------------

A, B = contraction(4), RNG.normal(size=4)
X, Y = RNG.normal(size=(12, 3)), RNG.normal(size=12)


def babylonian(a, **options):
    return ad.fixed_point(lambda x, a: (x + a / x) / 2, 1.0, a, **options)


def affine(A, b, **options):
    return ad.fixed_point(lambda x, A, b: A @ x + b, np.zeros(len(b)), A, b, **options)


def cube_root(a, **options):
    return ad.root(lambda x, a: x**3 - a, np.ones(3), a, **options)


def square_loss(w, X, y, penalty):
    return 0.5 * np.sum((X @ w - y) ** 2) + 0.5 * penalty * np.sum(w**2)


def ridge(X, y, penalty, **options):
    return ad.minimize(square_loss, np.zeros(3), X, y, penalty, **options)


def ridge_by_descent(X, y, penalty, **options):
    """The same as the fixed point of gradient descent."""
    descend = lambda w, *problem: w - 0.05 * ad.grad(square_loss)(w, *problem)
    return ad.fixed_point(descend, np.zeros(3), X, y, penalty, **options)


def ridge_solution(X, y, penalty):
    return np.linalg.solve(X.T @ X + penalty * np.eye(3), X.T @ y)


CLOSED = {
    "Newton's square root": (babylonian, np.sqrt, (2.0,)),
    "affine fixed point": (affine, lambda A, b: np.linalg.solve(np.eye(4) - A, b), (A, B)),
    "cube root": (cube_root, lambda a: np.exp(np.log(a) / 3), (np.array([0.5, 2.0, 9.0]),)),
    "ridge": (ridge, ridge_solution, (X, Y, 0.7)),
    "ridge by descent": (ridge_by_descent, ridge_solution, (X, Y, 0.7)),
}
closed = pytest.mark.parametrize(("found", "formula", "args"), CLOSED.values(), ids=CLOSED)


@closed
def test_values_and_jacobians_are_those_of_the_formula(found, formula, args):
    numbers = tuple(range(len(args)))
    assert_close(found(*args), formula(*args), rtol=1e-10)
    expected = ad.jacrev(formula, numbers)(*args)
    for jacobian in (ad.jacfwd, ad.jacrev, ad.jacobian):
        assert_close(jacobian(found, numbers)(*args), expected, rtol=1e-10)


@closed
@pytest.mark.parametrize("outer", [ad.jacfwd, ad.jacrev])
@pytest.mark.parametrize("inner", [ad.jacfwd, ad.jacrev])
def test_second_derivatives_in_every_nesting(found, formula, args, inner, outer):
    last = len(args) - 1
    twice = lambda f: outer(inner(f, last), last)(*args)
    assert_close(twice(found), twice(formula), rtol=1e-9)


@pytest.mark.parametrize("nesting", list(itertools.product([ad.jacfwd, ad.jacrev], repeat=3)))
def test_third_derivatives_in_every_nesting(nesting):
    def thrice(f):
        for jacobian in nesting:
            f = jacobian(f)
        return f(2.0)

    assert_close(thrice(babylonian), thrice(np.sqrt), rtol=1e-12)


@closed
def test_against_differences(found, formula, args):
    ad.check_grads(found, args, order=2)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("linear", LINEAR)
def test_every_solver_with_every_linear_solver(solver, linear):
    options = {"solver": solver, "linear": linear}
    symmetric = 0.5 * (A + A.T)
    exact = lambda A, b: np.linalg.solve(np.eye(4) - A, b)
    found = lambda A, b: affine(A, b, **options)
    assert_close(found(symmetric, B), exact(symmetric, B), rtol=1e-10)
    assert_close(ad.jacrev(found, (0, 1))(symmetric, B), ad.jacrev(exact, (0, 1))(symmetric, B), rtol=1e-10)
    assert_close(ad.jacfwd(found, (0, 1))(symmetric, B), ad.jacrev(exact, (0, 1))(symmetric, B), rtol=1e-10)
    loss = lambda f: lambda A: np.sum(f(A, B) ** 2)
    assert_close(ad.hessian(loss(found))(symmetric), ad.hessian(loss(exact))(symmetric), rtol=1e-9)


@pytest.mark.parametrize("linear", ["dense", "gmres", "cg"])
def test_root_and_minimize_with_every_linear_solver(linear):
    assert_close(
        ad.jacrev(lambda y: ridge(X, y, 0.7, linear=linear))(Y), ad.jacrev(ridge_solution, 1)(X, Y, 0.7), 1e-10
    )
    a = np.array([0.5, 2.0, 9.0])
    assert_close(ad.jacfwd(lambda a: cube_root(a, linear=linear))(a), np.diag(a ** (-2 / 3) / 3), rtol=1e-10)


def test_many_unknowns_are_solved_without_their_matrix():
    n = 300  # beyond "dense": gmres, and cg for minimize
    c = np.linspace(1, 2, n)
    halves = lambda b: ad.fixed_point(lambda x, b: 0.5 * x + b, np.zeros(n), b)
    np.testing.assert_allclose(ad.grad(lambda b: halves(b).sum())(c), np.full(n, 2.0), rtol=1e-11)
    chain = lambda x, c: np.sum(c * x**2) + np.sum((x[1:] - x[:-1]) ** 2) - np.sum(x)
    matrix = 2 * np.diag(c) + ad.hessian(lambda x: np.sum((x[1:] - x[:-1]) ** 2))(np.zeros(n))
    x = np.linalg.solve(matrix, np.ones(n))
    lowest = lambda c: ad.minimize(chain, np.zeros(n), c)
    np.testing.assert_allclose(lowest(c), x, rtol=1e-9)
    expected = -2 * x * np.linalg.solve(matrix, c)
    np.testing.assert_allclose(ad.grad(lambda p: lowest(p) @ c)(c), expected, rtol=1e-8)


@pytest.mark.parametrize("scipy", [True, False])
def test_gmres_with_and_without_scipy(scipy, monkeypatch):
    if not scipy:
        monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    A, b = contraction(70, radius=0.95), np.linspace(-1, 1, 70)
    exact = np.linalg.solve((np.eye(70) - A).T, b)
    np.testing.assert_allclose(ad.grad(lambda c: affine(A, c, linear="gmres") @ b)(b), exact, rtol=1e-9)


# --- Unrolled iterations --------------------------------------------------------------------------------------------


def layer(x, W, b):
    return np.tanh(W @ x + b)


def equilibrium(W, b, **options):
    return ad.fixed_point(layer, np.zeros(len(b)), W, b, **options)


def unrolled(W, b, steps=300):
    x = np.zeros(len(b))
    for _ in range(steps):
        x = layer(x, W, b)
    return x


def test_unrolling_to_the_end_gives_the_same():
    W, b, v = contraction(5), RNG.normal(size=5), RNG.normal(size=5)
    assert_close(ad.vjp(equilibrium, W, b)[1](v), ad.vjp(unrolled, W, b)[1](v), rtol=1e-10)
    assert_close(ad.jvp(equilibrium, (W, b), (W, v))[1], ad.jvp(unrolled, (W, b), (W, v))[1], rtol=1e-10)
    of_bias = lambda f: lambda b: np.sum(f(W, b) ** 3)
    assert_close(ad.hvp(of_bias(equilibrium), (b,), (v,)), ad.hvp(of_bias(unrolled), (b,), (v,)), rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 6),
    st.floats(0.05, 0.9),
    st.integers(0, 2**20),
    st.sampled_from(SOLVERS),
    st.sampled_from(["dense", "gmres", "iteration"]),
)
def test_a_solution_satisfies_the_implicit_function_theorem(n, radius, seed, solver, linear):
    """(I − ∂f/∂x) dx = ∂f/∂φ dφ, both modes are adjoint, and the derivative does not know the solver."""
    W, rng = contraction(n, radius, seed), np.random.default_rng(seed)
    b, bdot, xbar = rng.normal(size=(3, n))
    found = lambda b: equilibrium(W, b, solver=solver, linear=linear)
    x, xdot = ad.jvp(found, (b,), (bdot,))
    slope = 1 - layer(x, W, b) ** 2
    np.testing.assert_allclose(x, layer(x, W, b), atol=1e-11)
    np.testing.assert_allclose(xdot - slope * (W @ xdot), slope * bdot, atol=1e-9)
    np.testing.assert_allclose(ad.vjp(found, b)[1](xbar)[0] @ bdot, xbar @ xdot, rtol=1e-9, atol=1e-9)


@pytest.mark.filterwarnings("ignore:overflow")
def test_the_spectral_radius_matters_to_iterations_only():
    """x = −2x + a: no iteration finds it or its derivative, Newton and elimination do."""
    step = lambda x, a: -2 * x + a
    for linear in ("dense", "gmres"):
        found = lambda a, linear=linear: ad.fixed_point(step, 0.0, a, solver="newton", linear=linear)
        assert_close(ad.value_and_grad(found)(3.0), (1.0, 1 / 3), rtol=1e-12)
    with pytest.raises(ad.ConvergenceError, match=r"about 2 times.*spectral radius.*gmres"):
        ad.grad(lambda a: ad.fixed_point(step, 0.0, a, solver="newton", linear="iteration"))(3.0)


# --- Containers, dtypes, parameters ---------------------------------------------------------------------------------


@dataclass
class State:
    mean: Any
    spread: Any


def test_nested_containers_in_and_out():
    def f(state, p):
        mean = np.tanh(p["W"] @ state.mean + state.spread[0])
        return State(mean, [0.5 * state.spread[0] + 0.1 * mean.sum() + p["c"][0]])

    def found(p):
        return ad.fixed_point(f, State(np.zeros(3), [0.0]), p)

    p = {"W": contraction(3, 0.3), "c": (0.3,)}
    state = found(p)
    assert isinstance(state, State)
    assert_close(f(state, p).mean, state.mean, rtol=1e-11)
    slopes = ad.jacrev(lambda p: found(p).spread[0])(p)
    assert slopes["W"].shape == (3, 3)
    assert isinstance(slopes["c"], tuple)
    ad.check_grads(found, (p,), order=2)


def test_complex_unknowns_and_parameters():
    found = lambda a: ad.root(lambda z, a: {"z": z["z"] ** 2 - a}, {"z": 1 + 1j}, a)["z"]
    assert_close(found(2j), 1 + 1j, rtol=1e-12)
    assert_close(ad.vjp(found, 2j)[1](1 + 0j), (1 / (2 + 2j),), rtol=1e-12)
    ad.check_grads(found, (0.3 + 2j,), order=2)
    both = lambda a, b: ad.root(
        lambda x, a, b: (x[0] ** 2 - a + x[1], x[1] ** 3 + x[1] - b * np.real(x[0])), (1 + 1j, 1.0), a, b
    )
    ad.check_grads(both, (0.3 + 2j, 0.7), order=2)


def test_single_precision_stays_single():
    a = np.array([2.0, 3.0], np.float32)
    found = lambda a: ad.fixed_point(lambda x, a: (x + a / x) / 2, np.ones(2, np.float32), a)
    x, pullback = ad.vjp(found, a)
    (abar,) = pullback(np.ones(2, np.float32))
    assert x.dtype == abar.dtype == np.float32
    np.testing.assert_allclose(abar, 0.5 / np.sqrt(a), rtol=1e-6)


def test_other_parameters_pass_through():
    def f(x, count, a, name, nothing, table):
        assert (count, name, nothing, table["k"]) == (1, "sqrt", None, [2])
        return 0.5 * (x + a / x)

    found = lambda a: ad.fixed_point(f, 1.0, 1, a, "sqrt", None, {"k": [2]})
    assert_close(ad.value_and_grad(found)(2.0), (np.sqrt(2), 0.5 / np.sqrt(2)), rtol=1e-12)


def test_the_start_has_no_influence():
    assert ad.grad(lambda x0: ad.fixed_point(lambda x: (x + 2 / x) / 2, x0))(1.5) == 0
    found = lambda a: ad.fixed_point(lambda x, a: (x + a / x) / 2, a, a)
    assert_close(ad.grad(found)(2.0), 0.5 / np.sqrt(2), rtol=1e-12)


def test_in_a_graph_start_and_tolerance_are_data():
    """tanh(2x) has a fixed point on either side of 0; a coarse tolerance stops far from it."""
    found = lambda x0, a, tol: ad.fixed_point(lambda x, a: np.tanh(a * x), x0, a, tol=tol)
    right, left = found(1.0, 2.0, 1e-12), found(-1.0, 2.0, 1e-12)
    assert right > 0.9 > -0.9 > left
    derivative = lambda *args: ad.jvp(found, args, (0.0, 1.0, 0.0))
    for program in (ad.trace(derivative, 1.0, 1.5, 1e-3), ad.compile(derivative)):
        program(1.0, 1.5, 1e-3)
        for args in [(1.0, 2.0, 1e-12), (-1.0, 2.0, 1e-12), (-1.0, 2.0, 0.1)]:
            assert_close(program(*args), derivative(*args), rtol=1e-14)
    assert_close(ad.grad(found, (0, 1, 2))(1.0, 2.0, 1e-12)[::2], (0.0, 0.0), rtol=0)


def test_solutions_are_arrays_of_their_own():
    a, x0 = np.array([2.0, 3.0]), np.array([1.0, 1.0])
    constant = ad.fixed_point(lambda x, a: a, x0, a)
    constant += 1
    np.testing.assert_array_equal((a, x0), ([2, 3], [1, 1]))


# --- Solutions inside solutions -------------------------------------------------------------------------------------


def test_a_hyperparameter_by_its_validation_loss():
    """Bilevel: the penalty's gradient through the minimum, against the closed form."""
    X_new, y_new = RNG.normal(size=(6, 3)), RNG.normal(size=6)
    validation = lambda solve: lambda t: np.sum((X_new @ solve(X, Y, np.exp(t)) - y_new) ** 2)
    for solve in (ridge, ridge_by_descent):
        assert_close(ad.grad(validation(solve))(0.3), ad.grad(validation(ridge_solution))(0.3), rtol=1e-9)
        assert_close(ad.hessian(validation(solve))(0.3), ad.hessian(validation(ridge_solution))(0.3), rtol=1e-8)


def test_a_fixed_point_of_fixed_points():
    """x = √(a + x), where the root is itself found by iteration: x = (1 + √(1 + 4a)) / 2."""
    found = lambda a: ad.fixed_point(lambda x, a: babylonian(a + x), 1.0, a)
    formula = lambda a: (1 + np.sqrt(1 + 4 * a)) / 2
    for derivative in (ad.grad, lambda f: ad.jacfwd(f), lambda f: ad.grad(ad.grad(f)), ad.hessian):
        assert_close(derivative(found)(2.0), derivative(formula)(2.0), rtol=1e-10)


def test_minimize_goes_downhill_in_a_curved_valley():
    rosenbrock = lambda x, a: 100 * (x[1] - x[0] ** 2) ** 2 + (a - x[0]) ** 2
    found = lambda a: ad.minimize(rosenbrock, np.array([-1.2, 1.0]), a)
    assert_close(found(1.0), np.ones(2), rtol=1e-9)
    assert_close(ad.jacfwd(found)(1.0), np.array([1.0, 2.0]), rtol=1e-8)


def test_newton_shortens_steps_that_go_too_far():
    """From here plain Newton on arctan diverges."""
    found = lambda a: ad.root(lambda x, a: np.arctan(x - a), 20.0, a)
    assert_close(ad.value_and_grad(found)(1.0), (1.0, 1.0), rtol=1e-12)


# --- What it costs --------------------------------------------------------------------------------------------------


def evaluations(radius, derive, **options):
    """How often f runs for the value, and for the value and a derivative; the step count grows with the radius."""
    calls = []

    def f(x, b):
        calls.append(1)
        return radius * np.sin(x) + b

    found = lambda b: ad.fixed_point(f, np.zeros(3), b, **options)
    found(B[:3])
    forward = len(calls)
    derive(found)
    return forward, len(calls) - 2 * forward


@pytest.mark.parametrize("linear", ["dense", "gmres", "iteration"])
def test_a_gradient_costs_the_same_after_few_steps_and_many(linear):
    gradient = lambda found: ad.grad(lambda b: found(b).sum())(B[:3])
    tangent = lambda found: ad.jvp(found, (B[:3],), (B[:3],))
    for derive in (gradient, tangent, lambda found: ad.jacrev(found)(B[:3]), lambda found: ad.jacfwd(found)(B[:3])):
        quick, extra = evaluations(0.1, derive, linear=linear)
        slow, extra_slow = evaluations(0.9, derive, linear=linear)
        assert slow > 5 * quick
        assert extra == extra_slow == 3


# --- Errors ---------------------------------------------------------------------------------------------------------

FAILURES = {
    "diverges": (lambda: ad.fixed_point(lambda x: 2 * x + 1, 1.0), r"nan or inf.*solver='anderson'.*contraction"),
    "too slow": (
        lambda: ad.fixed_point(lambda x: 0.9999 * x + 1, 0.0, max_steps=100),
        r"did not converge in 100 steps.*about 0\.9999 times.*max_steps",
    ),
    "nan": (lambda: ad.fixed_point(lambda x: np.log(x - 5), 1.0), "nan or inf at step 1"),
    "Anderson": (lambda: ad.fixed_point(lambda x: np.exp(x), 1.0, solver="anderson", max_steps=50), "anderson"),
    "Newton meets nan": (lambda: ad.root(lambda x: np.log(x - 5), 1.0), "nan or inf"),
    "Newton at a flat place": (lambda: ad.root(lambda x: x**2 + 1, 0.0), r"∂g/∂x is nearly singular.*another x0"),
    "Newton stuck": (lambda: ad.root(lambda x: x**2 + 1, 2.0), "another x0|Start nearer|larger tol"),
    "no minimum": (lambda: ad.minimize(lambda x: -x, 0.0), "bounded from below"),
    "a maximum": (lambda: ad.minimize(lambda x: (x**2 - 1) ** 2, 0.0), "stationary point that is no minimum"),
    "a saddle": (lambda: ad.minimize(lambda x: x[0] ** 2 - x[1] ** 2, np.array([1.0, 0.0])), "negative curvature"),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("solve", "words"), FAILURES.values(), ids=FAILURES)
def test_a_solution_that_was_not_found_is_an_error(solve, words):
    with pytest.raises(ad.ConvergenceError, match=words) as caught:
        solve()
    assert isinstance(caught.value, ArithmeticError)


def no_unique_minimum(a, **options):
    return ad.minimize(lambda x, a: (x[0] + x[1] - a) ** 2, np.zeros(2), a, **options)[0]


def drift(a, **options):
    """The first unknown stays where it is: 1 is an eigenvalue of ∂f/∂x."""
    f = lambda x, a: np.stack([x[0] + 1e-17 * a, 0.5 * x[1] + a])
    return ad.fixed_point(f, np.ones(2), a, **options).sum()


SINGULAR = {
    "double root": (lambda a: ad.root(lambda x, a: x**2 - a, 1.0, a), 0.0),
    "too near to one": (lambda a: ad.root(lambda x, a: x**2 - a, 1.0, a), 1e-30),
    "flat minimum": (lambda a: ad.minimize(lambda x, a: (x - a) ** 4, 0.1, a), 1.0),
    "line of minima": (no_unique_minimum, 1.0),
    "every point is fixed": (lambda a: ad.fixed_point(lambda x, a: x + 0 * a, 1.0, a), 1.0),
    "eigenvalue 1, dense": (drift, 1.0),
    "1 to rounding": (lambda a: ad.fixed_point(lambda x, a: a * x + 1e-14, 1.0, a, solver="newton"), 1 - 1e-14),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("found", "a"), SINGULAR.values(), ids=SINGULAR)
def test_a_derivative_that_does_not_exist_is_an_error(found, a):
    for derive in (lambda: ad.grad(found)(a), lambda: ad.jvp(found, (a,), (1.0,))):
        with pytest.raises(ad.ConvergenceError, match="nearly singular"):
            derive()


ADJOINTS = {
    "iteration": (lambda a: drift(a, linear="iteration"), r"about 1 times.*spectral radius of I − A.*gmres"),
    "gmres": (lambda a: drift(a, linear="gmres"), r"I − ∂f/∂x is nearly singular"),
    "cg, singular": (lambda a: no_unique_minimum(a, linear="cg"), r"nearly singular.*cg left a residual"),
    "cg, not symmetric": (lambda a: rotation(a, linear="cg"), r"not symmetric.*linear='gmres'.*cg left a residual"),
    "gmres, too hard": (lambda a: rotation(a, linear="gmres"), r"linear='dense'.*gmres left a residual"),
}


def rotation(a, **options):
    """I − ∂f/∂x has its eigenvalues all around 0, where restarted gmres stands still."""
    f = lambda x, a: x - np.roll(x, 1) + a
    return ad.fixed_point(f, np.zeros(200), a, solver="plain", max_steps=5, tol=1e-8, **options)[0]


@pytest.mark.parametrize(("found", "words"), ADJOINTS.values(), ids=ADJOINTS)
def test_an_adjoint_that_does_not_converge_names_the_mend(found, words):
    with pytest.raises(ad.ConvergenceError, match=words):
        ad.grad(found)(0.0)


CLOSURES = {
    "fixed_point": lambda a: ad.fixed_point(lambda x: np.cos(a * x), 1.0),
    "fixed_point, Newton": lambda a: ad.fixed_point(lambda x: np.cos(a * x), 1.0, solver="newton"),
    "root": lambda a: ad.root(lambda x: x**2 - a, 1.0),
    "minimize": lambda a: ad.minimize(lambda x: (x - a) ** 2, 1.0),
    "with another parameter": lambda a: ad.grad(lambda b: ad.fixed_point(lambda x, b: np.cos(a * x + b), 1.0, b))(a),
    "of an inner trace": lambda a: ad.grad(lambda b: ad.fixed_point(lambda x, a: np.cos(a * x + b), 1.0, a))(a),
}


@pytest.mark.parametrize("found", CLOSURES.values(), ids=CLOSURES)
@pytest.mark.parametrize("derive", [lambda f: ad.grad(f)(1.0), lambda f: ad.jvp(f, (1.0,), (1.0,))])
def test_a_traced_value_that_is_closed_over_is_an_error(found, derive):
    with pytest.raises(ad.AutodiffError, match=r"among its parameters.*while \w+ ran.*pass it after x0"):
        derive(found)


def test_constants_may_be_closed_over():
    scale = np.array([0.5, 0.25])
    found = lambda a: ad.fixed_point(lambda x, a: scale * x + ad.stop_gradient(a) * a, np.zeros(2), a)
    assert_close(ad.jacfwd(found)(3.0), 3 / (1 - scale), rtol=1e-11)


BAD = {
    "shape": (
        lambda: ad.fixed_point(lambda x: x[:1], np.ones(2)),
        ValueError,
        "expected float64 (2,), got float64 (1,)",
    ),
    "dtype": (lambda: ad.fixed_point(lambda x: x + np.ones(2), np.ones(2, np.float32)), ValueError, "got float64 (2,)"),
    "structure": (lambda: ad.root(lambda x: [x["u"]], {"u": 1.0}), ValueError, "what x0 is like"),
    "None": (lambda: ad.root(lambda x: None, 1.0), ValueError, "no arrays"),
    "integer start": (lambda: ad.fixed_point(lambda x: x / 2, 1), TypeError, "x0 is int"),
    "no unknowns": (lambda: ad.fixed_point(lambda x: x, []), TypeError, "holds no array"),
    "vector loss": (lambda: ad.minimize(lambda x: x**2, np.ones(2)), TypeError, "shape (2,)"),
    "solver": (lambda: ad.fixed_point(lambda x: x, 1.0, solver="magic"), ValueError, "'plain', 'anderson', 'newton'"),
    "linear": (lambda: ad.root(lambda x: x, 1.0, linear="magic"), ValueError, "'dense', 'gmres', 'cg', 'iteration'"),
}


@pytest.mark.parametrize(("call", "kind", "words"), BAD.values(), ids=BAD)
def test_bad_input_is_an_error_that_says_so(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)) as caught:
        call()
    assert isinstance(caught.value, ad.AutodiffError)


def test_a_function_that_changes_its_argument_is_an_error():
    """Otherwise x would equal f(x) at once."""

    def halve(x):
        x *= 0.5
        return x

    with pytest.raises(ValueError, match="read-only"):
        ad.fixed_point(halve, np.ones(2))


def test_nan_goes_through_to_the_derivative():
    assert np.isnan(ad.vjp(babylonian, 2.0)[1](np.nan)[0])
