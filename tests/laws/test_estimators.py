"""Laws of every estimator, stated once: every task x cell x number of networks."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from helpers.estimators import CASES, TASKS, Arrays, Case, Task, card_of
from helpers.tables import contents

from unrolled import NotFittedError, RunError, UnrolledError, tasks
from unrolled.cli import main
from unrolled.training import loop
from unrolled.training.outcome import Epoch
from unrolled.training.progress import Silent

pytestmark = pytest.mark.usefixtures("one_thread")
every_case = pytest.mark.parametrize("case", CASES, ids=str)
every_task = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
WRONG = [(task, name) for task in TASKS.values() for name in task.wrong]


@dataclass(frozen=True)
class Fitted:
    """A model, its run folder, the file that it was fitted on, and what it says of it."""

    model: Any
    run: Path
    path: Path
    said: Arrays


@pytest.fixture(scope="module")
def every() -> dict[Case, Fitted]:
    """The fits of this module by case, each made when it is first asked for."""
    return {}


@pytest.fixture
def fitted(
    case: Case, every: dict[Case, Fitted], tmp_path_factory: pytest.TempPathFactory
) -> Fitted:
    """The fit of a case, made once for all laws."""
    if case not in every:
        folder = tmp_path_factory.mktemp("fit")
        path = case.task.file_in(folder)
        model = case.fit(path, out=folder / "run")
        every[case] = Fitted(model, folder / "run", path, case.task.predict(model, path))
    return every[case]


def same(one: Arrays, other: Arrays) -> bool:
    """Whether two models say the same, to the last bit."""
    assert one.keys() == other.keys()
    return all(np.array_equal(one[name], other[name]) for name in one)


def found(run: Path) -> dict[str, Any]:
    """What a run folder says, but for the seconds that it took."""
    history = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    return {
        "weights": (run / "model.safetensors").read_bytes(),
        "results": json.loads((run / "results.json").read_text()),
        "history": [{**epoch, "seconds": 0} for epoch in history],
    }


def measured(weights: bytes) -> dict[str, Any]:
    """The weights that figures are of; those learned from all rows after that may follow them."""
    tensors = safetensors.torch.load(weights)
    return {n: tensor.tolist() for n, tensor in tensors.items() if not n.startswith("final.")}


@every_case
def test_save_then_load_is_identity(case: Case, fitted: Fitted, tmp_path: Path) -> None:
    loaded = type(fitted.model).load(fitted.run)
    assert same(case.task.predict(loaded, fitted.path), fitted.said)
    loaded.save(tmp_path / "again")
    fitted.model.save(tmp_path / "kept")
    assert card_of(tmp_path / "again") == card_of(tmp_path / "kept") == card_of(fitted.run)
    for name in ("model.safetensors", "results.json", "history.jsonl"):
        first = (fitted.run / name).read_bytes()
        assert (tmp_path / "again" / name).read_bytes() == first, name
        assert (tmp_path / "kept" / name).read_bytes() == first, name


@every_case
def test_the_same_seed_gives_the_same_bits(case: Case, fitted: Fitted, tmp_path: Path) -> None:
    torch.manual_seed(99)  # what was drawn elsewhere does not matter, nor is it disturbed
    before = torch.get_rng_state()
    case.fit(fitted.path, out=tmp_path / "again")
    assert torch.equal(torch.get_rng_state(), before)
    assert found(tmp_path / "again") == found(fitted.run)


@every_case
def test_another_seed_gives_others(case: Case, fitted: Fitted) -> None:
    other = case.fit(fitted.path, training={"seed": 1})
    assert not same(case.task.predict(other, fitted.path), fitted.said)


@every_task
def test_fitting_again_begins_anew(task: Task, tmp_path: Path) -> None:
    path = task.file_in(tmp_path)
    model = task.fit(path)
    said = task.predict(model, path)
    options = {**task.data(path), "training": model.fitted.training}
    assert model.fit(**options) is model
    assert same(task.predict(model, path), said)


class Killed(Silent):
    """Ends training in its second epoch, when the checkpoint of the first is written."""

    def __init__(self, how: type[BaseException]) -> None:
        self.how = how

    def epoch(self, record: Epoch, best: int) -> None:
        if record.epoch == 2:
            raise self.how


@every_case
def test_killed_and_resumed_ends_with_the_same_bits(
    case: Case, fitted: Fitted, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with pytest.raises(SystemExit):
        case.fit(fitted.path, out=run, display=Killed(SystemExit))
    assert not (run / "model.safetensors").exists()
    with pytest.raises(RunError, match="was not finished"):
        type(fitted.model).load(run)
    resumed = case.fit(fitted.path, out=run, resume=True)
    assert same(case.task.predict(resumed, fitted.path), fitted.said)
    assert found(run) == found(fitted.run)


@every_task
def test_ctrl_c_keeps_the_best_so_far_and_can_be_resumed(task: Task, tmp_path: Path) -> None:
    path, runs = task.file_in(tmp_path), [tmp_path / name for name in ("whole", "stopped")]
    task.fit(path, out=runs[0])
    stopped = task.fit(path, out=runs[1], display=Killed(KeyboardInterrupt))
    assert stopped.outcome.ended == "interrupted"
    loaded = tasks.load(runs[1])
    assert same(task.predict(loaded, path), task.predict(stopped, path))
    assert loaded.outcome == stopped.outcome
    task.fit(path, out=runs[1], resume=True)
    assert found(runs[1]) == found(runs[0])


@every_task
def test_the_best_epoch_outlives_a_kill(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, runs = task.file_in(tmp_path), [tmp_path / name for name in ("whole", "killed")]
    validate = loop._Loop._validate
    monkeypatch.setattr(loop._Loop, "_validate", lambda self, n: validate(self, n) + 10 * n)
    task.fit(path, out=runs[0])
    with pytest.raises(SystemExit):
        task.fit(path, out=runs[1], display=Killed(SystemExit))
    resumed = task.fit(path, out=runs[1], resume=True)
    assert resumed.outcome.best_epoch == 1
    assert found(runs[1]) == found(runs[0])


@every_case
def test_what_is_measured_on_changes_no_weight(case: Case, fitted: Fitted, tmp_path: Path) -> None:
    later = case.task.file_in(tmp_path, later=True)
    case.fit(later, out=tmp_path / "run")
    one, other = found(tmp_path / "run"), found(fitted.run)
    assert measured(one["weights"]) == measured(other["weights"])
    assert one["history"] == other["history"]
    assert one["results"] != other["results"]  # the test part did change


@every_case
def test_the_command_line_fits_the_same_bytes(case: Case, fitted: Fitted, tmp_path: Path) -> None:
    line, library = tmp_path / "line", tmp_path / "library"
    words = ["--epochs", "2", "--batch-size", "8", "--learning-rate", "0.01", "--quiet"]
    assert main([*case.words(fitted.path), *words, "--out", str(line)]) == 0
    training = json.loads((line / "run.json").read_text())["settings"]["training"]
    assert (training["epochs"], training["batch_size"]) == (2, 8)
    case.fit(fitted.path, training=training, out=library)
    assert found(line) == found(library)


@every_case
def test_a_copy_is_the_same_model(case: Case, fitted: Fitted) -> None:
    for copied in (copy.deepcopy(fitted.model), pickle.loads(pickle.dumps(fitted.model))):
        assert same(case.task.predict(copied, fitted.path), fitted.said)


@every_case
def test_predicting_changes_nothing(case: Case, fitted: Fitted) -> None:
    state = fitted.model.network.state_dict()
    before = {name: tensor.clone() for name, tensor in state.items()}
    files, drawn = contents(fitted.path.parent), torch.get_rng_state()
    assert same(case.task.predict(fitted.model, fitted.path), fitted.said)  # so did the first time
    assert all(torch.equal(state[name], before[name]) for name in before)
    assert contents(fitted.path.parent) == files
    assert torch.equal(torch.get_rng_state(), drawn)


@every_task
def test_a_copy_learns_by_itself(task: Task, tmp_path: Path) -> None:
    path = task.file_in(tmp_path)
    model = task.fit(path)
    said = task.predict(model, path)
    copied = copy.deepcopy(model)
    with torch.no_grad():
        for weight in copied.network.parameters():
            weight.zero_()
    assert not same(task.predict(copied, path), said)
    assert same(task.predict(model, path), said)


def refused(task: Task, folder: Path, **how: Any) -> str:
    """Why a fit is refused, which must leave nothing behind."""
    path = task.file_in(folder)
    before = contents(folder)
    with pytest.raises(UnrolledError) as caught:
        task.fit(path, **how, out=folder / "run")
    assert contents(folder) == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("task", "part"), WRONG, ids=lambda each: getattr(each, "name", each))
def test_what_is_refused_leaves_nothing(task: Task, part: str, tmp_path: Path) -> None:
    refused(task, tmp_path, **task.wrong[part])


@every_task
def test_an_engine_or_device_that_is_refused_leaves_nothing(task: Task, tmp_path: Path) -> None:
    with torch.autocast("cpu"):  # the native engine computes in float32 only
        reason = refused(task, tmp_path, training={"engine": "native"})
    assert "engine 'native' cannot run" in reason
    assert "'tpu'" in refused(task, tmp_path, training={"device": "tpu"})


@every_task
def test_a_run_that_is_there_is_left_alone(task: Task, tmp_path: Path) -> None:
    path = task.file_in(tmp_path)
    task.fit(path, out=tmp_path / "run", training={"epochs": 1})
    assert "holds a run already" in refused(task, tmp_path)
    for how in ({"training": {"seed": 1}}, {"settings": {"hidden": 3}}):
        assert "resume: the run was started with" in refused(task, tmp_path, **how, resume=True)
    for wrong in ({"training": {"device": "tpu"}}, *task.wrong.values()):
        refused(task, tmp_path, **wrong, overwrite=True)


@every_task
def test_an_unfitted_one_says_so(task: Task, tmp_path: Path) -> None:
    path, name = task.file_in(tmp_path), task.estimator.name
    said = rf"^{name} is not fitted: call fit\(\) or load\(\) first$"
    for question in task.questions.values():
        with pytest.raises(NotFittedError, match=said):
            question(task.estimator(**task.settings), path)
    with pytest.raises(NotFittedError, match=said):
        task.estimator(**task.settings).save(tmp_path / "run")
    assert not hasattr(task.estimator(**task.settings), "network")
    assert not (tmp_path / "run").exists()


@every_task
def test_a_run_of_another_task_is_refused_by_name(task: Task, tmp_path: Path) -> None:
    task.fit(task.file_in(tmp_path), out=tmp_path / "run", training={"epochs": 1})
    for other in TASKS.values():
        if other is not task:
            with pytest.raises(RunError, match=f"of the task '{task.name}', not '{other.name}'"):
                other.estimator.load(tmp_path / "run")
