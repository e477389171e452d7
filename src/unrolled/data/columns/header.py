"""The lines before a table's rows: titles, comments, names that are blank, padded or broken."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from unrolled.data.columns.format import Format
from unrolled.errors import DataError

UNNAMED = "Unnamed: {}"  # as pandas calls such a column, counted from 0
_VALUE = re.compile(r"[-+(]?[\d.,:/ %TZeE€$£₩¥+-]*\d[\d.,:/ %TZeE€$£₩¥)+-]*|NA|NaN|null|", re.I)


@dataclass(frozen=True)
class Cleaned:
    """Columns of a file with clean names, what was done, and how it is found to be written."""

    table: Any
    notes: tuple[str, ...]
    how: Format

    def saying(self, *notes: str) -> Cleaned:
        """The same with notes before its own."""
        return replace(self, notes=(*notes, *self.notes))


def find_header(rows: Sequence[Sequence[str]]) -> int:
    """The row that holds the names: the first, unless titles stand above them.

    rows: the cells of the first lines, blank ones too, as text. DataError where titles seem to
    stand above the names, but which row these are in is not sure; it names no file.
    """
    filled = [i for i, row in enumerate(rows) if any(cell.strip() for cell in row)]
    if not filled:
        return 0
    widths = Counter(_width(rows[i]) for i in filled)
    width = max(widths, key=lambda size: (widths[size], size))
    first = filled[0]
    if width < 2 or len(filled) < 3 or _is_names(rows, first, filled, width):
        return first
    if _width(rows[first]) >= max(2, width - 1):
        return first
    for i in filled[1:21]:
        if _is_names(rows, i, filled, width):
            return i
    for i in filled[1:21]:
        if _width(rows[i]) >= width - 1:
            raise DataError(
                f"expected column names in the first line, got {rows[first][0].strip()!r}; the "
                f"header seems to be in line {i + 1}: delete the lines above it"
            )
    return first


def _width(row: Sequence[str]) -> int:
    """How many cells a row has, without empty ones at its end."""
    return max((i + 1 for i, cell in enumerate(row) if cell.strip()), default=0)


def _is_names(rows: Sequence[Sequence[str]], i: int, filled: Sequence[int], width: int) -> bool:
    """Whether a row is names and the one after it is not."""
    names = [cell.strip() for cell in rows[i][: _width(rows[i])]]
    after = next((rows[j] for j in filled if j > i), [])
    if len(names) < max(2, width - 1) or len([name for name in names if not name]) > 1:
        return False
    if any(name and is_value(name) for name in names) or len({*names}) < len(names):
        return False
    return any(cell.strip() and is_value(cell) for cell in after)


def is_value(cell: str) -> bool:
    """Whether a cell holds a number, a date or nothing, rather than a name."""
    return _VALUE.fullmatch(cell.strip()) is not None


def clean(table: Any, how: Format) -> Cleaned:
    """A table as it came from a file, with a name for every column and without what is empty.

    Blanks and line ends in names become single blanks, a column without a name and without a value
    is left out, one with values is called `Unnamed: 0`, and rows without any value are dropped.
    """
    notes = []
    names = [" ".join(name.split()) for name in table.column_names]
    empty = {i for i, name in enumerate(names) if not name and not _has_value(table.column(i))}
    if empty:
        notes.append(f"{_count(len(empty), 'column')} without a name or a value left out")
    kept = [i for i in range(len(names)) if i not in empty]
    for i in kept:
        if not names[i]:
            names[i] = UNNAMED.format(i)
            notes.append(f"column {i + 1} has no name: it is called {names[i]!r}")
        elif set(table.column_names[i].strip()) & {*"\r\n"}:
            notes.append(f"a name has a line end in it: the column is called {names[i]!r}")
    filled, gone = _without_empty_rows(
        pa.table([table.column(i) for i in kept], [names[i] for i in kept])
    )
    if gone:
        notes.append(f"{_count(gone, 'row')} without any value dropped")
    return Cleaned(filled, tuple(notes), how)


def _has_value(column: Any) -> bool:
    return bool(column.null_count < len(column))


def _without_empty_rows(table: Any) -> tuple[Any, int]:
    """The rows that have a value, and how many have none."""
    if not table.num_columns or any(not column.null_count for column in table.columns):
        return table, 0
    filled = table.column(0).is_valid()
    for column in table.columns[1:]:
        filled = pc.or_(filled, column.is_valid())
    return table.filter(filled), table.num_rows - pc.sum(filled).as_py()


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def as_names(row: Sequence[Any]) -> list[str]:
    """A row of cells as names; those of columns behind the last name are blank."""
    return ["" if cell is None else str(cell) for cell in row]
