"""Progress of training: a bar on stderr, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from unrolled.training.outcome import Epoch


class Display(Protocol):
    """Somebody who is told how training goes."""

    def say(self, text: str) -> None:
        """One line of text."""
        ...

    def training(
        self, epochs: int, steps: int, done: int, validated_on: str
    ) -> AbstractContextManager[None]:
        """Around all epochs, `done` of them trained earlier; `validated_on`: see `Objective`."""
        ...

    def step(self, loss: float) -> None:
        """After each step, with the mean loss of this epoch so far."""
        ...

    def epoch(self, record: Epoch, best: int) -> None:
        """After each epoch, with the number of the best one so far."""
        ...


class Silent:
    """Shows nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def training(
        self, epochs: int, steps: int, done: int, validated_on: str
    ) -> AbstractContextManager[None]:
        """Nothing."""
        return nullcontext()

    def step(self, loss: float) -> None:
        """Nothing."""

    def epoch(self, record: Epoch, best: int) -> None:
        """Nothing."""


class ProgressBar:
    """A progress bar on stderr with the loss and the time left, and a line for each epoch.

    Where stderr is no terminal there is no bar, only the lines.
    """

    def __init__(self) -> None:
        from rich.console import Console

        self._console: Console = Console(stderr=True, highlight=False)
        self._progress: Progress | None = None

    def say(self, text: str) -> None:
        """One line on stderr."""
        self._console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def training(self, epochs: int, steps: int, done: int, validated_on: str) -> Iterator[None]:
        """Show the bar."""
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%  loss {task.fields[loss]:.4f} "),
            TimeRemainingColumn(),
            TextColumn("at most"),
        )
        with Progress(
            *columns, console=self._console, transient=True, disable=not self._console.is_terminal
        ) as progress:
            self._progress, self._epochs, self._validated_on = progress, epochs, validated_on
            total = epochs * steps
            self._bar = progress.add_task("", total=total, completed=done * steps, loss=0.0)
            self._name(done + 1)
            yield
        self._progress = None

    def _name(self, epoch: int) -> None:
        if self._progress:
            name = f"epoch {min(epoch, self._epochs)}/{self._epochs}"
            self._progress.update(self._bar, description=name)

    def step(self, loss: float) -> None:
        """Move the bar."""
        if self._progress:
            self._progress.update(self._bar, advance=1, loss=loss)

    def epoch(self, record: Epoch, best: int) -> None:
        """The line of an epoch."""
        star = "  best so far" if best == record.epoch and self._validated_on else ""
        validated = f"{self._validated_on} {record.validation_loss:.4f}   "
        self.say(
            f"epoch {record.epoch:>3}   train {record.train_loss:.4f}   "
            f"{validated if self._validated_on else ''}{record.seconds:.1f} s{star}"
        )
        self._name(record.epoch + 1)
