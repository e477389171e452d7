"""Windows over a table: the lookback that goes in, the horizon that is to come out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import torch
from torch.utils.data import Dataset, TensorDataset

from unrolled.data.table.split import Part
from unrolled.data.table.table import Table
from unrolled.errors import DataError, SettingsError

Array = TypeVar("Array")  # np.ndarray or torch.Tensor


class Batch(NamedTuple, Generic[Array]):
    """A batch of B windows: T lookback steps, D features, F horizon steps, K targets."""

    inputs: Array  # (B, T, D)
    future: Array | None  # (B, F, Dk): future covariates and the like
    targets: Array  # (B, F, K), NaN where missing

    def tensors(self, device: str | torch.device = "cpu") -> Batch[torch.Tensor]:
        """The same as float32 tensors; on the CPU they share the memory of the arrays."""
        moved = [None if a is None else torch.as_tensor(a).to(device) for a in self]
        return Batch(*moved)  # type: ignore[arg-type]  # None stays only where future was None


class Windows(Dataset[tuple[torch.Tensor, ...]]):
    """All windows of T lookback rows and F horizon rows, gathered by index when asked for.

    A window is named by its cutoff ``c``, its first target row: ``inputs = values[c - T : c]``,
    ``targets = targets[c : c + F]`` and ``future = future[c : c + F]``. The targets lie wholly in
    ``part``; the lookback may reach into the part before it, never into another series.

    ``values`` is (N, D), (N,), a list of series of such shapes, or a Table (its targets, past and
    future covariates that are numbers, unscaled). ``targets`` (N, K) are the values themselves by
    default, or the target columns of a Table. Float32 arrays are used without a copy; others are
    converted once.

    As a torch Dataset, ``windows[i]`` is ``(inputs, targets)``, or ``(inputs, future, targets)``
    where there is a ``future``.

    Raises SettingsError for a lookback, horizon or stride below 1, DataError for arrays that do not
    fit each other, and for a series with too few rows for one window; with ``skip_short`` such a
    series has no window, unless all are too short.

    >>> windows = Windows(np.arange(10.0), lookback=3, horizon=2)
    >>> windows.batch([0, 5]).inputs[:, :, 0].tolist()
    [[0.0, 1.0, 2.0], [5.0, 6.0, 7.0]]
    """

    def __init__(
        self,
        values: np.ndarray | Sequence[np.ndarray] | Table,
        *,
        lookback: int,
        horizon: int,
        targets: np.ndarray | Sequence[np.ndarray] | None = None,
        future: np.ndarray | Sequence[np.ndarray] | None = None,
        part: Part | None = None,
        stride: int = 1,
        skip_short: bool = False,
    ) -> None:
        for name, number in (("lookback", lookback), ("horizon", horizon), ("stride", stride)):
            if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
                raise SettingsError(f"windows: {name} must be a whole number >= 1, got {number!r}")
        self.lookback, self.horizon, self.stride = int(lookback), int(horizon), int(stride)
        self.values, self.targets, self.future, whole = _arrays(values, targets, future)
        self.part = whole if part is None else part
        if self.part.offsets[-1] != len(self.values):
            raise DataError(
                f"windows: the {self.part.name} part was cut from {self.part.offsets[-1]} rows, "
                f"got {len(self.values)}"
            )
        self._first, counts = _ranges(self.part, self.lookback, self.horizon, self.stride)
        short = np.flatnonzero(counts < 1)
        if len(short) and (not skip_short or len(short) == len(counts)):
            raise DataError(too_short(self.part, self.lookback, self.horizon, short))
        counts = np.maximum(counts, 0)
        # A cutoff is computed from its index: storing them would cost a quarter of the table.
        self._before = np.concatenate(([0], np.cumsum(counts)))

    def __len__(self) -> int:
        return int(self._before[-1])

    @property
    def cutoffs(self) -> np.ndarray:
        """The first target row of every window: int64, shape (n,), computed on each call."""
        return self.places(np.arange(len(self)))[0]

    @property
    def series(self) -> np.ndarray:
        """Which series each window belongs to: int64, shape (n,), computed on each call."""
        return self.places(np.arange(len(self)))[1]

    def places(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The first target row and the series of windows with these indices: (B,) each."""
        series = np.searchsorted(self._before, indices, side="right") - 1
        return self._first[series] + (indices - self._before[series]) * self.stride, series

    def batch(self, indices: np.ndarray | torch.Tensor | Sequence[int]) -> Batch[np.ndarray]:
        """Gather the windows with these indices (B,), negative ones counting from the end.

        Raises IndexError for an index outside the windows.
        """
        index = np.asarray(indices, dtype=np.int64).reshape(-1)
        index = np.where(index < 0, index + len(self), index)
        if len(index) and (index.min() < 0 or index.max() >= len(self)):
            raise IndexError(f"windows: index {np.asarray(indices).max()} of {len(self)} windows")
        cutoffs, _ = self.places(index)
        return Batch(
            _gather(self.values, cutoffs - self.lookback, self.lookback),
            None if self.future is None else _gather(self.future, cutoffs, self.horizon),
            _gather(self.targets, cutoffs, self.horizon),
        )

    def numpy(self) -> Batch[np.ndarray]:
        """All windows as float32 arrays; T times the memory of the table."""
        return self.batch(np.arange(len(self)))

    def tensors(self, device: str | torch.device = "cpu") -> Batch[torch.Tensor]:
        """All windows as float32 tensors; T times the memory of the table."""
        return self.numpy().tensors(device)

    def tensor_dataset(self) -> TensorDataset:
        """All windows as a TensorDataset of inputs, future (where there is one) and targets."""
        return TensorDataset(*(t for t in self.tensors() if t is not None))

    def __getitem__(self, index: int) -> tuple[torch.Tensor, ...]:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[tuple[torch.Tensor, ...]]:
        """What DataLoader asks for: a whole batch is gathered at once."""
        tensors = [t for t in self.batch(indices).tensors() if t is not None]
        return list(zip(*tensors, strict=True))

    def __repr__(self) -> str:
        future = "" if self.future is None else f", future {self.future.shape[1]} features"
        return (
            f"{len(self)} windows of the {self.part.name} part: "
            f"inputs ({self.lookback} steps, {self.values.shape[1]} features){future}, "
            f"targets ({self.horizon} steps, {self.targets.shape[1]} targets)"
        )


