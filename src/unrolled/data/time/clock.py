"""Time stamps as integers; UTC and local (wall-clock) time."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from unrolled.data.arrow import Ints


@dataclass(frozen=True)
class Stamps:
    """Times as numbers, and how they were written.

    values: (N,) int64: microseconds since 1970, in UTC when there is a zone, or the integers.
    forms: how each of its columns was written: an arrow type ("timestamp[ns]", "date32[day]",
        "int64"), a template ("%Y/%m/%d"), or a type with a template or unit ("int64 ms").
    integer: whether the times are integers, not dates.
    date_format: what reads other times of the table in the same way; "" where they say it alone.
    """

    values: Ints
    forms: tuple[str, ...]
    zone: str | None = None
    integer: bool = False
    notes: tuple[str, ...] = ()
    date_format: str = ""


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
