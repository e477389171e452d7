"""What a trained forecaster learns from the validation part: its mixture, and its intervals."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from unrolled.tasks.forecasting.evaluate import MOST_MEASURED
from unrolled.tasks.forecasting.inference import ForecastFit, forecasts_over
from unrolled.tasks.forecasting.intervals import static_offsets
from unrolled.tasks.forecasting.network import blend
from unrolled.tasks.forecasting.network.forecast_network import MEMBERS
from unrolled.tasks.forecasting.prepare import TableWindows


def calibrate(fit: ForecastFit, validation: TableWindows) -> None:
    """Choose how the measured network is mixed with the line, then what moves its quantiles."""
    network, settings = fit.network.measured, fit.settings
    found = forecasts_over(network, validation, most=MOST_MEASURED)
    members = [torch.from_numpy(member) for member in found.members]
    before = _point(members, network.weights)
    weights = blend.choose(
        members,
        torch.from_numpy(found.truth),
        torch.from_numpy(found.weight),
        line=MEMBERS.index("linear"),
        season=fit.preprocessor.season,
        power=1 if settings.loss == "quantile" else 2,
    )
    network.weights.copy_(weights)
    # The network need not run again: quantiles stand around the middle as they did.
    moved = (_point(members, network.weights) - before).numpy()[..., None]
    scores = replace(found, quantiles=found.quantiles + moved).scores()
    network.offsets.copy_(torch.from_numpy(static_offsets(scores, settings.quantiles)))


def _point(members: list[Tensor], weights: Tensor) -> Tensor:
    """The mixture (n, F, K) of M members by weights (F, M)."""
    parts = zip(weights.cpu().T, members, strict=True)
    return torch.stack([weight.view(1, -1, 1) * part for weight, part in parts]).sum(0)
