"""Commands that use a run: predict, generate, report."""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unrolled.cli.kept import KINDS, columns_of, refuse
from unrolled.cli.recognise import read_unlabelled, source
from unrolled.console import options
from unrolled.console.groups import given
from unrolled.console.show import View, check_suffix
from unrolled.console.values import number, whole
from unrolled.errors import SettingsError

if TYPE_CHECKING:
    pass


def predict(
    run: options.Run,
    file: options.File,
    *,
    rows: options.Rows,
    out: options.OutFile = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Forecast what comes next, or label sequences.

    A forecast begins after a table's last row with a target, for each of its series. Rows after it
    may give the columns that are known for the future. Each sequence (or each of its steps) gets
    the likeliest label, and the probability of every label.

    \b
    Example: unrolled predict runs/weather weather.csv
             unrolled predict runs/weather weather.csv --out forecast.parquet
             unrolled predict runs/moves new.ts
    """
    from unrolled.runs.folder import load_card

    check_suffix(out)
    view, task, value = View(json), load_card(run).task, {"run": str(run)}
    if task == "classification":
        view.frame(_labelled(run, file, rows), out, value)
    elif task == "language":
        raise SettingsError(
            f"predict: {run} holds a language model: unrolled generate {run} writes text, "
            f"unrolled evaluate {run} FILE measures it"
        )
    else:
        from unrolled.tasks import Forecaster

        refuse(KINDS[task], given(rows))
        view.frame(Forecaster.load(run).predict(source(file)), out, value)


def _labelled(run: Path, file: str, rows: options.Rows) -> Any:
    """Predicted labels and probabilities as a pyarrow table."""
    import pyarrow as pa

    from unrolled.tasks import Classifier
    from unrolled.tasks.classification import inference

    model = Classifier.load(run)
    rows, column = columns_of(run, file, rows, None)
    return pa.table(inference.columns(model.fitted, read_unlabelled(file, rows, column.label)))


def generate(
    run: options.Run,
    *,
    prompt: Annotated[str, typer.Option(metavar="TEXT", help="What the text begins with.")] = "",
    length: Annotated[
        int, typer.Option(parser=whole, metavar="N", help="Characters to write.")
    ] = 500,
    temperature: Annotated[
        float,
        typer.Option(parser=number, metavar="X", help="Below 1 plainer; 0 the likeliest always."),
    ] = 1.0,
    top_k: Annotated[
        int, typer.Option(parser=whole, metavar="K", help="Draw among the K likeliest; 0 all.")
    ] = 0,
    top_p: Annotated[
        float,
        typer.Option(parser=number, metavar="P", help="Draw among the likeliest of this share."),
    ] = 1.0,
    seed: options.Seed = None,
    config: options.Config = None,
    view: View,
) -> None:
    """Write text as the language model of a run would go on.

    It is written symbol by symbol, as it is made.

    \b
    Example: unrolled generate runs/book --prompt "Once upon" --length 300 --temperature 0.8
    """
    from unrolled.tasks import LanguageModel

    model = LanguageModel.load(run)
    tokens = model.encode(prompt)
    pieces = model.generate(
        tokens, length=length, temperature=temperature, top_k=top_k, top_p=top_p, seed=seed
    )
    unknown = sum(token >= len(model.fitted.preprocessor) for token in tokens)
    if unknown:
        view.say(f"symbols of the prompt that training never saw: {unknown:,}")
    if view.json:
        view.result("", {"run": str(run), "prompt": prompt, "text": "".join(pieces)})
        return
    for piece in chain([prompt], pieces):
        sys.stdout.write(piece)
        sys.stdout.flush()
    print()


def report(run: options.Run, *, json: options.Json = False) -> None:
    """Write the HTML page of a run.

    It is one file that opens without a network.

    \b
    Example: unrolled report runs/weather
    """
    from unrolled.report import write

    path = write(Path(run))
    View(json).result(str(path), {"run": str(run), "report": str(path)})
