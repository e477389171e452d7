"""Rolling-origin backtests: forecast the newest part of a table as it would have been then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from unrolled.data.table.split import Cut, Part, split
from unrolled.data.table.table import Table
from unrolled.errors import DataError, SettingsError
from unrolled.tasks.forecasting.evaluate import Measurement
from unrolled.tasks.forecasting.inference import ForecastFit
from unrolled.tasks.forecasting.network.forecast_network import MODELS
from unrolled.tasks.forecasting.notes import of_backtest
from unrolled.tasks.forecasting.prepare import EncodedTable

Refit = Callable[[Table], ForecastFit]
"""Fits anew, with the same settings, on the rows known by then."""


@dataclass(frozen=True)
class Origins:
    """From which rows a backtest forecasts, and with what; see `Forecaster.backtest`."""

    test: Cut = 0.15
    split: str | None = None
    stride: int = 1
    refit: int = 0
    model: str = "blend"

    def __post_init__(self) -> None:
        for name, least in (("stride", 1), ("refit", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise SettingsError(
                    f"backtest: {name} must be a whole number >= {least}, got {value}"
                )
        check_model("backtest", self.model)


def check_model(what: str, model: str) -> None:
    """SettingsError for a name that is none of `MODELS`."""
    if model not in MODELS:
        raise SettingsError(f"{what}: model must be one of {', '.join(MODELS)}, got {model!r}")


def backtest(
    fit: ForecastFit, table: Table, origins: Origins, refit: Refit
) -> tuple[Measurement, list[str]]:
    """The forecasts of a table's newest part, beside the baselines, and notes about them."""
    parts = split(table, 0, origins.test, origins.split)
    part, rows = parts.test, parts.train_rows()
    if not len(part):
        raise DataError("backtest: the test part has no rows to forecast; test= names a larger one")
    if not origins.refit:
        encoded = EncodedTable.of(table, fit.preprocessor)
        measured = Measurement.of(fit, encoded, part, rows, origins.stride, origins.model)
        return measured, of_backtest(fit, table, part)
    pieces = [
        Measurement.of(
            fresh, EncodedTable.of(table, fresh.preprocessor), block, rows, origins.stride,
            origins.model,
        )
        for fresh, block in _refitted(
            table, part, origins.stride, origins.refit, fit.settings.horizon, refit
        )
    ]  # fmt: skip
    return Measurement.join(pieces), []


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
