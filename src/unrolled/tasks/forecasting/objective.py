"""Training objective of the forecaster: batch losses, validation loss."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from torch import Tensor

from unrolled.data.table.windows import Windows
from unrolled.errors import DataError
from unrolled.tasks.forecasting.losses import pinball_loss
from unrolled.tasks.forecasting.network.forecast_network import ForecastNetwork
from unrolled.tasks.forecasting.prepare import in_batches
from unrolled.training import Training

LINEAR_WINDOWS = 50_000  # the closed form gains nothing from more, and stays within seconds


class ForecastObjective:
    """A `training.Objective` over windows: shuffled for training, in order for validation."""

    validated_on = "validation"

    def __init__(
        self,
        model: ForecastNetwork,
        train: Windows,
        validation: Windows,
        settings: Training,
        season: int,
    ) -> None:
        self.model, self.train, self.validation = model, train, validation
        self.settings, self.season = settings, season
        self._useful = _with_targets(train)
        _with_targets(validation)

    def begin(self, folder: Path | None) -> None:
        """Solve for the linear map, from which training starts."""
        few = in_batches(self.train, 1024, LINEAR_WINDOWS)
        self.model.linear.fit(few, in_batches(self.validation, 1024), self.season)

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
        for batch in in_batches(self.validation, 1024):
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
