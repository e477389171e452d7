"""What should be known before a forecast is believed, a sentence each."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import numpy as np

from unrolled.data.fill import is_missing
from unrolled.data.table.findings import some
from unrolled.data.table.split import Part
from unrolled.data.table.table import Table
from unrolled.tasks.forecasting.inference import ForecastFit
from unrolled.tasks.forecasting.panels import text

LOG = logging.getLogger("unrolled")
"""Notes are its warnings: on stderr, unless a program wants them elsewhere."""


def tell(notes: Iterable[str]) -> None:
    """Say notes to whoever listens."""
    for note in notes:
        LOG.warning("note: %s", note)


def of_forecast(fit: ForecastFit, table: Table, part: Part) -> list[str]:
    """About the series and categories of a table with the rows ahead, which are the part."""
    cutoffs = part.rows[:, 0]
    known = ~np.isnan(table.numbers(fit.settings.target)).all(axis=1)
    before = np.concatenate(([0], np.cumsum(known)))
    count = before[cutoffs] - before[table.offsets[:-1]]
    steps = cutoffs - table.offsets[:-1]
    valued = np.where(count > 0, steps, 0)
    notes = [
        *_unseen_series(fit, table),
        *_unseen_categories(fit, table),
        *_ended(fit, table, part),
    ]
    lookback = fit.settings.decided_lookback
    for chosen, what in (
        ((valued > 0) & (valued < lookback), f"shorter than the lookback of {lookback} steps, "
         "forecast by their last season or value"),
        (count == 0, "without a value of the target, forecast as missing"),
    ):  # fmt: skip
        if chosen.any():
            notes.append(f"{what}{_which(table, chosen)}")
    return notes


def of_backtest(fit: ForecastFit, table: Table, part: Part) -> list[str]:
    """About forecast rows that the measured weights learned from, or were chosen by."""
    parts = fit.findings.get("split", {})
    train, chosen = (_until(parts, name, table) for name in ("train", "validation"))
    last = max((time for time in (train, chosen) if time is not None), default=None)
    if train is None or last is None:
        return []
    seen = np.isin(table.names, fit.preprocessor.columns.series)
    mine = part.mask() & seen[table.series]
    local = table.local_times
    trained, used = int((mine & (local <= train)).sum()), int((mine & (local <= last)).sum())
    if not used:
        return []
    newest: Any = np.array([last], local.dtype)
    total, begin = len(part), text(table.step.shift(newest, 1)[0])
    said = f"{trained:,} of the {total:,} forecast rows were trained on"
    if used > trained:
        said += f", {used - trained:,} more were validated on"
    return [
        f"{said}, so the errors are too small: test={begin.replace(' ', 'T')} begins after them"
    ]


def _unseen_series(fit: ForecastFit, table: Table) -> list[str]:
    if not table.roles.series:
        return []
    new = ~np.isin(table.names, fit.preprocessor.columns.series)
    return [f"never seen in training{_which(table, new)}"] if new.any() else []


def _unseen_categories(fit: ForecastFit, table: Table) -> list[str]:
    notes = []
    for column in fit.preprocessor.columns.columns:
        values = table.columns.get(column.name)
        if column.vocabulary is None or values is None or values.dtype != object:
            continue
        given = values[~is_missing(values)]
        new = sorted(set(given.tolist()) - set(column.vocabulary))
        if new:
            rows = int(np.isin(given, new).sum())
            notes.append(
                f"column {column.name!r}: never seen in training, taken as none of the known: "
                f"{some(map(repr, new))} ({rows:,} row{'s' if rows > 1 else ''})"
            )
    return notes


def _ended(fit: ForecastFit, table: Table, part: Part) -> list[str]:
    """Series whose last value lies more than a horizon and a season before the newest."""
    last = part.rows[:, 0] - 1
    times: Any = table.local_times[last]
    steps = max(fit.settings.horizon, fit.preprocessor.season)
    after: Any = table.step.shift(times, steps)
    old = after < times.max()
    if not old.any():
        return []
    named = (f"{table.names[s]} ({text(times[s])})" for s in np.flatnonzero(old))
    return [
        f"ended long before {text(times.max())} and forecast from their own end, {old.sum():,} of "
        f"{len(table.names):,} series: {some(named)}"
    ]


def _until(parts: dict[str, Any], name: str, table: Table) -> Any:
    """The last time of a part of the fit, in local time; None where it had no rows."""
    last = (parts.get(name) or {}).get("to")
    if last is None:
        return None
    return int(last) if table.step.is_integer else np.datetime64(last.replace(" ", "T"), "us")


def _which(table: Table, chosen: np.ndarray) -> str:
    """ ", 2 of 3 series: a, b"; nothing where there is only one."""
    if not table.roles.series:
        return ""
    names = some(table.names[s] for s in np.flatnonzero(chosen))
    return f", {chosen.sum():,} of {len(table.names):,} series: {names}"
