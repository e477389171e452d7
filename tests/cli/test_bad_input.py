"""Bad input, through the real command line: one clear line, exit 2, and nothing half-written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers.tables import ROWS, TINY, contents, csv, hourly, one_line, wave, weather

from unrolled.cli import main

TWO_STEPS = csv(
    "time,place,temp",
    [f"2013-01-{1 + i // 24:02d} {i % 24:02d}:00,A,{i}" for i in range(48)]
    + [f"2013-01-{1 + i:02d} 00:00,B,{i}" for i in range(20)],
)
AGAIN = csv(
    "time,temp",
    [f"2013-01-01 {i:02d}:00,{i}" for i in range(24)]
    + [f"2013-01-01 {i:02d}:00,{i}" for i in range(24)],
)
SHOPS = csv(
    "day,shop,sold,name",
    [
        f"2013-{1 + i // 28:02d}-{1 + i % 28:02d},{s},{i % 7 + i / 10},{s}x"
        for s in "AB"
        for i in range(80)
    ],
)

# name -> (the table, the options of fit, what the line must say)
FIT: dict[str, tuple[bytes | None, list[str], list[str]]] = {
    "no such file": (None, [], ["table.csv", "no such file"]),
    "empty file": (b"", [], ["table.csv", "expected a table", "empty"]),
    "binary rubbish": (bytes(range(256)) * 40, [], ["binary data", "offset 0"]),
    "wrong encoding": (
        "time,온도\n2013-01-01 00:00,1\n".encode() + b"\xff",
        [],
        ["expected UTF-8", "byte 0xff", "line 3", "--encoding"],
    ),
    "header without rows": (b"time,temp\n", [], ["expected rows under the header", "got none"]),
    "no time": (
        csv("temp,place", [f"{i * i % 13},home {i % 3}" for i in range(ROWS)]),
        [],
        ["time"],
    ),
    "unknown target": (weather(), ["--target", "tempp"], ["'tempp'", "did you mean 'temp'?"]),
    "unknown known": (weather(), ["--future", "wnd"], ["'wnd'", "did you mean 'wind'?"]),
    "unknown series": (weather(), ["--series", "station"], ["'station'", "time, temp, wind"]),
    "two roles": (
        weather(),
        ["--target", "temp", "--future", "temp"],
        ["'temp'", "expected one role, got 2"],
    ),
    "no target": (weather(), [], ["target", "temp, wind"]),
    "text as target": (
        csv("time,temp", [f"2013-01-{d:02d},{'warm' if d % 2 else 'cold'}" for d in range(1, 29)]),
        ["--target", "temp"],
        ["target 'temp'", "expected numbers", "'warm'"],
    ),
    "stray text in the target": (
        hourly([*wave()[:30], "T", *wave()[31:]]),
        ["--target", "temp"],
        ["'temp'", "expected numbers", "data row 31", "'T'"],
    ),
    "constant target": (
        hourly([7] * ROWS),
        ["--target", "temp"],
        ["'temp'", "expected values that change", "got 7 in every row"],
    ),
    "target without a value": (
        hourly([""] * ROWS),
        ["--target", "temp"],
        ["'temp'", "expected numbers", f"no value in {ROWS} rows"],
    ),
    "target without a value to learn from": (
        hourly([""] * 70 + wave()[70:]),
        ["--target", "temp"],
        ["temp", "training"],
    ),
    "target without a value to judge by": (
        hourly([*wave()[:70], *[""] * 15, *wave()[85:]]),
        ["--target", "temp"],
        ["no window of the validation part has a known target"],
    ),
    "infinite value": (
        hourly([*wave()[:4], "inf", *wave()[5:]]),
        ["--target", "temp"],
        ["'temp'", "expected finite numbers", "data row 5", "inf"],
    ),
    "beyond float32": (
        hourly([*wave()[:4], "1e300", *wave()[5:]]),
        ["--target", "temp"],
        ["'temp'", "within float32", "data row 5", "1e+300"],
    ),
    "beyond float32 below 0, as text": (
        hourly([*wave()[:4], " -1e39", *wave()[5:]]),
        ["--target", "temp"],
        ["'temp'", "within float32", "data row 5", "-1e+39"],
    ),
    "one row": (weather(1), ["--target", "temp"], ["expected two rows", "got 1 row"]),
    "too few rows": (
        weather(20),
        ["--target", "temp"],
        ["has in its train part 14 rows", "lookback 6 + horizon 12"],
    ),
    "no rows left to train on": (
        weather(),
        ["--target", "temp", "--test", "100"],
        ["split", "100 rows", "none for training"],
    ),
    "shares above one": (
        weather(),
        ["--target", "temp", "--test", "0.6", "--validation", "0.6"],
        ["0.6", "nothing to train on"],
    ),
    "split at no date": (
        weather(),
        ["--target", "temp", "--test", "soon"],
        ["test", "2013-11-15", "'soon'"],
    ),
    "no validation part": (
        weather(),
        ["--target", "temp", "--validation", "0"],
        ["validation", "12"],
    ),
    "horizon 0": (weather(), ["--target", "temp", "--horizon", "0"], ["horizon", ">= 1", "got 0"]),
    "horizon is text": (weather(), ["--target", "temp", "--horizon", "day"], ["horizon", "'day'"]),
    "lookback 0": (
        weather(),
        ["--target", "temp", "--lookback", "0"],
        ["lookback", ">= 1", "got 0"],
    ),
    "time goes backwards and comes twice": (
        AGAIN,
        ["--target", "temp"],
        ["data rows 1 and 25", "2013-01-01 00:00", "time goes back at data row 25"],
    ),
    "series with different steps": (
        TWO_STEPS,
        ["--target", "temp", "--series", "place"],
        ["series 'B' has a step of 1D", "1h is the step of series 'A'"],
    ),
    "static that changes": (
        SHOPS.replace(b"B,0.0,Bx", b"B,0.0,By"),
        ["--target", "sold", "--static", "name"],
        ["static 'name'", "one value for each series"],
    ),
    "another step": (
        weather(),
        ["--target", "temp", "--step", "7min"],
        ["7 minutes apart", "data row 1", "off that grid"],
    ),
    "a doubled stamp": (
        b"t,y\n2020-01-01 00:00,1\n2020-01-01 00:00,2\n2020-01-01 01:00,3\n",
        ["--target", "y"],
        ["data rows 1 and 2", "--duplicates mean"],
    ),
    "irregular stamps": (
        b"t,y\n2020-01-01 00:10,1\n2020-01-01 01:34,2\n2020-01-01 02:01,3\n2020-01-01 03:50,4\n",
        ["--target", "y"],
        ["off that grid", "--resample 1h brings"],
    ),
    "a row at a closed time": (
        b"t,y\n2022-01-03,1\n2022-01-04,2\n2022-01-08,2\n2022-01-09,2\n2022-01-10,3\n",
        ["--target", "y", "--step", "1B"],
        ["data row 3, 2022-01-08", "not at an open time"],
    ),
    "no time at all": (b"y,z\n3,1\n2,1\n5,7\n", ["--target", "y"], ["--time none"]),
    "no such step": (weather(), ["--target", "temp", "--step", "1x"], ["step", "'x'"]),
    "no such cell": (
        weather(),
        ["--target", "temp", "--cell", "lstn"],
        ["lstm", "gru", "rnn", "'lstn'"],
    ),
    "no such engine": (
        weather(),
        ["--target", "temp", "--engine", "nativ"],
        ["engine", "did you mean 'native'?"],
    ),
    "no such device": (weather(), ["--target", "temp", "--device", "tpu"], ["device", "'tpu'"]),
    "no epochs": (weather(), ["--target", "temp", "--epochs", "0"], ["epochs", "got 0"]),
    "learning rate": (
        weather(),
        ["--target", "temp", "--learning-rate", "-1"],
        ["learning_rate", "got -1"],
    ),
    "no threads": (weather(), ["--target", "temp", "--threads", "0"], ["threads", ">= 1", "got 0"]),
    "negative seed": (weather(), ["--target", "temp", "--seed", "-1"], ["seed", "-1"]),
    "no such option": (weather(), ["--target", "temp", "--horizn", "3"], ["--horizn", "--horizon"]),
    "a folder that is no run": (
        weather(),
        ["--target", "temp", "--out", "precious"],
        ["precious", "no run folder"],
    ),
    "a folder that is no run, to be overwritten": (
        weather(),
        ["--target", "temp", "--out", "precious", "--overwrite"],
        ["precious", "no run folder"],
    ),
    "a file where the run should be": (
        weather(),
        ["--target", "temp", "--out", "precious/notes.txt"],
        ["precious/notes.txt", "no run folder"],
    ),
    "a run under a file": (
        weather(),
        ["--target", "temp", "--out", "precious/notes.txt/run"],
        ["precious/notes.txt/run", "a file lies where its folder should be"],
    ),
}


Refuse = Callable[..., str]


@pytest.fixture
def refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Refuse:
    """Run a command that must be refused, and return its one line."""
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "notes.txt").write_text("mine")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> str:
        before = contents(tmp_path)
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert code == 2, err
        assert out == ""
        assert contents(tmp_path) == before
        return one_line(err)

    return run


@pytest.mark.parametrize("name", FIT)
def test_fit_refuses(name: str, tmp_path: Path, refuse: Refuse) -> None:
    content, options, words = FIT[name]
    if content is not None:
        (tmp_path / "table.csv").write_bytes(content)
    horizon = () if "--horizon" in options else ("--horizon", "12")
    line = refuse("fit", "table.csv", *horizon, *TINY, *options)
    for word in words:
        assert word in line


def test_fit_refuses_a_folder_as_table(refuse: Refuse) -> None:
    assert "expected a file, got a folder" in refuse("fit", "precious", "--horizon", "1")


def test_fit_asks_for_the_horizon(refuse: Refuse) -> None:
    assert "--horizon" in refuse("fit", "nyc-weather", "--target", "temp")


def test_unsorted_rows_are_sorted_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head, *rows = weather().decode().strip().split("\n")
    (tmp_path / "table.csv").write_text("\n".join([head, *reversed(rows)]))
    assert main(["inspect", str(tmp_path / "table.csv")]) == 0
    assert "time goes backwards at data row 2: the rows were sorted" in capsys.readouterr().out


COMMANDS: dict[str, tuple[list[str], list[str]]] = {
    "no such command": (["fti"], ["'fti'", "fit"]),
    "no such sample": (["inspect", "nyc-wether"], ["no such file", "'nyc-weather'"]),
    "a sample of text": (["backtest", "run", "python-docs"], ["run folder run"]),
    "predict without a run": (["predict", "runs/x", "nyc-weather"], ["no run folder", "runs/x"]),
    "backtest without a run": (["backtest", "runs/x", "nyc-weather"], ["no run folder", "runs/x"]),
    "report without a run": (["report", "runs/x"], ["runs/x", "run folder"]),
    "report of another folder": (["report", "precious"], ["precious", "run folder"]),
    "no config": (["fit", "--config", "no.toml"], ["no.toml", "No such file"]),
    "no file": (["inspect"], ["FILE"]),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_refuse(name: str, refuse: Refuse) -> None:
    arguments, words = COMMANDS[name]
    line = refuse(*arguments)
    for word in words:
        assert word in line


CONFIGS: dict[str, tuple[str, list[str]]] = {
    "not TOML": ("horizon: 3", ["expected TOML", "line 1"]),
    "unknown key": ("horizn = 3", ["no option 'horizn'", "did you mean 'horizon'?"]),
    "of another kind": ("horizon = 2.5", ["--horizon", "2.5"]),
    "a list for one value": ("horizon = [3, 4]", ["horizon", "expected one value", "[3, 4]"]),
    "a table for one value": ("[horizon]\nsteps = 3", ["horizon", "expected one value"]),
    "true for a number": ("horizon = true", ["--horizon", "'True'"]),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_config_refuses(name: str, tmp_path: Path, refuse: Refuse) -> None:
    text, words = CONFIGS[name]
    (tmp_path / "fit.toml").write_text(text)
    line = refuse("fit", "nyc-weather", "--target", "temp", "--config", "fit.toml")
    for word in words:
        assert word in line


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table and a run that was fitted on it."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "table.csv").write_bytes(weather(120))
    arguments = ["fit", str(folder / "table.csv"), "--target", "temp", "--horizon", "4", *TINY]
    assert main([*arguments, "--out", str(folder / "run")]) == 0
    return folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of that run, to be spoilt."""
    shutil.copytree(finished / "run", tmp_path / "run")
    shutil.copy(finished / "table.csv", tmp_path / "table.csv")
    return tmp_path / "run"


