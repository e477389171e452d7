"""Read records of JSON: one in each line, or a list of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from unrolled.data.columns.format import Format
from unrolled.data.columns.header import Cleaned, clean
from unrolled.data.columns.numbers import written_numbers
from unrolled.data.source.opening import shown
from unrolled.data.source.records import SHAPE, records
from unrolled.errors import DataError


def read_json(path: Path, how: Format | None = None) -> Cleaned:
    """Read records as rows; a name that a record lacks is missing there.

    Raises DataError that names the line or the record where there is another thing.
    """
    how = how or Format()
    columns: dict[str, list[Any]] = {}
    for count, record in enumerate(records(path, how.encoding)):
        for name, value in record.items():
            columns.setdefault(name, [None] * count).append(value)
        for column in columns.values():
            if len(column) == count:
                column.append(None)
    if not columns:
        raise DataError(f"read {shown(path)}: expected {SHAPE}, got no record")
    names = list(columns)
    arrays = [_array(path, name, columns.pop(name)) for name in names]
    table = pa.table(arrays, list(map(str, range(len(names)))))
    written = written_numbers(table, names, how)
    return clean(written.table.rename_columns(names), written.how).saying(*written.notes)


def _array(path: Path, name: str, values: list[Any]) -> Any:
    """Values as an arrow array; numbers beside texts are text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} and float in kinds:
        values = [None if value is None else float(value) for value in values]
    elif len(kinds) > 1 and kinds <= {int, float, str, bool}:
        values = [value if isinstance(value, str | None) else json.dumps(value) for value in values]
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError, ValueError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(f"read {shown(path)}: column {name!r}: {reason}") from None
