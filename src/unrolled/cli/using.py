"""Commands that use a run: predict, backtest, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unrolled.cli import options
from unrolled.cli.show import View, check_suffix
from unrolled.cli.tables import source

if TYPE_CHECKING:
    from unrolled.models import Forecaster


def predict(
    run: options.Run,
    file: options.Source,
    *,
    out: options.OutFile = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Forecast what comes after the end of a table.

    That is after the last row with a target, for each series of the table. Rows after it may give
    the columns that are known for the future.

    \b
    Example: unrolled predict runs/weather weather.csv
             unrolled predict runs/weather weather.csv --out forecast.parquet
    """
    from unrolled.models import Forecaster

    check_suffix(out)
    model = Forecaster.load(run)
    View(json).frame(model.predict(source(file)), out, {"run": str(run)})


def backtest(
    run: options.Run,
    file: options.Source,
    *,
    test: Annotated[
        str, typer.Option(metavar="PART", help="What to forecast: a share, rows, or since when.")
    ] = "0.15",
    stride: Annotated[
        int, typer.Option(parser=options.whole, metavar="N", help="Forecast from every N-th row.")
    ] = 1,
    refit: Annotated[
        int,
        typer.Option(
            parser=options.whole, metavar="N", help="Fit anew after every N forecasts; 0 never."
        ),
    ] = 0,
    out: options.OutFile = None,
    config: options.Config = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Forecast a table's newest part as it would have been then.

    Each row has its cutoff (the last time that was known), the forecast and the truth.

    \b
    Example: unrolled backtest runs/weather weather.csv --stride 24 --out backtest.csv
    """
    from unrolled.models import Forecaster

    check_suffix(out)
    view = View(json, quiet)
    model = Forecaster.load(run)
    frame = model.backtest(source(file), test=options.cut(test), stride=stride, refit=refit)
    errors = _errors(model, frame)
    for target, numbers in errors.items():
        view.say(f"{target}: MAE {numbers['mae']:.4g}, RMSE {numbers['rmse']:.4g}")
    view.frame(frame, out, {"run": str(run), "errors": errors})


def _errors(model: Forecaster, frame: Any) -> dict[str, dict[str, float]]:
    """The errors of a backtest's frame, by target."""
    from unrolled import metrics

    found = {}
    for target in model.settings.target:
        truth = frame[f"{target}_true"].to_numpy()
        guess = frame[target].to_numpy()
        found[target] = {"mae": metrics.mae(truth, guess), "rmse": metrics.rmse(truth, guess)}
    return found


def report(run: options.Run, *, json: options.Json = False) -> None:
    """Write the HTML page of a run.

    It is one file that opens without a network.

    \b
    Example: unrolled report runs/weather
    """
    from unrolled.report import write

    path = write(Path(run))
    View(json).result(str(path), {"run": str(run), "report": str(path)})
