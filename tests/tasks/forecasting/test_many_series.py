"""Series of unlike level, length and kind in one table: each gets a sensible forecast."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unrolled import DataError, Forecaster, Roles, Training

SHARED = Path(__file__).resolve().parents[4] / "shared" / "cases" / "tables"
RANDOM = np.random.default_rng(4)
QUICK = Training(epochs=3, batch_size=64)


def long(series: dict[str, np.ndarray]) -> dict[str, Any]:
    """A long table of daily series that end on the same day."""
    last = max(map(len, series.values()))
    days = np.datetime64("2022-01-01", "D") + np.arange(last)
    return {
        "day": np.concatenate([days[last - len(one) :] for one in series.values()]),
        "shop": np.repeat(list(series), [len(one) for one in series.values()]).astype(object),
        "sold": np.concatenate(list(series.values())).astype(float),
    }


def week(rows: int, level: float, swing: float, noise: float) -> np.ndarray:
    wave = np.sin(np.arange(rows) * 2 * np.pi / 7)
    found: np.ndarray = level + swing * wave + RANDOM.normal(0, noise, rows)
    return found


def fit(data: Any, horizon: int = 7, **settings: Any) -> Forecaster:
    model = Forecaster("sold", horizon=horizon, hidden=16, **settings)
    return model.fit(data, Roles(time="day", series="shop"), training=QUICK)


def of(frame: Any, shop: str, name: str = "sold") -> np.ndarray:
    found: np.ndarray = np.asarray(frame[name])[np.asarray(frame["shop"]) == shop]
    return found


@pytest.mark.parametrize("large", [5e4, 1e6, 1e9])
def test_a_small_series_beside_a_large_one(large: float) -> None:
    data = long({"big": week(200, large, large / 10, large / 50), "small": week(200, 5, 1, 0.2)})
    model = fit(data)
    frame = model.predict(data)
    assert ((of(frame, "small") > 3) & (of(frame, "small") < 7)).all()
    width = of(frame, "small", "sold_hi_90") - of(frame, "small", "sold_lo_90")
    assert (width < 4).all()
    assert np.abs(of(frame, "big") / large - 1).max() < 0.2
    assert "differ in size by a factor" in model.verdict
    assert "series by series" in model.verdict


@pytest.mark.case("tables/01")
def test_the_two_scales_of_a_real_user() -> None:
    model = Forecaster("sales", horizon=7, hidden=16).fit(SHARED / "01-scales.csv", training=QUICK)
    frame = model.predict(SHARED / "01-scales.csv").to_pandas()
    small = frame[frame["store"] == "small"]
    assert small["sales"].between(3, 7).all()
    assert (small["sales_hi_90"] - small["sales_lo_90"]).max() < 8


@pytest.mark.case("tables/02")
def test_the_shifted_level_of_a_real_user() -> None:
    model = Forecaster("y", horizon=7, hidden=16)
    model.fit(SHARED / "02-level-train.csv", training=QUICK)
    plain = model.predict(SHARED / "02-level-train.csv")["y"].to_numpy()
    shifted = model.predict(SHARED / "02-level-shifted.csv")["y"].to_numpy()
    np.testing.assert_allclose(shifted - plain, 450, atol=0.01)


def test_short_constant_and_empty_series_do_not_refuse_the_table() -> None:
    data = long(
        {
            "long": week(150, 100, 20, 2),
            "other": week(150, 40, 5, 1),
            "ten": np.array([3, 4, 5, 6, 5, 4, 3, 4, 5, 6]),
            "one": np.array([12.0]),
            "zeros": np.zeros(150),
            "same": np.full(150, 7.5),
            "empty": np.full(30, np.nan),
        }
    )
    model = fit(data)
    said = "\n".join(model.fitted.findings["decisions"])
    assert "too short to learn from, 3 of 7 series" in said
    assert "ten, one, empty" in said
    frame = model.predict(data)
    for name, level in (("zeros", 0), ("same", 7.5), ("one", 12)):
        for column in ("sold", "sold_lo_90", "sold_hi_90"):
            assert (of(frame, name, column) == level).all(), (name, column)
    last_week = [6, 5, 4, 3, 4, 5, 6]
    assert of(frame, "ten") == pytest.approx(last_week, abs=1e-5)
    assert np.isnan(of(frame, "empty")).all()
    assert np.abs(of(frame, "long") - 100).max() < 45


def test_a_short_series_does_not_shorten_the_lookback_of_all() -> None:
    whole = {"a": week(200, 10, 2, 0.1), "b": week(200, 20, 2, 0.1)}
    with_short = fit(long({**whole, "c": week(14, 5, 1, 0.1)}))
    without = fit(long(whole))
    assert with_short.fitted.settings.lookback == without.fitted.settings.lookback


def test_series_that_are_all_too_short_are_refused_in_words() -> None:
    data = long({"a": week(9, 10, 2, 0.1), "b": week(8, 20, 2, 0.1)})
    with pytest.raises(DataError, match=r"windows: series 'a' has .* rows, .* are needed"):
        fit(data)


def test_counts_are_never_forecast_below_zero() -> None:
    data = long({name: RANDOM.poisson(0.3, 300) for name in "abc"})
    frame = fit(data).predict(data)
    assert np.asarray(frame["sold_lo_90"]).min() >= 0
    assert np.asarray(frame["sold"]).min() >= 0
    # Taken 5 lower it is another kind of series, and nothing is held back.
    lower = {**data, "sold": data["sold"] - 5}
    assert np.asarray(fit(lower).predict(lower)["sold"]).max() < 0


def test_a_heavy_tail_is_forecast_by_its_logarithm_where_that_helps() -> None:
    walk = np.zeros(700)
    for day in range(1, 700):
        walk[day] = 0.8 * walk[day - 1] + RANDOM.normal(0, 0.7)
    data = long({"a": np.exp(2 + walk)})
    model = fit(data)
    (transform,) = model.fitted.preprocessor.transforms
    assert transform.unit is not None
    assert "sold: forecast by its logarithm" in "\n".join(model.fitted.findings["decisions"])
    plain = fit(data, transform="none")
    assert plain.fitted.preprocessor.transforms[0].unit is None
    normal = long({"a": week(300, 100, 20, 2)})
    assert fit(normal).fitted.preprocessor.transforms[0].unit is None
    assert fit(normal, transform="log").fitted.preprocessor.transforms[0].unit is not None


def test_where_the_large_series_hides_a_loss_the_verdict_does_not() -> None:
    """Of a random walk nothing is to be known: the verdict on three of four series is even."""
    walks = {name: 1 + np.abs(RANDOM.normal(0, 0.01, 300).cumsum()) for name in "abc"}
    model = fit(long({"wave": week(300, 1e6, 2e5, 1e4), **walks}))
    assert model.results is not None
    network, *_ = model.results["table"]
    series = model.results["by_series"]
    assert series["count"] == 4
    assert {row["series"] for row in series["rows"]} == {"wave", "a", "b", "c"}
    assert network["ratio"] == pytest.approx(
        np.exp(np.mean(np.log([row["ratio"] for row in series["rows"]]))), rel=1e-4
    )
    assert f"better than seasonal naive on {series['better']} of 4" in model.verdict


def test_integer_time_takes_the_season_it_is_given() -> None:
    rows = 200
    data = {
        "t": np.tile(np.arange(rows), 2),
        "name": np.repeat(["a", "b"], rows).astype(object),
        "y": np.concatenate([week(rows, 50, 9, 0.5), week(rows, 500, 90, 5)]),
    }
    model = Forecaster("y", horizon=7, season=7, hidden=8)
    model.fit(data, Roles(time="t", series="name"), training=QUICK)
    assert model.fitted.preprocessor.season == 7
    assert model.results is not None
    assert model.results["season"] == 7
    truth = 50 + 9 * np.sin((rows + np.arange(7)) * 2 * np.pi / 7)
    assert np.abs(np.asarray(model.predict(data)["y"])[:7] - truth).max() < 4
