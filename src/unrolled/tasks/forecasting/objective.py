"""What training asks of a forecaster: the losses of an epoch, and the validation loss."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from torch import Tensor

from unrolled.data.table.windows import Windows
from unrolled.errors import DataError
from unrolled.tasks.forecasting.losses import pinball_loss
from unrolled.tasks.forecasting.network.forecast_network import ForecastNetwork
from unrolled.tasks.forecasting.prepare import in_batches
from unrolled.training import Training


class ForecastTask:
    """A `training.Task` over windows: shuffled for training, in order for validation."""

    judged = "validation"

    def __init__(
        self, model: ForecastNetwork, train: Windows, held: Windows, settings: Training
    ) -> None:
        self.model, self.held, self.settings = model, held, settings
        self.train = train
        self._useful = _with_targets(train)
        _with_targets(held)

    def __len__(self) -> int:
        return -(-len(self._useful) // self.settings.batch_size)

    def losses(self, epoch: int) -> Iterator[Tensor]:
        """The pinball loss of each batch, in an order that follows from the seed and the epoch."""
        order = np.random.default_rng((self.settings.seed, epoch)).permutation(self._useful)
        for start in range(0, len(order), self.settings.batch_size):
            batch = self.train.batch(order[start : start + self.settings.batch_size])
            inputs, future, targets = batch.tensors(self.model.quantiles.device)
            assert future is not None
            yield pinball_loss(self.model(inputs, future), targets, self.model.quantiles)

    def validate(self) -> float:
        """The pinball loss of the validation part, each known target counted once."""
        total = known = 0.0
        for batch in in_batches(self.held, 1024):
            inputs, future, targets = batch.tensors(self.model.quantiles.device)
            assert future is not None
            count = (~targets.isnan()).sum().item()
            loss = pinball_loss(self.model(inputs, future), targets, self.model.quantiles)
            total, known = total + loss.item() * count, known + count
        return total / known


def _with_targets(windows: Windows) -> np.ndarray:
    """The windows that have any target to learn from: (n,) indices, in the smallest type."""
    known = ~np.isnan(windows.targets).all(axis=1)
    before = np.concatenate(([0], np.cumsum(known)))
    cutoffs = windows.cutoffs
    useful = np.flatnonzero(before[cutoffs + windows.horizon] > before[cutoffs])
    if not len(useful):
        raise DataError(f"fit: no window of the {windows.part.name} part has a known target")
    return useful.astype(np.int32 if len(windows) < 2**31 else np.int64)
