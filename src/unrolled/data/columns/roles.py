"""The roles of columns: time, series, target; past, future and static covariates."""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from unrolled.data.columns.format import GUESSED, Format
from unrolled.errors import DataError, SettingsError

RULES = {"duplicates": ("error", "mean", "last"), "resample_by": ("mean", "sum", "last")}


@dataclass(frozen=True)
class Roles:
    """What the columns of a table mean; `None` (or nothing) is inferred by `Table.read`.

    time: the column of time stamps or integer steps; several columns that make up one time are
        written with commas, `"year,month,day,hour"`; `"none"` counts the rows of a table without a
        time, from 1 in each series. None: inferred.
    series: the column that tells the series of a long table apart, or the columns that do so
        together: `("city", "item")`, or with commas, `"city,item"`. None: inferred, or one series.
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
    duplicates: what is made of several rows of one time: an "error", their "mean", or the "last".
    resample: the step, "1h", to which rows of any times are brought; resample_by: by their "mean",
        their "sum" or the "last". Texts and static covariates give the last.
    date_format: how the time is written: strftime's codes ("%d.%m.%y", for integers "%Y%m"), %q a
        quarter; "s", "ms", "us" or "ns" since 1970; "integer" for a count. For several columns one
        each, with commas between. None: told from the values.
    format: how the table is written, where that is not to be found: `Format(na=(-999,))`.

    >>> Roles(time="date", target=("OT",)).target
    ('OT',)
    """

    time: str | None = None
    series: str | Sequence[str] | None = None
    target: tuple[str, ...] = ()
    past: tuple[str, ...] | None = None
    future: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    holidays: tuple[str, ...] = ()
    wide: bool = False
    duplicates: str = "error"
    resample: str | None = None
    resample_by: str = "mean"
    date_format: str | None = None
    format: Format = GUESSED

    def __post_init__(self) -> None:
        if self.series is not None and not isinstance(self.series, str):
            object.__setattr__(self, "series", as_key(self.series))
        for name, choices in RULES.items():
            if getattr(self, name) not in choices:
                some = ", ".join(choices)
                raise SettingsError(f"{name}: expected {some}, got {getattr(self, name)!r}")

    def columns(self) -> dict[str, str]:
        """Column -> role, for every column that is named; the time as it is written."""
        series = (self.series,) if isinstance(self.series, str) else self.series or ()
        named = {"time": (self.time,), "series": series, "target": self.target}
        named |= {"past": self.past or (), "future": self.future, "static": self.static}
        return {column: role for role, columns in named.items() for column in columns if column}


def check_roles(roles: Roles, columns: Collection[str]) -> None:
    """DataError for a column that is not in the table (with the nearest name), or has two roles."""
    groups = (roles.target, roles.past or (), roles.future, roles.static)
    named = [*column_names(roles.time, columns), *column_names(roles.series, columns)]
    named += [name for group in groups for name in group]
    for name in named:
        if name not in columns:
            raise DataError(f"no column {name!r} in the table; {_nearest(name, columns)}")
        if named.count(name) > 1:
            raise DataError(f"column {name!r}: expected one role, got {named.count(name)}")


def without_time(roles: Roles, columns: Collection[str]) -> bool:
    """Whether the rows are to be counted, for they have no time: `time="none"`."""
    return roles.time == "none" and "none" not in columns


def column_names(named: str | Sequence[str] | None, columns: Collection[str]) -> tuple[str, ...]:
    """The columns that make up a time or tell series apart: one, or several written with commas.

    >>> column_names('"city, state",item', ["city, state", "item"])
    ('city, state', 'item')
    """
    if named is None:
        return ()
    if not isinstance(named, str):
        return tuple(named)
    return (named,) if named in columns else split_names([named])


def as_key(names: Sequence[str]) -> str | tuple[str, ...] | None:
    """Columns as a role keeps them: a single one as its name, if that holds no comma."""
    alone = len(names) == 1 and "," not in names[0]
    return names[0] if alone else tuple(names) or None


def split_names(texts: Collection[str]) -> tuple[str, ...]:
    """Names given one by one or with commas; one that holds a comma goes in quotes.

    A line end in a name is a blank, as in the names of a file.
    """
    lines = (" ".join(text.splitlines()) for text in texts)
    rows = csv.reader(lines, skipinitialspace=True)
    return tuple(name.strip() for row in rows for name in row if name.strip())


def quoted(name: str) -> str:
    """A name as `split_names` reads it back."""
    return '"' + name.replace('"', '""') + '"' if set(name) & set(',"') else name


def _nearest(name: str, columns: Collection[str]) -> str:
    lower = {column.lower(): column for column in columns}
    close = get_close_matches(name.lower(), lower, n=1)
    if close:
        return f"did you mean {lower[close[0]]!r}?"
    some = ", ".join(list(columns)[:12])
    return f"it has {some}{', …' if len(columns) > 12 else ''}"
