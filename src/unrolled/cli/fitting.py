"""Commands that train: demo, fit."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unrolled.cli import options
from unrolled.cli.show import View, errors
from unrolled.cli.tables import roles, source

if TYPE_CHECKING:
    from unrolled.data import Roles, Table
    from unrolled.models import Forecaster
    from unrolled.training import Training

PART_HELP = "a share (0.15), a number of rows, or when it begins (2013-10-01)"


@dataclass(frozen=True)
class Job:
    """One fit as it was asked for: what is None is left to the library."""

    file: str
    roles: Roles
    model: dict[str, Any]
    training: dict[str, Any] = field(default_factory=dict)
    step: str | None = None
    validation: float | int | str = 0.15
    test: float | int | str = 0.15
    threads: int | None = None
    out: Path | None = None
    resume: bool = False
    overwrite: bool = False

    @property
    def folder(self) -> Path:
        """The run folder: by default runs/ and the name of the table, where we are."""
        return self.out or Path("runs") / Path(Path(self.file).name.removesuffix(".gz")).stem


def demo(
    *,
    out: Annotated[Path, typer.Option(metavar="RUN", help="The run folder.")] = Path("runs/demo"),
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Forecast real weather: 24 hours ahead, three airports.

    One network learns the hourly temperature of New York's airports in 2013 and is measured on the
    last weeks, beside simple forecasts.

    \b
    Example: unrolled demo
    """
    from unrolled.data import Roles

    model = {"target": ("temp",), "horizon": 24}
    job = Job("nyc-weather", Roles(target=("temp",)), model, out=out, overwrite=True)
    _run(job, View(json, quiet))


