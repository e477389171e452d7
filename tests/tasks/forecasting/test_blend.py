"""The mixture of forecasts: never behind the line on validation, and not by chance."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from unrolled.tasks.forecasting.network import blend

F, K, N = 30, 2, 400


def error(forecast: Tensor, truth: Tensor, power: int) -> Tensor:
    """By step ahead: (F,)."""
    found: Tensor = ((forecast - truth).abs() ** power).nanmean(dim=(0, 2))
    return found


def chosen(forecasts: list[Tensor], truth: Tensor, power: int = 1) -> Tensor:
    weight = torch.ones(len(truth), truth.shape[2])
    return blend.choose(forecasts, truth, weight, line=1, season=6, power=power)


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("seed", range(5))
def test_no_block_of_steps_is_behind_the_line_on_validation(seed: int, power: int) -> None:
    torch.manual_seed(seed)
    truth = torch.randn(N, F, K)
    truth[::9] = torch.nan
    growing = torch.linspace(0.5, 1.5, F).view(1, -1, 1)
    forecasts = [truth.nan_to_num() + torch.randn(N, F, K) * s for s in (1, growing, 1.3)]
    weights = chosen(forecasts, truth, power)
    assert torch.allclose(weights.sum(1), torch.ones(F))
    assert (weights >= 0).all()
    mixed = sum(w.view(1, -1, 1) * f for w, f in zip(weights.T, forecasts, strict=True))
    ours, line = error(mixed, truth, power), error(forecasts[1], truth, power)
    blocks = ours.view(-1, 6).mean(1) / line.view(-1, 6).mean(1)
    assert (blocks <= 1 + 1e-6).all()
    assert weights[0, 1] > weights[-1, 1], "the line is mixed in where it is good"


def test_what_is_better_by_less_than_the_floor_is_left() -> None:
    torch.manual_seed(0)
    truth = torch.randn(N, F, K)
    line = truth + 1
    alike = truth + 0.997
    assert (chosen([alike, line, truth + 2], truth)[:, 1] == 1).all()
    assert (chosen([truth + 0.9, line, truth + 2], truth)[:, 0] == 1).all()


def test_the_better_baseline_is_used() -> None:
    truth = torch.randn(N, F, K)
    weights = chosen([truth + 3, truth + 2, truth + 1], truth)
    assert (weights[:, 2] == 1).all()


def test_errors_count_by_their_weight() -> None:
    """One target is a hundred times as large: in its own unit it counts as the other does."""
    torch.manual_seed(1)
    truth = torch.randn(N, F, 2) * torch.tensor([1.0, 100.0])
    worse_on_small = truth + torch.tensor([2.0, 0.0])
    worse_on_large = truth + torch.tensor([0.0, 150.0])
    weight = torch.tensor([1.0, 0.01]).expand(N, 2)
    found = blend.choose(
        [worse_on_small, worse_on_large, truth + 900], truth, weight, line=0, season=6, power=1
    )
    assert (found[:, 1] > 0.5).all()