def test_a_run_is_not_overwritten_unasked(run: Path, refuse: Refuse) -> None:
    line = refuse("fit", "table.csv", "--target", "temp", "--horizon", 4, *TINY, "--out", "run")
    assert "run holds a run already" in line
    for word in ("resume", "overwrite"):
        assert word in line


RESUMED: dict[str, tuple[list[str], bytes, list[str]]] = {
    "other settings": (["--cell", "gru"], weather(120), ["cell lstm, not gru"]),
    "another seed": (["--seed", "1"], weather(120), ["seed 0, not 1"]),
    "other data": ([], weather(120).replace(b"00:00,10.0,", b"00:00,10.5,", 1), ["other data"]),
}


@pytest.mark.parametrize("name", RESUMED)
def test_a_run_is_not_gone_on_with_as_another(
    name: str, run: Path, tmp_path: Path, refuse: Refuse
) -> None:
    options, table, words = RESUMED[name]
    (tmp_path / "table.csv").write_bytes(table)
    start = ("fit", "table.csv", "--target", "temp", "--horizon", 4, *TINY, "--out", "run")
    line = refuse(*start, "--resume", *options)
    for word in ("resume", *words):
        assert word in line


PREDICT: dict[str, tuple[bytes, list[str], list[str]]] = {
    "a column is missing": (hourly(wave()), [], ["'wind'", "time, temp"]),
    "another step": (weather(step=2), [], ["1h", "2h"]),
    "no target known": (
        csv("time,temp,wind", [f"2013-01-01 {h:02d}:00,,{h}" for h in range(20)]),
        [],
        ["'temp'"],
    ),
    "text where numbers were": (
        csv(
            "time,temp,wind",
            [f"2013-01-01 {h:02d}:00,{h},{'up' if h % 2 else 'off'}" for h in range(20)],
        ),
        [],
        ["'wind'", "numbers", "text"],
    ),
    "no way to write it": (weather(), ["--out", "forecast.pdf"], [".csv", ".parquet", "pdf"]),
    "no folder to write to": (
        weather(),
        ["--out", "precious/notes.txt/forecast.csv"],
        ["precious/notes.txt", "a file lies where its folder should be"],
    ),
    "a folder in its place": (weather(), ["--out", "folder.csv"], ["folder.csv", "irectory"]),
}


