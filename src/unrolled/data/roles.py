"""What the columns of a table mean."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Roles:
    """What the columns of a table mean; `None` (or nothing) is guessed by `Table.read`.

    time: the column of time stamps or integer steps; several columns that make up one time are
        written with commas, `"year,month,day,hour"`. None: guessed.
    series: the column that tells the series of a long table apart. None: guessed, or one series.
    target: K columns to forecast. None given: only `y`, or the single numeric column, is guessed.
    past: columns known up to now. None: every usable column that has no other role.
    known: columns known for the future too (planned, price). The calendar is added apart.
    static: columns that are constant within a series. None are needed: those found are guessed.

    >>> Roles(time="date", target=("OT",))
    Roles(time='date', series=None, target=('OT',), past=None, known=(), static=())
    """

    time: str | None = None
    series: str | None = None
    target: tuple[str, ...] = ()
    past: tuple[str, ...] | None = None
    known: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
