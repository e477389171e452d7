"""Read a CSV file: its encoding, delimiter, header and numbers as they come.

What cannot be read is refused in one line that says why and where.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

from unrolled.data.columns.format import MISSING, Format
from unrolled.data.columns.header import Cleaned, clean, find_header, is_value
from unrolled.data.columns.numbers import written_numbers
from unrolled.data.source.encoding import Encoding, by_mark, decode, find_encoding
from unrolled.data.source.opening import HEAD, head, opened, shown
from unrolled.errors import DataError

DELIMITERS = ",;\t|"
LINES = 500  # of the head that are looked at


@dataclass
class _Layout:
    """How the lines of a CSV file are laid out.

    skip: lines before the rows; names: of the columns. decimal: the sign before fractions.
    comments: whether lines that begin with # are none of its rows.
    """

    delimiter: str
    skip: int
    names: list[str]
    decimal: str = "."
    broken: bool = False  # whether a cell has a line end in it
    notes: list[str] = field(default_factory=list)


def read_csv(path: Path, how: Format | None = None) -> Cleaned:
    """Read a CSV file; what `how` leaves open is found in it.

    Raises DataError for a file that is not CSV in an encoding that can be told, or that has no
    rows, no names above them, or rows of different lengths.
    """
    how = how or Format()
    encoding = Encoding(how.encoding or by_mark(head(path)) or "utf-8")
    sure = how.encoding is not None or encoding.name != "utf-8"
    try:
        done = _read(path, how, encoding)
    except UnicodeError:
        if sure:
            raise _no_text(path, encoding.name) from None
        encoding = find_encoding(path)
        try:
            done = _read(path, how, encoding)
        except UnicodeError:
            raise _no_text(path, encoding.name) from None
    return done.saying(encoding.note(path)) if encoding.guess else done


def _no_text(path: Path, encoding: str) -> DataError:
    """What is wrong with the bytes of a file, and where."""
    try:
        for _ in decode(path, encoding):
            pass
    except DataError as error:
        return error
    return DataError(f"read {shown(path)}: the text is not {encoding}")


def _read(path: Path, how: Format, encoding: Encoding) -> Cleaned:
    """Find the layout and read by it; UnicodeError for bytes that are not of the encoding."""
    layout = _find_layout(path, head(path), encoding.name, how)
    table = _parse(path, layout, how, encoding.name)
    if any(pa.types.is_binary(kind) for kind in table.schema.types):
        raise UnicodeError
    _refuse_values(path, layout.names, table.num_rows)

    def as_text(places: list[str]) -> Any:
        return _parse(path, layout, how, encoding.name, places)

    written = written_numbers(table, layout.names, how, layout.decimal, as_text)
    return clean(written.table.rename_columns(layout.names), written.how).saying(
        *layout.notes, *written.notes
    )


def _find_layout(path: Path, start: bytes, encoding: str, how: Format) -> _Layout:
    """Find the delimiter, the line of the header, its names and the decimal sign in the head."""
    lines = _head_text(path, start, encoding).splitlines(keepends=True)[:LINES]
    said = re.match(r'"?sep=(.)"?\s*$', lines[0])
    first = 1 if said else 0
    delimiter = said[1] if said else _delimiter(lines)
    ends, rows = _rows(lines[first:], delimiter)
    comments = _comments(rows)
    rows = [[] if i in comments else row for i, row in enumerate(rows)]
    if not any(rows):
        raise DataError(f"read {shown(path)}: expected a table, but the file is empty")
    try:
        at = find_header(rows)
    except DataError as error:
        raise DataError(f"read {shown(path)}: {error}") from None
    layout = _Layout(delimiter, first + ends[at], _header(rows[at], rows[at + 1 :]))
    layout.broken = any('"' in line for line in lines) and ends != sorted(
        {*range(1, len(ends) + 1)}
    )
    titles = [row for row in rows[:at] if row]
    if titles:
        line = first + (ends[at - 1] if at else 0) + 1
        layout.notes.append(
            f"the header is in line {line}; what stands above it is left out "
            f"({delimiter.join(titles[0]).strip()!r})"
        )
    commas = how.decimal is None and _has_decimal_commas(lines[first:], delimiter)
    layout.decimal = "," if commas else how.decimal or "."
    return layout


def _head_text(path: Path, start: bytes, encoding: str) -> str:
    """The first lines as text; DataError for an empty file and for binary data."""
    empty = DataError(f"read {shown(path)}: expected a table, but the file is empty")
    if not start.strip():
        raise empty
    odd = [i for i, byte in enumerate(start) if byte < 32 and byte not in b"\t\r\n\f\x1a"]
    wide = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
    if odd and not wide and (b"\0" in start or len(odd) > len(start) / 20):
        raise DataError(
            f"read {shown(path)}: expected CSV or Parquet, got binary data "
            f"(byte 0x{start[odd[0]]:02x} at offset {odd[0]})"
        )
    decoder = codecs.getincrementaldecoder(encoding)()
    text = decoder.decode(start, final=len(start) < HEAD).removeprefix("\ufeff")
    if not text.strip():  # a mark of UTF-16 and nothing behind it
        raise empty
    return text


def _delimiter(lines: list[str]) -> str:
    """What cuts most lines into the same number of cells: comma, semicolon, tab or bar."""
    sample = [re.sub(r'"[^"]*"', "", line) for line in lines if line.strip()]
    sample = [line for line in sample if not line.startswith("#")] or sample

    def regular(mark: str) -> tuple[float, int]:
        counts = [line.count(mark) for line in sample]
        usual = max({*counts} - {0}, key=counts.count, default=0)
        header = bool(sample) and counts[0] == usual
        return (counts.count(usual) / max(len(counts), 1) + header / 2 if usual else 0.0, usual)

    return max(DELIMITERS, key=regular)


def _rows(lines: list[str], delimiter: str) -> tuple[list[int], list[list[str]]]:
    """The lines that rows end in, from 1, and their cells."""
    reader = csv.reader(lines, delimiter=delimiter)
    ends, rows = [], []
    with suppress(csv.Error):
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num)
    return ends, rows


def _comments(rows: Sequence[Sequence[str]]) -> set[int]:
    """Which rows are comments: those with #, but not a header that begins with it."""
    found = {i for i, row in enumerate(rows) if row and row[0].lstrip().startswith("#")}
    first = next((i for i, row in enumerate(rows) if row and i not in found), None)
    if first is not None and found:
        values = any(is_value(cell) for cell in rows[first] if cell.strip())
        before = max((i for i in found if i < first), default=None)
        if values and before is not None and len(rows[before]) == len(rows[first]) > 1:
            found.discard(before)
    return found


