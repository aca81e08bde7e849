"""A program as machine code made of its families: the functions of layers.py, and the loops around them.

run         what is the same for all samples; then blocks of 512 of them, one after the other
  gathered  in parts of SAMPLES: the leaves' part into panels; lanes beyond the last sample repeat the first one
  …         the functions of the layers
  zeroed    what is summed over the samples, beyond the last one
  ended     outputs at each sample: those of the last panel, as far as there are samples
  added     sums: those of a block after the first one, to the result, in the order of the blocks
"""

from __future__ import annotations

from ..program import Program
from . import driver, machine
from .columns import LEAF, SQUARE, fields, turning
from .layers import Layers
from .llvm import Code, Plan
from .loops import Function
from .outside import Outside
from .panels import SAMPLES, tile_of


def layered(program: Program, plan: Plan, outside: Outside) -> Code:
    """The module for this program; `outside` is told what it calls outside of the module.

    Raises NotInLayers for a program that has no such form.
    """
    tile = tile_of(plan.machine, machine.registers())
    layers = Layers(program, plan.columns, plan.sums, tile, plan.contract, outside)
    texts: dict[str, tuple[str, str]] = {}

    def invoked(call: Function, once: bool = False) -> str:
        key = "\n".join(call.lines)
        name, _ = texts.setdefault(key, (call.name, call.text(call.name)))
        return call.invoked(name, once)

    before = [invoked(call, once=True) for call in layers.before]
    calls = [
        f"  call void @zeroed(ptr %work, i64 {call[0]}, i64 {call[1]}, i64 %panels, i64 %here)"
        if isinstance(call, tuple)
        else invoked(call)
        for call in layers.calls
    ]
    parts = [
        *layers.globals,
        *(text for _, text in texts.values()),
        *layers.callees.texts(),
        *(_gathered(layers, x.count, layers.places[x]) for x in layers.X),
        turning(),
        _zeroed(layers) if layers.summed else _ended(layers),
        _run(layers, before, calls),
        _on_columns(layers),
        driver.declarations(plan.machine),
    ]
    return Code("\n".join(parts), layers.top + 4096 + 8 * LEAF * sum(x.count for x in layers.X))


def _run(layers: Layers, before: list[str], calls: list[str]) -> str:
    samples = layers.tile.samples
    if layers.X:
        calls = ["  call void @gathered(ptr %columns, ptr %work, i64 %at, i64 %here, i64 %panels)", *calls]
    if not layers.summed:
        calls = [*calls, "  call void @ended(ptr %work, ptr %out_here, i64 %stride, i64 %panels, i64 %here)"]
    here = "  %out_here = getelementptr double, ptr %block_out, i64 %at" * (not layers.summed)
    part = "\n".join([
        "  %left = sub i64 %block_end, %at",
        f"  %here = call i64 @llvm.umin.i64(i64 %left, i64 {SAMPLES})",
        f"  %rounded = add i64 %here, {samples - 1}",
        f"  %panels = udiv i64 %rounded, {samples}",
        "  %adds = icmp ne i64 %at, %block_first",
        here,
        *calls,
    ])  # fmt: skip
    started = "parts" if layers.summed else "block"
    parts = driver.loop("part", "at", "%block_end", part, started, "%block_first", SAMPLES)
    each = _summed(parts, layers.outputs, layers.zeros) if layers.summed else parts
    return driver.blocks(each, "\n".join(before), name="run_on_leaves")


def _on_columns(layers: Layers) -> str:
    """`run`: every column is a leaf."""
    count = sum(x.count for x in layers.X)
    words = "\n".join(
        f"  %word_{k} = getelementptr i64, ptr %record, i64 {k}\n  store i64 {word}, ptr %word_{k}"
        for k, word in ((0, 1), (2, 1), (5, "%start"), (6, 8), (7, 8))
    )
    column = f"""  %column_at = getelementptr i64, ptr %columns, i64 %c
  %start = load i64, ptr %column_at
  %record = getelementptr [{LEAF} x i64], ptr %leaves, i64 %c
{words}"""
    return f"""
define void @run({driver.RUN}) {{
entry:
  %leaves = getelementptr i8, ptr %work, i64 {layers.top + 4096}
{driver.loop("column", "c", count, column) if count else ""}
  call void @run_on_leaves({driver.RUN.replace("%columns", "%leaves")})
  ret void
}}"""


