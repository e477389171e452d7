"""The parts of making a wide table long: values in a line, names, roles, what is said."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unrolled.data.arrow import Ints, first_row
from unrolled.data.columns.convert import convert
from unrolled.data.columns.keys import empty_rows, encode_empty, joint_codes
from unrolled.data.columns.read import Raw
from unrolled.data.columns.roles import Roles
from unrolled.errors import DataError

SERIES, TIME, VALUE = "series", "time", "value"

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Long:
    """A wide table made long: its columns and their roles and why, what is to be said."""

    raw: Raw
    roles: Roles
    why: Mapping[str, tuple[str, str]]
    notes: tuple[str, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)


def numbers(raw: Raw, names: list[str]) -> Numbers:
    """Columns (K, N), taken out of `raw` one by one; DataError for one that holds no numbers."""
    matrix = np.empty((len(names), len(raw.columns[names[0]])))
    for place, name in enumerate(names):
        values = convert(name, raw.columns.pop(name), "wide: column")
        if values.dtype == object:
            raise DataError(f"wide: column {name!r}: expected numbers, got text")
        matrix[place] = values
    if np.isnan(matrix).all():
        raise DataError(f"wide: expected numbers in {names[0]} to {names[-1]}, got no value at all")
    return matrix


def unroll(matrix: Numbers, drop: bool = True) -> tuple[Ints, Ints, Numbers]:
    """Series (S, T) -> of each value the series, the step, and the value itself, (n,) each.

    drop: whether to leave out what is missing after the last value of a series.
    """
    known = ~np.isnan(matrix)
    steps, some = matrix.shape[1], known.any(axis=1)
    lengths = some * (steps - drop * np.argmax(known[:, ::-1], axis=1))
    inside = np.arange(steps) < lengths[:, None]
    row, at = np.nonzero(inside)
    return row, at, matrix[inside]


def arrow_column(values: NDArray[Any]) -> Any:
    """Values (n,) as a column; NaN is missing."""
    return pa.chunked_array([pa.array(values, from_pandas=True)])


def refuse_twice(columns: Mapping[str, Any]) -> None:
    """DataError for the first two rows of one name in all these columns, or a row without one."""
    empty = empty_rows(columns)
    if empty.any():
        names = " and ".join(map(repr, columns))
        raise DataError(
            f"wide: expected a name in column {names}, data row {first_row(empty)} has none"
        )
    seen: dict[Any, int] = {}
    rows = zip(*(column.to_pylist() for column in columns.values()), strict=True)
    for row, values in enumerate(rows, 1):
        if seen.setdefault(values, row) != row:
            names = " and ".join(map(repr, columns))
            raise DataError(
                f"wide: expected each {names} once, but data rows {seen[values]} and {row} both "
                f"say {', '.join(map(repr, values))}"
            )


def joined(columns: Mapping[str, Any]) -> list[str]:
    """What each row (N,) says in these columns, in a line."""
    texts = [column.cast(pa.string()).fill_null("").to_pylist() for column in columns.values()]
    return [", ".join(row) for row in zip(*texts, strict=True)]


def fewest_names(columns: Mapping[str, Any]) -> tuple[str, ...]:
    """The first column that names each row, else as few as do so together; none where none do.

    Among several, an empty cell is a name too.
    """
    for name, column in columns.items():
        if _differ({name: column}):
            return (name,)
    full = dict(columns)
    if len(full) < 2 or not _differ(full):
        return ()
    for name in [*full][::-1]:
        rest = {other: column for other, column in full.items() if other != name}
        if _differ(rest):
            full = rest
    return tuple(full)


def _differ(columns: Mapping[str, Any]) -> bool:
    """Whether each row has a name in these columns, and one of its own."""
    if empty_rows(columns).any():
        return False
    codes = joint_codes([encode_empty(column) for column in columns.values()])
    return int(codes.max()) + 1 == len(codes)


def refuse_taken(names: Collection[str], *made: str) -> None:
    """DataError where a column that stays is named as one that is made."""
    for name in made:
        if name in names:
            raise DataError(f"wide: column {name!r}: rename it, the long table has one of its own")


def long_roles(roles: Roles, time: str, series: str | Sequence[str] | None) -> Roles:
    """The roles of the long table, where the user named none."""
    return replace(
        roles,
        time=roles.time or time,
        series=roles.series or series,
        target=roles.target or (VALUE,),
    )


def note(count: int, what: str, long: Mapping[str, Any]) -> str:
    """What was done, in a sentence."""
    rows = f"{len(long[VALUE]):,} rows: {', '.join(long)}"
    return f"wide: {count:,} {what} were turned into {rows}"


def without_value(names: Any, row: Ints) -> list[str]:
    """A note on the series without any value, which are left out."""
    none = np.setdiff1d(np.arange(len(names)), row)
    if not len(none):
        return []
    some = ", ".join(str(names[int(place)]) for place in none[:3])
    return [f"wide: {len(none):,} series without a value left out: {some}{', …' * (len(none) > 3)}"]
