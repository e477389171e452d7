"""The forecaster as a user meets it: every kind of table in, frames of the same kind out."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from helpers.waves import HORIZON, HOURS, ROLES, columns, quick, small

from unrolled import DataError, EngineError, Forecaster, Roles, SettingsError, Table, Training
from unrolled.layers.recurrent import LAYERS

KINDS = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}


@pytest.fixture(scope="module")
def fitted() -> Forecaster:
    return small().fit(columns(), ROLES, training=quick())


def simple(rows: int = 150, time: Any = None) -> dict[str, Any]:
    """One series, one target."""
    hours = np.arange(rows)
    y = 10 + np.sin(hours * 2 * np.pi / 24) + np.random.default_rng(0).normal(0, 0.1, rows)
    return {"t": hours if time is None else time, "y": y}


def fit_simple(data: Any, **settings: Any) -> Forecaster:
    model = Forecaster("y", horizon=3, lookback=6, hidden=3, **settings)
    return model.fit(data, Roles(time="t"), training=Training(epochs=1))


def test_the_forecast_has_every_series_step_target_and_interval(fitted: Forecaster) -> None:
    frame = fitted.predict(with_future())
    names = [f"{target}{end}" for target in ("temp", "load") for end in ("", "_lo_90", "_hi_90")]
    assert list(frame) == ["place", "time", *names]
    assert frame["place"].tolist() == ["A"] * HORIZON + ["B"] * HORIZON
    after = np.datetime64("2013-01-01T00") + HOURS - HORIZON + np.arange(HORIZON)
    assert np.array_equal(frame["time"], np.tile(after, 2).astype("M8[us]"))
    for target in ("temp", "load"):
        assert (frame[f"{target}_lo_90"] < frame[target]).all()
        assert (frame[target] < frame[f"{target}_hi_90"]).all()
    assert np.abs(frame["temp"] - 11).max() < 7  # in the unit of the table
    assert np.abs(frame["load"] - 55).max() < 15


# With what is known for the future given for the rows to forecast.
def with_future() -> dict[str, Any]:
    given = columns()
    last = HOURS - HORIZON
    ahead = np.tile(np.arange(HOURS) >= last, 2)
    for name in ("temp", "load", "wind"):
        given[name][ahead] = np.nan
    given["sky"][ahead] = None
    given["temp"][[last - 1, HOURS + last - 1]] = 10.0
    return given


def test_columns_known_for_the_future_must_be_given_for_it(fitted: Forecaster) -> None:
    given = with_future()
    given["price"][HOURS - 1] = np.nan
    with pytest.raises(DataError, match=r"covariate 'price': .*series 'A'.*11 19:00"):
        fitted.predict(given)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_kind_of_frame_comes_out(kind: str, fitted: Forecaster) -> None:
    make = KINDS[kind]
    frame = fitted.predict(make(with_future()))
    assert type(frame) is type(make({"a": [1]}))
    plain = fitted.predict(with_future())
    assert np.array_equal(np.asarray(frame["temp"]), plain["temp"])
    back = fitted.backtest(make(columns()), stride=10)
    assert type(back) is type(frame)


def test_a_file_gives_a_pyarrow_table_with_its_times_as_written(tmp_path: Path) -> None:
    data = simple(time=[f"{1 + i // 24:02d}.03.2013 {i % 24:02d}:00" for i in range(150)])
    pd.DataFrame(data).to_csv(tmp_path / "table.csv", index=False)
    model = fit_simple(tmp_path / "table.csv")
    frame = model.predict(tmp_path / "table.csv")
    assert isinstance(frame, pa.Table)
    assert frame["t"].to_pylist() == ["07.03.2013 06:00", "07.03.2013 07:00", "07.03.2013 08:00"]


def test_integer_time() -> None:
    model = fit_simple(simple(time=np.arange(150) * 5 + 1000))
    frame = model.predict(simple(time=np.arange(150) * 5 + 1000))
    assert frame["t"].tolist() == [1750, 1755, 1760]
    assert frame["t"].dtype == np.int64


def test_a_loaded_run_forecasts_the_same_bits(fitted: Forecaster, tmp_path: Path) -> None:
    fitted.save(tmp_path / "run")
    loaded = Forecaster.load(tmp_path / "run")
    one, other = fitted.predict(with_future()), loaded.predict(with_future())
    assert list(one) == list(other)
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert loaded.fitted.settings == fitted.fitted.settings
    assert loaded.fitted.training == fitted.fitted.training
    assert loaded.outcome == fitted.outcome
    loaded.save(tmp_path / "again")
    for name in ("model.safetensors", "run.json", "results.json", "history.jsonl"):
        files = [(tmp_path / folder / name).read_bytes() for folder in ("run", "again")]
        assert files[0] == files[1], name


def test_predict_equals_the_backtest_of_the_same_window(fitted: Forecaster) -> None:
    given = columns()
    back = fitted.backtest(given, test=HORIZON)  # one window of each series: the last rows
    ahead = fitted.predict(with_future())
    assert np.array_equal(back["time"], ahead["time"])
    # Other roundings of the same numbers: the last rows hold targets in one table, none in the
    # other, and the past before them is the same but for one value that fixes the cutoff.
    given["temp"][[HOURS - HORIZON - 1, 2 * HOURS - HORIZON - 1]] = 10.0
    back = fitted.backtest(given, test=HORIZON)
    for name in ahead:
        assert np.array_equal(back[name], ahead[name]), name


def test_a_backtest_has_cutoff_and_truth(fitted: Forecaster) -> None:
    given = columns()
    frame = fitted.backtest(given, test=20, stride=5)
    assert len(frame["temp"]) == 2 * 4 * HORIZON  # series x origins x steps
    first = frame["time"][::HORIZON]
    assert np.array_equal(frame["cutoff"][::HORIZON], first - np.timedelta64(1, "h"))
    hours = ((frame["time"] - given["time"][0]) / np.timedelta64(1, "h")).astype(int)
    rows = hours + np.where(frame["place"] == "A", 0, HOURS)
    assert np.array_equal(frame["temp_true"], given["temp"][rows], equal_nan=True)


def test_refit_forecasts_as_a_model_fitted_on_what_was_known() -> None:
    given = simple()
    model = fit_simple(given)
    frame = model.backtest(given, test=12, stride=3, refit=2)
    assert frame["cutoff"].tolist() == [137 + 3 * i for i in range(4) for _ in range(3)]
    # The third origin is the first of the second refit: fit that one by hand.
    known = {name: values[:144] for name, values in given.items()}
    fresh = Forecaster("y", horizon=3, lookback=6, hidden=3, refit="none")
    fresh.fit(known, Roles(time="t"), test=0, training=model.fitted.training)
    assert np.array_equal(frame["y"][6:9], fresh.predict(known)["y"])
    never = model.backtest(given, test=12, stride=3)
    assert not np.array_equal(frame["y"], never["y"])
    assert np.array_equal(frame["y_true"], never["y_true"])


def test_results_stand_beside_the_baselines(fitted: Forecaster) -> None:
    results = fitted.results
    assert results is not None
    assert [row["name"] for row in results["table"]] == ["GRU", "linear", "seasonal naive", "naive"]
    assert set(results["by_target"]) == {"temp", "load"}
    assert results["test"]["windows"] == 2 * (39 - HORIZON + 1)
    assert all(len(steps) == HORIZON for steps in results["by_step"].values())
    # by hand, from the frame of a backtest of the same part
    frame = fitted.backtest(columns(), test=0.15)
    errors = np.abs(frame["load"] - frame["load_true"])
    found = results["by_target"]["load"]["table"][0]
    assert found["mae"] == pytest.approx(np.nanmean(errors), rel=1e-5)
    inside = (frame["load_lo_90"] <= frame["load_true"]) & (
        frame["load_true"] <= frame["load_hi_90"]
    )
    known = ~np.isnan(frame["load_true"])
    assert found["coverage_90"] == pytest.approx(inside[known].mean(), rel=1e-5)


def test_without_a_test_part_nothing_is_measured() -> None:
    model = Forecaster("y", horizon=3, lookback=6, hidden=3)
    model.fit(simple(), Roles(time="t"), test=0, training=Training(epochs=1))
    assert model.results is None


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("layers", [1, 2])
def test_every_cell_and_depth_learns(cell: str, layers: int) -> None:
    model = fit_simple(simple(), cell=cell, layers=layers)
    assert np.isfinite(model.predict(simple())["y"]).all()
    (encoder,) = (m for m in model.network.measured.modules() if isinstance(m, LAYERS[cell]))
    assert encoder.num_layers == layers


def test_more_quantiles_give_more_intervals() -> None:
    model = fit_simple(simple(), quantiles=(0.05, 0.25, 0.5, 0.75, 0.95))
    frame = model.predict(simple())
    assert list(frame)[1:] == ["y", "y_lo_90", "y_hi_90", "y_lo_50", "y_hi_50"]
    order = [frame[n] for n in ("y_lo_90", "y_lo_50", "y", "y_hi_50", "y_hi_90")]
    assert (np.diff(np.stack(order), axis=0) >= 0).all()


def test_only_the_median() -> None:
    assert list(fit_simple(simple(), quantiles=(0.5,)).predict(simple())) == ["t", "y"]


def test_the_engines_forecast_alike() -> None:
    given = simple()
    found = []
    for engine in ("torch", "reference"):
        model = Forecaster("y", horizon=3, lookback=6, hidden=3)
        model.fit(given, Roles(time="t"), training=Training(epochs=1, engine=engine))
        found.append(model.predict(given)["y"])
    assert np.allclose(found[0], found[1], rtol=1e-4)


def test_an_engine_that_cannot_leaves_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unrolled.layers import native

    monkeypatch.setattr(native, "refusal", lambda *_: "no engine today")
    model = Forecaster("y", horizon=3, lookback=6, hidden=3)
    with pytest.raises(EngineError, match="no engine today"):
        model.fit(
            simple(),
            Roles(time="t"),
            training=Training(epochs=1, engine="native"),
            out=tmp_path / "run",
        )
    assert not (tmp_path / "run").exists()


def test_fit_changes_no_global_random_state() -> None:
    torch.manual_seed(5)
    before = torch.rand(3)
    torch.manual_seed(5)
    fit_simple(simple())
    assert torch.equal(torch.rand(3), before)


def test_a_table_of_another_step_is_refused(fitted: Forecaster) -> None:
    given = {name: values[::2] for name, values in columns().items()}
    with pytest.raises(DataError, match="step of 2h, but 1h"):
        fitted.predict(given)
    with pytest.raises(DataError, match=r"expected steps of 1h, .* got 2h"):
        fitted.predict(Table.read(given, ROLES))


def test_asking_before_fitting_is_refused() -> None:
    with pytest.raises(SettingsError, match="forecaster is not fitted"):
        small().predict(columns())
    with pytest.raises(SettingsError, match="forecaster is not fitted"):
        small().save("never")


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"horizon": 0}, "horizon must be a whole number >= 1, got 0"),
        ({"horizon": 2.5}, "horizon must be a whole number >= 1, got 2.5"),
        ({"horizon": True}, "horizon must be a whole number >= 1, got True"),
        ({"lookback": 0}, "lookback must be"),
        ({"hidden": -1}, "hidden must be"),
        ({"layers": 0}, "layers must be"),
        ({"cell": "transformer"}, "got 'transformer'"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\), got 1.0"),
        ({"quantiles": ()}, "got none"),
        ({"quantiles": (0.1, 0.5, 0.8)}, "pairs"),
        ({"quantiles": (0.9, 0.5, 0.1)}, "rise"),
        ({"quantiles": (0.0, 0.5, 1.0)}, "between 0 and 1"),
    ],
)
def test_settings_out_of_range(settings: dict[str, Any], word: str) -> None:
    with pytest.raises(SettingsError, match=word):
        Forecaster("y", **{"horizon": 3, **settings})


def test_no_target_is_refused() -> None:
    with pytest.raises(SettingsError, match="at least one target"):
        Forecaster((), horizon=3)


def test_holidays_are_known_ahead_for_each_step(tmp_path: Path) -> None:
    holidays = pytest.importorskip("holidays", reason="needs the extra holidays")
    days = np.arange("2018-01-01", "2025-07-03", dtype="M8[D]")
    free = np.isin(days, np.array(list(holidays.US(years=range(2018, 2026))), "M8[D]"))
    noise = np.random.default_rng(0).normal(0, 0.1, len(days))
    data = {"day": days, "y": np.where(free, 5.0, 10.0) + noise}
    model = Forecaster("y", horizon=3, lookback=7, hidden=3)
    model.fit(data, Roles(holidays=("US",)), training=Training(epochs=1), out=tmp_path / "run")
    frame = model.predict(data)
    assert frame["day"].astype("M8[D]").tolist() == [date(2025, 7, day) for day in (3, 4, 5)]
    assert abs(frame["y"] - [10, 5, 10]).max() < 1  # the fourth is the second step
    assert Forecaster.load(tmp_path / "run").predict(data)["y"].tolist() == frame["y"].tolist()


def test_a_refit_learns_from_all_rows_and_changes_no_figure(tmp_path: Path) -> None:
    given = simple(300)
    kept = fit_simple(given, refit="none")
    refitted = Forecaster("y", horizon=3, lookback=6, hidden=3)
    refitted.fit(given, Roles(time="t"), training=Training(epochs=1), out=tmp_path / "run")
    assert refitted.results == kept.results
    before, after = kept.network.measured.state_dict(), refitted.network.measured.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert refitted.network.final is not None
    final = refitted.network.final.state_dict()
    assert not torch.equal(final["line.weight"], after["line.weight"])
    assert any(not torch.equal(final[n], after[n]) for n in after if "encoder" in n)
    for name in ("weights", "offsets"):  # there is nothing left to choose them by
        assert torch.equal(final[name], after[name])
    backs = [model.backtest(given, test=0.2) for model in (kept, refitted)]
    assert np.array_equal(backs[0]["y"], backs[1]["y"])
    assert not np.array_equal(kept.predict(given)["y"], refitted.predict(given)["y"])
    card = json.loads((tmp_path / "run" / "run.json").read_text())
    assert card["findings"]["weights"] == {
        "measured": "rows up to 209: every figure is of these",
        "final": "all rows, up to 299: predict uses these",
    }


def test_intervals_of_the_future_are_learned_from_weights_that_did_not_see_it() -> None:
    """Final weights know the rows before the cutoff by heart: their misses would be too small."""
    given = simple(300)
    model = fit_simple(given)
    measured = model.network.measured
    frame = model.predict(given)
    width = frame["y_hi_90"] - frame["y_lo_90"]
    with torch.no_grad():
        for parameter in measured.parameters():
            parameter.add_(torch.randn_like(parameter) * 3)
    measured.weights[:, 0], measured.weights[:, 1:] = 1, 0
    assert (model.predict(given)["y_hi_90"] - model.predict(given)["y_lo_90"] > width).all()


def test_a_mixing_network_sees_the_other_targets() -> None:
    moved = columns()
    moved["load"] = moved["load"] + 9 * np.random.default_rng(0).normal(size=len(moved["load"]))
    for mixing in (False, True):
        model = small(mixing=mixing, loss="huber").fit(columns(), ROLES, training=quick())
        network = model.network.measured
        network.weights[:, 0], network.weights[:, 1:] = 1, 0  # the recurrent part alone
        one, other = (model.backtest(data, test=20)["temp"] for data in (columns(), moved))
        assert np.array_equal(one, other) != mixing


@pytest.mark.parametrize("loss", ["quantile", "huber"])
def test_quantiles_never_cross(loss: str) -> None:
    levels = (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99)
    frame = fit_simple(simple(), quantiles=levels, loss=loss).backtest(simple(), test=60)
    names = ["y_lo_98", "y_lo_80", "y_lo_40", "y", "y_hi_40", "y_hi_80", "y_hi_98"]
    values = np.stack([frame[name] for name in names])
    assert (np.diff(values, axis=0) >= 0).all()
    assert (values[-1] > values[0]).all()


def test_the_last_window_alone_is_history_enough() -> None:
    given = simple(300)
    model = fit_simple(given, refit="none")
    last = {name: values[-6:] for name, values in given.items()}
    whole, alone = model.predict(given), model.predict(last)
    assert np.array_equal(whole["t"], alone["t"])
    np.testing.assert_allclose(alone["y"], whole["y"], atol=0.05)
    assert (alone["y_lo_90"] < alone["y_hi_90"]).all()  # of the validation part
    shorter = model.predict({name: values[-2:] for name, values in given.items()})
    assert (shorter["y"] == given["y"][-1]).all()
