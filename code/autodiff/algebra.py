"""Algebra: expressions of numbers, shared and simplified as they are built.

An `Expression` is a symbol, a number, or a function of expressions. It speaks NumPy's protocols, so that a program runs
on symbols, and what it returns is its formula. Two expressions that are equal as written are one object: every
expression is a graph without repetition. Nothing recurses along it, so depth has no limit.

Simplification: neutral elements, signs, numbers, equal terms of one sum, equal factors of one product. Both sides of
every simplification are equal wherever both are finite.
"""

import functools
import itertools
import math
import operator
import weakref
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .arrays import name_of
from .errors import AutodiffTypeError, MissingRuleError
from .tables import CONSTANT, PARTIALS, learned
from .tracing import expansion

# --- Expressions --------------------------------------------------------------------------------------------


def _operator(ufunc: np.ufunc) -> tuple[Callable, Callable]:
    return lambda self, other: simplified(ufunc, self, other), lambda self, other: simplified(ufunc, other, self)


PREDICATES = {np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.logical_not}
PREDICATES |= {np.logical_and, np.logical_or}


class Expression:
    """A symbol, a number, or a function of expressions; made by `symbol` and NumPy's functions.

    `function` is NumPy's, `operands` are expressions; a symbol has a `name` and a number a `value` instead. It is
    immutable, and equal expressions are one object: compare by `is`, for `==` is one more expression.

    >>> from autodiff import symbolic
    >>> x = symbolic.symbol("x")
    >>> np.sin(x) * x + x * np.sin(x)
    2*x*sin(x)
    """

    __slots__ = ("__weakref__", "function", "name", "operands", "place", "tree_size", "value")

    # What the partial derivatives ask of an array.
    dtype, shape, ndim, size = np.dtype(float), (), 0, 1
    __hash__ = object.__hash__

    def __init__(self, function: Any = None, operands: tuple = (), name: str = "", value: Any = None):
        self.function, self.operands, self.name, self.value = function, operands, name, value
        self.tree_size: int = 1 + sum([x.tree_size for x in operands])
        word = name or getattr(function, "__name__", "")
        below = zlib.crc32(repr([x.place[2:] for x in operands]).encode())
        # Where it stands among the factors of a product: what is true or false first, tangents and cotangents last.
        varied = any(x.place[0] > 0 for x in operands) if operands else name.endswith(("_dot", "_bar"))
        self.place = (-1 if function in PREDICATES else int(varied), self.tree_size, word, below)

    __add__, __radd__ = _operator(np.add)
    __sub__, __rsub__ = _operator(np.subtract)
    __mul__, __rmul__ = _operator(np.multiply)
    __truediv__, __rtruediv__ = _operator(np.divide)
    __floordiv__, __rfloordiv__ = _operator(np.floor_divide)
    __mod__, __rmod__ = _operator(np.remainder)
    __pow__, __rpow__ = _operator(np.power)
    __and__, __rand__ = _operator(np.logical_and)
    __or__, __ror__ = _operator(np.logical_or)
    __lt__ = _operator(np.less)[0]
    __le__ = _operator(np.less_equal)[0]
    __gt__ = _operator(np.greater)[0]
    __ge__ = _operator(np.greater_equal)[0]
    __eq__ = _operator(np.equal)[0]
    __ne__ = _operator(np.not_equal)[0]
    __neg__ = lambda self: simplified(np.negative, self)
    __pos__ = lambda self: self
    __abs__ = lambda self: simplified(np.absolute, self)
    __invert__ = lambda self: simplified(np.logical_not, self)
    real = property(lambda self: self)

    def __bool__(self) -> bool:
        raise AutodiffTypeError(
            f"a symbol has no value, so `if` and `while` cannot branch on {self}, and a loop until it holds has no "
            "closed form. Keep both sides with np.where, or loop a fixed number of times."
        )

    def __float__(self) -> float:
        raise AutodiffTypeError(f"float({self}): a symbol has no value. Use NumPy's functions: np.sin, not math.sin.")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs or ufunc.signature is not None:
            raise AutodiffTypeError(f"{ufunc.__name__} of symbols takes numbers, without keywords or methods")
        return elementwise(ufunc, inputs)

    def __array_function__(self, function: Callable, types: Any, args: tuple, kwargs: dict) -> Any:
        if function is np.where and not kwargs:
            return elementwise(np.where, args)
        definition = expansion(function)
        if definition is None:
            raise MissingRuleError(f"{name_of(function)} of symbols: expressions have functions of numbers only")
        return definition(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        """NumPy's functions as methods: so it calls them for the entries of an array of expressions."""
        function = getattr(np, name, None)
        if callable(function) and (function in PARTIALS or function in CONSTANT):
            return functools.partial(simplified, function, self)
        raise AttributeError(f"an expression has no attribute {name!r}")

    def __reduce__(self) -> tuple:
        """Copied or unpickled, it is the one expression again."""
        if self.name:
            return symbol, (self.name,)
        return (node, (self.function, *self.operands)) if self.operands else (number, (self.value,))

    def __repr__(self) -> str:
        from .notation import text

        if self.tree_size > 1000:
            return f"<an expression of {self.tree_size} nodes, {len(ordered(self))} of them distinct>"
        return text(self)

    def _repr_latex_(self) -> str:
        from .notation import latex

        return f"$\\displaystyle {latex(self)}$"


def elementwise(function: Any, args: Iterable) -> Any:
    """A function of numbers, entry by entry of arrays of expressions."""
    boxed = [np.asarray(x, object) for x in args]
    return np.frompyfunc(functools.partial(simplified, function), len(boxed), 1)(*boxed)


# The expressions that there are, by what they are made of: equal ones are one.
_known: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


def symbol(name: str, shape: int | tuple[int, ...] = ()) -> Any:
    """A variable of expressions; the same name is the same variable.

    shape : an integer or a tuple; with a shape, an array (dtype object) of the variables name_0, name_1, ….

    >>> from autodiff import symbolic
    >>> np.sum(symbolic.symbol("x", 3) ** 2)
    x_0**2 + x_1**2 + x_2**2
    """
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if not shape:
        return _known.setdefault(name, Expression(name=name))
    array = np.empty(shape, object)
    for index in np.ndindex(shape):
        array[index] = symbol("_".join([name, *map(str, index)]))
    return array


def number(value: Any) -> Expression:
    """A number as an expression."""
    value = value.item() if isinstance(value, np.ndarray | np.generic) else value
    if not isinstance(value, bool | int | float):
        raise AutodiffTypeError(f"an expression is made of real numbers and symbols, not of {type(value).__name__}")
    if not isinstance(value, bool):
        exact = abs(value) < 2**53  # whole numbers are `int` as long as float64 has them all
        value = int(value) if exact and value == int(value) else float(value)
    return _known.setdefault((type(value), repr(value)), Expression(value=value))


def expression_of(x: Any) -> Expression:
    """`x` itself, or a number as an expression."""
    return x if type(x) is Expression else number(x)


def node(function: Any, *operands: Expression) -> Expression:
    """The expression of this function and operands, not simplified."""
    key = (function, *[id(x) for x in operands])
    found = _known.get(key)
    if found is None:
        found = _known[key] = Expression(function, operands)
    return found


def is_known(function: Any) -> bool:
    """Whether an expression may hold a function: of real numbers, with derivatives or constant between jumps."""
    of_reals = any(types.startswith("d") for types in getattr(function, "types", ()))  # not np.gcd
    return function in PARTIALS or function in SIMPLIFIED or (of_reals and function in CONSTANT) or learned(function)


def simplified(function: Any, *args: Any) -> Expression:
    """A function of numbers and expressions, simplified."""
    operands = [expression_of(x) for x in args]
    if not is_known(function):
        definition = expansion(function)
        if definition is None:
            raise MissingRuleError(f"{name_of(function)} is no function of real numbers that the tables of rules know")
        return expression_of(definition(*operands))
    values = [x.value for x in operands]
    if all(v is not None for v in values):
        known = _computed(function, values)
        if known is not None:
            return number(known)
    return SIMPLIFIED[function](*operands) if function in SIMPLIFIED else node(function, *operands)


# --- Simplification -----------------------------------------------------------------------------------------

COMPUTED: dict[Any, Callable] = {
    np.add: operator.add, np.subtract: operator.sub, np.multiply: operator.mul, np.negative: operator.neg,
    np.less: operator.lt, np.less_equal: operator.le, np.greater: operator.gt, np.greater_equal: operator.ge,
    np.equal: operator.eq, np.not_equal: operator.ne, np.logical_not: operator.not_, np.isnan: math.isnan,
    np.logical_and: np.logical_and, np.logical_or: np.logical_or, np.maximum: np.maximum, np.minimum: np.minimum,
}  # fmt: skip
"""Functions that are computed where all operands are numbers; others stay as they are written: log 2, 1/3."""


def _computed(function: Any, values: Sequence) -> Any:
    """The value of a function of numbers if it is worth knowing, else None."""
    if function in COMPUTED:
        return COMPUTED[function](*values)
    if function is np.power:
        if not all(isinstance(x, int) for x in values) or values[1] < 0:
            return None
        return values[0] ** values[1] if values[1] < 64 else float(np.power(float(values[0]), values[1]))
    if function is np.divide and values[1]:
        quotient = values[0] / values[1]
        return quotient if isinstance(values[0] + values[1], float) or quotient.is_integer() else None
    if len(values) == 1 and values[0] in (0, 1):  # exp 0, log 1, …
        with np.errstate(all="ignore"):
            y = float(function(float(values[0])))
        return y if y.is_integer() else None
    return None


def _split(x: Expression) -> tuple[Any, Expression]:
    """(c, r) with x = c r and a number c."""
    if x.value is not None:
        return x.value, ONE
    if x.function is np.negative:
        c, rest = _split(x.operands[0])
        return -c, rest
    if x.function is np.multiply and x.operands[0].value is not None:
        return x.operands[0].value, x.operands[1]
    return 1, x


def _scaled(c: Any, x: Expression) -> Expression:
    """c x, for x without a number in front."""
    if c == 0 or x is ONE:
        return number(c)
    if x.function is np.divide and (abs(c) != 1):
        return _divide(_scaled(c, x.operands[0]), x.operands[1])
    if x.function is np.subtract and c == -1:
        return node(np.subtract, *reversed(x.operands))
    return x if c == 1 else node(np.negative, x) if c == -1 else node(np.multiply, number(c), x)


def _add(x: Expression, y: Expression) -> Expression:
    (a, p), (b, q) = _split(x), _split(y)
    if a == 0 or b == 0:
        return y if a == 0 else x
    if p is q:
        return _scaled(a + b, p)
    for left, right in ((x, y), (y, x)):  # collect with one term of a sum
        if left.function in (np.add, np.subtract):
            first, second = left.operands
            second = second if left.function is np.add else -second
            kind = _split(right)[1]
            if _split(first)[1] is kind or _split(second)[1] is kind:
                return (first + right) + second if _split(first)[1] is kind else first + (second + right)
    if x.function is y.function is np.where and x.operands[0] is y.operands[0]:
        return chosen(x.operands[0], x.operands[1] + y.operands[1], x.operands[2] + y.operands[2])
    if b < 0:
        return node(np.subtract, x, _scaled(-b, q))
    return node(np.subtract, y, _scaled(-a, p)) if a < 0 else node(np.add, x, y)


def _power_of(x: Expression) -> tuple[Expression, Any]:
    """(base, whole exponent) of a factor."""
    if x.function is np.power and isinstance(x.operands[1].value, int):
        return x.operands[0], x.operands[1].value
    return x, 1


def _multiply(x: Expression, y: Expression) -> Expression:
    (a, p), (b, q) = _split(x), _split(y)
    if p is ONE or q is ONE or a * b == 0:
        return _scaled(a * b, q if p is ONE else p)
    for mask, other in ((p, q), (q, p)):
        if mask.function is np.where and any(v is ZERO for v in mask.operands[1:]):  # zero where it does not choose
            return _scaled(a * b, chosen(mask.operands[0], *[v * other for v in mask.operands[1:]]))
    if p.function is np.divide or q.function is np.divide:
        (top, under), (top2, under2) = _fraction(p), _fraction(q)
        return _times(a * b, (top * top2) / (under * under2))
    base, m = _power_of(p)
    other_base, n = _power_of(q)
    if base is other_base:
        return _times(a * b, base ** (m + n))
    if p.function is np.multiply:  # collect with one factor of a product
        for first, second in itertools.permutations(p.operands):
            if _power_of(first)[0] is other_base:
                return _times(a * b, (first * q) * second)
    return _scaled(a * b, node(np.multiply, *sorted((p, q), key=lambda x: x.place)))


def _times(c: Any, x: Expression) -> Expression:
    own, rest = _split(x)
    return _scaled(c * own, rest)


def _fraction(x: Expression) -> tuple[Expression, Expression]:
    return x.operands if x.function is np.divide else (x, ONE)  # type: ignore[return-value]  # of a quotient, two


def _divide(x: Expression, y: Expression) -> Expression:
    (a, p), (b, q) = _split(x), _split(y)
    (top, under), (top2, under2) = _fraction(p), _fraction(q)
    if under is not ONE or under2 is not ONE:
        return _times(a, top * under2) / _times(b, under * top2)
    if (a == 0 and b != 0) or y is ONE:
        return x
    if b < 0:
        a, b = -a, -b
    if isinstance(a, float) and math.isfinite(a) and 2 <= a.as_integer_ratio()[1] <= 64:  # 0.5 / y as 1 / (2 y)
        a, b = a.as_integer_ratio()[0], b * a.as_integer_ratio()[1]
    if isinstance(a, int) and isinstance(b, int) and b:
        a, b = a // math.gcd(a, b), b // math.gcd(a, b)
    elif b and a % b == 0:
        a, b = a / b, 1
    base, m = _power_of(p)
    other_base, n = _power_of(q)
    if base is other_base and q is not ONE:
        p, q = (base ** (m - n), ONE) if m >= n else (ONE, base ** (n - m))
    top, under = _times(abs(a), p), _times(b, q)
    fraction = top if under is ONE else node(np.divide, top, under)
    return _times(-1, fraction) if a < 0 else fraction


def _power(x: Expression, y: Expression) -> Expression:
    n = y.value
    if n is None:
        return ONE if x is ONE else node(np.power, x, y)
    if n in (0, 1):
        return x if n else ONE
    if n == 0.5:
        return simplified(np.sqrt, x)
    if isinstance(n, int) and n < 0:
        return ONE / x**-n
    if isinstance(n, int):
        base, m = _power_of(x)
        if m != 1:
            return base ** (m * n)
        if x.function is np.negative:
            return _times((-1) ** n, x.operands[0] ** n)
    return node(np.power, x, y)


def chosen(condition: Expression, x: Expression, y: Expression) -> Expression:
    """np.where(condition, x, y)."""
    if condition.value is not None:
        return x if condition.value else y
    return x if x is y else node(np.where, condition, x, y)


def _compared(function: Any, when_same: bool) -> Callable:
    return lambda x, y: number(when_same) if x is y else node(function, x, y)


SIMPLIFIED: dict[Any, Callable[..., Expression]] = {
    np.positive: lambda x: x,
    np.negative: lambda x: _times(-1, x),
    np.add: _add,
    np.subtract: lambda x, y: _add(x, _times(-1, y)),
    np.multiply: _multiply,
    np.divide: _divide,
    np.power: _power,
    np.float_power: _power,
    np.square: lambda x: _power(x, number(2)),
    np.reciprocal: lambda x: _divide(ONE, x),
    np.invert: lambda x: simplified(np.logical_not, x),
    np.bitwise_and: lambda x, y: simplified(np.logical_and, x, y),
    np.bitwise_or: lambda x, y: simplified(np.logical_or, x, y),
    np.where: chosen,
    np.sign: lambda x: node(np.sign, x),
    **{ufunc: _compared(ufunc, True) for ufunc in (np.equal, np.less_equal, np.greater_equal)},
    **{ufunc: _compared(ufunc, False) for ufunc in (np.not_equal, np.less, np.greater)},
}
ZERO: Expression = number(0)
ONE: Expression = number(1)


def ordered(expressions: Any) -> list[Expression]:
    """All distinct parts of an expression, or of an array or sequence of them, operands first."""
    found: dict[Expression, None] = {}
    ahead = [*np.ravel(np.asarray(expressions, object))][::-1]
    while ahead:
        x = expression_of(ahead[-1])
        missing = [operand for operand in x.operands if operand not in found] if x not in found else []
        if missing:
            ahead += missing[::-1]
        else:
            found[x] = None
            ahead.pop()
    return list(found)
