# %% [markdown]
# # 3 · The lecture's neuron and its deltas
#
# [The lecture](../docs/backpropagation-explained.md) derives backpropagation with pen and paper: a forward pass with
# $u$ and $o$, then $\delta$ for the output, $\delta$ for the hidden layers, and from them the change of every weight.
# The engine of notebooks [1](01_a_number_that_remembers.ipynb) and [2](02_backward_event_by_event.ipynb) knows none
# of these formulas. Here we see them come out of it all the same, number by number, and have the agreement certified.
#
# | | |
# |---|---|
# | $u_i = \sum_\ell \theta_{i\ell} \cdot o_\ell$ | weighted sum, from the outputs $o_\ell$ of the layer before |
# | $o_i = \sigma(u_i)$ | output, $\sigma$ is the activation, here tanh |
# | $Err = \sum (y - \hat y)^2$ | error, $\hat y$ is the output of the last layer |
# | $\delta_i = \partial Err / \partial u_i$ | how the error changes with a neuron's weighted sum |
# | $\eta$ | learning rate |

# %%
import math

from autograd import Value, draw, grad, lower, sumprod, toposort
from nn import MLP, certify, diagnose, grade, squared_error
from nn import deltas as hand

# %% [markdown]
# ## One neuron
#
# Two inputs, two weights. `sumprod` is the weighted sum in one step: $u = \theta_1 x_1 + \theta_2 x_2$.

# %%
x = [Value(1.0, "x₁"), Value(0.5, "x₂")]
theta = [Value(0.6, "θ₁"), Value(-0.4, "θ₂")]
y = Value(1.0, "y")

u = sumprod(theta, x)
o = u.tanh()
err = (y - o) ** 2
u.label, o.label, err.label = "u", "o", "Err"

err.backward()
draw(err, width=1100)

# %% [markdown]
# The forward pass is the grey arrows, down to $Err$; the backward pass is the coloured ones, from $Err$ back up.
#
# ## δ of the output
#
# The lecture boxes, for the last layer,
#
# $$\delta_k = -2\,(y - \hat y) \cdot \sigma'(u_k)$$
#
# and tanh has the slope $\sigma'(u) = 1 - o^2$.
#
# **Question.** Compute $\delta$ from the numbers in the picture. Where in the picture does it stand?

# %%
print("by hand:       ", -2 * (y.data - o.data) * (1 - o.data**2))
print("in the graph:  ", u.grad)

# %% [markdown]
# It is the gradient of the card $u$. The engine computed it in three steps, which are the three edges from $Err$ back
# to $u$: $2(y - o)$ for the square, $-1$ for the minus in front of $o$, $\sigma'(u)$ for tanh.
#
# ## From δ to the weights
#
# Next box of the lecture, section 4: $\dfrac{\partial Err}{\partial \theta_{i\ell}} = \delta_i \cdot o_\ell$. In the
# first layer $o_\ell$ is the input $x_\ell$.

# %%
delta = u.grad
for theta_l, x_l in zip(theta, x):
    print(f"∂Err/∂{theta_l.label}   δ·{x_l.label} = {delta * x_l.data:+.6f}   in the graph: {theta_l.grad:+.6f}")

# %% [markdown]
# **Question.** Suppose $x_2$ had been 0. How would $\theta_2$ change in this step of learning, however large the
# error?

# %%
silent = Value(0.0, "x₂")
err_silent = (y - sumprod(theta, [x[0], silent]).tanh()) ** 2
(slope,) = grad(err_silent, [theta[1]])
print("∂Err/∂θ₂ is 0:", slope.data == 0)

# %% [markdown]
# Not at all: $\delta \cdot 0 = 0$. A weight learns only from samples whose input it sees. (`grad` gives a gradient
# without touching any `.grad`.)
#
# ## One step of learning
#
# $\theta_\ell \leftarrow \theta_\ell - \eta \cdot \delta \cdot o_\ell$: against the gradient, so that the error
# falls.
#
# **Question.** Err is 0.38 now. Which of the learning rates below will make it smaller, and will a larger one always
# make it smaller still?


# %%
def error_with(weights):
    return (y.data - hand.tanh(hand.weighted_sum(weights, [x_l.data for x_l in x]))) ** 2


print(f"now        Err = {err.data:.6f}")
for eta in (0.01, 0.1, 1.0, 10.0):
    moved = [hand.updated(theta_l.data, eta, delta, x_l.data) for theta_l, x_l in zip(theta, x)]
    print(f"η = {eta:<5}  Err = {error_with(moved):.6f}")

# %% [markdown]
# All of them, here: tanh never exceeds $y = 1$, so this neuron cannot overshoot. With a target inside its range it
# can:

# %%
y.data = 0.5
u = sumprod(theta, x)
err = (y - u.tanh()) ** 2
delta = grad(err, [u])[0].data

