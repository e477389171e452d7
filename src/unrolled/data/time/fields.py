"""From the fields of times (year, month, day, ..., by strftime's codes) to microseconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unrolled.data.arrow import Ints
from unrolled.data.time.units import DAY, MICROSECONDS

PIVOT = 50  # a stretch of two-digit years that ends before it ends in 20..
_LIMITS = {"Y": (1, 9999), "G": (1, 9999), "m": (1, 12), "q": (1, 4), "d": (1, 31), "u": (1, 7)}
_LIMITS |= {"H": (0, 24), "M": (0, 59), "S": (0, 59), "f": (0, 999_999)}
_LENGTHS = {"H": MICROSECONDS["h"], "M": MICROSECONDS["min"], "S": MICROSECONDS["s"], "f": 1}


def instants(fields: Mapping[str, Ints]) -> tuple[NDArray[np.bool_], Ints]:
    """Fields (n,) by code -> where they are no real date and time (n,), and microseconds (n,).

    A year (Y) with a month (m) or quarter (q) and perhaps a day (d), or with the day of the year
    (j), or an ISO year (G) with a week (V) and perhaps a weekday (u); the clock (H, M, S, f). What
    is missing is the first of its kind.

    >>> instants({"G": np.array([2015, 2015]), "V": np.array([1, 54])})
    (array([False,  True]), array([1419811200000000, 1451865600000000]))
    """
    bad = np.zeros(len(next(iter(fields.values()))), bool)
    for code, (low, high) in _LIMITS.items():
        if code in fields:
            bad |= (fields[code] < low) | (fields[code] > high)
    beyond, days = _weeks(fields) if "V" in fields else _days(fields)
    values = days.astype(np.int64) * DAY
    clock = [fields[code] * length for code, length in _LENGTHS.items() if code in fields]
    within = sum(clock, np.zeros(len(bad), np.int64))
    return bad | beyond | (within > DAY), values + within


def _days(fields: Mapping[str, Ints]) -> tuple[NDArray[np.bool_], NDArray[Any]]:
    year = fields["Y"].clip(1, 9999) - 1970
    if "j" in fields:
        begin = year.astype("M8[Y]").astype("M8[D]")
        days = begin + (fields["j"] - 1)
        return np.asarray(days.astype("M8[Y]").astype(np.int64) != year), days
    month = fields["m"] if "m" in fields else 3 * fields["q"] - 2 if "q" in fields else year * 0 + 1
    number = year * 12 + month.clip(1, 12) - 1
    days = number.astype("M8[M]").astype("M8[D]") + (fields.get("d", 1) - np.int64(1))
    return np.asarray(days.astype("M8[M]").astype(np.int64) != number), days


def _weeks(fields: Mapping[str, Ints]) -> tuple[NDArray[np.bool_], NDArray[Any]]:
    year = fields["G"].clip(1, 9999) - 1970
    begin, end = _first_monday(year), _first_monday(year + 1)
    week = begin + 7 * (fields["V"] - 1)
    return (fields["V"] < 1) | (week >= end), week + (fields.get("u", 1) - np.int64(1))


def _first_monday(year: Ints) -> NDArray[Any]:
    """The Monday of the first ISO week: that of the fourth of January."""
    fourth = year.astype("M8[Y]").astype("M8[D]") + 3
    return np.asarray(fourth - (fourth.astype(np.int64) + 3) % 7, "M8[D]")


def with_centuries(years: Ints, known: NDArray[np.bool_] | None = None) -> Ints:
    """Two-digit years (n,) with their century: one stretch of less than 100 years.

    It begins after the longest gap between years, and ends from 1950 to 2049. known: which rows
    hold a year.

    >>> with_centuries(np.array([98, 99, 0, 1])), with_centuries(np.array([60, 71]))
    (array([1998, 1999, 2000, 2001]), array([1960, 1971]))
    """
    seen = np.unique(years if known is None or not known.any() else years[known])
    end = int(seen[np.argmax(np.diff(np.append(seen, seen[0] + 100)))])
    last = end + (1900 if end >= PIVOT else 2000)
    return np.asarray(last - (end - years) % 100)
