"""Settings of training: a small frozen value, checked when it is made."""

from __future__ import annotations

import math
from dataclasses import dataclass

from unrolled.errors import SettingsError
from unrolled.layers.engines import EngineName, named


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
