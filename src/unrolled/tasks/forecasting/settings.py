"""Settings of the forecaster: a small frozen value, checked when it is made."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from unrolled.errors import SettingsError
from unrolled.networks.settings import check_count, check_network

LOSSES = ("quantile", "huber")
TRANSFORMS = ("auto", "none", "log")
REFITS = ("all", "none")
SEASONS, MOST_STEPS = 21, 1024  # three weeks of hours: longer windows gained nothing
MOST_SEGMENT = 48


@dataclass(frozen=True)
class ForecasterSettings:
    """What a forecaster is; `Forecaster` says what each setting means."""

    target: tuple[str, ...]
    lookback: int | None
    horizon: int
    season: int | None
    cell: str
    hidden: int
    layers: int
    segment: int | None
    ensemble: int
    quantiles: tuple[float, ...]
    loss: str
    dropout: float
    mixing: bool
    transform: str
    refit: str

    def __post_init__(self) -> None:
        if not self.target:
            raise SettingsError("forecaster: name at least one target column")
        check_count("forecaster: horizon", self.horizon)
        check_count("forecaster: ensemble", self.ensemble)
        for name in ("lookback", "segment", "season"):
            if getattr(self, name) is not None:
                check_count(f"forecaster: {name}", getattr(self, name))
        if self.lookback is not None and (self.segment or 1) > self.lookback:
            raise SettingsError(
                f"forecaster: segment must be at most the lookback {self.lookback}, "
                f"got {self.segment}"
            )
        check_network("forecaster", self.cell, self.hidden, self.layers, self.dropout)
        for name, known in (("loss", LOSSES), ("transform", TRANSFORMS), ("refit", REFITS)):
            if getattr(self, name) not in known:
                words = ", ".join(known)
                raise SettingsError(
                    f"forecaster: {name} must be one of {words}, got {getattr(self, name)!r}"
                )
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
    def decided_segment(self) -> int:
        """The steps of a segment, decided likewise."""
        assert self.segment is not None, "the segment is decided when a forecaster is planned"
        return self.segment

    @property
    def levels(self) -> tuple[int, ...]:
        """The intervals in percent, widest first: 0.05 and 0.95 make 90."""
        below = self.quantiles[: len(self.quantiles) // 2]
        return tuple(round(100 * (1 - 2 * quantile)) for quantile in below)

    @property
    def outputs(self) -> int:
        """How many numbers the network gives for a step: a quantile each, or the middle alone."""
        return len(self.quantiles) if self.loss == "quantile" else 1


def default_lookback(season: int, horizon: int, rows: int) -> int:
    """21 seasons, or those that fit 1024 steps, but at least 3; at least the horizon, and at most a
    third of the training rows of the usual series; whole seasons where there is room for one.

    >>> default_lookback(season=24, horizon=24, rows=6000)
    504
    """
    seasons = max(3, min(SEASONS, MOST_STEPS // season))
    steps = max(1, min(max(seasons * season, horizon), rows // 3))
    return steps - steps % season if steps >= season else steps


def default_segment(season: int, lookback: int) -> int:
    """A season, or its largest divisor up to 48; one step where the window has under 4 of them.

    >>> default_segment(season=24, lookback=504), default_segment(season=7, lookback=21)
    (24, 1)
    """
    divisors = [n for n in range(1, MOST_SEGMENT + 1) if season % n == 0]
    return divisors[-1] if lookback >= 4 * divisors[-1] else 1
