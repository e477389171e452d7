"""Read a file or a frame into Arrow columns, before their roles are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

from unrolled.data import samples
from unrolled.data.columns.format import GUESSED, Format
from unrolled.data.columns.frames import Native, read_frame, refuse_twice
from unrolled.data.source.kind import TABLE, find_kind, readable, refusal
from unrolled.data.source.opening import settled, shown
from unrolled.errors import DataError


@dataclass(frozen=True)
class Raw:
    """Columns as they were read.

    columns: name -> arrow ChunkedArray (N,); taken out one by one as they are converted.
    kind: "file", "mapping", "pandas", "polars" or "pyarrow"; label: the path, the name of
        a sample, or the kind in words.
    index: the column that was the index of a pandas frame, if it holds times.
    native: what a frame has beside its columns; periods: column -> the frequency of the pandas
        periods that it held, now their first moments; left_out: what is no column, and why.
    notes: what was done while reading, one sentence each; format: how it was found to be written.
    """

    columns: dict[str, Any]
    kind: str
    label: str
    index: str | None = None
    native: Native = field(default_factory=Native)
    periods: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    format: Format = GUESSED


def recognise(path: Path) -> str | None:
    """Why a file is taken for a table, in words; None where it is none, or cannot be opened.

    >>> from unrolled.data.samples import path
    >>> recognise(path("nyc-weather"))
    "it begins with b'PAR1'"
    """
    try:
        kind = find_kind(path)
    except DataError:
        return None
    return kind.why if kind.holds == TABLE else None


def read_columns(source: Any, how: Format | None = None) -> Raw:
    """Read a path (CSV, Excel, JSON, Parquet, Arrow), a mapping of arrays, or any frame.

    A frame is one that narwhals knows. how: how the table is written, where that is not to be
    found. Raises DataError when there is nothing to read, no row, or a column name comes twice.
    """
    how = how or GUESSED
    if isinstance(source, (str, PathLike)):
        raw = _read_file(Path(source), how)
    elif isinstance(source, Mapping):
        raw = _read_mapping(source)
    else:
        raw = _read_frame(source)
    if not raw.columns or not len(next(iter(raw.columns.values()))):
        raise DataError(f"read {raw.label}: expected rows, got none")
    return raw if raw.kind == "file" else _with_numbers(raw, how)


def _with_numbers(raw: Raw, how: Format) -> Raw:
    """Texts of a frame that are numbers, but not plain ones, as numbers."""
    from unrolled.data.columns.numbers import frame_numbers, settled

    found = {}
    for name, column in raw.columns.items():
        if (numbers := frame_numbers(name, column, how)) is not None:
            raw.columns[name] = numbers.values
            found[name] = numbers
    notes = (*raw.notes, *(one.note for one in found.values() if one.note))
    native = raw.native.without(found)
    return replace(raw, notes=notes, native=native, format=settled(how, found.values()))


def _read_file(path: Path, how: Format) -> Raw:
    label = samples.name_of(path) or shown(path)
    with settled(path) as whole:
        kind = readable(whole)
        if kind.name == "folder":
            raise DataError(f"read {label}: expected a file, got a folder")
        if kind.name in ("parquet", "arrow"):
            return replace(_raw(_read_arrow(whole, kind.name), "file", label), format=how)
        if kind.name == "excel":
            from unrolled.data.columns.excel import read_excel as read
        elif kind.name == "json":
            from unrolled.data.columns.jsonfile import read_json as read
        elif kind.name in ("csv", "text"):
            from unrolled.data.columns.csvfile import read_csv as read
        else:
            raise DataError(refusal(whole, kind))
        done = read(whole, how)
    return replace(_raw(done.table, "file", label), notes=done.notes, format=done.how)


def _read_arrow(path: Path, name: str) -> Any:
    """A Parquet or Arrow (Feather) file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:
            if name == "arrow":
                return pa.ipc.open_file(file).read_all()
            with pq.ParquetFile(file) as parquet:
                return parquet.read()
    except (pa.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0]
        what = "Parquet" if name == "parquet" else "Arrow"
        raise DataError(f"read {shown(path)}: the {what} file is damaged ({reason})") from None


def _read_mapping(source: Mapping[str, Any]) -> Raw:
    import pyarrow as pa

    try:
        table = pa.table({str(name): _arrow(values) for name, values in source.items()})
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise DataError(f"read a mapping: {str(error).partition(chr(10))[0]}") from None
    return _raw(table, "mapping", "a mapping of arrays")


def _arrow(values: Any) -> Any:
    import pyarrow as pa

    # numpy has day, hour and month stamps that arrow does not know.
    values = (
        values.astype("M8[us]")
        if getattr(values, "dtype", None) and values.dtype.kind == "M"
        else values
    )
    return pa.array(values, from_pandas=True)


def _raw(table: Any, kind: str, label: str, **more: Any) -> Raw:
    from unrolled.data.time.periods import read_periods

    refuse_twice(table.column_names, label)
    table, periods = read_periods(table)
    columns = dict(zip(table.column_names, table.columns, strict=True))
    return Raw(columns, kind, label, periods=periods, **more)


def _read_frame(source: Any) -> Raw:
    found = read_frame(source)
    return _raw(
        found.table,
        found.kind,
        found.label,
        index=found.index,
        native=found.native,
        left_out=found.left_out,
    )
