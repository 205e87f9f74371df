"""Traced arrays: what a program sees in place of its inputs while a transform watches.

A `Traced` array is an ndarray that cannot be changed in place. NumPy hands every function of one back to it
(`__array_ufunc__`, `__array_function__`), and it asks the innermost trace among the arguments to run it. Its
operators and methods are the NumPy functions of the same meaning.

What these protocols do not reach, and what happens instead:

    np.array([x, y]), np.asarray(x), np.full(n, x)   error: np.stack, np.concatenate, np.broadcast_to(x, n)
    a[0] = x, a += x for a plain array a             error: np.stack, np.where, a = a + x
    math.sin(x), float(x), int(x), x.item()          error: np.sin, or ad.stop_gradient
    np.fromiter, np.vectorize, np.frompyfunc         error (they convert to Python numbers): np.stack of a list
    plain.dot(x), plain.sum(where=x)                 error: np.dot(plain, x), plain @ x
    isinstance(x, np.ndarray), np.isscalar(x)        false: np.ndim(x) == 0, np.shape(x) say what it is
    a[:] = v where y = x * a came before it          nothing: the tape holds `a` itself. Write x * a.copy()
    most of SciPy's functions                        error: its ufuncs work; declare others by ad.custom_vjp
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import AutodiffAttributeError, AutodiffTypeError, AutodiffValueError
from .tables import OUT, REFUSED

if TYPE_CHECKING:
    from .tracing import Trace


NO_TRUTH = (
    "an array of several entries is neither true nor false, so `if` and `while` cannot branch on it. Use "
    "np.where(condition, a, b) to choose entry by entry, or (x > 0).any(), (x > 0).all() for one answer."
)

# --- Finding the trace --------------------------------------------------------------------------------------


def call(function: Callable, args: tuple, kwargs: dict | None = None) -> Any:
    """`function(*args, **kwargs)`, run by the innermost trace among its arguments."""
    kwargs = kwargs or {}
    at = OUT.get(function)
    if at is not None and len(args) > at and args[at] is not None:
        refuse_out({"out": args[at]})
    trace = innermost(args) or innermost(tuple(kwargs.values()))
    return function(*args, **kwargs) if trace is None else trace.bind(function, args, kwargs)


def innermost(args: Sequence) -> Any:
    """The youngest trace among traced values in `args`, also inside lists and tuples; None if there is none."""
    found: Any = None
    for x in args:
        kind = type(x)
        if kind is Traced:
            trace = x.owner
        elif kind is list or kind is tuple:
            trace = innermost(x)
            if trace is None:
                continue
        else:
            continue
        if found is None or (trace is not found and trace.number > found.number):
            found = trace
    return found


def refuse_out(kwargs: dict) -> dict:
    """The keyword arguments without `out`, which must not be given."""
    if "out" in kwargs:
        kwargs = dict(kwargs)
        out = kwargs.pop("out")
        if any(o is not None for o in (out if isinstance(out, tuple) else (out,))):
            raise AutodiffTypeError(
                "out= (or an in-place operator such as a += x on a plain array, also within NumPy) cannot hold a "
                "traced result. "
                "Write y = f(x), or a = a + x, and use the new array."
            )
    return kwargs


def dispatched(function: Callable) -> Callable:
    """A function of our own that traces see as a primitive, as they see NumPy's functions."""

    def primitive(*args: Any, **kwargs: Any) -> Any:
        trace = innermost(args) or (innermost(tuple(kwargs.values())) if kwargs else None)
        return function(*args, **kwargs) if trace is None else trace.bind(primitive, args, kwargs)

    primitive.__name__ = primitive.__qualname__ = function.__name__
    primitive.__doc__, primitive.__module__ = function.__doc__, function.__module__
    primitive.__wrapped__ = function  # type: ignore[attr-defined]  # the code, for `to_jax` and compiled source
    return primitive


def as_array(x: Any) -> Any:
    """`x` itself if it is an array, traced or not; a Python number or list as NumPy's."""
    return x if isinstance(x, Traced | np.ndarray | np.generic) else np.asarray(x)[()]


def is_traced(x: Any) -> bool:
    return type(x) is Traced


def untraced(x: Any) -> Any:
    """The plain value at the bottom of a traced one."""
    while type(x) is Traced:
        x = x.value
    return x


def name_of(function: Any) -> str:
    """How a user calls this function: `np.linalg.solve`, `np.add.reduce`, `scipy.special.erf`."""
    if isinstance(function, tuple):
        return f"{name_of(function[0])}.{function[1]}"
    name = getattr(function, "__name__", repr(function))
    if isinstance(function, np.ufunc):  # which does not say where it is from
        homes = {"np.": np, "scipy.special.": sys.modules.get("scipy.special")}
        return next((home + name for home, module in homes.items() if getattr(module, name, None) is function), name)
    module = getattr(function, "__module__", None) or ""
    return f"{module.replace('numpy', 'np', 1)}.{name}" if module.startswith("numpy") else name


