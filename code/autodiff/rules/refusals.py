"""Refusals: what has no derivative, and what NumPy's protocols do not reach, each with its mend.

A function that NumPy tells traces of and that has no derivative is refused by name. Of others NumPy does not tell: they
ask a traced array for its numbers, which is an error, or take no arrays of numbers at all.
"""

import numpy as np

from ..tables import CONSTANT, REFUSED, REFUSED_METHODS, STATIC, TRANSPARENT, UNREACHABLE


def named(names):
    """Those of NumPy's names that this version has."""
    return [getattr(np, name) for name in names.split() if hasattr(np, name)]


# --- No derivative ------------------------------------------------------------------------------------------

REFUSED[np.linalg.matrix_rank] = (
    "it counts, and jumps where a singular value reaches 0. Call it on ad.stop_gradient(x)."
)
for _names, _why in {
    "copyto": (
        "it changes an array in place, also within np.full_like. Write np.broadcast_to(x, shape) for an array full of "
        "x, y = np.where(mask, v, x) for parts of it."
    ),
    "put place putmask fill_diagonal put_along_axis": (
        "it changes an array in place. Write y = np.where(mask, v, x), or join parts by np.concatenate or np.stack."
    ),
    "unique union1d intersect1d setdiff1d setxor1d trim_zeros unique_values unique_all unique_counts unique_inverse "
    "histogram histogram2d histogramdd histogram_bin_edges": (
        "the size or the counts of its result jump where entries meet. Sort by np.sort, choose by x[mask], or call it "
        "on ad.stop_gradient(x)."
    ),
    "ix_": "it is of indices. Write np.meshgrid(x, y, indexing='ij', sparse=True).",
    "save savez savez_compressed savetxt": "a file keeps no derivative. Save ad.stop_gradient(x).",
}.items():
    REFUSED.update(dict.fromkeys(named(_names), _why))

REFUSED_METHODS["at"] = (
    "it changes an array in place. Write y = x + np.bincount(i, v, len(x)) for np.add.at(x, i, v), or use np.where."
)

# Derivative zero, or none: they run on the values.
STATIC.update(named("diag_indices_from tril_indices_from triu_indices_from einsum_path iterable"))
CONSTANT.update(STATIC)
CONSTANT.update(named(
    "isin array_equiv ravel_multi_index unravel_index gcd lcm left_shift right_shift bitwise_count packbits "
    "unpackbits isnat array2string array_repr array_str",
))  # fmt: skip

# --- Out of reach -------------------------------------------------------------------------------------------

TRANSPARENT.update({np.fft.fftfreq, np.fft.rfftfreq, *named("fromfunction row_stack")})

NO_ARRAYS = (
    "It takes no array of numbers, so there is nothing to differentiate; ad.stop_gradient(x) gives plain values."
)

for _names, _mend in {
    "array asarray asanyarray asarray_chkfinite ascontiguousarray asfortranarray asmatrix bmat matrix require": (
        "Write np.stack([x, y]) or np.concatenate for an array of traced values; a traced array is one already."
    ),
    "r_ c_": "Write np.concatenate or np.column_stack.",
    "full": "Write np.broadcast_to(x, shape).",
    "isscalar": "It is False of a traced number. Write np.ndim(x) == 0.",
    "arange mgrid ogrid": "Write start + step * np.arange(n), or np.linspace(start, stop, n).",
    "kaiser": "Write np.i0(beta * np.sqrt(1 - t**2)) / np.i0(beta), where t = np.linspace(-1, 1, M).",
    "vectorize frompyfunc fromiter ndenumerate nditer nested_iters flatiter broadcast": (
        "Write f in functions of arrays, or np.stack([f(v) for v in x])."
    ),
    "poly1d": "Write np.polyval(p, x), np.polymul, np.polyder, … of the coefficients.",
    "from_dlpack frombuffer isfortran": "A traced array has no memory of its own. Use it as it is.",
    "ndarray memmap recarray record": "Write np.zeros_like(x), or np.stack and np.concatenate.",
    "bartlett blackman hamming hanning broadcast_shapes zeros ones empty eye identity tri indices diag_indices "
    "tril_indices triu_indices mask_indices ndindex s_ index_exp": (
        "Sizes and indices are whole numbers, without derivative. Take them from x.shape, or from ad.stop_gradient(x)."
    ),
    "base_repr binary_repr format_float_positional format_float_scientific datetime_data fromfile fromregex fromstring "
    "genfromtxt load loadtxt get_include get_printoptions set_printoptions printoptions getbufsize setbufsize geterr "
    "seterr geterrcall seterrcall errstate info isdtype issubdtype mintypecode promote_types show_config show_runtime "
    "test is_busday busday_count busday_offset busdaycalendar datetime_as_string typename dtype finfo iinfo ufunc": (
        NO_ARRAYS
    ),
}.items():
    UNREACHABLE.update(dict.fromkeys(named(_names), _mend))
UNREACHABLE.update(dict.fromkeys([np.linalg.LinAlgError, *(m.test for m in (np.linalg, np.fft))], NO_ARRAYS))
UNREACHABLE.update(dict.fromkeys(
    (kind for kind in vars(np).values() if isinstance(kind, type) and issubclass(kind, np.generic)),
    "Write x.astype(np.float32), or whatever type it is.",
))  # fmt: skip
