"""The cases about dates, calendar codes and which column is the time."""

from __future__ import annotations

import csv
import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers.cases import CASES, unrolled

TABLES = CASES / "tables"
pytestmark = pytest.mark.skipif(not TABLES.is_dir(), reason="../shared/cases is not there")
QUICK = ("--threads", 1, "--hidden", 4, "--epochs", 1, "--lookback", 4, "--quiet")


def inspected(file: str, cwd: Path, *options: Any) -> dict[str, Any]:
    answer = unrolled("inspect", TABLES / file, *options, "--json", cwd=cwd)
    assert answer.code == 0, answer.err
    findings: dict[str, Any] = json.loads(answer.out)
    return findings


READ = [
    # case, file, options, then what is found: step, time, start, end
    ("04", "04-yyyymm.csv", (), "1MS", "month", "2015-01-01", "2021-08-01"),
    ("04", "04-yyyymm.csv", ("--time", "month"), "1MS", "month", "2015-01-01", "2021-08-01"),
    ("05", "05-year-quarter.csv", (), "3MS", "year,quarter", "1990-01-01", "2004-10-01"),
    ("05", "05-year-quarter.csv", ("--time", "year,quarter"), "3MS", "year,quarter", "1990-01-01",
     "2004-10-01"),
    ("06", "06-year-monthname.csv", (), "1MS", "Year,Month", "2012-01-01", "2019-12-01"),
    ("12", "12a-mon-d-yyyy.csv", (), "1D", "when", "2021-01-01", "2021-04-30"),
    ("12", "12b-mon-yyyy.csv", (), "1MS", "when", "2012-01-01", "2019-12-01"),
    ("12", "12c-d-mon-yy.csv", (), "1D", "when", "2021-01-01", "2021-04-30"),
    ("12", "12d-dmy-two-digit-year.csv", (), "1D", "when", "2021-01-01", "2021-04-30"),
    ("12", "12d-dmy-two-digit-year.csv", ("--time", "when", "--date-format", "%d/%m/%y"), "1D",
     "when", "2021-01-01", "2021-04-30"),
    ("12", "12e-mm-yyyy.csv", (), "1MS", "when", "2012-01-01", "2019-12-01"),
    ("13", "13-timestamp-years.csv", (), "1", "timestamp", "1980", "2019"),
    ("14", "14-epoch-seconds.csv", (), "1h", "timestamp", "2022-01-01", "2022-01-21 19:00"),
    ("14", "14-epoch-seconds.csv", ("--time", "timestamp"), "1h", "timestamp", "2022-01-01",
     "2022-01-21 19:00"),
    ("19", "19-two-dates.csv", (), "1D", "obs_date", "2022-01-01", "2022-04-30"),
    ("28", "28-date-hour-minute.csv", (), "30min", "date,hour,minute", "2022-01-01",
     "2022-01-20 23:30"),
    ("28", "28-date-hour-minute.csv", ("--time", "date,hour,minute"), "30min", "date,hour,minute",
     "2022-01-01", "2022-01-20 23:30"),
    ("38", "38-first-of-month.csv", (), "1MS", "month", "2005-04-01", "2015-03-01"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "options", "step", "time", "start", "end"),
    [pytest.param(*row[1:], marks=pytest.mark.case(f"tables/{row[0]}")) for row in READ],
)
def test_the_time_is_read(
    file: str, options: tuple[str, ...], step: str, time: str, start: str, end: str, tmp_path: Path
) -> None:
    found = inspected(file, tmp_path, *options)
    assert found["step"] == step
    assert found["roles"][time]["role"] == "time"
    assert [found[key].removesuffix(" 00:00") for key in ("start", "end")] == [start, end]
    assert not found["gaps"]


@pytest.mark.case("tables/13")
def test_years_of_two_series_are_said(tmp_path: Path) -> None:
    found = inspected("13-timestamp-years.csv", tmp_path)
    assert found["series"] == 2
    assert "years" in found["roles"]["timestamp"]["why"]


@pytest.mark.case("tables/14")
def test_an_epoch_is_noted(tmp_path: Path) -> None:
    found = inspected("14-epoch-seconds.csv", tmp_path)
    assert (found["zone"], found["season"]) == ("UTC", 24)
    assert any("seconds since 1970 in UTC" in note for note in found["notes"])


@pytest.mark.case("tables/38")
def test_what_settled_the_order_is_noted(tmp_path: Path) -> None:
    notes = inspected("38-first-of-month.csv", tmp_path)["notes"]
    assert any("day first" in note and "regular" in note for note in notes)


@pytest.mark.case("tables/19")
def test_a_constant_date_is_left_out(tmp_path: Path) -> None:
    assert "same in each row" in inspected("19-two-dates.csv", tmp_path)["left_out"]["date"]


