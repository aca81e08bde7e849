"""Where a call finds things, and machine code that brings numbers from where they are to where a program reads them.

plan  where things are: eight words, then eight for each leaf (see WORDS and LEAF)
go    scalars from the sources, and the program's `run`: code made of families is told where the leaves are; for
      straight-line code columns are made of them, 512 samples at a time
"""

from __future__ import annotations

from typing import Any

from . import machine
from .driver import BLOCK, loop
from .vectors import Block, turned

APART = 24  # doubles between columns: if pages were between them, all would be in few lines of the cache
SQUARE = 4  # rows and columns that are turned at once
WORDS = 8  # how many leaves, `run`, its memory, pointers to columns, memory for columns, scalars, `layered`
LEAF = 8  # whether it varies, its axes, its count, its lengths, its first column or scalar, source, bytes to the next


class Plan:
    """Memory for one call at a time: of a module, for leaves of these shapes, of which some vary.

    leaves   the shapes
    varying  whether a leaf has samples in front
    run      the address of the module's `run`; `memory` is how many bytes it works in
    layered  whether it reads leaves where they stand
    """

    def __init__(
        self, leaves: tuple[tuple[int, ...], ...], varying: tuple[bool, ...], run: int, memory: int, layered: bool
    ) -> None:
        import numpy

        sizes = [int(numpy.prod(shape)) for shape in leaves]
        columns = sum(size for size, varies in zip(sizes, varying) if varies)
        scalars = sum(sizes) - columns
        copied = 0 if layered else columns
        self.words = numpy.zeros(WORDS + LEAF * len(leaves), dtype="i8")
        self.kept = [numpy.empty(n + 8) for n in (memory // 8, copied, copied * (BLOCK + APART), scalars)]
        work, pointers, local, shared = map(machine.aligned, self.kept)
        self.words[:7] = len(leaves), run, work, pointers, local, shared, layered
        self.records = self.words[WORDS:].reshape(-1, LEAF)
        lengths = numpy.array([n for shape in leaves for n in shape] or [0], dtype="i8")
        self.kept.append(lengths)
        at, column, scalar = lengths.ctypes.data, 0, 0
        for record, shape, size, varies in zip(self.records, leaves, sizes, varying):
            record[:5] = varies, len(shape), size, at, column if varies else scalar
            at, column, scalar = at + 8 * len(shape), column + size * varies, scalar + size * (not varies)
        self.address: int = self.words.ctypes.data

    def point(self, given: Any) -> None:
        """`read` without code: the sources are these floats and contiguous arrays of doubles."""
        import numpy

        self.sources = [numpy.asarray(x, dtype=float) for x in given]
        for record, x in zip(self.records, self.sources):
            record[5] = x.ctypes.data
            record[6] = 8 * record[2]


def fields(of: str, names: str, record: str) -> str:
    """Reads words of the plan or of a leaf's record: under which name, and which."""
    return "\n".join(
        f"  %{name}_at{of} = getelementptr i64, ptr {record}, i64 {k}\n  %{name} = load i64, ptr %{name}_at{of}"
        for name, k in (each.split() for each in names.split(", "))
    )


def text() -> str:
    """`go`, and what it calls."""
    value = """  %v_offset = mul i64 %v, 8
  %from_value = add i64 %start, %v_offset
  %v_to = mul i64 %v, %apart
  %to_value = add i64 %place, %v_to
  %s_from = mul i64 %s, %row
  %from = add i64 %from_value, %s_from
  %from_at = inttoptr i64 %from to ptr
  %x = load double, ptr %from_at
  %s_to = mul i64 %s, 8
  %to_sample = add i64 %to_value, %s_to
  %target = inttoptr i64 %to_sample to ptr
  store double %x, ptr %target"""
    column = loop("sample", "s", "%here", value, "value")
    return f"""
define void @go(ptr %plan, ptr %out, i64 %out_step, i64 %stride, i64 %first, i64 %samples) {{
entry:
{fields("", "leaves 0, run_ 1, work_ 2, columns_ 3, local 4, scalars_ 5, layered 6", "%plan")}
  %run = inttoptr i64 %run_ to ptr
  %work = inttoptr i64 %work_ to ptr
  %columns = inttoptr i64 %columns_ to ptr
  %scalars = inttoptr i64 %scalars_ to ptr
  %records = getelementptr i64, ptr %plan, i64 {WORDS}
  %end = add i64 %first, %samples
  %sums = icmp eq i64 %stride, 0
  %out_further = select i1 %sums, i64 %out_step, i64 {BLOCK}
  %most = call i64 @llvm.umin.i64(i64 %samples, i64 {BLOCK})
  %rounded = add i64 %most, {APART + 7}
  %length = and i64 %rounded, -8
  %apart = mul i64 %length, 8
  br label %shared
shared:
  %k = phi i64 [0, %entry], [%k_next, %shared_next]
  %more_shared = icmp ult i64 %k, %leaves
  br i1 %more_shared, label %shared_leaf, label %ready
shared_leaf:
  %record = getelementptr [{LEAF} x i64], ptr %records, i64 %k
{fields("_1", "varies 0, count 2, where 4, source_ 5", "%record")}
  %source = inttoptr i64 %source_ to ptr
  %bytes = mul i64 %count, 8
  %to = getelementptr double, ptr %scalars, i64 %where
  %is_shared = icmp eq i64 %varies, 0
  br i1 %is_shared, label %shared_copy, label %shared_next
shared_copy:
  %is_single = icmp eq i64 %count, 1
  br i1 %is_single, label %shared_single, label %shared_many
shared_single:
  %number = load double, ptr %source
  store double %number, ptr %to
  br label %shared_next
shared_many:
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %source, i64 %bytes, i1 false)
  br label %shared_next
shared_next:
  %k_next = add i64 %k, 1
  br label %shared
ready:
  %reads_leaves = icmp ne i64 %layered, 0
  br i1 %reads_leaves, label %all, label %block
all:
  %before = sub i64 0, %first
  %back = select i1 %sums, i64 0, i64 %before
  %out_0 = getelementptr double, ptr %out, i64 %back
  call void %run(
    ptr %records, ptr %scalars, ptr %work, ptr %out_0, i64 %out_step, i64 %stride, i64 %first, i64 %samples)
  ret void
block:
  %at = phi i64 [%first, %ready], [%at_next, %block_done]
  %out_here = phi ptr [%out, %ready], [%out_next, %block_done]
  %more_blocks = icmp ult i64 %at, %end
  br i1 %more_blocks, label %gather, label %done
gather:
  %at_next = add i64 %at, {BLOCK}
  %left = sub i64 %end, %at
  %here = call i64 @llvm.umin.i64(i64 %left, i64 {BLOCK})
  br label %leaf
leaf:
  %l = phi i64 [0, %gather], [%l_next, %leaf_next]
  %more_leaves = icmp ult i64 %l, %leaves
  br i1 %more_leaves, label %leaf_look, label %compute
leaf_look:
  %leaf_record = getelementptr [{LEAF} x i64], ptr %records, i64 %l
{fields("_2", "leaf_varies 0, leaf_count 2, column 4, leaf_source 5, row 6", "%leaf_record")}
  %offset = mul i64 %row, %at
  %start = add i64 %leaf_source, %offset
  %pointers = getelementptr i64, ptr %columns, i64 %column
  %place_offset = mul i64 %column, %apart
  %place = add i64 %local, %place_offset
  %is_varying = icmp ne i64 %leaf_varies, 0
  br i1 %is_varying, label %leaf_how, label %leaf_next
leaf_how:
  %is_one = icmp eq i64 %leaf_count, 1
  %is_dense = icmp eq i64 %row, 8
  %is_column = and i1 %is_one, %is_dense
  br i1 %is_column, label %leaf_direct, label %entry_of
leaf_direct:
  store i64 %start, ptr %pointers
  br label %leaf_next
entry_of:
  %j = phi i64 [0, %leaf_how], [%j_next, %entry_point]
  %more_entries = icmp ult i64 %j, %leaf_count
  br i1 %more_entries, label %entry_point, label %entries
entry_point:
  %place_row = mul i64 %j, %apart
  %to_row = add i64 %place, %place_row
  %pointer_at = getelementptr i64, ptr %pointers, i64 %j
  store i64 %to_row, ptr %pointer_at
  %j_next = add i64 %j, 1
  br label %entry_of
entries:
  %fewer = call i64 @llvm.umin.i64(i64 %leaf_count, i64 %here)
  %in_squares = icmp uge i64 %fewer, {SQUARE}
  br i1 %in_squares, label %squares, label %one_by_one
squares:
  %source_rows = inttoptr i64 %start to ptr
  %target_columns = inttoptr i64 %place to ptr
  call void @turned(ptr %source_rows, ptr %target_columns, i64 %row, i64 %apart, i64 %leaf_count, i64 %here)
  br label %leaf_next
one_by_one:
  %is_some = icmp ne i64 %fewer, 0
  br i1 %is_some, label %some, label %leaf_next
some:
{loop("value", "v", "%leaf_count", column, "some")}
  br label %leaf_next
leaf_next:
  %l_next = add i64 %l, 1
  br label %leaf
compute:
  call void %run(
    ptr %columns, ptr %scalars, ptr %work, ptr %out_here, i64 %out_step, i64 %stride, i64 0, i64 %here)
  br label %block_done
block_done:
  %out_next = getelementptr double, ptr %out_here, i64 %out_further
  br label %block
done:
  ret void
}}
{turning()}
declare i64 @llvm.umin.i64(i64, i64)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
"""


def turning() -> str:
    """Rows to columns, square by square on registers; the last squares begin earlier and store some numbers again."""
    block = Block(SQUARE)
    rows = []
    for k in range(SQUARE):
        at = block.value(f"getelementptr i8, ptr %from, i64 {block.value(f'mul i64 %row, {k}')}")
        rows.append(block.value(f"load {block.type}, ptr {at}, align 8"))
    for k, x in enumerate(turned(block, rows)):
        at = block.value(f"getelementptr i8, ptr %to, i64 {block.value(f'mul i64 %apart, {k}')}")
        block.lines.append(f"  store {block.type} {x}, ptr {at}, align 8")
    moved = "\n".join(block.lines)
    square = f"""  %s_here = call i64 @llvm.umin.i64(i64 %s, i64 %last_sample)
  %s_from = mul i64 %s_here, %row
  %from_offset = add i64 %e_from, %s_from
  %s_to = mul i64 %s_here, 8
  %to_offset = add i64 %e_to, %s_to
  %from = getelementptr i8, ptr %source, i64 %from_offset
  %to = getelementptr i8, ptr %target, i64 %to_offset
{moved}"""
    entries = f"""  %e_here = call i64 @llvm.umin.i64(i64 %e, i64 %last_entry)
  %e_from = mul i64 %e_here, 8
  %e_to = mul i64 %e_here, %apart
{loop("square", "s", "%samples", square, "entries", step=SQUARE)}"""
    return f"""
define internal void @turned(ptr %source, ptr %target, i64 %row, i64 %apart, i64 %count, i64 %samples) {{
entry:
  %last_entry = sub i64 %count, {SQUARE}
  %last_sample = sub i64 %samples, {SQUARE}
{loop("entries", "e", "%count", entries, step=SQUARE)}
  ret void
}}"""
