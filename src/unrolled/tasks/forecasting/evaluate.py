"""Evaluate a forecaster: metrics beside baselines on the test part, and what the report shows.

Shapes: n windows, F horizon steps, K targets, Q quantiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from unrolled import metrics
from unrolled.data.table.split import Part
from unrolled.data.table.table import Table
from unrolled.tasks.forecasting import baselines
from unrolled.tasks.forecasting.by_series import by_series, geometric_ratio
from unrolled.tasks.forecasting.forecast import Forecast
from unrolled.tasks.forecasting.inference import ForecastFit, calibrated_forecasts, windows_of
from unrolled.tasks.forecasting.network.forecast_network import MEMBERS
from unrolled.tasks.forecasting.panels import panels, plain, text
from unrolled.tasks.forecasting.prepare import EncodedTable
from unrolled.tasks.forecasting.verdict import mixture, verdict

MOST_MEASURED = 1_000_000  # numbers forecast of the test part: of more, windows lie further apart
PERIODS = 12  # of the test part, over which coverage is shown


@dataclass(frozen=True, eq=False)
class Measurement:
    """What was forecast of the test part: all in the unit of the targets.

    cutoffs, series: (n,) of the windows; truth: (n, F, K); quantiles: (n, F, K, Q); forecasts: by
    name, the forecaster's own first, (n, F, K); scales: (n, K), what an error is divided by for
    MASE.
    """

    fit: ForecastFit
    table: Table
    cutoffs: np.ndarray
    series: np.ndarray
    truth: np.ndarray
    quantiles: np.ndarray
    forecasts: dict[str, np.ndarray]
    scales: np.ndarray

    @classmethod
    def of(
        cls,
        fit: ForecastFit,
        encoded: EncodedTable,
        part: Part,
        train_rows: np.ndarray,
        stride: int = 1,
        model: str = "blend",
    ) -> Measurement:
        """Forecast the windows of a part with the measured weights, and with the baselines."""
        table, horizon = encoded.table, fit.settings.horizon
        season, transforms = fit.preprocessor.season, fit.preprocessor.transforms
        windows, found = calibrated_forecasts(fit, encoded, part, stride, model=model)
        quantiles = found.in_unit(found.quantiles, transforms)
        line = found.in_unit(found.members[MEMBERS.index("linear")], transforms)
        known, cutoffs = encoded.last_known(), windows.cutoffs
        begins = encoded.begins[windows.series]
        named = model in ("blend", "network")
        own = fit.settings.cell.upper() if named else model.replace("-", " ")
        forecasts = {
            own: quantiles[..., quantiles.shape[-1] // 2],
            "linear": line,
            "seasonal naive": baselines.seasonal_naive(known, cutoffs, horizon, season, begins),
            "naive": baselines.naive(known, cutoffs, horizon),
        }
        truth = encoded.truth()
        scales = metrics.mase_scale(truth, season, offsets=table.offsets, rows=train_rows)
        rows = cutoffs[:, None] + np.arange(horizon)
        series = windows.series
        return cls(fit, table, cutoffs, series, truth[rows], quantiles, forecasts, scales[series])

    @classmethod
    def join(cls, parts: Sequence[Measurement]) -> Measurement:
        """One after the other, of the same table."""
        first = parts[0]

        def joined(name: str) -> np.ndarray:
            return np.concatenate([getattr(part, name) for part in parts])

        forecasts = {n: np.concatenate([p.forecasts[n] for p in parts]) for n in first.forecasts}
        arrays = ("cutoffs", "series", "truth", "quantiles", "scales")
        changed: dict[str, Any] = {name: joined(name) for name in arrays}
        return replace(first, forecasts=forecasts, **changed)

    def forecast(self) -> Forecast:
        """What was forecast, as a frame and a picture."""
        where = self.cutoffs, self.series
        return Forecast(self.fit, self.table, *where, self.quantiles, ahead=False)

    @property
    def network(self) -> str:
        """The name of the forecaster's own forecasts."""
        return next(iter(self.forecasts))


