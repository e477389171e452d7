"""Templates of times as text, in strftime's codes: the pattern that reads them, and the text back.

Beside strftime's: %q the quarter, %o the day with its ending (1st). A flag after the % says how it
is written, not how it is read: - without leading zeros, ^ in capitals, _ in small letters, O in
Korean, 3 with so many digits.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from unrolled.errors import SettingsError

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
KOREAN_DAYS = "월화수목금토일"
_PATTERNS = {
    "Y": r"\d{4}",
    "G": r"\d{4}",
    "y": r"\d{2}",
    "m": r"\d{1,2}",
    "b": r"[A-Za-z]{3,9}\.?",
    "d": r"\d{1,2}",
    "o": r"\d{1,2}(?:st|nd|rd|th)",
    "j": r"\d{1,3}",
    "q": r"[1-4]",
    "V": r"\d{1,2}",
    "u": r"[1-7]",
    "a": r"[A-Za-z]{3,9}\.?|[월화수목금토일](?:요일)?",
    "H": r"\d{1,2}",
    "I": r"\d{1,2}",
    "M": r"\d{1,2}",
    "S": r"\d{1,2}",
    "f": r"\d{1,9}",
    "p": r"[AaPp]\.?[Mm]\.?|오전|오후",
    "z": r"Z|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?|UTC|GMT",
    "Z": r"[A-Z]{2,5}",
}
WIDTHS = {"Y": 4, "G": 4, "y": 2, "m": 2, "d": 2, "j": 3, "q": 1, "V": 2, "u": 1} | dict.fromkeys(
    "HIMS", 2
)
_LONGER = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y", "e": "%d"}
_SAME = {"B": "b", "h": "b", "A": "a"}
CLOCK = frozenset("HIMSfpzZ")


class Piece(NamedTuple):
    """A code of a template with its flag, or plain text (then the code is empty)."""

    code: str
    text: str
    flag: str = ""


def pieces(template: str) -> list[Piece]:
    """The pieces of a template; SettingsError for a code that is not read, or comes twice.

    >>> [(piece.code, piece.text) for piece in pieces("%-d %B")]
    [('d', '%-d'), ('', ' '), ('b', '%B')]
    """
    found: list[Piece] = []
    whole = re.sub(r"%([FTRDe])", lambda match: _LONGER[match[1]], template)
    for match in re.finditer(r"%([-^_O1-9]?)(.?)|([^%]+)", whole):
        if match[3] or match[2] == "%":
            found.append(Piece("", match[3] or "%"))
            continue
        code = _SAME.get(match[2], match[2])
        if code not in _PATTERNS:
            raise SettingsError(
                f"date_format: {template!r}: no code {match[0]!r}; there are "
                f"%{' %'.join(_PATTERNS)}"
            )
        if any(code == other.code for other in found):
            raise SettingsError(f"date_format: {template!r}: {match[0]!r} comes twice")
        found.append(Piece(code, match[0], match[1]))
    return found


def codes(template: str) -> frozenset[str]:
    """The codes of a template, short names for long ones: {"Y", "b"}."""
    return frozenset(piece.code for piece in pieces(template) if piece.code)


def check(template: str) -> None:
    """SettingsError for a template that does not tell a date."""
    has = codes(template)
    month = has & {"m", "b", "q"} or not has & {"d", "o"}
    if not (has & {"Y", "y"} and month) and not has >= {"G", "V"}:
        raise SettingsError(
            f"date_format: {template!r} tells no date: expected a year (%Y or %y) and a month "
            "(%m, %b) with a day, or %G and %V for weeks"
        )
    if "I" in has and "p" not in has:
        raise SettingsError(f"date_format: {template!r}: %I is the hour of twelve: %p is missing")


def pattern(template: str) -> str:
    """The pattern (RE2) of all text that a template reads, each code a group of its name.

    A clock at the end, its seconds, their fraction and the zone may be missing in some rows.
    """
    parts = pieces(template)
    out = [_pattern(parts, at) for at in range(len(parts))]
    place = {part.code: at for at, part in enumerate(parts) if part.code}

    def optional(first: int, last: int) -> None:
        first -= first > 0 and not parts[first - 1].code
        out[first] = "(?:" + out[first]
        out[last] += ")?"

    for zone in place.keys() & {"z", "Z"}:
        optional(place[zone], place[zone])
    if "f" in place:
        optional(place["f"], place["f"])
    if place.keys() >= {"S", "M"}:
        optional(place["S"], place.get("f", place["S"]))
    clock = min((at for code, at in place.items() if code in CLOCK), default=0)
    if clock and all(not part.code or part.code in CLOCK for part in parts[clock:]):
        optional(clock, len(parts) - 1)
    return f"^(?:{''.join(out)})$"


def _pattern(parts: list[Piece], at: int) -> str:
    part = parts[at]
    if not part.code:
        return r"\s+".join(map(re.escape, re.split(r"\s+", part.text)))
    around = {other.code for other in parts[max(at - 1, 0) : at + 2]} - {part.code, ""}
    if part.code in WIDTHS and around & WIDTHS.keys():
        return rf"(?P<{part.code}>\d{{{WIDTHS[part.code]}}})"
    return f"(?P<{part.code}>{_PATTERNS[part.code]})"


def write(stamps: pa.Array, wall: pa.Array, template: str) -> pa.Array:
    """Times (n,) as text; wall: the same in local time, without a zone.

    >>> day = pa.array([np.datetime64("2009-01-05", "us")])
    >>> write(day, day, "%-d. %B %Y, Q%q")[0].as_py()
    '5. January 2009, Q1'
    """
    # Arrow writes the fraction with the seconds.
    fraction = re.search(r"S([.,])%([1-9]?)f", template)
    parts = pieces(re.sub(r"S[.,]%[1-9]?f", "S", template))
    out = [_written(part, stamps, wall, fraction) for part in parts]
    return pc.binary_join_element_wise(*out, "")


def _written(
    part: Piece, stamps: pa.Array, wall: pa.Array, fraction: re.Match[str] | None
) -> pa.Array | str:
    if not part.code:
        return part.text
    if part.code == "q":
        return pc.quarter(wall).cast(pa.string())
    if part.code == "o":
        return pa.array(_ENDINGS, pa.string()).take(pc.subtract(pc.day(wall), 1))
    if part.flag == "O":
        return _korean(part, wall)
    at = stamps if part.code == "Z" else wall
    if fraction and part.code == "S":
        exact = pc.utf8_slice_codeunits(pc.strftime(at, "%S"), 0, 3 + int(fraction[2] or 6))
        return pc.replace_substring(exact, ".", fraction[1])
    seconds = at.cast(pa.timestamp("s", at.type.tz), safe=False)
    text = pc.strftime(seconds, part.text.replace(part.flag, "") if part.flag else part.text)
    if part.flag == "-":
        return pc.if_else(pc.match_substring_regex(text, "^0+$"), "0", pc.utf8_ltrim(text, "0"))
    case = {"^": pc.utf8_upper, "_": pc.utf8_lower}.get(part.flag)
    return case(text) if case else text


def _korean(part: Piece, wall: pa.Array) -> pa.Array:
    if part.code == "p":
        return pa.array(["오전", "오후"]).take(pc.divide(pc.hour(wall), 12))
    long = "요일" if part.text.endswith("A") else ""
    return pa.array([day + long for day in KOREAN_DAYS]).take(pc.day_of_week(wall))


def _ending(day: int) -> str:
    return "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


_ENDINGS = np.array([f"{day}{_ending(day)}" for day in range(1, 32)], object)