def _gather(array: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """The rows ``start : start + length`` of each start: (B, length, D), one fancy index.

    The window view costs no memory. It is made anew each time because pickling it (a DataLoader
    with workers that are spawned) would write out every window.
    """
    view = np.lib.stride_tricks.sliding_window_view(array, length, axis=0)
    gathered: np.ndarray = view.transpose(0, 2, 1)[starts]
    return gathered


def _ranges(part: Part, lookback: int, horizon: int, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """The first cutoff of each series and its number of windows."""
    first = np.maximum(part.rows[:, 0], part.offsets[:-1] + lookback)
    return first, (part.rows[:, 1] - horizon - first) // stride + 1


def too_short(part: Part, lookback: int, horizon: int, short: np.ndarray) -> str:
    """In words why the first of some series (n,) has no window."""
    s = int(short[0])
    name = f"series {part.names[s]!r}" if part.names[s] else "the series"
    (start, end), begin = part.rows[s], part.offsets[s]
    others = f" ({len(short) - 1} more series are too short)" if len(short) > 1 else ""
    if start - begin >= lookback:
        need, why = horizon, f"horizon {horizon}"
    else:
        need, why = begin + lookback + horizon - start, f"lookback {lookback} + horizon {horizon}"
        if start > begin:
            why += f", {start - begin} rows lie before it"
    where = "has" if part.name == "whole" else f"has in its {part.name} part"
    return f"windows: {name} {where} {end - start} rows, {need} are needed ({why}){others}"


def _arrays(
    values: np.ndarray | Sequence[np.ndarray] | Table,
    targets: np.ndarray | Sequence[np.ndarray] | None,
    future: np.ndarray | Sequence[np.ndarray] | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, Part]:
    names: Sequence[str] | None = None
    if isinstance(values, Table):
        names, lengths = values.names, np.diff(values.offsets).tolist()
        roles = values.roles
        if targets is None and roles.target:
            targets = _columns(values, roles.target)
        rows = _columns(values, (*roles.target, *(roles.past or ()), *roles.future))
    else:
        rows, lengths = _join("values", values)
    joined = [rows]
    for name, array in (("targets", targets), ("future", future)):
        one = rows if array is None else _join(name, array)[0]
        if len(one) != len(rows):
            raise DataError(f"windows: values have {len(rows)} rows, {name} {len(one)}")
        joined.append(one)
    names = [""] if names is None and len(lengths) == 1 else names
    part = Part.whole(lengths, names)
    return joined[0], joined[1], None if future is None else joined[2], part


def _join(name: str, array: np.ndarray | Sequence[np.ndarray]) -> tuple[np.ndarray, list[int]]:
    """One float32 array (N, D) of one series, or of several one after the other."""
    if isinstance(array, np.ndarray) or (len(array) and np.ndim(array[0]) == 0):
        return _matrix(name, array), [len(array)]
    parts = [_matrix(f"{name}[{i}]", one) for i, one in enumerate(array)]
    widths = [part.shape[1] for part in parts]
    for i, width in enumerate(widths):
        if width != widths[0]:
            raise DataError(f"windows: {name}[{i}] has {width} features, {name}[0] has {widths[0]}")
    if not parts:
        raise DataError(f"windows: {name} is an empty list, expected at least one series")
    return np.concatenate(parts), [len(part) for part in parts]


def _matrix(name: str, array: object) -> np.ndarray:
    try:
        matrix = np.asarray(array, dtype=np.float32)
    except (TypeError, ValueError):
        raise DataError(f"windows: {name} must hold numbers, got something else") from None
    if matrix.ndim == 1:
        matrix = matrix[:, None]
    if matrix.ndim != 2:
        raise DataError(
            f"windows: {name} must be (rows, features), got an array of shape {matrix.shape}"
        )
    return matrix


def _columns(table: Table, names: Sequence[str]) -> np.ndarray:
    numbers = [name for name in names if table.columns[name].dtype != object]
    values = np.empty((len(table.times), len(numbers)), dtype=np.float32)
    for i, name in enumerate(numbers):
        values[:, i] = table.columns[name]
    return values
