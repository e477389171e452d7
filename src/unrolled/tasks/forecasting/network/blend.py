"""The weights by which forecasts are mixed: chosen on validation, with a floor against chance.

Validation misleads where it is short: a worse forecast can look better there by luck. So the
weights are the same for a whole block of steps, every target and every series, they are coarse,
and a mixture must be better than the shared line by more than the floor, else the line stands.
No step block is therefore worse than the line on the validation part.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor

FLOOR = 0.005
PARTS = 4  # weights are quarters
MOST_BLOCKS = 8


def mixtures(members: int) -> Tensor:
    """All convex weights in quarters, (n, members).

    >>> mixtures(2).tolist()
    [[0.0, 1.0], [0.25, 0.75], [0.5, 0.5], [0.75, 0.25], [1.0, 0.0]]
    """
    parts = product(range(PARTS + 1), repeat=members)
    return torch.tensor([p for p in parts if sum(p) == PARTS]) / PARTS


def choose(
    forecasts: Sequence[Tensor], truth: Tensor, weight: Tensor, line: int, season: int, power: int
) -> Tensor:
    """Weights (F, M) of M forecasts (n, F, K), by their errors on validation windows.

    truth: (n, F, K), NaN where missing; weight: (n, K), what an error counts; line: which of them
    is the shared line; power: 1 for absolute errors, 2 for squared ones.
    """
    horizon = truth.shape[1]
    block = max(season, -(-horizon // MOST_BLOCKS))
    found = torch.zeros(horizon, len(forecasts))
    choices = mixtures(len(forecasts))
    alone = int((choices[:, line] == 1).nonzero())
    for start in range(0, horizon, block):
        steps = slice(start, start + block)
        errors = torch.stack(
            [
                (
                    ((_mixed(forecasts, w, steps) - truth[:, steps]).abs() * weight[:, None])
                    ** power
                ).nanmean()
                for w in choices
            ]
        ).nan_to_num(torch.inf)
        best = int(errors.argmin())
        floor = (1 - FLOOR) ** power * errors[alone]
        found[steps] = choices[best if errors[best] < floor else alone]
    return found


def _mixed(forecasts: Sequence[Tensor], weights: Tensor, steps: slice) -> Tensor:
    parts = [w * f[:, steps] for w, f in zip(weights.tolist(), forecasts, strict=True) if w]
    return torch.stack(parts).sum(0)
