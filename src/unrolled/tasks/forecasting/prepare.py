"""A table made ready for a forecaster: encoded, and cut into windows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from unrolled.data.fill import carry_forward
from unrolled.data.table.encode import TablePreprocessor
from unrolled.data.table.split import Part
from unrolled.data.table.table import Table
from unrolled.data.table.windows import Batch, Windows
from unrolled.tasks.forecasting.network.forecast_network import Features
from unrolled.tasks.forecasting.network.linear import WindowShape


@dataclass(frozen=True, eq=False)
class EncodedTable:
    """A table and its numbers: inputs (N, D), future (N, Dk) and targets (N, K), all float32."""

    table: Table
    preprocessor: TablePreprocessor
    inputs: np.ndarray
    future: np.ndarray
    targets: np.ndarray

    @classmethod
    def of(cls, table: Table, preprocessor: TablePreprocessor) -> EncodedTable:
        """Encode a table."""
        numbers = (
            read(table) for read in (preprocessor.inputs, preprocessor.future, preprocessor.targets)
        )
        return cls(table, preprocessor, *numbers)

    def windows(self, part: Part, lookback: int, horizon: int, stride: int = 1) -> Windows:
        """The windows whose targets lie in a part."""
        return Windows(
            self.inputs,
            lookback=lookback,
            horizon=horizon,
            targets=self.targets,
            future=self.future,
            part=part,
            stride=stride,
        )

    def truth(self) -> np.ndarray:
        """The targets in their own unit: (N, K) float64, NaN where missing."""
        return self.table.numbers(self.table.roles.target)

    def last_known(self) -> np.ndarray:
        """The targets with the last known value carried forward: (N, K) float64."""
        return carry_forward(self.truth(), self.table.offsets)


def in_batches(windows: Windows, size: int, most: int | None = None) -> Iterator[Batch[Tensor]]:
    """All windows in order; with `most`, only so many, evenly spread."""
    chosen = np.arange(len(windows))
    if most is not None and len(windows) > most:
        chosen = np.linspace(0, len(windows) - 1, most).astype(np.int64)
    for start in range(0, len(chosen), size):
        yield windows.batch(chosen[start : start + size]).tensors()


def shape_of(preprocessor: TablePreprocessor, lookback: int, horizon: int) -> WindowShape:
    """Which columns the linear map reads."""
    varying: list[int] = []
    planned: list[int] = []
    at = at_future = 0
    for column in preprocessor.columns:
        size = len(column.output_names)
        if column.role in ("target", "past") and not column.coded:
            # Without what is missing: the value carried forward stands for it well enough here.
            varying += range(at, at + size - column.mask)
        if column.role in ("future", "static"):
            if column.role == "future" and not column.coded:
                planned += range(at_future, at_future + size)
            at_future += size
        at += size
    width = len(preprocessor.future_names)
    holidays = width - len(preprocessor.roles.holidays)
    # Unlike the cycles, a holiday does not follow from the first step: each step says its own.
    planned += range(holidays, width)
    return WindowShape(
        lookback,
        horizon,
        preprocessor.target_index,
        tuple(varying),
        tuple(range(at_future, holidays)),
        tuple(planned),
    )


def features_of(preprocessor: TablePreprocessor) -> Features:
    """Which columns the recurrent part sees, and how."""
    levels: list[int] = []
    masks: list[int] = []
    at = 0
    for column in preprocessor.columns:
        size = len(column.output_names)
        if column.role in ("target", "past") and column.vocabulary is None:
            levels.append(at)
        if column.mask:
            masks.append(at + size - 1)
        at += size
    return Features(
        inputs=len(preprocessor.input_names),
        levels=tuple(levels),
        masks=tuple(masks),
        codes=preprocessor.categories,
        future=len(preprocessor.future_names),
        future_codes=preprocessor.future_categories,
    )
