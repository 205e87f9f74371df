"""A heated wire: the one problem that the chapter on choosing a method takes through all of them.

A wire in vacuum, its ends held at temperature 1, is warmed by n heaters, conducts, and radiates. In equilibrium the
temperatures u at |u| points between the ends solve

    g(u, φ) = K u − e + u⁴ − H φ = 0,    (|u| × |u|)(|u|) − (|u|) + (|u|) − (|u| × n)(n),

with the heaters' powers φ, the second difference K, the ends e, and in H the shape of each heater's warmth. Given
measured temperatures, which powers were on? That is a minimisation of ½‖u(φ) − measured‖², a program whose every run
solves an equation: so that each way to differentiate has something to do, implicit derivatives too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

import autodiff as ad
from autodiff import finite, symbolic

NEWTON_STEPS = 8  # from u = 1: two more than it takes to the last digit


def eliminate(A: Any, b: Any) -> np.ndarray:
    """x with A x = b, for tridiagonal A, as on paper: for entries of any kind that can be added and divided.

    No pivots are looked for: A shall be diagonally dominant, as K + diag(4u³) is.

    >>> eliminate(np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([3.0, 3.0]))
    array([1., 1.])
    """
    diagonal, x = [A[0, 0]], [b[0]]
    for i in range(1, len(b)):
        factor = A[i, i - 1] / diagonal[-1]
        diagonal.append(A[i, i] - factor * A[i - 1, i])
        x.append(b[i] - factor * x[-1])
    x[-1] = x[-1] / diagonal[-1]
    for i in reversed(range(len(b) - 1)):
        x[i] = (x[i] - A[i, i + 1] * x[i + 1]) / diagonal[i]
    return np.array(x)


@dataclass(frozen=True)
class Wire:
    """The wire's discrete problem: |u| = `points`, n = `heaters`."""

    points: int = 40
    heaters: int = 16

    @cached_property
    def places(self) -> np.ndarray:
        """Where the temperatures are taken, between the ends 0 and 1: (|u|)."""
        return np.linspace(0, 1, self.points + 2)[1:-1]

    @cached_property
    def K(self) -> np.ndarray:
        """Minus the second difference: (|u| × |u|), tridiagonal."""
        unit = np.eye(self.points)
        beside = np.eye(self.points, k=1) + np.eye(self.points, k=-1)
        return (2 * unit - beside) * (self.points + 1) ** 2

    @cached_property
    def e(self) -> np.ndarray:
        """What the ends at temperature 1 contribute: (|u|)."""
        return self.K @ np.ones(self.points)

    @cached_property
    def H(self) -> np.ndarray:
        """A column for each heater, the warmth that it spreads: (|u| × n)."""
        middles = np.linspace(0, 1, self.heaters + 2)[1:-1]
        return np.exp(-(((self.places[:, None] - middles) * (self.heaters + 1)) ** 2))

    @cached_property
    def phi(self) -> np.ndarray:
        """Powers to begin with, all alike: (n)."""
        return np.full(self.heaters, 20.0)

    @cached_property
    def measured(self) -> np.ndarray:
        """Temperatures at powers that were drawn once, with an error of 0.01: (|u|)."""
        random = np.random.default_rng(7)
        powers = 20 * (1 + random.random(self.heaters))
        return self.temperatures(powers) + 0.01 * random.standard_normal(self.points)

    def residual(self, u: Any, phi: Any) -> Any:
        """g(u, φ)."""
        return self.K @ u - self.e + u**4 - self.H @ phi

    def temperatures(self, phi: Any, solve: Callable = np.linalg.solve, steps: int = NEWTON_STEPS) -> Any:
        """u with g(u, φ) = 0, by Newton's method."""
        u = np.ones(self.points)
        for _ in range(steps):
            u = u - solve(self.K + np.diag(4 * u**3), self.residual(u, phi))
        return u

    def loss(self, phi: Any, solve: Callable = np.linalg.solve, steps: int = NEWTON_STEPS) -> Any:
        """½‖u(φ) − measured‖²."""
        return np.sum((self.temperatures(phi, solve, steps) - self.measured) ** 2) / 2

    def settled_loss(self, phi: Any) -> Any:
        """The same loss, differentiated through the equation and not through Newton's steps."""
        return np.sum((settled(self)(phi) - self.measured) ** 2) / 2

    def gradients(self) -> dict[str, Callable]:
        """∇loss in seven ways, each a function of φ. The symbolic one is made here, once."""
        by = partial(partial, finite.gradient, self.loss)
        return {
            "forward difference": by(method="forward"),
            "central difference": by(method="central"),
            "complex step": by(method="complex"),
            "symbolic": self.symbolic_gradient(),
            "JVPs": ad.jacfwd(self.loss),
            "VJP": ad.grad(self.loss),
            "implicit": ad.grad(self.settled_loss),
        }

    def symbolic_gradient(self) -> Callable:
        """The gradient as expressions that share, as a function of φ."""
        phi = symbolic.symbol("phi", (self.heaters,))
        formulas = symbolic.gradient(self.loss(phi, eliminate), phi)
        function = symbolic.lambdify(list(phi), formulas)
        return lambda phi: function(*phi)


def settled(wire: Wire) -> Callable:
    """The temperatures as a primitive: Newton's steps forwards, one linear system backwards."""

    @ad.custom_vjp
    def temperatures(phi: Any) -> Any:
        return wire.temperatures(phi)

    def forward(phi: Any) -> tuple:
        u = temperatures(phi)
        return u, (u, phi)

    def backward(saved: tuple, ubar: Any) -> tuple:
        u, phi = saved
        adjoint = np.linalg.solve((wire.K + np.diag(4 * u**3)).T, ubar)
        _, pullback = ad.vjp(lambda phi: wire.residual(u, phi), phi)
        return pullback(-adjoint)

    temperatures.defvjp(forward, backward)
    return temperatures


def exact_gradient(wire: Wire, phi: np.ndarray, digits: int = 40) -> np.ndarray:
    """The gradient by the implicit function theorem in arithmetic of so many digits, rounded at the end: (n)."""
    import mpmath

    exactly = np.vectorize(mpmath.mpf, otypes=[object])
    with mpmath.workdps(digits):
        K, H, e, powers = (exactly(part) for part in (wire.K, wire.H, wire.e, phi))
        u = exactly(wire.temperatures(phi))
        for _ in range(2):  # each doubles the digits
            u = u - eliminate(K + np.diag(4 * u**3), K @ u - e + u**4 - H @ powers)
        adjoint = eliminate((K + np.diag(4 * u**3)).T, u - exactly(wire.measured))
        return (adjoint @ H).astype(float)
