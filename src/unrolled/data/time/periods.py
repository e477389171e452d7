"""Columns of pandas periods (a month, a quarter, a week): as dates in Arrow, and back."""

from __future__ import annotations

import json
import re

import numpy as np
import pyarrow as pa

from unrolled.data.time.grid import Times
from unrolled.errors import DataError

EXTENSION = "pandas.period"
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_CLOCK = {"D": "D", "h": "h", "H": "h", "min": "m", "T": "m", "s": "s", "S": "s"}
_CLOCK |= {"ms": "ms", "us": "us", "ns": "ns"}


def frequency(field: pa.Field) -> str | None:
    """The frequency of a column of periods ("M", "Q-DEC"), None for any other column.

    Arrow knows the type only where pandas was imported; a file says it in the metadata.
    """
    if isinstance(field.type, pa.BaseExtensionType):
        return field.type.freq if field.type.extension_name == EXTENSION else None
    told = field.metadata or {}
    if told.get(b"ARROW:extension:name") != EXTENSION.encode():
        return None
    return str(json.loads(told[b"ARROW:extension:metadata"])["freq"])


def read_periods(table: pa.Table) -> tuple[pa.Table, dict[str, str]]:
    """The table with the beginning of each period in its place; their frequencies, by column."""
    found = {}
    for place, field in enumerate(table.schema):
        freq = frequency(field)
        if freq is None:
            continue
        found[field.name] = freq
        column = table.column(place).combine_chunks()
        ordinals = column.storage if isinstance(column, pa.ExtensionArray) else column
        missing = np.asarray(ordinals.is_null())
        begins = _begins(np.asarray(ordinals.fill_null(0)), freq, field.name)
        stamps = pa.array(begins.astype("M8[us]"), pa.timestamp("us"), mask=missing)
        table = table.set_column(place, field.name, stamps)
    return table, found


def write_periods(times: Times, freq: str) -> tuple[pa.Array, dict[str, str]]:
    """Times (n,) -> the numbers of the periods that they lie in, and the metadata to mark them."""
    unit, size, shift = _unit(freq, "")
    counted = times.astype(f"M8[{unit}]").astype(np.int64)
    told = {"ARROW:extension:name": EXTENSION}
    told["ARROW:extension:metadata"] = json.dumps({"freq": freq})
    return pa.array((counted - shift) // size), told


def _begins(ordinals: np.ndarray, freq: str, name: str) -> Times:
    unit, size, shift = _unit(freq, name)
    return (ordinals * size + shift).astype(f"M8[{unit}]").astype("M8[us]")


def _unit(freq: str, name: str) -> tuple[str, int, int]:
    """A numpy unit, how many of them a period has, and how many after 1970 period 0 begins.

    "15min" and "2M" count minutes and months: the number is how many pass from row to row.
    """
    kind, _, anchor = re.sub(r"^\d+", "", freq).partition("-")
    if kind == "M":
        return "M", 1, 0
    if kind in ("Q", "QE", "Y", "YE", "A"):
        end = _MONTHS.index(anchor or "DEC")
        return "M", 3 if kind[0] == "Q" else 12, end - 11
    if kind == "W":
        return "D", 7, _DAYS.index(anchor or "SUN") - 10
    if kind in _CLOCK:
        return _CLOCK[kind], 1, 0
    raise DataError(
        f"column {name!r}: periods of {freq!r} are not read; turn them into dates first: "
        f"frame[{name!r}].dt.to_timestamp()"
    )
