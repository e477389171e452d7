"""How one column of a table becomes numbers: scaled, or as categories, with a mask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from unrolled.data.scale import LARGEST
from unrolled.errors import DataError

if TYPE_CHECKING:
    from unrolled.data.table.table import Table

ONE_HOT_LIMIT = 16
LIMIT = 10.0  # standard deviations


@dataclass(frozen=True)
class Column:
    """How one column of the table becomes one or more numbers.

    A number becomes its scaled value. A category with up to 16 values becomes one column per
    value, all 0 for a value unseen in training; one with more becomes a single code for a learned
    embedding, 0 for an unseen value. ``mask`` adds a column that is 1 where the value is missing.
    """

    name: str
    role: str  # "target", "past", "future" or "static"
    mask: bool
    vocabulary: tuple[str, ...] | None  # None: a number

    @property
    def coded(self) -> bool:
        """Whether it is one column of codes, for an embedding of ``len(vocabulary) + 1`` rows."""
        return self.vocabulary is not None and len(self.vocabulary) > ONE_HOT_LIMIT

    @property
    def output_names(self) -> tuple[str, ...]:
        """The names of the numbers it becomes."""
        names: tuple[str, ...] = (self.name,)
        if self.vocabulary is not None and not self.coded:
            names = tuple(f"{self.name}={value}" for value in self.vocabulary)
        return (*names, f"{self.name} missing") if self.mask else names

    def write(self, values: np.ndarray, missing: np.ndarray, out: np.ndarray) -> None:
        """Write values and where they are missing, (N,) each, into ``out`` (N, numbers).

        Numbers come scaled, with the last one carried forward over missing ones.
        """
        if self.vocabulary is None:
            numbers = np.nan_to_num(values, nan=0.0)
            # A sensor's glitch, a hundred deviations out, must not outshout everything else.
            limit = LARGEST if self.role == "target" else LIMIT
            out[:, 0] = np.clip(numbers, -limit, limit)
        elif self.coded:
            out[:, 0] = _codes(values, self.vocabulary)
        else:
            codes = _codes(values, self.vocabulary)
            for code in range(len(self.vocabulary)):
                out[:, code] = codes == code + 1
        if self.mask:
            out[:, -1] = missing


def fit_column(name: str, role: str, values: np.ndarray, rows: np.ndarray) -> Column:
    seen = values[rows]
    if values.dtype != object:
        mask = role in ("target", "past") or bool(np.isnan(seen).any())
        return Column(name, role, mask, None)
    if role == "target":
        raise DataError(f"encode: target {name!r}: expected numbers, got text")
    present = [value for value in seen.tolist() if value is not None]
    if not present:
        raise DataError(
            f"encode: column {name!r}: expected a value in the training rows, got none; leave the "
            "column out, or train on more rows"
        )
    return Column(name, role, len(present) < len(seen), tuple(sorted(set(present))))


def _codes(values: np.ndarray, vocabulary: tuple[str, ...]) -> np.ndarray:
    """The code of each value, 1 for the first word and 0 for none of them."""
    code = {value: i for i, value in enumerate(vocabulary, start=1)}
    return np.fromiter((code.get(v, 0) for v in values), dtype=np.int64, count=len(values))


def values_of(table: Table, column: Column) -> np.ndarray:
    values = table.columns.get(column.name)
    if values is None:
        raise DataError(
            f"encode: the table lacks the {column.role} column {column.name!r}, "
            f"it has {', '.join(table.columns)}"
        )
    is_text, expects_text = values.dtype == object, column.vocabulary is not None
    if is_text == expects_text:
        return values
    # A column without any value has no kind of its own: it is read as numbers.
    if expects_text and np.isnan(values).all():
        return np.full(len(values), None, dtype=object)
    kinds = ("text", "numbers") if expects_text else ("numbers", "text")
    raise DataError(f"encode: column {column.name!r} held {kinds[0]} in training, got {kinds[1]}")


def output_names(columns: Iterable[Column]) -> list[str]:
    return [name for column in columns for name in column.output_names]


def categories_of(columns: tuple[Column, ...]) -> dict[int, int]:
    return {at: len(c.vocabulary or ()) + 1 for c, at in places(columns) if c.coded}


def places(columns: Iterable[Column]) -> list[tuple[Column, int]]:
    """Columns, and the first of the features that each becomes."""
    columns = tuple(columns)
    widths = [len(column.output_names) for column in columns]
    return list(zip(columns, accumulate(widths, initial=0), strict=False))
