"""An epoch of a compiled network: one sample's error and gradient as machine code, steps on arrays.

The graph of one sample is recorded with x and y as leaves, its gradient comes from `grad`,
and both are lowered to one program, which runs over ranges of samples and sums them up:

    program(x …, y …, class, θ …)  →  Err, whether the class is right, ∂Err/∂θ …

Parameters and the optimiser's memory are arrays during an epoch.  At its end, and whatever
ends it early, those of the last completed step go back to the Values and the Optimizer.

An epoch of SGD or Adam stays in machine code from step to step (steps.py).  Where Python has a word in a step, since
a gradient is to be shortened or the optimiser is one's own, it is made in NumPy, with the same bits; and so are so
few steps that compiling theirs would not pay.
"""

from __future__ import annotations

import copy
import math
import random
import time
from collections.abc import Sequence
from typing import Any

from autograd import LoweringError, Value, grad, no_grad, where
from autograd.lowering import Program, lower
from autograd.lowering.native import compiled as native
from autograd.lowering.native import machine
from autograd.recording import tracing
from autograd.value import literal
from autograd.words.naming import name

from ..network.activations import ACTIVATIONS
from ..network.classes import ClassRule, numbers_of
from ..network.losses import LOSSES, Loss, picked
from ..network.modules import MLP, Layer, Neuron
from .optimizers import SGD, Adam, Optimizer, shortened
from .samples import Net, Sample, shares
from .steps import Step, Steps
from .updates import settings, update_of

PLACES = 3  # where functions of one's own are recorded, to see whether they always do the same
MANY = 1000  # steps: in NumPy each takes some 30 µs more, and in machine code they take 30 ms to compile
PAUSE = 0.05  # seconds in machine code, after which Python sees whether somebody has pressed Ctrl-C


