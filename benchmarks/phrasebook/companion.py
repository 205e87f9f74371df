"""The phrase book in the companion module; `benchmarks/phrasebook/__init__.py` says how it is read."""

# %% program
import numpy as np

import autodiff as ad

x = np.array([[1.0, 2.0], [0.5, -1.0], [-1.5, 0.3]])
y = np.array([0.5, -0.5, 0.2])
w, v = np.array([0.3, -0.2]), np.array([1.0, 0.5])
u = np.array([1.0, 0.0, -1.0])


def residuals(w):  # (2) → (3)
    return np.tanh(x @ w) - y


def loss(w):  # (2) → one number
    return np.sum(residuals(w) ** 2)


# %% value
print(loss(w))

# %% gradient
print(ad.grad(loss)(w))

# %% value and gradient
print(*ad.value_and_grad(loss)(w))

# %% JVP
r, rdot = ad.jvp(residuals, (w,), (v,))
print(rdot)

# %% VJP
r, pullback = ad.vjp(residuals, w)
print(*pullback(u))

# %% Jacobian
print(ad.jacobian(residuals)(w))

# %% Hessian times vector
(product,) = ad.hvp(loss, (w,), (v,))
print(product)


# %% stop gradient
def scaled(w):
    return loss(w) * ad.stop_gradient(loss(w))


print(ad.grad(scaled)(w))


# %% rule of one's own
@ad.custom_vjp
def clipped(w):
    return w


clipped.defvjp(
    lambda w: (w, None),
    lambda _, wbar: (np.clip(wbar, -0.1, 0.1),),
)
print(ad.grad(lambda w: loss(clipped(w)))(w))


# %% batch
def each(rows):  # (3 × 2), a copy of w for each example
    r = np.tanh(np.sum(x * rows, axis=1)) - y
    return np.sum(r**2)


print(ad.grad(each)(np.tile(w, (3, 1))))

# %% compile
fast = ad.compile(ad.grad(loss))
print(fast(w))
