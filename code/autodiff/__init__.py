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

from . import finite, rules  # `rules` fills the tables that `tracing` reads
from .checks import check_grads
from .custom import custom_jvp, custom_vjp, primitive, stop_gradient
from .debugging import debug_nans
from .derivatives import gauss_newton_vp, grad, hessian, hvp, jacfwd, jacobian, jacrev, value_and_grad
from .errors import AutodiffError, EscapedTracerError, StaleGraphError
from .graph import Graph, placeholder, trace
from .modes import jvp, linearize, vjp

__all__ = [
    "AutodiffError",
    "EscapedTracerError",
    "Graph",
    "StaleGraphError",
    "check_grads",
    "custom_jvp",
    "custom_vjp",
    "debug_nans",
    "finite",
    "gauss_newton_vp",
    "grad",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "linearize",
    "placeholder",
    "primitive",
    "rules",
    "stop_gradient",
    "trace",
    "value_and_grad",
    "vjp",
]
