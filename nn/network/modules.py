"""Neurons, layers and networks, in the lecture's symbols.

u   pre-activation, u_i = Σ_l θ_il·o_l (+ bias)        θ   weight, θ⁽ᵏ⁾ᵢₗ from l to i in layer k
o   output, o_i = σ(u_i)                               δ   ∂Err/∂u, which is u.grad after backward()

A neuron's u is one `sumprod` node; the bias is the weight of an input that is always 1.
Nothing here knows a derivative: δ emerges from the graph.
"""

from __future__ import annotations

import operator
import random
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from os import PathLike
from typing import TYPE_CHECKING, Any, NoReturn, SupportsIndex

from autograd import AutogradTypeError, AutogradValueError, Value
from autograd.functions import weighted_sum
from autograd.recording import number
from autograd.value import Number, literal
from autograd.words.naming import name as name  # for those who look for it here
from autograd.words.text import counted

from .activations import Activation, activation_of, name_of
from .choosing import ELSEWHERE, refuse_habits
from .classes import ClassRule
from .initializers import Initializer, initializer_for

if TYPE_CHECKING:
    from autograd.drawing import Drawing
    from autograd.drawing.page.whole import Page


class Module:
    """Something with parameters; `class_rule` is how its outputs say a class, where `fit` has told it."""

    class_rule: ClassRule | None = None

    def parameters(self) -> list[Value]:
        """All weights and biases, in a fixed order."""
        return []

    def named_parameters(self) -> list[tuple[str, Value]]:
        """The parameters with their names.

        >>> [n for n, _ in MLP(1, [1], seed=0).named_parameters()]
        ['θ⁽¹⁾₁₁', 'b⁽¹⁾₁']
        """
        return [(p.label, p) for p in self.parameters()]

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero, as before each step of training.

        >>> net = MLP(1, [1], seed=0); net([1.0]).backward(); net.zero_grad()
        >>> {p.grad for p in net.parameters()}
        {0.0}
        """
        for p in self.parameters():
            p.grad = 0.0


class Neuron(Module):
    """One neuron: u = Σ θ_l·o_l (+ bias), o = σ(u).

    nin          how many inputs
    activation   a name of ACTIVATIONS, or any function of a Value
    bias         whether it has one; it starts at 0
    initializer  a name of INITIALIZERS, a function, or None: the one that fits the activation
    seed         an int, or a random.Random that goes on; None: different at every run
    fan_out      how many neurons its layer has, for the initialiser
    index        (layer, row), counted from 1, for the names of its Values

    After a call, `u` and `o` are its Values of that call, and after backward() `delta` is
    its δ.  Raises AutogradValueError for an unknown name or a size below 1.

    >>> neuron = Neuron(2, bias=False, seed=0)
    >>> o = neuron([1.0, 2.0]); o.backward()
    >>> abs(neuron.delta - (1 - o.data**2)) < 1e-15
    True
    """

    def __init__(
        self,
        nin: int,
        activation: str | Activation = "tanh",
        bias: bool = True,
        initializer: str | Initializer | None = None,
        seed: int | random.Random | None = None,
        *,
        fan_out: int = 1,
        index: tuple[int, int] | None = None,
        **others: Any,
    ) -> None:
        refuse_habits("Neuron", others, Neuron)
        generator = _generator(seed)
        nin = _size("nin", nin)
        draw = initializer_for(initializer, activation)
        layer, row = index or (None, None)
        rows = () if row is None else (row,)
        self.activation = activation
        self.sigma = activation_of(activation)
        self.theta = [
            Value(draw(generator, nin, fan_out), name("θ", *rows, column, layer=layer)) for column in range(1, nin + 1)
        ]
        self.bias = Value(0.0, name("b", *rows, layer=layer)) if bias else None
        self._labels = name("o", *rows, layer=layer), name("u", *rows, layer=layer)
        self.u: Value | None = None
        self.o: Value | None = None

    def __call__(self, inputs: Iterable[Number]) -> Value:
        return self._fire(_inputs("this neuron", len(self.theta), inputs))

    def _fire(self, o: Sequence[Value]) -> Value:
        name_of_o, name_of_u = self._labels
        self.u = u = weighted_sum(self.theta, self.bias, o, name_of_u)
        self.o = out = self.sigma(u)
        try:
            if out is not u:  # as it is where σ is linear
                out.label = name_of_o
        except AttributeError:
            _not_a_value(self, out)
        return out

    @property
    def delta(self) -> float:
        """δ = ∂Err/∂u of the last call, after backward().  Raises AutogradValueError before any call."""
        if self.u is None:
            raise AutogradValueError("this neuron has no δ yet: call it, then backward() on the error")
        return self.u.grad

    def parameters(self) -> list[Value]:
        """Its weights θ, then its bias."""
        return [*self.theta, self.bias] if self.bias is not None else [*self.theta]

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle keeps: the neuron without the graph of its last call."""
        return {**self.__dict__, "u": None, "o": None}

    def __repr__(self) -> str:
        return f"Neuron({len(self.theta)}, {name_of(self.activation)})"