class Compiled:
    """Training and measuring with machine code.

    net, err, optimizer   as fit has them
    samples, checks       to train on, and to measure; checks may be None
    rule                  what hits are counted by; None: they are not
    weights               how much each sample counts in training; none: 1
    planned               how many steps there will be, about

    Raises MissingDependency without llvmlite or NumPy, and LoweringError, before anything
    changes, for what no program can stand for: targets of different shapes, an optimiser whose
    rule does not take arrays, a loss or activation of one's own that branches on data.

    >>> net = MLP(1, [1], "linear", initializer="zeros")
    >>> optimizer = SGD(net.parameters(), 0.25)
    >>> training = Compiled(net, LOSSES["squared_error"], optimizer, [([1.0], 1.0), ([0.0], 3.0)], None, None)
    >>> training.epoch([1, 0], size=1), [p.data for p in net.parameters()], optimizer.steps
    ((9.25, 0), [-0.25, 1.25], 2)
    """

    def __init__(
        self,
        net: Net,
        err: Loss,
        optimizer: Optimizer,
        samples: list[Sample],
        checks: list[Sample] | None,
        rule: ClassRule | None,
        weights: Sequence[float] = (),
        planned: float = math.inf,
    ) -> None:
        machine.llvm()  # whether it is there, before any work
        self.net, self.err, self.optimizer, self.rule, self.samples = net, err, optimizer, rule, samples
        self.weights = weights
        shapes = {len(y) if isinstance(y, list) else None for _, y in (*samples, *(checks or ()))}
        if len(shapes) > 1:
            raise LoweringError("some targets are numbers and some are lists, or their lengths differ")
        if not set(optimizer.parameters) <= set(net.parameters()):
            raise LoweringError("the optimizer has parameters that the network does not have")
        self.parameters = net.parameters()
        self.trained = list(optimizer.parameters)
        self.leaves = self._leaves(net)
        self.program = self._record(net, samples[0])
        self.sigmas = _sigmas(net)
        self.native = native.compiled(self.program)
        import numpy

        self.numpy = numpy
        _try_optimizer(optimizer, numpy)
        self.scalars = numpy.array([p.data for p in self.leaves])
        self.θ = self.scalars[-len(self.trained) :]
        self.rows = self._rows(samples, weights)
        self.columns = numpy.ascontiguousarray(self.rows.T)
        self.each = self.native.bind(self.columns, self.scalars)
        measured = self.columns if checks is None else numpy.ascontiguousarray(self._rows(checks).T)
        self.measure = self.native.bind(measured, self.scalars)
        self.many, self.pace = planned >= MANY, 1  # steps in PAUSE seconds
        self.made: tuple[Any, Steps | None] = None, None
        self.size = 0.0  # the largest error of the samples, where functions of one's own are tried
        self.own = None if _known(net, err) else random.Random(0)  # which samples to try a function of one's own on
        if self.own is not None:
            try:
                self._try_functions()
            except LoweringError:
                raise
            except Exception as problem:  # one's own may refuse some numbers, or to be copied
                raise LoweringError(
                    f"the loss or an activation cannot be tried at other numbers: {problem}"
                ) from problem

    # --- training -----------------------------------------------------------------------------

    def current(self) -> bool:
        """Whether the program still is the network's: callbacks may exchange parameters, or what a loss reads.

        The latter is tried on a sample, so it may go unnoticed for some epochs.
        """
        if self.net.parameters() != self.parameters or self.optimizer.parameters != self.trained:
            return False
        if _sigmas(self.net) != self.sigmas:
            return False
        if self.own is None:
            return True
        i = self.own.randrange(len(self.samples))
        return self._agrees(self.net, i, *self._eager(self.net, i))

    def epoch(
        self, order: list[int] | None, size: int, mean: bool = False, clip_norm: float | None = None
    ) -> tuple[float, int]:
        """See the samples in this order (None: theirs), `size` of them to a step; the sum of errors, and the hits.

        Raises AutogradValueError where a step would leave the finite numbers; it is not taken.
        """
        for p in self.leaves[: -len(self.trained)]:
            p.grad = 0.0
        self._read()
        n, optimizer = len(self.samples), self.optimizer
        batches = [range(start, min(start + size, n)) for start in range(0, n, size)]
        shares = [self._share(order, batch) if mean else 1.0 for batch in batches]
        memory = {key: self.numpy.array(vector) for key, vector in optimizer.memory.items()}
        self.done = Step(self.θ.copy(), self.numpy.zeros_like(self.θ), memory, optimizer.steps)
        steps = self._steps(size) if clip_norm is None else None
        try:
            if steps is None:
                return self._in_numpy(order, batches, shares, clip_norm)
            return self._in_machine_code(steps, order, shares)
        finally:
            self._write(self.done)

    def _steps(self, size: int) -> Steps | None:
        """What makes steps of this size in machine code, if anything does, as the optimiser is now."""
        key = size, *settings(self.optimizer)
        if self.made[0] != key:
            update = update_of(self.optimizer) if self.many else None
            steps = Steps(self.native, self.rows, size, update) if update else None
            self.made = key, None if steps and steps.module.outside.callbacks else steps  # they may raise
        return self.made[1]

    def _in_machine_code(self, steps: Steps, order: list[int] | None, shares: list[float]) -> tuple[float, int]:
        """The steps of an epoch, as many at once as Python may be away."""
        worker, before, b = copy.copy(self.optimizer), self.done.steps, 0
        steps.begin(self.scalars, self.done.memory, order, shares)
        while b < steps.batches:
            began, ready, end = time.perf_counter(), b, min(b + self.pace, steps.batches)
            try:
                for ready in range(b, end):
                    worker.steps = before + ready
                    steps.shared[ready] = steps.update.shared(worker.rate(), worker.steps)
                ready = end
            finally:  # where a schedule raises, the steps before it are made
                reached = steps.run(b, ready)
                self.done = steps.completed(before + reached)
            if reached < end:
                worker.steps, worker.memory = self.done.steps, self.done.memory
                with self.numpy.errstate(all="ignore"):
                    worker.proposal(self.done.θ, steps.refused(), self.numpy.sqrt)  # says which number is not finite
            self.pace = max(1, int((end - b) * PAUSE / (time.perf_counter() - began + 1e-9)))
            b = end
        total, right = steps.results.tolist()
        return total, round(right)

    def _in_numpy(
        self, order: list[int] | None, batches: list[range], shares: list[float], clip_norm: float | None
    ) -> tuple[float, int]:
        """The same, each step by itself."""
        np = self.numpy
        worker = copy.copy(self.optimizer)  # an interruption may leave it half-way
        columns = self.columns if order is None else np.take(self.columns, order, axis=1)
        step = self.native.bind(columns, self.scalars)
        total, right = 0.0, 0.0
        with np.errstate(all="ignore"):  # what is not finite is refused by the optimiser, by name
            for batch, share in zip(batches, shares):
                sums = step(batch.start, len(batch))
                g = sums[2:] * share
                if clip_norm is not None and np.isfinite(g).all():
                    g = np.array(shortened(g.tolist(), clip_norm)[1])
                worker.steps, worker.memory = self.done.steps, self.done.memory
                θ, memory = worker.proposal(self.done.θ, g, np.sqrt)
                self.θ[:] = θ
                self.done = Step(θ, g, memory, worker.steps + 1)
                total, right = total + float(sums[0]), right + float(sums[1])
        return total, round(right)

    def _share(self, order: list[int] | None, batch: range) -> float:
        if not self.weights:
            return 1.0 / len(batch)
        return shares([self.weights[i] for i in (batch if order is None else order[batch.start : batch.stop])])

    def measured(self) -> tuple[float, float | None]:
        """The mean error of the checks, and their accuracy, at the network's present parameters."""
        self._read()
        n = self.measure.samples
        error, right, *_ = self.measure(0, n).tolist()
        return error / n, round(right) / n if self.rule else None

    def _read(self) -> None:
        self.scalars[:] = [p.data for p in self.leaves]

    def _write(self, done: Step) -> None:
        try:
            self._put(done)
        except BaseException:  # Ctrl-C between two parameters
            self._put(done)
            raise

    def _put(self, done: Step) -> None:
        self.optimizer.memory = {key: vector.tolist() for key, vector in done.memory.items()}
        self.optimizer.steps = done.steps
        for p, data, slope in zip(self.trained, done.θ.tolist(), done.g.tolist()):
            p.data, p.grad = data, slope

    # --- recording ----------------------------------------------------------------------------

    def _leaves(self, net: Net) -> list[Value]:
        """A network's parameters, those that are trained last."""
        of = dict(zip(self.parameters, net.parameters()))
        trained = set(self.trained)
        return [of[p] for p in (*(p for p in of if p not in trained), *self.trained)]

    def _record(self, net: Net, sample: Sample) -> Program:
        x, y = sample
        xs = [Value(data, name("x", i)) for i, data in enumerate(x, 1)]
        ys = [Value(data, name("y", i)) for i, data in enumerate(y if isinstance(y, list) else [y], 1)]
        token = tracing.set(True)
        try:
            outputs = net(xs)
            error = self.err(outputs, ys if isinstance(y, list) else ys[0])
            weight = [Value(1.0, "weight")] if self.weights else []
            if weight:
                error = weight[0] * error
            os = outputs if isinstance(outputs, list) else [outputs]
            classes = [Value(float(self.rule.wanted(y)), "class")] if self.rule else []
            hit = _hit(os, classes[0], self.rule) if self.rule else literal(0.0)
            leaves = self._leaves(net)
            results = [error, hit, *grad(error, leaves[-len(self.trained) :])]
        except LoweringError:
            raise
        except Exception as problem:  # whatever a function of one's own says to a Value
            raise LoweringError(f"the loss or an activation cannot be recorded: {problem}") from problem
        finally:
            tracing.reset(token)
        return lower(results, [*xs, *ys, *classes, *weight, *leaves], allow_constants=True)

    def _rows(self, samples: list[Sample], weights: Sequence[float] = ()) -> Any:
        """Array (samples, inputs): x, y, the class and the weight of each."""
        counts = weights or [1.0] * len(samples)
        rows = self.numpy.empty((len(samples), len(self.program.inputs) - len(self.leaves)))
        for row, (x, y), count in zip(rows, samples, counts):
            classes = [self.rule.wanted(y)] if self.rule else []
            row[:] = [*x, *(y if isinstance(y, list) else [y]), *classes, *([count] if self.weights else [])]
        return rows

    def _try_functions(self) -> None:
        """See whether functions of one's own do the same everywhere, and what they do to plain targets."""
        generator = random.Random(0)
        for place in range(PLACES):
            twin = copy.deepcopy(self.net)
            for p in dict.fromkeys(twin.parameters()):
                p.data += generator.gauss(0.0, 1.0)
            sample = self.samples[(place + 1) * len(self.samples) // PLACES - 1]
            if self._record(twin, sample).structure() != self.program.structure():
                raise LoweringError(
                    "the loss or an activation computes something else at other numbers, so one program cannot stand"
                    " for it: branch with where(condition, a, b), and compute with the Values instead of their data"
                )
        expected = [self._eager(twin, i) for i in range(len(self.samples))]
        self.size = max(abs(error) for error, _ in expected)
        for i, eager in enumerate(expected):
            if not self._agrees(twin, i, *eager):
                raise LoweringError(
                    f"row {i}: the loss is another one where the target is a Value; compare targets with <= and where"
                )

    def _agrees(self, net: Net, i: int, error: float, right: bool) -> bool:
        """Whether the program gives, but for rounding, what the network gives for a sample."""
        self.scalars[:] = [p.data for p in self._leaves(net)]
        found, hit = self.each(i, 1)[:2].tolist()
        return math.isclose(found, error, rel_tol=1e-9, abs_tol=1e-12 * self.size) and bool(hit) == right

    def _eager(self, net: Net, i: int) -> tuple[float, bool]:
        """A sample's error, and whether it is a hit, node by node."""
        x, y = self.samples[i]
        with no_grad():
            outputs = net(x)
            weight = self.weights[i] if self.weights else 1.0
            return weight * self.err(outputs, y).data, bool(self.rule and self.rule.is_right(numbers_of(outputs), y))


def _hit(outputs: Sequence[Value], index: Value, rule: ClassRule) -> Value:
    """1 where the rule says the class of that index, else 0."""
    if len(outputs) == 1:
        (o,) = outputs
        sides = [where(index > below, o > bound, o <= bound) for below, bound in enumerate(rule.bounds)]
    else:
        right, others = picked(outputs, index)  # of equally large ones the first counts
        sides = [where(index <= i, other <= right, other < right) for i, other in enumerate(others)]
    hit: Value = sides[0]
    for side in sides[1:]:
        hit = hit * side
    return hit


def _known(net: Net, err: Loss) -> bool:
    """Whether all that is computed is this package's own, which never branches on data."""
    layers = _layers(net)
    kinds = {type(net), *map(type, layers), *map(type, _neurons(net))} <= {MLP, Layer, Neuron}
    return kinds and err in LOSSES.values() and all(sigma in ACTIVATIONS.values() for sigma in _sigmas(net))


def _layers(net: Any) -> list[Any]:
    return list(net.layers) if isinstance(net, MLP) else [net]


def _neurons(net: Any) -> list[Any]:
    return [n for layer in _layers(net) for n in (layer.neurons if isinstance(layer, Layer) else [layer])]


def _sigmas(net: Any) -> list[Any]:
    """The activations: a callback may exchange one, as it may a parameter."""
    return [getattr(neuron, "sigma", None) for neuron in _neurons(net)]


def _try_optimizer(optimizer: Optimizer, numpy: Any) -> None:
    """Two steps with an optimiser of one's own: on arrays it must do what it does on lists."""
    kind = type(optimizer)
    if kind in (SGD, Adam):
        return
    if kind.step is not Optimizer.step or (
        kind.propose is not Optimizer.propose and kind.propose_arrays is Optimizer.propose_arrays
    ):
        raise LoweringError(f"{kind.__name__} has no rule for arrays: give it `rule` instead of `propose` or `step`")
    generator = random.Random(0)
    θ, g = ([generator.gauss(0.0, 1.0) for _ in optimizer.parameters] for _ in range(2))
    lists, arrays = copy.copy(optimizer), copy.copy(optimizer)
    lists.memory, arrays.memory = {}, {}
    try:
        for _ in range(2):
            after, lists.memory = lists.propose(0.125, θ, g)
            array, arrays.memory = arrays.propose_arrays(0.125, numpy.array(θ), numpy.array(g), numpy.sqrt)
            expected, found = [after, *lists.memory.values()], [array, *arrays.memory.values()]
            if not all(numpy.allclose(a, b.tolist(), rtol=1e-9, atol=0.0) for a, b in zip(expected, found)):
                raise LoweringError(f"the rule of {kind.__name__} gives something else for arrays")
    except LoweringError:
        raise
    except Exception as problem:
        raise LoweringError(f"the rule of {kind.__name__} does not take arrays: {problem}") from problem
