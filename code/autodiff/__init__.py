"""Automatic differentiation of NumPy programs, in every mode, from one rule per primitive.

A program is a composition of primitives, each with a local Jacobian; forward mode multiplies from the right,
reverse mode from the left. `autodiff` says exactly that: each primitive declares its local Jacobian once, as a
linear operator (`autodiff.rules`), and everything else is derived.

>>> import numpy as np, autodiff as ad
>>> def f(x):
...     return np.sum(np.sin(x) ** 2)
>>> ad.grad(f)(np.array([0.0, np.pi / 4]))
array([0., 1.])
"""

import importlib
from typing import Any

from . import finite, rules  # `rules` fills the tables that `tracing` reads
from .checks import check_grads
from .custom import custom_jvp, custom_vjp, primitive, stop_gradient
from .debugging import debug_nans
from .derivatives import gauss_newton_vp, grad, hessian, hvp, jacfwd, jacobian, jacrev, value_and_grad
from .errors import AutodiffError, ConvergenceError, EscapedTracerError, StaleGraphError
from .modes import jvp, linearize, vjp
from .rules.special import logsumexp, softmax

__all__ = [
    "AutodiffError",
    "ConvergenceError",
    "EscapedTracerError",
    "Graph",
    "StaleGraphError",
    "accumulation",
    "check_grads",
    "checkpoint",
    "checkpointed_loop",
    "checkpointing",
    "colouring",
    "compile",
    "cond",
    "custom_jvp",
    "custom_vjp",
    "debug_nans",
    "elimination",
    "finite",
    "fixed_point",
    "formulas",
    "from_sympy",
    "gauss_newton_vp",
    "grad",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "linearize",
    "logsumexp",
    "minimize",
    "placeholder",
    "primitive",
    "root",
    "rules",
    "softmax",
    "sparse_hessian",
    "sparse_jacobian",
    "sparsity",
    "stop_gradient",
    "symbolic",
    "trace",
    "value_and_grad",
    "vjp",
    "while_loop",
]

# Rooms that many programs never enter, and functions of theirs: imported when they are first asked for.
LATER = {
    "Graph": "graph",
    "accumulation": "accumulation",
    "checkpoint": "checkpointing",
    "checkpointed_loop": "checkpointing",
    "checkpointing": "checkpointing",
    "colouring": "colouring",
    "compile": "compiler",
    "cond": "control",
    "elimination": "elimination",
    "fixed_point": "implicit",
    "formulas": "formulas",
    "from_sympy": "to_sympy",
    "minimize": "implicit",
    "placeholder": "recording",
    "root": "implicit",
    "sparse_hessian": "sparsity",
    "sparse_jacobian": "sparsity",
    "sparsity": "sparsity",
    "symbolic": "symbolic",
    "trace": "graph",
    "while_loop": "control",
}


def __getattr__(name: str) -> Any:
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room = importlib.import_module(f".{LATER[name]}", __name__)
    return room if name == LATER[name] else getattr(room, name)


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
