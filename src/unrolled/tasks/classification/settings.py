"""What a classifier is, as a small frozen value that is checked when it is made."""

from __future__ import annotations

from dataclasses import dataclass

from unrolled.errors import SettingsError
from unrolled.networks.settings import check_count, check_network

POOLS = ("last", "mean", "attention")


@dataclass(frozen=True)
class ClassifierSettings:
    """What a classifier is; `Classifier` says what each setting means."""

    cell: str
    hidden: int
    layers: int
    bidirectional: bool
    pool: str
    dropout: float
    ensemble: int

    def __post_init__(self) -> None:
        check_count("classifier: ensemble", self.ensemble)
        check_network("classifier", self.cell, self.hidden, self.layers, self.dropout)
        if self.pool not in POOLS:
            raise SettingsError(
                f"classifier: pool must be one of {', '.join(POOLS)}, got {self.pool!r}"
            )
