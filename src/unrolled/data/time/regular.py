"""How regular times are: what a reading of ambiguous dates is judged by."""

from __future__ import annotations

import numpy as np

from unrolled.data.arrow import Ints
from unrolled.data.time.units import DAY


def fill(values: Ints) -> float:
    """The share of the steps between first and last that are there, times that of the usual step.

    values: (n,) microseconds, in any order. 0 for less than three different ones.

    >>> fill(np.array([0, 1, 2, 3]) * DAY), fill(np.array([0, 31, 59, 90]) * DAY)
    (1.0, 1.0)
    """
    times = np.unique(values)
    if len(times) < 3:
        return 0.0
    if np.diff(times).min() >= 28 * DAY:
        months = times.view("M8[us]").astype("M8[M]")
        within = times - months.astype("M8[us]").view(np.int64)
        before = (months + 1).astype("M8[us]").view(np.int64) - times
        if np.ptp(within) == 0 or np.ptp(before) == 0:
            times = months.astype(np.int64)
    steps, counts = np.unique(np.diff(times), return_counts=True)
    usual = steps[np.argmax(counts)]
    whole = (times[-1] - times[0]) / usual + 1
    return float(counts.max() / counts.sum() * min(1.0, len(times) / whole))
