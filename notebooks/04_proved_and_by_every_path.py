# %% [markdown]
# # 4 · Proved, and by every path
#
# In [notebook 3](03_the_lectures_neuron.ipynb) the lecture's formulas came out of the graph, and a certificate
# compared them number by number. A comparison covers the numbers it was made with. Here we ask for more: a **proof**
# for all numbers, an **explanation** of a gradient as the sum over its paths, and at the end the worked example that
# so many courses use, with the mistake in it that they copy.
#
# You need notebook 3, and the chain rule. It takes about twenty minutes. Proofs need SymPy; if it is missing,
# the first cell that needs it says what to install.

# %%
from fractions import Fraction

from autograd import explain
from autograd.teaching.paths import multiplications
from nn import MLP, SGD, certify, grade, prove, prove_exactly, squared_error
from nn import deltas as hand

# %% [markdown]
# ## What a certificate says, and what it does not
#
# A data set is certified sample by sample, and then as one batch: ∂Err/∂θ is the sum of the samples' δ·o. The table
# is that of the worst sample; a δ has the colour that it has in the pictures.

# %%
net = MLP(2, [2, 2], activation="sigmoid", seed=0)
X = [[0.5, -1.0], [1.0, 0.25], [-0.75, 0.5]]
Y = [[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]]

certify(net, X, Y)

# %% [markdown]
# Three samples, one set of weights. **Question.** How many samples would it take until no doubt is left?
#
# No number is enough. But the program that computes the gradient is a program like any other, and it can be run on
# *letters* instead of numbers.
#
# ## The proof
#
# `prove` takes the gradient graph of a network, lowers it to straight-line code, and runs that code on symbols. It
# does the same with the formulas in [`nn/deltas.py`](../nn/deltas.py), which know nothing of graphs. Each δ and each
# ∂Err/∂θ must then be the same *expression*.

# %%
proof = prove([2, 2, 2], "sigmoid", bias=False)
proof

# %% [markdown]
# The first block is the lecture: $\delta$ of the output, then $\delta_i = \sigma'(u_i) \sum_j \delta_j \theta_{ji}$
# for each hidden neuron, then $\delta \cdot o$ for each weight. (The output's $-((y-o)+(y-o))$ is $-2(y-o)$ as the
# graph has it: a square is a product of two equal factors, and each brings its share.)
#
# **Question.** The proof treats $\sigma$ and $\sigma'$ as two names about which nothing is known. What is left to
# show for the sigmoid?

# %%
for lemma in proof.lemmas:
    print(lemma.term, "=", lemma.text)

# %% [markdown]
# That $\sigma'$ is the derivative of $\sigma$: a lemma of its own, for which SymPy differentiates the sigmoid itself.
#
# ## How δ emerges
#
# The second block above is the interesting one. It shows three expressions for the same $\delta^{(1)}_1$, from the
# chain rule to the lecture's formula, each of them proved equal to it:

# %%
for step in proof.emergence:
    print(step.term)
    print("   ", step.text)
    print()

# %% [markdown]
# First the plain chain rule: a product for every path from $Err$ down to $u^{(1)}_1$. Paths that go through the same
# neuron of the next layer *begin alike*, and what they share, added up, is that neuron's $\delta$. All paths *end
# alike*, in $\sigma'(u^{(1)}_1)$, which is taken out. What remains is the lecture's formula. Nobody put it in; it is
# what the order of a backward pass does to the chain rule.
#
# ## A proof that could not fail would prove nothing
#
# **Question.** We replace the hand formula of a hidden neuron's δ by the popular wrong one, without the weights. Where
# will the proof break first?

# %%
right = hand.hidden_delta
hand.hidden_delta = lambda slope_i, delta_next, theta_column: slope_i * sum(delta_next)
broken = prove([2, 2, 2], "sigmoid", bias=False)
hand.hidden_delta = right

print(bool(broken), "-", broken.first_wrong.term)
print("in the graph:", broken.first_wrong.text)

# %% [markdown]
# At the first hidden δ: those of the output do not use that formula, and are still the same.
#
# ## The second witness: fractions
#
# Floating point rounds, so a certificate has to allow a little. Fractions do not round. A network of ReLUs turns
# fractions into fractions, and then two numbers are the same or they are not.

# %%
print(prove_exactly([3, 4, 2], "relu").summary)
print("0.1 + 0.2 == 0.3                ", 0.1 + 0.2 == 0.3)
print("the same with fractions         ", Fraction(1, 10) + Fraction(2, 10) == Fraction(3, 10))

# %% [markdown]
# ## Every path, counted
#
# The first line of the emergence had one product for each path. `explain(y, x)` lists them for any two Values, with
# their numbers, the largest first.

# %%
run = net.forward(X[0])
err = squared_error(run.outputs, Y[0])
err.backward()
theta = net.layers[0].neurons[0].theta[0]

because = explain(err, theta, top=2)
print(because)

# %% [markdown]
# The paths through the two outputs pull in different directions, and a part of them cancels. In the picture, the path
# that matters most:

# %%
explain(err, theta, top=1).draw(width=1100)

# %% [markdown]
# (Two paths, in fact, of the same size: the square in $Err$ is a product of two equal factors, and a path leads through
# either. They are the first two above, and the two arrows into $Err$.)
#
# **Question.** Section 8 of the lecture says that backpropagation saves work because each $\delta$ is computed once
# and used for all neurons below. A network of four neurons a layer: how many multiplications does that save, with two
# layers, with four, with six?

