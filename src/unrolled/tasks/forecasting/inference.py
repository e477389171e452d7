"""Inference with a fitted forecaster: quantiles of windows, in the unit of the targets.

Shapes: n windows, F horizon steps, K targets, Q quantiles.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from unrolled.data.table.encode import TablePreprocessor
from unrolled.data.table.split import Part
from unrolled.data.table.windows import Windows
from unrolled.runs.fit import Fit
from unrolled.tasks.forecasting.network.forecast_network import ForecastNetwork
from unrolled.tasks.forecasting.prepare import EncodedTable, in_batches
from unrolled.tasks.forecasting.settings import ForecasterSettings

ForecastFit = Fit[ForecasterSettings, TablePreprocessor, ForecastNetwork]
"""A fitted forecaster; the lookback of its settings is decided."""


def windows_of(
    settings: ForecasterSettings, encoded: EncodedTable, part: Part, stride: int = 1
) -> Windows:
    """The windows of a part, of the lookback and horizon of a fitted forecaster."""
    return encoded.windows(part, settings.decided_lookback, settings.horizon, stride)


def quantile_forecasts(fit: ForecastFit, windows: Windows) -> np.ndarray:
    """The forecast of windows: quantiles (n, F, K, Q), rising, in the unit of the targets."""
    return _in_unit(fit, run_over(fit.network, fit.network.calibrated, windows))


def linear_forecasts(fit: ForecastFit, windows: Windows) -> np.ndarray:
    """The forecast of the linear map alone, the baseline: (n, F, K)."""
    return _in_unit(fit, run_over(fit.network, fit.network.linear, windows))


def _in_unit(fit: ForecastFit, scaled: Tensor) -> np.ndarray:
    return fit.preprocessor.unscale_targets(scaled.numpy().astype(np.float64), axis=2)


@torch.no_grad()
def run_over(
    network: nn.Module, run: Callable[[Tensor, Tensor], Tensor], windows: Windows
) -> Tensor:
    """Run a part of a network, in evaluation, over all windows in order: (n, ...) on the CPU."""
    network.eval()
    device = next(network.parameters()).device
    return torch.cat(
        [
            run(b.inputs.to(device), b.future.to(device)).cpu()
            for b in in_batches(windows, 1024)
            if b.future is not None
        ]
    )
