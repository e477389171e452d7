"""Read the time of a table: from dates, integers or text, in one column or several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from unrolled.data.arrow import Ints, first_row, integers, is_text
from unrolled.data.time.clock import LOWEST, Stamps, combine
from unrolled.data.time.months import holds_months, read_months
from unrolled.data.time.stamp_text import read_text
from unrolled.data.time.units import MICROSECONDS
from unrolled.errors import DataError


def is_compact(values: Ints) -> bool:
    """Whether integers are dates written as YYYYMMDD or YYYYMMDDHH."""
    for scale in (1, 100):
        dates = values // scale
        if len(values) and dates.min() >= 1900_01_01 and dates.max() <= 2200_12_31:
            month, day = dates // 100 % 100, dates % 100
            hour = values % scale if scale > 1 else values * 0
            return bool(
                ((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (hour <= 24)).all()
            )
    return False


def read_time(columns: Mapping[str, pa.ChunkedArray], names: tuple[str, ...]) -> Stamps:
    """Read the time from one column, or from several: date and time, date and hour, or parts.

    Parts are integers, the largest first: year, month, day, hour, minute, second; the month may be
    its English name. DataError names the first row without a valid time.
    """
    for name in names:
        if columns[name].null_count:
            row = first_row(np.asarray(columns[name].is_null()))
            raise DataError(
                f"time: expected a value in every row, column {name!r}, data row {row}, has none"
            )
    if len(names) == 1:
        return _read_column(columns[names[0]], names[0])
    if holds_months(columns[names[1]]):
        months, code = read_months(columns[names[1]], names[1])
        stamps = read_time({**columns, names[1]: months}, names)
        return replace(stamps, forms=(stamps.forms[0], code, *stamps.forms[2:]))
    kinds = [columns[name].type for name in names]
    if all(pa.types.is_integer(kind) for kind in kinds) and not is_compact(
        integers(columns[names[0]])
    ):
        return _read_parts(columns, names)
    if len(names) > 2:
        raise DataError(f"time: expected integers in {', '.join(names)}: year, month, day, hour")
    day = _read_column(columns[names[0]], names[0])
    if pa.types.is_integer(kinds[1]):
        hours = integers(columns[names[1]])
        _refuse_range(hours, names[1], 0, 24)
        values = day.values + hours * MICROSECONDS["h"]
        return replace(day, values=values, forms=(*day.forms, "int %H"))
    text = [columns[name].cast(pa.string()) for name in names]
    joined = pc.binary_join_element_wise(*text, " ")
    both = read_text(joined, ",".join(names))
    first, _, second = both.forms[0].partition(" ")
    forms = [kinds[0] if pa.types.is_date(kinds[0]) else first, second]
    return replace(both, forms=tuple(str(form) for form in forms))


def _read_column(column: pa.ChunkedArray, name: str) -> Stamps:
    kind = column.type
    if pa.types.is_timestamp(kind):
        stamps = column.cast(pa.timestamp("us", kind.tz), safe=False)
        return Stamps(integers(stamps), (str(kind),), kind.tz)
    if pa.types.is_date(kind):
        return Stamps(integers(column.cast(pa.timestamp("us"))), (str(kind),))
    if pa.types.is_integer(kind):
        values = integers(column)
        if is_compact(values):
            text = read_text(column.cast(pa.string()), name)
            return replace(text, forms=(f"int {text.forms[0]}",))
        return Stamps(values, (str(kind),), integer=True)
    if pa.types.is_floating(kind):
        floats = column.to_numpy()
        odd = ~np.isfinite(floats) | (floats != np.floor(floats))
        if odd.any():
            row = first_row(odd)
            raise DataError(
                f"time: expected whole numbers in column {name!r}, got {floats[row - 1]} "
                f"in data row {row}"
            )
        return Stamps(floats.astype(np.int64), (str(kind),), integer=True)
    if is_text(kind):
        return read_text(column, name)
    raise DataError(f"time: expected dates, text or integers in column {name!r}, got {kind}")


def _read_parts(columns: Mapping[str, pa.ChunkedArray], names: tuple[str, ...]) -> Stamps:
    parts = [integers(columns[name]) for name in names]
    missing = [np.full(len(parts[0]), low) for low in LOWEST[len(parts) :]]
    bad, values = combine([*parts, *missing])
    if bad.any():
        row = first_row(bad)
        found = ", ".join(
            f"{name}={part[row - 1]}" for name, part in zip(names, parts, strict=True)
        )
        raise DataError(f"time: data row {row} is not a real date and time: {found}")
    codes = ("%Y", "%m", "%d", "%H", "%M", "%S")
    return Stamps(values, tuple(f"int {code}" for code in codes[: len(names)]))


def _refuse_range(values: Ints, name: str, low: int, high: int) -> None:
    bad = (values < low) | (values > high)
    if bad.any():
        row = first_row(bad)
        raise DataError(
            f"time: expected {low} to {high} in column {name!r}, got {values[row - 1]} "
            f"in data row {row}"
        )
