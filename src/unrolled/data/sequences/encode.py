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
from unrolled.data.sequences.symbols import aligned, seen
from unrolled.errors import DataError

SHOWN = 12  # unknown symbols that are named
ODD_LENGTH = 4  # times nine tenths of the sequences: a longer one is no measure of time


@dataclass(frozen=True, eq=False)
class SequencePreprocessor:
    """How sequences become inputs and labels become codes, fitted on the training part.

    scaler: mean and standard deviation of each feature over the time steps of the training part.
    masked: whether the training part misses any value; then each feature has a column beside it
        that says where it is missing.
    classes: (C,) the labels, sorted; per_step: whether each time step has its own.
    longest: T of the longest sequence, by which time is measured; of those up to four times as
        long as nine tenths of them, since one odd recording is no measure for the others.
    own: whether each sequence is then scaled once more, by its own mean and deviation: where the
        level and the size of a sequence say nothing of its class.
    short: the lower quartile of T; longer strides would leave nothing of such sequences.
    symbols: whether the features are the symbols of texts; those of the training part then.
    """

    scaler: Scaler
    masked: bool
    classes: np.ndarray
    per_step: bool
    longest: int
    short: int
    own: bool = False
    symbols: bool = False

    @classmethod
    def fit(cls, sequences: Sequences) -> SequencePreprocessor:
        """Fit on the training part; DataError when it has fewer than two classes."""
        sequences.check_classes()
        values, lengths = sequences.values, sequences.lengths
        names = sequences.features or [f"feature {d}" for d in range(values.shape[1])]
        scaler = _of_symbols(sequences) if sequences.symbols else Scaler.fit(values, names=names)
        return cls(
            scaler,
            bool(np.isnan(values).any()),
            sequences.classes,
            sequences.per_step,
            int(lengths[lengths <= ODD_LENGTH * _quantile(lengths, 0.9)].max()),
            _quantile(lengths, 0.25),
            symbols=sequences.symbols,
        )

    @property
    def width(self) -> int:
        """D', the number of inputs: the features, then their masks."""
        return len(self.scaler.names) * (1 + self.masked)

    def inputs(self, sequences: Sequences) -> np.ndarray:
        """Scaled (N, D') float32 without NaN, the sequences one after the other.

        A missing value becomes the last one before it, or the training mean; its mask is 1.
        """
        self.check_features(sequences)
        given = sequences.values
        if sequences.symbols:
            given = aligned(given, sequences.features, self.scaler.names)
        values = self.scaler.transform(given).astype(np.float32)
        filled: np.ndarray = np.nan_to_num(carry_forward(values, sequences.offsets))
        if self.own:
            filled = _by_themselves(filled, sequences.lengths)
        if not self.masked:
            return filled
        return np.concatenate([filled, np.isnan(values).astype(np.float32)], axis=1)

    def check_features(self, sequences: Sequences) -> None:
        """DataError unless the sequences have the features of the training part."""
        if sequences.symbols and self.symbols:
            return
        if sequences.symbols:
            raise DataError("the model was fitted on numbers, got texts")
        got, expected = sequences.values.shape[1], len(self.scaler.names)
        if got != expected:
            kind = "symbols of texts" if self.symbols else "features"
            raise DataError(f"the model was fitted on {expected} {kind}, got {got} features")
        if sequences.features and sequences.features != self.scaler.names:
            odd = [name for name in self.scaler.names if name not in sequences.features]
            what = f"{odd[0]!r} is missing" if odd else "they come in another order"
            raise DataError(f"the model was fitted on {', '.join(self.scaler.names)}; {what}")

    def unknown(self, sequences: Sequences) -> str | None:
        """A sentence about the symbols that the training part lacks; None where there are none."""
        if not (self.symbols and sequences.symbols):
            return None
        there = seen(sequences.values, sequences.features)
        odd = [symbol for symbol in there if symbol not in self.scaler.names]
        if not odd:
            return None
        places = [sequences.features.index(symbol) for symbol in odd]
        count = int(sequences.values[:, places].sum())
        named = ", ".join(map(repr, odd[:SHOWN])) + ", ..." * (len(odd) > SHOWN)
        return (
            f"symbols that training does not have, read as all zeros: {named} ({count:,} of "
            f"{len(sequences.values):,} steps)"
        )

    def codes(self, sequences: Sequences) -> np.ndarray:
        """Each label as its index in ``classes``, int64 of the shape of ``targets``; -1 for none.

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
        labels = sequences.targets[known].tolist()
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
            "short": self.short,
            "own": self.own,
            "symbols": self.symbols,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> SequencePreprocessor:
        """The preprocessor that ``to_dict`` wrote."""
        scaler = Scaler.from_dict(state["scaler"])
        classes = np.array(state["classes"])
        if len(classes) < 2:
            raise ValueError("classes: expected two or more")
        longest = state["longest"]
        short = state.get("short", longest)  # runs of before knew the longest alone
        symbols = state.get("symbols", False)
        own = state.get("own", False)
        return cls(
            scaler, state["masked"], classes, state["per_step"], longest, short, own, symbols
        )


def _by_themselves(values: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Each sequence of (N, D) less its mean, over its deviation where it has one; float32."""
    begins, counts = lengths.cumsum() - lengths, lengths[:, None]
    means = np.add.reduceat(values, begins, dtype=np.float64) / counts
    centred = values - np.repeat(means, lengths, axis=0)
    deviations = np.sqrt(np.add.reduceat(centred**2, begins) / counts)
    deviations = np.where(deviations > 1e-6, deviations, 1.0)
    found: np.ndarray = (centred / np.repeat(deviations, lengths, axis=0)).astype(np.float32)
    return found


def _of_symbols(sequences: Sequences) -> Scaler:
    """The symbols that occur, each left as it is: a rare one is not to weigh more than others."""
    names = seen(sequences.values, sequences.features)
    return Scaler(np.zeros(len(names)), np.ones(len(names)), names)


def _quantile(lengths: np.ndarray, share: float) -> int:
    """The length that a share of the sequences does not exceed; one that occurs."""
    return int(np.quantile(lengths, share, method="lower"))
