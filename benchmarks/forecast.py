"""Errors and intervals of the default `Forecaster`, 24 hours ahead, beside the baselines.

    python -m benchmarks.forecast [--seeds 1] [--cell gru] [--set NAME=VALUE ...]

The test part is the last 15 % of each series; nothing is chosen on it. The shared line is one ridge
regression on the past of the target alone, of the same lookback; "linear" may read the covariates
too. Of the 90 % interval: how often it holds the truth, at the worst steps ahead, and Winkler's
score beside that of static intervals, calibrated once on the validation part. Data: the shipped
nyc-weather, and Beijing's weather and ETTh1 where ../shared/data is there.

Goals: the MAE at most that of the shared line, better 0.95 of it; 88 to 92 % inside, at every step
87 to 93 %, and a Winkler score no worse than the static one.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.timing import keep
from unrolled import Forecaster, Training, metrics, samples
from unrolled.tasks.forecasting.evaluate import evaluate
from unrolled.tasks.forecasting.inference import forecasts_over, windows_of
from unrolled.tasks.forecasting.network.line import SharedLine
from unrolled.tasks.forecasting.plan import ForecastPlan
from unrolled.tasks.forecasting.prepare import shape_of

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
BEIJING = SHARED / "weather" / "hourly_beijing_pm.csv"
SETS = {
    "nyc-weather temp": (samples.path("nyc-weather"), "temp"),
    "Beijing TEMP": (BEIJING, "TEMP"),
    "Beijing pm2.5": (BEIJING, "pm2.5"),
    "ETTh1 OT": (SHARED / "ltsf" / "ETTh1.csv", "OT"),
}


@torch.no_grad()
def shared_line(plan: ForecastPlan) -> float:
    """The MAE of the shared line on the test part, in the unit of the target."""
    settings = plan.settings
    assert plan.test is not None
    shape = shape_of(plan.preprocessor, settings.decided_lookback, settings.horizon)
    line = SharedLine(shape, alone=True)
    line.fit(plan.train.batches, plan.validation.batches)
    windows = windows_of(settings, plan.encoded, plan.test)
    forecasts = [
        batch.level[:, None] + batch.scale[:, None] * line(batch).double().numpy()
        for batch in windows.batches()
    ]
    rows = windows.cutoffs[:, None] + np.arange(settings.horizon)
    return metrics.mae(plan.encoded.truth()[rows], np.concatenate(forecasts))


def static_winkler(model: Forecaster, plan: ForecastPlan) -> float:
    """Winkler's score of intervals that were calibrated once, on the validation part."""
    fit = model.fitted
    assert plan.test is not None
    windows = windows_of(fit.settings, plan.encoded, plan.test)
    network = fit.network.measured
    found = forecasts_over(network, windows).moved(network.offsets.numpy())
    quantiles = found.in_unit(found.quantiles, fit.preprocessor.transforms)
    truth = plan.encoded.truth()[windows.cutoffs[:, None] + np.arange(fit.settings.horizon)]
    return metrics.winkler(truth, quantiles[..., 0], quantiles[..., -1], 0.9)


def measure(path: Path, target: str, seed: int, settings: dict[str, Any]) -> dict[str, float]:
    """All figures of one fit."""
    model = Forecaster(target, horizon=24, refit="none", **settings)
    began = time.perf_counter()
    plan = model.plan(path, training=Training(seed=seed))
    model.run(replace(plan, test=None))  # what is measured is measured here
    seconds = time.perf_counter() - began
    assert plan.test is not None
    results = evaluate(model.fitted, plan.encoded, plan.test, plan.parts.train_rows())
    rows = {row["name"]: row for row in results["table"]}
    own, steps = rows[results["network"]], results["coverage"]["by_step"]
    as_it_is = Forecaster(target, horizon=24, **{**settings, "transform": "none"}).plan(path)
    return {
        "mae": own["mae"],
        "linear": rows["linear"]["mae"],
        "seasonal": rows["seasonal naive"]["mae"],
        "line": shared_line(as_it_is),
        "inside": own["coverage_90"],
        "least": min(steps),
        "most": max(steps),
        "winkler": own["winkler_90"],
        "static": static_winkler(model, plan),
        "seconds": seconds,
    }


def value(text: str) -> tuple[str, Any]:
    """NAME=VALUE, a number where it is one."""
    name, _, written = text.partition("=")
    known = {"true": True, "false": False}
    return name, int(written) if written.isdigit() else known.get(written, written)


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--cell", default="gru")
    parser.add_argument("--set", type=value, nargs="*", default=[], metavar="NAME=VALUE")
    asked = parser.parse_args()
    settings, figures = {"cell": asked.cell, **dict(asked.set)}, {}
    heads = ("mae", "line", "linear", "seasonal")
    print(f"MAE on the test part, 24 hours ahead, mean of {asked.seeds} seeds; the 90 % interval")
    print(
        f"{'':<18}" + "".join(f"{head:>10}" for head in heads) + "  mae/line"
        "    inside   by step  Winkler   static   seconds"
    )
    for name, (path, target) in SETS.items():
        if not path.exists():
            print(f"{name:<18}  skipped: {path} is not here")
            continue
        runs = [measure(path, target, seed, settings) for seed in range(asked.seeds)]
        row = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
        figures[name] = row
        print(
            f"{name:<18}" + "".join(f"{row[head]:10.3f}" for head in heads),
            f"{row['mae'] / row['line']:9.3f} {row['inside']:9.1%}",
            f"{row['least']:5.0%}-{row['most']:.0%} {row['winkler']:8.2f} {row['static']:8.2f}",
            f"{row['seconds']:9.0f}",
            flush=True,
        )
    keep("forecast", figures)


if __name__ == "__main__":
    main()
