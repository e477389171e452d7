"""Read the time of a table: from dates, integers or text, in one column or several."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from unrolled.data.arrow import first_row
from unrolled.data.time.clock import Stamps
from unrolled.data.time.codes import PLAIN, UNITS
from unrolled.data.time.column import read_column
from unrolled.data.time.parts import read_parts
from unrolled.data.time.template import check
from unrolled.errors import DataError


def read_time(
    columns: Mapping[str, pa.ChunkedArray], names: tuple[str, ...], date_format: str | None = None
) -> Stamps:
    """Read the time from one column, or from several: see `parts.read_parts`.

    date_format: a template, "s", "ms", "us" or "ns" since 1970, "integer" for a count; for several
    columns one each, with commas between. None: told from the values.

    DataError names the first row without a valid time, SettingsError a format that is none.
    """
    for name in names:
        if columns[name].null_count:
            row = first_row(np.asarray(columns[name].is_null()))
            raise DataError(
                f"time: expected a value in every row, column {name!r}, data row {row}, has none"
            )
    if len(names) > 1:
        return read_parts(columns, names, date_format)
    if date_format and date_format not in (*UNITS, PLAIN):
        check(date_format)
    return read_column(columns[names[0]], names[0], date_format or None)
