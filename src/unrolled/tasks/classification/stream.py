"""Classify a sequence as it comes, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from unrolled.data.sequences.encode import SequencePreprocessor
from unrolled.data.sequences.sequences import Sequences
from unrolled.tasks.classification.mixture import ClassModel
from unrolled.tasks.classification.network import StepState


@dataclass(frozen=True)
class StepPrediction:
    """The prediction after so many steps: the likeliest label, and the probability of each."""

    steps: int
    label: Any
    probabilities: dict[Any, float]


class LabelStream:
    """Reads one sequence step by step.

    Without `bidirectional` each step costs the same, however many came before: the state is kept.
    With it, or where each sequence is scaled by itself, all steps so far are read again.
    """

    def __init__(self, model: ClassModel, encoder: SequencePreprocessor) -> None:
        self._model, self._encoder = model, encoder
        self._known = np.full(len(encoder.scaler.names), np.nan, dtype=np.float32)
        self._steps: list[np.ndarray] = []
        self._count = 0
        self._state: list[StepState] | None = None
        self._whole = encoder.own or bool(model.recurrent.members()[0].encoder.bidirectional)

    @torch.no_grad()
    def push(self, step: Any) -> StepPrediction:
        """Read one more time step, (D,) numbers or one; NaN is missing. DataError if it misfits."""
        values = Sequences.of_steps(np.asarray(step, dtype=np.float64).reshape(1, -1))
        self._encoder.check_features(values)
        self._count += 1
        scores = self._read_all(values) if self._whole else self._read_one(values)
        shares = scores.double().exp().tolist()
        names = self._encoder.classes.tolist()
        label = names[int(np.argmax(shares))]
        return StepPrediction(self._count, label, dict(zip(names, shares, strict=True)))

    def _read_one(self, values: Sequences) -> torch.Tensor:
        """One step of each network; what is missing is the last value that was known."""
        step = self._encoder.inputs(values)[0]
        width = len(self._known)
        missing = np.isnan(values.values[0])
        step[:width] = np.where(missing, np.nan_to_num(self._known), step[:width])
        self._known = np.where(missing, self._known, step[:width])
        inputs = torch.from_numpy(step)[None].to(self._model.device)
        scores, self._state = self._model.step(inputs, self._state)
        return scores[0].cpu()

    def _read_all(self, values: Sequences) -> torch.Tensor:
        self._steps.append(values.values[0])
        so_far = Sequences.of_steps(np.stack(self._steps))
        inputs = torch.from_numpy(self._encoder.inputs(so_far))[None].to(self._model.device)
        lengths = torch.from_numpy(so_far.lengths)
        run = self._model.scores if self._encoder.per_step else self._model.early
        scores: torch.Tensor = run(inputs, lengths)[0].cpu()
        return scores[-1] if self._encoder.per_step else scores
