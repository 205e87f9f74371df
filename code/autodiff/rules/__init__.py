"""The rules: what every primitive's local Jacobian is, in tables.

    elementwise   ufuncs: one partial derivative per operand
    shapes        reshape, transpose, broadcast, concatenate, stack, pad, …
    indexing      slices, advanced indices, take, diagonals
    products      matmul, dot, tensordot, einsum, …
    reductions    sum, mean, max, var, cumsum, …
    linalg        solve, inv, norm, …

Importing this package fills the tables of `autodiff.tracing`.
"""

from . import elementwise, indexing, linalg, products, reductions, shapes

__all__ = ["elementwise", "indexing", "linalg", "products", "reductions", "shapes"]
