"""Ten programs, each written once, with its derivative by hand.

A program is `function(xp, *parameters, **data)`: `xp` is the array namespace of whoever runs it (`numpy`,
`torch`, `jax.numpy`, …), the parameters are what it is differentiated by, the data are not.
`derivative(*parameters, **data)` is what a patient person writes in NumPy for the same quantity, and what
every system is checked against.

What the namespaces do not share is asked of `xp` under one name, and each system answers in its own best way:
`xp.logsumexp(x, axis)`, `xp.softplus(x)`, `xp.repeat(step, count, x)` (a loop) and
`xp.tanh_equilibrium(weights, bias, tolerance)` (a solver with a rule of its own).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Kind = Literal["gradient", "hessian_vector", "jacobian_by_columns", "jacobian_by_rows"]
Arrays = tuple[np.ndarray, ...]
Data = dict[str, Any]


@dataclass(frozen=True)
class Workload:
    """One program, its derivative by hand, and where to evaluate it.

    `sample(random, **sizes)` draws `(parameters, data)`; `small` are the sizes that the tests use.
    """

    name: str
    kind: Kind
    function: Callable[..., Any]
    derivative: Callable[..., Arrays]
    sample: Callable[..., tuple[Arrays, Data]]
    sizes: Mapping[str, float]
    small: Mapping[str, float]
    bound_by_products: bool = field(default=False)
    """Whether matrix products take most of the time, so that no way of differentiating can be far ahead."""

    def problem(self, small: bool = False) -> tuple[Arrays, Data]:
        """Parameters and data, the same ones each time."""
        return self.sample(np.random.default_rng(20240229), **(self.small if small else self.sizes))


def numpy_logsumexp(x: Any, axis: int) -> Any:
    """log Σ exp(x) along an axis, without overflow, in NumPy's words."""
    largest = np.max(x, axis=axis, keepdims=True)
    return np.log(np.sum(np.exp(x - largest), axis=axis)) + np.squeeze(largest, axis=axis)


# --- A loop of scalars --------------------------------------------------------------------------------------


def scalar_loop(xp, x, *, steps):
    """One number through `steps` steps of four operations."""
    return xp.repeat(lambda x: xp.sin(x) * 1.01 + 0.1 * x, steps, x)


def scalar_loop_derivative(x, *, steps):
    slope = 1.0
    for _ in range(steps):
        slope *= np.cos(x) * 1.01 + 0.1
        x = np.sin(x) * 1.01 + 0.1 * x
    return (slope,)


def scalar_loop_sample(random, steps):
    return (np.float64(random.uniform(0.5, 1.0)),), {"steps": steps}


# --- Rosenbrock's valley ------------------------------------------------------------------------------------


def rosenbrock(xp, x):
    """Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)²."""
    return xp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def rosenbrock_derivative(x):
    rise = x[1:] - x[:-1] ** 2
    gradient = np.zeros_like(x)
    gradient[1:] = 200.0 * rise
    gradient[:-1] -= 400.0 * x[:-1] * rise + 2.0 * (1.0 - x[:-1])
    return (gradient,)


def rosenbrock_sample(random, n):
    return (random.uniform(-1.5, 1.5, n),), {}


def rosenbrock_hessian_vector(x, *, direction):
    head, tail = direction[:-1], direction[1:]
    product = np.zeros_like(x)
    product[:-1] = (1200.0 * x[:-1] ** 2 - 400.0 * x[1:] + 2.0) * head - 400.0 * x[:-1] * tail
    product[1:] += 200.0 * tail - 400.0 * x[:-1] * head
    return (product,)


def rosenbrock_hessian_vector_sample(random, n):
    return (random.uniform(-1.5, 1.5, n),), {"direction": random.standard_normal(n)}


# --- A network ----------------------------------------------------------------------------------------------


def network(xp, w1, b1, w2, b2, w3, b3, *, images, labels):
    """Mean cross-entropy of a network of two tanh layers."""
    hidden = xp.tanh(images @ w1 + b1)
    hidden = xp.tanh(hidden @ w2 + b2)
    scores = hidden @ w3 + b3
    return xp.mean(xp.logsumexp(scores, 1) - scores[xp.arange(len(images)), labels])


