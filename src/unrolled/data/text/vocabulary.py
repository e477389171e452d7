"""Symbols and their numbers: characters, bytes, or byte pairs learned from the text."""

from __future__ import annotations

import codecs
import json
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from unrolled.errors import DataError, RunError, SettingsError

LEVELS = ("char", "byte", "bpe")
BPE_SIZE = 2048
_CODES = sys.maxunicode + 1 - 2048  # all that Unicode can write: no surrogates
_ROW = 256


class Vocabulary(Protocol):
    """V symbols with the numbers 0 to V - 1.

    A symbol that is not in the vocabulary gets a number from V on. `log_known` and `log_unknown`
    make the probabilities of all possible symbols add up to one: one of the vocabulary has
    exp(log_known) times what the network gives it, one with the number V + i has
    exp(log_unknown[i]).
    """

    level: str
    log_known: float
    log_unknown: tuple[float, ...]
    # The bytes of each symbol, where a symbol can be a part of a character; None where it is whole.
    pieces: Sequence[bytes] | None

    def __len__(self) -> int:
        """V."""
        ...

    def encode(self, text: str) -> np.ndarray:
        """Text in composed form (NFC) as numbers (N,)."""
        ...

    def decode(self, tokens: Iterable[int]) -> Iterator[str]:
        """The text of numbers, a piece for each; empty until a character is complete."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        ...


class Characters:
    """The characters of the training text.

    A character that training never saw is written by an escape: with the probability ε that a
    character of the training text was the only one of its kind (Good 1953, at least a half in the
    whole text), it is any of those that were never seen, half of the time one from the 256-wide
    rows of Unicode that training touched.

    >>> letters = Characters("abc", escape=0.01)
    >>> letters.encode("cab!한").tolist()
    [2, 0, 1, 3, 4]
    """

    level = "char"
    pieces: Sequence[bytes] | None = None

    def __init__(self, characters: str, escape: float) -> None:
        self.characters, self.escape = characters, escape
        codes = _codes(characters)
        size = len(codes)
        near = np.zeros(sys.maxunicode + 1, bool)
        for row in np.unique(codes // _ROW):
            near[row * _ROW : (row + 1) * _ROW] = True
        near[0xD800:0xE000] = False
        self._numbers = np.where(near, size, size + 1).astype(np.int32)
        self._numbers[codes] = np.arange(size)
        close = int(near.sum()) - size
        far = _CODES - size - close
        self.log_known = math.log1p(-escape)
        # Where a row is full the far ones take all of the escape.
        share = 0.5 if close else 1.0
        self.log_unknown: tuple[float, ...] = (
            math.log(escape * 0.5 / close) if close else -math.inf,
            math.log(escape * share / far),
        )

    @classmethod
    def fit(cls, pieces: Iterable[str]) -> Characters:
        """The characters of a training text, given in pieces."""
        counts = np.zeros(sys.maxunicode + 1, np.int64)
        for piece in pieces:
            found = np.bincount(_codes(piece))
            counts[: len(found)] += found
        codes = np.flatnonzero(counts).astype(np.uint32)
        once = int((counts == 1).sum())
        return cls(_text(codes), min(0.5, max(once, 0.5) / max(int(counts.sum()), 1)))

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> np.ndarray:
        """A number for each character (N,)."""
        numbers: np.ndarray = self._numbers[_codes(text)]
        return numbers

    def decode(self, tokens: Iterable[int]) -> Iterator[str]:
        """A character for each number; an unknown one is U+FFFD."""
        for token in tokens:
            yield self.characters[token] if token < len(self.characters) else "�"

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {"level": self.level, "characters": self.characters, "escape": self.escape}


class Bytes:
    """The 256 bytes of UTF-8: nothing is unknown, and a Korean syllable is three symbols."""

    level = "byte"
    log_known = 0.0
    log_unknown: tuple[float, ...] = ()
    pieces: Sequence[bytes] | None = tuple(bytes((byte,)) for byte in range(256))

    def __len__(self) -> int:
        return 256

    def encode(self, text: str) -> np.ndarray:
        """A number for each byte (N,)."""
        return np.frombuffer(utf(text), np.uint8).astype(np.int32)

    def decode(self, tokens: Iterable[int]) -> Iterator[str]:
        """The text so far with each byte; bytes that are no text become U+FFFD."""
        return _decoded(bytes((token,)) for token in tokens)

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {"level": self.level}


class BytePairs:
    """Byte pairs merged where they are frequent (Sennrich and others 2016), by `tokenizers`.

    All 256 bytes are among the symbols, so nothing is unknown.
    """

    level = "bpe"
    log_known = 0.0
    log_unknown: tuple[float, ...] = ()

    def __init__(self, tokenizer: str) -> None:
        """`tokenizer`: what `tokenizers` writes as JSON."""
        self.tokenizer = tokenizer
        self._pairs = _tokenizers().Tokenizer.from_str(tokenizer)
        letters = {letter: byte for byte, letter in enumerate(_byte_letters())}
        words = sorted(self._pairs.get_vocab().items(), key=lambda item: item[1])
        self._bytes = [bytes(letters[letter] for letter in word) for word, _ in words]
        self.pieces: Sequence[bytes] | None = self._bytes

    @classmethod
    def fit(cls, pieces: Iterable[str], size: int = BPE_SIZE) -> BytePairs:
        """Learn at most `size` symbols from a training text, given in pieces."""
        if not 256 <= size <= 1 << 20:
            raise SettingsError(
                f"corpus: size of a bpe vocabulary must be at least 256, got {size}"
            )
        tokenizers = _tokenizers()
        pairs = tokenizers.Tokenizer(tokenizers.models.BPE())
        pairs.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
        trainer = tokenizers.trainers.BpeTrainer(
            vocab_size=size, show_progress=False, initial_alphabet=_byte_letters()
        )
        pairs.train_from_iterator(pieces, trainer)
        return cls(pairs.to_str())

    def __len__(self) -> int:
        return len(self._bytes)

    def encode(self, text: str) -> np.ndarray:
        """A number for each byte pair (N,)."""
        utf(text)
        return np.array(self._pairs.encode(text).ids, np.int32)

    def decode(self, tokens: Iterable[int]) -> Iterator[str]:
        """The text so far with each number; bytes that are no text become U+FFFD."""
        return _decoded(self._bytes[token] for token in tokens)

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {"level": self.level, "tokenizer": json.loads(self.tokenizer)}


def fit_vocabulary(level: str, pieces: Iterable[str], size: int = BPE_SIZE) -> Vocabulary:
    """The symbols of a training text at a level; `size` is for "bpe"."""
    if level == "char":
        return Characters.fit(pieces)
    if level == "byte":
        return Bytes()
    if level == "bpe":
        return BytePairs.fit(pieces, size)
    raise SettingsError(f"corpus: level must be one of {', '.join(LEVELS)}, got {level!r}")


def vocabulary_from(state: dict[str, Any]) -> Vocabulary:
    """The vocabulary that `to_dict` wrote; RunError for an unknown level."""
    if state.get("level") == "char":
        return Characters(state["characters"], state["escape"])
    if state.get("level") == "byte":
        return Bytes()
    if state.get("level") == "bpe":
        return BytePairs(json.dumps(state["tokenizer"]))
    raise RunError(f"the vocabulary of this run has an unknown level {state.get('level')!r}")


def _codes(text: str) -> np.ndarray:
    return np.frombuffer(utf(text, "utf-32-le"), np.uint32)


def utf(text: str, encoding: str = "utf-8") -> bytes:
    """A text as bytes; DataError for half a surrogate pair, which no file can hold."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        raise DataError(
            f"text: expected Unicode, got half a surrogate pair at character {error.start}"
        ) from None


def _text(codes: np.ndarray) -> str:
    return codes.astype("<u4").tobytes().decode("utf-32-le")


def _decoded(parts: Iterable[bytes]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    for part in parts:
        yield decoder.decode(part)


def _byte_letters() -> list[str]:
    """The printable letter by which `tokenizers` writes each byte: itself, else from U+0100 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(rest)) for byte in range(256)]


def _tokenizers() -> Any:
    try:
        import tokenizers
    except ImportError:
        raise SettingsError(
            "corpus: level 'bpe' needs the package tokenizers: pip install 'unrolled[bpe]'"
        ) from None
    return tokenizers