def _summed(parts: str, sums: int, zeros: bool) -> str:
    """A block's sums: where the result is, if it has none yet; else in %work, and added."""
    add = """  %sum_at = getelementptr double, ptr %work, i64 %k
  %sum = load double, ptr %sum_at
  %to = getelementptr double, ptr %block_out, i64 %k
  %before = load double, ptr %to
  %after = fadd double %before, %sum
  store double %after, ptr %to"""
    return f"""  %is_first = icmp eq i64 %block_first, %first
  %is_apart = icmp ne i64 %out_step, 0
  %in_place = or i1 %is_first, %is_apart
  %out_here = select i1 %in_place, ptr %block_out, ptr %work
{f"  call void @llvm.memset.p0.i64(ptr %out_here, i8 0, i64 {8 * sums}, i1 false)" if zeros else ""}
  br label %parts
parts:
{parts}
  br i1 %in_place, label %add_done, label %later
later:
{driver.loop("add", "k", sums, add, "later")}"""


def _ended(layers: Layers) -> str:
    """What the last panel has put into memory of its own, to the outputs, as far as there are samples."""
    samples = layers.tile.samples
    sample = """  %from = getelementptr double, ptr %from_row, i64 %s
  %x = load double, ptr %from
  %to = getelementptr double, ptr %to_row, i64 %s
  store double %x, ptr %to"""
    output = f"""  %from_offset = mul i64 %k, {samples}
  %from_row = getelementptr double, ptr %work, i64 %from_offset
  %to_offset = mul i64 %k, %stride
  %to_row = getelementptr double, ptr %start, i64 %to_offset
{driver.loop("sample", "s", "%rest", sample, "output")}"""
    return f"""
define internal void @ended(ptr noalias %work, ptr noalias %out, i64 %stride, i64 %panels, i64 %here) {{
entry:
  %rest = urem i64 %here, {samples}
  %partial = icmp ne i64 %rest, 0
  %first = sub i64 %here, %rest
  %start = getelementptr double, ptr %out, i64 %first
  br i1 %partial, label %last, label %output_done
last:
{driver.loop("output", "k", layers.outputs, output, "last")}
  ret void
}}"""


