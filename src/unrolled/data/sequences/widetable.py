"""Read sequences from a wide table: one row for each, a column for each time step."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from unrolled.data.arrow import is_number
from unrolled.data.columns.convert import convert
from unrolled.data.columns.keys import read_key
from unrolled.data.columns.read import Raw
from unrolled.data.columns.roles import Roles, check_roles, column_names
from unrolled.data.scale import infinite
from unrolled.data.sequences.labels import check, plain
from unrolled.data.sequences.ragged import Ragged
from unrolled.errors import DataError

FEWEST = 3  # columns that count before a row is taken for a sequence


def is_wide(raw: Raw, series: str | Sequence[str] | None, label: str | None) -> bool:
    """Whether the columns beside the label are numbered, and no sequence has a second row.

    Then they are the steps of a sequence: t0, t1, t2, or 0, 1, 2.
    """
    key = column_names(series, raw.columns) if series else ()
    if not all(name in raw.columns for name in key):
        return False
    steps = [name for name in raw.columns if name not in (*key, label)]
    if len(steps) < FEWEST or not all(_holds_numbers(raw.columns[name]) for name in steps):
        return False
    if key and len(read_key({name: raw.columns[name] for name in key})[1]) < _rows(raw):
        return False
    parts = [re.fullmatch(r"(.*?)(\d+)", name) for name in steps]
    if not all(parts):
        return False
    found = [(part[1], int(part[2])) for part in parts if part]
    gaps = {b[1] - a[1] for a, b in pairwise(found)}
    return len({name for name, _ in found}) == 1 and len(gaps) == 1 and min(gaps) > 0


def read_wide(raw: Raw, series: str | Sequence[str] | None, label: str | None) -> Ragged:
    """Each row a sequence of one feature, its columns the steps in their order."""
    check_roles(Roles(None, series, (label,) if label else ()), raw.columns)
    names: tuple[Any, ...] = ()
    if series is not None:
        key = {name: raw.columns.pop(name) for name in column_names(series, raw.columns)}
        codes, found, _ = read_key(key)
        names = tuple(found[code] for code in codes)
    given = None if label is None else raw.columns.pop(label)
    values = np.stack([_step(raw, name) for name in raw.columns], axis=1)
    values[np.isin(values, raw.format.na_numbers)] = np.nan
    rows = [row[:, None] for row in values]
    labels = None if given is None else check(plain(given), [1] * len(rows))
    steps = list(raw.columns)
    note = f"every row is a sequence, its steps the columns {steps[0]} to {steps[-1]}"
    return Ragged(rows, labels, names, (), raw.label, (note, *raw.notes))


def _rows(raw: Raw) -> int:
    return len(next(iter(raw.columns.values())))


def _holds_numbers(column: Any) -> bool:
    """Whether a column is of numbers, or of nothing: padding that no row fills."""
    return is_number(column.type) or column.null_count == len(column)


def _step(raw: Raw, name: str) -> np.ndarray:
    """The numbers of a column; DataError for one of texts, and for a number beyond float32."""
    column = raw.columns[name]
    if column.null_count == len(column):
        return np.full(len(column), np.nan)
    values = convert(name, column, "feature")
    if values.dtype == object:
        raise DataError(
            f"read {raw.label}: column {name!r} is text, expected a step of numbers; where a row "
            "is a time step, series= names its sequence, without --label-per row "
            "(wide=True)"
        )
    odd = np.flatnonzero(infinite(values.astype(np.float64)))
    if len(odd):
        raise DataError(
            f"read {raw.label}: column {name!r}, data row {odd[0] + 1}: {values[odd[0]]:g} is "
            "infinite or beyond float32"
        )
    return values.astype(np.float64)
