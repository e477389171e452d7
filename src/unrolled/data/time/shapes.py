"""The shapes in which people write times, and the templates that a text may be written in."""

from __future__ import annotations

import re
from functools import lru_cache

from unrolled.data.time.months import month_number
from unrolled.data.time.template import KOREAN_DAYS, WEEKDAYS

LONGEST = 64  # characters of a time; what is longer is none
_N = r"\d{1,2}"
_YEAR, _SHORT = r"(?P<Y>\d{4})", r"'?(?P<y>\d{2})"
_MONTH, _DAY = rf"(?P<m>{_N})", rf"(?P<d>{_N})"
_ORDINAL = rf"(?:(?P<o>{_N}(?:st|nd|rd|th))|{_DAY})"
_NAME = r"(?P<b>[A-Za-z]{3,9}\.?)"
_CUT = r"(?:[-/.]|\. |-)"
_GAP = r"(?:, ?| ?[-/] ?| +)"
_WEEKDAY = r"[A-Za-z]{3,9}\.?|[월화수목금토일](?:요일)?"
# Of several that fit, the first is preferred only where a note says so: see stamp_text.
_DATES = (
    rf"{_YEAR}{_CUT}{_MONTH}{_CUT}{_DAY}\.?",
    rf"{_YEAR}년 ?{_MONTH}월 ?{_DAY}일",
    rf"{_SHORT}년 ?{_MONTH}월 ?{_DAY}일",
    r"(?P<Y>\d{4})(?P<m>\d{2})(?P<d>\d{2})",
    rf"{_DAY}{_CUT}{_MONTH}{_CUT}{_YEAR}",
    rf"{_MONTH}{_CUT}{_DAY}{_CUT}{_YEAR}",
    rf"{_DAY}{_CUT}{_MONTH}{_CUT}{_SHORT}",
    rf"{_MONTH}{_CUT}{_DAY}{_CUT}{_SHORT}",
    rf"{_SHORT}{_CUT}{_MONTH}{_CUT}{_DAY}\.?",
    rf"{_NAME}{_GAP}{_ORDINAL}{_GAP}{_YEAR}",
    rf"{_NAME}{_GAP}{_ORDINAL}{_GAP}{_SHORT}",
    rf"{_ORDINAL}{_GAP}?{_NAME}{_GAP}?{_YEAR}",
    rf"{_ORDINAL}{_GAP}?{_NAME}{_GAP}?{_SHORT}",
    rf"{_YEAR}{_GAP}?{_NAME}{_GAP}?{_DAY}",
    r"(?P<G>\d{4})-?W(?P<V>\d{2})-?(?P<u>[1-7])",
    r"(?P<Y>\d{4})-?(?P<j>\d{3})",
)
_SPANS = (
    rf"{_YEAR}{_CUT}{_MONTH}",
    rf"{_MONTH}{_CUT}{_YEAR}",
    rf"{_YEAR}년 ?{_MONTH}월",
    rf"{_SHORT}년 ?{_MONTH}월",
    rf"{_YEAR}년?",
    r"(?P<Y>\d{4})(?P<m>\d{2})",
    rf"{_YEAR}[- ]?[Mm]{_MONTH}",
    rf"{_NAME}{_GAP}?{_YEAR}",
    rf"{_NAME}{_GAP}?{_SHORT}",
    rf"{_YEAR}{_GAP}?{_NAME}",
    rf"{_SHORT}{_GAP}?{_NAME}",
    r"(?P<Y>\d{4})[-/ ]?[Qq](?P<q>[1-4])",
    r"[Qq](?P<q>[1-4])[-/' ]{0,2}(?P<Y>\d{4})",
    r"(?P<q>[1-4])[Qq][-/' ]?(?P<Y>\d{4})",
    r"(?P<q>[1-4])[Qq][-/' ]?(?P<y>\d{2})",
    r"[Qq](?P<q>[1-4])[-/' ](?P<y>\d{2})",
    r"(?P<Y>\d{4})[-/ ]?(?P<q>[1-4])[Qq]",
    r"(?P<Y>\d{4})년? ?(?P<q>[1-4])/?4? ?분기",
    r"(?P<G>\d{4})[- ]?[Ww](?P<V>\d{1,2})",
    r"(?P<G>\d{4})[-/]?(?P<V>\d{2})",
    r"(?P<G>\d{4})년 ?(?P<V>\d{1,2})주차?",
)
_ZONE = r"(?: ?(?P<z>Z|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?|UTC|GMT)| (?P<Z>[A-Z]{2,5}))?"
_TIME = (
    rf"(?:(?P<p1>오전|오후) ?)?(?P<H>{_N})"
    r"(?::(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?)?"
    r"(?: ?(?P<p2>[AaPp]\.?[Mm]\.?))?"
)
_KOREAN = rf"(?:(?P<p1>오전|오후) ?)?(?P<H>{_N})시(?: ?(?P<M>{_N})분(?: ?(?P<S>{_N})초)?)?"
_DIGITS = r"(?P<H>\d{2})(?P<M>\d{2})(?P<S>\d{2})?(?:[.,](?P<f>\d{1,9}))?"
_BEFORE = rf"(?:(?P<a1>{_WEEKDAY}),? +)?"
_AFTER = rf"(?: ?\(?(?P<a2>{_WEEKDAY})\)?)?"
_ENDS = (rf"(?:T|,? +|:){_TIME}{_ZONE}", rf" ?{_KOREAN}", rf"(?:T|_| +){_DIGITS}{_ZONE}")
_WHOLE = (
    *(rf"{_BEFORE}{date}{_AFTER}" for date in _DATES),
    *(rf"{_BEFORE}{date}{_AFTER}{end}" for end in _ENDS for date in _DATES),
    *(rf"(?=\d+:){_TIME},? {date}" for date in _DATES),
    *_SPANS,
    rf"{_BEFORE}{_NAME} +{_DAY} +(?=\d+:){_TIME}{_ZONE} +{_YEAR}",
    r"(?P<Y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?P<H>\d{2})(?:(?P<M>\d{2})(?P<S>\d{2})?)?",
)
_SHAPES = tuple(map(re.compile, _WHOLE))


