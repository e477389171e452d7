"""The encoding of a file: by its mark, by its bytes, or guessed by the language it reads as."""

from __future__ import annotations

import codecs
import string
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from unrolled.data.source.languages import LANGUAGES, LATIN, Language, fit_of
from unrolled.data.source.opening import BLOCK, HEAD, head, opened, shown
from unrolled.errors import DataError, SettingsError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Python's names for what is no encoding of files.
_NO_TEXTS = {
    *("idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "mbcs", "oem"),
}
# By which people know them; the others go by Python's names.
_NAMES = {"utf-8-sig": "utf-8", "cp932": "shift_jis", "euc_jp": "euc-jp", "iso8859_2": "iso-8859-2"}
_PRINTED = frozenset(string.printable)
_LIKELY = 0.6  # of how well a text must read as a language
_CLOSE = 0.03  # two that differ by less read as well
_COHERENT = 0.3  # of charset-normalizer, from where on it says something
_SAMPLE = 1 << 14  # bytes of lines that are not ASCII, by which a language is told


class Encoding(NamedTuple):
    """The encoding of a file, and what makes it a guess: "it reads as Korean"; "" where it is none.

    Its name is one that Python knows.
    """

    name: str
    guess: str = ""

    def note(self, path: Path) -> str:
        """The guess as a sentence."""
        return (
            f"{shown(path)} is not UTF-8; it is read as {_NAMES.get(self.name, self.name)}, "
            f"since {self.guess}: encoding= says another"
        )


def check_encoding(name: str) -> str:
    """The name of an encoding of texts; SettingsError for any other."""
    try:
        found = codecs.lookup(name)
        data = codecs.encode("a1", name)
        right = isinstance(data, bytes) and codecs.decode(data, name) == "a1"
    except (LookupError, ValueError, TypeError):
        right = False
    if not right or found.name in _NO_TEXTS:
        raise SettingsError(
            f"encoding: expected one of texts, such as utf-8, cp949 or cp1252, got {name!r}"
        )
    return name


def find_encoding(path: Path) -> Encoding:
    """The encoding of a file: its mark, UTF-16 by its zeros, UTF-8, else guessed by the language.

    Raises DataError that names the first byte which is not UTF-8 where no language fits.
    """
    start = head(path)
    if found := by_mark(start):
        return Encoding(found)
    try:
        for _ in decode(path, "utf-8"):
            pass
    except DataError as refused:
        return _by_language(path, refused)
    return Encoding("utf-8")


def by_mark(start: bytes) -> str | None:
    """The encoding that a mark, or zeros on every second place, say of a file's first bytes."""
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) > max(len(start) / 20, 2) and min(even, odd) == 0:
        name = "utf-16-le" if odd else "utf-16-be"
        text = codecs.getincrementaldecoder(name)("replace").decode(start)
        usual = sum(
            letter in _PRINTED or (letter.isalpha() and not _is_han(letter)) for letter in text
        )
        return name if usual > 0.9 * len(text) else None
    return None


def _is_han(letter: str) -> bool:
    """Whether a symbol is Chinese: two letters of ASCII read as one are, mostly."""
    return "\u3400" <= letter <= "\u9fff"


def decode(path: Path, encoding: str) -> Iterator[str]:
    """The text of a file, block by block.

    DataError names the offset and the line of a byte that is not of this encoding, and of a zero
    byte, which no text has.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    zeros = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
    offset, line, block = 0, 1, b"start"
    with opened(path) as file:
        while block:
            block = file.read(BLOCK)
            if not zeros and b"\0" in block:
                place = offset + block.index(b"\0")
                raise DataError(
                    f"read {shown(path)}: this is binary data: a zero byte at offset {place}"
                )
            kept = len(decoder.getstate()[0])
            try:
                yield decoder.decode(block, final=not block)
            except UnicodeError as error:
                at = getattr(error, "start", 0)
                line += block.count(b"\n", 0, max(at - kept, 0))
                name = _NAMES.get(encoding, encoding).replace("utf-8", "UTF-8")
                byte = error.object[at] if isinstance(error, UnicodeDecodeError) else 0
                raise DataError(
                    f"read {shown(path)}: expected {name}, got byte 0x{byte:02x} at offset "
                    f"{offset - kept + at}, line {line}; encoding= names another, "
                    "such as cp949 or cp1252"
                ) from None
            offset += len(block)
            line += block.count(b"\n")


def head_lines(path: Path) -> list[str] | None:
    """The whole lines among the first 64 KiB of a file; None for what is no text.

    A single line that is longer is cut. Bytes that are not UTF-8 are read as one symbol each.
    """
    start = head(path)
    name = by_mark(start)
    if name is None:
        odd = sum(byte < 32 and byte not in b"\t\r\n\f\x1a\x1b" for byte in start)
        if b"\0" in start or odd > len(start) / 20:
            return None
    try:
        text = codecs.getincrementaldecoder(name or "utf-8")().decode(start)
    except UnicodeError:
        text = start.decode(name or "latin-1", "replace")
    lines = text.removeprefix("\ufeff").splitlines()
    return lines[:-1] if len(start) == HEAD and len(lines) > 1 else lines


def _by_language(path: Path, refused: DataError) -> Encoding:
    """The encoding in which a file reads best as a language that is written in it."""
    from charset_normalizer import from_bytes

    sample = _strange_lines(path)
    letters = sample.decode("utf-8", "replace")
    good = sum(not letter.isascii() for letter in letters) - letters.count("\ufffd")
    if good > letters.count("\ufffd"):  # UTF-8 that is damaged
        raise refused
    fits = {one: _reads_as(sample, one) for one in LANGUAGES}
    best = max(fits, key=lambda one: fits[one])
    if fits[best] >= _LIKELY:
        close = [one for one in LANGUAGES if fits[one] > fits[best] - _CLOSE]
        if len({one.encoding for one in close}) > 1:
            # Of equals, the one whose letters are as frequent as in a language it knows.
            known = from_bytes(sample, cp_isolation=[one.encoding for one in close]).best()
            if known is not None and known.coherence > _COHERENT:
                best = next((one for one in close if one.encoding == known.encoding), best)
        if _decodes(path, best.encoding):
            return Encoding(best.encoding, f"it reads as {best.name}")
    other = from_bytes(sample).best()
    if other is not None and other.coherence > _COHERENT and _decodes(path, other.encoding):
        return Encoding(other.encoding, f"it reads as {other.language}")
    if max(fits[one] for one in LATIN) > 0.4 and _decodes(path, "cp1252"):
        return Encoding("cp1252", "no language fits well and this one is frequent")
    raise refused


def _strange_lines(path: Path) -> bytes:
    """Lines of a file that are not ASCII: those of numbers say nothing about its language."""
    found, size = [], 0
    with opened(path) as file:
        while size < _SAMPLE and (line := file.readline(_SAMPLE)):
            if not line.isascii():
                found.append(line)
                size += len(line)
    return b"".join(found)


def _reads_as(sample: bytes, language: Language) -> float:
    try:
        text = codecs.getincrementaldecoder(language.encoding)().decode(sample)
    except UnicodeError:
        return 0.0
    return fit_of(text, language)


def _decodes(path: Path, encoding: str) -> bool:
    try:
        for _ in decode(path, encoding):
            pass
    except DataError:
        return False
    return True
