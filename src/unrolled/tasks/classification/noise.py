"""How large the noise on a training sequence may be: by its own ordinary changes.

Shapes: B sequences, M changes of all of them from one step to the next, D features.
"""

from __future__ import annotations

import numpy as np

ODD = 4.0  # times the upper quartile of its sequence: a larger change is a jump
QUIET = 2.0  # times a sequence's own changes: a quiet one gets no more than that


def change_sizes(changes: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The deviation of the ordinary changes of each sequence: (M, D) and counts (B,) to (B, D).

    A jump counts as an ordinary change only: rare spikes must not bring noise that drowns the
    shape between them. No sequence gets more than the whole set has, nor more than twice what it
    has itself; one without any change gets what the set has.

    >>> calm, spiky = [1.0, -1.0] * 8, [1.0, -1.0] * 7 + [1000.0, -1000.0]
    >>> change_sizes(np.array([calm + spiky]).T, np.array([16, 16])).round(1).tolist()
    [[1.4], [1.4]]
    """
    owners = np.repeat(np.arange(len(counts)), counts)
    sizes = np.abs(changes)
    whole = _deviations(sizes, np.zeros(len(sizes), dtype=np.int64), np.array([len(sizes)]))
    own = _deviations(sizes, owners, counts)
    least = np.minimum(whole, QUIET * own)
    return np.where(counts[:, None] > 0, least, whole)


def _deviations(sizes: np.ndarray, owners: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The root of the mean square of each sequence's changes, where jumps are cut: (B, D)."""
    begins, last = counts.cumsum() - counts, np.maximum(counts - 1, 0)
    at = np.minimum(begins + (3 * last) // 4, max(len(sizes) - 1, 0))
    found = np.zeros((len(counts), sizes.shape[1]))
    for d, column in enumerate(sizes.T if len(sizes) else ()):
        quartile = column[np.lexsort((column, owners))][at]
        cut = np.minimum(column, ODD * quartile[owners]).astype(np.float64)
        squares = np.bincount(owners, cut**2, minlength=len(counts))
        found[:, d] = np.sqrt(squares / np.maximum(counts, 1))
    return found
