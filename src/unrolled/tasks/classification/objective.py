"""Training objective of the classifier: batch losses, validation loss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from unrolled.tasks.classification.augment import Augment
from unrolled.tasks.classification.batches import CaseBatch, Cases, chunks
from unrolled.tasks.classification.mixture import ClassModel
from unrolled.tasks.classification.network import ClassEnsemble, ClassNetwork
from unrolled.tasks.classification.noise import change_sizes
from unrolled.training import Training

WITHOUT_AUGMENTATION = "training set without augmentation"
SMOOTHING = 0.1  # of the labels (Szegedy et al. 2016): a small set must not become certain
STEPS = 25  # an epoch has at least so many: a small set is gone through several times in one


class ClassifierObjective:
    """A `training.Objective` over sequences: augmented and shuffled for training.

    validation: what epochs are compared by; the training sequences themselves, without
        augmentation, where nothing is held out.
    weights: (C,) what a mistake on each class costs.
    left_out: (B,) which network does not learn from a sequence, -1 for none; None for none at all.
    """

    def __init__(
        self,
        model: ClassModel,
        train: Cases,
        validation: Cases | None,
        settings: Training,
        weights: Tensor,
        augment: Augment,
        left_out: Tensor | None = None,
    ) -> None:
        self.left_out, self._recurrent = left_out, model.recurrent
        self.model, self.train, self.validation = model, train, validation or train
        self.validated_on = "validation" if validation else WITHOUT_AUGMENTATION
        self.settings = settings
        # Whether time may be bent depends on the data, which a small set cannot tell: an hour of
        # the day must stay, a gesture may be slower. So the networks differ in it, from not at all.
        last = max(len(model.recurrent.networks) - 1, 1)
        self._augments = [augment.in_time(m / last) for m in range(len(model.recurrent.networks))]
        self.weights = weights
        batches = -(-len(train) // settings.batch_size)
        self._passes = -(-STEPS // batches)
        self._batches = batches

    def begin(self, folder: Path | None) -> None:
        """Learn how much features change from one step to the next, and fit the kernels."""
        changes = self.train.changes(self._recurrent.members()[0].features)
        self._recurrent.set_changes(changes)
        sizes = change_sizes(changes.numpy(), self.train.lengths.numpy() - 1)
        self._noise = torch.from_numpy(sizes).float()
        if self.model.kernels is not None:
            self.model.kernels.fit(self.train, self.weights, self.settings.seed)

    def __len__(self) -> int:
        return self._batches * self._passes

    def losses(self, epoch: int) -> Iterator[Tensor]:
        """The loss of each batch: the sum over the networks, each with its own changed copy."""
        random = np.random.default_rng((self.settings.seed, epoch))
        for _ in range(self._passes):
            order = torch.from_numpy(random.permutation(len(self.train)))
            for index in torch.split(order, self.settings.batch_size):
                batch = self.train.rows(index, *self._windows(index, random))
                pairs = zip(self._recurrent.members(), self._augments, strict=True)
                noise = self._noise[index]
                losses = [
                    self._loss(network, augment, self._learned(m, batch, index), noise)
                    for m, (network, augment) in enumerate(pairs)
                ]
                yield torch.stack(losses).sum()

    def _learned(self, network: int, batch: CaseBatch, index: Tensor) -> CaseBatch:
        """A batch without the labels that a network does not learn from."""
        if self.left_out is None:
            return batch
        return replace(batch, codes=batch.codes.where(self.left_out[index] != network, -1))

    def _windows(self, index: Tensor, random: np.random.Generator) -> tuple[Tensor | None, int]:
        """Where a piece of each sequence begins, and how long it is at most.

        Only a sequence much longer than the others is cut: whole it would cost more than they do
        together. Where each step has a label, all are read.
        """
        most = self._recurrent.members()[0].longest
        over = (self.train.lengths[index] - most).clamp(min=0)
        if not (most and over.any()):
            return None, 0
        return torch.from_numpy(random.integers(0, over.numpy() + 1)), most

    def _loss(
        self, network: ClassNetwork, augment: Augment, batch: CaseBatch, noise: Tensor
    ) -> Tensor:
        inputs, lengths, source = augment(batch.inputs, batch.lengths, noise)
        codes = batch.codes
        if codes.dim() == 2:
            real = torch.arange(source.shape[1]) < lengths[:, None]
            codes = codes.gather(1, source).where(real, -1)
        return self._cross_entropy(network, CaseBatch(inputs, lengths, codes), SMOOTHING)

    def _cross_entropy(
        self, model: ClassNetwork | ClassEnsemble, cases: CaseBatch, smooth: float
    ) -> Tensor:
        device = self.model.device
        weights = self.weights.to(device)
        run = model.scores if cases.codes.dim() == 2 else model
        logs = run(cases.inputs.to(device), cases.lengths).flatten(0, -2).log_softmax(-1)
        codes = cases.codes.flatten().to(device)
        # A case weighs as its class does. torch's own smoothing weighs each class that it smooths
        # to, so that all cases are drawn to a class of a large weight.
        weight = weights[codes.clamp(min=0)] * (codes >= 0)
        weight = weight / weight.sum().clamp(min=1e-9)
        right = logs.gather(1, codes.clamp(min=0)[:, None])[:, 0]
        return -((1 - smooth) * right + smooth * logs.mean(-1)) @ weight

    def validate(self) -> float:
        """The cross-entropy of the averaged probabilities, in nats."""
        total = 0.0
        for index in chunks(self.validation.lengths):
            loss = self._cross_entropy(self._recurrent, self.validation.rows(index), 0.0)
            total += loss.item() * len(index)
        return total / len(self.validation)
