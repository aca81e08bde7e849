# %% [markdown]
# # 5 · When learning stops
#
# Training fails in few ways. A gradient is no number; or it is that of another step than one thinks; or δ has become
# so small, or so large, on its way to the first layer that no weight there can learn. Section 9 of
# [the lecture](../docs/backpropagation-explained.md) warns of the last one. This notebook shows how to find out which
# it is, **why**, and what helps.
#
# You need notebooks [2](02_backward_event_by_event.ipynb) and [3](03_the_lectures_neuron.ipynb). It takes about twenty
# minutes.

# %%
import random

from autograd import BackwardMistake, NotFinite, Value, debug, draw, where
from nn import MLP, Watch, compare_diagnoses, diagnose, fit, grade

# %% [markdown]
# ## Where was the nan born?
#
# A nan spreads: every operation that meets one passes it on, and at the end everything is nan and nothing says why.
# What matters is where the first one was *born*, from operands that were numbers. Inside `with debug():` every node
# knows the line of your program that made it. When a nan or an infinity reaches a result, or a gradient, the error
# names its birth. (What stands in a branch that was not taken reaches nothing, and is nobody's fault.)
#
# **Question.** The entropy $-p \log p$ is 0 at $p = 0$. What will the computer say?

# %%
try:
    with debug():
        p = Value(0.0, "p")
        logarithm = p.log()
        logarithm.label = "log p"
        entropy = -(p * logarithm)
except NotFinite as error:
    found = error
    print(error)

# %% [markdown]
# The message names the operation, its operands, and the line. The node itself can be marked in a picture:

# %%
draw(found.root, highlight=found.node)

# %% [markdown]
# 0 × ∞ has no value, and the computer does not make one up. What is right on paper is written so that it passes
# through no infinity:
#
# | instead of | write |
# |---|---|
# | `x * log(x)` | `where(x > 0, x * log(x), 0)`: a branch not taken is silent |
# | `1 / (1 + exp(-x))`, `log(1 + exp(x))` | `sigmoid(x)`, `softplus(x)` |
# | `log(exp(a) + exp(b))`, `log(1 + x)` | `logsumexp([a, b])`, `log1p(x)` |
# | `sqrt(a*a + b*b)` | `hypot(a, b)` |
#
# The entropy once more, at the same $p$:

# %%
with debug():
    p = Value(0.0, "p")
    print(where(p > 0, -p * p.log(), 0).data)

# %% [markdown]
# A value can be harmless and its *slope* infinite. That is found when `backward()` gets there, and again with the
# line that made the node.

# %%
try:
    with debug():
        a, b = Value(3.0, "a"), Value(3.0, "b")
        square = (a - b) ** 2
        square.label = "square"
        distance = square.sqrt()
        distance.label = "distance"
        distance.backward()
except NotFinite as error:
    found = error
    print(error)

# %%
draw(found.root, highlight=found.node, width=1100)

# %% [markdown]
# ## Three classic mistakes around `backward()`
#
# None of them gives a nan. The loss may even fall. `debug()` knows them all the same.
#
# **Question.** This loop is wrong. Where?

# %%
try:
    with debug():
        w = Value(1.0, "w")
        for _ in range(3):
            err = (w * 2.0 - 3.0) ** 2
            err.label = "Err"
            err.backward()
            w.data -= 0.1 * w.grad
except BackwardMistake as error:
    print(error)

# %% [markdown]
# The gradient of the first step was still there when the second one began, and leaves accumulate. The other two:

# %%
try:
    with debug():
        w = Value(1.0, "w")
        err = (w * 2.0 - 3.0) ** 2
        w.data = 0.5  # between the forward pass and backward()
        err.backward()
except BackwardMistake as error:
    print(error)

# %%
try:
    with debug():
        w = Value(1.0, "w")
        err = (w * 2.0 - 3.0) ** 2
        err.backward()
        err.backward()
except BackwardMistake as error:
    print(error)

# %% [markdown]
# ## δ through twelve layers
#
# Now the mistakes that are no mistakes in the program. Twelve layers of sigmoids; $|\delta|$ in each of them, from
# ten samples:

# %%
generator = random.Random(0)
X = [[generator.uniform(-1, 1) for _ in range(4)] for _ in range(10)]
Y = [generator.uniform(0, 1) for _ in range(10)]

sigmoids = diagnose(MLP(4, [10] * 11 + [1], "sigmoid", seed=0), X, Y)
sigmoids

