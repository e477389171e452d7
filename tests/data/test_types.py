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
