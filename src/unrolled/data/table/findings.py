"""What reading a table found, inferred and did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Findings:
    """Everything that reading a table found, inferred or did; nothing happens silently.

    source: the path, the name of a sample or the kind of frame.
    rows: rows given; grid_rows: rows on the time grid, gaps included.
    series: number of series; step: the time step ("1h"); zone: the time zone, if one was given.
    season: steps until the values do the same again (see `Table.season`), 1 for none; season_why:
        whether it was asked for, is usual for the step, or was found.
    start, end: first and last time stamp, as text.
    roles: column -> (role, why it was taken for it).
    gaps: series -> number of rows added to fill gaps (only series that have some).
    missing: column -> number of given rows without a value (only columns that miss some).
    categories: column of text -> number of different texts.
    left_out: column -> why it is not used.
    holidays: country -> how many of its public holidays lie in these rows.
    notes: whatever else was done or looks odd, one sentence each.

    Rows in sentences are data rows: counted from 1, the header not counted.
    """

    source: str = ""
    rows: int = 0
    grid_rows: int = 0
    series: int = 1
    step: str = ""
    season: int = 1
    season_why: str = ""
    zone: str | None = None
    start: str = ""
    end: str = ""
    roles: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    gaps: Mapping[str, int] = field(default_factory=dict)
    missing: Mapping[str, int] = field(default_factory=dict)
    categories: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    holidays: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The findings as plain values that JSON can hold."""
        plain = asdict(self)
        plain["roles"] = {
            column: {"role": role, "why": why} for column, (role, why) in self.roles.items()
        }
        plain["notes"] = list(self.notes)
        return plain

    def lines(self) -> list[str]:
        """The findings for people, one line each."""
        many = f", {self.series:,} series" if self.series > 1 else ""
        zone = f" ({self.zone})" if self.zone else ""
        lines = [
            f"{self.source}: {self.rows:,} rows{many}",
            f"from {self.start} to {self.end}{zone}, step {self.step}",
            f"season {self.season}{f' ({self.season_why})' if self.season_why else ''}",
        ]
        grouped: dict[tuple[str, str], list[str]] = {}
        for column, said in self.roles.items():
            grouped.setdefault(said, []).append(column)
        lines += [f"{role}: {', '.join(names)} ({why})" for (role, why), names in grouped.items()]
        if self.categories:
            lines.append(f"categories (different texts): {_counts(self.categories)}")
        if self.holidays:
            counted = (f"{c} ({n:,} days in these rows)" for c, n in self.holidays.items())
            lines.append(f"holidays: {', '.join(counted)}")
        lines.append(self._gaps())
        if self.missing:
            lines.append(f"missing values: {_counts(self.missing)}")
        lines += [
            f"left out: {column or 'no name'} ({why})" for column, why in self.left_out.items()
        ]
        return lines + [f"note: {note}" for note in self.notes]

    def _gaps(self) -> str:
        if not self.gaps:
            return "gaps: none"
        where = f": {_counts(self.gaps)}" if self.series > 1 else ""
        total = sum(self.gaps.values())
        return f"gaps: {total:,} missing rows added{where}"


@dataclass
class Notes:
    """The findings about a table, collected while it is built."""

    roles: dict[str, tuple[str, str]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    missing: dict[str, int] = field(default_factory=dict)
    categories: dict[str, int] = field(default_factory=dict)


def _counts(counts: Mapping[str, int], most: int = 12) -> str:
    """The largest counts: "pm2.5 2,067, wind 12"."""
    largest = sorted(counts.items(), key=lambda item: -item[1])
    text = ", ".join(f"{name} {count:,}" for name, count in largest[:most])
    return text + (f" and {len(counts) - most} more" if len(counts) > most else "")


def some(names: Iterable[str], most: int = 5) -> str:
    """The first of some names: "a, b, c and 12 more"."""
    listed = list(names)
    text = ", ".join(listed[:most])
    return text + (f" and {len(listed) - most:,} more" if len(listed) > most else "")
