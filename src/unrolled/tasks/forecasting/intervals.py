"""Intervals that cover: each quantile is moved by what past forecasts missed it by, online.

The score of a quantile forecast is the truth less the forecast, in the unit of its window. The
level's quantile of the scores is what the forecast is moved by. Two sources of scores:

    static    the forecasts of the validation part: where there is no past to learn from
    online    at each cutoff, the forecasts of the trailing 112 seasons whose truth is known by then

Online the level is adapted too: a step of gamma up after a truth above the quantile, a fitting one
down after one below, so that the share below comes right in the long run whatever the data do. It
stays between half and twice what the tail was meant to hold: further out lie single misses.
Sources: Romano, Patterson and Candès 2019, Conformalized Quantile Regression (one side at a time);
Gibbs and Candès 2021, Adaptive Conformal Inference Under Distribution Shift.

Shapes: n windows of one series, F horizon steps, K targets, Q quantiles; the middle one stays.
"""

from __future__ import annotations

import numpy as np

TRAILING = 112  # seasons, 16 weeks of hours: of 4 weeks the tails are few, and pay in width
LEAST = 40  # scores: under that the static offsets stand
GAMMA = 0.001  # larger steps pay in width
BUDGET = 300_000_000  # scores sorted in all, for all series together


def static_offsets(scores: np.ndarray, quantiles: tuple[float, ...]) -> np.ndarray:
    """What each quantile is moved by, (F, K, Q), from scores (n, F, K, Q) with NaN."""
    levels = np.broadcast_to(np.array(quantiles), scores.shape[1:])
    found = _quantile(np.sort(scores, axis=0), levels)
    return _middle_stays(np.nan_to_num(found))


def online_offsets(
    scores: np.ndarray,
    cutoffs: np.ndarray,
    wanted: np.ndarray,
    quantiles: tuple[float, ...],
    trailing: int,
    static: np.ndarray,
    budget: int = BUDGET,
    unit: int = 1,
) -> np.ndarray:
    """What the quantiles forecast at each wanted cutoff are moved by: (m, F, K, Q).

    scores: (n, F, K, Q) of past forecasts, NaN where the truth is missing; cutoffs: (n,) their
    first target rows, rising; wanted: (m,), rising; trailing: rows; budget: scores sorted, which
    says how many cutoffs share their offsets; unit: rows from one cutoff to the next, in which all
    is counted, so that memory follows the scores. Only truth in rows before a cutoff is looked at.
    Where under 40 scores are known the static offsets (F, K, Q) stand.
    """
    if not len(cutoffs):
        return np.broadcast_to(static, (len(wanted), *static.shape))
    # Floors: a truth counts as known once its whole unit of rows is, never earlier.
    wanted, cutoffs = (wanted - cutoffs[0]) // unit, (cutoffs - cutoffs[0]) // unit
    trailing, first = -(-trailing // unit), int(min(cutoffs[0], wanted[0]))
    steps = np.arange(scores.shape[1])
    later, rows = steps // unit, int(cutoffs[-1]) - first + int(steps[-1]) // unit + 1
    by_row = np.full((rows, *scores.shape[1:]), np.nan, np.float32)
    by_row[cutoffs[:, None] - first + later, steps] = scores
    issued = np.full_like(by_row, np.nan)
    levels = np.broadcast_to(np.array(quantiles), static.shape).copy()
    bounds = _bounds(np.array(quantiles))
    found = np.empty((len(wanted), *static.shape), np.float32)
    moments = np.unique(np.concatenate([cutoffs, wanted]))
    rows = min(trailing, len(by_row))
    every = max(1, -(-len(moments) * rows * static.size // budget))
    before = 0
    for block in np.split(moments, range(every, len(moments), every)):
        now = int(block[0]) - first
        levels += _adapted(by_row[before:now], issued[before:now], quantiles)
        np.clip(levels, *bounds, out=levels)
        offsets = _offsets(by_row[max(0, now - trailing) : now], levels, static)
        found[(wanted >= block[0]) & (wanted <= block[-1])] = offsets
        told = np.intersect1d(block, cutoffs, assume_unique=True)
        issued[told[:, None] - first + later, steps] = offsets
        before = min(max(now, before), len(by_row))
    return found


def _adapted(scores: np.ndarray, issued: np.ndarray, quantiles: tuple[float, ...]) -> np.ndarray:
    """The steps of the levels, (F, K, Q), for rows (r, F, K, Q) whose truth has come."""
    known = ~np.isnan(scores) & ~np.isnan(issued)
    below = known & (scores <= issued)
    found: np.ndarray = GAMMA * (known.sum(0) * np.array(quantiles) - below.sum(0))
    return found


def _bounds(quantiles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the highest level of each quantile (Q,): half and twice its tail."""
    tail = np.minimum(quantiles, 1 - quantiles)
    low = np.where(quantiles <= 0.5, tail / 2, 1 - 2 * tail)
    high = np.where(quantiles <= 0.5, 2 * tail, 1 - tail / 2)
    return low, high


def _offsets(scores: np.ndarray, levels: np.ndarray, static: np.ndarray) -> np.ndarray:
    """The levels' quantiles of the scores (r, F, K, Q), where enough are known: (F, K, Q)."""
    if len(scores) < LEAST:
        return static
    enough = (~np.isnan(scores)).sum(0) >= LEAST
    if not enough.any():
        return static
    found = _quantile(np.sort(scores, axis=0), levels)
    return _middle_stays(np.where(enough, found, static))


def _quantile(ordered: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """The levels' quantile of sorted scores (n, ...), NaN last, with a finite sample's step out."""
    known = (~np.isnan(ordered)).sum(0)
    rank = np.where(
        levels > 0.5, np.ceil((known + 1) * levels) - 1, np.floor((known + 1) * levels) - 1
    ).astype(np.int64)
    rank = np.clip(rank, 0, np.maximum(known - 1, 0))
    found: np.ndarray = np.take_along_axis(ordered, rank[None], axis=0)[0]
    return found


def _middle_stays(offsets: np.ndarray) -> np.ndarray:
    offsets[..., offsets.shape[-1] // 2] = 0
    return offsets
