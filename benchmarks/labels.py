"""Accuracy of the classifier's defaults on the labelled sets, mean of five seeds.

    python -m benchmarks.labels [--seeds 5] [NAME ...]

Default split; nothing is set by the name of a set. `marks` are published figures from
../shared/ANCHORS.md.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from unrolled import Classifier, Sequences
from unrolled.data.sequences.tsfile import counterpart
from unrolled.tasks.classification.estimator import default_training

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "labelled"
MARKS = {"JapaneseVowels": 98.4, "ItalyPowerDemand": 96.5, "GunPoint": 98.0, "BasicMotions": 97.5}


def measure(name: str, seed: int) -> tuple[float, float, float]:
    """Accuracy, the nearest neighbour's accuracy, and seconds of the fit, in percent."""
    path = DATA / name / f"{name}_TRAIN.ts"
    train = Sequences.read(path)
    began = time.perf_counter()
    training = replace(default_training(len(train)), seed=seed)
    model = Classifier().fit(train, training=training, test=counterpart(path))
    seconds = time.perf_counter() - began
    assert model.results is not None
    baseline = model.results["baselines"][-1]["accuracy"]
    return 100 * model.results["accuracy"], 100 * baseline, seconds


def main() -> None:
    """Print a row for each set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", default=list(MARKS))
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    print("| set | mean | lowest | highest | mark | nearest neighbour | seconds a fit |")
    print("|---|---|---|---|---|---|---|")
    for name in asked.names:
        rows = np.array([measure(name, seed) for seed in range(asked.seeds)])
        found = rows[:, 0]
        print(
            f"| {name} | {found.mean():.2f} | {found.min():.2f} | {found.max():.2f} "
            f"| {MARKS.get(name, float('nan'))} | {rows[0, 1]:.2f} | {rows[:, 2].mean():.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