def network_derivative(w1, b1, w2, b2, w3, b3, *, images, labels):
    first = np.tanh(images @ w1 + b1)
    second = np.tanh(first @ w2 + b2)
    scores = second @ w3 + b3
    scores -= scores.max(1, keepdims=True)
    error = np.exp(scores)
    error /= error.sum(1, keepdims=True)
    error[np.arange(len(images)), labels] -= 1.0
    error /= len(images)
    second_error = (error @ w3.T) * (1.0 - second**2)
    first_error = (second_error @ w2.T) * (1.0 - first**2)
    return (
        images.T @ first_error,
        first_error.sum(0),
        first.T @ second_error,
        second_error.sum(0),
        second.T @ error,
        error.sum(0),
    )


def network_sample(random, batch, pixels, width, classes):
    shapes = [(pixels, width), (width, width), (width, classes)]
    parameters = []
    for rows, columns in shapes:
        parameters += [random.standard_normal((rows, columns)) / np.sqrt(rows), np.zeros(columns)]
    images = random.standard_normal((batch, pixels))
    return tuple(parameters), {"images": images, "labels": random.integers(0, classes, batch)}


# --- Logistic regression ------------------------------------------------------------------------------------


def logistic(xp, weights, *, rows, signs, penalty):
    """Mean logistic loss of signed labels, and a ridge penalty."""
    return xp.mean(xp.softplus(-signs * (rows @ weights))) + 0.5 * penalty * (weights @ weights)


def logistic_derivative(weights, *, rows, signs, penalty):
    wrong = 1.0 / (1.0 + np.exp(signs * (rows @ weights)))
    return ((-signs * wrong / len(signs)) @ rows + penalty * weights,)


def logistic_sample(random, examples, features):
    rows = random.standard_normal((examples, features))
    signs = np.where(rows @ random.standard_normal(features) + random.standard_normal(examples) > 0, 1.0, -1.0)
    return (0.1 * random.standard_normal(features),), {"rows": rows, "signs": signs, "penalty": 1e-3}


# --- A mixture of Gaussians ---------------------------------------------------------------------------------


def mixture(xp, weights, means, factors, *, points, entry, below, gamma, exponent):
    """Log-likelihood of a Gaussian mixture with Wishart prior, as in ADBench (Šrajer et al. 2018).

    Row k of `factors`, of length d + d(d−1)/2, is the inverse covariance's factor: the logarithm of its
    diagonal and what lies below. `entry` says where each of the d × d entries stands in that row, `below`
    masks the others out.
    """
    dimension = points.shape[1]
    logarithms = factors[:, :dimension]
    diagonal = xp.exp(logarithms)
    lower = factors[:, entry] * below
    centred = points - means[:, None, :]
    whitened = diagonal[:, None, :] * centred + centred @ xp.swapaxes(lower, 1, 2)
    volume = xp.sum(logarithms, 1)
    joint = (weights + volume)[:, None] - 0.5 * xp.sum(whitened**2, 2)
    likelihood = xp.sum(xp.logsumexp(joint, 0)) - len(points) * xp.logsumexp(weights, 0)
    size = xp.sum(diagonal**2) + xp.sum(factors[:, dimension:] ** 2)
    return likelihood + 0.5 * gamma**2 * size - exponent * xp.sum(volume)


