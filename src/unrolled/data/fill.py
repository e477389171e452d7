"""Carry the last known value forward, and nothing backward."""

from __future__ import annotations

import numpy as np


def carry_forward(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Each missing value becomes the last known one before it in its series.

    values: (N,) or (N, K) with NaN where missing; offsets: (S+1,), series s is rows
    ``offsets[s]:offsets[s + 1]``. What is missing before the first known value stays NaN. Only the
    past is looked at, so a window never learns from its future through what was filled.

    >>> carry_forward(np.array([np.nan, 1.0, np.nan, np.nan, 5.0]), np.array([0, 3, 5])).tolist()
    [nan, 1.0, 1.0, nan, 5.0]
    """
    rows = np.arange(len(values)).reshape(-1, *(1,) * (values.ndim - 1))
    begins = np.repeat(offsets[:-1], np.diff(offsets)).reshape(rows.shape)
    # Where nothing is known yet, the first row of the series is pointed at, which is NaN itself.
    known = np.where(np.isnan(values), begins, rows)
    source = np.maximum.accumulate(known, axis=0)
    filled: np.ndarray = np.take_along_axis(values, source, axis=0)
    return filled