def fit(
    file: options.Source,
    *,
    target: options.Targets = None,
    horizon: Annotated[
        int, typer.Option(parser=options.whole, metavar="F", help="How many steps to forecast.")
    ],
    past: Annotated[
        int | None,
        typer.Option(
            parser=options.whole, metavar="T", help="How many steps the network looks back."
        ),
    ] = None,
    time: options.Time = None,
    series: options.Series = None,
    features: options.Features = None,
    known: options.Known = None,
    static: options.Static = None,
    step: options.TimeStep = None,
    cell: Annotated[str | None, typer.Option(metavar="NAME", help="lstm, gru or rnn.")] = None,
    hidden: Annotated[
        int | None, typer.Option(parser=options.whole, metavar="H", help="Units of a layer.")
    ] = None,
    layers: Annotated[
        int | None,
        typer.Option(parser=options.whole, metavar="N", help="Layers, one over another."),
    ] = (None),
    epochs: Annotated[
        int | None, typer.Option(parser=options.whole, metavar="N", help="At most so many passes.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(parser=options.whole, metavar="B", help="Windows a step.")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(parser=options.number, metavar="X", help="Of AdamW.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(parser=options.whole, metavar="N", help="Same seed, same result.")
    ] = None,
    threads: options.Threads = None,
    device: Annotated[str | None, typer.Option(metavar="NAME", help="auto, cpu or cuda.")] = None,
    engine: Annotated[
        str | None, typer.Option(metavar="NAME", help="auto, native, torch or reference.")
    ] = None,
    validation: Annotated[str, typer.Option(metavar="PART", help=f"Judges: {PART_HELP}.")] = "0.15",
    test: Annotated[str, typer.Option(metavar="PART", help=f"Measured on: {PART_HELP}.")] = "0.15",
    out: Annotated[
        Path | None, typer.Option(metavar="RUN", help="The run folder [default: runs/FILE].")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a run.")] = False,
    config: options.Config = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Train on a table; measure beside simple forecasts.

    The oldest rows are learned from, the next decide when to stop, the newest are measured on.

    \b
    Example: unrolled fit weather.csv --target temp --horizon 24
             unrolled fit sales.parquet --target sold --series shop --known price --horizon 14
             unrolled fit --config runs/weather/config.toml --out runs/again
    """
    named = roles(target, time, series, features, known, static)
    model = {"target": named.target, "horizon": horizon, "past": past}
    model |= {"cell": cell, "hidden": hidden, "layers": layers}
    training: dict[str, Any] = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
    }
    training |= {"seed": seed, "device": device, "engine": engine}
    job = Job(
        file=file,
        roles=named,
        model=_given(model),
        training=_given(training),
        step=step,
        validation=options.cut(validation),
        test=options.cut(test),
        threads=threads,
        out=out,
        resume=resume,
        overwrite=overwrite,
    )
    _run(job, View(json, quiet))


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _run(job: Job, view: View) -> None:
    """Read, fit, measure, write the run folder and its report, and say what came of it."""
    import torch

    from unrolled import files, report
    from unrolled.data import Table
    from unrolled.models import Forecaster
    from unrolled.models.settings import check_count
    from unrolled.training import Training

    if job.threads is not None:
        check_count("fit: threads", job.threads)
        torch.set_num_threads(job.threads)
    table = Table.read(source(job.file), job.roles, step=job.step)
    targets = job.model["target"] or table.roles.target
    table.check_target()
    model, training = Forecaster(**{**job.model, "target": targets}), Training(**job.training)
    _announce(job, table, training, view)
    try:
        _fit(job, model, table, training, view)
    except KeyboardInterrupt:
        _stopped(job, view)
    files.write_text(job.folder / "config.toml", options.toml(_resolved(job, model, table)))
    page = report.write(job.folder)
    _conclude(job, model, page, view)


def _fit(job: Job, model: Forecaster, table: Table, training: Training, view: View) -> None:
    model.fit(
        table,
        table.roles,
        validation=job.validation,
        test=job.test,
        training=training,
        out=job.folder,
        resume=job.resume,
        overwrite=job.overwrite,
        display=view.display(),
    )


def _announce(job: Job, table: Table, training: Training, view: View) -> None:
    """What was found, where it is computed, and how the table is cut."""
    from unrolled.data import split
    from unrolled.runs import CARD, versions
    from unrolled.training import describe_device

    if job.resume and not (job.folder / CARD).exists():
        view.say(f"there is no run in {job.folder} to go on with: it begins")
    view.say(f"{table.describe()}\n")
    view.say(split(table, job.validation, job.test).describe())
    numbers = ", ".join(f"{name} {number}" for name, number in versions().items())
    view.say(f"\n{describe_device(training.device)}; {numbers}; seed {training.seed}")


def _stopped(job: Job, view: View) -> None:
    """Ctrl-C where no network was left to save: say what there is, and exit."""
    kept = (job.folder / "checkpoint" / "state.safetensors").exists()
    what = "the epochs so far are kept; go on with --resume" if kept else "no epoch was finished"
    view.say(f"stopped: {what} ({job.folder})")
    raise typer.Exit(130)


def _resolved(job: Job, model: Forecaster, table: Table) -> dict[str, Any]:
    """Every option of `fit` with the value it came to, for `--config`."""
    settings, training, found = model.settings, model.training, model.fitted.roles
    columns = {"features": found.past, "known": found.known, "static": found.static}
    return {
        "file": str(source(job.file).resolve()),
        "target": list(settings.target),
        "horizon": settings.horizon,
        "past": model.fitted.past,
        "time": found.time,
        "series": found.series,
        **{role: list(named or ()) for role, named in columns.items()},
        "step": str(table.step),
        "cell": settings.cell,
        "hidden": settings.hidden,
        "layers": settings.layers,
        "epochs": training.epochs,
        "batch_size": training.batch_size,
        "learning_rate": training.learning_rate,
        "seed": training.seed,
        "threads": job.threads,
        "device": training.device,
        "engine": training.engine,
        "validation": str(job.validation),
        "test": str(job.test),
    }


def _conclude(job: Job, model: Forecaster, page: Path, view: View) -> None:
    """Print the errors beside the baselines, the verdict, and where everything is."""
    results, outcome = model.results or {}, model.outcome
    interrupted = outcome.ended == "interrupted"
    shown = {k: v for k, v in results.items() if k not in ("panels", "by_step", "task")}
    value = {
        "run": str(job.folder),
        "report": str(page),
        "ended": outcome.ended,
        "best_epoch": outcome.best_epoch,
        "epochs": [asdict(epoch) for epoch in outcome.history],
        "results": shown,
    }
    view.say()
    view.result(f"{_words(model, results)}\nrun     {job.folder}\nreport  {page}", value)
    if interrupted:
        best = f"the best network so far (epoch {outcome.best_epoch}) is kept"
        view.say(f"stopped: {best} in {job.folder}; go on with --resume")
        raise typer.Exit(130)


def _words(model: Forecaster, results: dict[str, Any]) -> str:
    """The tables of errors and their verdicts, one for each target."""
    if not results:
        return "there is no test part: nothing was measured\n"
    test, steps = results["test"], f"{results['horizon']} steps of {results['step']} ahead"
    head = f"{steps}, {test['windows']:,} forecasts from {test['from']} to {test['to']}"
    targets = results["by_target"] or {model.settings.target[0]: results}
    blocks = [
        f"{target}, {head}\n\n{errors(found['table'])}\n\n{found['verdict']}\n"
        for target, found in targets.items()
    ]
    return "\n".join(blocks)
