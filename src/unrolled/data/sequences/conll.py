"""CoNLL files: a word and its tag in a line, an empty line between sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np

from unrolled.data.sequences.ragged import Ragged
from unrolled.data.sequences.tsfile import read_lines
from unrolled.errors import DataError

WIDTH = 64  # numbers that stand for a word
LONGEST = 3  # letters of a beginning or an end


def read_conll(path: Path) -> Ragged:
    """Read sentences: the word is the first column, its tag the last; one column alone has no tags.

    Of `.conllu` they are FORM and UPOS, the second and the fourth. Lines of `#` with other columns
    than the rest, `-DOCSTART-` and parts of words (`1-2`, `1.1`) are left out.
    DataError names the line that has another number of columns than the first one.
    """
    word, tag = (1, 3) if path.suffix.lower() == ".conllu" else (0, -1)
    values, labels = [], []
    for sentence in _sentences(path, universal=word == 1):
        values.append(np.stack([word_features(cells[word]) for cells in sentence]))
        labels.append([_tag(cells[tag]) if len(cells) > 1 else None for cells in sentence])
    if not values:
        raise DataError(f"read {path}: expected sentences, got none")
    known = any(one is not None for row in labels for one in row)
    note = (
        f"each step is a word, as {WIDTH} numbers by its letters, its beginning and its end: words "
        "that training never saw are read too"
    )
    names = tuple(f"word {d}" for d in range(WIDTH))
    return Ragged(values, labels if known else None, (), names, str(path), (note,))


def _sentences(path: Path, *, universal: bool) -> Iterator[list[list[str]]]:
    """The cells of each line, sentence by sentence."""
    sentence: list[list[str]] = []
    width = 0
    for i, line in enumerate(read_lines(path), 1):
        cells = line.rstrip().split("\t") if "\t" in line else line.split()
        if not cells or cells[0] == "-DOCSTART-":
            if sentence:
                yield sentence
            sentence = []
            continue
        if universal and (line.startswith("#") or not cells[0].isdigit()):
            continue
        if line.startswith("#") and len(cells) != width and not sentence:
            continue  # a comment before a sentence
        width = width or len(cells)
        if len(cells) != width or (universal and width < 4):
            raise DataError(f"read {path}: line {i} has {len(cells)} columns, expected {width}")
        sentence.append(cells)
    if sentence:
        yield sentence


def _tag(cell: str) -> str | None:
    """The tag of a word; `?` and `_` are none."""
    return None if cell in ("?", "_", "") else cell


def word_features(word: str) -> np.ndarray:
    """A word as (64,) numbers of length 1: its whole, its beginnings and ends, and its shape.

    Each of these stands at a place and with a sign that its hash decides, so that words of the same
    end are alike, and no vocabulary is kept.
    """
    found = np.zeros(WIDTH)
    for part in _parts(word):
        mark = crc32(part.encode("utf-8", "surrogatepass"))
        found[mark % WIDTH] += 1 if mark >> 31 else -1
    length = float(np.linalg.norm(found))
    return found / length if length else found


def _parts(word: str) -> Sequence[str]:
    """What a word is made of."""
    low = word.lower()
    sizes = range(1, min(LONGEST, len(low)) + 1)
    shape = "".join("A" if c.isupper() else "a" if c.isalpha() else "0" if c.isdigit() else c
                    for c in word)  # fmt: skip
    runs = "".join(c for i, c in enumerate(shape) if i == 0 or c != shape[i - 1])
    return [
        f"w {low}",
        f"s {runs}",
        *(f"< {low[:n]}" for n in sizes),
        *(f"> {low[-n:]}" for n in sizes),
    ]
