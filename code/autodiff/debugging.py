"""Debugging: traces that refuse the first nan, with the function and the user's line that it came from."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from .arrays import Traced, name_of, untraced
from .errors import NonFiniteError
from .operators import Bundle, Linear
from .tracing import Forward, JacobianTrace, Tape

watching: ContextVar[bool] = ContextVar("watching", default=False)
locating: ContextVar[bool] = ContextVar("locating", default=False)  # is a graph being recorded?
replayed: ContextVar[str | None] = ContextVar("replayed", default=None)  # the line that an operation came from


def user_line() -> str:
    """File and line of the user's code: the youngest frame outside this package and NumPy.

    Where an operation runs again, or its derivative does, the line where it first ran.
    """
    line = replayed.get()
    if line is not None:
        return line
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_LIBRARIES):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


_LIBRARIES = (os.path.dirname(__file__) + os.sep, os.path.dirname(np.__file__) + os.sep)


def _refuse_nan(x: Any, what: str, function: Any, line: str) -> Any:
    parts = x.parts.values() if type(x) is Bundle else (x,)
    if any(np.isnan(untraced(part)).any() for part in parts):
        raise NonFiniteError(f"nan in the {what} of {name_of(function)}, called at {line}")
    return x


def _watched(method: str, what: str) -> Callable:
    def run(t: Any, data: tuple) -> Any:
        family, own, function, line = data
        return _refuse_nan(getattr(family, method)(t, own), what, function, line)

    return run


# An operator that looks at what it gives. Data: family, its data, the function, the user's line.
watched = Linear("watched", _watched("apply", "tangent"), _watched("transpose", "cotangent"))


class Watched(JacobianTrace):
    """A trace under `debug_nans`: it refuses the first nan, with the function and the line it came from."""

    __slots__ = ()

    def record(self, function: Any, y: Any, edges: tuple) -> Traced:
        if edges:
            line = user_line()
            _refuse_nan(y, "value", function, line)
            triples = [edges[i : i + 3] for i in range(0, len(edges), 3)]
            edges = sum(((x, watched, (family, data, function, line)) for x, family, data in triples), ())
        return super().record(function, y, edges)


class WatchedForward(Watched, Forward):
    __slots__ = ()


class WatchedTape(Watched, Tape):
    __slots__ = ()


def _located(method: str) -> Callable:
    def run(t: Any, data: tuple) -> Any:
        family, own, line = data
        replayed.set(line)  # until the sweep goes on, for the sum of what it gives is of the same line
        return getattr(family, method)(t, own)

    return run


# An operator that says which line it is of. Data: family, its data, the user's line.
located = Linear("located", _located("apply"), _located("transpose"))


class LocatedTape(Tape):
    """A tape whose sweeps are at each moment on the user's line whose Jacobian they apply: for graphs."""

    __slots__ = ()

    def record(self, function: Any, y: Any, edges: tuple) -> Traced:
        line = user_line()
        triples = [edges[i : i + 3] for i in range(0, len(edges), 3)]
        return super().record(function, y, sum(((x, located, (f, data, line)) for x, f, data in triples), ()))

    def push(self, tangents: Sequence) -> list:
        with _line_restored():
            return super().push(tangents)

    def pull(self, seeds: dict[int, Any]) -> list:
        with _line_restored():
            return super().pull(seeds)


@contextmanager
def _line_restored() -> Iterator[None]:
    token = replayed.set(replayed.get())
    try:
        yield
    finally:
        replayed.reset(token)


@contextmanager
def debug_nans() -> Iterator[None]:
    """Within this context the first nan in a value, tangent or cotangent raises `NonFiniteError`.

    The error names the NumPy function and the line of user code that called it. Transforms are slower
    meanwhile. Threads and tasks have their own setting.

    >>> import autodiff as ad, numpy as np
    >>> with ad.debug_nans(), np.errstate(invalid="ignore"):
    ...     ad.grad(lambda x: np.log(x))(-1.0)  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    autodiff.errors.NonFiniteError: nan in the value of np.log, called at <doctest>:2
    """
    token = watching.set(True)
    try:
        yield
    finally:
        watching.reset(token)


def forward_trace(origin: str) -> Forward:
    """A new forward trace, watchful under `debug_nans`."""
    return (WatchedForward if watching.get() else Forward)(origin)


def tape_trace(origin: str) -> Tape:
    """A new tape, watchful under `debug_nans`, knowing its lines where a graph is recorded."""
    return (WatchedTape if watching.get() else LocatedTape if locating.get() else Tape)(origin)
