"""Infer which column tells the series apart; the guess comes with its reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from unrolled.data.arrow import Ints, encode, integers, is_text, is_whole
from unrolled.data.columns.infer_time import Columns
from unrolled.data.columns.keys import guess_key, is_id


def guess_series(columns: Columns, times: Ints) -> tuple[tuple[str, ...], str] | None:
    """The columns that tell the series apart, and why; None when there is one series."""
    if "unique_id" in columns:
        return ("unique_id",), "the name unique_id"
    candidates = [name for name, column in columns.items() if is_text(column.type)]
    candidates += [n for n, c in columns.items() if is_whole(c) and is_id(n)]
    if not candidates or (np.diff(times) > 0).all():
        return None
    # Arrow's hashing numbers ten million times in a second, np.unique in ten.
    stamps = pa.array(times).dictionary_encode()
    codes = integers(stamps.indices)
    doubles = len(times) - len(stamps.dictionary)
    good: dict[str, int] = {}
    for name in candidates:
        named = is_id(name)
        # A few doubles are an error to be named, not a reason to see series.
        if doubles < 0.1 * len(times) and not named:
            continue
        left = _doubles_left(columns[name], codes)
        if left is not None and (left == 0 or (named and left < doubles)):
            good[name] = left
    unsure = min(good.values(), default=doubles) > 0 and doubles >= 0.1 * len(times)
    if unsure and len(together := guess_key(columns, times)) > 1:
        return tuple(together), "with them together, every time comes once"
    if not good:
        return None
    return (min(good, key=lambda name: good[name]),), "with it, every time comes once"


def _doubles_left(column: Any, codes: Ints) -> int | None:
    """How many rows still share their time when a column tells series apart; None if it cannot."""
    text = encode(column)
    size = len(text.dictionary)
    if text.null_count or size < 2 or size > len(codes) / 2:
        return None
    pairs = codes * size + np.asarray(text.indices)
    pairs.sort()  # in place: a hash table of ten million pairs would take a gigabyte
    return int(np.count_nonzero(pairs[1:] == pairs[:-1]))
