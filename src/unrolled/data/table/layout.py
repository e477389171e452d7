"""Infer the time step of a table and lay its rows on the regular grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unrolled.data.arrow import Ints
from unrolled.data.time.grid import DAY, Step
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


def refuse_duplicates(rows: Rows, hint: str) -> None:
    """DataError that names the first two rows with the same series and time."""
    same = (np.diff(rows.times) == 0) & (np.diff(rows.codes) == 0)
    if not same.any():
        return
    at = int(np.argmax(same))
    first, second = sorted((int(rows.order[at]) + 1, int(rows.order[at + 1]) + 1))
    series = rows.names[int(rows.codes[at])]
    where = f" of series {series!r}" if series else ""
    more = f" ({int(same.sum())} such pairs)" if same.sum() > 1 else ""
    raise DataError(
        f"time: expected each time once, but data rows {first} and {second}{where} "
        f"both say {rows.write(int(rows.times[at]))}{more}; {hint}"
    )


def infer_step(rows: Rows, integer: bool) -> Step:
    """The most common difference of neighbouring rows; months where the calendar fits better."""
    inner = np.diff(rows.codes) == 0
    gaps = np.diff(rows.times)[inner]
    if not len(gaps):
        raise DataError(
            f"time: expected two rows of one series to tell the step from, got {len(rows.times)} "
            f"row{'s' if len(rows.times) > 1 else ''}; give step= if that is all there is"
        )
    if integer:
        return Step(_most_common(gaps)[0], "")
    if np.median(gaps) >= 28 * DAY:
        months = _infer_months(rows, inner)
        if months:
            return months
    return Step.of_microseconds(_most_common(gaps)[0])


def _infer_months(rows: Rows, inner: NDArray[np.bool_]) -> Step | None:
    """Months, if nearly all rows keep the day of the month or lie on its last day."""
    for unit in ("MS", "ME"):
        ticks, phases = Step(1, unit).split(rows.times)
        usual = phases[rows.starts[:-1]][rows.codes] if unit == "MS" else phases.clip(0)
        if (phases == usual).mean() >= 0.9:
            return Step(_most_common(np.diff(ticks)[inner])[0], unit)
    return None


def _most_common(values: Ints) -> tuple[int, float]:
    """The most common value and its share."""
    if (values == values[0]).all():
        return int(values[0]), 1.0
    found, counts = np.unique(values, return_counts=True)
    return int(found[np.argmax(counts)]), float(counts.max() / len(values))


def lay_out(rows: Rows, step: Step, given: bool) -> Layout:
    """Lay sorted rows on the grid of `step`.

    given: whether the user named the step; then rows may be further apart than it, if not all are.
    Raises DataError for a series with another step, a time off the grid, or a grid that would be
    nearly all gaps; each names the row or the series.
    """
    ticks, phases = step.split(rows.times)
    _refuse_other_steps(rows, ticks, step, given)
    _refuse_off_grid(rows, phases, step)
    first = ticks[rows.starts[:-1]]
    lengths = ticks[rows.starts[1:] - 1] - first + 1
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    if offsets[-1] > MOST_GAPS * len(ticks) + 10_000:
        jump = np.where(np.diff(rows.codes) == 0, np.diff(rows.times), 0)
        raise DataError(
            f"time: a grid of {step} would need {offsets[-1]:,} rows for the {len(ticks):,} given; "
            f"{rows.place(int(np.argmax(jump)) + 1)} is far from the row before"
        )
    places = ticks - first[rows.codes] + offsets[:-1][rows.codes]
    if offsets[-1] == len(ticks):
        return Layout(step, offsets, rows.times, places)
    grid = np.arange(offsets[-1]) + np.repeat(first - offsets[:-1], lengths)
    times = step.join(grid, np.repeat(phases[rows.starts[:-1]], lengths))
    return Layout(step, offsets, times, places)


def _refuse_other_steps(rows: Rows, ticks: Ints, step: Step, given: bool) -> None:
    inner = np.diff(rows.codes) == 0
    moved = np.diff(ticks)
    series = rows.codes[1:][inner]
    count = np.bincount(series, minlength=len(rows.names))
    regular = np.bincount(series, moved[inner] == 1, minlength=len(rows.names))
    for other in np.flatnonzero((count >= 3) & (regular <= count / 2)):
        span = slice(rows.starts[other], rows.starts[other + 1])
        usual, share = _most_common(np.diff(ticks[span]))
        # A step the user named may stand over many gaps; one we inferred should fit most rows.
        if share <= (0.9 if given else 0.5) or usual == 1:
            continue
        alone = Rows(
            rows.times[span],
            np.zeros(span.stop - span.start, np.int64),
            rows.order[span],
            np.array([0, span.stop - span.start]),
            ("",),
            rows.write,
        )
        theirs = infer_step(alone, step.is_integer)
        where = f"series {rows.names[other]!r} has" if rows.names[other] else "the rows have"
        best = int(np.argmax(regular))
        asked = "was asked for" if given else f"is the step of series {rows.names[best]!r}"
        raise DataError(f"time: {where} a step of {theirs}, but {step} {asked}")


def _refuse_off_grid(rows: Rows, phases: Ints, step: Step) -> None:
    usual = phases[rows.starts[:-1]]
    off = phases != usual[rows.codes]
    if not off.any():
        return
    # The first row of a series may be the odd one: let the majority say where its grid lies.
    for series in np.unique(rows.codes[off]):
        usual[series] = _most_common(phases[rows.starts[series] : rows.starts[series + 1]])[0]
    off = phases != usual[rows.codes]
    share = off.mean()
    more = f" (and {int(off.sum()) - 1} more rows)" if off.sum() > 1 else ""
    advice = "; bring the rows to regular times first" if share > 0.1 else ""
    raise DataError(
        f"time: expected times {step.words} apart, but {rows.place(int(np.argmax(off)))} "
        f"is off that grid{more}{advice}"
    )
