"""Real tables whose steps are not even, and choices that later rows must not move."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.cases import CASES, Answer, unrolled

from unrolled import Forecaster, Roles, Training
from unrolled.data.table.table import Table

TABLES = CASES / "tables"
SMALL = ("--hidden", 16, "--epochs", 1, "--overwrite", "--threads", 1, "--quiet")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CASES.exists(), reason="no ../shared/cases"),
]


def forecast(file: str, horizon: int, folder: Path) -> list[str]:
    """The times that are forecast after a fit."""
    done = unrolled("fit", TABLES / file, "--horizon", horizon, "--out", "r", *SMALL, cwd=folder)
    assert done.code == 0, done.err
    answer: Answer = unrolled("predict", "r", TABLES / file, cwd=folder)
    assert answer.code == 0, answer.err
    return [row[0] for row in csv.reader(io.StringIO(answer.out))][1:]


@pytest.mark.case("tables/17")
def test_business_days(tmp_path: Path) -> None:
    found = Table.read(TABLES / "17-business-days.csv").findings
    assert found.step == "1B"
    assert any("Mon-Fri" in note for note in found.notes)
    assert forecast("17-business-days.csv", 7, tmp_path) == [
        *(f"2022-10-{day}" for day in (17, 18, 19, 20, 21, 24, 25))
    ]


@pytest.mark.case("tables/18")
def test_last_business_days(tmp_path: Path) -> None:
    assert Table.read(TABLES / "18-last-business-day.csv").findings.gaps == {}
    assert forecast("18-last-business-day.csv", 3, tmp_path) == [
        *("2020-01-31", "2020-02-28", "2020-03-31")
    ]


@pytest.mark.case("tables/18b")
def test_the_30th_of_each_month(tmp_path: Path) -> None:
    assert Table.read(TABLES / "18b-day-30.csv").findings.gaps == {}
    assert forecast("18b-day-30.csv", 3, tmp_path) == ["2020-01-30", "2020-02-29", "2020-03-30"]


@pytest.mark.case("tables/29")
def test_jittered_hours(tmp_path: Path) -> None:
    for words in ((), ("--step", "1h"), ("--resample", "1h", "--resample-by", "last")):
        answer = unrolled("inspect", TABLES / "29-jitter.csv", *words, cwd=tmp_path)
        assert answer.code == 0
        assert "step 1h" in answer.out
        assert ("resampled" if "--resample" in words else "rounded") in answer.out
    times = forecast("29-jitter.csv", 2, tmp_path)
    assert times == ["2022-01-13 12:00:00", "2022-01-13 13:00:00"]


def two_series(**changed: tuple[bool, str | None, str | None]) -> dict[str, object]:
    """Two series of hours; a change puts a text into the rows of one, of the test part or not."""
    rows = 120
    random = np.random.default_rng(0)
    test = np.tile(np.arange(rows) >= rows - 18, 2)
    name = np.repeat(["s0", "s1"], rows).astype(object)
    hours = np.datetime64("2020-01-01T00", "us") + np.arange(rows) * np.timedelta64(1, "h")
    kind = np.where(name == "s0", "u", "v").astype(object)
    for in_test, series, text in changed.values():
        kind[(test == in_test) & ((name == series) | (series is None))] = text
    return {
        "id": name,
        "t": np.tile(hours, 2),
        "y": np.sin(np.arange(2 * rows) / 4) + random.normal(0, 0.1, 2 * rows),
        "x": random.normal(size=2 * rows),
        "kind": kind,
    }


def weights(data: object, **roles: object) -> list[bytes]:
    model = Forecaster("y", horizon=3, lookback=5, hidden=4)
    given: Any = {"time": "t", "series": "id", **roles}
    model.fit(data, Roles(**given), training=Training(epochs=1, batch_size=16))
    measured = model.fitted.network.measured.state_dict().values()
    return [values.numpy().tobytes() for values in measured]


@pytest.mark.case("reliability/08")
def test_a_role_is_chosen_by_training_rows() -> None:
    assert weights(two_series()) == weights(two_series(change=(True, "s0", "w")))


@pytest.mark.case("reliability/09")
def test_a_static_value_does_not_come_from_the_future() -> None:
    hidden = (False, None, None)
    one = weights(two_series(none=hidden), static=("kind",))
    other = weights(two_series(none=hidden, change=(True, "s0", "v")), static=("kind",))
    assert one == other
