"""Split every series by time into a training, a validation and a test part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from unrolled.data.table.common_dates import common_dates, shares_days
from unrolled.errors import DataError, SettingsError

if TYPE_CHECKING:
    from unrolled.data.table.table import Table

PARTS = ("train", "validation", "test")
BY = ("date", "rows")

Cut = float | int | str | datetime | np.datetime64
"""A share of each series' rows (float), a number of rows (int), or when the part begins."""


@dataclass(frozen=True, eq=False)
class Part:
    """The rows of each series in which the targets of a window may lie.

    ``rows[s]`` is the first row and the row after the last of series ``s``; ``offsets`` are the
    limits of the whole series, into which the lookback of a window may reach.
    """

    name: str
    rows: np.ndarray  # (S, 2) int64
    offsets: np.ndarray  # (S + 1,) int64
    names: tuple[str, ...]

    @classmethod
    def whole(cls, lengths: Sequence[int], names: Sequence[str] | None = None) -> Part:
        """All rows of series that lie one after the other with these lengths."""
        offsets = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
        names = tuple(names) if names is not None else tuple(map(str, range(len(lengths))))
        return cls("whole", np.stack((offsets[:-1], offsets[1:]), axis=1), offsets, names)

    def __len__(self) -> int:
        return int((self.rows[:, 1] - self.rows[:, 0]).sum())

    def mask(self) -> np.ndarray:
        """Which rows of the table belong to this part: bool, shape (N,)."""
        # +1 where a part begins, -1 where it ends: their running sum is 1 inside.
        edges = np.zeros(int(self.offsets[-1]) + 1, dtype=np.int64)
        np.add.at(edges, self.rows[:, 0], 1)
        np.add.at(edges, self.rows[:, 1], -1)
        return edges.cumsum()[:-1] > 0


@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """Where the parts of each series begin and end.

    ``bounds[s]`` holds four rows of series ``s``: the first row of train, validation and test, and
    the row after its last one. ``dates`` has the first and last time of each part, None when empty;
    ``note`` says how several series were cut where that is not plain.
    """

    names: tuple[str, ...]
    bounds: np.ndarray  # (S, 4) int64
    dates: tuple[tuple[str, str] | None, ...]
    note: str = ""

    @property
    def train(self) -> Part:
        """The oldest rows: the only ones that anything may be fitted on."""
        return self._part(0)

    @property
    def validation(self) -> Part:
        """The rows between: early stopping and the choice of settings look at them."""
        return self._part(1)

    @property
    def test(self) -> Part:
        """The newest rows: nothing is fitted to or chosen by them, they only measure."""
        return self._part(2)

    def _part(self, index: int) -> Part:
        offsets = np.append(self.bounds[:, 0], self.bounds[-1, 3])
        return Part(PARTS[index], self.bounds[:, index : index + 2], offsets, self.names)

    def learned(self, part: Part) -> Part:
        """A part without the series that have no training row: nothing of them is known by then."""
        young = self.bounds[:, 0] == self.bounds[:, 1]
        rows = np.where(young[:, None], part.rows[:, 1:], part.rows)
        return replace(part, rows=rows)

    def train_rows(self) -> np.ndarray:
        """Which rows of the table are training rows: bool, shape (N,)."""
        return self.train.mask()

    def to_dict(self) -> dict[str, Any]:
        """Rows, first and last time of each part, for ``run.json``."""
        return {
            name: {
                "rows": len(self._part(i)),
                "from": dates[0] if dates else None,
                "to": dates[1] if dates else None,
            }
            for i, (name, dates) in enumerate(zip(PARTS, self.dates, strict=True))
        }

    def describe(self) -> str:
        """The parts as lines of text: name, rows, first and last time; the note."""
        series = f" in {len(self.names):,} series" if len(self.names) > 1 else ""
        lines = [
            f"{name:<11}{part['rows']:>9,} rows{series}"
            + (f"  {part['from']} to {part['to']}" if part["rows"] else "")
            for name, part in self.to_dict().items()
        ]
        return "\n".join([*lines, *([f"split: {self.note}"] if self.note else [])])

    def __repr__(self) -> str:
        return f"Split of {len(self.names)} series\n{self.describe()}"


