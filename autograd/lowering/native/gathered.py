"""From leaves where they stand to panels, for code made of families.

Rows are turned square by square on registers, samples that are neighbours in memory are copied by vectors, and all else
goes one by one.  Lanes beyond the last sample repeat the first one of their panel.
"""

from __future__ import annotations

from . import driver
from .columns import LEAF, SQUARE, fields, turning
from .panels import Tile


def gathered(tile: Tile, columns: int, place: int) -> str:
    """`gathered`, for so many columns in all, whose panels are at `place` in %work."""
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
    column = f"""  %column_offset = mul i64 %c, 8
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
{fields("", "varies 0, entries 2, source_ 5, next 6", "%record")}
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
  %is_wide = icmp uge i64 %count, {SQUARE}
  %in_squares = and i1 %is_wide, %any
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
}}
{turning()}"""


def on_columns(count: int, place: int) -> str:
    """`run`: every column is a leaf; their records are in %work."""
    words = "\n".join(
        f"  %word_{k} = getelementptr i64, ptr %record, i64 {k}\n  store i64 {word}, ptr %word_{k}"
        for k, word in ((0, 1), (2, 1), (5, "%start"), (6, 8))
    )
    column = f"""  %column_at = getelementptr i64, ptr %columns, i64 %c
  %start = load i64, ptr %column_at
  %record = getelementptr [{LEAF} x i64], ptr %leaves, i64 %c
{words}"""
    return f"""
define void @run({driver.RUN}) {{
entry:
  %leaves = getelementptr i8, ptr %work, i64 {place}
{driver.loop("column", "c", count, column) if count else ""}
  call void @run_on_leaves({driver.RUN.replace("%columns", "%leaves")})
  ret void
}}"""
