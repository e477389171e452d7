"""Commands that look around: samples, inspect, doctor."""

from __future__ import annotations

from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from unrolled.cli import options
from unrolled.cli.show import View, aligned
from unrolled.errors import DataError

if TYPE_CHECKING:
    from unrolled.data import Roles


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
    file: options.Source,
    *,
    target: options.Targets = None,
    time: options.Time = None,
    series: options.Series = None,
    features: options.Features = None,
    known: options.Known = None,
    static: options.Static = None,
    step: options.TimeStep = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Say what is found in a table, and what is guessed.

    Its time step, what the columns mean and why, gaps, missing values, columns left out.

    \b
    Example: unrolled inspect weather.csv
             unrolled inspect nyc-weather --target temp
    """
    from unrolled.data import Table

    given = roles(target, time, series, features, known, static)
    table = Table.read(source(file), given, step=step)
    View(json).result(table.describe(), table.findings.to_dict())


def doctor(*, json: options.Json = False) -> None:
    """Say what runs here: engine, processor, versions.

    \b
    Example: unrolled doctor
    """
    from unrolled.doctor import describe, doctor

    View(json).result(describe(), doctor())


def source(file: str) -> Path:
    """The path of a table: a file, or the sample of that name."""
    from unrolled.data import samples

    path = Path(file)
    found = [one.name for one in samples.available()]
    if file in found and not path.exists():
        return samples.path(file)
    if not path.exists() and (near := get_close_matches(file, found, n=1)):
        raise DataError(f"read {file}: there is no such file; did you mean the sample {near[0]!r}?")
    return path


def roles(
    target: list[str] | None,
    time: str | None,
    series: str | None,
    features: list[str] | None,
    known: list[str] | None,
    static: list[str] | None,
) -> Roles:
    """What the options say about the columns."""
    from unrolled.data import Roles

    return Roles(
        time=time,
        series=series,
        target=options.names(target),
        past=options.names(features) if features else None,
        known=options.names(known),
        static=options.names(static),
    )
