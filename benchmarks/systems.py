"""How each library differentiates: one `System` a library, made by one function that imports it.

Every system gets the program of a workload as it stands and takes the fastest of the ways that its
documentation offers; where several were tried, a comment says what lost. What prepares a derivative (leaves,
transformed functions, compilation) happens once, in `prepare`; what is timed is the call that it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

import autodiff as ad
from benchmarks.workloads import (
    Arrays,
    Data,
    Kind,
    Workload,
    numpy_logsumexp,
    numpy_tanh_equilibrium,
    tanh_equilibrium_adjoint,
)

Run = Callable[[], Any]


@dataclass(frozen=True)
class System:
    """A library that differentiates.

    `namespace` is the `xp` of its programs; `array` makes one of its arrays out of NumPy's. `prepare` has,
    for every kind of derivative, a function of the program (of its parameters and its data), the parameters
    and the data, which returns the call to time.
    """

    name: str
    namespace: SimpleNamespace
    array: Callable[[np.ndarray], Any]
    prepare: Mapping[Kind, Callable[[Callable[..., Any], tuple, Data], Run]]

    def derivative(self, workload: Workload, parameters: Arrays, data: Data) -> Run:
        """The call that computes the workload's derivative, by every parameter, as a tuple."""
        own_parameters = tuple(self.array(value) for value in parameters)
        own_data = {name: self.array(value) if isinstance(value, np.ndarray) else value for name, value in data.items()}

        def program(*values: Any, **data: Any) -> Any:
            return workload.function(self.namespace, *values, **data)

        return self.prepare[workload.kind](program, own_parameters, own_data)


def repeat(step: Callable[[Any], Any], count: int, x: Any) -> Any:
    """x, after `count` steps."""
    for _ in range(count):
        x = step(x)
    return x


def namespace(module: Any, **own: Any) -> SimpleNamespace:
    """A library's array functions, and its answers to what the libraries do not share."""
    return SimpleNamespace(**{**vars(module), "repeat": repeat, **own})


NUMPY = namespace(
    np,
    logsumexp=numpy_logsumexp,
    softplus=lambda x: np.log1p(np.exp(x)),
    tanh_equilibrium=numpy_tanh_equilibrium,
)


def plain(workload: Workload, parameters: Arrays, data: Data) -> Run:
    """The program itself, in plain NumPy: the unit in which costs are told."""
    return lambda: workload.function(NUMPY, *parameters, **data)


def by_hand(workload: Workload, parameters: Arrays, data: Data) -> Run:
    """The derivative by hand, in plain NumPy."""
    return lambda: workload.derivative(*parameters, **data)


def autodiff() -> System:
    """The companion module, define-by-run: the plain program in, its derivative out."""
    return _autodiff("autodiff", lambda derivative: derivative)


def autodiff_compiled() -> System:
    """The companion module, its derivatives compiled to NumPy source."""
    return _autodiff("compiled", ad.compile)


def _autodiff(name: str, finished: Callable[[Callable], Callable]) -> System:
    def prepare(transform):
        def prepared(program, parameters, data):
            derivative = finished(transform(program, tuple(range(len(parameters)))))
            return lambda: derivative(*parameters, **data)

        return prepared

    def hessian_vector(program, _):
        return lambda *xs, direction: ad.hvp(lambda *xs: program(*xs, direction=direction), xs, (direction,))

    def tanh_equilibrium(weights, bias, tolerance):
        # Newton's method takes four steps; the plain iteration, 300 of them, takes longer.
        step = lambda x, weights, bias: np.tanh(weights @ x + bias)
        return ad.fixed_point(step, np.zeros(len(bias)), weights, bias, tol=tolerance, solver="newton")

    return System(
        name,
        namespace(np, logsumexp=numpy_logsumexp, softplus=NUMPY.softplus, tanh_equilibrium=tanh_equilibrium),
        np.asarray,
        {
            "gradient": prepare(ad.grad),
            "hessian_vector": prepare(hessian_vector),
            "jacobian_by_columns": prepare(ad.jacfwd),
            "jacobian_by_rows": prepare(ad.jacrev),
        },
    )


