"""Numbers as people write them: groups of thousands, decimal commas, currencies, percent.

How a column is written is decided by all its values together; where they leave a doubt, what was
taken is said, with the option that decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from unrolled.data.arrow import is_text
from unrolled.data.columns.format import MISSING, Format

PLAIN = r"^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$"
_SPACE = "[ \u00a0\u2007\u2009\u202f]"
_SIGN = "[-+\u2212]?"
_CURRENCY = "(?:[€$£₩￦¥￥₹원円]|EUR|USD|GBP|KRW|JPY|CHF)"
_DRESSED = (
    rf"^(?P<open>\(?)(?P<sign>{_SIGN}){_SPACE}*(?P<before>{_CURRENCY}?){_SPACE}*(?P<inner>{_SIGN})"
    rf"(?P<body>(?:\d|[.,]\d)(?:[\d.,'’]|{_SPACE})*(?:[eE][-+]?\d+)?)"
    rf"{_SPACE}*(?P<behind>(?:%|{_CURRENCY})?)(?P<close>\)?)$"
)


class Writing(NamedTuple):
    """The signs in numbers: before the fraction; between groups of three digits, "" for none."""

    decimal: str
    thousands: str = ""

    @property
    def group(self) -> str:
        """What matches the sign between groups."""
        return {" ": _SPACE, "'": "['’]"}.get(self.thousands, f"[{self.thousands}]")

    @property
    def pattern(self) -> str:
        """What matches every number that is so written."""
        tail = rf"(?:[{self.decimal}]\d*)?(?:[eE][-+]?\d+)?"
        groups = rf"|\d{{1,3}}(?:{self.group}\d{{3}})+{tail}" if self.thousands else ""
        return rf"^(?:\d+{tail}|[{self.decimal}]\d+(?:[eE][-+]?\d+)?{groups})$"


WRITINGS = (
    *(Writing("."), Writing(","), Writing(".", ","), Writing(",", ".")),
    *(Writing(mark, space) for space in (" ", "'") for mark in ".,"),
)


class Numbers(NamedTuple):
    """A column as numbers: its values, what was taken ("" for nothing odd), and how it is written.

    sure: whether the values show their decimal sign for certain; doubt: whether the writing may as
    well be another.
    """

    values: Any
    note: str
    writing: Writing
    sure: bool
    doubt: bool


class _Bare(NamedTuple):
    """Numbers (n,) without what stands about them: text, which are negative, their units."""

    bodies: Any
    negative: Any
    units: tuple[str, ...]
    brackets: bool


def read_numbers(name: str, column: Any, how: Format, context: str = "") -> Numbers | None:
    """A column of text as numbers; None where its values are not all numbers, written alike.

    context: the decimal sign that other columns of the file show for certain, "" for none.
    """
    texts = without(pc.utf8_trim_whitespace(column.cast(pa.string())), (*MISSING, *how.na_texts))
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    known = texts.drop_null()
    bare = _bare(known) if len(known) else None
    if bare is None:
        return None
    writing, doubt = _writing(bare.bodies, how, context)
    if writing is None:
        return None
    said = [text for text in (*_taken_off(bare, known), doubt) if text]
    note = f"column {name!r}: {'; '.join(said)}" if said else ""
    fraction = pc.any(pc.match_substring(bare.bodies, writing.decimal)).as_py()
    values = _values(bare, writing, whole=not fraction)
    filled = pc.replace_with_mask(pa.nulls(len(texts), values.type), pc.is_valid(texts), values)
    return Numbers(filled, note, writing, bool(fraction and not doubt), bool(doubt))


def frame_numbers(name: str, column: Any, how: Format) -> Numbers | None:
    """A column of text in a frame as numbers, where they are more than plain; else None."""
    if not is_text(column.type) or pa.types.is_dictionary(column.type):
        return None
    found = read_numbers(name, column, how)
    if found is None or found.note:
        return found
    known = words_of(column).drop_null()
    plain = PLAIN if found.writing.decimal == "." else r"^[-+]?\d+$"
    return None if _all(known, plain) else found


class Written(NamedTuple):
    """A table with numbers as numbers, what is said of them, and how it is found to be written."""

    table: Any
    notes: list[str]
    how: Format


def written_numbers(
    table: Any,
    names: Sequence[str],
    how: Format,
    decimal: str = ".",
    as_text: Callable[[list[str]], Any] | None = None,
) -> Written:
    """A table of a file with its texts that are numbers as such.

    names: what its columns are called. decimal: the sign by which its numbers were read. as_text:
    reads columns again, by their names in the table, as the text that stands in the file.
    """
    called = dict(zip(table.column_names, (" ".join(name.split()) for name in names), strict=True))
    texts = {n: c for n, c in _by_name(table) if is_text(c.type)}
    again, signs = _fractions(table, how, decimal)
    if again and as_text is not None:
        texts |= dict(_by_name(as_text(again)))

    def read(context: str) -> dict[str, Numbers]:
        found = ((n, read_numbers(called[n], c, how, context)) for n, c in texts.items())
        return {name: numbers for name, numbers in found if numbers is not None}

    found = read(signs.pop() if len(signs) == 1 else "")
    sure = {one.writing.decimal for one in found.values() if one.sure}
    if len(sure) == 1 and any(one.doubt for one in found.values()):
        found = read(sure.pop())
    for name, column in texts.items():
        words = None if name in again else words_of(column)
        values = found[name].values if name in found else words
        if values is not None:
            table = table.set_column(table.column_names.index(name), name, values)
    notes = [one.note for one in found.values() if one.note]
    return Written(table, notes, settled(how, found.values()))


def _by_name(table: Any) -> Iterator[tuple[str, Any]]:
    return zip(table.column_names, table.columns, strict=True)


def words_of(column: Any) -> Any:
    """Text without blanks about it; what stands for missing is missing."""
    return without(pc.utf8_trim_whitespace(column.cast(pa.string())), MISSING)


def _fractions(table: Any, how: Format, decimal: str) -> tuple[list[str], set[str]]:
    """The columns of fractions that may be thousands, and the sign of those that are not."""
    again, signs = [], set()
    for name, column in _by_name(table):
        if not pa.types.is_floating(column.type):
            continue
        values = column.to_numpy()
        broken = np.isfinite(values)
        broken[broken] = values[broken] % 1 > 0
        if may_be_groups(values) or (decimal == how.thousands and broken.any()):
            again.append(name)
        elif broken.any():
            signs.add(decimal)
    return again, signs


def settled(how: Format, found: Iterable[Numbers]) -> Format:
    """The format with what was taken in doubt: another file of the kind is to be read alike."""
    doubtful = {one.writing for one in found if one.doubt}
    if len(doubtful) != 1:
        return how
    writing = doubtful.pop()
    if writing.thousands:
        return replace(how, thousands=writing.thousands)
    return replace(how, decimal=writing.decimal)


def without(texts: Any, words: Sequence[str]) -> Any:
    """Text with some words as missing."""
    if not words:
        return texts
    gone = pc.is_in(texts, pa.array(words, pa.string()))
    return pc.if_else(gone, pa.scalar(None, pa.string()), texts)


def may_be_groups(values: Any) -> bool:
    """Whether numbers (N,) may be thousands that were read as fractions: 998, 1.003, 1.017."""
    known = np.abs(values[np.isfinite(values)])
    fractions = known[known % 1 > 0]
    if not len(fractions) or known.max() >= 1000 or fractions.min() < 1:
        return False
    return bool((np.abs(fractions * 1000 - np.round(fractions * 1000)) < 1e-6).all())


def _bare(known: Any) -> _Bare | None:
    """The bare numbers of texts; None where one is no number, or their units differ."""
    found = pc.extract_regex(known, _DRESSED)
    if found.null_count:
        return None
    part = {name: pc.struct_field(found, name) for name in ("open", "sign", "inner", "close")}
    opens = pc.equal(part["open"], "(")
    if not pc.all(pc.equal(opens, pc.equal(part["close"], ")"))).as_py() or pc.all(opens).as_py():
        return None
    bodies = pc.utf8_rtrim_whitespace(pc.struct_field(found, "body"))
    before, behind = pc.struct_field(found, "before"), pc.struct_field(found, "behind")
    units = pc.binary_join_element_wise(before, behind, "")
    # A zero needs no unit.
    others = units.filter(pc.invert(pc.match_substring_regex(bodies, r"^[0.,]*$")))
    distinct = set(pc.unique(others).to_pylist())
    if len(distinct) > 1:
        return None
    signs = pc.binary_join_element_wise(part["sign"], part["inner"], "")
    minus = pc.match_substring_regex(signs, "[-\u2212]")
    return _Bare(bodies, pc.or_(opens, minus), tuple(distinct - {""}), pc.any(opens).as_py())


def _taken_off(bare: _Bare, known: Any) -> list[str]:
    """What was taken off the numbers, in words."""
    said = []
    if bare.units == ("%",):
        some = known.filter(pc.match_substring(known, "%"))[0].as_py()
        said.append(f"{some!r} is read as a number of percent, without the sign")
    elif bare.units:
        said.append(f"the numbers are read without {bare.units[0]!r}")
    if bare.brackets:
        some = known.filter(pc.starts_with(known, "("))[0].as_py()
        said.append(f"numbers in brackets are negative: {some!r}")
    return said


def _writing(bodies: Any, how: Format, context: str) -> tuple[Writing | None, str]:
    """How bare numbers are written, and what is said where that is not certain."""
    fits = [
        one
        for one in WRITINGS
        if how.decimal in (None, one.decimal)
        and (how.thousands is None or (one.thousands or how.thousands) == how.thousands)
        and one.decimal != how.thousands
        and _all(bodies, one.pattern)
    ]
    for mark, other in ((".", ","), (",", ".")):
        either = {Writing(mark), Writing(other, mark)} <= {*fits}
        if either and pc.any(pc.match_substring(bodies, mark)).as_py():
            return _settle(bodies, mark, other, context)
    return (fits[0], "") if fits else (None, "")


def _all(bodies: Any, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(bodies, pattern), min_count=0).as_py())


def _settle(bodies: Any, mark: str, other: str, context: str) -> tuple[Writing, str]:
    """Whether a sign with three digits behind it, in every number, begins a fraction or thousands.

    Thousands are 998 beside 1.003: who writes fractions to the third digit writes 998.000.
    """
    signed = pc.match_substring(bodies, mark)
    whole = bodies.filter(pc.invert(signed))
    # 0.123 is no thousand, nor is 1.003 beside 1500.
    if not _all(bodies.filter(signed), r"^[1-9]") or not _all(whole, r"^\d{1,3}$"):
        return Writing(mark), ""
    if context:
        return (Writing(mark) if context == mark else Writing(other, mark)), ""
    grouped = len(whole) > 0 or mark == ","
    beside = f" beside whole numbers such as {whole[0].as_py()!r}" if len(whole) else ""
    some = bodies.filter(signed)[0].as_py()
    means = {True: some.replace(mark, ""), False: some.replace(",", ".")}
    option = f"--decimal {mark} (decimal=)" if grouped else f"--thousands {mark} (thousands=)"
    return Writing(other, mark) if grouped else Writing(mark), (
        f"{some!r} is read as {means[grouped]}, since every {mark!r} has three digits behind it"
        f"{beside}; {option} reads {means[not grouped]}"
    )


def _values(bare: _Bare, writing: Writing, *, whole: bool) -> Any:
    """Bare numbers as int64, where all are whole, or float64."""
    texts = bare.bodies
    if writing.thousands:
        texts = pc.replace_substring_regex(texts, writing.group, "")
    if writing.decimal != ".":
        texts = pc.replace_substring(texts, writing.decimal, ".")
    values = texts.cast(pa.float64())
    values = pc.if_else(bare.negative, pc.negate(values), values)
    if whole and pc.max(pc.abs(values)).as_py() < 2**53:
        return values.cast(pa.int64())
    return values
