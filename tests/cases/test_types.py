"""Cases of real users: what types, indexes and keys come in, and come out again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.cases import CASES, unrolled

from unrolled import Forecaster, Training
from unrolled.data import Table

TABLES = CASES / "tables"
SMALL = ("--lookback", 3, "--hidden", 4, "--epochs", 1, "--threads", 1, "--quiet", "--out", "run")


def hourly(path: Path, rows: int, **columns: Any) -> Path:
    times = np.datetime64("2013-01-01T00") + np.arange(rows)
    pd.DataFrame({"time": times, **columns}).to_csv(path, index=False)
    return path


@pytest.mark.case("tables/03")
@pytest.mark.case("reliability/13")
def test_a_category_tells_series_apart(tmp_path: Path) -> None:
    table = TABLES / "03-category.parquet"
    fit = unrolled("fit", table, "--target", "y", "--horizon", 7, *SMALL, cwd=tmp_path)
    assert fit.code == 0, fit.err
    for command in ("predict", "backtest"):
        found = unrolled(command, "run", table, "--json", cwd=tmp_path)
        rows = json.loads(found.out)["rows"]
        assert len(rows) == 14 or command == "backtest"
        series = next(name for name in rows[0] if name not in ("cutoff", "y"))
        assert {row[series] for row in rows} == set(pd.read_parquet(table)[series].astype(str))


@pytest.mark.case("tables/15")
def test_an_index_with_holes_is_no_feature(tmp_path: Path) -> None:
    frame = pd.read_parquet(TABLES / "15-dropna.parquet")
    for source in (TABLES / "15-dropna.parquet", frame):
        table = Table.read(source)
        assert not any("index" in name for name in table.columns)
        assert any("index" in name for name in table.findings.left_out)


@pytest.mark.case("tables/15")
def test_periods_are_months() -> None:
    y, months = np.sin(np.arange(96) / 2), pd.period_range("2012-01", periods=96, freq="M")
    frames = [pd.DataFrame({"y": y}, months), pd.DataFrame({"p": months, "y": y})]
    for frame in (*frames, pd.Series(y, months.to_timestamp(), name="y")):
        table = Table.read(frame)
        assert (str(table.step), len(table), table.findings.gaps) == ("1MS", 96, {})


@pytest.mark.case("reliability/12")
def test_a_filtered_frame_predicts_with_another_index() -> None:
    hours = pd.date_range("2020-01-01", periods=200, freq="h")
    frame = pd.DataFrame({"time": hours, "y": np.sin(np.arange(200) / 5)})
    frame = frame.assign(x=np.cos(np.arange(200) / 7)).drop(index=[50, 51, 90])
    model = Forecaster("y", horizon=2, lookback=4, hidden=4)
    model.fit(frame, training=Training(epochs=1, batch_size=32))
    assert model.fitted.preprocessor.roles.past == ("x",)
    first, second = model.predict(frame), model.predict(frame.reset_index(drop=True))
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.case("tables/08")
def test_two_keys_are_four_series(tmp_path: Path) -> None:
    table = TABLES / "08-two-keys.csv"
    for words in ((), ("--series", "city", "--series", "item"), ("--series", "city,item")):
        found = unrolled("inspect", table, "--json", *words, cwd=tmp_path)
        assert json.loads(found.out)["series"] == 4, found.err
    half = unrolled("inspect", table, "--series", "item", cwd=tmp_path)
    assert half.refused
    assert "item and city together tell the series apart" in half.err
    fit = unrolled("fit", table, "--horizon", 7, *SMALL, cwd=tmp_path)
    assert fit.code == 0, fit.err
    assert 'series = ["city", "item"]' in (tmp_path / "run" / "config.toml").read_text()
    rows = json.loads(unrolled("predict", "run", table, "--json", cwd=tmp_path).out)["rows"]
    assert len({(row["city"], row["item"]) for row in rows}) == 4
    again = unrolled("fit", "--config", "run/config.toml", "--overwrite", *SMALL, cwd=tmp_path)
    assert again.code == 0, again.err


@pytest.mark.case("reliability/11")
def test_a_target_named_as_an_interval_is_refused(tmp_path: Path) -> None:
    i = np.arange(80)
    table = hourly(tmp_path / "t.csv", 80, y=(i * 7) % 13, y_lo_90=100 + i % 5)
    found = unrolled("fit", table, "-t", "y,y_lo_90", "--horizon", 2, *SMALL, cwd=tmp_path)
    assert found.refused
    assert "'y_lo_90'" in found.err
    assert not (tmp_path / "run").exists()


@pytest.mark.case("reliability/22")
def test_a_column_of_lists_is_no_series(tmp_path: Path) -> None:
    values = {"id": [[1]] * 60, "t": list(range(60)), "y": [float(i % 7) for i in range(60)]}
    pq.write_table(pa.table(values), tmp_path / "t.parquet")
    for words in (("--series", "id"), ("--series", "t", "--label", "id")):
        found = unrolled("inspect", "t.parquet", *words, cwd=tmp_path)
        assert found.refused, found.err
        assert "'id'" in found.err


@pytest.mark.case("reliability/32")
def test_a_target_named_as_the_mask_of_another(tmp_path: Path) -> None:
    i = np.arange(120)
    table = hourly(tmp_path / "t.csv", 120, x=(i * 7) % 13, **{"x missing": 500 + i % 11})
    found = unrolled("fit", table, "-t", "x,x missing", "--horizon", 2, *SMALL, cwd=tmp_path)
    assert found.code == 0, found.err
    rows = json.loads(unrolled("predict", "run", table, "--json", cwd=tmp_path).out)["rows"]
    assert all(row["x"] < 50 < 450 < row["x missing"] for row in rows)


@pytest.mark.case("tables/21")
@pytest.mark.parametrize(
    ("name", "rows", "start"),
    [("21-wide-with-index.csv", 60, "2022-01-01 00:00"), ("21b-wide-16-years.csv", 16, "2000")],
)
def test_wide_tables_are_made_long(name: str, rows: int, start: str) -> None:
    table = Table.read(TABLES / name)
    assert (len(table.names), len(table) // len(table.names)) == (30, rows)
    assert (table.roles.target, table.roles.past, table.findings.start) == (("value",), (), start)
    assert any(note.startswith("wide:") for note in table.findings.notes)
