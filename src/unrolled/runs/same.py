"""What a resumed run must share with the one that was started: data, split, settings, columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from unrolled.errors import RunError
from unrolled.runs.card import SCHEMA, Card


def check_same(old: Card, new: Card) -> None:
    """RunError that names the first thing by which a run differs from the one that was started.

    In this order, for the data decide the split, and both decide what was left open in settings.
    """
    if old.schema_version != SCHEMA:
        raise RunError(
            f"resume: the run was started by an earlier version (schema {old.schema_version}), "
            "which cannot be gone on with; it can be used as it is, or fitted again"
        )
    difference = next(_differences(old, new), None)
    if difference is not None:
        raise RunError(f"resume: the run was started {difference}")


def _differences(old: Card, new: Card) -> Iterator[str]:
    before, now = (card.model_dump(mode="json") for card in (old, new))
    marks = before["findings"].get("fingerprint", {})
    for name, mark in now["findings"]["fingerprint"].items():
        if name == "split" and marks.get(name) != mark:
            yield f"with the split {marks.get(name)}, not {mark}"
        elif marks.get(name) != mark:
            yield f"on other data: the {name} is another"
    for kind in ("training", "model"):
        yield from _settings(before["settings"].get(kind, {}), now["settings"][kind])
    for name, value in now["preprocessor"].items():
        if before["preprocessor"].get(name) != value:
            yield f"with other {name}, as run.json holds them"


def _settings(before: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for name, value in now.items():
        if before.get(name) != value:
            yield f"with {name} {before.get(name)}, not {value}"
