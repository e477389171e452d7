"""Data frames that hold several sequences as sktime has them: nested, or by a MultiIndex."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from unrolled.data.sequences.ragged import Ragged
from unrolled.errors import DataError


def read_nested(frame: Any, label: str | None = None) -> Ragged | None:
    """A frame whose cells are series: a row for each sequence, a column for each feature.

    Columns of other cells are left out with a note, but for ``label``. None where no cell is a
    series; DataError names the row whose cells differ in length.
    """
    columns = _cells(frame)
    nested = {name: cells for name, cells in columns.items() if any(map(_is_series, cells))}
    if not nested:
        return None
    if label is not None and (label in nested or label not in columns):
        others = ", ".join(name for name in columns if name not in nested) or "none"
        raise DataError(f"label {label!r}: expected a column of one label a row, there is {others}")
    names = tuple(nested)
    rows = [_steps(b, cells, names) for b, cells in enumerate(zip(*nested.values(), strict=True))]
    odd = [name for name in columns if name not in nested and name != label]
    return replace(
        Ragged.of(rows, None if label is None else columns[label]),
        features=names,
        source="a frame of series",
        notes=tuple(f"left out: {name} (its cells are no series)" for name in odd),
    )


def _cells(frame: Any) -> dict[str, list[Any]]:
    """The cells of each column where any column may hold series; nothing for other sources."""
    import narwhals as nw

    found = nw.from_native(frame, eager_only=True, pass_through=True)
    if not isinstance(found, nw.DataFrame):
        return {}
    if not any(kind in (nw.Object, nw.List, nw.Array) for kind in found.schema.values()):
        return {}
    return {name: found[name].to_list() for name in found.columns}


def _is_series(cell: Any) -> bool:
    return isinstance(cell, list | tuple | np.ndarray) or hasattr(cell, "to_numpy")


def _steps(b: int, cells: Sequence[Any], names: Sequence[str]) -> np.ndarray:
    """The time steps (T, D) of row ``b``."""
    columns = []
    for name, cell in zip(names, cells, strict=True):
        place = f"sequences: row {b}, column {name!r}"
        if not _is_series(cell):
            raise DataError(f"{place} holds no series of steps")
        if len(cell) != len(cells[0]):
            raise DataError(f"{place} has {len(cell)} steps, {names[0]!r} has {len(cells[0])}")
        try:
            columns.append(np.asarray(cell, dtype=np.float64))
        except (TypeError, ValueError):
            raise DataError(f"{place}: expected a series of numbers") from None
    return np.column_stack(columns)


def by_index(source: Any) -> tuple[Any, list[str], str] | None:
    """A pandas frame with the levels of its MultiIndex as columns: those of series, and the time.

    The last level is the time. None for any other source.
    """
    own = getattr(getattr(source, "index", None), "names", ())
    if len(own) < 2 or not hasattr(source, "reset_index"):
        return None
    usual = ["series", *(f"level_{place}" for place in range(1, len(own) - 1)), "time"]
    names = [u if name is None else str(name) for u, name in zip(usual, own, strict=True)]
    twice = [name for name in names if name in source.columns or names.count(name) > 1]
    if twice:
        raise DataError(f"sequences: {twice[0]!r} is a level of the index and another column too")
    return source.rename_axis(names).reset_index(), names[:-1], names[-1]


def in_order(labels: Any, names: tuple[str, ...]) -> Any:
    """Labels in the order of the sequences, where their pandas index is of the sequences' names."""
    if not names or not hasattr(labels, "iloc") or len(labels) != len(names):
        return labels
    places: Mapping[str, int] = {str(name): place for place, name in enumerate(labels.index)}
    if places.keys() != set(names):
        return labels
    return labels.iloc[[places[name] for name in names]]
