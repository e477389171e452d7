"""Build the fields of a `Table`: read, infer roles, sort, lay on the time grid, convert."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unrolled.data.arrow import Ints, is_number, is_whole
from unrolled.data.columns.convert import (
    convert,
)
from unrolled.data.columns.counters import saved_index
from unrolled.data.columns.frames import NUMBERS_ROWS
from unrolled.data.columns.infer import guess_series
from unrolled.data.columns.infer_time import guess_time
from unrolled.data.columns.keys import SeriesKey, read_key
from unrolled.data.columns.missing import take_missing
from unrolled.data.columns.read import Raw, read_columns
from unrolled.data.columns.roles import Roles, as_key, check_roles, column_names, without_time
from unrolled.data.fill import fill_static, is_missing
from unrolled.data.table.choose import ASKED, Seen, guess_static, take_roles
from unrolled.data.table.findings import Findings, Notes
from unrolled.data.table.gridding import Grid, to_grid
from unrolled.data.table.merge import merge, merge_rule
from unrolled.data.table.source_format import SourceFormat
from unrolled.data.table.wide import hint, make_long
from unrolled.data.table.write import PERIOD
from unrolled.data.time.clock import Stamps, write_stamp
from unrolled.data.time.codes import PLAIN
from unrolled.data.time.grid import Step
from unrolled.data.time.stamps import read_time
from unrolled.errors import DataError

COUNTED = ("row", "row_number", "counted_row")  # the first that is free


Choose = Callable[[Mapping[str, Any]], NDArray[np.bool_]]
"""From the fields of a table that has no columns yet, the rows that say what columns are."""


def build(
    source: Any, asked: Roles, step: Step | None, choose: Choose, *, strict: bool
) -> dict[str, Any]:
    """Read a source into the fields of a table, by name; see `Table.read`.

    strict: whether a covariate without a value in the chosen rows is left out though it was named.
    """
    notes = Notes()
    raw, roles, why = _read(source, asked, notes)
    types = {name: column.type for name, column in raw.columns.items()}
    time, stamps = _take_time(raw, roles, step, notes)
    key = _take_series(raw, roles, stamps.values, notes)
    names = key.names
    counted = roles.time in COUNTED and roles.time != asked.time
    if counted:
        stamps = replace(stamps, values=_number_within(key.codes))
        notes.roles[time[0]] = ("time", "the rows are counted from 1, as asked")
    notes.notes += [] if key.values else hint(raw.columns, roles)
    grid = to_grid(stamps, key, raw.columns, step, roles, notes)
    layout = grid.layout
    present = np.zeros(len(layout.times), bool)
    present[layout.places] = True
    bare: dict[str, Any] = {
        "roles": replace(
            roles,
            time=asked.time if counted else ",".join(time),
            series=as_key(tuple(key.values)),
            date_format=roles.date_format or stamps.date_format or None,
        ),
        "step": layout.step,
        "names": names,
        "offsets": layout.offsets,
        "times": layout.times if stamps.integer else layout.times.view("M8[us]"),
        "columns": {},
        "present": present,
        "findings": Findings(),
        "source_format": SourceFormat(
            kind=raw.kind,
            native=raw.native.without(n for n in time if pa.types.is_dictionary(types[n])),
            zone=stamps.zone,
            time=time,
            forms=stamps.forms,
            series=key.values,
            types={name: types[name] for name in time},
        ),
    }
    seen = Seen.of(choose(bare), grid, len(stamps.values), strict)
    wanted = take_roles(raw, bare["roles"], seen, notes)
    columns = _convert_columns(raw, wanted, grid, notes)
    wanted = guess_static(wanted, roles, columns, layout.offsets, seen, notes)
    _fill_static(wanted, roles, columns, grid, seen, notes)
    notes.roles |= why
    source_format = bare["source_format"]
    types = source_format.types | {name: types[name] for name in wanted.target}
    return bare | {
        "roles": wanted,
        "columns": columns,
        "findings": _findings(raw, stamps, names, grid, notes),
        "source_format": replace(source_format, types=types),
    }


def _read(
    source: Any, roles: Roles, notes: Notes
) -> tuple[Raw, Roles, Mapping[str, tuple[str, str]]]:
    """The columns, made long where they are wide; their roles, and the reasons that this gives."""
    raw = read_columns(source, roles.format)
    roles = replace(roles, format=raw.format)
    notes.notes += raw.notes
    notes.left_out |= raw.left_out
    named = {*roles.columns(), *column_names(roles.time, raw.columns)}
    for name, why in saved_index(raw.columns, named).items():
        notes.left_out[name] = why
        del raw.columns[name]
    if without_time(roles, raw.columns):
        roles = _count_rows(raw, roles)
    roles = replace(roles, series=as_key(column_names(roles.series, raw.columns)))
    long = make_long(raw, roles)
    if long:
        raw, roles = long.raw, long.roles
        notes.notes += long.notes
        notes.left_out |= long.left_out
    check_roles(roles, raw.columns)
    return raw, roles, long.why if long else {}


def _count_rows(raw: Raw, roles: Roles) -> Roles:
    """The rows counted from 1 as a further column, which is the time."""
    name = next(name for name in COUNTED if name not in raw.columns)
    rows = len(next(iter(raw.columns.values()))) if raw.columns else 0
    raw.columns[name] = pa.chunked_array([pa.array(np.arange(1, rows + 1))])
    return replace(roles, time=name)


def _number_within(codes: Ints) -> Ints:
    """The number of each row (N,) within its series, from 1."""
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], codes)
    number = np.empty_like(codes)
    number[order] = np.arange(len(codes))
    return np.asarray(number - starts + 1)


def _take_time(
    raw: Raw, roles: Roles, step: Step | None, notes: Notes
) -> tuple[tuple[str, ...], Stamps]:
    names, why = column_names(roles.time, raw.columns), ASKED
    if not names:
        taken = roles.columns()
        free = {name: column for name, column in raw.columns.items() if name not in taken}
        names, why = guess_time(free, raw.index)
    asked = roles.date_format
    if not asked and step and step.is_integer and is_number(raw.columns[names[0]].type):
        asked = PLAIN  # so are the times then, be they like 201301
    stamps = read_time(raw.columns, names, asked if len(names) == 1 else roles.date_format)
    if len(names) == 1 and names[0] in raw.periods:
        stamps = replace(stamps, forms=(f"{PERIOD}{raw.periods[names[0]]}",))
    for name in names:
        del raw.columns[name]
    if raw.index in raw.columns and is_whole(raw.columns[raw.index]):
        notes.left_out[raw.index] = NUMBERS_ROWS
        del raw.columns[raw.index]
    notes.roles[",".join(names)] = ("time", why)
    notes.notes += stamps.notes
    return names, stamps


def _take_series(raw: Raw, roles: Roles, times: Ints, notes: Notes) -> SeriesKey:
    """The columns that tell the series apart, taken out; without any there is one series."""
    names, why = column_names(roles.series, raw.columns), ASKED
    if not names:
        taken = roles.columns()
        free = {name: column for name, column in raw.columns.items() if name not in taken}
        names, why = guess_series(free, times) or ((), "")
    if not names:
        return SeriesKey(np.zeros(len(times), np.int64), ("",), {})
    notes.roles |= dict.fromkeys(names, ("series", why))
    return read_key({name: raw.columns.pop(name) for name in names})


def _convert_columns(raw: Raw, roles: Roles, grid: Grid, notes: Notes) -> dict[str, NDArray[Any]]:
    """Every column converted, in the order of the grid; arrow columns are let go one by one."""
    layout, size = grid.layout, len(grid.layout.times)
    named = (*roles.target, *(roles.past or ()), *roles.future, *roles.static)
    columns: dict[str, NDArray[Any]] = {}
    for name in named:
        values = convert(name, raw.columns.pop(name), notes.roles[name][0])
        numbers = values.dtype != object
        if numbers:
            values, told = take_missing(name, values, roles.format.na_numbers)
            notes.notes += told
        missing = int(is_missing(values).sum())
        if missing:
            notes.missing[name] = missing
        if not numbers:
            notes.categories[name] = len(set(values[~is_missing(values)]))
        rule = "last" if name in roles.static else merge_rule(roles)
        values = merge(values[grid.order], grid.number, rule)
        if size > len(values):
            placed = np.full(size, np.nan if numbers else None, values.dtype)
            placed[layout.places] = values
            values = placed
        columns[name] = values
    return columns


def _fill_static(
    roles: Roles,
    asked: Roles,
    columns: dict[str, NDArray[Any]],
    grid: Grid,
    seen: Seen,
    notes: Notes,
) -> None:
    """Repeat static values over the gaps, and where they change; DataError for one that was named
    static and changes within a series.
    """
    for name in roles.static:
        filled = fill_static(columns[name], grid.layout.offsets, seen.grid)
        odd = (columns[name] != filled) & ~is_missing(columns[name])
        columns[name] = filled
        if not odd.any():
            continue
        row = grid.rows.place(int(np.argmax(odd[grid.layout.places])))
        if name in asked.static:
            raise DataError(
                f"static {name!r}: expected one value for each series, but {row} has another than "
                "the rows before"
            )
        notes.notes.append(
            f"{name}: {row} has another value than the rows before; the first of each series is "
            f"taken, for it never changes where the network learns (past={name!r} takes all)"
        )


def _findings(
    raw: Raw, stamps: Stamps, names: tuple[str, ...], grid: Grid, notes: Notes
) -> Findings:
    layout = grid.layout

    def write(value: int) -> str:
        return write_stamp(int(value), stamps.integer, stamps.zone)

    lengths = np.diff(layout.offsets)
    given = np.bincount(
        np.searchsorted(layout.offsets, layout.places, side="right") - 1, minlength=len(names)
    )
    gaps = lengths - given
    return Findings(
        source=raw.label,
        rows=len(grid.number),
        grid_rows=len(layout.times),
        series=len(names),
        step=str(layout.step),
        zone=stamps.zone,
        start=write(layout.times.min()),
        end=write(layout.times.max()),
        roles=notes.roles,
        gaps={names[s]: int(gaps[s]) for s in np.flatnonzero(gaps)},
        missing=notes.missing,
        categories=notes.categories,
        left_out=notes.left_out,
        notes=tuple(notes.notes),
    )
