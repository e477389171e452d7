"""Real tables whose steps are not even, and choices that later rows must not move."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from helpers.cases import CASES, Answer, unrolled

from unrolled.data.table.table import Table

TABLES = CASES / "tables"
SMALL = ("--hidden", 16, "--epochs", 1, "--overwrite", "--threads", 1, "--quiet")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CASES.exists(), reason="no ../shared/cases"),
]


def forecast(file: str, horizon: int, folder: Path) -> list[str]:
    """The times that are forecast after a fit."""
    done = unrolled("fit", TABLES / file, "--horizon", horizon, "--out", "r", *SMALL, cwd=folder)
    assert done.code == 0, done.err
    answer: Answer = unrolled("predict", "r", TABLES / file, cwd=folder)
    assert answer.code == 0, answer.err
    return [row[0] for row in csv.reader(io.StringIO(answer.out))][1:]


@pytest.mark.case("tables/17")
def test_business_days(tmp_path: Path) -> None:
    found = Table.read(TABLES / "17-business-days.csv").findings
    assert found.step == "1B"
    assert any("Mon-Fri" in note for note in found.notes)
    assert forecast("17-business-days.csv", 7, tmp_path) == [
        *(f"2022-10-{day}" for day in (17, 18, 19, 20, 21, 24, 25))
    ]


@pytest.mark.case("tables/18")
def test_last_business_days(tmp_path: Path) -> None:
    assert Table.read(TABLES / "18-last-business-day.csv").findings.gaps == {}
    assert forecast("18-last-business-day.csv", 3, tmp_path) == [
        *("2020-01-31", "2020-02-28", "2020-03-31")
    ]


@pytest.mark.case("tables/18b")
def test_the_30th_of_each_month(tmp_path: Path) -> None:
    assert Table.read(TABLES / "18b-day-30.csv").findings.gaps == {}
    assert forecast("18b-day-30.csv", 3, tmp_path) == ["2020-01-30", "2020-02-29", "2020-03-30"]


@pytest.mark.case("tables/29")
def test_jittered_hours(tmp_path: Path) -> None:
    for words in ((), ("--step", "1h"), ("--resample", "1h", "--resample-by", "last")):
        answer = unrolled("inspect", TABLES / "29-jitter.csv", *words, cwd=tmp_path)
        assert answer.code == 0
        assert "step 1h" in answer.out
        assert ("resampled" if "--resample" in words else "rounded") in answer.out
    times = forecast("29-jitter.csv", 2, tmp_path)
    assert times == ["2022-01-13 12:00:00", "2022-01-13 13:00:00"]
