"""Settings of the classifier: a small frozen value, checked when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from unrolled.data.sequences.layout import check_layout
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
    kernels: int = 0  # as in runs of before there were any
    class_weight: str | Mapping[Any, float] | None = None
    layout: str | None = None

    def __post_init__(self) -> None:
        check_layout(self.layout)
        check_count("classifier: ensemble", self.ensemble)
        check_network("classifier", self.cell, self.hidden, self.layers, self.dropout)
        if self.kernels != 0:
            check_count("classifier: kernels", self.kernels)
        if self.pool not in POOLS:
            raise SettingsError(
                f"classifier: pool must be one of {', '.join(POOLS)}, got {self.pool!r}"
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; labels may be numbers, so their weights are pairs."""
        weight = self.class_weight
        pairs = [list(pair) for pair in weight.items()] if isinstance(weight, Mapping) else weight
        return {**asdict(self), "class_weight": pairs}
