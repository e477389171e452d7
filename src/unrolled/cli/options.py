"""Options that several commands share, and the file that can hold them."""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import typer

from unrolled.errors import SettingsError


def read_config(context: typer.Context, path: Path | None) -> Path | None:
    """Take the options in a TOML file for defaults; what is given on the command line wins.

    SettingsError for a file that cannot be read, and for an option the command does not have.
    """
    if path is None or context.resilient_parsing:
        return path
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"config {path}: {error.strerror or error}") from None
    except ValueError as error:
        raise SettingsError(f"config {path}: expected TOML, {error}") from None
    options = {option.name: option for option in context.command.params if option.name}
    del options["config"]
    given = {name.replace("-", "_"): value for name, value in content.items()}
    for name, value in given.items():
        if name not in options:
            raise SettingsError(f"config {path}: no option {name!r}; {_nearest(name, options)}")
        given[name] = _as_written(value, options[name], f"config {path}: {name}")
    context.default_map = {**(context.default_map or {}), **given}
    return path


def _as_written(value: Any, option: Any, place: str) -> Any:
    """A value as it would be written on the command line, so that the same checks apply to it."""
    multiple, is_flag = getattr(option, "multiple", False), getattr(option, "is_flag", False)
    if isinstance(value, dict) or (isinstance(value, list) and not multiple):
        raise SettingsError(f"{place}: expected one value, got {value}")
    if multiple:
        return [quoted(str(item)) for item in (value if isinstance(value, list) else [value])]
    return value if isinstance(value, bool) and is_flag else str(value)


def _nearest(name: str, options: Iterable[str]) -> str:
    close = get_close_matches(name, options, n=1)
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(options)}"


def names(items: Iterable[str] | None) -> tuple[str, ...]:
    """Column names given one by one or with commas; one that holds a comma goes in quotes."""
    rows = csv.reader(items or (), skipinitialspace=True)
    return tuple(name.strip() for row in rows for name in row if name.strip())


def quoted(name: str) -> str:
    """A column name as `names` reads it back."""
    return '"' + name.replace('"', '""') + '"' if set(name) & set(',"') else name


def toml(values: Mapping[str, Any]) -> str:
    """Options as a TOML file that `--config` reads; what is None or empty is left out."""
    lines = [
        f"{name} = {json.dumps(value, ensure_ascii=False)}"
        for name, value in values.items()
        if value is not None and value != []
    ]
    return "\n".join(lines) + "\n"


def cut(text: str) -> float | int | str:
    """The size of a part: 0.15 is a share, 500 are rows, 2013-10-01 is when it begins."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def whole(text: str | int) -> int:
    """A whole number; typer's own words would not say what arrived."""
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"expected a whole number, got {text!r}") from None


def number(text: str | float) -> float:
    """A number."""
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"expected a number, got {text!r}") from None


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the result alone, no progress.")]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE.toml",
        is_eager=True,
        callback=read_config,
        help="Read options from a file; those on the command line win.",
    ),
]
Source = Annotated[
    str, typer.Argument(metavar="FILE", help="CSV (also .gz) or Parquet, or the name of a sample.")
]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]
OutFile = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FILE", help="Write a .csv or .parquet file instead."),
]
Targets = Annotated[
    list[str] | None,
    typer.Option("--target", "-t", metavar="COLUMN", help="What to forecast; may come again."),
]
Time = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="The time; several that make one up as year,month,day."),
]
Series = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="What tells the series of the table apart.")
]
Features = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN", help="Known up to now [default: every usable column]."),
]
Known = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN", help="Known for the future too: planned, a price."),
]
Static = Annotated[
    list[str] | None, typer.Option(metavar="COLUMN", help="Constant within a series.")
]
TimeStep = Annotated[
    str | None,
    typer.Option("--step", metavar="STEP", help="The time step, 15min or 1h [default: found]."),
]
Threads = Annotated[
    int | None,
    typer.Option(metavar="N", parser=whole, help="CPU threads [default: torch's choice]."),
]
