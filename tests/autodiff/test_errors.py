"""Bad input: tables of what users get wrong, with the built-in exception and the mend that is named."""

import math
import pickle
import threading
from fractions import Fraction

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse
from scipy.special import erf, owens_t

import autodiff as ad

from .cases import phrases
from .oracles import assert_close, differences

X = np.array([0.5, -1.5, 2.0])
MATRIX, SPARSE = np.matrix(np.diag([1.0, 2.0, 3.0])), scipy.sparse.csr_array(np.diag([1.0, 2.0, 3.0]))
MASKED = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])
ONES = np.ones(3)


def assign_into_plain(x):
    y = np.zeros(3)
    y[0] = x[0]
    return y.sum()


def assign_into_traced(x):
    x[0] = 1.0
    return x.sum()


def add_in_place(x):
    y = 2 * x
    y += 1.0
    return y.sum()


def add_to_plain_in_place(x):
    total = np.zeros(3)
    total += x
    return total.sum()


def branch_on_an_array(x):
    return x.sum() if x > 0 else -x.sum()


# Programs that NumPy's protocols cannot follow, or that would lose the derivative: a function of three numbers,
# built-in exception, words of the message.
PROGRAMS = {
    "math.sin": (lambda x: math.sin(x[0]), TypeError, r"np\.sin"),
    "float": (lambda x: float(x[0]), TypeError, "derivative would be lost"),
    "int": (lambda x: x * int(x[0]), TypeError, "derivative would be lost"),
    "complex": (lambda x: complex(x[0]), TypeError, "derivative would be lost"),
    "item": (lambda x: x[0].item(), TypeError, "derivative would be lost"),
    "item at an index": (lambda x: x.item(0), TypeError, "derivative would be lost"),
    "tolist": (lambda x: sum(x.tolist()), TypeError, "derivative would be lost"),
    "as an index": (lambda x: [1.0, 2.0][x[0]], TypeError, "derivative would be lost"),
    "bool of an array": (branch_on_an_array, ValueError, r"np\.where|\.any\(\)"),
    "and of arrays": (lambda x: (x > 0 and x).sum(), ValueError, r"np\.where|\.any\(\)|ambiguous"),
    "x[0] = v": (assign_into_traced, TypeError, r"np\.where"),
    "plain[0] = x[0]": (assign_into_plain, (TypeError, ValueError), r"np\.stack"),
    "x += 1": (add_in_place, TypeError, r"x = x \+ "),
    "plain += x": (add_to_plain_in_place, TypeError, r"out="),
    "np.add(out=)": (lambda x: np.add(x, 1, out=np.zeros(3)).sum(), TypeError, "out="),
    "np.sum(out=)": (lambda x: np.sum(x, out=np.zeros(())), TypeError, "out="),
    "x.sum(out=)": (lambda x: x.sum(out=np.zeros(())), TypeError, "out="),
    "np.matmul(out=)": (lambda x: np.matmul(x, x, out=np.zeros(())), TypeError, "out="),
    "np.array": (lambda x: np.array([x[0], x[1]]).sum(), TypeError, r"np\.stack"),
    "np.array of one": (lambda x: np.array(x).sum(), TypeError, r"np\.stack"),
    "np.asarray": (lambda x: np.asarray(x).sum(), TypeError, r"np\.stack"),
    "np.r_": (lambda x: np.r_[x, 0.0].sum(), TypeError, r"np\.concatenate"),
    "np.c_": (lambda x: np.c_[x, x].sum(), TypeError, r"np\.concatenate"),
    "np.fromfunction": (
        lambda x: np.fromfunction(lambda i: x[0] * i, (3,)).sum() + float(x[0]),
        TypeError,
        "would be lost",
    ),
    "np.full": (lambda x: np.full(2, x[0]).sum(), TypeError, r"np\.stack"),
    "np.fromiter": (lambda x: np.fromiter((y for y in x), float).sum(), TypeError, "derivative would be lost"),
    "np.vectorize": (lambda x: np.vectorize(lambda y: y)(x).sum(), TypeError, r"np\.stack"),
    "plain.dot": (lambda x: ONES.dot(x), TypeError, r"np\.stack|np\.dot|@"),
    "np.copyto": (lambda x: np.copyto(np.zeros(3), x) or x.sum(), TypeError, r"copyto.*np\.where"),
    "np.put": (lambda x: np.put(x, [0], 1.0) or x.sum(), TypeError, r"put.*np\.where"),
    "np.fill_diagonal": (
        lambda x: np.fill_diagonal(np.outer(x, x), 0.0) or x.sum(),
        TypeError,
        r"fill_diagonal.*np\.where",
    ),
    "np.float64": (lambda x: np.float64(x[0]), TypeError, "derivative"),
    "np.float32": (lambda x: np.float32(x[0]), TypeError, "derivative"),
    "np.int64": (lambda x: np.int64(x[0]) * x, TypeError, "derivative"),
    "scipy": (lambda x: scipy.linalg.norm(x), TypeError, "would drop the derivative"),
    "x * matrix": (lambda x: (x * MATRIX).sum(), TypeError, r"matrix.*np\.asarray"),
    "matrix @ x": (lambda x: (MATRIX @ x).sum(), TypeError, "matrix"),
    "np.dot of a matrix": (lambda x: np.dot(MATRIX, x).sum(), TypeError, "matrix"),
    "x * masked": (lambda x: (x * MASKED).sum(), TypeError, r"MaskedArray.*filled"),
    "sparse @ x": (lambda x: (SPARSE @ x).sum(), TypeError, "would drop the derivative"),
    "x @ sparse": (lambda x: (x @ SPARSE).sum(), TypeError, r"csr_array.*\.toarray\(\)"),
    "norm of an order": (lambda x: np.linalg.norm(x, x[0]), TypeError, r"ord must not be traced.*np\.abs\(x\)\*\*p"),
    "norm of an order, of a plain array": (lambda x: np.linalg.norm(ONES, x[0]), TypeError, "also within NumPy"),
    "x * sparse": (lambda x: (x * SPARSE).sum(), TypeError, "csr_array"),
    "x * fraction": (lambda x: (x * Fraction(1, 3)).sum(), TypeError, "Fraction"),
    "x * objects": (lambda x: (x * np.array([1, 2.5, 3], dtype=object)).sum(), TypeError, "object"),
    "pickle": (lambda x: pickle.loads(pickle.dumps(x)).sum(), TypeError, "cannot be pickled"),
    "np.random": (lambda x: np.random.default_rng(0).normal(x).sum(), TypeError, "would drop the derivative"),
    "where= of a ufunc": (lambda x: np.sin(x, where=x > 0).sum(), TypeError, r"np\.where"),
    "no rule": (lambda x: np.emath.sqrt(x).sum(), TypeError, r"sqrt.*ad\.primitive"),
    "no rule, a ufunc": (lambda x: owens_t(x, 1.0).sum(), TypeError, r"owens_t.*ad\.primitive"),
    "nothing returned": (lambda x: None, TypeError, "return"),
    "strings returned": (lambda x: ["a", "b"], TypeError, "str"),
    "an object returned": (lambda x: object(), TypeError, "object"),
    "nothing differentiable returned": (lambda x: x.argmax(), TypeError, "differentiable"),
    "booleans returned": (lambda x: x > 0, TypeError, "differentiable"),
    "an empty list returned": (lambda x: [], TypeError, "no array"),
    "a generator returned": (lambda x: (y for y in x), TypeError, "generator"),
}
TRANSFORMS = {
    "jvp": lambda f: ad.jvp(f, (X,), (ONES,)),
    "vjp": lambda f: ad.vjp(f, X),
    "linearize": lambda f: ad.linearize(f, X),
    "jacfwd": lambda f: ad.jacfwd(f)(X),
    "nested": lambda f: ad.jacfwd(lambda x: ad.vjp(f, x)[0])(X),
}


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("mistake", PROGRAMS)
def test_programs_that_cannot_be_followed(mistake, transform):
    f, builtin, words = PROGRAMS[mistake]
    with pytest.raises(ad.AutodiffError, match=words) as caught:
        TRANSFORMS[transform](f)
    assert isinstance(caught.value, builtin)
    assert len(str(caught.value)) > 20


