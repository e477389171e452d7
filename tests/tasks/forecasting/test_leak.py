"""Nothing that comes later moves anything earlier: the future is scrambled, and all bits stay."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from helpers.waves import HORIZON, ROLES, columns, quick, small

from unrolled import Forecaster, Table, split
from unrolled.data.table.encode import TablePreprocessor
from unrolled.tasks.forecasting.inference import calibrated_forecasts
from unrolled.tasks.forecasting.prepare import EncodedTable

VARYING = ("temp", "load", "wind", "sky", "price", "holiday")
PLANNED = ("price", "holiday")  # known for the future: a forecast may look at them


def table() -> Table:
    return Table.read(columns(), ROLES)


def scrambled(given: Table, rows: np.ndarray, names: tuple[str, ...] = VARYING) -> Table:
    """The table with other values, categories never seen, and holes in these rows."""
    random = np.random.default_rng(9)
    changed = dict(given.columns)
    for name in names:
        values = changed[name].copy()
        if values.dtype == object:
            values[rows] = random.choice(np.array(["snow", "sun", None], object), len(rows))
        else:
            values[rows] = random.normal(1e3, 1e3, len(rows))
            values[rows[::5]] = np.nan
        changed[name] = values
    return replace(given, columns=changed)


def weights(model: Forecaster) -> dict[str, torch.Tensor]:
    return model.network.measured.state_dict()


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def fitted() -> Forecaster:
    return small().fit(table(), ROLES, training=quick())


def test_other_test_rows_leave_the_fit_as_it_is(fitted: Forecaster) -> None:
    given = table()
    rows = np.flatnonzero(split(given).test.mask())
    other = small().fit(scrambled(given, rows), ROLES, training=quick())
    assert same(weights(fitted), weights(other))
    assert fitted.fitted.preprocessor.to_dict() == other.fitted.preprocessor.to_dict()
    assert [e.validation_loss for e in fitted.outcome.history] == [
        e.validation_loss for e in other.outcome.history
    ]
    assert fitted.results is not None
    assert other.results is not None
    assert fitted.results["table"] != other.results["table"]  # the test rows did change


def test_other_validation_rows_leave_scales_and_vocabularies_as_they_are() -> None:
    given = table()
    parts = split(given)
    rows = np.flatnonzero(~parts.train_rows())
    changed = scrambled(given, rows)
    encoders = [TablePreprocessor.fit(one, parts) for one in (given, changed)]
    assert encoders[0].to_dict() == encoders[1].to_dict()
    # and the rows that were not touched are encoded to the same bits
    kept = parts.train_rows()
    assert np.array_equal(encoders[0].inputs(given)[kept], encoders[1].inputs(changed)[kept])


def forecasts(model: Forecaster, given: Table, cutoff: int) -> np.ndarray:
    """The quantiles of the one window of each part whose first target row is `cutoff`."""
    encoded = EncodedTable.of(given, model.fitted.preprocessor)
    windows, found = calibrated_forecasts(model.fitted, encoded, split(given).test)
    index = np.flatnonzero(windows.cutoffs == cutoff)
    assert len(index) == 1
    return found.in_unit(found.quantiles, model.fitted.preprocessor.transforms)[index]


@pytest.mark.parametrize("name", VARYING)
def test_a_forecast_does_not_see_rows_after_its_cutoff(name: str, fitted: Forecaster) -> None:
    given = table()
    first = int(split(given).test.rows[0, 0])
    cutoff = first + 10
    rows = np.arange(cutoff, int(given.offsets[1]))
    before = forecasts(fitted, given, cutoff)
    after = forecasts(fitted, scrambled(given, rows, (name,)), cutoff)
    if name in PLANNED:  # what is known for the future is looked at, but not beyond the horizon
        assert not np.array_equal(before, after)
        rows = rows[HORIZON:]
        after = forecasts(fitted, scrambled(given, rows, (name,)), cutoff)
    assert np.array_equal(before, after)
    # The test can fail: a change before the cutoff is seen.
    earlier = forecasts(fitted, scrambled(given, rows - len(rows), (name,)), cutoff)
    assert name in PLANNED or not np.array_equal(before, earlier)


def test_a_forecast_does_not_see_another_series(fitted: Forecaster) -> None:
    given = table()
    cutoff = int(split(given).test.rows[1, 0])  # the first of series B
    others = np.arange(int(given.offsets[1]))
    changed = scrambled(given, others)
    assert np.array_equal(forecasts(fitted, given, cutoff), forecasts(fitted, changed, cutoff))


def test_predict_does_not_see_what_lies_after_the_last_target(fitted: Forecaster) -> None:
    given = columns()
    ahead = np.concatenate([np.arange(s + 250, s + 260) for s in (0, 260)])
    for name in ("temp", "load", "wind"):
        given[name][ahead] = np.nan
    given["sky"][ahead] = None
    # Both targets known at the last row before, so that the cutoff is where it is meant to be.
    last = np.array([249, 509])
    given["temp"][last] = given["load"][last] = 10.0
    plain = fitted.predict(given)
    told = {**given, "wind": given["wind"].copy(), "sky": given["sky"].copy()}
    told["wind"][ahead] = 1e6
    told["sky"][ahead] = "rain"
    other = fitted.predict(told)
    assert plain["time"][0] == given["time"][250]
    assert len(plain["temp"]) == 2 * HORIZON
    for name in plain:
        assert np.array_equal(plain[name], other[name]), name


def test_intervals_are_calibrated_without_the_test_part(fitted: Forecaster) -> None:
    given = table()
    rows = np.flatnonzero(split(given).test.mask())
    shifted: Any = scrambled(given, rows)
    other = small().fit(shifted, ROLES, training=quick())
    measured, theirs = fitted.network.measured, other.network.measured
    assert torch.equal(measured.offsets, theirs.offsets)
    assert bool((measured.offsets != 0).any())
    assert torch.equal(measured.weights, theirs.weights)
