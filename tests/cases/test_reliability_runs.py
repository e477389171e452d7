"""Cases of ../shared/cases/reliability about run folders, the machine and the terminal."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.cases import Answer, unrolled
from helpers.sealed import seal

SMALL = ("-t", "temp", "--horizon", "2", "--lookback", "3", "--hidden", "4", "-q")


def hourly(path: Path, rows: int = 60, head: str = "time,temp,hum") -> Path:
    """A small hourly table."""
    begin = datetime.datetime(2013, 1, 1)
    lines = [
        f"{begin + datetime.timedelta(hours=i)},{(i * 7) % 13}.5,{(i * 3) % 11}"
        for i in range(rows)
    ]
    path.write_text("\n".join([head, *lines, ""]))
    return path


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with t.csv and the run a, fitted once."""
    folder = tmp_path_factory.mktemp("fitted")
    hourly(folder / "t.csv", 200)
    assert fit(folder).code == 0
    return folder


@pytest.fixture
def place(fitted: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(fitted, tmp_path / "here")
    return tmp_path / "here"


def fit(folder: Path, *words: str, out: str = "a") -> Answer:
    return unrolled("fit", "t.csv", *SMALL, "--epochs", "2", "--out", out, *words, cwd=folder)


@pytest.mark.case("reliability/01")
def test_another_split_is_not_gone_on_with(place: Path) -> None:
    answer = fit(place, "--resume", "--validation", "0.3", "--test", "0")
    assert answer.refused
    assert "the split" in answer.err


@pytest.mark.case("reliability/02")
@pytest.mark.parametrize("part", [0.1, 0.4, 0.9])
def test_a_flipped_bit_of_a_checkpoint(place: Path, part: float) -> None:
    path = place / "a" / "checkpoint" / "state.safetensors"
    data = bytearray(path.read_bytes())
    header = 8 + int.from_bytes(data[:8], "little")
    data[header + int(part * (len(data) - header))] ^= 0x40
    path.write_bytes(data)
    answer = fit(place, "--resume")
    assert answer.refused
    assert "state.safetensors is damaged" in answer.err


@pytest.mark.case("reliability/03")
def test_a_checkpoint_of_another_shape(place: Path) -> None:
    assert fit(place, "--hidden", "6", out="b").code == 0
    state = Path("checkpoint", "state.safetensors")
    shutil.copy(place / "b" / state, place / "a" / state)
    answer = fit(place, "--resume")
    assert answer.refused
    assert "state.safetensors is of another run" in answer.err


@pytest.mark.case("reliability/04")
def test_results_that_were_edited(place: Path) -> None:
    path = place / "a" / "results.json"
    found = json.loads(path.read_text())
    found["table"][0]["mae"] = 0.0001
    path.write_text(json.dumps(found))
    for command in (["evaluate", "a"], ["report", "a"], ["predict", "a", "t.csv"]):
        answer = unrolled(*command, cwd=place)
        assert answer.refused
        assert "results.json is damaged" in answer.err


@pytest.mark.case("reliability/05")
def test_a_history_without_a_loss(place: Path) -> None:
    path = place / "a" / "history.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[0]["validation_loss"] = None
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    answer = unrolled("predict", "a", "t.csv", cwd=place)
    assert answer.refused
    assert "history.jsonl is damaged" in answer.err
    seal(place / "a")
    answer = unrolled("predict", "a", "t.csv", cwd=place)
    assert answer.refused
    assert "history.jsonl is damaged: line.0.validation_loss" in answer.err


@pytest.mark.case("reliability/06")
def test_a_setting_of_the_wrong_type(place: Path) -> None:
    seal(place / "a", lambda card: card["settings"]["training"].update(epochs="x"))
    answer = unrolled("predict", "a", "t.csv", cwd=place)
    assert answer.refused
    assert "run.json is damaged: settings.training.epochs" in answer.err


@pytest.mark.case("reliability/07")
def test_a_folder_of_another_program(place: Path) -> None:
    (place / "mine").mkdir()
    (place / "mine" / "run.json").write_text('{"my": "project"}')
    (place / "mine" / "config.toml").write_text("precious = 1\n")
    assert fit(place, "--overwrite", out="mine").refused
    assert (place / "mine" / "config.toml").read_text() == "precious = 1\n"


@pytest.mark.case("reliability/27")
def test_a_config_nested_deep(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("file = " + "[" * 5000 + "]" * 5000)
    assert unrolled("fit", "--config", "c.toml", cwd=tmp_path).refused


@pytest.mark.case("reliability/29")
def test_too_many_threads(place: Path) -> None:
    assert fit(place, "--threads", "100000", out="b").refused


@pytest.mark.case("reliability/30")
def test_a_network_too_large(place: Path) -> None:
    answer = fit(place, "--hidden", "1000000", out="b")
    assert answer.refused
    assert "GiB" in answer.err
    assert not (place / "b").exists()


@pytest.mark.case("reliability/31")
@pytest.mark.parametrize("kind", ["date", "bytes", "decimal"])
def test_labels_that_are_no_json(kind: str, tmp_path: Path) -> None:
    import decimal

    import numpy as np

    from unrolled import Classifier, Training

    labels, classes = {
        "date": (np.array(["2020-01-01", "2021-01-01"] * 6, "M8[D]"), ["2020-01-01", "2021-01-01"]),
        "bytes": (np.array([b"a", b"b"] * 6), ["a", "b"]),
        "decimal": ([decimal.Decimal(i % 2) for i in range(12)], [0, 1]),
    }[kind]
    model, short = Classifier(hidden=4, ensemble=1), Training(epochs=1, batch_size=8)
    cases = [np.arange(5.0) + i % 2 for i in range(12)]
    model.fit(cases, labels, training=short, out=tmp_path / "r")
    kept = Classifier.load(tmp_path / "r")
    assert kept.predict(cases).tolist() == model.predict(cases).tolist()
    assert kept.classes_.tolist() == classes  # as docs/classification.md says


@pytest.mark.slow
@pytest.mark.case("reliability/33")
@pytest.mark.parametrize("command", ["fit", "backtest"])
def test_progress_is_never_in_stdout(command: str, place: Path) -> None:
    words = {
        "fit": "fit t.csv -t temp --horizon 2 --lookback 3 --epochs 1 --hidden 4 --out b --json",
        "backtest": "backtest a t.csv --json",
    }[command]
    line = f"{sys.executable} -m unrolled {words} 2>&-"
    done = subprocess.run(["bash", "-c", line], capture_output=True, cwd=place, check=True)
    assert isinstance(json.loads(done.stdout), dict)


@pytest.mark.case("reliability/34")
def test_names_do_not_command_the_terminal(tmp_path: Path) -> None:
    hourly(tmp_path / "t.csv", 60, "time,te\x1b[31mmp,hum")
    one = unrolled("inspect", "t.csv", "-t", "hum", cwd=tmp_path)
    other = unrolled("inspect", "t.csv", "-t", "zz", cwd=tmp_path)
    assert one.code == 0
    assert "te\\u001b[31mmp" in one.out
    assert "\x1b" not in one.out + one.err + other.out + other.err


@pytest.mark.case("reliability/35")
def test_a_private_file_stays_private(place: Path) -> None:
    old = os.umask(0o077)
    try:
        (place / "p.csv").touch()
        assert unrolled("predict", "a", "t.csv", "--out", "p.csv", cwd=place).code == 0
        assert (place / "p.csv").stat().st_mode & 0o777 == 0o600
        assert fit(place, out="c").code == 0
    finally:
        os.umask(old)
    written = [path for path in (place / "c").rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o077 for path in written} == {0}


@pytest.mark.case("text-labels/16")
def test_another_text_is_not_gone_on_with(tmp_path: Path) -> None:
    text = "to be or not to be, that is the question. " * 500
    (tmp_path / "a.txt").write_text(text)
    (tmp_path / "b.txt").write_text(text[:900])
    small = ("--hidden", "8", "--embed", "8", "--epochs", "1", "-q", "--out", "r")
    assert unrolled("fit", "a.txt", *small, cwd=tmp_path).code == 0
    answer = unrolled("fit", "b.txt", *small, "--resume", cwd=tmp_path)
    assert answer.refused
    assert "the text is another" in answer.err
