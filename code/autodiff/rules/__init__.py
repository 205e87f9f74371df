"""The rules: what every primitive's local Jacobian is, in tables.

    elementwise   ufuncs: one partial derivative per operand
    shapes        reshape, transpose, broadcast, concatenate, stack, pad, …
    indexing      slices, advanced indices, take, diagonals
    products      matmul, dot, tensordot, einsum, …
    reductions    sum, mean, max, var, cumsum, …
    statistics    sort, quantiles, averages, running products, …
    sequences     differences, convolutions, padding, grids, …
    polynomials   values, arithmetic, roots, fits
    spectral      eigenvalues, singular values and their vectors
    linalg        solve, inv, norm, det, Cholesky, QR, least squares, …
    fft           np.fft
    special       SciPy's ufuncs, logsumexp, softmax
    refusals      what has no derivative, what NumPy does not tell of

Importing this package fills `autodiff.tables`, which traces read.
"""

from . import (
    elementwise,
    fft,
    indexing,
    linalg,
    polynomials,
    products,
    reductions,
    refusals,
    sequences,
    shapes,
    special,
    spectral,
    statistics,
)

__all__ = [
    "elementwise",
    "fft",
    "indexing",
    "linalg",
    "polynomials",
    "products",
    "reductions",
    "refusals",
    "sequences",
    "shapes",
    "special",
    "spectral",
    "statistics",
]
