"""Programs as scientists write them, differentiated to second order and held against central differences."""

from collections.abc import Callable

import numpy as np
import pytest

import autodiff as ad

from .oracles import assert_close, differences, direction, inner, norm

RNG = np.random.default_rng(0)
DATA = RNG.normal(size=(20, 3))
PROGRAMS: dict[str, tuple[Callable, tuple]] = {}


def program(*primals) -> Callable:
    """Enter a function into the table, with the point at which to differentiate it."""

    def enter(f: Callable) -> Callable:
        PROGRAMS[f.__name__.replace("_", " ")] = f, primals
        return f

    return enter


# --- Statistics ---------------------------------------------------------------------------------------------


@program(RNG.normal(size=4), RNG.normal(size=(4, 3)), 0.1 * RNG.normal(size=(4, 3)))
def gaussian_mixture(alpha, means, log_scales):
    distances = (DATA[:, None] - means) / np.exp(log_scales)
    logs = alpha - log_scales.sum(1) - 0.5 * np.sum(distances**2, -1)
    largest = np.max(logs, axis=1, keepdims=True)
    return np.sum(largest[:, 0] + np.log(np.sum(np.exp(logs - largest), axis=1)))


@program(RNG.normal(size=3), 0.1)
def logistic_regression(w, b):
    z, labels = DATA @ w + b, (DATA[:, 0] > 0).astype(float)
    return np.mean(np.logaddexp(0, z) - labels * z) + 0.1 * w @ w


@program(0.2)
def ridge_by_its_penalty(log_penalty):
    w = np.linalg.solve(DATA.T @ DATA + np.exp(log_penalty) * np.eye(3), DATA.T @ np.sin(DATA[:, 0]))
    return np.sum((DATA @ w - np.cos(DATA[:, 1])) ** 2)


@program(RNG.normal(size=6), 0.1, 0.2)
def gaussian_process(x, log_length, log_scale):
    kernel = np.exp(log_scale - 0.5 * ((x[:, None] - x) / np.exp(log_length)) ** 2) + 0.1 * np.eye(6)
    y = np.sin(DATA[:6, 0])
    return y @ np.linalg.solve(kernel, y) + np.sum(np.linalg.inv(kernel) ** 2)


@program(0.3, -0.2)
def kalman_filter(log_q, log_r):
    A, H = np.array([[1.0, 0.1], [0.0, 1.0]]), np.array([[1.0, 0.0]])
    state, P, likelihood = np.zeros(2), np.eye(2), 0.0
    for y in DATA[:, 0]:
        state, P = A @ state, A @ P @ A.T + np.exp(log_q) * np.eye(2)
        S, error = H @ P @ H.T + np.exp(log_r), y - H @ state
        gain = np.linalg.solve(S, H @ P).T
        state, P = state + gain @ error, P - gain @ H @ P
        likelihood -= 0.5 * (error @ np.linalg.solve(S, error) + np.log(S[0, 0]))
    return likelihood


@program(2 * RNG.normal(size=7))
def huber_loss(x):
    r = np.abs(x)
    return np.sum(np.where(r < 1, 0.5 * r**2, r - 0.5))


@program(RNG.normal(size=6))
def order_statistics(x):
    return x[np.argsort(x)] @ np.arange(6) ** 2.0


# --- Networks -----------------------------------------------------------------------------------------------


@program(0.5 * RNG.normal(size=(4, 4)), RNG.normal(size=(4, 3)), RNG.normal(size=4))
def recurrent_network(W, U, b):
    h = np.zeros(4)
    for x in DATA:
        h = np.tanh(W @ h + U @ x + b)
    return h @ h


@program(*RNG.normal(size=(3, 2, 2, 3, 4)))
def attention(q, k, v):
    scores = np.einsum("bhid,bhjd->bhij", q, k) / np.sqrt(q.shape[-1])
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return np.sum(np.einsum("bhij,bhjd->bhid", weights / weights.sum(-1, keepdims=True), v) ** 2)


@program(RNG.normal(size=(4, 5)), RNG.normal(size=5), RNG.normal(size=5))
def layer_normalisation(x, gain, bias):
    centred = x - x.mean(-1, keepdims=True)
    return np.sum((centred / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * gain + bias) ** 3)


@program(RNG.normal(size=12), RNG.normal(size=3))
def convolution_by_indices(x, w):
    windows = np.arange(10)[:, None] + np.arange(3)
    return np.sum(np.maximum(x[windows] @ w, 0) ** 2)


@program(RNG.normal(size=(6, 6)), RNG.normal(size=(3, 3)))
def convolution_by_slices(image, w):
    patches = [(image[i : i + 3, j : j + 3] * w).sum() for i in range(4) for j in range(4)]
    return np.sum(np.tanh(np.stack(patches)))


