"""The 1-nearest-neighbour baseline: what a classifier of sequences must beat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unrolled.data.sequences.sequences import Sequences

if TYPE_CHECKING:
    from unrolled.data.sequences.encode import SequencePreprocessor

MOST = 4e9  # multiplications: a baseline must not take longer than a few seconds
POINTS = 64


def nearest_labels(
    preprocessor: SequencePreprocessor, train: Sequences, codes: np.ndarray, test: Sequences
) -> np.ndarray | None:
    """The code (n,) of the nearest training sequence; None where that would take too long.

    Sequences are scaled as for the network, brought to one length by linear interpolation, and
    compared by the sum of squared differences.
    """
    points = min(POINTS, int(train.lengths.max()))
    if len(train) * len(test) * points * train.values.shape[1] > MOST:
        return None
    ours, theirs = (_same_length(preprocessor.inputs(s), s.lengths, points) for s in (train, test))
    distance = (ours**2).sum(1)[None] - 2 * theirs @ ours.T
    nearest: np.ndarray = codes[distance.argmin(1)]
    return nearest


def _same_length(inputs: np.ndarray, lengths: np.ndarray, points: int) -> np.ndarray:
    """(N, D) -> (n, points · D), each sequence from its first to its last time step."""
    place = np.linspace(0, 1, points) * (lengths[:, None] - 1)
    left = np.minimum(place.astype(np.int64), np.maximum(lengths[:, None] - 2, 0))
    share = (place - left)[..., None].astype(np.float32)
    right = np.minimum(left + 1, lengths[:, None] - 1)
    begins = (lengths.cumsum() - lengths)[:, None]
    flat: np.ndarray = inputs[begins + left] * (1 - share) + inputs[begins + right] * share
    return flat.reshape(len(lengths), -1)
