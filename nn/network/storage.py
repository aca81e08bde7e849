"""A network as a file: JSON that a person can read, and that gives back the same bits.

    {"format": "deltagrad network", "version": 2,
     "architecture": {"nin": 2, "nouts": [2, 1], "activation": "tanh", …},
     "parameters": {"θ⁽¹⁾₁₁": 0.25, …},
     "class_rule": how outputs say a class, where it was trained to,
     "model": columns and scales, where it is a Model's: see models/,
     "notes": …}

`activation` is a list where the hidden layers have several.  Version 1 has neither rule nor model.  Python writes
the shortest decimal that reads back as the same double, so nothing is rounded.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd import AutogradError, AutogradValueError
from autograd.tools.files import write
from autograd.words.naming import name
from autograd.words.text import printable

from .activations import ACTIVATIONS, Activation
from .choosing import cut
from .classes import ClassRule

if TYPE_CHECKING:
    from .modules import MLP

FORMAT, VERSION = "deltagrad network", 2
_KEYS = ("nin", "nouts", "activation", "output_activation", "bias")


def save(net: MLP, path: str | os.PathLike[str], notes: Any = None, model: dict[str, Any] | None = None) -> None:
    """Write a network to a file, all of it or, whatever goes wrong, nothing.

    path   an existing file is replaced; its folder must exist
    notes  anything JSON can hold, for people and for your own programs.  `load` leaves it alone
    model  what a Model knows beside its network

    Raises AutogradValueError for an activation that is a function of yours, for a network whose
    shape was changed by hand, for a parameter that is inf or nan, and for what is no place of a file;
    OSError from the disk.

    >>> import tempfile
    >>> from nn import MLP
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     net = MLP(2, [3, 1], seed=0); save(net, folder + "/net.json")
    ...     [p.data for p in MLP.load(folder + "/net.json").parameters()] == [p.data for p in net.parameters()]
    True
    """
    architecture = dict(zip(_KEYS, _architecture(net)))
    content = {"format": FORMAT, "version": VERSION, "architecture": architecture, "parameters": _numbers(net)}
    if net.class_rule is not None and net.class_rule.outputs == 1:  # of several the largest wins anyway
        content["class_rule"] = {"bounds": net.class_rule.bounds, "between": net.class_rule.between}
    if model is not None:
        content["model"] = model
    if notes is not None:
        content["notes"] = notes
    write(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def load(path: str | os.PathLike[str], make: Callable[..., MLP]) -> MLP:
    """The network that `save` wrote; `make` is MLP, which stands above this module.

    Raises AutogradValueError, saying what is wrong, for a file that is no saved network or has
    a missing, surplus or impossible entry, and for one with the scales of its columns, which a bare
    network would not use; OSError where it cannot be read.

    >>> from nn import MLP
    >>> load(os.devnull, MLP)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    autograd.errors.AutogradValueError: ...: not a saved network: it is not JSON (line 1, column 1)
    """
    net, content = read(path, make)
    if "model" in content:
        raise AutogradValueError(
            f"{os.fspath(path)}: it holds columns and their scales, and a network alone would not use them: load it"
            " with nn.Model.load, whose predict takes rows as they are, and whose .network is this network"
        )
    return net


def read(path: str | os.PathLike[str], make: Callable[..., MLP]) -> tuple[MLP, dict[str, Any]]:
    """The network in a file, and all else that the file says; raises as load does.

    >>> import tempfile
    >>> from nn import MLP
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(MLP(2, [1]), folder + "/net.json", notes="mine"); read(folder + "/net.json", MLP)[1]["notes"]
    'mine'
    """
    try:
        content = parsed(_bytes(path), FORMAT, (1, VERSION))
        return _network(content, make), content
    except AutogradError as error:
        raise AutogradValueError(f"{printable(os.fspath(path))}: {error}") from None


def _bytes(path: str | os.PathLike[str]) -> bytes:
    if "\0" in os.fspath(path):
        raise AutogradValueError("this is no name of a file")
    return Path(path).read_bytes()


def _architecture(net: MLP) -> tuple[int, list[int], str | list[str], str, bool]:
    """What the constructor needs to make this network's shape again, in the order of _KEYS."""
    nouts, bias = [len(layer.neurons) for layer in net.layers], net.layers[-1].neurons[0].bias is not None
    keys = [_key(sigma) for sigma in net.sigmas()]
    for width, layer, key in zip([net.nin, *nouts], net.layers, keys):
        for neuron in layer.neurons:
            same = neuron.sigma is ACTIVATIONS[key] and (neuron.bias is not None) == bias
            if not same or len(neuron.theta) != width:
                raise AutogradValueError(f"cannot save: {net!r} was changed after it was made, at {neuron!r}")
    mixed = isinstance(net.activation, tuple)
    return net.nin, nouts, keys if mixed else _key(net.activation), keys[-1], bias


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


