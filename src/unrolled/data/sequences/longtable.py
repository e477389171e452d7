"""Read sequences from a long table: one row for each time step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from unrolled.data.arrow import is_number
from unrolled.data.columns.convert import convert, reason_against
from unrolled.data.columns.infer_time import guess_time
from unrolled.data.columns.keys import read_key
from unrolled.data.columns.missing import take_missing
from unrolled.data.columns.read import Raw
from unrolled.data.columns.roles import Roles, check_roles, column_names
from unrolled.data.scale import infinite
from unrolled.data.sequences.labels import check
from unrolled.data.sequences.ragged import Ragged
from unrolled.data.time.stamps import read_time
from unrolled.errors import DataError


def read_long(
    raw: Raw,
    series: str | Sequence[str] | None,
    label: str | None,
    time: str | None,
    per_step: bool,
) -> Ragged:
    """Read a table in which ``series`` says to which sequence a row belongs; see `Sequences`."""
    if series is None:
        raise DataError(
            f"read {raw.label}: name the column that says to which sequence a row belongs with "
            "series=; where every row is a sequence: --label-per row (wide=True); "
            "where it has a text: text="
        )
    check_roles(Roles(time, series, (label,) if label else ()), raw.columns)
    key = column_names(series, raw.columns)
    codes, names, _ = read_key({name: raw.columns.pop(name) for name in key})
    given = None if label is None else raw.columns.pop(label)
    times, sorting = _times(raw, time, len(codes))
    order = np.lexsort((times, codes))
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    features, values, left_out = _features(raw)
    return Ragged(
        np.split(values[order], cuts),
        None if given is None else _labels(label or "", given, order, cuts, names, per_step),
        names,
        features,
        raw.label,
        (sorting, *raw.notes, *left_out),
    )


def _times(raw: Raw, time: str | None, rows: int) -> tuple[np.ndarray, str]:
    """What the rows are sorted by (N,), their time or their order in the table; and in words."""
    names = column_names(time, raw.columns)
    if not names:
        try:
            names = guess_time(raw.columns, raw.index)[0]
        except DataError:
            return np.arange(rows), "no column looks like a time: the rows keep their order"
    stamps = read_time(raw.columns, names)
    for name in names:
        del raw.columns[name]
    how = "" if time else ", found by its values"
    return stamps.values, "; ".join((f"sorted by {' and '.join(names)}{how}", *stamps.notes))


def _features(raw: Raw) -> tuple[tuple[str, ...], np.ndarray, tuple[str, ...]]:
    """Names and numbers (N, D) of the columns of numbers, and why others are left out."""
    columns: dict[str, np.ndarray] = {}
    notes = []
    for name, column in raw.columns.items():
        against = reason_against(name, column)
        if against is None and str(column.type) == "bool":
            column = column.cast("int8")
        values = None if against else convert(name, column, "feature")
        if values is None or values.dtype == object:
            notes.append(f"left out: {name} ({against or 'it is text; features are numbers'})")
        else:
            numbers = _finite(raw, name, values.astype(np.float64))
            columns[name], told = take_missing(name, numbers, raw.format.na_numbers)
            notes += told
    if not columns:
        some = "; ".join(notes) or "there is no other column"
        raise DataError(f"read {raw.label}: no column of numbers is left as a feature; {some}")
    return tuple(columns), np.stack(list(columns.values()), axis=1), tuple(notes)


def _finite(raw: Raw, name: str, values: np.ndarray) -> np.ndarray:
    """The values; DataError names the first row of one that float32 cannot hold."""
    odd = np.flatnonzero(infinite(values))
    if len(odd):
        row, value = int(odd[0]), values[odd[0]]
        raise DataError(
            f"read {raw.label}: column {name!r}, data row {row + 1}: {value:g} is infinite or "
            "beyond float32"
        )
    return values


def _labels(
    label: str,
    column: Any,
    order: np.ndarray,
    cuts: np.ndarray,
    names: tuple[str, ...],
    per_step: bool,
) -> Any:
    """One label for each sequence, or a list of them; DataError where that cannot be."""
    if pa.types.is_nested(column.type):
        raise DataError(f"label {label!r}: expected text or numbers, got {column.type}")
    if is_number(column.type) and str(column.type) != "null":
        cells = np.array(column.to_pylist(), dtype=object)
    else:
        cells = np.array(column.cast("string").to_pylist(), dtype=object)
    groups = [group.tolist() for group in np.split(cells[order], cuts)]
    if per_step:
        return check(groups, list(map(len, groups)))
    chosen = []
    for name, group in zip(names, groups, strict=True):
        found = list(dict.fromkeys(one for one in group if one is not None))
        if not found:
            raise DataError(f"label {label!r}: sequence {name!r} has none")
        if len(found) > 1:
            raise DataError(
                f"label {label!r}: sequence {name!r} has {found[0]!r} and {found[1]!r}, expected "
                "one; if every time step has a label of its own: per_step=True, --label-per step"
            )
        chosen.append(found[0])
    return check(chosen, [1] * len(chosen))