class Layer(Module):
    """Neurons side by side, all reading the same inputs; the arguments are those of Neuron.

    >>> [o.data for o in Layer(2, 3, initializer="zeros")([1.0, 2.0])]
    [0.0, 0.0, 0.0]
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        activation: str | Activation = "tanh",
        bias: bool = True,
        initializer: str | Initializer | None = None,
        seed: int | random.Random | None = None,
        *,
        index: int | None = None,
        **others: Any,
    ) -> None:
        refuse_habits("Layer", others, Layer)
        generator = _generator(seed)
        nout = _size("nout", nout)
        self.neurons = [
            Neuron(nin, activation, bias, initializer, generator, fan_out=nout, index=(index or 1, row))
            for row in range(1, nout + 1)
        ]

    def __getattr__(self, attribute: str) -> NoReturn:
        _no_attribute(self, attribute)

    def __call__(self, inputs: Iterable[Number]) -> list[Value]:
        o = _inputs("this layer", len(self.neurons[0].theta), inputs)
        return [neuron._fire(o) for neuron in self.neurons]

    def parameters(self) -> list[Value]:
        """The parameters of its neurons, one neuron after the other."""
        return list(chain.from_iterable(neuron.parameters() for neuron in self.neurons))

    def __repr__(self) -> str:
        return f"Layer of {len(self.neurons)} × {self.neurons[0]!r}"


class ForwardPass:
    """Every u and o of one call of a network and, after backward(), every δ.

    Layers k and neurons i are counted from 0 here, as Python counts: u[k][i].

    >>> net = MLP(2, [3, 1], seed=0)
    >>> run = net.forward([1.0, -1.0])
    >>> (1.0 - run.outputs[0]) ** 2 is not None, [len(layer) for layer in run.u]
    (True, [3, 1])
    """

    def __init__(self, net: MLP, inputs: list[Value], u: list[list[Value]], o: list[list[Value]]) -> None:
        self.net = net
        self.inputs = inputs
        self.u = u
        self.o = o
        self.classes: Sequence[str] = ()  # names of the outputs, for a picture
        self.outcome = ""  # what the outputs say, and what is true, for a picture

    @property
    def outputs(self) -> list[Value]:
        """ŷ: the last layer's o."""
        return self.o[-1]

    @property
    def delta(self) -> list[list[float]]:
        """δ[k][i] = ∂Err/∂u[k][i], once backward() has run on an error of these outputs."""
        return [[u.grad for u in layer] for layer in self.u]

    @property
    def theta(self) -> list[list[list[Value]]]:
        """θ[k][i][l], the network's weights."""
        return [[neuron.theta for neuron in layer.neurons] for layer in self.net.layers]

    def draw(
        self,
        err: Value | None = None,
        *,
        direction: str = "LR",
        theme: str = "light",
        force: bool = False,
        width: float | None = None,
    ) -> Drawing:
        """A picture of the network: a card for each neuron with its weights, u, o and δ.

        err        the error computed from these outputs, to be drawn too
        direction  "LR" left to right, "TB" top to bottom
        theme      "light" or "dark"
        force      draw more than 1000 weights
        width      of a page, in pixels: a picture that would be wider takes the other direction

        Colours show ∂Err/∂θ and δ once backward() has run.  Raises AutogradValueError for an
        error of other outputs, too many weights, or an unknown direction or theme.

        >>> run = MLP(2, [2, 1], seed=0).forward([1.0, -1.0])
        >>> "neuron 2" in run.draw().dot
        True
        """
        from .drawing import draw

        return draw(self, err, direction=direction, theme=theme, force=force, width=width)

    def explore(
        self, err: Value | None = None, *, theme: str | None = None, direction: str = "LR", level: str | None = None
    ) -> Page:
        """A page to step through this pass and backward, and to change inputs, θ and biases; see autograd.explore.

        err    the error computed from these outputs; None: the output itself, where there is one
        level  "neurons": a card for each neuron, with its θ, u, o and δ; "cards" or "pills": each node of the graph;
               None: neurons, where the error is of this pass alone

        Raises AutogradValueError for an error of other outputs, for several outputs without an
        error, and as autograd.explore does.

        >>> run = MLP(2, [2, 1], seed=0).forward([1.0, -1.0])
        >>> "θ⁽²⁾₁₂" in run.explore().html
        True
        """
        from .exploring import explore

        return explore(self, err, theme=theme, direction=direction, level=level)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str | bytes]:
        from .drawing import shown_in_notebook

        return {**shown_in_notebook(self), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"ForwardPass(inputs={[x.data for x in self.inputs]}, outputs={[o.data for o in self.outputs]})"


class MLP(Module):
    """A multilayer perceptron: the lecture's network, of any depth and width.

    nin                how many inputs
    nouts              how many neurons in each layer, the last being the output; an int for one layer
    activation         σ of the hidden layers: a name of ACTIVATIONS, or a function of a Value; or a list of
                       these, one for each layer
    output_activation  σ of the last layer; None: the same
    bias, initializer  as for Neuron
    seed               an int makes it reproducible; the global random state is never touched

    Calling it with numbers or Values gives the output, or the list of outputs if there are
    several; `forward` gives all u and o as well.  Raises AutogradValueError for sizes below
    1, unknown names, or a wrong number of inputs.

    >>> net = MLP(3, [4, 2], seed=1)
    >>> len(net([1.0, 2.0, 3.0])), len(net.parameters())
    (2, 26)
    """

    def __init__(
        self,
        nin: int,
        nouts: Iterable[int] | int = (),
        activation: str | Activation | Sequence[str | Activation] = "tanh",
        output_activation: str | Activation | None = None,
        bias: bool = True,
        initializer: str | Initializer | None = None,
        seed: int | random.Random | None = None,
        **others: Any,
    ) -> None:
        refuse_habits("MLP", others, MLP)
        widths = list(nouts) if isinstance(nouts, Iterable) else [nouts]
        if isinstance(activation, SupportsIndex):  # MLP(2, 4, 1)
            more = f", {output_activation}" if isinstance(output_activation, SupportsIndex) else ""
            wanted = ", ".join(map(str, [*widths, activation])) + more
            raise AutogradTypeError(f"MLP: the widths of the layers are one list: MLP({nin}, [{wanted}])")
        if isinstance(nin, Iterable) and not widths:  # MLP([2, 4, 1])
            first, *rest = nin or (2, 4, 1)
            raise AutogradTypeError(f"MLP: how many inputs comes first, then the widths: MLP({first}, {rest})")
        if not widths:
            raise AutogradValueError("MLP: nouts is empty; give the width of at least the output layer")
        sizes = [_size("nin", nin), *(_size("nouts", width) for width in widths)]
        generator = _generator(seed)
        last = len(sizes) - 1
        self.nin = sizes[0]
        sigmas = _sigmas(activation, output_activation, last)
        hidden = sigmas[:-1]
        self.activation: Any = activation if not _listed(activation) else sigmas[0]
        if any(sigma != hidden[0] for sigma in hidden):
            self.activation = tuple(sigmas)
        self.output_activation = sigmas[-1]
        self.layers = [
            Layer(sizes[k - 1], sizes[k], sigma, bias, initializer, generator, index=k)
            for k, sigma in enumerate(sigmas, 1)
        ]

    def __getattr__(self, attribute: str) -> NoReturn:
        _no_attribute(self, attribute)

    def forward(self, inputs: Iterable[Number]) -> ForwardPass:
        """Run the network and keep every u and o.

        >>> net = MLP(2, [2, 1], seed=0)
        >>> run = net.forward([0.5, -0.5]); run.outputs[0].backward()
        >>> run.delta[1][0] == net.layers[1].neurons[0].delta
        True
        """
        xs = _inputs("the network", self.nin, inputs, named=True)
        run = ForwardPass(self, xs, [], [])
        o = xs
        for layer in self.layers:
            us: list[Any] = []
            os = []
            for neuron in layer.neurons:
                os.append(neuron._fire(o))
                us.append(neuron.u)  # at once: the same neuron may stand in a layer twice
            run.u.append(us)
            run.o.append(o := os)
        return run

    def __call__(self, inputs: Iterable[Number]) -> Any:
        o = _inputs("the network", self.nin, inputs, named=True)
        for layer in self.layers:
            o = [neuron._fire(o) for neuron in layer.neurons]
        return o[0] if len(o) == 1 else o

    def parameters(self) -> list[Value]:
        """All θ and biases: layer by layer, neuron by neuron, the bias after its neuron's weights."""
        return list(chain.from_iterable(layer.parameters() for layer in self.layers))

    def sigmas(self) -> list[str | Activation]:
        """The activation of each layer.

        >>> MLP(2, [4, 4, 1], ["relu", "tanh", "linear"]).sigmas()
        ['relu', 'tanh', 'linear']
        """
        hidden = (
            self.activation[:-1] if isinstance(self.activation, tuple) else [self.activation] * len(self.layers[1:])
        )
        return [*hidden, self.output_activation]

    def structure(self) -> dict[str, list[list[Value]]]:
        """θ and b of each layer as flat lists, θ row by row: what `lower` takes as arrays; no "b" without biases.

        >>> {name: [len(part) for part in parts] for name, parts in MLP(3, [4, 2]).structure().items()}
        {'theta': [12, 8], 'b': [4, 2]}
        """
        theta = [[weight for neuron in layer.neurons for weight in neuron.theta] for layer in self.layers]
        b = [[neuron.bias for neuron in layer.neurons if neuron.bias is not None] for layer in self.layers]
        return {"theta": theta, "b": b} if all(b) else {"theta": theta}

    def save(self, path: str | PathLike[str], notes: Any = None) -> None:
        """Write the network to a file of readable JSON; see storage.save for what is refused.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     MLP(2, [3, 1], seed=0).save(folder + "/network.json")
        ...     MLP.load(folder + "/network.json")
        MLP(2-3-1, tanh, 13 parameters)
        """
        from .storage import save

        save(self, path, notes)

    @staticmethod
    def load(path: str | PathLike[str]) -> MLP:
        """The network that `save` wrote, to the last bit; see storage.load for what is refused."""
        from .storage import load

        return load(path, MLP)

    def __repr__(self) -> str:
        sizes = [self.nin, *(len(layer.neurons) for layer in self.layers)]
        sigma = name_of(self.activation)
        return f"MLP({'-'.join(map(str, sizes))}, {sigma}, {len(self.parameters())} parameters)"


def _listed(activation: object) -> bool:
    return isinstance(activation, Sequence) and not isinstance(activation, str)


def _sigmas(activation: Any, output_activation: Any, layers: int) -> list[Any]:
    """One for each layer."""
    if not _listed(activation):
        return [activation] * (layers - 1) + [activation if output_activation is None else output_activation]
    each = list(activation)
    if output_activation is not None:
        each = [*each[: layers - 1], output_activation] if len(each) in (layers - 1, layers) else each
    if len(each) != layers:
        given_ones, there = counted(len(activation), "activation"), counted(layers, "layer")
        raise AutogradValueError(f"MLP: {given_ones}, and {there}; give one for each layer")
    return each


def _inputs(reader: str, n: int, inputs: Iterable[Number], named: bool = False) -> list[Value]:
    """The inputs as n Values: a network's own leaves with names, a neuron's as plain numbers of the graph."""
    try:
        numbered = enumerate(inputs, 1)
    except TypeError:
        raise AutogradTypeError(f"{reader} takes a list of {counted(n, 'number')}, and was given {inputs!r}") from None
    xs: list[Value] = []
    for i, x in numbered:
        if not isinstance(x, Value):
            data = x if x.__class__ is float else number(x, f"{reader}, input {i}")
            x = Value(data, _input_name(i)) if named else literal(data)
        xs.append(x)
    if len(xs) != n:
        raise AutogradValueError(f"{reader} has {counted(n, 'input')}, and was given {len(xs)}")
    return xs


@cache
def _input_name(i: int) -> str:
    return name("x", i)


def _no_attribute(module: Module, attribute: str) -> NoReturn:
    """Answer habits; a Neuron does not, since before Python 3.12 a __getattr__ costs a network a fifth of its speed."""
    advice = ELSEWHERE.get(attribute)
    raise AttributeError(f"{type(module).__name__} has no attribute {attribute!r}" + (f"; {advice}" if advice else ""))


def _not_a_value(neuron: Neuron, out: object) -> NoReturn:
    raise AutogradTypeError(
        f"the activation {name_of(neuron.activation)} returned {out!r}, which is not a Value;"
        " compute with autograd's functions, not math's"
    ) from None


def _size(what: str, n: SupportsIndex) -> int:
    if not isinstance(n, bool) and isinstance(n, SupportsIndex) and (size := operator.index(n)) >= 1:
        return size
    raise AutogradValueError(f"{what} is a number of neurons, a whole number from 1, and was given as {n!r}")


def _generator(seed: int | random.Random | None) -> random.Random:
    if isinstance(seed, random.Random):
        return seed
    if seed is None or isinstance(seed, (int, str)):
        return random.Random(seed)
    if isinstance(seed, SupportsIndex):  # a NumPy integer, which random.Random refuses
        return random.Random(operator.index(seed))
    raise AutogradTypeError(f"the seed is a whole number, a random.Random or None, and was given as {seed!r}")
