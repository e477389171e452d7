"""Arrow columns: what type of values they hold; as integers, as codes of their distinct values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def is_text(kind: pa.DataType) -> bool:
    """Whether an arrow type holds text, plain or as a dictionary."""
    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def is_number(kind: pa.DataType) -> bool:
    """Whether an arrow type becomes float64; a column without any value counts as one."""
    types = pa.types
    numeric = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    return bool(numeric or types.is_null(kind))


def is_whole(column: Any) -> bool:
    """Whether a column holds integers, one in every row."""
    return bool(pa.types.is_integer(column.type) and not column.null_count)


def is_row_number(column: Any) -> bool:
    """Whether integers grow by exactly one with each row."""
    if not is_whole(column) or len(column) < 3:
        return False
    if column[1].as_py() - column[0].as_py() != 1:
        return False
    return bool((np.diff(column.to_numpy()) == 1).all())


def integers(column: Any) -> Ints:
    """A column of integers or stamps (N,) as int64."""
    return np.asarray(column.cast(pa.int64(), safe=False))


def encode(column: Any) -> Any:
    """A column as one arrow dictionary array of text: distinct values, and which row has which."""
    text = column.cast(pa.string())
    return pa.chunked_array([text.combine_chunks()]).dictionary_encode().combine_chunks()


def first_row(mask: NDArray[np.bool_]) -> int:
    """The first row where the mask holds, counted from 1."""
    return int(np.argmax(mask)) + 1
