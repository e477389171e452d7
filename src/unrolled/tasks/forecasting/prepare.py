"""A table made ready for a forecaster: its numbers, and the windows over them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from unrolled.data.fill import carry_forward
from unrolled.data.table.encode import TablePreprocessor
from unrolled.data.table.split import Part
from unrolled.data.table.table import Table
from unrolled.data.table.windows import Windows
from unrolled.tasks.forecasting.history import CHUNK, RunningSums, begins_of, deviations_of
from unrolled.tasks.forecasting.network.shape import Shape, WindowBatch
from unrolled.tasks.forecasting.preprocess import ForecastPreprocessor


@dataclass(frozen=True, eq=False)
class EncodedTable:
    """A table and its numbers, of N rows in S series.

    covariates (N, C) and future (N, Dk) are float32, as `TablePreprocessor` scales them.
    targets (N, K) are float64 after their transform, NaN where missing; known: the same with the
    last value carried forward; deviations (S, K): of the targets over the training rows, by which
    errors count, 1 where there are none; codes (S,): the series by its number in training, 0 for
    one never seen; begins (S,): the first row with any target; sums: of the known targets before
    each row. What does not differ from the table, or from another, shares its memory.
    """

    table: Table
    covariates: np.ndarray
    future: np.ndarray
    targets: np.ndarray
    known: np.ndarray
    deviations: np.ndarray
    codes: np.ndarray
    begins: np.ndarray
    sums: RunningSums

    @classmethod
    def of(
        cls,
        table: Table,
        preprocessor: ForecastPreprocessor,
        train: Part | None = None,
    ) -> EncodedTable:
        """Encode a table; train: the rows from which the deviations are taken."""
        columns = preprocessor.columns
        targets = table.numbers(columns.target_names)
        if any(transform.unit is not None for transform in preprocessor.transforms):
            pairs = zip(preprocessor.transforms, targets.T, strict=True)
            targets = np.stack([transform.apply(values) for transform, values in pairs], axis=1)
        begins = begins_of(targets, table.offsets)
        known = carry_forward(targets, table.offsets)
        number = {name: i for i, name in enumerate(columns.series, start=1)}
        return cls(
            table=table,
            covariates=columns.covariates(table),
            future=columns.future(table),
            targets=targets,
            known=known,
            deviations=deviations_of(targets, train, len(table.names)),
            codes=np.array([number.get(name, 0) for name in table.names], np.int64),
            begins=begins,
            sums=RunningSums.of(targets, known[begins], table.offsets),
        )

    def windows(
        self, part: Part, lookback: int, horizon: int, stride: int = 1, *, padded: bool = False
    ) -> TableWindows:
        """The windows whose targets lie in a part; padded: also those with a shorter past."""
        return TableWindows(self, part, lookback, horizon, stride, padded=padded)

    def truth(self) -> np.ndarray:
        """The targets in their own unit: (N, K) float64, NaN where missing."""
        return self.table.numbers(self.table.roles.target)

    def last_known(self) -> np.ndarray:
        """The targets in their own unit, the last known value carried forward: (N, K) float64."""
        return carry_forward(self.truth(), self.table.offsets)


FAR = 1e15  # deviations: a value farther out is an error, and not to be a traceback
LEAST_SHARE = 0.25  # of the deviation of the whole history: the least scale of a window


class TableWindows:
    """The windows of an encoded table, each gathered in its own unit: see `WindowBatch`.

    A series that is too short for a window has none; padded: unless it has a row before the part.
    """

    def __init__(
        self,
        encoded: EncodedTable,
        part: Part,
        lookback: int,
        horizon: int,
        stride: int = 1,
        *,
        padded: bool = False,
    ) -> None:
        self.encoded, self.part, self.lookback = encoded, part, lookback
        self.horizon = horizon
        self.index = Windows(
            encoded.future,
            lookback=1 if padded else lookback,
            horizon=horizon,
            part=part,
            stride=stride,
            skip_short=True,
        )
        self.cutoffs, self.series = _places(self.index)

    def __len__(self) -> int:
        return len(self.cutoffs)

    def useful(self) -> np.ndarray:
        """The windows with any target to learn from: (n,) indices, in the smallest type."""
        known = ~np.isnan(self.encoded.targets).all(axis=1)
        before = np.concatenate(([0], np.cumsum(known, dtype=smallest(len(known)))))
        found = np.flatnonzero(before[self.cutoffs + self.horizon] > before[self.cutoffs])
        return found.astype(smallest(len(self)))

    def batches(self, size: int = 1024, most: int | None = None) -> Iterator[WindowBatch]:
        """All windows in order; with `most`, only so many, evenly spread."""
        chosen = np.arange(len(self))
        if most is not None and len(self) > most:
            chosen = np.linspace(0, len(self) - 1, most).astype(np.int64)
        for start in range(0, len(chosen), size):
            yield self.batch(chosen[start : start + size])

    def batch(self, indices: np.ndarray) -> WindowBatch:
        """Gather windows by their index (B,)."""
        encoded, cutoffs, series = self.encoded, self.cutoffs[indices], self.series[indices]
        begins = encoded.begins[series]
        past = cutoffs[:, None] + np.arange(-self.lookback, 0)
        rows = np.maximum(past, begins[:, None])
        ahead = cutoffs[:, None] + np.arange(self.horizon)
        own = encoded.known[rows].transpose(0, 2, 1)
        missing = np.isnan(encoded.targets[rows]).transpose(0, 2, 1)
        missing |= (past < begins[:, None])[:, None]
        history = running_deviations(encoded, cutoffs, begins)
        own, level, scale = in_own_unit(own, LEAST_SHARE * history)
        divisor = np.where(scale > 0, scale, 1.0)
        targets = (encoded.targets[ahead] - level[:, None]) / divisor[:, None]
        targets[np.broadcast_to(scale[:, None] == 0, targets.shape)] = np.nan
        return WindowBatch(
            own=_floats(own),
            missing=torch.from_numpy(missing.astype(np.float32)),
            covariates=torch.from_numpy(encoded.covariates[rows]),
            future=torch.from_numpy(encoded.future[ahead]),
            targets=_floats(targets),
            weight=_floats(scale / encoded.deviations[series]),
            series=torch.from_numpy(encoded.codes[series]),
            history=torch.from_numpy(np.minimum(cutoffs - begins, self.lookback)),
            history_unit=_floats(history / divisor),
            level=level,
            scale=scale,
        )


def running_deviations(
    encoded: EncodedTable, cutoffs: np.ndarray, begins: np.ndarray
) -> np.ndarray:
    """The deviations of a series over all its rows before each cutoff (B,): (B, K).

    A window that happens to be flat is measured by what the series did before: that moves with a
    scaled series as the window does, which a figure kept from training would not.
    """
    count, total, squares = encoded.sums.before(cutoffs) - encoded.sums.before(begins)
    count = np.maximum(count, 1)
    found: np.ndarray = np.sqrt(np.maximum(squares / count - (total / count) ** 2, 0.0))
    return found


def in_own_unit(
    past: np.ndarray, least: np.ndarray | float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Windows (B, K, T) less their last value over their deviation; level and scale (B, K).

    least: (B, K), the least scale. What is missing before the first known value, or lies before
    the series, becomes that value: it is of the past too. A window without any value is of zeros,
    its level NaN.
    """
    holes = np.isnan(past)
    if holes.any():
        first = np.argmin(holes, axis=2)[..., None]
        past = np.where(holes, np.take_along_axis(past, first, axis=2), past)
    level = past[:, :, -1]
    relative = np.nan_to_num(past - level[:, :, None], nan=0.0)
    scale = relative.std(axis=2)
    # Equal numbers can have a deviation by a rounding of their mean: constant is seen as such.
    scale = np.maximum(np.where(np.abs(relative).max(axis=2) == 0, 0.0, scale), least)
    return relative / np.where(scale > 0, scale, 1.0)[:, :, None], level, scale


