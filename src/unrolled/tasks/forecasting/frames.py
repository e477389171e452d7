"""Forecasts as columns of a table: a row for each step ahead of each window."""

from __future__ import annotations

import numpy as np

from unrolled.data.table.table import Table
from unrolled.data.table.windows import Windows
from unrolled.tasks.forecasting.inference import ForecastFit, quantile_forecasts


def columns(
    fit: ForecastFit, table: Table, windows: Windows, *, with_truth: bool
) -> dict[str, np.ndarray]:
    """The series, the time, and each target (its median) with its intervals, by name.

    with_truth: of a backtest: also `cutoff`, the last time that was known, and `<target>_true`.
    """
    quantiles, horizon = quantile_forecasts(fit, windows), fit.settings.horizon
    rows = (windows.cutoffs[:, None] + np.arange(horizon)).ravel()
    columns: dict[str, np.ndarray] = {}
    if table.roles.series:
        names = np.array(table.names, dtype=object)
        columns[table.roles.series] = names[np.repeat(windows.series, horizon)]
    if with_truth:
        columns["cutoff"] = np.repeat(table.times[windows.cutoffs - 1], horizon)
    columns[table.roles.time or "time"] = table.times[rows]
    for k, target in enumerate(fit.settings.target):
        if with_truth:
            columns[f"{target}_true"] = table.columns[target][rows]
        columns[target] = quantiles[:, :, k, quantiles.shape[-1] // 2].ravel()
        for i, level in enumerate(fit.settings.levels):
            columns[f"{target}_lo_{level}"] = quantiles[:, :, k, i].ravel()
            columns[f"{target}_hi_{level}"] = quantiles[:, :, k, -1 - i].ravel()
    return columns
