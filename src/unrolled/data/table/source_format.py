"""The kind of frame that a table was read from, so that results come back in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from unrolled.data.columns.frames import Native
from unrolled.data.table.write import as_number, as_text, plain, write_times


@dataclass(frozen=True)
class SourceFormat:
    """What a table was read from: enough to hand the same kind of frame and values back.

    kind: "file", "mapping" (of arrays), "pandas", "polars" or "pyarrow"; native: what a frame has
        beside its columns.
    zone: the time zone of the stamps, None when they have none; with one, `Table.times` is in UTC.
    time: the columns of the time; forms: how each was written (see `clock.Stamps`).
    series: the columns that tell the series apart -> the value of each series, (S,) in arrow.
    types: of the time and the targets, column -> its arrow type.
    """

    kind: str = "mapping"
    native: Native = field(default_factory=Native)
    zone: str | None = None
    time: tuple[str, ...] = ("time",)
    forms: tuple[str, ...] = ("timestamp[us]",)
    series: Mapping[str, Any] = field(default_factory=dict)
    types: Mapping[str, Any] = field(default_factory=dict)

    def frame(
        self,
        columns: Mapping[str, NDArray[Any]],
        names: tuple[str, ...],
        like: Mapping[str, str],
    ) -> Any:
        """Columns (n,) each -> a frame of the kind that was read; see `Table.frame`.

        names: of the S series; like: column -> the column of numbers whose type it takes.
        """
        import pyarrow as pa

        time, series = ",".join(self.time), ",".join(self.series)
        arrays: dict[str, Any] = {}
        marks: dict[str, Any] = {}
        same: dict[str, str] = {}  # column -> the one of its very type
        for column, values in columns.items():
            if column == series:
                arrays |= self._write_series(values, names)
                same |= {name: name for name in self.series}
            elif column == time or values.dtype.kind == "M":
                parts = self._time_columns(column, column == time)
                for part, form in parts.items():
                    written, marks[part] = write_times(
                        values, form, self.zone, self.kind, len(parts) > 1
                    )
                    arrays[part] = as_text(written, self.types.get(part))
                same |= dict(zip(parts, self.time, strict=False))
            else:
                numbers = pa.array(values, from_pandas=True)
                kind = self.types.get(like.get(column, ""))
                arrays[column] = numbers if kind is None else as_number(numbers, kind)
        if self.kind == "mapping":
            return {column: plain(values) for column, values in arrays.items()}
        fields = [pa.field(n, each.type, metadata=marks.get(n)) for n, each in arrays.items()]
        table = pa.table(list(arrays.values()), schema=pa.schema(fields))
        return self.native.restore(self.kind, table, same, like)

    def _time_columns(self, column: str, role: bool) -> dict[str, str]:
        """The columns that a column of times is written to, and the form of each."""
        if role:
            return dict(zip(self.time, self.forms, strict=True))
        return {column: self.forms[0] if len(self.time) == 1 else "timestamp[us]"}

    def _write_series(self, values: NDArray[Any], names: tuple[str, ...]) -> dict[str, Any]:
        """Names of series (n,) -> what they are in each of the columns that tell them apart."""
        import pyarrow as pa
        import pyarrow.compute as pc

        places = pc.index_in(pa.array(values, pa.string()), value_set=pa.array(names, pa.string()))
        return {column: each.take(places) for column, each in self.series.items()}
