"""A program as machine code made of its families: the functions of layers.py, and the loops around them.

run         what is the same for all samples; then blocks of 512 of them, one after the other
  gathered  in parts of SAMPLES: the columns' part into panels; lanes beyond the last sample repeat the first one
  …         the functions of the layers
  zeroed    what is summed over the samples, beyond the last one
  ended     outputs at each sample: those of the last panel, as far as there are samples
  added     sums: those of a block, to the result, in the order of the blocks
"""

from __future__ import annotations

from ..program import Program
from . import driver, machine
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
    run = _run(layers, "".join(f"\n{call}" for call in before), calls)
    parts = [
        *layers.globals,
        *(text for _, text in texts.values()),
        *layers.callees.texts(),
        *(_gathered(layers, x.count, layers.places[x]) for x in layers.X),
        _zeroed(layers) if layers.summed else _ended(layers),
        run,
        driver.declarations(plan.machine),
    ]
    return Code("\n".join(parts), layers.top + 4096)


def _run(layers: Layers, before: str, calls: list[str]) -> str:
    tile, each = layers.tile, list(calls)
    if layers.X:
        each.insert(0, "  call void @gathered(ptr %columns, ptr %work, i64 %at, i64 %here, i64 %panels)")
    if not layers.summed:
        each.append("  call void @ended(ptr %work, ptr %out_here, i64 %stride, i64 %panels, i64 %here)")
    listed = "\n".join(each)
    part = f"""
  br label %part
part:
  %at = phi i64 [%block_first, %block], [%next, %part]
  %next = add i64 %at, {SAMPLES}
  %left = sub i64 %block_end, %at
  %here = call i64 @llvm.umin.i64(i64 %left, i64 {SAMPLES})
  %rounded = add i64 %here, {tile.samples - 1}
  %panels = udiv i64 %rounded, {tile.samples}
  %out_here = getelementptr double, ptr %block_out, i64 %at
{listed}
  %more = icmp ult i64 %next, %block_end
  br i1 %more, label %part, label %{"add" if layers.summed else "added"}
{_added(layers.outputs) if layers.summed else ""}
added:"""
    return driver.blocks(part, before, 8 * layers.outputs if layers.summed else 0)


def _added(sums: int) -> str:
    return f"""
add:
  %k = phi i64 [0, %part], [%k_next, %add]
  %sum_at = getelementptr double, ptr %work, i64 %k
  %sum = load double, ptr %sum_at
  %to = getelementptr double, ptr %block_out, i64 %k
  %before = load double, ptr %to
  %after = fadd double %before, %sum
  store double %after, ptr %to
  %k_next = add i64 %k, 1
  %more_sums = icmp ult i64 %k_next, {sums}
  br i1 %more_sums, label %add, label %added"""


def _ended(layers: Layers) -> str:
    """What the last panel has put into memory of its own, to the outputs, as far as there are samples."""
    samples = layers.tile.samples
    return f"""
define internal void @ended(ptr noalias %work, ptr noalias %out, i64 %stride, i64 %panels, i64 %here) {{
entry:
  %rest = urem i64 %here, {samples}
  %partial = icmp ne i64 %rest, 0
  %first = sub i64 %here, %rest
  %start = getelementptr double, ptr %out, i64 %first
  br i1 %partial, label %output, label %done
output:
  %k = phi i64 [0, %entry], [%k_next, %output_done]
  %from_offset = mul i64 %k, {samples}
  %from_row = getelementptr double, ptr %work, i64 %from_offset
  %to_offset = mul i64 %k, %stride
  %to_row = getelementptr double, ptr %start, i64 %to_offset
  br label %sample
sample:
  %s = phi i64 [0, %output], [%s_next, %sample]
  %from = getelementptr double, ptr %from_row, i64 %s
  %x = load double, ptr %from
  %to = getelementptr double, ptr %to_row, i64 %s
  store double %x, ptr %to
  %s_next = add i64 %s, 1
  %more = icmp ult i64 %s_next, %rest
  br i1 %more, label %sample, label %output_done
output_done:
  %k_next = add i64 %k, 1
  %more_outputs = icmp ult i64 %k_next, {layers.outputs}
  br i1 %more_outputs, label %output, label %done
done:
  ret void
}}"""


