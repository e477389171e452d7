"""What may name series: one list of names, empty cells in a key, keys that were forgotten."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from unrolled.data import Roles, Table
from unrolled.data.columns.keys import is_id
from unrolled.errors import DataError

DAYS = pd.date_range("2022-01-01", periods=30)
WAVE = np.sin(np.arange(30) / 3)


@pytest.mark.parametrize("name", ["store_nbr", "Dept", "unique_id", "country", " sku "])
def test_a_name_for_series(name: str) -> None:
    assert is_id(name)


@pytest.mark.parametrize("name", ["state", "category", "idle", "temperature", "number"])
def test_a_name_that_may_be_of_anything(name: str) -> None:
    assert not is_id(name)


def panel(**names: list[Any]) -> pd.DataFrame:
    """Three series, the same day in a row of each, named by columns."""
    parts = [
        pd.DataFrame({"date": DAYS, **{n: [v[k]] * 30 for n, v in names.items()}, "sold": WAVE + k})
        for k in range(3)
    ]
    return pd.concat(parts, ignore_index=True)


EMPTY: dict[str, list[Any]] = {
    "province": ["Hubei", "Hunan", None],
    "country": ["China", "China", "Korea"],
}
CELLS = {str(day.date()): np.arange(3.0) + k for k, day in enumerate(DAYS)}


@pytest.mark.parametrize(
    ("frame", "roles"),
    [
        (panel(**EMPTY), Roles(series=["province", "country"])),
        (pd.DataFrame({**EMPTY, **CELLS}), Roles()),
        (pd.DataFrame({**EMPTY, "country": ["China", "China", "China"], **CELLS}), Roles()),
        (pd.DataFrame({**EMPTY, **CELLS}), Roles(series="province,country")),
    ],
    ids=["long", "wide", "wide, one country", "wide, asked"],
)
def test_an_empty_cell_is_a_value_of_a_key(frame: pd.DataFrame, roles: Roles) -> None:
    table = Table.read(frame, roles)
    assert table.roles.series == ("province", "country")
    assert [name.partition(",")[0] for name in table.names] == ["Hubei", "Hunan", ""]
    assert table.source_format.series["province"].to_pylist() == EMPTY["province"]


@pytest.mark.parametrize(
    ("frame", "roles"),
    [
        (panel(**EMPTY), Roles(series="province")),
        (panel(a=["x", "y", None], b=["x", "y", None]), Roles(series="a,b")),
        (pd.DataFrame({"province": EMPTY["province"], **CELLS}), Roles(series="province")),
    ],
    ids=["alone", "all", "wide"],
)
def test_a_row_without_any_name_is_refused(frame: pd.DataFrame, roles: Roles) -> None:
    with pytest.raises(DataError, match=r"data row (61|3) has none"):
        Table.read(frame, roles)


def test_rows_made_one_that_another_column_tells_apart_are_noted() -> None:
    frame = panel(city=["Seoul", "Seoul", "Busan"], item=["tea", "milk", "tea"])
    table = Table.read(frame, Roles(series="city", duplicates="mean"))
    (note,) = (note for note in table.findings.notes if "became one" in note)
    assert "differ in item ('tea' and 'milk')" in note
    assert "series=city,item keeps them apart" in note
    apart = Table.read(frame, Roles(series="city,item", duplicates="mean"))
    same = Table.read(pd.concat([frame, frame]), Roles(series="city,item", duplicates="mean"))
    for read in (apart, same):
        assert not any("became one" in note for note in read.findings.notes)


CITIES = pd.DataFrame({"date": DAYS, "Seoul": WAVE + 9, "Busan": WAVE + 12, "Jeju": WAVE + 15})
HINT = "3 columns are numbers of like scale, Seoul to Jeju: if each is a series of its own, --wide"


def test_columns_of_like_scale_may_be_series() -> None:
    assert any(note.startswith(HINT) for note in Table.read(CITIES).findings.notes)
    assert len(Table.read(CITIES, Roles(wide=True)).names) == 3


@pytest.mark.parametrize(
    ("frame", "roles"),
    [
        (CITIES, Roles(target=("Jeju",))),
        (CITIES, Roles(past=("Jeju",))),
        (CITIES, Roles(wide=True)),
        (CITIES.drop(columns="Jeju"), Roles()),
        (CITIES.assign(Jeju=WAVE + 1000), Roles()),
        (CITIES.assign(open=np.arange(30) % 2), Roles()),
        (CITIES.assign(weather="rain"), Roles()),
    ],
    ids=["target", "past", "wide", "two", "other scale", "a mark", "text"],
)
def test_other_tables_get_no_hint(frame: pd.DataFrame, roles: Roles) -> None:
    assert not any("of like scale" in note for note in Table.read(frame, roles).findings.notes)
