"""The season: how many steps until a series does the same again; given, usual, or found."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from unrolled.data.fill import NEWEST
from unrolled.data.time.grid import WORDS, Step
from unrolled.data.time.units import DAY, HOUR
from unrolled.errors import SettingsError

ASKED = "as asked"
ROWS = 20_000  # of each series at most
LONGEST = 1_500  # a day of minutes
CLEAR = 0.2  # the least autocorrelation of a season, in series so long that none is by chance
SURE = 5.0  # the same in shorter ones, in standard errors
NEAR = 0.85  # of the highest: a day is taken before the week of seven of them

Floats = NDArray[np.float64]


def find_season(step: Step, series: Iterable[Floats], asked: int | None = None) -> tuple[int, str]:
    """The season in steps, and why: as asked, the usual one of the step, or found in the series.

    series: each (n,), as in `guess_season`; looked at only if needed. SettingsError for an asked
    season that is not a whole number >= 1.
    """
    if asked is not None:
        if isinstance(asked, bool) or not isinstance(asked, int | np.integer) or asked < 1:
            raise SettingsError(f"season: expected a whole number of steps >= 1, got {asked!r}")
        return int(asked), ASKED
    if step.season > 1:
        return step.season, _usual(step)
    season, strength = guess_season(series)
    return season, f"found: autocorrelation {strength:.2f}" if season > 1 else "none found"


def guess_season(series: Iterable[Floats]) -> tuple[int, float]:
    """The season that series show together, and its autocorrelation; (1, 0.0) if none is clear.

    series: (n,) each, oldest first, NaN where missing. Only their differences from step to step
    count, which a trend does not disturb, and never the newest 30 % of a series. A season comes at
    least three times in what is looked at.

    >>> season, autocorrelation = guess_season([np.sin(np.arange(300) * 2 * np.pi / 12)])
    >>> season, round(autocorrelation, 2)
    (12, 1.0)
    """
    curves = [curve for values in series if len(curve := _autocorrelation(_changes(values)))]
    if not curves:
        return 1, 0.0
    longest = max(curves, key=len)
    total, count = np.zeros_like(longest), np.zeros_like(longest)
    for curve in curves:
        total[: len(curve)] += curve
        count[: len(curve)] += 1
    # Series that move together tell less than as many that do not: the root of their number.
    least = max(CLEAR, SURE / np.sqrt(1.5 * len(longest) * np.sqrt(len(curves))))
    season = _first_peak(total / count, least)
    return season, float(total[season] / count[season]) if season > 1 else 0.0


def _changes(values: Floats) -> Floats:
    """The differences (m,) in the older part of a series, around their mean; 0 where unknown.

    None where they do not change: a straight line has rounding errors alone.
    """
    known = np.flatnonzero(~np.isnan(values))
    end = int((known[-1] + 1) * (1 - NEWEST)) if len(known) else 0
    older = values[max(0, end - ROWS) : end]
    changes = np.diff(older)
    if np.isnan(changes).all():
        return changes[:0]
    changes = np.nan_to_num(changes - np.nanmean(changes))
    return changes if np.abs(changes).max() > 1e-9 * np.nanmax(np.abs(older)) else changes[:0]


def _autocorrelation(changes: Floats) -> Floats:
    """Their correlation with themselves k steps on, for k up to two thirds of (m,)."""
    size = len(changes)
    lag = np.arange(1, min(2 * (size // 3), 2 * LONGEST) + 1)
    if len(lag) < 4:
        return changes[:0]
    spectrum = np.fft.rfft(changes, 1 << (2 * size - 1).bit_length())
    products = np.fft.irfft(np.abs(spectrum) ** 2)[lag]
    energy = np.cumsum(changes**2)
    scale = np.sqrt(energy[size - 1 - lag] * (energy[-1] - energy[lag - 1]).clip(0))
    ratio = np.divide(products, scale, out=np.zeros(len(lag)), where=scale > 1e-12 * energy[-1])
    return np.append(1.0, ratio.clip(-1, 1))


def _first_peak(curve: Floats, least: float) -> int:
    """The first lag at whose multiples the curve is about as high as anywhere; 1 if there is none.

    What comes by chance, or fades as a wave without a beat does, is high at a lag, not at its
    multiples; the fewer of them there are, the higher they must be.
    """
    lags = np.arange(2, (len(curve) - 1) // 2 + 1)
    score = np.full(len(curve), -1.0)
    score[lags] = [curve[lag::lag].mean() for lag in lags]
    lows = [curve[lag + 1 : 2 * lag].min() for lag in lags]
    enough = np.maximum(least, lags / (len(curve) - 1))
    high = np.minimum(score[lags], curve[lags])
    good = lags[(high >= enough) & (lows < score[lags] / 2)]
    best = score[good].max(initial=0.0)
    for lag in good[score[good] >= NEAR * best]:
        reach = max(1, lag // 5)
        if score[lag] >= score[lag - reach : lag + reach + 1].max():
            return int(lag)
    return 1


def _usual(step: Step) -> str:
    """The usual season of a step in words: "a day of hours"."""
    if step.open:
        turns = len(step.open) > step.season
        return f"{'a day' if turns else 'a week'} of {step.season} open {_plural(step)}"
    length = step.season * (step.microseconds or 0)
    spans = (("an hour", HOUR), ("a day", DAY), ("a week", 7 * DAY))
    whole = next((name for name, most in spans if 0 < length <= most), "a year")
    if step.count == 1:
        return f"{whole} of {_plural(step)}"
    return f"{whole} in steps of {step.words}"


def _plural(step: Step) -> str:
    """Its unit in words, "hours"; bars of several."""
    return f"{WORDS[step.unit].partition(' ')[0]}s" if step.count == 1 else "steps"
