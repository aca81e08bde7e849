"""A network as a file: JSON that a person can read, and that gives back the same bits.

    {"format": "deltagrad network", "version": 1,
     "architecture": {"nin": 2, "nouts": [2, 1], "activation": "tanh", …},
     "parameters": {"θ⁽¹⁾₁₁": 0.25, …},
     "notes": …}

Python writes the shortest decimal that reads back as the same double, so nothing is rounded.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd import AutogradError, AutogradValueError
from autograd.files import write
from autograd.words.naming import name
from autograd.words.text import printable

from .activations import ACTIVATIONS, Activation

if TYPE_CHECKING:
    from .modules import MLP

FORMAT, VERSION = "deltagrad network", 1
_KEYS = ("nin", "nouts", "activation", "output_activation", "bias")


def save(net: MLP, path: str | os.PathLike[str], notes: Any = None) -> None:
    """Write a network to a file, all of it or, whatever goes wrong, nothing.

    path   an existing file is replaced; its folder must exist
    notes  anything JSON can hold, for people and for your own programs: how the inputs were
           scaled, say.  `load` leaves it alone

    Raises AutogradValueError for an activation that is a function of yours, for a network whose
    shape was changed by hand, and for a parameter that is inf or nan; OSError from the disk.

    >>> import tempfile
    >>> from nn import MLP
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     net = MLP(2, [3, 1], seed=0); save(net, folder + "/net.json")
    ...     [p.data for p in MLP.load(folder + "/net.json").parameters()] == [p.data for p in net.parameters()]
    True
    """
    architecture = dict(zip(_KEYS, _architecture(net)))
    content = {"format": FORMAT, "version": VERSION, "architecture": architecture, "parameters": _numbers(net)}
    if notes is not None:
        content["notes"] = notes
    write(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def load(path: str | os.PathLike[str], make: Callable[..., MLP]) -> MLP:
    """The network that `save` wrote; `make` is MLP, which stands above this module.

    Raises AutogradValueError, saying what is wrong, for a file that is no saved network or has
    a missing, surplus or impossible entry; OSError where it cannot be read.

    >>> from nn import MLP
    >>> load(os.devnull, MLP)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    autograd.errors.AutogradValueError: ...: not a saved network: it is not JSON (line 1, column 1)
    """
    try:
        return _network(_parsed(Path(path).read_bytes()), make)
    except AutogradError as error:
        raise AutogradValueError(f"{printable(os.fspath(path))}: {error}") from None


def _architecture(net: MLP) -> tuple[int, list[int], str, str, bool]:
    """What the constructor needs to make this network's shape again, in the order of _KEYS."""
    last, nouts = net.layers[-1], [len(layer.neurons) for layer in net.layers]
    hidden, output, bias = _key(net.activation), _key(net.output_activation), last.neurons[0].bias is not None
    for width, layer in zip([net.nin, *nouts], net.layers):
        sigma = ACTIVATIONS[output if layer is last else hidden]
        for neuron in layer.neurons:
            same = neuron.sigma is sigma and (neuron.bias is not None) == bias
            if not same or len(neuron.theta) != width:
                raise AutogradValueError(f"cannot save: {net!r} was changed after it was made, at {neuron!r}")
    return net.nin, nouts, hidden, output, bias


def _key(activation: str | Activation) -> str:
    for key, function in ACTIVATIONS.items():
        if activation in (key, function):
            return key
    raise AutogradValueError(
        f"cannot save: the activation {getattr(activation, '__name__', activation)!r} is a function of yours,"
        f" which JSON cannot hold; a saved network uses {', '.join(ACTIVATIONS)}"
    )


def _names(nin: int, nouts: list[int], bias: bool) -> Iterator[str]:
    """The lecture's names in the order of net.parameters(), whatever labels those have for pictures."""
    for k, (before, after) in enumerate(zip([nin, *nouts], nouts), 1):
        for i in range(1, after + 1):
            for l in range(1, before + 1):
                yield name("θ", i, l, layer=k)
            if bias:
                yield name("b", i, layer=k)


def _numbers(net: MLP) -> dict[str, float]:
    bias = net.layers[0].neurons[0].bias is not None
    names = _names(net.nin, [len(layer.neurons) for layer in net.layers], bias)
    numbers = {key: p.data for key, p in zip(names, net.parameters())}
    for key, data in numbers.items():
        if not math.isfinite(data):
            raise AutogradValueError(f"cannot save: {key} is {data}; a network is saved with finite parameters only")
    return numbers


# --- reading, trusting nothing -----------------------------------------------------------------


def _parsed(raw: bytes) -> dict[str, Any]:
    problem = "not a saved network: it is not"
    try:
        content = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise AutogradValueError(f"{problem} UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise AutogradValueError(f"{problem} JSON (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise AutogradValueError(f"{problem} JSON of sensible depth") from None
    except AutogradError:
        raise
    except ValueError:  # an integer of more digits than Python converts
        raise AutogradValueError(f"{problem} JSON with numbers of sensible size") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise AutogradValueError(f'not a saved network: it does not say "format": "{FORMAT}"')
    if content.get("version") != VERSION:
        raise AutogradValueError(f"its version is {content.get('version')!r}; this deltagrad reads version {VERSION}")
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    for key, _ in pairs if len(entries) < len(pairs) else []:
        if sum(key == k for k, _ in pairs) > 1:
            raise AutogradValueError(f"{key} is there twice")
    return entries


def _no_constant(text: str) -> Any:
    raise AutogradValueError(f"it contains {text}, and every number of a network is finite")


def _network(content: dict[str, Any], make: Callable[..., MLP]) -> MLP:
    """The network; every entry is checked before any of it is made, so a huge width costs nothing."""
    architecture, parameters = content.get("architecture"), content.get("parameters")
    if not isinstance(architecture, dict) or not isinstance(parameters, dict):
        raise AutogradValueError('it must have an "architecture" and "parameters", each in braces')
    _same_keys("architecture", architecture, _KEYS)
    nin, nouts, activation, output_activation, bias = (architecture[key] for key in _KEYS)
    if not isinstance(bias, bool):
        raise AutogradValueError(f"architecture: bias must be true or false, and is {bias!r}")
    if not isinstance(nouts, list) or not nouts or not all(type(n) is int and n > 0 for n in [nin, *nouts]):
        raise AutogradValueError(f"architecture: nin is a width, nouts a list of widths, not {nin!r} and {nouts!r}")
    for σ in (activation, output_activation):
        if not isinstance(σ, str) or σ not in ACTIVATIONS:
            raise AutogradValueError(f"architecture: {σ!r} is no activation; known are {', '.join(ACTIVATIONS)}")
    _same_keys("parameters", parameters, _names(nin, nouts, bias))
    data = [_double(key, parameters[key]) for key in _names(nin, nouts, bias)]
    net = make(nin, nouts, activation, output_activation, bias, "zeros")
    for p, x in zip(net.parameters(), data):
        p.data = x
    return net


def _double(key: str, x: Any) -> float:
    if isinstance(x, bool) or not isinstance(x, (int, float)):
        raise AutogradValueError(f"{key} must be a number, and is {x!r}")
    try:
        if math.isfinite(x):
            return float(x)
    except OverflowError:
        pass
    raise AutogradValueError(f"{key} is too large for a double")


def _same_keys(where: str, entries: dict[str, Any], expected: Iterable[str]) -> None:
    known = set()
    for key in expected:
        if key not in entries:
            raise AutogradValueError(f"{where}: {key} is missing")
        known.add(key)
    for surplus in [key for key in entries if key not in known]:
        raise AutogradValueError(f"{where}: {surplus} does not belong there")
