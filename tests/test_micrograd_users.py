"""Code written for micrograd, and for Karpathy's lecture on it, runs with its imports changed.

The programs below are text, since their import lines are what changes: `{engine}` and `{nn}`.
From Karpathy, github.com/karpathy/micrograd and "The spelled-out intro to neural networks and
backpropagation: building micrograd"; the expected numbers are the ones shown there.
"""

import random
import re
from typing import Any

import pytest

from autograd import Value
from nn import MLP


def run(program: str, engine: str = "autograd", nn: str = "nn") -> dict[str, Any]:
    """The variables that a program leaves, with the given packages for its imports."""
    namespace: dict[str, Any] = {}
    exec(program.replace("{engine}", engine).replace("{nn}", nn), namespace)
    return namespace


README = """
from {engine} import Value

a = Value(-4.0)
b = Value(2.0)
c = a + b
d = a * b + b**3
c += c + 1
c += 1 + c + (-a)
d += d * 2 + (b + a).relu()
d += 3 * d + (b - a).relu()
e = c - d
f = e**2
g = f / 2.0
g += 10.0 / f
g.backward()
"""

NEURON = """
from {engine} import Value

x1 = Value(2.0, label='x1')
x2 = Value(0.0, label='x2')
w1 = Value(-3.0, label='w1')
w2 = Value(1.0, label='w2')
b = Value(6.8813735870195432, label='b')
x1w1 = x1*w1; x1w1.label = 'x1*w1'
x2w2 = x2*w2; x2w2.label = 'x2*w2'
x1w1x2w2 = x1w1 + x2w2; x1w1x2w2.label = 'x1*w1 + x2*w2'
n = x1w1x2w2 + b; n.label = 'n'
"""

BY_TANH = (
    NEURON
    + """
o = n.tanh(); o.label = 'o'
o.backward()
"""
)

BY_EXP = (
    NEURON
    + """
e = (2*n).exp()
o = (e - 1) / (e + 1)
o.label = 'o'
o.backward()
"""
)

TRACE = (
    BY_TANH
    + """
def trace(root):
  # builds a set of all nodes and edges in a graph
  nodes, edges = set(), set()
  def build(v):
    if v not in nodes:
      nodes.add(v)
      for child in v._prev:
        edges.add((child, v))
        build(child)
  build(root)
  return nodes, edges

nodes, edges = trace(o)
lines = []
for n in nodes:
  lines.append("{ %s | data %.4f | grad %.4f }" % (n.label, n.data, n.grad))
  if n._op:
    lines.append(n._op)
"""
)

# The notebook's picture, graphviz replaced by lists of what it would be told.
DRAW = """
def trace(root):
    nodes, edges = set(), set()
    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)
    build(root)
    return nodes, edges

def draw_dot(root):
    nodes, edges = trace(root)
    drawn, arrows = {}, []
    for n in nodes:
        drawn[str(id(n))] = "{ data %.4f | grad %.4f }" % (n.data, n.grad)
        if n._op:
            drawn[str(id(n)) + n._op] = n._op
            arrows.append((str(id(n)) + n._op, str(id(n))))
    for n1, n2 in edges:
        arrows.append((str(id(n1)), str(id(n2)) + n2._op))
    return sorted(drawn.values()), sorted((drawn[a], drawn[b]) for a, b in arrows)
"""

SAME_GRAPH = """
from {engine} import Value

a, b = Value(-4.0), Value(2.0)
c = a * b + b**3
c += c + 1
d = 3 * c + (c + a).relu() * a**2
e = (d * 0.01) ** -1 + b**0.5 + d * d
e.backward()
"""

TOPO = (
    BY_TANH
    + """
topo = []
visited = set()
def build_topo(v):
  if v not in visited:
    visited.add(v)
    for child in v._prev:
      build_topo(child)
    topo.append(v)
build_topo(o)
"""
)

BUG = """
from {engine} import Value

a = Value(-2.0, label='a')
b = Value(3.0, label='b')
d = a * b    ; d.label = 'd'
e = a + b    ; e.label = 'e'
f = d * e    ; f.label = 'f'
f.backward()
"""

