"""Programs nobody here wrote, trained with and without `unrolled.accelerate`.

    python -m benchmarks.foreign [--rounds 1] [--prepare] [NAME ...]

Darts' BlockRNNModel and NeuralForecast's GRU and LSTM, on the hourly weather that comes with the
package, as `foreign_programs.py` has them. They live in an environment of their own, build/foreign,
which is made when it is not there (--prepare stops after that); unrolled is copied into it as it
stands. NAME is a part of a program's name. Both sides start from the same seed: their losses must
agree to 1 in 1000, or the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.timing import RESULTS, keep

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / "build" / "foreign"
PYTHON = str(ENVIRONMENT / "bin" / "python")
THEIRS = ("darts==0.48.1", "neuralforecast==3.3.0", "pytorch-lightning==2.6.6")
PROGRAMS = (
    *(f"Darts BlockRNNModel {cell}" for cell in ("RNN", "GRU", "LSTM")),
    *(f"NeuralForecast {cell}" for cell in ("GRU", "LSTM")),
)
TOLERANCE = 1e-3


def prepare() -> None:
    """Make the environment if there is none; copy this unrolled, kernels included, into it."""
    ready = ENVIRONMENT / ".installed"
    if not ready.exists():
        print(f"making {ENVIRONMENT.relative_to(ROOT)}, once", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
        needs = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
        # torch first and by its exact version: a range may bring a build of several GB.
        for packages in (["torch==2.13.0"], [*THEIRS, *needs]):
            pip = [PYTHON, "-m", "pip", "install", "-qq", "torch==2.13.0", *packages]
            subprocess.run(pip, check=True)
        ready.touch()
    package = next(ENVIRONMENT.glob("lib/python*/site-packages")) / "unrolled"
    shutil.rmtree(package, ignore_errors=True)
    shutil.copytree(ROOT / "src" / "unrolled", package, ignore=shutil.ignore_patterns("*.so"))
    kernels = find_spec("unrolled._kernels")
    if kernels is None or kernels.origin is None:
        raise SystemExit("unrolled has no native engine here: see `unrolled doctor`")
    shutil.copy(kernels.origin, package)


def measure(program: str, rounds: int) -> dict[str, Any]:
    """The figures of one program, from a process of its own."""
    command = [PYTHON, "-m", "benchmarks.foreign_programs", program, str(rounds)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{program} failed:\n{done.stderr[-2000:]}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    ours, theirs = figures["losses"]["unrolled"], figures["losses"]["torch"]
    apart = [abs(a - b) / abs(b) for a, b in zip(ours, theirs, strict=True)]
    seconds = figures["seconds"]
    return {**figures, "apart": max(apart), "ratio": seconds["torch"] / seconds["unrolled"]}


def row(figures: dict[str, Any]) -> str:
    """One line of the table."""
    losses, seconds = figures["losses"], figures["seconds"]
    return (
        f"| {figures['program']} | {figures['swapped']} | {losses['torch'][-1]:.6f} "
        f"| {losses['unrolled'][-1]:.6f} | {figures['apart']:.1e} | {seconds['torch']:.1f} "
        f"| {seconds['unrolled']:.1f} | {figures['ratio']:.2f} |"
    )


def main() -> int:
    """Measure, print, keep; figures of programs not asked for stay as they were."""
    parser = argparse.ArgumentParser(description="Other people's programs on our engine.")
    parser.add_argument("names", nargs="*", default=[""], metavar="NAME")
    parser.add_argument("--rounds", type=int, default=1, help="trainings of each side, in turn")
    parser.add_argument("--prepare", action="store_true", help="make the environment, no more")
    asked = parser.parse_args()
    prepare()
    if asked.prepare:
        return 0
    path = RESULTS / "foreign.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    print(
        "| program | layers | last loss, torch | ours | furthest apart | torch s | ours s | ratio |"
    )
    print("|---|---|---|---|---|---|---|---|")
    failed = False
    for program in (p for p in PROGRAMS if any(name in p for name in asked.names)):
        kept[program] = measure(program, asked.rounds)
        print(row(kept[program]), flush=True)
        failed |= kept[program]["apart"] > TOLERANCE or not kept[program]["swapped"]
    keep("foreign", kept)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
