"""Settings of the language model: small frozen values, checked when they are made."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from unrolled.networks.settings import check_count, check_network, check_share


@dataclass(frozen=True)
class Dropout:
    """What a language model leaves out in training, as shares.

    inputs, between, outputs: of the features that go into the first layer, between layers and out
    of the last, the same ones at every time step; weights: of the recurrent weights, None what
    `weight_drop` says.
    """

    inputs: float = 0.0
    between: float = 0.0
    outputs: float = 0.0
    weights: float | None = 0.0

    def __post_init__(self) -> None:
        for name, share in vars(self).items():
            if share is not None:
                check_share(f"language model: dropout of {name}", share)


def weight_drop(dropout: float, symbols: int, weights: int) -> float:
    """The share of recurrent weights to leave out: a tenth of the dropout, of small texts more.

    A text of fewer symbols than half a network's weights is soon learned by heart.

    >>> weight_drop(0.5, 1_000_000, 1_350_000), weight_drop(0.5, 640_000, 1_770_000)
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
    bptt: int
    ensemble: int = 1

    def __post_init__(self) -> None:
        for name in ("embed", "bptt", "ensemble"):
            if name != "embed" or self.embed is not None:
                check_count(f"language model: {name}", getattr(self, name))
        check_network("language model", self.cell, self.hidden, self.layers)

    @property
    def name(self) -> str:
        """The cell in words, with the number of networks where there are several."""
        cell = self.cell.upper()
        return cell if self.ensemble == 1 else f"{self.ensemble} x {cell}"

    def width(self, vocabulary: int) -> int:
        """The length of a symbol's vector: 16 numbers for each bit of V where none was asked for.

        >>> settings = LanguageSettings("lstm", 512, 1, None, Dropout(), True, 64)
        >>> settings.width(65), settings.width(1499)
        (96, 160)
        """
        return self.embed or 16 * max(1, vocabulary.bit_length() - 1)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)
