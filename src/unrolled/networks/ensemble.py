"""Several networks of the same kind, trained side by side, whose probabilities are averaged."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Generic, TypeVar, cast

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


class Ensemble(nn.Module, Generic[Network]):
    """Several networks that are trained side by side, and whose probabilities are averaged."""

    def __init__(self, networks: Iterable[Network]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def members(self) -> list[Network]:
        """The networks."""
        return cast("list[Network]", list(self.networks))

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device


def averaged(logs: list[Tensor]) -> Tensor:
    """The logarithm of the mean of probabilities that are given as logarithms."""
    return torch.stack(logs).logsumexp(0) - math.log(len(logs))