def _gathered(layers: Layers, columns: int, place: int) -> str:
    tile = layers.tile
    vector = f"<{tile.lanes} x double>"
    copies = "\n".join(
        f"  %from_{v} = getelementptr i8, ptr %source, i64 {8 * tile.lanes * v}\n"
        f"  %x_{v} = load {vector}, ptr %from_{v}, align 8\n"
        f"  %to_{v} = getelementptr i8, ptr %row, i64 {8 * tile.lanes * v}\n"
        f"  store {vector} %x_{v}, ptr %to_{v}"
        for v in range(tile.vectors)
    )
    return f"""
define internal void @gathered(ptr %columns, ptr %work, i64 %at, i64 %here, i64 %panels) {{
entry:
  br label %column
column:
  %c = phi i64 [0, %entry], [%c_next, %column_done]
  %column_at = getelementptr ptr, ptr %columns, i64 %c
  %start = load ptr, ptr %column_at
  %source_0 = getelementptr double, ptr %start, i64 %at
  %row_offset = mul i64 %c, {tile.row}
  %row_start = add i64 %row_offset, {place}
  %row_0 = getelementptr i8, ptr %work, i64 %row_start
  br label %panel
panel:
  %p = phi i64 [0, %column], [%p_next, %panel_done]
  %s_0 = mul i64 %p, {tile.samples}
  %left = sub i64 %here, %s_0
  %source = getelementptr double, ptr %source_0, i64 %s_0
  %panel_offset = mul i64 %p, {columns * tile.row}
  %row = getelementptr i8, ptr %row_0, i64 %panel_offset
  %whole = icmp uge i64 %left, {tile.samples}
  br i1 %whole, label %fast, label %slow
fast:
{copies}
  br label %panel_done
slow:
  %s = phi i64 [0, %panel], [%s_next, %slow]
  %there = icmp ult i64 %s, %left
  %from_s = select i1 %there, i64 %s, i64 0
  %from = getelementptr double, ptr %source, i64 %from_s
  %x = load double, ptr %from
  %to = getelementptr double, ptr %row, i64 %s
  store double %x, ptr %to
  %s_next = add i64 %s, 1
  %more_samples = icmp ult i64 %s_next, {tile.samples}
  br i1 %more_samples, label %slow, label %panel_done
panel_done:
  %p_next = add i64 %p, 1
  %more_panels = icmp ult i64 %p_next, %panels
  br i1 %more_panels, label %panel, label %column_done
column_done:
  %c_next = add i64 %c, 1
  %more_columns = icmp ult i64 %c_next, {columns}
  br i1 %more_columns, label %column, label %done
done:
  ret void
}}"""


def _zeroed(layers: Layers) -> str:
    tile = layers.tile
    return f"""
define internal void @zeroed(ptr %work, i64 %place, i64 %rows, i64 %panels, i64 %here) {{
entry:
  %all = mul i64 %panels, {tile.samples}
  %partial = icmp ult i64 %here, %all
  br i1 %partial, label %last, label %done
last:
  %p = sub i64 %panels, 1
  %panel_bytes = mul i64 %rows, {tile.row}
  %panel_offset = mul i64 %p, %panel_bytes
  %start = add i64 %place, %panel_offset
  %panel = getelementptr i8, ptr %work, i64 %start
  %first = urem i64 %here, {tile.samples}
  br label %row
row:
  %j = phi i64 [0, %last], [%j_next, %row_done]
  %row_offset = mul i64 %j, {tile.row}
  %row_at = getelementptr i8, ptr %panel, i64 %row_offset
  br label %sample
sample:
  %s = phi i64 [%first, %row], [%s_next, %sample]
  %to = getelementptr double, ptr %row_at, i64 %s
  store double 0.0, ptr %to
  %s_next = add i64 %s, 1
  %more = icmp ult i64 %s_next, {tile.samples}
  br i1 %more, label %sample, label %row_done
row_done:
  %j_next = add i64 %j, 1
  %more_rows = icmp ult i64 %j_next, %rows
  br i1 %more_rows, label %row, label %done
done:
  ret void
}}"""