def split(table: Table, validation: Cut = 0.15, test: Cut = 0.15, by: str | None = None) -> Split:
    """Cut every series of a table by time: train first, then validation, test last.

    ``validation`` and ``test`` are a share of the rows (float below 1), a number of rows (int), or
    the time stamp at which the part begins (str, datetime, datetime64; in the local time of the
    table unless it names a zone). 0 leaves a part out.

    by: "rows" takes them from each series, "date" cuts all series at the same two dates, so that
    none is trained on days that another is tested on. Default: "date" where the rows of each
    series would do that (they end at different dates, or begin at different ones), else "rows".

    By rows, a series with too few rows lies wholly in train; by date, one that begins later has no
    training row. Raises SettingsError for shares or counts that exclude each other, DataError when
    no series keeps a training row, or none has the parts that were asked for.

    >>> from unrolled.data import Table
    >>> days = np.arange("2013-01-01", "2013-01-11", dtype="M8[D]")
    >>> split(Table.read({"day": days, "sold": np.arange(10.0)}), 0.2, test="2013-01-09")
    Split of 1 series
    train              6 rows  2013-01-01 to 2013-01-06
    validation         2 rows  2013-01-07 to 2013-01-08
    test               2 rows  2013-01-09 to 2013-01-10
    """
    _check_sizes(validation, test)
    if by not in (None, *BY):
        raise SettingsError(f"split: expected one of {', '.join(BY)}, got {by!r}")
    cuts = [
        _resolve(name, cut, table) for name, cut in (("validation", validation), ("test", test))
    ]
    rows, note = _by_rows(table, cuts), ""
    mixed = shares_days(table, rows)
    if by == "date" or (by is None and mixed):
        dates = common_dates(table, cuts)
        dated = _by_rows(table, dates)
        if by == "date" or not _wanting(dated, validation, test):
            rows, note, mixed = dated, _said(table, dates), False
    if mixed:
        note = (
            "each series by its own rows: some are trained on days that others are tested on; "
            "split=date cuts all at the same dates"
        )
    _check_parts(tuple(table.names), rows, validation, test)
    wall = table.local_times
    spans = tuple(_dates(wall, rows[:, i : i + 2]) for i in range(3))
    return Split(tuple(table.names), rows, spans, note)


def _by_rows(table: Table, cuts: Sequence[float | int | np.generic]) -> np.ndarray:
    """The bounds (S, 4) of every series, each cut by its own rows, or at times."""
    begins, ends = table.offsets[:-1], table.offsets[1:]
    lengths = ends - begins
    test = _begin(table, cuts[1], lengths)
    validation = _begin(table, cuts[0], test)
    short = validation <= 0
    if any(isinstance(cut, np.generic) for cut in cuts):
        validation = np.maximum(validation, 0)
        test = np.maximum(test, 0)
    else:  # too short to be measured: it may still be learned from
        validation, test = np.where(short, lengths, validation), np.where(short, lengths, test)
    return np.stack((begins, begins + validation, begins + test, ends), axis=1)


def _said(table: Table, dates: Sequence[np.generic]) -> str:
    """In words where all series were cut."""
    stamps: Any = np.array(dates, table.times.dtype)
    local = stamps if table.step.is_integer else table._to_wall(stamps)
    first, second = (_text(time) for time in local)
    return (
        f"at the same dates in all series, {first} and {second}, so that none is trained on days "
        "that another is tested on; split=rows cuts each by its own rows"
    )


def _check_sizes(validation: Cut, test: Cut) -> None:
    for name, cut in (("validation", validation), ("test", test)):
        if isinstance(cut, bool) or not isinstance(cut, Cut | np.integer | np.floating):
            raise SettingsError(
                f"split: {name} must be a share, a number of rows or a time stamp, got {cut!r}"
            )
        if isinstance(cut, float | np.floating) and not 0 <= cut < 1:
            raise SettingsError(f"split: {name} as a share must be in [0, 1), got {cut}")
        if isinstance(cut, int | np.integer) and cut < 0:
            raise SettingsError(f"split: {name} as a number of rows must be >= 0, got {cut}")
    if isinstance(validation, float) and isinstance(test, float) and validation + test >= 1:
        raise SettingsError(
            f"split: validation {validation} and test {test} leave nothing to train on"
        )