def _gathered(layers: Layers, columns: int, place: int) -> str:
    """Leaves to panels: rows square by square, samples that are neighbours by vectors, all else one by one."""
    tile = layers.tile
    vector = f"<{tile.lanes} x double>"
    copies = "\n".join(
        f"  %from_{v} = getelementptr i8, ptr %source, i64 {8 * tile.lanes * v}\n"
        f"  %x_{v} = load {vector}, ptr %from_{v}, align 8\n"
        f"  %to_{v} = getelementptr i8, ptr %row, i64 {8 * tile.lanes * v}\n"
        f"  store {vector} %x_{v}, ptr %to_{v}"
        for v in range(tile.vectors)
    )
    sample = """  %there = icmp ult i64 %s, %left
  %from_s = select i1 %there, i64 %s, i64 0
  %from_offset = mul i64 %from_s, %next
  %from = getelementptr i8, ptr %source, i64 %from_offset
  %x = load double, ptr %from
  %to = getelementptr double, ptr %row, i64 %s
  store double %x, ptr %to"""
    panel = f"""  %s_0 = mul i64 %p, {tile.samples}
  %left = sub i64 %here, %s_0
  %source_offset = mul i64 %s_0, %next
  %source = getelementptr i8, ptr %source_0, i64 %source_offset
  %panel_offset = mul i64 %p, {columns * tile.row}
  %row = getelementptr i8, ptr %row_0, i64 %panel_offset
  %whole = icmp uge i64 %left, {tile.samples}
  %quick = and i1 %whole, %is_dense
  br i1 %quick, label %fast, label %slow
fast:
{copies}
  br label %sample_done
slow:
{driver.loop("sample", "s", tile.samples, sample, "slow")}"""
    column = f"""  %column_offset = mul i64 %c, %further
  %source_0 = getelementptr i8, ptr %start, i64 %column_offset
  %row_offset = mul i64 %c, {tile.row}
  %row_0 = getelementptr i8, ptr %rows, i64 %row_offset
{driver.loop("panel", "p", "%panels", panel, "column", "%turned_panels")}"""
    square = f"""  %square_offset = mul i64 %q, %square_bytes
  %square = getelementptr i8, ptr %start, i64 %square_offset
  %square_to = mul i64 %q, {columns * tile.row}
  %square_rows = getelementptr i8, ptr %rows, i64 %square_to
  call void @turned(ptr %square, ptr %square_rows, i64 %next, i64 {tile.row}, i64 %count, i64 {tile.samples})"""
    return f"""
define internal void @gathered(ptr %leaves, ptr %work, i64 %at, i64 %here, i64 %panels) {{
entry:
  %all = udiv i64 %here, {tile.samples}
  %any = icmp ne i64 %all, 0
  br label %leaf
leaf:
  %k = phi i64 [0, %entry], [%k_next, %leaf_done]
  %first = phi i64 [0, %entry], [%first_next, %leaf_done]
  %record = getelementptr [{LEAF} x i64], ptr %leaves, i64 %k
{fields("", "varies 0, entries 2, source_ 5, next 6, further 7", "%record")}
  %count = mul i64 %varies, %entries
  %k_next = add i64 %k, 1
  %first_next = add i64 %first, %count
  %is_some = icmp ne i64 %count, 0
  br i1 %is_some, label %some, label %leaf_done
some:
  %base = inttoptr i64 %source_ to ptr
  %offset = mul i64 %at, %next
  %start = getelementptr i8, ptr %base, i64 %offset
  %rows_offset = mul i64 %first, {tile.row}
  %rows_place = add i64 %rows_offset, {place}
  %rows = getelementptr i8, ptr %work, i64 %rows_place
  %square_bytes = mul i64 %next, {tile.samples}
  %is_dense = icmp eq i64 %next, 8
  %is_row = icmp eq i64 %further, 8
  %is_wide = icmp uge i64 %count, {SQUARE}
  %in_squares_1 = and i1 %is_row, %is_wide
  %in_squares = and i1 %in_squares_1, %any
  br i1 %in_squares, label %squares, label %by_column
squares:
{driver.loop("turn", "q", "%all", square, "squares")}
  %is_whole = icmp eq i64 %all, %panels
  br i1 %is_whole, label %leaf_done, label %by_column
by_column:
  %turned_panels = phi i64 [0, %some], [%all, %turn_done]
{driver.loop("column", "c", "%count", column, "by_column")}
  br label %leaf_done
leaf_done:
  %more_leaves = icmp ult i64 %first_next, {columns}
  br i1 %more_leaves, label %leaf, label %done
done:
  ret void
}}"""


def _zeroed(layers: Layers) -> str:
    tile = layers.tile
    sample = """  %to = getelementptr double, ptr %row_at, i64 %s
  store double 0.0, ptr %to"""
    row = f"""  %row_offset = mul i64 %j, {tile.row}
  %row_at = getelementptr i8, ptr %panel, i64 %row_offset
{driver.loop("sample", "s", tile.samples, sample, "row", "%first")}"""
    return f"""
define internal void @zeroed(ptr %work, i64 %place, i64 %rows, i64 %panels, i64 %here) {{
entry:
  %all = mul i64 %panels, {tile.samples}
  %partial = icmp ult i64 %here, %all
  br i1 %partial, label %last, label %row_done
last:
  %p = sub i64 %panels, 1
  %panel_bytes = mul i64 %rows, {tile.row}
  %panel_offset = mul i64 %p, %panel_bytes
  %start = add i64 %place, %panel_offset
  %panel = getelementptr i8, ptr %work, i64 %start
  %first = urem i64 %here, {tile.samples}
{driver.loop("row", "j", "%rows", row, "last")}
  ret void
}}"""
