"""Times and numbers of a table as Arrow arrays, written as they were read."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unrolled.data.arrow import is_text
from unrolled.data.time.periods import write_periods

PERIOD = "period "


def write_times(
    values: NDArray[Any], form: str, zone: str | None, kind: str
) -> tuple[Any, dict[str, str] | None]:
    """Times (n,) as one column in a form (see `clock.Stamps`), and the metadata that marks it.

    kind: of the source; pandas makes periods of dates itself.
    """
    if values.dtype.kind != "M":
        return pa.array(values.astype(np.int64)).cast(pa.type_for_alias(form)), None
    if form.startswith(PERIOD) and kind in ("file", "pyarrow"):
        return write_periods(values, form.removeprefix(PERIOD))
    return _write_stamps(pa.array(values.astype("M8[us]"), pa.timestamp("us", zone)), form), None


def _write_stamps(stamps: Any, form: str) -> Any:
    zone = stamps.type.tz
    if form.startswith(PERIOD):
        return stamps
    if form.startswith("timestamp"):
        unit = re.split(r"[\[,\]]", form)[1]
        return stamps.cast(pa.timestamp(unit, zone))
    wall = pc.local_timestamp(stamps) if zone else stamps
    if form.startswith("date"):
        return wall.cast(pa.date32() if form.startswith("date32") else pa.date64())
    if form.startswith("int "):
        return pc.strftime(wall.cast(pa.timestamp("s"), safe=False), form[4:]).cast(pa.int64())
    return _strftime(wall, form)


def _strftime(wall: Any, form: str) -> Any:
    """Write stamps by a template that may hold %q (quarter) and .%f (as many digits as needed)."""
    fraction = re.search(r"%S[.,]%f", form)
    exact = wall if fraction else wall.cast(pa.timestamp("s"), safe=False)
    before, quarter, after = re.sub(r"[.,]%f", "", form).partition("%q")
    text = pc.strftime(exact, before)
    if not quarter:
        return text
    return pc.binary_join_element_wise(text, pc.quarter(wall).cast(pa.string()), after, "")


def as_text(values: pa.Array, kind: pa.DataType | None) -> pa.Array:
    """Times (n,) that are text or parts of a date in the type of their column."""
    plain = kind is not None and not pa.types.is_dictionary(kind)
    same = plain and is_text(values.type) == is_text(kind) and not pa.types.is_temporal(kind)
    return values.cast(kind) if same else values


def as_number(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Numbers (n,) in the type of a column, if it has fractions; else as they are, in float64.

    A decimal keeps its scale; where a value is too large for its digits it gets more of them.
    """
    if pa.types.is_floating(kind):
        return values.cast(kind, safe=False)
    if not pa.types.is_decimal(kind) or kind.scale < 1:
        return values
    for wanted in (kind, pa.decimal128(38, kind.scale)):
        try:
            return values.cast(wanted)
        except pa.ArrowInvalid:
            continue
    return values


def plain(values: Any) -> NDArray[Any]:
    """An arrow array as numpy: stamps as datetime64 (in UTC), missing numbers as NaN."""
    array: NDArray[Any] = values.to_numpy(zero_copy_only=False)
    return array
