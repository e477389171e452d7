"""The command that measures a run: evaluate."""

from __future__ import annotations

from typing import Annotated

import typer

from unrolled import tasks
from unrolled.cli.recognise import refuse
from unrolled.console import options
from unrolled.console.groups import Groups
from unrolled.console.show import View
from unrolled.tasks.task import in_short, in_words


def evaluate(
    run: options.Run,
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="What to measure on [default: as at the fit]."),
    ] = None,
    *,
    own: Groups,
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
    from unrolled.runs.fit import load
    from unrolled.runs.folder import RESULTS
    from unrolled.runs.vouch import reading

    view, stored = View(json), load(run)
    task = tasks.get(stored.card.task)
    if file is None:
        refuse("a run alone: name a FILE", own)
        results = stored.results
        with reading(run / RESULTS):
            short = in_short(results, task.FOR_REPORT)
            view.result(in_words(task, results).rstrip(), {"run": str(run), "results": short})
    else:
        refuse(task.MODEL, own, tuple(task.EVALUATES))
        text, value = task.evaluate(stored, file, own)
        view.result(text, {"run": str(run), "file": file, **value})
