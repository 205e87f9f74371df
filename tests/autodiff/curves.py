"""Programs and points that several test modules differentiate."""

import numpy as np

W = np.random.default_rng(0).normal(size=(3, 4))
V3, V4 = np.array([0.3, -1.2, 0.7]), np.array([1.0, -0.5, 0.25, 2.0])
X = np.array([0.4, -0.9, 1.3])


def program(x):
    """A program R³ → R⁴ with fan-in, fan-out, a branch and a loop."""
    y = np.sin(x) * x[::-1]
    if y.sum() > -10:
        y = y + x**2
    for row in W:
        y = np.tanh(y) + 0.1 * row[:3] * x.sum()
    return y @ W


def curve(x):
    """e^(2x) sin x: its derivatives are the imaginary parts of (2+i)^n e^((2+i)x)."""
    return np.exp(2 * x) * np.sin(x)


def derivative_of_curve(n: int, x: float) -> float:
    return ((2 + 1j) ** n * np.exp((2 + 1j) * x)).imag
