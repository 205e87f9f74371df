"""The phrase book in JAX; `benchmarks/phrasebook/__init__.py` says how it is read."""

# %% program
import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)  # else float32

x = jnp.array([[1.0, 2.0], [0.5, -1.0], [-1.5, 0.3]])
y = jnp.array([0.5, -0.5, 0.2])
w, v = jnp.array([0.3, -0.2]), jnp.array([1.0, 0.5])
u = jnp.array([1.0, 0.0, -1.0])


def residuals(w):  # (2) → (3)
    return jnp.tanh(x @ w) - y


def loss(w):  # (2) → one number
    return jnp.sum(residuals(w) ** 2)


# %% value
print(loss(w))

# %% gradient
print(jax.grad(loss)(w))

# %% value and gradient
print(*jax.value_and_grad(loss)(w))

# %% JVP
r, rdot = jax.jvp(residuals, (w,), (v,))
print(rdot)

# %% VJP
r, pullback = jax.vjp(residuals, w)
print(*pullback(u))

# %% Jacobian
print(jax.jacrev(residuals)(w))  # or jax.jacfwd

# %% Hessian times vector
slope, product = jax.jvp(jax.grad(loss), (w,), (v,))
print(product)


# %% stop gradient
def scaled(w):
    return loss(w) * jax.lax.stop_gradient(loss(w))


print(jax.grad(scaled)(w))


# %% rule of one's own
@jax.custom_vjp
def clipped(w):
    return w


clipped.defvjp(
    lambda w: (w, None),
    lambda _, wbar: (jnp.clip(wbar, -0.1, 0.1),),
)
print(jax.grad(lambda w: loss(clipped(w)))(w))


# %% batch
def one(w, x, y):  # the loss of one example
    return (jnp.tanh(x @ w) - y) ** 2


print(jax.vmap(jax.grad(one), (None, 0, 0))(w, x, y))

# %% compile
fast = jax.jit(jax.grad(loss))
print(fast(w))
