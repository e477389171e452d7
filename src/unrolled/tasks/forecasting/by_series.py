"""Errors series by series, so that many small ones are not hidden behind a large one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from unrolled.tasks.forecasting.panels import plain

SHOWN = 3  # of the worst, the middle and the best


def by_series(
    names: tuple[str, ...],
    series: np.ndarray,
    truth: np.ndarray,
    forecasts: dict[str, np.ndarray],
    scales: np.ndarray,
    *,
    everyone: bool = False,
) -> dict[str, Any]:
    """How each series is forecast: the worst, the middle ones and the best of one target.

    series: (n,) of each window; truth and forecasts: (n, F), the forecaster's own first; scales:
    (n,), the MASE's; everyone: all of them. Ordered by the error over that of seasonal naive on the
    same windows.
    """
    own = next(iter(forecasts))
    errors = {name: _by_series(series, np.abs(f - truth)) for name, f in forecasts.items()}
    scaled = _by_series(series, np.abs(forecasts[own] - truth) / _above(scales)[:, None])
    size = _by_series(series, np.abs(truth))
    ratios = {s: _over(error, errors["seasonal naive"][s]) for s, error in errors[own].items()}
    order = sorted(ratios, key=lambda s: -math.inf if math.isnan(ratios[s]) else -ratios[s])
    middle = max(0, len(order) // 2 - SHOWN // 2)
    places = {*range(SHOWN), *range(middle, middle + SHOWN), *range(len(order) - SHOWN, len(order))}
    sizes = [size[s] for s in order if size[s] > 0]
    return {
        "count": len(order),
        "better": sum(ratio < 1 for ratio in ratios.values()),
        "sizes": plain(max(sizes) / min(sizes)) if sizes else None,
        "rows": [
            {
                "series": names[s],
                "mae": plain(errors[own][s]),
                "ratio": plain(ratios[s]),
                "mase": plain(scaled.get(s, math.nan)),
                "best": min(errors, key=lambda name: errors[name][s]),
            }
            for i, s in enumerate(order)
            if everyone or i in places
        ],
    }


def _over(error: float, base: float) -> float:
    return error / base if base > 0 else math.nan


def geometric_ratio(
    series: np.ndarray, truth: np.ndarray, forecast: np.ndarray, base: np.ndarray
) -> float:
    """The geometric mean over series of an error over another's: 1 is as good, whatever the size.

    Series where either has no error are left out.
    """
    mine = _by_series(series, np.abs(forecast - truth))
    theirs = _by_series(series, np.abs(base - truth))
    ratios = [mine[s] / theirs[s] for s in mine if mine[s] > 0 and theirs[s] > 0]
    return float(np.exp(np.mean(np.log(ratios)))) if ratios else float("nan")


def _by_series(series: np.ndarray, errors: np.ndarray) -> dict[int, float]:
    """The mean over the windows of each series, of those with any known truth."""
    known = ~np.isnan(errors)
    total = np.bincount(series, np.where(known, errors, 0.0).sum(1))
    count = np.bincount(series, known.sum(1))
    return {int(s): float(total[s] / count[s]) for s in np.flatnonzero(count)}


def _above(scales: np.ndarray) -> np.ndarray:
    return np.where(scales > 0, scales, np.nan)
