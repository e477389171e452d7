"""Holidays of countries: real days, shares of longer steps, and what is refused."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pytest

from unrolled.data.columns.roles import Roles
from unrolled.data.table.encode import TablePreprocessor
from unrolled.data.table.split import split
from unrolled.data.table.table import Table
from unrolled.data.time.grid import Step
from unrolled.data.time.holidays import count_holidays, holiday_features
from unrolled.errors import SettingsError

pytest.importorskip("holidays", reason="needs the extra holidays")


def on(step: str, *times: str, country: str = "KR") -> list[float]:
    features = holiday_features(np.array(times, "M8[us]"), Step.parse(step), (country,))[1]
    assert features.dtype == np.float32
    return [float(value) for value in features[:, 0]]


def table(zone: str = "", holidays: tuple[str, ...] = ("KR", "US")) -> Table:
    """Hours of some weeks with three holidays of Korea and one of the United States."""
    hours = np.arange("2024-02-11", "2024-03-06", dtype="M8[h]")
    columns = {"time": [f"{h}:00{zone}" for h in hours], "y": np.sin(np.arange(len(hours)))}
    return Table.read(columns, Roles(target=("y",), holidays=holidays))


@pytest.mark.parametrize(
    ("day", "country", "holiday"),
    [
        ("2024-01-01", "KR", 1),
        ("2024-01-01", "US", 1),
        ("2024-01-02", "KR", 0),
        ("2024-03-01", "KR", 1),  # the day of the movement of 1919
        ("2024-03-01", "US", 0),
        ("2024-02-12", "KR", 1),  # a day instead of a Sunday
        ("2024-07-04", "US", 1),
        ("2024-07-04", "KR", 0),
        ("2024-02-12", "US", 0),
        ("2024-02-12", "US-NY", 1),  # Lincoln's birthday, in some states alone
    ],
)
def test_real_days(day: str, country: str, holiday: int) -> None:
    assert on("1D", day, country=country) == [holiday]
    assert on("1D", f"{day}T23:00", country=country) == [holiday]
    assert on("15min", f"{day}T00:00", f"{day}T23:45", country=country) == [holiday] * 2


def test_one_column_for_each_country_in_order() -> None:
    times = np.arange("2024-07-01", "2024-07-08", dtype="M8[D]").astype("M8[us]")
    names, features = holiday_features(times, Step.parse("1D"), ("US", "KR"))
    assert names == ("holiday US", "holiday KR")
    assert features.T.tolist() == [[0, 0, 0, 1, 0, 0, 0], [0] * 7]
    assert holiday_features(times, Step.parse("1D"), ())[1].shape == (7, 0)


@pytest.mark.parametrize(
    ("step", "time", "share"),
    [
        ("1W", "2024-02-26", 1 / 7),
        ("1W", "2024-03-01T12:00", 1 / 8),  # from noon to noon it touches eight days
        ("2D", "2024-02-29", 1 / 2),
        ("2D", "2024-03-02", 0),
        ("1MS", "2024-02-01", 4 / 29),  # three days of the new year and one instead of a Sunday
        ("1ME", "2024-02-29", 4 / 29),
        ("1MS", "2024-03-01", 1 / 31),
        ("1YS", "2024-01-01", 19 / 366),
    ],
)
def test_a_longer_step_has_the_share_of_its_span(step: str, time: str, share: float) -> None:
    assert on(step, time) == [np.float32(share)]


def test_days_are_counted_once_whatever_the_step() -> None:
    for step in ("1h", "1D"):
        unit = step[1:]
        times = np.tile(np.arange("2024", "2025", dtype=f"M8[{unit}]").astype("M8[us]"), 2)
        assert count_holidays(times, Step.parse(step), ("KR", "US")) == {"KR": 19, "US": 11}
    months = np.arange("2024-01", "2025-01", dtype="M8[M]").astype("M8[us]")
    assert count_holidays(months, Step.parse("1MS"), ("KR",)) == {"KR": 19}
    apart = np.array(["2024-01-01", "2024-07-04"], "M8[us]")  # and none of those between
    assert count_holidays(apart, Step.parse("1D"), ("US",)) == {"US": 2}


def test_they_join_the_calendar_of_inputs_and_of_the_horizon() -> None:
    data = table()
    encoder = TablePreprocessor.fit(data, split(data))
    plain = TablePreprocessor.fit(table(holidays=()), split(data))
    assert encoder.calendar == (*plain.calendar, "holiday KR", "holiday US")
    assert encoder.input_names[-2:] == encoder.future_names[-2:] == ("holiday KR", "holiday US")
    days = data.times.astype("M8[D]")
    korean = np.isin(days, np.array(["2024-02-11", "2024-02-12", "2024-03-01"], "M8[D]"))
    for features in (encoder.inputs(data), encoder.future(data)):
        np.testing.assert_array_equal(features[:, -2], korean)
        np.testing.assert_array_equal(features[:, -1], days == np.datetime64("2024-02-19"))
    assert encoder.inputs(data)[:, :-2].tobytes() == plain.inputs(data).tobytes()
    assert TablePreprocessor.fit(data, split(data), calendar=False).future_names == ()


def test_the_local_date_decides() -> None:
    data = table("+09:00")
    encoder = TablePreprocessor.fit(data, split(data))
    found = data.times[encoder.future(data)[:, -2] == 1]
    assert found[-24:].tolist() == [
        datetime(2024, 2, 29, 15) + timedelta(hours=hour) for hour in range(24)
    ]


def test_json_keeps_them_and_older_json_has_none() -> None:
    data = table()
    state = json.loads(json.dumps(TablePreprocessor.fit(data, split(data)).to_dict()))
    again = TablePreprocessor.from_dict(state)
    assert again.roles == data.roles
    assert again.calendar[-2:] == ("holiday KR", "holiday US")
    del state["roles"]["holidays"]
    assert TablePreprocessor.from_dict(state).roles.holidays == ()


def test_findings_count_them_and_roles_take_them_for_no_columns() -> None:
    data = table()
    assert data.findings.holidays == {"KR": 3, "US": 1}
    assert "\nholidays: KR (3 days in these rows), US (1 days in these rows)\n" in data.describe()
    assert data.roles.columns() == {"time": "time", "y": "target"}
    assert "holidays" not in table(holidays=()).describe()
    other = Table.read(data, Roles(target=("y",), holidays=("US-NY",)))
    assert (other.roles.holidays, other.findings.holidays) == (("US-NY",), {"US-NY": 3})


@pytest.mark.parametrize(
    ("countries", "message"),
    [
        (["KOR"], "no country 'KOR'; write a code like KR, "),
        (["Korea"], "no country 'Korea'; write a code like KR, "),
        (["UK"], "no country 'UK'; write a code like GB, "),
        (["KR", "kr"], "no country 'kr'; write a code like KR, "),
        (["1"], "no country '1'; write a code like KR, US, US-NY"),
        (["US-NYC"], "no part 'NYC' of US; there is US-NY, "),
        (["US-"], "no part '' of US; there is US-AK, "),
        (["KR-11"], "no part '11' of KR; there is KR"),
        (["KR", "US", "KR"], "expected each country once, got 'KR' twice"),
    ],
)
def test_countries_that_are_not_known_are_refused(countries: Sequence[str], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        table(holidays=tuple(countries))
    assert str(refused.value).startswith(f"holidays: {message}")
    assert "\n" not in str(refused.value)


def test_integer_times_have_no_holidays() -> None:
    with pytest.raises(SettingsError, match="holidays: expected times that are dates, got int"):
        Table.read({"t": np.arange(9), "y": np.arange(9.0) ** 2}, Roles("t", holidays=("KR",)))


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(SettingsError, match=r"pip install 'unrolled\[holidays\]'$"):
        table()
    assert table(holidays=()).findings.holidays == {}
