"""Which bytes can follow an unfinished character of UTF-8, so that a text stays one."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence

import numpy as np

_NARROW = (b"\xe0", b"\xed", b"\xf0", b"\xf4")  # after these not every continuation byte may come
_LIKE = {1: b"\xc3", 2: b"\xe1", 3: b"\xf1"}  # any begun character that misses so many bytes


class Followers:
    """The symbols, each of some bytes, that can come next; made once for each kind of beginning.

    >>> Followers([b"a", b"\\x95", b"\\xed\\x95"]).mask(b"\\xed").tolist()
    [False, True, False]
    """

    def __init__(self, symbols: Sequence[bytes]) -> None:
        self._symbols = symbols
        self._masks: dict[bytes, np.ndarray] = {}

    def mask(self, begun: bytes) -> np.ndarray:
        """(V,) bool; begun: the bytes so far of a character that is not whole, or none."""
        if begun not in _NARROW and begun:
            begun = _LIKE[_size(begun[0]) - len(begun)]
        if begun not in self._masks:
            fits = [_is_text(begun + symbol) for symbol in self._symbols]
            self._masks[begun] = np.array(fits, dtype=bool)
        return self._masks[begun]


def begun(pieces: Iterable[bytes]) -> bytes:
    """The bytes of the last character, where it is not whole yet; bytes that are no text count not.

    >>> begun([b"a", "한".encode()[:2]])
    b'\\xed\\x95'
    """
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    for piece in pieces:
        decoder.decode(piece)
    return decoder.getstate()[0]


def _size(first: int) -> int:
    """How many bytes a character has that begins with this one."""
    return 2 if first < 0xE0 else 3 if first < 0xF0 else 4


def _is_text(data: bytes) -> bool:
    """Whether bytes are UTF-8, but for the end of the last character."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True
