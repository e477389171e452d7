"""The training loop: what it keeps, when it stops, and that it can stop anywhere."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from unrolled import RunError, SettingsError, Training, TrainingError
from unrolled.training import Outcome, describe_device, find_device, train
from unrolled.training.checkpoint import HISTORY, Checkpoint

STEPS = 5


class Line:
    """A task: fit a line to noisy points; `spoil` may change a loss by epoch and step."""

    validated_on = "validation"

    def __init__(
        self,
        spoil: Callable[[int, int, Tensor], Tensor] | None = None,
        held: list[float] | None = None,
    ) -> None:
        self.spoil, self.held = spoil, held
        self.measured: list[Tensor] = []
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 1))
        self.inputs = torch.randn(40, 3)
        self.targets = self.inputs.sum(1, keepdim=True)

    def __len__(self) -> int:
        return STEPS

    def begin(self, folder: Path | None) -> None:
        pass

    def losses(self, epoch: int) -> Iterator[Tensor]:
        order = torch.randperm(len(self.inputs))
        for step, rows in enumerate(order.chunk(STEPS)):
            loss = nn.functional.mse_loss(self.model(self.inputs[rows]), self.targets[rows])
            yield loss if self.spoil is None else self.spoil(epoch, step, loss)

    def validate(self) -> float:
        assert not self.model.training
        self.measured.append(flat(self.model))
        if self.held is not None:
            return self.held[len(self.measured) - 1]
        return nn.functional.mse_loss(self.model(self.inputs), self.targets).item()


def flat(model: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def stop_at(epoch: int, step: int, error: BaseException) -> Callable[[int, int, Tensor], Tensor]:
    def spoil(at_epoch: int, at_step: int, loss: Tensor) -> Tensor:
        if (at_epoch, at_step) == (epoch, step):
            raise error
        return loss

    return spoil


def become(value: float, epoch: int, step: int) -> Callable[[int, int, Tensor], Tensor]:
    return lambda e, s, loss: loss * value if (e, s) == (epoch, step) else loss


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_state(
    value: float, tmp_path: Path
) -> None:
    good = Line()
    train(good, Training(epochs=2), store=Checkpoint(tmp_path / "good"))
    task, store = Line(become(value, 3, 2)), Checkpoint(tmp_path / "run")
    words = rf"became (nan|inf) in epoch 3, step 3; the state after epoch 2 is kept in {store.path}"
    with pytest.raises(TrainingError, match=words):
        train(task, Training(epochs=9), store=store)
    assert torch.equal(flat(task.model), flat(good.model))
    kept, should = (Checkpoint(tmp_path / name).load()[0] for name in ("run", "good"))
    assert all(torch.equal(kept[name], should[name]) for name in should)


def test_a_validation_loss_that_is_not_finite_stops() -> None:
    task = Line(held=[1.0, math.nan])
    with pytest.raises(TrainingError, match=r"validation loss became nan in epoch 2; the state"):
        train(task, Training(epochs=9))
    assert torch.equal(flat(task.model), task.measured[0])


def test_a_first_loss_that_is_not_finite_promises_nothing() -> None:
    task = Line(become(math.nan, 1, 0))
    before = flat(task.model)
    with pytest.raises(TrainingError) as caught:
        train(task, Training())
    assert "kept" not in str(caught.value)
    assert "learning rate below 0.001" in str(caught.value)
    assert torch.equal(flat(task.model), before)


def test_the_best_weights_stay_and_training_stops_early() -> None:
    task = Line(held=[3.0, 1.0, 2.0, 2.0, 2.0, 0.0])
    outcome = train(task, Training(epochs=9, patience=3))
    assert (outcome.ended, outcome.best_epoch, outcome.best_loss) == ("early", 2, 1.0)
    assert len(outcome.history) == 5
    assert torch.equal(flat(task.model), task.measured[1])


def test_a_tie_is_not_better() -> None:
    outcome = train(Line(held=[1.0, 1.0, 1.0]), Training(epochs=3))
    assert (outcome.best_epoch, outcome.ended) == (1, "epochs")


def test_what_is_validated_is_the_running_mean_of_the_weights() -> None:
    seen: list[Tensor] = []

    class Watched(Line):
        def losses(self, epoch: int) -> Iterator[Tensor]:
            for loss in super().losses(epoch):
                yield loss
                seen.append(flat(self.model))

    task = Watched()
    mean = flat(task.model)
    train(task, Training(epochs=1, average=0.1))
    for weights in seen:
        mean += 0.9 * (weights - mean)
    assert torch.allclose(task.measured[0], mean, atol=1e-6)
    assert not torch.allclose(task.measured[0], seen[-1], atol=1e-6)
    plain = Line()
    train(plain, Training(epochs=1, average=0.0))
    assert torch.equal(plain.measured[0], flat(plain.model))


def continued(tmp_path: Path, stop: BaseException, epoch: int, step: int) -> tuple[Line, Outcome]:
    store, settings = Checkpoint(tmp_path), Training(epochs=5, schedule="cosine", patience=9)
    with pytest.raises(type(stop)):
        train(Line(stop_at(epoch, step, stop)), settings, store=store)
    again = Line()
    return again, train(again, settings, store=store, resume=True)


@pytest.mark.parametrize(("epoch", "step"), [(1, 0), (2, 0), (3, 4), (5, 4)])
def test_resumed_training_ends_with_the_same_bits(epoch: int, step: int, tmp_path: Path) -> None:
    whole = Line()
    outcome = train(whole, Training(epochs=5, schedule="cosine", patience=9))
    again, resumed = continued(tmp_path, RuntimeError("killed"), epoch, step)
    assert torch.equal(flat(again.model), flat(whole.model))
    told = [
        [(e.epoch, e.train_loss, e.validation_loss) for e in o.history] for o in (outcome, resumed)
    ]
    assert told[0] == told[1]


def test_ctrl_c_keeps_the_best_so_far_and_does_not_raise() -> None:
    task = Line(stop_at(3, 1, KeyboardInterrupt()))
    outcome = train(task, Training(epochs=9))
    assert (outcome.ended, len(outcome.history)) == ("interrupted", 2)
    assert torch.equal(flat(task.model), task.measured[outcome.best_epoch - 1])


def test_ctrl_c_before_the_first_epoch_is_done_raises() -> None:
    with pytest.raises(KeyboardInterrupt):
        train(Line(stop_at(1, 3, KeyboardInterrupt())), Training())


def test_the_history_is_a_line_for_each_epoch(tmp_path: Path) -> None:
    store = Checkpoint(tmp_path)
    outcome = train(Line(), Training(epochs=3), store=store)
    lines = [json.loads(line) for line in (tmp_path / HISTORY).read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert lines[2]["validation_loss"] == outcome.history[2].validation_loss
    assert all(line["seconds"] >= 0 and line["learning_rate"] == 1e-3 for line in lines)


def test_a_history_that_a_kill_prevented_is_written_on_resuming(tmp_path: Path) -> None:
    store = Checkpoint(tmp_path)
    train(Line(), Training(epochs=3), store=store)
    whole = (tmp_path / HISTORY).read_bytes()
    (tmp_path / HISTORY).unlink()
    train(Line(), Training(epochs=3), store=store, resume=True)
    assert (tmp_path / HISTORY).read_bytes() == whole


def test_training_leaves_the_random_state_alone() -> None:
    task = Line()
    torch.manual_seed(7)
    should = torch.rand(2)
    torch.manual_seed(7)
    train(task, Training(epochs=1))
    assert torch.equal(torch.rand(2), should)


def test_the_schedule_depends_on_the_step_alone() -> None:
    cosine = Training(learning_rate=1.0, schedule="cosine")
    rates = [cosine.rate(step, 10) for step in range(11)]
    assert rates[0] == pytest.approx(1.0)
    assert rates[10] == pytest.approx(0.01)
    assert rates == sorted(rates, reverse=True)
    assert Training(learning_rate=0.5).rate(3, 10) == 0.5


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"batch_size": -1}, "batch_size must be at least 1, got -1"),
        ({"patience": 0}, "patience must be at least 1, got 0"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0, got 0.0"),
        ({"learning_rate": math.nan}, "learning_rate must be above 0, got nan"),
        ({"learning_rate": math.inf}, "learning_rate must be above 0, got inf"),
        ({"weight_decay": -0.1}, "weight_decay must be .* got -0.1"),
        ({"clip": -1.0}, "clip must be .* got -1.0"),
        ({"seed": -1}, "seed must be .* got -1"),
        ({"seed": 2**32}, "seed must be .* got 4294967296"),
        ({"schedule": "linear"}, "'constant' or 'cosine', got 'linear'"),
        ({"average": 1.0}, r"average must be in \[0, 1\), got 1.0"),
        ({"engine": "nativ"}, "did you mean 'native'"),
    ],
)
def test_settings_out_of_range(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Training(**settings)


def test_the_largest_seed_trains() -> None:
    train(Line(), Training(epochs=1, seed=2**32 - 1))


def test_devices() -> None:
    assert find_device("cpu") == torch.device("cpu")
    assert describe_device("cpu").startswith("CPU, ")
    for name in ("tpu", "cuda:99", ""):
        with pytest.raises(SettingsError, match=f"device: .* no {name!r}"):
            find_device(name)


def test_a_checkpoint_without_a_state_is_refused(tmp_path: Path) -> None:
    from unrolled import files

    store = Checkpoint(tmp_path)
    files.write_tensors(store.path, {"a": torch.zeros(1)}, "not json")
    with pytest.raises(RunError, match=r"state\.safetensors is damaged: its header holds no state"):
        train(Line(), Training(), store=store, resume=True)
