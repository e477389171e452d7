"""A forecast moves with its series: shifted or scaled, known or new, whatever the cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from unrolled import Forecaster, Roles, Training

ROLES = Roles(time="time", series="name", target=("y",))
HORIZON = 6


def table(names: str = "ab", rows: int = 240, moved: float = 0.0, times: float = 1.0) -> Any:
    """Hours of a daily wave with noise; b is twice as large and noisier."""
    random, parts = np.random.default_rng(1), []
    for size in range(1, len(names) + 1):
        hour = np.arange(rows)
        wave = np.sin(hour * 2 * np.pi / 24) + random.normal(0, 0.1 * size, rows)
        parts.append(20 + size * 3 * wave)
    hours = np.datetime64("2020-01-01T00", "us") + np.arange(rows) * np.timedelta64(3600, "s")
    return {
        "time": np.tile(hours, len(names)),
        "name": np.repeat(list(names), rows).astype(object),
        "y": np.concatenate(parts) * times + moved,
    }


def fit(data: Any, **settings: Any) -> Forecaster:
    asked = {"horizon": HORIZON, "lookback": 48, "hidden": 8, "transform": "none", **settings}
    return Forecaster("y", **asked).fit(data, ROLES, training=Training(epochs=2, batch_size=32))


CASES: dict[str, dict[str, Any]] = {
    **{cell: {"cell": cell} for cell in ("gru", "lstm", "rnn")},
    "step by step": {"segment": 1, "lookback": 24},
    "huber": {"loss": "huber"},
    "ensemble": {"ensemble": 2},
    "without refit": {"refit": "none"},
}
NUMBERS = ("y", "y_lo_90", "y_hi_90")


@pytest.fixture(scope="module", params=CASES, ids=list(CASES))
def fitted(request: pytest.FixtureRequest) -> Forecaster:
    return fit(table(), **CASES[request.param])


@pytest.mark.parametrize("level", [450.0, -1e4, 1e6])
def test_a_shifted_series_is_forecast_shifted(fitted: Forecaster, level: float) -> None:
    plain, moved = fitted.predict(table()), fitted.predict(table(moved=level))
    for name in NUMBERS:
        np.testing.assert_allclose(moved[name] - level, plain[name], atol=2e-4, err_msg=name)


@pytest.mark.parametrize("size", [1e-3, 7.0, 1e6])
def test_a_scaled_series_is_forecast_scaled(fitted: Forecaster, size: float) -> None:
    plain, scaled = fitted.predict(table()), fitted.predict(table(times=size))
    for name in NUMBERS:
        np.testing.assert_allclose(scaled[name] / size, plain[name], atol=2e-4, err_msg=name)


@pytest.mark.parametrize(("level", "size"), [(1000.0, 1.0), (0.0, 250.0), (-3e4, 0.02)])
def test_a_fit_to_a_moved_table_is_the_same_fit_moved(level: float, size: float) -> None:
    given = table(moved=level, times=size)
    plain, moved = fit(table()), fit(given)
    ours, theirs = plain.predict(table()), moved.predict(given)
    for name in NUMBERS:  # training in float32 goes its own way by a rounding
        np.testing.assert_allclose((theirs[name] - level) / size, ours[name], atol=0.02)
    assert plain.results is not None
    assert moved.results is not None
    assert moved.results["table"][0]["mae"] == pytest.approx(
        plain.results["table"][0]["mae"] * size, rel=5e-3
    )


def test_a_new_series_at_a_new_level_is_forecast_where_it_is(fitted: Forecaster) -> None:
    new = table("z", moved=8000.0)
    frame = fitted.predict(new)
    assert set(frame["name"]) == {"z"}
    truth = 8020 + 3 * np.sin((240 + np.arange(HORIZON)) * 2 * np.pi / 24)
    assert np.abs(frame["y"] - truth).max() < 2.5
    assert (frame["y_hi_90"] - frame["y_lo_90"]).max() < 8


def test_other_series_in_the_table_do_not_move_a_forecast(fitted: Forecaster) -> None:
    both, alone = fitted.predict(table("ab")), fitted.predict(table("a"))
    for name in NUMBERS:
        np.testing.assert_allclose(both[name][:HORIZON], alone[name], atol=1e-4)
