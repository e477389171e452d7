"""The distinct texts of a column: each is parsed once, and found again in its rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unrolled.data.arrow import encode, first_row
from unrolled.errors import DataError


def shorten(text: str, most: int = 40) -> str:
    """A text as it is quoted in a message."""
    return repr(text if len(text) <= most else text[:most] + "…")


class Distinct:
    """Distinct texts (n,) of a time column, and which row holds which (N,)."""

    def __init__(self, column: pa.ChunkedArray, name: str) -> None:
        # Series share their times: parse each distinct text once.
        joined = encode(column)
        self.name = name
        self.rows = np.asarray(joined.indices)
        self.texts: pa.Array = pc.utf8_trim_whitespace(joined.dictionary)
        self.lengths = np.asarray(pc.utf8_length(self.texts))

    @property
    def first(self) -> str:
        """The text of data row 1."""
        return str(self.texts[int(self.rows[0])])

    @property
    def longest(self) -> str:
        """The longest text, which lacks nothing."""
        return str(self.texts[int(np.argmax(self.lengths))])

    def row(self, these: NDArray[np.bool_]) -> tuple[int, str]:
        """The first row with one of these texts (n,), and the text as it is quoted."""
        row = first_row(these[self.rows])
        return row, shorten(str(self.texts[int(self.rows[row - 1])]))

    def refuse(self, bad: NDArray[np.bool_], why: str) -> None:
        """DataError for the first row whose text is bad (n,), if one is."""
        if bad.any():
            row, text = self.row(bad)
            raise DataError(f"time: column {self.name!r}, data row {row}: {text} {why}")