TRAINING = """
from {nn} import MLP

xs = [
  [2.0, 3.0, -1.0],
  [3.0, -1.0, 0.5],
  [0.5, 1.0, 1.0],
  [1.0, 1.0, -1.0],
]
ys = [1.0, -1.0, -1.0, 1.0] # desired targets
n = MLP(3, [4, 4, 1])
losses = []

for k in range(50):

  # forward pass
  ypred = [n(x) for x in xs]
  loss = sum((yout - ygt)**2 for ygt, yout in zip(ys, ypred))

  # backward pass
  for p in n.parameters():
    p.grad = 0.0
  loss.backward()

  # update
  for p in n.parameters():
    p.data += -0.05 * p.grad

  losses.append(loss.data)
"""

# demo.ipynb, its moons replaced by four points and its model made by the caller.
DEMO = """
from {engine} import Value

def loss(model, X, y):
    inputs = [list(map(Value, xrow)) for xrow in X]

    # forward the model to get scores
    scores = list(map(model, inputs))

    # svm "max-margin" loss
    losses = [(1 + -yi*scorei).relu() for yi, scorei in zip(y, scores)]
    data_loss = sum(losses) * (1.0 / len(losses))
    # L2 regularization
    alpha = 1e-4
    reg_loss = alpha * sum((p*p for p in model.parameters()))
    total_loss = data_loss + reg_loss

    # also get accuracy
    accuracy = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(y, scores)]
    return total_loss, sum(accuracy) / len(accuracy)

def optimize(model, X, y, steps):
    history = []
    for k in range(steps):

        # forward
        total_loss, acc = loss(model, X, y)

        # backward
        model.zero_grad()
        total_loss.backward()

        # update (sgd)
        learning_rate = 1.0 - 0.9*k/100
        for p in model.parameters():
            p.data -= learning_rate * p.grad

        history.append((total_loss.data, acc))
    return history
"""

POINTS = [[0.1, 1.0], [1.9, -0.4], [-0.8, 0.5], [0.9, -0.6], [0.0, 0.9], [1.5, 0.3]]
SIDES = [-1, 1, -1, 1, -1, 1]


def test_the_readme() -> None:
    found = run(README)
    assert f"{found['g'].data:.4f}" == "24.7041"
    assert f"{found['a'].grad:.4f}" == "138.8338"
    assert f"{found['b'].grad:.4f}" == "645.5773"


@pytest.mark.parametrize("program", [BY_TANH, BY_EXP], ids=["tanh", "exp"])
def test_the_neuron_of_the_lecture(program: str) -> None:
    found = run(program)
    assert found["o"].data == pytest.approx(0.7071, abs=5e-5)
    gradients = {name: found[name].grad for name in ("x1", "w1", "x2", "w2", "b", "n")}
    assert gradients == pytest.approx({"x1": -1.5, "w1": 1.0, "x2": 0.5, "w2": 0.0, "b": 0.5, "n": 0.5}, abs=1e-12)


def test_tracing_a_graph() -> None:
    found = run(TRACE)
    assert len(found["nodes"]) == 10 and len(found["edges"]) == 9
    lines = set(found["lines"])
    assert {"tanh", "+", "{ o | data 0.7071 | grad 1.0000 }", "{ w1 | data -3.0000 | grad 1.0000 }"} <= lines


def test_the_picture_of_a_graph() -> None:
    """Counted by hand: 3 leaves and a plain number, 4 operations; in micrograd an exponent is no node."""
    program = """
from {engine} import Value
a, b, c = Value(2.0), Value(3.0), Value(-1.0)
y = (a * b + c**2 + 2).relu()
y.backward()
"""
    drawn, arrows = run(program + DRAW + "picture = draw_dot(y)")["picture"]
    signs = [text for text in drawn if not text.startswith("{")]
    assert signs == ["*", "**2", "+", "+", "ReLU"] and len(drawn) == 9 + 5
    assert len(arrows) == 5 + 8
    assert ("{ data -1.0000 | grad -2.0000 }", "**2") in arrows
    assert ("{ data 2.0000 | grad 1.0000 }", "+") in arrows


@pytest.mark.peer
def test_micrograd_draws_the_same_picture() -> None:
    pytest.importorskip("micrograd", reason="compares with micrograd: pip install '.[peers]'")
    program = SAME_GRAPH + DRAW + "picture = draw_dot(e)"
    assert run(program)["picture"] == run(program, "micrograd.engine")["picture"]


