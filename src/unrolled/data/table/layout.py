"""Sort the rows of a table and lay them on the regular grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from unrolled.data.arrow import Ints
from unrolled.data.time.grid import Step, even_step
from unrolled.errors import DataError

# A time stamp that is off by a century would ask for a grid of mostly gaps: refuse it long before.
MOST_GAPS = 20  # grid rows for each row given


@dataclass(frozen=True)
class Rows:
    """The given rows, sorted by series and time.

    times: (N,) int64 microseconds or integers; codes: (N,) number of the series of each row.
    order: (N,) where each row stood when it was read; starts: (S+1,) where each series begins.
    names: the S series; write: turns one time into text for messages.
    """

    times: Ints
    codes: Ints
    order: Ints
    starts: Ints
    names: tuple[str, ...]
    write: Callable[[int], str]

    def place(self, row: int) -> str:
        """The words for a row in a message: where it stands in the data, and its time."""
        series = self.names[int(self.codes[row])]
        inside = f" of series {series!r}" if series else ""
        return f"data row {self.order[row] + 1}{inside}, {self.write(int(self.times[row]))},"


@dataclass(frozen=True)
class Layout:
    """Where every row of a table goes on the grid.

    offsets: (S+1,) int64; times: (M,) int64, the whole grid; places: (N,) the grid row of each
    sorted row.
    """

    step: Step
    offsets: Ints
    times: Ints
    places: Ints


def sort_rows(
    times: Ints, codes: Ints, names: tuple[str, ...], write: Callable[[int], str]
) -> tuple[Rows, int | None]:
    """Sort rows by series and time; also the first row whose time goes backwards, if one does."""
    by_series = np.argsort(codes, kind="stable") if (np.diff(codes) < 0).any() else None
    order = np.arange(len(times)) if by_series is None else by_series
    backwards = (np.diff(times[order]) < 0) & (np.diff(codes[order]) == 0)
    first = int(order[np.argmax(backwards) + 1]) if backwards.any() else None
    if first is not None:
        order = np.lexsort((times, codes))
    starts = np.searchsorted(codes[order], np.arange(len(names) + 1))
    return Rows(times[order], codes[order], order, starts, names, write), first


def refuse_duplicates(rows: Rows, hint: Callable[[int, int], str] | str) -> None:
    """DataError that names the first two rows with the same series and time.

    hint: what to do about them, in words, or what gives these by the places of the two rows.
    """
    same = (np.diff(rows.times) == 0) & (np.diff(rows.codes) == 0)
    if not same.any():
        return
    at = int(np.argmax(same))
    first, second = sorted((int(rows.order[at]) + 1, int(rows.order[at + 1]) + 1))
    series = rows.names[int(rows.codes[at])]
    where = f" of series {series!r}" if series else ""
    more = f" ({int(same.sum())} such pairs)" if same.sum() > 1 else ""
    words = hint if isinstance(hint, str) else hint(first - 1, second - 1)
    raise DataError(
        f"time: expected each time once, but data rows {first} and {second}{where} "
        f"both say {rows.write(int(rows.times[at]))}{more}; {words}"
    )


def most_common(values: Ints) -> tuple[int, float]:
    """The most common value and its share."""
    if (values == values[0]).all():
        return int(values[0]), 1.0
    found, counts = np.unique(values, return_counts=True)
    return int(found[np.argmax(counts)]), float(counts.max() / len(values))


def usual_phases(rows: Rows, phases: Ints, step: Step) -> Ints:
    """Where the grid of each series lies (S,), from the phases of its rows (N,).

    It is the phase of its first row, but with months the latest day where every row fits that: 30
    January and 29 February are of the 30th. If rows differ, the majority says.
    """
    if not len(rows.times):
        return phases
    usual = phases[rows.starts[:-1]].copy()
    odd = phases != usual[rows.codes]
    for series in np.unique(rows.codes[odd]) if odd.any() else ():
        span = slice(rows.starts[series], rows.starts[series + 1])
        latest = phases[span].max()
        ticks = step.split(rows.times[span])[0]
        clips = step.unit == "MS" and (step.join(ticks, latest) == rows.times[span]).all()
        usual[series] = latest if clips else most_common(phases[span])[0]
    return usual


def lay_out(rows: Rows, step: Step, given: bool) -> Layout:
    """Lay sorted rows on the grid of `step`.

    given: whether the user named the step; then rows may be further apart than it, if not all are.
    Raises DataError for a series with another step, a time off the grid, or a grid that would be
    nearly all gaps; each names the row or the series.
    """
    ticks, phases = step.split(rows.times)
    _refuse_other_steps(rows, ticks, step, given)
    usual = usual_phases(rows, phases, step)
    _refuse_off_grid(rows, ticks, usual, step)
    first = ticks[rows.starts[:-1]]
    lengths = ticks[rows.starts[1:] - 1] - first + 1
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    if offsets[-1] > MOST_GAPS * len(ticks) + 10_000:
        jump = np.where(np.diff(rows.codes) == 0, np.diff(rows.times), 0)
        raise DataError(
            f"time: a grid of {step} would need {offsets[-1]:,} rows for the {len(ticks):,} given; "
            f"{rows.place(int(np.argmax(jump)) + 1)} is far from the row before; mend that time, "
            "or step= names a longer step"
        )
    places = ticks - first[rows.codes] + offsets[:-1][rows.codes]
    # By the wall clock an hour comes twice when it is put back: never two rows onto one place.
    again = np.flatnonzero(np.diff(places) <= 0)
    if len(again):
        one, other = rows.place(int(again[0])), rows.place(int(again[0]) + 1)
        raise DataError(
            f"time: {one} and {other} are the same step of {step}; resample={step} puts them "
            "together"
        )
    if offsets[-1] == len(ticks):
        return Layout(step, offsets, rows.times, places)
    grid = np.arange(offsets[-1]) + np.repeat(first - offsets[:-1], lengths)
    return Layout(step, offsets, step.join(grid, np.repeat(usual, lengths)), places)


def _refuse_other_steps(rows: Rows, ticks: Ints, step: Step, given: bool) -> None:
    inner = np.diff(rows.codes) == 0
    moved = np.diff(ticks)
    series = rows.codes[1:][inner]
    count = np.bincount(series, minlength=len(rows.names))
    regular = np.bincount(series, moved[inner] == 1, minlength=len(rows.names))
    for other in np.flatnonzero((count >= 3) & (regular <= count / 2)):
        span = slice(rows.starts[other], rows.starts[other + 1])
        usual, share = most_common(np.diff(ticks[span]))
        # A step the user named may stand over many gaps; one we inferred should fit most rows.
        if share <= (0.9 if given else 0.5) or usual == 1:
            continue
        theirs = _other_step(step, usual, rows.times[span])
        where = f"series {rows.names[other]!r} has" if rows.names[other] else "the rows have"
        best = int(np.argmax(regular))
        asked = "was asked for" if given else f"is the step of series {rows.names[best]!r}"
        raise DataError(
            f"time: {where} a step of {theirs}, but {step} {asked}; resample={theirs} or "
            f"resample={step} brings all to one"
        )


def _other_step(step: Step, usual: int, times: Ints) -> Step:
    """The step of rows that move so many steps of another one, 0 for less than one."""
    if step.is_integer or (usual and not step.microseconds):
        return replace(step, count=step.count * max(1, usual))
    return Step.of_microseconds((step.microseconds or 0) * usual or most_common(np.diff(times))[0])


def _refuse_off_grid(rows: Rows, ticks: Ints, usual: Ints, step: Step) -> None:
    off = step.join(ticks, usual[rows.codes]) != rows.times
    if not off.any():
        return
    more = f" (and {int(off.sum()) - 1} more rows)" if off.sum() > 1 else ""
    what = "is not at an open time" if step.open else "is off that grid"
    regular = step
    if even_step(step) != step:
        gaps = np.diff(rows.times)[np.diff(rows.codes) == 0]
        regular = even_step(Step.of_microseconds(int(np.median(gaps))))
    advice = f"; resample={str(regular)!r} brings rows to regular times"
    raise DataError(
        f"time: expected times {step.words} apart, but {rows.place(int(np.argmax(off)))} "
        f"{what}{more}{advice}"
    )
