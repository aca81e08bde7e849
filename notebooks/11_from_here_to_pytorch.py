# %% [markdown]
# # 11 · From here to PyTorch and JAX
#
# Sooner or later your network is too large for numbers one by one. Then it goes to a library of tensors, and the
# question is whether it is still *the same network*. Here it goes to PyTorch and comes back, to the bit; PyTorch's own
# gradients are put before the referee that [notebook 3](03_the_lectures_neuron.ipynb) put ours before; a mistake in
# a layer of your own is found; and a gradient from here runs on two devices with JAX.
#
# You need notebook 3, and to have seen a PyTorch module once. It takes about twenty minutes. It needs PyTorch and JAX:
# `pip install 'deltagrad[torch]' jax`.

# %%
import os

# For the last section, before JAX starts.
os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=2")

import math
import random

import torch

from autograd import Value, grad, lower
from nn import MLP, certify, certify_torch, fit, from_torch, grade, squared_error, to_torch
from nn.plots import decision_boundary

# %% [markdown]
# ## A network that was trained here
#
# Points in a ring belong to one class, those inside it to the other. A network of eight hidden neurons learns it.

# %%
generator = random.Random(0)
X, Y = [], []
for _ in range(80):
    radius, angle = generator.choice([0.5, 1.5]) + generator.gauss(0, 0.15), generator.uniform(0, 2 * math.pi)
    X.append([radius * math.cos(angle), radius * math.sin(angle)])
    Y.append(1.0 if radius < 1 else -1.0)

net = MLP(2, [8, 1], output_activation="linear", seed=0)
fit(net, X, Y, epochs=150, batch_size=16, seed=0, progress=False)
decision_boundary(net, X, Y)

# %% [markdown]
# ## There
#
# `to_torch` makes a `torch.nn.Sequential` of it. It is run on random inputs and compared with the network before you
# get it, so there is nothing to check. We look all the same.

# %%
module = to_torch(net)
print(module)

inputs = torch.tensor(X, dtype=torch.float64)
outputs = module(inputs)[:, 0].tolist()
print("apart by less than 10⁻¹³:", max(abs(net(x).data - y_hat) for x, y_hat in zip(X, outputs)) < 1e-13)
print("all the same bits:", [net(x).data for x in X] == outputs)

# %% [markdown]
# **Question.** They are not all the same bits. Why not?
#
# A sum of nine terms has many orders, and floating-point addition is not associative. Here it goes from left to right;
# PyTorch adds in the order that its processor likes.
#
# ## PyTorch's gradients before the referee
#
# Outputs that agree say nothing about gradients. `certify_torch` runs the module, catches $u$, $o$ and $\delta$ of
# every neuron on their way, and holds each of them, and every $\partial Err/\partial\theta$, to the formulas of the
# lecture. `δ engine` is PyTorch's.

# %%
certify_torch(module, X[0], Y[0])

# %% [markdown]
# The same in float32, PyTorch's usual type, which has seven digits. The units in the last place are those of float32
# now, and so is what may differ.

# %%
single = to_torch(net, dtype=torch.float32)
certificate = certify_torch(single, X[:10], Y[:10])
print(certificate.summary.partition(";")[0])
delta = certificate.certificates[0].rows[0].delta
print(f"by hand {delta.hand:.12f}, in float32 {delta.engine:.12f}")

# %% [markdown]
# ## Where the digits go
#
# PyTorch computes $\tanh'(u)$ from what it has at hand, the output: $1 - o^2$. Where $o$ is near $\pm 1$, this
# subtracts two numbers that are nearly equal. Here $\tanh'$ is an operation of its own.

# %%
print(" u   here            PyTorch")
for u in (1.0, 5.0, 10.0, 15.0, 20.0):
    x = torch.tensor(u, dtype=torch.float64, requires_grad=True)
    torch.tanh(x).backward()
    ours = Value(u, "u")
    ours.tanh().backward()
    print(f"{u:2.0f}   {ours.grad:.6e}    {x.grad.item():.2e}")

# %% [markdown]
# **Question.** At 20 PyTorch's slope is exactly 0. What does that mean for a neuron with $u = 20$?
#
# It never learns again, whatever the error is: vanished by rounding, not by mathematics. (The slope is
# $2\cdot10^{-17}$, so it would not learn fast in any case; [notebook 5](05_when_learning_stops.ipynb) has the
# remedies.) The certificate knows about $1 - o^2$ and allows what it must lose; so "certified" means: right, as far as
# that formula can be.
#
# ## Trained on there, and back
#
# Sixty steps of PyTorch's Adam, and the network comes home with `from_torch`.

# %%
targets = torch.tensor(Y, dtype=torch.float64)
adam = torch.optim.Adam(module.parameters(), lr=0.002)
for step in range(60):
    adam.zero_grad()
    err = ((targets - module(inputs)[:, 0]) ** 2).sum()
    if step % 20 == 0:
        print(f"step {step:2}: Err = {err.item():.3f}")
    err.backward()
    adam.step()

