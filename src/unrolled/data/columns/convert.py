"""Columns as numbers or categories, and the reasons for leaving one out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unrolled.data.arrow import Ints, encode, first_row, is_number, is_text
from unrolled.data.columns.infer_time import DATE_PARTS, holds_dates, is_constant
from unrolled.data.columns.numbers import PLAIN, words_of
from unrolled.data.fill import is_missing
from unrolled.data.scale import LARGEST, infinite
from unrolled.errors import DataError


def reason_against(name: str, column: Any, known: Any = None) -> str | None:
    """Why a column without a given role is left out; None when it is usable.

    known: the values of it that may decide, default all; what kind they are all of them say.
    """
    kind, known = column.type, column if known is None else known
    if known.null_count == len(known):
        return "it has no value in any row"
    if name.lower() in DATE_PARTS and pa.types.is_integer(kind):
        return "it is part of the time; the calendar says the same"
    if holds_dates(column) and not pa.types.is_integer(kind):
        return "it is another column of dates" + ", the same in each row" * is_constant(column)
    if is_number(kind) or pa.types.is_boolean(kind):
        return None
    if not is_text(kind):
        return f"columns of type {kind} are not used"
    distinct = pc.count_distinct(known.cast(pa.string())).as_py()
    if distinct == 1 and not known.null_count:
        return "it is the same text in every row"
    stray = stray_text(column)
    if stray == "":
        return None
    if stray:
        return f"it holds numbers, but {stray}"
    if distinct > max(20, len(known) / 2):
        return f"it is text that hardly repeats ({distinct:,} values in {len(known):,} rows)"
    return None


def stray_text(column: Any) -> str | None:
    """The first text among numbers ("data row 25 holds 'T'"); "" when all are numbers as text.

    None for a column of which less than half of the values are numbers.
    """
    text = words_of(column)
    match = pc.match_substring_regex(text, PLAIN)
    if not pc.sum(match).as_py() or pc.mean(match.cast(pa.int8())).as_py() < 0.5:
        return None
    if pc.all(match).as_py():
        return ""
    row = first_row(np.asarray(pc.fill_null(pc.invert(match), False)))
    return f"data row {row} holds {text[row - 1].as_py()!r}"


def convert(name: str, column: Any, role: str) -> NDArray[Any]:
    """A column (N,) as float64 with NaN, or as objects: str and None.

    role: for messages. DataError for infinite values, for text among numbers, and for other types.
    """
    kind = column.type
    if is_number(kind):
        return _numbers(name, column)
    if pa.types.is_boolean(kind) or is_text(kind):
        stray = stray_text(column) if is_text(kind) else None
        if stray:
            raise DataError(f"{role} {name!r}: expected numbers, but {stray}")
        if stray == "":
            return _numbers(name, words_of(column))
        return _categories(column)
    raise DataError(f"{role} {name!r}: expected numbers, text or true/false, got {kind}")


def _numbers(name: str, column: Any) -> NDArray[np.float64]:
    numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    values: NDArray[np.float64] = np.asarray(numbers, np.float64)
    beyond = infinite(values)
    if beyond.any():
        row = first_row(beyond)
        value = float(values[row - 1])
        some = "finite numbers" if np.isinf(value) else f"numbers within float32 (±{LARGEST:.3g})"
        raise DataError(
            f"column {name!r}: expected {some}, data row {row} is {value:g}; a value that is not "
            "known is left empty"
        )
    return values


def _categories(column: Any) -> NDArray[np.object_]:
    codes = encode(column)
    words = np.array([*codes.dictionary.to_pylist(), None], dtype=object)
    # One Python string per category, shared by all its rows.
    places = pc.fill_null(codes.indices, len(words) - 1)
    return np.asarray(words[np.asarray(places)])


def series_values(values: NDArray[Any], offsets: Ints) -> NDArray[Any]:
    """The first value of each series (S,) that is not missing."""
    first = values[offsets[:-1]].copy()
    missing = is_missing(values)
    for series in np.flatnonzero(is_missing(first)):
        span = slice(offsets[series], offsets[series + 1])
        known = np.flatnonzero(~missing[span])
        if len(known):
            first[series] = values[span][known[0]]
    return first


def is_static(values: NDArray[Any], offsets: Ints) -> bool:
    """Whether a column is constant within every series (missing values aside), but not over all."""
    first = series_values(values, offsets)
    if is_missing(first).any() or (first == first[0]).all():
        return False
    same = values == np.repeat(first, np.diff(offsets))
    return bool((same | is_missing(values)).all())
