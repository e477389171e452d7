"""How a table is written, where that is not left to be found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from unrolled.data.source.encoding import check_encoding
from unrolled.errors import SettingsError

# What pandas takes for missing, and the marks that weather services, FRED and UCI use.
MISSING = (
    *("", "NA", "N/A", "n/a", "NaN", "nan", "-NaN", "-nan", "NaT", "NULL", "null", "None"),
    *("#N/A", "#NA", "#N/A N/A", "<NA>", "-1.#IND", "1.#QNAN", "?", "-", "--", "."),
)
DECIMALS = (".", ",")
THOUSANDS = (".", ",", " ", "'")


@dataclass(frozen=True)
class Format:
    """How a table is written; what is None is found, and said where it is a guess.

    na: what else is missing, numbers or texts, in every column but the time and the series.
    decimal: the sign before the fraction, "." or ","; thousands: the sign between groups of three
        digits: ".", ",", " " (any space) or "'".
    encoding: of a text file; sheet: the name of an Excel sheet, or its number from 1.
    Raises SettingsError for any other sign, and for an encoding that is none of texts.

    >>> Format(na=(-999,)).na
    ('-999',)
    """

    na: Any = ()  # one or several; kept as a tuple of texts
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    sheet: str | None = None

    def __post_init__(self) -> None:
        single = isinstance(self.na, str) or not isinstance(self.na, Iterable)
        marks: Any = (self.na,) if single else self.na
        object.__setattr__(self, "na", tuple(str(mark).strip() for mark in marks))
        object.__setattr__(self, "sheet", None if self.sheet is None else str(self.sheet))
        for name, signs in (("decimal", DECIMALS), ("thousands", THOUSANDS)):
            if (given := getattr(self, name)) not in (None, *signs):
                ways = " ".join(map(repr, signs))
                raise SettingsError(f"{name}: expected one of {ways}, got {given!r}")
        if self.decimal is not None and self.decimal == self.thousands:
            raise SettingsError(f"decimal and thousands: expected two signs, got {self.decimal!r}")
        if self.encoding is not None:
            check_encoding(self.encoding)

    @property
    def na_numbers(self) -> tuple[float, ...]:
        """Those of `na` that are numbers."""
        return tuple(number for mark in self.na if (number := _number(mark)) is not None)

    @property
    def na_texts(self) -> tuple[str, ...]:
        """Those of `na` that are not."""
        return tuple(mark for mark in self.na if _number(mark) is None)


GUESSED = Format()  # everything is found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