def mixture_derivative(weights, means, factors, *, points, entry, below, gamma, exponent):
    count, dimension = points.shape
    diagonal = np.exp(factors[:, :dimension])
    lower = factors[:, entry] * below
    centred = points - means[:, None, :]
    whitened = diagonal[:, None, :] * centred + centred @ lower.swapaxes(1, 2)
    joint = (weights + factors[:, :dimension].sum(1))[:, None] - 0.5 * np.einsum("knd,knd->kn", whitened, whitened)
    share = np.exp(joint - joint.max(0))
    share /= share.sum(0)
    mass = share.sum(1)
    prior = np.exp(weights - weights.max())
    whitened *= -share[:, :, None]
    pull = whitened.sum(1)
    by_factors = np.empty_like(factors)
    by_factors[:, :dimension] = (mass - exponent)[:, None] + diagonal * (
        np.einsum("knd,knd->kd", whitened, centred) + gamma**2 * diagonal
    )
    by_lower = whitened.swapaxes(1, 2) @ centred
    row, column = np.nonzero(below)
    by_factors[:, entry[row, column]] = by_lower[:, row, column] + gamma**2 * lower[:, row, column]
    by_means = -diagonal * pull - (pull[:, None, :] @ lower)[:, 0]
    return mass - count * prior / prior.sum(), by_means, by_factors


def mixture_sample(random, dimension, components, count):
    row, column = np.tril_indices(dimension, -1)
    entry = np.zeros((dimension, dimension), int)
    entry[row, column] = dimension + np.arange(len(row))
    parameters = (
        random.standard_normal(components),
        random.standard_normal((components, dimension)),
        0.3 * random.standard_normal((components, dimension + len(row))),
    )
    below = np.tril(np.ones((dimension, dimension)), -1)
    points = random.standard_normal((count, dimension))
    return parameters, {"points": points, "entry": entry, "below": below, "gamma": 1.0, "exponent": 0.0}


# --- Jacobians, tall and wide -------------------------------------------------------------------------------


def oscillation(xp, x, *, times):
    """Amplitude, decay and frequency of a damped oscillation ↦ its values at many times."""
    return x[0] * xp.exp(-x[1] * times) * xp.cos(x[2] * times)


def oscillation_derivative(x, *, times):
    amplitude, decay, frequency = x
    envelope = np.exp(-decay * times)
    value = envelope * np.cos(frequency * times)
    by_frequency = -amplitude * times * envelope * np.sin(frequency * times)
    return (np.stack([value, -amplitude * times * value, by_frequency], axis=1),)


def oscillation_sample(random, count):
    return (random.uniform(0.5, 2.0, 3),), {"times": np.linspace(0.0, 3.0, count)}


def moments(xp, x):
    """Many values ↦ their mean and their second and third central moments."""
    mean = xp.mean(x)
    centred = x - mean
    squares = centred * centred
    return xp.stack([mean, xp.mean(squares), xp.mean(squares * centred)])


def moments_derivative(x):
    centred = x - x.mean()
    squares = centred**2
    ones = np.ones_like(x)
    return (np.stack([ones, 2.0 * centred, 3.0 * (squares - squares.mean())]) / len(x),)


def moments_sample(random, count):
    return (random.gamma(2.0, 1.0, count),), {}


# --- A fixed point, unrolled and implicit -------------------------------------------------------------------


def unrolled(xp, weights, bias, *, start, steps):
    """½‖x‖² after `steps` steps of x ← tanh(W x + b)."""
    x = xp.repeat(lambda x: xp.tanh(weights @ x + bias), steps, start)
    return 0.5 * (x @ x)


def unrolled_derivative(weights, bias, *, start, steps):
    states = np.empty((steps + 1, len(bias)))
    states[0] = start
    for k in range(steps):
        np.tanh(weights @ states[k] + bias, out=states[k + 1])
    slopes = 1.0 - states[1:] ** 2
    errors = np.empty((steps, len(bias)))
    errors[-1] = states[-1] * slopes[-1]
    transposed = np.ascontiguousarray(weights.T)
    for k in range(steps - 1, 0, -1):
        errors[k - 1] = (transposed @ errors[k]) * slopes[k - 1]
    return errors.T @ states[:-1], errors.sum(0)


def contraction(random, n):
    """Symmetric weights of spectral radius 0.95: about 200 steps to twelve digits."""
    weights = random.standard_normal((n, n))
    weights += weights.T
    return 0.95 * weights / np.linalg.norm(weights, 2)


