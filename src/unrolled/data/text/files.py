"""Read text files: which files, in which encoding, in composed form (NFC), piece by piece."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from unrolled.errors import DataError, SettingsError

Pieces = Callable[[], Iterator[str]]
"""Gives a text from its beginning, as often as it is called, in pieces that fit into memory."""

BLOCK = 1 << 20  # bytes read at a time
ENDINGS = (".txt", ".text", ".md")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def recognise(path: Path) -> str | None:
    """Why a file is taken for a text, in words; None where its name does not say so.

    >>> recognise(Path("book.txt"))
    'its name ends in .txt'
    """
    ending = path.suffix.lower()
    return f"its name ends in {ending}" if ending in ENDINGS and not path.is_dir() else None


def find_files(source: str | Path | Sequence[str | Path]) -> tuple[Path, ...]:
    """The files of a source: a file, a folder (all .txt, .text and .md in it, by name) or several.

    Raises DataError for a path that does not exist and for a folder without any text.
    """
    places = [source] if isinstance(source, str | Path) else list(source)
    if not places:
        raise DataError("corpus: expected at least one file or folder, got none")
    return tuple(path for place in places for path in _files_in(Path(place)))


def _files_in(place: Path) -> list[Path]:
    try:
        if place.is_file():
            return [place]
        if not place.is_dir():
            raise DataError(f"corpus: there is no file or folder {place}")
        found = sorted(p for p in place.rglob("*") if p.suffix.lower() in ENDINGS and p.is_file())
    except OSError as error:
        raise DataError(f"corpus: cannot read {place}: {error.strerror or error}") from None
    if not found:
        raise DataError(f"corpus: the folder {place} holds no {', '.join(ENDINGS)} file")
    return found


def find_encoding(path: Path) -> str:
    """The encoding of a file: by its byte order mark, else UTF-8, else CP949 if that is Korean.

    Raises DataError with the offset of the first byte that is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise DataError(f"corpus: cannot read {path}: {error.strerror or error}") from None
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    try:
        for _ in decode(path, "utf-8"):
            pass
    except DataError as refused:
        if _reads_as_korean(path):
            return "cp949"
        raise refused from None
    return "utf-8"


def _reads_as_korean(path: Path) -> bool:
    """Whether CP949 takes every byte, and most of what is not ASCII comes out as Hangul."""
    beyond = hangul = 0
    try:
        for text in decode(path, "cp949"):
            beyond += sum(not letter.isascii() for letter in text)
            hangul += sum("가" <= letter <= "힣" for letter in text)
    except DataError:
        return False
    return 2 * hangul > beyond


def decode(path: Path, encoding: str) -> Iterator[str]:
    """The text of a file, block by block; DataError names the offset of a byte that is not text."""
    try:
        b"a".decode(encoding, "replace")  # base64 is an encoding too, but none of texts
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError:
        raise SettingsError(
            f"corpus: expected a text encoding like utf-8 or cp949, got {encoding!r}"
        ) from None
    zeros = encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32"))
    offset, block = 0, b"start"
    try:
        with path.open("rb") as file:
            while block:
                block = file.read(BLOCK)
                if not zeros and b"\0" in block:
                    place = offset + block.index(b"\0")
                    raise DataError(
                        f"corpus: {path} is a binary file: a zero byte at offset {place}"
                    )
                kept = len(decoder.getstate()[0])
                try:
                    yield decoder.decode(block, final=not block)
                except UnicodeDecodeError as error:
                    place = offset - kept + error.start
                    raise DataError(_no_text(path, encoding, place, error)) from None
                offset += len(block)
    except OSError as error:
        raise DataError(f"corpus: cannot read {path}: {error.strerror or error}") from None


def _no_text(path: Path, encoding: str, place: int, error: UnicodeDecodeError) -> str:
    byte = error.object[error.start]
    name = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8"}.get(encoding, encoding)
    return (
        f"corpus: {path} is not {name} text: byte 0x{byte:02x} at offset {place} "
        f"({error.reason}); name its encoding, such as cp949 or cp1252, if it has another"
    )


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
    """Where a text may be cut: before its last space or line end, else its last ASCII symbol.

    No ASCII symbol joins with what stands before it, so both sides can be composed apart.
    """
    cut = max(text.rfind(" ", 1), text.rfind("\n", 1))
    if cut > 0:
        return cut
    plain = (i for i in range(len(text) - 1, max(searched, 1) - 1, -1) if text[i].isascii())
    return next(plain, 0)


def pieces_of(files: Sequence[Path], encodings: Sequence[str]) -> Pieces:
    """The text of several files, one after the other; a file that ends within a line ends it."""

    def read() -> Iterator[str]:
        for i, (path, encoding) in enumerate(zip(files, encodings, strict=True)):
            last = ""
            for piece in composed(decode(path, encoding)):
                last = piece
                yield piece
            if i < len(files) - 1 and last and not last.endswith("\n"):
                yield "\n"

    return read