def evaluate(
    fit: ForecastFit, encoded: EncodedTable, part: Part, train_rows: np.ndarray
) -> dict[str, Any]:
    """Measure the forecaster beside the baselines on the same windows: `results.json`."""
    targets = fit.settings.target
    values = len(windows_of(fit.settings, encoded, part)) * fit.settings.horizon
    stride = -(-values * len(targets) // MOST_MEASURED)
    measured = Measurement.of(fit, encoded, part, train_rows, stride)
    mixed = mixture(fit.network.measured.weights)
    by_target = {target: _measure(measured, k, mixed) for k, target in enumerate(targets)}
    first = by_target[targets[0]]
    return {
        "task": "forecast",
        "network": measured.network,
        "targets": list(targets),
        "horizon": fit.settings.horizon,
        "step": str(measured.table.step),
        "season": fit.preprocessor.season,
        "test": {**_span(measured), "stride": stride},
        "mixture": mixed,
        **first,
        "by_target": by_target if len(by_target) > 1 else {},
        "panels": panels(
            fit,
            measured.table,
            measured.cutoffs,
            measured.series,
            measured.quantiles,
            measured.forecasts,
        ),
    }


def headline(results: dict[str, Any] | None) -> dict[str, Any]:
    """The errors of each method, for `run.json`."""
    if results is None:
        return {}
    return {row["name"]: {k: v for k, v in row.items() if k != "name"} for row in results["table"]}


def _measure(measured: Measurement, k: int, mixed: dict[str, float]) -> dict[str, Any]:
    """One target: a row for each method, errors by step and by series, coverage, the verdict."""
    y = measured.truth[:, :, k]
    steps = {n: metrics.mae_by_step(y, f[:, :, k]) for n, f in measured.forecasts.items()}
    table = [_row(measured, k, name) for name in measured.forecasts]
    series = _series(measured, k)
    return {
        "table": table,
        "by_step": {name: [plain(v) for v in values] for name, values in steps.items()},
        "by_series": series,
        "coverage": _coverage(measured, k),
        "verdict": verdict(table, series, mixed),
    }


def errors(measured: Measurement) -> dict[str, dict[str, Any]]:
    """By target: its own mae and rmse, a row for each method, and the errors of every series."""
    found = {}
    for k, target in enumerate(measured.fit.settings.target):
        table = [_row(measured, k, name) for name in measured.forecasts]
        own = {name: table[0][name] for name in ("mae", "rmse")}
        series = _series(measured, k, everyone=True)["rows"]
        found[target] = {**own, "table": table, "by_series": series}
    return found


def _series(measured: Measurement, k: int, *, everyone: bool = False) -> dict[str, Any]:
    return by_series(
        measured.table.names,
        measured.series,
        measured.truth[:, :, k],
        {name: forecast[:, :, k] for name, forecast in measured.forecasts.items()},
        measured.scales[:, k],
        everyone=everyone,
    )


def _row(measured: Measurement, k: int, name: str) -> dict[str, Any]:
    """The metrics of one method."""
    y, guess = measured.truth[:, :, k], measured.forecasts[name][:, :, k]
    settings, quantiles = measured.fit.settings, measured.quantiles
    base = measured.forecasts["seasonal naive"][:, :, k]
    scale = np.broadcast_to(measured.scales[:, None, k], y.shape)
    row: dict[str, Any] = {
        "name": name,
        "mae": metrics.mae(y, guess),
        "rmse": metrics.rmse(y, guess),
        "smape": metrics.smape(y, guess),
        "mase": metrics.mase(y, guess, scale),
        "ratio": geometric_ratio(measured.series, y, guess, base),
    }
    if name == measured.network:
        row["pinball"] = metrics.pinball(y, quantiles[:, :, k], settings.quantiles)
        for i, level in enumerate(settings.levels):
            low, high = quantiles[:, :, k, i], quantiles[:, :, k, -1 - i]
            row[f"coverage_{level}"] = metrics.coverage(y, low, high)
            row[f"width_{level}"] = metrics.interval_width(y, low, high)
            row[f"winkler_{level}"] = metrics.winkler(y, low, high, level / 100)
    return {key: plain(value) for key, value in row.items()}


def _coverage(measured: Measurement, k: int) -> dict[str, Any]:
    """How often the widest interval held the truth, by step ahead and over time."""
    levels = measured.fit.settings.levels
    if not levels:
        return {}
    y, bounds = measured.truth[:, :, k], measured.quantiles[:, :, k]
    inside = (bounds[..., 0] <= y) & (y <= bounds[..., -1])
    held = np.where(np.isnan(y), np.nan, inside)
    times = measured.table.local_times[measured.cutoffs]
    order = np.argsort(times, kind="stable")
    periods = [part for part in np.array_split(order, min(PERIODS, len(order))) if len(part)]
    return {
        "level": levels[0],
        "by_step": [plain(_mean(held[:, step])) for step in range(held.shape[1])],
        "over_time": [
            {"from": text(times[part[0]]), "share": plain(_mean(held[part]))} for part in periods
        ],
    }


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _span(measured: Measurement) -> dict[str, Any]:
    times, horizon = measured.table.local_times, measured.fit.settings.horizon
    return {
        "windows": len(measured.cutoffs),
        "from": text(times[measured.cutoffs].min()),
        "to": text(times[measured.cutoffs + horizon - 1].max()),
    }
