# %% [markdown]
# # 6 · Watch a network learn
#
# Until here one sample at a time was forward, backward, update. Now there are a hundred and five of them, measured by
# hand on real flowers, and the step is repeated until a network can tell the flowers apart. You see the boundary move
# that it draws between them, read the curves of a training, make of the network something that answers in words and
# units, and do the same with a table of your own. At the end a network trains in this page, and waits for your hands.
#
# You need notebook [3](03_the_lectures_neuron.ipynb). It takes about twenty minutes.

# %%
import math
import random
import tempfile
from pathlib import Path

from autograd import no_grad
from nn import MLP, Model, accuracy, certify, cross_entropy, fit, grade, predict
from nn import deltas as hand
from nn.plots import Plot, decision_boundary, figure
from nn.training.datasets import IRIS, read_csv, split

# %% [markdown]
# ## The flowers
#
# Edgar Anderson measured 150 irises of three species, and R. A. Fisher published them in 1936. The file is in the
# project. We take length and width of the petals, since two numbers are a point in a plane.

# %%
data = read_csv(IRIS)
train, held_out = split(data, 0.3, random.Random(0))
petals, kinds = [row[2:] for row in data.X], [int(y) for y in data.Y]

print(data.features[2:], "in cm →", data.classes)
print(len(train), "flowers to learn from,", len(held_out), "held out, each species in the same proportion")
for i in (0, 50, 100):
    print(petals[i], data.classes[kinds[i]])

# %% [markdown]
# A network likes numbers around 0, of size 1. Where $\tanh$ is flat, at $u = 5$ or so, it learns slowly. So each
# column loses its mean and is divided by its standard deviation. **Both are those of the flowers to learn from.**
# Those that are held out stand for flowers that nobody has measured yet.

# %%
columns = list(zip(*[petals[i] for i in train]))
mean = [sum(column) / len(column) for column in columns]
deviation = [math.sqrt(sum((x - m) ** 2 for x in column) / len(column)) for column, m in zip(columns, mean)]


def scaled(petal):
    return [(x - m) / d for x, m, d in zip(petal, mean, deviation)]


X, Y = [scaled(petals[i]) for i in train], [kinds[i] for i in train]
X_new, Y_new = [scaled(petals[i]) for i in held_out], [kinds[i] for i in held_out]
print("mean", [round(m, 2) for m in mean], " deviation", [round(d, 2) for d in deviation])
print(petals[0], "→", [round(x, 2) for x in scaled(petals[0])])

# %% [markdown]
# ## Before it has learned anything
#
# Six hidden neurons, and an output for each species. The largest output wins. Every point of the plane is asked:

# %%
net = MLP(2, [6, 3], output_activation="linear", seed=3)
decision_boundary(net, X, Y, names=data.features[2:], classes=data.classes)

# %% [markdown]
# The colours are the network's opinion, the points are the flowers, and a ring says *wrong*. (The axes have the names
# of the columns, but their numbers are scaled ones: 0 is the mean, and 1 is one standard deviation above it.) The
# weights are drawn at random, and so is the opinion.
#
# **Question.** One species will be found almost at once, and two will take longer. Which ones?
#
# ## The boundary moves
#
# `fit` goes forward and backward for sixteen flowers at a time and then changes the weights, over and over. Where the
# lecture subtracts $\eta \cdot \partial Err/\partial\theta$, `fit` takes the step of *Adam* if it is not told
# otherwise: each weight has a step width of its own, made of the gradients that it has had so far.
# (`optimizer="sgd"` is the lecture's step.) The error is the cross-entropy: $-\log$ of the share that a softmax gives
# the right species. After every epoch, which is once through all flowers, `fit` calls what you want to be called. Here
# the plane is asked again after some of them:

# %%
ACROSS = [-2 + i / 12 for i in range(49)]
kept = {}


def asked(net):
    with no_grad():
        return [predict(net, [(a, b) for a in ACROSS]) for b in ACROSS]


def keep(epoch, net, history):
    if epoch in (1, 3, 10, 100):
        kept[epoch] = asked(net), accuracy(net, X, Y)


history = fit(
    net, X, Y, loss="cross_entropy", learning_rate=0.01, epochs=100, batch_size=16, seed=0,
    validation=(X_new, Y_new), callbacks=[keep], progress=False,
)  # fmt: skip

# %%
COLOURS = ["#3B78C2", "#E08A2E", "#7E5BC2"]

