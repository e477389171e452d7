"""Corpus: a text as numbers, split into a training, a validation and a test part."""

from __future__ import annotations

import hashlib
import math
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from unrolled.data.source.opening import settled, shown
from unrolled.data.text.files import Pieces, Texts, composed, find_files
from unrolled.data.text.vocabulary import BPE_SIZE, Vocabulary, fit_vocabulary, utf
from unrolled.errors import DataError, SettingsError

PartName = Literal["train", "validation", "test"]
PARTS: tuple[PartName, ...] = ("train", "validation", "test")
BLOCK = 1 << 20  # numbers looked at together
TextSource = str | Path | Sequence[str | Path]


@dataclass(frozen=True, eq=False)
class Corpus:
    """A text as the numbers of its symbols.

    vocabulary: V symbols, learned from the training part alone.
    tokens: (N,) numbers in the smallest type, memory-mapped from a nameless temporary file, so
        that the text may be larger than memory and no file is left behind.
    bounds: where each part begins and ends in `tokens`; characters: how many characters it has.
    findings: the source, its encodings and sizes, for the run folder and the report.
    mark: a fingerprint of the whole text, whatever its symbols and parts.

    >>> corpus = Corpus.of("to be or not to be, that is the question", validation=0.25)
    >>> corpus.part("validation").size, len(corpus.vocabulary)
    (10, 12)
    """

    vocabulary: Vocabulary
    tokens: np.ndarray
    bounds: dict[PartName, tuple[int, int]]
    characters: dict[PartName, int]
    findings: dict[str, Any]
    mark: str

    @classmethod
    def read(
        cls,
        source: TextSource,
        *,
        level: str = "char",
        size: int = BPE_SIZE,
        validation: float | int = 0.1,
        test: float | int = 0.0,
        encoding: str | None = None,
        glob: str | None = None,
        column: str | None = None,
        vocabulary: Vocabulary | None = None,
    ) -> Corpus:
        """Read a file (also .gz or .zip), a folder (its .txt, .text and .md files) or several.

        level: the symbols are "char"acters, "byte"s of UTF-8 or "bpe", byte pairs.
        size: of a bpe vocabulary. vocabulary: take this one, learn none.
        validation, test: the last parts of the text, as shares or counts of its characters.
        encoding: of all files; None: found for each, and said where it is a guess.
        glob: of a folder, the files to read, as "*.py" or "**/*.txt".
        column: of a file of JSON records, the name of what holds their texts.

        Korean and accents are put in composed form (Unicode NFC); line ends stay as they are.
        Raises DataError for a file that is not text, with the offset of the byte, for an empty
        text and for one of a single symbol; SettingsError for an unknown level.
        """
        with ExitStack() as pipes:
            places = [source] if isinstance(source, str | Path) else source
            files = find_files(
                [pipes.enter_context(settled(Path(place))) for place in places], glob
            )
            texts = Texts.find(files, encoding, column)
            one = len(files) == 1
            name = shown(files[0] if one else files[0].parent)
            about = {
                "source": name if one else f"{len(files)} files from {name}",
                "bytes": sum(path.stat().st_size for path in files),
                "encodings": sorted({found.name for found in texts.encodings}),
            }
            corpus = _build(texts, about, (validation, test), vocabulary or (level, size))
            return replace(corpus, findings=corpus.findings | {"notes": texts.notes()})

    @classmethod
    def of(
        cls,
        text: str,
        *,
        level: str = "char",
        size: int = BPE_SIZE,
        validation: float | int = 0.1,
        test: float | int = 0.0,
        vocabulary: Vocabulary | None = None,
    ) -> Corpus:
        """The corpus of a text that is in memory; arguments and errors as for `read`."""
        about = {"source": "text", "bytes": len(utf(text))}
        choice = vocabulary or (level, size)
        return _build(lambda: composed([text]), about, (validation, test), choice)

    def __len__(self) -> int:
        return len(self.tokens)

    def __repr__(self) -> str:
        parts = ", ".join(f"{name} {self.characters[name]:,}" for name in PARTS)
        level, kinds = self.vocabulary.level, len(self.vocabulary)
        return f"Corpus({parts} characters; {kinds} symbols, level {level})"

    def part(self, name: PartName) -> np.ndarray:
        """The numbers of a part (n,)."""
        start, stop = self.bounds[name]
        return self.tokens[start:stop]

    def text(self, tokens: Sequence[int] | np.ndarray) -> str:
        """The text of some numbers."""
        return "".join(self.vocabulary.decode(map(int, tokens)))


