"""Lengths of time in microseconds."""

from __future__ import annotations

MICROSECONDS = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "min": 60_000_000,
    "h": 3_600_000_000,
    "D": 86_400_000_000,
    "W": 604_800_000_000,
}
SECOND, MINUTE, HOUR = MICROSECONDS["s"], MICROSECONDS["min"], MICROSECONDS["h"]
DAY, WEEK = MICROSECONDS["D"], MICROSECONDS["W"]
MONDAY = 4 * DAY  # 1970-01-01 was a Thursday
