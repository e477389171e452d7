"""One fit, from a plan to a run folder, and back."""

from unrolled.runs.card import SCHEMA, Card, Status, versions
from unrolled.runs.folder import (
    CARD,
    HISTORY,
    MODEL,
    RESULTS,
    begin,
    claim,
    fill,
    found,
    load,
    load_card,
    save,
    save_card,
    status_of,
)

__all__ = [
    "CARD",
    "HISTORY",
    "MODEL",
    "RESULTS",
    "SCHEMA",
    "Card",
    "Status",
    "begin",
    "claim",
    "fill",
    "found",
    "load",
    "load_card",
    "save",
    "save_card",
    "status_of",
    "versions",
]
