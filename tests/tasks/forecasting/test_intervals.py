"""Intervals that cover, static and online; nothing after a cutoff moves them."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled import metrics
from unrolled.tasks.forecasting.intervals import online_offsets, static_offsets

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
ENDS = np.array([-1.645, -0.674, 0.0, 0.674, 1.645])
F, K = 4, 1


def scores_of(truth: np.ndarray, cutoffs: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Scores (n, F, K, Q) of forecasts that say the same of every row of a truth (N,)."""
    rows = cutoffs[:, None] + np.arange(F)
    found: np.ndarray = (truth[rows][..., None, None] - ends).astype(np.float32)
    return found


def covered(truth: np.ndarray, cutoffs: np.ndarray, offsets: np.ndarray, step: int) -> float:
    y = truth[cutoffs + step]
    low, high = ENDS[0] + offsets[:, step, 0, 0], ENDS[-1] + offsets[:, step, 0, -1]
    return metrics.coverage(y, low, high)


@pytest.mark.parametrize("factor", [0.3, 1.0, 3.0])
def test_static_offsets_make_quantiles_hold_what_they_promise(factor: float) -> None:
    random = np.random.default_rng(1)
    truth = random.normal(size=9000)
    truth[::7] = np.nan
    cutoffs = np.arange(8000)
    scores = scores_of(truth, cutoffs, factor * ENDS)
    offsets = static_offsets(scores[:4000], QUANTILES)
    assert (offsets[..., 2] == 0).all(), "the middle stays"
    later = truth[cutoffs[4000:, None] + np.arange(F)]
    for q, level in enumerate(QUANTILES):
        below = later <= factor * ENDS[q] + offsets[:, 0, q]
        share = below[~np.isnan(later)].mean()
        assert share == pytest.approx(0.5 if level == 0.5 else level, abs=0.03)


@pytest.mark.parametrize("trend", [0.5, 2.5])
def test_online_offsets_cover_where_the_law_drifts(trend: float) -> None:
    """The noise changes its size on the way: what was learned before does not hold after."""
    random = np.random.default_rng(2)
    sizes = np.linspace(1, trend, 4000)
    truth = random.normal(size=4000) * sizes
    cutoffs = np.arange(3990)
    scores = scores_of(truth, cutoffs, ENDS)
    static = static_offsets(scores[:600], QUANTILES)
    wanted = cutoffs[1500:]
    online = online_offsets(scores, cutoffs, wanted, QUANTILES, 400, static)
    for step in range(F):
        assert covered(truth, wanted, online, step) == pytest.approx(0.9, abs=0.03)
        fixed = np.broadcast_to(static, online.shape)
        assert abs(covered(truth, wanted, fixed, step) - 0.9) > 0.05


def test_truth_after_a_cutoff_moves_nothing_before() -> None:
    random = np.random.default_rng(3)
    truth = random.normal(size=900)
    cutoffs = np.arange(880)
    static = np.zeros((F, K, len(QUANTILES)), np.float32)
    at = 500
    other = truth.copy()
    other[at:] = 1e6
    found = [
        online_offsets(scores_of(one, cutoffs, ENDS), cutoffs, cutoffs, QUANTILES, 200, static)
        for one in (truth, other)
    ]
    assert np.array_equal(found[0][: at + 1], found[1][: at + 1])
    assert not np.array_equal(found[0][at + 1], found[1][at + 1])


def test_without_a_past_the_static_offsets_stand() -> None:
    static = np.arange(F * 5, dtype=np.float32).reshape(F, 1, 5)
    none = np.empty((0, F, K, 5), np.float32)
    found = online_offsets(none, np.empty(0, int), np.array([3, 9]), QUANTILES, 100, static)
    assert np.array_equal(found, np.stack([static, static]))
    few = scores_of(np.zeros(60), np.arange(20), ENDS)
    found = online_offsets(few, np.arange(20), np.array([30]), QUANTILES, 100, static)
    assert np.array_equal(found[0], static)


def test_origins_far_apart_are_learned_from_too() -> None:
    """Of every tenth row only: the offsets are near those of all rows."""
    truth = np.random.default_rng(4).normal(size=6000) * 3
    static = np.zeros((F, K, 5), np.float32)
    every, tenth = np.arange(5900), np.arange(0, 5900, 10)
    at = np.array([5850])
    dense, sparse = (
        online_offsets(scores_of(truth, c, ENDS), c, at, QUANTILES, 3000, static)
        for c in (every, tenth)
    )
    moved = np.array([-3.3, 3.3])  # from quantiles of a deviation of 1 to those of 3
    for found in (dense, sparse):
        np.testing.assert_allclose(found[0, :, 0][:, [0, 4]], np.tile(moved, (F, 1)), atol=1.2)
