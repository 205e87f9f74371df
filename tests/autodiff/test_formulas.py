"""Formulas of the rules: every primitive has them, pandoc can read them, and they mean what the rules compute."""

import numpy as np
import pytest
import scipy.special as sp

from autodiff import formulas
from autodiff.arrays import getitem, name_of
from autodiff.errors import AutodiffValueError
from autodiff.rules import indexing, sequences, shapes, special
from autodiff.rules.linalg import pseudoinverse, solve_columns
from autodiff.tables import PARTIALS, RULES

from .reading import Reader, mathml

SCIPYS = list(special.scipys_partials(sp))
special.learn(SCIPYS[0])

RULES_IN_LATEX = {
    np.multiply: (r"\dot{z} = y \, \dot{x} + x \, \dot{y}", [r"\bar{x} = y \, \bar{z}", r"\bar{y} = x \, \bar{z}"]),
    np.exp: (r"\dot{y} = y \, \dot{x}", [r"\bar{x} = y \, \bar{y}"]),
    np.matmul: (
        r"\dot{y} = \dot{a} \, b + a \, \dot{b}", [r"\bar{a} = \bar{y} \, b^{\top}", r"\bar{b} = a^{\top} \, \bar{y}"]
    ),
    np.linalg.inv: (r"\dot{y} = -y \, \dot{a} \, y", [r"\bar{a} = -y^{\top} \, \bar{y} \, y^{\top}"]),
    np.linalg.det: (
        r"\dot{y} = \langle \operatorname{cof}(a), \dot{a} \rangle", [r"\bar{a} = \bar{y} \, \operatorname{cof}(a)"]
    ),
    np.sum: (r"\dot{y} = \sum_i \dot{x}_i", [r"\bar{x} = \operatorname{broadcast}(\bar{y})"]),
    np.conjugate: (r"\dot{y} = \dot{x}^{*}", [r"\bar{x} = \bar{y}^{*}"]),
    np.fft.fft: (r"\dot{y} = \operatorname{fft}(\dot{x})", [r"\bar{x} = \operatorname{fft}(\bar{y})"]),
}  # fmt: skip


@pytest.mark.parametrize("function", RULES_IN_LATEX, ids=name_of)
def test_rules_in_latex(function):
    assert formulas.formulas(function)[1:3] == RULES_IN_LATEX[function]


def test_every_primitive_says_its_rules(primitives):
    missing = [name_of(f) for f in primitives if f not in PARTIALS and f not in formulas.EXAMPLES]
    assert not missing, f"no formula for {missing}: give each of them an example in autodiff.phrases.EXAMPLES"
    assert set(formulas.EXAMPLES) <= set(RULES)
    pieces = []
    for function in (*primitives, *SCIPYS):
        rule = formulas.formulas(function)
        assert all(part.startswith(r"\bar{") for part in rule.vjp), name_of(function)
        assert r"\dot{" in rule.jvp.split(" = ", 1)[1]
        assert all(r"\bar{" in part.split(" = ", 1)[1] for part in rule.vjp)
        pieces += [rule.call, rule.jvp, *rule.vjp]
    mathml("$ $".join(pieces))


# --- What the formulas mean ---------------------------------------------------------------------------------

NUMPYS = {name: getattr(np, name) for name in dir(np)} | {name: getattr(sp, name) for name in dir(sp)}
NUMPYS |= {"max": np.maximum, "min": np.minimum, "zeta": sp._ufuncs._zeta, "psi": sp.psi}
POINTS = [(0.4, 0.7, 0.3, 0.2), (1.7, 1.3, 0.3, 0.2)]


