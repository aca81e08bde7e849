# %% [markdown]
# # 1 · A number that remembers
#
# Backpropagation needs one thing that a plain number does not have: a memory of how it was computed. This notebook
# gives a number that memory, looks at it, and uses it once to get derivatives.
#
# You need: the derivative of a sum, of a product and of tanh. Work through the cells in order, and answer each
# **question** before you run the cell after it. It takes about twenty minutes.
#
# The letters are the lecture's: $x$ an input, $\theta$ a weight, $b$ a bias, $u$ the weighted sum, $o$ the output.

# %%
import math

from autograd import GradientMismatch, Value, check_grads, draw, explain, tanh
from nn import grade

# %% [markdown]
# ## A plain number forgets
#
# Here is a neuron with one input: $u = \theta \cdot x + b$.

# %%
u = 0.5 * 2.0 + -1.5
u

# %% [markdown]
# The result is there, but not where it came from. Nobody can tell from −0.5 that a 2.0 went into it, or what would
# happen if that had been 2.1.
#
# ## A Value remembers
#
# `Value(data, label)` is a number with a memory. It is used like a number.

# %%
theta, x, b = Value(0.5, "θ"), Value(2.0, "x"), Value(-1.5, "b")

u = theta * x + b
u.label = "u"
o = tanh(u)
o.label = "o"

print("value:    ", o.data)
print("made by:  ", o.op.name)
print("from:     ", [parent.label for parent in o.parents])

# %% [markdown]
# `o` knows the operation it came from and its operands, here `u`. `u` knows its own operands, and so on down to `θ`,
# `x` and `b`, which were not computed from anything: the **leaves**. Together they are the **computation graph**.
#
# A notebook draws a Value when a cell ends with it.

# %%
o

# %% [markdown]
# One card for each number, forward from left to right. The header says its name and, at the right, the operation it
# came from. The product $\theta \cdot x$ has no label, so the picture calls it $v_1$.
#
# **Question.** If $x$ were 2.1 instead of 2.0, which cards would show another value?

# %%
x_moved = Value(2.1, "x")
u_moved = theta * x_moved + b
o_moved = tanh(u_moved)
print(f"v₁ = θ·x   {theta.data * x.data:+.3f} → {theta.data * x_moved.data:+.3f}")
print(f"u          {u.data:+.3f} → {u_moved.data:+.3f}")
print(f"o          {o.data:+.3f} → {o_moved.data:+.3f}")

# %% [markdown]
# Exactly those that can be reached from $x$ along the arrows: $v_1$, $u$ and $o$. $\theta$ and $b$ stay. The arrows
# say who depends on whom, and this is all that differentiation will need.
#
# ## Which number matters most?
#
# Which of $\theta$, $x$ and $b$ moves the output most? We can find out by moving each a little, by $h$, and dividing
# the change of the output by $h$.


# %%
def output(theta, x, b):
    return math.tanh(theta * x + b)


h = 0.001
o_before = output(0.5, 2.0, -1.5)
print("by θ:", (output(0.5 + h, 2.0, -1.5) - o_before) / h)
print("by x:", (output(0.5, 2.0 + h, -1.5) - o_before) / h)
print("by b:", (output(0.5, 2.0, -1.5 + h) - o_before) / h)

# %% [markdown]
# $\theta$ matters most here. But we had to run the whole neuron once more for every number, and the results are only
# approximate, since $h$ is not infinitely small. With a million weights that would be a million runs.
#
# ## All derivatives at once
#
# The graph can do better. `o.backward()` walks it **once**, from right to left, and leaves in every Value the
# derivative of `o` by it, in `.grad`.

# %%
o.backward()
print("∂o/∂θ =", theta.grad)
print("∂o/∂x =", x.grad)
print("∂o/∂b =", b.grad)

# %%
o

# %% [markdown]
# The same picture, now with the gradients. On each edge:
#
# - in grey the **local derivative**: how the card at the right changes if *only* the one at the left moves;
# - in colour, after ←, what travels back: the gradient of the card at the right × the local derivative.
#
# Blue is negative, orange is positive, and a stronger colour is a larger gradient.
#
# **Question.** Find the three local derivatives on the way from $o$ back to $\theta$. What do they multiply to?

