"""The open slots of a week: found in the rows, written as text, read back.

A slot is a time since Monday 00:00 in microseconds. Business days are five slots, trading hours one
for each bar; a step of one goes from an open slot to the next.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from unrolled.data.time.units import DAY, HOUR, MINUTE, MONDAY, SECOND, WEEK
from unrolled.errors import SettingsError

Ints = NDArray[np.int64]
Slots = tuple[int, ...]

BUSINESS_DAYS: Slots = tuple(day * DAY for day in range(5))
NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LEAST_CLOSED = 0.1  # of the week; a day is a seventh
LEAST_FILLED = 0.6  # of the open slots
RARE = 0.02  # of the times it is passed: a slot of so few rows is closed all the same
MOST_STRAY = 0.01  # of all rows: so many may lie outside the open slots
SURE = 0.05  # how many slots may be taken for closed by chance

_DAY = rf"(?:{'|'.join(NAMES)})"
_DAYS = rf"{_DAY}(?:-{_DAY})?"
_CLOCK = r"\d\d:\d\d(?::\d\d)?"
_TIMES = rf"{_CLOCK}(?:-{_CLOCK})?"
_GROUP = re.compile(rf"({_DAYS}(?:,{_DAYS})*)?\s*({_TIMES}(?:,{_TIMES})*)?")


def find_open(times: Ints, length: int) -> Slots:
    """The slots of the week in which rows lie, () where it is open all the time.

    times: (N,) local microseconds of all series; length: of a slot, which must divide a day.
    A day or a slot is closed if it was passed several times, had no row, or hardly any, and so
    many gaps by chance are out of the question.

    >>> days = np.arange("2022-01-03", "2022-03-01", dtype="M8[D]")
    >>> days = days[np.is_busday(days)].astype("M8[us]").astype(np.int64)
    >>> find_open(days, DAY) == BUSINESS_DAYS
    True
    """
    if DAY % length or length < MINUTE:
        return ()
    # Of all series together: where one is closed another may be open.
    ticks = np.unique((times - MONDAY) // length)
    week, day = WEEK // length, DAY // length
    seen = np.bincount(ticks % week, minlength=week).reshape(7, day)
    passed = _passed(int(ticks[0]), int(ticks[-1]), week).reshape(7, day)
    closed = _closed(seen, passed, RARE)
    if seen[closed].sum() > MOST_STRAY * len(ticks):
        closed = _closed(seen, passed, 0.0)
    filled = seen[~closed].sum() / max(1, passed[~closed].sum())
    if closed.mean() < LEAST_CLOSED or filled < LEAST_FILLED:
        return ()
    # Days begin at midnight; within a day, where the bars of all rows begin.
    phases = np.unique((times - MONDAY) % length) if length < DAY else np.zeros(1, np.int64)
    phase = int(phases[0]) if len(phases) == 1 and phases[0] % SECOND == 0 else 0
    return tuple((np.flatnonzero(~closed.ravel()) * length + phase).tolist())


def _closed(seen: Ints, passed: Ints, rare: float) -> NDArray[np.bool_]:
    """Which slots (7, n) are closed: whole days, times of the day, and single slots."""
    often = seen > rare * passed
    share = min(0.99, float(seen[often].sum() / max(1, passed[often].sum())))

    def surely(seen: Ints, passed: Ints, least: int) -> NDArray[np.bool_]:
        chance = seen.size * (1 - share) ** passed
        found: NDArray[np.bool_] = (seen <= rare * passed) & (passed >= least) & (chance < SURE)
        return found

    days = surely(seen.sum(axis=1), passed.min(axis=1), 2)
    clock = surely(seen[~days].sum(axis=0), passed[~days].sum(axis=0), 3)
    return np.asarray(surely(seen, passed, 3) | days[:, None] | clock)


def _passed(first: int, last: int, week: int) -> Ints:
    """How often each slot of the week comes from tick first to tick last."""
    whole, rest = divmod(last - first + 1, week)
    return np.asarray(whole + ((np.arange(week) - first) % week < rest))


def write_open(slots: Slots, length: int) -> str:
    """Slots as text: "Mon-Fri 09:30-15:30", "Mon-Fri 09:00-17:00; Sat 09:00-12:00", "Mon-Sat".

    >>> write_open(BUSINESS_DAYS, DAY)
    'Mon-Fri'
    """
    by_day: dict[int, list[int]] = {}
    for slot in slots:
        by_day.setdefault(slot // DAY, []).append(slot % DAY)
    groups: dict[Slots, list[int]] = {}
    for day, times in by_day.items():
        groups.setdefault(tuple(times), []).append(day)
    texts = []
    for bars, days in groups.items():
        named = ",".join(_span(NAMES[a], NAMES[b]) for a, b in _runs(days, 1))
        clock = ",".join(_span(_clock(a), _clock(b)) for a, b in _runs(list(bars), length))
        parts = ["" if len(days) == 7 else named, "" if length == DAY else clock]
        texts.append(" ".join(filter(None, parts)))
    return "; ".join(texts)


def read_open(text: str, length: int) -> Slots:
    """The slots that `write_open` wrote, or a person: SettingsError for anything else.

    >>> read_open("Mon-Fri", DAY) == BUSINESS_DAYS
    True
    """
    slots: set[int] = set()
    for group in text.split(";"):
        match = _GROUP.fullmatch(group.strip())
        if not match or not match[0]:
            raise SettingsError(
                f"step: expected open times like Mon-Fri 09:00-16:00, Mon-Sat or 07:00-21:55, "
                f"got {text.strip()!r}"
            )
        days = [day for part in _parts(match[1], "Mon-Sun") for day in _days(part)]
        clock = f"00:00-{_clock(DAY - length)}"
        times = [time for part in _parts(match[2], clock) for time in _times(part, length)]
        slots |= {day * DAY + time for day in days for time in times}
    return tuple(sorted(slots))


def _parts(text: str | None, otherwise: str) -> list[str]:
    return (text or otherwise).split(",")


def _days(text: str) -> range:
    first, _, last = text.partition("-")
    begin, end = NAMES.index(first), NAMES.index(last or first)
    if end < begin:
        raise SettingsError(f"step: expected days from Mon to Sun, got {text!r}")
    return range(begin, end + 1)


def _times(text: str, length: int) -> range:
    first, _, last = text.partition("-")
    begin, end = _microseconds(first), _microseconds(last or first)
    if end < begin or end >= DAY or DAY % length:
        raise SettingsError(f"step: expected times from 00:00 to 23:59 on one day, got {text!r}")
    return range(begin, end + 1, length)


def _microseconds(clock: str) -> int:
    hours, minutes, seconds = (*map(int, clock.split(":")), 0)[:3]
    return hours * HOUR + minutes * MINUTE + seconds * SECOND


def _clock(time: int) -> str:
    seconds = f":{time % MINUTE // SECOND:02d}" if time % MINUTE else ""
    return f"{time // HOUR:02d}:{time % HOUR // MINUTE:02d}{seconds}"


def _runs(values: list[int], apart: int) -> list[tuple[int, int]]:
    """The first and last of each run of values that are `apart`."""
    array = np.array(values)
    breaks = np.flatnonzero(np.diff(array) != apart)
    begins, ends = np.append(0, breaks + 1), np.append(breaks, len(array) - 1)
    return list(zip(array[begins].tolist(), array[ends].tolist(), strict=True))


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first}-{last}"
