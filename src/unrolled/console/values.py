"""Values as they are written on the command line."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from difflib import get_close_matches

import typer

from unrolled.errors import SettingsError


def names(items: Iterable[str] | None) -> tuple[str, ...]:
    """Column names given one by one or with commas; one that holds a comma goes in quotes."""
    rows = csv.reader(items or (), skipinitialspace=True)
    return tuple(name.strip() for row in rows for name in row if name.strip())


def quoted(name: str) -> str:
    """A column name as `names` reads it back."""
    return '"' + name.replace('"', '""') + '"' if set(name) & set(',"') else name


def cut(text: str) -> float | int | str:
    """The size of a part: 0.15 is a share, 500 are rows, 2013-10-01 is when it begins."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def share(name: str, text: str) -> float | int:
    """The size of a part that no time cuts: a share or a count."""
    size = cut(text)
    if isinstance(size, str):
        raise SettingsError(f"--{name}: expected a share like 0.15, or a count, got {text!r}")
    return size


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


def nearest(name: str, options: Iterable[str]) -> str:
    """A hint at the name that was meant."""
    close = get_close_matches(name, options, n=1)
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(options)}"
