"""Write text with a language model, symbol by symbol."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import torch
from torch import Tensor

from unrolled.data.text.utf8 import Followers, begun
from unrolled.data.text.vocabulary import Vocabulary
from unrolled.errors import SettingsError
from unrolled.tasks.language.ensemble import AnyNetwork
from unrolled.tasks.language.inference import TextState, encoded, read


@dataclass(frozen=True)
class Sampling:
    """How the next symbol is drawn.

    temperature: below 1 the likely becomes likelier; 0 takes the likeliest always.
    top_k: draw among the k likeliest; 0 among all.
    top_p: draw among the likeliest that together have this probability (Holtzman et al. 2020).
    seed: the same seed writes the same text; None another one each time.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < math.inf:
            raise SettingsError(f"generate: temperature must be at least 0, got {self.temperature}")
        if self.top_k < 0:
            raise SettingsError(f"generate: top_k must be at least 0, got {self.top_k}")
        if not 0 < self.top_p <= 1:
            raise SettingsError(f"generate: top_p must be in (0, 1], got {self.top_p}")
        if self.seed is not None and not 0 <= self.seed < 2**63:
            raise SettingsError(f"generate: seed must be in [0, 2**63), got {self.seed}")

    def draw(self, logs: Tensor, generator: torch.Generator) -> int:
        """The number of a symbol, by the logarithms of the probabilities (V,)."""
        if self.temperature == 0:
            return int(logs.argmax())
        # In double precision and from the largest, so that no temperature is too small.
        logs, order = logs.double().sort(descending=True, stable=True)
        chances = ((logs - logs[0]) / self.temperature).softmax(-1)
        if self.top_k:
            chances[self.top_k :] = 0
        # The symbol that passes top_p still belongs to those that are drawn from.
        chances[chances.cumsum(0) - chances >= self.top_p * chances.sum()] = 0
        return int(order[torch.multinomial(chances, 1, generator=generator)])


def generate(
    network: AnyNetwork,
    vocabulary: Vocabulary,
    prompt: str | Sequence[int],
    length: int,
    sampling: Sampling,
    state: TextState | None = None,
) -> Iterator[str]:
    """Text of at least `length` characters that follows the prompt, piece by piece as it is made.

    prompt: a text, or the numbers of its symbols; one that training never saw is read as nothing.
    """
    if length < 0:
        raise SettingsError(f"generate: length must be at least 0, got {length}")
    tokens = encoded(vocabulary, prompt) if isinstance(prompt, str) else list(prompt)
    return _written(network, vocabulary, tokens, length, sampling, state)


def _written(
    network: AnyNetwork,
    vocabulary: Vocabulary,
    prompt: list[int],
    length: int,
    sampling: Sampling,
    state: TextState | None,
) -> Iterator[str]:
    generator = torch.Generator()
    if sampling.seed is None:
        generator.seed()
    else:
        generator.manual_seed(sampling.seed)
    now = read(network, prompt, state)

    def tokens(now: TextState) -> Iterator[int]:
        whole = _Whole(vocabulary, prompt)
        while True:
            token = sampling.draw(whole.possible(now.logs), generator)
            yield token
            whole.add(token)
            now = read(network, [token], now)

    left = length
    # The prompt is decoded too: a character that it began is whole with the first symbols.
    pieces = islice(vocabulary.decode(chain(prompt, tokens(now))), len(prompt), None)
    for piece in pieces if left else ():
        if piece:
            yield piece[:left]
        left -= len(piece)
        if left <= 0:
            return


class _Whole:
    """Keeps a text whole: of symbols that are parts of characters, those that cannot follow."""

    def __init__(self, vocabulary: Vocabulary, prompt: list[int]) -> None:
        self._pieces = vocabulary.pieces
        self._followers = None if self._pieces is None else Followers(self._pieces)
        self._begun = b"" if self._pieces is None else begun(self._pieces[t] for t in prompt)

    def possible(self, logs: Tensor) -> Tensor:
        """The logarithms of the probabilities (V,), those of the impossible symbols taken out."""
        if self._followers is None:
            return logs
        return logs.where(torch.from_numpy(self._followers.mask(self._begun)), -math.inf)

    def add(self, token: int) -> None:
        """One more symbol is written."""
        if self._pieces is not None:
            self._begun = begun((self._begun, self._pieces[token]))
