"""Numbers that stand for a missing value, such as -999."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

# What loggers and weather services write where they have no value.
MARKS = (
    *(-99.0, -99.9, -999.0, -999.9, -9999.0, -9999.9, -99999.0, -32768.0),
    *(999.0, 999.9, 9999.0, 9999.9, 99999.0, 999999.0, 32767.0),
)
FAR = 2.0  # times the span of all other values


def take_missing(
    name: str, values: NDArray[np.float64], marks: Sequence[float]
) -> tuple[NDArray[np.float64], list[str]]:
    """Numbers (N,) with marks as NaN, and what is said of those that look like such a mark."""
    if marks:
        values = np.where(np.isin(values, marks), np.nan, values)
    return values, [f"column {name!r}: {told}" for told in looks_missing(values)]


def looks_missing(values: NDArray[np.float64]) -> Iterator[str]:
    """A sentence for each number that usually stands for missing, and is far from the others.

    >>> next(looks_missing(np.array([5.0, 6.0, -999.0, 4.0])))
    '-999 comes once, far from every other value; --na -999 (na=) takes it as missing'
    """
    known = values[~np.isnan(values)]
    if not len(known) or (known.max() not in MARKS and known.min() not in MARKS):
        return
    marked = np.isin(known, MARKS)
    others = known[~marked]
    if len(others) < 3:
        return
    low, high = others.min(), others.max()
    for mark in np.unique(known[marked]):
        beyond = max(low - mark, mark - high)
        if beyond > FAR * (high - low) and beyond > 0:
            count = int((known == mark).sum())
            times = "once" if count == 1 else f"{count:,} times"
            yield (
                f"{mark:g} comes {times}, far from every other value; "
                f"--na {mark:g} (na=) takes it as missing"
            )
