# %% [markdown]
# # 10 · A small transformer on Values
#
# The networks that write text are made of the same numbers as the lecture's neuron: sums of products, a function of
# one number after them, and an error at the end. This notebook builds one, with fewer than a thousand weights and the
# same parts, from lists of Values and nothing else. It learns to spell first names. Then the same lines are made fast
# by `compiled`.
#
# (The manner is that of Andrej Karpathy's *microgpt*: no tensors, no layers to import, every number can be looked
# at.)
#
# You need notebook [3](03_the_lectures_neuron.ipynb). It takes about twenty minutes, and
# `pip install 'deltagrad[notebooks]'`.

# %%
import math
import random
from collections import Counter
from importlib.resources import files
from itertools import pairwise
from time import process_time

from autograd import Value, compiled, draw, grad, logsumexp, no_grad, relu, sumprod, take, toposort, value_and_grad
from nn import MLP, Adam, grade

# %% [markdown]
# ## Names are lists of numbers
#
# The names are in the project. A letter is its place in the alphabet; one more number, 26, stands for *here a name
# begins or ends*. To spell is to say what comes next.

# %%
names = files("nn.data").joinpath("names.txt").read_text(encoding="utf-8").split()
ALPHABET = "abcdefghijklmnopqrstuvwxyz"
END, LONGEST = 26, 8


def spelled(name):
    return [END, *map(ALPHABET.index, name), END]


lengths = [len(name) for name in names]
print(len(names), "names of", min(lengths), "to", max(lengths), "letters, such as", *names[::60])
print("emma is", spelled("emma"))

# %% [markdown]
# A model gives each of the 27 letters that may follow a probability $p$. Its error is $-\log p$ of the letter that
# does follow, on average over the letters of a name: the cross-entropy.
#
# **Question.** What is the error of a model that knows nothing, and gives each of them $1/27$? Of one that only knows
# how frequent each letter is? And of one that knows how often each letter follows each other one?

# %%
weighted = [(pair, 1 / (len(name) + 1)) for name in names for pair in pairwise(spelled(name))]  # a name counts 1
pairs, begun, alone = Counter(), Counter(), Counter()
for pair, share in weighted:
    pairs[pair] += share
    begun[pair[0]] += share
    alone[pair[1]] += share / len(names)

bar = sum(-math.log(pairs[pair] / begun[pair[0]]) * share for pair, share in weighted) / len(names)
print(f"knows nothing: {math.log(27):.3f}")
print(f"knows letters: {sum(-share * math.log(share) for share in alone.values()):.3f}")
print(f"knows pairs:   {bar:.3f}")

# %% [markdown]
# Nothing that sees one letter back can do better on these names than these counts. To beat them, one has to know
# more. Our network will know two things more: at which **place** of the name it is, and what attention finds in the
# letters further back. So there is a second bar, which knows the place and one letter. It has a row of counts for
# every letter at every place, and again nothing that knows no more can do better on these names:

# %%
placed = [((place, *pair), 1 / (len(name) + 1)) for name in names for place, pair in enumerate(pairwise(spelled(name)))]
cells, rows = Counter(), Counter()
for (place, letter, following), share in placed:
    cells[place, letter, following] += share
    rows[place, letter] += share

second_bar = sum(-math.log(cells[key] / rows[key[:2]]) * share for key, share in placed) / len(names)
print(f"knows pairs and the place: {second_bar:.3f}, from {len(cells)} counts")

# %% [markdown]
# Who is below that has looked further back. At which letter? That is what attention decides.
#
# ## Attention
#
# Each letter so far offers a **key** $k$ and a **value** $v$; the place that wants to know something has a **query**
# $q$. How well a key fits is a product, $q \cdot k$. Softmax makes shares $w$ of these scores, which are positive and
# have the sum 1, and the answer is the mean of the values with these shares. Here with one number each, and two
# letters. (In the picture $z$ are the scores, and *total* is the logarithm of $e^{z_1} + e^{z_2}$.)


# %%
def softmax(scores):
    total = logsumexp(scores)
    return [(score - total).exp() for score in scores]


q, k, v = Value(1.5, "q"), [Value(0.8, "k₁"), Value(-0.4, "k₂")], [Value(1.0, "v₁"), Value(-1.0, "v₂")]
z = [q * k_t for k_t in k]
w = softmax(z)
answer = sumprod(w, v)

