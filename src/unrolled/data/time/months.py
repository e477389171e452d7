"""Months by their English names: Jan or January."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from unrolled.data.arrow import encode, first_row, is_text
from unrolled.errors import DataError

MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_NUMBERS = {name[:3]: number for number, name in enumerate(MONTHS, 1)} | {"sept": 9}
_NUMBERS |= {name: number for number, name in enumerate(MONTHS, 1)}


def month_number(text: str | None) -> int | None:
    """The month, 1 to 12, that an English name stands for; None for any other text.

    >>> month_number("Feb"), month_number(" SEPTEMBER "), month_number("Febr")
    (2, 9, None)
    """
    return _NUMBERS.get(text.strip().lower()) if text else None


def holds_months(column: Any) -> bool:
    """Whether most of the different texts of a column are names of months."""
    if not is_text(column.type) or column.null_count == len(column):
        return False
    names = encode(column).dictionary.to_pylist()
    return len(names) <= 100 and 2 * sum(map(bool, map(month_number, names))) > len(names)


def read_months(column: Any, name: str) -> tuple[Any, str]:
    """Names of months (N,) as integers, and the strftime code that writes them back.

    DataError names the first row that is none.
    """
    codes = encode(column)
    names = codes.dictionary.to_pylist()
    numbers = np.array([month_number(text) or 0 for text in names])
    values = numbers[np.asarray(codes.indices)]
    if not numbers.all():
        row = first_row(values == 0)
        text = column[row - 1].as_py()
        raise DataError(
            f"time: column {name!r}, data row {row}: {text!r} is not a month; expected "
            "names like Jan or January"
        )
    lower = {text.strip().lower() for text in names}
    full = lower <= set(MONTHS) and lower != {"may"}
    return pa.chunked_array([pa.array(values)]), "%B" if full else "%b"
