"""How a table becomes the numbers of a forecaster, fitted on its training rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np

from unrolled.data.columns.roles import Roles
from unrolled.data.table.encode import TablePreprocessor
from unrolled.data.table.split import Split
from unrolled.data.table.table import Table
from unrolled.data.time.grid import Step, Times
from unrolled.tasks.forecasting.transform import TargetTransform

YEARLY = ("yearday_sin", "yearday_cos")


@dataclass(frozen=True)
class ForecastPreprocessor:
    """The columns of a table as a network sees them, what its targets become, and its season.

    columns: of the table, with its roles and its step; transforms: of the K targets;
    season: m, in steps; unlearned: features of the calendar of which training saw less than two
    turns, so that a network would learn by heart what happened on a date.
    """

    columns: TablePreprocessor
    transforms: tuple[TargetTransform, ...]
    season: int
    unlearned: tuple[str, ...] = ()

    @classmethod
    def fit(cls, table: Table, split: Split) -> Self:
        """Fit on the training rows; the targets stay as they are, `with_logarithm` changes them."""
        rows = split.train_rows()
        transforms = [TargetTransform.plain(table.columns[n][rows]) for n in table.roles.target]
        columns = TablePreprocessor.fit(table, split)
        span = table.local_times[rows]
        unlearned = () if seen_twice(span) else YEARLY
        kept = tuple(name for name in unlearned if name in columns.calendar)
        return cls(columns, tuple(transforms), table.season, kept)

    def with_logarithm(
        self, table: Table, rows: np.ndarray, *, always: bool = False
    ) -> Self | None:
        """The same with the logarithm of the targets with a heavy tail; None where none has one.

        always: of every target that was never below 0 in these training rows.
        """
        values = [table.columns[name][rows] for name in self.columns.target_names]
        logs = [TargetTransform.logarithm(column, always=always) for column in values]
        transforms = tuple(log or t for log, t in zip(logs, self.transforms, strict=True))
        return replace(self, transforms=transforms) if any(logs) else None

    @property
    def roles(self) -> Roles:
        """The roles of the table it was fitted on: another is read by the same."""
        return self.columns.roles

    @property
    def step(self) -> Step:
        """The time step."""
        return self.columns.step

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` gives the same one back."""
        transforms = [asdict(transform) for transform in self.transforms]
        return {
            **self.columns.to_dict(),
            "transforms": transforms,
            "season": self.season,
            "unlearned": list(self.unlearned),
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """The preprocessor that `to_dict` wrote."""
        transforms = tuple(TargetTransform(**one) for one in state["transforms"])
        unlearned, season = tuple(state["unlearned"]), int(state["season"])
        columns = TablePreprocessor.from_dict(state)
        if len(transforms) != len(columns.target_names):
            raise ValueError("transforms and targets differ in number")
        if season < 1 or not set(unlearned) <= set(columns.calendar):
            raise ValueError("expected a season of 1 or more, unlearned features of the calendar")
        return cls(columns, transforms, season, unlearned)


def seen_twice(times: Times) -> bool:
    """Whether these times (N,) go through a year twice."""
    if not np.issubdtype(times.dtype, np.datetime64):
        return True
    return bool((times.max() - times.min()).astype("m8[D]").astype(int) >= 2 * 365 - 2)
