"""Times a little off the grid are rounded to it; few at closed times are left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from unrolled.data.arrow import Ints
from unrolled.data.table.layout import Rows, refuse_duplicates, usual_phases
from unrolled.data.time.grid import Step
from unrolled.data.time.units import DAY
from unrolled.data.time.week import MOST_STRAY

TOLERANCE = 20  # a time is rounded by less than this part of the step
BUSINESS_TOLERANCE = 4 * DAY


def deviations(rows: Rows, step: Step) -> Ints | None:
    """How far each row (N,) is off a grid that all rows nearly keep to; None if one does not.

    Nearly is below a twentieth of the step (3 minutes of an hour), on a grid that begins at full
    steps or an even part of them; 4 days for months by their business days, which are holidays too.
    """
    if step.unit in ("BMS", "BME"):
        ticks, phases = step.split(rows.times)
        usual = usual_phases(rows, phases, step)[rows.codes]
        off = rows.times - step.join(ticks, usual)
        return off if (np.abs(off) <= BUSINESS_TOLERANCE).all() else None
    length = step.microseconds
    if length is None or (DAY % length and length % DAY) or not len(rows.times):
        return None
    begin = step.open[0] % length if step.open else 0
    off = _around(rows.times - begin, length)
    worst = np.maximum.reduceat(np.abs(off), rows.starts[:-1])
    for series in np.flatnonzero(worst >= length / TOLERANCE):
        span = slice(rows.starts[series], rows.starts[series + 1])
        part = max(1, length // 60)
        phase = round(float(np.median(rows.times[span] % length)) / part) * part
        off[span] = _around(rows.times[span] - phase, length)
        if np.abs(off[span]).max() >= length / TOLERANCE:
            return None
    return off


def leave_closed(rows: Rows, step: Step) -> tuple[NDArray[np.bool_], list[str]]:
    """Which rows (N,) lie in the open slots of a step, all but very few; a note on those."""
    keep = np.ones(len(rows.times), bool)
    if not step.open:
        return keep, []
    length = step.microseconds or DAY
    phases = step.split(rows.times)[1]
    out = phases >= length
    few = 0 < out.sum() <= max(1.0, MOST_STRAY * len(keep))
    if not few or not np.bincount(rows.codes[~out], minlength=len(rows.names)).all():
        return keep, []
    all_times = str(replace(step, open=()))
    return ~out, [
        f"{out.sum()} of {len(keep):,} rows at closed times were left out, the first is "
        f"{rows.place(int(np.argmax(out)))[:-1]}; step={all_times!r} keeps them"
    ]


def _around(times: Ints, length: int) -> Ints:
    """How far times (n,) are from the nearest multiple of a length: -length/2 to length/2."""
    return (times + length // 2) % length - length // 2


def round_rows(rows: Rows, step: Step) -> tuple[Rows, str | None]:
    """Rows a little off the grid put onto it, with a note; as they are if one is far off it.

    DataError where two rows would come to the same time.
    """
    ticks, phases = step.split(rows.times)
    usual = usual_phases(rows, phases, step)
    if (step.join(ticks, usual[rows.codes]) == rows.times).all():
        return rows, None
    off = deviations(rows, step)
    if off is None:
        return rows, None
    rounded = replace(rows, times=rows.times - off)
    refuse_duplicates(
        rounded, f"rounded to {step.words}; resample={str(step)!r} makes one row of them"
    )
    worst = int(np.argmax(np.abs(off)))
    return rounded, (
        f"time: {np.count_nonzero(off):,} rows are a little off a grid of {step.words} and were "
        f"rounded to it: {rows.place(worst)} to {rows.write(int(rounded.times[worst]))}"
    )
