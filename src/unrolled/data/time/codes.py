"""Integers that are times: dates in digits (20130131, 201301, 201305 for a week) and epochs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unrolled.data.arrow import Ints
from unrolled.data.time.fields import instants, with_centuries
from unrolled.data.time.template import WIDTHS, pieces

UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}  # in one second
EPOCH_END = 253_402_300_800  # the year 10000, in seconds
PLAIN = "integer"  # no dates, but a count
_SINCE, _UNTIL = 315_532_800, 4_102_444_800  # 1980 and 2100, in seconds
_FULL = ("%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d%H", "%Y%m%d")
_SHORT = ("%Y%m", "%G%V", "%Y%j", "%Y%q")
_YEARS = {True: (1900, 2200), False: (1900, 2100)}
_WORDS = {"%Y%m": "year and month", "%G%V": "ISO year and week", "%Y%j": "year and day of the year"}
_WORDS |= {"%Y%q": "year and quarter"}


def digits_format(values: Ints, name: str = "") -> str | None:
    """The template of integers (n,) that are dates in digits, as 20130131 or 2013013110; else None.

    name: of a column that is named as a time: then also 201301 (a month, or a week where one is
    above 12, or the name says week), 2013031 (a day of the year) and 20131 (a quarter).

    >>> digits_format(np.array([201501, 201502]), "month"), digits_format(np.array([201529]), "t")
    ('%Y%m', '%G%V')
    """
    if not len(values):
        return None
    weeks_first = "week" in name.lower() or "주" in name
    short = (_SHORT[1], *_SHORT) if weeks_first else _SHORT
    return next((t for t in (*_FULL, *(short if name else ())) if _possible(values, t)), None)


def _possible(values: Ints, template: str) -> bool:
    """Whether each field lies where it can; a day that no month has is named when it is read."""
    fields = split_digits(values, template)
    year = fields.pop("Y", fields.pop("G", None))
    low, high = _YEARS[template in _FULL]
    if year is None or year.min() < low or year.max() > high:
        return False
    limits = {"m": (1, 12), "d": (1, 31), "V": (1, 53), "j": (1, 366), "q": (1, 4), "H": (0, 24)}
    inside = (limits.get(code, (0, 59)) for code in fields)
    return all(
        part.min() >= a and part.max() <= b
        for part, (a, b) in zip(fields.values(), inside, strict=True)
    )


def split_digits(values: Ints, template: str) -> dict[str, Ints]:
    """The fields of integers (n,) by code; the first takes all digits that are left."""
    fields = {}
    parts = [piece.code for piece in pieces(template)]
    for code in reversed(parts[1:]):
        values, fields[code] = np.divmod(values, 10 ** WIDTHS[code])
    fields = {**fields, parts[0]: values}
    if "y" in fields:
        fields["Y"] = with_centuries(fields["y"])
    return fields


def read_digits(values: Ints, template: str) -> tuple[NDArray[np.bool_], Ints]:
    """Integers (n,) -> which are no real date (n,), and microseconds (n,)."""
    return instants(split_digits(values, template))


def digits_note(values: Ints, template: str) -> tuple[str, ...]:
    """What short digits were taken for."""
    if template not in _WORDS:
        return ()
    return (
        f"{values[0]} is read as {_WORDS[template]}; --date-format {PLAIN} (date_format=) takes "
        "it as a count",
    )


def epoch_unit(values: NDArray[np.int64] | NDArray[np.float64]) -> str | None:
    """The unit of numbers (n,) that count from 1970, told by their size: 1980 to 2100; else None.

    >>> epoch_unit(np.array([1640995200])), epoch_unit(np.array([1640995200000]))
    ('s', 'ms')
    """
    if not len(values):
        return None
    low, high = values.min(), values.max()
    return next((u for u, n in UNITS.items() if _SINCE * n <= low and high < _UNTIL * n), None)


def read_epoch(values: NDArray[np.int64] | NDArray[np.float64], unit: str) -> Ints:
    """Numbers (n,) that count `unit` from 1970 as microseconds."""
    count = UNITS[unit]
    if count > UNITS["us"]:
        return np.asarray(values // (count // UNITS["us"])).astype(np.int64)
    return np.asarray(np.round(values * (UNITS["us"] // count))).astype(np.int64)


def epoch_note(unit: str) -> str:
    """What numbers of this size were taken for."""
    words = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
    return (
        f"by their size the times are {words[unit]} since 1970 in UTC; --date-format {PLAIN} "
        "(date_format=) takes them as a count"
    )
