"""Losses that do not count what is missing."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def pinball_loss(
    forecasts: Tensor, targets: Tensor, quantiles: Tensor, weight: Tensor | None = None
) -> Tensor:
    """Quantile loss, averaged over all targets that are known: max(q d, (q - 1) d), d = y - ŷ_q.

    forecasts: (B, F, K, Q) for Q quantiles; targets: (B, F, K), NaN where missing and not counted;
    quantiles: (Q,); weight: (B, K), by which an error counts, 1 by default. Returns a scalar, 0
    where nothing is known.

    Source: Koenker and Bassett 1978, Regression Quantiles.

    >>> pinball_loss(torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1), torch.tensor([0.9])).item()
    0.8999999761581421
    """
    difference, known = _missed(forecasts, targets, weight)
    loss = torch.maximum(quantiles * difference, (quantiles - 1) * difference)
    return (loss * known.unsqueeze(-1)).sum() / (known.sum() * len(quantiles)).clamp(min=1)


def huber_loss(forecasts: Tensor, targets: Tensor, weight: Tensor | None = None) -> Tensor:
    """Squared up to an error of 1, linear from there, averaged over the targets that are known.

    forecasts: (B, F, K, 1); targets and weight as in `pinball_loss`. Returns a scalar.

    Source: Huber 1964, Robust Estimation of a Location Parameter.

    >>> huber_loss(torch.zeros(1, 1, 1, 1), torch.full((1, 1, 1), 3.0)).item()
    2.5
    """
    difference, known = _missed(forecasts, targets, weight)
    loss = nn.functional.huber_loss(difference, torch.zeros_like(difference), reduction="none")
    return (loss * known.unsqueeze(-1)).sum() / known.sum().clamp(min=1)


def _missed(forecasts: Tensor, targets: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor]:
    """By how much each target was missed, (B, F, K, Q), and which are known, (B, F, K)."""
    known = ~targets.isnan()
    # The difference is taken of zeros where the target is missing: NaN times 0 would stay NaN.
    difference = torch.where(known, targets, 0.0).unsqueeze(-1) - forecasts
    if weight is not None:
        difference = difference * weight[:, None, :, None]
    return difference, known
