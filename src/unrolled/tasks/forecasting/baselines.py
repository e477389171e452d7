"""Baselines that need no training: naive and seasonal naive.

Shapes: N rows of a table, K targets, n windows, F horizon steps. A window is named by its cutoff,
its first target row; only rows before the cutoff are looked at.
"""

from __future__ import annotations

import numpy as np


def naive(known: np.ndarray, cutoffs: np.ndarray, horizon: int) -> np.ndarray:
    """The last value, again and again: (N, K) and (n,) -> (n, F, K).

    `known` are the targets with the last value carried forward, see `carry_forward`.

    >>> naive(np.array([[1.0], [2.0], [3.0]]), np.array([2]), horizon=2).ravel().tolist()
    [2.0, 2.0]
    """
    return np.repeat(known[cutoffs - 1][:, None], horizon, axis=1)


def seasonal_naive(
    known: np.ndarray, cutoffs: np.ndarray, horizon: int, season: int, begins: np.ndarray
) -> np.ndarray:
    """The value one season before, the newest that is known: (N, K) and (n,) -> (n, F, K).

    season: in steps, 24 for a day of hours; begins: (n,) the first row of each window's series,
    which is used where a whole season has not gone by yet.

    >>> rows = np.arange(6.0)[:, None]
    >>> seasonal_naive(rows, np.array([4]), 3, season=2, begins=np.array([0])).ravel().tolist()
    [2.0, 3.0, 2.0]
    """
    steps = np.arange(horizon) % season - season
    rows = np.maximum(cutoffs[:, None] + steps, begins[:, None])
    forecast: np.ndarray = known[rows]
    return forecast
