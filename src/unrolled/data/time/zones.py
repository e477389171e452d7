"""Zones in text: offsets from UTC, and the words that stand for them."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unrolled.data.arrow import Ints
from unrolled.data.time.distinct import Distinct
from unrolled.data.time.units import MICROSECONDS
from unrolled.errors import DataError

# Hours from UTC; of two with the same meaning in standard and summer time, the zone they come from.
_WORDS = {
    "UTC": 0,
    "GMT": 0,
    "UT": 0,
    "WET": 0,
    "WEST": 1,
    "BST": 1,
    "CET": 1,
    "CEST": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "SGT": 8,
    "HKT": 8,
    "AWST": 8,
    "KST": 9,
    "JST": 9,
    "AEST": 10,
    "AEDT": 11,
    "NZST": 12,
    "NZDT": 13,
    "AST": -4,
    "EST": -5,
    "EDT": -4,
    "CST": -6,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
}
_PLACES = {
    ("WEST", "WET"): "Europe/Lisbon",
    ("BST", "GMT"): "Europe/London",
    ("CEST", "CET"): "Europe/Berlin",
    ("EEST", "EET"): "Europe/Helsinki",
    ("AEDT", "AEST"): "Australia/Sydney",
    ("NZDT", "NZST"): "Pacific/Auckland",
    ("EDT", "EST"): "America/New_York",
    ("CDT", "CST"): "America/Chicago",
    ("MDT", "MST"): "America/Denver",
    ("PDT", "PST"): "America/Los_Angeles",
}
_TWICE = {"BST", "CST", "AST"}  # words that mean something else elsewhere
SUMMER = "DST"


def offsets(field: pa.Array, notes: list[str], text: Distinct) -> tuple[Ints, str | None, str]:
    """How far times (n,) are ahead of UTC in microseconds; their zone; how it is written.

    field: of distinct texts, "+09:00", "Z", "CET" or ""; all of them the same, but that an hour's
    change is daylight saving. DataError for the first row with another.
    """
    words, codes = np.unique(np.asarray(field, dtype=object).astype(str), return_inverse=True)
    if set(words) <= {"", SUMMER}:
        return _summer(words, codes, notes)
    without, first = (words == "")[codes], text.rows[0]
    odd, had = (without, "no") if not without[first] else (~without, "a")
    text.refuse(odd & bool(without.any()), f"has {had} zone, unlike data row 1")
    known = np.array([_minutes(word) is not None for word in words])
    text.refuse(~known[codes], "has a zone that is not known: write its offset, as +09:00")
    minutes = np.array([_minutes(word) or 0 for word in words])
    pair = tuple(words)
    notes += [
        f"the zone {word} is taken for {_offset(_minutes(word) or 0)}"
        for word in sorted(_TWICE.intersection(words))
        if pair not in _PLACES
    ]
    ahead = minutes[codes] * MICROSECONDS["min"]
    different = np.unique(minutes)
    if len(different) == 1:
        return ahead, _offset(int(different[0])), str(words[0])
    if pair in _PLACES:
        notes.append(f"the zones {' and '.join(pair)} are those of {_PLACES[pair]}")
        return ahead, _PLACES[pair], "%Z"
    if len(different) > 2 or np.ptp(different) != 60:
        text.refuse(minutes[codes] != minutes[codes[0]], "has another zone than data row 1")
    row, _ = text.row(minutes[codes] != minutes[codes[first]])
    notes.append(
        f"the zone changes by one hour at data row {row}, as for daylight saving: kept as UTC"
    )
    return ahead, "UTC", "Z"


def _summer(words: NDArray[np.str_], codes: Ints, notes: list[str]) -> tuple[Ints, None, str]:
    """The word DST on some rows: they are an hour ahead of the others."""
    ahead = np.where(words == SUMMER, MICROSECONDS["h"], 0)[codes]
    if len(words) == 1:
        return ahead * 0, None, str(words[0])
    notes.append("rows marked DST are an hour ahead: kept, and written, in standard time")
    return ahead, None, ""


def _minutes(zone: str) -> int | None:
    if zone == "Z":
        return 0
    offset = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?", zone)
    if not offset:
        return None if zone not in _WORDS else 60 * _WORDS[zone]
    size = int(offset[2]) * 60 + int(offset[3] or 0)
    return -size if offset[1] == "-" else size


def _offset(minutes: int) -> str:
    sign, size = "-" if minutes < 0 else "+", abs(minutes)
    return f"{sign}{size // 60:02d}:{size % 60:02d}" if size else "UTC"


def check_zone(zone: str, name: str) -> None:
    """DataError for a zone of a column that no database knows."""
    try:
        pc.local_timestamp(pa.array([0], pa.timestamp("us", zone)))
    except pa.ArrowInvalid:
        raise DataError(f"time: column {name!r}: there is no time zone {zone!r}") from None
