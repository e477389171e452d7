"""Forecasting on the command line: its options, reading a table, `backtest`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from unrolled.console import options
from unrolled.console.groups import Groups, as_options, given
from unrolled.console.options import (
    EncodingOptions,
    EnsembleOptions,
    FormatOptions,
    Order,
    RowOptions,
)
from unrolled.console.show import View, check_suffix
from unrolled.console.sources import lasting, source
from unrolled.console.values import cut, key, names, whole
from unrolled.errors import SettingsError
from unrolled.tasks.forecasting import scores
from unrolled.tasks.forecasting.options import (
    ColumnOptions,
    CutOptions,
    ForecastOptions,
    HorizonOptions,
    ModelOptions,
    PlanOptions,
    asked_of,
)
from unrolled.tasks.task import Job

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from unrolled.data import Roles, Table
    from unrolled.report.page import Section
    from unrolled.runs.fit import Stored
    from unrolled.runs.read import Run
    from unrolled.tasks.forecasting.estimator import Forecaster
    from unrolled.tasks.forecasting.plan import ForecastPlan

NAME, DATA, MODEL = "forecast", "a table to forecast", "a forecaster"
NEXT = "unrolled predict {run} {file}"
ALIASES: Sequence[str] = ()
FROM_TABLE = "--horizon forecasts it"
FOR_REPORT: Sequence[str] = ("panels", "by_step", "coverage")
PART = "0.15"  # set aside to validate on, and to test on

OPTIONS: Sequence[type] = (
    ColumnOptions,
    HorizonOptions,
    CutOptions,
    RowOptions,
    EncodingOptions,
    FormatOptions,
    ForecastOptions,
    EnsembleOptions,
)
READS: Sequence[type] = (ColumnOptions, RowOptions, EncodingOptions, FormatOptions)
EVALUATES: Sequence[type] = ()
PREDICTS: Sequence[type] = (PlanOptions, ModelOptions, EncodingOptions, FormatOptions)


def recognise(file: str) -> str | None:
    """A table alone does not say that it is to be forecast: None."""
    return None


def job(order: Order) -> Job:
    """Read the table, split it, and plan the forecaster."""
    from unrolled.data.table.split import split
    from unrolled.tasks.forecasting.estimator import Forecaster
    from unrolled.training import Training

    horizon = order.own[HorizonOptions]
    if horizon.horizon is None:
        raise SettingsError(f"{order.file}: --horizon says how many steps to forecast")
    asked = {"validation": PART, "test": PART} | given(order.split)
    parts = {name: cut(text) for name, text in asked.items()}
    by = order.own[CutOptions].split
    table = _read(order.file, order.own, lambda t: split(t, **parts, by=by).train_rows())
    targets = names(order.own[ColumnOptions].target) or table.roles.target
    table.check_target()
    asked_for = given(horizon) | asked_of(order.own) | given(order.network)
    model = Forecaster(targets, **asked_for, **given(order.own[EnsembleOptions]))
    training = Training(**given(order.training))
    plan = model.plan(table, table.roles, training=training, split=by, **parts)
    return Job(model, plan, plan.describe(), lambda: _resolved(order, plan, asked))


def demo(out: Path) -> Order:
    """The temperature of New York's airports, 24 hours ahead."""
    own = Groups(ColumnOptions(target=["temp"]), HorizonOptions(horizon=24))
    run = options.RunOptions(out=out, overwrite=True)
    return Order("nyc-weather", NAME, own, run=run)


def _resolved(order: Order, plan: ForecastPlan, parts: Mapping[str, Any]) -> dict[str, Any]:
    settings, found = plan.settings, plan.preprocessor.roles
    columns = {"past": found.past, "future": found.future, "static": found.static}
    return {
        "file": lasting(order.file),
        "target": list(settings.target),
        "horizon": settings.horizon,
        "lookback": settings.lookback,
        "segment": settings.segment,
        "season": plan.preprocessor.season,
        "wide": found.wide,
        "resample": found.resample,
        "resample_by": found.resample_by,
        "duplicates": found.duplicates,
        "quantiles": ",".join(map(str, settings.quantiles)),
        "loss": settings.loss,
        "mixing": settings.mixing,
        "transform": settings.transform,
        "refit_all": settings.refit == "all",
        "ensemble": settings.ensemble,
        "time": found.time,
        "series": [found.series] if isinstance(found.series, str) else list(found.series or ()),
        **{role: list(named or ()) for role, named in columns.items()},
        "holidays": list(found.holidays),
        "date_format": found.date_format,
        "step": str(plan.preprocessor.step),
        **{name: list(v) if name == "na" else v for name, v in asdict(found.format).items()},
        "dropout": settings.dropout,
        "split": order.own[CutOptions].split,
        **{name: str(cut(text)) for name, text in parts.items()},
    }