picture = figure("the boundary", 8.4, 2.4)
for n, (epoch, (plane, share)) in enumerate(kept.items(), 1):
    axes = picture.add_subplot(
        1, 4, n, title=f"epoch {epoch}: {100 * share:.0f} %", xticks=[], yticks=[], aspect="equal"
    )
    axes.contourf(ACROSS, ACROSS, plane, levels=[-0.5, 0.5, 1.5, 2.5], colors=COLOURS, alpha=0.3)
    axes.scatter(*zip(*X), c=[COLOURS[y] for y in Y], s=6)
Plot(picture, "the boundary after 1, 3, 10 and 100 epochs, above the flowers")

# %% [markdown]
# First a rough direction, then the order, then the fine work where two species touch. Every gradient was made of the
# δ of notebook 3 and nothing else.
#
# ## The curves

# %%
print(history)
history.plot()

# %% [markdown]
# Two lines in each picture: the flowers to learn from, and those held out, which it never learns from. (For the
# former, error and accuracy are collected *during* an epoch, while the weights change; the pictures above were made
# at the end of one. So the first epoch has a lower share here than there.)
#
# **Question.** The first line falls to the end. If the second one began to rise, what would the network be learning?
#
# What is peculiar to these very flowers, and no other. Then it is time to stop: with `patience=10`, `fit` ends ten
# epochs after the best one, and gives you that one. Which flowers are wrong now?

# %%
for i, y, y_hat in zip(held_out, Y_new, predict(net, X_new)):
    if y != y_hat:
        print(petals[i], "is", data.classes[y] + ", taken for", data.classes[y_hat])
print(f"held out: {100 * accuracy(net, X_new, Y_new):.0f} % right")

# %% [markdown]
# ## What it computes for one flower
#
# The flower that it finds hardest, forward and back. A card is a neuron with its weights, $u$, $o$ and $\delta$; blue
# and orange are gradients, and an edge is as wide as its weight is large.

# %%
hardest = max(range(len(X)), key=lambda i: cross_entropy(net(X[i]), Y[i]).data)
petal = petals[train[hardest]]
print(petal, "is", data.classes[Y[hardest]])
print("all that have just such petals:", [data.classes[kinds[i]] for i in range(150) if petals[i] == petal])

run = net.forward(X[hardest])
err = cross_entropy(run.outputs, Y[hardest])
err.backward()
run.draw()

# %% [markdown]
# No boundary in this plane can be right about all of these. With softmax and cross-entropy, δ of an output is the
# share that it got, minus 1 for the species that it is. The three add up to 0: what one species should give up, the
# others should get.

# %%
print("δ of the outputs:", ", ".join(f"{delta:+.3f}" for delta in run.delta[-1]))
print(f"their sum is 0 to ten digits: {abs(sum(run.delta[-1])) < 1e-10}")
print(certify(net, X, Y, loss="cross_entropy").summary)

# %% [markdown]
# *Certified* says that all samples agree with the formulas by hand. The *worst* of them agrees too: it is merely the
# one whose last digits differ most.
#
# ## A model
#
# A network alone knows no centimetres and no species. Who uses it must scale as we did, with the same numbers, and
# know what output 2 means. `Model.train` keeps all of this together, and one file holds it.

# %%
rows, species = [petals[i] for i in train], [data.classes[kinds[i]] for i in train]
model = Model.train(rows, species, [6], target="species", epochs=100, learning_rate=0.01, seed=3, progress=False)
print(model)
print(model.predict([[1.5, 0.2], [4.9, 1.7], [6.0, 2.2]]))
print([round(p, 2) for p in model.predict_proba([[4.9, 1.7]])[0]], "are the shares of", model.classes)

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "irises.json"
    model.save(path)
    print("after loading the same:", Model.load(path).predict(petals) == model.predict(petals))

# %% [markdown]
# In a terminal the same is done by `deltagrad train flowers.csv`, which also certifies what was learned and draws it,
# and `deltagrad predict network.json new.csv`.
#
# ## A table of your own
#
# Any table will do whose first line names its columns. Here a small one is written first, as an example: how far the
# planets are from the sun, in units of the earth's distance, and how many years they take to go round it.

# %%
TABLE = """planet,distance,years
Mercury,0.387,0.241
Venus,0.723,0.615
Earth,1.000,1.000
Mars,1.524,1.881
Jupiter,5.203,11.86
Saturn,9.537,29.45
Uranus,19.19,84.02
Neptune,30.07,164.8
"""
with tempfile.TemporaryDirectory() as folder:
    example = Path(folder) / "planets.csv"
    example.write_text(TABLE, encoding="utf-8")

    path = example  # or "yours.csv", which is only read
    planets = read_csv(path, target="years", drop=["planet"])
print(planets.features, "→", planets.target)

