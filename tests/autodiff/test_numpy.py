"""The rest of NumPy and SciPy's ufuncs: degenerate matrices, refusals, and rules that come with SciPy."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.arrays import name_of
from autodiff.rules import special

from .oracles import differences

scipy_special = pytest.importorskip("scipy.special")
optimize = pytest.importorskip("scipy.optimize")

UFUNCS = """
    erf erfc erfcx erfi dawsn gamma gammaln loggamma rgamma psi expit log_expit ndtr log_ndtr exp10 cosm1
    i0 i1 i0e i1e j0 j1 y0 y1 k0 k1 k0e k1e spence exp1 expi entr
"""


@pytest.mark.parametrize("name", UFUNCS.split())
def test_scipys_ufuncs_of_one_argument(name):
    ad.check_grads(getattr(scipy_special, name), (np.array([0.4, 0.7, 1.3]),), order=2)


@pytest.mark.parametrize("name", ["erfinv", "erfcinv", "logit", "ndtri"])
def test_scipys_ufuncs_of_shares(name):
    ad.check_grads(getattr(scipy_special, name), (np.array([0.2, 0.4, 0.7]),), order=2)


@pytest.mark.parametrize("name", ["xlogy", "xlog1py", "beta", "betaln", "rel_entr", "kl_div"])
def test_scipys_ufuncs_of_two_arguments(name):
    ad.check_grads(getattr(scipy_special, name), (np.array([0.4, 1.7]), np.array([0.9, 0.6])), order=2)


PARAMETERS = {
    "gammainc": (1.3,), "gammaincc": (1.3,), "betainc": (1.2, 2.3), "hyp0f1": (1.5,), "hyp1f1": (0.5, 1.5),
    "hyp2f1": (0.5, 0.7, 1.5), "jv": (1.5,), "yv": (1.5,), "iv": (1.5,), "kv": (1.5,), "yn": (2,), "ive": (1.5,),
    "kve": (1.5,), "zeta": (2.5,),
}  # fmt: skip


@pytest.mark.parametrize("name", PARAMETERS)
def test_scipys_ufuncs_with_parameters(name):
    function = {"zeta": scipy_special._ufuncs._zeta}.get(name, getattr(scipy_special, name))
    ad.check_grads(lambda x: function(*PARAMETERS[name], x), (np.array([0.2, 0.4, 0.7]),), order=2)
    if name != "yn":  # its order is a whole number
        with pytest.raises(ad.AutodiffError, match="last argument alone"):
            ad.grad(lambda v: function(v, *PARAMETERS[name][1:], 0.4))(PARAMETERS[name][0])


# Where a rule as the books have it is 0 / 0, or the difference of huge numbers: the function, the point, the first
# derivatives there. What is 0 for every y has the slope 0.
LIMITS = {
    "i0": (scipy_special.i0, 0.0, [0, 1 / 2, 0, 3 / 8]),
    "i1": (scipy_special.i1, 0.0, [1 / 2, 0, 3 / 8, 0, 5 / 16]),
    "j0": (scipy_special.j0, 0.0, [0, -1 / 2, 0, 3 / 8]),
    "j1": (scipy_special.j1, 0.0, [1 / 2, 0, -3 / 8]),
    "spence": (scipy_special.spence, 1.0, [-1, 1 / 2, -2 / 3]),
    "xlogy": (lambda y: scipy_special.xlogy(0.0, y), 0.0, [0]),
    "xlog1py": (lambda y: scipy_special.xlog1py(0.0, y), -1.0, [0]),
    "rel_entr": (lambda y: scipy_special.rel_entr(0.0, y), 0.0, [0]),
    "kl_div": (lambda y: scipy_special.kl_div(0.0, y), 0.0, [1]),
    "gammainc": (lambda x: scipy_special.gammainc(1.0, x), 0.0, [1, -1]),
    "betainc": (lambda x: scipy_special.betainc(2.0, 1.0, x), 1.0, [2]),
    "log_ndtr far left": (scipy_special.log_ndtr, -1e5, [1e5, -1]),
    "log_ndtr far right": (scipy_special.log_ndtr, 50.0, [0, 0]),
}


@pytest.mark.parametrize("name", LIMITS)
def test_scipys_ufuncs_have_the_limits_of_their_derivatives(name):
    f, x, derivatives = LIMITS[name]
    for expected in derivatives:
        f = ad.grad(f)
        assert f(x) == pytest.approx(expected, rel=1e-5, abs=1e-12)


@pytest.mark.parametrize("ufunc", special.scipys_partials(scipy_special), ids=name_of)
def test_scipys_ufuncs_stay_in_single_precision(ufunc):
    """As NumPy's do; some of SciPy's ufuncs know double precision only, for whatever they are given."""
    others = [2 if ufunc is scipy_special.yn else np.float32(0.6)] * (ufunc.nin - 1)
    f, x = lambda x: ufunc(*others, x), np.float32(0.3)
    y, pullback = ad.vjp(f, x)
    assert (y.dtype, pullback(y)[0].dtype) == (f(x).dtype, np.float32)
    assert ad.jvp(f, (x,), (x,))[1].dtype == f(x).dtype
    if f(x).dtype == np.float32:
        assert ad.grad(ad.grad(f))(x).dtype == np.float32


def test_digamma_is_psi_and_minimize_takes_value_and_gradient():
    ad.check_grads(scipy_special.digamma, (np.array([0.4, 1.7]),), order=2)
    rosenbrock = lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    found = optimize.minimize(ad.value_and_grad(rosenbrock), np.array([-1.0, 2.0, 0.5]), jac=True)
    np.testing.assert_allclose(found.x, 1, atol=1e-4)


def test_logsumexp_and_softmax():
    x = np.array([[0.3, -1.2, 2.0], [1e3, 1e3, -np.inf]])
    np.testing.assert_allclose(ad.logsumexp(x, 1), scipy_special.logsumexp(x, axis=1))
    np.testing.assert_allclose(ad.softmax(x, 1), scipy_special.softmax(x, axis=1))
    np.testing.assert_allclose(ad.jacrev(lambda x: ad.logsumexp(x, 1))(x)[1, 1], [0.5, 0.5, 0.0])
    ad.check_grads(lambda x: ad.logsumexp(x, 1), (x[:1],), order=2)
    ad.check_grads(ad.softmax, (x[0],), order=2)


# --- Degenerate matrices ------------------------------------------------------------------------------------

TWICE = np.diag([2.0, 2.0, 5.0])


def test_functions_that_treat_equal_eigenvalues_alike():
    np.testing.assert_allclose(ad.grad(lambda a: np.sum(np.linalg.eigvalsh(a) ** 2))(TWICE), 2 * TWICE, atol=1e-14)
    np.testing.assert_allclose(ad.grad(lambda a: np.sum(np.linalg.svdvals(a) ** 2))(TWICE), 2 * TWICE, atol=1e-14)
    np.testing.assert_allclose(ad.grad(lambda a: np.linalg.norm(a, "nuc"))(TWICE), np.eye(3), atol=1e-14)


def test_a_projector_on_the_space_of_equal_eigenvalues():
    """By the other eigenvectors; from those of equal eigenvalues themselves it is an error."""
    step = np.array([[0.3, 0, 0], [0.1, -0.4, 0], [0.7, 0.2, 0.5]])
    weights = np.arange(9.0).reshape(3, 3)

    def projector(a):
        v = np.linalg.eigh(a)[1][:, 2:]
        return np.sum((np.eye(3) - v @ v.T) * weights)

    expected = differences(projector, (TWICE,), (step,), h=1e-3)
    np.testing.assert_allclose(np.sum(ad.grad(projector)(TWICE) * step), expected, rtol=1e-6)


# Made of all eigenvectors: at equal eigenvalues, what the vectors tell is 0 / 0. Never a number.
MATRIX_FUNCTIONS = {
    "exponential": lambda a: (lambda w, v: ((v * np.exp(w)) @ v.T)[0, 1])(*np.linalg.eigh(a)),
    "projector": lambda a: (lambda v: np.sum(v @ v.T))(np.linalg.eigh(a)[1][:, :2]),
    "by singular values": lambda a: (lambda u, s, vh: ((u * np.sqrt(s)) @ vh)[0, 1])(*np.linalg.svd(a)),
}


@pytest.mark.parametrize("name", MATRIX_FUNCTIONS)
def test_matrix_functions_at_equal_eigenvalues_are_no_wrong_number(name):
    for transform in (ad.grad, ad.jacfwd):
        with pytest.raises(ad.AutodiffError, match="Write these without the vectors"):
            transform(MATRIX_FUNCTIONS[name])(TWICE)


@pytest.mark.parametrize("values", [np.linalg.eigvalsh, np.linalg.svdvals])
@pytest.mark.parametrize("nesting", [ad.hessian, lambda f: ad.jacrev(ad.grad(f)), lambda f: ad.jacfwd(ad.jacfwd(f))])
def test_second_derivatives_of_equal_eigenvalues_are_an_error_with_a_mend(values, nesting):
    with pytest.raises(ad.AutodiffError, match=r"np\.trace\(a @ a\)"):
        nesting(lambda a: np.sum(values(a) ** 2))(TWICE)
    np.testing.assert_allclose(nesting(lambda a: np.trace(a @ a.T))(TWICE).reshape(9, 9), 2 * np.eye(9))


def test_second_derivatives_of_a_simple_eigenvalue_next_to_equal_ones():
    """Reverse mode asks for its own eigenvector alone."""
    found = ad.jacrev(ad.grad(lambda a: np.linalg.eigvalsh(a)[2]))(TWICE)
    assert found[2, 0, 2, 0] == pytest.approx(2 / 3)


@pytest.mark.parametrize("triangle", ["L", "U"])
def test_eigenvectors_have_numpys_signs(triangle):
    for seed in range(20):
        a = np.random.default_rng(seed).standard_normal((4, 4))
        found = ad.jvp(lambda a: np.linalg.eigh(a, triangle), (a,), (a,))[0]
        np.testing.assert_array_equal(found.eigenvectors, np.linalg.eigh(a, triangle).eigenvectors)


@pytest.mark.parametrize("seed", range(5))
def test_thin_singular_vectors_of_any_matrices(seed):
    a = np.random.default_rng(seed).standard_normal((2, 5, 3))
    ad.check_grads(lambda a: np.linalg.svd(a, full_matrices=False), (a,), order=2)


def test_a_basis_that_is_filled_up():
    """Whatever the columns are, the space that they span is determined, and so is the projector on it."""
    a = np.random.default_rng(0).standard_normal((5, 3))

    def beyond(vectors):
        return lambda a: vectors(a)[:, 3:] @ vectors(a)[:, 3:].T

    for vectors in (lambda a: np.linalg.svd(a)[0], lambda a: np.linalg.svd(a.T)[2].T):
        ad.check_grads(beyond(vectors), (a,), order=2)
    ad.check_grads(lambda a: np.linalg.qr(a, mode="complete"), (a,), order=2)


REFUSED = {
    "equal eigenvalues": (lambda a: np.linalg.eigh(a)[1][0, 1], TWICE),
    "linearly dependent": (lambda a: np.sum(np.real(np.linalg.eigvals(a))), np.array([[1.0, 1.0], [0.0, 1.0]])),
    "deficient rank": (lambda a: np.sum(np.linalg.pinv(a)), np.ones((3, 2))),
    "columns are": (lambda a: np.sum(np.linalg.qr(a)[1]), np.ones((3, 2))),
    "singular": (lambda a: np.linalg.slogdet(a)[1], np.ones((2, 2))),
    "np.where": (lambda a: np.put(a, [0], 1.0), TWICE),
    "it counts": (np.linalg.matrix_rank, TWICE),
}


def test_least_squares_gives_all_that_numpy_gives():
    a, b = np.array([[1.0, 2.0], [0.0, 1.0], [3.0, 1.0]]), np.ones(3)
    for found, expected in zip(ad.vjp(lambda a: np.linalg.lstsq(a, b), a)[0], np.linalg.lstsq(a, b), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13)
        assert found.dtype == expected.dtype


@pytest.mark.parametrize("p", [None, 2, 1, np.inf, "fro"])
def test_the_condition_number_of_a_singular_matrix_has_no_derivative(p):
    with pytest.raises(ad.AutodiffError, match=r"np\.linalg\.cond: the matrix is singular"):
        ad.grad(np.linalg.cond)(np.zeros((2, 2)), p)


@pytest.mark.parametrize("words", REFUSED)
@pytest.mark.filterwarnings("ignore")
def test_where_there_is_no_derivative_the_error_says_why(words):
    f, a = REFUSED[words]
    with pytest.raises(ad.AutodiffError, match=words):
        ad.grad(f)(a)


def test_the_determinant_of_a_singular_matrix_has_a_derivative():
    a = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 1.0, 5.0]])
    cofactors = [[14.0, -10.0, 2.0], [-7.0, 5.0, -1.0], [0.0, 0.0, 0.0]]
    np.testing.assert_allclose(ad.grad(np.linalg.det)(a), cofactors, atol=1e-12)
    expected = np.zeros((2, 2, 2, 2))
    expected[0, 0, 1, 1] = expected[1, 1, 0, 0] = 1
    expected[0, 1, 1, 0] = expected[1, 0, 0, 1] = -1
    for singular in (np.ones((2, 2)), np.zeros((2, 2))):
        np.testing.assert_allclose(ad.hessian(np.linalg.det)(singular), expected, atol=1e-14)
    ad.check_grads(np.linalg.det, (np.stack([a, np.eye(3)]),), order=2)
    with pytest.raises(ad.AutodiffError, match="singular"):
        ad.jacfwd(ad.hessian(np.linalg.det))(np.ones((2, 2)))
