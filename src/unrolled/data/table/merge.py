"""Several rows of one time made one: doubled stamps, or rows resampled to the steps of a grid."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unrolled.data.arrow import Ints
from unrolled.data.columns.roles import Roles
from unrolled.data.fill import is_missing
from unrolled.data.table.layout import Rows
from unrolled.data.time.grid import MONTH_ROOM, Step
from unrolled.data.time.units import MONDAY, WEEK


def merge_rule(roles: Roles) -> str | None:
    """How rows of one time are merged: "mean", "sum" or "last"; None where they are refused."""
    if roles.resample:
        return roles.resample_by
    return None if roles.duplicates == "error" else roles.duplicates


def floor_times(times: Ints, step: Step) -> Ints:
    """The beginning of the step in which each time (n,) lies; weeks begin on Monday.

    Months that end on a day have the times of that day, open slots those after it until the next.
    """
    begin = MONDAY if not step.open and (step.microseconds or 1) % WEEK == 0 else 0
    ticks = step.split(times - begin)[0]
    last = (step.months or 1) - 1 if step.unit.endswith("ME") else 0
    return step.join(ticks, np.full(len(ticks), last * MONTH_ROOM)) + begin


def distinct(rows: Rows) -> tuple[Rows, Ints]:
    """The rows with each time of a series once (M), and which of them each row (N,) is."""
    new = np.ones(len(rows.times), bool)
    new[1:] = (np.diff(rows.times) != 0) | (np.diff(rows.codes) != 0)
    if new.all():
        return rows, np.arange(len(new))
    number = np.cumsum(new) - 1
    once = replace(
        rows,
        times=rows.times[new],
        codes=rows.codes[new],
        order=rows.order[new],
        starts=np.append(number[rows.starts[:-1]], new.sum()),
    )
    return once, number


def merge(values: NDArray[Any], number: Ints, rule: str | None) -> NDArray[Any]:
    """Values (N,) of sorted rows as one for each number (M,): their mean, their sum or the last.

    What is missing does not count; texts have no mean and give the last.

    >>> merge(np.array([1.0, 3.0, np.nan, np.nan]), np.array([0, 0, 0, 1]), "mean")
    array([ 2., nan])
    """
    size = int(number[-1]) + 1 if len(number) else 0
    if size == len(number):
        return values
    missing = is_missing(values)
    if rule == "last" or values.dtype == object:
        merged = np.full(size, None if values.dtype == object else np.nan, values.dtype)
        merged[number[~missing]] = values[~missing]  # the last one that is written stays
        return merged
    count = np.bincount(number[~missing], minlength=size)
    total = np.bincount(number[~missing], values[~missing], minlength=size)
    total[count == 0] = np.nan
    return total if rule == "sum" else total / np.maximum(count, 1)


def merged_rows(given: int, left: int, roles: Roles) -> list[str]:
    """A note on the rows that are merged, if any are."""
    rule = merge_rule(roles)
    if roles.resample:
        return [f"resampled: {given:,} rows became {left:,} steps of {roles.resample}, by {rule}"]
    if given == left:
        return []
    return [f"times that come twice: {given:,} rows became {left:,}, by {rule} (duplicates)"]
