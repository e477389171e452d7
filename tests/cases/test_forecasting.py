"""What real users' tables must be forecast like: their rows in ../shared/cases."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.cases import CASES, unrolled

TABLES = CASES / "tables"
SMALL = ("--hidden", "16", "--epochs", "3", "--overwrite", "--threads", "1")


def fit(folder: Path, file: str, *options: object) -> Any:
    return unrolled("fit", TABLES / file, *options, *SMALL, "--out", "r", cwd=folder)


@pytest.mark.case("tables/23")
def test_one_short_series_refuses_nothing_and_is_named(tmp_path: Path) -> None:
    done = fit(tmp_path, "23-one-short-series.csv", "--horizon", "6")
    assert done.code == 0, done.err
    assert "too short to learn from, 1 of 3 series" in done.err
    assert "tiny" in done.err


@pytest.mark.case("tables/23")
def test_a_short_series_does_not_shorten_the_lookback(tmp_path: Path) -> None:
    files = ("23b-without-it.csv", "23b-short-series-shortens-past.csv")
    lookbacks, errors = [], []
    for file in files:
        done = fit(tmp_path, file, "--horizon", "1", "--json")
        results = json.loads(done.out)["results"]
        errors.append(results["table"][0]["mae"])
        config = (tmp_path / "r" / "config.toml").read_text()
        lookbacks.append(int(config.partition("lookback = ")[2].split()[0]))
    assert lookbacks[0] >= 21
    assert lookbacks[1] >= 21
    assert errors[1] < errors[0] + 1 < 4


@pytest.mark.case("tables/27")
def test_a_long_horizon_says_the_way_out(tmp_path: Path) -> None:
    done = fit(tmp_path, "27-long-horizon.csv", "--horizon", "24")
    assert done.refused
    assert "24 are needed" in done.lines[0]
    assert "--validation 24 with --test 24 or --horizon 22 would do" in done.lines[0]
    assert fit(
        tmp_path, "27-long-horizon.csv", "--horizon", "24", "--validation", "24", "--test", "24"
    ).code == 0  # fmt: skip


@pytest.mark.case("tables/09")
def test_rows_that_were_trained_on_are_counted(tmp_path: Path) -> None:
    fit(tmp_path, "27-long-horizon.csv", "--horizon", "12")
    done = unrolled(
        "backtest", "r", TABLES / "27-long-horizon.csv", "--test", "0.9", cwd=tmp_path
    )  # fmt: skip
    assert done.code == 0
    assert "100 of the 130 forecast rows were trained on" not in done.out
    assert "of the 130 forecast rows were trained on" in done.err
    assert "--test 1959-03" in done.err


@pytest.mark.case("reliability/19")
def test_an_unknown_truth_is_null_in_json(tmp_path: Path) -> None:
    lines = [f"2013-01-{1 + i // 24:02d} {i % 24:02d}:00" for i in range(60)]
    for name, last in (("t.csv", 60), ("n.csv", 50)):
        rows = [f"{t},{i % 7 + 0.5 if i < last else ''},{i % 5}" for i, t in enumerate(lines)]
        (tmp_path / name).write_text("\n".join(["time,temp,hum", *rows, ""]))
    words = ("--horizon", "2", "--lookback", "3", *SMALL, "--out", "a")
    assert unrolled("fit", "t.csv", "-t", "temp", *words, cwd=tmp_path).code == 0
    done = unrolled("backtest", "a", "n.csv", "--test", "8", "--json", "-q", cwd=tmp_path)
    assert done.code == 0, done.err
    assert json.loads(done.out)["errors"]["temp"]["mae"] is None


@pytest.mark.slow
@pytest.mark.parametrize(
    "file",
    [
        pytest.param("39-predict-many-series.py", marks=pytest.mark.case("reliability/39")),
        pytest.param("40-memory-of-a-long-horizon.py", marks=pytest.mark.case("reliability/40")),
    ],
)
def test_cost_grows_as_the_work(file: str, tmp_path: Path) -> None:
    """The file itself, with the option as it is called now."""
    room = CASES / "reliability"
    for name in ("_case.py", file):
        text = (room / name).read_text().replace('"--past"', '"--lookback"')
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [sys.executable, file], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
