"""What the equations are held against: derivatives by a method that knows no rule."""

import numpy as np


def columns(f, x, h=1e-30):
    """The Jacobian of an analytic f at x, column by column, by the complex step."""
    return np.stack([np.imag(f(x + 1j * h * e)) / h for e in np.eye(x.size)], axis=-1)