def hips_autograd() -> System:
    """HIPS autograd, through its wrapped NumPy."""
    import autograd
    import autograd.numpy as anp
    from autograd.differential_operators import make_jvp
    from autograd.extend import defvjp, primitive

    @primitive
    def tanh_equilibrium(weights, bias, tolerance):
        return numpy_tanh_equilibrium(weights, bias, tolerance)

    defvjp(
        tanh_equilibrium,
        lambda x, weights, bias, tolerance: (
            lambda cotangent: np.outer(tanh_equilibrium_adjoint(x, weights, cotangent), x)
        ),
        lambda x, weights, bias, tolerance: lambda cotangent: tanh_equilibrium_adjoint(x, weights, cotangent),
    )

    def gradient(program, parameters, data):
        transformed = autograd.grad(program, argnum=tuple(range(len(parameters))))
        return lambda: transformed(*parameters, **data)

    def hessian_vector(program, parameters, data):
        # Reverse over reverse; make_jvp of grad, forward over reverse, takes a little longer.
        (x,), direction = parameters, data["direction"]
        transformed = autograd.hessian_vector_product(lambda x: program(x, direction=direction))
        return lambda: (transformed(x, direction),)

    def by_columns(program, parameters, data):
        (x,) = parameters
        transformed = make_jvp(lambda x: program(x, **data))

        def run():
            push = transformed(x)
            return (np.stack([push(unit)[1] for unit in np.eye(len(x))], axis=-1),)

        return run

    def by_rows(program, parameters, data):
        transformed = autograd.jacobian(program)
        return lambda: (transformed(*parameters, **data),)

    def logsumexp(x, axis):
        # autograd.scipy.special.logsumexp is one primitive, and takes longer.
        largest = anp.max(x, axis=axis, keepdims=True)
        return anp.log(anp.sum(anp.exp(x - largest), axis=axis)) + anp.squeeze(largest, axis=axis)

    return System(
        "autograd",
        namespace(
            anp,
            logsumexp=logsumexp,
            softplus=lambda x: anp.log1p(anp.exp(x)),
            tanh_equilibrium=tanh_equilibrium,
        ),
        np.asarray,
        {
            "gradient": gradient,
            "hessian_vector": hessian_vector,
            "jacobian_by_columns": by_columns,
            "jacobian_by_rows": by_rows,
        },
    )


def torch_eager() -> System:
    """PyTorch without its compiler."""
    import torch

    torch.set_num_threads(1)

    class TanhEquilibrium(torch.autograd.Function):
        @staticmethod
        def forward(ctx, weights, bias, tolerance):
            x = torch.zeros_like(bias)
            while True:
                before, x = x, torch.tanh(weights @ x + bias)
                step = x - before
                if step @ step <= tolerance**2 * max(1.0, x @ x):
                    break
            ctx.save_for_backward(weights, x)
            return x

        @staticmethod
        def backward(ctx, cotangent):
            weights, x = ctx.saved_tensors
            slope = 1.0 - x * x
            identity = torch.eye(len(x), dtype=x.dtype)
            error = slope * torch.linalg.solve(identity - weights.T * slope, cotangent)
            return torch.outer(error, x), error, None

    def leaves(parameters):
        return tuple(value.clone().requires_grad_() for value in parameters)

    def gradient(program, parameters, data):
        inputs = leaves(parameters)
        return lambda: torch.autograd.grad(program(*inputs, **data), inputs)

    def hessian_vector(program, parameters, data):
        # Reverse over reverse; torch.func.jvp of torch.func.grad takes longer.
        (x,), direction = leaves(parameters), data["direction"]

        def run():
            (slope,) = torch.autograd.grad(program(x, **data), x, create_graph=True)
            return torch.autograd.grad(slope, x, direction)

        return run

    def by_columns(program, parameters, data):
        # torch.func.jacfwd and one dual number a column take longer.
        (x,) = parameters
        jacobian = torch.autograd.functional.jacobian
        bound = lambda x: program(x, **data)
        return lambda: (jacobian(bound, x, strategy="forward-mode", vectorize=True),)

    def by_rows(program, parameters, data):
        # torch.func.jacrev, functional.jacobian and one backward pass a row take longer.
        (x,) = leaves(parameters)

        def run():
            value = program(x, **data)
            return torch.autograd.grad(value, x, torch.eye(len(value), dtype=x.dtype), is_grads_batched=True)

        return run

    return System(
        "torch",
        namespace(
            torch,
            softplus=lambda x: -torch.nn.functional.logsigmoid(-x),
            tanh_equilibrium=TanhEquilibrium.apply,
        ),
        lambda value: torch.tensor(value),
        {
            "gradient": gradient,
            "hessian_vector": hessian_vector,
            "jacobian_by_columns": by_columns,
            "jacobian_by_rows": by_rows,
        },
    )


