"""Values as they are written on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import typer

from unrolled.errors import SettingsError


def names(items: Iterable[str] | None) -> tuple[str, ...]:
    """Column names given one by one or with commas; one that holds a comma goes in quotes."""
    from unrolled.data.columns.roles import split_names

    return split_names(tuple(items or ()))


def key(items: Sequence[str] | None) -> str | tuple[str, ...] | None:
    """The columns that tell series apart: a single text is split only if no column is named so."""
    if not items:
        return None
    return items[0] if len(items) == 1 else names(items)


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
