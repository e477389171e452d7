"""Checks of the settings that networks of all tasks share."""

from __future__ import annotations

from unrolled.errors import SettingsError
from unrolled.layers.recurrent import LAYERS


def check_count(name: str, value: object) -> None:
    """SettingsError unless the value is a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SettingsError(f"{name} must be a whole number >= 1, got {value!r}")


def check_share(name: str, value: float) -> None:
    """SettingsError unless the value is a share in [0, 1)."""
    if not 0 <= value < 1:
        raise SettingsError(f"{name} must be in [0, 1), got {value}")


def check_network(
    kind: str, cell: str, hidden: object, layers: object, dropout: float = 0.0
) -> None:
    """SettingsError unless these describe recurrent layers; `kind` is whose they are, in words."""
    check_count(f"{kind}: hidden", hidden)
    check_count(f"{kind}: layers", layers)
    if cell not in LAYERS:
        raise SettingsError(f"{kind}: cell must be one of {', '.join(LAYERS)}, got {cell!r}")
    check_share(f"{kind}: dropout", dropout)
