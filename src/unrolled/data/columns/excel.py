"""Read a sheet of an Excel or OpenDocument workbook, and write one; both by the extra `excel`."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa

from unrolled.data.columns.format import Format
from unrolled.data.columns.header import Cleaned, as_names, clean, find_header
from unrolled.data.columns.numbers import written_numbers
from unrolled.data.source.opening import shown
from unrolled.errors import DataError, SettingsError

INSTALL = "pip install 'unrolled[excel]'"


def read_excel(path: Path, how: Format | None = None) -> Cleaned:
    """Read a sheet: the one that is named, else the first that has rows.

    Raises DataError for a workbook that cannot be read or a sheet that is not in it, and says what
    to do where the package python-calamine is missing.
    """
    how = how or Format()
    try:
        import python_calamine as calamine
    except ImportError:
        raise DataError(
            f"read {shown(path)}: an Excel workbook needs the package python-calamine: {INSTALL}; "
            "or save the sheet as CSV"
        ) from None
    try:
        with path.open("rb") as file:
            book = calamine.CalamineWorkbook.from_filelike(file)
            sheet, rows, note = _sheet(path, book, how.sheet)
    except (calamine.CalamineError, calamine.PasswordError, OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"read {shown(path)}: the workbook cannot be read ({reason})") from None
    return _table(f"read {shown(path)}: sheet {sheet!r}", rows, how, note)


def _sheet(path: Path, book: Any, asked: str | None) -> tuple[str, list[list[Any]], str]:
    """The name and the rows of a sheet, and what is said about the others."""
    names = list(book.sheet_names)
    if asked is not None:
        at = names.index(asked) if asked in names else _number(asked, len(names))
        if at is None:
            there = ", ".join(map(repr, names))
            raise DataError(f"read {shown(path)}: no sheet {asked!r}; there are {there}")
        return names[at], book.get_sheet_by_index(at).to_python(), ""
    found = [(name, book.get_sheet_by_index(i).to_python()) for i, name in enumerate(names)]
    found = [(name, rows) for name, rows in found if len(rows) > 1] or found[:1]
    if not found:
        raise DataError(f"read {shown(path)}: expected a sheet with rows, the workbook has none")
    name, rows = found[0]
    others = ", ".join(repr(other) for other, _ in found[1:])
    note = f"sheet {name!r} is read, not {others}; sheet= names another" if others else ""
    return name, rows, note


def _number(text: str, count: int) -> int | None:
    """The place of a sheet by its number from 1."""
    return int(text) - 1 if text.isdigit() and 0 < int(text) <= count else None


def _table(label: str, rows: list[list[Any]], how: Format, note: str) -> Cleaned:
    """Rows of cells as a table."""
    texts = [[_text(cell) for cell in row] for row in rows[:500]]
    try:
        at = find_header(texts)
    except DataError as error:
        raise DataError(f"{label}: {error}") from None
    if len(rows) <= at + 1:
        raise DataError(f"{label}: expected rows under a header, got {len(rows)} in all")
    names = as_names([_text(cell) for cell in rows[at]])
    names += [""] * (max(map(len, rows[at:])) - len(names))
    columns = [
        _column([row[i] if i < len(row) else "" for row in rows[at + 1 :]])
        for i in range(len(names))
    ]
    table = pa.table(columns, list(map(str, range(len(names)))))
    written = written_numbers(table, names, how)
    above = next((" ".join(row).strip() for row in texts[:at] if any(row)), "")
    notes = [note] if note else []
    if above:
        notes.append(f"the header is in row {at + 1}; what stands above it is left out ({above!r})")
    done = clean(written.table.rename_columns(names), written.how)
    return done.saying(*notes, *written.notes)


def _text(cell: Any) -> str:
    """A cell of a header as text: the year 2020 is no 2020.0."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _column(cells: Sequence[Any]) -> Any:
    """Cells as an arrow array of the type that they have in common, else as text."""
    known = [cell for cell in cells if cell not in ("", None)]
    kinds = {type(cell) for cell in known}
    values: list[Any] = [None if cell in ("", None) else cell for cell in cells]
    if not known:
        return pa.nulls(len(values))
    if kinds <= {float, int}:
        whole = all(float(cell).is_integer() and abs(cell) < 2**53 for cell in known)
        number = int if whole else float
        return pa.array([None if cell is None else number(cell) for cell in values])
    if kinds == {datetime.date, datetime.datetime} or kinds == {datetime.datetime}:
        midnight = datetime.time()
        stamps = [
            datetime.datetime.combine(cell, midnight)
            if isinstance(cell, datetime.date) and not isinstance(cell, datetime.datetime)
            else cell
            for cell in values
        ]
        return pa.array(stamps, pa.timestamp("us"))
    if len(kinds) == 1 and kinds <= {datetime.date, datetime.time, bool, str}:
        return pa.array(values)
    return pa.array([None if cell is None else _text(cell) for cell in values], pa.string())


def check_writer() -> None:
    """SettingsError where the package openpyxl is missing."""
    if find_spec("openpyxl") is None:
        raise SettingsError(f"an .xlsx file needs the package openpyxl: {INSTALL}")


def write_excel(table: Any, path: Path) -> None:
    """Write a pyarrow table as the sheet of a workbook; times with a zone become text.

    Raises SettingsError where the package openpyxl is missing, or the rows do not fit.
    """
    check_writer()
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    if table.num_rows >= 1 << 20:
        raise SettingsError(f"{table.num_rows:,} rows do not fit into a sheet: write .csv")
    book = Workbook(write_only=True)
    sheet = book.create_sheet("unrolled")

    def cell(value: Any) -> Any:
        if isinstance(value, datetime.datetime) and value.tzinfo is not None:
            value = value.isoformat()
        if not isinstance(value, str):
            return None if value != value else value
        text = WriteOnlyCell(sheet, value)
        text.data_type = "s"  # "=1+1" in a name is no formula
        return text

    sheet.append([cell(name) for name in table.column_names])
    for batch in table.to_batches(max_chunksize=10_000):
        for row in batch.to_pylist():
            sheet.append([cell(value) for value in row.values()])
    book.save(path)
