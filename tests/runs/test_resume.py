"""A fit that is killed at any moment, then resumed, ends with the bytes of one never killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.killed import OTHERS, PREDICTED
from helpers.made import BOOK, MOVES
from helpers.tables import write_table

from unrolled.cli import main

KILLED = (
    "before anything is written",
    "run.json half written",
    "in epoch 1",
    "in epoch 3",
    "between epochs",
    "while it validates",
    "checkpoint half written",
    "first checkpoint half written",
    "checkpoint written, not in place",
    "checkpoint in place, history not",
    "after the last epoch",
    "results half written",
    "model half written",
    "model in place, run.json not",
    "report half written",
)
STOPPED = ("Ctrl-C in epoch 3", "Ctrl-C while it validates", "Ctrl-C while a checkpoint is written")
WHOLE = (
    *("checkpoint/state.safetensors", "config.toml", "history.jsonl", "model.safetensors"),
    *("report.html", "results.json", "run.json"),
)
Outcomes = dict[str, dict[str, Any]]
TEXTS_AND_LABELS = [
    (task, moment) for task in OTHERS for moment in OTHERS[task] if moment != "never"
]


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcomes]:
    """What became of every fit that tests/helpers/killed.py killed and resumed, by task."""
    folder = tmp_path_factory.mktemp("killed")
    write_table(folder / "table.csv")
    (folder / "text.txt").write_text(BOOK)
    (folder / "moves.csv").write_text(MOVES)
    script = Path(__file__).parents[1] / "helpers" / "killed.py"
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", str(script), str(folder)]
    subprocess.run(command, check=True, env=environment, timeout=300)
    found: dict[str, Outcomes] = json.loads((folder / "outcomes.json").read_text())
    return found


@pytest.fixture
def outcomes(every: dict[str, Outcomes]) -> Outcomes:
    """Those of a forecaster."""
    return every["table"]


def test_same_seed_gives_the_same_bytes(outcomes: Outcomes) -> None:
    never = outcomes["never"]["first"]
    assert never["exit"] == 0, never["stderr"]
    assert tuple(never["kept"]["files"]) == WHOLE
    assert never["kept"]["model"] == outcomes["never, again"]["first"]["kept"]["model"]


@pytest.mark.parametrize("moment", KILLED)
def test_killed_and_resumed_is_as_if_never_killed(moment: str, outcomes: Outcomes) -> None:
    never, outcome = outcomes["never"]["first"], outcomes[moment]
    assert outcome["first"]["signal"] == signal.SIGKILL, outcome["first"]["stderr"]
    resumed = outcome["resumed"]
    assert resumed["exit"] == 0, resumed["stderr"]
    assert resumed["kept"]["model"] == never["kept"]["model"]
    assert resumed["kept"]["epochs"] == never["kept"]["epochs"]
    assert tuple(resumed["kept"]["files"]) == WHOLE  # nothing half-written is left either


@pytest.mark.parametrize(("task", "moment"), TEXTS_AND_LABELS)
def test_texts_and_labels_too(task: str, moment: str, every: dict[str, Outcomes]) -> None:
    never, outcome = every[task]["never"]["first"], every[task][moment]
    first, resumed = outcome["first"], outcome["resumed"]
    if moment.startswith("Ctrl-C"):
        assert first["exit"] == 130, first["stderr"]
        assert set(WHOLE) <= set(first["kept"]["files"])
    else:
        assert first["signal"] == signal.SIGKILL, first["stderr"]
    assert resumed["exit"] == 0, resumed["stderr"]
    assert resumed["kept"] == never["kept"]
    assert set(WHOLE) <= set(never["kept"]["files"])


@pytest.mark.parametrize("moment", [moment for moment in KILLED if moment in PREDICTED])
def test_a_killed_run_forecasts_rightly_or_says_why_not(moment: str, outcomes: Outcomes) -> None:
    predicted = outcomes[moment]["predicted"]
    if moment == "report half written":  # the model was whole by then
        assert predicted["exit"] == 0
        return
    assert predicted["exit"] == 2
    line = predicted["stderr"]
    assert line.startswith("unrolled: ")
    assert line.count("\n") == 1
    assert "not finished" in line or "no run folder" in line or "run.json is missing" in line


def test_resuming_what_is_finished_changes_nothing(outcomes: Outcomes) -> None:
    never = outcomes["never"]
    assert never["resumed"]["exit"] == 0
    assert never["resumed"]["kept"] == never["first"]["kept"]


def test_resuming_does_not_train_again_what_was_trained(outcomes: Outcomes) -> None:
    resumed = outcomes["between epochs"]["resumed"]["stderr"]
    before, _, after = resumed.partition("once more on all rows")
    for said, epochs in ((before, ["3"]), (after, ["1", "2", "3"])):
        trained = [line for line in said.splitlines() if line.startswith("epoch")]
        assert [line.split()[1] for line in trained] == epochs


@pytest.mark.parametrize("moment", STOPPED)
def test_ctrl_c_keeps_the_best_so_far_and_says_where(moment: str, outcomes: Outcomes) -> None:
    first, never = outcomes[moment]["first"], outcomes["never"]["first"]
    assert first["exit"] == 130, first["stderr"]
    last = first["stderr"].splitlines()[-1]
    assert "best network so far" in last
    assert moment.replace(" ", "-") in last
    assert "--resume" in last
    assert tuple(first["kept"]["files"]) == WHOLE
    assert outcomes[moment]["predicted"]["exit"] == 0
    resumed = outcomes[moment]["resumed"]
    assert resumed["exit"] == 0
    assert resumed["kept"]["model"] == never["kept"]["model"]


def test_ctrl_c_before_anything_is_learnt_says_so(outcomes: Outcomes) -> None:
    outcome = outcomes["Ctrl-C in epoch 1"]
    assert outcome["first"]["exit"] == 130
    assert "no epoch was finished" in outcome["first"]["stderr"]
    assert outcome["resumed"]["kept"]["model"] == outcomes["never"]["first"]["kept"]["model"]


def test_ctrl_c_after_training_keeps_the_epochs(outcomes: Outcomes) -> None:
    outcome = outcomes["Ctrl-C after the last epoch"]
    assert outcome["first"]["exit"] == 130
    assert "go on with --resume" in outcome["first"]["stderr"]
    assert outcome["resumed"]["kept"]["model"] == outcomes["never"]["first"]["kept"]["model"]


def test_another_seed_gives_other_bytes(tmp_path: Path, outcomes: Outcomes) -> None:
    table = write_table(tmp_path / "table.csv")
    words = ["fit", str(table), "--target", "temp", "--horizon", "3", "--lookback", "12"]
    words += ["--hidden", "4", "--epochs", "3", "--batch-size", "64", "--quiet"]
    words += ["--out", str(tmp_path / "run")]
    assert main([*words, "--seed", "1"]) == 0
    other = (tmp_path / "run" / "model.safetensors").read_bytes().hex()
    assert other != outcomes["never"]["first"]["kept"]["model"]
