"""Errors: what went wrong, where, and the mend.

Every error that the module raises on purpose is an `AutodiffError` and also the built-in exception that a
NumPy user would expect in its place, so `except TypeError` keeps working.
"""


class AutodiffError(Exception):
    """Base of every error raised by the module."""


class AutodiffTypeError(AutodiffError, TypeError):
    """A value of the wrong kind: an integer to differentiate, `float(x)` of a traced value, a wrong dtype; a
    function of the wrong kind, as one with an array as result for `ad.grad`.
    """


class AutodiffValueError(AutodiffError, ValueError):
    """A value of the right kind that does not fit: a wrong shape, a wrong number of tangents."""


class AutodiffAttributeError(AutodiffError, AttributeError):
    """An attribute of arrays that traced arrays do not have."""


class MissingRuleError(AutodiffError, NotImplementedError, TypeError):
    """A NumPy function without a rule."""


class StaleGraphError(AutodiffValueError):
    """A graph does not fit these arguments: other shapes, or the other side of a branch, than when it was traced."""


class EscapedTracerError(AutodiffError, RuntimeError):
    """A traced value was used after the transform that made it had returned."""


class NonFiniteError(AutodiffError, FloatingPointError):
    """NaN appeared under `debug_nans`."""


class ConvergenceError(AutodiffError, ArithmeticError):
    """An iteration did not reach its tolerance, or left the finite numbers."""


def cause_of(error: BaseException) -> AutodiffError | None:
    """The `AutodiffError` behind `error`, if NumPy or the user's code wrapped one.

    NumPy answers `plain[0] = traced` with "setting an array element with a sequence" and hides our
    explanation in the chain of causes.
    """
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        if isinstance(link, AutodiffError):
            return link
        seen.add(id(link))
        link = link.__cause__ or link.__context__
    return None
