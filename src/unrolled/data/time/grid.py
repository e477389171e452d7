"""The regular time grid: its step, and where a time stands on it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unrolled.errors import SettingsError

Times = NDArray[np.datetime64] | NDArray[np.int64]

MICROSECONDS = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "min": 60_000_000,
    "h": 3_600_000_000,
    "D": 86_400_000_000,
    "W": 604_800_000_000,
}
DAY = MICROSECONDS["D"]
HOUR = MICROSECONDS["h"]
MONTH_ROOM = 32 * DAY  # more than any month: keeps "which month" and "where in it" apart
MONTHS = {"M": 1, "Q": 3, "Y": 12, "A": 12}
WORDS = {
    "us": "microsecond",
    "ms": "millisecond",
    "s": "second",
    "min": "minute",
    "h": "hour",
    "D": "day",
    "W": "week",
    "MS": "month",
    "ME": "month (its last day)",
    "": "integer step",
}
ALIASES = {"T": "min", "H": "h", "S": "s", "L": "ms", "d": "D", "w": "W", "m": "min"}


@dataclass(frozen=True)
class Step:
    """The time between two rows of a regular grid: `count` times `unit`.

    unit: "us", "ms", "s", "min", "h", "D", "W"; "MS" for months that keep the day of the month,
        "ME" for months that end on their last day (3 months are a quarter, 12 a year); "" for
        times that are integers.

    >>> str(Step.parse("60min")), str(Step.parse("QS")), str(Step.parse(5))
    ('1h', '3MS', '5')
    """

    count: int
    unit: str

    @classmethod
    def parse(cls, text: str | int | Step) -> Step:
        """Read "1h", "15min", "D", "1W", "MS", "QS", "YE" or an integer, else SettingsError."""
        if isinstance(text, Step):
            return text
        match = re.fullmatch(r"\s*(\d*)\s*([A-Za-z]*)\s*", str(text))
        count = int(match[1] or 1) if match else 0
        unit = match[2] if match else ""
        if not match or count < 1 or not (match[1] or unit):
            raise SettingsError(f"step: expected 1h, 15min, 1D, 1W, 1MS or a count, got {text!r}")
        if not unit:
            return cls(count, "")
        if unit[0] in MONTHS and unit[1:] in ("", "S", "E"):
            return cls(count * MONTHS[unit[0]], "ME" if unit[1:] == "E" else "MS")
        unit = ALIASES.get(unit, unit)
        if unit not in MICROSECONDS:
            raise SettingsError(f"step: no unit {unit!r}; there are {', '.join(MICROSECONDS)}, MS")
        return cls.of_microseconds(count * MICROSECONDS[unit])

    @classmethod
    def of_microseconds(cls, microseconds: int) -> Step:
        """The step in the largest unit that divides it: 3,600,000,000 is 1h."""
        for unit in reversed(MICROSECONDS):
            if microseconds % MICROSECONDS[unit] == 0:
                return cls(microseconds // MICROSECONDS[unit], unit)
        raise SettingsError(f"step: expected whole microseconds, got {microseconds}")

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    @property
    def words(self) -> str:
        """The step for people: "15 minutes", "1 hour"."""
        return f"{self.count} {WORDS[self.unit]}{'s' if self.count > 1 else ''}"

    @property
    def is_integer(self) -> bool:
        """Whether the times are integers, not dates."""
        return self.unit == ""

    @property
    def months(self) -> int | None:
        """The number of months; None when the step has a fixed length."""
        return self.count if self.unit in ("MS", "ME") else None

    @property
    def microseconds(self) -> int | None:
        """The fixed length in microseconds; None for months and for integers."""
        return None if self.unit not in MICROSECONDS else self.count * MICROSECONDS[self.unit]

    @property
    def season(self) -> int:
        """Steps in the usual season: a day for steps below one, a week of days, a year above.

        Steps under a minute take an hour. 1 where there is no usual one (years, integers).
        """
        if self.months is not None:
            return max(1, 12 // self.months)
        if self.microseconds is None:
            return 1
        for longest, season in (("min", "h"), ("D", "D")):
            if self.microseconds < MICROSECONDS[longest]:
                return max(1, MICROSECONDS[season] // self.microseconds)
        return 7 if self.unit == "D" and self.count == 1 else max(1, round(52 / self.count))

    def split(self, times: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Take times (n,), int64 microseconds or integers, apart into ticks (n,) and phases (n,).

        Rows of one grid have the same phase; their ticks count the steps. With "ME" a phase below
        zero is a time that is not on the last day of its month.
        """
        if self.months is None:
            length = self.microseconds or self.count
            ticks = times // length
            return ticks, times - ticks * length
        stamps = times.view("M8[us]")
        month = stamps.astype("M8[M]")
        number = month.astype(np.int64)
        within = times - month.astype("M8[us]").view(np.int64)
        if self.unit == "ME":
            within -= (_month_length(month) - 1) * DAY
        return number // self.count, within + (number % self.count) * MONTH_ROOM

    def join(self, ticks: NDArray[np.int64], phases: NDArray[np.int64]) -> NDArray[np.int64]:
        """Times (n,) from ticks and phases (n,): the inverse of `split` on the grid."""
        if self.months is None:
            return ticks * (self.microseconds or self.count) + phases
        number = ticks * self.count + phases // MONTH_ROOM
        month = number.astype("M8[M]")
        within = phases % MONTH_ROOM
        if self.unit == "ME":
            within = within + (_month_length(month) - 1) * DAY
        return np.asarray(month.astype("M8[us]").view(np.int64) + within)

    def shift(self, times: Times, steps: int | NDArray[np.int64]) -> Times:
        """Times (n,) moved by a number of steps, one for all or (n,); n may be broadcast.

        >>> Step.parse("ME").shift(np.array(["2012-01-31"], "M8[us]"), 1).astype("M8[D]")
        array(['2012-02-29'], dtype='datetime64[D]')
        """
        plain = times.astype(np.int64) if self.is_integer else times.astype("M8[us]").view(np.int64)
        ticks, phases = self.split(plain)
        moved = self.join(ticks + np.asarray(steps, np.int64), phases + np.zeros_like(steps))
        return moved if self.is_integer else moved.view("M8[us]")


def _month_length(month: NDArray[np.datetime64]) -> NDArray[np.int64]:
    first = month.astype("M8[D]").astype(np.int64)
    following = (month + np.timedelta64(1, "M")).astype("M8[D]").astype(np.int64)
    return np.asarray(following - first)
