"""The running example: one program of four stages that the chapters share, so that they can be compared.

    A affine, n → |a|      B elementwise sine, |a| → |b|      C affine, |b| → |c|      D sum of squares, |c| → 1

The sizes n = 5, |a| = |b| = 4, |c| = 3 and 1 differ wherever they can, so that a product written the wrong way
round does not fit. Weights and the point `x0` are drawn once, with two decimals, so that a reader can type them in.
"""

import numpy as np

n = 5
size_a = size_b = 4
size_c = 3
SIZES = {"x": n, "a": size_a, "b": size_b, "c": size_c, "y": 1}

_random = np.random.default_rng(1964)  # the year of Wengert's paper
WA = np.round(_random.uniform(-1, 1, (size_a, n)), 2)
bA = np.round(_random.uniform(-1, 1, size_a), 2)
WC = np.round(_random.uniform(-1, 1, (size_c, size_b)), 2)
bC = np.round(_random.uniform(-1, 1, size_c), 2)
x0 = np.round(_random.uniform(-1, 1, n), 2)


def A(x: np.ndarray) -> np.ndarray:
    """a = W_A x + b_A: (|a| × n)(n) → (|a|)."""
    return WA @ x + bA


def B(a: np.ndarray) -> np.ndarray:
    """b = sin a, elementwise: (|a|) → (|b|), and |b| = |a|."""
    return np.sin(a)


def C(b: np.ndarray) -> np.ndarray:
    """c = W_C b + b_C: (|c| × |b|)(|b|) → (|c|)."""
    return WC @ b + bC


def D(c: np.ndarray) -> np.ndarray:
    """y = c · c: (|c|) → one number."""
    return np.sum(c**2)


STAGES = (A, B, C, D)


def F(x: np.ndarray) -> np.ndarray:
    """y = D(C(B(A(x)))): (n) → one number."""
    return D(C(B(A(x))))
