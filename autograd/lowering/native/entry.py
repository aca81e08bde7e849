"""From the objects of a call to the columns and scalars of a program's code, in machine code itself.

CPython's floats and tuples and NumPy's arrays have their contents at fixed places, those that extension modules are
compiled against.  Code that is made once a process looks there: it sees whether what was given fits the plan, and takes
the numbers to where the program's `run` reads them, 512 samples at a time.  100 samples of a 2-16-16-1 network, on a
machine whose code takes 21 µs: 37 µs where NumPy did this array by array and 150 for 340 separate arguments, now
27 and 38.  Where things stand elsewhere, as in another Python, the slower ways of structured.py and compiled.py do it.

given   the tuple of what is given for each leaf
plan    where things are: eight words, then eight for each leaf (see _WORDS and _LEAF)
read    whether what is given fits; fills in the sources; the number of samples, −1 where it does not fit
go      columns and scalars from the sources, and `run` on them, block by block
call    both, with the outputs in an array
"""

from __future__ import annotations

import ctypes
import platform
from functools import cache
from typing import Any, NamedTuple

from . import machine
from .driver import BLOCK, loop
from .vectors import Block, turned

APART = 24  # doubles between columns: if pages were between them, all would be in few lines of the cache
_SQUARE = 4  # rows and columns that are turned at once
_WORDS = 8  # how many leaves, `run`, its memory, pointers to columns, memory for columns, scalars
_LEAF = 8  # whether it varies, its axes, its count, its lengths, its first column or scalar, source, bytes to the next


class Layout(NamedTuple):
    """Where objects have what, in bytes, and the types that are known."""

    head: int
    items: int
    types: tuple[int, int, int]  # float, NumPy's float64, array
    double: int


@cache
def layout() -> Layout | None:
    """How objects are laid out here; None where that is not as expected, which is tried on some of them."""
    import numpy

    if platform.python_implementation() != "CPython":
        return None
    head, items, double = object.__basicsize__, tuple.__basicsize__, numpy.dtype("f8")
    array, numbers = numpy.arange(6.0).reshape(2, 3), (1.5, numpy.float64(2.5))
    data, shape, strides, descr = (_word(id(array) + head + at) for at in (0, 16, 24, 40))
    right = (
        all(ctypes.c_double.from_address(id(x) + head).value == x for x in numbers)
        and (_word(id(numbers) + head), _word(id(numbers) + items + 8)) == (2, id(numbers[1]))
        and all(_word(id(x) + head - 8) == id(type(x)) for x in (array, *numbers))
        and (data, descr) == (array.ctypes.data, id(double))
        and ctypes.c_int.from_address(id(array) + head + 8).value == 2
        and [_word(shape), _word(shape + 8), _word(strides), _word(strides + 8)] == [2, 3, 24, 8]
        and ctypes.c_int.from_address(id(array) + head + 48).value & 0x101 == 0x101
    )
    return Layout(head, items, (id(float), id(numpy.float64), id(numpy.ndarray)), id(double)) if right else None


def _word(address: int) -> int:
    return ctypes.c_int64.from_address(address).value


class Functions(NamedTuple):
    """What the text defines, and what keeps it; no `call` and `read` where objects are laid out in another way."""

    go: Any
    read: Any
    call: Any
    kept: Any


@cache
def functions() -> Functions:
    """The functions of this process."""
    found = layout()
    text = _go() + (_read(found) + _call(found) if found else "")
    loaded = machine.Loaded(text, entry="go")
    integer, pointer, thing = ctypes.c_int64, ctypes.c_void_p, ctypes.py_object
    go = ctypes.CFUNCTYPE(None, pointer, pointer, integer, integer, integer, integer)(loaded.address("go"))
    if found is None:
        return Functions(go, None, None, loaded)
    read = ctypes.CFUNCTYPE(integer, thing, pointer)(loaded.address("read"))
    call = ctypes.CFUNCTYPE(integer, thing, pointer, thing, integer)(loaded.address("call"))
    return Functions(go, read, call, loaded)


