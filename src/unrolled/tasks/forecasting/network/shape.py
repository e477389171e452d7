"""What a forecaster's network reads and writes: numbers only, so that its parts can be built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Shape:
    """Sizes and columns of the windows of a table.

    lookback: T; horizon: F; season: m, in steps; targets: K; series: S that were seen in training.
    covariates: C columns of the past; relative: those shown less their last value, so that a level
        never seen in training does no harm; masks: those that say what is missing; codes: column
        -> size of its vocabulary, for a learned embedding.
    future: Dk columns known of the horizon; planned: those of which every step says its own;
        steady: those of which the first step says all (the calendar, static covariates);
        unlearned: those that the network does not see, a cycle that training went through less
        than twice; future_codes: as codes.
    """

    lookback: int
    horizon: int
    season: int
    targets: int
    series: int
    covariates: int
    relative: tuple[int, ...]
    masks: tuple[int, ...]
    codes: dict[int, int]
    future: int
    planned: tuple[int, ...]
    steady: tuple[int, ...]
    unlearned: tuple[int, ...]
    future_codes: dict[int, int]


class WindowBatch(NamedTuple):
    """B windows, each in a unit of its own: the last value is 0, the deviation of the past 1.

    A forecast made of these numbers alone moves with a series that is shifted or scaled. Of a
    series that was constant so far the scale is 0, whatever is forecast: the level stands. A past
    without any value has no level: NaN.
    """

    own: Tensor  # (B, K, T), the past of each target, less its level, over its scale
    missing: Tensor  # (B, K, T), 1 where the value is not known
    covariates: Tensor  # (B, T, C)
    future: Tensor  # (B, F, Dk)
    targets: Tensor  # (B, F, K), in the same unit as `own`, NaN where missing
    weight: Tensor  # (B, K), the scale over the deviation of the series in training
    series: Tensor  # (B,) int64, 0 for one never seen
    history: Tensor  # (B,) int64, rows of the series before the cutoff, at most T
    history_unit: Tensor  # (B, K), the deviation of all rows before the cutoff, over the scale
    level: np.ndarray  # (B, K) float64
    scale: np.ndarray  # (B, K) float64

    def to(self, device: torch.device) -> WindowBatch:
        """The same with its tensors on a device."""
        moved = [part.to(device) if isinstance(part, Tensor) else part for part in self]
        return WindowBatch(*moved)  # type: ignore[arg-type]  # each part keeps its kind
