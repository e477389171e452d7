"""Stratified split of sequences: every class in the same share in both parts."""

from __future__ import annotations

import numpy as np

from unrolled.data.sequences.sequences import Sequences
from unrolled.errors import DataError, SettingsError


def stratified_split(
    sequences: Sequences, share: float, seed: int, what: str
) -> tuple[Sequences, Sequences]:
    """Split at random, every class in the same share: the sequences kept, and those set aside.

    share: of the sequences to set aside, in [0, 1). what: the name of that part, for messages.
    A class keeps at least one sequence. Sequences with a label for each step are split regardless
    of them. SettingsError for another share, DataError when it would set nothing aside.

    >>> moves = Sequences.from_arrays([[0.0]] * 8, ["a"] * 4 + ["b"] * 4)
    >>> kept, aside = stratified_split(moves, 0.25, 0, "test")
    >>> aside.labels.tolist()
    ['a', 'b']
    """
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share < 1:
        raise SettingsError(f"{what}: expected a share in [0, 1), got {share!r}")
    if not share:
        return sequences, sequences.select(np.array([], dtype=np.int64))
    order = np.random.default_rng(seed).permutation(len(sequences))
    kinds = np.zeros(len(order), dtype=np.int64)
    if not sequences.per_step:
        named = [str(label) for label in sequences.targets]  # None, where a label is not known, too
        kinds = np.unique(named, return_inverse=True)[1]
    aside = np.zeros(len(order), dtype=bool)
    for kind in np.unique(kinds):
        mine = order[kinds[order] == kind]
        aside[mine[: min(round(share * len(mine)), len(mine) - 1)]] = True
    if not aside.any():
        raise DataError(
            f"{what}: a share of {share:g} of {len(sequences)} sequences sets none aside, "
            "as every class keeps at least one"
        )
    return sequences.select(np.flatnonzero(~aside)), sequences.select(np.flatnonzero(aside))
