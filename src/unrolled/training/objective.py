"""What is trained: the protocol that a task fulfils."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from torch import Tensor, nn


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
