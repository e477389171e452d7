"""Write text with a language model, symbol by symbol, and read along with it."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from unrolled.errors import SettingsError

if TYPE_CHECKING:
    from unrolled.tasks.language.estimator import LanguageModel
    from unrolled.tasks.language.network import State


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


@dataclass(frozen=True, eq=False)
class TextState:
    """All that a language model knows after some text: a value, to go on from as often as wanted.

    layers: the state of each layer; logs: the logarithm of the probability of each symbol to come
    next (V,).
    """

    layers: State
    logs: Tensor


@dataclass(frozen=True, eq=False)
class Step:
    """One symbol of a stream: its text, how unexpected it was in nats, and the state after it."""

    text: str
    nats: float
    state: TextState


def generate(
    model: LanguageModel,
    prompt: str,
    length: int,
    sampling: Sampling,
    state: TextState | None = None,
) -> Iterator[str]:
    """Text of at least `length` characters that follows the prompt, piece by piece as it is made.

    A prompt with symbols that training never saw is read as far as it is known.
    """
    if length < 0:
        raise SettingsError(f"generate: length must be at least 0, got {length}")
    return _written(model, prompt, length, sampling, state)


def _written(
    model: LanguageModel, prompt: str, length: int, sampling: Sampling, state: TextState | None
) -> Iterator[str]:
    generator = torch.Generator()
    if sampling.seed is None:
        generator.seed()
    else:
        generator.manual_seed(sampling.seed)
    vocabulary = model.fitted.vocabulary
    now = read(model, encoded(model, prompt), state)

    def tokens(now: TextState) -> Iterator[int]:
        while True:
            token = sampling.draw(now.logs, generator)
            yield token
            now = read(model, [token], now)

    left = length
    for piece in vocabulary.decode(tokens(now)) if left else ():
        if piece:
            yield piece[:left]
        left -= len(piece)
        if left <= 0:
            return


def stream(
    model: LanguageModel, symbols: Iterable[str], state: TextState | None = None
) -> Iterator[Step]:
    """Read symbols as they arrive; each step says how unexpected it was and carries the state."""
    vocabulary = model.fitted.vocabulary
    alone = ((symbol, encoded(model, symbol)) for symbol in symbols)
    for symbol, tokens in _pieces(model, symbols) if isinstance(symbols, str) else alone:
        nats = 0.0
        state = read(model, [], state)
        for token in tokens:
            if token < len(vocabulary):
                nats -= float(state.logs[token]) + vocabulary.log_known
            else:
                nats -= vocabulary.log_unknown[token - len(vocabulary)]
            state = read(model, [token], state)
        yield Step(symbol, nats, state)


def _pieces(model: LanguageModel, text: str) -> Iterator[tuple[str, list[int]]]:
    """A text in the pieces in which it is read, with their numbers: characters, or byte pairs."""
    vocabulary, text = model.fitted.vocabulary, unicodedata.normalize("NFC", text)
    if vocabulary.level != "bpe":  # an unknown character has no text of its own
        yield from ((letter, vocabulary.encode(letter).tolist()) for letter in text)
        return
    tokens: list[int] = []
    numbers = vocabulary.encode(text).tolist()
    for number, piece in zip(numbers, vocabulary.decode(numbers), strict=True):
        tokens.append(number)
        if piece:  # else the bytes so far are no whole character
            yield piece, tokens
            tokens = []


def encoded(model: LanguageModel, text: str) -> list[int]:
    """The numbers of a text, put in composed form first."""
    numbers: list[int] = model.fitted.vocabulary.encode(unicodedata.normalize("NFC", text)).tolist()
    return numbers


def read(model: LanguageModel, tokens: list[int], state: TextState | None) -> TextState:
    """The state after some more numbers; from None, the state before any text."""
    network = model.network
    if state is None:
        tokens = [network.vocabulary, *tokens]
    elif not tokens:
        return state
    network.eval()
    with torch.no_grad():
        symbols = torch.tensor(tokens, device=network.device).unsqueeze(1)
        features, layers = network(symbols, None if state is None else state.layers)
        return TextState(layers, network.log_probabilities(features[-1])[0].cpu())
