"""Rolling-origin backtests: forecast the newest part of a table as it would have been then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from unrolled import metrics
from unrolled.data.table.split import Cut, Part, split
from unrolled.data.table.table import Table
from unrolled.errors import DataError, SettingsError
from unrolled.tasks.forecasting.frames import columns
from unrolled.tasks.forecasting.inference import ForecastFit
from unrolled.tasks.forecasting.prepare import EncodedTable

Refit = Callable[[Table], ForecastFit]
"""Fits anew, with the same settings, on the rows known by then."""


def backtest(
    fit: ForecastFit,
    table: Table,
    test: Cut,
    by: str | None,
    stride: int,
    refit_every: int,
    refit: Refit,
) -> dict[str, np.ndarray]:
    """The columns of a backtest; see `Forecaster.backtest`."""
    for name, value, least in (("stride", stride, 1), ("refit", refit_every, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise SettingsError(f"backtest: {name} must be a whole number >= {least}, got {value}")
    part = split(table, 0, test, by).test
    if not len(part):
        raise DataError("backtest: the test part has no rows")
    if not refit_every:
        return _columns(fit, table, part, stride)
    horizon = fit.settings.horizon
    pieces = [
        _columns(fresh, table, block, stride)
        for fresh, block in _refitted(table, part, stride, refit_every, horizon, refit)
    ]
    return {k: np.concatenate([piece[k] for piece in pieces]) for k in pieces[0]}


def errors(targets: tuple[str, ...], frame: Any) -> dict[str, dict[str, float]]:
    """The errors of a backtest's frame, by target."""
    found = {}
    for target in targets:
        pair = (frame[f"{target}_true"], frame[target])
        truth, guess = (column.cast("float64").to_numpy() for column in pair)
        found[target] = {"mae": metrics.mae(truth, guess), "rmse": metrics.rmse(truth, guess)}
    return found


def _columns(fit: ForecastFit, table: Table, part: Part, stride: int) -> dict[str, np.ndarray]:
    return columns(fit, EncodedTable.of(table, fit.preprocessor), part, stride, ahead=False)


def _refitted(
    table: Table, part: Part, stride: int, every: int, horizon: int, refit: Refit
) -> Iterator[tuple[ForecastFit, Part]]:
    """A forecaster fitted on what was known, and the rows of the next origins, in turn."""
    length = int((part.rows[:, 1] - part.rows[:, 0]).max())
    for start in range(0, length, stride * every):
        first = part.rows[:, 0] + start
        last = np.minimum(first + stride * (every - 1) + horizon, part.rows[:, 1])
        if (last - first < horizon).any():
            return
        fresh = refit(_until(table, first))
        yield fresh, replace(part, rows=np.stack((first, last), axis=1))


def _until(table: Table, rows: np.ndarray) -> Table:
    """The rows of each series before the given ones (S,)."""
    kept = [np.arange(b, r) for b, r in zip(table.offsets[:-1], rows, strict=True)]
    index = np.concatenate(kept)
    return replace(
        table,
        offsets=np.concatenate(([0], np.cumsum([len(k) for k in kept]))).astype(np.int64),
        times=table.times[index],
        columns={name: values[index] for name, values in table.columns.items()},
        present=table.present[index],
    )
