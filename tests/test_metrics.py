"""Metrics against scikit-learn and utilsforecast, and what missing truth does to them."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk
import utilsforecast.losses as uf

from unrolled import metrics
from unrolled.errors import DataError, SettingsError

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SERIES, WINDOWS, STEPS, SEASON = 3, 8, 6, 4


@pytest.fixture(scope="module")
def case() -> dict[str, np.ndarray]:
    """Forecasts of 3 series x 8 windows x 6 steps x 2 targets, one truth in nine unknown."""
    rng = np.random.default_rng(7)
    truth = rng.normal(20, 10, (SERIES * WINDOWS, STEPS, 2))
    forecast = truth + rng.normal(0, 4, truth.shape)
    spread = np.sort(rng.normal(0, 5, (*truth.shape, len(QUANTILES))), axis=-1)
    quantiles = forecast[..., None] + spread
    truth[rng.random(truth.shape) < 1 / 9] = np.nan
    return {"truth": truth, "forecast": forecast, "quantiles": quantiles}


def known(case: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    mask = ~np.isnan(case["truth"])
    return case["truth"][mask], case["forecast"][mask]


def frame(case: dict[str, np.ndarray], series: int, target: int = 0) -> pd.DataFrame:
    """The known points of one series and one target, as utilsforecast wants them."""
    rows = slice(series * WINDOWS, (series + 1) * WINDOWS)
    columns = {
        "y": case["truth"][rows, :, target].ravel(),
        "model": case["forecast"][rows, :, target].ravel(),
        "model-lo-90": case["quantiles"][rows, :, target, 0].ravel(),
        "model-hi-90": case["quantiles"][rows, :, target, -1].ravel(),
    }
    table = pd.DataFrame({"unique_id": f"s{series}", "ds": range(len(columns["y"])), **columns})
    return table.dropna()


def test_mae_and_rmse_equal_sklearn(case: dict[str, np.ndarray]) -> None:
    y, estimate = known(case)
    got = metrics.mae(case["truth"], case["forecast"])
    assert got == pytest.approx(sk.mean_absolute_error(y, estimate), rel=1e-12)
    got = metrics.rmse(case["truth"], case["forecast"])
    assert got == pytest.approx(sk.root_mean_squared_error(y, estimate), rel=1e-12)


def test_mae_by_step_equals_sklearn_step_by_step(case: dict[str, np.ndarray]) -> None:
    got = metrics.mae_by_step(case["truth"], case["forecast"])
    assert got.shape == (STEPS,)
    for step, error in enumerate(got):
        y, estimate = case["truth"][:, step], case["forecast"][:, step]
        mask = ~np.isnan(y)
        assert error == pytest.approx(sk.mean_absolute_error(y[mask], estimate[mask]), rel=1e-12)


def test_pinball_equals_mean_of_sklearn_over_quantiles(case: dict[str, np.ndarray]) -> None:
    mask = ~np.isnan(case["truth"])
    wanted = np.mean(
        [
            sk.mean_pinball_loss(case["truth"][mask], case["quantiles"][mask][:, i], alpha=q)
            for i, q in enumerate(QUANTILES)
        ]
    )
    got = metrics.pinball(case["truth"], case["quantiles"], QUANTILES)
    assert got == pytest.approx(wanted, rel=1e-12)


def test_pinball_of_the_median_is_half_the_mae(case: dict[str, np.ndarray]) -> None:
    got = metrics.pinball(case["truth"], case["forecast"][..., None], (0.5,))
    assert got == pytest.approx(metrics.mae(case["truth"], case["forecast"]) / 2, rel=1e-12)


@pytest.mark.parametrize("series", range(SERIES))
def test_smape_is_200_times_utilsforecast(case: dict[str, np.ndarray], series: int) -> None:
    table = frame(case, series)
    wanted = 200 * uf.smape(table, ["model"])["model"].item()
    assert metrics.smape(table["y"], table["model"]) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("series", range(SERIES))
def test_coverage_and_width_equal_utilsforecast(case: dict[str, np.ndarray], series: int) -> None:
    table = frame(case, series)
    lo, hi = table["model-lo-90"], table["model-hi-90"]
    wanted = uf.coverage(table, ["model"], level=90)["model"].item()
    assert 0 < wanted < 1
    assert metrics.coverage(table["y"], lo, hi) == pytest.approx(wanted, rel=1e-12)
    # With alpha = 1 the Winkler score's penalties are known: it is the width plus 2 x the misses.
    miss = (np.maximum(lo - table["y"], 0) + np.maximum(table["y"] - hi, 0)).mean()
    winkler = uf.winkler_score(table, ["model"], level=90)["model"].item()
    wanted = winkler - 2 / (1 - 0.90) * miss
    assert metrics.interval_width(table["y"], lo, hi) == pytest.approx(wanted, rel=1e-9)


def test_mase_and_its_scale_equal_utilsforecast(case: dict[str, np.ndarray]) -> None:
    rng = np.random.default_rng(3)
    lengths = (30, 41, 25)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    values = rng.normal(0, 5, (offsets[-1], 2)).cumsum(axis=0)
    values[rng.random(values.shape) < 0.1] = np.nan
    scale = metrics.mase_scale(values, SEASON, offsets=offsets)
    assert scale.shape == (SERIES, 2)
    for series in range(SERIES):
        rows = slice(offsets[series], offsets[series + 1])
        train = pd.DataFrame({"unique_id": f"s{series}", "y": values[rows, 0]})
        train["ds"] = np.arange(len(train)) - len(train)
        table = frame(case, series)
        wanted = uf.mase(table, ["model"], SEASON, train)["model"].item()
        got = metrics.mase(table["y"], table["model"], scale[series, 0])
        assert got == pytest.approx(wanted, rel=1e-12)


def test_mase_takes_one_scale_per_window_and_target(case: dict[str, np.ndarray]) -> None:
    truth, forecast = case["truth"], case["forecast"]
    scale = np.linspace(1, 3, 2 * len(truth)).reshape(len(truth), 1, 2)
    wanted = np.nanmean(np.abs(truth - forecast) / scale)
    assert metrics.mase(truth, forecast, scale) == pytest.approx(wanted, rel=1e-12)


def test_mase_scale_sees_training_rows_only_and_never_another_series() -> None:
    values = np.array([1.0, 2.0, 4.0, 100.0, 0.0, 5.0, 15.0, -7.0])
    rows = np.array([True, True, True, False] * 2)
    scale = metrics.mase_scale(values, 1, offsets=[0, 4, 8], rows=rows)
    assert scale.tolist() == [1.5, 7.5]
    changed = np.where(rows, values, 1e9)
    assert metrics.mase_scale(changed, 1, offsets=[0, 4, 8], rows=rows).tolist() == [1.5, 7.5]


def test_a_series_without_a_scale_is_left_out_of_mase() -> None:
    short = metrics.mase_scale([1.0, 2.0], 7)
    assert np.isnan(short).all()
    constant = metrics.mase_scale([3.0] * 9, 2)
    assert constant.tolist() == [0.0]
    assert metrics.mase([1.0, 1.0], [3.0, 9.0], [2.0, 0.0]) == 1.0
    assert math.isnan(metrics.mase([1.0], [3.0], 0.0))


POINT: dict[str, Callable[..., float]] = {
    "mae": metrics.mae,
    "rmse": metrics.rmse,
    "smape": metrics.smape,
    "mase": lambda y, e: metrics.mase(y, e, 2.0),
    "pinball": lambda y, e: metrics.pinball(y, np.asarray(e)[..., None], (0.3,)),
    "coverage": lambda y, e: metrics.coverage(y, np.asarray(e) - 1, np.asarray(e) + 1),
    "interval_width": lambda y, e: metrics.interval_width(y, e, np.asarray(e) + 1),
}


@pytest.mark.parametrize("name", POINT)
def test_missing_truth_is_ignored_and_a_missing_forecast_is_not(name: str) -> None:
    metric = POINT[name]
    full = metric([1.0, 2.0, 5.0], [1.5, 2.5, 9.0])
    assert metric([1.0, 2.0, math.nan, 5.0], [1.5, 2.5, 77.0, 9.0]) == full
    assert metric([1.0, 2.0, math.nan, 5.0], [1.5, 2.5, math.nan, 9.0]) == full
    assert math.isnan(metric([1.0, 2.0], [1.0, math.nan]))
    assert math.isnan(metric([math.nan], [1.0]))


def test_missing_step_has_no_error() -> None:
    got = metrics.mae_by_step([[1.0, math.nan]], [[2.0, 3.0]])
    assert got[0] == 1.0
    assert math.isnan(got[1])


def test_sums_of_float32_are_made_in_float64() -> None:
    truth = np.zeros(3_000_000, np.float32)
    assert metrics.mae(truth, np.full_like(truth, 0.1)) == pytest.approx(np.float32(0.1), rel=1e-9)


def test_smape_of_zero_and_zero_is_zero_and_its_most_is_200() -> None:
    assert metrics.smape([0.0], [0.0]) == 0.0
    assert metrics.smape([1.0, 5.0], [-1.0, 0.0]) == 200.0


@pytest.mark.parametrize("name", POINT)
def test_shapes_are_never_broadcast(name: str) -> None:
    with pytest.raises(DataError, match=rf"{name}: expected .*\(2, 1.* \(2, 3"):
        POINT[name](np.ones((2, 1)), np.ones((2, 3)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.mase_scale([1.0], 0), "season must be a whole number"),
        (lambda: metrics.pinball([1.0], [[1.0]], (1.0,)), r"inside \(0, 1\), got \[1.0\]"),
    ],
)
def test_bad_settings_say_what_was_expected(call: Callable[[], object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.mase([1.0], [1.0], -1.0), "got -1"),
        (lambda: metrics.mase([1.0], [1.0], [1.0, 2.0]), "does not broadcast"),
        (lambda: metrics.mase_scale([1.0, 2.0], 1, rows=[True]), r"shape \(2,\), got \(1,\)"),
        (lambda: metrics.mase_scale([1.0, 2.0], 1, offsets=[0, 3]), "do not fit 2 rows"),
        (lambda: metrics.mae_by_step([1.0], [1.0]), r"\(n, F\)"),
    ],
)
def test_bad_arrays_say_what_was_expected(call: Callable[[], object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        call()
