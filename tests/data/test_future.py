"""A plan joined to a table: the same table as with its rows inside, or one clear line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers.waves import HOURS, ROLES, columns

from unrolled.data.columns.roles import Roles
from unrolled.data.table.future import with_future
from unrolled.data.table.table import Table
from unrolled.errors import DataError

LAST = {"A": HOURS - 6, "B": HOURS - 3}  # where each series of the history ends
NOT_PLANNED = ("temp", "load", "wind", "sky", "height", "kind")
Columns = dict[str, Any]


def rows(data: Columns, chosen: np.ndarray) -> Columns:
    return {name: values[chosen] for name, values in data.items()}


def hour_of(data: Columns) -> np.ndarray:
    hours: np.ndarray = (data["time"] - data["time"][0]).astype(np.int64) // 3_600_000_000
    return hours


def ahead(data: Columns) -> np.ndarray:
    """Which rows come after the last one of the history."""
    return hour_of(data) >= np.array([LAST[place] for place in data["place"]])


def inside() -> Columns:
    """A table in which the rows ahead hold the future covariates alone."""
    data = columns()
    for name in ("temp", "load", "wind"):
        data[name][ahead(data)] = np.nan
    data["sky"][ahead(data)] = None
    return data


def history() -> Table:
    return Table.read(rows(inside(), ~ahead(inside())), ROLES)


def plan(**changed: Any) -> Columns:
    """The rows ahead with the time, the series and the future covariates."""
    found = rows(inside(), ahead(inside()))
    return {name: v for name, v in found.items() if name not in NOT_PLANNED} | changed


def assert_same(one: Table, other: Table) -> None:
    assert one.offsets.tolist() == other.offsets.tolist()
    np.testing.assert_array_equal(one.times, other.times)
    np.testing.assert_array_equal(one.present, other.present)
    assert list(one.columns) == list(other.columns)
    for name, values in one.columns.items():
        assert values.dtype == other.columns[name].dtype, name
        np.testing.assert_array_equal(values, other.columns[name], name)


def test_it_is_the_table_with_the_rows_inside() -> None:
    joined = with_future(history(), plan())
    assert_same(joined, Table.read(inside(), ROLES))
    assert (joined.roles, joined.names) == (history().roles, ("A", "B"))


def test_a_plan_may_be_a_table_in_any_order_and_of_some_series() -> None:
    table, given = history(), plan()
    assert_same(
        with_future(table, Table.read(given, Roles("time", "place", future=ROLES.future))),
        with_future(table, rows(given, np.random.default_rng(0).permutation(len(given["time"])))),
    )
    joined = with_future(table, rows(given, given["place"] == "B"))
    assert np.diff(joined.offsets).tolist() == [LAST["A"], HOURS]
    one = with_future(table, rows(given, np.flatnonzero(given["place"] == "B")[:1]))
    assert np.diff(one.offsets).tolist() == [LAST["A"], LAST["B"] + 1]


def test_what_it_says_of_times_that_are_known_must_agree() -> None:
    whole = rows(inside(), hour_of(inside()) >= 0)
    assert_same(with_future(history(), whole), Table.read(inside(), ROLES))
    early = whole | {"time": whole["time"] - np.timedelta64(1, "D")}  # other values, a day before
    with pytest.raises(DataError, match=r"^plan: column 'temp' says \S+ at 2013-01-01 00:00 of se"):
        with_future(history(), early)
    before = rows(early, hour_of(early) < 24)  # before the table begins nothing contradicts it
    before["time"] = before["time"] - np.timedelta64(9, "D")
    assert_same(with_future(history(), before), history())


def test_a_value_other_than_the_tables_is_refused() -> None:
    given = rows(inside(), hour_of(inside()) >= HOURS - 9)
    given["price"][1] += 1
    at = r"at 2013-01-11 12:00 of series 'A', the table 0\.0$"
    with pytest.raises(DataError, match=rf"^plan: column 'price' says 1\.0 {at}"):
        with_future(history(), given)
    given["price"][1] -= 1
    given["kind"] = np.where(given["place"] == "A", "sea", "lake").astype(object)
    with pytest.raises(DataError, match=r"^plan: column 'kind' says lake .*, the table hill$"):
        with_future(history(), given)


def test_it_fills_what_the_table_misses() -> None:
    """A table that ends in empty rows, as a form does, and a plan that says them."""
    blank = inside()
    blank["price"][ahead(blank)] = np.nan
    blank["holiday"][ahead(blank)] = None
    assert_same(with_future(Table.read(blank, ROLES), plan()), Table.read(inside(), ROLES))


def test_targets_that_it_knows_are_taken() -> None:
    given = plan(temp=np.arange(9.0), sky=np.array(["sun"] * 9, object))
    joined = with_future(history(), given)
    assert joined.columns["temp"][ahead(inside())].tolist() == given["temp"].tolist()
    assert set(joined.columns["sky"][ahead(inside())]) == {"sun"}
    assert np.isnan(joined.columns["load"][ahead(inside())]).all()


def test_hours_between_are_gaps() -> None:
    given = plan()
    late = rows(given, hour_of(inside())[ahead(inside())] >= HOURS - 2)
    joined = with_future(history(), late)
    assert np.diff(joined.offsets).tolist() == [HOURS, HOURS]
    assert np.flatnonzero(~joined.present[:HOURS]).tolist() == [*range(LAST["A"], HOURS - 2)]
    np.testing.assert_array_equal(joined.times, Table.read(inside(), ROLES).times)
    assert np.isnan(joined.columns["price"][LAST["A"] : HOURS - 2]).all()
    assert joined.columns["kind"][LAST["A"]] == "sea"


@pytest.mark.parametrize(
    ("times", "zone"),
    [
        ([f"2013-{month:02d}-28" for month in range(1, 10)], None),
        ([f"2013-03-{day}T00:00:00" for day in range(27, 32)], "Europe/Berlin"),
        (np.arange("2013-01-31", "2013-09-01", dtype="M8[M]"), None),
        (np.arange(0, 45, 5), None),
    ],
)
def test_every_kind_of_step_goes_on(times: Any, zone: str | None) -> None:
    pandas = pytest.importorskip("pandas")
    stamps = pandas.DatetimeIndex(times).tz_localize(zone) if zone else np.asarray(times)
    frame = pandas.DataFrame({"t": stamps, "y": np.arange(len(times)) ** 2.0, "price": 1.0})
    roles = Roles("t", target=("y",), future=("price",), past=())
    whole, table = Table.read(frame, roles), Table.read(frame[:-2], roles)
    assert_same(with_future(table, frame[-2:]), whole)
    assert_same(with_future(table, frame), whole)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"price": None}, "no column 'price' in the table; "),
        ({"time": None}, "no column 'time' in the table; "),
        ({"place": np.array(list("AAAAAAxyy"), object)}, "no series 'x' in the table; it has 'A',"),
        ({"price": np.array(["low"] * 9)}, "column 'price': expected numbers as in the table, got"),
        ({"holiday": np.arange(9.0)}, "column 'holiday': expected text as in the table, got numb"),
        ({"price": np.array([1.0, np.inf] + [1.0] * 7)}, "column 'price': expected finite numbers"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused_in_a_line(changed: Columns, message: str) -> None:
    given = {name: values for name, values in plan(**changed).items() if values is not None}
    with pytest.raises(DataError) as refused:
        with_future(history(), given)
    assert str(refused.value).startswith(f"plan: {message}")
    assert "\n" not in str(refused.value)


def test_another_step_grid_or_zone_is_refused() -> None:
    table, given = history(), plan()
    start = given["time"][0]
    ahead_roles = Roles("time", "place", future=ROLES.future)
    two = start + np.arange(4) * np.timedelta64(2, "h")
    other: Columns = {"place": ["A"] * 4, "price": [1.0] * 4, "holiday": ["no"] * 4}
    with pytest.raises(DataError, match=r"^plan: time: .* step of 2h, but 1h was asked for"):
        with_future(table, other | {"time": two})
    with pytest.raises(DataError, match=r"^plan: expected the table's step of 1h, got 2h"):
        with_future(table, Table.read(other | {"time": two}, ahead_roles))
    half = start + np.timedelta64(30, "m") + np.arange(4) * np.timedelta64(1, "h")
    with pytest.raises(DataError, match=r"^plan: 2013-01-11 14:30 of series 'A' is not whole st"):
        with_future(table, other | {"time": half})
    zoned = [f"{time}Z" for time in given["time"][:4].astype("M8[s]")]
    with pytest.raises(DataError, match=r"^plan: expected times without a zone, .* in zone UTC$"):
        with_future(table, other | {"time": zoned})
    late = start + np.timedelta64(99999, "D") + np.arange(4) * np.timedelta64(1, "h")
    with pytest.raises(DataError, match=r"got 2286-10-26 17:00 of series 'A', too far from"):
        with_future(table, other | {"time": late})
