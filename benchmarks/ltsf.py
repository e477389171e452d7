"""Long-horizon forecasting by the published protocol: MSE and MAE on scaled data, many variables.

    python -m benchmarks.ltsf [CSV] [--lookback 336] [--horizons 96 192 ...]
        [--network] [--seeds 1] [--set NAME=VALUE ...]

The rows are split in time: of a file whose name begins with ETTh 8640, 2880 and 2880 rows, of one
that begins with ETTm four times as many, of any other 70, 10 and 20 %. Each column is scaled by the
mean and the population deviation of its training rows, and errors are on that scale. Every window
with its whole horizon in the test part is forecast (stride 1, none is dropped); it may look back
into the part before. Errors are plain means over windows, steps and columns. Whatever is chosen is
chosen on the validation part.

Rows of the table: repeat the last value; repeat the last season (24 steps); one ridge regression
shared by all columns, of what is to come less the last value on the lookback less the last value;
with --network the `Forecaster`, two networks trained by Huber's loss beside its line (--set changes
its settings), mean of the seeds. The protocol is right when repeating the last value gives
1.294 / 0.713 on ETTh1 at 96 steps.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.lib.stride_tricks import sliding_window_view

from benchmarks.forecast import value
from benchmarks.timing import keep
from unrolled import Forecaster, Roles, Training
from unrolled.tasks.forecasting.inference import forecasts_over, windows_of

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
RIDGES = (1.0, 10.0, 100.0, 1e3, 1e4, 1e5)
SEASON = 24


class Data:
    """A table of numbers (N, C) scaled by its training rows, and where its parts end."""

    def __init__(self, path: Path) -> None:
        self.frame = pl.read_csv(path)
        self.columns = [n for n, kind in self.frame.schema.items() if kind.is_numeric()]
        hours = {"ETTh": 1, "ETTm": 4}.get(path.stem[:4])
        sizes = np.cumsum([8640 * hours, 2880 * hours, 2880 * hours] if hours else [])
        rows = len(self.frame)
        shares = [int(rows * 0.7), rows - int(rows * 0.2), rows]
        self.train, self.validation, self.test = map(int, sizes if hours else shares)
        self.frame = self.frame[: self.test]
        values = self.frame.select(self.columns).to_numpy().astype(np.float64)
        self.mean = values[: self.train].mean(axis=0)
        self.deviation = values[: self.train].std(axis=0)
        self.values = (values - self.mean) / self.deviation

    def windows(
        self, lookback: int, horizon: int, begin: int, end: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The past (n, C, T) and the truth (n, C, F) of windows whose horizon lies in rows."""
        cutoffs = np.arange(max(begin, lookback), end - horizon + 1)
        past = sliding_window_view(self.values, lookback, axis=0)[cutoffs - lookback]
        return past, sliding_window_view(self.values, horizon, axis=0)[cutoffs]


def error(forecast: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """MSE and MAE."""
    difference = forecast - truth
    return float((difference**2).mean()), float(np.abs(difference).mean())


def shared_line(data: Data, lookback: int, horizon: int) -> tuple[float, float]:
    """The errors of one ridge map for all columns; its strength is chosen on validation."""
    past, truth = data.windows(lookback, horizon, 0, data.train)
    gram, moment = np.zeros((lookback - 1,) * 2), np.zeros((lookback - 1, horizon))
    for c in range(past.shape[1]):
        changes, last = past[:, c, :-1] - past[:, c, -1:], past[:, c, -1:]
        gram += changes.T @ changes
        moment += changes.T @ (truth[:, c] - last)
    values, vectors = np.linalg.eigh(gram)
    turned = vectors.T @ moment

    def forecast(weight: np.ndarray, begin: int, end: int) -> tuple[float, float]:
        past, truth = data.windows(lookback, horizon, begin, end)
        last = past[:, :, -1:]
        return error((past[:, :, :-1] - last) @ weight + last, truth)

    maps = [vectors @ (turned / (values.clip(0) + ridge)[:, None]) for ridge in RIDGES]
    best = min(maps, key=lambda weight: forecast(weight, data.train, data.validation)[0])
    return forecast(best, data.validation, data.test)


def network(
    data: Data, lookback: int, horizon: int, seed: int, settings: dict[str, Any]
) -> tuple[float, float]:
    """The errors of a `Forecaster`, all columns its targets."""
    model = Forecaster(data.columns, horizon=horizon, lookback=lookback, refit="none", **settings)
    sizes: dict[str, Any] = {
        "validation": data.validation - data.train,
        "test": data.test - data.validation,
    }
    training = Training(seed=seed)
    plan = model.plan(data.frame, Roles(), training=training, **sizes)
    fit = model.run(replace(plan, test=None)).fitted  # what is measured is measured here
    assert plan.test is not None
    windows = windows_of(fit.settings, plan.encoded, plan.test)
    found = forecasts_over(fit.network.measured, windows)
    forecast = found.in_unit(found.quantiles, fit.preprocessor.transforms)
    middle = (forecast[..., forecast.shape[-1] // 2] - data.mean) / data.deviation
    _, truth = data.windows(lookback, horizon, data.validation, data.test)
    return error(middle.transpose(0, 2, 1), truth)


def errors(
    data: Data, lookback: int, horizon: int, seeds: int, settings: dict[str, Any]
) -> dict[str, tuple[float, float]]:
    """MSE and MAE of each method on the test part."""
    past, truth = data.windows(max(lookback, SEASON), horizon, data.validation, data.test)
    seasonal = past[:, :, -SEASON + np.arange(horizon) % SEASON]
    rows = {
        "repeat last": error(past[:, :, -1:], truth),
        "seasonal naive": error(seasonal, truth),
        "shared line": shared_line(data, lookback, horizon),
    }
    if seeds:
        found = np.array(
            [network(data, lookback, horizon, seed, settings) for seed in range(seeds)]
        )
        rows["Forecaster"] = (float(found[:, 0].mean()), float(found[:, 1].mean()))
    return rows


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("csv", nargs="?", type=Path, default=SHARED / "ltsf" / "ETTh1.csv")
    parser.add_argument("--lookback", type=int, default=336)
    parser.add_argument("--horizons", type=int, nargs="+", default=[96, 192, 336, 720])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--network", action="store_true")
    parser.add_argument("--set", type=value, nargs="*", default=[], metavar="NAME=VALUE")
    asked = parser.parse_args()
    data, table = Data(asked.csv), {}
    print(f"{asked.csv.stem}, lookback {asked.lookback}: MSE / MAE on the test part")
    for horizon in asked.horizons:
        began = time.perf_counter()
        settings = {"ensemble": 2, "loss": "huber", **dict(asked.set)}
        seeds = asked.seeds if asked.network else 0
        rows = errors(data, asked.lookback, horizon, seeds, settings)
        table[str(horizon)] = rows
        shown = "   ".join(f"{name} {mse:.3f} / {mae:.3f}" for name, (mse, mae) in rows.items())
        print(f"{horizon:>5}   {shown}   {time.perf_counter() - began:.0f} s", flush=True)
    keep(f"ltsf-{asked.csv.stem}-{asked.lookback}", table)


if __name__ == "__main__":
    main()
