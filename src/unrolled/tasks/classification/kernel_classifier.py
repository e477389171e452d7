"""Kernel features of a sequence and of its changes, and a ridge over them: no training, seconds.

Shapes: B sequences, N steps of all of them, T time steps, D features, C classes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unrolled.tasks.classification.batches import Cases, chunks
from unrolled.tasks.classification.kernels import DilatedKernels
from unrolled.tasks.classification.network import SequenceShape
from unrolled.tasks.classification.ridge import LeftOut, RidgeHead

MOST = 20_000  # cases that the ridge learns from
EXAMPLES = 1000  # cases that thresholds are taken from


class KernelClassifier(nn.Module):
    """Sequences (B, T, D') and lengths (B,) to log-probabilities (B, C), without training.

    Half of the features look at the values, half at their changes from one step to the next.
    """

    def __init__(self, shape: SequenceShape, kernels: int) -> None:
        super().__init__()
        self.features = shape.features
        self.values = DilatedKernels(shape.features, shape.longest, kernels // 2)
        self.changes = DilatedKernels(shape.features, shape.longest, kernels // 2)
        self.head = RidgeHead(self.values.width + self.changes.width, shape.classes)
        # What `fit` found, until the fit is over, and the cases, rising, that it is of.
        self.left_out: LeftOut | None = None
        self.learned = torch.empty(0, dtype=torch.long)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """(B, T, D'), lengths (B,) -> (B, C)."""
        found: Tensor = self.head(self._features(inputs, lengths))
        return found

    @torch.no_grad()
    def fit(self, cases: Cases, weights: Tensor, seed: int) -> None:
        """Fit on labelled sequences; weights: (C,) what an error on each class costs."""
        random = torch.Generator().manual_seed(seed)
        some = torch.randperm(len(cases), generator=random)[:EXAMPLES]
        batch = cases.rows(some)
        values = self._values(batch.inputs, batch.lengths)
        self.values.fit(values, batch.lengths, seed)
        self.changes.fit(_changes(values, batch.lengths), batch.lengths, seed + 1)
        rows = torch.arange(len(cases))
        if len(cases) > MOST:
            rows = torch.randperm(len(cases), generator=random)[:MOST].sort().values
        parts = [cases.rows(rows[some]) for some in chunks(cases.lengths[rows])]
        features = torch.cat([self._features(part.inputs, part.lengths) for part in parts])
        self.left_out, self.learned = self.head.fit(features, cases.codes[rows], weights), rows

    def _features(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        values = self._values(inputs, lengths)
        changes = _changes(values, lengths)
        return torch.cat([self.values(values, lengths), self.changes(changes, lengths)], dim=1)

    def _values(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """The features without their masks, 0 behind the end."""
        return _inside(inputs[..., : self.features], lengths)


def _changes(values: Tensor, lengths: Tensor) -> Tensor:
    """From one step to the next, 0 at the first and behind the end."""
    found = torch.diff(values, dim=1, prepend=values[:, :1])
    return _inside(found, lengths)


def _inside(values: Tensor, lengths: Tensor) -> Tensor:
    """The values (B, T, D), 0 behind the ends."""
    steps = torch.arange(values.shape[1], device=values.device)
    return values * (steps < lengths.to(values.device)[:, None])[..., None]
