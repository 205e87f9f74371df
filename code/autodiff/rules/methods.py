"""Methods of traced arrays that are not just NumPy's function of the same name."""

import numpy as np

from ..tracing import Traced, call
from .indexing import getitem
from .shapes import astype, reshape_c


def _shape(args):
    return args[0] if len(args) == 1 and not isinstance(args[0], int | np.integer) else args


def reshape(self, *shape, order="C", copy=None):
    shape = _shape(shape)
    shape = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    return reshape_c(self, shape) if order == "C" else call(np.reshape, (self, shape), {"order": order})


Traced.reshape = reshape
Traced.transpose = lambda self, *axes: call(np.transpose, (self, _shape(axes) if axes else None))
Traced.T = property(lambda self: call(np.transpose, (self,)))
Traced.mT = property(lambda self: call(np.swapaxes, (self, -1, -2)))
Traced.real = property(lambda self: call(np.real, (self,)))
Traced.imag = property(lambda self: call(np.imag, (self,)))
Traced.astype = lambda self, dtype, **kwargs: astype(self, np.dtype(dtype))
Traced.__getitem__ = lambda self, index: getitem(self, index)
