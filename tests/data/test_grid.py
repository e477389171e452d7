"""The step, its arithmetic, and rows put on the grid."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled.data.columns.roles import Roles
from unrolled.data.table.table import Table
from unrolled.data.time.grid import Step

PANDAS = {
    "15min": "15min",
    "1h": "h",
    "1D": "D",
    "1W": "W-MON",
    "1MS": "MS",
    "1ME": "ME",
    "3MS": "QS",
    "3ME": "QE",
    "12MS": "YS",
    "2h": "2h",
    "36h": "36h",
    "30s": "30s",
    "100ms": "100ms",
}


def utc(times: pd.DatetimeIndex) -> np.ndarray:
    converted: np.ndarray = times.tz_convert(None).to_numpy().astype("M8[us]")
    return converted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("60min", "1h"),
        ("24h", "1D"),
        ("7D", "1W"),
        ("H", "1h"),
        ("T", "1min"),
        ("M", "1MS"),
        ("MS", "1MS"),
        ("2ME", "2ME"),
        ("QS", "3MS"),
        ("Y", "12MS"),
        ("YE", "12ME"),
        (7, "7"),
        ("7", "7"),
    ],
)
def test_a_step_is_read_and_written(text: str | int, expected: str) -> None:
    step = Step.parse(text)
    assert str(step) == expected
    assert Step.parse(str(step)) == step


@pytest.mark.parametrize(
    ("step", "season"),
    [("1h", 24), ("15min", 96), ("1D", 7), ("1W", 52), ("1MS", 12), ("1QS", 4), ("1YS", 1), (1, 1)],
)
def test_the_usual_season(step: str | int, season: int) -> None:
    assert Step.parse(step).season == season


@pytest.mark.parametrize("step", PANDAS)
def test_the_step_is_inferred_as_pandas_made_it(step: str) -> None:
    times = pd.date_range("2011-12-30 00:00", periods=40, freq=PANDAS[step])
    table = Table.read(pd.DataFrame({"time": times, "y": np.arange(40.0)}))
    assert str(table.step) == step
    np.testing.assert_array_equal(table.times, times.values.astype("M8[us]"))
    assert table.present.all()


@pytest.mark.parametrize("step", PANDAS)
def test_the_future_goes_on_as_pandas_goes_on(step: str) -> None:
    times = pd.date_range("2012-01-31", periods=60, freq=PANDAS[step])
    table = Table.read(pd.DataFrame({"time": times[:40], "y": np.arange(40.0)}))
    np.testing.assert_array_equal(table.future_times(20)[0], times[40:].values.astype("M8[us]"))


@pytest.mark.parametrize("step", PANDAS)
def test_gaps_come_back_as_missing_rows(step: str) -> None:
    times = pd.date_range("2011-12-31", periods=40, freq=PANDAS[step])
    kept = np.delete(np.arange(40), [3, 4, 5, 20, 38])
    table = Table.read(pd.DataFrame({"time": times[kept], "y": kept * 1.0}))
    np.testing.assert_array_equal(table.times, times.values.astype("M8[us]"))
    np.testing.assert_array_equal(np.flatnonzero(~table.present), [3, 4, 5, 20, 38])
    np.testing.assert_array_equal(np.isnan(table.columns["y"]), ~table.present)
    np.testing.assert_array_equal(table.columns["y"][table.present], kept)
    assert table.findings.gaps == {"": 5}


def test_gaps_by_series_and_places() -> None:
    table = Table.read(
        {"t": [0, 5, 10, 20, 7, 22, 12], "id": list("aaaabbb"), "y": [1, 2, 3, 4, 5, 6, 7]}
    )
    assert table.names == ("a", "b")
    assert str(table.step) == "5"
    np.testing.assert_array_equal(table.offsets, [0, 5, 9])
    np.testing.assert_array_equal(table.times, [0, 5, 10, 15, 20, 7, 12, 17, 22])
    nan = np.nan
    np.testing.assert_array_equal(table.columns["y"], [1, 2, 3, nan, 4, 5, 7, nan, 6])
    assert table.findings.gaps == {"a": 1, "b": 1}


def test_series_may_lie_on_grids_shifted_against_each_other() -> None:
    a = pd.date_range("2013-01-01 00:00", periods=9, freq="D")
    b = pd.date_range("2013-01-01 09:30", periods=9, freq="D")
    frame = pd.DataFrame({"time": [*a, *b], "id": ["a"] * 9 + ["b"] * 9, "y": range(18)})
    table = Table.read(frame, Roles(series="id"))
    assert str(table.step) == "1D"
    np.testing.assert_array_equal(table.times[table.rows("b")], b.values.astype("M8[us]"))


def test_a_series_with_one_row_takes_the_others_step() -> None:
    table = Table.read(
        {"t": [0, 1, 2, 3, 1], "id": list("aaaab"), "y": range(5)}, Roles(series="id")
    )
    np.testing.assert_array_equal(np.diff(table.offsets), [4, 1])


def test_a_series_with_rare_rows_is_gaps_and_no_other_step() -> None:
    rare = [0, 3, 4, 9, 11, 12, 17]
    times = [*range(20), *rare]
    table = Table.read({"t": times, "id": ["a"] * 20 + ["b"] * 7, "y": range(27)})
    assert str(table.step) == "1"
    assert table.findings.gaps == {"b": 11}


@given(st.permutations(range(24)), st.sets(st.integers(1, 22), max_size=8))
def test_the_order_of_rows_does_not_matter(order: list[int], gaps: set[int]) -> None:
    hours = np.array([hour for hour in range(24) if hour not in gaps])
    shuffled = np.array([hour for hour in order if hour not in gaps])
    times = np.datetime64("2013-01-01", "us") + shuffled.astype("m8[h]")
    table = Table.read({"time": times, "y": shuffled * 1.0}, step="1h")
    np.testing.assert_array_equal(np.flatnonzero(table.present), hours)
    np.testing.assert_array_equal(table.columns["y"][table.present], hours)


@given(
    st.sampled_from([*PANDAS, "1", "7"]),
    st.lists(st.integers(-200, 200), min_size=1, max_size=8),
    st.integers(-50, 50),
)
def test_moving_there_and_back_is_nothing(step: str, steps: list[int], back: int) -> None:
    grid = Step.parse(step)
    day = "1999-12-31" if grid.unit == "ME" else "1999-12-28"
    start = np.array([5]) if grid.is_integer else np.array([day], "M8[us]")
    times = grid.shift(np.repeat(start, len(steps)), np.array(steps))
    moved = grid.shift(times, back)
    np.testing.assert_array_equal(grid.shift(moved, -back), times)
    np.testing.assert_array_equal(grid.shift(times, np.full(len(steps), back)), moved)


def test_days_follow_the_clock_on_the_wall_through_daylight_saving() -> None:
    times = pd.date_range("2013-03-25", periods=14, freq="D", tz="Europe/Berlin")
    frame = pd.DataFrame({"time": times.delete(5), "y": np.arange(13.0)})
    table = Table.read(frame)
    assert str(table.step) == "1D"
    np.testing.assert_array_equal(table.times, utc(times))
    assert table.findings.gaps == {"": 1}
    after = pd.date_range("2013-04-08", periods=3, freq="D", tz="Europe/Berlin")
    np.testing.assert_array_equal(table.future_times(3)[0], utc(after))
    assert [str(t)[11:16] for t in table.local_times] == ["00:00"] * 14


def test_hours_with_a_zone_go_through_daylight_saving_without_gap_or_double() -> None:
    times = pd.date_range("2013-10-26", periods=72, freq="h", tz="America/New_York")
    table = Table.read(pd.DataFrame({"time": times, "y": np.arange(72.0)}))
    assert str(table.step) == "1h"
    assert not table.findings.gaps
    assert table.findings.zone == "America/New_York"


def test_a_named_step_may_stand_over_many_gaps_but_not_over_all() -> None:
    even = {"t": [0, 2, 4, 6, 8, 9, 11], "y": [1.0, 3, 2, 5, 4, 6, 7]}
    table = Table.read(even, step=1)
    assert table.findings.gaps == {"": 5}


def test_a_midnight_that_comes_twice_is_the_first_of_the_two() -> None:
    # In Havana the clock went from 01:00 back to 00:00 on 2013-11-03.
    days = [f"2013-11-{day:02d}" for day in (1, 2, 4, 5, 6)]
    times = pd.DatetimeIndex(days).tz_localize("America/Havana")
    table = Table.read(pd.DataFrame({"time": times, "y": np.arange(5.0)}))
    assert table.findings.gaps == {"": 1}
    assert table.times[2] == np.datetime64("2013-11-03T04:00")
