"""Reading tables: roles, shapes of time, kinds of frames, findings."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from unrolled.data.columns.roles import Roles
from unrolled.data.table.table import Table
from unrolled.errors import DataError

LONG = pd.DataFrame(
    {
        "time": [*pd.date_range("2013-01-01", periods=6, freq="h")] * 2,
        "station": ["EWR"] * 6 + ["JFK"] * 6,
        "temp": [1.0, 2, np.nan, 4, 5, 6, 7, 8, 9, 10, 11, 13],
        "sky": ["sun", "rain", None, "sun", "rain", "sun"] * 2,
        "height": [2.0] * 6 + [4.0] * 6,
        "open": [True, False, True] * 4,
    }
)


def frames() -> dict[str, Any]:
    return {
        "pandas": LONG,
        "polars": pl.from_pandas(LONG),
        "pyarrow": pa.Table.from_pandas(LONG, preserve_index=False),
        "mapping": {name: LONG[name].to_numpy() for name in LONG},
        "lazy": pl.from_pandas(LONG).lazy(),
    }


@pytest.mark.parametrize("kind", frames())
def test_every_kind_of_frame_gives_the_same_table(kind: str) -> None:
    table = Table.read(frames()[kind], Roles(target=("temp",)))
    assert table.roles == Roles("time", "station", ("temp",), ("sky", "open"), (), ("height",))
    assert table.names == ("EWR", "JFK")
    assert str(table.step) == "1h"
    np.testing.assert_array_equal(table.offsets, [0, 6, 12])
    np.testing.assert_array_equal(table.columns["temp"], LONG["temp"])
    assert list(table.columns["sky"][:3]) == ["sun", "rain", None]
    assert list(table.columns["open"][:3]) == ["true", "false", "true"]
    assert table.findings.missing == {"temp": 1, "sky": 2}
    assert table.findings.categories == {"sky": 2, "open": 2}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("pandas", pd.DataFrame),
        ("polars", pl.DataFrame),
        ("lazy", pl.DataFrame),
        ("pyarrow", pa.Table),
        ("mapping", dict),
    ],
)
def test_the_same_kind_comes_back(kind: str, expected: type) -> None:
    table = Table.read(frames()[kind], Roles(target=("temp",)))
    out: Any = table.frame({"time": table.times, "temp": table.columns["temp"]})
    np.testing.assert_array_equal(np.asarray(out["time"]), LONG["time"].to_numpy())
    np.testing.assert_array_equal(np.asarray(out["temp"], dtype=np.float64), LONG["temp"])
    assert type(out) is expected


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet", ".tsv", ";.csv"])
def test_files_of_every_kind(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    if suffix == ".parquet":
        LONG.to_parquet(path)
    else:
        sign = {".tsv": "\t", ";.csv": ";"}.get(suffix, ",")
        text = LONG.to_csv(index=False, sep=sign, decimal="," if sign == ";" else ".").encode()
        path.write_bytes(gzip.compress(text) if suffix.endswith("gz") else b"\xef\xbb\xbf" + text)
    table = Table.read(path, Roles(target=("temp",)))
    assert table.roles.series == "station"
    np.testing.assert_array_equal(table.columns["temp"], LONG["temp"])
    assert isinstance(table.frame({"time": table.times}), pa.Table)


TIMES = pd.date_range("2013-01-30 22:00", periods=40, freq="6h")
SHAPES = {
    "iso": "%Y-%m-%d %H:%M:%S",
    "iso T Z": "%Y-%m-%dT%H:%M:%SZ",
    "offset": "%Y-%m-%d %H:%M+09:00",
    "slashes": "%Y/%m/%d %H:%M",
    "german": "%d.%m.%Y %H:%M",
    "american": "%m/%d/%Y %I:%M %p",
    "korean": "%Y년 %m월 %d일 %H:%M",
    "korean dots": "%Y. %m. %d %H:%M",
    "digits": "%Y%m%dT%H%M",
    "fraction": "%Y-%m-%d %H:%M:%S.%f",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_time_as_text_comes_in_and_goes_out_as_it_was(shape: str) -> None:
    text = list(TIMES.strftime(SHAPES[shape]))
    table = Table.read(pl.DataFrame({"when": text, "y": np.arange(40.0)}))
    offset = np.timedelta64(9 if shape == "offset" else 0, "h")
    np.testing.assert_array_equal(table.times, TIMES.to_numpy().astype("M8[us]") - offset)
    np.testing.assert_array_equal(table.local_times, TIMES.to_numpy().astype("M8[us]"))
    assert table.frame({"when": table.times})["when"].to_list() == text


@pytest.mark.parametrize(
    ("time", "step"),
    [
        (["2012-01", "2012-02", "2012-03"], "1MS"),
        (["2012Q1", "2012Q2", "2012Q3"], "3MS"),
        ([20120101, 20120102, 20120103], "1D"),
        ([2012010100, 2012010101, 2012010102], "1h"),
        ([2010, 2011, 2012], "1"),
        ([1.0, 2.0, 3.0], "1"),
        (pd.to_datetime(["2012-01-01", "2012-01-08", "2012-01-15"]).date, "1W"),
    ],
)
def test_other_shapes_of_time(time: Any, step: str) -> None:
    frame = pd.DataFrame({"time": time, "y": [1.0, 5.0, 2.0]})
    table = Table.read(frame, Roles(time="time"))
    assert str(table.step) == step
    pd.testing.assert_frame_equal(
        table.frame({"time": table.times, "y": table.columns["y"]}), frame, check_dtype=False
    )


def test_dates_with_the_day_first_are_told_by_a_later_row() -> None:
    days = pd.date_range("2013-01-01", periods=40)
    table = Table.read({"time": list(days.strftime("%d/%m/%Y")), "y": np.arange(40.0)})
    np.testing.assert_array_equal(table.times, days.to_numpy().astype("M8[us]"))
    assert any("day first" in n and "data row 13" in n for n in table.findings.notes)


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        ({"date": TIMES.strftime("%d.%m.%Y"), "time": TIMES.strftime("%H:%M")}, "date,time"),
        ({"date": TIMES.date, "hour": TIMES.hour}, "date,hour"),
        (
            {"year": TIMES.year, "month": TIMES.month, "day": TIMES.day, "hour": TIMES.hour},
            "year,month,day,hour",
        ),
    ],
)
def test_time_made_of_several_columns(parts: dict[str, Any], name: str) -> None:
    frame = pd.DataFrame(parts).assign(y=np.arange(40.0) ** 2)
    for roles in (Roles(), Roles(time=name)):
        table = Table.read(frame, roles)
        assert table.roles.time == name
        assert table.roles.past == ()
        np.testing.assert_array_equal(table.times, TIMES.to_numpy().astype("M8[us]"))
    out = table.frame({name: table.times, "y": table.columns["y"]})
    pd.testing.assert_frame_equal(out, frame, check_dtype=False)


def test_daylight_saving_offsets_in_text_become_utc_and_are_said() -> None:
    times = pd.date_range("2013-03-30 12:00", periods=24, freq="h", tz="Europe/Berlin")
    text = [time.isoformat() for time in times]
    table = Table.read({"time": text, "y": np.arange(24.0)})
    assert str(table.step) == "1h"
    assert not table.findings.gaps
    assert any("data row 15" in note and "daylight" in note for note in table.findings.notes)


def test_a_zone_is_kept_for_the_way_out() -> None:
    times = pd.date_range("2013-07-01", periods=9, freq="h", tz="America/New_York", unit="ns")
    frame = pd.DataFrame({"time": times, "y": np.arange(9.0)})
    table = Table.read(frame)
    assert table.times[0] == np.datetime64("2013-07-01T04:00")
    out = table.frame({"time": table.times, "y": table.columns["y"], "cutoff": table.times})
    pd.testing.assert_frame_equal(out[["time", "y"]], frame)
    assert out["cutoff"].dtype == frame["time"].dtype


def test_the_index_of_a_pandas_frame_is_the_time_and_comes_back_as_index() -> None:
    frame = pd.DataFrame({"y": np.arange(9.0)}, index=pd.date_range("2013", periods=9))
    table = Table.read(frame)
    assert str(table.step) == "1D"
    assert list(table.frame({str(table.roles.time): table.times, "y": table.columns["y"]})) == ["y"]
    assert list(frame) == ["y"]


def test_unique_id_ds_y_is_understood() -> None:
    frame = pd.DataFrame({"unique_id": [1, 1, 2, 2], "ds": [1, 2, 1, 2], "y": [1, 2, 3, 4]})
    table = Table.read(frame)
    assert table.roles == Roles("ds", "unique_id", ("y",), (), (), ())
    assert table.names == ("1", "2")
    out = table.frame({"unique_id": np.array(table.names)[table.series], "ds": table.times})
    pd.testing.assert_frame_equal(out, frame[["unique_id", "ds"]])


def test_series_are_not_seen_in_a_label_beside_one_double() -> None:
    days = list(pd.date_range("2013-01-01", periods=40))
    frame = pd.DataFrame({"time": [*days, days[7]], "y": range(41), "sky": ["a", "b"] * 20 + ["a"]})
    frame.loc[7, "sky"] = "b"
    with pytest.raises(DataError, match="data rows 8 and 41"):
        Table.read(frame)


def test_unsorted_rows_are_sorted_and_it_is_said() -> None:
    order = np.random.default_rng(0).permutation(12)
    table = Table.read(LONG.iloc[order], Roles(target=("temp",)))
    for name in ("EWR", "JFK"):
        expected = LONG["temp"][LONG["station"] == name]
        np.testing.assert_array_equal(table.columns["temp"][table.rows(name)], expected)
    assert any("goes backwards" in note and "sorted" in note for note in table.findings.notes)


def test_series_in_turn_are_no_disorder() -> None:
    table = Table.read(LONG.sort_values("time", kind="stable"), Roles(target=("temp",)))
    np.testing.assert_array_equal(table.columns["temp"], LONG["temp"])
    assert table.findings.notes == ()


def test_columns_without_use_are_left_out_with_the_reason() -> None:
    n = 60
    frame = pd.DataFrame(
        {
            "No": range(1, n + 1),
            "date": pd.date_range("2013-01-01", periods=n),
            "day": pd.date_range("2013-01-01", periods=n).day,
            "made": pd.date_range("2014-01-01", periods=n),
            "note": [f"text {i}" for i in range(n)],
            "unit": ["mm"] * n,
            "empty": [None] * n,
            "rain": ["1.5", "T", "2"] * 20,
            "y": np.sin(np.arange(n)),
            "wind": np.cos(np.arange(n)),
        }
    )
    table = Table.read(frame)
    assert table.roles == Roles("date", None, ("y",), ("wind",), (), ())
    reasons = table.findings.left_out
    assert set(reasons) == {"No", "day", "made", "note", "unit", "empty", "rain"}
    assert "data row 2 holds 'T'" in reasons["rain"]
    named = Table.read(frame, Roles(past=("No", "note")))
    assert named.roles.past == ("No", "note")
    assert set(named.columns) == {"y", "No", "note"}


def test_numbers_written_as_text_are_numbers() -> None:
    table = Table.read({"t": [1, 2, 3], "y": ["1.5", "-2", " 3e2"]})
    np.testing.assert_array_equal(table.columns["y"], [1.5, -2, 300])


def test_the_future_without_target_is_kept() -> None:
    table = Table.read(
        {"t": range(6), "sold": [1.0, 3, 2, None, None, None], "price": [5.0, 6, 5, 6, 5, 7]},
        Roles(target=("sold",), future=("price",)),
    )
    assert len(table) == 6
    assert table.present.all()
    np.testing.assert_array_equal(table.columns["price"], [5, 6, 5, 6, 5, 7])
    np.testing.assert_array_equal(np.isnan(table.columns["sold"]), [0, 0, 0, 1, 1, 1])
    table.check_target()


def test_static_columns_reach_over_gaps() -> None:
    frame = pd.concat([LONG.drop(index=[0, 3, 8]), LONG.iloc[:0]])
    frame.loc[frame.index[0], "height"] = None
    table = Table.read(frame, Roles(target=("temp",)))
    assert table.roles.static == ("height",)
    np.testing.assert_array_equal(table.columns["height"], [2] * 5 + [4] * 6)
    np.testing.assert_array_equal(np.flatnonzero(~table.present), [2, 7])


def test_a_table_takes_other_roles() -> None:
    table = Table.read(LONG, Roles(target=("temp",)))
    again = Table.read(table, Roles(target=("height",), future=("open",)))
    assert again.roles == Roles("time", "station", ("height",), ("temp", "sky"), ("open",), ())
    assert again.times is table.times
    assert Table.read(table, table.roles).roles == table.roles
    with pytest.raises(DataError, match="did you mean 'temp'"):
        Table.read(table, Roles(target=("tmp",)))


def test_resolved_roles_read_the_same_table_again() -> None:
    table = Table.read(LONG, Roles(target=("temp",)))
    again = Table.read(LONG, table.roles, step=str(table.step))
    assert again.roles == table.roles
    for name, values in table.columns.items():
        assert pd.Series(values).equals(pd.Series(again.columns[name])), name
    short = Table.read(LONG.iloc[[5, 11]], table.roles, step=str(table.step))
    assert len(short) == 2


def test_findings_are_plain_and_readable() -> None:
    table = Table.read(LONG.drop(index=[3]), Roles(target=("temp",)))
    plain = json.loads(json.dumps(table.findings.to_dict()))
    assert plain["gaps"] == {"EWR": 1}
    assert plain["roles"]["station"] == {"role": "series", "why": "with it, every time comes once"}
    text = table.describe()
    for words in ("11 rows, 2 series", "2013-01-01 00:00 to 2013-01-01 05:00, step 1h"):
        assert words in text
    for words in (
        "gaps: 1 missing rows added",
        "EWR 1",
        "target: temp (as asked)",
        "series: station",
    ):
        assert words in text


def test_what_is_given_is_never_changed() -> None:
    frame = pl.from_pandas(LONG)
    before = frame.clone()
    table = Table.read(frame, Roles(target=("temp",)))
    assert frame.equals(before)
    assert np.isfinite(table.numbers(("height",))).all()
    with pytest.raises(DataError, match="'sky': expected numbers, got text"):
        table.numbers(("sky",))


def test_etth1(shared_data: Path) -> None:
    path = shared_data / "ltsf" / "ETTh1.csv"
    frame = pd.read_csv(path)
    table = Table.read(path)
    assert table.roles.past == tuple(frame.columns[1:])
    assert (len(table), str(table.step), bool(table.present.all())) == (17_420, "1h", True)
    for target in frame.columns[1:]:
        one = Table.read(table, Roles(target=(target,)))
        one.check_target()
        assert len(one.roles.past or ()) == 6
        np.testing.assert_array_equal(one.columns[target], frame[target])


def test_beijing(shared_data: Path) -> None:
    table = Table.read(shared_data / "weather" / "hourly_beijing_pm.csv", Roles(target=("TEMP",)))
    assert table.roles.time == "year,month,day,hour"
    assert table.roles.past == ("pm2.5", "DEWP", "PRES", "cbwd", "Iws", "Is", "Ir")
    assert table.findings.missing == {"pm2.5": 2067}
    assert table.findings.categories == {"cbwd": 4}
    assert list(table.findings.left_out) == ["No"]
    assert (len(table), str(table.step)) == (43_824, "1h")
    assert table.times[-1] == np.datetime64("2014-12-31T23:00")


def test_seattle(shared_data: Path) -> None:
    table = Table.read(shared_data / "weather" / "seattle-weather.csv", Roles(target=("wind",)))
    assert (len(table), str(table.step), table.roles.series) == (1461, "1D", None)
    assert table.findings.categories == {"weather": 5}
    with pytest.raises(DataError, match="target 'weather': expected numbers, got text"):
        Table.read(table, Roles(target=("weather",))).check_target()


def test_parquet_keeps_nanoseconds_and_zone(tmp_path: Path) -> None:
    times = pa.array(pd.date_range("2013", periods=5, freq="h", tz="Asia/Seoul"))
    pq.write_table(pa.table({"time": times, "y": [1.0, 2, 3, 4, 6]}), tmp_path / "a.parquet")
    table = Table.read(tmp_path / "a.parquet")
    assert table.frame({"time": table.times})["time"].type == times.type
