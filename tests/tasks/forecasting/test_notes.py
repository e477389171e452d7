"""What is said beside a forecast, what else may forecast, and the errors of a backtest."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from unrolled import Forecaster, Roles, SettingsError, Training
from unrolled.cli import main
from unrolled.tasks.forecasting.backtest import Origins
from unrolled.tasks.forecasting.evaluate import errors

ROWS = 120
ROLES = Roles(time="day", series="shop", future=("promo",))


def table(shops: str = "abc", rows: int = ROWS) -> pd.DataFrame:
    """Daily sales with a category, known ahead for the last 3 days."""
    random = np.random.default_rng(0)
    days = pd.date_range("2022-01-01", periods=rows, unit="us")
    parts = []
    for i, shop in enumerate(shops):
        sold = 10 * (i + 1) + 3 * np.sin(np.arange(rows) * 2 * np.pi / 7)
        sold += random.normal(0, 0.3, rows)
        sold[-3:] = np.nan
        promo = np.where(np.arange(rows) % 5 < 2, "yes", "no")
        parts.append(pd.DataFrame({"day": days, "shop": shop, "sold": sold, "promo": promo}))
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def model() -> Forecaster:
    found = Forecaster("sold", horizon=3, lookback=14, hidden=4)
    return found.fit(table(), ROLES, training=Training(epochs=1))


def said(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(record.getMessage() for record in caplog.records)


def test_nothing_is_said_where_nothing_is_odd(
    model: Forecaster, caplog: pytest.LogCaptureFixture
) -> None:
    model.predict(table())
    assert said(caplog) == ""


def changed(kind: str) -> pd.DataFrame:
    given = table("abcd")
    old = given["shop"] == "d"
    days = given["day"]
    if kind == "category":
        given = table()
        given.loc[given.index[:2], "promo"] = "half"
    elif kind == "ended":
        given = table()
        given = given[(given["shop"] != "b") | (days < "2022-03-01")[: len(given)]]
        given.loc[given["shop"] == "b", "sold"] = given["sold"].fillna(1.0)
        given.loc[given.index[given["shop"] == "b"][-3:], "sold"] = np.nan
    elif kind == "short":
        given = given[~old | (days >= "2022-04-20")]
    elif kind == "empty":
        given.loc[old, "sold"] = np.nan
        more = given[old].assign(day=days[old] + pd.Timedelta(days=3))
        given = pd.concat([given, more[-3:]])
    return given


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("series", "never seen in training, 1 of 4 series: d"),
        ("category", "column 'promo': never seen in training, .*: 'half' (2 rows)"),
        ("ended", "ended long before 2022-04-27 .*, 1 of 3 series: b (2022-02-25)"),
        ("short", "shorter than the lookback of 14 steps, .*, 1 of 4 series: d"),
        ("empty", "without a value of the target, forecast as missing, 1 of 4 series: d"),
    ],
)
def test_what_is_odd_is_named(
    kind: str, words: str, model: Forecaster, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "unrolled"):
        model.predict(changed(kind))
    for part in words.split(".*"):
        assert part in said(caplog)


def test_a_backtest_says_which_rows_were_trained_on(
    model: Forecaster, caplog: pytest.LogCaptureFixture
) -> None:
    whole = table().dropna()
    model.backtest(whole, test=0.9, stride=20)
    train = model.fitted.findings["split"]["train"]["to"]
    days = pd.date_range("2022-01-01", train)
    trained = len(days) - (117 - round(117 * 0.9))
    begin = pd.Timestamp(model.fitted.findings["split"]["test"]["from"]).date()
    assert f"{3 * trained:,} of the {3 * 105:,} forecast rows were trained on" in said(caplog)
    assert f"test={begin} begins after them" in said(caplog)
    caplog.clear()
    model.backtest(whole, test=str(begin))
    model.backtest(table("xy").dropna(), test=0.9, stride=20)  # other series, other rows
    assert said(caplog) == ""


@pytest.mark.parametrize("name", ["network", "linear", "seasonal-naive", "naive", "blend"])
def test_a_part_of_the_blend_forecasts_alone(name: str, model: Forecaster) -> None:
    given = table("abc")
    frame = model.predict(given, model=name)
    assert (frame["sold_lo_90"] <= frame["sold"]).all()
    assert (frame["sold"] <= frame["sold_hi_90"]).all()
    values = frame["sold"].to_numpy().reshape(3, 3)
    last = given["sold"].to_numpy().reshape(3, ROWS)[:, :-3]
    if name == "naive":
        np.testing.assert_allclose(values, np.repeat(last[:, -1:], 3, 1), rtol=1e-5)
    elif name == "seasonal-naive":
        np.testing.assert_allclose(values, last[:, -7:-4], rtol=1e-5)
    elif name == "blend":
        pd.testing.assert_frame_equal(frame, model.predict(given))
    measured, _ = model.measure(given.dropna(), Origins(test=20, model=name))
    first, *others = errors(measured)["sold"]["table"]
    alone = {row["name"]: row for row in others}.get(name.replace("-", " "))
    if alone is not None:
        assert first["mae"] == pytest.approx(alone["mae"], rel=1e-4)


def test_another_model_is_refused(model: Forecaster) -> None:
    with pytest.raises(SettingsError, match=r"model must be one of blend, .* naive, got 'best'"):
        model.predict(table(), model="best")
    with pytest.raises(SettingsError, match="backtest: model must be one of"):
        model.backtest(table().dropna(), model="best")


def test_errors_of_every_series_and_baseline(
    model: Forecaster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model.save(tmp_path / "run")
    given = table().dropna()
    given.to_csv(tmp_path / "t.csv", index=False)
    words = ["backtest", str(tmp_path / "run"), str(tmp_path / "t.csv"), "--test", "20"]
    assert main([*words, "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)["errors"]["sold"]
    names = [row["name"] for row in found["table"]]
    assert names == ["GRU", "linear", "seasonal naive", "naive"]
    assert {row["series"] for row in found["by_series"]} == set("abc")
    frame = model.backtest(given, test=20)
    missed = (frame["sold"] - frame["sold_true"]).abs().groupby(frame["shop"]).mean()
    for row in found["by_series"]:
        assert row["mae"] == pytest.approx(missed[row["series"]], rel=1e-4)
    assert "seasonal naive" in err
    assert "series" in err


def test_an_unknown_truth_is_null(
    model: Forecaster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model.save(tmp_path / "run")
    given: Any = table().dropna()
    given.loc[given["day"] > "2022-04-10", "sold"] = None
    given.to_csv(tmp_path / "t.csv", index=False)
    words = ["backtest", str(tmp_path / "run"), str(tmp_path / "t.csv"), "--test", "10"]
    assert main([*words, "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["errors"]["sold"]["mae"] is None
    assert found["rows"][0]["sold_true"] is None
    assert "sold: MAE -, RMSE -" in err


def test_json_has_the_notes(
    model: Forecaster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model.save(tmp_path / "run")
    changed("series").to_csv(tmp_path / "t.csv", index=False)
    words = ["predict", str(tmp_path / "run"), str(tmp_path / "t.csv"), "--json"]
    assert main(words) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["notes"] == ["never seen in training, 1 of 4 series: d"]
    assert len(answer["rows"]) == 4 * 3
    assert main([*words, "--out", str(tmp_path / "p.csv")]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == answer["notes"]


@pytest.mark.parametrize("row", [5, 60, 100, 115])
@pytest.mark.parametrize("column", ["sold", "visits"])
def test_a_value_far_out_is_no_traceback_and_no_warning(row: int, column: str) -> None:
    given = table("a").dropna()
    given["visits"] = np.arange(len(given)) % 7.0
    given.loc[row, column] = 3e38
    small = Forecaster("sold", horizon=3, lookback=14, hidden=4, ensemble=1)
    found = small.fit(given, Roles(time="day", future=("promo",)), training=Training(epochs=1))
    later = given.assign(sold=given["sold"].where(given.index < len(given) - 3))
    assert np.isfinite(found.predict(later)["sold"]).all()