OUT = {
    "np.sum": lambda x: np.sum(x, 0, None, np.zeros(())),
    "np.mean": lambda x: np.mean(x, 0, None, np.zeros(())),
    "np.prod": lambda x: np.prod(x, 0, None, np.zeros(())),
    "np.var": lambda x: np.var(x, 0, None, np.zeros(())),
    "np.std": lambda x: np.std(x, 0, None, np.zeros(())),
    "np.max": lambda x: np.max(x, 0, np.zeros(())),
    "np.min": lambda x: np.min(x, 0, np.zeros(())),
    "np.cumsum": lambda x: np.cumsum(x, 0, None, np.zeros(3)),
    "np.dot": lambda x: np.dot(x, x, np.zeros(())),
    "np.outer": lambda x: np.outer(x, x, np.zeros((3, 3))),
    "np.take": lambda x: np.take(x, [0, 1], 0, np.zeros(2)),
    "np.concatenate": lambda x: np.concatenate([x, x], 0, np.zeros(6)),
    "np.stack": lambda x: np.stack([x, x], 0, np.zeros((2, 3))),
    "np.clip": lambda x: np.clip(x, 0.0, 1.0, np.zeros(3)),
    "np.round": lambda x: np.round(x, 0, np.zeros(3)),
    "np.sin": lambda x: np.sin(x, np.zeros(3)),
    "np.add": lambda x: np.add(x, 1.0, np.zeros(3)),
    "x.sum": lambda x: x.sum(0, None, np.zeros(())),
    "x.cumsum": lambda x: x.cumsum(0, None, np.zeros(3)),
    "x.dot": lambda x: x.dot(x, np.zeros(())),
}


