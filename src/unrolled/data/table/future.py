"""The future frame: the rows to forecast, after the last target value; a plan joined to a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unrolled.data.columns.read import read_columns
from unrolled.data.columns.roles import Roles, check_roles
from unrolled.data.fill import fill_static, is_missing
from unrolled.data.table.layout import MOST_GAPS
from unrolled.data.table.split import Part
from unrolled.data.table.table import Table
from unrolled.data.time.clock import write_stamp
from unrolled.data.time.grid import Step, Times
from unrolled.errors import DataError

Ints = NDArray[np.int64]


def future_frame(table: Table, horizon: int) -> tuple[Table, Part]:
    """The table with F = horizon rows after the last target value of every series; those rows.

    Rows given there, with the future covariates, are used as they are; the others are added. The
    part has exactly one window for each series.

    A series without a target value is forecast after its last row.

    Raises DataError when no series has a target value, and for a future covariate without a value
    in one of the F rows; a series that ended F steps before the newest, or is without any target
    value, may lack them.
    """
    known = np.asarray(~np.isnan(table.numbers(table.roles.target)).all(axis=1))
    if not known.any():
        target = f"target {table.roles.target[0]!r}"
        raise DataError(
            f"predict: {target}: expected at least one value to forecast from, got none"
        )
    cutoffs, empty = _cutoffs(table, known)
    begins, ends = table.offsets[:-1], table.offsets[1:]
    added = np.maximum(cutoffs + horizon - ends, 0)
    lengths = ends - begins + added
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    # Where each new row comes from: a row of the table, or -1 for one that is added.
    source = np.concatenate(
        [
            np.concatenate((np.arange(b, e), np.full(n, -1)))
            for b, e, n in zip(begins, ends, added, strict=True)
        ]
    ).astype(np.int64)
    new = source < 0
    future = table.future_times(max(int(added.max()), 1))
    times = table.times[np.where(new, 0, source)].copy()
    times[new] = np.concatenate([row[:n] for row, n in zip(future, added, strict=True)])
    columns = {name: _longer(table, name, source, added) for name in table.columns}
    longer = replace(
        table, offsets=offsets, times=times, columns=columns, present=table.present[source] & ~new
    )
    first = cutoffs - begins + offsets[:-1]
    rows = np.stack((first, first + horizon), axis=1)
    part = Part("ahead", rows, offsets, table.names)
    lasting = ~empty
    last = times[np.maximum(first - 1, offsets[:-1])]
    lasting &= longer.step.shift(last, horizon) > last[~empty].max()
    _check_future(longer, part, np.flatnonzero(lasting))
    return longer, part


def _cutoffs(table: Table, known: np.ndarray) -> tuple[Ints, np.ndarray]:
    """The row (S,) after the last one with a target; where there is none, the end: bool (S,)."""
    newest = np.maximum.accumulate(np.where(known, np.arange(len(known)), -1))
    last = newest[table.offsets[1:] - 1]
    empty = last < table.offsets[:-1]
    cutoffs: Ints = np.where(empty, table.offsets[1:], last + 1).astype(np.int64)
    return cutoffs, empty


def _longer(table: Table, name: str, source: np.ndarray, added: np.ndarray) -> np.ndarray:
    values = table.columns[name]
    longer: np.ndarray = values[np.maximum(source, 0)].copy()
    longer[source < 0] = None if values.dtype == object else np.nan
    if name in table.roles.static:
        longer[source < 0] = np.repeat(values[table.offsets[1:] - 1], added)
    return longer


def _check_future(table: Table, part: Part, lasting: Ints) -> None:
    for name in table.roles.future:
        missing = is_missing(table.columns[name])
        before = np.concatenate(([0], np.cumsum(missing)))
        holed = before[part.rows[lasting, 1]] > before[part.rows[lasting, 0]]
        for s in lasting[holed][:1]:
            series, (first, last) = part.names[s], part.rows[s]
            hole = first + int(np.argmax(missing[first:last]))
            at = str(table.times[hole]).replace("T", " ")[:16]
            where = f" of series {series!r}" if series else ""
            raise DataError(
                f"predict: future covariate {name!r}: expected a value for each of the "
                f"{last - first} steps to forecast{where}, got none at {at}"
            )


def with_future(table: Table, plan: Any) -> Table:
    """The table with the rows of a plan after the last row of each series.

    plan: what `Table.read` takes, of the same step: the time, the series if there is one, the
    future covariates. Of the other columns those that it lacks are missing there; static ones go
    on. At times that both have, the table's values stand and the plan's fill what is missing.

    Raises DataError for a future covariate that the plan lacks, another step or grid, a series
    that the table does not have, and a value other than the table's at the same time.
    """
    later = _read_plan(table, plan)
    series, places = _places(table, later)
    rows = np.flatnonzero((places >= 0) & later.present)  # a plan may begin before the table
    lengths = np.diff(table.offsets)
    np.maximum.at(lengths, series[rows], places[rows] + 1)
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    if offsets[-1] > MOST_GAPS * (len(table) + len(later)) + 10_000:
        far = _at(later, int(np.argmax(places)))
        raise DataError(
            f"plan: expected rows that follow those of the table, got {far}, too far from them"
        )
    old = np.arange(len(table)) + (offsets - table.offsets)[table.series]
    join = _Join(offsets, old, later, rows, offsets[series[rows]] + places[rows])
    present = np.zeros(offsets[-1], bool)
    present[old] = table.present
    present[join.new] = True
    return replace(
        table,
        offsets=offsets,
        times=_grid_times(table, offsets),
        columns={name: _joined(table, name, join) for name in table.columns},
        present=present,
    )


class _Join(NamedTuple):
    """Where rows go: those of the table to `old`; of the plan `rows` are used, they go to `new`."""

    offsets: Ints
    old: Ints
    later: Table
    rows: Ints
    new: Ints


def _read_plan(table: Table, plan: Any) -> Table:
    """The plan as a table of the same step; DataError when it does not fit the table."""
    try:
        given = isinstance(plan, Table)
        later: Table = (
            plan if given else _read_as(table, read_columns(plan, table.roles.format).columns)
        )
        check_roles(Roles(future=table.roles.future), later.columns)
    except DataError as error:
        raise DataError(f"plan: {error}") from None
    if later.step != table.step:
        raise DataError(f"plan: expected the table's step of {table.step}, got {later.step}")
    zone, other = table.source_format.zone, later.source_format.zone
    if (zone is None) != (other is None):
        had, got = (f"in zone {one}" if one else "without a zone" for one in (zone, other))
        raise DataError(f"plan: expected times {had}, as the table has, got times {got}")
    return later


def _read_as(table: Table, columns: Mapping[str, Any]) -> Table:
    """Arrow columns by the roles of a table; targets, past and static covariates may lack."""

    def there(names: tuple[str, ...] | None) -> tuple[str, ...]:
        return tuple(name for name in names or () if name in columns)

    roles = table.roles
    if roles.time == "none" and table.source_format.time[0] in columns:
        roles = replace(roles, time=table.source_format.time[0])
    roles = replace(
        roles,
        target=there(roles.target),
        past=there(roles.past),
        static=there(roles.static),
        holidays=(),
    )
    return read_like(pa.table(dict(columns)), roles, table.step)


def read_like(source: Any, roles: Roles, step: Step) -> Table:
    """Read a source by the roles and the step of a table; its times may be written differently."""
    try:
        return Table.read(source, roles, step=str(step))
    except DataError:
        if roles.date_format is None:
            raise
        return Table.read(source, replace(roles, date_format=None), step=str(step))


def _places(table: Table, later: Table) -> tuple[Ints, Ints]:
    """The number in the table of each plan row's series, and the row within that series."""
    numbers = {name: number for number, name in enumerate(table.names)}
    for name in later.names:
        if name not in numbers:
            some = ", ".join(map(repr, table.names[:12]))
            raise DataError(f"plan: no series {name!r} in the table; it has {some}")
    series = np.array([numbers[name] for name in later.names], np.int64)[later.series]
    steps = table.steps_to(series, later.times)
    if later.roles.time == "none":  # its rows, counted from 1, follow the last of the table
        steps = steps + np.diff(table.offsets)[series]
        return series, steps
    off = np.flatnonzero(table.times_at(series, steps) != later.times)
    if len(off):
        when = _at(later, int(off[0]))
        raise DataError(f"plan: {when} is not whole steps of {table.step} after the table's rows")
    return series, steps


