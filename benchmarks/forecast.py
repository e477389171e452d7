"""Errors of the default `Forecaster`, 24 hours ahead, beside the baselines on the same windows.

Run `python -m benchmarks.forecast [--seeds 1] [--cell gru]`. The test part is the last 15 % of
each series; nothing is chosen on it. Data: the shipped nyc-weather, and Beijing's weather and ETTh1
where ../shared/data is there. Goals: on nyc-weather 40 % below seasonal naive, on none more than
1 % above the linear map.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import mean

from benchmarks.timing import keep
from unrolled import Forecaster, Training, samples

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
SETS = {
    "nyc-weather temp": (samples.path("nyc-weather"), "temp"),
    "Beijing TEMP": (SHARED / "weather" / "hourly_beijing_pm.csv", "TEMP"),
    "ETTh1 OT": (SHARED / "ltsf" / "ETTh1.csv", "OT"),
}


def errors(path: Path, target: str, cell: str, seed: int) -> dict[str, float]:
    """The MAE of each method, the network's under its cell's name."""
    model = Forecaster(target, horizon=24, cell=cell)
    model.fit(path, training=Training(seed=seed))
    assert model.results is not None
    return {row["name"]: row["mae"] for row in model.results["table"]}


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--cell", default="gru")
    options = parser.parse_args()
    figures: dict[str, dict[str, float]] = {}
    heads = (options.cell.upper(), "linear", "seasonal naive", "naive")
    print(f"MAE on the test part, 24 hours ahead, mean of {options.seeds} seeds")
    print(f"{'':<18}" + "".join(f"{head:>16}" for head in heads) + "    / linear  / seasonal")
    for name, (path, target) in SETS.items():
        if not path.exists():
            print(f"{name:<18}  skipped: {path} is not here")
            continue
        runs = [errors(path, target, options.cell, seed) for seed in range(options.seeds)]
        row = {head: mean(run[head] for run in runs) for head in heads}
        figures[name] = row
        own = row[heads[0]]
        ratios = f"{own / row['linear']:12.3f}{own / row['seasonal naive']:12.3f}"
        print(f"{name:<18}" + "".join(f"{row[head]:16.3f}" for head in heads) + ratios, flush=True)
    keep("forecast", figures)


if __name__ == "__main__":
    main()
