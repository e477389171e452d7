"""Read a text symbol by symbol: the negative log-likelihood of each, and the state after it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from unrolled.data.text.vocabulary import Vocabulary
from unrolled.tasks.language.inference import LanguageFit, TextState, encoded, read


@dataclass(frozen=True, eq=False)
class SymbolStep:
    """One symbol of a stream: its text, how unexpected it was in nats, and the state after it."""

    text: str
    nats: float
    state: TextState


def stream(
    fit: LanguageFit, symbols: Iterable[str], state: TextState | None = None
) -> Iterator[SymbolStep]:
    """Read symbols as they arrive; each step says how unexpected it was and carries the state."""
    network, vocabulary = fit.network, fit.preprocessor
    alone = ((symbol, encoded(vocabulary, symbol)) for symbol in symbols)
    for symbol, tokens in _pieces(vocabulary, symbols) if isinstance(symbols, str) else alone:
        nats = 0.0
        state = read(network, [], state)
        for token in tokens:
            if token < len(vocabulary):
                nats -= float(state.logs[token]) + vocabulary.log_known
            else:
                nats -= vocabulary.log_unknown[token - len(vocabulary)]
            state = read(network, [token], state)
        yield SymbolStep(symbol, nats, state)


def _pieces(vocabulary: Vocabulary, text: str) -> Iterator[tuple[str, list[int]]]:
    """A text in the pieces in which it is read, with their numbers: characters, or byte pairs."""
    text = unicodedata.normalize("NFC", text)
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
