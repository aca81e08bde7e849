"""Steps of training with no Python between them: a batch's gradient, the optimiser's update, the next batch.

What a step leaves behind lies in one of two blocks of memory, [θ | memory … | g], and the next step writes the
other one.  A step whose numbers are not all finite is not completed; Python then says which they are.

Plan       addresses and sizes that the code reads; `parity` says which block is the last completed step's
gathered   a batch's samples, from rows in the order of this epoch, as columns
gradient   the program's sums over a batch, and g, their share
finite     whether a block's numbers are
steps      from batch to batch, as long as they are; the first one that is not done
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from autograd.lowering.native import driver, machine
from autograd.lowering.native.compiled import Native, compiled

from .updates import Update

_WORDS = (
    "run", "work", "pointers", "sums", "outputs", "inputs", "rows", "order", "columns", "stride", "samples", "size",
    "fixed", "trained", "region", "regions", "update", "update_work", "operands", "shared", "of_step", "shares",
    "blocks", "parity", "results", "whole",
)  # fmt: skip
_WIDE = 8  # doubles side by side; memory has room for so many beyond the last


class Plan(ctypes.Structure):
    """What the code reads, in bytes and in doubles."""

    _fields_ = [(name, ctypes.c_int64) for name in _WORDS]


class Step(NamedTuple):
    """All that a completed step leaves behind, in one object, so that it is there or not."""

    θ: Any
    g: Any
    memory: dict[str, Any]
    steps: int


class Steps:
    """An epoch's steps in machine code.

    native  the program: a sample's inputs, then the fixed parameters and those that are trained →
            two numbers to be summed, and the gradient
    rows    array (samples, inputs)
    size    samples to a step
    update  the optimiser's

    >>> from autograd import Value, lower
    >>> from nn import SGD
    >>> import numpy as np
    >>> x, θ = Value(1.0), Value(1.0)
    >>> native = lower([x * θ, 0.0 * x, x], [x, θ]).to("native")
    >>> steps = Steps(native, np.array([[1.0], [2.0], [4.0]]), 2, Update(SGD([θ], 0.5)))
    >>> steps.begin(np.array([10.0]), {}, [2, 0, 1], [1.0, 1.0])
    >>> steps.shared[:] = 0.5
    >>> steps.run(0, 2), steps.completed(2).θ.tolist(), steps.results.tolist()
    (2, [6.5], [65.0, 0.0])
    """

    def __init__(self, native: Native, rows: Any, size: int, update: Update) -> None:
        import numpy as np

        (n, inputs), regions = rows.shape, len(update.remembers) + 2
        outputs = len(native.program.outputs)
        trained, whole = outputs - 2, size == n
        fixed = len(native.program.inputs) - inputs - trained
        self.update, self.batches = update, -(-n // size)
        self.module = native.module((True,) * inputs + (False,) * (fixed + trained), sums=True)
        self.rule = compiled(update.program).module((True,) * regions + (False,) * len(update.results), sums=False)
        region, stride = _padded(fixed + trained), n if whole else _padded(size)
        self.blocks = np.zeros((2, regions, region))
        self.views = self.blocks[:, :, fixed : fixed + trained]
        self.rows = np.ascontiguousarray(rows.T if whole else rows)
        columns = self.rows if whole else np.zeros((inputs, stride))
        self.order, self.shares, self.results = np.arange(n), np.ones(self.batches), np.zeros(2)
        self.shared = np.zeros((self.batches, max(1, len(update.results))))
        arrays = {
            "pointers": np.array([x.ctypes.data for x in columns]), "columns": columns, "rows": self.rows,
            "sums": np.zeros(_padded(outputs)), "operands": self._operands(), "order": self.order,
            "shares": self.shares, "shared": self.shared, "blocks": self.blocks, "results": self.results,
        }  # fmt: skip
        works = self.module.working_memory(), self.rule.working_memory()
        self.kept = arrays, works
        self.plan = Plan(
            run=self.module.loaded.address("run"), work=machine.aligned(works[0]),
            update=self.rule.loaded.address("run"), update_work=machine.aligned(works[1]),
            outputs=outputs, inputs=inputs, stride=stride, samples=n, size=size, fixed=fixed, trained=trained,
            region=region, regions=regions, of_step=self.shared.shape[1], whole=whole,
            **{name: array.ctypes.data for name, array in arrays.items()},
        )  # fmt: skip
        self.steps = _STEPS(_code().address("steps"))

    def _operands(self) -> Any:
        """Where the update reads θ, g and what is remembered, with either block as the last one."""
        import numpy as np

        at = np.array([[region.ctypes.data for region in block] for block in self.views])
        θ, g, memory = at[:, :1], at[::-1, -1:], at[:, 1:-1]  # g is the next step's, and all else the last one's
        return np.ascontiguousarray(np.concatenate([θ, g, memory], axis=1))

    def begin(self, θ: Any, memory: dict[str, Any], order: Sequence[int] | None, shares: Sequence[float]) -> None:
        """An epoch that begins here, with all parameters; `shares`: what a batch's gradient is multiplied by."""
        self.plan.parity = 0
        self.blocks[:, 0, : len(θ)] = θ
        for k, name in enumerate(self.update.remembers, 1):
            self.views[0, k] = memory.get(name, 0.0)
        if order is not None:
            self.order[:] = order
        self.shares[:] = shares
        self.results[:] = 0.0

    def run(self, first: int, end: int) -> int:
        """The steps from batch `first` to before `end`; the first one that is not completed."""
        reached: int = self.steps(ctypes.addressof(self.plan), first, end) if first < end else first
        return reached

    def completed(self, steps: int) -> Step:
        """The last completed step, which is number `steps`."""
        θ, *memory, g = self.views[self.plan.parity].copy()
        return Step(θ, g, dict(zip(self.update.remembers, memory)), steps)

    def refused(self) -> Any:
        """The gradient of the step that was not completed."""
        return self.views[1 - self.plan.parity, -1].copy()


