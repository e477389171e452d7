"""Dropout for networks over time: the same units are left out at every step."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def uniform(kept: Tensor, share: float) -> Tensor:
    """Fill a mask with 1 where a unit stays, by one uniform number for each."""
    return torch.rand(kept.shape, device=kept.device) >= share


def bernoulli(kept: Tensor, share: float) -> Tensor:
    """The same by another generator of torch's, the quicker one for large masks."""
    return kept.bernoulli_(1 - share)


def drop_units(
    values: Tensor,
    share: float,
    axis: int,
    draw: Callable[[Tensor, float], Tensor] = uniform,
) -> Tensor:
    """Leave out a share of the units, the same ones all along an axis, and scale up the others.

    values: (B, T, H) with axis 1, (T, B, H) with axis 0, or (B, F, H); axis: the one of time.

    Source: Gal and Ghahramani 2016, A theoretically grounded application of dropout in recurrent
    neural networks.

    >>> dropped = drop_units(torch.ones(2, 5, 3), 0.5, axis=1)
    >>> bool((dropped == dropped[:, :1]).all())
    True
    """
    return values * (kept_units(values, share, axis, draw) / (1 - share)) if share else values


def kept_units(
    values: Tensor,
    share: float,
    axis: int,
    draw: Callable[[Tensor, float], Tensor] = uniform,
) -> Tensor:
    """The mask alone: 1 where a unit stays, of length 1 along the axis."""
    return draw(torch.empty_like(values.narrow(axis, 0, 1)), share)