print(f"now        Err = {err.data:.6f}")
for eta in (0.01, 0.1, 1.0, 10.0):
    moved = [hand.updated(theta_l.data, eta, delta, x_l.data) for theta_l, x_l in zip(theta, x)]
    print(f"η = {eta:<5}  Err = {error_with(moved):.6f}")

# %% [markdown]
# $\delta$ says which way is down and how steep it is *here*. It does not say how far one may go; that is why $\eta$
# has to be chosen.
#
# ## A network
#
# Two inputs, two hidden neurons, two outputs. `forward` keeps every $u$ and $o$ of the call; after `backward()` there
# is every $\delta$ too.

# %%
sample, target = [0.5, -1.0], [0.5, -0.25]

net = MLP(2, [2, 2], activation="tanh", bias=False, seed=3)
run = net.forward(sample)
err = squared_error(run.outputs, target)
err.backward()

run.draw(err, width=1100)

# %% [markdown]
# One card for each neuron: its weights at the top, coloured by ∂Err/∂θ, and $u$, $o$, $\delta$ at the bottom.
# $\theta^{(2)}_{12}$ is in layer 2 and leads **to** neuron 1 **from** neuron 2: first the row, then the column.
#
# ## δ of a hidden neuron
#
# The lecture's recursive formula takes $\delta$ from the *next* layer:
#
# $$\delta_i = \sigma'(u_i) \cdot \sum_j \delta_j \cdot \theta_{ji}$$
#
# **Question.** For hidden neuron 1: which two weights does the sum need? Find them in the picture before you go on.

# %%
slope = 1 - run.o[0][0].data ** 2
delta_next = run.delta[1]
column = [neuron.theta[0].data for neuron in net.layers[1].neurons]  # θ⁽²⁾₁₁ and θ⁽²⁾₂₁
row = [weight.data for weight in net.layers[1].neurons[0].theta]  # θ⁽²⁾₁₁ and θ⁽²⁾₁₂

print("in the graph:             ", run.delta[0][0])
print("by hand, with the column: ", slope * sum(d * t for d, t in zip(delta_next, column)))
print("by hand, with the row:    ", slope * sum(d * t for d, t in zip(delta_next, row)))

# %% [markdown]
# The weights on the two lines that *leave* neuron 1: $\theta^{(2)}_{11}$ and $\theta^{(2)}_{21}$, a **column** of
# layer 2. Going forward, a neuron reads its row; going backward, its column. With the row the number is wrong, and
# since this matrix is square, no program complains about its shape.
#
# ## The formula is in the graph
#
# So far numbers agreed. But `grad` returns the gradient as a graph, and a graph can be printed as a program. Here is
# everything that is needed to compute $\delta^{(1)}_1$; look at the lines whose names begin with `delta`. (`sech2` is
# $\sigma'$, the slope of tanh.)

# %%
(delta_11,) = grad(err, [run.u[0][0]])
leaves = [node for node in toposort(err) if node.op is None]
print(lower([delta_11], leaves).source)

# %% [markdown]
# Nobody told the engine about $\delta$ or about layers; only the names come from the network. The last line but one
# *is* the recursive formula, with the column in its place. It falls out of two rules, multiply along an edge and add
# where edges meet.
#
# ## All weights
#
# **Question.** How many different $\delta$ are needed for the eight ∂Err/∂θ of this network?

# %%
before = [sample, [o.data for o in run.o[0]]]  # what each layer reads: the inputs, then layer 1's outputs
for k, layer in enumerate(net.layers):
    for neuron in layer.neurons:
        for l, weight in enumerate(neuron.theta):
            product = hand.weight_gradient(neuron.delta, before[k][l])
            print(f"∂Err/∂{weight.label}   δ·o = {product:+.6f}   in the graph: {weight.grad:+.6f}")

# %% [markdown]
# Four, one for each neuron. This is the economy of backpropagation: one $\delta$ serves all weights of its neuron.
#
# ## Certified
#
# Comparing by eye is slow. `certify` does it for the whole network: every $\delta$ and every ∂Err/∂θ of the graph
# against [`nn/deltas.py`](../nn/deltas.py), which states the lecture's formulas and shares no code with the engine,
# and both against finite differences.

# %%
certify(net, sample, target)

# %% [markdown]
# One line for each neuron. *ulp* counts units in the last place of a floating-point number: 1 or 2 is rounding, since
# two orders of the same multiplications round differently. What is far apart is given in percent instead.
#
# **Question.** What will the certificate say if we give it a wrong slope by hand, $1 - u^2$ for $1 - o^2$? In which
# neuron?

# %%
certify(net, sample, target, sigma=(hand.tanh, lambda u: 1 - u**2))

# %% [markdown]
# Not certified. Each formula is checked by itself, so the mistake is reported where it is made, here in every neuron;
# the last line names the first number that differs and the edge that it belongs to. And who is right? The column
# *differences* says *agree*: finite differences side with the graph, so the formula by hand is the wrong one.
#
# ## One step for the whole network
#
# Section 6 of the lecture: forward, backward, update. We have the first two.

