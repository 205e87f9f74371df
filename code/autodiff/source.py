"""Source: how a graph's operations are written in NumPy, for readers and for Python alike.

`written(function, args, kwargs, text)` is the expression that does what the node does: `x * w`, `np.sin(x)`,
`x[1:]`, `x.reshape((2, 3))`. `text` says how an operand or a constant is called there. Listings of graphs and
compiled source are made of these.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import astype, getitem, name_of, reshape

Text = Callable[[Any], str]

# Written between or before the operands, as Python does.
INFIX = {
    np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/", np.matmul: "@", np.power: "**",
    np.remainder: "%", np.floor_divide: "//", np.less: "<", np.less_equal: "<=", np.greater: ">",
    np.greater_equal: ">=", np.equal: "==", np.not_equal: "!=", np.bitwise_and: "&", np.bitwise_or: "|",
    np.bitwise_xor: "^",
}  # fmt: skip
PREFIX = {np.negative: "-", np.invert: "~"}


def index_text(index: Any, text: Text) -> str:
    """What stands between the brackets."""
    if isinstance(index, tuple):
        inner = ", ".join(index_text(i, text) for i in index)
        return f"{inner}," if len(index) == 1 and type(index[0]) is not slice else inner or "()"
    if isinstance(index, slice):
        ends = ":".join("" if i is None else str(i) for i in (index.start, index.stop))
        return ends if index.step is None else f"{ends}:{index.step}"
    return "..." if index is Ellipsis else text(index)


def argument_text(x: Any, text: Text) -> str:
    """An argument as Python writes it; `text` is asked for what is no plain Python object."""
    if isinstance(x, slice) or (type(x) is tuple and any(isinstance(i, slice) or i is Ellipsis for i in x)):
        return f"np.s_[{index_text(x, text)}]"
    if type(x) is tuple or type(x) is list:
        inner = ", ".join(argument_text(part, text) for part in x)
        return f"[{inner}]" if type(x) is list else f"({inner},)" if len(x) == 1 else f"({inner})"
    if isinstance(x, np.dtype):
        return f"np.dtype({x.str!r})" if x.names is None else repr(x)
    if isinstance(x, type) and issubclass(x, np.generic):
        return f"np.{x.__name__}"
    return text(x)


def _getitem(args: tuple, text: Text) -> str:
    return f"{text(args[0])}[{index_text(args[1], text)}]"


def _method(name: str) -> Callable[[tuple, Text], str]:
    def write(args: tuple, text: Text) -> str:
        return f"{text(args[0])}.{name}({', '.join(argument_text(x, text) for x in args[1:])})"

    return write


def _transpose(args: tuple, text: Text) -> str:
    if len(args) == 1 or args[1] is None:
        return f"{text(args[0])}.T"
    return f"{text(args[0])}.transpose({argument_text(args[1], text)})"


WRITTEN: dict[Callable, Callable[[tuple, Text], str]] = {
    getitem: _getitem,
    reshape: _method("reshape"),
    astype: _method("astype"),
    np.transpose: _transpose,
}


def written(function: Any, args: tuple, kwargs: dict, text: Text, name: Callable[[Any], str] = name_of) -> str:
    """The call of `function` as a NumPy expression; `name` says how a function without a sign is called.

    >>> written(np.add, (1, 2), {}, str), written(np.sum, ("x", 0), {"keepdims": True}, str)
    ('1 + 2', 'np.sum(x, 0, keepdims=True)')
    """
    if not kwargs:
        if function in INFIX:
            return f"{text(args[0])} {INFIX[function]} {text(args[1])}"
        if function in PREFIX:
            return f"{PREFIX[function]}{text(args[0])}"
        if function in WRITTEN:
            return WRITTEN[function](args, text)
    parts = [argument_text(x, text) for x in args]
    parts += [f"{key}={argument_text(x, text)}" for key, x in kwargs.items()]
    return f"{name(function)}({', '.join(parts)})"
