"""Read a CSV file; one that cannot be read is refused in one line that says why and where."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

from unrolled.errors import DataError

HEAD = 1 << 16
# What pandas takes for missing, and the marks that weather services and UCI use.
MISSING = (
    *("", "NA", "N/A", "n/a", "NaN", "nan", "-NaN", "-nan", "NaT", "NULL", "null", "None"),
    *("#N/A", "#NA", "#N/A N/A", "<NA>", "-1.#IND", "1.#QNAN", "?", "-", "--"),
)


def read_csv(path: Path, packed: bool) -> pa.Table:
    """Read a CSV file; delimiter and decimal sign are inferred from its first 64 KiB.

    packed: whether the file is compressed by gzip. Raises DataError for a file that is not CSV in
    UTF-8, or that has no rows, no names in its first line, or rows of different lengths.
    """
    with gzip.open(path) if packed else path.open("rb") as file:
        try:
            head = file.read(HEAD)
        except (OSError, EOFError) as error:
            raise DataError(f"read {path}: the gzip file is damaged ({error})") from None
    text = _head_text(path, packed, head)
    delimiter = _delimiter(text)
    comma = delimiter != "," and re.search(
        rf"(?:^|{delimiter})-?\d+,\d+(?:{delimiter}|$)", text, re.M
    )
    convert = pacsv.ConvertOptions(
        null_values=list(MISSING),
        strings_can_be_null=True,
        decimal_point="," if comma else ".",
        timestamp_parsers=["@"],  # none: stamps stay text, so that their zone and shape are kept
    )
    try:
        with pa.input_stream(str(path), compression="gzip" if packed else None) as stream:
            table = pacsv.read_csv(
                stream,
                parse_options=pacsv.ParseOptions(delimiter=delimiter),
                convert_options=convert,
            )
    except (pa.ArrowInvalid, OSError, EOFError) as error:
        _refuse_encoding(path, packed)
        raise DataError(f"read {path}: {_parse_error(path, packed, delimiter, error)}") from None
    if any(pa.types.is_binary(kind) for kind in table.schema.types):
        _refuse_encoding(path, packed)
    _refuse_header(path, table)
    return table


def _head_text(path: Path, packed: bool, head: bytes) -> str:
    if not head.strip():
        raise DataError(f"read {path}: expected a table, but the file is empty")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise DataError(
            f"read {path}: expected UTF-8, got UTF-16 (byte 0x{head[0]:02x} at offset 0); "
            "save it as UTF-8, or: iconv -f utf-16 -t utf-8"
        )
    if head[:4] == b"PK\x03\x04":
        raise DataError(f"read {path}: expected CSV or Parquet, got a zip or Excel file")
    odd = sum(byte < 32 and byte not in b"\t\r\n\f" for byte in head)
    if b"\0" in head or odd > len(head) / 20:
        at = next(i for i, byte in enumerate(head) if byte < 32 and byte not in b"\t\r\n\f")
        raise DataError(
            f"read {path}: expected CSV or Parquet, got binary data "
            f"(byte 0x{head[at]:02x} at offset {at})"
        )
    try:
        return head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            _refuse_encoding(path, packed)
        return head[: error.start].decode("utf-8-sig")


def _delimiter(text: str) -> str:
    """The delimiter of the names in the first line: comma, semicolon, tab or bar."""
    names = re.sub(r'"[^"]*"', "", text.lstrip().partition("\n")[0])
    return max(",;\t|", key=names.count)


def _refuse_encoding(path: Path, packed: bool) -> None:
    """DataError that names the first byte which is not UTF-8, if there is one."""
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            data = file.read()
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        guess = next((name for name in ("cp949", "cp1252") if _decodes(data, name)), "latin-1")
        what = " (Korean)" if guess == "cp949" else ""
        raise DataError(
            f"read {path}: expected UTF-8, got byte 0x{data[error.start]:02x} at offset "
            f"{error.start}, line {line}; it looks like {guess}{what}: save it as UTF-8, or: "
            f"iconv -f {guess} -t utf-8"
        ) from None
    except (OSError, EOFError) as error:
        raise DataError(f"read {path}: the file cannot be read to its end ({error})") from None


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _parse_error(path: Path, packed: bool, delimiter: str, error: Exception) -> str:
    """What the parser said, with the row, which only reading on one thread tells."""
    if "Expected" not in str(error):
        return str(error).partition("\n")[0]
    try:
        with pa.input_stream(str(path), compression="gzip" if packed else None) as stream:
            options = pacsv.ReadOptions(use_threads=False)
            pacsv.read_csv(stream, options, pacsv.ParseOptions(delimiter=delimiter))
    except pa.ArrowInvalid as slow:
        error = slow
    found = re.search(r"(?:Row #(\d+): )?Expected (\d+) columns, got (\d+)", str(error))
    if not found:
        return str(error).partition("\n")[0]
    row = f"in data row {int(found[1]) - 1}" if found[1] else "in a row"
    return f"expected {found[2]} columns as in the header, got {found[3]} {row}"


def _refuse_header(path: Path, table: pa.Table) -> None:
    names = table.column_names
    if names and all(re.fullmatch(r"[-+\d.,:/ TeEZ]+", name) for name in names):
        raise DataError(
            f"read {path}: expected column names in the first line, got values ({names[0]!r}, …)"
        )
    if table.num_rows == 0:
        raise DataError(f"read {path}: expected rows under the header, got none")
