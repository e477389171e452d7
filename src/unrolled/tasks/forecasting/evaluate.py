"""Evaluate a forecaster: metrics beside baselines on the test part, and what the report shows.

Shapes: n windows, F horizon steps, K targets, Q quantiles.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from unrolled import metrics
from unrolled.data.table.table import Table
from unrolled.data.table.windows import Windows
from unrolled.tasks.forecasting import baselines
from unrolled.tasks.forecasting.inference import ForecastFit, linear_forecasts, quantile_forecasts
from unrolled.tasks.forecasting.prepare import EncodedTable

PANEL_SERIES, PANEL_CUTOFFS = 4, 3  # what the report shows stays readable and small


def evaluate(
    fit: ForecastFit, encoded: EncodedTable, windows: Windows, train_rows: np.ndarray
) -> dict[str, Any]:
    """Measure the network beside the baselines on the same windows: what `results.json` holds."""
    table, horizon = encoded.table, fit.settings.horizon
    season = min(table.step.season, len(encoded.inputs))
    rows = windows.cutoffs[:, None] + np.arange(horizon)
    truth, known = encoded.truth()[rows], encoded.last_known()
    quantiles = quantile_forecasts(fit, windows)
    name = fit.settings.cell.upper()
    forecasts = {
        name: quantiles[..., quantiles.shape[-1] // 2],
        "linear": linear_forecasts(fit, windows),
        "seasonal naive": baselines.seasonal_naive(
            known, windows.cutoffs, horizon, season, table.offsets[windows.series]
        ),
        "naive": baselines.naive(known, windows.cutoffs, horizon),
    }
    scales = metrics.mase_scale(encoded.truth(), season, offsets=table.offsets, rows=train_rows)[
        windows.series
    ]
    by_target = {
        target: _measure(fit, k, truth, quantiles, forecasts, scales)
        for k, target in enumerate(fit.settings.target)
    }
    first = by_target[fit.settings.target[0]]
    return {
        "task": "forecast",
        "network": name,
        "targets": list(fit.settings.target),
        "horizon": horizon,
        "step": str(table.step),
        "season": season,
        "test": _span(table, windows, rows),
        "table": first["table"],
        "by_step": first["by_step"],
        "verdict": first["verdict"],
        "by_target": by_target if len(by_target) > 1 else {},
        "panels": _panels(fit, encoded, windows, quantiles, forecasts),
    }


def headline(results: dict[str, Any] | None) -> dict[str, Any]:
    """The errors of each method, for `run.json`."""
    if results is None:
        return {}
    return {row["name"]: {k: v for k, v in row.items() if k != "name"} for row in results["table"]}


def _measure(
    fit: ForecastFit,
    k: int,
    truth: np.ndarray,
    quantiles: np.ndarray,
    forecasts: dict[str, np.ndarray],
    scales: np.ndarray,
) -> dict[str, Any]:
    """The errors of one target: a row for each method, and the MAE of each step."""
    y, probabilities = truth[:, :, k], fit.settings.quantiles
    scale = np.broadcast_to(scales[:, None, k], y.shape)
    table = []
    for name, forecast in forecasts.items():
        guess = forecast[:, :, k]
        row: dict[str, Any] = {
            "name": name,
            "mae": metrics.mae(y, guess),
            "rmse": metrics.rmse(y, guess),
            "smape": metrics.smape(y, guess),
            "mase": metrics.mase(y, guess, scale),
        }
        if name == fit.settings.cell.upper():
            row["pinball"] = metrics.pinball(y, quantiles[:, :, k], probabilities)
            for i, level in enumerate(fit.settings.levels):
                low, high = quantiles[:, :, k, i], quantiles[:, :, k, -1 - i]
                row[f"coverage_{level}"] = metrics.coverage(y, low, high)
                row[f"width_{level}"] = metrics.interval_width(y, low, high)
        table.append({key: _plain(value) for key, value in row.items()})
    steps = {name: metrics.mae_by_step(y, f[:, :, k]) for name, f in forecasts.items()}
    by_step = {name: [_plain(v) for v in values] for name, values in steps.items()}
    return {"table": table, "by_step": by_step, "verdict": _verdict(table)}


def _verdict(table: list[dict[str, Any]]) -> str:
    """One plain sentence: who is best, and by how much."""
    network, *others = table
    own = network["mae"]
    if own is None:
        return "The test part has no known target to measure on."
    words = ", ".join(_compare(own, other) for other in others if other["mae"])
    best = min((row for row in table if row["mae"] is not None), key=lambda row: row["mae"])
    lost = "" if best is network else f" Here {best['name']} is better: use it, or more data."
    name = network["name"]
    return f"The mean absolute error of the {name} is {_short(own)}: {words}.{lost}"


def _compare(own: float, other: dict[str, Any]) -> str:
    """How an error stands beside another: "24.0% below naive (5.51)"."""
    share = own / other["mae"] - 1
    where = f"{abs(share):.1%} {'below' if share < 0 else 'above'}"
    if abs(share) < 0.005:
        where = "about as good as"
    return f"{where} {other['name']} ({_short(other['mae'])})"


def _short(value: float) -> str:
    """A number with three digits that count."""
    decimals = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:,.{decimals}f}"


def _span(table: Table, windows: Windows, rows: np.ndarray) -> dict[str, Any]:
    times = table.local_times
    return {
        "windows": len(windows),
        "from": _text(times[rows[:, 0]].min()),
        "to": _text(times[rows[:, -1]].max()),
    }


def _panels(
    fit: ForecastFit,
    encoded: EncodedTable,
    windows: Windows,
    quantiles: np.ndarray,
    forecasts: dict[str, np.ndarray],
) -> list[dict[str, Any]]:
    """A few forecasts beside the truth, spread evenly over the test part."""
    series = windows.series
    shown = []
    for s in np.unique(series)[:PANEL_SERIES]:
        mine = np.flatnonzero(series == s)
        places = np.linspace(0, len(mine) - 1, PANEL_CUTOFFS + 2)[1:-1].astype(int)
        shown += mine[np.unique(places)].tolist()
    return [
        _panel(fit, encoded, windows, i, k, quantiles, forecasts)
        for i in shown
        for k in range(len(fit.settings.target))
    ]


def _panel(
    fit: ForecastFit,
    encoded: EncodedTable,
    windows: Windows,
    i: int,
    k: int,
    quantiles: np.ndarray,
    forecasts: dict[str, np.ndarray],
) -> dict[str, Any]:
    table, settings = encoded.table, fit.settings
    cutoff, times = int(windows.cutoffs[i]), table.local_times
    past = slice(cutoff - min(fit.settings.decided_lookback, 3 * settings.horizon), cutoff)
    ahead = slice(cutoff, cutoff + settings.horizon)
    truth = table.columns[settings.target[k]]
    panel: dict[str, Any] = {
        "series": table.names[int(windows.series[i])],
        "target": settings.target[k],
        "past_time": [_text(t) for t in times[past]],
        "past": [_plain(v) for v in truth[past]],
        "time": [_text(t) for t in times[ahead]],
        "truth": [_plain(v) for v in truth[ahead]],
        "forecast": [_plain(v) for v in quantiles[i, :, k, quantiles.shape[-1] // 2]],
        "baselines": {
            name: [_plain(v) for v in values[i, :, k]]
            for name, values in list(forecasts.items())[1:]
        },
    }
    if settings.levels:
        panel["level"] = settings.levels[0]
        panel["lo"] = [_plain(v) for v in quantiles[i, :, k, 0]]
        panel["hi"] = [_plain(v) for v in quantiles[i, :, k, -1]]
    return panel


def _plain(value: Any) -> Any:
    """A number as JSON has it, with six digits; None where there is none."""
    if isinstance(value, str):
        return value
    number = float(value)
    return float(f"{number:.6g}") if np.isfinite(number) else None


def _text(time: Any) -> str:
    if isinstance(time, np.datetime64):
        return str(time.astype("M8[s]")).replace("T", " ")[:16].removesuffix(" 00:00")
    return str(time)
