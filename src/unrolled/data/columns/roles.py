"""The roles of columns: time, series, target; past, future and static covariates."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches

from unrolled.errors import DataError


@dataclass(frozen=True)
class Roles:
    """What the columns of a table mean; `None` (or nothing) is inferred by `Table.read`.

    time: the column of time stamps or integer steps; several columns that make up one time are
        written with commas, `"year,month,day,hour"`. None: inferred.
    series: the column that tells the series of a long table apart. None: inferred, or one series.
    target: K columns to forecast. Empty: `y`, or the only numeric column.
    past: past covariates, whose values are known up to now. None: every usable column without
        another role.
    future: future covariates, whose values are known ahead: a plan, a price. The calendar is added
        by itself.
    static: static covariates, constant within a series. Empty: those found among `past`.
    holidays: no columns, but the countries whose public holidays join the calendar: ("KR",
        "US-NY"). Needs the extra `unrolled[holidays]`.
    wide: whether every column of numbers beside the time and the covariates is a series of its own;
        they become the columns `series` and `value`. A table with `target` in it is long already.

    >>> Roles(time="date", target=("OT",)).target
    ('OT',)
    """

    time: str | None = None
    series: str | None = None
    target: tuple[str, ...] = ()
    past: tuple[str, ...] | None = None
    future: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    holidays: tuple[str, ...] = ()
    wide: bool = False

    def columns(self) -> dict[str, str]:
        """Column -> role, for every column that is named; the time as it is written."""
        named = {"time": (self.time,), "series": (self.series,), "target": self.target}
        named |= {"past": self.past or (), "future": self.future, "static": self.static}
        return {column: role for role, columns in named.items() for column in columns if column}


def check_roles(roles: Roles, columns: Collection[str]) -> None:
    """DataError for a column that is not in the table (with the nearest name), or has two roles."""
    groups = (roles.target, roles.past or (), roles.future, roles.static)
    named = [*time_names(roles.time, columns), *filter(None, [roles.series])]
    named += [name for group in groups for name in group]
    for name in named:
        if name not in columns:
            raise DataError(f"no column {name!r} in the table; {_nearest(name, columns)}")
        if named.count(name) > 1:
            raise DataError(f"column {name!r}: expected one role, got {named.count(name)}")


def time_names(time: str | None, columns: Collection[str]) -> tuple[str, ...]:
    """The columns that a time role names: one, or several written with commas."""
    if time is None:
        return ()
    if time in columns:
        return (time,)
    return tuple(part.strip() for part in time.split(","))


def _nearest(name: str, columns: Collection[str]) -> str:
    lower = {column.lower(): column for column in columns}
    close = get_close_matches(name.lower(), lower, n=1)
    if close:
        return f"did you mean {lower[close[0]]!r}?"
    some = ", ".join(list(columns)[:12])
    return f"it has {some}{', …' if len(columns) > 12 else ''}"