for t, (score, share) in zip("₁₂", zip(z, w)):
    (difference,) = share.parents  # w = exp(z − total)
    score.label, difference.label, share.label = f"z{t}", f"log w{t}", f"w{t}"
difference.parents[1].label, answer.label = "total", "answer"
answer.backward()
draw(answer, width=1050)

# %% [markdown]
# Nothing here is new to the chain rule: a product, an exponential, a sum. Attention looks something *up*, and yet it
# has a derivative everywhere, since it looks at everything a little.
#
# **Question.** How fast does the answer change when $k_1$ grows? The shares have the sum 1, so the second loses what
# the first one gains: $w_1 w_2$ each. Check it with the picture.

# %%
by_hand = w[0].data * w[1].data * (v[0].data - v[1].data) * q.data
print(f"∂answer/∂k₁ = {k[0].grad:.6f}, by hand w₁·w₂·(v₁ − v₂)·q = {by_hand:.6f}")

# %% [markdown]
# ## The network
#
# Eight numbers a letter. `letters` has a row for each letter and `places` one for each place; their sum $x$ is where
# it starts. Attention adds to $x$ what it found, a layer of two times eight ReLUs adds what it makes of that, and
# `head` has a row for each letter again. Before each of them $x$ is brought to the same size. `take(table, i)` is row
# $i$ of a table; that the index may be a Value, too, will matter later.
#
# A score $q \cdot k$ is a sum of `WIDTH` products. Such a sum is the larger the more terms it has: with random signs
# it grows like $\sqrt{WIDTH}$. Divided by that, scores have the same size in a wide network and a narrow one. Were
# they large, softmax would give all to one letter, and its slopes would be almost 0, as with the flat $\tanh$ of
# notebook [5](05_when_learning_stops.ipynb).

# %%
WIDTH = 8
generator = random.Random(1)


def matrix(rows, columns):
    return [[Value(generator.gauss(0, 0.2)) for _ in range(columns)] for _ in range(rows)]


theta = {
    "letters": matrix(27, WIDTH),
    "places": matrix(LONGEST + 1, WIDTH),
    "query": matrix(WIDTH, WIDTH),
    "key": matrix(WIDTH, WIDTH),
    "value": matrix(WIDTH, WIDTH),
    "up": matrix(2 * WIDTH, WIDTH),
    "down": matrix(WIDTH, 2 * WIDTH),
    "head": matrix(27, WIDTH),
}
weights = [each for rows in theta.values() for row in rows for each in row]
print(len(weights), "weights")


# %%
def times(rows, x):
    return [sumprod(row, x) for row in rows]


def plus(x, y):
    return [a + b for a, b in zip(x, y)]


def normed(x):
    scale = (sumprod(x, x) / len(x) + 1e-5) ** -0.5
    return [a * scale for a in x]


def scores(theta, letters, looked=None):
    """What follows each of the letters: 27 numbers for each place. `looked` is given the shares of attention."""
    keys, values, results = [], [], []
    for place, letter in enumerate(letters):
        x = plus(take(theta["letters"], letter), theta["places"][place])

        now = normed(x)
        query = times(theta["query"], now)
        keys.append(times(theta["key"], now))
        values.append(times(theta["value"], now))
        shares = softmax([sumprod(query, key) / WIDTH**0.5 for key in keys])
        x = plus(x, [sumprod(shares, column) for column in zip(*values)])

        hidden = [relu(u) for u in times(theta["up"], normed(x))]
        x = plus(x, times(theta["down"], hidden))
        results.append(times(theta["head"], normed(x)))
        if looked is not None:
            looked.append([share.data for share in shares])
    return results


def error(theta, letters, counts):
    """The cross-entropy of the letters after the first; `counts` says how much each of them counts."""
    results = scores(theta, letters[:-1])
    return sumprod(counts, [logsumexp(z) - take(z, following) for z, following in zip(results, letters[1:])])


# %% [markdown]
# $-\log p$ of a softmax is `logsumexp(z) - z[i]`, and that is how it keeps its digits. One name, forward and back:

# %%
letters = spelled("emma")
err = error(theta, letters, [1 / 5] * 5)
err.backward()
print(f"Err = {err.data:.3f}, and log 27 = {math.log(27):.3f}")
print(f"{len(toposort(err)):,} Values")
print("emma has no z, so all gradients of its row are", *{weight.grad for weight in theta["letters"][25]})

