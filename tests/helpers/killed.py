"""Run `unrolled fit` in processes that are killed at chosen moments; write down what became of it.

A program of its own: `python tests/helpers/killed.py FOLDER`, with a table.csv, a text.txt and a
moves.csv in the folder. One process imports torch; each fit is a fork of it, which dies by a real
SIGKILL (or gets a real SIGINT) and is then resumed by another.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from unrolled import cli, files
from unrolled.runs import folder as runs
from unrolled.tasks.classification import objective as classifier_task
from unrolled.tasks.forecasting import objective as forecast_task
from unrolled.tasks.forecasting import plan as forecaster
from unrolled.tasks.language import objective as language_task
from unrolled.training import loop

# What a fit imports on its way: once, here, and not in every fork.
SLOW: tuple[str, ...] = (
    "pyarrow.compute",
    "pyarrow.csv",
    "rich.progress",
    "unrolled.report",
)
SLOW += ("unrolled.data.table.build", "unrolled.data.columns.csvfile")
# The file of each task and how it is fitted; of the table an epoch has five steps.
SMALL = ("--hidden", "4", "--epochs", "3", "--batch-size")
FITS: dict[str, tuple[str, ...]] = {
    "table": ("table.csv", "--target", "temp", "--horizon", "3", "--lookback", "12", *SMALL, "64"),
    "text": ("text.txt", "--embed", "4", "--bptt", "16", *SMALL, "4"),
    "labels": ("moves.csv", "--series", "id", "--label", "kind", "--ensemble", "1", *SMALL, "4"),
}
FITS["labels"] += ("--validation", "0.3")


def strike(kind: int) -> None:
    """Send this process a signal."""
    os.kill(os.getpid(), kind)


def nothing() -> None:
    """Strike never."""


def before(owner: Any, name: str, call: int, kind: int = signal.SIGKILL) -> Callable[[], None]:
    """Strike right before the n-th call of a function."""

    def arrange() -> None:
        original, calls = getattr(owner, name), []

        def counted(*arguments: Any, **named: Any) -> Any:
            calls.append(1)
            if len(calls) == call:
                strike(kind)
            return original(*arguments, **named)

        setattr(owner, name, counted)

    return arrange


def half(name: str, call: int) -> Callable[[], None]:
    """Strike when the n-th file of this name is half written."""

    def arrange() -> None:
        original, calls = files.write, []

        def cut(path: Path, fill: Callable[[Path], None]) -> None:
            def fill_half(part: Path) -> None:
                fill(part)
                if path.name == name:
                    calls.append(1)
                if len(calls) == call:
                    os.truncate(part, part.stat().st_size // 2)
                    strike(signal.SIGKILL)

            original(path, fill_half)

        files.write = cut

    return arrange


MOMENTS: dict[str, Callable[[], None]] = {
    "never": nothing,
    "never, again": nothing,
    "before anything is written": before(runs, "claim", 1),
    "run.json half written": half("run.json", 1),
    "in epoch 1": before(loop._Loop, "_step", 3),
    "in epoch 3": before(loop._Loop, "_step", 12),
    "between epochs": before(loop._Loop, "_epoch", 3),
    "while it validates": before(forecast_task.ForecastObjective, "validate", 2),
    "checkpoint half written": half("state.safetensors", 2),
    "first checkpoint half written": half("state.safetensors", 1),
    "checkpoint written, not in place": before(os, "fsync", 4),
    "checkpoint in place, history not": before(files, "write_text", 4),
    "after the last epoch": before(forecaster, "calibrate", 1),
    "results half written": half("results.json", 1),
    "model half written": half("model.safetensors", 1),
    "model in place, run.json not": before(runs, "save_card", 2),
    "report half written": half("report.html", 1),
    "Ctrl-C in epoch 1": before(loop._Loop, "_step", 3, signal.SIGINT),
    "Ctrl-C in epoch 3": before(loop._Loop, "_step", 12, signal.SIGINT),
    "Ctrl-C while it validates": before(
        forecast_task.ForecastObjective, "validate", 3, signal.SIGINT
    ),
    "Ctrl-C while a checkpoint is written": before(os, "fsync", 6, signal.SIGINT),
    "Ctrl-C after the last epoch": before(forecaster, "calibrate", 1, signal.SIGINT),
}

OF_ALL = (  # what every task goes through in the same way
    *("never", "before anything is written", "run.json half written"),
    *("checkpoint half written", "checkpoint in place, history not", "results half written"),
    *("model half written", "model in place, run.json not", "report half written"),
)


def moments_of(task: type) -> dict[str, Callable[[], None]]:
    """The moments of a fit that is no forecaster's: its epochs have other numbers of steps."""
    return {name: MOMENTS[name] for name in OF_ALL} | {
        "while it validates": before(task, "validate", 2),
        "in epoch 3": before(loop._Loop, "_validate", 3),
        "Ctrl-C in epoch 3": before(loop._Loop, "_validate", 3, signal.SIGINT),
    }


OTHERS = {
    "text": moments_of(language_task.LanguageObjective),
    "labels": moments_of(classifier_task.ClassifierObjective),
}

PREDICTED = (
    *("before anything is written", "run.json half written", "in epoch 3"),
    *("model half written", "model in place, run.json not", "report half written"),
    *("Ctrl-C in epoch 3", "Ctrl-C while it validates", "Ctrl-C while a checkpoint is written"),
)


def run(folder: Path, words: tuple[str, ...], arrange: Callable[[], None]) -> dict[str, Any]:
    """Run a command line in a fork, and say how it ended."""
    child = os.fork()
    if child == 0:
        with (folder / "stderr").open("w") as err, (folder / "stdout").open("w") as out:
            os.dup2(err.fileno(), 2)
            os.dup2(out.fileno(), 1)
        arrange()
        code = cli.main(words)
        sys.stderr.flush()
        os._exit(code)
    status = os.waitpid(child, 0)[1]
    return {
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        "exit": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        "stderr": (folder / "stderr").read_text(),
        "kept": read(folder / "run"),
    }


def read(run: Path) -> dict[str, Any]:
    """What a run folder holds."""
    model, history = run / "model.safetensors", run / "history.jsonl"
    samples = run / "samples.jsonl"  # what a language model wrote after each epoch
    return {
        "files": sorted(str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()),
        "model": model.read_bytes().hex() if model.exists() else None,
        "samples": samples.read_text() if samples.exists() else None,
        "epochs": len(history.read_text().splitlines()) if history.exists() else 0,
    }


def main(folder: Path) -> None:
    """Kill fits of every task at every moment, resume them, and write `outcomes.json`."""
    torch.set_num_threads(1)
    for name in SLOW:
        import_module(name)
    outcomes: dict[str, dict[str, Any]] = {}
    for task, moments in ({"table": MOMENTS} | OTHERS).items():
        outcomes[task] = {}
        for moment, arrange in moments.items():
            place = folder / task / moment.replace(" ", "-")
            place.mkdir(parents=True)
            file, *options = FITS[task]
            words = ("fit", str(folder / file), *options)
            words += ("--threads", "1", "--out", str(place / "run"))
            found = outcomes[task][moment] = {"first": run(place, words, arrange)}
            if moment in PREDICTED and task == "table":
                predict = ("predict", str(place / "run"), str(folder / file))
                found["predicted"] = run(place, predict, nothing)
            found["resumed"] = run(place, (*words, "--resume"), nothing)
    (folder / "outcomes.json").write_text(json.dumps(outcomes))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
