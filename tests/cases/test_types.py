"""Cases of real users: what types, indexes and keys come in, and come out again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from helpers.cases import CASES, unrolled

from unrolled import Forecaster, Training
from unrolled.data import Table

TABLES = CASES / "tables"
SMALL = ("--lookback", 3, "--hidden", 4, "--epochs", 1, "--threads", 1, "--quiet", "--out", "run")


def csv(path: Path, header: str, rows: list[str]) -> None:
    path.write_text("\n".join([header, *rows, ""]))


def hours(rows: int, *values: Any) -> list[str]:
    times = np.datetime64("2013-01-01T00") + np.arange(rows)
    return [f"{t},{','.join(str(v(i)) for v in values)}" for i, t in enumerate(times)]


@pytest.mark.slow
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
