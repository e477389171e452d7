"""Whether the parts of a table have room for a window, and what would do where they have not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from unrolled.data.table.split import Cut, Part, Split, split
from unrolled.data.table.table import Table
from unrolled.data.table.windows import too_short
from unrolled.errors import DataError, SettingsError
from unrolled.tasks.forecasting.settings import (
    ForecasterSettings,
    default_lookback,
    default_segment,
)


def decided(settings: ForecasterSettings, season: int, parts: Split) -> ForecasterSettings:
    """The settings with what was left open decided by the table: lookback and segment."""
    rows = parts.train.rows
    usual = int(np.median(rows[:, 1] - rows[:, 0]))
    lookback = settings.lookback or default_lookback(season, settings.horizon, usual)
    segment = settings.segment or default_segment(season, lookback)
    return replace(settings, lookback=lookback, segment=min(segment, lookback))


def check_room(
    table: Table,
    settings: ForecasterSettings,
    parts: Split,
    validation: Cut,
    test: Cut,
    by: str | None,
) -> None:
    """DataError where a part holds no window of any series; it says what would do."""
    lacking = _lacking(settings, table.season, parts)
    if lacking is None:
        return
    part, lookback = lacking
    longest = np.argsort(part.rows[:, 0] - part.rows[:, 1], kind="stable")

    def room(settings: ForecasterSettings, validation: Cut, test: Cut) -> bool:
        try:
            parts = split(table, validation, test, by)
        except DataError:
            return False
        return _lacking(settings, table.season, parts) is None

    ways = _ways(settings, validation, test, room)
    advice = f"; {' or '.join(ways)} would do" if ways else "; more rows are needed"
    raise DataError(too_short(part, lookback, settings.horizon, longest) + advice)


def _lacking(settings: ForecasterSettings, season: int, parts: Split) -> tuple[Part, int] | None:
    """The first part without a window, and the lookback that it would need."""
    try:
        settings = decided(settings, season, parts)
    except SettingsError:  # a segment longer than the lookback that is left
        return parts.train, settings.lookback or 1
    horizon, lookback = settings.horizon, settings.decided_lookback
    sizes = (lookback, lookback, 1)  # a test window may have a shorter past
    for part, past in zip((parts.train, parts.validation, parts.test), sizes, strict=True):
        rows = parts.learned(part).rows
        first = np.maximum(rows[:, 0], part.offsets[:-1] + past)
        empty = part.name == "test" and not len(part)
        if not empty and not (rows[:, 1] - horizon >= first).any():
            return part, past
    return None


def _ways(
    settings: ForecasterSettings,
    validation: Cut,
    test: Cut,
    room: Callable[[ForecasterSettings, Cut, Cut], bool],
) -> list[str]:
    """What would do, as options are written: other parts, a nearer horizon, a shorter lookback."""
    horizon, ways = settings.horizon, []
    if room(settings, horizon, horizon):
        ways.append(f"validation={horizon} with test={horizon}")
    elif room(settings, horizon, 0):
        ways.append(f"validation={horizon} with test=0")
    for name, value in (("horizon", horizon), ("lookback", settings.lookback or 0)):
        most = _most(value, lambda n: room(_shorter(settings, name, n), validation, test))  # noqa: B023
        if most:
            ways.append(f"{name}={most}")
    return ways


def _shorter(settings: ForecasterSettings, name: str, value: int) -> ForecasterSettings:
    changed = replace(settings, segment=None)
    return (
        replace(changed, horizon=value) if name == "horizon" else replace(changed, lookback=value)
    )


def _most(value: int, does: Callable[[int], bool]) -> int:
    """The largest number below a value that does, 0 where none does; smaller ones do as well."""
    low, high = 0, value
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if does(middle) else (low, middle)
    return low
