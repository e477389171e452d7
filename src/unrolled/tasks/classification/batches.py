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
class CaseBatch:
    """Sequences side by side: inputs (B, T, D'), lengths (B,), codes (B,) or (B, T).

    A code of -1 is none.
    """

    inputs: Tensor
    lengths: Tensor
    codes: Tensor


@dataclass(frozen=True, eq=False)
class Cases:
    """Sequences one after the other: inputs (N, D'), lengths (B,), codes (B,) or (N,).

    per_step: whether there is a code for each time step.
    """

    inputs: Tensor
    lengths: Tensor
    codes: Tensor
    per_step: bool

    @classmethod
    def of(cls, sequences: Sequences, preprocessor: SequencePreprocessor) -> Cases:
        """Encode sequences; DataError for a label that the training part does not have."""
        codes = torch.from_numpy(preprocessor.codes(sequences))
        return cls(*_tensors(sequences, preprocessor), codes, sequences.per_step)

    @classmethod
    def unlabelled(cls, sequences: Sequences, preprocessor: SequencePreprocessor) -> Cases:
        """Encode sequences whose labels are not asked for."""
        codes = torch.full((len(sequences),), -1)
        return cls(*_tensors(sequences, preprocessor), codes, per_step=False)

    def rows(self, index: Tensor, begin: Tensor | None = None, most: int = 0) -> CaseBatch:
        """Some of them side by side, each ending in copies of its last step.

        most: so many steps of each at most, from the step `begin` (B,) on; 0 takes all.
        """
        lengths = self.lengths[index]
        begins = (self.lengths.cumsum(0) - self.lengths)[index]
        if begin is not None:
            begins, lengths = begins + begin, lengths.clamp(max=most)
        steps = torch.arange(int(lengths.max()))
        real = steps < lengths[:, None]
        places = begins[:, None] + steps.minimum(lengths[:, None] - 1)
        codes = self.codes[places].where(real, -1) if self.per_step else self.codes[index]
        return CaseBatch(self.inputs[places], lengths, codes)

    def changes(self, features: int) -> Tensor:
        """How much the first `features` columns change from one step to the next: (M, D)."""
        within = torch.ones(len(self.inputs), dtype=torch.bool)
        within[self.lengths.cumsum(0)[:-1]] = False
        return torch.diff(self.inputs[:, :features], dim=0)[within[1:]]

    def __len__(self) -> int:
        return len(self.lengths)


def _tensors(sequences: Sequences, preprocessor: SequencePreprocessor) -> tuple[Tensor, Tensor]:
    """Inputs (N, D') and lengths (B,)."""
    return torch.from_numpy(preprocessor.inputs(sequences)), torch.from_numpy(sequences.lengths)


def chunks(lengths: Tensor) -> Iterator[Tensor]:
    """The numbers 0 ... B - 1 of sequences of such lengths, in pieces that fit into memory."""
    begin, longest = 0, 0
    for b, length in enumerate(lengths.tolist()):
        longest = max(longest, length)
        if b > begin and (b - begin == 256 or (b - begin + 1) * longest > STEPS_AT_ONCE):
            yield torch.arange(begin, b)
            begin, longest = b, length
    yield torch.arange(begin, len(lengths))
