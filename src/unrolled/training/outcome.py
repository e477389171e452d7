"""The outcome of training: a record for each epoch, the best of them, and why it ended."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


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