# --- Physics ------------------------------------------------------------------------------------------------


@program(np.array([1.0, 0.5]), np.array([1.1, 0.4, 0.4, 0.9]))
def predators_and_prey(y, p):
    def rate(y):
        return np.stack([p[0] * y[0] - p[1] * y[0] * y[1], p[2] * y[0] * y[1] - p[3] * y[1]])

    for _ in range(20):
        k1 = rate(y)
        k2 = rate(y + 0.05 * k1)
        k3 = rate(y + 0.05 * k2)
        k4 = rate(y + 0.1 * k3)
        y = y + 0.1 / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y.sum()


@program(RNG.normal(size=(5, 5)))
def heat_equation(u):
    for _ in range(10):
        neighbours = np.roll(u, 1, 0) + np.roll(u, -1, 0) + np.roll(u, 1, 1) + np.roll(u, -1, 1)
        u = u + 0.1 * (neighbours - 4 * u)
    return np.sum(u**3)


@program(RNG.normal(size=(4, 5)))
def periodic_differences(u):
    wide = np.pad(u, 1, mode="wrap")
    return np.sum((wide[2:, 1:-1] - wide[:-2, 1:-1]) ** 2 * (wide[1:-1, 2:] - wide[1:-1, :-2]))


@program(3 * RNG.normal(size=(4, 3)))
def lennard_jones(positions):
    i, j = np.triu_indices(4, 1)
    r = np.linalg.norm(positions[i] - positions[j], axis=-1)
    return np.sum(1 / r**12 - 1 / r**6)


@program(0.3, 1.2)
def rotation(angle, stretch):
    c, s = np.cos(angle), np.sin(angle)
    R = np.stack([np.stack([c, -s]), np.stack([s, c])])
    return np.sum((R @ np.diag(np.stack([stretch, 1 / stretch])) @ R.T) ** 2 * np.array([[1.0, 2.0], [3.0, 4.0]]))


@program(RNG.normal(size=5))
def spectrum(x):
    k = np.arange(5)
    f = np.exp(-2j * np.pi * np.outer(k, k) / 5) @ x
    return np.sum(np.abs(f) ** 3) + np.real(f[1] * np.conj(f[2]))


# --- Algorithms ---------------------------------------------------------------------------------------------


@program(np.array([2.0, 3.0]))
def newtons_square_root(a):
    x = np.ones_like(a)
    while np.max(np.abs(x * x - a)) > 1e-13:
        x = 0.5 * (x + a / x)
    return np.sum(x * np.arange(1.0, 3.0))


@program(RNG.normal(size=5), RNG.normal(size=4))
def horners_scheme(coefficients, x):
    y = 0 * x
    for c in coefficients[::-1]:
        y = y * x + c
    return np.sum(y**2)


@program(RNG.normal(size=8))
def tournament(x):
    values = list(x)
    while len(values) > 1:
        values = [np.hypot(a, b) + a * b for a, b in zip(values[::2], values[1::2], strict=True)]
    return values[0]


@program(RNG.normal(size=6))
def table_lookup(table):
    x = np.array([0.3, 1.2, 3.7])
    i = np.floor(x).astype(int)
    return np.sum((table[i] * (1 - (x - i)) + table[i + 1] * (x - i)) ** 2)


@program(RNG.normal(size=8))
def selection_by_a_mask(x):
    y = np.abs(x)
    y = y[y > 0.1]
    return np.sum(np.log(y) * np.cumsum(y))


@program(RNG.normal(size=(3, 3)))
def powers_of_a_matrix(A):
    B = A
    for _ in range(3):
        B = B @ A + A.T
    return np.trace(B) + np.linalg.norm(B) + np.prod(np.diag(B))


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_to_second_order(name):
    f, primals = PROGRAMS[name]
    rng = np.random.default_rng(1)
    u, v = direction(rng, primals), direction(rng, primals)
    y, ydot = ad.jvp(f, primals, v)
    assert_close(y, f(*primals), rtol=1e-13)
    assert_close(ydot, differences(f, primals, v, h=0.01), rtol=1e-7, scale=max(norm(y), 1))
    gradient = ad.grad(f, tuple(range(len(primals))))
    assert_close(inner(gradient(*primals), v), ydot, rtol=1e-11, scale=max(norm(y), 1))
    product = ad.hvp(f, primals, v)
    expected = differences(gradient, primals, v, h=0.005)
    assert_close(product, expected, rtol=1e-5, scale=max(norm(expected), 1))
    assert_close(inner(product, u), inner(ad.hvp(f, primals, u), v), rtol=1e-9, scale=norm(product))
