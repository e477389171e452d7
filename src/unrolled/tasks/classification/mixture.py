"""What a classifier says: recurrent networks and kernel features, mixed and as sure as is right.

Shapes: B sequences, T time steps, C classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor, nn

from unrolled.tasks.classification.kernel_classifier import KernelClassifier
from unrolled.tasks.classification.network import ClassEnsemble, StepState

Half = Literal["both", "recurrent", "kernels"]


class ClassModel(nn.Module):
    """A mixture of probabilities, then a temperature: (B, T, D'), lengths (B,) -> (B, C).

        p = share · p_recurrent + (1 - share) · p_kernels,  then softmax(log p / temperature)

    What is said before a sequence has ended, or of each of its steps, is the recurrent networks'.
    """

    share: Tensor  # ()
    temperature: Tensor  # ()

    def __init__(self, recurrent: ClassEnsemble, kernels: KernelClassifier | None) -> None:
        super().__init__()
        self.recurrent, self.kernels = recurrent, kernels
        self.register_buffer("share", torch.tensor(1.0 if kernels is None else 0.5))
        self.register_buffer("temperature", torch.ones(()))
        self.register_load_state_dict_pre_hook(_from_before)  # type: ignore[no-untyped-call]

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.recurrent.device

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """The log-probabilities of whole sequences: (B, C)."""
        logs = self.recurrent(inputs, lengths)
        if self.kernels is not None:
            logs = mixed(logs, self.kernels(inputs, lengths), self.share)
        return self._tempered(logs)

    def speaking(self, name: Half) -> Callable[[Tensor, Tensor], Tensor]:
        """What runs for one half of the mixture, or for both."""
        halves: dict[str, Any] = {
            "both": self, "recurrent": self.early, "kernels": self.kernels,
        }  # fmt: skip
        found: Callable[[Tensor, Tensor], Tensor] = halves[name]
        return found

    def early(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """The log-probabilities of sequences that go on: (B, C)."""
        return self._tempered(self.recurrent(inputs, lengths))

    def scores(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """The log-probabilities after each time step: (B, T, C)."""
        return self._tempered(self.recurrent.scores(inputs, lengths))

    def step(
        self, inputs: Tensor, states: list[StepState] | None
    ) -> tuple[Tensor, list[StepState]]:
        """One more time step (B, D') -> log-probabilities (B, C) and the state of each network."""
        logs, after = self.recurrent.step(inputs, states)
        return self._tempered(logs), after

    def _tempered(self, logs: Tensor) -> Tensor:
        found: Tensor = (logs / self.temperature).log_softmax(-1)
        return found


def mixed(recurrent: Tensor, kernels: Tensor, share: Tensor) -> Tensor:
    """The logarithm of the mixture of probabilities that are given as logarithms."""
    return torch.logaddexp(recurrent + share.log(), kernels + (1 - share).log())


def _from_before(model: nn.Module, state: dict[str, Tensor], *_: Any) -> None:
    """Read the weights of a run of before, which had the recurrent networks alone."""
    if not any(name.startswith("networks.") for name in state):
        return
    for name in [name for name in state if name.startswith("networks.")]:
        state[f"recurrent.{name}"] = state.pop(name)
    state.setdefault("share", torch.ones(()))
    state.setdefault("temperature", torch.ones(()))
