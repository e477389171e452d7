"""What training asks of a classifier: the losses of an epoch, and the loss it is judged by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import nll_loss

from unrolled.errors import SettingsError
from unrolled.tasks.classification.augment import Augment
from unrolled.tasks.classification.network import ClassEnsemble, ClassNetwork
from unrolled.training import Training

SMOOTHING = 0.1  # of the labels (Szegedy et al. 2016): a small set must not become certain
STEPS_AT_ONCE = 1 << 18  # of all sequences that are judged together: some hundred MB
STEPS = 25  # an epoch has at least so many: a small set is gone through several times in one


@dataclass(frozen=True, eq=False)
class Cases:
    """Sequences as tensors: inputs (B, T, D'), lengths (B,), codes (B,) or (B, T), -1 for none."""

    inputs: Tensor
    lengths: Tensor
    codes: Tensor

    def rows(self, index: Tensor) -> Cases:
        """Some of them, no longer than the longest."""
        lengths = self.lengths[index]
        longest = int(lengths.max())
        codes = self.codes[index]
        codes = codes[:, :longest] if codes.dim() == 2 else codes
        return Cases(self.inputs[index, :longest], lengths, codes)

    def __len__(self) -> int:
        return len(self.lengths)


class ClassifierTask:
    """A `training.Task` over sequences: changed and shuffled for training, as they are to judge.

    held: what it is judged by; the training sequences themselves, undisturbed by noise, when
        nothing is held out.
    weights: (C,) what a mistake on each class costs.
    """

    def __init__(
        self,
        model: ClassEnsemble,
        train: Cases,
        held: Cases | None,
        settings: Training,
        weights: Tensor,
        augment: Augment,
    ) -> None:
        self.model, self.train, self.held = model, train, held or train
        self.judged = "validation" if held else "undisturbed"
        self.settings = settings
        # Whether time may be bent depends on the data, which a small set cannot tell: an hour of
        # the day must stay, a gesture may be slower. So the networks differ in it, from not at all.
        last = max(len(model.networks) - 1, 1)
        self._augments = [augment.in_time(m / last) for m in range(len(model.networks))]
        self.weights = weights.to(model.device)
        batches = -(-len(train) // settings.batch_size)
        self._passes = -(-STEPS // batches)
        self._batches = batches

    def __len__(self) -> int:
        return self._batches * self._passes

    def losses(self, epoch: int) -> Iterator[Tensor]:
        """The loss of each batch: the sum over the networks, each with its own changed copy."""
        random = np.random.default_rng((self.settings.seed, epoch))
        for _ in range(self._passes):
            order = torch.from_numpy(random.permutation(len(self.train)))
            for index in torch.split(order, self.settings.batch_size):
                batch = self.train.rows(index)
                pairs = zip(self.model.members(), self._augments, strict=True)
                yield torch.stack([self._loss(n, augment, batch) for n, augment in pairs]).sum()

    def _loss(self, network: ClassNetwork, augment: Augment, batch: Cases) -> Tensor:
        inputs, lengths, source = augment(batch.inputs, batch.lengths, network.change.cpu())
        codes = batch.codes
        if codes.dim() == 2:
            real = torch.arange(source.shape[1]) < lengths[:, None]
            codes = codes.gather(1, source).where(real, -1)
        return self._cross_entropy(network, Cases(inputs, lengths, codes), SMOOTHING)

    def _cross_entropy(
        self, model: ClassNetwork | ClassEnsemble, cases: Cases, smooth: float
    ) -> Tensor:
        device = self.weights.device
        run = model.scores if cases.codes.dim() == 2 else model
        logs = run(cases.inputs.to(device), cases.lengths).flatten(0, -2).log_softmax(-1)
        codes = cases.codes.flatten().to(device)
        # A case weighs as its class does. torch's own smoothing weighs each class that it smooths
        # to, so that all cases are drawn to a class of a large weight.
        weight = self.weights[codes.clamp(min=0)] * (codes >= 0)
        even = -(logs.mean(-1) * weight).sum() / weight.sum()
        return (1 - smooth) * nll_loss(logs, codes, self.weights, ignore_index=-1) + smooth * even

    def validate(self) -> float:
        """The cross-entropy of the averaged probabilities, in nats."""
        total = 0.0
        for index in chunks(self.held.lengths):
            total += self._cross_entropy(self.model, self.held.rows(index), 0.0).item() * len(index)
        return total / len(self.held)


def chunks(lengths: Tensor) -> Iterator[Tensor]:
    """The numbers 0 ... B - 1 of sequences of such lengths, in pieces that fit into memory."""
    rows = STEPS_AT_ONCE // int(lengths.max())
    yield from torch.split(torch.arange(len(lengths)), min(256, max(1, rows)))


def class_weights(
    codes: Tensor, classes: np.ndarray, wanted: str | Mapping[Any, float] | None
) -> Tensor:
    """What a mistake on each class costs (C,): see `Classifier`."""
    names = classes.tolist()
    if wanted is None:
        return torch.ones(len(names))
    if wanted == "balanced":
        counts = torch.bincount(codes[codes >= 0], minlength=len(names))
        return counts.sum() / (len(names) * counts)
    if not isinstance(wanted, Mapping) or not set(wanted) <= set(names):
        raise SettingsError(
            "classifier: class_weight must be None, 'balanced' or a mapping from labels "
            f"({', '.join(map(str, names[:12]))}) to weights, got {wanted!r}"
        )
    weights = torch.tensor([float(wanted.get(name, 1.0)) for name in names])
    if not (weights > 0).all():
        raise SettingsError("classifier: the weights of class_weight must be above 0")
    return weights