# %%
eta = 0.05
for k, layer in enumerate(net.layers):
    for neuron in layer.neurons:
        for l, weight in enumerate(neuron.theta):
            weight.data = hand.updated(weight.data, eta, neuron.delta, before[k][l])

print("Err before:", err.data)
print("Err after: ", squared_error(net(sample), target).data)

# %% [markdown]
# The error of *this* sample fell. Training repeats the three steps over many samples; `nn.fit` does that, and in
# [notebook 6](06_watch_a_network_learn.ipynb) you watch it. There, too, is the playground, in which every one of these
# numbers can be stepped through while the network learns.
#
# ## Vanishing is not zero
#
# Section 9 warns of vanishing gradients. Ten sigmoid neurons in a row, all weights 1: each layer multiplies $\delta$
# by $\sigma'(u) \cdot \theta$.
#
# **Question.** The sigmoid's slope is at most ¼. How much smaller than the last $\delta$ is the first one, at least?

# %%
chain = MLP(1, [1] * 10, activation="sigmoid", bias=False, seed=0)
for weight in chain.parameters():
    weight.data = 1.0

chain_run = chain.forward([1.0])
squared_error(chain_run.outputs, 1.0).backward()
for k, (delta_k,) in reversed(list(enumerate(chain_run.delta, 1))):
    print(f"layer {k:>2}   δ = {delta_k:+.3e}   {'=' * round(6 * (8 + math.log10(abs(delta_k))))}")
print(f"first / last = {chain_run.delta[0][0] / chain_run.delta[9][0]:.3g}, at most (1/4)⁹ = {0.25**9:.3g}")

# %% [markdown]
# A bar shorter by six signs is a $\delta$ ten times smaller: it shrinks by about the same *factor* in each layer. The
# first layer learns about a million times more slowly than the last. But its $\delta$ is **small, not zero**: it has
# all its digits, and the certificate holds.

# %%
print(certify(chain, [1.0], 1.0).summary)
print()
print(diagnose(chain, [1.0], 1.0).summary)

# %% [markdown]
# Zeros do appear where a formula is right on paper and loses its digits in floating point.
#
# **Question.** $\sigma'(20)$ for tanh: what does $1 - o^2$ give?

# %%
u = Value(20.0, "u")
o = u.tanh()
o.backward()
print("o          ", o.data)
print("1 − o²     ", 1 - o.data**2)
print("the engine ", u.grad)
print("by hand    ", hand.tanh_slope(20.0))

# %% [markdown]
# At 20, tanh rounds to exactly 1.0, and $1 - 1 = 0$: with this formula such a sample teaches the neuron nothing, by
# rounding alone. A $\delta$ of $10^{-17}$ does not teach much either. But it has the right sign and size, so it can
# be compared, diagnosed and rescaled; a 0 cannot. The engine and `nn/deltas.py` both compute $\sigma'(u)$ from $u$,
# in a form that keeps its digits ([numerics](../docs/numerics.md)).
#
# ## Exercise: derive it yourself
#
# `my_delta` gets plain lists: `theta[k][i][l]`, `u[k][i]`, `o[k][i]`, and σ' of each layer in `sigma_slope[k]`. It
# returns the $\delta$ of both layers. Below is an attempt with **two** mistakes. `grade` says which equation is wrong
# and what the mistake is; it judges each equation by itself, with your own $\delta$ of the next layer in it.


# %%
def my_delta(theta, bias, u, o, x, y, sigma_slope):
    slope_1, slope_2 = sigma_slope
    delta_2 = [2 * (y[k] - o[1][k]) * slope_2(u[1][k]) for k in range(2)]
    delta_1 = [slope_1(u[0][i]) * sum(delta_2[j] * theta[1][i][j] for j in range(2)) for i in range(2)]
    return [delta_1, delta_2]


print(grade(net, sample, target, my_delta))

# %% [markdown]
# Repair it until both lines begin with `right`. Then start from an empty function and write it from memory.
#
# <details><summary>A solution</summary>
#
# ```python
# def my_delta(theta, bias, u, o, x, y, sigma_slope):
#     slope_1, slope_2 = sigma_slope
#     delta_2 = [-2 * (y[k] - o[1][k]) * slope_2(u[1][k]) for k in range(2)]
#     delta_1 = [slope_1(u[0][i]) * sum(delta_2[j] * theta[1][j][i] for j in range(2)) for i in range(2)]
#     return [delta_1, delta_2]
# ```
# </details>
#
# Every equation of the lecture, with the line, the test and the picture that belong to it:
# [docs/lecture.md](../docs/lecture.md). On to [notebook 4](04_proved_and_by_every_path.ipynb): from these to all
# numbers.
