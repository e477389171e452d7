"""The same fit by unrolled, Darts and NeuralForecast: its time from end to end, or its accuracy.

    python -m benchmarks.peers --python PYTHON [--rounds 5] [--cell gru lstm]
    python -m benchmarks.peers --python PYTHON --accuracy [--seeds 1] [--known] [--cell gru]

PYTHON is an interpreter that has Darts and NeuralForecast: `python -m benchmarks.foreign --prepare`
makes one, build/foreign/bin/python. `peers_programs.py` has the programs. One layer of 64 units,
batches of 32 windows, fp32, two threads of the CPU, progress bars, loggers and checkpoints off.

Time: a fresh process that imports, reads a CSV of one column (ETTh1's OT) and fits, nothing else;
534 steps, lookback 96, horizon 24. Sides in turn, medians. Darts' BlockRNNModel, which is quicker
than its RNNModel, and NeuralForecast, with a linear map after the layer as Darts has, train only;
ours also fits its linear map, validates each epoch and calibrates its intervals on 1529 more rows.

--accuracy: quantiles 0.05, 0.1 to 0.95 of the last 15 % of the rows, a day every day, lookback 168.
WQL is the weighted quantile loss at 0.05, 0.5 and 0.95, CRPS twice the mean pinball loss of all 19.
Every side takes as many steps on the same rows, the first 70 %; the 15 % between are ours to choose
the epoch and to calibrate by. With --known the others train on these too. All else is what
each library does when nothing is said. Darts' BlockRNNModel and NeuralForecast take the forecast of
step k from the state 24 - k steps before the end, so that near steps are forecast no better than
far ones; Darts' RNNModel, which goes step by step and draws samples, is there too for that reason.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.peers_programs import BATCH, SIDES, Asked
from benchmarks.timing import interleaved, keep
from unrolled import samples

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"
HORIZON = 24
QUANTILES = [round(0.05 * k, 2) for k in range(1, 20)]
WEIGHTED = [QUANTILES.index(q) for q in (0.05, 0.5, 0.95)]
STEPS = 2000  # of --accuracy: as near as whole epochs come
VERSIONS = """
from importlib import metadata
names = ("unrolled", "torch", "darts", "neuralforecast", "pytorch-lightning")
print(*(f"{d.name} {d.version}" for d in metadata.distributions() if d.name in names), sep=", ")
"""


def transformer_temperature() -> pl.DataFrame:
    """ETTh1's OT: 17420 hours of `time` and `y`."""
    table = pl.read_csv(SHARED / "ltsf" / "ETTh1.csv", columns=["date", "OT"])
    return table.rename({"date": "time", "OT": "y"})


def newark_temperature() -> pl.DataFrame:
    """nyc-weather's temp at Newark: `time` and `y`; what is missing lies on a line."""
    table = pl.read_parquet(samples.path("nyc-weather")).filter(pl.col("origin") == "EWR")
    utc = pl.col("time_hour").dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    hours = (
        table.select(time=utc, y="temp").unique("time").sort("time").upsample("time", every="1h")
    )
    return hours.with_columns(
        pl.col("time").dt.to_string("%Y-%m-%d %H:%M:%S"), pl.col("y").interpolate()
    )


TIMED = ("unrolled", "Darts BlockRNNModel", "NeuralForecast")
SETS: dict[str, Callable[[], pl.DataFrame]] = {
    "ETTh1 OT": transformer_temperature,
    "nyc-weather temp": newark_temperature,
}