def test_a_parameter_with_attributes_of_its_own() -> None:
    """An optimiser that keeps its memory on the parameters, with neurons of one's own."""
    program = """
import copy, random
from {engine} import Value

class Parameter(Value):
    pass

random.seed(1)
w = [Parameter(random.uniform(-1, 1)) for _ in range(3)]
for p in w:
    p.m, p.v = 0.0, 0.0

def loss():
    points = [(1.0, 2.0, 0.5), (-1.0, 0.5, -0.5), (0.5, -1.0, 0.25)]
    return sum((((w[0]*x + w[1]*y + w[2]).tanh() - t)**2 for x, y, t in points))

errors = []
for k in range(1, 201):
    err = loss()
    for p in w:
        p.grad = 0.0
    err.backward()
    for p in w:
        p.m = 0.9*p.m + 0.1*p.grad
        p.v = 0.99*p.v + 0.01*p.grad**2
        p.data -= 0.05 * (p.m/(1 - 0.9**k)) / ((p.v/(1 - 0.99**k))**0.5 + 1e-8)
    errors.append(err.data)
copied = copy.deepcopy(w)
"""
    found = run(program)
    assert found["errors"][-1] < 0.1 * found["errors"][0]
    assert [p.m for p in found["copied"]] == [p.m for p in found["w"]]
    with pytest.raises(AttributeError):
        Value(1.0).m = 0.0  # type: ignore[attr-defined]


def test_sorting_a_graph() -> None:
    found = run(TOPO)
    labels = [v.label for v in found["topo"]]
    assert labels[-1] == "o" and labels.index("w1") < labels.index("x1*w1") < labels.index("n")


def test_a_variable_that_is_used_twice() -> None:
    found = run(BUG)
    assert (found["a"].grad, found["b"].grad) == (-3.0, -8.0)


def test_the_training_loop_of_the_lecture() -> None:
    state = random.getstate()
    found = run(TRAINING)
    assert random.getstate() == state
    assert len(found["n"].parameters()) == 41
    assert found["losses"][-1] < 0.5 * found["losses"][0]


def test_the_demo() -> None:
    model = MLP(2, [8, 8, 1], "relu", "linear", seed=1)
    history = run(DEMO)["optimize"](model, POINTS, SIDES, 40)
    assert history[-1][1] == 1.0 and history[-1][0] < 0.1 < history[0][0]


# --- number for number ------------------------------------------------------------------------


@pytest.mark.peer
@pytest.mark.parametrize("program", [README, BUG], ids=["readme", "twice"])
def test_micrograd_has_the_same_numbers(program: str) -> None:
    pytest.importorskip("micrograd", reason="compares with micrograd: pip install '.[peers]'")
    program = re.sub(r", label='\w+'|; \w+\.label = '\w+'", "", program)  # micrograd 0.1.0 has no labels
    theirs, mine = run(program, "micrograd.engine", "micrograd.nn"), run(program)
    names = [name for name, v in mine.items() if isinstance(v, Value)]
    assert len(names) >= 5
    for name in names:
        assert mine[name].data == pytest.approx(theirs[name].data, rel=1e-15)
        assert mine[name].grad == pytest.approx(theirs[name].grad, rel=1e-14)


@pytest.mark.peer
def test_micrograd_s_training_gives_the_same_network() -> None:
    """The demo, on the same start: losses and all weights, step by step within rounding."""
    nn = pytest.importorskip("micrograd.nn", reason="compares with micrograd: pip install '.[peers]'")
    mine, theirs = MLP(2, [8, 8, 1], "relu", "linear", seed=1), nn.MLP(2, [8, 8, 1])
    for p, q in zip(mine.parameters(), theirs.parameters()):
        q.data = p.data
    assert len(mine.parameters()) == len(theirs.parameters())
    my_history = run(DEMO)["optimize"](mine, POINTS, SIDES, 10)
    their_history = run(DEMO, "micrograd.engine")["optimize"](theirs, POINTS, SIDES, 10)
    for (my_loss, my_accuracy), (their_loss, their_accuracy) in zip(my_history, their_history):
        assert my_loss == pytest.approx(their_loss, rel=1e-11) and my_accuracy == their_accuracy
    weights = [q.data for q in theirs.parameters()]
    assert [p.data for p in mine.parameters()] == pytest.approx(weights, rel=1e-9, abs=1e-12)