def _grid_times(table: Table, offsets: Ints) -> Times:
    """The times of the table's series, each made longer: (N,) for offsets (S+1,)."""
    lengths = np.diff(offsets)
    series = np.repeat(np.arange(len(lengths)), lengths)
    return table.times_at(series, np.arange(offsets[-1]) - offsets[series])


def _joined(table: Table, name: str, join: _Join) -> NDArray[Any]:
    """One column of the table, made longer by what the plan says."""
    values, later = table.columns[name], join.later
    given = later.columns.get(name, _blank(len(later), text=False))
    values, given = _alike(name, values, given)
    joined = _blank(int(join.offsets[-1]), values.dtype == object)
    joined[join.old] = values
    if name in table.roles.static:
        joined = fill_static(joined, join.offsets, np.zeros(len(joined), bool))
    given, known = given[join.rows], joined[join.new]
    missing = is_missing(known)
    odd = np.flatnonzero(~missing & ~is_missing(given) & (given != known))
    if len(odd):
        when = _at(later, int(join.rows[odd[0]]))
        raise DataError(
            f"plan: column {name!r} says {given[odd[0]]} at {when}, the table {known[odd[0]]}"
        )
    if name not in table.roles.static:
        joined[join.new] = np.where(missing, given, known)
    return joined


def _alike(name: str, *columns: NDArray[Any]) -> list[NDArray[Any]]:
    """The column in the table and in the plan as one kind; without any value it has none."""
    kinds = {values.dtype.kind for values in columns if not is_missing(values).all()}
    if len(kinds) > 1:
        held = ["text" if values.dtype == object else "numbers" for values in columns]
        raise DataError(f"plan: column {name!r}: expected {held[0]} as in the table, got {held[1]}")
    text = kinds == {"O"}
    return [v if (v.dtype == object) == text else _blank(len(v), text) for v in columns]


def _blank(rows: int, text: bool) -> NDArray[Any]:
    """A column (rows,) without any value."""
    return np.full(rows, None if text else np.nan, object if text else np.float64)


def _at(table: Table, row: int) -> str:
    """The time of a row, for messages, with its series."""
    name = table.names[int(table.series[row])]
    value = int(table.times.view(np.int64)[row])
    when = write_stamp(value, table.step.is_integer, table.source_format.zone)
    return f"{when} of series {name!r}" if name else when
