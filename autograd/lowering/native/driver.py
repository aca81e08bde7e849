"""The loops around a program's instructions, as LLVM IR: over blocks, tiles and vectors of samples."""

from __future__ import annotations

from typing import NamedTuple

from .kernels import Guarded
from .vectors import Block, Vector

BLOCK = 512  # samples that are summed lane by lane before their sums are added to the result

# %first and %count: the samples of this run, of this block, of this tile; %sample: the first one of a vector.
_ARGUMENTS = ", ".join(f"ptr noalias %{name}" for name in ("columns", "scalars", "out", "values", "uniform"))

RUN = "ptr %columns, ptr %scalars, ptr %work, ptr %out, i64 %out_step, i64 %stride, i64 %first, i64 %count"


class Sizes(NamedTuple):
    """How many outputs; bytes of accumulators, of values and of uniform values; samples in a tile."""

    outputs: int
    accumulators: int
    values: int
    uniform: int
    tile: int


def function(name: str, lanes: int, lines: list[str]) -> str:
    """A function that does these lines for one vector: `count` samples of a tile from `i` on, `sample` in all.

    It holds no loop, so that LLVM has none to think about.
    """
    iota = ", ".join(f"i64 {i}" for i in range(lanes))
    integers = f"<{lanes} x i64>"
    return "\n".join([
        f"define internal void @{name}({_ARGUMENTS}, i64 %stride, i64 %sample, i64 %i, i64 %count) #0 {{",
        f"  %count_1 = insertelement {integers} poison, i64 %count, i64 0",
        f"  %counts = shufflevector {integers} %count_1, {integers} poison, <{lanes} x i32> zeroinitializer",
        f"  %mask = icmp ult {integers} <{iota}>, %counts",
        "  %values_here = getelementptr double, ptr %values, i64 %i",
        "  %never = icmp eq i64 %count, 0",
        *lines,
        "  br label %done",
        "done:",
        "  ret void",
        "}",
    ])  # fmt: skip


def loop(
    name: str, i: str, end: str | int, body: str, before: str = "entry", start: str | int = 0, step: int = 1
) -> str:
    """The body for %i from `start` to before `end`, at least once; what follows is in the block `name`_done.

    before  the block in which the loop begins
    """
    return f"""  br label %{name}
{name}:
  %{i} = phi i64 [{start}, %{before}], [%{i}_next, %{name}_next]
{body}
  br label %{name}_next
{name}_next:
  %{i}_next = add i64 %{i}, {step}
  %{i}_more = icmp ult i64 %{i}_next, {end}
  br i1 %{i}_more, label %{name}, label %{name}_done
{name}_done:"""


def each_vector(lanes: int) -> str:
    """Calls a function for each vector of `count` samples from `first` on."""
    names = "ptr %columns, ptr %scalars, ptr %out, ptr %values, ptr %uniform"
    vector = f"""  %sample = add i64 %first, %i
  %left = sub i64 %count, %i
  call void %function({names}, i64 %stride, i64 %sample, i64 %i, i64 %left)"""
    return f"""
define internal void @each_vector(ptr %function, {names}, i64 %stride, i64 %first, i64 %count) {{
entry:
{loop("vector", "i", "%count", vector, step=lanes)}
  ret void
}}"""


def guarded(block: Block, fast: Guarded, outer: str, operands: list[Vector]) -> str:
    """Return the fast result, but what is computed outside in the lanes where it is not right."""
    typed = ", ".join(f"{block.type} {x.name}" for x in operands)
    right = f"{block.mask} {fast.right.name}"
    return f"""  %all = call i1 @llvm.vector.reduce.and.v{block.lanes}i1({right})
  br i1 %all, label %fast, label %slow
fast:
  ret {block.type} {fast.result.name}
slow:
  %outer = call {block.type} @{outer}({typed})
  %mixed = select {right}, {block.type} {fast.result.name}, {block.type} %outer
  ret {block.type} %mixed"""