def parsed(raw: bytes, format: str, versions: Collection[int], what: str = "saved network") -> dict[str, Any]:
    """JSON of that format in one of these versions.  Raises AutogradValueError, saying what is wrong.

    >>> parsed(b'{"format": "f", "version": 1}', "f", (1,))
    {'format': 'f', 'version': 1}
    """
    problem = f"not a {what}: it is not"
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
    if not isinstance(content, dict) or content.get("format") != format:
        raise AutogradValueError(f'not a {what}: it does not say "format": "{format}"')
    version = content.get("version")
    if type(version) is not int or version not in versions:  # neither 1.0 nor true is 1
        known = " and ".join(map(str, versions))
        raise AutogradValueError(f"its version is {cut(version)}; this deltagrad reads version {known}")
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for key, value in pairs:
        if key in entries:
            raise AutogradValueError(f"{cut(key)[1:-1]} is there twice")
        entries[key] = value
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
        raise AutogradValueError(f"architecture: bias must be true or false, and is {cut(bias)}")
    if not isinstance(nouts, list) or not nouts or not all(type(n) is int and n > 0 for n in [nin, *nouts]):
        raise AutogradValueError(
            f"architecture: nin is a width, nouts a list of widths, not {cut(nin)} and {cut(nouts)}"
        )
    each = activation if isinstance(activation, list) and content["version"] > 1 else [activation]
    for σ in (*each, output_activation):
        if not isinstance(σ, str) or σ not in ACTIVATIONS:
            raise AutogradValueError(f"architecture: {cut(σ)} is no activation; known are {', '.join(ACTIVATIONS)}")
    if isinstance(activation, list) and (len(each) != len(nouts) or each[-1] != output_activation):
        raise AutogradValueError("architecture: the activations are not one for each layer, the last for the output")
    _same_keys("parameters", parameters, _names(nin, nouts, bias))
    data = [double(key, parameters[key]) for key in _names(nin, nouts, bias)]
    rule = _rule(content["class_rule"], nouts[-1]) if "class_rule" in content else None
    net = make(nin, nouts, activation, output_activation, bias, "zeros")
    for p, x in zip(net.parameters(), data):
        p.data = x
    net.class_rule = rule
    return net


def _rule(entries: Any, outputs: int) -> ClassRule:
    if not isinstance(entries, dict):
        raise AutogradValueError("class_rule: it has bounds, and numbers between the targets")
    _same_keys("class_rule", entries, ("bounds", "between"))
    for key, numbers in entries.items():
        if not isinstance(numbers, list) or not numbers:
            raise AutogradValueError(f"class_rule: {key} is a list of numbers, and is {cut(numbers)}")
    return ClassRule(outputs, *(tuple(double(key, x) for x in entries[key]) for key in ("bounds", "between")))


def double(key: str, x: Any) -> float:
    """A number of a file as a finite float.  Raises AutogradValueError, naming it, for all else.

    >>> double("b", 1)
    1.0
    """
    if isinstance(x, bool) or not isinstance(x, (int, float)):
        raise AutogradValueError(f"{key} must be a number, and is {cut(x)}")
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
    surplus = next((key for key in entries if key not in known), None)
    if surplus is not None:
        raise AutogradValueError(f"{where}: {cut(surplus)[1:-1]} does not belong there")
