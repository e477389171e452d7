"""Commands that train: demo, fit."""

from __future__ import annotations

import shlex
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Any

import typer

from unrolled import tasks
from unrolled.cli.recognise import Recognised, recognise
from unrolled.console import options
from unrolled.console.config import toml
from unrolled.console.groups import Groups
from unrolled.console.options import (
    NetworkOptions,
    Order,
    RunOptions,
    SplitOptions,
    TrainingOptions,
)
from unrolled.console.show import View
from unrolled.tasks.task import Job, Task, in_short, in_words


def demo(
    *,
    out: Annotated[Path, typer.Option(metavar="RUN", help="The run folder.")] = Path("runs/demo"),
    view: View,
) -> None:
    """Forecast real weather: 24 hours ahead, three airports.

    One network learns the hourly temperature of New York's airports in 2013 and is measured on the
    last weeks, beside simple forecasts.

    \b
    Example: unrolled demo
    """
    from unrolled.tasks.forecasting import command as forecasting

    order = forecasting.demo(out)
    _run(order, Recognised(tasks.get(forecasting.NAME), "the demo says so"), view)


def fit(
    file: options.File,
    *,
    task: options.Task = None,
    own: Groups,
    network: NetworkOptions,
    training: TrainingOptions,
    split: SplitOptions,
    run: RunOptions,
    config: options.Config = None,
    view: View,
) -> None:
    """Train on a table, labelled sequences or a text.

    \b
    A table with a horizon is forecast:   unrolled fit weather.csv --target temp --horizon 24
    Labelled sequences are classified:    unrolled fit Moves_TRAIN.ts
                                          unrolled fit moves.csv --series id --label kind
    A text is learned symbol by symbol:   unrolled fit book.txt

    What FILE is taken for is said; --task overrules. It is measured beside simple baselines, and
    everything is kept in a run folder with a report.

    \b
    Example: unrolled fit sales.parquet --target sold --series shop --future price --horizon 14
             unrolled fit Moves_TRAIN.ts --out runs/moves     (Moves_TEST.ts beside it is used)
             unrolled fit book.txt --level bpe --out runs/book
             unrolled fit --config runs/weather/config.toml --out runs/again
    """
    order = Order(file, task, own, network, training, split, run)
    _run(order, recognise(file, task, own, fitting=True), view)


def _run(order: Order, taken: Recognised, view: View) -> None:
    """Read, fit, measure, write the run folder and its report, and say what came of it."""
    from unrolled.runs import folder as runs
    from unrolled.training.device import set_threads

    task, run = taken.task, order.run
    folder = run.out or _folder(order.file)
    if run.threads is not None:
        set_threads(run.threads)
    job = task.job(order)
    if order.task is None:
        view.say(f"{order.file} is taken for {task.DATA}: {taken.why}; --task overrules\n")
    _announce(order, job, folder, view)
    try:
        job.model.run(
            job.plan,
            out=folder,
            resume=run.resume,
            overwrite=run.overwrite,
            display=view.display(),
        )
    except KeyboardInterrupt:
        _stopped(folder, view)
    runs.keep(folder, runs.CONFIG, toml(_resolved(order, job)))
    page = tasks.write_report(folder)
    _conclude(order, job, task, page, view)


def _folder(file: str) -> Path:
    """The run folder where none is named: runs/ and the name of the data, where we are."""
    name = Path(Path(file).resolve().name.removesuffix(".gz")).stem
    return Path("runs") / (name.removesuffix("_TRAIN") or "data")


def _announce(order: Order, job: Job, folder: Path, view: View) -> None:
    """What was found, how it is cut, and where it is computed."""
    from unrolled.runs.card import versions
    from unrolled.runs.vouch import CARD
    from unrolled.training import describe_device

    if order.run.resume and not (folder / CARD).exists():
        view.say(f"there is no run in {folder} to go on with: it begins")
    view.say(job.described)
    numbers = ", ".join(f"{name} {number}" for name, number in versions().items())
    training = job.plan.training
    device, seed = describe_device(training.device), training.seed
    view.say(f"\n{device}; {numbers}; seed {seed}")


def _stopped(folder: Path, view: View) -> None:
    """Ctrl-C where no network was left to save: say what there is, and exit."""
    kept = (folder / "checkpoint" / "state.safetensors").exists()
    what = "the epochs so far are kept; go on with --resume" if kept else "no epoch was finished"
    view.say(f"stopped: {what} ({folder})")
    raise typer.Exit(130)


def _resolved(order: Order, job: Job) -> dict[str, Any]:
    """Every option of `fit` with the value it came to, for `--config`."""
    settings, training = job.plan.settings.to_dict(), job.plan.training
    own = job.resolved()
    return {
        "file": own.pop("file"),
        "task": job.plan.task,
        **own,
        **{name: settings[name] for name in ("cell", "hidden", "layers")},
        **{field.name: getattr(training, field.name) for field in fields(TrainingOptions)},
        "threads": order.run.threads,
    }


def _conclude(order: Order, job: Job, task: Task, page: Path, view: View) -> None:
    """Print the errors beside the baselines, the verdict, and where everything is."""
    model, outcome, run = job.model, job.model.outcome, page.parent
    value = {
        "run": str(run),
        "task": task.NAME,
        "report": str(page),
        "ended": outcome.ended,
        "best_epoch": outcome.best_epoch,
        "epochs": [asdict(epoch) for epoch in outcome.history],
        "results": in_short(model.results, task.FOR_REPORT),
    }
    view.say()
    view.result(f"{in_words(task, model.results)}\nrun     {run}\nreport  {page}", value)
    if outcome.ended == "interrupted":
        best = f"the best network so far (epoch {outcome.best_epoch}) is kept"
        view.say(f"stopped: {best} in {run}; go on with --resume")
        raise typer.Exit(130)
    words = {"run": shlex.quote(str(run)), "file": shlex.quote(order.file)}
    view.say(f"next    {task.NEXT.format(**words)}")
