"""Times and numbers of a table as Arrow arrays, written as they were read."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from numpy.typing import NDArray

from unrolled.data.arrow import is_text
from unrolled.data.time.periods import write_periods
from unrolled.data.time.write import write_time

PERIOD = "period "


def write_times(
    values: NDArray[Any], form: str, zone: str | None, kind: str, days: bool = False
) -> tuple[Any, dict[str, str] | None]:
    """Times (n,) as one column in a form (see `clock.Stamps`), and the metadata that marks it.

    kind: of the source; pandas makes periods of dates itself; days: whether the clock stands in
    another column.
    """
    if not form.startswith(PERIOD):
        return write_time(values, form, zone, days), None
    if kind in ("file", "pyarrow"):
        return write_periods(values, form.removeprefix(PERIOD))
    return pa.array(values.astype("M8[us]"), pa.timestamp("us", zone)), None


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
