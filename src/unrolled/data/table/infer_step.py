"""Infer the time step of a table: a length, months, or the open slots of a week."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from unrolled.data.arrow import Ints
from unrolled.data.table.layout import Rows, most_common, usual_phases
from unrolled.data.table.rounding import deviations
from unrolled.data.time.grid import MONTH_ROOM, Step, even_step
from unrolled.data.time.units import DAY, WEEK
from unrolled.data.time.week import find_open, write_open
from unrolled.errors import DataError

# How many months need the same business day exactly; the others may miss it by a holiday.
BUSINESS_MONTHS = 0.75


def infer_step(rows: Rows, integer: bool) -> Step:
    """The most common difference of neighbouring rows; months where the calendar fits better."""
    inner = np.diff(rows.codes) == 0
    gaps = np.diff(rows.times)[inner]
    if not len(gaps):
        raise DataError(
            f"time: expected two rows of one series to tell the step from, got {len(rows.times)} "
            f"row{'s' if len(rows.times) > 1 else ''}; step= says it if that is all there is"
        )
    if integer:
        return Step(most_common(gaps)[0], "")
    if np.median(gaps) >= 26 * DAY:
        months = _infer_months(rows, inner)
        if months:
            return months
    return _infer_length(rows, gaps)


def open_week(local: Rows, step: Step) -> tuple[Step, str | None]:
    """The step on the open slots of the week that rows in local time keep to, and a note on them.

    It stays as it is where rows lie all through the week, or are not regular either way.
    """
    length = step.microseconds
    if length is None or length >= WEEK or (np.diff(local.times)[_inner(local)] <= 0).any():
        return step, None
    lengths = [length]
    if not _on_grid(local, step):
        # Bars at 10:30, 11:30, 14:00 and 15:00, or days like Mon, Wed, Fri: what divides all gaps.
        lengths = [int(np.gcd.reduce(np.diff(local.times)[_inner(local)]))]
    for one in lengths:
        slots = find_open(local.times, one)
        if slots:
            found = replace(Step.of_microseconds(one), open=slots)
            return found, _say(found)
    return step, None


def _say(step: Step) -> str:
    when = write_open(step.open, step.microseconds or DAY)
    return (
        f"rows lie in {when} alone: so do forecasts, and other times are no gaps "
        f"(step {step}; step={str(replace(step, open=()))!r} counts all times)"
    )


def say_months(rows: Rows, step: Step) -> list[str]:
    """A note where months do not simply keep the day of the month."""
    if step.unit in ("BMS", "BME"):
        which = "first" if step.unit == "BMS" else "last"
        return [f"rows lie on the {which} business day of a month: so do forecasts (step {step})"]
    if step.unit == "MS" and len(np.unique(step.split(rows.times)[1] % MONTH_ROOM // DAY)) > 1:
        return ["rows keep the day of the month, or the last day of months that end before it"]
    return []


def _inner(rows: Rows) -> NDArray[np.bool_]:
    return np.asarray(np.diff(rows.codes) == 0)


def _on_grid(rows: Rows, step: Step) -> bool:
    ticks, phases = step.split(rows.times)
    usual = usual_phases(rows, phases, step)
    return bool((step.join(ticks, usual[rows.codes]) == rows.times).all())


def _infer_length(rows: Rows, gaps: Ints) -> Step:
    """The most common difference, or the even length near the usual one that jittered rows fit."""
    step = Step.of_microseconds(most_common(gaps)[0])
    if _on_grid(rows, step):
        return step
    even = even_step(Step.of_microseconds(int(np.median(gaps))))
    return even if deviations(rows, even) is not None else step


def _infer_months(rows: Rows, inner: NDArray[np.bool_]) -> Step | None:
    """Months, if nearly all rows keep the day of the month or lie on its last day.

    At last the day may be one that some months lack, or a business day.
    """
    for unit, clipped, least in (
        ("MS", False, 0.9),
        ("ME", False, 0.9),
        ("MS", True, 0.9),
        ("BMS", False, BUSINESS_MONTHS),
        ("BME", False, BUSINESS_MONTHS),
    ):
        month = Step(1, unit)
        ticks, phases = month.split(rows.times)
        usual = usual_phases(rows, phases, month)[rows.codes]
        kept = month.join(ticks, usual) == rows.times if clipped else phases == usual
        if unit != "MS":
            kept = (phases >= 0) & (phases < DAY)
        moved = np.diff(ticks)[inner]
        if kept.mean() >= least and (moved > 0).all():
            return Step(most_common(moved)[0], unit)
    return None


def month_ends(rows: Rows, asked: Step) -> Step:
    """The step that was asked for; months become month ends where all rows lie on them."""
    ends = replace(asked, unit="ME")
    if asked.unit != "MS" or not _on_grid(rows, ends):
        return asked
    phases = ends.split(rows.times)[1] % MONTH_ROOM
    same_day = len(np.unique(asked.split(rows.times)[1] % MONTH_ROOM)) == 1
    return asked if same_day or (phases >= DAY).any() else ends
