"""A few forecasts beside the truth, for the report."""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled.data.table.table import Table
from unrolled.tasks.forecasting.inference import ForecastFit

PAST = 40  # steps before a forecast ahead, at least
SERIES, CUTOFFS = 4, 3  # what the report shows stays readable and small


def panels(
    fit: ForecastFit,
    table: Table,
    cutoffs: np.ndarray,
    series: np.ndarray,
    quantiles: np.ndarray,
    forecasts: dict[str, np.ndarray],
) -> list[dict[str, Any]]:
    """Forecasts of a few series, spread evenly over the test part.

    cutoffs, series: (n,); quantiles: (n, F, K, Q); forecasts: by name, the forecaster's own first,
    (n, F, K).
    """
    shown: list[int] = []
    for s in np.unique(series)[:SERIES]:
        mine = np.flatnonzero(series == s)
        places = np.linspace(0, len(mine) - 1, CUTOFFS + 2)[1:-1].astype(int)
        shown += mine[np.unique(places)].tolist()
    return [
        panel(
            fit, table, int(cutoffs[i]), int(series[i]), k, quantiles[i],
            {name: values[i] for name, values in list(forecasts.items())[1:]},
        )
        for i in shown
        for k in range(len(fit.settings.target))
    ]  # fmt: skip


def panel(
    fit: ForecastFit,
    table: Table,
    cutoff: int,
    series: int,
    k: int,
    quantiles: np.ndarray,
    baselines: dict[str, np.ndarray] | None = None,
) -> dict[str, Any]:
    """One forecast beside what was known before, and the truth: target k of one window.

    quantiles: (F, K, Q); baselines: by name, (F, K).
    """
    settings, times = fit.settings, table.local_times
    # Short horizons are seen better beside more of the past.
    seen = min(
        settings.decided_lookback, max(3 * settings.horizon, PAST if baselines is None else 0)
    )
    past = slice(max(cutoff - seen, int(table.offsets[series])), cutoff)
    ahead = slice(cutoff, cutoff + settings.horizon)
    truth = table.columns[settings.target[k]]
    panel: dict[str, Any] = {
        "series": table.names[series],
        "target": settings.target[k],
        "past_time": [text(t) for t in times[past]],
        "past": [plain(v) for v in truth[past]],
        "time": [text(t) for t in times[ahead]],
        "truth": [plain(v) for v in truth[ahead]],
        "forecast": [plain(v) for v in quantiles[:, k, quantiles.shape[-1] // 2]],
        "baselines": {
            name: [plain(v) for v in values[:, k]] for name, values in (baselines or {}).items()
        },
    }
    if settings.levels:
        panel["level"] = settings.levels[0]
        panel["lo"] = [plain(v) for v in quantiles[:, k, 0]]
        panel["hi"] = [plain(v) for v in quantiles[:, k, -1]]
    return panel


def plain(value: Any) -> Any:
    """A number as JSON has it, with six digits; None where there is none."""
    if isinstance(value, str):
        return value
    number = float(value)
    return float(f"{number:.6g}") if np.isfinite(number) else None


def text(time: Any) -> str:
    """A time for people, to the minute."""
    if isinstance(time, np.datetime64):
        return str(time.astype("M8[s]")).replace("T", " ")[:16].removesuffix(" 00:00")
    return str(time)
