"""docs/data.md says what is read: its tables, row by row."""

from __future__ import annotations

import gzip
import json
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from unrolled.data.columns.read import Raw, read_columns

PAGE = (Path(__file__).parents[2] / "docs" / "data.md").read_text("utf-8")
FRAME = pd.DataFrame({"day": ["2013-01-01", "2013-01-02", "2013-01-03"], "y": [1.5, 2.5, 4.25]})
CSV = "day,y\n2013-01-01,1.5\n2013-01-02,2.5\n2013-01-03,4.25\n"


def rows(heading: str) -> list[list[str]]:
    """The rows of the table under a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^\| (.*) \|$", section, re.MULTILINE)
    return [[cell.strip() for cell in line.split(" |")] for line in lines[1:]]


NUMBERS = rows("Numbers")


@pytest.mark.parametrize("row", NUMBERS, ids=lambda row: row[0])
def test_every_row_of_numbers(tmp_path: Path, row: list[str]) -> None:
    cells = re.findall(r"`([^`]+)`", row[0])
    lines = [f"2013-01-{day:02d}\t{cell}" for day, cell in enumerate(cells, 1)]
    (tmp_path / "t.csv").write_text("\n".join(["day\ty", *lines, ""]), "utf-8")
    raw = read_columns(tmp_path / "t.csv")
    values = raw.columns["y"].to_pylist()
    if row[1] == "text":
        assert values == cells
    else:
        words = row[1].split(", ")
        assert values == [None if word == "missing" else float(word) for word in words]
    assert bool(raw.notes) == (row[2:] == ["yes"])


def written(folder: Path, name: str, data: bytes) -> Raw:
    (folder / name).write_bytes(data)
    return read_columns(folder / name)


def _excel(folder: Path) -> Raw:
    with pd.ExcelWriter(folder / "t.xlsx", engine="openpyxl") as writer:
        FRAME.to_excel(writer, sheet_name="one", index=False)
        FRAME.to_excel(writer, sheet_name="two", index=False)
    return read_columns(folder / "t.xlsx")


def _parquet(folder: Path) -> Raw:
    FRAME.to_parquet(folder / "t.parquet")
    return read_columns(folder / "t.parquet")


def _pipe(folder: Path) -> Raw:
    os.mkfifo(folder / "pipe")
    threading.Thread(target=(folder / "pipe").write_text, args=(CSV,), daemon=True).start()
    return read_columns(folder / "pipe")


# The first words of a row -> a file of it, and a word of what is said.
FILES: dict[str, tuple[Callable[[Path], Raw], str]] = {
    "CSV with": (lambda to: written(to, "t.csv", CSV.replace(",", "|").encode()), ""),
    "`.gz`": (lambda to: written(to, "t.csv.gz", gzip.compress(CSV.encode())), ""),
    "Excel:": (_excel, "'two'"),
    "JSON": (
        lambda to: written(to, "t.json", json.dumps(FRAME.to_dict("records")).encode()),
        "",
    ),
    "Parquet": (_parquet, ""),
    "a pipe": (_pipe, ""),
    "UTF-8": (lambda to: written(to, "t.csv", CSV.encode("utf-16-le")), ""),
    "another encoding": (
        lambda to: written(to, "t.csv", (CSV + "# Größe\n").encode("cp1252")),
        "cp1252",
    ),
    "titles": (lambda to: written(to, "t.csv", ("A report\n\n" + CSV).encode()), "in line 3"),
    "`#` comments": (lambda to: written(to, "t.csv", ("# by a logger\n" + CSV).encode()), ""),
    "Excel's": (lambda to: written(to, "t.csv", ("sep=;\n" + CSV.replace(",", ";")).encode()), ""),
    "trailing": (lambda to: written(to, "t.csv", CSV.replace("\n", ",,\n").encode()), "2 columns"),
    "blanks": (lambda to: written(to, "t.csv", CSV.replace(",", " , ").encode()), ""),
    "a column": (lambda to: written(to, "t.csv", CSV.replace("day", "").encode()), "Unnamed: 0"),
}


def test_every_row_of_files_has_a_file() -> None:
    firsts = [row[0] for row in rows("Files")]
    assert len(firsts) == len(FILES)
    assert all(any(first.startswith(name) for name in FILES) for first in firsts)


@pytest.mark.parametrize("name", FILES)
def test_every_row_of_files(tmp_path: Path, name: str) -> None:
    read, word = FILES[name]
    raw = read(tmp_path)
    assert list(raw.columns) == (["Unnamed: 0", "y"] if name == "a column" else ["day", "y"])
    assert raw.columns["y"].to_pylist() == FRAME["y"].tolist()
    assert word in " ".join(raw.notes)
    assert bool(raw.notes) == bool(word)
