"""Dynamic evaluation: a network that goes on learning from the text it reads.

Each segment is predicted first and learned from afterwards, so that nothing is known before it is
counted. Source: Krause, Kahembwe, Murray and Renals 2018, Dynamic Evaluation of Neural Sequence
Models: a step against the gradient over its root mean square, and a pull back to the weights that
training found. Not as there: the mean square is of the text that is read, not of the training text,
which a run folder does not hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor

from unrolled.data.text.vocabulary import Vocabulary
from unrolled.tasks.language.ensemble import AnyNetwork
from unrolled.tasks.language.network import State, each_state
from unrolled.tasks.language.score import nats_of

SEGMENT = 20  # symbols that are read before each step
RATE = 5e-4
PULL = 1e-3  # the share of the way back to the trained weights, each step
SMOOTHING = 0.99  # of the mean square of gradients


def adapted(network: AnyNetwork, vocabulary: Vocabulary, tokens: Sequence[int]) -> AnyNetwork:
    """A copy of a network that has learned from a text as it read it."""
    found = Adapting(network, vocabulary)
    found.read(np.asarray(tokens))
    return found.network


class Adapting:
    """A copy of a network that learns from each segment after it was predicted.

    The network it is made of stays as it is. `network` is the copy, `state` where it stands.
    """

    def __init__(self, network: AnyNetwork, vocabulary: Vocabulary) -> None:
        self.network, self._vocabulary = deepcopy(network).eval(), vocabulary
        self._weights: list[Tensor] = [
            weight for weight in self.network.parameters() if weight.requires_grad
        ]
        self._trained = [weight.detach().clone() for weight in self._weights]
        self._squares = [torch.zeros_like(weight) for weight in self._weights]
        self._steps = 0
        self.state: State | None = None
        self._last = network.vocabulary  # nothing stands before a text

    def read(self, tokens: np.ndarray) -> np.ndarray:
        """-ln p of each symbol (N,), each given all before it, learned from as it goes."""
        parts = [tokens[i : i + SEGMENT] for i in range(0, len(tokens), SEGMENT)]
        return np.concatenate([self._segment(part) for part in parts] or [np.empty(0)])

    @torch.enable_grad()
    def _segment(self, tokens: np.ndarray) -> np.ndarray:
        given = np.concatenate([[self._last], tokens[:-1]]).astype(np.int64)
        symbols = torch.from_numpy(given)[:, None].to(self.network.device)
        features, state = self.network(symbols, self.state)
        rows = features[:, 0]
        with torch.no_grad():
            found = nats_of(self.network, rows, tokens.astype(np.int64), self._vocabulary)
        self.state, self._last = each_state(Tensor.detach, state), int(tokens[-1])
        known = torch.from_numpy(tokens.astype(np.int64)).to(self.network.device)
        inside = known < self.network.vocabulary
        if inside.any():
            self._learn(self.network.loss(rows[inside], known[inside]))
        return found

    def _learn(self, loss: Tensor) -> None:
        gradients = torch.autograd.grad(loss, self._weights)
        self._steps += 1
        unbiased = 1 - SMOOTHING**self._steps
        with torch.no_grad():
            torch._foreach_mul_(self._squares, SMOOTHING)
            torch._foreach_addcmul_(self._squares, gradients, gradients, 1 - SMOOTHING)
            size = torch._foreach_div(self._squares, unbiased)
            torch._foreach_sqrt_(size)
            torch._foreach_add_(size, 1e-8)
            torch._foreach_addcdiv_(self._weights, gradients, size, -RATE)
            torch._foreach_lerp_(self._weights, self._trained, PULL)
