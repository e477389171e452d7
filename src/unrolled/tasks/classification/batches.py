"""Sequences as tensors, in pieces that fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from unrolled.data.sequences.encode import SequencePreprocessor
from unrolled.data.sequences.sequences import Sequences

STEPS_AT_ONCE = 1 << 18  # of all sequences that are read together: some hundred MB


@dataclass(frozen=True, eq=False)
class Cases:
    """Sequences as tensors: inputs (B, T, D'), lengths (B,), codes (B,) or (B, T), -1 for none."""

    inputs: Tensor
    lengths: Tensor
    codes: Tensor

    @classmethod
    def of(cls, sequences: Sequences, preprocessor: SequencePreprocessor) -> Cases:
        """Encode sequences; DataError for a label that the training part does not have."""
        codes = preprocessor.codes(sequences)
        inputs, lengths = preprocessor.inputs(sequences), sequences.lengths
        return cls(*(torch.from_numpy(part) for part in (inputs, lengths, codes)))

    def rows(self, index: Tensor) -> Cases:
        """Some of them, no longer than the longest."""
        lengths = self.lengths[index]
        longest = int(lengths.max())
        codes = self.codes[index]
        codes = codes[:, :longest] if codes.dim() == 2 else codes
        return Cases(self.inputs[index, :longest], lengths, codes)

    def __len__(self) -> int:
        return len(self.lengths)


def chunks(lengths: Tensor) -> Iterator[Tensor]:
    """The numbers 0 ... B - 1 of sequences of such lengths, in pieces that fit into memory."""
    rows = STEPS_AT_ONCE // int(lengths.max())
    yield from torch.split(torch.arange(len(lengths)), min(256, max(1, rows)))
