"""Sequences of different lengths, checked one by one, before they are packed into one array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from unrolled.data.sequences.nested import LARGEST, kind
from unrolled.errors import DataError

Labels = np.ndarray | list[list[Any]] | None
FINE = 1024.0  # up to here float32 is off by 3e-5 at most


@dataclass(frozen=True)
class Ragged:
    """B sequences and their labels.

    values: B arrays (T, D), NaN where missing; float32, or float64 as `narrowed` says.
    labels: (B,), or B lists with one label (or None) per step, or None where they are not known.
    """

    values: list[np.ndarray]
    labels: Labels
    names: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    source: str = "arrays"
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, inputs: Any, labels: Any = None) -> Ragged:
        """Check arrays or lists; DataError names the first sequence that does not fit."""
        if isinstance(inputs, str) or not hasattr(inputs, "__len__"):
            raise DataError(f"sequences: inputs is {kind(inputs)}, expected a list of sequences")
        if not len(inputs):
            raise DataError("sequences: expected at least one sequence, got none")
        values = [_one(x, f"sequence {b}") for b, x in enumerate(inputs)]
        for b, x in enumerate(values):
            if x.shape[1] != values[0].shape[1]:
                raise DataError(
                    f"sequences: sequence {b} has {x.shape[1]} features, "
                    f"sequence 0 has {values[0].shape[1]}"
                )
        return cls(values, None if labels is None else check(labels, values))


def narrowed(values: np.ndarray) -> np.ndarray:
    """float64 as float32, unless that would round large numbers.

    Unix seconds and metres of a map differ in digits that float32 does not have: they stay as they
    are until they are scaled.

    >>> narrowed(np.array([0.1, 2048.0])).dtype, narrowed(np.array([1.7e9 + 1])).dtype
    (dtype('float32'), dtype('float64'))
    """
    with np.errstate(over="ignore"):
        short = values.astype(np.float32)
    large = np.abs(values) > FINE
    return short if (short[large] == values[large]).all() else values


def infinite(values: np.ndarray) -> np.ndarray:
    """Where a number is infinite, or so large that float32 has none for it."""
    return np.asarray(np.abs(values) > LARGEST)


def _one(x: Any, place: str) -> np.ndarray:
    """One sequence as (T, D)."""
    try:
        values = narrowed(np.asarray(x, dtype=np.float64))
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


def check(labels: Any, values: list[np.ndarray]) -> Labels:
    """Labels as they are kept; DataError when they are not one per sequence or one per step."""
    if isinstance(labels, str) or not hasattr(labels, "__len__"):
        raise DataError(f"labels: got {kind(labels)}, expected one label for each sequence")
    if len(labels) != len(values):
        raise DataError(
            f"labels: got {len(labels)} for {len(values)} sequences, expected one for each"
        )
    given = labels.tolist() if hasattr(labels, "tolist") else list(labels)
    nested = [isinstance(label, list | tuple | np.ndarray) for label in given]
    if not any(nested):
        for b, label in enumerate(given):
            if _absent(label):
                raise DataError(f"labels: sequence {b} has none")
        return _column(given, labels)
    rows = []
    for b, (label, many) in enumerate(zip(given, nested, strict=True)):
        if not many or len(label) != len(values[b]):
            got = f"{len(label)} labels" if many else "one label"
            raise DataError(
                f"labels: sequence {b} has {len(values[b])} time steps and {got}, "
                "expected one for each step"
            )
        steps = label.tolist() if isinstance(label, np.ndarray) else list(label)
        rows.append([None if _absent(one) else one for one in steps])
    _column([one for row in rows for one in row if one is not None], None)
    return rows


def _absent(label: Any) -> bool:
    return label is None or (isinstance(label, float) and label != label)


def _column(given: list[Any], labels: Any) -> np.ndarray:
    """An array of numbers or of texts; DataError when labels mix the two."""
    texts = [isinstance(label, str) for label in given]
    if any(texts) and not all(texts):
        text, number = given[texts.index(True)], given[texts.index(False)]
        raise DataError(f"labels: expected all texts or all numbers, got {text!r} and {number!r}")
    kept = labels if isinstance(labels, np.ndarray) and labels.dtype != object else given
    column = np.asarray(kept)
    if column.dtype == object or column.ndim != 1:
        raise DataError(f"labels: expected texts or numbers, got {kind(given[0])}")
    return column
