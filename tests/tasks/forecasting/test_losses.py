"""Losses beside scikit-learn and torch; what is missing does not count."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import mean_pinball_loss

from unrolled.tasks.forecasting.losses import huber_loss, pinball_loss


def test_pinball_is_sklearns_where_the_target_is_known() -> None:
    torch.manual_seed(0)
    targets, forecasts = torch.randn(9, 4, 2), torch.randn(9, 4, 2, 3)
    targets[2, 1, 0] = targets[5] = torch.nan
    quantiles = (0.1, 0.5, 0.8)
    known = ~targets.isnan()
    expected = np.mean(
        [
            mean_pinball_loss(targets[known], forecasts[..., i][known], alpha=q)
            for i, q in enumerate(quantiles)
        ]
    )
    forecasts.requires_grad_()
    loss = pinball_loss(forecasts, targets, torch.tensor(quantiles))
    assert loss.item() == pytest.approx(expected, rel=1e-6)
    loss.backward()
    assert forecasts.grad is not None
    assert forecasts.grad.isfinite().all()
    assert (forecasts.grad[5] == 0).all()
    nothing = pinball_loss(forecasts, torch.full_like(targets, torch.nan), torch.tensor(quantiles))
    assert nothing.item() == 0


def test_huber_is_torchs_where_the_target_is_known() -> None:
    torch.manual_seed(0)
    targets, forecasts = 3 * torch.randn(9, 4, 2), torch.randn(9, 4, 2, 1)
    targets[2, 1, 0] = targets[5] = torch.nan
    known = ~targets.isnan()
    expected = torch.nn.functional.huber_loss(forecasts[..., 0][known], targets[known])
    torch.testing.assert_close(huber_loss(forecasts, targets), expected)


@pytest.mark.parametrize("kind", ["pinball", "huber"])
def test_a_weight_is_the_unit_of_an_error(kind: str) -> None:
    targets, forecasts = torch.randn(9, 4, 2), torch.randn(9, 4, 2, 3)
    weight, quantiles = torch.full((9, 2), 3.0), torch.tensor([0.1, 0.5, 0.9])
    if kind == "huber":
        found = huber_loss(forecasts, targets, weight)
        expected = huber_loss(3 * forecasts, 3 * targets)
    else:
        found = pinball_loss(forecasts, targets, quantiles, weight)
        expected = pinball_loss(3 * forecasts, 3 * targets, quantiles)
    torch.testing.assert_close(found, expected)
