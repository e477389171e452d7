"""Put the stamps of a table on its regular grid, which may follow the wall clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unrolled.data.arrow import Ints
from unrolled.data.columns.keys import SeriesKey
from unrolled.data.columns.roles import Roles
from unrolled.data.table.findings import Notes
from unrolled.data.table.infer_step import infer_step, month_ends, open_week, say_months
from unrolled.data.table.layout import (
    Layout,
    Rows,
    lay_out,
    refuse_duplicates,
    sort_rows,
)
from unrolled.data.table.merge import distinct, floor_times, merge_rule, merged_rows
from unrolled.data.table.rounding import leave_closed, round_rows
from unrolled.data.table.twice import hint_twice, merged_differ
from unrolled.data.time.clock import Stamps, from_wall, to_wall, write_stamp
from unrolled.data.time.grid import Step
from unrolled.data.time.units import HOUR
from unrolled.errors import DataError


@dataclass(frozen=True)
class Grid:
    """Where the given rows go: sorted by `order` (N,), each is the `number`-th (N,) of `rows` (M).

    rows: with each time once, in local time where `layout.step` follows it.
    """

    rows: Rows
    order: Ints
    number: Ints
    layout: Layout


def to_grid(
    stamps: Stamps,
    key: SeriesKey,
    others: Mapping[str, Any],
    step: Step | None,
    wanted: Roles,
    notes: Notes,
) -> Grid:
    """Sort the rows and lay them on the grid, which may follow local time; say what was done.

    others: the columns beside the time and the key, which may tell rows of one time apart.
    """

    def write(value: int) -> str:
        return write_stamp(value, stamps.integer, stamps.zone)

    def local(rows: Rows) -> Rows:
        times = to_wall(rows.times, stamps.zone)
        return replace(rows, times=times, write=lambda v: write_stamp(v, stamps.integer))

    step = _asked_step(step, wanted, stamps.integer)
    rows, backwards = sort_rows(stamps.values, key.codes, key.names, write)
    if backwards is not None:
        notes.notes.append(f"time goes backwards at data row {backwards + 1}: the rows were sorted")
    on_wall = _is_daily(rows) if step is None else step.is_local
    order, rows = rows.order, local(rows) if on_wall else rows
    if step and wanted.resample:
        rows = replace(rows, times=floor_times(rows.times, step))
    if not merge_rule(wanted):
        refuse_duplicates(rows, lambda *pair: hint_twice(stamps, key, others, backwards, pair))
    rows, number = distinct(rows)
    notes.notes += merged_rows(len(number), len(rows.times), wanted)
    notes.notes += merged_differ(key, others, order, number, wanted)
    found = month_ends(rows, step) if step else infer_step(rows, stamps.integer)
    rows, told = round_rows(rows, found)
    notes.notes += [told] if told else []
    if step is None:
        found, told = open_week(rows if on_wall else local(rows), found)
        notes.notes += [told] if told else []
        rows, on_wall = (local(rows), True) if found.open and not on_wall else (rows, on_wall)
    notes.notes += say_months(rows, found)
    keep, said = leave_closed(rows, found)
    notes.notes += said
    if not keep.all():
        rows, order, number = _kept(rows, order, number, keep)
    layout = lay_out(rows, found, step is not None)
    if on_wall:
        layout = replace(layout, times=from_wall(layout.times, stamps.zone))
    return Grid(rows, order, number, layout)


def _kept(
    rows: Rows, order: Ints, number: Ints, keep: NDArray[np.bool_]
) -> tuple[Rows, Ints, Ints]:
    """The same without some of the rows (M,)."""
    place = np.cumsum(keep) - 1
    left = replace(
        rows,
        times=rows.times[keep],
        codes=rows.codes[keep],
        order=rows.order[keep],
        starts=np.searchsorted(rows.codes[keep], np.arange(len(rows.starts))),
    )
    return left, order[keep[number]], place[number[keep[number]]]


def _asked_step(step: Step | None, roles: Roles, integer: bool) -> Step | None:
    """The step that was asked for, by step= or resample=; DataError where it cannot be."""
    resample = Step.parse(roles.resample) if roles.resample else None
    if step and resample and step != resample:
        raise DataError(f"resample: expected resample= or step= alone, got {resample} and {step}")
    step = step or resample
    if step and step.is_integer != integer:
        what = "integers" if integer else "dates"
        raise DataError(f"step: {step} was asked for, but the times are {what}")
    return step


def _is_daily(rows: Rows) -> bool:
    """Whether rows are a day or more apart (23 hours when the clocks change)."""
    gaps = np.diff(rows.times)[np.diff(rows.codes) == 0]
    return len(gaps) > 0 and bool(np.median(gaps) >= 23 * HOUR)
