"""Settings of the forecaster: a small frozen value, checked when it is made."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from unrolled.errors import SettingsError
from unrolled.networks.settings import check_count, check_network


@dataclass(frozen=True)
class ForecasterSettings:
    """What a forecaster is; `Forecaster` says what each setting means."""

    target: tuple[str, ...]
    lookback: int | None
    horizon: int
    cell: str
    hidden: int
    layers: int
    quantiles: tuple[float, ...]
    dropout: float

    def __post_init__(self) -> None:
        if not self.target:
            raise SettingsError("forecaster: name at least one target column")
        check_count("forecaster: horizon", self.horizon)
        if self.lookback is not None:
            check_count("forecaster: lookback", self.lookback)
        check_network("forecaster", self.cell, self.hidden, self.layers, self.dropout)
        self._check_quantiles()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    def _check_quantiles(self) -> None:
        rising = list(self.quantiles) == sorted(set(self.quantiles))
        pairs = zip(self.quantiles, reversed(self.quantiles), strict=True)
        paired = all(abs(low + high - 1) < 1e-9 for low, high in pairs)
        if not (rising and paired and len(self.quantiles) % 2 and self.quantiles[0] > 0):
            raise SettingsError(
                "forecaster: quantiles must rise, lie between 0 and 1, hold 0.5 and come in pairs "
                f"like 0.05 and 0.95, got {', '.join(map(str, self.quantiles)) or 'none'}"
            )

    @property
    def decided_lookback(self) -> int:
        """T, the steps the network looks back: what was left open is decided by the table."""
        assert self.lookback is not None, "the lookback is decided when a forecaster is planned"
        return self.lookback

    @property
    def levels(self) -> tuple[int, ...]:
        """The intervals in percent, widest first: 0.05 and 0.95 make 90."""
        below = self.quantiles[: len(self.quantiles) // 2]
        return tuple(round(100 * (1 - 2 * quantile)) for quantile in below)


def default_lookback(season: int, horizon: int, rows: int) -> int:
    """Three seasons, at least the horizon, at most a quarter of the training rows.

    >>> default_lookback(season=24, horizon=24, rows=6000)
    72
    """
    return max(1, min(max(3 * season, horizon), rows // 4))
