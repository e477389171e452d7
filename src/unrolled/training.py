"""Training: one loop for every task; it can be stopped any time and goes on with the same bits."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Protocol

import torch
from torch import Tensor, nn

from unrolled.checkpoint import Checkpoint
from unrolled.errors import SettingsError, TrainingError
from unrolled.layers.engines import EngineName, named
from unrolled.progress import Display, Silent


@dataclass(frozen=True)
class Training:
    """How to train.

    epochs: at most so many passes over the training part.
    batch_size: B, windows (or sequences, or text columns) a step.
    learning_rate: of AdamW; `schedule` "constant" keeps it, "cosine" lowers it to a hundredth.
    weight_decay: of AdamW.
    patience: stop after so many epochs without a better validation loss.
    clip: the gradient's norm is cut to this; 0 leaves it alone.
    average: decay per step of the running mean of the weights, which is what is validated and
        kept (Polyak and Juditsky 1992); it reaches back an epoch at most. 0 keeps the last weights.
    seed: of the initial weights, the order of batches and dropout.
    device: "auto" is a GPU if there is one; engine: of the recurrent layers on a CPU, see
        `unrolled.layers`.

    >>> Training(epochs=5).batch_size
    128
    """

    epochs: int = 20
    batch_size: int = 128
    learning_rate: float = 1e-3
    schedule: str = "constant"
    weight_decay: float = 0.0
    patience: int = 4
    clip: float = 1.0
    average: float = 0.99
    seed: int = 0
    device: str = "auto"
    engine: EngineName = "auto"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "patience"):
            if getattr(self, name) < 1:
                raise SettingsError(
                    f"training: {name} must be at least 1, got {getattr(self, name)}"
                )
        if not 0 < self.learning_rate < math.inf:
            raise SettingsError(
                f"training: learning_rate must be above 0, got {self.learning_rate}"
            )
        for name, end in (("weight_decay", math.inf), ("clip", math.inf), ("seed", 2**32)):
            if not 0 <= getattr(self, name) < end:
                raise SettingsError(
                    f"training: {name} must be in [0, {end}), got {getattr(self, name)}"
                )
        if self.schedule not in ("constant", "cosine"):
            raise SettingsError(
                f"training: schedule must be 'constant' or 'cosine', got {self.schedule!r}"
            )
        if not 0 <= self.average < 1:
            raise SettingsError(f"training: average must be in [0, 1), got {self.average}")
        named(self.engine)

    def rate(self, step: int, steps: int) -> float:
        """The learning rate at a step of all steps: it depends on nothing else."""
        if self.schedule == "constant":
            return self.learning_rate
        return self.learning_rate * (0.505 + 0.495 * math.cos(math.pi * step / max(steps, 1)))


class Task(Protocol):
    """What is trained: a model, the losses of an epoch, and one number to judge it by.

    judged: what `validate` judges by, in a word: "validation", or what stands in its place.
    """

    judged: str

    @property
    def model(self) -> nn.Module:
        """The model."""
        ...

    def __len__(self) -> int:
        """The number of steps in an epoch."""
        ...

    def losses(self, epoch: int) -> Iterator[Tensor]:
        """One scalar loss for each step; what is random in it depends on the epoch alone."""
        ...

    def validate(self) -> float:
        """The loss of the model, as it is now, on the validation part: lower is better."""
        ...


@dataclass(frozen=True)
class Epoch:
    """One line of `history.jsonl`; losses are means over the epoch, in the unit of the loss."""

    epoch: int
    train_loss: float
    validation_loss: float
    learning_rate: float
    seconds: float


@dataclass
class Outcome:
    """What training came to: its epochs, the best of them (from 1), and why it ended."""

    history: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0
    best_loss: float = math.inf
    ended: str = ""  # "epochs", "early" or "interrupted"


def train(
    task: Task,
    settings: Training,
    *,
    store: Checkpoint | None = None,
    resume: bool = False,
    display: Display | None = None,
) -> Outcome:
    """Train `task.model` in place and leave the best weights in it.

    `store` gets everything after each epoch; with `resume` training goes on from there and ends
    with the same bits as if it had never stopped (same machine, same number of threads). Ctrl-C
    ends it with the best weights so far.

    Raises TrainingError when a loss is NaN or infinite, with the last good state in `store`.
    """
    loop = _Loop(task, settings, store, display or Silent())
    if resume and store is not None and store.exists():
        loop.load(store)
    devices = [p.device for p in task.model.parameters() if p.device.type == "cuda"][:1]
    with torch.random.fork_rng(devices=devices):
        loop.run()
    return loop.outcome


class _Loop:
    """The state of training between two steps."""

    def __init__(
        self, task: Task, settings: Training, store: Checkpoint | None, display: Display
    ) -> None:
        self.task, self.settings, self.store, self.display = task, settings, store, display
        self.parameters = [p for p in task.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.parameters,
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        self.average = [p.detach().clone() for p in self.parameters]
        self.best = [p.detach().clone() for p in self.parameters]
        self.outcome = Outcome()

    def run(self) -> None:
        outcome, settings = self.outcome, self.settings
        done, judged = len(outcome.history), self.task.judged
        with self.display.training(settings.epochs, len(self.task), done, judged):
            try:
                while not self._finished():
                    self._epoch(len(outcome.history) + 1)
            except KeyboardInterrupt:
                if not outcome.history:
                    raise
                outcome.ended = "interrupted"
        self._set(self.best)

    def _finished(self) -> bool:
        outcome, settings = self.outcome, self.settings
        done = len(outcome.history)
        if done and done - outcome.best_epoch >= settings.patience:
            outcome.ended = "early"
        elif done >= settings.epochs:
            outcome.ended = "epochs"
        return bool(outcome.ended)

    def _epoch(self, epoch: int) -> None:
        began = time.perf_counter()
        # Everything random follows from the seed and the epoch: nothing else needs saving.
        torch.manual_seed(self.settings.seed * 100_003 + epoch)
        self.task.model.train()
        total = 0.0
        for step, loss in enumerate(self.task.losses(epoch)):
            total += self._step(epoch, step, loss)
            self.display.step(total / (step + 1))
        validation = self._validate(epoch)
        outcome = self.outcome
        if validation < outcome.best_loss:  # before the history grows: Ctrl-C may come any time
            self.best = [p.clone() for p in self._kept()]
            outcome.best_loss, outcome.best_epoch = validation, epoch
        mean, rate = total / max(len(self.task), 1), self.optimizer.param_groups[0]["lr"]
        seconds = round(time.perf_counter() - began, 3)
        outcome.history.append(Epoch(epoch, mean, validation, rate, seconds))
        self.display.epoch(outcome.history[-1], outcome.best_epoch)
        if self.store is not None:
            self.save(self.store)

    def _step(self, epoch: int, step: int, loss: Tensor) -> float:
        value = loss.item()
        if not math.isfinite(value):
            raise TrainingError(self._diverged(f"the loss became {value}", epoch, step + 1))
        steps = len(self.task)
        rate = self.settings.rate((epoch - 1) * steps + step, self.settings.epochs * steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.settings.clip:
            nn.utils.clip_grad_norm_(self.parameters, self.settings.clip)
        self.optimizer.step()
        if self.settings.average:
            # At most an epoch back, else a small data set is judged by its first weights.
            decay = min(self.settings.average, 1 - 1 / steps)
            torch._foreach_lerp_(self.average, [p.detach() for p in self.parameters], 1 - decay)
        return value

    def _validate(self, epoch: int) -> float:
        """Judge the weights that would be kept, then go on with those that are trained."""
        trained = [p.detach().clone() for p in self.parameters]
        self._set(self._kept())
        self.task.model.eval()
        with torch.no_grad():
            loss = self.task.validate()
        self._set(trained)
        if not math.isfinite(loss):
            raise TrainingError(self._diverged(f"the validation loss became {loss}", epoch, None))
        return loss

    def _kept(self) -> list[Tensor]:
        return self.average if self.settings.average else [p.detach() for p in self.parameters]

    def _set(self, values: list[Tensor]) -> None:
        with torch.no_grad():
            torch._foreach_copy_([p.detach() for p in self.parameters], values)

    def _diverged(self, what: str, epoch: int, step: int | None) -> str:
        where = f"epoch {epoch}" + (f", step {step}" if step else "")
        done = len(self.outcome.history)
        kept = f"; the state after epoch {done} is kept" if done else ""
        if kept and self.store is not None:
            kept += f" in {self.store.path}"
        self._set(self.best)
        return (
            f"training: {what} in {where}{kept}; "
            f"try a learning rate below {self.settings.learning_rate:g}"
        )

    def save(self, store: Checkpoint) -> None:
        """Everything that the next epoch depends on."""
        tensors: dict[str, Tensor] = {}
        moments = self.optimizer.state_dict()["state"]
        for i, parameter in enumerate(self.parameters):
            tensors |= {f"{i}.weight": parameter, f"{i}.average": self.average[i]}
            tensors[f"{i}.best"] = self.best[i]
            tensors |= {f"{i}.adam.{name}": value for name, value in moments.get(i, {}).items()}
        store.save(tensors, asdict(self.outcome))

    def load(self, store: Checkpoint) -> None:
        tensors, state = store.load()
        moments: dict[int, dict[str, Tensor]] = {}
        for i in range(len(self.parameters)):
            prefix = f"{i}.adam."
            moments[i] = {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict(
            {"state": {i: m for i, m in moments.items() if m}, "param_groups": groups}
        )
        for name, values in (("average", self.average), ("best", self.best)):
            torch._foreach_copy_(values, [tensors[f"{i}.{name}"] for i in range(len(values))])
        self._set([tensors[f"{i}.weight"] for i in range(len(self.parameters))])
        history = [Epoch(**epoch) for epoch in state.pop("history")]
        self.outcome = Outcome(history=history, **(state | {"ended": ""}))


def find_device(name: str) -> torch.device:
    """The device of this name, "auto" being a GPU if there is one; else SettingsError."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError):
        raise SettingsError(f"device: this machine and torch have no {name!r}") from None
    return device


def describe_device(name: str) -> str:
    """The device in words: "CPU, 2 threads", or the name of the GPU."""
    device = find_device(name)
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} ({device})"
    if device.type == "cpu":
        threads = torch.get_num_threads()
        return f"CPU, {threads} thread{'s' if threads > 1 else ''}"
    return str(device)
