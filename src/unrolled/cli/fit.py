"""Commands that train: demo, fit."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer

from unrolled.cli.recognise import TASKS, Taken, check_belong, recognise
from unrolled.cli.words import in_words, short
from unrolled.console import options
from unrolled.console.config import CONFIG, toml
from unrolled.console.options import Ahead, Columns, Learning, Order, Place
from unrolled.console.show import View
from unrolled.tasks.classification.command import LabelJob
from unrolled.tasks.forecasting.command import ForecastJob
from unrolled.tasks.language.command import LanguageJob


class Job(Protocol):
    """Data that was read, and a model that is to be fitted to it."""

    @property
    def order(self) -> Order:
        """What was asked for."""
        ...

    @property
    def model(self) -> Any:
        """The model: a Forecaster, Classifier or LanguageModel."""
        ...

    @property
    def training(self) -> Any:
        """How it is trained, a `Training`."""
        ...

    def describe(self) -> str:
        """What was found in the data, and how it is cut."""
        ...

    def fit(self, **run: Any) -> None:
        """Fit and measure."""
        ...

    def resolved(self) -> dict[str, Any]:
        """The options of this task with the values they came to."""
        ...


JOBS: dict[str, Callable[[Order], Job]] = {
    "forecast": ForecastJob.read,
    "classification": LabelJob.read,
    "language": LanguageJob.read,
}
NEXT = {
    "forecast": "unrolled predict {run} {file}",
    "classification": "unrolled predict {run} FILE",
    "language": "unrolled generate {run}",
}


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
    columns, place = Columns(target=["temp"]), Place(out=out, overwrite=True)
    order = Order("nyc-weather", "forecast", columns, Ahead(horizon=24), place=place)
    _run(order, Taken("forecast", "the demo says so"), view)


def fit(*, order: Order, config: options.Config = None, view: View) -> None:
    """Train on a table, labelled sequences or a text.

    \b
    A table with a horizon is forecast:   unrolled fit weather.csv --target temp --horizon 24
    Labelled sequences are classified:    unrolled fit Moves_TRAIN.ts
                                          unrolled fit moves.csv --series id --label kind
    A text is learned symbol by symbol:   unrolled fit book.txt

    What FILE is taken for is said; --task overrules. It is measured beside simple ways to do the
    same, and everything is kept in a run folder with a report.

    \b
    Example: unrolled fit sales.parquet --target sold --series shop --future price --horizon 14
             unrolled fit Moves_TRAIN.ts --out runs/moves     (Moves_TEST.ts beside it is used)
             unrolled fit book.txt --level bpe --out runs/book
             unrolled fit --config runs/weather/config.toml --out runs/again
    """
    groups = [getattr(order, field.name) for field in fields(order)]
    taken = recognise(order.file, order.task, groups)
    check_belong(order.file, taken, groups)
    _run(order, taken, view)


def _run(order: Order, taken: Taken, view: View) -> None:
    """Read, fit, measure, write the run folder and its report, and say what came of it."""
    import torch

    from unrolled import files, report
    from unrolled.networks.settings import check_count

    task, place = taken.task, order.place
    folder = place.out or _folder(order.file)
    if place.threads is not None:
        check_count("fit: threads", place.threads)
        torch.set_num_threads(place.threads)
    job = JOBS[task](order)
    if order.task is None:
        view.say(f"{order.file} is taken for {TASKS[task]}: {taken.why}; --task overrules\n")
    _announce(job, folder, view)
    try:
        job.fit(out=folder, resume=place.resume, overwrite=place.overwrite, display=view.display())
    except KeyboardInterrupt:
        _stopped(folder, view)
    files.write_text(folder / CONFIG, toml(_resolved(job, task)))
    page = report.write(folder)
    _conclude(job, task, page, view)


def _folder(file: str) -> Path:
    """The run folder where none is named: runs/ and the name of the data, where we are."""
    name = Path(Path(file).resolve().name.removesuffix(".gz")).stem
    return Path("runs") / (name.removesuffix("_TRAIN") or "data")


def _announce(job: Job, folder: Path, view: View) -> None:
    """What was found, how it is cut, and where it is computed."""
    from unrolled.runs.card import versions
    from unrolled.runs.folder import CARD
    from unrolled.training import describe_device

    if job.order.place.resume and not (folder / CARD).exists():
        view.say(f"there is no run in {folder} to go on with: it begins")
    view.say(job.describe())
    numbers = ", ".join(f"{name} {number}" for name, number in versions().items())
    device, seed = describe_device(job.training.device), job.training.seed
    view.say(f"\n{device}; {numbers}; seed {seed}")


def _stopped(folder: Path, view: View) -> None:
    """Ctrl-C where no network was left to save: say what there is, and exit."""
    kept = (folder / "checkpoint" / "state.safetensors").exists()
    what = "the epochs so far are kept; go on with --resume" if kept else "no epoch was finished"
    view.say(f"stopped: {what} ({folder})")
    raise typer.Exit(130)


def _resolved(job: Job, task: str) -> dict[str, Any]:
    """Every option of `fit` with the value it came to, for `--config`."""
    settings, training = job.model.settings, job.training
    own = job.resolved()
    return {
        "file": own.pop("file"),
        "task": task,
        **own,
        **{name: getattr(settings, name) for name in ("cell", "hidden", "layers")},
        **{field.name: getattr(training, field.name) for field in fields(Learning)},
        "threads": job.order.place.threads,
    }


def _conclude(job: Job, task: str, page: Path, view: View) -> None:
    """Print the errors beside the baselines, the verdict, and where everything is."""
    model, outcome, run = job.model, job.model.outcome, page.parent
    value = {
        "run": str(run),
        "task": task,
        "report": str(page),
        "ended": outcome.ended,
        "best_epoch": outcome.best_epoch,
        "epochs": [asdict(epoch) for epoch in outcome.history],
        "results": short(model.results),
    }
    view.say()
    view.result(f"{in_words(task, model.results)}\nrun     {run}\nreport  {page}", value)
    if outcome.ended == "interrupted":
        best = f"the best network so far (epoch {outcome.best_epoch}) is kept"
        view.say(f"stopped: {best} in {run}; go on with --resume")
        raise typer.Exit(130)
    words = {"run": shlex.quote(str(run)), "file": shlex.quote(job.order.file)}
    view.say(f"next    {NEXT[task].format(**words)}")