@pytest.mark.parametrize("name", PREDICT)
def test_predict_refuses(name: str, run: Path, tmp_path: Path, refuse: Refuse) -> None:
    table, options, words = PREDICT[name]
    (tmp_path / "table.csv").write_bytes(table)
    (tmp_path / "folder.csv").mkdir()
    line = refuse("predict", "run", "table.csv", *options)
    for word in words:
        assert word in line


BACKTEST: dict[str, tuple[list[str], list[str]]] = {
    "no stride": (["--stride", "0"], ["stride", ">= 1", "got 0"]),
    "negative refit": (["--refit", "-1"], ["refit", ">= 0", "got -1"]),
    "no test part": (["--test", "0"], ["test part", "no rows"]),
    "a test part too short": (["--test", "3"], ["test part", "3 rows", "horizon 4"]),
    "nothing before it": (["--test", "120"], ["120"]),
}


@pytest.mark.parametrize("name", BACKTEST)
def test_backtest_refuses(name: str, run: Path, refuse: Refuse) -> None:
    options, words = BACKTEST[name]
    line = refuse("backtest", "run", "table.csv", *options)
    for word in words:
        assert word in line


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def removed(path: Path) -> None:
    path.unlink()


def flipped(path: Path) -> None:
    """One bit changed, late in the file."""
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)