# %%
local_derivatives = [1 - o.data**2, 1.0, x.data]  # ∂o/∂u, ∂u/∂v₁, ∂v₁/∂θ
print(local_derivatives, "→", math.prod(local_derivatives))
print("∂o/∂θ =", theta.grad)

# %% [markdown]
# They multiply to the gradient. That is the **chain rule**:
#
# $$\frac{\partial o}{\partial \theta} =
#   \frac{\partial o}{\partial u} \cdot \frac{\partial u}{\partial v_1} \cdot \frac{\partial v_1}{\partial \theta}$$
#
# `explain` writes it out for any two Values of a graph: in symbols, as the operations' rules say it, and in numbers.
# (`tanh′(u)` is the slope of tanh, $1 - \tanh^2 u$.)

# %%
print(explain(o, theta))

# %% [markdown]
# ## Used twice, counted twice
#
# **Question.** $s = x \cdot x$ at $x = 3$. The edge from $x$ to $s$ has the local derivative 3, the value of the
# *other* factor. What is the gradient of $x$?

# %%
x = Value(3.0, "x")
s = x * x
s.label = "s"
s.backward()
s

# %% [markdown]
# 6, as $2x$ should be. There are **two** edges from $x$ to $s$, one for each factor, and each brings 3. What arrives
# over several edges is *added*.
#
# The rule for a whole graph follows: **a gradient is the sum over all paths, and each path is the product of its
# local derivatives**. Here is a graph with three paths from $y$ to $x$.

# %%
x = Value(3.0, "x")
y = x * x + tanh(x)
y.label = "y"
y.backward()
print(explain(y, x))

# %% [markdown]
# ## Any program makes a graph
#
# The graph does not come from a formula. It is recorded while Python runs, so loops, functions and `if` need nothing
# special: what ran is what is differentiated.
#
# **Question.** How many cards will the picture of `power(x, 4)` have, and what is the gradient of $x$ at 2?


# %%
def power(x, n):
    result = x
    for _ in range(n - 1):
        result = result * x
    return result


x = Value(2.0, "x")
p = power(x, 4)
p.label = "x⁴"
p.backward()
draw(p)

# %% [markdown]
# Four cards: one leaf, three products. The gradient is $4x^3 = 32$, and no line of `power` says so: it comes from
# three products and the rule for a product.
#
# ## Do not believe it: check it
#
# `check_grads(f, *point)` moves each argument a little, as we did above but with more care, and compares. It returns
# how many derivatives it compared (first and second ones), or says which one is wrong.

# %%
check_grads(lambda x: power(x, 4), 2.0)

# %% [markdown]
# **Question.** `detach()` gives a copy that has forgotten where it came from. What is the gradient of $x$ in
# `x * x.detach()` at 3, and what will `check_grads` say?

# %%
try:
    check_grads(lambda x: x * x.detach(), 3.0)
except GradientMismatch as error:
    print(error)

# %% [markdown]
# The function is still $x^2$, and its slope at 3 is still 6. The graph shows only one of the two edges, so its answer
# is 3. A gradient is as good as the memory that it is read from.
#
# This is also why a Value refuses to become a plain number behind your back:

# %%
try:
    math.tanh(x)
except TypeError as error:
    print(error)

# %% [markdown]
# ## Exercise: the local derivatives
#
# Everything above rests on the local derivatives. Below, an operation's **rule** is a function of its output $o$ and
# its operands; it returns one partial derivative for each operand. The rule of the product is right. The other two
# are what many people write first. Run the cell, read what is wrong, and repair them.


# %%
def product_rule(o, x, y):  # o = x · y
    return y, x


def quotient_rule(o, x, y):  # o = x / y
    return 1 / y, -1 / y**2


def tanh_rule(o, x):  # o = tanh(x)
    return 1 - x**2


for operation, rule in [("mul", product_rule), ("div", quotient_rule), ("tanh", tanh_rule)]:
    print(grade(rule, operation))

# %% [markdown]
# When every line begins with `right`, you have written three rows of the table that all calculus of this engine
# stands in. The rest is bookkeeping, and the next notebook watches it at work.
#
# <details><summary>A solution</summary>
#
# ```python
# def quotient_rule(o, x, y):
#     return 1 / y, -x / y**2
#
#
# def tanh_rule(o, x):
#     return 1 - o**2
# ```
# </details>
#
# Next: [2 · Backward, event by event](02_backward_event_by_event.ipynb)