# %% [markdown]
# That is worse than knowing nothing. Random weights are not *no* opinion, but a random one: some letters get more
# than $1/27$ for no reason, and others less. Since $-\log$ is steeper on the side of the small ones, these lose more
# than the others win. The error of the first place, if each of the 27 letters followed once:

# %%
z = scores(theta, letters[:1])[0]
print(f"on average {sum((logsumexp(z) - score).data for score in z) / 27:.3f}")

# %% [markdown]
# Above $\log 27$, as it is for every opinion that is not equal. With *emma* there was bad luck besides.
#
# ## It cannot see what comes later
#
# The letter after the third must be guessed from the first three: otherwise the network would learn to copy. No line
# above forbids anything. But when place 3 asks, the keys of later places have not been appended yet. Whether that is
# enough, the gradient knows.
#
# **Question.** By which rows of `places` does a score at the third place have a derivative that is not 0?

# %%
at_third = scores(theta, letters[:-1])[2][0]
rows = [theta["places"][place] for place in range(5)]
slopes = grad(at_third, [weight for row in rows for weight in row])
for place in range(5):
    part = slopes[place * WIDTH : (place + 1) * WIDTH]
    print(f"place {place + 1}: largest slope {max(abs(slope.data) for slope in part):.4f}")

# %% [markdown]
# A gradient is a test of who can see whom. (With real models this is a good test to have: a mask that is wrong by one
# place gives a wonderful error, and a useless model.)
#
# ## A hundred steps on Values
#
# One name a step, and the Adam that trains our networks.

# %%
adam = Adam(weights, learning_rate=0.02)
generator = random.Random(0)

began = process_time()
for _ in range(100):
    letters = spelled(generator.choice(names))
    counted = len(letters) - 1
    for weight in weights:
        weight.zero_grad()
    err = error(theta, letters, [1 / counted] * counted)
    err.backward()
    adam.step()
on_values = (process_time() - began) / 100
print(f"{1000 * on_values:.2f} ms a name")


# %%
def mean_error():
    with no_grad():
        each = [error(theta, spelled(name), [1 / (len(name) + 1)] * (len(name) + 1)).data for name in names]
    return sum(each) / len(each)


print(f"mean error over all names: {mean_error():.3f}")

# %% [markdown]
# It has learned which letters are frequent, and something about pairs. To do better it needs more names a step, and
# many more steps.
#
# ## The same lines, compiled
#
# `error` is a function of Values, and `compiled` calls it to see what it does. From the graph it makes machine code,
# which runs on many samples, each with letters of its own. A recording is for all numbers, so two things must not
# depend on the data:
#
# - **which row is taken.** Here the index is a Value, and `take` records *take the row that this number names*. A list
#   with `[…]` would have fixed the letters of one name.
# - **how long a name is.** All are filled up with the sign for the end, and what was filled up counts 0.


# %%
def filled(name):
    counted = len(name) + 1
    rest = LONGEST + 1 - counted
    return spelled(name) + [END] * rest, [1 / counted] * counted + [0.0] * rest


samples = list(map(filled, names))
print("emma is", samples[names.index("emma")])

step = compiled(value_and_grad(error), over=("letters", "counts"))


def columns(samples):
    return [list(column) for column in zip(*samples)]


def numbers():
    return {part: [[weight.data for weight in row] for row in rows] for part, rows in theta.items()}


began = process_time()
total, slopes = step(numbers(), *columns(samples))
print(f"recorded and compiled: {process_time() - began:.1f} s")
print(f"mean error over all names: {total / len(names):.3f}")

# %% [markdown]
# The same number as above. Are the gradients the same too, and how long does it take now?

# %%
for weight in weights:
    weight.zero_grad()
for letters, counts in samples[:3]:
    error(theta, letters, counts).backward()
_, of_three = step(numbers(), *columns(samples[:3]))
fast = [slope for rows in of_three.values() for row in rows for slope in row]
print("gradients apart by less than 10⁻¹²:", max(abs(a - b.grad) for a, b in zip(fast, weights)) < 1e-12)

began = process_time()
step(numbers(), *columns(samples))
on_machine = (process_time() - began) / len(names)
print(f"{1000 * on_machine:.3f} ms a name: {on_values / on_machine:.0f} times as fast")

