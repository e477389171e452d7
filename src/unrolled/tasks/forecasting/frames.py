"""Forecasts as columns of a table: a row for each step ahead of each window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from unrolled.data.table.table import Table
from unrolled.errors import DataError
from unrolled.tasks.forecasting.inference import ForecastFit
from unrolled.tasks.forecasting.settings import ForecasterSettings


def quantile_names(target: str, levels: Sequence[int]) -> tuple[str, ...]:
    """The columns of the forecast of a target: its median, and the ends of its intervals."""
    return (target, *(f"{target}_{end}_{level}" for level in levels for end in ("lo", "hi")))


def alike(settings: ForecasterSettings) -> dict[str, str]:
    """Every column of numbers in a forecast or a backtest -> the target that it is of."""
    return {
        name: target
        for target in settings.target
        for name in (*quantile_names(target, settings.levels), f"{target}_true")
    }


def check_names(settings: ForecasterSettings, table: Table) -> None:
    """DataError where two columns of a forecast or a backtest would have the same name."""
    source = table.source_format
    taken = dict.fromkeys(source.series, "the series")
    taken |= dict.fromkeys(source.time, "the time")
    made = [("cutoff", "the last known time of a backtest")]
    for target in settings.target:
        made.append((target, f"the forecast of {target!r}"))
        made += [
            (name, f"an interval of {target!r}")
            for name in quantile_names(target, settings.levels)[1:]
        ]
        made.append((f"{target}_true", f"the truth of {target!r} in a backtest"))
    for name, what in made:
        if name in taken:
            raise DataError(
                f"column {name!r}: {taken[name]} and {what} would have the same name: rename one"
            )
        taken[name] = what


def columns(
    fit: ForecastFit,
    table: Table,
    cutoffs: np.ndarray,
    series: np.ndarray,
    quantiles: np.ndarray,
    *,
    ahead: bool,
) -> dict[str, np.ndarray]:
    """The series, the time, and each target (its median) with its intervals, by name.

    cutoffs, series: (n,) of the windows; quantiles: (n, F, K, Q) in the unit of the targets.
    ahead: of what nothing has seen. If not, it is a backtest, with `cutoff`, the last time that was
    known, and `<target>_true`.
    """
    horizon = fit.settings.horizon
    rows = (cutoffs[:, None] + np.arange(horizon)).ravel()
    columns: dict[str, np.ndarray] = {}
    if table.roles.series:
        names = np.array(table.names, dtype=object)
        columns[",".join(table.source_format.series)] = names[np.repeat(series, horizon)]
    if not ahead:
        columns["cutoff"] = np.repeat(table.times[cutoffs - 1], horizon)
    columns[",".join(table.source_format.time)] = table.times[rows]
    for k, target in enumerate(fit.settings.target):
        if not ahead:
            columns[f"{target}_true"] = table.columns[target][rows]
        last = quantiles.shape[-1] - 1
        order = [last // 2, *(at for i in range(last // 2) for at in (i, last - i))]
        for name, at in zip(quantile_names(target, fit.settings.levels), order, strict=True):
            columns[name] = quantiles[:, :, k, at].ravel()
    return columns
