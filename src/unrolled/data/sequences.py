"""Sequences built by hand from nested lists: the beginner's way to a tensor."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import TensorDataset

from unrolled.errors import DataError

LEVELS = ("sequences", "time steps", "features")
LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False, repr=False)
class Sequences:
    """B sequences of T time steps with D features, and one label for each.

    >>> sequences = Sequences.from_lists(
    ...     [[[1, 2], [2, 3], [3, 4]], [[5, 6], [6, 7], [7, 8]]], labels=[10, 20]
    ... )
    >>> sequences.describe()
    inputs (2, 3, 2), labels (2,)
      axis 0  batch         2  sequences, each with one label
      axis 1  time steps    3  in each sequence, read one after the other
      axis 2  features      2  numbers at each time step
    """

    inputs: np.ndarray  # (B, T, D) float32
    labels: np.ndarray  # (B,) float32

    @classmethod
    def from_lists(cls, inputs: Sequence[Any], labels: Sequence[Any]) -> Sequences:
        """Build from lists nested feature in time step in batch, and a label per sequence.

        ``inputs[b][t][d]`` is feature ``d`` at time step ``t`` of sequence ``b``. Raises DataError
        that names the place of anything empty, ragged, nested too little or too deep, of a value
        that is not a finite number, and of a number of labels that differs from the sequences.
        """
        _check_list(inputs, "inputs", 0)
        for b, sequence in enumerate(inputs):
            _check_list(sequence, f"inputs[{b}]", 1)
            _check_size(f"inputs[{b}]", len(sequence), "inputs[0]", len(inputs[0]), "time steps")
            for t, step in enumerate(sequence):
                place = f"inputs[{b}][{t}]"
                _check_list(step, place, 2)
                _check_size(place, len(step), "inputs[0][0]", len(inputs[0][0]), "features")
                for d, value in enumerate(step):
                    _check_number(value, f"{place}[{d}]")
        _check_labels(labels, len(inputs))
        return cls(np.array(inputs, dtype=np.float32), np.array(labels, dtype=np.float32))

    def __len__(self) -> int:
        return len(self.inputs)

    def numpy(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (B, T, D) and labels (B,) as float32 arrays."""
        return self.inputs, self.labels

    def tensors(self, device: str | torch.device = "cpu") -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs (B, T, D) and labels (B,) as FloatTensors."""
        return torch.tensor(self.inputs, device=device), torch.tensor(self.labels, device=device)

    def tensor_dataset(self) -> TensorDataset:
        """The pairs of one sequence (T, D) and its label, ready for a DataLoader."""
        return TensorDataset(*self.tensors())

    def describe(self) -> None:
        """Print the three axes by name, with their sizes."""
        print(self)

    def __repr__(self) -> str:
        batch, steps, features = self.inputs.shape
        return (
            f"inputs {self.inputs.shape}, labels {self.labels.shape}\n"
            f"  axis 0  batch       {batch:>3}  sequences, each with one label\n"
            f"  axis 1  time steps  {steps:>3}  in each sequence, read one after the other\n"
            f"  axis 2  features    {features:>3}  numbers at each time step"
        )


def _check_list(value: Any, place: str, level: int) -> None:
    if not isinstance(value, list | tuple | np.ndarray):
        hint = ""
        if level == 2 and isinstance(value, numbers.Real):
            hint = f"; one feature is written [{value}]"
        raise DataError(
            f"sequences: {place} is {_kind(value)}, expected a list of {LEVELS[level]}{hint}"
        )
    if len(value) == 0:
        raise DataError(f"sequences: {place} is an empty list, expected {LEVELS[level]}")


def _check_size(place: str, size: int, first: str, expected: int, what: str) -> None:
    if size != expected:
        what = what if size != 1 else what.removesuffix("s")
        raise DataError(f"sequences: {place} has {size} {what}, {first} has {expected}")


def _check_labels(labels: Any, batch: int) -> None:
    if not isinstance(labels, list | tuple | np.ndarray):
        raise DataError(f"sequences: labels is {_kind(labels)}, expected a list of numbers")
    if len(labels) == 0:
        raise DataError(f"sequences: labels is an empty list, expected {batch}, one per sequence")
    if len(labels) != batch:
        raise DataError(
            f"sequences: labels has {len(labels)} for a batch of {batch}, expected one per sequence"
        )
    for b, label in enumerate(labels):
        _check_number(label, f"labels[{b}]")


def _check_number(value: Any, place: str) -> None:
    if not isinstance(value, int | float | np.integer | np.floating | np.bool_):
        raise DataError(f"sequences: {place} is {_kind(value)}, expected a number")
    if not -LARGEST <= value <= LARGEST:
        word = "infinite" if abs(value) == math.inf else f"beyond float32 (±{LARGEST:.3g})"
        word = "NaN (not a number)" if value != value else word
        raise DataError(f"sequences: {place} is {word}, expected a finite number")


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return f"the text {value!r}"
    if isinstance(value, numbers.Real):
        return f"the number {value}"
    if isinstance(value, list | tuple | np.ndarray):
        return f"a list of {len(value)}"
    return "None" if value is None else f"a {type(value).__name__}"
