# %% [markdown]
# # 7 · From scalars to matrices
#
# The lecture goes from one neuron to a layer by writing indices; books begin with matrices. Which of them is right?
# This engine knows neither: it knows numbers, one Value for each. So we can look where the matrices come from. They
# will be read off the scalar operations of a backward pass, transpose and all, without anybody writing one. And then
# it is measured what they are good for.
#
# You need notebook [3](03_the_lectures_neuron.ipynb), and the product of a matrix and a vector. It takes about
# fifteen minutes, and `pip install 'deltagrad[notebooks]'`.

# %%
from time import process_time

import numpy as np

from autograd import Value, grad, lower, sumprod
from nn import MLP, grade, squared_error

# %% [markdown]
# ## A list of scalar operations
#
# A network of three inputs, four hidden neurons and two outputs, its error and its gradient: a graph of Values.
# `lower` writes the graph down as a list of instructions, each of them one operation on numbers.

# %%
net = MLP(3, [4, 2], output_activation="linear", seed=0)
run = net.forward([0.1, 0.2, 0.3])
y = [Value(0.5, "y1"), Value(-0.5, "y2")]
v = [target - output for target, output in zip(y, run.outputs)]
err = sumprod(v, v)  # the squared error, as Σ v·v
err.label = "Err"
err.backward()
run.draw()

# %%
theta = net.parameters()
program = lower([err, *grad(err, theta)], [*run.inputs, *y, *theta])
print(program)
print(*program.source.splitlines()[1:8], "    …", sep="\n")

# %% [markdown]
# ## Families
#
# Many of these lines do the same with other numbers. Instructions with the same operation, at the same depth of the
# graph, are a **family**. What differs from member to member is only *which* numbers they read, and that can be
# written as a formula: in family `u1`, member $i$ takes in its term $t$ the numbers `theta1[3i + t]` and `x[t]`.

# %%
print(program.families)

# %% [markdown]
# **Question.** `theta2` is the list of the second layer's eight weights, row by row. Two families read it: with index
# $4i + t$ and with index $i + 4t$. What does each of them do with the matrix?
#
# The first goes along a row: 4 numbers for one output $i$, which is $\theta \cdot o$. The second goes down a column:
# each hidden neuron $i$ collects one weight from each row. It was not told to. The gradient of $o_i$ is a sum over
# the neurons that read it, and these have their weights for it in different rows.
#
# ## The matrices
#
# A family whose index is *start + stride · i + step · t* is a loop over a matrix. Here they are, as Python and as
# mathematics:

# %%
print(program.matrices)

# %%
program.matrices

# %% [markdown]
# Nobody wrote these lines. In place of "the backward pass uses the transposed matrix", which one has to believe,
# there is $\theta_2^T \delta_2$, which has *happened*. An outer product is a family whose members are pairs: each δ
# with each $o$.
#
# Are they the same numbers? The text that was printed is a program, and NumPy runs it.

# %%
at = [value.data for value in [*run.inputs, *y, *theta]]
flat = [np.ravel(part) for part in program.matrices(*at)]
print("from the matrices", np.concatenate(flat)[:4])
print("from backward()  ", np.array([err.data, *[t.grad for t in theta][:3]]))
together = np.array(program(*at))
print("apart by less than 10⁻¹⁴:", all(abs(np.concatenate(flat) - together) < 1e-14))

# %% [markdown]
# ## Not only layers
#
# **Question.** A recurrence uses one and the same matrix in every step. What will its gradient look like?

# %%
W = [[Value(0.1 * (i + 1) - 0.2 * j, f"W{i + 1}{j + 1}") for j in range(2)] for i in range(2)]
h = start = [Value(0.3, "h1"), Value(-0.6, "h2")]
for _ in range(2):
    h = [sumprod(row, h).tanh() for row in W]
err = sumprod(h, h)
err.label = "Err"

weights = [w for row in W for w in row]
print(lower([err, *grad(err, weights)], [*start, *weights]).matrices)

# %% [markdown]
# A sum of outer products, one for each step: that is "backpropagation through time", which many books give a chapter
# of its own. Used twice, counted twice, as in notebook 1. The engine has no idea of time.
#
# A [page](../docs/matrices.md) has convolutions, skip connections and softmax, and what happens where there is no
# pattern.
#
# ## What matrices are good for
#
# They compute nothing else. But a processor that knows that it has to do the same thing over and over does several at
# once and reads its memory in order. We measure: error and gradient of a network, summed over 256 samples, in four
# ways.
#
# **Question.** Before you run it: from the slowest way to the fastest, what factor do you expect?

# %%
net = MLP(8, [32, 32, 1], "tanh", "linear", seed=0)
theta = net.parameters()
generator = np.random.default_rng(0)
X, Y = generator.uniform(-1, 1, (256, 8)), generator.uniform(-1, 1, 256)


def on_values():
    total = 0.0
    for parameter in theta:
        parameter.zero_grad()
    for sample, target in zip(X.tolist(), Y.tolist()):
        err = squared_error(net(sample), target)
        err.backward()
        total += err.data
    return total, [parameter.grad for parameter in theta]


