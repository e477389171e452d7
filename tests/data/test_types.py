"""Columns that number rows, keys of several columns, wide tables with keys before them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from unrolled.data import Roles, Table
from unrolled.errors import DataError

HOURS = pd.date_range("2020-01-01", periods=40, freq="h")
FRAME = pd.DataFrame({"time": HOURS, "y": np.sin(np.arange(40.0)), "x": np.cos(np.arange(40.0))})
HOLES = FRAME.drop(index=[5, 6, 9])

# what numbers the rows -> the column that is left out
COUNTERS: dict[str, tuple[Any, str]] = {
    "filtered": (HOLES, "index"),
    "a slice": (FRAME.iloc[5:], ""),
    "a slice like years": (FRAME.set_axis(range(1700, 1740)), "index"),
    "years with holes": (FRAME.set_axis(range(1700, 1740)).drop(index=[1705]), "index"),
    "shuffled": (FRAME.sample(frac=1, random_state=1), "index"),
    "unnamed column": (HOLES.reset_index(names=""), ""),
    "read from a CSV": (HOLES.reset_index(names="Unnamed: 0"), "Unnamed: 0"),
    "read from a Parquet file": (HOLES.reset_index(names="__index_level_0__"), "__index_level_0__"),
    "an id": (HOLES.reset_index(names="id"), "id"),
    "a counter": (FRAME.assign(n=range(40)), "n"),
    "an index with a name": (HOLES.rename_axis("row_id"), "row_id"),
}


@pytest.mark.parametrize("name", COUNTERS)
def test_what_numbers_the_rows_is_no_column(name: str, tmp_path: Path) -> None:
    frame, left_out = COUNTERS[name]
    table = Table.read(frame)
    assert (table.roles.time, table.roles.past) == ("time", ("x",))
    assert list(table.columns) == ["y", "x"]
    assert not left_out or list(table.findings.left_out) == [left_out]


def test_an_index_saved_in_a_file_is_left_out(tmp_path: Path) -> None:
    HOLES.to_csv(tmp_path / "a.csv")
    HOLES.to_parquet(tmp_path / "a.parquet")
    for path in (tmp_path / "a.csv", tmp_path / "a.parquet"):
        table = Table.read(path)
        assert list(table.columns) == ["y", "x"]
        assert len(table.findings.left_out) == 1


def test_a_saved_index_is_used_when_it_is_named() -> None:
    frame = HOLES.reset_index(names="Unnamed: 0").drop(columns="time")
    assert Table.read(frame, Roles(time="Unnamed: 0")).roles.time == "Unnamed: 0"
    with pytest.raises(DataError, match="no column can be the time"):
        Table.read(frame)


DAYS = [f"2022-01-{day:02d}" for day in range(1, 31)]


def panel(*names: str, rows: int = 30, **more: Any) -> pd.DataFrame:
    """Four series told apart by two columns together, a row for each day."""
    first, second = names or ("city", "item")
    pairs = [(a, b) for a in ("Seoul", "Busan") for b in ("tea", "milk")]
    parts = [pd.DataFrame({"date": DAYS[:rows], first: a, second: b}) for a, b in pairs]
    frame = pd.concat(parts, ignore_index=True).sort_values("date", kind="stable")
    return frame.assign(sold=np.arange(len(frame)) % 7, **more).reset_index(drop=True)


PANELS: dict[str, tuple[pd.DataFrame, Roles, Any]] = {
    "guessed": (panel(), Roles(), ("city", "item")),
    "a list": (panel(), Roles(series=["city", "item"]), ("city", "item")),
    "with a comma": (panel(), Roles(series="city,item"), ("city", "item")),
    "the other way round": (panel(), Roles(series="item, city"), ("item", "city")),
    "a number for an id": (
        panel().assign(item=np.tile([3, 4], 60)),
        Roles(),
        ("city", "item"),
    ),
    "a comma in a name": (
        panel("city, state", "item"),
        Roles(series='"city, state",item'),
        ("city, state", "item"),
    ),
    "beside a text that changes": (
        panel(sky=np.random.default_rng(0).choice(["sun", "rain"], 120)),
        Roles(),
        ("city", "item"),
    ),
    "beside one that follows from another": (
        panel().assign(region=lambda f: f["city"].map({"Seoul": "north", "Busan": "south"})),
        Roles(),
        ("city", "item"),
    ),
}


@pytest.mark.parametrize("name", PANELS)
def test_columns_that_tell_series_apart_together(name: str) -> None:
    frame, roles, key = PANELS[name]
    table = Table.read(frame, roles)
    assert table.roles.series == key
    assert len(table.names) == 4
    assert len(table) == 120
    assert {"Seoul, tea", "Seoul, 3", "tea, Seoul"} & set(table.names)
    out = table.frame({",".join(key): np.array(table.names), "y": np.arange(4.0)})
    pd.testing.assert_frame_equal(out[list(key)], frame[list(key)].iloc[:4])
    assert Table.read(frame, table.roles).names == table.names


def test_a_single_column_whose_name_has_a_comma() -> None:
    frame = panel().rename(columns={"city": "city, state"}).query("item == 'tea'")
    table = Table.read(frame, Roles(series="city, state"))
    assert table.roles.series == ("city, state",)
    assert Table.read(frame, table.roles).names == ("Seoul", "Busan")


def test_a_name_that_holds_a_comma_is_told_from_two() -> None:
    frame = panel().replace({"city": {"Seoul": "a", "Busan": "a, b"}, "item": {"tea": "b, c"}})
    names = Table.read(frame, Roles(series="city,item")).names
    assert names == ('a, "b, c"', "a, milk", '"a, b", "b, c"', '"a, b", milk')


# what is asked -> what the refusal says, and what it must never say
REFUSED: dict[str, tuple[pd.DataFrame, Roles, str]] = {
    "one of two keys": (panel(), Roles(series="item"), "item and city together .*series=item,city"),
    "rows that differ": (
        pd.concat([panel(), panel().head(1).assign(sold=9)]),
        Roles(series="city,item"),
        r"they differ in sold \(0 and 9\)",
    ),
    "a wrong part": (panel(), Roles(series="city,itme"), "no column 'itme'.*'item'"),
    "twice": (panel(), Roles(series="city,city"), "'city': expected one role, got 2"),
    "lists": (panel(item=[[1]] * 120), Roles(series="item"), "series 'item': expected text or num"),
    "structs": (panel(item=[{"a": 1}] * 120), Roles(series="city,item"), "series 'item': .*struct"),
    "a hole": (panel(item=None), Roles(series="item"), "data row 1 has none"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_keys_that_are_refused(name: str) -> None:
    frame, roles, words = REFUSED[name]
    with pytest.raises(DataError, match=words) as caught:
        Table.read(frame, roles)
    assert ("keep one" in str(caught.value)) is False


def test_a_text_that_happens_to_tell_rows_apart_is_no_series() -> None:
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"time": np.repeat(DAYS, 2), "y": random.normal(size=60)})
    frame["sky"] = random.choice(list("abcde"), 60)
    frame["wind"] = random.choice(list("fghij"), 60)
    with pytest.raises(DataError, match="expected each time once"):
        Table.read(frame.drop_duplicates(["time", "sky", "wind"]))


def wide(steps: list[str], before: dict[str, Any]) -> pd.DataFrame:
    values = np.random.default_rng(0).normal(size=(len(steps), 4)).round(2)
    return pd.DataFrame({**before, **dict(zip(steps, values, strict=True))})


KEYS = {"region": list("nnss"), "product": list("abab")}
# a row for each series -> the columns that name it, its first time
WIDE: dict[str, tuple[pd.DataFrame, Any, str]] = {
    "dates": (wide(DAYS, KEYS), ("region", "product"), "2022-01-01 00:00"),
    "after an index": (
        wide(DAYS, {"Unnamed: 0": range(4), **KEYS}),
        ("region", "product"),
        "2022-01-01 00:00",
    ),
    "M4": (wide([f"V{i}" for i in range(3, 33)], KEYS), ("region", "product"), "1"),
    "M4 after an index": (
        wide([f"V{i}" for i in range(2, 40)], {"": [3, 5, 6, 9], "id": list("abcd")}),
        "series",
        "1",
    ),
    "years": (wide([str(y) for y in range(2000, 2016)], KEYS), ("region", "product"), "2000"),
    "years with letters": (
        wide([f"YR{y}" for y in range(2000, 2016)], {"country": list("abcd")}),
        "series",
        "2000",
    ),
    "numbers as names": (
        wide(DAYS, {"shop": [1, 1, 2, 2], "item": [1, 2, 1, 2]}),
        ("shop", "item"),
        "",
    ),
    "one of them names each": (wide(DAYS, {"code": list("wxyz"), **KEYS}), "series", ""),
}


@pytest.mark.parametrize("name", WIDE)
def test_wide_tables_with_keys_before_them(name: str) -> None:
    frame, key, start = WIDE[name]
    table = Table.read(frame)
    assert table.roles.series == key
    assert (len(table.names), table.roles.past) == (4, ())
    assert table.findings.start.startswith(start)
    assert any(note.startswith("wide: 4 rows") for note in table.findings.notes)
    assert Table.read(frame, table.roles).names == table.names


def test_wide_rows_of_one_name_are_refused_by_all_their_columns() -> None:
    frame = wide(DAYS, {**KEYS, "product": list("aaab")})
    words = "each 'region' and 'product' once, but data rows 1 and 2 both"
    with pytest.raises(DataError, match=words):
        Table.read(frame)


def test_a_frame_of_series_in_cells_is_refused_in_a_line() -> None:
    frame = pd.DataFrame({"dim_0": [pd.Series(np.arange(20.0))] * 3})
    with pytest.raises(DataError) as caught:
        Table.read(frame)
    assert len(str(caught.value).splitlines()) == 1
