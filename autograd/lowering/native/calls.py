"""A module as a function of what is given for each leaf; its memory stays for the next call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .columns import Plan
from .modules import Module, numpy_, stored, summed


class Call:
    """The sums or the values of a program's outputs, for leaves of certain shapes, of which certain ones vary.

    `total` and `values` take the tuple of what is given as it comes, and answer None where it is not what the code
    reads by itself; `of` takes floats and contiguous arrays of doubles.  All give arrays: (outputs,) or
    (outputs, samples).

    module   its code
    leaves   the shapes
    varying  whether a leaf has samples in front
    outputs  how many
    """

    def __init__(
        self, module: Module, leaves: tuple[tuple[int, ...], ...], varying: tuple[bool, ...], outputs: int, threads: int
    ) -> None:
        self.module = module
        self.leaves = leaves
        self.varying = varying
        self.outputs = outputs
        self.threads = threads
        self.first = varying.index(True) if True in varying else None
        self.free: list[tuple[int, Plan]] = []
        self.on_leaves = module.loaded.address("run_on_leaves")  # 0 for straight-line code
        self.zeros, self.empty = numpy_().zeros, numpy_().empty
        self.total, self.values = self._quick() if threads == 1 and module.functions.call else (_no, _no)

    def plan(self) -> tuple[int, Plan]:
        """Memory that no call works in, and its address."""
        try:
            return self.free.pop()
        except IndexError:
            run = self.on_leaves or self.module.loaded.address("run")
            plan = Plan(self.leaves, self.varying, run, self.module.memory, bool(self.on_leaves))
            return plan.address, plan

    def _quick(self) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
        """`total` and `values`; what they need at hand, which is a tenth of a short call."""
        call, plan_of, free, first, outputs = self.module.functions.call, self.plan, self.free, self.first, self.outputs
        zeros, empty = self.zeros, self.empty
        fresh = empty if self.on_leaves else zeros  # straight-line code adds its first sums too
        check = self.module.check if self.module.outside.callbacks else None

        def total(given: Any) -> Any:
            plan, out = plan_of(), fresh(outputs)
            n = call(given, plan[0], out, -1)
            free.append(plan)
            if check is not None:
                check()
            return out if n > 0 else None if n else zeros(outputs)

        def values(given: Any) -> Any:
            try:
                n = 1 if first is None else len(given[first])
            except (TypeError, IndexError):  # a number where samples were, or nothing
                return None
            plan, out = plan_of(), empty((outputs, n))
            found = call(given, plan[0], out, n)
            free.append(plan)
            if check is not None:
                check()
            return None if found < 0 else out

        return total, values

    def of(self, given: tuple[Any, ...], n: int, sums: bool) -> Any:
        """The same for what is floats and contiguous arrays, with any number of threads, wherever Python keeps them."""
        out = self.zeros(self.outputs) if sums else self.empty((self.outputs, n))
        functions = self.module.functions

        def run(to: int, out_step: int, stride: int, first: int, count: int) -> None:
            address, plan = self.plan()
            if functions.read is None or functions.read(given, address) < 0:
                plan.point(given)
            functions.go(address, to, out_step, stride, first, count)
            self.free.append((address, plan))

        if sums:
            summed(run, out, 0, n, self.threads)
        else:
            stored(run, out, n, self.threads)
        self.module.check()
        return out


def _no(given: Any) -> Any:
    """Nothing is read by itself here."""
