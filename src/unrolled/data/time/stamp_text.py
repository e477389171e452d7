"""Read time stamps that are written as text: one template for the whole column."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unrolled.data.arrow import Ints
from unrolled.data.time.clock import Stamps
from unrolled.data.time.distinct import Distinct, shorten
from unrolled.data.time.fields import instants, with_centuries
from unrolled.data.time.months import MONTHS, month_number
from unrolled.data.time.regular import fill
from unrolled.data.time.shapes import LONGEST, templates
from unrolled.data.time.template import codes, pattern, pieces
from unrolled.data.time.zones import offsets
from unrolled.errors import DataError

ADVICE = "date_format= says how, as %d.%m.%y"
_ORDERS = {"d": "day", "m": "month", "y": "year"}
_BARE = re.compile(
    r"\d+[./]\d+|\d{4}|\d{6,7}"
)  # numbers that only a column named for it makes a date


def looks_like_time(texts: list[str], named: bool = False) -> bool:
    """Whether most of these texts are times in one shape.

    named: whether the column is named as a time; only then 2010.05 and 201005 are months.
    """
    shapes: dict[str, int] = {}
    for text in texts:
        plain = not named and _BARE.fullmatch(text.strip())
        for shape in () if plain else templates(text):
            shapes[shape] = shapes.get(shape, 0) + 1
    return bool(texts) and max(shapes.values(), default=0) > len(texts) / 2


@dataclass(frozen=True)
class _Reading:
    """Distinct texts (n,) read by one template.

    other: which do not match it; unreal: which are no real date; values: microseconds.
    """

    template: str
    groups: dict[str, pa.Array]
    fields: dict[str, Ints]
    other: NDArray[np.bool_]
    unreal: NDArray[np.bool_]
    values: Ints

    @property
    def fits(self) -> bool:
        return not (self.other | self.unreal).any()


def read_text(
    column: pa.ChunkedArray, name: str, asked: str | None = None, clock: Ints | None = None
) -> Stamps:
    """Read times written as text; one template for the whole column, the one that is asked for.

    Else one that reads every row; of several the one that makes the rows regular, if only one does.
    clock: the time of day of each row (N,) in other columns.
    """
    text = Distinct(column, name)
    text.refuse(text.lengths > LONGEST, "is not a time")
    notes: list[str] = []
    reading = _read(text, asked) if asked else _choose(text, clock, notes)
    first = asked or f"{text.row(~reading.other)[1]} in data row {text.row(~reading.other)[0]}"
    text.refuse(reading.other, f"is not a time like {first}; {ADVICE}")
    text.refuse(reading.unreal, f"is not a real date and time when read as {reading.template}")
    if "y" in reading.fields:
        years = reading.values.view("M8[us]").astype("M8[Y]")
        span = " to ".join(dict.fromkeys((str(years.min()), str(years.max()))))
        notes.append(f"two-digit years are read as {span}")
    values, zone, form = reading.values, None, _styled(text, reading)
    field = reading.groups.get("z", reading.groups.get("Z"))
    if field is not None:
        ahead, zone, written = offsets(field, notes, text)
        values = values - ahead
        form = re.sub(r"( ?)%[zZ]", rf"\g<1>{written}" if written else "", form)
    kept = reading.template if asked or _has_rivals(text, reading.template) else ""
    return Stamps(values[text.rows], (form,), zone, False, tuple(notes), kept)


def _has_rivals(text: Distinct, template: str) -> bool:
    """Whether fewer rows may be read in another way."""
    ways = templates(text.longest)
    return template != ways[0] or sum(codes(way) == codes(template) for way in ways) > 1


def _choose(text: Distinct, clock: Ints | None, notes: list[str]) -> _Reading:
    """The template of the column; DataError where none can be told."""
    samples = (text.longest, text.first)
    found = dict.fromkeys(template for sample in samples for template in templates(sample))
    if not found:
        text.refuse(
            text.rows[0] == np.arange(len(text.texts)),
            f"is not a time that can be read; write it like 2013-01-31 10:00:00, or {ADVICE}",
        )
    readings = [_read(text, template) for template in found]
    fitting = [reading for reading in readings if reading.fits]
    # 2013-05 is a month, unless a number above 12 in some row makes all of them weeks.
    fitting = [reading for reading in fitting if "V" not in reading.fields] or fitting
    if not fitting:
        return min(readings, key=lambda reading: (reading.other | reading.unreal).sum())
    if len(fitting) > 1:
        return _settle(text, fitting, clock, notes)
    for other in readings:
        if other.unreal.any() and not other.other.any() and {*other.fields} == {*fitting[0].fields}:
            row, value = text.row(other.unreal)
            first = _ORDERS.get(_first(fitting[0].template), "year")
            notes.append(f"the dates have the {first} first: data row {row} says {value}")
            break
    return _regular_only(text, fitting[0])


def _settle(
    text: Distinct, readings: list[_Reading], clock: Ints | None, notes: list[str]
) -> _Reading:
    """Of several readings the one that makes the rows regular, else with dots the day first."""

    def filled(reading: _Reading) -> float:
        return fill(reading.values if clock is None else reading.values[text.rows] + clock)

    order = sorted(readings, key=filled, reverse=True)
    best, second = map(filled, order[:2])
    value = shorten(text.first)
    first = _ORDERS.get(_first(order[0].template), "year")
    if best > 0 and best >= 2 * second:
        notes.append(
            f"the dates have the {first} first ({value} is read as {order[0].template}): only so "
            "the rows are regular"
        )
        return order[0]
    days_first = [reading for reading in readings if _first(reading.template) == "d"]
    if days_first and "." in text.first.split(" ")[0]:
        notes.append("no row tells the day from the month: with dots the day is taken to be first")
        return days_first[0]
    ways = ", ".join(reading.template for reading in readings)
    raise DataError(
        f"time: column {text.name!r}: no row tells the day from the month in {value}; write the "
        f"dates like 2013-01-31, or date_format= says which it is: {ways}"
    )


def _regular_only(text: Distinct, reading: _Reading) -> _Reading:
    """DataError for a name of a month and two digits that may be a day: Jan-05 has no year then."""
    if (
        set(reading.fields) == {"y", "m", "Y"}
        and "b" in reading.groups
        and fill(reading.values) <= 0.5
    ):
        value = shorten(text.first)
        raise DataError(
            f"time: column {text.name!r}: {value} may have no year: read as {reading.template} the "
            f"rows are not regular; write the dates like 2013-01-31, or {ADVICE}"
        )
    return reading


def _first(template: str) -> str:
    return next(piece.code for piece in pieces(template) if piece.code in tuple("dmyYboGqV"))


def _read(text: Distinct, template: str) -> _Reading:
    found = pc.extract_regex(text.texts, pattern(template))
    other = np.asarray(found.is_null())
    groups = {field.name: pc.fill_null(found.field(field.name), "") for field in found.type}
    fields = _numbers(groups, other)
    if "y" in fields:
        fields["Y"] = with_centuries(fields["y"], ~other)
    unreal, values = instants(fields)
    return _Reading(template, groups, fields, other, unreal & ~other, values)


def _numbers(groups: dict[str, pa.Array], other: NDArray[np.bool_]) -> dict[str, Ints]:
    """The fields as integers by code; names of months and AM, PM as what they stand for."""
    fields = {}
    for code, group in groups.items():
        if code == "b":
            fields["m"] = _lookup(group, lambda word: month_number(word.rstrip(".")) or 0)
        elif code == "f":
            fields["f"] = _integers(pc.utf8_slice_codeunits(pc.utf8_rpad(group, 6, "0"), 0, 6), 0)
        elif code not in "apzZ":
            digits = pc.utf8_slice_codeunits(group, 0, -2) if code == "o" else group
            code = {"o": "d", "I": "H"}.get(code, code)
            fields[code] = _integers(digits, 0 if code in "HMS" else 1)
    if "p" in groups:
        later = _lookup(groups["p"], lambda word: 12 * (word[:1] in "pP오" and word[:2] != "오전"))
        twelve = _lookup(groups["p"], lambda word: 12 if word else 99)
        fields["H"] = fields["H"] % twelve + np.where(twelve == 12, later, 0)
    return fields


def _integers(digits: pa.Array, empty: int) -> Ints:
    filled = pc.if_else(pc.equal(digits, ""), str(empty), digits)
    return np.asarray(filled.cast(pa.int64()))


def _lookup(words: pa.Array, meaning: Callable[[str], int]) -> Ints:
    coded = words.dictionary_encode()
    numbers = np.array([meaning(word) for word in coded.dictionary.to_pylist()], np.int64)
    return np.asarray(numbers[np.asarray(coded.indices)])


def _styled(text: Distinct, reading: _Reading) -> str:
    """The template with the flags that write the times as they are written."""
    out = ""
    for piece in pieces(reading.template):
        group = reading.groups.get(piece.code)
        out += piece.text.replace("%", "%%") if group is None else _flagged(piece.code, group)
    return out


def _flagged(code: str, group: pa.Array) -> str:
    words = [word for word in pc.unique(group).to_pylist() if word] if code in "bap" else []
    if code in "mdHIMSVj":
        short = pc.less(pc.utf8_length(group), 3 if code == "j" else 2)
        some = pc.and_(short, pc.not_equal(group, ""))
        return f"%-{code}" if pc.any(some).as_py() else f"%{code}"
    if code == "f":
        lengths = pc.unique(pc.utf8_length(group)).to_pylist()
        return f"%{lengths[0]}f" if len(lengths) == 1 and 0 < lengths[0] < 6 else "%f"
    if not words:
        return f"%{code}"
    plain = [word.rstrip(".") for word in words]
    if ord(plain[0][0]) > 127:
        return f"%O{'A' if code == 'a' and len(plain[0]) > 1 else code}"
    long = (code != "p" and any(len(word) > 4 for word in plain)) or _all_long(code, plain)
    case = "^" if plain[0].isupper() and code != "p" else "_" if plain[0].islower() else ""
    dot = "." if all(word.endswith(".") for word in words) and code == "b" else ""
    return f"%{case}{code.upper() if long else code}{dot}"


def _all_long(code: str, words: list[str]) -> bool:
    """Whether names of months are written in full, be they as short as June."""
    low = {word.lower() for word in words}
    return code == "b" and low <= set(MONTHS) and low != {"may"}
