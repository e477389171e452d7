"""Losses that do not count what is missing."""

from __future__ import annotations

import torch
from torch import Tensor


def pinball_loss(forecasts: Tensor, targets: Tensor, quantiles: Tensor) -> Tensor:
    """Quantile loss, averaged over all targets that are known: max(q d, (q - 1) d), d = y - ŷ_q.

    forecasts: (B, F, K, Q) for Q quantiles; targets: (B, F, K), NaN where missing and not counted;
    quantiles: (Q,). Returns a scalar, 0 where nothing is known.

    Source: Koenker and Bassett 1978, Regression Quantiles.

    >>> pinball_loss(torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1), torch.tensor([0.9])).item()
    0.8999999761581421
    """
    known = ~targets.isnan()
    # The difference is taken of zeros where the target is missing: NaN times 0 would stay NaN.
    difference = torch.where(known, targets, 0.0).unsqueeze(-1) - forecasts
    loss = torch.maximum(quantiles * difference, (quantiles - 1) * difference)
    return (loss * known.unsqueeze(-1)).sum() / (known.sum() * len(quantiles)).clamp(min=1)
