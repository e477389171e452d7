"""Read data frames into an Arrow table, and keep what Arrow does not know of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from unrolled.errors import DataError

NUMBERS_ROWS = "the index of the frame numbers its rows"


@dataclass(frozen=True)
class Native:
    """What a frame has beside its values, so that results come back as they came.

    types: column -> its type in the frame itself (pandas, polars); levels: the columns that were
    levels of a pandas index, and how these were called; freq: of a pandas index of dates.
    """

    types: Mapping[str, Any] = field(default_factory=dict)
    levels: tuple[tuple[str, Any], ...] = ()
    freq: Any = None

    def without(self, names: Iterable[str]) -> Native:
        """The same without the types of these columns: other values than theirs will come out."""
        gone = set(names)
        return replace(self, types={n: kind for n, kind in self.types.items() if n not in gone})

    def restore(
        self, kind: str, table: Any, same: Mapping[str, str], numbers: Mapping[str, str]
    ) -> Any:
        """An arrow table as a frame of a kind: "file" or "pyarrow" as it is, "pandas", "polars".

        same: column -> the one whose very type it takes; numbers: the one whose kind of number.
        """
        import narwhals as nw

        if kind in ("file", "pyarrow"):
            return table
        frame = nw.from_arrow(table, backend="polars" if kind == "polars" else "pandas").to_native()
        types = {name: self.types[one] for name, one in same.items() if one in self.types}
        if kind == "polars":
            return frame.cast(types)
        given = {name: self.types[one] for name, one in numbers.items() if one in self.types}
        types |= {
            n: _nullable(t, frame[n]) for n, t in given.items() if n in frame and _extended(t)
        }
        frame = frame.astype({n: t for n, t in types.items() if frame[n].dtype != t})
        return self._index(frame)

    def _index(self, frame: Any) -> Any:
        """The levels of the index that are there, back in their places."""
        levels = {name: own for name, own in self.levels if name in frame}
        if not levels:
            return frame
        frame = frame.set_index(list(levels))
        frame.index.names = list(levels.values())
        if self.freq is not None and type(frame.index).__name__ == "DatetimeIndex":
            with suppress(ValueError):  # a backtest has many times more than once
                frame.index.freq = self.freq
        return frame


def _extended(kind: Any) -> bool:
    """Whether a type of pandas is none of numpy's: nullable, or Arrow's own."""
    return not hasattr(kind, "char")


def _nullable(kind: Any, column: Any) -> Any:
    """The nullable type, of the family of `kind`, of forecasts."""
    import pandas as pd

    if isinstance(kind, pd.ArrowDtype):
        import pyarrow as pa

        return pd.ArrowDtype(pa.Array.from_pandas(column.head(0)).type)
    return kind if str(kind) == "Float32" else "Float64"


@dataclass(frozen=True)
class Framed:
    """A frame as an Arrow table.

    kind: "pandas", "polars" or "pyarrow"; index: the column that was the index, if it holds times;
    left_out: an index that only numbers the rows, and why it is no column.
    """

    table: Any
    kind: str
    label: str
    native: Native
    index: str | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)


def read_frame(source: Any) -> Framed:
    """Read a pandas, polars or pyarrow frame (or a series of numbers), or any narwhals knows."""
    import narwhals as nw
    import pyarrow as pa

    try:
        source = nw.to_native(source, pass_through=True)
        if hasattr(source, "to_frame") and not hasattr(source, "columns"):
            source = source.to_frame(source.name or "value")
        if not hasattr(source, "collect"):  # the names of a lazy frame cost a query
            names = getattr(source, "column_names", None) or source.columns
            refuse_twice([str(name) for name in names], "the frame")
        frame = nw.from_native(source)
        frame = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
        kind, label = frame.implementation.value, f"a {frame.implementation.value} frame"
        if kind == "pandas":
            return _read_pandas(source, label)
        types = dict(frame.to_native().schema) if kind == "polars" else {}
        kind = kind if kind == "polars" else "pyarrow"
        return Framed(frame.to_arrow(), kind, label, Native(types))
    except pa.ArrowException as error:
        reason = " ".join(" ".join(map(str, error.args)).split())  # a cell may hold a whole series
        raise DataError(f"read {label}: {reason[:300]}") from None
    except (TypeError, AttributeError):
        what = type(source).__name__
        raise DataError(f"read: expected a path or a data frame, got {what}") from None


def refuse_twice(names: list[str], label: str) -> None:
    """DataError when a column name comes twice."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"read {label}: expected different column names, got {twice[0]!r} twice")


def _read_pandas(source: Any, label: str) -> Framed:
    import narwhals as nw

    index = source.index
    levels: dict[str, int] = {}
    left_out: dict[str, str] = {}
    taken = [str(name) for name in source.columns]
    for place, own in enumerate(index.names):
        values = index.get_level_values(place)
        dates = _holds_dates(values)
        if not dates and own is None and _numbers_rows(values, index.nlevels > 1):
            if type(index).__name__ != "RangeIndex":
                left_out["index"] = NUMBERS_ROWS
            continue
        name = _level_name(own, place, dates, index.nlevels > 1, [*taken, *levels])
        if name is not None:
            levels[name] = place
    frame = source.reset_index(drop=True)
    frame = frame.astype(
        {n: t.subtype for n, t in frame.dtypes.items() if hasattr(t, "fill_value")}
    )
    for at, (name, place) in enumerate(levels.items()):
        frame.insert(at, name, index.get_level_values(place))
    native = Native(
        types={str(name): kind for name, kind in frame.dtypes.items()},
        levels=tuple((name, index.names[place]) for name, place in levels.items()),
        freq=getattr(index, "freq", None),
    )
    alone = next(iter(levels), None) if index.nlevels == 1 else None
    timed = alone if alone is not None and _holds_dates(index) else None
    return Framed(nw.from_native(frame).to_arrow(), "pandas", label, native, timed, left_out)


def _holds_dates(values: Any) -> bool:
    """Whether a level of an index can be the time: dates, periods, or years one after another."""
    import pyarrow as pa

    from unrolled.data.columns.infer_time import holds_dates

    if values.inferred_type in ("datetime64", "datetime", "date", "period"):
        return True
    if values.inferred_type == "integer" and len(values) > 1:
        years = values.min() >= 1600 and values.max() <= 2200 and values.is_monotonic_increasing
        if years and values.is_unique:
            return True
    known = values.inferred_type in ("string", "integer")
    return known and holds_dates(pa.chunked_array([pa.array(values[:200], from_pandas=True)]))


def _numbers_rows(values: Any, among_others: bool) -> bool:
    """Whether a level without a name counts rows; among others it may as well name a series."""
    return values.inferred_type == "integer" and (not among_others or values.is_unique)


def _level_name(own: Any, place: int, dates: bool, many: bool, taken: list[str]) -> str | None:
    """The column for a level; None where the frame has a column of its name already."""
    if own is not None:
        return None if str(own) in taken else str(own)
    usual = "time" if dates else "series" if many else "index"
    return usual if usual not in taken else f"level_{place}" if many else "index"