back = from_torch(module)
same = [p.data for p in back.layers[0].neurons[0].theta] == module[0].weight[0].tolist()
print("the same bits:", same, "  certified here:", bool(certify(back, X[0], Y[0])))

# %% [markdown]
# ## A layer of your own
#
# Libraries are right; what we add to them need not be. This $\tanh$ has a `backward` written by hand, with one slip.


# %%
class Tanh(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u):
        o = torch.tanh(u)
        ctx.save_for_backward(o)
        return o

    @staticmethod
    def backward(ctx, gradient):
        (o,) = ctx.saved_tensors
        return gradient * (1 - o)


class MyTanh(torch.nn.Module):
    def forward(self, u):
        return Tanh.apply(u)


mine = torch.nn.Sequential(module[0], MyTanh(), module[2])
certificate = certify_torch(mine, X[0], Y[0], sigma="tanh")
print("the same outputs:", torch.equal(mine(inputs), module(inputs)))
print(certificate.first_disagreement.term, "is wrong;", certificate.culprit.partition(", whose")[0], certificate.note)

# %% [markdown]
# The forward pass is right, and nothing complains. The certificate names the neuron, the edge, and the part of the
# module: the edge from $u$ to $o$, so the slope.
#
# ## JAX, on two devices
#
# The other way to take a network with you is to take its *program*. `lower` turns the graph of the error and its
# gradient into instructions, `.to("jax")` gives them to JAX as matrix operations. A call per sample is a call with one
# axis more, and where the samples lie is JAX's business: here they are shared by two simulated devices.

# %%
import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

jax.config.update("jax_enable_x64", True)
run, y = net.forward(X[0]), Value(Y[0], "y")
err, theta = squared_error(run.outputs, y), net.parameters()
program = lower({"err": err, "slope": grad(err, theta)}, {"x": run.inputs, "y": y, "theta": theta})
step = program.to("jax")

mesh = Mesh(np.array(jax.devices()), ("samples",))
shared = NamedSharding(mesh, PartitionSpec("samples"))
columns = {"x": jax.device_put(np.array(X), shared), "y": jax.device_put(np.array(Y), shared)}
values = np.array([p.data for p in theta])
print(len(jax.devices()), "devices; an error a sample, spread over", step(**columns, theta=values)["err"].sharding.spec)

summed = step.sum(**columns, theta=values)
plain = program.to("python").sum(x=X, y=Y, theta=values.tolist())
print(f"Err = {float(summed['err']):.6f}, and one after the other {plain['err']:.6f}")
print("gradients agree:", np.allclose(summed["slope"], plain["slope"], rtol=1e-12))

# %% [markdown]
# ## Exercise: the Linear of the manual
#
# This is a `Linear` as PyTorch's manual writes it, for samples in rows: $u = x\,\theta^T + b$. Its backward pass is
# wrong in one place, and no shape complains. `grade` gets the gradients that PyTorch computes with it, and says what
# is missing. (`gradient` is $\partial Err/\partial u$, one row a sample. What comes back are the gradients of $x$,
# $\theta$ and $b$.)


# %%
class LinearFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, theta, b):
        ctx.save_for_backward(x, theta)
        return x @ theta.T + b

    @staticmethod
    def backward(ctx, gradient):
        x, theta = ctx.saved_tensors
        return gradient @ torch.ones_like(theta), gradient.T @ x, gradient.sum(0)


class MyLinear(torch.nn.Module):
    def __init__(self, other):
        super().__init__()
        self.weight, self.bias = other.weight, other.bias

    def forward(self, x):
        return LinearFunction.apply(x, self.weight, self.bias)


answer = torch.nn.Sequential(module[0], module[1], MyLinear(module[2]))
answer.zero_grad()
((targets[:3] - answer(inputs[:3])[:, 0]) ** 2).sum().backward()
slopes = [layer.weight.grad for layer in answer[::2]], [layer.bias.grad for layer in answer[::2]]
print(grade(back, X[:3], Y[:3], slopes))

# %% [markdown]
# The gradient of $b$ is right as it is: of one sample it is δ, and of several their sum, since each uses the one $b$.
#
# <details><summary>A solution</summary>
#
# ```python
# class LinearFunction(torch.autograd.Function):
#     @staticmethod
#     def forward(ctx, x, theta, b):
#         ctx.save_for_backward(x, theta)
#         return x @ theta.T + b
#
#     @staticmethod
#     def backward(ctx, gradient):
#         x, theta = ctx.saved_tensors
#         return gradient @ theta, gradient.T @ x, gradient.sum(0)
# ```
# </details>
#
# More about this bridge is on [its page](../docs/pytorch.md), and other engines stand before the referee on
# [another](../docs/other-engines.md). On to [notebook 12](12_for_teachers.ipynb), if you have students.
