"""The regular time grid: its step, and where a time stands on it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unrolled.data.time.units import DAY, HOUR, MICROSECONDS, MINUTE, MONDAY, SECOND, WEEK
from unrolled.data.time.week import BUSINESS_DAYS, Slots, read_open, write_open
from unrolled.errors import SettingsError

Times = NDArray[np.datetime64] | NDArray[np.int64]

MONTH_ROOM = 32 * DAY  # more than any month: keeps "which month" and "where in it" apart
LONGEST = 365_000 * DAY  # microseconds: no sum of times overflows
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
    "BMS": "month (its first business day)",
    "BME": "month (its last business day)",
    "": "integer step",
}
ALIASES = {"T": "min", "H": "h", "S": "s", "L": "ms", "d": "D", "w": "W", "m": "min"}


# Steps that rows of odd times are taken for.
_EVEN = tuple(
    count * unit
    for unit, counts in (
        (SECOND, (1, 2, 5, 10, 15, 20, 30)),
        (MINUTE, (1, 2, 5, 10, 15, 20, 30)),
        (HOUR, (1, 2, 3, 4, 6, 8, 12)),
        (DAY, (1, 7)),
    )
    for count in counts
)


@dataclass(frozen=True)
class Step:
    """The time between two rows of a regular grid: `count` times `unit`.

    unit: "us", "ms", "s", "min", "h", "D", "W"; "MS" for months that keep the day of the month (30
        January, 29 February, 30 March), "ME" for months that end on their last day, "BMS" and "BME"
        for their first and last business day (3 months are a quarter, 12 a year); "" for integers.
    open: the slots of the week that are counted, since Monday in microseconds; () for all. Times
        between them do not exist: a step goes from Friday to Monday, from closing to opening.

    >>> str(Step.parse("60min")), str(Step.parse("QS")), str(Step.parse(5))
    ('1h', '3MS', '5')
    >>> Step.parse("1B") == Step.parse("1D Mon-Fri"), str(Step.parse("1h Mon-Sat 09:00-16:00"))
    (True, '1h Mon-Sat 09:00-16:00')
    """

    count: int
    unit: str
    open: Slots = ()

    @classmethod
    def parse(cls, text: str | int | Step) -> Step:
        """Read "1h", "15min", "D", "1B", "1W", "MS", "QS", "YE", "BME", "1h Mon-Fri 09:00-16:00",
        "5min 07:00-21:55" or an integer, else SettingsError.
        """
        if isinstance(text, Step):
            return text
        match = re.fullmatch(r"\s*(\d*)\s*([A-Za-z]*)(\s+\S.*)?\s*", str(text))
        count = int(match[1] or 1) if match else 0
        unit = match[2] if match else ""
        if not match or count < 1 or not (match[1] or unit):
            raise SettingsError(f"step: expected 1h, 15min, 1D, 1W, 1MS or a count, got {text!r}")
        _check_length(count, unit.removeprefix("B"), str(text))
        if match[3]:
            return cls._open(cls.parse(f"{count}{unit}"), match[3])
        if not unit:
            return cls(count, "")
        if unit == "B":
            return cls._open(cls(count, "D"), "Mon-Fri")
        business, letter = unit[0] == "B", unit.removeprefix("B")
        if letter[:1] in MONTHS and letter[1:] in ("", "S", "E"):
            end = letter[1:] == "E" or (business and not letter[1:])
            named = f"{'B' if business else ''}M{'E' if end else 'S'}"
            return cls(count * MONTHS[letter[0]], named)
        unit = ALIASES.get(unit, unit)
        if unit not in MICROSECONDS:
            some = ", ".join((*MICROSECONDS, "B", "MS"))
            raise SettingsError(f"step: no unit {unit!r}; there are {some}")
        return cls.of_microseconds(count * MICROSECONDS[unit])

    @classmethod
    def _open(cls, step: Step, text: str) -> Step:
        """The step on the open slots that a text names."""
        length = step.microseconds
        if length is None or DAY % length:
            raise SettingsError(f"step: open times need a step that divides a day, got {step}")
        return cls(step.count, step.unit, read_open(text, length))

    @classmethod
    def of_microseconds(cls, microseconds: int) -> Step:
        """The step in the largest unit that divides it: 3,600,000,000 is 1h."""
        for unit in reversed(MICROSECONDS):
            if microseconds % MICROSECONDS[unit] == 0:
                return cls(microseconds // MICROSECONDS[unit], unit)
        raise SettingsError(f"step: expected whole microseconds, got {microseconds}")

    def __str__(self) -> str:
        if self._is_business_days:
            return "1B"
        open_ = f" {write_open(self.open, self.microseconds or DAY)}" if self.open else ""
        return f"{self.count}{self.unit}{open_}"

    @property
    def words(self) -> str:
        """The step for people: "15 minutes", "1 hour", "1 business day"."""
        if self._is_business_days:
            return "1 business day"
        word, _, rest = WORDS[self.unit].partition(" (")
        open_ = write_open(self.open, self.microseconds or DAY) if self.open else rest[:-1]
        return f"{self.count} {word}{'s' if self.count > 1 else ''}{open_ and f' ({open_})'}"

    @property
    def _is_business_days(self) -> bool:
        return self.open == BUSINESS_DAYS and self.microseconds == DAY

    @property
    def is_integer(self) -> bool:
        """Whether the times are integers, not dates."""
        return self.unit == ""

    @property
    def months(self) -> int | None:
        """The number of months; None when the step has a fixed length."""
        return self.count if self.unit in ("MS", "ME", "BMS", "BME") else None

    @property
    def microseconds(self) -> int | None:
        """The fixed length in microseconds, between open slots; None for months and integers."""
        return None if self.unit not in MICROSECONDS else self.count * MICROSECONDS[self.unit]

    @property
    def is_local(self) -> bool:
        """Whether steps follow the wall clock of a zone: those of a day or more, and open hours."""
        daily = self.months is not None or (self.microseconds or 0) >= DAY
        return bool(self.open) or daily

    @property
    def season(self) -> int:
        """Steps in the usual season: a day for steps below one, a week of days, a year above.

        Steps under a minute take an hour. Of open slots the bars of a day, or those of a week where
        its days differ. 1 where there is no usual one (years, integers).
        """
        if self.open:
            return _turn(self.open)
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

        Ticks count the steps; `join` with the phase of its grid gives a time of the grid back.
        Rows of one grid have the same phase, or with "MS" a smaller one where the month ends
        before its day. With "ME" a phase below zero is a time before the last day of its month.
        """
        if self.open:
            slots = np.array(self.open)
            week, within = np.divmod(times - MONDAY, WEEK)
            at = np.searchsorted(slots, within, side="right") - 1
            return week * len(slots) + at, within - slots[at] + np.where(at < 0, WEEK, 0)
        if self.months is None:
            length = self.microseconds or self.count
            ticks = times // length
            return ticks, times - ticks * length
        month = times.view("M8[us]").astype("M8[M]")
        number = month.astype(np.int64)
        within = times - month.astype("M8[us]").view(np.int64) - self._anchor(month) * DAY
        return number // self.count, within + (number % self.count) * MONTH_ROOM

    def join(self, ticks: NDArray[np.int64], phases: NDArray[np.int64]) -> NDArray[np.int64]:
        """Times (n,) from ticks and phases (n,): the inverse of `split` on the grid.

        >>> ticks, phases = Step.parse("1MS").split(np.array(["2012-01-30"], "M8[us]").astype(int))
        >>> Step.parse("1MS").join(ticks + 1, phases).astype("M8[us]").astype("M8[D]")
        array(['2012-02-29'], dtype='datetime64[D]')
        """
        if self.open:
            slots = np.array(self.open)
            week, at = np.divmod(ticks, len(slots))
            return np.asarray(MONDAY + week * WEEK + slots[at] + phases)
        if self.months is None:
            return ticks * (self.microseconds or self.count) + phases
        number = ticks * self.count + phases // MONTH_ROOM
        month = number.astype("M8[M]")
        within = phases % MONTH_ROOM
        if self.unit == "MS":
            day, clock = np.divmod(within, DAY)
            within = np.minimum(day, _month_length(month) - 1) * DAY + clock
        within = within + self._anchor(month) * DAY
        return np.asarray(month.astype("M8[us]").view(np.int64) + within)

    def _anchor(self, month: NDArray[np.datetime64]) -> NDArray[np.int64] | int:
        """The day of each month (n,) from which its phase counts, 0 for the first."""
        if self.unit == "MS":
            return 0
        first = month.astype("M8[D]")
        last = first + (_month_length(month) - 1)
        if self.unit == "ME":
            return _month_length(month) - 1
        day, roll = (first, "forward") if self.unit == "BMS" else (last, "backward")
        found: NDArray[np.datetime64] = np.busday_offset(day, 0, roll=roll)  # type: ignore[call-overload]
        return np.asarray((found - first).astype(np.int64))

    def shift(self, times: Times, steps: int | NDArray[np.int64]) -> Times:
        """Times (n,) moved by a number of steps, one for all or (n,); n may be broadcast.

        >>> Step.parse("ME").shift(np.array(["2012-01-31"], "M8[us]"), 1).astype("M8[D]")
        array(['2012-02-29'], dtype='datetime64[D]')
        """
        plain = times.astype(np.int64) if self.is_integer else times.astype("M8[us]").view(np.int64)
        ticks, phases = self.split(plain)
        moved = self.join(ticks + np.asarray(steps, np.int64), phases + np.zeros_like(steps))
        return moved if self.is_integer else moved.view("M8[us]")


