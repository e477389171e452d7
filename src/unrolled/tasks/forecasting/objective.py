"""Training objective of the forecaster: batch losses, validation loss."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from unrolled.errors import DataError
from unrolled.tasks.forecasting.losses import huber_loss, pinball_loss
from unrolled.tasks.forecasting.network.forecast_network import ForecastNetwork
from unrolled.tasks.forecasting.network.line import Batches
from unrolled.tasks.forecasting.network.shape import WindowBatch
from unrolled.tasks.forecasting.prepare import TableWindows
from unrolled.training import Training

LINE_WINDOWS = 50_000  # the closed form gains nothing from more, and stays within seconds


class ForecastObjective:
    """A `training.Objective` over windows: shuffled for training, in order for validation.

    The networks of an ensemble are trained side by side, each by its own loss. Errors count in the
    unit of each series (its deviation in training), so that no series outshouts the others.
    """

    validated_on = "validation"

    def __init__(
        self,
        model: ForecastNetwork,
        train: TableWindows,
        validation: TableWindows,
        settings: Training,
        loss: str,
    ) -> None:
        self.model, self.train, self.validation = model, train, validation
        self.settings, self.loss = settings, loss
        self._useful = _with_targets(train)
        _with_targets(validation)

    def begin(self, folder: Path | None) -> None:
        """Solve for the shared line, which stands beside the network."""
        self.model.line.fit(line_batches(self.model, self.train), self.validation.batches)

    def __len__(self) -> int:
        return -(-len(self._useful) // self.settings.batch_size)

    def losses(self, epoch: int) -> Iterator[Tensor]:
        """The loss of each batch, in an order that follows from the seed and the epoch."""
        order = np.random.default_rng((self.settings.seed, epoch)).permutation(self._useful)
        for start in range(0, len(order), self.settings.batch_size):
            batch = self.train.batch(order[start : start + self.settings.batch_size])
            batch = batch.to(self.model.device)
            each = [self._loss(forecasts, batch) for forecasts in self.model.each(batch)]
            yield torch.stack(each).mean()

    def validate(self) -> float:
        """The loss of the recurrent networks' mean, each known target counted once."""
        total = known = 0.0
        for batch in self.validation.batches():
            batch = batch.to(self.model.device)
            count = (~batch.targets.isnan()).sum().item()
            forecasts = self.model.recurrent(batch)
            total += self._loss(forecasts, batch).item() * count
            known += count
        return total / max(known, 1)

    def _loss(self, forecasts: Tensor, batch: WindowBatch) -> Tensor:
        if self.loss == "huber":
            return huber_loss(forecasts[..., :1], batch.targets, batch.weight)
        return pinball_loss(forecasts, batch.targets, self.model.quantiles, batch.weight)


def line_batches(model: ForecastNetwork, windows: TableWindows) -> Batches:
    """The windows that the shared line of a network is solved on."""
    most = max(1, LINE_WINDOWS // model.shape.targets)
    return lambda: windows.batches(most=most)


def _with_targets(windows: TableWindows) -> np.ndarray:
    useful = windows.useful()
    if not len(useful):
        part = windows.part.name
        raise DataError(
            f"fit: no window of the {part} part has a known target; validation= and test= cut "
            "other parts"
        )
    return useful
