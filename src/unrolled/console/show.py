"""What a command prints: results on stdout, as text or as one JSON object; progress on stderr."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unrolled.console import options
from unrolled.console.groups import as_options
from unrolled.console.terminal import printable
from unrolled.errors import SettingsError

if TYPE_CHECKING:
    from unrolled.training.progress import Display

FORMULA = r"^[=+\-@\t\r]"  # how a cell begins that a spreadsheet runs


@dataclass(frozen=True)
class View:
    """How to show things: for a machine (`json`), without progress (`quiet`)."""

    json: options.Json = False
    quiet: options.Quiet = False

    def say(self, text: str = "") -> None:
        """A line of progress on stderr."""
        if not self.quiet:
            print(printable(as_options(text)), file=sys.stderr, flush=True)

    def result(self, text: str, value: Mapping[str, Any]) -> None:
        """The result on stdout: the text, or the value as JSON."""
        text = as_options(text)
        if self.json:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=str)
        print(printable(text))

    def display(self) -> Display:
        """Who is told how training goes."""
        from unrolled.training.progress import ProgressBar, Silent

        return Silent() if self.quiet else ProgressBar()

    def frame(
        self, table: Any, out: Path | None, value: Mapping[str, Any], *, formulas: bool = True
    ) -> None:
        """A pyarrow table: into a file by its suffix, or as CSV (rows of JSON) on stdout.

        formulas: whether texts may stay that a spreadsheet would take for formulas.
        """
        if not (formulas or self.json or _is_typed(out)):
            table = without_formulas(table)
        if out is not None:
            write_frame(table, out)
            rows = f"{table.num_rows:,} rows in {out}"
            self.result(rows, {**value, "rows": table.num_rows, "out": str(out)})
        elif self.json:
            self.result("", {**value, "rows": _readable(table).to_pylist()})
        else:
            text = _csv(table).decode()
            sys.stdout.write(printable(text) if sys.stdout.isatty() else text)


SUFFIXES = (".csv", ".parquet", ".xlsx")


def check_suffix(out: Path | None) -> None:
    """SettingsError unless the file can be written, by its name."""
    if out is not None and out.suffix.lower() not in SUFFIXES:
        ways = " or ".join(SUFFIXES)
        raise SettingsError(f"--out: expected a name that ends in {ways}, got {out}")
    if out is not None and out.suffix.lower() == ".xlsx":
        from unrolled.data.columns.excel import check_writer

        check_writer()


def write_frame(table: Any, out: Path) -> None:
    """Write a pyarrow table as CSV, Parquet or Excel, whole or not at all."""
    from unrolled import files

    check_suffix(out)
    if out.suffix.lower() == ".csv":
        files.write(out, lambda part: files.void(part.write_bytes(_csv(table))))
    elif out.suffix.lower() == ".xlsx":
        from unrolled.data.columns.excel import write_excel

        files.write(out, lambda part: write_excel(_readable(table), part))
    else:
        import pyarrow.parquet

        files.write(out, lambda part: pyarrow.parquet.write_table(table, part))


def _is_typed(out: Path | None) -> bool:
    """Whether a file keeps texts as texts, whatever they begin with."""
    return out is not None and out.suffix.lower() in (".parquet", ".xlsx")


def without_formulas(table: Any) -> Any:
    """A pyarrow table whose texts and names a spreadsheet takes for texts: ' before = + - @."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for i, name in enumerate(table.column_names):
        column, kind = table.column(i), table.schema.field(i).type
        if pa.types.is_dictionary(kind):
            column, kind = column.cast(kind.value_type), kind.value_type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            quoted = pc.binary_join_element_wise(pa.scalar("'", kind), column, pa.scalar("", kind))
            column = pc.if_else(pc.match_substring_regex(column, FORMULA), quoted, column)
        table = table.set_column(i, "'" + name if re.match(FORMULA, name) else name, column)
    return table


def _csv(table: Any) -> bytes:
    """CSV in UTF-8, with times to the second where nothing is lost by it."""
    import io

    import pyarrow as pa
    import pyarrow.csv

    table = _readable(table)
    for i, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            try:
                short = table.column(i).cast(pa.timestamp("s", field.type.tz))
            except pa.ArrowInvalid:
                continue
            table = table.set_column(i, field.name, short)
    buffer = io.BytesIO()
    options = pyarrow.csv.WriteOptions(quoting_style="needed")
    pyarrow.csv.write_csv(table, buffer, options)
    return buffer.getvalue()


def _readable(table: Any) -> Any:
    """A pyarrow table without types that text cannot hold: periods as dates, decimals as floats."""
    import pyarrow as pa

    from unrolled.data.time.periods import read_periods

    table, _ = read_periods(table)
    for i, field in enumerate(table.schema):
        kind = pa.float64() if pa.types.is_decimal(field.type) else None
        kind = pa.string() if pa.types.is_string_view(field.type) else kind
        if kind is not None:
            table = table.set_column(i, field.name, table.column(i).cast(kind))
    return table


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Columns side by side: the first to the left, the others to the right."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if i == 0 else text.rjust(width)
            for i, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
