"""The running sums of a series are those of all rows before, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled.data.fill import carry_forward
from unrolled.tasks.forecasting import history
from unrolled.tasks.forecasting.history import RunningSums, begins_of


@pytest.mark.parametrize("chunk", [8, 32, 1 << 16])
@pytest.mark.parametrize("lengths", [(100,), (3, 1, 40, 56), (8, 8, 16), (1,)])
@pytest.mark.parametrize("targets", [1, 3])
def test_sums_before_a_row(
    chunk: int, lengths: tuple[int, ...], targets: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "CHUNK", chunk)
    random, offsets = np.random.default_rng(1), np.cumsum((0, *lengths))
    values = random.normal(1e6, 3, (offsets[-1], targets))
    values[random.random(values.shape) < 0.2] = np.nan
    first = carry_forward(values, offsets)[begins_of(values, offsets)]
    moved = values - np.repeat(first, lengths, axis=0)
    parts = np.stack((~np.isnan(moved), np.nan_to_num(moved), np.nan_to_num(moved) ** 2))
    whole = np.concatenate([np.zeros_like(parts[:, :1]), parts.cumsum(axis=1)], axis=1)
    rows = np.arange(len(values) + 1)
    sums = RunningSums.of(values, first, offsets)
    assert sums.before(rows).tobytes() == whole.tobytes()
    assert sums.before(rows[::-7]).tobytes() == whole[:, ::-7].tobytes()
    assert sums.starts.nbytes <= whole.nbytes / 8 + 24 * targets