def edited(path: Path) -> None:
    """Valid JSON that says something else."""
    path.write_text(path.read_text().replace('"hidden": 3', '"hidden": 4'))


def foreign(path: Path) -> None:
    path.write_text('{"task": "chess"}')


def newer(path: Path) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "schema": 99}))


def pickled(path: Path) -> None:
    """A pickle, which could run anything."""
    path.write_bytes(b"\x80\x04cos\nsystem\n(S'touch pwned'\ntR.")


DAMAGED: list[tuple[str, Callable[[Path], None], str]] = [
    ("run.json", truncated, "expected JSON"),
    ("run.json", emptied, "expected JSON"),
    ("run.json", removed, "missing"),
    ("run.json", edited, "fingerprint"),
    ("run.json", foreign, "damaged"),
    ("run.json", newer, "99"),
    ("run.json", pickled, "damaged"),
    ("model.safetensors", truncated, "fingerprint"),
    ("model.safetensors", emptied, "fingerprint"),
    ("model.safetensors", removed, "missing"),
    ("model.safetensors", flipped, "fingerprint"),
    ("model.safetensors", pickled, "fingerprint"),
]


@pytest.mark.parametrize(("name", "spoil", "word"), DAMAGED)
@pytest.mark.parametrize("command", ["predict", "backtest"])
def test_a_damaged_run_is_refused(
    command: str, name: str, spoil: Callable[[Path], None], word: str, run: Path, refuse: Refuse
) -> None:
    spoil(run / name)
    line = refuse(command, "run", "table.csv")
    assert name in line
    assert word in line
    assert not Path("pwned").exists()


