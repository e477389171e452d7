"""What a run holds, and how it was fitted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from unrolled.cli.recognise import says_itself, written
from unrolled.console.config import saved
from unrolled.console.groups import given
from unrolled.console.options import LabelColumn, Rows
from unrolled.errors import SettingsError

KINDS = {
    "forecast": "a forecaster",
    "classification": "a classifier",
    "language": "a language model",
}


def refuse(what: str, asked: dict[str, Any]) -> None:
    """SettingsError for an option that this kind of run does not take, if one was given."""
    for name, value in asked.items():
        if value is not None:
            raise SettingsError(f"{written(name)} is not for {what}")


def columns_of(run: Path, file: str, rows: Rows, label: str | None) -> tuple[Rows, LabelColumn]:
    """How a table is read: as the options say, else as the one that the run was fitted on."""
    if says_itself(file):
        return rows, LabelColumn(label)
    before = saved(run)
    rows = replace(rows, **{k: before.get(k) for k in ("time", "series") if k not in given(rows)})
    return rows, LabelColumn(label or before.get("label"), before.get("label_per"))
