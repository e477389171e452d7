"""What to do about a time that comes twice in a series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from unrolled.data.columns.keys import SeriesKey, guess_key
from unrolled.data.time.clock import Stamps


def hint_twice(
    stamps: Stamps,
    key: SeriesKey,
    others: Mapping[str, Any],
    backwards: int | None,
    pair: tuple[int, int],
) -> str:
    """The ways out for two rows of one time, in words.

    others: the columns beside the time and the key; backwards: the first row whose time goes back.
    Rows that differ are never to be deleted: another column may tell their series apart.
    """
    given = pa.DictionaryArray.from_arrays(pa.array(key.codes), pa.array(key.names))
    if more := guess_key(others, stamps.values, given if key.values else None):
        names = [*key.values, *more]
        apart = "together tell" if len(names) > 1 else "tells"
        return f"{' and '.join(names)} {apart} the series apart: series={','.join(names)}"
    if not key.values:
        again = f"time goes back at data row {backwards + 1}; " if backwards is not None else ""
        hint = f"{again}if the table holds several series, name their column with series="
    else:
        both = ((name, *(column[row] for row in pair)) for name, column in others.items())
        odd = next((f"{name} ({a} and {b})" for name, a, b in both if a != b), None)
        hint = f"they differ in {odd}; if a further column tells series apart, name both"
        hint = "the two rows are the same: keep one of them" if odd is None else hint
    hint += "; duplicates='mean' or 'last' makes one row of them"
    if not stamps.integer and stamps.zone is None:
        hint += "; if the clocks went back there, write the times in UTC or with their zone"
    return hint
