"""Read text files: which files, in which encoding, in composed form (NFC), piece by piece."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unrolled.data.source.encoding import Encoding, check_encoding, decode, find_encoding
from unrolled.data.source.kind import NOTHING, TEXT, find_kind, refusal
from unrolled.data.source.opening import shown
from unrolled.data.source.records import records
from unrolled.errors import DataError

Pieces = Callable[[], Iterator[str]]
"""Gives a text from its beginning, as often as it is called, in pieces that fit into memory."""

ENDINGS = (".txt", ".text", ".md")
MOST_UNCUT = 1 << 20  # symbols that are composed at once where no place is good to cut


def recognise(path: Path) -> str | None:
    """Why a file is taken for a text, in words; None where its name does not say so.

    >>> recognise(Path("README.md"))
    'its name ends in .md'
    """
    if path.is_dir():
        return None
    try:
        kind = find_kind(path)
    except DataError:
        return None
    return kind.why if kind.holds == TEXT and kind.why.startswith("its name") else None


def find_files(source: str | Path | Sequence[str | Path], glob: str | None = None) -> list[Path]:
    """The files of a source: a file, a folder (all .txt, .text and .md in it, by name) or several.

    glob: take those of a folder that fit this pattern instead, as "*.py" or "**/part-*".
    Raises DataError for a path that does not exist, a folder without any text, and a file that is
    none, such as a workbook.
    """
    places = [source] if isinstance(source, str | Path) else list(source)
    if not places:
        raise DataError("text: expected at least one file or folder, got none")
    found = [path for place in places for path in _files_in(Path(place), glob)]
    for path in found:
        kind = find_kind(path)
        if kind.holds == NOTHING or kind.name in ("parquet", "arrow", "excel", "npz"):
            way = kind.way or "save its text as a .txt file"
            raise DataError(refusal(path, replace(kind, way=way)))
    return found


def _files_in(place: Path, glob: str | None) -> list[Path]:
    if not place.is_dir():
        return [place]
    try:
        if glob is None:
            found = [p for p in place.rglob("*") if p.suffix.lower() in ENDINGS]
        else:
            found = [*place.glob(glob)]
        found = sorted(path for path in found if path.is_file())
    except (OSError, ValueError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"read {shown(place)}: {reason}") from None
    if not found:
        what = (
            f"file that fits {glob!r}" if glob else f"{', '.join(ENDINGS)} file; glob= names others"
        )
        raise DataError(f"read {shown(place)}: the folder holds no {what}")
    return found


@dataclass
class Texts:
    """The text of several files, one after the other, as `Pieces`.

    column: of files of records, the name of what holds their texts. joined: how many symbols the
    composed form has less than the files, known once they were read.
    """

    files: Sequence[Path]
    encodings: Sequence[Encoding]
    column: str | None = None
    joined: int = 0

    @classmethod
    def find(cls, files: Sequence[Path], encoding: str | None, column: str | None) -> Texts:
        """Files with their encodings: the one that is named, or found for each."""
        if encoding is not None:
            known = Encoding(check_encoding(encoding))
            return cls(files, [known] * len(files), column)
        return cls(files, [find_encoding(path) for path in files], column)

    def __call__(self) -> Iterator[str]:
        """The text, in composed form; a file that ends within a line ends it."""
        self.joined = 0
        for i in range(len(self.files)):
            last = ""
            for piece in composed(self._counted(self._blocks(i))):
                self.joined -= len(piece)
                last = piece
                yield piece
            if i < len(self.files) - 1 and last and not last.endswith("\n"):
                yield "\n"

    def notes(self) -> list[str]:
        """What was guessed and done, one sentence each."""
        pairs = zip(self.files, self.encodings, strict=True)
        notes = [encoding.note(path) for path, encoding in pairs if encoding.guess]
        if self.joined:
            notes.append(
                f"{self.joined:,} symbols were joined with the one before: the text is put in "
                "composed form (NFC)"
            )
        return notes

    def _blocks(self, i: int) -> Iterator[str]:
        path, encoding = self.files[i], self.encodings[i].name
        return decode(path, encoding) if self.column is None else self._column(path, encoding)

    def _column(self, path: Path, encoding: str) -> Iterator[str]:
        """The texts of records, a line end after each."""
        for number, record in enumerate(records(path, encoding), 1):
            text = record.get(self.column or "")
            if text is None:
                some = ", ".join(map(repr, [*record][:8]))
                raise DataError(
                    f"read {shown(path)}: record {number} has no {self.column!r}; it has {some}"
                )
            yield f"{text}\n"

    def _counted(self, blocks: Iterable[str]) -> Iterator[str]:
        for block in blocks:
            self.joined += len(block)
            yield block


def composed(blocks: Iterable[str]) -> Iterator[str]:
    """The same text with every syllable and accent in one symbol (Unicode NFC), cut between words.

    >>> list(composed(["한", "글 a"]))  # six jamo are two syllables
    ['한글', ' a']
    """
    rest = ""
    for block in blocks:
        text = rest + block
        cut = _cut(text, len(rest))
        if cut:
            yield unicodedata.normalize("NFC", text[:cut])
        rest = text[cut:]
    if rest:
        yield unicodedata.normalize("NFC", rest)


def _cut(text: str, searched: int) -> int:
    """Where a text may be cut: before its last space or line end, else its last symbol that can.

    searched: where nothing was found before. What does not join with the symbol before it begins a
    part that is composed apart.
    """
    cut = max(text.rfind(" ", 1), text.rfind("\n", 1))
    if cut > 0:
        return cut
    places = range(len(text) - 1, max(searched, 1) - 1, -1)
    cut = next((i for i in places if not _joins(text[i])), 0)
    return cut or (len(text) if len(text) > MOST_UNCUT else 0)


def _joins(letter: str) -> bool:
    """Whether a symbol may join with the one before it: a mark, or a later part of a syllable."""
    return "\u1160" <= letter <= "\u11ff" or unicodedata.category(letter).startswith("M")
