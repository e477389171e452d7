"""Read the time from one column: of dates, integers or text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from unrolled.data.arrow import Ints, first_row, integers, is_text
from unrolled.data.time.clock import Stamps
from unrolled.data.time.codes import (
    EPOCH_END,
    PLAIN,
    UNITS,
    digits_format,
    digits_note,
    epoch_note,
    epoch_unit,
    read_digits,
    read_epoch,
)
from unrolled.data.time.stamp_text import read_text
from unrolled.data.time.template import WIDTHS, pieces
from unrolled.data.time.zones import check_zone
from unrolled.errors import DataError, SettingsError


def read_column(
    column: pa.ChunkedArray, name: str, asked: str | None = None, clock: Ints | None = None
) -> Stamps:
    """Read the time from one column; asked: its format, None to tell it from the values.

    clock: the time of day (N,) in microseconds that other columns say: it may tell which order of
    day and month makes the rows regular.
    """
    kind = column.type
    if pa.types.is_timestamp(kind):
        if kind.tz:
            check_zone(kind.tz, name)
        stamps = column.cast(pa.timestamp("us", kind.tz), safe=False)
        return Stamps(integers(stamps), (str(kind),), kind.tz)
    if pa.types.is_date(kind):
        return Stamps(integers(column.cast(pa.timestamp("us"))), (str(kind),))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _read_numbers(column, name, asked)
    if is_text(kind):
        if asked in (*UNITS, PLAIN):
            raise DataError(f"time: column {name!r} holds text, date_format={asked} reads integers")
        return read_text(column, name, asked, clock)
    raise DataError(f"time: expected dates, text or integers in column {name!r}, got {kind}")


def _read_numbers(column: pa.ChunkedArray, name: str, asked: str | None) -> Stamps:
    kind = str(column.type)
    numbers = np.asarray(column.to_numpy())
    format_ = asked or _numbers_format(numbers, name)
    if format_ in UNITS and numbers.dtype.kind == "f":
        stamps = _read_epoch(_finite(numbers, name), name, format_)
    else:
        _refuse_fractions(numbers, name)
        values = numbers.astype(np.int64)
        if format_ in ("", PLAIN):
            return Stamps(values, (kind,), integer=True)
        if format_ not in UNITS:
            notes = () if asked else digits_note(values, format_)
            stamps = _read_digits(values, name, format_)
            kept = format_ if asked or notes else ""
            return Stamps(stamps, (f"{kind} {format_}",), None, False, notes, kept)
        stamps = _read_epoch(values, name, format_)
    notes = () if asked else (epoch_note(format_),)
    return Stamps(stamps, (f"{kind} {format_}",), "UTC", False, notes, asked or "")


def _numbers_format(numbers: np.ndarray, name: str) -> str:
    """The format that numbers (n,) of a time column are in; "" for a count."""
    if numbers.dtype.kind == "f":
        if not np.isfinite(numbers).all():
            return ""
        if (numbers != np.floor(numbers)).any():
            return "s" if epoch_unit(numbers) == "s" else ""
    values = numbers.astype(np.int64)
    return digits_format(values) or epoch_unit(values) or digits_format(values, name) or ""


def _read_digits(values: Ints, name: str, template: str) -> Ints:
    odd = [piece.text for piece in pieces(template) if piece.code not in WIDTHS]
    if odd:
        raise SettingsError(
            f"date_format: {template!r}: expected codes of digits alone, as in column {name!r}, "
            f"got {odd[0]!r}"
        )
    bad, stamps = read_digits(values, template)
    if bad.any():
        row = first_row(bad)
        raise DataError(
            f"time: column {name!r}, data row {row}: {values[row - 1]} is not a real date and time "
            f"when read as {template}"
        )
    return stamps


def _finite(numbers: np.ndarray, name: str) -> np.ndarray:
    odd = ~np.isfinite(numbers)
    if odd.any():
        raise DataError(
            f"time: expected finite numbers in column {name!r}, data row {first_row(odd)}"
        )
    return numbers


def _refuse_fractions(values: np.ndarray, name: str) -> None:
    odd = ~np.isfinite(values) | (values != np.floor(values))
    if odd.any():
        row = first_row(odd)
        raise DataError(
            f"time: expected whole numbers in column {name!r}, got {values[row - 1]} "
            f"in data row {row}"
        )


def _read_epoch(values: np.ndarray, name: str, unit: str) -> Ints:
    beyond = np.abs(values.astype(np.float64)) >= EPOCH_END * UNITS[unit]
    if beyond.any():
        row = first_row(beyond)
        raise DataError(
            f"time: column {name!r}, data row {row}: {values[row - 1]} {unit} since 1970 is beyond "
            "the year 9999"
        )
    return read_epoch(values, unit)