def _header(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The names of all columns: where most rows end in empty cells the header may be shorter."""
    first = names[0].strip().removeprefix("#").strip() if names else ""
    found = [first or names[0], *names[1:]] if names else []
    lengths = [len(row) for row in rows if row]
    usual = max(lengths, key=lengths.count, default=0)
    beyond = (cell for row in rows for cell in row[len(found) :])
    if usual > len(found) and not any(cell.strip() for cell in beyond):
        found += [""] * (usual - len(found))
    return found


def _has_decimal_commas(lines: list[str], delimiter: str) -> bool:
    if delimiter == ",":
        return False
    edge = re.escape(delimiter)
    text = "".join(lines)
    return re.search(rf"(?:^|{edge})-?\d+,\d+\s*(?:{edge}|$)", text, re.M) is not None


def _parse(
    path: Path, layout: _Layout, how: Format, encoding: str, as_text: list[str] | None = None
) -> Any:
    """Read the rows, the columns called by their places; as_text: these alone, and as text."""
    read = pacsv.ReadOptions(
        column_names=list(map(str, range(len(layout.names)))),
        skip_rows=layout.skip,
        encoding=encoding,
    )
    convert = pacsv.ConvertOptions(
        null_values=[*MISSING, *how.na_texts],
        strings_can_be_null=True,
        decimal_point=layout.decimal,
        timestamp_parsers=["@"],  # none: stamps stay text, so that their zone and shape are kept
        include_columns=as_text or [],
        column_types=dict.fromkeys(as_text or (), pa.string()),
    )
    rows = _OddRows()
    parse = pacsv.ParseOptions(
        delimiter=layout.delimiter, newlines_in_values=layout.broken, invalid_row_handler=rows
    )
    try:
        with opened(path) as file:
            table = pacsv.read_csv(file, read, parse, convert)
    except pa.ArrowInvalid as error:
        if "UTF8" in str(error) or "UTF-8" in str(error):
            raise UnicodeError from None
        if rows.odd is not None:  # only reading on one thread tells the row
            read.use_threads = False
            with suppress(pa.ArrowInvalid), opened(path) as file:
                pacsv.read_csv(file, read, parse, convert)
        reason = rows.reason(layout.skip) or str(error).partition("\n")[0]
        raise DataError(f"read {shown(path)}: {reason}") from None
    if rows.comments and as_text is None:
        layout.notes.append(f"lines that begin with # left out: {rows.comments:,}")
    return table


class _OddRows:
    """Skips comments among the rows, and keeps the first other row with cells too many or few."""

    def __init__(self) -> None:
        self.comments = 0
        self.odd: Any = None

    def __call__(self, row: Any) -> str:
        """What pyarrow shall do about a row."""
        if row.text.lstrip().startswith("#"):
            self.comments += 1
            return "skip"
        if self.odd is None or self.odd.number is None:
            self.odd = row
        return "error"

    def reason(self, skipped: int) -> str:
        """What is odd about the row."""
        if self.odd is None:
            return ""
        row = self.odd
        text = row.text if len(row.text) < 60 else f"{row.text[:60]}…"
        return (
            f"expected {row.expected_columns} columns as in the header, got "
            f"{row.actual_columns} in data row {row.number - skipped}: {text!r}"
        )


def _refuse_values(path: Path, names: list[str], rows: int) -> None:
    """DataError where there are values in the place of names, or no rows."""
    if names and all(re.fullmatch(r"[-+\d.,:/ TeEZ]+", name) for name in names):
        raise DataError(
            f"read {shown(path)}: expected column names in the first line, got values "
            f"({names[0]!r}, …)"
        )
    if not rows:
        raise DataError(f"read {shown(path)}: expected rows under the header, got none")
