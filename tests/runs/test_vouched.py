"""Every file of a run is vouched for: what is damaged, changed or of another run is refused."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.sealed import seal

from unrolled import Classifier, Forecaster, RunError, Training, tasks
from unrolled.cli import main
from unrolled.runs import folder as runs
from unrolled.runs.folder import writing

SMALL = ("--horizon", "3", "--lookback", "8", "--hidden", "3", "--epochs", "2", "--quiet")
TEXT = "to be or not to be, that is the question. " * 60


def table(path: Path, shift: float = 0) -> Path:
    rows = [
        f"2013-01-{1 + i // 24:02d} {i % 24:02d}:00,{i % 24 + shift},{i % 7}" for i in range(240)
    ]
    path.write_text("\n".join(["time,temp,wind", *rows, ""]))
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the runs `table` and `text`, and what they were fitted on."""
    folder = tmp_path_factory.mktemp("made")
    table(folder / "t.csv")
    (folder / "b.txt").write_text(TEXT)
    assert main(fit(folder)) == 0
    assert main(fit_text(folder)) == 0
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "here")
    return tmp_path / "here"


def fit(folder: Path, *more: str) -> list[str]:
    file, out = str(folder / "t.csv"), str(folder / "table")
    return ["fit", file, "--target", "temp", *SMALL, "--out", out, *more]


