"""Public holidays by country: known ahead, because the local date alone decides them."""

from __future__ import annotations

from datetime import date
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unrolled.data.time.grid import Step, Times
from unrolled.data.time.units import DAY
from unrolled.errors import SettingsError


def holiday_features(
    times: Times, step: Step, countries: tuple[str, ...]
) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Which of the local times (N,) are on a public holiday, for each of C countries.

    countries: codes of two letters, or with a part of the country as "US-NY". Returns C names and
    (N, C) float32: 1 on a holiday, else 0; for steps above a day the share of holidays in the span
    from a time to the next (for steps that end with their month: up to and with it).

    Raises SettingsError for integer times, a country that is unknown or comes twice, and without
    the package `holidays`.
    """
    features = np.empty((len(times), len(countries)), np.float32)
    if countries:
        begins, ends, flags = _spans_and_flags(times, step, countries)
        for column, flag in enumerate(flags):
            before = np.concatenate(([0], np.cumsum(flag)))
            features[:, column] = (before[ends] - before[begins]) / (ends - begins)
    return tuple(f"holiday {country}" for country in countries), features


def count_holidays(times: Times, step: Step, countries: tuple[str, ...]) -> dict[str, int]:
    """How many public holidays the steps at local times (N,) hold, by country; errors as above."""
    if not countries:
        return {}
    begins, ends, flags = _spans_and_flags(times, step, countries)
    size = len(flags[0]) + 1
    held = np.cumsum(np.bincount(begins, minlength=size) - np.bincount(ends, minlength=size)) > 0
    found = [int((flag & held[:-1]).sum()) for flag in flags]
    return dict(zip(countries, found, strict=True))


def _spans_and_flags(
    times: Times, step: Step, countries: tuple[str, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64], list[NDArray[np.bool_]]]:
    """The days [begin, end) of each time (N,), and for each country which days are holidays (M,).

    Days are counted from the first one.
    """
    if step.is_integer:
        raise SettingsError("holidays: expected times that are dates, got integers")
    begins, ends = _days(times.astype("M8[us]"), step)
    first, last = begins.min(), ends.max() - 1
    days = np.arange(first, last + 1)
    years = range(first.astype(object).year, last.astype(object).year + 1)
    flags = [np.isin(days, np.array(found, "M8[D]")) for found in _holidays(countries, years)]
    return (begins - first).astype(np.int64), (ends - first).astype(np.int64), flags


def _days(
    times: NDArray[np.datetime64], step: Step
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """The first day of the step at each time (N,), and the day after its last one."""
    days = times.astype("M8[D]")
    if step.microseconds is not None and step.microseconds <= DAY:
        return days, days + 1
    if step.unit in ("ME", "BME"):  # a time stands for what ends there
        return step.shift(times, -1).astype("M8[D]") + 1, days + 1
    final = step.shift(times, 1).astype("M8[us]") - np.timedelta64(1, "us")
    return days, final.astype("M8[D]") + 1


def _holidays(countries: tuple[str, ...], years: range) -> list[list[date]]:
    """The public holidays of each country in these years."""
    package = _package()
    for country in countries:
        _check(country, package)
        if countries.count(country) > 1:
            raise SettingsError(f"holidays: expected each country once, got {country!r} twice")
    parts = [country.partition("-") for country in countries]
    return [list(package.country_holidays(c, subdiv=p or None, years=years)) for c, _, p in parts]


def _check(country: str, package: Any) -> None:
    """SettingsError for an unknown country, with those whose code or name is close to it."""
    codes = package.list_supported_countries(include_aliases=False)
    code, _, part = country.partition("-")
    if code not in codes:
        names = {
            name.upper(): row[1] for row in package.registry.COUNTRIES.values() for name in row
        }
        near = get_close_matches(code.upper(), names, n=5)
        close = list(dict.fromkeys(names[name] for name in near)) or ["KR", "US", "US-NY"]
        raise SettingsError(f"holidays: no country {code!r}; write a code like {', '.join(close)}")
    if country != code and part not in codes[code]:
        near = get_close_matches(part.upper(), codes[code], n=5, cutoff=0.5) or codes[code]
        close = [f"{code}-{name}" for name in near[:12]] or [code]
        raise SettingsError(f"holidays: no part {part!r} of {code}; there is {', '.join(close)}")


def _package() -> Any:
    try:
        import holidays
    except ImportError:
        raise SettingsError(
            "holidays: they need the package holidays: pip install 'unrolled[holidays]'"
        ) from None
    return holidays