def unrolled_sample(random, n, steps):
    parameters = (contraction(random, n), 0.1 * random.standard_normal(n))
    return parameters, {"start": np.zeros(n), "steps": steps}


def equilibrium(xp, weights, bias, *, tolerance):
    """½‖x‖² where x = tanh(W x + b)."""
    x = xp.tanh_equilibrium(weights, bias, tolerance)
    return 0.5 * (x @ x)


def equilibrium_derivative(weights, bias, *, tolerance):
    x = numpy_tanh_equilibrium(weights, bias, tolerance)
    error = tanh_equilibrium_adjoint(x, weights, x)
    return np.outer(error, x), error


def numpy_tanh_equilibrium(weights, bias, tolerance):
    """Iterate x ← tanh(W x + b) from zero, until a step is shorter than the tolerance, relative to x."""
    x = np.zeros_like(bias)
    while True:
        before, x = x, np.tanh(weights @ x + bias)
        step = x - before
        if step @ step <= tolerance**2 * max(1.0, x @ x):
            return x


def tanh_equilibrium_adjoint(x, weights, cotangent):
    """S (I − Wᵀ S)⁻¹ x̄, the cotangent of b, by elimination; S = diag(1 − x²) is the slope of tanh."""
    slope = 1.0 - x**2
    return slope * np.linalg.solve(np.eye(len(x)) - weights.T * slope, cotangent)


def equilibrium_sample(random, n, tolerance):
    return (contraction(random, n), 0.1 * random.standard_normal(n)), {"tolerance": tolerance}


WORKLOADS = {
    workload.name: workload
    for workload in [
        Workload(
            "scalar loop",
            "gradient",
            scalar_loop,
            scalar_loop_derivative,
            scalar_loop_sample,
            sizes={"steps": 1000},
            small={"steps": 7},
        ),
        Workload(
            "Rosenbrock",
            "gradient",
            rosenbrock,
            rosenbrock_derivative,
            rosenbrock_sample,
            sizes={"n": 100_000},
            small={"n": 9},
        ),
        Workload(
            "network",
            "gradient",
            network,
            network_derivative,
            network_sample,
            sizes={"batch": 128, "pixels": 784, "width": 256, "classes": 10},
            small={"batch": 5, "pixels": 7, "width": 4, "classes": 3},
            bound_by_products=True,
        ),
        Workload(
            "logistic regression",
            "gradient",
            logistic,
            logistic_derivative,
            logistic_sample,
            sizes={"examples": 10_000, "features": 100},
            small={"examples": 11, "features": 3},
            bound_by_products=True,
        ),
        Workload(
            "Gaussian mixture",
            "gradient",
            mixture,
            mixture_derivative,
            mixture_sample,
            sizes={"dimension": 10, "components": 25, "count": 1000},
            small={"dimension": 3, "components": 2, "count": 5},
        ),
        Workload(
            "Hessian times vector",
            "hessian_vector",
            lambda xp, x, *, direction: rosenbrock(xp, x),
            rosenbrock_hessian_vector,
            rosenbrock_hessian_vector_sample,
            sizes={"n": 100_000},
            small={"n": 9},
        ),
        Workload(
            "tall Jacobian",
            "jacobian_by_columns",
            oscillation,
            oscillation_derivative,
            oscillation_sample,
            sizes={"count": 300},
            small={"count": 6},
        ),
        Workload(
            "wide Jacobian",
            "jacobian_by_rows",
            moments,
            moments_derivative,
            moments_sample,
            sizes={"count": 300},
            small={"count": 6},
        ),
        Workload(
            "fixed point, unrolled",
            "gradient",
            unrolled,
            unrolled_derivative,
            unrolled_sample,
            sizes={"n": 64, "steps": 200},
            small={"n": 4, "steps": 6},
        ),
        Workload(
            "fixed point, implicit",
            "gradient",
            equilibrium,
            equilibrium_derivative,
            equilibrium_sample,
            sizes={"n": 64, "tolerance": 1e-12},
            small={"n": 4, "tolerance": 1e-13},
        ),
    ]
}
