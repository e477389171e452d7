"""Read a time that several columns make up: a year and its parts, or a date and a clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from unrolled.data.arrow import Ints, first_row, integers, is_text
from unrolled.data.time.clock import Stamps
from unrolled.data.time.codes import digits_format, split_digits
from unrolled.data.time.column import read_column
from unrolled.data.time.fields import instants
from unrolled.data.time.months import holds_months, read_months
from unrolled.data.time.stamp_text import read_text
from unrolled.data.time.template import pieces
from unrolled.data.time.units import MICROSECONDS
from unrolled.errors import DataError, SettingsError

# What a column is, by its name; the code of strftime.
NAMED = {
    "Y": ("year", "yr", "yyyy", "년", "년도", "연도"),
    "q": ("quarter", "qtr", "q", "분기"),
    "m": ("month", "mon", "mo", "mm", "mnth", "월"),
    "V": (
        "week",
        "wk",
        "weeknum",
        "week_number",
        "isoweek",
        "iso_week",
        "week_of_year",
        "주",
        "주차",
    ),
    "j": ("doy", "dayofyear", "day_of_year", "yearday", "yday", "julian", "julian_day"),
    "d": ("day", "dd", "mday", "day_of_month", "일"),
    "H": ("hour", "hr", "hh", "hours", "hour_ending", "he", "시"),
    "M": ("minute", "min", "mi", "minutes", "분"),
    "S": ("second", "sec", "ss", "seconds", "초"),
}
PERIODS = ("period", "settlement_period", "settlementperiod", "sp", "interval", "half_hour", "slot")
CODES = {name: code for code, named in NAMED.items() for name in named}
_POSITIONS = "YmdHMS"
# The periods of a day, counted from 1: how many there are, and the minutes of each.
_LENGTHS = {24: 60, 48: 30, 96: 15, 144: 10, 288: 5}


def part_code(name: str) -> str | None:
    """What a column of this name is of a time: a code, "period", or None.

    >>> part_code("Quarter"), part_code("Settlement Period"), part_code("price")
    ('q', 'period', None)
    """
    low = name.strip().lower().replace(" ", "_")
    return "period" if low in PERIODS else CODES.get(low)


def read_parts(
    columns: Mapping[str, pa.ChunkedArray], names: tuple[str, ...], date_format: str | None
) -> Stamps:
    """Read a time from a year and its parts, or from a date and a clock or the parts of one.

    What a part is, its name says (quarter, week, doy, hour, period, ...), else its place: year,
    month, day, hour, minute, second. Months may be names; a part may be text with digits (Q1).
    """
    formats = date_format.split(",") if date_format else [""] * len(names)
    if len(formats) != len(names):
        raise SettingsError(
            f"date_format: expected {len(names)} with commas between, for {', '.join(names)}, got "
            f"{date_format!r}"
        )
    first = columns[names[0]]
    if _is_year(first, formats[0]):
        return _from_year(columns, names, formats)
    if len(names) == 2 and (is_text(columns[names[1]].type) or _is_clock(columns[names[1]])):
        return _date_and_clock(columns, names, formats)
    fields, forms, codes = _fields(columns, names[1:], formats[1:], "HMS")
    if not fields.keys() <= {"H", "M", "S", "period"}:
        raise DataError(
            f"time: expected a clock beside the dates of column {names[0]!r} (hour, minute, "
            f"second or period), got {', '.join(map(repr, names[1:]))}"
        )
    bad, within = instants({"Y": np.full(len(first), 1970), **fields})
    _refuse(bad, columns, names)
    within = within + fields.get("period", 0)
    day = read_column(first, names[0], formats[0] or None, within)
    if day.integer:
        raise DataError(
            f"time: expected a year or dates in column {names[0]!r}, got {first[0].as_py()} in "
            "data row 1"
        )
    return replace(
        day,
        values=day.values + within,
        forms=(*day.forms, *forms),
        date_format=_kept([day.date_format, *codes], "period" in fields),
    )


def _kept(codes: list[str], always: bool) -> str:
    """The formats of several columns, where one of them would not be told from fewer rows."""
    return ",".join(codes) if always or codes[0] else ""


def _is_year(column: pa.ChunkedArray, asked: str) -> bool:
    if asked:
        return {piece.code for piece in pieces(asked)} in ({"Y", ""}, {"Y"}, {"G"}, {"G", ""})
    if not pa.types.is_integer(column.type):
        return is_text(column.type) and bool(re.fullmatch(r"\d{4}년?", str(column[0])))
    return digits_format(integers(column)) is None and bool(pc.max(column).as_py() <= 9999)


def _is_clock(column: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_time(column.type))


def _from_year(
    columns: Mapping[str, pa.ChunkedArray], names: tuple[str, ...], formats: list[str]
) -> Stamps:
    fields, forms, codes = _fields(columns, names, formats, _POSITIONS)
    if not fields.keys() & {"Y", "G"}:
        raise DataError(f"time: expected a year among {', '.join(map(repr, names))}")
    if "V" in fields:
        fields["G"] = fields.pop("Y", fields.get("G", np.array([])))
        forms = [form.replace("%Y", "%G") for form in forms]
        codes = [code.replace("%Y", "%G") for code in codes]
    bad, values = instants(fields)
    _refuse(bad, columns, names)
    notes: tuple[str, ...] = ()
    if "V" in fields:
        begin = values[:1].view("M8[us]").astype("M8[D]")[0]
        notes = (f"weeks are ISO weeks: week {fields['V'][0]} of {fields['G'][0]} begins {begin}",)
    kept = _kept(["", *codes[1:]], "period" in fields)
    values = values + fields.get("period", 0)
    return Stamps(values, tuple(forms), notes=notes, date_format=kept)


def _fields(
    columns: Mapping[str, pa.ChunkedArray], names: tuple[str, ...], formats: list[str], places: str
) -> tuple[dict[str, Ints], list[str], list[str]]:
    """The parts by code, how each is written, and its format."""
    fields: dict[str, Ints] = {}
    forms, told = [], []
    for at, (name, asked) in enumerate(zip(names, formats, strict=True)):
        code = _code(name, asked, places[at] if at < len(places) else "")
        column = columns[name]
        if code == "period":
            minutes, values = _periods(column, name, asked)
            fields["period"] = (values - 1) * minutes * MICROSECONDS["min"]
            form = f"{minutes}min"
            forms.append(f"{column.type} {form}")
        elif code == "H" and pa.types.is_integer(column.type) and pc.max(column).as_py() > 24:
            form = "%H%M"
            fields |= split_digits(integers(column), form)
            forms.append(f"{column.type} {form}")
        else:
            fields[code], form = _part(column, name, code)
            forms.append(form if is_text(column.type) else f"{column.type} {form}")
        told.append(form)
    return fields, forms, told


def _code(name: str, asked: str, place: str) -> str:
    if re.fullmatch(r"\d+min", asked):
        return "period"
    found = [piece.code for piece in pieces(asked) if piece.code] if asked else []
    if len(found) > 1:
        raise SettingsError(f"date_format: {asked!r}: expected one code for column {name!r}")
    code = found[0] if found else part_code(name) or place
    code = {"b": "m", "G": "Y", "o": "d", "I": "H"}.get(code, code)
    if code not in (*NAMED, "period"):
        raise DataError(
            f"time: what is column {name!r}? Expected a year, month, day, hour, ...; "
            "date_format= says it, as %Y,%q"
        )
    return code


def _part(column: pa.ChunkedArray, name: str, code: str) -> tuple[Ints, str]:
    """One part as integers (n,), and the template that writes it."""
    if pa.types.is_integer(column.type):
        return integers(column), f"%{code}"
    if pa.types.is_floating(column.type):
        values = column.to_numpy()
        if (values == np.floor(values)).all():
            return values.astype(np.int64), f"%{code}"
    if is_text(column.type) and code == "m" and holds_months(column):
        months, form = read_months(column, name)
        return integers(months), form
    text = column.cast(pa.string())
    around = re.fullmatch(r"(\D*)\d{1,4}(\D*)", str(text[0]))
    if is_text(column.type) and around:
        before, after = around.groups()
        shape = f"^{re.escape(before)}(?P<n>[0-9]{{1,4}}){re.escape(after)}$"
        found = pc.struct_field(pc.extract_regex(text, shape), "n")
        if not found.null_count:
            short = code in "mdHMSV" and pc.any(pc.less(pc.utf8_length(found), 2)).as_py()
            return integers(found), f"{before}%{'-' * short}{code}{after}"
        row = first_row(np.asarray(found.is_null()))
        raise DataError(
            f"time: column {name!r}, data row {row}: {text[row - 1].as_py()!r} is not like "
            f"{text[0].as_py()!r} in data row 1; date_format= says how the column is written"
        )
    raise DataError(f"time: expected integers in column {name!r}, got {column[0].as_py()!r}")


def _periods(column: pa.ChunkedArray, name: str, asked: str) -> tuple[int, Ints]:
    """The minutes of each period of the day, and the periods (n,), from 1."""
    values, _ = _part(column, name, "H")
    most = int(values.max())
    longer = {25: 24, 50: 48, 100: 96}
    if values.min() < 1 or most in longer:
        row = first_row((values < 1) | (values > longer.get(most, most)))
        raise DataError(
            f"time: column {name!r}, data row {row}: period {values[row - 1]} of a day; periods "
            "count from 1, and a day of 25 hours needs times in UTC or with their zone"
        )
    if asked:
        return int(asked.removesuffix("min")), values
    count = next((count for count in _LENGTHS if most <= count), None)
    if count is None:
        some = ", ".join(map(str, _LENGTHS))
        raise DataError(
            f"time: column {name!r}: expected at most one of {some} periods of a day, got {most}"
        )
    return _LENGTHS[count], values


def _date_and_clock(
    columns: Mapping[str, pa.ChunkedArray], names: tuple[str, ...], formats: list[str]
) -> Stamps:
    """A date and a clock that is text or of a time type, read as one text."""
    day, clock = (columns[name] for name in names)
    typed = not is_text(day.type)
    dates = (
        day.cast(pa.date32()).cast(pa.string())
        if typed and _is_date(day)
        else day.cast(pa.string())
    )
    hours = pc.utf8_trim_whitespace(clock.cast(pa.string()))
    # A blank parts them: the template is taken apart again where the clock begins.
    joined = pc.binary_join_element_wise(pc.utf8_trim_whitespace(dates), hours, " ")
    asked = " ".join([formats[0] or "%Y-%m-%d", formats[1]]) if formats[1] else None
    both = read_text(joined, ",".join(names), asked)
    (date_form, clock_form), (date_code, clock_code) = (
        _apart(both.forms[0]),
        _apart(both.date_format),
    )
    forms = (
        str(day.type) if typed else date_form,
        str(clock.type) if _is_clock(clock) else clock_form,
    )
    told = "" if typed or not both.date_format else f"{date_code},{clock_code}"
    return replace(both, forms=forms, date_format=told)


def _is_date(column: Any) -> bool:
    return bool(pa.types.is_date(column.type) or pa.types.is_timestamp(column.type))


def _apart(template: str) -> tuple[str, str]:
    """A template of a date and a clock -> both."""
    found = re.fullmatch(r"(.*?)\s((?:%[-^_O]?p\s*)?%[-^_O]?[HI].*)", template)
    return (found[1], found[2]) if found else (template, "")


def _refuse(bad: Any, columns: Mapping[str, pa.ChunkedArray], names: tuple[str, ...]) -> None:
    if bad.any():
        row = first_row(bad)
        found = ", ".join(f"{name}={columns[name][row - 1].as_py()}" for name in names)
        raise DataError(f"time: data row {row} is not a real date and time: {found}")
