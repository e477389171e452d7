"""A target with a heavy tail is forecast by its logarithm, where validation says that it helps.

Counts, prices, rain and dust are never below 0 and mostly small, and a few values are very large. A
network and a line learn such a target better on log(1 + y / c), with c its median over the training
rows. A median and any other quantile of the logarithm are those of the target.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

SKEWED = 1.0  # the skewness from which the logarithm is tried: 2 for an exponential distribution


@dataclass(frozen=True)
class TargetTransform:
    """What a target becomes before it is put into windows.

    unit: c of log(1 + y / c); None leaves the target as it is.
    nonnegative: whether it was never below 0 in training: then its forecasts are not either.

    >>> TargetTransform(2.0, True).apply(np.array([0.0, 2.0])).round(3).tolist()
    [0.0, 0.693]
    """

    unit: float | None = None
    nonnegative: bool = False

    @classmethod
    def plain(cls, values: np.ndarray) -> Self:
        """Leave a target as it is: values of its training rows (N,), NaN where missing."""
        known = values[~np.isnan(values)]
        return cls(None, bool(len(known)) and bool(known.min() >= 0))

    @classmethod
    def logarithm(cls, values: np.ndarray, *, always: bool = False) -> Self | None:
        """The logarithm of a target with a heavy tail; None for any other, or for one below 0."""
        known = values[~np.isnan(values)]
        if not len(known) or known.min() < 0 or not (always or _skewness(known) > SKEWED):
            return None
        positive = known[known > 0]
        return cls(float(np.median(positive)), True) if len(positive) else None

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Values in the unit of the target, as a window holds them; below 0 it is odd, not NaN."""
        if self.unit is None:
            return values
        found: np.ndarray = np.sign(values) * np.log1p(np.abs(values) / self.unit)
        return found

    def invert(self, values: np.ndarray) -> np.ndarray:
        """Back to the unit of the target."""
        if self.unit is None:
            return values
        # A quantile far out in a logarithm must not become infinite.
        sizes = np.expm1(np.minimum(np.abs(values), 80.0))
        found: np.ndarray = np.sign(values) * sizes * self.unit
        return found


def _skewness(values: np.ndarray) -> float:
    deviation = values.std()
    if deviation == 0:
        return 0.0
    return float((((values - values.mean()) / deviation) ** 3).mean())
