"""What the whole history of a series says: where it begins, its deviation, its running sums."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from unrolled.data.table.split import Part

BLOCK = 8  # rows: sums are kept for the first of each, the rest is added when asked for
CHUNK = 1 << 16  # rows summed at a time


@dataclass(frozen=True, eq=False)
class RunningSums:
    """Number, sum and sum of squares of the known targets before each of N rows.

    targets (N, K), NaN where missing; first (S, K): what each series is counted from, its first
    value, which no forecast depends on (a high level would drown the deviations); offsets (S + 1,);
    starts (3, N // BLOCK + 1, K): the sums before each block.
    """

    targets: np.ndarray
    first: np.ndarray
    offsets: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, targets: np.ndarray, first: np.ndarray, offsets: np.ndarray) -> Self:
        """Sum over all rows, a chunk at a time."""
        rows, width = targets.shape
        sums = cls(targets, first, offsets, np.zeros((3, rows // BLOCK + 1, width)))
        before = np.zeros((3, 1, width))
        for begin in range(0, rows, CHUNK):
            parts = sums._parts(np.arange(begin, min(begin + CHUNK, rows)))
            running = np.concatenate((before, parts), axis=1).cumsum(axis=1)
            starts, before = running[:, ::BLOCK], running[:, -1:]
            at = begin // BLOCK
            sums.starts[:, at : at + starts.shape[1]] = starts
        return sums

    def before(self, rows: np.ndarray) -> np.ndarray:
        """The sums before rows (B,), of 0 to N: (3, B, K)."""
        block = rows // BLOCK
        rest = block[:, None] * BLOCK + np.arange(BLOCK - 1)
        parts = self._parts(np.minimum(rest, len(self.targets) - 1))
        parts[:, rest >= rows[:, None]] = 0.0
        # One after the other, as they were summed: the same bits wherever a block begins.
        running = np.concatenate((self.starts[:, block][:, :, None], parts), axis=2).cumsum(axis=2)
        found: np.ndarray = running[:, :, -1]
        return found

    def _parts(self, rows: np.ndarray) -> np.ndarray:
        """What rows of any shape (...) add: (3, ..., K)."""
        series = np.searchsorted(self.offsets, rows, side="right") - 1
        moved = self.targets[rows] - self.first[series]
        known = np.nan_to_num(moved)
        return np.stack((~np.isnan(moved), known, known**2))


def begins_of(targets: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """The first row of each series with any target, its last row where there is none."""
    known = ~np.isnan(targets).all(axis=1)
    begins = offsets[1:] - 1
    for s, (start, end) in enumerate(pairwise(offsets)):
        begins[s] = start + int(np.argmax(known[start:end])) if known[start:end].any() else end - 1
    return begins


def deviations_of(targets: np.ndarray, train: Part | None, series: int) -> np.ndarray:
    """The deviation of each series over its training rows: (S, K), 1 where it has none."""
    found = np.ones((series, targets.shape[1]))
    if train is not None:
        for s, (start, end) in enumerate(train.rows):
            for k in range(targets.shape[1]):
                known = targets[start:end, k]
                known = known[~np.isnan(known)]
                if len(known) and known.min() < known.max():
                    found[s, k] = known.std()
    return found
