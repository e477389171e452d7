"""Preprocess sequences for a network: scaled inputs, masks of missing values, class codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from unrolled.data.fill import carry_forward
from unrolled.data.scale import Scaler
from unrolled.data.sequences.sequences import Sequences
from unrolled.errors import DataError


@dataclass(frozen=True, eq=False)
class SequencePreprocessor:
    """How sequences become inputs and labels become codes, fitted on the training part.

    scaler: mean and standard deviation of each feature over the time steps of the training part.
    masked: whether the training part misses any value; then each feature has a column beside it
        that says where it is missing.
    classes: (C,) the labels, sorted; per_step: whether each time step has its own.
    longest: T of the longest sequence.
    """

    scaler: Scaler
    masked: bool
    classes: np.ndarray
    per_step: bool
    longest: int

    @classmethod
    def fit(cls, sequences: Sequences) -> SequencePreprocessor:
        """Fit on the training part.

        DataError when it has fewer than two classes, or a label that is no text or number.
        """
        steps = _real_steps(sequences)
        names = sequences.features or [f"feature {d}" for d in range(sequences.inputs.shape[2])]
        scaler = Scaler.fit(sequences.inputs[steps], names=names)
        missing = bool(np.isnan(sequences.inputs[steps]).any())
        sequences.check_classes()
        for label in sequences.classes.tolist():
            if not isinstance(label, str | int | float):
                kind = type(label).__name__
                raise DataError(f"labels: expected texts or numbers, got {label!r}, a {kind}")
        return cls(
            scaler, missing, sequences.classes, sequences.per_step, int(sequences.lengths.max())
        )

    @property
    def width(self) -> int:
        """D', the number of inputs: the features, then their masks."""
        return len(self.scaler.names) * (1 + self.masked)

    def inputs(self, sequences: Sequences) -> np.ndarray:
        """Scaled (B, T, D') float32 without NaN.

        A missing value becomes the last one before it, or the training mean; its mask is 1.
        """
        self.check_features(sequences)
        values = self.scaler.transform(sequences.inputs).astype(np.float32, copy=False)
        batch, steps, width = values.shape
        flat = carry_forward(values.reshape(-1, width), np.arange(batch + 1) * steps)
        filled: np.ndarray = np.nan_to_num(flat.reshape(values.shape))
        if not self.masked:
            return filled
        return np.concatenate([filled, np.isnan(values).astype(np.float32)], axis=2)

    def check_features(self, sequences: Sequences) -> None:
        """DataError unless the sequences have the features of the training part."""
        got, expected = sequences.inputs.shape[2], len(self.scaler.names)
        if got != expected:
            raise DataError(f"the model was fitted on {expected} features, got {got}")
        if sequences.features and sequences.features != self.scaler.names:
            odd = [name for name in self.scaler.names if name not in sequences.features]
            what = f"{odd[0]!r} is missing" if odd else "they come in another order"
            raise DataError(f"the model was fitted on {', '.join(self.scaler.names)}; {what}")

    def codes(self, sequences: Sequences) -> np.ndarray:
        """Each label as its index in ``classes``, int64 of the shape of the labels; -1 for none.

        DataError names a label that does not occur in training, and a sequence without one.
        """
        if sequences.per_step != self.per_step:
            kinds = ("one label for each sequence", "one label for each time step")
            raise DataError(
                f"the model was fitted on {kinds[self.per_step]}, got {kinds[sequences.per_step]}"
            )
        places: dict[Any, int] = {label: i for i, label in enumerate(self.classes.tolist())}
        known = sequences.known
        if not (known.any() if self.per_step else known.all()):
            first = sequences.name(int(known.argmin()))
            who = f"sequence {first!r} has" if known.any() else "the sequences have"
            raise DataError(f"labels: {who} none ({sequences.source})")
        labels = sequences.labels[known].tolist()
        unseen = [label for label in labels if label not in places]
        if unseen:
            raise DataError(self._unseen(unseen))
        codes = np.full(known.shape, -1, dtype=np.int64)
        codes[known] = [places[label] for label in labels]
        return codes

    def _unseen(self, labels: list[Any]) -> str:
        names = [str(label) for label in self.classes.tolist()]
        near = get_close_matches(str(labels[0]), names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names[:12])}"
        others = len(set(labels)) - 1
        more = f" (and {others} more)" if others else ""
        return f"labels: {labels[0]!r}{more} does not occur in training; {hint}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "scaler": self.scaler.to_dict(),
            "masked": self.masked,
            "classes": self.classes.tolist(),
            "per_step": self.per_step,
            "longest": self.longest,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> SequencePreprocessor:
        """The preprocessor that ``to_dict`` wrote."""
        scaler = Scaler.from_dict(state["scaler"])
        classes = np.array(state["classes"])
        return cls(scaler, state["masked"], classes, state["per_step"], state["longest"])


def _real_steps(sequences: Sequences) -> np.ndarray:
    """(B, T) bool: the time steps before the end of each sequence."""
    steps = np.arange(sequences.inputs.shape[1])
    return np.asarray(steps[None] < sequences.lengths[:, None])