@pytest.mark.parametrize("name", ["run.json", "results.json", "history.jsonl"])
@pytest.mark.parametrize("spoil", [truncated, pickled])
def test_a_damaged_report_is_refused(
    name: str, spoil: Callable[[Path], None], run: Path, refuse: Refuse
) -> None:
    spoil(run / name)
    assert f"run/{name} is damaged" in refuse("report", "run")


@pytest.mark.parametrize("spoil", [truncated, emptied, pickled])
def test_a_damaged_checkpoint_is_refused(
    spoil: Callable[[Path], None], run: Path, refuse: Refuse
) -> None:
    spoil(run / "checkpoint" / "state.safetensors")
    start = ("fit", "table.csv", "--target", "temp", "--horizon", 4, *TINY, "--out", "run")
    line = refuse(*start, "--resume")
    assert "checkpoint/state.safetensors is damaged" in line


# What only a real process shows.


def process(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "unrolled", *map(str, arguments)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 16 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small tmpfs")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_stops_a_fit(small_disk: Path, finished: Path) -> None:
    start = ("fit", finished / "table.csv", "--target", "temp", "--horizon", 4, *TINY)
    done = process(*start, "--hidden", 64, "--out", small_disk / "run", cwd=small_disk)
    assert done.returncode == 2, done.stderr
    line = one_line(done.stderr)
    assert "No space left on device" in line
    assert str(small_disk / "run") in line
    assert done.stdout == ""
    assert [path.name for path in (small_disk / "run").rglob(".*")] == []  # nothing half-written


def test_a_full_disk_stops_a_forecast(small_disk: Path, finished: Path) -> None:
    (small_disk / "fill").write_bytes(bytes(12 * 1024))
    arguments = ("predict", finished / "run", finished / "table.csv", "--out")
    for name in ("f.csv", "f.parquet"):
        (small_disk / "more").write_bytes(b"")
        with (small_disk / "more").open("wb", buffering=0) as file:
            try:
                while file.write(bytes(512)):
                    pass
            except OSError:
                pass
        done = process(*arguments, small_disk / name, cwd=small_disk)
        assert done.returncode == 2, done.stderr
        assert "No space left on device" in one_line(done.stderr)
        assert not (small_disk / name).exists()


def test_a_full_output_is_said(finished: Path, tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    command = [sys.executable, "-m", "unrolled", "samples"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert done.returncode == 2, done.stderr
    assert "No space left on device" in one_line(done.stderr)


def test_a_real_process_refuses_in_one_line(tmp_path: Path) -> None:
    done = process("fit", "nope.csv", "--target", "y", "--horizon", 3, cwd=tmp_path)
    assert done.returncode == 2
    assert one_line(done.stderr) == "unrolled: read nope.csv: there is no such file"
    done = process("fit", "nope.csv", cwd=tmp_path)  # not "is a table: --horizon forecasts it"
    assert one_line(done.stderr) == "unrolled: read nope.csv: there is no such file"
    assert contents(tmp_path) == {}