# %%
for depth in (1, 2, 3, 4, 5, 6):
    deep = MLP(2, [4] * depth, activation="tanh", seed=0)
    err_deep = squared_error(deep.forward([0.5, -1.0]).outputs, [0.0] * 4)
    backward, by_paths, paths = multiplications(err_deep, deep.parameters())
    print(
        f"{depth} layers: {backward:>4} by backward(), {by_paths:>9,} path by path, {by_paths / backward:>9.1f} times"
    )

# %% [markdown]
# One layer more costs `backward()` a constant number of multiplications, and the paths a *factor*. That is the whole
# difference between a method and an idea that is right in principle.
#
# ## The example that so many courses use
#
# Two inputs, two hidden neurons, two outputs, all numbers given: Matt Mazur's example, recomputed in countless
# lectures. His error has a ½, so here it is halved. [The page](../docs/worked-example.md) has every digit.


# %%
def classic_network():
    net = MLP(2, [2, 2], "sigmoid", seed=0)
    weights = [[[0.15, 0.20], [0.25, 0.30]], [[0.40, 0.45], [0.50, 0.55]]]
    for layer, rows, b in zip(net.layers, weights, [0.35, 0.60]):
        for neuron, row in zip(layer.neurons, rows):
            neuron.bias.data = b
            for theta, w in zip(neuron.theta, row):
                theta.data = w
    return net


classic = classic_network()
sample, target = [0.05, 0.10], [0.01, 0.99]
run = classic.forward(sample)
err = 0.5 * squared_error(run.outputs, target)
err.label = "Err"
err.backward()

print("outputs        ", ", ".join(f"{o.data:.9f}" for o in run.outputs))
print("error          ", f"{err.data:.9f}")
print("δ, hidden layer", ", ".join(f"{delta:.9f}" for delta in run.delta[0]))
print("δ, outputs     ", ", ".join(f"{delta:.9f}" for delta in run.delta[1]))
run.draw(err, width=1100)

# %% [markdown]
# One step with $\eta = 0.5$, on the weights alone, as he does it:

# %%
thetas = [theta for layer in classic.layers for neuron in layer.neurons for theta in neuron.theta]
SGD(thetas, 0.5).step()

print("w₁ … w₈:", ", ".join(f"{theta.data:.9f}" for theta in thetas))
print("error after the step:", f"{0.5 * squared_error(classic(sample), target).data:.9f}")

# %% [markdown]
# These are the weights that his page prints. The error after the step it gives as 0.291027924, and retellings repeat
# that number. We get 0.29102**7774**. All his weights agree with ours; so how does the other number come about?
#
# ## Exercise: find the mistake that is copied
#
# Here is one step as it is often programmed: go from the last layer to the first, compute its δ, update its weights,
# go on. `my_gradients` returns δ and ∂Err/∂θ, and moves the weights as it goes. It leads to the number on that page.
# `grade` says which equation it breaks; repair it. (Err is the lecture's here, without the ½; so it is twice as large,
# and $\eta = 0.25$ makes the same step.)


# %%
def my_gradients(theta, bias, u, o, x, y, sigma_slope):
    theta = [[list(row) for row in layer] for layer in theta]  # a copy, which is free to change
    before = [x, *o]  # what each layer reads
    delta, gradient = [None] * len(theta), [None] * len(theta)
    for k in reversed(range(len(theta))):
        slope = list(map(sigma_slope[k], u[k]))
        if k == len(theta) - 1:
            delta[k] = [-2 * (y_i - o_i) * s for y_i, o_i, s in zip(y, o[k], slope)]
        else:
            back = [sum(d * row[i] for d, row in zip(delta[k + 1], theta[k + 1])) for i in range(len(slope))]
            delta[k] = [s * b for s, b in zip(slope, back)]
        gradient[k] = [[d * o_l for o_l in before[k]] for d in delta[k]]
        for row, slopes in zip(theta[k], gradient[k]):
            for i, g in enumerate(slopes):
                row[i] -= 0.25 * g
    return delta, gradient


classic = classic_network()
print(grade(classic, sample, target, my_gradients, eta=0.25))

run = classic.forward(sample)
weights = [[[theta.data for theta in neuron.theta] for neuron in layer.neurons] for layer in classic.layers]
u, o = [[[value.data for value in layer] for layer in part] for part in (run.u, run.o)]
_, gradient = my_gradients(weights, None, u, o, sample, target, [hand.sigmoid_slope] * 2)
for layer, rows in zip(classic.layers, gradient):
    for neuron, row in zip(layer.neurons, rows):
        for theta, slope in zip(neuron.theta, row):
            theta.data -= 0.25 * slope
print(f"error after its step: {0.5 * squared_error(classic(sample), target).data:.9f}")

# %% [markdown]
# The loss falls with this version too, and nothing looks wrong: the difference is in the seventh digit. That is how
# such a mistake lives on.
#
# <details><summary>A solution</summary>
#
# ```python
# def my_gradients(theta, bias, u, o, x, y, sigma_slope):
#     before = [x, *o]
#     delta, gradient = [None] * len(theta), [None] * len(theta)
#     for k in reversed(range(len(theta))):
#         slope = list(map(sigma_slope[k], u[k]))
#         if k == len(theta) - 1:
#             delta[k] = [-2 * (y_i - o_i) * s for y_i, o_i, s in zip(y, o[k], slope)]
#         else:
#             back = [sum(d * row[i] for d, row in zip(delta[k + 1], theta[k + 1])) for i in range(len(slope))]
#             delta[k] = [s * b for s, b in zip(slope, back)]
#         gradient[k] = [[d * o_l for o_l in before[k]] for d in delta[k]]
#     return delta, gradient  # and only now may the weights move
# ```
# </details>
#
# On to [notebook 5](05_when_learning_stops.ipynb): what to do when δ vanishes, explodes, or is no number at all.
