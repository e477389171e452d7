"""Numbers as text, and where the ticks of an axis sit."""

import math
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

Tick = tuple[int, str]
"""The index of a point along an axis, and what is written there."""


def decimals(values: Sequence[float | None]) -> int:
    """How many decimals show three figures of the smallest of some numbers.

    >>> decimals([4.1, 12.0])
    2
    """
    sizes = [abs(value) for value in values if value]
    if not sizes:
        return 0
    return min(6, max(0, 2 - math.floor(math.log10(min(sizes)))))


def number(value: float | None, places: int | None = None) -> str:
    """A number with three figures or the given decimals; a dash when it is missing.

    >>> number(4.1), number(12345.6), number(None)
    ('4.10', '12,346', '–')
    """
    if value is None:
        return "–"
    if value and not 1e-4 <= abs(value) < 1e12 and places is None:
        return f"{value:.2e}"
    return f"{value:,.{decimals([value]) if places is None else places}f}".replace("-", "−")


def nice_range(
    values: Sequence[float], count: int = 4, *, zero: bool = False
) -> tuple[list[float], int]:
    """Round numbers from below the least value to above the greatest, and their decimals.

    >>> nice_range([31.0, 58.0])
    ([30.0, 40.0, 50.0, 60.0], 0)
    """
    lo, hi = min(values, default=0.0), max(values, default=1.0)
    if zero:
        lo, hi = min(lo, 0.0), max(hi, 0.0)
    if hi - lo <= 1e-9 * max(abs(lo), abs(hi), 1e-9):
        lo, hi = lo - (abs(lo) or 1.0) / 2, hi + (abs(hi) or 1.0) / 2
    power = 10.0 ** math.floor(math.log10((hi - lo) / count))
    step = next(power * f for f in (1, 2, 2.5, 5, 10) if power * f * count >= (hi - lo) * 0.999)
    first, last = math.floor(lo / step + 1e-9), math.ceil(hi / step - 1e-9)
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    if round(step, places) != round(step, places + 2):
        places += 1
    return [i * step for i in range(first, last + 1)], places


def count_ticks(first: int, last: int, most: int) -> list[Tick]:
    """Ticks of whole numbers from first to last: the first one and round ones after it.

    >>> count_ticks(1, 24, 6)
    [(0, '1'), (5, '6'), (11, '12'), (17, '18'), (23, '24')]
    """
    sizes = [1, 2, 3, 6, 12, 24, 48, 96, 168] if last % 12 == 0 else _ROUND
    step = next((size for size in sizes if last / size <= most), sizes[-1])
    rest = [n for n in range(step, last + 1, step) if n - first >= max(1, step / 2)]
    return [(n - first, str(n)) for n in (first, *rest)]


_ROUND = [size * 10**power for power in range(6) for size in (1, 2, 5)]


def time_ticks(times: Sequence[str], most: int) -> list[Tick]:
    """Ticks where a new year, month, day or hour begins; evenly spaced where the text is no time.

    >>> time_ticks(["2013-11-07 23:00", "2013-11-08 00:00", "2013-11-08 01:00"], 2)
    [(1, '8 Nov'), (2, '01:00')]
    """
    try:
        stamps = [datetime.fromisoformat(text) for text in times]
    except ValueError:
        stamps = []
    for minutes in _SPANS if stamps else ():
        numbers = [_period(stamp, minutes) for stamp in stamps]
        hits = [i for i, (a, b) in enumerate(pairwise(numbers), 1) if a != b]
        if 0 < len(hits) <= most:
            return [(i, _stamp(stamps[i], minutes)) for i in hits]
    stride = max(1, math.ceil(len(times) / most))
    return [(i, times[i]) for i in range(0, len(times), stride)]


_HOUR, _DAY, _MONTH, _YEAR = 60, 1440, 43_200, 518_400
_SPANS = (
    *(1, 5, 15, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR),
    *(_DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY),
    *(_MONTH, 3 * _MONTH, _YEAR, 5 * _YEAR, 20 * _YEAR),
)
"""Distances of ticks in minutes; a month and a year are names here, not lengths."""


def _period(stamp: datetime, minutes: int) -> int:
    """The number of the calendar period of some length in which a time lies."""
    if minutes >= _YEAR:
        return stamp.year // (minutes // _YEAR)
    if minutes >= _MONTH:
        return (stamp.year * 12 + stamp.month - 1) // (minutes // _MONTH)
    # Day 1 of the calendar is a Monday, so that weeks begin on Mondays.
    return ((stamp.toordinal() - 1) * _DAY + stamp.hour * _HOUR + stamp.minute) // minutes


def _stamp(stamp: datetime, minutes: int) -> str:
    if minutes >= _YEAR:
        return str(stamp.year)
    if minutes >= _MONTH:
        return f"{stamp:%b} {stamp.year}" if stamp.month == 1 else f"{stamp:%b}"
    if minutes >= _DAY or (stamp.hour, stamp.minute) == (0, 0):
        return f"{stamp.day} {stamp:%b}"
    return f"{stamp:%H:%M}"