class Plan:
    """Memory for one call at a time: of a module, for leaves of these shapes, of which some vary.

    leaves   the shapes
    varying  whether a leaf has samples in front
    run      the address of the module's `run`; `memory` is how many bytes it works in
    """

    def __init__(self, leaves: tuple[tuple[int, ...], ...], varying: tuple[bool, ...], run: int, memory: int) -> None:
        import numpy

        sizes = [int(numpy.prod(shape)) for shape in leaves]
        columns = sum(size for size, varies in zip(sizes, varying) if varies)
        scalars = sum(sizes) - columns
        self.words = numpy.zeros(_WORDS + _LEAF * len(leaves), dtype="i8")
        self.kept = [numpy.empty(n + 8) for n in (memory // 8, columns, columns * (BLOCK + APART), scalars)]
        work, pointers, local, shared = map(machine.aligned, self.kept)
        self.words[:6] = len(leaves), run, work, pointers, local, shared
        self.records = self.words[_WORDS:].reshape(-1, _LEAF)
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


def _fields(of: str, names: str, record: str) -> str:
    """Reads words of the plan or of a leaf's record: under which name, and which."""
    return "\n".join(
        f"  %{name}_at{of} = getelementptr i64, ptr {record}, i64 {k}\n  %{name} = load i64, ptr %{name}_at{of}"
        for name, k in (each.split() for each in names.split(", "))
    )


def _read(found: Layout) -> str:
    head = found.head
    number, double, array = found.types
    return f"""
define i64 @read(ptr %given, ptr %plan) {{
entry:
  %leaves = load i64, ptr %plan
  %size_at = getelementptr i8, ptr %given, i64 {head}
  %size = load i64, ptr %size_at
  %items = getelementptr i8, ptr %given, i64 {found.items}
  %records = getelementptr i64, ptr %plan, i64 {_WORDS}
  %as_many = icmp eq i64 %size, %leaves
  br i1 %as_many, label %leaf, label %no
leaf:
  %k = phi i64 [0, %entry], [%k_next, %kept]
  %n = phi i64 [-1, %entry], [%n_next, %kept]
  %more = icmp ult i64 %k, %leaves
  br i1 %more, label %look, label %done
look:
  %item_at = getelementptr ptr, ptr %items, i64 %k
  %x = load ptr, ptr %item_at
  %record = getelementptr [{_LEAF} x i64], ptr %records, i64 %k
{_fields("_1", "varies 0, axes 1, count 2, lengths 3", "%record")}
  %lengths_at = inttoptr i64 %lengths to ptr
  %body = getelementptr i8, ptr %x, i64 {head}
  %type_at = getelementptr i8, ptr %x, i64 {head - 8}
  %type = load i64, ptr %type_at
  %is_float = icmp eq i64 %type, {number}
  %is_double = icmp eq i64 %type, {double}
  %is_number = or i1 %is_float, %is_double
  br i1 %is_number, label %single, label %other
single:
  %extent = or i64 %varies, %axes
  %is_single = icmp eq i64 %extent, 0
  %number = ptrtoint ptr %body to i64
  br i1 %is_single, label %kept, label %no
other:
  %is_array = icmp eq i64 %type, {array}
  br i1 %is_array, label %array, label %no
array:
  %data = load i64, ptr %body
  %axes_at = getelementptr i8, ptr %body, i64 8
  %axes_32 = load i32, ptr %axes_at
  %has = zext i32 %axes_32 to i64
  %shape_at = getelementptr i8, ptr %body, i64 16
  %shape = load ptr, ptr %shape_at
  %strides_at = getelementptr i8, ptr %body, i64 24
  %strides = load ptr, ptr %strides_at
  %descr_at = getelementptr i8, ptr %body, i64 40
  %descr = load i64, ptr %descr_at
  %flags_at = getelementptr i8, ptr %body, i64 48
  %flags = load i32, ptr %flags_at
  %needs = add i64 %axes, %varies
  %fits_axes = icmp eq i64 %has, %needs
  %fits_type = icmp eq i64 %descr, {found.double}
  %aligned = and i32 %flags, 256
  %is_aligned = icmp ne i32 %aligned, 0
  %fits_1 = and i1 %fits_axes, %fits_type
  %fits_2 = and i1 %fits_1, %is_aligned
  br i1 %fits_2, label %axis, label %no
axis:
  %d = phi i64 [0, %array], [%d_next, %length]
  %more_axes = icmp ult i64 %d, %axes
  br i1 %more_axes, label %length, label %samples
length:
  %wanted_at = getelementptr i64, ptr %lengths_at, i64 %d
  %wanted = load i64, ptr %wanted_at
  %d_there = add i64 %d, %varies
  %there_at = getelementptr i64, ptr %shape, i64 %d_there
  %there = load i64, ptr %there_at
  %d_next = add i64 %d, 1
  %fits_length = icmp eq i64 %wanted, %there
  br i1 %fits_length, label %axis, label %no
samples:
  %is_varying = icmp ne i64 %varies, 0
  %whole_32 = and i32 %flags, 1
  %whole = icmp ne i32 %whole_32, 0
  br i1 %is_varying, label %varying, label %shared
shared:
  br i1 %whole, label %kept, label %no
varying:
  %n_here = load i64, ptr %shape
  %step = load i64, ptr %strides
  %is_column = icmp eq i64 %axes, 0
  %readable = or i1 %whole, %is_column
  %first = icmp eq i64 %n, -1
  %same = icmp eq i64 %n, %n_here
  %fits_n = or i1 %first, %same
  %fits_3 = and i1 %readable, %fits_n
  %row = mul i64 %count, 8
  %stride = select i1 %is_column, i64 %step, i64 %row
  br i1 %fits_3, label %kept, label %no
kept:
  %source = phi i64 [%number, %single], [%data, %shared], [%data, %varying]
  %next = phi i64 [0, %single], [0, %shared], [%stride, %varying]
  %n_next = phi i64 [%n, %single], [%n, %shared], [%n_here, %varying]
  %source_at = getelementptr i64, ptr %record, i64 5
  store i64 %source, ptr %source_at
  %next_at = getelementptr i64, ptr %record, i64 6
  store i64 %next, ptr %next_at
  %k_next = add i64 %k, 1
  br label %leaf
done:
  %none = icmp eq i64 %n, -1
  %found = select i1 %none, i64 1, i64 %n
  ret i64 %found
no:
  ret i64 -1
}}"""


def _call(found: Layout) -> str:
    """`expected` samples are stored, each output in a row; −1: summed, whatever their number."""
    return f"""
define i64 @call(ptr %given, ptr %plan, ptr %array, i64 %expected) {{
entry:
  %n = call i64 @read(ptr %given, ptr %plan)
  %fits = icmp sge i64 %n, 0
  %summed = icmp eq i64 %expected, -1
  %as_expected = icmp eq i64 %n, %expected
  %either = or i1 %summed, %as_expected
  %right = and i1 %fits, %either
  br i1 %right, label %do, label %no
do:
  %out_at = getelementptr i8, ptr %array, i64 {found.head}
  %out = load ptr, ptr %out_at
  %stride = select i1 %summed, i64 0, i64 %n
  call void @go(ptr %plan, ptr %out, i64 0, i64 %stride, i64 0, i64 %n)
  ret i64 %n
no:
  ret i64 -1
}}
"""


def _go() -> str:
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
{_fields("", "leaves 0, run_ 1, work_ 2, columns_ 3, local 4, scalars_ 5", "%plan")}
  %run = inttoptr i64 %run_ to ptr
  %work = inttoptr i64 %work_ to ptr
  %columns = inttoptr i64 %columns_ to ptr
  %scalars = inttoptr i64 %scalars_ to ptr
  %records = getelementptr i64, ptr %plan, i64 {_WORDS}
  %end = add i64 %first, %samples
  %sums = icmp eq i64 %stride, 0
  %one_place = icmp eq i64 %out_step, 0
  %sums_in_one = and i1 %sums, %one_place
  %out_further = select i1 %sums, i64 %out_step, i64 {BLOCK}
  %most = call i64 @llvm.umin.i64(i64 %samples, i64 {BLOCK})
  %rounded = add i64 %most, {APART + 7}
  %length = and i64 %rounded, -8
  %apart = mul i64 %length, 8
  br label %shared
shared:
  %k = phi i64 [0, %entry], [%k_next, %shared_next]
  %more_shared = icmp ult i64 %k, %leaves
  br i1 %more_shared, label %shared_leaf, label %block
shared_leaf:
  %record = getelementptr [{_LEAF} x i64], ptr %records, i64 %k
{_fields("_1", "varies 0, count 2, where 4, source_ 5", "%record")}
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
block:
  %at = phi i64 [%first, %shared], [%at_next, %block_done]
  %out_here = phi ptr [%out, %shared], [%out_next, %block_done]
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
  %leaf_record = getelementptr [{_LEAF} x i64], ptr %records, i64 %l
{_fields("_2", "leaf_varies 0, leaf_count 2, column 4, leaf_source 5, row 6", "%leaf_record")}
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
  %in_squares = icmp uge i64 %fewer, {_SQUARE}
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
  %is_later = icmp ne i64 %at, %first
  %has_sums = and i1 %is_later, %sums_in_one
  %stride_here = select i1 %has_sums, i64 1, i64 %stride
  call void %run(
    ptr %columns, ptr %scalars, ptr %work, ptr %out_here, i64 %out_step, i64 %stride_here, i64 0, i64 %here)
  br label %block_done
block_done:
  %out_next = getelementptr double, ptr %out_here, i64 %out_further
  br label %block
done:
  ret void
}}
{_turned()}
declare i64 @llvm.umin.i64(i64, i64)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
"""


def _turned() -> str:
    """Rows to columns, square by square on registers; the last squares begin earlier and store some numbers again."""
    block = Block(_SQUARE)
    rows = []
    for k in range(_SQUARE):
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
{loop("square", "s", "%samples", square, "entries", step=_SQUARE)}"""
    return f"""
define internal void @turned(ptr %source, ptr %target, i64 %row, i64 %apart, i64 %count, i64 %samples) {{
entry:
  %last_entry = sub i64 %count, {_SQUARE}
  %last_sample = sub i64 %samples, {_SQUARE}
{loop("entries", "e", "%count", entries, step=_SQUARE)}
  ret void
}}"""
