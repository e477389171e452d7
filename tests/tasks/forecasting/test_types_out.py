"""What goes in comes out: the types of series, times and numbers, in forecasts and backtests."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from unrolled import Forecaster, Training
from unrolled.data import Roles

ROWS, HORIZON = 60, 2
DAYS = pd.date_range("2020-01-01", periods=ROWS, unit="ns")
Y = np.tile(np.sin(np.arange(ROWS) / 3).round(2), 2)
ROLES = Roles(time="time", series="id", target=("y",), past=())
NAMES = ["id", "time", "y", "y_lo_90", "y_hi_90"]


def long(**other: Any) -> pd.DataFrame:
    """Two series of 60 days, 7 and 11, with other columns in place of these."""
    ids = np.repeat([7, 11], ROWS)
    return pd.DataFrame({"id": ids, "time": [*DAYS, *DAYS], "y": Y}).assign(**other)


@pytest.fixture(scope="module")
def model() -> Forecaster:
    small = Forecaster("y", horizon=HORIZON, lookback=4, hidden=3, layers=1)
    return small.fit(long(), ROLES, training=Training(epochs=1, batch_size=64))


def answers(model: Forecaster, frame: Any) -> tuple[Any, Any]:
    return model.predict(frame), model.backtest(frame, test=4)


def ids(kind: Any) -> pd.Series:
    return pd.Series(np.repeat([7, 11], ROWS)).astype(str).astype(kind)


PANDAS: dict[str, dict[str, Any]] = {
    "category": {"id": ids("category")},
    "category, ordered, with more": {
        "id": pd.Categorical(ids(str), ["11", "9", "7"], ordered=True)
    },
    "category of numbers": {"id": pd.Series(np.repeat([7, 11], ROWS)).astype("category")},
    "Int64": {"id": ids("Int64")},
    "int8": {"id": ids("int8")},
    "float": {"id": ids("float64")},
    "Float64": {"id": ids("float64").astype("Float64"), "y": pd.array(Y, "Float64")},
    "string": {"id": ids("string")},
    "text": {"id": ids("str")},
    "objects": {"id": ids("str").astype(object)},
    "arrow": {"id": ids("string[pyarrow]"), "y": pd.array(Y, "double[pyarrow]")},
    "arrow float": {"y": pd.array(Y, "float[pyarrow]")},
    "numbers with holes": {"y": pd.array([None, *(Y[1:] * 100).astype(int)], "Int64")},
    "float32": {"y": Y.astype("float32")},
    "decimal": {"y": [decimal.Decimal(f"{y:.2f}") for y in Y]},
    "decimal names": {"id": [decimal.Decimal(i) for i in np.repeat([7, 11], ROWS).tolist()]},
    "seconds": {"time": [*DAYS.as_unit("s"), *DAYS.as_unit("s")]},
    "a zone": {"time": [*DAYS.tz_localize("Europe/Berlin")] * 2},
    "UTC": {"time": [*DAYS.tz_localize("UTC")] * 2},
    "period": {"time": [*DAYS.to_period("D")] * 2},
    "dates": {"time": [*DAYS.date] * 2},
    "text for time": {"time": [*DAYS.strftime("%d.%m.%Y")] * 2},
    "categories for time": {"time": pd.Categorical([*DAYS.strftime("%Y-%m-%d")] * 2)},
}


@pytest.mark.parametrize("name", PANDAS)
@pytest.mark.parametrize("way", ["frame", "parquet"])
def test_types_of_pandas(model: Forecaster, name: str, way: str, tmp_path: Path) -> None:
    frame = long(**PANDAS[name])
    known = frame.iloc[[ROWS - 4, -4]].reset_index(drop=True)  # of each series, the first tested
    source: Any = frame
    if way == "parquet":
        frame.to_parquet(tmp_path / "in.parquet")
        source = tmp_path / "in.parquet"
    for found in answers(model, source):
        if way == "parquet":
            assert isinstance(found, pa.Table)
            pq.write_table(found, tmp_path / "out.parquet")
            stored, back = (pq.read_schema(tmp_path / f"{n}.parquet") for n in ("in", "out"))
            keep = ["id"] if name == "categories for time" else ["id", "time"]
            assert [back.field(n) for n in keep] == [stored.field(n) for n in keep]
            continue
        assert [n for n in found if n not in ("cutoff", "y_true")] == NAMES
        numbers = found.dtypes[3:].drop_duplicates().tolist()
        fraction = frame["y"].dtype if name != "numbers with holes" else pd.Float64Dtype()
        assert numbers == [fraction]
        first = found.groupby("id", observed=True, sort=False).head(1).reset_index(drop=True)
        if "cutoff" not in found:
            pd.testing.assert_series_equal(first["id"], known["id"])
            continue
        plain = name != "categories for time"
        expected = known[["id", "time"]] if plain else known[["id", "time"]].astype({"time": str})
        pd.testing.assert_frame_equal(first[["id", "time"]], expected)
        assert found["cutoff"].dtype == expected["time"].dtype


POLARS: dict[str, pl.Series] = {
    "enum": pl.Series("id", ids(str).tolist(), pl.Enum(["11", "9", "7"])),
    "categorical": pl.Series("id", ids(str).tolist(), pl.Categorical),
    "small numbers": pl.Series("id", np.repeat([7, 11], ROWS), pl.UInt8),
    "decimal": pl.Series("y", Y).cast(pl.Decimal(10, 2)),
    "float32": pl.Series("y", Y, pl.Float32),
    "date": pl.Series("time", [*DAYS.date] * 2, pl.Date),
    "zone": pl.Series("time", [*DAYS] * 2, pl.Datetime("ms")).dt.replace_time_zone("Asia/Seoul"),
}


@pytest.mark.parametrize("name", POLARS)
@pytest.mark.parametrize("way", ["frame", "parquet", "pyarrow"])
def test_types_of_polars_and_pyarrow(
    model: Forecaster, name: str, way: str, tmp_path: Path
) -> None:
    frame: Any = pl.DataFrame({n: long()[n].to_numpy() for n in long()})
    frame = frame.with_columns(POLARS[name])
    source: Any = frame if way == "frame" else frame.to_arrow()
    if way == "parquet":
        frame.write_parquet(tmp_path / "in.parquet")
        source, frame = tmp_path / "in.parquet", pq.read_table(tmp_path / "in.parquet")
    elif way == "pyarrow":
        frame = source
    for found in answers(model, source):
        if way == "frame":
            names, types, given = found.columns, found.schema, frame.schema
        else:
            names = found.column_names
            types, given = (
                dict(zip(t.column_names, t.schema.types, strict=True)) for t in (found, frame)
            )
        assert [n for n in names if n not in ("cutoff", "y_true")] == NAMES
        assert [types[n] for n in NAMES] == [given[n] for n in ("id", "time", "y", "y", "y")]


def multi(frame: pd.DataFrame, *names: str | None) -> pd.DataFrame:
    return frame.set_index(["id", "time"]).rename_axis(list(names))


def alone(index: Any) -> pd.DataFrame:
    return pd.DataFrame({"y": Y[:ROWS]}, index=index)


MONTHS = pd.period_range("2012-01", periods=ROWS, freq="M")
INDEXES: dict[str, tuple[Callable[[], pd.DataFrame], Any]] = {
    "series and time": (lambda: multi(long(), "id", "time"), None),
    "without names": (lambda: multi(long(), None, None), None),
    "categories": (lambda: multi(long(id=ids("category")), "shop", "when"), None),
    "dates": (lambda: alone(DAYS), DAYS[-1] + pd.Timedelta("1D")),
    "dates, named": (lambda: alone(DAYS.rename("day")), DAYS[-1] + pd.Timedelta("1D")),
    "zone": (lambda: alone(DAYS.tz_localize("Asia/Seoul")), None),
    "months": (lambda: alone(MONTHS), MONTHS[-1] + 1),
    "quarters": (lambda: alone(pd.period_range("2001Q1", periods=ROWS, freq="Q-MAR")), None),
    "years": (lambda: alone(np.arange(1960, 1960 + ROWS)), 1960 + ROWS),
    "text": (lambda: alone(DAYS.strftime("%Y-%m-%d")), None),
}


@pytest.mark.parametrize("name", INDEXES)
def test_what_was_an_index_is_one_again(name: str) -> None:
    make, first = INDEXES[name]
    frame = make()
    small = Forecaster("y", horizon=HORIZON, lookback=4, hidden=3)
    small.fit(frame, training=Training(epochs=1, batch_size=64))
    before = frame.copy()
    for found in answers(small, frame):
        assert found.index.names == frame.index.names
        for level in range(found.index.nlevels):
            kinds = {index.get_level_values(level).dtype for index in (found.index, frame.index)}
            assert len(kinds) == 1
        assert list(found)[-3:] == ["y", "y_lo_90", "y_hi_90"]
        if first is not None and "cutoff" not in found:
            assert found.index[0] == first
    pd.testing.assert_frame_equal(frame, before)


def test_an_index_of_dates_keeps_its_frequency(model: Forecaster) -> None:
    found = Forecaster("y", horizon=HORIZON, lookback=4, hidden=3)
    found.fit(alone(DAYS), training=Training(epochs=1, batch_size=64))
    ahead = pd.date_range(DAYS[-1], periods=HORIZON + 1, freq="D", unit="ns")[1:]
    pd.testing.assert_index_equal(found.predict(alone(DAYS)).index, ahead)
    assert found.predict(alone(DAYS)).index.freq == "D"


def test_a_series_of_pandas_is_a_table(model: Forecaster) -> None:
    small = Forecaster("value", horizon=HORIZON, lookback=4, hidden=3)
    small.fit(pd.Series(Y[:ROWS], DAYS), training=Training(epochs=1, batch_size=64))
    assert list(small.predict(pd.Series(Y[:ROWS], DAYS))) == ["value", "value_lo_90", "value_hi_90"]
