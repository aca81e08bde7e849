# %% [markdown]
# # 9 · Forward and reverse
#
# The lecture goes *back* from the error, and this engine with it. But the chain rule does not say where to begin. Let
# one weight move, and ask of every number how fast it moves then: that is **forward mode**. It has the same local
# derivatives, multiplied from the other end. This notebook plays both films on one graph, counts, and says when which
# of them pays.
#
# You need notebooks [2](02_backward_event_by_event.ipynb) and [3](03_the_lectures_neuron.ipynb). It takes about twenty
# minutes.

# %%
from autograd import Value, check_grads, explore, grad, hvp, jacobian, jvp, lower, record, tanh
from autograd.teaching.tangents import costs
from nn import MLP, grade, squared_error
from nn import deltas as hand

# %% [markdown]
# ## The other film
#
# The neuron of notebook 2. Now θ moves, at the rate 1: $\dot\theta = 1$. The rate of a number is called its *tangent*
# and written with a dot.

# %%
theta, x, b, y = Value(0.5, "θ"), Value(2.0, "x"), Value(-1.5, "b"), Value(1.0, "y")

u = theta * x + b
u.label = "u"
o = tanh(u)
o.label = "o"
err = (y - o) ** 2
err.label = "Err"

forward = record(err, mode="forward", seed=theta)
print(forward)

# %% [markdown]
# As soon as a number is computed, each of its operands that moves gives it a share: local derivative × the operand's
# tangent. Nothing has to be kept for a way back.
#
# **Question.** The film backward has an event for each edge, and this one has fewer. Which edges are missing, and why?

# %%
backward = record(err)
print("backward:", len([e for e in backward.events if hasattr(e, "upstream")]), "contributions")
print("forward: ", len([e for e in forward.events if hasattr(e, "rate")]), "contributions")

# %% [markdown]
# $b$, $x$ and $y$ stand still, so they give nothing. That is also the price: at the end this film knows one derivative,
# $\dot{Err} = \partial Err/\partial\theta$, and the film backward knows all of them.

# %%
print(f"forward   Ėrr     = {forward.tangent(err):+.12f}")
for leaf in (theta, x, b, y):
    print(f"backward  ∂Err/∂{leaf.label} = {backward.gradient(leaf):+.12f}")

# %% [markdown]
# Both multiply the same five numbers along the path from θ to Err. One begins at θ, the other at Err:

# %%
print("forward ", " · ".join(f"{e.local:+.4f}" for e in forward.events if hasattr(e, "rate")))
print(
    "backward",
    " · ".join(f"{e.local:+.4f}" for e in backward.events if hasattr(e, "upstream") and e.parent not in (b, x, y)),
)

# %% [markdown]
# (The square has one local derivative here, $2 v_2$, and so does the film.) In the page below you can switch between
# the two under *Mode*, step through either, and drag the leaves. (If you see no page here, run the cells up to this
# one, or trust the notebook.)

# %%
explore(err)

# %% [markdown]
# ## In the lecture's letters
#
# | | reverse | forward |
# |---|---|---|
# | a neuron's sum | $\sum_j \delta_j \theta_{ji}$ | $\dot u_i = \sum_l (\theta_{il} \dot o_l + \dot\theta_{il} o_l)$ |
# | its activation | $\delta_i = \sigma'(u_i) \sum_j \delta_j \theta_{ji}$ | $\dot o_i = \sigma'(u_i) \, \dot u_i$ |
# | it begins | with $\partial Err/\partial Err = 1$ | with $\dot x = 1$, or $\dot\theta = 1$ |
#
# Reverse mode sums over those who come after, forward mode over those who come before. On graphs it is
# `jvp(ys, xs, v)`: how fast the ys move if the xs move at the rates v. It returns Values, so it can be drawn, printed
# and differentiated again. Here is a network whose first input moves:

# %%
net = MLP(2, [2, 1], bias=False, seed=0)
run = net.forward([0.5, -1.0])
rates = [Value(1.0, "ẋ₁"), Value(0.0, "ẋ₂")]
(o_rate,) = jvp(run.outputs, run.inputs, rates)
print(lower(o_rate, [*run.inputs, *rates, *net.parameters()]).source)

# %% [markdown]
# For each neuron the two lines of the forward pass, $u$ and $o$, and two of the same form for their tangents. (The last
# $o$ is missing: nothing here asks for it.)

# %%
o_rate

# %% [markdown]
# ## Section 8 in numbers
#
# "Each δ only needs to be computed once", says the lecture.
#
# **Question.** A network has $P$ weights. How many passes does forward mode need for its gradient, and about how much
# work is each?

