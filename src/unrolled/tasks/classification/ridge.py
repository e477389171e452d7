"""Ridge regression onto classes, in closed form, with every case left out once.

Shapes: n cases, P features, C classes.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

PENALTIES: tuple[float, ...] = tuple(10.0**power for power in range(-4, 4))
TEMPERATURES: tuple[float, ...] = tuple(2.0 ** (power / 4) for power in range(-24, 9))


class LeftOut(NamedTuple):
    """What the ridge says of each training case when it is fitted on all others.

    scores: (n, C); error: their mean squared error.
    """

    scores: Tensor
    error: float


class RidgeHead(nn.Module):
    """Features (B, P) to log-probabilities (B, C), by least squares onto 1 and -1 of each class.

    The penalty is the one of the least error where each case is left out once, which the closed
    form tells without another fit; the temperature of the softmax that of the least log loss there.
    """

    mean: Tensor  # (P,)
    deviation: Tensor  # (P,)
    weights: Tensor  # (P, C)
    bias: Tensor  # (C,)
    temperature: Tensor  # ()

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("deviation", torch.ones(features))
        self.register_buffer("weights", torch.zeros(features, classes))
        self.register_buffer("bias", torch.zeros(classes))
        self.register_buffer("temperature", torch.ones(()))

    def forward(self, features: Tensor) -> Tensor:
        """(B, P) -> (B, C) log-probabilities."""
        scores = self._scaled(features) @ self.weights + self.bias
        return (scores / self.temperature).log_softmax(-1)

    @torch.no_grad()
    def fit(self, features: Tensor, codes: Tensor, weights: Tensor) -> LeftOut:
        """Fit on n cases of known class; weights: (C,) what an error on each class costs."""
        self.mean.copy_(features.mean(0))
        deviation = features.std(0, correction=0)
        self.deviation.copy_(deviation.where(deviation > 1e-6, 1.0))
        scaled = self._scaled(features)
        share = weights[codes].double()
        share = share / share.mean()
        truth = 2.0 * nn.functional.one_hot(codes, self.bias.numel()).double() - 1
        solve = _dual if len(features) <= features.shape[1] else _primal
        middle = (share[:, None] * scaled).sum(0).div(len(scaled)).float()
        self.mean += middle * self.deviation * features.shape[1] ** 0.5
        found, left_out = solve(scaled - middle, truth, share)
        self.weights.copy_(found)
        self.bias.copy_((share[:, None] * truth).mean(0))
        self.temperature.fill_(best_temperature(left_out.scores, codes, weights))
        return left_out

    def _scaled(self, features: Tensor) -> Tensor:
        found: Tensor = (features - self.mean) / (self.deviation * features.shape[1] ** 0.5)
        return found


def best_temperature(scores: Tensor, codes: Tensor, weights: Tensor) -> float:
    """By what scores (n, C) are divided so that their softmax has the least log loss.

    One case more than there are is taken to be of any class: where all n are right, the next one
    is not sure to be.
    """
    losses = []
    for temperature in TEMPERATURES:
        logs = (scores.double() / temperature).log_softmax(-1)
        right = nn.functional.nll_loss(logs, codes, weights.double())
        losses.append(len(codes) * right - logs.mean(-1).mean())
    return TEMPERATURES[int(torch.stack(losses).argmin())]


def _dual(scaled: Tensor, truth: Tensor, share: Tensor) -> tuple[Tensor, LeftOut]:
    """Fewer cases than features: by the eigenvalues of the products of cases (n, n)."""
    root = share.sqrt()[:, None]
    rows = root * scaled.double()
    wanted = root * (truth - (share[:, None] * truth).mean(0))
    values, vectors = torch.linalg.eigh(rows @ rows.T)
    turned, squares = vectors.T @ wanted, vectors.square()
    found = []
    for penalty in PENALTIES:
        factor = 1 / (values.clamp(min=0) + penalty)
        duals = vectors @ (factor[:, None] * turned)
        lever = 1 - penalty * squares @ factor
        found.append((_left_out(penalty * duals, lever, truth, share), duals))
    best, duals = min(found, key=lambda pair: pair[0].error)
    return (rows.T @ duals).float(), best


def _primal(scaled: Tensor, truth: Tensor, share: Tensor) -> tuple[Tensor, LeftOut]:
    """More cases than features: by the products of features (P, P)."""
    root = share.sqrt()[:, None]
    rows = root.float() * scaled
    wanted = root * (truth - (share[:, None] * truth).mean(0))
    products, target = (rows.T @ rows).double(), rows.T.double() @ wanted
    found = []
    for penalty in PENALTIES:
        factor = torch.linalg.cholesky(products + penalty * torch.eye(len(products)).double())
        weights = torch.cholesky_solve(target, factor).float()
        inside = torch.linalg.solve_triangular(factor.float(), rows.T, upper=False)
        lever = inside.square().sum(0).double()
        found.append((_left_out(wanted - (rows @ weights).double(), lever, truth, share), weights))
    best, weights = min(found, key=lambda pair: pair[0].error)
    return weights, best


def _left_out(residuals: Tensor, lever: Tensor, truth: Tensor, share: Tensor) -> LeftOut:
    """What the fit on all other cases says of each, from its residual and its leverage.

    residuals: (n, C), times the root of the case's weight; lever: (n,).
    """
    rest = (1 - lever - share / len(share)).clamp(min=1e-6)
    errors = residuals / share.sqrt()[:, None] / rest[:, None]
    return LeftOut(truth - errors, float((share[:, None] * errors.square()).mean()))