# --- What NumPy spells as methods and brackets --------------------------------------------------------------


@dispatched
def getitem(x: Any, index: Any) -> Any:
    """`x[index]`."""
    return x[index]


@dispatched
def reshape(x: Any, shape: tuple[int, ...]) -> Any:
    """`x.reshape(shape)`, row by row."""
    return x.reshape(shape)


@dispatched
def astype(x: Any, dtype: np.dtype) -> Any:
    """`x.astype(dtype)`; to an integer dtype the derivative is zero."""
    return x.astype(dtype)


def _operator(ufunc: np.ufunc) -> tuple[Callable, Callable]:
    """The methods behind `x + y` and, for a plain x, behind `x + y` from the right."""

    def method(self: "Traced", other: Any) -> Any:
        trace = self.owner
        if type(other) is Traced:
            if other.owner is not trace and other.owner.number > trace.number:
                trace = other.owner
        elif other is None or type(other) is str:
            return NotImplemented
        elif type(other) is list:
            other = np.asarray(other)
        return trace.elementwise(ufunc, (self, other))

    def reflected(self: "Traced", other: Any) -> Any:
        if type(other) is list:
            other = np.asarray(other)
        return self.owner.elementwise(ufunc, (other, self))

    return method, reflected


def _in_place(symbol: str, method: Callable) -> Callable:
    def refuse_or_rebind(self: "Traced", other: Any) -> Any:
        if self.ndim:
            raise AutodiffTypeError(
                f"x {symbol}= v would change a traced array in place, and with it every other name for it. "
                f"Write x = x {symbol} v."
            )
        return method(self, other)

    return refuse_or_rebind


def _method(function: Callable) -> Any:
    """A NumPy function as a method."""

    def method(self: "Traced", *args: Any, **kwargs: Any) -> Any:
        return call(function, (self, *args), refuse_out(kwargs))

    return method


def _numbers(args: tuple) -> tuple[int, ...]:
    """Sizes or axes given one by one or as a sequence."""
    if len(args) == 1 and not isinstance(args[0], int | np.integer):
        return tuple(args[0])
    return args


POWERS = {2: np.square, 0.5: np.sqrt, -1: np.reciprocal, 1: np.positive}  # as ndarray.__pow__ does


# --- Traced arrays ------------------------------------------------------------------------------------------


