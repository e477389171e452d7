"""Steps that are not even: open slots of the week, business months, clipped days, rounded times."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled.data.columns.roles import Roles
from unrolled.data.table.future import with_future
from unrolled.data.table.split import split
from unrolled.data.table.table import Table
from unrolled.data.time.calendar import calendar_features
from unrolled.data.time.grid import Step
from unrolled.data.time.holidays import holiday_features
from unrolled.errors import DataError, SettingsError

Keep = Callable[[pd.DatetimeIndex], Any]


def between(first: int, last: int, days: tuple[int, ...] = (0, 1, 2, 3, 4)) -> Keep:
    return lambda t: (t.hour >= first) & (t.hour <= last) & t.day_of_week.isin(days)


WEEKDAYS = between(0, 23)
# name -> how often, which times are kept, the step, the season
OPEN: dict[str, tuple[str, str, Keep, str, int]] = {
    "business days": ("2022-01-03", "D", WEEKDAYS, "1B", 5),
    "business days at four": ("2022-01-03 16:00", "D", WEEKDAYS, "1B", 5),
    "closed Sundays": ("2022-01-03", "D", between(0, 23, (0, 1, 2, 3, 4, 5)), "1D Mon-Sat", 6),
    "closed Mondays": ("2022-01-04", "D", between(0, 23, (1, 2, 3, 4, 5, 6)), "1D Tue-Sun", 6),
    "three days": ("2022-01-03", "D", between(0, 23, (0, 2, 4)), "1D Mon,Wed,Fri", 3),
    "trading hours": ("2022-01-03", "h", between(9, 16), "1h Mon-Fri 09:00-16:00", 8),
    "at half past": ("2022-01-03 00:30", "h", between(9, 15), "1h Mon-Fri 09:30-15:30", 7),
    "nights off": ("2022-01-03", "5min", between(7, 21, (*range(7),)), "5min 07:00-21:55", 180),
    "weekends off": ("2022-01-03", "h", WEEKDAYS, "1h Mon-Fri 00:00-23:00", 24),
    "a break": (
        "2022-01-03",
        "h",
        lambda t: t.hour.isin([10, 11, 14, 15]) & (t.day_of_week < 5),
        "1h Mon-Fri 10:00-11:00,14:00-15:00",
        4,
    ),
    "an uneven break": (
        "2022-01-03",
        "30min",
        lambda t: t.strftime("%H:%M").isin(["10:30", "11:30", "14:00"]) & (t.day_of_week < 5),
        "30min Mon-Fri 10:30,11:30,14:00",
        3,
    ),
    "a short Saturday": (
        "2022-01-03",
        "h",
        lambda t: between(9, 17)(t) | between(9, 12, (5,))(t),
        "1h Mon-Fri 09:00-17:00; Sat 09:00-12:00",
        49,
    ),
    "currencies": (
        "2022-01-03",
        "h",
        lambda t: (
            between(0, 23, (0, 1, 2, 3))(t) | between(0, 16, (4,))(t) | between(17, 23, (6,))(t)
        ),
        "1h Mon-Thu 00:00-23:00; Fri 00:00-16:00; Sun 17:00-23:00",
        24,
    ),
}  # fmt: skip


def times_of(name: str, weeks: int = 12, zone: str | None = None) -> pd.DatetimeIndex:
    start, freq, keep, _, _ = OPEN[name]
    end = pd.Timestamp(start) + pd.Timedelta(weeks=weeks)
    times = pd.date_range(start, end, freq=freq, inclusive="left")
    times = times[np.asarray(keep(times))]
    return times.tz_localize(zone) if zone else times


def table(times: Any, **given: Any) -> Table:
    return Table.read(pd.DataFrame({"time": times, "y": np.arange(len(times)) * 1.0}), **given)


def plain(times: Any) -> np.ndarray[Any, Any]:
    index = pd.DatetimeIndex(times)
    return np.asarray((index.tz_convert(None) if index.tz else index).to_numpy().astype("M8[us]"))


@pytest.mark.parametrize("zone", [None, "America/New_York"])
@pytest.mark.parametrize("name", OPEN)
def test_open_times_are_recognised_said_and_gone_on_with(name: str, zone: str | None) -> None:
    _, _, _, step, season = OPEN[name]
    times = times_of(name, zone=zone)
    known = len(times) - len(times) // 3
    if zone and name == "currencies":
        pytest.skip("Sunday at three in the morning is closed there, and here")
    read = table(times[:known])
    assert (str(read.step), read.season) == (step, season)
    assert read.present.all()
    assert read.findings.gaps == {}
    (note,) = [note for note in read.findings.notes if step in note]
    assert "forecasts" in note
    np.testing.assert_array_equal(read.future_times(len(times) - known)[0], plain(times[known:]))
    assert Step.parse(step) == read.step


@pytest.mark.parametrize("name", OPEN)
def test_holes_inside_open_times_are_gaps(name: str) -> None:
    times = times_of(name)
    kept = np.delete(np.arange(len(times)), [4, 5, len(times) // 2])
    read = table(times[kept])
    assert str(read.step) == OPEN[name][3]
    np.testing.assert_array_equal(read.times, plain(times))
    np.testing.assert_array_equal(np.flatnonzero(~read.present), [4, 5, len(times) // 2])


@settings(deadline=None, max_examples=50)
@given(
    st.sampled_from([step for *_, step, _ in OPEN.values()] + ["1MS", "1ME", "1BMS", "3BME", "1h"]),
    st.lists(st.integers(-5000, 5000), min_size=1, max_size=20),
)
def test_times_and_ticks_are_each_others_inverse(text: str, ticks: list[int]) -> None:
    step = Step.parse(text)
    given = np.sort(np.unique(ticks))
    times = step.join(given, np.zeros(len(given), np.int64))
    back, phases = step.split(times)
    np.testing.assert_array_equal(back, given)
    assert (phases == 0).all()
    assert (np.diff(times) > 0).all()


@pytest.mark.parametrize(
    "times",
    [
        pd.date_range("2022-01-03", periods=400, freq="h"),
        pd.date_range("2022-01-03", periods=60, freq="D"),
        pd.date_range("2022-01-03", periods=5, freq="D"),
        pd.date_range("2022-01-03", periods=8, freq="B"),  # one weekend is not enough
        pd.date_range("2022-01-03", periods=500, freq="h")[
            np.random.default_rng(0).random(500) < 0.5
        ],
        pd.date_range("2022-01-03", periods=90, freq="D")[
            np.random.default_rng(1).random(90) < 0.6
        ],
    ],
)
def test_chance_and_few_rows_close_nothing(times: pd.DatetimeIndex) -> None:
    assert table(times).step.open == ()


def test_where_one_series_is_closed_another_may_be_open() -> None:
    hours = pd.date_range("2022-01-03", "2022-04-01", freq="h")
    a, b = hours[between(9, 15)(hours)], hours[between(1, 6)(hours)]
    frame = pd.DataFrame({"time": [*a, *b], "id": ["a"] * len(a) + ["b"] * len(b), "y": 1.0})
    read = Table.read(frame, Roles(series="id"))
    assert str(read.step) == "1h Mon-Fri 01:00-06:00,09:00-15:00"
    assert read.season == 13


def test_a_rare_row_at_a_closed_time_is_left_out_and_said() -> None:
    days = pd.date_range("2021-01-04", "2022-12-30", freq="B")
    times = days.append(pd.DatetimeIndex(["2022-03-05"])).sort_values()
    read = table(times)
    assert str(read.step) == "1B"
    assert len(read) == len(days)
    assert any("2022-03-05" in note and "'1D'" in note for note in read.findings.notes)
    assert len(table(times, step="1D")) == (days[-1] - days[0]).days + 1
    again = table(times[-250:], step="1B")
    np.testing.assert_array_equal(again.times, plain(times[-250:].drop("2022-03-05")))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("B", "1B"),
        ("1D Mon-Fri", "1B"),
        ("1D  Sat,Sun", "1D Sat-Sun"),
        ("1h Mon-Fri", "1h Mon-Fri 00:00-23:00"),
        ("60min Mon-Fri 09:30-15:30", "1h Mon-Fri 09:30-15:30"),
        ("30min 08:00-11:30,13:00-17:30", "30min 08:00-11:30,13:00-17:30"),
        ("1h Sat 09:00-12:00; Mon-Fri 09:00-17:00", "1h Mon-Fri 09:00-17:00; Sat 09:00-12:00"),
        ("BM", "1BME"),
        ("BMS", "1BMS"),
        ("BQE", "3BME"),
        ("BYS", "12BMS"),
    ],
)
def test_a_step_of_open_times_is_read_and_written(text: str, written: str) -> None:
    assert str(Step.parse(text)) == written
    assert Step.parse(written) == Step.parse(text)


@pytest.mark.parametrize(
    "text",
    ["2B", "1D Mo-Fr", "1h Fri-Mon", "1h 9-17", "1MS Mon-Fri", "7h Mon-Fri",
     "1h Mon-Fri 17:00-09:00", "1W Mon", "1h Mon-Fri 24:00", "BX"],
)  # fmt: skip
def test_a_step_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="step"):
        Step.parse(text)


def day_of_months(day: int, size: int = 40) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(
        [pd.Timestamp(2011, 1, day) + pd.DateOffset(months=month) for month in range(size)]
    )


MONTHS = {
    "the 29th": (day_of_months(29), "1MS", "day of the month"),
    "the 30th": (day_of_months(30), "1MS", "day of the month"),
    "the 31st": (day_of_months(31), "1ME", ""),
    "the first business day": (pd.date_range("2012", periods=40, freq="BMS"), "1BMS", "first"),
    "the last business day": (pd.date_range("2012-01-01", periods=40, freq="BME"), "1BME", "last"),
    "of a quarter": (pd.date_range("2012-01-01", periods=40, freq="BQE"), "3BME", "last"),
}  # fmt: skip


@pytest.mark.parametrize("name", MONTHS)
def test_months_go_on_as_calendars_do(name: str) -> None:
    times, step, word = MONTHS[name]
    for known in (30, 26):  # also from the end of a February
        read = table(times[:known])
        assert str(read.step) == step
        assert read.present.all()
        np.testing.assert_array_equal(read.future_times(10)[0], plain(times[known : known + 10]))
        assert not word or any(word in note for note in read.findings.notes)
    holes = table(times.delete([1, 7, 13]))  # where a February is missing the day stays
    np.testing.assert_array_equal(holes.times, plain(times))


def test_series_may_keep_different_days_of_the_month() -> None:
    a, b = day_of_months(30, 24), day_of_months(15, 24)
    frame = pd.DataFrame(
        {"time": [*a[:20], *b[:20]], "id": ["a"] * 20 + ["b"] * 20, "y": range(40)}
    )
    read = Table.read(frame, Roles(series="id"))
    np.testing.assert_array_equal(read.future_times(4)[0], plain(a[20:]))
    np.testing.assert_array_equal(read.future_times(4)[1], plain(b[20:]))


@pytest.mark.parametrize("step", ["1M", "MS", "3M"])
def test_months_asked_for_stay_at_month_ends(step: str) -> None:
    times = pd.date_range("2012-01-31", periods=20, freq="QE" if step == "3M" else "ME")
    read = table(times[:14], step=step)
    np.testing.assert_array_equal(read.future_times(6)[0], plain(times[14:]))


def test_a_business_day_that_was_a_holiday_is_moved_and_said() -> None:
    times = pd.date_range("2012-01-02", periods=48, freq="BMS")
    held = times.where(times.month > 1, times + pd.Timedelta("1D"))
    read = table(held)
    assert str(read.step) == "1BMS"
    np.testing.assert_array_equal(read.times, plain(times))
    assert any("4 rows" in note and "rounded" in note for note in read.findings.notes)


HOURS = pd.date_range("2022-01-01", periods=200, freq="h")
NOISE = np.random.default_rng(0)
JITTER: dict[str, tuple[Any, pd.DatetimeIndex]] = {
    "seconds": (HOURS + pd.to_timedelta(NOISE.integers(0, 9, 200), "s"), HOURS),
    "either side": (HOURS + pd.to_timedelta(NOISE.integers(-90, 90, 200), "s"), HOURS),
    "milliseconds": (HOURS + pd.to_timedelta(NOISE.integers(-50, 50, 200), "ms"), HOURS),
    "at half past": (
        HOURS + pd.to_timedelta(1800 + NOISE.integers(-60, 60, 200), "s"),
        HOURS + pd.Timedelta("30min"),
    ),
    "one row": (HOURS.where(HOURS[7] != HOURS, HOURS + pd.Timedelta("5s")), HOURS),
    "five minutes": (
        pd.date_range("2022", periods=200, freq="5min")
        + pd.to_timedelta(NOISE.integers(-9, 9, 200), "s"),
        pd.date_range("2022", periods=200, freq="5min"),
    ),
}


@pytest.mark.parametrize("name", JITTER)
def test_times_a_little_off_are_rounded_and_said(name: str) -> None:
    times, even = JITTER[name]
    for asked in ({}, {"step": str(table(even).step)}):
        read = table(times, **asked)
        np.testing.assert_array_equal(read.times, plain(even))
        (note,) = read.findings.notes
        assert "rounded" in note
        assert "data row" in note


def test_two_rows_are_never_rounded_to_one_time() -> None:
    times = HOURS.append(pd.DatetimeIndex([HOURS[50] + pd.Timedelta("3s")])).sort_values()
    with pytest.raises(DataError, match=r"data rows 51 and 52 .*resample") as caught:
        table(times)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "times",
    [
        HOURS + pd.to_timedelta(NOISE.integers(0, 3500, 200), "s"),
        pd.date_range("2022", periods=200, freq="3602s") + pd.to_timedelta(np.arange(200) % 3, "s"),
    ],
)
def test_irregular_times_are_refused_with_the_way_out(times: Any) -> None:
    with pytest.raises(DataError, match="resample='1h'"):
        table(times)
    assert str(table(times, roles=Roles(resample="1h")).step) == "1h"


def test_resampled_values_are_those_of_pandas() -> None:
    times = pd.date_range("2022-01-03", periods=500, freq="17min")
    frame = pd.DataFrame({"time": times, "y": np.sin(np.arange(500)), "sky": list("abcde") * 100})
    frame.loc[::7, "y"] = np.nan
    for step in ("1h", "1D", "1W", "1MS", "1ME"):
        for by in ("mean", "sum", "last"):
            read = Table.read(frame, Roles(target=("y",), resample=step, resample_by=by))
            pandas = frame.set_index("time").resample(
                "W-MON" if step == "1W" else step[1:], label="left" if step == "1W" else None,
                closed="left" if step == "1W" else None,
            )  # fmt: skip
            expected = pandas["y"].sum(min_count=1) if by == "sum" else getattr(pandas["y"], by)()
            np.testing.assert_array_equal(read.times, plain(expected.index.normalize())
                                          if step != "1h" else plain(expected.index))  # fmt: skip
            np.testing.assert_allclose(read.columns["y"], expected)
            assert read.columns["sky"].tolist() == pandas["sky"].last().tolist()
            assert any("500 rows became" in note for note in read.findings.notes)


def test_doubled_stamps() -> None:
    data = {"t": [1, 2, 2, 3, 4, 4, 4], "y": [1.0, 2, 4, 5, 6, np.nan, 9], "k": list("abcdefg")}
    roles = Roles(time="t", target=("y",), past=("k",))
    with pytest.raises(DataError, match=r"duplicates='mean'"):
        Table.read(data, roles)
    for rule, expected in (("mean", [1, 3, 5, 7.5]), ("last", [1, 4, 5, 9])):
        read = Table.read(data, Roles(**{**vars(roles), "duplicates": rule}))
        assert read.columns["y"].tolist() == expected
        assert read.columns["k"].tolist() == list("acdg")
        assert read.times.tolist() == [1, 2, 3, 4]
        assert any("7 rows became 4" in note for note in read.findings.notes)


@pytest.mark.parametrize("wrong", [{"duplicates": "first"}, {"resample_by": "median"}])
def test_an_unknown_rule_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"expected .*last"):
        Roles(**wrong)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="resample= or step= alone, got 1h and 2h"):
        table(HOURS, roles=Roles(resample="1h"), step="2h")


def test_rows_without_a_time_are_counted() -> None:
    data = {"shop": list("abab"), "y": [1.0, 2, 3, 5]}
    with pytest.raises(DataError, match="time='none'"):
        Table.read({"y": [3.0, 1.0, 2.0]})
    read = Table.read(data, Roles("none", "shop"))
    assert (read.times.tolist(), read.roles.time) == ([1, 2, 1, 2], "none")
    assert read.columns["y"].tolist() == [1, 3, 2, 5]
    assert read.future_times(2).tolist() == [[3, 4], [3, 4]]
    assert list(read.frame({"row": read.times})["row"]) == [1, 2, 1, 2]
    again = Table.read(data, read.roles, step=str(read.step))
    assert again.times.tolist() == read.times.tolist()
    priced = Table.read({**data, "p": [1.0] * 4}, Roles("none", "shop", future=("p",)))
    planned = with_future(priced, {"shop": list("aab"), "p": [7.0, 8.0, 9.0]})
    assert planned.times.tolist() == [1, 2, 3, 4, 1, 2, 3]
    assert planned.columns["p"].tolist() == [1, 1, 7, 8, 1, 1, 9]


def test_hours_go_through_the_change_of_the_clocks() -> None:
    for month in (3, 11):
        times = pd.date_range(f"2022-{month:02d}-01", periods=400, freq="h", tz="America/New_York")
        read = table(times[:200])
        np.testing.assert_array_equal(read.future_times(200)[0], plain(times[200:]))


def test_the_parts_that_use_the_grid_follow() -> None:
    days = times_of("business days", 20)
    read = Table.read(
        pd.DataFrame({"time": days[:90], "y": np.arange(90.0), "p": np.arange(90.0)}),
        Roles(target=("y",), future=("p",)),
    )
    later = {"time": plain(days[90:94]), "p": np.arange(4.0)}
    assert with_future(read, later).times[-4:].tolist() == plain(days[90:94]).tolist()
    weekend = {"time": plain([days[89] + pd.Timedelta(days=1)]), "p": [1.0]}
    assert days[89].day_of_week == 4
    with pytest.raises(DataError, match="plan"):
        with_future(read, weekend)
    parts = split(read, 0.1, test=str(days[85].date()))
    assert len(parts.test) == 5
    names, features = calendar_features(read.local_times, read.step)
    assert names == ("weekday_sin", "weekday_cos", "yearday_sin", "yearday_cos")
    assert len(np.unique(features[:, 0].round(3))) == 5
    new_year = np.array(["2024-12-31", "2025-01-01"], "M8[us]")
    assert holiday_features(new_year, read.step, ("KR",))[1].ravel().tolist() == [0, 1]
    ends = np.array(["2024-12-31", "2025-01-31"], "M8[us]")
    share = holiday_features(ends, Step.parse("1BME"), ("KR",))[1].ravel()
    assert share[1] > share[0] > 0


ROWS: dict[str, list[Any]] = {
    "1, 2, 3 or 0, 10, 20": [np.arange(1, 40), np.arange(0, 400, 10)],
    "every hour, every quarter of an hour": [
        HOURS,
        pd.date_range("2022", periods=99, freq="15min"),
    ],
    "every day, every Monday": [pd.date_range("2022", periods=99, freq=f) for f in ("D", "W-MON")],
    "Monday to Friday (holidays are gaps)": [times_of("business days").delete([4, 40])],
    "no Sundays": [times_of("closed Sundays")],
    "Monday, Wednesday, Friday": [times_of("three days")],
    "trading hours": [times_of("at half past")],
    "a shorter Saturday": [times_of("a short Saturday")],
    "every five minutes, nights off": [times_of("nights off")],
    "the first of each month, of each quarter, of each year": [
        pd.date_range("2000-01-01", periods=20, freq=freq) for freq in ("MS", "QS", "YS")
    ],
    "the 30th of each month (29 February)": [MONTHS["the 30th"][0]],
    "the last day of each month, of each quarter": [
        pd.date_range("2000-01-01", periods=20, freq=freq) for freq in ("ME", "QE")
    ],
    "the first, the last business day of each month": [
        MONTHS[f"the {which} business day"][0] for which in ("first", "last")
    ],
}


def documented() -> list[tuple[str, str, str]]:
    """The rows of the table of steps in docs/data.md."""
    text = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    lines = text.partition("\n## Steps\n")[2].partition("\n\n`step=`")[0].splitlines()
    found = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
    return [(rows, steps, season) for rows, steps, season in found[1:]]


@pytest.mark.parametrize(("rows", "steps", "season"), documented())
def test_docs_say_what_is_recognised(rows: str, steps: str, season: str) -> None:
    written = re.findall(r"`([^`]+)`", steps)
    for times, step in zip(ROWS[rows], written, strict=True):
        read = table(times)
        assert str(read.step) == str(Step.parse(step)) == step
    seasons = [str(Step.parse(step).season) for step in written]
    assert season in (", ".join(seasons), seasons[-1], "looked for")
    assert {row for row, _, _ in documented()} == set(ROWS)