HOURS = " ".join(map(str, range(1642795200, 1642816800, 3600)))
FORECASTS = [
    ("04", "04-yyyymm.csv", {"month": "202109 202110 202111 202112 202201 202202"}),
    ("05", "05-year-quarter.csv", {"year": "2005 " * 4 + "2006 " * 2, "quarter": "1 2 3 4 1 2"}),
    ("06", "06-year-monthname.csv", {"Year": "2020 " * 6, "Month": "Jan Feb Mar Apr May Jun"}),
    ("12", "12c-d-mon-yy.csv", {"when": "1-May-21 2-May-21 3-May-21 4-May-21 5-May-21 6-May-21"}),
    ("14", "14-epoch-seconds.csv", {"timestamp": HOURS}),
    ("28", "28-date-hour-minute.csv", {"hour": "0 0 1 1 2 2", "minute": "0 30 0 30 0 30"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "columns"),
    [pytest.param(*row[1:], marks=pytest.mark.case(f"tables/{row[0]}")) for row in FORECASTS],
)
def test_forecasts_come_back_in_the_tables_form(
    file: str, columns: dict[str, str], tmp_path: Path
) -> None:
    fit = unrolled("fit", TABLES / file, "--horizon", 6, "--out", "r", *QUICK, cwd=tmp_path)
    assert fit.code == 0, fit.err
    done = unrolled("predict", "r", TABLES / file, cwd=tmp_path)
    rows = list(csv.DictReader(done.out.splitlines()))
    for name, texts in columns.items():
        assert [row[name] for row in rows] == texts.split()


@pytest.mark.case("tables/20")
def test_text_is_no_series_that_nobody_named(tmp_path: Path) -> None:
    answer = unrolled("inspect", TABLES / "20-feature-is-no-series.csv", cwd=tmp_path)
    assert answer.refused
    assert "expected each time once" in answer.lines[0]
    assert "'Clear'" not in answer.lines[0]


@pytest.mark.case("reliability/24")
@pytest.mark.parametrize("when", ["0001-01-01T00:00+14:00", "9999-12-31T23:00-14:00"])
def test_a_date_out_of_range_is_refused(when: str, tmp_path: Path) -> None:
    table = TABLES / "14-epoch-seconds.csv"
    options = ("--horizon", 2, "--test", when, "--out", "a", *QUICK)
    answer = unrolled("fit", table, *options, cwd=tmp_path)
    assert answer.refused
    assert "test" in answer.lines[0]


@pytest.mark.case("reliability/25")
@pytest.mark.parametrize("step", ["999999999999D", "9" * 30, "99999999MS"])
def test_a_step_too_long_is_refused(step: str, tmp_path: Path) -> None:
    table = TABLES / "14-epoch-seconds.csv"
    answer = unrolled("inspect", table, "--step", step, cwd=tmp_path)
    assert answer.refused
    assert "step" in answer.lines[0]


@pytest.mark.case("reliability/26")
def test_a_zone_that_no_database_knows_is_refused(tmp_path: Path) -> None:
    times = pa.array([i * 3600 for i in range(60)], pa.timestamp("s", "Mars/Phobos"))
    table = pa.table({"t": times, "y": [float(i % 7) for i in range(60)]})
    pq.write_table(table, tmp_path / "t.parquet")
    answer = unrolled("inspect", "t.parquet", cwd=tmp_path)
    assert answer.refused
    assert "'t'" in answer.lines[0]
    assert "Mars/Phobos" in answer.lines[0]


@pytest.mark.slow
@pytest.mark.case("reliability/37")
def test_blanks_in_a_cell_cost_as_they_are_many(tmp_path: Path) -> None:
    def spent(blanks: int) -> float:
        rows = ["time,temp", "2013-01-01" + " " * blanks + "x,1", "2013-01-02,2", "2013-01-03,3"]
        (tmp_path / "t.csv").write_text("\n".join(rows) + "\n")
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        words = [sys.executable, "-m", "unrolled", "inspect", "t.csv", "--target", "temp"]
        subprocess.run(words, cwd=tmp_path, capture_output=True, check=False)
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before

    assert spent(400_000) < spent(10) + 2


@pytest.mark.case("text-labels/05")
def test_a_long_table_of_labels_is_sorted_by_unix_milliseconds(tmp_path: Path) -> None:
    file = CASES / "text-labels" / "05-har-unix-ms.csv"
    options = ("--series", "subject", "--label", "activity", "--label-per", "step")
    answer = unrolled("inspect", file, *options, cwd=tmp_path)
    assert answer.code == 0, answer.err
    assert "sorted by timestamp" in answer.out
    assert "milliseconds since 1970" in answer.out
    assert "features      3" in answer.out
