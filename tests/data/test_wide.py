"""Years beside names of months, and wide tables: recognised, made long, and said so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from unrolled.data.columns.roles import Roles
from unrolled.data.table.table import Table
from unrolled.errors import DataError

SHORT = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
FULL = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)


@pytest.fixture(scope="session")
def cases(shared_data: Path) -> Path:
    folder = shared_data.parent / "cases" / "tables"
    if not folder.is_dir():
        pytest.skip("needs ../shared/cases/tables, which is not shipped")
    return folder


@pytest.mark.parametrize("names", [SHORT, FULL, tuple(n.upper() for n in SHORT)])
def test_a_year_beside_the_name_of_a_month(names: tuple[str, ...]) -> None:
    table = Table.read({"Year": np.repeat([2012, 2013], 12), "Month": [*names] * 2, "y": range(24)})
    assert (table.roles.time, len(table.names), str(table.step)) == ("Year,Month", 1, "1MS")
    assert table.findings.end == "2013-12-01 00:00"
    out = table.frame({"Year,Month": table.times})
    assert list(out["Month"][:12]) == [name.title() for name in names]


def test_a_month_that_is_none_is_named_with_its_row() -> None:
    data = {"year": [2012] * 12, "month": [*SHORT[:11], "Foo"], "y": range(12)}
    with pytest.raises(DataError, match=r"'month', data row 12: 'Foo' is not a month"):
        Table.read(data)


def test_months_by_name_of_a_real_shape(cases: Path) -> None:
    table = Table.read(cases / "06-year-monthname.csv")
    assert (len(table), len(table.names), str(table.step)) == (96, 1, "1MS")
    assert table.findings.gaps == {}


DAYS = [f"2022-01-{day:02d}" for day in range(1, 11)]
MATRIX = np.random.default_rng(0).normal(size=(4, 10)).round(3)
NAMES = ["a", "b", "c", "d"]
RAGGED = np.where(np.arange(10) < np.array([[10], [7], [9], [10]]), MATRIX, np.nan)


def steps(names: list[str], values: np.ndarray = MATRIX, **before: Any) -> dict[str, Any]:
    return {**before, **{name: values[:, i] for i, name in enumerate(names)}}


V = [f"V{i}" for i in range(2, 12)]
# name -> (columns, names of series, the first time of the first series)
ROWS: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "M4": (steps(V, V1=NAMES), NAMES, "1"),
    "from 1": (steps([f"d_{i}" for i in range(1, 11)], item=NAMES), NAMES, "1"),
    "from 0": (steps([f"t{i}" for i in range(10)], item=NAMES), NAMES, "1"),
    "numbers": (steps([str(i) for i in range(1, 11)], item=NAMES), NAMES, "1"),
    "years": (steps([str(i) for i in range(2000, 2010)], country=NAMES), NAMES, "2000"),
    "a counter before": ({"": range(4)} | steps(V, item=NAMES), NAMES, "1"),
    "dates": (steps(DAYS, item=NAMES), NAMES, "2022-01-01 00:00"),
    "dates, counter": ({"": range(4)} | steps(DAYS, item=NAMES), NAMES, "2022-01-01 00:00"),
    "dates, numbered": (steps(DAYS, shop=[7, 3, 5, 1]), ["7", "3", "5", "1"], "2022-01-01 00:00"),
    "dates, counter alone": (steps(DAYS, n=range(4)), ["0", "1", "2", "3"], "2022-01-01 00:00"),
    "dates alone": (steps(DAYS), ["1", "2", "3", "4"], "2022-01-01 00:00"),
    "dates in digits": (
        steps([day.replace("-", "") for day in DAYS], item=NAMES),
        NAMES,
        "2022-01-01 00:00",
    ),
    "months": (
        steps([f"2022-{m:02d}" for m in range(1, 11)], item=NAMES),
        NAMES,
        "2022-01-01 00:00",
    ),
}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("kind", [dict, pd.DataFrame, pl.DataFrame])
def test_a_row_for_each_series(name: str, kind: Any) -> None:
    columns, series, start = ROWS[name]
    data = kind(columns)
    table = Table.read(data)
    assert (table.names, table.findings.start) == (tuple(series), start)
    assert table.roles == Roles("time", "series", ("value",), (), (), ())
    np.testing.assert_array_equal(table.columns["value"], MATRIX.ravel())
    said = "wide: 4 rows of one series each were turned into 40 rows: series, time, value"
    assert said in table.findings.notes
    again = Table.read(kind(columns), table.roles, step=str(table.step))
    np.testing.assert_array_equal(again.times, table.times)
    assert again.roles == table.roles


@pytest.mark.parametrize("names", [V, DAYS])
def test_what_is_missing_at_the_end_is_no_part_of_a_series(names: list[str]) -> None:
    values = RAGGED.copy()
    values[0, 3] = np.nan
    table = Table.read(steps(names, values, item=NAMES))
    np.testing.assert_array_equal(np.diff(table.offsets), [10, 7, 9, 10])
    assert (table.findings.missing, table.findings.gaps) == ({"value": 1}, {})


def test_columns_beside_are_static() -> None:
    data = steps(V, item=NAMES, kind=["x", "y", "x", "y"])
    assert Table.read(data).roles.static == ("kind",)
    table = Table.read(steps(DAYS, item=NAMES, lat=[1.5, 2.5, 3.5, 2.5]))
    assert table.roles.static == ("lat",)
    again = Table.read(steps(DAYS, item=NAMES, lat=[1.5, 2.5, 3.5, 2.5]), table.roles)
    assert again.roles == table.roles


def test_a_series_without_a_value_is_left_out_and_named() -> None:
    values = MATRIX.copy()
    values[1] = np.nan
    table = Table.read(steps(V, values, item=NAMES))
    assert table.names == ("a", "c", "d")
    assert "wide: 1 series without a value left out: b" in table.findings.notes


def test_the_series_keeps_its_name_when_it_is_asked_for() -> None:
    table = Table.read(steps(V, item=NAMES, group=["p", "q", "r", "s"]), Roles(series="group"))
    assert (table.roles.series, table.names) == ("group", ("p", "q", "r", "s"))


def years(months: Sequence[str], **more: Any) -> dict[str, Any]:
    values = np.arange(36.0).reshape(3, 12) ** 2
    return {"Year": [2012, 2013, 2014], **more} | {m: values[:, i] for i, m in enumerate(months)}


@pytest.mark.parametrize("months", [SHORT, FULL, [str(i) for i in range(1, 13)]])
def test_a_row_for_each_year(months: Sequence[str]) -> None:
    data = years(months, Annual=[1.0, 2.0, 3.0])
    data[months[11]][2] = np.nan
    table = Table.read(data)
    assert (len(table), str(table.step), table.roles.past) == (35, "1MS", ())
    assert (table.findings.start, table.findings.end) == ("2012-01-01 00:00", "2014-11-01 00:00")
    np.testing.assert_array_equal(table.columns["value"], np.arange(35.0) ** 2)
    assert table.findings.left_out == {"Annual": "it is no month"}
    again = Table.read(data, table.roles)
    np.testing.assert_array_equal(again.times, table.times)


def test_a_row_for_each_year_of_several_series() -> None:
    one, two = years(SHORT, place=["A"] * 3), years(SHORT, place=["B"] * 3)
    table = Table.read({name: [*one[name], *two[name]] for name in one})
    assert (table.names, table.roles.series, len(table)) == (("A", "B"), "place", 72)


STORES = {"date": np.arange("2022-01-01", "2022-03-02", dtype="M8[D]")} | {
    f"store_{i}": np.random.default_rng(i).normal(size=60) for i in range(1, 10)
}


def test_a_column_for_each_series_when_it_is_asked_for() -> None:
    plain = Table.read(STORES)
    assert len(plain.names) == 1
    assert "9 columns are named alike, store_1 to store_9" in plain.findings.notes[0]
    assert not Table.read(STORES, Roles(target=("store_1",))).findings.notes
    table = Table.read(STORES, Roles(wide=True))
    assert table.names == tuple(f"store_{i}" for i in range(1, 10))
    assert table.roles == Roles("date", "series", ("value",), (), (), (), wide=True)
    np.testing.assert_array_equal(table.columns["value"][60:120], STORES["store_2"])
    assert "wide: 9 columns of one series each were turned into 540 rows" in table.describe()
    again = Table.read(STORES, table.roles)
    np.testing.assert_array_equal(again.times, table.times)
    # The roles that a fit found read the long table too.
    long = table.frame({"date": table.times, "series": np.repeat(table.names, 60)})
    long["value"] = table.columns["value"]
    assert Table.read(long, table.roles).names == table.names


def test_covariates_of_all_series_stay_beside_them() -> None:
    data = {**STORES, "promo": np.arange(60) % 3, "n": np.arange(60)}
    data["store_1"] = np.where(np.arange(60) < 50, STORES["store_1"], np.nan)
    table = Table.read(data, Roles(wide=True, future=("promo",)))
    assert table.roles.future == ("promo",)
    np.testing.assert_array_equal(table.columns["promo"], np.tile(data["promo"], 9))
    assert table.findings.left_out == {"n": "it only counts the rows"}
    # A plan goes on after the last value; without one, what is missing at the end is cut.
    first = Table.read(data, Roles(wide=True, past=("promo",))).rows("store_1")
    assert (table.rows("store_1").stop, first.stop) == (60, 50)


def test_a_pandas_index_is_the_time_of_all_columns() -> None:
    frame = pd.DataFrame(STORES).set_index("date")
    table = Table.read(frame, Roles(wide=True))
    assert len(table.names) == 9
    assert table.frame({"date": table.times}).index.name == "date"


# name -> (columns, roles): read as one series
LONG: dict[str, tuple[dict[str, Any], Roles]] = {
    "a target is named": (steps(V, t=range(4), item=NAMES), Roles(target=("V2",))),
    "a time is named": (steps(V, n=[1, 2, 3, 4], item=NAMES), Roles(time="n")),
    "a column of dates": (steps(V, date=DAYS[:4]), Roles()),
    "eight digits": (steps([f"0164650{i}" for i in range(10)], date=DAYS[:4]), Roles()),
    "a step beside a remark": (steps(V, step=range(4), remark=NAMES), Roles()),
    "a number beside": (steps(V, step=range(4), remark=NAMES, size=[1.5, 2, 1, 2]), Roles()),
    "two columns": ({"time": range(4), "x1": MATRIX[:, 0], "x2": MATRIX[:, 1]}, Roles()),
    "asked for": ({"time": range(4), "y": MATRIX[:, 0]}, Roles(wide=True, target=("y",))),
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_table_stays_as_it_is(name: str) -> None:
    table = Table.read(*LONG[name])
    assert (len(table), len(table.names)) == (4, 1)
    assert not any(note.startswith("wide:") for note in table.findings.notes)


# name -> (columns, roles, what the one line says)
BAD: dict[str, tuple[dict[str, Any], Roles, str]] = {
    "a name twice": (
        steps(DAYS, item=["a", "b", "a", "c"]),
        Roles(),
        "each 'item' once, but data rows 1 and 3 both say 'a'",
    ),
    "no name": (steps(DAYS, item=["a", None, "b", "c"]), Roles(), "'item', data row 2 has none"),
    "a stray text": (
        steps(V, item=NAMES) | {"V4": ["1", "2", "oops", "4"]},
        Roles(),
        "column 'V4': expected numbers, but data row 3 holds 'oops'",
    ),
    "text for numbers": (
        steps(DAYS, item=NAMES) | {DAYS[2]: NAMES},
        Roles(),
        "column '2022-01-03': expected numbers, got text",
    ),
    "no value": (steps(V, MATRIX * np.nan, item=NAMES), Roles(), "got no value at all"),
    "a year twice": (
        years(SHORT) | {"Year": [2012, 2013, 2012]},
        Roles(),
        "each 'Year' once, but data rows 1 and 3 both say 2012",
    ),
    "no date": (
        steps(["2022-02-28", "2022-02-29", "2022-03-01", *DAYS[:7]], item=NAMES),
        Roles(),
        "'2022-02-29' is not a real date",
    ),
    "a name that is taken": (steps(V, item=NAMES, time=NAMES), Roles(), "column 'time': rename it"),
    "nothing to melt": ({"date": DAYS, "sky": ["x", "y"] * 5}, Roles(wide=True), "got none"),
    "a target that is not there": (
        {"date": DAYS, "y": MATRIX[0]},
        Roles(wide=True, target=("sales",)),
        "no column 'sales' in the table",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_made_long_is_refused_in_a_line(name: str) -> None:
    columns, roles, words = BAD[name]
    with pytest.raises(DataError) as caught:
        Table.read(columns, roles)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_cases_of_real_shapes(cases: Path) -> None:
    table = Table.read(cases / "21-wide-with-index.csv")
    assert (len(table), len(table.names), str(table.step)) == (1800, 30, "1D")
    table = Table.read(cases / "21b-wide-16-years.csv")
    assert (len(table), len(table.names), str(table.step)) == (480, 30, "1")
    assert (table.findings.start, table.findings.end) == ("2000", "2015")


def test_m4_hourly(shared_data: Path) -> None:
    table = Table.read(shared_data / "m4" / "Hourly-train.csv")
    assert (len(table), len(table.names), table.names[0]) == (353_500, 414, "H1")
    assert set(np.diff(table.offsets)) == {700, 960}
    np.testing.assert_array_equal(table.columns["value"][:3], [605, 586, 586])
    assert (table.findings.missing, table.findings.gaps) == ({}, {})


def test_a_wide_file_is_fitted_and_predicted(tmp_path: Path) -> None:
    from unrolled import Forecaster, Training

    values = np.sin(np.arange(60) / 3) + np.arange(4)[:, None]
    frame = pd.DataFrame(steps([f"V{i}" for i in range(2, 62)], values, V1=NAMES))
    frame.to_csv(tmp_path / "m4.csv", index=False)
    model = Forecaster("value", horizon=3, lookback=6, hidden=4)
    model.fit(tmp_path / "m4.csv", training=Training(epochs=1))
    out = model.predict(tmp_path / "m4.csv")
    assert out["series"].to_pylist() == list(np.repeat(NAMES, 3))
    assert out["time"].to_pylist() == [61, 62, 63] * 4
