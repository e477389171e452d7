"""What files and numbers must be read as: their rows in ../shared/cases."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.cases import CASES, Answer, unrolled

TABLES, RELIABILITY, TEXTS = (CASES / room for room in ("tables", "reliability", "text-labels"))
QUICK = ("--hidden", "4", "--epochs", "1", "--lookback", "3", "--horizon", "2", "-q")


def inspect(file: Path | str, *options: str, cwd: Path) -> Answer:
    return unrolled("inspect", file, *options, cwd=cwd)


@pytest.mark.case("tables/07")
def test_dots_between_thousands(tmp_path: Path) -> None:
    file = TABLES / "07-thousands-dot.csv"
    said = inspect(file, cwd=tmp_path)
    assert "'1.002' is read as 1002" in said.out
    assert "--decimal ." in said.out
    small = ("--horizon", "7", "--hidden", "16", "--epochs", "3", "--threads", "1")
    assert unrolled("fit", file, *small, "--out", "r", cwd=tmp_path).code == 0
    rows = unrolled("predict", "r", file, cwd=tmp_path).out.splitlines()[1:]
    assert len(rows) == 7
    assert all(900 < float(row.split(",")[1]) < 1100 for row in rows)


@pytest.mark.case("tables/10")
def test_german_is_no_korean(tmp_path: Path) -> None:
    said = inspect(TABLES / "10-latin1.csv", cwd=tmp_path)
    assert "target: Größe" in said.out
    assert "read as cp1252" in said.out
    assert "cp949" not in said.out


@pytest.mark.case("tables/11")
def test_a_dot_alone_is_missing(tmp_path: Path) -> None:
    said = inspect(TABLES / "11-fred-dot.csv", cwd=tmp_path)
    assert "target: GDP" in said.out
    assert "missing values: GDP 6" in said.out


@pytest.mark.case("tables/22")
@pytest.mark.parametrize(
    ("file", "note"),
    [
        ("22-trailing-commas.csv", "2 columns without a name or a value left out"),
        ("22b-title-rows.csv", "the header is in line 4"),
    ],
)
def test_what_excel_leaves_about_a_table(tmp_path: Path, file: str, note: str) -> None:
    said = inspect(TABLES / file, cwd=tmp_path)
    assert ": 60 rows\n" in said.out
    assert f"note: {note}" in said.out


@pytest.mark.case("tables/24")
def test_a_workbook_is_read(tmp_path: Path) -> None:
    said = inspect(TABLES / "24-table.xlsx", cwd=tmp_path)
    assert said.code == 0
    assert "40 rows" in said.out
    assert "corpus" not in said.out + said.err


@pytest.mark.case("tables/31")
def test_what_stands_for_missing_is_named(tmp_path: Path) -> None:
    file = TABLES / "31-minus-999.csv"
    said = inspect(file, cwd=tmp_path)
    assert "-999 comes 12 times, far from every other value; --na -999" in said.out
    taken = inspect(file, "--na", "-999", cwd=tmp_path)
    assert "missing values: temp 12" in taken.out
    assert "note" not in taken.out


@pytest.mark.slow
@pytest.mark.parametrize(
    "file",
    [
        pytest.param(name, marks=pytest.mark.case(f"reliability/{name[:2]}"))
        for name in (
            "15-header-with-blanks.py",
            "16-column-with-line-end.py",
            "20-gzip-broken.py",
            "28-encoding-of-no-text.py",
            "36-pipe.py",
            "41-text-in-one-line.py",
        )
    ],
)
def test_a_case_that_judges_itself(file: str) -> None:
    done = subprocess.run(
        [sys.executable, RELIABILITY / file],
        cwd=RELIABILITY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def hourly(head: str, rows: int = 120) -> str:
    lines = [f"2013-01-{1 + i // 24:02d} {i % 24:02d}:00,{i % 13}.5,{i % 11}" for i in range(rows)]
    return "\n".join([head, *lines, ""])


@pytest.mark.case("reliability/14")
def test_a_column_without_a_name(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(hourly("time,,y"))
    done = unrolled("fit", "t.csv", "-t", "y", *QUICK, "--out", "r", cwd=tmp_path)
    assert done.code == 0, done.err
    assert unrolled("predict", "r", "t.csv", cwd=tmp_path).code == 0


@pytest.mark.case("reliability/17")
def test_a_file_name_that_is_no_utf_8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.csv")
    (tmp_path / name).write_text(hourly("time,temp,hum"))
    done = unrolled("fit", name, "-t", "temp", *QUICK, "--out", "r", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "PYTHONIOENCODING" not in done.err
    assert r"caf\\xe9.csv" in (tmp_path / "r" / "config.toml").read_text()


@pytest.mark.case("text-labels/10")
def test_japanese_is_no_korean(tmp_path: Path) -> None:
    said = inspect(TEXTS / "10-shift-jis.txt", cwd=tmp_path)
    assert "shift_jis" in said.out
    assert "reads as Japanese" in said.out


@pytest.mark.case("text-labels/11")
def test_a_packed_text(tmp_path: Path) -> None:
    file = TEXTS / "11-text.txt.gz"
    said = inspect(file, cwd=tmp_path)
    assert said.code == 0
    assert f"{len(gzip.decompress(file.read_bytes()).decode()):,} characters" in said.out


@pytest.mark.slow
@pytest.mark.case("text-labels/12")
def test_a_text_from_a_pipe(tmp_path: Path) -> None:
    text = "to be or not to be. " * 300
    for name in ("-", "/dev/stdin"):
        said = unrolled("inspect", name, cwd=tmp_path, stdin=text)
        assert said.code == 0, said.err
        assert "standard input (6,000 bytes): 6,000 characters" in said.out
