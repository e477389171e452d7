"""Whether the targets are forecast by their logarithms: as validation says, by the shared line."""

from __future__ import annotations

import numpy as np
import torch

from unrolled.data.table.split import Split
from unrolled.data.table.table import Table
from unrolled.errors import DataError
from unrolled.tasks.forecasting.network.line import SharedLine
from unrolled.tasks.forecasting.prepare import EncodedTable, shape_of
from unrolled.tasks.forecasting.preprocess import ForecastPreprocessor
from unrolled.tasks.forecasting.settings import ForecasterSettings

HELPS = 0.01  # the share by which the logarithm must lower the error: less is chance
WINDOWS = 20_000


def choose_transforms(
    table: Table, parts: Split, plain: ForecastPreprocessor, settings: ForecasterSettings
) -> ForecastPreprocessor:
    """The preprocessor that the settings ask for; by default the one with the lower error."""
    if settings.transform == "none":
        return plain
    logged = plain.with_logarithm(table, parts.train_rows(), always=settings.transform == "log")
    if settings.transform == "log" or logged is None:
        return logged or plain
    encoded = [EncodedTable.of(table, one, parts.train) for one in (plain, logged)]
    unit = encoded[0].deviations
    try:
        errors = [
            _error(ready, unit, parts, one, settings)
            for ready, one in zip(encoded, (plain, logged), strict=True)
        ]
    except DataError:  # no windows: it is said where they are cut
        return plain
    return logged if errors[1] < (1 - HELPS) * errors[0] else plain


@torch.no_grad()
def _error(
    encoded: EncodedTable,
    unit: np.ndarray,
    parts: Split,
    fitted: ForecastPreprocessor,
    settings: ForecasterSettings,
) -> float:
    """The absolute error of the shared line on validation, in units (S, K) of each series."""
    lookback, horizon = settings.decided_lookback, settings.horizon
    train = encoded.windows(parts.train, lookback, horizon)
    validation = encoded.windows(parts.validation, lookback, horizon)
    line = SharedLine(shape_of(fitted, lookback, horizon))
    line.fit(lambda: train.batches(most=WINDOWS), lambda: validation.batches(most=WINDOWS))
    truth, total, known = encoded.truth(), 0.0, 0
    for start in range(0, len(validation), 1024):
        chosen = np.arange(start, min(start + 1024, len(validation)))
        batch = validation.batch(chosen)
        forecast = batch.level[:, None] + batch.scale[:, None] * line(batch).double().numpy()
        for k, transform in enumerate(fitted.transforms):
            forecast[:, :, k] = transform.invert(forecast[:, :, k])
        rows = validation.cutoffs[chosen, None] + np.arange(horizon)
        missed = np.abs(forecast - truth[rows]) / unit[validation.series[chosen], None]
        total, known = total + float(np.nansum(missed)), known + int((~np.isnan(missed)).sum())
    return total / max(known, 1)