def run(sizes: Sizes, uniform: int, varying: int, machine: int) -> str:
    """The entry point; `machine` is the width of an accumulator, 0 where outputs are stored."""
    passed = "ptr %columns, ptr %scalars, ptr {0}, ptr %values, ptr %uniform, i64 %stride"
    target = passed.format("%work" if machine else "%out")
    before = f"""  %values = getelementptr i8, ptr %work, i64 {sizes.accumulators}
  %uniform = getelementptr i8, ptr %work, i64 {sizes.accumulators + sizes.values}
{_calls("uniform", uniform, f"{target}, i64 0, i64 1")}"""
    tile = f"""  %left = sub i64 %block_end, %tile_first
  %tile_count = call i64 @llvm.umin.i64(i64 %left, i64 {sizes.tile})
{_calls("segment", varying, f"{target}, i64 %tile_first, i64 %tile_count")}"""
    each = loop("tile", "tile_first", "%block_end", tile, "block", "%block_first", sizes.tile)
    if not machine:
        return blocks(each, before)
    added = "\n  call void @reduce(ptr %work, ptr %block_out)"
    return blocks(each + added, before, sizes.accumulators) + _reduce(sizes.outputs, machine)


def blocks(each: str, before: str, zeroed: int = 0, name: str = "run") -> str:
    """`run`: blocks of samples one after the other, each with a place in %out that is %out_step further.

    each    what is done in a block, from %block_first to %block_end, with its sums at %block_out
    before  what is done before
    zeroed  bytes of %work that are zero where a block begins
    name    what it is called instead
    """
    return f"""
define void @{name}({RUN}) {{
entry:
  %end = add i64 %first, %count
{before}
  %any = icmp ult i64 %first, %end
  br i1 %any, label %block, label %done
block:
  %block_first = phi i64 [%first, %entry], [%block_next, %block_done]
  %block_out = phi ptr [%out, %entry], [%block_out_next, %block_done]
  %block_next = add i64 %block_first, {BLOCK}
  %block_end = call i64 @llvm.umin.i64(i64 %block_next, i64 %end)
{f"  call void @llvm.memset.p0.i64(ptr %work, i8 0, i64 {zeroed}, i1 false)" if zeroed else ""}
{each}
  br label %block_done
block_done:
  %block_out_next = getelementptr double, ptr %block_out, i64 %out_step
  %more_blocks = icmp ult i64 %block_next, %end
  br i1 %more_blocks, label %block, label %done
done:
  ret void
}}
"""


def _calls(name: str, count: int, arguments: str) -> str:
    return "\n".join(f"  call void @each_vector(ptr @{name}_{k}, {arguments})" for k in range(1, count + 1))


def _reduce(outputs: int, machine: int) -> str:
    """Σ of the lanes of each accumulator, pair by pair, added to the result."""
    vector = f"<{machine} x double>"
    output = f"""  %place = getelementptr {vector}, ptr %accumulators, i64 %k
  %lanes = load {vector}, ptr %place
  %sum = call reassoc double @llvm.vector.reduce.fadd.v{machine}f64(double 0.0, {vector} %lanes)
  %result = getelementptr double, ptr %out, i64 %k
  %before = load double, ptr %result, align 8
  %after = fadd double %before, %sum
  store double %after, ptr %result, align 8"""
    return f"""
define internal void @reduce(ptr noalias %accumulators, ptr noalias %out) {{
entry:
{loop("output", "k", outputs, output)}
  ret void
}}"""


def declarations(lanes: int) -> str:
    """The intrinsics that the code may call."""
    vector = f"<{lanes} x double>"
    one, two, three = (", ".join([vector] * n) for n in (1, 2, 3))
    arity = {**dict.fromkeys(("fabs", "sqrt", "floor", "ceil", "trunc"), one), "copysign": two, "fmuladd": three}
    return "\n".join([
        *(f"declare {vector} @llvm.{name}.v{lanes}f64({operands})" for name, operands in arity.items()),
        f"declare {vector} @llvm.masked.gather.v{lanes}f64.v{lanes}p0(<{lanes} x ptr>, i32, <{lanes} x i1>, {vector})",
        f"declare {vector} @llvm.masked.load.v{lanes}f64.p0(ptr, i32, <{lanes} x i1>, {vector})",
        f"declare void @llvm.masked.store.v{lanes}f64.p0({vector}, ptr, i32, <{lanes} x i1>)",
        *(f"declare i1 @llvm.vector.reduce.{name}.v{lanes}i1(<{lanes} x i1>)" for name in ("and", "or")),
        "declare i64 @llvm.umin.i64(i64, i64)",
        "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)",
        "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)",
        *(f"declare double @llvm.vector.reduce.fadd.v{n}f64(double, <{n} x double>)" for n in (2, 4, 8)),
        "attributes #0 = { nounwind }",
        "attributes #1 = { nounwind noinline }",
        "!0 = !{}",
        "",
    ])  # fmt: skip