def fit_text(folder: Path, *more: str) -> list[str]:
    small = ("--hidden", "4", "--embed", "4", "--epochs", "2", "--quiet")
    return ["fit", str(folder / "b.txt"), *small, "--out", str(folder / "text"), *more]


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of a command that must be refused."""
    capsys.readouterr()
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1, err
    return err


READERS: dict[str, tuple[str, ...]] = {
    "model.safetensors": ("predict", "evaluate"),
    "run.json": ("predict", "evaluate", "report", "resume"),
    "results.json": ("predict", "evaluate", "report"),
    "history.jsonl": ("predict", "evaluate", "report", "resume"),
    "config.toml": ("config",),
    "checkpoint/state.safetensors": ("resume",),
}
COMMANDS: dict[str, Callable[[Path], list[str]]] = {
    "predict": lambda folder: ["predict", str(folder / "table"), str(folder / "t.csv")],
    "evaluate": lambda folder: ["evaluate", str(folder / "table")],
    "report": lambda folder: ["report", str(folder / "table")],
    "resume": lambda folder: fit(folder, "--resume"),
    "config": lambda folder: [
        *("fit", "--config", str(folder / "table" / "config.toml")),
        *("--out", str(folder / "again")),
    ],
}
EACH = [(name, command) for name, commands in READERS.items() for command in commands]


@pytest.mark.parametrize(("name", "command"), EACH)
def test_every_file_is_checked_by_what_reads_it(
    name: str, command: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = place / "table" / name
    whole = path.read_bytes()
    for at in (len(whole) // 4, len(whole) // 2, len(whole) - 2):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        assert name in refused(COMMANDS[command](place), capsys)
    path.write_bytes(whole[: len(whole) // 2])
    assert name in refused(COMMANDS[command](place), capsys)
    assert not (place / "again").exists()


@pytest.mark.parametrize("name", ["samples.jsonl", "history.jsonl"])
@pytest.mark.parametrize("status", ["finished", "training"])
def test_what_was_written_in_training_is_checked_too(
    name: str, status: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = place / "text" / name
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0].replace("0", "1").replace("t", "u"), *lines[1:], ""]))
    if status == "training":  # as a kill leaves it: run.json vouches for nothing yet
        card = runs.load_card(place / "text")
        runs.save_card(
            place / "text", card.model_copy(update={"status": status, "fingerprints": {}})
        )
    assert name in refused(fit_text(place, "--resume"), capsys)


def test_a_file_that_no_card_vouches_for_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = runs.load_card(place / "table")
    marks = {name: mark for name, mark in card.fingerprints.items() if name != "results.json"}
    runs.save_card(place / "table", card.model_copy(update={"fingerprints": marks}))
    line = refused(["evaluate", str(place / "table")], capsys)
    assert "results.json is not of this run" in line


WRONG: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda card: card["settings"]["training"].update(epochs="x"), "settings.training.epochs"),
    (lambda card: card["settings"]["training"].update(seed=-1), "settings.training"),
    (lambda card: card["settings"]["model"].update(hidden=2.5), "settings.model.hidden"),
    (lambda card: card["settings"]["model"].update(target=[1]), "settings.model.target.0"),
    (lambda card: card["settings"]["model"].pop("cell"), "settings.model.cell"),
    (lambda card: card["settings"].pop("model"), "settings.model"),
    (lambda card: card["preprocessor"].update(step=[7]), "preprocessor"),
    (lambda card: card["preprocessor"].pop("scaler"), "preprocessor"),
    (lambda card: card["preprocessor"].update(columns=[None]), "preprocessor"),
    (lambda card: card["preprocessor"]["columns"][0].update(name="x"), "preprocessor"),
    (lambda card: card["preprocessor"]["columns"][0].update(role="past"), "preprocessor"),
    (lambda card: card["preprocessor"]["columns"][0].update(vocabulary=["a"]), "preprocessor"),
    (lambda card: card["preprocessor"]["columns"].pop(), "preprocessor"),
    (lambda card: card["preprocessor"]["scaler"].update(names=["x", "wind"]), "preprocessor"),
    (lambda card: card["preprocessor"]["scaler"]["mean"].pop(), "preprocessor"),
    (lambda card: card["preprocessor"]["scaler"]["std"].__setitem__(0, 0.0), "preprocessor"),
    (lambda card: card["preprocessor"]["roles"].update(past=["x"]), "preprocessor"),
    (lambda card: card["preprocessor"].update(transforms=[]), "preprocessor"),
    (lambda card: card["preprocessor"].update(unlearned=["x"]), "preprocessor"),
    (lambda card: card["preprocessor"].update(season=0), "preprocessor"),
    (lambda card: card.update(metrics=[]), "metrics"),
    (lambda card: card.update(status="done"), "status"),
]


@pytest.mark.parametrize(("change", "where"), WRONG)
def test_a_sealed_card_with_a_value_of_the_wrong_type_is_refused_by_place(
    change: Callable[[dict[str, Any]], object],
    where: str,
    place: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seal(place / "table", change)
    line = refused(COMMANDS["predict"](place), capsys)
    assert f"run.json is damaged: {where}" in line


def test_results_that_somebody_sealed_again_are_refused_or_shown(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = place / "table" / "results.json"
    whole = path.read_text()
    for change in (
        whole.replace('"mae"', '"mea"'),
        whole.replace('"horizon": 3', '"horizon": NaN'),
    ):
        assert change != whole
        path.write_text(change)
        seal(place / "table")
        words = ["evaluate", str(place / "table"), "--json"]
        assert "results.json is damaged" in refused(words, capsys)


CHANGED: dict[str, tuple[str, ...]] = {
    "the split": ("--validation", "0.3"),
    "the split ": ("--test", "0"),
    "learning_rate": ("--learning-rate", "0.5"),
    "batch_size": ("--batch-size", "7"),
    "seed": ("--seed", "5"),
    "hidden": ("--hidden", "4"),
    "loss": ("--loss", "huber"),
    "quantiles": ("--quantiles", "0.1,0.5,0.9"),
    "other columns": ("--future", "wind"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_run_goes_on_as_it_was_started_or_says_what_differs(
    name: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(fit(place, "--resume", *CHANGED[name]), capsys)
    assert f"the run was started with {name.strip()}" in line


@pytest.mark.parametrize(("make", "file"), [(fit, "t.csv"), (fit_text, "b.txt")])
def test_other_data_are_named_before_what_they_decide(
    make: Callable[..., list[str]], file: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if file == "t.csv":
        table(place / file, 0.5)
    else:
        (place / file).write_text(TEXT[:700])
    line = refused(make(place, "--resume"), capsys)
    assert "on other data: the " in line


def test_a_checkpoint_of_another_run_of_the_same_shape(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = Path("checkpoint", "state.safetensors")
    other = fit(place, "--seed", "9")
    other[other.index("--out") + 1] = str(place / "other")
    assert main(other) == 0
    shutil.copy(place / "other" / state, place / "table" / state)
    assert "state.safetensors is of another run" in refused(fit(place, "--resume"), capsys)


def test_an_edited_config_fools_neither_resume_nor_load(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = place / "table" / "config.toml"
    path.write_text(path.read_text().replace("epochs = 2", "epochs = 1"))
    assert "copy it out of the run folder" in refused(COMMANDS["config"](place), capsys)
    assert len(tasks.load(place / "table").outcome.history) == 2
    assert main(fit(place, "--resume")) == 0
    shutil.copy(path, place / "mine.toml")
    words = ["fit", "--config", str(place / "mine.toml"), "--quiet", "--epochs", "1"]
    assert main([*words, "--out", str(place / "again")]) == 0


FOREIGN = {
    "another program's": '{"my": "project"}',
    "much like ours": '{"schema": 4, "task": "forecast", "fingerprints": {"run.json": "00"}}',
    "a list": "[1]",
    "no JSON": "{",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_nothing_of_a_foreign_folder_is_touched(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table(tmp_path / "t.csv")
    mine = tmp_path / "table"
    mine.mkdir()
    for file in ("run.json", "config.toml", "model.safetensors", "report.html"):
        (mine / file).write_text(FOREIGN[name])
    for how in ("--overwrite", "--resume"):
        assert "run.json" in refused(fit(tmp_path, how), capsys)
    model = Forecaster("temp", horizon=2, lookback=4, hidden=2)
    model.fit(tmp_path / "t.csv", training=Training(epochs=1))
    with pytest.raises(RunError, match=r"run\.json"):
        model.save(mine)
    assert {path.read_text() for path in mine.iterdir()} == {FOREIGN[name]}
    assert len(list(mine.iterdir())) == 4


def test_saving_over_a_run_leaves_nothing_of_it(place: Path, tmp_path: Path) -> None:
    model = Forecaster("temp", horizon=2, lookback=4, hidden=2)
    model.fit(place / "t.csv", test=0, training=Training(epochs=1))
    model.save(place / "table")
    there = sorted(path.name for path in (place / "table").iterdir() if path.is_file())
    assert there == ["history.jsonl", "model.safetensors", "run.json"]
    assert tasks.load(place / "table").results is None


def test_two_writers_of_one_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table(tmp_path / "t.csv")
    with writing(tmp_path / "table"):
        line = refused(fit(tmp_path), capsys)
        assert "is being written by another fit" in line
    assert main(fit(tmp_path)) == 0


def _hold(folder: Path, ready: Any) -> None:
    with writing(folder):
        ready.set()
        signal.pause()


def test_a_killed_writer_leaves_no_lock(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    ready = fork.Event()
    holder = fork.Process(target=_hold, args=(tmp_path, ready))
    holder.start()
    assert ready.wait(20)
    with pytest.raises(RunError, match="being written"), writing(tmp_path):
        pass
    os.kill(holder.pid or 0, signal.SIGKILL)
    holder.join()
    with writing(tmp_path):
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("before", "umask", "mode"), [(None, 0o022, 0o644), (None, 0o077, 0o600)])
@pytest.mark.parametrize("kept", [0o600, 0o640, 0o400])
def test_files_keep_their_mode(
    before: None, umask: int, mode: int, kept: int, tmp_path: Path
) -> None:
    from unrolled import files

    old = os.umask(umask)
    try:
        for name in ("new", "old"):
            files.write_text(tmp_path / name, "one")
        (tmp_path / "old").chmod(kept)
        files.write_text(tmp_path / "old", "two")
    finally:
        os.umask(old)
    found = [(tmp_path / name).stat().st_mode & 0o777 for name in ("new", "old")]
    assert found == [mode, kept]
    assert (tmp_path / "old").read_text() == "two"
    assert sorted(os.listdir(tmp_path)) == ["new", "old"]


@pytest.mark.parametrize("schema", [2, 3])
def test_a_run_of_an_earlier_schema_is_read_but_not_gone_on_with(
    schema: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    golden = Path(__file__).parents[1] / "golden" / f"schema-{schema}" / "language"
    shutil.copytree(golden, tmp_path / "old")
    assert tasks.load(tmp_path / "old" / "run").results is not None
    words = ["fit", str(tmp_path / "old" / "book.txt"), "--out", str(tmp_path / "old" / "run")]
    line = refused([*words, "--resume", "--quiet", "--hidden", "6"], capsys)
    assert f"earlier version (schema {schema})" in line


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&-", ">&- 2>&-", "2>&- | head -c 1"])
def test_closed_streams_end_well(closed: str, made: Path, tmp_path: Path) -> None:
    words = f"{sys.executable} -m unrolled predict {made / 'table'} {made / 't.csv'} {closed}"
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    if closed in ("2>&-", "<&-"):
        assert json.dumps(done.stdout.splitlines()[0]).count("temp") >= 1


WRONG_LABELS: list[Callable[[dict[str, Any]], object]] = [
    lambda card: card["preprocessor"].update(longest="x"),
    lambda card: card["preprocessor"].update(short=None),
    lambda card: card["preprocessor"]["scaler"]["names"].clear(),
    lambda card: card["preprocessor"].update(classes=[]),
    lambda card: card["preprocessor"]["scaler"]["names"].__setitem__(0, True),
    lambda card: card["settings"]["model"].update(kernels="many"),
]


@pytest.mark.parametrize("change", WRONG_LABELS)
def test_a_sealed_card_of_a_classifier_is_refused_too(
    change: Callable[[dict[str, Any]], object], tmp_path: Path
) -> None:
    golden = Path(__file__).resolve().parents[1] / "golden" / "schema-4" / "classification"
    shutil.copytree(golden / "run", tmp_path / "run")
    seal(tmp_path / "run", change)
    with pytest.raises(RunError, match="damaged"):
        Classifier.load(tmp_path / "run")


@pytest.mark.parametrize("part", ["findings", "settings"])
def test_a_sealed_card_of_another_form_is_not_gone_on_with(
    part: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(card: dict[str, Any]) -> None:
        for name in card[part]:
            card[part][name] = 7

    seal(place / "table", change)
    assert "run.json is damaged" in refused(fit(place, "--resume"), capsys)