# %%
print("network           leaves   products, reverse   products, forward   ratio")
for sizes in ([2, 2, 1], [2, 4, 4, 1], [4, 8, 8, 2], [8, 16, 16, 16, 4], [16, 32, 32, 32, 10]):
    some = MLP(sizes[0], sizes[1:], seed=0)
    counted = costs(squared_error(some.forward([0.1] * sizes[0]).outputs, [0.0] * sizes[-1]))
    name = "-".join(map(str, sizes))
    ratio = counted.forward / counted.reverse
    print(f"{name:16} {counted.leaves:>7} {counted.reverse:>19} {counted.forward:>19} {ratio:>7.1f}")

# %% [markdown]
# One pass back costs about two products for each weight, however many there are. Forward mode makes a pass for each
# weight, and though a pass skips what that weight does not move, the ratio grows with the size of the network. **One
# result, many parameters: reverse.**
#
# ## When forward
#
# Turn it round: one number goes in and many come out. A point runs along a curve; its velocity is one forward pass,
# and would be three passes back.

# %%
t = Value(0.5, "t")
curve = [t.cos(), t.sin(), t * t]
print("velocity:", [f"{rate.data:+.4f}" for rate in jvp(curve, t, 1.0)])
by_rows = [row[0].data for row in jacobian(curve, [t])]
by_columns = [row[0].data for row in jacobian(curve, [t], mode="forward")]
print("rows and columns agree:", by_rows == by_columns)

# %% [markdown]
# Or only *one direction* matters. The Hessian times a vector, of [notebook 8](08_curvature.ipynb), is the tangent of a
# gradient: back once, and then forward once. No matrix is built.

# %%
v = [1.0] * len(net.parameters())
err_net = squared_error(net.forward([0.5, -1.0]).outputs, 0.25)
slopes = grad(err_net, net.parameters())
print(
    "the same:",
    [h.data for h in hvp(err_net, net.parameters(), v)] == [h.data for h in jvp(slopes, net.parameters(), v)],
)

# %% [markdown]
# Both directions read the same table of operations. `check_grads` holds either to finite differences:

# %%
print(check_grads(lambda a, c: (a * c).tanh() / (1 + c * c), 0.3, 0.7, mode="forward"), "derivatives agree, forward")
print(check_grads(lambda a, c: (a * c).tanh() / (1 + c * c), 0.3, 0.7), "derivatives agree, reverse")

# %% [markdown]
# ## Exercise: a gradient by tangents, by hand
#
# `my_tangents` gets plain lists: `theta[k][i][l]`, the rates `theta_dot[k][i][l]` at which the weights move, and the
# inputs `x`, which stay. It returns the outputs $o$ of the last layer and their rates $\dot o$. Let one weight move at
# rate 1 and all others rest, and $\sum -2(y - o)\,\dot o$ is $\partial Err/\partial\theta$ of that weight: one sweep
# for each. `grade` takes all of them for what they are, a gradient; below is an attempt with a mistake.


# %%
def my_tangents(theta, theta_dot, x):
    o, o_dot = x, [0.0] * len(x)
    for layer, moved in zip(theta, theta_dot):
        u = [sum(w * a for w, a in zip(row, o)) for row in layer]
        u_dot = [
            sum(w * a_dot + w_dot * a for w, w_dot, a, a_dot in zip(row, row_dot, o, o_dot))
            for row, row_dot in zip(layer, moved)
        ]
        o = [hand.tanh(u_i) for u_i in u]
        o_dot = [hand.tanh(u_i) * u_dot_i for u_i, u_dot_i in zip(u, u_dot)]
    return o, o_dot


# %%
def gradient(theta, bias, u, o, x, y, sigma_slope):
    def sweep(place):
        theta_dot = [
            [[float((k, i, l) == place) for l in range(len(row))] for i, row in enumerate(layer)]
            for k, layer in enumerate(theta)
        ]
        return sum(-2 * (y_k - o_k) * rate for y_k, o_k, rate in zip(y, *my_tangents(theta, theta_dot, x)))

    places = [[[(k, i, l) for l in range(len(row))] for i, row in enumerate(layer)] for k, layer in enumerate(theta)]
    return {"dtheta": [[[sweep(place) for place in row] for row in layer] for layer in places]}


print(grade(MLP(2, [3, 2], bias=False, seed=4), [0.5, -1.0], [0.3, -0.2], gradient))

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def my_tangents(theta, theta_dot, x):
#     o, o_dot = x, [0.0] * len(x)
#     for layer, moved in zip(theta, theta_dot):
#         u = [sum(w * a for w, a in zip(row, o)) for row in layer]
#         u_dot = [
#             sum(w * a_dot + w_dot * a for w, w_dot, a, a_dot in zip(row, row_dot, o, o_dot))
#             for row, row_dot in zip(layer, moved)
#         ]
#         o = [hand.tanh(u_i) for u_i in u]
#         o_dot = [hand.tanh_slope(u_i) * u_dot_i for u_i, u_dot_i in zip(u, u_dot)]
#     return o, o_dot
# ```
# </details>
#
# [Forward and reverse](../docs/forward.md) has the formulas and the figures of larger networks. On to
# [notebook 10](10_a_small_transformer.ipynb): one result, a thousand weights, and a network that spells.
