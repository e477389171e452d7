"""Read time stamps that are written as text, in several common formats."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unrolled.data.arrow import Ints, encode, first_row
from unrolled.data.time.clock import LOWEST, Stamps, combine
from unrolled.data.time.units import MICROSECONDS
from unrolled.errors import DataError

_CLOCK = (
    r"(?:(?:[T ]|\s+)\s*(?P<H>\d{1,2})(?::?(?P<M>\d{2})(?::?(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?)?"
    r"(?:\s*(?P<p>[AaPp][Mm]))?(?:\s*(?P<z>Z|UTC|[+-]\d{2}(?::?\d{2})?))?)?"
)
# Year first, quarters, digits alone, and the shapes with the year last. RE2 takes each group once.
_SHAPES = (
    r"(?P<y>\d{4})(?:[-/]|\. ?|년 ?)(?P<m>\d{1,2})(?:(?:[-/]|\. ?|월 ?)(?P<d>\d{1,2})[.일]?|월)?"
    + _CLOCK,
    r"(?P<y>\d{4})[- ]?Q(?P<q>[1-4])",
    r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})"
    r"(?:[T_ ]?(?P<H>\d{2})(?::?(?P<M>\d{2})(?::?(?P<S>\d{2}))?)?)?",
    r"(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<y>\d{4})" + _CLOCK,
)
_CODES = {"y": "%Y", "m": "%m", "d": "%d", "M": "%M", "S": "%S", "p": "%p", "q": "%q", "f": "%f"}


def looks_like_time(texts: list[str]) -> bool:
    """Whether most of these texts are times in one of the formats that are read."""
    found = [sum(bool(re.fullmatch(shape, text.strip())) for text in texts) for shape in _SHAPES]
    return bool(texts) and max(found) > len(texts) / 2


class _Text:
    """Distinct texts of a time column, and which row holds which."""

    def __init__(self, column: pa.ChunkedArray, name: str) -> None:
        # Series share their times: parse each distinct text once.
        joined = encode(column)
        self.name = name
        self.rows = np.asarray(joined.indices)
        self.texts: pa.Array = pc.utf8_trim_whitespace(joined.dictionary)

    def refuse(self, bad: NDArray[np.bool_], why: str) -> None:
        """DataError for the first row whose text is bad, if one is."""
        if bad.any():
            row = first_row(bad[self.rows])
            text = self.texts[int(self.rows[row - 1])].as_py()
            raise DataError(f"time: column {self.name!r}, data row {row}: {text!r} {why}")


def read_text(column: pa.ChunkedArray, name: str) -> Stamps:
    """Read times written as text; one format for the whole column, found from its first row."""
    text = _Text(column, name)
    first = str(text.texts[0])
    shape = next((s for s in _SHAPES if re.fullmatch(s, first)), None)
    if shape is None:
        raise DataError(
            f"time: column {name!r}, data row 1: {first!r} is not a time that can be read; "
            "write it like 2013-01-31 or 2013-01-31 10:00:00"
        )
    fields = pc.extract_regex(text.texts, f"^(?:{shape})$")
    text.refuse(np.asarray(fields.is_null()), f"is not a time like {first!r} in data row 1")
    groups = {field.name: fields.field(field.name) for field in fields.type}
    notes: list[str] = []
    if "a" in groups:
        day_first = _day_first(text, groups, notes)
        groups["d"], groups["m"] = (groups["a"], groups["b"])[:: 1 if day_first else -1]
    values = _assemble(text, groups)
    zone = None
    if "z" in groups:
        offsets, zone = _zone(text, groups["z"], notes)
        values = values - offsets
    written = groups["z"][0].as_py() if "z" in groups and zone != "UTC" else "Z"
    longest = str(text.texts[int(np.argmax(np.asarray(pc.utf8_length(text.texts))))])
    template = _template(shape, longest, "b" if "a" in groups and not day_first else "a", written)
    return Stamps(values[text.rows], (template,), zone, notes=tuple(notes))


def _number(field: pa.Array, empty: int) -> Ints:
    filled = pc.if_else(pc.equal(field, ""), str(empty), field)
    return np.asarray(filled.cast(pa.int64()))


def _assemble(text: _Text, groups: dict[str, pa.Array]) -> Ints:
    """Microseconds since 1970 on the wall from the fields, each checked for its range."""
    nothing = pa.array([""] * len(text.texts))
    parts = [
        _number(groups.get(key, nothing), low) for key, low in zip("ymdHMS", LOWEST, strict=True)
    ]
    if "q" in groups:
        parts[1] = 3 * _number(groups["q"], 1) - 2
    if "p" in groups:
        half = pc.utf8_lower(groups["p"])
        afternoon = np.asarray(pc.equal(half, "pm"))
        parts[3] = np.where(
            np.asarray(pc.equal(half, "")), parts[3], parts[3] % 12 + 12 * afternoon
        )
    bad, values = combine(parts)
    text.refuse(bad, "is not a real date and time")
    if "f" in groups:
        values = values + _number(
            pc.utf8_slice_codeunits(pc.utf8_rpad(groups["f"], 6, "0"), 0, 6), 0
        )
    return values


def _day_first(text: _Text, groups: dict[str, pa.Array], notes: list[str]) -> bool:
    """Whether 01.02.2013 is the first of February: a number above 12 somewhere tells."""
    first, second = _number(groups["a"], 1), _number(groups["b"], 1)
    day_first, month_first = first > 12, second > 12
    if day_first.any():
        text.refuse(month_first, "has the month first, other rows have the day first")
    for found, order in ((day_first, "day"), (month_first, "month")):
        if found.any():
            row = first_row(found[text.rows])
            value = text.texts[int(text.rows[row - 1])].as_py()
            notes.append(f"the dates have the {order} first: data row {row} says {value!r}")
            return order == "day"
    if "." in str(text.texts[0]).split(" ")[0]:
        notes.append("no row tells the day from the month: with dots the day is taken to be first")
        return True
    raise DataError(
        f"time: column {text.name!r}: no row tells the day from the month in "
        f"{str(text.texts[0])!r}; write the dates like 2013-01-31"
    )


def _zone(text: _Text, field: pa.Array, notes: list[str]) -> tuple[Ints, str | None]:
    """Offsets from UTC (n,) in microseconds and the zone they stand for."""
    without = np.asarray(pc.equal(field, ""))
    if without.all():
        return np.zeros(len(field), np.int64), None
    odd = ~without if without[text.rows[0]] else without
    text.refuse(
        odd, f"has {'no' if without[text.rows[0]] is np.False_ else 'a'} zone, unlike data row 1"
    )
    names, codes = np.unique(np.asarray(field, dtype=object).astype(str), return_inverse=True)
    minutes = np.array([_minutes(name) for name in names])[codes]
    offsets = np.unique(minutes)
    if len(offsets) > 2 or np.ptp(offsets) not in (0, 60):
        text.refuse(minutes != minutes[text.rows[0]], "has another zone than data row 1")
    if len(offsets) == 1:
        sign, size = "-" if offsets[0] < 0 else "+", abs(int(offsets[0]))
        zone = f"{sign}{size // 60:02d}:{size % 60:02d}" if size else "UTC"
    else:
        row = first_row((minutes != minutes[text.rows[0]])[text.rows])
        notes.append(
            f"the zone changes by one hour at data row {row}, as for daylight saving: kept as UTC"
        )
        zone = "UTC"
    return minutes * MICROSECONDS["min"], zone


def _minutes(offset: str) -> int:
    if offset in ("Z", "UTC"):
        return 0
    digits = offset[1:].replace(":", "").ljust(4, "0")
    return (-1 if offset[0] == "-" else 1) * (int(digits[:2]) * 60 + int(digits[2:]))


def _template(shape: str, text: str, day: str, zone: str) -> str:
    """The strftime template that writes times as `text` is written."""
    match = re.fullmatch(shape, text)
    assert match is not None
    codes = dict(_CODES, H="%I" if match.groupdict().get("p") else "%H")
    codes |= {"a": "%d", "b": "%m"} if day == "a" else {"a": "%m", "b": "%d"}
    spans = sorted((match.span(key), key) for key, value in match.groupdict().items() if value)
    out, at = "", 0
    for (begin, end), key in spans:
        out += text[at:begin] + codes.get(key, zone)
        at = end
    return out + text[at:]
