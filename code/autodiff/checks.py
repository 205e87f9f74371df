"""Checks: is a derivative right? Held against finite differences, which know nothing of rules.

For random directions v and cotangents u, three numbers must agree: ⟨u, F′v⟩ by forward mode, ⟨F′ᵀu, v⟩ by reverse
mode, and ⟨u, (F(x + h v) − F(x − h v)) / 2h⟩, refined by Richardson's extrapolation. The first two agree to
rounding (the adjoint identity); the third to the accuracy of the differences.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import finite
from .errors import AutodiffError, AutodiffValueError, NonFiniteError
from .modes import inputs_of, jvp, numbered, rebuild, vjp
from .trees import flatten

MODES = ("forward", "reverse")


class WrongDerivativeError(AutodiffError, AssertionError):
    """`check_grads` found a derivative that finite differences contradict."""


def check_grads(
    f: Callable,
    args: Sequence,
    order: int = 2,
    modes: Sequence[str] = MODES,
    rtol: float | None = None,
    seed: int = 0,
) -> None:
    """Raise `WrongDerivativeError` unless the derivatives of `f` at `args` are right, up to `order`.

    f : function of arrays or containers of them; smooth near `args`.
    args : tuple of arguments, floating point; each is differentiated.
    modes : which of "forward" and "reverse" to check; with both, also that they agree.
    rtol : relative error allowed against finite differences; by default 1e-6 in double, 1e-2 in single precision.

    Order 2 checks the derivatives of jvp and of vjp in the same way, and so on.

    >>> check_grads(lambda x, w: np.tanh(x @ w), (np.ones(3), np.ones((3, 2))))
    """
    if not isinstance(args, tuple | list):
        raise AutodiffValueError("args must be a tuple of arguments: write (x,)")
    unknown = set(modes) - set(MODES)
    if unknown:
        raise AutodiffValueError(f"modes are {MODES}, not {sorted(unknown)}")
    _check(f, tuple(args), order, tuple(modes), rtol, np.random.default_rng(seed), "f")


def _check(f: Callable, args: tuple, order: int, modes: tuple, rtol: float | None, rng: Any, name: str) -> None:
    leaves, structures = inputs_of(args, numbered(args))
    leaves = [np.asarray(x) for x in leaves]
    size = max((np.finfo(x.dtype).eps for x in leaves), default=1.0)
    tolerance = rtol if rtol is not None else 1e-6 if size < 1e-10 else 1e-2
    v = [_direction(x, rng, _sizes(x)) for x in leaves]
    tangents = rebuild(structures, [t[()] for t in v])

    def along(h: float) -> np.ndarray:
        moved = rebuild(structures, [(x + h * t).astype(x.dtype)[()] for x, t in zip(leaves, v, strict=True)])
        return np.concatenate([np.ravel(y).astype(np.result_type(y, float)) for y in flatten(f(*moved))[0]])

    y = flatten(f(*args))[0]
    u = [_direction(np.asarray(part), rng) for part in y]
    found: dict[str, float] = {}
    if "forward" in modes:
        ydot = jvp(f, args, tangents)[1]
        found["forward"] = _pair(u, flatten(ydot)[0])
    if "reverse" in modes:
        result, pullback = vjp(f, *args)
        structure = flatten(result)[1]
        bars = pullback(rebuild([structure], [t[()] for t in u])[0])
        found["reverse"] = _pair(flatten(bars)[0], v)
    for step in STEPS if size < 1e-10 else STEPS_SINGLE:
        numeric = _pair(u, _split(_slope(along, step), y))
        scale = max(abs(numeric), _norm(v) * _norm(u) * 1e-3, 1e-300)
        wrong = [mode for mode, number in found.items() if not abs(number - numeric) <= tolerance * scale]
        if not wrong:
            break
    else:
        number = found[wrong[0]]
        raise WrongDerivativeError(
            f"the {wrong[0]}-mode derivative of {name} is wrong: ⟨u, F′(x) v⟩ = {number:.10g}, by finite differences "
            f"{numeric:.10g} (relative error {abs(number - numeric) / scale:.1e}, allowed {tolerance:.0e})"
        )
    if order > 1:
        if "forward" in modes:
            _check(lambda *x: jvp(f, x, tangents)[1], args, order - 1, modes, rtol, rng, f"the jvp of {name}")
        if "reverse" in modes:
            ybar = rebuild([structure], [t[()] for t in u])[0]
            _check(lambda *x: vjp(f, *x)[1](ybar), args, order - 1, modes, rtol, rng, f"the vjp of {name}")


# Largest step, and how often it is halved: the next pair only where the function bends, or jumps, within the first.
STEPS = ((0.05, 5), (2e-3, 4), (1e-4, 3))
STEPS_SINGLE = ((0.2, 3), (0.02, 2))


def _slope(along: Callable, step: tuple[float, int]) -> np.ndarray:
    """The derivative of `along` at 0, by central differences and Richardson's extrapolation; nan outside its domain."""
    h, levels = step
    try:
        return finite.richardson(along, np.float64(0.0), h=h, levels=levels)
    except NonFiniteError:
        return np.full_like(along(0.0), np.nan)


def _direction(x: np.ndarray, rng: Any, scale: Any = 1.0) -> np.ndarray:
    t = rng.standard_normal(x.shape)
    if x.dtype.kind == "c":
        t = t + 1j * rng.standard_normal(x.shape)
    return np.asarray(t * scale, x.dtype if x.dtype.kind in "fc" else float)


def _sizes(x: np.ndarray) -> np.ndarray:
    """How far each entry may move: its own size, so that small numbers keep their sign."""
    return np.where(x == 0, 1.0, np.abs(x))


def _split(flat: np.ndarray, like: Sequence) -> list:
    ends = np.cumsum([np.size(y) for y in like])[:-1]
    return [part.reshape(np.shape(y)) for part, y in zip(np.split(flat, ends), like, strict=True)]


def _pair(u: Sequence, v: Sequence) -> float:
    """The pairing ⟨u, v⟩ = Re Σ u v."""
    return float(sum(np.real(np.sum(np.asarray(a) * np.asarray(b))) for a, b in zip(u, v, strict=True)))


def _norm(u: Sequence) -> float:
    return float(np.sqrt(sum(np.sum(np.abs(a) ** 2) for a in u)))