def _read(
    file: str, own: Groups, training: Callable[[Table], NDArray[np.bool_]] | None = None
) -> Table:
    """Read a table; what the options do not say about its columns is guessed."""
    from unrolled.data import Table

    columns = own[ColumnOptions]
    step, season = columns.step, columns.season
    return Table.read(source(file), _roles(own), step=step, season=season, training=training)


def _roles(own: Groups) -> Roles:
    """What the options say about the columns."""
    from unrolled.data import Format, Roles

    rows, columns = own[RowOptions], own[ColumnOptions]
    return Roles(
        time=rows.time,
        series=key(rows.series),
        target=names(columns.target),
        past=names(columns.past) if columns.past else None,
        future=names(columns.future),
        static=names(columns.static),
        holidays=names(columns.holidays),
        wide=bool(columns.wide),
        duplicates=columns.duplicates or Roles.duplicates,
        resample=columns.resample,
        resample_by=columns.resample_by or Roles.resample_by,
        date_format=columns.date_format,
        format=Format(**given(own[EncodingOptions]), **given(own[FormatOptions])),
    )


def inspect(file: str, own: Groups) -> tuple[str, dict[str, Any]]:
    """The time step, what the columns mean and why, gaps, missing values, columns left out."""
    table = _read(file, own)
    return table.describe(), table.findings.to_dict()


def load(stored: Stored) -> Forecaster:
    """The forecaster of a run."""
    from unrolled.tasks.forecasting.estimator import Forecaster

    return Forecaster.load(stored)


def predict(stored: Stored, file: str, own: Groups) -> tuple[Any, Sequence[str]]:
    """The forecast after a table's last row with a target, and notes about it."""
    from unrolled.tasks.forecasting.forecast import check_picture
    from unrolled.tasks.forecasting.notes import tell

    plan = own[PlanOptions].future
    future, picture = None if plan is None else source(plan), own[PlanOptions].plot
    check_picture(picture, "--plot")
    model, asked = load(stored), given(own[ModelOptions])
    written = given(own[EncodingOptions]) | given(own[FormatOptions])
    found = model.forecast(_read_as_fitted(model, file, written), future, **asked)
    tell(found.notes)
    if picture is not None:
        found.plot(picture)
    return found.frame(), found.notes


def _read_as_fitted(model: Forecaster, file: str, written: Mapping[str, Any]) -> Table:
    """A table written as that of the fit, but for what was said otherwise."""
    format = replace(model.fitted.preprocessor.roles.format, **written)
    return model.read(source(file), format)


def evaluate(stored: Stored, file: str, own: Groups) -> NoReturn:
    """Refused: `backtest` measures a forecaster on another table."""
    raise SettingsError(
        f"evaluate: {stored.path} holds {MODEL}: unrolled backtest {stored.path} {file} measures it"
    )


def words(results: Mapping[str, Any]) -> str:
    """The tables of errors and their verdicts, one for each target."""
    return scores.words(results)


def sections(run: Run) -> list[Section | None]:
    """The sections of the report page."""
    from unrolled.tasks.forecasting.page import sections

    return sections(run)


def backtest(
    run: options.Run,
    file: options.Table,
    *,
    cut_by: CutOptions,
    with_: ModelOptions,
    encoded: EncodingOptions,
    written: FormatOptions,
    test: Annotated[
        str, typer.Option(metavar="PART", help="What to forecast: a share, rows, or since when.")
    ] = "0.15",
    stride: Annotated[
        int, typer.Option(parser=whole, metavar="N", help="Forecast from every N-th row.")
    ] = 1,
    refit: Annotated[
        int,
        typer.Option(parser=whole, metavar="N", help="Refit after every N forecasts; 0 never."),
    ] = 0,
    out: options.OutFile = None,
    escape_formulas: options.EscapeFormulas = False,
    config: options.Config = None,
    view: View,
) -> None:
    """Forecast a table's newest part as it would have been then.

    Each row has its cutoff (the last time that was known), the forecast and the truth.

    \b
    Example: unrolled backtest runs/weather weather.csv --stride 24 --out backtest.csv
    """
    from unrolled.tasks.forecasting.backtest import Origins
    from unrolled.tasks.forecasting.estimator import Forecaster
    from unrolled.tasks.forecasting.evaluate import errors

    check_suffix(out)
    model = Forecaster.load(run)
    by = with_.model or "blend"
    origins = Origins(cut(test), cut_by.split, stride, refit, by)
    table = _read_as_fitted(model, file, given(encoded) | given(written))
    measured, notes = model.measure(table, origins)
    found = errors(measured)
    for target, numbers in found.items():
        blocks = [
            f"{target}: {scores.in_short(numbers)}",
            scores.error_table(numbers["table"]),
            scores.series_table(numbers["by_series"]),
        ]
        view.say("\n\n".join(filter(None, blocks)) + "\n")
    for note in notes:
        view.say(f"note: {note}")
    value = {"run": str(run), "errors": found, "notes": [as_options(note) for note in notes]}
    view.frame(measured.forecast().frame(), out, value, formulas=not escape_formulas)


COMMANDS: Sequence[Callable[..., None]] = (backtest,)