def shape_of(fitted: ForecastPreprocessor, lookback: int, horizon: int) -> Shape:
    """What the columns are to the network."""
    preprocessor = fitted.columns
    kept = _covariates(preprocessor)
    place = {column: i for i, column in enumerate(kept)}
    relative: list[int] = []
    masks: list[int] = []
    planned: list[int] = []
    steady: list[int] = []
    at = ahead = 0
    for column in preprocessor.columns:
        size = len(column.output_names)
        if column.role == "past" and column.vocabulary is None:
            relative.append(place[at])
        if column.mask and column.role != "target" and at in place:
            masks.append(place[at + size - 1])
        if column.role in ("future", "static"):
            if not column.coded:
                kind = planned if column.role == "future" else steady
                kind += range(ahead, ahead + size)
            ahead += size
        at += size
    width = len(preprocessor.future_names)
    calendar = width - len(preprocessor.calendar)
    # Unlike the cycles, a holiday does not follow from the first step: each step says its own.
    holidays = width - len(preprocessor.roles.holidays)
    steady += range(ahead, holidays)
    planned += range(holidays, width)
    codes = {place[i]: size for i, size in preprocessor.categories.items() if i in place}
    return Shape(
        lookback=lookback,
        horizon=horizon,
        season=fitted.season,
        targets=len(preprocessor.target_names),
        series=len(preprocessor.series),
        covariates=len(kept),
        relative=tuple(relative),
        masks=tuple(masks),
        codes=codes,
        future=width,
        planned=tuple(planned),
        steady=tuple(steady),
        unlearned=tuple(calendar + preprocessor.calendar.index(name) for name in fitted.unlearned),
        future_codes=preprocessor.future_categories,
    )


def _covariates(preprocessor: TablePreprocessor) -> list[int]:
    """The input features that the encoder sees beside the target: those of past and future."""
    kept: list[int] = []
    at = 0
    for column in preprocessor.columns:
        size = len(column.output_names)
        if column.role in ("past", "future"):
            kept += range(at, at + size)
        at += size
    return kept


def smallest(count: int) -> type[np.signedinteger[Any]]:
    """The type of whole numbers below a count."""
    return np.int32 if count < 2**31 else np.int64


def _places(index: Windows) -> tuple[np.ndarray, np.ndarray]:
    """The first target row of each window, and its series: (n,) each."""
    kind = smallest(len(index.values) + index.horizon)
    cutoffs, series = np.empty(len(index), kind), np.empty(len(index), kind)
    for start in range(0, len(index), CHUNK):
        some = slice(start, start + CHUNK)
        cutoffs[some], series[some] = index.places(np.arange(start, min(start + CHUNK, len(index))))
    return cutoffs, series


def _floats(values: np.ndarray) -> torch.Tensor:
    """As float32, which can hold the square of what is farthest out."""
    return torch.from_numpy(np.clip(values, -FAR, FAR).astype(np.float32))
