"""Forecasts as columns of a table: a row for each step ahead of each window."""

from __future__ import annotations

import numpy as np

from unrolled.data.table.split import Part
from unrolled.tasks.forecasting.inference import ForecastFit, calibrated_forecasts
from unrolled.tasks.forecasting.prepare import EncodedTable


def columns(
    fit: ForecastFit, encoded: EncodedTable, part: Part, stride: int = 1, *, ahead: bool
) -> dict[str, np.ndarray]:
    """The series, the time, and each target (its median) with its intervals, by name.

    ahead: forecast what nothing has seen, by the latest weights. If not, it is a backtest by the
    measured ones, with `cutoff`, the last time that was known, and `<target>_true`.
    """
    table, horizon = encoded.table, fit.settings.horizon
    windows, found = calibrated_forecasts(fit, encoded, part, stride, final=ahead)
    quantiles = found.in_unit(found.quantiles, fit.preprocessor.transforms)
    rows = (windows.cutoffs[:, None] + np.arange(horizon)).ravel()
    columns: dict[str, np.ndarray] = {}
    if table.roles.series:
        names = np.array(table.names, dtype=object)
        columns[table.roles.series] = names[np.repeat(windows.series, horizon)]
    if not ahead:
        columns["cutoff"] = np.repeat(table.times[windows.cutoffs - 1], horizon)
    columns[table.roles.time or "time"] = table.times[rows]
    for k, target in enumerate(fit.settings.target):
        if not ahead:
            columns[f"{target}_true"] = table.columns[target][rows]
        columns[target] = quantiles[:, :, k, quantiles.shape[-1] // 2].ravel()
        for i, level in enumerate(fit.settings.levels):
            columns[f"{target}_lo_{level}"] = quantiles[:, :, k, i].ravel()
            columns[f"{target}_hi_{level}"] = quantiles[:, :, k, -1 - i].ravel()
    return columns
