"""Every table that cannot be used is refused in one clear line."""

from __future__ import annotations

import contextlib
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from unrolled.data.columns.roles import Roles
from unrolled.data.table.table import Table
from unrolled.errors import DataError, SettingsError

HOURS = [f"2013-01-01 {hour:02d}:00" for hour in range(10)]


def csv(header: str, *rows: str) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def hourly(values: list[Any], times: list[str] = HOURS) -> bytes:
    return csv("time,y", *(f"{time},{value}" for time, value in zip(times, values, strict=True)))


GOOD = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3]
TWO = csv(
    "time,id,y",
    *(f"2013-01-01 {h:02d}:00,A,{h}" for h in range(24)),
    *(f"2013-01-{d:02d} 00:00,B,{d}" for d in range(1, 11)),
)
# name -> (file, roles, what the one line must say)
FILES: dict[str, tuple[bytes, Roles, list[str]]] = {
    "empty": (b"", Roles(), ["empty"]),
    "blank lines": (b"\n\n \n", Roles(), ["empty"]),
    "a mark of UTF-16 alone": (b"\xff\xfe", Roles(), ["empty"]),
    "a line that names the sign alone": (b"sep=;\n", Roles(), ["empty"]),
    "comments alone": (b"# a\n# b\n", Roles(), ["empty"]),
    "header alone": (b"time,y\n", Roles(), ["rows under the header", "none"]),
    "no header": (hourly(GOOD).partition(b"\n")[2], Roles(), ["column names", "2013-01-01 00:00"]),
    "binary rubbish": (bytes(range(256)) * 40, Roles(), ["binary", "0x00", "offset 0"]),
    "zip": (b"PK\x03\x04" + bytes(100), Roles(), ["zip file is damaged"]),
    "damaged UTF-8": (
        csv("time,grün,größe", "2013-01-01,1,2") + b"2013-01-02,\xff,3\n",
        Roles(),
        ["UTF-8", "0xff", "line 3", "encoding"],
    ),
    "a row of another length": (
        csv("time,y", "2013-01-01,1", "2013-01-02", "2013-01-03,4"),
        Roles(),
        ["2 columns", "got 1", "data row 2"],
    ),
    "a name twice": (csv("time,y,y", "2013-01-01,1,2"), Roles(), ["'y' twice"]),
    "damaged gzip": (gzip.compress(hourly(GOOD) * 9)[:40], Roles(), ["gzip|end"]),
    "parquet cut short": (b"PAR1" + bytes(50), Roles(), ["Parquet", "damaged"]),
    "unknown column": (hourly(GOOD), Roles(target=("Y1",)), ["'Y1'", "did you mean 'y'"]),
    "unknown, nothing near": (hourly(GOOD), Roles(future=("price",)), ["'price'", "time, y"]),
    "one column, two roles": (
        hourly(GOOD),
        Roles(target=("y",), future=("y",)),
        ["'y'", "expected one role, got 2"],
    ),
    "no time": (csv("a,b", "1.5,2", "2.5,3"), Roles(), ["no column can be the time", "a, b"]),
    "wide": (
        csv("id," + ",".join(f"V{i}" for i in range(1, 40)), *["H1," + ",".join(["1"] * 39)] * 2),
        Roles(),
        ["wide", "long", "melt"],
    ),
    "unparsable stamp": (
        hourly(GOOD, [*HOURS[:4], "soon", *HOURS[5:]]),
        Roles(),
        ["data row 5", "'soon'"],
    ),
    "no such day": (
        hourly(GOOD, ["2013-02-30 00:00", *HOURS[1:]]),
        Roles(),
        ["data row 1", "real"],
    ),
    "a stamp is missing": (hourly(GOOD, [*HOURS[:2], "", *HOURS[3:]]), Roles(), ["data row 3"]),
    "day or month": (
        csv("time,y", *(f"{d:02d}/01/2013,{d}" for d in range(1, 13))),
        Roles(),
        ["day from the month", "01/01/2013"],
    ),
    "day first and month first": (
        csv("time,y", "13/01/2013,1", "01/14/2013,2"),
        Roles(),
        ["data row 2", "01/14/2013"],
    ),
    "zone on some rows": (
        hourly(GOOD, [*HOURS[:6], HOURS[6] + "Z", *HOURS[7:]]),
        Roles(),
        ["data row 7", "zone"],
    ),
    "mixed zones": (
        hourly(GOOD, [*(h + "+00:00" for h in HOURS[:6]), *(h + "+05:00" for h in HOURS[6:])]),
        Roles(),
        ["data row 7", "another zone"],
    ),
    "duplicate": (
        hourly(GOOD, [*HOURS[:5], HOURS[4], *HOURS[6:]]),
        Roles(),
        ["data rows 5 and 6", "2013-01-01 04:00"],
    ),
    "time goes backwards and repeats": (
        hourly(GOOD, HOURS[:5] * 2),
        Roles(),
        ["data rows 1 and 6", "back at data row 6", "series="],
    ),
    "daylight-saving double": (
        csv(
            "time,y",
            *(f"2013-11-03 {h:02d}:00,{i}" for i, h in enumerate([0, 1, 1, 2, 3, 4, 5, 6, 7, 8])),
        ),
        Roles(),
        ["data rows 2 and 3", "clocks", "UTC"],
    ),
    "duplicate in a series": (
        TWO + b"2013-01-10 00:00,B,3\n",
        Roles(),
        ["data rows 34 and 35", "'B'"],
    ),
    "a series without a name": (
        TWO + b"2013-02-10 00:00,,3\n",
        Roles(series="id"),
        ["data row 35"],
    ),
    "two series, two steps": (TWO, Roles(), ["'B'", "1D", "'A'", "1h"]),
    "off the grid": (
        hourly(GOOD, [*HOURS[:7], "2013-01-01 07:07", *HOURS[8:]]),
        Roles(),
        ["data row 8", "07:07", "1 hour"],
    ),
    "first row off the grid": (
        hourly(GOOD, ["2013-01-01 00:03", *HOURS[1:]]),
        Roles(),
        ["data row 1", "00:03"],
    ),
    "a stamp far away": (
        hourly(GOOD, [*HOURS[:9], "2113-01-01 00:00"]),
        Roles(),
        ["data row 10", "far"],
    ),
    "one row": (hourly(GOOD[:1], HOURS[:1]), Roles(), ["two rows", "1 row"]),
    "infinite": (hourly([*GOOD[:3], "inf", *GOOD[4:]]), Roles(), ["'y'", "data row 4", "inf"]),
    "text among numbers": (
        hourly([*GOOD[:3], "T", *GOOD[4:]]),
        Roles(target=("y",)),
        ["target 'y'", "data row 4", "'T'"],
    ),
    "text as target": (
        hourly(["rain", "sun"] * 5),
        Roles(target=("y",)),
        ["target 'y'", "numbers", "'rain'"],
    ),
    "constant target": (hourly([7] * 10), Roles(target=("y",)), ["target 'y'", "change", "7"]),
    "target without values": (
        hourly(["NA"] * 10),
        Roles(target=("y",)),
        ["target 'y'", "no value", "10"],
    ),
    "no target": (
        csv("time,a,b", *(f"{h},1,2" for h in HOURS)),
        Roles(),
        ["name the column", "a, b"],
    ),
    "bad parts": (
        csv("year,month,day,y", "2013,1,1,1", "2013,13,2,2"),
        Roles(),
        ["data row 2", "month=13"],
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    content, roles, words = FILES[name]
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        Table.read(path, roles).check_target()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 330
    for word in words:
        assert any(option in message for option in word.split("|")), (word, message)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no such file"):
        Table.read(tmp_path / "nothing.csv")
    with pytest.raises(DataError, match=r"expected a file, got a folder"):
        Table.read(tmp_path)


def test_a_file_named_parquet_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("time,y\n1,2\n")
    with pytest.raises(DataError, match=r"this is no Parquet file"):
        Table.read(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (3, "path or a data frame, got int"),
        (pd.DataFrame({"time": [], "y": []}), "expected rows"),
        (pd.DataFrame([[1, 2, 3]], columns=["time", "y", "y"]), "'y' twice"),
        (pd.DataFrame({"time": [1, 2], "y": ["a", 3]}), "read a pandas frame"),
        ({"time": [1, 2], "y": [1]}, "read a mapping"),
        ({}, "expected rows"),
    ],
)
def test_a_bad_frame(source: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        Table.read(source)


def test_a_static_column_that_changes_names_the_row() -> None:
    table = {
        "time": [0, 1, 2] * 2,
        "id": ["a"] * 3 + ["b"] * 3,
        "y": range(6),
        "h": [1, 1, 1, 2, 9, 2],
    }
    with pytest.raises(DataError, match=r"static 'h'.*data row 5 of series 'b'"):
        Table.read(table, Roles(static=("h",)))


@pytest.mark.parametrize(
    ("step", "words"),
    [("5min", "step of 1h, but 5min was asked"), ("1D", "step"), (1, "the times are dates")],
)
def test_a_step_that_is_not_the_tables(step: str | int, words: str) -> None:
    table = {"time": np.arange("2013-01-01", "2013-01-03", dtype="M8[h]"), "y": np.arange(48.0)}
    with pytest.raises(DataError, match=words):
        Table.read(table, step=step)


@pytest.mark.parametrize("text", ["", "0h", "fortnight", "1.5h", "-1D"])
def test_a_step_that_is_none(text: str) -> None:
    with pytest.raises(SettingsError, match="step"):
        Table.read({"time": [1, 2], "y": [1, 2]}, step=text)


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes_never_escape_as_another_error(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    good = bytearray(hourly(GOOD))
    for at in rng.integers(0, len(good), 6):
        good[at] = rng.integers(0, 256)
    (tmp_path / "a.csv").write_bytes(bytes(good))
    # Another error than DataError would be a traceback for the user.
    with contextlib.suppress(DataError):
        Table.read(tmp_path / "a.csv").check_target()