# %% [markdown]
# ## Trained
#
# Five hundred steps of 256 names. The weights stay Values and Adam stays Adam; only their gradients come from
# elsewhere.

# %%
STEPS, BATCH = 500, 256
adam = Adam(weights, learning_rate=lambda step: 0.06 * (1 - step / STEPS))
began = process_time()
for count in range(STEPS):
    total, slopes = step(numbers(), *columns(generator.sample(samples, BATCH)))
    for part, rows in theta.items():
        for row, slopes_of_row in zip(rows, slopes[part]):
            for weight, slope in zip(row, slopes_of_row):
                weight.grad = float(slope) / BATCH
    adam.step()
    if count % 100 == 0:
        print(f"step {count}: Err = {total / BATCH:.1f}")
print(f"{process_time() - began:.1f} s for {STEPS * BATCH:,} names")

learned = step(numbers(), *columns(samples))[0] / len(names)
print(f"mean error over all names: {learned:.2f}")
print(f"pairs                {bar:.2f}: it is better: {learned < bar}")
print(f"pairs and the place  {second_bar:.2f}: it is better: {learned < second_bar}")

# %% [markdown]
# To be better than pairs says nothing about attention, since the network knows the place as well. To be better than
# pairs *and* place does. From one letter and its place nobody gets below that bar on these names, whatever the
# weights, and attention is the only way by which earlier letters come in. (All of these are errors on the names that
# were learned from, and say nothing about new ones.)
#
# Now it can go on by itself: begin, draw a letter with its probability, append it, and ask again.


# %%
def invented(generator):
    letters = [END]
    with no_grad():
        while len(letters) <= LONGEST:
            shares = [share.data for share in softmax(scores(theta, letters)[-1])]
            letters += generator.choices(range(27), shares)
            if letters[-1] == END:
                break
    return "".join(ALPHABET[letter] for letter in letters if letter != END)


generator = random.Random(2)
new = [invented(generator) for _ in range(40)]
print(*[name for name in new if name not in names])

# %% [markdown]
# Not all of them would please parents. But they can be pronounced, most of them. (Those that are in the list of names
# are left out.)
#
# ## What does it look at?
#
# The shares $w$ of one name. A line is a place; in it, how much of its answer comes from which letter (· is the
# beginning), in percent.

# %%
looked = []
with no_grad():
    scores(theta, spelled("johanna")[:-1], looked)
seen = "·johanna"
print("      " + "".join(f"{letter:>5}" for letter in seen))
for letter, shares in zip(seen, looked):
    print(f"{letter:>5} " + "".join(f"{100 * share:5.0f}" for share in shares))

# %% [markdown]
# Each line adds up to 100, but for rounding. A place that looked only at itself would know its letter and where it
# is. What stands further to the left is what it knows besides.
#
# ## Exercise: back through softmax
#
# The one new step in a transformer's backward pass is this one. `shares` are $w$, `slopes` are $\partial Err/\partial
# w$; `my_softmax_slopes` returns $\partial Err/\partial z$ for the scores $z$. The attempt below remembers that the
# share has the slope $w(1 - w)$ by its own score. With $Err = -\sum y \log w$ its answer is δ of a network's last
# layer, so `grade` can judge it. Run it, and repair it.


# %%
def my_softmax_slopes(shares, slopes):
    return [w * (1 - w) * slope for w, slope in zip(shares, slopes)]


# %%
def delta(theta, bias, u, o, x, y, sigma_slope):
    powers = [math.exp(z) for z in o[-1]]
    shares = [power / sum(powers) for power in powers]
    return [my_softmax_slopes(shares, [-y_k / w for y_k, w in zip(y, shares)])]


print(grade(MLP(3, [4], output_activation="linear", seed=1), [1.2, -0.7, 0.1], 2, delta, loss="cross_entropy"))

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def my_softmax_slopes(shares, slopes):
#     mean = sum(w * slope for w, slope in zip(shares, slopes))
#     return [w * (slope - mean) for w, slope in zip(shares, slopes)]
# ```
# </details>
#
# Each share rises at the cost of all others, and the mean is that cost. More about `compiled` and `take`:
# [docs/compiled.md](../docs/compiled.md). On to [notebook 11](11_from_here_to_pytorch.ipynb), for when it is to be
# larger.
