"""Where a table came from, so that what is made from it can go back in the same kind."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """What a table was read from: enough to hand the same kind of frame and time back.

    kind: "file", "mapping", "pandas", "polars" or "pyarrow".
    zone: the time zone of the stamps, None when they have none; inside, times are UTC then.
    """

    kind: str = "mapping"
    zone: str | None = None
