"""A table made ready for a forecaster: encoded, split, and cut into windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import MethodType

import numpy as np
import torch
from torch import Tensor, nn

from unrolled.data.fill import carry_forward
from unrolled.data.table.encode import TablePreprocessor
from unrolled.data.table.split import Part
from unrolled.data.table.table import Table
from unrolled.data.table.windows import Batch, Windows
from unrolled.tasks.forecasting.network.forecast_network import Features
from unrolled.tasks.forecasting.network.linear import Shape


@dataclass(frozen=True, eq=False)
class EncodedTable:
    """A table and its numbers: inputs (N, D), future (N, Dk) and targets (N, K), all float32."""

    table: Table
    encoder: TablePreprocessor
    inputs: np.ndarray
    future: np.ndarray
    targets: np.ndarray

    @classmethod
    def of(cls, table: Table, encoder: TablePreprocessor) -> EncodedTable:
        """Encode a table."""
        return cls(
            table, encoder, encoder.inputs(table), encoder.future(table), encoder.targets(table)
        )

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


@torch.no_grad()
def run_over(windows: Windows, run: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Run a network, in evaluation, over all windows in order: (n, ...) on the CPU."""
    network = run.__self__ if isinstance(run, MethodType) else run
    assert isinstance(network, nn.Module)
    network.eval()
    device = next(network.buffers()).device
    return torch.cat(
        [
            run(b.inputs.to(device), b.future.to(device)).cpu()
            for b in in_batches(windows, 1024)
            if b.future is not None
        ]
    )


def shape_of(encoder: TablePreprocessor, lookback: int, horizon: int) -> Shape:
    """Which columns the linear map reads."""
    varying: list[int] = []
    planned: list[int] = []
    at = at_future = 0
    for column in encoder.columns:
        size = len(column.output_names)
        if column.role in ("target", "past") and not column.coded:
            # Without what is missing: the value carried forward stands for it well enough here.
            varying += range(at, at + size - column.mask)
        if column.role in ("future", "static"):
            if column.role == "future" and not column.coded:
                planned += range(at_future, at_future + size)
            at_future += size
        at += size
    calendar = range(at_future, at_future + len(encoder.calendar))
    return Shape(
        lookback, horizon, encoder.target_index, tuple(varying), tuple(calendar), tuple(planned)
    )


def features_of(encoder: TablePreprocessor) -> Features:
    """Which columns the recurrent part sees, and how."""
    levels: list[int] = []
    masks: list[int] = []
    at = 0
    for column in encoder.columns:
        size = len(column.output_names)
        if column.role in ("target", "past") and column.vocabulary is None:
            levels.append(at)
        if column.mask:
            masks.append(at + size - 1)
        at += size
    return Features(
        inputs=len(encoder.input_names),
        levels=tuple(levels),
        masks=tuple(masks),
        codes=encoder.categories,
        future=len(encoder.future_names),
        future_codes=encoder.future_categories,
    )
