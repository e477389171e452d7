"""Write times as they were read: types, templates, dates in digits, epochs, parts."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unrolled.data.time.codes import UNITS
from unrolled.data.time.template import write
from unrolled.data.time.units import DAY, MICROSECONDS


def write_time(values: NDArray[Any], form: str, zone: str | None, days: bool = False) -> Any:
    """Times (n,), datetime64 in UTC or integers, as an arrow array.

    form: see `clock.Stamps.forms`; zone: of the stamps; days: whether the clock stands in another
    column.
    """
    if values.dtype.kind != "M":
        return pa.array(values.astype(np.int64)).cast(pa.type_for_alias(form))
    stamps = pa.array(values.astype("M8[us]"), pa.timestamp("us", zone))
    if form.startswith("timestamp"):
        unit = re.split(r"[\[,\]]", form)[1]
        whole = pc.floor_temporal(stamps, unit="day") if days else stamps
        return whole.cast(pa.timestamp(unit, zone))
    wall = pc.local_timestamp(stamps) if zone else stamps
    if form.startswith("date"):
        return wall.cast(pa.date32()).cast(pa.type_for_alias(form.partition("[")[0]))
    if form.startswith("time"):
        return wall.cast(pa.time64("us")).cast(pa.type_for_alias(form))
    numbers = re.fullmatch(r"(u?int\d+|float|double|halffloat) (.+)", form)
    if not numbers:
        return write(stamps, wall, form)
    return _numbers(stamps, wall, numbers[2]).cast(pa.type_for_alias(numbers[1]))


def _numbers(stamps: Any, wall: Any, form: str) -> Any:
    """Times as numbers: an epoch ("ms"), a period of the day ("30min"), or digits ("%Y%m")."""
    if form in UNITS:
        values = np.asarray(stamps.cast(pa.int64()))
        count = UNITS[form]
        if count > UNITS["us"]:
            return pa.array(values * (count // UNITS["us"]))
        length = UNITS["us"] // count
        return pa.array(values // length if not (values % length).any() else values / length)
    period = re.fullmatch(r"(\d+)min", form)
    if period:
        within = np.asarray(wall.cast(pa.int64())) % DAY
        return pa.array(within // (int(period[1]) * MICROSECONDS["min"]) + 1)
    return write(stamps, wall, form).cast(pa.int64())
