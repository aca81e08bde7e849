"""A program as machine code made of its families: the functions of layers.py, and the loops around them.

run_on_leaves  what is the same for all samples; then blocks of 512 of them, one after the other
  gathered     in parts of SAMPLES: the leaves' part into panels
  …            the functions of the layers; sums are stored by a block's first part, and added to by the others
  zeroed       what is summed over the samples, beyond the last one
  ended        outputs at each sample: those of the last panel, as far as there are samples
  added        sums: those of a block after the first one, to the result, in the order of the blocks
run            the same for columns
"""

from __future__ import annotations

from ..program import Program
from . import driver, machine
from .columns import LEAF
from .gathered import gathered, on_columns
from .layers import Layers
from .llvm import Code, Plan
from .loops import Function
from .outside import Outside
from .panels import SAMPLES, tile_of

CALLS = 64  # in one function: LLVM's time grows with their square
_ONCE = "ptr %columns, ptr %scalars, ptr %work, ptr %out, i64 %stride"
_EACH = "ptr %columns, ptr %scalars, ptr %work, ptr %out_here, i64 %stride, i64 %panels, i64 %here, i1 %adds"


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

    calls = [
        f"  call void @zeroed(ptr %work, i64 {call[0]}, i64 {call[1]}, i64 %panels, i64 %here)"
        if isinstance(call, tuple)
        else invoked(call)
        for call in layers.calls
    ]
    columns, memory = sum(x.count for x in layers.X), layers.top + 4096
    stages, calls = _stages("stage", calls, _EACH)
    first_stages, before = _stages("before", [invoked(call, once=True) for call in layers.before], _ONCE)
    parts = [
        *layers.globals,
        *(text for _, text in texts.values()),
        *layers.callees.texts(),
        *(gathered(layers.tile, x.count, layers.places[x]) for x in layers.X),
        _zeroed(layers) if layers.summed else _ended(layers),
        *first_stages,
        *stages,
        _run(layers, before, calls),
        on_columns(columns, memory),
        driver.declarations(plan.machine),
    ]
    return Code("\n".join(parts), memory + 8 * LEAF * columns)


def _stages(name: str, calls: list[str], given: str) -> tuple[list[str], list[str]]:
    """Many calls in functions of a few, and the calls of these."""
    texts: list[str] = []
    while len(calls) > CALLS:
        parts = [calls[k : k + CALLS] for k in range(0, len(calls), CALLS)]
        calls = [f"  call void @{name}_{len(texts) + k}({given})" for k in range(len(parts))]
        texts += [
            "\n".join([call.replace("  call", "define internal", 1) + " {", *part, "  ret void", "}"])
            for call, part in zip(calls, parts)
        ]
    return texts, calls


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
