"""The columns that tell the series of a table apart, alone or together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from unrolled.data.arrow import Ints, encode, first_row, integers, is_number, is_text
from unrolled.data.columns.roles import quoted
from unrolled.errors import DataError


class SeriesKey(NamedTuple):
    """The series of the rows.

    codes: (N,) the number of the series of each row, by first appearance; names: of the S series;
    values: column -> (S,) the value that each series has in it, in the type that it was read in.
    """

    codes: Ints
    names: tuple[str, ...]
    values: Mapping[str, pa.Array]


def read_key(columns: Mapping[str, Any]) -> SeriesKey:
    """Number the series that these columns (N,) tell apart.

    A series of several columns is called by its values with commas: "Seoul, tea".
    Raises DataError for a row without a value, and for a column whose values are no names.
    """
    each = [_encoded(name, column) for name, column in columns.items()]
    codes = joint_codes(each)
    # Series are numbered by first appearance: each begins where the highest number so far grows.
    first = np.flatnonzero(np.diff(np.maximum.accumulate(codes), prepend=-1))
    values = {n: column.take(pa.array(first)) for n, column in columns.items()}
    texts = [column.cast(pa.string()).to_pylist() for column in values.values()]
    names = texts[0] if len(texts) == 1 else map(_joined, zip(*texts, strict=True))
    plain = {n: column.unify_dictionaries().combine_chunks() for n, column in values.items()}
    return SeriesKey(codes, tuple(names), plain)


def joint_codes(columns: Sequence[pa.DictionaryArray]) -> Ints:
    """Numbers (N,) of what columns say together, by first appearance."""
    codes = integers(columns[0].indices)
    for column in columns[1:]:
        pairs = codes * len(column.dictionary) + integers(column.indices)
        codes = integers(pa.array(pairs).dictionary_encode().indices)
    return codes


def _encoded(name: str, column: Any) -> pa.DictionaryArray:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if column.null_count:
        row = first_row(np.asarray(column.is_null()))
        raise DataError(f"series {name!r}: expected a name in every row, data row {row} has none")
    known = is_text(kind) or is_number(kind) or pa.types.is_temporal(kind)
    if not (known or pa.types.is_boolean(kind)):
        raise DataError(f"series {name!r}: expected text or numbers as names, got {kind}")
    return encode(column)


def _joined(values: tuple[str, ...]) -> str:
    return ", ".join(map(quoted, values))
