"""Conformal calibration of prediction intervals on the validation part.

For a pair of quantiles meant to hold 90 % of what comes, the score of a validation window is by
how much the truth lay outside (below 0: how far inside). The 90 % quantile of these scores, with
the correction for a finite sample, is the margin that both ends are moved by. One margin for each
horizon step, target and pair. Source: Romano, Patterson and Candès 2019, Conformalized Quantile
Regression, algorithm 1; for data whose law drifts it is a correction, not a guarantee.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def margins(forecasts: Tensor, truth: Tensor, quantiles: tuple[float, ...]) -> Tensor:
    """Margins (F, K, Q), 0 for the median: forecasts (n, F, K, Q) and truth (n, F, K) with NaN."""
    result = torch.zeros(forecasts.shape[1:])
    for i in range(len(quantiles) // 2):
        low, high = forecasts[..., i], forecasts[..., -1 - i]
        scores = torch.maximum(low - truth, truth - high)
        margin = _quantile(scores, 1 - 2 * quantiles[i])
        result[..., i], result[..., -1 - i] = -margin, margin
    return result


def _quantile(scores: Tensor, level: float) -> Tensor:
    """The level's quantile over the windows (n, F, K), with the finite-sample step up: (F, K)."""
    known = (~scores.isnan()).sum(0)
    ordered = scores.nan_to_num(nan=math.inf).sort(0).values
    rank = ((known + 1) * level).ceil().long().clamp(min=1) - 1
    rank = torch.minimum(rank, (known - 1).clamp(min=0))
    found = ordered.gather(0, rank.unsqueeze(0)).squeeze(0)
    return torch.where(known > 0, found, 0.0)