# %% [markdown]
# From right to left, layer 12 to layer 1, the typical $|\delta|$ falls by seven orders of magnitude.
#
# Why? The recursion $\delta_i = \sigma'(u_i) \cdot \sum_j \delta_j \theta_{ji}$ is a product, so its logarithm is a
# sum, and each layer's share can be read off: what the **slope** adds, what the **weights** add, and what the
# **cancellation** in the sum changes.
#
# **Question.** In a plot of these shares, which of the three will be the long bars?

# %%
sigmoids.plot()

# %% [markdown]
# The slopes. The sigmoid's slope is at most ¼, so each slope takes away at least
# $\log_{10} 4 = 0.6$. Weights four times as large could make up for it, but they would also make $|u|$ larger, where
# the slope is smaller still.
#
# ## The remedy, and whether it helps
#
# The lecture names three: another activation, careful initialisation, clipping. `advice` says which one fits the
# cause; `remedy()` builds such a network and diagnoses it on the same samples.

# %%
print(sigmoids.advice[0])

sigmoids.remedy()

# %%
both = sigmoids.remedy().plot()
both.figure.set_figwidth(11.4)
both

# %% [markdown]
# **Question.** ReLU's slope is 1. Would ReLU alone have done it, with the same starting weights as before?

# %%
relus = diagnose(MLP(4, [10] * 11 + [1], "relu", "sigmoid", initializer="xavier", seed=0), X, Y)
with_he = diagnose(MLP(4, [10] * 11 + [1], "relu", "sigmoid", initializer="he", seed=0), X, Y)
print(relus.summary)

compare_diagnoses(relus, with_he)

# %% [markdown]
# Not quite. A ReLU is silent for half of its inputs, and each layer loses that half; He's initialisation makes the
# weights larger by $\sqrt 2$ to make up for it. Activation and initialisation belong together.
#
# ## And the other way round
#
# **Question.** The healthy network with all weights three times as large: by which factor does δ grow from the last
# layer to the first, roughly?

# %%
net = MLP(4, [10] * 11 + [1], "relu", "linear", initializer="he", seed=0)
healthy = diagnose(net, X, Y)
print(healthy.verdict)

for parameter in net.parameters():
    parameter.data *= 3

exploding = diagnose(net, X, Y)
print(exploding.summary)
for diagnosis in (healthy, exploding):
    print(f"first / last = {diagnosis.rows[0].typical / diagnosis.rows[-1].typical:.3g}")
print(f"3¹¹ = {3**11:,}")

# %% [markdown]
# By some 30 000. A factor of 3 for each of the eleven weight matrices that δ comes back through is
# $3^{11} \approx 177\,000$, times what the healthy network does by itself: a product again. Clipping keeps the steps
# small here; a careful initialisation makes clipping unnecessary.
#
# ## Over training
#
# A network can start well and lose its δ later. A `Watch` looks after every so many epochs.

# %%
watch = Watch(X, Y, every=10)
fit(MLP(4, [6, 6, 1], "tanh", seed=0), X, Y, epochs=200, seed=0, callbacks=[watch], progress=False)
watch.plot()

# %% [markdown]
# ## Exercise: a deep network that can learn
#
# `my_network` has to have at least ten hidden layers, and its δ has to arrive in the first one. The attempt below takes
# tanh for its larger slope, and small weights to be careful. `my_relu_rule` is the remedy's own slope, from the output
# $o$ and the operand $u$; this one would let δ through dead neurons too. Run it, read the causes, and repair both.


# %%
def my_network():
    net = MLP(4, [10] * 11 + [1], activation="tanh", seed=1)
    for parameter in net.parameters():
        parameter.data *= 0.3
    return net


def my_relu_rule(o, u):
    return 1.0


# %%
print(grade(my_relu_rule, "relu"))
diagnosis = diagnose(my_network(), X, Y)
good = diagnosis.verdict == "healthy" and len(diagnosis.rows) > 10
print("right:" if good else "WRONG:", diagnosis.summary)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def my_network():
#     return MLP(4, [10] * 11 + [1], activation="tanh", initializer="xavier", seed=1)
#
#
# def my_relu_rule(o, u):
#     return 1.0 if u > 0 else 0.0
# ```
# </details>
#
# What `diagnose` measures and how it decides: [docs/diagnosis.md](../docs/diagnosis.md). On to
# [notebook 6](06_watch_a_network_learn.ipynb), in which a network does learn, and you watch it.
