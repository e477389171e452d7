"""What must be the same for a run to be gone on with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unrolled.errors import RunError

if TYPE_CHECKING:
    from unrolled import runs


def check_same(old: runs.Card, new: runs.Card) -> None:
    """RunError unless a run that is gone on with has the same settings and the same data."""
    for kind, settings in new.model_dump(mode="json")["settings"].items():
        for name, value in settings.items():
            before = old.settings.get(kind, {}).get(name)
            if before != value:
                raise RunError(f"resume: the run was started with {name} {before}, not {value}")
    if old.data.get("fingerprint") != new.data["fingerprint"]:
        raise RunError("resume: the run was started on other data")