@pytest.mark.parametrize("name", OUT)
def test_out_by_position_is_refused_too(name):
    for transform in (lambda f: ad.jvp(f, (X,), (ONES,)), lambda f: ad.vjp(f, X)):
        with pytest.raises(ad.AutodiffError, match="out"):
            transform(OUT[name])


# Lists of traced numbers where an array is meant.
LISTS = {
    "np.where": lambda x, y: np.where([True, False], [x[0], x[1]], y),
    "np.concatenate": lambda x, y: np.concatenate([[x[0], x[1]], y]),
    "np.concatenate, mixed": lambda x, y: np.concatenate([[x[0], 1.0], y]),
    "np.stack": lambda x, y: np.stack([[x[0], x[1]], y]),
    "np.hstack": lambda x, y: np.hstack([[x[0], x[1]], y]),
    "np.vstack": lambda x, y: np.vstack([y, (x[0], x[1])]),
    "np.column_stack": lambda x, y: np.column_stack([y, (x[0], x[1])]),
    "np.sum": lambda x, y: np.sum([x, y]),
    "np.mean": lambda x, y: np.mean([x, y], axis=0),
    "np.max": lambda x, y: np.max([x[0], y[1]]),
    "np.maximum": lambda x, y: np.maximum(x, [y[1], y[0]]),
    "np.add": lambda x, y: np.add([x[0], y[0]], y),
    "x * list": lambda x, y: x * [y[0], y[1]],
    "np.matmul": lambda x, y: np.matmul(x, [y[0], y[1]]),
    "np.dot": lambda x, y: np.dot([y[0], y[1]], x),
    "np.outer": lambda x, y: np.outer(x, [y[0], y[1]]),
    "np.einsum": lambda x, y: np.einsum("i,i", x, [y[0], y[1]]),
    "np.tensordot": lambda x, y: np.tensordot(x, [y[0], y[1]], 1),
    "np.linalg.solve": lambda x, y: np.linalg.solve(np.stack([x, y]), [x[0], y[0]]),
    "np.linalg.norm": lambda x, y: np.linalg.norm([x[0], y[0]]),
    "np.clip": lambda x, y: np.clip(x, [y[0], y[1]], 9.0),
    "np.sum, initial": lambda x, y: np.sum(x, initial=y[0]),
    "np.max, initial": lambda x, y: np.max(x, initial=y[0]),
    "np.prod, initial": lambda x, y: np.prod(x, initial=y[0]),
    "np.pad": lambda x, y: np.pad(x, 1, constant_values=y[0]),
    "np.pad, pair": lambda x, y: np.pad(x, 1, constant_values=(y[0], x[1])),
    "np.full_like": lambda x, y: np.full_like(x, y[0]),
    "np.full_like of a plain": lambda x, y: np.full_like(np.ones(2), y[0]),
    "np.broadcast_to": lambda x, y: np.broadcast_to([x[0], y[0]], (3, 2)),
    "np.tile": lambda x, y: np.tile([x[0], y[0]], 2),
    "index": lambda x, y: np.ones(2)[[x[0], x[1]]],
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_numbers_are_right_or_refused(name):
    x, y, u, v = np.array([[1.3, 0.4], [0.7, 2.1], [0.5, -1.0], [2.0, 0.3]])
    f = LISTS[name]
    for only in ("both", "x", "y"):
        g, primals, tangents = {
            "both": (f, (x, y), (u, v)),
            "x": (lambda x: f(x, y), (x,), (u,)),
            "y": (lambda y: f(x, y), (y,), (v,)),
        }[only]
        try:
            _, ydot = ad.jvp(g, primals, tangents)
        except (ad.AutodiffError, IndexError):
            continue
        assert_close(ydot, differences(g, primals, tangents), rtol=1e-8, scale=1)


# What NumPy refuses is refused, too, also where a function is written in terms of others. x is (2, 3).
REFUSED_BY_NUMPY = """
    np.tensordot(x, np.ones((3, 2)), 2);  np.tensordot(x, np.ones((6, 3)), ([0], [0]));  np.tensordot(x, x, 5)
    np.inner(x, np.ones((3, 6)));  np.dot(np.ones((2, 3, 4)), np.ones((2, 3, 2)) * x[0, 0]);  np.dot(x, x)
    np.vdot(x, x[0]);  np.diag(np.ones((2, 2, 2)) * x[0, 0]);  np.diag(x[0, 0]);  np.outer(x)
    x @ x;  x @ 2.0;  x[0] @ np.ones(2);  x + np.ones(2);  np.linalg.solve(x, x);  np.linalg.inv(x)
    np.linalg.solve(x @ x.T, np.ones(3));  np.linalg.solve(np.zeros((2, 2)), x);  np.linalg.inv(0 * (x @ x.T))
    np.linalg.norm(x, axis=2);  np.linalg.norm(x[0], 'fro');  np.linalg.norm(x, 'nope')
    np.einsum('ij,jk', x, x);  np.einsum('ij', x[0]);  np.einsum('ijk', x);  np.einsum('ij->ik', x)
    np.einsum('ij,jk->ik', x);  np.einsum('ii', x);  np.einsum('i...->i', x);  np.einsum('ij->ijj', x)
    np.split(x, 4);  np.split(x, 2, axis=1);  np.hsplit(x[0, 0], 1);  np.vsplit(x[0], 1);  np.dsplit(x, 1)
    np.array_split(x, 0);  np.array_split(x, -1);  np.stack([x, x.T]);  np.stack([x, x], axis=4)
    np.concatenate([x, x.T]);  np.concatenate([x, x[0]]);  np.concatenate([x, x], axis=2)
    np.concatenate([x[0, 0], x[0, 1]]);  np.vstack([x, x.T]);  np.hstack([x, x.T]);  np.column_stack([x, x.T])
    np.moveaxis(x, 0, 5);  np.moveaxis(x, [0, 0], [0, 1]);  np.swapaxes(x, 0, 2);  np.transpose(x, (0, 0))
    np.transpose(x, (0,));  np.expand_dims(x, 4);  np.squeeze(x, 0);  np.squeeze(x, 3);  np.broadcast_to(x, (3, 3))
    np.broadcast_to(x, 3);  np.broadcast_arrays(x, x.T);  np.reshape(x, (4, 2));  x.reshape(-1, 4)
    np.roll(x, 1, axis=2);  np.roll(x, (1, 2), axis=(0, 1, 1));  np.flip(x, 2);  np.fliplr(x[0])
    np.repeat(x, -1);  np.repeat(x, [1, 2, 3]);  np.repeat(x, 2, axis=3);  np.tile(x, -1)
    np.pad(x, -1);  np.pad(x, (1, 2, 3));  np.pad(x, 1, mode='nope');  np.pad(x[:0], 1, mode='edge')
    np.pad(x, 1, mode='edge', constant_values=3);  np.sum(x, axis=2);  np.sum(x, axis=(0, 0));  np.mean(x, axis=2)
    np.prod(x, axis=2);  np.max(x, axis=2);  np.max(x[:0]);  np.max(x[:0], axis=0);  np.min(x, where=x > 2)
    np.var(x, axis=2);  np.std(x, axis=(0, 0));  np.var(x, ddof=1, correction=1);  np.cumsum(x, axis=2)
    x[2];  x[0, 0, 0];  x[..., ...];  x[[0, 1], [0, 1, 2]];  x[[5]];  x[[True, False, True]];  x[0.5];  x['a']
    np.take(x, 9);  np.take(x, [9], axis=0);  np.take(x, [0], axis=2);  np.take(x, [0], mode='nope')
    np.diagonal(x[0]);  np.diagonal(x, 0, 0, 0);  np.diagonal(x, 0, 0, 2);  np.triu(x[0, 0])
    np.where(x > 0, x);  np.where(np.ones(2) > 0, x, 0);  np.clip(x, 1);  np.clip(x, 0, 1, min=0)
    np.clip(x, np.ones(2), 3);  np.sin();  np.add(x);  np.reshape(x);  np.sum(x, axis=0, foo=1);  x.nope
    len(x[0, 0]);  iter(x[0, 0]);  x.sum(axis=5);  x.dot(x);  x.take(9);  x.squeeze(0);  x.cumsum(5)
"""


@pytest.mark.parametrize("expression", phrases(REFUSED_BY_NUMPY))
@pytest.mark.filterwarnings("ignore")
def test_what_numpy_refuses_is_refused(expression):
    f = eval(f"lambda x: {expression}", {"np": np})
    x = np.arange(6.0).reshape(2, 3)
    with pytest.raises((ValueError, TypeError, IndexError, AttributeError)) as theirs:
        f(x)
    with pytest.raises((ValueError, TypeError, IndexError, AttributeError, ad.AutodiffError)) as ours:
        ad.jvp(f, (x,), (x,))
    assert not isinstance(ours.value, RecursionError), theirs.value


# Calls of the transforms themselves.
def square(x):
    return x**2


def pair(x, y):
    return x * y


CALLS = {
    "integer to differentiate": (lambda: ad.grad(square)(3), TypeError, r"int.*1\.0|float"),
    "integers to differentiate": (lambda: ad.grad(square)(np.arange(3)), TypeError, r"int64.*astype"),
    "boolean to differentiate": (lambda: ad.grad(square)(True), TypeError, "bool"),
    "booleans to differentiate": (lambda: ad.vjp(square, X > 0), TypeError, "bool"),
    "text to differentiate": (lambda: ad.grad(square)("3"), TypeError, "str"),
    "integer in jvp": (lambda: ad.jvp(square, (3,), (1.0,)), TypeError, "int"),
    "integer in vjp": (lambda: ad.vjp(square, 3), TypeError, "int"),
    "integer in jacfwd": (lambda: ad.jacfwd(square)(np.arange(3)), TypeError, "int"),
    "integer in hessian": (lambda: ad.hessian(square)(3), TypeError, "int"),
    "integer in a container": (lambda: ad.grad(lambda p: p["w"])({"w": 1.0, "n": 3}), TypeError, r"\['n'\]"),
    "a list of numbers is a container": (lambda: ad.grad(sum)([1.0, 2]), TypeError, r"\[1\]"),
    "objects": (lambda: ad.grad(square)(np.array([1.0, None])), TypeError, "object"),
    "a matrix": (lambda: ad.jvp(square, (np.matrix([[1.0]]),), (np.ones((1, 1)),)), TypeError, "matrix"),
    "a masked array": (lambda: ad.grad(np.sum)(np.ma.array(X, mask=[0, 1, 0])), TypeError, "MaskedArray"),
    "dates": (lambda: ad.grad(square)(np.array(["2000-01-01"], "M8")), TypeError, "datetime"),
    "grad of an array": (lambda: ad.grad(square)(X), (TypeError, ValueError), r"\(3,\).*jacobian"),
    "grad of one number in an array": (lambda: ad.grad(square)(X[:1]), (TypeError, ValueError), r"\(1,\)"),
    "grad of a pair": (lambda: ad.grad(lambda x: (x, x))(1.0), (TypeError, ValueError), "tuple|2"),
    "grad of a complex number": (lambda: ad.grad(lambda x: 1j * x)(1.0), TypeError, "complex.*np.real"),
    "hessian of an array": (lambda: ad.hessian(square)(X), (TypeError, ValueError), r"\(3,\)"),
    "too few tangents": (lambda: ad.jvp(pair, (X, X), (X,)), ValueError, "expected 2.*got 1"),
    "too many tangents": (lambda: ad.jvp(square, (X,), (X, X)), ValueError, "expected 1.*got 2"),
    "shape of a tangent": (
        lambda: ad.jvp(square, (X,), (np.ones(2),)),
        ValueError,
        r"expected \(3,\), got \(2,\)",
    ),
    "number as a tangent": (lambda: ad.jvp(square, (X,), (1.0,)), ValueError, r"expected \(3,\), got \(\)"),
    "array as a tangent": (lambda: ad.jvp(square, (1.0,), (X,)), ValueError, r"expected \(\), got \(3,\)"),
    "dtype of a tangent": (
        lambda: ad.jvp(square, (X,), (np.ones(3, np.float32),)),
        TypeError,
        "expected float64, got float32",
    ),
    "integer tangent": (
        lambda: ad.jvp(square, (X,), (np.arange(3),)),
        TypeError,
        "expected float64, got int64",
    ),
    "complex tangent": (
        lambda: ad.jvp(square, (X,), (1j * X,)),
        TypeError,
        "expected float64, got complex128",
    ),
    "structure of a tangent": (
        lambda: ad.jvp(sum, ([1.0, 2.0],), ((1.0, 2.0),)),
        (TypeError, ValueError),
        "list",
    ),
    "primals not a tuple": (lambda: ad.jvp(square, X, X), TypeError, "tuple"),
    "shape of a cotangent": (
        lambda: ad.vjp(square, X)[1](np.ones(2)),
        ValueError,
        r"expected \(3,\), got \(2,\)",
    ),
    "list as a cotangent": (
        lambda: ad.vjp(square, X)[1]([1.0, 1.0, 1.0]),
        ValueError,
        r"expected an array; got list\(.*where \* is an array",
    ),
    "number as a cotangent": (lambda: ad.vjp(square, X)[1](1.0), ValueError, r"expected \(3,\), got \(\)"),
    "dtype of a cotangent": (
        lambda: ad.vjp(square, X.astype(np.float32))[1](ONES),
        TypeError,
        "expected float32, got float64",
    ),
    "structure of a cotangent": (
        lambda: ad.vjp(lambda x: (x, x), X)[1](X),
        (TypeError, ValueError),
        "tuple",
    ),
    "tangents of a linearisation": (lambda: ad.linearize(pair, X, X)[1](X), ValueError, "expected 2.*got 1"),
    "shape in a linearisation": (
        lambda: ad.linearize(square, X)[1](np.ones(2)),
        ValueError,
        r"\(3,\).*\(2,\)",
    ),
    "transpose of a linearisation": (
        lambda: ad.linearize(square, X)[1].T(np.ones(2)),
        ValueError,
        r"\(3,\).*\(2,\)",
    ),
    "two cotangents": (lambda: ad.vjp(lambda x: (x, x), X)[1](X, X), TypeError, "one cotangent.*got 2.*zbar"),
    "no cotangent": (lambda: ad.vjp(square, X)[1](), TypeError, "one cotangent.*got 0"),
    "the point for argnums": (lambda: ad.grad(np.sum, X)(X), TypeError, r"not ndarray.*ad\.grad\(f\)\(x\)"),
    "a name for argnums": (lambda: ad.grad(square, "x")(1.0), TypeError, "position.*not str"),
    "a float for argnums": (lambda: ad.jacobian(pair, 1.0)(X, X), TypeError, "position.*not float"),
    "argnums twice": (lambda: ad.grad(square, argnums=(0, 0))(1.0), ValueError, "argnums"),
    "argnums twice, counted from the end": (lambda: ad.grad(square, argnums=(0, -1))(1.0), ValueError, "argnums"),
    "argnums out of range": (lambda: ad.grad(square, argnums=1)(1.0), (ValueError, IndexError), "argnums"),
    "argument by keyword": (lambda: ad.grad(square)(x=1.0), (ValueError, TypeError), "position"),
    "unknown mode": (
        lambda: ad.jacobian(square, mode="sideways")(X),
        ValueError,
        "sideways.*forward|forward.*sideways",
    ),
    "has_aux without a pair": (lambda: ad.grad(square, has_aux=True)(1.0), TypeError, "pair"),
    "hvp of an array": (lambda: ad.hvp(square, (X,), (X,)), (TypeError, ValueError), r"\(3,\)"),
    "hvp of too few": (lambda: ad.hvp(pair, (1.0, 2.0), (1.0,)), ValueError, "expected 2.*got 1"),
}


@pytest.mark.parametrize("mistake", CALLS)
def test_calls_that_cannot_be_answered(mistake):
    call, builtin, words = CALLS[mistake]
    with pytest.raises(ad.AutodiffError, match=words) as caught:
        call()
    assert isinstance(caught.value, builtin)


def test_errors_call_scipys_functions_by_their_names():
    for call in (lambda x: erf(x, where=True), lambda x: owens_t(x, 1.0)):
        with pytest.raises(TypeError, match=r"^scipy\.special\.(erf|owens_t) "):
            ad.grad(call)(1.0)


def test_errors_are_found_below_numpys_own():
    """NumPy answers `plain[0] = traced` with a ValueError of its own; users see ours."""
    with pytest.raises(ad.AutodiffError, match=r"np\.stack") as caught:
        ad.grad(assign_into_plain)(X)
    assert "np.stack" in str(caught.value)

    def of_their_own(x):
        try:
            float(x[0])
        except TypeError:
            return x.sum()

    np.testing.assert_array_equal(ad.grad(of_their_own)(X), ONES)  # what the user catches stays caught


def test_refused_calls_change_nothing():
    x, plain = X.copy(), np.zeros(3)

    def f(x):
        for attempt in (
            lambda: np.add(x, 1.0, out=plain),
            lambda: np.sin(x, out=plain),
            lambda: np.copyto(plain, x),
            lambda: plain.__setitem__(0, x[0]),
            lambda: plain.__iadd__(x),
            lambda: x.__setitem__(0, 5.0),
        ):
            with pytest.raises((TypeError, ValueError)):
                attempt()
        return x.sum()

    ad.grad(f)(x)
    np.testing.assert_array_equal(plain, 0)
    np.testing.assert_array_equal(x, X)


# --- debug_nans ---------------------------------------------------------------------------------------------


def nan_in_value(x):
    return np.log(x - 3.0)  # line of the culprit


def nan_in_derivative(x):
    return np.where(x > 0, np.sqrt(x), 0.0)


@pytest.mark.parametrize("transform", [lambda f, x: ad.jvp(f, (x,), (1.0,)), lambda f, x: ad.grad(f)(x)])
def test_debug_nans_names_the_primitive_and_the_line(transform):
    line = nan_in_value.__code__.co_firstlineno + 1
    with np.errstate(all="ignore"):
        assert np.isnan(ad.value_and_grad(nan_in_value)(1.0)[0])
        with ad.debug_nans():
            with pytest.raises(ad.AutodiffError, match=rf"log.*test_errors\.py:{line}") as caught:
                transform(nan_in_value, 1.0)
            assert isinstance(caught.value, FloatingPointError)
            with pytest.raises(ad.AutodiffError, match=r"sqrt.*test_errors\.py"):
                ad.grad(nan_in_derivative)(0.0)
            assert ad.grad(nan_in_value)(4.0) == 1.0
        assert np.isnan(ad.value_and_grad(nan_in_value)(1.0)[0])


def test_debug_nans_reaches_nested_derivatives():
    with np.errstate(all="ignore"), ad.debug_nans(), pytest.raises(FloatingPointError):
        ad.hessian(nan_in_value)(1.0)


def test_debug_nans_changes_no_result():
    def f(x):
        return np.sum(np.sin(x) * x[::-1] + x @ np.outer(x, x))

    plain = [ad.grad(f)(X), ad.hessian(f)(X), ad.jvp(f, (X,), (ONES,))[1]]
    with ad.debug_nans():
        watched = [ad.grad(f)(X), ad.hessian(f)(X), ad.jvp(f, (X,), (ONES,))[1]]
    for a, b in zip(plain, watched, strict=True):
        np.testing.assert_array_equal(a, b)


def test_debug_nans_is_a_setting_of_the_thread():
    found = []
    with ad.debug_nans(), np.errstate(invalid="ignore"):
        thread = threading.Thread(target=lambda: found.append(np.isnan(ad.value_and_grad(nan_in_value)(1.0)[0])))
        thread.start()
        thread.join()
    assert found == [True]


@pytest.mark.parametrize(
    ("name", "mend"),
    [("sort", "np.sort"), ("partition", "np.partition"), ("fill", "stop_gradient"), ("put", r"Write y = np\.where")],
)
def test_attributes_that_work_in_place_name_the_mend(name, mend):
    with pytest.raises(ad.AutodiffError, match=mend) as refused:
        ad.grad(lambda x: getattr(x, name)())(np.ones(3))
    assert isinstance(refused.value, AttributeError)