def _padded(n: int) -> int:
    """Room for vectors beyond the last double, and no power of two, in which columns would share a cache's lines."""
    return -(-n // _WIDE) * _WIDE + _WIDE


@cache
def _code() -> machine.Loaded:
    """The code, which is the same for all networks."""
    return machine.Loaded(_TEXT, entry="steps")


_STEPS = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)


def _read(names: str) -> str:
    """Words of the plan; an address is a pointer as well, %x_at."""
    return "\n".join(
        f"  %{name}_word = getelementptr i64, ptr %plan, i64 {_WORDS.index(name)}\n"
        f"  %{name} = load i64, ptr %{name}_word\n  %{name}_at = inttoptr i64 %{name} to ptr"
        for name in names.split()
    )


_VECTOR = f"<{_WIDE} x double>"
_SAMPLE = """  %place = add i64 %start, %s
  %i_at = getelementptr i64, ptr %order_at, i64 %place
  %i = load i64, ptr %i_at
  %row = mul i64 %i, %inputs
  %x_at = getelementptr double, ptr %from, i64 %row
  %x = load double, ptr %x_at
  %y_at = getelementptr double, ptr %to, i64 %s
  store double %x, ptr %y_at"""
_COLUMN = f"""  %to_offset = mul i64 %c, %stride
  %to = getelementptr double, ptr %columns_at, i64 %to_offset
  %from = getelementptr double, ptr %rows_at, i64 %c
{driver.loop("sample", "s", "%count", _SAMPLE, "column")}"""
_SHARE = f"""  %from = getelementptr double, ptr %slopes, i64 %k
  %slope = load {_VECTOR}, ptr %from, align 8
  %product = fmul {_VECTOR} %slope, %wide
  %to = getelementptr double, ptr %g, i64 %k
  store {_VECTOR} %product, ptr %to, align 8"""