def _turn(slots: Slots) -> int:
    """After how many open slots the time of day comes again; those of a week if it never changes.

    >>> _turn(read_open("Mon-Fri 09:00-12:00", 3_600_000_000)), _turn(BUSINESS_DAYS)
    (4, 5)
    """
    clock, size = np.array(slots) % DAY, len(slots)
    turns = (n for n in range(2, size + 1) if size % n == 0 and (clock == np.roll(clock, n)).all())
    return size if (clock == clock[0]).all() else next(turns)


def _month_length(month: NDArray[np.datetime64]) -> NDArray[np.int64]:
    first = month.astype("M8[D]").astype(np.int64)
    following = (month + np.timedelta64(1, "M")).astype("M8[D]").astype(np.int64)
    return np.asarray(following - first)


def even_step(step: Step) -> Step:
    """The nearest step that divides a day or is whole days: 1h for 3,602 seconds."""
    length = step.microseconds
    if length is None or DAY % length == 0 or length % DAY == 0:
        return step
    return Step.of_microseconds(min(_EVEN, key=lambda even: abs(even - length)))


def _check_length(count: int, unit: str, text: str) -> None:
    """SettingsError for a step of more than a thousand years, or as many integers."""
    unit = ALIASES.get(unit, unit)
    length = MONTHS[unit[0]] * 30 * DAY if unit[:1] in MONTHS else MICROSECONDS.get(unit, 1)
    if count * length > LONGEST:
        raise SettingsError(f"step: expected at most a thousand years, got {text!r}")
