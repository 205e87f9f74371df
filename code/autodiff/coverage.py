"""Coverage: what each public function of NumPy is to this module, read off the tables."""

from collections.abc import Iterator
from types import ModuleType

import numpy as np

from .tables import COMPOSED, CONSTANT, PARTIALS, REFUSED, RULES

MODULES = (np, np.linalg, np.fft)
TABLES = {
    "rule": (PARTIALS, RULES, COMPOSED),
    "zero": (CONSTANT,),
    "refused": (REFUSED,),
}


def coverage() -> dict[str, str]:
    """What happens to a traced array in each function of `numpy`, `numpy.linalg` and `numpy.fft`, by name.

    "rule" (differentiated), "zero" (derivative zero, or none: it runs on the values), "refused" (an error with the
    mend), or "none": no rule, or NumPy does not tell of the call; an error, too, wherever it is given a traced array.

    >>> from autodiff.coverage import coverage
    >>> [coverage()[name] for name in ("np.sin", "np.floor", "np.put", "np.fromiter")]
    ['rule', 'zero', 'refused', 'none']
    """
    return {f"{_prefix(module)}.{name}": _kind(value) for module in MODULES for name, value in _functions(module)}


def _prefix(module: ModuleType) -> str:
    return module.__name__.replace("numpy", "np", 1)


def _functions(module: ModuleType) -> Iterator[tuple[str, object]]:
    for name in sorted(dir(module)):
        value = getattr(module, name)
        if name[0] != "_" and callable(value) and not isinstance(value, type | ModuleType):
            yield name, value


def _kind(function: object) -> str:
    return next((kind for kind, tables in TABLES.items() if any(function in table for table in tables)), "none")
