"""Errors of a forecaster as tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from unrolled.console.show import aligned

SHOWN = {
    "mae": "MAE",
    "rmse": "RMSE",
    "smape": "sMAPE %",
    "mase": "MASE",
    "ratio": "ratio",
    "pinball": "pinball",
}
MOST_SERIES = 10


def words(results: Mapping[str, Any]) -> str:
    """The tables of errors and their verdicts, one for each target."""
    test, steps = results["test"], f"{results['horizon']} steps of {results['step']} ahead"
    head = f"{steps}, {test['windows']:,} forecasts from {test['from']} to {test['to']}"
    if test.get("stride", 1) > 1:
        head += f", from every {ordinal(test['stride'])} row"
    targets = results["by_target"] or {results["targets"][0]: results}
    blocks = [
        f"{target}, {head}\n\n{error_table(found['table'])}\n\n{found['verdict']}\n"
        for target, found in targets.items()
    ]
    return "\n".join(blocks)


def in_short(errors: Mapping[str, Any]) -> str:
    """The errors of the forecaster alone, in a line."""
    return ", ".join(f"{SHOWN[key]} {_number(key, errors[key])}" for key in ("mae", "rmse"))


def ordinal(number: int) -> str:
    """A number as a place in a row.

    >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 22, 113)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd', '113th']
    """
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{'th' if number % 100 in (11, 12, 13) else ending}"


def series_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The errors of each series, the worst first, beside which model is the best of it."""
    if len(rows) < 2:
        return ""
    keys = ("mae", "ratio", "mase")
    lines = [["series", *(_heading(key) for key in keys), "best"]]
    lines += [
        [row["series"], *(_number(key, row[key]) for key in keys), row["best"] or "-"]
        for row in rows[:MOST_SERIES]
    ]
    more = f"\nand {len(rows) - MOST_SERIES:,} series more" if len(rows) > MOST_SERIES else ""
    return f"{aligned(lines)}{more}"


def error_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The table of errors: a line for each method, its best MAE marked."""
    keys = [key for key in rows[0] if key != "name"]
    best = min((row["mae"] for row in rows if row["mae"] is not None), default=None)
    lines = [["", *(_heading(key) for key in keys)]]
    for row in rows:
        mark = "*" if best is not None and row["mae"] == best else " "
        numbers = [_number(key, row.get(key)) for key in keys]
        lines.append([row["name"], numbers[0] + mark, *numbers[1:]])
    lines[0][1] += " "
    return aligned(lines)


def _heading(key: str) -> str:
    name, _, level = key.rpartition("_")
    interval = {"coverage": "in {} %", "width": "width {} %", "winkler": "Winkler {} %"}
    return interval[name].format(level) if name in interval else SHOWN.get(key, key)


def _number(key: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1%}" if key.startswith("coverage") else f"{value:#.4g}"
