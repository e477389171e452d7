"""Wide tables, a column for each time step or for each series, made long."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unrolled.data.arrow import integers, is_number, is_row_number, is_text, is_whole
from unrolled.data.columns.convert import stray_text
from unrolled.data.columns.counters import COUNTS
from unrolled.data.columns.infer_time import (
    DATE_PARTS,
    STEP_NAMES,
    guess_time,
    holds_dates,
)
from unrolled.data.columns.keys import is_id
from unrolled.data.columns.read import Raw
from unrolled.data.columns.roles import Roles, as_key, check_roles, column_names
from unrolled.data.table.melt import (
    SERIES,
    TIME,
    VALUE,
    Long,
    arrow_column,
    fewest_names,
    joined,
    long_roles,
    note,
    numbers,
    refuse_taken,
    refuse_twice,
    unroll,
    without_value,
)
from unrolled.data.time.codes import digits_format
from unrolled.data.time.months import month_number
from unrolled.data.time.stamp_text import looks_like_time
from unrolled.errors import DataError

FEWEST = 3  # columns of time steps that make a table wide
LIKE = 10  # times as large as another column may be, to be of like scale
ALIKE = 8  # columns of like names that make it worth a hint


def make_long(raw: Raw, roles: Roles) -> Long | None:
    """A wide table as series, time and value; None for a table that is long as it is.

    Recognised: a row for each series with dates or numbers as column names, and a row for each year
    with twelve months as column names; unless `time` or `target` names a column that is there. With
    `roles.wide`, a column for each series. The columns that are melted are taken out of `raw`.

    Raises DataError for a column that does not hold numbers, and for rows without a name of their
    own.
    """
    targets = any(name in raw.columns for name in roles.target)
    times = any(name in raw.columns for name in column_names(roles.time, raw.columns))
    if not (targets or times or raw.index):
        found = _from_years(raw, roles) or _from_rows(raw, roles)
        if found:
            return found
    return _from_columns(raw, roles) if roles.wide and not targets else None


def hint(columns: Mapping[str, Any], roles: Roles) -> list[str]:
    """A note on columns of numbers that may be series: named alike, or all of like scale.

    columns: those that are neither time nor series. None where targets are named.
    """
    if roles.target or roles.wide:
        return []
    told = "if each is a series of its own, --wide (Roles(wide=True)) reads them so"
    named = [re.fullmatch(r"(.*?)\d+", n) for n, c in columns.items() if is_number(c.type)]
    kin = Counter(found[1] for found in named if found).most_common(1)
    if kin and kin[0][1] >= ALIKE:
        alike = [found[0] for found in named if found and found[1] == kin[0][0]]
        return [f"{len(alike)} columns are named alike, {alike[0]} to {alike[-1]}: {told}"]
    free = {n: c for n, c in columns.items() if n.lower() not in DATE_PARTS}
    if len(free) < FEWEST or roles.columns() or not _like_scale(free):
        return []
    first, *_, last = free
    return [f"{len(free)} columns are numbers of like scale, {first} to {last}: {told}"]


def _like_scale(columns: Mapping[str, Any]) -> bool:
    """Whether all columns are numbers that change, and about as large as each other."""
    sizes = []
    for column in columns.values():
        if not is_number(column.type) or is_row_number(column):
            return False
        known = column.drop_null().cast("float64").to_numpy()
        if len(known) < FEWEST or len(np.unique(known[:1000])) < FEWEST:
            return False
        sizes.append(np.median(np.abs(known)))
    return bool(0 < max(sizes) <= LIKE * min(sizes))


def _from_years(raw: Raw, roles: Roles) -> Long | None:
    """A row for each year and a column for each month."""
    months = _month_columns(raw.columns)
    rest = [name for name in raw.columns if name not in months]
    year = next((n for n in rest if _is_year(n, raw.columns[n], months)), None)
    if not months or year is None:
        return None
    years = integers(raw.columns.pop(year))
    kept = [name for name in rest if name != year and _tells_rows(name, raw.columns[name], roles)]
    if not kept:
        refuse_twice({year: pa.chunked_array([pa.array(years)])})
    refuse_taken(kept, TIME, VALUE)
    matrix = numbers(raw, months).T
    dates = ((years[:, None] - 1970) * 12 + np.arange(12)).astype("M8[M]").astype("M8[D]")
    # The months that are still to come are no gaps.
    inside = dates <= dates[~np.isnan(matrix)].max()
    rows = np.nonzero(inside)[0]
    columns = {name: raw.columns[name].take(pa.array(rows)) for name in kept}
    columns |= {TIME: arrow_column(dates[inside]), VALUE: arrow_column(matrix[inside])}
    why = _told(f"the year in {year!r}, the month in the name of the column", months)
    return Long(
        replace(raw, columns=columns),
        long_roles(roles, TIME, None),
        why,
        (note(len(years), "rows of twelve months each", columns),),
        {n: "it is no month" for n in rest if n not in kept and n != year},
    )


def _month_columns(names: Collection[str]) -> list[str]:
    """The twelve columns named January to December, Jan to Dec or 1 to 12; none if there are not.

    >>> _month_columns(["Year", "Feb"])
    []
    """
    found = [name for name in names if month_number(name)]
    if [month_number(name) for name in found] == list(range(1, 13)):
        return found
    found = [name for name in names if name.isdecimal()]
    return found if [int(name) for name in found] == list(range(1, 13)) else []


def _is_year(name: str, column: Any, months: Collection[str]) -> bool:
    if not is_whole(column) or (name.lower() != "year" and "1" in months):
        return False
    years = integers(column)
    return bool(years.min() >= 1600 and years.max() <= 2200)


def _tells_rows(name: str, column: Any, roles: Roles) -> bool:
    """Whether a column beside the months may name a series: an annual mean does not."""
    number = is_whole(column) and is_id(name)
    return name in roles.columns() or is_text(column.type) or number


def _from_rows(raw: Raw, roles: Roles) -> Long | None:
    """A row for each series and a column for each time step, which its name tells."""
    steps, times = _steps(raw.columns)
    rest = {name: column for name, column in raw.columns.items() if name not in set(steps)}
    if len(steps) < FEWEST or any(holds_dates(column) for column in rest.values()):
        return None
    dated = times.dtype == object
    names = _row_names(rest, roles, dated)
    if not names and (rest or not dated):
        return None
    rows = len(raw.columns[steps[0]])
    left_out = {n: COUNTS for n, c in rest.items() if n not in names and is_row_number(c)}
    shared = {n: column for n, column in rest.items() if n not in names and n not in left_out}
    alone = len(names) < 2 and as_key(names) != roles.series
    keys = {n: rest[n] for n in names} or {SERIES: arrow_column(np.arange(1, rows + 1))}
    keys = {SERIES: next(iter(keys.values()))} if alone else keys
    refuse_taken(shared, *keys, TIME, VALUE)
    row, at, values = unroll(numbers(raw, steps).T)
    long = {name: c.take(pa.array(row)) for name, c in {**keys, **shared}.items()}
    long |= {TIME: arrow_column(times[at]), VALUE: arrow_column(values)}
    named = f", named in {' and '.join(map(repr, names))}" if names else ""
    why = dict.fromkeys(keys, ("series", f"a row for each{named}"))
    why |= _told(f"the names of the columns {steps[0]} to {steps[-1]}", steps)
    told = (note(rows, "rows of one series each", long), *without_value(joined(keys), row))
    key = as_key(tuple(keys))
    return Long(replace(raw, columns=long), long_roles(roles, TIME, key), why, told, left_out)


def _told(why: str, names: list[str]) -> dict[str, tuple[str, str]]:
    return {TIME: ("time", why), VALUE: ("target", f"the values in {names[0]} to {names[-1]}")}


def _steps(columns: Mapping[str, Any]) -> tuple[list[str], NDArray[Any]]:
    """The columns that are time steps, and their times (T,): texts of dates, or integers.

    Numbers alone are the times themselves; after a letter they count from 1, whatever the first,
    unless they are years: YR2000.
    """
    dates = [name for name in columns if _is_date(name)]
    if len(dates) >= FEWEST:
        return dates, np.array(dates, object)
    named = {name: re.fullmatch(r"(.*?)(\d+)", name) for name in columns}
    found = [m for n, m in named.items() if m and m[2].isdecimal() and _is_numeric(columns[n])]
    times = np.array([int(m[2]) for m in found if len(m[2]) < 10], np.int64)
    gaps = np.diff(times)
    if len({m[1] for m in found}) != 1 or len(times) < len(found) or (gaps < 1).any():
        return [], times
    if found[0][1] and not (times[0] >= 1900 and times[-1] <= 2100):
        times = np.arange(1, len(found) + 1) if (gaps == 1).all() else times[:0]
    return [m[0] for m in found][: len(times)], times


def _is_date(name: str) -> bool:
    """Whether a column is named as a date; a number of eight digits must be one."""
    if name.isdecimal() and (len(name) > 10 or not digits_format(np.array([int(name)]))):
        return False
    return looks_like_time([name])


def _is_numeric(column: Any) -> bool:
    """Whether a column is meant to hold numbers, be there a stray text among them."""
    kind = column.type
    return is_number(kind) or (is_text(kind) and stray_text(column) is not None)


def _row_names(rest: Mapping[str, Any], roles: Roles, dated: bool) -> tuple[str, ...]:
    """The columns that name the series of each row, text first; none where no column can.

    dated: whether the other columns are dates; numbers name a series only then.
    """
    asked = column_names(roles.series, rest)
    if asked and all(name in rest for name in asked):
        refuse_twice({name: rest[name] for name in asked})
        return asked
    counters = [name for name, column in rest.items() if is_row_number(column)]
    texts = [name for name, column in rest.items() if is_text(column.type)]
    steps = [name for name in counters if name.lower() in STEP_NAMES and name != "index"]
    if not dated and (steps or len(texts) + len(counters) < len(rest)):
        return ()
    whole = [n for n, column in rest.items() if is_whole(column) and n not in counters]
    ids = [name for name in whole if is_id(name)]
    ways = [[name] for name in (*texts, *(ids if dated else ()))] + [texts]
    ways += [*([name] for name in whole), [*texts, *whole], *([n] for n in counters)] * dated
    found = (fewest_names({name: rest[name] for name in way}) for way in ways)
    names = next(filter(None, found), ())
    if dated and not names and any(ways):
        refuse_twice({name: rest[name] for name in texts or whole})
    return names


def _from_columns(raw: Raw, roles: Roles) -> Long:
    """A row for each time and a column for each series, as the user says."""
    check_roles(Roles(time=roles.time), raw.columns)
    named = set(roles.columns())
    free = {name: column for name, column in raw.columns.items() if name not in named}
    times = column_names(roles.time, raw.columns) or guess_time(free, raw.index)[0]
    free = {n: c for n, c in free.items() if n not in times and _is_numeric(c)}
    left_out = {n: "it is part of the time" for n in free if n.lower() in DATE_PARTS}
    left_out |= {n: COUNTS for n, column in free.items() if is_row_number(column)}
    series = [name for name in free if name not in left_out]
    if not series:
        raise DataError("wide: expected a column of numbers for each series, got none")
    shared = {n: c for n, c in raw.columns.items() if n not in free}
    refuse_taken(shared, SERIES, VALUE)
    # A plan may go on after the last value: its rows are to be forecast.
    row, at, values = unroll(numbers(raw, series), drop=not roles.future)
    names = pa.chunked_array([pa.array(series)])
    long = {SERIES: names.take(pa.array(row))}
    long |= {name: column.take(pa.array(at)) for name, column in shared.items()}
    long[VALUE] = arrow_column(values)
    why = {SERIES: ("series", "a column for each"), VALUE: ("target", "the values in them")}
    told = (note(len(series), "columns of one series each", long), *without_value(series, row))
    time = ",".join(times)
    return Long(replace(raw, columns=long), long_roles(roles, time, SERIES), why, told, left_out)
