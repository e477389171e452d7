"""Infer which columns are the time and the series; every guess comes with its reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from unrolled.data.arrow import Ints, encode, integers, is_row_number, is_text, is_whole
from unrolled.data.time.months import holds_months
from unrolled.data.time.stamp_text import looks_like_time
from unrolled.data.time.stamps import is_compact
from unrolled.errors import DataError

Columns = Mapping[str, Any]

TIME_NAMES = (
    *("ds", "time", "date", "datetime", "date_time", "timestamp", "time_hour", "dt", "period"),
    *("month", "week", "day", "일시", "날짜", "시간", "일자", "측정일시"),
)
STEP_NAMES = (
    "ds",
    "time",
    "t",
    "step",
    "time_step",
    "timestep",
    "time_idx",
    "year",
    "week",
    "index",
)
ID_NAMES = re.compile(
    r"(unique_)?id|.*_id|series|store|shop|item|station|site|sensor|location|meter", re.I
)
DATE_PARTS = ("year", "month", "day", "hour", "minute", "second")


def guess_time(columns: Columns, index: str | None) -> tuple[tuple[str, ...], str]:
    """The column or columns that are the time, and why; DataError when none can be."""
    lower = {name.lower(): name for name in columns}
    stamps = [name for name, column in columns.items() if name != index and holds_dates(column)]
    if stamps:
        rank = {name: place for place, name in enumerate(TIME_NAMES)}
        best = min(stamps, key=lambda name: rank.get(name.lower(), len(rank)))
        clock = _clock_column(columns, best, lower)
        if clock:
            return (best, clock), f"dates, with the clock in {clock!r}"
        return (best,), "its values are dates"
    parts = _date_parts(columns, lower)
    if len(parts) > 1 and parts[0].lower() == "year":
        named = holds_months(columns[parts[1]])
        return (
            parts,
            f"{'a year and a month' if named else 'integers'} named as the parts of a date",
        )
    if index:
        return (index,), "the index of the frame holds dates"
    for name in STEP_NAMES:
        if name in lower and is_whole(columns[lower[name]]):
            return (lower[name],), "integers under a name for time"
    for name, column in columns.items():
        if is_row_number(column):
            return (
                name,
            ), "integers that grow by one with each row; no other column can be the time"
    raise DataError(_no_time(list(columns)))


def _date_parts(columns: Columns, lower: Mapping[str, str]) -> tuple[str, ...]:
    """The columns named year, month, day, ... that hold integers, or names of months."""
    found = [lower[part] for part in DATE_PARTS if part in lower]
    return tuple(
        name
        for name in found
        if is_whole(columns[name]) or (name.lower() == "month" and holds_months(columns[name]))
    )


def holds_dates(column: Any) -> bool:
    """Whether a column is of a date type, or its first values are dates written as text."""
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return True
    if is_text(kind):
        texts = column.slice(0, 200).drop_null().slice(0, 20).cast(pa.string()).to_pylist()
        return looks_like_time(texts)
    if pa.types.is_integer(kind) and not column.null_count:
        head = np.asarray(column.slice(0, 200).cast(pa.int64(), safe=False))
        return is_compact(head)
    return False


def _clock_column(columns: Columns, date: str, lower: Mapping[str, str]) -> str | None:
    """The column with the time of day beside a column of days."""
    column = columns[date]
    days = pa.types.is_date(column.type) or (
        is_text(column.type) and ":" not in str(column.drop_null()[0])
    )
    if not days:
        return None
    for name in ("time", "hour", "hr", "clock"):
        if name not in lower or lower[name] == date:
            continue
        other = columns[lower[name]]
        if pa.types.is_time(other.type):
            return lower[name]
        if is_text(other.type) and re.fullmatch(r"\d{1,2}:\d{2}.*", str(other[0])):
            return lower[name]
        if is_whole(other) and pc.min(other).as_py() >= 0 and pc.max(other).as_py() <= 24:
            return lower[name]
    return None


def _no_time(names: list[str]) -> str:
    numbered = [re.fullmatch(r"(\D*)(\d+)", name) for name in names]
    kin = sum(found is not None for found in numbered) + sum(looks_like_time([n]) for n in names)
    if len(names) > 20 and kin > 0.8 * len(names):
        return (
            f"time: the table is wide ({len(names)} columns, {names[0]!r} to {names[-1]!r}, are "
            "time steps): expected a long one, with one row for each series and time; "
            "pandas: frame.melt(id_vars=…)"
        )
    some = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return (
        f"time: no column can be the time (there are {some}); name it with time=, "
        "or count the rows with time='none'"
    )


def guess_series(columns: Columns, times: Ints) -> tuple[tuple[str, ...], str] | None:
    """The columns that tell the series apart, and why; None when there is one series."""
    if "unique_id" in columns:
        return ("unique_id",), "the name unique_id"
    candidates = [name for name, column in columns.items() if is_text(column.type)]
    candidates += [n for n, c in columns.items() if is_whole(c) and ID_NAMES.fullmatch(n)]
    if not candidates or (np.diff(times) > 0).all():
        return None
    # Arrow's hashing numbers ten million times in a second, np.unique in ten.
    stamps = pa.array(times).dictionary_encode()
    codes = integers(stamps.indices)
    doubles = len(times) - len(stamps.dictionary)
    good: dict[str, int] = {}
    for name in candidates:
        named = ID_NAMES.fullmatch(name) is not None
        # A few doubles are an error to be named, not a reason to see series.
        if doubles < 0.1 * len(times) and not named:
            continue
        left = _doubles_left(columns[name], codes)
        if left is not None and (left <= 0.1 * doubles or (named and left < doubles)):
            good[name] = left
    if not good:
        return None
    return (min(good, key=lambda name: good[name]),), "with it, every time comes once"


def _doubles_left(column: Any, codes: Ints) -> int | None:
    """How many rows still share their time when a column tells series apart; None if it cannot."""
    text = encode(column)
    size = len(text.dictionary)
    if text.null_count or size < 2 or size > len(codes) / 2:
        return None
    pairs = codes * size + np.asarray(text.indices)
    pairs.sort()  # in place: a hash table of ten million pairs would take a gigabyte
    return int(np.count_nonzero(pairs[1:] == pairs[:-1]))
