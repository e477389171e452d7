"""Commands that look around: samples, inspect, doctor."""

from __future__ import annotations

from dataclasses import asdict

from unrolled.cli.recognise import recognise
from unrolled.console import options
from unrolled.console.groups import Groups
from unrolled.console.show import View, aligned


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
    own: Groups,
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
    taken = recognise(file, task, own, fitting=False)
    text, value = taken.task.inspect(file, own)
    View(json).result(text, value)


def doctor(*, json: options.Json = False) -> None:
    """Say what runs here: engine, processor, versions.

    \b
    Example: unrolled doctor
    """
    from unrolled.layers.doctor import describe, doctor

    View(json).result(describe(), doctor())
