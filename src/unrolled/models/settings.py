"""What each model is, as small frozen values that are checked when they are made."""

from __future__ import annotations

from dataclasses import dataclass

from unrolled.errors import SettingsError
from unrolled.models.network import CELLS


@dataclass(frozen=True)
class ForecasterSettings:
    """What a forecaster is; `Forecaster` says what each setting means."""

    target: tuple[str, ...]
    past: int | None
    horizon: int
    cell: str
    hidden: int
    layers: int
    quantiles: tuple[float, ...]
    dropout: float

    def __post_init__(self) -> None:
        if not self.target:
            raise SettingsError("forecaster: name at least one target column")
        for name in ("horizon", "hidden", "layers"):
            check_count(f"forecaster: {name}", getattr(self, name))
        if self.past is not None:
            check_count("forecaster: past", self.past)
        if self.cell not in CELLS:
            raise SettingsError(
                f"forecaster: cell must be one of {', '.join(CELLS)}, got {self.cell!r}"
            )
        if not 0 <= self.dropout < 1:
            raise SettingsError(f"forecaster: dropout must be in [0, 1), got {self.dropout}")
        self._check_quantiles()

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
    def levels(self) -> tuple[int, ...]:
        """The intervals in percent, widest first: 0.05 and 0.95 make 90."""
        below = self.quantiles[: len(self.quantiles) // 2]
        return tuple(round(100 * (1 - 2 * quantile)) for quantile in below)


@dataclass(frozen=True)
class Dropout:
    """What a language model leaves out in training, as shares.

    inputs, between, outputs: of the features that go into the first layer, between layers and out
    of the last, the same ones at every time step; weights: of the recurrent weights, None what
    `weights_left_out` says.
    """

    inputs: float = 0.0
    between: float = 0.0
    outputs: float = 0.0
    weights: float | None = 0.0

    def __post_init__(self) -> None:
        for name, share in vars(self).items():
            if share is not None and not 0 <= share < 1:
                raise SettingsError(
                    f"language model: dropout of {name} must be in [0, 1), got {share}"
                )


def weights_left_out(dropout: float, symbols: int, weights: int) -> float:
    """The share of recurrent weights to leave out: a tenth of the dropout, of small texts more.

    A text of fewer symbols than half a network's weights is soon learned by heart.

    >>> weights_left_out(0.5, 1_000_000, 1_350_000), weights_left_out(0.5, 640_000, 1_770_000)
    (0.05, 0.2)
    """
    return dropout * (0.4 if 2 * symbols < weights else 0.1)


@dataclass(frozen=True)
class LanguageSettings:
    """What a language model is; `LanguageModel` says what each setting means."""

    cell: str
    hidden: int
    layers: int
    embed: int | None
    dropout: Dropout
    tie: bool
    steps: int
    members: int = 1

    def __post_init__(self) -> None:
        for name in ("hidden", "layers", "embed", "steps", "members"):
            if name != "embed" or self.embed is not None:
                check_count(f"language model: {name}", getattr(self, name))
        if self.cell not in CELLS:
            raise SettingsError(
                f"language model: cell must be one of {', '.join(CELLS)}, got {self.cell!r}"
            )

    @property
    def name(self) -> str:
        """The cell in words, with the number of networks where there are several."""
        cell = self.cell.upper()
        return cell if self.members == 1 else f"{self.members} x {cell}"

    def width(self, vocabulary: int) -> int:
        """The length of a symbol's vector: 16 numbers for each bit of V where none was asked for.

        >>> settings = LanguageSettings("lstm", 512, 1, None, Dropout(), True, 64)
        >>> settings.width(65), settings.width(1499)
        (96, 160)
        """
        return self.embed or 16 * max(1, vocabulary.bit_length() - 1)


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
    members: int

    def __post_init__(self) -> None:
        for name in ("hidden", "layers", "members"):
            check_count(f"classifier: {name}", getattr(self, name))
        for name, allowed in (("cell", tuple(CELLS)), ("pool", POOLS)):
            if getattr(self, name) not in allowed:
                raise SettingsError(
                    f"classifier: {name} must be one of {', '.join(allowed)}, "
                    f"got {getattr(self, name)!r}"
                )
        if not 0 <= self.dropout < 1:
            raise SettingsError(f"classifier: dropout must be in [0, 1), got {self.dropout}")


def check_count(name: str, value: object) -> None:
    """SettingsError unless the value is a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SettingsError(f"{name} must be a whole number >= 1, got {value!r}")
