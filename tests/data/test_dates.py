"""Times as people write them: read as docs/data.md says, settled, refused, written back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from unrolled.data.columns.roles import Roles
from unrolled.data.table.table import Table
from unrolled.data.time.shapes import templates
from unrolled.data.time.template import pattern, pieces
from unrolled.errors import DataError, SettingsError

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "data.md").read_text("utf-8")


def documented(heading: str) -> list[list[str]]:
    """The rows of the table under a heading, cell by cell."""
    section = PAGE.partition(f"### {heading}\n")[2].partition("\n#")[0]
    rows = [line[2:-2].split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return rows[1:]


def values(texts: list[str]) -> Any:
    """A column as a CSV file would give it."""
    return pa.array(
        [int(t) for t in texts] if all(re.fullmatch(r"[1-9]\d*|0", t) for t in texts) else texts
    )


def read(columns: dict[str, Any], **roles: Any) -> Table:
    rows = len(next(iter(columns.values())))
    return Table.read(
        pa.table({**columns, "y": [float(i * i) for i in range(rows)]}), Roles(**roles)
    )


def written(table: Table, steps: int = 0) -> dict[str, list[Any]]:
    """The times as they come back, with some steps more."""
    times = np.concatenate([table.times, table.future_times(steps)[0]]) if steps else table.times
    frame: pa.Table = table.frame({str(table.roles.time): times})
    return dict(frame.to_pydict())


@pytest.mark.parametrize("row", documented("Dates that are read"), ids=lambda row: row[3])
def test_a_documented_date_is_read_and_written_back(row: list[str]) -> None:
    texts = re.findall(r"`(.*?)`", row[0])
    first, step, date_format = row[1], row[2], row[3].strip("`")
    column = {"date": values(texts)}
    for roles in ({}, {"date_format": date_format}):
        table = read(column, **roles)
        assert (table.findings.start.removesuffix(" 00:00"), str(table.step)) == (first, step)
        assert written(table) == {"date": column["date"].to_pylist()}
    again = read(written(table, 3), date_format=date_format)
    assert again.times[-1] == table.future_times(3)[0, -1]


@pytest.mark.parametrize(
    "row", documented("In several columns"), ids=lambda row: row[0] + row[1][:9]
)
def test_a_documented_time_of_several_columns(row: list[str]) -> None:
    names = row[0].strip("`").split(",")
    parts = [text.split(",") for text in re.findall(r"`(.*?)`", row[1])]
    columns = {
        name: values(list(part)) for name, part in zip(names, zip(*parts, strict=True), strict=True)
    }
    for roles in ({}, {"time": ",".join(names)}):
        # Few rows do not show how many periods a day has: 48 in the documented ones.
        table = read(columns, **roles)
        assert table.roles.time == ",".join(names)
        assert (table.findings.start.removesuffix(" 00:00"), str(table.step)) == (row[2], row[3])
        assert written(table) == {name: column.to_pylist() for name, column in columns.items()}


def monthly(count: int = 24, start: str = "2005-04-01") -> pd.DatetimeIndex:
    return pd.date_range(start, periods=count, freq="MS")


ORDERS: dict[str, tuple[Any, str, str, list[str]]] = {
    # name: the dates, how they are written, the format found, what is noted
    "months, day first": (monthly(), "%d/%m/%Y", "%d/%m/%Y", ["day first", "regular"]),
    "months, month first": (monthly(), "%m/%d/%Y", "%m/%d/%Y", ["month first", "regular"]),
    "quarters": (monthly()[::3], "%m-%d-%y", "%m-%d-%y", ["month first", "regular", "two-digit"]),
    "hours of two days": (
        pd.date_range("2013-02-01", periods=48, freq="h"),
        "%m/%d/%Y %H:%M",
        "%m/%d/%Y %H:%M",
        ["month first", "regular"],
    ),
    "a day above 12": (
        pd.date_range("2013-01-05", periods=30),
        "%m/%d/%y",
        "%m/%d/%y",
        ["month first", "data row 9"],
    ),
    "year first": (
        pd.date_range("2020-12-20", periods=40),
        "%y-%m-%d",
        "%y-%m-%d",
        ["year first", "2020 to 2021"],
    ),
    "dots": (pd.date_range("2013-01-01", periods=9), "%d.%m.%Y", "%d.%m.%Y", ["dots"]),
}


def test_the_clock_in_other_columns_settles_the_order() -> None:
    times = pd.date_range("2013-01-01", periods=200, freq="h")
    for name, hours in (("hour", times.hour), ("hour_ending", times.hour + 1)):
        table = read({"date": list(times.strftime("%m/%d/%Y")), name: list(hours)})
        assert (str(table.step), len(table)) == ("1h", 200)
        assert any("month first" in note for note in table.findings.notes)


FORMS = {
    "weeks without a W": [f"{t:%G-%V}" for t in pd.date_range("2014-12-29", periods=60, freq="7D")],
    "milliseconds": [f"2013-01-01T10:00:00.{ms:03d}Z" for ms in range(100, 900, 100)],
    "offset of GMT": [f"2013-01-01 {hour:02d}:00 GMT+9" for hour in range(9)],
    "capitals": ["05-JAN-2009", "06-JAN-2009", "07-JAN-2009"],
    "small letters": ["jan 2009", "feb 2009", "mar 2009"],
    "clock first": [f"{hour}:30 31/12/2012" for hour in range(9)],
    "short year in Korean": ["05년 11월", "05년 12월", "06년 1월"],
    "the clock in Korean": ["2005년 1월 3일 오후 9시 5분", "2005년 1월 3일 오후 10시 5분"],
    "a month with a dot": ["Jan. 2009", "Feb. 2009", "Mar. 2009"],
    "a log": ["31/Dec/2012:23:00:00 +0900", "01/Jan/2013:00:00:00 +0900"],
}


@pytest.mark.parametrize("name", FORMS)
def test_times_come_back_as_they_were(name: str) -> None:
    table = read({"date": FORMS[name]})
    assert not table.findings.gaps
    assert written(table) == {"date": FORMS[name]}
    assert read(written(table, 3)).times[-1] == table.future_times(3)[0, -1]


@pytest.mark.parametrize("name", ORDERS)
def test_the_order_of_day_and_month_is_settled_and_said(name: str) -> None:
    times, form, found, noted = ORDERS[name]
    table = read({"t": list(times.strftime(form))})
    np.testing.assert_array_equal(table.local_times, times.to_numpy().astype("M8[us]"))
    assert table.roles.date_format == found
    notes = " ".join(table.findings.notes)
    assert all(word in notes for word in noted), notes
    short = Table.read(
        {"t": list(times[:3].strftime(form)), "y": [1.0, 2, 4]}, table.roles, step=str(table.step)
    )
    np.testing.assert_array_equal(short.times, table.times[:3])


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "no order": (
        {"date": [f"{d:02d}/01/2013" for d in range(1, 13)]},
        {},
        ["'date'", "'01/01/2013'", "date_format=", "%d/%m/%Y, %m/%d/%Y"],
    ),
    "one cell of another shape": (
        {"date": ["2013-01-01", "2013-01-02", "Jan 3 2013", "2013-01-04"]},
        {},
        ["'date'", "data row 3", "'Jan 3 2013'", "'2013-01-01'", "date_format="],
    ),
    "a day that is none": (
        {"date": ["Feb 28 2013", "Feb 29 2013", "Mar 1 2013"]},
        {},
        ["data row 2", "'Feb 29 2013'"],
    ),
    "a week that is none": (
        {"week": ["2014-W52", "2014-W53", "2015-W01"]},
        {},
        ["data row 2", "'2014-W53'", "%G-W%V"],
    ),
    "a month that is none": (
        {"when": ["Jan 2013", "Feb 2013", "Foo 2013"]},
        {"time": "when"},
        ["'Foo 2013'"],
    ),
    "no year": (
        {"date": [f"Jan-{d:02d}" for d in range(1, 32)] + [f"Feb-{d:02d}" for d in range(1, 28)]},
        {},
        ["'date'", "'Jan-01'", "no year"],
    ),
    "the format asked for": (
        {"date": ["1.2.21", "2.2.21", "3/2/21"]},
        {"date_format": "%d.%m.%y"},
        ["data row 3", "'3/2/21'", "%d.%m.%y"],
    ),
    "a named column that cannot be read": (
        {"timestamp": ["spring 09", "summer 09", "autumn 09"]},
        {},
        ["'timestamp'", "'spring 09'", "time="],
    ),
    "decimals": ({"date": [2010.01, 2010.02, 2010.03]}, {}, ["'date'", "2010.01"]),
    "decimals asked for": (
        {"date": [2010.01, 2010.02, 2010.03]},
        {"time": "date"},
        ["2010.01", "data row 1"],
    ),
    "constant alone": ({"date": ["2013-01-01"] * 5}, {}, ["'date'", "same in every row"]),
    "a zone that nobody knows": (
        {"date": ["2013-01-01 10:00 XYZ", "2013-01-01 11:00 XYZ"]},
        {},
        ["data row 1", "zone", "XYZ"],
    ),
    "a period too many": (
        {"date": ["2013-10-27"] * 50, "period": list(range(1, 51))},
        {},
        ["'period'", "25 hours", "49"],
    ),
    "parts that are none": (
        {"year": [2012, 2012, 2012], "quarter": [1, 2, 5]},
        {},
        ["data row 3", "quarter=5"],
    ),
    "a week beside dates": (
        {"date": ["2013-01-01", "2013-01-02"], "week": [1, 1]},
        {"time": "date,week"},
        ["'date'", "'week'", "clock"],
    ),
    "parts without a year": (
        {"month": [1, 2, 3], "hour": [0, 1, 2]},
        {"time": "month,hour"},
        ["year", "'month', 'hour'"],
    ),
    "an epoch beyond all years": (
        {"t": [20130131100000, 20130131100001]},
        {"time": "t", "date_format": "s"},
        ["'t'", "data row 1", "20130131100000 s", "9999"],
    ),
    "blanks": (
        {"date": ["2013-01-01" + " " * 99 + "x", "2013-01-02"]},
        {"time": "date"},
        ["data row 1", "…"],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_quoted(name: str) -> None:
    columns, roles, words = REFUSED[name]
    with pytest.raises(DataError) as caught:
        read(columns, **roles)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 330
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    ("date_format", "words"),
    [
        ("%d.%m", "tells no date"),
        ("%Y-%X", "%X"),
        ("%Y-%Y-%m", "twice"),
        ("%Y-%m-%d %I:%M", "%p is missing"),
        ("%Y,%m", "is not a time like %Y,%m"),
    ],
)
def test_a_format_that_is_none(date_format: str, words: str) -> None:
    with pytest.raises((SettingsError, DataError), match=words):
        read({"date": ["2013-01-01", "2013-01-02"]}, date_format=date_format)


def test_integers_are_a_count_where_asked() -> None:
    table = read({"t": [201301, 201302, 201303]}, date_format="integer")
    assert table.step.is_integer
    assert table.roles.date_format == "integer"
    counted = Table.read({"t": [201301, 201302, 201303], "y": [1.0, 2, 4]}, Roles(time="t"), step=1)
    assert counted.times.tolist() == [201301, 201302, 201303]


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint32", "float64"])
def test_dates_in_digits_and_epochs_keep_their_type(dtype: str) -> None:
    for digits in ([201311, 201312, 201401], [1640995200, 1640998800, 1641002400]):
        column = pa.array(np.array(digits, dtype))
        table = read({"date": column})
        assert table.frame({"date": table.times})["date"].type == column.type
        assert written(table) == {"date": digits}


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_epochs_are_told_by_their_size(unit: str) -> None:
    times = np.arange("2022-01-01", "2022-01-03", dtype="M8[h]")
    column = times.astype(f"M8[{unit}]").astype(np.int64)
    table = read({"timestamp": column})
    np.testing.assert_array_equal(table.times, times.astype("M8[us]"))
    assert (table.source_format.zone, str(table.step), table.season) == ("UTC", "1h", 24)
    assert any("since 1970" in note for note in table.findings.notes)
    out: pa.Table = table.frame({"timestamp": table.times, "cutoff": table.times})
    assert out["cutoff"].to_pylist() == column.tolist()


COLUMNS: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    # name: the columns, which is the time, what its reason says
    "a constant date loses": (
        {
            "date": ["2020-01-01"] * 8,
            "seen": list(pd.date_range("2013-01-01", periods=8).strftime("%Y-%m-%d")),
        },
        "seen",
        [],
    ),
    "a constant date loses to parts": (
        {"made": ["2020-01-01"] * 4, "year": [2012] * 4, "quarter": [1, 2, 3, 4]},
        "year,quarter",
        ["parts"],
    ),
    "all others are named": (
        {
            "issued": pd.date_range("2013-01-01", periods=8),
            "date": pd.date_range("2014-01-01", periods=8),
            "due": pd.date_range("2015-01-01", periods=8),
        },
        "date",
        ["'issued', 'due'", "time="],
    ),
    "a date with gaps loses": (
        {
            "paid": ["2013-01-01", None, "2013-01-03"],
            "seen": ["2013-01-01", "2013-01-02", "2013-01-03"],
        },
        "seen",
        [],
    ),
    "years under the name timestamp": (
        {"timestamp": list(range(1990, 2000))},
        "timestamp",
        ["years"],
    ),
    "a month in digits under no name": (
        {"k": [201510, 201511, 201512, 201601, 201602, 201603, 201604]},
        "k",
        ["regular"],
    ),
    "an index is no time": (
        {"Unnamed: 0": list(range(9)), "year": list(range(1990, 1999))},
        "year",
        [],
    ),
    "numbers like dates are none": (
        {"price": ["2010.05", "2010.07", "2010.11"], "step": [1, 2, 3]},
        "step",
        [],
    ),
    "hours and minutes beside stamps of days": (
        {"d": pd.to_datetime(["2013-01-01"] * 3), "hour": [0, 0, 0], "minute": [0, 20, 40]},
        "d,hour,minute",
        [],
    ),
    "a clock in digits": ({"date": [20130101] * 3, "time": [930, 1000, 1030]}, "date,time", []),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_the_column_of_the_time(name: str) -> None:
    columns, time, words = COLUMNS[name]
    table = read(columns)
    assert table.roles.time == time
    role, why = table.findings.roles[time]
    assert role == "time"
    assert all(word in why for word in words), why


def test_an_index_alone_is_no_time() -> None:
    for name in ("Unnamed: 0", "__index_level_0__", "id"):
        with pytest.raises(DataError, match="no column can be the time"):
            read({name: list(range(9))})


def test_text_is_no_series_where_it_leaves_doubles() -> None:
    hours = [str(time) for time in pd.date_range("2013-01-01", periods=60, freq="h")]
    times = [time for time in hours for _ in range(3)] + [hours[0]]
    with pytest.raises(DataError) as caught:
        read({"time": times, "sky": ["sun", "rain", "fog"] * 60 + ["sun"]})
    assert "'sun'" not in str(caught.value)
    assert "series" in str(caught.value)


ZONES = {
    "CET": ("Europe/Berlin", "Europe/Berlin"),
    "EST": ("America/New_York", "America/New_York"),
}


@pytest.mark.parametrize("word", ZONES)
def test_words_for_summer_time_come_back(word: str) -> None:
    place, zone = ZONES[word]
    times = pd.date_range("2013-03-09", periods=700, freq="h", tz=place)
    texts = [f"{time:%Y-%m-%d %H:%M %Z}" for time in times]
    table = read({"t": texts})
    np.testing.assert_array_equal(
        table.times, times.tz_convert("UTC").tz_localize(None).to_numpy().astype("M8[us]")
    )
    assert table.source_format.zone == zone
    assert written(table) == {"t": texts}
    short = read({"t": texts[:20]})
    assert short.source_format.zone == {"CET": "+01:00", "EST": "-05:00"}[word]


def test_rows_marked_dst_are_an_hour_ahead() -> None:
    texts = [f"2013-10-27 {h:02d}:00 DST" for h in range(3)] + [
        f"2013-10-27 {h:02d}:00" for h in range(2, 9)
    ]
    table = read({"t": texts})
    assert str(table.step) == "1h"
    assert not table.findings.gaps
    assert any("DST" in note for note in table.findings.notes)


@pytest.mark.parametrize(
    "text", ["2013-01-31 10:00:00.5", "Jan 5, 2000", "2005년 1월 3일", "1Q05", "5-Jan-09"]
)
def test_a_template_reads_the_text_it_is_made_from(text: str) -> None:
    for template in templates(text):
        assert re.fullmatch(pattern(template), text)
        assert "".join(piece.text for piece in pieces(template)) == template


def test_long_cells_cost_as_they_are_long() -> None:
    assert templates("2013-01-01" + " " * 10**6 + "x") == ()


def test_a_forecast_of_a_plan_may_write_its_times_otherwise() -> None:
    from unrolled.data.table.future import with_future

    days = pd.date_range("2013-01-05", periods=20)
    table = read(
        {"t": list(days.strftime("%d/%m/%Y")), "p": [1.0] * 20}, target=("y",), future=("p",)
    )
    plan = {"t": list(pd.date_range("2013-01-25", periods=2).strftime("%Y-%m-%d")), "p": [1.0, 2.0]}
    assert len(with_future(table, plan)) == 22
