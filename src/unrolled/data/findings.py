"""What was found in a table, guessed about it and done to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Findings:
    """Everything that reading a table found, guessed or did; nothing of it happens in silence.

    source: the file's path or the kind of frame.
    rows: rows given; grid_rows: rows after gaps were put on the grid.
    series: number of series; step: the time step in words; zone: the time zone, if one was given.
    start, end: first and last time stamp, as text.
    roles: column -> (role, why it was taken for it).
    gaps: series -> number of missing rows put on the grid (only series that have some).
    missing: column -> number of given rows without a value (only columns that miss some).
    left_out: column -> why it is not used.
    notes: whatever else was done or looks odd, one sentence each.
    """

    source: str = ""
    rows: int = 0
    grid_rows: int = 0
    series: int = 1
    step: str = ""
    zone: str | None = None
    start: str = ""
    end: str = ""
    roles: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    gaps: Mapping[str, int] = field(default_factory=dict)
    missing: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The findings as plain values that JSON can hold."""
        plain = asdict(self)
        plain["roles"] = {
            column: {"role": role, "why": why} for column, (role, why) in self.roles.items()
        }
        plain["notes"] = list(self.notes)
        return plain
