"""The table: columns with roles, on a regular time grid, series after series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unrolled.data.findings import Findings
from unrolled.data.grid import Step, Times
from unrolled.data.origin import Origin
from unrolled.data.roles import Roles


@dataclass(frozen=True)
class Table:
    """A long table whose rows lie on a regular time grid, series after series.

    roles: resolved, nothing left to guess: `time` is named, `past` is a tuple.
    step: the time step of the grid, the same for every series.
    names: the S series names; `("",)` when there is no series column.
    offsets: (S+1,) int64; the rows of series s are `offsets[s]:offsets[s + 1]`.
    times: (N,) datetime64[us], in UTC when a zone was given, or int64.
    columns: name -> (N,) float64 with NaN for missing, or object array of str and None for
        categories. It holds targets, past, known and static columns (repeated); not time or series.
    present: (N,) bool; False where the row was a gap and was put on the grid by us.
    findings: what was guessed, sorted, missing; `origin`: what the table was read from.
    """

    roles: Roles
    step: Step
    names: tuple[str, ...]
    offsets: NDArray[np.int64]
    times: Times
    columns: Mapping[str, NDArray[Any]]
    present: NDArray[np.bool_]
    findings: Findings
    origin: Origin