_TEXT = f"""
define internal void @gathered(ptr %plan, i64 %start, i64 %count) {{
entry:
{_read("inputs rows order columns stride")}
{driver.loop("column", "c", "%inputs", _COLUMN)}
  ret void
}}

define internal void @gradient(ptr %plan, i64 %b, ptr %parameters, ptr %g) {{
entry:
{_read("run work pointers sums outputs whole samples size trained shares")}
  %start = mul i64 %b, %size
  %left = sub i64 %samples, %start
  %count = call i64 @llvm.umin.i64(i64 %left, i64 %size)
  %as_they_are = icmp eq i64 %whole, 1
  br i1 %as_they_are, label %sum, label %gather
gather:
  call void @gathered(ptr %plan, i64 %start, i64 %count)
  br label %sum
sum:
  %bytes = mul i64 %outputs, 8
  call void @llvm.memset.p0.i64(ptr %sums_at, i8 0, i64 %bytes, i1 false)
  call void %run_at(ptr %pointers_at, ptr %parameters, ptr %work_at, ptr %sums_at, i64 0, i64 0, i64 0, i64 %count)
  %share_at = getelementptr double, ptr %shares_at, i64 %b
  %share = load double, ptr %share_at
  %share_0 = insertelement {_VECTOR} poison, double %share, i64 0
  %wide = shufflevector {_VECTOR} %share_0, {_VECTOR} poison, <{_WIDE} x i32> zeroinitializer
  %slopes = getelementptr double, ptr %sums_at, i64 2
{driver.loop("vector", "k", "%trained", _SHARE, "sum", step=_WIDE)}
  ret void
}}

define internal i1 @finite(ptr %plan, ptr %block) {{
entry:
{_read("trained region regions")}
  br label %part
part:
  %r = phi i64 [0, %entry], [%r_next, %part_done]
  %sum_0 = phi {_VECTOR} [zeroinitializer, %entry], [%sum_next, %part_done]
  %offset = mul i64 %r, %region
  %start = getelementptr double, ptr %block, i64 %offset
  br label %vector
vector:
  %k = phi i64 [0, %part], [%k_next, %vector]
  %sum = phi {_VECTOR} [%sum_0, %part], [%sum_next, %vector]
  %at = getelementptr double, ptr %start, i64 %k
  %x = load {_VECTOR}, ptr %at, align 8
  %zero = fsub {_VECTOR} %x, %x
  %sum_next = fadd {_VECTOR} %sum, %zero
  %k_next = add i64 %k, {_WIDE}
  %more = icmp ult i64 %k_next, %trained
  br i1 %more, label %vector, label %part_done
part_done:
  %r_next = add i64 %r, 1
  %more_parts = icmp ult i64 %r_next, %regions
  br i1 %more_parts, label %part, label %done
done:
  %are = fcmp oeq {_VECTOR} %sum_next, zeroinitializer
  %all = call i1 @llvm.vector.reduce.and.v{_WIDE}i1(<{_WIDE} x i1> %are)
  ret i1 %all
}}

define i64 @steps(ptr %plan, i64 %first, i64 %end) {{
entry:
{_read("sums fixed trained region regions update update_work operands shared of_step blocks results")}
  %parity_word = getelementptr i64, ptr %plan, i64 {_WORDS.index("parity")}
  %block_size = mul i64 %region, %regions
  %parts = sub i64 %regions, 1
  %g_offset = mul i64 %region, %parts
  %hits_at = getelementptr double, ptr %results_at, i64 1
  %hit_at = getelementptr double, ptr %sums_at, i64 1
  br label %batch
batch:
  %b = phi i64 [%first, %entry], [%b_next, %completed]
  %parity = load i64, ptr %parity_word
  %other = sub i64 1, %parity
  %last_offset = mul i64 %parity, %block_size
  %last = getelementptr double, ptr %blocks_at, i64 %last_offset
  %next_offset = mul i64 %other, %block_size
  %next_block = getelementptr double, ptr %blocks_at, i64 %next_offset
  %next = getelementptr double, ptr %next_block, i64 %fixed
  %g = getelementptr double, ptr %next, i64 %g_offset
  call void @gradient(ptr %plan, i64 %b, ptr %last, ptr %g)
  %operands_offset = mul i64 %parity, %regions
  %columns = getelementptr ptr, ptr %operands_at, i64 %operands_offset
  %shared_offset = mul i64 %b, %of_step
  %numbers = getelementptr double, ptr %shared_at, i64 %shared_offset
  call void %update_at(
    ptr %columns, ptr %numbers, ptr %update_work_at, ptr %next, i64 0, i64 %region, i64 0, i64 %trained)
  %finite = call i1 @finite(ptr %plan, ptr %next)
  br i1 %finite, label %completed, label %done
completed:
  store i64 %other, ptr %parity_word
  %err = load double, ptr %sums_at
  %total = load double, ptr %results_at
  %total_next = fadd double %total, %err
  store double %total_next, ptr %results_at
  %hit = load double, ptr %hit_at
  %hits = load double, ptr %hits_at
  %hits_next = fadd double %hits, %hit
  store double %hits_next, ptr %hits_at
  %b_next = add i64 %b, 1
  %more = icmp ult i64 %b_next, %end
  br i1 %more, label %batch, label %done
done:
  %reached = phi i64 [%b, %batch], [%b_next, %completed]
  ret i64 %reached
}}
declare i64 @llvm.umin.i64(i64, i64)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare i1 @llvm.vector.reduce.and.v{_WIDE}i1(<{_WIDE} x i1>)
"""
