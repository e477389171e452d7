"""What a trained forecaster learns from the validation part: its mixture, and its intervals."""

from __future__ import annotations

import torch

from unrolled.tasks.forecasting.inference import ForecastFit, forecasts_over
from unrolled.tasks.forecasting.intervals import static_offsets
from unrolled.tasks.forecasting.network import blend
from unrolled.tasks.forecasting.network.forecast_network import MEMBERS
from unrolled.tasks.forecasting.prepare import TableWindows


def calibrate(fit: ForecastFit, validation: TableWindows) -> None:
    """Choose how the measured network is mixed with the line, then what moves its quantiles."""
    network, settings = fit.network.measured, fit.settings
    found = forecasts_over(network, validation)
    weights = blend.choose(
        [torch.from_numpy(member) for member in found.members],
        torch.from_numpy(found.truth),
        torch.from_numpy(found.weight),
        line=MEMBERS.index("linear"),
        season=fit.preprocessor.season,
        power=1 if settings.loss == "quantile" else 2,
    )
    network.weights.copy_(weights)
    found = forecasts_over(network, validation)
    network.offsets.copy_(torch.from_numpy(static_offsets(found.scores(), settings.quantiles)))
