"""Texts as sequences: each symbol is a time step, with a column for each symbol there is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np

from unrolled.errors import DataError

MOST = 512  # different symbols, a column each
_NUMBER = r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
NUMBERS = re.compile(rf"\s*[\[(]?\s*{_NUMBER}(?:[\s,;]+{_NUMBER})*\s*[\])]?\s*")


def one_hot(texts: Sequence[str], place: str = "sequence {}") -> tuple[list[np.ndarray], list[str]]:
    """B texts as B arrays (T, K), 1 in the column of the symbol, and the K symbols, sorted.

    A letter written in parts (NFD) is one symbol. place: what a text is called, by its number.
    DataError for an empty text, for more than `MOST` symbols, and where the texts are numbers.

    >>> arrays, symbols = one_hot(["ba", "a"])
    >>> symbols, arrays[0].tolist()
    (['a', 'b'], [[0.0, 1.0], [1.0, 0.0]])
    """
    whole = [unicodedata.normalize("NFC", text) for text in texts]
    if "" in whole:
        where = place.format(whole.index(""))
        raise DataError(f"sequences: {where} is an empty text, expected a symbol or more")
    _refuse_numbers(texts)
    symbols = sorted(set().union(*whole))
    if len(symbols) > MOST:
        raise DataError(
            f"sequences: the texts have {len(symbols):,} different symbols, expected at most {MOST}"
            " (a column for each); write them with fewer, as in lower case or in Latin letters"
        )
    codes, unit = {symbol: i for i, symbol in enumerate(symbols)}, np.eye(len(symbols))
    return [unit[[codes[symbol] for symbol in text]] for text in whole], symbols


def _refuse_numbers(texts: Sequence[str]) -> None:
    """DataError where every text is numbers with points or between marks: no symbols are meant."""
    written = all(NUMBERS.fullmatch(text) for text in texts)
    if written and any(re.search(r"[\s,;.\[(]", text) for text in texts):
        raise DataError(
            f"sequences: the texts are written numbers, as {texts[0][:40]!r}; give arrays of "
            "numbers, or a table with a column for each step or a row for each step"
        )


def aligned(values: np.ndarray, symbols: Sequence[str], wanted: Sequence[str]) -> np.ndarray:
    """(N, K) by other symbols: (N, K'), all zeros in a step whose symbol is not among them."""
    places = {symbol: i for i, symbol in enumerate(symbols)}
    found = np.zeros((len(values), len(wanted)))
    for d, symbol in enumerate(wanted):
        if symbol in places:
            found[:, d] = values[:, places[symbol]]
    return found


def seen(values: np.ndarray, symbols: Sequence[str]) -> tuple[str, ...]:
    """The symbols that occur in (N, K)."""
    return tuple(symbols[i] for i in np.flatnonzero(values.any(axis=0)).tolist())


def are_texts(inputs: Any) -> bool:
    """Whether inputs are texts alone, one for each sequence."""
    return len(inputs) > 0 and all(isinstance(x, str) for x in inputs)
