"""Accuracy of the classifier's defaults on the labelled sets, beside each of its halves alone.

    python -m benchmarks.labels [--seeds 5] [NAME ...]

Default split; nothing is set by the name of a set. The halves are those of the same fit: the
recurrent networks, and the kernels with a ridge. Means over the seeds; `marks` are published
figures from ../shared/ANCHORS.md and targets of issues; the calibration error is in percent too.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from unrolled import Classifier, Sequences
from unrolled.tasks.classification.estimator import default_training

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "labelled"
MARKS = {
    "JapaneseVowels": 98.4,
    "ItalyPowerDemand": 96.5,
    "GunPoint": 98.0,
    "BasicMotions": 97.5,
    "ACSF1": 90.0,
    "OSULeaf": 95.0,
}
HEAD = ("set", "mean", "lowest", "highest", "networks", "kernels", "neighbour", "calibration")


def measure(name: str, seed: int) -> tuple[float, ...]:
    """Accuracy, the networks', the kernels', the neighbour's, the calibration error; seconds.

    All but the seconds of the fit are in percent.
    """
    path = DATA / name / f"{name}_TRAIN.ts"
    train = Sequences.read(path)
    began = time.perf_counter()
    training = replace(default_training(len(train)), seed=seed)
    test = Sequences.read(path.with_name(f"{name}_TEST.ts"))
    model = Classifier().fit(train, training=training, test=test)
    seconds = time.perf_counter() - began
    results = model.results
    assert results is not None
    other = {row["name"]: row["accuracy"] for row in results["baselines"]}
    early = model.classes_[model.predict_proba(test, early=True).argmax(1)]
    shares = (
        results["accuracy"],
        float((early == np.asarray(test.targets)).mean()),
        other["kernels + ridge"],
        other["1-nearest neighbour"],
        results["calibration"]["error"],
    )
    return *(100 * share for share in shares), seconds


def main() -> None:
    """Print a row for each set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", default=list(MARKS))
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    print(f"| {' | '.join(HEAD)} | mark | seconds a fit |")
    print("|---" * (len(HEAD) + 2) + "|")
    for name in asked.names:
        rows = np.array([measure(name, seed) for seed in range(asked.seeds)])
        found, means = rows[:, 0], rows.mean(0)
        cells = [found.mean(), found.min(), found.max(), *means[1:5]]
        print(
            f"| {name} | {' | '.join(f'{cell:.2f}' for cell in cells)} "
            f"| {MARKS.get(name, float('nan'))} | {means[5]:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
