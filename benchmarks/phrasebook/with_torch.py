"""The phrase book in PyTorch; `benchmarks/phrasebook/__init__.py` says how it is read."""

# %% program
import torch
from torch.func import grad, jacrev, jvp, vjp, vmap

torch.set_default_dtype(torch.float64)  # else float32
torch.set_printoptions(precision=8)
x = torch.tensor([[1.0, 2.0], [0.5, -1.0], [-1.5, 0.3]])
y = torch.tensor([0.5, -0.5, 0.2])
w, v = torch.tensor([0.3, -0.2]), torch.tensor([1.0, 0.5])
u = torch.tensor([1.0, 0.0, -1.0])


def residuals(w):  # (2) → (3)
    return torch.tanh(x @ w) - y


def loss(w):  # (2) → one number
    return torch.sum(residuals(w) ** 2)


# %% value
print(loss(w))

# %% gradient
print(grad(loss)(w))

# %% value and gradient
leaf = w.clone().requires_grad_()  # the older idiom
value = loss(leaf)
value.backward()  # adds to leaf.grad
print(value.detach(), leaf.grad)

# %% JVP
r, rdot = jvp(residuals, (w,), (v,))
print(rdot)

# %% VJP
r, pullback = vjp(residuals, w)
print(*pullback(u))

# %% Jacobian
print(jacrev(residuals)(w))  # or jacfwd

# %% Hessian times vector
slope, product = jvp(grad(loss), (w,), (v,))
print(product)


# %% stop gradient
def scaled(w):
    return loss(w) * loss(w).detach()


print(grad(scaled)(w))


# %% rule of one's own
class Clipped(torch.autograd.Function):
    @staticmethod
    def forward(w):
        return w.clone()

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, wbar):
        return wbar.clamp(-0.1, 0.1)


print(grad(lambda w: loss(Clipped.apply(w)))(w))


# %% batch
def one(w, x, y):  # the loss of one example
    return (torch.tanh(x @ w) - y) ** 2


print(vmap(grad(one), (None, 0, 0))(w, x, y))

# %% compile
fast = torch.compile(grad(loss))
print(fast(w))
