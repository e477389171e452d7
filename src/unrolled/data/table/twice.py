"""What to do about a time that comes twice in a series, and what to know once rows are merged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from unrolled.data.arrow import Ints, integers
from unrolled.data.columns.keys import SeriesKey, encode_empty, guess_key, may_name
from unrolled.data.columns.roles import Roles
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


def merged_differ(
    key: SeriesKey, others: Mapping[str, Any], order: Ints, number: Ints, roles: Roles
) -> list[str]:
    """A note on the columns that may name series and differ in rows that `duplicates` made one.

    order: (N,) the row of each sorted row; number: (N,) which merged row it became.
    """
    if roles.resample or len(number) == number[-1] + 1:
        return []
    notes = []
    for name in (
        n for n, column in others.items() if may_name(n, column) and n not in roles.columns()
    ):
        codes = integers(encode_empty(others[name]).indices)[order]
        odd = np.flatnonzero((np.diff(number) == 0) & (np.diff(codes) != 0))
        if len(odd):
            one, other = (others[name][int(order[at])].as_py() for at in (odd[0], odd[0] + 1))
            notes.append(
                f"rows of one time that became one differ in {name} ({one!r} and {other!r}): if "
                f"it tells series apart, series={','.join([*key.values, name])} keeps them apart"
            )
    return notes
