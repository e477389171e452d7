"""All that is decided before a classifier is trained: the parts, the preprocessor, the weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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
from unrolled.tasks.classification.evaluate import evaluate, headline
from unrolled.tasks.classification.inference import ClassifierFit
from unrolled.tasks.classification.network import ClassEnsemble, SequenceShape
from unrolled.tasks.classification.objective import ClassifierObjective
from unrolled.tasks.classification.settings import ClassifierSettings
from unrolled.training import Training
from unrolled.training.progress import Display

FEW = 1000  # so many sequences or fewer are all trained on; of more, a share is validated on
VALIDATION = 0.15


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
        preprocessor = SequencePreprocessor.fit(train)
        for part in (validated, test):
            if part is not None and len(part):
                preprocessor.check_features(part)
                preprocessor.codes(part)
        cases = Cases.of(train, preprocessor)
        weights = class_weights(cases.codes, preprocessor.classes, settings.class_weight)
        return cls(settings, training, preprocessor, train, validated, test, cases, weights)

    @property
    def findings(self) -> dict[str, Any]:
        """What was found in the sequences."""
        return findings_of(self.train, len(self.validation), self.test)

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

    def build(self) -> ClassEnsemble:
        """New networks of these settings."""
        return build(self.settings, self.preprocessor)

    def objective(self, network: ClassEnsemble) -> ClassifierObjective:
        """The losses over the training part."""
        parts = Cases.of(self.validation, self.preprocessor) if len(self.validation) else None
        return ClassifierObjective(
            network, self.cases, parts, self.training, self.weights, Augment()
        )

    def finish(self, fit: ClassifierFit, display: Display) -> Measured:
        """Measure the test part, if there is one, once."""
        results = None if self.test is None else evaluate(fit, self.test, self.train)
        return Measured(results, headline(results))


def _marks(part: Sequences) -> Iterator[str]:
    """A mark of each sequence and its label."""
    labels = part.split(part.targets) if part.per_step else part.targets
    for values, label in zip(part.split(part.values), labels, strict=True):
        yield files.digest_of((values.tobytes(), repr(np.asarray(label).tolist()).encode()))


def build(settings: ClassifierSettings, preprocessor: SequencePreprocessor) -> ClassEnsemble:
    """Networks for these settings and classes."""
    features, classes = len(preprocessor.scaler.names), len(preprocessor.classes)
    longest, short = preprocessor.longest, preprocessor.short
    shape = SequenceShape(features, preprocessor.width, classes, longest, short)
    return ClassEnsemble(shape, settings, preprocessor.per_step)


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
