# %% [markdown]
# # 2 · Backward, event by event
#
# In [notebook 1](01_a_number_that_remembers.ipynb) one call, `backward()`, filled in every gradient. Here we take
# that call apart into single events, and answer the two questions that everybody has about it: why in *this order*,
# and why `+=`.
#
# Err is the error of one sample, $y$ the target: $Err = (y - o)^2$. Answer each **question** before you run the cell
# after it.

# %%
import math

from autograd import Value, explain, explore, record, tanh, toposort
from autograd.teaching.orders import passed_back, users
from nn import MLP, grade, squared_error

# %% [markdown]
# ## The film
#
# A neuron and its error, as a graph. The two steps without a label are called $v_1$ and $v_2$ from here on.

# %%
theta, x, b, y = Value(0.5, "θ"), Value(2.0, "x"), Value(-1.5, "b"), Value(1.0, "y")

u = theta * x + b
u.label = "u"
o = tanh(u)
o.label = "o"
err = (y - o) ** 2
err.label = "Err"
err

# %% [markdown]
# `record(err)` takes both passes apart, and leaves the graph as it is.

# %%
film = record(err)
print(film)

# %% [markdown]
# Forward, one event for each operation. Backward, one event for each **edge**: a number sends one of its operands its
# share of the gradient. There are 5 operations and 8 edges (the exponent 2 is a plain number, and nobody asks for a
# derivative by it).
#
# The first backward event is ∂Err/∂Err = 1: if Err grows by a little, Err grows by just that.
#
# ## One event
#
# **Question.** Find the event that brings θ its gradient. Which two numbers does it multiply, and where did each come
# from?

# %%
(event,) = film.contributions(theta)
print(event)
print()
print(f"upstream      {event.upstream:+.4f}   the gradient of v₁, which arrived earlier")
print(f"local         {event.local:+.4f}   ∂v₁/∂θ = x, known since the forward pass")
print(f"contribution  {event.contribution:+.4f}   upstream × local")
print(f"accumulator   {event.before:+.4f} → {event.after:+.4f}")

# %% [markdown]
# Every backward event has this form, and there is nothing else in backpropagation:
#
# $$\frac{\partial Err}{\partial\,\text{operand}} \mathrel{+}= \frac{\partial Err}{\partial\,\text{node}} \cdot
#   \frac{\partial\,\text{node}}{\partial\,\text{operand}}$$
#
# The left factor is **upstream**: it knows about the error, and nothing about this operation's operands. The right
# factor is **local**: it knows this one operation, and nothing about the error. An operation needs no idea what it is
# part of.
#
# ## Step through it
#
# A recording has a position. `step()` lets the next event happen, `step(-1)` takes it back, `jump` and `run` go
# further. Here we run to the first event that sends something to $u$.

# %%
print(film.run(lambda event: getattr(event, "parent", None) is u))
print()
print("known by now: ", {film.names[node]: round(gradient, 3) for node, gradient in film.gradients.items()})
print("next:         ", film.step())

# %% [markdown]
# The gradient of $u$ has its own name in the lecture: **δ**. It is on its way from here to $v_1$ and $b$.
#
# The same film as a page to play with: step with the arrow keys or the slider; click a card to see what it was sent;
# **drag the value of a leaf**, and both passes are computed anew. (If you see no page here, run this cell, or trust
# the notebook: a notebook from somebody else shows no pages at first.)

# %%
explore(err)

# %% [markdown]
# ## Why this order?
#
# In a chain, one thing simply follows another. It becomes interesting where a number is used twice.
#
# **Question.** $a = x \cdot x$ and $f = a + a \cdot a$. At $x = 3$, how many events send something to $a$? May $a$
# pass something on to $x$ after the first of them?

# %%
x = Value(3.0, "x")
a = x * x
a.label = "a"
f = a + a * a
f.label = "f"
f.backward()
f

# %%
for event in record(f).contributions(a):
    print(event)

# %% [markdown]
# Three: one from the sum, two from the product $a \cdot a$. Only after the third does $a$ hold its gradient, 19. If
# it passes on what it has after the first, it passes on 1 instead of 19; and if it passes on each time, it repeats
# what it has sent before.
#
# So: **a node may pass its gradient on only when everybody who uses it has sent their part.** An order of the nodes
# in which operands come first is called *topological*; `backward()` takes its reverse, in which users come first.

# %%
names = record(f).names
print("operands first:  ", [names[node] for node in toposort(f)])
print("backward:        ", [names[node] for node in reversed(toposort(f))])

# %% [markdown]
# What would other orders give on this very graph? The recording can try them.

# %%
why_order, _, why_plus = record(f).why().partition("Why +=")
print(why_order)

# %% [markdown]
# The right answer is $f' = 2x + 4x^3 = 6 + 108 = 114$.
#
# **Question.** In the neuron at the top of this notebook, would *each node as soon as it is reached* have been wrong
# too?

# %%
print(record(err).why().partition("Why +=")[0])

# %% [markdown]
# No. There, every number that passes something on is used by one other only, so it has everything as soon as it is
# reached. Such an engine is right on every chain and wrong on the first graph in which two steps share a number; in a
# network with two outputs each hidden neuron is shared. It is a mistake that simple tests do not find.
#
# ## Why `+=`?
#
# **Question.** In $f = a + a \cdot a$, what would `=` instead of `+=` leave in $a$?

# %%
print("Why +=" + why_plus)