run, y = net.forward(X[0].tolist()), Value(0.0, "y")
err = squared_error(run.outputs, y)
step = lower({"err": err, "slope": grad(err, theta)}, {"x": run.inputs, "y": y, "net": net.structure()})
now = {part: [np.array([p.data for p in row]) for row in rows] for part, rows in net.structure().items()}
print("one sample:", step)

# %% [markdown]
# Beside them what a good programmer writes by hand for this network, with a row for each sample:


# %%
def by_hand():
    shapes = [(32, 8), (32, 32), (1, 32)]
    theta = [part.reshape(shape) for part, shape in zip(now["theta"], shapes)]
    o = [X]
    for matrix, b in zip(theta, now["b"]):
        u = o[-1] @ matrix.T + b
        o.append(np.tanh(u) if len(o) < 3 else u)
    rest = Y[:, None] - o[3]
    delta, slopes = -2 * rest, []
    for k in (2, 1, 0):
        slopes = [np.hstack([delta.T @ o[k], delta.sum(0)[:, None]]).ravel(), *slopes]  # a neuron's θ, then its b
        if k:
            delta = (1 - o[k] ** 2) * (delta @ theta[k])
    return (rest**2).sum(), np.concatenate(slopes)


in_numpy, in_machine_code = step.to("numpy"), step.to("native")
samples = {"x": X, "y": Y, "net": now}
ways = {
    "Values, sample by sample": on_values,
    "the matrices, in NumPy": lambda: in_numpy.sum(**samples),
    "NumPy by hand": by_hand,
    "families, in machine code": lambda: in_machine_code.sum(**samples),
}


def timed(f, least=0.3):
    """Milliseconds a call, by the processor's clock; the first one, which compiles, does not count."""
    f()
    calls, began = 0, process_time()
    while process_time() - began < least:
        f()
        calls += 1
    return 1000 * (process_time() - began) / calls


first = None
for way, f in ways.items():
    needed = timed(f)
    first = first or needed
    print(f"{way:28} {needed:9.3f} ms   {first / needed:7.1f} times as fast")

# %%
expected_err, expected_slopes = on_values()
for way, f in ways.items():
    result = f()
    total, slopes = result.values() if isinstance(result, dict) else result
    same = np.isclose(total, expected_err, rtol=1e-12) and np.allclose(slopes, expected_slopes, rtol=1e-9, atol=1e-12)
    print(f"{way:28} the same but for rounding: {bool(same)}")

# %% [markdown]
# All four are the chain rule on the same numbers. The first one can be looked at, stepped through, and certified,
# number by number; the last ones are fast. `fit` goes from one to the other by itself, and so does
# [`compiled`](../docs/compiled.md) for functions of your own. How the figures change with the network, and where
# NumPy by hand wins: [docs/speed.md](../docs/speed.md).
#
# **Question.** *But for rounding*: what can differ, if all of them add the same products?
#
# Their order. A product of two numbers has none, so an outer product has the same bits everywhere. A sum has many:
# the instructions add from left to right, and matrix libraries as it suits the processor.
#
# ## Exercise: the matrix form, by hand
#
# `my_backward` has the lecture's section 6 in NumPy. There are two mistakes in it, and since all layers of this
# network are three wide, no shape complains. `grade` asks it about this network and others, and says what is wrong.
# (`theta`, `u`, `o` and `x` are lists; `sigma_slope[k]` is σ' of layer $k$, on numbers.)

# %%
square = MLP(3, [3, 3], "sigmoid", seed=1)
sample, target = [0.5, -1.0, 0.8], [0.2, 0.9, 0.4]


def my_backward(theta, bias, u, o, x, y, sigma_slope):
    before = [x, *o]
    delta, slopes = [None] * len(theta), [None] * len(theta)
    for k in reversed(range(len(theta))):
        slope = np.array([sigma_slope[k](u_i) for u_i in u[k]])
        if k == len(theta) - 1:
            delta[k] = -2 * (np.array(y) - o[k]) * slope
        else:
            delta[k] = slope * (np.array(theta[k + 1]) @ delta[k + 1])
        slopes[k] = np.outer(before[k], delta[k])
    return delta, slopes


print(grade(square, sample, target, my_backward))

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def my_backward(theta, bias, u, o, x, y, sigma_slope):
#     before = [x, *o]
#     delta, slopes = [None] * len(theta), [None] * len(theta)
#     for k in reversed(range(len(theta))):
#         slope = np.array([sigma_slope[k](u_i) for u_i in u[k]])
#         if k == len(theta) - 1:
#             delta[k] = -2 * (np.array(y) - o[k]) * slope
#         else:
#             delta[k] = slope * (np.array(theta[k + 1]).T @ delta[k + 1])
#         slopes[k] = np.outer(delta[k], before[k])
#     return delta, slopes
# ```
# </details>
#
# On to [notebook 8](08_curvature.ipynb): the gradient has a gradient.
