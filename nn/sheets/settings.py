"""What a sheet is asked to be, and the numbers that are drawn for it.

θ[k][i][l], b[k][i]   weights and biases, layer by layer        x, y   one sample        η   learning rate
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autograd import AutogradTypeError, AutogradValueError
from autograd.words.text import printable

from .. import deltas as hand
from .. import frames
from ..grading.equations import Case
from ..grading.samples import cases_of
from ..network.choosing import chosen
from ..network.losses import LOSS_RECORDS
from ..network.modules import MLP

DIGITS = range(2, 9)  # after the point, among which a sheet may choose
WIDEST = 8  # inputs or neurons of a layer: |θ| and |b| of a neuron are all different, and there are nine of them
LONGEST_ID = 200  # characters of a student's id that are kept
LARGEST_SEED = 10**18
# What a sheet asks for.
DIFFICULTIES = {
    "step": "δ of the output layer, its gradients and its new θ, from a given forward pass",
    "pass": "a whole pass, forward and backward, and one step",
    "formula": "formulas, before any number is put in",
    "find": "the one mistake in somebody's solution",
}


@dataclass(frozen=True)
class Settings:
    """What a sheet is asked to be; `worksheet` has the words.

    >>> made(Settings([2, 2, 1])).activations
    ('sigmoid', 'sigmoid')
    """

    widths: Sequence[int]
    activation: str = "sigmoid"
    output_activation: str | None = None
    loss: str = "squared_error"
    seed: int = 0
    digits: int = 4
    difficulty: str = "pass"
    eta: float | None = None
    student: str | None = None

    @property
    def activations(self) -> tuple[str, ...]:
        """σ of each layer; behind a loss of logits or margins the last one is linear."""
        of_values = LOSS_RECORDS[self.loss].outputs == "values"
        last = self.output_activation or (self.activation if of_values else "linear")
        return (*[self.activation] * (len(self.widths) - 2), last)


def identity(given: Any) -> str:
    """The id of a student, the same however it was typed: "ë" is one letter, and not e with two points after it.

    >>> identity("zoe\\u0308\\n") == identity("zo\\u00eb"), identity(12345678901234567), identity(17.0), identity(None)
    (True, '12345678901234567', '17', '')
    """
    given = frames.plain(given)
    if isinstance(given, (int, float)) and abs(given) < 1e30 and given == int(given):
        given = str(int(given))
    text = given[:LONGEST_ID] if isinstance(given, str) else ""
    return printable(unicodedata.normalize("NFC", text)).strip()


def made(settings: Settings) -> Settings:
    """The settings, checked, in the project's own names.

    Raises AutogradValueError or AutogradTypeError for what no sheet can be.

    >>> made(Settings([2, 2, 1], digits=40))
    Traceback (most recent call last):
    autograd.errors.AutogradValueError: worksheet: digits are 2 to 8 after the point, and were given as 40
    """
    widths = settings.widths
    listed = isinstance(widths, Sequence) and not isinstance(widths, str)
    if not listed or not all(isinstance(n, int) and not isinstance(n, bool) for n in widths):
        raise AutogradTypeError(f"worksheet: widths are whole numbers, such as [2, 2, 1], and were given as {widths!r}")
    if not 2 <= len(widths) <= 6 or not all(1 <= n <= WIDEST for n in widths):
        raise AutogradValueError(
            f"worksheet: widths are 2 to 6 numbers from 1 to {WIDEST}, inputs first, and were given as {list(widths)!r}"
        )
    last = settings.output_activation
    settings = replace(
        settings, loss=_named("loss", settings.loss, LOSS_RECORDS),
        activation=_named("activation", settings.activation, hand.ACTIVATIONS),
        output_activation=None if last is None else _named("activation", last, hand.ACTIVATIONS),
        difficulty=_named("difficulty", settings.difficulty, DIFFICULTIES),
        student=None if settings.student is None else identity(settings.student),
    )  # fmt: skip
    if not isinstance(settings.digits, int) or settings.digits not in DIGITS:
        raise AutogradValueError(
            f"worksheet: digits are {DIGITS[0]} to {DIGITS[-1]} after the point, and were given as {settings.digits!r}"
        )
    if settings.loss == "cross_entropy" and widths[-1] < 2:
        raise AutogradValueError("worksheet: cross_entropy compares at least two classes, so two outputs")
    # Every −y is −1 or 1. Where all are alike, "−1 for −y" is right, or the sign; two that are not add up to 0.
    if settings.loss == "hinge" and widths[-1] < 3:
        raise AutogradValueError(
            f"worksheet: a sheet with hinge needs three outputs at least, and was asked for {widths[-1]}: with fewer,"
            " two mistakes always give the same numbers"
        )
    if LOSS_RECORDS[settings.loss].outputs != "values" and settings.activations[-1] != "linear":
        raise AutogradValueError(
            f"worksheet: {settings.loss} takes u of a linear last layer, and not {settings.activations[-1]}"
        )
    if settings.eta is not None and not (isinstance(settings.eta, (int, float)) and 0 < settings.eta <= 1):
        raise AutogradValueError(f"worksheet: η is above 0 and at most 1, and was given as {settings.eta!r}")
    if isinstance(settings.seed, bool) or not isinstance(settings.seed, int):
        raise AutogradTypeError(f"worksheet: seed is a whole number, and was given as {settings.seed!r}")
    if abs(settings.seed) >= LARGEST_SEED:
        raise AutogradValueError("worksheet: a seed has at most 18 digits")
    if settings.student == "":
        raise AutogradValueError(
            "worksheet: a student's id is text or a whole number, and this one is empty or neither"
        )
    return settings


def _named(what: str, given: Any, names: Iterable[str]) -> str:
    return chosen(what, given, {name: name for name in names})


def seed_of(settings: Settings, secret: str | bytes | None) -> int:
    """The number that a sheet is drawn from: its seed, or SHA-256 of the seed and the student's id under a secret.

    >>> seed_of(Settings([2, 1], seed=7), None), seed_of(Settings([2, 1], student="s01"), "a") % 1000
    (7, 148)
    """
    if settings.student is None:
        if secret is not None:
            raise AutogradValueError("worksheet: a secret makes a student's own variant, and needs student=…")
        return settings.seed
    if not secret:
        raise AutogradValueError("worksheet: a student's own variant needs secret=…, which nobody else knows")
    if not isinstance(secret, (str, bytes)):
        raise AutogradTypeError(f"worksheet: a secret is text or bytes, and was given as {type(secret).__name__}")
    key = secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else secret
    message = f"{settings.seed}\n{settings.student}".encode()
    return int.from_bytes(hmac.new(key, message, hashlib.sha256).digest(), "big")


@dataclass(frozen=True)
class Numbers:
    """What is given on a sheet."""

    theta: list[list[list[float]]]
    bias: list[list[float]]
    x: list[float]
    y: list[float]
    eta: float


def network(settings: Settings, numbers: Numbers) -> MLP:
    """The network with these numbers."""
    *_, last = settings.activations
    net = MLP(settings.widths[0], list(settings.widths[1:]), settings.activation, last, seed=0)
    for layer, rows, biases in zip(net.layers, numbers.theta, numbers.bias):
        for neuron, row, bias in zip(layer.neurons, rows, biases):
            for weight, value in zip(neuron.theta, row):
                weight.data = value
            assert neuron.bias is not None
            neuron.bias.data = bias
    return net


def case_of(settings: Settings, numbers: Numbers) -> Case:
    """The sample in that network, as the grader sees it."""
    return cases_of(network(settings, numbers), numbers.x, numbers.y, settings.loss, numbers.eta)[0][0]