# %% [markdown]
# Only the last contribution, as if the number had been used once. Added up, the contributions *are* the gradient, to
# the last bit:

# %%
recording = record(f)
sent_to_a = [event.contribution for event in recording.contributions(a)]
print(" + ".join(map(str, sent_to_a)), "=", sum(sent_to_a), "  a.grad =", a.grad)

# %% [markdown]
# **Question.** `+=` has a second consequence. We call `f.backward()` once more, without building anything new. What
# is `x.grad` then?

# %%
print("before:", x.grad)
f.backward()
print("after: ", x.grad)
x.zero_grad()

# %% [markdown]
# Twice the gradient. Leaves **accumulate** over calls. That is wanted when several samples share their weights: their
# gradients add up, as their errors do. And it is why training sets all gradients to zero before each step:
# `net.zero_grad()`.
#
# ## Why backward at all?
#
# Notebook 1 said that a gradient is the sum over all paths. Why not just walk all paths?
#
# **Question.** Double a number thirty times: $z = x$, then $z \leftarrow z + z$. How many paths lead from the last
# $z$ to $x$?

# %%
x = Value(1.0, "x")
z = x
for _ in range(30):
    z = z + z
print(explain(z, x, top=0))

# %% [markdown]
# $2^{30}$, more than a billion. `backward()` multiplies 58 times, once for each edge below the first two: a node's
# gradient is computed once and then used for all its operands. That reuse is section 8 of the lecture ("each
# $\delta_i$ only needs to be computed once"), and it is the reason why networks can be trained at all.
#
# ## Where did the infinity come from?
#
# A recording also finds the first event whose result is not a finite number. A classic: the length of a vector at 0.

# %%
x = Value(0.0, "x")
length = (x * x).sqrt()
length.label = "length"
print(record(length).first_not_finite)

# %% [markdown]
# The value is a harmless 0. It is the *slope* of the square root that is infinite at 0, and so the trouble begins in
# the backward pass, at the edge from the root to what is under it.
#
# ## Exercise: write backward yourself
#
# `edges[node]` lists the operands of a node: who, with which local derivative, at which place. Fill in all gradients.
# The version below runs, and has **two** mistakes; both are above. `check` tries it on two graphs and watches in
# which order it asks for edges; then `grade` judges the δ that it leaves in a network.


# %%
def my_backward(root, edges):
    gradient = dict.fromkeys(edges, 0.0)
    gradient[root] = 1.0
    waiting = [root]
    while waiting:
        node = waiting.pop()
        for operand, local, _ in edges[node]:
            gradient[operand] = gradient[node] * local
            waiting.append(operand)
    return gradient


# %%
class Watched(dict):
    """Edges that remember who was asked for, in order."""

    def __init__(self, edges):
        super().__init__(edges)
        self.asked = []

    def __getitem__(self, node):
        self.asked.append(node)
        return super().__getitem__(node)


def graphs():
    x, c = Value(3.0, "x"), Value(0.5, "c")
    yield "tanh(c·x)", tanh(c * x)
    a = x * x
    a.label = "a"
    yield "a + a·a with a = x·x", a + a * a


def check(backward):
    for title, root in graphs():
        film = record(root)
        edges, names = film.edges, film.names
        watched = Watched(edges)
        mine = backward(root, watched)
        wrong = [node for node in edges if not math.isclose(mine.get(node, 0.0), film.gradient(node))]
        print("WRONG " if wrong else "right ", title)
        for node in wrong:
            print(f"       {film.partial(node)}: {mine.get(node, 0.0):.4g} instead of {film.gradient(node):.4g}")
        if wrong and watched.asked and mine == passed_back(edges, root, watched.asked, overwrite=True):
            print("       a second contribution replaces the first: where paths meet, add")
        done = set()
        for node in watched.asked:
            early = [names[user] for user in users(edges)[node] if user not in done]
            if wrong and edges[node] and (early or node in done):
                reason = f"before {early[0]} has sent its part" if early else "a second time"
                print(f"       {names[node]} passes its gradient on {reason}: look at the order")
                break
            done.add(node)


check(my_backward)

net, sample, target = MLP(2, [3, 2], bias=False, seed=0), [0.5, -1.0], [0.1, 0.7]
run = net.forward(sample)
err = squared_error(run.outputs, target)
gradient = my_backward(err, record(err).edges)
print(grade(net, sample, target, [[gradient[u] for u in layer] for layer in run.u]))

# %% [markdown]
# `grade` knows the lecture's formulas and not your code, so it says what went wrong in *their* words: the 2 of the
# square and the sum over the next layer are both lost where one contribution replaces another. Repair one mistake,
# then the other. `toposort(root)` lists all nodes, operands first.
#
# <details><summary>A solution</summary>
#
# ```python
# def my_backward(root, edges):
#     gradient = dict.fromkeys(edges, 0.0)
#     gradient[root] = 1.0
#     for node in reversed(toposort(root)):
#         for operand, local, _ in edges[node]:
#             gradient[operand] += gradient[node] * local
#     return gradient
# ```
# </details>
#
# Apart from speed, and some care where a slope is infinite, these seven lines are `Value.backward()`. (The chain rule
# can begin at the other end too: [notebook 9](09_forward_and_reverse.ipynb) plays that film.)
#
# Next: [3 · The lecture's neuron and its deltas](03_the_lectures_neuron.ipynb)
