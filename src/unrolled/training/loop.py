"""The training loop of every task; stopped at any moment, it resumes to the same bits."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import asdict

import torch
from torch import Tensor, nn

from unrolled.errors import RunError, TrainingError
from unrolled.training.adamw import AdamW
from unrolled.training.checkpoint import Checkpoint
from unrolled.training.objective import Objective
from unrolled.training.outcome import Epoch, Outcome
from unrolled.training.progress import Display, Silent
from unrolled.training.settings import Training


def train(
    objective: Objective,
    settings: Training,
    *,
    store: Checkpoint | None = None,
    resume: bool = False,
    display: Display | None = None,
) -> Outcome:
    """Train `objective.model` in place and leave the best weights in it.

    `store` gets everything after each epoch; with `resume` training goes on from there and ends
    with the same bits as if it had never stopped (same machine, same number of threads). Ctrl-C
    ends it with the best weights so far.

    Raises TrainingError when a loss is NaN or infinite, with the last good state in `store`.
    """
    loop = _Loop(objective, settings, store, display or Silent())
    if resume and store is not None and store.exists():
        loop.load(store)
    devices = [p.device for p in objective.model.parameters() if p.device.type == "cuda"][:1]
    with torch.random.fork_rng(devices=devices):
        loop.run()
    return loop.outcome


class _Loop:
    """The state of training between two steps."""

    def __init__(
        self, objective: Objective, settings: Training, store: Checkpoint | None, display: Display
    ) -> None:
        self.objective, self.settings, self.store, self.display = (
            objective,
            settings,
            store,
            display,
        )
        self.parameters = [p for p in objective.model.parameters() if p.requires_grad]
        self.optimizer = AdamW(self.parameters, settings.learning_rate, settings.weight_decay)
        self.average = [p.detach().clone() for p in self.parameters]
        self.best = [p.detach().clone() for p in self.parameters]
        self.outcome = Outcome()

    def run(self) -> None:
        outcome, settings = self.outcome, self.settings
        done, measured = len(outcome.history), self.objective.validated_on
        with self.display.training(settings.epochs, len(self.objective), done, measured):
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
        self.objective.model.train()
        total = 0.0
        for step, loss in enumerate(self.objective.losses(epoch)):
            total += self._step(epoch, step, loss)
            self.display.step(total / (step + 1))
        validation = self._validate(epoch)
        outcome = self.outcome
        if validation < outcome.best_loss:  # before the history grows: Ctrl-C may come any time
            self.best = [p.clone() for p in self._kept()]
            outcome.best_loss, outcome.best_epoch = validation, epoch
        mean, rate = total / max(len(self.objective), 1), self.optimizer.learning_rate
        seconds = round(time.perf_counter() - began, 3)
        outcome.history.append(Epoch(epoch, mean, validation, rate, seconds))
        self.display.epoch(outcome.history[-1], outcome.best_epoch)
        if self.store is not None:
            self.save(self.store)

    def _step(self, epoch: int, step: int, loss: Tensor) -> float:
        value = loss.item()
        if not math.isfinite(value):
            raise TrainingError(self._diverged(f"the loss became {value}", epoch, step + 1))
        steps = len(self.objective)
        done, planned = (epoch - 1) * steps + step, self.settings.epochs * steps
        self.optimizer.learning_rate = self.settings.rate(done, planned)
        self.optimizer.zero_grad()
        loss.backward()
        if self.settings.clip:
            nn.utils.clip_grad_norm_(self.parameters, self.settings.clip)
        self.optimizer.step()
        if self.settings.average:
            # At most an epoch back, else a small data set is validated by its first weights.
            decay = min(self.settings.average, 1 - 1 / steps)
            torch._foreach_lerp_(self.average, [p.detach() for p in self.parameters], 1 - decay)
        return value

    def _validate(self, epoch: int) -> float:
        """Validate the weights that would be kept, then go on with those that are trained."""
        trained = [p.detach().clone() for p in self.parameters]
        self._set(self._kept())
        self.objective.model.eval()
        with torch.no_grad():
            loss = self.objective.validate()
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
        tensors = self.optimizer.tensors()
        for i, parameter in enumerate(self.parameters):
            tensors |= {f"{i}.weight": parameter, f"{i}.average": self.average[i]}
            tensors[f"{i}.best"] = self.best[i]
        store.save(tensors, asdict(self.outcome))

    def _check(self, tensors: Mapping[str, Tensor], store: Checkpoint) -> None:
        """RunError unless a checkpoint has the parameters that are trained, in their shapes."""
        for i, parameter in enumerate(self.parameters):
            for name in ("weight", "average", "best"):
                found = tensors.get(f"{i}.{name}")
                if found is None or found.shape != parameter.shape:
                    got = "nothing" if found is None else tuple(found.shape)
                    raise RunError(
                        f"{store.path} is of another network: expected {i}.{name} of shape "
                        f"{tuple(parameter.shape)}, got {got}"
                    )

    def load(self, store: Checkpoint) -> None:
        tensors, state = store.load()
        self._check(tensors, store)
        self.optimizer.load(tensors)
        for name, values in (("average", self.average), ("best", self.best)):
            torch._foreach_copy_(values, [tensors[f"{i}.{name}"] for i in range(len(values))])
        self._set([tensors[f"{i}.weight"] for i in range(len(self.parameters))])
        history = [Epoch(**epoch) for epoch in state.pop("history")]
        self.outcome = Outcome(history=history, **(state | {"ended": ""}))