# %% [markdown]
# What is for the planets, and will be otherwise with your table:
#
# - `target` is the column to be learned, and `drop` names those to be left out. Here it is a name, from which nothing
#   follows.
# - The logarithms in the next cell are there since both columns go over a wide range. Without such a reason give
#   `planets.X` and `planets.Y` to `Model.train` as they are.
# - `layers=[]` means no hidden layer, and `task="regression"` that a number is learned. For classes do as with the
#   flowers: `[data.classes[int(y)] for y in data.Y]` are their names, and `[6]` hidden neurons are a beginning.

# %%
far = [[math.log10(distance)] for (distance,) in planets.X]
long = [math.log10(years) for years in planets.Y]
law = Model.train(far, long, layers=[], task="regression", epochs=2000, learning_rate=0.01, seed=0, progress=False)
for name, distance in [("Ceres", 2.766), ("Pluto", 39.48)]:
    print(f"{name} at {distance}: {10 ** law.predict([[math.log10(distance)]])[0]:.1f} years")

# %% [markdown]
# Ceres takes 4.6 years and Pluto 248, and neither was in the table. **Question.** The network has no hidden layer, so
# it is a straight line, from logarithm to logarithm. What is its slope?

# %%
(theta,) = law.network.layers[0].neurons[0].theta
slope = theta.data * law.scales.target.deviation[0] / law.scales.inputs.deviation[0]
print(f"slope {slope:.3f}")

# %% [markdown]
# 3/2: the squares of the times are as the cubes of the distances, which is Kepler's third law. A network that is
# small enough to be read can be asked *what* it has learned.
#
# ## Now you
#
# The flowers once more, in the playground: the same plane, a network with four hidden neurons, and a button that says
# *Train*. Drag a point to the other side of the boundary, and train on. Take neurons away (*… more*). Step through
# one flower with ▸: the strip below shows each number being made. (If you see no page here, run this cell, or trust
# the notebook.)

# %%
Model.train(rows, species, [4], epochs=1, seed=1, progress=False).play(rows, species)

# %% [markdown]
# ## Exercise: flowers that nobody has measured yet
#
# A colleague scales new flowers before asking your network. It works well with a basket of all three species, and
# badly with a single sort. Run it, see what happens to the virginicas, and repair `my_scaled`. (`old` are the flowers
# that the network learned from, `new` those it is asked about.)
#
# And what made the boundary move is δ, which begins with softmax and cross-entropy: share minus target. `my_delta`
# forgets what makes a share of an output. `grade` asks it about this network and others.


# %%
def my_scaled(old, new):
    columns = list(zip(*new))
    means = [sum(column) / len(column) for column in columns]
    deviations = [math.sqrt(sum((x - m) ** 2 for x in column) / len(column)) for column, m in zip(columns, means)]
    return [[(x - m) / d for x, m, d in zip(row, means, deviations)] for row in new]


def my_delta(theta, bias, u, o, x, y, sigma_slope):
    slopes = [o_k - y_k for o_k, y_k in zip(o[-1], y)]  # ∂Err/∂ŷ
    return hand.backward(theta, u, slopes, sigma_slope)


# %%
virginicas = [petals[i] for i in held_out if data.classes[kinds[i]] == "virginica"]
found = [data.classes[c] for c in predict(net, my_scaled(rows, virginicas))]
expected = [data.classes[c] for c in predict(net, [scaled(row) for row in virginicas])]
verdict = "right" if found == expected else "WRONG"
basket = [petals[i] for i in held_out]
alike = sum(a == b for a, b in zip(predict(net, my_scaled(rows, basket)), predict(net, X_new)))
print(f"a basket of all three: {alike} of {len(basket)} answers are those with the right scale")
print(f"{verdict}: {found.count('virginica')} of {len(found)} virginicas found, {expected.count('virginica')} can be")
print(grade(net, X[0], Y[0], my_delta, loss="cross_entropy"))

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def my_scaled(old, new):
#     columns = list(zip(*old))
#     means = [sum(column) / len(column) for column in columns]
#     deviations = [math.sqrt(sum((x - m) ** 2 for x in column) / len(column)) for column, m in zip(columns, means)]
#     return [[(x - m) / d for x, m, d in zip(row, means, deviations)] for row in new]
#
#
# def my_delta(theta, bias, u, o, x, y, sigma_slope):
#     powers = [math.exp(o_k) for o_k in o[-1]]
#     slopes = [power / sum(powers) - y_k for power, y_k in zip(powers, y)]
#     return hand.backward(theta, u, slopes, sigma_slope)
# ```
# </details>
#
# Tables, models and checkpoints: [docs/models.md](../docs/models.md). The playground:
# [docs/playground.md](../docs/playground.md). On to [notebook 7](07_from_scalars_to_matrices.ipynb): where the
# matrices are that everybody else begins with.
