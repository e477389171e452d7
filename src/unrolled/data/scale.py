"""Standardise columns to mean 0 and standard deviation 1, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from unrolled.errors import DataError

LARGEST = float(np.finfo(np.float32).max)


def infinite(values: np.ndarray) -> np.ndarray:
    """Where a number is infinite, or so large that float32 has none for it."""
    return np.asarray(np.abs(values) > LARGEST)


@dataclass(frozen=True, eq=False, repr=False)
class Scaler:
    """Mean and standard deviation of D columns, fitted on training rows only.

    >>> scaler = Scaler.fit(np.array([[1.0], [3.0], [99.0]]), np.array([True, True, False]))
    >>> scaler.transform(np.array([[1.0], [3.0]])).tolist()
    [[-1.0], [1.0]]
    """

    mean: np.ndarray  # (D,) float64
    std: np.ndarray  # (D,) float64, above 0
    names: tuple[str, ...]

    @classmethod
    def fit(
        cls,
        values: np.ndarray | Mapping[str, np.ndarray],
        rows: np.ndarray | None = None,
        names: Sequence[str] | None = None,
    ) -> Scaler:
        """Fit on the rows that ``rows`` (bool, shape (N,)) marks; None takes all of them.

        ``values`` is (N, D), or a mapping from column name to (N,). NaN is ignored and a constant
        column gets the deviation 1. Raises DataError for a column without any finite value in
        these rows, or with one that is infinite or beyond float32.
        """
        if isinstance(values, Mapping):
            columns = list(values.values())
            names = tuple(values)
        else:
            columns = list(values.T)
            names = tuple(names or map(str, range(len(columns))))
        moments = [
            _moments(name, column if rows is None else column[rows])
            for name, column in zip(names, columns, strict=True)
        ]
        mean, std = np.array(moments, dtype=np.float64).reshape(-1, 2).T
        return cls(mean, std, names)

    def transform(self, values: np.ndarray, axis: int = -1) -> np.ndarray:
        """Scale values whose axis ``axis`` has the D columns; float32 stays float32."""
        mean, std = self._along(values, axis)
        scaled: np.ndarray = (_floats(values) - mean) / std
        return scaled

    def inverse(self, values: np.ndarray, axis: int = -1) -> np.ndarray:
        """Bring scaled values back to their unit: the inverse of ``transform``, to rounding."""
        mean, std = self._along(values, axis)
        original: np.ndarray = _floats(values) * std + mean
        return original

    def _along(self, values: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
        if values.ndim == 0 or values.shape[axis] != len(self.mean):
            raise DataError(
                f"scale: expected {len(self.mean)} columns on axis {axis}, "
                f"got an array of shape {values.shape}"
            )
        shape = [1] * values.ndim
        shape[axis] = -1
        dtype = _floats(values).dtype
        return self.mean.reshape(shape).astype(dtype), self.std.reshape(shape).astype(dtype)

    def to_dict(self) -> dict[str, Any]:
        """The scaler as JSON-able values; ``from_dict`` gives the same bits back."""
        return {"names": list(self.names), "mean": self.mean.tolist(), "std": self.std.tolist()}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Scaler:
        """The scaler that ``to_dict`` wrote."""
        mean, std = np.asarray(state["mean"], float), np.asarray(state["std"], float)
        names = tuple(state["names"])
        if not mean.shape == std.shape == (len(names),) or not (std > 0).all():
            raise ValueError("scaler: expected a mean and a deviation above 0 for each name")
        if not all(isinstance(name, str) for name in names):
            raise TypeError(f"scaler: expected texts as names, got {list(names)}")
        return cls(mean, std, names)

    def describe(self) -> str:
        """One line per column: its name, mean and standard deviation."""
        width = max(map(len, self.names), default=0)
        return "\n".join(
            f"{name:<{width}}  mean {mean:>12.6g}  std {std:>12.6g}"
            for name, mean, std in zip(self.names, self.mean, self.std, strict=True)
        )

    def __repr__(self) -> str:
        return f"Scaler of {len(self.names)} columns\n{self.describe()}"


def _floats(values: np.ndarray) -> np.ndarray:
    return values if np.issubdtype(values.dtype, np.floating) else values.astype(np.float64)


def _moments(name: str, column: np.ndarray) -> tuple[float, float]:
    column = column[~np.isnan(column)].astype(np.float64)
    if len(column) == 0:
        raise DataError(
            f"scale: column {name!r} has no value in the training rows, expected one at least"
        )
    low, high = float(column.min()), float(column.max())
    for value in (low, high):
        if abs(value) > LARGEST:
            raise DataError(
                f"scale: column {name!r} has {value:g} in the training rows, expected numbers "
                f"within float32 (±{LARGEST:.3g})"
            )
    # The mean of equal numbers can miss them by a rounding, so constant is seen by its limits.
    if low == high:
        return low, 1.0
    mean = float(column.mean())
    std = float(np.sqrt(np.mean((column - mean) ** 2)))
    return mean, std if std > 0 else 1.0
