"""The kind of frame and time that a table was read from, so that results come back in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SourceFormat:
    """What a table was read from: enough to hand the same kind of frame and time back.

    kind: "file", "mapping" (of arrays), "pandas", "polars" or "pyarrow".
    zone: the time zone of the stamps, None when they have none; with one, `Table.times` is in UTC.
    time: the columns of the time; forms: how each was written (see `clock.Stamps`).
    series: the series column and its arrow type, if there is one.
    index: whether the time was the index of a pandas frame.
    """

    kind: str = "mapping"
    zone: str | None = None
    time: tuple[str, ...] = ("time",)
    forms: tuple[str, ...] = ("timestamp[us]",)
    series: tuple[str, str] | None = None
    index: bool = False

    def frame(self, columns: Mapping[str, NDArray[Any]]) -> Any:
        """Columns (n,) each -> a frame of the kind that was read; a file gives a pyarrow table.

        The time is looked for under its role's name ("date", or "year,month,day,hour", which gives
        four columns) and is written as it was read: text as text, with its zone. Other
        datetime64 arrays are stamps in UTC when there is a zone; NaN becomes a missing value.
        """
        import pyarrow as pa

        name = ",".join(self.time)
        out: dict[str, Any] = {}
        for column, values in columns.items():
            if column == name:
                for part, form in zip(self.time, self.forms, strict=True):
                    out[part] = self._write_time(values, form)
            elif values.dtype.kind == "M":
                out[column] = self._write_time(
                    values, self.forms[0] if len(self.time) == 1 else "timestamp[us]"
                )
            else:
                out[column] = pa.array(values, from_pandas=True)
        if self.series and self.series[0] in out:
            kind = pa.int64() if "int" in self.series[1] else pa.string()
            out[self.series[0]] = out[self.series[0]].cast(kind)
        if self.kind == "mapping":
            return {column: _plain(values) for column, values in out.items()}
        return self._native(pa.table(out), name)

    def _native(self, table: Any, time: str) -> Any:
        import narwhals as nw

        if self.kind in ("file", "pyarrow"):
            return table
        if self.kind == "polars":
            return nw.from_arrow(table, backend="polars").to_native()
        frame = nw.from_arrow(table, backend="pandas").to_native()
        return frame.set_index(time) if self.index and time in frame else frame

    def _write_time(self, values: NDArray[Any], form: str) -> Any:
        import pyarrow as pa
        import pyarrow.compute as pc

        if values.dtype.kind != "M":
            return pa.array(values.astype(np.int64)).cast(pa.type_for_alias(form))
        stamps = pa.array(values.astype("M8[us]"), pa.timestamp("us", self.zone))
        if form.startswith("timestamp"):
            unit = re.split(r"[\[,\]]", form)[1]
            return stamps.cast(pa.timestamp(unit, self.zone))
        wall = pc.local_timestamp(stamps) if self.zone else stamps
        if form.startswith("date"):
            return wall.cast(pa.date32() if form.startswith("date32") else pa.date64())
        if form.startswith("int "):
            return pc.strftime(wall.cast(pa.timestamp("s"), safe=False), form[4:]).cast(pa.int64())
        return _strftime(wall, form)


def _strftime(wall: Any, form: str) -> Any:
    """Write stamps by a template that may hold %q (quarter) and .%f (as many digits as needed)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    fraction = re.search(r"%S[.,]%f", form)
    exact = wall if fraction else wall.cast(pa.timestamp("s"), safe=False)
    before, quarter, after = re.sub(r"[.,]%f", "", form).partition("%q")
    text = pc.strftime(exact, before)
    if not quarter:
        return text
    return pc.binary_join_element_wise(text, pc.quarter(wall).cast(pa.string()), after, "")


def _plain(values: Any) -> NDArray[Any]:
    """An arrow array as numpy: stamps as datetime64 (in UTC), missing numbers as NaN."""
    array: NDArray[Any] = values.to_numpy(zero_copy_only=False)
    return array