@pytest.mark.parametrize("ufunc", [*(f for f in PARTIALS if f not in SCIPYS), *SCIPYS], ids=name_of)
def test_partial_derivatives_are_read_back(ufunc):
    rule = formulas.formulas(ufunc)
    result, *operands = formulas.letters_of(ufunc)
    for point in POINTS:
        xs = [np.float64(v) for v in (*point, *point[::-1])[: ufunc.nin]]
        if ufunc is np.ldexp:
            xs[1] = np.int64(3)
        with np.errstate(all="ignore"):
            y = ufunc(*xs)
        if not np.isfinite(y):
            continue
        letters = {"e": np.e, r"\pi": np.pi, result: y, f"bar {result}": 0.3}
        letters |= dict(zip(operands, xs, strict=True)) | {f"dot {x}": 0.5 + i for i, x in enumerate(operands)}
        read = Reader(letters, NUMPYS).read
        with np.errstate(all="ignore"):
            ds = [p if isinstance(p, int) else 0 if p is None else p(y, *xs) for p in PARTIALS[ufunc]]
        assert read(rule.call.split(" = ", 1)[1]) == pytest.approx(y, rel=1e-12)
        expected = sum(d * letters[f"dot {x}"] for d, x in zip(ds, operands, strict=True))
        assert read(rule.jvp.split(" = ", 1)[1]) == pytest.approx(expected, rel=1e-9)
        said = dict(part.split(" = ", 1) for part in rule.vjp)
        for d, x, partial in zip(ds, operands, PARTIALS[ufunc], strict=True):
            if partial is not None:
                assert read(said[rf"\bar{{{x}}}"]) == pytest.approx(d * 0.3, rel=1e-9)


def embed(x, at):
    index, shape = at
    whole = np.zeros(shape, x.dtype)
    whole[index] = x
    return whole


def overlapped(rows):
    whole = np.zeros(len(rows) + len(rows[0]) - 1)
    for i, row in enumerate(rows):
        whole[i : i + len(row)] += row
    return whole


def letters_of(function, example, y):
    """What letters stand for in the formulas of one function, beside operands, results and their dots and bars."""
    i, j = np.indices((2, 2))
    found = {"e": np.e, "i": 1j, "n": 2.0, "k": 1}
    if function in (np.triu, np.tril):
        found |= {"i": i, "j": j}
    if function in INDICES:
        found |= INDICES[function]
    if function is np.where:
        found["c"] = example.args[0]
    if function is np.roots:
        found["V"], found["s"] = np.vander(y, 4).T, -np.polyval(np.polyder(example.args[0]), y)
    if function is pseudoinverse:
        found["I"] = np.eye(3)
    if "u" in example.results:
        u, s, h = y
        adjoint = np.conj(u).T
        found["W"] = np.block([[adjoint, h], [adjoint, -h]]) / np.sqrt(2)
        found[r"\omega"] = np.concatenate([s, -s])
    return found


INDICES = {
    getitem: {"i": (slice(1), (2, 2))},
    indexing.embed: {"i": (slice(2), (3, 2))},
    shapes.join: {"i_a": (slice(2), (4, 2)), "i_b": (slice(2, 4), (4, 2))},
    np.stack: {"i_a": (0, (2, 2, 2)), "i_b": (1, (2, 2, 2))},
    sequences.bessel_i: {"n": 1},
}
WITH_MATRICES = {"numpy.linalg", "autodiff.rules.linalg", "autodiff.rules.spectral"}


def functions_of(function, example, y):
    """What functions mean that depend on shapes, or on what was summed over."""
    x = example.args[0] if isinstance(example.args[0], np.ndarray) else example.args[0][0]
    _, large = sorted([np.shape(x), np.shape(y)], key=np.prod) if isinstance(y, np.ndarray) else ((), np.shape(x))
    other = lambda v: np.reshape(v, np.shape(y) if np.shape(v) == x.shape else x.shape)
    return {
        "reshape": other, "squeeze": other, "expand_dims": other, "astype": lambda v: np.asarray(v, np.float32),
        "broadcast": lambda v: np.broadcast_to(v, large), "embed": embed, "roll": lambda v, k: np.roll(v, k, -1),
        "windows": lambda v: np.lib.stride_tricks.sliding_window_view(v, 2), "overlap": overlapped,
        "flip": lambda v: np.flip(v, None if function is np.flip else -1), "count": lambda v: v.sum(0), "I": sp.iv,
        "block_u": lambda v: v[:2, :2], "block_v": lambda v: v[2:, :2],
        "embed_u": lambda v: embed(v, (np.s_[:2, :2], (4, 4))), "embed_v": lambda v: embed(v, (np.s_[2:, :2], (4, 4))),
    }  # fmt: skip


