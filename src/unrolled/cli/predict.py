"""Commands that use a run: predict, report."""

from __future__ import annotations

from unrolled import tasks
from unrolled.cli.recognise import refuse
from unrolled.console import options
from unrolled.console.groups import Groups, as_options
from unrolled.console.show import View, check_suffix


def predict(
    run: options.Run,
    file: options.File,
    *,
    own: Groups,
    out: options.OutFile = None,
    escape_formulas: options.EscapeFormulas = False,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Forecast what comes next, or label sequences.

    A forecast begins after a table's last row with a target, for each of its series. Rows after it
    may give the future covariates; --future gives these in a file of their own. Each sequence (or
    each of its steps) gets the likeliest label, and the probability of every label.

    \b
    Example: unrolled predict runs/weather weather.csv
             unrolled predict runs/weather weather.csv --out forecast.parquet
             unrolled predict runs/shop sold.csv --future plan.csv
             unrolled predict runs/moves new.ts
    """
    from unrolled.runs.fit import load

    check_suffix(out)
    stored = load(run)
    task = tasks.get(stored.card.task)
    refuse(task.MODEL, own, tuple(task.PREDICTS))
    frame, notes = task.predict(stored, file, own)
    value = {"run": str(run), "notes": [as_options(note) for note in notes]}
    View(json).frame(frame, out, value, formulas=not escape_formulas)


def report(run: options.Run, *, json: options.Json = False) -> None:
    """Write the HTML page of a run.

    It is one file that opens without a network.

    \b
    Example: unrolled report runs/weather
    """
    path = tasks.write_report(run)
    View(json).result(str(path), {"run": str(run), "report": str(path)})