class Traced:
    """An array on its way through a differentiated program.

    `value` is what NumPy computed (itself traced, if an outer trace watches), `owner` the trace it belongs to,
    `payload` what that trace keeps of it.
    """

    __slots__ = ("owner", "payload", "value")
    __hash__ = None  # type: ignore[assignment]  # as an ndarray's: == compares entries

    def __init__(self, value: Any, owner: "Trace", payload: Any):
        self.value, self.owner, self.payload = value, owner, payload

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if len(inputs) == 1 and method == "__call__" and not kwargs:
            return self.owner.elementwise(ufunc, inputs)
        trace = innermost(inputs)
        inputs = tuple(np.asarray(x) if type(x) is list else x for x in inputs)
        if method == "__call__" and not kwargs:
            return trace.elementwise(ufunc, inputs)
        kwargs = refuse_out(kwargs)
        trace = trace or innermost(tuple(kwargs.values()))
        return trace.bind(ufunc if method == "__call__" else (ufunc, method), inputs, kwargs)

    def __array_function__(self, function: Callable, types: Any, args: tuple, kwargs: dict) -> Any:
        return call(function, args, refuse_out(kwargs))

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise AutodiffTypeError(self.owner.NO_ARRAY)

    def __getattr__(self, name: str) -> Any:
        if not hasattr(np.ndarray, name):
            raise AttributeError(f"a traced array has no attribute {name!r}")
        mend = f"np.{name} gives a new array." if hasattr(np, name) else "ad.stop_gradient(x) gives the plain array."
        why = f"it works in place, or on memory that a traced array does not own. {mend}"
        raise AutodiffAttributeError(f"a traced array has no {name!r}: {REFUSED.get(getattr(np, name, type), why)}")

    # --- what needs no derivative

    shape = property(lambda self: self.value.shape)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)
    dtype = property(lambda self: self.value.dtype)
    nbytes = property(lambda self: self.value.nbytes)

    def __len__(self) -> int:
        return len(self.value)

    def __bool__(self) -> bool:
        if self.size != 1:
            raise AutodiffValueError(NO_TRUTH)
        return self.owner.truth(self)

    def __repr__(self) -> str:
        return f"Traced({self.owner.text(self, repr)})"

    def __str__(self) -> str:
        return self.owner.text(self, str)

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if spec else str(self)

    def __float__(self, *_: Any) -> Any:
        raise AutodiffTypeError(self.owner.NO_NUMBER)

    __int__ = __complex__ = __index__ = item = tolist = __float__

    def __setitem__(self, index: Any, value: Any) -> None:
        raise AutodiffTypeError(
            "a traced array cannot be changed in place (x[i] = v): earlier results may depend on the old entries. "
            "Build the new array with np.where(mask, v, x), np.concatenate or np.stack."
        )

    def __copy__(self, *_: Any) -> "Traced":
        return self  # it cannot be changed; and a copy of its trace would be another trace

    __deepcopy__ = __copy__

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise AutodiffTypeError(
            "a traced array cannot be pickled, nor sent to another process: its trace would stay behind. Compute its "
            "value there and declare the derivative by ad.custom_vjp, or send ad.stop_gradient(x)."
        )

    def __iter__(self) -> Iterator:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self.value)))

    # --- operators

    __add__, __radd__ = _operator(np.add)
    __sub__, __rsub__ = _operator(np.subtract)
    __mul__, __rmul__ = _operator(np.multiply)
    __truediv__, __rtruediv__ = _operator(np.divide)
    __floordiv__, __rfloordiv__ = _operator(np.floor_divide)
    __mod__, __rmod__ = _operator(np.remainder)
    __matmul__, __rmatmul__ = _operator(np.matmul)
    _power, __rpow__ = _operator(np.power)
    __lt__, __gt__ = _operator(np.less)
    __le__, __ge__ = _operator(np.less_equal)
    __eq__ = _operator(np.equal)[0]
    __ne__ = _operator(np.not_equal)[0]

    def __pow__(self, exponent: Any) -> Any:
        if type(exponent) in (int, float) and exponent in POWERS:
            return self.owner.elementwise(POWERS[exponent], (self,))
        return self._power(exponent)

    def __neg__(self) -> Any:
        return self.owner.elementwise(np.negative, (self,))

    def __pos__(self) -> Any:
        return self.owner.elementwise(np.positive, (self,))

    __and__, __rand__ = _operator(np.bitwise_and)
    __or__, __ror__ = _operator(np.bitwise_or)
    __xor__, __rxor__ = _operator(np.bitwise_xor)

    def __invert__(self) -> Any:
        return self.owner.elementwise(np.invert, (self,))

    def __abs__(self) -> Any:
        return self.owner.elementwise(np.absolute, (self,))

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __round__(self, digits: int = 0) -> Any:
        return np.round(self, digits)

    __iadd__ = _in_place("+", __add__)
    __isub__ = _in_place("-", __sub__)
    __imul__ = _in_place("*", __mul__)
    __itruediv__ = _in_place("/", __truediv__)
    __ifloordiv__ = _in_place("//", __floordiv__)
    __imod__ = _in_place("%", __mod__)
    __ipow__ = _in_place("**", __pow__)
    __imatmul__ = _in_place("@", __matmul__)

    # --- methods

    def __getitem__(self, index: Any) -> Any:
        if type(index) is int or type(index) is slice:
            return self.owner.bind(getitem, (self, index), {})
        return getitem(self, index)

    def reshape(self, *shape: Any, order: str = "C", copy: Any = None) -> Any:
        return call(np.reshape, (self, _numbers(shape)), {"order": order} if order != "C" else {})

    def transpose(self, *axes: Any) -> Any:
        return call(np.transpose, (self, None if axes in ((), (None,)) else _numbers(axes)))

    def compress(self, condition: Any, axis: int | None = None) -> Any:
        return call(np.compress, (condition, self, axis))

    def astype(self, dtype: Any, **_: Any) -> Any:
        return astype(self, np.dtype(dtype))

    T = property(lambda self: call(np.transpose, (self,)))
    mT = property(lambda self: call(np.swapaxes, (self, -1, -2)))
    real = property(lambda self: call(np.real, (self,)))
    imag = property(lambda self: call(np.imag, (self,)))

    all = _method(np.all)
    any = _method(np.any)
    argmax = _method(np.argmax)
    argmin = _method(np.argmin)
    argpartition = _method(np.argpartition)
    argsort = _method(np.argsort)
    choose = _method(np.choose)
    clip = _method(np.clip)
    conj = conjugate = _method(np.conjugate)
    copy = _method(np.copy)
    cumprod = _method(np.cumprod)
    cumsum = _method(np.cumsum)
    diagonal = _method(np.diagonal)
    dot = _method(np.dot)
    max = _method(np.max)
    mean = _method(np.mean)
    min = _method(np.min)
    nonzero = _method(np.nonzero)
    prod = _method(np.prod)
    ravel = flatten = _method(np.ravel)
    repeat = _method(np.repeat)
    round = _method(np.round)
    searchsorted = _method(np.searchsorted)
    squeeze = _method(np.squeeze)
    std = _method(np.std)
    sum = _method(np.sum)
    swapaxes = _method(np.swapaxes)
    take = _method(np.take)
    trace = _method(np.trace)
    var = _method(np.var)