def blocks(tokens: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Numbers in pieces that fit into memory, with the place where each begins."""
    for start in range(0, len(tokens), BLOCK):
        yield start, tokens[start : start + BLOCK]


def _build(
    pieces: Pieces,
    about: dict[str, Any],
    shares: tuple[float | int, float | int],
    vocabulary: Vocabulary | tuple[str, int],
) -> Corpus:
    total, mark = _measure(pieces)
    if total == 0:
        raise DataError(f"corpus: {about['source']} is empty: it holds no text")
    test = _count("test", shares[1], total)
    validation = _count("validation", shares[0], total)
    if validation + test >= total:
        raise SettingsError(
            f"corpus: {validation} characters for validation and {test} for test leave none of "
            f"{total} to train on"
        )
    ends = (total - validation - test, total - test, total)
    if isinstance(vocabulary, tuple):
        training = (piece for index, piece in _by_part(pieces, ends) if index == 0)
        vocabulary = fit_vocabulary(vocabulary[0], training, vocabulary[1])
        _check_varied(pieces, about["source"])
    tokens, sizes, unknown = _encode(_by_part(pieces, ends), vocabulary)
    edges = [0, *np.cumsum(sizes).tolist()]
    characters = dict(zip(PARTS, (total - validation - test, validation, test), strict=True))
    findings = {
        **about,
        "level": vocabulary.level,
        "characters": total,
        "vocabulary": len(vocabulary),
        "parts": {
            name: {"characters": characters[name], "symbols": size, "unknown": strange}
            for name, size, strange in zip(PARTS, sizes, unknown, strict=True)
        },
    }
    bounds = {name: (edges[i], edges[i + 1]) for i, name in enumerate(PARTS)}
    return Corpus(vocabulary, tokens, bounds, characters, findings, mark)


def _measure(pieces: Pieces) -> tuple[int, str]:
    """How many characters a text has, and a fingerprint of it."""
    total, mark = 0, hashlib.blake2b(digest_size=16)
    for piece in pieces():
        total += len(piece)
        mark.update(utf(piece))
    return total, mark.hexdigest()


def _count(name: str, share: float | int, total: int) -> int:
    """A share of the characters, rounded up, or a count of them."""
    if isinstance(share, bool) or not (0 <= share < 1 or (isinstance(share, int) and share >= 0)):
        raise SettingsError(
            f"corpus: {name} must be a share in [0, 1) or a count of characters, got {share!r}"
        )
    return share if isinstance(share, int) else math.ceil(round(share * total, 6))


def _check_varied(pieces: Pieces, source: str) -> None:
    first = ""
    for piece in pieces():
        first = first or piece[:1]
        if piece.strip(first):
            return
    raise DataError(f"corpus: {source} has only one symbol, {first!r}: there is nothing to predict")


def _by_part(pieces: Pieces, ends: Sequence[int]) -> Iterator[tuple[int, str]]:
    """The pieces with the index of their part, cut where a part ends."""
    part, place = 0, 0
    for piece in pieces():
        while piece:
            while place >= ends[part]:
                part += 1
            inside = piece[: ends[part] - place]
            yield part, inside
            place += len(inside)
            piece = piece[len(inside) :]


def _encode(
    parts: Iterator[tuple[int, str]], vocabulary: Vocabulary
) -> tuple[np.ndarray, list[int], list[int]]:
    """Numbers in a file without a name, how many each part has, how many of them are unknown."""
    highest = len(vocabulary) + len(vocabulary.log_unknown) - 1
    kind = np.min_scalar_type(highest)
    sizes, unknown = [0] * len(PARTS), [0] * len(PARTS)
    with tempfile.TemporaryFile() as file:
        for part, piece in parts:
            numbers = vocabulary.encode(piece)
            sizes[part] += len(numbers)
            unknown[part] += int((numbers >= len(vocabulary)).sum())
            file.write(numbers.astype(kind).tobytes())
        file.flush()
        tokens = np.memmap(file, kind, "r", shape=(sum(sizes),))
    return tokens, sizes, unknown
