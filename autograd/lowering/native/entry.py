"""From the objects of a call to the columns and scalars of a program's code, in machine code itself.

CPython's floats and tuples and NumPy's arrays have their contents at fixed places, those that extension modules are
compiled against.  Code that is made once a process looks there: it sees whether what was given fits the plan, and the
numbers are taken to where the program's `run` reads them.  100 samples of a 2-16-16-1 network, on a
machine whose code takes 21 µs: 37 µs where NumPy did this array by array and 150 for 340 separate arguments, now
27 and 38.  Where things stand elsewhere, as in another Python, the slower ways of structured.py and compiled.py do it.

given   the tuple of what is given for each leaf
plan    where things are, see columns.py
read    whether what is given fits; fills in the sources; the number of samples, −1 where it does not fit
call    that and `go` of columns.py, with the outputs in an array
"""

from __future__ import annotations

import ctypes
import platform
from functools import cache
from typing import Any, NamedTuple

from . import columns, machine
from .columns import LEAF, WORDS, fields


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
    text = columns.text() + (_read(found) + _call(found) if found else "")
    loaded = machine.Loaded(text, entry="go")
    integer, pointer, thing = ctypes.c_int64, ctypes.c_void_p, ctypes.py_object
    go = ctypes.CFUNCTYPE(None, pointer, pointer, integer, integer, integer, integer)(loaded.address("go"))
    if found is None:
        return Functions(go, None, None, loaded)
    read = ctypes.CFUNCTYPE(integer, thing, pointer)(loaded.address("read"))
    call = ctypes.CFUNCTYPE(integer, thing, pointer, thing, integer)(loaded.address("call"))
    return Functions(go, read, call, loaded)


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
  %records = getelementptr i64, ptr %plan, i64 {WORDS}
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
  %record = getelementptr [{LEAF} x i64], ptr %records, i64 %k
{fields("_1", "varies 0, axes 1, count 2, lengths 3", "%record")}
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
