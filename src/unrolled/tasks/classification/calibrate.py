"""How much each half of a classifier counts, and how sure it may be: by cases it has not learned.

Where no validation part was set aside, each network leaves out an eighth of the training cases,
another for each network; the ridge leaves out every case once. Shapes: n cases, C classes.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import nll_loss

from unrolled.tasks.classification.batches import Cases, chunks
from unrolled.tasks.classification.mixture import ClassModel, mixed
from unrolled.tasks.classification.ridge import best_temperature

PARTS = 8  # a network leaves out one of so many
LEAST = 4  # cases of a class; of fewer, none is left out
FEW = 8  # cases by which nothing is chosen
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


class Halves(NamedTuple):
    """Log-probabilities (n, C) of cases by what did not learn them, and their codes (n,)."""

    recurrent: Tensor
    kernels: Tensor | None
    codes: Tensor


def left_out_by(codes: Tensor, networks: int, seed: int) -> Tensor:
    """Which network leaves each case out: (n,) from codes (n,), -1 where all learn from it."""
    random = torch.Generator().manual_seed(seed)
    found = torch.full_like(codes, -1)
    begin = 0
    for code in codes.unique().tolist():
        rows = (codes == code).nonzero()[:, 0]
        if len(rows) < LEAST:
            continue
        rows = rows[torch.randperm(len(rows), generator=random)]
        part = (torch.arange(len(rows)) + begin) % max(PARTS, networks)
        begin += len(rows)
        found[rows] = part.where(part < networks, -1)
    return found


@torch.no_grad()
def unlearned(model: ClassModel, cases: Cases) -> Halves:
    """What a model says of sequences that it has not learned at all."""
    both: list[tuple[Tensor, Tensor | None]] = []
    for rows in chunks(cases.lengths):
        batch = cases.rows(rows)
        inputs = batch.inputs.to(model.device)
        kernels = None if model.kernels is None else model.kernels(inputs, batch.lengths).cpu()
        both.append((model.recurrent(inputs, batch.lengths).cpu(), kernels))
    recurrent = torch.cat([part for part, _ in both])
    known = [part for _, part in both if part is not None]
    return Halves(recurrent, torch.cat(known) if known else None, cases.codes)


@torch.no_grad()
def cross_fitted(model: ClassModel, cases: Cases, left_out: Tensor) -> Halves:
    """What each network says of the sequences that it alone left out, and the ridge of the same."""
    rows = (left_out >= 0).nonzero()[:, 0]
    if model.kernels is not None:  # of very many cases the ridge learns from some
        rows = rows[torch.isin(rows, model.kernels.learned)]
    recurrent = torch.empty(len(rows), model.recurrent.classes)
    for m, network in enumerate(model.recurrent.members()):
        mine = (left_out[rows] == m).nonzero()[:, 0]
        for some in chunks(cases.lengths[rows[mine]]) if len(mine) else ():
            batch = cases.rows(rows[mine[some]])
            scores = network(batch.inputs.to(model.device), batch.lengths)
            recurrent[mine[some]] = scores.log_softmax(-1).cpu()
    kernels = None
    if model.kernels is not None and model.kernels.left_out is not None:
        at = torch.searchsorted(model.kernels.learned, rows)
        scores = model.kernels.left_out.scores[at] / model.kernels.head.temperature.cpu()
        kernels = scores.log_softmax(-1).float()
    return Halves(recurrent, kernels, cases.codes[rows])


@torch.no_grad()
def calibrate(model: ClassModel, halves: Halves, weights: Tensor) -> None:
    """Choose the share and the temperature by what was said of unlearned cases.

    weights: (C,) what an error on each class costs. Both halves count alike unless another share is
    better by more than its standard error.
    """
    recurrent, kernels, codes = halves
    if len(codes) < FEW:
        return
    logs = recurrent
    if kernels is not None:
        model.share.fill_(best_share(halves, weights))
        logs = mixed(recurrent, kernels, model.share.cpu())
    model.temperature.fill_(best_temperature(logs, codes, weights))


def best_share(halves: Halves, weights: Tensor) -> float:
    """What the recurrent networks count: a half, unless another share is surely better."""
    recurrent, kernels, codes = halves
    assert kernels is not None

    def losses(share: float) -> Tensor:
        logs = mixed(recurrent, kernels, torch.tensor(share))
        return nll_loss(logs, codes, weights, reduction="none")

    even = losses(0.5)
    best = min(SHARES, key=lambda share: float(losses(share).mean()))
    gain = even - losses(best)
    return best if gain.mean() > gain.std() / len(gain) ** 0.5 else 0.5
