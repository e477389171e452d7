"""The network of a forecaster: recurrent networks beside a shared line, and their mixture."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unrolled.networks.ensemble import Ensemble
from unrolled.tasks.forecasting.network.line import SharedLine
from unrolled.tasks.forecasting.network.segments import SegmentNetwork
from unrolled.tasks.forecasting.network.shape import Shape, WindowBatch

MEMBERS = ("network", "linear", "seasonal naive")
"""What is mixed, in the order of the weights."""
MODELS = ("blend", "network", "linear", "seasonal-naive", "naive")
"""What may forecast: the mixture of the members, one of them alone, or the last value."""


class ForecastNetwork(Ensemble[SegmentNetwork]):
    """Windows to quantiles of every step ahead: (B, F, K, Q), in the unit of each window.

        point     = w_1 network + w_2 shared line + w_3 last season       (B, F, K)
        quantiles = point + (network's quantiles - its median)            (B, F, K, Q)

    The weights w add up to 1 at each step ahead; `blend.choose` finds them on validation windows.
    Before that the network stands alone, as in training.
    """

    quantiles: Tensor  # (Q,)
    weights: Tensor  # (F, M), how the members are mixed
    offsets: Tensor  # (F, K, Q), what calibration on the validation part adds

    def __init__(
        self, shape: Shape, networks: list[SegmentNetwork], quantiles: tuple[float, ...]
    ) -> None:
        super().__init__(networks)
        self.shape = shape
        self.line = SharedLine(shape)
        size = (shape.horizon, shape.targets, len(quantiles))
        weights = torch.zeros(shape.horizon, len(MEMBERS))
        weights[:, 0] = 1
        self.register_buffer("quantiles", torch.tensor(quantiles))
        self.register_buffer("weights", weights)
        self.register_buffer("offsets", torch.zeros(size))

    def forward(self, batch: WindowBatch) -> Tensor:
        """Quantiles (B, F, K, Q), rising: what is forecast before calibration."""
        return self.mixed(batch)[0]

    def weights_of(self, model: str) -> Tensor:
        """The weights (F, M) of one of `MODELS`; none at all leave the last value, the level."""
        if model == "blend":
            return self.weights
        weights = torch.zeros_like(self.weights)
        if model != "naive":
            weights[:, MEMBERS.index(model.replace("-", " "))] = 1
        return weights

    def mixed(self, batch: WindowBatch, model: str = "blend") -> tuple[Tensor, list[Tensor]]:
        """The quantiles, and the M forecasts (B, F, K) that their middle is mixed of.

        A series that is shorter than the lookback is forecast by its last season, or by its last
        value where it has not had a season: of such windows the network and the line saw none.
        """
        spread = self.recurrent(batch)
        middle = spread[..., spread.shape[-1] // 2]
        season = self.seasonal(batch)
        season = season * (batch.history >= self.shape.season).view(-1, 1, 1)
        short = (batch.history < self.shape.lookback).view(-1, 1, 1)
        members = [torch.where(short, season, m) for m in (middle, self.line(batch))] + [season]
        parts = zip(self.weights_of(model).T, members, strict=True)
        point = torch.stack([weight.view(1, -1, 1) * part for weight, part in parts]).sum(0)
        return point.unsqueeze(-1) + _rising(spread - middle.unsqueeze(-1)), members

    def recurrent(self, batch: WindowBatch) -> Tensor:
        """The mean of the recurrent networks: (B, F, K, Q)."""
        found = torch.stack(self.each(batch)).mean(0)
        return found.expand(*found.shape[:3], len(self.quantiles))

    def each(self, batch: WindowBatch) -> list[Tensor]:
        """What each recurrent network forecasts: (B, F, K, Q)."""
        return [network(batch) for network in self.members()]

    def seasonal(self, batch: WindowBatch) -> Tensor:
        """The value one season before, the last value where the past is shorter: (B, F, K)."""
        shape = self.shape
        season = shape.season if shape.season <= shape.lookback else 1
        steps = shape.lookback - season + torch.arange(shape.horizon) % season
        return batch.own[:, :, steps].transpose(1, 2)


def _rising(spread: Tensor) -> Tensor:
    """Quantiles less their middle (..., Q), so that they do not cross and the middle stays."""
    half = spread.shape[-1] // 2
    low, high = spread[..., :half].clamp(max=0), spread[..., half:].clamp(min=0)
    return torch.cat([low, high], dim=-1).sort(-1).values


class ForecastModel(nn.Module):
    """The weights of a forecaster, twice where they were refitted.

    measured: trained on the training rows, which every reported figure is of; final: trained on
    all rows after that, for what comes next; None where there was no refit.
    """

    def __init__(self, measured: ForecastNetwork, final: ForecastNetwork | None) -> None:
        super().__init__()
        self.measured = measured
        self.final = final

    @property
    def latest(self) -> ForecastNetwork:
        """What forecasts the rows that nothing has seen."""
        return self.measured if self.final is None else self.final

    def forward(self, batch: WindowBatch) -> Tensor:
        """What the latest weights forecast: (B, F, K, Q)."""
        quantiles: Tensor = self.latest(batch)
        return quantiles
