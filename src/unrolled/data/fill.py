"""Missing values: where they are, and the last value carried forward over them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

NEWEST = 0.3  # of each series: what is validated and tested on must not decide


def is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where values of any shape are missing: NaN among numbers, None among objects."""
    if values.dtype == object:
        return np.asarray(values == None, bool)  # noqa: E711 (the comparison runs row by row)
    return np.asarray(np.isnan(values))


def carry_forward(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Replace each missing value by the last one before it in its series.

    values: (N,) or (N, K) with NaN where missing; offsets: (S+1,), series s is rows
    ``offsets[s]:offsets[s + 1]``. What is missing before the first value of a series stays NaN.
    Nothing is carried backward, so that no window sees its future in what was filled. Where nothing
    is missing, these are the values themselves, not a copy.

    >>> carry_forward(np.array([np.nan, 1.0, np.nan, np.nan, 5.0]), np.array([0, 3, 5])).tolist()
    [nan, 1.0, 1.0, nan, 5.0]
    """
    missing = np.isnan(values)
    if not missing.any():
        return values
    kind = np.int32 if len(values) < 2**31 else np.int64
    rows = np.arange(len(values), dtype=kind).reshape(-1, *(1,) * (values.ndim - 1))
    begins = np.repeat(offsets[:-1].astype(kind), np.diff(offsets)).reshape(rows.shape)
    # Before the first value the first row of the series is pointed at, which is NaN itself.
    source = np.where(missing, begins, rows)
    np.maximum.accumulate(source, axis=0, out=source)
    filled: np.ndarray = np.take_along_axis(values, source, axis=0)
    return filled


def older(offsets: np.ndarray) -> NDArray[np.bool_]:
    """The oldest 70 % of each series, by which columns are judged: (M,) for offsets (S+1,)."""
    lengths = np.diff(offsets)
    place = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    return np.asarray(place < np.repeat(np.ceil((1 - NEWEST) * lengths), lengths))


def fill_static(values: NDArray[Any], offsets: np.ndarray, seen: NDArray[np.bool_]) -> NDArray[Any]:
    """The first known value of each series in all its rows: (M,).

    seen: (M,) the rows that may be learned from. A value that none of them has does not go back to
    the rows before it, which would know it from their future.

    >>> values, seen = np.array([np.nan, 1.0, np.nan, np.nan, 5.0]), np.array([1, 1, 1, 1, 0]) > 0
    >>> fill_static(values, np.array([0, 3, 5]), seen).tolist()
    [1.0, 1.0, 1.0, nan, 5.0]
    """
    rows, size = np.arange(len(values)), len(values)
    known = np.where(is_missing(values), size, rows)
    first = np.repeat(np.minimum.reduceat(known, offsets[:-1]), np.diff(offsets))
    reached = (first < size) & ((rows >= first) | np.append(seen, False)[first])
    filled = values.copy()
    filled[reached] = values[first[reached]]
    return filled