def jax_compiled() -> System:
    """JAX under `jit`, loops as its own primitives."""
    return _jax("JAX, jit", compiled=True)


def jax_eager() -> System:
    """JAX operation by operation."""
    return _jax("JAX, eager", compiled=False)


def _jax(name: str, compiled: bool) -> System:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def moves(pair, tolerance):
        before, x = pair
        step = x - before
        return step @ step > tolerance**2 * jnp.maximum(1.0, x @ x)

    def iterate(weights, bias, tolerance):
        advance = lambda pair: (pair[1], jnp.tanh(weights @ pair[1] + bias))
        pair = advance((None, jnp.zeros_like(bias)))
        if compiled:
            return jax.lax.while_loop(partial(moves, tolerance=tolerance), advance, pair)[1]
        while moves(pair, tolerance):
            pair = advance(pair)
        return pair[1]

    @jax.custom_vjp
    def tanh_equilibrium(weights, bias, tolerance):
        return iterate(weights, bias, tolerance)

    def forward(weights, bias, tolerance):
        x = iterate(weights, bias, tolerance)
        return x, (x, weights)

    def backward(saved, cotangent):
        x, weights = saved
        slope = 1.0 - x * x
        error = slope * jnp.linalg.solve(jnp.eye(len(x)) - weights.T * slope, cotangent)
        return jnp.outer(error, x), error, None

    tanh_equilibrium.defvjp(forward, backward)

    def loop(step, count, x):
        return jax.lax.fori_loop(0, count, lambda _, x: step(x), x)

    def prepare(derivative):
        """Arrays are arguments of the compiled function, so that none is folded into it; counts are not."""

        def prepared(program, parameters, data):
            static = {name: value for name, value in data.items() if isinstance(value, int)}
            arrays = {name: value for name, value in data.items() if name not in static}
            run = lambda parameters, arrays: derivative(program, parameters, {**arrays, **static})
            transformed = jax.jit(run) if compiled else run
            return lambda: jax.block_until_ready(transformed(parameters, arrays))

        return prepared

    def gradient(program, parameters, data):
        return jax.grad(lambda parameters: program(*parameters, **data))(parameters)

    def hessian_vector(program, parameters, data):
        slope = jax.grad(lambda x: program(x, **data))
        return (jax.jvp(slope, parameters, (data["direction"],))[1],)

    def by_columns(program, parameters, data):
        return (jax.jacfwd(lambda x: program(x, **data))(*parameters),)

    def by_rows(program, parameters, data):
        return (jax.jacrev(lambda x: program(x, **data))(*parameters),)

    return System(
        name,
        namespace(
            jnp,
            logsumexp=jax.nn.logsumexp,
            softplus=jax.nn.softplus,
            tanh_equilibrium=tanh_equilibrium,
            **({"repeat": loop} if compiled else {}),
        ),
        jnp.asarray,
        {
            "gradient": prepare(gradient),
            "hessian_vector": prepare(hessian_vector),
            "jacobian_by_columns": prepare(by_columns),
            "jacobian_by_rows": prepare(by_rows),
        },
    )


SYSTEMS = {
    "autodiff": autodiff,
    "compiled": autodiff_compiled,
    "autograd": hips_autograd,
    "torch": torch_eager,
    "JAX, eager": jax_eager,
    "JAX, jit": jax_compiled,
}
"""Who takes part, in the order of the table's columns."""


def available() -> tuple[dict[str, System], dict[str, str]]:
    """The systems that are installed, and for each of the others what is missing."""
    systems, missing = {}, {}
    for name, make in SYSTEMS.items():
        try:
            systems[name] = make()
        except ImportError as error:
            missing[name] = error.name or str(error)
    return systems, missing
