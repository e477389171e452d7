"""Calendar features: hour, weekday and day of the year as sine and cosine; holidays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unrolled.data.time.grid import Step, Times
from unrolled.data.time.holidays import holiday_features
from unrolled.data.time.units import DAY, MICROSECONDS


def calendar_features(times: Times, step: Step) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Cyclic calendar features of times (N,): sine and cosine of each cycle the step moves through.

    The hour (with its minutes) for steps below a day, the weekday below a week, the day of the
    year below a year; nothing for integer times. Give local times where people's hours matter:
    `table.local_times`. Returns C names and features (N, C), each in [-1, 1]: C is 6, 4, 2 or 0.

    >>> names, features = calendar_features(np.array(["2013-01-01T06"], "M8[us]"), Step(1, "h"))
    >>> names[:2], features[0, :2].round(3)
    (('hour_sin', 'hour_cos'), array([1., 0.], dtype=float32))
    """
    cycles = _cycles(times, step)
    features = np.empty((len(times), 2 * len(cycles)), np.float32)
    for column, turn in enumerate(cycles.values()):
        angle = 2 * np.pi * turn
        features[:, 2 * column] = np.sin(angle)
        features[:, 2 * column + 1] = np.cos(angle)
    return tuple(f"{name}_{wave}" for name in cycles for wave in ("sin", "cos")), features


def date_features(
    times: Times, step: Step, countries: tuple[str, ...]
) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """All that local times (N,) alone say: the calendar features, then the holidays of countries.

    Arguments, names and errors are those of `calendar_features` and `holiday_features`.
    """
    names, features = calendar_features(times, step)
    if not countries:
        return names, features
    days, holidays = holiday_features(times, step, countries)
    return (*names, *days), np.concatenate((features, holidays), axis=1)


def _cycles(times: Times, step: Step) -> dict[str, NDArray[np.float64]]:
    """Name -> the position in the cycle (N,), in [0, 1)."""
    if step.is_integer:
        return {}
    days = times.astype("M8[D]")
    length = step.microseconds
    turns = {}
    if length is not None and length < DAY:
        turns["hour"] = (times.astype("M8[us]") - days).astype(np.int64) / DAY
    if length is not None and length < MICROSECONDS["W"]:
        turns["weekday"] = (days.astype(np.int64) + 3) % 7 / 7  # 1970-01-01 was a Thursday
    if (step.months or 0) < 12 and (length or 0) < 365 * DAY:
        year = times.astype("M8[Y]")
        begin = year.astype("M8[D]")
        size = (year + np.timedelta64(1, "Y")).astype("M8[D]") - begin
        turns["yearday"] = (days - begin).astype(np.int64) / size.astype(np.int64)
    return turns
