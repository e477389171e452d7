"""Commands that measure: evaluate, backtest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unrolled.cli.kept import KINDS, columns_of, refuse
from unrolled.cli.recognise import (
    TABLES,
    TASKS,
    is_text_sample,
    looks_like,
    read_corpus,
    read_sequences,
    says_itself,
    source,
)
from unrolled.cli.words import in_words, short
from unrolled.console import options
from unrolled.console.groups import given
from unrolled.console.show import View, check_suffix
from unrolled.console.values import cut, whole
from unrolled.errors import DataError, SettingsError

if TYPE_CHECKING:
    pass


def evaluate(
    run: options.Run,
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="What to measure on [default: as at the fit]."),
    ] = None,
    *,
    rows: options.Rows,
    label: Annotated[
        str | None,
        typer.Option(metavar=options.COLUMN, help="The label, where FILE is a table."),
    ] = None,
    encoding: options.Encoding = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Measure a run on a text or on labelled sequences.

    Without FILE it says again what was measured when the run was fitted. A forecast is measured on
    another table by backtest.

    \b
    Example: unrolled evaluate runs/book other.txt
             unrolled evaluate runs/moves Moves_TEST.ts
             unrolled evaluate runs/weather
    """
    from unrolled.runs.folder import load_card

    view, task = View(json), load_card(run).task
    if file is None:
        refuse("a run alone: name a FILE", {**given(rows), "label": label, "encoding": encoding})
        _stored(run, task, view)
    elif task == "language":
        refuse(KINDS[task], {**given(rows), "label": label})
        _evaluate_text(run, file, encoding, view)
    elif task == "classification":
        refuse(KINDS[task], {"encoding": encoding})
        _evaluate_labels(run, file, rows, label, view)
    else:
        raise SettingsError(
            f"evaluate: {run} holds a forecaster: unrolled backtest {run} {file} measures it"
        )


def _stored(run: Path, task: str, view: View) -> None:
    from unrolled import files
    from unrolled.runs.folder import RESULTS, load

    load(run)  # refuses a run that was not finished, or is damaged
    path = run / RESULTS
    results = files.read_json(path) if path.is_file() else None
    view.result(in_words(task, results).rstrip(), {"run": str(run), "results": short(results)})


def _evaluate_text(run: Path, file: str, encoding: str | None, view: View) -> None:
    from unrolled.tasks import LanguageModel

    model = LanguageModel.load(run)
    _check_text(run, file, model.fitted.findings["source"])
    known = model.fitted.preprocessor
    how = {} if encoding is None else {"encoding": encoding}
    score = model.evaluate(read_corpus(file, vocabulary=known, validation=0.0, **how))
    view.result(str(score), {"run": str(run), "file": file, **score.to_dict()})


def _check_text(run: Path, file: str, learned: str) -> None:
    """DataError for a table or labelled sequences, unless it was such a file that was learned."""
    found = looks_like(file)
    suffix = "" if is_text_sample(file) else source(file).suffix.lower()
    kind = TASKS[found.task] if found else "a table" if suffix in TABLES else TASKS["language"]
    if kind != TASKS["language"] and suffix != Path(learned).suffix.lower():
        raise DataError(f"evaluate: {run} holds a language model, but {file} looks like {kind}")


def _evaluate_labels(
    run: Path, file: str, rows: options.Rows, label: str | None, view: View
) -> None:
    from unrolled.tasks import Classifier

    model = Classifier.load(run)
    rows, column = columns_of(run, file, rows, label)
    if column.label is None and not says_itself(file):
        raise SettingsError(f"{file}: --label names the column to compare with")
    results = model.evaluate(read_sequences(file, rows, column))
    text = in_words("classification", results).rstrip()
    view.result(text, {"run": str(run), "file": file, "results": short(results)})


def backtest(
    run: options.Run,
    file: options.Table,
    *,
    test: Annotated[
        str, typer.Option(metavar="PART", help="What to forecast: a share, rows, or since when.")
    ] = "0.15",
    stride: Annotated[
        int, typer.Option(parser=whole, metavar="N", help="Forecast from every N-th row.")
    ] = 1,
    refit: Annotated[
        int,
        typer.Option(parser=whole, metavar="N", help="Fit anew after every N forecasts; 0 never."),
    ] = 0,
    out: options.OutFile = None,
    config: options.Config = None,
    view: View,
) -> None:
    """Forecast a table's newest part as it would have been then.

    Each row has its cutoff (the last time that was known), the forecast and the truth.

    \b
    Example: unrolled backtest runs/weather weather.csv --stride 24 --out backtest.csv
    """
    from unrolled.tasks import Forecaster
    from unrolled.tasks.forecasting.backtest import errors as found_errors

    check_suffix(out)
    model = Forecaster.load(run)
    frame = model.backtest(source(file), test=cut(test), stride=stride, refit=refit)
    errors = found_errors(model.settings.target, frame)
    for target, numbers in errors.items():
        view.say(f"{target}: MAE {numbers['mae']:.4g}, RMSE {numbers['rmse']:.4g}")
    view.frame(frame, out, {"run": str(run), "errors": errors})