@pytest.mark.parametrize("function", formulas.EXAMPLES, ids=name_of)
def test_operators_are_read_back(function):
    rule, example, said = RULES[function], formulas.EXAMPLES[function], formulas.formulas(function)
    y = function(*example.args)
    several = len(example.results) > 1
    results = y if several else (y,)
    rows = rule.jacobians(y, *example.args) if several else [rule.jacobians(y, *example.args)]
    operands = rule.operands(example.args)
    random = np.random.default_rng(0)

    def like(x):
        real = random.normal(size=np.shape(x))
        return real + 1j * random.normal(size=np.shape(x)) if np.iscomplexobj(x) else real

    dots, bars = [like(x) for x in operands], [like(r) for r in results]
    letters = letters_of(function, example, y)
    letters |= dict(zip(example.results, results, strict=True)) | dict(zip(example.operands, operands, strict=True))
    letters |= {f"dot {name}": v for name, v in zip(example.operands, dots, strict=True)}
    letters |= {f"bar {name}": v for name, v in zip(example.results, bars, strict=True)}
    functions = functions_of(function, example, y)
    if "einsum" in said.call:  # which letters an operand has is known by the operand
        spelled = {id(letters[name]): "".join(axes) for name, axes in zip(("a", "b"), ("ij", "jk"), strict=True)}
        spelled |= {id(letters["dot a"]): "ij", id(letters["dot b"]): "jk", id(letters["bar y"]): "ki"}
        rest = {frozenset(("ij", "jk")): "ki", frozenset(("ki", "jk")): "ij", frozenset(("ki", "ij")): "jk"}
        functions["einsum"] = lambda *v: np.einsum(
            f"{spelled[id(v[0])]},{spelled[id(v[1])]}->{rest[frozenset(spelled[id(x)] for x in v)]}", *v
        )
    matrices = function.__module__ in WITH_MATRICES and "_i" not in said.jvp
    read = Reader(letters, functions, matrices or function in (np.matmul, np.roots)).read

    tolerance = 1e-6 if any(np.result_type(r) == np.float32 for r in results) else 1e-9
    whole = read(said.call.split(" = ", 1)[1])
    for found, expected in zip(whole if several else (whole,), results, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10)
    for part, row in zip(said.jvp.split(r", \quad "), rows, strict=True):
        expected = sum(family.apply(t, data) for (family, data), t in zip(row, dots, strict=True))
        np.testing.assert_allclose(read(part.split(" = ", 1)[1]), expected, rtol=tolerance, atol=1e-12)
    for i, part in enumerate(said.vjp):
        expected = sum(row[i][0].transpose(u, row[i][1]) for row, u in zip(rows, bars, strict=True))
        np.testing.assert_allclose(read(part.split(" = ", 1)[1]), expected, rtol=tolerance, atol=1e-12)


def test_signs_are_explained():
    """What is written with signs of the module's own, rather than NumPy's names, stands in the table of signs."""
    text = " ".join(f"{sign} {words}" for sign, words in formulas.SIGNS.items())
    mathml("$ $".join(formulas.SIGNS))
    written = " ".join(
        part for f in formulas.EXAMPLES for part in (formulas.formulas(f).jvp, *formulas.formulas(f).vjp)
    )
    for sign in (r"\Phi", r"\Omega", r"\Delta", r"\odot", "skew", "cof", "corner", "block}_u", "embed}_v", "overlap"):
        assert sign in written
        assert sign in text


def test_a_missing_example_or_pattern_is_named(monkeypatch):
    monkeypatch.delitem(formulas.EXAMPLES, np.linalg.inv)
    with pytest.raises(AutodiffValueError, match=r"np.linalg.inv has a rule.*EXAMPLES: add it"):
        formulas.formulas(np.linalg.inv)
    monkeypatch.delitem(formulas.FAMILIES, "solve")
    with pytest.raises(AutodiffValueError, match=r"'solve' have no pattern.*FAMILIES: add it"):
        formulas.formulas(solve_columns)
    with pytest.raises(AutodiffValueError, match=r"np.floor has no formula"):
        formulas.formulas(np.floor)
