"""The two dates at which all series of a table are cut, and whether they have to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from unrolled.data.table.table import Table


def shares_days(table: Table, rows: np.ndarray) -> bool:
    """Whether a series is trained on days, not counted steps, that another is measured on."""
    if table.step.is_integer or len(table.names) == 1 or not _overlap(table):
        return False
    cuts = []
    for part in (1, 2):
        before, after = rows[:, part] > rows[:, 0], rows[:, part] < rows[:, 3]
        # What ends as training data in one series, and begins as measured data in another.
        last = table.times[rows[before, part] - 1]
        first = table.times[rows[after, part]]
        cuts.append(len(last) and len(first) and last.max() >= first.min())
    return bool(any(cuts))


def _overlap(table: Table) -> bool:
    """Whether any two series have a time in common."""
    first, last = table.times[table.offsets[:-1]], table.times[table.offsets[1:] - 1]
    order = np.argsort(first, kind="stable")
    return bool((first[order][1:] <= np.maximum.accumulate(last[order])[:-1]).any())


def common_dates(table: Table, cuts: Sequence[float | int | np.generic]) -> list[np.generic]:
    """The times at which validation and test begin in every series.

    A share is one of all rows, a number of rows counts back from the last time of the table.
    """
    ordered = np.sort(table.times)
    end, found = len(ordered), []
    for cut in reversed(cuts):
        if isinstance(cut, np.generic):
            end = min(end, int(np.searchsorted(ordered, cut)))
        elif cut and end:
            newest = ordered[:end] if isinstance(cut, float) else np.unique(ordered[:end])
            count = round(len(ordered) * cut) if isinstance(cut, float) else cut
            # Rows of one time stay together.
            begin = newest[min(max(len(newest) - count, 0), len(newest) - 1)]
            end = int(np.searchsorted(ordered, begin))
        found.append(ordered[end] if end < len(ordered) else ordered[-1] + 1)
    return found[::-1]
