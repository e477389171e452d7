"""Negative log-likelihood of a text, symbol by symbol, and as one score."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from unrolled.data.text.vocabulary import Vocabulary
from unrolled.tasks.language.ensemble import AnyNetwork
from unrolled.tasks.language.network import State, each_state, in_chunks, picked


@dataclass(frozen=True)
class Score:
    """How well a text was predicted: smaller is better.

    nats: -ln p of the whole text; symbols and characters: how many it has (the same at the level
    of characters); unknown: how many of its symbols training never saw.

    >>> score = Score(nats=1440.0, symbols=1000, characters=1000)
    >>> print(score)
    1.4400 nats (2.0775 bits) per character, perplexity 4.22 over 1,000 symbols
    """

    nats: float
    symbols: int
    characters: int
    unknown: int = 0

    @property
    def nats_per_character(self) -> float:
        """What levels can be compared by."""
        return self.nats / self.characters

    @property
    def bits_per_character(self) -> float:
        """The same in bits."""
        return self.nats_per_character / math.log(2)

    @property
    def nats_per_symbol(self) -> float:
        """The loss of training; at the levels of bytes and byte pairs not that of characters."""
        return self.nats / self.symbols

    @property
    def perplexity(self) -> float:
        """Of symbols: among how many equally likely ones a guess would be as hard."""
        return math.exp(min(self.nats_per_symbol, 700))

    def __str__(self) -> str:
        unknown = f", {self.unknown:,} of them never seen in training" if self.unknown else ""
        return (
            f"{self.nats_per_character:.4f} nats ({self.bits_per_character:.4f} bits) per "
            f"character, perplexity {self.perplexity:.2f} over {self.symbols:,} symbols{unknown}"
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON, with what follows from the counts."""
        names = ("nats_per_character", "bits_per_character", "nats_per_symbol", "perplexity")
        return {**vars(self), **{name: round(getattr(self, name), 6) for name in names}}


def negative_log_likelihood(
    network: AnyNetwork,
    tokens: np.ndarray,
    vocabulary: Vocabulary,
    *,
    lanes: int = 1,
    burn_in: int = 0,
    chunk: int = 1024,
) -> np.ndarray:
    """-ln p of each symbol given all that stand before it: (N,) numbers to (N,) float64.

    The state is carried over the whole text, so that `chunk`, the symbols read at a time, changes
    nothing. With several `lanes` the text is read in as many places at once, each after `burn_in`
    symbols that are not counted: many times faster, and close.
    """
    length = -(-len(tokens) // lanes)
    starts = np.arange(lanes) * length
    ends = np.minimum(starts + length, len(tokens))
    found = np.empty(len(tokens))
    state: State | None = None
    device = network.device
    firsts = [*range(-burn_in, 0, chunk), *range(0, length, chunk)]
    for first, last in pairwise([*firsts, length]):
        steps = np.arange(first, last)
        places = starts + steps[:, None]  # (T, B)
        inputs = _take(tokens, places - 1, outside=len(vocabulary))
        if first == 0 and state is not None:
            state = each_state(_without_first, state)  # nothing stands before the text
        features, state = network(torch.from_numpy(inputs).to(device), state)
        counted = (places >= starts) & (places < ends)
        targets = tokens[places[counted]].astype(np.int64)
        rows = features[torch.from_numpy(counted).to(device)]
        found[places[counted]] = nats_of(network, rows, targets, vocabulary)
    return found


def _without_first(part: torch.Tensor) -> torch.Tensor:
    return torch.cat([torch.zeros_like(part[:, :1]), part[:, 1:]], 1)


def _take(tokens: np.ndarray, places: np.ndarray, outside: int) -> np.ndarray:
    inside = (places >= 0) & (places < len(tokens))
    return np.where(inside, tokens[places.clip(0, len(tokens) - 1)].astype(np.int64), outside)


def nats_of(
    network: AnyNetwork, rows: torch.Tensor, targets: np.ndarray, vocabulary: Vocabulary
) -> np.ndarray:
    """-ln p of n symbols by the features before each (n, ·); unknown ones cost what they must."""
    known = targets < len(vocabulary)
    places = torch.from_numpy(np.where(known, targets, 0)).to(rows.device)
    pairs = zip(*(in_chunks(part, network.vocabulary) for part in (rows, places)), strict=True)
    logs = [picked(network.log_probabilities(some), at) for some, at in pairs]
    found = -torch.cat(logs).double().cpu().numpy() - vocabulary.log_known
    for i, log in enumerate(vocabulary.log_unknown):
        found[targets == len(vocabulary) + i] = -log
    return found