@lru_cache(4096)
def templates(text: str) -> tuple[str, ...]:
    """The templates that a text may be written in, without flags; none where it is no time.

    >>> templates("1/2/2013"), templates("Jan 2000"), templates("soon")
    (('%d/%m/%Y', '%m/%d/%Y'), ('%b %Y',), ())
    """
    text = re.sub(r"\s+", " ", text.strip()) if len(text) <= LONGEST else ""
    if not any(char.isdigit() for char in text):
        return ()
    found = (shape.fullmatch(text) for shape in _SHAPES)
    return tuple(dict.fromkeys(_template(match) for match in found if match and _is_real(match)))


def _is_real(match: re.Match[str]) -> bool:
    """Whether the fields can be what they are taken for."""
    for group, value in match.groupdict().items():
        code = group[0]
        if value is None:
            continue
        # A month above 12 is told by the reader, which knows the row and the other orders.
        if code in "md" and not 1 <= int(value) <= 31:
            return False
        if code == "b" and not month_number(value.rstrip(".")):
            return False
        if code == "a" and not _is_weekday(value.rstrip(".")):
            return False
        if code in "HMS" and int(value) > (24 if code == "H" else 59):
            return False
    return True


def _is_weekday(text: str) -> bool:
    low = text.lower()
    english = any(day.lower() in (low, low[:3] + day.lower()[3:]) for day in WEEKDAYS)
    return text[0] in KOREAN_DAYS or english or low in [day[:3].lower() for day in WEEKDAYS]


def _template(match: re.Match[str]) -> str:
    named = match.groupdict()
    twelve = any(named.get(group) for group in ("p1", "p2"))
    spans = sorted((match.span(group), group[0]) for group, value in named.items() if value)
    out, at = "", 0
    for (begin, end), code in spans:
        out += match.string[at:begin].replace("%", "%%")
        out += "%" + ("I" if code == "H" and twelve else code)
        at = end
    return out + match.string[at:].replace("%", "%%")
