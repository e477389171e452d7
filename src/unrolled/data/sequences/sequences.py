"""Sequences of any lengths in one array, with one label each or one for each time step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import TensorDataset

from unrolled.data.columns.format import GUESSED, Format
from unrolled.data.columns.read import read_columns
from unrolled.data.sequences.files import FILES, read_labelled, says_itself
from unrolled.data.sequences.instances import by_index, in_order, read_nested
from unrolled.data.sequences.labels import check, check_classes
from unrolled.data.sequences.layout import time_first
from unrolled.data.sequences.nested import check_labels, check_list, check_number, check_size
from unrolled.data.sequences.ragged import Ragged, padded, places
from unrolled.data.sequences.tsfile import WHOLE
from unrolled.errors import DataError


@dataclass(frozen=True)
class LongColumns:
    """The columns by which a table was read; series "" is none.

    per_step: whether each time step has its own label; wide: whether each row is a sequence; text:
    the column whose symbols are the steps; format: how the table is written.
    """

    series: str | Sequence[str]
    label: str | None = None
    time: str | None = None
    per_step: bool = False
    wide: bool = False
    text: str | None = None
    format: Format = GUESSED

    def __post_init__(self) -> None:
        if isinstance(self.format, Mapping):  # of a run
            object.__setattr__(self, "format", Format(**self.format))


@dataclass(frozen=True, eq=False, repr=False)
class Sequences:
    """B sequences of up to T time steps with D features, and one label for each, or for each step.

    >>> sequences = Sequences.from_lists(
    ...     [[[1, 2], [2, 3], [3, 4]], [[5, 6], [6, 7], [7, 8]]], labels=[10, 20]
    ... )
    >>> sequences.describe()
    inputs (2, 3, 2), labels (2,)
      axis 0  batch         2  sequences, each with one label
      axis 1  time steps    3  in each sequence, read one after the other
      axis 2  features      2  numbers at each time step
    """

    # (N, D) float64, the time steps of all sequences one after the other; NaN where missing
    values: np.ndarray
    targets: np.ndarray  # (B,), or (N,) for one label per step; None where there is no label
    lengths: np.ndarray  # (B,) int64, the time steps of each sequence; N is their sum
    per_step: bool = False  # whether there is a label for each time step
    names: tuple[str, ...] = ()  # what each sequence is called, where it has a name
    features: tuple[str, ...] = ()  # what the D features are called, where they have names
    source: str = "lists"
    notes: tuple[str, ...] = ()  # what was left out or looks odd, one sentence each
    columns: LongColumns | None = None  # of the long table they were read from, if they were
    symbols: bool = False  # whether the features are symbols: of each step one is 1, or none

    @classmethod
    def from_lists(cls, inputs: Sequence[Any], labels: Sequence[Any]) -> Sequences:
        """Build from lists nested feature in time step in batch, and a label per sequence.

        ``inputs[b][t][d]`` is feature ``d`` at time step ``t`` of sequence ``b``. Raises DataError
        that names the place of anything empty, ragged, nested too little or too deep, of a value
        that is not a finite number, and of a number of labels that differs from the sequences.
        For sequences of different lengths, or with missing values, see ``from_arrays``.
        """
        check_list(inputs, "inputs", 0)
        for b, sequence in enumerate(inputs):
            check_list(sequence, f"inputs[{b}]", 1)
            check_size(f"inputs[{b}]", len(sequence), "inputs[0]", len(inputs[0]), "time steps")
            for t, step in enumerate(sequence):
                place = f"inputs[{b}][{t}]"
                check_list(step, place, 2)
                check_size(place, len(step), "inputs[0][0]", len(inputs[0][0]), "features")
                for d, value in enumerate(step):
                    check_number(value, f"{place}[{d}]")
        check_labels(labels, len(inputs))
        values = np.array(inputs, dtype=np.float64)
        lengths = np.full(len(values), values.shape[1], dtype=np.int64)
        flat = values.reshape(-1, values.shape[2])
        return cls(flat, np.array(labels, dtype=np.float32), lengths)

    @classmethod
    def from_arrays(
        cls, inputs: Any, labels: Any = None, *, layout: str | None = None
    ) -> Sequences:
        """Build from arrays or lists, one (T, D) or (T,) for each sequence; lengths may differ.

        inputs: a list of B of them, or one array (B, T, D) or (B, T); NaN (or None) is missing, and
        padding where every feature is missing at the end of a sequence. Or B texts, of which each
        symbol is a time step and each different symbol (512 at most) a feature, 1 or 0.
        labels: B numbers, texts, dates or bytes, or B lists of T for one label per step; None: not
        known.
        layout: "BDT" where features come before time, as in aeon and sktime; default "BTD", with a
        warning where there are more features than time steps, and refused where there is one step.
        Raises DataError that names the sequence: without time steps, with other features than the
        first one, with a value that is no number or infinite, without a label.

        >>> Sequences.from_arrays([[1.0, 2.0], [1.0, 2.0, 3.0]], ["up", "up"]).lengths.tolist()
        [2, 3]
        """
        if isinstance(inputs, Sequences):
            return inputs if labels is None else inputs.with_labels(labels)
        return cls._packed(Ragged.of(time_first(inputs, layout), labels))

    @classmethod
    def of_steps(cls, steps: np.ndarray) -> Sequences:
        """One sequence (T, D) just as it stands: what is missing at its end is no padding."""
        ragged = Ragged.of([steps])
        return cls(ragged.values[0], np.array([None]), np.array([len(steps)]))

    @classmethod
    def read(
        cls,
        source: Any,
        *,
        series: str | Sequence[str] | None = None,
        label: str | None = None,
        time: str | None = None,
        per_step: bool = False,
        wide: bool = False,
        text: str | None = None,
        layout: str | None = None,
        format: Format | None = None,
    ) -> Sequences:
        """Read a UCR/UEA file (`.ts`, `.arff`, `.txt`, `.tsv`), `.npz`, `.conll`, or a table.

        A `.txt`, `.tsv` or `.csv` is a table when ``series`` is named, or its first row names
        columns. Of a wide table each row is a sequence and each column but the label one of its
        time steps, in their order: so is one read whose columns count (t0, t1, t2), and any when
        ``wide`` says so. Of a long table (file or data frame) each row is one time
        step: ``series`` names the sequence that it belongs to (one column, or several together),
        ``label`` the column to learn (without it the labels stay unknown), ``time`` what to sort
        by (default: found by its values, or the rows as they stand). Every other column of numbers
        is a feature. Of a table in which each row has a text (``text`` names its column, needed
        where there are others beside the label) each symbol is a time step. A frame whose cells are
        series has a sequence a row; of a pandas MultiIndex the last level is the time and the
        others the series.
        ``per_step``: the label may change within a sequence. ``layout``: of an `.npz` file, the
        order of the axes of its array `X`, see `from_arrays`. ``format``: how a table is written.
        Raises DataError that names the line, row or column of what does not fit.
        """
        if isinstance(source, Sequences):
            return source
        suffix = Path(source).suffix.lower() if isinstance(source, str | PathLike) else ""
        if suffix in WHOLE or (suffix in FILES and series is None and says_itself(source)):
            return cls._packed(read_labelled(Path(source), layout))
        from unrolled.data.sequences.longtable import read_long
        from unrolled.data.sequences.texttable import only_text, read_texts
        from unrolled.data.sequences.widetable import is_wide, read_wide

        nested, indexed = read_nested(source, label), by_index(source)
        if nested is not None:
            return cls._packed(nested)
        if indexed is not None:
            source, keys, last = indexed
            series, time = (keys, last) if series is None else (series, time)
        raw = read_columns(source, format)
        if text is None and not (wide or per_step) and time is None:
            text = only_text(raw, series, label)
            wide = text is None and is_wide(raw, series, label)
        if text is not None:
            packed = cls._packed(read_texts(raw, series, label, text))
        elif wide:
            packed = cls._packed(read_wide(raw, series, label))
        else:
            packed = cls._packed(read_long(raw, series, label, time, per_step))
        how = LongColumns(series or "", label, time, per_step, wide, text, raw.format)
        return replace(packed, columns=how)

    @classmethod
    def read_as(
        cls, source: Any, columns: LongColumns | None, *, labelled: bool, layout: str | None = None
    ) -> Sequences:
        """Read a file or frame as another one was read, whose ``columns`` are given.

        A file that `says_itself` what its sequences are needs none. labelled: False leaves out the
        column of labels, which are to be predicted.
        """
        if isinstance(source, Sequences) or columns is None or says_itself(source):
            return cls.read(source, layout=layout)
        indexed = by_index(source)
        source = source if indexed is None else indexed[0]
        if not labelled:
            kept = read_columns(source, columns.format).columns
            source = {name: values for name, values in kept.items() if name != columns.label}
            columns = replace(columns, label=None, per_step=False)
        return cls.read(source, **{**vars(columns), "series": columns.series or None})

    @classmethod
    def _packed(cls, ragged: Ragged) -> Sequences:
        """One array from arrays of different lengths, without padding at their ends."""
        ragged = ragged.trimmed()
        lengths = np.array([len(values) for values in ragged.values], dtype=np.int64)
        targets, per_step = _pack_labels(ragged.labels, len(lengths))
        return cls(
            np.concatenate(ragged.values), targets, lengths, per_step,
            ragged.names, ragged.features, ragged.source, ragged.notes, symbols=ragged.symbols,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def offsets(self) -> np.ndarray:
        """(B + 1,) where each sequence begins in ``values``, and where the last one ends."""
        return np.concatenate([[0], self.lengths.cumsum()])

    @property
    def inputs(self) -> np.ndarray:
        """(B, T, D) float64, NaN where missing and behind the end; made when it is asked for."""
        return padded(self.values, self.lengths, np.nan)

    @property
    def labels(self) -> np.ndarray:
        """(B,), or (B, T) for one per step, None where there is no label."""
        return padded(self.targets, self.lengths, None) if self.per_step else self.targets

    @property
    def known(self) -> np.ndarray:
        """Where there is a label: bool, of the shape of ``targets``."""
        if self.targets.dtype != object:
            return np.ones(self.targets.shape, dtype=bool)
        return np.asarray(self.targets != None, dtype=bool)  # noqa: E711 (element by element)

    @property
    def classes(self) -> np.ndarray:
        """The different labels, sorted."""
        return np.unique(np.array(self.targets[self.known].tolist()))

    def split(self, flat: np.ndarray) -> list[np.ndarray]:
        """(N, ...), one sequence after the other, as B arrays (T, ...)."""
        return np.split(flat, self.offsets[1:-1]) if len(self) else []

    def sequence(self, b: int) -> np.ndarray:
        """The time steps of sequence ``b``: (T, D)."""
        end = int(self.lengths[: b + 1].sum())
        return self.values[end - int(self.lengths[b]) : end]

    def name(self, b: int) -> str:
        """What sequence ``b`` is called: its name, or its number."""
        return self.names[b] if self.names else str(b)

    def with_labels(self, labels: Any) -> Sequences:
        """The same sequences with other labels."""
        checked = check(in_order(labels, self.names), self.lengths)
        targets, per_step = _pack_labels(checked, len(self))
        return replace(self, targets=targets, per_step=per_step)

    def select(self, rows: np.ndarray) -> Sequences:
        """Some of the sequences."""
        rows = np.arange(len(self))[rows]
        return self._steps(rows, self.lengths[rows])

    def first(self, lengths: np.ndarray) -> Sequences:
        """The first steps of each sequence; lengths: (B,), how many."""
        return self._steps(np.arange(len(self)), lengths)

    def _steps(self, rows: np.ndarray, lengths: np.ndarray) -> Sequences:
        """The first ``lengths`` steps of the sequences ``rows``."""
        steps = np.repeat(self.offsets[rows], lengths) + places(lengths)
        return replace(
            self,
            values=self.values[steps],
            targets=self.targets[steps if self.per_step else rows],
            lengths=lengths,
            names=tuple(self.names[row] for row in rows) if self.names else (),
        )

    def check_classes(self) -> None:
        """DataError unless there are labels, of at least two classes, and no numbers to regress."""
        if not self.known.any():
            raise DataError("fit: expected labels, the sequences have none")
        check_classes(np.array(self.targets[self.known].tolist()))

    def numpy(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (B, T, D) as float32, and labels (B,) or (B, T) as they are."""
        return self.inputs.astype(np.float32), self.labels

    def tensors(self, device: str | torch.device = "cpu") -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs (B, T, D) and labels (B,) or (B, T) as FloatTensors.

        Labels that are no numbers come as their place in ``classes``, -1 where there is none.
        """
        labels = self.labels
        if labels.dtype.kind not in "fiub":
            classes = self.classes.tolist()
            flat = [-1 if label is None else classes.index(label) for label in labels.ravel()]
            labels = np.array(flat).reshape(labels.shape)
        return (
            torch.tensor(self.inputs, device=device, dtype=torch.float32),
            torch.tensor(labels, device=device, dtype=torch.float32),
        )

    def tensor_dataset(self) -> TensorDataset:
        """The pairs of one sequence (T, D) and its label, ready for a DataLoader."""
        return TensorDataset(*self.tensors())

    def describe(self) -> None:
        """Print the three axes by name, with their sizes."""
        print(self)

    def __repr__(self) -> str:
        batch, features = len(self), self.values.shape[1]
        steps = int(self.lengths.max(initial=0))
        shape = f"({batch}, {steps})" if self.per_step else f"({batch},)"
        shortest = int(self.lengths.min(initial=steps))
        where = f"in the longest ({shortest} in the shortest)" if shortest < steps else "in each"
        each_step = f"{where} sequence, read one after the other"
        each = "each with one label" + (" a time step" if self.per_step else "")
        return (
            f"inputs ({batch}, {steps}, {features}), labels {shape}\n"
            f"  axis 0  batch       {batch:>3}  sequences, {each}\n"
            f"  axis 1  time steps  {steps:>3}  {each_step}\n"
            f"  axis 2  features    {features:>3}  numbers at each time step"
        )


def _pack_labels(labels: Any, batch: int) -> tuple[np.ndarray, bool]:
    """Labels (B,) in the type of the given ones, or (N,) objects; and whether they are per step."""
    if labels is None:
        return np.full(batch, None, dtype=object), False
    if isinstance(labels, np.ndarray):
        return labels, False
    flat = [label for steps in labels for label in steps]
    if all(label is None for label in flat):
        raise DataError("labels: expected labels, no time step has one")
    packed = np.empty(len(flat), dtype=object)
    packed[:] = flat
    return packed, True
