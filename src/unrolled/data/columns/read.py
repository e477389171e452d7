"""Read a file or a frame into Arrow columns, before their roles are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from unrolled.data import samples
from unrolled.data.columns.frames import Native, read_frame, refuse_twice
from unrolled.errors import DataError

ENDINGS = (".csv", ".gz", ".parquet", ".pq", ".tsv")


@dataclass(frozen=True)
class Raw:
    """Columns as they were read.

    columns: name -> arrow ChunkedArray (N,); taken out one by one as they are converted.
    kind: "file", "mapping", "pandas", "polars" or "pyarrow"; label: the path, the name of
        a sample, or the kind in words.
    index: the column that was the index of a pandas frame, if it holds times.
    native: what a frame has beside its columns; periods: column -> the frequency of the pandas
        periods that it held, now their first moments; left_out: what is no column, and why.
    """

    columns: dict[str, Any]
    kind: str
    label: str
    index: str | None = None
    native: Native = field(default_factory=Native)
    periods: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)


def recognise(path: Path) -> str | None:
    """Why a file is taken for a table, in words; None where its name does not say so.

    >>> recognise(Path("weather.csv.gz"))
    'its name ends in .gz'
    """
    ending = path.suffix.lower()
    return f"its name ends in {ending}" if ending in ENDINGS and not path.is_dir() else None


def read_columns(source: Any) -> Raw:
    """Read a path (CSV, CSV in gzip, Parquet), a mapping of arrays, or any frame narwhals knows.

    Raises DataError when there is nothing to read, no row, or a column name comes twice.
    """
    if isinstance(source, (str, PathLike)):
        raw = _read_file(Path(source))
    elif isinstance(source, Mapping):
        raw = _read_mapping(source)
    else:
        raw = _read_frame(source)
    if not raw.columns or not len(next(iter(raw.columns.values()))):
        raise DataError(f"read {raw.label}: expected rows, got none")
    return raw


def _read_file(path: Path) -> Raw:
    if path.is_dir():
        raise DataError(f"read {path}: expected a file, got a folder")
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except FileNotFoundError:
        raise DataError(f"read {path}: there is no such file") from None
    except OSError as error:
        raise DataError(f"read {path}: {error.strerror or error}") from None
    if magic == b"PAR1":
        table = _read_parquet(path)
    elif path.suffix.lower() in (".parquet", ".pq") and magic:
        raise DataError(f"read {path}: expected a Parquet file, got one that begins with {magic!r}")
    else:
        from unrolled.data.columns.csvfile import read_csv

        table = read_csv(path, packed=magic[:2] == b"\x1f\x8b")
    label = samples.name_of(path) or str(path)
    return _raw(table, "file", label)


def _read_parquet(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            return file.read()
    except (pa.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(f"read {path}: the Parquet file is damaged ({reason})") from None


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