def run(side: str, python: str, asked: Asked) -> int:
    """One program in a process of its own; how many steps it took."""
    interpreter = sys.executable if side == "unrolled" else python
    command = [interpreter, "-m", "benchmarks.peers_programs", side, json.dumps(asdict(asked))]
    threads = {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | threads, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{side} failed:\n{done.stderr[-3000:]}")
    return int(done.stdout.splitlines()[-1])


def times(cell: str, python: str, rounds: int, folder: Path) -> dict[str, float]:
    """Median seconds of each side; printed."""
    csv = folder / "ETTh1.csv"
    transformer_temperature()[:10192].write_csv(csv)  # 85 % of these are 267 batches of windows
    asked = Asked(str(csv), cell, 96, HORIZON, 8663, 1529, 0, 2, 534, 0, [], "")
    steps = {side: run(side, python, asked) for side in TIMED}  # once unmeasured: files in memory
    seconds = interleaved({side: partial(run, side, python, asked) for side in TIMED}, rounds)
    for side, value in seconds.items():
        ratio = value / seconds["unrolled"]
        print(f"{cell:<5} {side:<20}{steps[side]:5} steps{value:8.2f} s{ratio:7.2f} x", flush=True)
    return seconds


def accuracy(
    name: str, cell: str, python: str, seed: int, known: bool, folder: Path
) -> dict[str, tuple[float, float]]:
    """WQL and CRPS of each side on the last 15 % of a table."""
    table = SETS[name]()
    share = round(len(table) * 0.15)
    test = share // HORIZON * HORIZON  # whole days
    table = table[: len(table) - share + test]
    csv, out = folder / "table.csv", folder / "forecasts.npy"
    table.write_csv(csv)
    rows = len(table) - test - share
    batches = math.ceil((rows - 168 - HORIZON + 1) / BATCH)
    epochs = round(STEPS / batches)
    asked = Asked(
        *(str(csv), cell, 168, HORIZON, rows, share, test, epochs, epochs * batches, seed),
        *(QUANTILES, str(out)),
    )
    truth = table["y"].to_numpy()[-test:].reshape(-1, HORIZON)
    scores = {}
    for side in SIDES:
        more = share if known and side != "unrolled" else 0
        steps = run(side, python, replace(asked, rows=rows + more))
        assert steps == asked.steps, f"{side} took {steps} steps"
        scores[side] = score(np.load(out), truth)
        out.unlink()
    return scores


def score(forecasts: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """WQL and CRPS of quantiles (n, F, Q), put in order first, for the truth (n, F)."""
    assert forecasts.shape == (*truth.shape, len(QUANTILES))
    errors = truth[..., None] - np.sort(forecasts, axis=-1)
    quantiles = np.array(QUANTILES)
    pinball = np.maximum(quantiles * errors, (quantiles - 1) * errors)
    weighted = 2 * pinball[..., WEIGHTED].mean() / np.abs(truth).mean()
    return float(weighted), float(2 * pinball.mean())


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", default=str(ROOT / "build" / "foreign" / "bin" / "python"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cell", nargs="+", default=["gru"], choices=["gru", "lstm"])
    parser.add_argument("--accuracy", action="store_true")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--known", action="store_true")
    asked = parser.parse_args()
    for python in (sys.executable, asked.python):
        subprocess.run([python, "-c", VERSIONS], check=True)
    with tempfile.TemporaryDirectory() as folder:
        if asked.accuracy:
            compare(asked, Path(folder))
        else:
            found = {c: times(c, asked.python, asked.rounds, Path(folder)) for c in asked.cell}
            keep("peers", found)


def compare(asked: argparse.Namespace, folder: Path) -> None:
    """Print and keep WQL and CRPS, mean of the seeds."""
    figures: dict[str, dict[str, list[float]]] = {}
    for cell in asked.cell:
        for name in SETS:
            runs = [
                accuracy(name, cell, asked.python, seed, asked.known, folder)
                for seed in range(asked.seeds)
            ]
            means = {side: np.mean([r[side] for r in runs], axis=0).tolist() for side in SIDES}
            figures[f"{name}, {cell}"] = means
            for side, (weighted, crps) in means.items():
                shown = f"{name:<18}{cell:<5} {side:<20} WQL {weighted:.4f}   CRPS {crps:.3f}"
                print(shown, flush=True)
    keep("peers-accuracy", figures)


if __name__ == "__main__":
    main()
