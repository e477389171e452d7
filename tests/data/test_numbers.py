"""Numbers as people write them; what leaves a doubt is said."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from unrolled import DataError, Format, Roles, SettingsError, Table
from unrolled.data.columns.read import read_columns

DATES = [f"2013-01-{day:02d}" for day in range(1, 29)]


def read(folder: Path, cells: list[str], how: Format | None = None, mark: str = ";") -> Any:
    """The values of a column of a file, and what is said."""
    rows = [f"{date}{mark}{cell}" for date, cell in zip(DATES, cells, strict=False)]
    (folder / "t.csv").write_text("\n".join([f"day{mark}y", *rows, ""]), "utf-8")
    raw = read_columns(folder / "t.csv", how)
    return raw.columns["y"].to_pylist(), raw.notes


# What is written -> what it means, a word of the note ("" for none).
WRITTEN: dict[str, tuple[list[str], list[float | None], str]] = {
    "dots, beside whole numbers": (["998", "1.003", "1.020"], [998, 1003, 1020], "--decimal ."),
    "dots, twice": (["1.234.567", "998"], [1234567, 998], ""),
    "dots and decimal commas": (["1.234,5", "998,25"], [1234.5, 998.25], ""),
    "decimal commas": (["1,5", "2,25", "-3,125"], [1.5, 2.25, -3.125], ""),
    "commas and decimal dots": (["1,234.5", "998.25"], [1234.5, 998.25], ""),
    "commas, beside whole numbers": (["998", "1,003"], [998, 1003], "--decimal ,"),
    "blanks": (["1 234,5", "998"], [1234.5, 998], ""),
    "no-break spaces": (["1\u00a0234.5", "998"], [1234.5, 998], ""),
    "narrow spaces": (["1\u202f234\u202f567", "998"], [1234567, 998], ""),
    "thin spaces": (["1\u2009234", "998"], [1234, 998], ""),
    "Swiss apostrophes": (["1'234.50", "998"], [1234.5, 998], ""),
    "fractions below one": (["0.998", "1.003"], [0.998, 1.003], ""),
    "fractions of some lengths": (["998", "1.003", "1.02"], [998, 1.003, 1.02], ""),
    "fractions beside thousands": (["1500", "1.003"], [1500, 1.003], ""),
    "three digits in every row": (["1.003", "1.125"], [1.003, 1.125], "--thousands ."),
    "percent": (["12,5 %", "3%"], [12.5, 3], "percent"),
    "euro behind": (["12,50 €", "1.003,00 €"], [12.5, 1003], "€"),
    "dollar before": (["$1,234.50", "-$3.00"], [1234.5, -3], "$"),
    "won": (["₩1,234,567", "₩998"], [1234567, 998], "₩"),
    "won in words": (["1,234,567원", "0"], [1234567, 0], "원"),
    "yen": (["¥1,234,567", "¥998"], [1234567, 998], "¥"),
    "pounds": (["£1.50", "£-2.25"], [1.5, -2.25], "£"),
    "brackets": (["(1,234.50)", "998.00"], [-1234.5, 998], "brackets"),
    "a true minus sign": (["\u22125.5", "2.5"], [-5.5, 2.5], ""),
    "missing marks": (["1.5", ".", "-", "#N/A", "--", "n/a", "null"], [1.5, *[None] * 6], ""),
    "missing marks in a column of thousands": (["1.234.567", "-", "."], [1234567, None, None], ""),
    "exponents": (["1.5e3", "2E-2"], [1500, 0.02], ""),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_numbers_are_read_as_they_are_meant(tmp_path: Path, name: str) -> None:
    cells, values, word = WRITTEN[name]
    found, notes = read(tmp_path, cells, mark="\t")
    assert found == values
    assert bool(notes) == bool(word)
    assert word in " ".join(notes)
    assert all("'y'" in note for note in notes)


# The same cells, as an option says.
ASKED: dict[str, tuple[list[str], Format, list[float]]] = {
    "dots are fractions": (["998", "1.003"], Format(decimal="."), [998, 1.003]),
    "dots are thousands": (["1.003", "1.125"], Format(thousands="."), [1003, 1125]),
    "commas are fractions": (["998", "1,003"], Format(decimal=","), [998, 1.003]),
    "commas are thousands": (["1,003", "1,125"], Format(thousands=","), [1003, 1125]),
    "-999 stays a number here": (["-999", "1"], Format(na=-999), [-999, 1]),
    "a word is missing": (["none at all", "1.5"], Format(na="none at all"), [math.nan, 1.5]),
}


@pytest.mark.parametrize("name", ASKED)
def test_an_option_decides(tmp_path: Path, name: str) -> None:
    cells, how, values = ASKED[name]
    found, notes = read(tmp_path, cells, how)
    assert found == [None if value != value else value for value in values]
    assert not notes


@pytest.mark.parametrize(
    "cells",
    [
        ["12 €", "3 $"],
        ["12 %", "3"],
        ["(5)", "(6)"],
        ["192.168.0.1", "10.0.0.1"],
        ["2013-01-01", "2013-01-02"],
        ["12:30h", "13:45h"],
        ["1,2,3", "4,5,6"],
        ["12 34", "5"],
        ["A1", "B2"],
    ],
    ids=str,
)
def test_what_is_not_written_alike_is_no_number(tmp_path: Path, cells: list[str]) -> None:
    found, _ = read(tmp_path, cells, mark="\t")
    assert [str(value) for value in found] == cells


def test_another_column_of_the_file_settles_a_doubt(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("day;a;b\n" + "".join(f"{d};1.003;2.5\n" for d in DATES))
    raw = read_columns(tmp_path / "t.csv")
    assert raw.columns["a"][0].as_py() == 1.003
    assert not raw.notes
    (tmp_path / "t.csv").write_text("day;a;b\n" + "".join(f"{d};1.003;2,5\n" for d in DATES))
    raw = read_columns(tmp_path / "t.csv")
    assert (raw.columns["a"][0].as_py(), raw.columns["b"][0].as_py()) == (1003, 2.5)


def test_a_doubt_beyond_the_first_lines_is_seen(tmp_path: Path) -> None:
    rows = [f"{i},{900 + i % 90}" for i in range(20_000)] + ["20000,1.003"]
    (tmp_path / "t.csv").write_text("\n".join(["step,y", *rows, ""]))
    raw = read_columns(tmp_path / "t.csv")
    assert raw.columns["y"][-1].as_py() == 1003
    assert raw.format.thousands == "."


def test_what_was_taken_in_doubt_is_taken_again() -> None:
    days = pd.date_range("2013-01-01", periods=60)
    cells = [f"{1000 + 7 * v % 60 - 30:,}".replace(",", ".") for v in range(60)]
    table = Table.read({"day": days, "y": cells})
    assert table.columns["y"].min() == 970
    assert "'y'" in table.findings.notes[0]
    later = Table.read({"day": days[:3], "y": ["1.003", "1.5", "1.002"]})
    assert later.columns["y"][0] == 1.003
    later = Table.read({"day": days[:3], "y": ["1.003", "1.004", "1.002"]}, table.roles)
    assert later.columns["y"].tolist() == [1003, 1004, 1002]


def test_frames_are_read_alike() -> None:
    frame = pd.DataFrame(
        {"day": DATES, "y": ["1.234,5"] * 27 + ["-"], "z": ["1.5", "2.5", "4.5"] * 9 + ["."]}
    )
    table = Table.read(frame)
    assert table.columns["y"][0] == 1234.5
    assert math.isnan(table.columns["y"][-1])
    assert math.isnan(table.columns["z"][-1])


def test_marks_of_missing_values() -> None:
    def notes(values: list[float], how: Format | None = None) -> tuple[str, ...]:
        times = range(len(values))
        table = Table.read({"t": times, "y": values}, Roles(format=how or Format()))
        return table.findings.notes

    temperatures = [20.5, 21.0, 19.5, -999.0, 22.0, -999.0]
    assert "-999 comes 2 times" in notes(temperatures)[0]
    assert "'y'" in notes(temperatures)[0]
    assert not notes(temperatures, Format(na=("-999",)))
    assert "9999 comes once" in notes([20.5, 21.0, 9999.0, 22.0])[0]
    assert not notes([8000.0, 9000.0, 9999.0, 11000.0])  # among the others
    assert not notes([20.5, 21.0, 22.0])


def test_the_marks_leave_the_time_and_the_series_alone() -> None:
    rows = {"t": [9998, 9999, 10000] * 2, "id": [9999] * 3 + [1] * 3, "y": [1.0, 9999, 3] * 2}
    roles = Roles(time="t", series="id", target=("y",), format=Format(na=9999))
    table = Table.read(rows, roles)
    assert table.names == ("9999", "1")
    assert table.findings.missing == {"y": 2}


@pytest.mark.parametrize(
    "wrong", [{"decimal": ";"}, {"thousands": "_"}, {"decimal": ",", "thousands": ","}], ids=str
)
def test_a_format_that_cannot_be(wrong: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"decimal|thousands"):
        Format(**wrong)


def test_a_stray_text_among_numbers_is_named() -> None:
    rows = {"t": range(5), "y": ["1.5", "2.5", "T", "3.5", "."]}
    with pytest.raises(DataError, match="data row 3 holds 'T'"):
        Table.read(rows, Roles(target=("y",)))
