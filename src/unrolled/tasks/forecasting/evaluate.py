"""What is made of forecasts: frames, backtests, and the table beside the baselines.

Shapes: n windows, F horizon steps, K targets, Q quantiles.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from unrolled import metrics
from unrolled.data.table.split import Cut, Part, split
from unrolled.data.table.table import Table
from unrolled.data.table.windows import Windows
from unrolled.errors import DataError, SettingsError
from unrolled.tasks.forecasting import baselines
from unrolled.tasks.forecasting.prepare import EncodedTable

if TYPE_CHECKING:
    from unrolled.tasks.forecasting.estimator import Forecaster

PANEL_SERIES, PANEL_CUTOFFS = 4, 3  # what the report shows stays readable and small


def frame(model: Forecaster, table: Table, windows: Windows) -> Any:
    """The forecasts of windows as a frame of the kind the table was read from."""
    return table.frame(_columns(model, table, windows, backtest=False))


def backtest(model: Forecaster, table: Table, test: Cut, stride: int, refit: int) -> Any:
    """See `Forecaster.backtest`."""
    for name, value, least in (("stride", stride, 1), ("refit", refit, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise SettingsError(f"backtest: {name} must be a whole number >= {least}, got {value}")
    part = split(table, 0, test).test
    if not len(part):
        raise DataError("backtest: the test part has no rows")
    if not refit:
        windows = model.windows(EncodedTable.of(table, model.fitted.encoder), part, stride)
        return table.frame(_columns(model, table, windows, backtest=True))
    pieces = [
        _columns(fresh, table, windows, backtest=True)
        for fresh, windows in _refitted(model, table, part, stride, refit)
    ]
    return table.frame({k: np.concatenate([p[k] for p in pieces]) for k in pieces[0]})


def _refitted(model: Forecaster, table: Table, part: Part, stride: int, refit: int) -> Any:
    """A model fitted on what was known, and the windows of the next `refit` origins, in turn."""
    length = int((part.rows[:, 1] - part.rows[:, 0]).max())
    for start in range(0, length, stride * refit):
        first = part.rows[:, 0] + start
        last = np.minimum(first + stride * (refit - 1) + model.settings.horizon, part.rows[:, 1])
        if (last - first < model.settings.horizon).any():
            return
        known = _until(table, first)
        fresh = type(model)(**vars(model.settings))
        fresh.fit(known, table.roles, test=0, training=model.training)
        block = replace(part, rows=np.stack((first, last), axis=1))
        yield fresh, fresh.windows(EncodedTable.of(table, fresh.fitted.encoder), block, stride)


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


def _columns(
    model: Forecaster, table: Table, windows: Windows, *, backtest: bool
) -> dict[str, np.ndarray]:
    quantiles, horizon = model.quantiles(windows), model.settings.horizon
    rows = (windows.cutoffs[:, None] + np.arange(horizon)).ravel()
    columns: dict[str, np.ndarray] = {}
    if table.roles.series:
        names = np.array(table.names, dtype=object)
        columns[table.roles.series] = names[np.repeat(windows.series, horizon)]
    if backtest:
        columns["cutoff"] = np.repeat(table.times[windows.cutoffs - 1], horizon)
    columns[table.roles.time or "time"] = table.times[rows]
    for k, target in enumerate(model.settings.target):
        if backtest:
            columns[f"{target}_true"] = table.columns[target][rows]
        columns[target] = quantiles[:, :, k, quantiles.shape[-1] // 2].ravel()
        for i, level in enumerate(model.settings.levels):
            columns[f"{target}_lo_{level}"] = quantiles[:, :, k, i].ravel()
            columns[f"{target}_hi_{level}"] = quantiles[:, :, k, -1 - i].ravel()
    return columns


def evaluate(
    model: Forecaster, prepared: EncodedTable, windows: Windows, train_rows: np.ndarray
) -> dict[str, Any]:
    """Measure the network beside the baselines on the same windows: what `results.json` holds."""
    table, horizon = prepared.table, model.settings.horizon
    season = min(table.step.season, len(prepared.inputs))
    rows = windows.cutoffs[:, None] + np.arange(horizon)
    truth, known = prepared.truth()[rows], prepared.last_known()
    quantiles = model.quantiles(windows)
    name = model.settings.cell.upper()
    forecasts = {
        name: quantiles[..., quantiles.shape[-1] // 2],
        "linear": model.linear(windows),
        "seasonal naive": baselines.seasonal_naive(
            known, windows.cutoffs, horizon, season, table.offsets[windows.series]
        ),
        "naive": baselines.naive(known, windows.cutoffs, horizon),
    }
    scales = metrics.mase_scale(prepared.truth(), season, offsets=table.offsets, rows=train_rows)[
        windows.series
    ]
    by_target = {
        target: _measure(model, k, truth, quantiles, forecasts, scales)
        for k, target in enumerate(model.settings.target)
    }
    first = by_target[model.settings.target[0]]
    return {
        "task": "forecast",
        "network": name,
        "targets": list(model.settings.target),
        "horizon": horizon,
        "step": str(table.step),
        "season": season,
        "test": _span(table, windows, rows),
        "table": first["table"],
        "by_step": first["by_step"],
        "verdict": first["verdict"],
        "by_target": by_target if len(by_target) > 1 else {},
        "panels": _panels(model, prepared, windows, quantiles, forecasts),
    }


def headline(results: dict[str, Any] | None) -> dict[str, Any]:
    """The errors of each method, for `run.json`."""
    if results is None:
        return {}
    return {row["name"]: {k: v for k, v in row.items() if k != "name"} for row in results["table"]}


def _measure(
    model: Forecaster,
    k: int,
    truth: np.ndarray,
    quantiles: np.ndarray,
    forecasts: dict[str, np.ndarray],
    scales: np.ndarray,
) -> dict[str, Any]:
    """The errors of one target: a row for each method, and the MAE of each step."""
    y, probabilities = truth[:, :, k], model.settings.quantiles
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
        if name == model.settings.cell.upper():
            row["pinball"] = metrics.pinball(y, quantiles[:, :, k], probabilities)
            for i, level in enumerate(model.settings.levels):
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
    model: Forecaster,
    prepared: EncodedTable,
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
        _panel(model, prepared, windows, i, k, quantiles, forecasts)
        for i in shown
        for k in range(len(model.settings.target))
    ]


def _panel(
    model: Forecaster,
    prepared: EncodedTable,
    windows: Windows,
    i: int,
    k: int,
    quantiles: np.ndarray,
    forecasts: dict[str, np.ndarray],
) -> dict[str, Any]:
    table, settings = prepared.table, model.settings
    cutoff, times = int(windows.cutoffs[i]), table.local_times
    past = slice(cutoff - min(model.fitted.lookback, 3 * settings.horizon), cutoff)
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