def _check_parts(names: tuple[str, ...], rows: np.ndarray, validation: Cut, test: Cut) -> None:
    sizes = np.diff(rows, axis=1).sum(axis=0)
    if not _wanting(rows, validation, test) or sizes.sum() == 0:
        return
    longest = int(np.argmax(rows[:, 3] - rows[:, 0]))
    raise DataError(
        f"split: {_series(names[longest])} has {rows[longest, 3] - rows[longest, 0]} rows and "
        f"keeps none for training beside validation {validation} and test {test}"
    )


def _wanting(rows: np.ndarray, validation: Cut, test: Cut) -> bool:
    """Whether a part that was asked for has no row."""
    sizes = np.diff(rows, axis=1).sum(axis=0)
    asked = (True, validation != 0, test != 0)
    return any(ask and not size for size, ask in zip(sizes, asked, strict=True))


def _resolve(name: str, cut: Cut, table: Table) -> float | int | np.datetime64:
    """A share, a number of rows, or a time stamp in UTC as the times of the table are."""
    if isinstance(cut, float | np.floating):
        return float(cut)
    if isinstance(cut, int | np.integer):
        return int(cut)
    if table.step.is_integer:
        raise SettingsError(
            f"split: {name} is the time stamp {cut!r}, but the times of this table are integers;"
            " give a share or a number of rows"
        )
    if isinstance(cut, np.datetime64):
        return _to_utc(cut, table.source_format.zone)
    try:
        when = datetime.fromisoformat(cut) if isinstance(cut, str) else cut
    except ValueError:
        raise SettingsError(
            f"split: {name} must be a time stamp like 2013-11-15 or 2013-11-15 06:00, got {cut!r}"
        ) from None
    if when.tzinfo is None:
        return _to_utc(np.datetime64(when, "us"), table.source_format.zone)
    try:
        return np.datetime64(when.astimezone(UTC).replace(tzinfo=None), "us")
    except OverflowError:
        raise SettingsError(
            f"split: {name} must begin between the years 1 and 9999 in UTC, got {cut!r}"
        ) from None


def _to_utc(wall: np.datetime64, zone: str | None) -> np.datetime64:
    if zone is None:
        return wall
    from unrolled.data.time.clock import from_wall

    stamp: np.datetime64 = from_wall(np.array([wall], "M8[us]").view(np.int64), zone).view(
        "M8[us]"
    )[0]
    return stamp


def _begin(table: Table, cut: float | int | np.generic, ends: np.ndarray) -> np.ndarray:
    """The rows (S,) of each series at which a part begins that ends at these rows (S,)."""
    lengths = np.diff(table.offsets)
    if isinstance(cut, np.generic):
        # Series by series in time: a row of the table is before the cut, or it is not.
        before: np.ndarray = np.asarray(table.times) < cut  # type: ignore[operator]
        earlier = np.concatenate((np.zeros(1, np.int64), np.cumsum(before)))
        found: np.ndarray = np.minimum(ends, np.diff(earlier[table.offsets]))
        return found
    return ends - (np.round(lengths * cut).astype(np.int64) if isinstance(cut, float) else cut)


def _dates(times: np.ndarray, rows: np.ndarray) -> tuple[str, str] | None:
    filled = rows[rows[:, 1] > rows[:, 0]]
    if len(filled) == 0:
        return None
    return _text(times[filled[:, 0]].min()), _text(times[filled[:, 1] - 1].max())


def _text(time: np.datetime64 | np.int64) -> str:
    if isinstance(time, np.datetime64):
        text = str(np.datetime_as_string(time, unit="s")).replace("T", " ")
        return text.removesuffix(":00").removesuffix(" 00:00")
    return str(time)


def _series(name: str) -> str:
    return f"series {name!r}" if name else "the series"
