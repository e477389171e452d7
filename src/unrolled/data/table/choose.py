"""What columns are, chosen by the rows that may be learned from: roles, and which are left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unrolled.data.arrow import Ints, is_number
from unrolled.data.columns.convert import is_static, reason_against
from unrolled.data.columns.counters import COUNTS, counts_rows
from unrolled.data.columns.read import Raw
from unrolled.data.columns.roles import Roles
from unrolled.data.table.findings import Notes
from unrolled.data.table.gridding import Grid

ASKED = "as asked"
EMPTY = "it has no value in the training rows"


@dataclass(frozen=True)
class Seen:
    """The rows that may decide: those of the grid (M,), and those that were given (N,).

    strict: whether they are training rows, so that a column without a value in them is no use.
    """

    grid: NDArray[np.bool_]
    given: NDArray[np.bool_]
    strict: bool

    @classmethod
    def of(cls, seen: NDArray[np.bool_], grid: Grid, given: int, strict: bool) -> Seen:
        """From the rows of the grid that may decide."""
        back = np.zeros(given, bool)
        back[grid.order] = seen[grid.layout.places[grid.number]]
        return cls(seen, back, strict)

    def part(self, column: Any) -> Any:
        """A column as it was given, of these rows alone."""
        return column.filter(pa.array(self.given))


def take_roles(raw: Raw, roles: Roles, seen: Seen, notes: Notes) -> Roles:
    """Give the remaining columns their roles; unusable ones are dropped here."""
    roles = _without_empty(raw, roles, seen, notes) if seen.strict else roles
    asked = roles.columns()
    for name in list(raw.columns):
        if name in asked:
            notes.roles[name] = (asked[name], ASKED)
            continue
        column = raw.columns[name]
        known = column if is_number(column.type) and not column.null_count else seen.part(column)
        against = reason_against(name, column, known)
        if against:
            notes.left_out[name] = against
            del raw.columns[name]
    _drop_counters(raw, roles, seen, notes)
    free = [name for name in raw.columns if name not in asked]
    target = roles.target or _guess_target(raw, free, notes)
    past = roles.past
    if past is None:
        past = tuple(name for name in free if name not in target)
        notes.roles |= dict.fromkeys(past, ("past", "every column without another role"))
    for name in set(free) - {*past, *target}:
        notes.left_out[name] = "not asked for"
        del raw.columns[name]
    return replace(roles, target=target, past=past)


def _without_empty(raw: Raw, roles: Roles, seen: Seen, notes: Notes) -> Roles:
    """The roles without covariates that have no value in any training row."""
    covariates = (*(roles.past or ()), *roles.future, *roles.static)
    hollow = [name for name in covariates if raw.columns[name].null_count]
    empty = {n for n in hollow if (part := seen.part(raw.columns[n])).null_count == len(part)}
    for name in empty:
        notes.left_out[name] = EMPTY
        del raw.columns[name]

    def left(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if name not in empty)

    past = None if roles.past is None else left(roles.past)
    return replace(roles, past=past, future=left(roles.future), static=left(roles.static))


def _drop_counters(raw: Raw, roles: Roles, seen: Seen, notes: Notes) -> None:
    """Leave out columns that only number the rows, unless there is nothing else to forecast."""
    free = [name for name in raw.columns if name not in roles.columns() and name != "y"]
    maybe = {n: raw.columns[n] for n in free if is_number(raw.columns[n].type)}
    counters = [name for name, column in maybe.items() if counts_rows(name, column, seen.given)]
    numbers = [name for name, column in raw.columns.items() if is_number(column.type)]
    for name in counters if len(numbers) > len(counters) else ():
        notes.left_out[name] = COUNTS
        del raw.columns[name]


def _guess_target(raw: Raw, free: list[str], notes: Notes) -> tuple[str, ...]:
    numeric = [name for name in free if is_number(raw.columns[name].type)]
    name = "y" if "y" in free else numeric[0] if len(numeric) == 1 else None
    if name is None:
        return ()
    notes.roles[name] = ("target", "the name y" if name == "y" else "the only column of numbers")
    return (name,)


def guess_static(
    wanted: Roles,
    asked: Roles,
    columns: dict[str, NDArray[Any]],
    offsets: Ints,
    seen: Seen,
    notes: Notes,
) -> Roles:
    """Of the columns without a given role, those constant within every series are static."""
    rows = np.concatenate(([0], np.cumsum(seen.grid)))[offsets]
    limits = rows[np.append(True, np.diff(rows) > 0)]  # of the series that have such rows
    if asked.past is not None or len(limits) < 3:
        return wanted
    past = wanted.past or ()
    found = tuple(name for name in past if is_static(columns[name][seen.grid], limits))
    notes.roles |= dict.fromkeys(found, ("static", "it never changes within a series"))
    rest = tuple(name for name in past if name not in found)
    return replace(wanted, past=rest, static=wanted.static + found)
