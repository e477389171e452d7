"""The columns that tell the series of a table apart, alone or together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unrolled.data.arrow import Ints, encode, first_row, integers, is_number, is_text, is_whole
from unrolled.data.columns.roles import quoted
from unrolled.errors import DataError

ID_NAMES = re.compile(
    r"(unique_)?id|.*_(id|nbr)|series|store|shop|item|station|site|sensor|location|meter|dept"
    r"|department|product|sku|region|city|country|brand|branch|warehouse|device|machine",
    re.I,
)


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
    Beside others a column may be empty: that is a value too. Raises DataError for a row without
    any value, and for a column whose values are no names.
    """
    _refuse_empty(columns)
    each = [_encoded(name, column) for name, column in columns.items()]
    codes = joint_codes(each)
    # Series are numbered by first appearance: each begins where the highest number so far grows.
    first = np.flatnonzero(np.diff(np.maximum.accumulate(codes), prepend=-1))
    values = {n: column.take(pa.array(first)) for n, column in columns.items()}
    texts = [column.cast(pa.string()).fill_null("").to_pylist() for column in values.values()]
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
    known = is_text(kind) or is_number(kind) or pa.types.is_temporal(kind)
    if not (known or pa.types.is_boolean(kind)):
        raise DataError(f"series {name!r}: expected text or numbers as names, got {kind}")
    return encode_empty(column)


def encode_empty(column: Any) -> pa.DictionaryArray:
    """A column as `encode` has it, an empty cell as a text of its own."""
    return encode(column.cast(pa.string()).fill_null(""))


def empty_rows(columns: Mapping[str, Any]) -> NDArray[np.bool_]:
    """The rows (N,) in which all of these columns are empty."""
    nothing = [np.asarray(column.is_null(), bool) for column in columns.values()]
    return np.asarray(np.logical_and.reduce(nothing))


def _refuse_empty(columns: Mapping[str, Any]) -> None:
    """DataError for the first row without any value."""
    empty = empty_rows(columns)
    if empty.any():
        names = " and ".join(map(repr, columns))
        raise DataError(
            f"series {names}: expected a name in every row, data row {first_row(empty)} has none"
        )


def _joined(values: tuple[str, ...]) -> str:
    return ", ".join(map(quoted, values))


def guess_key(
    columns: Mapping[str, Any], times: Ints, given: pa.DictionaryArray | None = None
) -> list[str]:
    """The fewest columns with which hardly a time comes twice; none where that would be chance.

    Besides, each series must move on with the times of the table: with enough columns of any text
    all rows differ. times: (N,); given: series (N,) that are told apart already, in part.
    """
    some = {n: encode(c) for n, c in columns.items() if may_name(n, c) and not c.null_count}
    encoded = {name: each for name, each in some.items() if len(each.dictionary) <= len(times) / 3}
    always = [pa.array(times).dictionary_encode(), *([] if given is None else [given])]
    left = _twice([*always, *encoded.values()])
    if not encoded or left > 0.01 * len(times):
        return []
    # Names for series are dropped last; of the others those that stand last.
    order = [*encoded][::-1]
    order.sort(key=is_id)
    for name in order:
        rest = [each for other, each in encoded.items() if other != name]
        if (rest or given is not None) and _twice([*always, *rest]) == left:
            del encoded[name]
    key = joint_codes([*always[1:], *encoded.values()])
    return list(encoded) if _moves_on(key, times) else []


def may_name(name: str, column: Any) -> bool:
    """Whether a column may be one of several that tell series apart: text, or numbers as ids."""
    return is_text(column.type) or (is_whole(column) and is_id(name))


def is_id(name: str) -> bool:
    """Whether a column is called as what names series."""
    return ID_NAMES.fullmatch(name.strip()) is not None


def _twice(columns: Sequence[pa.DictionaryArray]) -> int:
    """How many rows say in all of these columns what a row before them says."""
    codes = joint_codes(columns)
    return len(codes) - int(codes.max()) - 1


def _moves_on(series: Ints, times: Ints) -> bool:
    """Whether most rows of a series come the usual number of the table's times after the last."""
    rank = np.unique(times, return_inverse=True)[1]
    order = np.lexsort((rank, series))
    gaps = np.diff(rank[order])[np.diff(series[order]) == 0]
    if len(gaps) < len(times) / 2:
        return False
    return bool(np.mean(gaps == np.bincount(gaps).argmax()) > 0.8)
