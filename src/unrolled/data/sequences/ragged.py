"""Sequences of different lengths, checked one by one, before they are packed into one array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from unrolled.data.scale import infinite
from unrolled.data.sequences.labels import Labels, check
from unrolled.data.sequences.nested import kind
from unrolled.data.sequences.symbols import are_texts, one_hot
from unrolled.errors import DataError


@dataclass(frozen=True)
class Ragged:
    """B sequences and their labels.

    values: B arrays (T, D) float64, NaN where missing.
    labels: (B,), or B lists with one label (or None) per step, or None where they are not known.
    """

    values: list[np.ndarray]
    labels: Labels
    names: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    source: str = "arrays"
    notes: tuple[str, ...] = ()
    symbols: bool = False  # whether the features are symbols, of which each step is one

    @classmethod
    def of(cls, inputs: Any, labels: Any = None) -> Ragged:
        """Check arrays or lists; DataError names the first sequence that does not fit."""
        if isinstance(inputs, str) or not hasattr(inputs, "__len__"):
            raise DataError(f"sequences: inputs is {kind(inputs)}, expected a list of sequences")
        if not len(inputs):
            raise DataError("sequences: expected at least one sequence, got none")
        if are_texts(inputs):
            return cls._of_texts(inputs, labels)
        values = [_one(x, f"sequence {b}") for b, x in enumerate(inputs)]
        for b, x in enumerate(values):
            if x.shape[1] != values[0].shape[1]:
                turned = len(x) == len(values[0])  # features before time, of unlike lengths
                hint = "; say layout='BDT' where features come before time" * turned
                raise DataError(
                    f"sequences: sequence {b} has {x.shape[1]} features, "
                    f"sequence 0 has {values[0].shape[1]}{hint}"
                )
        return cls(values, None if labels is None else check(labels, list(map(len, values))))

    @classmethod
    def _of_texts(cls, texts: Sequence[str], labels: Any) -> Ragged:
        """Texts, of which each symbol is a step."""
        values, symbols = one_hot(list(texts))
        checked = None if labels is None else check(labels, list(map(len, values)))
        return cls(values, checked, features=tuple(symbols), source="texts", symbols=True)

    def trimmed(self) -> Ragged:
        """Without the time steps at the end of which nothing is known: they are padding.

        The first step stays, and one that has a label of its own.
        """
        values = [x[: _end(x)] for x in self.values]
        labels = self.labels
        if isinstance(labels, list):
            ends = [max(len(x), _labelled(row)) for x, row in zip(values, labels, strict=True)]
            values = [x[:end] for x, end in zip(self.values, ends, strict=True)]
            labels = [row[:end] for row, end in zip(labels, ends, strict=True)]
        cut = sum(len(x) < len(old) for x, old in zip(values, self.values, strict=True))
        if not cut:
            return self
        note = f"sequences that end in missing values: {cut:,}; they are taken for shorter"
        return replace(self, values=values, labels=labels, notes=(*self.notes, note))


def _end(values: np.ndarray) -> int:
    """The number of steps up to the last that has a value, at least one."""
    if not np.isnan(values[-1]).all():
        return len(values)
    known = np.flatnonzero(~np.isnan(values).all(axis=1))
    return int(known[-1]) + 1 if len(known) else 1


def _labelled(labels: Sequence[Any]) -> int:
    """The number of steps up to the last that has a label."""
    return max((t for t, label in enumerate(labels, 1) if label is not None), default=0)


def places(lengths: np.ndarray) -> np.ndarray:
    """The number of each time step within its sequence, of all sequences one after the other.

    >>> places(np.array([2, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    begins = lengths.cumsum() - lengths
    return np.asarray(np.arange(int(lengths.sum())) - np.repeat(begins, lengths))


def padded(flat: np.ndarray, lengths: np.ndarray, fill: Any) -> np.ndarray:
    """(N, ...) as (B, T, ...): each sequence in a row of its own, and `fill` behind its end.

    >>> padded(np.array([1, 2, 3]), np.array([1, 2]), 0).tolist()
    [[1, 0], [2, 3]]
    """
    full = np.full((len(lengths), int(lengths.max(initial=1)), *flat.shape[1:]), fill, flat.dtype)
    full[np.arange(full.shape[1]) < lengths[:, None]] = flat
    return full


def _one(x: Any, place: str) -> np.ndarray:
    """One sequence as (T, D)."""
    if isinstance(x, str):
        expected = "expected texts alone, or arrays of numbers alone"
        raise DataError(f"sequences: {place} is {kind(str(x))}; {expected}")
    given = getattr(getattr(x, "dtype", None), "kind", "f")
    if given in "cMm":  # numpy would drop the imaginary part, and count the days
        raise DataError(f"sequences: {place} is of {x.dtype}, expected an array of numbers")
    try:
        values = np.asarray(x, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(
            f"sequences: {place} is not an array of numbers (T, D) or (T,): {_odd(x)}"
        ) from None
    if values.ndim == 0 or values.ndim > 2:
        raise DataError(f"sequences: {place} has the shape {values.shape}, expected (T, D) or (T,)")
    values = values[:, None] if values.ndim == 1 else values
    if not values.shape[0]:
        raise DataError(f"sequences: {place} has length 0, expected at least one time step")
    if not values.shape[1]:
        raise DataError(f"sequences: {place} has no features")
    if infinite(values).any():
        t, d = np.argwhere(infinite(values))[0]
        raise DataError(f"sequences: {place}, time step {t}, feature {d} is infinite")
    return values


def _odd(x: Any) -> str:
    """Why a sequence is not an array of numbers."""
    steps = list(x) if hasattr(x, "__iter__") and not isinstance(x, str) else [x]
    sizes = {len(step) if isinstance(step, list | tuple | np.ndarray) else -1 for step in steps}
    if len(sizes) > 1:
        return "its time steps have different numbers of features"
    flat = [v for step in steps for v in (step if isinstance(step, list | tuple) else [step])]
    return next((f"it holds {kind(v)}" for v in flat if isinstance(v, str)), kind(x))
