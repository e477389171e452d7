"""Several language networks that learn the same text: their probabilities are averaged."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from unrolled.networks.ensemble import Ensemble, averaged
from unrolled.tasks.language.network import LanguageNetwork, State
from unrolled.tasks.language.settings import Dropout, LanguageSettings, weight_drop


class LanguageEnsemble(Ensemble[LanguageNetwork]):
    """M networks, each begun and trained on its own (clipping apart): p is the mean of their p.

    It is used as one network is: the features (T, B, M ·) are those of all networks side by side,
    the state is the states of all layers of the first network, then of the second, and so on.
    """

    def __init__(self, settings: LanguageSettings, vocabulary: int) -> None:
        super().__init__(LanguageNetwork(settings, vocabulary) for _ in range(settings.ensemble))

    @property
    def drop(self) -> Dropout:
        """What each network leaves out in training."""
        return self.members()[0].drop

    @property
    def vocabulary(self) -> int:
        """V."""
        return self.members()[0].vocabulary

    def forward(self, symbols: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Symbols (T, B) and a state to features (T, B, M ·) and the state after them."""
        features, after = [], []
        for i, network in enumerate(self.members()):
            layers = len(network.layers)
            own = None if state is None else state[i * layers : (i + 1) * layers]
            found, states = network(symbols, own)
            features.append(found)
            after += states
        return torch.cat(features, -1), tuple(after)

    def loss(self, features: Tensor, targets: Tensor) -> Tensor:
        """The mean of the networks' losses: each learns as if it were alone."""
        pairs = zip(self.members(), self._each(features), strict=True)
        return torch.stack([network.loss(own, targets) for network, own in pairs]).mean()

    def log_probabilities(self, features: Tensor) -> Tensor:
        """(n, M ·) to the logarithm of the mean probability of each known symbol (n, V)."""
        pairs = zip(self.members(), self._each(features), strict=True)
        return averaged([network.log_probabilities(own) for network, own in pairs])

    def _each(self, features: Tensor) -> tuple[Tensor, ...]:
        return features.chunk(len(self.networks), -1)


AnyNetwork = LanguageNetwork | LanguageEnsemble


def build(settings: LanguageSettings, vocabulary: int) -> AnyNetwork:
    """One network, or as many as the settings say."""
    kind = LanguageNetwork if settings.ensemble == 1 else LanguageEnsemble
    return kind(settings, vocabulary)


def decided(settings: LanguageSettings, vocabulary: int, symbols: int) -> LanguageSettings:
    """The settings with what they leave open decided, for V and the symbols of the training part.

    These are the length of a symbol's vector and the share of recurrent weights left out.
    """
    settings = replace(settings, embed=settings.width(vocabulary))
    dropout = settings.dropout
    if dropout.weights is not None:
        return settings
    # Made to be counted, with no trace in what is drawn later. Not on the device "meta", where an
    # embedding's first values cost an import of torch's compiler, which is seconds.
    with torch.random.fork_rng(devices=[]):
        one = LanguageNetwork(settings, vocabulary)
    weights = sum(parameter.numel() for parameter in one.parameters())
    share = weight_drop(dropout.outputs, symbols, weights)
    return replace(settings, dropout=replace(dropout, weights=share))
