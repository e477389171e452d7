"""All that is decided before a classifier is trained: the parts, the preprocessor, the weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from unrolled import files
from unrolled.data.sequences.encode import SequencePreprocessor
from unrolled.data.sequences.findings import findings_of
from unrolled.data.sequences.sequences import Sequences
from unrolled.data.sequences.split import stratified_split
from unrolled.errors import SettingsError
from unrolled.runs.fit import Measured
from unrolled.tasks.classification.augment import Augment
from unrolled.tasks.classification.batches import Cases
from unrolled.tasks.classification.calibrate import (
    Halves,
    calibrate,
    cross_fitted,
    left_out_by,
    unlearned,
)
from unrolled.tasks.classification.evaluate import evaluate, headline
from unrolled.tasks.classification.inference import ClassifierFit
from unrolled.tasks.classification.kernel_classifier import KernelClassifier
from unrolled.tasks.classification.mixture import ClassModel
from unrolled.tasks.classification.network import ClassEnsemble, SequenceShape
from unrolled.tasks.classification.objective import ClassifierObjective
from unrolled.tasks.classification.settings import ClassifierSettings
from unrolled.training import Training
from unrolled.training.progress import Display

FEW = 1000  # so many sequences or fewer are all trained on; of more, a share is validated on
VALIDATION = 0.15
SOME, QUICK = 500, 2000  # sequences and kernel features by which the scaling is chosen
CLEARLY = 0.95  # so much less must the error be
MANY, FEWER = 3000, 4000  # of more sequences, so many kernel features are enough


@dataclass(frozen=True, eq=False)
class ClassifierPlan:
    """A `runs.fit.Plan`: labelled sequences in their parts, and how they become numbers.

    train, validation, test: the sequences of each part (validation may be empty, test None).
    cases: the training part as tensors; weights: (C,) what a mistake on each class costs.
    """

    settings: ClassifierSettings
    training: Training
    preprocessor: SequencePreprocessor
    train: Sequences
    validation: Sequences
    test: Sequences | None
    cases: Cases = field(repr=False)
    weights: Tensor = field(repr=False)

    task: ClassVar[str] = "classification"

    @classmethod
    def of(
        cls,
        given: Sequences,
        settings: ClassifierSettings,
        training: Training,
        *,
        validation: float | None,
        test: Sequences | float | None,
    ) -> ClassifierPlan:
        """Set the parts aside, fit the preprocessor on the training part, check the others."""
        given.check_classes()
        if isinstance(test, int | float):
            given, test = stratified_split(given, test, training.seed, "test")
        share = validation
        if share is None:
            share = VALIDATION if len(given) > FEW else 0
        train, validated = stratified_split(given, share, training.seed, "validation")
        preprocessor = decided_scaling(SequencePreprocessor.fit(train), train, training.seed)
        for part in (validated, test):
            if part is not None and len(part):
                preprocessor.check_features(part)
                preprocessor.codes(part)
        cases = Cases.of(train, preprocessor)
        settings = replace(settings, kernels=decided_kernels(settings.kernels, train))
        weights = class_weights(cases.codes, preprocessor.classes, settings.class_weight)
        return cls(settings, training, preprocessor, train, validated, test, cases, weights)

    @property
    def findings(self) -> dict[str, Any]:
        """What was found in the sequences."""
        found = findings_of(self.train, len(self.validation), self.test)
        unknown = None if self.test is None else self.preprocessor.unknown(self.test)
        return found | {
            "notes": [*found["notes"], *[f"of the test part: {unknown}"] * bool(unknown)]
        }

    def fingerprint(self) -> dict[str, str]:
        """A mark that other sequences or labels would not have, and the split in words."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        there = [part for part in parts.values() if part is not None]
        marks = sorted(mark for part in there for mark in _marks(part))
        sizes = {name: 0 if part is None else len(part) for name, part in parts.items()}
        return {
            "set of sequences": files.digest_of(mark.encode() for mark in marks),
            "split": ", ".join(f"{name} {size} sequences" for name, size in sizes.items()),
        }

    def build(self) -> ClassModel:
        """New networks of these settings."""
        return build(self.settings, self.preprocessor)

    def objective(self, network: ClassModel) -> ClassifierObjective:
        """The losses over the training part."""
        parts = Cases.of(self.validation, self.preprocessor) if len(self.validation) else None
        return ClassifierObjective(
            network, self.cases, parts, self.training, self.weights, Augment(), self.left_out
        )

    @property
    def left_out(self) -> Tensor | None:
        """Which network leaves a training sequence out (B,), where none were set aside."""
        if len(self.validation) or self.preprocessor.per_step:
            return None
        return left_out_by(self.cases.codes, self.settings.ensemble, self.training.seed)

    def finish(self, fit: ClassifierFit, display: Display) -> Measured:
        """Calibrate, then measure the test part, if there is one, once."""
        if not self.preprocessor.per_step:
            calibrate(fit.network, self._unlearned(fit.network), self.weights)
        results = None if self.test is None else evaluate(fit, self.test, self.train)
        return Measured(results, headline(results))

    def _unlearned(self, model: ClassModel) -> Halves:
        """What both halves of a model say of sequences that they have not learned."""
        if self.left_out is None:
            return unlearned(model, Cases.of(self.validation, self.preprocessor))
        return cross_fitted(model, self.cases, self.left_out)


def _marks(part: Sequences) -> Iterator[str]:
    """A mark of each sequence and its label."""
    labels = part.split(part.targets) if part.per_step else part.targets
    for values, label in zip(part.split(part.values), labels, strict=True):
        yield files.digest_of((values.tobytes(), repr(np.asarray(label).tolist()).encode()))


def build(settings: ClassifierSettings, preprocessor: SequencePreprocessor) -> ClassModel:
    """Networks for these settings and classes."""
    shape = shape_of(preprocessor)
    recurrent = ClassEnsemble(shape, settings, preprocessor.per_step)
    kernels = None if not settings.kernels else KernelClassifier(shape, settings.kernels)
    return ClassModel(recurrent, kernels)


def shape_of(preprocessor: SequencePreprocessor) -> SequenceShape:
    """What the networks must know of the sequences."""
    features, classes = len(preprocessor.scaler.names), len(preprocessor.classes)
    longest, short = preprocessor.longest, preprocessor.short
    return SequenceShape(features, preprocessor.width, classes, longest, short)


def decided_scaling(
    preprocessor: SequencePreprocessor, train: Sequences, seed: int
) -> SequencePreprocessor:
    """Each sequence scaled by itself too, if kernels and a ridge then err less on ones left out."""
    if preprocessor.per_step:
        return preprocessor
    rows = np.random.default_rng(seed).permutation(len(train))[:SOME]
    some = train.select(np.sort(rows))
    both = [preprocessor, replace(preprocessor, own=True)]
    errors = [left_out_error(each, some, seed) for each in both]
    return both[errors[1] < CLEARLY * errors[0]]


def left_out_error(preprocessor: SequencePreprocessor, sequences: Sequences, seed: int) -> float:
    """The mean squared error of a ridge over kernel features, each sequence left out once."""
    cases = Cases.of(sequences, preprocessor)
    kernels = KernelClassifier(shape_of(preprocessor), QUICK)
    kernels.fit(cases, torch.ones(len(preprocessor.classes)), seed)
    assert kernels.left_out is not None
    return kernels.left_out.error


def decided_kernels(wanted: int, train: Sequences) -> int:
    """How many kernel features: fewer for many sequences, none for labels per step."""
    if train.per_step:
        return 0
    return wanted if len(train) <= MANY else min(wanted, FEWER)


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
