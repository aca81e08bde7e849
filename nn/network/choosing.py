"""A name where a function may stand as well: looked up, or answered with the names that there are.

Habits from PyTorch, Keras and scikit-learn are answered with what the same thing is called here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from inspect import signature
from typing import Any, TypeVar

from autograd import AutogradTypeError, AutogradValueError
from autograd.recording import given as told

T = TypeVar("T")

# What an argument is called elsewhere, and here.
ARGUMENTS = {
    "lr": "learning_rate", "learning_rate_init": "learning_rate", "eta": "learning_rate", "alpha": "weight_decay",
    "eps": "epsilon", "max_iter": "epochs", "n_epochs": "epochs", "num_epochs": "epochs", "n_iter": "epochs",
    "criterion": "loss", "loss_fn": "loss", "loss_function": "loss", "solver": "optimizer",
    "validation_data": "validation", "val_data": "validation", "n_iter_no_change": "patience", "verbose": "progress",
    "random_state": "seed", "callback": "callbacks", "class_weights": "class_weight",
    "sample_weights": "sample_weight", "max_norm": "clip_norm", "clip_grad_norm": "clip_norm", "in_features": "nin",
    "out_features": "nouts", "input_dim": "nin", "n_inputs": "nin", "activations": "activation",
    "nonlin": "activation", "init": "initializer", "use_bias": "bias",
}  # fmt: skip

WIDTHS = {
    "hidden_layer_sizes", "hidden_layers", "hidden", "hidden_sizes", "layer", "layers", "layer_sizes", "sizes", "nouts",
}  # fmt: skip

OF_AN_OPTIMIZER = {"momentum": "SGD", "weight_decay": "SGD", "betas": "Adam", "epsilon": "Adam"}
# What is asked for elsewhere by an argument that has no fellow here.
SENTENCES = {
    "shuffle": "samples are shuffled where batch_size is given, and keep their order where it is not",
    "device": 'here it is backend="eager" or "native"', "nonlin": 'here it is activation="linear", or another σ',
    "nesterov": "there is momentum=0.9, in its plain form", "early_stopping": "here it is patience=10",
    "validation_split": "here it is validation=(X, Y), rows that are kept apart",
    "validation_fraction": "here it is validation=(X, Y), rows that are kept apart",
    "metrics": "accuracy is measured where the targets are classes", "tol": "patience=10 ends a training early",
    "warm_start": "fit goes on from where the network is", "amsgrad": "there is none here",
    "dropout": "there is none here; weight_decay is the optimiser's", "dtype": "numbers are doubles",
    "beta_1": "here it is betas=(0.9, 0.999)", "beta_2": "here it is betas=(0.9, 0.999)",
}  # fmt: skip

# What a choice is called elsewhere, in small letters without signs, and here.
CHOICES = {
    "mse": "mean_squared_error", "mseloss": "mean_squared_error", "sse": "squared_error", "l2": "squared_error",
    "crossentropyloss": "cross_entropy", "categoricalcrossentropy": "cross_entropy", "logloss": "cross_entropy",
    "sparsecategoricalcrossentropy": "cross_entropy", "bce": "binary_cross_entropy",
    "bceloss": "binary_cross_entropy", "bcewithlogitsloss": "binary_cross_entropy",
    "binarycrossentropywithlogits": "binary_cross_entropy", "hingeloss": "hinge", "identity": "linear",
    "logistic": "sigmoid", "leakyrelu": "leaky_relu", "swish": "silu", "glorot": "xavier",
    "glorotuniform": "xavier", "xavieruniform": "xavier", "kaiming": "he", "henormal": "he",
    "kaimingnormal": "he", "gradientdescent": "sgd", "gd": "sgd",
}  # fmt: skip

# What a network is asked for elsewhere, and how it is done here.
ELSEWHERE = {
    "fit": "training is fit(net, X, Y)", "train": "training is fit(net, X, Y), and there is no mode to switch to",
    "eval": "a network has no mode; `with no_grad():` records nothing", "backward": "it is err.backward(), of a loss",
    "predict": "it is predict(net, X); nn.Model.train gives an object that predicts",
    "score": "it is accuracy(net, X, Y)", "predict_proba": "nn.Model.train gives an object that has it",
    "state_dict": "net.save(path) keeps it, net.named_parameters() lists it", "load_state_dict": "it is MLP.load(path)",
    "weights": "they are net.layers[k].neurons[i].theta", "add": "the layers are given at once, as MLP(2, [4, 1])",
    "compile": "there is nothing to compile: fit(net, X, Y, loss=…, optimizer=…)", "to": "it is fit(…, backend=…)",
    "cuda": "it is fit(…, backend=…)", "cpu": "it is fit(…, backend=…)", "evaluate": "it is accuracy(net, X, Y)",
    "requires_grad_": "parameters are always recorded, but `with no_grad():`",
    "coefs_": "they are net.layers[k].neurons[i].theta", "intercepts_": "they are net.layers[k].neurons[i].bias",
    "summary": "print(net) and net.forward(x).draw() show it", "step": "it is optimizer.step()",
}  # fmt: skip

# What a Model is asked for elsewhere, and how it is done here.
OF_A_MODEL = {
    "fit": "it is trained already, by Model.train(X, Y, layers=[8])",
    "score": "it is accuracy(model.network, *model.samples(X, Y))",
    "evaluate": "it is accuracy(model.network, *model.samples(X, Y))",
    "forward": "it is model.network.forward(x)", "parameters": "they are model.network.parameters()",
    "transform": "it is model.inputs(X)", "classes_": "they are model.classes", "model": "it is model.network",
    "feature_names_in_": "they are model.columns", "to_json": "it is model.save(path)",
}  # fmt: skip


def chosen(what: str, given: Any, table: Mapping[str, T], otherwise: str = "") -> T:
    """The entry of that name, in whatever letters.  Raises AutogradValueError, which lists them and names
    the one that is meant, and says what else may stand there, if anything.

    >>> chosen("loss", "hinge", {"hinge": 1}, "a function"), chosen("activation", "ReLU", {"relu": 2}, "a function")
    (1, 2)
    >>> chosen("activation", "swish", {"silu": 2}, "f")
    Traceback (most recent call last):
    autograd.errors.AutogradValueError: unknown activation 'swish', which is "silu" here; choose one of silu, or give f
    """
    which = ""
    if isinstance(given, str):
        if given in table:
            return table[given]
        bare = _bare(given)
        for name, entry in table.items():
            if _bare(name) == bare:
                return entry
        meant = CHOICES.get(bare)
        which = f', which is "{meant}" here' if meant in table else ""
        given = given if len(given) <= 60 else given[:57] + "..."
    also = f", or give {otherwise}" if otherwise else ""
    raise AutogradValueError(f"unknown {what} {given!r}{which}; choose one of {', '.join(table)}{also}")


def refuse_habits(who: str, others: Mapping[str, Any], known: Callable[..., Any] | Iterable[str]) -> None:
    """Raise AutogradTypeError where arguments are left that `who` does not have, saying what it calls them.

    known  what takes its arguments, or their names

    >>> refuse_habits("fit", {"lr": 0.1}, ["learning_rate"])
    Traceback (most recent call last):
    autograd.errors.AutogradTypeError: fit has no argument 'lr'; here it is learning_rate=0.1
    >>> refuse_habits("fit", {"epoch": 3}, ["epochs"])
    Traceback (most recent call last):
    autograd.errors.AutogradTypeError: fit has no argument 'epoch'; did you mean epochs?
    """
    for key, value in others.items():
        names = list(signature(known).parameters if callable(known) else known)
        shown = told(value).partition(" of type")[0]
        meant = ARGUMENTS.get(key, key)
        called = [name for name in names if name == ARGUMENTS.get(key) or ARGUMENTS.get(name) == key]
        called += [name for name in ("nouts", "layers") if key in WIDTHS and name in names]
        if key in SENTENCES:
            advice = f"; {SENTENCES[key]}"
        elif called:
            advice = f"; here it is {called[0]}={shown}"
        elif meant in OF_AN_OPTIMIZER and "optimizer" in names:
            made = f"{OF_AN_OPTIMIZER[meant]}(net.parameters(), {meant}={shown})"
            advice = f"; it is the optimiser's: fit(net, …, optimizer={made})"
        else:
            from difflib import get_close_matches

            near = get_close_matches(key, [n for n in names if n not in ("self", "others")], 1)
            advice = f"; did you mean {near[0]}?" if near else ""
        raise AutogradTypeError(f"{who} has no argument {key!r}{advice}")


class Answering:
    """A base whose classes answer arguments that they do not have, while their signature is that of __init__.

    >>> class Thing(Answering):
    ...     def __init__(self, layers=3): pass
    >>> Thing(hidden=4)
    Traceback (most recent call last):
    autograd.errors.AutogradTypeError: Thing has no argument 'hidden'; here it is layers=4
    """

    def __new__(cls, *_: Any, **given: Any) -> Any:
        """Only look at the names."""
        known = signature(cls.__init__).parameters
        refuse_habits(cls.__name__, {name: value for name, value in given.items() if name not in known}, known)
        return super().__new__(cls)


def cut(x: Any, length: int = 60) -> str:
    """What somebody wrote, for a message: shortened, and with nothing in it that a terminal would obey.

    >>> cut("a" * 100, 10), cut("\x1b]0;")
    ("'aaaaaa...", "'\\\\x1b]0;'")
    """
    text = repr(x if not isinstance(x, str) else x[: length + 1])
    return text if len(text) <= length else text[: length - 3] + "..."


def _bare(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())
