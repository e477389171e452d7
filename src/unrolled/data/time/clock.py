"""Time stamps as integers; UTC and local (wall-clock) time; dates from their parts."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unrolled.data.arrow import Ints
from unrolled.data.time.units import DAY, MICROSECONDS

LOWEST = (1, 1, 1, 0, 0, 0)
HIGHEST = (9999, 12, 31, 24, 59, 59)
_LENGTHS = tuple(MICROSECONDS[unit] for unit in ("h", "min", "s"))


@dataclass(frozen=True)
class Stamps:
    """Times as numbers, and how they were written.

    values: (N,) int64: microseconds since 1970, in UTC when there is a zone, or the integers.
    forms: how each of its columns was written: an arrow type ("timestamp[ns]", "date32[day]",
        "int64"), a strftime template ("%Y/%m/%d"), or one in integers ("int %Y").
    integer: whether the times are integers, not dates.
    """

    values: Ints
    forms: tuple[str, ...]
    zone: str | None = None
    integer: bool = False
    notes: tuple[str, ...] = ()


def write_stamp(value: int, integer: bool, zone: str | None = None) -> str:
    """One time as text for people: "2013-01-31 10:00", or the integer."""
    if integer:
        return str(value)
    wall = to_wall(np.array([value], np.int64), zone).view("M8[us]")
    text = str(wall[0]).replace("T", " ")
    text = re.sub(r"\.0+$", "", text)
    return re.sub(r":00$", "", text)


def to_wall(values: Ints, zone: str | None) -> Ints:
    """UTC microseconds (n,) as local (wall-clock) time of the zone."""
    if zone in (None, "UTC"):
        return values
    stamps = pa.array(values, pa.timestamp("us", zone))
    return np.asarray(pc.local_timestamp(stamps).cast(pa.int64()))


def from_wall(values: Ints, zone: str | None) -> Ints:
    """The inverse of `to_wall`; an hour that comes twice is taken as the first of the two."""
    if zone in (None, "UTC"):
        return values
    stamps = pa.array(values, pa.timestamp("us"))
    there = pc.assume_timezone(stamps, zone, ambiguous="earliest", nonexistent="latest")
    return np.asarray(there.cast(pa.int64()))


def combine(parts: list[Ints]) -> tuple[NDArray[np.bool_], Ints]:
    """Year to second, (n,) each -> where they are no real date (n,), and microseconds (n,)."""
    bad = np.zeros(len(parts[0]), bool)
    for part, low, high in zip(parts, LOWEST, HIGHEST, strict=True):
        bad |= (part < low) | (part > high)
    month = (parts[0] - 1970) * 12 + parts[1].clip(1, 12) - 1
    days = month.astype("M8[M]").astype("M8[D]") + (parts[2] - 1)
    bad |= days.astype("M8[M]").astype(np.int64) != month
    values = days.astype(np.int64) * DAY
    for part, length in zip(parts[3:], _LENGTHS, strict=True):
        values = values + part * length
    bad |= (parts[3] == 24) & (parts[4] + parts[5] > 0)
    return bad, values
