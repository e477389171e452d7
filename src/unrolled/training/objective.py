"""The protocol of a training objective: a network, batch losses, a validation loss."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from torch import Tensor, nn


class Objective(Protocol):
    """A network, the losses of an epoch, and one number by which its epochs are compared.

    validated_on: what `validate` measures: "validation", or "training set without augmentation"
        where nothing is held out; empty where the epochs are fixed.
    """

    validated_on: str

    @property
    def model(self) -> nn.Module:
        """The network."""
        ...

    def __len__(self) -> int:
        """The number of steps in an epoch."""
        ...

    def begin(self, folder: Path | None) -> None:
        """Prepare what costs time or writes: called once the run folder is claimed."""
        ...

    def losses(self, epoch: int) -> Iterator[Tensor]:
        """One scalar loss for each step; what is random in it depends on the epoch alone."""
        ...

    def validate(self) -> float:
        """The validation loss of the network as it is now: lower is better."""
        ...
