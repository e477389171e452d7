"""Commands that look around: samples, inspect, doctor."""

from __future__ import annotations

from dataclasses import asdict

from unrolled.cli.recognise import Taken, check_belong, read_corpus, read_sequences, recognise
from unrolled.console import options
from unrolled.console.groups import given
from unrolled.console.show import View, aligned
from unrolled.tasks.classification import command as labelling
from unrolled.tasks.forecasting.command import read_table
from unrolled.tasks.language import command as texts


def samples(*, json: options.Json = False) -> None:
    """List the data that comes with the package.

    A sample's name can stand wherever a FILE is asked for.

    \b
    Example: unrolled samples
    """
    from unrolled.data.samples import available

    lines = [["name", "rows", "licence", "source"]]
    lines += [
        [one.name, f"{one.rows:,}" if one.rows else "text", one.licence, one.source]
        for one in available()
    ]
    about = "\n".join(f"{one.name}: {one.about}" for one in available())
    text = f"{aligned(lines)}\n\n{about}"
    View(json).result(text, {"samples": [asdict(one) for one in available()]})


def inspect(
    file: options.File,
    *,
    task: options.Task = None,
    columns: options.Columns,
    labelled: options.LabelColumn,
    symbols: options.Symbols,
    rows: options.Rows,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Say what is found in a file, and what is guessed.

    Of a table: its time step, what the columns mean and why, gaps, missing values, columns left
    out. Of labelled sequences: how many, how long, the classes. Of a text: its size, its symbols,
    what looks odd in it.

    \b
    Example: unrolled inspect weather.csv
             unrolled inspect nyc-weather --target temp
             unrolled inspect moves.csv --series id --label kind
             unrolled inspect book.txt
    """
    groups = (columns, labelled, symbols, rows)
    taken = recognise(file, task, groups, Taken("forecast", "it is a table"))
    check_belong(file, taken, groups)
    if taken.task == "language":
        corpus = read_corpus(file, **given(symbols))
        text, value = texts.describe(corpus), corpus.findings
    elif taken.task == "classification":
        sequences = read_sequences(file, rows, labelled)
        text, value = labelling.describe(sequences), labelling.findings(sequences)
    else:
        table = read_table(file, rows, columns)
        text, value = table.describe(), table.findings.to_dict()
    View(json).result(text, value)


def doctor(*, json: options.Json = False) -> None:
    """Say what runs here: engine, processor, versions.

    \b
    Example: unrolled doctor
    """
    from unrolled.layers.doctor import describe, doctor

    View(json).result(describe(), doctor())
