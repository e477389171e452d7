"""Infer which column, or columns, are the time; every guess comes with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from unrolled.data.arrow import Ints, integers, is_number, is_row_number, is_text, is_whole
from unrolled.data.columns.keys import is_id
from unrolled.data.time.codes import digits_format, epoch_unit, read_digits, read_epoch
from unrolled.data.time.distinct import shorten
from unrolled.data.time.months import holds_months
from unrolled.data.time.parts import part_code
from unrolled.data.time.regular import fill
from unrolled.data.time.stamp_text import looks_like_time
from unrolled.errors import DataError

Columns = Mapping[str, Any]

TIME_NAMES = (
    *("ds", "time", "date", "datetime", "date_time", "timestamp", "time_hour", "dt", "period"),
    *("month", "week", "day", "일시", "날짜", "시간", "일자", "측정일시"),
)
_NAMED = re.compile(
    r"date|time|stamp|month|week|quarter|period|epoch|unix|yyyy|_at$|^(ds|dt|ts?|ym|qtr|when|day)$"
    r"|일시|날짜|시간|시각|일자|년월|분기|주차|^월$"
)
CLOCK_NAMES = ("time", "hour", "hr", "hour_ending", "he", "clock", "hhmm", "시간", "시")
STEP_NAMES = (
    *("ds", "time", "t", "step", "time_step", "timestep", "time_idx", "timestamp", "date"),
    *("datetime", "period", "year", "week", "index"),
)
DATE_PARTS = ("year", "month", "day", "hour", "minute", "second")
# Names too short, or with another meaning beside, to be taken for a part of a time unasked.
_UNSURE = {"q", "mm", "mo", "dd", "hh", "mi", "min", "sec", "ss", "julian", "interval", "slot"}
_RANGES = {"Y": (1500, 2200), "q": (1, 4), "m": (1, 12), "V": (1, 53), "j": (1, 366), "d": (1, 31)}
_RANGES |= {"H": (0, 24), "M": (0, 59), "S": (0, 59), "period": (1, 288), "HM": (0, 2400)}


def guess_time(columns: Columns, index: str | None) -> tuple[tuple[str, ...], str]:
    """The column or columns that are the time, and why; DataError when none can be."""
    for found in (_dates(columns, index), _parts(columns)):
        if found:
            return found
    if index:
        return (index,), "the index of the frame holds dates"
    lower = {name.lower(): name for name in columns}
    steps = [lower[name] for name in STEP_NAMES if name in lower and is_whole(columns[lower[name]])]
    steps += [n for n in columns if "year" in n.lower() and _plausible(columns[n], "Y")]
    for name in steps:
        if not is_constant(columns[name]):
            years = _plausible(columns[name], "Y")
            return (name,), "integers that are years" if years else "integers under a name for time"
    regular = [name for name, column in columns.items() if _regular(column)]
    if regular:
        return (regular[0],), "integers that read as dates make the rows regular"
    for name, column in columns.items():
        if is_row_number(column) and not is_id(name):
            why = "integers that grow by one with each row; no other column can be the time"
            return (name,), why
    raise DataError(_no_time(columns))


def is_time_name(name: str) -> bool:
    """Whether a column is named as a time.

    >>> [name for name in ("obs_date", "ts", "YYYYMM", "price") if is_time_name(name)]
    ['obs_date', 'ts', 'YYYYMM']
    """
    return _NAMED.search(name.strip().lower()) is not None


def is_constant(column: Any) -> bool:
    """Whether a column says the same in each of several rows."""
    if len(column) < 2 or column.null_count:
        return False
    # Most columns change at once: look at a few rows before all.
    some = pc.count_distinct(column.slice(0, 100)).as_py() == 1
    return bool(some and pc.count_distinct(column).as_py() == 1)


def holds_dates(column: Any, name: str = "") -> bool:
    """Whether a column is of a date type, or its first values are dates, as text or integers.

    name: of a column that is named as a time holds dates also as 201301 or seconds since 1970.
    """
    kind, named = column.type, is_time_name(name)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return True
    if is_text(kind):
        texts = column.slice(0, 200).drop_null().slice(0, 20).cast(pa.string()).to_pylist()
        return looks_like_time(texts, named)
    if column.null_count or not is_number(kind) or pa.types.is_decimal(kind):
        return False
    head = column.slice(0, 200).to_numpy()
    if pa.types.is_floating(kind) and not (named and np.isfinite(head).all()):
        return False
    if (head != np.floor(head)).any():
        return epoch_unit(head) == "s"
    if (np.abs(head) >= 2.0**63).any():
        return False
    head = head.astype(np.int64)
    return bool(digits_format(head, name if named else "") or (named and epoch_unit(head)))


def _dates(columns: Columns, index: str | None) -> tuple[tuple[str, ...], str] | None:
    """The best of the columns that hold dates, with a clock beside it; all others are named."""
    found = [n for n, column in columns.items() if n != index and holds_dates(column, n)]
    found = [n for n in found if not is_constant(columns[n]) or any(_clock(columns, n))]
    if not found:
        return None
    rank = {name: place for place, name in enumerate(TIME_NAMES)}
    best = min(found, key=lambda n: (columns[n].null_count > 0, rank.get(n.lower(), len(rank))))
    others = [repr(name) for name in found if name != best]
    also = f"; so are those of {', '.join(others)}: time= decides" if others else ""
    clock = tuple(_clock(columns, best))
    if clock:
        return (best, *clock), f"dates, with the clock in {', '.join(map(repr, clock))}{also}"
    return (best,), f"its values are dates{also}"


def _clock(columns: Columns, date: str) -> Iterator[str]:
    """The columns with the time of day beside a column of days."""
    if not _holds_days(columns[date]):
        return
    lower = {name.lower(): name for name in columns if name != date}
    hours = [lower[name] for name in CLOCK_NAMES if name in lower]
    first = next((name for name in hours if _is_clock(columns[name])), None)
    periods = [name for name in lower.values() if part_code(name) == "period"]
    first = first or next((n for n in periods if _plausible(columns[n], "period")), None)
    if first is None:
        return
    yield first
    if part_code(first) == "H" and is_whole(columns[first]):
        for code in "MS":
            named = [n for n in lower.values() if part_code(n) == code]
            inner = [name for name in named if _plausible(columns[name], code)]
            if not inner:
                return
            yield inner[0]


def _holds_days(column: Any) -> bool:
    """Whether dates have no clock of their own."""
    kind = column.type
    if pa.types.is_date(kind):
        return True
    if is_text(kind):
        return ":" not in str(column.drop_null()[0])
    if pa.types.is_timestamp(kind) and not kind.tz:
        days = column.slice(0, 1000).drop_null()
        return bool(pc.all(pc.equal(pc.floor_temporal(days, unit="day"), days)).as_py())
    return (
        is_whole(column)
        and digits_format(column.slice(0, 200).to_numpy().astype(np.int64)) == "%Y%m%d"
    )


def _is_clock(column: Any) -> bool:
    if pa.types.is_time(column.type):
        return True
    if is_text(column.type):
        return bool(re.fullmatch(r"\s*\d{1,2}:\d{2}.*", str(column[0])))
    return _plausible(column, "H") or _plausible(column, "HM")


def _parts(columns: Columns) -> tuple[tuple[str, ...], str] | None:
    """A year with the columns that tell the rest of a date."""
    found: dict[str, str] = {}
    for name, column in columns.items():
        code = part_code(name)
        if code and name.lower() not in _UNSURE and _plausible(column, code):
            found.setdefault(code, name)
    days = next((way for way in ("Ymd", "Yj", "YV", "Ym", "Yq") if set(way) <= found.keys()), None)
    if days is None:
        return None
    clock = ""
    for code in "HMS" if days in ("Ymd", "Yj") else "":
        if code not in found:
            break
        clock += code
    names = tuple(found[code] for code in days + clock)
    if days == "Ym" and holds_months(columns[names[1]]):
        return names, "a year and a month"
    return names, f"{_kind(columns, names)} named as the parts of a date"


def _kind(columns: Columns, names: tuple[str, ...]) -> str:
    return "integers" if all(is_whole(columns[name]) for name in names) else "columns"


def _plausible(column: Any, code: str) -> bool:
    """Whether the values of a column can be a part of a time."""
    low, high = _RANGES[code]
    if is_text(column.type) and not column.null_count:
        text = str(column[0])
        return (code == "m" and holds_months(column)) or (
            code in "YqVm" and re.fullmatch(r"\D{0,4}0?\d{1,4}\D{0,4}", text) is not None
        )
    if not is_whole(column) or not len(column):
        return False
    values = integers(column)
    if code == "HM" and not (values % 100 < 60).all():
        return False
    # One that is out of range is named with its row when the time is read.
    return bool(((values >= low) & (values <= high)).mean() >= 0.5)


def _regular(column: Any) -> bool:
    """Whether integers read as dates are regular, under whatever name."""
    if not is_whole(column) or len(column) < 6:
        return False
    values = integers(column)
    return fill(_instants(values)) >= 0.9 and not is_row_number(column)


def _instants(values: Ints) -> Ints:
    unit, template = epoch_unit(values), digits_format(values, "any")
    if unit:
        return read_epoch(values, unit)
    if template not in ("%Y%m", "%G%V"):
        return values[:0]
    bad, stamps = read_digits(values, template)
    return stamps[:0] if bad.any() else stamps


def _no_time(columns: Columns) -> str:
    names = list(columns)
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
        f"time: no column can be the time (there are {some}){_refused(columns)}; time= names "
        "it, time='none' counts the rows"
    )


def _refused(columns: Columns) -> str:
    """What the first column says that is named as a time, or looks a little like one."""
    named = [name for name in columns if is_time_name(name) and not columns[name].null_count]
    named += [n for n, column in columns.items() if is_text(column.type) and _has_digit(column)]
    for name in named:
        column = columns[name]
        if is_constant(column):
            return f"; {name!r} is the same in every row"
        return (
            f"; {name!r}, data row 1, says {shorten(str(column[0].as_py()))}, no time that is read"
        )
    return ""


def _has_digit(column: Any) -> bool:
    return not column.null_count and any(char.isdigit() for char in str(column[0]))
