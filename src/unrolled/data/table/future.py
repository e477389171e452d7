"""The future frame: the rows to forecast, after the last target value of each series."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from unrolled.data.fill import is_missing
from unrolled.data.table.split import Part
from unrolled.errors import DataError

if TYPE_CHECKING:
    from unrolled.data.table.table import Table


def future_frame(table: Table, horizon: int) -> tuple[Table, Part]:
    """The table with F = horizon rows after the last target value of every series; those rows.

    Rows given there, with the future covariates, are used as they are; the others are added. The
    part has exactly one window for each series.

    A series without a target value is forecast after its last row.

    Raises DataError when no series has a target value, and for a future covariate without a value
    in one of the F rows.
    """
    known = ~np.isnan(table.numbers(table.roles.target)).all(axis=1)
    if not known.any():
        target = f"target {table.roles.target[0]!r}"
        raise DataError(
            f"predict: {target}: expected at least one value to forecast from, got none"
        )
    cutoffs = np.array([_cutoff(table, known, s) for s in range(len(table.names))], dtype=np.int64)
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
    columns = {name: _longer(table, name, source, offsets) for name in table.columns}
    longer = replace(
        table, offsets=offsets, times=times, columns=columns, present=table.present[source] & ~new
    )
    first = cutoffs - begins + offsets[:-1]
    rows = np.stack((first, first + horizon), axis=1)
    part = Part("ahead", rows, offsets, table.names)
    _check_future(longer, part)
    return longer, part


def _cutoff(table: Table, known: np.ndarray, series: int) -> int:
    """The row after the last one with a target."""
    begin, end = int(table.offsets[series]), int(table.offsets[series + 1])
    present = np.flatnonzero(known[begin:end])
    return begin + int(present[-1]) + 1 if len(present) else end


def _longer(table: Table, name: str, source: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    values = table.columns[name]
    longer: np.ndarray = values[np.maximum(source, 0)].copy()
    longer[source < 0] = None if values.dtype == object else np.nan
    if name in table.roles.static:
        firsts = values[table.offsets[:-1]]
        longer = np.repeat(firsts, np.diff(offsets))
    return longer


def _check_future(table: Table, part: Part) -> None:
    for name in table.roles.future:
        missing = is_missing(table.columns[name])
        for series, (first, last) in zip(part.names, part.rows, strict=True):
            holes = np.flatnonzero(missing[first:last])
            if len(holes):
                at = str(table.times[first + holes[0]]).replace("T", " ")[:16]
                where = f" of series {series!r}" if series else ""
                raise DataError(
                    f"predict: future covariate {name!r}: expected a value for each of the "
                    f"{last - first} steps to forecast{where}, got none at {at}"
                )
