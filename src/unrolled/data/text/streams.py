"""A text as streams side by side, for truncated backpropagation through time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from unrolled.errors import DataError


class Streams:
    """A text as B parallel streams, read T symbols at a time, so that the state is carried over.

    In step k + 1 each stream goes on where it stopped in step k. Each epoch begins at another
    offset of the text, which is read as a ring, so that no symbol is always left out and each is
    seen in different contexts.

    >>> streams = Streams(np.arange(20), batch=2, steps=3)
    >>> [(a.tolist(), b.tolist()) for a, b in streams.epoch(0)][1]
    ([[3, 4, 5], [13, 14, 15]], [[4, 5, 6], [14, 15, 16]])
    """

    def __init__(self, tokens: np.ndarray, batch: int, steps: int) -> None:
        self.tokens = tokens
        length = len(tokens) // batch
        if length < 2:
            raise DataError(
                f"fit: expected at least {2 * batch} symbols for {batch} parallel streams "
                f"(batch_size), got {len(tokens)} in the training part"
            )
        self.steps = min(steps, length - 1)
        self._starts = np.arange(batch) * length
        self._length = length

    def __len__(self) -> int:
        """The steps of an epoch."""
        return self._length // self.steps

    def epoch(self, offset: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Inputs and targets of each step, (B, T) int64; offset: where in the text to begin."""
        window = np.arange(self.steps + 1)
        for step in range(len(self)):
            places = self._starts[:, None] + (offset + step * self.steps + window)
            chunk = self.tokens[places % len(self.tokens)].astype(np.int64)
            yield chunk[:, :-1], chunk[:, 1:]
